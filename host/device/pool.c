#define _DEFAULT_SOURCE /* madvise */
#include "pool.h"

#include "machine.h"
#include "random.h"
#include "workers.h"

#include <stdlib.h>
#include <sys/mman.h>

/* With the program, the buffers of OpenBLAS and freshly mapped pages a measurement stays below 1 GiB. */
#define MOST_POOL_BYTES ((size_t)832 << 20)
#define LEAST_POOL_BYTES ((size_t)64 << 20)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

fc_pool fc_pool_start(uint32_t threads, uint64_t seed, uint64_t most_bytes) {
    return (fc_pool){.filled_dtype = FC_DTYPE_COUNT, .threads = threads, .seed = seed, .most_bytes = most_bytes};
}

void fc_pool_free(fc_pool *pool) {
    free(pool->bytes);
    pool->bytes = NULL;
}

/* Pages come as they are touched. A quarter of the machine at most. */
fc_status fc_pool_reserve(fc_pool *pool, fc_error *error) {
    if (pool->bytes != NULL) {
        return FC_OK;
    }
    fc_machine machine;
    fc_machine_describe(&machine);
    size_t bytes = MOST_POOL_BYTES;
    if (pool->most_bytes > 0 && pool->most_bytes < bytes) {
        bytes = (size_t)pool->most_bytes > LEAST_POOL_BYTES ? (size_t)pool->most_bytes : LEAST_POOL_BYTES;
    }
    if (machine.memory_bytes > 0.0 && machine.memory_bytes / 4.0 < (double)bytes) {
        bytes = (size_t)(machine.memory_bytes / 4.0);
    }
    bytes = bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    pool->bytes = bytes > 0 ? aligned_alloc(HUGE_PAGE_BYTES, bytes) : NULL;
    if (pool->bytes == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu bytes of operands", bytes);
    }
    pool->size_bytes = bytes;
    /* A wish: without large pages the timings hold page-table walks that big-memory programs avoid too. */
    (void)madvise(pool->bytes, bytes, MADV_HUGEPAGE);
    return FC_OK;
}

typedef struct fill_work {
    const fc_pool *pool;
    size_t size_bytes; /* to fill, after what stands there already */
} fill_work;

static void fill_slice(void *context, uint32_t index, uint32_t count) {
    const fill_work *work = context;
    const fc_pool *pool = work->pool;
    size_t begin = 0;
    size_t end = 0;
    fc_pool_slice(&begin, &end, work->size_bytes, index, count);
    begin += pool->filled_bytes;
    end += pool->filled_bytes;
    if (pool->filled_dtype == FC_DTYPE_FP32) {
        float *values = (float *)(void *)pool->bytes;
        for (size_t i = begin / sizeof(float); i < end / sizeof(float); i++) {
            values[i] = fc_random_f32(pool->seed, i);
        }
    } else {
        double *values = (double *)(void *)pool->bytes;
        for (size_t i = begin / sizeof(double); i < end / sizeof(double); i++) {
            values[i] = fc_random_f64(pool->seed, i);
        }
    }
}

fc_status fc_pool_fill(fc_pool *pool, size_t bytes, uint32_t dtype, fc_error *error) {
    if (pool->filled_dtype != dtype) {
        pool->filled_bytes = 0;
        pool->filled_dtype = dtype;
    }
    if (bytes <= pool->filled_bytes) {
        return FC_OK;
    }
    fill_work work = {.pool = pool, .size_bytes = bytes - pool->filled_bytes};
    double seconds = 0.0;
    FC_TRY(fc_workers_run(&seconds, pool->threads, fill_slice, &work, error));
    pool->filled_bytes = bytes;
    return FC_OK;
}

void fc_pool_overwrite(fc_pool *pool, size_t begin) {
    pool->filled_bytes = begin < pool->filled_bytes ? begin : pool->filled_bytes;
}

void fc_pool_slice(size_t *out_begin, size_t *out_end, size_t total, uint32_t index, uint32_t count) {
    size_t lines = total / FC_LINE_BYTES;
    *out_begin = lines * index / count * FC_LINE_BYTES;
    *out_end = index + 1 == count ? total : lines * (index + 1U) / count * FC_LINE_BYTES;
}

size_t fc_pool_whole_lines(double bytes) { return ((size_t)bytes + FC_LINE_BYTES - 1) / FC_LINE_BYTES * FC_LINE_BYTES; }
