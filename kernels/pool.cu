/* pool.cu: one allocation that grows, shared by all cases in turn. */
#include "device.h"

size_t fc_cuda_aligned(double bytes) {
    return (static_cast<size_t>(bytes) + FC_CUDA_ALIGN_BYTES - 1) / FC_CUDA_ALIGN_BYTES * FC_CUDA_ALIGN_BYTES;
}

fc_status fc_cuda_room(size_t *out, const cuda_device *device, fc_error *error) {
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    FC_CUDA_TRY(cudaMemGetInfo(&free_bytes, &total_bytes));
    *out = (free_bytes + device->pool_bytes) / 2;
    return FC_OK;
}

fc_status fc_cuda_grow_pool(cuda_device *device, size_t bytes, fc_error *error) {
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
