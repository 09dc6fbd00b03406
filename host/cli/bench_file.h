/* bench_file.h: what all commands that write a calibration share: the budget, the format, the file. */
#ifndef FLOPCAST_HOST_CLI_BENCH_FILE_H
#define FLOPCAST_HOST_CLI_BENCH_FILE_H

#include "cmd.h"
#include "flopcast/calibration.h"

/* --budget, 1 s to 24 h; FC_USAGE otherwise. */
fc_status fc_bench_budget(double *out_s, const fc_args *args, double fallback_s, fc_error *error);
/* --format, else text: the ending of -o does not choose it here, as that file is the calibration, and that is JSON. */
fc_status fc_bench_format(fc_format *out, const fc_args *args, fc_error *error);
/* Minutes of measuring must not end at a file that cannot be written. Nothing is created or emptied here. */
fc_status fc_bench_check_path(const char *path, fc_error *error);
/* Writes the file; *out_done when nothing else is to be told on stdout: "-", json and csv. */
fc_status fc_bench_write_file(bool *out_done, fc_context *context, const char *path, fc_format format,
                              const fc_calibration *calibration, fc_error *error);

#endif
