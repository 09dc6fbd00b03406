/* JSON that is written: well formed, exact, and never with a number that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/tree.h"
#include "../../host/doors/json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scene {
    fc_arena *arena;
    fc_text text;
    fc_json_out out;
} scene;

static int set_up(void **state) {
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->arena = fc_arena_create(0);
    s->text = fc_text_start(s->arena);
    s->out = fc_json_out_start(&s->text);
    *state = s;
    return 0;
}

static int tear_down(void **state) {
    scene *s = *state;
    fc_arena_destroy(s->arena);
    free(s);
    return 0;
}

/* What was written, read again by the parser, which goes through jansson. */
static const fc_node *read_back(scene *s) {
    fc_node *root = NULL;
    fc_error error = {0};
    if (fc_json_parse(&root, s->arena, "out", s->text.bytes, s->text.size, &error) != FC_OK) {
        fail_msg("%d:%d: %s in\n%s", error.line, error.column, error.text, s->text.bytes);
    }
    return root;
}

static void test_json_out__members_are_indented_in_order(void **state) {
    scene *s = *state;
    fc_json_out_object(&s->out, NULL);
    fc_json_out_number(&s->out, "b", 0.1);
    fc_json_out_list(&s->out, "a");
    fc_json_out_text(&s->out, NULL, "x");
    fc_json_out_bool(&s->out, NULL, true);
    fc_json_out_null(&s->out, NULL);
    fc_json_out_object(&s->out, NULL);
    fc_json_out_end_object(&s->out);
    fc_json_out_end_list(&s->out);
    fc_json_out_list(&s->out, "empty");
    fc_json_out_end_list(&s->out);
    fc_json_out_range(&s->out, "days", (fc_range){1, 2.5, 4});
    fc_json_out_end_object(&s->out);
    assert_string_equal(s->text.bytes, "{\n"
                                       "  \"b\": 0.1,\n"
                                       "  \"a\": [\n"
                                       "    \"x\",\n"
                                       "    true,\n"
                                       "    null,\n"
                                       "    {}\n"
                                       "  ],\n"
                                       "  \"empty\": [],\n"
                                       "  \"days\": {\n"
                                       "    \"p10\": 1,\n"
                                       "    \"p50\": 2.5,\n"
                                       "    \"p90\": 4\n"
                                       "  }\n"
                                       "}\n");
    assert_false(s->out.failed);
}

static void test_json_out__counts_are_whole_and_without_exponent(void **state) {
    scene *s = *state;
    fc_json_out_list(&s->out, NULL);
    fc_json_out_count(&s->out, NULL, 405e9);
    fc_json_out_count(&s->out, NULL, 1e23);
    fc_json_out_count(&s->out, NULL, 9007199254740993.0);
    fc_json_out_count(&s->out, NULL, 2.5);
    fc_json_out_count(&s->out, NULL, -0.2);
    fc_json_out_count(&s->out, NULL, 1.7976931348623157e308);
    fc_json_out_end_list(&s->out);
    const fc_node *root = read_back(s);
    assert_string_equal(fc_node_at(root, 0)->text, "405000000000");
    assert_string_equal(fc_node_at(root, 1)->text, "99999999999999991611392");
    assert_string_equal(fc_node_at(root, 2)->text, "9007199254740992");
    assert_string_equal(fc_node_at(root, 3)->text, "3");
    assert_string_equal(fc_node_at(root, 4)->text, "0");
    assert_int_equal(strlen(fc_node_at(root, 5)->text), 309);
    assert_false(s->out.failed);
}

static void test_json_out__what_is_not_finite_becomes_null_and_is_seen(void **state) {
    static const double odd[] = {NAN, INFINITY, -INFINITY};
    scene *s = *state;
    for (int i = 0; i < 6; i++) {
        s->text = fc_text_start(s->arena);
        s->out = fc_json_out_start(&s->text);
        fc_json_out_list(&s->out, NULL);
        if (i < 3) {
            fc_json_out_number(&s->out, NULL, odd[i]);
        } else {
            fc_json_out_count(&s->out, NULL, odd[i - 3]);
        }
        fc_json_out_end_list(&s->out);
        assert_string_equal(s->text.bytes, "[\n  null\n]\n");
        assert_true(s->out.failed);
    }
}

static void test_json_out__texts_are_escaped(void **state) {
    scene *s = *state;
    fc_json_out_object(&s->out, NULL);
    fc_json_out_text(&s->out, "k\"\\", "a\"b\\c\n\t\r\001\x1F\x7F é😀");
    fc_json_out_text(&s->out, "null", NULL);
    fc_json_out_end_object(&s->out);
    assert_string_equal(s->text.bytes, "{\n  \"k\\\"\\\\\": \"a\\\"b\\\\c\\n\\t\\r\\u0001\\u001f\\u007f é😀\",\n"
                                       "  \"null\": null\n}\n");
    assert_string_equal(read_back(s)->first->text, "a\"b\\c\n\t\r\001\x1F\x7F é😀");
}

static void test_json_out__broken_utf8_becomes_a_replacement(void **state) {
    scene *s = *state;
    fc_json_out_text(&s->out, NULL,
                     "a\xFF"
                     "b\xC3(\xE2\x82");
    assert_string_equal(s->text.bytes, "\"a\xEF\xBF\xBD"
                                       "b\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\"\n");
}

static void test_json_out__every_byte_pair_gives_json(void **state) {
    scene *s = *state;
    fc_json_out_list(&s->out, NULL);
    for (unsigned a = 1; a < 256; a++) {
        for (unsigned b = 0; b < 256; b += a % 16 == 0 ? 1 : 17) {
            char pair[3] = {(char)(unsigned char)a, (char)(unsigned char)b, '\0'};
            fc_json_out_text(&s->out, NULL, pair);
        }
    }
    fc_json_out_end_list(&s->out);
    assert_true(read_back(s)->count > 5000);
}

static void test_json_out__numbers_read_back_as_they_were(void **state) {
    static const double values[] = {0,    -0.0,      0.1, 1.0 / 3, 6e29, -1.5e-300, 5e-324, 9007199254740993.0,
                                    1e22, 123456.789};
    scene *s = *state;
    const size_t count = sizeof values / sizeof values[0];
    fc_json_out_list(&s->out, NULL);
    for (size_t i = 0; i < count; i++) {
        fc_json_out_number(&s->out, NULL, values[i]);
    }
    fc_json_out_end_list(&s->out);
    const fc_node *root = read_back(s);
    for (size_t i = 0; i < count; i++) {
        double value = strtod(fc_node_at(root, i)->text, NULL);
        assert_memory_equal(&value, &values[i], sizeof value);
    }
}

static void test_json_out__nesting_past_the_limit_stays_json(void **state) {
    for (int depth = FC_JSON_OUT_DEPTH - 1; depth <= FC_JSON_OUT_DEPTH + 3; depth++) {
        scene *s = *state;
        s->text = fc_text_start(s->arena);
        s->out = fc_json_out_start(&s->text);
        for (int i = 0; i < depth; i++) {
            fc_json_out_list(&s->out, NULL);
            fc_json_out_number(&s->out, NULL, i);
        }
        for (int i = 0; i < depth; i++) {
            fc_json_out_text(&s->out, NULL, "end");
            fc_json_out_end_list(&s->out);
        }
        assert_int_equal(s->out.failed, depth > FC_JSON_OUT_DEPTH);
        assert_int_equal(read_back(s)->count, 3);
    }
}

static void test_json_out__closing_too_often_is_seen(void **state) {
    scene *s = *state;
    fc_json_out_list(&s->out, NULL);
    fc_json_out_end_list(&s->out);
    assert_false(s->out.failed);
    fc_json_out_end_list(&s->out);
    assert_true(s->out.failed);
    assert_string_equal(s->text.bytes, "[]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_json_out__##name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(members_are_indented_in_order),
        TEST(counts_are_whole_and_without_exponent),
        TEST(what_is_not_finite_becomes_null_and_is_seen),
        TEST(texts_are_escaped),
        TEST(broken_utf8_becomes_a_replacement),
        TEST(every_byte_pair_gives_json),
        TEST(numbers_read_back_as_they_were),
        TEST(nesting_past_the_limit_stays_json),
        TEST(closing_too_often_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
