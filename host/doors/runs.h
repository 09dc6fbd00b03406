/* runs.h: a table of published runs (the columns of RUNS.csv, in any order) into rows that are ready for the chain.
 *
 * A row's own columns come first; blanks are filled from the catalogue entry that `model_name` names. Free text is read
 * by its leading word; what is not understood counts as blank and is listed in the row. A row that cannot be predicted
 * stays, with its reason.
 */
#ifndef FLOPCAST_HOST_DOORS_RUNS_H
#define FLOPCAST_HOST_DOORS_RUNS_H

#include "config.h"
#include "flopcast/runs.h"

/* Rows of one call, all tables together. */
enum { FC_RUNS_MAX_ROWS = 10000 };

/* A line that is no row: told and skipped. */
typedef struct fc_run_fault {
    const char *text; /* "runs.csv:7: 12 cells where the heading has 43" */
    struct fc_run_fault *next;
} fc_run_fault;

typedef struct fc_run_table {
    fc_run_row *rows;
    size_t count;
    const fc_run_fault *faults; /* the first of them, in order; at most FC_RUNS_MAX_FAULTS are kept */
    size_t faults_count;
    char unused[FC_TEXT_SIZE]; /* columns that nobody knows, comma-separated: perhaps misspelt */
} fc_run_table;

enum { FC_RUNS_MAX_FAULTS = 100 };

/* Reads the tables one after the other. Rows live in config->arena. Of --set the keys under cluster.chip, workload, stack
 * and estimate apply to every row. FC_BAD_INPUT: no table, a heading without the needed columns, no row at all;
 * FC_OVER_LIMIT: too many rows, or more lines with broken quotes than anybody would mend. */
fc_status fc_runs_read(fc_run_table *out, const fc_config *config, const char *const *paths, size_t paths_count,
                       fc_error *error);

/* The project's own table: data/runs/published.csv. */
fc_status fc_runs_own_path(const char **out, const fc_config *config, fc_error *error);

#endif
