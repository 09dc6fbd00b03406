/* stages.h: the five verbs of the chain, one file each, blind to each other: ops, memory, step, run, cost.
 *
 * Inputs are const and checked, outputs come first, no stage writes an earlier stage's result.
 */
#ifndef FLOPCAST_STAGES_H
#define FLOPCAST_STAGES_H

#include "base.h"
#include "cluster.h"
#include "deal.h"
#include "model.h"
#include "hd/run_job.h"
#include "plan.h"
#include "policy.h"
#include "results.h"
#include "workload.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Operations, parameters and FLOP of a checked model on a checked workload. Exact; cannot fail on checked input. */
void fc_ops_count(fc_ops *out, const fc_model *model, const fc_workload *workload);

/* The halves of fc_memory_size below: what depends on tp, sequence_parallel and the stack alone, one stage, and the
 * fullest stage. A chip that is seen as several devices divides like that many more tensor ranks. */
void fc_memory_sum(fc_memory_rows *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                   const fc_stack *stack);
void fc_memory_stage(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                     const fc_plan *plan, const fc_stack *stack, uint32_t stage);
void fc_memory_place(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                     const fc_plan *plan, const fc_stack *stack);

/* Bytes on the fullest chip of a complete plan. */
void fc_memory_size(fc_memory *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                    const fc_stack *stack);

/* The halves of fc_step_time below: sums over the rows of operations, the long part, and what a plan makes of them. */
fc_status fc_step_sum(fc_step_rows *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                      const fc_stack *stack, fc_error *error);
/* Whether the sums of one complete plan are those of another. */
bool fc_step_serves(const fc_plan *summed, const fc_plan *plan);
fc_status fc_step_place(fc_step *out, const fc_step_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                        const fc_plan *plan, const fc_stack *stack, fc_error *error);

/* Seconds of one step of a complete plan. FC_BAD_INPUT names a chip fact that is missing. */
fc_status fc_step_time(fc_step *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                       const fc_stack *stack, fc_error *error);

/* Multiplies every cause by `factor` (the step model's own error, or a stated MFU), but never beyond HFU 1. */
void fc_step_scale(fc_step *step, double factor);

/* What the run model looks at beside the step. */
typedef struct fc_run_case {
    const fc_ops *ops;
    const fc_cluster *cluster;
    const fc_plan *plan;
    const fc_policy *policy;
    const fc_deal *deal;
} fc_run_case;

/* The job that failures hit, its intervals settled. */
void fc_run_job(fc_hd_job *out, const fc_step *step, const fc_run_case *c);
/* Days, chip-hours, goodput of a run of such steps, in closed form. `share_frac` of the time trains; `goodput_frac` 0:
 * computed. */
void fc_run_project(fc_run *out, const fc_step *step, const fc_run_case *c);
/* The same with `kept_frac` of the wall time between planned stops being work, as a history tells: days and chip-hours follow. */
void fc_run_repace(fc_run *run, const fc_step *step, const fc_run_case *c, double kept_frac);

/* Dollars and energy. */
void fc_cost_price(fc_cost *out, const fc_run *run, const fc_cluster *cluster, const fc_deal *deal);

#ifdef __cplusplus
}
#endif
#endif
