/* remedies.c: ladders of changes, climbed until the plan fits, weighed by the step model.
 *
 * A ladder changes one thing, more at each rung: the first rung that fits is the remedy, since all cost more time or more
 * chips the higher one climbs.
 */
#include "remedies.h"

#include "../base/text.h"

#include "flopcast/hd/hd.h"
#include "flopcast/stages.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { RECOMPUTE_RUNGS = 8 };

/* Makes `to` of `from`, and says how in `words`; false where there is no such rung. What does not go with model or cluster
 * is found by the study's own check. */
typedef bool (*climber)(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size);

static bool smaller_micro_batch(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    uint32_t micro = rung < 31 ? from->plan.micro_batch >> (rung + 1) : 0;
    if (micro == 0) {
        return false;
    }
    to->plan.micro_batch = micro;
    snprintf(words, size, "set plan.micro_batch to %u", micro);
    return true;
}

static bool split_sequence(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    double ranks = (double)from->plan.tp * from->cluster.chip.devices_per_chip;
    if (rung > 0 || from->plan.sequence_parallel == 1 || ranks <= 1) {
        return false;
    }
    to->plan.sequence_parallel = 1;
    snprintf(words, size, "set plan.sequence_parallel to 1");
    return true;
}

static bool redo_attention(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    if (rung > 0 || from->plan.recompute >= FC_RECOMPUTE_SELECTIVE) {
        return false;
    }
    to->plan.recompute = FC_RECOMPUTE_SELECTIVE;
    to->plan.recompute_layers = 0;
    snprintf(words, size, "set plan.recompute to selective");
    return true;
}

static uint32_t fullest_stage_layers(const fc_study *study) {
    uint32_t layers = study->model.layers_count + study->model.encoder_layers + study->model.mtp_depth;
    uint32_t chunks = study->plan.pp * study->plan.vpp;
    return (layers + chunks - 1) / chunks * study->plan.vpp;
}

/* An eighth of a stage's layers more at each rung; the last redoes all. */
static bool redo_layers(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    bool all_redone = from->plan.recompute == FC_RECOMPUTE_FULL && from->plan.recompute_layers == 0;
    uint32_t layers = fullest_stage_layers(from);
    uint32_t redone = (layers * (rung + 1) + RECOMPUTE_RUNGS - 1) / RECOMPUTE_RUNGS;
    if (rung >= RECOMPUTE_RUNGS || all_redone) {
        return false;
    }
    to->plan.recompute = FC_RECOMPUTE_FULL;
    to->plan.recompute_layers = redone < layers ? redone : 0;
    if (redone < layers) {
        snprintf(words, size, "set plan.recompute to full and plan.recompute_layers to %u", redone);
    } else if (from->plan.recompute_layers > 0) {
        snprintf(words, size, "set plan.recompute to full and plan.recompute_layers to 0");
    } else {
        snprintf(words, size, "set plan.recompute to full");
    }
    return true;
}

static bool split_states(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    int32_t zero = (from->plan.zero < 0 ? 0 : from->plan.zero) + 1 + (int32_t)rung;
    if (rung > 3 || zero > 3 || (double)from->plan.dp * from->plan.cp <= 1) {
        return false;
    }
    to->plan.zero = zero;
    snprintf(words, size, "set plan.zero to %d", (int)zero);
    return true;
}

/* Twice as many ranks of a kind at each rung, from idle chips or, where there are none, from replicas. */
static bool more_ranks(fc_study *to, const fc_study *from, uint32_t rung, const char *key, uint32_t *ranks,
                       uint32_t before, char *words, size_t size) {
    if (rung >= 16 || before > (1u << 14)) {
        return false;
    }
    const fc_plan *plan = &from->plan;
    uint32_t times = 2u << rung;
    double used = (double)plan->tp * plan->pp * plan->cp * plan->dp;
    *ranks = before * times;
    if (used * times <= from->cluster.chips_count) {
        snprintf(words, size, "set plan.%s to %u", key, *ranks);
        return true;
    }
    if (plan->dp % times != 0) {
        return false;
    }
    to->plan.dp = plan->dp / times;
    snprintf(words, size, "set plan.%s to %u and plan.dp to %u", key, *ranks, to->plan.dp);
    return true;
}

/* Within the scale-up domain: beyond it tensor traffic is what nobody wants to pay for. */
static bool more_tensor_ranks(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    double domain = from->cluster.tiers_count > 0 ? from->cluster.tiers[0].chips_count : 1.0;
    return more_ranks(to, from, rung, "tp", &to->plan.tp, from->plan.tp, words, size) && to->plan.tp <= domain;
}

static bool more_stages(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    return more_ranks(to, from, rung, "pp", &to->plan.pp, from->plan.pp, words, size);
}

static bool more_context_ranks(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    return more_ranks(to, from, rung, "cp", &to->plan.cp, from->plan.cp, words, size);
}

static bool more_expert_ranks(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    if (rung >= 16 || from->model.experts == 0 || from->plan.ep > (1u << 14)) {
        return false;
    }
    to->plan.ep = from->plan.ep * (2u << rung);
    snprintf(words, size, "set plan.ep to %u", to->plan.ep);
    return true;
}

static bool small_moments(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    double bytes = fc_optimizer_bytes(FC_OPTIMIZER_ADAM_8BIT);
    bool adam = from->workload.optimizer == FC_OPTIMIZER_ADAM || from->workload.optimizer == FC_OPTIMIZER_ADAM_BF16;
    if (rung > 0 || !adam || from->workload.optimizer_bytes <= bytes) {
        return false;
    }
    to->workload.optimizer = FC_OPTIMIZER_ADAM_8BIT;
    to->workload.optimizer_bytes = bytes;
    snprintf(words, size, "set workload.optimizer to adam-8bit");
    return true;
}

static bool offload_states(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    to->plan.offload_optimizer = 1;
    snprintf(words, size, "set plan.offload_optimizer to true");
    return rung == 0 && !from->plan.offload_optimizer;
}

static bool offload_saved(fc_study *to, const fc_study *from, uint32_t rung, char *words, size_t size) {
    to->plan.offload_activations = 1;
    snprintf(words, size, "set plan.offload_activations to true");
    return rung == 0 && !from->plan.offload_activations;
}

typedef struct ladder {
    climber climb;
    bool priced;   /* the step model knows what it costs */
    bool combined; /* taken, in this order, where no single ladder is high enough */
} ladder;

static const ladder ladders[] = {
    {split_sequence, true, true}, {redo_attention, true, false},     {split_states, true, true},
    {redo_layers, true, true},    {smaller_micro_batch, true, true}, {more_tensor_ranks, true, false},
    {more_stages, true, false},   {more_context_ranks, true, false}, {more_expert_ranks, true, false},
    {small_moments, true, true},  {offload_states, true, false},     {offload_saved, true, false},
};
enum { LADDER_COUNT = sizeof ladders / sizeof ladders[0] };

/* ---- climbing --------------------------------------------------------------------------------------------------- */

typedef struct desk {
    fc_ops ops; /* of the trial at hand: its optimizer's */
    double time_s;
    fc_remedy *out;
    uint32_t count;
} desk;

static void take_optimizer(fc_ops *ops, const fc_study *trial) {
    ops->optimizer = trial->workload.optimizer;
    ops->optimizer_bytes = trial->workload.optimizer_bytes;
}

static fc_memory size(desk *d, const fc_study *trial) {
    fc_memory memory;
    take_optimizer(&d->ops, trial);
    fc_memory_size(&memory, &d->ops, &trial->cluster, &trial->plan, &trial->stack);
    return memory;
}

/* Seconds of a step; 0 where the step model refuses. */
static double time_of(desk *d, const fc_study *trial) {
    fc_step step;
    take_optimizer(&d->ops, trial);
    return fc_step_time(&step, &d->ops, &trial->cluster, &trial->plan, &trial->stack, NULL) == FC_OK ? step.time_s : 0;
}

static bool is_sound(fc_study *trial) {
    const fc_plan *plan = &trial->plan;
    bool grouped = plan->zero_group == 0 || (uint64_t)plan->dp * plan->cp % plan->zero_group == 0;
    return grouped && plan->global_batch % ((uint64_t)plan->dp * plan->micro_batch) == 0 &&
           fc_study_check(trial, NULL) == FC_OK;
}

/* Leaves in `best` the lowest rung that fits, else the one with least memory; false where none takes less than `from`. */
static bool climb(desk *d, fc_study *best, fc_memory *memory, char *words, size_t words_size, const fc_study *from,
                  climber rung_of) {
    char told[sizeof d->out->change];
    double least = size(d, from).per_chip_bytes;
    bool found = false;
    for (uint32_t rung = 0;; ++rung) {
        fc_study trial = *from;
        if (!rung_of(&trial, from, rung, told, sizeof told)) {
            return found;
        }
        if (!is_sound(&trial)) {
            continue;
        }
        fc_memory here = size(d, &trial);
        if (here.per_chip_bytes < least) {
            found = true;
            least = here.per_chip_bytes;
            *best = trial;
            *memory = here;
            (void)fc_text_copy(words, words_size, told);
        }
        if (found && memory->fits) {
            return true;
        }
    }
}

static void add(desk *d, const fc_study *trial, const fc_memory *memory, const char *words, bool priced) {
    if (d->count == FC_MAX_REMEDIES) {
        return;
    }
    fc_remedy *remedy = &d->out[d->count++];
    memset(remedy, 0, sizeof *remedy);
    (void)fc_text_copy(remedy->change, sizeof remedy->change, words);
    remedy->per_chip_bytes = memory->per_chip_bytes;
    remedy->fits = memory->fits;
    double time_s = priced ? time_of(d, trial) : 0;
    if (time_s > 0 && d->time_s > 0) {
        remedy->priced = 1;
        remedy->time_change_frac = time_s / d->time_s - 1.0;
    }
}

/* The words of all combined ladders together have 200 letters at most: they fit. */
static void append(char *words, size_t size, const char *more) {
    size_t used = strlen(words);
    (void)fc_text_copy(words + used, size - used, more);
}

/* All that are marked, one on top of the other, as long as it does not fit. */
static void combine(desk *d, const fc_study *base) {
    fc_study from = *base;
    fc_memory memory = size(d, base);
    char words[sizeof d->out->change] = "";
    for (size_t i = 0; i < LADDER_COUNT && !memory.fits; ++i) {
        fc_study best;
        char step[sizeof words];
        if (ladders[i].combined && climb(d, &best, &memory, step, sizeof step, &from, ladders[i].climb)) {
            append(words, sizeof words, words[0] != '\0' ? ", " : "");
            append(words, sizeof words, step);
            from = best;
        }
    }
    if (memory.fits) {
        add(d, &from, &memory, words, true);
    }
}

static bool goes_before(const fc_remedy *a, const fc_remedy *b) {
    if (a->fits != b->fits) {
        return a->fits > b->fits;
    }
    if (!a->fits) {
        return a->per_chip_bytes < b->per_chip_bytes;
    }
    if (a->priced != b->priced) {
        return a->priced > b->priced;
    }
    return a->time_change_frac < b->time_change_frac;
}

/* Equal ones keep their order. */
static void sort(fc_remedy *list, uint32_t count) {
    for (uint32_t i = 1; i < count; ++i) {
        fc_remedy moved = list[i];
        uint32_t at = i;
        while (at > 0 && goes_before(&moved, &list[at - 1])) {
            list[at] = list[at - 1];
            at -= 1;
        }
        list[at] = moved;
    }
}

uint32_t fc_remedies_find(fc_remedy *out, const fc_plan *plan, const fc_ops *ops, const fc_study *study) {
    desk d = {.ops = *ops, .out = out};
    fc_study base = *study;
    base.plan = *plan;
    d.time_s = time_of(&d, &base);
    bool any_fits = false;
    for (size_t i = 0; i < LADDER_COUNT; ++i) {
        fc_study best;
        fc_memory memory;
        char words[sizeof out->change];
        if (climb(&d, &best, &memory, words, sizeof words, &base, ladders[i].climb)) {
            add(&d, &best, &memory, words, ladders[i].priced);
            any_fits = any_fits || memory.fits;
        }
    }
    if (!any_fits) {
        combine(&d, &base);
    }
    sort(out, d.count);
    return d.count;
}
