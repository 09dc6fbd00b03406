#include "plan_fit.h"

#include "remedies.h"

#include "flopcast/estimate.h"
#include "flopcast/hd/hd.h"

#include <stdio.h>
#include <string.h>

static const double BYTES_PER_GIB = 1073741824.0;

static bool fits_with(fc_memory *out, fc_plan *plan, uint32_t recompute, const fc_memory_rows *rows, const fc_ops *ops,
                      const fc_study *study) {
    plan->recompute = recompute;
    fc_memory_place(out, rows, ops, &study->cluster, plan, &study->stack);
    return out->fits != 0;
}

bool fc_plan_fit_recompute(fc_memory *out, fc_plan *plan, const fc_memory_rows *rows, const fc_ops *ops,
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

/* At most so many that the whole message stays short. */
static void say_remedies(char *out, size_t out_size, const fc_remedy *remedies, uint32_t count) {
    enum { MOST_TOLD = 5 };
    for (uint32_t i = 0; i < count && i < MOST_TOLD && remedies[i].fits; ++i) {
        const fc_remedy *remedy = &remedies[i];
        size_t used = strlen(out);
        char price[48] = "a step's time is not priced";
        if (remedy->priced) {
            double percent = remedy->time_change_frac * 100.0;
            percent = fabs(percent) < 0.05 ? 0.0 : percent; /* no "-0.0" */
            snprintf(price, sizeof price, "a step takes %+.1f %%", percent);
        }
        snprintf(out + used, out_size - used, "%s%s (%.1f GiB, %s)", i > 0 ? "\n  or " : "", remedy->change,
                 remedy->per_chip_bytes / BYTES_PER_GIB, price);
    }
}

/* The chip has room enough, the host has not. */
static fc_status refuse_host(const fc_memory *memory, fc_error *error) {
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "no plan fits: the closest offloads %.1f GiB for each chip to a host that has %.1f GiB. Remedy: "
        "offload less (plan.offload_optimizer, plan.offload_weights, plan.offload_activations), or give "
        "a larger cluster.chip.host_memory",
        memory->host_bytes / BYTES_PER_GIB, memory->host_capacity_bytes / BYTES_PER_GIB);
}

/* Changes of the plan, and where none of them has a price, what the study could change besides. */
static void say_help(char *words, size_t size, const fc_estimate *e, const fc_ops *ops, const fc_study *study) {
    const fc_remedy *first = &e->remedies[0];
    bool fits = e->remedies_count > 0 && first->fits;
    if (fits) {
        say_remedies(words, size, e->remedies, e->remedies_count);
    }
    if (!fits || !first->priced) {
        size_t used = strlen(words);
        used += (size_t)snprintf(words + used, size - used, "%s", fits ? "\n  or " : "");
        change_study(words + used, size - used, e->point.memory.per_chip_bytes, ops, study);
    }
}

fc_status fc_plan_refuse(fc_estimate *out, const fc_plan *closest, const fc_ops *ops, const fc_study *study,
                         fc_error *error) {
    fc_memory *memory = &out->point.memory;
    out->point.plan = *closest;
    fc_memory_size(memory, ops, &study->cluster, closest, &study->stack);
    FC_TRY(fc_step_time(&out->point.step, ops, &study->cluster, closest, &study->stack, error));
    if (memory->per_chip_bytes <= memory->capacity_bytes) {
        return refuse_host(memory, error);
    }
    out->remedies_count = fc_remedies_find(out->remedies, closest, ops, study);
    fc_memory_cause cause = biggest(memory);
    char words[768] = "";
    say_help(words, sizeof words, out, ops, study);
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "no plan fits: the closest (tp %u, pp %u, vpp %u, cp %u, ep %u, dp %u, zero %d, micro-batch %u) "
        "needs %.1f GiB on a chip that has %.1f GiB, most of it for %s (%.1f GiB). Remedy: %s",
        closest->tp, closest->pp, closest->vpp, closest->cp, closest->ep, closest->dp, closest->zero,
        closest->micro_batch, memory->per_chip_bytes / BYTES_PER_GIB, memory->capacity_bytes / BYTES_PER_GIB,
        fc_memory_cause_name(cause), memory->cause_bytes[cause] / BYTES_PER_GIB, words);
}
