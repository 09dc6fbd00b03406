#include "csv.h"

#include <string.h>

void fc_csv_start(fc_csv *out, const char *source, char *bytes, size_t size) {
    *out = (fc_csv){.source = source, .cursor = bytes, .end = bytes + size, .line = 1};
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        out->cursor += 3;
    }
}

static bool is_line_end(const fc_csv *csv) {
    return csv->cursor == csv->end || *csv->cursor == '\n' ||
           (*csv->cursor == '\r' && (csv->cursor + 1 == csv->end || csv->cursor[1] == '\n'));
}

/* A cell in quotes, moved together where a doubled quote stood. */
static fc_status read_quoted(char **out_end, fc_csv *csv, fc_error *error) {
    int begin_line = csv->line;
    char *to = csv->cursor;
    csv->cursor += 1;
    for (;; csv->cursor++) {
        if (csv->cursor == csv->end) {
            return fc_error_set(error, FC_BAD_INPUT, csv->source, begin_line, 0,
                                "a quote opens here and never closes; close it, or write a quote as two");
        }
        if (*csv->cursor == '"') {
            if (csv->cursor + 1 == csv->end || csv->cursor[1] != '"') {
                break;
            }
            csv->cursor += 1;
        }
        csv->line += *csv->cursor == '\n' ? 1 : 0;
        *to++ = *csv->cursor;
    }
    csv->cursor += 1;
    if (!is_line_end(csv) && *csv->cursor != ',') {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->line, 0,
                            "text follows a closing quote; a comma or the line's end must");
    }
    *out_end = to;
    return FC_OK;
}

static fc_status read_plain(char **out_end, fc_csv *csv, fc_error *error) {
    while (!is_line_end(csv) && *csv->cursor != ',') {
        if (*csv->cursor == '"') {
            return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->line, 0,
                                "a quote stands inside a cell; put the whole cell in quotes and double it");
        }
        csv->cursor += 1;
    }
    *out_end = csv->cursor;
    return FC_OK;
}

/* Passes the separator behind a cell; true when the record goes on. */
static bool pass_separator(fc_csv *csv) {
    if (csv->cursor == csv->end) {
        return false;
    }
    if (*csv->cursor == ',') {
        csv->cursor += 1;
        return true;
    }
    csv->cursor += *csv->cursor == '\r' ? 1 : 0;
    if (csv->cursor != csv->end) {
        csv->cursor += 1;
        csv->line += 1;
    }
    return false;
}

static fc_status read_record(fc_csv *csv, fc_error *error) {
    const char *begin = csv->cursor;
    bool more = true;
    csv->record_line = csv->line;
    csv->cells_count = 0;
    while (more) {
        if (csv->cells_count == FC_CSV_MAX_CELLS) {
            return fc_error_set(error, FC_OVER_LIMIT, csv->source, csv->record_line, 0,
                                "this record has more than %d cells", FC_CSV_MAX_CELLS);
        }
        char *cell = csv->cursor;
        char *cell_end = NULL;
        bool quoted = cell != csv->end && *cell == '"';
        FC_TRY(quoted ? read_quoted(&cell_end, csv, error) : read_plain(&cell_end, csv, error));
        if ((size_t)(csv->cursor - begin) > FC_CSV_MAX_RECORD_BYTES) {
            return fc_error_set(error, FC_OVER_LIMIT, csv->source, csv->record_line, 0,
                                "this record has more than %zu bytes", FC_CSV_MAX_RECORD_BYTES);
        }
        size_t length = (size_t)(cell_end - cell);
        if (memchr(cell, '\0', length) != NULL) {
            return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                                "a zero byte stands in this record: this is no table in text");
        }
        csv->cells[csv->cells_count++] = cell;
        more = pass_separator(csv);
        *cell_end = '\0';
    }
    return FC_OK;
}

fc_status fc_csv_next(bool *found, fc_csv *csv, fc_error *error) {
    *found = false;
    while (csv->cursor != csv->end) {
        FC_TRY(read_record(csv, error));
        if (csv->cells_count > 1 || csv->cells[0][0] != '\0') {
            *found = true;
            return FC_OK;
        }
    }
    return FC_OK;
}
