/* scale_knee.c: what the chips of a point spend their time on, and what eats the gain beyond the knee. */
#include "scale_internal.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/kernel_collective.h"

#include <string.h>

const char *fc_scale_cause_name(fc_scale_cause cause) {
    static const char *const around[] = {"latency", "idle_chips", "batch", "failures"};
    if ((int)cause < FC_STEP_CAUSE_COUNT) {
        return fc_step_cause_name((fc_step_cause)cause);
    }
    return (int)cause < FC_SCALE_CAUSE_COUNT ? around[(int)cause - FC_STEP_CAUSE_COUNT] : "?";
}

static void change_tier_latency(fc_tier *tier, double factor) { tier->latency_s *= factor; }

static void change_curve_latency(fc_chip_curve *curve, double factor) {
    static const int places[] = {FC_LINK_LOW_BASE_S,    FC_LINK_LOW_STEP_S,  FC_LINK_MIDDLE_BASE_S,
                                 FC_LINK_MIDDLE_STEP_S, FC_LINK_HIGH_BASE_S, FC_LINK_HIGH_STEP_S};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; ++i) {
        curve->parameters[places[i]] *= factor;
    }
}

void fc_scale_change_latency(fc_study *study, double factor) {
    fc_cluster *cluster = &study->cluster;
    fc_chip *chip = &cluster->chip;
    chip->scaleup_latency_s *= factor;
    chip->scaleout_latency_s *= factor;
    chip->launch_s *= factor;
    study->stack.host_layer_s *= factor;
    study->stack.host_moe_layer_s *= factor;
    study->stack.host_step_s *= factor;
    for (uint32_t i = 0; i < cluster->tiers_count; ++i) {
        change_tier_latency(&cluster->tiers[i], factor);
    }
    for (int i = 0; i < FC_CHIP_LINK_COUNT; ++i) {
        change_curve_latency(&chip->curves.link[i], factor);
    }
}

/* ---- one point ----------------------------------------------------------------------------------------------------- */

/* What is left of each cause of a step where nothing waits for a latency; all of it where that cannot be told. */
static void find_quiet(double left_s[FC_STEP_CAUSE_COUNT], const fc_scale_point *point, fc_scale_desk *desk) {
    const double next_to_nothing = 1e-6; /* a curve without any start-up time would divide by 0 */
    fc_step quiet;
    fc_step step;
    fc_study *study = &desk->quiet;
    *study = desk->study;
    fc_scale_change_latency(study, next_to_nothing);
    const fc_plan *plan = &point->at.plan;
    bool known = fc_step_time(&quiet, &desk->ops, &study->cluster, plan, &study->stack, NULL) == FC_OK &&
                 fc_step_time(&step, &desk->ops, &desk->study.cluster, plan, &desk->study.stack, NULL) == FC_OK;
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        double cause_s = point->at.step.cause_s[i];
        double factor = known && step.cause_s[i] > 0 ? quiet.cause_s[i] / step.cause_s[i] : 1.0;
        left_s[i] = cause_s * fc_hd_clamp(factor, 0.0, 1.0);
    }
}

static void weigh_step(fc_scale_point *point, fc_scale_desk *desk) {
    const fc_step *step = &point->at.step;
    double left_s[FC_STEP_CAUSE_COUNT];
    find_quiet(left_s, point, desk);
    double each = step->chips_used_count / step->tokens_per_step;
    double latency_s = 0;
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        bool waits = i == FC_STEP_LAUNCH || i == FC_STEP_HOST;
        double kept_s = waits ? 0.0 : left_s[i];
        point->cause_chip_s[i] = kept_s * each;
        latency_s += step->cause_s[i] - kept_s;
    }
    point->cause_chip_s[FC_SCALE_LATENCY] = latency_s * each;
    double idle = point->chips_count - step->chips_used_count;
    point->cause_chip_s[FC_SCALE_IDLE] = idle * step->time_s / step->tokens_per_step;
}

static double sum_of(const fc_scale_point *point) {
    double sum = 0;
    for (int i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
        sum += point->cause_chip_s[i];
    }
    return sum;
}

static uint32_t biggest_loss(const fc_scale_point *point) {
    uint32_t best = FC_STEP_MEMORY_BOUND;
    for (uint32_t i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
        bool useful = i == FC_STEP_MATMUL || i == FC_STEP_ATTENTION;
        if (!useful && point->cause_chip_s[i] > point->cause_chip_s[best]) {
            best = i;
        }
    }
    return best;
}

/* Around the steps, in time to train only: the other modes compare tokens/s. */
void fc_scale_weigh(fc_scale_point *point, fc_scale_desk *desk) {
    memset(point->cause_chip_s, 0, sizeof point->cause_chip_s);
    weigh_step(point, desk);
    if (desk->mode == FC_SCALE_TIME_TO_TRAIN) {
        const fc_run *run = &point->at.run;
        double trained = run->steps_count * point->at.step.tokens_per_step;
        double base = sum_of(point);
        double all = base * trained / desk->least_tokens_count;
        point->cause_chip_s[FC_SCALE_BATCH] = all - base;
        if (run->goodput_frac > 0) {
            point->cause_chip_s[FC_SCALE_FAILURES] = all / run->goodput_frac - all;
        }
    }
    point->chip_s = sum_of(point);
    point->biggest_loss = biggest_loss(point);
}

/* ---- the knee -------------------------------------------------------------------------------------------------------- */

/* From the end of the curve back to the last doubling that still gains enough. */
void fc_scale_find_knee(fc_scale_curve *curve, double knee_gain) {
    fc_scale_knee *knee = &curve->knee;
    memset(knee, 0, sizeof *knee);
    if (curve->points_count == 0) {
        return;
    }
    uint32_t at = curve->points_count - 1;
    while (at > 0 && curve->points[at].doubling_gain < knee_gain) {
        at -= 1;
    }
    knee->point = at;
    knee->found = at + 1 < curve->points_count;
    if (!knee->found) {
        return;
    }
    const fc_scale_point *here = &curve->points[at];
    const fc_scale_point *next = &curve->points[at + 1];
    knee->next_gain = next->doubling_gain;
    knee->lost_frac = 1.0 - here->chip_s / next->chip_s;
    double lost = 0;
    for (int i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
        knee->cause_frac[i] = fc_hd_max(0.0, next->cause_chip_s[i] - here->cause_chip_s[i]);
        lost += knee->cause_frac[i];
    }
    for (int i = 0; i < FC_SCALE_CAUSE_COUNT && lost > 0; ++i) {
        knee->cause_frac[i] /= lost;
    }
}
