/* hd/kernel_gemm.h: the time of one matrix product on a GPU, from a score of parameters a chip and dtype.
 *
 * The kernel cuts m×n into tiles, gives them to the SMs in waves, and may split k where tiles are few. For each step of k
 * an SM takes what multiplying, feeding from L2 and the latency of a step ask for; a tile has a fixed cost beside that,
 * which kernels that stay on their SM hide from the second tile on. The chip as a whole cannot be faster than its memory:
 * what of A, B and C does not stay in L2 from call to call, and A again for every strip of columns that works at once.
 * Short kernels run at boost clock, long ones are held down by the power limit.
 *
 * bf16: the library is assumed to take the fastest tile and split of a fixed set. For 8 and 4 bits there are kernels that
 * go by the rows alone and never split k; the fit tries both and keeps the nearer (tile_rule). What is really taken is not
 * published, and the error of that is in the held-out error.
 *
 * Tiles, waves, split k: NVIDIA, Matrix Multiplication Background User's Guide (2023); CUTLASS, Efficient GEMM in CUDA
 * (persistent kernels, rasterisation). Tiles by rows: vLLM, csrc/quantization/w8a8/cutlass, its dispatch for fp8.
 * Valid for whole m, n, k from 1 to 2^24.
 */
#ifndef FLOPCAST_HD_KERNEL_GEMM_H
#define FLOPCAST_HD_KERNEL_GEMM_H

#include "math.h"

typedef enum fc_gemm_parameter {
    FC_GEMM_LAUNCH_S = 0,         /* an empty product, on the stream */
    FC_GEMM_BOOST_FLOP_PER_S,     /* the largest tile, many waves, short kernel */
    FC_GEMM_SUSTAINED_FLOP_PER_S, /* the same after the power limit has settled */
    FC_GEMM_POWER_S,              /* work at boost clock after which half of that drop has come */
    FC_GEMM_POWER_ORDER,          /* how suddenly it comes */
    FC_GEMM_MEMORY_BYTES_PER_S,   /* what L2 does not hold, beside the passage through L2 */
    FC_GEMM_CACHE_BYTES_PER_S,    /* the passage through L2: every operand and the result, once */
    FC_GEMM_CACHE_BYTES,          /* what stays in L2 from call to call */
    FC_GEMM_CACHE_ORDER,          /* how suddenly it no longer does */
    FC_GEMM_FEED_BYTES_PER_S,     /* tiles' operands from L2, all SMs together */
    FC_GEMM_K_STEP_S,             /* latency of one element of k, of any tile: what small tiles wait for */
    FC_GEMM_K_LEAST,              /* a shorter k costs as much as this: the depth of the pipeline's step */
    FC_GEMM_K_RAMP,               /* k that filling and draining the pipeline costs */
    FC_GEMM_TILE_S,               /* prologue and epilogue of a tile */
    FC_GEMM_LATER_FRAC,           /* share of ramp and tile_s that tiles after an SM's first one cost; 1 at most */
    FC_GEMM_WAVE_FRAC,            /* share of the last wave's idle SMs that is really lost; 1 at most */
    FC_GEMM_SPLIT_S,              /* a second pass that adds up split k */
    FC_GEMM_SPLIT_BYTES_PER_S,    /* partial sums, written and read */
    FC_GEMM_OVERLAP_ORDER,        /* 1: memory and tiles one after the other; large: fully overlapped */
    FC_GEMM_FEW_ROWS_FRAC,        /* rate of tiles of 64 or 96 rows, of the largest tile's */
    FC_GEMM_FEW_COLUMNS_FRAC,     /* the same of 64 or 96 columns */
    FC_GEMM_SMALL_TILE_FRAC,      /* the same with a side of 32 or less */
    FC_GEMM_THIRD_TILE_FRAC,      /* the same with a side of 96 or 192: not every generation has them */
    FC_GEMM_STRIP_COLUMNS,        /* columns that work at once when m is long: A is read again for each such strip */
    FC_GEMM_WEIGHTS_COUNT,        /* a whole number, not fitted: copies of B that took turns when the table was made */
    FC_GEMM_TILE_RULE,            /* fc_gemm_rule, not fitted but tried */
    FC_GEMM_ROW_S,                /* a row of A through the kernel that quantises it; 0: A comes quantised */
    FC_GEMM_CONVERT_BYTES_PER_S,  /* the same kernel's traffic */
    FC_GEMM_PARAMETER_COUNT
} fc_gemm_parameter;

/* Which tiles the library takes. By rows: those whose rows are m, rounded up to a power of two within bounds, whole k. */
typedef enum fc_gemm_rule {
    FC_GEMM_RULE_BEST = 1,     /* the fastest tile and split */
    FC_GEMM_RULE_ROWS_TO_128,  /* 16 to 128 rows */
    FC_GEMM_RULE_ROWS_FROM_64, /* 64 to 256 rows */
    FC_GEMM_RULE_END
} fc_gemm_rule;

typedef struct fc_gemm_curve {
    double p[FC_GEMM_PARAMETER_COUNT];
    double sms_count;
    double operand_bytes; /* an element of A and B, scales included */
    double result_bytes;  /* an element of C */
} fc_gemm_curve;

typedef struct fc_gemm_shape {
    double m;
    double n;
    double k;
} fc_gemm_shape;

typedef struct fc_gemm_tile {
    double m;
    double n;
} fc_gemm_tile;

enum { FC_GEMM_TILES = 23, FC_GEMM_SPLITS = 9 };

FC_HD fc_gemm_tile fc_hd_gemm_tile(int index) {
    const double m[FC_GEMM_TILES] = {256, 256, 192, 256, 128, 192, 128, 128, 256, 64, 128, 96,
                                     128, 64,  64,  32,  128, 16,  128, 64,  32,  16, 16};
    const double n[FC_GEMM_TILES] = {256, 192, 256, 128, 256, 128, 192, 128, 64, 256, 96, 128,
                                     64,  128, 64,  128, 32,  128, 16,  32,  64, 64,  32};
    fc_gemm_tile tile = {m[index], n[index]};
    return tile;
}

FC_HD double fc_hd_gemm_split(int index) {
    const double split[FC_GEMM_SPLITS] = {1, 2, 3, 4, 6, 8, 12, 16, 32};
    return split[index];
}

/* The parameters that count: the fit moves them by too little to change what they are rounded to. */
FC_HD double fc_hd_gemm_whole(double x) { return floor(x + 0.5); }

FC_HD int fc_hd_gemm_tile_allowed(double rule, fc_gemm_shape shape, fc_gemm_tile tile) {
    double least = rule == (double)FC_GEMM_RULE_ROWS_FROM_64 ? 64.0 : 16.0;
    double most = rule == (double)FC_GEMM_RULE_ROWS_FROM_64 ? 256.0 : 128.0;
    double rows = least;
    if (rule == (double)FC_GEMM_RULE_BEST) {
        return 1;
    }
    while (rows < shape.m && rows < most) {
        rows *= 2.0;
    }
    return tile.m == rows;
}

/* Rate of a tile, of the largest tile's. */
FC_HD double fc_hd_gemm_rate_frac(const double *p, fc_gemm_tile tile) {
    double frac = 1.0;
    if (fc_hd_min(tile.m, tile.n) < 64.0) {
        frac = p[FC_GEMM_SMALL_TILE_FRAC];
    } else {
        frac *= tile.m < 128.0 ? p[FC_GEMM_FEW_ROWS_FRAC] : 1.0;
        frac *= tile.n < 128.0 ? p[FC_GEMM_FEW_COLUMNS_FRAC] : 1.0;
    }
    if (tile.m == 96.0 || tile.m == 192.0 || tile.n == 96.0 || tile.n == 192.0) {
        frac *= p[FC_GEMM_THIRD_TILE_FRAC];
    }
    return frac;
}

/* Seconds that one element of k takes an SM: multiplying, feeding and latency hide each other only in part. */
FC_HD double fc_hd_gemm_step_s(const fc_gemm_curve *curve, fc_gemm_tile tile) {
    const double *p = curve->p;
    double rate_flop_per_s = p[FC_GEMM_BOOST_FLOP_PER_S] * fc_hd_gemm_rate_frac(p, tile);
    double multiply_s = 2.0 * tile.m * tile.n * curve->sms_count / rate_flop_per_s;
    double feed_s = (tile.m + tile.n) * curve->operand_bytes * curve->sms_count / p[FC_GEMM_FEED_BYTES_PER_S];
    double latency_s = p[FC_GEMM_K_STEP_S];
    return sqrt(multiply_s * multiply_s + feed_s * feed_s + latency_s * latency_s);
}

/* What a tile shape asks for, before any split of k. */
typedef struct fc_gemm_cost {
    double tiles_count;
    double step_s;  /* one element of k */
    double fixed_s; /* one tile, beside that */
} fc_gemm_cost;

FC_HD fc_gemm_cost fc_hd_gemm_cost(const fc_gemm_curve *curve, fc_gemm_shape shape, fc_gemm_tile tile) {
    const double *p = curve->p;
    double ramp_flop = 2.0 * tile.m * tile.n * p[FC_GEMM_K_RAMP];
    fc_gemm_cost cost;
    cost.tiles_count = fc_hd_pieces(shape.m, tile.m) * fc_hd_pieces(shape.n, tile.n);
    cost.step_s = fc_hd_gemm_step_s(curve, tile);
    cost.fixed_s = p[FC_GEMM_TILE_S] + ramp_flop * curve->sms_count / p[FC_GEMM_BOOST_FLOP_PER_S];
    return cost;
}

/* Seconds on the SMs with one tile shape and one split of k, at boost clock. */
FC_HD double fc_hd_gemm_tiled_s(const fc_gemm_curve *curve, fc_gemm_shape shape, fc_gemm_cost cost, double split) {
    const double *p = curve->p;
    double k = fc_hd_max(shape.k / split, p[FC_GEMM_K_LEAST]);
    double waves = cost.tiles_count * split / curve->sms_count;
    double lost = waves > 1.0 ? fc_hd_min(p[FC_GEMM_WAVE_FRAC], 1.0) : 1.0;
    double rounds = waves + lost * (fc_hd_ceil(waves) - waves); /* tiles on the SM that ends last: 1 or more */
    double fixed_s = (1.0 + fc_hd_min(p[FC_GEMM_LATER_FRAC], 1.0) * (rounds - 1.0)) * cost.fixed_s;
    double split_s =
        split > 1.0 ? p[FC_GEMM_SPLIT_S] + 8.0 * split * shape.m * shape.n / p[FC_GEMM_SPLIT_BYTES_PER_S] : 0.0;
    return rounds * k * cost.step_s + fixed_s + split_s;
}

/* The fastest of the tiles and splits that the rule allows. */
FC_HD double fc_hd_gemm_tiles_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    double rule = fc_hd_gemm_whole(curve->p[FC_GEMM_TILE_RULE]);
    int splits = rule == (double)FC_GEMM_RULE_BEST ? FC_GEMM_SPLITS : 1;
    double best_s = fc_hd_infinity();
    int i;
    int j;
    for (i = 0; i < FC_GEMM_TILES; i++) {
        fc_gemm_tile tile = fc_hd_gemm_tile(i);
        fc_gemm_cost cost;
        if (!fc_hd_gemm_tile_allowed(rule, shape, tile)) {
            continue;
        }
        cost = fc_hd_gemm_cost(curve, shape, tile);
        for (j = 0; j < splits; j++) {
            double split = fc_hd_gemm_split(j);
            if (j > 0 && (cost.tiles_count * split > 4.0 * curve->sms_count || shape.k < 128.0 * split)) {
                break;
            }
            best_s = fc_hd_min(best_s, fc_hd_gemm_tiled_s(curve, shape, cost, split));
        }
    }
    return best_s;
}

/* Two rates that meet at `middle` of x: low far below it, high far above. */
FC_HD double fc_hd_kernel_blend(double low, double high, double x, double middle, double order) {
    double weight = 1.0 / (1.0 + fc_hd_pow(x / middle, -order));
    return low + (high - low) * weight;
}

/* Two times that overlap: their sum with order 1, the longer of them as the order grows. */
FC_HD double fc_hd_kernel_overlap(double a_s, double b_s, double order) {
    double longer = fc_hd_max(a_s, b_s);
    double shorter = fc_hd_min(a_s, b_s);
    return longer * fc_hd_pow(1.0 + fc_hd_pow(shorter / longer, order), 1.0 / order);
}

/* Seconds of the kernel before the product that turns 16-bit A into the product's format. */
FC_HD double fc_hd_gemm_convert_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    const double *p = curve->p;
    double bytes = shape.m * shape.k * (2.0 + curve->operand_bytes);
    return curve->operand_bytes < 2.0 ? fc_hd_max(shape.m * p[FC_GEMM_ROW_S], bytes / p[FC_GEMM_CONVERT_BYTES_PER_S])
                                      : 0.0;
}

/* Share of an operand that is no longer in L2 when it is wanted again, `between_bytes` of traffic later. */
FC_HD double fc_hd_gemm_miss_frac(const double *p, double between_bytes) {
    return fc_hd_kernel_blend(0.0, 1.0, between_bytes, p[FC_GEMM_CACHE_BYTES], p[FC_GEMM_CACHE_ORDER]);
}

/* Times that A passes from memory: once for each strip of columns that works at once. A short m leaves SMs for more
 * columns, 128×128 to an SM; and what of A stays in L2 is read once. */
FC_HD double fc_hd_gemm_passes(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    const double *p = curve->p;
    double columns = fc_hd_max(p[FC_GEMM_STRIP_COLUMNS], curve->sms_count * 128.0 * 128.0 / shape.m);
    double strips = fc_hd_max(shape.n / columns, 1.0);
    return 1.0 + (strips - 1.0) * fc_hd_gemm_miss_frac(p, shape.m * shape.k * curve->operand_bytes);
}

/* Seconds that the chip's memory and its L2 need for the whole product. */
FC_HD double fc_hd_gemm_memory_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    const double *p = curve->p;
    double a_bytes = shape.m * shape.k * curve->operand_bytes;
    double b_bytes = shape.n * shape.k * curve->operand_bytes;
    double c_bytes = shape.m * shape.n * curve->result_bytes;
    double turns = fc_hd_gemm_whole(p[FC_GEMM_WEIGHTS_COUNT]);
    double miss_frac = fc_hd_gemm_miss_frac(p, a_bytes + b_bytes + c_bytes);
    double b_miss_frac = fc_hd_gemm_miss_frac(p, a_bytes + turns * b_bytes + c_bytes);
    double missed_bytes = (a_bytes * fc_hd_gemm_passes(curve, shape) + c_bytes) * miss_frac + b_bytes * b_miss_frac;
    return missed_bytes / p[FC_GEMM_MEMORY_BYTES_PER_S] + (a_bytes + b_bytes + c_bytes) / p[FC_GEMM_CACHE_BYTES_PER_S];
}

/* Seconds of C = A·B with m×k and k×n operands. */
FC_HD double fc_hd_gemm_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    const double *p = curve->p;
    double tiles_s = fc_hd_gemm_tiles_s(curve, shape);
    double drop = fc_hd_kernel_blend(1.0, p[FC_GEMM_BOOST_FLOP_PER_S] / p[FC_GEMM_SUSTAINED_FLOP_PER_S], tiles_s,
                                     p[FC_GEMM_POWER_S], p[FC_GEMM_POWER_ORDER]);
    double busy_s = fc_hd_kernel_overlap(tiles_s * drop, fc_hd_gemm_memory_s(curve, shape), p[FC_GEMM_OVERLAP_ORDER]);
    return p[FC_GEMM_LAUNCH_S] + busy_s + fc_hd_gemm_convert_s(curve, shape);
}

#endif
