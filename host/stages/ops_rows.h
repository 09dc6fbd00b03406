/* ops_rows.h: what the files of fc_ops_count share: the facts they count from, and how a row is added.
 *
 * How to read a row. All amounts are per token of the (decoder's) training sequence, one instance, forward, unsharded.
 * MATMUL, ATTENTION and SCAN rows hold flop_per_token = 2 · rows_per_token · n · k exactly; an ATTENTION row's n is
 * heads × (size of a query + size of a value) and its k the average number of keys; a SCAN row's n is its inner width
 * and its k whatever makes the product right. MEMORY rows have no FLOP; n is the width they pass over. A bias rides in
 * its matmul's epilogue and costs no traffic. repeats is always 1: a block that runs twice on shared weights gets a row
 * of its own without parameters (mtp_logits).
 */
#ifndef FLOPCAST_HOST_STAGES_OPS_ROWS_H
#define FLOPCAST_HOST_STAGES_OPS_ROWS_H

#include "flopcast/chip.h"
#include "flopcast/model.h"
#include "flopcast/results.h"
#include "flopcast/workload.h"

#include <stdbool.h>

/* Axes come from an enum; rows keep them as plain bits. */
enum { TENSOR = FC_AXIS_TENSOR, SEQUENCE = FC_AXIS_SEQUENCE, CONTEXT = FC_AXIS_CONTEXT, EXPERT = FC_AXIS_EXPERT };

typedef struct fc_counter {
    fc_ops *ops;
    const fc_model *model;
    double hidden;
    double seq_len;
    double number_bytes;  /* of one activation */
    uint32_t layer_dtype; /* of the layers' matmuls */
    uint32_t side_dtype;  /* of attention, logits, router and embedding */
    double norm_factor;   /* trained numbers of a norm / its width */
    double qk_dim;        /* of one head */
    double v_dim;
    double kv_heads;                     /* as the core sees them: all heads under MLA */
    double mixer_layers[FC_MIXER_COUNT]; /* multi-token-prediction layers included */
    double block_layers[FC_BLOCK_COUNT];
    double full_layers;                                   /* with a mixer and a block */
    double lone_mixer_layers;                             /* with a mixer alone */
    double lone_block_layers;                             /* with a block alone */
    double encoder_ratio;                                 /* encoder tokens a decoder token */
    uint32_t kind_number[FC_MIXER_COUNT][FC_BLOCK_COUNT]; /* of fc_ops.layer_kind, from 1; 0: no such layer */
    uint32_t encoder_kind;                                /* the same */
    uint32_t row_kinds;                                   /* which kinds of layer have the rows that are added next */
} fc_counter;

/* Counts and places encoder, decoder and multi-token-prediction layers, and numbers their kinds. */
void fc_rows_place_layers(fc_counter *c);

/* Sets of mixers and blocks. */
enum {
    ANY_MIXER = (1 << FC_MIXER_COUNT) - 2,
    ATTENTION_MIXERS = 1 << FC_MIXER_GLOBAL | 1 << FC_MIXER_WINDOW | 1 << FC_MIXER_CHUNK,
    NO_MIXER = 1 << FC_MIXER_NONE,
    ANY_BLOCK = (1 << FC_BLOCK_COUNT) - 2,
    NO_BLOCK = 1 << FC_BLOCK_NONE
};
/* The rows that follow are those of decoder layers with one of these mixers and one of these blocks. */
void fc_rows_of(fc_counter *c, uint32_t mixers, uint32_t blocks);
void fc_rows_of_encoder(fc_counter *c);

/* A new zeroed row with groups = repeats = rows_per_token = 1, divided by context parallelism. Never NULL. */
fc_op *fc_rows_add(fc_counter *c, const char *name, fc_op_class op_class, double instances);
/* Tokens × n × k against n × k trained weights, plus `bias_count` more. `n_axes` or `k_axes` is TENSOR or 0. */
fc_op *fc_rows_matmul(fc_counter *c, const char *name, double instances, double n, double k, uint32_t n_axes,
                      uint32_t k_axes, double bias_count);
/* A pass over `width` numbers a token that reads and writes `fused` numbers, and `unfused` more when not fused. */
fc_op *fc_rows_memory(fc_counter *c, const char *name, double instances, double width, double fused, double unfused);
/* What each direction of a row takes where every operation is a kernel of its own: numbers streamed, numbers through the
 * row's own kind of pass, tensors made of `tensor` numbers, kernels. All a token. */
typedef struct fc_numbers {
    double streamed;
    double passed;
    double tensors;
    double kernels;
} fc_numbers;
void fc_rows_eager(const fc_counter *c, fc_op *op, double tensor, fc_numbers forward, fc_numbers backward);
/* The same where kernels are fused: one kernel each way that moves so many numbers at the rate of the row's pass. */
void fc_rows_fused(const fc_counter *c, fc_op *op, double forward, double backward);
/* A norm over `width`, rows divided by sequence parallelism. */
fc_op *fc_rows_norm(fc_counter *c, const char *name, double instances, double width);
/* Bytes kept for backward: `numbers` activations. */
void fc_rows_save(const fc_counter *c, fc_op *op, double numbers, uint32_t axes, uint32_t when);
void fc_rows_save_bytes(fc_op *op, double bytes, uint32_t axes, uint32_t when);
/* Makes the last `count` rows those of an encoder: encoder_ratio tokens a decoder token. */
void fc_rows_scale_to_encoder(fc_counter *c, uint32_t first_row);

double fc_rows_attention_layers(const fc_counter *c);
/* Mixers: attention and what surrounds it (ops_attention.c), state-space layers (ops_scan.c). */
void fc_rows_attention(fc_counter *c);
void fc_rows_scan(fc_counter *c);
/* Feed-forward blocks, dense and expert (ops_ffn.c). */
void fc_rows_ffn(fc_counter *c);
/* An encoder and the cross-attention of its decoder (ops_encoder.c). */
void fc_rows_encoder(fc_counter *c);
/* Pieces that the encoder shares. */
void fc_rows_core(fc_counter *c, const char *name, double instances, double mean_keys, double full_keys);
void fc_rows_dense_ffn(fc_counter *c, const char *up, const char *act, const char *down, double instances,
                       bool saves_input);
double fc_rows_ffn_matrices(const fc_model *model);

#endif
