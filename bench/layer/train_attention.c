/* train_attention.c: plain causal attention. Every score is computed and kept, masked ones too, as plain attention
 * does; a head is one piece of work, so that its scores stay in a core's cache from product to product. */
#include "train_state.h"

typedef struct attend_work {
    fc_train *train;
    fc_train_layer *layer;
    const fc_real *values_grad;
} attend_work;

/* One head of one sequence: where its rows begin. */
typedef struct attend_head {
    const fc_real *q;
    const fc_real *k;
    const fc_real *v;
    fc_real *shares;
    size_t rows_at; /* first token */
    size_t column;
} attend_head;

static attend_head find_head(const fc_train *train, const fc_train_layer *layer, size_t piece) {
    size_t heads = train->options.heads;
    size_t hidden = train->options.hidden;
    size_t seq = train->options.seq_len;
    attend_head head;
    head.rows_at = piece / heads * seq;
    head.column = piece % heads * train->head_dim;
    head.q = layer->queries + head.rows_at * 3 * hidden + head.column;
    head.k = head.q + hidden;
    head.v = head.k + hidden;
    head.shares = layer->shares + piece * seq * seq;
    return head;
}

/* Softmax of the first `seen` scores, nothing of the others. */
FC_WIDE static void soften(fc_real *row, size_t seen, size_t count, fc_real scale) {
    fc_real top = row[0];
    for (size_t i = 1; i < seen; i++) {
        top = row[i] > top ? row[i] : top;
    }
    for (size_t i = 0; i < seen; i++) {
        row[i] = fc_real_exp((row[i] - top) * scale);
    }
    fc_real share = (fc_real)1.0 / fc_train_sum(row, seen);
    for (size_t i = 0; i < seen; i++) {
        row[i] *= share;
    }
    memset(row + seen, 0, (count - seen) * sizeof *row);
}

static void attend_slice(void *context, uint32_t index, uint32_t count) {
    const attend_work *work = context;
    fc_train *train = work->train;
    size_t seq = train->options.seq_len;
    blasint s = (blasint)seq;
    blasint d = (blasint)train->head_dim;
    blasint h = (blasint)train->options.hidden;
    fc_real scale = (fc_real)(1.0 / sqrt((double)train->head_dim));
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, (size_t)train->options.batch * train->options.heads, index, count);
    for (size_t piece = begin; piece < end; piece++) {
        attend_head at = find_head(train, work->layer, piece);
        fc_gemm(CblasRowMajor, CblasNoTrans, CblasTrans, s, s, d, 1, at.q, 3 * h, at.k, 3 * h, 0, at.shares, s);
        for (size_t i = 0; i < seq; i++) {
            soften(at.shares + i * seq, i + 1, seq, scale);
        }
        fc_real *out = work->layer->values + at.rows_at * train->options.hidden + at.column;
        fc_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s, d, s, 1, at.shares, s, at.v, 3 * h, 0, out, h);
    }
}

/* grad of the scores = share · (grad of the share − Σ share · grad of the share), scaled as the scores were. */
FC_WIDE static void soften_back(fc_real *grad, const fc_real *share, size_t seen, size_t count, fc_real scale) {
    fc_real sums[FC_LANES] = {0};
    size_t i = 0;
    for (; i + FC_LANES <= seen; i += FC_LANES) {
        for (size_t j = 0; j < FC_LANES; j++) {
            sums[j] += grad[i + j] * share[i + j];
        }
    }
    fc_real sum = 0;
    for (; i < seen; i++) {
        sum += grad[i] * share[i];
    }
    for (size_t j = 0; j < FC_LANES; j++) {
        sum += sums[j];
    }
    for (i = 0; i < seen; i++) {
        grad[i] = (grad[i] - sum) * share[i] * scale;
    }
    memset(grad + seen, 0, (count - seen) * sizeof *grad);
}

static void attend_back_slice(void *context, uint32_t index, uint32_t count) {
    const attend_work *work = context;
    fc_train *train = work->train;
    size_t seq = train->options.seq_len;
    size_t hidden = train->options.hidden;
    blasint s = (blasint)seq;
    blasint d = (blasint)train->head_dim;
    blasint h = (blasint)hidden;
    fc_real scale = (fc_real)(1.0 / sqrt((double)train->head_dim));
    fc_real *grad = train->scratch + index * train->scratch_stride;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, (size_t)train->options.batch * train->options.heads, index, count);
    for (size_t piece = begin; piece < end; piece++) {
        attend_head at = find_head(train, work->layer, piece);
        const fc_real *out_grad = work->values_grad + at.rows_at * hidden + at.column;
        fc_real *q_grad = train->queries_grad + at.rows_at * 3 * hidden + at.column;
        fc_real *k_grad = q_grad + hidden;
        fc_real *v_grad = k_grad + hidden;
        fc_gemm(CblasRowMajor, CblasNoTrans, CblasTrans, s, s, d, 1, out_grad, h, at.v, 3 * h, 0, grad, s);
        fc_gemm(CblasRowMajor, CblasTrans, CblasNoTrans, s, d, s, 1, at.shares, s, out_grad, h, 0, v_grad, 3 * h);
        for (size_t i = 0; i < seq; i++) {
            soften_back(grad + i * seq, at.shares + i * seq, i + 1, seq, scale);
        }
        fc_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s, d, s, 1, grad, s, at.k, 3 * h, 0, q_grad, 3 * h);
        fc_gemm(CblasRowMajor, CblasTrans, CblasNoTrans, s, d, s, 1, grad, s, at.q, 3 * h, 0, k_grad, 3 * h);
    }
}

void fc_train_attend(fc_train *train, fc_train_layer *layer) {
    attend_work work = {.train = train, .layer = layer};
    fc_pool_run(train->pool, attend_slice, &work);
}

void fc_train_attend_back(fc_train *train, fc_train_layer *layer, const fc_real *values_grad) {
    attend_work work = {.train = train, .layer = layer, .values_grad = values_grad};
    fc_pool_run(train->pool, attend_back_slice, &work);
}
