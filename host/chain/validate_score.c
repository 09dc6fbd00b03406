/* validate_score.c: rows beside their predictions, and errors by group. */
#include "flopcast/runs.h"

#include "../base/stats.h"
#include "../base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Beyond this a figure is in another unit, and one such row would be a group's mean. */
static const double MOST_ERROR_FRAC = 1e6;

/* ---- one row ---------------------------------------------------------------------------------------------------- */

/* The model's own error: predicted times are believed to be off by its p10 to p90. */
static void set_interval(fc_run_score *score) {
    const fc_study *study = &score->row->study;
    score->low_s = score->predicted_s;
    score->high_s = score->predicted_s;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        const fc_spread *spread = &study->spreads[i];
        if (spread->offset == offsetof(fc_study, step_time_factor)) {
            score->low_s = spread->low * score->predicted_s;
            score->high_s = spread->high * score->predicted_s;
        }
    }
}

static void score_row(fc_run_score *out, const fc_run_row *row) {
    fc_step step;
    fc_error error;
    memset(&error, 0, sizeof error);
    memset(out, 0, sizeof *out);
    out->row = row;
    if (row->reason[0] != '\0') {
        (void)fc_text_copy(out->reason, sizeof out->reason, row->reason);
        return;
    }
    if (fc_runs_step(&step, &out->plan, row, &error) != FC_OK) {
        (void)fc_text_copy(out->reason, sizeof out->reason, error.text);
        return;
    }
    double error_frac = step.time_s / row->measured_s - 1.0;
    if (!(error_frac <= MOST_ERROR_FRAC)) {
        (void)snprintf(out->reason, sizeof out->reason,
                       "%.3g s predicted and %.3g s measured have nothing in common: is the unit right?", step.time_s,
                       row->measured_s);
        return;
    }
    out->predicted = 1;
    out->predicted_s = step.time_s;
    out->error_frac = error_frac;
    out->scored = row->suspect[0] == '\0';
    set_interval(out);
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

static bool belongs(const fc_run_score *score, const fc_run_group *group) {
    return score->scored && score->row->plan_complete == group->plan_complete &&
           (group->group[0] == '\0' || strcmp(score->row->group, group->group) == 0);
}

static bool holds(const fc_run_score *score) {
    return score->low_s <= score->row->measured_s && score->row->measured_s <= score->high_s;
}

/* `errors` has room for all rows. */
static void fill_group(fc_run_group *out, const fc_run_report *report, double *errors) {
    size_t count = 0;
    size_t inside = 0;
    double sum = 0;
    for (size_t i = 0; i < report->scores_count; ++i) {
        if (belongs(&report->scores[i], out)) {
            errors[count++] = report->scores[i].error_frac;
            inside += holds(&report->scores[i]);
        }
    }
    out->count = (uint32_t)count;
    if (count == 0) {
        return;
    }
    out->interval_coverage_frac = (double)inside / (double)count;
    fc_stats_sort(errors, count);
    out->median_error_frac = fc_stats_quantile(errors, count, 0.5);
    for (size_t i = 0; i < count; ++i) {
        errors[i] = fabs(errors[i]);
        sum += errors[i];
    }
    fc_stats_sort(errors, count);
    out->median_abs_error_frac = fc_stats_quantile(errors, count, 0.5);
    out->mean_abs_error_frac = sum / (double)count;
    out->max_abs_error_frac = errors[count - 1];
}

static const fc_run_group *find_group(const fc_run_report *report, const char *group, uint8_t plan_complete) {
    for (size_t i = 0; i < report->groups_count; ++i) {
        if (report->groups[i].plan_complete == plan_complete && strcmp(report->groups[i].group, group) == 0) {
            return &report->groups[i];
        }
    }
    return NULL;
}

static void add_groups(fc_run_report *report, uint8_t plan_complete) {
    for (size_t i = 0; i < report->scores_count; ++i) {
        const fc_run_score *score = &report->scores[i];
        const char *name = score->row->group;
        if (!score->scored || score->row->plan_complete != plan_complete ||
            find_group(report, name, plan_complete) != NULL) {
            continue;
        }
        bool mixed = !plan_complete && find_group(report, name, 1) != NULL;
        fc_run_group *group = &report->groups[report->groups_count++];
        memset(group, 0, sizeof *group);
        group->plan_complete = plan_complete;
        (void)fc_text_copy(group->group, sizeof group->group, name);
        (void)snprintf(group->name, sizeof group->name, "%s%s", name, mixed ? ", plan chosen" : "");
    }
}

static void count_rows(fc_run_report *report) {
    size_t inside = 0;
    for (size_t i = 0; i < report->scores_count; ++i) {
        const fc_run_score *score = &report->scores[i];
        const fc_run_row *row = score->row;
        bool suspect = row->suspect[0] != '\0';
        report->predicted_count += score->predicted;
        report->scored_count += score->scored;
        report->suspect_count += suspect;
        report->with_plan_count += row->plan_given && !suspect;
        report->with_plan_predicted_count += row->plan_given && !suspect && score->predicted;
        inside += score->scored && holds(score);
    }
    report->interval_coverage_frac = report->scored_count > 0 ? (double)inside / (double)report->scored_count : 0.0;
}

fc_status fc_runs_score(fc_run_report *out, const fc_run_row *rows, size_t rows_count, fc_arena *arena,
                        fc_error *error) {
    memset(out, 0, sizeof *out);
    out->scores_count = rows_count;
    out->scores = fc_arena_alloc(arena, (rows_count + 1) * sizeof *out->scores);
    out->groups = fc_arena_alloc(arena, (rows_count + 1) * sizeof *out->groups);
    double *errors = fc_arena_alloc(arena, (rows_count + 1) * sizeof *errors);
    if (out->scores == NULL || out->groups == NULL || errors == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the scores of %zu rows", rows_count);
    }
    for (size_t i = 0; i < rows_count; ++i) {
        score_row(&out->scores[i], &rows[i]);
    }
    count_rows(out);
    add_groups(out, 1);
    add_groups(out, 0);
    for (size_t i = 0; i < out->groups_count; ++i) {
        fill_group(&out->groups[i], out, errors);
    }
    for (int i = 0; i < 2; ++i) {
        out->totals[i].plan_complete = i == 0;
        (void)snprintf(out->totals[i].name, sizeof out->totals[i].name, "all");
        fill_group(&out->totals[i], out, errors);
    }
    return FC_OK;
}
