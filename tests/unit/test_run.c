/* From a step to days: limits of failures, stops and shares. */
#include "chain_helpers.h"

#include "flopcast/hd/run.h"

typedef struct job {
    fc_ops ops;
    fc_step step;
    fc_cluster cluster;
    fc_deal deal;
    fc_plan plan;
    fc_policy policy;
} job;

/* A thousand steps of 10 s on 1,000 of 1,024 chips. */
static job quiet_job(void) {
    job j;
    memset(&j, 0, sizeof j);
    j.cluster = fc_cluster_default();
    j.deal = fc_deal_default();
    j.plan = fc_plan_default();
    j.policy = fc_policy_default();
    j.cluster.chips_count = 1024;
    j.ops.tokens_count = 1e9;
    j.ops.params_total_count = 1e9;
    j.ops.weight_bytes = 2;
    j.ops.master_bytes = 4;
    j.ops.optimizer_bytes = 8;
    j.step.time_s = 10;
    j.step.tokens_per_step = 1e6;
    j.step.chips_used_count = 1000;
    return j;
}

static fc_run run_of(const job *j) {
    fc_run run;
    const fc_run_case c = {&j->ops, &j->cluster, &j->plan, &j->policy, &j->deal};
    fc_run_project(&run, &j->step, &c);
    return run;
}

static void test_run__without_failures_only_planned_stops_cost(void **state) {
    (void)state;
    job j = quiet_job();
    fc_run run = run_of(&j);
    assert_true(run.goodput_frac == 1.0 && run.mtbf_s == 0.0);
    assert_near(run.days, 1e4 / 86400.0, 1e-12);
    assert_near(run.chip_h, 1024.0 * 1e4 / 3600.0, 1e-12); /* idle chips are held too */
    j.cluster.planned_stop_frac = 0.03;
    assert_near(run_of(&j).goodput_frac, 0.97, 1e-15);
}

static void test_run__a_share_takes_longer_and_holds_no_more(void **state) {
    (void)state;
    job j = quiet_job();
    fc_run whole = run_of(&j);
    j.deal.share_frac = 0.25;
    fc_run part = run_of(&j);
    assert_near(part.days, 4.0 * whole.days, 1e-12);
    assert_near(part.chip_h, whole.chip_h, 1e-12);
}

static void test_run__counts_whole_steps(void **state) {
    (void)state;
    job j = quiet_job();
    j.ops.tokens_count = 1e9 + 1;
    assert_true(run_of(&j).steps_count == 1001);
    j.ops.tokens_count = 1;
    assert_true(run_of(&j).steps_count == 1);
}

/* Llama 3: 419 unexpected stops in 54 days on 16,384 chips, one in 50.7 thousand chip-hours. */
static void test_run__failures_of_llama_3(void **state) {
    (void)state;
    job j = quiet_job();
    j.step.chips_used_count = 16384;
    j.cluster.chip.failures_per_chip_h = 419.0 / (54.0 * 24.0 * 16384.0);
    assert_near(1.0 / j.cluster.chip.failures_per_chip_h, 50.7e3, 1e-3);
    assert_near(run_of(&j).mtbf_s, 54.0 * 86400.0 / 419.0, 1e-12);
}

static void test_run__goodput_is_dalys_at_his_interval(void **state) {
    (void)state;
    job j = quiet_job();
    j.cluster.chip.failures_per_chip_h = 1e-4;
    j.cluster.storage_bytes_per_s = 1e9;
    j.cluster.restart_s = 300;
    j.cluster.planned_stop_frac = 0.01;
    fc_run run = run_of(&j);
    assert_near(run.checkpoint_s, 14.0, 1e-12); /* 2 + 4 + 8 bytes of a billion parameters */
    assert_near(run.mtbf_s, 36000.0, 1e-12);
    assert_near(run.checkpoint_interval_s, fc_hd_daly_interval_s(14, 36000), 1e-12);
    assert_near(run.goodput_frac, 0.99 * fc_hd_daly_goodput(run.checkpoint_interval_s, 14, 300, 36000), 1e-12);
    assert_true(run.days > 1e4 / 86400.0);
}

static void test_run__nothing_is_saved_inside_a_step(void **state) {
    (void)state;
    job j = quiet_job();
    j.cluster.chip.failures_per_chip_h = 1e-4;
    j.step.time_s = 7200;
    assert_true(run_of(&j).checkpoint_interval_s == 7200);
}

static void test_run__a_stated_goodput_stands(void **state) {
    (void)state;
    job j = quiet_job();
    j.cluster.chip.failures_per_chip_h = 1;
    j.deal.goodput_frac = 0.8;
    assert_true(run_of(&j).goodput_frac == 0.8);
    assert_near(run_of(&j).days, 1e4 / 86400.0 / 0.8, 1e-12);
}

/* The cliff: the same machine with ever more chips; more failures never keep more. */
static void test_run__goodput_falls_with_chips(void **state) {
    (void)state;
    job j = quiet_job();
    j.cluster.chip.failures_per_chip_h = 2e-5;
    j.cluster.storage_bytes_per_s = 1e12;
    j.cluster.restart_s = 600;
    double before = 1.0;
    for (double chips = 1; chips <= 1e8; chips *= 10) {
        j.step.chips_used_count = chips;
        double goodput = run_of(&j).goodput_frac;
        assert_true(goodput >= 0 && goodput < before);
        before = goodput;
    }
    assert_true(before < 1e-3);
}

/* 100,000 chips whose failures are known by class: about one in half an hour. */
static job busy_job(void) {
    job j = quiet_job();
    const double rates[FC_FAILURE_CLASS_COUNT] = {1.2e-5, 2e-6, 2e-6, 2e-7, 3e-6};
    memcpy(j.cluster.failures.per_chip_h, rates, sizeof rates);
    j.step.chips_used_count = j.cluster.chips_count = 1e5;
    j.cluster.storage_bytes_per_s = 4e8; /* 35 s */
    j.cluster.restart_s = 600;
    j.ops.tokens_count = 1e12;
    j.plan.dp = 64;
    j.plan.zero = 0;
    return j;
}

static void test_run__rates_by_class_add_up(void **state) {
    (void)state;
    job j = busy_job();
    j.cluster.chip.failures_per_chip_h = 1; /* more is known than that */
    assert_near(run_of(&j).mtbf_s, 3600 / (1.92e-5 * 1e5), 1e-12);
    job whole = busy_job();
    memset(&whole.cluster.failures, 0, sizeof whole.cluster.failures);
    whole.cluster.chip.failures_per_chip_h = 1.92e-5;
    j.cluster.chip.failures_per_chip_h = 0;
    assert_near(run_of(&j).goodput_frac, run_of(&whole).goodput_frac, 1e-12);
}

/* Each remedy keeps more, and each loss keeps less. */
static void test_run__remedies_and_losses(void **state) {
    (void)state;
    job base = busy_job();
    double before = run_of(&base).goodput_frac;
    job j = base;
    j.policy.checkpoint_overlap_frac = 0.9;
    assert_true(run_of(&j).goodput_frac > before);
    j = base;
    j.policy.memory_bytes_per_s = 1e6; /* 0.14 s a copy */
    j.policy.memory_survive_frac = 0.9;
    assert_true(run_of(&j).goodput_frac > before);
    assert_true(run_of(&j).memory_interval_s >= j.step.time_s);
    j = base;
    j.policy.elastic_pause_s = 10;
    assert_true(run_of(&j).goodput_frac > before && run_of(&j).replicas_count == 64);
    j.plan.zero = 1; /* the state is split over all replicas: none can go on alone */
    assert_near(run_of(&j).goodput_frac, before, 1e-12);
    j.plan.zero_group = 8;
    assert_true(run_of(&j).goodput_frac > before && run_of(&j).replicas_count == 8);
    j = base;
    j.cluster.detect_s = 120;
    assert_true(run_of(&j).goodput_frac < before);
    j = base;
    j.cluster.restart_s_per_kchip = 1.2;
    job longer = base;
    longer.cluster.restart_s += 120;
    assert_near(run_of(&j).goodput_frac, run_of(&longer).goodput_frac, 1e-12);
    j = base;
    j.cluster.slow_chips_frac = 0.05;
    assert_near(run_of(&j).goodput_frac, 0.95 * before, 1e-12);
}

static void test_run__spares_run_out(void **state) {
    (void)state;
    job j = busy_job();
    double at_once = run_of(&j).goodput_frac;
    double before = 0;
    j.policy.repair_s = 43200;
    for (int spares = 0; spares <= 64; spares += 8) {
        j.policy.spare_hosts_count = spares;
        fc_run run = run_of(&j);
        assert_true(run.goodput_frac >= before);
        before = run.goodput_frac;
    }
    assert_near(before, at_once, 1e-6);
    j.cluster.chip.scaleup_domain_count = 72; /* a tray of a rack holds 8 at most */
    job bare = j;
    bare.policy.spare_hosts_count = 0;
    bare.policy.repair_s = 0;
    assert_near(run_of(&j).chip_h / run_of(&bare).chip_h, 1 + 64 * 8 / 1e5, 1e-6);
}

static void test_run__ramps_take_longer(void **state) {
    (void)state;
    job j = quiet_job();
    double plain = run_of(&j).days;
    j.policy.batch_ramp_tokens = 0.2 * j.ops.tokens_count;
    j.policy.batch_ramp_speed_frac = 0.5;
    assert_near(run_of(&j).days, 1.2 * plain, 1e-12);
    j.policy.seq_ramp_tokens = 0.5 * j.ops.tokens_count;
    j.policy.seq_ramp_speed_frac = 1.25; /* short sequences spend less on attention */
    assert_near(run_of(&j).days, 1.1 * plain, 1e-12);
    assert_true(run_of(&j).goodput_frac == 1.0);
}

/* Half of the chips for the first month: half a month later, and charged only for what is there. */
static void test_run__chips_come_over_months(void **state) {
    (void)state;
    job j = quiet_job();
    j.ops.tokens_count = 1e12;
    fc_run plain = run_of(&j);
    assert_true(plain.days > 61);
    j.policy.deliveries_count = 2;
    j.policy.deliveries[0] = (fc_delivery){0, 500};
    j.policy.deliveries[1] = (fc_delivery){1, 1024};
    fc_run run = run_of(&j);
    double month_days = FC_MONTH_S / 86400;
    assert_near(run.days, plain.days + 0.5 * month_days, 1e-12);
    assert_near(run.chip_h, 24 * (500 * month_days + 1024 * (run.days - month_days)), 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run__rates_by_class_add_up),
        cmocka_unit_test(test_run__remedies_and_losses),
        cmocka_unit_test(test_run__spares_run_out),
        cmocka_unit_test(test_run__ramps_take_longer),
        cmocka_unit_test(test_run__chips_come_over_months),
        cmocka_unit_test(test_run__without_failures_only_planned_stops_cost),
        cmocka_unit_test(test_run__a_share_takes_longer_and_holds_no_more),
        cmocka_unit_test(test_run__counts_whole_steps),
        cmocka_unit_test(test_run__failures_of_llama_3),
        cmocka_unit_test(test_run__goodput_is_dalys_at_his_interval),
        cmocka_unit_test(test_run__nothing_is_saved_inside_a_step),
        cmocka_unit_test(test_run__a_stated_goodput_stands),
        cmocka_unit_test(test_run__goodput_falls_with_chips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
