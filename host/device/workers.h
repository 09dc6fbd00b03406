/* workers.h: one function on several threads, timed from the common start to the last end. Each thread stays on a
 * processor of its own where there are enough. */
#ifndef FLOPCAST_HOST_DEVICE_WORKERS_H
#define FLOPCAST_HOST_DEVICE_WORKERS_H

#include "flopcast/base.h"

#define FC_WORKERS_MOST 1024

/* `index` counts from 0 to count - 1; the caller's thread is number 0. */
typedef void (*fc_work)(void *context, uint32_t index, uint32_t count);

/* FC_FAILED when a thread cannot be made: then no work has run. */
fc_status fc_workers_run(double *out_seconds, uint32_t count, fc_work work, void *context, fc_error *error);

/* `rounds` times: all threads start together, do nothing, and wait for each other, asleep where the system lets them. */
fc_status fc_workers_wake(double *out_seconds, uint32_t count, uint32_t rounds, fc_error *error);

#endif
