/* study.h: one question, composed of nouns, with the ranges of what is not known exactly. */
#ifndef FLOPCAST_STUDY_H
#define FLOPCAST_STUDY_H

#include "base.h"
#include "cluster.h"
#include "deal.h"
#include "model.h"
#include "plan.h"
#include "policy.h"
#include "workload.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_SPREADS 48

/* An input given as {low, mid, high}: p10, p50 and p90 of what is believed. It lives at `offset` bytes into the struct
 * that holds it, so that a draw writes a copy of the struct and runs the same chain again. Draws stay inside
 * [least, most], the field's own range. */
typedef struct fc_spread {
    char key[FC_NAME_SIZE]; /* as in files: "deal.usd_per_chip_h" */
    uint32_t offset;        /* of a double inside fc_study */
    uint32_t grade;         /* fc_grade */
    uint32_t belief;        /* equal non-zero numbers are one belief: they are drawn together */
    double low;
    double mid;
    double high;
    double least;
    double most;
} fc_spread;

/* The largest that any published run has measured, per axis: beyond two of them an answer is an extrapolation. */
typedef struct fc_domain {
    double chips_count;
    double params_total_count;
    double params_active_count;
    double tokens_per_step;
    uint8_t chip_measured;  /* a published training run on this kind of chip exists */
    uint8_t dtype_measured; /* … in this number format */
} fc_domain;

typedef struct fc_study {
    char name[FC_NAME_SIZE];
    fc_model model;
    fc_cluster cluster;
    fc_workload workload;
    fc_stack stack;
    fc_plan plan;
    fc_deal deal;
    fc_policy policy; /* how the run is operated: `run` in files */
    fc_domain domain;
    double step_time_factor;   /* the step model's own error: measured / predicted; 1 is a perfect model */
    double batch_tokens;       /* of one step, where neither plan nor workload gives a batch */
    double server_w_per_tdp_w; /* IT power a chip where only its TDP is known */
    uint64_t seed;
    uint8_t memory_unchecked; /* a plan that does not fit is taken where none does: of a published run, which did fit */
    uint32_t draws_count;     /* Monte Carlo trials; 0: 2000 */
    uint32_t spreads_count;
    fc_spread spreads[FC_MAX_SPREADS];
} fc_study;

fc_study fc_study_default(void);
/* Checks every noun, then what only their meeting shows: heads and tp, layers and pp, batch and dp. */
fc_status fc_study_check(fc_study *study, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
