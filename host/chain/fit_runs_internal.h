/* fit_runs_internal.h: the parts of the fit to runs: rows made ready, the descent, what it leaves open. */
#ifndef FLOPCAST_HOST_CHAIN_FIT_RUNS_INTERNAL_H
#define FLOPCAST_HOST_CHAIN_FIT_RUNS_INTERNAL_H

#include "flopcast/fit_runs.h"

/* Where a parameter goes in the chip or stack of one row. */
typedef struct fc_fit_touch {
    uint32_t parameter;
    uint32_t noun;
    uint32_t offset;
} fc_fit_touch;

typedef struct fc_fit_row {
    const fc_run_row *row;
    const fc_ops *ops; /* shared by rows of one model and workload */
    fc_plan plan;
    int32_t family; /* -1: not ready */
    uint32_t touches_count;
    const fc_fit_touch *touches;
} fc_fit_row;

struct fc_fit_problem {
    const fc_fit_spec *spec;
    size_t rows_count;
    fc_fit_row *rows; /* one for each row given */
    fc_fit_counts counts;
    uint32_t family_rows[FC_FIT_MOST_FAMILIES];
};

/* Seconds of a ready row under `values`. */
fc_status fc_fit_row_s(double *out_s, const fc_fit_row *row, const double *values, fc_error *error);

/* A fit while it runs. */
typedef struct fc_fit_memo {
    double values[FC_FIT_MOST_PARAMETERS]; /* of the last evaluation in which more than one number had changed */
    double *times_s;                       /* … and its times, one an active row */
    uint8_t known;
    uint32_t evaluations_count;
    fc_error failure; /* the first step that could not be timed */
} fc_fit_memo;

typedef struct fc_fit_state {
    const fc_fit_problem *problem;
    const size_t *active; /* rows that are fitted */
    size_t active_count;
    const double *weights; /* of their residuals */
    fc_fit_memo *memo;
} fc_fit_state;

/* Residuals of the active rows under `values`; then, one a parameter, the pull to its start. */
void fc_fit_residuals_at(const fc_fit_state *state, const double *values, double *out);
/* What the runs leave open of each value (runs, range, bound, partner), and the sum of squares there. */
fc_status fc_fit_spread(fc_fit_value *values, const fc_fit_state *state, double *out_sum, fc_arena *arena,
                        fc_error *error);

#endif
