/* Daly's closed forms against a simulation of exponential failures. */
#include "chain_random.h"

#include "flopcast/hd/run.h"

/* Wall seconds of `segments` pieces of work: a failure throws away the piece, then the restart itself may fail. */
static double simulate_s(dice *d, int segments, double work_s, double checkpoint_s, double restart_s, double mtbf_s) {
    double wall_s = 0;
    double next_failure_s = -mtbf_s * log(throw_unit(d));
    for (int i = 0; i < segments; ++i) {
        double needed_s = work_s + checkpoint_s;
        while (next_failure_s < needed_s) {
            wall_s += next_failure_s;
            next_failure_s = -mtbf_s * log(throw_unit(d));
            needed_s = restart_s + work_s + checkpoint_s;
        }
        wall_s += needed_s;
        next_failure_s -= needed_s;
    }
    return wall_s;
}

static void test_hd_run__goodput_is_a_simulations(void **state) {
    (void)state;
    const struct {
        double work_s, checkpoint_s, restart_s, mtbf_s;
    } rows[] = {
        {3600, 60, 600, 1e6}, {1800, 120, 600, 20000}, {600, 60, 300, 3000}, {1200, 0, 0, 2000}, {300, 30, 600, 900}};
    dice d = {.seed = 3};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        const int segments = 400000;
        double wall_s =
            simulate_s(&d, segments, rows[i].work_s, rows[i].checkpoint_s, rows[i].restart_s, rows[i].mtbf_s);
        double goodput = fc_hd_daly_goodput(rows[i].work_s, rows[i].checkpoint_s, rows[i].restart_s, rows[i].mtbf_s);
        /* Daly restarts inside the piece: the restart's own failures cost e^(R/M), as a restart before the piece does
         *  */
        assert_near(goodput, segments * rows[i].work_s / wall_s, 0.01);
    }
}

static void test_hd_run__without_failures_only_checkpoints_cost(void **state) {
    (void)state;
    assert_near(fc_hd_daly_goodput(900, 100, 600, 1e15), 0.9, 1e-9);
    assert_near(fc_hd_daly_goodput(900, 0, 600, 1e15), 1.0, 1e-9);
}

/* A failure every minute and pieces of an hour: e^60. Far beyond, nothing is kept, and nothing overflows into
 * nonsense. */
static void test_hd_run__too_many_failures_keep_nothing(void **state) {
    (void)state;
    assert_true(fc_hd_daly_goodput(3600, 60, 600, 60) < 1e-25);
    assert_true(fc_hd_daly_goodput(3600, 60, 600, 1e-3) == 0.0);
}

/* No interval on a grid around it is better by more than what equation 37 leaves out. */
static void test_hd_run__interval_is_the_best(void **state) {
    (void)state;
    const double checkpoints_s[] = {1, 10, 60, 300};
    const double mtbfs_s[] = {600, 3600, 86400, 1e6};
    for (size_t i = 0; i < COUNT_OF(checkpoints_s); ++i) {
        for (size_t j = 0; j < COUNT_OF(mtbfs_s); ++j) {
            double at_s = fc_hd_daly_interval_s(checkpoints_s[i], mtbfs_s[j]);
            double best = 0;
            for (double work_s = 1; work_s < 1e7; work_s *= 1.01) {
                best = fmax(best, fc_hd_daly_goodput(work_s, checkpoints_s[i], 0, mtbfs_s[j]));
            }
            assert_true(at_s > 0);
            assert_true(fc_hd_daly_goodput(at_s, checkpoints_s[i], 0, mtbfs_s[j]) > best * (1 - 2e-3));
        }
    }
}

/* Young's first order where checkpoints are short, the mean time between failures where they are long. */
static void test_hd_run__interval_at_its_ends(void **state) {
    (void)state;
    assert_near(fc_hd_daly_interval_s(1e-3, 1e6), sqrt(2.0 * 1e-3 * 1e6), 1e-4);
    assert_true(fc_hd_daly_interval_s(0, 1e6) == 0);
    assert_true(fc_hd_daly_interval_s(2000, 1000) == 1000);
    assert_true(fc_hd_daly_interval_s(5000, 1000) == 1000);
    assert_near(fc_hd_daly_interval_s(1999.999, 1000), 2000 * (1 + 1.0 / 3 + 1.0 / 9) - 2000, 1e-5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hd_run__goodput_is_a_simulations),
        cmocka_unit_test(test_hd_run__without_failures_only_checkpoints_cost),
        cmocka_unit_test(test_hd_run__too_many_failures_keep_nothing),
        cmocka_unit_test(test_hd_run__interval_is_the_best),
        cmocka_unit_test(test_hd_run__interval_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
