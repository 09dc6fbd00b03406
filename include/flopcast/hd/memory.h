/* hd/memory.h: bytes on the fullest chip, stage by stage and cause by cause, from what rows sum up to (memory_rows.c).
 *
 * Weights, gradients and optimizer states follow the rows' parameter axes and the ZeRO stage (Rajbhandari et al.
 * 1910.02054), within a group of ranks where one is given (HSDP, 2304.11277); activations are the sum of what each layer
 * of a stage saves, times the micro-batches in flight by the pipeline's schedule (fc_hd_in_flight): interleaved
 * (1 + (p-1)/(p·v)) of 1F1B's (Korthikanti et al. 2205.05198, equation 10 and appendix B).
 */
#ifndef FLOPCAST_HD_MEMORY_H
#define FLOPCAST_HD_MEMORY_H

#include "../cluster.h"
#include "../results.h"
#include "../workload.h"
#include "hd.h"
#include "schedule.h"
#include "shard.h"

#include <stdbool.h>
#include <string.h>

/* A plan counts chips. A chip of several devices, each with its part of the memory (Trainium2: 4 of 24 GiB), splits
 * tensors over them like that many more tensor ranks; what tensor parallelism leaves whole lies in each part. */
FC_HD fc_plan fc_memory_device(const fc_plan *plan, const fc_cluster *cluster) {
    fc_plan device = *plan;
    device.etp = (uint32_t)fc_shard_expert_tensor(plan) * cluster->chip.devices_per_chip;
    device.tp *= cluster->chip.devices_per_chip;
    return device;
}

/* The layers of one stage, by kind. */
typedef struct fc_memory_layers {
    double count[FC_MAX_LAYER_KINDS];
    double all_count;
    double stages_count; /* that the rank works for: 2 under DualPipe */
} fc_memory_layers;

/* What one stage holds on one device. Bytes are for one token. */
typedef struct fc_memory_load {
    fc_memory_part params;      /* only the counts */
    double ends_count;          /* trained numbers outside of layers */
    double widest_layer_count;  /* of the layer with most trained numbers */
    double in_flight_bytes;     /* kept for each micro-batch in flight */
    double deepest_layer_bytes; /* of that, by the layer that keeps most */
    double last_bytes;          /* kept by the end of the model: one micro-batch at a time */
    double redone_bytes;        /* of the layer that recomputation makes most of again */
    double attention_bytes;
    double dispatch_bytes;
} fc_memory_load;

/* Micro-batches whose activations a rank keeps, counted in whole passes through one stage's layers. Without a pipeline the
 * next micro-batch waits for the one before it, whatever the schedule. */
FC_HD double fc_memory_in_flight(const fc_plan *plan, const fc_stack *stack, uint32_t stage) {
    if (plan->pp <= 1) {
        return 1.0;
    }
    fc_hd_pipeline pipe = fc_shard_pipeline(plan);
    return fc_hd_in_flight(fc_shard_schedule(plan, stack), &pipe, (int32_t)stage);
}

/* Chunk c of pp·vpp belongs to stage c mod pp. Where layers do not divide, those after the first have one more, so that
 * the ends of the model come beside fewer layers (fc_shard_end_share). */
FC_HD void fc_memory_find_stage(fc_memory_layers *out, const fc_ops *ops, const fc_plan *plan, uint32_t stage) {
    uint32_t layers = (uint32_t)ops->layers_count;
    uint32_t chunks = plan->pp * plan->vpp;
    uint32_t each = layers / chunks;
    uint32_t over = layers % chunks;
    for (uint32_t chunk = stage; chunk < chunks; chunk += plan->pp) {
        uint32_t before = chunk == 0 ? 0 : chunk - 1; /* chunks in front that may have one more */
        uint32_t first = chunk * each + (before < over ? before : over);
        uint32_t end = first + each + (chunk > 0 && chunk <= over ? 1 : 0);
        for (uint32_t i = first; i < end && ops->layer_kinds_count > 1; ++i) {
            out->count[ops->layer_kind[i]] += 1.0;
        }
        out->all_count += end - first;
    }
}

/* Of all stages that this rank works for. */
FC_HD void fc_memory_find_layers(fc_memory_layers *out, const fc_ops *ops, const fc_plan *plan, const fc_stack *stack,
                                 uint32_t stage) {
    memset(out, 0, sizeof *out);
    out->stages_count = fc_shard_stages_a_rank(plan, stack);
    fc_memory_find_stage(out, ops, plan, stage);
    if (out->stages_count > 1.0) {
        fc_memory_find_stage(out, ops, plan, plan->pp - 1 - stage);
    }
    if (ops->layer_kinds_count == 1) {
        out->count[0] = out->all_count;
    }
}

FC_HD void fc_memory_add_counts(fc_memory_part *out, const fc_memory_part *part, double times) {
    out->dense_count += times * part->dense_count;
    out->expert_count += times * part->expert_count;
    out->dense_states_count += times * part->dense_states_count;
    out->expert_states_count += times * part->expert_states_count;
}

/* The most loaded expert rank gets more than its share of tokens; where a rank has all experts there is no such rank. */
FC_HD double fc_memory_surplus(const fc_plan *plan, const fc_stack *stack) {
    return plan->ep > 1 ? stack->expert_imbalance : 1.0;
}

FC_HD void fc_memory_add_layers(fc_memory_load *out, const fc_memory_rows *rows, const fc_ops *ops,
                                const fc_memory_layers *layers, const fc_plan *plan, const fc_stack *stack) {
    bool full = plan->recompute == (uint32_t)FC_RECOMPUTE_FULL;
    double redone = full ? fc_shard_redone_share(plan, layers->all_count / layers->stages_count) : 0.0;
    for (uint32_t kind = 0; kind < ops->layer_kinds_count; ++kind) {
        const fc_memory_part *layer = &rows->layer[kind];
        if (!(layers->count[kind] > 0)) {
            continue;
        }
        double core = plan->recompute == (uint32_t)FC_RECOMPUTE_SELECTIVE ? 0.0 : layer->core_bytes;
        double rest = core + layer->other_bytes + fc_memory_surplus(plan, stack) * layer->expert_bytes;
        double kept = layer->input_bytes + (1.0 - redone) * rest;
        fc_memory_add_counts(&out->params, layer, layers->count[kind]);
        out->in_flight_bytes += layers->count[kind] * kept;
        out->deepest_layer_bytes =
            fc_hd_max(out->deepest_layer_bytes, redone < 1.0 ? layer->input_bytes + rest : layer->input_bytes);
        out->widest_layer_count =
            fc_hd_max(out->widest_layer_count, layer->dense_count + layer->expert_count / plan->ep);
        out->redone_bytes = fc_hd_max(out->redone_bytes, full ? rest : layer->core_bytes - core);
        out->attention_bytes = fc_hd_max(out->attention_bytes, layer->attention_bytes);
        out->dispatch_bytes = fc_hd_max(out->dispatch_bytes, layer->dispatch_bytes);
    }
}

FC_HD double fc_memory_kept_by_end(const fc_memory_part *end) {
    return end->input_bytes + end->core_bytes + end->other_bytes + end->expert_bytes;
}

FC_HD void fc_memory_add_end(fc_memory_load *out, const fc_memory_part *end, const fc_plan *plan) {
    fc_memory_add_counts(&out->params, end, 1.0);
    out->ends_count += end->dense_count + end->expert_count / plan->ep;
}

FC_HD void fc_memory_load_stage(fc_memory_load *out, const fc_memory_rows *rows, const fc_ops *ops,
                                const fc_memory_layers *layers, const fc_plan *plan, const fc_stack *stack,
                                uint32_t stage) {
    memset(out, 0, sizeof *out);
    fc_memory_add_layers(out, rows, ops, layers, plan, stack);
    bool both = layers->stages_count > 1.0 && (stage == 0 || stage + 1 == plan->pp);
    if (stage == 0 || both) {
        fc_memory_add_end(out, &rows->first, plan);
        out->in_flight_bytes += fc_memory_kept_by_end(&rows->first);
    }
    if (stage + 1 == plan->pp || both) {
        fc_memory_add_end(out, &rows->last, plan);
        out->last_bytes = fc_memory_kept_by_end(&rows->last);
        if (plan->pp > 1 && !both) { /* a rank with both ends has one table for them */
            fc_memory_add_end(out, &rows->table_copy, plan);
        }
    }
}

/* ---- trained numbers -------------------------------------------------------------------------------------------- */

/* Numbers on one device: unsplit, and one rank's share of what ZeRO splits. */
typedef struct fc_memory_shares {
    double whole;
    double split;
} fc_memory_shares;

/* A stage that two ranks of a pipeline work for has twice as many ranks that hold it. */
FC_HD fc_memory_shares fc_memory_split_over(const fc_plan *plan, double stages_count, double dense, double expert) {
    double ranks = (double)plan->dp * plan->cp * stages_count;
    double group = plan->zero_group > 0 ? fc_hd_min(plan->zero_group, ranks) : ranks;
    double here = expert / plan->ep;
    double copies = fc_hd_max(1.0, fc_shard_expert_replicas(plan) * stages_count * group / ranks);
    fc_memory_shares out = {dense + here, dense / group + here / copies};
    return out;
}

/* Whole numbers that lie beside a rank's own share while layers are at work: two layers', the one in use and the one on
 * its way, and those of the ends, which are one unit with the rest of the model (2304.11277, §3.2.1). */
FC_HD double fc_memory_gathered_count(const fc_memory_load *load, fc_memory_shares held, double own) {
    double whole = fc_hd_min(held.whole, 2.0 * load->widest_layer_count + load->ends_count);
    return held.whole > 0 ? whole * (1.0 - own / held.whole) : 0;
}

FC_HD void fc_memory_size_params(fc_memory *out, const fc_memory_load *load, const fc_ops *ops, const fc_plan *plan,
                                 const fc_memory_layers *layers) {
    const fc_memory_part *params = &load->params;
    double stages = layers->stages_count;
    fc_memory_shares held = fc_memory_split_over(plan, stages, params->dense_count, params->expert_count);
    fc_memory_shares states =
        fc_memory_split_over(plan, stages, params->dense_states_count, params->expert_states_count);
    double weights = ops->weight_bytes * (plan->zero >= 3 ? held.split : held.whole);
    double own_count = plan->zero >= 1 ? held.split : held.whole; /* what this rank updates */
    double master = ops->master_bytes * own_count;
    double moments = ops->optimizer_bytes * (plan->zero >= 1 ? states.split : states.whole);
    double *bytes = out->cause_bytes;
    bytes[FC_MEMORY_GRADS] = ops->grad_bytes * (plan->zero >= 2 ? held.split : held.whole);
    /* until stage 2 gradients are reduced where they lie; from then on two layers' whole ones are on their way */
    bytes[FC_MEMORY_COMMUNICATION] =
        plan->zero >= 2 ? ops->grad_bytes * fc_memory_gathered_count(load, held, held.split) : 0;
    if (plan->offload_weights) {
        out->host_bytes += weights;
        bytes[FC_MEMORY_COMMUNICATION] += ops->weight_bytes * fc_memory_gathered_count(load, held, 0);
        /* there for forward and for backward of each micro-batch */
        out->host_moved_bytes += 2.0 * weights * fc_shard_micro_batches(plan) / stages;
    } else {
        bytes[FC_MEMORY_WEIGHTS] = weights;
        bytes[FC_MEMORY_COMMUNICATION] +=
            plan->zero >= 3 ? ops->weight_bytes * fc_memory_gathered_count(load, held, held.split) : 0;
    }
    if (plan->offload_optimizer) {
        out->host_bytes += master + moments;
        /* gradients go down, new weights come up */
        out->host_moved_bytes += (ops->grad_bytes + ops->weight_bytes) * own_count;
    } else {
        bytes[FC_MEMORY_MASTER] = master;
        bytes[FC_MEMORY_OPTIMIZER] = moments;
    }
}

/* ---- activations ------------------------------------------------------------------------------------------------ */

FC_HD void fc_memory_size_activations(fc_memory *out, const fc_memory_load *load, const fc_ops *ops,
                                      const fc_plan *plan, const fc_stack *stack, const fc_memory_layers *layers,
                                      uint32_t stage) {
    double tokens = fc_shard_tokens(plan, ops->seq_len);
    double stages = layers->stages_count; /* micro-batches are shared out among them */
    double all = tokens * load->in_flight_bytes * fc_memory_in_flight(plan, stack, stage) / stages;
    double here = all;
    if (plan->offload_activations) {
        here = fc_hd_min(all, 2.0 * tokens * load->deepest_layer_bytes);
        out->host_bytes += all - here;
        /* down after forward, up before backward */
        out->host_moved_bytes += 2.0 * tokens * load->in_flight_bytes * fc_shard_micro_batches(plan) / stages;
    }
    double *bytes = out->cause_bytes;
    bytes[FC_MEMORY_ACTIVATIONS] = here;
    bytes[FC_MEMORY_LOGITS] = tokens * load->last_bytes;
    /* what recomputation drops comes back for one layer at a time, while that layer runs backward; beside it the layer's
     * input and the gradient of its output, which tensor ranks have whole while they work on them */
    bytes[FC_MEMORY_BUFFERS] = tokens * (load->redone_bytes + 2.0 * ops->hidden * ops->activation_bytes);
    bytes[FC_MEMORY_ATTENTION] = tokens * load->attention_bytes;
    /* results of the experts; with expert parallelism the tokens on their way to them, and back, as well */
    bytes[FC_MEMORY_EXPERT] =
        tokens * load->dispatch_bytes * (plan->ep > 1 ? 1.0 + fc_memory_surplus(plan, stack) : 1.0);
    if (plan->cp > 1 && ops->attention_layers_count > 0) {
        /* keys, values and their gradients of another rank, those in use and those on their way (2310.01889) */
        bytes[FC_MEMORY_COMMUNICATION] += 4.0 * tokens * ops->kv_bytes_per_token / plan->tp;
    }
}

/* ---- stages ----------------------------------------------------------------------------------------------------- */

FC_HD void fc_memory_size_stage(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops,
                                const fc_cluster *cluster, const fc_plan *plan, const fc_stack *stack, uint32_t stage,
                                const fc_memory_layers *layers) {
    fc_memory_load load;
    fc_plan device = fc_memory_device(plan, cluster);
    double devices = cluster->chip.devices_per_chip;
    memset(out, 0, sizeof *out);
    fc_memory_load_stage(&load, rows, ops, layers, &device, stack, stage);
    fc_memory_size_params(out, &load, ops, &device, layers);
    fc_memory_size_activations(out, &load, ops, &device, stack, layers, stage);
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        out->cause_bytes[i] *= devices;
    }
    out->cause_bytes[FC_MEMORY_RESERVE] = stack->reserve_bytes;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        out->per_chip_bytes += out->cause_bytes[i];
    }
    out->host_bytes *= devices;
    out->host_moved_bytes *= devices;
    out->stage_layers_count = layers->all_count;
    out->worst_stage = stage;
    out->capacity_bytes = cluster->chip.memory_bytes;
    out->host_capacity_bytes = cluster->chip.host_memory_bytes;
    out->fits = out->per_chip_bytes <= out->capacity_bytes && out->host_bytes <= out->host_capacity_bytes;
}

FC_HD void fc_hd_memory_stage(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                              const fc_plan *plan, const fc_stack *stack, uint32_t stage) {
    fc_memory_layers layers;
    fc_memory_find_layers(&layers, ops, plan, stack, stage);
    fc_memory_size_stage(out, rows, ops, cluster, plan, stack, stage, &layers);
}

FC_HD bool fc_memory_same_layers(const fc_memory_layers *a, const fc_memory_layers *b, uint32_t kinds_count) {
    for (uint32_t kind = 0; kind < kinds_count; ++kind) {
        if (a->count[kind] != b->count[kind]) {
            return false;
        }
    }
    return true;
}

/* Stages are looked at one by one, but for those that have the layers of the stage before them and no more micro-batches in
 * flight: they take no more than it does. Where all layers are alike the second stage has as many as any after it. Under
 * DualPipe the second half of the ranks mirrors the first. */
FC_HD void fc_hd_memory_place(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                              const fc_plan *plan, const fc_stack *stack) {
    fc_memory_layers before;
    fc_memory_find_layers(&before, ops, plan, stack, 0);
    fc_memory_size_stage(out, rows, ops, cluster, plan, stack, 0, &before);
    double host_bytes = out->host_bytes;
    bool mirrored = before.stages_count > 1.0;
    uint32_t count = mirrored ? plan->pp / 2 : plan->pp;
    bool alike = ops->layer_kinds_count == 1 && !mirrored;
    for (uint32_t stage = 1; stage < count; stage = alike && stage == 1 && count > 2 ? count - 1 : stage + 1) {
        fc_memory_layers layers;
        fc_memory_find_layers(&layers, ops, plan, stack, stage);
        bool last = stage + 1 == plan->pp;
        bool like_before = fc_memory_same_layers(&layers, &before, ops->layer_kinds_count);
        if (like_before && !last &&
            fc_memory_in_flight(plan, stack, stage) <= fc_memory_in_flight(plan, stack, stage - 1)) {
            continue;
        }
        fc_memory here;
        fc_memory_size_stage(&here, rows, ops, cluster, plan, stack, stage, &layers);
        host_bytes = fc_hd_max(host_bytes, here.host_bytes);
        if (here.per_chip_bytes > out->per_chip_bytes) {
            *out = here;
        }
        before = layers;
    }
    out->host_bytes = host_bytes;
    out->fits = out->per_chip_bytes <= out->capacity_bytes && host_bytes <= out->host_capacity_bytes;
}

#endif
