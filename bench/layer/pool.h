/* pool.h: threads that stay between the passes of a training step: starting one costs more than a small pass. */
#ifndef FLOPCAST_BENCH_LAYER_POOL_H
#define FLOPCAST_BENCH_LAYER_POOL_H

#include "../../host/device/workers.h"
#include "flopcast/base.h"

typedef struct fc_pool fc_pool;

/* `count` threads, the caller among them: 1 to FC_WORKERS_MOST. FC_FAILED when one cannot be made. The caller closes. */
fc_status fc_pool_open(fc_pool **out, uint32_t count, fc_error *error);
uint32_t fc_pool_count(const fc_pool *pool);
/* Runs `work` on all of them and returns when the last has ended. One caller at a time. */
void fc_pool_run(fc_pool *pool, fc_work work, void *context);
/* NULL is allowed. */
void fc_pool_close(fc_pool *pool);

#endif
