/* hd/step_machine.h: what one step of a plan stands on, and what its parts hand to each other. */
#ifndef FLOPCAST_HD_STEP_MACHINE_H
#define FLOPCAST_HD_STEP_MACHINE_H

#include "../cluster.h"
#include "../plan.h"
#include "../results.h"
#include "../workload.h"
#include "hd.h"
#include "kernel_gemm.h"
#include "shard.h"

#include <stdbool.h>
#include <string.h>

enum { FC_STEP_GEMMS = 2 }; /* formats of a step: the layers', and that of what is kept wider */

typedef struct fc_step_machine {
    const fc_ops *ops;
    const fc_cluster *cluster;
    const fc_chip *chip;
    const fc_plan *plan;
    const fc_stack *stack;
    double tokens; /* of a micro-batch on one context rank */
    double memory_bytes_per_s;
    /* For rows alone (host/stages/step_rows.c). */
    double launch_s;
    bool fused_experts; /* experts run in kernels that hold activation and conversion too */
    bool graphs;        /* the host launches nothing */
    uint32_t gemm_dtype[FC_STEP_GEMMS];
    fc_gemm_ready gemm[FC_STEP_GEMMS]; /* its curve's sms_count 0: the chip has none */
    double kept_tensor_bytes;          /* of a processor: the largest tensor that is not mapped for itself */
} fc_step_machine;

/* One micro-batch on one stage, or what an end of the model adds to its stage. */
typedef struct fc_step_stage {
    double class_s[FC_OP_CLASS_COUNT];
    double forward_s; /* of all classes; the rest of their sum is backward */
    double launch_s;
    double touch_s;
    double recompute_s;
} fc_step_stage;

/* Forward and backward seconds of one micro-batch. */
typedef struct fc_step_two_way {
    double forward_s;
    double backward_s;
} fc_step_two_way;

/* Seconds of one micro-batch on the fullest stage, what overlap hides already left out. */
typedef struct fc_step_links {
    double tensor_s;
    double expert_s;
    double context_s;
    double forward_s; /* of these three together; the rest is backward */
    double short_s;   /* of the backward part, what would hide if there were more work to hide behind */
    double send_s;    /* one message between two stages of the pipeline, all of it */
    double ends_s;    /* tensor-parallel traffic of embedding and logits, on the stage that has them */
} fc_step_links;

/* Trained numbers of one rank's fullest stage; of each of them where a rank works for two. */
typedef struct fc_step_load {
    double dense_count;
    double expert_count;
} fc_step_load;

/* Gradients in and weights out over the replicas, once a step, before overlap. */
typedef struct fc_step_replicas {
    double time_s; /* all of it */
    /* of that, once a step: sums over the groups that ZeRO splits within, and over a stage's two copies */
    double across_s;
    double inside_s; /* had all of it gone through the innermost tier: how much it disturbs the chip's own work */
} fc_step_replicas;

/* What a plan stands on; what only rows ask for is not there yet. */
FC_HD void fc_step_stand(fc_step_machine *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                         const fc_stack *stack) {
    out->ops = ops;
    out->cluster = cluster;
    out->chip = &cluster->chip;
    out->plan = plan;
    out->stack = stack;
    out->tokens = fc_shard_tokens(plan, ops->seq_len);
    out->memory_bytes_per_s = cluster->chip.memory_bytes_per_s * cluster->chip.memory_eff_frac;
}

FC_HD double fc_step_layer_share(const fc_step_machine *on) {
    return fc_shard_stage_share(on->plan, on->ops->layers_count);
}

FC_HD fc_step_two_way fc_step_ways(double forward_s, double backward_s) {
    fc_step_two_way out = {forward_s, backward_s};
    return out;
}

#endif
