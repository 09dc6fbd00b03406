/* fit.c: measured matmuls to the curve of chip.h, by least squares of log time; held-out shapes judge it.
 *
 * Log time, since a 10 % miss on a microsecond weighs as much as one on a second. Hockney's n_1/2 ramps (Hockney and
 * Jesshope 1988) in m, n and k, a launch time, a rate for each layout, and memory traffic as a floor under the
 * arithmetic. Levenberg and Marquardt as MINPACK has it (Moré 1978), from a few starts.
 */
#include "../base/stats.h"
#include "flopcast/calibration.h"
#include "flopcast/hd/math.h"
#include "flopcast/hd/roofline.h"
#include "squares.h"

#include <stdbool.h>
#include <string.h>

/* Fewer points than this are not fitted. */
#define LEAST_SAMPLES 6
/* A layout needs as many samples of its own before it gets a rate of its own. */
#define LEAST_OF_LAYOUT 4
enum { CEILING, M_HALF, N_HALF, K_HALF, LAUNCH, NN_RATE, TN_RATE, PARAMETERS };

/* Ranges of the search: halves from nothing to a million (the most a chip may have), a ceiling from the best rate seen
 * to four times it, a launch time from 1 ns to the shortest sample or the second that a chip may have. */
#define LEAST_HALF 1e-3
#define MOST_HALF 1e6
#define MOST_CEILING_FACTOR 4.0
#define LEAST_LAUNCH_S 1e-9
#define MOST_LAUNCH_S 1.0
#define MOST_LAYOUT_FACTOR 2.0
/* An error above this grows with its size, not its square: one disturbed timing does not bend the curve. */
#define BEND 0.08
/* A pull far below any noise, so that a direction which the samples leave open does not wander. */
#define PULL 3e-3
#define MOST_EVALUATIONS 600

typedef struct fit_problem {
    const fc_sample **samples;
    uint32_t count;
    double best_flop_per_s;
    double least_s;
    double memory_bytes_per_s;
    bool has_layout[FC_LAYOUT_COUNT];
    double start[PARAMETERS];
} fit_problem;

static double sample_flop(const fc_sample *sample) {
    return 2.0 * (double)sample->batch * (double)sample->m * (double)sample->n * (double)sample->k;
}

/* The rate that bounds a sample's traffic; operands in a cache are not bound by memory. 0: unbounded. */
static double traffic_bytes_per_s(const fc_sample *sample, double memory_bytes_per_s) {
    return sample->residency == FC_RESIDENCY_CACHE ? 0.0 : memory_bytes_per_s;
}

/* A batch is one product after the other, each with a launch of its own. */
static double curve_s(const fc_fit_dtype *fitted, double memory_bytes_per_s, const fc_sample *sample) {
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    double rate = fc_hd_matmul_curve_rate(&fitted->curve, fitted->peak_flop_per_s, sample->layout, m, n, k);
    double bytes = fc_dtype_bytes((fc_dtype)sample->dtype) * (m * k + n * k + m * n);
    double memory_s = memory_bytes_per_s > 0.0 ? bytes / memory_bytes_per_s : 0.0;
    return sample->batch * (fitted->launch_s + fc_hd_max(2.0 * m * n * k / rate, memory_s));
}

static double fitted_s(const fc_fit *fit, const fc_sample *sample) {
    const fc_kernel_curve *kernel = fc_calibration_kernel_of(fit, sample);
    if (kernel != NULL) {
        const double dims[FC_KERNEL_MAX_DIMS] = {sample->m, sample->n, sample->k};
        return sample->batch * fc_kernel_predict_s(kernel, dims);
    }
    const fc_fit_dtype *fitted = fc_calibration_curve_of(fit, sample);
    return fitted != NULL ? curve_s(fitted, traffic_bytes_per_s(sample, fit->memory_bytes_per_s), sample) : 0.0;
}

double fc_calibration_sample_s(const fc_fit *fit, const fc_sample *sample) { return fitted_s(fit, sample); }

double fc_calibration_matmul_s(const fc_fit *fit, fc_dtype dtype, double m, double n, double k) {
    fc_sample sample = {.kind = FC_SAMPLE_MATMUL, .dtype = (uint32_t)dtype, .batch = 1, .threads = fit->threads};
    sample.m = (uint32_t)m;
    sample.n = (uint32_t)n;
    sample.k = (uint32_t)k;
    return fitted_s(fit, &sample);
}

static bool is_one_thread(const fc_fit *fit, const fc_sample *sample) {
    return sample->threads == 1 && fit->threads > 1;
}

const fc_fit_dtype *fc_calibration_curve_of(const fc_fit *fit, const fc_sample *sample) {
    if (sample->dtype >= FC_DTYPE_COUNT) {
        return NULL;
    }
    const fc_fit_dtype *fitted =
        is_one_thread(fit, sample) ? &fit->one_thread[sample->dtype] : &fit->dtype[sample->dtype];
    return fitted->peak_flop_per_s > 0.0 ? fitted : NULL;
}

static bool is_matmul(const fc_sample *sample) {
    return sample->kind == FC_SAMPLE_MATMUL && sample->seconds > 0.0 && sample_flop(sample) > 0.0;
}

static double bounded_exp(double log_value, double least, double most) {
    return fc_hd_clamp(fc_hd_exp(fc_hd_clamp(log_value, -60.0, 60.0)), least, most);
}

/* Search coordinates to a curve; out-of-range coordinates mean the nearest allowed value. */
static fc_fit_dtype from_coordinates(const double *x, const fit_problem *problem) {
    fc_fit_dtype fitted;
    memset(&fitted, 0, sizeof fitted);
    fitted.curve.eff_frac = 1.0;
    fitted.peak_flop_per_s = problem->best_flop_per_s * bounded_exp(x[CEILING], 1.0, MOST_CEILING_FACTOR);
    fitted.curve.m_half = bounded_exp(x[M_HALF], LEAST_HALF, MOST_HALF);
    fitted.curve.n_half = bounded_exp(x[N_HALF], LEAST_HALF, MOST_HALF);
    fitted.curve.k_half = bounded_exp(x[K_HALF], LEAST_HALF, MOST_HALF);
    fitted.launch_s = bounded_exp(x[LAUNCH], LEAST_LAUNCH_S, fc_hd_min(problem->least_s, MOST_LAUNCH_S));
    if (problem->has_layout[FC_LAYOUT_NN]) {
        fitted.curve.nn_rate_frac = bounded_exp(x[NN_RATE], 1.0 / MOST_LAYOUT_FACTOR, MOST_LAYOUT_FACTOR);
    }
    if (problem->has_layout[FC_LAYOUT_TN]) {
        fitted.curve.tn_rate_frac = bounded_exp(x[TN_RATE], 1.0 / MOST_LAYOUT_FACTOR, MOST_LAYOUT_FACTOR);
    }
    return fitted;
}

static void residuals(const void *context, const double *x, double *out, size_t count) {
    const fit_problem *problem = context;
    fc_fit_dtype fitted = from_coordinates(x, problem);
    for (uint32_t i = 0; i < problem->count; i++) {
        const fc_sample *sample = problem->samples[i];
        double rate = traffic_bytes_per_s(sample, problem->memory_bytes_per_s);
        out[i] = fc_squares_soften(fc_hd_log(curve_s(&fitted, rate, sample) / sample->seconds), BEND);
    }
    for (size_t i = 0; i < PARAMETERS && problem->count + i < count; i++) {
        out[problem->count + i] = PULL * (x[i] - problem->start[i]);
    }
}

/* The best of a few starts: ramps absent, of a vector, of a tile. */
static fc_status best_curve(fc_fit_dtype *out, fit_problem *problem, fc_error *error) {
    static const double half_starts[] = {0.1, 8.0, 64.0};
    fc_squares squares = {.residuals = residuals,
                          .context = problem,
                          .parameters_count = PARAMETERS,
                          .residuals_count = problem->count + PARAMETERS,
                          .tolerance = 1e-9,
                          .step_frac = 1e-5,
                          .most_evaluations = MOST_EVALUATIONS};
    double best_x[PARAMETERS] = {0.0};
    double best = -1.0;
    for (size_t start = 0; start < sizeof half_starts / sizeof half_starts[0]; start++) {
        double half = fc_hd_log(half_starts[start]);
        double x[PARAMETERS] = {0.1, half, half, half, fc_hd_log(0.5 * problem->least_s), 0.0, 0.0};
        double sum = 0.0;
        memcpy(problem->start, x, sizeof problem->start);
        FC_TRY(fc_squares_least(x, &sum, &squares, error));
        if (best < 0.0 || sum < best) {
            best = sum;
            memcpy(best_x, x, sizeof x);
        }
    }
    *out = from_coordinates(best_x, problem);
    return FC_OK;
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

fc_fit_error fc_calibration_error(const fc_fit *fit, const fc_sample *samples, uint32_t samples_count,
                                  const fc_fit_filter *filter) {
    double errors[FC_MAX_SAMPLES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < samples_count && count < FC_MAX_SAMPLES; i++) {
        const fc_sample *sample = &samples[i];
        bool wanted = (filter->dtype == FC_DTYPE_COUNT || sample->dtype == filter->dtype) &&
                      (filter->shape_class == FC_SHAPE_CLASS_COUNT || sample->shape_class == filter->shape_class) &&
                      (filter->threads == 0 || is_one_thread(fit, sample) == (filter->threads == 1)) &&
                      (!filter->heldout_only || sample->heldout);
        if (wanted && is_matmul(sample) && fc_calibration_curve_of(fit, sample) != NULL) {
            errors[count++] = fabs(fitted_s(fit, sample) / sample->seconds - 1.0);
        }
    }
    fc_fit_error out = {.count = count};
    if (count > 0) {
        fc_stats_sort(errors, count);
        out.median_abs_error_frac = fc_stats_quantile(errors, count, 0.5);
        out.p90_abs_error_frac = fc_stats_quantile(errors, count, 0.9);
    }
    return out;
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

/* ---- the fit ----------------------------------------------------------------------------------------------------- */

/* A dtype with too few samples on all threads, or on one, leaves its entry "not measured" and *out_done false. */
static fc_status fit_dtype(bool *out_done, fc_fit *out, const fc_sample *samples, uint32_t samples_count,
                           uint32_t dtype, bool one_thread, fc_error *error) {
    const fc_sample *used[FC_MAX_SAMPLES];
    uint32_t of_layout[FC_LAYOUT_COUNT] = {0};
    fit_problem problem = {.samples = used, .memory_bytes_per_s = out->memory_bytes_per_s};
    for (uint32_t i = 0; i < samples_count; i++) {
        const fc_sample *sample = &samples[i];
        if (!is_matmul(sample) || sample->dtype != dtype || sample->heldout ||
            is_one_thread(out, sample) != one_thread) {
            continue;
        }
        double rate = sample_flop(sample) / sample->seconds;
        double one_s = sample->seconds / sample->batch;
        problem.best_flop_per_s = fc_hd_max(problem.best_flop_per_s, rate);
        problem.least_s = problem.count == 0 ? one_s : fc_hd_min(problem.least_s, one_s);
        of_layout[sample->layout] += 1;
        used[problem.count++] = sample;
    }
    *out_done = problem.count >= LEAST_SAMPLES;
    if (!*out_done) {
        return FC_OK;
    }
    for (int layout = 0; layout < FC_LAYOUT_COUNT; layout++) {
        problem.has_layout[layout] = of_layout[layout] >= LEAST_OF_LAYOUT && of_layout[0] >= LEAST_OF_LAYOUT;
    }
    fc_fit_dtype *fitted = one_thread ? &out->one_thread[dtype] : &out->dtype[dtype];
    FC_TRY(best_curve(fitted, &problem, error));
    fitted->samples_count = problem.count;
    return FC_OK;
}

static void judge_dtype(fc_fit *out, const fc_sample *samples, uint32_t samples_count, uint32_t dtype,
                        bool one_thread) {
    fc_fit_filter filter = {dtype, FC_SHAPE_CLASS_COUNT, one_thread ? 1 : 2, true};
    fc_fit_error error = fc_calibration_error(out, samples, samples_count, &filter);
    fc_fit_dtype *fitted = one_thread ? &out->one_thread[dtype] : &out->dtype[dtype];
    fitted->heldout_count = error.count;
    fitted->heldout_median_abs_error_frac = error.median_abs_error_frac;
}

uint32_t fc_calibration_threads(const fc_sample *samples, uint32_t samples_count) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < samples_count; i++) {
        bool counts = samples[i].kind == FC_SAMPLE_MATMUL && samples[i].threads > most;
        most = counts ? samples[i].threads : most;
    }
    return most;
}

void fc_calibration_judge(fc_fit *fit, const fc_sample *samples, uint32_t samples_count) {
    fc_fit_filter all = {FC_DTYPE_COUNT, FC_SHAPE_CLASS_COUNT, 0, true};
    fc_fit_error heldout = fc_calibration_error(fit, samples, samples_count, &all);
    fit->heldout_count = heldout.count;
    fit->heldout_median_abs_error_frac = heldout.median_abs_error_frac;
    fit->heldout_p90_abs_error_frac = heldout.p90_abs_error_frac;
}

fc_status fc_calibration_fit(fc_fit *out, const fc_sample *samples, uint32_t samples_count, fc_error *error) {
    memset(out, 0, sizeof *out);
    if (samples_count > FC_MAX_SAMPLES) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%u samples: a fit takes at most %d", samples_count,
                            FC_MAX_SAMPLES);
    }
    out->threads = fc_calibration_threads(samples, samples_count);
    out->memory_bytes_per_s = memory_rate(samples, samples_count, FC_MEMORY_OP_TRIAD);
    out->copy_bytes_per_s = memory_rate(samples, samples_count, FC_MEMORY_OP_COPY);
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        for (int one_thread = 0; one_thread < 2; one_thread++) {
            bool done = false;
            FC_TRY(fit_dtype(&done, out, samples, samples_count, dtype, one_thread != 0, error));
            if (done) {
                judge_dtype(out, samples, samples_count, dtype, one_thread != 0);
            }
            any = any || (done && one_thread == 0);
        }
    }
    FC_TRY(fc_calibration_fit_collectives(out, samples, samples_count, error));
    if (!any && out->collectives_count == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "no dtype has the %d matmul samples that a fit needs: measure more shapes or for longer",
                            LEAST_SAMPLES);
    }
    fc_calibration_judge(out, samples, samples_count);
    return FC_OK;
}
