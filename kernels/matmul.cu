/* matmul.cu: matrix products by cuBLASLt.
 *
 * out[m×n] = a[m×k] · weights[n×k]ᵀ in row-major order, the layout of a trained layer, and those of its two gradients.
 * cuBLASLt thinks in columns, so it is asked for outᵀ = weights (transposed) · aᵀ: "TN", the only layout that fp8 has:
 * recipes transpose the operands of its gradients first, and so they are measured here. Operands are cold: every call takes
 * the next of several equal sets that together pass the L2 cache twice.
 */
#include "device.h"
#include "peek.h"
#include "stream.h"

#include <cstdint>

#define WORKSPACE_BYTES ((size_t)32 << 20)

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

fc_status fc_cuda_matmul_open(cuda_device *device, fc_error *error) {
    cuda_matmul *own = &device->matmul;
    FC_CUDA_TRY(cudaMalloc(&own->workspace, WORKSPACE_BYTES));
    FC_CUDA_TRY(cudaMalloc(reinterpret_cast<void **>(&own->one), sizeof(float)));
    const float one = 1.0F;
    /* On our own stream, which does not wait for the default one. */
    FC_CUDA_TRY(cudaMemcpyAsync(own->one, &one, sizeof one, cudaMemcpyHostToDevice, device->stream));
    FC_CUDA_TRY(cudaStreamSynchronize(device->stream));
    FC_CUBLAS_TRY(cublasLtCreate(&own->cublas));
    return FC_OK;
}

void fc_cuda_matmul_release(cuda_device *device) {
    if (device->matmul.description != NULL) {
        (void)cublasLtMatmulDescDestroy(device->matmul.description);
    }
    cublasLtMatrixLayout_t *layouts[] = {&device->matmul.weights_layout, &device->matmul.a_layout,
                                         &device->matmul.out_layout};
    for (cublasLtMatrixLayout_t *layout : layouts) {
        if (*layout != NULL) {
            (void)cublasLtMatrixLayoutDestroy(*layout);
        }
        *layout = NULL;
    }
    device->matmul.description = NULL;
}

void fc_cuda_matmul_close(cuda_device *device) {
    fc_cuda_matmul_release(device);
    if (device->matmul.cublas != NULL) {
        (void)cublasLtDestroy(device->matmul.cublas);
    }
    (void)cudaFree(device->matmul.workspace);
    (void)cudaFree(device->matmul.one);
}

/* ---- prepare ---------------------------------------------------------------------------------------------------- */

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
    const void *scale = device->matmul.one;
    const int8_t fast = 1;
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul.description, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER,
                                                 &scale, sizeof scale));
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul.description, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER,
                                                 &scale, sizeof scale));
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul.description, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast,
                                                 sizeof fast));
    return FC_OK;
}

static fc_status describe(cuda_device *device, const recipe *how, const fc_sample *sample, fc_error *error) {
    FC_CUBLAS_TRY(cublasLtMatmulDescCreate(&device->matmul.description, how->compute, how->scale));
    /* Rows here are columns there: a right operand of n rows of k is transposed back, one of k rows of n is as it is. */
    const bool by_outputs = sample->layout == FC_LAYOUT_NT;
    const bool by_tokens = sample->layout != FC_LAYOUT_TN;
    const cublasOperation_t weights = by_outputs ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t a = by_tokens ? CUBLAS_OP_N : CUBLAS_OP_T;
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul.description, CUBLASLT_MATMUL_DESC_TRANSA, &weights,
                                                 sizeof weights));
    FC_CUBLAS_TRY(cublasLtMatmulDescSetAttribute(device->matmul.description, CUBLASLT_MATMUL_DESC_TRANSB, &a, sizeof a));
    if (how->dtype == FC_DTYPE_FP8) {
        FC_TRY(describe_fp8(device, error));
    }
    const uint32_t m = sample->m;
    const uint32_t n = sample->n;
    const uint32_t k = sample->k;
    FC_TRY(make_layout(&device->matmul.weights_layout, how->operand, by_outputs ? k : n, by_outputs ? n : k,
                       sample->batch, error));
    FC_TRY(make_layout(&device->matmul.a_layout, how->operand, by_tokens ? k : m, by_tokens ? m : k, sample->batch,
                       error));
    return make_layout(&device->matmul.out_layout, how->result, sample->n, sample->m, sample->batch, error);
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
        status = cublasLtMatmulAlgoGetHeuristic(
            device->matmul.cublas, device->matmul.description, device->matmul.weights_layout, device->matmul.a_layout,
            device->matmul.out_layout, device->matmul.out_layout, preference, 1, &best, &found);
    }
    (void)cublasLtMatmulPreferenceDestroy(preference);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED || (status == CUBLAS_STATUS_SUCCESS && found == 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "cuBLASLt has no %s kernel for %u x %u x %u",
                            fc_dtype_name((fc_dtype)sample->dtype), sample->m, sample->n, sample->k);
    }
    FC_TRY(fc_cublas_status(status, "cublasLtMatmulAlgoGetHeuristic", error));
    FC_TRY(fc_cublas_status(best.state, "cublasLtMatmulAlgoGetHeuristic's first choice", error));
    device->matmul.algorithm = best.algo;
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
    FC_TRY(fc_cuda_room(&room, device, error));
    if (!(sample->bytes > 0.0) || sample->bytes + 3.0 * FC_CUDA_ALIGN_BYTES > static_cast<double>(room)) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "a matmul of %u x %u x %u takes %.4g bytes; 1 to %zu fit",
                            sample->m, sample->n, sample->k, sample->bytes, room);
    }
    device->matmul.a_bytes = fc_cuda_aligned(batch * in_width * m * k);
    device->matmul.b_bytes = fc_cuda_aligned(batch * in_width * n * k);
    device->matmul.c_bytes = fc_cuda_aligned(batch * out_width * m * n);
    size_t one_set = device->matmul.a_bytes + device->matmul.b_bytes + device->matmul.c_bytes;
    size_t cache = static_cast<size_t>(device->properties.l2CacheSize);
    size_t wanted = 2 * cache / one_set + 1;
    device->matmul.sets_count = wanted < room / one_set ? wanted : room / one_set;
    device->matmul.next_set = 0;
    FC_TRY(fc_cuda_grow_pool(device, device->matmul.sets_count * one_set, error));
    size_t operands_bytes = device->matmul.sets_count * (device->matmul.a_bytes + device->matmul.b_bytes);
    FC_CUDA_TRY(fc_cuda_fill(device->pool, operands_bytes / static_cast<size_t>(in_width), how->dtype, device->seed,
                             device->stream));
    sample->residency = device->matmul.sets_count * one_set > cache ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

fc_status fc_cuda_matmul_prepare(cuda_device *device, fc_sample *sample, fc_error *error) {
    const recipe *how = find_recipe(sample->dtype);
    FC_TRY(check_recipe(device, how, sample, error));
    if (how->dtype == FC_DTYPE_FP8) {
        sample->layout = FC_LAYOUT_NT;
    }
    FC_TRY(place_operands(device, how, sample, error));
    FC_TRY(describe(device, how, sample, error));
    return choose_algorithm(device, sample, error);
}

/* Where an operand or result of a set begins in the pool: pairs of operands first, for one fill, then the results. */
static size_t part_offset(const cuda_device *device, size_t set, uint32_t part) {
    size_t pair_bytes = device->matmul.a_bytes + device->matmul.b_bytes;
    if (part == FC_CUDA_PART_OUT) {
        return device->matmul.sets_count * pair_bytes + set * device->matmul.c_bytes;
    }
    return set * pair_bytes + (part == FC_CUDA_PART_B ? device->matmul.a_bytes : 0);
}

fc_status fc_cuda_matmul_enqueue(cuda_device *device, fc_error *error) {
    const unsigned char *a = device->pool + part_offset(device, device->matmul.next_set, FC_CUDA_PART_A);
    const unsigned char *weights = device->pool + part_offset(device, device->matmul.next_set, FC_CUDA_PART_B);
    unsigned char *out = device->pool + part_offset(device, device->matmul.next_set, FC_CUDA_PART_OUT);
    device->matmul.next_set = device->matmul.next_set + 1 < device->matmul.sets_count ? device->matmul.next_set + 1 : 0;
    const double one_f64 = 1.0;
    const double zero_f64 = 0.0;
    const float one_f32 = 1.0F;
    const float zero_f32 = 0.0F;
    bool is_fp64 = device->sample.dtype == FC_DTYPE_FP64;
    const void *one = is_fp64 ? static_cast<const void *>(&one_f64) : static_cast<const void *>(&one_f32);
    const void *zero = is_fp64 ? static_cast<const void *>(&zero_f64) : static_cast<const void *>(&zero_f32);
    FC_CUBLAS_TRY(cublasLtMatmul(device->matmul.cublas, device->matmul.description, one, weights,
                                 device->matmul.weights_layout, a, device->matmul.a_layout, zero, out,
                                 device->matmul.out_layout, out, device->matmul.out_layout, &device->matmul.algorithm,
                                 device->matmul.workspace, WORKSPACE_BYTES, device->stream));
    return FC_OK;
}

size_t fc_cuda_matmul_at(const cuda_device *device, uint32_t part, size_t *out_bytes) {
    const cuda_matmul *own = &device->matmul;
    const size_t sizes[] = {own->a_bytes, own->b_bytes, own->c_bytes};
    *out_bytes = part <= FC_CUDA_PART_OUT ? sizes[part] : 0;
    return part_offset(device, own->next_set > 0 ? own->next_set - 1 : own->sets_count - 1, part);
}
