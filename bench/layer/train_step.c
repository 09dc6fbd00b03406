/* train_step.c: the order of a step. */
#include "train_state.h"

#include "flopcast/measure.h"

/* ---- the clock -------------------------------------------------------------------------------------------------- */

/* Time since `*since_s` belongs to `part`; the clock goes on from now. */
static void lap(fc_train *train, fc_train_part part, double *since_s) {
    double now_s = fc_measure_now_s();
    train->times.part_s[part] += now_s - *since_s;
    *since_s = now_s;
}

static fc_train_matrix matrix(size_t offset, size_t n, size_t k) { return (fc_train_matrix){offset, n, k}; }

/* ---- forward ---------------------------------------------------------------------------------------------------- */

static void forward_layer(fc_train *train, fc_train_layer *layer, fc_real *out, double *clock_s) {
    size_t hidden = train->options.hidden;
    fc_train_norm_forward(train, layer->attention_norm, layer->input, layer->normed, layer->stats, layer->middle);
    lap(train, FC_TRAIN_MEMORY, clock_s);
    fc_train_multiply(train, layer->queries, layer->normed, matrix(layer->qkv, 3 * hidden, hidden), 0);
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_attend(train, layer);
    lap(train, FC_TRAIN_ATTENTION, clock_s);
    fc_train_multiply(train, layer->middle, layer->values, matrix(layer->out, hidden, hidden), 1);
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_norm_forward(train, layer->mlp_norm, layer->middle, layer->middle_normed, layer->middle_stats, out);
    lap(train, FC_TRAIN_MEMORY, clock_s);
    fc_train_multiply(train, layer->wide, layer->middle_normed, matrix(layer->up, train->wide, hidden), 0);
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_activate(train, layer);
    lap(train, FC_TRAIN_MEMORY, clock_s);
    fc_train_multiply(train, out, layer->active, matrix(layer->down, hidden, train->options.ffn_hidden), 1);
    lap(train, FC_TRAIN_MATMUL, clock_s);
}

void fc_train_forward(fc_train *train, double *out_loss) {
    uint32_t layers = train->options.layers_count;
    double clock_s = fc_measure_now_s();
    fc_train_embed(train, train->layers[0].input);
    lap(train, FC_TRAIN_MEMORY, &clock_s);
    for (uint32_t i = 0; i < layers; i++) {
        fc_real *out = i + 1 < layers ? train->layers[i + 1].input : train->last;
        forward_layer(train, &train->layers[i], out, &clock_s);
    }
    fc_train_norm_forward(train, train->final_norm, train->last, train->last_normed, train->last_stats, NULL);
    lap(train, FC_TRAIN_MEMORY, &clock_s);
    fc_train_multiply(train, train->logits, train->last_normed,
                      matrix(train->output_matrix, train->options.vocab, train->options.hidden), 0);
    lap(train, FC_TRAIN_MATMUL, &clock_s);
    *out_loss = fc_train_lose(train);
    lap(train, FC_TRAIN_MEMORY, &clock_s);
}

/* ---- backward --------------------------------------------------------------------------------------------------- */

static void backward_layer(fc_train *train, fc_train_layer *layer, double *clock_s) {
    size_t hidden = train->options.hidden;
    fc_real *grad = train->normed_grad;
    fc_train_multiply_back(train, train->active_grad, train->stream_grad, layer->active,
                           matrix(layer->down, hidden, train->options.ffn_hidden));
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_activate_back(train, layer);
    lap(train, FC_TRAIN_MEMORY, clock_s);
    fc_train_multiply_back(train, grad, layer->wide, layer->middle_normed, matrix(layer->up, train->wide, hidden));
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_norm_back(train, layer->mlp_norm, layer->middle, layer->middle_stats, grad, 0);
    lap(train, FC_TRAIN_MEMORY, clock_s);
    fc_train_multiply_back(train, grad, train->stream_grad, layer->values, matrix(layer->out, hidden, hidden));
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_attend_back(train, layer, grad);
    lap(train, FC_TRAIN_ATTENTION, clock_s);
    fc_train_multiply_back(train, grad, train->queries_grad, layer->normed, matrix(layer->qkv, 3 * hidden, hidden));
    lap(train, FC_TRAIN_MATMUL, clock_s);
    fc_train_norm_back(train, layer->attention_norm, layer->input, layer->stats, grad, 0);
    lap(train, FC_TRAIN_MEMORY, clock_s);
}

void fc_train_backward(fc_train *train) {
    double clock_s = fc_measure_now_s();
    fc_train_multiply_back(train, train->normed_grad, train->logits, train->last_normed,
                           matrix(train->output_matrix, train->options.vocab, train->options.hidden));
    lap(train, FC_TRAIN_MATMUL, &clock_s);
    fc_train_norm_back(train, train->final_norm, train->last, train->last_stats, train->normed_grad, 1);
    lap(train, FC_TRAIN_MEMORY, &clock_s);
    for (uint32_t i = train->options.layers_count; i > 0; i--) {
        backward_layer(train, &train->layers[i - 1], &clock_s);
    }
    fc_train_embed_back(train);
    lap(train, FC_TRAIN_MEMORY, &clock_s);
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

void fc_train_step(fc_train *train, double *out_loss, fc_train_times *out_times) {
    memset(&train->times, 0, sizeof train->times);
    openblas_set_num_threads(1); /* every thread of the pool calls it for itself */
    double begin_s = fc_measure_now_s();
    fc_train_forward(train, out_loss);
    fc_train_backward(train);
    double clock_s = fc_measure_now_s();
    fc_train_update(train);
    lap(train, FC_TRAIN_OPTIMIZER, &clock_s);
    train->times.step_s = clock_s - begin_s;
    *out_times = train->times;
}

void fc_train_differentiate(fc_train *train, double *out_loss) {
    openblas_set_num_threads(1); /* every thread of the pool calls it for itself */
    fc_train_forward(train, out_loss);
    fc_train_backward(train);
}

void fc_train_evaluate(fc_train *train, double *out_loss) {
    openblas_set_num_threads(1); /* every thread of the pool calls it for itself */
    fc_train_forward(train, out_loss);
}
