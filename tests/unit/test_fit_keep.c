/* Fitted numbers in the files they belong to: one line changes, the rest stays byte for byte. */
#include "fit_helpers.h"

#include "doors/fit_keep.h"

#include <sys/stat.h>

/* A data folder of one chip and one stack, and a fit to write into it. */
typedef struct keep_desk {
    char folder[64];
    fc_fit_spec spec;
    fc_fit_problem *problem;
    fc_fit_result result;
} keep_desk;

static const char *path_of(chain_desk *desk, const keep_desk *keep, const char *name) {
    return fc_arena_printf(desk->arena, "%s/%s", keep->folder, name);
}

static void put_file(chain_desk *desk, const keep_desk *keep, const char *name, const char *text) {
    fc_error error = {0};
    assert_fine(fc_file_write(path_of(desk, keep, name), text, strlen(text), &error), &error);
}

static const char *get_file(chain_desk *desk, const keep_desk *keep, const char *name) {
    char *bytes = NULL;
    size_t size = 0;
    fc_error error = {0};
    assert_fine(fc_file_read(&bytes, &size, desk->arena, path_of(desk, keep, name), &error), &error);
    return bytes;
}

#define CHIP "chips/a100-sxm-80gb.yaml"
#define STACK "stacks/megatron-2022.yaml"

static void start_keep(keep_desk *out, chain_desk *desk) {
    static const double truth[3] = {0.62, 0.45, 0.08};
    memset(out, 0, sizeof *out);
    strcpy(out->folder, "/tmp/flopcast_keep_XXXXXX");
    assert_non_null(mkdtemp(out->folder));
    assert_int_equal(mkdir(path_of(desk, out, "chips"), 0700), 0);
    assert_int_equal(mkdir(path_of(desk, out, "stacks"), 0700), 0);
    put_file(desk, out, STACK, "name: megatron-2022\nstraggler: 0.5\n");
    out->spec = read_spec(desk, FIT_PARAMETERS FIT_FAMILIES);
    fc_run_table table = made_up_runs(desk);
    out->problem = prepare_fit(desk, &out->spec, &table);
    measure_made_up(&table, out->problem, truth, 0.02);
    out->result = run_fit(desk, out->problem, NULL);
}

static void end_keep(chain_desk *desk, const keep_desk *keep) {
    assert_int_equal(unlink(path_of(desk, keep, CHIP)), 0);
    assert_int_equal(unlink(path_of(desk, keep, STACK)), 0);
    assert_int_equal(rmdir(path_of(desk, keep, "chips")), 0);
    assert_int_equal(rmdir(path_of(desk, keep, "stacks")), 0);
    assert_int_equal(rmdir(keep->folder), 0);
}

static fc_status keep_in(chain_desk *desk, const keep_desk *keep, uint32_t *files, fc_error *error) {
    fc_fit_kept kept = {.spec = &keep->spec, .result = &keep->result, .folder = keep->folder, .date = "2026-11-24"};
    return fc_fit_keep(files, &kept, desk->arena, error);
}

/* How many lines of `after` are not lines of `before`. */
static int lines_changed(const char *before, const char *after) {
    int changed = 0;
    while (*after != '\0') {
        size_t length = strcspn(after, "\n") + 1;
        bool found = false;
        for (const char *at = before; *at != '\0' && !found; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL)) {
            found = strncmp(at, after, length) == 0;
        }
        changed += !found;
        after += length;
    }
    return changed;
}

static void test_keep__changes_only_the_lines_of_its_keys(void **state) {
    chain_desk *desk = *state;
    keep_desk keep;
    uint32_t files = 0;
    fc_error error = {0};
    char *chip = NULL;
    size_t size = 0;
    start_keep(&keep, desk);
    const char *shipped = fc_arena_printf(desk->arena, "%s/%s", FC_DATA_FOLDER, CHIP);
    assert_fine(fc_file_read(&chip, &size, desk->arena, shipped, &error), &error);
    put_file(desk, &keep, CHIP, chip);
    assert_fine(keep_in(desk, &keep, &files, &error), &error);
    assert_int_equal(files, 2);
    const char *after = get_file(desk, &keep, CHIP);
    assert_int_equal(lines_changed(chip, after),
                     strstr(chip, "\n  fit:") != NULL ? 2 : 3); /* two keys and the source */
    assert_int_equal(lines_changed(after, chip), 2);            /* the two that were replaced, nothing else is gone */
    /* what was written reads back as a range of that source */
    fc_node *tree = NULL;
    assert_fine(fc_tree_read(&tree, desk->arena, path_of(desk, &keep, CHIP), &error), &error);
    const fc_node *value = fc_node_get(tree, "memory_eff");
    assert_near(atof(fc_node_get(value, "mid")->text), keep.result.values[1].value, 1e-3);
    assert_near(atof(fc_node_get(value, "low")->text), keep.result.values[1].p10, 1e-3);
    assert_near(atof(fc_node_get(value, "high")->text), keep.result.values[1].p90, 1e-3);
    assert_string_equal(fc_node_get(value, "source")->text, "fit");
    assert_string_equal(fc_node_get(value, "checked")->text, "false");
    assert_string_equal(fc_node_get(value, "grade")->text, "published");
    const char *note = fc_node_get(value, "note")->text;
    assert_true(fc_text_starts(note, "fitted on small, large, 32 rows, 2026-11-24"));
    assert_non_null(strstr(note, "; trades off against "));
    assert_non_null(fc_node_get(fc_node_get(tree, "sources"), "fit"));
    /* once more: nothing is left to change */
    assert_fine(keep_in(desk, &keep, &files, &error), &error);
    assert_string_equal(get_file(desk, &keep, CHIP), after);
    end_keep(desk, &keep);
}

/* A file without the keys, without sources, without a last line end; and one with the line ends of Windows. */
static void test_keep__adds_what_a_file_lacks(void **state) {
    chain_desk *desk = *state;
    keep_desk keep;
    uint32_t files = 0;
    fc_error error = {0};
    start_keep(&keep, desk);
    put_file(desk, &keep, CHIP,
             "name: a100-sxm-80gb\r\nsources:\r\n  sheet: {title: \"x\", date: 2026-01}\r\nmemory_eff: 1\r\nl2: 1\r\n");
    put_file(desk, &keep, STACK, "name: megatron-2022 # a remark");
    assert_fine(keep_in(desk, &keep, &files, &error), &error);
    const char *chip = get_file(desk, &keep, CHIP);
    assert_true(
        fc_text_starts(chip, "name: a100-sxm-80gb\r\nsources:\r\n  sheet: {title: \"x\", date: 2026-01}\r\n  fit: {"));
    assert_non_null(strstr(chip, "}\r\nmemory_eff: {low: "));
    assert_non_null(strstr(chip, "\"}\r\nl2: 1\r\nmatmul_hot_fp16: {low: "));
    const char *stack = get_file(desk, &keep, STACK);
    assert_true(fc_text_starts(stack, "name: megatron-2022 # a remark\nstraggler: {low: "));
    assert_non_null(strstr(stack, "\nsources:\n  fit: {title: "));
    end_keep(desk, &keep);
}

static void test_keep__refuses_what_it_cannot_replace_and_writes_nothing(void **state) {
    chain_desk *desk = *state;
    keep_desk keep;
    uint32_t files = 0;
    static const struct {
        const char *chip;
        int line;
        const char *told;
    } cases[] = {
        {"name: x\nmemory_eff: {value: 0.7,\n  grade: assumed}\n", 2, "goes on over several lines"},
        {"name: x\nsources: {a: {title: x, date: 2026-01}}\nmemory_eff: 0.7\n", 2, "sources is not a block"},
        {"name: x\nmemory_eff: 0.7\nbroken: [\n", 4, ""},
    };
    start_keep(&keep, desk);
    const char *stack = get_file(desk, &keep, STACK);
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        fc_error error = {0};
        put_file(desk, &keep, CHIP, cases[i].chip);
        assert_int_equal(keep_in(desk, &keep, &files, &error), FC_BAD_INPUT);
        assert_told(&error, cases[i].told);
        assert_non_null(strstr(error.source, CHIP));
        assert_true(error.line > 0 && (cases[i].told[0] == '\0' || error.line == cases[i].line));
        assert_int_equal(files, 0);
        assert_string_equal(get_file(desk, &keep, CHIP), cases[i].chip);
        assert_string_equal(get_file(desk, &keep, STACK), stack);
    }
    end_keep(desk, &keep);
}

/* What no run decided is not written: the old line has a better reason. */
static void test_keep__leaves_open_numbers_alone(void **state) {
    chain_desk *desk = *state;
    keep_desk keep;
    uint32_t files = 0;
    fc_error error = {0};
    start_keep(&keep, desk);
    put_file(desk, &keep, CHIP, "name: a100-sxm-80gb\nmemory_eff: 1\n");
    keep.result.values[1].rows_count = 0;
    assert_fine(keep_in(desk, &keep, &files, &error), &error);
    assert_non_null(strstr(get_file(desk, &keep, CHIP), "\nmemory_eff: 1\n"));
    end_keep(desk, &keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep__changes_only_the_lines_of_its_keys),
        cmocka_unit_test(test_keep__adds_what_a_file_lacks),
        cmocka_unit_test(test_keep__refuses_what_it_cannot_replace_and_writes_nothing),
        cmocka_unit_test(test_keep__leaves_open_numbers_alone),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
