/* The JSON of estimate and compare against the contract: every key, every number finite, sums that add up, ranges with
 * width, and the same bytes for the same seed. The writers run in this process; their text is parsed as anybody would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"
#include "doors/config.h"
#include "doors/write_compare.h"
#include "doors/write_estimate.h"
#include "flopcast/deals.h"
#include "flopcast/estimate.h"

#define ARENA_BYTES ((size_t)512 << 20)

static void assert_ok(fc_status status, const fc_error *error) {
    if (status != FC_OK) {
        char told[2048];
        fc_error_format(error, told, sizeof told);
        fail_msg("%s", told);
    }
}

static fc_config make_config(fc_arena *arena, const char *const *sets, uint64_t seed) {
    fc_config config = {.arena = arena, .sets = sets, .seed = seed};
    fc_error error = {0};
    while (sets != NULL && sets[config.sets_count] != NULL) {
        config.sets_count += 1;
    }
    assert_ok(fc_catalog_open(&config.catalog, arena, FC_DATA_FOLDER, &error), &error);
    return config;
}

static fc_text estimate_text(fc_arena *arena, const char *name, const char *const *sets, uint64_t seed) {
    fc_config config = make_config(arena, sets, seed);
    fc_error error = {0};
    fc_inputs inputs;
    fc_study *study = fc_arena_alloc(arena, sizeof *study);
    fc_estimate *estimate = fc_arena_alloc(arena, sizeof *estimate);
    fc_text text = fc_text_start(arena);
    assert_true(study != NULL && estimate != NULL);
    assert_ok(fc_config_study(study, &inputs, &config, name, &error), &error);
    assert_ok(fc_estimate_study(estimate, study, arena, &error), &error);
    assert_ok(fc_write_estimate_json(&text, estimate, study, &inputs, &error), &error);
    return text;
}

static fc_text compare_text(fc_arena *arena, const char *name, const char *const *sets, uint64_t seed) {
    fc_config config = make_config(arena, sets, seed);
    fc_error error = {0};
    fc_inputs inputs;
    fc_comparison *comparison = fc_arena_alloc(arena, sizeof *comparison);
    fc_verdict *verdict = fc_arena_alloc(arena, sizeof *verdict);
    fc_text text = fc_text_start(arena);
    assert_true(comparison != NULL && verdict != NULL);
    assert_ok(fc_config_comparison(comparison, &inputs, &config, name, &error), &error);
    assert_ok(fc_compare(verdict, comparison, arena, &error), &error);
    assert_ok(fc_write_compare_json(&text, verdict, comparison, &inputs, &error), &error);
    return text;
}

static const fc_node *parse(fc_arena *arena, const fc_text *text) {
    fc_node *root = NULL;
    fc_error error = {0};
    assert_false(text->failed);
    assert_ok(fc_json_parse(&root, arena, "result", text->bytes, text->size, &error), &error);
    return root;
}

/* ---- walking ------------------------------------------------------------------------------------------------ */

/* "step.causes.0.name" below `root`. */
static const fc_node *at(const fc_node *root, const char *path) {
    char key[128];
    const char *rest = path;
    const fc_node *node = root;
    while (*rest != '\0') {
        size_t length = strcspn(rest, ".");
        assert_true(length < sizeof key);
        memcpy(key, rest, length);
        key[length] = '\0';
        node = node->kind == FC_NODE_LIST ? fc_node_at(node, (size_t)strtoul(key, NULL, 10)) : fc_node_get(node, key);
        if (node == NULL) {
            fail_msg("%s: no \"%s\"", path, key);
        }
        rest += length + (rest[length] == '.');
    }
    return node;
}

static double number(const fc_node *root, const char *path) {
    const fc_node *node = at(root, path);
    if (node->kind != FC_NODE_SCALAR || node->quoted) {
        fail_msg("%s is no number", path);
    }
    char *end = NULL;
    double value = strtod(node->text, &end);
    if (*end != '\0' || !isfinite(value)) {
        fail_msg("%s: \"%s\" is no finite number", path, node->text);
    }
    return value;
}

static bool is_bare_word(const char *text) { return strcmp(text, "true") == 0 || strcmp(text, "false") == 0; }

/* Every bare scalar is a finite number, true or false; what is called a count is whole and written without exponent. */
static void assert_numbers(const fc_node *node, const char *name) {
    if (node->kind == FC_NODE_SCALAR && !node->quoted && !is_bare_word(node->text)) {
        char *end = NULL;
        double value = strtod(node->text, &end);
        size_t length = strlen(name);
        bool is_count = length > 6 && strcmp(name + length - 6, "_count") == 0;
        if (*end != '\0' || !isfinite(value)) {
            fail_msg("%s: \"%s\" is no finite number", name, node->text);
        }
        if (is_count && node->text[strspn(node->text, "-0123456789")] != '\0') {
            fail_msg("%s: \"%s\" is no exact whole number", name, node->text);
        }
    }
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        assert_numbers(child, child->key != NULL ? child->key : name);
    }
}

static bool is_range(const fc_node *node) {
    return fc_node_get(node, "p10") != NULL && fc_node_get(node, "p50") != NULL && fc_node_get(node, "p90") != NULL;
}

/* p10 <= p50 <= p90 everywhere, and no width of zero: all inputs of the shipped studies have ranges behind them. */
static void assert_ranges(const fc_node *node, const char *name, size_t *count) {
    if (is_range(node)) {
        double low = number(node, "p10");
        double high = number(node, "p90");
        if (!(low < high) || number(node, "p50") < low || number(node, "p50") > high) {
            fail_msg("%s: %g to %g with the middle at %g", name, low, high, number(node, "p50"));
        }
        *count += 1;
    }
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        assert_ranges(child, child->key != NULL ? child->key : name, count);
    }
}

static double sum_of(const fc_node *list, const char *key) {
    double sum = 0;
    for (const fc_node *item = list->first; item != NULL; item = item->next) {
        sum += number(item, key);
    }
    return sum;
}

static void assert_close(double a, double b, const char *what) {
    if (fabs(a - b) > 1e-9 * fabs(b)) {
        fail_msg("%s: %.17g and %.17g differ", what, a, b);
    }
}

/* ---- the contract ------------------------------------------------------------------------------------------- */

static const char *const estimate_numbers[] = {
    "model.params_total_count",
    "model.params_active_count",
    "model.flop_per_token_model",
    "model.flop_per_token_palm",
    "model.flop_per_token_6nd",
    "cluster.chips_count",
    "cluster.peak_flop_per_s_per_chip",
    "plan.tp",
    "plan.pp",
    "plan.vpp",
    "plan.dp",
    "plan.cp",
    "plan.ep",
    "plan.micro_batch",
    "plan.global_batch",
    "plan.zero",
    "plan.chips_used_count",
    "step.time_s",
    "step.model_flop_per_s_per_chip",
    "step.mfu_frac",
    "step.hfu_frac",
    "step.tokens_per_s",
    "step.tokens_per_s_per_chip",
    "memory.worst_stage",
    "memory.per_chip_bytes",
    "memory.capacity_bytes",
    "run.tokens_count",
};
static const char *const estimate_texts[] = {"model.name",          "cluster.name",   "cluster.chip",
                                             "cluster.dtype",       "plan.recompute", "step.causes.0.name",
                                             "memory.causes.0.name"};
static const char *const head_keys[] = {"schema_version", "command", "flopcast_version", "inputs", "assumptions"};

static void assert_estimate(const fc_node *root) {
    for (size_t i = 0; i < sizeof estimate_numbers / sizeof estimate_numbers[0]; ++i) {
        (void)number(root, estimate_numbers[i]);
    }
    for (size_t i = 0; i < sizeof estimate_texts / sizeof estimate_texts[0]; ++i) {
        assert_true(at(root, estimate_texts[i])->quoted);
    }
    assert_true(is_bare_word(at(root, "memory.fits")->text));
    assert_int_equal(at(root, "drivers")->kind, FC_NODE_LIST);
    assert_true(is_range(at(root, "run.days")));
    assert_true(is_range(at(root, "run.chip_h")));
    assert_true(is_range(at(root, "run.goodput_frac")));
    assert_close(sum_of(at(root, "step.causes"), "time_s"), number(root, "step.time_s"), "causes of the step");
    assert_close(sum_of(at(root, "step.causes"), "frac"), 1.0, "shares of the step");
    assert_close(sum_of(at(root, "memory.causes"), "bytes"), number(root, "memory.per_chip_bytes"), "causes of memory");
    double chips =
        number(root, "plan.tp") * number(root, "plan.pp") * number(root, "plan.cp") * number(root, "plan.dp");
    assert_close(chips, number(root, "plan.chips_used_count"), "chips of the plan");
    assert_close(number(root, "step.tokens_per_s_per_chip") * chips, number(root, "step.tokens_per_s"), "tokens/s");
    assert_close(number(root, "step.model_flop_per_s_per_chip") / number(root, "cluster.peak_flop_per_s_per_chip"),
                 number(root, "step.mfu_frac"), "MFU");
    assert_true(number(root, "memory.per_chip_bytes") <= number(root, "memory.capacity_bytes"));
    assert_true(number(root, "step.hfu_frac") >= number(root, "step.mfu_frac"));
}

static void assert_head(const fc_node *root, const char *command) {
    for (size_t i = 0; i < sizeof head_keys / sizeof head_keys[0]; ++i) {
        (void)at(root, head_keys[i]);
    }
    assert_string_equal(at(root, "command")->text, command);
    assert_int_equal(at(root, "inputs")->kind, FC_NODE_MAP);
    assert_int_equal(at(root, "assumptions")->kind, FC_NODE_LIST);
    assert_true(at(root, "assumptions")->count > 0);
}

/* An estimate with a price; drivers fall in size. */
static void check_estimate(const char *name) {
    fc_arena *arena = fc_arena_create(ARENA_BYTES);
    fc_text text = estimate_text(arena, name, NULL, 0);
    const fc_node *root = parse(arena, &text);
    size_t ranges = 0;
    assert_head(root, "estimate");
    assert_estimate(root);
    assert_numbers(root, "");
    assert_ranges(root, "", &ranges);
    assert_true(ranges >= 6);
    assert_true(is_range(at(root, "cost.energy_mwh")));
    (void)number(root, "cost.peak_mw");
    double last = INFINITY;
    for (const fc_node *driver = at(root, "drivers")->first; driver != NULL; driver = driver->next) {
        assert_true(at(driver, "input")->quoted);
        assert_true(fabs(number(driver, "swing_frac")) <= last);
        last = fabs(number(driver, "swing_frac"));
    }
    fc_arena_destroy(arena);
}

static void test_contract_json__estimate_has_every_key(void **state) {
    (void)state;
    check_estimate("llama3-405b-16k-h100");
    check_estimate("moe-100t-rainier");
    check_estimate("specialist-70b");
}

static void test_contract_json__estimate_of_a_priced_chip_has_cost_ranges(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(ARENA_BYTES);
    fc_text text = estimate_text(arena, "llama3-405b-16k-h100", NULL, 0);
    const fc_node *root = parse(arena, &text);
    assert_true(is_range(at(root, "cost.total_usd")));
    assert_true(is_range(at(root, "cost.usd_per_mtoken")));
    assert_close(number(root, "run.tokens_count"), 15.6e12, "tokens");
    assert_string_equal(at(root, "run.tokens_count")->text, "15600000000000");
    assert_string_equal(at(root, "model.params_total_count")->text, "405853388800");
    fc_arena_destroy(arena);
}

/* What is uncertain on the way in is uncertain on the way out, and by how much follows. */
static void test_contract_json__a_stated_range_widens_the_result(void **state) {
    (void)state;
    static const char *const narrow[] = {"deal.usd_per_chip_h={low: 2.9, mid: 3, high: 3.1}", NULL};
    static const char *const wide[] = {"deal.usd_per_chip_h={low: 1, mid: 3, high: 9}", NULL};
    double width[2];
    const char *const *const sets[] = {narrow, wide};
    for (int i = 0; i < 2; ++i) {
        fc_arena *arena = fc_arena_create(ARENA_BYTES);
        fc_text text = estimate_text(arena, "llama3-405b-16k-h100", sets[i], 0);
        const fc_node *root = parse(arena, &text);
        width[i] = number(root, "cost.total_usd.p90") / number(root, "cost.total_usd.p10");
        fc_arena_destroy(arena);
    }
    assert_true(width[1] > 1.5 * width[0]);
}

static void check_deal(const fc_node *deal) {
    assert_true(at(deal, "name")->quoted);
    assert_true(number(deal, "peak_flop_per_s") > 0);
    static const char *const ranges[] = {"effective_flop_per_s", "days", "cost_usd", "energy_mwh"};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; ++i) {
        assert_true(is_range(at(deal, ranges[i])));
    }
    assert_true(number(deal, "effective_flop_per_s.p50") < number(deal, "peak_flop_per_s"));
    assert_estimate(at(deal, "estimate"));
}

static void test_contract_json__compare_has_every_key(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(ARENA_BYTES);
    fc_text text = compare_text(arena, "trn2-vs-220k", NULL, 0);
    const fc_node *root = parse(arena, &text);
    size_t ranges = 0;
    assert_head(root, "compare");
    assert_numbers(root, "");
    assert_ranges(root, "", &ranges);
    assert_true(ranges > 10);
    assert_int_equal(at(root, "deals")->count, 2);
    check_deal(at(root, "deals.0"));
    check_deal(at(root, "deals.1"));
    assert_int_equal(at(root, "ratios")->count, 1);
    assert_true(at(root, "verdict")->quoted);
    assert_true(strlen(at(root, "verdict")->text) > 40);
    assert_int_equal(at(root, "break_even")->kind, FC_NODE_LIST);
    assert_true(at(root, "break_even")->count >= 4);
    fc_arena_destroy(arena);
}

/* ---- determinism -------------------------------------------------------------------------------------------- */

typedef fc_text (*writing)(fc_arena *arena, const char *name, const char *const *sets, uint64_t seed);

static void check_seeds(writing write, const char *name, const char *range) {
    fc_arena *arena = fc_arena_create(ARENA_BYTES);
    fc_text first = write(arena, name, NULL, 7);
    fc_text again = write(arena, name, NULL, 7);
    fc_text other = write(arena, name, NULL, 8);
    assert_int_equal(first.size, again.size);
    assert_memory_equal(first.bytes, again.bytes, first.size);
    double one = number(parse(arena, &first), range);
    double two = number(parse(arena, &other), range);
    assert_true(one != two);
    assert_true(fabs(two / one - 1.0) < 0.2);
    fc_arena_destroy(arena);
}

static void test_contract_json__same_seed_same_bytes(void **state) {
    (void)state;
    check_seeds(estimate_text, "llama3-405b-16k-h100", "run.days.p90");
    check_seeds(compare_text, "trn2-vs-220k", "deals.0.days.p90");
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static void test_contract_json__names_of_the_contract_resolve(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"chips", "h100-sxm"},        {"chips", "trainium2"},      {"chips", "trainium2-ultra"},
        {"chips", "gb200-nvl72"},     {"chips", "H100_SXM"},       {"chips", "Trainium2"},
        {"chips", "Trainium2_Ultra"}, {"chips", "GB200_NVL72"},    {"models", "gpt3-175b"},
        {"models", "megatron-22b"},   {"models", "megatron-1t"},   {"models", "llama3-8b"},
        {"models", "llama3-70b"},     {"models", "llama3-405b"},   {"models", "mixtral-8x7b"},
        {"models", "deepseek-v3"},    {"models", "dense-100t"},    {"models", "moe-100t"},
        {"stacks", "megatron-core"},  {"stacks", "pytorch-eager"}, {"studies", "trn2-vs-220k"}};
    fc_arena *arena = fc_arena_create(ARENA_BYTES);
    fc_catalog catalog;
    fc_error error = {0};
    assert_ok(fc_catalog_open(&catalog, arena, FC_DATA_FOLDER, &error), &error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        fc_node *entry = NULL;
        assert_ok(fc_catalog_read(&entry, &catalog, names[i][0], names[i][1], NULL, &error), &error);
        assert_true(fc_text_same_name(entry->key, names[i][1]));
    }
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract_json__estimate_has_every_key),
        cmocka_unit_test(test_contract_json__estimate_of_a_priced_chip_has_cost_ranges),
        cmocka_unit_test(test_contract_json__a_stated_range_widens_the_result),
        cmocka_unit_test(test_contract_json__compare_has_every_key),
        cmocka_unit_test(test_contract_json__same_seed_same_bytes),
        cmocka_unit_test(test_contract_json__names_of_the_contract_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
