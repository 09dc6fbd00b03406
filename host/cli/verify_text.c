#include "verify_text.h"

#include "../base/stats.h"
#include "../base/units.h"
#include "../doors/json_out.h"
#include "../doors/table.h"

#include <math.h>
#include <stdio.h>

static const char *const PART_NAMES[FC_TRAIN_PART_COUNT] = {"matmul", "attention", "memory_bound", "optimizer"};
static const fc_step_cause PART_CAUSES[FC_TRAIN_PART_COUNT] = {FC_STEP_MATMUL, FC_STEP_ATTENTION, FC_STEP_MEMORY_BOUND,
                                                               FC_STEP_OPTIMIZER};

double fc_verify_error_frac(const fc_verify_case *one) {
    return one->predicted.time_s / one->measured.median.step_s - 1;
}

int fc_verify_unstable(const fc_verify_report *report) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->cases_count; i++) {
        count += report->cases[i].measured.unstable;
    }
    return 2 * count > report->cases_count;
}

static double median_error(const fc_verify_report *report) {
    double errors[FC_LAYER_MOST_CASES];
    for (uint32_t i = 0; i < report->cases_count; i++) {
        errors[i] = fabs(fc_verify_error_frac(&report->cases[i]));
    }
    fc_stats_sort(errors, report->cases_count);
    return fc_stats_quantile(errors, report->cases_count, 0.5);
}

static const fc_verify_case *worst_case(const fc_verify_report *report) {
    const fc_verify_case *worst = &report->cases[0];
    for (uint32_t i = 1; i < report->cases_count; i++) {
        const fc_verify_case *one = &report->cases[i];
        worst = fabs(fc_verify_error_frac(one)) > fabs(fc_verify_error_frac(worst)) ? one : worst;
    }
    return worst;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void write_case(fc_json_out *json, const fc_verify_case *one) {
    const fc_train_options *o = &one->options;
    fc_json_out_object(json, NULL);
    fc_json_out_text(json, "name", one->name);
    fc_json_out_number(json, "predicted_s", one->predicted.time_s);
    fc_json_out_number(json, "measured_s", one->measured.median.step_s);
    fc_json_out_number(json, "error_frac", fc_verify_error_frac(one));
    fc_json_out_number(json, "fastest_s", one->measured.fastest_s);
    fc_json_out_number(json, "noise_frac", one->measured.noise_frac);
    fc_json_out_bool(json, "unstable", one->measured.unstable != 0);
    fc_json_out_number(json, "ceiling_frac", one->ceiling_frac);
    fc_json_out_object(json, "parts");
    for (int part = 0; part < FC_TRAIN_PART_COUNT; part++) {
        fc_json_out_object(json, PART_NAMES[part]);
        fc_json_out_number(json, "predicted_s", one->predicted.cause_s[PART_CAUSES[part]]);
        fc_json_out_number(json, "measured_s", one->measured.median.part_s[part]);
        fc_json_out_end_object(json);
    }
    fc_json_out_object(json, "launch");
    fc_json_out_number(json, "predicted_s", one->predicted.cause_s[FC_STEP_LAUNCH]);
    fc_json_out_null(json, "measured_s");
    fc_json_out_end_object(json);
    fc_json_out_end_object(json);
    fc_json_out_count(json, "layers", o->layers_count);
    fc_json_out_count(json, "hidden", o->hidden);
    fc_json_out_count(json, "heads", o->heads);
    fc_json_out_count(json, "ffn_hidden", o->ffn_hidden);
    fc_json_out_count(json, "vocab", o->vocab);
    fc_json_out_count(json, "seq_len", o->seq_len);
    fc_json_out_count(json, "batch", o->batch);
    fc_json_out_text(json, "norm", o->norm == FC_TRAIN_LAYER ? "layer" : "rms");
    fc_json_out_text(json, "mlp", o->mlp == FC_TRAIN_SWIGLU ? "swiglu" : "gelu");
    fc_json_out_end_object(json);
}

static fc_status write_json(fc_text *out, const fc_verify_report *report, fc_error *error) {
    fc_json_out json = fc_json_out_start(out);
    fc_json_out_object(&json, NULL);
    fc_json_out_count(&json, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&json, "calibration", report->calibration_path);
    fc_json_out_text(&json, "taken_at", report->calibration->taken_at);
    fc_json_out_text(&json, "device", report->calibration->device.name);
    fc_json_out_count(&json, "threads", report->calibration->device.threads);
    fc_json_out_bool(&json, "unstable", fc_verify_unstable(report));
    fc_json_out_number(&json, "median_abs_error_frac", median_error(report));
    fc_json_out_number(&json, "worst_abs_error_frac", fabs(fc_verify_error_frac(worst_case(report))));
    fc_json_out_list(&json, "cases");
    for (uint32_t i = 0; i < report->cases_count; i++) {
        write_case(&json, &report->cases[i]);
    }
    fc_json_out_end_list(&json);
    fc_json_out_list(&json, "skipped");
    for (uint32_t i = 0; i < report->skipped_count; i++) {
        fc_json_out_text(&json, NULL, report->skipped[i]);
    }
    fc_json_out_end_list(&json);
    fc_json_out_end_object(&json);
    return json.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result of verify is not a number") : FC_OK;
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

static void add_seconds(fc_table *table, double seconds) {
    char text[64];
    fc_units_format(text, sizeof text, seconds, FC_UNIT_S, 3);
    fc_table_cellf(table, "%s", text);
}

static fc_table *step_table(fc_arena *arena, const fc_verify_report *report) {
    static const char *const heading[] = {"case",  "seq x batch", "vocab",      "predicted", "measured",
                                          "error", "noise",       "of ceiling", NULL};
    fc_table *table = fc_table_start(arena, "lrrrrrrr");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < report->cases_count; i++) {
        const fc_verify_case *one = &report->cases[i];
        fc_table_cellf(table, "%s", one->name);
        fc_table_cellf(table, "%u x %u", one->options.seq_len, one->options.batch);
        fc_table_cellf(table, "%u", one->options.vocab);
        add_seconds(table, one->predicted.time_s);
        add_seconds(table, one->measured.median.step_s);
        fc_table_cellf(table, "%+.0f %%", 100.0 * fc_verify_error_frac(one));
        fc_table_cellf(table, "%.0f %%%s", 100.0 * one->measured.noise_frac, one->measured.unstable ? " unstable" : "");
        fc_table_cellf(table, "%.0f %%", 100.0 * one->ceiling_frac);
    }
    return table;
}

static fc_table *part_table(fc_arena *arena, const fc_verify_report *report) {
    static const char *const heading[] = {"case", "part", "predicted", "measured", "error", NULL};
    fc_table *table = fc_table_start(arena, "llrrr");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < report->cases_count; i++) {
        const fc_verify_case *one = &report->cases[i];
        for (int part = 0; part < FC_TRAIN_PART_COUNT; part++) {
            double predicted_s = one->predicted.cause_s[PART_CAUSES[part]];
            fc_table_cellf(table, "%s", part == 0 ? one->name : "");
            fc_table_cellf(table, "%s", PART_NAMES[part]);
            add_seconds(table, predicted_s);
            add_seconds(table, one->measured.median.part_s[part]);
            fc_table_cellf(table, "%+.0f %%", 100.0 * (predicted_s / one->measured.median.part_s[part] - 1.0));
        }
        fc_table_cellf(table, "%s", "");
        fc_table_cellf(table, "launch");
        add_seconds(table, one->predicted.cause_s[FC_STEP_LAUNCH]);
        fc_table_cellf(table, "in the others");
        fc_table_cellf(table, "%s", "");
    }
    return table;
}

static void write_ends(fc_text *out, const fc_verify_report *report, const fc_table *steps, const fc_table *parts,
                       int width, int markdown) {
    const fc_verify_case *worst = worst_case(report);
    fc_text_addf(out,
                 "The calibration alone predicts these %u training steps with a median error of %.0f %%; the worst is "
                 "%+.0f %% (%s).\n\n",
                 report->cases_count, 100.0 * median_error(report), 100.0 * fc_verify_error_frac(worst), worst->name);
    for (int i = 0; i < 2; i++) {
        const fc_table *table = i == 0 ? steps : parts;
        if (markdown) {
            fc_table_print_markdown(table, out);
        } else {
            fc_table_print(table, out, 0, width);
        }
        fc_text_add(out, "\n");
    }
    fc_text_addf(out,
                 "Measured on %u threads of this machine: medians of whole steps, fp32. Of ceiling: model FLOP of the "
                 "whole step per second,\nof the fitted matmul ceiling.\n",
                 report->calibration->device.threads);
    for (uint32_t i = 0; i < report->skipped_count; i++) {
        fc_text_addf(out, "Left out: %s\n", report->skipped[i]);
    }
    fc_text_addf(out, "\nNext: flopcast estimate %s\n", worst->again);
}

fc_status fc_verify_write(fc_text *out, const fc_verify_report *report, fc_format format, int width, fc_error *error) {
    if (format == FC_FORMAT_JSON) {
        return write_json(out, report, error);
    }
    fc_table *steps = step_table(out->arena, report);
    fc_table *parts = part_table(out->arena, report);
    if (steps == NULL || parts == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the result");
    }
    if (format == FC_FORMAT_CSV) {
        fc_table_print_csv(steps, out);
        return FC_OK;
    }
    write_ends(out, report, steps, parts, width, format == FC_FORMAT_MARKDOWN);
    return FC_OK;
}
