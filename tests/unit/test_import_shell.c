/* The reader of arguments: scripts, words, dumps and logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/doors/import_given.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fc_arena *arena;
static fc_given_list list;
static fc_error error;

static fc_status read(const char *script) {
    arena = fc_arena_create(0);
    assert_non_null(arena);
    list = (fc_given_list){.arena = arena};
    memset(&error, 0, sizeof error);
    return fc_given_read_shell(&list, "run.sh", script, strlen(script), &error);
}

static void done(void) { fc_arena_destroy(arena); }

static void assert_option(const char *name, const char *value, int line) {
    fc_given *given = NULL;
    assert_int_equal(fc_given_find(&given, &list, name, &error), FC_OK);
    if (given == NULL) {
        fail_msg("no --%s", name);
        return;
    }
    assert_string_equal(given->value, value);
    assert_int_equal(given->place.line, line);
}

static void assert_absent(const char *name) {
    fc_given *given = NULL;
    assert_int_equal(fc_given_find(&given, &list, name, &error), FC_OK);
    assert_null(given);
}

static void assert_refused(const char *script, fc_status status, int line, const char *words) {
    assert_int_equal(read(script), status);
    assert_int_equal(error.line, line);
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    }
    done();
}

static void test_shell__continuations_and_both_forms(void **state) {
    (void)state;
    assert_int_equal(read("torchrun pretrain_gpt.py \\\n  --tensor-model-parallel-size 8 \\\r\n"
                          "  --seq_length=2048 --bf16 --recompute-modules core_attn mlp \\\n"
                          "  --lr -1e-4 # --pipeline-model-parallel-size 2\n"),
                     FC_OK);
    assert_option("tensor-model-parallel-size", "8", 2);
    assert_option("seq-length", "2048", 3);
    assert_option("bf16", "", 3);
    assert_option("recompute-modules", "core_attn mlp", 3);
    assert_option("lr", "-1e-4", 4);
    assert_absent("pipeline-model-parallel-size");
    done();
}

static void test_shell__arrays_quotes_and_variables(void **state) {
    (void)state;
    assert_int_equal(read("GPUS=8\nNODES=${N:-\"4\"}\nWORLD=$((GPUS * ${NODES} + 2 * (3 - 3)))\n"
                          "ARGS=(\n  --micro-batch-size 2\n  \"--global-batch-size\" '64'\n)\n"
                          "MORE=\"--hidden-size 64 \\\n  --num-layers $GPUS\"\n"
                          "run ${ARGS[@]} $MORE --world-size $WORLD --save $1 --x \"a b\"\n"),
                     FC_OK);
    assert_option("micro-batch-size", "2", 5);
    assert_option("global-batch-size", "64", 6);
    assert_option("hidden-size", "64", 8);
    assert_option("num-layers", "8", 9);
    assert_option("world-size", "32", 10);
    assert_option("x", "a b", 10);
    assert_option("$NODES", "4", 2);
    fc_given *save = NULL;
    assert_int_equal(fc_given_find(&save, &list, "save", &error), FC_OK);
    assert_non_null(save);
    assert_false(fc_given_is_known(save));
    done();
}

static void test_shell__arithmetic_that_nobody_knows(void **state) {
    (void)state;
    static const char *const unknown[] = {"$((X * 2))",  "$((1 / 0))", "$((2 +))",    "$((9999999999 * 9999999999))",
                                          "$(hostname)", "${X}",       "$((1 + (2))", "$X"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        char script[128];
        (void)snprintf(script, sizeof script, "run --n %s\n", unknown[i]);
        if (read(script) == FC_OK) {
            fc_given *given = NULL;
            assert_int_equal(fc_given_find(&given, &list, "n", &error), FC_OK);
            assert_non_null(given);
            assert_false(fc_given_is_known(given));
        } else {
            assert_int_equal(error.status, FC_BAD_INPUT); /* a bracket that is never closed */
        }
        done();
    }
}

static void test_shell__slurm_lines_are_options(void **state) {
    (void)state;
    assert_int_equal(read("#!/bin/bash\n#SBATCH --nodes=16 --gpus-per-node=8\n# --nodes=4\nsrun x\n"), FC_OK);
    assert_option("nodes", "16", 2);
    assert_option("gpus-per-node", "8", 2);
    done();
}

static void test_shell__what_is_never_closed_is_named(void **state) {
    (void)state;
    assert_refused("a\nrun --x \"8\n--y 2\n", FC_BAD_INPUT, 2, "double quote");
    assert_refused("run --x '8\n", FC_BAD_INPUT, 1, "single quote");
    assert_refused("run\n\n--x ${A\n", FC_BAD_INPUT, 3, "bracket");
    assert_refused("run --x $((1 + 2)\n", FC_BAD_INPUT, 1, "bracket");
}

static void test_shell__the_same_option_twice(void **state) {
    (void)state;
    fc_given *given = NULL;
    assert_int_equal(read("run --x 8\nrun --x 8\n"), FC_OK);
    assert_int_equal(fc_given_find(&given, &list, "x", &error), FC_OK);
    done();
    assert_int_equal(read("run --x 8\nrun --x 4\n"), FC_OK);
    assert_int_equal(fc_given_find(&given, &list, "x", &error), FC_BAD_INPUT);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.text, "\"4\" here and \"8\" in run.sh, line 1"));
    done();
}

/* Options inside quotes inside quotes, long words, many options: refused or read, never more than the limits. */
static void test_shell__hostile_sizes(void **state) {
    (void)state;
    const size_t size = 400000;
    char *script = malloc(size + 1);
    assert_non_null(script);
    for (size_t i = 0; i < size; i += 4) {
        memcpy(script + i, "--a ", 4);
    }
    script[size] = '\0';
    assert_int_equal(read(script), FC_OVER_LIMIT);
    done();
    memset(script, 'a', size);
    assert_int_equal(read(script), FC_OVER_LIMIT);
    done();
    for (size_t i = 0; i < size; i += 4) {
        memcpy(script + i, "A=1 ", 4);
    }
    assert_int_equal(read(script), FC_OVER_LIMIT);
    done();
    memset(script, '(', size);
    memcpy(script, "--a $((", 7);
    assert_int_equal(read(script), FC_BAD_INPUT);
    done();
    free(script);
}

/* Every beginning of a script is read or refused without reading beyond its end. */
static void test_shell__every_prefix(void **state) {
    (void)state;
    static const char script[] =
        "A=${B:-'x y'} C=$((1+2)) D=\"--e $A \\\n --f\" --g=\"h\"'i'\\j \\\n#SBATCH --k\n--l $ $1 ${";
    for (size_t length = 0; length < sizeof script; length++) {
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, script, length);
        copy[length] = '\0';
        const fc_status status = read(copy);
        assert_true(status == FC_OK || status == FC_BAD_INPUT);
        done();
        free(copy);
    }
}

static void test_log__lines_with_dots(void **state) {
    (void)state;
    char log[] = "------ arguments ------\n  bf16 ............ True\n  seq_length ....... 4096\n"
                 "[rank0]:  params_dtype ..... torch.bfloat16\n  a b c\n  fp8 ...... None\n";
    assert_int_equal(read(""), FC_OK);
    assert_true(fc_given_is_log(log, strlen(log)));
    assert_int_equal(fc_given_read_log(&list, "run.log", log, strlen(log), &error), FC_OK);
    assert_int_equal(list.count, 4);
    assert_option("bf16", "true", 2);
    assert_option("seq-length", "4096", 3);
    assert_option("params-dtype", "bfloat16", 4);
    done();
}

static void test_tree__dumps_at_any_depth(void **state) {
    (void)state;
    static const char json[] = "{\"model\": {\"num_layers\": 4, \"fp8\": null, \"moe_layer_freq\": [0, 1]},\n"
                               "\"args\": [\"--bf16\", \"--seq-length\", \"8\"]}";
    fc_node *tree = NULL;
    assert_int_equal(read(""), FC_OK);
    assert_int_equal(fc_json_parse(&tree, arena, "run.json", json, strlen(json), &error), FC_OK);
    assert_int_equal(fc_given_read_tree(&list, tree, &error), FC_OK);
    assert_option("moe-layer-freq", "0 1", 1);
    assert_option("seq-length", "8", 1);
    fc_given *given = NULL;
    assert_int_equal(fc_given_find(&given, &list, "fp8", &error), FC_OK);
    assert_false(fc_given_is_known(given));
    done();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell__continuations_and_both_forms),
        cmocka_unit_test(test_shell__arrays_quotes_and_variables),
        cmocka_unit_test(test_shell__arithmetic_that_nobody_knows),
        cmocka_unit_test(test_shell__slurm_lines_are_options),
        cmocka_unit_test(test_shell__what_is_never_closed_is_named),
        cmocka_unit_test(test_shell__the_same_option_twice),
        cmocka_unit_test(test_shell__hostile_sizes),
        cmocka_unit_test(test_shell__every_prefix),
        cmocka_unit_test(test_log__lines_with_dots),
        cmocka_unit_test(test_tree__dumps_at_any_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
