/* bench_import.h: `bench --import`: a table measured elsewhere instead of a measurement here. */
#ifndef FLOPCAST_HOST_CLI_BENCH_IMPORT_H
#define FLOPCAST_HOST_CLI_BENCH_IMPORT_H

#include "cmd.h"
#include "flopcast/calibration.h"

typedef struct fc_bench_import {
    fc_context *context;
    uint32_t dtypes; /* of --dtype, as bits */
    uint64_t seed;
    const char *path; /* of the calibration file */
} fc_bench_import;

/* Options of an import without a file to import, and the other way round, are refused. */
fc_status fc_bench_import_check(const fc_args *args, fc_error *error);
/* Reads the tables into *out and adds to `text` what was taken and what was not. Writes nothing. */
fc_status fc_bench_import_read(fc_calibration *out, fc_text *text, const fc_bench_import *import, fc_error *error);

#endif
