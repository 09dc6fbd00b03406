/* cublaslt.cpp: the emulated cuBLASLt. A matmul is what its descriptors say, element by element, column by column. */
#include "state.h"

#include <cublasLt.h>
#include <fc_small_float.h>

#include <cstring>
#include <vector>

struct cublasLtContext {
    int device;
};
struct fc_emulated_matmul {
    cublasComputeType_t compute;
    cudaDataType_t scale;
    int32_t transposed_a, transposed_b;
    const float *a_scale, *b_scale;
};
struct fc_emulated_layout {
    cudaDataType_t type;
    uint64_t rows, columns;
    int64_t leading;
    int32_t batch;
    int64_t stride;
};
struct fc_emulated_preference {
    size_t workspace_bytes;
};

#define ENTER(own)                                                                                                     \
    do {                                                                                                               \
        if (!emulated_enter()) {                                                                                       \
            return emulated().sticky != cudaSuccess ? CUBLAS_STATUS_EXECUTION_FAILED : (own);                          \
        }                                                                                                              \
    } while (0)

size_t cublasLtGetVersion() { return 0; }

const char *cublasLtGetStatusString(cublasStatus_t status) {
    switch (status) {
    case CUBLAS_STATUS_SUCCESS:
        return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED:
        return "emulated: not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED:
        return "emulated: allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE:
        return "emulated: invalid value";
    case CUBLAS_STATUS_EXECUTION_FAILED:
        return "emulated: execution failed";
    case CUBLAS_STATUS_INTERNAL_ERROR:
        return "emulated: internal error";
    case CUBLAS_STATUS_NOT_SUPPORTED:
        return "emulated: not supported";
    }
    return "emulated: unknown";
}

/* ---- making and ending ------------------------------------------------------------------------------------------ */

template <typename T> static cublasStatus_t end(T *object) {
    const bool sound = emulated_enter();
    if (!emulated_end(object)) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    return sound ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INTERNAL_ERROR;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *out) {
    ENTER(CUBLAS_STATUS_NOT_INITIALIZED);
    *out = emulated_make<cublasLtContext>();
    (*out)->device = emulated_current_device();
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return end(handle); }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute, cudaDataType_t scale) {
    ENTER(CUBLAS_STATUS_ALLOC_FAILED);
    *out = emulated_make<fc_emulated_matmul>();
    **out = {compute, scale, CUBLAS_OP_N, CUBLAS_OP_N, nullptr, nullptr};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) { return end(desc); }

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType_t type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
    ENTER(CUBLAS_STATUS_ALLOC_FAILED);
    if (emulated().fault == FC_EMULATED_WRONG_DTYPE && type == CUDA_R_16BF) {
        type = CUDA_R_16F;
    }
    if (emulated().fault == FC_EMULATED_WRONG_LEADING) {
        leading += 16;
    }
    *out = emulated_make<fc_emulated_layout>();
    **out = {type, rows, columns, leading, 1, 0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return end(layout); }

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out) {
    ENTER(CUBLAS_STATUS_ALLOC_FAILED);
    *out = emulated_make<fc_emulated_preference>();
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) { return end(preference); }

/* ---- attributes: of the documented size, or refused -------------------------------------------------------------- */

template <typename T> static cublasStatus_t take(T *out, const void *value, size_t bytes) {
    if (bytes != sizeof *out || value == nullptr) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    memcpy(out, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes) {
    ENTER(CUBLAS_STATUS_INVALID_VALUE);
    if (!emulated_alive(desc)) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    int8_t fast = 0;
    cublasStatus_t status = CUBLAS_STATUS_INVALID_VALUE;
    switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
        status = take(&desc->transposed_a, value, bytes);
        desc->transposed_a ^= emulated().fault == FC_EMULATED_FLIPPED_TRANSPOSE ? 1 : 0;
        return status;
    case CUBLASLT_MATMUL_DESC_TRANSB:
        return take(&desc->transposed_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_A_SCALE_POINTER:
        return take(&desc->a_scale, value, bytes);
    case CUBLASLT_MATMUL_DESC_B_SCALE_POINTER:
        return take(&desc->b_scale, value, bytes);
    case CUBLASLT_MATMUL_DESC_FAST_ACCUM:
        return take(&fast, value, bytes);
    }
    return status;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void *value,
                                                size_t bytes) {
    ENTER(CUBLAS_STATUS_INVALID_VALUE);
    if (!emulated_alive(layout)) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) {
        return take(&layout->batch, value, bytes);
    }
    cublasStatus_t status = take(&layout->stride, value, bytes);
    if (emulated().fault == FC_EMULATED_WRONG_STRIDE) {
        layout->stride /= 2;
    }
    return status;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t bytes) {
    ENTER(CUBLAS_STATUS_INVALID_VALUE);
    if (!emulated_alive(preference) || attribute != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    return take(&preference->workspace_bytes, value, bytes);
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

static size_t width_of(cudaDataType_t type) {
    switch (type) {
    case CUDA_R_64F:
        return 8;
    case CUDA_R_32F:
        return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
        return 2;
    case CUDA_R_8F_E4M3:
        return 1;
    }
    return 0;
}

/* Bytes from the first element to the end of the last. */
static size_t extent(const fc_emulated_layout *layout) {
    const size_t last = static_cast<size_t>(layout->batch - 1) * static_cast<size_t>(layout->stride) +
                        static_cast<size_t>(layout->leading) * (layout->columns - 1) + layout->rows;
    return last * width_of(layout->type);
}

struct problem {
    const fc_emulated_matmul *desc;
    const fc_emulated_layout *a, *b, *c, *d;
    uint64_t m, n, k;
};

/* Operand, result, computation and scale as the documentation's table combines them. */
static bool types_combine(const problem *p) {
    static const struct {
        cudaDataType_t in, out, scale;
        cublasComputeType_t compute;
    } known[] = {{CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F},
                 {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F},
                 {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32},
                 {CUDA_R_16F, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F},
                 {CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F},
                 {CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F}};
    for (const auto &row : known) {
        if (row.in == p->a->type && row.in == p->b->type && row.out == p->c->type && row.out == p->d->type &&
            row.scale == p->desc->scale && row.compute == p->desc->compute) {
            return true;
        }
    }
    return false;
}

/* fp8: A transposed, B not, and every column begins at a multiple of 16 bytes. */
static bool fp8_allows(const problem *p) {
    if (p->a->type != CUDA_R_8F_E4M3) {
        return true;
    }
    for (const fc_emulated_layout *layout : {p->a, p->b, p->c, p->d}) {
        if (static_cast<size_t>(layout->leading) * width_of(layout->type) % 16 != 0) {
            return false;
        }
    }
    return p->desc->transposed_a == CUBLAS_OP_T && p->desc->transposed_b == CUBLAS_OP_N;
}

static cublasStatus_t pose(problem *out, cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                           cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d) {
    for (const void *object :
         {static_cast<const void *>(handle), static_cast<const void *>(desc), static_cast<const void *>(a),
          static_cast<const void *>(b), static_cast<const void *>(c), static_cast<const void *>(d)}) {
        if (!emulated_alive(object)) {
            return CUBLAS_STATUS_INVALID_VALUE;
        }
    }
    for (const fc_emulated_layout *layout : {a, b, c, d}) {
        if (layout->rows == 0 || layout->columns == 0 || layout->leading < static_cast<int64_t>(layout->rows) ||
            layout->batch < 1 || layout->batch != d->batch) {
            return CUBLAS_STATUS_INVALID_VALUE;
        }
    }
    const bool ta = desc->transposed_a == CUBLAS_OP_T;
    const bool tb = desc->transposed_b == CUBLAS_OP_T;
    *out = {desc, a, b, c, d, ta ? a->columns : a->rows, tb ? b->rows : b->columns, ta ? a->rows : a->columns};
    if ((tb ? b->columns : b->rows) != out->k || d->rows != out->m || d->columns != out->n || c->rows != out->m ||
        c->columns != out->n) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    return types_combine(out) && fp8_allows(out) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

static const uint64_t algo_mark = UINT64_C(0x656d756c61746564); /* "emulated" */

/* A choice belongs to one problem and needs the workspace that it was promised. */
static cublasLtMatmulAlgo_t algo_for(const problem *p, size_t workspace_bytes) {
    return {{algo_mark, p->m, p->n, p->k, static_cast<uint64_t>(p->a->type), static_cast<uint64_t>(p->d->batch),
             static_cast<uint64_t>(p->desc->compute), workspace_bytes}};
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t *out, int *out_count) {
    ENTER(CUBLAS_STATUS_INTERNAL_ERROR);
    *out_count = 0;
    problem p;
    cublasStatus_t status = pose(&p, handle, desc, a, b, c, d);
    if (status != CUBLAS_STATUS_SUCCESS) {
        return status;
    }
    if (wanted < 1 || !emulated_alive(preference)) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    /* All that is allowed, so that a matmul with less is seen. */
    *out = {algo_for(&p, preference->workspace_bytes), preference->workspace_bytes, CUBLAS_STATUS_SUCCESS};
    *out_count = 1;
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- the multiplication ------------------------------------------------------------------------------------------ */

static double load(const void *from, cudaDataType_t type, size_t index) {
    switch (type) {
    case CUDA_R_64F:
        return static_cast<const double *>(from)[index];
    case CUDA_R_32F:
        return static_cast<double>(static_cast<const float *>(from)[index]);
    case CUDA_R_16F:
        return fc_small_decode(static_cast<const uint16_t *>(from)[index], fc_small_fp16);
    case CUDA_R_16BF:
        return fc_small_decode(static_cast<const uint16_t *>(from)[index], fc_small_bf16);
    case CUDA_R_8F_E4M3:
        return fc_small_decode(static_cast<const uint8_t *>(from)[index], fc_small_e4m3);
    }
    return 0.0;
}

static void store(void *to, cudaDataType_t type, size_t index, double x) {
    switch (type) {
    case CUDA_R_64F:
        static_cast<double *>(to)[index] = x;
        break;
    case CUDA_R_32F:
        static_cast<float *>(to)[index] = static_cast<float>(x);
        break;
    case CUDA_R_16F:
        static_cast<uint16_t *>(to)[index] = static_cast<uint16_t>(fc_small_encode(x, fc_small_fp16));
        break;
    case CUDA_R_16BF:
        static_cast<uint16_t *>(to)[index] = static_cast<uint16_t>(fc_small_encode(x, fc_small_bf16));
        break;
    case CUDA_R_8F_E4M3:
        static_cast<uint8_t *>(to)[index] = static_cast<uint8_t>(fc_small_encode(x, fc_small_e4m3));
        break;
    }
}

/* op(X) of one batch as `lines` lines of k numbers each: rows of op(A), columns of op(B). tf32 drops bits on the way. */
static std::vector<double> gather(const problem *p, const fc_emulated_layout *layout, const void *from, int32_t batch,
                                  bool lines_are_columns, uint64_t lines) {
    std::vector<double> out(lines * p->k);
    const fc_small_format tf32 = {8, 10, true};
    for (uint64_t line = 0; line < lines; line++) {
        for (uint64_t l = 0; l < p->k; l++) {
            const uint64_t row = lines_are_columns ? l : line;
            const uint64_t column = lines_are_columns ? line : l;
            const double x = load(from, layout->type,
                                  static_cast<size_t>(batch) * static_cast<size_t>(layout->stride) +
                                      column * static_cast<size_t>(layout->leading) + row);
            out[line * p->k + l] =
                p->desc->compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? fc_small_decode(fc_small_encode(x, tf32), tf32) : x;
        }
    }
    return out;
}

static double dot(const double *x, const double *y, uint64_t count) {
    double sums[4] = {0.0, 0.0, 0.0, 0.0}; /* four chains of additions run side by side */
    uint64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (uint64_t lane = 0; lane < 4; lane++) {
            sums[lane] += x[i + lane] * y[i + lane];
        }
    }
    for (; i < count; i++) {
        sums[0] += x[i] * y[i];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void multiply(const problem *p, double alpha, const void *a, const void *b, double beta, const void *c,
                     void *d) {
    const double scale = alpha * (p->desc->a_scale != nullptr ? static_cast<double>(*p->desc->a_scale) : 1.0) *
                         (p->desc->b_scale != nullptr ? static_cast<double>(*p->desc->b_scale) : 1.0);
    for (int32_t batch = 0; batch < p->d->batch; batch++) {
        const std::vector<double> rows = gather(p, p->a, a, batch, p->desc->transposed_a == CUBLAS_OP_T, p->m);
        const std::vector<double> columns = gather(p, p->b, b, batch, p->desc->transposed_b == CUBLAS_OP_N, p->n);
        for (uint64_t j = 0; j < p->n; j++) {
            for (uint64_t i = 0; i < p->m; i++) {
                const size_t at_c = static_cast<size_t>(batch) * static_cast<size_t>(p->c->stride) +
                                    j * static_cast<size_t>(p->c->leading) + i;
                const size_t at_d = static_cast<size_t>(batch) * static_cast<size_t>(p->d->stride) +
                                    j * static_cast<size_t>(p->d->leading) + i;
                double x = scale * dot(&rows[i * p->k], &columns[j * p->k], p->k);
                x += beta != 0.0 ? beta * load(c, p->c->type, at_c) : 0.0;
                store(d, p->d->type, at_d, x);
            }
        }
    }
}

/* Does everything that is named lie in the memory of the device? */
static bool in_memory(const problem *p, const void *a, const void *b, const void *d, const void *workspace,
                      size_t workspace_bytes, int device) {
    for (const float *scale : {p->desc->a_scale, p->desc->b_scale}) {
        if (scale != nullptr && !emulated_holds(scale, sizeof *scale, device)) {
            return false;
        }
    }
    return emulated_holds(a, extent(p->a), device) && emulated_holds(b, extent(p->b), device) &&
           emulated_holds(d, extent(p->d), device) && emulated_holds(workspace, workspace_bytes, device);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
    ENTER(CUBLAS_STATUS_EXECUTION_FAILED);
    problem p;
    cublasStatus_t status = pose(&p, handle, desc, a_layout, b_layout, c_layout, d_layout);
    if (status != CUBLAS_STATUS_SUCCESS) {
        return status;
    }
    if (!emulated_alive(stream) || stream->device != emulated_current_device() || handle->device != stream->device) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    const cublasLtMatmulAlgo_t expected = algo_for(&p, algo->data[7]);
    if (memcmp(&expected, algo, sizeof expected) != 0 || algo->data[7] > workspace_bytes) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    if (emulated().fault == FC_EMULATED_FAILED_LAUNCH) {
        return CUBLAS_STATUS_EXECUTION_FAILED;
    }
    if (emulated().fault == FC_EMULATED_SWAPPED_OPERANDS) {
        std::swap(a, b);
    }
    if (!in_memory(&p, a, b, d, workspace, workspace_bytes, stream->device)) {
        emulated().sticky = cudaErrorIllegalAddress;
        return CUBLAS_STATUS_EXECUTION_FAILED;
    }
    const bool is_f64 = desc->scale == CUDA_R_64F;
    multiply(&p, load(alpha, is_f64 ? CUDA_R_64F : CUDA_R_32F, 0), a, b,
             load(beta, is_f64 ? CUDA_R_64F : CUDA_R_32F, 0), c, d);
    if (emulated().fault == FC_EMULATED_WRONG_RESULT) {
        store(d, p.d->type, 0, 1.0 + load(d, p.d->type, 0));
    }
    emulated_ran(stream, 2.0 * static_cast<double>(p.m * p.n * p.k) * p.d->batch / EMULATED_FLOP_PER_S);
    return CUBLAS_STATUS_SUCCESS;
}
