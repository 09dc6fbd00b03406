/* launch.h: a kernel is launched by a plain call, with its arguments checked against its parameters. CUDA's <<<>>> does
 * the same, but only nvcc can read it; this can be read by any C++ compiler. */
#ifndef FLOPCAST_KERNELS_LAUNCH_H
#define FLOPCAST_KERNELS_LAUNCH_H

#include <cuda_runtime.h>

/* Keeps a parameter from taking part in deduction: the kernel alone says what it takes. */
template <typename T> struct fc_cuda_same { typedef T type; };

/* The error of this launch alone: cudaGetLastError would also find what an earlier call left behind. */
template <typename... P>
static inline cudaError_t fc_cuda_launch(void (*kernel)(P...), unsigned blocks, unsigned block_threads,
                                         cudaStream_t stream, typename fc_cuda_same<P>::type... values) {
    void *arguments[] = {static_cast<void *>(&values)..., nullptr};
    return cudaLaunchKernel(kernel, dim3(blocks), dim3(block_threads), arguments, 0, stream);
}

#endif
