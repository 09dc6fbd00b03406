/* domain.c: the distance between runs, and the step model's error at a distance. */
#include "flopcast/domain.h"

#include "../base/text.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/math.h"
#include "flopcast/stages.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A range is drawn, so it needs a width even where a fit to a few exact runs found none. */
static const double LEAST_WIDTH = 0.005;

/* ---- the distance ------------------------------------------------------------------------------------------------ */

fc_domain_point fc_domain_point_of(const fc_study *study) {
    fc_domain_point out;
    fc_ops ops;
    const fc_chip *chip = &study->cluster.chip;
    memset(&out, 0, sizeof out);
    fc_ops_count(&ops, &study->model, &study->workload);
    (void)fc_text_copy(out.name, sizeof out.name, study->name);
    (void)fc_text_copy(out.chip, sizeof out.chip, chip->name);
    (void)fc_text_copy(out.family, sizeof out.family, chip->family);
    (void)fc_text_copy(out.stack, sizeof out.stack, study->stack.name);
    out.chip_flop_per_s = chip->peak_flop_per_s[FC_DTYPE_BF16] > 0 ? chip->peak_flop_per_s[FC_DTYPE_BF16]
                                                                   : chip->peak_flop_per_s[FC_DTYPE_FP16];
    out.params_total_count = ops.params_total_count;
    out.chips_count = study->cluster.chips_count;
    out.seq_len = (double)ops.seq_len;
    out.runs_count = 1;
    out.dtype = study->workload.dtype;
    out.moe = ops.params_active_count < ops.params_total_count;
    return out;
}

/* |log(a / b)|; 0 where one of them is not known. */
static double log_apart(double a, double b) { return a > 0 && b > 0 ? fabs(fc_hd_log(a) - fc_hd_log(b)) : 0.0; }

static double tenfolds(double a, double b) {
    const double log_10 = 2.302585092994046;
    return log_apart(a, b) / log_10;
}

static double doublings(double a, double b) {
    const double log_2 = 0.6931471805599453;
    return log_apart(a, b) / log_2;
}

static double chip_apart(const fc_domain *metric, const fc_domain_point *a, const fc_domain_point *b) {
    if (strcmp(a->chip, b->chip) == 0) {
        return 0.0;
    }
    double other_family = strcmp(a->family, b->family) != 0 ? metric->other_family : 0.0;
    return other_family + metric->other_chip + metric->doubled_peak * doublings(a->chip_flop_per_s, b->chip_flop_per_s);
}

static double dtype_apart(const fc_domain *metric, const fc_domain_point *a, const fc_domain_point *b) {
    if (a->dtype == b->dtype) {
        return 0.0;
    }
    double halvings = doublings(fc_dtype_bytes((fc_dtype)a->dtype), fc_dtype_bytes((fc_dtype)b->dtype));
    return metric->other_dtype + metric->halved_bits * halvings;
}

double fc_domain_distance(double *axes, const fc_domain *metric, const fc_domain_point *a, const fc_domain_point *b) {
    const double parts[FC_DOMAIN_AXIS_COUNT] = {
        [FC_DOMAIN_PARAMS] = metric->tenfold_params * tenfolds(a->params_total_count, b->params_total_count),
        [FC_DOMAIN_CHIPS] = metric->tenfold_chips * tenfolds(a->chips_count, b->chips_count),
        [FC_DOMAIN_SEQ_LEN] = metric->tenfold_seq_len * tenfolds(a->seq_len, b->seq_len),
        [FC_DOMAIN_CHIP] = chip_apart(metric, a, b),
        [FC_DOMAIN_DTYPE] = dtype_apart(metric, a, b),
        [FC_DOMAIN_KIND] = a->moe != b->moe ? metric->other_kind : 0.0,
        [FC_DOMAIN_STACK] = strcmp(a->stack, b->stack) != 0 ? metric->other_stack : 0.0,
    };
    double sum = 0;
    for (int i = 0; i < FC_DOMAIN_AXIS_COUNT; ++i) {
        sum += parts[i];
    }
    if (axes != NULL) {
        memcpy(axes, parts, sizeof parts);
    }
    return sum;
}

const char *fc_domain_axis_name(fc_domain_axis axis) {
    static const char *const names[FC_DOMAIN_AXIS_COUNT] = {
        [FC_DOMAIN_PARAMS] = "parameters", [FC_DOMAIN_CHIPS] = "chips", [FC_DOMAIN_SEQ_LEN] = "sequence",
        [FC_DOMAIN_CHIP] = "chip",         [FC_DOMAIN_DTYPE] = "dtype", [FC_DOMAIN_KIND] = "dense or experts",
        [FC_DOMAIN_STACK] = "stack",
    };
    return names[axis];
}

/* ---- the error at a distance ------------------------------------------------------------------------------------- */

void fc_domain_factor(double *low, double *high, const fc_domain *law, uint8_t moe, double distance) {
    double below = (moe ? law->low_moe : law->low_dense) + law->low_growth * distance;
    double above = (moe ? law->high_moe : law->high_dense) + law->high_growth * distance;
    *low = fc_hd_exp(-fc_hd_max(below, LEAST_WIDTH));
    *high = fc_hd_exp(fc_hd_max(above, LEAST_WIDTH));
}

static bool has_law(const fc_domain *domain) {
    return domain->low_dense > 0 || domain->low_moe > 0 || domain->high_dense > 0 || domain->high_moe > 0;
}

/* In place of the one that came with the default. A study that lost it, or fixed the factor, has none to widen. */
static void widen(fc_study *study, uint8_t moe) {
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        fc_spread *spread = &study->spreads[i];
        if (spread->offset == offsetof(fc_study, step_time_factor)) {
            double low = 0;
            double high = 0;
            fc_domain_factor(&low, &high, &study->domain, moe, study->domain.distance);
            spread->low = fc_hd_max(spread->least, low * spread->mid);
            spread->high = fc_hd_min(spread->most, high * spread->mid);
        }
    }
}

void fc_domain_place(fc_study *study, const fc_domain_point *points, size_t points_count) {
    fc_domain *domain = &study->domain;
    const fc_domain_point *nearest = NULL;
    domain->placed = 0;
    bool measured_here = study->cluster.chip.threads_count > 0; /* its own calibration is the nearest run there is */
    if (points_count == 0 || measured_here || !has_law(domain)) {
        return;
    }
    fc_domain_point own = fc_domain_point_of(study);
    for (size_t i = 0; i < points_count; ++i) {
        double distance = fc_domain_distance(NULL, domain, &own, &points[i]);
        if (nearest == NULL || distance < domain->distance) {
            nearest = &points[i];
            domain->distance = distance;
        }
    }
    domain->placed = 1;
    (void)fc_domain_distance(domain->axis_distance, domain, &own, nearest);
    domain->nearest_error_frac = nearest->error_frac;
    domain->nearest_runs_count = nearest->runs_count;
    (void)fc_text_copy(domain->nearest, sizeof domain->nearest, nearest->name);
    if (!domain->error_stated) {
        widen(study, own.moe);
    }
}

/* ---- points that coincide ---------------------------------------------------------------------------------------- */

/* Moves the points that coincide with `points[from]` next to it, by error; returns how many they are. */
static size_t gather(fc_domain_point *points, size_t from, size_t count, const fc_domain *metric) {
    size_t end = from + 1;
    for (size_t i = from + 1; i < count; ++i) {
        if (fc_domain_distance(NULL, metric, &points[from], &points[i]) > 0) {
            continue;
        }
        fc_domain_point found = points[i];
        points[i] = points[end];
        size_t at = end++;
        while (at > from && points[at - 1].error_frac > found.error_frac) {
            points[at] = points[at - 1];
            at -= 1;
        }
        points[at] = found;
    }
    return end - from;
}

size_t fc_domain_merge(fc_domain_point *points, size_t points_count, const fc_domain *metric) {
    size_t kept = 0;
    for (size_t from = 0; from < points_count;) {
        size_t alike = gather(points, from, points_count, metric);
        fc_domain_point median = points[from + (alike - 1) / 2];
        median.runs_count = 0;
        for (size_t i = from; i < from + alike; ++i) {
            median.runs_count += points[i].runs_count;
        }
        points[kept++] = median;
        from += alike;
    }
    return kept;
}
