/* A race against closed forms: crossings of constant rates, never, equal, growth, lead times, and what is refused. */
#include "chain_files.h"

#include "doors/config_race.h"
#include "flopcast/race.h"

#define START 20000
#define PEAK 1e15

static fc_race_value one(double value, double most) {
    return (fc_race_value){.low = value, .mid = value, .high = value, .least = 0, .most = most, .stated = 1};
}

static void add_lot(fc_race_programme *programme, double chips, int32_t day, fc_lot_status status) {
    fc_lot *lot = &programme->lots[programme->lots_count++];
    strcpy(lot->chip, "ideal");
    lot->peak_flop_per_s = PEAK;
    lot->day = day;
    lot->status = (uint32_t)status;
    lot->chips_count = one(chips, 1e9);
    lot->mfu_frac = one(0.4, 1);
    lot->share_frac = one(0.5, 1);
    lot->arrives_frac = one(1, 1);
    lot->contract_days = one(100, 3653);
    lot->power_days = one(200, 3653);
    lot->accepted_days = one(30, 3653);
}

/* Two programmes of one operating lot each. */
static fc_race_study *race_of(void **state, double leader_chips, double chaser_chips, int32_t chaser_day) {
    chain_desk *desk = *state;
    fc_race_study *s = fc_arena_alloc(desk->arena, sizeof *s);
    assert_non_null(s);
    s->programmes = fc_arena_alloc(desk->arena, 4 * sizeof *s->programmes);
    assert_non_null(s->programmes);
    s->wait = s->programmes + 2;
    s->programmes_count = 2;
    s->start_day = s->as_of_day = START;
    s->by_day = START + 500;
    s->horizon_day = START + 2000;
    s->counted = FC_LOT_CONTRACTED;
    s->seed = 5;
    s->draws_count = 40;
    for (int i = 0; i < 4; ++i) {
        s->programmes[i].start_day = START;
        s->programmes[i].algorithmic_progress = one(1, 100);
    }
    add_lot(&s->programmes[0], leader_chips, START, FC_LOT_OPERATING);
    add_lot(&s->programmes[1], chaser_chips, chaser_day, FC_LOT_OPERATING);
    return s;
}

static fc_race_result *run(void **state, const fc_race_study *study) {
    chain_desk *desk = *state;
    fc_error error = {0};
    fc_race_result *out = fc_arena_alloc(desk->arena, sizeof *out);
    assert_non_null(out);
    assert_fine(fc_race_run(out, study, desk->arena, &error), &error);
    return out;
}

/* 100 from day 0 and 200 from day 300: level on day 600. */
static void test_race__constant_rates_cross_on_a_known_day(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    fc_race_result *r = run(state, s);
    assert_int_equal(r->leader, 0);
    assert_int_equal(r->chases[0].chaser, 1);
    assert_true(fabs(r->chases[0].compute.p50.day - (START + 600)) < 1e-3);
    assert_near(r->chases[0].compute.by_frac, 0, 0);
    assert_near(r->chases[0].compute.within_frac, 1, 0);
    assert_near(r->sides[0].level_flop.p50, 100 * PEAK * 0.4 * 0.5 * 86400 * 500, 1e-12);
    assert_near(r->sides[1].useful_flop_per_s.p50, 200 * PEAK * 0.2, 1e-12);
    s->by_day = START + 601;
    assert_near(run(state, s)->chases[0].compute.by_frac, 1, 0);
}

/* The rates grow as 4^(t/year): L(G^T - 1) = C(G^T - G^300d), so G^T = (C G^300d - L) / (C - L). */
static void test_race__growth_has_its_closed_form(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->programmes[0].algorithmic_progress = s->programmes[1].algorithmic_progress = one(4, 100);
    fc_race_result *r = run(state, s);
    double day = 365.25 * log(2 * pow(4, 300 / 365.25) - 1) / log(4);
    assert_true(fabs(r->chases[0].compute.p50.day - (START + day)) < 1e-3);
    double level = 100 * PEAK * 0.2 * 86400 * 365.25 * (pow(4, 500 / 365.25) - 1) / log(4);
    assert_near(r->sides[0].level_flop.p50, level, 1e-12);
}

static void test_race__never(void **state) {
    fc_race_result *r = run(state, race_of(state, 100, 100, START + 300));
    assert_int_equal(r->chases[0].compute.p10.never, 1);
    assert_int_equal(r->chases[0].compute.p90.never, 1);
    assert_near(r->chases[0].compute.within_frac, 0, 0);
    assert_int_equal(r->mid_day.never, 1);
}

static void test_race__equal_from_the_start(void **state) {
    fc_race_result *r = run(state, race_of(state, 100, 100, START));
    assert_int_equal(r->chases[0].compute.p50.never, 0);
    assert_true(r->chases[0].compute.p50.day - START < 1e-3);
    assert_near(r->chases[0].ratio.p50, 1, 1e-12);
}

/* A lot of each status comes later by what is missing; announced does not count unless asked for. */
static void test_race__lead_times_by_status(void **state) {
    static const struct {
        fc_lot_status status;
        double lead_days;
    } rows[] = {{FC_LOT_OPERATING, 0}, {FC_LOT_DELIVERED, 30}, {FC_LOT_CONTRACTED, 230}, {FC_LOT_ANNOUNCED, 330}};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_race_study *s = race_of(state, 100, 200, START + 300);
        s->programmes[1].lots[0].status = (uint32_t)rows[i].status;
        s->counted = FC_LOT_ANNOUNCED;
        double expected = START + 2 * (300 + rows[i].lead_days);
        assert_true(fabs(run(state, s)->chases[0].compute.p50.day - expected) < 1e-3);
    }
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->programmes[1].lots[0].status = FC_LOT_ANNOUNCED;
    fc_race_result *r = run(state, s);
    assert_int_equal(r->chases[0].compute.p50.never, 1);
    assert_true(fabs(r->announced_day.day - (START + 1260)) < 1e-3);
}

/* Level in released models: the chaser's lag of 90 days and the leader's of 30. Its compute on day T - 90 is the
 * leader's on T - 30: 200(T - 390) = 100(T - 30). */
static void test_race__released_models_lag(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->programmes[0].release_days = one(30, 3653);
    s->programmes[1].post_training_days = one(90, 3653);
    assert_true(fabs(run(state, s)->chases[0].released.p50.day - (START + 750)) < 1e-3);
}

/* Of the last 100 days alone: level once half of a window has passed at twice the rate. */
static void test_race__level_of_a_run(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->measure = FC_RACE_RUN;
    s->programmes[0].run_days = s->programmes[1].run_days = one(100, 3653);
    assert_true(fabs(run(state, s)->chases[0].compute.p50.day - (START + 350)) < 1e-3);
}

/* Never later with more chips, MFU, share; with wide ranges too, draw by draw and so in every quantile. */
static void test_race__more_chips_are_never_later(void **state) {
    double before = 1e9;
    double within = 0;
    for (int i = 1; i <= 12; ++i) {
        fc_race_study *s = race_of(state, 100, 40.0 * i, START + 300);
        fc_race_value *chips = &s->programmes[1].lots[0].chips_count;
        chips->low = 0.5 * chips->mid;
        chips->high = 2 * chips->mid;
        chips->stream = 77;
        fc_race_dates dates = run(state, s)->chases[0].compute;
        assert_true(dates.p50.day <= before && dates.within_frac >= within);
        before = dates.p50.day;
        within = dates.within_frac;
    }
    assert_true(before < START + 500);
}

static void test_race__one_belief_for_one_chip(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    for (int i = 0; i < 2; ++i) {
        fc_race_value *mfu = &s->programmes[i].lots[0].mfu_frac;
        *mfu = (fc_race_value){.low = 0.1, .mid = 0.3, .high = 0.6, .most = 1, .stream = 9, .stated = 1};
    }
    fc_race_dates dates = run(state, s)->chases[0].compute;
    assert_true(fabs(dates.p10.day - (START + 600)) < 1e-3 && fabs(dates.p90.day - (START + 600)) < 1e-3);
    s->programmes[1].lots[0].mfu_frac.stream = 10;
    dates = run(state, s)->chases[0].compute;
    assert_true(dates.p90.day - dates.p10.day > 30);
}

/* The factor that is named does bring the day a quarter forward. */
static void test_race__a_quarter_earlier(void **state) {
    fc_race_result *r = run(state, race_of(state, 100, 200, START + 300));
    bool share = false;
    for (uint32_t i = 0; i < r->changes_count; ++i) {
        if (strcmp(r->changes[i].input, "share") != 0) {
            continue;
        }
        /* C(T - 300) = 100 T at T = 600 - 91.3125; a lot is at most all of the time: a factor of 2 */
        double factor = 100 * 508.6875 / 208.6875 / 200;
        share = true;
        assert_int_equal(r->changes[i].reachable, 1);
        assert_near(r->changes[i].factor, factor, 1e-4);
    }
    assert_true(share);
}

static void test_race__waiting_overtakes_on_a_known_day(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->has_wait = 1;
    add_lot(&s->wait[0], 10, START, FC_LOT_OPERATING);
    add_lot(&s->wait[1], 30, START + 200, FC_LOT_OPERATING);
    fc_race_result *r = run(state, s);
    assert_true(fabs(r->wait.p50.day - (START + 300)) < 1e-3);
}

static void test_race__same_seed_same_bytes(void **state) {
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    s->programmes[1].lots[0].chips_count.low = 100;
    s->programmes[1].lots[0].chips_count.high = 300;
    fc_race_result *first = run(state, s);
    fc_race_result *again = run(state, s);
    assert_memory_equal(first->points, again->points, sizeof first->points);
    assert_memory_equal(&first->chases[0].compute, &again->chases[0].compute, sizeof first->chases[0].compute);
    s->seed = 6;
    assert_true(run(state, s)->chases[0].ratio.p90 != first->chases[0].ratio.p90);
}

static void test_race__days_out_of_order_are_refused(void **state) {
    chain_desk *desk = *state;
    fc_race_study *s = race_of(state, 100, 200, START + 300);
    static fc_race_result out;
    fc_error error = {0};
    s->by_day = s->horizon_day + 1;
    assert_int_equal(fc_race_run(&out, s, desk->arena, &error), FC_BAD_INPUT);
    s->by_day = s->horizon_day;
    s->programmes_count = 1;
    memset(&error, 0, sizeof error);
    assert_int_equal(fc_race_run(&out, s, desk->arena, &error), FC_BAD_INPUT);
    assert_told(&error, "2 to 6 programmes");
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

#define HEAD "start: 2025-01-01\nas_of: 2025-06-01\nhorizon: 2028-01-01\nprogrammes:\n"
#define OTHER                                                                                                          \
    "  - {name: b, chip: h100-sxm, mfu: 0.4, share: 0.5, lots: [{chips: 10k, date: 2025-Q3, status: delivered}]}\n"
#define PROGRAMME(more, lot) HEAD "  - {name: a, chip: h100-sxm, share: 0.5, " more "lots: [{" lot "}]}\n" OTHER
#define LOT "chips: 10k, date: 2025-02-01, status: operating"

static fc_status read_race(void **state, fc_race_study *out, const char *text, fc_error *error) {
    chain_desk *desk = *state;
    fc_inputs inputs;
    const char *path = write_study(desk, "race.yaml", text);
    fc_status status = fc_config_race(out, &inputs, &desk->config, path, NULL, error);
    unlink(path);
    return status;
}

static void test_race__a_study_is_read(void **state) {
    fc_race_study s;
    fc_error error = {0};
    const char *text = PROGRAMME("mfu: {low: 0.2, mid: 0.3, high: 0.4}, power: 90 days, ", LOT);
    assert_fine(read_race(state, &s, text, &error), &error);
    assert_int_equal(s.programmes_count, 2);
    assert_int_equal(s.counted, FC_LOT_CONTRACTED);
    assert_int_equal(s.by_day, s.horizon_day);
    const fc_lot *lot = &s.programmes[0].lots[0];
    assert_near(lot->chips_count.mid, 10000, 0);
    assert_near(lot->mfu_frac.high, 0.4, 1e-12);
    assert_near(lot->power_days.mid, 90, 1e-12);
    assert_near(lot->peak_flop_per_s, 989.4e12, 1e-12);
    assert_int_equal(s.programmes[1].lots[0].day, 20315); /* 2025-08-15 */
}

static void test_race__refusals_say_where(void **state) {
    static const struct {
        const char *text;
        const char *told;
        int line;
    } rows[] = {
        {PROGRAMME("mfu: 0.3, ", "chips: 10k, date: 2024-06-01, status: operating"), "before the programme starts", 5},
        {PROGRAMME("mfu: 1.3, ", LOT), "mfu", 5},
        {PROGRAMME("mfu: 0.3, usd_per_chip_h: -2, ", LOT), "usd_per_chip_h", 5},
        {PROGRAMME("mfu: 0.3, ", "chips: -5, date: 2025-02-01, status: operating"), "chips", 5},
        {PROGRAMME("mfu: 0.3, ", LOT ", sahre: 0.5"), "did you mean \"share\"", 5},
        {PROGRAMME("mfu: 0.3, mfuu: 1, ", LOT), "unknown key \"mfuu\"", 5},
        {PROGRAMME("mfu: 0.3, ", "chips: 10k, date: 2025-02-01, status: promised"), "announced, contracted", 5},
        {PROGRAMME("mfu: 0.3, ", "chips: 10k, date: 2025-Q5, status: operating"), "2026-Q4 for a quarter", 5},
        {PROGRAMME("mfu: 0.3, algorithmic_progress: 0.5, ", LOT), "algorithmic_progress", 5},
        {PROGRAMME("mfu: {low: 0.4, mid: 0.3, high: 0.5}, ", LOT), "low <= mid <= high", 5},
        {PROGRAMME("mfu: {low: 0.2, high: 0.5, grade: exact}, ", LOT), "cannot be exact", 5},
        {PROGRAMME("", LOT), "lacks mfu", 5},
        {PROGRAMME("mfu: 0.3, ", LOT ", chip: h1000"), "h1000", 5},
        {"start: 2025-01-01\nhorizon: 2024-01-01\nprogrammes: []\n", "start <= as_of < horizon", 1},
        {"start: 2025-01-01\nprogrammes: []\n", "2 to 6 maps", 2},
        {"programmes: []\n", "needs start", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_race_study s;
        fc_error error = {0};
        assert_int_equal(read_race(state, &s, rows[i].text, &error), FC_BAD_INPUT);
        assert_told(&error, rows[i].told);
        if (error.line != rows[i].line) {
            fail_msg("row %zu: line %d, \"%s\"", i, (int)error.line, error.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race__constant_rates_cross_on_a_known_day),
        cmocka_unit_test(test_race__growth_has_its_closed_form),
        cmocka_unit_test(test_race__never),
        cmocka_unit_test(test_race__equal_from_the_start),
        cmocka_unit_test(test_race__lead_times_by_status),
        cmocka_unit_test(test_race__released_models_lag),
        cmocka_unit_test(test_race__level_of_a_run),
        cmocka_unit_test(test_race__more_chips_are_never_later),
        cmocka_unit_test(test_race__one_belief_for_one_chip),
        cmocka_unit_test(test_race__a_quarter_earlier),
        cmocka_unit_test(test_race__waiting_overtakes_on_a_known_day),
        cmocka_unit_test(test_race__same_seed_same_bytes),
        cmocka_unit_test(test_race__days_out_of_order_are_refused),
        cmocka_unit_test(test_race__a_study_is_read),
        cmocka_unit_test(test_race__refusals_say_where),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
