/* plan_fit.h: does a plan fit, and if not, what is the cheapest change that makes it fit. */
#ifndef FLOPCAST_HOST_CHAIN_PLAN_FIT_H
#define FLOPCAST_HOST_CHAIN_PLAN_FIT_H

#include "flopcast/estimate.h"
#include "flopcast/study.h"

#include <stdbool.h>

/* Sizes the plan; where the study leaves recomputation open, with the least of it that fits (written into `plan`).
 * `rows` are those of the plan's tp. */
bool fc_plan_fit_recompute(fc_memory *out, fc_plan *plan, const fc_memory_rows *rows, const fc_ops *ops,
                           const fc_study *study);

/* Whether any plan of the set that fc_plan_choose looks through fits. */
bool fc_plan_any(const fc_ops *ops, const fc_study *study);

/* Sequences of a step where neither plan nor workload gives a batch: batch_tokens, down to a power of two. */
uint32_t fc_plan_default_batch(const fc_study *study);

/* FC_INFEASIBLE: how much is missing, what takes it, and the remedies that were tried and work, the cheapest first. Fills
 * plan, memory and step of `out`, and its remedies. */
fc_status fc_plan_refuse(fc_estimate *out, const fc_plan *closest, const fc_ops *ops, const fc_study *study,
                         fc_error *error);

#endif
