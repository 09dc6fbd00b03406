/* train.h: a real training step on this processor: what `verify` measures.
 *
 * A decoder: learned positions, pre-norm blocks of causal attention and MLP, no biases in matrices, an output matrix of
 * its own, mean cross-entropy, AdamW; fp32 throughout. Weights and tokens are random and depend on the seed alone. All
 * memory is taken by fc_train_open, none by a step.
 */
#ifndef FLOPCAST_BENCH_LAYER_TRAIN_H
#define FLOPCAST_BENCH_LAYER_TRAIN_H

#include "flopcast/base.h"

typedef enum fc_train_norm { FC_TRAIN_RMS = 0, FC_TRAIN_LAYER } fc_train_norm;
typedef enum fc_train_mlp { FC_TRAIN_GELU = 0, FC_TRAIN_SWIGLU } fc_train_mlp;

typedef struct fc_train_options {
    uint32_t layers_count;
    uint32_t hidden; /* a multiple of heads */
    uint32_t heads;
    uint32_t ffn_hidden;
    uint32_t vocab;
    uint32_t seq_len;
    uint32_t batch; /* sequences of a step */
    uint32_t norm;  /* fc_train_norm */
    uint32_t mlp;   /* fc_train_mlp */
    uint32_t threads;
    uint64_t seed;
    uint64_t most_bytes;  /* fc_train_open refuses what takes more; 0: no limit */
    double learning_rate; /* 0: weights stay as they are, at the same cost */
} fc_train_options;

typedef enum fc_train_part {
    FC_TRAIN_MATMUL = 0, /* products with trained matrices */
    FC_TRAIN_ATTENTION,  /* scores, softmax, weighted values, and their way back */
    FC_TRAIN_MEMORY,     /* embedding, norms, activations, loss; residuals ride in norms and matmuls */
    FC_TRAIN_OPTIMIZER,
    FC_TRAIN_PART_COUNT
} fc_train_part;

typedef struct fc_train_times {
    double part_s[FC_TRAIN_PART_COUNT];
    double step_s; /* begin to end: the parts and what lies between them */
} fc_train_times;

typedef struct fc_train fc_train;

/* Bytes that fc_train_open takes. Of options within range. */
double fc_train_bytes(const fc_train_options *options);
/* FC_BAD_INPUT names the option that is out of range, FC_OVER_LIMIT says what it takes. The caller closes. */
fc_status fc_train_open(fc_train **out, const fc_train_options *options, fc_error *error);
/* Forward, backward, update. The loss is that of the weights before the update, in nats a token. Cannot fail. */
void fc_train_step(fc_train *train, double *out_loss, fc_train_times *out_times);
/* Forward and backward without update; forward alone. For tests. */
void fc_train_differentiate(fc_train *train, double *out_loss);
void fc_train_evaluate(fc_train *train, double *out_loss);
void fc_train_close(fc_train *train);

/* Trained tensors, in order of use. */
uint32_t fc_train_tensors_count(const fc_train *train);
const char *fc_train_tensor_name(const fc_train *train, uint32_t tensor);
size_t fc_train_tensor_size(const fc_train *train, uint32_t tensor);
double fc_train_weight(const fc_train *train, uint32_t tensor, size_t index);
double fc_train_gradient(const fc_train *train, uint32_t tensor, size_t index);
void fc_train_set_weight(fc_train *train, uint32_t tensor, size_t index, double value);

#endif
