/* Kernels of attention and of mixtures of experts: known answers, properties, and curves from a few public figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "doors/catalog.h"
#include "doors/kernel_file.h"
#include "flopcast/hd/kernel_attention.h"
#include "flopcast/hd/kernel_exchange.h"
#include "flopcast/hd/kernel_moe.h"
#include "flopcast/kernels.h"

static const fc_kernel_sheet sheet = {132.0, 1e15, 3e12, 50e6, 450e9, 50e9};

static bool near(double got, double expected, double share) { return fabs(got / expected - 1.0) < share; }

/* 128 queries of one head are one block on one SM, so the longest block is all there is. */
static void test_prefill_of_one_block(void **state) {
    (void)state;
    double p[FC_PREFILL_PARAMETER_COUNT];
    for (int i = 0; i < FC_PREFILL_PARAMETER_COUNT; i++) {
        p[i] = 1e30; /* rates without limit, orders of a sudden change */
    }
    p[FC_PREFILL_LAUNCH_S] = 1e-6;
    p[FC_PREFILL_FLOP_PER_S] = 1e12;
    p[FC_PREFILL_COPY_FRAC] = 0.0;
    p[FC_PREFILL_TOKEN_S] = 0.0;
    p[FC_PREFILL_BLOCK_S] = 0.0;
    p[FC_PREFILL_KV_RAMP] = 0.0;
    p[FC_PREFILL_TAIL_ORDER] = 1e3;
    p[FC_PREFILL_OVERLAP_ORDER] = 1e3;
    p[FC_PREFILL_BLOCK_ROWS] = 128.0;
    fc_attention_shape shape = {1.0, 128.0, 128.0, 1.0, 1.0, 128.0};
    double expected_s = 1e-6 + 128.0 * 128.0 * 4.0 * 128.0 * 100.0 / 1e12;
    assert_true(near(fc_hd_prefill_s(p, 100.0, shape), expected_s, 1e-6));
    /* A hundred heads more fill the other SMs; ten thousand are bound by all their work, half of it masked. */
    shape.q_len = 12800.0;
    shape.kv_len = 12800.0;
    shape.heads = 100.0;
    double flop = 4.0 * 128.0 * 100.0 * 12800.0 * 0.5 * (12800.0 + 128.0);
    assert_true(near(fc_hd_prefill_s(p, 100.0, shape), 1e-6 + flop / 1e12, 1e-2));
}

/* Two blocks an SM are room for 264 parts; a sequence has 128 at most, and as many as its keys fill. */
static void test_decode_parts(void **state) {
    (void)state;
    fc_kernel_curve curve;
    fc_kernel_start(&curve, FC_KERNEL_DECODE, FC_DTYPE_BF16, &sheet);
    fc_attention_shape shape = {1.0, 1.0, 131072.0, 8.0, 1.0, 128.0};
    assert_true(fc_hd_decode_parts(curve.parameters, 132.0, shape) == 128.0);
    shape.kv_len = 1024.0;
    assert_true(fc_hd_decode_parts(curve.parameters, 132.0, shape) == 8.0);
    shape.batch = 64.0;
    assert_true(fc_hd_decode_parts(curve.parameters, 132.0, shape) == 4.0);
    shape.batch = 300.0;
    assert_true(fc_hd_decode_parts(curve.parameters, 132.0, shape) == 1.0);
    /* Libraries that leave lone heads whole. */
    shape.batch = 1.0;
    shape.heads = 1.0;
    curve.parameters[FC_DECODE_ALONE_PARTS] = 1.0;
    assert_true(fc_hd_decode_parts(curve.parameters, 132.0, shape) == 1.0);
}

/* Hypergeometric: 2 of 4 experts over 2 chips miss a chip in one draw of six. */
static void test_distinct_groups(void **state) {
    (void)state;
    assert_true(near(fc_hd_distinct_groups(2.0, 4.0, 2.0), 2.0 * (1.0 - 1.0 / 6.0), 1e-12));
    assert_true(near(fc_hd_distinct_groups(8.0, 256.0, 1.0), 1.0, 1e-12));
    assert_true(near(fc_hd_distinct_groups(8.0, 8.0, 3.0), 3.0, 1e-12));
    assert_true(near(fc_hd_distinct_groups(8.0, 256.0, 256.0), 8.0, 1e-12));
    assert_true(fc_hd_distinct_groups(8.0, 256.0, 8.0) < 8.0 * (1.0 - pow(7.0 / 8.0, 8.0)) + 0.2);
}

/* With copying free, a dispatch is bound by the wire: within a node by NVLink, over two by the NIC. */
static void test_exchange_of_wires(void **state) {
    (void)state;
    double p[FC_EXCHANGE_PARAMETER_COUNT] = {0};
    p[FC_EXCHANGE_NODE_CHIPS] = 8.0;
    p[FC_EXCHANGE_SPREAD_ORDER] = 1.0;
    p[FC_EXCHANGE_LAUNCH_S] = 1e-5;
    p[FC_EXCHANGE_TOKEN_S] = 1e-15;
    p[FC_EXCHANGE_LINK_BYTES_PER_S] = 1e11;
    p[FC_EXCHANGE_FAR_LAUNCH_S] = 1e-5;
    p[FC_EXCHANGE_FAR_NODE_S] = 1e-6;
    p[FC_EXCHANGE_FAR_TOKEN_S] = 1e-15;
    p[FC_EXCHANGE_NIC_BYTES_PER_S] = 1e10;
    p[FC_EXCHANGE_OUTSIDE_BYTES_PER_S] = 1e9;
    fc_exchange_shape shape = {1.0, 1000.0, 4096.0, 1.0, 256.0, 20.0};
    assert_true(near(fc_hd_exchange_s(p, shape, 2.0), 1e-5 + 4096.0 * 2000.0 / 1e11, 1e-6));
    shape.nodes = 2.0;
    assert_true(near(fc_hd_exchange_s(p, shape, 2.0), 1.1e-5 + 0.5 * 4096.0 * 2000.0 / 1e10, 1e-6));
    /* Eight nodes: half of the bytes leave the leaf. */
    shape.nodes = 8.0;
    assert_true(near(fc_hd_exchange_s(p, shape, 2.0), 1.7e-5 + 0.5 * 4096.0 * 2000.0 / 1e9, 1e-6));
}

static double mean_of(const double *values) {
    double sum = 0.0;
    for (int i = 0; i < FC_MOE_POINTS; i++) {
        sum += values[i] / FC_MOE_POINTS;
    }
    return sum;
}

static void test_loads(void **state) {
    (void)state;
    double loads[FC_MOE_POINTS];
    fc_moe_shape shape = {4096.0, 4096.0, 1536.0, 8.0, 128.0, 1.0, 1.0, 0.0};
    fc_hd_moe_loads(loads, shape);
    assert_true(near(loads[0], 256.0, 1e-12) && near(loads[FC_MOE_POINTS - 1], 256.0, 1e-12));
    /* Uneven, but all tokens are somewhere, and no expert has one twice. */
    static const double exponents[] = {0.5, 1.0, 1.01, 1.2, 3.0};
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        shape.exponent = exponents[i];
        fc_hd_moe_loads(loads, shape);
        assert_true(loads[FC_MOE_POINTS - 1] > loads[0] && loads[FC_MOE_POINTS - 1] <= 4096.0);
        assert_true(near(mean_of(loads), 256.0, 0.02));
    }
    /* The busiest of more ranks is busier; one that holds one expert has the highest load of all. */
    shape.exponent = 1.2;
    double last = 0.0;
    for (shape.ep = 1.0; shape.ep <= 128.0; shape.ep *= 2.0) {
        fc_hd_moe_loads(loads, shape);
        assert_true(mean_of(loads) > last && mean_of(loads) <= 4096.0);
        last = mean_of(loads);
    }
    assert_true(last > 8.0 * 256.0);
}

/* Full blocks, memory and all else free: the FLOP of three matrices. */
static void test_moe_of_full_blocks(void **state) {
    (void)state;
    double p[FC_MOE_PARAMETER_COUNT] = {0};
    p[FC_MOE_FLOP_PER_S] = 1e14;
    p[FC_MOE_MEMORY_BYTES_PER_S] = 1e30;
    p[FC_MOE_PAIR_BYTES_PER_S] = 1e30;
    p[FC_MOE_SUM_BYTES_PER_S] = 1e30;
    p[FC_MOE_OVERLAP_ORDER] = 5.0;
    p[FC_MOE_CACHE_BYTES] = 1e30;
    p[FC_MOE_CACHE_ORDER] = 1.0;
    p[FC_MOE_BLOCK_ROWS] = 64.0;
    fc_moe_shape shape = {8192.0, 4096.0, 1536.0, 8.0, 8.0, 1.0, 1.0, 0.0};
    double flop = 6.0 * 8192.0 * 8.0 * 4096.0 * 1536.0;
    double half_blocks = 1.0 + 0.5 * 64.0 / 8192.0; /* the last block of an expert is half full on average */
    assert_true(near(fc_hd_moe_s(p, 100.0, shape), flop * half_blocks / 1e14, 1e-6));
    /* Two ranks a half of the experts each, or two a half of each expert: half of the work. */
    fc_moe_shape spread = shape;
    spread.ep = 2.0;
    fc_moe_shape cut = shape;
    cut.tp = 2.0;
    assert_true(near(fc_hd_moe_s(p, 100.0, spread), 0.5 * flop * half_blocks / 1e14, 1e-6));
    assert_true(near(fc_hd_moe_s(p, 100.0, cut), 0.5 * flop * half_blocks / 1e14, 1e-6));
}

/* A fit on rows of one machine with four chips a node takes four, and knows how many nodes it saw. */
static void test_fit_learns_the_machine(void **state) {
    (void)state;
    static fc_kernel_row rows[600];
    static const double tokens[] = {64, 96, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
    static const double picks[] = {1, 2, 4, 6, 8};
    static const double sms[] = {4, 8, 12, 16, 20, 24};
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve truth;
    fc_kernel_curve curve;
    size_t count = 0;
    assert_non_null(arena);
    fc_kernel_start(&truth, FC_KERNEL_DISPATCH, FC_DTYPE_FP8, &sheet);
    curve = truth;
    truth.parameters[FC_EXCHANGE_NODE_CHIPS] = 4.0;
    truth.parameters[FC_EXCHANGE_MESSAGE_S] *= 3.0;
    for (size_t i = 0; i < 10; i++) {
        for (size_t j = 0; j < 5; j++) {
            for (size_t l = 0; l < 12; l++) {
                fc_kernel_row *row = &rows[count++];
                *row = (fc_kernel_row){
                    .kind = FC_KERNEL_DISPATCH,
                    .dtype = FC_DTYPE_FP8,
                    .dims = {l < 6 ? 1 : 2, l % 2 == 0 ? 4096 : 7168, tokens[i], picks[j], 64, sms[l % 6]}};
                row->seconds = fc_kernel_predict_s(&truth, row->dims);
            }
        }
    }
    assert_int_equal(fc_kernel_fit(&curve, rows, count, arena, &error), FC_OK);
    assert_true(curve.parameters[FC_EXCHANGE_NODE_CHIPS] == 4.0);
    assert_true(curve.nodes_most == 2.0);
    assert_true(curve.heldout_median_abs_error_frac < 0.01);
    fc_arena_destroy(arena);
}

/* A curve like another chip's meets its one figure, and its memory goes with the sheets. */
static void test_like(void **state) {
    (void)state;
    fc_error error = {0};
    fc_kernel_curve like;
    fc_kernel_curve curve = {.kind = FC_KERNEL_GEMM, .dtype = FC_DTYPE_BF16};
    fc_kernel_start(&like, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    fc_kernel_row figure = {.kind = FC_KERNEL_GEMM, .dims = {8192, 8192, 8192}, .seconds = 2e-3};
    assert_int_equal(fc_kernel_like(&curve, &like, 1.5, &figure, 1, &error), FC_OK);
    assert_true(near(fc_kernel_predict_s(&curve, figure.dims), 2e-3, 1e-6));
    /* Memory of a third: A cannot be read again for as many strips, or no arithmetic would be fast enough. */
    assert_int_equal(fc_kernel_like(&curve, &like, 0.3, &figure, 1, &error), FC_OK);
    assert_true(near(fc_kernel_predict_s(&curve, figure.dims), 2e-3, 1e-6));
    assert_true(curve.parameters[FC_GEMM_STRIP_COLUMNS] > 2.0 * like.parameters[FC_GEMM_STRIP_COLUMNS]);
    figure.seconds = 1e-9; /* a launch alone takes longer */
    assert_int_equal(fc_kernel_like(&curve, &like, 1.5, &figure, 1, &error), FC_BAD_INPUT);
    assert_int_equal(fc_kernel_like(&curve, &like, 1.5, &figure, 0, NULL), FC_BAD_INPUT);
}

/* The published figures come back from what ships: MI300X 668.4 TFLOP/s; TPU v7's four within a fifth. */
static void test_graded_figures(void **state) {
    (void)state;
    static fc_kernel_set set;
    static const double v7[4][4] = {{65536, 32768, 32768, 1912.8e12},
                                    {8192, 4096, 4096, 1785.8e12},
                                    {4096, 2048, 2048, 1358.6e12},
                                    {2048, 1024, 1024, 699.4e12}};
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_catalog catalog;
    bool found = false;
    assert_non_null(arena);
    assert_int_equal(fc_catalog_open(&catalog, arena, FC_DATA_FOLDER, &error), FC_OK);
    assert_int_equal(fc_kernel_file_read(&found, &set, &catalog, "mi300x", &error), FC_OK);
    const fc_kernel_curve *curve = fc_kernel_find(&set, FC_KERNEL_GEMM, FC_DTYPE_BF16);
    assert_true(found && curve != NULL && curve->grade == FC_GRADE_PUBLISHED);
    static const double cube[] = {8192, 8192, 8192};
    assert_true(near(2.0 * 8192.0 * 8192.0 * 8192.0 / fc_kernel_predict_s(curve, cube), 668.4e12, 1e-3));
    assert_int_equal(fc_kernel_file_read(&found, &set, &catalog, "tpu-v7-ironwood", &error), FC_OK);
    curve = fc_kernel_find(&set, FC_KERNEL_GEMM, FC_DTYPE_BF16);
    assert_non_null(curve);
    for (size_t i = 0; i < 4; i++) {
        double rate = 2.0 * v7[i][0] * v7[i][1] * v7[i][2] / fc_kernel_predict_s(curve, v7[i]);
        assert_true(near(rate, v7[i][3], 0.2));
    }
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_prefill_of_one_block),
                                       cmocka_unit_test(test_decode_parts),
                                       cmocka_unit_test(test_distinct_groups),
                                       cmocka_unit_test(test_exchange_of_wires),
                                       cmocka_unit_test(test_loads),
                                       cmocka_unit_test(test_moe_of_full_blocks),
                                       cmocka_unit_test(test_fit_learns_the_machine),
                                       cmocka_unit_test(test_like),
                                       cmocka_unit_test(test_graded_figures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
