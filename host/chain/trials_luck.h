/* trials_luck.h: what the luck of failures does to an estimate, and what would help against them. */
#ifndef FLOPCAST_HOST_CHAIN_TRIALS_LUCK_H
#define FLOPCAST_HOST_CHAIN_TRIALS_LUCK_H

#include "flopcast/estimate.h"

#include <stdbool.h>
#include <stddef.h>

/* Of histories of the job at the middle of its inputs: time beyond work in each, over what the closed form says. */
typedef struct fc_luck {
    size_t count; /* 0: few failures, or a stated goodput: nothing to play */
    double *excess;
    bool shared; /* draws take part in it: a run of fewer than ten failures keeps the mean */
} fc_luck;

/* Plays run.histories (0: as many as 300,000 failures allow, 8 to 1000; none in a run of fewer than ten failures), seeded
 * by the study, and fills the histories of `out`, whose point is there. FC_INFEASIBLE where they do not get on; memory
 * comes from `arena`. */
fc_status fc_luck_play(fc_luck *luck, fc_estimate *out, const fc_study *study, fc_arena *arena, fc_error *error);
/* Gives one draw's point the luck of a history, and prices it again. */
void fc_luck_apply(fc_point *point, const fc_luck *luck, const fc_ops *ops, const fc_study *study, size_t draw);
/* Fills the run remedies of `out`, the best first: each change tried alone on the same step. */
void fc_luck_remedies(fc_estimate *out, const fc_study *study);

#endif
