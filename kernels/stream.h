/* stream.h: the kernels of the CUDA plug-in that are not cuBLASLt's: filling, copy, triad, and one that does nothing. */
#ifndef FLOPCAST_KERNELS_STREAM_H
#define FLOPCAST_KERNELS_STREAM_H

#include "flopcast/base.h"

#include <cuda_runtime.h>

/* Random numbers in [-1, 1) of `dtype` (fp64, fp32, tf32, fp16, bf16, fp8), made on the device: constant operands would
 * draw less power and so run at a higher clock than real ones. */
cudaError_t fc_cuda_fill(void *out, size_t count, fc_dtype dtype, uint64_t seed, cudaStream_t stream);

/* out = b, and out = b + 3·c, over `bytes` bytes (a multiple of 16). */
cudaError_t fc_cuda_copy(void *out, const void *b, size_t bytes, cudaStream_t stream);
cudaError_t fc_cuda_triad(void *out, const void *b, const void *c, size_t bytes, cudaStream_t stream);

cudaError_t fc_cuda_nothing(cudaStream_t stream);

#endif
