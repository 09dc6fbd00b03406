/* sweep.h: what `flopcast sweep` and `flopcast-mpi sweep` share: options, the file that rows go to, one item of work. */
#ifndef FLOPCAST_HOST_CLI_SWEEP_H
#define FLOPCAST_HOST_CLI_SWEEP_H

#include "../base/journal.h"
#include "../base/queue.h"
#include "../doors/sweep.h"
#include "cmd.h"

#define FC_SWEEP_SYNOPSIS "STUDY [--axes FILE] [--ranges] [--format csv|jsonl] [-o FILE] [--resume] [--threads N]"
#define FC_SWEEP_HELP                                                                                                  \
    "an estimate for every combination of the values that `sweep:` lists: one row each, as CSV or JSON Lines"
/* Of both commands; a NULL name ends it. */
extern const fc_option FC_SWEEP_OPTIONS[];

typedef struct fc_sweep_command {
    fc_context *context;
    fc_sweep sweep;
    fc_sweep_format format;
    const char *path; /* -o, or NULL */
    bool resume;
    uint32_t threads;
    fc_journal journal; /* of whoever writes */
    uint64_t begin;     /* rows found on disk */
    uint64_t refused_count;
    double shown_s; /* when progress was last shown */
} fc_sweep_command;

/* The command line and the study; nothing is opened yet. Without --threads as many as `threads_default`. */
fc_status fc_sweep_parse(fc_sweep_command *out, fc_context *context, uint32_t threads_default, fc_error *error);
/* The file: new, or read as far as it goes. */
fc_status fc_sweep_open(fc_sweep_command *command, fc_error *error);
/* What is left to do, into the journal; for `workers` workers. */
fc_queue_job fc_sweep_job(fc_sweep_command *command, uint32_t workers);
/* One row: an fc_queue_make; `user` is the command, of which it reads alone. */
fc_status fc_sweep_make(void *user, uint32_t worker, uint64_t row, fc_text *out, fc_error *error);
/* Closes the file. After a failure `error` also tells how many rows stand there and how to go on; `status` is returned, or
 * the failure of closing. */
fc_status fc_sweep_close(fc_sweep_command *command, fc_status status, fc_error *error);

#endif
