/* runs.c: tables of published runs, line by line, into rows. */
#include "runs_row.h"
#include "runs.h"

#include "../base/csv.h"
#include "../base/text.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BROKEN = 100 }; /* lines with broken quotes: each costs a look through the rest of the file */

/* One table while it is read. */
typedef struct run_file {
    const char *path;
    char *bytes;    /* taken apart by the reader of records */
    char *pristine; /* as read: where a record breaks, reading goes on behind its first line */
    size_t size;
    fc_csv csv;
    int cell_of[FC_RUN_COLUMN_COUNT]; /* place of a column in a record; -1: not there */
    size_t columns_count;
    size_t broken_count;
} run_file;

/* Rows and faults of all tables. */
typedef struct run_list {
    fc_run_reader *reader;
    fc_run_table *table;
    size_t capacity;
    fc_run_fault *last_fault;
} run_list;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table of runs");
}

static fc_status add_fault(run_list *list, const char *text, fc_error *error) {
    list->table->faults_count += 1;
    if (list->table->faults_count > FC_RUNS_MAX_FAULTS) {
        return FC_OK;
    }
    fc_arena *arena = list->reader->config->arena;
    fc_run_fault *fault = fc_arena_alloc(arena, sizeof *fault);
    char *copy = fc_arena_strdup(arena, text);
    if (fault == NULL || copy == NULL) {
        return no_memory(error);
    }
    fault->text = copy;
    if (list->last_fault != NULL) {
        list->last_fault->next = fault;
    } else {
        list->table->faults = fault;
    }
    list->last_fault = fault;
    return FC_OK;
}

/* ---- the heading ------------------------------------------------------------------------------------------------ */

static int find_cell(const fc_csv *csv, const char *name) {
    for (size_t i = 0; i < csv->cells_count; ++i) {
        if (strcmp(csv->cells[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static fc_status refuse_twice(const fc_csv *csv, fc_error *error) {
    for (size_t i = 0; i < csv->cells_count; ++i) {
        if (find_cell(csv, csv->cells[i]) != (int)i) {
            return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                                "the column \"%.60s\" stands twice; give each column a name of its own", csv->cells[i]);
        }
    }
    return FC_OK;
}

static bool is_among(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A column that is misspelt would else be blank in every row, unseen. */
static void list_unused(fc_run_table *table, const fc_csv *csv) {
    static const char *const told_elsewhere[] = {"source_checked", "params_total", "params_active",
                                                 "complete_for_step_model"};
    for (size_t i = 0; i < csv->cells_count; ++i) {
        char name[FC_NAME_SIZE];
        fc_text_excerpt(name, sizeof name, csv->cells[i]);
        if (!is_among(csv->cells[i], FC_RUN_COLUMNS, FC_RUN_COLUMN_COUNT) &&
            !is_among(csv->cells[i], told_elsewhere, sizeof told_elsewhere / sizeof told_elsewhere[0])) {
            fc_run_list(table->unused, sizeof table->unused, name);
        }
    }
}

static fc_status read_heading(run_file *file, fc_error *error) {
    static const fc_run_column needed[] = {FC_RUN_ID, FC_RUN_CHIP, FC_RUN_METRIC, FC_RUN_VALUE};
    bool found = false;
    FC_TRY(fc_csv_next(&found, &file->csv, error));
    if (!found) {
        return fc_error_set(error, FC_BAD_INPUT, file->path, 0, 0,
                            "the table is empty; its first line names the columns");
    }
    FC_TRY(refuse_twice(&file->csv, error));
    for (int i = 0; i < FC_RUN_COLUMN_COUNT; ++i) {
        file->cell_of[i] = find_cell(&file->csv, FC_RUN_COLUMNS[i]);
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; ++i) {
        if (file->cell_of[needed[i]] < 0) {
            return fc_error_set(error, FC_BAD_INPUT, file->path, file->csv.record_line, 0,
                                "the column \"%s\" is missing; a table of runs has id, chip, measured_metric and "
                                "measured_value at least, in any order",
                                FC_RUN_COLUMNS[needed[i]]);
        }
    }
    file->columns_count = file->csv.cells_count;
    return FC_OK;
}

static fc_status open_file(run_file *out, const fc_config *config, const char *path, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->path = path;
    FC_TRY(fc_file_read(&out->bytes, &out->size, config->arena, path, error));
    out->pristine = fc_arena_alloc(config->arena, out->size + 1);
    if (out->pristine == NULL) {
        return no_memory(error);
    }
    memcpy(out->pristine, out->bytes, out->size);
    fc_csv_start(&out->csv, path, out->bytes, out->size);
    return read_heading(out, error);
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static fc_run_cells cells_of(const run_file *file) {
    fc_run_cells cells;
    for (int i = 0; i < FC_RUN_COLUMN_COUNT; ++i) {
        cells.text[i] = file->cell_of[i] >= 0 ? file->csv.cells[file->cell_of[i]] : "";
    }
    return cells;
}

static fc_status grow(run_list *list, fc_error *error) {
    const size_t first = 64;
    if (list->table->count < list->capacity) {
        return FC_OK;
    }
    size_t capacity = list->capacity > 0 ? 2 * list->capacity : first;
    capacity = capacity > FC_RUNS_MAX_ROWS ? FC_RUNS_MAX_ROWS : capacity;
    fc_run_row *rows = fc_arena_alloc(list->reader->config->arena, capacity * sizeof *rows);
    if (rows == NULL) {
        return no_memory(error);
    }
    if (list->table->count > 0) {
        memcpy(rows, list->table->rows, list->table->count * sizeof *rows);
    }
    list->table->rows = rows;
    list->capacity = capacity;
    return FC_OK;
}

static fc_status add_row(run_list *list, const run_file *file, fc_error *error) {
    char text[FC_TEXT_SIZE];
    if (file->csv.cells_count != file->columns_count) {
        (void)snprintf(text, sizeof text, "%.160s:%d: %zu cells where the heading has %zu", file->path,
                       file->csv.record_line, file->csv.cells_count, file->columns_count);
        return add_fault(list, text, error);
    }
    if (list->table->count == FC_RUNS_MAX_ROWS) {
        return fc_error_set(error, FC_OVER_LIMIT, file->path, file->csv.record_line, 0,
                            "more than %d rows in one call; split the table", FC_RUNS_MAX_ROWS);
    }
    FC_TRY(grow(list, error));
    fc_run_row *row = &list->table->rows[list->table->count++];
    fc_run_cells cells = cells_of(file);
    memset(row, 0, sizeof *row);
    (void)fc_text_copy(row->file, sizeof row->file, file->path);
    row->line = file->csv.record_line;
    return fc_run_read_row(row, list->reader, &cells, error);
}

/* The record that began at `start` on `line` is broken: tell it, and go on with the next line. */
static fc_status pass_broken(run_list *list, run_file *file, size_t start, int line, const fc_error *fault,
                             fc_error *error) {
    enum { MOST_TEXT = 400 };
    char text[FC_TEXT_SIZE + MOST_TEXT];
    (void)snprintf(text, sizeof text, "%.160s:%d: %zu whole cells where the heading has %zu: in line %d %.200s",
                   file->path, line, file->csv.cells_count, file->columns_count, fault->line, fault->text);
    if (++file->broken_count > MOST_BROKEN) {
        return fc_error_set(error, FC_OVER_LIMIT, file->path, line, 0,
                            "more than %d lines with broken quotes; is this a table of runs?", MOST_BROKEN);
    }
    FC_TRY(add_fault(list, text, error));
    const char *line_end = memchr(file->pristine + start, '\n', file->size - start);
    size_t next = line_end != NULL ? (size_t)(line_end - file->pristine) + 1 : file->size;
    memcpy(file->bytes + next, file->pristine + next, file->size - next);
    file->csv.cursor = file->bytes + next;
    file->csv.line = line + 1;
    return FC_OK;
}

static fc_status read_file(run_list *list, const char *path, fc_error *error) {
    run_file file;
    FC_TRY(open_file(&file, list->reader->config, path, error));
    list_unused(list->table, &file.csv);
    for (;;) {
        bool found = false;
        size_t start = (size_t)(file.csv.cursor - file.bytes);
        int line = file.csv.line;
        fc_error fault;
        memset(&fault, 0, sizeof fault);
        if (fc_csv_next(&found, &file.csv, &fault) != FC_OK) {
            FC_TRY(pass_broken(list, &file, start, line, &fault, error));
            continue;
        }
        if (!found) {
            return FC_OK;
        }
        FC_TRY(add_row(list, &file, error));
    }
}

fc_status fc_runs_read(fc_run_table *out, const fc_config *config, const char *const *paths, size_t paths_count,
                       fc_error *error) {
    fc_run_reader reader;
    memset(out, 0, sizeof *out);
    FC_TRY(fc_run_reader_start(&reader, config, error));
    run_list list = {.reader = &reader, .table = out};
    for (size_t i = 0; i < paths_count; ++i) {
        FC_TRY(read_file(&list, paths[i], error));
    }
    if (out->count == 0) {
        const char *first = out->faults != NULL ? out->faults->text : "no line follows its heading";
        return fc_error_set(error, FC_BAD_INPUT, paths_count > 0 ? paths[0] : NULL, 0, 0,
                            "there is no row in this table: %s", first);
    }
    return FC_OK;
}

fc_status fc_runs_own_path(const char **out, const fc_config *config, fc_error *error) {
    *out = fc_arena_printf(config->arena, "%s/runs/published.csv", config->catalog.data_folder);
    return *out != NULL ? FC_OK : no_memory(error);
}
