/* hd/held.h: what a row of operations keeps on one device: activations for backward, and optimizer states. */
#ifndef FLOPCAST_HD_HELD_H
#define FLOPCAST_HD_HELD_H

#include "../results.h"
#include "../workload.h"
#include "hd.h"
#include "shard.h"

#include <stdbool.h>

FC_HD bool fc_held_is_saved(const fc_saved *saved, const fc_stack *stack) {
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

/* What a row keeps until backward, for one token. */
FC_HD void fc_held_add_saved(fc_memory_part *out, const fc_op *op, double instances, const fc_plan *device,
                             const fc_stack *stack) {
    for (uint32_t j = 0; j < op->saved_count; ++j) {
        const fc_saved *saved = &op->saved[j];
        if (!fc_held_is_saved(saved, stack)) {
            continue;
        }
        double bytes = instances * saved->bytes_per_token / fc_shard_ways(device, saved->axes & ~(uint32_t)FC_AXIS_EXPERT);
        bytes *= saved->axes & (uint32_t)FC_AXIS_EXPERT_TENSOR ? fc_shard_expert_rows(device) : 1.0;
        if (saved->when & (uint32_t)FC_SAVED_LAYER_INPUT) {
            out->input_bytes += bytes;
        } else if (saved->when & (uint32_t)FC_SAVED_UNTIL_SELECTIVE) {
            out->core_bytes += bytes;
        } else if (op->group_axes & (uint32_t)FC_AXIS_EXPERT) {
            out->expert_bytes += bytes;
        } else {
            out->other_bytes += bytes;
        }
    }
}

/* Adafactor's sums: one a row and column of each matrix and table, one a number of what is a vector. */
FC_HD double fc_held_sums(const fc_plan *device, const fc_op *op, double count) {
    if (op->op_class == FC_OP_MATMUL) {
        double n = op->n / fc_shard_ways(device, op->n_axes);
        double k = op->k / fc_shard_ways(device, op->k_axes);
        double biases = fc_hd_max(0.0, count - op->groups * n * k);
        return fc_hd_min(count, op->groups * (n + k) + biases);
    }
    /* a table has rows of n numbers; a norm has one or two */
    bool table = op->place == FC_PLACE_FIRST && op->n > 0 && op->params_count > 2.0 * op->n;
    return table ? op->n + op->params_count / op->n / fc_shard_ways(device, op->params_axes) : count;
}

/* Optimizer states of `count` trained numbers on one device, in units of optimizer_bytes. */
FC_HD double fc_held_states(const fc_ops *ops, const fc_plan *device, const fc_op *op, double count, bool in_layer) {
    switch (ops->optimizer) {
    case FC_OPTIMIZER_MUON: /* Adam's two moments for what is no matrix of a layer */
        return op->op_class == FC_OP_MATMUL && in_layer ? count : 2.0 * count;
    case FC_OPTIMIZER_ADAFACTOR:
        return fc_held_sums(device, op, count);
    default:
        return count;
    }
}

#endif
