#include "write_compare_why.h"

#include "say.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { MOST_DRIVERS = 6, MAP_ROWS = 5, MAP_COLUMNS = 5 };

typedef fc_compare_page page;

static const char *side_name(const page *p, uint32_t side) { return p->c->sides[side].name; }

/* ---- ratios, flips, both together --------------------------------------------------------------------------------- */

static void say_ratio(const page *p, const char *what, fc_range range, double frac, const char *won) {
    char mid[32];
    char low[32];
    char high[32];
    if (range.p50 > 0) {
        fc_text_addf(p->text, "  %-6s %s (%s to %s), %s in %.0f %% of draws\n", what,
                     fc_say_ratio(mid, sizeof mid, range.p50), fc_say_ratio(low, sizeof low, range.p10),
                     fc_say_ratio(high, sizeof high, range.p90), won, frac * 100.0);
    }
}

static void say_ratios(const page *p) {
    for (uint32_t i = 0; i + 1 < p->c->sides_count; ++i) {
        const fc_ratio *r = &p->v->cells[0].ratios[i];
        fc_text_addf(p->text, "\n%s over %s, on the same work\n", side_name(p, 0), side_name(p, r->other));
        say_ratio(p, "speed", r->speed, r->faster_frac, "faster");
        say_ratio(p, "cost", r->cost, r->cheaper_frac, "cheaper");
        say_ratio(p, "energy", r->energy, r->leaner_frac, "less energy");
    }
}

static void say_flips(const page *p) {
    if (p->v->flips_count == 0) {
        return;
    }
    fc_text_add(p->text,
                "\nWhere the verdict flips: the value at which both sides are equal, all else at its middle\n");
    fc_table *table = fc_table_start(p->text->arena, "lllrrl");
    const char *const heading[] = {"of", "deal", "input", "middle", "equal at", ""};
    if (table == NULL) {
        p->text->failed = true;
        return;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < p->v->flips_count; ++i) {
        const fc_flip *flip = &p->v->flips[i];
        fc_table_cellf(table, "%s", flip->what);
        fc_table_cellf(table, "%s", flip->side);
        fc_table_cellf(table, "%s", flip->input);
        fc_table_cellf(table, "%.2g", flip->mid);
        fc_table_cellf(table, "%.2g", flip->at);
        fc_table_cellf(table, "%s", flip->reachable ? "" : "out of reach");
    }
    fc_table_print(table, p->text, 2, 0);
}

/* How the lead moves over the plausible MFU of both sides, at the middle of all else. */
static void say_map(const page *p) {
    static const double factors[MAP_ROWS] = {0.5, 0.75, 1.0, 1.25, 1.5};
    double mfu[2] = {0, 0};
    for (uint32_t i = 0; i < p->v->flips_count; ++i) {
        const fc_flip *flip = &p->v->flips[i];
        bool speed_mfu = strcmp(flip->input, "mfu") == 0 && strcmp(flip->what, "speed") == 0;
        for (uint32_t s = 0; s < 2 && speed_mfu; ++s) {
            mfu[s] = strcmp(flip->side, side_name(p, s)) == 0 ? flip->mid : mfu[s];
        }
    }
    if (!(mfu[0] > 0) || !(mfu[1] > 0)) {
        return;
    }
    double mid = p->v->cells[0].sides[0].mid_flop_per_s / p->v->cells[0].sides[1].mid_flop_per_s;
    fc_text_addf(p->text, "\nSpeed of %s / %s by MFU (down: %s, across: %s)\n          ", side_name(p, 0),
                 side_name(p, 1), side_name(p, 0), side_name(p, 1));
    for (int j = 0; j < MAP_COLUMNS; ++j) {
        fc_text_addf(p->text, "%7.0f %%", mfu[1] * factors[j] * 100.0);
    }
    fc_text_add(p->text, "\n");
    for (int i = 0; i < MAP_ROWS; ++i) {
        fc_text_addf(p->text, "  %5.0f %% ", mfu[0] * factors[i] * 100.0);
        for (int j = 0; j < MAP_COLUMNS; ++j) {
            char ratio[32];
            fc_text_addf(p->text, "%9s", fc_say_ratio(ratio, sizeof ratio, mid * factors[i] / factors[j]));
        }
        fc_text_add(p->text, "\n");
    }
}

static void say_together(const page *p) {
    double sum = 0;
    double first = p->v->cells[0].sides[0].mid_flop_per_s;
    for (uint32_t i = 0; i < p->c->sides_count; ++i) {
        sum += p->v->cells[0].sides[i].mid_flop_per_s;
    }
    char rate[32];
    fc_text_addf(p->text, "\nTogether, as separate jobs: %s useful at the middle; %s %.0f %% to %s alone.\n",
                 fc_say(rate, sizeof rate, sum, FC_UNIT_FLOP_PER_S, 2),
                 p->c->sides_count == 2 ? fc_arena_printf(p->text->arena, "%s adds", side_name(p, 1))
                                        : "the others add",
                 (sum / first - 1.0) * 100.0, side_name(p, 0));
}

static void say_drivers(const page *p) {
    if (p->v->drivers_count == 0) {
        return;
    }
    fc_text_add(p->text,
                "\nWhat moves the ratio of speeds most (from p10 to p90 of one input, the others at their middle)\n");
    for (uint32_t i = 0; i < p->v->drivers_count && i < MOST_DRIVERS; ++i) {
        fc_text_addf(p->text, "  %-40s %+7.0f %%\n", p->v->drivers[i].input, p->v->drivers[i].swing_frac * 100.0);
    }
}

/* ---- evidence ------------------------------------------------------------------------------------------------------- */

static bool is_belief(const fc_fact *fact) {
    return fc_text_ends(fact->key, ".mfu") || fc_text_ends(fact->key, ".share") ||
           fc_text_ends(fact->key, ".goodput") || fc_text_ends(fact->key, ".usd_per_chip_h") ||
           fc_text_ends(fact->key, ".usd_per_month") || (fc_text_ends(fact->key, ".chips") && fact->has_range);
}

static void say_evidence(const page *p, const fc_inputs *inputs) {
    fc_text_add(p->text, "\nWhat this rests on\n");
    size_t others = 0;
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        if (!is_belief(fact)) {
            others += fact->grade != FC_GRADE_EXACT;
            continue;
        }
        fc_say_fact(p->text, fact);
    }
    fc_text_addf(p->text,
                 "  … and %zu facts and assumptions of chips, clusters and stacks: --format json lists all of them\n",
                 others);
}

/* The flip of the biggest lever, else the first that lies in reach. A price is set in more than one way; leave it. */
static const fc_flip *next_flip(const page *p, const char *lever) {
    const fc_flip *next = NULL;
    for (uint32_t i = 0; i < p->v->flips_count; ++i) {
        const fc_flip *flip = &p->v->flips[i];
        const char *key = fc_arena_printf(p->text->arena, "%s.%s", flip->side, flip->input);
        bool fits = flip->reachable && strcmp(flip->what, "speed") == 0;
        if (fits && (next == NULL || (key != NULL && strcmp(key, lever) == 0))) {
            next = flip;
        }
    }
    return next;
}

/* Where the biggest lever makes both sides equal, as the next thing to try. */
static void say_next(const page *p, const char *again) {
    const char *lever = p->v->drivers_count > 0 ? p->v->drivers[0].input : "";
    const fc_flip *next = next_flip(p, lever);
    fc_text_add(p->text, "\n");
    if (lever[0] != '\0') {
        fc_text_addf(p->text, "Biggest lever: %s, from p10 to p90 %+.0f %% of the ratio of speeds.\n", lever,
                     p->v->drivers[0].swing_frac * 100.0);
    }
    if (next != NULL) {
        fc_text_addf(p->text, "Both are equally fast where %s.%s is %.2g; to see it:\n", next->side, next->input,
                     next->at);
        fc_text_addf(p->text, "Next: flopcast compare %s --set deals.%s.%s=%.2g\n", again, next->side, next->input,
                     next->at);
    } else {
        fc_text_addf(p->text, "Next: flopcast compare %s --format json\n", again);
    }
}

void fc_write_compare_why(const fc_compare_page *p, const fc_inputs *inputs) {
    say_ratios(p);
    say_flips(p);
    say_map(p);
    say_together(p);
    say_drivers(p);
    say_evidence(p, inputs);
    say_next(p, inputs->again);
}
