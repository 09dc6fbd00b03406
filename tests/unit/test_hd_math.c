/* The referee is MPFR: directly where it is installed (FC_HAVE_MPFR), and always through tests/hd/math.csv, which it
 * wrote. FC_TEST_SAMPLES=1000000 tries more arguments than the usual 100000 a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../hd/samples.h"
#ifdef FC_HAVE_MPFR
#include "../hd/referee.h"
#endif

#ifndef FC_TESTS_FOLDER
#define FC_TESTS_FOLDER "tests"
#endif

/* Results of all functions at their first 20000 samples. It may change only with the algorithms, never with the
 * compiler, its options or the processor. */
#define GOLDEN_SAMPLES 20000
#define GOLDEN_HASH UINT64_C(0x7BD5D7DBCB52C10B)

/* -0 and +0 are told apart, NaNs are not. */
static int same(double a, double b) { return (fc_hd_is_nan(a) && fc_hd_is_nan(b)) || fc_hd_bits(a) == fc_hd_bits(b); }

static void assert_same(double got, double expected) {
    if (!same(got, expected)) {
        fail_msg("got %a (%.17g), expected %a (%.17g)", got, got, expected, expected);
    }
}

/* Doubles in order of size, as integers: neighbours differ by 1. */
static int64_t rank_of(double x) {
    int64_t size = (int64_t)(fc_hd_bits(x) & UINT64_C(0x7FFFFFFFFFFFFFFF));
    return x < 0.0 ? -size : size;
}

static double steps_between(double a, double b) { return fabs((double)(rank_of(a) - rank_of(b))); }

/* What hd/math.h promises: 2 ulp for the elementary functions, 1e-15 for the normal distribution. */
static int is_close(int function, double got, double exact) {
    if (fc_hd_is_nan(exact) || fabs(exact) == fc_hd_infinity() || exact == 0.0) {
        return same(got, exact);
    }
    if (function == FC_SAMPLE_NORMAL_CDF || function == FC_SAMPLE_NORMAL_QUANTILE) {
        return fabs(got - exact) <= 1e-15 * fabs(exact) + 0x1p-1074;
    }
    return steps_between(got, exact) <= 1.0;
}

static int function_of_name(const char *name) {
    for (int i = 0; i < FC_SAMPLE_SPLIT_NORMAL; i++) {
        if (strcmp(name, fc_sample_name(i)) == 0) {
            return i;
        }
    }
    return -1;
}

static void check_known_answer(char *line, int line_number) {
    char *comma = strchr(line, ',');
    assert_non_null(comma);
    *comma = '\0';
    int function = function_of_name(line);
    assert_int_not_equal(function, -1);
    char *end = comma + 1;
    fc_sample at;
    at.x = strtod(end, &end);
    at.y = strtod(end + 1, &end);
    double answer = strtod(end + 1, &end);
    assert_int_equal(*end, '\n');
    double got = fc_sample_call(function, at);
    if (!is_close(function, got, answer)) {
        fail_msg("math.csv:%d: %s(%a, %a) = %a, expected %a", line_number, line, at.x, at.y, got, answer);
    }
}

static void test_hd_math__known_answers(void **state) {
    (void)state;
    char line[256];
    int lines = 1;
    FILE *file = fopen(FC_TESTS_FOLDER "/hd/math.csv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "function,x,y,answer\n");
    while (fgets(line, sizeof line, file) != NULL) {
        lines += 1;
        check_known_answer(line, lines);
    }
    fclose(file);
    assert_int_equal(lines, 3172);
}

static void test_hd_math__the_one_nan(void **state) {
    (void)state;
    uint64_t nan = UINT64_C(0x7FF8000000000000);
    double odd_nan = fc_hd_from_bits(UINT64_C(0xFFF8000000000123));
    for (int i = 0; i < FC_SAMPLE_SPLIT_NORMAL; i++) {
        fc_sample at = {odd_nan, 3.0};
        assert_int_equal(fc_hd_bits(fc_sample_call(i, at)), nan);
    }
    assert_int_equal(fc_hd_bits(fc_hd_log(-1.0)), nan);
    assert_int_equal(fc_hd_bits(fc_hd_log1p(-1.5)), nan);
    assert_int_equal(fc_hd_bits(fc_hd_pow(-2.0, 0.5)), nan);
    assert_int_equal(fc_hd_bits(fc_hd_pow(2.0, odd_nan)), nan);
    assert_int_equal(fc_hd_bits(fc_hd_normal_quantile(-0.1)), nan);
    assert_int_equal(fc_hd_bits(fc_hd_normal_quantile(1.1)), nan);
}

static void test_hd_math__whole_powers_are_exact(void **state) {
    (void)state;
    double ten_to = 1.0;
    for (int k = 0; k <= 22; k++) {
        assert_same(fc_hd_pow(10.0, (double)k), ten_to);
        assert_same(fc_hd_log10(ten_to), (double)k);
        ten_to *= 10.0;
    }
    for (int k = -1074; k <= 1023; k++) {
        double power = fc_hd_exp2((double)k);
        assert_same(power, fc_hd_pow(2.0, (double)k));
        assert_same(power, k < -1022 ? (double)(UINT64_C(1) << (k + 1074)) * 0x1p-1074 : fc_hd_power_of_two(k));
        assert_same(fc_hd_log2(power), (double)k);
    }
    for (int base = 1; base < 1000; base++) {
        assert_same(fc_hd_pow(-(double)base, 3.0), -(double)base * base * base);
    }
}

static void test_hd_math__pairs_are_exact(void **state) {
    (void)state;
    fc_hd_pair product = fc_hd_product(0x1.0000000000001p+0, 0x1.0000000000001p+0);
    assert_same(product.hi, 0x1.0000000000002p+0);
    assert_same(product.lo, 0x1p-104);
    product = fc_hd_product(94906267.0, 94906267.0); /* 9007199515875289 needs 54 bits */
    assert_same(product.hi, 9007199515875288.0);
    assert_same(product.lo, 1.0);
    fc_hd_pair sum = fc_hd_sum(1.0, 0x1p60);
    assert_same(sum.hi, 0x1p60);
    assert_same(sum.lo, 1.0);
    fc_hd_pair third = fc_hd_pair_divide(fc_hd_pair_of(1.0, 0.0), fc_hd_pair_of(3.0, 0.0));
    assert_same(third.hi, 0x1.5555555555555p-2);
    assert_same(third.lo, 0x1.5555555555555p-56);
}

static void test_hd_math__normal_distribution_is_consistent(void **state) {
    (void)state;
    assert_same(fc_hd_normal_cdf(0.0), 0.5);
    assert_same(fc_hd_normal_quantile(0.5), 0.0);
    double before = -1.0;
    for (int i = 1; i < 4096; i++) {
        double p = (double)i / 4096.0;
        double z = fc_hd_normal_quantile(p);
        assert_same(fc_hd_normal_quantile(1.0 - p), z == 0.0 ? 0.0 : -z);
        assert_true(fabs(fc_hd_normal_cdf(z) - p) <= 1e-15);
        assert_true(fc_hd_normal_cdf(z) > before);
        before = fc_hd_normal_cdf(z);
    }
    /* where one formula takes over from another */
    double seams[] = {0.67448975, 5.656854249492380195};
    for (int i = 0; i < 2; i++) {
        double next = fc_hd_from_bits(fc_hd_bits(seams[i]) + 1);
        assert_true(fc_hd_normal_cdf(-next) <= fc_hd_normal_cdf(-seams[i]) * (1.0 + 2e-15));
        assert_true(fc_hd_normal_cdf(-next) >= fc_hd_normal_cdf(-seams[i]) * (1.0 - 2e-14));
    }
}

static void assert_quantiles(double low, double mid, double high) {
    double got_low = fc_hd_split_normal(0.1, low, mid, high);
    double got_high = fc_hd_split_normal(0.9, low, mid, high);
    assert_same(fc_hd_split_normal(0.5, low, mid, high), mid);
    if (low > 0.0) {
        assert_true(steps_between(got_low, low) <= 2.0);
        assert_true(steps_between(got_high, high) <= 2.0);
    } else {
        assert_true(fabs(got_low - low) <= 1e-15 * (high - low));
        assert_true(fabs(got_high - high) <= 1e-15 * (high - low));
    }
}

static void test_hd_math__split_normal_keeps_its_quantiles(void **state) {
    (void)state;
    assert_quantiles(0.8, 1.0, 1.7);
    assert_quantiles(1e-9, 3e-9, 3.1e-9);
    assert_quantiles(1.0, 1e9, 1e30);
    assert_quantiles(-3.0, 1.0, 2.0);
    assert_quantiles(0.0, 0.25, 0.5);
    assert_quantiles(0.0, 0.0, 1.0);
    assert_quantiles(2.0, 2.0, 3.0);
    for (uint64_t i = 0; i < 1000; i++) {
        fc_sample at = fc_sample_at(FC_SAMPLE_SPLIT_NORMAL, 4 * i + 1);
        assert_quantiles(0.01 + at.y, 1.01 + at.y, 1.01 + at.y + 50.0 * at.x);
    }
}

static void test_hd_math__split_normal_shape(void **state) {
    (void)state;
    double before = 0.0;
    for (int i = 1; i < 1000; i++) {
        double u = i / 1000.0;
        double value = fc_hd_split_normal(u, 1.0, 2.0, 10.0);
        assert_true(value > before); /* positive, and growing with u */
        before = value;
        assert_same(fc_hd_split_normal(u, 0.3, 0.3, 0.3), 0.3);
        assert_same(fc_hd_split_normal(u, -7.0, -7.0, -7.0), -7.0);
        assert_same(fc_hd_split_normal(u, 0.0, 0.0, 0.0), 0.0);
        assert_true(u >= 0.5 || same(fc_hd_split_normal(u, 2.0, 2.0, 3.0), 2.0));
    }
    assert_true(fc_hd_split_normal(0x1p-53, 1e-3, 1.0, 1e3) > 0.0);
    assert_true(fc_hd_split_normal(1.0 - 0x1p-53, 1e-3, 1.0, 1e3) < fc_hd_infinity());
    /* one more p90 outwards: twice the distance, in logarithms where low > 0 */
    double twice = fc_hd_normal_cdf(2.0 * 1.2815515655446004);
    assert_true(fabs(fc_hd_split_normal(twice, 1.0, 2.0, 6.0) - 18.0) < 1e-12);
    assert_true(fabs(fc_hd_split_normal(twice, -1.0, 2.0, 6.0) - 10.0) < 1e-12);
    assert_true(fabs(fc_hd_split_normal(1.0 - twice, 1.0, 2.0, 6.0) - 0.5) < 1e-12);
}

static void test_hd_math__golden_hash(void **state) {
    (void)state;
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a, a word at a time */
    for (int function = 0; function < FC_SAMPLE_COUNT; function++) {
        for (uint64_t i = 0; i < GOLDEN_SAMPLES; i++) {
            double value = fc_sample_call(function, fc_sample_at(function, i));
            uint64_t bits = fc_hd_is_nan(value) ? UINT64_C(0x7FF8000000000000) : fc_hd_bits(value);
            hash = (hash ^ bits) * UINT64_C(0x100000001B3);
        }
    }
    if (hash != GOLDEN_HASH) {
        fail_msg("hash of all results is 0x%016llX, not 0x%016llX: this build does other arithmetic (fused "
                 "multiply-add? -ffast-math? x87?), or the algorithms changed",
                 (unsigned long long)hash, (unsigned long long)GOLDEN_HASH);
    }
}

#ifdef FC_HAVE_MPFR
/* |got - exact| in units of the last place of `exact`. */
static double error_ulp(double got, mpfr_t exact) {
    mpfr_t error;
    mpfr_exp_t exponent = mpfr_get_exp(exact);
    exponent = exponent < -1021 ? -1021 : exponent;
    mpfr_init2(error, FC_REFEREE_BITS);
    mpfr_sub_d(error, exact, got, MPFR_RNDN);
    mpfr_mul_2si(error, error, 53 - (long)exponent, MPFR_RNDN);
    double ulp = fabs(mpfr_get_d(error, MPFR_RNDN));
    mpfr_clear(error);
    return ulp;
}

/* The error of one result in ulp, or -1 where only equality counts (infinities, NaN, zeros) and holds. */
static double judge(int function, fc_sample at, double got) {
    mpfr_t exact;
    mpfr_init2(exact, FC_REFEREE_BITS);
    fc_referee_call(exact, function, at);
    double rounded = mpfr_get_d(exact, MPFR_RNDN);
    double ulp = mpfr_regular_p(exact) ? error_ulp(got, exact) : -1.0;
    mpfr_clear(exact);
    if (ulp < 0.0 || fabs(rounded) == fc_hd_infinity() || fabs(got) == fc_hd_infinity()) {
        if (!same(got, rounded)) {
            fail_msg("%s(%a, %a) = %a, expected %a", fc_sample_name(function), at.x, at.y, got, rounded);
        }
        return -1.0;
    }
    if (function >= FC_SAMPLE_NORMAL_CDF && !is_close(function, got, rounded)) {
        fail_msg("%s(%a) = %a, expected %a", fc_sample_name(function), at.x, got, rounded);
    }
    return ulp;
}

static void check_ulps(int function, uint64_t samples, double limit_ulp) {
    double worst_ulp = 0.0;
    fc_sample worst = {0.0, 0.0};
    for (uint64_t i = 0; i < samples; i++) {
        /* past the samples of the golden hash, so that the two tests see different arguments */
        fc_sample at = fc_sample_at(function, GOLDEN_SAMPLES + i);
        double ulp = judge(function, at, fc_sample_call(function, at));
        if (ulp > worst_ulp) {
            worst_ulp = ulp;
            worst = at;
        }
    }
    print_message("%-15s %8llu samples, worst %.3f ulp at (%a, %a)\n", fc_sample_name(function),
                  (unsigned long long)samples, worst_ulp, worst.x, worst.y);
    if (!(worst_ulp <= limit_ulp)) {
        fail_msg("%s: %.3f ulp, allowed %.1f", fc_sample_name(function), worst_ulp, limit_ulp);
    }
}

static void test_hd_math__ulps_against_mpfr(void **state) {
    (void)state;
    const char *text = getenv("FC_TEST_SAMPLES");
    uint64_t samples = text != NULL ? strtoull(text, NULL, 10) : 100000;
    assert_true(samples > 0);
    for (int function = 0; function <= FC_SAMPLE_POW; function++) {
        check_ulps(function, samples, 1.0);
    }
    /* MPFR's erfc takes milliseconds; 1e-15 of a number is at most 9.1 of its ulp */
    check_ulps(FC_SAMPLE_NORMAL_CDF, samples / 100, 9.1);
    check_ulps(FC_SAMPLE_NORMAL_QUANTILE, samples / 500, 9.1);
}
#else
static void test_hd_math__ulps_against_mpfr(void **state) {
    (void)state;
    print_message("MPFR is not installed (libmpfr-dev): known answers only\n");
    skip();
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hd_math__known_answers),
        cmocka_unit_test(test_hd_math__the_one_nan),
        cmocka_unit_test(test_hd_math__whole_powers_are_exact),
        cmocka_unit_test(test_hd_math__pairs_are_exact),
        cmocka_unit_test(test_hd_math__normal_distribution_is_consistent),
        cmocka_unit_test(test_hd_math__split_normal_keeps_its_quantiles),
        cmocka_unit_test(test_hd_math__split_normal_shape),
        cmocka_unit_test(test_hd_math__golden_hash),
        cmocka_unit_test(test_hd_math__ulps_against_mpfr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
