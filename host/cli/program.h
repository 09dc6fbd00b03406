/* program.h: what a program with commands is; `flopcast` and `flopcast-mpi` are two of them. */
#ifndef FLOPCAST_HOST_CLI_PROGRAM_H
#define FLOPCAST_HOST_CLI_PROGRAM_H

#include "cmd.h"

#define FC_MOST_COMMANDS 32

struct fc_program {
    const char *name;                  /* as it is typed */
    const char *about;                 /* one line, the heading of the overview */
    const fc_command *const *commands; /* at most FC_MOST_COMMANDS; NULL ends */
};

/* Finds the command, parses, runs it and writes its result. context->program, arena and out are set by the caller. */
fc_status fc_program_run(fc_context *context, int argc, const char *const *argv, fc_error *error);

#endif
