/* Sums over a step's rows serve every plan that cuts the rows alike, bit for bit. */
#include "chain_random.h"

enum { STUDIES = 3000 };

/* Everything about a plan that does not cut a row. */
static fc_plan placed_otherwise(dice *d, fc_plan plan) {
    plan.pp = 1 + throw_below(d, 16);
    plan.vpp = plan.pp > 1 ? 1 + throw_below(d, 4) : 1;
    plan.dp *= throw_power(d, 2);
    plan.global_batch = plan.dp * plan.micro_batch * (1 + throw_below(d, 64));
    plan.recompute = FC_RECOMPUTE_NONE + throw_below(d, 3);
    plan.recompute_layers = plan.recompute == FC_RECOMPUTE_FULL ? throw_below(d, 4) : 0;
    plan.zero = (int32_t)throw_below(d, 4);
    plan.schedule = throw_below(d, FC_PLAN_SCHEDULE_COUNT);
    plan.rank_order = throw_below(d, FC_RANK_ORDER_COUNT);
    return plan;
}

static void test_step_split__sums_serve_plans_that_cut_alike(void **state) {
    (void)state;
    dice d = {.seed = 11};
    uint32_t compared = 0;
    for (uint32_t i = 0; i < STUDIES; ++i) {
        fc_study study = random_study(&d);
        fc_ops ops;
        fc_ops_count(&ops, &study.model, &study.workload);
        fc_plan plan = placed_otherwise(&d, study.plan);
        study.cluster.chips_count = (double)plan.tp * plan.pp * plan.dp * plan.cp;
        fc_error error = {0};
        fc_step_rows rows;
        assert_true(fc_step_serves(&study.plan, &plan));
        assert_int_equal(fc_step_sum(&rows, &ops, &study.cluster, &study.plan, &study.stack, &error), FC_OK);
        fc_step whole;
        fc_step placed;
        fc_status wanted = fc_step_time(&whole, &ops, &study.cluster, &plan, &study.stack, &error);
        fc_status found = fc_step_place(&placed, &rows, &ops, &study.cluster, &plan, &study.stack, &error);
        assert_int_equal(found, wanted);
        if (wanted == FC_OK) {
            assert_memory_equal(&placed, &whole, sizeof whole);
            compared++;
        }
    }
    assert_true(compared > STUDIES / 2);
}

/* One field at a time: what cuts rows is not served, and wants its own sums. */
static void test_step_split__what_cuts_rows_is_summed_anew(void **state) {
    (void)state;
    fc_plan plan = plan_of(2, 2, 8, 2, 1);
    plan.cp = 2;
    plan.ep = 4;
    plan.etp = 1;
    plan.sequence_parallel = 1;
    for (int field = 0; field < 6; ++field) {
        fc_plan other = plan;
        uint32_t *cut[] = {&other.tp, &other.cp, &other.ep, &other.etp, &other.micro_batch};
        if (field < 5) {
            *cut[field] *= 2;
        } else {
            other.sequence_parallel = 0;
        }
        assert_false(fc_step_serves(&plan, &other));
        assert_false(fc_step_serves(&other, &plan));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_split__sums_serve_plans_that_cut_alike),
        cmocka_unit_test(test_step_split__what_cuts_rows_is_summed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
