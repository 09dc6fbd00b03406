/* fill.cu: a kernel is an index, one call, one store. */
#include "stream.h"

#include "launch.h"

#include "../host/device/random.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#define BLOCK_THREADS 256
#define MOST_BLOCKS 65535

template <typename T> __device__ T make(uint64_t seed, uint64_t index) {
    return static_cast<T>(fc_random_f32(seed, index));
}
template <> __device__ double make<double>(uint64_t seed, uint64_t index) { return fc_random_f64(seed, index); }
template <> __device__ __half make<__half>(uint64_t seed, uint64_t index) {
    return __float2half(fc_random_f32(seed, index));
}
template <> __device__ __nv_bfloat16 make<__nv_bfloat16>(uint64_t seed, uint64_t index) {
    return __float2bfloat16(fc_random_f32(seed, index));
}

template <typename T> __global__ void fill_kernel(T *out, size_t count, uint64_t seed) {
    size_t stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
        out[i] = make<T>(seed, i);
    }
}

__global__ void copy_kernel(double2 *out, const double2 *b, size_t count) {
    size_t stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
        out[i] = b[i];
    }
}

__global__ void triad_kernel(double2 *out, const double2 *b, const double2 *c, size_t count) {
    size_t stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
        double2 left = b[i];
        double2 right = c[i];
        out[i] = make_double2(left.x + 3.0 * right.x, left.y + 3.0 * right.y);
    }
}

__global__ void nothing_kernel() {}

static unsigned blocks_for(size_t count) {
    size_t blocks = (count + BLOCK_THREADS - 1) / BLOCK_THREADS;
    return static_cast<unsigned>(blocks < MOST_BLOCKS ? (blocks > 0 ? blocks : 1) : MOST_BLOCKS);
}

template <typename T> static cudaError_t fill(void *out, size_t count, uint64_t seed, cudaStream_t stream) {
    return fc_cuda_launch(fill_kernel<T>, blocks_for(count), BLOCK_THREADS, stream, static_cast<T *>(out), count, seed);
}

cudaError_t fc_cuda_fill(void *out, size_t count, fc_dtype dtype, uint64_t seed, cudaStream_t stream) {
    switch (dtype) {
    case FC_DTYPE_FP64:
        return fill<double>(out, count, seed, stream);
    case FC_DTYPE_FP32:
    case FC_DTYPE_TF32:
        return fill<float>(out, count, seed, stream);
    case FC_DTYPE_FP16:
        return fill<__half>(out, count, seed, stream);
    case FC_DTYPE_BF16:
        return fill<__nv_bfloat16>(out, count, seed, stream);
    case FC_DTYPE_FP8:
        return fill<__nv_fp8_e4m3>(out, count, seed, stream);
    default:
        return cudaErrorInvalidValue;
    }
}

cudaError_t fc_cuda_copy(void *out, const void *b, size_t bytes, cudaStream_t stream) {
    size_t count = bytes / sizeof(double2);
    return fc_cuda_launch(copy_kernel, blocks_for(count), BLOCK_THREADS, stream, static_cast<double2 *>(out),
                          static_cast<const double2 *>(b), count);
}

cudaError_t fc_cuda_triad(void *out, const void *b, const void *c, size_t bytes, cudaStream_t stream) {
    size_t count = bytes / sizeof(double2);
    return fc_cuda_launch(triad_kernel, blocks_for(count), BLOCK_THREADS, stream, static_cast<double2 *>(out),
                          static_cast<const double2 *>(b), static_cast<const double2 *>(c), count);
}

cudaError_t fc_cuda_nothing(cudaStream_t stream) { return fc_cuda_launch(nothing_kernel, 1, 1, stream); }
