/* search_walk.c: the plans of one cut, evaluated or left out.
 *
 * What leaves plans out, each time because no plan among them can be as good as what is known (search.h: the result is that
 * of an exhaustive search):
 *   1. A step takes at least what its layers take on the fullest stage, all micro-batches, without bubbles, the ends and most
 *      traffic: fc_step_place adds up causes, none is negative, and these are among them (layers of a micro-batch / stages at
 *      least, times micro-batches). The sums of tensor ranks that lie in one domain are as long in every plan of the cut, and
 *      at most tp_overlap of them is hidden. Sums are rounded, so SLACK is left.
 *   2. Recomputation adds its share of a forward pass to that, redoing whole layers a third round of those sums.
 *   3. Of plans that differ only in what they offload and overlap, the one that offloads least and overlaps most is the
 *      fastest: hiding a share of traffic makes a pass no longer, and a pass that is shorter by d gives gradient traffic at
 *      most d less a micro-batch to hide behind; a send that blocks a stage delays it and nobody arrives earlier; weights and
 *      activations on the host add traffic. Apart are kept what offloads the optimizer, whose update then runs at another
 *      machine's rate, and hidden gradient traffic where it takes something from the compute beside it
 *      (stack.overlap_cost_frac).
 *   4. A plan does not fit where an equal share of the layers' weights, gradients and optimizer states is too much: the stage
 *      that has most of them has no less, memory adds up causes, and none is negative. Such plans count as those that do not
 *      fit; while nothing is known that fits, they are sized, to tell the nearest.
 * What a plan is judged by grows with its step time at a given batch and number of chips: a token's seconds, and dollars,
 * since fewer hours are charged and an interval between checkpoints is no shorter than a step.
 */
#include "search_internal.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/memory.h"

#include <string.h>

enum { BLOCK = 256, FAMILIES = 4 };
static const double SLACK = 1.0 - 1e-9;

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
    fc_engine_cut sums;
    double pass_s;    /* of all layers, forward and backward, one micro-batch: never undercut */
    double forward_s; /* what full recomputation does again */
    double core_s;    /* … selective */
    double reduces_s; /* sums of the tensor ranks that no plan hides, forward */
    bool pruning;
    bool seeding;
    fc_status status;
    fc_error *error;
    fc_memory_load layers; /* trained numbers of all layers */
    family families[FAMILIES];
    uint32_t count;
    fc_engine_item items[BLOCK];
    fc_engine_answer answers[BLOCK];
} worker;

/* ---- judging -------------------------------------------------------------------------------------------------------- */

static double tokens_of(const fc_ops *ops, const fc_plan *plan) { return (double)plan->global_batch * ops->seq_len; }

static double chips_of(const fc_plan *plan) { return (double)plan->tp * plan->pp * plan->cp * plan->dp; }

/* Days and dollars of a run of such steps. */
static void project(fc_run *run, fc_cost *cost, const fc_search *search, const fc_ops *ops, const fc_plan *plan,
                    double time_s) {
    fc_step step;
    memset(&step, 0, sizeof step);
    step.time_s = time_s;
    step.tokens_per_step = tokens_of(ops, plan);
    step.chips_used_count = chips_of(plan);
    fc_run_project(run, &step, ops, &search->study.cluster, &search->study.deal);
    fc_cost_price(cost, run, &search->study.cluster, &search->study.deal);
}

bool fc_search_judge(double *out_objective, const fc_search *search, const fc_ops *ops, const fc_plan *plan,
                     double time_s, double per_chip_bytes) {
    const fc_search_options *options = &search->options;
    bool priced = options->by == FC_SEARCH_BY_COST || options->most_days > 0 || options->most_usd > 0;
    *out_objective = options->by == FC_SEARCH_BY_MEMORY ? per_chip_bytes : time_s / tokens_of(ops, plan);
    if (!priced) {
        return true;
    }
    fc_run run;
    fc_cost cost;
    project(&run, &cost, search, ops, plan, time_s);
    if (options->by == FC_SEARCH_BY_COST) {
        *out_objective = cost.total_usd;
    }
    return (options->most_days <= 0 || run.days <= options->most_days) &&
           (options->most_usd <= 0 || cost.total_usd <= options->most_usd);
}

double fc_search_objective_bound(const fc_search *search, const fc_ops *ops, const fc_plan *plan, double least_s) {
    if (search->options.by != FC_SEARCH_BY_COST) {
        return least_s / tokens_of(ops, plan);
    }
    fc_run run;
    fc_cost cost;
    project(&run, &cost, search, ops, plan, least_s);
    return cost.total_usd;
}

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
    return beat > 0 && fc_search_objective_bound(w->search, &w->format->ops, plan, least_s * SLACK) > beat;
}

static void take(worker *w, const fc_engine_item *item, const fc_engine_answer *answer) {
    fc_found found;
    memset(&found, 0, sizeof found); /* its bytes are kept and sent */
    found.plan = item->plan;
    found.dtype = w->format->workload.dtype;
    found.overlap_off = item->stack;
    found.time_s = answer->time_s;
    found.token_s = answer->time_s / tokens_of(&w->format->ops, &item->plan);
    found.per_chip_bytes = answer->per_chip_bytes;
    found.chips_count = chips_of(&item->plan);
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
        w->status = w->search->engine->evaluate(w->answers, &w->sums, w->items, w->count, NULL);
        if (w->status != FC_OK) {
            w->status = fc_error_set(w->error, w->status, NULL, 0, 0, "the engine %s failed", w->search->engine->name);
        }
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
    uint32_t hides = w->sums.stacks[0].overlap_cost_frac > 0 && overlap & (uint32_t)FC_OVERLAP_DP ? 2 : 0;
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
    if (answer.time_s > 0 && is_hopeless(w, plan, answer.time_s)) {
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

/* Layers on the fullest stage, of all of them. */
static double stage_share(const fc_ops *ops, const fc_plan *plan) {
    double chunks = (double)plan->pp * plan->vpp;
    return fc_hd_pieces(ops->layers_count, chunks) * plan->vpp / ops->layers_count;
}

/* Seconds of a step by (1) and (2) above. */
static double least_step_s(const worker *w, const fc_plan *plan, uint32_t recompute, uint32_t layers) {
    double share = stage_share(&w->format->ops, plan);
    double held = share * w->format->ops.layers_count;
    double redone = layers > 0 && layers < held ? layers / held : 1.0;
    double again_s = recompute == FC_RECOMPUTE_FULL        ? redone * w->forward_s
                     : recompute == FC_RECOMPUTE_SELECTIVE ? w->core_s
                                                           : 0;
    double count = (double)plan->global_batch / ((double)plan->dp * plan->micro_batch);
    double traffic_s = (recompute == FC_RECOMPUTE_FULL ? 3.0 : 2.0) * w->reduces_s;
    return w->sums.step_time_factor * count * share * (w->pass_s + again_s + traffic_s);
}

static void add_counts(fc_memory_part *out, const fc_memory_part *part, double times) {
    out->dense_count += times * part->dense_count;
    out->expert_count += times * part->expert_count;
    out->dense_states_count += times * part->dense_states_count;
    out->expert_states_count += times * part->expert_states_count;
}

static void count_layers(worker *w) {
    const fc_ops *ops = &w->format->ops;
    for (uint32_t kind = 0; kind < ops->layer_kinds_count; ++kind) {
        add_counts(&w->layers.params, &w->sums.memory.layer[kind], ops->kind_layers_count[kind]);
    }
}

/* By (4), for the group's plans of one shard: with all offloaded that any of them offloads. */
static bool too_big(const worker *w, const fc_group *group, uint32_t shard) {
    const fc_cluster *cluster = w->sums.cluster;
    const fc_memory_layers one_stage = {.stages_count = 1.0};
    fc_memory_load mean;
    fc_memory memory;
    fc_plan plan = fc_memory_device(&group->plan, cluster);
    uint32_t most = group->offloads[group->offloads_count - 1];
    plan.zero = group->shards[shard].zero;
    plan.zero_group = group->shards[shard].group;
    plan.offload_optimizer = (uint8_t)(most & 1u);
    plan.offload_weights = (uint8_t)(most >> 1 & 1u);
    memset(&mean, 0, sizeof mean);
    memset(&memory, 0, sizeof memory);
    add_counts(&mean.params, &w->layers.params, 1.0 / group->plan.pp);
    fc_memory_size_params(&memory, &mean, &w->format->ops, &plan, &one_stage);
    double bytes = 0;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        bytes += memory.cause_bytes[i];
    }
    return bytes * cluster->chip.devices_per_chip * SLACK + w->sums.stacks[0].reserve_bytes > cluster->chip.memory_bytes;
}

/* Takes the shards out that are too big, and counts their plans. */
static void drop_too_big(worker *w, fc_group *group) {
    double each = fc_group_count(group) / group->shards_count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < group->shards_count; ++i) {
        if (too_big(w, group, i)) {
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
    if (is_hopeless(w, &group->plan, least_step_s(w, &group->plan, FC_RECOMPUTE_NONE, 0))) {
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
        if (is_hopeless(w, &plan, least_step_s(w, &plan, plan.recompute, plan.recompute_layers))) {
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

/* ---- cuts ----------------------------------------------------------------------------------------------------------- */

fc_status fc_search_open_cut(fc_engine_cut *out, const fc_search *search, const fc_cut *cut, fc_error *error) {
    const fc_search_format *format = &search->formats[cut->format];
    fc_plan plan = search->study.plan;
    plan.tp = cut->tp;
    plan.cp = cut->cp;
    plan.ep = cut->ep;
    plan.etp = cut->etp;
    plan.sequence_parallel = (int32_t)cut->sequence_parallel;
    plan.micro_batch = cut->micro_batch;
    plan.pp = plan.vpp = plan.dp = 1; /* sums do not depend on them */
    out->ops = &format->ops;
    out->cluster = &search->study.cluster;
    out->stacks = search->stacks;
    out->step_time_factor = search->study.step_time_factor;
    FC_TRY(fc_step_sum(&out->step, out->ops, out->cluster, &plan, &search->stacks[0], error));
    fc_memory_sum(&out->memory, out->ops, out->cluster, &plan, &search->stacks[0]);
    return FC_OK;
}

static double pass_of(const fc_step_part *layers) {
    double sum_s = layers->launch_s + layers->touch_s;
    for (int i = 0; i < FC_OP_CLASS_COUNT; ++i) {
        sum_s += layers->class_s[i];
    }
    return sum_s;
}

/* Zero where a domain's edge may cut through the tensor ranks. */
static double shown_reduces_s(const fc_engine_cut *sums, const fc_cut *cut) {
    const fc_cluster *cluster = sums->cluster;
    double domain = cluster->tiers_count > 0 ? floor(cluster->tiers[0].chips_count) : 0;
    double blocks = floor(domain / cut->tp);
    bool whole = cut->tp > 1 && blocks >= 1 && blocks * cut->tp == domain;
    return whole ? sums->step.reduces_s * (1.0 - sums->stacks[0].tp_overlap_frac) : 0;
}

/* By (1): micro-batches x layers / stages, and replicas x stages are at most the chips over tp x cp. */
double fc_search_cut_bound_s(const fc_engine_cut *sums, const fc_search *search, const fc_cut *cut) {
    double ranks = fc_hd_max(1.0, floor(search->lists.most_chips / ((double)cut->tp * cut->cp)));
    double tokens = ranks * cut->micro_batch * sums->ops->seq_len;
    double pass_s = pass_of(&sums->step.layers) + 2.0 * shown_reduces_s(sums, cut);
    return sums->step_time_factor * pass_s / tokens * SLACK;
}

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
    w.pass_s = pass_of(&w.sums.step.layers);
    w.forward_s = w.sums.step.layers.forward_s;
    w.core_s = w.sums.step.layers.core_forward_s;
    count_layers(&w);
    w.reduces_s = shown_reduces_s(&w.sums, at);
    fc_space_groups(&search->lists, at, visit, &w);
    ask_and_take(&w);
    return w.status;
}
