/* space_groups.c: the plans of one cut, group by group: pipeline, replicas and batch outside, the rest as lists inside. */
#include "space.h"

#include "flopcast/hd/hd.h"

#include <string.h>

enum { MOST_CHUNKS = 8, MOST_CHUNKS_WIDE = 64, LAYER_RUNGS = 8, MOST_DIVISORS = 2048 };

/* ---- inner lists --------------------------------------------------------------------------------------------------- */

static uint32_t stage_layers(uint32_t layers, uint32_t pp, uint32_t vpp) {
    uint32_t chunks = pp * vpp;
    return (layers + chunks - 1) / chunks * vpp;
}

static void add_recompute(fc_group *out, uint32_t recompute, uint32_t layers) {
    uint32_t at = out->recomputes_count;
    for (uint32_t i = 0; i < at; ++i) {
        if (out->recomputes[i].recompute == recompute && out->recomputes[i].layers == layers) {
            return;
        }
    }
    if (at < FC_SPACE_MOST_INNER) {
        out->recomputes[at].recompute = recompute;
        out->recomputes[at].layers = layers;
        out->recomputes_count += 1;
    }
}

/* All layers of a stage (0), or so many of them; redoing as many as there are, or more, is redoing all. */
static void add_full_recompute(fc_group *out, const fc_space_lists *lists) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_RECOMPUTE_LAYERS];
    uint32_t most = stage_layers(lists->layers + lists->study->model.mtp_depth, out->plan.pp, out->plan.vpp);
    if (lists->study->plan.recompute_layers > 0) {
        add_recompute(out, FC_RECOMPUTE_FULL, lists->study->plan.recompute_layers);
        return;
    }
    for (uint32_t i = 0; i < bound->values_count; ++i) {
        uint32_t layers = bound->values[i];
        add_recompute(out, FC_RECOMPUTE_FULL, layers < most ? layers : 0);
    }
    if (bound->values_count > 0) {
        return;
    }
    add_recompute(out, FC_RECOMPUTE_FULL, 0);
    bool wide = lists->space->kind == FC_SPACE_WIDE || bound->least > 0 || bound->most > 0;
    for (uint32_t rung = 1; wide && rung < LAYER_RUNGS; ++rung) {
        uint32_t layers = (most * rung + LAYER_RUNGS - 1) / LAYER_RUNGS;
        if (layers < most && fc_bound_allows(bound, layers)) {
            add_recompute(out, FC_RECOMPUTE_FULL, layers);
        }
    }
}

static void list_recomputes(fc_group *out, const fc_space_lists *lists) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_RECOMPUTE];
    uint32_t given = lists->study->plan.recompute;
    bool only_full = given == FC_RECOMPUTE_AUTO && lists->study->plan.recompute_layers > 0;
    out->recomputes_count = 0;
    for (uint32_t recompute = FC_RECOMPUTE_NONE; recompute < FC_RECOMPUTE_COUNT; ++recompute) {
        bool goes = given != FC_RECOMPUTE_AUTO ? recompute == given : fc_bound_allows(bound, recompute);
        if (goes && recompute == FC_RECOMPUTE_FULL) {
            add_full_recompute(out, lists);
        } else if (goes && !only_full) {
            add_recompute(out, recompute, 0);
        }
    }
}

/* The largest divisor of `count` that is at most `most`. */
static uint32_t divisor_at_most(uint32_t count, double most) {
    uint32_t best = 1;
    for (uint32_t small = 1; (uint64_t)small * small <= count; ++small) {
        if (count % small == 0) {
            best = small <= most && small > best ? small : best;
            best = count / small <= most && count / small > best ? count / small : best;
        }
    }
    return best;
}

static void add_shard(fc_group *out, int32_t zero, uint32_t group) {
    uint32_t at = out->shards_count;
    for (uint32_t i = 0; i < at; ++i) {
        if (out->shards[i].zero == zero && out->shards[i].group == group) {
            return;
        }
    }
    if (at < sizeof out->shards / sizeof out->shards[0]) {
        out->shards[at].zero = zero;
        out->shards[at].group = group;
        out->shards_count += 1;
    }
}

/* Groups of ranks that ZeRO splits over: all, those inside the scale-up domain, those inside the tier around it. */
static void add_shard_groups(fc_group *out, const fc_space_lists *lists, int32_t zero) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_ZERO_GROUP];
    const fc_cluster *cluster = &lists->study->cluster;
    uint64_t ranks = (uint64_t)out->plan.dp * out->plan.cp;
    uint32_t given = lists->study->plan.zero_group;
    if (given > 0) {
        add_shard(out, zero, given);
        return;
    }
    /* a group of all ranks is no group; stage 0 splits nothing */
    for (uint32_t i = 0; zero > 0 && i < bound->values_count; ++i) {
        uint32_t group = bound->values[i];
        if (group == 0 || ranks % group == 0) {
            add_shard(out, zero, group < ranks ? group : 0);
        }
    }
    if (zero > 0 && bound->values_count > 0) {
        return;
    }
    add_shard(out, zero, 0);
    bool wide = lists->space->kind == FC_SPACE_WIDE && zero > 0 && ranks <= UINT32_MAX;
    for (uint32_t tier = 0; wide && tier < 2 && tier < cluster->tiers_count; ++tier) {
        double inside = floor(cluster->tiers[tier].chips_count / out->plan.tp);
        uint32_t group = divisor_at_most((uint32_t)ranks, inside);
        if (group > 1 && group < ranks && fc_bound_allows(bound, group)) {
            add_shard(out, zero, group);
        }
    }
}

static void list_shards(fc_group *out, const fc_space_lists *lists) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_ZERO];
    int32_t given = lists->study->plan.zero;
    bool alone = (uint64_t)out->plan.dp * out->plan.cp == 1;
    out->shards_count = 0;
    for (int32_t zero = 0; zero <= 3; ++zero) {
        bool own = bound->values_count > 0 || bound->least > 0 || bound->most > 0 || !alone || zero == 0;
        if (given >= 0 ? zero == given : fc_bound_allows(bound, (uint32_t)zero) && own) {
            add_shard_groups(out, lists, zero);
        }
    }
}

static void add_schedule(fc_group *out, const fc_bound *bound, uint32_t schedule) {
    if (bound->values_count == 0 || fc_bound_allows(bound, schedule)) {
        out->schedules[out->schedules_count++] = schedule;
    }
}

/* DualPipe wants an even number of stages and of micro-batches, at least twice the stages (hd/schedule.h). */
static bool dualpipe_goes(const fc_plan *plan) {
    uint64_t micro_batches = plan->global_batch / ((uint64_t)plan->dp * plan->micro_batch);
    return plan->pp % 2 == 0 && micro_batches % 2 == 0 && micro_batches / 2 >= plan->pp;
}

/* AUTO stands for what the stack runs: interleaved with chunks, else 1F1B, unless it states its own. */
static void list_schedules(fc_group *out, const fc_space_lists *lists) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_SCHEDULE];
    const fc_plan *plan = &out->plan;
    uint32_t given = lists->study->plan.schedule;
    uint32_t own = lists->study->stack.schedule;
    own = own != 0 ? own : plan->vpp > 1 ? FC_PLAN_SCHEDULE_INTERLEAVED : FC_PLAN_SCHEDULE_1F1B;
    out->schedules_count = 0;
    if (given != FC_PLAN_SCHEDULE_AUTO) {
        out->schedules[out->schedules_count++] = given;
        return;
    }
    bool open = lists->space->kind == FC_SPACE_WIDE || bound->values_count > 0;
    add_schedule(out, bound, FC_PLAN_SCHEDULE_AUTO);
    for (uint32_t schedule = FC_PLAN_SCHEDULE_GPIPE; open && plan->pp > 1 && schedule < FC_PLAN_SCHEDULE_COUNT;
         ++schedule) {
        bool chunks = schedule == FC_PLAN_SCHEDULE_INTERLEAVED;
        bool goes = chunks == (plan->vpp > 1) && (schedule != FC_PLAN_SCHEDULE_DUALPIPE || dualpipe_goes(plan));
        /* what AUTO stands for is in the list already, unless a bound names it alone */
        bool named = bound->values_count > 0 && !fc_bound_allows(bound, FC_PLAN_SCHEDULE_AUTO);
        if (goes && (schedule != own || named)) {
            add_schedule(out, bound, schedule);
        }
    }
}

static void list_ranks(fc_group *out, const fc_space_lists *lists) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_RANK_ORDER];
    const fc_plan *plan = &out->plan;
    uint32_t given = lists->study->plan.rank_order;
    bool even = plan->dp % plan->ep == 0;
    out->ranks_count = 0;
    for (uint32_t order = 0; order < FC_RANK_ORDER_COUNT; ++order) {
        bool differs = order == FC_RANK_ORDER_TP_CP_EP_DP_PP ||
                       (order == FC_RANK_ORDER_TP_CP_EP_PP_DP && even && plan->pp > 1 && plan->dp > plan->ep) ||
                       (order == FC_RANK_ORDER_TP_EP_CP_DP_PP && even && plan->cp > 1 && plan->ep > 1);
        bool goes = bound->values_count > 0                ? fc_bound_allows(bound, order)
                    : lists->space->kind == FC_SPACE_WIDE ? differs
                                                          : order == 0;
        if (given > 0 ? order == given : goes) {
            out->ranks[out->ranks_count++] = order;
        }
    }
}

/* Switching off an overlap that has nothing to hide is no other plan. */
static uint32_t live_overlaps(const fc_plan *plan, const fc_stack *stack) {
    uint32_t live = 0;
    live |= plan->tp > 1 && stack->tp_overlap_frac > 0 ? (uint32_t)FC_OVERLAP_TP : 0;
    live |= plan->ep > 1 && stack->ep_overlap_frac > 0 ? (uint32_t)FC_OVERLAP_EP : 0;
    live |= plan->cp > 1 && stack->cp_overlap_frac > 0 ? (uint32_t)FC_OVERLAP_CP : 0;
    live |= plan->pp > 1 && stack->pp_overlap_frac > 0 ? (uint32_t)FC_OVERLAP_PP : 0;
    live |= (uint64_t)plan->dp * plan->cp > 1 && stack->dp_overlap_frac > 0 ? (uint32_t)FC_OVERLAP_DP : 0;
    return live;
}

static void list_overlaps(fc_group *out, const fc_space_lists *lists) {
    static const fc_space_axis axes[] = {FC_SPACE_TP_OVERLAP, FC_SPACE_EP_OVERLAP, FC_SPACE_CP_OVERLAP,
                                         FC_SPACE_PP_OVERLAP, FC_SPACE_DP_OVERLAP};
    uint32_t live = live_overlaps(&out->plan, &lists->study->stack);
    uint32_t may_off = 0;
    uint32_t must_off = 0;
    for (uint32_t i = 0; i < 5; ++i) {
        const fc_bound *bound = &lists->space->axis[axes[i]];
        bool stated = bound->values_count > 0;
        bool off = stated ? fc_bound_allows(bound, 0) : lists->space->kind == FC_SPACE_WIDE;
        may_off |= off ? 1u << i : 0;
        must_off |= stated && !fc_bound_allows(bound, 1) ? 1u << i : 0;
    }
    out->overlaps_count = 0;
    for (uint32_t off = 0; off < 32; ++off) {
        if ((off & ~(live & may_off)) == 0 && (must_off & live & ~off) == 0) {
            out->overlaps[out->overlaps_count++] = off;
        }
    }
}

void fc_space_inner(fc_group *out, const fc_space_lists *lists) {
    list_recomputes(out, lists);
    list_shards(out, lists);
    list_schedules(out, lists);
    list_ranks(out, lists);
    list_overlaps(out, lists);
    out->offloads = lists->offloads;
    out->offloads_count = lists->offloads_count;
}

double fc_group_count(const fc_group *group) {
    return (double)group->recomputes_count * group->shards_count * group->schedules_count * group->ranks_count *
           group->offloads_count * group->overlaps_count;
}

/* ---- groups -------------------------------------------------------------------------------------------------------- */

/* Chunks of a stage: where no stage gets more layers than without them. Two more chunks than layers leave one to the
 * embedding and one to the head (126 layers of Llama 3 405B in 128). */
static bool chunks_go(const fc_space_lists *lists, uint32_t pp, uint32_t vpp) {
    uint64_t chunks = (uint64_t)pp * vpp;
    return (vpp == 1 || pp > 1) && (chunks <= lists->layers || chunks == (uint64_t)lists->layers + 2);
}

static void list_chunks(fc_values *out, const fc_space_lists *lists, uint32_t pp) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_VPP];
    uint32_t given = lists->study->plan.vpp;
    bool wide = lists->space->kind == FC_SPACE_WIDE || bound->least > 0 || bound->most > 0;
    uint32_t most = wide ? MOST_CHUNKS_WIDE : MOST_CHUNKS;
    out->count = 0;
    if (given > 0) {
        fc_values_add(out, given);
    }
    for (uint32_t i = 0; given == 0 && i < bound->values_count; ++i) {
        fc_values_add(out, bound->values[i]);
    }
    for (uint32_t vpp = 1; given == 0 && bound->values_count == 0 && vpp <= most; ++vpp) {
        if (fc_bound_allows(bound, vpp) &&
            stage_layers(lists->layers, pp, vpp) <= stage_layers(lists->layers, pp, 1)) {
            fc_values_add(out, vpp);
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out->count; ++i) {
        if (out->values[i] > 0 && chunks_go(lists, pp, out->values[i])) {
            out->values[kept++] = out->values[i];
        }
    }
    out->count = kept;
}

/* Divisors of a number, the largest first. */
typedef struct divisors {
    uint32_t count;
    uint32_t values[MOST_DIVISORS];
} divisors;

static void find_divisors(divisors *out, uint32_t number) {
    out->count = 0;
    for (uint32_t small = 1; (uint64_t)small * small <= number; ++small) {
        if (number % small == 0) {
            out->values[out->count++] = number / small;
        }
    }
    for (uint32_t i = out->count; i > 0; --i) {
        uint32_t small = number / out->values[i - 1];
        if (small != out->values[out->count - 1]) {
            out->values[out->count++] = small;
        }
    }
}

typedef struct walk {
    const fc_space_lists *lists;
    fc_group group;
    fc_group_visit *visit;
    void *context;
    bool going;
} walk;

static bool replicas_go(const fc_space_lists *lists, const fc_plan *plan, uint32_t dp) {
    uint64_t ranks = (uint64_t)plan->tp * plan->cp * dp;
    uint64_t experts = (uint64_t)plan->ep * (plan->etp > 0 ? plan->etp : 1);
    uint32_t group = lists->study->plan.zero_group;
    return (plan->ep <= 1 || ranks % experts == 0) && (group == 0 || (uint64_t)dp * plan->cp % group == 0);
}

static void visit_one(walk *w, uint32_t dp) {
    w->group.plan.dp = dp;
    fc_space_inner(&w->group, w->lists);
    if (fc_group_count(&w->group) > 0) {
        w->going = w->visit(w->context, &w->group);
    }
}

/* The most replicas that chips and batch allow; of a wide space all that use more than half of those chips; within a stated
 * range of replicas or chips all that there are. */
static void visit_replicas(walk *w, const divisors *groups) {
    const fc_space_lists *lists = w->lists;
    const fc_plan *plan = &w->group.plan;
    const fc_bound *bound = &lists->space->axis[FC_SPACE_DP];
    const fc_bound *chips = &lists->space->axis[FC_SPACE_CHIPS];
    uint32_t given = lists->study->plan.dp;
    double each = (double)plan->tp * plan->pp * plan->cp;
    double room = floor(lists->most_chips / each);
    bool ranged = fc_bound_given(bound) || chips->least > 0;
    uint32_t most = 0;
    for (uint32_t i = 0; i < groups->count && w->going; ++i) {
        uint32_t dp = groups->values[i];
        if (dp > room || (given > 0 && dp != given) || !replicas_go(lists, plan, dp)) {
            continue;
        }
        if (ranged && given == 0 && (!fc_bound_allows(bound, dp) || dp * each < chips->least)) {
            continue;
        }
        most = most > 0 ? most : dp;
        bool enough = ranged || given > 0 || dp == most || (lists->space->kind == FC_SPACE_WIDE && dp > most / 2);
        if (!enough) {
            break;
        }
        visit_one(w, dp);
    }
}

static void visit_pipelines(walk *w, const divisors *groups) {
    const fc_space_lists *lists = w->lists;
    for (uint32_t i = 0; i < lists->pp.count && w->going; ++i) {
        fc_values chunks;
        w->group.plan.pp = lists->pp.values[i];
        list_chunks(&chunks, lists, w->group.plan.pp);
        for (uint32_t j = 0; j < chunks.count && w->going; ++j) {
            w->group.plan.vpp = chunks.values[j];
            visit_replicas(w, groups);
        }
    }
}

void fc_space_groups(const fc_space_lists *lists, const fc_cut *cut, fc_group_visit *visit, void *context) {
    walk w = {.lists = lists, .visit = visit, .context = context, .going = true};
    w.group.plan = lists->study->plan;
    w.group.plan.tp = cut->tp;
    w.group.plan.cp = cut->cp;
    w.group.plan.ep = cut->ep;
    w.group.plan.etp = cut->etp;
    w.group.plan.sequence_parallel = (int32_t)cut->sequence_parallel;
    w.group.plan.micro_batch = cut->micro_batch;
    for (uint32_t i = 0; i < lists->global_batch.count && w.going; ++i) {
        uint32_t batch = lists->global_batch.values[i];
        if (batch % cut->micro_batch != 0) {
            continue;
        }
        divisors groups;
        find_divisors(&groups, batch / cut->micro_batch);
        w.group.plan.global_batch = batch;
        visit_pipelines(&w, &groups);
    }
}
