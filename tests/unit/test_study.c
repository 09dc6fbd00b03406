/* What only the meeting of nouns shows. */
#include "chain_helpers.h"

static void assert_refused(fc_study study, const char *words) {
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT);
    assert_told(&error, words);
}

static void test_study__a_sound_study_passes_and_is_filled(void **state) {
    (void)state;
    fc_study study = ideal_study(16);
    study.plan.global_batch = 0;
    study.workload.global_batch = 32;
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    assert_int_equal(study.workload.seq_len, 2048); /* the model's own */
    assert_int_equal(study.plan.global_batch, 32);
    assert_int_equal(study.cluster.tiers_count, 2);
    fc_study again = study;
    assert_fine(fc_study_check(&again, &error), &error);
    assert_memory_equal(&again, &study, sizeof study);
}

static void test_study__the_plan_must_fit_the_model(void **state) {
    (void)state;
    fc_study study = ideal_study(64);
    study.plan = plan_of(3, 1, 1, 1, 1);
    assert_refused(study, "plan.tp = 3 does not divide the 16 heads");
    study.plan = plan_of(1, 9, 1, 1, 1);
    assert_refused(study, "more than the 8 layers");
    study.plan = plan_of(1, 4, 1, 1, 1);
    study.plan.vpp = 3;
    assert_refused(study, "plan.pp x plan.vpp = 12 is more than the 8 layers");
    study.plan.vpp = 2; /* embedding and head may be chunks of their own: 8 layers in 10 */
    study.plan.pp = 5;
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    study.plan = plan_of(1, 1, 1, 1, 1);
    study.plan.vpp = 2;
    assert_refused(study, "plan.vpp = 2 needs a pipeline");
    study.plan = plan_of(1, 1, 1, 1, 1);
    study.plan.cp = 3;
    assert_refused(study, "plan.cp = 3 does not divide sequences of 2048 tokens");
    study.plan.cp = 1;
    study.plan.ep = 2;
    assert_refused(study, "has no experts");
    study.model.experts = 6;
    study.model.experts_per_token = 2;
    study.model.moe_ffn_hidden = 16;
    strcpy(study.model.ffn_pattern, "M");
    study.plan.ep = 4;
    assert_refused(study, "plan.ep = 4 does not divide the 6 experts");
    study.plan.ep = 3;
    assert_refused(study, "must divide tp x cp x dp = 1");
}

static void test_study__the_plan_must_fit_the_cluster_and_the_batch(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.plan = plan_of(2, 2, 4, 1, 4);
    assert_refused(study, "needs tp x pp x cp x dp = 16 chips, the cluster has 8");
    study.plan = plan_of(1, 1, 4, 2, 4);
    assert_refused(study, "global_batch = 4 is not a multiple of plan.dp x plan.micro_batch = 8");
    study.plan = plan_of(65536, 4096, 100000000, 1000000, 1000000000);
    study.model.heads = 0;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT); /* no product wraps */
}

static void test_study__limits(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.draws_count = 1000001;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_OVER_LIMIT);
    assert_told(&error, "at most 1000000");
    study = ideal_study(8);
    study.model.seq_len = 0;
    study.model.position = FC_POSITION_ROPE;
    study.model.max_positions = 0;
    assert_refused(study, "workload.seq_len");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_study__a_sound_study_passes_and_is_filled),
        cmocka_unit_test(test_study__the_plan_must_fit_the_model),
        cmocka_unit_test(test_study__the_plan_must_fit_the_cluster_and_the_batch),
        cmocka_unit_test(test_study__limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
