/* What every backend in the list promises. A new one is tested here unasked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flopcast/backend.h"
#include "flopcast/measure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Cases that any device has one of; `replay` gets them as its recording. */
static fc_sample cases[FC_MEMORY_OP_COUNT + 8];
static uint32_t cases_count;
static fc_calibration recording;

static void add_case(fc_sample_kind kind, fc_dtype dtype, fc_memory_op op, uint32_t size) {
    fc_sample *sample = &cases[cases_count++];
    memset(sample, 0, sizeof *sample);
    sample->kind = kind;
    sample->dtype = dtype;
    sample->memory_op = op;
    sample->m = size;
    sample->n = size;
    sample->k = size;
    sample->batch = 1;
    sample->seconds = 1e-3;
    sample->seconds_min = 1e-3;
    sample->bytes = 1e6;
    sample->residency = FC_RESIDENCY_MEMORY;
    sample->threads = 1;
}

static int make_cases(void **state) {
    (void)state;
    add_case(FC_SAMPLE_MATMUL, FC_DTYPE_FP32, FC_MEMORY_OP_NONE, 96);
    add_case(FC_SAMPLE_MATMUL, FC_DTYPE_FP64, FC_MEMORY_OP_NONE, 96);
    add_case(FC_SAMPLE_MATMUL, FC_DTYPE_BF16, FC_MEMORY_OP_NONE, 96);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_COPY, 0);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_TRIAD, 0);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_READ, 0);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_WRITE, 0);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_FIRST_TOUCH, 0);
    add_case(FC_SAMPLE_MEMORY, FC_DTYPE_FP64, FC_MEMORY_OP_TRIAD, 0);
    cases[cases_count - 1].level = 1;
    for (uint32_t op = FC_ELEMENTWISE_FIRST; op <= FC_ELEMENTWISE_LAST; op++) {
        add_case(FC_SAMPLE_ELEMENTWISE, FC_DTYPE_FP32, (fc_memory_op)op, 96);
    }
    add_case(FC_SAMPLE_CEILING, FC_DTYPE_FP32, FC_MEMORY_OP_NONE, 96);
    add_case(FC_SAMPLE_CEILING, FC_DTYPE_FP64, FC_MEMORY_OP_NONE, 96);
    add_case(FC_SAMPLE_LAUNCH, FC_DTYPE_FP32, FC_MEMORY_OP_NONE, 0);
    add_case(FC_SAMPLE_LAUNCH, FC_DTYPE_FP32, FC_MEMORY_OP_WAKE, 0);
    add_case(FC_SAMPLE_LAUNCH, FC_DTYPE_FP32, FC_MEMORY_OP_WAIT, 0);
    add_case(FC_SAMPLE_COLLECTIVE, FC_DTYPE_FP32, FC_MEMORY_OP_NONE, 0);
    cases[cases_count - 1].collective_op = FC_COLLECTIVE_ALL_REDUCE;
    cases[cases_count - 1].ranks = 2;
    recording.samples = cases;
    recording.samples_count = cases_count;
    return 0;
}

static void *opened(const fc_backend *backend) {
    fc_backend_options options = {.threads = 0, .seed = 11, .replay = &recording};
    fc_error error = {.status = FC_OK};
    void *device = NULL;
    if (backend->open(&device, &options, &error) != FC_OK) {
        fail_msg("%s does not open: %s", backend->name, error.text);
    }
    assert_non_null(device);
    return device;
}

static void check_table(const fc_backend *backend) {
    assert_int_equal(backend->abi, FC_BACKEND_ABI);
    assert_non_null(backend->open);
    assert_non_null(backend->info);
    assert_non_null(backend->prepare);
    assert_non_null(backend->run);
    assert_non_null(backend->close);
    for (const char *c = backend->name; *c != '\0'; c++) {
        assert_true((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9'));
    }
}

static void check_info(const fc_backend *backend, void *device) {
    fc_device_info info;
    memset(&info, 0xA5, sizeof info);
    assert_int_equal(backend->info(device, &info, NULL), FC_OK);
    assert_string_equal(info.backend, backend->name);
    assert_non_null(memchr(info.name, '\0', sizeof info.name));
    assert_non_null(memchr(info.library, '\0', sizeof info.library));
    assert_non_null(memchr(info.driver, '\0', sizeof info.driver));
    assert_true(isfinite(info.memory_bytes) && info.memory_bytes >= 0.0);
    assert_true(isfinite(info.cores_count) && isfinite(info.clock_hz));
    assert_true(info.emulated <= 1);
}

/* True when the device has the case; a refusal must come with its reason. */
static bool check_case(const fc_backend *backend, void *device, const fc_sample *original) {
    fc_sample sample = *original;
    sample.bytes = original->kind == FC_SAMPLE_COLLECTIVE ? original->bytes : 0.0; /* there it is the wish */
    sample.residency = FC_RESIDENCY_COUNT;
    fc_error error = {.status = FC_OK};
    fc_status status = backend->prepare(device, &sample, &error);
    if (status != FC_OK) {
        assert_int_equal(status, FC_BAD_INPUT);
        assert_true(error.text[0] != '\0');
        return false;
    }
    assert_int_equal(sample.kind, original->kind);
    assert_int_equal(sample.m, original->m);
    assert_true(sample.residency < FC_RESIDENCY_COUNT);
    assert_true(sample.kind == FC_SAMPLE_LAUNCH || sample.kind == FC_SAMPLE_CEILING || sample.bytes > 0.0);
    const uint32_t calls[] = {1, 3, 1};
    for (size_t i = 0; i < 3; i++) {
        double seconds = -1.0;
        assert_int_equal(backend->run(device, calls[i], &seconds, NULL), FC_OK);
        assert_true(isfinite(seconds) && seconds > 0.0 && seconds < 60.0);
    }
    return true;
}

static void check_refusals(const fc_backend *backend, void *device) {
    fc_sample unknown = cases[0];
    unknown.kind = FC_SAMPLE_KIND_COUNT;
    fc_error error = {.status = FC_OK};
    assert_int_equal(backend->prepare(device, &unknown, &error), FC_BAD_INPUT);
    assert_true(error.text[0] != '\0');
    fc_sample dtype = cases[0];
    dtype.dtype = FC_DTYPE_COUNT;
    assert_int_equal(backend->prepare(device, &dtype, NULL), FC_BAD_INPUT);
    fc_sample op = cases[0];
    op.kind = FC_SAMPLE_ELEMENTWISE;
    op.memory_op = FC_MEMORY_OP_COUNT;
    assert_int_equal(backend->prepare(device, &op, NULL), FC_BAD_INPUT);
}

static void test_backend__every_one_keeps_the_contract(void **state) {
    (void)state;
    for (uint32_t i = 0; fc_backend_name(i) != NULL; i++) {
        const fc_backend *backend = fc_backend_find(fc_backend_name(i));
        print_message("backend %s\n", backend->name);
        check_table(backend);
        void *device = opened(backend);
        check_info(backend, device);
        uint32_t answered = 0;
        for (uint32_t c = 0; c < cases_count; c++) {
            answered += check_case(backend, device, &cases[c]) ? 1U : 0U;
        }
        assert_true(answered >= 3);
        check_refusals(backend, device);
        /* A refusal leaves the device usable. */
        assert_true(check_case(backend, device, &cases[0]));
        backend->close(device);
    }
}

static void test_backend__every_one_opens_again(void **state) {
    (void)state;
    for (uint32_t i = 0; fc_backend_name(i) != NULL; i++) {
        const fc_backend *backend = fc_backend_find(fc_backend_name(i));
        for (int round = 0; round < 2; round++) {
            backend->close(opened(backend));
        }
        backend->close(NULL);
    }
}

static void test_backend__every_one_can_be_measured(void **state) {
    (void)state;
    for (uint32_t i = 0; fc_backend_name(i) != NULL; i++) {
        const fc_backend *backend = fc_backend_find(fc_backend_name(i));
        void *device = opened(backend);
        fc_sample sample = cases[0];
        fc_measure_options options = fc_measure_options_default();
        options.case_budget_s = 0.5;
        assert_int_equal(fc_measure_case(&sample, backend, device, &options, NULL), FC_OK);
        assert_true(sample.seconds >= sample.seconds_min && sample.seconds_min > 0.0);
        assert_true(sample.noise_frac >= 0.0 && isfinite(sample.noise_frac));
        backend->close(device);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend__every_one_keeps_the_contract),
        cmocka_unit_test(test_backend__every_one_opens_again),
        cmocka_unit_test(test_backend__every_one_can_be_measured),
    };
    return cmocka_run_group_tests(tests, make_cases, NULL);
}
