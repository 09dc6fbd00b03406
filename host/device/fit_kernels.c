/* fit_kernels.c: a GPU's matmuls to the curve with tiles and waves of hd/kernel_gemm.h.
 *
 * Some sixty shapes cannot tell the score of parameters that tables of thousands do. So the fit starts from the shipped
 * chip that is nearest by what an SM multiplies and by bytes per FLOP, at this device's rates, and moves what differs from
 * chip to chip and what such shapes show: the parameters of `free_parameters`. How tiles are chosen, how k is split and how
 * memory and arithmetic overlap stay as that chip has them.
 */
#include "../base/stats.h"
#include "flopcast/calibration.h"
#include "flopcast/hd/kernel_gemm.h"

#include <string.h>

/* Operands in memory: as if so many copies took turns that none is in L2 when it is wanted. */
#define COLD_COPIES 10000.0
/* A product whose operands come in its own format: nothing is converted before it. */
#define NO_ROW_S 1e-30
#define NO_CONVERT_BYTES_PER_S 1e30

static const uint32_t free_parameters[] = {
    FC_GEMM_LAUNCH_S,
    FC_GEMM_BOOST_FLOP_PER_S,
    FC_GEMM_SUSTAINED_FLOP_PER_S,
    FC_GEMM_MEMORY_BYTES_PER_S,
    FC_GEMM_CACHE_BYTES_PER_S,
    FC_GEMM_FEED_BYTES_PER_S,
    FC_GEMM_K_STEP_S,
    FC_GEMM_K_RAMP,
    FC_GEMM_TILE_S,
    FC_GEMM_CACHE_BYTES,
};
enum { FREE_COUNT = sizeof free_parameters / sizeof free_parameters[0], LEAST_ROWS = FREE_COUNT + 4 };

typedef struct kernel_work {
    const fc_device_info *device;
    uint32_t dtype;
    fc_kernel_row *rows; /* what the fit sees */
    size_t rows_count;
    size_t cold_count;
    double best_flop_per_s;  /* of the rows */
    double best_bytes_per_s; /* of the rows: each operand and the result once */
} kernel_work;

const fc_kernel_curve *fc_calibration_kernel_of(const fc_fit *fit, const fc_sample *sample) {
    const fc_fit_kernel *kernel = sample->dtype < FC_DTYPE_COUNT ? &fit->kernel[sample->dtype] : NULL;
    return kernel != NULL && kernel->curve.fitted_count > 0 ? &kernel->curve : NULL;
}

static double flop_of(const fc_kernel_row *row) { return 2.0 * row->dims[0] * row->dims[1] * row->dims[2]; }

static double bytes_of(const fc_kernel_row *row) {
    const double *d = row->dims;
    return fc_dtype_bytes((fc_dtype)row->dtype) * (d[0] * d[2] + d[1] * d[2] + d[0] * d[1]);
}

/* A sample as a row of kernels.h; 0 where it is no matmul of the dtype. */
static int row_of(fc_kernel_row *row, const fc_sample *sample, uint32_t dtype) {
    if (sample->kind != FC_SAMPLE_MATMUL || sample->dtype != dtype || sample->batch != 1 || !(sample->seconds > 0.0) ||
        sample->m == 0 || sample->n == 0 || sample->k == 0) {
        return 0;
    }
    *row = (fc_kernel_row){.kind = FC_KERNEL_GEMM, .dtype = dtype, .seconds = sample->seconds};
    row->dims[0] = sample->m;
    row->dims[1] = sample->n;
    row->dims[2] = sample->k;
    return 1;
}

static void gather(kernel_work *work, const fc_sample *samples, uint32_t samples_count) {
    work->rows_count = 0;
    work->cold_count = 0;
    work->best_flop_per_s = 0.0;
    work->best_bytes_per_s = 0.0;
    for (uint32_t i = 0; i < samples_count; i++) {
        fc_kernel_row *row = &work->rows[work->rows_count];
        if (!samples[i].heldout && row_of(row, &samples[i], work->dtype)) {
            work->best_flop_per_s = fc_hd_max(work->best_flop_per_s, flop_of(row) / row->seconds);
            work->best_bytes_per_s = fc_hd_max(work->best_bytes_per_s, bytes_of(row) / row->seconds);
            work->cold_count += samples[i].residency == FC_RESIDENCY_MEMORY;
            work->rows_count += 1;
        }
    }
}

/* ---- where to start ---------------------------------------------------------------------------------------------- */

/* The most FLOP/s and bytes/s that a curve delivers over the very shapes that were measured: its own parameters trade off
 * against each other too much to be compared. */
typedef struct curve_rates {
    double flop_per_s;
    double bytes_per_s;
} curve_rates;

static curve_rates rates_of(const fc_kernel_curve *curve, const kernel_work *work) {
    curve_rates best = {0.0, 0.0};
    for (size_t i = 0; i < work->rows_count; i++) {
        double predicted_s = fc_kernel_predict_s(curve, work->rows[i].dims);
        best.flop_per_s = fc_hd_max(best.flop_per_s, flop_of(&work->rows[i]) / predicted_s);
        best.bytes_per_s = fc_hd_max(best.bytes_per_s, bytes_of(&work->rows[i]) / predicted_s);
    }
    return best;
}

/* How far the chip of a curve is from the device: logarithms of the rate per SM and of bytes per FLOP, added up. */
static double distance(const fc_kernel_curve *curve, const kernel_work *work) {
    curve_rates best = rates_of(curve, work);
    double flop_scale = work->best_flop_per_s / best.flop_per_s;
    double per_sm = flop_scale * curve->cores_count / work->device->cores_count;
    double per_flop = work->best_bytes_per_s / best.bytes_per_s / flop_scale;
    return fabs(fc_hd_log(per_sm)) + fabs(fc_hd_log(per_flop));
}

/* A curve that was fitted to many shapes; not one that a few public figures made. */
static const fc_kernel_curve *measured_curve(const fc_kernel_set *set, uint32_t dtype) {
    const fc_kernel_curve *curve = fc_kernel_find(set, FC_KERNEL_GEMM, (fc_dtype)dtype);
    return curve != NULL && curve->basis[0] == '\0' && curve->cores_count >= 1.0 ? curve : NULL;
}

/* The set whose curve of `dtype` is nearest; `same_chip` is nearest of all. NULL: none has one. */
static const fc_kernel_set *nearest_set(const kernel_work *work, uint32_t dtype, const fc_kernel_set *const *sets,
                                        size_t sets_count, const char *same_chip) {
    const fc_kernel_set *nearest = NULL;
    double least = 0.0;
    for (size_t i = 0; i < sets_count; i++) {
        const fc_kernel_curve *curve = measured_curve(sets[i], dtype);
        if (curve == NULL) {
            continue;
        }
        int is_same = same_chip != NULL && strcmp(sets[i]->chip, same_chip) == 0;
        double away = is_same ? -1.0 : distance(curve, work);
        if (nearest == NULL || away < least) {
            nearest = sets[i];
            least = away;
        }
    }
    return nearest;
}

/* The known curve at this device's rates, for operands that lie where they lay when they were timed. */
static void start_from(fc_kernel_curve *out, const fc_kernel_curve *like, const kernel_work *work) {
    curve_rates best = rates_of(like, work);
    *out = (fc_kernel_curve){.kind = FC_KERNEL_GEMM,
                             .dtype = work->dtype,
                             .cores_count = work->device->cores_count,
                             .grade = FC_GRADE_MEASURED,
                             .low_frac = 1.0,
                             .high_frac = 1.0};
    fc_kernel_scale(out, like, work->best_flop_per_s / best.flop_per_s, work->best_bytes_per_s / best.bytes_per_s);
    if (2 * work->cold_count > work->rows_count) {
        out->parameters[FC_GEMM_WEIGHTS_COUNT] = COLD_COPIES;
    }
    out->parameters[FC_GEMM_ROW_S] = NO_ROW_S;
    out->parameters[FC_GEMM_CONVERT_BYTES_PER_S] = NO_CONVERT_BYTES_PER_S;
}

/* ---- the fit ----------------------------------------------------------------------------------------------------- */

/* The best of the kind's starts, as with a whole table. */
static fc_status fit_curve(fc_kernel_curve *out, const fc_kernel_curve *start, const kernel_work *work,
                           fc_error *error) {
    const fc_kernel_refit_options options = {.free_parameters = free_parameters,
                                             .free_count = FREE_COUNT,
                                             .rows = work->rows,
                                             .rows_count = work->rows_count};
    uint32_t starts_count = fc_kernel_starts_count(FC_KERNEL_GEMM, (fc_dtype)work->dtype);
    double least = 0.0;
    for (uint32_t i = 0; i < starts_count; i++) {
        fc_kernel_curve curve = *start;
        double cost = 0.0;
        fc_kernel_start_vary(&curve, i);
        FC_TRY(fc_kernel_refit(&curve, &cost, &options, error));
        if (i == 0 || cost < least) {
            least = cost;
            *out = curve;
        }
    }
    out->fitted_count = (uint32_t)work->rows_count;
    return FC_OK;
}

/* Median error over the matmuls that the fit saw, by whatever curve `fit` answers with. */
static double seen_error(const fc_fit *fit, const fc_sample *samples, uint32_t samples_count, uint32_t dtype) {
    double errors[FC_MAX_SAMPLES];
    size_t count = 0;
    for (uint32_t i = 0; i < samples_count; i++) {
        const fc_sample *sample = &samples[i];
        fc_kernel_row row;
        if (!sample->heldout && row_of(&row, sample, dtype)) {
            errors[count++] = fabs(fc_calibration_sample_s(fit, sample) / sample->seconds - 1.0);
        }
    }
    fc_stats_sort(errors, count);
    return count > 0 ? fc_stats_quantile(errors, count, 0.5) : 0.0;
}

/* Keeps the curve where it is nearer to what was fitted than the ramps, and judges it by what was held out. */
static void keep_or_drop(fc_fit *fit, fc_kernel_curve *curve, const char *like, const fc_sample *samples,
                         uint32_t samples_count) {
    fc_fit_kernel *kernel = &fit->kernel[curve->dtype];
    double ramps_frac = seen_error(fit, samples, samples_count, curve->dtype);
    kernel->curve = *curve;
    memcpy(kernel->like, like, sizeof kernel->like);
    if (seen_error(fit, samples, samples_count, curve->dtype) > ramps_frac) {
        memset(kernel, 0, sizeof *kernel);
        return;
    }
    fc_fit_filter filter = {curve->dtype, FC_SHAPE_CLASS_COUNT, 0, 1};
    fc_fit_error error = fc_calibration_error(fit, samples, samples_count, &filter);
    kernel->curve.heldout_count = error.count;
    kernel->curve.heldout_median_abs_error_frac = error.median_abs_error_frac;
    kernel->curve.heldout_p90_abs_error_frac = error.p90_abs_error_frac;
}

fc_status fc_calibration_fit_kernels(fc_fit *fit, const fc_device_info *device, const fc_sample *samples,
                                     uint32_t samples_count, const fc_kernel_set *const *sets, size_t sets_count,
                                     const char *same_chip, fc_arena *arena, fc_error *error) {
    kernel_work work = {.device = device};
    memset(fit->kernel, 0, sizeof fit->kernel);
    if (strcmp(device->backend, "cuda") != 0 || !(device->cores_count >= 1.0) || samples_count > FC_MAX_SAMPLES) {
        return FC_OK;
    }
    work.rows = fc_arena_alloc(arena, ((size_t)samples_count + 1) * sizeof *work.rows);
    if (work.rows == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a fit of %u shapes", samples_count);
    }
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        uint32_t known = dtype;
        work.dtype = dtype;
        gather(&work, samples, samples_count);
        if (work.rows_count < LEAST_ROWS || !(fit->dtype[dtype].peak_flop_per_s > 0.0)) {
            continue;
        }
        const fc_kernel_set *set = nearest_set(&work, known, sets, sets_count, same_chip);
        if (set == NULL) { /* tables are of bf16 and less: other formats have its tiles at a rate of their own */
            known = FC_DTYPE_BF16;
            set = nearest_set(&work, known, sets, sets_count, same_chip);
        }
        if (set != NULL) {
            fc_kernel_curve start;
            fc_kernel_curve curve;
            start_from(&start, measured_curve(set, known), &work);
            FC_TRY(fit_curve(&curve, &start, &work, error));
            keep_or_drop(fit, &curve, set->chip, samples, samples_count);
        }
    }
    fc_calibration_judge(fit, samples, samples_count);
    return FC_OK;
}
