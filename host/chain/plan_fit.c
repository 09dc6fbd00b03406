#include "plan_fit.h"

#include "flopcast/estimate.h"
#include "flopcast/hd/hd.h"

#include <stdio.h>

static const double BYTES_PER_GIB = 1073741824.0;

void fc_plan_sum_rows(fc_plan_rows *out, const fc_plan *plan, const fc_ops *ops, const fc_study *study) {
    fc_plan kind = *plan;
    for (uint32_t recompute = FC_RECOMPUTE_NONE; recompute < FC_RECOMPUTE_COUNT; ++recompute) {
        kind.recompute = recompute;
        fc_memory_sum(&out->by_recompute[recompute], ops, &kind, &study->stack);
    }
}

static bool fits_with(fc_memory *out, fc_plan *plan, uint32_t recompute, const fc_plan_rows *rows, const fc_ops *ops,
                      const fc_study *study) {
    plan->recompute = recompute;
    fc_memory_place(out, &rows->by_recompute[recompute], ops, &study->cluster, plan, &study->stack);
    return out->fits != 0;
}

bool fc_plan_fit_recompute(fc_memory *out, fc_plan *plan, const fc_plan_rows *rows, const fc_ops *ops,
                           const fc_study *study) {
    uint32_t given = study->plan.recompute;
    if (given != FC_RECOMPUTE_AUTO) {
        return fits_with(out, plan, given, rows, ops, study);
    }
    /* Most plans of a large model do not fit at all: ask that first. With one layer a stage, redoing it saves nothing. */
    bool several_layers = ops->layers_count > (double)plan->pp * plan->vpp;
    if (several_layers && !fits_with(out, plan, FC_RECOMPUTE_FULL, rows, ops, study)) {
        return false;
    }
    for (uint32_t recompute = FC_RECOMPUTE_NONE; recompute <= FC_RECOMPUTE_FULL; ++recompute) {
        if (fits_with(out, plan, recompute, rows, ops, study)) {
            return true;
        }
    }
    return false;
}

static bool fits(const fc_plan *plan, const fc_ops *ops, const fc_study *study) {
    fc_memory memory;
    fc_memory_size(&memory, ops, &study->cluster, plan, &study->stack);
    return memory.fits != 0;
}

/* One change of the closest plan, from the least to the most costly in time. */
static bool change_plan(char *out, size_t out_size, const fc_plan *plan, const fc_ops *ops, const fc_study *study) {
    fc_plan trial = *plan;
    if (plan->tp > 1 && plan->sequence_parallel != 1) {
        trial.sequence_parallel = 1;
        if (fits(&trial, ops, study)) {
            snprintf(out, out_size, "set plan.sequence_parallel to 1");
            return true;
        }
    }
    static const char *const recompute_words[] = {"auto", "none", "selective", "full"};
    for (uint32_t recompute = plan->recompute + 1; recompute < FC_RECOMPUTE_COUNT; ++recompute) {
        trial = *plan;
        trial.recompute = recompute;
        if (fits(&trial, ops, study)) {
            snprintf(out, out_size, "set plan.recompute to %s", recompute_words[recompute]);
            return true;
        }
    }
    for (int32_t zero = (plan->zero < 0 ? 0 : plan->zero) + 1; zero <= 3; ++zero) {
        trial = *plan;
        trial.recompute = FC_RECOMPUTE_FULL;
        trial.zero = zero;
        if (fits(&trial, ops, study)) {
            snprintf(out, out_size, "set plan.zero to %d and plan.recompute to full", zero);
            return true;
        }
    }
    trial = *plan;
    trial.micro_batch = 1;
    if (fits(&trial, ops, study)) {
        snprintf(out, out_size, "set plan.micro_batch to 1");
        return true;
    }
    return false;
}

/* Chips whose memory holds weights, gradients and optimizer states once, everything sharded. */
static double least_chips(const fc_ops *ops, const fc_study *study) {
    double bytes_each = ops->weight_bytes + ops->grad_bytes + ops->master_bytes + ops->optimizer_bytes;
    double room = study->cluster.chip.memory_bytes - study->stack.reserve_bytes;
    return room > 0 ? fc_hd_pieces(ops->params_total_count * bytes_each, room) : 0;
}

static void open_plan(fc_study *study) {
    uint32_t batch = study->plan.global_batch;
    study->plan = fc_plan_default();
    study->plan.global_batch = batch;
}

/* The same network around more chips. */
static void grow(fc_cluster *cluster, double chips) {
    cluster->chips_count = chips;
    if (cluster->tiers_from_chip) {
        cluster->tiers_count = 0;
    } else if (cluster->tiers_count > 0) {
        cluster->tiers[cluster->tiers_count - 1].chips_count = chips;
    }
}

/* The fewest chips, twice as many at each try, with which some plan fits; 0 if there is no such number. */
static double enough_chips(const fc_ops *ops, const fc_study *study) {
    enum { MOST_TRIES = 8 };
    const double most_chips = 1e9;
    fc_study larger = *study;
    double chips = study->cluster.chips_count;
    double least = least_chips(ops, study);
    for (int tries = 0; tries < MOST_TRIES && least > 0;) {
        chips *= 2.0;
        if (chips > most_chips) {
            break;
        }
        if (chips < least) {
            continue;
        }
        grow(&larger.cluster, chips);
        if (fc_cluster_check(&larger.cluster, NULL) == FC_OK && fc_plan_any(ops, &larger)) {
            return chips;
        }
        tries += 1;
    }
    return 0;
}

/* What a study can change beside the plan it gives: each is tried before it is told. More memory always helps. */
static void change_study(char *out, size_t out_size, double needed_bytes, const fc_ops *ops, const fc_study *study) {
    fc_study open = *study;
    open_plan(&open);
    if (fc_plan_any(ops, &open)) {
        snprintf(out, out_size, "leave the plan open (plan: auto)");
        return;
    }
    double least = least_chips(ops, study);
    int used = 0;
    if (least > study->cluster.chips_count) {
        used =
            snprintf(out, out_size,
                     "weights and optimizer states alone need %.0f chips of this kind, the cluster has %.0f: ", least,
                     study->cluster.chips_count);
    }
    out += used;
    out_size -= (size_t)used;
    double chips = enough_chips(ops, study);
    if (chips > 0) {
        snprintf(out, out_size, "raise cluster.chips to %.0f", chips);
        return;
    }
    chips = enough_chips(ops, &open);
    if (chips > 0) {
        snprintf(out, out_size, "raise cluster.chips to %.0f and leave the plan open (plan: auto)", chips);
        return;
    }
    snprintf(out, out_size, "a chip with %.0f GiB (cluster.chip.memory)", fc_hd_ceil(needed_bytes / BYTES_PER_GIB));
}

static fc_memory_cause biggest(const fc_memory *memory) {
    int cause = 0;
    for (int i = 1; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        if (memory->cause_bytes[i] > memory->cause_bytes[cause]) {
            cause = i;
        }
    }
    return (fc_memory_cause)cause;
}

fc_status fc_plan_refuse(const fc_plan *closest, const fc_ops *ops, const fc_study *study, fc_error *error) {
    fc_memory memory;
    fc_memory_size(&memory, ops, &study->cluster, closest, &study->stack);
    fc_memory_cause cause = biggest(&memory);
    char remedy[256];
    if (!change_plan(remedy, sizeof remedy, closest, ops, study)) {
        change_study(remedy, sizeof remedy, memory.per_chip_bytes, ops, study);
    }
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "no plan fits: the closest (tp %u, pp %u, vpp %u, cp %u, ep %u, dp %u, zero %d, micro-batch %u) "
        "needs %.1f GiB on a chip that has %.1f GiB, most of it for %s (%.1f GiB). Remedy: %s",
        closest->tp, closest->pp, closest->vpp, closest->cp, closest->ep, closest->dp, closest->zero,
        closest->micro_batch, memory.per_chip_bytes / BYTES_PER_GIB, memory.capacity_bytes / BYTES_PER_GIB,
        fc_memory_cause_name(cause), memory.cause_bytes[cause] / BYTES_PER_GIB, remedy);
}
