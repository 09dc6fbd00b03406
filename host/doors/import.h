/* import.h: tables that other tools measured, as a calibration: so that a machine which flopcast cannot run on is
 * calibrated by its own tools.
 *
 * Nothing is guessed that the table does not tell: a dtype, a number of ranks or a unit that is missing is asked for. A
 * malformed line is an error with its place, and then there is no calibration.
 */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_H
#define FLOPCAST_HOST_DOORS_IMPORT_H

#include "flopcast/base.h"
#include "flopcast/calibration.h"

#include <stdbool.h>

#define FC_IMPORT_MOST_FILES 16

typedef enum fc_import_kind {
    FC_IMPORT_GUESS = 0, /* from the content */
    FC_IMPORT_GEMM_CSV,
    FC_IMPORT_NCCL_TESTS, /* text or JSON */
    FC_IMPORT_MPI_OSU,
    FC_IMPORT_MAMF,
    FC_IMPORT_KIND_COUNT
} fc_import_kind;

typedef struct fc_import_options {
    uint32_t kind;         /* fc_import_kind of every file */
    const char *chip_name; /* what was measured; NULL: as the table says */
    uint32_t dtype;        /* of matmuls whose table does not tell; FC_DTYPE_COUNT: none given */
    uint32_t ranks;        /* of collectives whose table does not tell; 0: none given */
    uint64_t seed;         /* of the held-out draw */
} fc_import_options;

typedef struct fc_import_file {
    const char *path;
    uint32_t kind;
    uint32_t rows_count;
    uint32_t samples_count;    /* cases not seen before */
    uint32_t repeated_count;   /* cases seen before with another time: the faster one is kept */
    int32_t repeated_line;     /* the first of these */
    uint32_t empty_count;      /* rows of 0 bytes, which move nothing */
    char unused[FC_TEXT_SIZE]; /* columns that were not looked at */
} fc_import_file;

typedef struct fc_import_report {
    fc_calibration calibration;
    uint32_t files_count;
    fc_import_file files[FC_IMPORT_MOST_FILES];
} fc_import_report;

/* "gemm-csv" …; NULL for GUESS. */
const char *fc_import_kind_name(fc_import_kind kind);

/* Reads all files into one calibration and fits it; samples lie in the arena. */
fc_status fc_import_files(fc_import_report *out, fc_arena *arena, const char *const *paths, uint32_t paths_count,
                          const fc_import_options *options, fc_error *error);

#endif
