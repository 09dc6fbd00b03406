/* train_ends.c: what closes a step: the loss, and AdamW. */
#include "train_state.h"

#include <math.h>

/* As most pretraining runs have them. */
static const double BETA_1 = 0.9;
static const double BETA_2 = 0.95;
static const double UPDATE_EPSILON = 1e-8;
static const double WEIGHT_DECAY = 0.1;

/* ---- loss ------------------------------------------------------------------------------------------------------- */

/* The logits of a row become (softmax − target)/tokens; returns −log of the target's share. */
FC_WIDE static double lose_row(fc_real *row, size_t width, uint32_t target, fc_real weight) {
    fc_real top = row[0];
    for (size_t i = 1; i < width; i++) {
        top = row[i] > top ? row[i] : top;
    }
    fc_real wanted = row[target] - top;
    for (size_t i = 0; i < width; i++) {
        row[i] = fc_real_exp(row[i] - top);
    }
    fc_real sum = fc_train_sum(row, width);
    fc_real share = weight / sum;
    for (size_t i = 0; i < width; i++) {
        row[i] *= share;
    }
    row[target] -= weight;
    return log((double)sum) - (double)wanted;
}

static void lose_slice(void *context, uint32_t index, uint32_t count) {
    fc_train *train = context;
    size_t vocab = train->options.vocab;
    fc_real weight = (fc_real)(1.0 / (double)train->tokens_count);
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->tokens_count, index, count);
    double loss = 0.0;
    for (size_t t = begin; t < end; t++) {
        fc_real *row = train->logits + t * vocab;
        loss += lose_row(row, vocab, train->targets[t], weight);
    }
    train->losses[index] = loss;
}

double fc_train_lose(fc_train *train) {
    fc_pool_run(train->pool, lose_slice, train);
    double sum = 0.0;
    for (uint32_t i = 0; i < fc_pool_count(train->pool); i++) {
        sum += train->losses[i];
    }
    return sum / (double)train->tokens_count;
}

/* ---- AdamW (Loshchilov and Hutter 1711.05101) ----------------------------------------------------------------- */

typedef struct update_rates {
    fc_real rate;
    fc_real shrink;       /* what decay leaves of a weight */
    fc_real first_scale;  /* 1/(1 − β1^t) */
    fc_real second_scale; /* 1/(1 − β2^t) */
} update_rates;

typedef struct update_work {
    fc_train *train;
    update_rates rates;
} update_work;

FC_WIDE static void update_piece(fc_real *restrict weights, const fc_real *restrict grads, fc_real *restrict firsts,
                                 fc_real *restrict seconds, size_t count, update_rates by) {
    const fc_real b1 = (fc_real)BETA_1;
    const fc_real b2 = (fc_real)BETA_2;
    const fc_real c1 = (fc_real)(1.0 - BETA_1);
    const fc_real c2 = (fc_real)(1.0 - BETA_2);
    for (size_t i = 0; i < count; i++) {
        fc_real g = grads[i];
        fc_real m = b1 * firsts[i] + c1 * g;
        fc_real v = b2 * seconds[i] + c2 * g * g;
        firsts[i] = m;
        seconds[i] = v;
        fc_real size = fc_real_sqrt(v * by.second_scale) + (fc_real)UPDATE_EPSILON;
        weights[i] = weights[i] * by.shrink - by.rate * m * by.first_scale / size;
    }
}

static void update_slice(void *context, uint32_t index, uint32_t count) {
    const update_work *work = context;
    fc_train *train = work->train;
    size_t begin = 0;
    size_t end = 0;
    fc_train_share(&begin, &end, train->weights_count, index, count);
    for (uint32_t i = 0; i < train->tensors_count; i++) {
        const fc_train_tensor *tensor = &train->tensors[i];
        size_t from = tensor->offset > begin ? tensor->offset : begin;
        size_t to = tensor->offset + tensor->size < end ? tensor->offset + tensor->size : end;
        if (from >= to) {
            continue;
        }
        update_rates rates = work->rates;
        rates.shrink = tensor->decays ? rates.shrink : (fc_real)1.0;
        update_piece(train->weights + from, train->gradients + from, train->first_moments + from,
                     train->second_moments + from, to - from, rates);
    }
}

void fc_train_update(fc_train *train) {
    train->steps_count += 1;
    double steps = (double)train->steps_count;
    double rate = train->options.learning_rate;
    update_work work = {.train = train,
                        .rates = {.rate = (fc_real)rate,
                                  .shrink = (fc_real)(1.0 - rate * WEIGHT_DECAY),
                                  .first_scale = (fc_real)(1.0 / (1.0 - pow(BETA_1, steps))),
                                  .second_scale = (fc_real)(1.0 / (1.0 - pow(BETA_2, steps)))}};
    fc_pool_run(train->pool, update_slice, &work);
}
