/* write_search_rows.c: a search for programs: JSON, and a row a plan as CSV. */
#include "write_search.h"

#include "plan_words.h"
#include "table.h"
#include "write_estimate.h"

#include <stdio.h>
#include <string.h>

static const char *const BY_NAMES[] = {"time", "cost", "memory"};
static const char *const KIND_NAMES[] = {"default", "wide"};

/* ---- JSON ------------------------------------------------------------------------------------------------------------- */

static void write_counts(fc_json_out *out, const fc_search_page *page) {
    const fc_search_part *part = page->part;
    fc_json_out_count(out, "tried_count", part->evaluated_count + part->infeasible_count + part->pruned_count);
    fc_json_out_count(out, "evaluated_count", part->evaluated_count);
    fc_json_out_count(out, "infeasible_count", part->infeasible_count);
    fc_json_out_count(out, "pruned_count", part->pruned_count);
    fc_json_out_count(out, "over_limit_count", part->excluded_count);
    fc_json_out_number(out, "elapsed_s", page->elapsed_s);
    fc_json_out_number(out, "plans_per_s", part->evaluated_count / page->elapsed_s);
}

static void write_found(fc_json_out *out, const fc_found *found, const fc_search_page *page) {
    char plan[320];
    fc_text sets = fc_text_start(out->text->arena);
    fc_search_say_sets(&sets, found, page->study);
    fc_search_say_plan(plan, sizeof plan, found, page->study);
    fc_json_out_text(out, "plan_text", plan);
    fc_json_out_text(out, "estimate_options", sets.bytes != NULL ? sets.bytes : "");
    fc_json_out_number(out, "step_time_s", found->time_s);
    fc_json_out_number(out, "token_s", found->token_s);
    fc_json_out_number(out, "per_chip_bytes", found->per_chip_bytes);
    fc_json_out_count(out, "chips_used_count", found->chips_count);
}

static void write_plans(fc_json_out *out, const fc_search_page *page) {
    fc_json_out_list(out, "plans");
    for (uint32_t i = 0; i < page->part->top_count; ++i) {
        fc_json_out_object(out, NULL);
        fc_write_estimate_members(out, &page->estimates[i], &page->studies[i]);
        fc_json_out_object(out, "search");
        write_found(out, &page->part->top[i], page);
        fc_json_out_bool(out, "beyond_measured_mfu", fc_search_beyond_measured(page, &page->estimates[i]));
        fc_json_out_end_object(out);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_front(fc_json_out *out, const fc_search_page *page) {
    fc_json_out_bool(out, "pareto_complete", page->part->pruned_count == 0);
    fc_json_out_list(out, "pareto");
    for (uint32_t i = 0; i < page->front_count; ++i) {
        fc_json_out_object(out, NULL);
        write_found(out, &page->front[i], page);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_why(fc_json_out *out, const fc_search_page *page) {
    const fc_search_why *why = page->why;
    if (why == NULL) {
        return;
    }
    fc_text words = fc_text_start(out->text->arena);
    fc_search_say_why(&words, page);
    fc_json_out_object(out, "why");
    fc_json_out_text(out, "given", why->given);
    fc_json_out_text(out, "text", words.bytes != NULL ? words.bytes : "");
    fc_json_out_count(out, "tried_count", why->tried_count);
    if (why->found != NULL) {
        write_found(out, why->found, page);
    } else if (why->closest != NULL) {
        write_found(out, why->closest, page);
    }
    fc_json_out_bool(out, "fits", why->found != NULL);
    fc_json_out_end_object(out);
}

fc_status fc_write_search_json(fc_text *text, const fc_search_page *page, fc_error *error) {
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    fc_json_out_count(&out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&out, "command", "search");
    fc_json_out_text(&out, "flopcast_version", FC_VERSION);
    fc_json_out_text(&out, "study", page->study->name);
    fc_json_out_text(&out, "by", BY_NAMES[page->options->by]);
    fc_json_out_text(&out, "space", KIND_NAMES[page->space->kind]);
    fc_json_out_text(&out, "engine", page->engine);
    fc_json_out_bool(&out, "exhaustive", page->options->exhaustive != 0);
    write_counts(&out, page);
    if (page->measured.mfu_frac > 0) {
        fc_json_out_number(&out, "highest_measured_mfu_frac", page->measured.mfu_frac);
        fc_json_out_text(&out, "highest_measured_mfu_run", page->measured.run);
    } else {
        fc_json_out_null(&out, "highest_measured_mfu_frac");
        fc_json_out_null(&out, "highest_measured_mfu_run");
    }
    write_plans(&out, page);
    write_front(&out, page);
    write_why(&out, page);
    fc_write_assumptions(&out, page->inputs->facts, true);
    fc_json_out_end_object(&out);
    fc_text_add(text, "\n");
    return out.failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}

/* ---- CSV -------------------------------------------------------------------------------------------------------------- */

static void add_number(fc_table *table, double value) {
    char exact[40];
    fc_units_format_exact(exact, sizeof exact, value);
    fc_table_cellf(table, "%s", exact);
}

static void add_plan_cells(fc_table *table, const fc_plan *plan) {
    const uint32_t before[] = {plan->tp, plan->pp, plan->vpp,         plan->dp,
                               plan->cp, plan->ep, plan->micro_batch, plan->global_batch};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; ++i) {
        fc_table_cellf(table, "%u", before[i]);
    }
    fc_table_cellf(table, "%s", fc_plan_word("recompute", plan->recompute));
    fc_table_cellf(table, "%d", (int)plan->zero);
    fc_table_cellf(table, "%d", (int)plan->sequence_parallel);
}

void fc_write_search_csv(fc_text *text, const fc_search_page *page) {
    const char *const heading[] = {"rank",
                                   "step_time_s",
                                   "mfu_frac",
                                   "per_chip_bytes",
                                   "chips_used_count",
                                   "tp",
                                   "pp",
                                   "vpp",
                                   "dp",
                                   "cp",
                                   "ep",
                                   "micro_batch",
                                   "global_batch",
                                   "recompute",
                                   "zero",
                                   "sequence_parallel",
                                   "estimate_command"};
    fc_table *table = fc_table_start(text->arena, "rrrrrrrrrrrrrlrrl");
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < page->part->top_count; ++i) {
        const fc_found *found = &page->part->top[i];
        fc_text sets = fc_text_start(text->arena);
        fc_text_addf(&sets, "flopcast estimate %s ", page->inputs->again);
        fc_search_say_sets(&sets, found, page->study);
        fc_table_cellf(table, "%u", i + 1);
        add_number(table, found->time_s);
        add_number(table, page->estimates[i].point.step.mfu_frac);
        add_number(table, found->per_chip_bytes);
        add_number(table, found->chips_count);
        add_plan_cells(table, &found->plan);
        fc_table_cellf(table, "%s", sets.bytes != NULL ? sets.bytes : "");
    }
    fc_table_print_csv(table, text);
}
