/* cmd_search.c: the best plans of a study over a space of plans, on the threads of this process. */
#include "search.h"

#include "flopcast/measure.h"
#include "search_loop.h"

static fc_status run_search(fc_context *context, fc_error *error) {
    fc_search_command *command = fc_arena_alloc(context->arena, sizeof *command);
    fc_search *search = NULL;
    fc_search_part *part = NULL;
    if (command == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    FC_TRY(fc_search_command_parse(command, context, fc_search_threads(), error));
    double start_s = fc_measure_now_s();
    FC_TRY(fc_search_open(&search, &command->study, &command->space, &command->options, command->engine, context->arena,
                          error));
    FC_TRY(fc_search_run(&part, search, fc_search_on_threads, command->threads, context->arena, error));
    return fc_search_command_answer(command, part, fc_measure_now_s() - start_s, error);
}

static const fc_option options[] = {FC_SEARCH_OPTION_ROWS, {NULL, NULL, false, NULL}};

const fc_command fc_cmd_search = {
    .name = "search",
    .synopsis = FC_SEARCH_SYNOPSIS,
    .help = FC_SEARCH_HELP,
    .example = "flopcast search llama3-405b-16k-h100 --set space=wide --why tp=16",
    .options = options,
    .run = run_search,
};
