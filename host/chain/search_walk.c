/* search_walk.c: the plans of one cut, evaluated or left out.
 * Which plans are left out, and why that is safe: search_bound.c.
 */
#include "search_internal.h"

#include <string.h>

enum { BLOCK = 256, FAMILIES = 4 };
/* What rounding may make of a sum that is no smaller. */
static const double ROUNDED = 1.0 - 1e-9;

/* Plans that differ only in offload and overlap, and the fastest of them: indices into a group's lists. */
typedef struct family {
    uint32_t offload;
    uint32_t overlap;
    uint32_t count;
} family;

typedef struct worker {
    fc_search_part *out;
    fc_search_top *top;
    const fc_search *search;
    const fc_search_format *format;
    fc_search_sums sums;
    void *engine; /* opened */
    bool pruning;
    bool seeding;
    fc_status status;
    fc_error *error;
    family families[FAMILIES];
    uint32_t count;
    fc_engine_item items[BLOCK];
    fc_engine_answer answers[BLOCK];
} worker;

/* ---- judging -------------------------------------------------------------------------------------------------------- */

/* What every plan has to undercut; 0: nothing is known yet. */
static double to_beat(const worker *w) {
    const fc_search *search = w->search;
    double own = w->top->count == search->options.top ? w->top->found[w->top->count - 1].objective : 0;
    return own > 0 && (w->seeding || search->seed_objective == 0 || own < search->seed_objective)
               ? own
               : search->seed_objective;
}

static bool is_hopeless(const worker *w, const fc_plan *plan, double least_s) {
    double beat = w->pruning ? to_beat(w) : 0;
    return beat > 0 && fc_search_objective_bound(w->search, &w->format->ops, plan, least_s) > beat;
}

static void take(worker *w, const fc_engine_item *item, const fc_engine_answer *answer) {
    fc_found found;
    memset(&found, 0, sizeof found); /* its bytes are kept and sent */
    found.plan = item->plan;
    found.dtype = w->format->workload.dtype;
    found.overlap_off = item->stack;
    found.time_s = answer->time_s;
    found.token_s = answer->time_s / fc_search_tokens(&w->format->ops, &item->plan);
    found.per_chip_bytes = answer->per_chip_bytes;
    found.chips_count = fc_search_chips(&item->plan);
    bool fits = answer->state == FC_ENGINE_FITS;
    if (!fits) {
        w->out->infeasible_count += 1;
        if (answer->state == FC_ENGINE_UNFIT && !w->seeding) {
            fc_search_keep_closest(w->out, &found);
        }
        return;
    }
    w->out->evaluated_count += 1;
    if (!fc_search_judge(&found.objective, w->search, &w->format->ops, &item->plan, answer->time_s,
                         answer->per_chip_bytes)) {
        w->out->excluded_count += 1;
        return;
    }
    if (!w->seeding) {
        fc_search_keep_front(w->out, w->search, &found);
    }
    uint32_t most = w->search->options.top;
    if (w->top->count < most || !(found.objective > w->top->found[most - 1].objective)) {
        fc_search_keep_top(w->top->found, &w->top->count, most, &found);
    }
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

static void ask(worker *w) {
    if (w->count > 0 && w->status == FC_OK) {
        w->status = w->search->engine->evaluate(w->engine, w->answers, &w->sums.cut, w->items, w->count, w->error);
    }
}

static void ask_and_take(worker *w) {
    ask(w);
    for (uint32_t i = 0; i < w->count && w->status == FC_OK; ++i) {
        take(w, &w->items[i], &w->answers[i]);
    }
    w->count = 0;
}

static void add_item(worker *w, const fc_plan *plan, uint32_t offload, uint32_t overlap, bool time_first) {
    fc_engine_item *item = &w->items[w->count++];
    item->plan = *plan;
    item->plan.offload_optimizer = (uint8_t)(offload & 1u);
    item->plan.offload_weights = (uint8_t)(offload >> 1 & 1u);
    item->plan.offload_activations = (uint8_t)(offload >> 2 & 1u);
    item->stack = overlap;
    item->time_first = time_first;
}

static void add_and_flush(worker *w, const fc_plan *plan, uint32_t offload, uint32_t overlap) {
    add_item(w, plan, offload, overlap, false);
    if (w->count == BLOCK) {
        ask_and_take(w);
    }
}

/* ---- all plans of a group ------------------------------------------------------------------------------------------- */

/* The overlaps innermost and then the ranks: memory is the same for both (engine_cpu.c). */
static void evaluate_all(worker *w, const fc_group *group, fc_plan *plan) {
    for (uint32_t o = 0; o < group->offloads_count; ++o) {
        for (uint32_t s = 0; s < group->schedules_count; ++s) {
            plan->schedule = group->schedules[s];
            for (uint32_t r = 0; r < group->ranks_count; ++r) {
                plan->rank_order = group->ranks[r];
                for (uint32_t i = 0; i < group->overlaps_count; ++i) {
                    add_and_flush(w, plan, group->offloads[o], group->overlaps[i]);
                }
            }
        }
    }
}

/* ---- the fastest of each family first -------------------------------------------------------------------------------- */

/* Settings of offload and overlap fall into families with a fastest member: apart are those that update the optimizer's
 * states elsewhere, and, where hidden gradient traffic has a price, those that hide it or not. */
static uint32_t family_of(const worker *w, uint32_t offload, uint32_t overlap) {
    uint32_t hides = w->sums.cut.stacks[0].overlap_cost_frac > 0 && overlap & (uint32_t)FC_OVERLAP_DP ? 2 : 0;
    return (offload & 1u) | hides;
}

/* Offloads and overlaps are listed so that a family's fastest comes first. */
static void find_families(worker *w, const fc_group *group) {
    memset(w->families, 0, sizeof w->families);
    for (uint32_t o = 0; o < group->offloads_count; ++o) {
        for (uint32_t i = 0; i < group->overlaps_count; ++i) {
            family *f = &w->families[family_of(w, group->offloads[o], group->overlaps[i])];
            if (f->count == 0) {
                f->offload = o;
                f->overlap = i;
            }
            f->count += 1;
        }
    }
}

/* The rest of a family, for one schedule and rank order. */
static void evaluate_family(worker *w, const fc_group *group, const fc_plan *plan, uint32_t at) {
    const family *f = &w->families[at];
    for (uint32_t o = 0; o < group->offloads_count; ++o) {
        for (uint32_t i = 0; i < group->overlaps_count; ++i) {
            bool leads = o == f->offload && i == f->overlap;
            if (!leads && family_of(w, group->offloads[o], group->overlaps[i]) == at) {
                add_and_flush(w, plan, group->offloads[o], group->overlaps[i]);
            }
        }
    }
    ask_and_take(w);
}

static void evaluate_leader(worker *w, const fc_group *group, const fc_plan *plan, uint32_t at) {
    const family *f = &w->families[at];
    bool rest = f->count > 1 && !w->seeding;
    bool more_fit = group->offloads_count > 1; /* offloading may make fit what does not; overlaps take no memory */
    add_item(w, plan, group->offloads[f->offload], group->overlaps[f->overlap], rest && more_fit && to_beat(w) > 0);
    ask(w);
    w->count = 0;
    if (w->status != FC_OK) {
        return;
    }
    fc_engine_answer answer = w->answers[0];
    take(w, &w->items[0], &answer);
    if (!rest) {
        return;
    }
    if (answer.state == FC_ENGINE_UNFIT && !more_fit) {
        w->out->infeasible_count += f->count - 1.0;
        return;
    }
    if (answer.time_s > 0 && is_hopeless(w, plan, answer.time_s * ROUNDED)) {
        w->out->pruned_count += f->count - 1.0;
        return;
    }
    evaluate_family(w, group, plan, at);
}

static void evaluate_leaders(worker *w, const fc_group *group, fc_plan *plan) {
    uint32_t schedules = w->seeding ? 1 : group->schedules_count;
    uint32_t ranks = w->seeding ? 1 : group->ranks_count;
    for (uint32_t s = 0; s < schedules; ++s) {
        plan->schedule = group->schedules[s];
        for (uint32_t r = 0; r < ranks; ++r) {
            plan->rank_order = group->ranks[r];
            for (uint32_t at = 0; at < FAMILIES && w->status == FC_OK; ++at) {
                if (w->families[at].count > 0) {
                    evaluate_leader(w, group, plan, at);
                }
            }
        }
    }
}

/* ---- groups --------------------------------------------------------------------------------------------------------- */

/* Takes the shards out that are too big, and counts their plans. */
static void drop_too_big(worker *w, fc_group *group) {
    double each = fc_group_count(group) / group->shards_count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < group->shards_count; ++i) {
        if (fc_search_too_big(&w->sums, group, i)) {
            w->out->infeasible_count += each;
        } else {
            group->shards[kept++] = group->shards[i];
        }
    }
    group->shards_count = kept;
}

static bool is_plain(const fc_group *group, uint32_t recompute, uint32_t shard) {
    return group->recomputes[recompute].layers == 0 && group->shards[shard].group == group->shards[0].group;
}

static bool visit(void *context, fc_group *group) {
    worker *w = context;
    if (is_hopeless(w, &group->plan, fc_search_least_s(&w->sums, &group->plan, FC_RECOMPUTE_NONE, 0))) {
        w->out->pruned_count += fc_group_count(group);
        return true;
    }
    if (w->pruning && (w->seeding || to_beat(w) > 0)) {
        drop_too_big(w, group);
    }
    double each = fc_group_count(group) / group->recomputes_count;
    fc_plan plan = group->plan;
    find_families(w, group);
    for (uint32_t i = 0; i < group->recomputes_count; ++i) {
        plan.recompute = group->recomputes[i].recompute;
        plan.recompute_layers = group->recomputes[i].layers;
        if (is_hopeless(w, &plan, fc_search_least_s(&w->sums, &plan, plan.recompute, plan.recompute_layers))) {
            w->out->pruned_count += each;
            continue;
        }
        for (uint32_t j = 0; j < group->shards_count && w->status == FC_OK; ++j) {
            plan.zero = group->shards[j].zero;
            plan.zero_group = group->shards[j].group;
            if (w->seeding && !is_plain(group, i, j)) {
                continue;
            }
            if (w->pruning) {
                evaluate_leaders(w, group, &plan);
            } else {
                evaluate_all(w, group, &plan);
            }
        }
    }
    return w->status == FC_OK;
}

static bool count_pruned(void *context, fc_group *group) {
    fc_search_part *out = context;
    out->pruned_count += fc_group_count(group);
    return true;
}

/* ---- the whole cut ---------------------------------------------------------------------------------------------------- */

fc_status fc_search_walk(fc_search_part *out, fc_search_top *top, const fc_search *search, uint32_t cut, bool seeding,
                         fc_error *error) {
    const fc_cut *at = &search->cuts[cut];
    worker w = {.out = out, .top = top, .search = search, .seeding = seeding, .error = error, .status = FC_OK};
    bool by_time = search->options.by == FC_SEARCH_BY_TIME;
    w.format = &search->formats[at->format];
    w.pruning = seeding || (!search->options.exhaustive && search->options.by != FC_SEARCH_BY_MEMORY);
    double beat = to_beat(&w);
    if (w.pruning && by_time && search->bounds_s != NULL && beat > 0 && search->bounds_s[cut] > beat) {
        fc_space_groups(&search->lists, at, count_pruned, out);
        return FC_OK;
    }
    FC_TRY(fc_search_open_cut(&w.sums, search, at, error));
    FC_TRY(search->engine->open(&w.engine, error));
    fc_space_groups(&search->lists, at, visit, &w);
    ask_and_take(&w);
    search->engine->close(w.engine);
    return w.status;
}
