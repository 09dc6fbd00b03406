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

#include <cminpack.h>
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

/* What lmdif works on: the logarithms of latency and slope. */
typedef struct refinement {
    const fc_fit_collective *fitted;
    const fc_sample *samples;
    uint32_t count;
    double frac;
} refinement;

static double softened(double error) {
    double ratio = error / BEND;
    double size = BEND * sqrt(2.0 * (sqrt(1.0 + ratio * ratio) - 1.0));
    return error < 0.0 ? -size : size;
}

static int residuals(void *context, int count, int parameters_count, const double *x, double *out, int flag) {
    const refinement *r = context;
    double latency_s = fc_hd_exp(fc_hd_clamp(x[0], -60.0, 60.0));
    double slope = fc_hd_exp(fc_hd_clamp(x[1], -120.0, 60.0));
    int used = 0;
    (void)parameters_count;
    (void)flag;
    for (uint32_t i = 0; i < r->count && used < count; i++) {
        const fc_sample *sample = &r->samples[i];
        if (is_of(sample, r->fitted)) {
            out[used++] = softened(fc_hd_log((latency_s + r->frac * sample->bytes * slope) / sample->seconds));
        }
    }
    return 0;
}

/* From the linear solution to the least error of log time; with fewer than three sizes there is nothing to weigh. */
static void refine(fc_fit_collective *fitted, const fc_sample *samples, uint32_t count) {
    enum { N = 2 };
    double values[FC_MAX_SAMPLES];
    double jacobian[N * FC_MAX_SAMPLES];
    double last[FC_MAX_SAMPLES];
    double scale[N] = {0};
    double product[N];
    double a[N];
    double b[N];
    double c[N];
    int pivots[N];
    int evaluations = 0;
    int m = (int)fitted->samples_count;
    if (m < 3 || !(fitted->latency_s > 0.0) || !(fitted->bus_bytes_per_s > 0.0)) {
        return;
    }
    refinement r = {fitted, samples, count, fc_collective_traffic_frac((fc_collective_op)fitted->op, fitted->ranks)};
    double x[N] = {fc_hd_log(fitted->latency_s), fc_hd_log(slope_s(fitted))};
    int told = lmdif(residuals, &r, m, N, x, values, 1e-10, 1e-10, 0.0, 500, 1e-6, scale, 1, 1.0, 0, &evaluations,
                     jacobian, m, pivots, product, a, b, c, last);
    if (told > 0) { /* else the linear solution stands */
        fitted->latency_s = fc_hd_exp(x[0]);
        fitted->bus_bytes_per_s = 1.0 / fc_hd_exp(x[1]);
    }
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
        refine(fitted, samples, samples_count);
        fitted->median_abs_error_frac = median_error(fitted, samples, samples_count);
    }
    return FC_OK;
}
