/* Journals: what stands on disk at any time, and going on behind it wherever the file was cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/journal.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDS 40

static char path[] = "/tmp/flopcast-journal-XXXXXX";

static int make_path(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_path(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb"); /* without a sync: there are thousands of them */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *bytes, size_t size) {
    fc_error error = {.status = FC_OK};
    fc_arena *arena = fc_arena_create(0);
    char *found = NULL;
    size_t found_size = 0;
    assert_int_equal(fc_file_read(&found, &found_size, arena, path, &error), FC_OK);
    assert_int_equal(found_size, size);
    assert_memory_equal(found, bytes, size);
    fc_arena_destroy(arena);
}

static int record_of(char *out, uint64_t index) {
    return sprintf(out, "%llu,%.*s\n", (unsigned long long)index, (int)(index % 11), "lorem ipsum");
}

/* "<index>," begins a record, as far as it goes. */
static fc_status judge(void *user, uint64_t index, const char *line, size_t size, bool whole, fc_error *error) {
    (void)user;
    char wanted[32];
    size_t length = (size_t)sprintf(wanted, "%llu,", (unsigned long long)index);
    size_t compared = !whole && size < length ? size : length;
    if (size < compared || memcmp(line, wanted, compared) != 0) {
        return fc_error_set(error, FC_BAD_INPUT, path, (int)index + 1, 0, "not record %u", (unsigned)index);
    }
    return FC_OK;
}

static size_t whole_file(char *out, const char *head) {
    size_t size = (size_t)sprintf(out, "%s", head);
    for (uint64_t i = 0; i < RECORDS; i++) {
        size += (size_t)record_of(out + size, i);
    }
    return size;
}

static void go_on_to_the_end(const char *head, uint64_t wanted_count) {
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    uint64_t count = 0;
    assert_int_equal(fc_journal_resume(&journal, &count, path, head, judge, NULL, &error), FC_OK);
    assert_int_equal(count, wanted_count);
    for (; count < RECORDS; count++) {
        char line[64];
        int size = record_of(line, count);
        assert_int_equal(fc_journal_add(&journal, line, (size_t)size, &error), FC_OK);
        if (count % 3 == 0) {
            assert_int_equal(fc_journal_settle(&journal, &error), FC_OK);
        }
    }
    assert_int_equal(fc_journal_settle(&journal, &error), FC_OK);
    assert_int_equal(fc_journal_close(&journal, false, &error), FC_OK);
}

/* Cut anywhere, byte by byte: in the head, at a line end, in a record, nowhere. */
static void goes_on_wherever_it_was_cut(void **state) {
    (void)state;
    const char *const heads[] = {"index,text\n", ""};
    for (size_t h = 0; h < 2; h++) {
        char wanted[4096];
        size_t size = whole_file(wanted, heads[h]);
        for (size_t cut = 0; cut <= size; cut++) {
            uint64_t lines = 0;
            for (size_t i = strlen(heads[h]); i < cut; i++) {
                lines += wanted[i] == '\n';
            }
            write_file(wanted, cut);
            go_on_to_the_end(heads[h], lines);
            assert_file(wanted, size);
        }
    }
}

static void a_missing_file_is_begun(void **state) {
    (void)state;
    char wanted[4096];
    size_t size = whole_file(wanted, "index,text\n");
    assert_int_equal(unlink(path), 0);
    go_on_to_the_end("index,text\n", 0);
    assert_file(wanted, size);
}

static void refuse(const char *bytes, const char *head) {
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    uint64_t count = 0;
    write_file(bytes, strlen(bytes));
    assert_int_equal(fc_journal_resume(&journal, &count, path, head, judge, NULL, &error), FC_BAD_INPUT);
    assert_true(error.text[0] != '\0');
    assert_string_equal(error.source, path);
    assert_file(bytes, strlen(bytes));
}

/* What is not ours stays as it is. */
static void other_files_are_left_alone(void **state) {
    (void)state;
    refuse("index,texts\n0,\n", "index,text\n");
    refuse("a letter to somebody", "index,text\n");
    refuse("index,text and no end", "index,text\n");
    refuse("a letter to somebody", "");
    refuse("index,text\n0,\n2,lo\n", "index,text\n");
    refuse("index,text\n0,\nx", "index,text\n");
    refuse("0,\n1,l\n\n", "");
    refuse("\n", "index,text\n");
}

static void a_line_without_end_is_refused(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    size_t size = FC_JOURNAL_MOST_LINE_BYTES + 100;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, '0', size);
    write_file(bytes, size);
    fc_journal journal;
    uint64_t count = 0;
    assert_int_equal(fc_journal_resume(&journal, &count, path, "", judge, NULL, &error), FC_BAD_INPUT);
    assert_file(bytes, size);
    free(bytes);
}

/* Records longer than a block of the disk, more than fit into the reader at once. */
static fc_status judge_letter(void *user, uint64_t index, const char *line, size_t size, bool whole, fc_error *error) {
    (void)user;
    (void)error;
    assert_true(whole);
    assert_int_equal(line[0], 'a' + (int)(index % 26));
    assert_int_equal(line[size - 1], 'a' + (int)(index % 26));
    assert_int_equal(size, 99999);
    return FC_OK;
}

static void long_files_are_read_piece_by_piece(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    char *line = malloc(100000);
    assert_non_null(line);
    assert_int_equal(fc_journal_create(&journal, path, "", &error), FC_OK);
    for (int i = 0; i < 64; i++) {
        memset(line, 'a' + i % 26, 99999);
        line[99999] = '\n';
        assert_int_equal(fc_journal_add(&journal, line, 100000, &error), FC_OK);
    }
    assert_int_equal(fc_journal_settle(&journal, &error), FC_OK);
    assert_int_equal(fc_journal_close(&journal, false, &error), FC_OK);
    uint64_t count = 0;
    assert_int_equal(fc_journal_resume(&journal, &count, path, "", judge_letter, NULL, &error), FC_OK);
    assert_int_equal(count, 64);
    assert_int_equal(fc_journal_close(&journal, false, &error), FC_OK);
    free(line);
}

static void only_what_was_settled_is_there(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    write_file("old bytes", 9);
    assert_int_equal(fc_journal_create(&journal, path, "h\n", &error), FC_OK);
    assert_file("h\n", 2);
    assert_int_equal(fc_journal_add(&journal, "0,\n", 3, &error), FC_OK);
    assert_file("h\n", 2);
    assert_int_equal(fc_journal_settle(&journal, &error), FC_OK);
    assert_file("h\n0,\n", 5);
    assert_int_equal(fc_journal_add(&journal, "1,\n", 3, &error), FC_OK);
    assert_int_equal(fc_journal_close(&journal, false, &error), FC_OK);
    assert_file("h\n0,\n", 5);
}

/* A lock is a process's own, so it takes another one to see it. */
static int try_in_a_child(void) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fc_error error = {.status = FC_OK};
        fc_journal journal;
        uint64_t count = 0;
        fc_status status = fc_journal_resume(&journal, &count, path, "h\n", judge, NULL, &error);
        _exit(status == FC_FAILED && strstr(error.text, "another process is writing") != NULL ? 42 : (int)status);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void two_at_once_are_refused(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    assert_int_equal(fc_journal_create(&journal, path, "h\n", &error), FC_OK);
    assert_int_equal(try_in_a_child(), 42);
    assert_int_equal(fc_journal_close(&journal, true, &error), FC_OK);
    assert_int_equal(try_in_a_child(), FC_OK);
}

static void what_cannot_be_written_is_told(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    fc_journal journal;
    assert_int_equal(fc_journal_create(&journal, "/tmp/no/such/folder/x", "", &error), FC_FAILED);
    assert_string_equal(error.source, "/tmp/no/such/folder/x");
    error = (fc_error){.status = FC_OK};
    uint64_t count = 0;
    assert_int_equal(fc_journal_resume(&journal, &count, "/dev/null", "", judge, NULL, &error), FC_USAGE);
    error = (fc_error){.status = FC_OK};
    assert_int_equal(fc_journal_create(&journal, "/dev/full", "head\n", &error), FC_FAILED);
    error = (fc_error){.status = FC_OK};
    assert_int_equal(fc_journal_create(&journal, "/dev/full", "", &error), FC_OK);
    assert_int_equal(fc_journal_add(&journal, "0,\n", 3, &error), FC_OK);
    assert_int_equal(fc_journal_settle(&journal, &error), FC_FAILED);
    assert_true(strstr(error.text, "No space left") != NULL);
    (void)fc_journal_close(&journal, false, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_wherever_it_was_cut),
        cmocka_unit_test(a_missing_file_is_begun),
        cmocka_unit_test(other_files_are_left_alone),
        cmocka_unit_test(a_line_without_end_is_refused),
        cmocka_unit_test(long_files_are_read_piece_by_piece),
        cmocka_unit_test(only_what_was_settled_is_there),
        cmocka_unit_test(two_at_once_are_refused),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
