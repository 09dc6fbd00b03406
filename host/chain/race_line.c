#include "race_line.h"

#include "flopcast/hd/math.h"
#include "flopcast/hd/rng.h"

#include <string.h>

#define SECONDS_PER_DAY 86400.0
#define DAYS_PER_YEAR 365.25

/* Levels are looked at every other week; a crossing is then halved down to below a second. */
#define LOOK_DAYS 14.0
enum { HALVINGS = 25 };
/* Two equal programmes are level although their sums round differently. */
#define LEVEL_SLACK 1e-12

fc_race_draw fc_race_mid(void) {
    fc_race_draw draw = {.mid = true};
    for (int i = 0; i < FC_LEVER_COUNT; ++i) {
        draw.factor[i] = 1.0;
    }
    return draw;
}

double fc_race_value_of(const fc_race_value *value, const fc_race_draw *draw) {
    if (draw->mid || !(value->low < value->high)) {
        return value->mid;
    }
    double u = fc_hd_uniform(draw->seed, draw->trial, value->stream);
    return fc_hd_clamp(fc_hd_split_normal(u, value->low, value->mid, value->high), value->least, value->most);
}

static double scaled(const fc_race_value *value, const fc_race_draw *draw, fc_race_lever lever) {
    return fc_hd_clamp(fc_race_value_of(value, draw) * draw->factor[lever], value->least, value->most);
}

/* What is missing from a lot's status until it works. */
static double lead_days(const fc_lot *lot, const fc_race_draw *draw) {
    double days = 0.0;
    if (lot->status <= FC_LOT_DELIVERED) {
        days += scaled(&lot->accepted_days, draw, FC_LEVER_ACCEPTED);
    }
    if (lot->status <= FC_LOT_CONTRACTED) {
        days += scaled(&lot->power_days, draw, FC_LEVER_POWER);
    }
    if (lot->status == FC_LOT_ANNOUNCED) {
        days += scaled(&lot->contract_days, draw, FC_LEVER_CONTRACT);
    }
    return days;
}

/* Effective days from step `at` to a day: the integral of growth^((t - start) / year). */
static double effective_days(const fc_race_line *line, uint32_t at, double to) {
    double days = to - line->day[at];
    if (!(line->log_growth > 1e-9)) {
        return line->worth[at] * days;
    }
    double rise = fc_hd_pow(line->growth, days / DAYS_PER_YEAR) - 1.0;
    return line->worth[at] * rise * DAYS_PER_YEAR / line->log_growth;
}

/* Keeps the steps in order of day; rate, chips and money are those of the lot alone until they are added up. */
static void insert_step(fc_race_line *line, double day, double rate, double chips, double usd) {
    uint32_t at = line->count;
    while (at > 0 && line->day[at - 1] > day) {
        line->day[at] = line->day[at - 1];
        line->rate[at] = line->rate[at - 1];
        line->chips_count[at] = line->chips_count[at - 1];
        line->usd_per_day[at] = line->usd_per_day[at - 1];
        at--;
    }
    line->day[at] = day;
    line->rate[at] = rate;
    line->chips_count[at] = chips;
    line->usd_per_day[at] = usd;
    line->count++;
}

static void add_up(fc_race_line *line) {
    double level = line->spent_flop;
    for (uint32_t i = 0; i < line->count; ++i) {
        line->worth[i] = fc_hd_pow(line->growth, (line->day[i] - line->start_day) / DAYS_PER_YEAR);
        if (i > 0) {
            level += line->rate[i - 1] * effective_days(line, i - 1, line->day[i]);
            line->rate[i] += line->rate[i - 1];
            line->chips_count[i] += line->chips_count[i - 1];
            line->usd_per_day[i] += line->usd_per_day[i - 1];
        }
        line->level_flop[i] = level;
    }
}

static void add_lot(fc_race_line *line, const fc_lot *lot, const fc_race_draw *draw) {
    bool operates = lot->status == FC_LOT_OPERATING;
    double chips =
        operates ? fc_race_value_of(&lot->chips_count, draw) : scaled(&lot->chips_count, draw, FC_LEVER_CHIPS);
    chips *= fc_race_value_of(&lot->arrives_frac, draw);
    double share = scaled(&lot->share_frac, draw, FC_LEVER_SHARE);
    double mfu = scaled(&lot->mfu_frac, draw, FC_LEVER_MFU);
    double rate = chips * lot->peak_flop_per_s * mfu * share * SECONDS_PER_DAY;
    double usd = chips * share * fc_race_value_of(&lot->usd_per_chip_h, draw) * 24.0;
    insert_step(line, lot->day + lead_days(lot, draw), rate, chips, usd);
}

void fc_race_line_make(fc_race_line *out, const fc_race_study *study, const fc_race_programme *programme,
                       const fc_race_draw *draw) {
    memset(out, 0, sizeof *out);
    out->start_day = study->start_day;
    out->growth = scaled(&programme->algorithmic_progress, draw, FC_LEVER_ALGORITHMS);
    out->log_growth = fc_hd_log(out->growth);
    out->spent_flop = fc_race_value_of(&programme->spent_flop, draw);
    out->lag_days =
        fc_race_value_of(&programme->post_training_days, draw) + fc_race_value_of(&programme->release_days, draw);
    out->run_days = study->measure == FC_RACE_RUN ? fc_race_value_of(&programme->run_days, draw) : 0.0;
    for (uint32_t i = 0; i < programme->lots_count; ++i) {
        if (programme->lots[i].status >= study->counted) {
            add_lot(out, &programme->lots[i], draw);
        }
    }
    add_up(out);
}

/* The last step that has begun; count when none has. */
static uint32_t step_at(const fc_race_line *line, double day) {
    uint32_t at = line->count;
    for (uint32_t i = 0; i < line->count && line->day[i] <= day; ++i) {
        at = i;
    }
    return at;
}

static double cumulative(const fc_race_line *line, double day) {
    uint32_t at = step_at(line, day);
    if (at == line->count) {
        return line->spent_flop;
    }
    return line->level_flop[at] + line->rate[at] * effective_days(line, at, day);
}

double fc_race_line_level(const fc_race_line *line, double day) {
    double level = cumulative(line, day);
    return line->run_days > 0.0 ? level - cumulative(line, day - line->run_days) : level;
}

void fc_race_line_now(double *rate, double *chips, double *usd, const fc_race_line *line, double day) {
    uint32_t at = step_at(line, day);
    bool any = at < line->count;
    *rate = any ? line->rate[at] : 0.0;
    *chips = any ? line->chips_count[at] : 0.0;
    *usd = any ? line->usd_per_day[at] : 0.0;
}

double fc_race_line_usd(const fc_race_line *line, double day) {
    double usd = 0.0;
    for (uint32_t i = 0; i < line->count && line->day[i] < day; ++i) {
        double end = i + 1 < line->count && line->day[i + 1] < day ? line->day[i + 1] : day;
        usd += line->usd_per_day[i] * (end - line->day[i]);
    }
    return usd;
}

static bool is_level(const fc_race_line *chaser, const fc_race_line *leader, double day, bool released) {
    double own = fc_race_line_level(chaser, released ? day - chaser->lag_days : day);
    double other = fc_race_line_level(leader, released ? day - leader->lag_days : day);
    return other > 0.0 && own >= other * (1.0 - LEVEL_SLACK);
}

fc_race_day fc_race_line_reaches(const fc_race_line *chaser, const fc_race_line *leader, const fc_race_study *study,
                                 bool released) {
    double before = study->as_of_day;
    double end = study->horizon_day;
    if (is_level(chaser, leader, before, released)) {
        return (fc_race_day){before, 0};
    }
    while (before < end) {
        double after = before + LOOK_DAYS < end ? before + LOOK_DAYS : end;
        if (is_level(chaser, leader, after, released)) {
            for (int i = 0; i < HALVINGS; ++i) {
                double half = 0.5 * (before + after);
                if (is_level(chaser, leader, half, released)) {
                    after = half;
                } else {
                    before = half;
                }
            }
            return (fc_race_day){after, 0};
        }
        before = after;
    }
    return (fc_race_day){end, 1};
}
