/* workload.h: the work: how many tokens, in what sequences and batches, in which number format. */
#ifndef FLOPCAST_WORKLOAD_H
#define FLOPCAST_WORKLOAD_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_workload_kind {
    FC_WORKLOAD_PRETRAIN = 0,
    FC_WORKLOAD_FINETUNE, /* full fine-tuning: the same arithmetic on fewer tokens */
    FC_WORKLOAD_KIND_COUNT
} fc_workload_kind;

/* Whose states optimizer_bytes counts. */
typedef enum fc_optimizer {
    FC_OPTIMIZER_ADAM = 0,  /* two fp32 moments: 8 bytes */
    FC_OPTIMIZER_ADAM_BF16, /* 4 */
    FC_OPTIMIZER_ADAM_8BIT, /* 2, and an fp32 scale for each block of 2,048 (Dettmers et al. 2110.02861) */
    FC_OPTIMIZER_MUON,      /* one momentum for the layers' matrices, 4; Adam, twice that, elsewhere (2502.16982) */
    FC_OPTIMIZER_ADAFACTOR, /* one fp32 sum a row and column of a matrix (Shazeer and Stern 1804.04235) */
    FC_OPTIMIZER_COUNT
} fc_optimizer;

typedef struct fc_workload {
    uint32_t kind;  /* fc_workload_kind */
    uint32_t dtype; /* fc_dtype of the layers' matmuls; attention and logits of 8-bit and 4-bit recipes stay in bf16 */
    double tokens_count;
    uint64_t seq_len;       /* 0: the model's own */
    uint64_t global_batch;  /* sequences a step; 0: chosen from batch_tokens of the defaults */
    double grad_bytes;      /* per parameter: 4 where gradients are summed in fp32, 2 in bf16 */
    double master_bytes;    /* per parameter: fp32 copy of the weights; 4, or 0 */
    double optimizer_bytes; /* per parameter; of Muon per parameter of a layer's matrix, of Adafactor per sum */
    uint32_t optimizer;     /* fc_optimizer */
} fc_workload;

fc_workload fc_workload_default(void);
/* optimizer_bytes that an optimizer has by itself. */
double fc_optimizer_bytes(fc_optimizer optimizer);
fc_status fc_workload_check(const fc_workload *workload, fc_error *error);

/* What the training software does: its habits, not its speed. A name in data/stacks. */
typedef struct fc_stack {
    char name[FC_NAME_SIZE];
    uint8_t flash_attention; /* no s² traffic, no s² activations */
    uint8_t fused_kernels;   /* norm, activation and residual take one pass each */
    uint8_t dropout;         /* masks are kept for the backward pass */
    uint8_t cuda_graphs;     /* no host time between kernels */
    double tp_overlap_frac;  /* share of tensor-parallel traffic hidden behind matmuls; 0 to 1 */
    double dp_overlap_frac;  /* share of a step's compute that gradient traffic may hide behind */
    double ep_overlap_frac;
    double cp_overlap_frac;
    double pp_overlap_frac;
    double expert_imbalance; /* most loaded expert rank / average; 1 or more */
    double straggler_frac;   /* time lost each step to the slowest of many ranks; 0 or more */
    double reserve_bytes;    /* memory the framework keeps for itself, per chip */

    /* On a processor. */
    uint8_t own_threads;       /* each thread takes a piece of every product and its own heads; else the library's do */
    double fresh_tensor_bytes; /* a tensor as large or larger is mapped anew each time it is made; 0: none is */
    double
        touch_overhead_frac; /* what mapping a tensor takes beyond the first touch that was measured, of that; 0 or more */
    double weight_moves;   /* numbers a parameter that optimizer and gradient sums move, one kernel an operation; 0: one
                                * fused pass */
    double weight_tensors; /* tensors a parameter that the optimizer makes anew on its way */
    double pool_switch_s;  /* lost whenever work goes from the framework's threads to the library's and back */
    double host_s_per_kernel; /* of the caller, where kernels do not run behind its back */
} fc_stack;

fc_stack fc_stack_default(void);
fc_status fc_stack_check(const fc_stack *stack, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
