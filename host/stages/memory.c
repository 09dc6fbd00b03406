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

/* What one chip of a stage holds of the trained numbers: those of ordinary rows, and those of expert rows. */
typedef struct held_params {
    double dense_count;
    double expert_count;
} held_params;

static bool on_stage(const fc_op *op, bool first, bool last)
{
    return op->place == FC_PLACE_LAYER || (op->place == FC_PLACE_FIRST && first) ||
           (op->place == FC_PLACE_LAST && last);
}

static held_params params_on_chip(const fc_ops *ops, const fc_plan *plan, bool first, bool last)
{
    held_params held = {0, 0};
    double share = fc_shard_stage_share(plan, ops->layers_count);
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        if (!on_stage(op, first, last)) {
            continue;
        }
        double instances = op->place == FC_PLACE_LAYER ? op->instances * share : op->instances;
        double count = op->params_count * instances / fc_shard_ways(plan, op->params_axes);
        if (op->params_axes & (uint32_t)FC_AXIS_EXPERT) {
            held.expert_count += count;
        } else {
            held.dense_count += count;
        }
    }
    held.dense_count += last ? fc_shard_table_copy(plan, ops) : 0;
    return held;
}

static bool is_saved(const fc_saved *saved, const fc_stack *stack)
{
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
static bool is_kept(const fc_saved *saved, const fc_plan *plan)
{
    if (plan->recompute == FC_RECOMPUTE_FULL) {
        return (saved->when & (uint32_t)FC_SAVED_LAYER_INPUT) != 0;
    }
    return !(plan->recompute == FC_RECOMPUTE_SELECTIVE && (saved->when & (uint32_t)FC_SAVED_UNTIL_SELECTIVE));
}

/* Saved bytes of one micro-batch in the rows of one place. */
static double saved_bytes(const fc_ops *ops, const fc_plan *plan, const fc_stack *stack, uint32_t place)
{
    double tokens = fc_shard_tokens(plan, ops->seq_len);
    double share = place == FC_PLACE_LAYER ? fc_shard_stage_share(plan, ops->layers_count) : 1.0;
    double bytes = 0;
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        if (op->place != place) {
            continue;
        }
        for (uint32_t j = 0; j < op->saved_count; ++j) {
            const fc_saved *saved = &op->saved[j];
            if (!is_saved(saved, stack) || (place == FC_PLACE_LAYER && !is_kept(saved, plan))) {
                continue;
            }
            double imbalance = op->group_axes & (uint32_t)FC_AXIS_EXPERT ? stack->expert_imbalance : 1.0;
            bytes += saved->bytes_per_token * tokens * op->instances * share * imbalance /
                     fc_shard_ways(plan, saved->axes & ~(uint32_t)FC_AXIS_EXPERT);
        }
    }
    return bytes;
}

/* Micro-batches whose activations a stage keeps, counted in whole passes through its layers. */
static double in_flight(const fc_plan *plan, uint32_t stage)
{
    double micro_batches = fc_shard_micro_batches(plan);
    double depth = (double)plan->pp - stage;
    if (plan->vpp > 1 && plan->pp > 1) {
        double warm_up = 2.0 * ((double)plan->pp - stage - 1.0) + ((double)plan->vpp - 1.0) * plan->pp + 1.0;
        depth = warm_up / plan->vpp;
    }
    return fc_hd_min(depth, micro_batches);
}

static double stage_layers(const fc_ops *ops, const fc_plan *plan)
{
    return fc_hd_max(1.0, ops->layers_count * fc_shard_stage_share(plan, ops->layers_count));
}

/* What recomputation drops comes back for one layer at a time, while that layer runs backward. */
static double working_set_bytes(const fc_ops *ops, const fc_plan *plan, const fc_stack *stack)
{
    fc_plan whole = *plan;
    whole.recompute = FC_RECOMPUTE_NONE;
    double dropped = saved_bytes(ops, &whole, stack, FC_PLACE_LAYER) - saved_bytes(ops, plan, stack, FC_PLACE_LAYER);
    return dropped / stage_layers(ops, plan);
}

/* Stage 3 gathers two layers' weights, the one in use and the one on its way; what a rank owns of them it has already. */
static double gathered_bytes(const fc_ops *ops, const fc_plan *plan, double whole_count, double split_count)
{
    if (plan->zero < 3) {
        return 0;
    }
    double layers = stage_layers(ops, plan);
    return ops->weight_bytes * (whole_count - split_count) * fc_hd_min(2.0, layers) / layers;
}

static void size_stage(fc_memory *out, const fc_ops *ops, const fc_plan *plan, const fc_stack *stack, uint32_t stage)
{
    bool first = stage == 0;
    bool last = stage + 1 == plan->pp;
    held_params held = params_on_chip(ops, plan, first, last);
    double dense_ways = (double)plan->dp * plan->cp;
    double expert_ways = fc_hd_max(1.0, dense_ways / plan->ep);
    double whole = held.dense_count + held.expert_count;
    double split = held.dense_count / dense_ways + held.expert_count / expert_ways;

    double *bytes = out->cause_bytes;
    bytes[FC_MEMORY_WEIGHTS] = ops->weight_bytes * (plan->zero >= 3 ? split : whole);
    bytes[FC_MEMORY_GRADS] = ops->grad_bytes * (plan->zero >= 2 ? split : whole);
    bytes[FC_MEMORY_MASTER] = ops->master_bytes * (plan->zero >= 1 ? split : whole);
    bytes[FC_MEMORY_OPTIMIZER] = ops->optimizer_bytes * (plan->zero >= 1 ? split : whole);
    bytes[FC_MEMORY_ACTIVATIONS] = saved_bytes(ops, plan, stack, FC_PLACE_LAYER) * in_flight(plan, stage);
    if (first) {
        bytes[FC_MEMORY_ACTIVATIONS] += saved_bytes(ops, plan, stack, FC_PLACE_FIRST) * in_flight(plan, stage);
    }
    bytes[FC_MEMORY_LOGITS] = last ? saved_bytes(ops, plan, stack, FC_PLACE_LAST) : 0;
    bytes[FC_MEMORY_BUFFERS] = working_set_bytes(ops, plan, stack) + gathered_bytes(ops, plan, whole, split);
    bytes[FC_MEMORY_RESERVE] = stack->reserve_bytes;
    out->per_chip_bytes = 0;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        out->per_chip_bytes += bytes[i];
    }
    out->worst_stage = stage;
}

void fc_memory_size(fc_memory *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                    const fc_stack *stack)
{
    fc_memory last;
    memset(out, 0, sizeof *out);
    memset(&last, 0, sizeof last);
    size_stage(out, ops, plan, stack, 0);
    if (plan->pp > 1) {
        size_stage(&last, ops, plan, stack, plan->pp - 1);
        if (last.per_chip_bytes > out->per_chip_bytes) {
            *out = last;
        }
    }
    out->capacity_bytes = cluster->chip.memory_bytes;
    out->fits = out->per_chip_bytes <= out->capacity_bytes;
}
