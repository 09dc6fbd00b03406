/* queue.h: the queue of host/base/queue.h over all ranks of a job.
 *
 * Rank 0 deals blocks of items out, takes their bytes in order and makes items itself, on threads of its own; every other rank
 * asks, makes, and sends what it made with its next question. Two-sided messages, answered by rank 0's first thread while
 * others work, rather than a counter that ranks fetch and add to: an answer waits for no item of rank 0, results have to come
 * to rank 0 anyway, it can tell a rank to wait while too much is held, and nothing depends on how a library makes one-sided
 * calls go on. At 1 ms an answer and blocks of 0.2 s this feeds hundreds of ranks.
 *
 * A rank that fails or dies ends the job, as everywhere in flopcast-mpi. Until then rank 0 takes what is in order; on SIGTERM
 * (mpirun sends it when a rank dies, Slurm before a time limit) it stops, so that its caller can close what it writes.
 */
#ifndef FLOPCAST_MPI_QUEUE_H
#define FLOPCAST_MPI_QUEUE_H

#include "../bench/ranks.h"
#include "../host/base/queue.h"

/* On rank 0; `threads` of its own that make items. job->workers is set here. Returns when all items are taken, or why not. */
fc_status fc_mpi_queue_lead(const fc_ranks *ranks, const fc_queue_job *job, uint32_t threads, fc_queue_make make,
                            void *user, fc_error *error);
/* On every other rank, until there are no items left. `make` gives the same bytes as on rank 0. */
fc_status fc_mpi_queue_follow(const fc_ranks *ranks, uint32_t threads, fc_queue_make make, void *user, fc_error *error);

#endif
