/* write_validate.c: the tables that people read. */
#include "write_validate.h"

#include "plan_words.h"
#include "say.h"
#include "table.h"

#include <math.h> /* fabs */
#include <stdlib.h>
#include <string.h>

enum { MOST_WORST = 12, MOST_REASONS = 12 };

/* ---- groups ----------------------------------------------------------------------------------------------------- */

static void add_group(fc_table *table, const fc_run_group *group) {
    const double percent = 100.0;
    if (group->count == 0) {
        return;
    }
    fc_table_cellf(table, "%s", group->name);
    fc_table_cellf(table, "%u", group->count);
    fc_table_cellf(table, "%.1f", percent * group->median_abs_error_frac);
    fc_table_cellf(table, "%.1f", percent * group->mean_abs_error_frac);
    fc_table_cellf(table, "%.1f", percent * group->max_abs_error_frac);
    fc_table_cellf(table, "%+.1f", percent * group->median_error_frac);
    fc_table_cellf(table, "%.0f", percent * group->interval_coverage_frac);
}

/* NULL without memory, or where no row is of that kind. */
static fc_table *group_table(fc_text *text, const fc_run_report *report, uint8_t plan_complete) {
    static const char *const heading[] = {"group",           "rows",      "median %", "mean %", "worst %",
                                          "signed median %", "in range %"};
    if (report->totals[plan_complete ? 0 : 1].count == 0) {
        return NULL;
    }
    fc_table *table = fc_table_start(text->arena, "lrrrrrr");
    if (table == NULL) {
        text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    for (size_t i = 0; i < report->groups_count; ++i) {
        if (report->groups[i].plan_complete == plan_complete) {
            add_group(table, &report->groups[i]);
        }
    }
    add_group(table, &report->totals[plan_complete ? 0 : 1]);
    return table;
}

/* ---- worst rows ------------------------------------------------------------------------------------------------- */

static int by_error(const void *a, const void *b) {
    const fc_run_score *left = *(const fc_run_score *const *)a;
    const fc_run_score *right = *(const fc_run_score *const *)b;
    double apart = fabs(right->error_frac) - fabs(left->error_frac);
    if (apart != 0) {
        return apart > 0 ? 1 : -1;
    }
    return left < right ? -1 : left > right; /* the table's order: qsort is not stable */
}

static void add_score(fc_table *table, const fc_run_score *score) {
    char predicted[32];
    char measured[32];
    const fc_plan *plan = &score->plan;
    fc_table_cellf(table, "%s", score->row->id);
    fc_table_cellf(table, "%s", fc_say(predicted, sizeof predicted, score->predicted_s, FC_UNIT_S, 3));
    fc_table_cellf(table, "%s", fc_say(measured, sizeof measured, score->row->measured_s, FC_UNIT_S, 3));
    fc_table_cellf(table, "%+.1f", 100.0 * score->error_frac);
    fc_table_cellf(table, "tp %u pp %u vpp %u cp %u ep %u dp %u mb %u zero %d %s%s", plan->tp, plan->pp, plan->vpp,
                   plan->cp, plan->ep, plan->dp, plan->micro_batch, plan->zero,
                   fc_plan_word("recompute", plan->recompute), score->row->plan_complete ? "" : ", partly chosen");
}

static fc_table *worst_table(fc_text *text, const fc_run_report *report, bool suspect) {
    static const char *const heading[] = {"run", "predicted", "measured", "off %", "plan"};
    size_t count = 0;
    const fc_run_score **order = fc_arena_alloc(text->arena, (report->scores_count + 1) * sizeof *order);
    fc_table *table = fc_table_start(text->arena, "lrrrl");
    if (order == NULL || table == NULL) {
        text->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < report->scores_count; ++i) {
        const fc_run_score *score = &report->scores[i];
        if (score->predicted && (score->row->suspect[0] != '\0') == suspect) {
            order[count++] = score;
        }
    }
    qsort(order, count, sizeof *order, by_error);
    fc_table_heading(table, heading);
    for (size_t i = 0; i < count && i < MOST_WORST; ++i) {
        add_score(table, order[i]);
    }
    return count > 0 ? table : NULL;
}

/* ---- reasons ---------------------------------------------------------------------------------------------------- */

typedef struct reason_count {
    const char *reason;
    const char *example;
    size_t count;
} reason_count;

static int by_count(const void *a, const void *b) {
    const reason_count *left = a;
    const reason_count *right = b;
    if (left->count != right->count) {
        return left->count < right->count ? 1 : -1;
    }
    return strcmp(left->reason, right->reason);
}

static size_t count_reasons(reason_count *out, const fc_run_report *report) {
    size_t count = 0;
    for (size_t i = 0; i < report->scores_count; ++i) {
        const fc_run_score *score = &report->scores[i];
        size_t at = 0;
        if (score->predicted) {
            continue;
        }
        while (at < count && strcmp(out[at].reason, score->reason) != 0) {
            at += 1;
        }
        if (at == count) {
            out[count++] = (reason_count){.reason = score->reason, .example = score->row->id};
        }
        out[at].count += 1;
    }
    qsort(out, count, sizeof *out, by_count);
    return count;
}

static fc_table *reason_table(fc_text *text, const fc_run_report *report, size_t *left_out) {
    static const char *const heading[] = {"rows", "for example", "why"};
    reason_count *reasons = fc_arena_alloc(text->arena, (report->scores_count + 1) * sizeof *reasons);
    fc_table *table = fc_table_start(text->arena, "rll");
    *left_out = 0;
    if (reasons == NULL || table == NULL) {
        text->failed = true;
        return NULL;
    }
    size_t count = count_reasons(reasons, report);
    fc_table_heading(table, heading);
    for (size_t i = 0; i < count; ++i) {
        if (i >= MOST_REASONS) {
            *left_out += reasons[i].count;
            continue;
        }
        fc_table_cellf(table, "%zu", reasons[i].count);
        fc_table_cellf(table, "%s", reasons[i].example);
        fc_table_cellf(table, "%s", reasons[i].reason);
    }
    return count > 0 ? table : NULL;
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

/* A handful of rows says little about a group. */
static void write_worst_covered(fc_text *text, const fc_run_report *report) {
    const uint32_t least_rows = 10;
    const fc_run_group *worst = NULL;
    for (size_t i = 0; i < report->groups_count; ++i) {
        const fc_run_group *group = &report->groups[i];
        if (group->count >= least_rows &&
            (worst == NULL || group->interval_coverage_frac < worst->interval_coverage_frac)) {
            worst = group;
        }
    }
    if (worst != NULL) {
        fc_text_addf(text, "; of the groups of %u rows or more %s is the worst, %.0f %%", least_rows, worst->name,
                     100.0 * worst->interval_coverage_frac);
    }
    fc_text_add(text, ".\n");
}

static void write_headline(fc_text *text, const fc_run_page *page) {
    const fc_run_report *report = page->report;
    fc_text_addf(text, "%zu of %zu published runs are predicted, %zu of %zu of those with a plan; %zu are scored",
                 report->predicted_count, report->scores_count, report->with_plan_predicted_count,
                 report->with_plan_count, report->scored_count);
    if (report->suspect_count > 0) {
        fc_text_addf(text, "; suspect and left out: %zu", report->suspect_count);
    }
    fc_text_add(text, ".\n");
    if (page->faults_count > 0) {
        fc_text_addf(text, "%zu malformed lines were skipped.\n", page->faults_count);
    }
    if (report->scored_count > 0) {
        fc_text_addf(text,
                     "Errors are |predicted / measured - 1| of the step time, by the bare step model "
                     "(estimate.step_time_factor 1); signed is below 0 where it is too fast.\n"
                     "The model's own p10 to p90 holds %.0f %% of the measured times (wanted: 80 %%)",
                     100.0 * report->interval_coverage_frac);
        write_worst_covered(text, report);
    }
}

typedef void print_table(const fc_table *table, fc_text *text, int width);

static void print_text(const fc_table *table, fc_text *text, int width) { fc_table_print(table, text, 2, width); }

static void print_markdown(const fc_table *table, fc_text *text, int width) {
    (void)width;
    fc_table_print_markdown(table, text);
}

static void write_part(fc_text *text, const char *title, const fc_table *table, print_table *print, int width) {
    if (table != NULL) {
        fc_text_addf(text, "\n%s\n%s", title, print == print_markdown ? "\n" : "");
        print(table, text, width);
    }
}

static void write_page(fc_text *text, const fc_run_page *page, print_table *print, int width) {
    const fc_run_report *report = page->report;
    size_t left_out = 0;
    write_headline(text, page);
    write_part(text, "Plan as published:", group_table(text, report, 1), print, width);
    write_part(text, "Something of the plan was not published and is chosen or assumed:", group_table(text, report, 0),
               print, width);
    write_part(text, "Worst rows:", worst_table(text, report, false), print, width);
    write_part(text, "Suspect rows, not scored:", worst_table(text, report, true), print, width);
    write_part(text, "Not predicted:", reason_table(text, report, &left_out), print, width);
    if (left_out > 0) {
        fc_text_addf(text, "\n%zu rows more are not predicted: --format csv or json shows all\n", left_out);
    }
}

void fc_write_validate_text(fc_text *text, const fc_run_page *page, int width) {
    write_page(text, page, print_text, width);
    fc_text_addf(text,
                 "\nNext: flopcast validate%s%s --row ID shows one run: its study, its plan, where its time goes\n",
                 page->asked[0] != '\0' ? " " : "", page->asked);
}

void fc_write_validate_markdown(fc_text *text, const fc_run_page *page) { write_page(text, page, print_markdown, 0); }
