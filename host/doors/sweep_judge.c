/* sweep_judge.c: whether a line on disk is a row of this sweep, and if not, what is other. */
#include "sweep.h"

#include "../base/text.h"

#include <stdio.h>
#include <string.h>

enum { PARTS_COUNT = 4, PART_SIZE = 24 };

/* "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3" taken apart; false when it is none. */
static bool split(char parts[PARTS_COUNT][PART_SIZE], const char *mark, size_t size) {
    for (int i = 0; i < PARTS_COUNT; i++) {
        size_t length = 0;
        while (length < size && mark[length] != '-') {
            length++;
        }
        bool last = i == PARTS_COUNT - 1;
        if (length == 0 || length >= PART_SIZE || last != (length == size)) {
            return false;
        }
        memcpy(parts[i], mark, length);
        parts[i][length] = '\0';
        if (i > 0 && (length != 8 || strspn(parts[i], "0123456789abcdef") != length)) {
            return false;
        }
        mark += length + !last;
        size -= length + !last;
    }
    return true;
}

static const char *difference(const fc_sweep *sweep, const char *line, size_t size, fc_sweep_format format) {
    static const char *const told[PARTS_COUNT] = {
        "was made by another version of the program", "belongs to another study, or to this one before it was changed",
        "belongs to other axes of this study, or has other columns", "was made before the data folder was changed"};
    static const char json_start[] = "{\"sweep\": \"";
    char here[PARTS_COUNT][PART_SIZE];
    char there[PARTS_COUNT][PART_SIZE];
    size_t skip = format == FC_SWEEP_JSONL ? sizeof json_start - 1 : 0;
    size_t end = skip;
    while (end < size && line[end] != (format == FC_SWEEP_JSONL ? '"' : ',')) {
        end++;
    }
    bool ours = end < size && memcmp(line, json_start, skip) == 0 && split(there, line + skip, end - skip) &&
                split(here, sweep->mark, strlen(sweep->mark));
    if (!ours) {
        return "is no row of a sweep in this format";
    }
    for (int i = 0; i < PARTS_COUNT; i++) {
        if (strcmp(here[i], there[i]) != 0) {
            return told[i];
        }
    }
    return NULL;
}

fc_status fc_sweep_judge_row(const fc_sweep *sweep, fc_sweep_format format, uint64_t row, const char *line, size_t size,
                             bool whole, const char *path, fc_error *error) {
    char wanted[FC_SWEEP_MARK_SIZE + 64];
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
