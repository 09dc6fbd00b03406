/* Files that must be refused, and what is said of them: tests/invalid/<case>.yaml|.json with <case>.error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/text.h"
#include "../../host/base/tree.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef FC_TESTS_FOLDER
#define FC_TESTS_FOLDER "tests"
#endif
#define FOLDER FC_TESTS_FOLDER "/invalid"

/* A pattern in which only * is special. It goes back to the last star alone, which is all that stars need. */
static bool matches(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    pattern += strspn(pattern, "*");
    return *pattern == '\0';
}

static char *read_expectation(fc_arena *arena, const char *name) {
    const char *path = fc_arena_printf(arena, FOLDER "/%s.error", name);
    char *bytes = NULL;
    size_t size = 0;
    fc_error error = {0};
    assert_non_null(path);
    if (fc_file_read(&bytes, &size, arena, path, &error) != FC_OK) {
        fail_msg("%s: %s", path, error.text);
    }
    bytes[strcspn(bytes, "\n")] = '\0';
    return bytes;
}

/* Parses under the bare file name, so that no folder stands in the messages. Returns whether all was as expected. */
static bool check_case(fc_arena *arena, const char *name, const char *ending) {
    const char *path = fc_arena_printf(arena, FOLDER "/%s%s", name, ending);
    const char *source = fc_arena_printf(arena, "%s%s", name, ending);
    char *bytes = NULL;
    size_t size = 0;
    fc_error error = {0};
    fc_node *root = NULL;
    assert_int_equal(fc_file_read(&bytes, &size, arena, path, NULL), FC_OK);
    bool is_json = strcmp(ending, ".json") == 0;
    fc_status status = is_json ? fc_json_parse(&root, arena, source, bytes, size, &error)
                               : fc_yaml_parse(&root, arena, source, bytes, size, &error);
    char message[2048];
    fc_error_format(&error, message, sizeof message);
    const char *found = fc_arena_printf(arena, "%d %s", (int)status, message);
    const char *expected = read_expectation(arena, name);
    if (!matches(expected, found)) {
        print_error("%s\n  expected: %s\n  found:    %s\n", path, expected, found);
        return false;
    }
    return true;
}

static void check_all(const char *ending, size_t least_count) {
    fc_arena *arena = fc_arena_create(0);
    const char *const *names = NULL;
    size_t count = 0;
    size_t failed = 0;
    assert_int_equal(fc_folder_list(&names, &count, arena, FOLDER, ending, NULL), FC_OK);
    assert_true(count >= least_count);
    for (size_t i = 0; i < count; i++) {
        failed += check_case(arena, names[i], ending) ? 0 : 1;
    }
    fc_arena_destroy(arena);
    assert_int_equal(failed, 0);
}

static void test_invalid__yaml_is_refused_as_expected(void **state) {
    (void)state;
    check_all(".yaml", 20);
}

static void test_invalid__json_is_refused_as_expected(void **state) {
    (void)state;
    check_all(".json", 15);
}

static void test_invalid__every_expectation_has_its_input(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_folder_list(&names, &count, arena, FOLDER, ".error", NULL), FC_OK);
    for (size_t i = 0; i < count; i++) {
        bool yaml = fc_file_exists(fc_arena_printf(arena, FOLDER "/%s.yaml", names[i]));
        bool json = fc_file_exists(fc_arena_printf(arena, FOLDER "/%s.json", names[i]));
        if (yaml == json) {
            fail_msg("%s.error needs exactly one of %s.yaml and %s.json", names[i], names[i], names[i]);
        }
    }
    fc_arena_destroy(arena);
}

static void test_invalid__the_pattern_matcher_can_say_no(void **state) {
    (void)state;
    assert_true(matches("a*c", "abc") && matches("a*c", "ac") && matches("*", "") && matches("a*b*c", "axbxbxc"));
    assert_false(matches("a*c", "abd") || matches("abc", "abcd") || matches("abcd", "abc") || matches("", "a"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invalid__yaml_is_refused_as_expected),
        cmocka_unit_test(test_invalid__json_is_refused_as_expected),
        cmocka_unit_test(test_invalid__every_expectation_has_its_input),
        cmocka_unit_test(test_invalid__the_pattern_matcher_can_say_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
