/* fit_collective.c: latency and bandwidth of each collective (Hockney 1994: t = alpha + beta · bytes).
 *
 * Sizes span nine decades, so seconds alone would let the largest decide. First least squares of relative error: with x the
 * bytes that one rank sends and t the measured time, sum (alpha/t + beta x/t - 1)^2 is least at the solution of two linear
 * equations; a negative latency or slope is not physical and becomes zero. Where both are there, the error of log time then
 * decides, which minds too short no more than too long, and in which a disturbed size counts by its error, not its square.
 */
#include "../base/stats.h"
#include "flopcast/calibration.h"
#include "flopcast/hd/math.h"
#include "squares.h"

#include <stdbool.h>

/* Above this an error of log time counts by its size. */
#define BEND 0.1

double fc_collective_traffic_frac(fc_collective_op op, double ranks) {
    double others_frac = ranks > 1.0 ? (ranks - 1.0) / ranks : 0.0;
    switch (op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        return 2.0 * others_frac;
    case FC_COLLECTIVE_ALL_GATHER:
    case FC_COLLECTIVE_REDUCE_SCATTER:
    case FC_COLLECTIVE_ALL_TO_ALL:
        return others_frac;
    default:
        return 1.0;
    }
}

static double slope_s(const fc_fit_collective *fitted) {
    return fitted->bus_bytes_per_s > 0.0 ? 1.0 / fitted->bus_bytes_per_s : 0.0;
}

double fc_calibration_collective_s(const fc_fit_collective *fitted, double bytes) {
    double sent_bytes = bytes * fc_collective_traffic_frac((fc_collective_op)fitted->op, fitted->ranks);
    return fitted->bus_bytes_per_s > 0.0 ? fitted->latency_s + sent_bytes * slope_s(fitted) : 0.0;
}

static bool is_of(const fc_sample *sample, const fc_fit_collective *fitted) {
    return sample->kind == FC_SAMPLE_COLLECTIVE && sample->collective_op == fitted->op &&
           sample->ranks == fitted->ranks && sample->seconds > 0.0;
}

/* The sums of the normal equations, in units where they stay near 1: latencies in the shortest time, bytes in the
 * largest message. */
typedef struct sums {
    double aa;
    double ab;
    double bb;
    double a;
    double b;
} sums;

static sums add_up(const fc_fit_collective *fitted, const fc_sample *samples, uint32_t count, double unit_s,
                   double unit_bytes) {
    sums all = {0.0, 0.0, 0.0, 0.0, 0.0};
    for (uint32_t i = 0; i < count; i++) {
        if (is_of(&samples[i], fitted)) {
            double a = unit_s / samples[i].seconds;
            double b = samples[i].bytes / unit_bytes * a;
            all.aa += a * a;
            all.ab += a * b;
            all.bb += b * b;
            all.a += a;
            all.b += b;
        }
    }
    return all;
}

static void solve(fc_fit_collective *fitted, const fc_sample *samples, uint32_t count) {
    double unit_s = 0.0;
    double unit_bytes = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_of(&samples[i], fitted)) {
            unit_s = unit_s > 0.0 && unit_s < samples[i].seconds ? unit_s : samples[i].seconds;
            unit_bytes = samples[i].bytes > unit_bytes ? samples[i].bytes : unit_bytes;
            fitted->samples_count++;
        }
    }
    sums s = add_up(fitted, samples, count, unit_s, unit_bytes);
    double determinant = s.aa * s.bb - s.ab * s.ab;
    bool one_size = !(determinant > 1e-12 * s.aa * s.bb);
    double alpha = one_size ? 0.0 : (s.a * s.bb - s.b * s.ab) / determinant;
    double beta = one_size ? 0.0 : (s.b * s.aa - s.a * s.ab) / determinant;
    if (one_size || !(beta > 0.0)) {
        alpha = s.a / s.aa;
        beta = 0.0;
    } else if (alpha < 0.0) {
        alpha = 0.0;
        beta = s.b / s.bb;
    }
    double frac = fc_collective_traffic_frac((fc_collective_op)fitted->op, fitted->ranks);
    fitted->latency_s = alpha * unit_s;
    fitted->bus_bytes_per_s = beta > 0.0 ? frac * unit_bytes / (beta * unit_s) : 0.0;
}

/* What the fit works on: the logarithms of latency and slope. */
typedef struct refinement {
    const fc_fit_collective *fitted;
    const fc_sample *samples;
    uint32_t count;
    double frac;
} refinement;

static void residuals(const void *context, const double *x, double *out, size_t count) {
    const refinement *r = context;
    double latency_s = fc_hd_exp(fc_hd_clamp(x[0], -60.0, 60.0));
    double slope = fc_hd_exp(fc_hd_clamp(x[1], -120.0, 60.0));
    size_t used = 0;
    for (uint32_t i = 0; i < r->count && used < count; i++) {
        const fc_sample *sample = &r->samples[i];
        if (is_of(sample, r->fitted)) {
            double predicted_s = latency_s + r->frac * sample->bytes * slope;
            out[used++] = fc_squares_soften(fc_hd_log(predicted_s / sample->seconds), BEND);
        }
    }
}

/* From the linear solution to the least error of log time; with fewer than three sizes there is nothing to weigh. */
static fc_status refine(fc_fit_collective *fitted, const fc_sample *samples, uint32_t count, fc_error *error) {
    if (fitted->samples_count < 3 || !(fitted->latency_s > 0.0) || !(fitted->bus_bytes_per_s > 0.0)) {
        return FC_OK;
    }
    refinement r = {fitted, samples, count, fc_collective_traffic_frac((fc_collective_op)fitted->op, fitted->ranks)};
    fc_squares squares = {.residuals = residuals,
                          .context = &r,
                          .parameters_count = 2,
                          .residuals_count = fitted->samples_count,
                          .tolerance = 1e-10,
                          .step_frac = 1e-6,
                          .most_evaluations = 500};
    double x[2] = {fc_hd_log(fitted->latency_s), fc_hd_log(slope_s(fitted))};
    double sum = 0.0;
    FC_TRY(fc_squares_least(x, &sum, &squares, error));
    fitted->latency_s = fc_hd_exp(x[0]);
    fitted->bus_bytes_per_s = 1.0 / fc_hd_exp(x[1]);
    return FC_OK;
}

static double median_error(const fc_fit_collective *fitted, const fc_sample *samples, uint32_t count) {
    double errors[FC_MAX_SAMPLES];
    uint32_t used = 0;
    double frac = fc_collective_traffic_frac((fc_collective_op)fitted->op, fitted->ranks);
    for (uint32_t i = 0; i < count; i++) {
        if (is_of(&samples[i], fitted)) {
            double predicted_s = fitted->latency_s + frac * samples[i].bytes * slope_s(fitted);
            errors[used++] = fabs(predicted_s / samples[i].seconds - 1.0);
        }
    }
    fc_stats_sort(errors, used);
    return fc_stats_quantile(errors, used, 0.5);
}

static bool is_fitted(const fc_fit *fit, const fc_sample *sample) {
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        if (is_of(sample, &fit->collectives[i])) {
            return true;
        }
    }
    return false;
}

fc_status fc_calibration_fit_collectives(fc_fit *out, const fc_sample *samples, uint32_t samples_count,
                                         fc_error *error) {
    out->collectives_count = 0;
    for (uint32_t i = 0; i < samples_count; i++) {
        const fc_sample *sample = &samples[i];
        if (sample->kind != FC_SAMPLE_COLLECTIVE || !(sample->seconds > 0.0) || is_fitted(out, sample)) {
            continue;
        }
        if (out->collectives_count == FC_MAX_FIT_COLLECTIVES) {
            return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                                "more than %d collectives of different kind and number of ranks; split the table",
                                FC_MAX_FIT_COLLECTIVES);
        }
        fc_fit_collective *fitted = &out->collectives[out->collectives_count++];
        *fitted = (fc_fit_collective){.op = sample->collective_op, .ranks = sample->ranks};
        solve(fitted, samples, samples_count);
        FC_TRY(refine(fitted, samples, samples_count, error));
        fitted->median_abs_error_frac = median_error(fitted, samples, samples_count);
    }
    return FC_OK;
}
