/* hd/kernel_gemm.h: the time of one matrix product on a GPU, from a score of parameters a chip and dtype.
 *
 * The kernel cuts m×n into tiles, gives them to the SMs in waves, and may split k where tiles are few. Each SM takes the
 * longer of multiplying its tile and feeding it (operands from L2); the chip as a whole cannot be faster than its memory.
 * Short kernels run at boost clock, long ones are held down by the power limit. The library is assumed to take the
 * fastest tile of a fixed set; what it really takes is not published, and the error of that is in the held-out error.
 *
 * Tiles and waves: NVIDIA, Matrix Multiplication Background User's Guide (2023); split-k: CUTLASS, Efficient GEMM.
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
    FC_GEMM_MEMORY_BYTES_PER_S,   /* operands far larger than L2 */
    FC_GEMM_CACHE_BYTES_PER_S,    /* operands that stay in L2 from call to call */
    FC_GEMM_CACHE_BYTES,          /* where the two meet */
    FC_GEMM_CACHE_ORDER,          /* how suddenly */
    FC_GEMM_FEED_BYTES_PER_S,     /* tiles' operands from L2, all SMs together */
    FC_GEMM_K_RAMP,               /* k that filling and draining the pipeline costs */
    FC_GEMM_TILE_S,               /* prologue and epilogue of a tile */
    FC_GEMM_WAVE_FRAC,            /* share of the last wave's idle SMs that is really lost */
    FC_GEMM_SPLIT_S,              /* a second pass that adds up split k */
    FC_GEMM_SPLIT_BYTES_PER_S,    /* partial sums, written and read */
    FC_GEMM_OVERLAP_ORDER,        /* 1: memory and tiles one after the other; large: fully overlapped */
    FC_GEMM_HALF_TILE_FRAC,       /* rate of tiles whose shorter side is 64, of the largest tile's */
    FC_GEMM_SMALL_TILE_FRAC,      /* the same with 32 or less */
    FC_GEMM_STORE_BYTES_PER_S,    /* the result's way out, after the last product */
    FC_GEMM_ROW_S,                /* a row of A through the kernel that quantises it; 0: A comes quantised */
    FC_GEMM_CONVERT_BYTES_PER_S,  /* the same kernel's traffic */
    FC_GEMM_PARAMETER_COUNT
} fc_gemm_parameter;

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

enum { FC_GEMM_TILES = 12, FC_GEMM_SPLITS = 6 };

/* Tile number `index`, largest first. */
FC_HD fc_gemm_tile fc_hd_gemm_tile(int index) {
    const double m[FC_GEMM_TILES] = {256, 256, 128, 128, 256, 64, 128, 64, 64, 32, 64, 16};
    const double n[FC_GEMM_TILES] = {256, 128, 256, 128, 64, 256, 64, 128, 64, 64, 32, 64};
    fc_gemm_tile tile = {m[index], n[index]};
    return tile;
}

FC_HD double fc_hd_gemm_split(int index) {
    const double split[FC_GEMM_SPLITS] = {1, 2, 4, 8, 16, 32};
    return split[index];
}

/* Seconds on the SMs with one tile shape and one split of k, at boost clock. */
FC_HD double fc_hd_gemm_tiled_s(const fc_gemm_curve *curve, fc_gemm_shape shape, fc_gemm_tile tile, double split) {
    const double *p = curve->p;
    double short_side = fc_hd_min(tile.m, tile.n);
    double rate_frac =
        short_side >= 128.0 ? 1.0 : (short_side >= 64.0 ? p[FC_GEMM_HALF_TILE_FRAC] : p[FC_GEMM_SMALL_TILE_FRAC]);
    double k = shape.k / split;
    double tiles_count = fc_hd_pieces(shape.m, tile.m) * fc_hd_pieces(shape.n, tile.n) * split;
    double waves = tiles_count / curve->sms_count;
    double whole_waves = fc_hd_ceil(waves);
    double multiply_s =
        2.0 * tile.m * tile.n * (k + p[FC_GEMM_K_RAMP]) * curve->sms_count / (p[FC_GEMM_BOOST_FLOP_PER_S] * rate_frac);
    double feed_s = (tile.m + tile.n) * k * curve->operand_bytes * curve->sms_count / p[FC_GEMM_FEED_BYTES_PER_S];
    double tile_s = fc_hd_max(multiply_s, feed_s) + p[FC_GEMM_TILE_S];
    double split_s =
        split > 1.0 ? p[FC_GEMM_SPLIT_S] + 8.0 * split * shape.m * shape.n / p[FC_GEMM_SPLIT_BYTES_PER_S] : 0.0;
    double lost = waves > 1.0 ? p[FC_GEMM_WAVE_FRAC] : 1.0;
    return (waves + lost * (whole_waves - waves)) * tile_s + split_s;
}

/* The fastest of the tiles and splits. */
FC_HD double fc_hd_gemm_tiles_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    double best_s = fc_hd_infinity();
    int i;
    int j;
    for (i = 0; i < FC_GEMM_TILES; i++) {
        fc_gemm_tile tile = fc_hd_gemm_tile(i);
        double tiles_count = fc_hd_pieces(shape.m, tile.m) * fc_hd_pieces(shape.n, tile.n);
        for (j = 0; j < FC_GEMM_SPLITS; j++) {
            double split = fc_hd_gemm_split(j);
            if (j > 0 && (tiles_count * split > 2.0 * curve->sms_count || shape.k < 64.0 * split)) {
                break;
            }
            best_s = fc_hd_min(best_s, fc_hd_gemm_tiled_s(curve, shape, tile, split));
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

/* Seconds of C = A·B with m×k and k×n operands. */
FC_HD double fc_hd_gemm_s(const fc_gemm_curve *curve, fc_gemm_shape shape) {
    const double *p = curve->p;
    double in_bytes = (shape.m + shape.n) * shape.k * curve->operand_bytes;
    double out_bytes = shape.m * shape.n * curve->result_bytes;
    double memory_s_per_byte =
        fc_hd_kernel_blend(1.0 / p[FC_GEMM_CACHE_BYTES_PER_S], 1.0 / p[FC_GEMM_MEMORY_BYTES_PER_S],
                           in_bytes + out_bytes, p[FC_GEMM_CACHE_BYTES], p[FC_GEMM_CACHE_ORDER]);
    double tiles_s = fc_hd_gemm_tiles_s(curve, shape);
    double drop = fc_hd_kernel_blend(1.0, p[FC_GEMM_BOOST_FLOP_PER_S] / p[FC_GEMM_SUSTAINED_FLOP_PER_S], tiles_s,
                                     p[FC_GEMM_POWER_S], p[FC_GEMM_POWER_ORDER]);
    double busy_s =
        fc_hd_kernel_overlap(tiles_s * drop, (in_bytes + out_bytes) * memory_s_per_byte, p[FC_GEMM_OVERLAP_ORDER]);
    return p[FC_GEMM_LAUNCH_S] + busy_s + out_bytes / p[FC_GEMM_STORE_BYTES_PER_S] + fc_hd_gemm_convert_s(curve, shape);
}

#endif
