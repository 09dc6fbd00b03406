/* scale_wall.c: how short a step and a run can be however many chips there are, and what would move the knee. */
#include "scale_internal.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/kernel_collective.h"
#include "flopcast/hd/scale.h"

#include <stdio.h>
#include <string.h>

/* ---- the wall ------------------------------------------------------------------------------------------------------- */

/* Kernels that wait for the one before: forward products and input gradients. Weight gradients and passes over memory are
 * left out, so that the floor is one. */
static double kernels_in_a_row(const fc_ops *ops) {
    double count = 0;
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        const fc_op *op = &ops->ops[i];
        count += op->op_class != FC_OP_MEMORY ? 2.0 * op->instances : 0.0;
    }
    return count;
}

static double floor_of(const fc_scale_desk *desk) {
    const fc_cluster *cluster = &desk->study.cluster;
    double gap_s = desk->study.stack.cuda_graphs ? 0.0 : cluster->chip.launch_s;
    double hop_s = cluster->tiers_count > 0 ? cluster->tiers[cluster->tiers_count - 1].latency_s : 0.0;
    return fc_hd_latency_floor_s(kernels_in_a_row(&desk->ops), gap_s, desk->batch_count, hop_s);
}

/* A run without failures that has the machine to itself. */
static void make_flawless(fc_study *study) {
    study->deal.goodput_frac = 1;
    study->deal.share_frac = 1;
}

static fc_status pass_on(const fc_error *why, fc_error *error) {
    return fc_error_set(error, why->status, why->source, why->line, why->column, "%s", why->text);
}

fc_status fc_scale_find_wall(fc_scale_wall *out, const fc_scale_question *question, fc_arena *arena, fc_error *error) {
    fc_scale_desk *desk = NULL;
    fc_point point;
    memset(out, 0, sizeof *out);
    FC_TRY(fc_scale_desk_open(&desk, question, arena, error));
    make_flawless(&desk->base);
    desk->mode = FC_SCALE_STRONG;
    fc_error why = {0};
    fc_status status = fc_scale_set_chips(desk, FC_SCALE_MOST_CHIPS, &why);
    status = status == FC_OK ? fc_scale_find(&point, desk, desk->batch_count, NULL, &why) : status;
    if (status == FC_BAD_INPUT ||
        status == FC_INFEASIBLE) { /* no network, or a plan that fixes what would have to grow */
        return FC_OK;
    }
    if (status != FC_OK) {
        return pass_on(&why, error);
    }
    out->known = 1;
    out->step_time_s = point.step.time_s;
    out->floor_s = floor_of(desk);
    out->steps_count = point.run.steps_count;
    if (question->mode == FC_SCALE_TIME_TO_TRAIN) {
        desk->mode = FC_SCALE_TIME_TO_TRAIN;
        out->steps_count = desk->least_tokens_count / desk->critical_batch_tokens;
        FC_TRY(fc_scale_find(&point, desk, desk->batch_count, NULL, error));
    }
    out->days = point.run.days;
    return FC_OK;
}

/* ---- levers ----------------------------------------------------------------------------------------------------------- */

/* Changes the desk's study in one respect; false where it has none to change. */
typedef bool (*changer)(fc_scale_desk *desk);

static bool faster_network(fc_scale_desk *desk) {
    fc_cluster *cluster = &desk->base.cluster;
    cluster->chip.scaleout_bytes_per_s *= 2.0;
    for (uint32_t i = 1; i < cluster->tiers_count; ++i) {
        cluster->tiers[i].bytes_per_s *= 2.0;
    }
    return cluster->chip.scaleout_bytes_per_s > 0 || cluster->tiers_count > 1;
}

static void speed_up_curve(fc_chip_curve *curve) {
    curve->parameters[FC_LINK_LOW_BYTES_PER_S] *= 2.0;
    curve->parameters[FC_LINK_MIDDLE_BYTES_PER_S] *= 2.0;
    curve->parameters[FC_LINK_HIGH_BYTES_PER_S] *= 2.0;
}

static bool faster_domain(fc_scale_desk *desk) {
    fc_cluster *cluster = &desk->base.cluster;
    cluster->chip.scaleup_bytes_per_s *= 2.0;
    cluster->chip.scaleup_peer_bytes_per_s *= 2.0;
    if (cluster->tiers_count > 0) {
        cluster->tiers[0].bytes_per_s *= 2.0;
        cluster->tiers[0].link_bytes_per_s *= 2.0;
    }
    for (int i = 0; i < FC_CHIP_LINK_COUNT; ++i) {
        speed_up_curve(&cluster->chip.curves.link[i]);
    }
    return cluster->chip.scaleup_bytes_per_s > 0;
}

static bool larger_domain(fc_scale_desk *desk) {
    fc_cluster *cluster = &desk->base.cluster;
    if (!cluster->tiers_from_chip || cluster->chip.scaleup_topology != FC_TOPOLOGY_SWITCHED ||
        !(cluster->chip.scaleup_bytes_per_s > 0)) {
        return false;
    }
    cluster->chip.scaleup_domain_count *= 2;
    return true;
}

static bool more_memory(fc_scale_desk *desk) {
    desk->base.cluster.chip.memory_bytes *= 2.0;
    return true;
}

static bool shorter_latency(fc_scale_desk *desk) {
    fc_scale_change_latency(&desk->base, 0.5);
    return true;
}

static bool larger_batch(fc_scale_desk *desk) {
    if (desk->mode == FC_SCALE_TIME_TO_TRAIN) {
        return false;
    }
    desk->batch_count *= 2.0;
    return true;
}

static bool larger_critical_batch(fc_scale_desk *desk) {
    desk->critical_batch_tokens *= 2.0;
    return desk->mode == FC_SCALE_TIME_TO_TRAIN;
}

static bool fewer_failures(fc_scale_desk *desk) {
    desk->base.cluster.chip.failures_per_chip_h *= 0.5;
    return desk->mode == FC_SCALE_TIME_TO_TRAIN && desk->base.cluster.chip.failures_per_chip_h > 0;
}

typedef struct lever {
    const char *change;
    changer apply;
} lever;

static const lever levers[] = {
    {"batch x 2", larger_batch},
    {"critical batch x 2", larger_critical_batch},
    {"network between domains x 2", faster_network},
    {"scale-up network x 2", faster_domain},
    {"scale-up domain x 2", larger_domain},
    {"memory of a chip x 2", more_memory},
    {"all latencies / 2", shorter_latency},
    {"failures of a chip / 2", fewer_failures},
};
enum { LEVER_COUNT = sizeof levers / sizeof levers[0] };
_Static_assert(LEVER_COUNT <= FC_SCALE_MOST_LEVERS, "a curve has room for all levers");

static void insert(fc_scale_curve *curve, const char *change, double gain) {
    uint32_t at = curve->levers_count++;
    while (at > 0 && curve->levers[at - 1].gain < gain) {
        curve->levers[at] = curve->levers[at - 1];
        at -= 1;
    }
    snprintf(curve->levers[at].change, sizeof curve->levers[at].change, "%s", change);
    curve->levers[at].gain = gain;
}

/* Tokens a second, or a run a day. */
static double speed_of(uint32_t mode, const fc_point *point) {
    return mode == FC_SCALE_TIME_TO_TRAIN ? 1.0 / point->run.days : point->step.tokens_per_s;
}

static fc_status try_lever(fc_scale_curve *curve, const lever *one, const fc_scale_point *where,
                           const fc_scale_question *question, fc_arena *arena, fc_error *error) {
    fc_scale_desk *desk = NULL;
    fc_point point;
    FC_TRY(fc_scale_desk_open(&desk, question, arena, error));
    if (!one->apply(desk)) {
        return FC_OK;
    }
    if (desk->base.cluster.tiers_from_chip) { /* built anew from the changed chip */
        desk->base.cluster.tiers_count = 0;
    }
    fc_error why = {0};
    fc_status status = fc_scale_set_chips(desk, where->chips_count, &why);
    if (status == FC_BAD_INPUT) { /* twice as much is more than any chip may have */
        return FC_OK;
    }
    if (status == FC_OK) {
        status = fc_scale_find(&point, desk, where->at.plan.global_batch, &where->at.plan, &why);
    }
    if (status == FC_INFEASIBLE) { /* the changed batch does not split over these chips */
        return FC_OK;
    }
    if (status != FC_OK) {
        return pass_on(&why, error);
    }
    insert(curve, one->change, speed_of(question->mode, &point) / speed_of(question->mode, &where->at));
    curve->plans_tried_count += desk->tried_count;
    return FC_OK;
}

fc_status fc_scale_find_levers(fc_scale_curve *curve, const fc_scale_question *question, fc_arena *arena,
                               fc_error *error) {
    uint32_t at = curve->knee.found ? curve->knee.point + 1 : curve->points_count - 1;
    const fc_scale_point *where = &curve->points[at];
    curve->lever_chips_count = where->chips_count;
    for (size_t i = 0; i < LEVER_COUNT; ++i) {
        FC_TRY(try_lever(curve, &levers[i], where, question, arena, error));
    }
    return FC_OK;
}
