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
 * published: what that adds by size is in hd/kernel_habit.h, and the rest in the held-out error.
 *
 * Tiles, waves, split k: NVIDIA, Matrix Multiplication Background User's Guide (2023); CUTLASS, Efficient GEMM in CUDA
 * (persistent kernels, rasterisation). Tiles by rows: vLLM, csrc/quantization/w8a8/cutlass, its dispatch for fp8.
 * Valid for whole m, n, k from 1 to 2^24.
 */
#ifndef FLOPCAST_HD_KERNEL_GEMM_H
#define FLOPCAST_HD_KERNEL_GEMM_H

#include "power.h"

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
    FC_GEMM_K_MISS_S,             /* what an element of k takes longer where weights come from memory, not from L2 */
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

enum { FC_GEMM_TILES = 23, FC_GEMM_SPLITS = 9, FC_GEMM_SIDES = 7 };

/* A curve made ready for many shapes: what depends on the curve and the tile alone, worked out once. */
typedef struct fc_gemm_ready {
    fc_gemm_curve curve;
    double rule;                   /* fc_gemm_rule */
    double step_s[FC_GEMM_TILES];  /* one element of k of one tile */
    double fixed_s[FC_GEMM_TILES]; /* one tile, beside that */
} fc_gemm_ready;

/* Lengths that the sides of tiles have. */
FC_HD double fc_hd_gemm_side(int side) {
    const double length[FC_GEMM_SIDES] = {16, 32, 64, 96, 128, 192, 256};
    return length[side];
}

/* Sides of the tiles, as indices of the lengths; large tiles first, since they are right for most shapes. */
FC_HD int fc_hd_gemm_rows_side(int tile) {
    const int side[FC_GEMM_TILES] = {6, 6, 5, 6, 4, 5, 4, 4, 6, 2, 4, 3, 4, 2, 2, 1, 4, 0, 4, 2, 1, 0, 0};
    return side[tile];
}

FC_HD int fc_hd_gemm_columns_side(int tile) {
    const int side[FC_GEMM_TILES] = {6, 5, 6, 4, 6, 4, 5, 4, 2, 6, 3, 4, 2, 4, 2, 4, 1, 4, 0, 1, 2, 2, 1};
    return side[tile];
}

FC_HD fc_gemm_tile fc_hd_gemm_tile(int index) {
    fc_gemm_tile tile;
    tile.m = fc_hd_gemm_side(fc_hd_gemm_rows_side(index));
    tile.n = fc_hd_gemm_side(fc_hd_gemm_columns_side(index));
    return tile;
}

FC_HD double fc_hd_gemm_split(int index) {
    const double split[FC_GEMM_SPLITS] = {1, 2, 3, 4, 6, 8, 12, 16, 32};
    return split[index];
}

/* The parameters that count: the fit moves them by too little to change what they are rounded to. */
FC_HD double fc_hd_gemm_whole(double x) { return floor(x + 0.5); }

/* ceil of 0 to 2^62 without a call: floor is one where the compiler may not use SSE4.1. */
FC_HD double fc_hd_gemm_up(double x) {
    double down = (double)(int64_t)x;
    return down < x ? down + 1.0 : down;
}

/* Rows that the rule asks of a tile; 0: any. */
FC_HD double fc_hd_gemm_rule_rows(double rule, double m) {
    double rows = rule == (double)FC_GEMM_RULE_ROWS_FROM_64 ? 64.0 : 16.0;
    double most = rule == (double)FC_GEMM_RULE_ROWS_FROM_64 ? 256.0 : 128.0;
    if (rule == (double)FC_GEMM_RULE_BEST) {
        return 0.0;
    }
    while (rows < m && rows < most) {
        rows *= 2.0;
    }
    return rows;
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

FC_HD void fc_hd_gemm_prepare(fc_gemm_ready *out, const fc_gemm_curve *curve) {
    const double *p = curve->p;
    int i;
    out->curve = *curve;
    out->rule = fc_hd_gemm_whole(p[FC_GEMM_TILE_RULE]);
    for (i = 0; i < FC_GEMM_TILES; i++) {
        fc_gemm_tile tile = fc_hd_gemm_tile(i);
        double ramp_flop = 2.0 * tile.m * tile.n * p[FC_GEMM_K_RAMP];
        out->step_s[i] = fc_hd_gemm_step_s(curve, tile);
        out->fixed_s[i] = p[FC_GEMM_TILE_S] + ramp_flop * curve->sms_count / p[FC_GEMM_BOOST_FLOP_PER_S];
    }
}

/* What a shape asks of every tile: how often each side fits, how far k can be split, and what that costs. */
typedef struct fc_gemm_cuts {
    double miss_s; /* one element of k, for weights that L2 does not hold */
    double rows[FC_GEMM_SIDES];
    double columns[FC_GEMM_SIDES];
    int splits_count;
    double k[FC_GEMM_SPLITS];
    double split_s[FC_GEMM_SPLITS];
} fc_gemm_cuts;

FC_HD void fc_hd_gemm_cut(fc_gemm_cuts *out, const fc_gemm_ready *ready, fc_gemm_shape shape, double miss_frac) {
    const double *p = ready->curve.p;
    double pass_s = 8.0 * shape.m * shape.n / p[FC_GEMM_SPLIT_BYTES_PER_S];
    int i;
    out->miss_s = miss_frac * p[FC_GEMM_K_MISS_S];
    for (i = 0; i < FC_GEMM_SIDES; i++) {
        out->rows[i] = fc_hd_gemm_up(shape.m / fc_hd_gemm_side(i));
        out->columns[i] = fc_hd_gemm_up(shape.n / fc_hd_gemm_side(i));
    }
    out->k[0] = fc_hd_max(shape.k, p[FC_GEMM_K_LEAST]);
    out->split_s[0] = 0.0;
    out->splits_count = 1;
    for (i = 1; i < FC_GEMM_SPLITS && ready->rule == (double)FC_GEMM_RULE_BEST; i++) {
        double split = fc_hd_gemm_split(i);
        if (shape.k < 128.0 * split) {
            break;
        }
        out->k[i] = fc_hd_max(shape.k / split, p[FC_GEMM_K_LEAST]);
        out->split_s[i] = p[FC_GEMM_SPLIT_S] + pass_s * split;
        out->splits_count = i + 1;
    }
}

/* Seconds on the SMs with one tile, `tiles_count` of it, at boost clock: the best split, or best_s where no split can be
 * better. Each SM has a whole tile's share of k to do, and all together no less than all tiles. */
FC_HD double fc_hd_gemm_tile_s(const fc_gemm_ready *ready, const fc_gemm_cuts *cuts, int tile, double tiles_count,
                               double best_s) {
    const double *p = ready->curve.p;
    double sms_count = ready->curve.sms_count;
    double step_s = ready->step_s[tile] + cuts->miss_s;
    double fixed_s = ready->fixed_s[tile];
    double all_s = tiles_count * cuts->k[0] * step_s / sms_count;
    double lost_frac = fc_hd_min(p[FC_GEMM_WAVE_FRAC], 1.0);
    double later_frac = fc_hd_min(p[FC_GEMM_LATER_FRAC], 1.0);
    int i;
    for (i = 0; i < cuts->splits_count; i++) {
        double waves = tiles_count * fc_hd_gemm_split(i) / sms_count;
        double rounds; /* tiles on the SM that ends last: 1 or more */
        if ((i > 0 && waves > 4.0) || all_s + fixed_s + cuts->split_s[i] >= best_s) {
            break;
        }
        rounds = waves > 1.0 ? waves + lost_frac * (fc_hd_gemm_up(waves) - waves) : 1.0;
        best_s = fc_hd_min(best_s, rounds * cuts->k[i] * step_s + (1.0 + later_frac * (rounds - 1.0)) * fixed_s +
                                       cuts->split_s[i]);
    }
    return best_s;
}

/* The fastest of the tiles and splits that the rule allows; `miss_frac` of the weights come from memory. */
FC_HD double fc_hd_gemm_tiles_s(const fc_gemm_ready *ready, fc_gemm_shape shape, double miss_frac) {
    double rows = fc_hd_gemm_rule_rows(ready->rule, shape.m);
    double best_s = fc_hd_infinity();
    fc_gemm_cuts cuts;
    int i;
    fc_hd_gemm_cut(&cuts, ready, shape, miss_frac);
    for (i = 0; i < FC_GEMM_TILES; i++) {
        int side = fc_hd_gemm_rows_side(i);
        if (rows == 0.0 || fc_hd_gemm_side(side) == rows) {
            double tiles_count = cuts.rows[side] * cuts.columns[fc_hd_gemm_columns_side(i)];
            best_s = fc_hd_gemm_tile_s(ready, &cuts, i, tiles_count, best_s);
        }
    }
    return best_s;
}

/* Two rates that meet at `middle` of x: low far below it, high far above. */
FC_HD double fc_hd_kernel_blend(double low, double high, double x, double middle, double order) {
    double weight = 1.0 / (1.0 + fc_hd_power(x / middle, -order));
    return low + (high - low) * weight;
}

/* Two times that overlap: their sum with order 1, the longer of them as the order grows. */
FC_HD double fc_hd_kernel_overlap(double a_s, double b_s, double order) {
    double longer = fc_hd_max(a_s, b_s);
    double shorter = fc_hd_min(a_s, b_s);
    double power = fc_hd_power(shorter / longer, order);
    return power > 1e-17 ? longer * fc_hd_power(1.0 + power, 1.0 / order) : longer;
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

/* The same of the weights, which wait while others take their turn. */
FC_HD double fc_hd_gemm_weights_miss_frac(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    double turns = fc_hd_gemm_whole(curve->p[FC_GEMM_WEIGHTS_COUNT]);
    return fc_hd_gemm_miss_frac(curve->p, (shape.m + turns * shape.n) * shape.k * curve->operand_bytes +
                                              shape.m * shape.n * curve->result_bytes);
}

/* Seconds that the chip's memory and its L2 need for the whole product, with `b_miss_frac` of the weights missed. */
FC_HD double fc_hd_gemm_traffic_s(const fc_gemm_curve *curve, fc_gemm_shape shape, double b_miss_frac) {
    const double *p = curve->p;
    double a_bytes = shape.m * shape.k * curve->operand_bytes;
    double b_bytes = shape.n * shape.k * curve->operand_bytes;
    double c_bytes = shape.m * shape.n * curve->result_bytes;
    double miss_frac = fc_hd_gemm_miss_frac(p, a_bytes + b_bytes + c_bytes);
    double missed_bytes = (a_bytes * fc_hd_gemm_passes(curve, shape) + c_bytes) * miss_frac + b_bytes * b_miss_frac;
    return missed_bytes / p[FC_GEMM_MEMORY_BYTES_PER_S] + (a_bytes + b_bytes + c_bytes) / p[FC_GEMM_CACHE_BYTES_PER_S];
}

FC_HD double fc_hd_gemm_memory_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    return fc_hd_gemm_traffic_s(curve, shape, fc_hd_gemm_weights_miss_frac(curve, shape));
}

/* Seconds of C = A·B with m×k and k×n operands. */
FC_HD double fc_hd_gemm_ready_s(const fc_gemm_ready *ready, fc_gemm_shape shape) {
    const fc_gemm_curve *curve = &ready->curve;
    const double *p = curve->p;
    double b_miss_frac = fc_hd_gemm_weights_miss_frac(curve, shape);
    double tiles_s = fc_hd_gemm_tiles_s(ready, shape, b_miss_frac);
    double drop = fc_hd_kernel_blend(1.0, p[FC_GEMM_BOOST_FLOP_PER_S] / p[FC_GEMM_SUSTAINED_FLOP_PER_S], tiles_s,
                                     p[FC_GEMM_POWER_S], p[FC_GEMM_POWER_ORDER]);
    double busy_s =
        fc_hd_kernel_overlap(tiles_s * drop, fc_hd_gemm_traffic_s(curve, shape, b_miss_frac), p[FC_GEMM_OVERLAP_ORDER]);
    return p[FC_GEMM_LAUNCH_S] + busy_s + fc_hd_gemm_convert_s(curve, shape);
}

/* The same for one shape alone; who asks for many makes the curve ready once. */
FC_HD double fc_hd_gemm_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    fc_gemm_ready ready;
    fc_hd_gemm_prepare(&ready, curve);
    return fc_hd_gemm_ready_s(&ready, shape);
}

#endif
