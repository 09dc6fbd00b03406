/* cmd.h: what a command is: a row in a program's table, a list of options, one function. */
#ifndef FLOPCAST_HOST_CLI_CMD_H
#define FLOPCAST_HOST_CLI_CMD_H

#include "../base/text.h"
#include "../doors/catalog.h"
#include "flopcast/base.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct fc_option {
    const char *name;  /* "--top" */
    const char *value; /* name of its value in help ("K"), NULL for a switch */
    bool repeats;      /* may stand several times */
    const char *help;
} fc_option;

#define FC_MAX_ARGS 256

/* A parsed command line. Values are borrowed from argv. */
typedef struct fc_args {
    const char *const *positional;
    int positional_count;
    const fc_option *given[FC_MAX_ARGS];
    const char *given_value[FC_MAX_ARGS];
    int given_count;
    const char *positional_storage[FC_MAX_ARGS];
} fc_args;

/* The value of an option's last occurrence ("" for a switch), or NULL. */
const char *fc_args_value(const fc_args *args, const char *name);
bool fc_args_has(const fc_args *args, const char *name);
/* Occurrence `index` of a repeating option, or NULL. */
const char *fc_args_nth(const fc_args *args, const char *name, int index);
/* A whole number between least and most; `fallback` when the option is not there. FC_USAGE otherwise. */
fc_status fc_args_u64(uint64_t *out, const fc_args *args, const char *name, uint64_t fallback, uint64_t least,
                      uint64_t most, fc_error *error);

typedef enum fc_format {
    FC_FORMAT_TEXT = 0,
    FC_FORMAT_JSON,
    FC_FORMAT_CSV,
    FC_FORMAT_MARKDOWN,
    FC_FORMAT_SVG,
    FC_FORMAT_MEGATRON,   /* a plan in the words of other programs: plan_format.h */
    FC_FORMAT_TORCHTITAN,
    FC_FORMAT_CALCULON,
    FC_FORMAT_JSONL
} fc_format;
/* From --format, else the ending of -o, else text. `allowed` has one letter each: "tjcmsl", and G (megatron), T (torchtitan),
 * K (calculon). */
fc_status fc_args_format(fc_format *out, const fc_args *args, const char *allowed, fc_error *error);

typedef struct fc_program fc_program;
struct fc_ranks;

/* What program.c hands to a command. */
typedef struct fc_context {
    const fc_program *program;
    const struct fc_ranks *ranks; /* of flopcast-mpi; NULL: one process */
    fc_arena *arena;
    const fc_args *args;
    const char *data_folder; /* --data or NULL */
    bool quiet;
    bool color;        /* a terminal, no --no-color, no NO_COLOR */
    bool terminal;     /* stderr is a terminal: progress may be shown */
    int width;         /* of the terminal; 0: unlimited (not a terminal) */
    fc_text out;       /* what goes to stdout or -o once the command has succeeded */
    bool wrote_output; /* the command has written -o itself: `out` goes to stdout */
} fc_context;

typedef struct fc_command {
    const char *name;
    const char *synopsis;     /* "STUDY [--set key=value]…" */
    const char *help;         /* one line: what question it answers */
    const char *example;      /* a line to try */
    const fc_option *options; /* its own; NULL name ends. Common options are added by args.c */
    fc_status (*run)(fc_context *context, fc_error *error);
} fc_command;

extern const fc_command fc_cmd_bench;
extern const fc_command fc_cmd_verify;
extern const fc_command fc_cmd_estimate;
extern const fc_command fc_cmd_explain;
extern const fc_command fc_cmd_search;
extern const fc_command fc_cmd_compare;
extern const fc_command fc_cmd_race;
extern const fc_command fc_cmd_sweep;
extern const fc_command fc_cmd_op;
extern const fc_command fc_cmd_fit;
extern const fc_command fc_cmd_validate;
extern const fc_command fc_cmd_list;
extern const fc_command fc_cmd_show;
extern const fc_command fc_cmd_import;
extern const fc_command fc_cmd_scale;

/* A line on stderr, unless --quiet. */
void fc_note(const fc_context *context, const char *format, ...) FC_PRINTF(2, 3);

#endif
