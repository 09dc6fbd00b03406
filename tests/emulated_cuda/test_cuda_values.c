/* What the CUDA plug-in computes, number by number. `test_cuda_values emulated|real FOLDER`: the same tests for both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/random.h"
#include "plugin_under_test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static plugin_under_test plugin;
static bool is_real;
static void *device;

static const fc_dtype dtypes[] = {FC_DTYPE_FP64, FC_DTYPE_FP32, FC_DTYPE_TF32,
                                  FC_DTYPE_FP16, FC_DTYPE_BF16, FC_DTYPE_FP8};
#define DTYPES (sizeof dtypes / sizeof dtypes[0])

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

/* False where the device has no such kernel, with the reason told; a device of 2023 and later has all of them. */
static bool prepared(fc_sample *sample) {
    fc_error error = {.status = FC_OK};
    fc_status status = plugin.table->prepare(device, sample, &error);
    if (status == FC_BAD_INPUT && is_real) {
        print_message("left out: %s\n", error.text);
        return false;
    }
    if (status != FC_OK) {
        fail_msg("%s", error.text);
    }
    return true;
}

static void run(uint32_t calls) {
    double seconds = -1.0;
    fc_error error = {.status = FC_OK};
    if (plugin.table->run(device, calls, &seconds, &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(isfinite(seconds) && seconds > 0.0 && seconds < 60.0);
}

static void check_product(fc_sample sample) {
    if (!prepared(&sample)) {
        return;
    }
    for (uint32_t calls = 1; calls <= 3; calls++) { /* each run ends in another set of operands */
        uint64_t wrong = 1;
        run(calls);
        assert_int_equal(plugin_count_wrong(&wrong, &plugin, device, &sample, NULL), FC_OK);
        if (wrong != 0) {
            fail_msg("%s, %u x %u x %u, batch %u, %u calls: %llu elements are wrong",
                     fc_dtype_name((fc_dtype)sample.dtype), sample.m, sample.n, sample.k, sample.batch, calls,
                     (unsigned long long)wrong);
        }
    }
}

static void test_cuda__says_whether_it_is_emulated(void **state) {
    (void)state;
    fc_device_info info;
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    assert_string_equal(info.backend, "cuda");
    assert_int_equal(info.emulated, is_real ? 0 : 1);
    assert_int_equal(strstr(info.name, "emulated") != NULL, !is_real);
    print_message("%s, %s, %s\n", info.name, info.library, info.driver);
}

static void test_cuda__multiplies_every_dtype(void **state) {
    (void)state;
    for (size_t i = 0; i < DTYPES; i++) {
        check_product(plugin_matmul(dtypes[i], 64, 64, 64, 1));
        check_product(plugin_matmul(dtypes[i], 48, 80, 96, 1));
        check_product(plugin_matmul(dtypes[i], 32, 16, 128, 3));
    }
}

/* The gradients' products: operands that lie the other way round. fp8 has one layout, and the sample then says so. */
static void test_cuda__multiplies_every_layout(void **state) {
    (void)state;
    for (size_t i = 0; i < DTYPES; i++) {
        for (uint32_t layout = FC_LAYOUT_NN; layout < FC_LAYOUT_COUNT; layout++) {
            fc_sample sample = plugin_matmul(dtypes[i], 48, 80, 96, 2);
            sample.layout = layout;
            check_product(sample);
            if (prepared(&sample)) {
                assert_int_equal(sample.layout, dtypes[i] == FC_DTYPE_FP8 ? FC_LAYOUT_NT : layout);
            }
        }
    }
}

static void test_cuda__multiplies_odd_shapes_where_the_format_allows(void **state) {
    (void)state;
    for (size_t i = 0; i < DTYPES; i++) {
        if (dtypes[i] != FC_DTYPE_FP8) {
            check_product(plugin_matmul(dtypes[i], 33, 17, 5, 1));
            check_product(plugin_matmul(dtypes[i], 1, 19, 70, 2));
        }
    }
    fc_sample odd = plugin_matmul(FC_DTYPE_FP8, 33, 17, 5, 1);
    fc_error error = {.status = FC_OK};
    assert_int_equal(plugin.table->prepare(device, &odd, &error), FC_BAD_INPUT);
    assert_true(error.text[0] != '\0');
    check_product(plugin_matmul(FC_DTYPE_FP32, 16, 16, 16, 1)); /* a refusal leaves the device usable */
}

/* Bits beside these, one up and one down, are no nearer to the number that was rounded. */
static void check_rounded(const void *bytes, fc_dtype dtype, size_t index, double exact) {
    size_t width = (size_t)fc_dtype_bytes(dtype);
    double error = fabs(plugin_number(bytes, dtype, index) - exact);
    for (int step = -1; step <= 1; step += 2) {
        uint32_t bits = 0;
        memcpy(&bits, (const char *)bytes + index * width, width);
        bits += (uint32_t)step;
        double neighbour = plugin_number(&bits, dtype, 0);
        assert_true(isfinite(error) && !(fabs(neighbour - exact) < error));
    }
}

static void test_cuda__fills_with_the_numbers_of_the_processor(void **state) {
    (void)state;
    enum { COUNT = 48 * 96 };
    double storage[COUNT];
    for (size_t i = 0; i < DTYPES; i++) {
        fc_sample sample = plugin_matmul(dtypes[i], 48, 80, 96, 1);
        if (!prepared(&sample)) {
            continue;
        }
        run(2);
        size_t width = (size_t)fc_dtype_bytes(dtypes[i]);
        size_t offset = 0;
        assert_int_equal(plugin.peek(device, FC_CUDA_PART_A, storage, COUNT * width, &offset, NULL), FC_OK);
        for (size_t at = 0; at < COUNT; at++) {
            if (dtypes[i] == FC_DTYPE_FP64) {
                double expected = fc_random_f64(PLUGIN_SEED, offset / width + at);
                assert_memory_equal(&storage[at], &expected, sizeof expected);
            } else {
                double expected = (double)fc_random_f32(PLUGIN_SEED, offset / width + at);
                check_rounded(storage, dtypes[i], at, expected);
            }
        }
    }
}

static void check_memory(fc_memory_op op, uint32_t kib) {
    enum { COUNT = 100 };
    static double b[COUNT], c[COUNT], out[COUNT];
    fc_sample sample = {.kind = FC_SAMPLE_MEMORY, .memory_op = op, .m = kib, .batch = 1};
    assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
    assert_true(sample.bytes > 0.0);
    run(1);
    double *const parts[] = {b, c, out};
    for (uint32_t part = 0; part <= FC_CUDA_PART_OUT; part++) {
        size_t offset = 0;
        assert_int_equal(plugin.peek(device, part, parts[part], sizeof b, &offset, NULL), FC_OK);
        if (part == FC_CUDA_PART_B) {
            double expected = fc_random_f64(PLUGIN_SEED, offset / sizeof(double));
            assert_memory_equal(c, &expected, sizeof expected);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        double expected = op == FC_MEMORY_OP_COPY ? b[i] : b[i] + 3.0 * c[i];
        assert_true(fabs(out[i] - expected) <= 0x1p-50);
    }
}

static void test_cuda__copies_and_adds(void **state) {
    (void)state;
    static const uint32_t kib[] = {0, 12, 300}; /* in memory, and as small as a cache holds */
    for (size_t i = 0; i < sizeof kib / sizeof kib[0]; i++) {
        check_memory(FC_MEMORY_OP_COPY, kib[i]);
        check_memory(FC_MEMORY_OP_TRIAD, kib[i]);
    }
}

/* Each pass writes another number beside the fixed one, so that none can be left out. */
static void test_cuda__writes_in_every_pass(void **state) {
    (void)state;
    fc_sample sample = {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_WRITE, .m = 16, .batch = 1};
    assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
    run(1);
    double passes = sample.bytes / (16.0 * 1024.0);
    double out[2048] = {0.0};
    size_t offset = 0;
    assert_int_equal(plugin.peek(device, FC_CUDA_PART_OUT, out, sizeof out, &offset, NULL), FC_OK);
    for (size_t i = 0; i < 2048; i += 2) {
        assert_true(out[i + 1] - out[i] > passes - 1.5 && out[i + 1] - out[i] < passes - 0.5);
    }
}

static void test_cuda__tells_what_holds_the_arrays(void **state) {
    (void)state;
    fc_device_info info;
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    uint32_t cache_kib = (uint32_t)(info.cache_bytes / 1024.0);
    assert_true(cache_kib > 0);
    fc_sample half = {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_READ, .level = 2, .batch = 1};
    assert_int_equal(plugin.table->prepare(device, &half, NULL), FC_OK);
    assert_int_equal(half.level, 2);
    assert_int_equal(half.residency, FC_RESIDENCY_CACHE);
    assert_true(half.bytes >= 8.0 * info.cache_bytes); /* many passes: a launch must not decide */
    run(1);
    fc_sample large = {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_READ, .m = 8 * cache_kib, .batch = 1};
    assert_int_equal(plugin.table->prepare(device, &large, NULL), FC_OK);
    assert_int_equal(large.level, 0);
    assert_int_equal(large.residency, FC_RESIDENCY_MEMORY);
    run(1);
    fc_sample refused[] = {{.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_READ, .level = 1, .batch = 1},
                           {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_FIRST_TOUCH, .batch = 1},
                           {.kind = FC_SAMPLE_LAUNCH, .memory_op = FC_MEMORY_OP_WAKE, .batch = 1}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        fc_error error = {.status = FC_OK};
        assert_int_equal(plugin.table->prepare(device, &refused[i], &error), FC_BAD_INPUT);
        assert_true(error.text[0] != '\0');
    }
}

static void test_cuda__launches_nothing(void **state) {
    (void)state;
    static const fc_memory_op ops[] = {FC_MEMORY_OP_NONE, FC_MEMORY_OP_WAIT};
    for (size_t i = 0; i < 2; i++) {
        fc_sample sample = {.kind = FC_SAMPLE_LAUNCH, .memory_op = ops[i], .batch = 1};
        assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
        run(100);
    }
}

static void test_cuda__runs_no_case_that_was_not_prepared(void **state) {
    (void)state;
    double seconds = 0.0;
    fc_error error = {.status = FC_OK};
    assert_int_equal(plugin.table->run(device, 1, &seconds, &error), FC_BAD_INPUT);
    fc_sample good = plugin_matmul(FC_DTYPE_FP32, 16, 16, 16, 1);
    assert_int_equal(plugin.table->prepare(device, &good, NULL), FC_OK);
    fc_sample bad = plugin_matmul(FC_DTYPE_NVFP4, 16, 16, 16, 1);
    assert_int_equal(plugin.table->prepare(device, &bad, NULL), FC_BAD_INPUT);
    assert_int_equal(plugin.table->run(device, 1, &seconds, NULL), FC_BAD_INPUT);
    size_t offset = 0;
    char byte = 0;
    assert_int_equal(plugin.peek(device, FC_CUDA_PART_A, &byte, 1, &offset, NULL), FC_BAD_INPUT);
}

int main(int count, char **words) {
    if (count != 3) {
        (void)fprintf(stderr, "usage: test_cuda_values emulated|real FOLDER_OF_THE_PLUG_IN\n");
        return 2;
    }
    is_real = strcmp(words[1], "real") == 0;
    int code = plugin_usable(&plugin, is_real, words[2]);
    if (code != 0) {
        return code;
    }
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_device, close_device)
    const struct CMUnitTest tests[] = {
        TEST(test_cuda__says_whether_it_is_emulated),
        TEST(test_cuda__multiplies_every_dtype),
        TEST(test_cuda__multiplies_every_layout),
        TEST(test_cuda__multiplies_odd_shapes_where_the_format_allows),
        TEST(test_cuda__fills_with_the_numbers_of_the_processor),
        TEST(test_cuda__copies_and_adds),
        TEST(test_cuda__writes_in_every_pass),
        TEST(test_cuda__tells_what_holds_the_arrays),
        TEST(test_cuda__launches_nothing),
        TEST(test_cuda__runs_no_case_that_was_not_prepared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
