/* hd/step_traffic.h: seconds that a step spends on traffic between chips. */
#ifndef FLOPCAST_HD_STEP_TRAFFIC_H
#define FLOPCAST_HD_STEP_TRAFFIC_H

#include "hd.h"
#include "net.h"
#include "routing.h"
#include "step_machine.h"

#include <stdbool.h>
#include <string.h>

/* The chip's measured collectives, where its scale-up network is the innermost tier. */
FC_HD void fc_step_use_curves(fc_hd_net *net, const fc_step_machine *on) {
    const fc_chip *chip = on->chip;
    const double *curves[FC_HD_COLLECTIVE_COUNT];
    for (int i = 0; i < FC_HD_COLLECTIVE_COUNT; ++i) {
        curves[i] = chip->curves.link[i].cores_count > 0.0 ? chip->curves.link[i].parameters : NULL;
    }
    if (on->cluster->tiers_count > 0 && on->cluster->tiers[0].bytes_per_s == chip->scaleup_bytes_per_s) {
        fc_net_use_curves(net, curves);
    }
}

FC_HD fc_hd_net fc_step_group_of(const fc_step_machine *on, fc_net_axis axis) {
    fc_hd_net net = fc_net_of_axis(on->cluster, on->plan, axis);
    fc_step_use_curves(&net, on);
    return net;
}

/* Experts lie side by side over tensor, context and data ranks. */
FC_HD fc_hd_net fc_step_expert_group(const fc_step_machine *on, double size, double stride) {
    const fc_plan *plan = on->plan;
    fc_hd_net net = fc_net_group(on->cluster, (double)plan->tp * plan->pp * plan->dp * plan->cp, size, stride);
    fc_step_use_curves(&net, on);
    return net;
}

/* ---- every micro-batch -------------------------------------------------------------------------------------------- */

/* Row-parallel results are summed over the tensor ranks going forward, column-parallel input gradients going back. */
FC_HD double fc_step_reduces_s(const fc_step_rows *rows, const fc_hd_net *net) {
    double once_s = 0;
    for (uint32_t i = 0; i < rows->reduces_count; ++i) {
        once_s += rows->reduce_instances[i] * fc_hd_all_reduce_s(net, rows->reduce_bytes[i]);
    }
    return once_s;
}

/* The vocabulary-parallel embedding's result is summed going forward, the logits' input gradient going back. */
FC_HD double fc_step_end_reduce_s(const fc_step_machine *on, const fc_hd_net *net) {
    return fc_hd_all_reduce_s(net, on->tokens * on->ops->hidden * on->ops->activation_bytes);
}

/* What a group takes inside the innermost tier hangs on nothing but its size. */
FC_HD bool fc_step_is_inside(const fc_step_machine *on, const fc_hd_net *net) {
    return net->members[0] >= on->plan->tp;
}

/* Fills in the sums of the tensor ranks that a group inside one domain takes: most groups are. */
FC_HD void fc_step_reduce(fc_step_rows *rows, const fc_step_machine *on) {
    fc_hd_net net = fc_net_group(on->cluster, on->plan->tp, on->plan->tp, 1.0); /* as if it were alone there */
    fc_step_use_curves(&net, on);
    if (on->plan->tp > 1 && fc_step_is_inside(on, &net)) {
        rows->reduces_s = fc_step_reduces_s(rows, &net);
        rows->end_reduce_s = fc_step_end_reduce_s(on, &net);
    }
}

/* With several stages, one of the ends is on the slowest. */
FC_HD void fc_step_add_tensor_traffic(fc_step_links *out, const fc_step_machine *on, const fc_step_rows *rows) {
    if (on->plan->tp <= 1) {
        return;
    }
    fc_hd_net net = fc_step_group_of(on, FC_NET_TENSOR);
    bool inside = fc_step_is_inside(on, &net);
    double passes = on->plan->recompute == (uint32_t)FC_RECOMPUTE_FULL ? 3.0 : 2.0;
    double ends = on->plan->pp == 1 ? 2.0 : 1.0;
    out->tensor_s = passes * fc_step_layer_share(on) * (inside ? rows->reduces_s : fc_step_reduces_s(rows, &net));
    out->ends_s = ends * (inside ? rows->end_reduce_s : fc_step_end_reduce_s(on, &net));
}

/* Nodes that a router's limit on groups of experts leaves to a token; groups lie in order over all nodes. */
FC_HD double fc_step_nodes_most(const fc_ops *ops, double nodes) {
    double most = ops->expert_groups_per_token;
    return fc_hd_max(fc_hd_min(most, nodes), most * nodes / ops->expert_groups);
}

/* One way of a token's copies to its experts. A router that picks groups of experts first is there to send each token once
 * to each of few nodes, which spread it (DeepSeek-V3 2412.19437, 3.2.2); else each copy travels for itself. */
FC_HD double fc_step_exchange_s(const fc_step_machine *on, const fc_hd_net *net, double tokens) {
    const fc_ops *ops = on->ops;
    double token_bytes = ops->hidden * ops->activation_bytes;
    double ranks = fc_hd_ranks(net);
    double node_chips = fc_hd_max(1.0, net->members[0]);
    if (!(ops->expert_groups > 1.0) || ranks <= node_chips) {
        return fc_hd_all_to_all_s(net, tokens * ops->experts_per_token * token_bytes);
    }
    fc_hd_routing routing;
    memset(&routing, 0, sizeof routing);
    routing.tokens = tokens;
    routing.token_bytes = token_bytes;
    routing.experts_per_token = ops->experts_per_token;
    routing.experts = ops->experts;
    routing.groups_most = fc_step_nodes_most(ops, ranks / node_chips);
    return fc_hd_routing_s(net, routing);
}

/* Dispatch before the experts and combine after them, forward and back, and forward again when the layer is redone. Under
 * sequence parallelism a tensor rank sends its own part of the tokens; without it each sends all of them. */
FC_HD double fc_step_expert_traffic_s(const fc_step_machine *on) {
    if (on->plan->ep <= 1 || on->ops->moe_layers_count <= 0) {
        return 0;
    }
    const fc_plan *plan = on->plan;
    fc_hd_net net = fc_step_expert_group(on, plan->ep, fc_shard_expert_tensor(plan));
    double tokens = on->tokens / (plan->sequence_parallel == 1 ? plan->tp : 1);
    double passes = plan->recompute == (uint32_t)FC_RECOMPUTE_FULL ? 6.0 : 4.0;
    double layers = on->ops->moe_layers_count * fc_step_layer_share(on);
    return passes * layers * on->stack->expert_imbalance * fc_step_exchange_s(on, &net, tokens);
}

/* Ring attention: keys and values once around forward, and with their gradients twice back (Liu et al. 2310.01889). Both
 * kinds of recomputation redo the core, and need them once more. */
FC_HD double fc_step_context_traffic_s(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    if (plan->cp <= 1) {
        return 0;
    }
    fc_hd_net net = fc_step_group_of(on, FC_NET_CONTEXT);
    double tp_ways = fc_hd_min(plan->tp, fc_hd_max(1.0, on->ops->kv_heads));
    double bytes = on->ops->kv_bytes_per_token * on->tokens / tp_ways;
    double layers = on->ops->attention_layers_count * fc_step_layer_share(on);
    bool redone = plan->recompute == (uint32_t)FC_RECOMPUTE_SELECTIVE || plan->recompute == (uint32_t)FC_RECOMPUTE_FULL;
    return (redone ? 4.0 : 3.0) * layers * ((double)plan->cp - 1.0) * fc_hd_send_s(&net, bytes);
}

/* One message between two stages: a chunk's activation, or its gradient. */
FC_HD double fc_step_send_s(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    if (plan->pp <= 1) {
        return 0;
    }
    fc_hd_net net = fc_step_group_of(on, FC_NET_PIPELINE);
    /* each tensor rank has the same activation: it sends a part, and the receivers gather inside their node */
    double ways = on->stack->pp_send_whole ? 1.0 : plan->tp;
    return fc_hd_send_s(&net, on->tokens * on->ops->hidden * on->ops->activation_bytes / ways);
}

/* Half of all traffic is forward. A stack hides a share of it behind the work of that direction, and never more than there
 * is work. */
FC_HD fc_step_links fc_step_exposed_links(const fc_step_machine *on, const fc_step_rows *rows, double forward_s,
                                          double backward_s) {
    const fc_stack *stack = on->stack;
    fc_step_links links;
    memset(&links, 0, sizeof links);
    fc_step_add_tensor_traffic(&links, on, rows);
    links.expert_s = fc_step_expert_traffic_s(on);
    links.context_s = fc_step_context_traffic_s(on);
    double all_s = links.tensor_s + links.expert_s + links.context_s;
    double wanted_s = links.tensor_s * stack->tp_overlap_frac + links.expert_s * stack->ep_overlap_frac +
                      links.context_s * stack->cp_overlap_frac;
    double forward_hidden_s = fc_hd_min(0.5 * wanted_s, forward_s);
    double backward_hidden_s = fc_hd_min(0.5 * wanted_s, backward_s);
    double hidden_s = forward_hidden_s + backward_hidden_s;
    double hidden = wanted_s > 0.0 ? hidden_s / wanted_s : 1.0;
    links.tensor_s *= 1.0 - hidden * stack->tp_overlap_frac;
    links.expert_s *= 1.0 - hidden * stack->ep_overlap_frac;
    links.context_s *= 1.0 - hidden * stack->cp_overlap_frac;
    links.forward_s = 0.5 * all_s - forward_hidden_s;
    links.short_s = 0.5 * wanted_s - backward_hidden_s;
    links.send_s = fc_step_send_s(on);
    return links;
}

/* ---- once a step -------------------------------------------------------------------------------------------------- */

FC_HD double fc_step_table_copy_count(const fc_step_machine *on, const fc_step_rows *rows) {
    bool apart = on->plan->pp > 1 && fc_shard_stages_a_rank(on->plan, on->stack) < 2.0;
    return apart ? rows->table_copy_count : 0.0;
}

FC_HD fc_step_load fc_step_weights_on_rank(const fc_step_machine *on, const fc_step_rows *rows) {
    double share = fc_step_layer_share(on);
    double first = rows->first.dense_count + rows->first.expert_count;
    double last = rows->last.dense_count + rows->last.expert_count + fc_step_table_copy_count(on, rows);
    fc_step_load load = {rows->layers.dense_count * share, rows->layers.expert_count * share};
    if (fc_shard_stages_a_rank(on->plan, on->stack) > 1.0) { /* both ends lie on one rank, beside two stages */
        load.dense_count += 0.5 * (first + last);
    } else {
        load.dense_count += on->plan->pp == 1 ? first + last : fc_hd_max(first, last);
    }
    return load;
}

FC_HD double fc_step_wire_bytes(const fc_step_machine *on) {
    return on->stack->grad_wire_bytes > 0.0 ? on->stack->grad_wire_bytes : on->ops->grad_bytes;
}

/* Sharded gradients cannot wait for the last micro-batch: each has to be added to its owner's part at once. */
FC_HD double fc_step_replica_rounds(const fc_step_machine *on) {
    bool each = on->plan->zero >= 2 || on->stack->grads_every_micro_batch;
    return each ? fc_shard_micro_batches(on->plan) : 1.0;
}

FC_HD double fc_step_table_traffic_s(const fc_step_machine *on, const fc_step_rows *rows) {
    double count = fc_step_table_copy_count(on, rows);
    if (!(count > 0.0)) {
        return 0.0;
    }
    fc_hd_net net = fc_step_group_of(on, FC_NET_PIPELINE);
    return fc_hd_send_s(&net, count * fc_step_wire_bytes(on));
}

/* Stage 3 works on a layer at a time, or on each of its tensors: so many collectives, each with its latency. */
FC_HD double fc_step_pieces_count(const fc_step_machine *on) {
    if (on->plan->zero < 3) {
        return 1.0;
    }
    double layers = on->ops->layers_count * fc_step_layer_share(on);
    return fc_hd_max(1.0, layers * fc_hd_max(1.0, on->stack->gathers_per_layer));
}

/* Who holds the same weights: those that ZeRO splits them over, and groups of those beside each other. */
typedef struct fc_step_replica_nets {
    fc_hd_net inside;
    fc_hd_net across; /* no ranks: there is one group */
} fc_step_replica_nets;

/* Sums over groups (torchtitan's HSDP) can wait for the last micro-batch: what a group holds is a sum already. */
FC_HD double fc_step_across_rounds(const fc_step_machine *on) {
    return on->stack->grads_every_micro_batch ? fc_shard_micro_batches(on->plan) : 1.0;
}

/* Seconds of reductions of gradients and gathers of weights inside a group, for trained numbers that it shares. */
FC_HD double fc_step_inside_group_s(const fc_step_machine *on, const fc_hd_net *net, double count) {
    const fc_plan *plan = on->plan;
    double rounds = fc_step_replica_rounds(on);
    if (plan->zero <= 0) {
        return rounds * fc_hd_all_reduce_s(net, count * fc_step_wire_bytes(on)); /* everyone updates everything */
    }
    double pieces = fc_step_pieces_count(on);
    double grads_s = rounds * pieces * fc_hd_reduce_scatter_s(net, count * fc_step_wire_bytes(on) / pieces);
    /* stage 3 gathers the weights for the forward pass and again for the backward pass */
    double gathers = plan->zero >= 3 ? 2.0 * rounds : 1.0;
    return grads_s + gathers * pieces * fc_hd_gather_s(net, count * on->ops->weight_bytes / pieces);
}

/* Each rank's part of the gradients, summed over the groups. */
FC_HD double fc_step_across_groups_s(const fc_step_machine *on, const fc_step_replica_nets *nets, double count) {
    if (!(fc_hd_ranks(&nets->across) > 1.0)) {
        return 0.0;
    }
    double pieces = fc_step_pieces_count(on);
    double bytes = count * fc_step_wire_bytes(on) / (fc_hd_ranks(&nets->inside) * pieces);
    return fc_step_across_rounds(on) * pieces * fc_hd_all_reduce_s(&nets->across, bytes);
}

/* The time that the same bytes need through the innermost tier: what they take of a chip's own memory and cores. */
FC_HD double fc_step_disturbs_s(const fc_step_machine *on, const fc_step_replica_nets *nets, double count) {
    const fc_plan *plan = on->plan;
    double ranks = fc_hd_ranks(&nets->inside);
    double groups = fc_hd_max(1.0, fc_hd_ranks(&nets->across));
    double rounds = fc_step_replica_rounds(on);
    double grads = rounds * (plan->zero <= 0 ? 2.0 : 1.0) * fc_step_wire_bytes(on);
    double weights = (plan->zero >= 3 ? 2.0 * rounds : (plan->zero > 0 ? 1.0 : 0.0)) * on->ops->weight_bytes;
    double across = fc_step_across_rounds(on) * 2.0 * (groups - 1.0) / groups * fc_step_wire_bytes(on) / ranks;
    return count * ((ranks - 1.0) / ranks * (grads + weights) + across) / nets->inside.bytes_per_s[0];
}

FC_HD void fc_step_add_shared(fc_step_replicas *out, const fc_step_machine *on, const fc_step_replica_nets *nets,
                              double count) {
    if (!(count > 0.0)) {
        return;
    }
    double across_s = fc_step_across_groups_s(on, nets, count);
    out->time_s += fc_step_inside_group_s(on, &nets->inside, count) + across_s;
    out->across_s += across_s;
    out->inside_s += nets->inside.bytes_per_s[0] > 0.0 ? fc_step_disturbs_s(on, nets, count) : 0.0;
}

FC_HD fc_step_replica_nets fc_step_dense_replicas(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    double group = fc_shard_zero_ranks(plan);
    fc_step_replica_nets nets;
    memset(&nets, 0, sizeof nets);
    if (plan->zero <= 0 || group >= (double)plan->dp * plan->cp) {
        nets.inside = fc_step_group_of(on, FC_NET_REPLICA);
        return nets;
    }
    fc_net_split(&nets.inside, &nets.across, on->cluster, plan, FC_NET_REPLICA, group);
    fc_step_use_curves(&nets.inside, on);
    fc_step_use_curves(&nets.across, on);
    return nets;
}

FC_HD fc_step_replica_nets fc_step_expert_replicas(const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    double all = fc_shard_expert_replicas(plan);
    double stride = fc_shard_expert_tensor(plan) * plan->ep;
    double group = plan->zero > 0 ? floor(fc_shard_expert_zero_ranks(plan)) : all;
    fc_step_replica_nets nets;
    memset(&nets, 0, sizeof nets);
    nets.inside = fc_step_expert_group(on, group, stride);
    if (group < all) {
        nets.across = fc_step_expert_group(on, fc_hd_max(1.0, floor(all / group)), stride * group);
    }
    return nets;
}

/* Both ranks that work for a stage add their gradients up: each sends the other half, and half of the new weights or sums
 * comes back. */
FC_HD double fc_step_copies_s(const fc_step_machine *on, fc_step_load load) {
    bool split = on->plan->zero > 0;
    double dense = load.dense_count / (split ? fc_shard_zero_ranks(on->plan) : 1.0);
    double experts = load.expert_count / (split ? fc_shard_expert_zero_ranks(on->plan) : 1.0);
    double bytes = 0.5 * (fc_step_wire_bytes(on) + (split ? on->ops->weight_bytes : fc_step_wire_bytes(on)));
    fc_hd_net net = fc_step_group_of(on, FC_NET_PIPELINE);
    return fc_hd_send_s(&net, (dense + experts) * bytes);
}

/* Gradients in and weights out over the replicas, once a step, before overlap. */
FC_HD fc_step_replicas fc_step_replica_traffic(const fc_step_machine *on, fc_step_load load) {
    double stages = fc_shard_stages_a_rank(on->plan, on->stack);
    fc_step_load held = {stages * load.dense_count, stages * load.expert_count};
    fc_step_replica_nets dense = fc_step_dense_replicas(on);
    fc_step_replica_nets expert = fc_step_expert_replicas(on);
    fc_step_replicas out = {0, 0, 0};
    fc_step_add_shared(&out, on, &dense, held.dense_count);
    fc_step_add_shared(&out, on, &expert, held.expert_count);
    if (stages > 1.0) {
        double more_s = fc_step_copies_s(on, held);
        out.time_s += more_s;
        out.across_s += more_s;
    }
    return out;
}

#endif
