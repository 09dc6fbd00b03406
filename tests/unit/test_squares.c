/* Least squares with known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/squares.h"

#include <math.h>
#include <string.h>

/* Rosenbrock's valley as two residuals: least, 0, at (1, 1). */
static void valley(const void *context, const double *x, double *out, size_t count) {
    (void)context;
    assert_int_equal(count, 2);
    out[0] = 1.0 - x[0];
    out[1] = 10.0 * (x[1] - x[0] * x[0]);
}

static fc_squares valley_squares(void) {
    return (fc_squares){.residuals = valley,
                        .parameters_count = 2,
                        .residuals_count = 2,
                        .tolerance = 1e-12,
                        .step_frac = 1e-12,
                        .most_evaluations = 1000};
}

static void test_squares__follows_a_bent_valley(void **state) {
    (void)state;
    double x[2] = {-1.2, 1.0};
    double sum = -1.0;
    fc_squares squares = valley_squares();
    assert_int_equal(fc_squares_least(x, &sum, &squares, NULL), FC_OK);
    assert_true(sum >= 0.0 && sum < 1e-12);
    assert_true(fabs(x[0] - 1.0) < 1e-6 && fabs(x[1] - 1.0) < 1e-6);
}

typedef struct line {
    const double *values;
    double bend;
} line;

static void from_line(const void *context, const double *x, double *out, size_t count) {
    const line *l = context;
    for (size_t i = 0; i < count; i++) {
        double error = x[0] + x[1] * (double)i - l->values[i];
        out[i] = l->bend > 0.0 ? fc_squares_soften(error, l->bend) : error;
    }
}

/* A line through ten points of which one is far off: squares follow it, softened errors hardly. */
static void test_squares__soft_errors_bear_one_bad_point(void **state) {
    (void)state;
    double values[10];
    for (int i = 0; i < 10; i++) {
        values[i] = 2.0 + 3.0 * i;
    }
    values[9] += 100.0;
    double slopes[2];
    for (int soft = 0; soft < 2; soft++) {
        line l = {values, soft ? 0.1 : 0.0};
        fc_squares squares = {from_line, &l, 2, 10, 1e-12, 1e-10, 2000};
        double x[2] = {0.0, 0.0};
        double sum = 0.0;
        assert_int_equal(fc_squares_least(x, &sum, &squares, NULL), FC_OK);
        slopes[soft] = x[1];
    }
    assert_true(slopes[0] > 7.0);
    assert_true(fabs(slopes[1] - 3.0) < 0.2);
}

static void test_squares__refuses_what_has_no_answer(void **state) {
    (void)state;
    double x[2] = {0.0, 0.0};
    double sum = 0.0;
    fc_error error = {.status = FC_OK};
    fc_squares squares = valley_squares();
    squares.residuals_count = 1; /* fewer than parameters */
    assert_int_equal(fc_squares_least(x, &sum, &squares, &error), FC_FAILED);
    assert_non_null(strstr(error.text, "2 parameters"));
    squares = valley_squares();
    squares.parameters_count = FC_SQUARES_MOST_PARAMETERS + 1;
    assert_int_equal(fc_squares_least(x, &sum, &squares, NULL), FC_FAILED);
}

static void test_squares__softening_keeps_small_errors_and_signs(void **state) {
    (void)state;
    assert_true(fabs(fc_squares_soften(1e-4, 0.1) / 1e-4 - 1.0) < 1e-6);
    assert_true(fc_squares_soften(-2.0, 0.1) == -fc_squares_soften(2.0, 0.1));
    /* far out the square grows as the error does: r² = 2 · bend · (error - bend) */
    double far = fc_squares_soften(1000.0, 0.1);
    assert_true(fabs(far * far / (2.0 * 0.1 * (1000.0 - 0.1)) - 1.0) < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_squares__follows_a_bent_valley),
        cmocka_unit_test(test_squares__soft_errors_bear_one_bad_point),
        cmocka_unit_test(test_squares__refuses_what_has_no_answer),
        cmocka_unit_test(test_squares__softening_keeps_small_errors_and_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
