/* domain_file.c: data/domain.csv, and the words for a distance. */
#include "domain_file.h"
#include "write_domain.h"

#include "../base/csv.h"
#include "../base/units.h"
#include "table.h"

#include <stdio.h> /* snprintf */
#include <string.h>

typedef enum column {
    COLUMN_NAME = 0,
    COLUMN_CHIP,
    COLUMN_FAMILY,
    COLUMN_PEAK,
    COLUMN_STACK,
    COLUMN_DTYPE,
    COLUMN_MOE,
    COLUMN_PARAMS,
    COLUMN_CHIPS,
    COLUMN_SEQ_LEN,
    COLUMN_RATIO,
    COLUMN_RUNS,
    COLUMN_COUNT
} column;

static const char *const COLUMNS[COLUMN_COUNT] = {"name",
                                                  "chip",
                                                  "family",
                                                  "peak_16bit",
                                                  "stack",
                                                  "dtype",
                                                  "moe",
                                                  "params_total",
                                                  "chips",
                                                  "seq_len",
                                                  "predicted_over_measured",
                                                  "runs"};

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static fc_status bad_cell(const fc_csv *csv, column at, const char *allowed, fc_error *error) {
    char found[FC_NAME_SIZE];
    fc_text_excerpt(found, sizeof found, csv->cells[at]);
    return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0, "%s is \"%s\"; allowed is %s",
                        COLUMNS[at], found, allowed);
}

static fc_status read_number(double *out, const fc_csv *csv, column at, double least, double most, fc_error *error) {
    bool read = fc_units_parse(out, csv->cells[at], FC_UNIT_COUNT, NULL) == FC_OK;
    if (!read || !(*out >= least && *out <= most)) {
        char allowed[80];
        (void)snprintf(allowed, sizeof allowed, "a number from %.3g to %.3g", least, most);
        return bad_cell(csv, at, allowed, error);
    }
    return FC_OK;
}

static fc_status read_dtype(uint32_t *out, const fc_csv *csv, fc_error *error) {
    for (uint32_t d = 0; d < FC_DTYPE_COUNT; ++d) {
        if (strcmp(fc_dtype_name((fc_dtype)d), csv->cells[COLUMN_DTYPE]) == 0) {
            *out = d;
            return FC_OK;
        }
    }
    return bad_cell(csv, COLUMN_DTYPE, "a number format such as bf16", error);
}

static fc_status read_text(char *out, size_t out_size, const fc_csv *csv, column at, fc_error *error) {
    if (csv->cells[at][0] == '\0' || !fc_text_copy(out, out_size, csv->cells[at])) {
        return bad_cell(csv, at, "a name of 1 to 63 bytes", error);
    }
    return FC_OK;
}

static fc_status read_point(fc_domain_point *out, const fc_csv *csv, fc_error *error) {
    double moe = 0;
    double ratio = 1;
    double runs = 1;
    memset(out, 0, sizeof *out);
    if (csv->cells_count != COLUMN_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0, "%zu cells; allowed are %d",
                            csv->cells_count, COLUMN_COUNT);
    }
    FC_TRY(read_text(out->name, sizeof out->name, csv, COLUMN_NAME, error));
    FC_TRY(read_text(out->chip, sizeof out->chip, csv, COLUMN_CHIP, error));
    FC_TRY(read_text(out->family, sizeof out->family, csv, COLUMN_FAMILY, error));
    FC_TRY(read_text(out->stack, sizeof out->stack, csv, COLUMN_STACK, error));
    FC_TRY(read_dtype(&out->dtype, csv, error));
    FC_TRY(read_number(&out->chip_flop_per_s, csv, COLUMN_PEAK, 0, 1e20, error));
    FC_TRY(read_number(&out->params_total_count, csv, COLUMN_PARAMS, 1, 1e18, error));
    FC_TRY(read_number(&out->chips_count, csv, COLUMN_CHIPS, 1, 1e9, error));
    FC_TRY(read_number(&out->seq_len, csv, COLUMN_SEQ_LEN, 1, 1e9, error));
    FC_TRY(read_number(&moe, csv, COLUMN_MOE, 0, 1, error));
    FC_TRY(read_number(&ratio, csv, COLUMN_RATIO, 1e-6, 1e6, error));
    FC_TRY(read_number(&runs, csv, COLUMN_RUNS, 1, FC_DOMAIN_MAX_POINTS, error));
    out->moe = moe > 0;
    out->error_frac = ratio - 1.0;
    out->runs_count = (uint32_t)runs;
    return FC_OK;
}

static fc_status read_heading(fc_csv *csv, fc_error *error) {
    bool found = false;
    FC_TRY(fc_csv_next(&found, csv, error));
    bool same = found && csv->cells_count == COLUMN_COUNT;
    for (int i = 0; same && i < COLUMN_COUNT; ++i) {
        same = strcmp(csv->cells[i], COLUMNS[i]) == 0;
    }
    return same ? FC_OK
                : fc_error_set(error, FC_BAD_INPUT, csv->source, csv->record_line, 0,
                               "this is no table of measured runs; `flopcast fit --leave-out each --write data "
                               "--date DAY` writes one");
}

static size_t count_lines(const char *bytes) {
    size_t count = 0;
    for (const char *at = bytes; (at = strchr(at, '\n')) != NULL; ++at) {
        count += 1;
    }
    return count;
}

fc_status fc_domain_points_read(fc_domain_points *out, const fc_config *config, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    bool found = true;
    fc_csv csv;
    *out = (fc_domain_points){NULL, 0};
    const char *path = fc_arena_printf(config->arena, "%s/domain.csv", config->catalog.data_folder);
    if (path != NULL && !fc_file_exists(path)) {
        return FC_OK;
    }
    if (path == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the measured runs");
    }
    FC_TRY(fc_file_read(&bytes, &size, config->arena, path, error));
    size_t room = count_lines(bytes) + 1;
    fc_domain_point *points = fc_arena_alloc(config->arena, room * sizeof *points);
    if (points == NULL || room > FC_DOMAIN_MAX_POINTS) {
        return fc_error_set(error, points == NULL ? FC_FAILED : FC_OVER_LIMIT, path, 0, 0,
                            "%zu lines of measured runs; %d are the most", room, FC_DOMAIN_MAX_POINTS);
    }
    fc_csv_start(&csv, path, bytes, size);
    FC_TRY(read_heading(&csv, error));
    for (;;) {
        FC_TRY(fc_csv_next(&found, &csv, error));
        if (!found) {
            out->points = points;
            return FC_OK;
        }
        FC_TRY(read_point(&points[out->count++], &csv, error));
    }
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

void fc_domain_points_write(fc_text *text, const fc_domain_point *points, size_t count) {
    fc_table *table = fc_table_start(text->arena, "llllllllllll");
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_heading(table, COLUMNS);
    for (size_t i = 0; i < count; ++i) {
        const fc_domain_point *p = &points[i];
        fc_table_cellf(table, "%s", p->name);
        fc_table_cellf(table, "%s", p->chip);
        fc_table_cellf(table, "%s", p->family);
        fc_table_cellf(table, "%.6g", p->chip_flop_per_s);
        fc_table_cellf(table, "%s", p->stack);
        fc_table_cellf(table, "%s", fc_dtype_name((fc_dtype)p->dtype));
        fc_table_cellf(table, "%d", p->moe);
        fc_table_cellf(table, "%.6g", p->params_total_count);
        fc_table_cellf(table, "%.0f", p->chips_count);
        fc_table_cellf(table, "%.0f", p->seq_len);
        fc_table_cellf(table, "%.4g", 1.0 + p->error_frac);
        fc_table_cellf(table, "%u", p->runs_count);
    }
    fc_table_print_csv(table, text);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* The fact of the default keeps its key and source, and tells what became of it. */
static fc_status retell(fc_fact *fact, const fc_study *study, const fc_spread *spread, fc_arena *arena,
                        fc_error *error) {
    char axes[FC_TEXT_SIZE];
    const fc_domain *domain = &study->domain;
    (void)fc_domain_say_axes(axes, sizeof axes, domain);
    fact->text = fc_arena_printf(arena, "{low: %.3g, mid: %.3g, high: %.3g}", spread->low, spread->mid, spread->high);
    fact->note = fc_arena_printf(
        arena,
        "measured over predicted step time at distance %.1f from the nearest measured run, %s, whose step is "
        "%+.0f %% off%s%s; learned from runs left out of the fit (docs/accuracy.md)",
        domain->distance, domain->nearest, 100.0 * domain->nearest_error_frac, axes[0] != '\0' ? ": " : "", axes);
    return fact->text != NULL && fact->note != NULL
               ? FC_OK
               : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

fc_status fc_domain_tell(fc_study *study, fc_loading *loading, fc_error *error) {
    fc_domain_points points;
    FC_TRY(fc_domain_points_read(&points, loading->config, error));
    fc_domain_place(study, points.points, points.count);
    const fc_spread *spread = fc_domain_spread(study);
    if (!study->domain.placed || study->domain.error_stated || spread == NULL) {
        return FC_OK;
    }
    for (fc_fact *fact = loading->reader.first_fact; fact != NULL; fact = fact->next) {
        if (strcmp(fact->key, "estimate.step_time_factor") == 0) {
            FC_TRY(retell(fact, study, spread, loading->config->arena, error));
        }
    }
    return FC_OK;
}
