/* write_validate_data.c: the rows for other programs: JSON and CSV. */
#include "write_validate.h"

#include "plan_words.h"
#include "table.h"

#include "../base/units.h"

#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void number_or_null(fc_json_out *out, const char *key, double value, bool known) {
    if (known) {
        fc_json_out_number(out, key, value);
    } else {
        fc_json_out_null(out, key);
    }
}

static void text_if_any(fc_json_out *out, const char *key, const char *value) {
    if (value[0] != '\0') {
        fc_json_out_text(out, key, value);
    }
}

static void write_plan(fc_json_out *out, const fc_plan *plan) {
    fc_json_out_object(out, "plan");
    fc_write_plan_members(out, plan);
    fc_json_out_end_object(out);
}

void fc_write_run_members(fc_json_out *out, const fc_run_score *score) {
    const fc_run_row *row = score->row;
    fc_json_out_text(out, "id", row->id);
    fc_json_out_text(out, "group", row->group);
    fc_json_out_text(out, "metric", row->metric);
    number_or_null(out, "metric_value", row->measured_value, row->measured_value > 0);
    text_if_any(out, "scored_on", row->scored_on);
    number_or_null(out, "predicted", score->predicted_s, score->predicted);
    number_or_null(out, "measured", row->measured_s, row->measured_s > 0);
    number_or_null(out, "error_frac", score->error_frac, score->predicted);
    fc_json_out_bool(out, "plan_complete", row->plan_complete);
    fc_json_out_bool(out, "scored", score->scored);
    fc_json_out_bool(out, "stack_assumed", row->stack_assumed);
    fc_json_out_bool(out, "vocab_assumed", row->vocab_assumed);
    text_if_any(out, "reason", score->reason);
    text_if_any(out, "suspect", row->suspect);
    text_if_any(out, "assumed", row->assumed);
    text_if_any(out, "not_understood", row->not_understood);
    if (row->study.cluster.chip.name[0] != '\0') {
        fc_json_out_text(out, "chip", row->study.cluster.chip.name);
        fc_json_out_text(out, "stack", row->study.stack.name);
        fc_json_out_text(out, "model", row->study.model.name);
    }
    if (score->predicted) {
        fc_json_out_number(out, "predicted_p10", score->low_s);
        fc_json_out_number(out, "predicted_p90", score->high_s);
        write_plan(out, &score->plan);
    }
}

static void write_group(fc_json_out *out, const fc_run_group *group) {
    fc_json_out_object(out, NULL);
    fc_json_out_text(out, "name", group->name);
    fc_json_out_bool(out, "plan_complete", group->plan_complete);
    fc_json_out_count(out, "count", group->count);
    fc_json_out_number(out, "median_abs_error_frac", group->median_abs_error_frac);
    fc_json_out_number(out, "mean_abs_error_frac", group->mean_abs_error_frac);
    fc_json_out_number(out, "max_abs_error_frac", group->max_abs_error_frac);
    fc_json_out_number(out, "median_error_frac", group->median_error_frac);
    fc_json_out_number(out, "interval_coverage_frac", group->interval_coverage_frac);
    fc_json_out_end_object(out);
}

static fc_status check_finite(const fc_json_out *out, fc_error *error) {
    return out->failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of the result was not finite") : FC_OK;
}

static void write_head(fc_json_out *out) {
    fc_json_out_count(out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(out, "command", "validate");
    fc_json_out_text(out, "flopcast_version", FC_VERSION);
}

fc_status fc_write_validate_json(fc_text *text, const fc_run_page *page, fc_error *error) {
    const fc_run_report *report = page->report;
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    write_head(&out);
    fc_json_out_count(&out, "runs_count", (double)report->scores_count);
    fc_json_out_count(&out, "predicted_count", (double)report->predicted_count);
    fc_json_out_count(&out, "scored_count", (double)report->scored_count);
    fc_json_out_count(&out, "suspect_count", (double)report->suspect_count);
    fc_json_out_count(&out, "with_plan_count", (double)report->with_plan_count);
    fc_json_out_count(&out, "with_plan_predicted_count", (double)report->with_plan_predicted_count);
    fc_json_out_count(&out, "malformed_count", (double)page->faults_count);
    fc_json_out_number(&out, "interval_coverage_frac", report->interval_coverage_frac);
    fc_json_out_list(&out, "groups");
    for (size_t i = 0; i < report->groups_count; ++i) {
        write_group(&out, &report->groups[i]);
    }
    fc_json_out_end_list(&out);
    fc_json_out_list(&out, "totals");
    for (size_t i = 0; i < 2; ++i) {
        if (report->totals[i].count > 0) {
            write_group(&out, &report->totals[i]);
        }
    }
    fc_json_out_end_list(&out);
    fc_json_out_list(&out, "runs");
    for (size_t i = 0; i < report->scores_count; ++i) {
        fc_json_out_object(&out, NULL);
        fc_write_run_members(&out, &report->scores[i]);
        fc_json_out_end_object(&out);
    }
    fc_json_out_end_list(&out);
    fc_json_out_end_object(&out);
    return check_finite(&out, error);
}

fc_status fc_write_run_json(fc_text *text, const fc_run_score *score, const fc_step *step, fc_error *error) {
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    write_head(&out);
    fc_write_run_members(&out, score);
    if (step != NULL) {
        fc_json_out_number(&out, "mfu_frac", step->mfu_frac);
        fc_json_out_list(&out, "causes");
        for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
            fc_json_out_object(&out, NULL);
            fc_json_out_text(&out, "name", fc_step_cause_name((fc_step_cause)i));
            fc_json_out_number(&out, "time_s", step->cause_s[i]);
            fc_json_out_number(&out, "frac", step->cause_s[i] / step->time_s);
            fc_json_out_end_object(&out);
        }
        fc_json_out_end_list(&out);
    }
    fc_json_out_end_object(&out);
    return check_finite(&out, error);
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

static void add_number(fc_table *table, double value, bool known) {
    char text[40] = "";
    if (known) {
        fc_units_format_exact(text, sizeof text, value);
    }
    fc_table_cellf(table, "%s", text);
}

static void add_row(fc_table *table, const fc_run_score *score) {
    const fc_run_row *row = score->row;
    fc_table_cellf(table, "%s", row->id);
    fc_table_cellf(table, "%s", row->group);
    fc_table_cellf(table, "%s", row->metric);
    add_number(table, score->predicted_s, score->predicted);
    add_number(table, row->measured_s, row->measured_s > 0);
    add_number(table, score->error_frac, score->predicted);
    fc_table_cellf(table, "%s", row->plan_complete ? "true" : "false");
    fc_table_cellf(table, "%s", score->scored ? "true" : "false");
    fc_table_cellf(table, "%s", row->study.cluster.chip.name);
    fc_table_cellf(table, "%s", row->study.stack.name);
    fc_table_cellf(table, "%s", row->stack_assumed ? "true" : "false");
    fc_table_cellf(table, "%s", row->suspect);
    fc_table_cellf(table, "%s", score->reason);
    fc_table_cellf(table, "%s", row->assumed);
    fc_table_cellf(table, "%s", row->not_understood);
}

void fc_write_validate_csv(fc_text *text, const fc_run_page *page) {
    static const char *const heading[] = {
        "id",   "group", "metric",        "predicted_s", "measured_s", "error_frac", "plan_complete", "scored",
        "chip", "stack", "stack_assumed", "suspect",     "reason",     "assumed",    "not_understood"};
    fc_table *table = fc_table_start(text->arena, "lllrrrlllllllll");
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_heading(table, heading);
    for (size_t i = 0; i < page->report->scores_count; ++i) {
        add_row(table, &page->report->scores[i]);
    }
    fc_table_print_csv(table, text);
}
