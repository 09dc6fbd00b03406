/* elementwise.cu: a kernel is an index, a load of 16 bytes, arithmetic in fp32, a store. A row that needs a sum over itself
 * is one warp's: its 32 threads each sum a part and exchange the parts by shuffles.
 *
 * Where a row is read twice, the second time finds it in the first-level cache, as on the processor. */
#include "elementwise.h"

#include "../host/device/random.h"
#include "launch.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>

#define BLOCK_THREADS 256
#define WARP_THREADS 32
#define WHOLE_WARP 0xFFFFFFFFU
#define MOST_BLOCKS 65535
#define EPSILON 1e-5F

/* ---- 16 bytes --------------------------------------------------------------------------------------------------- */

template <typename T> struct alignas(16) vec {
    static const int count = 16 / static_cast<int>(sizeof(T));
    T at[count];
};

__device__ inline float to_f32(float x) { return x; }
__device__ inline float to_f32(__half x) { return __half2float(x); }
__device__ inline float to_f32(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline void from_f32(float *out, float x) { *out = x; }
__device__ inline void from_f32(__half *out, float x) { *out = __float2half(x); }
__device__ inline void from_f32(__nv_bfloat16 *out, float x) { *out = __float2bfloat16(x); }

/* Thread number in the grid, and how many there are. */
__device__ inline size_t thread_index() { return static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline size_t threads_count() { return static_cast<size_t>(gridDim.x) * blockDim.x; }
__device__ inline size_t lane_index() { return threadIdx.x % WARP_THREADS; }

template <typename T> __device__ const vec<T> *row_of(const T *array, size_t row, size_t width) {
    return reinterpret_cast<const vec<T> *>(array + row * width);
}
template <typename T> __device__ vec<T> *row_of(T *array, size_t row, size_t width) {
    return reinterpret_cast<vec<T> *>(array + row * width);
}

/* ---- a warp's sum and maximum ----------------------------------------------------------------------------------- */

/* After step 16, 8, 4, 2, 1 every thread holds all. */
__device__ inline float warp_sum(float x) {
    for (int step = WARP_THREADS / 2; step > 0; step /= 2) {
        x += __shfl_xor_sync(WHOLE_WARP, x, step);
    }
    return x;
}

__device__ inline float warp_max(float x) {
    for (int step = WARP_THREADS / 2; step > 0; step /= 2) {
        x = fmaxf(x, __shfl_xor_sync(WHOLE_WARP, x, step));
    }
    return x;
}

/* ---- a warp a row: norms and softmax ---------------------------------------------------------------------------- */

template <typename T> __global__ void layer_norm_kernel(const T *a, T *out, size_t rows, size_t width) {
    const size_t count = width / vec<T>::count;
    for (size_t row = thread_index() / WARP_THREADS; row < rows; row += threads_count() / WARP_THREADS) {
        const vec<T> *from = row_of(a, row, width);
        vec<T> *to = row_of(out, row, width);
        float sum = 0.0F;
        float squares = 0.0F;
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                sum += to_f32(x.at[j]);
                squares += to_f32(x.at[j]) * to_f32(x.at[j]);
            }
        }
        float mean = warp_sum(sum) / static_cast<float>(width);
        float variance = fmaxf(warp_sum(squares) / static_cast<float>(width) - mean * mean, 0.0F);
        float scale = 1.0F / sqrtf(variance + EPSILON);
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                from_f32(&x.at[j], (to_f32(x.at[j]) - mean) * scale);
            }
            to[i] = x;
        }
    }
}

template <typename T> __global__ void rms_norm_kernel(const T *a, T *out, size_t rows, size_t width) {
    const size_t count = width / vec<T>::count;
    for (size_t row = thread_index() / WARP_THREADS; row < rows; row += threads_count() / WARP_THREADS) {
        const vec<T> *from = row_of(a, row, width);
        vec<T> *to = row_of(out, row, width);
        float squares = 0.0F;
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                squares += to_f32(x.at[j]) * to_f32(x.at[j]);
            }
        }
        float scale = 1.0F / sqrtf(warp_sum(squares) / static_cast<float>(width) + EPSILON);
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                from_f32(&x.at[j], to_f32(x.at[j]) * scale);
            }
            to[i] = x;
        }
    }
}

/* The exponentials are made twice rather than kept: a row of any width needs no room, and memory bounds it all the same. */
template <typename T> __global__ void softmax_kernel(const T *a, T *out, size_t rows, size_t width) {
    const size_t count = width / vec<T>::count;
    for (size_t row = thread_index() / WARP_THREADS; row < rows; row += threads_count() / WARP_THREADS) {
        const vec<T> *from = row_of(a, row, width);
        vec<T> *to = row_of(out, row, width);
        float top = -INFINITY;
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                top = fmaxf(top, to_f32(x.at[j]));
            }
        }
        top = warp_max(top);
        float sum = 0.0F;
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                sum += expf(to_f32(x.at[j]) - top);
            }
        }
        float scale = 1.0F / warp_sum(sum);
        for (size_t i = lane_index(); i < count; i += WARP_THREADS) {
            vec<T> x = from[i];
            for (int j = 0; j < vec<T>::count; j++) {
                from_f32(&x.at[j], expf(to_f32(x.at[j]) - top) * scale);
            }
            to[i] = x;
        }
    }
}

/* ---- a thread 16 bytes: activations, sums, Adam ----------------------------------------------------------------- */

template <typename T> __global__ void gelu_kernel(const vec<T> *a, vec<T> *out, size_t count) {
    for (size_t i = thread_index(); i < count; i += threads_count()) {
        vec<T> x = a[i];
        for (int j = 0; j < vec<T>::count; j++) {
            float value = to_f32(x.at[j]);
            from_f32(&x.at[j], 0.5F * value * (1.0F + erff(value * 0.70710678F)));
        }
        out[i] = x;
    }
}

template <typename T> __global__ void swiglu_kernel(const vec<T> *gate, const vec<T> *up, vec<T> *out, size_t count) {
    for (size_t i = thread_index(); i < count; i += threads_count()) {
        vec<T> x = gate[i];
        vec<T> y = up[i];
        for (int j = 0; j < vec<T>::count; j++) {
            float value = to_f32(x.at[j]);
            from_f32(&x.at[j], value / (1.0F + expf(-value)) * to_f32(y.at[j]));
        }
        out[i] = x;
    }
}

template <typename T> __global__ void residual_add_kernel(const vec<T> *a, const vec<T> *b, vec<T> *out, size_t count) {
    for (size_t i = thread_index(); i < count; i += threads_count()) {
        vec<T> x = a[i];
        vec<T> y = b[i];
        for (int j = 0; j < vec<T>::count; j++) {
            from_f32(&x.at[j], to_f32(x.at[j]) + to_f32(y.at[j]));
        }
        out[i] = x;
    }
}

/* Weight, first and second moment in place, with decoupled decay of the weight. The second moment starts as a random
 * number of either sign; a true one has none. */
__global__ void adam_kernel(const vec<float> *gradient, vec<float> *weight, vec<float> *first, vec<float> *second,
                            size_t count) {
    for (size_t i = thread_index(); i < count; i += threads_count()) {
        vec<float> g = gradient[i];
        vec<float> w = weight[i];
        vec<float> m = first[i];
        vec<float> v = second[i];
        for (int j = 0; j < vec<float>::count; j++) {
            m.at[j] = m.at[j] * 0.9F + g.at[j] * 0.1F;
            v.at[j] = fabsf(v.at[j]) * 0.999F + g.at[j] * g.at[j] * 0.001F;
            w.at[j] = w.at[j] * 0.99999F - m.at[j] / (sqrtf(v.at[j]) + 1e-8F) * 1e-4F;
        }
        weight[i] = w;
        first[i] = m;
        second[i] = v;
    }
}

/* ---- a warp a row of the table ---------------------------------------------------------------------------------- */

template <typename T>
__global__ void gather_kernel(const T *table, T *out, size_t rows, size_t width, size_t table_rows, uint64_t seed,
                              uint64_t first) {
    for (size_t row = thread_index() / WARP_THREADS; row < rows; row += threads_count() / WARP_THREADS) {
        size_t entry = static_cast<size_t>(fc_random_bits(seed, first + row) % table_rows);
        const vec<T> *from = row_of(table, entry, width);
        vec<T> *to = row_of(out, row, width);
        for (size_t i = lane_index(); i < width / vec<T>::count; i += WARP_THREADS) {
            to[i] = from[i];
        }
    }
}

/* Two rows may meet in one entry of the table, so they are added by atomics, in no order. */
__global__ void scatter_add_kernel(const float *a, float *table, size_t rows, size_t width, size_t table_rows,
                                   uint64_t seed, uint64_t first) {
    for (size_t row = thread_index() / WARP_THREADS; row < rows; row += threads_count() / WARP_THREADS) {
        size_t entry = static_cast<size_t>(fc_random_bits(seed, first + row) % table_rows);
        const vec<float> *from = row_of(a, row, width);
        float *to = table + entry * width;
        for (size_t i = lane_index(); i < width / vec<float>::count; i += WARP_THREADS) {
            vec<float> x = from[i];
            for (int j = 0; j < vec<float>::count; j++) {
                (void)atomicAdd(to + i * vec<float>::count + j, x.at[j]);
            }
        }
    }
}

/* ---- launches --------------------------------------------------------------------------------------------------- */

static unsigned blocks_for(size_t threads) {
    size_t blocks = (threads + BLOCK_THREADS - 1) / BLOCK_THREADS;
    return static_cast<unsigned>(blocks < MOST_BLOCKS ? (blocks > 0 ? blocks : 1) : MOST_BLOCKS);
}

template <typename T>
static cudaError_t launch_rows(void (*kernel)(const T *, T *, size_t, size_t), const fc_cuda_operation *what,
                               cudaStream_t stream) {
    return fc_cuda_launch(kernel, blocks_for(what->rows * WARP_THREADS), BLOCK_THREADS, stream,
                          static_cast<const T *>(what->arrays[0]), static_cast<T *>(what->arrays[1]), what->rows,
                          what->width);
}

template <typename T>
static cudaError_t launch_two(void (*kernel)(const vec<T> *, const vec<T> *, vec<T> *, size_t),
                              const fc_cuda_operation *what, cudaStream_t stream) {
    size_t count = what->rows * what->width / vec<T>::count;
    return fc_cuda_launch(kernel, blocks_for(count), BLOCK_THREADS, stream,
                          static_cast<const vec<T> *>(what->arrays[0]), static_cast<const vec<T> *>(what->arrays[1]),
                          static_cast<vec<T> *>(what->arrays[2]), count);
}

template <typename T> static cudaError_t operate(const fc_cuda_operation *what, cudaStream_t stream) {
    size_t count = what->rows * what->width / vec<T>::count;
    switch (what->op) {
    case FC_MEMORY_OP_LAYER_NORM:
        return launch_rows<T>(layer_norm_kernel<T>, what, stream);
    case FC_MEMORY_OP_RMS_NORM:
        return launch_rows<T>(rms_norm_kernel<T>, what, stream);
    case FC_MEMORY_OP_SOFTMAX:
        return launch_rows<T>(softmax_kernel<T>, what, stream);
    case FC_MEMORY_OP_GELU:
        return fc_cuda_launch(gelu_kernel<T>, blocks_for(count), BLOCK_THREADS, stream,
                              static_cast<const vec<T> *>(what->arrays[0]), static_cast<vec<T> *>(what->arrays[1]),
                              count);
    case FC_MEMORY_OP_SWIGLU:
        return launch_two<T>(swiglu_kernel<T>, what, stream);
    case FC_MEMORY_OP_RESIDUAL_ADD:
        return launch_two<T>(residual_add_kernel<T>, what, stream);
    case FC_MEMORY_OP_GATHER:
        return fc_cuda_launch(gather_kernel<T>, blocks_for(what->rows * WARP_THREADS), BLOCK_THREADS, stream,
                              static_cast<const T *>(what->table), static_cast<T *>(what->arrays[0]), what->rows,
                              what->width, what->table_rows, what->seed, what->first);
    default:
        return cudaErrorInvalidValue;
    }
}

static cudaError_t operate_f32(const fc_cuda_operation *what, cudaStream_t stream) {
    size_t count = what->rows * what->width / vec<float>::count;
    if (what->op == FC_MEMORY_OP_ADAM) {
        vec<float> *at[4];
        for (int i = 0; i < 4; i++) {
            at[i] = static_cast<vec<float> *>(what->arrays[i]);
        }
        return fc_cuda_launch(adam_kernel, blocks_for(count), BLOCK_THREADS, stream, at[0], at[1], at[2], at[3], count);
    }
    if (what->op == FC_MEMORY_OP_SCATTER_ADD) {
        return fc_cuda_launch(scatter_add_kernel, blocks_for(what->rows * WARP_THREADS), BLOCK_THREADS, stream,
                              static_cast<const float *>(what->arrays[0]), static_cast<float *>(what->table),
                              what->rows, what->width, what->table_rows, what->seed, what->first);
    }
    return operate<float>(what, stream);
}

bool fc_cuda_has_operation(uint32_t op, uint32_t dtype) {
    bool is_small = dtype == FC_DTYPE_FP16 || dtype == FC_DTYPE_BF16;
    bool needs_f32 = op == FC_MEMORY_OP_ADAM || op == FC_MEMORY_OP_SCATTER_ADD;
    return op >= FC_ELEMENTWISE_FIRST && op <= FC_ELEMENTWISE_LAST &&
           (dtype == FC_DTYPE_FP32 || (is_small && !needs_f32));
}

cudaError_t fc_cuda_operate(const fc_cuda_operation *what, cudaStream_t stream) {
    if (!fc_cuda_has_operation(what->op, what->dtype)) {
        return cudaErrorInvalidValue;
    }
    if (what->dtype == FC_DTYPE_FP16) {
        return operate<__half>(what, stream);
    }
    return what->dtype == FC_DTYPE_BF16 ? operate<__nv_bfloat16>(what, stream) : operate_f32(what, stream);
}
