/* fit_runs.h: numbers of chips and stacks, fitted to published training runs.
 *
 * A parameter is one number that stands in one or several fields of chips and stacks. Runs are sorted into families; the
 * fit makes Σ over families of weight² · mean(soft error²) least, where a run's error is log(predicted / measured). Which
 * numbers and which families is data (data/fit.yaml, read by the doors); nothing here knows any of them by name.
 *
 * A plan that was not published in full is chosen once, under the starting values, and kept. The solver is handed in, so
 * that this header needs no library. No I/O, no globals; everything is in the caller's arena.
 */
#ifndef FLOPCAST_FIT_RUNS_H
#define FLOPCAST_FIT_RUNS_H

#include "base.h"
#include "domain.h"
#include "runs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_FIT_MOST_PARAMETERS 64
#define FC_FIT_MOST_FAMILIES 64
#define FC_FIT_MOST_FIELDS 512 /* of all parameters together */

typedef enum fc_fit_noun { FC_FIT_STACK = 0, FC_FIT_CHIP, FC_FIT_NOUN_COUNT } fc_fit_noun;

/* One place of a number. */
typedef struct fc_fit_field {
    uint32_t noun;           /* fc_fit_noun */
    uint32_t offset;         /* of a double in fc_stack or fc_chip */
    char name[FC_NAME_SIZE]; /* of the stack or chip, as in fc_stack.name and fc_chip.name */
    char key[FC_NAME_SIZE];  /* as in files */
} fc_fit_field;

typedef struct fc_fit_parameter {
    char name[FC_NAME_SIZE];
    double low; /* bounds, low < high, in SI */
    double high;
    double start; /* low to high */
    uint32_t fields_count;
    const fc_fit_field *fields;
} fc_fit_parameter;

/* Names of which a run must have one; count 0: any. */
typedef struct fc_fit_names {
    uint32_t count;
    const char *const *names;
} fc_fit_names;

/* Runs that are to be met equally well. A run belongs to the first family that it matches. */
typedef struct fc_fit_family {
    char name[FC_NAME_SIZE];
    fc_fit_names groups;
    fc_fit_names chips;
    fc_fit_names stacks;
    uint32_t dtypes;                  /* bits by fc_dtype; 0: any */
    int32_t moe;                      /* 1: mixtures of experts, 0: dense models, -1: both */
    int32_t plan_complete;            /* 1: plan as published, 0: something of it chosen, -1: both */
    double weight;                    /* above 0; 1 is usual */
    double goal_mean_abs_error_frac;  /* 0: none is stated */
    double goal_worst_abs_error_frac; /* 0: none is stated */
} fc_fit_family;

typedef struct fc_fit_spec {
    uint32_t parameters_count;
    uint32_t families_count;
    const fc_fit_parameter *parameters;
    const fc_fit_family *families;
} fc_fit_spec;

/* Runs made ready: operations counted, plans chosen. */
typedef struct fc_fit_problem fc_fit_problem;

/* What became of the runs. */
typedef struct fc_fit_counts {
    uint32_t rows;
    uint32_t ready;        /* in a family and predicted */
    uint32_t suspect;      /* never fitted */
    uint32_t no_family;    /* matched none */
    uint32_t not_readable; /* the row itself says why it cannot be predicted */
    uint32_t not_timed;    /* no plan, or no step under it */
} fc_fit_counts;

/* Sorts the rows into families, counts their operations, chooses open plans under the starting values. `spec` and `rows`
 * must outlive the problem. FC_BAD_INPUT: no row is left. FC_FAILED: no memory. */
fc_status fc_fit_prepare(fc_fit_problem **out, const fc_fit_spec *spec, const fc_run_row *rows, size_t rows_count,
                         fc_arena *arena, fc_error *error);
fc_fit_counts fc_fit_counts_of(const fc_fit_problem *problem);
/* Ready rows of a family. */
uint32_t fc_fit_family_rows(const fc_fit_problem *problem, uint32_t family);

/* Residuals of `count` values at `x`, always finite. */
typedef void fc_fit_residuals(const void *context, const double *x, double *out, size_t count);
typedef struct fc_fit_task {
    fc_fit_residuals *residuals;
    const void *context;
    size_t parameters_count;
    size_t residuals_count; /* more than parameters */
} fc_fit_task;
/* From `x` to where the sum of squares is least nearby. */
typedef fc_status fc_fit_solver(double *x, const fc_fit_task *task, fc_error *error);

/* One fitted number. */
typedef struct fc_fit_value {
    double value;
    double p10; /* of what the runs leave open, within the bounds; p10 < p90 */
    double p90;
    uint32_t rows_count; /* fitted runs whose time it changes there; 0: no run decides it */
    uint64_t families;   /* bits of the families that those runs belong to */
    uint8_t at_bound;    /* the fit would go on beyond a bound: within 1 % of the range of it */
    int32_t partner;     /* the parameter it trades off against most; -1: there is no other */
    double correlation;  /* with it, -1 to 1 */
} fc_fit_value;

/* Absolute relative errors of a family's runs. */
typedef struct fc_fit_errors {
    uint32_t count;
    double median_abs_error_frac;
    double mean_abs_error_frac;
    double worst_abs_error_frac;
} fc_fit_errors;

typedef struct fc_fit_result {
    fc_fit_value values[FC_FIT_MOST_PARAMETERS];
    fc_fit_errors fitted[FC_FIT_MOST_FAMILIES];   /* of runs that took part */
    fc_fit_errors left_out[FC_FIT_MOST_FAMILIES]; /* of runs that did not */
    fc_fit_errors fitted_total;
    fc_fit_errors left_out_total;
    double sum;                 /* of squares at the end, the pull to the start included */
    uint32_t rows_count;        /* fitted */
    uint32_t evaluations_count; /* of all runs */
} fc_fit_result;

/* Marks the ready rows that a name means: a family, a group of runs, or a chip, in this order. `mask` has a byte for each
 * row given to fc_fit_prepare. FC_USAGE with the nearest name when it means none of them. */
fc_status fc_fit_leave_out(uint8_t *mask, const fc_fit_problem *problem, const char *name, fc_error *error);

/* Fits all ready rows but those that `left_out` marks (NULL: none). FC_BAD_INPUT: fewer rows than parameters. What the
 * step model refuses on the way is passed on. */
fc_status fc_fit_runs(fc_fit_result *out, const fc_fit_problem *problem, const uint8_t *left_out, fc_fit_solver *solver,
                      fc_arena *arena, fc_error *error);

/* The errors of `out` anew, under its values, with the rows of `left_out` (NULL: none) apart. */
fc_status fc_fit_judge(fc_fit_result *out, const fc_fit_problem *problem, const uint8_t *left_out, fc_arena *arena,
                       fc_error *error);

/* Seconds of a step of row `index` under `values`, one a parameter; 0 where it is not ready. */
fc_status fc_fit_predict(double *out_s, const fc_fit_problem *problem, size_t index, const double *values,
                         fc_error *error);

/* Whether row `index` is ready and parameter `parameter` stands in its chip or stack. */
uint8_t fc_fit_touches(const fc_fit_problem *problem, size_t index, uint32_t parameter);
/* Family of row `index`, or -1 where it is not ready. */
int32_t fc_fit_family_of(const fc_fit_problem *problem, size_t index);

/* ---- the step model's own error (domain.h) ------------------------------------------------------------------------ */

/* What runs were off by, gathered set by set. In the caller's arena. */
typedef struct fc_fit_misses {
    fc_domain_sample *samples;
    size_t samples_count;
    size_t samples_room;
    uint32_t sets_count;
    fc_domain_point *points; /* one a row of the problem */
} fc_fit_misses;

/* Room for a fit without each family, one without each chip, and one of all. FC_FAILED: no memory. */
fc_status fc_fit_misses_start(fc_fit_misses *out, const fc_fit_problem *problem, fc_arena *arena, fc_error *error);
/* Adds the rows of `mask` as one set, predicted by `result`. Where they were left out of that fit their distance is to the
 * nearest ready row outside of `mask`; FC_DOMAIN_TOOK_PART: 0. */
fc_status fc_fit_misses_add(fc_fit_misses *out, const fc_fit_problem *problem, const uint8_t *mask,
                            const fc_fit_result *result, fc_domain_how how, fc_error *error);
/* Share of the left-out runs of a family that a law learned without any run of that family covers, or of the runs of all
 * families together (-1), each by the law without its own. 0 where there is none. */
fc_status fc_fit_misses_coverage(double *out_frac, const fc_fit_misses *misses, const fc_fit_problem *problem,
                                 int32_t family, fc_arena *arena, fc_error *error);
/* The ready rows as points, under `result`; those that coincide are one. `out` has room for all rows. */
fc_status fc_fit_misses_points(fc_domain_point *out, size_t *out_count, const fc_fit_misses *misses,
                               const fc_fit_problem *problem, const fc_fit_result *result, fc_error *error);
/* Names of the chips of ready rows that can be left out: 5 rows or more, and as many rows remain as a fit needs. `out`
 * has room for FC_FIT_MOST_CHIPS; returns how many. */
#define FC_FIT_MOST_CHIPS 64
size_t fc_fit_misses_chips(const char **out, const fc_fit_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
