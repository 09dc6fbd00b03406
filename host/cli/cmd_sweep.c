/* cmd_sweep.c: many estimates, on the threads of this process. */
#include "../device/machine.h"
#include "sweep.h"

static fc_status run_sweep(fc_context *context, fc_error *error) {
    fc_sweep_command *command = fc_arena_alloc(context->arena, sizeof *command);
    if (command == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    FC_TRY(fc_sweep_parse(command, context, fc_machine_processors_count(), error));
    FC_TRY(fc_sweep_open(command, error));
    fc_queue_job job = fc_sweep_job(command, command->threads);
    fc_status status = fc_queue_run(&job, command->threads, fc_sweep_make, command, error);
    return fc_sweep_close(command, status, error);
}

const fc_command fc_cmd_sweep = {
    .name = "sweep",
    .synopsis = FC_SWEEP_SYNOPSIS,
    .help = FC_SWEEP_HELP,
    .example = "flopcast sweep codesign-70b -o rows.csv",
    .options = FC_SWEEP_OPTIONS,
    .run = run_sweep,
};
