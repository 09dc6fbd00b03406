#include "write_compare.h"

#include "say.h"
#include "table.h"
#include "write_compare_why.h"

#include <stdio.h>
#include <string.h>

typedef fc_compare_page page;

static const char *side_name(const page *p, uint32_t side) { return p->c->sides[side].name; }

/* ---- the answer ------------------------------------------------------------------------------------------------ */

/* "1.9 times" the one way or "0.53 of" the other, whichever is over 1, reads better as the larger side's lead. */
const char *fc_write_verdict(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison) {
    const fc_cell_result *cell = &verdict->cells[0];
    const fc_ratio *ratio = &cell->ratios[0];
    const char *first = comparison->sides[0].name;
    const char *second = comparison->sides[1].name;
    const char *dtype = fc_dtype_name((fc_dtype)cell->ops.dtype);
    bool leads = ratio->speed.p50 >= 1.0;
    fc_range lead = ratio->speed;
    if (!leads) {
        lead = (fc_range){1.0 / ratio->speed.p90, 1.0 / ratio->speed.p50, 1.0 / ratio->speed.p10};
    }
    double ahead = leads ? ratio->faster_frac : 1.0 - ratio->faster_frac;
    const char *winner = leads ? first : second;
    const char *loser = leads ? second : first;
    const char *cheaper = ratio->cheaper_frac >= 0.5 ? first : second;
    double cheaper_frac = ratio->cheaper_frac >= 0.5 ? ratio->cheaper_frac : 1.0 - ratio->cheaper_frac;
    char times[32];
    char low[32];
    char high[32];
    const char *cost = "; the cost of one of them is unknown";
    if (ratio->cost.p50 > 0) {
        cost =
            fc_arena_printf(text->arena, "; %s is cheaper for the same work in %.0f %%", cheaper, cheaper_frac * 100.0);
    }
    char *said =
        fc_arena_printf(text->arena,
                        "Programme view, %s: %s trains %s times as fast as %s (p10 to p90: %s to %s) and is ahead in "
                        "%.0f %% of draws%s%s",
                        dtype, winner, fc_say_ratio(times, sizeof times, lead.p50), loser,
                        fc_say_ratio(low, sizeof low, lead.p10), fc_say_ratio(high, sizeof high, lead.p90),
                        ahead * 100.0, cost != NULL ? cost : "", verdict->beyond_count >= 2 ? ". EXTRAPOLATION" : "");
    return said != NULL ? said : "out of memory";
}

static void say_answer(const page *p) {
    const fc_cell_result *cell = &p->v->cells[0];
    fc_text_addf(p->text, "%s.\n", fc_write_verdict(p->text, p->v, p->c));
    fc_text_addf(p->text, "The headline work is %s", p->c->cells[0].name);
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        char days[96];
        fc_text_addf(p->text, "%s %s %s", i == 0 ? ":" : ",", side_name(p, i),
                     fc_say_range(days, sizeof days, cell->sides[i].days, FC_UNIT_DAYS, 2));
    }
    fc_text_add(p->text, ".\n");
    if (p->v->parity_bf16 > 0) {
        fc_text_addf(p->text, "Parity: %s is ahead in BF16 when its share x MFU exceeds %.2f of %s's", side_name(p, 0),
                     p->v->parity_bf16, side_name(p, 1));
        if (p->v->parity_fp8 > 0) {
            fc_text_addf(p->text, " (%.2f in FP8)", p->v->parity_fp8);
        }
        fc_text_add(p->text, ", goodput being equal.\n");
    }
    if (p->v->beyond_count >= 2) {
        fc_text_addf(p->text, "EXTRAPOLATION: beyond every published run in %s; read two digits at most.\n",
                     p->v->beyond);
    }
}

/* ---- the three views --------------------------------------------------------------------------------------------- */

static void add_power(fc_table *table, const page *p) {
    fc_table_cellf(table, "facility power");
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        char w[64];
        const fc_range stated = p->c->sides[i].facility_w;
        if (stated.p50 > 0) {
            fc_table_cellf(table, "%s, disclosed", fc_say_range(w, sizeof w, stated, FC_UNIT_W, 3));
        } else {
            fc_table_cellf(table, "%s, all-in IT x PUE", fc_say(w, sizeof w, p->v->sheets[i].facility_w, FC_UNIT_W, 3));
        }
    }
}

static void add_peaks(fc_table *table, const page *p) {
    static const fc_dtype order[] = {FC_DTYPE_BF16, FC_DTYPE_FP8, FC_DTYPE_MXFP8, FC_DTYPE_NVFP4};
    for (size_t d = 0; d < sizeof order / sizeof order[0]; ++d) {
        bool any = false;
        for (uint32_t i = 0; i < p->c->sides_count; ++i) {
            any = any || p->v->sheets[i].peak_flop_per_s[order[d]] > 0;
        }
        if (!any) {
            continue;
        }
        fc_table_cellf(table, "dense %s", fc_dtype_name(order[d]));
        for (uint32_t i = 0; i < p->c->sides_count; ++i) {
            char rate[32];
            double peak = p->v->sheets[i].peak_flop_per_s[order[d]];
            fc_table_cellf(table, "%s",
                           peak > 0 ? fc_say(rate, sizeof rate, peak, FC_UNIT_FLOP_PER_S, 3) : "not on every chip");
        }
    }
}

static fc_table *side_table(const page *p) {
    char alignment[FC_MAX_DEALS + 2] = "l";
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        alignment[i + 1] = 'l';
    }
    alignment[p->c->sides_count + 1] = '\0';
    fc_table *table = fc_table_start(p->text->arena, alignment);
    const char *heading[FC_MAX_DEALS + 1] = {""};
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        heading[i + 1] = side_name(p, i);
    }
    if (table == NULL) {
        p->text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    return table;
}

typedef void (*say_part)(char *out, size_t size, const fc_cluster *cluster);

static void say_chips(char *out, size_t size, const fc_cluster *cluster) {
    char count[32];
    snprintf(out, size, "%s %s", fc_say_count(count, sizeof count, cluster->chips_count), cluster->chip.name);
}

static void say_domains(char *out, size_t size, const fc_cluster *cluster) {
    char count[32];
    double chips = cluster->chip.scaleup_domain_count > 0 ? cluster->chip.scaleup_domain_count : 1;
    snprintf(out, size, "%s of %.0f", fc_say_count(count, sizeof count, cluster->chips_count / chips), chips);
}

/* A row for each part of the deal that has the most of them. */
static void add_parts(fc_table *table, const page *p, const char *label, say_part say) {
    uint32_t rows = 1;
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        rows = p->c->sides[i].parts_count > rows ? p->c->sides[i].parts_count : rows;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        fc_table_cellf(table, "%s", row == 0 ? label : "");
        for (uint32_t i = 0; i < p->c->sides_count; ++i) {
            char said[FC_NAME_SIZE + 40] = "";
            if (row < p->c->sides[i].parts_count) {
                say(said, sizeof said, &p->c->sides[i].parts[row].cluster);
            }
            fc_table_cellf(table, "%s", said);
        }
    }
}

static void say_sheet(const page *p) {
    fc_text_add(p->text, "\nSheet view: what the deals are on paper (dense peak, not what training gets)\n");
    fc_table *table = side_table(p);
    if (table == NULL) {
        return;
    }
    add_parts(table, p, "chips", say_chips);
    add_parts(table, p, "scale-up domains", say_domains);
    add_peaks(table, p);
    fc_table_cellf(table, "memory");
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        char bytes[32];
        fc_table_cellf(table, "%s", fc_say(bytes, sizeof bytes, p->v->sheets[i].memory_bytes, FC_UNIT_BYTES, 3));
    }
    fc_table_cellf(table, "memory bandwidth");
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        char rate[32];
        fc_table_cellf(table, "%s",
                       fc_say(rate, sizeof rate, p->v->sheets[i].memory_bytes_per_s, FC_UNIT_BYTES_PER_S, 3));
    }
    add_power(table, p);
    fc_table_print(table, p->text, 2, p->width);
}

static void say_one_job(const page *p, uint32_t index, uint32_t part) {
    const fc_side *side = &p->c->sides[index];
    const fc_job *job = &p->v->jobs[index][part];
    const char *chip = side->parts[job->part].cluster.chip.name;
    char chips[32];
    fc_text_addf(p->text, "  %s: one site of %s %s", side->name, fc_say_count(chips, sizeof chips, job->chips_count),
                 chip);
    if (!job->feasible) {
        fc_text_addf(p->text, ": not feasible: %s\n", job->reason);
        return;
    }
    const fc_estimate *e = job->estimate;
    const fc_plan *plan = &e->point.plan;
    char days[96];
    char mfu[32];
    char good[32];
    char mtbf[32];
    fc_text_addf(p->text, ", alone on it %s, MFU %s, goodput %s (a failure every %s)\n",
                 fc_say_range(days, sizeof days, e->days, FC_UNIT_DAYS, 2),
                 fc_say_percent(mfu, sizeof mfu, e->mfu_frac.p50),
                 fc_say_percent(good, sizeof good, e->goodput_frac.p50),
                 fc_say(mtbf, sizeof mtbf, e->point.run.mtbf_s, FC_UNIT_S, 2));
    fc_text_addf(p->text, "      tp %u, pp %u, vpp %u, cp %u, ep %u, dp %u, micro-batch %u: the fastest of %.0f %s\n",
                 plan->tp, plan->pp, plan->vpp, plan->cp, plan->ep, plan->dp, plan->micro_batch, e->plans_fitting_count,
                 e->plans_fitting_count == 1 ? "plan that fits" : "plans that fit");
}

static void say_jobs(const page *p) {
    fc_text_addf(
        p->text,
        "\nJob view: the largest single synchronous job (one site, one chip type), by the step model, for %s\n",
        p->c->cells[0].name);
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        for (uint32_t part = 0; part < p->c->sides[i].parts_count; ++part) {
            say_one_job(p, i, part);
        }
    }
}

/* The work stands once, then one row a deal: any number of deals stays readable. */
static void add_cell_row(fc_table *table, const page *p, uint32_t index, uint32_t i) {
    const fc_cell_result *cell = &p->v->cells[index];
    const fc_programme *side = &cell->sides[i];
    char text[96];
    char mid[32];
    char low[32];
    char high[32];
    fc_table_cellf(table, "%s", i == 0 ? p->c->cells[index].name : "");
    (void)fc_say(text, sizeof text, cell->work_flop, FC_UNIT_FLOP, 2);
    text[strcspn(text, " ")] = '\0'; /* the heading says FLOP */
    fc_table_cellf(table, "%s", i == 0 ? text : "");
    fc_table_cellf(table, "%s", side_name(p, i));
    if (cell->infeasible) {
        fc_table_cellf(table, "infeasible");
        fc_table_cellf(table, "-");
        fc_table_cellf(table, "-");
        return;
    }
    fc_table_cellf(table, "%s (%s to %s)", fc_say_count(mid, sizeof mid, fc_say_rounded(side->days.p50, 2)),
                   fc_say_count(low, sizeof low, fc_say_rounded(side->days.p10, 2)),
                   fc_say_count(high, sizeof high, fc_say_rounded(side->days.p90, 2)));
    fc_table_cellf(table, "%s",
                   side->mid_usd_per_h > 0 ? fc_say(text, sizeof text, side->cost_usd.p50, FC_UNIT_USD, 2) : "-");
    fc_table_cellf(table, "%s",
                   side->mid_w > 0 ? fc_say(text, sizeof text, side->energy_mwh.p50, FC_UNIT_MWH, 2) : "-");
}

static fc_table *grid_table(const page *p) {
    const char *const heading[] = {"work", "model FLOP", "deal", "days (p10 to p90)", "cost", "energy"};
    fc_table *table = fc_table_start(p->text->arena, "lrlrrr");
    if (table == NULL) {
        p->text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < p->v->cells_count; ++i) {
        for (uint32_t side = 0; side < p->c->sides_count; ++side) {
            add_cell_row(table, p, i, side);
        }
    }
    return table;
}

static void say_walls(const page *p) {
    for (uint32_t i = 0; i < p->v->cells_count; ++i) {
        if (p->v->cells[i].infeasible) {
            fc_text_addf(p->text, "  %s is infeasible. Walls: %s.\n", p->c->cells[i].name, p->v->cells[i].wall);
        }
    }
}

static void say_rates(const page *p) {
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        const fc_programme *side = &p->v->cells[0].sides[i];
        char rate[96];
        char month[32];
        const double month_s = 730.5 * 3600.0;
        fc_text_addf(p->text, "  %s: useful %s, %s a month\n", side_name(p, i),
                     fc_say_range(rate, sizeof rate, side->effective_flop_per_s, FC_UNIT_FLOP_PER_S, 2),
                     fc_say(month, sizeof month, side->effective_flop_per_s.p50 * month_s, FC_UNIT_FLOP, 2));
    }
}

static void say_programme(const page *p) {
    fc_text_add(p->text, "\nProgramme view: useful FLOP after share, MFU and goodput\n");
    say_rates(p);
    fc_text_add(p->text, "\n");
    fc_table *table = grid_table(p);
    if (table != NULL) {
        fc_table_print(table, p->text, 2, 0);
    }
    say_walls(p);
}

/* ---- the whole page ------------------------------------------------------------------------------------------------ */

void fc_write_compare_text(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison,
                           const fc_inputs *inputs, int width) {
    fc_text written = fc_text_start(text->arena);
    page p = {&written, verdict, comparison, fc_say_digits(verdict->beyond_count), width};
    say_answer(&p);
    say_sheet(&p);
    say_jobs(&p);
    say_programme(&p);
    fc_write_compare_why(&p, inputs);
    fc_say_page(text, &written, width);
}

/* ---- rows -------------------------------------------------------------------------------------------------------------- */

void fc_write_compare_csv(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison) {
    fc_table *table = fc_table_start(text->arena, "llrrrrrrrrrrrl");
    const char *const heading[] = {"work",
                                   "deal",
                                   "work_flop",
                                   "effective_flop_per_s_p10",
                                   "effective_flop_per_s_p50",
                                   "effective_flop_per_s_p90",
                                   "days_p10",
                                   "days_p50",
                                   "days_p90",
                                   "cost_usd_p10",
                                   "cost_usd_p50",
                                   "cost_usd_p90",
                                   "energy_mwh_p50",
                                   "infeasible"};
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < verdict->cells_count; ++i) {
        const fc_cell_result *cell = &verdict->cells[i];
        for (uint32_t j = 0; j < comparison->sides_count; ++j) {
            const fc_programme *side = &cell->sides[j];
            const double values[] = {cell->work_flop,
                                     side->effective_flop_per_s.p10,
                                     side->effective_flop_per_s.p50,
                                     side->effective_flop_per_s.p90,
                                     side->days.p10,
                                     side->days.p50,
                                     side->days.p90,
                                     side->cost_usd.p10,
                                     side->cost_usd.p50,
                                     side->cost_usd.p90,
                                     side->energy_mwh.p50};
            fc_table_cellf(table, "%s", comparison->cells[i].name);
            fc_table_cellf(table, "%s", comparison->sides[j].name);
            for (size_t k = 0; k < sizeof values / sizeof values[0]; ++k) {
                char exact[40];
                fc_units_format_exact(exact, sizeof exact, values[k]);
                fc_table_cellf(table, "%s", exact);
            }
            fc_table_cellf(table, "%s", cell->infeasible ? cell->wall : "");
        }
    }
    fc_table_print_csv(table, text);
}

void fc_write_compare_markdown(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison) {
    page p = {text, verdict, comparison, fc_say_digits(verdict->beyond_count), 0};
    say_answer(&p);
    fc_text_add(text, "\n");
    fc_table *table = grid_table(&p);
    if (table != NULL) {
        fc_table_print_markdown(table, text);
    }
}
