/* Sweeps: the values of an axis, the order of points, and whose rows a file has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "chain/sweep.h"
#include "doors/sweep.h"
#include "doors/sweep_axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static fc_sweep axes_of(fc_arena *arena, const char *text) {
    fc_error error = {.status = FC_OK};
    fc_node *node = NULL;
    fc_sweep sweep;
    memset(&sweep, 0, sizeof sweep);
    assert_int_equal(fc_yaml_parse(&node, arena, "axes", text, strlen(text), &error), FC_OK);
    fc_status status = fc_sweep_read_axes(&sweep, arena, node, &error);
    if (status != FC_OK) {
        fail_msg("%s", error.text);
    }
    return sweep;
}

static void assert_values(const char *text, const char *wanted) {
    fc_arena *arena = fc_arena_create(0);
    fc_sweep sweep = axes_of(arena, text);
    fc_text got = fc_text_start(arena);
    for (uint64_t i = 0; i < sweep.axes[0].count; i++) {
        fc_text_addf(&got, "%s%s", i > 0 ? " " : "", sweep.axes[0].values[i].set);
    }
    assert_string_equal(got.bytes, wanted);
    fc_arena_destroy(arena);
}

static void values_between_two_ends(void **state) {
    (void)state;
    assert_values("{cluster.chips: {from: 256, to: 4096, steps: 5, scale: log}}", "256 512 1024 2048 4096");
    assert_values("{cluster.chips: {from: 100, to: 1k, steps: 4}}", "100 400 700 1000");
    assert_values("{cluster.chips: {from: 100, to: 1000, steps: 4, scale: log, multiple_of: 8}}", "104 216 464 1000");
    assert_values("{cluster.chips: {from: 1000, to: 100, steps: 4}}", "1000 700 400 100");
    assert_values("{deal.usd_per_chip_h: {from: 0.1, to: 0.4, steps: 4}}", "0.1 0.2 0.3 0.4");
    assert_values("{deal.usd_per_chip_h: {from: $2/h, to: $3/h, steps: 5}}", "2 2.25 2.5 2.75 3");
    assert_values("{workload.tokens: {from: 1T, to: 100T, steps: 3, scale: log}}",
                  "1000000000000 10000000000000 100000000000000");
    assert_values("{cluster.chip.memory_bw: {from: 3 TB/s, to: 4 TB/s, steps: 3}}",
                  "3000000000000 3500000000000 4000000000000");
    assert_values("{deal.share: {from: 50%, to: 100%, steps: 3}}", "0.5 0.75 1");
}

static void values_of_a_list_stay_as_written(void **state) {
    (void)state;
    assert_values("{model: [llama3-8b, \"gpt2\", ./x/config.json]}", "llama3-8b \"gpt2\" ./x/config.json");
    assert_values("{cluster: [{chip: h100-sxm, chips: 16k}, [1, {a: \"b, c\"}], ~]}",
                  "{chip: h100-sxm, chips: 16k} [1, {a: \"b, c\"}] null");
}

/* What a flow is read back as is what it was made of. */
static void flows_read_back(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{a: 1, b: [x, 'y: z', \"q\\\"uote\\\\\"], c: {d: ~, e: '~', f: \"\"}}",
        "{a: 'true', b: true, c: 1e3, d: '1e3', 'k: e, y': {low: 2, mid: 2.5, high: 4}}",
        "{a: \"tab\\tand\\u007fend\", b: '#no comment', c: '-'}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        fc_arena *arena = fc_arena_create(0);
        fc_error error = {.status = FC_OK};
        fc_node *node = NULL;
        fc_node *again = NULL;
        const char *text = texts[i];
        assert_int_equal(fc_yaml_parse(&node, arena, "once", text, strlen(text), &error), FC_OK);
        fc_text once = fc_text_start(arena);
        fc_sweep_flow(&once, node);
        assert_int_equal(fc_yaml_parse(&again, arena, "again", once.bytes, once.size, &error), FC_OK);
        fc_text twice = fc_text_start(arena);
        fc_sweep_flow(&twice, again);
        assert_string_equal(twice.bytes, once.bytes);
        for (fc_node *a = node->first, *b = again->first; a != NULL || b != NULL; a = a->next, b = b->next) {
            assert_non_null(a);
            assert_non_null(b);
            assert_string_equal(a->key, b->key);
            assert_int_equal(a->kind, b->kind);
            if (a->kind == FC_NODE_SCALAR) {
                assert_string_equal(a->text, b->text);
            }
        }
        fc_arena_destroy(arena);
    }
}

/* Between the ends, in order, and both ends exact, whatever the numbers. */
static void steps_stay_between_their_ends(void **state) {
    (void)state;
    static const double ends[][2] = {{1e-12, 1e12}, {0.3, 0.1}, {7, 7.0000001}, {1e15, 1e17}, {2.0 / 3.0, 5e29}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (int logarithmic = 0; logarithmic < 2; logarithmic++) {
            double from = ends[i][0];
            double to = ends[i][1];
            double before = from;
            for (uint64_t step = 0; step < 101; step++) {
                double value = fc_sweep_step(from, to, step, 101, logarithmic != 0);
                double exact = logarithmic ? exp(log(from) + (log(to) - log(from)) * (double)step / 100.0)
                                           : from + (to - from) * (double)step / 100.0;
                assert_true(fabs(value - exact) <= 2e-11 * fabs(exact));
                assert_true(from < to ? value >= before : value <= before);
                before = value;
            }
            assert_true(fc_sweep_step(from, to, 0, 101, logarithmic != 0) == from);
            assert_true(before == to);
        }
    }
    assert_true(fc_sweep_multiple(3.0, 8.0) == 8.0);
    assert_true(fc_sweep_multiple(12.0, 8.0) == 16.0);
    assert_true(fc_sweep_multiple(0.2, 1.0) == 1.0);
}

static void the_last_axis_changes_fastest(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_sweep sweep = axes_of(arena, "[{model: [a, b]}, {cluster.chip: [x, y, z], deal.usd_per_chip_h: [1, 2, 3], zip: "
                                    "true}, {cluster.chips: [8, 16], plan.tp: [1, 2]}]");
    assert_int_equal(sweep.axes_count, 5);
    assert_int_equal(sweep.rows_count, 2 * 3 * 2 * 2);
    uint64_t row = 0;
    for (int model = 0; model < 2; model++) {
        for (int chip = 0; chip < 3; chip++) {
            for (int chips = 0; chips < 2; chips++) {
                for (int tp = 0; tp < 2; tp++, row++) {
                    const int wanted[] = {model, chip, chip, chips, tp};
                    for (uint32_t axis = 0; axis < 5; axis++) {
                        assert_ptr_equal(fc_sweep_value_at(&sweep, axis, row), &sweep.axes[axis].values[wanted[axis]]);
                    }
                }
            }
        }
    }
    fc_arena_destroy(arena);
}

static void judge(fc_sweep_format format, uint64_t row, const char *line, bool whole, const char *wanted) {
    fc_sweep sweep;
    fc_error error = {.status = FC_OK};
    memset(&sweep, 0, sizeof sweep);
    sweep.rows_count = 20;
    (void)snprintf(sweep.mark, sizeof sweep.mark, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3");
    fc_status status = fc_sweep_judge_row(&sweep, format, row, line, strlen(line), whole, "rows", &error);
    assert_int_equal(status, wanted == NULL ? FC_OK : FC_BAD_INPUT);
    if (wanted != NULL && strstr(error.text, wanted) == NULL) {
        fail_msg("\"%s\" does not say %s", error.text, wanted);
    }
}

static void rows_are_told_from_strangers(void **state) {
    (void)state;
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,7,64,ok", true, NULL);
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,7,", false, NULL);
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,7", false, NULL);
    judge(FC_SWEEP_CSV, 17, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,1", false, NULL);
    judge(FC_SWEEP_CSV, 7, "0.1", false, NULL);
    judge(FC_SWEEP_JSONL, 7, "{\"sweep\": \"0.1.0-1a2b3c4d-5e6f7081-90a1b2c3\", \"row\": 7, \"x\": 1}", true, NULL);
    judge(FC_SWEEP_JSONL, 7, "{\"swe", false, NULL);
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,7", true, "should be row 7 of 20");
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,8,64", true, "should be row 7 of 20");
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,71,64", true, "should be row 7 of 20");
    judge(FC_SWEEP_CSV, 20, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,20,64", true, "should be row 20 of 20");
    judge(FC_SWEEP_CSV, 7, "0.1.1-1a2b3c4d-5e6f7081-90a1b2c3,7,64", true, "another version");
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4e-5e6f7081-90a1b2c3,7,64", true, "another study");
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7082-90a1b2c3,7,64", true, "other axes");
    judge(FC_SWEEP_CSV, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c4,7,64", true, "data folder");
    judge(FC_SWEEP_CSV, 7, "{\"sweep\": \"0.1.0-1a2b3c4d-5e6f7081-90a1b2c3\", \"row\": 7,", true, "no row");
    judge(FC_SWEEP_JSONL, 7, "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3,7,64,ok", true, "no row");
    judge(FC_SWEEP_CSV, 7, "", true, "no row");
    judge(FC_SWEEP_CSV, 7, "a-b-c,7,", true, "no row");
    judge(FC_SWEEP_JSONL, 7, "x", false, "no row");
}

/* A number that is not finite is a defect, and never written. */
static void nothing_infinite_is_written(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_sweep sweep = axes_of(arena, "{plan.tp: [1]}");
    fc_sweep_result result;
    fc_error error = {.status = FC_OK};
    memset(&result, 0, sizeof result);
    result.known = FC_SWEEP_TIMED;
    result.time_s = 1.0;
    fc_text out = fc_text_start(arena);
    assert_int_equal(fc_sweep_write_row(&out, &sweep, FC_SWEEP_CSV, 0, &result, &error), FC_OK);
    result.days = INFINITY;
    assert_int_equal(fc_sweep_write_row(&out, &sweep, FC_SWEEP_CSV, 0, &result, &error), FC_FAILED);
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_between_two_ends),
        cmocka_unit_test(values_of_a_list_stay_as_written),
        cmocka_unit_test(flows_read_back),
        cmocka_unit_test(steps_stay_between_their_ends),
        cmocka_unit_test(the_last_axis_changes_fastest),
        cmocka_unit_test(rows_are_told_from_strangers),
        cmocka_unit_test(nothing_infinite_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
