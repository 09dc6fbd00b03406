/* Seconds of one operation: limits and half rates. */
#include "chain_helpers.h"

#include "flopcast/hd/roofline.h"

static void test_hd_roofline__ramp_reaches_half_at_half(void **state) {
    (void)state;
    assert_true(fc_hd_ramp(100.0, 100.0) == 0.5);
    assert_true(fc_hd_ramp(1.0, 0.0) == 1.0);
    assert_near(fc_hd_ramp(300.0, 100.0), 0.75, 1e-15);
    assert_true(fc_hd_ramp(1e-300, 1e6) > 0.0);
}

static void test_hd_roofline__matmul_rate_is_the_product_of_its_ramps(void **state) {
    (void)state;
    assert_true(fc_hd_matmul_rate(64, 64, 64, 1e15, 1.0, 0, 0, 0) == 1e15);
    assert_near(fc_hd_matmul_rate(128, 256, 512, 1e15, 0.8, 128, 256, 512), 0.1e15, 1e-15);
    double large = fc_hd_matmul_rate(1e9, 1e9, 1e9, 1e15, 0.8, 128, 256, 512);
    assert_near(large, 0.8e15, 1e-5);
    assert_true(large < 0.8e15);
}

static void test_hd_roofline__the_longer_of_two(void **state) {
    (void)state;
    assert_true(fc_hd_roofline_s(1e15, 1e15, 1e12, 2e12) == 1.0);
    assert_true(fc_hd_roofline_s(1e15, 1e15, 4e12, 2e12) == 2.0);
    /* infinite bandwidth and infinite rate leave the other alone */
    assert_true(fc_hd_roofline_s(1e15, 1e15, 4e12, (double)INFINITY) == 1.0);
    assert_true(fc_hd_roofline_s(1e15, (double)INFINITY, 4e12, 2e12) == 2.0);
    /* at the ridge, flop/bytes = rate/bandwidth, both are equal */
    assert_true(fc_hd_roofline_s(500e12, 1e15, 1e12, 2e12) == 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hd_roofline__ramp_reaches_half_at_half),
        cmocka_unit_test(test_hd_roofline__matmul_rate_is_the_product_of_its_ramps),
        cmocka_unit_test(test_hd_roofline__the_longer_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
