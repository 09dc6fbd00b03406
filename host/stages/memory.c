/* memory.c: bytes on the worst chip.
 *
 * Weights, gradients and optimizer states follow the rows' parameter axes and the ZeRO stage (Rajbhandari et al.
 * 1910.02054); activations are the sum of what each row saves, times the micro-batches in flight under 1F1B, and
 * (1 + (p-1)/(p·v)) of them when interleaved (Korthikanti et al. 2205.05198, equation 10 and appendix B).
 */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "shard.h"

#include <stdbool.h>
#include <string.h>

static bool is_saved(const fc_saved *saved, const fc_stack *stack) {
    if ((saved->when & (uint32_t)FC_SAVED_IF_DROPOUT) && !stack->dropout) {
        return false;
    }
    if ((saved->when & (uint32_t)FC_SAVED_IF_PLAIN_ATTENTION) && stack->flash_attention) {
        return false;
    }
    if ((saved->when & (uint32_t)FC_SAVED_IF_FLASH_ATTENTION) && !stack->flash_attention) {
        return false;
    }
    return true;
}

/* Whether recomputation leaves it in memory; the two ends of the model are never recomputed. */
static bool is_kept(const fc_saved *saved, const fc_plan *plan) {
    if (plan->recompute == FC_RECOMPUTE_FULL) {
        return (saved->when & (uint32_t)FC_SAVED_LAYER_INPUT) != 0;
    }
    return !(plan->recompute == FC_RECOMPUTE_SELECTIVE && (saved->when & (uint32_t)FC_SAVED_UNTIL_SELECTIVE));
}

static void add_saved(fc_memory_rows *out, const fc_op *op, const fc_plan *plan, const fc_stack *stack) {
    double imbalance = op->group_axes & (uint32_t)FC_AXIS_EXPERT ? stack->expert_imbalance : 1.0;
    for (uint32_t j = 0; j < op->saved_count; ++j) {
        const fc_saved *saved = &op->saved[j];
        if (!is_saved(saved, stack)) {
            continue;
        }
        double rows = saved->axes & (uint32_t)FC_AXIS_EXPERT_TENSOR ? fc_shard_expert_rows(plan) : 1.0;
        double bytes = saved->bytes_per_token * op->instances * imbalance * rows /
                       fc_shard_ways(plan, saved->axes & ~(uint32_t)FC_AXIS_EXPERT);
        if (op->place != FC_PLACE_LAYER || is_kept(saved, plan)) {
            out->kept_bytes[op->place] += bytes;
        } else {
            out->dropped_bytes += bytes;
        }
    }
}

void fc_memory_sum(fc_memory_rows *out, const fc_ops *ops, const fc_plan *plan, const fc_stack *stack) {
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        bool expert = (op->params_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
        double ways = fc_shard_ways(plan, op->params_axes & ~(uint32_t)FC_AXIS_EXPERT);
        double *count = expert ? out->expert_count : out->dense_count;
        count[op->place] += op->params_count * op->instances / ways;
        add_saved(out, op, plan, stack);
    }
}

/* Micro-batches whose activations a stage keeps, counted in whole passes through its layers. */
static double in_flight(const fc_plan *plan, uint32_t stage) {
    double micro_batches = fc_shard_micro_batches(plan);
    double depth = (double)plan->pp - stage;
    if (plan->vpp > 1 && plan->pp > 1) {
        double warm_up = 2.0 * ((double)plan->pp - stage - 1.0) + ((double)plan->vpp - 1.0) * plan->pp + 1.0;
        depth = warm_up / plan->vpp;
    }
    return fc_hd_min(depth, micro_batches);
}

static double stage_layers(const fc_ops *ops, const fc_plan *plan) {
    return fc_hd_max(1.0, ops->layers_count * fc_shard_stage_share(plan, ops->layers_count));
}

/* Stage 3 gathers two layers' weights, the one in use and the one on its way; what a rank owns of them it has already. */
static double gathered_bytes(const fc_ops *ops, const fc_plan *plan, double whole_count, double split_count) {
    if (plan->zero < 3) {
        return 0;
    }
    double layers = stage_layers(ops, plan);
    return ops->weight_bytes * (whole_count - split_count) * fc_hd_min(2.0, layers) / layers;
}

static void size_stage(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_plan *plan,
                       const fc_stack *stack, uint32_t stage) {
    bool first = stage == 0;
    bool last = stage + 1 == plan->pp;
    double share = fc_shard_stage_share(plan, ops->layers_count);
    double dense = rows->dense_count[FC_PLACE_LAYER] * share;
    double expert = rows->expert_count[FC_PLACE_LAYER] * share;
    dense += first ? rows->dense_count[FC_PLACE_FIRST] : 0;
    dense += last ? rows->dense_count[FC_PLACE_LAST] + fc_shard_table_copy(plan, ops) : 0;
    expert += last ? rows->expert_count[FC_PLACE_LAST] : 0;
    expert /= plan->ep;
    double dense_ways = (double)plan->dp * plan->cp;
    double whole = dense + expert;
    double split = dense / dense_ways + expert / fc_shard_expert_replicas(plan);
    double tokens = fc_shard_tokens(plan, ops->seq_len);
    double saved = rows->kept_bytes[FC_PLACE_LAYER] * share + (first ? rows->kept_bytes[FC_PLACE_FIRST] : 0);
    /* what recomputation drops comes back for one layer at a time, while that layer runs backward */
    double working_set = tokens * rows->dropped_bytes * share / stage_layers(ops, plan);

    double *bytes = out->cause_bytes;
    bytes[FC_MEMORY_WEIGHTS] = ops->weight_bytes * (plan->zero >= 3 ? split : whole);
    bytes[FC_MEMORY_GRADS] = ops->grad_bytes * (plan->zero >= 2 ? split : whole);
    bytes[FC_MEMORY_MASTER] = ops->master_bytes * (plan->zero >= 1 ? split : whole);
    bytes[FC_MEMORY_OPTIMIZER] = ops->optimizer_bytes * (plan->zero >= 1 ? split : whole);
    bytes[FC_MEMORY_ACTIVATIONS] = tokens * saved * in_flight(plan, stage);
    bytes[FC_MEMORY_LOGITS] = last ? tokens * rows->kept_bytes[FC_PLACE_LAST] : 0;
    bytes[FC_MEMORY_BUFFERS] = working_set + gathered_bytes(ops, plan, whole, split);
    bytes[FC_MEMORY_RESERVE] = stack->reserve_bytes;
    out->per_chip_bytes = 0;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        out->per_chip_bytes += bytes[i];
    }
    out->worst_stage = stage;
}

void fc_memory_place(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                     const fc_plan *plan, const fc_stack *stack) {
    fc_memory last;
    memset(out, 0, sizeof *out);
    memset(&last, 0, sizeof last);
    size_stage(out, rows, ops, plan, stack, 0);
    if (plan->pp > 1) {
        size_stage(&last, rows, ops, plan, stack, plan->pp - 1);
        if (last.per_chip_bytes > out->per_chip_bytes) {
            *out = last;
        }
    }
    out->capacity_bytes = cluster->chip.memory_bytes;
    out->fits = out->per_chip_bytes <= out->capacity_bytes;
}

void fc_memory_size(fc_memory *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                    const fc_stack *stack) {
    fc_memory_rows rows;
    fc_memory_sum(&rows, ops, plan, stack);
    fc_memory_place(out, &rows, ops, cluster, plan, stack);
}
