/* streams.h: bandwidth of a processor: read, write, copy and triad in a cache or in memory, and the first touch of new
 * memory. */
#ifndef FLOPCAST_HOST_DEVICE_STREAMS_H
#define FLOPCAST_HOST_DEVICE_STREAMS_H

#include "flopcast/calibration.h"
#include "pool.h"

/* What run needs to know of the prepared case. */
typedef struct fc_streams_case {
    size_t array_bytes;    /* one array of all threads together, or of one thread where each has arrays of its own */
    size_t distance_bytes; /* from an array to the next */
    size_t passes;         /* over the arrays in one call */
    size_t thread_bytes;   /* from the arrays of a thread to those of the next; 0: they share arrays */
} fc_streams_case;

/* Sets the dtype, bytes and residency of a memory sample; sample->threads is already a number. FC_BAD_INPUT for an op
 * or a cache level that is not there. */
fc_status fc_streams_prepare(fc_streams_case *out, fc_pool *pool, fc_sample *sample, fc_error *error);
fc_status fc_streams_run(double *out_seconds, const fc_streams_case *prepared, const fc_pool *pool,
                         const fc_sample *sample, uint32_t calls, fc_error *error);

#endif
