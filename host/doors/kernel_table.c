#include "kernel_table.h"

#include "../base/csv.h"
#include "../base/text.h"
#include "../base/units.h"

#include <string.h>

#define MOST_COUNT 9007199254740992.0 /* 2^53: whole numbers are exact up to here */
#define MOST_SECONDS 1e6

typedef struct table_columns {
    int chip;
    int dtype;
    int kind; /* "phase" or "op"; -1: a gemm table */
    int seconds;
    int dims[FC_KERNEL_MAX_DIMS];
    fc_kernel_kind first; /* kind of the table, or the first of those it may hold */
    fc_kernel_kind last;
} table_columns;

fc_status fc_kernel_count_parse(double *out, const char *text, const char *what, const char *source, int line,
                                fc_error *error) {
    uint64_t value = 0;
    if (fc_units_parse_u64(&value, text, NULL) != FC_OK || value < 1 || (double)value > MOST_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, source, line, 0,
                            "%s is \"%.40s\"; a whole number from 1 to 2^53 is needed", what, text);
    }
    *out = (double)value;
    return FC_OK;
}

fc_status fc_kernel_dtype_parse(uint32_t *out, const char *text, const char *source, int line, fc_error *error) {
    for (uint32_t i = 0; i < FC_DTYPE_COUNT; i++) {
        if (strcmp(text, fc_dtype_name((fc_dtype)i)) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_BAD_INPUT, source, line, 0,
                        "dtype is \"%.40s\"; allowed are fp64 fp32 tf32 fp16 bf16 fp8 mxfp8 nvfp4 int8", text);
}

fc_status fc_kernel_row_check(const fc_kernel_row *row, const char *source, fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)row->kind);
    if (row->kind >= FC_KERNEL_ALL_REDUCE && row->dims[0] < 2.0) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0,
                            "%s over one chip moves nothing; give chips 2 "
                            "or more",
                            info->name);
    }
    bool attention = row->kind == FC_KERNEL_PREFILL || row->kind == FC_KERNEL_DECODE;
    if (attention && row->dims[1] > row->dims[2]) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0,
                            "q_len %.0f is more than kv_len %.0f; keys include those of the new tokens", row->dims[1],
                            row->dims[2]);
    }
    if (attention && row->dims[4] > row->dims[3]) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0, "kv_heads %.0f is more than heads %.0f",
                            row->dims[4], row->dims[3]);
    }
    return FC_OK;
}

static int find_column(const fc_csv *csv, const char *name) {
    for (size_t i = 0; i < csv->cells_count; i++) {
        if (strcmp(csv->cells[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static fc_status check_heading(const fc_csv *csv, fc_error *error) {
    for (size_t i = 0; i < csv->cells_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(csv->cells[i], csv->cells[j]) == 0) {
                return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                                    "the column \"%.60s\" stands twice; give each column a name of its own",
                                    csv->cells[i]);
            }
        }
    }
    return FC_OK;
}

static fc_status read_heading(table_columns *out, const fc_csv *csv, fc_error *error) {
    FC_TRY(check_heading(csv, error));
    *out = (table_columns){find_column(csv, "chip"),
                           find_column(csv, "dtype"),
                           -1,
                           find_column(csv, "seconds"),
                           {0},
                           FC_KERNEL_GEMM,
                           FC_KERNEL_GEMM};
    if (find_column(csv, "phase") >= 0) {
        out->kind = find_column(csv, "phase");
        out->first = FC_KERNEL_PREFILL;
        out->last = FC_KERNEL_DECODE;
    } else if (find_column(csv, "op") >= 0) {
        out->kind = find_column(csv, "op");
        out->first = FC_KERNEL_ALL_REDUCE;
        out->last = FC_KERNEL_ALL_TO_ALL;
    }
    const fc_kernel_info *info = fc_kernel_info_of(out->first);
    const char *missing = out->chip < 0 ? "chip" : (out->dtype < 0 ? "dtype" : NULL);
    for (uint32_t i = 0; i < info->dims_count; i++) {
        out->dims[i] = find_column(csv, info->dims[i]);
        missing = out->dims[i] < 0 && missing == NULL ? info->dims[i] : missing;
    }
    if (missing != NULL) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                            "the column \"%s\" is missing; a table has chip,dtype and m,n,k or "
                            "phase,batch,q_len,kv_len,heads,kv_heads,head_dim or op,chips,bytes, and seconds where "
                            "measured",
                            missing);
    }
    return FC_OK;
}

static fc_status read_kind(fc_kernel_row *row, const table_columns *columns, const fc_csv *csv, fc_error *error) {
    row->kind = (uint32_t)columns->first;
    if (columns->kind < 0) {
        return FC_OK;
    }
    const char *text = csv->cells[columns->kind];
    for (uint32_t kind = (uint32_t)columns->first; kind <= (uint32_t)columns->last; kind++) {
        if (strcmp(text, fc_kernel_info_of((fc_kernel_kind)kind)->name) == 0) {
            row->kind = kind;
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0,
                        "the kernel \"%.40s\" is unknown; allowed are %s", text,
                        columns->first == FC_KERNEL_PREFILL ? "prefill and decode"
                                                            : "all_reduce, all_gather, reduce_scatter and all_to_all");
}

static fc_status read_seconds(fc_kernel_row *row, const char *text, const fc_csv *csv, fc_error *error) {
    if (text[0] == '\0') {
        return FC_OK;
    }
    if (fc_units_parse(&row->seconds, text, FC_UNIT_NONE, NULL) != FC_OK || !(row->seconds > 0.0) ||
        row->seconds > MOST_SECONDS) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0,
                            "seconds is \"%.40s\"; a time above 0 and up to 1e6 is needed, or nothing", text);
    }
    return FC_OK;
}

static fc_status read_row(fc_kernel_row *row, const table_columns *columns, const fc_csv *csv, size_t heading_count,
                          fc_error *error) {
    row->line = csv->record_line;
    if (csv->cells_count != heading_count) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0, "%zu cells where the heading has %zu",
                            csv->cells_count, heading_count);
    }
    FC_TRY(read_kind(row, columns, csv, error));
    fc_text_slug(row->chip, sizeof row->chip, csv->cells[columns->chip]);
    if (row->chip[0] == '\0') {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0, "the chip has no name");
    }
    FC_TRY(fc_kernel_dtype_parse(&row->dtype, csv->cells[columns->dtype], csv->source, row->line, error));
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)row->kind);
    for (uint32_t i = 0; i < info->dims_count; i++) {
        FC_TRY(fc_kernel_count_parse(&row->dims[i], csv->cells[columns->dims[i]], info->dims[i], csv->source, row->line,
                                     error));
    }
    if (columns->seconds >= 0) {
        FC_TRY(read_seconds(row, csv->cells[columns->seconds], csv, error));
    }
    return fc_kernel_row_check(row, csv->source, error);
}

static size_t count_lines(const char *bytes, size_t size) {
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += bytes[i] == '\n' ? 1 : 0;
    }
    return lines;
}

fc_status fc_kernel_table_read(fc_kernel_table *out, fc_arena *arena, const char *path, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    bool found = false;
    fc_csv csv;
    table_columns columns;
    *out = (fc_kernel_table){0};
    FC_TRY(fc_file_read(&bytes, &size, arena, path, error));
    size_t most = count_lines(bytes, size);
    if (most > FC_KERNEL_MAX_ROWS + 1) {
        return fc_error_set(error, FC_OVER_LIMIT, path, 0, 0, "%zu lines; at most %d are read: split the table", most,
                            FC_KERNEL_MAX_ROWS);
    }
    fc_csv_start(&csv, path, bytes, size);
    FC_TRY(fc_csv_next(&found, &csv, error));
    if (!found) {
        return fc_error_set(error, FC_BAD_INPUT, path, 0, 0, "the table is empty; its first line names the columns");
    }
    FC_TRY(read_heading(&columns, &csv, error));
    size_t heading_count = csv.cells_count;
    out->rows = fc_arena_alloc(arena, most * sizeof *out->rows);
    if (out->rows == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu rows", most);
    }
    for (;;) {
        FC_TRY(fc_csv_next(&found, &csv, error));
        if (!found) {
            break;
        }
        FC_TRY(read_row(&out->rows[out->rows_count], &columns, &csv, heading_count, error));
        out->rows_count += 1;
    }
    return out->rows_count > 0 ? FC_OK
                               : fc_error_set(error, FC_BAD_INPUT, path, 0, 0, "the table has a heading and no rows");
}
