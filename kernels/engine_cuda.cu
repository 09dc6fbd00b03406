/* engine_cuda.cu: blocks of plans on an NVIDIA card: an index, the same call as the CPU engine's, one store. */
/* The compiler would put the whole step model into one kernel, six minutes long: functions stay calls. */
#if defined(__CUDACC__)
#define FC_HD static __noinline__ __host__ __device__ __attribute__((unused))
#endif

#include "cuda_check.h"
#include "launch.h"

#include "flopcast/engine.h"

#include <cstdlib>
#include <cstring>

#define BLOCK_THREADS 128

/* What one caller has on the card. The study's parts go there once, a cut's sums for each block of plans. */
typedef struct card {
    cudaStream_t stream;
    fc_ops *ops;
    fc_cluster *cluster;
    fc_stack *stacks;
    fc_engine_cut *cut;
    fc_engine_item *items;
    fc_engine_answer *answers;
    uint32_t stacks_count; /* room for so many */
    uint32_t items_count;
} card;

__global__ void answer_kernel(fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items,
                              uint32_t count) {
    uint32_t stride = gridDim.x * blockDim.x;
    for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
        fc_engine_answer_one(&out[i], cut, &items[i]);
    }
}

static void close_card(void *opened) {
    card *c = static_cast<card *>(opened);
    if (c == NULL) {
        return;
    }
    void *const held[] = {c->ops, c->cluster, c->stacks, c->cut, c->items, c->answers};
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        (void)cudaFree(held[i]); /* nothing can be done about an error here; NULL is nothing */
    }
    if (c->stream != NULL) {
        (void)cudaStreamDestroy(c->stream);
    }
    free(c);
}

static fc_status acquire(card *c, fc_error *error) {
    FC_CUDA_TRY(cudaSetDevice(0));
    FC_CUDA_TRY(cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking));
    FC_CUDA_TRY(cudaMalloc(&c->ops, sizeof *c->ops));
    FC_CUDA_TRY(cudaMalloc(&c->cluster, sizeof *c->cluster));
    FC_CUDA_TRY(cudaMalloc(&c->cut, sizeof *c->cut));
    return FC_OK;
}

static fc_status open_card(void **out, fc_error *error) {
    int count = 0;
    cudaError_t found = cudaGetDeviceCount(&count);
    if (found != cudaSuccess || count == 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no CUDA device can be used here: %s",
                            found != cudaSuccess ? cudaGetErrorString(found) : "the driver lists none");
    }
    card *c = static_cast<card *>(calloc(1, sizeof *c));
    if (c == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the CUDA engine");
    }
    fc_status status = acquire(c, error);
    if (status != FC_OK) {
        close_card(c);
        return status;
    }
    *out = c;
    return FC_OK;
}

/* Room for so many plans and stacks; what was there may go. */
static fc_status grow(card *c, uint32_t items_count, uint32_t stacks_count, fc_error *error) {
    if (items_count > c->items_count) {
        c->items_count = 0;
        FC_CUDA_TRY(cudaFree(c->items));
        c->items = NULL;
        FC_CUDA_TRY(cudaFree(c->answers));
        c->answers = NULL;
        FC_CUDA_TRY(cudaMalloc(&c->items, items_count * sizeof *c->items));
        FC_CUDA_TRY(cudaMalloc(&c->answers, items_count * sizeof *c->answers));
        c->items_count = items_count;
    }
    if (stacks_count > c->stacks_count) {
        c->stacks_count = 0;
        FC_CUDA_TRY(cudaFree(c->stacks));
        c->stacks = NULL;
        FC_CUDA_TRY(cudaMalloc(&c->stacks, stacks_count * sizeof *c->stacks));
        c->stacks_count = stacks_count;
    }
    return FC_OK;
}

template <typename T> static cudaError_t put(T *to, const T *from, size_t count, cudaStream_t stream) {
    return cudaMemcpyAsync(to, from, count * sizeof *to, cudaMemcpyHostToDevice, stream);
}

static fc_status send(const card *c, const fc_engine_cut *cut, const fc_engine_item *items, uint32_t count,
                      fc_error *error) {
    fc_engine_cut there = *cut; /* the same sums, with pointers into the card */
    there.ops = c->ops;
    there.cluster = c->cluster;
    there.stacks = c->stacks;
    FC_CUDA_TRY(put(c->ops, cut->ops, 1, c->stream));
    FC_CUDA_TRY(put(c->cluster, cut->cluster, 1, c->stream));
    FC_CUDA_TRY(put(c->stacks, cut->stacks, cut->stacks_count, c->stream));
    FC_CUDA_TRY(put(c->items, items, count, c->stream));
    FC_CUDA_TRY(put(c->cut, &there, 1, c->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(c->stream)); /* `there` ends with this call */
    return FC_OK;
}

static fc_status evaluate(void *opened, fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items,
                          uint32_t count, fc_error *error) {
    card *c = static_cast<card *>(opened);
    if (count == 0) {
        return FC_OK;
    }
    FC_CUDA_TRY(cudaSetDevice(0)); /* a thread begins with a device of its own choice */
    FC_TRY(grow(c, count, cut->stacks_count, error));
    FC_TRY(send(c, cut, items, count, error));
    unsigned blocks = (count + BLOCK_THREADS - 1) / BLOCK_THREADS;
    FC_CUDA_TRY(fc_cuda_launch(answer_kernel, blocks, BLOCK_THREADS, c->stream, c->answers, c->cut, c->items, count));
    FC_CUDA_TRY(cudaMemcpyAsync(out, c->answers, count * sizeof *out, cudaMemcpyDeviceToHost, c->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(c->stream));
    return FC_OK;
}

extern "C" {
extern const fc_engine fc_engine_table;
}

const fc_engine fc_engine_table = {FC_ENGINE_ABI, "cuda", open_card, evaluate, close_card};
