/* plan.h: how the work is laid over the chips. 0 means "choose for me" until fc_plan_check has run. */
#ifndef FLOPCAST_PLAN_H
#define FLOPCAST_PLAN_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_recompute {
    FC_RECOMPUTE_AUTO = 0,
    FC_RECOMPUTE_NONE,
    FC_RECOMPUTE_SELECTIVE, /* the attention core again (Korthikanti 2205.05198) */
    FC_RECOMPUTE_FULL,      /* the whole layer again */
    FC_RECOMPUTE_COUNT
} fc_recompute;

/* Bits that say which parallel axes divide something. */
typedef enum fc_axis {
    FC_AXIS_NONE = 0,
    FC_AXIS_TENSOR = 1,
    FC_AXIS_SEQUENCE = 2, /* the tensor ranks, where sequence parallelism is on */
    FC_AXIS_CONTEXT = 4,
    FC_AXIS_EXPERT = 8,
    FC_AXIS_PIPELINE = 16,
    FC_AXIS_DATA = 32
} fc_axis;

typedef struct fc_plan {
    uint32_t tp;               /* tensor parallel ranks */
    uint32_t pp;               /* pipeline stages */
    uint32_t vpp;              /* model chunks a stage (interleaving) */
    uint32_t dp;               /* data-parallel replicas: ranks used / (tp·pp·cp) */
    uint32_t cp;               /* context parallel ranks */
    uint32_t ep;               /* expert parallel ranks, inside dp */
    uint32_t micro_batch;      /* sequences of one forward pass of one replica */
    uint32_t global_batch;     /* sequences of one optimizer step */
    uint32_t recompute;        /* fc_recompute */
    int32_t zero;              /* ZeRO stage 0 to 3; -1: choose */
    int32_t sequence_parallel; /* 0, 1; -1: choose */

    /* 0 unless given: never chosen. */
    uint32_t zero_group;         /* ranks that ZeRO splits over, a divisor of dp·cp (HSDP); 0: all of them */
    uint32_t recompute_layers;   /* layers of a stage that full recomputation redoes, the others keep all; 0: all */
    uint8_t offload_optimizer;   /* master weights and states live in the host's memory, and are updated there */
    uint8_t offload_weights;     /* weights too, brought layer by layer */
    uint8_t offload_activations; /* what is saved for backward too, but for two layers */
} fc_plan;

fc_plan fc_plan_default(void);
/* Ranges only; what depends on model and cluster is checked where they meet (fc_estimate). */
fc_status fc_plan_check(const fc_plan *plan, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
