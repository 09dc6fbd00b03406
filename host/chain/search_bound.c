/* search_bound.c: what a plan is judged by, and what no plan of a cut or a group can undercut.
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

static const double SLACK = 1.0 - 1e-9;

/* ---- judging -------------------------------------------------------------------------------------------------------- */

double fc_search_tokens(const fc_ops *ops, const fc_plan *plan) { return (double)plan->global_batch * ops->seq_len; }

double fc_search_chips(const fc_plan *plan) { return (double)plan->tp * plan->pp * plan->cp * plan->dp; }

/* Days and dollars of a run of such steps. */
static void project(fc_run *run, fc_cost *cost, const fc_search *search, const fc_ops *ops, const fc_plan *plan,
                    double time_s) {
    fc_step step;
    memset(&step, 0, sizeof step);
    step.time_s = time_s;
    step.tokens_per_step = fc_search_tokens(ops, plan);
    step.chips_used_count = fc_search_chips(plan);
    const fc_study *study = &search->study;
    fc_run_case job = {
        .ops = ops, .cluster = &study->cluster, .plan = plan, .policy = &study->policy, .deal = &study->deal};
    fc_run_project(run, &step, &job);
    fc_cost_price(cost, run, &search->study.cluster, &search->study.deal);
}

bool fc_search_judge(double *out_objective, const fc_search *search, const fc_ops *ops, const fc_plan *plan,
                     double time_s, double per_chip_bytes) {
    const fc_search_options *options = &search->options;
    bool priced = options->by == FC_SEARCH_BY_COST || options->most_days > 0 || options->most_usd > 0;
    *out_objective = options->by == FC_SEARCH_BY_MEMORY ? per_chip_bytes : time_s / fc_search_tokens(ops, plan);
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
        return least_s / fc_search_tokens(ops, plan);
    }
    fc_run run;
    fc_cost cost;
    project(&run, &cost, search, ops, plan, least_s);
    return cost.total_usd;
}

/* ---- seconds --------------------------------------------------------------------------------------------------------- */

/* Layers on the fullest stage, of all of them. */
static double stage_share(const fc_ops *ops, const fc_plan *plan) {
    double chunks = (double)plan->pp * plan->vpp;
    return fc_hd_pieces(ops->layers_count, chunks) * plan->vpp / ops->layers_count;
}

/* Seconds of a step by (1) and (2) above. */
double fc_search_least_s(const fc_search_sums *sums, const fc_plan *plan, uint32_t recompute, uint32_t layers) {
    double share = stage_share(sums->cut.ops, plan);
    double held = share * sums->cut.ops->layers_count;
    double redone = layers > 0 && layers < held ? layers / held : 1.0;
    double again_s = recompute == FC_RECOMPUTE_FULL        ? redone * sums->forward_s
                     : recompute == FC_RECOMPUTE_SELECTIVE ? sums->core_s
                                                           : 0;
    double count = (double)plan->global_batch / ((double)plan->dp * plan->micro_batch);
    double traffic_s = (recompute == FC_RECOMPUTE_FULL ? 3.0 : 2.0) * sums->reduces_s;
    return SLACK * sums->cut.step_time_factor * count * share * (sums->pass_s + again_s + traffic_s);
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
double fc_search_cut_bound_s(const fc_search_sums *sums, const fc_search *search, const fc_cut *cut) {
    double ranks = fc_hd_max(1.0, floor(search->lists.most_chips / ((double)cut->tp * cut->cp)));
    double tokens = ranks * cut->micro_batch * sums->cut.ops->seq_len;
    double pass_s = sums->pass_s + 2.0 * sums->reduces_s;
    return sums->cut.step_time_factor * pass_s / tokens * SLACK;
}

/* ---- bytes ----------------------------------------------------------------------------------------------------------- */

static void add_counts(fc_memory_part *out, const fc_memory_part *part, double times) {
    out->dense_count += times * part->dense_count;
    out->expert_count += times * part->expert_count;
    out->dense_states_count += times * part->dense_states_count;
    out->expert_states_count += times * part->expert_states_count;
}

static void count_layers(fc_search_sums *out) {
    const fc_ops *ops = out->cut.ops;
    for (uint32_t kind = 0; kind < ops->layer_kinds_count; ++kind) {
        add_counts(&out->layers, &out->cut.memory.layer[kind], ops->kind_layers_count[kind]);
    }
}

/* By (4), for the group's plans of one shard: with all offloaded that any of them offloads. */
bool fc_search_too_big(const fc_search_sums *sums, const fc_group *group, uint32_t shard) {
    const fc_cluster *cluster = sums->cut.cluster;
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
    add_counts(&mean.params, &sums->layers, 1.0 / group->plan.pp);
    fc_memory_size_params(&memory, &mean, sums->cut.ops, &plan, &one_stage);
    double bytes = 0;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        bytes += memory.cause_bytes[i];
    }
    return bytes * cluster->chip.devices_per_chip * SLACK + sums->cut.stacks[0].reserve_bytes >
           cluster->chip.memory_bytes;
}

/* ---- sums of a cut ---------------------------------------------------------------------------------------------------- */

fc_status fc_search_open_cut(fc_search_sums *sums, const fc_search *search, const fc_cut *cut, fc_error *error) {
    const fc_search_format *format = &search->formats[cut->format];
    fc_engine_cut *out = &sums->cut;
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
    out->stacks_count = sizeof search->stacks / sizeof search->stacks[0];
    out->step_time_factor = search->study.step_time_factor;
    FC_TRY(fc_step_sum(&out->step, out->ops, out->cluster, &plan, &search->stacks[0], error));
    fc_memory_sum(&out->memory, out->ops, out->cluster, &plan, &search->stacks[0]);
    sums->pass_s = pass_of(&out->step.layers);
    sums->forward_s = out->step.layers.forward_s;
    sums->core_s = out->step.layers.core_forward_s;
    sums->reduces_s = shown_reduces_s(out, cut);
    memset(&sums->layers, 0, sizeof sums->layers);
    count_layers(sums);
    return FC_OK;
}
