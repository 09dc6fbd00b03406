/* search_pieces.c: pieces made, merged and kept. */
#include "search_pieces.h"

#include "../host/cli/search_loop.h"

#include <string.h>

/* So many that ranks end together, so few that an answer of some 100 KB for each does not count. */
enum { MOST_PIECES = 1024 };

#define HEAD "flopcast-mpi search "

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the search");
}

/* ---- on every rank ----------------------------------------------------------------------------------------------------- */

static fc_status make_mark(fc_search_pieces *out, fc_error *error) {
    const fc_search_command *command = out->command;
    const fc_search_options *options = &command->options;
    const char *question = fc_arena_printf(
        command->config.arena, "by %u, %u best, exhaustive %u, %.17g chips, %.17g days, %.17g USD, %s, %llu pieces",
        options->by, options->top, options->exhaustive, options->most_chips, options->most_days, options->most_usd,
        command->engine->name, (unsigned long long)out->count);
    return question != NULL ? fc_mark_make(out->mark, command->inputs.tree, question, &command->config, error)
                            : no_memory(error);
}

fc_status fc_search_pieces_open(fc_search_pieces *out, const fc_search_command *command, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->command = command;
    FC_TRY(fc_search_open(&out->search, &command->study, &command->space, &command->options, command->engine,
                          command->config.arena, error));
    uint32_t cuts = fc_search_cuts_count(out->search);
    out->count = cuts < MOST_PIECES ? cuts : MOST_PIECES;
    return make_mark(out, error);
}

fc_status fc_search_pieces_prepare(fc_search_pieces *pieces, fc_error *error) {
    const fc_search_command *command = pieces->command;
    return fc_search_prepare(pieces->search, fc_search_on_threads, command->threads, command->config.arena, error);
}

/* Every count-th cut: neighbours are alike in work, so that pieces are too. */
static fc_status walk(fc_search_part *part, const fc_search_pieces *pieces, uint64_t piece, fc_error *error) {
    uint32_t cuts = fc_search_cuts_count(pieces->search);
    for (uint64_t cut = piece; cut < cuts; cut += pieces->count) {
        FC_TRY(fc_search_cut(part, pieces->search, (uint32_t)cut, error));
    }
    return FC_OK;
}

fc_status fc_search_pieces_make(void *user, uint32_t worker, uint64_t piece, fc_text *out, fc_error *error) {
    (void)worker;
    const fc_search_pieces *pieces = user;
    fc_search_part *part = fc_arena_alloc(out->arena, sizeof *part);
    if (part == NULL) {
        return no_memory(error);
    }
    FC_TRY(walk(part, pieces, piece, error));
    size_t size = fc_search_pack(NULL, 0, part);
    unsigned char *bytes = fc_arena_alloc(out->arena, size);
    if (bytes == NULL) {
        return no_memory(error);
    }
    (void)fc_search_pack(bytes, size, part);
    fc_text_add_bytes(out, (const char *)bytes, size);
    return FC_OK;
}

/* ---- together on rank 0 ------------------------------------------------------------------------------------------------ */

void fc_search_pieces_merge(fc_search_pieces *pieces, fc_search_part *piece) {
    fc_search_part *before = &pieces->desk->before;
    const fc_search_part *merged = pieces->merged;
    memcpy(before, merged, sizeof *before);
    fc_search_merge(pieces->merged, piece, pieces->search);
    uint32_t kept = 0;
    while (kept < piece->top_count && piece->top[kept].objective <= merged->top[merged->top_count - 1].objective) {
        kept++;
    }
    piece->top_count = kept;
    for (uint32_t i = 0; i < FC_FRONT_CHIP_STEPS; i++) {
        for (uint32_t j = 0; j < FC_FRONT_MEMORY_STEPS; j++) {
            if (memcmp(&before->front[i][j], &merged->front[i][j], sizeof before->front[i][j]) == 0) {
                piece->front[i][j].chips_count = 0;
            }
        }
    }
}

static fc_status take(void *user, uint64_t piece, const char *bytes, size_t size, fc_error *error) {
    fc_search_pieces *pieces = user;
    size_t line_size = 0;
    FC_TRY(fc_search_unpack(&pieces->desk->piece, (const unsigned char *)bytes, size, error));
    fc_search_pieces_merge(pieces, &pieces->desk->piece);
    if (pieces->path == NULL) {
        return FC_OK;
    }
    FC_TRY(fc_search_line_write(&line_size, pieces->desk, piece, error));
    return fc_journal_add(&pieces->journal, pieces->desk->line, line_size, error);
}

static fc_status settle(void *user, uint64_t done, fc_error *error) {
    fc_search_pieces *pieces = user;
    (void)done;
    return pieces->path != NULL ? fc_journal_settle(&pieces->journal, error) : FC_OK;
}

fc_queue_job fc_search_pieces_job(fc_search_pieces *pieces) {
    return (fc_queue_job){.begin = pieces->begin, .end = pieces->count, .user = pieces, .take = take, .settle = settle};
}

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

static fc_status judge_head(const fc_search_pieces *pieces, const char *line, size_t size, bool whole,
                            fc_error *error) {
    static const char *const told[] = {"holds no parts of a search",
                                       NULL,
                                       "was begun by another version of the program",
                                       "is of another study, or of this one before it was changed",
                                       "is of a search with other options",
                                       "was begun before the data folder was changed"};
    size_t compared = size < sizeof HEAD - 1 ? size : sizeof HEAD - 1;
    fc_mark_verdict verdict = FC_MARK_IS_NONE;
    if (memcmp(line, HEAD, compared) == 0 && (!whole || size > compared)) {
        verdict = whole ? fc_mark_compare(pieces->mark, line + compared, size - compared) : FC_MARK_SAME;
    }
    return told[verdict] == NULL
               ? FC_OK
               : fc_error_set(error, FC_BAD_INPUT, pieces->path, 1, 0,
                              "this file %s: give another --journal, or leave out --resume to write it anew",
                              told[verdict]);
}

static fc_status judge(void *user, uint64_t index, const char *line, size_t size, bool whole, fc_error *error) {
    fc_search_pieces *pieces = user;
    if (index == 0) {
        return judge_head(pieces, line, size, whole, error);
    }
    if (!whole) {
        return FC_OK;
    }
    if (index > pieces->count || !fc_search_line_read(pieces->desk, index - 1, line, size)) {
        return fc_error_set(
            error, FC_BAD_INPUT, pieces->path, (int)index + 1, 0,
            "this line is not piece %llu of %llu: it was changed, or lines are missing or double; delete "
            "the lines from here on, or leave out --resume to write the file anew",
            (unsigned long long)index, (unsigned long long)pieces->count);
    }
    fc_search_pieces_merge(pieces, &pieces->desk->piece);
    return FC_OK;
}

static fc_status write_head(fc_search_pieces *pieces, fc_error *error) {
    int size = snprintf(pieces->desk->line, sizeof pieces->desk->line, HEAD "%s\n", pieces->mark);
    FC_TRY(fc_journal_add(&pieces->journal, pieces->desk->line, (size_t)size, error));
    return fc_journal_settle(&pieces->journal, error);
}

static fc_status go_on(fc_search_pieces *pieces, fc_error *error) {
    uint64_t lines = 0;
    FC_TRY(fc_journal_resume(&pieces->journal, &lines, pieces->path, "", judge, pieces, error));
    if (lines == 0) {
        return write_head(pieces, error);
    }
    pieces->begin = lines - 1;
    return FC_OK;
}

/* Hours of work are not to be lost to a --resume forgotten. Anything else there is replaced, as by any command. */
static fc_status protect_unfinished(fc_search_pieces *pieces, fc_error *error) {
    fc_error other = {.status = FC_OK};
    if (!fc_file_exists(pieces->path) || go_on(pieces, &other) != FC_OK) {
        return FC_OK;
    }
    uint64_t found = pieces->begin;
    FC_TRY(fc_journal_close(&pieces->journal, false, error));
    pieces->begin = 0;
    memset(pieces->merged, 0, sizeof *pieces->merged);
    if (found > 0 && found < pieces->count) {
        return fc_error_set(
            error, FC_USAGE, pieces->path, 0, 0,
            "holds %llu of the %llu pieces of this very search: --resume goes on with them; to begin anew "
            "delete the file",
            (unsigned long long)found, (unsigned long long)pieces->count);
    }
    return FC_OK;
}

fc_status fc_search_pieces_begin(fc_search_pieces *pieces, const char *path, bool resume, fc_error *error) {
    pieces->path = path;
    pieces->merged = fc_arena_alloc(pieces->command->config.arena, sizeof *pieces->merged);
    pieces->desk = fc_arena_alloc(pieces->command->config.arena, sizeof *pieces->desk);
    if (pieces->merged == NULL || pieces->desk == NULL) {
        return no_memory(error);
    }
    if (path == NULL) {
        return FC_OK;
    }
    if (resume) {
        return go_on(pieces, error);
    }
    FC_TRY(protect_unfinished(pieces, error));
    memset(pieces->merged, 0, sizeof *pieces->merged);
    FC_TRY(fc_journal_create(&pieces->journal, path, "", error));
    return write_head(pieces, error);
}

fc_status fc_search_pieces_end(fc_search_pieces *pieces, fc_status status, fc_error *error) {
    if (pieces->path == NULL) {
        return status;
    }
    fc_status closed = fc_journal_close(&pieces->journal, status == FC_OK, status == FC_OK ? error : NULL);
    if (status != FC_OK && error != NULL) {
        char text[sizeof error->text];
        (void)snprintf(text, sizeof text, "%s", error->text);
        (void)snprintf(error->text, sizeof error->text,
                       "%.700s; what is done is in %.200s: the same command with --resume goes on", text, pieces->path);
    }
    return status != FC_OK ? status : closed;
}
