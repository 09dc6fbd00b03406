/* train_passes.c: what passes over memory once: embedding, norms, activations, loss, AdamW. Rows are divided among the
 * threads, except where several rows add to one place. */
#include "train_state.h"

static const double NORM_EPSILON = 1e-5;

static fc_real add_lanes(const fc_real *lanes) {
    fc_real sum = 0;
    for (size_t j = 0; j < FC_LANES; j++) {
        sum += lanes[j];
    }
    return sum;
}

/* ---- embedding -------------------------------------------------------------------------------------------------- */

typedef struct embed_work {
    fc_train *train;
    fc_real *out;
} embed_work;

static void embed_slice(void *context, uint32_t index, uint32_t count) {
    const embed_work *work = context;
    const fc_train *train = work->train;
    size_t hidden = train->options.hidden;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    for (size_t t = begin; t < end; t++) {
        const fc_real *token = train->weights + train->token_table + train->inputs[t] * hidden;
        const fc_real *position = train->weights + train->position_table + t % train->options.seq_len * hidden;
        fc_real *out = work->out + t * hidden;
        for (size_t i = 0; i < hidden; i++) {
            out[i] = token[i] + position[i];
        }
    }
}

void fc_train_embed(fc_train *train, fc_real *out) {
    embed_work work = {.train = train, .out = out};
    fc_pool_run(train->pool, embed_slice, &work);
}

/* Columns are divided, so that equal tokens never meet on two threads. */
static void embed_back_slice(void *context, uint32_t index, uint32_t count) {
    const embed_work *work = context;
    fc_train *train = work->train;
    size_t hidden = train->options.hidden;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, hidden, index, count);
    fc_real *tokens = train->gradients + train->token_table;
    fc_real *positions = train->gradients + train->position_table;
    for (size_t row = 0; row < train->options.vocab; row++) {
        memset(tokens + row * hidden + begin, 0, (end - begin) * sizeof *tokens);
    }
    for (size_t row = 0; row < train->options.seq_len; row++) {
        memset(positions + row * hidden + begin, 0, (end - begin) * sizeof *positions);
    }
    for (size_t t = 0; t < train->tokens_count; t++) {
        const fc_real *grad = train->stream_grad + t * hidden;
        fc_real *token = tokens + train->inputs[t] * hidden;
        fc_real *position = positions + t % train->options.seq_len * hidden;
        for (size_t i = begin; i < end; i++) {
            token[i] += grad[i];
            position[i] += grad[i];
        }
    }
}

void fc_train_embed_back(fc_train *train) {
    embed_work work = {.train = train};
    fc_pool_run(train->pool, embed_back_slice, &work);
}

/* ---- norms ------------------------------------------------------------------------------------------------------ */

typedef struct norm_work {
    fc_train *train;
    fc_train_scale which;
    const fc_real *in;
    fc_real *out;
    fc_real *stats;
    fc_real *copy;
    const fc_real *kept_stats;
    const fc_real *grad;
    int first;
} norm_work;

/* Mean (0 for an RMS norm) and 1/deviation, in two passes over a row that the first has brought into the cache. */
FC_WIDE static void measure_row(fc_real *stats, const fc_real *row, size_t width, int centred) {
    fc_real mean = centred ? fc_train_sum(row, width) / (fc_real)width : 0;
    fc_real squares[FC_LANES] = {0};
    size_t i = 0;
    for (; i + FC_LANES <= width; i += FC_LANES) {
        for (size_t j = 0; j < FC_LANES; j++) {
            squares[j] += (row[i + j] - mean) * (row[i + j] - mean);
        }
    }
    for (; i < width; i++) {
        squares[0] += (row[i] - mean) * (row[i] - mean);
    }
    stats[0] = mean;
    stats[1] = (fc_real)1.0 / fc_real_sqrt(add_lanes(squares) / (fc_real)width + (fc_real)NORM_EPSILON);
}

FC_WIDE static void scale_row(fc_real *out, const fc_real *row, const fc_real *stats, const fc_real *scale,
                              const fc_real *shift, size_t width) {
    fc_real mean = stats[0];
    fc_real inverse = stats[1];
    if (shift == NULL) {
        for (size_t i = 0; i < width; i++) {
            out[i] = row[i] * inverse * scale[i];
        }
        return;
    }
    for (size_t i = 0; i < width; i++) {
        out[i] = (row[i] - mean) * inverse * scale[i] + shift[i];
    }
}

static void norm_slice(void *context, uint32_t index, uint32_t count) {
    const norm_work *work = context;
    const fc_train *train = work->train;
    size_t hidden = train->options.hidden;
    int centred = train->options.norm == FC_TRAIN_LAYER;
    const fc_real *scale = train->weights + work->which.scale;
    const fc_real *shift = centred ? train->weights + work->which.shift : NULL;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    for (size_t t = begin; t < end; t++) {
        const fc_real *row = work->in + t * hidden;
        measure_row(work->stats + 2 * t, row, hidden, centred);
        scale_row(work->out + t * hidden, row, work->stats + 2 * t, scale, shift, hidden);
        if (work->copy != NULL) {
            memcpy(work->copy + t * hidden, row, hidden * sizeof *row);
        }
    }
}

void fc_train_norm_forward(fc_train *train, fc_train_scale which, const fc_real *in, fc_real *out, fc_real *stats,
                           fc_real *copy) {
    norm_work work = {.train = train, .which = which, .in = in, .out = out, .stats = stats, .copy = copy};
    fc_pool_run(train->pool, norm_slice, &work);
}

/* With x̂ = (x − mean)·inverse and e = grad·scale: grad of x = inverse·(e − mean(e) − x̂·mean(e·x̂)); an RMS norm has no
 * mean to take off. Scale's gradient adds up grad·x̂, shift's adds up grad. */
FC_WIDE static void norm_back_row(fc_real *out, fc_real *scale_grad, fc_real *shift_grad, const fc_real *row,
                                  const fc_real *stats, const fc_real *grad, const fc_real *scale, size_t width) {
    fc_real mean = stats[0];
    fc_real inverse = stats[1];
    fc_real with_x[FC_LANES] = {0};
    fc_real alone[FC_LANES] = {0};
    size_t i = 0;
    for (; i + FC_LANES <= width; i += FC_LANES) {
        for (size_t j = 0; j < FC_LANES; j++) {
            fc_real e = grad[i + j] * scale[i + j];
            alone[j] += e;
            with_x[j] += e * (row[i + j] - mean) * inverse;
        }
    }
    for (; i < width; i++) {
        fc_real e = grad[i] * scale[i];
        alone[0] += e;
        with_x[0] += e * (row[i] - mean) * inverse;
    }
    fc_real mean_with_x = add_lanes(with_x) / (fc_real)width;
    fc_real mean_alone = shift_grad != NULL ? add_lanes(alone) / (fc_real)width : 0;
    for (i = 0; i < width; i++) {
        fc_real x = (row[i] - mean) * inverse;
        out[i] += inverse * (grad[i] * scale[i] - mean_alone - x * mean_with_x);
        scale_grad[i] += grad[i] * x;
    }
    for (i = 0; shift_grad != NULL && i < width; i++) {
        shift_grad[i] += grad[i];
    }
}

static void norm_back_slice(void *context, uint32_t index, uint32_t count) {
    const norm_work *work = context;
    fc_train *train = work->train;
    size_t hidden = train->options.hidden;
    const fc_real *scale = train->weights + work->which.scale;
    fc_real *scale_grad = train->scratch + index * train->scratch_stride;
    fc_real *shift_grad = train->options.norm == FC_TRAIN_LAYER ? scale_grad + hidden : NULL;
    memset(scale_grad, 0, 2 * hidden * sizeof *scale_grad);
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    for (size_t t = begin; t < end; t++) {
        fc_real *out = train->stream_grad + t * hidden;
        if (work->first) {
            memset(out, 0, hidden * sizeof *out);
        }
        norm_back_row(out, scale_grad, shift_grad, work->in + t * hidden, work->kept_stats + 2 * t,
                      work->grad + t * hidden, scale, hidden);
    }
}

void fc_train_norm_back(fc_train *train, fc_train_scale which, const fc_real *in, const fc_real *stats,
                        const fc_real *grad, int first) {
    norm_work work = {.train = train, .which = which, .in = in, .kept_stats = stats, .grad = grad, .first = first};
    fc_pool_run(train->pool, norm_back_slice, &work);
    size_t hidden = train->options.hidden;
    for (size_t i = 0; i < hidden; i++) {
        fc_real scale_grad = 0;
        fc_real shift_grad = 0;
        for (uint32_t worker = 0; worker < fc_pool_count(train->pool); worker++) {
            scale_grad += train->scratch[worker * train->scratch_stride + i];
            shift_grad += train->scratch[worker * train->scratch_stride + hidden + i];
        }
        train->gradients[which.scale + i] = scale_grad;
        if (train->options.norm == FC_TRAIN_LAYER) {
            train->gradients[which.shift + i] = shift_grad;
        }
    }
}

/* ---- activations ------------------------------------------------------------------------------------------------ */

typedef struct active_work {
    fc_train *train;
    fc_train_layer *layer;
} active_work;

FC_WIDE static void gelu_row(fc_real *out, const fc_real *in, size_t width) {
    for (size_t i = 0; i < width; i++) {
        fc_real below;
        fc_real density;
        fc_real_normal(&below, &density, in[i]);
        out[i] = in[i] * below;
    }
}

FC_WIDE static void gelu_back_row(fc_real *in, const fc_real *grad, size_t width) {
    for (size_t i = 0; i < width; i++) {
        fc_real below;
        fc_real density;
        fc_real_normal(&below, &density, in[i]);
        in[i] = grad[i] * (below + in[i] * density);
    }
}

FC_WIDE static void swiglu_row(fc_real *out, const fc_real *gate, const fc_real *up, size_t width) {
    for (size_t i = 0; i < width; i++) {
        out[i] = gate[i] / ((fc_real)1.0 + fc_real_exp(-gate[i])) * up[i];
    }
}

FC_WIDE static void swiglu_back_row(fc_real *gate, fc_real *up, const fc_real *grad, size_t width) {
    for (size_t i = 0; i < width; i++) {
        fc_real open = (fc_real)1.0 / ((fc_real)1.0 + fc_real_exp(-gate[i]));
        fc_real swish = gate[i] * open;
        fc_real slope = open + swish * ((fc_real)1.0 - open);
        gate[i] = grad[i] * up[i] * slope;
        up[i] = grad[i] * swish;
    }
}

static void active_slice(void *context, uint32_t index, uint32_t count) {
    const active_work *work = context;
    const fc_train *train = work->train;
    size_t width = train->options.ffn_hidden;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    for (size_t t = begin; t < end; t++) {
        const fc_real *in = work->layer->wide + t * train->wide;
        if (train->options.mlp == FC_TRAIN_SWIGLU) {
            swiglu_row(work->layer->active + t * width, in, in + width, width);
        } else {
            gelu_row(work->layer->active + t * width, in, width);
        }
    }
}

static void active_back_slice(void *context, uint32_t index, uint32_t count) {
    const active_work *work = context;
    const fc_train *train = work->train;
    size_t width = train->options.ffn_hidden;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    for (size_t t = begin; t < end; t++) {
        fc_real *in = work->layer->wide + t * train->wide;
        const fc_real *grad = train->active_grad + t * width;
        if (train->options.mlp == FC_TRAIN_SWIGLU) {
            swiglu_back_row(in, in + width, grad, width);
        } else {
            gelu_back_row(in, grad, width);
        }
    }
}

void fc_train_activate(fc_train *train, fc_train_layer *layer) {
    active_work work = {.train = train, .layer = layer};
    fc_pool_run(train->pool, active_slice, &work);
}

void fc_train_activate_back(fc_train *train, fc_train_layer *layer) {
    active_work work = {.train = train, .layer = layer};
    fc_pool_run(train->pool, active_back_slice, &work);
}
