/* fit.c: measured matmuls to the curve of chip.h, by least squares of log time; held-out shapes judge it.
 *
 * Log time, since a 10 % miss on a microsecond weighs as much as one on a second. Hockney's n_1/2 ramps (Hockney and
 * Jesshope 1988) in m, n and k, a launch time, and memory traffic as a floor under the arithmetic.
 */
#include "../base/stats.h"
#include "flopcast/calibration.h"
#include "flopcast/hd/math.h"
#include "flopcast/hd/roofline.h"
#include "minimize.h"

#include <stdbool.h>
#include <string.h>

/* One more than the curve has parameters: fewer points are copied, not fitted. */
#define LEAST_SAMPLES 6
#define PARAMETERS 5

/* Ranges of the search, as natural logs or factors: halves from nothing to a million (the most a chip may have), a
 * ceiling from the best rate seen to four times it, a launch time from 1 ns to the shortest
 * sample or the second that a chip may have. */
#define LEAST_HALF 1e-3
#define MOST_HALF 1e6
#define MOST_CEILING_FACTOR 4.0
#define LEAST_LAUNCH_S 1e-9
#define MOST_LAUNCH_S 1.0

typedef struct fit_problem {
    const fc_sample *samples;
    uint32_t count;
    uint32_t dtype;
    double best_flop_per_s;
    double least_s;
    double memory_bytes_per_s;
} fit_problem;

static double sample_flop(const fc_sample *sample) {
    return 2.0 * (double)sample->batch * (double)sample->m * (double)sample->n * (double)sample->k;
}

/* The rate that bounds a sample's traffic; operands in a cache are not bound by memory. 0: unbounded. */
static double traffic_bytes_per_s(const fc_sample *sample, double memory_bytes_per_s) {
    return sample->residency == FC_RESIDENCY_CACHE ? 0.0 : memory_bytes_per_s;
}

static double curve_s(const fc_fit_dtype *fitted, double memory_bytes_per_s, uint32_t dtype, double batch, double m,
                      double n, double k) {
    const fc_matmul_curve *curve = &fitted->curve;
    double rate = fc_hd_matmul_rate(m, n, k, fitted->peak_flop_per_s, curve->eff_frac, curve->m_half, curve->n_half,
                                    curve->k_half);
    double compute_s = 2.0 * batch * m * n * k / rate;
    double bytes = fc_dtype_bytes((fc_dtype)dtype) * batch * (m * k + n * k + m * n);
    double memory_s = memory_bytes_per_s > 0.0 ? bytes / memory_bytes_per_s : 0.0;
    return fitted->launch_s + fc_hd_max(compute_s, memory_s);
}

double fc_calibration_matmul_s(const fc_fit *fit, fc_dtype dtype, double m, double n, double k) {
    const fc_fit_dtype *fitted = &fit->dtype[dtype];
    if (!(fitted->peak_flop_per_s > 0.0)) {
        return 0.0;
    }
    return curve_s(fitted, fit->memory_bytes_per_s, dtype, 1.0, m, n, k);
}

static bool is_of(const fc_sample *sample, uint32_t dtype) {
    return sample->kind == FC_SAMPLE_MATMUL && sample->dtype == dtype && sample->seconds > 0.0 &&
           sample_flop(sample) > 0.0;
}

static double bounded_exp(double log_value, double least, double most) {
    return fc_hd_clamp(fc_hd_exp(fc_hd_clamp(log_value, -60.0, 60.0)), least, most);
}

/* Search coordinates to a curve; out-of-range coordinates mean the nearest allowed value. */
static fc_fit_dtype from_coordinates(const double *x, const fit_problem *problem) {
    fc_fit_dtype fitted;
    memset(&fitted, 0, sizeof fitted);
    fitted.curve.eff_frac = 1.0;
    fitted.peak_flop_per_s = problem->best_flop_per_s * bounded_exp(x[0], 1.0, MOST_CEILING_FACTOR);
    fitted.curve.m_half = bounded_exp(x[1], LEAST_HALF, MOST_HALF);
    fitted.curve.n_half = bounded_exp(x[2], LEAST_HALF, MOST_HALF);
    fitted.curve.k_half = bounded_exp(x[3], LEAST_HALF, MOST_HALF);
    fitted.launch_s = bounded_exp(x[4], LEAST_LAUNCH_S, fc_hd_min(problem->least_s, MOST_LAUNCH_S));
    return fitted;
}

static double squared_log_residuals(const double *x, void *context) {
    const fit_problem *problem = context;
    fc_fit_dtype fitted = from_coordinates(x, problem);
    double sum = 0.0;
    for (uint32_t i = 0; i < problem->count; i++) {
        const fc_sample *sample = &problem->samples[i];
        if (!is_of(sample, problem->dtype) || sample->heldout) {
            continue;
        }
        double predicted_s = curve_s(&fitted, traffic_bytes_per_s(sample, problem->memory_bytes_per_s), problem->dtype,
                                     sample->batch, sample->m, sample->n, sample->k);
        double residual = fc_hd_log(predicted_s / sample->seconds);
        sum += residual * residual;
    }
    /* A pull far below any noise, so that a direction which the samples leave open does not wander. */
    for (size_t i = 0; i < PARAMETERS; i++) {
        sum += 1e-9 * x[i] * x[i];
    }
    return sum;
}

/* The best of a few starts: ramps absent, of a vector, of a tile. */
static fc_fit_dtype best_curve(fit_problem *problem) {
    static const double half_starts[] = {0.1, 8.0, 128.0};
    static const double steps[PARAMETERS] = {0.1, 1.0, 1.0, 1.0, 1.0};
    double best_x[PARAMETERS] = {0.0};
    double best = -1.0;
    for (size_t start = 0; start < sizeof half_starts / sizeof half_starts[0]; start++) {
        double half = fc_hd_log(half_starts[start]);
        double x[PARAMETERS] = {0.1, half, half, half, fc_hd_log(0.5 * problem->least_s)};
        double value = fc_minimize(x, steps, PARAMETERS, squared_log_residuals, problem);
        if (best < 0.0 || value < best) {
            best = value;
            memcpy(best_x, x, sizeof x);
        }
    }
    return from_coordinates(best_x, problem);
}

/* Median of |predicted / measured - 1| over held-out samples of one dtype, or of all (dtype FC_DTYPE_COUNT). */
static double heldout_error(uint32_t *out_count, const fc_fit *fit, const fc_sample *samples, uint32_t samples_count,
                            uint32_t dtype) {
    double errors[FC_MAX_SAMPLES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < samples_count; i++) {
        const fc_sample *sample = &samples[i];
        bool wanted = dtype == FC_DTYPE_COUNT || sample->dtype == dtype;
        if (!sample->heldout || !wanted || sample->dtype >= FC_DTYPE_COUNT || !is_of(sample, sample->dtype) ||
            !(fit->dtype[sample->dtype].peak_flop_per_s > 0.0)) {
            continue;
        }
        double predicted_s = curve_s(&fit->dtype[sample->dtype], traffic_bytes_per_s(sample, fit->memory_bytes_per_s),
                                     sample->dtype, sample->batch, sample->m, sample->n, sample->k);
        errors[count++] = fabs(predicted_s / sample->seconds - 1.0);
    }
    *out_count = count;
    if (count == 0) {
        return 0.0;
    }
    fc_stats_sort(errors, count);
    return fc_stats_quantile(errors, count, 0.5);
}

/* The fastest sample of the op that did not come out of a cache; a cache's if there is no other. */
static double memory_rate(const fc_sample *samples, uint32_t count, uint32_t op) {
    double best_memory = 0.0;
    double best_cache = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        const fc_sample *sample = &samples[i];
        if (sample->kind != FC_SAMPLE_MEMORY || sample->memory_op != op || !(sample->seconds > 0.0)) {
            continue;
        }
        double rate = sample->bytes / sample->seconds;
        double *best = sample->residency == FC_RESIDENCY_CACHE ? &best_cache : &best_memory;
        *best = rate > *best ? rate : *best;
    }
    return best_memory > 0.0 ? best_memory : best_cache;
}

/* False when the dtype has too few samples: its entry then stays "not measured". */
static bool fit_dtype(fc_fit *out, const fc_sample *samples, uint32_t samples_count, uint32_t dtype) {
    fit_problem problem = {
        .samples = samples, .count = samples_count, .dtype = dtype, .memory_bytes_per_s = out->memory_bytes_per_s};
    uint32_t used = 0;
    for (uint32_t i = 0; i < samples_count; i++) {
        if (!is_of(&samples[i], dtype) || samples[i].heldout) {
            continue;
        }
        double rate = sample_flop(&samples[i]) / samples[i].seconds;
        problem.best_flop_per_s = fc_hd_max(problem.best_flop_per_s, rate);
        problem.least_s = used == 0 ? samples[i].seconds : fc_hd_min(problem.least_s, samples[i].seconds);
        used++;
    }
    if (used < LEAST_SAMPLES) {
        return false;
    }
    out->dtype[dtype] = best_curve(&problem);
    out->dtype[dtype].samples_count = used;
    return true;
}

fc_status fc_calibration_fit(fc_fit *out, const fc_sample *samples, uint32_t samples_count, fc_error *error) {
    memset(out, 0, sizeof *out);
    if (samples_count > FC_MAX_SAMPLES) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%u samples: a fit takes at most %d", samples_count,
                            FC_MAX_SAMPLES);
    }
    out->memory_bytes_per_s = memory_rate(samples, samples_count, FC_MEMORY_OP_TRIAD);
    out->copy_bytes_per_s = memory_rate(samples, samples_count, FC_MEMORY_OP_COPY);
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (fit_dtype(out, samples, samples_count, dtype)) {
            fc_fit_dtype *fitted = &out->dtype[dtype];
            fitted->heldout_median_abs_error_frac =
                heldout_error(&fitted->heldout_count, out, samples, samples_count, dtype);
            any = true;
        }
    }
    FC_TRY(fc_calibration_fit_collectives(out, samples, samples_count, error));
    if (!any && out->collectives_count == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "no dtype has the %d matmul samples that a fit needs: measure more shapes or for longer",
                            LEAST_SAMPLES);
    }
    out->heldout_median_abs_error_frac =
        heldout_error(&out->heldout_count, out, samples, samples_count, FC_DTYPE_COUNT);
    return FC_OK;
}
