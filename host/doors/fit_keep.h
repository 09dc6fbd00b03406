/* fit_keep.h: fitted numbers into the files that they belong to. */
#ifndef FLOPCAST_HOST_DOORS_FIT_KEEP_H
#define FLOPCAST_HOST_DOORS_FIT_KEEP_H

#include "flopcast/fit_runs.h"

/* What is written, and what its notes say. */
typedef struct fc_fit_kept {
    const fc_fit_spec *spec;
    const fc_fit_result *result;
    const char *folder; /* a data folder: FOLDER/stacks/NAME.yaml, FOLDER/chips/NAME.yaml */
    const char *date;   /* YYYY-MM-DD */
} fc_fit_kept;

/* Replaces the line of each fitted key by {low, mid, high, source: fit, …}, adds the key where the file lacks it, and the
 * source `fit` where `sources` lacks that; all other lines stay byte for byte. Numbers that no run decides are left
 * alone. All files are made ready, and read back as YAML, before the first is written; each is replaced in one move.
 * *out_count: files written. FC_BAD_INPUT names a line that cannot be replaced. */
fc_status fc_fit_keep(uint32_t *out_count, const fc_fit_kept *kept, fc_arena *arena, fc_error *error);

/* The six numbers of the law into FOLDER/domain.yaml, likewise, and the measured runs as FOLDER/domain.csv. */
fc_status fc_fit_keep_domain(const fc_fit_kept *kept, const fc_domain *law, const fc_domain_point *points,
                             size_t points_count, size_t samples_count, fc_arena *arena, fc_error *error);
/* The text with the unindented line of `key` replaced, or added at its end; NULL without memory. */
const char *fc_fit_put_line(fc_arena *arena, const char *text, const char *key, const char *line);

#endif
