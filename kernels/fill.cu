/* fill.cu: operands, bandwidth, and a launch: a kernel is an index, one call, one store. */
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

/* A pass must come out of the L2 cache, if that holds the arrays, and not out of the smaller one before it: __ldcg reads
 * past that. Elements go to threads in turn, so that a warp reads 512 bytes in a row. */
#define FC_CUDA_EACH(i, count)                                                                                         \
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; (i) < (count);                         \
         (i) += static_cast<size_t>(gridDim.x) * blockDim.x)

/* `never` is a sum that no numbers of the array have: the compiler cannot know, so it reads them. */
__global__ void read_kernel(double2 *out, const double2 *b, size_t count, size_t passes, double never) {
    double sum = 0.0;
    for (size_t pass = 0; pass < passes; pass++) {
        FC_CUDA_EACH(i, count) {
            double2 x = __ldcg(b + i);
            sum += x.x + x.y;
        }
    }
    if (sum == never) {
        out[0] = make_double2(sum, sum);
    }
}

__global__ void write_kernel(double2 *out, size_t count, size_t passes, double value) {
    for (size_t pass = 0; pass < passes; pass++) {
        FC_CUDA_EACH(i, count) { out[i] = make_double2(value, value + static_cast<double>(pass)); }
    }
}

__global__ void copy_kernel(double2 *out, const double2 *b, size_t count, size_t passes) {
    for (size_t pass = 0; pass < passes; pass++) {
        FC_CUDA_EACH(i, count) { out[i] = __ldcg(b + i); }
    }
}

__global__ void triad_kernel(double2 *out, const double2 *b, const double2 *c, size_t count, size_t passes) {
    for (size_t pass = 0; pass < passes; pass++) {
        FC_CUDA_EACH(i, count) {
            double2 left = __ldcg(b + i);
            double2 right = __ldcg(c + i);
            out[i] = make_double2(left.x + 3.0 * right.x, left.y + 3.0 * right.y);
        }
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

cudaError_t fc_cuda_stream(uint32_t op, void *out, const void *b, const void *c, size_t bytes, size_t passes,
                           cudaStream_t stream) {
    size_t count = bytes / sizeof(double2);
    double2 *to = static_cast<double2 *>(out);
    const double2 *from = static_cast<const double2 *>(b);
    switch (op) {
    case FC_MEMORY_OP_READ:
        return fc_cuda_launch(read_kernel, blocks_for(count), BLOCK_THREADS, stream, to, from, count, passes, 1e300);
    case FC_MEMORY_OP_WRITE:
        return fc_cuda_launch(write_kernel, blocks_for(count), BLOCK_THREADS, stream, to, count, passes,
                              FC_CUDA_WRITTEN);
    case FC_MEMORY_OP_COPY:
        return fc_cuda_launch(copy_kernel, blocks_for(count), BLOCK_THREADS, stream, to, from, count, passes);
    case FC_MEMORY_OP_TRIAD:
        return fc_cuda_launch(triad_kernel, blocks_for(count), BLOCK_THREADS, stream, to, from,
                              static_cast<const double2 *>(c), count, passes);
    default:
        return cudaErrorInvalidValue;
    }
}

cudaError_t fc_cuda_nothing(cudaStream_t stream) { return fc_cuda_launch(nothing_kernel, 1, 1, stream); }
