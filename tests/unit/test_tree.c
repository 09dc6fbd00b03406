/* YAML and JSON as one tree: what is accepted, where it stood, and that nothing hostile gets further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tree_dump.h"

#include <jansson.h> /* its allocator is made to fail */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int set_up(void **state) {
    *state = fc_arena_create(0);
    return *state == NULL;
}

static int tear_down(void **state) {
    fc_arena_destroy(*state);
    return 0;
}

/* splitmix64, so that every run tries the same bytes. */
static uint64_t next_random(uint64_t *seed) {
    *seed += 0x9E3779B97F4A7C15U;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static fc_node *yaml(fc_arena *arena, const char *text) {
    fc_error error = {0};
    fc_node *root = NULL;
    if (fc_yaml_parse(&root, arena, "a.yaml", text, strlen(text), &error) != FC_OK) {
        fail_msg("%d:%d: %s", error.line, error.column, error.text);
    }
    return root;
}

static fc_node *json(fc_arena *arena, const char *text) {
    fc_error error = {0};
    fc_node *root = NULL;
    if (fc_json_parse(&root, arena, "a.json", text, strlen(text), &error) != FC_OK) {
        fail_msg("%d:%d: %s", error.line, error.column, error.text);
    }
    return root;
}

static void test_tree__yaml_gives_the_tree(void **state) {
    static const char *const cases[][2] = {
        {"a: 1\nb: [x, 'y', ~]\n", "{a: 1, b: [x, \"y\", ~]}"},
        {"- a\n-\n- {}\n- []\n", "[a, ~, {}, []]"},
        {"a: {b: {c: d}}", "{a: {b: {c: d}}}"},
        {"a: null\nb: Null\nc: NULL\nd: ~\ne:\nf: \"\"\ng: 'null'",
         "{a: ~, b: ~, c: ~, d: ~, e: ~, f: \"\", g: \"null\"}"},
        {"a: yes\nb: off\nc: 010\nd: 1:30\ne: 0x1F\nf: 1_000\ng: true",
         "{a: yes, b: off, c: 010, d: 1:30, e: 0x1F, f: 1_000, g: true}"},
        {"yes: 1\nno: 2", "{yes: 1, no: 2}"},
        {"a: |\n  x\n  y\nb: >\n  x\n  y\n", "{a: \"x\ny\n\", b: \"x y\n\"}"},
        {"a: \"\\u00e9\\n\"", "{a: \"é\n\"}"},
        {"# only a comment\n", "~"},
        {"", "~"},
        {"---\n", "~"},
        {"---\na: 1\n...\n", "{a: 1}"},
        {"%YAML 1.1\n---\na: 1\n", "{a: 1}"},
        {"\xEF\xBB\xBF"
         "a: 1",
         "{a: 1}"},
        {"a: 1\r\nb: 2\r\n", "{a: 1, b: 2}"},
        {"text", "text"},
        {"'a b': 1\n\"\": 2", "{a b: 1, : 2}"},
        {"? a\n: 1", "{a: 1}"},
        {"a: 50% # of it", "{a: 50%}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(dump_tree(*state, yaml(*state, cases[i][0])), cases[i][1]);
    }
}

static void test_tree__json_gives_the_tree(void **state) {
    static const char *const cases[][2] = {
        {"{\"a\": 1, \"b\": [true, \"y\", null]}", "{a: 1, b: [true, \"y\", ~]}"},
        {"[ ]", "[]"},
        {"{\n}", "{}"},
        {"\"x\"", "\"x\""},
        {"-1.5E+3", "-1.5E+3"},
        {"[600000000000000000000000000000, 0.1, 1e-7]", "[600000000000000000000000000000, 0.1, 1e-7]"},
        {"\"\\u00e9\\ud83d\\ude00\\u20AC\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"é😀€\"\\/\b\f\n\r\t\""},
        {"\"é😀€\"", "\"é😀€\""},
        {"{\"\": 1, \"[{\\\"\": \"]}\"}", "{: 1, [{\": \"]}\"}"},
        {"  null  ", "~"},
        {"{\"null\": \"null\"}", "{null: \"null\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(dump_tree(*state, json(*state, cases[i][0])), cases[i][1]);
    }
}

static void assert_place(const fc_node *node, int line, int column, int key_line, int key_column) {
    assert_non_null(node);
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
    assert_int_equal(node->key_line, key_line);
    assert_int_equal(node->key_column, key_column);
}

static void test_tree__places_count_characters_from_one(void **state) {
    const fc_node *root = yaml(*state, "é: ü\nb:\n  - x\n  - {c: 1}\nd: # none\n");
    assert_string_equal(root->source, "a.yaml");
    assert_place(fc_node_get(root, "é"), 1, 4, 1, 1);
    assert_place(fc_node_get(root, "b"), 3, 3, 2, 1);
    assert_place(fc_node_at(fc_node_get(root, "b"), 0), 3, 5, 0, 0);
    assert_place(fc_node_get(fc_node_at(fc_node_get(root, "b"), 1), "c"), 4, 9, 4, 6);
    assert_int_equal(fc_node_get(root, "d")->line, 5);
    root = json(*state, "{\"é\": \"ü\",\r\n\t\"b\" :\n [1, {\"c\": null}]}");
    assert_string_equal(root->source, "a.json");
    assert_place(root, 1, 1, 0, 0);
    assert_place(fc_node_get(root, "é"), 1, 7, 1, 2);
    assert_place(fc_node_get(root, "b"), 3, 2, 2, 2);
    assert_place(fc_node_at(fc_node_get(root, "b"), 0), 3, 3, 0, 0);
    assert_place(fc_node_get(fc_node_at(fc_node_get(root, "b"), 1), "c"), 3, 12, 3, 7);
    assert_place(yaml(*state, "# nothing\n"), 1, 1, 0, 0);
}

typedef fc_status parse_function(fc_node **, fc_arena *, const char *, const char *, size_t, fc_error *);

static fc_status parse_repeated(parse_function *parse, const char *part, size_t count, const char *end,
                                fc_error *error) {
    size_t part_size = strlen(part);
    size_t size = part_size * count + strlen(end);
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + i * part_size, part, part_size);
    }
    strcpy(bytes + part_size * count, end);
    fc_arena *arena = fc_arena_create(0);
    fc_node *root = NULL;
    *error = (fc_error){0};
    fc_status status = parse(&root, arena, "big", bytes, size, error);
    fc_arena_destroy(arena);
    free(bytes);
    return status;
}

static void test_tree__depth_ends_at_64(void **state) {
    (void)state;
    char closing[FC_TREE_MAX_DEPTH + 2] = "";
    memset(closing, ']', FC_TREE_MAX_DEPTH);
    fc_error error;
    assert_int_equal(parse_repeated(fc_json_parse, "[", FC_TREE_MAX_DEPTH, closing, &error), FC_OK);
    assert_int_equal(parse_repeated(fc_yaml_parse, "[", FC_TREE_MAX_DEPTH, closing, &error), FC_OK);
    strcat(closing, "]");
    assert_int_equal(parse_repeated(fc_json_parse, "[", FC_TREE_MAX_DEPTH + 1, closing, &error), FC_OVER_LIMIT);
    assert_int_equal(error.column, FC_TREE_MAX_DEPTH + 1);
    assert_int_equal(parse_repeated(fc_yaml_parse, "[", FC_TREE_MAX_DEPTH + 1, closing, &error), FC_OVER_LIMIT);
    assert_int_equal(error.column, FC_TREE_MAX_DEPTH + 1);
}

static void test_tree__megabytes_of_brackets_end_at_once(void **state) {
    (void)state;
    fc_error error;
    clock_t start = clock();
    assert_int_equal(parse_repeated(fc_json_parse, "[", 10000000, "", &error), FC_OVER_LIMIT);
    assert_non_null(strstr(error.text, "64 deep"));
    assert_int_equal(parse_repeated(fc_json_parse, "{\"a\":", 2000000, "", &error), FC_OVER_LIMIT);
    assert_int_equal(parse_repeated(fc_yaml_parse, "[", 10000000, "", &error), FC_OVER_LIMIT);
    assert_int_equal(parse_repeated(fc_yaml_parse, "- ", 5000000, "", &error), FC_OVER_LIMIT);
    assert_int_equal(parse_repeated(fc_yaml_parse, "{a: ", 2000000, "", &error), FC_OVER_LIMIT);
    assert_int_equal(parse_repeated(fc_yaml_parse, "? ", 5000000, "", &error), FC_BAD_INPUT);
    assert_int_equal(parse_repeated(fc_yaml_parse, "%TAG !a! b\n", 1000000, "", &error), FC_BAD_INPUT);
    assert_true((double)(clock() - start) < 20.0 * CLOCKS_PER_SEC);
}

static void test_tree__size_and_count_have_limits(void **state) {
    (void)state;
    fc_error error;
    assert_int_equal(parse_repeated(fc_yaml_parse, "\n", FC_FILE_MAX_BYTES + 1, "", &error), FC_OVER_LIMIT);
    assert_int_equal(parse_repeated(fc_json_parse, " ", FC_FILE_MAX_BYTES, "1", &error), FC_OVER_LIMIT);
    assert_non_null(strstr(error.text, "16777216"));
    assert_int_equal(parse_repeated(fc_json_parse, " ", FC_FILE_MAX_BYTES - 1, "1", &error), FC_OK);
    assert_int_equal(parse_repeated(fc_yaml_parse, "- \n", FC_TREE_MAX_NODES, "", &error), FC_OVER_LIMIT);
    assert_non_null(strstr(error.text, "1048576"));
    assert_int_equal(parse_repeated(fc_yaml_parse, "- \n", FC_TREE_MAX_NODES - 1, "", &error), FC_OK);
}

static void test_tree__duplicate_keys_are_found_among_many(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    char *bytes = malloc(COUNT * 24);
    assert_non_null(bytes);
    for (int repeat = -1; repeat < COUNT; repeat = repeat < 0 ? 3 : repeat * 7 + 1) {
        size_t size = 0;
        for (int i = 0; i < COUNT; i++) {
            int key = i == COUNT - 1 && repeat >= 0 && repeat < i ? repeat : i;
            size += (size_t)sprintf(bytes + size, "k%d: 1\n", key);
        }
        fc_arena *arena = fc_arena_create(0);
        fc_node *root = NULL;
        fc_error error = {0};
        clock_t start = clock();
        fc_status status = fc_yaml_parse(&root, arena, "big", bytes, size, &error);
        assert_true((double)(clock() - start) < 20.0 * CLOCKS_PER_SEC);
        assert_int_equal(status, repeat < 0 ? FC_OK : FC_BAD_INPUT);
        assert_int_equal(error.line, repeat < 0 ? 0 : COUNT);
        fc_arena_destroy(arena);
    }
    free(bytes);
}

static void test_tree__the_first_duplicate_is_named(void **state) {
    fc_error error = {0};
    fc_node *root = NULL;
    const char text[] =
        "{\"z\":1,\"c\":2,\"b\":3,\"a\":4,\"d\":5,\"e\":6,\"f\":7,\"g\":8,\"b\":9,\n\"a\":10,\"\\u007a\":11}";
    assert_int_equal(fc_json_parse(&root, *state, "a", text, strlen(text), &error), FC_BAD_INPUT);
    assert_int_equal(error.line, 1);
    assert_non_null(strstr(error.text, "\"b\" stands twice"));
    const char few[] = "{\"z\":1,\n\"\\u007a\":11}";
    error = (fc_error){0};
    assert_int_equal(fc_json_parse(&root, *state, "a", few, strlen(few), &error), FC_BAD_INPUT);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.text, "first in line 1"));
}

static void test_tree__bytes_need_no_final_zero(void **state) {
    static const char *const texts[] = {"a: [b, 'c']", "{\"a\": [1, \"\\u00e9\"]}", "\ta: 1", "\"abc", "a: %"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t size = 0; size <= strlen(texts[i]); size++) {
            /* A block of exactly this size: reading past it is seen by the sanitizer and by valgrind. */
            char *bytes = malloc(size + (size == 0));
            assert_non_null(bytes);
            memcpy(bytes, texts[i], size);
            fc_node *root = NULL;
            fc_error error = {0};
            fc_status status = fc_yaml_parse(&root, *state, "a", bytes, size, &error);
            assert_int_equal(status, error.status);
            error = (fc_error){0};
            status = fc_json_parse(&root, *state, "a", bytes, size, &error);
            assert_int_equal(status, error.status);
            free(bytes);
        }
    }
}

static void test_tree__every_lack_of_memory_is_an_error(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\": [1, \"two\", null], \"b\": {\"c\": 1, \"d\": 1, \"e\": 1, \"f\": 1, \"g\": 1, \"h\": "
        "1, \"i\": 1, \"j\": 1, \"k\": 1}, \"l\": \"a long text that takes some memory\"}";
    static parse_function *const parsers[] = {fc_yaml_parse, fc_json_parse};
    for (size_t i = 0; i < 2; i++) {
        size_t limit = 0;
        fc_status status = FC_FAILED;
        while (status != FC_OK) {
            fc_arena *arena = fc_arena_create(++limit);
            fc_node *root = NULL;
            fc_error error = {0};
            status = parsers[i](&root, arena, "a", text, strlen(text), &error);
            if (status != FC_OK) {
                assert_int_equal(status, FC_FAILED);
                assert_null(root);
                assert_non_null(strstr(error.text, "no memory"));
            }
            fc_arena_destroy(arena);
        }
        assert_in_range(limit, 1000, 10000);
    }
}

static int allocations_left;

static void *scarce_malloc(size_t size) { return allocations_left-- > 0 ? malloc(size) : NULL; }

static void test_tree__json_survives_a_failing_jansson(void **state) {
    static const char text[] =
        "{\"a\": [1, \"two\", null, true, [], {}], \"b\": {\"c\": \"a text of some length, longer\"}}";
    fc_status status = FC_FAILED;
    int allowed = 0;
    json_set_alloc_funcs(scarce_malloc, free);
    for (; status != FC_OK && allowed < 1000; allowed++) {
        allocations_left = allowed;
        fc_node *root = NULL;
        fc_error error = {0};
        status = fc_json_parse(&root, *state, "a", text, strlen(text), &error);
        if (status != FC_OK && error.text[0] == '\0') {
            break;
        }
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(status, FC_OK);
    assert_in_range(allowed, 5, 100);
}

/* A tree that came out must be whole: kinds, texts, counts and places. */
static void assert_sound(const fc_node *node, int depth) {
    assert_true(depth <= FC_TREE_MAX_DEPTH);
    assert_true(node->line >= 1 && node->column >= 1 && node->source != NULL);
    assert_true((node->kind == FC_NODE_SCALAR) == (node->text != NULL));
    size_t count = 0;
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        assert_true((node->kind == FC_NODE_MAP) == (child->key != NULL));
        assert_true(child->next != NULL || child == node->last);
        assert_sound(child, depth + 1);
        count++;
    }
    assert_int_equal(count, node->count);
    assert_true(count == 0 || node->kind == FC_NODE_MAP || node->kind == FC_NODE_LIST);
}

static size_t random_bytes(char *bytes, size_t most, uint64_t *seed) {
    static const char *const parts[] = {"a",
                                        "b: ",
                                        ": ",
                                        "- ",
                                        "\n",
                                        "  ",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        "\"",
                                        "'",
                                        "|\n",
                                        ">\n",
                                        "#",
                                        "&x ",
                                        "*x",
                                        "!t ",
                                        "---\n",
                                        "...\n",
                                        "%TAG ! x\n",
                                        "%YAML 1.1\n",
                                        "? ",
                                        "<<: ",
                                        "\\u00e9",
                                        "\\ud83d",
                                        "\\",
                                        "1",
                                        "-1.5e3",
                                        "null",
                                        "true",
                                        "\t",
                                        "é",
                                        "\r",
                                        "\xC2\x85",
                                        "\xE2\x80\xA8",
                                        "~",
                                        "\xEF\xBB\xBF",
                                        "@"};
    size_t size = 0;
    size_t wanted = next_random(seed) % most;
    bool raw = next_random(seed) % 8 == 0;
    while (size < wanted) {
        uint64_t r = next_random(seed);
        const char *part = parts[r % (sizeof parts / sizeof parts[0])];
        if (raw || r >> 56 == 0) {
            bytes[size++] = (char)(r >> 32);
        } else if (size + strlen(part) <= most) {
            memcpy(bytes + size, part, strlen(part));
            size += strlen(part);
        } else {
            break;
        }
    }
    return size;
}

/* A sound text with a few bytes changed gets further into a parser than noise does. */
static size_t mutated_bytes(char *bytes, size_t most, uint64_t *seed) {
    static const char *const sound[] = {
        "{\"a\": [1, -2.5e3, true, null], \"b\": {\"c\": \"x\\u00e9\\ud83d\\ude00\\n\"}}",
        "[[[{\"k\": [], \"l\": {}, \"k2\": \"\"}]], \"\\\\\", 0.1e-7]",
        "a: 1\nb:\n  - {c: d, e: ~}\n  - [x, 'y', \"z\\t\"]\nf: |\n  g\n",
        "- a: b\n  c: d\n- - e\n  - f\n# end\n",
    };
    static const char marks[] = "{}[],:\"'\\-#&*!|>%@ \n\tue09";
    const char *text = sound[next_random(seed) % 4];
    size_t size = strlen(text);
    assert_true(size <= most);
    memcpy(bytes, text, size);
    for (uint64_t changes = next_random(seed) % 4; changes > 0; changes--) {
        uint64_t r = next_random(seed);
        bytes[r % size] = r >> 60 == 0 ? (char)(r >> 32) : marks[(r >> 32) % (sizeof marks - 1)];
    }
    return next_random(seed) % 8 == 0 ? next_random(seed) % size : size;
}

static void parse_random(uint64_t *seed) {
    char bytes[96];
    bool noise = next_random(seed) % 2 == 0;
    size_t size = noise ? random_bytes(bytes, sizeof bytes, seed) : mutated_bytes(bytes, sizeof bytes, seed);
    fc_arena *arena = fc_arena_create(1 << 20);
    assert_non_null(arena);
    static parse_function *const parsers[] = {fc_yaml_parse, fc_json_parse};
    for (size_t i = 0; i < 2; i++) {
        fc_node *root = NULL;
        fc_error error = {0};
        fc_status status = parsers[i](&root, arena, "random", bytes, size, &error);
        assert_int_equal(status, error.status);
        if (status == FC_OK) {
            assert_sound(root, 0);
            char path[8] = "a.0.b";
            (void)fc_tree_set(root, arena, path, "{c: [1]}", &error);
        } else {
            assert_true(status == FC_BAD_INPUT || status == FC_OVER_LIMIT);
            assert_int_not_equal(error.text[0], '\0');
        }
    }
    fc_arena_destroy(arena);
}

/* FLOPCAST_FUZZ_COUNT sets how many; the default is quick. */
static void test_tree__random_bytes_do_no_harm(void **state) {
    (void)state;
    const char *wish = getenv("FLOPCAST_FUZZ_COUNT");
    long count = wish == NULL ? 20000 : strtol(wish, NULL, 10);
    uint64_t seed = 5;
    for (long i = 0; i < count; i++) {
        parse_random(&seed);
    }
}

static void test_tree__get_and_at_take_anything(void **state) {
    const fc_node *root = yaml(*state, "a: [x, y]\nb: 1");
    assert_null(fc_node_get(NULL, "a"));
    assert_null(fc_node_get(root, "c"));
    assert_null(fc_node_get(fc_node_get(root, "a"), "x"));
    assert_null(fc_node_at(NULL, 0));
    assert_null(fc_node_at(fc_node_get(root, "b"), 0));
    assert_null(fc_node_at(fc_node_get(root, "a"), 2));
    assert_string_equal(fc_node_at(root, 1)->key, "b");
    assert_string_equal(fc_node_at(fc_node_get(root, "a"), 1)->text, "y");
}

static void test_tree__add_and_copy(void **state) {
    fc_node *root = yaml(*state, "a: [x, 'y']");
    fc_node *map = fc_node_add(*state, root, "m", FC_NODE_MAP, NULL);
    assert_non_null(fc_node_add(*state, map, "k", FC_NODE_SCALAR, "v"));
    assert_non_null(fc_node_add(*state, fc_node_get(root, "a"), NULL, FC_NODE_NULL, NULL));
    assert_string_equal(dump_tree(*state, root), "{a: [x, \"y\", ~], m: {k: v}}");
    fc_node_get(root, "a")->used = true;
    fc_arena *other = fc_arena_create(0);
    fc_node *copy = fc_node_copy(other, fc_node_get(root, "a"));
    assert_null(copy->next);
    assert_false(copy->used);
    assert_int_equal(copy->line, 1);
    assert_non_null(fc_node_add(other, copy, NULL, FC_NODE_SCALAR, "z"));
    assert_string_equal(dump_tree(other, copy), "a: [x, \"y\", ~, z]");
    assert_string_equal(dump_tree(*state, root), "{a: [x, \"y\", ~], m: {k: v}}");
    fc_arena_destroy(other);
}

static void test_tree__copy_and_add_without_memory_are_null(void **state) {
    const fc_node *root = yaml(*state, "a: [x, 'y', {b: c}]");
    bool copied = false;
    for (size_t limit = 1; !copied; limit++) {
        fc_arena *small = fc_arena_create(limit);
        copied = fc_node_copy(small, root) != NULL;
        fc_node parent = {.kind = FC_NODE_MAP};
        const fc_node *added = limit < 100 ? fc_node_add(small, &parent, "key", FC_NODE_SCALAR, "text") : NULL;
        assert_null(added);
        assert_int_equal(parent.count, 0);
        fc_arena_destroy(small);
        assert_true(limit < 10000);
    }
}

static void test_tree__describe_says_what_a_node_is(void **state) {
    static const char *const cases[][2] = {
        {"{a: 1}", "a map"},        {"[1]", "a list"},
        {"~", "nothing"},           {"abc", "the text \"abc\""},
        {"3", "the number 3"},      {"'3'", "the text \"3\""},
        {"true", "the value true"}, {"80GiB", "the text \"80GiB\""},
        {"1e3", "the number 1e3"},
    };
    char out[128];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_node_describe(yaml(*state, cases[i][0]), out, sizeof out);
        assert_string_equal(out, cases[i][1]);
    }
    fc_node_describe(NULL, out, sizeof out);
    assert_string_equal(out, "nothing");
    char small[8];
    fc_node_describe(yaml(*state, "abcdef"), small, sizeof small);
    assert_string_equal(small, "the tex");
}

static void test_tree__node_error_stands_at_the_node_or_its_key(void **state) {
    const fc_node *root = yaml(*state, "a: 1\nbc: 2");
    fc_error error = {0};
    assert_int_equal(fc_node_error(&error, FC_BAD_INPUT, fc_node_get(root, "bc"), false, "x %d", 1), FC_BAD_INPUT);
    assert_true(error.line == 2 && error.column == 5);
    assert_string_equal(error.source, "a.yaml");
    assert_string_equal(error.text, "x 1");
    error = (fc_error){0};
    fc_node_error(&error, FC_BAD_INPUT, fc_node_get(root, "bc"), true, "x");
    assert_true(error.line == 2 && error.column == 1);
    error = (fc_error){0};
    fc_node_error(&error, FC_BAD_INPUT, root, true, "x");
    assert_true(error.line == 1 && error.column == 1);
    error = (fc_error){0};
    fc_node_error(&error, FC_BAD_INPUT, NULL, true, "x");
    assert_true(error.line == 0 && error.source[0] == '\0');
}

static void test_tree__set_reaches_every_place(void **state) {
    static const char *const cases[][4] = {
        {"{}", "deal.usd_per_chip_h", "2.95", "{deal: {usd_per_chip_h: 2.95}}"},
        {"", "a", "1", "{a: 1}"},
        {"a: 1", "a", "2", "{a: 2}"},
        {"a: {b: 1}", "a", "2", "{a: 2}"},
        {"a: 1\nb: 2", "a", "[1, 2]", "{a: [1, 2], b: 2}"},
        {"a: 1\nb: 2", "c", " {low: 1, mid: 2, high: 3} ", "{a: 1, b: 2, c: {low: 1, mid: 2, high: 3}}"},
        {"cluster: h100", "cluster.chips", "8", "{cluster: {base: h100, chips: 8}}"},
        {"cluster: 'h100'", "cluster.chips", "8", "{cluster: {base: \"h100\", chips: 8}}"},
        {"a: ~", "a.b.c", "x", "{a: {b: {c: x}}}"},
        {"h100", "chips", "8", "{base: h100, chips: 8}"},
        {"deals: [{name: a, share: 1}, {name: trn2, share: 2}]", "deals.0.share", "5",
         "{deals: [{name: a, share: 5}, {name: trn2, share: 2}]}"},
        {"deals: [{name: a, share: 1}, {name: trn2, share: 2}]", "deals.trn2.share", "5",
         "{deals: [{name: a, share: 1}, {name: trn2, share: 5}]}"},
        {"deals: [{name: a}, {name: Trn_2, share: 2}]", "deals.trn2.share", "5",
         "{deals: [{name: a}, {name: Trn_2, share: 5}]}"},
        {"deals: [{name: a-b}, {name: ab}]", "deals.ab.share", "5", "{deals: [{name: a-b}, {name: ab, share: 5}]}"},
        {"a: [x, y]", "a.1", "z", "{a: [x, z]}"},
        {"a: {0: x}", "a.0", "z", "{a: {0: z}}"},
        {"a: 1", "a", "x: y", "{a: x: y}"},
        {"a: 1", "a", "50 # no comment", "{a: 50 # no comment}"},
        {"a: 1", "a", "", "{a: ~}"},
        {"a: 1", "a", "null", "{a: ~}"},
        {"a: 1", "a", "'16'", "{a: \"16\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_node *root = yaml(*state, cases[i][0]);
        fc_error error = {0};
        if (fc_tree_set(root, *state, cases[i][1], cases[i][2], &error) != FC_OK) {
            fail_msg("%s: %s", cases[i][1], error.text);
        }
        assert_string_equal(dump_tree(*state, root), cases[i][3]);
    }
}

static void test_tree__set_refuses_what_leads_nowhere(void **state) {
    static const struct {
        const char *path;
        const char *value;
        fc_status status;
        const char *says;
    } cases[] = {
        {"", "1", FC_USAGE, "names no key"},
        {".a", "1", FC_USAGE, "names no key"},
        {"a.", "1", FC_USAGE, "names no key"},
        {"a..b", "1", FC_USAGE, "names no key"},
        {"list.2", "1", FC_BAD_INPUT, "from 0 to 1"},
        {"list.99999999999999999999999", "1", FC_BAD_INPUT, "from 0 to 1"},
        {"list.-1", "1", FC_BAD_INPUT, "no entry"},
        {"list.trn3.x", "1", FC_BAD_INPUT, "(\"trn2\"?)"},
        {"none.0", "1", FC_BAD_INPUT, "empty"},
        {"a", "[1", FC_BAD_INPUT, "not YAML"},
        {"a", "{b: 1, b: 2}", FC_BAD_INPUT, "twice"},
        {"a", "x\001", FC_BAD_INPUT, "0x01"},
        {"a\xFF", "x", FC_BAD_INPUT, "0xFF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_node *root = yaml(*state, "list: [{name: trn2}, x]\nnone: []");
        fc_error error = {0};
        fc_status status = fc_tree_set(root, *state, cases[i].path, cases[i].value, &error);
        if (status != cases[i].status || strstr(error.text, cases[i].says) == NULL) {
            fail_msg("%s=%s gave %d: %s", cases[i].path, cases[i].value, (int)status, error.text);
        }
        assert_string_equal(error.source, "--set");
    }
    char path[2 * FC_TREE_MAX_DEPTH + 2];
    for (size_t i = 0; i < sizeof path - 1; i++) {
        path[i] = i % 2 == 0 ? 'a' : '.';
    }
    path[sizeof path - 1] = '\0';
    fc_node *root = yaml(*state, "{}");
    assert_int_equal(fc_tree_set(root, *state, path, "1", NULL), FC_OVER_LIMIT);
    path[sizeof path - 3] = '\0';
    assert_int_equal(fc_tree_set(root, *state, path, "1", NULL), FC_OK);
}

static void test_tree__set_without_memory_fails(void **state) {
    static const char *const values[] = {"12", "{b: [1, 2]}"};
    for (size_t i = 0; i < 2; i++) {
        fc_status status = FC_FAILED;
        for (size_t limit = 1; status != FC_OK; limit++) {
            fc_arena *small = fc_arena_create(limit);
            fc_node *root = yaml(*state, "a: text");
            fc_error error = {0};
            status = fc_tree_set(root, small, "a.b.c", values[i], &error);
            assert_true(status == FC_OK || (status == FC_FAILED && strstr(error.text, "memory") != NULL));
            fc_arena_destroy(small);
            assert_true(limit < 10000);
        }
    }
}

static void test_tree__read_goes_by_the_ending(void **state) {
    char folder[] = "/tmp/flopcast-tree-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    fc_node *root = NULL;
    fc_error error = {0};
    (void)snprintf(path, sizeof path, "%s/a.json", folder);
    assert_int_equal(fc_file_write(path, "a: 1", 4, NULL), FC_OK);
    assert_int_equal(fc_tree_read(&root, *state, path, &error), FC_BAD_INPUT);
    assert_string_equal(error.source, path);
    assert_int_equal(remove(path), 0);
    (void)snprintf(path, sizeof path, "%s/a.txt", folder);
    assert_int_equal(fc_file_write(path, "a: 1", 4, NULL), FC_OK);
    assert_int_equal(fc_tree_read(&root, *state, path, NULL), FC_OK);
    assert_string_equal(dump_tree(*state, root), "{a: 1}");
    assert_int_equal(remove(path), 0);
    assert_int_equal(fc_tree_read(&root, *state, path, NULL), FC_BAD_INPUT);
    assert_int_equal(fc_tree_read(&root, *state, folder, NULL), FC_BAD_INPUT);
    assert_int_equal(remove(folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_tree__##name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(yaml_gives_the_tree),
        TEST(json_gives_the_tree),
        TEST(places_count_characters_from_one),
        TEST(depth_ends_at_64),
        TEST(megabytes_of_brackets_end_at_once),
        TEST(size_and_count_have_limits),
        TEST(duplicate_keys_are_found_among_many),
        TEST(the_first_duplicate_is_named),
        TEST(bytes_need_no_final_zero),
        TEST(every_lack_of_memory_is_an_error),
        TEST(json_survives_a_failing_jansson),
        TEST(random_bytes_do_no_harm),
        TEST(get_and_at_take_anything),
        TEST(add_and_copy),
        TEST(copy_and_add_without_memory_are_null),
        TEST(describe_says_what_a_node_is),
        TEST(node_error_stands_at_the_node_or_its_key),
        TEST(set_reaches_every_place),
        TEST(set_refuses_what_leads_nowhere),
        TEST(set_without_memory_fails),
        TEST(read_goes_by_the_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
