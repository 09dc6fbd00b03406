/* ranks.h: processes that exchange data, as a table of functions: the same measurement runs over MPI, over another
 * library, or over a stand-in that a test scripts.
 *
 * All ranks make the same calls in the same order. A failure is told by the rank that sees it and ends the job; nobody
 * goes on alone. Private to bench/ and to the programs that fill it.
 */
#ifndef FLOPCAST_BENCH_RANKS_H
#define FLOPCAST_BENCH_RANKS_H

#include "flopcast/base.h"
#include "flopcast/calibration.h"

typedef struct fc_ranks {
    void *user;
    uint32_t rank;
    uint32_t count;
    /* One collective over all ranks. `elements` is of one rank's whole buffer, as fc_collective_op has its bytes: of an
     * all-gather `send` holds elements / count, of a reduce-scatter `receive` does. send_recv goes round a ring: to the
     * next rank, from the one before, at once, as nccl-tests do it. Sums are over ranks. */
    fc_status (*exchange)(void *user, fc_collective_op op, const float *send, float *receive, size_t elements,
                          fc_error *error);
    fc_status (*barrier)(void *user, fc_error *error);
    /* The largest of all ranks' values, the same bits on each. */
    fc_status (*largest)(void *user, double *value, fc_error *error);
    /* Overwrites `bytes` with what rank 0 has there. */
    fc_status (*tell)(void *user, void *bytes, size_t size, fc_error *error);
    double (*now_s)(void *user); /* monotonic, this rank's own */
} fc_ranks;

#endif
