#include "write_race.h"

#include "../base/calendar.h"
#include "say.h"
#include "table.h"

#include <math.h>
#include <stdio.h>

enum { MOST_ASSUMPTIONS = 24 };

typedef struct page {
    fc_text *text;
    const fc_race_result *r;
    const fc_race_study *s;
} page;

static const char *const STATUS_NAMES[FC_LOT_STATUS_COUNT] = {"announced", "contracted", "delivered", "operating"};

static const char *name_of(const page *p, uint32_t index) { return p->s->programmes[index].name; }

const char *fc_write_race_day(char *out, size_t size, fc_race_day day) {
    if (day.never) {
        (void)snprintf(out, size, "never");
        return out;
    }
    fc_date date = fc_date_from_days(floor(day.day));
    (void)snprintf(out, size, "%04d-%02d-%02d", date.year, date.month, date.day);
    return out;
}

static const char *day_text(char *out, size_t size, double day) {
    return fc_write_race_day(out, size, (fc_race_day){day, 0});
}

static const char *verdict_of(fc_text *text, const page *p, uint32_t index) {
    const fc_race_chase *chase = &p->r->chases[index];
    char p10[16];
    char p50[16];
    char p90[16];
    char by[16];
    char horizon[16];
    const char *chaser = name_of(p, chase->chaser);
    const char *leader = name_of(p, p->r->leader);
    char as_of[16];
    const char *said = fc_arena_printf(
        text->arena,
        "%s reaches %s's level by %s in %.0f %% of draws (%.0f %% are there on %s), by %s in %.0f %%; the day is %s "
        "(p10 to p90: %s to %s)",
        chaser, leader, day_text(by, sizeof by, p->s->by_day), 100.0 * chase->compute.by_frac,
        100.0 * chase->compute.already_frac, day_text(as_of, sizeof as_of, p->s->as_of_day),
        day_text(horizon, sizeof horizon, p->s->horizon_day), 100.0 * chase->compute.within_frac,
        fc_write_race_day(p50, sizeof p50, chase->compute.p50), fc_write_race_day(p10, sizeof p10, chase->compute.p10),
        fc_write_race_day(p90, sizeof p90, chase->compute.p90));
    return said != NULL ? said : "out of memory";
}

const char *fc_write_race_verdict(fc_text *text, const fc_race_result *result, const fc_race_study *study) {
    page p = {text, result, study};
    return verdict_of(text, &p, 0);
}

static void say_answer(const page *p) {
    char as_of[16];
    char horizon[16];
    for (uint32_t i = 0; i < p->r->chases_count; ++i) {
        fc_text_addf(p->text, "%s.\n", verdict_of(p->text, p, i));
    }
    fc_text_addf(
        p->text,
        "Level: effective training FLOP %s, lots %s or further; looked at from %s to %s. Compute is not skill: "
        "who reaches it first has spent as much, no more is said.\n",
        p->s->measure == FC_RACE_RUN ? "of the last run" : "since the start", STATUS_NAMES[p->s->counted],
        day_text(as_of, sizeof as_of, p->s->as_of_day), day_text(horizon, sizeof horizon, p->s->horizon_day));
}

/* ---- why --------------------------------------------------------------------------------------------------------- */

static void say_released(const page *p) {
    for (uint32_t i = 0; i < p->r->chases_count; ++i) {
        const fc_race_chase *chase = &p->r->chases[i];
        char p10[16];
        char p50[16];
        char p90[16];
        char ratio[32];
        char low[32];
        char high[32];
        fc_text_addf(
            p->text, "  %s has %s of %s's level then (%s to %s); in released models it is level from %s (%s to %s)\n",
            name_of(p, chase->chaser), fc_say_ratio(ratio, sizeof ratio, chase->ratio.p50), name_of(p, p->r->leader),
            fc_say_ratio(low, sizeof low, chase->ratio.p10), fc_say_ratio(high, sizeof high, chase->ratio.p90),
            fc_write_race_day(p50, sizeof p50, chase->released.p50),
            fc_write_race_day(p10, sizeof p10, chase->released.p10),
            fc_write_race_day(p90, sizeof p90, chase->released.p90));
    }
}

static fc_table *side_table(const page *p) {
    static const char *const heading[] = {"programme",       "announced",
                                          "contracted",      "delivered",
                                          "operating",       "at work (p10 to p90)",
                                          "useful rate",     "effective FLOP (p10 to p90)",
                                          "cost of training"};
    fc_table *table = fc_table_start(p->text->arena, "lrrrrrrrr");
    if (table == NULL) {
        p->text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < p->s->programmes_count; ++i) {
        const fc_race_side *side = &p->r->sides[i];
        char text[96];
        char low[32];
        char high[32];
        fc_table_cellf(table, "%s", name_of(p, i));
        for (int status = 0; status < FC_LOT_STATUS_COUNT; ++status) {
            fc_table_cellf(table, "%s", fc_say_count(text, sizeof text, fc_say_rounded(side->chips_count[status], 3)));
        }
        fc_table_cellf(table, "%s (%s to %s)",
                       fc_say_count(text, sizeof text, fc_say_rounded(side->working_count.p50, 2)),
                       fc_say_count(low, sizeof low, fc_say_rounded(side->working_count.p10, 2)),
                       fc_say_count(high, sizeof high, fc_say_rounded(side->working_count.p90, 2)));
        fc_table_cellf(table, "%s", fc_say(text, sizeof text, side->useful_flop_per_s.p50, FC_UNIT_FLOP_PER_S, 2));
        fc_table_cellf(table, "%.1e (%.1e to %.1e)", side->level_flop.p50, side->level_flop.p10, side->level_flop.p90);
        fc_table_cellf(table, "%s", side->priced ? fc_say(text, sizeof text, side->cost_usd.p50, FC_UNIT_USD, 2) : "-");
    }
    return table;
}

static fc_table *point_table(const page *p) {
    char alignment[FC_MAX_PROGRAMMES + 2] = "l";
    const char *heading[FC_MAX_PROGRAMMES + 1] = {"effective FLOP by"};
    for (uint32_t i = 0; i < p->s->programmes_count; ++i) {
        alignment[i + 1] = 'r';
        alignment[i + 2] = '\0';
        heading[i + 1] = name_of(p, i);
    }
    fc_table *table = fc_table_start(p->text->arena, alignment);
    if (table == NULL) {
        p->text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < p->r->points_count; ++i) {
        const fc_race_point *point = &p->r->points[i];
        char day[16];
        fc_table_cellf(table, "%s", day_text(day, sizeof day, point->day));
        for (uint32_t j = 0; j < p->s->programmes_count; ++j) {
            const fc_range *level = &point->level_flop[j];
            fc_table_cellf(table, "%.1e (%.1e to %.1e)", level->p50, level->p10, level->p90);
        }
    }
    return table;
}

/* ---- what would change it ------------------------------------------------------------------------------------------ */

static void say_changes(const page *p) {
    const fc_race_chase *chase = &p->r->chases[0];
    char day[16];
    char announced[16];
    const char *chaser = name_of(p, chase->chaser);
    if (chase->already) {
        fc_text_addf(p->text, "\nWhat would change it\n  at mid values %s is level from the first day on\n", chaser);
        return;
    }
    fc_text_addf(p->text,
                 "\nWhat would change it (all inputs at mid: %s %s; were all announced chips counted, for both: %s)\n",
                 chaser, fc_write_race_day(day, sizeof day, p->r->mid_day),
                 fc_write_race_day(announced, sizeof announced, p->r->announced_day));
    fc_text_addf(p->text, "  %s, one input of %s at a time:\n",
                 p->r->mid_day.never ? "into the horizon" : "a quarter earlier", chaser);
    if (p->r->changes_count == 0) {
        fc_text_add(p->text, "    nothing: the day is less than a quarter away\n");
    }
    for (uint32_t i = 0; i < p->r->changes_count; ++i) {
        const fc_race_change *change = &p->r->changes[i];
        if (change->reachable) {
            fc_text_addf(p->text, "    %s times %.2f\n", change->input, change->factor);
        } else {
            fc_text_addf(p->text, "    %s: not by itself, not even %s\n", change->input,
                         change->factor > 1.0 ? "at its limit or 16 times as much" : "with no time at all");
        }
    }
}

static void say_wait(const page *p) {
    if (!p->s->has_wait) {
        return;
    }
    const fc_lot *now = &p->s->wait[0].lots[0];
    const fc_lot *next = &p->s->wait[1].lots[0];
    char start[16];
    char p10[16];
    char p50[16];
    char p90[16];
    char horizon[16];
    fc_text_addf(
        p->text,
        "\nStart now, or wait: the same money a month on %s from %s has trained more than on %s now in %.0f %% of "
        "draws by %s; the day on which it overtakes is %s (p10 to p90: %s to %s)\n",
        next->chip, day_text(start, sizeof start, next->day), now->chip, 100.0 * p->r->wait.within_frac,
        day_text(horizon, sizeof horizon, p->s->horizon_day), fc_write_race_day(p50, sizeof p50, p->r->wait.p50),
        fc_write_race_day(p10, sizeof p10, p->r->wait.p10), fc_write_race_day(p90, sizeof p90, p->r->wait.p90));
}

static void say_tables(const page *p, bool markdown) {
    fc_table *sides = side_table(p);
    fc_table *points = point_table(p);
    if (sides == NULL || points == NULL) {
        return;
    }
    if (markdown) {
        fc_table_print_markdown(sides, p->text);
        fc_text_add(p->text, "\n");
        fc_table_print_markdown(points, p->text);
    } else {
        fc_table_print(sides, p->text, 2, 0);
        fc_text_add(p->text, "\n");
        fc_table_print(points, p->text, 2, 0);
    }
}

void fc_write_race_text(fc_text *text, const fc_race_result *result, const fc_race_study *study,
                        const fc_inputs *inputs, int width) {
    fc_text written = fc_text_start(text->arena);
    page p = {&written, result, study};
    char by[16];
    say_answer(&p);
    fc_text_addf(&written, "\nWhy: chips by how far they are, and what is at work on %s\n",
                 day_text(by, sizeof by, study->by_day));
    say_tables(&p, false);
    say_released(&p);
    say_changes(&p);
    say_wait(&p);
    fc_text_add(&written, "\nRests on\n");
    fc_say_assumptions(&written, inputs->facts, NULL, 0, MOST_ASSUMPTIONS);
    fc_text_addf(&written, "\nNext: flopcast race %s --by %s --format json\n", inputs->again, by);
    fc_say_page(text, &written, width);
    text->failed = text->failed || written.failed;
}

void fc_write_race_markdown(fc_text *text, const fc_race_result *result, const fc_race_study *study) {
    page p = {text, result, study};
    say_answer(&p);
    fc_text_add(text, "\n");
    say_tables(&p, true);
    say_changes(&p);
    say_wait(&p);
}

void fc_write_race_csv(fc_text *text, const fc_race_result *result, const fc_race_study *study) {
    static const char *const heading[] = {"day", "programme", "level_flop_p10", "level_flop_p50", "level_flop_p90"};
    fc_table *table = fc_table_start(text->arena, "llrrr");
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < result->points_count; ++i) {
        for (uint32_t j = 0; j < study->programmes_count; ++j) {
            const fc_range *level = &result->points[i].level_flop[j];
            char day[16];
            char number[48];
            fc_table_cellf(table, "%s", day_text(day, sizeof day, result->points[i].day));
            fc_table_cellf(table, "%s", study->programmes[j].name);
            const double values[] = {level->p10, level->p50, level->p90};
            for (size_t k = 0; k < 3; ++k) {
                fc_units_format_exact(number, sizeof number, values[k]);
                fc_table_cellf(table, "%s", number);
            }
        }
    }
    fc_table_print_csv(table, text);
}
