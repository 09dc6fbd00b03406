/* fit_runs_spread.c: what the runs leave open of the fitted numbers, and which of them trade off. */
#include "fit_runs_internal.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <string.h>

/* All in shares of a parameter's range. */
static const double STEP = 1e-3;        /* of the derivatives, inwards */
static const double NEAR_BOUND = 0.01;  /* a value this near to a bound lies at it */
static const double WIDE = 0.1;         /* at a bound the spread reaches at least this far inwards */
static const double LEAST_HALF = 1e-3;  /* no range has zero width */
static const double Z90 = 1.2815515655; /* p90 of the normal distribution */

static const double LEAST_CHANGE = 1e-4; /* of a run's log time over the whole range: less is no change */

/* Of a number that no run decides: p10 to p90 are eight tenths of its range. */
static double prior_sd(void) { return 0.4 / Z90; }

typedef struct spread_room {
    double *values;
    double *base;     /* residuals at the fitted values */
    double *jacobian; /* by rows: active rows times parameters, per share of the range */
    double *matrix;   /* information, then covariance */
    double *column;
} spread_room;

static fc_status make_room(spread_room *out, size_t n, size_t m, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->values = fc_arena_alloc(arena, n * sizeof(double));
    out->base = fc_arena_alloc(arena, 2 * (m + n) * sizeof(double));
    out->jacobian = fc_arena_alloc(arena, (m * n + 1) * sizeof(double));
    out->matrix = fc_arena_alloc(arena, 2 * n * n * sizeof(double));
    if (out->values == NULL || out->base == NULL || out->jacobian == NULL || out->matrix == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the spread of %zu parameters", n);
    }
    out->column = out->base + m + n;
    return FC_OK;
}

static void differentiate(spread_room *room, const fc_fit_state *state) {
    const fc_fit_spec *spec = state->problem->spec;
    size_t n = spec->parameters_count;
    for (size_t j = 0; j < n; ++j) {
        const fc_fit_parameter *p = &spec->parameters[j];
        double kept = room->values[j];
        double step = kept > 0.5 * (p->low + p->high) ? -STEP : STEP;
        room->values[j] = kept + step * (p->high - p->low);
        fc_fit_residuals_at(state, room->values, room->column);
        room->values[j] = kept;
        for (size_t i = 0; i < state->active_count; ++i) {
            room->jacobian[i * n + j] = (room->column[i] - room->base[i]) / step;
        }
    }
}

/* Which runs each parameter changes. */
static void count_runs(fc_fit_value *values, const spread_room *room, const fc_fit_state *state) {
    size_t n = state->problem->spec->parameters_count;
    for (size_t j = 0; j < n; ++j) {
        values[j].rows_count = 0;
        values[j].families = 0;
        for (size_t i = 0; i < state->active_count; ++i) {
            if (fabs(room->jacobian[i * n + j]) > LEAST_CHANGE * state->weights[i]) {
                values[j].rows_count += 1;
                values[j].families |= (uint64_t)1 << state->problem->rows[state->active[i]].family;
            }
        }
    }
}

/* Variance of a residual. Rows of small families weigh more, so fewer rows than there are stand for the whole: Kish's
 * effective count (Survey Sampling, 1965), less one for each parameter that they decide. */
static double residual_variance(const spread_room *room, const fc_fit_state *state, const fc_fit_value *values) {
    double sum = 0;
    double weight_2 = 0;
    double weight_4 = 0;
    double decided = 0;
    for (size_t i = 0; i < state->active_count; ++i) {
        double w = state->weights[i] * state->weights[i];
        sum += room->base[i] * room->base[i];
        weight_2 += w;
        weight_4 += w * w;
    }
    for (uint32_t j = 0; j < state->problem->spec->parameters_count; ++j) {
        decided += values[j].rows_count > 0 ? 1.0 : 0.0;
    }
    double count = weight_2 * weight_2 / weight_4;
    double least = 1e-12 * weight_2; /* runs met to six digits: a made-up table */
    return fc_hd_max(sum / fc_hd_max(count - decided, 1.0), least);
}

static void inform(spread_room *room, const fc_fit_state *state, double variance) {
    size_t n = state->problem->spec->parameters_count;
    for (size_t a = 0; a < n; ++a) {
        for (size_t b = 0; b <= a; ++b) {
            double sum = 0;
            for (size_t i = 0; i < state->active_count; ++i) {
                sum += room->jacobian[i * n + a] * room->jacobian[i * n + b];
            }
            sum = sum / variance + (a == b ? 1.0 / (prior_sd() * prior_sd()) : 0.0);
            room->matrix[a * n + b] = sum;
            room->matrix[b * n + a] = sum;
        }
    }
}

/* Cholesky's factor in the lower half; the matrix is positive definite, since every parameter has a prior. */
static void factor(double *a, size_t n) {
    for (size_t j = 0; j < n; ++j) {
        for (size_t i = j; i < n; ++i) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; ++k) {
                sum -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = i == j ? sqrt(fc_hd_max(sum, 1e-300)) : sum / a[j * n + j];
        }
    }
}

/* Column `at` of the inverse, by the factor. */
static void invert_column(double *out, const double *a, size_t n, size_t at) {
    for (size_t i = 0; i < n; ++i) {
        double sum = i == at ? 1.0 : 0.0;
        for (size_t k = 0; k < i; ++k) {
            sum -= a[i * n + k] * out[k];
        }
        out[i] = sum / a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        double sum = out[i];
        for (size_t k = i + 1; k < n; ++k) {
            sum -= a[k * n + i] * out[k];
        }
        out[i] = sum / a[i * n + i];
    }
}

static void set_range(fc_fit_value *value, const fc_fit_parameter *p, double sd) {
    double range = p->high - p->low;
    double half = fc_hd_max(Z90 * sd, LEAST_HALF) * range;
    bool at_low = value->value - p->low < NEAR_BOUND * range;
    bool at_high = p->high - value->value < NEAR_BOUND * range;
    value->at_bound = value->rows_count > 0 && (at_low || at_high);
    /* beyond a bound the linear picture knows nothing: the spread is one-sided and generous */
    half = at_low || at_high ? fc_hd_max(half, WIDE * range) : half;
    value->p10 = fc_hd_max(value->value - half, p->low);
    value->p90 = fc_hd_min(value->value + half, p->high);
}

static void find_partner(fc_fit_value *value, const double *covariance, size_t n, size_t at) {
    value->partner = -1;
    value->correlation = 0;
    for (size_t k = 0; k < n; ++k) {
        double scale = sqrt(covariance[at * n + at] * covariance[k * n + k]);
        double correlation = fc_hd_clamp(covariance[at * n + k] / scale, -1.0, 1.0);
        if (k != at && (value->partner < 0 || fabs(correlation) > fabs(value->correlation))) {
            value->partner = (int32_t)k;
            value->correlation = correlation;
        }
    }
}

fc_status fc_fit_spread(fc_fit_value *values, const fc_fit_state *state, double *out_sum, fc_arena *arena,
                        fc_error *error) {
    const fc_fit_spec *spec = state->problem->spec;
    size_t n = spec->parameters_count;
    spread_room room;
    FC_TRY(make_room(&room, n, state->active_count, arena, error));
    for (size_t j = 0; j < n; ++j) {
        room.values[j] = values[j].value;
    }
    state->memo->known = 0;
    fc_fit_residuals_at(state, room.values, room.base);
    *out_sum = 0;
    for (size_t i = 0; i < state->active_count + n; ++i) {
        *out_sum += room.base[i] * room.base[i];
    }
    differentiate(&room, state);
    count_runs(values, &room, state);
    inform(&room, state, residual_variance(&room, state, values));
    double *covariance = room.matrix + n * n;
    factor(room.matrix, n);
    for (size_t j = 0; j < n; ++j) {
        invert_column(covariance + j * n, room.matrix, n, j);
    }
    for (size_t j = 0; j < n; ++j) {
        set_range(&values[j], &spec->parameters[j], sqrt(covariance[j * n + j]));
        find_partner(&values[j], covariance, n, j);
    }
    return FC_OK;
}
