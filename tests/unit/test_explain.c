/* Every key that can be explained: its formula, calculated from its own text, comes to what the estimate says, and to what
 * the estimate's JSON prints under that key. */
#include "chain_helpers.h"

#include "base/tree.h"
#include "doors/explain.h"
#include "doors/write_estimate.h"

typedef struct answer {
    fc_study study;
    fc_inputs inputs;
    fc_estimate estimate;
} answer;

static const char *const RENTED[] = {NULL};
static const char *const OWNED[] = {"deal={own: {usd_per_chip: 30k}}", NULL};
static const char *const CONTRACT[] = {"deal={contract: {usd_per_month: 1G, chips: 20000}}", NULL};
static const char *const STATED[] = {"deal.goodput=0.9", "deal.mfu=0.3", NULL};
static const char *const UNBROKEN[] = {"cluster.chip.failures=0", NULL};

static const struct {
    const char *name;
    const char *const *sets;
} CASES[] = {
    {"llama3-405b-16k-h100", RENTED},   {"moe-100t-rainier", RENTED},     {"llama3-405b-16k-h100", OWNED},
    {"llama3-405b-16k-h100", CONTRACT}, {"llama3-405b-16k-h100", STATED}, {"llama3-405b-16k-h100", UNBROKEN},
};

static answer *ask(void **state, const char *name, const char *const *sets) {
    chain_desk *desk = *state;
    fc_config config = desk->config;
    fc_error error = {0};
    answer *out = fc_arena_alloc(desk->arena, sizeof *out);
    assert_non_null(out);
    config.sets = sets;
    while (sets[config.sets_count] != NULL) {
        config.sets_count += 1;
    }
    assert_fine(fc_config_study(&out->study, &out->inputs, &config, name, &error), &error);
    out->study.draws_count = 50;
    assert_fine(fc_estimate_study(&out->estimate, &out->study, desk->arena, &error), &error);
    return out;
}

/* Whether this is the row that a user gets: of several that hold, the first. */
static bool is_the_row(const fc_explanation *row, const fc_explain_case *c) {
    const fc_explanation *found = NULL;
    fc_error error = {0};
    fc_status status = fc_explain_find(&found, row->key, c, &error);
    assert_true(status == FC_OK || status == FC_BAD_INPUT);
    return status == FC_OK && found == row;
}

/* Each row that counts; returns how many formulas were calculated. */
static size_t check_formulas(const fc_explain_case *c) {
    size_t count = 0;
    const fc_explanation *row = NULL;
    for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
        fc_error error = {0};
        double result = 0;
        const fc_term *term = fc_explain_term(row->key, strlen(row->key));
        if (term == NULL) {
            fail_msg("%s is no term", row->key);
        }
        if (row->formula == NULL || !is_the_row(row, c)) {
            continue;
        }
        assert_fine(fc_explain_calculate(&result, row->formula, c, &error), &error);
        double value = fc_explain_value(term, c);
        if (!(fabs(result - value) <= 1e-12 * fabs(value))) {
            fail_msg("%s: %.17g by its formula, %.17g by the estimate of %s", row->key, result, value, c->study->name);
        }
        count += 1;
    }
    return count;
}

static void test_formulas_come_to_the_estimate(void **state) {
    for (size_t i = 0; i < COUNT_OF(CASES); ++i) {
        const answer *a = ask(state, CASES[i].name, CASES[i].sets);
        fc_explain_case c = {.estimate = &a->estimate, .study = &a->study};
        assert_true(check_formulas(&c) >= 16);
    }
}

/* The key in the JSON of an estimate: a member, or a cause by its name. NULL: not there. */
static const fc_node *find_in_json(const fc_node *root, const char *key) {
    char group[FC_NAME_SIZE];
    const char *name = strchr(key, '.') + 1;
    snprintf(group, sizeof group, "%.*s", (int)(name - key - 1), key);
    const fc_node *parent = fc_node_get(root, group);
    assert_non_null(parent);
    const fc_node *member = fc_node_get(parent, name);
    const fc_node *causes = fc_node_get(parent, "causes");
    const fc_node *cause = causes != NULL ? causes->first : NULL;
    for (; member == NULL && cause != NULL; cause = cause->next) {
        if (strcmp(fc_node_get(cause, "name")->text, name) == 0) {
            member = fc_node_get(cause, strcmp(group, "step") == 0 ? "time_s" : "bytes");
        }
    }
    return member;
}

static size_t check_json(const fc_explain_case *c, const fc_node *root) {
    size_t count = 0;
    const fc_explanation *row = NULL;
    for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
        fc_range range = {0, 0, 0};
        if (!is_the_row(row, c)) {
            continue;
        }
        const fc_node *node = find_in_json(root, row->key);
        double value = fc_explain_value(fc_explain_term(row->key, strlen(row->key)), c);
        if (node == NULL) {
            /* the one key that is a part of formulas only */
            assert_string_equal(row->key, "step.model_flop");
            continue;
        }
        if (node->kind == FC_NODE_MAP) {
            assert_true(fc_explain_range(&range, row, c->estimate));
            node = fc_node_get(node, "p50");
            value = range.p50;
        }
        if (strtod(node->text, NULL) != value) {
            fail_msg("%s: %.17g explained, %s in JSON", row->key, value, node->text);
        }
        count += 1;
    }
    return count;
}

static void test_values_are_those_of_the_json(void **state) {
    chain_desk *desk = *state;
    for (size_t i = 0; i < 2; ++i) {
        fc_error error = {0};
        fc_node *root = NULL;
        const answer *a = ask(state, CASES[i].name, CASES[i].sets);
        fc_explain_case c = {.estimate = &a->estimate, .study = &a->study};
        fc_text text = fc_text_start(desk->arena);
        assert_fine(fc_write_estimate_json(&text, &a->estimate, &a->study, &a->inputs, &error), &error);
        assert_fine(fc_json_parse(&root, desk->arena, "json", text.bytes, text.size, &error), &error);
        assert_true(check_json(&c, root) >= 45);
    }
}

/* Names in `with` are terms too: a misspelt one would be left out in silence. */
static void test_names_are_terms(void **state) {
    (void)state;
    const fc_explanation *row = NULL;
    for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
        for (const char *at = row->with; *at != '\0';) {
            size_t size = strcspn(at, " ");
            if (fc_explain_term(at, size) == NULL) {
                fail_msg("%s: %.*s is no term", row->key, (int)size, at);
            }
            at += size + (at[size] == ' ' ? 1 : 0);
        }
        assert_true(row->title[0] != '\0' && row->words[0] != '\0' && row->source[0] != '\0' && row->levers[0] != '\0');
    }
}

static void test_keys_are_found_by_their_names(void **state) {
    static const char *const names[][2] = {
        {"mfu", "step.mfu_frac"},
        {"step.mfu_frac", "step.mfu_frac"},
        {"mfu_frac", "step.mfu_frac"},
        {"run.days.p90", "run.days"},
        {"step.tp_exposed_s", "step.tensor"},
        {"daly", "run.goodput_frac"},
        {"optimizer", "step.optimizer"},
        {"memory.optimizer", "memory.optimizer"},
        {"palm", "model.flop_per_token_palm"},
        {"memory", "memory.per_chip_bytes"},
        {"params", "model.params_total_count"},
    };
    (void)state;
    const fc_explanation *row = NULL;
    for (size_t i = 0; i < COUNT_OF(names); ++i) {
        fc_error error = {0};
        assert_fine(fc_explain_find(&row, names[i][0], NULL, &error), &error);
        assert_string_equal(row->key, names[i][1]);
    }
    fc_error error = {0};
    assert_int_equal(fc_explain_find(&row, "goodputt", NULL, &error), FC_USAGE);
    assert_told(&error, "did you mean goodput?");
}

static void test_arithmetic(void **state) {
    static const struct {
        const char *formula;
        double result;
    } known[] = {
        {"2 + 3 * 4 - 6 / 2", 11}, {"(2 + 3) * -4", -20},     {"8 / 2 / 2", 2},         {"sqrt(9) + log2(8)", 6},
        {"max(2, 1 + 4)", 5},      {"ceil(2.1) * 1.5e1", 45}, {"exp(0) + expm1(0)", 1},
    };
    static const char *const wrong[] = {"", "2 +", "(2", "2)", "no.such + 1", "tan(1)", "1 / 0", "max(1)", "2 3"};
    (void)state;
    fc_explain_case none = {0};
    for (size_t i = 0; i < COUNT_OF(known); ++i) {
        double result = 0;
        fc_error error = {0};
        assert_fine(fc_explain_calculate(&result, known[i].formula, &none, &error), &error);
        assert_near(result, known[i].result, 1e-15);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); ++i) {
        double result = 0;
        fc_error error = {0};
        if (fc_explain_calculate(&result, wrong[i], &none, &error) != FC_FAILED) {
            fail_msg("\"%s\" gave %g", wrong[i], result);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_formulas_come_to_the_estimate, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(test_values_are_those_of_the_json, open_desk, close_desk),
        cmocka_unit_test(test_names_are_terms),
        cmocka_unit_test(test_keys_are_found_by_their_names),
        cmocka_unit_test(test_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
