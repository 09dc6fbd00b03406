/* Defaults and checks of chip, cluster, plan, workload, stack and deal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flopcast/chip.h"
#include "flopcast/cluster.h"
#include "flopcast/deal.h"
#include "flopcast/plan.h"
#include "flopcast/workload.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define assert_refused(call, words)                                                                                    \
    do {                                                                                                               \
        fc_error error = {0};                                                                                          \
        assert_int_equal((call), FC_BAD_INPUT);                                                                        \
        if (strstr(error.text, (words)) == NULL) {                                                                     \
            fail_msg("\"%s\" does not say \"%s\"", error.text, (words));                                               \
        }                                                                                                              \
    } while (0)

static fc_chip gpu(void) {
    fc_chip chip = fc_chip_default();
    strcpy(chip.name, "gpu");
    chip.peak_flop_per_s[FC_DTYPE_BF16] = 1e15;
    chip.memory_bytes = 80e9;
    chip.scaleup_domain_count = 8;
    chip.scaleup_bytes_per_s = 450e9;
    chip.scaleup_eff_frac = 0.75;
    chip.scaleup_latency_s = 1e-6;
    chip.scaleup_topology = FC_TOPOLOGY_MESH;
    chip.scaleout_bytes_per_s = 50e9;
    chip.scaleout_eff_frac = 0.9;
    chip.scaleout_latency_s = 5e-6;
    return chip;
}

static fc_cluster cluster_of(double chips_count) {
    fc_cluster cluster = fc_cluster_default();
    cluster.chip = gpu();
    cluster.chips_count = chips_count;
    return cluster;
}

/* ---- chip --------------------------------------------------------------------------------------------------- */

static void test_chip__default_knows_nothing_and_passes(void **state) {
    (void)state;
    fc_chip chip = fc_chip_default();
    assert_int_equal(fc_chip_check(&chip, NULL), FC_OK);
    assert_int_equal(chip.devices_per_chip, 1);
    for (int dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        assert_true(chip.peak_flop_per_s[dtype] == 0.0);
        assert_true(chip.matmul[dtype].eff_frac == 0.0);
    }
}

static void test_chip__refuses_what_no_chip_has(void **state) {
    (void)state;
    const double wrong[] = {-1.0, NAN, INFINITY, -INFINITY, 1e300};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fc_chip chip = gpu();
        chip.memory_bytes = wrong[i];
        assert_refused(fc_chip_check(&chip, &error), "cluster.chip.memory is");
        chip = gpu();
        chip.peak_flop_per_s[FC_DTYPE_NVFP4] = wrong[i];
        assert_refused(fc_chip_check(&chip, &error), "cluster.chip.peak_nvfp4 is");
        chip = gpu();
        chip.matmul[FC_DTYPE_FP8].k_half = wrong[i];
        assert_refused(fc_chip_check(&chip, &error), "cluster.chip.matmul_k_half_fp8 is");
    }
}

static void test_chip__efficiencies_end_at_one(void **state) {
    (void)state;
    fc_chip chip = gpu();
    chip.matmul[FC_DTYPE_BF16].eff_frac = 1.0;
    assert_int_equal(fc_chip_check(&chip, NULL), FC_OK);
    chip.matmul[FC_DTYPE_BF16].eff_frac = nextafter(1.0, 2.0);
    assert_refused(fc_chip_check(&chip, &error), "matmul_eff_bf16");
    chip = gpu();
    chip.power_draw_frac = 1.01;
    assert_refused(fc_chip_check(&chip, &error), "power_draw");
}

static void test_chip__one_neighbour_has_no_more_than_all_links(void **state) {
    (void)state;
    fc_chip chip = gpu();
    chip.scaleup_peer_bytes_per_s = 450e9;
    assert_int_equal(fc_chip_check(&chip, NULL), FC_OK);
    chip.scaleup_peer_bytes_per_s = 451e9;
    assert_refused(fc_chip_check(&chip, &error), "scaleup_peer_bw");
}

static void test_chip__counts_and_enums_have_ends(void **state) {
    (void)state;
    fc_chip chip = gpu();
    chip.devices_per_chip = 0;
    assert_refused(fc_chip_check(&chip, &error), "devices_per_chip is 0");
    chip = gpu();
    chip.scaleup_topology = FC_TOPOLOGY_COUNT;
    assert_refused(fc_chip_check(&chip, &error), "scaleup_topology is 3");
}

static void test_chip__a_name_without_end_is_not_read_past_its_array(void **state) {
    (void)state;
    fc_chip chip = gpu();
    memset(chip.name, 'x', sizeof chip.name);
    assert_refused(fc_chip_check(&chip, &error), "no end");
    chip = gpu();
    memset(chip.family, 'x', sizeof chip.family);
    assert_refused(fc_chip_check(&chip, &error), "family");
}

/* ---- cluster ------------------------------------------------------------------------------------------------ */

static void test_cluster__tiers_come_from_the_chip(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(1024);
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    assert_int_equal(cluster.tiers_count, 2);
    assert_string_equal(cluster.tiers[0].name, "scale-up");
    assert_true(cluster.tiers[0].chips_count == 8.0);
    assert_true(cluster.tiers[0].bytes_per_s == 450e9);
    assert_true(cluster.tiers[0].eff_frac == 0.75);
    assert_true(cluster.tiers[0].latency_s == 1e-6);
    assert_int_equal(cluster.tiers[0].topology, FC_TOPOLOGY_MESH);
    assert_string_equal(cluster.tiers[1].name, "scale-out");
    assert_true(cluster.tiers[1].chips_count == 1024.0);
    assert_true(cluster.tiers[1].bytes_per_s == 50e9);
    assert_true(cluster.tiers[1].eff_frac == 0.9);
    assert_true(cluster.tiers[1].latency_s == 5e-6);
    assert_int_equal(cluster.tiers[1].topology, FC_TOPOLOGY_SWITCHED);
}

static void test_cluster__a_second_check_changes_nothing(void **state) {
    (void)state;
    fc_cluster once = cluster_of(1024);
    assert_int_equal(fc_cluster_check(&once, NULL), FC_OK);
    fc_cluster twice = once;
    assert_int_equal(fc_cluster_check(&twice, NULL), FC_OK);
    assert_memory_equal(&once, &twice, sizeof once);
}

static void test_cluster__sites_are_joined_by_an_unknown_network(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(3000);
    cluster.sites_count = 3;
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    assert_int_equal(cluster.tiers_count, 3);
    assert_true(cluster.tiers[1].chips_count == 1000.0);
    assert_string_equal(cluster.tiers[2].name, "sites");
    assert_true(cluster.tiers[2].chips_count == 3000.0);
    assert_true(cluster.tiers[2].bytes_per_s == 0.0);
}

static void test_cluster__one_chip_needs_no_network(void **state) {
    (void)state;
    fc_cluster cluster = fc_cluster_default();
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    assert_int_equal(cluster.tiers_count, 1);
    assert_true(cluster.tiers[0].chips_count == 1.0);
    assert_true(cluster.tiers[0].eff_frac > 0.0);
}

static void test_cluster__a_domain_that_is_not_filled_needs_no_scale_out(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(4);
    cluster.chip.scaleout_bytes_per_s = 0.0;
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    assert_int_equal(cluster.tiers_count, 1);
    assert_true(cluster.tiers[0].chips_count == 4.0);
}

static void test_cluster__names_the_fact_that_is_missing(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(9);
    cluster.chip.scaleout_bytes_per_s = 0.0;
    assert_refused(fc_cluster_check(&cluster, &error), "gpu has no scaleout_bw");
    cluster = cluster_of(9);
    cluster.chip.scaleout_eff_frac = 0.0;
    assert_refused(fc_cluster_check(&cluster, &error), "gpu has no scaleout_eff");
    cluster = cluster_of(2);
    cluster.chip.scaleup_bytes_per_s = 0.0;
    assert_refused(fc_cluster_check(&cluster, &error), "gpu has no scaleup_bw");
    cluster = cluster_of(2);
    cluster.chip.scaleup_domain_count = 0;
    assert_refused(fc_cluster_check(&cluster, &error), "gpu has no scaleup_domain");
}

static void test_cluster__a_card_without_scale_up_uses_its_nic(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(16);
    cluster.chip.scaleup_domain_count = 1;
    cluster.chip.scaleup_bytes_per_s = 0.0;
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    assert_int_equal(cluster.tiers_count, 2);
    assert_true(cluster.tiers[0].chips_count == 1.0);
}

static void test_cluster__refuses_counts_that_are_no_counts(void **state) {
    (void)state;
    const double wrong[] = {0.0, -8.0, 1.5, NAN, INFINITY, 2e9};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fc_cluster cluster = cluster_of(wrong[i]);
        assert_refused(fc_cluster_check(&cluster, &error), "cluster.chips is");
    }
    fc_cluster cluster = cluster_of(2);
    cluster.sites_count = 3;
    assert_refused(fc_cluster_check(&cluster, &error), "cluster.sites is 3");
}

static fc_tier tier_of(const char *name, double chips_count, double bytes_per_s) {
    fc_tier tier;
    memset(&tier, 0, sizeof tier);
    snprintf(tier.name, sizeof tier.name, "%s", name);
    tier.chips_count = chips_count;
    tier.bytes_per_s = bytes_per_s;
    tier.eff_frac = 1.0;
    return tier;
}

static void test_cluster__given_tiers_grow_and_cover_the_site(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(64);
    cluster.tiers_count = 2;
    cluster.tiers[0] = tier_of("board", 8, 1e11);
    cluster.tiers[1] = tier_of("leaf", 64, 1e10);
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
    cluster.tiers[1].chips_count = 32;
    assert_refused(fc_cluster_check(&cluster, &error), "a site has 64");
    cluster.tiers[1].chips_count = 4;
    assert_refused(fc_cluster_check(&cluster, &error), "from the smallest to the largest");
    cluster.tiers[1] = tier_of("leaf", 64, 0.0);
    assert_refused(fc_cluster_check(&cluster, &error), "cluster.tiers.1 (leaf) has no bw");
    cluster.tiers_count = FC_MAX_TIERS + 1;
    assert_refused(fc_cluster_check(&cluster, &error), "cluster.tiers is 7");
}

static void test_cluster__a_job_inside_a_site_does_not_need_the_outer_tier(void **state) {
    (void)state;
    fc_cluster cluster = cluster_of(64);
    cluster.sites_count = 8;
    cluster.tiers_count = 2;
    cluster.tiers[0] = tier_of("board", 8, 1e11);
    cluster.tiers[1] = tier_of("between", 64, 0.0);
    assert_int_equal(fc_cluster_check(&cluster, NULL), FC_OK);
}

/* ---- plan --------------------------------------------------------------------------------------------------- */

static void test_plan__default_leaves_everything_open(void **state) {
    (void)state;
    fc_plan plan = fc_plan_default();
    assert_int_equal(fc_plan_check(&plan, NULL), FC_OK);
    assert_int_equal(plan.tp, 0);
    assert_int_equal(plan.zero, -1);
    assert_int_equal(plan.sequence_parallel, -1);
    assert_int_equal(plan.recompute, FC_RECOMPUTE_AUTO);
}

static void test_plan__ranges_have_ends(void **state) {
    (void)state;
    fc_plan plan = fc_plan_default();
    plan.zero = 3;
    assert_int_equal(fc_plan_check(&plan, NULL), FC_OK);
    plan.zero = 4;
    assert_refused(fc_plan_check(&plan, &error), "plan.zero is 4");
    plan.zero = -2;
    assert_refused(fc_plan_check(&plan, &error), "plan.zero is -2");
    plan = fc_plan_default();
    plan.sequence_parallel = 2;
    assert_refused(fc_plan_check(&plan, &error), "plan.sequence_parallel is 2");
    plan = fc_plan_default();
    plan.pp = 4097;
    assert_refused(fc_plan_check(&plan, &error), "plan.pp is 4097");
    plan = fc_plan_default();
    plan.recompute = FC_RECOMPUTE_COUNT;
    assert_refused(fc_plan_check(&plan, &error), "plan.recompute");
}

/* ---- workload and stack ------------------------------------------------------------------------------------- */

static void test_workload__needs_tokens(void **state) {
    (void)state;
    fc_workload workload = fc_workload_default();
    assert_refused(fc_workload_check(&workload, &error), "workload.tokens is 0");
    workload.tokens_count = 1e17;
    assert_int_equal(fc_workload_check(&workload, NULL), FC_OK);
    workload.tokens_count = NAN;
    assert_refused(fc_workload_check(&workload, &error), "workload.tokens");
}

static void test_workload__default_is_adam_in_mixed_precision(void **state) {
    (void)state;
    fc_workload workload = fc_workload_default();
    assert_int_equal(workload.dtype, FC_DTYPE_BF16);
    assert_true(workload.grad_bytes + workload.master_bytes + workload.optimizer_bytes == 16.0);
}

static void test_workload__enums_have_ends(void **state) {
    (void)state;
    fc_workload workload = fc_workload_default();
    workload.tokens_count = 1e9;
    workload.dtype = FC_DTYPE_COUNT;
    assert_refused(fc_workload_check(&workload, &error), "workload.dtype");
    workload.dtype = FC_DTYPE_FP8;
    workload.kind = FC_WORKLOAD_KIND_COUNT;
    assert_refused(fc_workload_check(&workload, &error), "workload.kind");
}

static void test_stack__shares_stay_between_nothing_and_all(void **state) {
    (void)state;
    fc_stack stack = fc_stack_default();
    assert_int_equal(fc_stack_check(&stack, NULL), FC_OK);
    stack.dp_overlap_frac = 1.5;
    assert_refused(fc_stack_check(&stack, &error), "stack.dp_overlap is 1.5");
    stack = fc_stack_default();
    stack.expert_imbalance = 0.9;
    assert_refused(fc_stack_check(&stack, &error), "stack.expert_imbalance");
    stack = fc_stack_default();
    stack.dropout = 2;
    assert_refused(fc_stack_check(&stack, &error), "stack.dropout");
}

/* ---- deal --------------------------------------------------------------------------------------------------- */

static void test_deal__no_price_is_a_deal(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    assert_int_equal(fc_deal_check(&deal, NULL), FC_OK);
    assert_int_equal(deal.pricing, FC_PRICING_NONE);
    assert_true(deal.share_frac == 1.0);
}

static void test_deal__the_given_price_sets_the_pricing(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.usd_per_chip_h = 2.95;
    assert_int_equal(fc_deal_check(&deal, NULL), FC_OK);
    assert_int_equal(deal.pricing, FC_PRICING_RENT);
    deal = fc_deal_default();
    deal.contract_usd_per_month = 1.25e9;
    deal.contract_chips_count = 325e3;
    assert_int_equal(fc_deal_check(&deal, NULL), FC_OK);
    assert_int_equal(deal.pricing, FC_PRICING_CONTRACT);
    deal = fc_deal_default();
    deal.own_usd_per_chip = 30e3;
    deal.own_decline_oom_per_year = 0.14;
    assert_int_equal(fc_deal_check(&deal, NULL), FC_OK);
    assert_int_equal(deal.pricing, FC_PRICING_OWN);
}

static void test_deal__refuses_two_prices(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.usd_per_chip_h = 2.95;
    deal.own_usd_per_chip = 30e3;
    deal.own_decline_oom_per_year = 0.14;
    assert_refused(fc_deal_check(&deal, &error), "two kinds of price");
}

static void test_deal__refuses_half_a_contract_and_a_price_that_never_falls(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.contract_usd_per_month = 1.25e9;
    assert_refused(fc_deal_check(&deal, &error), "no chips");
    deal = fc_deal_default();
    deal.contract_chips_count = 1000;
    assert_refused(fc_deal_check(&deal, &error), "no usd_per_month");
    deal = fc_deal_default();
    deal.own_usd_per_chip = 30e3;
    assert_refused(fc_deal_check(&deal, &error), "decline");
}

static void test_deal__refuses_shares_and_prices_out_of_range(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.share_frac = 1.01;
    assert_refused(fc_deal_check(&deal, &error), "deal.share is 1.01");
    deal.share_frac = 0.0;
    assert_refused(fc_deal_check(&deal, &error), "deal.share is 0");
    deal = fc_deal_default();
    deal.usd_per_chip_h = -1.0;
    assert_refused(fc_deal_check(&deal, &error), "deal.usd_per_chip_h is -1");
    deal = fc_deal_default();
    deal.status = FC_DEAL_STATUS_COUNT;
    assert_refused(fc_deal_check(&deal, &error), "deal.status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chip__default_knows_nothing_and_passes),
        cmocka_unit_test(test_chip__refuses_what_no_chip_has),
        cmocka_unit_test(test_chip__efficiencies_end_at_one),
        cmocka_unit_test(test_chip__one_neighbour_has_no_more_than_all_links),
        cmocka_unit_test(test_chip__counts_and_enums_have_ends),
        cmocka_unit_test(test_chip__a_name_without_end_is_not_read_past_its_array),
        cmocka_unit_test(test_cluster__tiers_come_from_the_chip),
        cmocka_unit_test(test_cluster__a_second_check_changes_nothing),
        cmocka_unit_test(test_cluster__sites_are_joined_by_an_unknown_network),
        cmocka_unit_test(test_cluster__one_chip_needs_no_network),
        cmocka_unit_test(test_cluster__a_domain_that_is_not_filled_needs_no_scale_out),
        cmocka_unit_test(test_cluster__names_the_fact_that_is_missing),
        cmocka_unit_test(test_cluster__a_card_without_scale_up_uses_its_nic),
        cmocka_unit_test(test_cluster__refuses_counts_that_are_no_counts),
        cmocka_unit_test(test_cluster__given_tiers_grow_and_cover_the_site),
        cmocka_unit_test(test_cluster__a_job_inside_a_site_does_not_need_the_outer_tier),
        cmocka_unit_test(test_plan__default_leaves_everything_open),
        cmocka_unit_test(test_plan__ranges_have_ends),
        cmocka_unit_test(test_workload__needs_tokens),
        cmocka_unit_test(test_workload__default_is_adam_in_mixed_precision),
        cmocka_unit_test(test_workload__enums_have_ends),
        cmocka_unit_test(test_stack__shares_stay_between_nothing_and_all),
        cmocka_unit_test(test_deal__no_price_is_a_deal),
        cmocka_unit_test(test_deal__the_given_price_sets_the_pricing),
        cmocka_unit_test(test_deal__refuses_two_prices),
        cmocka_unit_test(test_deal__refuses_half_a_contract_and_a_price_that_never_falls),
        cmocka_unit_test(test_deal__refuses_shares_and_prices_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
