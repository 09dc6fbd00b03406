/* follow.h: a command line of rank 0 on the other ranks, and the check that all of them read the same files. */
#ifndef FLOPCAST_MPI_FOLLOW_H
#define FLOPCAST_MPI_FOLLOW_H

#include "../bench/ranks.h"
#include "../host/cli/cmd.h"
#include "../host/doors/mark.h"

/* Rank 0: brings the others into the command and tells them its words. */
fc_status fc_lead_args(const fc_ranks *ranks, const fc_command *command, const fc_args *args, fc_arena *arena,
                       fc_error *error);
/* Every other rank, in the command: a context of the same words, that says nothing. */
fc_status fc_follow_args(fc_context *out, const fc_ranks *ranks, const fc_command *command, fc_arena *arena,
                         fc_error *error);
/* All ranks: they do one work, or none, since files may differ from host to host. FC_BAD_INPUT where a mark is not that of
 * rank 0. */
fc_status fc_compare_marks(const fc_ranks *ranks, const char mark[FC_MARK_SIZE], fc_error *error);

#endif
