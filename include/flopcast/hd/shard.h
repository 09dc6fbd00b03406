/* hd/shard.h: how a plan divides a row of operations. Shared by the stages; holds no stage's knowledge. */
#ifndef FLOPCAST_HD_SHARD_H
#define FLOPCAST_HD_SHARD_H

#include "hd.h"
#include "schedule.h"
#include "../plan.h"
#include "../results.h"
#include "../workload.h"

#include <string.h>

/* Tensor ranks of one expert. Expert parallelism may fold the tensor ranks in: it then spreads experts over them too. */
FC_HD double fc_shard_expert_tensor(const fc_plan *plan) {
    double stated = plan->etp > 0 ? (double)plan->etp : (plan->ep > 1 ? 1.0 : (double)plan->tp);
    return fc_hd_min(stated, plan->tp);
}

/* Ranks that hold the same experts. */
FC_HD double fc_shard_expert_replicas(const fc_plan *plan) {
    double ranks = (double)plan->tp * plan->dp * plan->cp;
    return fc_hd_max(1.0, ranks / (plan->ep * fc_shard_expert_tensor(plan)));
}

/* Ranks that ZeRO splits a dense weight over: a group of those that hold it, or all of them (HSDP, 2304.11277). */
FC_HD double fc_shard_zero_ranks(const fc_plan *plan) {
    double ranks = (double)plan->dp * plan->cp;
    return plan->zero_group > 0 ? fc_hd_min(plan->zero_group, ranks) : ranks;
}

/* The same of an expert's weights: the replicas inside such a group. */
FC_HD double fc_shard_expert_zero_ranks(const fc_plan *plan) {
    double ranks = (double)plan->dp * plan->cp;
    return fc_hd_max(1.0, fc_shard_expert_replicas(plan) * fc_shard_zero_ranks(plan) / ranks);
}

/* Share of a rank's tokens that its experts work on: with fewer tensor ranks an expert than elsewhere, each of the others
 * brings its own part of the sequence. */
FC_HD double fc_shard_expert_rows(const fc_plan *plan) { return fc_shard_expert_tensor(plan) / plan->tp; }

/* By how much the plan divides something that names these axes. CONTEXT and PIPELINE are not in it: tokens are already
 * those of one context rank, and layers those of one stage. */
FC_HD double fc_shard_ways(const fc_plan *plan, uint32_t axes) {
    double ways = 1.0;
    if (axes & (uint32_t)FC_AXIS_TENSOR) {
        ways *= plan->tp;
    } else if ((axes & (uint32_t)FC_AXIS_SEQUENCE) && plan->sequence_parallel == 1) {
        ways *= plan->tp;
    }
    if (axes & (uint32_t)FC_AXIS_EXPERT) {
        ways *= plan->ep;
    }
    if (axes & (uint32_t)FC_AXIS_EXPERT_TENSOR) {
        ways *= fc_shard_expert_tensor(plan);
    }
    return ways;
}

/* Tokens of one micro-batch on one context-parallel rank. */
FC_HD double fc_shard_tokens(const fc_plan *plan, double seq_len) { return plan->micro_batch * seq_len / plan->cp; }

/* Micro-batches of one replica in one step. */
FC_HD double fc_shard_micro_batches(const fc_plan *plan) {
    return (double)plan->global_batch / ((double)plan->dp * plan->micro_batch);
}

/* The pipeline's counts, without its times. */
FC_HD fc_hd_pipeline fc_shard_pipeline(const fc_plan *plan) {
    fc_hd_pipeline pipe;
    memset(&pipe, 0, sizeof pipe);
    pipe.stages = (int32_t)plan->pp;
    pipe.chunks = (int32_t)plan->vpp;
    pipe.micro_batches = (int32_t)fc_shard_micro_batches(plan);
    return pipe;
}

/* The schedule that a plan's pipeline runs: its own, or the stack's, or the usual one. DualPipe is 1F1B where it cannot run
 * the counts. */
FC_HD fc_schedule fc_shard_schedule(const fc_plan *plan, const fc_stack *stack) {
    uint32_t stated = plan->schedule != (uint32_t)FC_PLAN_SCHEDULE_AUTO ? plan->schedule : stack->schedule;
    switch (stated) {
    case FC_PLAN_SCHEDULE_GPIPE:
        return FC_SCHEDULE_GPIPE;
    case FC_PLAN_SCHEDULE_1F1B:
        return FC_SCHEDULE_1F1B;
    case FC_PLAN_SCHEDULE_INTERLEAVED:
        return FC_SCHEDULE_INTERLEAVED;
    case FC_PLAN_SCHEDULE_ZERO_BUBBLE:
        return FC_SCHEDULE_ZERO_BUBBLE;
    case FC_PLAN_SCHEDULE_DUALPIPE: {
        fc_hd_pipeline pipe = fc_shard_pipeline(plan);
        return fc_hd_pipeline_fits(FC_SCHEDULE_DUALPIPE, &pipe) ? FC_SCHEDULE_DUALPIPE : FC_SCHEDULE_1F1B;
    }
    default:
        return plan->vpp > 1 ? FC_SCHEDULE_INTERLEAVED : FC_SCHEDULE_1F1B;
    }
}

/* Stages that a rank works for: DualPipe feeds the pipeline from both ends, and a rank holds its stage and the one as far
 * from the other end, with their weights (2412.19437, table 2). */
FC_HD double fc_shard_stages_a_rank(const fc_plan *plan, const fc_stack *stack) {
    return plan->pp > 1 && fc_shard_schedule(plan, stack) == FC_SCHEDULE_DUALPIPE ? 2.0 : 1.0;
}

/* Share of the model's layers on the fullest stage: ceil(layers / chunks) of them in each of vpp chunks. */
FC_HD double fc_shard_stage_share(const fc_plan *plan, double layers_count) {
    double chunks = (double)plan->pp * plan->vpp;
    return fc_hd_pieces(layers_count, chunks) * plan->vpp / layers_count;
}

/* The same of the stage that also holds an end of the model: where layers do not divide evenly, the first and the last
 * chunk are among those that have one layer less (BLOOM 70 = 12·6 − 2, Llama 3 405B 126 = 128 − 2 were chosen for it). */
FC_HD double fc_shard_end_share(const fc_plan *plan, double layers_count) {
    double chunks = (double)plan->pp * plan->vpp;
    double full = fc_hd_pieces(layers_count, chunks);
    double shorter = full * chunks - layers_count; /* chunks with a layer less */
    double missing = shorter >= 2.0 || (shorter >= 1.0 && chunks < 2.0) ? 1.0 : 0.0;
    return (full * plan->vpp - missing) / layers_count;
}

/* Share of a stage's layers that recomputation does again: recompute_layers of them, or all. */
FC_HD double fc_shard_redone_share(const fc_plan *plan, double stage_layers) {
    if (plan->recompute != (uint32_t)FC_RECOMPUTE_FULL || plan->recompute_layers == 0) {
        return 1.0;
    }
    return plan->recompute_layers < stage_layers ? plan->recompute_layers / stage_layers : 1.0;
}

/* The output matrix whose weights belong to another row: the token table, where logits are tied to it or multi-token
 * prediction reads it again. NULL where there is none. */
FC_HD const fc_op *fc_shard_shared_head(const fc_ops *ops) {
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        if (op->place == FC_PLACE_LAST && op->op_class == FC_OP_MATMUL && op->params_count < op->n * op->k) {
            return op;
        }
    }
    return NULL;
}

#endif
