/* elementwise.h: the memory-bound operations of a transformer's layer as kernels, with the names, arrays and bytes of the
 * processor's (host/device/rows.c). */
#ifndef FLOPCAST_KERNELS_ELEMENTWISE_H
#define FLOPCAST_KERNELS_ELEMENTWISE_H

#include "flopcast/calibration.h"

#include <cuda_runtime.h>

/* One call. Arrays lie on 16 bytes, and a row is a whole number of them. */
typedef struct fc_cuda_operation {
    uint32_t op;    /* an elementwise fc_memory_op */
    uint32_t dtype; /* fp32, fp16, bf16 */
    size_t rows;
    size_t width;
    size_t table_rows;
    void *table;
    void *arrays[4]; /* in the order of fc_row in host/device/rows.h */
    uint64_t seed;
    uint64_t first; /* entry i of the table is drawn by number first + i */
} fc_cuda_operation;

/* cudaErrorInvalidValue for what fc_cuda_has_operation denies. */
cudaError_t fc_cuda_operate(const fc_cuda_operation *what, cudaStream_t stream);
/* fp32 has all. In 16 bits there is neither Adam, whose moments and weights are kept in 32 in any recipe, nor scatter-add,
 * whose sums would lose what is small. */
bool fc_cuda_has_operation(uint32_t op, uint32_t dtype);

#endif
