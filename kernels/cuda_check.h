/* cuda_check.h: every call into CUDA and cuBLASLt becomes a status and a sentence. */
#ifndef FLOPCAST_KERNELS_CUDA_CHECK_H
#define FLOPCAST_KERNELS_CUDA_CHECK_H

#include "flopcast/base.h"

#include <cublasLt.h>
#include <cuda_runtime.h>

/* Memory that is not there is a limit; all else is the world failing. */
static inline fc_status fc_cuda_status(cudaError_t code, const char *call, fc_error *error) {
    if (code == cudaSuccess) {
        return FC_OK;
    }
    (void)cudaGetLastError(); /* told here and now: the next call must not find it again */
    return fc_error_set(error, code == cudaErrorMemoryAllocation ? FC_OVER_LIMIT : FC_FAILED, NULL, 0, 0,
                        "CUDA: %s (%s, in %.120s)", cudaGetErrorString(code), cudaGetErrorName(code), call);
}

static inline fc_status fc_cublas_status(cublasStatus_t code, const char *call, fc_error *error) {
    if (code == CUBLAS_STATUS_SUCCESS) {
        return FC_OK;
    }
    return fc_error_set(error, code == CUBLAS_STATUS_ALLOC_FAILED ? FC_OVER_LIMIT : FC_FAILED, NULL, 0, 0,
                        "cuBLASLt: %s (in %.120s)", cublasLtGetStatusString(code), call);
}

/* Both need an `fc_error *error` in sight. */
#define FC_CUDA_TRY(call) FC_TRY(fc_cuda_status((call), #call, error))
#define FC_CUBLAS_TRY(call) FC_TRY(fc_cublas_status((call), #call, error))

#endif
