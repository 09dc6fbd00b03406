/* The timing loop on scripted devices: what it makes of known batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flopcast/measure.h"

#include <math.h>
#include <string.h>

/* A device that answers from a list of seconds a call, the last one over and over. */
typedef struct script {
    double call_s[64];
    uint32_t count;
    uint32_t runs_count;
    uint32_t prepares_count;
    double calls_total;
    fc_status refusal; /* of prepare */
    double override_s; /* answer of run whatever the calls; NaN: off */
} script;

static fc_status script_prepare(void *device, fc_sample *sample, fc_error *error) {
    script *s = device;
    s->prepares_count++;
    sample->bytes = 42.0;
    return s->refusal == FC_OK ? FC_OK : fc_error_set(error, s->refusal, NULL, 0, 0, "the script refuses");
}

static fc_status script_run(void *device, uint32_t calls, double *out_seconds, fc_error *error) {
    (void)error;
    script *s = device;
    uint32_t at = s->runs_count < s->count ? s->runs_count : s->count - 1;
    s->runs_count++;
    s->calls_total += calls;
    *out_seconds = isnan(s->override_s) ? (double)calls * s->call_s[at] : s->override_s;
    return FC_OK;
}

static const fc_backend scripted = {
    .abi = FC_BACKEND_ABI, .name = "script", .prepare = script_prepare, .run = script_run};

static script steady(double call_s) {
    script s;
    memset(&s, 0, sizeof s);
    s.call_s[0] = call_s;
    s.count = 1;
    s.override_s = NAN;
    return s;
}

static fc_sample measured(script *s, const fc_measure_options *options) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_measure_case(&sample, &scripted, s, options, &error), FC_OK);
    return sample;
}

static void test_measure__takes_the_time_of_one_call(void **state) {
    (void)state;
    script s = steady(0.25e-6);
    fc_measure_options options = fc_measure_options_default();
    fc_sample sample = measured(&s, &options);
    assert_true(fabs(sample.seconds / 0.25e-6 - 1.0) < 1e-9);
    assert_true(fabs(sample.seconds_min / 0.25e-6 - 1.0) < 1e-9);
    assert_int_equal(sample.unstable, 0);
    assert_int_equal(sample.repeats, options.least_repeats);
    assert_int_equal(s.prepares_count, 1);
    assert_true(sample.bytes == 42.0);
}

static void test_measure__groups_short_calls_into_batches(void **state) {
    (void)state;
    script s = steady(1e-6);
    fc_measure_options options = fc_measure_options_default();
    fc_sample sample = measured(&s, &options);
    /* least_batch_s of 1 ms is 1000 calls of 1 us in each repeat. */
    assert_true(s.calls_total >= 1000.0 * sample.repeats);
    assert_true(s.calls_total < 2000.0 * (sample.repeats + 4));
}

static void test_measure__leaves_the_first_call_out(void **state) {
    (void)state;
    script s = steady(1.0);
    s.call_s[0] = 30.0; /* page faults, a library that sets itself up */
    s.call_s[1] = 1.0;
    s.count = 2;
    fc_measure_options options = fc_measure_options_default();
    options.case_budget_s = 100.0;
    fc_sample sample = measured(&s, &options);
    assert_true(sample.seconds == 1.0);
    assert_true(sample.seconds_min == 1.0);
}

static void test_measure__reports_median_and_middle_spread(void **state) {
    (void)state;
    /* Warm-up, then five timings with an outlier: median 2, quartiles 1.9 and 2.1. */
    const double times_s[] = {2.0, 1.8, 1.9, 2.0, 2.1, 9.0};
    script s = steady(0.0);
    memcpy(s.call_s, times_s, sizeof times_s);
    s.count = 6;
    fc_measure_options options = {.case_budget_s = 1e9,
                                  .aim_noise_frac = 0.1000001,
                                  .least_batch_s = 1e-3,
                                  .least_repeats = 5,
                                  .most_repeats = 5};
    fc_sample sample = measured(&s, &options);
    assert_true(fabs(sample.seconds - 2.0) < 1e-12);
    assert_true(fabs(sample.seconds_min - 1.8) < 1e-12);
    assert_true(fabs(sample.noise_frac - 0.1) < 1e-9);
    assert_int_equal(sample.unstable, 0);
    options.aim_noise_frac = 0.0999;
    s.runs_count = 0;
    assert_int_equal(measured(&s, &options).unstable, 1);
}

static void test_measure__stops_at_the_budget_and_says_unstable(void **state) {
    (void)state;
    script s = steady(0.0);
    for (uint32_t i = 0; i < 64; i++) {
        s.call_s[i] = i % 2 == 0 ? 1.0 : 3.0;
    }
    s.count = 64;
    fc_measure_options options = fc_measure_options_default();
    options.case_budget_s = 12.0;
    fc_sample sample = measured(&s, &options);
    assert_int_equal(sample.unstable, 1);
    assert_in_range(s.runs_count, 4, 8); /* 12 s of calls of 2 s in the mean, the warm-up among them */
}

static void test_measure__never_stops_before_three_timings(void **state) {
    (void)state;
    script s = steady(5.0);
    fc_measure_options options = fc_measure_options_default();
    options.case_budget_s = 0.001;
    fc_sample sample = measured(&s, &options);
    assert_int_equal(sample.repeats, 3);
    assert_int_equal(sample.unstable, 1);
}

static void test_measure__passes_refusals_on(void **state) {
    (void)state;
    script s = steady(1.0);
    s.refusal = FC_BAD_INPUT;
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    fc_error error = {.status = FC_OK};
    fc_measure_options options = fc_measure_options_default();
    assert_int_equal(fc_measure_case(&sample, &scripted, &s, &options, &error), FC_BAD_INPUT);
    assert_string_equal(error.text, "the script refuses");
    assert_int_equal(s.runs_count, 0);
}

static void test_measure__refuses_a_broken_clock(void **state) {
    (void)state;
    const double broken_s[] = {0.0, -1.0, INFINITY};
    for (size_t i = 0; i < sizeof broken_s / sizeof broken_s[0]; i++) {
        script s = steady(1.0);
        s.override_s = broken_s[i];
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        fc_error error = {.status = FC_OK};
        fc_measure_options options = fc_measure_options_default();
        assert_int_equal(fc_measure_case(&sample, &scripted, &s, &options, &error), FC_FAILED);
        assert_true(error.text[0] != '\0');
    }
}

static void test_measure__refuses_senseless_options(void **state) {
    (void)state;
    fc_measure_options bad[4];
    for (size_t i = 0; i < 4; i++) {
        bad[i] = fc_measure_options_default();
    }
    bad[0].case_budget_s = 0.0;
    bad[1].least_repeats = 0;
    bad[2].most_repeats = bad[2].least_repeats - 1;
    bad[3].aim_noise_frac = NAN;
    for (size_t i = 0; i < 4; i++) {
        script s = steady(1.0);
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        fc_error error = {.status = FC_OK};
        assert_int_equal(fc_measure_case(&sample, &scripted, &s, &bad[i], &error), FC_BAD_INPUT);
        assert_int_equal(s.runs_count, 0);
    }
}

static void test_measure__clock_moves_forward(void **state) {
    (void)state;
    double before_s = fc_measure_now_s();
    for (volatile int i = 0; i < 100000; i++) {
    }
    assert_true(fc_measure_now_s() > before_s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measure__takes_the_time_of_one_call),
        cmocka_unit_test(test_measure__groups_short_calls_into_batches),
        cmocka_unit_test(test_measure__leaves_the_first_call_out),
        cmocka_unit_test(test_measure__reports_median_and_middle_spread),
        cmocka_unit_test(test_measure__stops_at_the_budget_and_says_unstable),
        cmocka_unit_test(test_measure__never_stops_before_three_timings),
        cmocka_unit_test(test_measure__passes_refusals_on),
        cmocka_unit_test(test_measure__refuses_a_broken_clock),
        cmocka_unit_test(test_measure__refuses_senseless_options),
        cmocka_unit_test(test_measure__clock_moves_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
