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

/* Days, chip-hours, goodput of a run of such steps. `share_frac` of the time trains; `goodput_frac` 0: computed. */
void fc_run_project(fc_run *out, const fc_step *step, const fc_ops *ops, const fc_cluster *cluster, const fc_deal *deal);

/* Dollars and energy. */
void fc_cost_price(fc_cost *out, const fc_run *run, const fc_cluster *cluster, const fc_deal *deal);

/* Fills what the plan leaves open (0 and -1) with the fastest setting that fits. FC_INFEASIBLE says what came closest
 * and the cheapest remedy; FC_BAD_INPUT names what the given part of the plan breaks. */
fc_status fc_plan_choose(fc_plan *out, fc_estimate *counts, const fc_ops *ops, const fc_study *study, fc_error *error);

/* The whole chain: ops, plan, memory, step, run, cost, and their ranges over the study's spreads. `study` is checked. */
fc_status fc_estimate_study(fc_estimate *out, const fc_study *study, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
