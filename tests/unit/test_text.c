/* Names, excerpts and growing texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/text.h"

#include <string.h>

static const char *const chips[] = {"a100-80gb", "h100-sxm", "h200-sxm", "trainium2", "trainium2-ultra", "tpu-v5p"};

static const char *nearest_chip(const char *name) {
    return fc_text_nearest(name, chips, sizeof chips / sizeof chips[0]);
}

static void test_text__nearest_finds_what_was_meant(void **state) {
    (void)state;
    assert_string_equal(nearest_chip("h100-smx"), "h100-sxm");
    assert_string_equal(nearest_chip("H100-SXM"), "h100-sxm");
    assert_string_equal(nearest_chip("trainum2"), "trainium2");
    assert_string_equal(nearest_chip("trainium2-utlra"), "trainium2-ultra");
    assert_string_equal(nearest_chip("a100"), "a100-80gb");
}

static void test_text__nearest_gives_nothing_far_away(void **state) {
    (void)state;
    assert_null(nearest_chip("potato"));
    assert_null(nearest_chip(""));
    assert_null(nearest_chip("x"));
    assert_null(fc_text_nearest("h100", chips, 0));
    const char *const axes[] = {"tp", "pp"};
    assert_null(fc_text_nearest("xy", axes, 2));
    assert_string_equal(fc_text_nearest("tpp", axes, 2), "tp");
    assert_string_equal(fc_text_nearest("pt", axes, 2), "tp");
}

static void test_text__nearest_takes_names_of_any_length(void **state) {
    (void)state;
    static char name[100000];
    memset(name, 'h', sizeof name - 1);
    assert_null(nearest_chip(name));
    const char *const longs[] = {name};
    assert_ptr_equal(fc_text_nearest(name, longs, 1), name);
}

static void test_text__slug_is_lower_case_with_single_hyphens(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"H100_SXM", "h100-sxm"},
        {"h100 sxm", "h100-sxm"},
        {"GB200_NVL72", "gb200-nvl72"},
        {"  --Trainium2__ ", "trainium2"},
        {"llama 3.1", "llama-3-1"},
        {"", ""},
        {"___", ""},
        {"é1", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[32];
        fc_text_slug(out, sizeof out, cases[i][0]);
        assert_string_equal(out, cases[i][1]);
    }
}

static void test_text__slug_fits_any_buffer(void **state) {
    (void)state;
    for (size_t size = 0; size <= 12; size++) {
        char out[12];
        memset(out, 'x', sizeof out);
        fc_text_slug(out, size, "ab cd ef");
        for (size_t i = size; i < sizeof out; i++) {
            assert_int_equal(out[i], 'x');
        }
        if (size > 0) {
            assert_true(strlen(out) < size);
            assert_memory_equal(out, "ab-cd-ef", strlen(out));
            assert_true(out[0] == '\0' || out[strlen(out) - 1] != '-');
        }
    }
}

static void test_text__same_name_ignores_case_and_punctuation(void **state) {
    (void)state;
    assert_true(fc_text_same_name("H100_SXM", "h100-sxm"));
    assert_true(fc_text_same_name("Llama 3 (8B)", "llama3-8b"));
    assert_false(fc_text_same_name("h100", "h100-sxm"));
    assert_false(fc_text_same_name("h100-sxm", "h100"));
    assert_false(fc_text_same_name("", ""));
    assert_false(fc_text_same_name("-", "_"));
}

static void test_text__starts_ends_and_copy(void **state) {
    (void)state;
    assert_true(fc_text_starts("abc", "ab") && fc_text_starts("abc", "") && !fc_text_starts("ab", "abc"));
    assert_true(fc_text_ends("abc", "bc") && fc_text_ends("abc", "") && !fc_text_ends("bc", "abc"));
    char out[4];
    assert_true(fc_text_copy(out, sizeof out, "abc"));
    assert_string_equal(out, "abc");
    assert_false(fc_text_copy(out, sizeof out, "defg"));
    assert_string_equal(out, "def");
    assert_false(fc_text_copy(out, 0, ""));
}

/* What RFC 3629 allows, written down by ranges of the leading byte. */
static bool is_utf8(const unsigned char *b, size_t size) {
    unsigned low = 0x80;
    unsigned high = 0xBF;
    size_t length = 0;
    if (b[0] >= 0xC2 && b[0] <= 0xDF) {
        length = 2;
    } else if (b[0] >= 0xE0 && b[0] <= 0xEF) {
        length = 3;
        low = b[0] == 0xE0 ? 0xA0 : 0x80;
        high = b[0] == 0xED ? 0x9F : 0xBF;
    } else if (b[0] >= 0xF0 && b[0] <= 0xF4) {
        length = 4;
        low = b[0] == 0xF0 ? 0x90 : 0x80;
        high = b[0] == 0xF4 ? 0x8F : 0xBF;
    }
    bool good = length == size && b[1] >= low && b[1] <= high;
    for (size_t i = 2; good && i < size; i++) {
        good = b[i] >= 0x80 && b[i] <= 0xBF;
    }
    return good;
}

static void test_text__character_size_follows_rfc_3629(void **state) {
    (void)state;
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    const size_t count = sizeof edges;
    for (unsigned lead = 0; lead < 256; lead++) {
        for (size_t i = 0; i < count * count * count; i++) {
            unsigned char b[4] = {(unsigned char)lead, edges[i % count], edges[i / count % count],
                                  edges[i / count / count]};
            for (size_t size = 1; size <= 4; size++) {
                size_t expected = lead < 0x80 ? 1 : 0;
                for (size_t length = 2; length <= size && expected == 0; length++) {
                    expected = is_utf8(b, length) ? length : 0;
                }
                assert_int_equal(fc_text_character_size((const char *)b, size), expected);
            }
        }
    }
    assert_int_equal(fc_text_character_size("", 0), 0);
}

static void test_text__excerpt_is_one_safe_line(void **state) {
    (void)state;
    char out[16];
    fc_text_excerpt(out, sizeof out, "abc");
    assert_string_equal(out, "abc");
    fc_text_excerpt(out, sizeof out,
                    "a\nb\033c\xFF"
                    "d\x7f");
    assert_string_equal(out, "a b?c?d?");
    fc_text_excerpt(out, sizeof out, "123456789012345");
    assert_string_equal(out, "123456789012345");
    fc_text_excerpt(out, sizeof out, "1234567890123456");
    assert_string_equal(out, "123456789012…");
    fc_text_excerpt(out, sizeof out, "€€€€€€");
    assert_string_equal(out, "€€€€…");
    for (size_t size = 0; size <= sizeof out; size++) {
        memset(out, 'x', sizeof out);
        fc_text_excerpt(out, size, "€€€€€€");
        for (size_t i = size; i < sizeof out; i++) {
            assert_int_equal(out[i], 'x');
        }
        if (size > 0) {
            assert_true(strlen(out) < size && strlen(out) % 3 == 0);
        }
    }
}

static void test_text__text_grows(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_text text = fc_text_start(arena);
    assert_string_equal(text.bytes, "");
    for (int i = 0; i < 10000; i++) {
        fc_text_addf(&text, "%04d", i);
        fc_text_add(&text, ",");
        fc_text_add_bytes(&text, "ab", 1);
    }
    assert_false(text.failed);
    assert_int_equal(text.size, 60000);
    assert_int_equal(strlen(text.bytes), 60000);
    assert_memory_equal(text.bytes + 6 * 1234, "1234,a", 6);
    fc_arena_destroy(arena);
}

static void test_text__text_without_memory_stays_failed(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(300);
    fc_text text = fc_text_start(arena);
    for (int i = 0; i < 100; i++) {
        fc_text_add(&text, "0123456789");
    }
    assert_true(text.failed);
    size_t size = text.size;
    fc_text_add(&text, "x");
    fc_text_addf(&text, "%d", 1);
    assert_int_equal(text.size, size);
    assert_int_equal(strlen(text.bytes), size);
    fc_arena_destroy(arena);
    arena = fc_arena_create(1);
    text = fc_text_start(arena);
    assert_true(text.failed);
    fc_text_add(&text, "x");
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__nearest_finds_what_was_meant),
        cmocka_unit_test(test_text__nearest_gives_nothing_far_away),
        cmocka_unit_test(test_text__nearest_takes_names_of_any_length),
        cmocka_unit_test(test_text__slug_is_lower_case_with_single_hyphens),
        cmocka_unit_test(test_text__slug_fits_any_buffer),
        cmocka_unit_test(test_text__same_name_ignores_case_and_punctuation),
        cmocka_unit_test(test_text__starts_ends_and_copy),
        cmocka_unit_test(test_text__character_size_follows_rfc_3629),
        cmocka_unit_test(test_text__excerpt_is_one_safe_line),
        cmocka_unit_test(test_text__text_grows),
        cmocka_unit_test(test_text__text_without_memory_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
