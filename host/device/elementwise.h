/* elementwise.h: the memory-bound operations of a transformer's layer, in fp32, written for vectors and threads. */
#ifndef FLOPCAST_HOST_DEVICE_ELEMENTWISE_H
#define FLOPCAST_HOST_DEVICE_ELEMENTWISE_H

#include "flopcast/calibration.h"
#include "op_arrays.h"
#include "pool.h"

/* Where the arrays of a prepared case stand: `sets_count` equal sets, taken in turn so that each comes out of memory. */
typedef struct fc_elementwise_case {
    size_t array_bytes; /* m rows of n */
    size_t table_bytes; /* of gather and scatter-add, whose table is read in no order and so is one for all sets */
    size_t sets_count;
    size_t next_set;
} fc_elementwise_case;

/* Sets dtype, bytes and residency. FC_BAD_INPUT for an op that is none of these or a width that is no whole number of
 * vectors, FC_OVER_LIMIT for what has no room in the pool. */
fc_status fc_elementwise_prepare(fc_elementwise_case *out, fc_pool *pool, fc_sample *sample, fc_error *error);
fc_status fc_elementwise_run(double *out_seconds, fc_elementwise_case *prepared, const fc_pool *pool,
                             const fc_sample *sample, uint32_t calls, fc_error *error);

#endif
