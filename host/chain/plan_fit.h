/* plan_fit.h: does a plan fit, and if not, what is the cheapest change that makes it fit. */
#ifndef FLOPCAST_HOST_CHAIN_PLAN_FIT_H
#define FLOPCAST_HOST_CHAIN_PLAN_FIT_H

#include "flopcast/results.h"
#include "flopcast/study.h"

#include <stdbool.h>

/* Rows summed for each kind of recomputation, at one tp. */
typedef struct fc_plan_rows {
    fc_memory_rows by_recompute[FC_RECOMPUTE_COUNT];
} fc_plan_rows;

void fc_plan_sum_rows(fc_plan_rows *out, const fc_plan *plan, const fc_ops *ops, const fc_study *study);

/* Sizes the plan; where the study leaves recomputation open, with the least of it that fits (written into `plan`).
 * `rows` are those of the plan's tp. */
bool fc_plan_fit_recompute(fc_memory *out, fc_plan *plan, const fc_plan_rows *rows, const fc_ops *ops,
                           const fc_study *study);

/* Whether any plan of the set that fc_plan_choose looks through fits. */
bool fc_plan_any(const fc_ops *ops, const fc_study *study);

/* FC_INFEASIBLE: how much is missing, what takes it, and the cheapest remedy that was tried and works. */
fc_status fc_plan_refuse(const fc_plan *closest, const fc_ops *ops, const fc_study *study, fc_error *error);

#endif
