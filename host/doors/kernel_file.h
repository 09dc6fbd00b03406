/* kernel_file.h: data/calibrations/<chip>.yaml: the fitted curves of a chip's kernels. */
#ifndef FLOPCAST_HOST_DOORS_KERNEL_FILE_H
#define FLOPCAST_HOST_DOORS_KERNEL_FILE_H

#include "../base/text.h"
#include "catalog.h"
#include "flopcast/kernels.h"

#include <stdbool.h>

/* The shipped curves of `chip`, or *found false when there are none. FC_BAD_INPUT at the place of what is wrong. */
fc_status fc_kernel_file_read(bool *found, fc_kernel_set *out, const fc_catalog *catalog, const char *chip,
                              fc_error *error);
/* The sets of all chips that have curves fitted to tables, those alone; they live in the catalogue's arena. */
fc_status fc_kernel_file_read_all(const fc_kernel_set *const **out, size_t *out_count, const fc_catalog *catalog,
                                  fc_error *error);
/* The same file as text. `source` is a sentence about the table, `date` its day. */
void fc_kernel_file_write(fc_text *out, const fc_kernel_set *set, const char *source, const char *date);
/* The chip's sheet, as data/chips gives it; the rate is that of `dtype`. */
fc_status fc_kernel_sheet_read(fc_kernel_sheet *out, const fc_catalog *catalog, const char *chip, fc_dtype dtype,
                               fc_error *error);

/* The same with 0 where the sheet is silent. */
fc_status fc_kernel_sheet_rates(fc_kernel_sheet *out, const fc_catalog *catalog, const char *chip, fc_dtype dtype,
                                fc_error *error);

#endif
