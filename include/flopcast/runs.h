/* runs.h: published training runs, and what the chain predicts for them.
 *
 * A row is one published figure of one run with the study that it describes. Rows are read by the doors; everything here
 * is arithmetic without I/O or globals, so rows may be predicted on many threads at once, and again under other
 * parameters: change `study` of a copy and ask fc_runs_predict.
 */
#ifndef FLOPCAST_RUNS_H
#define FLOPCAST_RUNS_H

#include "base.h"
#include "plan.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a published figure is, once its unit is SI. */
typedef enum fc_run_metric {
    FC_RUN_METRIC_NONE = 0,             /* not a step's time in any form */
    FC_RUN_METRIC_STEP_S,               /* seconds of one optimizer step */
    FC_RUN_METRIC_TOKENS_PER_S,         /* of the whole run */
    FC_RUN_METRIC_TOKENS_PER_S_CHIP,    /* per chip */
    FC_RUN_METRIC_TOKENS_PER_S_DEVICE,  /* per device, of which a chip may have several (chip.devices_per_chip) */
    FC_RUN_METRIC_SEQUENCES_PER_S,      /* of the whole run */
    FC_RUN_METRIC_SEQUENCES_PER_S_CHIP, /* per chip */
    FC_RUN_METRIC_FLOP_PER_S_CHIP,      /* per chip, by the stack's flop_convention */
    FC_RUN_METRIC_FLOP_PER_S_DEVICE,    /* per device, likewise */
    FC_RUN_METRIC_FLOP_PER_S,           /* of the whole run, likewise */
    FC_RUN_METRIC_MFU,                  /* share of the peak, recomputation not counted */
    FC_RUN_METRIC_HFU,                  /* share of the peak, recomputation counted */
    FC_RUN_METRIC_RUN_S,                /* seconds for all tokens of the run */
    FC_RUN_METRIC_CHIP_S,               /* chip-seconds for all tokens of the run */
    FC_RUN_METRIC_COUNT
} fc_run_metric;

#define FC_RUN_ID_SIZE 128

typedef struct fc_run_row {
    char id[FC_RUN_ID_SIZE];
    char group[FC_NAME_SIZE];
    char source[FC_TEXT_SIZE]; /* who published it */
    char file[FC_TEXT_SIZE];   /* the table and the line it stood in */
    int32_t line;

    char metric[FC_NAME_SIZE];    /* as published */
    double measured_value;        /* as published */
    char scored_on[FC_NAME_SIZE]; /* the figure that became seconds: `metric`, or a better one of the same run */
    uint32_t kind;                /* fc_run_metric of that figure */
    double value;                 /* … in SI */
    double peak_flop_per_s;       /* the denominator that the source states for its MFU; 0: the chip's dense peak */
    double tokens_count;          /* of the whole run; 0: not known */
    double batch_sequences;       /* of a published step; differs from plan.global_batch where that had to be rounded */
    double measured_s;            /* seconds a step of the plan's global_batch; 0: not known, `reason` says why */

    uint8_t plan_given;                /* tp and pp are published */
    uint8_t plan_complete;             /* so are dp, both batches and recomputation: nothing that matters is chosen */
    uint8_t stack_assumed;             /* the stack was blank or unknown */
    uint8_t vocab_assumed;             /* no vocabulary is known: 50,304 */
    uint8_t batch_assumed;             /* no global batch is published */
    uint32_t shard_group;              /* ranks that weights are spread over, where less than all replicas; 0: all */
    char suspect[FC_TEXT_SIZE];        /* why the figure contradicts others; such rows are shown and never scored */
    char reason[FC_TEXT_SIZE];         /* why the row cannot be predicted; "" where it can */
    char assumed[FC_TEXT_SIZE];        /* what was filled in, comma-separated */
    char not_understood[FC_TEXT_SIZE]; /* cells that were read as blank, comma-separated */

    fc_study study; /* checked where `reason` is empty; step_time_factor 1 with the spread of the program's own error */
} fc_run_row;

/* The plan of a row: as published, what is open chosen (the fastest that fits; where none fits, the fastest with full
 * recomputation, for a published run did fit). FC_BAD_INPUT with the row's reason, or what its study breaks. Choosing
 * takes up to milliseconds where nothing is given: who asks again and again stores the plan in study.plan of a copy. */
fc_status fc_runs_choose(fc_plan *out, const fc_run_row *row, fc_error *error);
/* One step of the row, by cause, under the plan of fc_runs_choose (written to `plan`, which may be NULL). */
fc_status fc_runs_step(fc_step *out, fc_plan *plan, const fc_run_row *row, fc_error *error);
/* Its seconds alone. */
fc_status fc_runs_predict(double *out_s, const fc_run_row *row, fc_error *error);
/* Seconds of a step from the row's figure (kind, value …) and its study. FC_BAD_INPUT says what it lacks. */
fc_status fc_runs_measured(double *out_s, const fc_run_row *row, fc_error *error);

/* One row beside its prediction. */
typedef struct fc_run_score {
    const fc_run_row *row;
    fc_plan plan;
    double predicted_s; /* 0: not predicted, `reason` says why */
    double low_s;       /* p10 and p90 by the step model's own error, as an estimate of this run has it (domain.h) */
    double high_s;
    double error_frac; /* predicted / measured - 1; 0 where not predicted */
    uint8_t predicted;
    uint8_t scored; /* predicted and not suspect: it counts in a group */
    char reason[FC_TEXT_SIZE];
} fc_run_score;

/* Absolute relative errors of the rows of a group. */
typedef struct fc_run_group {
    char name[FC_NAME_SIZE + 16]; /* the rows' group; ", plan chosen" behind it where both kinds of rows are in it */
    char group[FC_NAME_SIZE];
    uint8_t plan_complete;
    uint32_t count;
    double median_abs_error_frac;
    double mean_abs_error_frac;
    double max_abs_error_frac;
    double median_error_frac;      /* signed */
    double interval_coverage_frac; /* share of rows whose measured time lies in low_s to high_s */
} fc_run_group;

/* Everything in the caller's arena. */
typedef struct fc_run_report {
    fc_run_score *scores; /* one a row, in their order */
    size_t scores_count;
    fc_run_group *groups; /* in order of their first row; those with a complete plan first */
    size_t groups_count;
    fc_run_group totals[2]; /* plan complete; something chosen. count may be 0 */
    size_t predicted_count;
    size_t scored_count;
    size_t suspect_count;
    size_t with_plan_count; /* unsuspect rows with a plan, and how many of them are predicted */
    size_t with_plan_predicted_count;
    double interval_coverage_frac; /* share of scored rows whose measured time lies in low_s to high_s */
} fc_run_report;

/* Predicts every row. A row that cannot be predicted gets its reason; only lack of memory fails. */
fc_status fc_runs_score(fc_run_report *out, const fc_run_row *rows, size_t rows_count, fc_arena *arena,
                        fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
