#include "kernel_table.h"

#include "../base/csv.h"
#include "../base/text.h"
#include "../base/units.h"

#include <string.h>

#define MOST_SECONDS 1e6

/* What tells a table by one of its columns. */
typedef struct table_type {
    const char *telling;
    fc_kernel_kind first; /* kind of the table, or the first of those it may hold */
    fc_kernel_kind last;
    bool in_rows; /* the telling column has the row's kind; else a row is one of each */
} table_type;

/* The last one is taken where no other tells. */
static const table_type types[] = {
    {"phase", FC_KERNEL_PREFILL, FC_KERNEL_DECODE, true},
    {"op", FC_KERNEL_ALL_REDUCE, FC_KERNEL_ALL_TO_ALL, true},
    {"tokens_per_chip", FC_KERNEL_DISPATCH, FC_KERNEL_COMBINE, false},
    {"moe_ffn_hidden", FC_KERNEL_MOE, FC_KERNEL_MOE, false},
    {"m", FC_KERNEL_GEMM, FC_KERNEL_GEMM, false},
};
#define TYPES_COUNT (sizeof types / sizeof types[0])

typedef struct table_columns {
    const table_type *type;
    int chip;
    int dtype; /* -1: each kind has its own */
    int kind;  /* -1: the type tells it */
    int seconds[2];
    int dims[FC_KERNEL_MAX_DIMS];
    size_t count;
    bool ends_in_remark; /* the last column is none of these: commas in it need no quotes */
} table_columns;

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

static void find_columns(table_columns *out, const fc_csv *csv) {
    const table_type *type = types;
    while (type < types + TYPES_COUNT - 1 && find_column(csv, type->telling) < 0) {
        type += 1;
    }
    const bool exchange = fc_kernel_is_exchange((uint32_t)type->first) != 0;
    *out = (table_columns){.type = type,
                           .chip = find_column(csv, "chip"),
                           .dtype = exchange ? -1 : find_column(csv, "dtype"),
                           .kind = type->in_rows ? find_column(csv, type->telling) : -1,
                           .seconds = {find_column(csv, exchange ? "dispatch_s" : "seconds"),
                                       find_column(csv, exchange ? "combine_s" : "seconds")},
                           .count = csv->cells_count};
    const int last = (int)csv->cells_count - 1;
    const fc_kernel_info *info = fc_kernel_info_of(type->first);
    out->ends_in_remark = last != out->chip && last != out->dtype && last != out->kind && last != out->seconds[0] &&
                          last != out->seconds[1];
    for (uint32_t i = 0; i < info->dims_count; i++) {
        out->dims[i] = find_column(csv, info->dims[i]);
        out->ends_in_remark = out->ends_in_remark && last != out->dims[i];
    }
}

static fc_status read_heading(table_columns *out, const fc_csv *csv, fc_error *error) {
    FC_TRY(check_heading(csv, error));
    find_columns(out, csv);
    const fc_kernel_info *info = fc_kernel_info_of(out->type->first);
    const bool needs_dtype = !fc_kernel_is_exchange((uint32_t)out->type->first);
    const char *missing = out->chip < 0 ? "chip" : (needs_dtype && out->dtype < 0 ? "dtype" : NULL);
    for (uint32_t i = 0; i < info->dims_count; i++) {
        missing = out->dims[i] < 0 && missing == NULL ? info->dims[i] : missing;
    }
    if (missing != NULL) {
        return fc_error_set(
            error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
            "the column \"%s\" is missing; a table has chip,dtype and m,n,k or "
            "phase,batch,q_len,kv_len,heads,kv_heads,head_dim or op,chips,bytes or "
            "tokens,hidden,moe_ffn_hidden,experts_per_token,experts,tp,ep,distribution, and seconds where "
            "measured; or chip,nodes,hidden,tokens_per_chip,experts_per_token,experts,sms, and "
            "dispatch_s,combine_s",
            missing);
    }
    return FC_OK;
}

static fc_status read_kind(fc_kernel_row *row, const table_columns *columns, const fc_csv *csv, fc_error *error) {
    if (columns->kind < 0) {
        return FC_OK;
    }
    const char *text = csv->cells[columns->kind];
    for (uint32_t kind = (uint32_t)columns->type->first; kind <= (uint32_t)columns->type->last; kind++) {
        if (strcmp(text, fc_kernel_info_of((fc_kernel_kind)kind)->name) == 0) {
            row->kind = kind;
            return FC_OK;
        }
    }
    return fc_error_set(
        error, FC_BAD_INPUT, csv->source, row->line, 0, "the kernel \"%.40s\" is unknown; allowed are %s", text,
        columns->type->first == FC_KERNEL_PREFILL ? "prefill and decode"
                                                  : "all_reduce, all_gather, reduce_scatter and all_to_all");
}

static fc_status read_seconds(fc_kernel_row *row, const char *text, const char *what, const fc_csv *csv,
                              fc_error *error) {
    if (text[0] == '\0') {
        return FC_OK;
    }
    if (fc_units_parse(&row->seconds, text, FC_UNIT_NONE, NULL) != FC_OK || !(row->seconds > 0.0) ||
        row->seconds > MOST_SECONDS) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0,
                            "%s is \"%.40s\"; a time above 0 and up to 1e6 is needed, or nothing", what, text);
    }
    return FC_OK;
}

/* One kernel of the record: `row` knows its kind, or learns it. */
static fc_status read_kernel(fc_kernel_row *row, const table_columns *columns, const fc_csv *csv, fc_error *error) {
    row->line = csv->record_line;
    FC_TRY(read_kind(row, columns, csv, error));
    fc_text_slug(row->chip, sizeof row->chip, csv->cells[columns->chip]);
    if (row->chip[0] == '\0') {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, row->line, 0, "the chip has no name");
    }
    row->dtype = (uint32_t)fc_kernel_default_dtype(row->kind);
    if (columns->dtype >= 0) {
        FC_TRY(fc_kernel_dtype_parse(&row->dtype, csv->cells[columns->dtype], csv->source, row->line, error));
    }
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)row->kind);
    for (uint32_t i = 0; i < info->dims_count; i++) {
        FC_TRY(fc_kernel_dim_parse(row, i, csv->cells[columns->dims[i]], info->dims[i], csv->source, error));
    }
    const int column = columns->seconds[row->kind == FC_KERNEL_COMBINE];
    if (column >= 0) {
        const char *what = row->kind == FC_KERNEL_DISPATCH  ? "dispatch_s"
                           : row->kind == FC_KERNEL_COMBINE ? "combine_s"
                                                            : "seconds";
        FC_TRY(read_seconds(row, csv->cells[column], what, csv, error));
    }
    return fc_kernel_row_check(row, csv->source, error);
}

/* The kernels of a record: one, or one of each kind of the table. */
static fc_status read_record(fc_kernel_table *table, const table_columns *columns, const fc_csv *csv, fc_error *error) {
    const bool remark = columns->ends_in_remark && csv->cells_count > columns->count;
    if (csv->cells_count != columns->count && !remark) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                            "%zu cells where the heading has %zu", csv->cells_count, columns->count);
    }
    const uint32_t last = (uint32_t)(columns->kind >= 0 ? columns->type->first : columns->type->last);
    for (uint32_t kind = (uint32_t)columns->type->first; kind <= last; kind++) {
        fc_kernel_row *row = &table->rows[table->rows_count];
        row->kind = kind;
        FC_TRY(read_kernel(row, columns, csv, error));
        table->rows_count += 1;
    }
    return FC_OK;
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
    most *= columns.kind >= 0 ? 1U : (size_t)(columns.type->last - columns.type->first) + 1U;
    out->rows = fc_arena_alloc(arena, most * sizeof *out->rows);
    if (out->rows == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu rows", most);
    }
    for (;;) {
        FC_TRY(fc_csv_next(&found, &csv, error));
        if (!found) {
            break;
        }
        FC_TRY(read_record(out, &columns, &csv, error));
    }
    return out->rows_count > 0 ? FC_OK
                               : fc_error_set(error, FC_BAD_INPUT, path, 0, 0, "the table has a heading and no rows");
}
