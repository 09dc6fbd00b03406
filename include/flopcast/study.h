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

/* Ways in which a run differs from another. */
typedef enum fc_domain_axis {
    FC_DOMAIN_PARAMS = 0,
    FC_DOMAIN_CHIPS,
    FC_DOMAIN_SEQ_LEN,
    FC_DOMAIN_CHIP,
    FC_DOMAIN_DTYPE,
    FC_DOMAIN_KIND, /* dense, or a mixture of experts */
    FC_DOMAIN_STACK,
    FC_DOMAIN_AXIS_COUNT
} fc_domain_axis;

/* What published runs have measured, and how far from it a study is (domain.h). */
typedef struct fc_domain {
    /* The largest, per axis: beyond two of them an answer is an extrapolation. */
    double chips_count;
    double params_total_count;
    double params_active_count;
    double tokens_per_step;
    uint8_t chip_measured;  /* a published training run on this kind of chip exists */
    uint8_t dtype_measured; /* … in this number format */
    uint8_t error_stated;   /* the study, or a machine that was measured, states its own estimate.step_time_factor */
    uint8_t placed;         /* the nearest run is known */

    /* Weights of the distance between two runs, 0 or more. */
    double tenfold_params;
    double tenfold_chips;
    double tenfold_seq_len;
    double other_chip;
    double doubled_peak; /* … and for each doubling of the 16-bit peak between them */
    double other_family; /* of chips */
    double other_dtype;
    double halved_bits; /* … and for each halving of its width */
    double other_kind;
    double other_stack;

    /* p10 and p90 of log(measured / predicted), as far from 0 as they lie beside a measured run, and by distance. */
    double low_dense;
    double low_moe;
    double low_growth;
    double high_dense;
    double high_moe;
    double high_growth;

    /* The nearest measured run. */
    double distance;
    double axis_distance[FC_DOMAIN_AXIS_COUNT];
    double nearest_error_frac; /* predicted / measured - 1 */
    uint32_t nearest_runs_count;
    char nearest[FC_NAME_SIZE];
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
