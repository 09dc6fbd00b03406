/* cmd_sweep.c: the rows of a sweep over all ranks; rank 0 reads the command line and writes. */
#include "commands.h"

#include "../host/cli/sweep.h"
#include "follow.h"
#include "queue.h"

static const fc_command command_sweep;

static fc_status follow_sweep(const fc_ranks *ranks, fc_arena *arena, fc_error *error) {
    fc_context context;
    fc_sweep_command *command = fc_arena_alloc(arena, sizeof *command);
    if (command == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    FC_TRY(fc_follow_args(&context, ranks, &command_sweep, arena, error));
    FC_TRY(fc_sweep_parse(command, &context, 1, error));
    FC_TRY(fc_compare_marks(ranks, command->sweep.mark, error));
    return fc_mpi_queue_follow(ranks, command->threads, fc_sweep_make, command, error);
}

static fc_status lead_sweep(fc_sweep_command *command, const fc_ranks *ranks, fc_error *error) {
    FC_TRY(fc_lead_args(ranks, &command_sweep, command->context->args, command->context->arena, error));
    FC_TRY(fc_compare_marks(ranks, command->sweep.mark, error));
    fc_queue_job job = fc_sweep_job(command, 0);
    return fc_mpi_queue_lead(ranks, &job, command->threads, fc_sweep_make, command, error);
}

static fc_status run_sweep(fc_context *context, fc_error *error) {
    fc_sweep_command *command = fc_arena_alloc(context->arena, sizeof *command);
    if (command == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    FC_TRY(fc_sweep_parse(command, context, 1, error));
    FC_TRY(fc_sweep_open(command, error));
    fc_status status = lead_sweep(command, context->ranks, error);
    return fc_sweep_close(command, status, error);
}

static const fc_command command_sweep = {
    .name = "sweep",
    .synopsis = FC_SWEEP_SYNOPSIS,
    .help = FC_SWEEP_HELP,
    .example = "mpirun -n 4 flopcast-mpi sweep codesign-70b -o rows.csv --resume",
    .options = FC_SWEEP_OPTIONS,
    .run = run_sweep,
};

const fc_mpi_command fc_mpi_sweep = {.command = &command_sweep, .follow = follow_sweep};
