/* pool.h: the memory that a processor's cases take their operands from: reserved once, filled with random numbers from
 * the front as far as a case needs, outputs at the back. */
#ifndef FLOPCAST_HOST_DEVICE_POOL_H
#define FLOPCAST_HOST_DEVICE_POOL_H

#include "flopcast/base.h"
#include "flopcast/chip.h"

#include <stddef.h>

#define FC_LINE_BYTES ((size_t)64)

typedef struct fc_pool {
    unsigned char *bytes; /* on a large-page boundary; NULL until reserved */
    size_t size_bytes;
    size_t filled_bytes; /* front part that still holds random numbers of filled_dtype */
    uint32_t filled_dtype;
    uint32_t threads; /* that fill, and so touch first */
    uint64_t seed;
    uint64_t most_bytes; /* wished for; 0: none */
} fc_pool;

fc_pool fc_pool_start(uint32_t threads, uint64_t seed, uint64_t most_bytes);
void fc_pool_free(fc_pool *pool);
/* Does nothing the second time. FC_FAILED when the system has no memory. */
fc_status fc_pool_reserve(fc_pool *pool, fc_error *error);
/* Makes the front `bytes` random numbers of fp32 or fp64, each part touched first by the thread that will read it. */
fc_status fc_pool_fill(fc_pool *pool, size_t bytes, uint32_t dtype, fc_error *error);
/* From `begin` on something else stands there. */
void fc_pool_overwrite(fc_pool *pool, size_t begin);

/* The part of `total` bytes that worker `index` of `count` has, in whole cache lines. */
void fc_pool_slice(size_t *out_begin, size_t *out_end, size_t total, uint32_t index, uint32_t count);
size_t fc_pool_whole_lines(double bytes);

#endif
