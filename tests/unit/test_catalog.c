/* The data folder: names, spellings, aliases, and what must not lead out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/text.h"
#include "../../host/doors/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct bench {
    fc_arena *arena;
    fc_catalog catalog;
    char folder[64];
    fc_error error;
} bench;

static void put(const bench *b, const char *path, const char *bytes) {
    char full[256];
    snprintf(full, sizeof full, "%s/%s", b->folder, path);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(bytes, file);
    assert_int_equal(fclose(file), 0);
}

static const char *const files[] = {"chips/h100-sxm.yaml", "chips/trainium2.yaml", "chips/trainium2-ultra.yaml",
                                    "chips/notes.txt",     "secret.yaml",          "stacks/list.yaml",
                                    "deals/broken.yaml"};
static const char *const folders[] = {"chips", "stacks", "deals"};

static int set_up(void **state) {
    static bench b;
    memset(&b, 0, sizeof b);
    strcpy(b.folder, "/tmp/flopcast-catalog-XXXXXX");
    b.arena = fc_arena_create(0);
    if (b.arena == NULL || mkdtemp(b.folder) == NULL) {
        return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", b.folder, folders[i]);
        if (mkdir(path, 0700) != 0) {
            return 1;
        }
    }
    put(&b, files[0], "vendor: NVIDIA\naliases: [h100, \"Hopper SXM5\"]\n");
    put(&b, files[1], "vendor: AWS\n");
    put(&b, files[2], "vendor: AWS\naliases: h100\n");
    put(&b, files[3], "not an entry\n");
    put(&b, files[4], "vendor: nobody\n");
    put(&b, files[5], "[1, 2]\n");
    put(&b, files[6], "a: [\n");
    *state = &b;
    return fc_catalog_open(&b.catalog, b.arena, b.folder, NULL) != FC_OK;
}

static int tear_down(void **state) {
    bench *b = *state;
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", b->folder, files[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", b->folder, folders[i]);
        rmdir(path);
    }
    fc_arena_destroy(b->arena);
    return rmdir(b->folder);
}

static fc_status read_entry(bench *b, fc_node **out, const char *kind, const char *name) {
    memset(&b->error, 0, sizeof b->error);
    return fc_catalog_read(out, &b->catalog, kind, name, NULL, &b->error);
}

static void assert_finds(bench *b, const char *name, const char *expected) {
    fc_node *entry = NULL;
    assert_int_equal(read_entry(b, &entry, "chips", name), FC_OK);
    assert_string_equal(entry->key, expected);
}

static void assert_says(const bench *b, const char *words) {
    if (strstr(b->error.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", b->error.text, words);
    }
}

static void test_catalog__names_are_sorted_and_yaml_only(void **state) {
    bench *b = *state;
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_catalog_names(&names, &count, &b->catalog, "chips", NULL), FC_OK);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "h100-sxm");
    assert_string_equal(names[1], "trainium2");
    assert_string_equal(names[2], "trainium2-ultra");
}

static void test_catalog__a_kind_without_folder_is_empty(void **state) {
    bench *b = *state;
    const char *const *names = NULL;
    size_t count = 7;
    assert_int_equal(fc_catalog_names(&names, &count, &b->catalog, "models", NULL), FC_OK);
    assert_int_equal(count, 0);
}

static void test_catalog__unknown_kinds_get_a_suggestion(void **state) {
    bench *b = *state;
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_catalog_names(&names, &count, &b->catalog, "chip", &b->error), FC_USAGE);
    assert_says(b, "did you mean \"chips\"");
    memset(&b->error, 0, sizeof b->error);
    assert_int_equal(fc_catalog_names(&names, &count, &b->catalog, "../..", &b->error), FC_USAGE);
}

static void test_catalog__every_spelling_finds_the_entry(void **state) {
    bench *b = *state;
    assert_finds(b, "h100-sxm", "h100-sxm");
    assert_finds(b, "H100_SXM", "h100-sxm");
    assert_finds(b, "H100 SXM", "h100-sxm");
    assert_finds(b, "h100sxm", "h100-sxm");
    assert_finds(b, "Trainium2", "trainium2");
    assert_finds(b, "Trainium2_Ultra", "trainium2-ultra");
}

static void test_catalog__aliases_count_when_no_name_fits(void **state) {
    bench *b = *state;
    assert_finds(b, "h100", "h100-sxm");
    assert_finds(b, "hopper-sxm5", "h100-sxm");
}

static void test_catalog__unknown_names_get_a_suggestion(void **state) {
    bench *b = *state;
    fc_node *entry = NULL;
    assert_int_equal(read_entry(b, &entry, "chips", "h100-sxn"), FC_BAD_INPUT);
    assert_null(entry);
    assert_says(b, "did you mean \"h100-sxm\"");
    assert_int_equal(read_entry(b, &entry, "chips", "zzzzzz"), FC_BAD_INPUT);
    assert_says(b, "flopcast list chips");
}

static void test_catalog__the_error_stands_at_the_asker(void **state) {
    bench *b = *state;
    fc_node *asker = NULL;
    const char *yaml = "cluster:\n  chip: banana\n";
    assert_int_equal(fc_yaml_parse(&asker, b->arena, "study.yaml", yaml, strlen(yaml), NULL), FC_OK);
    const fc_node *chip = fc_node_get(fc_node_get(asker, "cluster"), "chip");
    fc_node *entry = NULL;
    assert_int_equal(fc_catalog_read(&entry, &b->catalog, "chips", chip->text, chip, &b->error), FC_BAD_INPUT);
    assert_string_equal(b->error.source, "study.yaml");
    assert_int_equal(b->error.line, 2);
    assert_int_equal(b->error.column, 9);
}

static void test_catalog__names_lead_nowhere_else(void **state) {
    bench *b = *state;
    static const char *const wrong[] = {"../secret", "..", "/etc/passwd", "chips/h100-sxm", "a/../b", "", "---", "\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fc_node *entry = NULL;
        assert_int_equal(read_entry(b, &entry, "chips", wrong[i]), FC_BAD_INPUT);
        assert_null(entry);
    }
    char longest[5000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    fc_node *entry = NULL;
    assert_int_equal(read_entry(b, &entry, "chips", longest), FC_BAD_INPUT);
    assert_says(b, "too long");
}

static void test_catalog__an_entry_is_a_map(void **state) {
    bench *b = *state;
    fc_node *entry = NULL;
    assert_int_equal(read_entry(b, &entry, "stacks", "list"), FC_BAD_INPUT);
    assert_says(b, "a map of keys");
}

static void test_catalog__a_broken_entry_is_told_not_skipped(void **state) {
    bench *b = *state;
    fc_node *entry = NULL;
    assert_int_equal(read_entry(b, &entry, "deals", "broken"), FC_BAD_INPUT);
    assert_non_null(strstr(b->error.source, "broken.yaml"));
    assert_int_equal(read_entry(b, &entry, "deals", "another"), FC_BAD_INPUT);
    assert_non_null(strstr(b->error.source, "broken.yaml"));
}

static void test_catalog__a_given_folder_must_be_one(void **state) {
    bench *b = *state;
    fc_catalog catalog;
    assert_int_equal(fc_catalog_open(&catalog, b->arena, "/tmp/no such folder at all", &b->error), FC_USAGE);
    assert_string_equal(b->error.source, "--data");
}

static void test_catalog__find_tells_absence_without_error(void **state) {
    bench *b = *state;
    const char *name = "";
    assert_int_equal(fc_catalog_find(&name, &b->catalog, "chips", "banana", NULL, &b->error), FC_OK);
    assert_null(name);
    assert_int_equal(fc_catalog_find(&name, &b->catalog, "chips", "H100", NULL, &b->error), FC_OK);
    assert_string_equal(name, "h100-sxm");
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        with_bench(test_catalog__names_are_sorted_and_yaml_only),
        with_bench(test_catalog__a_kind_without_folder_is_empty),
        with_bench(test_catalog__unknown_kinds_get_a_suggestion),
        with_bench(test_catalog__every_spelling_finds_the_entry),
        with_bench(test_catalog__aliases_count_when_no_name_fits),
        with_bench(test_catalog__unknown_names_get_a_suggestion),
        with_bench(test_catalog__the_error_stands_at_the_asker),
        with_bench(test_catalog__names_lead_nowhere_else),
        with_bench(test_catalog__an_entry_is_a_map),
        with_bench(test_catalog__a_broken_entry_is_told_not_skipped),
        with_bench(test_catalog__a_given_folder_must_be_one),
        with_bench(test_catalog__find_tells_absence_without_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
