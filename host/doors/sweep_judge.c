/* sweep_judge.c: whether a line on disk is a row of this sweep, and if not, what is other. */
#include "sweep.h"

#include "../base/text.h"

#include <stdio.h>
#include <string.h>

static const char *difference(const fc_sweep *sweep, const char *line, size_t size, fc_sweep_format format) {
    static const char *const told[] = {"is no row of a sweep in this format",
                                       NULL,
                                       "was made by another version of the program",
                                       "belongs to another study, or to this one before it was changed",
                                       "belongs to other axes of this study, or has other columns",
                                       "was made before the data folder was changed"};
    static const char json_start[] = "{\"sweep\": \"";
    size_t skip = format == FC_SWEEP_JSONL ? sizeof json_start - 1 : 0;
    size_t end = skip;
    while (end < size && line[end] != (format == FC_SWEEP_JSONL ? '"' : ',')) {
        end++;
    }
    bool ours = end < size && memcmp(line, json_start, skip) == 0;
    return told[ours ? fc_mark_compare(sweep->mark, line + skip, end - skip) : FC_MARK_IS_NONE];
}

fc_status fc_sweep_judge_row(const fc_sweep *sweep, fc_sweep_format format, uint64_t row, const char *line, size_t size,
                             bool whole, const char *path, fc_error *error) {
    char wanted[FC_MARK_SIZE + 64];
    int length = format == FC_SWEEP_JSONL
                     ? snprintf(wanted, sizeof wanted, "{\"sweep\": \"%s\", \"row\": %llu,", sweep->mark,
                                (unsigned long long)row)
                     : snprintf(wanted, sizeof wanted, "%s,%llu,", sweep->mark, (unsigned long long)row);
    size_t compared = !whole && size < (size_t)length ? size : (size_t)length;
    bool same = row < sweep->rows_count && size >= compared && memcmp(line, wanted, compared) == 0;
    if (same) {
        return FC_OK;
    }
    const char *what = difference(sweep, line, size, format);
    int at = (int)(row < 1000000000 ? row : 1000000000) + (format == FC_SWEEP_CSV ? 2 : 1);
    if (what != NULL) {
        return fc_error_set(error, FC_BAD_INPUT, path, at, 0,
                            "this line %s: give another -o, or leave out --resume to write the file anew", what);
    }
    return fc_error_set(error, FC_BAD_INPUT, path, at, 0,
                        "this line should be row %llu of %llu and is not: rows are missing, double or were changed; "
                        "delete the lines from here on, or leave out --resume to write the file anew",
                        (unsigned long long)row, (unsigned long long)sweep->rows_count);
}
