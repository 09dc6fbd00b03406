/* commands.h: what a command of flopcast-mpi is: rank 0 runs it as any program of the house does, the others follow. */
#ifndef FLOPCAST_MPI_COMMANDS_H
#define FLOPCAST_MPI_COMMANDS_H

#include "../bench/ranks.h"
#include "../host/cli/cmd.h"

typedef struct fc_mpi_command {
    /* On rank 0: parses and refuses alone; then fc_follow_me brings the others in. */
    const fc_command *command;
    /* On every other rank, once rank 0 has called. */
    fc_status (*follow)(const fc_ranks *ranks, fc_arena *arena, fc_error *error);
} fc_mpi_command;

extern const fc_mpi_command fc_mpi_bench;
extern const fc_mpi_command fc_mpi_sweep;
extern const fc_mpi_command fc_mpi_search;

/* Rank 0: the others go into `follow` of this command. */
fc_status fc_follow_me(const fc_ranks *ranks, const char *command_name, fc_error *error);

#endif
