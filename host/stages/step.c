/* step.c: seconds of one optimizer step, by cause: the only place where operations, cluster and plan meet.
 *
 * First form (docs/formulas.md, "Step time"): a roofline per operation, hierarchical collectives, 1F1B or interleaved
 * pipeline, gradient traffic hidden by a stated share of compute. Even stages of ceil(layers/stages) layers; the head or
 * the embedding, whichever is longer, on top of one of them.
 */
#include "flopcast/stages.h"
#include "flopcast/hd/roofline.h"
#include "shard.h"
#include "step_op.h"
#include "step_traffic.h"

#include <stdbool.h>
#include <string.h>

/* A backward pass does each matmul twice: input gradient and weight gradient. */
static const double BACKWARD_MEMORY_PASSES = 2.0;
/* Flash attention's backward recomputes the scores: 2.5 times its forward (Dao 2205.14135, 2307.08691). */
static const double FLASH_BACKWARD = 2.5;

/* Sums over the fullest stage, one micro-batch. */
typedef struct stage_time {
    double class_s[FC_OP_CLASS_COUNT];
    double launch_s;
    double touch_s;
    double recompute_s;
    double recompute_flop; /* of the whole step */
} stage_time;

static double matmul_s(const fc_step_machine *on, const fc_op *op, double m, double n, double k) {
    const fc_matmul_curve *curve = &on->chip->matmul[op->dtype];
    double rate = fc_hd_matmul_rate(m, n, k, on->chip->peak_flop_per_s[op->dtype], curve->eff_frac, curve->m_half,
                                    curve->n_half, curve->k_half);
    double bytes = (m * k + k * n + m * n) * fc_dtype_bytes((fc_dtype)op->dtype);
    return fc_hd_roofline_s(2.0 * m * n * k, rate, bytes, on->memory_bytes_per_s);
}

fc_product fc_step_product(const fc_step_machine *on, const fc_op *op) {
    double groups = op->groups / fc_shard_ways(on->plan, op->group_axes);
    bool experts = (op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
    /* expert rows arrive from all ranks of the expert group and spread over the group's experts */
    double rows = op->rows_per_token * on->tokens / fc_shard_ways(on->plan, op->row_axes & ~(uint32_t)FC_AXIS_EXPERT);
    double imbalance = experts ? on->stack->expert_imbalance : 1.0;
    return (fc_product){.m = imbalance * rows / groups,
                        .n = op->n / fc_shard_ways(on->plan, op->n_axes),
                        .k = op->k / fc_shard_ways(on->plan, op->k_axes),
                        .count = groups * op->repeats};
}

static fc_op_time time_matmul(const fc_step_machine *on, const fc_op *op) {
    fc_product p = fc_step_product(on, op);
    fc_op_time out = {0};
    out.forward_s = p.count * matmul_s(on, op, p.m, p.n, p.k);
    out.backward_s = p.count * (matmul_s(on, op, p.m, p.k, p.n) + matmul_s(on, op, p.k, p.n, p.m));
    out.launch_s = 3.0 * op->repeats * on->launch_s;
    return out;
}

static double traffic_s(const fc_step_machine *on, const fc_op *op) {
    double bytes = op->extra_bytes_per_token;
    bool unfused = op->op_class == FC_OP_ATTENTION ? !on->stack->flash_attention : !on->stack->fused_kernels;
    if (unfused) {
        bytes += op->extra_unfused_bytes_per_token;
    }
    uint32_t axes = (op->row_axes | op->n_axes) & ~(uint32_t)FC_AXIS_EXPERT;
    return bytes * on->tokens / fc_shard_ways(on->plan, axes) / on->memory_bytes_per_s;
}

/* Dropout on plain attention is a kernel of its own: read a score, write it, write one byte of mask; the same back. The
 * unfused bytes of an attention row are four numbers a score. */
static double score_dropout_s(const fc_step_machine *on, const fc_op *op) {
    if (!on->stack->dropout || op->op_class != FC_OP_ATTENTION) {
        return 0;
    }
    double scores = op->extra_unfused_bytes_per_token / (4.0 * on->ops->activation_bytes);
    double bytes = scores * (2.0 * on->ops->activation_bytes + 1.0);
    return bytes * on->tokens / fc_shard_ways(on->plan, op->row_axes | op->n_axes) / on->memory_bytes_per_s;
}

static fc_op_time time_core(const fc_step_machine *on, const fc_op *op) {
    double peak = on->chip->peak_flop_per_s[op->dtype];
    bool flash = on->stack->flash_attention != 0;
    double counted = flash ? op->flop_per_token : op->full_flop_per_token;
    double flop = counted * on->tokens / fc_shard_ways(on->plan, op->row_axes | op->n_axes);
    double arithmetic_s = flop / (peak * on->chip->attention_eff_frac);
    double bytes_s = traffic_s(on, op);
    double drop_s = flash ? 0.0 : score_dropout_s(on, op);
    fc_op_time out = {0};
    /* plain attention is matmuls and passes over memory one after the other; flash attention overlaps them */
    out.forward_s = flash ? fc_hd_max(arithmetic_s, bytes_s) : arithmetic_s + bytes_s + drop_s;
    double backward_arithmetic_s = arithmetic_s * (flash && op->op_class == FC_OP_ATTENTION ? FLASH_BACKWARD : 2.0);
    double backward_bytes_s = bytes_s * BACKWARD_MEMORY_PASSES;
    out.backward_s =
        flash ? fc_hd_max(backward_arithmetic_s, backward_bytes_s) : backward_arithmetic_s + backward_bytes_s + drop_s;
    out.launch_s = 2.0 * on->launch_s;
    return out;
}

static fc_op_time time_traffic(const fc_step_machine *on, const fc_op *op) {
    fc_op_time out = {0};
    out.forward_s = traffic_s(on, op) * op->repeats;
    out.backward_s = out.forward_s * BACKWARD_MEMORY_PASSES;
    out.launch_s = 2.0 * op->repeats * on->launch_s;
    return out;
}

static fc_op_time time_op(const fc_step_machine *on, const fc_op *op) {
    if (on->chip->threads_count > 0.0) {
        return fc_step_on_processor(on, op);
    }
    switch (op->op_class) {
    case FC_OP_MATMUL:
        return time_matmul(on, op);
    case FC_OP_MEMORY:
        return time_traffic(on, op);
    default:
        return time_core(on, op);
    }
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
    double expert_ways = fc_hd_max(1.0, dense_ways / plan->ep);
    const fc_ops *ops = on->ops;
    double bytes_each = ops->grad_bytes + 2.0 * (ops->master_bytes + ops->optimizer_bytes) + ops->weight_bytes;
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
        if (op->op_class == FC_OP_MATMUL && !(chip->matmul[op->dtype].eff_frac > 0)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chip %s has no %s matmul efficiency: give cluster.chip.matmul_eff_%s", chip->name,
                                dtype, dtype);
        }
        if (op->op_class != FC_OP_MATMUL && !(chip->attention_eff_frac > 0)) {
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

static void fill_causes(fc_step *out, const fc_step_machine *on) {
    const fc_plan *plan = on->plan;
    const fc_stack *stack = on->stack;
    double count = fc_shard_micro_batches(plan);
    stage_time layers = {0};
    add_place(&layers, on, FC_PLACE_LAYER);
    stage_time first = {0};
    stage_time last = {0};
    add_place(&first, on, FC_PLACE_FIRST);
    add_place(&last, on, FC_PLACE_LAST);
    /* With several stages only one of the two ends sits on the slowest; with one stage both do. */
    bool both = plan->pp == 1;
    bool head_longer = stage_total_s(&last) >= stage_total_s(&first);
    double first_share = both || !head_longer ? 1.0 : 0.0;
    double last_share = both || head_longer ? 1.0 : 0.0;
    double class_s[FC_OP_CLASS_COUNT];
    for (int i = 0; i < FC_OP_CLASS_COUNT; ++i) {
        class_s[i] = layers.class_s[i] + first_share * first.class_s[i] + last_share * last.class_s[i];
    }
    double launch_s = layers.launch_s + first_share * first.launch_s + last_share * last.launch_s;

    double touch_s = layers.touch_s + first_share * first.touch_s + last_share * last.touch_s;

    fc_step_links link = fc_step_exposed_links(on);

    double *cause_s = out->cause_s;
    cause_s[FC_STEP_MATMUL] = count * class_s[FC_OP_MATMUL];
    cause_s[FC_STEP_ATTENTION] = count * (class_s[FC_OP_ATTENTION] + class_s[FC_OP_SCAN]);
    cause_s[FC_STEP_MEMORY_BOUND] = count * class_s[FC_OP_MEMORY];
    cause_s[FC_STEP_LAUNCH] = count * launch_s;
    cause_s[FC_STEP_RECOMPUTE] = count * layers.recompute_s;
    cause_s[FC_STEP_FIRST_TOUCH] = count * touch_s;
    cause_s[FC_STEP_TENSOR] = count * link.tensor_s;
    cause_s[FC_STEP_EXPERT] = count * link.expert_s;
    cause_s[FC_STEP_CONTEXT] = count * link.context_s;
    cause_s[FC_STEP_PIPELINE] = count * link.pipeline_s;
    double pass_s = stage_total_s(&layers) + link.tensor_s + link.expert_s + link.context_s;
    /* the pipeline fills and drains by chunks: one chunk's pass and its two sends for each of the other stages */
    cause_s[FC_STEP_BUBBLE] = ((double)plan->pp - 1.0) * (pass_s + link.pipeline_s) / plan->vpp;

    fc_step_load load = fc_step_weights_on_rank(on);
    double hideable_s = stack->dp_overlap_frac * pass_s * fc_step_replica_rounds(plan);
    cause_s[FC_STEP_DATA] = fc_hd_max(0.0, fc_step_replica_traffic_s(on, load) - hideable_s);
    add_optimizer(out, on, load);
    double sum_s = 0;
    for (int i = 0; i < FC_STEP_STRAGGLER; ++i) {
        sum_s += cause_s[i];
    }
    cause_s[FC_STEP_STRAGGLER] = plan->dp > 1 || plan->pp > 1 ? stack->straggler_frac * sum_s : 0.0;
    out->time_s = sum_s + cause_s[FC_STEP_STRAGGLER];
    fill_rates(out, on, layers.recompute_flop);
}

fc_status fc_step_time(fc_step *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                       const fc_stack *stack, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_step_machine on = {.ops = ops, .cluster = cluster, .chip = &cluster->chip, .plan = plan, .stack = stack};
    on.tokens = fc_shard_tokens(plan, ops->seq_len);
    on.memory_bytes_per_s = cluster->chip.memory_bytes_per_s * cluster->chip.memory_eff_frac;
    on.launch_s = stack->cuda_graphs ? 0.0 : cluster->chip.launch_s;
    FC_TRY(check_facts(&on, error));
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
