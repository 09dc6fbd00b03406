/* Tables as text, Markdown and CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/doors/table.h"

#include <stdlib.h>
#include <string.h>

static int set_up(void **state) {
    *state = fc_arena_create(0);
    return *state == NULL;
}

static int tear_down(void **state) {
    fc_arena_destroy(*state);
    return 0;
}

static fc_table *chips(fc_arena *arena) {
    fc_table *table = fc_table_start(arena, "lrl");
    assert_non_null(table);
    fc_table_heading(table, (const char *const[]){"chip", "TFLOP/s", "source"});
    fc_table_row(table, (const char *const[]){"h100-sxm", "989", "vendor sheet of 2023"});
    fc_table_row(table, (const char *const[]){"é", NULL, ""});
    fc_table_cellf(table, "%s", "trainium2");
    fc_table_cellf(table, "%d", 667);
    fc_table_cellf(table, "a|b <c>");
    return table;
}

static const char *as_text(fc_arena *arena, const fc_table *table, int indent, int width) {
    fc_text text = fc_text_start(arena);
    fc_table_print(table, &text, indent, width);
    assert_false(text.failed);
    return text.bytes;
}

static const char *as_markdown(fc_arena *arena, const fc_table *table) {
    fc_text text = fc_text_start(arena);
    fc_table_print_markdown(table, &text);
    assert_false(text.failed);
    return text.bytes;
}

static const char *as_csv(fc_arena *arena, const fc_table *table) {
    fc_text text = fc_text_start(arena);
    fc_table_print_csv(table, &text);
    assert_false(text.failed);
    return text.bytes;
}

static void test_table__columns_are_as_wide_as_they_need(void **state) {
    assert_string_equal(as_text(*state, chips(*state), 0, 0), "chip       TFLOP/s  source\n"
                                                              "h100-sxm       989  vendor sheet of 2023\n"
                                                              "é\n"
                                                              "trainium2      667  a|b <c>\n");
}

static void test_table__the_last_left_column_gives_way(void **state) {
    assert_string_equal(as_text(*state, chips(*state), 2, 34), "  chip       TFLOP/s  source\n"
                                                               "  h100-sxm       989  vendor shee…\n"
                                                               "  é\n"
                                                               "  trainium2      667  a|b <c>\n");
    assert_string_equal(as_text(*state, chips(*state), 0, 40), as_text(*state, chips(*state), 0, 0));
    assert_string_equal(as_text(*state, chips(*state), 0, 1), "chip       TFLOP/s  source\n"
                                                              "h100-sxm       989  vendor …\n"
                                                              "é\n"
                                                              "trainium2      667  a|b <c>\n");
    fc_table *numbers = fc_table_start(*state, "r");
    fc_table_row(numbers, (const char *const[]){"123456789012"});
    assert_string_equal(as_text(*state, numbers, 0, 3), "123456789012\n");
}

static void test_table__an_inner_left_column_is_cut_too(void **state) {
    fc_table *table = fc_table_start(*state, "lr");
    fc_table_row(table, (const char *const[]){"äöüäöüäöüäöü", "1"});
    fc_table_row(table, (const char *const[]){"b", "22"});
    assert_string_equal(as_text(*state, table, 0, 14), "äöüäöüäöü…   1\nb           22\n");
}

static void test_table__control_bytes_stay_inside(void **state) {
    fc_table *table = fc_table_start(*state, "ll");
    fc_table_row(table, (const char *const[]){"a\nb\033[31m", "\xFF|\x7f"});
    assert_string_equal(as_text(*state, table, 0, 0), "a b?[31m  ?|?\n");
    assert_string_equal(as_markdown(*state, table), "|  |  |\n|:---|:---|\n| a b?[31m | ?\\|? |\n");
}

static void test_table__markdown_escapes(void **state) {
    assert_string_equal(as_markdown(*state, chips(*state)), "| chip | TFLOP/s | source |\n"
                                                            "|:---|---:|:---|\n"
                                                            "| h100-sxm | 989 | vendor sheet of 2023 |\n"
                                                            "| é |  |  |\n"
                                                            "| trainium2 | 667 | a\\|b \\<c> |\n");
}

static void test_table__csv_quotes_what_needs_it(void **state) {
    fc_table *table = fc_table_start(*state, "ll");
    fc_table_heading(table, (const char *const[]){"name", "value"});
    fc_table_row(table, (const char *const[]){"a,b", "say \"x\""});
    fc_table_row(table, (const char *const[]){"two\nlines", NULL});
    fc_table_row(table, (const char *const[]){"é", "plain text"});
    assert_string_equal(as_csv(*state, table), "name,value\n"
                                               "\"a,b\",\"say \"\"x\"\"\"\n"
                                               "\"two\nlines\",\n"
                                               "é,plain text\n");
}

static void test_table__csv_starts_no_formula(void **state) {
    static const char *const cases[][2] = {
        {"=1+2", "\"'=1+2\"\n"},
        {"@sum(a)", "\"'@sum(a)\"\n"},
        {"+a", "\"'+a\"\n"},
        {"-2+3", "\"'-2+3\"\n"},
        {"-", "\"'-\"\n"},
        {"-5", "-5\n"},
        {"+5", "+5\n"},
        {"-1.5e-3", "-1.5e-3\n"},
        {"\t=1", "\"'\t=1\"\n"},
        {"5-3", "5-3\n"},
        {"", "\n"},
        {"-5%", "\"'-5%\"\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_table *table = fc_table_start(*state, "l");
        fc_table_row(table, &cases[i][0]);
        assert_string_equal(as_csv(*state, table), cases[i][1]);
    }
}

static void test_table__cells_are_copied(void **state) {
    fc_table *table = fc_table_start(*state, "l");
    char cell[] = "abc";
    const char *const cells[] = {cell};
    fc_table_row(table, cells);
    cell[0] = 'x';
    assert_string_equal(as_text(*state, table, 0, 0), "abc\n");
}

static void test_table__an_unfinished_row_is_padded(void **state) {
    fc_table *table = fc_table_start(*state, "lll");
    fc_table_cellf(table, "a");
    fc_table_row(table, (const char *const[]){"b", "c", "d"});
    fc_table_cellf(table, "e");
    assert_string_equal(as_csv(*state, table), "a,,\nb,c,d\ne,,\n");
}

static void test_table__a_table_without_rows_is_nothing(void **state) {
    fc_table *table = fc_table_start(*state, "lr");
    assert_string_equal(as_text(*state, table, 4, 10), "");
    assert_string_equal(as_csv(*state, table), "");
}

static void test_table__every_lack_of_memory_is_seen(void **state) {
    (void)state;
    bool complete = false;
    for (size_t limit = 1; !complete; limit++) {
        fc_arena *small = fc_arena_create(limit);
        fc_arena *plenty = fc_arena_create(0);
        fc_table *table = fc_table_start(small, "lr");
        if (table != NULL) {
            fc_table_heading(table, (const char *const[]){"a", "b"});
            fc_table_row(table, (const char *const[]){"c", "d"});
            fc_table_cellf(table, "%s", "e");
            fc_table_cellf(table, "%s", "f");
            fc_text text = fc_text_start(plenty);
            fc_table_print_csv(table, &text);
            complete = strcmp(text.bytes, "a,b\nc,d\ne,f\n") == 0;
            assert_int_equal(text.failed, !complete);
            fc_table_print(table, &text, 0, 0);
            fc_table_print_markdown(table, &text);
            assert_int_equal(text.failed, !complete);
        }
        fc_arena_destroy(small);
        fc_arena_destroy(plenty);
        assert_true(limit < 100000);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_table__##name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(columns_are_as_wide_as_they_need),
        TEST(the_last_left_column_gives_way),
        TEST(an_inner_left_column_is_cut_too),
        TEST(control_bytes_stay_inside),
        TEST(markdown_escapes),
        TEST(csv_quotes_what_needs_it),
        TEST(csv_starts_no_formula),
        TEST(cells_are_copied),
        TEST(an_unfinished_row_is_padded),
        TEST(a_table_without_rows_is_nothing),
        TEST(every_lack_of_memory_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
