/* backend_cuda.cu: an NVIDIA card as a device, timed by CUDA events: the five slots. What a case is stands in matmul.cu,
 * streams.cu, rows.cu and collective.cu. */
#include "device.h"
#include "peek.h"
#include "stream.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define FULL_QUESTION_RUN 3

/* ---- open and close --------------------------------------------------------------------------------------------- */

/* Nothing can be done about an error here, and the process may be ending. */
static void cuda_close(void *opened) {
    cuda_device *device = static_cast<cuda_device *>(opened);
    if (device == NULL) {
        return;
    }
    (void)cudaSetDevice(device->index);
    if (device->stream != NULL) {
        (void)cudaStreamSynchronize(device->stream); /* after an error, work may still use what is freed here */
    }
    fc_cuda_collective_close(device);
    (void)cudaSetDevice(device->index);
    fc_telemetry_close(&device->telemetry);
    fc_cuda_matmul_close(device);
    (void)cudaFree(device->pool);
    if (device->begin != NULL) {
        (void)cudaEventDestroy(device->begin);
    }
    if (device->end != NULL) {
        (void)cudaEventDestroy(device->end);
    }
    if (device->stream != NULL) {
        (void)cudaStreamDestroy(device->stream);
    }
    free(device);
}

static fc_status acquire(cuda_device *device, fc_error *error) {
    FC_CUDA_TRY(cudaSetDevice(device->index));
    FC_CUDA_TRY(cudaGetDeviceProperties(&device->properties, device->index));
    if (device->properties.major < 8) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                            "%s has compute capability %d.%d; this plug-in is built for 8.0 (A100) and later",
                            device->properties.name, device->properties.major, device->properties.minor);
    }
    FC_CUDA_TRY(cudaStreamCreateWithFlags(&device->stream, cudaStreamNonBlocking));
    FC_CUDA_TRY(cudaEventCreate(&device->begin));
    FC_CUDA_TRY(cudaEventCreate(&device->end));
    char bus_address[32] = "";
    FC_CUDA_TRY(cudaDeviceGetPCIBusId(bus_address, sizeof bus_address, device->index));
    fc_telemetry_open(&device->telemetry, bus_address);
    return fc_cuda_matmul_open(device, error);
}

static fc_status cuda_open(void **out, const fc_backend_options *options, fc_error *error) {
    int count = 0;
    cudaError_t found = cudaGetDeviceCount(&count);
    if (found != cudaSuccess || count == 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no CUDA device can be used here: %s",
                            found != cudaSuccess ? cudaGetErrorString(found) : "the driver lists none");
    }
    if (options->device_index >= static_cast<uint32_t>(count)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "there is no CUDA device %u: the driver lists 0 to %d",
                            options->device_index, count - 1);
    }
    cuda_device *device = static_cast<cuda_device *>(calloc(1, sizeof *device));
    if (device == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the CUDA device");
    }
    device->seed = options->seed;
    device->index = static_cast<int>(options->device_index);
    device->sample.kind = FC_SAMPLE_KIND_COUNT;
    fc_status status = acquire(device, error);
    if (status != FC_OK) {
        cuda_close(device);
        return status;
    }
    *out = device;
    return FC_OK;
}

static fc_status cuda_info(void *opened, fc_device_info *out, fc_error *error) {
    const cuda_device *device = static_cast<const cuda_device *>(opened);
    memset(out, 0, sizeof *out);
    int driver = 0;
    int runtime = 0;
    int clock_khz = 0;
    FC_CUDA_TRY(cudaDriverGetVersion(&driver));
    FC_CUDA_TRY(cudaRuntimeGetVersion(&runtime));
    FC_CUDA_TRY(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, device->index));
    size_t cublas = cublasLtGetVersion();
    (void)snprintf(out->backend, sizeof out->backend, "cuda");
    (void)snprintf(out->name, sizeof out->name, "%.200s", device->properties.name);
    (void)snprintf(out->library, sizeof out->library, "cuBLASLt %zu.%zu.%zu, CUDA runtime %d.%d", cublas / 10000,
                   cublas / 100 % 100, cublas % 100, runtime / 1000, runtime / 10 % 100);
    (void)snprintf(out->driver, sizeof out->driver, "CUDA driver %d.%d, compute capability %d.%d", driver / 1000,
                   driver / 10 % 100, device->properties.major, device->properties.minor);
    out->cores_count = device->properties.multiProcessorCount;
    out->memory_bytes = static_cast<double>(device->properties.totalGlobalMem);
    out->cache_bytes = static_cast<double>(device->properties.l2CacheSize);
    out->clock_hz = 1e3 * clock_khz;
    fc_telemetry_describe(&device->telemetry, out);
    out->busy = device->busy;
#ifdef FC_CUDA_EMULATED /* by the stand-in of tests/emulated_cuda alone */
    out->emulated = 1;
#endif
    return FC_OK;
}

/* ---- prepare and run -------------------------------------------------------------------------------------------- */

static fc_status prepare_launch(const fc_sample *sample, fc_error *error) {
    if (sample->memory_op != FC_MEMORY_OP_NONE && sample->memory_op != FC_MEMORY_OP_WAIT) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a launch on a CUDA device is one of many in a row, or one that is waited for");
    }
    return FC_OK;
}

static fc_status cuda_prepare(void *opened, fc_sample *sample, fc_error *error) {
    cuda_device *device = static_cast<cuda_device *>(opened);
    fc_cuda_matmul_release(device);
    device->sample.kind = FC_SAMPLE_KIND_COUNT;
    FC_CUDA_TRY(cudaSetDevice(device->index)); /* each thread has a current device of its own */
    sample->threads = 0;
    device->busy = {};
    device->runs_count = 0;
    switch (sample->kind) {
    case FC_SAMPLE_MATMUL:
        FC_TRY(fc_cuda_matmul_prepare(device, sample, error));
        break;
    case FC_SAMPLE_MEMORY:
        FC_TRY(fc_cuda_streams_prepare(device, sample, error));
        break;
    case FC_SAMPLE_ELEMENTWISE:
        FC_TRY(fc_cuda_rows_prepare(device, sample, error));
        break;
    case FC_SAMPLE_LAUNCH:
        FC_TRY(prepare_launch(sample, error));
        break;
    case FC_SAMPLE_COLLECTIVE:
        FC_TRY(fc_cuda_collective_prepare(device, sample, error));
        break;
    default:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the CUDA backend has no case of kind %u", sample->kind);
    }
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    device->sample = *sample;
    return FC_OK;
}

/* A launch that is waited for stays between the two events, since the next one follows the wait. */
static fc_status enqueue_launch(cuda_device *device, fc_error *error) {
    FC_CUDA_TRY(fc_cuda_nothing(device->stream));
    if (device->sample.memory_op == FC_MEMORY_OP_WAIT) {
        FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    }
    return FC_OK;
}

static fc_status enqueue(cuda_device *device, fc_error *error) {
    switch (device->sample.kind) {
    case FC_SAMPLE_MATMUL:
        return fc_cuda_matmul_enqueue(device, error);
    case FC_SAMPLE_MEMORY:
        return fc_cuda_streams_enqueue(device, error);
    case FC_SAMPLE_ELEMENTWISE:
        return fc_cuda_rows_enqueue(device, error);
    default:
        return enqueue_launch(device, error);
    }
}

/* Asked while the card works on what was enqueued. A question for power may take a millisecond, so it is put once a case,
 * when the card has warmed up; the one for slowdowns in every run. */
void fc_cuda_watch(cuda_device *device) {
    fc_device_state state;
    if (++device->runs_count == FULL_QUESTION_RUN) {
        fc_telemetry_state(&device->telemetry, &state);
    } else {
        fc_telemetry_slowdowns(&device->telemetry, &state);
    }
    fc_device_state_add(&device->busy, &state);
}

static fc_status cuda_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    cuda_device *device = static_cast<cuda_device *>(opened);
    if (device->sample.kind == FC_SAMPLE_KIND_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no case is prepared on the CUDA device");
    }
    FC_CUDA_TRY(cudaSetDevice(device->index));
    if (device->sample.kind == FC_SAMPLE_COLLECTIVE) {
        return fc_cuda_collective_run(device, calls, out_seconds, error);
    }
    FC_CUDA_TRY(cudaEventRecord(device->begin, device->stream));
    for (uint32_t call = 0; call < calls; call++) {
        FC_TRY(enqueue(device, error));
    }
    FC_CUDA_TRY(cudaEventRecord(device->end, device->stream));
    fc_cuda_watch(device);
    FC_CUDA_TRY(cudaEventSynchronize(device->end));
    float elapsed_ms = 0.0F;
    FC_CUDA_TRY(cudaEventElapsedTime(&elapsed_ms, device->begin, device->end));
    *out_seconds = 1e-3 * static_cast<double>(elapsed_ms);
    return FC_OK;
}

/* ---- peek ------------------------------------------------------------------------------------------------------- */

static size_t part_at(const cuda_device *device, uint32_t part, size_t *out_bytes) {
    *out_bytes = 0;
    switch (device->sample.kind) {
    case FC_SAMPLE_MATMUL:
        return fc_cuda_matmul_at(device, part, out_bytes);
    case FC_SAMPLE_MEMORY:
        return fc_cuda_streams_at(device, part, out_bytes);
    case FC_SAMPLE_ELEMENTWISE:
        return fc_cuda_rows_at(device, part, out_bytes);
    default:
        return 0;
    }
}

extern "C" fc_cuda_peek_function fc_cuda_peek;

fc_status fc_cuda_peek(void *opened, uint32_t part, void *out, size_t bytes, size_t *out_offset_bytes,
                       fc_error *error) {
    const cuda_device *device = static_cast<const cuda_device *>(opened);
    if (device->sample.kind == FC_SAMPLE_COLLECTIVE) {
        *out_offset_bytes = 0;
        return fc_cuda_collective_peek(device, part, out, bytes, error);
    }
    size_t part_bytes = 0;
    size_t offset_bytes = part < FC_CUDA_PART_COUNT ? part_at(device, part, &part_bytes) : 0;
    if (bytes > part_bytes) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no %zu bytes of part %u are prepared", bytes, part);
    }
    *out_offset_bytes = offset_bytes;
    FC_CUDA_TRY(cudaSetDevice(device->index));
    FC_CUDA_TRY(cudaMemcpyAsync(out, device->pool + offset_bytes, bytes, cudaMemcpyDeviceToHost, device->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    return FC_OK;
}

/* A constant at namespace scope is private to its file unless it was declared otherwise before. */
extern "C" {
extern const fc_backend fc_backend_table;
}

const fc_backend fc_backend_table = {FC_BACKEND_ABI, "cuda", cuda_open, cuda_info, cuda_prepare, cuda_run, cuda_close};
