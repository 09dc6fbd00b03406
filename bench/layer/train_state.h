/* train_state.h: what the files of the training step share. */
#ifndef FLOPCAST_BENCH_LAYER_TRAIN_STATE_H
#define FLOPCAST_BENCH_LAYER_TRAIN_STATE_H

#include "train.h"

#include "pool.h"
#include "train_real.h"

#include <stdbool.h>

enum { FC_TRAIN_NAME_SIZE = 32 };

/* A trained tensor: its place in the flat arrays of weights, gradients and moments. */
typedef struct fc_train_tensor {
    char name[FC_TRAIN_NAME_SIZE];
    size_t offset;
    size_t size;
    uint32_t decays; /* matrices and tables do, norms do not */
} fc_train_tensor;

/* A norm: its scale and, of a layer norm, its shift, as offsets; NULL-like shift is the scale's own offset. */
typedef struct fc_train_scale {
    size_t scale;
    size_t shift;
} fc_train_scale;

/* Matrices are out × in, as trained layers keep them. */
typedef struct fc_train_layer {
    fc_train_scale attention_norm;
    fc_train_scale mlp_norm;
    size_t qkv;
    size_t out;
    size_t up; /* SwiGLU: gate, then up */
    size_t down;
    /* Kept for the backward pass. Rows are tokens. */
    fc_real *input;   /* hidden */
    fc_real *normed;  /* hidden */
    fc_real *stats;   /* mean and 1/deviation */
    fc_real *queries; /* 3 hidden: queries, keys, values */
    fc_real *shares;  /* batch × heads × seq × seq */
    fc_real *values;  /* hidden: what attention hands on */
    fc_real *middle;  /* hidden: after attention's residual */
    fc_real *middle_normed;
    fc_real *middle_stats;
    fc_real *wide;   /* ffn or 2 ffn; its gradient takes its place */
    fc_real *active; /* ffn */
} fc_train_layer;

struct fc_train {
    fc_train_options options;
    size_t tokens_count;
    size_t head_dim;
    size_t wide; /* columns of `up`'s output */
    fc_pool *pool;

    fc_train_tensor *tensors;
    uint32_t tensors_count;
    size_t weights_count;
    size_t token_table;
    size_t position_table;
    fc_train_scale final_norm;
    size_t output_matrix;
    fc_train_layer *layers;

    unsigned char *memory; /* one piece: everything below and the layers' */
    fc_real *weights;
    fc_real *gradients;
    fc_real *first_moments;
    fc_real *second_moments;
    fc_real *last; /* output of the last layer */
    fc_real *last_normed;
    fc_real *last_stats;
    fc_real *logits; /* and their gradient */
    fc_real *stream_grad;
    fc_real *normed_grad;
    fc_real *queries_grad;
    fc_real *active_grad;
    fc_real *scratch; /* a thread: seq × seq, and 2 hidden for the norms' gradients */
    size_t scratch_stride;
    double *losses; /* a thread */
    uint32_t *inputs;
    uint32_t *targets;
    uint64_t steps_count;

    fc_train_times times; /* of the step under way */
};

/* Places all buffers: with `train->memory` NULL it only counts. Bytes taken. */
size_t fc_train_layout(fc_train *train);

void fc_train_forward(fc_train *train, double *out_loss);
void fc_train_backward(fc_train *train);
void fc_train_update(fc_train *train);

/* A trained matrix of n rows (what it gives) and k columns (what it takes), at an offset into the weights. */
typedef struct fc_train_matrix {
    size_t offset;
    size_t n;
    size_t k;
} fc_train_matrix;

/* out[rows × n] = in[rows × k] · matrixᵀ, on top of what is there where `adds`. */
void fc_train_multiply(fc_train *train, fc_real *out, const fc_real *in, fc_train_matrix matrix, int adds);
/* in_grad[rows × k] = out_grad[rows × n] · matrix; the matrix's gradient = out_gradᵀ · in. */
void fc_train_multiply_back(fc_train *train, fc_real *in_grad, const fc_real *out_grad, const fc_real *in,
                            fc_train_matrix matrix);

/* One head a piece of work, its products on one thread each. */
void fc_train_attend(fc_train *train, fc_train_layer *layer);
/* values_grad in, queries_grad out. */
void fc_train_attend_back(fc_train *train, fc_train_layer *layer, const fc_real *values_grad);

/* Passes over rows (train_passes.c). */
void fc_train_embed(fc_train *train, fc_real *out);
void fc_train_embed_back(fc_train *train);
/* Also copies `in` to `copy` unless that is NULL: the residual that the next products add to. */
void fc_train_norm_forward(fc_train *train, fc_train_scale which, const fc_real *in, fc_real *out, fc_real *stats,
                           fc_real *copy);
/* Turns grad of the normed rows into grad of `in`, and adds it to (or, `first`, writes it as) the stream's. */
void fc_train_norm_back(fc_train *train, fc_train_scale which, const fc_real *in, const fc_real *stats,
                        const fc_real *grad, int first);
void fc_train_activate(fc_train *train, fc_train_layer *layer);
void fc_train_activate_back(fc_train *train, fc_train_layer *layer);
/* Logits in, their gradient out; the mean loss. */
double fc_train_lose(fc_train *train);

/* The rows that worker `index` of `count` has. */
static inline void fc_train_share(size_t *begin, size_t *end, size_t total, uint32_t index, uint32_t count) {
    *begin = total * index / count;
    *end = total * (index + 1U) / count;
}

#endif
