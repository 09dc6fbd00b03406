/* journal.h: lines added to a file one after the other, so that what stands there is worth something whenever the program
 * ends, and so that a later call goes on behind it.
 *
 * A file begins with a head (the heading of a table; may be empty) and goes on with records of one line each. They are
 * buffered and written by fc_journal_settle in one go: what was settled survives the end of the process. While a journal is
 * open, its file is locked against a second one; a file system without locks is used without. Not thread-safe.
 */
#ifndef FLOPCAST_HOST_BASE_JOURNAL_H
#define FLOPCAST_HOST_BASE_JOURNAL_H

#include "flopcast/base.h"

#include <stdbool.h>

/* Longer lines are refused on reading: this is no file of ours. */
#define FC_JOURNAL_MOST_LINE_BYTES ((size_t)1 << 20)

typedef struct fc_journal {
    int descriptor;
    bool owned;       /* closed at the end; stdout is not */
    const char *path; /* borrowed */
    char *bytes;      /* not yet written */
    size_t size;
    size_t capacity;
} fc_journal;

/* Judges record `index` (from 0) of a file that is gone on with; `line` has no line end. The last one may be torn, not `whole`.
 * A file with a record that it refuses is left as it is. */
typedef fc_status (*fc_journal_judge)(void *user, uint64_t index, const char *line, size_t size, bool whole,
                                      fc_error *error);

/* A new file, in place of an old one; `path` NULL or "-": stdout. The head is settled at once. FC_FAILED as of any file. The
 * caller closes. */
fc_status fc_journal_create(fc_journal *out, const char *path, const char *head, fc_error *error);
/* Goes on with what is there; where nothing is, a new file. A last line without its end is cut off. *out_count tells how many
 * records there are. FC_BAD_INPUT, the file untouched: another head, or a record that `judge` refuses. */
fc_status fc_journal_resume(fc_journal *out, uint64_t *out_count, const char *path, const char *head,
                            fc_journal_judge judge, void *user, fc_error *error);

/* `bytes` are one line with its end, or several. */
fc_status fc_journal_add(fc_journal *journal, const char *bytes, size_t size, fc_error *error);
fc_status fc_journal_settle(fc_journal *journal, fc_error *error);
/* Settles nothing: what was not settled is dropped. Synced to the disk where `finished`. Leaves stdout open. */
fc_status fc_journal_close(fc_journal *journal, bool finished, fc_error *error);

#endif
