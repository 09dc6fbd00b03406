/* fit_runs.h: `fit` of published runs. */
#ifndef FLOPCAST_HOST_CLI_FIT_RUNS_H
#define FLOPCAST_HOST_CLI_FIT_RUNS_H

#include "cmd.h"

/* How many of the tables have the columns of published runs (measured_metric and measured_value). A file that cannot be
 * read has none: whoever reads it next says why. */
fc_status fc_fit_count_run_tables(int *out, const fc_context *context, fc_error *error);
/* Fits the parameters of data/fit.yaml to the tables of the command line, or to the project's own. */
fc_status fc_fit_run_tables(fc_context *context, fc_format format, fc_error *error);

#endif
