/* domain.h: how far a question lies from what was measured, and how wrong the step model may be there.
 *
 * A measured run is a point; the distance between two is a sum over a few axes, each with a stated weight. The step
 * model's own error, measured / predicted, has a p10 and a p90 that move away from 1 in a straight line with the distance
 * from the nearest point, in the logarithm. Weights and line stand in fc_domain (data/domain.yaml); the line is learned
 * from runs that were left out of the fit of the step model (docs/formulas.md, "Measured domain").
 */
#ifndef FLOPCAST_DOMAIN_H
#define FLOPCAST_DOMAIN_H

#include "base.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run as the distance sees it. */
typedef struct fc_domain_point {
    char name[FC_NAME_SIZE];   /* of the published run; may be cut */
    char chip[FC_NAME_SIZE];   /* as in the catalogue */
    char family[FC_NAME_SIZE]; /* the chip's */
    char stack[FC_NAME_SIZE];
    double chip_flop_per_s; /* dense 16-bit peak; 0: unknown */
    double params_total_count;
    double chips_count;
    double seq_len;
    double error_frac;   /* predicted / measured - 1 of its step */
    uint32_t runs_count; /* published runs that are this point */
    uint32_t dtype;      /* fc_dtype */
    uint8_t moe;         /* 1: a mixture of experts */
} fc_domain_point;

/* The point that a study asks about: all chips of its cluster. The error stays 0. */
fc_domain_point fc_domain_point_of(const fc_study *study);

/* 0 where both are the same on all axes, never negative, the same both ways. `axes` receives the parts of the sum in
 * the order of fc_domain_axis, or is NULL. Points have counts above 0. */
double fc_domain_distance(double *axes, const fc_domain *metric, const fc_domain_point *a, const fc_domain_point *b);
/* "parameters", "chips", …: of an fc_domain_axis. */
const char *fc_domain_axis_name(fc_domain_axis axis);

/* Where p10 and p90 of measured / predicted lie at a distance; the middle is 1. low < 1 < high. */
void fc_domain_factor(double *low, double *high, const fc_domain *law, uint8_t moe, double distance);

/* Finds the point nearest to the study, keeps it in study->domain, and gives the spread of study->step_time_factor the
 * width of that distance, unless the study or a measured machine states its own (domain.error_stated). Nothing changes
 * where there is no point or no law. */
void fc_domain_place(fc_study *study, const fc_domain_point *points, size_t points_count);

/* ---- the law, from runs that were left out ------------------------------------------------------------------------- */

/* What was fitted when a run was predicted. */
typedef enum fc_domain_how {
    FC_DOMAIN_TOOK_PART = 0, /* all runs, this one too: its distance is 0 */
    FC_DOMAIN_LEFT_FAMILY,   /* all families but its own */
    FC_DOMAIN_LEFT_CHIP      /* all chips but its own */
} fc_domain_how;

/* What one run was off by. */
typedef struct fc_domain_sample {
    double distance;  /* to the nearest run that took part */
    double log_error; /* log(measured / predicted) */
    uint32_t set;     /* samples of one left-out set share a number; every set has the same weight */
    uint32_t how;     /* fc_domain_how */
    int32_t family;   /* of fc_fit_spec */
    uint8_t moe;
} fc_domain_sample;

/* Fits the six numbers of the law: p10 and p90 at distance 0, of dense models and of mixtures of experts, and how much
 * they grow by a unit of distance, by least pinball loss (Koenker and Bassett, Econometrica 46(1) 1978). Samples of the
 * family `without` stay aside (-1: none do). Without a mixture of experts among them, these count as dense models.
 * FC_BAD_INPUT: no sample is left; FC_FAILED: no memory. */
fc_status fc_domain_learn(fc_domain *out, const fc_domain_sample *samples, size_t samples_count, int32_t without,
                          fc_arena *arena, fc_error *error);
/* Whether a sample lies within the p10 and p90 of its distance. */
uint8_t fc_domain_covers(const fc_domain *law, const fc_domain_sample *sample);

/* Points that are the same on every axis become one, with the median error and its name. Returns how many are left. */
size_t fc_domain_merge(fc_domain_point *points, size_t points_count, const fc_domain *metric);

#ifdef __cplusplus
}
#endif
#endif
