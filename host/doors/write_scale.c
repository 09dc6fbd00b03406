/* write_scale.c: a scaling curve as a page. */
#include "write_scale.h"

#include "say.h"

#include <math.h> /* floor, log2 */
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 60, MOST_COLUMNS_A_DOUBLING = 4, MOST_LEVERS = 3 };

static const char *arena_text(const char *text) { return text != NULL ? text : "out of memory"; }

/* ---- sentences ------------------------------------------------------------------------------------------------------- */

/* The three that eat most, of those above a twentieth. */
static void say_eaters(fc_text *words, const fc_scale_knee *knee) {
    bool said[FC_SCALE_CAUSE_COUNT] = {false};
    for (int rank = 0; rank < 3; ++rank) {
        int best = -1;
        for (int i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
            bool more = best < 0 || knee->cause_frac[i] > knee->cause_frac[best];
            best = !said[i] && more && knee->cause_frac[i] > 0 ? i : best;
        }
        if (best < 0 || (rank > 0 && knee->cause_frac[best] < 0.05)) {
            break;
        }
        char share[32];
        said[best] = true;
        fc_text_addf(words, "%s%s %s", rank > 0 ? ", " : "", fc_scale_cause_words((uint32_t)best),
                     fc_say_percent(share, sizeof share, knee->cause_frac[best]));
    }
}

const char *fc_scale_say_knee(fc_text *text, const fc_scale_page *page) {
    const fc_scale_curve *curve = page->curve;
    const fc_scale_knee *knee = &curve->knee;
    const fc_scale_point *here = &curve->points[knee->point];
    const char *chip = page->question->study->cluster.chip.name;
    const char *model = page->question->study->model.name;
    const char *mode = fc_scale_mode_name((fc_scale_mode)page->question->mode);
    double gain = page->question->knee_gain;
    char chips[32];
    char next[32];
    fc_text words = fc_text_start(text->arena);
    (void)fc_say_count(chips, sizeof chips, here->chips_count);
    if (!knee->found) {
        fc_text_addf(&words,
                     "No knee for %s (%s) up to %s %s: the last doubling of the chips still makes it %g times "
                     "faster or more",
                     model, mode, chips, chip, gain);
        if (curve->points_count < 2) {
            words.size = 0;
            fc_text_addf(&words, "No knee for %s (%s): one point, of %s %s, is no curve", model, mode, chips, chip);
        }
        return words.failed ? arena_text(NULL) : words.bytes;
    }
    (void)fc_say_count(next, sizeof next, here[1].chips_count);
    fc_text_addf(
        &words,
        "The knee of %s (%s) is at %s %s: from there on every doubling of the chips makes it less than %g times "
        "faster (the next one %.2f times). What eats it on the way to %s: ",
        model, mode, chips, chip, gain, knee->next_gain, next);
    say_eaters(&words, knee);
    return words.failed ? arena_text(NULL) : words.bytes;
}

const char *fc_scale_say_wall(fc_text *text, const fc_scale_page *page) {
    const fc_scale_wall *wall = &page->curve->wall;
    char batch[32];
    char step[32];
    char least[32];
    char days[96];
    char steps[32];
    if (!wall->known) {
        return "Latency wall: not known, for the study tells of no network beyond its own chips, or fixes the plan";
    }
    bool to_loss = page->question->mode == FC_SCALE_TIME_TO_TRAIN;
    const fc_range shortest = {wall->days, wall->days, wall->days};
    return arena_text(fc_arena_printf(
        text->arena,
        "Latency wall: however many chips, a step of %s sequences takes %s or more (launches and one all-reduce alone: "
        "%s), and the run %s without any failure (%s%s steps%s)",
        fc_say_count(batch, sizeof batch, page->curve->batch_count),
        fc_say(step, sizeof step, wall->step_time_s, FC_UNIT_S, 2),
        fc_say(least, sizeof least, wall->floor_s, FC_UNIT_S, 2),
        fc_say_range(days, sizeof days, shortest, FC_UNIT_DAYS, 2), to_loss ? "at least " : "",
        fc_say(steps, sizeof steps, wall->steps_count, FC_UNIT_COUNT, 3), to_loss ? ", however large the batch" : ""));
}

const char *fc_scale_say_levers(fc_text *text, const fc_scale_page *page) {
    const fc_scale_curve *curve = page->curve;
    char chips[32];
    fc_text words = fc_text_start(text->arena);
    fc_text_addf(&words,
                 "What would change it, at %s chips: ", fc_say_count(chips, sizeof chips, curve->lever_chips_count));
    uint32_t shown = 0;
    for (uint32_t i = 0; i < curve->levers_count && shown < MOST_LEVERS; ++i) {
        if (curve->levers[i].gain > 1.005) {
            fc_text_addf(&words, "%s%s makes it %.2f times faster", shown > 0 ? ", " : "", curve->levers[i].change,
                         curve->levers[i].gain);
            shown += 1;
        }
    }
    fc_text_add(&words, shown == 0 ? "nothing of what was tried, by half a percent or more" : "");
    return words.failed ? arena_text(NULL) : words.bytes;
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

/* # for what the speed-up is, . for what as many chips would give at best; a column is the same factor everywhere. */
static void say_curve(fc_text *text, const fc_scale_curve *curve) {
    const fc_scale_point *first = &curve->points[0];
    const fc_scale_point *last = &curve->points[curve->points_count - 1];
    double doublings = log2(last->chips_count / first->chips_count);
    if (curve->points_count < 2) {
        return;
    }
    double each = floor(BAR_WIDTH / doublings);
    each = each < 1 ? 1 : (each > MOST_COLUMNS_A_DOUBLING ? MOST_COLUMNS_A_DOUBLING : each);
    fc_text_addf(text,
                 "\nSpeed-up over the first row (#) and what as many chips would give at best (.), %.0f columns "
                 "a factor of two\n",
                 each);
    for (uint32_t i = 0; i < curve->points_count; ++i) {
        const fc_scale_point *point = &curve->points[i];
        char chips[32];
        char line[2 * BAR_WIDTH + 2] = "";
        int reached = (int)floor(log2(point->speedup) * each + 0.5);
        int best = (int)floor(log2(point->chips_count / first->chips_count) * each + 0.5);
        int used = 0;
        for (; used < 2 * BAR_WIDTH && (used <= reached || used <= best); ++used) {
            line[used] = used <= reached ? '#' : '.';
        }
        line[used] = '\0';
        fc_text_addf(text, "  %13s  %s\n", fc_say_count(chips, sizeof chips, point->chips_count), line);
    }
}

static bool plan_is_given(const fc_study *study) {
    const fc_plan *plan = &study->plan;
    return plan->tp || plan->pp || plan->vpp || plan->dp || plan->cp || plan->ep || plan->micro_batch ||
           plan->recompute || plan->zero >= 0;
}

static void say_notes(fc_text *text, const fc_scale_page *page) {
    const fc_scale_curve *curve = page->curve;
    const fc_scale_question *q = page->question;
    char batch[32];
    char critical[32];
    char least[32];
    char tokens[32];
    fc_text_add(text, "\nHow to read it (docs/scaling.md)\n");
    (void)fc_say_count(batch, sizeof batch, curve->batch_count);
    switch (q->mode) {
    case FC_SCALE_STRONG:
        fc_text_addf(text, "  strong: %s sequences a step at every number of chips; speed-up is of tokens/s.\n", batch);
        break;
    case FC_SCALE_WEAK:
        fc_text_addf(text,
                     "  weak: the batch grows with the chips from %s sequences on %.0f; speed-up is of tokens/s.\n",
                     batch, q->study->cluster.chips_count);
        break;
    default:
        fc_text_addf(
            text,
            "  time to train: each row's best batch, on to the loss that %s tokens reach at %s sequences a step; "
            "speed-up is of days.\n",
            fc_say(tokens, sizeof tokens, q->study->workload.tokens_count, FC_UNIT_TOKENS, 3), batch);
        break;
    }
    if (q->mode == FC_SCALE_TIME_TO_TRAIN) {
        fc_text_addf(
            text, "  Critical batch %s tokens by %s (%s): a batch of B tokens needs 1 + B/critical times %s tokens.\n",
            fc_say(critical, sizeof critical, curve->critical_batch_tokens, FC_UNIT_TOKENS, 2), q->law.name,
            q->law.source, fc_say(least, sizeof least, curve->least_tokens_count, FC_UNIT_TOKENS, 3));
    }
    if (plan_is_given(q->study)) {
        fc_text_add(text, q->keep_plan ? "  What the study's plan gives is kept, but for dp.\n"
                                       : "  The study's own plan is not kept: each row has its best one; --plan given "
                                         "keeps it.\n");
    }
    if (curve->skipped_count > 0) {
        fc_text_addf(text, "  %u numbers of chips are left out: the batch does not split over them.\n",
                     curve->skipped_count);
    }
    fc_text_add(text, "  Chips may stay idle, and are paid for. Money and energy are list prices times hours held.\n");
}

static bool any_extrapolation(const fc_scale_curve *curve) {
    for (uint32_t i = 0; i < curve->points_count; ++i) {
        if (curve->points[i].beyond_count >= 2) {
            return true;
        }
    }
    return false;
}

static void say_table(fc_text *text, fc_table *table, int width) {
    if (table == NULL) {
        text->failed = true;
        return;
    }
    fc_table_print(table, text, 2, width);
}

static void say_unfit(fc_text *text, const fc_scale_curve *curve) {
    char chips[32];
    if (curve->unfit_chips_count > 0) {
        fc_text_addf(text, "  up to %s chips: %s\n", fc_say_count(chips, sizeof chips, curve->unfit_chips_count),
                     curve->unfit_reason);
    }
}

void fc_write_scale_text(fc_text *text, const fc_scale_page *page, int width) {
    const fc_scale_curve *curve = page->curve;
    fc_text written = fc_text_start(text->arena);
    fc_text_addf(&written, "%s.\n", fc_scale_say_knee(text, page));
    fc_text_addf(&written, "%s.\n", fc_scale_say_wall(text, page));
    fc_text_addf(&written, "%s.\n", fc_scale_say_levers(text, page));
    if (any_extrapolation(curve)) {
        fc_text_add(&written,
                    "EXTRAPOLATION in rows marked *: beyond every published run on two axes or more; two digits "
                    "at most mean anything.\n");
    }
    fc_text_add(&written, "\n");
    say_table(&written, fc_scale_speed_table(text->arena, page), width);
    say_unfit(&written, curve);
    say_curve(&written, curve);
    fc_text_add(&written, "\nPlans and what the run takes\n");
    say_table(&written, fc_scale_plan_table(text->arena, page), width);
    say_notes(&written, page);
    fc_text_addf(&written, "\nNext: flopcast estimate %s\n",
                 fc_scale_again(text, page, &curve->points[curve->knee.point]));
    fc_say_page(text, &written, width);
}

void fc_write_scale_markdown(fc_text *text, const fc_scale_page *page) {
    fc_table *speed = fc_scale_speed_table(text->arena, page);
    fc_table *plans = fc_scale_plan_table(text->arena, page);
    if (speed == NULL || plans == NULL) {
        text->failed = true;
        return;
    }
    fc_text_addf(text, "%s.\n\n%s.\n\n%s.\n\n", fc_scale_say_knee(text, page), fc_scale_say_wall(text, page),
                 fc_scale_say_levers(text, page));
    fc_table_print_markdown(speed, text);
    fc_text_add(text, "\n");
    if (page->curve->unfit_chips_count > 0) {
        say_unfit(text, page->curve);
        fc_text_add(text, "\n");
    }
    fc_table_print_markdown(plans, text);
}
