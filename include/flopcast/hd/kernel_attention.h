/* hd/kernel_attention.h: the time of one attention kernel on a GPU: causal prefill and decode over a cache.
 *
 * Prefill works on blocks of 128 query rows, one SM each; a score costs 4·head_dim FLOP on the tensor cores and one
 * exponential beside them, which is why small heads run slower (Shah et al., FlashAttention-3, 2024). Decode reads the
 * cache once, one (sequence, key-value head) at a time, split along the sequence where those are few (Flash-Decoding,
 * 2023). Both include what the caller's kernels do to every new token: writing its key and value to the cache.
 * Valid for batch·heads up to 2^24 and sequences up to 2^24.
 */
#ifndef FLOPCAST_HD_KERNEL_ATTENTION_H
#define FLOPCAST_HD_KERNEL_ATTENTION_H

#include "kernel_gemm.h"

typedef struct fc_attention_shape {
    double batch;
    double q_len;
    double kv_len;
    double heads;
    double kv_heads;
    double head_dim;
} fc_attention_shape;

typedef enum fc_prefill_parameter {
    FC_PREFILL_LAUNCH_S = 0,
    FC_PREFILL_FLOP_PER_S,         /* tensor cores alone, heads up to 128 wide */
    FC_PREFILL_SCORES_PER_S,       /* softmax alone */
    FC_PREFILL_MID_FRAC,           /* rate of heads of 129 to 256 */
    FC_PREFILL_WIDE_FRAC,          /* rate of heads above 256, of that of 128 */
    FC_PREFILL_MEMORY_BYTES_PER_S, /* queries, keys, values, output */
    FC_PREFILL_COPY_BYTES_PER_S,   /* new keys and values to the cache */
    FC_PREFILL_TOKEN_S,            /* bookkeeping of a new token */
    FC_PREFILL_BLOCK_S,            /* prologue and epilogue of a block of queries */
    FC_PREFILL_WAVE_FRAC,          /* share of the last wave's idle SMs that is really lost */
    FC_PREFILL_KV_RAMP,            /* keys that filling the pipeline costs a block */
    FC_PREFILL_OVERLAP_ORDER,
    FC_PREFILL_PARAMETER_COUNT
} fc_prefill_parameter;

typedef enum fc_decode_parameter {
    FC_DECODE_LAUNCH_S = 0,
    FC_DECODE_MEMORY_BYTES_PER_S, /* the cache, all SMs */
    FC_DECODE_CACHE_BYTES_PER_S,  /* a cache that stays in L2 from call to call */
    FC_DECODE_CACHE_BYTES,        /* where the two meet */
    FC_DECODE_SM_SHARE,           /* SMs that saturate memory, of all */
    FC_DECODE_UNIT_S,             /* one (sequence, key-value head) on one SM */
    FC_DECODE_WAVE_FRAC,
    FC_DECODE_SPLIT_S,    /* adding up the parts of a split sequence */
    FC_DECODE_SPLIT_KEYS, /* keys a part has at least */
    FC_DECODE_HEAD_S,     /* one (sequence, query head), on all SMs */
    FC_DECODE_WIDE_FRAC,  /* rate of heads above 256 */
    FC_DECODE_OVERLAP_ORDER,
    FC_DECODE_PARAMETER_COUNT
} fc_decode_parameter;

/* Work in units of one SM's turn: what is lost to the last, part-filled wave. */
FC_HD double fc_hd_kernel_waves(double units_count, double sms_count, double lost_frac) {
    double waves = units_count / sms_count;
    double lost = waves > 1.0 ? lost_frac : 1.0;
    return waves + lost * (fc_hd_ceil(waves) - waves);
}

FC_HD double fc_hd_prefill_s(const double *p, double sms_count, fc_attention_shape shape) {
    const double element_bytes = 2.0;
    const double block = 128.0;
    double tokens = shape.batch * shape.q_len;
    double blocks_count = shape.batch * shape.heads * fc_hd_pieces(shape.q_len, block);
    double rows = fc_hd_min(block, 64.0 * fc_hd_pieces(shape.q_len, 64.0));
    /* Causal: a block sees half of the keys and its own diagonal. */
    double keys = (shape.kv_len - shape.q_len) + 0.5 * (shape.q_len + rows) + p[FC_PREFILL_KV_RAMP];
    double frac =
        shape.head_dim <= 128.0 ? 1.0 : (shape.head_dim <= 256.0 ? p[FC_PREFILL_MID_FRAC] : p[FC_PREFILL_WIDE_FRAC]);
    double score_s = 4.0 * shape.head_dim / (p[FC_PREFILL_FLOP_PER_S] * frac) + 1.0 / p[FC_PREFILL_SCORES_PER_S];
    double block_s = rows * keys * score_s * sms_count + p[FC_PREFILL_BLOCK_S];
    double kv_bytes = 2.0 * element_bytes * shape.batch * shape.kv_len * shape.kv_heads * shape.head_dim;
    double q_bytes = 2.0 * element_bytes * tokens * shape.heads * shape.head_dim;
    double blocks_s = fc_hd_kernel_waves(blocks_count, sms_count, p[FC_PREFILL_WAVE_FRAC]) * block_s;
    double busy_s = fc_hd_kernel_overlap(blocks_s, (kv_bytes + q_bytes) / p[FC_PREFILL_MEMORY_BYTES_PER_S],
                                         p[FC_PREFILL_OVERLAP_ORDER]);
    return p[FC_PREFILL_LAUNCH_S] + busy_s + tokens * p[FC_PREFILL_TOKEN_S] + kv_bytes / p[FC_PREFILL_COPY_BYTES_PER_S];
}

FC_HD double fc_hd_decode_s(const double *p, double sms_count, fc_attention_shape shape) {
    const double element_bytes = 2.0;
    double units_count = shape.batch * shape.kv_heads;
    double parts = fc_hd_clamp(sms_count / units_count, 1.0, fc_hd_max(1.0, shape.kv_len / p[FC_DECODE_SPLIT_KEYS]));
    double kv_bytes = 2.0 * element_bytes * units_count * shape.kv_len * shape.head_dim;
    double s_per_byte = fc_hd_kernel_blend(1.0 / p[FC_DECODE_CACHE_BYTES_PER_S], 1.0 / p[FC_DECODE_MEMORY_BYTES_PER_S],
                                           kv_bytes, p[FC_DECODE_CACHE_BYTES], 3.0);
    double frac = shape.head_dim <= 256.0 ? 1.0 : p[FC_DECODE_WIDE_FRAC];
    double busy_share = fc_hd_min(1.0, units_count * parts / (p[FC_DECODE_SM_SHARE] * sms_count));
    double read_s = kv_bytes * s_per_byte / (busy_share * frac);
    double units_s = fc_hd_kernel_waves(units_count, sms_count, p[FC_DECODE_WAVE_FRAC]) * p[FC_DECODE_UNIT_S] / frac;
    double split_s = parts > 1.0 ? p[FC_DECODE_SPLIT_S] * (1.0 - 1.0 / parts) : 0.0;
    return p[FC_DECODE_LAUNCH_S] + fc_hd_kernel_overlap(units_s, read_s, p[FC_DECODE_OVERLAP_ORDER]) + split_s +
           shape.batch * shape.heads * p[FC_DECODE_HEAD_S];
}

#endif
