/* fit_runs.c: published runs → numbers of chips and stacks. */
#include "fit_runs.h"

#include "../base/calendar.h"
#include "../base/csv.h"
#include "../device/squares.h"
#include "../doors/fit_keep.h"
#include "../doors/fit_spec.h"
#include "../doors/runs.h"
#include "../doors/write_fit.h"
#include "flopcast/measure.h" /* the clock */
#include "studies.h"

#include <string.h>

#define SOURCE "command line"

/* ---- which tables ------------------------------------------------------------------------------------------------- */

static bool has_cell(const fc_csv *csv, const char *name) {
    for (size_t i = 0; i < csv->cells_count; i++) {
        if (strcmp(csv->cells[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_run_table(const char *path, fc_arena *room) {
    char *bytes = NULL;
    size_t size = 0;
    bool found = false;
    fc_csv csv;
    if (fc_file_read(&bytes, &size, room, path, NULL) != FC_OK) {
        return false;
    }
    fc_csv_start(&csv, path, bytes, size);
    return fc_csv_next(&found, &csv, NULL) == FC_OK && found && has_cell(&csv, "measured_metric") &&
           has_cell(&csv, "measured_value");
}

fc_status fc_fit_count_run_tables(int *out, const fc_context *context, fc_error *error) {
    *out = 0;
    for (int i = 0; i < context->args->positional_count; i++) {
        fc_arena *room = fc_arena_create(0);
        if (room == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to look at the tables");
        }
        *out += is_run_table(context->args->positional[i], room);
        fc_arena_destroy(room);
    }
    return FC_OK;
}

/* ---- the fit ------------------------------------------------------------------------------------------------------ */

/* MINPACK, behind the chain's back. Residuals are smooth to about 1e-12; derivatives are taken over a thousandth of a
 * range, wide enough to see past the corners of max() in the step. */
static fc_status solve(double *x, const fc_fit_task *task, fc_error *error) {
    double sum = 0;
    fc_squares squares = {.residuals = task->residuals,
                          .context = task->context,
                          .parameters_count = task->parameters_count,
                          .residuals_count = task->residuals_count,
                          .tolerance = 1e-7,
                          .step_frac = 1e-8,
                          .most_evaluations = 400 * ((int)task->parameters_count + 1)};
    return fc_squares_least(x, &sum, &squares, error);
}

/* Everything of one call. */
typedef struct run_fit {
    fc_context *context;
    fc_config config;
    fc_fit_spec spec;
    fc_fit_problem *problem;
    fc_fit_result result;
    fc_fit_left_out *left_out;
    uint32_t left_out_count;
    uint32_t fits_count;
    double fits_s;
    fc_fit_misses misses; /* of --leave-out each */
    fc_domain law;
    double coverage_frac;
    bool learned;
} run_fit;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the fit");
}

static fc_status fit_once(fc_fit_result *out, run_fit *fit, const uint8_t *mask, fc_error *error) {
    fc_arena *room = fc_arena_create(0); /* of its own: dozens of fits would fill the command's */
    if (room == NULL) {
        return no_memory(error);
    }
    double begin_s = fc_measure_now_s();
    fc_status status = fc_fit_runs(out, fit->problem, mask, solve, room, error);
    fit->fits_s += fc_measure_now_s() - begin_s;
    fit->fits_count += 1;
    fc_arena_destroy(room);
    return status;
}

/* The fit without what `name` means, and the full fit's errors on the same rows. */
static fc_status fit_without(fc_fit_left_out *out, uint8_t **out_mask, run_fit *fit, const char *name,
                             fc_error *error) {
    fc_arena *arena = fit->context->arena;
    uint8_t *mask = fc_arena_alloc(arena, fc_fit_counts_of(fit->problem).rows + 1u);
    fc_fit_result *without = fc_arena_alloc(arena, sizeof *without);
    fc_fit_result *with = fc_arena_alloc(arena, sizeof *with);
    if (mask == NULL || without == NULL || with == NULL) {
        return no_memory(error);
    }
    *with = fit->result;
    FC_TRY(fc_fit_leave_out(mask, fit->problem, name, error));
    FC_TRY(fit_once(without, fit, mask, error));
    FC_TRY(fc_fit_judge(with, fit->problem, mask, arena, error));
    *out = (fc_fit_left_out){.name = name, .without = without, .with = with, .coverage_frac = -1};
    *out_mask = mask;
    return FC_OK;
}

/* A family: what it was off by, left out and not. */
static fc_status leave_family_out(run_fit *fit, uint32_t family, fc_error *error) {
    uint8_t *mask = NULL;
    fc_fit_left_out *out = &fit->left_out[fit->left_out_count++];
    FC_TRY(fit_without(out, &mask, fit, fit->spec.families[family].name, error));
    FC_TRY(fc_fit_misses_add(&fit->misses, fit->problem, mask, out->without, FC_DOMAIN_LEFT_FAMILY, error));
    return fc_fit_misses_add(&fit->misses, fit->problem, mask, &fit->result, FC_DOMAIN_TOOK_PART, error);
}

/* Chips that many runs have: in no table, but the law of the error must know how far a new chip can be off. */
static fc_status leave_chips_out(run_fit *fit, fc_error *error) {
    const char *chips[FC_FIT_MOST_CHIPS];
    size_t count = fc_fit_misses_chips(chips, fit->problem);
    for (size_t i = 0; i < count; i++) {
        uint8_t *mask = NULL;
        fc_fit_left_out left;
        FC_TRY(fit_without(&left, &mask, fit, chips[i], error));
        FC_TRY(fc_fit_misses_add(&fit->misses, fit->problem, mask, left.without, FC_DOMAIN_LEFT_CHIP, error));
    }
    return FC_OK;
}

static fc_status learn_error(run_fit *fit, fc_error *error) {
    fc_arena *room = fc_arena_create(0);
    fc_fit_misses *misses = &fit->misses;
    if (room == NULL) {
        return no_memory(error);
    }
    fc_status status = fc_domain_learn(&fit->law, misses->samples, misses->samples_count, -1, room, error);
    for (uint32_t i = 0, f = 0; status == FC_OK && f < fit->spec.families_count; f++) {
        if (fc_fit_family_rows(fit->problem, f) > 0) {
            status = fc_fit_misses_coverage(&fit->left_out[i++].coverage_frac, misses, fit->problem, (int32_t)f, room,
                                            error);
        }
    }
    if (status == FC_OK) {
        status = fc_fit_misses_coverage(&fit->coverage_frac, misses, fit->problem, -1, room, error);
    }
    fit->learned = status == FC_OK;
    fc_arena_destroy(room);
    return status;
}

static fc_status leave_out_asked(run_fit *fit, fc_error *error) {
    const char *name = fc_args_value(fit->context->args, "--leave-out");
    if (name == NULL) {
        return FC_OK;
    }
    if (strcmp(name, "each") != 0) {
        uint8_t *mask = NULL;
        return fit_without(&fit->left_out[fit->left_out_count++], &mask, fit, name, error);
    }
    FC_TRY(fc_fit_misses_start(&fit->misses, fit->problem, fit->context->arena, error));
    for (uint32_t f = 0; f < fit->spec.families_count; f++) {
        if (fc_fit_family_rows(fit->problem, f) > 0) {
            FC_TRY(leave_family_out(fit, f, error));
        }
    }
    FC_TRY(leave_chips_out(fit, error));
    return learn_error(fit, error);
}

/* ---- in and out --------------------------------------------------------------------------------------------------- */

static fc_status read_rows(fc_run_table *out, run_fit *fit, fc_error *error) {
    const fc_args *args = fit->context->args;
    const char *own = NULL;
    const char *const *paths = args->positional;
    size_t count = (size_t)args->positional_count;
    if (count == 0) {
        FC_TRY(fc_runs_own_path(&own, &fit->config, error));
        paths = &own;
        count = 1;
    }
    FC_TRY(fc_runs_read(out, &fit->config, paths, count, error));
    if (out->faults_count > 0) {
        fc_note(fit->context, "%zu malformed lines are skipped, first %s", out->faults_count, out->faults->text);
    }
    return FC_OK;
}

static fc_status check_options(const fc_args *args, fc_error *error) {
    fc_date date;
    const char *day = fc_args_value(args, "--date");
    bool dated = day != NULL && strlen(day) == strlen("2026-01-01") && fc_date_parse(&date, day);
    if (fc_args_value(args, "--source") != NULL) {
        return fc_error_set(error, FC_USAGE, "--source", 0, 0,
                            "runs say their sources themselves; --source belongs to tables of kernels");
    }
    if (fc_args_value(args, "--write") != NULL && !dated) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "--write needs --date YYYY-MM-DD: a fitted number says when it was fitted");
    }
    return FC_OK;
}

/* The law of the error and the runs that it measures distances from. */
static fc_status keep_law(uint32_t *files_count, run_fit *fit, const fc_fit_kept *kept, fc_error *error) {
    if (!fit->learned) {
        fc_note(fit->context, "domain.yaml and domain.csv stay as they are: --leave-out each learns them");
        return FC_OK;
    }
    size_t rows = fc_fit_counts_of(fit->problem).rows;
    size_t count = 0;
    fc_domain_point *points = fc_arena_alloc(fit->context->arena, (rows + 1) * sizeof *points);
    if (points == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_fit_misses_points(points, &count, &fit->misses, fit->problem, &fit->result, error));
    FC_TRY(fc_fit_keep_domain(kept, &fit->law, points, count, fit->misses.samples_count, fit->context->arena, error));
    *files_count += 2;
    return FC_OK;
}

static fc_status keep(run_fit *fit, fc_error *error) {
    const fc_args *args = fit->context->args;
    uint32_t files_count = 0;
    fc_fit_kept kept = {.spec = &fit->spec,
                        .result = &fit->result,
                        .folder = fc_args_value(args, "--write"),
                        .date = fc_args_value(args, "--date")};
    if (kept.folder == NULL) {
        return FC_OK;
    }
    FC_TRY(fc_fit_keep(&files_count, &kept, fit->context->arena, error));
    for (uint32_t i = 0; i < fit->spec.parameters_count; i++) {
        if (fit->result.values[i].rows_count == 0) {
            fc_note(fit->context, "%s is not written: no run decides it", fit->spec.parameters[i].name);
        }
    }
    FC_TRY(keep_law(&files_count, fit, &kept, error));
    fc_note(fit->context, "%u files of %s written", files_count, kept.folder);
    return FC_OK;
}

static fc_status write_answer(const run_fit *fit, fc_format format, fc_error *error) {
    fc_text *out = &fit->context->out;
    fc_fit_page page = {.spec = &fit->spec,
                        .problem = fit->problem,
                        .result = &fit->result,
                        .left_out = fit->left_out,
                        .left_out_count = fit->left_out_count,
                        .law = fit->learned ? &fit->law : NULL,
                        .coverage_frac = fit->coverage_frac,
                        .fit_s = fit->fits_s / fit->fits_count};
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_fit_json(out, &page, error);
    case FC_FORMAT_CSV:
        fc_write_fit_csv(out, &page);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_fit_markdown(out, &page);
        return FC_OK;
    default:
        fc_write_fit_text(out, &page, fit->context->width);
        return FC_OK;
    }
}

fc_status fc_fit_run_tables(fc_context *context, fc_format format, fc_error *error) {
    fc_run_table table;
    run_fit *fit = fc_arena_alloc(context->arena, sizeof *fit);
    FC_TRY(check_options(context->args, error));
    if (fit == NULL) {
        return no_memory(error);
    }
    fit->context = context;
    fit->left_out = fc_arena_alloc(context->arena, FC_FIT_MOST_FAMILIES * sizeof *fit->left_out);
    if (fit->left_out == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_studies_config(&fit->config, context, error));
    FC_TRY(fc_fit_spec_read(&fit->spec, &fit->config.catalog, fc_args_value(context->args, "--spec"), error));
    FC_TRY(read_rows(&table, fit, error));
    FC_TRY(fc_fit_prepare(&fit->problem, &fit->spec, table.rows, table.count, context->arena, error));
    FC_TRY(fit_once(&fit->result, fit, NULL, error));
    FC_TRY(leave_out_asked(fit, error));
    fc_note(context, "%u parameters on %u runs: %.2f s a fit, %u evaluations of all runs", fit->spec.parameters_count,
            fit->result.rows_count, fit->fits_s / fit->fits_count, fit->result.evaluations_count);
    FC_TRY(keep(fit, error));
    return write_answer(fit, format, error);
}
