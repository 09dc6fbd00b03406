/* memory_rows.c: what one layer of each kind and both ends of the model take on one device, before stages and replicas
 * divide them.
 */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/memory.h"
#include "flopcast/hd/shard.h"

#include <stdbool.h>
#include <string.h>

static const uint32_t EXPERT = FC_AXIS_EXPERT;

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

static void add_saved(fc_memory_part *out, const fc_op *op, double instances, const fc_plan *device,
                      const fc_stack *stack) {
    for (uint32_t j = 0; j < op->saved_count; ++j) {
        const fc_saved *saved = &op->saved[j];
        if (!is_saved(saved, stack)) {
            continue;
        }
        double bytes = instances * saved->bytes_per_token / fc_shard_ways(device, saved->axes & ~EXPERT);
        bytes *= saved->axes & (uint32_t)FC_AXIS_EXPERT_TENSOR ? fc_shard_expert_rows(device) : 1.0;
        if (saved->when & (uint32_t)FC_SAVED_LAYER_INPUT) {
            out->input_bytes += bytes;
        } else if (saved->when & (uint32_t)FC_SAVED_UNTIL_SELECTIVE) {
            out->core_bytes += bytes;
        } else if (op->group_axes & EXPERT) {
            out->expert_bytes += bytes;
        } else {
            out->other_bytes += bytes;
        }
    }
}

static void add_workspace(fc_memory_part *out, const fc_op *op, double instances, const fc_plan *device,
                          const fc_stack *stack) {
    double bytes = stack->flash_attention ? op->workspace_bytes_per_token : op->plain_workspace_bytes_per_token;
    bytes /= fc_shard_ways(device, (op->row_axes | op->n_axes) & ~EXPERT);
    if (op->op_class == FC_OP_ATTENTION) {
        out->attention_bytes = fc_hd_max(out->attention_bytes, bytes); /* one core at a time, whatever the layer has */
    } else {
        out->dispatch_bytes += instances * bytes;
    }
}

/* Adafactor's sums: one a row and column of each matrix and table, one a number of what is a vector. */
static double sums_count(const fc_plan *device, const fc_op *op, double count) {
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
static double states_count(const fc_ops *ops, const fc_plan *device, const fc_op *op, double count, bool in_layer) {
    switch (ops->optimizer) {
    case FC_OPTIMIZER_MUON: /* Adam's two moments for what is no matrix of a layer */
        return op->op_class == FC_OP_MATMUL && in_layer ? count : 2.0 * count;
    case FC_OPTIMIZER_ADAFACTOR:
        return sums_count(device, op, count);
    default:
        return count;
    }
}

static void add_params(fc_memory_part *out, const fc_ops *ops, const fc_op *op, double instances,
                       const fc_plan *device) {
    double count = op->params_count / fc_shard_ways(device, op->params_axes & ~EXPERT);
    double states = states_count(ops, device, op, count, op->place == FC_PLACE_LAYER);
    if (op->params_axes & EXPERT) {
        out->expert_count += instances * count;
        out->expert_states_count += instances * states;
    } else {
        out->dense_count += instances * count;
        out->dense_states_count += instances * states;
    }
}

static void add_op(fc_memory_part *out, const fc_ops *ops, const fc_op *op, double instances, const fc_plan *device,
                   const fc_stack *stack) {
    add_params(out, ops, op, instances, device);
    add_saved(out, op, instances, device, stack);
    add_workspace(out, op, instances, device, stack);
}

/* Spreads a row over the layers that have it. */
static void add_to_layers(fc_memory_rows *out, const fc_ops *ops, const fc_op *op, const fc_plan *device,
                          const fc_stack *stack) {
    double layers = 0;
    for (uint32_t kind = 0; kind < ops->layer_kinds_count; ++kind) {
        layers += op->layer_kinds >> kind & 1u ? ops->kind_layers_count[kind] : 0;
    }
    for (uint32_t kind = 0; kind < ops->layer_kinds_count; ++kind) {
        if (op->layer_kinds >> kind & 1u) {
            add_op(&out->layer[kind], ops, op, op->instances / layers, device, stack);
        }
    }
}

void fc_memory_sum(fc_memory_rows *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                   const fc_stack *stack) {
    fc_plan device = fc_memory_device(plan, cluster);
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        if (op->place == FC_PLACE_LAYER) {
            add_to_layers(out, ops, op, &device, stack);
        } else {
            add_op(op->place == FC_PLACE_FIRST ? &out->first : &out->last, ops, op, op->instances, &device, stack);
        }
    }
    const fc_op *head = fc_shard_shared_head(ops);
    if (head != NULL) {
        double count = head->n * head->k / fc_shard_ways(&device, head->n_axes | head->k_axes);
        out->table_copy.dense_count = count;
        out->table_copy.dense_states_count = states_count(ops, &device, head, count, false);
    }
}
