/* Studies of deals and grids of work: parts, beliefs, layers, refusals. */
#include "chain_files.h"

static const char TWO[] =
    "workload: {seq_len: 8192, global_batch: 512}\n"
    "stack: default\n"
    "grid:\n"
    "  - {model: llama3-8b, tokens: [1T, 2T]}\n"
    "  - {model: llama3-70b, tokens: 3T, seq_len: 4096}\n"
    "deals:\n"
    "  - name: mixed\n"
    "    cluster:\n"
    "      - {chip: h100-sxm, chips: {low: 50, mid: 64, high: 80}, mfu: {low: 0.3, mid: 0.4, high: 0.5}}\n"
    "      - {chip: a100-sxm-80gb, chips: 128, usd_per_chip_h: 1.5}\n"
    "    share: {low: 0.2, mid: 0.5, high: 0.9}\n"
    "    mfu: 0.35\n"
    "    usd_per_chip_h: {low: 2, mid: 3, high: 4}\n"
    "    facility_power: {low: 1 MW, mid: 2 MW, high: 3 MW}\n"
    "  - name: plain\n"
    "    cluster: {chip: trainium2, chips: 64}\n"
    "    goodput: 0.9\n"
    "    deal: {contract: {usd_per_month: 1M, chips: 128}}\n"
    "draws: 50\n"
    "seed: 7\n";

static fc_status read_deals(chain_desk *desk, fc_comparison *out, fc_inputs *inputs, const char *text, const char *set,
                            fc_error *error) {
    fc_config config = config_with(desk, &set, set != NULL);
    const char *path = write_study(desk, "deals.yaml", text);
    fc_status status = fc_config_comparison(out, inputs, &config, path, error);
    unlink(path);
    return status;
}

static fc_comparison load(void **state, const char *text, const char *set) {
    fc_comparison out;
    fc_inputs inputs;
    fc_error error = {0};
    assert_fine(read_deals(*state, &out, &inputs, text, set, &error), &error);
    return out;
}

static void test_config_compare__sides_and_cells(void **state) {
    fc_comparison c = load(state, TWO, NULL);
    assert_int_equal(c.sides_count, 2);
    assert_int_equal(c.sides[0].parts_count, 2);
    assert_int_equal(c.cells_count, 3);
    assert_int_equal(c.draws_count, 50);
    assert_true(c.seed == 7);
    assert_string_equal(c.sides[1].name, "plain");
    assert_near(c.cells[1].workload.tokens_count, 2e12, 1e-12);
    assert_int_equal(c.cells[1].workload.seq_len, 8192);
    assert_int_equal(c.cells[2].workload.seq_len, 4096);
    assert_int_equal(c.cells[2].workload.global_batch, 512);
    assert_near(c.sides[0].facility_w.p50, 2e6, 1e-12);
    assert_near(c.horizon_days, 1096, 1e-12);
    assert_near(c.data_stock_tokens, 3e14, 1e-12);
}

/* A part's own key over the side's, the side's over the deal's, and a deal's price for all parts without one. */
static void test_config_compare__a_part_over_its_side(void **state) {
    fc_comparison c = load(state, TWO, NULL);
    const fc_study *parts = c.sides[0].parts;
    assert_near(parts[0].deal.mfu_frac, 0.4, 1e-12);
    assert_near(parts[1].deal.mfu_frac, 0.35, 1e-12);
    assert_near(parts[0].deal.usd_per_chip_h, 3, 1e-12);
    assert_near(parts[1].deal.usd_per_chip_h, 1.5, 1e-12);
    assert_near(parts[1].deal.share_frac, 0.5, 1e-12);
    assert_int_equal(c.sides[1].parts[0].deal.pricing, FC_PRICING_CONTRACT);
    assert_near(c.sides[1].parts[0].deal.goodput_frac, 0.9, 1e-12);
    assert_near(c.sides[1].parts[0].deal.share_frac, 1, 1e-12);
}

static uint32_t belief_of(const fc_study *part, size_t offset) {
    const fc_spread *spread = spread_of(part, offset);
    assert_non_null(spread);
    return spread->belief;
}

static void test_config_compare__what_a_deal_believes_is_one_belief(void **state) {
    fc_comparison c = load(state, TWO, NULL);
    const fc_study *parts = c.sides[0].parts;
    size_t share = offsetof(fc_study, deal.share_frac);
    assert_int_equal(belief_of(&parts[0], share), belief_of(&parts[1], share));
    assert_null(spread_of(&parts[1], offsetof(fc_study, deal.mfu_frac)));
    assert_null(spread_of(&parts[1], offsetof(fc_study, deal.usd_per_chip_h)));
    size_t pue = offsetof(fc_study, cluster.pue);
    assert_int_equal(belief_of(&parts[0], pue), belief_of(&parts[1], pue));
    assert_true(belief_of(&parts[0], pue) != belief_of(&c.sides[1].parts[0], pue));
}

/* Ranges of two parts under one key, each stated by its part: two beliefs. */
static void test_config_compare__what_a_part_believes_is_its_own(void **state) {
    static const char *const keys[] = {"mfu", "share", "goodput", "usd_per_chip_h"};
    static const size_t offsets[] = {offsetof(fc_study, deal.mfu_frac), offsetof(fc_study, deal.share_frac),
                                     offsetof(fc_study, deal.goodput_frac), offsetof(fc_study, deal.usd_per_chip_h)};
    for (size_t i = 0; i < COUNT_OF(keys); ++i) {
        char text[1024];
        snprintf(
            text, sizeof text,
            "grid: [{model: llama3-8b, tokens: 1T}]\n"
            "deals:\n"
            "  - {name: a, cluster: [{chip: h100-sxm, chips: 8, %s: {low: 0.2, mid: 0.3, high: 0.4}}, {chip: h200-sxm, "
            "chips: 8, %s: {low: 0.2, mid: 0.3, high: 0.4}}, {chip: h20, chips: 8}]}\n"
            "  - {name: b, cluster: {chip: h20, chips: 8}}\n",
            keys[i], keys[i]);
        fc_comparison c = load(state, text, NULL);
        const fc_study *parts = c.sides[0].parts;
        assert_true(belief_of(&parts[0], offsets[i]) != belief_of(&parts[1], offsets[i]));
    }
}

static void test_config_compare__set_reaches_into_lists(void **state) {
    fc_comparison c = load(state, TWO, "deals.0.share=0.25");
    assert_near(c.sides[0].parts[0].deal.share_frac, 0.25, 1e-12);
    assert_null(spread_of(&c.sides[0].parts[0], offsetof(fc_study, deal.share_frac)));
}

/* A named cluster with `parts`: one part each, the facility's disclosed power from the entry. */
static void test_config_compare__a_named_fleet(void **state) {
    fc_comparison c = load(state,
                           "grid: [{model: llama3-8b, tokens: 1T}]\n"
                           "deals:\n"
                           "  - {name: a, cluster: colossus-1}\n"
                           "  - {name: b, cluster: rainier-1m}\n",
                           NULL);
    assert_int_equal(c.sides[0].parts_count, 3);
    assert_string_equal(c.sides[0].parts[2].cluster.chip.name, "gb200-nvl72");
    assert_near(c.sides[0].facility_w.p50, 425e6, 1e-12);
    assert_near(c.sides[1].parts[0].cluster.sites_count, 3, 1e-12);
    assert_true(belief_of(&c.sides[0].parts[2], offsetof(fc_study, cluster.chips_count)) != 0);
}

static void test_config_compare__facts_are_told_once(void **state) {
    fc_comparison c;
    fc_inputs inputs;
    fc_error error = {0};
    assert_fine(read_deals(*state, &c, &inputs, TWO, NULL, &error), &error);
    for (const fc_fact *fact = inputs.facts; fact != NULL; fact = fact->next) {
        for (const fc_fact *other = fact->next; other != NULL; other = other->next) {
            assert_false(strcmp(fact->key, other->key) == 0 && strcmp(fact->text, other->text) == 0);
        }
    }
    assert_non_null(fact_of(&inputs, "mixed.share"));
}

static void test_config_compare__refusals_say_where(void **state) {
    static const struct {
        const char *text;
        int line;
        const char *words;
    } rows[] = {
        {"grid: [{model: llama3-8b, tokens: 1T}]\n", 1, "deals: a list of 2 to 6"},
        {"grid: [{model: llama3-8b, tokens: 1T}]\ndeals: [{name: a, cluster: {chip: h20, chips: 8}}]\n", 2,
         "a list of 2 to 6"},
        {"deals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n  - {name: b, cluster: {chip: h20, chips: 8}}\n", 1,
         "a grid of work"},
        {"grid: [{model: llama3-8b, tokens: 1T}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n"
         "  - {name: a, cluster: {chip: h20, chips: 8}}\n",
         4, "two deals are called \"a\""},
        {"grid: [{model: llama3-8b, tokens: 1T}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}, shares: 1}\n"
         "  - {name: b, cluster: {chip: h20, chips: 8}}\n",
         3, "share"},
        {"grid: [{model: llama3-8b, tokens: 1T}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}, share: 1.5}\n"
         "  - {name: b, cluster: {chip: h20, chips: 8}}\n",
         3, "share"},
        {"grid: [{tokens: 1T}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n  - {name: b, cluster: {chip: "
         "h20, chips: 8}}\n",
         1, "a map with a model"},
        {"grid: [{model: llama3-8b, tokens: [[1T]]}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n"
         "  - {name: b, cluster: {chip: h20, chips: 8}}\n",
         1, "amounts such as 30T"},
        {"grid: [{model: llama3-8b}]\ndeals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n  - {name: b, cluster: "
         "{chip: h20, chips: 8}}\n",
         1, "no tokens"},
        {"grid: [{model: llama3-8b, tokens: 1T}]\nhorizon: 0 days\ndeals:\n  - {name: a, cluster: {chip: h20, chips: "
         "8}}\n"
         "  - {name: b, cluster: {chip: h20, chips: 8}}\n",
         2, "horizon"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_comparison c;
        fc_inputs inputs;
        fc_error error = {0};
        assert_int_equal(read_deals(*state, &c, &inputs, rows[i].text, NULL, &error), FC_BAD_INPUT);
        assert_told(&error, rows[i].words);
        if (error.line != rows[i].line || error.column < 1) {
            fail_msg("%d:%d instead of line %d for \"%s\"", error.line, error.column, rows[i].line, error.text);
        }
    }
}

static void test_config_compare__a_grid_has_its_limit(void **state) {
    char text[2048] =
        "deals:\n  - {name: a, cluster: {chip: h20, chips: 8}}\n  - {name: b, cluster: {chip: h20, chips: 8}}\n"
        "grid:\n  - {model: llama3-8b, tokens: [1T";
    for (int i = 0; i < FC_MAX_CELLS; ++i) {
        strcat(text, ", 1T");
    }
    strcat(text, "]}\n");
    fc_comparison c;
    fc_inputs inputs;
    fc_error error = {0};
    assert_int_equal(read_deals(*state, &c, &inputs, text, NULL, &error), FC_OVER_LIMIT);
    assert_told(&error, "more than 24 cells");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_compare__sides_and_cells),
        cmocka_unit_test(test_config_compare__a_part_over_its_side),
        cmocka_unit_test(test_config_compare__what_a_deal_believes_is_one_belief),
        cmocka_unit_test(test_config_compare__what_a_part_believes_is_its_own),
        cmocka_unit_test(test_config_compare__set_reaches_into_lists),
        cmocka_unit_test(test_config_compare__a_named_fleet),
        cmocka_unit_test(test_config_compare__facts_are_told_once),
        cmocka_unit_test(test_config_compare__refusals_say_where),
        cmocka_unit_test(test_config_compare__a_grid_has_its_limit),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
