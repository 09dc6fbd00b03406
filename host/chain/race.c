/* race.c: the draws of a race and what they add up to. */
#include "race_why.h"

#include "../base/stats.h"

#include <math.h>

#include <string.h>

#define SECONDS_PER_DAY 86400.0
#define QUARTER_DAYS 91.3125

/* Columns of drawn values: one block of `draws` for each programme. */
typedef struct columns {
    size_t draws;
    double *level; /* on the asked day */
    double *working;
    double *rate;
    double *usd;
    double *compute; /* days; beyond the horizon: never */
    double *released;
    double *points; /* [point][programme][draw] */
    double *wait;
    double *scratch;
} columns;

static fc_status make_columns(columns *c, const fc_race_study *study, uint32_t points, fc_arena *arena,
                              fc_error *error) {
    size_t draws = study->draws_count > 0 ? study->draws_count : 1;
    size_t block = draws * study->programmes_count * sizeof(double);
    double **const whole[] = {&c->level, &c->working, &c->rate, &c->usd, &c->compute, &c->released};
    c->draws = draws;
    bool ok = true;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; ++i) {
        *whole[i] = fc_arena_alloc(arena, block);
        ok = ok && *whole[i] != NULL;
    }
    c->points = fc_arena_alloc(arena, block * points);
    c->wait = fc_arena_alloc(arena, draws * sizeof(double));
    c->scratch = fc_arena_alloc(arena, draws * sizeof(double));
    ok = ok && c->points != NULL && c->wait != NULL && c->scratch != NULL;
    return ok ? FC_OK
              : fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "no memory for %zu draws of a race; ask for fewer draws",
                             draws);
}

static fc_range range_of(columns *c, const double *values) {
    memcpy(c->scratch, values, c->draws * sizeof(double));
    return fc_stats_range(c->scratch, c->draws);
}

/* The day by which a share q of the draws is there: no mean between a day and never. */
static fc_race_day day_at(const double *sorted, size_t draws, double q, double horizon) {
    size_t at = (size_t)floor(q * (double)(draws - 1) + 0.5);
    bool never = sorted[at] > horizon;
    return (fc_race_day){never ? horizon : sorted[at], never};
}

static fc_race_dates dates_of(columns *c, const double *days, const fc_race_study *study) {
    fc_race_dates out = {0};
    size_t within = 0;
    size_t by = 0;
    size_t already = 0;
    memcpy(c->scratch, days, c->draws * sizeof(double));
    fc_stats_sort(c->scratch, c->draws);
    for (size_t i = 0; i < c->draws; ++i) {
        within += c->scratch[i] <= study->horizon_day;
        already += c->scratch[i] <= study->as_of_day;
        by += c->scratch[i] <= study->by_day;
    }
    out.p10 = day_at(c->scratch, c->draws, 0.1, study->horizon_day);
    out.p50 = day_at(c->scratch, c->draws, 0.5, study->horizon_day);
    out.p90 = day_at(c->scratch, c->draws, 0.9, study->horizon_day);
    out.within_frac = (double)within / (double)c->draws;
    out.already_frac = (double)already / (double)c->draws;
    out.by_frac = (double)by / (double)c->draws;
    return out;
}

static double day_or_beyond(fc_race_day day) { return day.never ? day.day + 1.0 : day.day; }

/* Quarter by quarter from as_of_day; fewer where the horizon is far. */
static void set_points(fc_race_result *out, const fc_race_study *study) {
    double span = (double)study->horizon_day - study->as_of_day;
    double step = QUARTER_DAYS;
    while (span / step > FC_MAX_RACE_POINTS - 2) {
        step *= 2.0;
    }
    for (double day = study->as_of_day; day < study->horizon_day; day += step) {
        out->points[out->points_count++].day = floor(day);
    }
    out->points[out->points_count++].day = study->horizon_day;
}

static void draw_trial(columns *c, fc_race_line *lines, const fc_race_result *out, const fc_race_study *study,
                       size_t trial) {
    fc_race_draw draw = fc_race_mid();
    draw.mid = false;
    draw.seed = study->seed;
    draw.trial = trial;
    for (uint32_t i = 0; i < study->programmes_count; ++i) {
        size_t at = i * c->draws + trial;
        double usd_per_day = 0;
        fc_race_line_make(&lines[i], study, &study->programmes[i], &draw);
        fc_race_line_now(&c->rate[at], &c->working[at], &usd_per_day, &lines[i], study->by_day);
        c->rate[at] /= SECONDS_PER_DAY;
        c->level[at] = fc_race_line_level(&lines[i], study->by_day);
        c->usd[at] = fc_race_line_usd(&lines[i], study->by_day);
        for (uint32_t p = 0; p < out->points_count; ++p) {
            c->points[((size_t)p * study->programmes_count + i) * c->draws + trial] =
                fc_race_line_level(&lines[i], out->points[p].day);
        }
    }
    for (uint32_t i = 0; i < study->programmes_count; ++i) {
        size_t at = i * c->draws + trial;
        if (i == out->leader) {
            continue;
        }
        c->compute[at] = day_or_beyond(fc_race_line_reaches(&lines[i], &lines[out->leader], study, false));
        c->released[at] = day_or_beyond(fc_race_line_reaches(&lines[i], &lines[out->leader], study, true));
    }
    if (study->has_wait) {
        fc_race_line_make(&lines[0], study, &study->wait[0], &draw);
        fc_race_line_make(&lines[1], study, &study->wait[1], &draw);
        c->wait[trial] = day_or_beyond(fc_race_line_reaches(&lines[1], &lines[0], study, false));
    }
}

static void fill_side(fc_race_side *out, columns *c, const fc_race_study *study, uint32_t index) {
    const fc_race_programme *programme = &study->programmes[index];
    size_t at = index * c->draws;
    out->priced = programme->lots_count > 0;
    for (uint32_t i = 0; i < programme->lots_count; ++i) {
        const fc_lot *lot = &programme->lots[i];
        out->chips_count[lot->status] += lot->chips_count.mid;
        /* the price of a part alone would flatter */
        out->priced = out->priced && (lot->usd_per_chip_h.stated || lot->status < study->counted);
    }
    out->working_count = range_of(c, c->working + at);
    out->useful_flop_per_s = range_of(c, c->rate + at);
    out->level_flop = range_of(c, c->level + at);
    out->cost_usd = out->priced ? range_of(c, c->usd + at) : (fc_range){0, 0, 0};
}

static void fill_chase(fc_race_chase *out, columns *c, const fc_race_study *study, uint32_t chaser, uint32_t leader) {
    out->chaser = chaser;
    const double *own = c->level + chaser * c->draws;
    const double *other = c->level + leader * c->draws;
    for (size_t i = 0; i < c->draws; ++i) {
        c->scratch[i] = other[i] > 0 ? own[i] / other[i] : 0.0;
    }
    out->ratio = fc_stats_range(c->scratch, c->draws);
    out->compute = dates_of(c, c->compute + chaser * c->draws, study);
    out->released = dates_of(c, c->released + chaser * c->draws, study);
}

static void fill(fc_race_result *out, columns *c, const fc_race_study *study) {
    for (uint32_t i = 0; i < study->programmes_count; ++i) {
        fill_side(&out->sides[i], c, study, i);
        if (i != out->leader) {
            fill_chase(&out->chases[out->chases_count++], c, study, i, out->leader);
        }
    }
    for (uint32_t p = 0; p < out->points_count; ++p) {
        for (uint32_t i = 0; i < study->programmes_count; ++i) {
            size_t at = ((size_t)p * study->programmes_count + i) * c->draws;
            out->points[p].level_flop[i] = range_of(c, c->points + at);
        }
    }
    if (study->has_wait) {
        out->wait = dates_of(c, c->wait, study);
    }
}

/* Whose level is highest as of as_of_day at mid values, the first of equals. */
static uint32_t find_leader(const fc_race_study *study, fc_race_line *line) {
    fc_race_draw mid = fc_race_mid();
    uint32_t leader = 0;
    double most = -1.0;
    for (uint32_t i = 0; i < study->programmes_count; ++i) {
        fc_race_line_make(line, study, &study->programmes[i], &mid);
        double level = fc_race_line_level(line, study->as_of_day);
        if (level > most) {
            most = level;
            leader = i;
        }
    }
    return leader;
}

static fc_status check(const fc_race_study *study, fc_error *error) {
    if (study->programmes_count < 2 || study->programmes_count > FC_MAX_PROGRAMMES) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a race needs 2 to %d programmes, and has %u",
                            FC_MAX_PROGRAMMES, study->programmes_count);
    }
    if (study->start_day > study->as_of_day || study->as_of_day >= study->horizon_day ||
        study->by_day < study->as_of_day || study->by_day > study->horizon_day) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the days of a race are out of order: start <= as_of <= by <= horizon, as_of < horizon");
    }
    return FC_OK;
}

fc_status fc_race_run(fc_race_result *out, const fc_race_study *study, fc_arena *arena, fc_error *error) {
    columns c = {0};
    memset(out, 0, sizeof *out);
    FC_TRY(check(study, error));
    fc_race_line *lines = fc_arena_alloc(arena, FC_MAX_PROGRAMMES * sizeof *lines);
    if (lines == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    out->leader = study->leader < study->programmes_count ? study->leader : find_leader(study, lines);
    set_points(out, study);
    FC_TRY(make_columns(&c, study, out->points_count, arena, error));
    for (size_t trial = 0; trial < c.draws; ++trial) {
        draw_trial(&c, lines, out, study, trial);
    }
    fill(out, &c, study);
    fc_race_why(out, study, lines);
    return FC_OK;
}
