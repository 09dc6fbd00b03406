/* deals.h: deal against deal on the same work.
 *
 * Three views that are never mixed (docs/formulas.md, "Three views"): sheet (dense peak, added up), job (the largest
 * single synchronous job: one site, one chip type, one fabric) and programme (useful FLOP a month after the share that
 * trains, MFU and goodput). The headline is the programme.
 */
#ifndef FLOPCAST_DEALS_H
#define FLOPCAST_DEALS_H

#include "base.h"
#include "domain.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_DEALS 6
#define FC_MAX_CELLS 24
#define FC_MAX_FLIPS 12

/* One party of the comparison: chips of one or several kinds under one agreement. */
typedef struct fc_side {
    char name[FC_NAME_SIZE];
    char title[FC_TEXT_SIZE]; /* what it is, for people; may be empty */
    uint32_t parts_count;
    fc_study *parts; /* in the arena; one kind of chip each, all its sites; model and workload are set cell by cell */
    fc_range facility_w; /* disclosed for the whole site, low, mid, high; zeros: from the chips */
} fc_side;

/* One cell of the grid of work. */
typedef struct fc_cell {
    char name[FC_NAME_SIZE];
    fc_model model;
    fc_workload workload;
} fc_cell;

typedef struct fc_comparison {
    char name[FC_NAME_SIZE];
    uint32_t sides_count; /* 2 to FC_MAX_DEALS */
    fc_side sides[FC_MAX_DEALS];
    uint32_t cells_count;
    fc_cell *cells;           /* in the arena; the first is the headline */
    double horizon_days;      /* what takes longer at mid values on every side is called infeasible */
    double data_stock_tokens; /* text there is: the data wall */
    uint64_t seed;
    uint32_t draws_count;
    const fc_domain_point *points; /* measured runs that a job's distance is taken from, in the arena */
    size_t points_count;
} fc_comparison;

/* What one side has on paper. */
typedef struct fc_sheet {
    double chips_count;
    double domains_count;                   /* scale-up domains */
    double peak_flop_per_s[FC_DTYPE_COUNT]; /* 0 when any part lacks the dtype */
    double memory_bytes;
    double memory_bytes_per_s;
    double facility_w; /* disclosed mid, else all-in IT power × PUE; 0: unknown */
} fc_sheet;

/* The largest single synchronous job that a side can host, by the step model. */
typedef struct fc_job {
    uint8_t feasible;
    uint32_t part;      /* which of the side's parts */
    double chips_count; /* of one site of that part */
    char reason[512];   /* when not feasible */
    char beyond[160];   /* axes beyond every published run */
    uint32_t beyond_count;
    fc_estimate *estimate; /* in the arena; valid when feasible */
} fc_job;

/* One side on one cell of work. */
typedef struct fc_programme {
    fc_range effective_flop_per_s; /* useful: after share, MFU and goodput */
    fc_range days;
    fc_range cost_usd; /* chip-hours of the training share × price */
    fc_range energy_mwh;
    double mid_flop_per_s; /* all inputs at mid */
    double mid_usd_per_h;
    double mid_w;
    fc_job job; /* of the part with the largest site */
} fc_programme;

/* First side over another side, on one cell. Same work: a ratio of useful FLOP/s is a ratio of days, inverted. */
typedef struct fc_ratio {
    uint32_t other;
    fc_range speed; /* useful FLOP/s of the first / of the other */
    fc_range cost;  /* USD for the same work, likewise */
    fc_range energy;
    double faster_frac; /* share of draws in which the first is faster */
    double cheaper_frac;
    double leaner_frac; /* … needs less energy */
} fc_ratio;

/* Where the verdict flips, all other inputs at mid. */
typedef struct fc_flip {
    char input[FC_NAME_SIZE];
    char side[FC_NAME_SIZE];
    const char *what; /* "speed" or "cost" */
    double mid;
    double at;         /* the value at which both sides are equal */
    uint8_t reachable; /* inside the input's own range: a share of 1.3 is not */
} fc_flip;

typedef struct fc_cell_result {
    fc_ops ops;
    double work_flop; /* model FLOP of the whole run */
    fc_programme sides[FC_MAX_DEALS];
    fc_ratio ratios[FC_MAX_DEALS - 1];
    uint8_t infeasible; /* no side finishes within the horizon */
    char wall[320];     /* which wall binds, in words; empty when feasible */
} fc_cell_result;

typedef struct fc_verdict {
    fc_sheet sheets[FC_MAX_DEALS];
    uint32_t cells_count;
    fc_cell_result *cells;      /* in the arena */
    fc_job *jobs[FC_MAX_DEALS]; /* in the arena: for the headline cell, the job of every part of a side */
    double parity_bf16; /* the first side leads when its share × MFU × goodput exceeds this share of the second's */
    double parity_fp8;  /* 0 when a side has no FP8 rate */
    uint32_t flips_count;
    fc_flip flips[FC_MAX_FLIPS];
    uint32_t drivers_count;
    fc_driver drivers[FC_MAX_DRIVERS]; /* of the speed ratio first / second on the headline cell */
    uint32_t beyond_count;             /* of the headline cell: two or more is an extrapolation */
    char beyond[160];
} fc_verdict;

/* Compares on every cell. `arena` holds what varies in size. */
fc_status fc_compare(fc_verdict *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
