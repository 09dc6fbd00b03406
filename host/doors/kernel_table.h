/* kernel_table.h: a CSV of single kernels, as measured or as asked. */
#ifndef FLOPCAST_HOST_DOORS_KERNEL_TABLE_H
#define FLOPCAST_HOST_DOORS_KERNEL_TABLE_H

#include "flopcast/kernels.h"

#include <stddef.h>

typedef struct fc_kernel_table {
    fc_kernel_row *rows; /* in the arena */
    size_t rows_count;
} fc_kernel_table;

/* Reads PATH. Its columns tell the kind: m,n,k (gemm), phase,batch,… (prefill and decode), op,chips,bytes (collectives),
 * moe_ffn_hidden,… (moe), tokens_per_chip,… (a row is a dispatch and a combine, with dispatch_s and combine_s where
 * measured); besides chip, dtype but for the last kind, and, where measured, seconds. Other columns are left alone; the
 * last may be a remark with commas in it. Wrong lines are named. */
fc_status fc_kernel_table_read(fc_kernel_table *out, fc_arena *arena, const char *path, fc_error *error);
/* A whole number from 1 to 2^53, for `what` at a place; of "bytes" with a unit too ("64MiB"). */
fc_status fc_kernel_count_parse(double *out, const char *text, const char *what, const char *source, int line,
                                fc_error *error);
/* "balanced" (0) or "power_law_1.2". */
fc_status fc_kernel_distribution_parse(double *out, const char *text, const char *source, int line, fc_error *error);
/* Dimension `index` of a row whose kind and line are set; `what` names it in the message. */
fc_status fc_kernel_dim_parse(fc_kernel_row *row, uint32_t index, const char *text, const char *what,
                              const char *source, fc_error *error);
/* The dimension as it is written in a table. */
void fc_kernel_dim_say(char *out, size_t out_size, const fc_kernel_row *row, uint32_t index);
/* FC_BAD_INPUT at a place with what is allowed. */
fc_status fc_kernel_dtype_parse(uint32_t *out, const char *text, const char *source, int line, fc_error *error);
/* The dtype of a kind that has only one (a dispatch, a combine), or the COUNT. */
fc_dtype fc_kernel_default_dtype(uint32_t kind);
/* Refuses shapes that no kernel has: a cache shorter than the new tokens, one chip in a collective, more ranks than
 * experts. */
fc_status fc_kernel_row_check(const fc_kernel_row *row, const char *source, fc_error *error);

#endif
