/* search.h: what `flopcast search` and `flopcast-mpi search` share: options, and the page that tells what was found. */
#ifndef FLOPCAST_HOST_CLI_SEARCH_H
#define FLOPCAST_HOST_CLI_SEARCH_H

#include "../doors/config.h"
#include "../doors/write_search.h"
#include "cmd.h"
#include "flopcast/search.h"

#define FC_SEARCH_SYNOPSIS "STUDY [--top K] [--by time|cost|memory] [--why KEYS]…"
#define FC_SEARCH_HELP                                                                                                 \
    "the best plans of a whole space of plans, what no plan beats, and what is wrong with a plan of yours"
/* Of both commands. */
#define FC_SEARCH_OPTION_ROWS                                                                                          \
    {"--top", "K", false, "plans to tell, best first; left out: 5"},                                                   \
        {"--by", "WHAT", false, "time (a token's), cost (of the run) or memory; left out: time"},                      \
        {"--exhaustive", NULL, false, "leave no plan out by a bound; the best plans are the same"},                    \
        {"--why", "KEYS", false, "what is wrong with a plan: \"tp=4,pp=8\"; the other keys are chosen"},               \
        {"--max-chips", "N", false, "chips in use at most"},                                                           \
        {"--deadline", "DAYS", false, "days of the run at most: 30d"},                                                 \
        {"--budget-usd", "USD", false, "dollars of the run at most: 5M"}, {                                            \
        "--engine", "NAME", false, "what evaluates: cpu or cuda"                                                               \
    }

typedef struct fc_search_command {
    fc_context *context;
    fc_config config;
    fc_inputs inputs;
    fc_study study;
    fc_space space;
    fc_search_options options;
    const fc_engine *engine;
    const char *why; /* --why, or NULL */
    fc_format format;
    uint32_t threads;
} fc_search_command;

/* The command line, the study and its space. Without --threads as many as `threads_default`. */
fc_status fc_search_command_parse(fc_search_command *out, fc_context *context, uint32_t threads_default,
                                  fc_error *error);
/* What all cuts together gave, into the context's output; looks into --why by a search of its own, on the threads of this
 * process. FC_INFEASIBLE when there is no plan. */
fc_status fc_search_command_answer(fc_search_command *command, const fc_search_part *part, double elapsed_s,
                                   fc_error *error);

#endif
