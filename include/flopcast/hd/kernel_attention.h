/* hd/kernel_attention.h: the time of one attention kernel on a GPU: causal prefill and decode over a cache.
 *
 * Prefill works on blocks of query rows, one SM each; a score costs 4·head_dim FLOP on the tensor cores and one
 * exponential beside them, which is why small heads run slower (Shah et al., FlashAttention-3, 2024). The last block of a
 * sequence sees all keys, so it bounds the time from below where blocks are few. Decode reads the cache once, one
 * (sequence, key-value head) at a time, split along the sequence where those are few (Flash-Decoding, 2023); query heads
 * that share keys are packed into one block. Both include what the caller's kernels do to every new token: writing its
 * key and value to the cache.
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
    FC_PREFILL_CACHE_BYTES_PER_S,  /* the same where they stay in L2 from call to call */
    FC_PREFILL_CACHE_BYTES,        /* where the two meet */
    FC_PREFILL_COPY_FRAC,          /* new keys and values to the cache: their bytes once more, so many times */
    FC_PREFILL_TOKEN_S,            /* bookkeeping of a new token */
    FC_PREFILL_BLOCK_S,            /* prologue and epilogue of a block of queries */
    FC_PREFILL_TAIL_ORDER,         /* 0: the longest block comes after all others; high: beside them */
    FC_PREFILL_KV_RAMP,            /* keys that filling the pipeline costs a block */
    FC_PREFILL_OVERLAP_ORDER,      /* 0: arithmetic and traffic one after the other; high: beside each other */
    FC_PREFILL_BLOCK_ROWS,         /* queries of a block for heads up to 128: 64 or 128, the library's choice */
    FC_PREFILL_PARAMETER_COUNT
} fc_prefill_parameter;

typedef enum fc_decode_parameter {
    FC_DECODE_LAUNCH_S = 0,
    FC_DECODE_MEMORY_BYTES_PER_S, /* the cache, all SMs */
    FC_DECODE_CACHE_BYTES_PER_S,  /* a cache that stays in L2 from call to call */
    FC_DECODE_CACHE_BYTES,        /* where the two meet */
    FC_DECODE_SM_BYTES_PER_S,     /* what all SMs together can take in */
    FC_DECODE_UNIT_S,             /* one block: a part of one (sequence, key-value head) on one SM */
    FC_DECODE_WAVE_FRAC,          /* share of the last wave's idle SMs that is really lost */
    FC_DECODE_SPLIT_S,            /* the kernel that adds up the parts of split sequences */
    FC_DECODE_PART_S,             /* the same for each part, one after the other */
    FC_DECODE_HEAD_S,             /* one (sequence, query head), on all SMs */
    FC_DECODE_WIDE_FRAC,          /* rate of heads above 256 */
    FC_DECODE_OVERLAP_ORDER,      /* 0: blocks and memory one after the other; high: beside each other */
    FC_DECODE_PACK_S,             /* putting packed query heads back in order: several sequences and key-value heads */
    FC_DECODE_ALONE_PARTS,        /* most parts where no query heads share keys: 1 or 128, the library's choice */
    FC_DECODE_PARAMETER_COUNT
} fc_decode_parameter;

#define FC_DECODE_MOST_PARTS 128.0

/* Work in units of one SM's turn: what is lost to the last, part-filled wave. */
FC_HD double fc_hd_kernel_waves(double units_count, double sms_count, double lost_frac) {
    double waves = units_count / sms_count;
    double lost = waves > 1.0 ? lost_frac : 1.0;
    return waves + lost * (fc_hd_ceil(waves) - waves);
}

/* Seconds a byte of `bytes` that were used just before: L2's while they fit, memory's beyond. */
FC_HD double fc_hd_kernel_s_per_byte(double cache_bytes_per_s, double memory_bytes_per_s, double bytes,
                                     double cache_bytes) {
    return fc_hd_kernel_blend(1.0 / cache_bytes_per_s, 1.0 / memory_bytes_per_s, bytes, cache_bytes, 3.0);
}

/* Seconds of all blocks of queries: those of a sequence grow from one block of keys to all keys. */
FC_HD double fc_hd_prefill_blocks_s(const double *p, double sms_count, fc_attention_shape shape) {
    double block = shape.head_dim <= 128.0 ? p[FC_PREFILL_BLOCK_ROWS] : 64.0;
    double blocks_count = shape.batch * shape.heads * fc_hd_pieces(shape.q_len, block);
    double rows =
        fc_hd_min(block, 16.0 * fc_hd_pieces(shape.q_len, 16.0)); /* the tensor cores take 16 rows at a time */
    double frac =
        shape.head_dim <= 128.0 ? 1.0 : (shape.head_dim <= 256.0 ? p[FC_PREFILL_MID_FRAC] : p[FC_PREFILL_WIDE_FRAC]);
    double score_s = 4.0 * shape.head_dim / (p[FC_PREFILL_FLOP_PER_S] * frac) + 1.0 / p[FC_PREFILL_SCORES_PER_S];
    double mean_keys = (shape.kv_len - shape.q_len) + 0.5 * (shape.q_len + rows) + p[FC_PREFILL_KV_RAMP];
    double most_keys = shape.kv_len + p[FC_PREFILL_KV_RAMP];
    double mean_s = rows * mean_keys * score_s * sms_count + p[FC_PREFILL_BLOCK_S];
    double longest_s = rows * most_keys * score_s * sms_count + p[FC_PREFILL_BLOCK_S];
    return fc_hd_kernel_overlap(blocks_count * mean_s / sms_count, longest_s, 1.0 + p[FC_PREFILL_TAIL_ORDER]);
}

FC_HD double fc_hd_prefill_s(const double *p, double sms_count, fc_attention_shape shape) {
    const double element_bytes = 2.0;
    double tokens = shape.batch * shape.q_len;
    double kv_bytes = 2.0 * element_bytes * shape.batch * shape.kv_len * shape.kv_heads * shape.head_dim;
    double q_bytes = 2.0 * element_bytes * tokens * shape.heads * shape.head_dim;
    double s_per_byte = fc_hd_kernel_s_per_byte(p[FC_PREFILL_CACHE_BYTES_PER_S], p[FC_PREFILL_MEMORY_BYTES_PER_S],
                                                kv_bytes + q_bytes, p[FC_PREFILL_CACHE_BYTES]);
    double busy_s = fc_hd_kernel_overlap(fc_hd_prefill_blocks_s(p, sms_count, shape), (kv_bytes + q_bytes) * s_per_byte,
                                         1.0 + p[FC_PREFILL_OVERLAP_ORDER]);
    return p[FC_PREFILL_LAUNCH_S] + busy_s + tokens * p[FC_PREFILL_TOKEN_S] +
           kv_bytes * s_per_byte * p[FC_PREFILL_COPY_FRAC];
}

/* Keys of a block: FlashAttention takes as many as fit beside the queries. */
FC_HD double fc_hd_decode_block_keys(double head_dim) {
    return head_dim <= 64.0 ? 256.0 : (head_dim <= 128.0 ? 128.0 : 64.0);
}

/* Parts of one sequence: as many as two blocks an SM give room for. */
FC_HD double fc_hd_decode_parts(const double *p, double sms_count, fc_attention_shape shape) {
    double keys_blocks = fc_hd_pieces(shape.kv_len, fc_hd_decode_block_keys(shape.head_dim));
    double room = floor(2.0 * sms_count / (shape.batch * shape.kv_heads));
    double most = shape.heads > shape.kv_heads ? FC_DECODE_MOST_PARTS : p[FC_DECODE_ALONE_PARTS];
    double parts = fc_hd_clamp(room, 1.0, fc_hd_min(keys_blocks, most));
    return fc_hd_pieces(keys_blocks, fc_hd_pieces(keys_blocks, parts));
}

FC_HD double fc_hd_decode_s(const double *p, double sms_count, fc_attention_shape shape) {
    const double element_bytes = 2.0;
    double block_keys = fc_hd_decode_block_keys(shape.head_dim);
    double units_count = shape.batch * shape.kv_heads;
    double parts = fc_hd_decode_parts(p, sms_count, shape);
    double part_keys =
        fc_hd_min(shape.kv_len, block_keys * fc_hd_pieces(fc_hd_pieces(shape.kv_len, block_keys), parts));
    double frac = shape.head_dim <= 256.0 ? 1.0 : p[FC_DECODE_WIDE_FRAC];
    double key_bytes = 2.0 * element_bytes * shape.head_dim;
    double kv_bytes = units_count * shape.kv_len * key_bytes;
    double read_s = kv_bytes / frac *
                    fc_hd_kernel_s_per_byte(p[FC_DECODE_CACHE_BYTES_PER_S], p[FC_DECODE_MEMORY_BYTES_PER_S], kv_bytes,
                                            p[FC_DECODE_CACHE_BYTES]);
    double block_s = p[FC_DECODE_UNIT_S] + part_keys * key_bytes * sms_count / (p[FC_DECODE_SM_BYTES_PER_S] * frac);
    double blocks_s = fc_hd_kernel_waves(units_count * parts, sms_count, p[FC_DECODE_WAVE_FRAC]) * block_s;
    double split_s = parts > 1.0 ? p[FC_DECODE_SPLIT_S] + parts * p[FC_DECODE_PART_S] : 0.0;
    int packed = shape.batch > 1.0 && shape.kv_heads > 1.0 && shape.heads > shape.kv_heads;
    return p[FC_DECODE_LAUNCH_S] + fc_hd_kernel_overlap(blocks_s, read_s, 1.0 + p[FC_DECODE_OVERLAP_ORDER]) + split_s +
           (packed ? p[FC_DECODE_PACK_S] : 0.0) + shape.batch * shape.heads * p[FC_DECODE_HEAD_S];
}

#endif
