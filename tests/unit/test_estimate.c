/* The chain: one point, its ranges, what moves it, where it ends. */
#include "chain_random.h"

#include "chain/draws.h"

static fc_study checked(fc_study study) {
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

static fc_estimate estimate(void **state, const fc_study *study) {
    chain_desk *desk = *state;
    fc_error error = {0};
    fc_estimate out;
    assert_fine(fc_estimate_study(&out, study, desk->arena, &error), &error);
    return out;
}

static fc_study priced_study(void) {
    fc_study study = ideal_study(8);
    study.deal.usd_per_chip_h = 2;
    study.cluster.chip.it_power_w = 1000;
    study.cluster.chip.power_draw_frac = 0.75;
    study.draws_count = 20000;
    return checked(study);
}

static void add_spread(fc_study *study, const char *key, size_t offset, double low, double mid, double high) {
    fc_spread *spread = &study->spreads[study->spreads_count++];
    memset(spread, 0, sizeof *spread);
    snprintf(spread->key, sizeof spread->key, "%s", key);
    spread->offset = (uint32_t)offset;
    spread->low = low;
    spread->mid = mid;
    spread->high = high;
    spread->most = 1e30;
}

#define ADD_SPREAD(study, member, low, mid, high)                                                                      \
    do {                                                                                                               \
        (study)->member = (mid);                                                                                       \
        add_spread((study), #member, offsetof(fc_study, member), (low), (mid), (high));                                \
    } while (0)

/* ---- draws ------------------------------------------------------------------------------------------------------ */

static void test_estimate__a_result_has_the_range_of_its_only_input(void **state) {
    fc_study study = priced_study();
    fc_estimate sure = estimate(state, &study);
    assert_true(sure.total_usd.p10 == sure.total_usd.p90 && sure.draws_count == 1);
    ADD_SPREAD(&study, deal.usd_per_chip_h, 1.5, 2.0, 4.0);
    fc_estimate out = estimate(state, &study);
    /* 20,000 draws: a tenth's quantile of this width is sampled to about one per cent */
    assert_near(out.total_usd.p10 / sure.total_usd.p50, 0.75, 0.01);
    assert_near(out.total_usd.p50 / sure.total_usd.p50, 1.0, 0.01);
    assert_near(out.total_usd.p90 / sure.total_usd.p50, 2.0, 0.015);
    assert_true(out.days.p10 == out.days.p90);
    assert_int_equal(out.drivers_count, 1);
    assert_string_equal(out.drivers[0].input, "deal.usd_per_chip_h");
    assert_near(out.drivers[0].swing_frac, 1.25, 1e-6);
}

static void test_estimate__same_seed_same_bytes(void **state) {
    fc_study study = priced_study();
    study.seed = 42;
    ADD_SPREAD(&study, deal.usd_per_chip_h, 1.5, 2.0, 4.0);
    ADD_SPREAD(&study, step_time_factor, 0.8, 1.0, 1.3);
    fc_estimate first = estimate(state, &study);
    fc_estimate second = estimate(state, &study);
    assert_memory_equal(&first, &second, sizeof first);
    study.seed = 43;
    fc_estimate other = estimate(state, &study);
    assert_true(other.total_usd.p50 != first.total_usd.p50);
    assert_near(other.total_usd.p50, first.total_usd.p50, 0.02);
}

/* Two inputs of a product: as one belief their ranges multiply, apart they partly cancel. */
static void test_estimate__shared_beliefs_are_drawn_together(void **state) {
    fc_study study = priced_study();
    ADD_SPREAD(&study, deal.usd_per_chip_h, 1.0, 2.0, 4.0);
    ADD_SPREAD(&study, step_time_factor, 1.5, 3.0, 6.0);
    fc_estimate apart = estimate(state, &study);
    study.spreads[0].belief = study.spreads[1].belief = 7;
    fc_estimate together = estimate(state, &study);
    assert_near(together.total_usd.p90 / together.total_usd.p50, 4.0, 0.03);
    assert_near(apart.total_usd.p90 / apart.total_usd.p50, pow(2.0, sqrt(2.0)), 0.05);
    fc_study drawn = study;
    for (uint64_t trial = 0; trial < 100; ++trial) {
        fc_draws_apply(&drawn, 1, trial, 0);
        assert_near(drawn.step_time_factor / drawn.deal.usd_per_chip_h, 1.5, 1e-9);
    }
}

/* What-if questions compare like with like: one more range, or one less, leaves the other inputs' draws alone. */
static void test_estimate__an_inputs_draws_are_its_own(void **state) {
    (void)state;
    fc_study alone = priced_study();
    fc_study beside = alone;
    ADD_SPREAD(&alone, deal.usd_per_chip_h, 1.0, 2.0, 4.0);
    ADD_SPREAD(&beside, step_time_factor, 1.5, 3.0, 6.0);
    ADD_SPREAD(&beside, deal.usd_per_chip_h, 1.0, 2.0, 4.0);
    for (uint64_t trial = 0; trial < 100; ++trial) {
        fc_draws_apply(&alone, 1, trial, 0);
        fc_draws_apply(&beside, 1, trial, 0);
        assert_true(alone.deal.usd_per_chip_h == beside.deal.usd_per_chip_h);
    }
}

static void test_estimate__draws_stay_inside_the_fields_limits(void **state) {
    (void)state;
    fc_study study = priced_study();
    ADD_SPREAD(&study, deal.share_frac, 0.5, 0.9, 1.0);
    study.spreads[0].most = 1.0;
    double least = 1;
    for (uint64_t trial = 0; trial < 10000; ++trial) {
        fc_draws_apply(&study, 1, trial, 0);
        assert_true(study.deal.share_frac > 0 && study.deal.share_frac <= 1.0);
        least = fmin(least, study.deal.share_frac);
    }
    assert_true(least < 0.5);
}

/* Tokens and optimizer bytes are counted before the plan is known; their ranges reach the results all the same. */
static void test_estimate__ranges_of_the_workload_count(void **state) {
    fc_study study = priced_study();
    ADD_SPREAD(&study, workload.tokens_count, 0.5e9, 1e9, 2e9);
    fc_estimate out = estimate(state, &study);
    assert_near(out.days.p90 / out.days.p10, 4.0, 0.05);
    assert_near(out.total_usd.p90 / out.total_usd.p10, 4.0, 0.05);
    assert_near(out.usd_per_mtoken.p90, out.usd_per_mtoken.p10, 1e-3);
    assert_string_equal(out.drivers[0].input, "workload.tokens_count");
    fc_study saving = priced_study();
    saving.cluster.chip.failures_per_chip_h = 1e-2;
    saving.cluster.storage_bytes_per_s = 1e6;
    ADD_SPREAD(&saving, workload.optimizer_bytes, 2.0, 8.0, 16.0);
    fc_estimate slow = estimate(state, &saving);
    assert_true(slow.goodput_frac.p90 > slow.goodput_frac.p10);
}

static void test_estimate__ranges_of_the_chip_reach_its_network(void **state) {
    fc_study study = priced_study();
    study.plan = plan_of(8, 1, 1, 1, 8);
    ADD_SPREAD(&study, cluster.chip.scaleup_bytes_per_s, 1e11, 2e11, 4e11);
    fc_study now = checked(study);
    fc_estimate out = estimate(state, &now);
    assert_true(out.time_s.p90 > 1.5 * out.time_s.p10);
}

static void test_estimate__drivers_are_ranked(void **state) {
    fc_study study = priced_study();
    ADD_SPREAD(&study, deal.usd_per_chip_h, 1.9, 2.0, 2.1);
    ADD_SPREAD(&study, step_time_factor, 1.5, 3.0, 6.0);
    ADD_SPREAD(&study, deal.share_frac, 0.2, 0.5, 0.9); /* holds no more chip-hours: no dollar moves */
    study.spreads[2].most = 1.0;
    fc_estimate out = estimate(state, &study);
    assert_int_equal(out.drivers_count, 2);
    assert_string_equal(out.drivers[0].input, "step_time_factor");
    assert_near(out.drivers[0].swing_frac, 1.5, 1e-9);
    assert_near(out.drivers[1].swing_frac, 0.1, 1e-9);
    assert_true(out.days.p90 > out.days.p10); /* but days do */
}

/* ---- one point -------------------------------------------------------------------------------------------------- */

static void test_estimate__a_stated_mfu_replaces_the_time(void **state) {
    fc_study study = priced_study();
    study.deal.mfu_frac = 0.2;
    fc_estimate out = estimate(state, &study);
    assert_near(out.point.step.mfu_frac, 0.2, 1e-12);
    double time_s = out.point.step.model_flop / (0.2 * 8e15);
    assert_near(out.point.step.time_s, time_s, 1e-12);
    study.deal.mfu_frac = 1.0; /* flash attention's second look leaves no room for that */
    fc_estimate fast = estimate(state, &study);
    assert_near(fast.point.step.hfu_frac, 1.0, 1e-12);
}

static void test_estimate__a_run_without_end_is_refused(void **state) {
    chain_desk *desk = *state;
    fc_study study = priced_study();
    study.cluster.chip.failures_per_chip_h = 1;
    study.cluster.restart_s = 1e6;
    fc_estimate out;
    fc_error error = {0};
    assert_int_equal(fc_estimate_study(&out, &study, desk->arena, &error), FC_INFEASIBLE);
    assert_told(&error, "may never finish");
    study.deal.goodput_frac = 0.5;
    assert_int_equal(fc_estimate_study(&out, &study, desk->arena, &error), FC_OK);
}

static void assert_range(fc_range range) {
    assert_true(isfinite(range.p10) && isfinite(range.p50) && isfinite(range.p90));
    assert_true(0 <= range.p10 && range.p10 <= range.p50 && range.p50 <= range.p90);
}

static void test_estimate__any_study_gives_sound_ranges_or_a_sentence(void **state) {
    (void)state;
    dice d = {.seed = 17};
    int answered = 0;
    fc_arena *arena = fc_arena_create((size_t)1 << 30);
    for (int i = 0; i < 2000; ++i) {
        fc_study study = random_study(&d);
        study.draws_count = 50;
        ADD_SPREAD(&study, deal.share_frac, 0.1, 0.5, 1.0);
        study.spreads[0].most = 1;
        ADD_SPREAD(&study, cluster.restart_s, 1.0, 60.0, 1e6);
        fc_estimate out;
        fc_error error = {0};
        fc_status status = fc_estimate_study(&out, &study, arena, &error);
        if (status != FC_OK) {
            assert_true(status == FC_INFEASIBLE || status == FC_BAD_INPUT);
            assert_true(error.text[0] != '\0');
            continue;
        }
        answered += 1;
        const fc_range ranges[] = {out.time_s,       out.mfu_frac,  out.days,           out.chip_h,
                                   out.goodput_frac, out.total_usd, out.usd_per_mtoken, out.energy_mwh};
        for (size_t j = 0; j < COUNT_OF(ranges); ++j) {
            assert_range(ranges[j]);
        }
        for (uint32_t j = 0; j < out.drivers_count; ++j) {
            assert_true(isfinite(out.drivers[j].swing_frac));
        }
    }
    fc_arena_destroy(arena);
    assert_true(answered > 200);
}

/* ---- the measured domain ---------------------------------------------------------------------------------------- */

static void test_estimate__axes_beyond_are_listed(void **state) {
    fc_study study = priced_study();
    fc_estimate out = estimate(state, &study);
    char text[160];
    study.domain = (fc_domain){.chips_count = 1e9,
                               .params_total_count = 1e18,
                               .params_active_count = 1e18,
                               .tokens_per_step = 1e12,
                               .chip_measured = 1,
                               .dtype_measured = 1};
    assert_int_equal(fc_estimate_beyond(text, sizeof text, &out, &study), 0);
    assert_string_equal(text, "");
    study.domain.chips_count = 7;
    study.domain.dtype_measured = 0;
    assert_int_equal(fc_estimate_beyond(text, sizeof text, &out, &study), 2);
    assert_string_equal(text, "chips, dtype");
    char tiny[8];
    assert_int_equal(fc_estimate_beyond(tiny, sizeof tiny, &out, &study), 2);
    assert_true(strlen(tiny) < sizeof tiny);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimate__a_result_has_the_range_of_its_only_input),
        cmocka_unit_test(test_estimate__same_seed_same_bytes),
        cmocka_unit_test(test_estimate__shared_beliefs_are_drawn_together),
        cmocka_unit_test(test_estimate__an_inputs_draws_are_its_own),
        cmocka_unit_test(test_estimate__draws_stay_inside_the_fields_limits),
        cmocka_unit_test(test_estimate__ranges_of_the_workload_count),
        cmocka_unit_test(test_estimate__ranges_of_the_chip_reach_its_network),
        cmocka_unit_test(test_estimate__drivers_are_ranked),
        cmocka_unit_test(test_estimate__a_stated_mfu_replaces_the_time),
        cmocka_unit_test(test_estimate__a_run_without_end_is_refused),
        cmocka_unit_test(test_estimate__any_study_gives_sound_ranges_or_a_sentence),
        cmocka_unit_test(test_estimate__axes_beyond_are_listed),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
