/* Kernel curves: known answers, sane shapes, and a fit that finds back what made the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "doors/catalog.h"
#include "doors/kernel_file.h"
#include "flopcast/hd/kernel_attention.h"
#include "flopcast/hd/kernel_collective.h"
#include "flopcast/hd/kernel_gemm.h"
#include "flopcast/kernels.h"

static const fc_kernel_sheet sheet = {132.0, 1e15, 3e12, 50e6, 450e9, 50e9};

/* A curve in which nothing but multiplying on one SM takes time: memory and latencies are free, the rule the best tile. */
static fc_gemm_curve plain_gemm(void) {
    fc_gemm_curve curve = {.sms_count = 1.0, .operand_bytes = 2.0, .result_bytes = 2.0};
    for (int i = 0; i < FC_GEMM_PARAMETER_COUNT; i++) {
        curve.p[i] = 1e30; /* rates without limit */
    }
    curve.p[FC_GEMM_LAUNCH_S] = 1e-6;
    curve.p[FC_GEMM_BOOST_FLOP_PER_S] = 1e12;
    curve.p[FC_GEMM_SUSTAINED_FLOP_PER_S] = 1e12;
    curve.p[FC_GEMM_POWER_ORDER] = 1.0;
    curve.p[FC_GEMM_CACHE_ORDER] = 1.0;
    curve.p[FC_GEMM_OVERLAP_ORDER] = 1.0;
    curve.p[FC_GEMM_K_STEP_S] = 0.0;
    curve.p[FC_GEMM_K_MISS_S] = 0.0;
    curve.p[FC_GEMM_K_LEAST] = 1.0;
    curve.p[FC_GEMM_K_RAMP] = 0.0;
    curve.p[FC_GEMM_TILE_S] = 0.0;
    curve.p[FC_GEMM_LATER_FRAC] = 1.0;
    curve.p[FC_GEMM_WAVE_FRAC] = 1.0;
    curve.p[FC_GEMM_SPLIT_S] = 1.0;
    curve.p[FC_GEMM_FEW_ROWS_FRAC] = 0.5;
    curve.p[FC_GEMM_FEW_COLUMNS_FRAC] = 0.5;
    curve.p[FC_GEMM_SMALL_TILE_FRAC] = 0.25;
    curve.p[FC_GEMM_THIRD_TILE_FRAC] = 0.5;
    curve.p[FC_GEMM_WEIGHTS_COUNT] = 1.0;
    curve.p[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_BEST;
    return curve;
}

static void assert_gemm_s(const fc_gemm_curve *curve, double m, double n, double k, double expected_s) {
    fc_gemm_shape shape = {m, n, k};
    double got_s = fc_hd_gemm_s(curve, shape);
    if (!(fabs(got_s / expected_s - 1.0) < 1e-9)) {
        fail_msg("%g x %g x %g takes %.12g s, and %.12g is expected", m, n, k, got_s, expected_s);
    }
}

/* The quick power against the exact one, over the ratios and orders that curves have, and at the edges. */
static void test_quick_power(void **state) {
    (void)state;
    for (int i = 0; i < 4000; i++) {
        double x = fc_hd_exp(-40.0 + 0.02 * i);
        for (double y = -31.0; y < 31.0; y += 1.7) {
            double z = y * fc_hd_log(x);
            double error_frac = fabs(z) < 690.0 ? fabs(fc_hd_power(x, y) / fc_hd_pow(x, y) - 1.0) : 0.0;
            if (!(error_frac <= 1e-15 * (4.0 + fabs(z)))) {
                fail_msg("%g to the power %g is off by %g", x, y, error_frac);
            }
        }
    }
    assert_true(fc_hd_power(0.0, 2.0) == 0.0 && fc_hd_power(0.0, -2.0) == fc_hd_infinity());
    assert_true(fc_hd_power(fc_hd_infinity(), 2.0) == fc_hd_infinity() && fc_hd_power(fc_hd_infinity(), -1.0) == 0.0);
    assert_true(fc_hd_power(1e200, 3.0) == fc_hd_infinity() && fc_hd_power(1e200, -3.0) == 0.0);
    assert_true(fc_hd_power(3.0, 0.0) == 1.0 && fc_hd_power(0x1p-1060, 1.0) == 0x1p-1060);
    assert_true(fc_hd_is_nan(fc_hd_power(fc_hd_nan(), 1.0)) && fc_hd_is_nan(fc_hd_power(2.0, fc_hd_nan())));
}

/* Leaving out tiles that cannot win leaves the least of all tiles and splits. */
static void test_gemm_best_of_all_tiles(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    fc_gemm_ready ready;
    curve.sms_count = 100.0;
    curve.p[FC_GEMM_BOOST_FLOP_PER_S] = curve.p[FC_GEMM_SUSTAINED_FLOP_PER_S] = 1e15;
    curve.p[FC_GEMM_FEED_BYTES_PER_S] = 1.5e13;
    curve.p[FC_GEMM_K_STEP_S] = 2e-9;
    curve.p[FC_GEMM_K_RAMP] = 150.0;
    curve.p[FC_GEMM_TILE_S] = 1e-6;
    curve.p[FC_GEMM_LATER_FRAC] = 0.4;
    curve.p[FC_GEMM_WAVE_FRAC] = 0.5;
    curve.p[FC_GEMM_SPLIT_S] = 2e-6;
    curve.p[FC_GEMM_SPLIT_BYTES_PER_S] = 4e12;
    fc_hd_gemm_prepare(&ready, &curve);
    for (double m = 16.0; m < 20000.0; m *= 3.1) {
        for (double n = 32.0; n < 70000.0; n *= 2.7) {
            for (double k = 32.0; k < 70000.0; k *= 2.3) {
                fc_gemm_shape shape = {floor(m), floor(n), floor(k)};
                double least_s = fc_hd_infinity();
                fc_gemm_cuts cuts;
                fc_hd_gemm_cut(&cuts, &ready, shape, 0.0);
                for (int i = 0; i < FC_GEMM_TILES; i++) {
                    fc_gemm_tile tile = fc_hd_gemm_tile(i);
                    double count = fc_hd_pieces(shape.m, tile.m) * fc_hd_pieces(shape.n, tile.n);
                    for (int j = 0; j < cuts.splits_count; j++) {
                        double waves = count * fc_hd_gemm_split(j) / 100.0;
                        double rounds = waves > 1.0 ? waves + 0.5 * (fc_hd_ceil(waves) - waves) : 1.0;
                        double fixed_s = (1.0 + 0.4 * (rounds - 1.0)) * ready.fixed_s[i];
                        double s = rounds * cuts.k[j] * ready.step_s[i] + fixed_s + cuts.split_s[j];
                        least_s = j == 0 || waves <= 4.0 ? fc_hd_min(least_s, s) : least_s;
                    }
                }
                assert_true(fabs(fc_hd_gemm_tiles_s(&ready, shape, 0.0) / least_s - 1.0) < 1e-14);
            }
        }
    }
}

static void test_gemm_of_one_tile(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    assert_gemm_s(&curve, 256, 256, 1000, 1e-6 + 2.0 * 256 * 256 * 1000 / 1e12);
    /* 257 rows need a second tile; the cheapest is a row of 128×256 more. */
    assert_gemm_s(&curve, 257, 256, 1000, 1e-6 + 2.0 * 384 * 256 * 1000 / 1e12);
    /* Where the library has tiles with a side of 192 at full rate, 192 columns waste nothing. */
    assert_gemm_s(&curve, 256, 192, 1000, 1e-6 + 2.0 * 256 * 256 * 1000 / 1e12);
    curve.p[FC_GEMM_THIRD_TILE_FRAC] = 1.0;
    assert_gemm_s(&curve, 256, 192, 1000, 1e-6 + 2.0 * 256 * 192 * 1000 / 1e12);
}

/* Few rows and few columns have rates of their own. */
static void test_gemm_of_narrow_tiles(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    curve.p[FC_GEMM_FEW_ROWS_FRAC] = 0.8;
    assert_gemm_s(&curve, 64, 256, 1000, 1e-6 + 2.0 * 64 * 256 * 1000 / 0.8e12);
    curve.p[FC_GEMM_FEW_COLUMNS_FRAC] = 0.7;
    assert_gemm_s(&curve, 256, 64, 1000, 1e-6 + 2.0 * 256 * 64 * 1000 / 0.7e12);
}

/* A step of k takes its latency whatever the tile, and a k shorter than the pipeline's step is no faster. */
static void test_gemm_k_step(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    curve.p[FC_GEMM_BOOST_FLOP_PER_S] = 1e30;
    curve.p[FC_GEMM_SUSTAINED_FLOP_PER_S] = 1e30;
    curve.p[FC_GEMM_K_STEP_S] = 1e-9;
    curve.p[FC_GEMM_K_LEAST] = 64.0;
    assert_gemm_s(&curve, 16, 16, 1000, 1e-6 + 1000e-9);
    assert_gemm_s(&curve, 16, 16, 32, 1e-6 + 64e-9);
    assert_gemm_s(&curve, 16, 16, 64, 1e-6 + 64e-9);
    /* Split in two where the second pass is cheap: only what allows 128 of k to a part. */
    curve.sms_count = 8.0;
    curve.p[FC_GEMM_SPLIT_S] = 1e-7;
    assert_gemm_s(&curve, 16, 16, 1000, 1e-6 + 1e-7 + 1000e-9 / 6);
}

/* Four tiles one after the other on one SM: what is fixed of a tile comes once in full, then by later_frac. */
static void test_gemm_later_tiles(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    curve.p[FC_GEMM_TILE_S] = 1e-3;
    double multiply_s = 2.0 * 512 * 512 * 1000 / 1e12;
    assert_gemm_s(&curve, 512, 512, 1000, 1e-6 + multiply_s + 4e-3);
    curve.p[FC_GEMM_LATER_FRAC] = 0.25;
    assert_gemm_s(&curve, 512, 512, 1000, 1e-6 + multiply_s + 1.75e-3);
    curve.p[FC_GEMM_LATER_FRAC] = 7.0; /* a share above all is all */
    assert_gemm_s(&curve, 512, 512, 1000, 1e-6 + multiply_s + 4e-3);
}

/* By rows: 130 rows take tiles of 128 rows twice, or one of 256; no split of k then. */
static void test_gemm_tiles_by_rows(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    curve.p[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_ROWS_FROM_64;
    assert_gemm_s(&curve, 16, 256, 1000, 1e-6 + 2.0 * 64 * 256 * 1000 / 0.5e12);
    curve.p[FC_GEMM_BOOST_FLOP_PER_S] = 1e30;
    curve.p[FC_GEMM_SUSTAINED_FLOP_PER_S] = 1e30;
    curve.p[FC_GEMM_K_STEP_S] = 1e-9;
    curve.p[FC_GEMM_SPLIT_S] = 0.0;
    assert_gemm_s(&curve, 130, 256, 1000, 1e-6 + 1000e-9);
    curve.p[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_ROWS_TO_128;
    assert_gemm_s(&curve, 130, 256, 1000, 1e-6 + 2 * 1000e-9);
    curve.sms_count = 64.0;
    assert_gemm_s(&curve, 130, 256, 1000, 1e-6 + 1000e-9);
    curve.p[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_BEST;
    assert_gemm_s(&curve, 130, 256, 1000, 1e-6 + 1000e-9 / 6);
}

/* What does not fit L2 comes from memory; weights that take turns fit less. */
static void test_gemm_memory(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    fc_gemm_shape shape = {64.0, 1024.0, 1024.0};
    double a_bytes = 64.0 * 1024 * 2;
    double b_bytes = 1024.0 * 1024 * 2;
    double c_bytes = 64.0 * 1024 * 2;
    double all_bytes = a_bytes + b_bytes + c_bytes;
    curve.p[FC_GEMM_MEMORY_BYTES_PER_S] = 1e12;
    curve.p[FC_GEMM_CACHE_BYTES_PER_S] = 2e12;
    curve.p[FC_GEMM_CACHE_BYTES] = 4e6;
    curve.p[FC_GEMM_CACHE_ORDER] = 1000.0; /* a sudden edge */
    assert_true(fabs(fc_hd_gemm_memory_s(&curve, shape) / (all_bytes / 2e12) - 1.0) < 1e-9);
    curve.p[FC_GEMM_WEIGHTS_COUNT] = 6.0;
    assert_true(fabs(fc_hd_gemm_memory_s(&curve, shape) / (all_bytes / 2e12 + b_bytes / 1e12) - 1.0) < 1e-9);
    curve.p[FC_GEMM_CACHE_BYTES] = 1.0;
    assert_true(fabs(fc_hd_gemm_memory_s(&curve, shape) / (all_bytes / 2e12 + all_bytes / 1e12) - 1.0) < 1e-9);
}

/* A long A is read again for every strip of columns; a short m, or an A that L2 holds, is read once. */
static void test_gemm_passes(void **state) {
    (void)state;
    fc_gemm_curve curve = plain_gemm();
    curve.p[FC_GEMM_STRIP_COLUMNS] = 256.0;
    curve.p[FC_GEMM_CACHE_BYTES] = 1e6;
    curve.p[FC_GEMM_CACHE_ORDER] = 1000.0;
    curve.sms_count = 100.0;
    fc_gemm_shape longest = {100000.0, 1024.0, 1024.0};
    fc_gemm_shape shorter = {1600.0, 1024.0, 1024.0};
    fc_gemm_shape shallow = {10000.0, 1024.0, 32.0};
    assert_true(fabs(fc_hd_gemm_passes(&curve, longest) - 4.0) < 1e-9);
    assert_true(fabs(fc_hd_gemm_passes(&curve, shorter) - 1.0) < 1e-9);
    assert_true(fabs(fc_hd_gemm_passes(&curve, shallow) - 1.0) < 1e-9);
}

/* All-reduce of one protocol: base + (p-1) steps + 2(p-1)/p of the buffer. */
static void test_link(void **state) {
    (void)state;
    double p[FC_LINK_PARAMETER_COUNT] = {1e-6, 1e-6, 1e11, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 8.0};
    double got_s = fc_hd_link_s(p, 4.0, 1e8, 1.5);
    assert_true(fabs(got_s / (1e-6 + 3e-6 + 1.5e8 / 1e11) - 1.0) < 1e-12);
    /* Three protocols that are equally fast: the corner takes 3^(1/order) off. */
    double equal[FC_LINK_PARAMETER_COUNT] = {1e-6, 1e-6, 1e11, 1e-6, 1e-6, 1e11, 1e-6, 1e-6, 1e11, 1.0, 2.0};
    assert_true(fabs(fc_hd_link_s(equal, 4.0, 1e8, 1.5) * sqrt(3.0) / got_s - 1.0) < 1e-12);
}

static void test_more_work_takes_longer(void **state) {
    (void)state;
    static const double small[FC_KERNEL_KIND_COUNT][FC_KERNEL_MAX_DIMS] = {{512, 512, 512},
                                                                           {4, 1024, 1024, 32, 8, 128},
                                                                           {32, 1, 4096, 32, 8, 128},
                                                                           {4, 1e6},
                                                                           {4, 1e6},
                                                                           {4, 1e6},
                                                                           {4, 1e6},
                                                                           {1, 4096, 512, 8, 256, 20},
                                                                           {4, 4096, 512, 8, 256, 20},
                                                                           {512, 4096, 1536, 8, 128, 1, 4, 1.2}};
    /* The size that is more work: k, width of a head, bytes, tokens. */
    static const int growing[FC_KERNEL_KIND_COUNT] = {2, 5, 5, 1, 1, 1, 1, 2, 2, 0};
    for (int kind = 0; kind < FC_KERNEL_KIND_COUNT; kind++) {
        fc_kernel_curve curve;
        double more[FC_KERNEL_MAX_DIMS];
        fc_kernel_start(&curve, (fc_kernel_kind)kind, FC_DTYPE_BF16, &sheet);
        memcpy(more, small[kind], sizeof more);
        more[growing[kind]] *= 64.0;
        double small_s = fc_kernel_predict_s(&curve, small[kind]);
        assert_true(small_s > 0.0 && isfinite(small_s));
        assert_true(fc_kernel_predict_s(&curve, more) > small_s);
    }
}

/* Makes a table from a curve with other parameters than the start, with 5 % of noise. */
static size_t make_rows(fc_kernel_row *rows, size_t most, const fc_kernel_curve *truth) {
    static const double sides[] = {64, 128, 200, 512, 1024, 3000, 8192, 16384};
    size_t count = 0;
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 8; j++) {
            for (size_t l = 0; l < 8 && count < most; l++) {
                fc_kernel_row *row = &rows[count++];
                *row =
                    (fc_kernel_row){.kind = truth->kind, .dtype = truth->dtype, .dims = {sides[i], sides[j], sides[l]}};
                double noise = 0.05 * sin(12.9898 * (double)count);
                row->seconds = fc_kernel_predict_s(truth, row->dims) * (1.0 + noise);
            }
        }
    }
    return count;
}

static void test_fit_finds_back(void **state) {
    (void)state;
    static fc_kernel_row rows[512];
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve truth;
    fc_kernel_curve curve;
    assert_non_null(arena);
    fc_kernel_start(&truth, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    truth.parameters[FC_GEMM_LAUNCH_S] *= 1.7;
    truth.parameters[FC_GEMM_BOOST_FLOP_PER_S] *= 0.8;
    truth.parameters[FC_GEMM_SUSTAINED_FLOP_PER_S] *= 0.8;
    truth.parameters[FC_GEMM_MEMORY_BYTES_PER_S] *= 0.7;
    size_t count = make_rows(rows, 512, &truth);
    fc_kernel_start(&curve, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    assert_int_equal(fc_kernel_fit(&curve, rows, count, arena, &error), FC_OK);
    assert_true(curve.heldout_count > 50 && curve.fitted_count > 350);
    assert_int_equal(curve.heldout_count + curve.fitted_count, count);
    assert_true(curve.heldout_median_abs_error_frac < 0.06);
    assert_true(fabs(curve.parameters[FC_GEMM_LAUNCH_S] / truth.parameters[FC_GEMM_LAUNCH_S] - 1.0) < 0.1);
    fc_arena_destroy(arena);
}

/* A table of fp8 whose tiles went by rows: the fit tells, and leaves the number of weights where it starts. */
static void test_fit_finds_the_rule(void **state) {
    (void)state;
    static fc_kernel_row rows[256];
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve truth;
    fc_kernel_curve curve;
    assert_non_null(arena);
    fc_kernel_start(&truth, FC_KERNEL_GEMM, FC_DTYPE_FP8, &sheet);
    curve = truth;
    assert_int_equal(fc_kernel_starts_count(FC_KERNEL_GEMM, FC_DTYPE_FP8), 3);
    assert_int_equal(fc_kernel_starts_count(FC_KERNEL_PREFILL, FC_DTYPE_BF16), 1);
    truth.parameters[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_ROWS_FROM_64;
    truth.parameters[FC_GEMM_LAUNCH_S] *= 1.5;
    size_t count = make_rows(rows, 256, &truth);
    assert_int_equal(fc_kernel_fit(&curve, rows, count, arena, &error), FC_OK);
    assert_true(curve.parameters[FC_GEMM_TILE_RULE] == (double)FC_GEMM_RULE_ROWS_FROM_64);
    assert_true(curve.parameters[FC_GEMM_WEIGHTS_COUNT] == 6.0);
    assert_true(curve.heldout_median_abs_error_frac < 0.06);
    fc_arena_destroy(arena);
}

/* What is held out must not move the fit: with those rows spoiled, the parameters stay to the bit. */
static void test_heldout_is_unseen(void **state) {
    (void)state;
    static fc_kernel_row rows[512];
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve truth;
    fc_kernel_curve clean;
    fc_kernel_curve spoiled;
    assert_non_null(arena);
    fc_kernel_start(&truth, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    size_t count = make_rows(rows, 512, &truth);
    clean = truth;
    spoiled = truth;
    assert_int_equal(fc_kernel_fit(&clean, rows, count, arena, &error), FC_OK);
    for (size_t i = 0; i < count; i++) {
        rows[i].seconds *= fc_kernel_is_heldout(&rows[i]) ? 3.0 : 1.0;
    }
    assert_int_equal(fc_kernel_fit(&spoiled, rows, count, arena, &error), FC_OK);
    assert_memory_equal(clean.parameters, spoiled.parameters, sizeof clean.parameters);
    assert_true(spoiled.heldout_median_abs_error_frac > 0.5);
    fc_arena_destroy(arena);
}

static void test_too_few_rows(void **state) {
    (void)state;
    fc_kernel_row row = {.kind = FC_KERNEL_GEMM, .dtype = FC_DTYPE_BF16, .dims = {64, 64, 64}, .seconds = 1e-6};
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve curve;
    fc_kernel_start(&curve, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    assert_int_equal(fc_kernel_fit(&curve, &row, 1, arena, &error), FC_BAD_INPUT);
    fc_arena_destroy(arena);
}

/* To the digits of a file. */
static void assert_within_limits(const double *p) {
    assert_true(p[FC_GEMM_LATER_FRAC] <= 1.0001 && p[FC_GEMM_FEW_ROWS_FRAC] <= 1.0001);
    assert_true(p[FC_GEMM_WAVE_FRAC] >= 0.1999 && p[FC_GEMM_WAVE_FRAC] <= 1.0001);
    assert_true(p[FC_GEMM_FEW_COLUMNS_FRAC] <= 1.1001);
}

/* A table that asks for small tiles at twice the rate of large ones: the fit stops at the limit. */
static void test_fit_keeps_limits(void **state) {
    (void)state;
    static fc_kernel_row rows[512];
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve truth;
    fc_kernel_curve curve;
    assert_non_null(arena);
    fc_kernel_start(&truth, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    curve = truth;
    truth.parameters[FC_GEMM_FEW_ROWS_FRAC] = 2.0;
    truth.parameters[FC_GEMM_FEW_COLUMNS_FRAC] = 2.0;
    truth.parameters[FC_GEMM_WAVE_FRAC] = 0.01;
    size_t count = make_rows(rows, 512, &truth);
    assert_int_equal(fc_kernel_fit(&curve, rows, count, arena, &error), FC_OK);
    assert_within_limits(curve.parameters);
    assert_true(curve.parameters[FC_GEMM_FEW_ROWS_FRAC] > 0.9);
    fc_arena_destroy(arena);
}

/* Every calibration that ships reads, and belongs to a chip of the catalogue. */
static void test_shipped(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_catalog catalog;
    const char *const *names = NULL;
    size_t count = 0;
    assert_non_null(arena);
    assert_int_equal(fc_catalog_open(&catalog, arena, FC_DATA_FOLDER, &error), FC_OK);
    assert_int_equal(fc_folder_list(&names, &count, arena, FC_DATA_FOLDER "/calibrations", ".yaml", &error), FC_OK);
    assert_true(count >= 15);
    for (size_t i = 0; i < count; i++) {
        static fc_kernel_set set;
        bool found = false;
        const char *chip = NULL;
        assert_int_equal(fc_kernel_file_read(&found, &set, &catalog, names[i], &error), FC_OK);
        assert_true(found && set.curves_count > 0);
        assert_int_equal(fc_catalog_find(&chip, &catalog, "chips", names[i], NULL, &error), FC_OK);
        assert_non_null(chip);
        assert_string_equal(chip, names[i]);
        for (uint32_t j = 0; j < set.curves_count; j++) {
            if (set.curves[j].basis[0] != '\0') {
                assert_true(set.curves[j].grade >= FC_GRADE_PUBLISHED && set.curves[j].heldout_count == 0);
                continue;
            }
            assert_true(set.curves[j].heldout_count > 0);
            assert_true(set.curves[j].heldout_median_abs_error_frac < 0.5);
            if (set.curves[j].kind == FC_KERNEL_GEMM) {
                assert_within_limits(set.curves[j].parameters);
            }
        }
    }
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quick_power),
                                       cmocka_unit_test(test_gemm_best_of_all_tiles),
                                       cmocka_unit_test(test_gemm_of_one_tile),
                                       cmocka_unit_test(test_gemm_of_narrow_tiles),
                                       cmocka_unit_test(test_gemm_k_step),
                                       cmocka_unit_test(test_gemm_later_tiles),
                                       cmocka_unit_test(test_gemm_tiles_by_rows),
                                       cmocka_unit_test(test_gemm_memory),
                                       cmocka_unit_test(test_gemm_passes),
                                       cmocka_unit_test(test_link),
                                       cmocka_unit_test(test_more_work_takes_longer),
                                       cmocka_unit_test(test_fit_finds_back),
                                       cmocka_unit_test(test_fit_finds_the_rule),
                                       cmocka_unit_test(test_fit_keeps_limits),
                                       cmocka_unit_test(test_heldout_is_unseen),
                                       cmocka_unit_test(test_too_few_rows),
                                       cmocka_unit_test(test_shipped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
