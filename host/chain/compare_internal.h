/* compare_internal.h: the parts of `compare`, one file each. */
#ifndef FLOPCAST_HOST_CHAIN_COMPARE_INTERNAL_H
#define FLOPCAST_HOST_CHAIN_COMPARE_INTERNAL_H

#include "flopcast/deals.h"
#include "flopcast/estimate.h"

/* Rates of one side at one setting of its inputs, on one cell. */
typedef struct fc_side_rates {
    double flop_per_s; /* useful */
    double usd_per_h;  /* of the share that trains */
    double w;          /* facility draw of that share */
    uint8_t priced;
    uint8_t powered;
} fc_side_rates;

void fc_compare_sheet(fc_sheet *out, const fc_side *side);

/* The part of a side whose largest site has the most peak. */
uint32_t fc_compare_largest_part(const fc_side *side, uint32_t dtype);

/* The step model's view of the largest job on one part; never fails for a job that does not fit: it says so in `out`. */
fc_status fc_compare_job(fc_job *out, const fc_side *side, uint32_t part, const fc_cell *cell,
                         const fc_comparison *comparison, fc_arena *arena, fc_error *error);

/* What a part states, else what the step model says of the side's job; 0 where neither is known. */
double fc_compare_mfu(const fc_study *part, const fc_job *job);
double fc_compare_goodput(const fc_study *part, const fc_job *job);

/* `parts` are the side's parts after a draw. A part without a stated MFU or goodput takes the job's. */
fc_side_rates fc_compare_rates(const fc_side *side, const fc_study *parts, const fc_job *job, uint32_t dtype);

/* Fills ranges and ratios of one cell. */
fc_status fc_compare_draw(fc_cell_result *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error);

/* Break-even points and drivers of the headline cell. */
fc_status fc_compare_flips(fc_verdict *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error);

/* Which wall makes a cell infeasible; empty when it is not. */
void fc_compare_wall(fc_cell_result *out, const fc_comparison *comparison, const fc_cell *cell);

#endif
