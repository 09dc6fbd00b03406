/* memory_rows.c: what one layer of each kind and both ends of the model take on one device, before stages and replicas
 * divide them.
 */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/held.h"
#include "flopcast/hd/memory.h"
#include "flopcast/hd/shard.h"

#include <stdbool.h>
#include <string.h>

static const uint32_t EXPERT = FC_AXIS_EXPERT;

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

static void add_params(fc_memory_part *out, const fc_ops *ops, const fc_op *op, double instances,
                       const fc_plan *device) {
    double count = op->params_count / fc_shard_ways(device, op->params_axes & ~EXPERT);
    double states = fc_held_states(ops, device, op, count, op->place == FC_PLACE_LAYER);
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
    fc_held_add_saved(out, op, instances, device, stack);
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
        out->table_copy.dense_states_count = fc_held_states(ops, &device, head, count, false);
    }
}
