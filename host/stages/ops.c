/* ops.c: operations, parameters and FLOP of a model on a workload: embedding, head, totals. Rows: ops_rows.h.
 *
 * Matmuls are 2·m·n·k forward and twice that backward (input gradient and weight gradient). Model FLOP leave out norms,
 * softmax, activations, short convolutions and table look-ups; logits and router are in. Activation bytes follow
 * Korthikanti et al. 2022 (2205.05198), so that a GPT layer with plain attention and dropout keeps s·b·h·(34 + 5as/h).
 */
#include "flopcast/stages.h"

#include "ops_rows.h"

#include <assert.h>
#include <math.h> /* floor */
#include <string.h>

static const double BACKWARD_AND_FORWARD = 3.0;

fc_op *fc_rows_add(fc_counter *c, const char *name, fc_op_class op_class, double instances) {
    assert(c->ops->ops_count < FC_MAX_OPS);
    fc_op *op = &c->ops->ops[c->ops->ops_count++];
    memset(op, 0, sizeof *op);
    size_t length = strlen(name);
    assert(length < sizeof op->name);
    memcpy(op->name, name, length);
    op->op_class = (uint32_t)op_class;
    op->place = FC_PLACE_LAYER;
    op->dtype = c->layer_dtype;
    op->instances = instances;
    op->rows_per_token = 1.0;
    op->groups = 1.0;
    op->repeats = 1.0;
    op->row_axes = CONTEXT;
    op->layer_kinds = c->row_kinds;
    return op;
}

fc_op *fc_rows_matmul(fc_counter *c, const char *name, double instances, double n, double k, uint32_t n_axes,
                      uint32_t k_axes, double bias_count) {
    fc_op *op = fc_rows_add(c, name, FC_OP_MATMUL, instances);
    op->n = n;
    op->k = k;
    op->n_axes = n_axes;
    op->k_axes = k_axes;
    op->params_count = n * k + bias_count;
    op->params_axes = n_axes | k_axes;
    /* Eager: with a bias the result is filled with it before the product, and its gradient is a sum over the rows. */
    double biased = bias_count > 0.0 ? 1.0 : 0.0;
    fc_rows_eager(c, op, n, (fc_numbers){biased * n, 0, 1, biased}, (fc_numbers){biased * n, 0, 0, biased});
    return op;
}

fc_op *fc_rows_memory(fc_counter *c, const char *name, double instances, double width, double fused, double unfused) {
    fc_op *op = fc_rows_add(c, name, FC_OP_MEMORY, instances);
    op->n = width;
    op->dtype = c->side_dtype;
    op->extra_bytes_per_token = fused * c->number_bytes;
    /* Until a row tells better: each kernel reads and writes one tensor, and costs twice as much on its way back. */
    double all = fused + unfused;
    double tensors = width > 0.0 ? all / (2.0 * width) : 0.0;
    fc_rows_eager(c, op, width, (fc_numbers){all, 0, tensors, tensors},
                  (fc_numbers){2.0 * all, 0, 2.0 * tensors, 2.0 * tensors});
    fc_rows_fused(c, op, fused, 2.0 * fused);
    return op;
}

static fc_passes to_passes(const fc_counter *c, fc_numbers numbers) {
    return (fc_passes){numbers.streamed * c->number_bytes, numbers.passed * c->number_bytes, numbers.tensors,
                       numbers.kernels};
}

void fc_rows_eager(const fc_counter *c, fc_op *op, double tensor, fc_numbers forward, fc_numbers backward) {
    op->tensor_bytes_per_token = tensor * c->number_bytes;
    op->eager_forward = to_passes(c, forward);
    op->eager_backward = to_passes(c, backward);
}

void fc_rows_fused(const fc_counter *c, fc_op *op, double forward, double backward) {
    op->fused_forward = to_passes(c, (fc_numbers){0, forward, 0, forward > 0.0 ? 1 : 0});
    op->fused_backward = to_passes(c, (fc_numbers){0, backward, 0, backward > 0.0 ? 1 : 0});
}

/* Fused: read and write. Eager: a layer norm is one kernel each way (in the time of 4 numbers; back: input and gradient,
 * twice for the gradients of scale and shift, and the result); an RMS norm is written out: square, mean, inverse root, two products, and back. */
fc_op *fc_rows_norm(fc_counter *c, const char *name, double instances, double width) {
    bool centred = c->model->norm == FC_NORM_LAYER || c->model->norm == FC_NORM_LAYER_SCALE;
    fc_op *op = fc_rows_memory(c, name, instances, width, 2.0 * width, (centred ? 0.0 : 5.0) * width);
    op->pass = FC_PASS_NORM;
    fc_rows_fused(c, op, 3.0 * width, 4.0 * width); /* with the copy that the next residual adds to; back in place */
    op->row_axes |= SEQUENCE;
    if (centred) {
        fc_rows_eager(c, op, width, (fc_numbers){0, 4.0 * width, 1, 1}, (fc_numbers){0, 5.0 * width, 1, 2});
    } else {
        fc_rows_eager(c, op, width, (fc_numbers){7.0 * width, 0, 3, 6}, (fc_numbers){20.0 * width, 0, 7, 12});
    }
    op->params_count = c->norm_factor * width;
    return op;
}

void fc_rows_save_bytes(fc_op *op, double bytes, uint32_t axes, uint32_t when) {
    assert(op->saved_count < FC_MAX_SAVED);
    fc_saved *saved = &op->saved[op->saved_count++];
    saved->bytes_per_token = bytes;
    saved->axes = axes;
    saved->when = when;
}

void fc_rows_save(const fc_counter *c, fc_op *op, double numbers, uint32_t axes, uint32_t when) {
    fc_rows_save_bytes(op, numbers * c->number_bytes, axes, when);
}

static void scale_passes(fc_passes *passes, double by) {
    passes->stream_bytes_per_token *= by;
    passes->pass_bytes_per_token *= by;
}

void fc_rows_scale_to_encoder(fc_counter *c, uint32_t first_row) {
    for (uint32_t i = first_row; i < c->ops->ops_count; i++) {
        fc_op *op = &c->ops->ops[i];
        op->rows_per_token *= c->encoder_ratio;
        op->full_flop_per_token *= c->encoder_ratio;
        op->extra_bytes_per_token *= c->encoder_ratio;
        op->extra_unfused_bytes_per_token *= c->encoder_ratio;
        op->workspace_bytes_per_token *= c->encoder_ratio;
        op->plain_workspace_bytes_per_token *= c->encoder_ratio;
        op->tensor_bytes_per_token *= c->encoder_ratio;
        scale_passes(&op->eager_forward, c->encoder_ratio);
        scale_passes(&op->eager_backward, c->encoder_ratio);
        scale_passes(&op->fused_forward, c->encoder_ratio);
        scale_passes(&op->fused_backward, c->encoder_ratio);
        for (uint32_t j = 0; j < op->saved_count; j++) {
            op->saved[j].bytes_per_token *= c->encoder_ratio;
        }
    }
}

/* ---- what to count from ----------------------------------------------------------------------------------------- */

static double activation_bytes(uint32_t dtype) {
    if (dtype == FC_DTYPE_FP64) {
        return 8.0;
    }
    return dtype == FC_DTYPE_FP32 || dtype == FC_DTYPE_TF32 ? 4.0 : 2.0;
}

/* Recipes in 8 and 4 bits convert the inputs of the layers' matmuls only (Micikevicius et al. 2209.05433). */
static uint32_t side_dtype(uint32_t dtype) {
    bool narrow = dtype == FC_DTYPE_FP8 || dtype == FC_DTYPE_MXFP8 || dtype == FC_DTYPE_NVFP4 || dtype == FC_DTYPE_INT8;
    return narrow ? (uint32_t)FC_DTYPE_BF16 : dtype;
}

static fc_counter start_counter(fc_ops *out, const fc_model *model, const fc_workload *workload) {
    static const double norm_factors[FC_NORM_COUNT] = {1.0, 2.0, 1.0, 0.0};
    fc_counter c;
    memset(&c, 0, sizeof c);
    c.ops = out;
    c.model = model;
    c.hidden = model->hidden;
    /* A study without any sequence length was refused; one token keeps the arithmetic defined all the same. */
    uint64_t seq_len = workload->seq_len > 0 ? workload->seq_len : model->seq_len;
    c.seq_len = seq_len > 0 ? (double)seq_len : 1.0;
    c.number_bytes = activation_bytes(workload->dtype);
    c.layer_dtype = workload->dtype;
    c.side_dtype = side_dtype(workload->dtype);
    c.norm_factor = norm_factors[model->norm];
    bool latent = model->attention == FC_ATTENTION_MLA;
    c.qk_dim = latent ? (double)model->qk_nope_head_dim + model->qk_rope_head_dim : model->head_dim;
    c.v_dim = model->v_head_dim;
    c.kv_heads = latent ? model->heads : model->kv_heads;
    c.encoder_ratio = (double)model->encoder_seq_len / c.seq_len;
    fc_rows_place_layers(&c);
    return c;
}

/* ---- both ends of the model ------------------------------------------------------------------------------------- */

static void count_embedding(fc_counter *c) {
    const fc_model *m = c->model;
    fc_op *op = fc_rows_memory(c, "embedding", 1.0, c->hidden, 2.0 * c->hidden, 0.0);
    op->place = FC_PLACE_FIRST;
    op->pass = FC_PASS_GATHER;
    fc_rows_fused(c, op, 2.0 * c->hidden, 3.0 * c->hidden);
    fc_rows_eager(c, op, c->hidden, (fc_numbers){0, 2.0 * c->hidden, 1, 1}, (fc_numbers){3.0 * c->hidden, 0, 0, 2});
    op->n_axes = TENSOR; /* vocabulary-parallel */
    op->params_count = (double)m->vocab * c->hidden;
    op->params_axes = TENSOR;
    fc_rows_save_bytes(op, c->hidden, SEQUENCE, FC_SAVED_IF_DROPOUT);
    if (m->position == FC_POSITION_LEARNED) {
        op = fc_rows_memory(c, "positions", 1.0, c->hidden, c->hidden, 2.0 * c->hidden);
        op->place = FC_PLACE_FIRST;
        op->row_axes |= SEQUENCE;
        op->params_count = (double)m->max_positions * c->hidden;
    } else if (m->position == FC_POSITION_RELATIVE) {
        /* One table a stack (T5, 1910.10683); its traffic is part of the scores'. */
        op = fc_rows_memory(c, "positions", 1.0, 0.0, 0.0, 0.0);
        op->place = FC_PLACE_FIRST;
        op->params_count = (m->encoder_layers > 0 ? 2.0 : 1.0) * m->relative_buckets * m->heads;
        op->params_axes = TENSOR;
    }
    if (m->embedding_norm) {
        op = fc_rows_norm(c, "embedding_norm", 1.0, c->hidden);
        op->place = FC_PLACE_FIRST;
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    }
}

/* Logits and their loss. Cross-entropy over the vocabulary, fused: read the logits, write their gradient in place. Eager:
 * logarithm of the softmax; back: a gradient of zeros but for the targets, then that of the softmax, in the time of 4 and
 * of 3.5 numbers. */
static void count_logits(fc_counter *c, const char *logits, const char *loss, double instances, bool owns_weights) {
    double vocab = (double)c->model->vocab;
    fc_op *op = fc_rows_matmul(c, logits, instances, vocab, c->hidden, TENSOR, 0, 0.0);
    op->place = FC_PLACE_LAST;
    op->dtype = c->side_dtype;
    bool shared = !owns_weights || c->model->tied_embeddings;
    op->params_count = shared ? 0.0 : vocab * c->hidden;
    op->params_count += owns_weights && c->model->logits_bias ? vocab : 0.0;
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);

    op = fc_rows_memory(c, loss, instances, vocab, 2.0 * vocab, 0.0);
    op->place = FC_PLACE_LAST;
    op->n_axes = TENSOR;
    double wide_bytes = c->number_bytes < 4.0 ? 4.0 : c->number_bytes;
    op->pass = FC_PASS_SOFTMAX;
    fc_rows_fused(c, op, 2.0 * vocab, 0.0);
    fc_rows_eager(c, op, vocab * wide_bytes / c->number_bytes, (fc_numbers){0, 4.0 * vocab, 1, 2},
                  (fc_numbers){vocab, 3.5 * vocab, 2, 3});
    fc_rows_save_bytes(op, vocab * wide_bytes, TENSOR, FC_SAVED_ALWAYS);
}

/* DeepSeek-V3's module (2412.19437, §2.2): embedding of the next token and the layer below, each normed, joined by a
 * 2h → h projection; one layer (counted with the others); a norm before the shared head. */
static void count_prediction_modules(fc_counter *c) {
    double depth = c->model->mtp_depth;
    if (depth <= 0.0) {
        return;
    }
    fc_op *op = fc_rows_memory(c, "mtp_embedding", depth, c->hidden, 2.0 * c->hidden, 0.0);
    op->place = FC_PLACE_LAST;
    op->n_axes = TENSOR;
    op = fc_rows_norm(c, "mtp_norm", 3.0 * depth, c->hidden);
    op->place = FC_PLACE_LAST;
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    op = fc_rows_matmul(c, "mtp_proj", depth, c->hidden, 2.0 * c->hidden, TENSOR, 0, 0.0);
    op->place = FC_PLACE_LAST;
    fc_rows_save(c, op, 2.0 * c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    count_logits(c, "mtp_logits", "mtp_loss", depth, false);
}

static void count_norms(fc_counter *c) {
    double norms = c->model->norms_per_layer;
    double mixers = c->full_layers + c->lone_mixer_layers;
    fc_rows_of(c, ANY_MIXER, ANY_BLOCK | NO_BLOCK);
    if (mixers > 0.0) {
        fc_op *op = fc_rows_norm(c, "attn_norm", mixers, c->hidden);
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_LAYER_INPUT);
    }
    fc_rows_of(c, ANY_MIXER, ANY_BLOCK);
    if (c->full_layers > 0.0 && norms >= 2.0) {
        fc_op *op = fc_rows_norm(c, "mlp_norm", c->full_layers, c->hidden);
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    }
    fc_rows_of(c, NO_MIXER, ANY_BLOCK);
    if (c->lone_block_layers > 0.0) {
        fc_op *op = fc_rows_norm(c, "lone_mlp_norm", c->lone_block_layers, c->hidden);
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_LAYER_INPUT);
    }
    /* Norms after the blocks, before their residual (Gemma 2). A layer of one half has half of them. */
    fc_rows_of(c, ANY_MIXER | NO_MIXER, ANY_BLOCK | NO_BLOCK);
    double full_extra = norms > 2.0 ? norms - 2.0 : 0.0;
    double lone_extra = norms > 2.0 ? floor(norms / 2.0) - 1.0 : 0.0;
    double extra = full_extra * c->full_layers + lone_extra * (c->lone_mixer_layers + c->lone_block_layers);
    if (extra > 0.0) {
        fc_op *op = fc_rows_norm(c, "post_norm", extra, c->hidden);
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    }
}

static void count_residual(fc_counter *c, const char *name, double instances) {
    if (instances <= 0.0) {
        return;
    }
    fc_op *op = fc_rows_memory(c, name, instances, c->hidden, 3.0 * c->hidden, 0.0);
    /* Eager, back: the gradients of both ways are added. */
    fc_rows_fused(c, op, 0.0, 0.0);
    fc_rows_eager(c, op, c->hidden, (fc_numbers){3.0 * c->hidden, 0, 1, 1}, (fc_numbers){3.0 * c->hidden, 0, 0, 1});
    op->row_axes |= SEQUENCE;
    fc_rows_save_bytes(op, c->hidden, SEQUENCE, FC_SAVED_IF_DROPOUT);
}

static void count_layers(fc_counter *c) {
    count_norms(c);
    fc_rows_attention(c);
    fc_rows_scan(c);
    fc_rows_of(c, ANY_MIXER, ANY_BLOCK | NO_BLOCK);
    count_residual(c, "attn_residual", c->full_layers + c->lone_mixer_layers);
    fc_rows_ffn(c);
    fc_rows_of(c, ANY_MIXER | NO_MIXER, ANY_BLOCK);
    count_residual(c, "mlp_residual", c->full_layers + c->lone_block_layers);
    if (c->model->encoder_layers > 0) {
        fc_rows_encoder(c);
    }
}

/* ---- totals ----------------------------------------------------------------------------------------------------- */

/* Of expert weights a token touches experts_per_token in experts; of everything else the whole. */
static double active_share(const fc_op *op) { return op->groups > 1.0 ? op->rows_per_token / op->groups : 1.0; }

static bool is_table(const fc_op *op) {
    return strcmp(op->name, "embedding") == 0 || strcmp(op->name, "positions") == 0;
}

static void count_params(fc_ops *ops, bool tied) {
    double tables = 0.0;
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        const fc_op *op = &ops->ops[i];
        double count = op->instances * op->params_count;
        ops->params_total_count += count;
        ops->params_active_count += count * active_share(op);
        bool is_output_matrix = tied && strcmp(op->name, "embedding") == 0;
        tables += is_table(op) && !is_output_matrix ? count : 0.0;
    }
    ops->params_active_matmul_count = ops->params_active_count - tables;
}

/* PaLM (2204.02311, appendix B): 6N + 6·L·heads·(d_qk + d_v)·s, every key counted, which is three times the forward
 * attention of the rows. N counts an encoder's weights once, however long the encoder's sequence is. */
static void count_flop(fc_ops *ops) {
    double exact = 0.0;
    double full_attention = 0.0;
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        fc_op *op = &ops->ops[i];
        if (op->op_class == FC_OP_MEMORY) {
            continue;
        }
        op->flop_per_token = 2.0 * op->rows_per_token * op->n * op->k;
        if (op->op_class == FC_OP_ATTENTION) {
            full_attention += op->instances * op->full_flop_per_token;
        } else {
            op->full_flop_per_token = op->flop_per_token;
        }
        exact += op->instances * op->flop_per_token;
    }
    ops->flop_per_token_model = BACKWARD_AND_FORWARD * exact;
    ops->flop_per_token_6nd = 6.0 * ops->params_active_matmul_count;
    ops->flop_per_token_palm = ops->flop_per_token_6nd + BACKWARD_AND_FORWARD * full_attention;
}

static void describe(fc_ops *out, const fc_counter *c, const fc_workload *workload) {
    const fc_model *m = c->model;
    out->seq_len = c->seq_len;
    out->hidden = c->hidden;
    out->heads = m->heads;
    out->kv_heads = c->kv_heads;
    out->vocab = (double)m->vocab;
    /* Under MLA too: the core works on keys and values of all heads, made from the latent before it. */
    out->kv_bytes_per_token = c->number_bytes * c->kv_heads * (c->qk_dim + c->v_dim);
    out->moe_layers_count = c->block_layers[FC_BLOCK_MOE];
    out->attention_layers_count = fc_rows_attention_layers(c) + m->encoder_layers;
    out->experts = m->experts;
    out->experts_per_token = m->experts_per_token;
    out->expert_groups = m->expert_groups;
    out->expert_groups_per_token = m->expert_groups_per_token;
    out->activation_bytes = c->number_bytes;
    /* 8-bit and 4-bit recipes keep a 16-bit copy of each weight and convert it as it is used: 2 bytes stay. */
    out->weight_bytes = c->number_bytes;
    out->grad_bytes = workload->grad_bytes;
    out->master_bytes = workload->master_bytes;
    out->optimizer_bytes = workload->optimizer_bytes;
    out->optimizer = workload->optimizer;
    out->tokens_count = workload->tokens_count;
    out->dtype = workload->dtype;
    out->side_dtype = c->side_dtype;
    out->tied = m->tied_embeddings;
}

void fc_ops_count(fc_ops *out, const fc_model *model, const fc_workload *workload) {
    memset(out, 0, sizeof *out);
    fc_counter c = start_counter(out, model, workload);
    describe(out, &c, workload);
    count_embedding(&c);
    count_layers(&c);
    fc_op *op = fc_rows_norm(&c, "final_norm", 1.0, c.hidden);
    op->place = FC_PLACE_LAST;
    fc_rows_save(&c, op, c.hidden, SEQUENCE, FC_SAVED_ALWAYS);
    count_logits(&c, "logits", "loss", 1.0, true);
    count_prediction_modules(&c);
    count_params(out, model->tied_embeddings != 0);
    count_flop(out);
}
