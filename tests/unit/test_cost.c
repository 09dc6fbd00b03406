/* Dollars and energy by hand. */
#include "chain_helpers.h"

/* 1,000 chip-hours, a million tokens. */
static fc_cost price(fc_deal deal, double it_w) {
    fc_error error = {0};
    assert_fine(fc_deal_check(&deal, &error), &error);
    fc_cluster cluster = fc_cluster_default();
    cluster.chips_count = 2000;
    cluster.pue = 1.2;
    cluster.chip.it_power_w = it_w;
    cluster.chip.power_draw_frac = 0.75;
    fc_run run = {.chip_h = 1000, .tokens_count = 1e6};
    fc_cost cost;
    fc_cost_price(&cost, &run, &cluster, &deal);
    return cost;
}

static void test_cost__rent(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.usd_per_chip_h = 2.5;
    fc_cost cost = price(deal, 0);
    assert_int_equal(cost.priced, 1);
    assert_near(cost.total_usd, 2500.0, 1e-15);
    assert_near(cost.usd_per_mtoken, 2500.0, 1e-15);
}

/* 1.25 billion dollars a month for 325,000 chips: 5.265 dollars a chip-hour of 730.5 hours a month. */
static void test_cost__contract(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.contract_usd_per_month = 1.25e9;
    deal.contract_chips_count = 325000;
    assert_near(price(deal, 0).total_usd / 1000.0, 5.265, 1e-4);
}

/* Cottier et al. 2405.21015: an H100 of 30,000 dollars loses 30000·0.14·ln10/8766 = 1.1032 dollars in its first hour,
 * 1.3620 with a network of 19 % of the cluster; a year later 10^-0.14 = 0.7244 of that. */
static void test_cost__own(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.own_usd_per_chip = 30000;
    deal.own_decline_oom_per_year = 0.14;
    assert_near(price(deal, 0).total_usd / 1000.0, 1.103224, 1e-6);
    deal.own_network_frac = 0.19;
    assert_near(price(deal, 0).total_usd / 1000.0, 1.362004, 1e-6);
    deal.own_age_years = 1;
    assert_near(price(deal, 0).total_usd / 1000.0, 1.362004 * 0.724436, 1e-5);
}

/* What a year charges in hourly steps is what the year takes off the value. */
static void test_cost__own_adds_up_to_the_loss(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.own_usd_per_chip = 30000;
    deal.own_decline_oom_per_year = 0.14;
    double charged = 0;
    for (int hour = 0; hour < 8766; ++hour) {
        deal.own_age_years = (hour + 0.5) / 8766.0;
        charged += price(deal, 0).total_usd / 1000.0;
    }
    assert_near(charged, 30000.0 * (1.0 - pow(10.0, -0.14)), 1e-8);
}

static void test_cost__own_pays_its_electricity(void **state) {
    (void)state;
    fc_deal deal = fc_deal_default();
    deal.own_usd_per_chip = 30000;
    deal.own_decline_oom_per_year = 0.14;
    double without = price(deal, 1400).total_usd;
    deal.usd_per_kwh = 0.1;
    /* 1,000 h × 1.4 kW × 0.75 × 1.2 × 0.1 */
    assert_near(price(deal, 1400).total_usd - without, 126.0, 1e-9);
    fc_deal rent = fc_deal_default();
    rent.usd_per_chip_h = 2;
    rent.usd_per_kwh = 0.1;
    assert_near(price(rent, 1400).total_usd, 2000.0, 1e-15);
}

static void test_cost__energy_is_the_average_and_power_the_peak(void **state) {
    (void)state;
    fc_cost cost = price(fc_deal_default(), 1400);
    assert_int_equal(cost.powered, 1);
    assert_near(cost.energy_mwh, 1000.0 * 1.4e-3 * 0.75 * 1.2, 1e-12);
    assert_near(cost.peak_mw, 2000.0 * 1.4e-3 * 1.2, 1e-12);
}

static void test_cost__unknown_stays_unknown(void **state) {
    (void)state;
    fc_cost cost = price(fc_deal_default(), 0);
    assert_int_equal(cost.priced, 0);
    assert_int_equal(cost.powered, 0);
    assert_true(cost.total_usd == 0 && cost.usd_per_mtoken == 0 && cost.energy_mwh == 0 && cost.peak_mw == 0);
}

/* A run that never ends costs nothing only where there is no price: never a value that is no number. */
static void test_cost__an_endless_run_is_no_nan(void **state) {
    (void)state;
    fc_cluster cluster = fc_cluster_default();
    fc_deal deal = fc_deal_default();
    fc_run run = {.chip_h = (double)INFINITY, .tokens_count = 1};
    fc_cost cost;
    fc_cost_price(&cost, &run, &cluster, &deal);
    assert_true(cost.total_usd == 0 && cost.usd_per_mtoken == 0 && cost.energy_mwh == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost__rent),
        cmocka_unit_test(test_cost__contract),
        cmocka_unit_test(test_cost__own),
        cmocka_unit_test(test_cost__own_adds_up_to_the_loss),
        cmocka_unit_test(test_cost__own_pays_its_electricity),
        cmocka_unit_test(test_cost__energy_is_the_average_and_power_the_peak),
        cmocka_unit_test(test_cost__unknown_stays_unknown),
        cmocka_unit_test(test_cost__an_endless_run_is_no_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
