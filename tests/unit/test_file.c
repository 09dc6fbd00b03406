/* Files and folders: what is read is all of it, what is written is all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/text.h"
#include "../../host/base/tree.h" /* FC_FILE_MAX_BYTES */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct scene {
    char folder[64];
    char path[128];
    fc_arena *arena;
} scene;

static int set_up(void **state) {
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    strcpy(s->folder, "/tmp/flopcast-file-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    s->arena = fc_arena_create(0);
    *state = s;
    return 0;
}

static const char *in_folder(scene *s, const char *name) {
    (void)snprintf(s->path, sizeof s->path, "%s/%s", s->folder, name);
    return s->path;
}

static size_t count_entries(const scene *s) {
    size_t count = 0;
    DIR *dir = opendir(s->folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count - 2;
}

static int tear_down(void **state) {
    scene *s = *state;
    DIR *dir = opendir(s->folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", s->folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)remove(path);
        }
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(s->folder), 0);
    fc_arena_destroy(s->arena);
    free(s);
    return 0;
}

static void assert_holds(scene *s, const char *path, const char *expected, size_t expected_size) {
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, path, NULL), FC_OK);
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, expected_size);
    assert_int_equal(bytes[size], '\0');
}

static void test_file__what_was_written_is_read(void **state) {
    scene *s = *state;
    const char *path = in_folder(s, "a.yaml");
    assert_int_equal(fc_file_write(path, "a\0b\n", 4, NULL), FC_OK);
    assert_holds(s, path, "a\0b\n", 4);
    assert_int_equal(fc_file_write(path, "", 0, NULL), FC_OK);
    assert_holds(s, path, "", 0);
    assert_int_equal(count_entries(s), 1);
}

static void test_file__large_files_are_read_whole(void **state) {
    scene *s = *state;
    size_t size = 3000001;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i * 7919 >> 8 & 0x7f);
    }
    const char *path = in_folder(s, "large");
    assert_int_equal(fc_file_write(path, bytes, size, NULL), FC_OK);
    assert_holds(s, path, bytes, size);
    free(bytes);
}

static void test_file__a_missing_file_is_bad_input(void **state) {
    scene *s = *state;
    fc_error error = {0};
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, in_folder(s, "none"), &error), FC_BAD_INPUT);
    assert_string_equal(error.source, s->path);
    assert_non_null(strstr(error.text, "no such file"));
}

static void test_file__a_folder_is_no_file(void **state) {
    scene *s = *state;
    fc_error error = {0};
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, s->folder, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "folder"));
    error = (fc_error){0};
    assert_int_equal(fc_file_write(s->folder, "x", 1, &error), FC_FAILED);
    assert_non_null(strstr(error.text, "folder"));
}

static void test_file__the_size_limit_is_exact(void **state) {
    scene *s = *state;
    const char *path = in_folder(s, "sparse");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), (off_t)FC_FILE_MAX_BYTES), 0);
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, path, NULL), FC_OK);
    assert_int_equal(size, FC_FILE_MAX_BYTES);
    assert_int_equal(ftruncate(fileno(file), (off_t)FC_FILE_MAX_BYTES + 1), 0);
    (void)fclose(file);
    fc_error error = {0};
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, path, &error), FC_OVER_LIMIT);
    assert_non_null(strstr(error.text, "16777216"));
}

static void test_file__an_endless_device_is_over_the_limit(void **state) {
    scene *s = *state;
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, s->arena, "/dev/zero", NULL), FC_OVER_LIMIT);
}

static void test_file__reading_without_memory_fails(void **state) {
    scene *s = *state;
    const char *path = in_folder(s, "a");
    assert_int_equal(fc_file_write(path, "0123456789", 10, NULL), FC_OK);
    for (size_t limit = 1; limit < 64; limit++) {
        fc_arena *arena = fc_arena_create(limit);
        fc_error error = {0};
        char *bytes = NULL;
        size_t size = 0;
        assert_int_equal(fc_file_read(&bytes, &size, arena, path, &error), FC_FAILED);
        assert_non_null(strstr(error.text, "memory"));
        fc_arena_destroy(arena);
    }
}

static void test_file__a_failed_write_is_told(void **state) {
    scene *s = *state;
    fc_error error = {0};
    assert_int_equal(fc_file_write("/dev/full", "x", 1, &error), FC_FAILED);
    assert_non_null(strstr(error.text, "No space left"));
    error = (fc_error){0};
    assert_int_equal(fc_file_write(in_folder(s, "none/a"), "x", 1, &error), FC_FAILED);
    assert_string_equal(error.source, s->path);
    assert_int_equal(fc_file_write("/dev/null", "x", 1, NULL), FC_OK);
    struct stat info;
    assert_true(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
}

static void test_file__a_name_too_long_is_told(void **state) {
    (void)state;
    static char path[10000];
    memset(path, 'a', sizeof path - 1);
    fc_error error = {0};
    assert_int_equal(fc_file_write(path, "x", 1, &error), FC_FAILED);
    assert_int_not_equal(error.text[0], '\0');
}

static void test_file__mode_and_links_survive_a_rewrite(void **state) {
    scene *s = *state;
    char link_path[128];
    (void)snprintf(link_path, sizeof link_path, "%s/link", s->folder);
    const char *path = in_folder(s, "target");
    assert_int_equal(fc_file_write(path, "old", 3, NULL), FC_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(fc_file_write(link_path, "new", 3, NULL), FC_OK);
    assert_holds(s, path, "new", 3);
    struct stat info;
    assert_true(lstat(link_path, &info) == 0 && S_ISLNK(info.st_mode));
    assert_true(stat(path, &info) == 0 && (info.st_mode & 07777) == 0640);
    assert_int_equal(count_entries(s), 2);
}

static void test_file__exists_tells_files_from_folders(void **state) {
    scene *s = *state;
    assert_int_equal(fc_file_write(in_folder(s, "a"), "", 0, NULL), FC_OK);
    assert_true(fc_file_exists(s->path) && !fc_folder_exists(s->path));
    assert_true(fc_folder_exists(s->folder) && !fc_file_exists(s->folder));
    assert_false(fc_file_exists(in_folder(s, "none")) || fc_folder_exists(s->path));
}

static void test_file__folder_list_is_sorted_and_filtered(void **state) {
    scene *s = *state;
    static const char *const files[] = {"b.yaml", "a.yaml", "c.yml", ".hidden.yaml", ".yaml", "a10.yaml", "B.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(fc_file_write(in_folder(s, files[i]), "", 0, NULL), FC_OK);
    }
    assert_int_equal(mkdir(in_folder(s, "d.yaml"), 0700), 0);
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_folder_list(&names, &count, s->arena, s->folder, ".yaml", NULL), FC_OK);
    assert_int_equal(count, 4);
    static const char *const expected[] = {"B", "a", "a10", "b"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(names[i], expected[i]);
    }
}

static void test_file__folder_list_of_many_grows(void **state) {
    scene *s = *state;
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%03d.x", 99 - i);
        assert_int_equal(fc_file_write(in_folder(s, name), "", 0, NULL), FC_OK);
    }
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_folder_list(&names, &count, s->arena, s->folder, ".x", NULL), FC_OK);
    assert_int_equal(count, 100);
    assert_string_equal(names[0], "000");
    assert_string_equal(names[99], "099");
    fc_arena *small = fc_arena_create(700);
    fc_error error = {0};
    assert_int_equal(fc_folder_list(&names, &count, small, s->folder, ".x", &error), FC_FAILED);
    assert_int_not_equal(error.text[0], '\0');
    fc_arena_destroy(small);
}

static void test_file__a_missing_folder_is_empty_and_a_file_an_error(void **state) {
    scene *s = *state;
    const char *const *names = NULL;
    size_t count = 7;
    assert_int_equal(fc_folder_list(&names, &count, s->arena, in_folder(s, "none"), ".yaml", NULL), FC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(fc_file_write(in_folder(s, "a"), "", 0, NULL), FC_OK);
    assert_int_equal(fc_folder_list(&names, &count, s->arena, s->path, ".yaml", NULL), FC_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_file__##name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read),        TEST(large_files_are_read_whole),
        TEST(a_missing_file_is_bad_input),     TEST(a_folder_is_no_file),
        TEST(the_size_limit_is_exact),         TEST(an_endless_device_is_over_the_limit),
        TEST(reading_without_memory_fails),    TEST(a_failed_write_is_told),
        TEST(a_name_too_long_is_told),         TEST(mode_and_links_survive_a_rewrite),
        TEST(exists_tells_files_from_folders), TEST(folder_list_is_sorted_and_filtered),
        TEST(folder_list_of_many_grows),       TEST(a_missing_folder_is_empty_and_a_file_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
