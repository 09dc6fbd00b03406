#include "nccl_calls.h"

#include <cstring>

#include <dlfcn.h>

#define LIBRARY "libnccl.so.2"

typedef struct wanted {
    void **function;
    const char *name;
} wanted;

fc_status fc_nccl_open(fc_nccl *out, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "collectives between GPUs need NCCL, which is not here (%.200s); on Debian its package is "
                            "libnccl2",
                            dlerror());
    }
    const wanted all[] = {{reinterpret_cast<void **>(&out->error_string), "ncclGetErrorString"},
                          {reinterpret_cast<void **>(&out->comm_init_all), "ncclCommInitAll"},
                          {reinterpret_cast<void **>(&out->comm_destroy), "ncclCommDestroy"},
                          {reinterpret_cast<void **>(&out->comm_abort), "ncclCommAbort"},
                          {reinterpret_cast<void **>(&out->group_start), "ncclGroupStart"},
                          {reinterpret_cast<void **>(&out->group_end), "ncclGroupEnd"},
                          {reinterpret_cast<void **>(&out->all_reduce), "ncclAllReduce"},
                          {reinterpret_cast<void **>(&out->all_gather), "ncclAllGather"},
                          {reinterpret_cast<void **>(&out->reduce_scatter), "ncclReduceScatter"},
                          {reinterpret_cast<void **>(&out->send), "ncclSend"},
                          {reinterpret_cast<void **>(&out->receive), "ncclRecv"}};
    for (const wanted &one : all) {
        *one.function = dlsym(out->library, one.name);
        if (*one.function == NULL) {
            fc_nccl_close(out);
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "collectives between GPUs need NCCL 2.7 or later; this " LIBRARY " has no %s",
                                one.name);
        }
    }
    return FC_OK;
}

void fc_nccl_close(fc_nccl *nccl) {
    if (nccl->library != NULL) {
        (void)dlclose(nccl->library);
    }
    memset(nccl, 0, sizeof *nccl);
}

fc_status fc_nccl_status(const fc_nccl *nccl, int result, const char *call, fc_error *error) {
    if (result == 0) {
        return FC_OK;
    }
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "NCCL: %.200s (in %.80s)", nccl->error_string(result), call);
}
