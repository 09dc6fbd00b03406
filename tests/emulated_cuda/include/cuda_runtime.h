/* cuda_runtime.h: a stand-in for CUDA's runtime, computed on the CPU, written from NVIDIA's API documentation: the names,
 * types and values that the plug-in uses and no more. Found before the real one by tests/emulated_cuda alone.
 *
 * The threads of a warp take turns: shuffles of a whole warp work; __syncthreads and shared memory are not there. */
#ifndef FLOPCAST_EMULATED_CUDA_RUNTIME_H
#define FLOPCAST_EMULATED_CUDA_RUNTIME_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>

#define FC_CUDA_EMULATED 1

#define __global__
#define __device__
#define __host__

typedef enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorInvalidResourceHandle = 400,
    cudaErrorIllegalAddress = 700,
    cudaErrorLaunchOutOfResources = 701,
    cudaErrorLaunchFailure = 719,
    cudaErrorUnknown = 999
} cudaError_t;

typedef enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3
} cudaMemcpyKind;

typedef enum cudaDeviceAttr { cudaDevAttrClockRate = 13 } cudaDeviceAttr;

/* The fields that the plug-in reads; the real one has many more. */
typedef struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem;
    int major;
    int minor;
    int multiProcessorCount;
    int l2CacheSize;
} cudaDeviceProp;

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;
#define cudaStreamNonBlocking 0x01U

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
struct double2 {
    double x, y;
};
static inline double2 make_double2(double x, double y) { return double2{x, y}; }

extern thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

/* Leaves `bytes` (at most 8) of this thread and takes those of lane `lane` of its warp, once all 32 have left theirs. */
void fc_emulated_exchange(void *out, const void *value, size_t bytes, unsigned lane);

template <typename T> static inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask) {
    static_assert(sizeof(T) <= 8, "a shuffle moves 4 or 8 bytes");
    T out = value;
    const unsigned lane = (threadIdx.x ^ static_cast<unsigned>(lane_mask)) % 32U;
    fc_emulated_exchange(&out, &value, mask == 0xFFFFFFFFU ? sizeof value : 0, lane);
    return out;
}

/* Only one thread runs at a time. */
static inline float atomicAdd(float *at, float value) {
    const float before = *at;
    *at = before + value;
    return before;
}
static inline double2 __ldcg(const double2 *from) { return *from; }

const char *cudaGetErrorString(cudaError_t error);
const char *cudaGetErrorName(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device);
cudaError_t cudaDeviceGetAttribute(int *out, cudaDeviceAttr attribute, int device);
cudaError_t cudaDeviceGetPCIBusId(char *out, int size, int device);
cudaError_t cudaDriverGetVersion(int *out);
cudaError_t cudaRuntimeGetVersion(int *out);
cudaError_t cudaMalloc(void **out, size_t bytes);
cudaError_t cudaFree(void *memory);
template <typename T> static inline cudaError_t cudaMalloc(T **out, size_t bytes) {
    return cudaMalloc(reinterpret_cast<void **>(out), bytes);
}
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaEventCreate(cudaEvent_t *out);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *out_ms, cudaEvent_t begin, cudaEvent_t end);
cudaError_t cudaEventDestroy(cudaEvent_t event);

/* What a launch comes down to here: `thread` is called once a thread, with the indices above set. */
cudaError_t fc_emulated_launch(dim3 grid, dim3 block, cudaStream_t stream, const std::function<void()> &thread);

template <typename... P, size_t... I>
static inline void fc_emulated_call(void (*kernel)(P...), void **arguments, std::index_sequence<I...>) {
    (void)arguments;
    kernel(*static_cast<typename std::remove_reference<P>::type *>(arguments[I])...);
}

template <typename... P>
static inline cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void **arguments,
                                           size_t shared_bytes, cudaStream_t stream) {
    if (shared_bytes != 0) {
        return cudaErrorInvalidConfiguration;
    }
    return fc_emulated_launch(grid, block, stream,
                              [=] { fc_emulated_call(kernel, arguments, std::index_sequence_for<P...>()); });
}

#endif
