/* hd/kernel_moe.h: the time of one fused layer of experts on one chip: gate and up, activation, down, weighted sum.
 *
 * Tokens that a router sent to an expert are padded to whole blocks of rows, so many experts with few tokens each cost
 * more than their FLOP; the weights of every expert that got a token are read once, and once more for each block where
 * an expert's weights do not fit in L2. The busiest rank is timed. Loads follow a power law as the table's authors draw
 * it (ai-dynamo/aiconfigurator, Apache-2.0): each expert's share is sampled from a density x^-exponent between two
 * bounds, and the rank with most tokens is taken. Here the quantiles of that law stand for the draw.
 * Experts are gated (three matrices). Valid for up to 2^24 tokens, hidden sizes and experts.
 */
#ifndef FLOPCAST_HD_KERNEL_MOE_H
#define FLOPCAST_HD_KERNEL_MOE_H

#include "kernel_gemm.h"

typedef struct fc_moe_shape {
    double tokens; /* of all ranks together */
    double hidden;
    double ffn; /* width of an expert */
    double experts_per_token;
    double experts;
    double tp;
    double ep;
    double exponent; /* of the power law of loads; 0: balanced */
} fc_moe_shape;

typedef enum fc_moe_parameter {
    FC_MOE_LAUNCH_S = 0,
    FC_MOE_FLOP_PER_S,         /* full blocks, long sums */
    FC_MOE_TILE_S,             /* prologue and epilogue of a tile, on one SM */
    FC_MOE_MEMORY_BYTES_PER_S, /* weights */
    FC_MOE_OVERLAP_ORDER,      /* 0: arithmetic and weights one after the other; high: beside each other */
    FC_MOE_PAIR_BYTES_PER_S,   /* activations of (token, expert) pairs on this rank */
    FC_MOE_SUM_BYTES_PER_S,    /* output of all pairs, added up by token */
    FC_MOE_TOKEN_S,            /* routing */
    FC_MOE_K_RAMP,
    FC_MOE_EXPERT_S,    /* an expert of this rank: counting, sorting */
    FC_MOE_CACHE_BYTES, /* where an expert's weights stop fitting in L2 */
    FC_MOE_CACHE_ORDER,
    FC_MOE_BLOCK_ROWS, /* tokens of a block */
    FC_MOE_PARAMETER_COUNT
} fc_moe_parameter;

#define FC_MOE_POINTS 16 /* quantiles that stand for the experts of a rank */
#define FC_MOE_TILE_COLUMNS 128.0

/* The law of an expert's share: density x^-exponent between two bounds, here as x = (from + (to - from)·quantile)^power. */
typedef struct fc_moe_law {
    double from;
    double to;
    double power;
} fc_moe_law;

/* Bounds as the table's authors set them; an exponent of 1 is taken as its neighbour. */
FC_HD fc_moe_law fc_hd_moe_law_of(fc_moe_shape shape) {
    int many = shape.tokens * shape.experts_per_token > shape.experts;
    double low = many ? 1.0 : 0.01;
    double high = many ? fc_hd_max(0.8 * shape.tokens, 1.5) : 2.0;
    double exponent = fabs(shape.exponent - 1.0) < 1e-6 ? 1.000001 : shape.exponent;
    fc_moe_law law;
    law.from = fc_hd_pow(low, 1.0 - exponent);
    law.to = fc_hd_pow(high, 1.0 - exponent);
    law.power = 1.0 / (1.0 - exponent);
    return law;
}

FC_HD double fc_hd_moe_share(fc_moe_law law, double quantile) {
    return fc_hd_pow(law.from + (law.to - law.from) * quantile, law.power);
}

/* Share of all quantiles, from the top, that the busiest rank's experts are drawn from: all of them on one rank, the
 * single highest where a rank holds one expert. Between, a Monte Carlo of the draw lies near this root. */
FC_HD double fc_hd_moe_busiest_share(double experts_count, double ranks_count) {
    double local_count = experts_count / ranks_count;
    return fc_hd_pow(ranks_count, -1.0 / sqrt(fc_hd_max(1.0, local_count)));
}

/* Tokens of the experts of the busiest rank, at FC_MOE_POINTS quantiles; none gets more than all tokens. */
FC_HD void fc_hd_moe_loads(double *out, fc_moe_shape shape) {
    double mean = shape.tokens * shape.experts_per_token / shape.experts;
    fc_moe_law law = fc_hd_moe_law_of(shape);
    double top = fc_hd_moe_busiest_share(shape.experts, shape.ep);
    double shares = 0.0;
    double kept = 0.0;
    double local = 0.0;
    double all[FC_MOE_POINTS];
    int i;
    for (i = 0; i < FC_MOE_POINTS; i++) {
        double quantile = ((double)i + 0.5) / FC_MOE_POINTS;
        all[i] = shape.exponent > 0.0 ? fc_hd_moe_share(law, quantile) : 1.0;
        out[i] = all[i];
        if (shape.exponent > 0.0 && shape.ep > 1.0) {
            out[i] = fc_hd_moe_share(law, 1.0 - top * (1.0 - quantile));
        }
        shares += all[i] / FC_MOE_POINTS;
    }
    for (i = 0; i < FC_MOE_POINTS; i++) {
        kept += fc_hd_min(all[i] * mean / shares, shape.tokens) / FC_MOE_POINTS;
    }
    for (i = 0; i < FC_MOE_POINTS; i++) { /* what the limit cut off goes to the others */
        out[i] = fc_hd_min(out[i] * mean / shares * (mean / kept), shape.tokens);
        local += out[i] / FC_MOE_POINTS;
    }
    for (i = 0; i < FC_MOE_POINTS; i++) { /* the busiest rank is at least average */
        out[i] = fc_hd_min(out[i] * fc_hd_max(1.0, mean / local), shape.tokens);
    }
}

/* Seconds of both products on the SMs, with `blocks_count` blocks of rows. */
FC_HD double fc_hd_moe_products_s(const double *p, double sms_count, fc_moe_shape shape, double blocks_count) {
    double width = shape.ffn / shape.tp;
    double rows_flop = 2.0 * p[FC_MOE_BLOCK_ROWS] * FC_MOE_TILE_COLUMNS * sms_count / p[FC_MOE_FLOP_PER_S];
    double up_tiles = blocks_count * fc_hd_pieces(2.0 * width, FC_MOE_TILE_COLUMNS);
    double down_tiles = blocks_count * fc_hd_pieces(shape.hidden, FC_MOE_TILE_COLUMNS);
    double up_s = rows_flop * (shape.hidden + p[FC_MOE_K_RAMP]) + p[FC_MOE_TILE_S];
    double down_s = rows_flop * (width + p[FC_MOE_K_RAMP]) + p[FC_MOE_TILE_S];
    return fc_hd_max(1.0, up_tiles / sms_count) * up_s + fc_hd_max(1.0, down_tiles / sms_count) * down_s;
}

FC_HD double fc_hd_moe_s(const double *p, double sms_count, fc_moe_shape shape) {
    const double element_bytes = 2.0;
    double loads[FC_MOE_POINTS];
    double local_count = shape.experts / shape.ep;
    double width = shape.ffn / shape.tp;
    double pairs = 0.0;
    double touched = 0.0; /* experts with a token */
    double blocks = 0.0;
    double each = local_count / FC_MOE_POINTS;
    int i;
    fc_hd_moe_loads(loads, shape);
    for (i = 0; i < FC_MOE_POINTS; i++) {
        double any = fc_hd_min(1.0, loads[i]);
        pairs += each * loads[i];
        touched += each * any;
        blocks += each * fc_hd_max(any, loads[i] / p[FC_MOE_BLOCK_ROWS] + 0.5 * any); /* the last is half full */
    }
    double product_bytes = 2.0 * width * shape.hidden * element_bytes;
    double reread = 1.0 / (1.0 + fc_hd_pow(product_bytes / p[FC_MOE_CACHE_BYTES], -p[FC_MOE_CACHE_ORDER]));
    double weight_bytes = (touched + (blocks - touched) * reread) * 1.5 * product_bytes;
    double busy_s = fc_hd_kernel_overlap(fc_hd_moe_products_s(p, sms_count, shape, blocks),
                                         weight_bytes / p[FC_MOE_MEMORY_BYTES_PER_S], 1.0 + p[FC_MOE_OVERLAP_ORDER]);
    double pair_bytes = pairs * (2.0 * shape.hidden + 3.0 * width) * element_bytes;
    double sum_bytes = shape.tokens * shape.experts_per_token * shape.hidden * element_bytes;
    return p[FC_MOE_LAUNCH_S] + busy_s + pair_bytes / p[FC_MOE_PAIR_BYTES_PER_S] +
           sum_bytes / p[FC_MOE_SUM_BYTES_PER_S] + shape.tokens * p[FC_MOE_TOKEN_S] + local_count * p[FC_MOE_EXPERT_S];
}

#endif
