/* estimate.c: the chain, as a table of contents. */
#include "flopcast/estimate.h"

#include "../base/stats.h"
#include "draws.h"
#include "plan_fit.h"
#include "trials_luck.h"

#include "flopcast/hd/hd.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

fc_status fc_estimate_point(fc_point *out, const fc_ops *ops, const fc_study *study, const fc_plan *plan,
                            fc_error *error) {
    out->plan = *plan;
    fc_memory_size(&out->memory, ops, &study->cluster, plan, &study->stack);
    FC_TRY(fc_step_time(&out->step, ops, &study->cluster, plan, &study->stack, error));
    bool stated = study->deal.mfu_frac > 0;
    fc_step_scale(&out->step, stated ? out->step.mfu_frac / study->deal.mfu_frac : study->step_time_factor);
    const fc_run_case run = {ops, &study->cluster, plan, &study->policy, &study->deal};
    fc_run_project(&out->run, &out->step, &run);
    fc_cost_price(&out->cost, &out->run, &study->cluster, &study->deal);
    return FC_OK;
}

/* ---- the plan ------------------------------------------------------------------------------------------------- */

static bool is_complete(const fc_plan *plan) {
    return plan->tp && plan->pp && plan->vpp && plan->dp && plan->cp && plan->ep && plan->micro_batch &&
           plan->global_batch && plan->recompute && plan->zero >= 0 && plan->sequence_parallel >= 0;
}

static fc_status settle_plan(fc_plan *plan, fc_estimate *out, const fc_study *study, fc_error *error) {
    out->plan_given = is_complete(&study->plan);
    return fc_plan_choose(plan, out, &out->ops, study, error);
}

/* ---- results that carry a range --------------------------------------------------------------------------------- */

enum { RESULT_COUNT = 8 };

/* In the order of result_range below. */
static void take_results(double *row, const fc_point *point) {
    row[0] = point->step.time_s;
    row[1] = point->step.mfu_frac;
    row[2] = point->run.days;
    row[3] = point->run.chip_h;
    row[4] = point->run.goodput_frac;
    row[5] = point->cost.total_usd;
    row[6] = point->cost.usd_per_mtoken;
    row[7] = point->cost.energy_mwh;
}

static fc_range *result_range(fc_estimate *out, int index) {
    fc_range *const ranges[RESULT_COUNT] = {&out->time_s,         &out->mfu_frac,     &out->days,
                                            &out->chip_h,         &out->goodput_frac, &out->total_usd,
                                            &out->usd_per_mtoken, &out->energy_mwh};
    return ranges[index];
}

/* ---- what moves the answer -------------------------------------------------------------------------------------- */

static double headline(const fc_point *point) { return point->cost.priced ? point->cost.total_usd : point->run.days; }

static void insert_driver(fc_estimate *out, const char *input, double swing_frac) {
    uint32_t at = out->drivers_count < FC_MAX_DRIVERS ? out->drivers_count : FC_MAX_DRIVERS - 1;
    if (out->drivers_count == FC_MAX_DRIVERS && fabs(out->drivers[at].swing_frac) >= fabs(swing_frac)) {
        return;
    }
    while (at > 0 && fabs(out->drivers[at - 1].swing_frac) < fabs(swing_frac)) {
        out->drivers[at] = out->drivers[at - 1];
        at -= 1;
    }
    snprintf(out->drivers[at].input, sizeof out->drivers[at].input, "%s", input);
    out->drivers[at].swing_frac = swing_frac;
    out->drivers_count += out->drivers_count < FC_MAX_DRIVERS;
}

/* One setting of the inputs, and the counts that follow from it. */
typedef struct trial {
    fc_study study;
    fc_ops ops;
} trial;

/* Of the counts only these can carry a range: a model's sizes are whole numbers. */
static void recount(trial *t) {
    const fc_workload *workload = &t->study.workload;
    t->ops.tokens_count = workload->tokens_count;
    t->ops.grad_bytes = workload->grad_bytes;
    t->ops.master_bytes = workload->master_bytes;
    t->ops.optimizer_bytes = workload->optimizer_bytes;
}

/* Change of the headline over its middle. Where one end of the input leaves no end of the run, the most that is told. */
static double swing_of(double low, double high, double mid) {
    const double most = 1e6;
    return low == high ? 0 : fc_hd_clamp((high - low) / mid, -most, most);
}

/* One input at its p10 and at its p90, the others at mid. `t` is scratch, `*moves` says whether any result does. */
static fc_status swing(double *out_frac, bool *moves, const fc_estimate *estimate, const fc_study *study,
                       const fc_spread *spread, trial *t, fc_error *error) {
    double rows[2][RESULT_COUNT];
    double ends[2];
    for (int end = 0; end < 2; ++end) {
        fc_point point;
        t->study = *study;
        fc_draws_set(&t->study, spread, end == 0 ? 0.1 : 0.9);
        fc_cluster_refresh(&t->study.cluster);
        recount(t);
        FC_TRY(fc_estimate_point(&point, &t->ops, &t->study, &estimate->point.plan, error));
        take_results(rows[end], &point);
        ends[end] = headline(&point);
    }
    *out_frac = swing_of(ends[0], ends[1], headline(&estimate->point));
    *moves = memcmp(rows[0], rows[1], sizeof rows[0]) != 0;
    return FC_OK;
}

/* Ranks the inputs, and leaves in `study` only the ranges that move a result: the others need not be drawn. */
static fc_status rank_drivers(fc_estimate *out, fc_study *study, trial *scratch, fc_error *error) {
    uint32_t kept = 0;
    uint32_t count = study->spreads_count;
    for (uint32_t i = 0; i < count; ++i) {
        double swing_frac = 0;
        bool moves = false;
        fc_spread spread = study->spreads[i];
        FC_TRY(swing(&swing_frac, &moves, out, study, &spread, scratch, error));
        if (swing_frac != 0) {
            insert_driver(out, spread.key, swing_frac);
        }
        if (moves) {
            study->spreads[kept++] = spread;
        }
    }
    study->spreads_count = kept;
    return FC_OK;
}

/* ---- ranges ------------------------------------------------------------------------------------------------------- */

static fc_status draw_ranges(fc_estimate *out, const fc_study *study, trial *t, fc_arena *arena, fc_error *error) {
    fc_luck luck;
    FC_TRY(fc_luck_play(&luck, out, study, arena, error));
    size_t count = study->draws_count > 0 && study->spreads_count > 0 ? study->draws_count : 1;
    double *values = fc_arena_alloc(arena, count * RESULT_COUNT * sizeof *values);
    if (values == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %zu draws: lower `draws`", count);
    }
    t->study = *study;
    for (size_t i = 0; i < count; ++i) {
        fc_point point;
        double row[RESULT_COUNT];
        if (study->spreads_count > 0) {
            fc_draws_apply(&t->study, study->seed, i, 0);
        }
        recount(t);
        FC_TRY(fc_estimate_point(&point, &t->ops, &t->study, &out->point.plan, error));
        fc_luck_apply(&point, &luck, &t->ops, &t->study, i);
        take_results(row, &point);
        for (size_t j = 0; j < RESULT_COUNT; ++j) {
            values[j * count + i] = row[j];
        }
    }
    for (int j = 0; j < RESULT_COUNT; ++j) {
        *result_range(out, j) = fc_stats_range(values + (size_t)j * count, count);
    }
    out->draws_count = (uint32_t)count;
    return FC_OK;
}

static fc_status fill_ranges(fc_estimate *out, const fc_study *study, fc_arena *arena, fc_error *error) {
    fc_study *live = fc_arena_alloc(arena, sizeof *live);
    trial *scratch = fc_arena_alloc(arena, sizeof *scratch);
    if (live == NULL || scratch == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    *live = *study;
    scratch->ops = out->ops;
    FC_TRY(rank_drivers(out, live, scratch, error));
    return draw_ranges(out, live, scratch, arena, error);
}

/* ---- the chain -------------------------------------------------------------------------------------------------- */

/* A failure rate so high that nothing is kept: the answer is that there is no end, not a number. */
static fc_status refuse_endless(const fc_estimate *out, fc_range days, fc_error *error) {
    const double most_days = 1e7;
    if (days.p50 > 0 && days.p90 < most_days) {
        return FC_OK;
    }
    const fc_run *run = &out->point.run;
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "the run may never finish: goodput %.2g with a failure every %.3g s. Remedy: fewer chips in one job, "
        "a faster cluster.restart, fewer cluster.chip.failures, or a stated deal.goodput if replicas can be "
        "lost without stopping",
        run->goodput_frac, run->mtbf_s);
}

fc_status fc_estimate_study(fc_estimate *out, const fc_study *study, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_plan plan;
    fc_ops_count(&out->ops, &study->model, &study->workload);
    FC_TRY(settle_plan(&plan, out, study, error));
    FC_TRY(fc_estimate_point(&out->point, &out->ops, study, &plan, error));
    double days = out->point.run.days;
    FC_TRY(refuse_endless(out, (fc_range){days, days, days}, error));
    fc_luck_remedies(out, study);
    FC_TRY(fill_ranges(out, study, arena, error));
    return refuse_endless(out, out->days, error);
}

void fc_estimate_stage(fc_memory *out, const fc_estimate *estimate, const fc_study *study, uint32_t stage) {
    fc_memory_rows rows;
    const fc_plan *plan = &estimate->point.plan;
    fc_memory_sum(&rows, &estimate->ops, &study->cluster, plan, &study->stack);
    fc_memory_stage(out, &rows, &estimate->ops, &study->cluster, plan, &study->stack, stage);
}

/* ---- the measured domain ---------------------------------------------------------------------------------------- */

typedef struct axis {
    const char *name;
    bool beyond;
} axis;

uint32_t fc_estimate_beyond(char *out, size_t out_size, const fc_estimate *estimate, const fc_study *study) {
    const fc_domain *domain = &study->domain;
    const axis axes[] = {
        {"chips", estimate->point.step.chips_used_count > domain->chips_count},
        {"total parameters", estimate->ops.params_total_count > domain->params_total_count},
        {"active parameters", estimate->ops.params_active_count > domain->params_active_count},
        {"tokens a step", estimate->point.step.tokens_per_step > domain->tokens_per_step},
        {"chip", !domain->chip_measured},
        {"dtype", !domain->dtype_measured},
    };
    uint32_t count = 0;
    size_t used = 0;
    if (out_size > 0) {
        out[0] = '\0';
    }
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; ++i) {
        if (axes[i].beyond) {
            int wrote = snprintf(out + used, out_size - used, "%s%s", count > 0 ? ", " : "", axes[i].name);
            used += wrote > 0 && (size_t)wrote < out_size - used ? (size_t)wrote : 0;
            count += 1;
        }
    }
    return count;
}
