/* Tables with commas, and what must not get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/csv.h"

/* Reads all records of `text`; the cells are joined with | and records with /. */
static fc_status read_all(char *out, size_t out_size, const char *text, size_t size, fc_error *error) {
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memcpy(bytes, text, size);
    bytes[size] = '\0';
    fc_csv csv;
    bool found = true;
    fc_status status = FC_OK;
    out[0] = '\0';
    fc_csv_start(&csv, "t.csv", bytes, size);
    while (status == FC_OK) {
        status = fc_csv_next(&found, &csv, error);
        if (status != FC_OK || !found) {
            break;
        }
        for (size_t i = 0; i < csv.cells_count; i++) {
            assert_true(strlen(out) + strlen(csv.cells[i]) + 2 < out_size);
            strcat(out, csv.cells[i]);
            strcat(out, i + 1 < csv.cells_count ? "|" : "/");
        }
    }
    free(bytes);
    return status;
}

static void assert_reads(const char *text, const char *expected) {
    char got[256];
    fc_error error = {0};
    assert_int_equal(read_all(got, sizeof got, text, strlen(text), &error), FC_OK);
    assert_string_equal(got, expected);
}

static void assert_refused(const char *text, size_t size, fc_status status, int line) {
    char got[256];
    fc_error error = {0};
    assert_int_equal(read_all(got, sizeof got, text, size, &error), status);
    assert_int_equal(error.line, line);
}

static void test_plain(void **state) {
    (void)state;
    assert_reads("a,b\n1,2\n", "a|b/1|2/");
    assert_reads("a,b\r\n1,2", "a|b/1|2/");
    assert_reads("\xEF\xBB\xBF"
                 "a,,c\n\n\n,\n",
                 "a||c/|/");
    assert_reads("", "");
    assert_reads("\n\r\n", "");
}

static void test_quoted(void **state) {
    (void)state;
    assert_reads("\"a,b\",\"c\"\"d\"\n", "a,b|c\"d/");
    assert_reads("\"two\nlines\",x\ny,z", "two\nlines|x/y|z/");
    assert_reads("\"\",\"\"\r\n", "|/");
}

static void test_refused(void **state) {
    (void)state;
    assert_refused("a\n\"b", 4, FC_BAD_INPUT, 2);
    assert_refused("a,\"b\"c\n", 7, FC_BAD_INPUT, 1);
    assert_refused("a\nb\"c\n", 6, FC_BAD_INPUT, 2);
    assert_refused("a\nb\0c\n", 6, FC_BAD_INPUT, 2);
    char wide[200];
    memset(wide, ',', sizeof wide);
    assert_refused(wide, sizeof wide, FC_OVER_LIMIT, 1);
}

static void test_long_record(void **state) {
    (void)state;
    size_t size = FC_CSV_MAX_RECORD_BYTES + 10;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    assert_refused(text, size, FC_OVER_LIMIT, 1);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_quoted),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_long_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
