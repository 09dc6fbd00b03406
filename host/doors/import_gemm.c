/* import_gemm.c: a CSV of matmuls: m, n, k, dtype and a time or a rate, in any order, under a heading. */
#include "import_rows.h"

#include "../base/csv.h"
#include "../base/text.h"

#include <stdio.h>
#include <string.h>

typedef enum gemm_column {
    COLUMN_UNUSED = 0,
    COLUMN_M,
    COLUMN_N,
    COLUMN_K,
    COLUMN_BATCH,
    COLUMN_DTYPE,
    COLUMN_TIME, /* `scale` seconds */
    COLUMN_RATE, /* `scale` FLOP/s */
    COLUMN_COUNT
} gemm_column;

typedef struct column_name {
    const char *name;
    gemm_column column;
    double scale;
} column_name;

#define ALLOWED "m, n, k, dtype, batch, and one of seconds, ms, us, ns, TFLOP/s, GFLOP/s"

static const column_name column_names[] = {
    {"m", COLUMN_M, 1.0},
    {"n", COLUMN_N, 1.0},
    {"k", COLUMN_K, 1.0},
    {"batch", COLUMN_BATCH, 1.0},
    {"dtype", COLUMN_DTYPE, 1.0},
    {"seconds", COLUMN_TIME, 1.0},
    {"s", COLUMN_TIME, 1.0},
    {"time_s", COLUMN_TIME, 1.0},
    {"ms", COLUMN_TIME, 1e-3},
    {"time_ms", COLUMN_TIME, 1e-3},
    {"us", COLUMN_TIME, 1e-6},
    {"time_us", COLUMN_TIME, 1e-6},
    {"ns", COLUMN_TIME, 1e-9},
    {"time_ns", COLUMN_TIME, 1e-9},
    {"tflop/s", COLUMN_RATE, 1e12},
    {"tflops", COLUMN_RATE, 1e12},
    {"tflops/s", COLUMN_RATE, 1e12},
    {"tflop_per_s", COLUMN_RATE, 1e12},
    {"gflop/s", COLUMN_RATE, 1e9},
    {"gflops", COLUMN_RATE, 1e9},
    {"gflops/s", COLUMN_RATE, 1e9},
    {"gflop_per_s", COLUMN_RATE, 1e9},
};

typedef struct gemm_table {
    bool has[COLUMN_COUNT];
    size_t at[COLUMN_COUNT]; /* place in a record */
    double scale[COLUMN_COUNT];
    size_t columns_count;
} gemm_table;

static char *trim(char *cell) {
    cell += strspn(cell, " \t");
    size_t size = strlen(cell);
    while (size > 0 && (cell[size - 1] == ' ' || cell[size - 1] == '\t')) {
        cell[--size] = '\0';
    }
    return cell;
}

static const column_name *find_column(const char *name) {
    for (size_t i = 0; i < sizeof column_names / sizeof column_names[0]; i++) {
        if (fc_import_same(name, column_names[i].name)) {
            return &column_names[i];
        }
    }
    return NULL;
}

static void add_unused(fc_import_file *file, const char *name) {
    char clean[40];
    fc_text_excerpt(clean, sizeof clean, name);
    size_t used = strlen(file->unused);
    (void)snprintf(file->unused + used, sizeof file->unused - used, "%s%s", used > 0 ? ", " : "", clean);
}

static fc_status require(const gemm_table *table, const fc_importing *in, int32_t line, fc_error *error) {
    static const struct {
        gemm_column column;
        const char *name;
    } needed[] = {{COLUMN_M, "m"}, {COLUMN_N, "n"}, {COLUMN_K, "k"}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!table->has[needed[i].column]) {
            return fc_import_error(in, line, error, "there is no column %s; known columns are " ALLOWED,
                                   needed[i].name);
        }
    }
    if (!table->has[COLUMN_DTYPE] && in->options->dtype == FC_DTYPE_COUNT) {
        return fc_import_error(in, line, error, "there is no column dtype: add one, or --dtype bf16 for all rows");
    }
    if (!table->has[COLUMN_TIME] && !table->has[COLUMN_RATE]) {
        return fc_import_error(in, line, error, "no column tells a time and its unit%s%s; known columns are " ALLOWED,
                               in->file->unused[0] != '\0' ? "; unknown are " : "", in->file->unused);
    }
    return FC_OK;
}

static fc_status read_heading(gemm_table *out, fc_importing *in, const fc_csv *csv, fc_error *error) {
    *out = (gemm_table){.columns_count = csv->cells_count};
    for (size_t i = 0; i < csv->cells_count; i++) {
        const char *cell = trim(csv->cells[i]);
        const column_name *known = find_column(cell);
        if (known == NULL) {
            add_unused(in->file, cell);
            continue;
        }
        if (out->has[known->column]) {
            return fc_import_error(in, csv->record_line, error,
                                   "column %zu, %s, tells the same as column %zu; keep one", i + 1, known->name,
                                   out->at[known->column] + 1);
        }
        out->has[known->column] = true;
        out->at[known->column] = i;
        out->scale[known->column] = known->scale;
    }
    return require(out, in, csv->record_line, error);
}

static fc_status read_row(const gemm_table *table, fc_importing *in, const fc_csv *csv, fc_error *error) {
    static const char *const names[] = {"m", "n", "k", "batch"};
    static const gemm_column sizes[] = {COLUMN_M, COLUMN_N, COLUMN_K, COLUMN_BATCH};
    int32_t line = csv->record_line;
    if (csv->cells_count != table->columns_count) {
        return fc_import_error(in, line, error, "%zu columns found, %zu expected as in the heading", csv->cells_count,
                               table->columns_count);
    }
    double mnk_batch[4] = {1.0, 1.0, 1.0, 1.0};
    for (size_t i = 0; i < 4; i++) {
        if (table->has[sizes[i]]) {
            FC_TRY(fc_import_number(&mnk_batch[i], in, trim(csv->cells[table->at[sizes[i]]]), names[i], line, error));
        }
    }
    uint32_t dtype = in->options->dtype;
    if (table->has[COLUMN_DTYPE]) {
        const char *word = trim(csv->cells[table->at[COLUMN_DTYPE]]);
        if (!fc_import_dtype(&dtype, word)) {
            return fc_import_refuse_dtype(in, word, line, error);
        }
    }
    double value = 0.0;
    gemm_column timed = table->has[COLUMN_TIME] ? COLUMN_TIME : COLUMN_RATE;
    const char *what = timed == COLUMN_TIME ? "the time" : "the rate";
    FC_TRY(fc_import_number(&value, in, trim(csv->cells[table->at[timed]]), what, line, error));
    value *= table->scale[timed];
    double flop = 2.0 * mnk_batch[0] * mnk_batch[1] * mnk_batch[2] * mnk_batch[3];
    return fc_import_matmul(in, dtype, mnk_batch, timed == COLUMN_TIME ? value : flop / value, line, error);
}

fc_status fc_import_gemm_csv(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    fc_csv csv;
    gemm_table table;
    bool found = false;
    fc_csv_start(&csv, in->file->path, bytes, size);
    FC_TRY(fc_csv_next(&found, &csv, error));
    if (!found) {
        return fc_import_error(in, 0, error, "the file is empty: expected is a heading such as m,n,k,dtype,seconds");
    }
    FC_TRY(read_heading(&table, in, &csv, error));
    for (;;) {
        FC_TRY(fc_csv_next(&found, &csv, error));
        if (!found) {
            return FC_OK;
        }
        FC_TRY(read_row(&table, in, &csv, error));
    }
}
