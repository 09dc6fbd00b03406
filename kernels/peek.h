/* peek.h: what the operands and the result of the last call were, for tests that compute them again. The program does
 * not use it. */
#ifndef FLOPCAST_KERNELS_PEEK_H
#define FLOPCAST_KERNELS_PEEK_H

#include "flopcast/base.h"

/* Of a matmul: a, weights, out. Of a memory case: b, c, out. Of an elementwise case: its arrays in the order of
 * host/device/rows.h, and its table. Of a collective: what each rank sends and receives; a part is then
 * 2 x rank, and one more for what it received. */
typedef enum fc_cuda_part {
    FC_CUDA_PART_A,
    FC_CUDA_PART_B,
    FC_CUDA_PART_OUT,
    FC_CUDA_PART_FOURTH,
    FC_CUDA_PART_TABLE,
    FC_CUDA_PART_COUNT
} fc_cuda_part;

/* Copies the first `bytes` of a part to `out`; *out_offset_bytes is where the part begins in the filled pool.
 * FC_BAD_INPUT when nothing is prepared or the part is smaller. The plug-in exports it under FC_CUDA_PEEK_SYMBOL. */
typedef fc_status fc_cuda_peek_function(void *device, uint32_t part, void *out, size_t bytes, size_t *out_offset_bytes,
                                        fc_error *error);
#define FC_CUDA_PEEK_SYMBOL "fc_cuda_peek"

#endif
