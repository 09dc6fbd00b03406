/* The arena: aligned, zeroed, disjoint, and within its limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flopcast/base.h"

#include <stdbool.h>
#include <string.h>

static void test_arena__memory_is_zeroed_aligned_and_disjoint(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    assert_non_null(arena);
    enum { COUNT = 2000 };
    static unsigned char *memory[COUNT];
    static size_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i % 97 == 0 ? 100000 + i : i % 301;
        memory[i] = fc_arena_alloc(arena, sizes[i]);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[i][j], 0);
        }
        memset(memory[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[i][j], i % 251);
        }
    }
    fc_arena_destroy(arena);
}

static void test_arena__limit_holds_to_the_byte(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(1000);
    assert_null(fc_arena_alloc(arena, 1001));
    assert_non_null(fc_arena_alloc(arena, 992));
    assert_int_equal(fc_arena_used_bytes(arena), 992);
    assert_null(fc_arena_alloc(arena, 9));
    assert_non_null(fc_arena_alloc(arena, 8));
    assert_null(fc_arena_alloc(arena, 1));
    assert_int_equal(fc_arena_used_bytes(arena), 1000);
    fc_arena_destroy(arena);
}

static void test_arena__sizes_that_would_wrap_are_refused(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(SIZE_MAX);
    for (size_t less = 0; less < 128; less++) {
        assert_null(fc_arena_alloc(arena, SIZE_MAX - less));
    }
    assert_non_null(fc_arena_alloc(arena, 1));
    fc_arena_destroy(arena);
}

static void test_arena__default_limit_is_256_mib(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    assert_null(fc_arena_alloc(arena, ((size_t)256 << 20) + 1));
    assert_non_null(fc_arena_alloc(arena, (size_t)256 << 20));
    fc_arena_destroy(arena);
}

static void test_arena__texts_are_copied(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    char text[] = "abc";
    char *copy = fc_arena_strdup(arena, text);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(fc_arena_strndup(arena, "abc", 2), "ab");
    assert_string_equal(fc_arena_strndup(arena, "abc", 9), "abc");
    assert_string_equal(fc_arena_strndup(arena, "", 0), "");
    assert_string_equal(fc_arena_printf(arena, "%s-%d", "abc", 7), "abc-7");
    fc_arena_destroy(arena);
}

static void test_arena__texts_without_memory_are_null(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(4);
    assert_null(fc_arena_strdup(arena, "abcd"));
    assert_null(fc_arena_strndup(arena, "abcdef", 4));
    assert_null(fc_arena_printf(arena, "%d", 1234));
    assert_int_equal(fc_arena_used_bytes(arena), 0);
    assert_non_null(fc_arena_strdup(arena, "abc"));
    fc_arena_destroy(arena);
    fc_arena_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__memory_is_zeroed_aligned_and_disjoint),
        cmocka_unit_test(test_arena__limit_holds_to_the_byte),
        cmocka_unit_test(test_arena__sizes_that_would_wrap_are_refused),
        cmocka_unit_test(test_arena__default_limit_is_256_mib),
        cmocka_unit_test(test_arena__texts_are_copied),
        cmocka_unit_test(test_arena__texts_without_memory_are_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
