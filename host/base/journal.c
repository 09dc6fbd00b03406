/* journal.c: the file behind a journal. */
#include "journal.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

static bool is_stdout(const char *path) { return path == NULL || strcmp(path, "-") == 0; }

static const char *shown(const fc_journal *journal) { return is_stdout(journal->path) ? "stdout" : journal->path; }

static fc_status fail(fc_error *error, const fc_journal *journal, const char *what, int code) {
    char text[128];
    if (strerror_r(code, text, sizeof text) != 0) {
        (void)fc_text_copy(text, sizeof text, "for a reason without a name");
    }
    return fc_error_set(error, FC_FAILED, shown(journal), 0, 0, "%s: %s", what, text);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

fc_status fc_journal_add(fc_journal *journal, const char *bytes, size_t size, fc_error *error) {
    if (size == 0) {
        return FC_OK;
    }
    if (size > journal->capacity - journal->size) {
        size_t capacity = journal->capacity == 0 ? CHUNK_BYTES : journal->capacity;
        while (capacity - journal->size < size && capacity < SIZE_MAX / 4) {
            capacity *= 2;
        }
        char *grown = capacity - journal->size < size ? NULL : realloc(journal->bytes, capacity);
        if (grown == NULL) {
            return fc_error_set(error, FC_FAILED, shown(journal), 0, 0, "no memory left for the next rows");
        }
        journal->bytes = grown;
        journal->capacity = capacity;
    }
    memcpy(journal->bytes + journal->size, bytes, size);
    journal->size += size;
    return FC_OK;
}

fc_status fc_journal_settle(fc_journal *journal, fc_error *error) {
    size_t done = 0;
    while (done < journal->size) {
        ssize_t written = write(journal->descriptor, journal->bytes + done, journal->size - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return fail(error, journal, "the write failed", written < 0 ? errno : EIO);
        }
        done += (size_t)written;
    }
    journal->size = 0;
    return FC_OK;
}

fc_status fc_journal_close(fc_journal *journal, bool finished, fc_error *error) {
    fc_status status = FC_OK;
    /* Pipes and devices have nothing to sync. */
    if (finished && fsync(journal->descriptor) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP) {
        status = fail(error, journal, "could not be brought to the disk", errno);
    }
    if (journal->owned && close(journal->descriptor) != 0 && errno != EINTR && status == FC_OK) {
        status = fail(error, journal, "could not be written to its end", errno);
    }
    free(journal->bytes);
    *journal = (fc_journal){.descriptor = -1};
    return status;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static fc_status lock(const fc_journal *journal, fc_error *error) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(journal->descriptor, F_SETLK, &whole) == 0 || (errno != EACCES && errno != EAGAIN)) {
        return FC_OK;
    }
    return fc_error_set(error, FC_FAILED, shown(journal), 0, 0,
                        "another process is writing this file; wait for it, end it, or give another file");
}

static fc_status open_file(fc_journal *out, struct stat *about, const char *path, int flags, fc_error *error) {
    *out = (fc_journal){.descriptor = STDOUT_FILENO, .path = path};
    if (is_stdout(path)) {
        *about = (struct stat){.st_mode = S_IFCHR};
        return FC_OK;
    }
    out->descriptor = open(path, flags | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    out->owned = true;
    if (out->descriptor < 0) {
        return fail(error, out, "cannot be opened for writing", errno);
    }
    fc_status status = fstat(out->descriptor, about) == 0 ? FC_OK : fail(error, out, "cannot be examined", errno);
    if (status == FC_OK && S_ISREG(about->st_mode)) {
        status = lock(out, error);
    }
    if (status != FC_OK) {
        (void)fc_journal_close(out, false, NULL);
    }
    return status;
}

/* The file empty, then its head. */
static fc_status begin(fc_journal *journal, const struct stat *about, const char *head, fc_error *error) {
    if (S_ISREG(about->st_mode) &&
        (ftruncate(journal->descriptor, 0) != 0 || lseek(journal->descriptor, 0, SEEK_SET) < 0)) {
        return fail(error, journal, "cannot be emptied", errno);
    }
    FC_TRY(fc_journal_add(journal, head, strlen(head), error));
    return fc_journal_settle(journal, error);
}

fc_status fc_journal_create(fc_journal *out, const char *path, const char *head, fc_error *error) {
    struct stat about;
    FC_TRY(open_file(out, &about, path, O_WRONLY, error));
    fc_status status = begin(out, &about, head, error);
    if (status != FC_OK) {
        (void)fc_journal_close(out, false, NULL);
    }
    return status;
}

/* ---- reading what is there ---------------------------------------------------------------------------------------- */

/* A file line by line. */
typedef struct reader {
    const fc_journal *journal;
    char *bytes;
    size_t size; /* read and not yet handed out, from `at` on */
    size_t at;
    size_t capacity;
    bool ended;
} reader;

static fc_status read_more(reader *r, fc_error *error) {
    memmove(r->bytes, r->bytes + r->at, r->size);
    r->at = 0;
    if (r->size == r->capacity) {
        return fc_error_set(error, FC_BAD_INPUT, shown(r->journal), 0, 0,
                            "a line of more than %zu bytes: this is no result of ours; give another file",
                            FC_JOURNAL_MOST_LINE_BYTES);
    }
    for (;;) {
        ssize_t got = read(r->journal->descriptor, r->bytes + r->size, r->capacity - r->size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(error, r->journal, "cannot be read", errno);
        }
        r->size += (size_t)got;
        r->ended = got == 0;
        return FC_OK;
    }
}

/* The next line that has its end, which is not counted in *out_size; NULL when there is none. */
static fc_status next_line(const char **out, size_t *out_size, reader *r, fc_error *error) {
    size_t looked = 0;
    *out = NULL;
    for (;;) {
        const char *end = memchr(r->bytes + r->at + looked, '\n', r->size - looked);
        if (end != NULL) {
            *out = r->bytes + r->at;
            *out_size = (size_t)(end - *out);
            r->at += *out_size + 1;
            r->size -= *out_size + 1;
            return FC_OK;
        }
        if (r->ended) {
            return FC_OK;
        }
        looked = r->size;
        FC_TRY(read_more(r, error));
    }
}

/* Some of `text` from shortly before byte `at`: headings are long, and the difference is what matters. */
static void around(char out[64], const char *text, size_t size, size_t at) {
    char copy[64];
    size_t begin = at > 24 ? at - 24 : 0;
    size_t length = size - begin < sizeof copy - 1 ? size - begin : sizeof copy - 1;
    memcpy(copy, text + begin, length);
    copy[length] = '\0';
    copy[strcspn(copy, "\n")] = '\0';
    fc_text_excerpt(out, 64, copy);
}

static fc_status other_head(const reader *r, const char *line, size_t size, const char *head, fc_error *error) {
    char found[64];
    char wanted[64];
    size_t head_size = strcspn(head, "\n");
    size_t at = 0;
    while (at < size && at < head_size && line[at] == head[at]) {
        at++;
    }
    around(found, line, size, at);
    around(wanted, head, head_size, at);
    return fc_error_set(error, FC_BAD_INPUT, shown(r->journal), 1, (int)at + 1,
                        "the heading has \"%s\" where this one has \"%s\": the file was begun by another command; give "
                        "another -o, or leave out --resume to write it anew",
                        found, wanted);
}

/* *out_kept: bytes up to the end of the last whole line; 0 where not even the head is whole. */
static fc_status read_records(uint64_t *out_kept, uint64_t *out_count, reader *r, const char *head,
                              fc_journal_judge judge, void *user, fc_error *error) {
    const char *line = NULL;
    size_t size = 0;
    size_t head_size = strlen(head);
    if (head_size > 0) {
        FC_TRY(next_line(&line, &size, r, error));
        size_t there = line != NULL ? size + 1 : r->size;
        const char *bytes = line != NULL ? line : r->bytes + r->at;
        bool torn = line == NULL && there < head_size;
        if ((!torn && there != head_size) || memcmp(bytes, head, there) != 0) {
            return other_head(r, bytes, line != NULL ? size : there, head, error);
        }
        if (torn) {
            return FC_OK;
        }
        *out_kept = head_size;
    }
    for (;;) {
        FC_TRY(next_line(&line, &size, r, error));
        if (line == NULL) { /* what is torn is cut off, but only where it is ours */
            return r->size > 0 ? judge(user, *out_count, r->bytes + r->at, r->size, false, error) : FC_OK;
        }
        FC_TRY(judge(user, *out_count, line, size, true, error));
        *out_count += 1;
        *out_kept += size + 1;
    }
}

static fc_status go_on(fc_journal *journal, uint64_t *out_count, const char *head, fc_journal_judge judge, void *user,
                       fc_error *error) {
    uint64_t kept = 0;
    reader r = {.journal = journal, .capacity = FC_JOURNAL_MOST_LINE_BYTES};
    r.bytes = malloc(r.capacity);
    if (r.bytes == NULL) {
        return fc_error_set(error, FC_FAILED, shown(journal), 0, 0, "no memory to read what is there");
    }
    fc_status status = read_records(&kept, out_count, &r, head, judge, user, error);
    free(r.bytes);
    FC_TRY(status);
    if (ftruncate(journal->descriptor, (off_t)kept) != 0 || lseek(journal->descriptor, (off_t)kept, SEEK_SET) < 0) {
        return fail(error, journal, "the torn last line cannot be cut off", errno);
    }
    if (kept == 0) {
        FC_TRY(fc_journal_add(journal, head, strlen(head), error));
        return fc_journal_settle(journal, error);
    }
    return FC_OK;
}

fc_status fc_journal_resume(fc_journal *out, uint64_t *out_count, const char *path, const char *head,
                            fc_journal_judge judge, void *user, fc_error *error) {
    struct stat about;
    *out_count = 0;
    FC_TRY(open_file(out, &about, path, O_RDWR, error));
    fc_status status = S_ISREG(about.st_mode) ? go_on(out, out_count, head, judge, user, error)
                                              : fc_error_set(error, FC_USAGE, shown(out), 0, 0,
                                                             "is no file that can be gone on with; give -o FILE");
    if (status != FC_OK) {
        (void)fc_journal_close(out, false, NULL);
    }
    return status;
}
