/* scale_internal.h: what the parts of the scaling curve share. */
#ifndef FLOPCAST_HOST_CHAIN_SCALE_INTERNAL_H
#define FLOPCAST_HOST_CHAIN_SCALE_INTERNAL_H

#include "flopcast/estimate.h"
#include "flopcast/scale.h"

#include <stdbool.h>

/* One way to ask for the best plan at some number of chips. Large: lives in the arena. */
typedef struct fc_scale_desk {
    uint32_t mode; /* fc_scale_mode */
    uint8_t storage_per_chip;
    double own_chips_count; /* of the study */
    double batch_count;     /* sequences, of the study at its own chips */
    double tokens_count;    /* of the study's run */
    double critical_batch_tokens;
    double own_overhead; /* tokens_count over least_tokens_count */
    double least_tokens_count;
    double tried_count; /* plans, so far */
    fc_study base;      /* plan opened */
    fc_study study;     /* at the chips and batch at hand */
    fc_study quiet;     /* scratch */
    fc_ops ops;         /* tokens of the run at hand */
    fc_estimate scratch;
    fc_estimate estimate;
} fc_scale_desk;

/* ---- the best plan (scale_best.c) ------------------------------------------------------------------------------- */

/* The best plan of a checked study at its chips and batch: the one place where plans are looked for. What the study's plan
 * leaves open is chosen. `scratch` is left with what came closest. */
fc_status fc_scale_best(fc_plan *out, double *tried_count, const fc_ops *ops, const fc_study *study,
                        fc_estimate *scratch, fc_error *error);
/* Whether fc_scale_best would find any plan; cheaper, and without a reason. */
bool fc_scale_fits(const fc_ops *ops, const fc_study *study);

fc_status fc_scale_desk_open(fc_scale_desk **out, const fc_scale_question *question, fc_arena *arena, fc_error *error);
/* Brings the study to this many chips of the same kind, joined alike. */
fc_status fc_scale_set_chips(fc_scale_desk *desk, double chips_count, fc_error *error);
/* Sequences a step at the chips at hand where the mode does not choose them. */
double fc_scale_batch(const fc_scale_desk *desk);
/* Batch and tokens of the run. */
void fc_scale_set_batch(fc_scale_desk *desk, double batch_count);
/* What the mode asks to be small: days, or seconds of a step. Infinite where the run never ends. */
double fc_scale_cost(const fc_scale_desk *desk, const fc_point *point);
/* The best plan, in time to train at its best batch, looked for from `start_batch` on; `carried`, a plan of fewer chips, is
 * taken where it is better (NULL: there is none). The desk is left at that batch. */
fc_status fc_scale_find(fc_point *out, fc_scale_desk *desk, double start_batch, const fc_plan *carried,
                        fc_error *error);

/* ---- what lies behind the curve ------------------------------------------------------------------------------------ */

/* Latencies of network, launches and host times `factor`. */
void fc_scale_change_latency(fc_study *study, double factor);
/* Fills cause_chip_s, chip_s and biggest_loss. The desk stands at the point's chips and batch. */
void fc_scale_weigh(fc_scale_point *point, fc_scale_desk *desk);
void fc_scale_find_knee(fc_scale_curve *curve, double knee_gain);
fc_status fc_scale_find_wall(fc_scale_wall *out, const fc_scale_question *question, fc_arena *arena, fc_error *error);
fc_status fc_scale_find_levers(fc_scale_curve *curve, const fc_scale_question *question, fc_arena *arena,
                               fc_error *error);

#endif
