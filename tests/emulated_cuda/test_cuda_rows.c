/* The elementwise kernels against the processor's rows. `test_cuda_rows emulated|real FOLDER`: the same tests for both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rows_under_test.h"

#include <stdio.h>
#include <string.h>

static plugin_under_test plugin;
static void *device;

static int open_device(void **state) {
    (void)state;
    fc_backend_options options = {.seed = PLUGIN_SEED};
    return plugin.table->open(&device, &options, NULL) == FC_OK ? 0 : -1;
}

static int close_device(void **state) {
    (void)state;
    plugin.table->close(device);
    device = NULL;
    return 0;
}

static void check(fc_memory_op op, fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k) {
    fc_sample sample = rows_case(op, dtype, m, n, k);
    uint64_t wrong = 1;
    fc_error error = {.status = FC_OK};
    if (rows_count_wrong(&wrong, &plugin, device, &sample, 1, &error) != FC_OK) {
        fail_msg("%s in %s: %s", fc_memory_op_name(op), fc_dtype_name(dtype), error.text);
    }
    if (wrong != 0) {
        fail_msg("%s in %s, %u x %u, %u: %llu values are wrong", fc_memory_op_name(op), fc_dtype_name(dtype), m, n, k,
                 (unsigned long long)wrong);
    }
}

/* Rows shorter than a warp, of no whole number of warps, and longer; tables that rows meet in. */
static void check_all(fc_dtype dtype, fc_memory_op last) {
    for (uint32_t op = FC_ELEMENTWISE_FIRST; op <= (uint32_t)last; op++) {
        check((fc_memory_op)op, dtype, 1, 16, 1);
        check((fc_memory_op)op, dtype, 5, 96, 3);
        check((fc_memory_op)op, dtype, 37, 160, 20);
        check((fc_memory_op)op, dtype, 19, 1024, 50);
    }
}

static void test_rows__fp32_has_all_operations(void **state) {
    (void)state;
    check_all(FC_DTYPE_FP32, FC_ELEMENTWISE_LAST);
}

static void test_rows__16_bits_have_what_makes_sense(void **state) {
    (void)state;
    check_all(FC_DTYPE_FP16, FC_MEMORY_OP_GATHER);
    check_all(FC_DTYPE_BF16, FC_MEMORY_OP_GATHER);
    static const fc_memory_op refused[] = {FC_MEMORY_OP_ADAM, FC_MEMORY_OP_SCATTER_ADD};
    for (size_t i = 0; i < 2; i++) {
        fc_sample sample = rows_case(refused[i], FC_DTYPE_BF16, 4, 64, 4);
        fc_error error = {.status = FC_OK};
        assert_int_equal(plugin.table->prepare(device, &sample, &error), FC_BAD_INPUT);
        assert_non_null(strstr(error.text, "fp32, not in bf16"));
    }
}

/* Each call has another set of arrays, and draws other entries of the table. */
static void test_rows__later_calls_have_sets_of_their_own(void **state) {
    (void)state;
    static const fc_memory_op ops[] = {FC_MEMORY_OP_SWIGLU, FC_MEMORY_OP_GATHER};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t calls = 2; calls <= 3; calls++) {
            fc_sample sample = rows_case(ops[i], FC_DTYPE_FP32, 33, 96, 40);
            uint64_t wrong = 1;
            assert_int_equal(rows_count_wrong(&wrong, &plugin, device, &sample, calls, NULL), FC_OK);
            assert_int_equal(wrong, 0);
        }
    }
}

/* As the processor counts them (host/device/op_arrays.h), so that one fit serves both. */
static void test_rows__bytes_are_those_of_the_processor(void **state) {
    (void)state;
    const fc_backend *processor = fc_backend_find("openblas");
    fc_backend_options options = {.threads = 1, .seed = PLUGIN_SEED, .most_bytes = 1U << 20};
    void *other = NULL;
    assert_int_equal(processor->open(&other, &options, NULL), FC_OK);
    for (uint32_t op = FC_ELEMENTWISE_FIRST; op <= FC_ELEMENTWISE_LAST; op++) {
        fc_sample here = rows_case((fc_memory_op)op, FC_DTYPE_FP32, 7, 64, 9);
        fc_sample there = here;
        assert_int_equal(plugin.table->prepare(device, &here, NULL), FC_OK);
        assert_int_equal(processor->prepare(other, &there, NULL), FC_OK);
        assert_true(here.bytes > 0.0 && !(here.bytes < there.bytes) && !(here.bytes > there.bytes));
    }
    processor->close(other);
}

static void test_rows__refuses_what_is_no_case(void **state) {
    (void)state;
    fc_sample cases[] = {
        rows_case(FC_MEMORY_OP_GELU, FC_DTYPE_FP32, 0, 64, 0),  rows_case(FC_MEMORY_OP_GELU, FC_DTYPE_FP32, 4, 60, 0),
        rows_case(FC_MEMORY_OP_GELU, FC_DTYPE_FP64, 4, 64, 0),  rows_case(FC_MEMORY_OP_GATHER, FC_DTYPE_FP32, 4, 64, 0),
        rows_case(FC_MEMORY_OP_TRIAD, FC_DTYPE_FP32, 4, 64, 0), rows_case(FC_MEMORY_OP_GELU, FC_DTYPE_COUNT, 4, 64, 0)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {.status = FC_OK};
        assert_int_equal(plugin.table->prepare(device, &cases[i], &error), FC_BAD_INPUT);
        assert_true(error.text[0] != '\0');
    }
    fc_sample huge = rows_case(FC_MEMORY_OP_ADAM, FC_DTYPE_FP32, 4000000000U, 4000000000U, 0);
    assert_int_equal(plugin.table->prepare(device, &huge, NULL), FC_OVER_LIMIT);
}

int main(int count, char **words) {
    if (count != 3) {
        (void)fprintf(stderr, "usage: test_cuda_rows emulated|real FOLDER_OF_THE_PLUG_IN\n");
        return 2;
    }
    int code = plugin_usable(&plugin, strcmp(words[1], "real") == 0, words[2]);
    if (code != 0) {
        return code;
    }
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_device, close_device)
    const struct CMUnitTest tests[] = {
        TEST(test_rows__fp32_has_all_operations),
        TEST(test_rows__16_bits_have_what_makes_sense),
        TEST(test_rows__later_calls_have_sets_of_their_own),
        TEST(test_rows__bytes_are_those_of_the_processor),
        TEST(test_rows__refuses_what_is_no_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
