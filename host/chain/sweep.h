/* sweep.h: one point of a sweep: the chain of estimate.h once, and of its answer what a row shows. */
#ifndef FLOPCAST_HOST_CHAIN_SWEEP_H
#define FLOPCAST_HOST_CHAIN_SWEEP_H

#include "flopcast/estimate.h"

#include <stdbool.h>

/* What of a result is known. */
enum {
    FC_SWEEP_TIMED = 1,   /* step, run */
    FC_SWEEP_PLANNED = 2, /* plan, memory: also of the plan that came closest where none fits */
    FC_SWEEP_PRICED = 4,  /* dollars */
    FC_SWEEP_POWERED = 8, /* energy */
    FC_SWEEP_RANGED = 16  /* p10, p50, p90 */
};

/* Numbers are those of the estimate: at the middle of every input, but for the ranges. */
typedef struct fc_sweep_result {
    fc_status status; /* FC_OK, or why there is no answer at this point */
    uint32_t known;   /* bits of the above */
    uint8_t fits;
    double time_s;
    double mfu_frac;
    double tokens_per_s;
    double chips_used_count;
    double per_chip_bytes;
    double days;
    double goodput_frac;
    double total_usd;
    double usd_per_mtoken;
    double energy_mwh;
    fc_range days_range;
    fc_range total_usd_range;
    fc_plan plan;
    char reason[sizeof(((fc_error *)0)->text)]; /* "" where status is FC_OK */
} fc_sweep_result;

/* `study` is checked, its plan may be open. Without `ranges` nothing is drawn, which is most of an estimate's time. A study
 * that has no answer is a result too; what is returned is FC_OK, or FC_FAILED when the machine has failed. */
fc_status fc_sweep_evaluate(fc_sweep_result *out, const fc_study *study, bool ranges, fc_arena *arena, fc_error *error);
/* The result of a study that was refused: FC_OK, or the failure itself where it is the machine's. */
fc_status fc_sweep_refuse(fc_sweep_result *out, fc_status status, const fc_error *why, fc_error *error);

/* Value `index` of `steps` (2 or more) from `from` to `to`, both ends exact, those between rounded to 12 digits. Where
 * `logarithmic`, equal ratios, both ends above 0. */
double fc_sweep_step(double from, double to, uint64_t index, uint64_t steps, bool logarithmic);
/* The nearest multiple, at least one of them. */
double fc_sweep_multiple(double value, double of);

#endif
