/* cmd_validate.c: published runs through the chain, predicted beside measured. */
#include "cmd.h"
#include "studies.h"

#include "../doors/runs.h"
#include "../doors/write_validate.h"

#include <string.h>

#define SOURCE "command line"

/* The tables of the command line, or the project's own. */
static fc_status find_tables(const char *const **out, size_t *out_count, const fc_context *context,
                             const fc_config *config, fc_error *error) {
    const fc_args *args = context->args;
    if (args->positional_count > 0) {
        *out = args->positional;
        *out_count = (size_t)args->positional_count;
        return FC_OK;
    }
    const char **own = fc_arena_alloc(context->arena, sizeof *own);
    if (own == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_runs_own_path(own, config, error));
    *out = own;
    *out_count = 1;
    return FC_OK;
}

/* An error is at most eight lines, and so are these. */
static void tell_faults(const fc_context *context, const fc_run_table *table) {
    const size_t most = 5;
    size_t told = 0;
    if (table->unused[0] != '\0') {
        fc_note(context, "columns that are not known and not used: %s", table->unused);
    }
    for (const fc_run_fault *fault = table->faults; fault != NULL && told < most; fault = fault->next) {
        fc_note(context, "%s; the line is skipped", fault->text);
        told += 1;
    }
    if (table->faults_count > told) {
        fc_note(context, "%zu malformed lines more are skipped", table->faults_count - told);
    }
}

static fc_status find_row(const fc_run_row **out, const fc_run_table *table, const char *id, fc_error *error) {
    const char *names[FC_RUNS_MAX_ROWS];
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].id, id) == 0) {
            *out = &table->rows[i];
            return FC_OK;
        }
        names[i] = table->rows[i].id;
    }
    const char *nearest = fc_text_nearest(id, names, table->count);
    return fc_error_set(error, FC_USAGE, "--row", 0, 0, "no row is called \"%.80s\"%s%s%s", id,
                        nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "\"?" : "");
}

static fc_status write_row(fc_context *context, const fc_run_row *row, fc_format format, fc_error *error) {
    fc_run_report report;
    fc_step step;
    if (format != FC_FORMAT_TEXT && format != FC_FORMAT_JSON) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "one row is told as text or json");
    }
    FC_TRY(fc_runs_score(&report, row, 1, context->arena, error));
    const fc_run_score *score = &report.scores[0];
    if (score->predicted) {
        FC_TRY(fc_runs_step(&step, NULL, row, error));
    }
    const fc_step *known = score->predicted ? &step : NULL;
    if (format == FC_FORMAT_JSON) {
        return fc_write_run_json(&context->out, score, known, error);
    }
    fc_write_run_text(&context->out, score, known, context->width);
    return FC_OK;
}

static fc_status write_all(fc_context *context, const fc_run_table *table, fc_format format, fc_error *error) {
    fc_run_report report;
    fc_text asked = fc_text_start(context->arena);
    for (int i = 0; i < context->args->positional_count; i++) {
        fc_text_addf(&asked, "%s%s", i > 0 ? " " : "", context->args->positional[i]);
    }
    FC_TRY(fc_runs_score(&report, table->rows, table->count, context->arena, error));
    fc_run_page page = {
        .report = &report, .asked = asked.bytes != NULL ? asked.bytes : "", .faults_count = table->faults_count};
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_validate_json(&context->out, &page, error);
    case FC_FORMAT_CSV:
        fc_write_validate_csv(&context->out, &page);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_validate_markdown(&context->out, &page);
        return FC_OK;
    case FC_FORMAT_SVG:
        fc_write_validate_svg(&context->out, &page);
        return FC_OK;
    default:
        fc_write_validate_text(&context->out, &page, context->width);
        return FC_OK;
    }
}

static fc_status run_validate(fc_context *context, fc_error *error) {
    fc_config config;
    fc_run_table table;
    fc_format format = FC_FORMAT_TEXT;
    const char *const *paths = NULL;
    const fc_run_row *row = NULL;
    size_t paths_count = 0;
    const char *id = fc_args_value(context->args, "--row");
    FC_TRY(fc_args_format(&format, context->args, "tjcms", error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(find_tables(&paths, &paths_count, context, &config, error));
    FC_TRY(fc_runs_read(&table, &config, paths, paths_count, error));
    tell_faults(context, &table);
    if (id == NULL) {
        return write_all(context, &table, format, error);
    }
    FC_TRY(find_row(&row, &table, id, error));
    return write_row(context, row, format, error);
}

static const fc_option options[] = {
    {"--row", "ID", false, "one run alone: its study, its plan, and where the predicted step goes"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_validate = {
    .name = "validate",
    .synopsis = "[RUNS.csv…] [--row ID]",
    .help =
        "how far predictions are from published training runs, by group, row by row, or as a picture (--format svg)",
    .example = "flopcast validate --row korthikanti-t5-175B-selective",
    .options = options,
    .run = run_validate,
};
