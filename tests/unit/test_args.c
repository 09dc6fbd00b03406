/* The parser of command lines. It belongs to the program, not to the library, so its source is compiled in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/cli/args.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdio.h>

static const fc_option probe_options[] = {
    {"--top", "K", false, "how many"},
    {"--exhaustive", NULL, false, "a switch"},
    {NULL, NULL, false, NULL},
};
static const fc_command probe = {.name = "probe", .options = probe_options};
static const fc_command plain = {.name = "plain"};
static const fc_command *const probes[] = {&probe, &plain, NULL};

static fc_args args;
static fc_error error;

/* Splits `line` at spaces and parses it as the program would. */
static fc_status parse(const char *line) {
    static char words[4096];
    static const char *argv[64];
    int argc = 0;
    argv[argc++] = "flopcast";
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    memset(&error, 0, sizeof error);
    int index = fc_args_find_command(argc, argv, probes);
    const fc_command *command = index > 0 && strcmp(argv[index], "plain") == 0 ? &plain : &probe;
    return fc_args_parse(&args, argc, argv, index, command, "flopcast", &error);
}

static void assert_says(const char *words) {
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    }
}

static void test_args__options_stand_anywhere(void **state) {
    (void)state;
    static const char *const lines[] = {
        "probe a.yaml --top 3 --exhaustive b.yaml", "--top 3 probe a.yaml b.yaml --exhaustive",
        "--exhaustive --top=3 probe a.yaml b.yaml", "probe --exhaustive a.yaml b.yaml --top=3"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(lines[i]), FC_OK);
        assert_int_equal(args.positional_count, 2);
        assert_string_equal(args.positional[0], "a.yaml");
        assert_string_equal(args.positional[1], "b.yaml");
        assert_string_equal(fc_args_value(&args, "--top"), "3");
        assert_true(fc_args_has(&args, "--exhaustive"));
        assert_string_equal(fc_args_value(&args, "--exhaustive"), "");
    }
}

static void test_args__two_dashes_end_options(void **state) {
    (void)state;
    assert_int_equal(parse("probe -- --top -x"), FC_OK);
    assert_int_equal(args.positional_count, 2);
    assert_string_equal(args.positional[0], "--top");
    assert_int_equal(args.given_count, 0);
    assert_int_equal(parse("-- probe --top"), FC_OK);
    assert_int_equal(args.positional_count, 1);
}

static void test_args__values_may_hold_equals_signs(void **state) {
    (void)state;
    assert_int_equal(parse("probe --set a.b=c=d --set=e=f --set=g="), FC_OK);
    assert_string_equal(fc_args_nth(&args, "--set", 0), "a.b=c=d");
    assert_string_equal(fc_args_nth(&args, "--set", 1), "e=f");
    assert_string_equal(fc_args_nth(&args, "--set", 2), "g=");
    assert_null(fc_args_nth(&args, "--set", 3));
    assert_null(fc_args_nth(&args, "--top", 0));
}

static void test_args__the_last_occurrence_counts(void **state) {
    (void)state;
    assert_int_equal(parse("probe --top 1 --top=2"), FC_OK);
    assert_string_equal(fc_args_value(&args, "--top"), "2");
    assert_null(fc_args_value(&args, "--seed"));
    assert_false(fc_args_has(&args, "--seed"));
}

static void test_args__unknown_options_get_a_suggestion(void **state) {
    (void)state;
    assert_int_equal(parse("probe --tpo 3"), FC_USAGE);
    assert_says("did you mean --top");
    assert_int_equal(parse("probe --fromat=json"), FC_USAGE);
    assert_says("did you mean --format");
    assert_says("unknown option --fromat (");
    assert_int_equal(parse("probe -x"), FC_USAGE);
    assert_says("unknown option -x");
    assert_int_equal(parse("plain --top 3"), FC_USAGE);
    assert_says("flopcast help plain");
}

static void test_args__a_name_that_only_begins_alike_is_another(void **state) {
    (void)state;
    assert_int_equal(parse("probe --topmost 3"), FC_USAGE);
    assert_int_equal(parse("probe --to 3"), FC_USAGE);
}

static void test_args__missing_and_superfluous_values_are_told(void **state) {
    (void)state;
    assert_int_equal(parse("probe --top"), FC_USAGE);
    assert_says("--top K");
    assert_int_equal(parse("probe -o --quiet"), FC_USAGE);
    assert_says("-o FILE");
    assert_int_equal(parse("--top probe"), FC_OK); /* probe is the value here, and nothing is the command */
    assert_int_equal(parse("probe --quiet=yes"), FC_USAGE);
    assert_says("takes no value");
}

static void test_args__negative_numbers_and_a_dash_are_values(void **state) {
    (void)state;
    assert_int_equal(parse("probe --top -3 -"), FC_OK);
    assert_string_equal(fc_args_value(&args, "--top"), "-3");
    assert_string_equal(args.positional[0], "-");
}

static void test_args__too_many_are_refused(void **state) {
    (void)state;
    static const char *argv[FC_MAX_ARGS + 3];
    argv[0] = "flopcast";
    argv[1] = "probe";
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 2; i < FC_MAX_ARGS + 3; i++) {
            argv[i] = kind == 0 ? "word" : "--quiet";
        }
        memset(&error, 0, sizeof error);
        assert_int_equal(fc_args_parse(&args, FC_MAX_ARGS + 2, argv, 1, &probe, "flopcast", &error), FC_OK);
        assert_int_equal(fc_args_parse(&args, FC_MAX_ARGS + 3, argv, 1, &probe, "flopcast", &error), FC_USAGE);
        assert_says("more than 256");
    }
}

static void test_args__the_command_is_the_first_plain_word(void **state) {
    (void)state;
    const char *const with_value[] = {"flopcast", "--format", "json", "probe", "x"};
    assert_int_equal(fc_args_find_command(5, with_value, probes), 3);
    const char *const joined[] = {"flopcast", "--format=json", "probe"};
    assert_int_equal(fc_args_find_command(3, joined, probes), 2);
    const char *const own[] = {"flopcast", "--top", "3", "probe"};
    assert_int_equal(fc_args_find_command(4, own, probes), 3);
    const char *const none[] = {"flopcast", "--quiet"};
    assert_int_equal(fc_args_find_command(2, none, probes), 0);
    assert_int_equal(fc_args_find_command(1, none, probes), 0);
    const char *const cut[] = {"flopcast", "--format"};
    assert_int_equal(fc_args_find_command(2, cut, probes), 0);
}

static void test_args__whole_numbers_keep_to_their_range(void **state) {
    (void)state;
    uint64_t value = 0;
    assert_int_equal(parse("probe --seed 7"), FC_OK);
    assert_int_equal(fc_args_u64(&value, &args, "--seed", 1, 0, 100, &error), FC_OK);
    assert_int_equal(value, 7);
    assert_int_equal(fc_args_u64(&value, &args, "--threads", 4, 1, 100, &error), FC_OK);
    assert_int_equal(value, 4);
    static const char *const wrong[] = {"probe --seed x",   "probe --seed 101", "probe --seed -1",
                                        "probe --seed 1.5", "probe --seed=",    "probe --seed 99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i]), FC_OK);
        assert_int_equal(fc_args_u64(&value, &args, "--seed", 1, 0, 100, &error), FC_USAGE);
        assert_says("from 0 to 100");
    }
}

static void assert_format(const char *line, const char *allowed, fc_format expected) {
    fc_format format = FC_FORMAT_TEXT;
    assert_int_equal(parse(line), FC_OK);
    assert_int_equal(fc_args_format(&format, &args, allowed, &error), FC_OK);
    assert_int_equal(format, expected);
}

static void test_args__the_format_comes_from_the_option_then_the_ending(void **state) {
    (void)state;
    assert_format("probe", "tjcm", FC_FORMAT_TEXT);
    assert_format("probe --format json", "tjcm", FC_FORMAT_JSON);
    assert_format("probe --format md", "tjcm", FC_FORMAT_MARKDOWN);
    assert_format("probe -o x.csv", "tjcm", FC_FORMAT_CSV);
    assert_format("probe -o x.csv --format json", "tjcm", FC_FORMAT_JSON);
    assert_format("probe -o out", "tjcm", FC_FORMAT_TEXT);
    fc_format format = FC_FORMAT_TEXT;
    static const char *const wrong[] = {"probe --format xml", "probe --format csv", "probe -o x.csv", "probe -o x.html",
                                        "probe --format="};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i]), FC_OK);
        assert_int_equal(fc_args_format(&format, &args, "tj", &error), FC_USAGE);
        assert_says("--format text, json");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args__options_stand_anywhere),
        cmocka_unit_test(test_args__two_dashes_end_options),
        cmocka_unit_test(test_args__values_may_hold_equals_signs),
        cmocka_unit_test(test_args__the_last_occurrence_counts),
        cmocka_unit_test(test_args__unknown_options_get_a_suggestion),
        cmocka_unit_test(test_args__a_name_that_only_begins_alike_is_another),
        cmocka_unit_test(test_args__missing_and_superfluous_values_are_told),
        cmocka_unit_test(test_args__negative_numbers_and_a_dash_are_values),
        cmocka_unit_test(test_args__too_many_are_refused),
        cmocka_unit_test(test_args__the_command_is_the_first_plain_word),
        cmocka_unit_test(test_args__whole_numbers_keep_to_their_range),
        cmocka_unit_test(test_args__the_format_comes_from_the_option_then_the_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
