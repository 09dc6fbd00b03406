/* The fit to runs on tables that the model itself makes: known numbers come back, what is left out is left out. */
#include "fit_helpers.h"

#include "flopcast/hd/soften.h"

static const double TRUTH[3] = {0.62, 0.45, 0.08};

static void test_fit__finds_the_numbers_that_made_the_table(void **state) {
    chain_desk *desk = *state;
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    assert_int_equal(fc_fit_counts_of(problem).ready, 32);
    measure_made_up(&table, problem, TRUTH, 0.02);
    fc_fit_result result = run_fit(desk, problem, NULL);
    assert_int_equal(result.rows_count, 32);
    for (int j = 0; j < 3; ++j) {
        const fc_fit_value *value = &result.values[j];
        if (!(value->p10 <= TRUTH[j] && TRUTH[j] <= value->p90)) {
            fail_msg("%s: %g to %g leaves out %g", spec.parameters[j].name, value->p10, value->p90, TRUTH[j]);
        }
        assert_true(value->p10 < value->value && value->value < value->p90);
        assert_true(value->rows_count >= 24 && value->rows_count <= 32);
        assert_false(value->at_bound);
        assert_true(value->partner >= 0 && value->partner != j && fabs(value->correlation) <= 1.0);
    }
    assert_near(result.values[0].value, TRUTH[0], 0.03);
    assert_near(result.values[1].value, TRUTH[1], 0.06);
    assert_true(fabs(result.values[2].value - TRUTH[2]) < 0.02);
    assert_true(result.fitted_total.worst_abs_error_frac < 0.04);
    assert_true(result.fitted[0].count == 16 && result.fitted[1].count == 16 && result.left_out_total.count == 0);
}

/* Without noise the numbers come back as they were, but for the pull to the start. */
static void test_fit__a_clean_table_leaves_little_open(void **state) {
    chain_desk *desk = *state;
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    measure_made_up(&table, problem, TRUTH, 0.0);
    fc_fit_result clean = run_fit(desk, problem, NULL);
    measure_made_up(&table, problem, TRUTH, 0.05);
    fc_fit_result noisy = run_fit(desk, problem, NULL);
    for (int j = 0; j < 3; ++j) {
        assert_true(fabs(clean.values[j].value - TRUTH[j]) < 0.02);
        assert_true(clean.values[j].p90 - clean.values[j].p10 < noisy.values[j].p90 - noisy.values[j].p10);
    }
}

static void test_fit__a_bound_is_told_and_widens_the_spread(void **state) {
    chain_desk *desk = *state;
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    const double beyond[3] = {0.2, 0.45, 0.08}; /* matmul ends at 0.4 */
    measure_made_up(&table, problem, beyond, 0.0);
    fc_fit_value value = run_fit(desk, problem, NULL).values[0];
    assert_true(value.at_bound && value.value >= 0.4 && value.value < 0.406);
    assert_true(value.p10 == 0.4 && value.p90 >= value.value + 0.1 * 0.57);
}

/* A number of a chip that no run has, or of traffic that none has, stays at its start; its spread is its range. */
static void test_fit__what_no_run_decides_stays(void **state) {
    chain_desk *desk = *state;
    const double truth[5] = {0.62, 0.45, 0.08, 0.6, 0.6};
    fc_fit_spec spec = read_spec(
        desk, FIT_PARAMETERS "  - {name: absent, fields: [chip/h100-sxm/memory_eff], low: 0.5, high: 0.9, start: 0.6}\n"
                             "  - {name: idle, fields: [stack/megatron-2022/cp_overlap], low: 0.5, high: 0.9, "
                             "start: 0.6}\n" FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    measure_made_up(&table, problem, truth, 0.02);
    fc_fit_result result = run_fit(desk, problem, NULL);
    for (int j = 3; j < 5; ++j) {
        const fc_fit_value *value = &result.values[j];
        assert_true(fabs(value->value - 0.6) < 1e-4 && value->rows_count == 0 && value->families == 0);
        assert_true(!value->at_bound && value->p10 == 0.5 && value->p90 - value->p10 > 0.6 * 0.4);
    }
    assert_true(result.values[0].rows_count == 32 && result.values[0].families == 3);
}

static void test_fit__left_out_rows_take_no_part(void **state) {
    chain_desk *desk = *state;
    uint8_t mask[32];
    fc_error error = {0};
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    measure_made_up(&table, problem, TRUTH, 0.02);
    assert_fine(fc_fit_leave_out(mask, problem, "large", &error), &error);
    fc_fit_result before = run_fit(desk, problem, mask);
    for (size_t i = 0; i < table.count; ++i) {
        assert_int_equal(mask[i], i >= 16);
        table.rows[i].measured_s *= i >= 16 ? 3.0 : 1.0; /* what is left out may say anything */
    }
    fc_fit_result after = run_fit(desk, problem, mask);
    for (int j = 0; j < 3; ++j) {
        assert_true(before.values[j].value == after.values[j].value && before.values[j].p90 == after.values[j].p90);
        assert_int_equal(after.values[j].families, 1);
    }
    assert_true(after.fitted[1].count == 0 && after.left_out[1].count == 16 && after.left_out[0].count == 0);
    assert_true(before.left_out_total.mean_abs_error_frac < 0.1);
    assert_true(after.left_out_total.mean_abs_error_frac > 0.6);
    /* the full fit on the same rows, told apart by the mask */
    fc_fit_result full = run_fit(desk, problem, NULL);
    assert_fine(fc_fit_judge(&full, problem, mask, desk->arena, &error), &error);
    assert_int_equal(full.left_out_total.count, 16);
    assert_true(full.left_out_total.mean_abs_error_frac < after.left_out_total.mean_abs_error_frac);
}

static void test_fit__leaves_out_by_group_and_chip_and_knows_no_other_name(void **state) {
    chain_desk *desk = *state;
    uint8_t mask[32];
    fc_error error = {0};
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
    assert_fine(fc_fit_leave_out(mask, problem, "papers", &error), &error);
    assert_true(mask[0] == 0 && mask[31] == 1);
    assert_fine(fc_fit_leave_out(mask, problem, "A100_SXM_80GB", &error), &error);
    assert_true(mask[0] == 1 && mask[31] == 1);
    fc_fit_result nothing;
    assert_int_equal(fc_fit_runs(&nothing, problem, mask, solve_fit, desk->arena, &error), FC_BAD_INPUT);
    assert_told(&error, "0 runs are too few for 3 parameters; 4 are the least");
    memset(&error, 0, sizeof error);
    assert_int_equal(fc_fit_leave_out(mask, problem, "smal", &error), FC_USAGE);
    assert_told(&error, "did you mean \"small\"?");
}

static void test_fit__suspects_and_strangers_are_counted_not_fitted(void **state) {
    chain_desk *desk = *state;
    fc_error error = {0};
    fc_fit_problem *problem = NULL;
    fc_fit_spec spec = read_spec(desk, FIT_PARAMETERS "families:\n  - {name: small, match: {group: [small]}}\n");
    fc_run_table table = made_up_runs(desk);
    strcpy(table.rows[0].suspect, "a typo");
    strcpy(table.rows[1].reason, "no heads");
    table.rows[2].measured_s = 1e9; /* another unit */
    problem = prepare_fit(desk, &spec, &table);
    fc_fit_counts counts = fc_fit_counts_of(problem);
    assert_true(counts.rows == 32 && counts.suspect == 1 && counts.not_readable == 1 && counts.not_timed == 1);
    assert_true(counts.no_family == 16 && counts.ready == 13 && fc_fit_family_rows(problem, 0) == 13);
    assert_true(fc_fit_family_of(problem, 0) == -1 && fc_fit_family_of(problem, 3) == 0);
    for (size_t i = 0; i < table.count; ++i) {
        strcpy(table.rows[i].suspect, "all of them");
    }
    assert_int_equal(fc_fit_prepare(&problem, &spec, table.rows, table.count, desk->arena, &error), FC_BAD_INPUT);
    assert_told(&error, "no run can be fitted: of 32, 32 are suspect");
}

static void test_fit__softened_errors(void **state) {
    (void)state;
    assert_near(fc_hd_soften(1e-4, 0.05), 1e-4, 1e-5);
    /* e = bend: r² = 2 bend² (sqrt 2 - 1) */
    assert_near(fc_hd_soften(-0.05, 0.05), -0.05 * sqrt(2.0 * (sqrt(2.0) - 1.0)), 1e-14);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__finds_the_numbers_that_made_the_table),
        cmocka_unit_test(test_fit__a_clean_table_leaves_little_open),
        cmocka_unit_test(test_fit__a_bound_is_told_and_widens_the_spread),
        cmocka_unit_test(test_fit__what_no_run_decides_stays),
        cmocka_unit_test(test_fit__left_out_rows_take_no_part),
        cmocka_unit_test(test_fit__leaves_out_by_group_and_chip_and_knows_no_other_name),
        cmocka_unit_test(test_fit__suspects_and_strangers_are_counted_not_fitted),
        cmocka_unit_test(test_fit__softened_errors),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
