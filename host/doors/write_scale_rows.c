/* write_scale_rows.c: the points of a scaling curve as tables and CSV. */
#include "write_scale.h"

#include "plan_words.h"
#include "say.h"

#include <stdio.h>
#include <string.h>

const char *fc_scale_cause_words(uint32_t cause) {
    static const char *const words[FC_SCALE_CAUSE_COUNT] = {
        [FC_STEP_MATMUL] = "matmuls of less efficient shape",
        [FC_STEP_ATTENTION] = "attention",
        [FC_STEP_MEMORY_BOUND] = "memory-bound operations",
        [FC_STEP_LAUNCH] = "launching kernels",
        [FC_STEP_HOST] = "waiting for the host",
        [FC_STEP_RECOMPUTE] = "recompute (memory)",
        [FC_STEP_FIRST_TOUCH] = "mapping memory anew",
        [FC_STEP_TENSOR] = "tensor-parallel traffic (TP)",
        [FC_STEP_EXPERT] = "expert traffic (EP)",
        [FC_STEP_CONTEXT] = "context-parallel traffic",
        [FC_STEP_PIPELINE] = "pipeline traffic",
        [FC_STEP_BUBBLE] = "pipeline bubble",
        [FC_STEP_DATA] = "gradient traffic (DP)",
        [FC_STEP_OPTIMIZER] = "optimizer",
        [FC_STEP_STRAGGLER] = "waiting for the slowest",
        [FC_SCALE_LATENCY] = "latency",
        [FC_SCALE_IDLE] = "idle chips (batch or plan do not split over them)",
        [FC_SCALE_BATCH] = "tokens that the larger batch costs",
        [FC_SCALE_FAILURES] = "failures and checkpoints",
    };
    return cause < FC_SCALE_CAUSE_COUNT ? words[cause] : "?";
}

/* ---- a point given back ---------------------------------------------------------------------------------------------- */

static bool has_sites(const fc_inputs *inputs) {
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        if (strcmp(fact->key, "cluster.chips") == 0 && fact->text != NULL && fc_text_starts(fact->text, "one of ")) {
            return true;
        }
    }
    return false;
}

const char *fc_scale_again(fc_text *text, const fc_scale_page *page, const fc_scale_point *point) {
    const fc_plan *plan = &point->at.plan;
    char tokens[40];
    fc_text words = fc_text_start(text->arena);
    fc_units_format_exact(tokens, sizeof tokens, point->tokens_count);
    fc_text_addf(&words, "%s --set cluster.chips=%.0f%s", page->inputs->again, point->chips_count,
                 has_sites(page->inputs) ? " --set cluster.sites=1" : "");
    fc_text_addf(&words, " --set workload.tokens=%s --set workload.global_batch=%u", tokens, plan->global_batch);
    fc_text_addf(
        &words,
        " --set 'plan={tp: %u, pp: %u, vpp: %u, dp: %u, cp: %u, ep: %u, micro_batch: %u, recompute: %s, zero: %d, "
        "sequence_parallel: %d",
        plan->tp, plan->pp, plan->vpp, plan->dp, plan->cp, plan->ep, plan->micro_batch,
        fc_plan_word("recompute", plan->recompute), (int)plan->zero, (int)plan->sequence_parallel);
    if (plan->etp > 0) {
        fc_text_addf(&words, ", etp: %u", plan->etp);
    }
    fc_text_add(&words, "}'");
    return words.failed ? "out of memory" : words.bytes;
}

/* ---- tables ---------------------------------------------------------------------------------------------------------- */

static const char *say_days(char *out, size_t size, const fc_scale_point *point, int digits) {
    char low[32];
    char high[32];
    char mid[32];
    if (point->endless) {
        return "may never end";
    }
    (void)fc_say_count(mid, sizeof mid, fc_say_rounded(point->days.p50, digits));
    (void)fc_say_count(low, sizeof low, fc_say_rounded(point->days.p10, digits));
    (void)fc_say_count(high, sizeof high, fc_say_rounded(point->days.p90, digits));
    if (point->days.p90 < 10.0) {
        (void)fc_say(mid, sizeof mid, point->days.p50, FC_UNIT_NONE, digits);
        (void)fc_say(low, sizeof low, point->days.p10, FC_UNIT_NONE, digits);
        (void)fc_say(high, sizeof high, point->days.p90, FC_UNIT_NONE, digits);
    }
    snprintf(out, size, "%s (%s to %s)", mid, low, high);
    return out;
}

static const char *say_share(char *out, size_t size, double frac) {
    snprintf(out, size, "%.0f %%", frac * 100.0);
    return out;
}

/* The key without underscores: "idle chips". */
static const char *say_cause(char *out, size_t size, uint32_t cause) {
    (void)fc_text_copy(out, size, fc_scale_cause_name((fc_scale_cause)cause));
    for (char *at = out; *at != '\0'; ++at) {
        *at = *at == '_' ? ' ' : *at;
    }
    return out;
}

static void add_speed(fc_table *table, const fc_scale_point *point) {
    char text[64];
    char days[128];
    int digits = fc_say_digits(point->beyond_count);
    fc_table_cellf(table, "%s%s", fc_say_count(text, sizeof text, point->chips_count), digits < 3 ? "*" : " ");
    bool all = point->at.step.chips_used_count == point->chips_count;
    fc_table_cellf(table, "%s", all ? "all" : fc_say_count(text, sizeof text, point->at.step.chips_used_count));
    fc_table_cellf(table, "%s", fc_say_count(text, sizeof text, point->at.plan.global_batch));
    fc_table_cellf(table, "%s", fc_say(text, sizeof text, point->at.step.tokens_per_s, FC_UNIT_COUNT, digits));
    fc_table_cellf(table, "%s", say_share(text, sizeof text, point->at.step.mfu_frac));
    fc_table_cellf(table, "%s", say_share(text, sizeof text, point->at.run.goodput_frac));
    fc_table_cellf(table, "%s", say_days(days, sizeof days, point, digits < 3 ? 2 : 3));
    fc_table_cellf(table, "%s", fc_say_ratio(text, sizeof text, point->speedup));
    fc_table_cellf(table, "%s", say_share(text, sizeof text, point->efficiency_frac));
    char share[32];
    char loss[32];
    fc_table_cellf(table, "%s %s", say_cause(loss, sizeof loss, point->biggest_loss),
                   say_share(share, sizeof share, point->cause_chip_s[point->biggest_loss] / point->chip_s));
}

fc_table *fc_scale_speed_table(fc_arena *arena, const fc_scale_page *page) {
    static const char *const heading[] = {
        "chips ",   "used",       "batch",       "tokens/s", "MFU", "goodput", "days (p10 to p90)",
        "speed-up", "efficiency", "biggest loss"};
    fc_table *table = fc_table_start(arena, "rrrrrrrrrl");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < page->curve->points_count; ++i) {
        add_speed(table, &page->curve->points[i]);
    }
    return table;
}

static const char *say_plan(char *out, size_t size, const fc_plan *plan) {
    char experts[48] = "";
    if (plan->ep > 1) {
        snprintf(experts, sizeof experts, " ep %u", plan->ep);
    }
    if (plan->etp > 1) {
        size_t used = strlen(experts);
        snprintf(experts + used, sizeof experts - used, " etp %u", plan->etp);
    }
    snprintf(out, size, "tp %u pp %u vpp %u cp %u%s dp %u, micro-batch %u, %s, ZeRO %d", plan->tp, plan->pp, plan->vpp,
             plan->cp, experts, plan->dp, plan->micro_batch, fc_plan_word("recompute", plan->recompute),
             (int)plan->zero);
    return out;
}

static void add_plan(fc_table *table, const fc_scale_point *point) {
    char text[128];
    int digits = fc_say_digits(point->beyond_count);
    bool priced = point->at.cost.priced && !point->endless;
    bool powered = point->at.cost.powered && !point->endless;
    fc_table_cellf(table, "%s", fc_say_count(text, sizeof text, point->chips_count));
    fc_table_cellf(table, "%s",
                   point->endless ? "-" : fc_say(text, sizeof text, point->chip_h.p50, FC_UNIT_COUNT, digits));
    fc_table_cellf(table, "%s", priced ? fc_say(text, sizeof text, point->total_usd.p50, FC_UNIT_USD, digits) : "-");
    fc_table_cellf(table, "%s", powered ? fc_say(text, sizeof text, point->energy_mwh.p50, FC_UNIT_MWH, digits) : "-");
    fc_table_cellf(table, "%s", say_plan(text, sizeof text, &point->at.plan));
}

fc_table *fc_scale_plan_table(fc_arena *arena, const fc_scale_page *page) {
    static const char *const heading[] = {"chips", "chip-hours", "cost", "energy", "plan"};
    fc_table *table = fc_table_start(arena, "rrrrl");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < page->curve->points_count; ++i) {
        add_plan(table, &page->curve->points[i]);
    }
    return table;
}

/* ---- CSV --------------------------------------------------------------------------------------------------------------- */

static void add_number(fc_text *text, double value, bool known) {
    char exact[40] = "";
    if (known) {
        fc_units_format_exact(exact, sizeof exact, value);
    }
    fc_text_addf(text, ",%s", exact);
}

static void add_range(fc_text *text, fc_range range, bool known) {
    add_number(text, range.p10, known);
    add_number(text, range.p50, known);
    add_number(text, range.p90, known);
}

static void add_row(fc_text *text, const fc_scale_point *point) {
    const fc_plan *plan = &point->at.plan;
    bool ends = !point->endless;
    fc_text_addf(text, "%.0f,%.0f,%u,%u,%u,%u,%u,%u,%u,%u,%u,%s,%d", point->chips_count,
                 point->at.step.chips_used_count, plan->tp, plan->pp, plan->vpp, plan->dp, plan->cp, plan->ep,
                 plan->etp, plan->micro_batch, plan->global_batch, fc_plan_word("recompute", plan->recompute),
                 (int)plan->zero);
    add_number(text, point->at.step.time_s, true);
    add_number(text, point->at.step.tokens_per_s, true);
    add_number(text, point->at.step.mfu_frac, true);
    add_number(text, point->tokens_count, true);
    add_range(text, point->days, ends);
    add_range(text, point->chip_h, ends);
    add_range(text, point->total_usd, ends && point->at.cost.priced);
    add_range(text, point->energy_mwh, ends && point->at.cost.powered);
    add_range(text, point->goodput_frac, ends);
    add_number(text, point->speedup, true);
    add_number(text, point->efficiency_frac, true);
    fc_text_addf(text, ",%s", fc_scale_cause_name((fc_scale_cause)point->biggest_loss));
    add_number(text, point->cause_chip_s[point->biggest_loss] / point->chip_s, true);
    fc_text_add(text, "\n");
}

void fc_write_scale_csv(fc_text *text, const fc_scale_page *page) {
    static const char *const ranges[] = {"days", "chip_h", "total_usd", "energy_mwh", "goodput_frac"};
    fc_text_add(text, "chips_count,chips_used_count,tp,pp,vpp,dp,cp,ep,etp,micro_batch,global_batch,recompute,zero,"
                      "step_time_s,tokens_per_s,mfu_frac,tokens_count");
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; ++i) {
        fc_text_addf(text, ",%s_p10,%s_p50,%s_p90", ranges[i], ranges[i], ranges[i]);
    }
    fc_text_add(text, ",speedup,efficiency_frac,biggest_loss,biggest_loss_frac\n");
    for (uint32_t i = 0; i < page->curve->points_count; ++i) {
        add_row(text, &page->curve->points[i]);
    }
}
