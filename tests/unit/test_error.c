/* Errors: the first one wins, they fit, and they cannot steer a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flopcast/base.h"

#include <string.h>

static void test_error__first_error_wins(void **state) {
    (void)state;
    fc_error error = {0};
    assert_int_equal(fc_error_set(&error, FC_BAD_INPUT, "a.yaml", 3, 7, "first %d", 1), FC_BAD_INPUT);
    assert_int_equal(fc_error_set(&error, FC_FAILED, "b.yaml", 1, 1, "second"), FC_FAILED);
    assert_int_equal(error.status, FC_BAD_INPUT);
    assert_string_equal(error.text, "first 1");
    assert_string_equal(error.source, "a.yaml");
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 7);
}

static void test_error__null_error_is_allowed(void **state) {
    (void)state;
    assert_int_equal(fc_error_set(NULL, FC_OVER_LIMIT, NULL, 0, 0, "text"), FC_OVER_LIMIT);
}

static void test_error__format_tells_what_is_known_of_the_place(void **state) {
    (void)state;
    static const struct {
        const char *source;
        int line;
        int column;
        const char *expected;
    } cases[] = {
        {"a.yaml", 3, 7, "a.yaml:3:7: text"}, {"a.yaml", 3, 0, "a.yaml:3: text"},
        {"--set", 0, 0, "--set: text"},       {NULL, 0, 0, "text"},
        {NULL, 2, 1, "line:2:1: text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {0};
        char out[64];
        fc_error_set(&error, FC_BAD_INPUT, cases[i].source, cases[i].line, cases[i].column, "text");
        fc_error_format(&error, out, sizeof out);
        assert_string_equal(out, cases[i].expected);
    }
}

static void test_error__format_fits_any_buffer(void **state) {
    (void)state;
    fc_error error = {0};
    fc_error_set(&error, FC_BAD_INPUT, "a.yaml", 3, 7, "text");
    char out[32];
    for (size_t size = 0; size <= sizeof out; size++) {
        memset(out, 'x', sizeof out);
        fc_error_format(&error, out, size);
        for (size_t i = size; i < sizeof out; i++) {
            assert_int_equal(out[i], 'x');
        }
        if (size > 0) {
            assert_true(strlen(out) < size);
        }
    }
}

static void test_error__long_text_ends_at_a_character(void **state) {
    (void)state;
    static char text[4096];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "€", 3);
        }
        fc_error error = {0};
        fc_error_set(&error, FC_BAD_INPUT, text, 0, 0, "%s", text);
        size_t size = strlen(error.text);
        assert_true(size >= sizeof error.text - 4);
        assert_int_equal((size - shift) % 3, 0);
        assert_int_equal((strlen(error.source) - shift) % 3, 0);
    }
}

static void test_error__control_bytes_are_tamed(void **state) {
    (void)state;
    fc_error error = {0};
    fc_error_set(&error, FC_BAD_INPUT, "a\nb\033", 0, 0, "\033[31m %s\t\x7f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    assert_string_equal(error.source, "a b?");
    size_t lines = 1;
    for (const char *c = error.text; *c != '\0'; c++) {
        lines += *c == '\n';
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        assert_int_not_equal(*c, 0x7f);
    }
    assert_true(lines <= 8);
}

static fc_status fail_through_try(fc_status status) {
    FC_TRY(status);
    return FC_UNSTABLE;
}

static void test_error__try_passes_failures_on(void **state) {
    (void)state;
    assert_int_equal(fail_through_try(FC_USAGE), FC_USAGE);
    assert_int_equal(fail_through_try(FC_OK), FC_UNSTABLE);
}

static void test_error__names_and_sizes_of_number_formats(void **state) {
    (void)state;
    for (int i = 0; i < FC_DTYPE_COUNT; i++) {
        assert_non_null(fc_dtype_name((fc_dtype)i));
        assert_true(fc_dtype_bytes((fc_dtype)i) > 0);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(fc_dtype_name((fc_dtype)i), fc_dtype_name((fc_dtype)j));
        }
    }
    for (int i = 0; i < FC_GRADE_COUNT; i++) {
        assert_non_null(fc_grade_name((fc_grade)i));
    }
    assert_string_equal(fc_dtype_name(FC_DTYPE_BF16), "bf16");
    assert_string_equal(fc_grade_name(FC_GRADE_PUBLISHED), "published");
    assert_true(fc_dtype_bytes(FC_DTYPE_FP64) == 8 && fc_dtype_bytes(FC_DTYPE_TF32) == 4);
    assert_true(fc_dtype_bytes(FC_DTYPE_MXFP8) == 33.0 / 32 && fc_dtype_bytes(FC_DTYPE_NVFP4) == 0.5625);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error__first_error_wins),
        cmocka_unit_test(test_error__null_error_is_allowed),
        cmocka_unit_test(test_error__format_tells_what_is_known_of_the_place),
        cmocka_unit_test(test_error__format_fits_any_buffer),
        cmocka_unit_test(test_error__long_text_ends_at_a_character),
        cmocka_unit_test(test_error__control_bytes_are_tamed),
        cmocka_unit_test(test_error__try_passes_failures_on),
        cmocka_unit_test(test_error__names_and_sizes_of_number_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
