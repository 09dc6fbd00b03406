/* Order statistics against values worked out by hand and by numpy's default method. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/stats.h"

#include <math.h>

#define assert_close(a, b) assert_true(fabs((a) - (b)) <= 1e-15 * fabs(b))

static void test_stats__sort_orders_ascending(void **state) {
    (void)state;
    double values[] = {3, -1, INFINITY, 2, -INFINITY, 2, 0};
    const double expected[] = {-INFINITY, -1, 0, 2, 2, 3, INFINITY};
    fc_stats_sort(values, 7);
    for (int i = 0; i < 7; i++) {
        assert_true(values[i] == expected[i]);
    }
    fc_stats_sort(values, 0);
}

static void test_stats__quantile_is_linear_between_neighbours(void **state) {
    (void)state;
    const double sorted[] = {1, 2, 4, 8};
    assert_true(fc_stats_quantile(sorted, 4, 0) == 1);
    assert_true(fc_stats_quantile(sorted, 4, 1) == 8);
    assert_close(fc_stats_quantile(sorted, 4, 0.5), 3.0);
    assert_close(fc_stats_quantile(sorted, 4, 0.25), 1.75);
    assert_close(fc_stats_quantile(sorted, 4, 0.9), 6.8);
}

static void test_stats__quantile_of_one_value_is_that_value(void **state) {
    (void)state;
    const double sorted[] = {5};
    assert_true(fc_stats_quantile(sorted, 1, 0) == 5 && fc_stats_quantile(sorted, 1, 0.37) == 5 &&
                fc_stats_quantile(sorted, 1, 1) == 5);
}

static void test_stats__quantile_outside_of_0_to_1_is_an_end(void **state) {
    (void)state;
    const double sorted[] = {1, 2};
    assert_true(fc_stats_quantile(sorted, 2, -3) == 1);
    assert_true(fc_stats_quantile(sorted, 2, 3) == 2);
}

static void test_stats__equal_infinite_neighbours_give_no_nan(void **state) {
    (void)state;
    const double sorted[] = {INFINITY, INFINITY};
    assert_true(isinf(fc_stats_quantile(sorted, 2, 0.5)));
}

static void test_stats__quantile_of_huge_values_does_not_overflow(void **state) {
    (void)state;
    const double sorted[] = {-1.7e308, 1.7e308};
    assert_true(fc_stats_quantile(sorted, 2, 0.5) == 0);
}

static void test_stats__range_sorts_and_takes_p10_p50_p90(void **state) {
    (void)state;
    double values[11];
    for (int i = 0; i < 11; i++) {
        values[i] = (i * 7) % 11;
    }
    fc_range range = fc_stats_range(values, 11);
    assert_close(range.p10, 1.0);
    assert_close(range.p50, 5.0);
    assert_close(range.p90, 9.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats__sort_orders_ascending),
        cmocka_unit_test(test_stats__quantile_is_linear_between_neighbours),
        cmocka_unit_test(test_stats__quantile_of_one_value_is_that_value),
        cmocka_unit_test(test_stats__quantile_outside_of_0_to_1_is_an_end),
        cmocka_unit_test(test_stats__equal_infinite_neighbours_give_no_nan),
        cmocka_unit_test(test_stats__quantile_of_huge_values_does_not_overflow),
        cmocka_unit_test(test_stats__range_sorts_and_takes_p10_p50_p90),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
