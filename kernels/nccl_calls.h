/* nccl_calls.h: NCCL, opened at run time through prototypes of our own, so that the plug-in serves machines without it. Names
 * and numbers are those of NVIDIA's "NCCL API" (2.7 and later, which has send and receive). */
#ifndef FLOPCAST_KERNELS_NCCL_CALLS_H
#define FLOPCAST_KERNELS_NCCL_CALLS_H

#include "flopcast/base.h"

#include <cuda_runtime.h>

typedef struct ncclComm *fc_nccl_comm;

#define FC_NCCL_FLOAT32 7
#define FC_NCCL_SUM 0

/* 0 is success. */
typedef struct fc_nccl {
    void *library; /* NULL: not opened */
    const char *(*error_string)(int result);
    int (*comm_init_all)(fc_nccl_comm *out, int count, const int *devices);
    int (*comm_destroy)(fc_nccl_comm comm);
    int (*comm_abort)(fc_nccl_comm comm);
    int (*group_start)(void);
    int (*group_end)(void);
    int (*all_reduce)(const void *from, void *to, size_t count, int type, int op, fc_nccl_comm comm,
                      cudaStream_t stream);
    int (*all_gather)(const void *from, void *to, size_t sent, int type, fc_nccl_comm comm, cudaStream_t stream);
    int (*reduce_scatter)(const void *from, void *to, size_t received, int type, int op, fc_nccl_comm comm,
                          cudaStream_t stream);
    int (*send)(const void *from, size_t count, int type, int peer, fc_nccl_comm comm, cudaStream_t stream);
    int (*receive)(void *to, size_t count, int type, int peer, fc_nccl_comm comm, cudaStream_t stream);
} fc_nccl;

/* FC_BAD_INPUT with a sentence when the library, or a function of it, is not there; then nothing stays open. */
fc_status fc_nccl_open(fc_nccl *out, fc_error *error);
void fc_nccl_close(fc_nccl *nccl);
fc_status fc_nccl_status(const fc_nccl *nccl, int result, const char *call, fc_error *error);

#endif
