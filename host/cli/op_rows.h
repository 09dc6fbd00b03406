/* op_rows.h: single kernels beside their calibrations. */
#ifndef FLOPCAST_HOST_CLI_OP_ROWS_H
#define FLOPCAST_HOST_CLI_OP_ROWS_H

#include "../base/text.h"
#include "../doors/catalog.h"
#include "flopcast/calibration.h"
#include "flopcast/kernels.h"

typedef struct fc_op_result {
    const fc_kernel_row *row;
    double predicted_s; /* 0: none, and reason says why */
    const char *reason;
    const fc_kernel_curve *curve; /* NULL: none */
} fc_op_result;

/* Rows of one chip, dtype and kind that have both times. */
typedef struct fc_op_group {
    const char *chip;
    const fc_kernel_curve *curve;
    size_t count;
    double median_abs_error_frac;
    double p90_abs_error_frac;
} fc_op_group;

typedef struct fc_op_answer {
    fc_op_result *results;
    size_t results_count;
    size_t predicted_count;
    fc_op_group *groups;
    size_t groups_count;
} fc_op_answer;

/* The chip of rows that ask the calibration of this machine. */
#define FC_OP_LOCAL "local"

/* Predicts every row; a row without a calibration gets a reason. Rows of the chip "local" are matmuls answered by `local`,
 * what bench measured (NULL: there is none). All of it lives in the catalogue's arena. */
fc_status fc_op_answer_rows(fc_op_answer *out, const fc_kernel_row *rows, size_t rows_count, const fc_catalog *catalog,
                            const fc_calibration *local, fc_error *error);
void fc_op_write_text(fc_text *out, const fc_op_answer *answer, int width);
void fc_op_write_markdown(fc_text *out, const fc_op_answer *answer);
void fc_op_write_csv(fc_text *out, const fc_op_answer *answer);
fc_status fc_op_write_json(fc_text *out, const fc_op_answer *answer, fc_error *error);

#endif
