/* scale.c: one study at many numbers of chips. */
#include "scale_internal.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/scale.h"

#include <stdio.h>
#include <string.h>

/* Neighbours nearer than this are one point: the gain of a doubling is not told by a step so small. */
static const double NEAREST = 1.3;
/* A doubling that gains less is not worth looking beyond, if the next one gains no more. */
static const double LEAST_GAIN = 1.05;

fc_scale_question fc_scale_question_of(const fc_study *study) {
    fc_scale_question question;
    memset(&question, 0, sizeof question);
    question.study = study;
    question.mode = FC_SCALE_TIME_TO_TRAIN;
    question.knee_gain = 1.5;
    return question;
}

double fc_batch_law_critical(const fc_batch_law *law, double params, double tokens) {
    if (law->form == FC_BATCH_LAW_LOSS) {
        double loss =
            fc_hd_loss(params, tokens, law->loss_e, law->loss_a, law->loss_b, law->loss_alpha, law->loss_beta);
        return fc_hd_critical_batch_of_loss(loss, law->batch_tokens, law->exponent);
    }
    return fc_hd_critical_batch_of_tokens(tokens, law->batch_tokens, law->reference_tokens, law->exponent,
                                          law->overhead_frac);
}

const char *fc_scale_mode_name(fc_scale_mode mode) {
    static const char *const names[FC_SCALE_MODE_COUNT] = {"time-to-train", "strong", "weak"};
    return (unsigned)mode < FC_SCALE_MODE_COUNT ? names[mode] : "?";
}

/* ---- which numbers of chips ------------------------------------------------------------------------------------------ */

static double domain_of(const fc_cluster *cluster) {
    double domain = cluster->chip.scaleup_domain_count > 0 ? (double)cluster->chip.scaleup_domain_count : 1.0;
    bool given = !cluster->tiers_from_chip && cluster->tiers_count > 1;
    return given ? cluster->tiers[0].chips_count : domain;
}

/* Powers of two inside a scale-up domain, then whole domains, twice as many each time. */
static double next_on_grid(double chips, double domain) {
    double next = 2.0 * chips;
    return chips < domain && next * NEAREST > domain ? domain : next;
}

/* To whole domains, where there are several. */
static double whole_domains(double chips, double domain) {
    return chips <= domain ? chips : fc_hd_max(1.0, floor(chips / domain)) * domain;
}

static bool is_near(double a, double b) { return a < b ? b < a * NEAREST : a < b * NEAREST; }

typedef struct grid {
    uint32_t count;
    double chips[FC_SCALE_MOST_POINTS];
} grid;

static void add(grid *g, double chips) {
    if (g->count < FC_SCALE_MOST_POINTS && (g->count == 0 || chips > g->chips[g->count - 1])) {
        g->chips[g->count++] = chips;
    }
}

/* The first number of the grid inside a range, or its end where that is far off: 1k..1M begins with 1,024. */
static double first_inside(double low, double domain) {
    double chips = 1.0;
    while (chips < low) {
        chips = next_on_grid(chips, domain);
    }
    return chips < low * NEAREST ? chips : low;
}

/* The end of a stated range and the study's own number are points in place of their neighbours on the grid. */
static grid make_grid(const fc_scale_question *question) {
    grid g = {0};
    const fc_cluster *cluster = &question->study->cluster;
    double domain = domain_of(cluster);
    bool open = question->high_chips == 0;
    double high = open ? FC_SCALE_MOST_CHIPS : whole_domains(question->high_chips, domain);
    double low = question->low_chips > 0 ? whole_domains(question->low_chips, domain) : 1.0;
    low = fc_hd_min(first_inside(low, domain), high);
    double own = cluster->chips_count;
    bool own_inside = own > low && own < high && !is_near(own, low) && !(is_near(own, high) && !open);
    add(&g, low);
    for (double chips = 1.0; chips < high; chips = next_on_grid(chips, domain)) {
        if (own_inside && own < chips * NEAREST) {
            add(&g, own);
        }
        bool beside = is_near(chips, low) || (!open && is_near(chips, high)) || (own_inside && is_near(chips, own));
        if (chips > low && !beside) {
            add(&g, chips);
        }
    }
    add(&g, high);
    return g;
}

static fc_status check_listed(const fc_scale_question *question, fc_error *error) {
    double last = 0;
    for (uint32_t i = 0; i < question->listed_count; ++i) {
        double chips = question->listed[i];
        if (!(chips >= 1.0 && chips <= FC_SCALE_MOST_CHIPS) || floor(chips) != chips || !(chips > last)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chips: %.15g; allowed are up to %d whole numbers from 1 to 1e9, rising", chips,
                                FC_SCALE_MOST_POINTS);
        }
        last = chips;
    }
    return FC_OK;
}

static fc_status check(const fc_scale_question *question, fc_error *error) {
    if (question->study->deal.mfu_frac > 0) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "deal.mfu states one MFU for any number of chips, which leaves nothing to ask: leave it out");
    }
    if (question->study->cluster.sites_count > 1) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "cluster.sites = %.0f: one job runs on one site",
                            question->study->cluster.sites_count);
    }
    if (!(question->knee_gain > 1.0 && question->knee_gain < 2.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the knee is where a doubling gains less than %g times; allowed is between 1 and 2",
                            question->knee_gain);
    }
    if (question->high_chips > 0 && question->high_chips < question->low_chips) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "chips from %.15g to %.15g: give the smaller one first",
                            question->low_chips, question->high_chips);
    }
    return check_listed(question, error);
}

/* ---- one point --------------------------------------------------------------------------------------------------------- */

/* Ranges by the whole chain; what it says of the middle is what was found. */
static fc_status fill_ranges(fc_scale_point *point, fc_scale_desk *desk, fc_arena *arena, fc_error *error) {
    fc_error why = {0};
    fc_plan open = desk->study.plan;
    fc_estimate *e = &desk->estimate;
    desk->study.plan = point->at.plan;
    fc_status status = fc_estimate_study(e, &desk->study, arena, &why);
    if (status == FC_OK || status == FC_INFEASIBLE) {
        char ignored[160];
        point->beyond_count = fc_estimate_beyond(ignored, sizeof ignored, e, &desk->study);
    }
    desk->study.plan = open;
    if (status == FC_INFEASIBLE) {
        point->endless = 1;
        return FC_OK;
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, why.source, why.line, why.column, "%s", why.text);
    }
    point->at = e->point;
    point->days = e->days;
    point->chip_h = e->chip_h;
    point->goodput_frac = e->goodput_frac;
    point->total_usd = e->total_usd;
    point->energy_mwh = e->energy_mwh;
    return FC_OK;
}

static fc_status fill_point(fc_scale_point *point, fc_scale_desk *desk, double chips_count, double start_batch,
                            const fc_plan *carried, fc_error *error) {
    memset(point, 0, sizeof *point);
    point->chips_count = chips_count;
    double before = desk->tried_count;
    FC_TRY(fc_scale_find(&point->at, desk, start_batch, carried, error));
    point->plans_tried_count = desk->tried_count - before;
    point->tokens_count = desk->study.workload.tokens_count;
    fc_scale_weigh(point, desk);
    return FC_OK;
}

static double speed_of(const fc_scale_desk *desk, const fc_scale_point *point) {
    return desk->mode == FC_SCALE_TIME_TO_TRAIN ? 1.0 / point->at.run.days : point->at.step.tokens_per_s;
}

static void compare(fc_scale_point *point, const fc_scale_point *before, const fc_scale_point *first,
                    const fc_scale_desk *desk) {
    point->speedup = speed_of(desk, point) / speed_of(desk, first);
    point->efficiency_frac = point->speedup * first->chips_count / point->chips_count;
    if (before != NULL) {
        point->doubling_gain =
            fc_hd_doubling_gain(point->speedup / before->speedup, point->chips_count / before->chips_count);
    }
}

/* ---- the curve --------------------------------------------------------------------------------------------------------- */

/* Whether point `i` gained next to nothing over the one before, or put no more chips to use. */
static bool is_idle_gain(const fc_scale_curve *curve, uint32_t i) {
    const fc_scale_point *point = &curve->points[i];
    return point->doubling_gain < LEAST_GAIN ||
           point->at.step.chips_used_count == curve->points[i - 1].at.step.chips_used_count;
}

/* Nothing more to be seen: two such points in a row, beyond the study's own number. */
static bool is_flat(const fc_scale_curve *curve, double own_chips) {
    uint32_t n = curve->points_count;
    return n >= 3 && curve->points[n - 1].chips_count > own_chips && is_idle_gain(curve, n - 1) &&
           is_idle_gain(curve, n - 2);
}

/* Why no plan fits, of the most chips with which none does. */
static fc_status fill_reason(fc_scale_curve *curve, fc_scale_desk *desk, fc_error *error) {
    fc_error why = {0};
    fc_plan plan;
    if (curve->unfit_chips_count == 0) {
        return FC_OK;
    }
    fc_status status = fc_scale_set_chips(desk, curve->unfit_chips_count, &why);
    if (status == FC_OK) {
        status = fc_scale_best(&plan, &desk->tried_count, &desk->ops, &desk->study, &desk->scratch, &why);
    }
    if (status != FC_INFEASIBLE) {
        return fc_error_set(error, status != FC_OK ? status : FC_FAILED, why.source, 0, 0, "%s", why.text);
    }
    size_t length = strcspn(why.text, "\n");
    const char *remedy = strstr(why.text, " Remedy:");
    if (remedy != NULL && (size_t)(remedy - why.text) < length) {
        length = (size_t)(remedy - why.text);
    }
    snprintf(curve->unfit_reason, sizeof curve->unfit_reason, "%.*s", (int)length, why.text);
    return FC_OK;
}

/* What a point needs from the ones before. */
static fc_status add_point(fc_scale_curve *curve, fc_scale_desk *desk, double chips_count, fc_error *error) {
    const fc_scale_point *before = curve->points_count > 0 ? &curve->points[curve->points_count - 1] : NULL;
    fc_scale_point *point = &curve->points[curve->points_count];
    FC_TRY(fc_scale_set_chips(desk, chips_count, error));
    double start = before != NULL ? before->at.plan.global_batch : fc_scale_batch(desk);
    if (before == NULL && !fc_scale_fits(&desk->ops, &desk->study)) {
        return FC_INFEASIBLE;
    }
    FC_TRY(fill_point(point, desk, chips_count, start, before != NULL ? &before->at.plan : NULL, error));
    compare(point, before, &curve->points[0], desk);
    curve->points_count += 1;
    return FC_OK;
}

static fc_status fill_points(fc_scale_curve *curve, const fc_scale_question *question, const grid *g,
                             fc_scale_desk *desk, fc_arena *arena, fc_error *error) {
    bool open = question->listed_count == 0 && question->high_chips == 0;
    for (uint32_t i = 0; i < g->count && !(open && is_flat(curve, desk->own_chips_count)); ++i) {
        fc_error why = {0};
        fc_status status = add_point(curve, desk, g->chips[i], &why);
        bool grown = curve->points_count > 0 && g->chips[i] > desk->own_chips_count;
        if (status == FC_INFEASIBLE && curve->points_count == 0) {
            curve->unfit_chips_count = g->chips[i];
            continue;
        }
        if (status == FC_INFEASIBLE) {
            curve->skipped_count += 1;
            continue;
        }
        if (status == FC_BAD_INPUT && open && grown) {
            break; /* a network beyond what the cluster tells: the curve ends where the facts do */
        }
        if (status != FC_OK) {
            return fc_error_set(error, status, why.source, why.line, why.column, "%s", why.text);
        }
        FC_TRY(fill_ranges(&curve->points[curve->points_count - 1], desk, arena, error));
    }
    return FC_OK;
}

static fc_status refuse_all(const fc_scale_curve *curve, fc_error *error) {
    return fc_error_set(error, FC_INFEASIBLE, NULL, 0, 0, "no plan fits on up to %.0f chips. With %.0f: %s",
                        curve->unfit_chips_count, curve->unfit_chips_count, curve->unfit_reason);
}

fc_status fc_scale(fc_scale_curve *out, const fc_scale_question *question, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_scale_desk *desk = NULL;
    FC_TRY(check(question, error));
    FC_TRY(fc_scale_desk_open(&desk, question, arena, error));
    out->points = fc_arena_alloc(arena, FC_SCALE_MOST_POINTS * sizeof *out->points);
    if (out->points == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for a scaling curve");
    }
    grid g = make_grid(question);
    if (question->listed_count > 0) {
        g.count = question->listed_count;
        memcpy(g.chips, question->listed, sizeof g.chips);
    }
    out->batch_count = desk->batch_count;
    out->critical_batch_tokens = desk->critical_batch_tokens;
    out->least_tokens_count = desk->least_tokens_count;
    FC_TRY(fill_points(out, question, &g, desk, arena, error));
    FC_TRY(fill_reason(out, desk, error));
    if (out->points_count == 0) {
        return refuse_all(out, error);
    }
    fc_scale_find_knee(out, question->knee_gain);
    FC_TRY(fc_scale_find_wall(&out->wall, question, arena, error));
    FC_TRY(fc_scale_find_levers(out, question, arena, error));
    out->plans_tried_count += desk->tried_count;
    return FC_OK;
}
