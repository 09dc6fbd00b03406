/* world.h: the ranks of an MPI job, as bench/ranks.h has them. */
#ifndef FLOPCAST_MPI_WORLD_H
#define FLOPCAST_MPI_WORLD_H

#include "../bench/ranks.h"

/* Starts MPI. FC_FAILED when that does not work. */
fc_status fc_world_open(fc_ranks *out, int *argc, char ***argv, fc_error *error);
/* Ends it, on all ranks alike. */
void fc_world_close(void);
/* Ends the whole job at once, the other ranks included, with this exit code. Does not return. */
void fc_world_abort(fc_status status);

/* "rank 3 of 8 on node2" */
void fc_world_who(const fc_ranks *ranks, char *out, size_t out_size);
/* On all ranks together: library, hosts and ranks on them, into the machine of rank 0. */
fc_status fc_world_describe(const fc_ranks *ranks, fc_machine *machine, fc_error *error);

#endif
