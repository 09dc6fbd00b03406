/* Timings taken while heat or the supply held a device back: on the null device, with states of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../bench/bench.h"
#include "flopcast/measure.h"

#include <string.h>

#define THERMAL (1U << FC_SLOWDOWN_THERMAL)
#define POWER_CAP (1U << FC_SLOWDOWN_POWER_CAP)

/* What the device tells from question `from` to question `until`, and at all others nothing is wrong. */
static struct {
    uint32_t slowdowns;
    uint32_t from;
    uint32_t until;
    uint32_t asked;
    uint32_t prepared;
    uint8_t told;
    uint8_t emulated;
} hot;

static fc_status hot_info(void *device, fc_device_info *out, fc_error *error) {
    FC_TRY(fc_backend_find("null")->info(device, out, error));
    hot.asked++;
    out->emulated = hot.emulated;
    out->now = (fc_device_state){.told = hot.told, .temperature_c = 40.0 + hot.asked};
    out->busy = (fc_device_state){.told = hot.told, .power_w = 100.0, .clock_hz = 1e9 - hot.asked};
    out->busy.slowdowns = hot.asked >= hot.from && hot.asked < hot.until ? hot.slowdowns : 0;
    return FC_OK;
}

static fc_status hot_prepare(void *device, fc_sample *sample, fc_error *error) {
    hot.prepared++;
    return fc_backend_find("null")->prepare(device, sample, error);
}

static void run(fc_bench_report *out, fc_arena *arena) {
    const fc_backend *null = fc_backend_find("null");
    fc_backend table = *null;
    table.info = hot_info;
    table.prepare = hot_prepare;
    fc_backend_options open = {.seed = 3};
    void *device = NULL;
    hot.asked = 0;
    hot.prepared = 0;
    assert_int_equal(null->open(&device, &open, NULL), FC_OK);
    fc_bench_options options = {
        .budget_s = 3.0, .begin_s = fc_measure_now_s(), .seed = 3, .dtypes = 1U << FC_DTYPE_FP32};
    assert_int_equal(fc_bench_run(out, arena, &table, device, &options, NULL), FC_OK);
    null->close(device);
}

static uint32_t count(const fc_calibration *calibration, uint32_t slowdown, uint8_t unstable) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        found += (sample->slowdowns & slowdown) == slowdown && sample->unstable == unstable;
    }
    return found;
}

static fc_arena *arena;
static int begin(void **state) {
    (void)state;
    memset(&hot, 0, sizeof hot);
    hot.told = 1;
    hot.emulated = 1;
    arena = fc_arena_create(0);
    return arena == NULL;
}
static int end(void **state) {
    (void)state;
    fc_arena_destroy(arena);
    return 0;
}

static void test_throttle__a_power_cap_spoils_nothing(void **state) {
    (void)state;
    hot.slowdowns = POWER_CAP;
    hot.until = UINT32_MAX;
    fc_bench_report report;
    run(&report, arena);
    const fc_calibration *calibration = &report.calibration;
    assert_int_equal(count(calibration, POWER_CAP, 0), calibration->samples_count);
    assert_int_equal(calibration->unstable, 0);
    assert_int_equal(calibration->during.slowdowns, POWER_CAP);
    assert_true(calibration->before.temperature_c == 41.0); /* the first question */
    assert_true(calibration->after.temperature_c == 40.0 + hot.asked);
    assert_true(calibration->during.power_w == 100.0 && calibration->during.clock_hz < 1e9 - 2.0);
}

static void test_throttle__a_spoiled_case_is_taken_again(void **state) {
    (void)state;
    fc_bench_report report;
    run(&report, arena);
    uint32_t prepared = hot.prepared;
    hot.slowdowns = THERMAL;
    hot.from = 5;
    hot.until = 7; /* two timings of one case */
    run(&report, arena);
    assert_int_equal(hot.prepared, prepared + 2);
    assert_int_equal(count(&report.calibration, THERMAL, 1), 0);
    assert_int_equal(report.calibration.unstable, 0);
    assert_int_equal(report.calibration.during.slowdowns, THERMAL);
}

static void test_throttle__what_stays_spoiled_is_unstable(void **state) {
    (void)state;
    static const fc_slowdown spoiling[] = {FC_SLOWDOWN_THERMAL, FC_SLOWDOWN_HARDWARE, FC_SLOWDOWN_HARDWARE_THERMAL,
                                           FC_SLOWDOWN_POWER_BRAKE};
    for (size_t i = 0; i < sizeof spoiling / sizeof spoiling[0]; i++) {
        hot.slowdowns = POWER_CAP | (1U << spoiling[i]);
        hot.until = UINT32_MAX;
        fc_bench_report report;
        run(&report, arena);
        assert_int_equal(count(&report.calibration, hot.slowdowns, 1), report.calibration.samples_count);
        assert_int_equal(report.calibration.unstable, 1);
    }
}

static void test_throttle__what_is_not_told_is_unknown(void **state) {
    (void)state;
    hot.told = 0;
    hot.slowdowns = THERMAL;
    hot.until = UINT32_MAX;
    fc_bench_report report;
    run(&report, arena);
    assert_int_equal(hot.asked, 1); /* it is not asked again */
    assert_int_equal(count(&report.calibration, 0, 0), report.calibration.samples_count);
    assert_int_equal(report.calibration.before.told + report.calibration.during.told + report.calibration.after.told,
                     0);
}

/* With a clock that runs, later visits mend what was spoiled in the first, and rests stay within the budget. */
static void test_throttle__a_later_visit_mends(void **state) {
    (void)state;
    hot.emulated = 0;
    hot.slowdowns = THERMAL;
    hot.from = 25;
    hot.until = 60;
    fc_bench_report report;
    run(&report, arena);
    assert_true(report.wall_s < 3.3);
    const fc_calibration *calibration = &report.calibration;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        if (calibration->samples[i].kind == FC_SAMPLE_MATMUL) {
            assert_int_equal(calibration->samples[i].slowdowns, 0);
            assert_int_equal(calibration->samples[i].unstable, 0);
        }
    }
}

static void test_throttle__a_state_is_widened(void **state) {
    (void)state;
    fc_device_state sum = {.told = 0};
    const fc_device_state none = {.told = 0, .power_w = 900.0, .slowdowns = THERMAL};
    const fc_device_state first = {.told = 1, .power_w = 300.0, .clock_hz = 2e9, .temperature_c = 50.0};
    const fc_device_state second = {.told = 1, .power_w = 200.0, .clock_hz = 1e9, .slowdowns = POWER_CAP};
    fc_device_state_add(&sum, &none);
    assert_int_equal(sum.told, 0);
    fc_device_state_add(&sum, &first);
    fc_device_state_add(&sum, &second);
    assert_true(sum.power_w == 300.0 && sum.clock_hz == 1e9 && sum.temperature_c == 50.0);
    assert_true(sum.memory_clock_hz == 0.0); /* nobody told */
    assert_int_equal(sum.slowdowns, POWER_CAP);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_throttle__a_power_cap_spoils_nothing),
        TEST(test_throttle__a_spoiled_case_is_taken_again),
        TEST(test_throttle__what_stays_spoiled_is_unstable),
        TEST(test_throttle__what_is_not_told_is_unknown),
        TEST(test_throttle__a_later_visit_mends),
        TEST(test_throttle__a_state_is_widened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
