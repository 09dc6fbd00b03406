/* collective.cu: exchanges between several cards of this machine, by NCCL, from one process. Out of place and counted as
 * nccl-tests do: `bytes` is the buffer of one rank as fc_collective_op says, and what is sent are fp32 numbers. A send-receive
 * is a ring: each rank sends to the next one and receives from the one before.
 *
 * The time is the longest of the ranks', each by events of its own around all calls. */
#include "device.h"
#include "nccl_calls.h"
#include "peek.h"
#include "stream.h"

#include <cstdlib>

#define MOST_RANKS 64
#define WIDTH sizeof(float)

typedef struct exchange_rank {
    int index; /* of the device */
    cudaStream_t stream;
    cudaEvent_t begin;
    cudaEvent_t end;
    unsigned char *buffers; /* what is sent, then what is received */
    size_t buffer_bytes;    /* of each */
    fc_nccl_comm comm;
} exchange_rank;

struct cuda_exchange {
    fc_nccl nccl;
    uint32_t ranks_count; /* of the communicator; 0: there is none */
    exchange_rank ranks[MOST_RANKS];
};

#define FC_NCCL_TRY(own, call) FC_TRY(fc_nccl_status(&(own)->nccl, (call), #call, error))

/* ---- ranks ------------------------------------------------------------------------------------------------------ */

static void release_rank(exchange_rank *rank) {
    (void)cudaSetDevice(rank->index);
    if (rank->stream != NULL) {
        (void)cudaStreamSynchronize(rank->stream);
    }
    (void)cudaFree(rank->buffers);
    if (rank->begin != NULL) {
        (void)cudaEventDestroy(rank->begin);
    }
    if (rank->end != NULL) {
        (void)cudaEventDestroy(rank->end);
    }
    if (rank->stream != NULL) {
        (void)cudaStreamDestroy(rank->stream);
    }
    *rank = {};
}

/* After an error the other ranks may wait for ever, so that the communicator is broken off rather than ended. */
static void release_ranks(cuda_exchange *own, bool after_error) {
    for (uint32_t i = 0; i < own->ranks_count; i++) {
        exchange_rank *rank = &own->ranks[i];
        if (rank->comm != NULL) {
            (void)cudaSetDevice(rank->index);
            (void)(after_error ? own->nccl.comm_abort(rank->comm) : own->nccl.comm_destroy(rank->comm));
            rank->comm = NULL;
        }
    }
    for (uint32_t i = 0; i < own->ranks_count; i++) {
        release_rank(&own->ranks[i]);
    }
    own->ranks_count = 0;
}

void fc_cuda_collective_close(cuda_device *device) {
    if (device->exchange == NULL) {
        return;
    }
    release_ranks(device->exchange, false);
    fc_nccl_close(&device->exchange->nccl);
    free(device->exchange);
    device->exchange = NULL;
}

/* The opened device is rank 0, the others follow in the driver's order. */
static fc_status make_ranks(cuda_device *device, uint32_t count, fc_error *error) {
    cuda_exchange *own = device->exchange;
    int indices[MOST_RANKS];
    fc_nccl_comm comms[MOST_RANKS] = {};
    own->ranks_count = count;
    for (uint32_t i = 0; i < count; i++) {
        int before = static_cast<int>(i) - 1;
        indices[i] = i == 0 ? device->index : (before < device->index ? before : before + 1);
        own->ranks[i].index = indices[i];
        FC_CUDA_TRY(cudaSetDevice(indices[i]));
        FC_CUDA_TRY(cudaStreamCreateWithFlags(&own->ranks[i].stream, cudaStreamNonBlocking));
        FC_CUDA_TRY(cudaEventCreate(&own->ranks[i].begin));
        FC_CUDA_TRY(cudaEventCreate(&own->ranks[i].end));
    }
    FC_NCCL_TRY(own, own->nccl.comm_init_all(comms, static_cast<int>(count), indices));
    for (uint32_t i = 0; i < count; i++) {
        own->ranks[i].comm = comms[i];
    }
    return FC_OK;
}

static fc_status grow_buffers(exchange_rank *rank, size_t bytes, fc_error *error) {
    FC_CUDA_TRY(cudaSetDevice(rank->index));
    if (bytes <= rank->buffer_bytes) {
        return FC_OK;
    }
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    FC_CUDA_TRY(cudaMemGetInfo(&free_bytes, &total_bytes));
    size_t room = (free_bytes + 2 * rank->buffer_bytes) / 2;
    if (2 * bytes > room) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "two buffers of %zu bytes have no room on device %d",
                            bytes, rank->index);
    }
    unsigned char *old = rank->buffers;
    rank->buffers = NULL;
    rank->buffer_bytes = 0;
    FC_CUDA_TRY(cudaFree(old));
    FC_CUDA_TRY(cudaMalloc(reinterpret_cast<void **>(&rank->buffers), 2 * bytes));
    rank->buffer_bytes = bytes;
    return FC_OK;
}

/* ---- prepare ---------------------------------------------------------------------------------------------------- */

static fc_status check(uint32_t *out_ranks, const fc_sample *sample, fc_error *error) {
    if (sample->collective_op <= FC_COLLECTIVE_NONE || sample->collective_op > FC_COLLECTIVE_SEND_RECV) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a collective on GPUs is an all_reduce, all_gather, reduce_scatter, all_to_all or "
                            "send_recv");
    }
    int devices = 0;
    FC_CUDA_TRY(cudaGetDeviceCount(&devices));
    uint32_t most = static_cast<uint32_t>(devices) < MOST_RANKS ? static_cast<uint32_t>(devices) : MOST_RANKS;
    *out_ranks = sample->ranks != 0 ? sample->ranks : most;
    if (*out_ranks < 2 || *out_ranks > most) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "collectives between GPUs need two or more of them; %u wanted, %u here", *out_ranks, most);
    }
    if (!(sample->bytes >= 1.0) || sample->bytes > 1e15) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a collective has a size from 1 byte on; found %g",
                            sample->bytes);
    }
    return FC_OK;
}

/* Whole numbers for each rank, as few as one. */
static size_t whole_bytes(double bytes, uint32_t ranks) {
    size_t unit = WIDTH * ranks;
    size_t units = static_cast<size_t>(bytes) / unit;
    return (units > 0 ? units : 1) * unit;
}

static fc_status prepare_ranks(cuda_device *device, fc_sample *sample, uint32_t count, fc_error *error) {
    cuda_exchange *own = device->exchange;
    if (own->ranks_count != count) {
        release_ranks(own, false);
        FC_TRY(make_ranks(device, count, error));
    }
    size_t bytes = whole_bytes(sample->bytes, count);
    for (uint32_t i = 0; i < count; i++) {
        exchange_rank *rank = &own->ranks[i];
        FC_TRY(grow_buffers(rank, bytes, error));
        /* Each rank has numbers of its own. */
        FC_CUDA_TRY(fc_cuda_fill(rank->buffers, bytes / WIDTH, FC_DTYPE_FP32, device->seed + i, rank->stream));
        FC_CUDA_TRY(cudaStreamSynchronize(rank->stream));
    }
    sample->ranks = count;
    sample->bytes = static_cast<double>(bytes);
    sample->dtype = FC_DTYPE_FP32;
    sample->residency = FC_RESIDENCY_UNKNOWN;
    return FC_OK;
}

fc_status fc_cuda_collective_prepare(cuda_device *device, fc_sample *sample, fc_error *error) {
    uint32_t count = 0;
    FC_TRY(check(&count, sample, error));
    if (device->exchange == NULL) {
        device->exchange = static_cast<cuda_exchange *>(calloc(1, sizeof *device->exchange));
        if (device->exchange == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the ranks of a collective");
        }
    }
    if (device->exchange->nccl.library == NULL) {
        FC_TRY(fc_nccl_open(&device->exchange->nccl, error));
    }
    fc_status status = prepare_ranks(device, sample, count, error);
    if (status != FC_OK) {
        release_ranks(device->exchange, status != FC_OVER_LIMIT);
    }
    (void)cudaSetDevice(device->index);
    return status;
}

/* ---- run -------------------------------------------------------------------------------------------------------- */

/* One rank's part of an all-to-all: a piece for each, itself included. */
static fc_status exchange_pieces(cuda_exchange *own, const exchange_rank *rank, size_t count, fc_error *error) {
    size_t piece = count / own->ranks_count;
    unsigned char *to = rank->buffers + rank->buffer_bytes;
    for (uint32_t peer = 0; peer < own->ranks_count; peer++) {
        size_t at = peer * piece * WIDTH;
        int number = static_cast<int>(peer);
        FC_NCCL_TRY(own, own->nccl.send(rank->buffers + at, piece, FC_NCCL_FLOAT32, number, rank->comm, rank->stream));
        FC_NCCL_TRY(own, own->nccl.receive(to + at, piece, FC_NCCL_FLOAT32, number, rank->comm, rank->stream));
    }
    return FC_OK;
}

static fc_status enqueue_rank(cuda_exchange *own, const fc_sample *sample, uint32_t index, fc_error *error) {
    const exchange_rank *rank = &own->ranks[index];
    size_t count = static_cast<size_t>(sample->bytes) / WIDTH;
    const unsigned char *from = rank->buffers;
    unsigned char *to = rank->buffers + rank->buffer_bytes;
    uint32_t ranks = own->ranks_count;
    switch (sample->collective_op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        FC_NCCL_TRY(own, own->nccl.all_reduce(from, to, count, FC_NCCL_FLOAT32, FC_NCCL_SUM, rank->comm, rank->stream));
        return FC_OK;
    case FC_COLLECTIVE_ALL_GATHER:
        FC_NCCL_TRY(own, own->nccl.all_gather(from, to, count / ranks, FC_NCCL_FLOAT32, rank->comm, rank->stream));
        return FC_OK;
    case FC_COLLECTIVE_REDUCE_SCATTER:
        FC_NCCL_TRY(own, own->nccl.reduce_scatter(from, to, count / ranks, FC_NCCL_FLOAT32, FC_NCCL_SUM, rank->comm,
                                                  rank->stream));
        return FC_OK;
    case FC_COLLECTIVE_ALL_TO_ALL:
        return exchange_pieces(own, rank, count, error);
    default: {
        int next = static_cast<int>((index + 1) % ranks);
        int before = static_cast<int>((index + ranks - 1) % ranks);
        FC_NCCL_TRY(own, own->nccl.send(from, count, FC_NCCL_FLOAT32, next, rank->comm, rank->stream));
        FC_NCCL_TRY(own, own->nccl.receive(to, count, FC_NCCL_FLOAT32, before, rank->comm, rank->stream));
        return FC_OK;
    }
    }
}

/* One call of all ranks; the group is closed whatever happened in it. */
static fc_status enqueue_all(cuda_exchange *own, const fc_sample *sample, fc_error *error) {
    FC_NCCL_TRY(own, own->nccl.group_start());
    fc_status status = FC_OK;
    for (uint32_t i = 0; i < own->ranks_count && status == FC_OK; i++) {
        status = enqueue_rank(own, sample, i, error);
    }
    int ended = own->nccl.group_end();
    return status != FC_OK ? status : fc_nccl_status(&own->nccl, ended, "group_end", error);
}

static fc_status record(cuda_exchange *own, bool is_end, fc_error *error) {
    for (uint32_t i = 0; i < own->ranks_count; i++) {
        FC_CUDA_TRY(cudaSetDevice(own->ranks[i].index));
        FC_CUDA_TRY(cudaEventRecord(is_end ? own->ranks[i].end : own->ranks[i].begin, own->ranks[i].stream));
    }
    return FC_OK;
}

static fc_status longest_s(double *out, const cuda_exchange *own, fc_error *error) {
    *out = 0.0;
    for (uint32_t i = 0; i < own->ranks_count; i++) {
        float elapsed_ms = 0.0F;
        FC_CUDA_TRY(cudaSetDevice(own->ranks[i].index));
        FC_CUDA_TRY(cudaEventSynchronize(own->ranks[i].end));
        FC_CUDA_TRY(cudaEventElapsedTime(&elapsed_ms, own->ranks[i].begin, own->ranks[i].end));
        double seconds = 1e-3 * static_cast<double>(elapsed_ms);
        *out = seconds > *out ? seconds : *out;
    }
    return FC_OK;
}

static fc_status run_all(cuda_device *device, uint32_t calls, double *out_seconds, fc_error *error) {
    cuda_exchange *own = device->exchange;
    FC_TRY(record(own, false, error));
    for (uint32_t call = 0; call < calls; call++) {
        FC_TRY(enqueue_all(own, &device->sample, error));
    }
    FC_TRY(record(own, true, error));
    fc_cuda_watch(device);
    return longest_s(out_seconds, own, error);
}

fc_status fc_cuda_collective_run(cuda_device *device, uint32_t calls, double *out_seconds, fc_error *error) {
    fc_status status = run_all(device, calls, out_seconds, error);
    if (status != FC_OK) {
        release_ranks(device->exchange, true);
        device->sample.kind = FC_SAMPLE_KIND_COUNT;
    }
    (void)cudaSetDevice(device->index);
    return status;
}

/* ---- peek ------------------------------------------------------------------------------------------------------- */

fc_status fc_cuda_collective_peek(const cuda_device *device, uint32_t part, void *out, size_t bytes, fc_error *error) {
    const cuda_exchange *own = device->exchange;
    uint32_t index = part / 2;
    if (index >= own->ranks_count || bytes > own->ranks[index].buffer_bytes) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no %zu bytes of part %u are prepared", bytes, part);
    }
    const exchange_rank *rank = &own->ranks[index];
    FC_CUDA_TRY(cudaSetDevice(rank->index));
    FC_CUDA_TRY(cudaMemcpyAsync(out, rank->buffers + part % 2 * rank->buffer_bytes, bytes, cudaMemcpyDeviceToHost,
                                rank->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(rank->stream));
    return FC_OK;
}
