/* estimate.h: the chain from a study to its answer. */
#ifndef FLOPCAST_ESTIMATE_H
#define FLOPCAST_ESTIMATE_H

#include "base.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Operations, parameters and FLOP of a checked model on a checked workload. Exact; cannot fail on checked input. */
void fc_ops_count(fc_ops *out, const fc_model *model, const fc_workload *workload);

/* Bytes on the worst chip of a complete plan. */
void fc_memory_size(fc_memory *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                    const fc_stack *stack);

/* Seconds of one step of a complete plan. FC_BAD_INPUT names a chip fact that is missing. */
fc_status fc_step_time(fc_step *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                       const fc_stack *stack, fc_error *error);

/* Multiplies every cause by `factor` (the step model's own error, or a stated MFU), but never beyond HFU 1. */
void fc_step_scale(fc_step *step, double factor);

/* Days, chip-hours, goodput of a run of such steps. `share_frac` of the time trains; `goodput_frac` 0: computed. */
void fc_run_project(fc_run *out, const fc_step *step, const fc_ops *ops, const fc_cluster *cluster, const fc_deal *deal);

/* Dollars and energy. */
void fc_cost_price(fc_cost *out, const fc_run *run, const fc_cluster *cluster, const fc_deal *deal);

/* Fills what the plan leaves open (0 and -1) with the fastest setting that fits. FC_INFEASIBLE says what came closest
 * and the cheapest remedy; FC_BAD_INPUT names what the given part of the plan breaks. */
fc_status fc_plan_choose(fc_plan *out, fc_estimate *counts, const fc_ops *ops, const fc_study *study, fc_error *error);

/* Memory, step, run and cost of one complete plan at the study's mid values. A stated deal.mfu_frac replaces the step
 * model's time. FC_INFEASIBLE when the plan does not fit is the caller's to raise: memory.fits says it. */
fc_status fc_estimate_point(fc_point *out, const fc_ops *ops, const fc_study *study, const fc_plan *plan,
                            fc_error *error);

/* The whole chain: ops, plan, memory, step, run, cost, and their ranges over the study's spreads. `study` is checked.
 * Scratch memory comes from `arena`. */
fc_status fc_estimate_study(fc_estimate *out, const fc_study *study, fc_arena *arena, fc_error *error);

/* Axes on which the answer lies beyond every published run, as a comma-separated list in `out` ("chips, total
 * parameters"); returns how many: two or more make it an extrapolation (physics of section 8: docs/formulas.md). */
uint32_t fc_estimate_beyond(char *out, size_t out_size, const fc_estimate *estimate, const fc_study *study);

#ifdef __cplusplus
}
#endif
#endif
