#include "race_why.h"

/* How far an input is tried: up to 16 times as much, lead times down to nothing. */
#define MOST_FACTOR 16.0
#define QUARTER_DAYS 91.3125
enum { HALVINGS = 40 };

typedef struct trial {
    const fc_race_study *study;
    const fc_race_programme *chaser;
    fc_race_line *own;
    const fc_race_line *other;
    fc_race_lever lever;
} trial;

static fc_race_day day_with(const trial *t, double factor) {
    fc_race_draw draw = fc_race_mid();
    draw.factor[t->lever] = factor;
    fc_race_line_make(t->own, t->study, t->chaser, &draw);
    return fc_race_line_reaches(t->own, t->other, t->study, false);
}

static bool early_enough(const trial *t, double factor, double goal) {
    fc_race_day day = day_with(t, factor);
    return !day.never && day.day <= goal;
}

/* The factor nearest to 1 that is enough; more of an input is never later. */
static fc_race_change try_lever(const trial *t, const char *input, double goal) {
    bool lead = t->lever >= FC_LEVER_CONTRACT;
    fc_race_change out = {.input = input, .factor = lead ? 0.0 : MOST_FACTOR};
    if (!early_enough(t, out.factor, goal)) {
        return out;
    }
    double short_of = 1.0;
    out.reachable = 1;
    for (int i = 0; i < HALVINGS; ++i) {
        double half = 0.5 * (short_of + out.factor);
        if (early_enough(t, half, goal)) {
            out.factor = half;
        } else {
            short_of = half;
        }
    }
    return out;
}

void fc_race_why(fc_race_result *out, const fc_race_study *study, fc_race_line *lines) {
    static const char *const names[FC_LEVER_COUNT] = {
        [FC_LEVER_CHIPS] = "chips still to come",
        [FC_LEVER_MFU] = "mfu",
        [FC_LEVER_SHARE] = "share",
        [FC_LEVER_ALGORITHMS] = "algorithmic_progress",
        [FC_LEVER_CONTRACT] = "contract",
        [FC_LEVER_POWER] = "power",
        [FC_LEVER_ACCEPTED] = "accepted",
    };
    fc_race_draw mid = fc_race_mid();
    trial t = {.study = study, .own = &lines[0], .other = &lines[1]};
    t.chaser = &study->programmes[out->chases[0].chaser];
    fc_race_line_make(&lines[1], study, &study->programmes[out->leader], &mid);
    out->mid_day = day_with(&t, 1.0);
    out->chases[0].already = !out->mid_day.never && out->mid_day.day <= study->as_of_day;
    double goal = out->mid_day.never ? study->horizon_day : out->mid_day.day - QUARTER_DAYS;
    for (int lever = 0; lever < FC_LEVER_COUNT && goal >= study->as_of_day; ++lever) {
        t.lever = (fc_race_lever)lever;
        out->changes[out->changes_count++] = try_lever(&t, names[lever], goal);
    }
    fc_race_study all = *study;
    all.counted = FC_LOT_ANNOUNCED;
    t.study = &all;
    t.lever = FC_LEVER_CHIPS;
    fc_race_line_make(&lines[1], &all, &study->programmes[out->leader], &mid);
    out->announced_day = day_with(&t, 1.0);
}
