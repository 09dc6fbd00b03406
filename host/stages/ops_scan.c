/* ops_scan.c: state-space and linear-attention layers.
 *
 * Both run as chunked algorithms on matmul units, and their FLOP are what those algorithms do, whole chunks with the
 * masked half included, not what a token-by-token recurrence would need.
 */
#include "ops_rows.h"

/* The sizes of either kind of layer. */
typedef struct scan_shape {
    double layers;
    double heads;    /* of values */
    double inner;    /* heads × size of a head */
    double in_width; /* what the input projection makes */
    double conv_width;
    double conv_params;
    double scan_flop;    /* a token, forward */
    double scan_params;  /* decay, step bias, skip: a number a head each */
    double scan_unfused; /* numbers moved besides, where the chunk's matrices go through memory */
    double norm_params;
    double kept_numbers; /* for backward, beside what all such layers keep */
} scan_shape;

static double least(double a, double b) { return a < b ? a : b; }

/* Mamba-2's state-space duality (Dao and Gu 2405.21060, §6, listing 1). A chunk of Q tokens, per head of size P with
 * states N: C·Bᵀ once a group 2Q²N, its masked product with x 2Q²P, chunk state 2QNP, output of the carried state 2QNP,
 * and the recurrence between chunks 2NP. */
static double mamba2_flop(const fc_model *m, double chunk) {
    double heads = m->ssm_heads;
    double size = m->ssm_head_dim;
    double state = m->ssm_state;
    return 2.0 * chunk * state * m->ssm_groups + 2.0 * chunk * size * heads + 4.0 * state * size * heads +
           2.0 * state * size * heads / chunk;
}

static scan_shape mamba2_shape(const fc_counter *c, double chunk) {
    const fc_model *m = c->model;
    double heads = m->ssm_heads;
    double inner = heads * m->ssm_head_dim;
    double groups = 2.0 * (double)m->ssm_groups * m->ssm_state; /* B and C */
    scan_shape shape = {.layers = c->mixer_layers[FC_MIXER_MAMBA2], .heads = heads, .inner = inner};
    shape.in_width = 2.0 * inner + groups + heads; /* z, x, B, C, step */
    shape.conv_width = inner + groups;
    shape.conv_params = shape.conv_width * (m->ssm_conv + 1.0); /* a bias each */
    shape.scan_flop = mamba2_flop(m, chunk);
    shape.scan_params = 3.0 * heads; /* A, D, step bias */
    shape.scan_unfused = 4.0 * heads * chunk + 4.0 * inner * m->ssm_state / chunk;
    shape.norm_params = inner;
    return shape;
}

/* Gated delta rule (Yang et al. 2412.06464, §3.3) by the chunked WY form of DeltaNet (2406.06484, §3). A chunk of C
 * tokens, per value head with keys K and values V: K·Kᵀ 2C²K, its triangular inverse C³/3, W and U 2C²K + 2C²V, Q·Kᵀ
 * 2C²K, its product with the new values 2C²V; then W·S, Q·S and Kᵀ·V' 2CKV each. Key heads are repeated to the number of
 * value heads, as the published kernels do. */
static double gated_delta_flop(const fc_model *m, double chunk) {
    double key = m->ssm_state;
    double value = m->ssm_head_dim;
    double per_head = 2.0 * chunk * (3.0 * key + 2.0 * value) + chunk * chunk / 3.0 + 6.0 * key * value;
    return m->ssm_heads * per_head;
}

static scan_shape gated_delta_shape(const fc_counter *c, double chunk) {
    const fc_model *m = c->model;
    double heads = m->ssm_heads;
    double inner = heads * m->ssm_head_dim;
    double keys = (double)m->ssm_groups * m->ssm_state;
    scan_shape shape = {.layers = c->mixer_layers[FC_MIXER_GATED_DELTA], .heads = heads, .inner = inner};
    shape.in_width = 2.0 * keys + 2.0 * inner + 2.0 * heads; /* q, k, v, output gate, decay, write strength */
    shape.conv_width = 2.0 * keys + inner;
    shape.conv_params = shape.conv_width * m->ssm_conv;
    shape.scan_flop = gated_delta_flop(m, chunk);
    shape.scan_params = 2.0 * heads; /* A, step bias */
    shape.scan_unfused = 4.0 * heads * chunk + 4.0 * inner * m->ssm_state / chunk;
    shape.norm_params = m->ssm_head_dim;                   /* one vector for all heads */
    shape.kept_numbers = shape.conv_width + chunk * heads; /* q, k, v after the convolution; the inverse */
    return shape;
}

typedef struct scan_names {
    const char *in;
    const char *conv;
    const char *scan;
    const char *norm;
    const char *out;
} scan_names;

/* The layer keeps its input, what the projection made, the scan's output and the gated norm's; the published kernels
 * redo the convolution and the states of chunks in backward. */
static void count_scan_layer(fc_counter *c, const scan_names *names, const scan_shape *shape) {
    if (shape->layers <= 0.0) {
        return;
    }
    fc_op *op = fc_rows_matmul(c, names->in, shape->layers, shape->in_width, c->hidden, TENSOR, 0, 0.0);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);

    op = fc_rows_memory(c, names->conv, shape->layers, shape->conv_width, 2.0 * shape->conv_width,
                        2.0 * shape->conv_width);
    op->n_axes = TENSOR;
    op->params_count = shape->conv_params;
    op->params_axes = TENSOR;
    fc_rows_save(c, op, shape->in_width, TENSOR, FC_SAVED_ALWAYS);

    op = fc_rows_add(c, names->scan, FC_OP_SCAN, shape->layers);
    op->dtype = c->side_dtype;
    op->n = shape->inner;
    op->k = shape->scan_flop / (2.0 * shape->inner);
    op->n_axes = TENSOR;
    op->extra_bytes_per_token = c->number_bytes * (shape->conv_width + shape->heads + shape->inner);
    op->extra_unfused_bytes_per_token = c->number_bytes * shape->scan_unfused;
    op->params_count = shape->scan_params;
    op->params_axes = TENSOR;
    fc_rows_save(c, op, shape->inner + shape->kept_numbers, TENSOR, FC_SAVED_ALWAYS);

    op = fc_rows_memory(c, names->norm, shape->layers, shape->inner, 3.0 * shape->inner, 8.0 * shape->inner);
    op->n_axes = TENSOR;
    op->params_count = shape->norm_params;

    op = fc_rows_matmul(c, names->out, shape->layers, c->hidden, shape->inner, 0, TENSOR, 0.0);
    fc_rows_save(c, op, shape->inner, TENSOR, FC_SAVED_ALWAYS);
}

void fc_rows_scan(fc_counter *c) {
    static const scan_names mamba2 = {"ssm_in", "ssm_conv", "ssm_scan", "ssm_norm", "ssm_out"};
    static const scan_names delta = {"delta_in", "delta_conv", "delta_scan", "delta_norm", "delta_out"};
    if (c->mixer_layers[FC_MIXER_MAMBA2] + c->mixer_layers[FC_MIXER_GATED_DELTA] <= 0.0) {
        return;
    }
    double chunk = least(c->model->ssm_chunk, c->seq_len);
    scan_shape shape = mamba2_shape(c, chunk);
    fc_rows_of(c, 1u << FC_MIXER_MAMBA2, ANY_BLOCK | NO_BLOCK);
    count_scan_layer(c, &mamba2, &shape);
    shape = gated_delta_shape(c, chunk);
    fc_rows_of(c, 1u << FC_MIXER_GATED_DELTA, ANY_BLOCK | NO_BLOCK);
    count_scan_layer(c, &delta, &shape);
}
