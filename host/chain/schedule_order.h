/* schedule_order.h: in which order a rank of a pipeline does its work, schedule by schedule. */
#ifndef FLOPCAST_CHAIN_SCHEDULE_ORDER_H
#define FLOPCAST_CHAIN_SCHEDULE_ORDER_H

#include "flopcast/base.h"
#include "flopcast/hd/schedule.h"

/* What a rank does without looking up in between. Bits: a pair of DualPipe is a forward and a backward at once. */
enum { FC_DO_FORWARD = 1, FC_DO_INPUT = 2, FC_DO_WEIGHT = 4 };

/* A piece of work. `forward_chunk` and `forward_batch` mean the forward, the others the backward. Under DualPipe a chunk
 * is a direction: 0 from the first rank, 1 from the last. */
typedef struct fc_work {
    uint32_t does;
    int32_t forward_chunk;
    int32_t forward_batch;
    int32_t backward_chunk;
    int32_t backward_batch;
} fc_work;

/* The most pieces of work that a rank can have. */
size_t fc_schedule_most_work(fc_schedule schedule, const fc_hd_pipeline *pipeline);

/* Writes the work of `rank` in its order; `out` has room for fc_schedule_most_work. Returns how many pieces. */
size_t fc_schedule_order(fc_work *out, fc_schedule schedule, const fc_hd_pipeline *pipeline, int32_t rank);

#endif
