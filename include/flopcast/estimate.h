/* estimate.h: the chain from a study to its answer. */
#ifndef FLOPCAST_ESTIMATE_H
#define FLOPCAST_ESTIMATE_H

#include "base.h"
#include "results.h"
#include "stages.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/* Memory of one stage, from 0, of the plan of an answer. */
void fc_estimate_stage(fc_memory *out, const fc_estimate *estimate, const fc_study *study, uint32_t stage);

/* Axes on which the answer lies beyond every published run, as a comma-separated list in `out` ("chips, total
 * parameters"); returns how many: two or more make it an extrapolation (physics of section 8: docs/formulas.md). */
uint32_t fc_estimate_beyond(char *out, size_t out_size, const fc_estimate *estimate, const fc_study *study);

#ifdef __cplusplus
}
#endif
#endif
