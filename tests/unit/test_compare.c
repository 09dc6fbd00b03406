/* Deal against deal: ratios, probabilities, flips and walls. */
#include "chain_helpers.h"

typedef struct bench {
    fc_comparison comparison;
    fc_study parts[2];
    fc_cell cell;
    fc_verdict verdict;
    fc_arena *arena;
} bench;

static void add_spread(fc_study *study, size_t offset, double low, double mid, double high, uint32_t belief) {
    fc_spread *spread = &study->spreads[study->spreads_count++];
    memset(spread, 0, sizeof *spread);
    snprintf(spread->key, sizeof spread->key, "at%u", (unsigned)offset);
    spread->offset = (uint32_t)offset;
    spread->low = low;
    spread->mid = mid;
    spread->high = high;
    spread->most = 1e12;
    spread->belief = belief;
}

static fc_study part_of(double chips, double mfu, double usd_per_chip_h) {
    fc_study part = fc_study_default();
    part.cluster.chip = ideal_chip();
    part.cluster.chips_count = chips;
    part.cluster.chip.it_power_w = 1000;
    part.cluster.chip.power_draw_frac = 0.75;
    part.deal.mfu_frac = mfu;
    part.deal.goodput_frac = 0.9;
    part.deal.share_frac = 0.5;
    part.deal.usd_per_chip_h = usd_per_chip_h;
    part.batch_tokens = 1e6;
    assert_int_equal(fc_deal_check(&part.deal, NULL), FC_OK);
    return part;
}

/* Two deals of one part each. */
static bench *bench_of(void **state, fc_study first, fc_study second) {
    chain_desk *desk = *state;
    bench *b = fc_arena_alloc(desk->arena, sizeof *b);
    assert_non_null(b);
    memset(b, 0, sizeof *b);
    b->arena = desk->arena;
    b->parts[0] = first;
    b->parts[1] = second;
    b->cell.model = gpt(8, 1024, 16);
    assert_int_equal(fc_model_check(&b->cell.model, NULL), FC_OK);
    b->cell.workload = fc_workload_default();
    b->cell.workload.tokens_count = 1e12;
    strcpy(b->cell.name, "work");
    fc_comparison *c = &b->comparison;
    c->sides_count = 2;
    for (uint32_t i = 0; i < 2; ++i) {
        snprintf(c->sides[i].name, sizeof c->sides[i].name, "deal-%u", (unsigned)i);
        c->sides[i].parts_count = 1;
        c->sides[i].parts = &b->parts[i];
    }
    c->cells_count = 1;
    c->cells = &b->cell;
    c->horizon_days = 1000;
    c->data_stock_tokens = 3e14;
    c->seed = 1;
    c->draws_count = 4000;
    return b;
}

static const fc_cell_result *compare(bench *b) {
    fc_error error = {0};
    assert_fine(fc_compare(&b->verdict, &b->comparison, b->arena, &error), &error);
    return &b->verdict.cells[0];
}

/* ---- sums ------------------------------------------------------------------------------------------------------- */

static void test_compare__useful_rate_is_a_product(void **state) {
    bench *b = bench_of(state, part_of(100, 0.4, 2), part_of(50, 0.5, 3));
    const fc_cell_result *cell = compare(b);
    assert_near(cell->sides[0].mid_flop_per_s, 100 * 1e15 * 0.5 * 0.4 * 0.9, 1e-12);
    assert_near(cell->sides[0].effective_flop_per_s.p50, cell->sides[0].mid_flop_per_s, 1e-12);
    double days = cell->work_flop / cell->sides[0].mid_flop_per_s / 86400.0;
    assert_near(cell->sides[0].days.p50, days, 1e-12);
    assert_near(cell->sides[0].cost_usd.p50, days * 24.0 * 100 * 0.5 * 2, 1e-12);
    assert_near(cell->sides[0].energy_mwh.p50, days * 24.0 * 100 * 0.5 * 0.75e-3, 1e-12);
    assert_near(b->verdict.sheets[1].peak_flop_per_s[FC_DTYPE_BF16], 50e15, 1e-12);
    assert_near(b->verdict.parity_bf16, 0.5, 1e-12);
}

static fc_study wide(fc_study part) {
    add_spread(&part, offsetof(fc_study, deal.mfu_frac), part.deal.mfu_frac / 2, part.deal.mfu_frac,
               part.deal.mfu_frac * 1.5, 0);
    add_spread(&part, offsetof(fc_study, deal.usd_per_chip_h), 1, part.deal.usd_per_chip_h, 5, 0);
    return part;
}

static void test_compare__swapping_sides_inverts_ratios(void **state) {
    bench *ab = bench_of(state, wide(part_of(100, 0.4, 2)), wide(part_of(90, 0.42, 3)));
    bench *ba = bench_of(state, ab->parts[1], ab->parts[0]);
    /* The medians of two independent samples of this width then differ by about one per cent: a bound of five is five
     * deviations away. */
    ab->comparison.draws_count = ba->comparison.draws_count = 40000;
    const fc_ratio *forth = &compare(ab)->ratios[0];
    const fc_ratio *back = &compare(ba)->ratios[0];
    /* other streams of random numbers: equal within sampling */
    assert_near(forth->speed.p50, 1.0 / back->speed.p50, 0.05);
    assert_near(forth->speed.p10, 1.0 / back->speed.p90, 0.05);
    assert_near(forth->cost.p50, 1.0 / back->cost.p50, 0.05);
    assert_near(forth->energy.p90, 1.0 / back->energy.p10, 0.05);
    assert_true(fabs(forth->faster_frac + back->faster_frac - 1.0) < 0.05);
    assert_true(fabs(forth->cheaper_frac + back->cheaper_frac - 1.0) < 0.05);
}

/* With beliefs numbered by deal the draws are the same both ways, and so the probabilities are exactly one. */
static void test_compare__probabilities_add_up(void **state) {
    bench *ab = bench_of(state, wide(part_of(100, 0.4, 2)), wide(part_of(90, 0.42, 3)));
    for (uint32_t i = 0; i < 2; ++i) {
        ab->parts[i].spreads[0].belief = 10 + i;
        ab->parts[i].spreads[1].belief = 20 + i;
    }
    bench *ba = bench_of(state, ab->parts[1], ab->parts[0]);
    const fc_ratio *forth = &compare(ab)->ratios[0];
    const fc_ratio *back = &compare(ba)->ratios[0];
    assert_near(forth->faster_frac + back->faster_frac, 1.0, 1e-12);
    assert_near(forth->cheaper_frac + back->cheaper_frac, 1.0, 1e-12);
    assert_near(forth->leaner_frac + back->leaner_frac, 1.0, 1e-12);
    assert_near(forth->speed.p10, 1.0 / back->speed.p90, 1e-3);
}

/* A deal against itself, in one belief: a tie in every draw. */
static void test_compare__the_same_deal_twice_is_a_tie(void **state) {
    fc_study part = part_of(100, 0.4, 2);
    add_spread(&part, offsetof(fc_study, deal.mfu_frac), 0.2, 0.4, 0.5, 9);
    bench *b = bench_of(state, part, part);
    const fc_ratio *ratio = &compare(b)->ratios[0];
    assert_true(ratio->speed.p10 == 1.0 && ratio->speed.p90 == 1.0 && ratio->cost.p90 == 1.0);
    assert_true(ratio->faster_frac == 0 && ratio->cheaper_frac == 0 && ratio->leaner_frac == 0);
}

static void test_compare__same_seed_same_bytes(void **state) {
    bench *first = bench_of(state, wide(part_of(100, 0.4, 2)), part_of(90, 0.42, 3));
    bench *second = bench_of(state, wide(part_of(100, 0.4, 2)), part_of(90, 0.42, 3));
    assert_memory_equal(&compare(first)->ratios, &compare(second)->ratios, sizeof first->verdict.cells[0].ratios);
}

/* ---- what is not known ------------------------------------------------------------------------------------------ */

static void test_compare__an_unpriced_deal_is_not_cheap(void **state) {
    bench *b = bench_of(state, part_of(100, 0.4, 0), part_of(90, 0.42, 3));
    const fc_cell_result *cell = compare(b);
    assert_true(cell->ratios[0].cheaper_frac == 0 && cell->sides[0].mid_usd_per_h == 0 &&
                cell->sides[0].cost_usd.p90 == 0);
    bench *swapped = bench_of(state, part_of(90, 0.42, 3), part_of(100, 0.4, 0));
    assert_true(compare(swapped)->ratios[0].cheaper_frac == 0);
}

/* Half a fleet without a price: the other half's price is not the deal's. */
static void test_compare__a_part_without_a_price_leaves_the_deal_without(void **state) {
    bench *b = bench_of(state, part_of(100, 0.4, 2), part_of(90, 0.42, 3));
    fc_study mixed[2] = {part_of(50, 0.4, 2), part_of(50, 0.4, 0)};
    b->comparison.sides[0].parts = mixed;
    b->comparison.sides[0].parts_count = 2;
    const fc_cell_result *cell = compare(b);
    assert_true(cell->sides[0].cost_usd.p50 == 0 && cell->ratios[0].cheaper_frac == 0 && cell->ratios[0].cost.p50 == 0);
}

static void test_compare__an_unstated_mfu_has_the_step_models_range(void **state) {
    fc_study part = part_of(8, 0, 2);
    add_spread(&part, offsetof(fc_study, step_time_factor), 0.5, 1.0, 2.0, 0);
    part.step_time_factor = 2.0;
    part.spreads[0].low = 1.5;
    part.spreads[0].mid = 2.0;
    part.spreads[0].high = 4.0;
    bench *b = bench_of(state, part, part_of(8, 0.4, 3));
    const fc_cell_result *cell = compare(b);
    const fc_job *job = &cell->sides[0].job;
    assert_int_equal(job->feasible, 1);
    double stated = 8 * 1e15 * 0.5 * 0.9;
    assert_near(cell->sides[0].effective_flop_per_s.p10, stated * job->estimate->mfu_frac.p10, 0.05);
    assert_near(cell->sides[0].effective_flop_per_s.p90, stated * job->estimate->mfu_frac.p90, 0.05);
    assert_true(job->estimate->mfu_frac.p10 < 0.6 * job->estimate->mfu_frac.p50);
}

/* ---- flips ------------------------------------------------------------------------------------------------------ */

static void set_input(fc_study *part, const char *input, double value) {
    if (strcmp(input, "mfu") == 0) {
        part->deal.mfu_frac = value;
    } else if (strcmp(input, "share") == 0) {
        part->deal.share_frac = value;
    } else if (strcmp(input, "goodput") == 0) {
        part->deal.goodput_frac = value;
    } else {
        assert_string_equal(input, "usd_per_chip_h");
        part->deal.usd_per_chip_h = value;
    }
}

static void test_compare__at_a_flip_both_are_equal(void **state) {
    bench *b = bench_of(state, part_of(100, 0.4, 2), part_of(90, 0.42, 3));
    (void)compare(b);
    assert_true(b->verdict.flips_count >= 8);
    for (uint32_t i = 0; i < b->verdict.flips_count; ++i) {
        const fc_flip *flip = &b->verdict.flips[i];
        bench *changed = bench_of(state, b->parts[0], b->parts[1]);
        set_input(&changed->parts[strcmp(flip->side, "deal-1") == 0], flip->input, flip->at);
        const fc_ratio *ratio = &compare(changed)->ratios[0];
        bool speed = strcmp(flip->what, "speed") == 0;
        assert_near(speed ? ratio->speed.p50 : ratio->cost.p50, 1.0, 1e-9);
        assert_int_equal(flip->reachable, flip->at <= (strcmp(flip->input, "usd_per_chip_h") == 0 ? 1e9 : 1.0));
    }
}

static void test_compare__a_flip_of_an_unstated_mfu_starts_at_the_step_models(void **state) {
    bench *b = bench_of(state, part_of(8, 0, 2), part_of(8, 0.4, 3));
    const fc_cell_result *cell = compare(b);
    bool found = false;
    for (uint32_t i = 0; i < b->verdict.flips_count; ++i) {
        const fc_flip *flip = &b->verdict.flips[i];
        if (strcmp(flip->input, "mfu") == 0 && strcmp(flip->what, "speed") == 0 && strcmp(flip->side, "deal-0") == 0) {
            assert_near(flip->mid, cell->sides[0].job.estimate->point.step.mfu_frac, 1e-12);
            assert_near(flip->at, 0.4, 1e-12);
            found = true;
        }
    }
    assert_true(found);
}

static void test_compare__the_widest_belief_drives(void **state) {
    fc_study first = part_of(100, 0.4, 2);
    add_spread(&first, offsetof(fc_study, deal.mfu_frac), 0.1, 0.4, 0.8, 0);
    add_spread(&first, offsetof(fc_study, deal.share_frac), 0.45, 0.5, 0.55, 0);
    bench *b = bench_of(state, first, part_of(90, 0.42, 3));
    (void)compare(b);
    assert_int_equal(b->verdict.drivers_count, 2);
    assert_near(b->verdict.drivers[0].swing_frac, (0.8 - 0.1) / 0.4, 1e-9);
    assert_near(b->verdict.drivers[1].swing_frac, 0.2, 1e-9);
}

/* ---- walls ------------------------------------------------------------------------------------------------------ */

static void test_compare__infeasible_only_with_its_wall(void **state) {
    bench *b = bench_of(state, part_of(100, 0.4, 2), part_of(90, 0.42, 3));
    const fc_cell_result *cell = compare(b);
    assert_true(!cell->infeasible && cell->wall[0] == '\0');
    b->cell.workload.tokens_count = 1e18;
    cell = compare(b);
    assert_true(cell->infeasible && strstr(cell->wall, "time: ") == cell->wall && strstr(cell->wall, "data: ") != NULL);
    b->cell.workload.tokens_count = 1e12;
    b->parts[0].cluster.chip.memory_bytes = b->parts[1].cluster.chip.memory_bytes = 1e6;
    cell = compare(b);
    assert_true(cell->infeasible && strstr(cell->wall, "memory") == cell->wall);
    assert_true(!cell->sides[0].job.feasible && strstr(cell->sides[0].job.reason, "no plan fits") != NULL);
}

static void test_compare__a_job_has_one_site(void **state) {
    fc_study first = part_of(96, 0.4, 2);
    first.cluster.sites_count = 3;
    first.cluster.storage_bytes_per_s = 3e9;
    bench *b = bench_of(state, first, part_of(90, 0.42, 3));
    const fc_job *job = &compare(b)->sides[0].job;
    assert_true(job->chips_count == 32 && job->estimate->point.step.chips_used_count <= 32);
    assert_near(job->estimate->point.run.checkpoint_s * 1e9, job->estimate->ops.params_total_count * 14.0, 1e-12);
}

/* ---- the shipped question --------------------------------------------------------------------------------------- */

static void test_compare__trainium2_against_220k(void **state) {
    chain_desk *desk = *state;
    fc_comparison comparison;
    fc_inputs inputs;
    fc_error error = {0};
    assert_fine(fc_config_comparison(&comparison, &inputs, &desk->config, "trn2-vs-220k", &error), &error);
    fc_verdict verdict;
    assert_fine(fc_compare(&verdict, &comparison, desk->arena, &error), &error);
    assert_near(verdict.parity_bf16, 0.409, 2e-3);
    assert_near(verdict.parity_fp8, 0.42, 2e-3);
    assert_near(verdict.sheets[0].peak_flop_per_s[FC_DTYPE_BF16], 667e18, 1e-3);
    assert_near(verdict.sheets[1].peak_flop_per_s[FC_DTYPE_BF16], 272.9e18, 1e-3);
    for (uint32_t i = 0; i < verdict.cells_count; ++i) {
        const fc_cell_result *cell = &verdict.cells[i];
        assert_int_equal(cell->infeasible, cell->wall[0] != '\0');
        assert_int_equal(cell->infeasible, strstr(comparison.cells[i].name, "dense-100t") != NULL);
        assert_true(cell->ratios[0].speed.p10 < cell->ratios[0].speed.p50);
        assert_true(cell->ratios[0].speed.p50 < cell->ratios[0].speed.p90);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare__useful_rate_is_a_product),
        cmocka_unit_test(test_compare__swapping_sides_inverts_ratios),
        cmocka_unit_test(test_compare__probabilities_add_up),
        cmocka_unit_test(test_compare__the_same_deal_twice_is_a_tie),
        cmocka_unit_test(test_compare__same_seed_same_bytes),
        cmocka_unit_test(test_compare__an_unpriced_deal_is_not_cheap),
        cmocka_unit_test(test_compare__a_part_without_a_price_leaves_the_deal_without),
        cmocka_unit_test(test_compare__an_unstated_mfu_has_the_step_models_range),
        cmocka_unit_test(test_compare__at_a_flip_both_are_equal),
        cmocka_unit_test(test_compare__a_flip_of_an_unstated_mfu_starts_at_the_step_models),
        cmocka_unit_test(test_compare__the_widest_belief_drives),
        cmocka_unit_test(test_compare__infeasible_only_with_its_wall),
        cmocka_unit_test(test_compare__a_job_has_one_site),
        cmocka_unit_test(test_compare__trainium2_against_220k),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
