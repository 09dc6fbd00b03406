/* scale_best.c: the best plan at one number of chips, and in time to train the best batch with it. */
#include "scale_internal.h"

#include "plan_fit.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/scale.h"

#include <string.h>

static const double MOST_BATCH = 2147483648.0; /* sequences: fc_plan.global_batch has 32 bits */
static const double MOST_DAYS = 1e7;           /* as fc_estimate_study: beyond, a run has no end */
static const double ENDLESS = 1e300;

fc_status fc_scale_best(fc_plan *out, double *tried_count, const fc_ops *ops, const fc_study *study,
                        fc_estimate *scratch, fc_error *error) {
    memset(scratch, 0, sizeof *scratch);
    fc_status status = fc_plan_choose(out, scratch, ops, study, error);
    *tried_count += scratch->plans_tried_count;
    return status;
}

bool fc_scale_fits(const fc_ops *ops, const fc_study *study) { return fc_plan_any(ops, study); }

/* ---- the desk ------------------------------------------------------------------------------------------------------ */

/* What is never chosen stays in any case, but for what belongs to numbers that are. */
static void open_plan(fc_plan *plan, bool keep) {
    fc_plan given = *plan;
    if (!keep) {
        *plan = fc_plan_default();
        plan->rank_order = given.rank_order;
        plan->schedule = given.schedule;
        plan->offload_optimizer = given.offload_optimizer;
        plan->offload_weights = given.offload_weights;
        plan->offload_activations = given.offload_activations;
    }
    plan->dp = 0;
    plan->global_batch = 0;
}

/* The number of chips is asked for, so it has no range. */
static void drop_chips_range(fc_study *study) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if (study->spreads[i].offset != offsetof(fc_study, cluster.chips_count)) {
            study->spreads[kept++] = study->spreads[i];
        }
    }
    study->spreads_count = kept;
}

fc_status fc_scale_desk_open(fc_scale_desk **out, const fc_scale_question *question, fc_arena *arena, fc_error *error) {
    fc_scale_desk *desk = fc_arena_alloc(arena, sizeof *desk);
    if (desk == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for a scaling curve");
    }
    const fc_study *study = question->study;
    desk->mode = question->mode;
    desk->storage_per_chip = question->storage_per_chip;
    desk->own_chips_count = study->cluster.chips_count;
    desk->batch_count = study->plan.global_batch > 0 ? study->plan.global_batch : fc_plan_default_batch(study);
    desk->tokens_count = study->workload.tokens_count;
    desk->base = *study;
    open_plan(&desk->base.plan, question->keep_plan != 0);
    drop_chips_range(&desk->base);
    fc_ops_count(&desk->ops, &study->model, &study->workload);
    desk->critical_batch_tokens =
        fc_batch_law_critical(&question->law, desk->ops.params_active_count, desk->tokens_count);
    if (!(desk->critical_batch_tokens > 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the law %s gives no critical batch for %g tokens",
                            question->law.name, desk->tokens_count);
    }
    double batch_tokens = desk->batch_count * desk->ops.seq_len;
    desk->own_overhead = fc_hd_tokens_needed(1.0, batch_tokens, desk->critical_batch_tokens);
    desk->least_tokens_count = fc_hd_tokens_least(desk->tokens_count, batch_tokens, desk->critical_batch_tokens);
    *out = desk;
    return FC_OK;
}

static void scale_storage(fc_study *study, double factor) {
    study->cluster.storage_bytes_per_s *= factor;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        fc_spread *spread = &study->spreads[i];
        if (spread->offset == offsetof(fc_study, cluster.storage_bytes_per_s)) {
            spread->low *= factor;
            spread->mid *= factor;
            spread->high *= factor;
        }
    }
}

fc_status fc_scale_set_chips(fc_scale_desk *desk, double chips_count, fc_error *error) {
    fc_study *study = &desk->study;
    fc_cluster *cluster = &study->cluster;
    *study = desk->base;
    double least = (double)(study->plan.tp ? study->plan.tp : 1) * (study->plan.pp ? study->plan.pp : 1) *
                   (study->plan.cp ? study->plan.cp : 1);
    if (least > chips_count) {
        return fc_error_set(error, FC_INFEASIBLE, NULL, 0, 0, "the plan as given takes %.0f chips", least);
    }
    if (chips_count != desk->own_chips_count) {
        cluster->chips_count = chips_count;
        if (cluster->tiers_from_chip) {
            cluster->tiers_count = 0;
        } else if (cluster->tiers_count > 0 && cluster->tiers[cluster->tiers_count - 1].chips_count < chips_count) {
            cluster->tiers[cluster->tiers_count - 1].chips_count = chips_count;
        }
        if (desk->storage_per_chip) {
            scale_storage(study, chips_count / desk->own_chips_count);
        }
    }
    fc_scale_set_batch(desk, fc_scale_batch(desk));
    return fc_study_check(study, error);
}

double fc_scale_batch(const fc_scale_desk *desk) {
    if (desk->mode != FC_SCALE_WEAK) {
        return desk->batch_count;
    }
    double wanted = floor(desk->batch_count * desk->study.cluster.chips_count / desk->own_chips_count + 0.5);
    return fc_hd_clamp(wanted, 1.0, MOST_BATCH);
}

void fc_scale_set_batch(fc_scale_desk *desk, double batch_count) {
    fc_study *study = &desk->study;
    double tokens = desk->tokens_count;
    if (desk->mode == FC_SCALE_TIME_TO_TRAIN) { /* exactly the study's tokens at the study's batch */
        double overhead = fc_hd_tokens_needed(1.0, batch_count * desk->ops.seq_len, desk->critical_batch_tokens);
        tokens *= overhead / desk->own_overhead;
    }
    double factor = tokens / study->workload.tokens_count;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        fc_spread *spread = &study->spreads[i];
        if (spread->offset == offsetof(fc_study, workload.tokens_count)) {
            spread->low *= factor;
            spread->mid *= factor;
            spread->high *= factor;
        }
    }
    study->workload.global_batch = (uint64_t)batch_count;
    study->workload.tokens_count = tokens;
    study->plan.global_batch = (uint32_t)batch_count;
    desk->ops.tokens_count = tokens;
}

/* ---- the best point -------------------------------------------------------------------------------------------------- */

double fc_scale_cost(const fc_scale_desk *desk, const fc_point *point) {
    if (desk->mode != FC_SCALE_TIME_TO_TRAIN) {
        return point->step.time_s;
    }
    return point->run.days > 0 && point->run.days < MOST_DAYS ? point->run.days : ENDLESS;
}

typedef struct finder {
    fc_scale_desk *desk;
    fc_point best;
    double best_cost;
    bool found;
    fc_error why; /* of the first batch that nothing fits */
} finder;

static bool is_batch(double batch) { return batch >= 1.0 && batch < MOST_BATCH; }

/* The better one stays; of equal ones the first. True where `point` is taken. */
static bool weigh(finder *f, const fc_point *point) {
    double cost = fc_scale_cost(f->desk, point);
    if (f->found && !(cost < f->best_cost)) {
        return false;
    }
    f->best = *point;
    f->best_cost = cost;
    f->found = true;
    return true;
}

/* The best plan of one batch; `*better` where it beats what was there. Nothing fitting is no error yet. */
static fc_status try_batch(finder *f, bool *better, double batch, fc_error *error) {
    fc_plan plan;
    fc_point point;
    fc_scale_desk *desk = f->desk;
    *better = false;
    if (!is_batch(batch)) {
        return FC_OK;
    }
    fc_scale_set_batch(desk, batch);
    fc_error why = {0};
    fc_status status = fc_scale_best(&plan, &desk->tried_count, &desk->ops, &desk->study, &desk->scratch, &why);
    if (status == FC_INFEASIBLE) {
        f->why = f->why.status == FC_OK ? why : f->why;
        return FC_OK;
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, why.source, why.line, why.column, "%s", why.text);
    }
    FC_TRY(fc_estimate_point(&point, &desk->ops, &desk->study, &plan, error));
    *better = weigh(f, &point);
    return FC_OK;
}

/* Doubles or halves the batch for as long as it helps; one that does not help may be followed by one that does. */
static fc_status climb(finder *f, double start, double factor, int patience, fc_error *error) {
    int failures = 0;
    for (double batch = start * factor; is_batch(batch) && failures < patience; batch *= factor) {
        bool better = false;
        FC_TRY(try_batch(f, &better, floor(batch), error));
        failures = better ? 0 : failures + 1;
    }
    return FC_OK;
}

/* A batch that splits over all replicas there is room for, where the best one so far leaves chips idle: as many
 * micro-batches each as before, or a whole number of rounds through the pipeline. */
static fc_status fit_replicas(finder *f, fc_error *error) {
    const fc_plan plan = f->best.plan;
    double room = floor(f->desk->study.cluster.chips_count / ((double)plan.tp * plan.pp * plan.cp));
    double unit = (double)plan.ep * (plan.etp > 1 ? plan.etp : 1);
    double replicas = floor(room / unit) * unit;
    if (replicas <= plan.dp) {
        return FC_OK;
    }
    double group = replicas * plan.micro_batch;
    double passes = fc_hd_max(1.0, floor(plan.global_batch / group + 0.5));
    double rounds = fc_hd_max(1.0, floor(passes / plan.pp + 0.5)) * plan.pp;
    bool better = false;
    FC_TRY(try_batch(f, &better, passes * group, error));
    FC_TRY(try_batch(f, &better, rounds * group, error));
    return try_batch(f, &better, (passes + 1.0) * group, error);
}

/* A plan of fewer chips, the others idle. */
static fc_status try_carried(finder *f, const fc_plan *carried, fc_error *error) {
    fc_point point;
    fc_scale_desk *desk = f->desk;
    fc_plan plan = *carried;
    if (desk->mode == FC_SCALE_TIME_TO_TRAIN) {
        fc_scale_set_batch(desk, plan.global_batch);
    } else {
        fc_scale_set_batch(desk, fc_scale_batch(desk));
        plan.global_batch = desk->study.plan.global_batch;
    }
    if (plan.global_batch % ((uint64_t)plan.dp * plan.micro_batch) != 0) {
        return FC_OK;
    }
    FC_TRY(fc_estimate_point(&point, &desk->ops, &desk->study, &plan, error));
    if (point.memory.fits) {
        (void)weigh(f, &point);
    }
    return FC_OK;
}

static fc_status look(finder *f, double start_batch, const fc_plan *carried, fc_error *error) {
    bool better = false;
    if (f->desk->mode == FC_SCALE_TIME_TO_TRAIN) {
        int patience = carried == NULL ? 2 : 1; /* a curve's first point starts from the study's batch, others nearby */
        FC_TRY(try_batch(f, &better, start_batch, error));
        FC_TRY(climb(f, start_batch, 2.0, patience, error));
        FC_TRY(climb(f, start_batch, 0.5, patience, error));
        if (f->found) {
            FC_TRY(fit_replicas(f, error));
        }
    } else {
        FC_TRY(try_batch(f, &better, fc_scale_batch(f->desk), error));
    }
    return carried != NULL ? try_carried(f, carried, error) : FC_OK;
}

fc_status fc_scale_find(fc_point *out, fc_scale_desk *desk, double start_batch, const fc_plan *carried,
                        fc_error *error) {
    finder f = {.desk = desk};
    FC_TRY(look(&f, start_batch, carried, error));
    if (!f.found) {
        return fc_error_set(error, FC_INFEASIBLE, f.why.source, 0, 0, "%s", f.why.text);
    }
    fc_scale_set_batch(desk, f.best.plan.global_batch);
    *out = f.best;
    return FC_OK;
}
