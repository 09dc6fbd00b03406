/* search_pieces.h: the cuts of a search in pieces, which ranks take and whose answers come together on rank 0; and a file
 * that keeps what is done.
 *
 * How many pieces there are depends on the search alone, so that any number of ranks goes on with a file. Each line of it
 * holds the best plans of one piece as far as no earlier piece has better ones; merging those lines gives what merging the
 * whole pieces gives (fc_search_merge). The first line tells whose they are.
 */
#ifndef FLOPCAST_MPI_SEARCH_PIECES_H
#define FLOPCAST_MPI_SEARCH_PIECES_H

#include "../host/base/journal.h"
#include "../host/base/queue.h"
#include "../host/cli/search.h"
#include "../host/doors/mark.h"

typedef struct fc_search_pieces {
    const fc_search_command *command;
    fc_search *search;
    uint64_t count;
    char mark[FC_MARK_SIZE]; /* of version, study, question and data */

    /* Of rank 0 alone. */
    const char *path; /* of the file; NULL: none */
    fc_journal journal;
    uint64_t begin;              /* pieces that the file had */
    fc_search_part *merged;      /* of all pieces so far */
    struct fc_search_desk *desk; /* room for one piece */
} fc_search_pieces;

/* The search of a command, opened and cut; nothing is prepared yet. */
fc_status fc_search_pieces_open(fc_search_pieces *out, const fc_search_command *command, fc_error *error);
/* Before the first piece is made, on every rank. */
fc_status fc_search_pieces_prepare(fc_search_pieces *pieces, fc_error *error);
/* One piece: an fc_queue_make; `user` is the pieces, of which it reads alone. */
fc_status fc_search_pieces_make(void *user, uint32_t worker, uint64_t piece, fc_text *out, fc_error *error);

/* ---- rank 0 ------------------------------------------------------------------------------------------------------------ */

/* The file, new or read as far as it goes; `path` NULL: none. FC_BAD_INPUT, and the file untouched, where a line is not of
 * this search; FC_USAGE where an unfinished file of this very search would be overwritten. */
fc_status fc_search_pieces_begin(fc_search_pieces *pieces, const char *path, bool resume, fc_error *error);
/* What is left to do. */
fc_queue_job fc_search_pieces_job(fc_search_pieces *pieces);
/* Closes the file. After a failure `error` also tells how to go on; `status` is returned, or the failure of closing. */
fc_status fc_search_pieces_end(fc_search_pieces *pieces, fc_status status, fc_error *error);

/* ---- lines of the file, for search_pieces.c alone ------------------------------------------------------------------------ */

#define FC_SEARCH_PACKED_MOST_BYTES (FC_JOURNAL_MOST_LINE_BYTES / 2 - 64)

typedef struct fc_search_desk {
    fc_search_part piece;
    fc_search_part before; /* merged, before the piece came */
    unsigned char packed[FC_SEARCH_PACKED_MOST_BYTES];
    char line[FC_JOURNAL_MOST_LINE_BYTES];
} fc_search_desk;

/* Adds one piece to what is merged; *piece keeps what is new in it. */
void fc_search_pieces_merge(fc_search_pieces *pieces, fc_search_part *piece);
/* The line of a piece, with its end, into desk->line. */
fc_status fc_search_line_write(size_t *out_size, fc_search_desk *desk, uint64_t index, fc_error *error);
/* The same back into desk->piece; false where it is no such line. Every plan of it is in range. */
bool fc_search_line_read(fc_search_desk *desk, uint64_t index, const char *line, size_t size);

#endif
