/* hd/step.h: seconds of one optimizer step, by cause, from what rows sum up to (host/stages/step_rows.c).
 *
 * The fullest stage has its share of all rows; traffic between chips comes from step_traffic.h; chip and host work side by
 * side; the pipeline's schedule makes a step of it (step_pipeline.h). Gradient traffic hides behind a stated share of a
 * micro-batch's turn and takes something from it. docs/formulas.md, "Step time".
 */
#ifndef FLOPCAST_HD_STEP_H
#define FLOPCAST_HD_STEP_H

#include "math.h"
#include "power.h"
#include "step_machine.h"
#include "step_pipeline.h"
#include "step_traffic.h"
#include "step_update.h"

#include <stdbool.h>
#include <string.h>

/* The fullest stage's layers, from the sums over all of them. */
FC_HD fc_step_stage fc_step_layers_of_stage(const fc_step_machine *on, const fc_step_rows *rows) {
    const fc_plan *plan = on->plan;
    const fc_step_part *all = &rows->layers;
    double share = fc_step_layer_share(on);
    double redone = fc_shard_redone_share(plan, share * on->ops->layers_count);
    fc_step_stage stage = fc_step_stage_of(all, share);
    if (plan->recompute == (uint32_t)FC_RECOMPUTE_FULL) {
        stage.recompute_s = redone * share * all->forward_s;
    } else if (plan->recompute == (uint32_t)FC_RECOMPUTE_SELECTIVE) {
        stage.recompute_s = share * all->core_forward_s;
    }
    return stage;
}

/* FLOP that the hardware does beyond the model's: flash attention's second look at the scores, and recomputation. */
FC_HD double fc_step_hardware_extra_flop_per_token(const fc_step_machine *on, const fc_step_rows *rows) {
    const fc_plan *plan = on->plan;
    double redone = fc_shard_redone_share(plan, fc_step_layer_share(on) * on->ops->layers_count);
    double again = plan->recompute == (uint32_t)FC_RECOMPUTE_FULL        ? redone * rows->layers.forward_flop_per_token
                   : plan->recompute == (uint32_t)FC_RECOMPUTE_SELECTIVE ? rows->layers.core_flop_per_token
                                                                         : 0.0;
    return rows->flash_extra_flop_per_token + again;
}

/* ---- once a step ------------------------------------------------------------------------------------------------ */

FC_HD void fc_step_add_optimizer(fc_step *out, const fc_step_machine *on, const fc_step_rows *rows, fc_step_load load,
                                 double backward_s) {
    if (on->chip->threads_count > 0.0) { /* a processor that was measured */
        out->cause_s[FC_STEP_OPTIMIZER] = fc_step_updated_count(on, load) * rows->update_s_per_number;
        out->cause_s[FC_STEP_LAUNCH] += rows->update_launch_s;
        out->cause_s[FC_STEP_FIRST_TOUCH] += rows->update_touch_s;
        return;
    }
    out->cause_s[FC_STEP_OPTIMIZER] = fc_step_update_s(on, rows, load, backward_s);
}

/* ---- every micro-batch ------------------------------------------------------------------------------------------- */

/* Host and chip work beside each other: the longer one counts, a little more where they are alike. A power mean of order 5
 * fits published small models better than the plain maximum. */
FC_HD double fc_step_bound_by_host_s(double chip_s, double host_s) {
    if (!(host_s > 0.0) || !(chip_s > 0.0)) {
        return fc_hd_max(chip_s, host_s);
    }
    double longer = fc_hd_max(chip_s, host_s);
    double ratio = fc_hd_min(chip_s, host_s) / longer;
    double raised = ratio * ratio * ratio * ratio * ratio;
    return longer * fc_hd_power(1.0 + raised, 1.0 / 5.0);
}

/* What the host needs to launch the stage's layers. */
FC_HD fc_step_two_way fc_step_host_s(const fc_step_machine *on, const fc_step_rows *rows) {
    double forward_s = fc_step_layer_share(on) * rows->host_forward_s;
    double ratio = on->stack->host_backward_ratio > 0.0 ? on->stack->host_backward_ratio : 1.0;
    double again = on->plan->recompute == (uint32_t)FC_RECOMPUTE_FULL ? 1.0 : 0.0;
    return fc_step_ways(forward_s, forward_s * (ratio + again));
}

FC_HD fc_step_two_way fc_step_joined_s(fc_step_two_way chip, fc_step_two_way host) {
    return fc_step_ways(fc_step_bound_by_host_s(chip.forward_s, host.forward_s),
                        fc_step_bound_by_host_s(chip.backward_s, host.backward_s));
}

/* Adding each micro-batch's gradients to those before. */
FC_HD double fc_step_add_grads_s(const fc_step_machine *on, fc_step_load load) {
    return on->stack->grad_add_bytes * (load.dense_count + load.expert_count) / on->memory_bytes_per_s;
}

/* Turns of a micro-batch beside which gradients and weights can travel. Once a step: the last backward pass; of an
 * interleaved stage all chunks but the last are done `pp` micro-batches of a chunk earlier each. */
FC_HD double fc_step_overlap_turns(const fc_step_machine *on) {
    double rounds = fc_step_replica_rounds(on);
    double chunks = on->plan->vpp;
    double count = fc_shard_micro_batches(on->plan);
    return rounds > 1.0 ? rounds : fc_hd_min(count, 1.0 + on->plan->pp * (chunks - 1.0) / chunks);
}

/* `turn_s`: what a micro-batch takes on the stage that works longest, its waits for sends and other stages included. */
FC_HD void fc_step_add_replica_traffic(fc_step *out, const fc_step_machine *on, fc_step_load load, double turn_s) {
    fc_step_replicas traffic = fc_step_replica_traffic(on, load);
    double room_s = on->stack->dp_overlap_frac * turn_s * fc_step_overlap_turns(on);
    /* the last bucket of gradients, one layer's, has nothing left to hide behind; nor has the first layer's gather */
    double buckets = fc_hd_max(1.0, on->ops->layers_count * fc_step_layer_share(on));
    double hideable = 1.0 - 1.0 / buckets;
    double once_s = fc_hd_min(traffic.across_s * hideable, on->stack->dp_overlap_frac * turn_s);
    double hidden_s = fc_hd_min((traffic.time_s - traffic.across_s) * hideable + once_s, room_s);
    /* it disturbs no longer than it lasts */
    double taken_s = traffic.time_s > 0.0 ? fc_hd_min(1.0, traffic.inside_s / traffic.time_s) * hidden_s : 0.0;
    out->cause_s[FC_STEP_DATA] = traffic.time_s - hidden_s + on->stack->overlap_cost_frac * taken_s;
}

FC_HD void fc_step_add_stage(fc_step *out, const fc_step_stage *stage, double count) {
    double *cause_s = out->cause_s;
    cause_s[FC_STEP_MATMUL] += count * stage->class_s[FC_OP_MATMUL];
    cause_s[FC_STEP_ATTENTION] += count * (stage->class_s[FC_OP_ATTENTION] + stage->class_s[FC_OP_SCAN]);
    cause_s[FC_STEP_MEMORY_BOUND] += count * stage->class_s[FC_OP_MEMORY];
    cause_s[FC_STEP_LAUNCH] += count * stage->launch_s;
    cause_s[FC_STEP_RECOMPUTE] += count * stage->recompute_s;
    cause_s[FC_STEP_FIRST_TOUCH] += count * stage->touch_s;
}

/* The ends as far as they make the pipeline longer: `extra_s` a micro-batch, of what both or the longer one take. */
FC_HD void fc_step_add_ends(fc_step *out, const fc_step_machine *on, const fc_step_stage ends[2],
                            const fc_step_links *link, double extra_s) {
    double first_s = fc_step_stage_s(&ends[0]);
    double last_s = fc_step_stage_s(&ends[1]);
    bool both = on->plan->pp == 1;
    double count = fc_shard_micro_batches(on->plan);
    double taken_s = (both ? first_s + last_s : fc_hd_max(first_s, last_s)) + link->ends_s;
    double counted = taken_s > 0.0 ? count * fc_hd_max(0.0, extra_s) / taken_s : 0.0;
    if (both || first_s > last_s) {
        fc_step_add_stage(out, &ends[0], counted);
    }
    if (both || first_s <= last_s) {
        fc_step_add_stage(out, &ends[1], counted);
    }
    out->cause_s[FC_STEP_TENSOR] += counted * link->ends_s;
}

/* ---- putting it together ----------------------------------------------------------------------------------------- */

FC_HD void fc_step_fill_rates(fc_step *out, const fc_step_machine *on, const fc_step_rows *rows) {
    const fc_plan *plan = on->plan;
    out->tokens_per_step = (double)plan->global_batch * on->ops->seq_len;
    out->chips_used_count = (double)plan->tp * plan->pp * plan->dp * plan->cp;
    out->model_flop = on->ops->flop_per_token_model * out->tokens_per_step;
    out->hardware_flop = out->model_flop + fc_step_hardware_extra_flop_per_token(on, rows) * out->tokens_per_step;
    out->peak_flop_per_s_per_chip = on->chip->peak_flop_per_s[on->ops->dtype];
    out->mixed_peak_flop_per_s_per_chip = rows->mixed_peak_flop_per_s;
    double possible = out->time_s * out->chips_used_count * out->peak_flop_per_s_per_chip;
    out->mfu_frac = out->model_flop / possible;
    out->hfu_frac = out->hardware_flop / possible;
    out->tokens_per_s = out->tokens_per_step / out->time_s;
}

FC_HD void fc_step_add_straggler(fc_step *out, const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    double sum_s = 0;
    for (int i = 0; i < FC_STEP_STRAGGLER; ++i) {
        sum_s += out->cause_s[i];
    }
    /* the slowest of more and more ranks: stated for 1,024 of them, and about as slow again for each thousandfold */
    double ranks = (double)plan->tp * plan->pp * plan->dp * plan->cp;
    out->cause_s[FC_STEP_STRAGGLER] = ranks > 1.0 ? on->stack->straggler_frac * fc_hd_log2(ranks) / 10.0 * sum_s : 0.0;
    out->time_s = sum_s + out->cause_s[FC_STEP_STRAGGLER];
}

FC_HD void fc_step_fill_causes(fc_step *out, const fc_step_machine *on, const fc_step_rows *rows) {
    double count = fc_shard_micro_batches(on->plan);
    fc_step_stage layers = fc_step_layers_of_stage(on, rows);
    fc_step_stage ends[2];
    ends[0] = fc_step_stage_of(&rows->first, 1.0);
    ends[1] = fc_step_stage_of(&rows->last, 1.0);
    fc_step_two_way chip = fc_step_chip_s(&layers, 0.0);
    fc_step_links link = fc_step_exposed_links(on, rows, chip.forward_s, chip.backward_s);
    fc_step_load load = fc_step_weights_on_rank(on, rows);
    double grads_s = fc_step_add_grads_s(on, load);
    chip.forward_s += link.forward_s;
    chip.backward_s += link.tensor_s + link.expert_s + link.context_s - link.forward_s;
    fc_step_two_way pass = fc_step_joined_s(chip, fc_step_host_s(on, rows));
    double wait_s = (pass.forward_s - chip.forward_s) + (pass.backward_s - chip.backward_s);
    pass.backward_s += grads_s;
    fc_step_two_way waits = fc_step_offload_waits(on, rows, load, pass);
    pass.forward_s += waits.forward_s;
    pass.backward_s += waits.backward_s;
    wait_s += waits.forward_s + waits.backward_s;
    double pass_s = pass.forward_s + pass.backward_s;
    double busy_backward_s = chip.backward_s + grads_s - link.short_s;
    fc_hd_pipeline_time time = fc_step_pipeline(on, &layers, pass, busy_backward_s, ends, &link);
    double extra_s = time.busy_s / count - pass_s;
    double turn_s = on->plan->pp > 1 ? time.total_s / count : pass_s;
    double share = extra_s < 0.0 ? 1.0 + extra_s / pass_s : 1.0; /* both of two stages may have a layer less */
    count *= share;

    double *cause_s = out->cause_s;
    fc_step_add_stage(out, &layers, count);
    fc_step_add_ends(out, on, ends, &link, extra_s);
    cause_s[FC_STEP_MEMORY_BOUND] += count * grads_s;
    cause_s[FC_STEP_HOST] += count * wait_s + on->stack->host_step_s;
    cause_s[FC_STEP_TENSOR] += count * link.tensor_s;
    cause_s[FC_STEP_EXPERT] += count * link.expert_s;
    cause_s[FC_STEP_CONTEXT] += count * link.context_s;
    cause_s[FC_STEP_PIPELINE] += time.send_s;
    cause_s[FC_STEP_BUBBLE] += time.bubble_s;
    fc_step_add_replica_traffic(out, on, load, turn_s);
    cause_s[FC_STEP_DATA] += fc_step_table_traffic_s(on, rows);
    /* gradients on their way to the host hide behind those still on their way between chips, too */
    fc_step_add_optimizer(out, on, rows, load, pass.backward_s + cause_s[FC_STEP_DATA]);
    fc_step_add_straggler(out, on);
    fc_step_fill_rates(out, on, rows);
}

/* Why a step has no time. */
typedef enum fc_step_state {
    FC_STEP_PLACED = 0,
    FC_STEP_NO_HOST_LINK,   /* the plan offloads, and the chip's link to its host is not known */
    FC_STEP_NO_HOST_MEMORY, /* … nor how fast the host's memory is */
    FC_STEP_BEYOND_CHIP     /* no time above 0, or more FLOP than the chip can do */
} fc_step_state;

FC_HD fc_step_state fc_step_can_offload(const fc_chip *chip, const fc_plan *plan) {
    bool any = plan->offload_optimizer || plan->offload_weights || plan->offload_activations;
    if (any && !(chip->host_link_bytes_per_s > 0.0)) {
        return FC_STEP_NO_HOST_LINK;
    }
    return plan->offload_optimizer && !(chip->host_memory_bytes_per_s > 0.0) ? FC_STEP_NO_HOST_MEMORY : FC_STEP_PLACED;
}

/* A step of a complete plan that the rows serve (fc_step_serves). */
FC_HD fc_step_state fc_hd_step_place(fc_step *out, const fc_step_rows *rows, const fc_ops *ops,
                                     const fc_cluster *cluster, const fc_plan *plan, const fc_stack *stack) {
    fc_step_machine on;
    fc_step_state state = fc_step_can_offload(&cluster->chip, plan);
    memset(out, 0, sizeof *out);
    if (state != FC_STEP_PLACED) {
        return state;
    }
    fc_step_stand(&on, ops, cluster, plan, stack);
    fc_step_fill_causes(out, &on, rows);
    return out->time_s > 0.0 && out->hfu_frac <= 1.0 ? FC_STEP_PLACED : FC_STEP_BEYOND_CHIP;
}

/* Multiplies every cause by `factor`, but never beyond HFU 1. */
FC_HD void fc_hd_step_scale(fc_step *step, double factor) {
    double used = fc_hd_max(factor, step->hfu_frac);
    step->time_s = 0;
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        step->cause_s[i] *= used;
        step->time_s += step->cause_s[i];
    }
    step->mfu_frac /= used;
    step->hfu_frac /= used;
    step->tokens_per_s /= used;
}

#endif
