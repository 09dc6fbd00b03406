/* data/fit.yaml: what it means, and what is wrong with it, by line. */
#include "fit_helpers.h"

static void test_fit_spec__shipped_file_reads(void **state) {
    chain_desk *desk = *state;
    fc_fit_spec spec;
    fc_error error = {0};
    assert_fine(fc_fit_spec_read(&spec, &desk->config.catalog, NULL, &error), &error);
    assert_true(spec.parameters_count >= 1 && spec.families_count >= 1);
}

static void test_fit_spec__names_fields_and_matches(void **state) {
    chain_desk *desk = *state;
    fc_fit_spec spec =
        read_spec(desk, "parameters:\n"
                        "  - {name: r, fields: [stack/megatron-2021/reserve, stack/megatron-core/reserve],"
                        " low: 1 GiB, high: 4 GiB, start: 2 GiB, families: [f]}\n"
                        "families:\n"
                        "  - {name: f, match: {group: [a, b], chip: [H100_SXM], stack: [megatron-2021],"
                        " dtype: [bf16, fp8], moe: false, plan_complete: true}, weight: 0.5}\n");
    const fc_fit_parameter *parameter = &spec.parameters[0];
    assert_int_equal(parameter->fields_count, 2);
    assert_string_equal(parameter->fields[0].name, "megatron-lm-2021"); /* its alias is what was written */
    assert_int_equal(parameter->fields[0].offset, offsetof(fc_stack, reserve_bytes));
    assert_true(parameter->low == 1073741824.0 && parameter->start == 2147483648.0);
    const fc_fit_family *family = &spec.families[0];
    assert_true(family->groups.count == 2 && family->weight == 0.5 && family->moe == 0 && family->plan_complete == 1);
    assert_string_equal(family->chips.names[0], "h100-sxm");
    assert_string_equal(family->stacks.names[0], "megatron-lm-2021");
    assert_int_equal(family->dtypes, 1u << FC_DTYPE_BF16 | 1u << FC_DTYPE_FP8);
}

static void test_fit_spec__a_run_belongs_to_the_first_family_that_matches(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = made_up_runs(desk);
    const char *const matches[] = {"group: [small]",
                                   "chip: [h100-sxm]",
                                   "dtype: [bf16]",
                                   "moe: true",
                                   "stack: [torchtitan]",
                                   "plan_complete: false",
                                   "chip: [a100-sxm-80gb], dtype: [fp16], moe: false, plan_complete: true"};
    const uint32_t rows[] = {16, 0, 0, 0, 0, 0, 32};
    for (size_t i = 0; i < COUNT_OF(matches); ++i) {
        char text[1024];
        (void)snprintf(text, sizeof text, "%sfamilies:\n  - {name: first, match: {%s}}\n  - {name: rest, match: {}}\n",
                       FIT_PARAMETERS, matches[i]);
        fc_fit_spec spec = read_spec(desk, text);
        fc_fit_problem *problem = prepare_fit(desk, &spec, &table);
        assert_int_equal(fc_fit_family_rows(problem, 0), rows[i]);
        assert_int_equal(fc_fit_family_rows(problem, 1), 32 - rows[i]);
    }
}

/* Each text is wrong in one way, on one line. */
static void test_fit_spec__mistakes_are_named_with_their_line(void **state) {
    chain_desk *desk = *state;
    static const struct {
        const char *text;
        int line;
        const char *told;
    } cases[] = {
        {"families: []\n", 1, "1 to 64 families"},
        {FIT_FAMILIES, 1, "\"parameters\" is missing"},
        {FIT_PARAMETERS, 1, "\"families\" is missing"},
        {"parameters: []\n" FIT_FAMILIES, 1, "1 to 64 parameters"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/a100-sxm-80gb/memory_ef], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "a chip has no number called \"memory_ef\"; did you mean \"memory_eff\"?"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [stack/megatron-core/dropout], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "a stack has no number called \"dropout\""},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/a100-sxm-81gb/memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "nothing called \"a100-sxm-81gb\" in chips"},
        {FIT_PARAMETERS "  - {name: x, fields: [chip/../memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES, 5,
         "is a path, not a name"},
        {FIT_PARAMETERS "  - {name: x, fields: [memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES, 5,
         "expected stack/NAME/KEY or chip/NAME/KEY"},
        {FIT_PARAMETERS "  - {name: x, fields: [chip/h100-sxm/memory_eff, chip/h100-sxm/launch], low: 0, high: 1, "
                        "start: 0}\n" FIT_FAMILIES,
         5, "launch and memory_eff are of different units"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/A100_SXM_80GB/memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "stands in the parameter \"links\" already"},
        {FIT_PARAMETERS "  - {name: x, fields: [chip/h100-sxm/launch, chip/h100-sxm/launch], low: 0, high: 1, start: "
                        "0}\n" FIT_FAMILIES,
         5, "stands in the parameter \"x\" already"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0.7, high: 0.7, start: 0.7}\n" FIT_FAMILIES,
         5, "x: low 0.7 is not below high 0.7"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0.7, high: 0.8, start: 0.6}\n" FIT_FAMILIES,
         5, "start 0.6 is not between low 0.7 and high 0.8"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0.7, high: 1.1, start: 0.7}\n" FIT_FAMILIES,
         5, "allowed is 0% to 100%"},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: much, high: 1, start: 0.7}\n" FIT_FAMILIES,
         5, "memory_eff"},
        {FIT_PARAMETERS
         "  - {name: links, fields: [chip/h100-sxm/memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "two parameters are called \"links\""},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0, high: 1, start: 0, families: [y]}\n" FIT_FAMILIES,
         5, "no family of this file is called \"y\""},
        {FIT_PARAMETERS
         "  - {name: x, fields: [chip/h100-sxm/memory_eff], low: 0, high: 1, start: 0, unit: s}\n" FIT_FAMILIES,
         5, "unit"},
        {FIT_PARAMETERS
         "  - {name: 'x\"', fields: [chip/h100-sxm/memory_eff], low: 0, high: 1, start: 0}\n" FIT_FAMILIES,
         5, "without quotes"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: small, match: {}}\n", 8, "two families are called \"small\""},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y}\n", 8, "\"match\" is missing"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {group: []}}\n", 8, "an empty list matches nothing"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {chip: [h101]}}\n", 8, "nothing called \"h101\" in chips"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {dtype: [bf17]}}\n", 8, "\"bf17\" is no number format"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {moe: yes}}\n", 8, "moe is true or false"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {colour: [red]}}\n", 8, "colour"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {}, weight: 0}\n", 8, "weight"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {}, weight: {low: 1, high: 2}}\n", 8, "weight"},
        {FIT_PARAMETERS FIT_FAMILIES "  - {name: y, match: {}, goal: 0.1}\n", 8, "goal"},
        {FIT_PARAMETERS FIT_FAMILIES "bounds: 3\n", 8, "bounds"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        fc_fit_spec spec;
        fc_error error = {0};
        if (read_spec_text(&spec, desk, cases[i].text, &error) != FC_BAD_INPUT) {
            fail_msg("case %zu was not refused as bad input: %s", i, cases[i].text);
        }
        assert_told(&error, cases[i].told);
        if (error.line != cases[i].line || strstr(error.source, "flopcast_fit_") == NULL) {
            fail_msg("case %zu: %s:%d, not line %d", i, error.source, error.line, cases[i].line);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_spec__shipped_file_reads),
        cmocka_unit_test(test_fit_spec__names_fields_and_matches),
        cmocka_unit_test(test_fit_spec__a_run_belongs_to_the_first_family_that_matches),
        cmocka_unit_test(test_fit_spec__mistakes_are_named_with_their_line),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
