/* stream.h: the kernels of the CUDA plug-in that are not cuBLASLt's: filling, bandwidth, and one that does
 * nothing. */
#ifndef FLOPCAST_KERNELS_STREAM_H
#define FLOPCAST_KERNELS_STREAM_H

#include "flopcast/calibration.h"

#include <cuda_runtime.h>

/* Random numbers in [-1, 1) of `dtype` (fp64, fp32, tf32, fp16, bf16, fp8), made on the device: constant operands would
 * draw less power and so run at a higher clock than real ones. */
cudaError_t fc_cuda_fill(void *out, size_t count, fc_dtype dtype, uint64_t seed, cudaStream_t stream);

/* What a write leaves in the first half of each 16 bytes; in the second, this and the number of the pass, from 0. */
#define FC_CUDA_WRITTEN 0.6180339887498949

/* `passes` times over arrays of `bytes` (a multiple of 16), in one launch: reads b; out = a number; out = b;
 * out = b + 3·c. cudaErrorInvalidValue for an op that is none of these. */
cudaError_t fc_cuda_stream(uint32_t op, void *out, const void *b, const void *c, size_t bytes, size_t passes,
                           cudaStream_t stream);

cudaError_t fc_cuda_nothing(cudaStream_t stream);

#endif
