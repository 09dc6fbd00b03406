/* cmd_search.c: a search over all ranks; rank 0 reads the command line, merges and tells. */
#include "commands.h"

#include "follow.h"
#include "queue.h"
#include "search_pieces.h"

#include "flopcast/measure.h"

#include <string.h>

static const fc_command command_search;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
}

static fc_status follow_search(const fc_ranks *ranks, fc_arena *arena, fc_error *error) {
    fc_context context;
    fc_search_pieces pieces;
    fc_search_command *command = fc_arena_alloc(arena, sizeof *command);
    if (command == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_follow_args(&context, ranks, &command_search, arena, error));
    FC_TRY(fc_search_command_parse(command, &context, 1, error));
    FC_TRY(fc_search_pieces_open(&pieces, command, error));
    FC_TRY(fc_compare_marks(ranks, pieces.mark, error));
    FC_TRY(fc_search_pieces_prepare(&pieces, error));
    return fc_mpi_queue_follow(ranks, command->threads, fc_search_pieces_make, &pieces, error);
}

/* ---- rank 0 ------------------------------------------------------------------------------------------------------------ */

static fc_status read_journal(const char **out_path, const fc_args *args, fc_error *error) {
    const char *path = fc_args_value(args, "--journal");
    const char *plans = fc_args_value(args, "-o");
    *out_path = path;
    if (path == NULL && fc_args_has(args, "--resume")) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "--resume goes on with a file of parts: name it with --journal FILE");
    }
    if (path != NULL && (strcmp(path, "-") == 0 || (plans != NULL && strcmp(path, plans) == 0))) {
        return fc_error_set(error, FC_USAGE, "--journal", 0, 0, "needs a file of its own, beside the plans");
    }
    return FC_OK;
}

/* Nobody has to come where the file has it all. */
static fc_status lead_search(fc_search_pieces *pieces, fc_context *context, fc_error *error) {
    if (pieces->begin == pieces->count) {
        return FC_OK;
    }
    FC_TRY(fc_lead_args(context->ranks, &command_search, context->args, context->arena, error));
    FC_TRY(fc_compare_marks(context->ranks, pieces->mark, error));
    FC_TRY(fc_search_pieces_prepare(pieces, error));
    fc_queue_job job = fc_search_pieces_job(pieces);
    return fc_mpi_queue_lead(context->ranks, &job, pieces->command->threads, fc_search_pieces_make, pieces, error);
}

static fc_status run_search(fc_context *context, fc_error *error) {
    const char *path = NULL;
    fc_search_pieces pieces;
    fc_search_command *command = fc_arena_alloc(context->arena, sizeof *command);
    if (command == NULL) {
        return no_memory(error);
    }
    FC_TRY(read_journal(&path, context->args, error));
    FC_TRY(fc_search_command_parse(command, context, 1, error));
    double start_s = fc_measure_now_s();
    FC_TRY(fc_search_pieces_open(&pieces, command, error));
    FC_TRY(fc_search_pieces_begin(&pieces, path, fc_args_has(context->args, "--resume"), error));
    if (pieces.begin > 0) {
        fc_note(context, "%llu of %llu pieces are there already", (unsigned long long)pieces.begin,
                (unsigned long long)pieces.count);
    }
    fc_status status = lead_search(&pieces, context, error);
    FC_TRY(fc_search_pieces_end(&pieces, status, error));
    return fc_search_command_answer(command, pieces.merged, fc_measure_now_s() - start_s, error);
}

static const fc_option options[] = {
    FC_SEARCH_OPTION_ROWS,
    {"--journal", "FILE", false, "keep what is done there, piece by piece as it comes"},
    {"--resume", NULL, false, "go on with what --journal FILE has; where there is nothing, begin"},
    {"--threads", "N", false, "threads of each rank; left out: 1"},
    {NULL, NULL, false, NULL},
};

static const fc_command command_search = {
    .name = "search",
    .synopsis = FC_SEARCH_SYNOPSIS " [--journal FILE] [--resume]",
    .help = FC_SEARCH_HELP,
    .example = "mpirun -n 4 flopcast-mpi search llama3-405b-16k-h100 --journal parts.txt -o plans.json --resume",
    .options = options,
    .run = run_search,
};

const fc_mpi_command fc_mpi_search = {.command = &command_search, .follow = follow_search};
