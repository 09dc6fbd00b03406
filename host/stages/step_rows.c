/* step_rows.c: what one micro-batch takes in all layers and at both ends of the model, on one rank: the part of a step that
 * depends on how operations are cut, and not on how many stages, replicas and micro-batches there are.
 *
 * A search asks for it once for many plans. docs/formulas.md, "Step time".
 */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/held.h"
#include "flopcast/hd/memory.h"
#include "flopcast/hd/shard.h"
#include "step_op.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Flash attention's backward recomputes the scores: 2.5 times its forward (Dao 2205.14135, 2307.08691). */
static const double FLASH_BACKWARD = 2.5;

/* Kernels that hold a whole expert, activation and conversion inside, are there for MXFP8 with a gate alone (cuDNN's
 * grouped GEMM with GLU for Blackwell). */
static bool has_fused_experts(const fc_ops *ops, const fc_stack *stack) {
    bool gated = false;
    for (uint32_t i = 0; stack->fused_experts && i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        gated = gated || ((op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0 && op->pass == FC_PASS_SWIGLU);
    }
    return gated && ops->dtype == FC_DTYPE_MXFP8;
}

/* Kernels that a softmax takes beyond a fused one: to 32 bits, scale, mask, softmax, back to 16 bits; and what eager
 * PyTorch needs to launch one (5 to 10 us on the hosts of 2020 to 2023; an assumption). */
static const double SOFTMAX_KERNELS = 8.0;
static const double HOST_KERNEL_S = 1e-5;

fc_step_machine fc_step_stand(const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                              const fc_stack *stack) {
    fc_step_machine on = {.ops = ops, .cluster = cluster, .chip = &cluster->chip, .plan = plan, .stack = stack};
    on.tokens = fc_shard_tokens(plan, ops->seq_len);
    on.memory_bytes_per_s = cluster->chip.memory_bytes_per_s * cluster->chip.memory_eff_frac;
    on.fused_experts = has_fused_experts(ops, stack);
    /* such kernels read on the chip how many rows each expert has, and so let the whole step be one graph */
    on.graphs = stack->cuda_graphs || on.fused_experts;
    on.launch_s = on.graphs ? 0.0 : cluster->chip.launch_s;
    return on;
}

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

/* ---- sums -------------------------------------------------------------------------------------------------------- */

static fc_step_part *part_of(fc_step_rows *rows, uint32_t place) {
    return place == FC_PLACE_LAYER ? &rows->layers : place == FC_PLACE_FIRST ? &rows->first : &rows->last;
}

static void add_times(fc_step_part *out, const fc_op *op, fc_op_time t) {
    out->class_s[op->op_class] += op->instances * (t.forward_s + t.backward_s);
    out->forward_s += op->instances * t.forward_s;
    out->launch_s += op->instances * t.launch_s;
    out->touch_s += op->instances * t.touch_s;
    out->forward_flop_per_token += op->instances * op->flop_per_token;
    if (op->op_class == FC_OP_ATTENTION) {
        out->core_forward_s += op->instances * t.forward_s;
        out->core_flop_per_token += op->instances * op->flop_per_token;
    }
}

static void add_params(fc_step_part *out, const fc_op *op, const fc_plan *plan) {
    double count = op->params_count * op->instances / fc_shard_ways(plan, op->params_axes);
    if (op->params_axes & (uint32_t)FC_AXIS_EXPERT) {
        out->expert_count += count;
    } else {
        out->dense_count += count;
    }
}

/* What a row keeps, and its optimizer's states: a chip of several devices has all of theirs. */
static void add_held(fc_step_rows *out, const fc_step_machine *on, const fc_op *op, const fc_plan *device) {
    double devices = on->chip->devices_per_chip;
    bool layer = op->place == FC_PLACE_LAYER;
    bool expert = (op->params_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
    double count = op->params_count / fc_shard_ways(device, op->params_axes & ~(uint32_t)FC_AXIS_EXPERT);
    double states = devices * op->instances * fc_held_states(on->ops, device, op, count, layer);
    states /= expert ? device->ep : 1.0;
    if (!layer) {
        out->ends_states_count[op->place == FC_PLACE_LAST] += states;
        return;
    }
    fc_held_add_saved(&out->held, op, devices * op->instances, device, on->stack);
    if (expert) {
        out->held.expert_states_count += states;
    } else {
        out->held.dense_states_count += states;
    }
}

/* Five steps of Newton and Schulz on an a x b matrix, a the shorter side: its square with itself, that squared, and that
 * times the matrix (Liu et al. 2502.16982, 2.1): 2·a²·(2b + a) FLOP each, in 16 bits. Matrices are taken whole, shared out
 * among the tensor ranks that hold them. */
static void add_muon(fc_step_rows *out, const fc_step_machine *on, const fc_op *op) {
    bool matrix = op->op_class == FC_OP_MATMUL && op->place == FC_PLACE_LAYER && op->params_count > 0.0;
    if (on->ops->optimizer != FC_OPTIMIZER_MUON || !matrix) {
        return;
    }
    uint32_t dtype = on->ops->side_dtype;
    const fc_gemm_ready *ready = &on->gemm[on->gemm_dtype[0] == dtype ? 0 : 1];
    double eff = on->chip->matmul[dtype].eff_frac;
    double rate = ready->curve.sms_count > 0.0 ? ready->curve.p[FC_GEMM_SUSTAINED_FLOP_PER_S]
                                               : on->chip->peak_flop_per_s[dtype] * (eff > 0.0 ? eff : 1.0);
    double a = fc_hd_min(op->n, op->k);
    double b = fc_hd_max(op->n, op->k);
    double each_s = rate > 0.0 ? 5.0 * 2.0 * a * a * (2.0 * b + a) / rate : 0.0;
    double matrices = op->instances * op->params_count / (op->n * op->k); /* biases ride along */
    bool expert = (op->params_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
    out->muon_s[expert] += matrices * each_s / fc_shard_ways(on->plan, op->params_axes);
    out->muon_largest_s = fc_hd_max(out->muon_largest_s, each_s);
}

/* Row-parallel results are partial sums of the tensor ranks; most have the same size. */
static void add_reduce(fc_step_rows *out, const fc_step_machine *on, const fc_op *op) {
    bool row_parallel = (op->k_axes & (uint32_t)FC_AXIS_TENSOR) != 0;
    if (op->op_class != FC_OP_MATMUL || !row_parallel || op->place != FC_PLACE_LAYER) {
        return;
    }
    double bytes = op->rows_per_token * on->tokens * op->n * on->ops->activation_bytes;
    uint32_t at = 0;
    while (at < out->reduces_count && out->reduce_bytes[at] != bytes) {
        at += 1;
    }
    if (at == out->reduces_count) {
        out->reduces_count += 1;
        out->reduce_bytes[at] = bytes;
        out->reduce_instances[at] = 0.0;
    }
    out->reduce_instances[at] += op->instances;
}

/* ---- what does not depend on time -------------------------------------------------------------------------------- */

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

/* FLOP that flash attention's backward adds to the model's own. */
static double flash_extra_flop_per_token(const fc_step_machine *on) {
    double extra = 0;
    for (uint32_t i = 0; on->stack->flash_attention && i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        if (op->op_class == FC_OP_ATTENTION) {
            extra += op->instances * op->flop_per_token * (FLASH_BACKWARD - 2.0);
        }
    }
    return extra;
}

/* Forward products of experts that the host launches one by one. */
static double expert_launches(const fc_step_machine *on) {
    double count = 0.0;
    for (uint32_t i = 0; i < on->ops->ops_count; ++i) {
        const fc_op *op = &on->ops->ops[i];
        bool expert = (op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
        count += expert && op->op_class == FC_OP_MATMUL ? op->instances * fc_step_product(on, op).count : 0.0;
    }
    return on->stack->experts_apart ? count : 0.0;
}

/* CUDA graphs leave the host nothing to do. */
static double host_forward_s(const fc_step_machine *on) {
    const fc_stack *stack = on->stack;
    if (on->graphs || !(stack->host_layer_s > 0.0)) {
        return 0.0;
    }
    double layer_s = stack->host_layer_s * (1.0 + stack->host_rank_frac * (on->plan->tp - 1.0));
    layer_s += fc_step_softmax_unfused(on) ? SOFTMAX_KERNELS * HOST_KERNEL_S : 0.0;
    return on->ops->layers_count * layer_s + on->ops->moe_layers_count * stack->host_moe_layer_s +
           expert_launches(on) * stack->host_expert_s;
}

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

fc_status fc_step_sum(fc_step_rows *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                      const fc_stack *stack, fc_error *error) {
    fc_step_machine on = fc_step_stand(ops, cluster, plan, stack);
    FC_TRY(check_facts(&on, error));
    find_curves(&on);
    fc_plan device = fc_memory_device(plan, cluster);
    on.kept_tensor_bytes = fc_step_kept_tensor_bytes(&on);
    memset(out, 0, offsetof(fc_step_rows, reduce_bytes));
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        fc_step_part *part = part_of(out, op->place);
        add_times(part, op, time_op(&on, op));
        add_params(part, op, plan);
        add_held(out, &on, op, &device);
        add_muon(out, &on, op);
        add_reduce(out, &on, op);
    }
    const fc_op *head = fc_shard_shared_head(ops);
    if (head != NULL) {
        double count = head->n * head->k / fc_shard_ways(&device, head->n_axes | head->k_axes);
        out->copy_states_count = cluster->chip.devices_per_chip * fc_held_states(ops, &device, head, count, false);
    }
    out->table_copy_count = head != NULL ? head->n * head->k / fc_shard_ways(plan, head->n_axes | head->k_axes) : 0.0;
    out->mixed_peak_flop_per_s = mixed_peak(&on);
    out->flash_extra_flop_per_token = flash_extra_flop_per_token(&on);
    out->host_forward_s = host_forward_s(&on);
    fc_step_reduce(out, &on);
    return FC_OK;
}

bool fc_step_serves(const fc_plan *summed, const fc_plan *plan) {
    return summed->tp == plan->tp && summed->cp == plan->cp && summed->ep == plan->ep && summed->etp == plan->etp &&
           summed->sequence_parallel == plan->sequence_parallel && summed->micro_batch == plan->micro_batch;
}
