/* kernel_table.h: a CSV of single kernels, as measured or as asked. */
#ifndef FLOPCAST_HOST_DOORS_KERNEL_TABLE_H
#define FLOPCAST_HOST_DOORS_KERNEL_TABLE_H

#include "flopcast/kernels.h"

#include <stddef.h>

typedef struct fc_kernel_table {
    fc_kernel_row *rows; /* in the arena */
    size_t rows_count;
} fc_kernel_table;

/* Reads PATH. Its columns tell the kind: m,n,k (gemm), phase,batch,… (prefill and decode), op,chips,bytes (collectives);
 * besides chip, dtype and, where measured, seconds. Other columns are left alone. Wrong lines are named. */
fc_status fc_kernel_table_read(fc_kernel_table *out, fc_arena *arena, const char *path, fc_error *error);
/* A whole number from 1 to 2^53, for `what` at a place. */
fc_status fc_kernel_count_parse(double *out, const char *text, const char *what, const char *source, int line,
                                fc_error *error);
/* FC_BAD_INPUT at a place with what is allowed. */
fc_status fc_kernel_dtype_parse(uint32_t *out, const char *text, const char *source, int line, fc_error *error);
/* Refuses shapes that no kernel has: a cache shorter than the new tokens, one chip in a collective. */
fc_status fc_kernel_row_check(const fc_kernel_row *row, const char *source, fc_error *error);

#endif
