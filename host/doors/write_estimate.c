#include "write_estimate.h"

#include "say.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 30, MOST_ASSUMPTIONS = 10, MOST_DRIVERS = 5 };

static const char *const RECOMPUTE_WORDS[] = {"auto", "none", "selective", "full"};

typedef struct page {
    fc_text *text;
    const fc_estimate *e;
    const fc_study *study;
    int digits;
    uint32_t beyond_count;
    char beyond[160];
} page;

static page make_page(fc_text *text, const fc_estimate *estimate, const fc_study *study)
{
    page p = {.text = text, .e = estimate, .study = study};
    p.beyond_count = fc_estimate_beyond(p.beyond, sizeof p.beyond, estimate, study);
    p.digits = fc_say_digits(p.beyond_count);
    return p;
}

/* The answer, in one line. */
static void say_answer(const page *p)
{
    char days[96];
    char usd[96];
    char chips[32];
    char mfu[32];
    const fc_estimate *e = p->e;
    fc_text_addf(p->text, "%s on %s %s: %s", p->study->model.name,
                 fc_say_count(chips, sizeof chips, p->study->cluster.chips_count), p->study->cluster.chip.name,
                 fc_say_range(days, sizeof days, e->days, FC_UNIT_DAYS, p->digits));
    if (e->point.cost.priced) {
        fc_text_addf(p->text, ", %s", fc_say_range(usd, sizeof usd, e->total_usd, FC_UNIT_USD, p->digits));
    }
    fc_text_addf(p->text, ", MFU %s%s\n", fc_say_percent(mfu, sizeof mfu, e->point.step.mfu_frac),
                 p->beyond_count >= 2 ? ". EXTRAPOLATION" : "");
    if (p->beyond_count >= 2) {
        fc_text_addf(p->text, "EXTRAPOLATION: beyond every published run in %s; two digits at most mean anything.\n", p->beyond);
    } else if (p->beyond_count == 1) {
        fc_text_addf(p->text, "Beyond every published run in one thing: %s.\n", p->beyond);
    }
    fc_text_add(p->text, "Ranges are p10 to p90 over the stated ranges of the inputs.\n\n");
}

static void say_work(const page *p)
{
    const fc_ops *ops = &p->e->ops;
    char tokens[32];
    char total[32];
    char active[32];
    char flop[32];
    char step_tokens[32];
    double all = ops->tokens_count;
    fc_text_addf(p->text, "  work     %s of %s at sequence %.0f, batch %u (%s a step), %s\n",
                 fc_say(tokens, sizeof tokens, all, FC_UNIT_TOKENS, 3), p->study->model.name, ops->seq_len,
                 p->e->point.plan.global_batch,
                 fc_say(step_tokens, sizeof step_tokens, p->e->point.step.tokens_per_step, FC_UNIT_TOKENS, 3),
                 fc_dtype_name((fc_dtype)p->study->workload.dtype));
    fc_text_addf(p->text, "           %s parameters, %s active; %s (exact, causal), %.3g by PaLM's count, %.3g by 6ND\n",
                 fc_say(total, sizeof total, ops->params_total_count, FC_UNIT_COUNT, 3),
                 fc_say(active, sizeof active, ops->params_active_count, FC_UNIT_COUNT, 3),
                 fc_say(flop, sizeof flop, ops->flop_per_token_model * all, FC_UNIT_FLOP, 3),
                 ops->flop_per_token_palm * all, ops->flop_per_token_6nd * all);
}

static void say_plan(const page *p)
{
    const fc_plan *plan = &p->e->point.plan;
    char used[32];
    fc_text_addf(p->text,
                 "  plan     tp %u, pp %u, vpp %u, cp %u, ep %u, dp %u, micro-batch %u, recompute %s, ZeRO %d: %s chips",
                 plan->tp, plan->pp, plan->vpp, plan->cp, plan->ep, plan->dp, plan->micro_batch,
                 RECOMPUTE_WORDS[plan->recompute], plan->zero,
                 fc_say_count(used, sizeof used, p->e->point.step.chips_used_count));
    double idle = p->study->cluster.chips_count - p->e->point.step.chips_used_count;
    if (idle > 0) {
        char rest[32];
        fc_text_addf(p->text, ", %s idle", fc_say_count(rest, sizeof rest, idle));
    }
    if (p->e->plan_given) {
        fc_text_add(p->text, " (as given)\n");
    } else {
        fc_text_addf(p->text, "\n           (picked: the fastest of %.0f that fit; %.0f tried)\n",
                     p->e->plans_fitting_count, p->e->plans_tried_count);
    }
}

static void say_step(const page *p)
{
    const fc_step *step = &p->e->point.step;
    char time[96];
    char mfu[32];
    char hfu[32];
    char rate[32];
    char peak[32];
    fc_text_addf(p->text, "  step     %s, %s tokens/s; MFU %s, HFU %s of %s dense %s\n",
                 fc_say_range(time, sizeof time, p->e->time_s, FC_UNIT_S, p->digits),
                 fc_say(rate, sizeof rate, step->tokens_per_s, FC_UNIT_COUNT, p->digits),
                 fc_say_percent(mfu, sizeof mfu, step->mfu_frac), fc_say_percent(hfu, sizeof hfu, step->hfu_frac),
                 fc_say(peak, sizeof peak, step->peak_flop_per_s_per_chip, FC_UNIT_FLOP_PER_S, 3),
                 fc_dtype_name((fc_dtype)p->study->workload.dtype));
}

static void say_memory(const page *p)
{
    const fc_memory *memory = &p->e->point.memory;
    char used[32];
    char room[32];
    fc_text_addf(p->text, "  memory   %s of %s a chip, stage %u:",
                 fc_say(used, sizeof used, memory->per_chip_bytes, FC_UNIT_BYTES, 3),
                 fc_say(room, sizeof room, memory->capacity_bytes, FC_UNIT_BYTES, 3), memory->worst_stage);
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        char bytes[32];
        if (memory->cause_bytes[i] > 0) {
            fc_text_addf(p->text, "%s %s %s", i > 0 ? "," : "", fc_memory_cause_name((fc_memory_cause)i),
                         fc_say(bytes, sizeof bytes, memory->cause_bytes[i], FC_UNIT_BYTES, 2));
        }
    }
    fc_text_add(p->text, "\n");
}

static void say_run(const page *p)
{
    const fc_run *run = &p->e->point.run;
    char days[96];
    char hours[96];
    char good[32];
    fc_text_addf(p->text, "  run      %s, %s chip-hours, goodput %s",
                 fc_say_range(days, sizeof days, p->e->days, FC_UNIT_DAYS, p->digits),
                 fc_say_range(hours, sizeof hours, p->e->chip_h, FC_UNIT_COUNT, p->digits),
                 fc_say_percent(good, sizeof good, run->goodput_frac));
    if (run->mtbf_s > 0) {
        char mtbf[32];
        char every[32];
        char save[32];
        fc_text_addf(p->text, " (a stop every %s; a checkpoint of %s every %s)",
                     fc_say(mtbf, sizeof mtbf, run->mtbf_s, FC_UNIT_S, 2),
                     fc_say(save, sizeof save, run->checkpoint_s, FC_UNIT_S, 2),
                     fc_say(every, sizeof every, run->checkpoint_interval_s, FC_UNIT_S, 2));
    }
    fc_text_add(p->text, "\n");
}

static void say_cost(const page *p)
{
    const fc_cost *cost = &p->e->point.cost;
    char usd[96];
    char each[96];
    char energy[96];
    char peak[32];
    if (cost->priced) {
        fc_text_addf(p->text, "  cost     %s, %s per million tokens\n",
                     fc_say_range(usd, sizeof usd, p->e->total_usd, FC_UNIT_USD, p->digits),
                     fc_say_range(each, sizeof each, p->e->usd_per_mtoken, FC_UNIT_USD, p->digits));
    } else {
        fc_text_addf(p->text, "  cost     unknown: no price of %s is known; give deal.usd_per_chip_h\n", p->study->cluster.chip.name);
    }
    if (cost->powered) {
        fc_text_addf(p->text, "  energy   %s, %s facility peak\n",
                     fc_say_range(energy, sizeof energy, p->e->energy_mwh, FC_UNIT_MWH, p->digits),
                     fc_say(peak, sizeof peak, cost->peak_mw * 1e6, FC_UNIT_W, p->digits));
    } else {
        fc_text_addf(p->text, "  energy   unknown: no power of %s is known; give cluster.chip.it_power\n",
                     p->study->cluster.chip.name);
    }
}

static void say_causes(const page *p)
{
    fc_text_add(p->text, "\nWhere a step goes\n");
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        double cause_s = p->e->point.step.cause_s[i];
        double frac = cause_s / p->e->point.step.time_s;
        char time[32];
        char percent[32];
        if (cause_s > 0) {
            fc_text_addf(p->text, "  %-13s %10s %7s  ", fc_step_cause_name((fc_step_cause)i),
                         fc_say(time, sizeof time, cause_s, FC_UNIT_S, p->digits), fc_say_percent(percent, sizeof percent, frac));
            fc_say_bar(p->text, frac, BAR_WIDTH);
            fc_text_add(p->text, "\n");
        }
    }
}

static void say_drivers(const page *p)
{
    const fc_estimate *e = p->e;
    const char *what = e->point.cost.priced ? "the cost" : "the days";
    if (e->drivers_count == 0) {
        return;
    }
    fc_text_addf(p->text, "\nWhat moves %s most (p10 to p90 of one input, the others at their middle)\n", what);
    for (uint32_t i = 0; i < e->drivers_count && i < MOST_DRIVERS; ++i) {
        char percent[32];
        fc_text_addf(p->text, "  %-34s %+7.0f %%\n", e->drivers[i].input, e->drivers[i].swing_frac * 100.0);
        (void)percent;
    }
}

static void say_next(const page *p)
{
    const fc_estimate *e = p->e;
    fc_text_add(p->text, "\n");
    if (e->drivers_count > 0) {
        fc_text_addf(p->text, "Biggest lever: %s.\n", e->drivers[0].input);
    }
    fc_text_addf(p->text, "Next: flopcast estimate %s --set %s\n", p->study->name,
                 e->drivers_count > 0 && strncmp(e->drivers[0].input, "deal.", 5) == 0 ? "deal.usd_per_chip_h=2"
                                                                                       : "workload.dtype=fp8");
}

void fc_write_estimate_text(fc_text *text, const fc_estimate *estimate, const fc_study *study, const fc_inputs *inputs)
{
    page p = make_page(text, estimate, study);
    say_answer(&p);
    say_work(&p);
    say_plan(&p);
    say_step(&p);
    say_memory(&p);
    say_run(&p);
    say_cost(&p);
    say_causes(&p);
    say_drivers(&p);
    fc_text_add(text, "\nAssumptions (first form of the step model: not yet fitted to published runs)\n");
    fc_say_assumptions(text, inputs->facts, MOST_ASSUMPTIONS);
    say_next(&p);
}

/* ---- rows for spreadsheets and pull requests ------------------------------------------------------------------------ */

typedef struct row {
    const char *key;
    const char *unit;
    fc_range value;
} row;

static fc_table *result_table(fc_arena *arena, const fc_estimate *e)
{
    const row rows[] = {
        {"step.time", "s", e->time_s},
        {"step.mfu", "fraction", e->mfu_frac},
        {"run.days", "days", e->days},
        {"run.chip_h", "chip-hours", e->chip_h},
        {"run.goodput", "fraction", e->goodput_frac},
        {"cost.total", "USD", e->total_usd},
        {"cost.per_mtoken", "USD per million tokens", e->usd_per_mtoken},
        {"cost.energy", "MWh", e->energy_mwh},
    };
    const char *const heading[] = {"key", "unit", "p10", "p50", "p90"};
    fc_table *table = fc_table_start(arena, "llrrr");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        bool priced = e->point.cost.priced != 0 || strncmp(rows[i].key, "cost.", 5) != 0 || strcmp(rows[i].key, "cost.energy") == 0;
        bool powered = e->point.cost.powered != 0 || strcmp(rows[i].key, "cost.energy") != 0;
        fc_table_cellf(table, "%s", rows[i].key);
        fc_table_cellf(table, "%s", rows[i].unit);
        const double values[] = {rows[i].value.p10, rows[i].value.p50, rows[i].value.p90};
        for (int j = 0; j < 3; ++j) {
            char exact[40] = "";
            if (priced && powered) {
                fc_units_format_exact(exact, sizeof exact, values[j]);
            }
            fc_table_cellf(table, "%s", exact);
        }
    }
    return table;
}

void fc_write_estimate_csv(fc_text *text, const fc_estimate *estimate, const fc_study *study)
{
    (void)study;
    fc_table *table = result_table(text->arena, estimate);
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_print_csv(table, text);
}

void fc_write_estimate_markdown(fc_text *text, const fc_estimate *estimate, const fc_study *study)
{
    page p = make_page(text, estimate, study);
    fc_table *table = result_table(text->arena, estimate);
    if (table == NULL) {
        text->failed = true;
        return;
    }
    say_answer(&p);
    fc_table_print_markdown(table, text);
}
