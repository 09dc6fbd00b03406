/* step.c: seconds of one optimizer step, by cause: the only place where operations, cluster and plan meet.
 *
 * Rows of operations take what step_gpu.c or step_processor.c says, on the fullest stage; traffic between chips comes from
 * step_traffic.c; chip and host work side by side; the pipeline's schedule makes a step of it (hd/schedule.h). Gradient
 * traffic hides behind a stated share of compute and takes something from it. docs/formulas.md, "Step time".
 */
#include "flopcast/stages.h"
#include "flopcast/hd/schedule.h"
#include "shard.h"
#include "step_op.h"
#include "step_traffic.h"

#include <stdbool.h>
#include <string.h>

/* Host and chip work beside each other: the longer one counts, a little more where they are alike. A power mean of this
 * order fits published small models better than the plain maximum. */
static const double HOST_ORDER = 5.0;
/* Kernels that a softmax takes beyond a fused one: to 32 bits, scale, mask, softmax, back to 16 bits; and what eager
 * PyTorch needs to launch one (5 to 10 us on the hosts of 2020 to 2023; an assumption). */
static const double SOFTMAX_KERNELS = 8.0;
static const double HOST_KERNEL_S = 1e-5;
/* Flash attention's backward recomputes the scores: 2.5 times its forward (Dao 2205.14135, 2307.08691). */
static const double FLASH_BACKWARD = 2.5;

/* Sums over the fullest stage, one micro-batch. */
typedef struct stage_time {
    double class_s[FC_OP_CLASS_COUNT];
    double forward_s; /* of all classes; the rest of their sum is backward */
    double launch_s;
    double touch_s;
    double recompute_s;
    double recompute_flop; /* of the whole step */
} stage_time;

fc_product fc_step_product(const fc_step_machine *on, const fc_op *op) {
    double groups = op->groups / fc_shard_ways(on->plan, op->group_axes);
    bool experts = (op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
    /* expert rows arrive from all ranks of the expert group and spread over the group's experts */
    double rows = op->rows_per_token * on->tokens / fc_shard_ways(on->plan, op->row_axes & ~(uint32_t)FC_AXIS_EXPERT);
    double imbalance = experts ? on->stack->expert_imbalance * fc_shard_expert_rows(on->plan) : 1.0;
    return (fc_product){.m = imbalance * rows / groups,
                        .n = op->n / fc_shard_ways(on->plan, op->n_axes),
                        .k = op->k / fc_shard_ways(on->plan, op->k_axes),
                        .count = groups * op->repeats};
}

static fc_op_time time_op(const fc_step_machine *on, const fc_op *op) {
    return on->chip->threads_count > 0.0 ? fc_step_on_processor(on, op) : fc_step_on_accelerator(on, op);
}

static bool is_recomputed(const fc_op *op, const fc_plan *plan) {
    if (op->place != FC_PLACE_LAYER) {
        return false;
    }
    return plan->recompute == FC_RECOMPUTE_FULL ||
           (plan->recompute == FC_RECOMPUTE_SELECTIVE && op->op_class == FC_OP_ATTENTION);
}

/* Adds the rows of one place to a stage's sums. */
static void add_place(stage_time *out, const fc_step_machine *on, uint32_t place) {
    double share = place == FC_PLACE_LAYER ? fc_shard_stage_share(on->plan, on->ops->layers_count) : 1.0;
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        if (op->place != place) {
            continue;
        }
        fc_op_time t = time_op(on, op);
        double instances = op->instances * share;
        out->class_s[op->op_class] += instances * (t.forward_s + t.backward_s);
        out->forward_s += instances * t.forward_s;
        out->launch_s += instances * t.launch_s;
        out->touch_s += instances * t.touch_s;
        if (is_recomputed(op, on->plan)) {
            double redone = fc_shard_redone_share(on->plan, share * on->ops->layers_count);
            out->recompute_s += redone * instances * t.forward_s;
            out->recompute_flop += redone * op->instances * op->flop_per_token;
        }
    }
}

static double stage_total_s(const stage_time *stage) {
    double total_s = stage->launch_s + stage->touch_s + stage->recompute_s;
    for (int i = 0; i < FC_OP_CLASS_COUNT; ++i) {
        total_s += stage->class_s[i];
    }
    return total_s;
}

/* ---- once a step ------------------------------------------------------------------------------------------------ */

/* Read gradient, master copy and moments; write master copy, moments and weight. */
static void add_optimizer(fc_step *out, const fc_step_machine *on, fc_step_load load) {
    const fc_plan *plan = on->plan;
    double dense_ways = plan->zero >= 1 ? (double)plan->dp * plan->cp : 1.0;
    double expert_ways = plan->zero >= 1 ? fc_shard_expert_replicas(plan) : 1.0;
    const fc_ops *ops = on->ops;
    /* beside the update: gradients are read once more for their norm, and set to zero */
    double bytes_each = 3.0 * ops->grad_bytes + 2.0 * (ops->master_bytes + ops->optimizer_bytes) + ops->weight_bytes;
    double params_count = load.dense_count / dense_ways + load.expert_count / expert_ways;
    if (on->chip->threads_count > 0.0) {
        fc_op_time update = fc_step_update_on_processor(on, params_count);
        out->cause_s[FC_STEP_OPTIMIZER] = update.forward_s;
        out->cause_s[FC_STEP_LAUNCH] += update.launch_s;
        out->cause_s[FC_STEP_FIRST_TOUCH] += update.touch_s;
        return;
    }
    out->cause_s[FC_STEP_OPTIMIZER] = params_count * bytes_each / on->memory_bytes_per_s;
}

/* ---- putting it together ----------------------------------------------------------------------------------------- */

static fc_status check_facts(const fc_step_machine *on, fc_error *error) {
    const fc_chip *chip = on->chip;
    if (!(on->memory_bytes_per_s > 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "chip %s has no memory bandwidth: give chip.memory_bw and chip.memory_eff", chip->name);
    }
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        const char *dtype = fc_dtype_name((fc_dtype)op->dtype);
        if (op->op_class == FC_OP_MEMORY) {
            continue;
        }
        if (!(chip->peak_flop_per_s[op->dtype] > 0)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chip %s has no dense %s rate, which %s needs: choose another workload.dtype or give "
                                "cluster.chip.peak_%s",
                                chip->name, dtype, op->name, dtype);
        }
        if (op->op_class == FC_OP_MATMUL && !(chip->matmul[op->dtype].eff_frac > 0) &&
            !(chip->curves.matmul[op->dtype].cores_count > 0)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chip %s has no %s matmul efficiency: give cluster.chip.matmul_eff_%s", chip->name,
                                dtype, dtype);
        }
        if (op->op_class != FC_OP_MATMUL && !(chip->attention_eff_frac > 0) &&
            !(chip->curves.attention.cores_count > 0)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chip %s has no attention efficiency: give cluster.chip.attention_eff", chip->name);
        }
    }
    return FC_OK;
}

/* FLOP that the hardware does beyond the model's: flash attention's second look at the scores, and recomputation. */
static double hardware_extra_flop_per_token(const fc_step_machine *on, double recompute_flop_per_token) {
    double extra = recompute_flop_per_token;
    for (uint32_t i = 0; on->stack->flash_attention && i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        if (op->op_class == FC_OP_ATTENTION) {
            extra += op->instances * op->flop_per_token * (FLASH_BACKWARD - 2.0);
        }
    }
    return extra;
}

static double mixed_peak(const fc_step_machine *on) {
    double flop = 0;
    double ideal_s = 0;
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        double amount = op->flop_per_token * op->instances;
        if (amount > 0) {
            flop += amount;
            ideal_s += amount / on->chip->peak_flop_per_s[op->dtype];
        }
    }
    return flop / ideal_s;
}

static void fill_rates(fc_step *out, const fc_step_machine *on, double recompute_flop_per_token) {
    const fc_plan *plan = on->plan;
    out->tokens_per_step = (double)plan->global_batch * on->ops->seq_len;
    out->chips_used_count = (double)plan->tp * plan->pp * plan->dp * plan->cp;
    out->model_flop = on->ops->flop_per_token_model * out->tokens_per_step;
    out->hardware_flop =
        out->model_flop + hardware_extra_flop_per_token(on, recompute_flop_per_token) * out->tokens_per_step;
    out->peak_flop_per_s_per_chip = on->chip->peak_flop_per_s[on->ops->dtype];
    out->mixed_peak_flop_per_s_per_chip = mixed_peak(on);
    double possible = out->time_s * out->chips_used_count * out->peak_flop_per_s_per_chip;
    out->mfu_frac = out->model_flop / possible;
    out->hfu_frac = out->hardware_flop / possible;
    out->tokens_per_s = out->tokens_per_step / out->time_s;
}

/* Power mean of what the chip and its host take. */
static double bound_by_host_s(double chip_s, double host_s) {
    if (!(host_s > 0.0) || !(chip_s > 0.0)) {
        return fc_hd_max(chip_s, host_s);
    }
    double longer = fc_hd_max(chip_s, host_s);
    double ratio = fc_hd_min(chip_s, host_s) / longer;
    return longer * fc_hd_power(1.0 + fc_hd_power(ratio, HOST_ORDER), 1.0 / HOST_ORDER);
}

/* Forward and backward seconds of one micro-batch. */
typedef struct two_way {
    double forward_s;
    double backward_s;
} two_way;

/* What the host needs to launch the stage's layers. */
static two_way host_s(const fc_step_machine *on) {
    const fc_stack *stack = on->stack;
    if (stack->cuda_graphs || !(stack->host_layer_s > 0.0)) {
        return (two_way){0, 0};
    }
    double share = fc_shard_stage_share(on->plan, on->ops->layers_count);
    double layer_s = stack->host_layer_s * (1.0 + stack->host_rank_frac * (on->plan->tp - 1.0));
    layer_s += fc_step_softmax_unfused(on) ? SOFTMAX_KERNELS * HOST_KERNEL_S : 0.0;
    double forward_s = share * (on->ops->layers_count * layer_s + on->ops->moe_layers_count * stack->host_moe_layer_s);
    double ratio = stack->host_backward_ratio > 0.0 ? stack->host_backward_ratio : 1.0;
    double again = on->plan->recompute == FC_RECOMPUTE_FULL ? 1.0 : 0.0;
    return (two_way){forward_s, forward_s * (ratio + again)};
}

/* What the chip needs, traffic that shows included; half of that is forward. */
static two_way chip_s(const stage_time *stage, double links_s) {
    double forward_s = stage->forward_s + stage->launch_s / 3.0 + links_s / 2.0;
    return (two_way){forward_s, stage_total_s(stage) + links_s - forward_s};
}

static two_way joined_s(two_way chip, two_way host) {
    return (two_way){bound_by_host_s(chip.forward_s, host.forward_s),
                     bound_by_host_s(chip.backward_s, host.backward_s)};
}

/* Adding each micro-batch's gradients to those before. */
static double add_grads_s(const fc_step_machine *on, fc_step_load load) {
    return on->stack->grad_add_bytes * (load.dense_count + load.expert_count) / on->memory_bytes_per_s;
}

/* Passes of a micro-batch beside which gradients and weights can travel. Once a step: the last backward pass; of an
 * interleaved stage all chunks but the last are done `pp` micro-batches of a chunk earlier each. */
static double overlap_passes(const fc_step_machine *on) {
    double rounds = fc_step_replica_rounds(on);
    double chunks = on->plan->vpp;
    double count = fc_shard_micro_batches(on->plan);
    return rounds > 1.0 ? rounds : fc_hd_min(count, 1.0 + on->plan->pp * (chunks - 1.0) / chunks);
}

static void add_replica_traffic(fc_step *out, const fc_step_machine *on, fc_step_load load, double pass_s) {
    fc_step_replicas traffic = fc_step_replica_traffic(on, load);
    double room_s = on->stack->dp_overlap_frac * pass_s * overlap_passes(on);
    /* the last bucket of gradients, one layer's, has nothing left to hide behind; nor has the first layer's gather */
    double buckets = fc_hd_max(1.0, on->ops->layers_count * fc_shard_stage_share(on->plan, on->ops->layers_count));
    double hidden_s = fc_hd_min(traffic.time_s * (1.0 - 1.0 / buckets), room_s);
    double taken_s = traffic.time_s > 0.0 ? traffic.inside_s * hidden_s / traffic.time_s : 0.0;
    out->cause_s[FC_STEP_DATA] = traffic.time_s - hidden_s + on->stack->overlap_cost_frac * taken_s;
}

static void add_stage(fc_step *out, const stage_time *stage, double count) {
    double *cause_s = out->cause_s;
    cause_s[FC_STEP_MATMUL] += count * stage->class_s[FC_OP_MATMUL];
    cause_s[FC_STEP_ATTENTION] += count * (stage->class_s[FC_OP_ATTENTION] + stage->class_s[FC_OP_SCAN]);
    cause_s[FC_STEP_MEMORY_BOUND] += count * stage->class_s[FC_OP_MEMORY];
    cause_s[FC_STEP_LAUNCH] += count * stage->launch_s;
    cause_s[FC_STEP_RECOMPUTE] += count * stage->recompute_s;
    cause_s[FC_STEP_FIRST_TOUCH] += count * stage->touch_s;
}

/* ---- the pipeline ------------------------------------------------------------------------------------------------ */

static fc_schedule schedule_of(const fc_plan *plan, const fc_stack *stack) {
    uint32_t stated = plan->schedule != FC_PLAN_SCHEDULE_AUTO ? plan->schedule : stack->schedule;
    if (stated != FC_PLAN_SCHEDULE_AUTO) {
        return (fc_schedule)(stated - FC_PLAN_SCHEDULE_GPIPE + FC_SCHEDULE_GPIPE);
    }
    return plan->vpp > 1 ? FC_SCHEDULE_INTERLEAVED : FC_SCHEDULE_1F1B;
}

/* What an end of the model makes its stage take longer, or shorter where that stage has a layer less. */
static fc_hd_pass end_pass(const stage_time *end, double links_s, two_way pass, double spared_frac) {
    two_way more = chip_s(end, links_s);
    double weight_s = end->class_s[FC_OP_MATMUL] / 3.0;
    return (fc_hd_pass){.forward_s = more.forward_s - spared_frac * pass.forward_s,
                        .input_s = more.backward_s - weight_s - spared_frac * pass.backward_s,
                        .weight_s = weight_s};
}

/* The pipeline as its schedule sees it. A weight gradient is a third of a matmul's three products. */
static fc_hd_pipeline describe_pipeline(const fc_step_machine *on, const stage_time *layers, two_way pass,
                                        const stage_time ends[2], const fc_step_links *link) {
    const fc_plan *plan = on->plan;
    double layers_count = on->ops->layers_count;
    double spared_frac = 1.0 - fc_shard_end_share(plan, layers_count) / fc_shard_stage_share(plan, layers_count);
    double weight_s = layers->class_s[FC_OP_MATMUL] / 3.0;
    double end_links_s = plan->pp > 1 ? link->ends_s : link->ends_s / 2.0;
    fc_hd_pipeline pipe = {.stages = (int32_t)plan->pp,
                           .chunks = (int32_t)plan->vpp,
                           .micro_batches = (int32_t)fc_shard_micro_batches(plan),
                           .stage = {pass.forward_s, pass.backward_s - weight_s, weight_s},
                           .first = end_pass(&ends[0], end_links_s, pass, spared_frac),
                           .last = end_pass(&ends[1], end_links_s, pass, spared_frac),
                           .send_s = link->send_s,
                           .blocked_frac = 1.0 - on->stack->pp_overlap_frac};
    return pipe;
}

/* Where a schedule cannot run these counts (interleaving wants whole groups of micro-batches), the pipeline fills and
 * drains by chunks: one chunk's pass and its sends for each of the other stages. */
static fc_hd_pipeline_time time_pipeline(const fc_step_machine *on, const fc_hd_pipeline *pipe) {
    fc_schedule schedule = schedule_of(on->plan, on->stack);
    fc_hd_pipeline_time out = {0};
    if (pipe->stages == 1) {
        out.busy_s = fc_hd_pipeline_busy_s(FC_SCHEDULE_1F1B, pipe);
        out.total_s = out.busy_s;
        return out;
    }
    if (fc_hd_pipeline_fits(schedule, pipe)) {
        return fc_hd_pipeline_parts(schedule, pipe);
    }
    double pass_s = pipe->stage.forward_s + pipe->stage.input_s + pipe->stage.weight_s;
    double shows_s = 2.0 * pipe->blocked_frac * pipe->send_s;
    out.busy_s = fc_hd_pipeline_busy_s(FC_SCHEDULE_1F1B, pipe);
    out.bubble_s = (pipe->stages - 1.0) * pass_s / pipe->chunks;
    out.send_s = shows_s * (pipe->micro_batches * (double)pipe->chunks + pipe->stages - 1.0);
    out.total_s = out.busy_s + out.bubble_s + out.send_s;
    return out;
}

/* The ends as far as they make the pipeline longer: `extra_s` a micro-batch, of what both or the longer one take. */
static void add_ends(fc_step *out, const fc_step_machine *on, const stage_time ends[2], const fc_step_links *link,
                     double extra_s) {
    double first_s = stage_total_s(&ends[0]);
    double last_s = stage_total_s(&ends[1]);
    bool both = on->plan->pp == 1;
    double count = fc_shard_micro_batches(on->plan);
    double taken_s = (both ? first_s + last_s : fc_hd_max(first_s, last_s)) + link->ends_s;
    double counted = taken_s > 0.0 ? count * fc_hd_max(0.0, extra_s) / taken_s : 0.0;
    if (both || first_s > last_s) {
        add_stage(out, &ends[0], counted);
    }
    if (both || first_s <= last_s) {
        add_stage(out, &ends[1], counted);
    }
    out->cause_s[FC_STEP_TENSOR] += counted * link->ends_s;
}

/* ---- putting it together ----------------------------------------------------------------------------------------- */

static void add_straggler(fc_step *out, const fc_step_machine *on) {
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

static void fill_causes(fc_step *out, const fc_step_machine *on) {
    double count = fc_shard_micro_batches(on->plan);
    stage_time layers = {0};
    stage_time ends[2];
    memset(ends, 0, sizeof ends);
    add_place(&layers, on, FC_PLACE_LAYER);
    add_place(&ends[0], on, FC_PLACE_FIRST);
    add_place(&ends[1], on, FC_PLACE_LAST);
    fc_step_links link = fc_step_exposed_links(on);
    fc_step_load load = fc_step_weights_on_rank(on);
    double links_s = link.tensor_s + link.expert_s + link.context_s;
    double grads_s = add_grads_s(on, load);
    two_way chip = chip_s(&layers, links_s);
    two_way pass = joined_s(chip, host_s(on));
    double wait_s = pass.forward_s + pass.backward_s - chip.forward_s - chip.backward_s;
    pass.backward_s += grads_s;
    double pass_s = pass.forward_s + pass.backward_s;
    fc_hd_pipeline pipe = describe_pipeline(on, &layers, pass, ends, &link);
    fc_hd_pipeline_time time = time_pipeline(on, &pipe);

    double *cause_s = out->cause_s;
    add_stage(out, &layers, count);
    add_ends(out, on, ends, &link, time.busy_s / count - pass_s);
    cause_s[FC_STEP_MEMORY_BOUND] += count * grads_s;
    cause_s[FC_STEP_HOST] += count * wait_s + on->stack->host_step_s;
    cause_s[FC_STEP_TENSOR] += count * link.tensor_s;
    cause_s[FC_STEP_EXPERT] += count * link.expert_s;
    cause_s[FC_STEP_CONTEXT] += count * link.context_s;
    cause_s[FC_STEP_PIPELINE] += time.send_s;
    cause_s[FC_STEP_BUBBLE] += time.bubble_s;
    add_replica_traffic(out, on, load, pass_s);
    cause_s[FC_STEP_DATA] += fc_step_table_traffic_s(on);
    add_optimizer(out, on, load);
    add_straggler(out, on);
    fill_rates(out, on, layers.recompute_flop);
}

static void find_curves(fc_step_machine *on) {
    on->gemm_dtype[0] = on->ops->dtype;
    on->gemm_dtype[1] = on->ops->side_dtype;
    for (int i = 0; i < FC_STEP_GEMMS; ++i) {
        bool known = i > 0 && on->gemm_dtype[i] == on->gemm_dtype[0]; /* the first one answers */
        if (known || !fc_step_gemm_curve(&on->gemm[i], on->chip, on->gemm_dtype[i])) {
            on->gemm[i].curve.sms_count = 0.0;
        }
    }
}

fc_status fc_step_time(fc_step *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                       const fc_stack *stack, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_step_machine on = {.ops = ops, .cluster = cluster, .chip = &cluster->chip, .plan = plan, .stack = stack};
    on.tokens = fc_shard_tokens(plan, ops->seq_len);
    on.memory_bytes_per_s = cluster->chip.memory_bytes_per_s * cluster->chip.memory_eff_frac;
    on.launch_s = stack->cuda_graphs ? 0.0 : cluster->chip.launch_s;
    FC_TRY(check_facts(&on, error));
    find_curves(&on);
    on.kept_tensor_bytes = fc_step_kept_tensor_bytes(&on);
    fill_causes(out, &on);
    if (!(out->time_s > 0) || !(out->hfu_frac <= 1.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the step would take %g s at HFU %g, which no chip can do: check chip.peak_%s and the "
                            "efficiencies of chip %s",
                            out->time_s, out->hfu_frac, fc_dtype_name((fc_dtype)ops->dtype), cluster->chip.name);
    }
    return FC_OK;
}

void fc_step_scale(fc_step *step, double factor) {
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
