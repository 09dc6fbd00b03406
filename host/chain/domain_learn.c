/* domain_learn.c: p10 and p90 of the step model's error as straight lines in the distance, by least pinball loss. */
#include "flopcast/domain.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/math.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double OUTER = 0.9; /* p90; p10 is the p90 of the mirrored errors */
static const double MOST_GROWTH = 1.0;

/* One error and how much it counts. */
typedef struct weighted {
    double value;
    double weight;
} weighted;

typedef struct learning {
    const fc_domain_sample *samples;
    double *weights; /* 0: aside */
    size_t count;
    double sign; /* 1: p90; -1: p10, mirrored */
    weighted *room;
} learning;

/* ---- one line ---------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    double left = ((const weighted *)a)->value;
    double right = ((const weighted *)b)->value;
    return (left > right) - (left < right);
}

/* The errors of one kind of model, less what growth explains. kind -1: both. */
static size_t collect(const learning *l, double growth, int kind) {
    size_t count = 0;
    for (size_t i = 0; i < l->count; ++i) {
        const fc_domain_sample *sample = &l->samples[i];
        if (l->weights[i] > 0 && (kind < 0 || sample->moe == kind)) {
            l->room[count++] =
                (weighted){.value = l->sign * sample->log_error - growth * sample->distance, .weight = l->weights[i]};
        }
    }
    qsort(l->room, count, sizeof *l->room, by_value);
    return count;
}

/* The smallest value that OUTER of the weight does not exceed: where the pinball loss is least. */
static double quantile(const weighted *sorted, size_t count) {
    double whole = 0;
    double below = 0;
    for (size_t i = 0; i < count; ++i) {
        whole += sorted[i].weight;
    }
    for (size_t i = 0; i < count; ++i) {
        below += sorted[i].weight;
        if (below >= OUTER * whole) {
            return sorted[i].value;
        }
    }
    return sorted[count - 1].value;
}

/* A width is never below 0: an interval that leaves the prediction out would claim more than a range can. */
static double loss_of_kind(double *width, const learning *l, double growth, int kind) {
    size_t count = collect(l, growth, kind);
    double loss = 0;
    *width = count > 0 ? fc_hd_max(0.0, quantile(l->room, count)) : -1.0;
    for (size_t i = 0; i < count; ++i) {
        double over = l->room[i].value - *width;
        loss += l->room[i].weight * (over > 0 ? OUTER * over : (OUTER - 1.0) * over);
    }
    return loss;
}

static double loss_at(double width[2], const learning *l, double growth) {
    double loss = loss_of_kind(&width[0], l, growth, 0) + loss_of_kind(&width[1], l, growth, 1);
    for (int kind = 0; kind < 2; ++kind) {
        width[kind] = width[kind] < 0 ? width[1 - kind] : width[kind]; /* none of this kind */
    }
    return loss;
}

/* The loss is convex in the growth: a golden section closes in on the least, and no growth wins a tie. */
static double learn_line(double width[2], const learning *l) {
    const double golden = 0.381966011250105;
    double low = 0;
    double high = MOST_GROWTH;
    double none[2];
    for (int i = 0; i < 40; ++i) {
        double left = low + golden * (high - low);
        double right = high - golden * (high - low);
        if (loss_at(width, l, left) <= loss_at(width, l, right)) {
            high = right;
        } else {
            low = left;
        }
    }
    double growth = 0.5 * (low + high);
    double loss = loss_at(width, l, growth);
    if (loss_at(none, l, 0.0) <= loss) {
        memcpy(width, none, sizeof none);
        return 0.0;
    }
    return growth;
}

/* ---- the law ----------------------------------------------------------------------------------------------------- */

/* One over how many samples of its set take part. */
static size_t weigh(learning *l, int32_t without) {
    size_t taking_part = 0;
    for (size_t i = 0; i < l->count; ++i) {
        size_t alike = 0;
        for (size_t j = 0; j < l->count; ++j) {
            alike += l->samples[j].set == l->samples[i].set && (without < 0 || l->samples[j].family != without);
        }
        bool aside = without >= 0 && l->samples[i].family == without;
        l->weights[i] = aside ? 0.0 : 1.0 / (double)alike;
        taking_part += !aside;
    }
    return taking_part;
}

fc_status fc_domain_learn(fc_domain *out, const fc_domain_sample *samples, size_t samples_count, int32_t without,
                          fc_arena *arena, fc_error *error) {
    double width[2];
    learning l = {.samples = samples, .count = samples_count};
    l.weights = fc_arena_alloc(arena, (samples_count + 1) * sizeof *l.weights);
    l.room = fc_arena_alloc(arena, (samples_count + 1) * sizeof *l.room);
    if (l.weights == NULL || l.room == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the errors of %zu runs", samples_count);
    }
    if (weigh(&l, without) == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no run was left out, so nothing tells the model's error");
    }
    l.sign = -1.0;
    out->low_growth = learn_line(width, &l);
    out->low_dense = width[0];
    out->low_moe = width[1];
    l.sign = 1.0;
    out->high_growth = learn_line(width, &l);
    out->high_dense = width[0];
    out->high_moe = width[1];
    return FC_OK;
}

uint8_t fc_domain_covers(const fc_domain *law, const fc_domain_sample *sample) {
    double low = 0;
    double high = 0;
    fc_domain_factor(&low, &high, law, sample->moe, sample->distance);
    double factor = fc_hd_exp(sample->log_error);
    return low <= factor && factor <= high;
}
