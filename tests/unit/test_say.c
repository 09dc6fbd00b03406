/* Numbers and pages as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <string.h>

#include "doors/say.h"

static void assert_range(fc_range range, fc_unit unit, const char *expected) {
    char out[96];
    assert_string_equal(fc_say_range(out, sizeof out, range, unit, 3), expected);
}

static void test_say__ranges_name_their_unit_once(void **state) {
    (void)state;
    assert_range((fc_range){75.94, 92.91, 119.2}, FC_UNIT_DAYS, "92.9 days (76 to 120 days)");
    assert_range((fc_range){81.2e6, 110e6, 160e6}, FC_UNIT_USD, "$110 M ($81 M to $160 M)");
    assert_range((fc_range){900e6, 1e9, 1.2e9}, FC_UNIT_W, "1.00 GW (900 MW to 1.2 GW)");
    assert_range((fc_range){100.2, 100.6, 101.3}, FC_UNIT_W, "101 W (100 to 101 W)"); /* two digits: 100 to 100 */
    assert_range((fc_range){5, 5, 5}, FC_UNIT_W, "5.00 W");
}

static void test_say__ratios_keep_two_digits(void **state) {
    (void)state;
    static const struct {
        double ratio;
        const char *text;
    } cases[] = {{2.0, "2.0"},    {0.5, "0.50"}, {0.524, "0.52"}, {9.7, "9.7"},
                 {0.9999, "1.0"}, {151, "150"},  {0.1, "0.10"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        char out[32];
        assert_string_equal(fc_say_ratio(out, sizeof out, cases[i].ratio), cases[i].text);
    }
}

static void test_say__thousands_are_grouped(void **state) {
    (void)state;
    char out[32];
    assert_string_equal(fc_say(out, sizeof out, 84800, FC_UNIT_USD, 3), "$84,800");
    assert_string_equal(fc_say(out, sizeof out, 9800, FC_UNIT_DAYS, 2), "9800 d");
    char tight[7];
    assert_string_equal(fc_say(tight, sizeof tight, 84800, FC_UNIT_USD, 3), "$84800");
}

static const char *paged(fc_arena *arena, const char *page, int width) {
    fc_text in = fc_text_start(arena);
    fc_text out = fc_text_start(arena);
    fc_text_add(&in, page);
    fc_say_page(&out, &in, width);
    assert_false(out.failed);
    return out.bytes;
}

static void test_say__long_lines_go_on_below_their_words(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(1 << 20);
    assert_string_equal(paged(arena, "  memory   one two three four five six seven eight\n", 40),
                        "  memory   one two three four five six\n           seven eight\n");
    assert_string_equal(paged(arena, "alpha beta gamma delta epsilon zeta eta theta\n", 40),
                        "alpha beta gamma delta epsilon zeta eta\n    theta\n");
    assert_string_equal(paged(arena, "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 40),
                        "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
    fc_arena_destroy(arena);
}

static void test_say__commands_tables_and_sentences_in_files_stay_whole(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(1 << 20);
    static const char *const whole[] = {
        "Next: flopcast estimate a-study --set cluster.chips=16384 --set plan.tp=8\n",
        "  chips             1,000,000 trainium2      150,000 h100-sxm\n",
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; ++i) {
        assert_string_equal(paged(arena, whole[i], 40), whole[i]);
    }
    char sentence[301];
    memset(sentence, 'x', 300);
    for (size_t i = 5; i < 300; i += 6) {
        sentence[i] = ' ';
    }
    memcpy(sentence + 299, "\n", 2);
    assert_string_equal(paged(arena, sentence, 0), sentence);
    fc_arena_destroy(arena);
}

static void test_say__control_characters_never_reach_a_terminal(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(1 << 20);
    assert_string_equal(paged(arena, "a\x1b[31mb\x7f\tc\n\n", 0), "a?[31mb??c\n\n");
    assert_string_equal(paged(arena, "no end of line", 0), "no end of line\n");
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_say__ranges_name_their_unit_once),
        cmocka_unit_test(test_say__ratios_keep_two_digits),
        cmocka_unit_test(test_say__thousands_are_grouped),
        cmocka_unit_test(test_say__long_lines_go_on_below_their_words),
        cmocka_unit_test(test_say__commands_tables_and_sentences_in_files_stay_whole),
        cmocka_unit_test(test_say__control_characters_never_reach_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
