/* step_traffic.c: seconds that a step spends on traffic between chips. */
#include "step_traffic.h"

#include "flopcast/hd/hd.h"
#include "net.h"
#include "shard.h"

#include <stdbool.h>

static fc_hd_net group_of(const fc_step_machine *on, fc_net_axis axis) {
    return fc_net_of_axis(on->cluster, on->plan, axis);
}

static double layer_share(const fc_step_machine *on) { return fc_shard_stage_share(on->plan, on->ops->layers_count); }

/* ---- every micro-batch -------------------------------------------------------------------------------------------- */

/* Row-parallel results are summed over the tensor ranks going forward, column-parallel input gradients going back. */
static double tensor_traffic_s(const fc_step_machine *on) {
    if (on->plan->tp <= 1) {
        return 0;
    }
    fc_hd_net net = group_of(on, FC_NET_TENSOR);
    double share = layer_share(on);
    double passes = on->plan->recompute == FC_RECOMPUTE_FULL ? 3.0 : 2.0;
    double total_s = 0;
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        bool row_parallel = (op->k_axes & (uint32_t)FC_AXIS_TENSOR) != 0;
        if (op->op_class != FC_OP_MATMUL || !row_parallel || op->place != FC_PLACE_LAYER) {
            continue;
        }
        double bytes = op->rows_per_token * on->tokens * op->n * on->ops->activation_bytes;
        total_s += passes * op->instances * share * fc_hd_all_reduce_s(&net, bytes);
    }
    return total_s;
}

/* Dispatch before the experts and combine after them, forward and back, and forward again when the layer is redone. Under
 * sequence parallelism a tensor rank sends its own part of the tokens; without it each sends all of them. */
static double expert_traffic_s(const fc_step_machine *on) {
    if (on->plan->ep <= 1 || on->ops->moe_layers_count <= 0) {
        return 0;
    }
    const fc_plan *plan = on->plan;
    fc_hd_net net = group_of(on, FC_NET_EXPERT);
    double tokens = on->tokens / (plan->sequence_parallel == 1 ? plan->tp : 1);
    double bytes = tokens * on->ops->experts_per_token * on->ops->hidden * on->ops->activation_bytes;
    double passes = plan->recompute == FC_RECOMPUTE_FULL ? 6.0 : 4.0;
    double layers = on->ops->moe_layers_count * layer_share(on);
    return passes * layers * on->stack->expert_imbalance * fc_hd_all_to_all_s(&net, bytes);
}

/* Ring attention: keys and values once around forward, and with their gradients twice back (Liu et al. 2310.01889). Both
 * kinds of recomputation redo the core, and need them once more. */
static double context_traffic_s(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    if (plan->cp <= 1) {
        return 0;
    }
    fc_hd_net net = group_of(on, FC_NET_CONTEXT);
    double tp_ways = fc_hd_min(plan->tp, fc_hd_max(1.0, on->ops->kv_heads));
    double bytes = on->ops->kv_bytes_per_token * on->tokens / tp_ways;
    double layers = on->ops->attention_layers_count * layer_share(on);
    bool redone = plan->recompute == FC_RECOMPUTE_SELECTIVE || plan->recompute == FC_RECOMPUTE_FULL;
    return (redone ? 4.0 : 3.0) * layers * ((double)plan->cp - 1.0) * fc_hd_send_s(&net, bytes);
}

/* One send forward and one back for each of a stage's chunks. */
static double pipeline_traffic_s(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    if (plan->pp <= 1) {
        return 0;
    }
    fc_hd_net net = group_of(on, FC_NET_PIPELINE);
    double ways = plan->sequence_parallel == 1 ? plan->tp : 1;
    double bytes = on->tokens * on->ops->hidden * on->ops->activation_bytes / ways;
    return 2.0 * plan->vpp * fc_hd_send_s(&net, bytes);
}

fc_step_links fc_step_exposed_links(const fc_step_machine *on) {
    const fc_stack *stack = on->stack;
    fc_step_links links = {tensor_traffic_s(on) * (1.0 - stack->tp_overlap_frac),
                           expert_traffic_s(on) * (1.0 - stack->ep_overlap_frac),
                           context_traffic_s(on) * (1.0 - stack->cp_overlap_frac),
                           pipeline_traffic_s(on) * (1.0 - stack->pp_overlap_frac)};
    return links;
}

/* ---- once a step -------------------------------------------------------------------------------------------------- */

fc_step_load fc_step_weights_on_rank(const fc_step_machine *on) {
    fc_step_load load = {0, 0};
    double share = layer_share(on);
    double ends_count[FC_PLACE_COUNT] = {0, 0, 0};
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        double count = op->params_count * op->instances / fc_shard_ways(on->plan, op->params_axes);
        if (op->place != FC_PLACE_LAYER) {
            ends_count[op->place] += count;
        } else if (op->params_axes & (uint32_t)FC_AXIS_EXPERT) {
            load.expert_count += count * share;
        } else {
            load.dense_count += count * share;
        }
    }
    double first = ends_count[FC_PLACE_FIRST];
    double last = ends_count[FC_PLACE_LAST] + fc_shard_table_copy(on->plan, on->ops);
    load.dense_count += on->plan->pp == 1 ? first + last : fc_hd_max(first, last);
    return load;
}

/* Sharded gradients cannot wait for the last micro-batch: each has to be added to its owner's part at once. */
double fc_step_replica_rounds(const fc_plan *plan) { return plan->zero >= 2 ? fc_shard_micro_batches(plan) : 1.0; }

/* Seconds of `rounds` reductions of gradients and the gathers of weights, for trained numbers that `net` shares. */
static double shared_numbers_s(const fc_step_machine *on, const fc_hd_net *net, double count) {
    if (!(count > 0)) {
        return 0;
    }
    const fc_plan *plan = on->plan;
    const fc_ops *ops = on->ops;
    double rounds = fc_step_replica_rounds(plan);
    if (plan->zero <= 0) {
        return rounds * fc_hd_all_reduce_s(net, count * ops->grad_bytes); /* everyone updates everything */
    }
    double grads_s = rounds * fc_hd_reduce_scatter_s(net, count * ops->grad_bytes);
    /* stage 3 gathers the weights for the forward pass and again for the backward pass */
    double gathers = plan->zero >= 3 ? 2.0 * rounds : 1.0;
    return grads_s + gathers * fc_hd_gather_s(net, count * ops->weight_bytes);
}

double fc_step_replica_traffic_s(const fc_step_machine *on, fc_step_load load) {
    fc_hd_net dense = group_of(on, FC_NET_REPLICA);
    fc_hd_net expert = group_of(on, FC_NET_EXPERT_REPLICA);
    return shared_numbers_s(on, &dense, load.dense_count) + shared_numbers_s(on, &expert, load.expert_count);
}
