/* device.h: an opened NVIDIA card, and what the files that time its cases share. Every case has a `prepare`, which sets
 * the bytes and residency of the sample, and an `enqueue`, which puts one call of it into the stream. */
#ifndef FLOPCAST_KERNELS_DEVICE_H
#define FLOPCAST_KERNELS_DEVICE_H

#include "cuda_check.h"
#include "flopcast/backend.h"
#include "telemetry.h"

typedef struct cuda_matmul {
    cublasLtHandle_t cublas;
    void *workspace;
    float *one; /* on the device: the scale of fp8 operands */
    size_t a_bytes;
    size_t b_bytes;
    size_t c_bytes;
    size_t sets_count;
    size_t next_set;
    cublasLtMatmulDesc_t description; /* of the prepared case, as the next three; NULL otherwise */
    cublasLtMatrixLayout_t weights_layout;
    cublasLtMatrixLayout_t a_layout;
    cublasLtMatrixLayout_t out_layout;
    cublasLtMatmulAlgo_t algorithm;
} cuda_matmul;

/* Arrays of a memory case, one after another. */
typedef struct cuda_streams {
    size_t array_bytes;
    size_t passes; /* over the arrays in one call */
} cuda_streams;

/* A table at the front, then the arrays that begin filled, set by set, then those only written. */
typedef struct cuda_rows {
    size_t array_bytes;
    size_t table_bytes;
    size_t sets_count;
    size_t next_set; /* counts the calls: the rows of a table are drawn anew by each */
} cuda_rows;

typedef struct cuda_exchange cuda_exchange; /* private to collective.cu */

typedef struct cuda_device {
    uint64_t seed;
    int index;
    cudaDeviceProp properties;
    cudaStream_t stream;
    cudaEvent_t begin;
    cudaEvent_t end;
    unsigned char *pool; /* operands and results of the prepared case */
    size_t pool_bytes;
    fc_sample sample; /* the prepared case; its kind is FC_SAMPLE_KIND_COUNT when there is none */
    cuda_matmul matmul;
    cuda_streams streams;
    cuda_rows rows;
    cuda_exchange *exchange; /* NULL until a collective is prepared */
    cuda_telemetry telemetry;
    fc_device_state busy; /* over the runs since the last prepare */
    uint32_t runs_count;
} cuda_device;

/* backend_cuda.cu: asks the driver for the state of the card; called while the card works on what was enqueued. */
void fc_cuda_watch(cuda_device *device);

/* ---- pool.cu: memory on the device ------------------------------------------------------------------------------ */

#define FC_CUDA_ALIGN_BYTES ((size_t)256)

size_t fc_cuda_aligned(double bytes);
/* Bytes that the pool may have: half of what is free, so that a desktop or a neighbour lives on. */
fc_status fc_cuda_room(size_t *out, const cuda_device *device, fc_error *error);
fc_status fc_cuda_grow_pool(cuda_device *device, size_t bytes, fc_error *error);

/* ---- matmul.cu -------------------------------------------------------------------------------------------------- */

fc_status fc_cuda_matmul_open(cuda_device *device, fc_error *error);
void fc_cuda_matmul_close(cuda_device *device);
/* Forgets the prepared case. */
void fc_cuda_matmul_release(cuda_device *device);
fc_status fc_cuda_matmul_prepare(cuda_device *device, fc_sample *sample, fc_error *error);
fc_status fc_cuda_matmul_enqueue(cuda_device *device, fc_error *error);
/* Where a matrix of the last call begins in the pool, and how long it is; parts are those of peek.h. */
size_t fc_cuda_matmul_at(const cuda_device *device, uint32_t part, size_t *out_bytes);

/* ---- streams.cu: read, write, copy, triad ----------------------------------------------------------------------- */

fc_status fc_cuda_streams_prepare(cuda_device *device, fc_sample *sample, fc_error *error);
fc_status fc_cuda_streams_enqueue(cuda_device *device, fc_error *error);
size_t fc_cuda_streams_at(const cuda_device *device, uint32_t part, size_t *out_bytes);

/* ---- rows.cu: elementwise cases --------------------------------------------------------------------------------- */

fc_status fc_cuda_rows_prepare(cuda_device *device, fc_sample *sample, fc_error *error);
fc_status fc_cuda_rows_enqueue(cuda_device *device, fc_error *error);
size_t fc_cuda_rows_at(const cuda_device *device, uint32_t part, size_t *out_bytes);

/* ---- collective.cu: several cards ------------------------------------------------------------------------------- */

/* FC_BAD_INPUT where there is one card alone or no NCCL. */
fc_status fc_cuda_collective_prepare(cuda_device *device, fc_sample *sample, fc_error *error);
/* A case that failed is prepared no longer. */
fc_status fc_cuda_collective_run(cuda_device *device, uint32_t calls, double *out_seconds, fc_error *error);
void fc_cuda_collective_close(cuda_device *device);
/* What rank part/2 sent, or received where part is odd. */
fc_status fc_cuda_collective_peek(const cuda_device *device, uint32_t part, void *out, size_t bytes, fc_error *error);

#endif
