/* step_update.c: the optimizer's update, and traffic to the host's memory where a plan offloads (ZeRO-Offload 2101.06840,
 * ZeRO-Infinity 2104.07857): the link is full duplex, works beside the passes, and what it takes longer than they do shows.
 */
#include "step_update.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/memory.h"
#include "flopcast/hd/shard.h"

#include <stdbool.h>

static double layers_count(const fc_step_machine *on) {
    return fc_hd_max(1.0, on->ops->layers_count * fc_shard_stage_share(on->plan, on->ops->layers_count));
}

/* ---- the link to the host ---------------------------------------------------------------------------------------- */

fc_status fc_step_check_offload(const fc_step_machine *on, fc_error *error) {
    const fc_plan *plan = on->plan;
    const fc_chip *chip = on->chip;
    bool any = plan->offload_optimizer || plan->offload_weights || plan->offload_activations;
    if (any && !(chip->host_link_bytes_per_s > 0.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan offloads to the host, and how fast the link of %s to it is is not known: give "
                            "cluster.chip.host_link_bw, one way",
                            chip->name);
    }
    if (plan->offload_optimizer && !(chip->host_memory_bytes_per_s > 0.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan updates weights on the host, and the bandwidth of the memory there is not known "
                            "for %s: give cluster.chip.host_memory_bw, for each chip",
                            chip->name);
    }
    return FC_OK;
}

static double reached(const fc_step_machine *on, double bytes_per_s) {
    return bytes_per_s * (on->chip->host_eff_frac > 0.0 ? on->chip->host_eff_frac : 1.0);
}

static double link_s(const fc_step_machine *on, double bytes) {
    return bytes > 0.0 ? bytes / reached(on, on->chip->host_link_bytes_per_s) : 0.0;
}

/* What shows of traffic beside a pass: what is longer, and a layer's share, which has nothing to hide behind. */
static double shown_s(double traffic_s, double pass_s, double layers) {
    return fc_hd_max(traffic_s - pass_s, traffic_s / layers);
}

/* Bytes that the stage's layers save for one micro-batch. */
static double saved_bytes(const fc_step_machine *on, const fc_step_rows *rows) {
    const fc_plan *plan = on->plan;
    const fc_memory_part *held = &rows->held;
    double share = fc_shard_stage_share(plan, on->ops->layers_count);
    bool full = plan->recompute == FC_RECOMPUTE_FULL;
    double redone = full ? fc_shard_redone_share(plan, layers_count(on)) : 0.0;
    double core = plan->recompute == FC_RECOMPUTE_SELECTIVE ? 0.0 : held->core_bytes;
    double rest = core + held->other_bytes + fc_memory_surplus(plan, on->stack) * held->expert_bytes;
    return on->tokens * share * (held->input_bytes + (1.0 - redone) * rest);
}

/* Weights come up for the forward and for the backward pass, activations go down in the one and come up in the other. */
fc_step_two_way fc_step_offload_waits(const fc_step_machine *on, const fc_step_rows *rows, fc_step_load load,
                                      fc_step_two_way pass) {
    const fc_plan *plan = on->plan;
    fc_step_two_way waits = {0, 0};
    if (!plan->offload_weights && !plan->offload_activations) {
        return waits;
    }
    bool split = plan->zero >= 3;
    double dense = load.dense_count / (split ? fc_shard_zero_ranks(plan) : 1.0);
    double experts = load.expert_count / (split ? fc_shard_expert_zero_ranks(plan) : 1.0);
    double weights_s = plan->offload_weights ? link_s(on, on->ops->weight_bytes * (dense + experts)) : 0.0;
    double saved_s = plan->offload_activations ? link_s(on, saved_bytes(on, rows)) : 0.0;
    waits.forward_s = shown_s(fc_hd_max(weights_s, saved_s), pass.forward_s, layers_count(on));
    waits.backward_s = shown_s(weights_s + saved_s, pass.backward_s, layers_count(on));
    return waits;
}

/* ---- the update --------------------------------------------------------------------------------------------------- */

/* This rank's part: two ranks that work for the same two stages share their states as well. */
static fc_step_load updated(const fc_step_machine *on, fc_step_load held) {
    const fc_plan *plan = on->plan;
    double copies = plan->zero >= 1 ? 1.0 : fc_shard_stages_a_rank(plan, on->stack);
    double dense_ways = plan->zero >= 1 ? fc_shard_zero_ranks(plan) : 1.0;
    double expert_ways = plan->zero >= 1 ? fc_shard_expert_zero_ranks(plan) : 1.0;
    return (fc_step_load){copies * held.dense_count / dense_ways, copies * held.expert_count / expert_ways};
}

double fc_step_updated_count(const fc_step_machine *on, fc_step_load load) {
    fc_step_load own = updated(on, load);
    return own.dense_count + own.expert_count;
}

/* Optimizer states of the fullest stage, in units of optimizer_bytes. */
static fc_step_load states_of(const fc_step_machine *on, const fc_step_rows *rows) {
    double share = fc_shard_stage_share(on->plan, on->ops->layers_count);
    double first = rows->ends_states_count[0];
    double last = rows->ends_states_count[1];
    fc_step_load states = {share * rows->held.dense_states_count, share * rows->held.expert_states_count};
    if (on->plan->pp == 1) {
        states.dense_count += first + last;
    } else if (fc_shard_stages_a_rank(on->plan, on->stack) > 1.0) {
        states.dense_count += 0.5 * (first + last);
    } else {
        states.dense_count += fc_hd_max(first, last + rows->copy_states_count);
    }
    return states;
}

/* Reads of a gradient for the update alone: Adafactor sums its square by rows and columns, and takes the update's own mean
 * square, before it writes (Shazeer and Stern 1804.04235, algorithm 4). Muon writes and reads the 16-bit matrix beside it. */
static double update_bytes(const fc_ops *ops) {
    double once = ops->grad_bytes + 2.0 * ops->master_bytes + ops->weight_bytes;
    switch (ops->optimizer) {
    case FC_OPTIMIZER_ADAFACTOR:
        return once + 2.0 * ops->grad_bytes;
    case FC_OPTIMIZER_MUON:
        return once + 4.0;
    default:
        return once;
    }
}

/* Muon wants whole matrices: ranks that share states share the matrices out, and each takes one at least. */
static double muon_s(const fc_step_machine *on, const fc_step_rows *rows) {
    double share = fc_shard_stage_share(on->plan, on->ops->layers_count);
    fc_step_load all = {share * rows->muon_s[0], share * rows->muon_s[1]};
    fc_step_load own = updated(on, all);
    return fc_hd_max(own.dense_count + own.expert_count, rows->muon_largest_s);
}

double fc_step_update_s(const fc_step_machine *on, const fc_step_rows *rows, fc_step_load load, double backward_s) {
    const fc_ops *ops = on->ops;
    double count = fc_step_updated_count(on, load);
    double states_bytes = 2.0 * ops->optimizer_bytes * fc_step_updated_count(on, states_of(on, rows));
    double update = count * update_bytes(ops) + states_bytes;
    /* beside the update: gradients are read once more for their norm, and set to zero */
    double beside_s = 2.0 * count * ops->grad_bytes / on->memory_bytes_per_s;
    double matrices_s = muon_s(on, rows);
    if (!on->plan->offload_optimizer) {
        return beside_s + matrices_s + update / on->memory_bytes_per_s;
    }
    double layers = layers_count(on);
    double down_s = link_s(on, count * ops->grad_bytes);
    double up_s = link_s(on, count * ops->weight_bytes);
    double host_s = update / reached(on, on->chip->host_memory_bytes_per_s);
    /* new weights come up layer by layer while the host works on the next */
    return beside_s + matrices_s + shown_s(down_s, backward_s, layers) + fc_hd_max(host_s, up_s) +
           fc_hd_min(host_s, up_s) / layers;
}
