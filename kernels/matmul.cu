/* backend_cublas.cu: an NVIDIA card as a device: cuBLASLt matmul, copy and triad, launches, timed by CUDA events.
 *
 * out[m×n] = a[m×k] · weights[n×k]ᵀ in row-major order, the layout of a trained layer. cuBLASLt thinks in columns, so it
 * is asked for outᵀ = weights (transposed) · aᵀ: "TN", the only layout that fp8 has. Operands are cold: every call takes
 * the next of several equal sets that together pass the L2 cache twice.
 */
#include "cuda_check.h"
#include "flopcast/backend.h"
#include "peek.h"
#include "stream.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define WORKSPACE_BYTES ((size_t)32 << 20)
#define ALIGN_BYTES ((size_t)256)
#define LEAST_ARRAY_BYTES ((size_t)256 << 20)

typedef struct cuda_device {
    uint64_t seed;
    int index;
    cudaDeviceProp properties;
    cudaStream_t stream;
    cudaEvent_t begin;
    cudaEvent_t end;
    cublasLtHandle_t cublas;
    unsigned char *pool; /* sets of operands, then sets of outputs; or three arrays */
    size_t pool_bytes;
    void *workspace;
    float *one; /* on the device: the scale of fp8 operands */
    fc_sample sample;
    size_t a_bytes;
    size_t b_bytes;
    size_t c_bytes;
    size_t sets_count;
    size_t next_set;
    size_t array_bytes;
    cublasLtMatmulDesc_t matmul; /* of the prepared case, as the next three; NULL otherwise */
    cublasLtMatrixLayout_t weights_layout;
    cublasLtMatrixLayout_t a_layout;
    cublasLtMatrixLayout_t out_layout;
    cublasLtMatmulAlgo_t algorithm;
} cuda_device;

/* How one dtype is multiplied. */
typedef struct recipe {
    fc_dtype dtype;
    cudaDataType_t operand;
    cudaDataType_t result;
    cublasComputeType_t compute;
    cudaDataType_t scale;
    int least_capability; /* 10·major + minor */
} recipe;

static const recipe recipes[] = {
    {FC_DTYPE_FP64, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, CUDA_R_64F, 0},
    {FC_DTYPE_FP32, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 0},
    {FC_DTYPE_TF32, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, 80},
    {FC_DTYPE_FP16, CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 0},
    {FC_DTYPE_BF16, CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 80},
    {FC_DTYPE_FP8, CUDA_R_8F_E4M3, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 89},
};

static const recipe *find_recipe(uint32_t dtype) {
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        if (recipes[i].dtype == (fc_dtype)dtype) {
            return &recipes[i];
        }
    }
    return NULL;
}

/* ---- open and close --------------------------------------------------------------------------------------------- */

static void release_case(cuda_device *device) {
    if (device->matmul != NULL) {
        (void)cublasLtMatmulDescDestroy(device->matmul);
    }
    cublasLtMatrixLayout_t *layouts[] = {&device->weights_layout, &device->a_layout, &device->out_layout};
    for (cublasLtMatrixLayout_t *layout : layouts) {
        if (*layout != NULL) {
            (void)cublasLtMatrixLayoutDestroy(*layout);
        }
        *layout = NULL;
    }
    device->matmul = NULL;
}

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
    release_case(device);
    if (device->cublas != NULL) {
        (void)cublasLtDestroy(device->cublas);
    }
    (void)cudaFree(device->pool);
    (void)cudaFree(device->workspace);
    (void)cudaFree(device->one);
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
    FC_CUDA_TRY(cudaMalloc(&device->workspace, WORKSPACE_BYTES));
    FC_CUDA_TRY(cudaMalloc(reinterpret_cast<void **>(&device->one), sizeof(float)));
    const float one = 1.0F;
    /* On our own stream, which does not wait for the default one. */
    FC_CUDA_TRY(cudaMemcpyAsync(device->one, &one, sizeof one, cudaMemcpyHostToDevice, device->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    FC_CUBLAS_TRY(cublasLtCreate(&device->cublas));
    return FC_OK;
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
    out->clock_hz = 1e3 * clock_khz;
#ifdef FC_CUDA_EMULATED /* by the stand-in of tests/emulated_cuda alone */
    out->emulated = 1;
#endif
    return FC_OK;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static size_t aligned(double bytes) {
    return (static_cast<size_t>(bytes) + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

/* Bytes that the pool may have: half of what is free, so that a desktop or a neighbour lives on. */
static fc_status room_bytes(size_t *out, const cuda_device *device, fc_error *error) {
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    FC_CUDA_TRY(cudaMemGetInfo(&free_bytes, &total_bytes));
    *out = (free_bytes + device->pool_bytes) / 2;
    return FC_OK;
}

static fc_status grow_pool(cuda_device *device, size_t bytes, fc_error *error) {
    if (bytes <= device->pool_bytes) {
        return FC_OK;
    }
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    /* An error here may be an earlier call's and the memory gone all the same: it is never freed twice. */
    unsigned char *old = device->pool;
    device->pool = NULL;
    device->pool_bytes = 0;
    FC_CUDA_TRY(cudaFree(old));
    FC_CUDA_TRY(cudaMalloc(reinterpret_cast<void **>(&device->pool), bytes));
    device->pool_bytes = bytes;
    return FC_OK;
}

static fc_status prepare_memory(cuda_device *device, fc_sample *sample, fc_error *error) {
    if (sample->memory_op != FC_MEMORY_OP_COPY && sample->memory_op != FC_MEMORY_OP_TRIAD) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a memory case is a copy or a triad");
    }
    size_t room = 0;
    FC_TRY(room_bytes(&room, device, error));
    size_t cache = static_cast<size_t>(device->properties.l2CacheSize);
    size_t wanted = 4 * cache > LEAST_ARRAY_BYTES ? 4 * cache : LEAST_ARRAY_BYTES;
    device->array_bytes = (wanted < room / 4 ? wanted : room / 4) / ALIGN_BYTES * ALIGN_BYTES;
    if (device->array_bytes == 0) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "the device has no memory left for three arrays");
    }
    FC_TRY(grow_pool(device, 3 * device->array_bytes, error));
    FC_CUDA_TRY(fc_cuda_fill(device->pool, 3 * device->array_bytes / sizeof(double), FC_DTYPE_FP64, device->seed,
                             device->stream));
    size_t arrays = sample->memory_op == FC_MEMORY_OP_COPY ? 2 : 3; /* as STREAM counts */
    sample->dtype = FC_DTYPE_FP64;
    sample->bytes = static_cast<double>(arrays * device->array_bytes);
    sample->residency = arrays * device->array_bytes > cache ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

/* ---- matmul ----------------------------------------------------------------------------------------------------- */

static fc_status make_layout(cublasLtMatrixLayout_t *out, cudaDataType_t type, uint64_t rows, uint64_t columns,
                             uint32_t batch, fc_error *error) {
    FC_CUBLAS_TRY(cublasLtMatrixLayoutCreate(out, type, rows, columns, static_cast<int64_t>(rows)));
    int32_t count = static_cast<int32_t>(batch);
    int64_t stride = static_cast<int64_t>(rows * columns);
    FC_CUBLAS_TRY(cublasLtMatrixLayoutSetAttribute(*out, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    FC_CUBLAS_TRY(
        cublasLtMatrixLayoutSetAttribute(*out, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
    return FC_OK;
}

/* fp8 operands carry a scale each, here 1, and are summed the fast way, as training recipes do in the forward pass. */
static fc_status describe_fp8(cuda_device *device, fc_error *error) {
    const void *scale = device->one;
    const int8_t fast = 1;
    FC_CUBLAS_TRY(
        cublasLtMatmulDescSetAttribute(device->matmul, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &scale, sizeof scale));
    FC_CUBLAS_TRY(
        cublasLtMatmulDescSetAttribute(device->matmul, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &scale, sizeof scale));
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast));
    return FC_OK;
}

static fc_status describe(cuda_device *device, const recipe *how, const fc_sample *sample, fc_error *error) {
    FC_CUBLAS_TRY(cublasLtMatmulDescCreate(&device->matmul, how->compute, how->scale));
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const cublasOperation_t plain = CUBLAS_OP_N;
    FC_CUBLAS_TRY(
        cublasLtMatmulDescSetAttribute(device->matmul, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed));
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul, CUBLASLT_MATMUL_DESC_TRANSB, &plain, sizeof plain));
    if (how->dtype == FC_DTYPE_FP8) {
        FC_TRY(describe_fp8(device, error));
    }
    FC_TRY(make_layout(&device->weights_layout, how->operand, sample->k, sample->n, sample->batch, error));
    FC_TRY(make_layout(&device->a_layout, how->operand, sample->k, sample->m, sample->batch, error));
    return make_layout(&device->out_layout, how->result, sample->n, sample->m, sample->batch, error);
}

static fc_status choose_algorithm(cuda_device *device, const fc_sample *sample, fc_error *error) {
    cublasLtMatmulPreference_t preference = NULL;
    FC_CUBLAS_TRY(cublasLtMatmulPreferenceCreate(&preference));
    const size_t workspace_bytes = WORKSPACE_BYTES;
    cublasLtMatmulHeuristicResult_t best;
    int found = 0;
    cublasStatus_t status = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                                 &workspace_bytes, sizeof workspace_bytes);
    if (status == CUBLAS_STATUS_SUCCESS) {
        status =
            cublasLtMatmulAlgoGetHeuristic(device->cublas, device->matmul, device->weights_layout, device->a_layout,
                                           device->out_layout, device->out_layout, preference, 1, &best, &found);
    }
    (void)cublasLtMatmulPreferenceDestroy(preference);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED || (status == CUBLAS_STATUS_SUCCESS && found == 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "cuBLASLt has no %s kernel for %u x %u x %u",
                            fc_dtype_name((fc_dtype)sample->dtype), sample->m, sample->n, sample->k);
    }
    FC_TRY(fc_cublas_status(status, "cublasLtMatmulAlgoGetHeuristic", error));
    FC_TRY(fc_cublas_status(best.state, "cublasLtMatmulAlgoGetHeuristic's first choice", error));
    device->algorithm = best.algo;
    return FC_OK;
}

static fc_status check_recipe(const cuda_device *device, const recipe *how, const fc_sample *sample, fc_error *error) {
    if (how == NULL) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the CUDA backend multiplies fp64, fp32, tf32, fp16, bf16 and fp8, not %s",
                            sample->dtype < FC_DTYPE_COUNT ? fc_dtype_name((fc_dtype)sample->dtype) : "this");
    }
    int capability = 10 * device->properties.major + device->properties.minor;
    if (capability < how->least_capability) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%s needs compute capability %d.%d; %s has %d.%d",
                            fc_dtype_name(how->dtype), how->least_capability / 10, how->least_capability % 10,
                            device->properties.name, device->properties.major, device->properties.minor);
    }
    return FC_OK;
}

/* Sets enough to pass the cache twice, as many as have room. */
static fc_status place_operands(cuda_device *device, const recipe *how, fc_sample *sample, fc_error *error) {
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    double batch = sample->batch;
    double in_width = fc_dtype_bytes(how->dtype);
    double out_width = how->dtype == FC_DTYPE_FP8 ? fc_dtype_bytes(FC_DTYPE_BF16) : in_width;
    sample->bytes = batch * (in_width * (m * k + n * k) + out_width * m * n);
    size_t room = 0;
    FC_TRY(room_bytes(&room, device, error));
    if (!(sample->bytes > 0.0) || sample->bytes + 3.0 * ALIGN_BYTES > static_cast<double>(room)) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "a matmul of %u x %u x %u takes %.4g bytes; 1 to %zu fit",
                            sample->m, sample->n, sample->k, sample->bytes, room);
    }
    device->a_bytes = aligned(batch * in_width * m * k);
    device->b_bytes = aligned(batch * in_width * n * k);
    device->c_bytes = aligned(batch * out_width * m * n);
    size_t one_set = device->a_bytes + device->b_bytes + device->c_bytes;
    size_t cache = static_cast<size_t>(device->properties.l2CacheSize);
    size_t wanted = 2 * cache / one_set + 1;
    device->sets_count = wanted < room / one_set ? wanted : room / one_set;
    device->next_set = 0;
    FC_TRY(grow_pool(device, device->sets_count * one_set, error));
    size_t operands_bytes = device->sets_count * (device->a_bytes + device->b_bytes);
    FC_CUDA_TRY(fc_cuda_fill(device->pool, operands_bytes / static_cast<size_t>(in_width), how->dtype, device->seed,
                             device->stream));
    sample->residency = device->sets_count * one_set > cache ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

static fc_status prepare_matmul(cuda_device *device, fc_sample *sample, fc_error *error) {
    const recipe *how = find_recipe(sample->dtype);
    FC_TRY(check_recipe(device, how, sample, error));
    FC_TRY(place_operands(device, how, sample, error));
    FC_TRY(describe(device, how, sample, error));
    return choose_algorithm(device, sample, error);
}

/* Where an operand or result of a set begins in the pool: pairs of operands first, for one fill, then the results. */
static size_t part_offset(const cuda_device *device, size_t set, uint32_t part) {
    size_t pair_bytes = device->a_bytes + device->b_bytes;
    if (part == FC_CUDA_PART_OUT) {
        return device->sets_count * pair_bytes + set * device->c_bytes;
    }
    return set * pair_bytes + (part == FC_CUDA_PART_B ? device->a_bytes : 0);
}

static fc_status multiply_once(cuda_device *device, fc_error *error) {
    const unsigned char *a = device->pool + part_offset(device, device->next_set, FC_CUDA_PART_A);
    const unsigned char *weights = device->pool + part_offset(device, device->next_set, FC_CUDA_PART_B);
    unsigned char *out = device->pool + part_offset(device, device->next_set, FC_CUDA_PART_OUT);
    device->next_set = device->next_set + 1 < device->sets_count ? device->next_set + 1 : 0;
    const double one_f64 = 1.0;
    const double zero_f64 = 0.0;
    const float one_f32 = 1.0F;
    const float zero_f32 = 0.0F;
    bool is_fp64 = device->sample.dtype == FC_DTYPE_FP64;
    const void *one = is_fp64 ? static_cast<const void *>(&one_f64) : static_cast<const void *>(&one_f32);
    const void *zero = is_fp64 ? static_cast<const void *>(&zero_f64) : static_cast<const void *>(&zero_f32);
    FC_CUBLAS_TRY(cublasLtMatmul(device->cublas, device->matmul, one, weights, device->weights_layout, a,
                                 device->a_layout, zero, out, device->out_layout, out, device->out_layout,
                                 &device->algorithm, device->workspace, WORKSPACE_BYTES, device->stream));
    return FC_OK;
}

/* ---- prepare and run -------------------------------------------------------------------------------------------- */

static fc_status cuda_prepare(void *opened, fc_sample *sample, fc_error *error) {
    cuda_device *device = static_cast<cuda_device *>(opened);
    release_case(device);
    device->sample.kind = FC_SAMPLE_KIND_COUNT;
    FC_CUDA_TRY(cudaSetDevice(device->index)); /* each thread has a current device of its own */
    sample->threads = 0;
    if (sample->kind == FC_SAMPLE_MATMUL) {
        FC_TRY(prepare_matmul(device, sample, error));
    } else if (sample->kind == FC_SAMPLE_MEMORY) {
        FC_TRY(prepare_memory(device, sample, error));
    } else if (sample->kind != FC_SAMPLE_LAUNCH) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the CUDA backend has matmul, memory and launch cases, not kind %u", sample->kind);
    }
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    device->sample = *sample;
    return FC_OK;
}

static fc_status enqueue(cuda_device *device, fc_error *error) {
    if (device->sample.kind == FC_SAMPLE_MATMUL) {
        return multiply_once(device, error);
    }
    if (device->sample.kind == FC_SAMPLE_LAUNCH) {
        FC_CUDA_TRY(fc_cuda_nothing(device->stream));
        return FC_OK;
    }
    const unsigned char *b = device->pool;
    const unsigned char *c = b + device->array_bytes;
    unsigned char *out = device->pool + 2 * device->array_bytes;
    if (device->sample.memory_op == FC_MEMORY_OP_COPY) {
        FC_CUDA_TRY(fc_cuda_copy(out, b, device->array_bytes, device->stream));
    } else {
        FC_CUDA_TRY(fc_cuda_triad(out, b, c, device->array_bytes, device->stream));
    }
    return FC_OK;
}

static fc_status cuda_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    cuda_device *device = static_cast<cuda_device *>(opened);
    if (device->sample.kind == FC_SAMPLE_KIND_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no case is prepared on the CUDA device");
    }
    FC_CUDA_TRY(cudaSetDevice(device->index));
    FC_CUDA_TRY(cudaEventRecord(device->begin, device->stream));
    for (uint32_t call = 0; call < calls; call++) {
        FC_TRY(enqueue(device, error));
    }
    FC_CUDA_TRY(cudaEventRecord(device->end, device->stream));
    FC_CUDA_TRY(cudaEventSynchronize(device->end));
    float elapsed_ms = 0.0F;
    FC_CUDA_TRY(cudaEventElapsedTime(&elapsed_ms, device->begin, device->end));
    *out_seconds = 1e-3 * static_cast<double>(elapsed_ms);
    return FC_OK;
}

static size_t part_bytes(const cuda_device *device, uint32_t part) {
    if (device->sample.kind == FC_SAMPLE_MEMORY) {
        return device->array_bytes;
    }
    if (device->sample.kind != FC_SAMPLE_MATMUL) {
        return 0;
    }
    return part == FC_CUDA_PART_A ? device->a_bytes : (part == FC_CUDA_PART_B ? device->b_bytes : device->c_bytes);
}

extern "C" fc_cuda_peek_function fc_cuda_peek;

fc_status fc_cuda_peek(void *opened, uint32_t part, void *out, size_t bytes, size_t *out_offset_bytes,
                       fc_error *error) {
    const cuda_device *device = static_cast<const cuda_device *>(opened);
    if (part >= FC_CUDA_PART_COUNT || bytes > part_bytes(device, part)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no %zu bytes of part %u are prepared", bytes, part);
    }
    size_t last_set = device->next_set > 0 ? device->next_set - 1 : device->sets_count - 1;
    *out_offset_bytes =
        device->sample.kind == FC_SAMPLE_MEMORY ? part * device->array_bytes : part_offset(device, last_set, part);
    FC_CUDA_TRY(cudaSetDevice(device->index));
    FC_CUDA_TRY(cudaMemcpyAsync(out, device->pool + *out_offset_bytes, bytes, cudaMemcpyDeviceToHost, device->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    return FC_OK;
}

/* A constant at namespace scope is private to its file unless it was declared otherwise before. */
extern "C" {
extern const fc_backend fc_backend_table;
}

const fc_backend fc_backend_table = {FC_BACKEND_ABI, "cuda", cuda_open, cuda_info, cuda_prepare, cuda_run, cuda_close};
