/* shard.h: how a plan divides a row of operations. Shared by the stages; holds no stage's knowledge. */
#ifndef FLOPCAST_HOST_STAGES_SHARD_H
#define FLOPCAST_HOST_STAGES_SHARD_H

#include "flopcast/hd/hd.h"
#include "flopcast/plan.h"
#include "flopcast/results.h"

#include <stddef.h>

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
    return ways;
}

/* Tokens of one micro-batch on one context-parallel rank. */
FC_HD double fc_shard_tokens(const fc_plan *plan, double seq_len) { return plan->micro_batch * seq_len / plan->cp; }

/* Micro-batches of one replica in one step. */
FC_HD double fc_shard_micro_batches(const fc_plan *plan) {
    return (double)plan->global_batch / ((double)plan->dp * plan->micro_batch);
}

/* Share of the model's layers on the fullest stage: ceil(layers / chunks) of them in each of vpp chunks. */
FC_HD double fc_shard_stage_share(const fc_plan *plan, double layers_count) {
    double chunks = (double)plan->pp * plan->vpp;
    return fc_hd_pieces(layers_count, chunks) * plan->vpp / layers_count;
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

/* Trained numbers of the token table that the last stage keeps a second time, on one rank, where the first is another. */
FC_HD double fc_shard_table_copy(const fc_plan *plan, const fc_ops *ops) {
    const fc_op *op = plan->pp > 1 ? fc_shard_shared_head(ops) : NULL;
    return op != NULL ? op->n * op->k / fc_shard_ways(plan, op->n_axes | op->k_axes) : 0;
}

#endif
