/* cmd_fit.c: measured kernel tables → the curves of data/calibrations; published runs: fit_runs.c. */
#include "cmd.h"
#include "fit_runs.h"

#include "../base/calendar.h"
#include "../doors/json_out.h"
#include "../doors/kernel_file.h"
#include "../doors/kernel_table.h"
#include "../doors/table.h"

#include <string.h>

#define SOURCE "command line"
#define MOST_SETS 64

typedef struct fit_command {
    fc_context *context;
    fc_catalog catalog;
    const char *folder; /* --write or NULL */
    const char *title;
    const char *date;
    fc_kernel_set *sets;
    size_t sets_count;
} fit_command;

static fc_status set_of(fc_kernel_set **out, fit_command *command, const char *chip, fc_error *error) {
    for (size_t i = 0; i < command->sets_count; i++) {
        if (strcmp(command->sets[i].chip, chip) == 0) {
            *out = &command->sets[i];
            return FC_OK;
        }
    }
    if (command->sets_count == MOST_SETS) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "more than %d chips in one fit", MOST_SETS);
    }
    *out = &command->sets[command->sets_count++];
    (void)fc_text_copy((*out)->chip, sizeof(*out)->chip, chip);
    return FC_OK;
}

/* The started curve on the rows of its chip, in memory of its own: dozens of fits would fill the command's. */
static fc_status fit_rows(fc_kernel_curve *curve, const fc_kernel_table *table, const char *chip, fc_error *error) {
    fc_arena *room = fc_arena_create(0);
    size_t count = 0;
    fc_kernel_row *rows = room != NULL ? fc_arena_alloc(room, table->rows_count * sizeof *rows) : NULL;
    for (size_t i = 0; rows != NULL && i < table->rows_count; i++) {
        if (strcmp(table->rows[i].chip, chip) == 0) {
            rows[count++] = table->rows[i];
        }
    }
    fc_status status = rows != NULL ? fc_kernel_fit(curve, rows, count, room, error)
                                    : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the rows of %s", chip);
    fc_arena_destroy(room);
    return status;
}

/* Fits the chip, kind and dtype of `first` on all rows of the table that share them; nothing when that was done. */
static fc_status fit_group(fit_command *command, const fc_kernel_table *table, const fc_kernel_row *first,
                           fc_error *error) {
    fc_kernel_set *set = NULL;
    FC_TRY(set_of(&set, command, first->chip, error));
    if (fc_kernel_find(set, (fc_kernel_kind)first->kind, (fc_dtype)first->dtype) != NULL) {
        return FC_OK;
    }
    if (set->curves_count == FC_KERNEL_MAX_CURVES) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "more than %d curves of %s", FC_KERNEL_MAX_CURVES,
                            set->chip);
    }
    fc_kernel_sheet sheet;
    fc_dtype rate = first->kind == FC_KERNEL_GEMM ? (fc_dtype)first->dtype : FC_DTYPE_BF16;
    FC_TRY(fc_kernel_sheet_read(&sheet, &command->catalog, first->chip, rate, error));
    fc_kernel_curve *curve = &set->curves[set->curves_count];
    fc_kernel_start(curve, (fc_kernel_kind)first->kind, (fc_dtype)first->dtype, &sheet);
    FC_TRY(fit_rows(curve, table, set->chip, error));
    set->curves_count += 1;
    fc_note(command->context, "%s %s %s: fitted to %u shapes, %u held out", set->chip,
            fc_dtype_name((fc_dtype)curve->dtype), fc_kernel_info_of((fc_kernel_kind)curve->kind)->name,
            curve->fitted_count, curve->heldout_count);
    return FC_OK;
}

static fc_status write_sets(fit_command *command, fc_error *error) {
    for (size_t i = 0; command->folder != NULL && i < command->sets_count; i++) {
        fc_text text = fc_text_start(command->context->arena);
        fc_kernel_file_write(&text, &command->sets[i], command->title, command->date);
        const char *path =
            fc_arena_printf(command->context->arena, "%s/%s.yaml", command->folder, command->sets[i].chip);
        if (path == NULL || text.failed) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the file of %s", command->sets[i].chip);
        }
        FC_TRY(fc_file_write(path, text.bytes, text.size, error));
    }
    return FC_OK;
}

static fc_table *error_table(const fit_command *command) {
    static const char *const heading[] = {"chip", "dtype", "op", "fitted", "held out", "median error", "p90 error"};
    fc_table *table = fc_table_start(command->context->arena, "lllrrrr");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (size_t i = 0; i < command->sets_count; i++) {
        for (uint32_t j = 0; j < command->sets[i].curves_count; j++) {
            const fc_kernel_curve *curve = &command->sets[i].curves[j];
            fc_table_cellf(table, "%s", command->sets[i].chip);
            fc_table_cellf(table, "%s", fc_dtype_name((fc_dtype)curve->dtype));
            fc_table_cellf(table, "%s", fc_kernel_info_of((fc_kernel_kind)curve->kind)->name);
            fc_table_cellf(table, "%u", curve->fitted_count);
            fc_table_cellf(table, "%u", curve->heldout_count);
            fc_table_cellf(table, "%.1f %%", 100.0 * curve->heldout_median_abs_error_frac);
            fc_table_cellf(table, "%.1f %%", 100.0 * curve->heldout_p90_abs_error_frac);
        }
    }
    return table;
}

static fc_status write_json(const fit_command *command, fc_error *error) {
    fc_json_out json = fc_json_out_start(&command->context->out);
    fc_json_out_object(&json, NULL);
    fc_json_out_count(&json, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&json, "command", "fit");
    fc_json_out_text(&json, "flopcast_version", FC_VERSION);
    fc_json_out_list(&json, "curves");
    for (size_t i = 0; i < command->sets_count; i++) {
        for (uint32_t j = 0; j < command->sets[i].curves_count; j++) {
            const fc_kernel_curve *curve = &command->sets[i].curves[j];
            fc_json_out_object(&json, NULL);
            fc_json_out_text(&json, "chip", command->sets[i].chip);
            fc_json_out_text(&json, "dtype", fc_dtype_name((fc_dtype)curve->dtype));
            fc_json_out_text(&json, "op", fc_kernel_info_of((fc_kernel_kind)curve->kind)->name);
            fc_json_out_count(&json, "fitted_count", curve->fitted_count);
            fc_json_out_count(&json, "heldout_count", curve->heldout_count);
            fc_json_out_number(&json, "heldout_median_abs_error_frac", curve->heldout_median_abs_error_frac);
            fc_json_out_number(&json, "heldout_p90_abs_error_frac", curve->heldout_p90_abs_error_frac);
            fc_json_out_end_object(&json);
        }
    }
    fc_json_out_end_list(&json);
    fc_json_out_end_object(&json);
    return json.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of the fit was not finite") : FC_OK;
}

static fc_status write_answer(const fit_command *command, fc_format format, fc_error *error) {
    if (format == FC_FORMAT_JSON) {
        return write_json(command, error);
    }
    fc_text *out = &command->context->out;
    fc_table *table = error_table(command);
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    if (format == FC_FORMAT_CSV) {
        fc_table_print_csv(table, out);
    } else if (format == FC_FORMAT_MARKDOWN) {
        fc_table_print_markdown(table, out);
    } else {
        fc_text_add(out, "Errors of shapes that the fit did not see\n\n");
        fc_table_print(table, out, 2, command->context->width);
    }
    return FC_OK;
}

static fc_status parse_options(fit_command *command, fc_error *error) {
    const fc_args *args = command->context->args;
    fc_date date;
    command->folder = fc_args_value(args, "--write");
    command->title = fc_args_value(args, "--source");
    command->date = fc_args_value(args, "--date");
    if (fc_args_value(args, "--leave-out") != NULL || fc_args_value(args, "--spec") != NULL) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "--leave-out and --spec belong to tables of published runs (columns measured_metric and "
                            "measured_value); a fit of kernels keeps shapes out by itself");
    }
    if (command->folder == NULL) {
        return FC_OK;
    }
    bool plain = command->title != NULL && strpbrk(command->title, "\"\\\n\r\t") == NULL;
    if (!plain || command->date == NULL || !fc_date_parse(&date, command->date)) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "--write needs --source TEXT (without quotes) and --date YYYY-MM-DD: what ships says where "
                            "it comes from");
    }
    return FC_OK;
}

static fc_status fit_kernels(fc_context *context, fc_format format, fc_error *error) {
    fit_command command = {.context = context};
    FC_TRY(parse_options(&command, error));
    FC_TRY(fc_catalog_open(&command.catalog, context->arena, context->data_folder, error));
    command.sets = fc_arena_alloc(context->arena, MOST_SETS * sizeof *command.sets);
    if (command.sets == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    for (int i = 0; i < context->args->positional_count; i++) {
        fc_kernel_table table;
        FC_TRY(fc_kernel_table_read(&table, context->arena, context->args->positional[i], error));
        for (size_t j = 0; j < table.rows_count; j++) {
            FC_TRY(fit_group(&command, &table, &table.rows[j], error));
        }
    }
    FC_TRY(write_sets(&command, error));
    return write_answer(&command, format, error);
}

/* A table is told by its columns. */
static fc_status run_fit(fc_context *context, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    int run_tables = 0;
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    FC_TRY(fc_fit_count_run_tables(&run_tables, context, error));
    if (run_tables == context->args->positional_count) {
        return fc_fit_run_tables(context, format, error);
    }
    if (run_tables > 0) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "%d of these tables hold published runs and %d single kernels: fit the kernels first, then "
                            "the runs",
                            run_tables, context->args->positional_count - run_tables);
    }
    return fit_kernels(context, format, error);
}

static const fc_option options[] = {
    {"--write", "FOLDER", false,
     "kernels: one FOLDER/<chip>.yaml a chip, as data/calibrations has them; runs: the fitted lines of FOLDER/stacks "
     "and "
     "FOLDER/chips"},
    {"--source", "TEXT", false, "kernels: who measured the tables, for those files"},
    {"--date", "DATE", false, "when, for those files"},
    {"--leave-out", "NAME", false, "runs: fit without a family, group or chip and judge on it; `each`: every family"},
    {"--spec", "FILE", false, "runs: what is fitted, instead of data/fit.yaml"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_fit = {
    .name = "fit",
    .synopsis = "[TABLE.csv…] [--leave-out NAME] [--write FOLDER --date DATE]",
    .help =
        "curves of kernels fitted to measured tables; numbers of chips and stacks fitted to published runs, with their "
        "spread and the error on what was left out",
    .example = "flopcast fit --leave-out each",
    .options = options,
    .run = run_fit,
};
