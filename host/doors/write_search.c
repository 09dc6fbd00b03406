/* write_search.c: a search for people: the best plans, the front, what was looked at. */
#include "write_search.h"

#include "plan_words.h"
#include "say.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { MOST_FRONT_ROWS = 12 };

static const char *const BY_WORDS[] = {"seconds a token", "dollars", "memory"};
static const char *const OVERLAP_KEYS[] = {"tp_overlap", "ep_overlap", "cp_overlap", "pp_overlap", "dp_overlap"};

/* ---- plans in words -------------------------------------------------------------------------------------------------- */

static void addf(char *out, size_t size, const char *format, ...) FC_PRINTF(3, 4);
static void addf(char *out, size_t size, const char *format, ...) {
    size_t used = strlen(out);
    va_list list;
    va_start(list, format);
    vsnprintf(out + used, size - used, format, list);
    va_end(list);
}

static void add_unless(char *out, size_t size, const char *what, uint32_t value, uint32_t usual) {
    if (value != usual) {
        addf(out, size, " %s %u", what, value);
    }
}

void fc_search_say_plan(char *out, size_t size, const fc_found *found, const fc_study *study) {
    const fc_plan *plan = &found->plan;
    snprintf(out, size, "tp %u pp %u", plan->tp, plan->pp);
    add_unless(out, size, "vpp", plan->vpp, 1);
    addf(out, size, " dp %u", plan->dp);
    add_unless(out, size, "cp", plan->cp, 1);
    add_unless(out, size, "ep", plan->ep, 1);
    add_unless(out, size, "etp", plan->etp, 0);
    addf(out, size, " micro-batch %u", plan->micro_batch);
    if (plan->global_batch != study->plan.global_batch) {
        addf(out, size, " batch %u", plan->global_batch);
    }
    addf(out, size, " recompute %s", fc_plan_word("recompute", plan->recompute));
    add_unless(out, size, "layers", plan->recompute_layers, 0);
    addf(out, size, " ZeRO %d", (int)plan->zero);
    add_unless(out, size, "in groups of", plan->zero_group, 0);
    addf(out, size, "%s", plan->sequence_parallel ? " SP" : "");
    if (plan->schedule != FC_PLAN_SCHEDULE_AUTO) {
        addf(out, size, " %s", fc_plan_word("schedule", plan->schedule));
    }
    if (plan->rank_order != 0) {
        addf(out, size, " order %s", fc_plan_word("rank_order", plan->rank_order));
    }
    bool offloads = plan->offload_optimizer || plan->offload_weights || plan->offload_activations;
    addf(out, size, "%s%s%s%s", offloads ? " offload" : "", plan->offload_optimizer ? " optimizer" : "",
         plan->offload_weights ? " weights" : "", plan->offload_activations ? " activations" : "");
    if (found->dtype != study->workload.dtype) {
        addf(out, size, " %s", fc_dtype_name((fc_dtype)found->dtype));
    }
    for (uint32_t i = 0; i < 5; ++i) {
        if (found->overlap_off >> i & 1u) {
            addf(out, size, " no %s", OVERLAP_KEYS[i]);
        }
    }
}

static void add_key(fc_text *text, const char *key, uint32_t value) { fc_text_addf(text, "%s: %u, ", key, value); }

void fc_search_say_sets(fc_text *text, const fc_found *found, const fc_study *study) {
    const fc_plan *plan = &found->plan;
    fc_text_add(text, "--set 'plan={");
    add_key(text, "tp", plan->tp);
    add_key(text, "pp", plan->pp);
    add_key(text, "vpp", plan->vpp);
    add_key(text, "dp", plan->dp);
    add_key(text, "cp", plan->cp);
    add_key(text, "ep", plan->ep);
    if (plan->etp > 0) {
        add_key(text, "etp", plan->etp);
    }
    add_key(text, "micro_batch", plan->micro_batch);
    add_key(text, "global_batch", plan->global_batch);
    fc_text_addf(text, "recompute: %s, ", fc_plan_word("recompute", plan->recompute));
    if (plan->recompute_layers > 0) {
        add_key(text, "recompute_layers", plan->recompute_layers);
    }
    if (plan->zero_group > 0) {
        add_key(text, "zero_group", plan->zero_group);
    }
    if (plan->schedule != FC_PLAN_SCHEDULE_AUTO) {
        fc_text_addf(text, "schedule: %s, ", fc_plan_word("schedule", plan->schedule));
    }
    if (plan->rank_order != 0) {
        fc_text_addf(text, "rank_order: %s, ", fc_plan_word("rank_order", plan->rank_order));
    }
    fc_text_add(text, plan->offload_optimizer ? "offload_optimizer: true, " : "");
    fc_text_add(text, plan->offload_weights ? "offload_weights: true, " : "");
    fc_text_add(text, plan->offload_activations ? "offload_activations: true, " : "");
    fc_text_addf(text, "zero: %d, sequence_parallel: %d}'", (int)plan->zero, (int)plan->sequence_parallel);
    if (found->dtype != study->workload.dtype) {
        fc_text_addf(text, " --set workload.dtype=%s", fc_dtype_name((fc_dtype)found->dtype));
    }
    for (uint32_t i = 0; i < 5; ++i) {
        if (found->overlap_off >> i & 1u) {
            fc_text_addf(text, " --set stack.%s=0", OVERLAP_KEYS[i]);
        }
    }
}

bool fc_search_beyond_measured(const fc_search_page *page, const fc_estimate *estimate) {
    return page->measured.mfu_frac > 0 && estimate->point.step.mfu_frac > page->measured.mfu_frac;
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static double tried(const fc_search_part *part) {
    return part->evaluated_count + part->infeasible_count + part->pruned_count;
}

static void say_answer(fc_text *text, const fc_search_page *page) {
    char chips[32];
    char count[32];
    char time[48];
    char mfu[32];
    char plan[320];
    const fc_study *study = page->study;
    const fc_found *best = &page->part->top[0];
    fc_text_addf(text, "%s on %s %s: ", study->model.name,
                 fc_say_count(chips, sizeof chips, study->cluster.chips_count), study->cluster.chip.name);
    if (page->part->top_count == 0) {
        fc_text_addf(text, "none of %s plans does what is asked.\n",
                     fc_say_count(count, sizeof count, tried(page->part)));
        return;
    }
    fc_text_addf(text, "the best of %s plans by %s takes %s a step, MFU %s.\n",
                 fc_say_count(count, sizeof count, tried(page->part)), BY_WORDS[page->options->by],
                 fc_say(time, sizeof time, best->time_s, FC_UNIT_S, 3),
                 fc_say_percent(mfu, sizeof mfu, page->estimates[0].point.step.mfu_frac));
    fc_search_say_plan(plan, sizeof plan, best, study);
    fc_text_addf(text, "  %s\n", plan);
    if (fc_search_beyond_measured(page, &page->estimates[0])) {
        fc_text_addf(text,
                     "BEYOND MEASURED: the highest MFU of a published run on %s is %s (%s); read what lies above it as "
                     "what the model lacks.\n",
                     study->cluster.chip.name, fc_say_percent(mfu, sizeof mfu, page->measured.mfu_frac),
                     page->measured.run);
    } else if (page->measured.mfu_frac == 0) {
        fc_text_addf(text, "No published run on %s is known: no MFU was measured there.\n", study->cluster.chip.name);
    }
}

static void say_counts(fc_text *text, const fc_search_page *page) {
    const fc_search_part *part = page->part;
    char number[4][32];
    fc_text_addf(text, "\n%s plans of the %s space: %s evaluated, %s do not fit, %s left out%s\n",
                 fc_say_count(number[0], 32, tried(part)), page->space->kind == FC_SPACE_WIDE ? "wide" : "default",
                 fc_say_count(number[1], 32, part->evaluated_count),
                 fc_say_count(number[2], 32, part->infeasible_count), fc_say_count(number[3], 32, part->pruned_count),
                 part->pruned_count > 0 ? " by a bound that they cannot beat" : "");
    if (part->excluded_count > 0) {
        fc_text_addf(text, "%s of the evaluated are over a limit that was set.\n",
                     fc_say_count(number[0], 32, part->excluded_count));
    }
}

static void add_row_cells(fc_table *table, const fc_found *found, const fc_study *study) {
    char cell[320];
    fc_table_cellf(table, "%s", fc_say(cell, sizeof cell, found->time_s, FC_UNIT_S, 3));
    fc_table_cellf(table, "%s", fc_say(cell, sizeof cell, found->per_chip_bytes, FC_UNIT_BYTES, 3));
    fc_table_cellf(table, "%s", fc_say_count(cell, sizeof cell, found->chips_count));
    fc_search_say_plan(cell, sizeof cell, found, study);
    fc_table_cellf(table, "%s", cell);
}

/* With days and dollars, which the front does not have. */
static fc_table *best_table(fc_arena *arena, const fc_search_page *page) {
    const char *const heading[] = {"", "MFU", "days", "dollars", "step", "memory", "chips", "plan"};
    fc_table *table = fc_table_start(arena, "rrrrrrrl");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < page->part->top_count; ++i) {
        const fc_estimate *e = &page->estimates[i];
        char cell[48];
        fc_table_cellf(table, "%u", i + 1);
        fc_table_cellf(table, "%s%s", fc_say_percent(cell, sizeof cell, e->point.step.mfu_frac),
                       fc_search_beyond_measured(page, e) ? "!" : "");
        fc_table_cellf(table, "%s", fc_say(cell, sizeof cell, e->point.run.days, FC_UNIT_DAYS, 3));
        fc_table_cellf(table, "%s",
                       e->point.cost.priced ? fc_say(cell, sizeof cell, e->point.cost.total_usd, FC_UNIT_USD, 3) : "-");
        add_row_cells(table, &page->part->top[i], page->study);
    }
    return table;
}

/* Evenly over the front where it is longer than the page has room for, both ends included. */
static fc_table *front_table(fc_arena *arena, const fc_search_page *page) {
    const char *const heading[] = {"step", "memory", "chips", "plan"};
    fc_table *table = fc_table_start(arena, "rrrl");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    uint32_t shown = page->front_count < MOST_FRONT_ROWS ? page->front_count : MOST_FRONT_ROWS;
    for (uint32_t i = 0; i < shown; ++i) {
        uint32_t at = shown > 1 ? i * (page->front_count - 1) / (shown - 1) : 0;
        add_row_cells(table, &page->front[at], page->study);
    }
    return table;
}

static void say_front(fc_text *text, const fc_search_page *page, int width) {
    fc_table *table = front_table(text->arena, page);
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_text_addf(text, "\nWhat no other plan beats in time a token, memory and chips at once (%u of %u%s)\n",
                 page->front_count < MOST_FRONT_ROWS ? page->front_count : (uint32_t)MOST_FRONT_ROWS, page->front_count,
                 page->part->pruned_count > 0 ? " among the evaluated; all with --exhaustive" : "");
    fc_table_print(table, text, 2, width);
}

static void say_closest(fc_text *text, const fc_search_page *page) {
    const fc_found *closest = &page->part->closest;
    char bytes[32];
    char room[32];
    char plan[320];
    if (closest->chips_count == 0) {
        return;
    }
    fc_search_say_plan(plan, sizeof plan, closest, page->study);
    fc_text_addf(text, "The nearest needs %s on a chip of %s: %s\n",
                 fc_say(bytes, sizeof bytes, closest->per_chip_bytes, FC_UNIT_BYTES, 3),
                 fc_say(room, sizeof room, page->study->cluster.chip.memory_bytes, FC_UNIT_BYTES, 3), plan);
}

static void say_speed(fc_text *text, const fc_search_page *page) {
    char elapsed[32];
    char rate[32];
    fc_text_addf(text, "\nSearched in %s: %s evaluated plans a second (%s).\n",
                 fc_say(elapsed, sizeof elapsed, page->elapsed_s, FC_UNIT_S, 3),
                 fc_say_count(rate, sizeof rate, page->part->evaluated_count / page->elapsed_s), page->engine);
}

void fc_write_search_text(fc_text *text, const fc_search_page *page, int width) {
    fc_text written = fc_text_start(text->arena);
    say_answer(&written, page);
    say_counts(&written, page);
    if (page->part->top_count > 0) {
        fc_table *table = best_table(text->arena, page);
        if (table == NULL) {
            text->failed = true;
            return;
        }
        fc_text_addf(&written, "\nBest by %s\n", BY_WORDS[page->options->by]);
        fc_table_print(table, &written, 2, width);
        say_front(&written, page, width);
    } else {
        say_closest(&written, page);
    }
    if (page->why != NULL) {
        fc_search_say_why(&written, page);
    }
    say_speed(&written, page);
    if (page->part->top_count > 0) {
        fc_text_addf(&written, "Next: flopcast estimate %s ", page->inputs->again);
        fc_search_say_sets(&written, &page->part->top[0], page->study);
        fc_text_add(&written, "\n");
    }
    fc_say_page(text, &written, width);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------- */

void fc_write_search_markdown(fc_text *text, const fc_search_page *page) {
    say_answer(text, page);
    say_counts(text, page);
    if (page->part->top_count > 0) {
        fc_table *table = best_table(text->arena, page);
        if (table == NULL) {
            text->failed = true;
            return;
        }
        fc_text_add(text, "\n");
        fc_table_print_markdown(table, text);
    }
    if (page->why != NULL) {
        fc_search_say_why(text, page);
    }
}
