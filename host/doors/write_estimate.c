#include "write_estimate.h"

#include "plan_words.h"
#include "say.h"
#include "table.h"
#include "write_domain.h"

#include <math.h> /* fabs */
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 30, MOST_ASSUMPTIONS = 8, MOST_DRIVERS = 5 };

typedef struct page {
    fc_text *text;
    const fc_estimate *e;
    const fc_study *study;
    int digits;
    uint32_t beyond_count;
    char beyond[160];
} page;

static page make_page(fc_text *text, const fc_estimate *estimate, const fc_study *study) {
    page p = {.text = text, .e = estimate, .study = study};
    p.beyond_count = fc_estimate_beyond(p.beyond, sizeof p.beyond, estimate, study);
    p.digits = fc_say_digits(p.beyond_count);
    return p;
}

/* The answer, in one line. */
static void say_answer(const page *p) {
    char days[96];
    char usd[96];
    char chips[32];
    char mfu[32];
    const fc_estimate *e = p->e;
    const char *chip = p->study->cluster.chip.name;
    fc_text_addf(p->text, "%s on %s %s: %s", p->study->model.name,
                 fc_say_count(chips, sizeof chips, p->study->cluster.chips_count),
                 strcmp(chip, "local") == 0 ? "local chip" : chip,
                 fc_say_range(days, sizeof days, e->days, FC_UNIT_DAYS, p->digits));
    if (e->point.cost.priced) {
        fc_text_addf(p->text, ", %s", fc_say_range(usd, sizeof usd, e->total_usd, FC_UNIT_USD, p->digits));
    }
    fc_text_addf(p->text, ", MFU %s%s\n", fc_say_percent(mfu, sizeof mfu, e->mfu_frac.p50),
                 p->beyond_count >= 2 ? ". EXTRAPOLATION" : "");
    if (p->beyond_count >= 2) {
        fc_text_addf(p->text, "EXTRAPOLATION: beyond every published run in %s; two digits at most mean anything.\n",
                     p->beyond);
    } else if (p->beyond_count == 1) {
        fc_text_addf(p->text, "Beyond every published run in %s.\n", p->beyond);
    }
    fc_domain_say_nearest(p->text, p->study);
    fc_text_add(p->text, "Ranges are p10 to p90 over the stated ranges of the inputs.\n\n");
}

/* Small counts are exact, large ones "16.8 M": 32,768 is a batch that people know, 32,800 is not. */
static const char *say_tokens(char *out, size_t size, double count) {
    return count < 1e6 ? fc_say_count(out, size, count) : fc_say(out, size, count, FC_UNIT_TOKENS, 3);
}

static void say_work(const page *p) {
    const fc_ops *ops = &p->e->ops;
    char tokens[32];
    char total[32];
    char active[32];
    char flop[32];
    char batch[32];
    char seq_len[32];
    char step_tokens[32];
    double all = ops->tokens_count;
    bool sparse = ops->params_active_count < ops->params_total_count;
    fc_text_addf(p->text, "  work     %s tokens in sequences of %s, %s sequences (%s tokens) a step, %s\n",
                 say_tokens(tokens, sizeof tokens, all), fc_say_count(seq_len, sizeof seq_len, ops->seq_len),
                 fc_say_count(batch, sizeof batch, p->e->point.plan.global_batch),
                 say_tokens(step_tokens, sizeof step_tokens, p->e->point.step.tokens_per_step),
                 fc_dtype_name((fc_dtype)p->study->workload.dtype));
    fc_text_addf(p->text, "           %s parameters",
                 fc_say(total, sizeof total, ops->params_total_count, FC_UNIT_COUNT, 3));
    if (sparse) {
        fc_text_addf(p->text, ", %s of them active for a token",
                     fc_say(active, sizeof active, ops->params_active_count, FC_UNIT_COUNT, 3));
    }
    fc_text_addf(p->text, "; %s in all, attention counted as causal",
                 fc_say(flop, sizeof flop, ops->flop_per_token_model * all, FC_UNIT_FLOP, 3));
    fc_text_addf(p->text, " (%s by PaLM's count,",
                 fc_say(flop, sizeof flop, ops->flop_per_token_palm * all, FC_UNIT_FLOP, 3));
    fc_text_addf(p->text, " %s by 6ND)\n", fc_say(flop, sizeof flop, ops->flop_per_token_6nd * all, FC_UNIT_FLOP, 3));
}

static void say_plan(const page *p) {
    const fc_plan *plan = &p->e->point.plan;
    char used[32];
    fc_text_addf(p->text, "  plan     tp %u x pp %u x cp %u x dp %u = %s chips", plan->tp, plan->pp, plan->cp, plan->dp,
                 fc_say_count(used, sizeof used, p->e->point.step.chips_used_count));
    double idle = p->study->cluster.chips_count - p->e->point.step.chips_used_count;
    if (idle > 0) {
        char rest[32];
        fc_text_addf(p->text, ", %s idle", fc_say_count(rest, sizeof rest, idle));
    }
    fc_text_addf(p->text, "; vpp %u, ep %u, micro-batch %u, recompute %s, ZeRO %d", plan->vpp, plan->ep,
                 plan->micro_batch, fc_plan_word("recompute", plan->recompute), plan->zero);
    if (p->e->plan_given) {
        fc_text_add(p->text, " (as given)\n");
    } else {
        fc_text_addf(p->text, " (what was left open is chosen: the fastest of %.0f that fit, of %.0f tried)\n",
                     p->e->plans_fitting_count, p->e->plans_tried_count);
    }
}

/* One line, one point: rate, MFU and HFU are those of the median step. */
static void say_step(const page *p) {
    const fc_step *step = &p->e->point.step;
    double time_s = p->e->time_s.p50;
    double faster = step->time_s / time_s;
    char time[96];
    char mfu[32];
    char hfu[32];
    char rate[32];
    char peak[32];
    fc_text_addf(p->text, "  step     %s, %s tokens/s; MFU %s, HFU %s of %s dense %s a chip\n",
                 fc_say_range(time, sizeof time, p->e->time_s, FC_UNIT_S, p->digits),
                 fc_say(rate, sizeof rate, step->tokens_per_step / time_s, FC_UNIT_COUNT, p->digits),
                 fc_say_percent(mfu, sizeof mfu, p->e->mfu_frac.p50),
                 fc_say_percent(hfu, sizeof hfu, step->hfu_frac * faster),
                 fc_say(peak, sizeof peak, step->peak_flop_per_s_per_chip, FC_UNIT_FLOP_PER_S, 3),
                 fc_dtype_name((fc_dtype)p->study->workload.dtype));
}

static void say_memory(const page *p) {
    const fc_memory *memory = &p->e->point.memory;
    char used[32];
    char room[32];
    const char *comma = "";
    fc_text_addf(p->text, "  memory   %s of %s on the fullest chip (stage %u):",
                 fc_say(used, sizeof used, memory->per_chip_bytes, FC_UNIT_BYTES, 3),
                 fc_say(room, sizeof room, memory->capacity_bytes, FC_UNIT_BYTES, 3), memory->worst_stage);
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        char bytes[32];
        if (memory->cause_bytes[i] > 0) {
            fc_text_addf(p->text, "%s %s %s", comma, fc_memory_cause_name((fc_memory_cause)i),
                         fc_say(bytes, sizeof bytes, memory->cause_bytes[i], FC_UNIT_BYTES, 2));
            comma = ",";
        }
    }
    if (memory->host_bytes > 0) {
        fc_text_addf(p->text, "; %s of %s on its host", fc_say(used, sizeof used, memory->host_bytes, FC_UNIT_BYTES, 3),
                     fc_say(room, sizeof room, memory->host_capacity_bytes, FC_UNIT_BYTES, 3));
    }
    fc_text_add(p->text, "\n");
}

/* What luck alone does, and where little is kept, what would help. */
static void say_histories(const page *p) {
    const fc_estimate *e = p->e;
    const double little = 0.8;
    char days[96];
    char low[32];
    char high[32];
    char kept[32];
    if (e->histories_count == 0) {
        return;
    }
    fc_text_addf(p->text,
                 "           luck alone, inputs at their middle: goodput %s to %s, %s over %u histories of failures\n",
                 fc_say_percent(low, sizeof low, e->history_goodput_frac.p10),
                 fc_say_percent(high, sizeof high, e->history_goodput_frac.p90),
                 fc_say_range(days, sizeof days, e->history_days, FC_UNIT_DAYS, p->digits), e->histories_count);
    for (uint32_t i = 0; i < e->run_remedies_count && e->goodput_frac.p50 < little; ++i) {
        fc_text_addf(p->text, i == 0 ? "           helps most: goodput %s with %s\n" : "           %s with %s\n",
                     fc_say_percent(kept, sizeof kept, e->run_remedies[i].goodput_frac), e->run_remedies[i].change);
    }
}

static void say_run(const page *p) {
    const fc_run *run = &p->e->point.run;
    char days[96];
    char hours[96];
    char good[32];
    fc_text_addf(p->text, "  run      %s, %s chip-hours, goodput %s",
                 fc_say_range(days, sizeof days, p->e->days, FC_UNIT_DAYS, p->digits),
                 fc_say_range(hours, sizeof hours, p->e->chip_h, FC_UNIT_COUNT, p->digits),
                 fc_say_percent(good, sizeof good, p->e->goodput_frac.p50));
    if (run->mtbf_s > 0) {
        char mtbf[32];
        char every[32];
        char save[32];
        fc_text_addf(p->text, " (a failure every %s; a checkpoint every %s, which takes %s)",
                     fc_say(mtbf, sizeof mtbf, run->mtbf_s, FC_UNIT_S, 2),
                     fc_say(every, sizeof every, run->checkpoint_interval_s, FC_UNIT_S, 2),
                     fc_say(save, sizeof save, run->checkpoint_s, FC_UNIT_S, 2));
    }
    fc_text_add(p->text, "\n");
    say_histories(p);
}

static void say_cost(const page *p) {
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
        fc_text_addf(p->text, "  cost     unknown: no price of %s is known; give deal.usd_per_chip_h\n",
                     p->study->cluster.chip.name);
    }
    if (cost->powered) {
        fc_text_addf(p->text, "  energy   %s; the site draws %s at its peak\n",
                     fc_say_range(energy, sizeof energy, p->e->energy_mwh, FC_UNIT_MWH, p->digits),
                     fc_say(peak, sizeof peak, cost->peak_mw * 1e6, FC_UNIT_W, p->digits));
    } else {
        fc_text_addf(p->text, "  energy   unknown: no power of %s is known; give cluster.chip.it_power\n",
                     p->study->cluster.chip.name);
    }
}

static const char *const CAUSE_WORDS[FC_STEP_CAUSE_COUNT] = {
    [FC_STEP_MATMUL] = "matmuls",
    [FC_STEP_ATTENTION] = "attention",
    [FC_STEP_MEMORY_BOUND] = "memory-bound operations",
    [FC_STEP_LAUNCH] = "launching kernels",
    [FC_STEP_HOST] = "waiting for the host",
    [FC_STEP_RECOMPUTE] = "recompute",
    [FC_STEP_FIRST_TOUCH] = "mapping memory anew",
    [FC_STEP_TENSOR] = "tensor-parallel traffic",
    [FC_STEP_EXPERT] = "expert traffic",
    [FC_STEP_CONTEXT] = "context-parallel traffic",
    [FC_STEP_PIPELINE] = "pipeline traffic",
    [FC_STEP_BUBBLE] = "pipeline bubble",
    [FC_STEP_DATA] = "gradient traffic",
    [FC_STEP_OPTIMIZER] = "optimizer",
    [FC_STEP_STRAGGLER] = "waiting for the slowest",
};

/* Causes from the largest to the smallest; equal ones keep their order. */
static void rank_causes(int *order, const double *cause_s) {
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        int at = i;
        while (at > 0 && cause_s[order[at - 1]] < cause_s[i]) {
            order[at] = order[at - 1];
            at -= 1;
        }
        order[at] = i;
    }
}

static void say_causes(const page *p) {
    const fc_step *step = &p->e->point.step;
    int order[FC_STEP_CAUSE_COUNT] = {0};
    rank_causes(order, step->cause_s);
    char whole[32];
    fc_text_addf(p->text, "\nWhere a step goes (%s with every input at its middle)\n",
                 fc_say(whole, sizeof whole, step->time_s, FC_UNIT_S, p->digits));
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        double cause_s = step->cause_s[order[i]];
        char time[32];
        char percent[32];
        if (cause_s > 0) {
            fc_text_addf(p->text, "  %-24s %12s %7s", CAUSE_WORDS[order[i]],
                         fc_say(time, sizeof time, cause_s, FC_UNIT_S, p->digits),
                         fc_say_percent(percent, sizeof percent, cause_s / step->time_s));
            fc_text_add(p->text, cause_s / step->time_s * BAR_WIDTH >= 0.5 ? "  " : "");
            fc_say_bar(p->text, cause_s / step->time_s, BAR_WIDTH);
            fc_text_add(p->text, "\n");
        }
    }
}

static const char *driven(const page *p) { return p->e->point.cost.priced ? "cost" : "days"; }

/* Below half a percent an input moves nothing that anybody would see. */
static size_t drivers_shown(const fc_estimate *e) {
    size_t count = 0;
    while (count < e->drivers_count && count < MOST_DRIVERS && fabs(e->drivers[count].swing_frac) >= 0.005) {
        count += 1;
    }
    return count;
}

static void say_drivers(const page *p) {
    const fc_estimate *e = p->e;
    size_t count = drivers_shown(e);
    if (count == 0) {
        return;
    }
    fc_text_addf(p->text, "\nWhat moves the %s most (from p10 to p90 of one input, the others at their middle)\n",
                 driven(p));
    for (size_t i = 0; i < count; ++i) {
        fc_text_addf(p->text, "  %-34s %+7.0f %%\n", e->drivers[i].input, e->drivers[i].swing_frac * 100.0);
    }
}

/* The biggest driver that somebody can change: how wrong this program may be (`estimate.…`) is none. */
static const fc_driver *find_lever(const page *p) {
    size_t count = drivers_shown(p->e);
    for (size_t i = 0; i < count; ++i) {
        if (!fc_text_starts(p->e->drivers[i].input, "estimate.")) {
            return &p->e->drivers[i];
        }
    }
    return NULL;
}

/* The end of the biggest lever's range at which the run is cheapest, as the next thing to try. */
static bool say_lever(const page *p, const char *again) {
    const fc_driver *lever = find_lever(p);
    for (uint32_t i = 0; lever != NULL && i < p->study->spreads_count; ++i) {
        const fc_spread *spread = &p->study->spreads[i];
        if (strcmp(spread->key, lever->input) == 0) {
            char value[40];
            bool low = lever->swing_frac > 0;
            fc_units_format_exact(value, sizeof value, low ? spread->low : spread->high);
            fc_text_addf(p->text,
                         "Biggest lever: %s, from p10 to p90 %+.0f %% of the %s; best at the %s end of its range.\n",
                         lever->input, lever->swing_frac * 100.0, driven(p), low ? "low" : "high");
            fc_text_addf(p->text, "Next: flopcast estimate %s --set %s=%s\n", again, lever->input, value);
            return true;
        }
    }
    return false;
}

static void say_next(const page *p, const char *again) {
    const fc_workload *workload = &p->study->workload;
    fc_text_add(p->text, "\n");
    if (say_lever(p, again)) {
        return;
    }
    bool lower = workload->dtype == FC_DTYPE_BF16 && p->study->cluster.chip.peak_flop_per_s[FC_DTYPE_FP8] > 0;
    fc_text_addf(p->text, "Next: flopcast estimate %s %s\n", again,
                 lower ? "--set workload.dtype=fp8" : "--format json");
}

void fc_write_estimate_text(fc_text *text, const fc_estimate *estimate, const fc_study *study, const fc_inputs *inputs,
                            int width) {
    fc_text written = fc_text_start(text->arena);
    page p = make_page(&written, estimate, study);
    say_answer(&p);
    say_work(&p);
    say_plan(&p);
    say_step(&p);
    say_memory(&p);
    say_run(&p);
    say_cost(&p);
    say_causes(&p);
    say_drivers(&p);
    fc_text_add(&written, "\nAssumptions (the step model against published runs: docs/accuracy.md)\n");
    fc_say_assumptions(&written, inputs->facts, estimate->drivers, drivers_shown(estimate), MOST_ASSUMPTIONS);
    say_next(&p, inputs->again);
    fc_say_page(text, &written, width);
}

/* ---- rows for spreadsheets and pull requests ------------------------------------------------------------------------ */

typedef struct row {
    const char *key;
    const char *unit;
    fc_range value;
} row;

static fc_table *result_table(fc_arena *arena, const fc_estimate *e) {
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
        bool priced = e->point.cost.priced != 0 || strncmp(rows[i].key, "cost.", 5) != 0 ||
                      strcmp(rows[i].key, "cost.energy") == 0;
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

void fc_write_estimate_csv(fc_text *text, const fc_estimate *estimate, const fc_study *study) {
    (void)study;
    fc_table *table = result_table(text->arena, estimate);
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_print_csv(table, text);
}

void fc_write_estimate_markdown(fc_text *text, const fc_estimate *estimate, const fc_study *study) {
    page p = make_page(text, estimate, study);
    fc_table *table = result_table(text->arena, estimate);
    if (table == NULL) {
        text->failed = true;
        return;
    }
    say_answer(&p);
    fc_table_print_markdown(table, text);
}
