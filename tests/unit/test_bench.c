/* One measurement as a whole, on the null device and on one that takes real time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../bench/bench.h"
#include "../../bench/shapes.h"
#include "flopcast/measure.h"

#include <string.h>
#include <time.h>

#define TWO_DTYPES ((1U << FC_DTYPE_FP32) | (1U << FC_DTYPE_FP64))

static void run_null(fc_bench_report *out, fc_arena *arena, uint64_t seed, uint32_t dtypes) {
    const fc_backend *backend = fc_backend_find("null");
    fc_backend_options open = {.seed = seed};
    void *device = NULL;
    assert_int_equal(backend->open(&device, &open, NULL), FC_OK);
    fc_bench_options options = {.budget_s = 1.0, .begin_s = fc_measure_now_s() - 100.0, .seed = seed, .dtypes = dtypes};
    assert_int_equal(fc_bench_run(out, arena, backend, device, &options, NULL), FC_OK);
    backend->close(device);
}

static uint32_t heldout_of(const fc_calibration *calibration, uint32_t dtype) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        count += sample->kind == FC_SAMPLE_MATMUL && sample->dtype == dtype && sample->heldout;
    }
    return count;
}

/* An emulated device takes no time, so a budget that ran out long ago changes nothing. */
static void test_bench__null_gets_every_shape(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_bench_report report;
    run_null(&report, arena, 5, TWO_DTYPES);
    fc_sample shapes[FC_BENCH_MOST_SHAPES];
    uint32_t of_fp32 = fc_bench_shapes(shapes, FC_DTYPE_FP32);
    uint32_t of_fp64 = fc_bench_shapes(shapes, FC_DTYPE_FP64);
    assert_true(of_fp64 >= 20 && of_fp32 > 2 * of_fp64);
    assert_int_equal(report.calibration.samples_count,
                     of_fp32 + of_fp64 + 3 + 14); /* triad, copy, launch; 2 ceilings, 3 of memory, 9 elementwise */
    assert_true(report.calibration.method.drift_frac == 0.0 && report.calibration.method.reference_start_s > 0.0);
    assert_int_equal(report.unlimited_count, 0);
    assert_int_equal(report.dropped_count, 0);
    assert_int_equal(report.calibration.unstable, 0);
    assert_int_equal(report.calibration.device.emulated, 1);
    /* 15 % of the shapes of each dtype. */
    uint32_t wanted_fp32 = (uint32_t)(0.15 * of_fp32 + 0.5);
    uint32_t wanted_fp64 = (uint32_t)(0.15 * of_fp64 + 0.5);
    assert_int_equal(heldout_of(&report.calibration, FC_DTYPE_FP32), wanted_fp32);
    assert_int_equal(heldout_of(&report.calibration, FC_DTYPE_FP64), wanted_fp64);
    assert_int_equal(report.calibration.fit.heldout_count, wanted_fp32 + wanted_fp64);
    /* The null device is the fit's own formula without ramps. */
    assert_true(report.calibration.fit.heldout_median_abs_error_frac < 0.002);
    assert_true(report.calibration.taken_at[0] == '2');
    fc_arena_destroy(arena);
}

static void test_bench__seed_alone_draws_the_heldout(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_bench_report first;
    fc_bench_report same;
    fc_bench_report other;
    run_null(&first, arena, 5, TWO_DTYPES);
    run_null(&same, arena, 5, TWO_DTYPES);
    run_null(&other, arena, 6, TWO_DTYPES);
    uint32_t moved = 0;
    for (uint32_t i = 0; i < first.calibration.samples_count; i++) {
        assert_memory_equal(&first.calibration.samples[i], &same.calibration.samples[i], sizeof(fc_sample));
        moved += first.calibration.samples[i].heldout != other.calibration.samples[i].heldout;
    }
    assert_memory_equal(&first.calibration.fit, &same.calibration.fit, sizeof first.calibration.fit);
    assert_true(moved > 0);
    fc_arena_destroy(arena);
}

static void test_bench__replay_repeats_a_recording(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_bench_report recorded;
    run_null(&recorded, arena, 5, TWO_DTYPES);
    const fc_backend *backend = fc_backend_find("replay");
    fc_backend_options open = {.replay = &recorded.calibration};
    void *device = NULL;
    assert_int_equal(backend->open(&device, &open, NULL), FC_OK);
    fc_bench_options options = {
        .budget_s = 1.0, .begin_s = fc_measure_now_s(), .dtypes = TWO_DTYPES, .replay = &recorded.calibration};
    fc_bench_report replayed;
    assert_int_equal(fc_bench_run(&replayed, arena, backend, device, &options, NULL), FC_OK);
    assert_int_equal(replayed.calibration.samples_count, recorded.calibration.samples_count);
    for (uint32_t i = 0; i < recorded.calibration.samples_count; i++) {
        assert_true(replayed.calibration.samples[i].seconds == recorded.calibration.samples[i].seconds);
        assert_int_equal(replayed.calibration.samples[i].heldout, recorded.calibration.samples[i].heldout);
    }
    assert_memory_equal(&replayed.calibration.fit, &recorded.calibration.fit, sizeof replayed.calibration.fit);
    assert_string_equal(replayed.calibration.taken_at, recorded.calibration.taken_at);
    backend->close(device);
    fc_arena_destroy(arena);
}

/* A device that sleeps for its time: 10 GFLOP/s, fp32 alone, with room for m·n·k up to 2^31. */
static double nap_call_s;

static fc_status nap_info(void *device, fc_device_info *out, fc_error *error) {
    (void)device;
    (void)error;
    memset(out, 0, sizeof *out);
    return FC_OK;
}

static fc_status nap_prepare(void *device, fc_sample *sample, fc_error *error) {
    (void)device;
    if (sample->kind == FC_SAMPLE_MEMORY) {
        sample->bytes = 1e8;
        nap_call_s = 0.01;
        return FC_OK;
    }
    if (sample->kind != FC_SAMPLE_MATMUL || sample->dtype != FC_DTYPE_FP32) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "naps are fp32 matmuls");
    }
    if (fc_bench_flop(sample) > 4294967296.0) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "too long a nap");
    }
    nap_call_s = 1e-5 + fc_bench_flop(sample) / 1e10;
    return FC_OK;
}

static fc_status nap_run(void *device, uint32_t calls, double *out_seconds, fc_error *error) {
    (void)device;
    (void)error;
    double begin_s = fc_measure_now_s();
    double total_s = (double)calls * nap_call_s;
    struct timespec nap = {.tv_sec = (time_t)total_s};
    nap.tv_nsec = (long)(1e9 * (total_s - (double)nap.tv_sec));
    (void)nanosleep(&nap, NULL);
    *out_seconds = fc_measure_now_s() - begin_s;
    return FC_OK;
}

static const fc_backend napping = {
    .abi = FC_BACKEND_ABI, .name = "nap", .info = nap_info, .prepare = nap_prepare, .run = nap_run};

static void test_bench__keeps_the_budget(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    const double budgets_s[] = {1.0, 3.0};
    uint32_t samples_count[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        fc_bench_options options = {
            .budget_s = budgets_s[i], .begin_s = fc_measure_now_s(), .seed = 1, .dtypes = TWO_DTYPES};
        fc_bench_report report;
        assert_int_equal(fc_bench_run(&report, arena, &napping, NULL, &options, NULL), FC_OK);
        double wall_s = fc_measure_now_s() - options.begin_s;
        assert_true(wall_s < 1.1 * budgets_s[i]);
        assert_true(report.dropped_count > 0);
        assert_non_null(strstr(report.refused[FC_DTYPE_FP64], "fp32"));
        samples_count[i] = report.calibration.samples_count;
    }
    assert_true(samples_count[1] > samples_count[0]);
    fc_arena_destroy(arena);
}

/* However late it is, each dtype gets the smallest shapes that a fit needs. */
static void test_bench__always_measures_enough_for_a_fit(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_bench_options options = {
        .budget_s = 1.0, .begin_s = fc_measure_now_s() - 50.0, .seed = 1, .dtypes = 1U << FC_DTYPE_FP32};
    fc_bench_report report;
    assert_int_equal(fc_bench_run(&report, arena, &napping, NULL, &options, NULL), FC_OK);
    assert_int_equal(report.calibration.samples_count, 8 + 2);
    assert_true(report.wall_s < 52.0);
    fc_arena_destroy(arena);
}

static void test_bench__refuses_when_nothing_answers(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_bench_options options = {
        .budget_s = 1.0, .begin_s = fc_measure_now_s(), .seed = 1, .dtypes = 1U << FC_DTYPE_INT8};
    fc_bench_report report;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_bench_run(&report, arena, &napping, NULL, &options, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "naps are fp32 matmuls"));
    fc_arena_destroy(arena);
}

static void test_bench__shapes_rise_and_differ(void **state) {
    (void)state;
    fc_sample shapes[FC_BENCH_MOST_SHAPES];
    uint32_t count = fc_bench_shapes(shapes, FC_DTYPE_BF16);
    assert_true(count >= 20);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(shapes[i].dtype, FC_DTYPE_BF16);
        for (uint32_t j = 0; j < i; j++) {
            assert_true(fc_bench_flop(&shapes[j]) <= fc_bench_flop(&shapes[i]));
            assert_false(shapes[i].m == shapes[j].m && shapes[i].n == shapes[j].n && shapes[i].k == shapes[j].k &&
                         shapes[i].layout == shapes[j].layout);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bench__null_gets_every_shape),
        cmocka_unit_test(test_bench__seed_alone_draws_the_heldout),
        cmocka_unit_test(test_bench__replay_repeats_a_recording),
        cmocka_unit_test(test_bench__keeps_the_budget),
        cmocka_unit_test(test_bench__always_measures_enough_for_a_fit),
        cmocka_unit_test(test_bench__refuses_when_nothing_answers),
        cmocka_unit_test(test_bench__shapes_rise_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
