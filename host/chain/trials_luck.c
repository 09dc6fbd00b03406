#include "trials_luck.h"

#include "../base/stats.h"
#include "trials.h"

static const double EVENTS = 3e5; /* failures played in all where nobody asks for more: some hundredths of a second */
static const double MOST_EVENTS = 4e9;   /* however many histories are asked for: some minutes */
static const double MOST_FAILURES = 1e5; /* of one history, which then goes on at its pace */

static const double FEW_FAILURES = 10.0; /* fewer in a run, and most histories would see none: the mean tells more */

static size_t histories_of(const fc_hd_job *job, const fc_policy *policy, double goodput) {
    double expected = job->failures_per_s * job->work_s / fc_hd_max(goodput, 1e-6);
    double automatic = fc_hd_clamp(floor(EVENTS / fc_hd_min(expected, MOST_FAILURES)), 8.0, 1000.0);
    return (size_t)(policy->histories_count > 0 ? policy->histories_count : automatic);
}

static fc_run_case case_of(const fc_ops *ops, const fc_study *study, const fc_plan *plan) {
    fc_run_case c = {ops, &study->cluster, plan, &study->policy, &study->deal};
    return c;
}

/* Share of the wall time between planned stops and without slow chips. */
static double kept_of(const fc_run *run, const fc_cluster *cluster) {
    return run->goodput_frac / ((1.0 - cluster->planned_stop_frac) * (1.0 - cluster->slow_chips_frac));
}

static double most_of(const fc_luck *luck) { return fc_hd_min(MOST_FAILURES, MOST_EVENTS / (double)luck->count); }

static fc_status refuse_stuck(const fc_run *run, size_t stuck, size_t count, double most, fc_error *error) {
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "the run never finishes in %zu of %zu histories of failures tried: nothing is kept after %g failures, "
        "one every %.3g s. Remedy: fewer chips in one job, a faster cluster.restart, fewer "
        "cluster.chip.failures, or run.elastic_pause",
        stuck, count, most, run->mtbf_s);
}

/* Goodput and days of each history, as ranges; `wall_s` is spent. */
static fc_status sum_up(fc_luck *luck, fc_estimate *out, const fc_hd_job *job, const fc_run_case *c, double *wall_s,
                        double *scratch, fc_error *error) {
    size_t count = luck->count;
    size_t stuck = 0;
    double closed = 1.0 / fc_hd_job_goodput(job) - 1.0;
    for (size_t i = 0; i < count; ++i) {
        fc_run run = out->point.run;
        double stretch = wall_s[i] / job->work_s;
        stuck += !(stretch < 1e12);
        luck->excess[i] = closed > 0.0 ? (stretch - 1.0) / closed : 1.0;
        fc_run_repace(&run, &out->point.step, c, 1.0 / stretch);
        wall_s[i] = run.days;
        scratch[i] = run.goodput_frac;
    }
    if (stuck > 0) {
        return refuse_stuck(&out->point.run, stuck, count, most_of(luck), error);
    }
    out->histories_count = (uint32_t)count;
    out->history_days = fc_stats_range(wall_s, count);
    out->history_goodput_frac = fc_stats_range(scratch, count);
    return FC_OK;
}

fc_status fc_luck_play(fc_luck *luck, fc_estimate *out, const fc_study *study, fc_arena *arena, fc_error *error) {
    fc_hd_job job;
    fc_run_case c = case_of(&out->ops, study, &out->point.plan);
    luck->count = 0;
    luck->shared = false;
    fc_run_job(&job, &out->point.step, &c);
    if (!(job.failures_per_s > 0.0) || study->deal.goodput_frac > 0.0) {
        return FC_OK;
    }
    luck->shared = job.failures_per_s * job.work_s >= FEW_FAILURES;
    if (!luck->shared && !(study->policy.histories_count > 0)) {
        return FC_OK;
    }
    luck->count = histories_of(&job, &study->policy, fc_hd_job_goodput(&job));
    luck->excess = fc_arena_alloc(arena, luck->count * sizeof *luck->excess);
    double *wall_s = fc_arena_alloc(arena, luck->count * sizeof *wall_s);
    double *scratch = fc_arena_alloc(arena, luck->count * sizeof *scratch);
    if (luck->excess == NULL || wall_s == NULL || scratch == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %zu histories: lower run.histories",
                            luck->count);
    }
    fc_trials_play(wall_s, &job, study->seed, 0, 1, 1, most_of(luck));
    if (!(wall_s[0] < fc_hd_infinity())) { /* the others will hardly do better, and need not be waited for */
        return refuse_stuck(&out->point.run, 1, 1, most_of(luck), error);
    }
    fc_trials_play(wall_s, &job, study->seed, 0, luck->count, 1, most_of(luck));
    return sum_up(luck, out, &job, &c, wall_s, scratch, error);
}

void fc_luck_apply(fc_point *point, const fc_luck *luck, const fc_ops *ops, const fc_study *study, size_t draw) {
    if (!luck->shared || !(point->run.goodput_frac > 0.0)) {
        return;
    }
    fc_run_case c = case_of(ops, study, &point->plan);
    double excess = (1.0 / kept_of(&point->run, &study->cluster) - 1.0) * luck->excess[draw % luck->count];
    fc_run_repace(&point->run, &point->step, &c, 1.0 / (1.0 + fc_hd_max(excess, 0.0)));
    fc_cost_price(&point->cost, &point->run, &study->cluster, &study->deal);
}
