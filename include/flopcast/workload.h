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

/* What published TFLOP/s and MFU of a stack count as the FLOP of a step. */
typedef enum fc_flop_convention {
    FC_FLOP_MODEL_FULL = 0, /* the model's, every key counted (PaLM appendix B) */
    FC_FLOP_MODEL_CAUSAL,   /* the model's, keys up to the query */
    FC_FLOP_HARDWARE,       /* every key, and what recomputation does again (Narayanan 2104.04473) */
    FC_FLOP_CONVENTION_COUNT
} fc_flop_convention;

/* What the training software does: its habits, not its speed. A name in data/stacks. */
typedef struct fc_stack {
    char name[FC_NAME_SIZE];
    uint8_t flash_attention; /* no s² traffic, no s² activations */
    uint8_t fused_kernels;   /* norm, activation and residual take one pass each */
    uint8_t dropout;         /* masks are kept for the backward pass */
    uint8_t cuda_graphs;     /* no host time between kernels */
    double tp_overlap_frac;  /* share of tensor-parallel traffic hidden behind matmuls; 0 to 1 */
    double dp_overlap_frac;  /* share of a micro-batch's turn that gradient traffic may hide behind */
    double ep_overlap_frac;
    double cp_overlap_frac;
    double pp_overlap_frac;
    double expert_imbalance;  /* most loaded expert rank / average; 1 or more */
    double straggler_frac;    /* time lost each step to the slowest of many ranks; 0 or more */
    double reserve_bytes;     /* memory the framework keeps for itself, per chip */
    uint32_t flop_convention; /* fc_flop_convention of its published rates: no part of any time */

    /* On an accelerator. */
    uint32_t schedule;               /* fc_plan_schedule that it runs a pipeline with; 0: the usual one */
    double host_layer_s;             /* of the host, to launch one layer's forward pass; CUDA graphs remove it */
    double host_backward_ratio;      /* the same backward, of forward; 0: 1 */
    double host_moe_layer_s;         /* more of it for a layer of experts */
    double host_expert_s;            /* more of it for each product of a single expert, where experts stand apart */
    double host_rank_frac;           /* more of both for each further tensor rank: they wait for each other's hosts */
    double softmax_block;            /* (sequence, head) pairs that its fused softmax takes at a time; 0: any number */
    double host_step_s;              /* once a step: optimizer, data, logging */
    double overlap_cost_frac;        /* what hidden traffic takes from the compute beside it, of its own time */
    double grad_add_bytes;           /* moved a parameter and micro-batch to add its gradient to what is there */
    double grad_wire_bytes;          /* of a gradient between replicas; 0: workload.grad_bytes */
    double gathers_per_layer;        /* under ZeRO 3: collectives that one layer's weights take; 0: 1 */
    uint8_t old_attention;           /* its flash attention was written for an older kind of chip */
    uint8_t fused_experts;           /* MXFP8 experts: products, activation and conversion are one kernel each way */
    uint8_t experts_apart;           /* each expert's product is a kernel of its own, not one for all of a chip's */
    uint8_t fused_loss;              /* cross-entropy in one pass each way; else one pass an operation, in 32 bits */
    uint8_t grads_every_micro_batch; /* replicas add up after each micro-batch, and not once a step */
    uint8_t pp_send_whole;           /* each tensor rank sends the whole activation to the next stage, not its part */

    /* On a processor. */
    uint8_t own_threads;       /* each thread takes a piece of every product and its own heads; else the library's do */
    uint8_t one_thread_passes; /* passes run on the caller's thread alone while products run on all */
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
