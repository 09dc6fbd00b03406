/* The fit on samples whose curve is known, and the chip that it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../bench/shapes.h"
#include "flopcast/calibration.h"

#include <math.h>
#include <string.h>

typedef struct truth {
    double peak_flop_per_s;
    double m_half;
    double n_half;
    double k_half;
    double launch_s;
} truth;

static double true_s(const truth *t, const fc_sample *s) {
    double m = s->m;
    double n = s->n;
    double k = s->k;
    return t->launch_s +
           2.0 * m * n * k / t->peak_flop_per_s * (1.0 + t->m_half / m) * (1.0 + t->n_half / n) * (1.0 + t->k_half / k);
}

/* The shapes of bench with the times of a known curve, times 1 ± noise in turn. */
static uint32_t make_samples(fc_sample *out, const truth *t, fc_dtype dtype, double noise) {
    uint32_t count = fc_bench_shapes(out, dtype);
    for (uint32_t i = 0; i < count; i++) {
        out[i].seconds = true_s(t, &out[i]) * (1.0 + (i % 2 == 0 ? noise : -noise));
        out[i].heldout = i % 7 == 3;
        out[i].residency = FC_RESIDENCY_MEMORY;
    }
    return count;
}

static const truth known = {.peak_flop_per_s = 2e11, .m_half = 20.0, .n_half = 35.0, .k_half = 60.0, .launch_s = 5e-6};

static void test_calibration__recovers_a_known_curve(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    fc_fit fit;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_fit(&fit, samples, count, &error), FC_OK);
    const fc_fit_dtype *fitted = &fit.dtype[FC_DTYPE_FP32];
    assert_true(fabs(fitted->peak_flop_per_s / known.peak_flop_per_s - 1.0) < 1e-3);
    assert_true(fabs(fitted->curve.m_half / known.m_half - 1.0) < 1e-2);
    assert_true(fabs(fitted->curve.n_half / known.n_half - 1.0) < 1e-2);
    assert_true(fabs(fitted->curve.k_half / known.k_half - 1.0) < 1e-2);
    assert_true(fabs(fitted->launch_s / known.launch_s - 1.0) < 1e-1);
    assert_true(fitted->curve.eff_frac == 1.0);
    assert_true(fitted->heldout_count > 0);
    assert_true(fitted->heldout_median_abs_error_frac < 1e-3);
    assert_int_equal(fitted->samples_count + fitted->heldout_count, count);
    assert_true(fit.dtype[FC_DTYPE_BF16].peak_flop_per_s == 0.0);
    assert_true(fit.memory_bytes_per_s == 0.0);
}

static void test_calibration__stays_near_under_noise(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP64, 0.05);
    fc_fit fit;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_fit(&fit, samples, count, &error), FC_OK);
    assert_true(fabs(fit.dtype[FC_DTYPE_FP64].peak_flop_per_s / known.peak_flop_per_s - 1.0) < 0.06);
    assert_true(fit.dtype[FC_DTYPE_FP64].heldout_median_abs_error_frac < 0.10);
    assert_true(fit.dtype[FC_DTYPE_FP64].heldout_median_abs_error_frac > 0.01);
}

static void test_calibration__never_looks_at_heldout_samples(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    fc_fit honest;
    fc_fit fooled;
    assert_int_equal(fc_calibration_fit(&honest, samples, count, NULL), FC_OK);
    for (uint32_t i = 0; i < count; i++) {
        samples[i].seconds *= samples[i].heldout ? 2.0 : 1.0;
    }
    assert_int_equal(fc_calibration_fit(&fooled, samples, count, NULL), FC_OK);
    const fc_fit_dtype *a = &honest.dtype[FC_DTYPE_FP32];
    const fc_fit_dtype *b = &fooled.dtype[FC_DTYPE_FP32];
    assert_memory_equal(&a->curve, &b->curve, sizeof a->curve);
    assert_true(a->peak_flop_per_s == b->peak_flop_per_s);
    assert_true(fabs(b->heldout_median_abs_error_frac - 0.5) < 1e-3); /* half of what was "measured" */
}

static void test_calibration__is_the_same_every_time(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.07);
    fc_fit first;
    fc_fit second;
    assert_int_equal(fc_calibration_fit(&first, samples, count, NULL), FC_OK);
    assert_int_equal(fc_calibration_fit(&second, samples, count, NULL), FC_OK);
    assert_memory_equal(&first, &second, sizeof first);
}

static void test_calibration__bounds_by_memory(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES + 1];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    memset(&samples[count], 0, sizeof samples[count]);
    samples[count].kind = FC_SAMPLE_MEMORY;
    samples[count].memory_op = FC_MEMORY_OP_TRIAD;
    samples[count].bytes = 3e9;
    samples[count].seconds = 3.0;
    for (uint32_t i = 0; i < count; i++) { /* a device that is bound by memory where that is slower */
        double m = samples[i].m;
        double n = samples[i].n;
        double k = samples[i].k;
        double memory_s = 4.0 * (m * k + n * k + m * n) / 1e9;
        samples[i].seconds = fmax(samples[i].seconds, known.launch_s + memory_s);
    }
    fc_fit fit;
    assert_int_equal(fc_calibration_fit(&fit, samples, count + 1, NULL), FC_OK);
    assert_true(fit.memory_bytes_per_s == 1e9);
    assert_true(fit.heldout_median_abs_error_frac < 0.02);
    double vector_s = fc_calibration_matmul_s(&fit, FC_DTYPE_FP32, 1.0, 8192.0, 8192.0);
    assert_true(vector_s >= 4.0 * 8192.0 * 8192.0 / 1e9);
    assert_true(fc_calibration_matmul_s(&fit, FC_DTYPE_FP16, 64.0, 64.0, 64.0) == 0.0);
}

static void test_calibration__needs_samples(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    (void)make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    fc_fit fit;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_fit(&fit, samples, 4, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "samples"));
    assert_int_equal(fc_calibration_fit(&fit, samples, 0, NULL), FC_BAD_INPUT);
}

static void test_calibration__survives_absurd_samples(void **state) {
    (void)state;
    fc_sample samples[16];
    memset(samples, 0, sizeof samples);
    for (uint32_t i = 0; i < 16; i++) {
        samples[i].dtype = FC_DTYPE_FP8;
        samples[i].m = i % 2 == 0 ? 1 : UINT32_MAX;
        samples[i].n = i % 3 == 0 ? 1 : UINT32_MAX;
        samples[i].k = i % 5 == 0 ? 1 : UINT32_MAX;
        samples[i].batch = UINT32_MAX;
        samples[i].seconds = i % 4 == 0 ? 1e-12 : 1e7;
        samples[i].heldout = i == 15;
    }
    fc_fit fit;
    assert_int_equal(fc_calibration_fit(&fit, samples, 16, NULL), FC_OK);
    const fc_fit_dtype *fitted = &fit.dtype[FC_DTYPE_FP8];
    assert_true(isfinite(fitted->peak_flop_per_s) && fitted->peak_flop_per_s > 0.0);
    assert_true(isfinite(fitted->curve.m_half) && isfinite(fitted->launch_s));
    assert_true(isfinite(fitted->heldout_median_abs_error_frac));
}

static void make_calibration(fc_calibration *out) {
    memset(out, 0, sizeof *out);
    (void)strcpy(out->device.name, "test processor");
    (void)strcpy(out->device.backend, "openblas");
    out->device.memory_bytes = 16e9;
    out->device.cores_count = 4.0;
    out->fit.dtype[FC_DTYPE_FP32].peak_flop_per_s = 1e11;
    out->fit.dtype[FC_DTYPE_FP32].curve =
        (fc_matmul_curve){.eff_frac = 1.0, .m_half = 8.0, .n_half = 16.0, .k_half = 64.0};
    out->fit.dtype[FC_DTYPE_FP32].launch_s = 3e-6;
    out->fit.memory_bytes_per_s = 2e10;
}

static void test_calibration__makes_the_chip_local(void **state) {
    (void)state;
    fc_calibration calibration;
    make_calibration(&calibration);
    fc_chip chip;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_chip(&chip, &calibration, &error), FC_OK);
    assert_int_equal(fc_chip_check(&chip, &error), FC_OK);
    assert_string_equal(chip.name, "local");
    assert_string_equal(chip.family, "cpu");
    assert_true(chip.peak_flop_per_s[FC_DTYPE_FP32] == 1e11);
    assert_true(chip.peak_flop_per_s[FC_DTYPE_BF16] == 0.0);
    assert_true(chip.matmul[FC_DTYPE_FP32].eff_frac == 1.0);
    assert_true(chip.memory_bytes == 16e9 && chip.memory_bytes_per_s == 2e10 && chip.memory_eff_frac == 1.0);
    assert_true(chip.launch_s == 3e-6);
    assert_int_equal(chip.scaleup_domain_count, 1);
    assert_true(chip.tdp_w == 0.0 && chip.it_power_w == 0.0);
    /* Scores at k = 64: r = 1/(1+8/1024)/(1+16/1024)/(1+64/64); values at n = 64: 1/(1+8/1024)/(1+16/64)/(1+64/1024). */
    double scores = 1.0 / (1.0 + 8.0 / 1024.0) / (1.0 + 16.0 / 1024.0) / 2.0;
    double values = 1.0 / (1.0 + 8.0 / 1024.0) / 1.25 / (1.0 + 64.0 / 1024.0);
    assert_true(fabs(chip.attention_eff_frac - 2.0 / (1.0 / scores + 1.0 / values)) < 1e-12);
}

static void test_calibration__takes_measured_launches(void **state) {
    (void)state;
    fc_calibration calibration;
    make_calibration(&calibration);
    fc_sample launch = {.kind = FC_SAMPLE_LAUNCH, .seconds = 7e-6};
    calibration.samples = &launch;
    calibration.samples_count = 1;
    (void)strcpy(calibration.device.name, "NVIDIA test card");
    (void)strcpy(calibration.device.backend, "replay");
    fc_chip chip;
    assert_int_equal(fc_calibration_chip(&chip, &calibration, NULL), FC_OK);
    assert_true(chip.launch_s == 7e-6);
    assert_string_equal(chip.family, "nvidia");
}

static void test_calibration__names_what_the_chip_lacks(void **state) {
    (void)state;
    fc_calibration calibration;
    make_calibration(&calibration);
    calibration.fit.memory_bytes_per_s = 0.0;
    fc_chip chip;
    fc_error error = {.status = FC_OK};
    /* An imported table of matmuls has no memory rate: the study may state it, so it is the doors' to refuse. */
    assert_int_equal(fc_calibration_chip(&chip, &calibration, &error), FC_OK);
    assert_true(chip.memory_bytes_per_s == 0.0);
    make_calibration(&calibration);
    calibration.fit.dtype[FC_DTYPE_FP32].peak_flop_per_s = 0.0;
    error.status = FC_OK;
    assert_int_equal(fc_calibration_chip(&chip, &calibration, &error), FC_BAD_INPUT);
}

/* Input gradients at 0.9 of the forward rate and weight gradients at 0.8 come back as such. */
static void test_calibration__tells_layouts_apart(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    static const double frac[FC_LAYOUT_COUNT] = {1.0, 0.9, 0.8};
    for (uint32_t i = 0; i < count; i++) {
        samples[i].seconds = known.launch_s + (samples[i].seconds - known.launch_s) / frac[samples[i].layout];
    }
    fc_fit fit;
    assert_int_equal(fc_calibration_fit(&fit, samples, count, NULL), FC_OK);
    const fc_matmul_curve *curve = &fit.dtype[FC_DTYPE_FP32].curve;
    assert_true(fabs(curve->nn_rate_frac / 0.9 - 1.0) < 1e-2);
    assert_true(fabs(curve->tn_rate_frac / 0.8 - 1.0) < 1e-2);
    assert_true(fit.heldout_p90_abs_error_frac < 1e-2);
}

/* One thread of four: a curve of its own, which its own samples alone shape. */
static void test_calibration__fits_one_thread_apart(void **state) {
    (void)state;
    fc_sample samples[2 * FC_BENCH_MOST_SHAPES];
    uint32_t all = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    for (uint32_t i = 0; i < all; i++) {
        samples[i].threads = 4;
    }
    truth slow = known;
    slow.peak_flop_per_s = 6e10;
    uint32_t ones = fc_bench_one_thread_shapes(samples + all, FC_DTYPE_FP32);
    assert_true(ones >= 20);
    for (uint32_t i = all; i < all + ones; i++) {
        assert_int_equal(samples[i].threads, 1);
        samples[i].seconds = true_s(&slow, &samples[i]);
        samples[i].residency = FC_RESIDENCY_MEMORY;
    }
    fc_fit fit;
    assert_int_equal(fc_calibration_fit(&fit, samples, all + ones, NULL), FC_OK);
    assert_int_equal(fit.threads, 4);
    assert_true(fabs(fit.dtype[FC_DTYPE_FP32].peak_flop_per_s / 2e11 - 1.0) < 1e-2);
    assert_true(fabs(fit.one_thread[FC_DTYPE_FP32].peak_flop_per_s / 6e10 - 1.0) < 1e-2);
    fc_fit_filter attention = {FC_DTYPE_FP32, FC_SHAPE_ATTENTION, 1, 0};
    fc_fit_error error = fc_calibration_error(&fit, samples, all + ones, &attention);
    assert_true(error.count >= 5 && error.p90_abs_error_frac < 1e-2);
    attention.threads = 2;
    assert_true(fc_calibration_error(&fit, samples, all + ones, &attention).count > error.count);
}

/* One timing in ten three times too long: least squares alone would move the ceiling by far more. */
static void test_calibration__bears_disturbed_timings(void **state) {
    (void)state;
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count = make_samples(samples, &known, FC_DTYPE_FP32, 0.0);
    for (uint32_t i = 0; i < count; i += 10) {
        samples[i].seconds *= 3.0;
    }
    fc_fit fit;
    assert_int_equal(fc_calibration_fit(&fit, samples, count, NULL), FC_OK);
    assert_true(fabs(fit.dtype[FC_DTYPE_FP32].peak_flop_per_s / known.peak_flop_per_s - 1.0) < 0.05);
}

/* What a processor was measured at reaches the chip: pages, passes, one thread's share of the peak. */
static void test_calibration__hands_on_a_processor(void **state) {
    (void)state;
    fc_calibration calibration;
    make_calibration(&calibration);
    fc_sample samples[] = {
        {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_FIRST_TOUCH, .threads = 2, .bytes = 4e8, .seconds = 1.0},
        {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_FIRST_TOUCH, .threads = 1, .bytes = 1e8, .seconds = 1.0},
        {.kind = FC_SAMPLE_ELEMENTWISE, .memory_op = FC_MEMORY_OP_GELU, .bytes = 3e9, .seconds = 0.1},
        {.kind = FC_SAMPLE_ELEMENTWISE, .memory_op = FC_MEMORY_OP_GELU, .threads = 1, .bytes = 2e9, .seconds = 0.1},
        {.kind = FC_SAMPLE_ELEMENTWISE, .memory_op = FC_MEMORY_OP_ADAM, .bytes = 9e9, .seconds = 0.1},
        /* two threads at 1.8 times one thread's multiply-adds: each keeps 0.9 of its rate */
        {.kind = FC_SAMPLE_CEILING,
         .dtype = FC_DTYPE_FP32,
         .threads = 2,
         .batch = 2,
         .m = 384,
         .n = 384,
         .k = 384,
         .seconds = 1.0},
        {.kind = FC_SAMPLE_CEILING,
         .dtype = FC_DTYPE_FP32,
         .threads = 1,
         .batch = 1,
         .m = 384,
         .n = 384,
         .k = 384,
         .seconds = 0.9}};
    calibration.samples = samples;
    calibration.samples_count = sizeof samples / sizeof samples[0];
    calibration.device.threads = 2;
    calibration.fit.threads = 2;
    calibration.fit.one_thread[FC_DTYPE_FP32] = calibration.fit.dtype[FC_DTYPE_FP32];
    calibration.fit.one_thread[FC_DTYPE_FP32].peak_flop_per_s = 6e10;
    fc_chip chip;
    assert_int_equal(fc_calibration_chip(&chip, &calibration, NULL), FC_OK);
    assert_true(chip.threads_count == 2.0);
    assert_true(chip.first_touch_bytes_per_s == 4e8);
    assert_true(chip.one_thread_touch_bytes_per_s == 1e8);
    assert_true(fabs(chip.pass_bytes_per_s[FC_PASS_GELU] - 3e10) < 1.0);
    assert_true(fabs(chip.one_thread_pass_bytes_per_s[FC_PASS_GELU] - 2e10) < 1.0);
    assert_true(chip.one_thread_pass_bytes_per_s[FC_PASS_NORM] == 0.0);
    assert_true(chip.pass_bytes_per_s[FC_PASS_OPTIMIZER] == 2e10); /* no faster than memory, however small the case */
    assert_true(chip.pass_bytes_per_s[FC_PASS_NORM] == 0.0);
    assert_true(fabs(chip.one_thread[FC_DTYPE_FP32].eff_frac - 0.6 * 0.9) < 1e-12);
    assert_true(chip.matmul[FC_DTYPE_FP32].launch_s == 3e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibration__recovers_a_known_curve),
        cmocka_unit_test(test_calibration__stays_near_under_noise),
        cmocka_unit_test(test_calibration__never_looks_at_heldout_samples),
        cmocka_unit_test(test_calibration__is_the_same_every_time),
        cmocka_unit_test(test_calibration__bounds_by_memory),
        cmocka_unit_test(test_calibration__needs_samples),
        cmocka_unit_test(test_calibration__survives_absurd_samples),
        cmocka_unit_test(test_calibration__makes_the_chip_local),
        cmocka_unit_test(test_calibration__takes_measured_launches),
        cmocka_unit_test(test_calibration__names_what_the_chip_lacks),
        cmocka_unit_test(test_calibration__tells_layouts_apart),
        cmocka_unit_test(test_calibration__fits_one_thread_apart),
        cmocka_unit_test(test_calibration__bears_disturbed_timings),
        cmocka_unit_test(test_calibration__hands_on_a_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
