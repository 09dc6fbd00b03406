/* kernel_fit.c: the curves of kernels.h fitted to measured kernels. */
#include "../base/stats.h"
#include "flopcast/hd/kernel_attention.h"
#include "flopcast/hd/kernel_gemm.h"
#include "kernel_experts.h"
#include "kernel_habit.h"
#include "squares.h"

#include <stdbool.h>
#include <string.h>

/* An error beyond this share counts by its size, not its square: libraries now and then take a poor kernel. */
#define COARSE_ERROR 0.3
#define FINE_ERROR 0.06
/* Pull of ln(parameter) to its start, as if one shape in many said so: keeps what the table cannot tell in place. */
#define PULL 0.02
/* The same for forms whose parameters trade off more: the fit is as good, and they stay near what a chip can do. */
#define FIRM_PULL 0.1
#define LEAST_ROWS_BEYOND 4
#define MOST_ROUNDS 30
#define TOLERANCE 1e-7
/* The same where several starts are tried: the starts matter more than the last digits. */
#define MOST_ROUNDS_EACH 12
#define TOLERANCE_EACH 1e-4
#define LEAST_HASHED_DIMS 6 /* of every kind, so that the draw stays as it is when kinds are added */

typedef struct fit_work {
    const fc_kernel_curve *start;
    const fc_kernel_row *const *rows;
    size_t rows_count;
    size_t parameters_count;
    double bend;
    double pull;
    double tolerance; /* of the sum of squares and of the parameters, relative */
    int most_rounds;
} fit_work;

/* A parameter that says which of two kernels a library has: both are tried, and the nearer one stays. */
typedef struct kernel_choice {
    fc_kernel_kind kind;
    int parameter;
    double values[2];
} kernel_choice;

static const kernel_choice choices[] = {
    {FC_KERNEL_PREFILL, FC_PREFILL_BLOCK_ROWS, {128.0, 64.0}},
    {FC_KERNEL_DECODE, FC_DECODE_ALONE_PARTS, {FC_DECODE_MOST_PARTS, 1.0}},
    {FC_KERNEL_DISPATCH, FC_EXCHANGE_NODE_CHIPS, {8.0, 4.0}},
    {FC_KERNEL_COMBINE, FC_EXCHANGE_NODE_CHIPS, {8.0, 4.0}},
};

/* What a parameter can be on any chip. Where a table leaves it open the fit would go beyond, with other parameters to make
 * up for it; five-fold tests lose little by the limits (docs/accuracy.md). */
typedef struct kernel_limit {
    fc_kernel_kind kind;
    int parameter;
    double least;
    double most;
} kernel_limit;

static const kernel_limit limits[] = {
    {FC_KERNEL_GEMM, FC_GEMM_LATER_FRAC, 0.0, 1.0},
    {FC_KERNEL_GEMM, FC_GEMM_WAVE_FRAC, 0.2, 1.0},        /* persistent kernels fill some of the last wave, not most */
    {FC_KERNEL_GEMM, FC_GEMM_FEW_ROWS_FRAC, 0.0, 1.0},    /* a smaller tile uses a tensor core no better */
    {FC_KERNEL_GEMM, FC_GEMM_FEW_COLUMNS_FRAC, 0.0, 1.1}, /* the measured chips hardly differ beyond */
};

enum { LIMITS = sizeof limits / sizeof limits[0] };
/* How strongly a parameter is held at its limit: a tenth beyond costs as much as three shapes that are a tenth off. */
#define LIMIT_WEIGHT 3.0

static double within(const kernel_limit *limit, double value) { return fc_hd_clamp(value, limit->least, limit->most); }

static const kernel_choice *choice_of(uint32_t kind) {
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if ((uint32_t)choices[i].kind == kind) {
            return &choices[i];
        }
    }
    return NULL;
}

int fc_kernel_is_heldout(const fc_kernel_row *row) {
    uint64_t hash = UINT64_C(14695981039346656037) ^ row->kind;
    const uint32_t count = fc_kernel_info_of((fc_kernel_kind)row->kind)->dims_count;
    for (uint32_t i = 0; i < count || i < LEAST_HASHED_DIMS; i++) {
        uint64_t value = (uint64_t)row->dims[i];
        for (int byte = 0; byte < 8; byte++) {
            hash = (hash ^ ((value >> (8 * byte)) & 0xFFU)) * UINT64_C(1099511628211);
        }
    }
    hash ^= hash >> 32;
    return hash % 5 == 0;
}

static double pull_of(uint32_t kind) {
    return kind == FC_KERNEL_MOE || kind == FC_KERNEL_PREFILL || kind == FC_KERNEL_DECODE ? FIRM_PULL : PULL;
}

static double parameter_at(const fit_work *work, const double *x, int index) {
    return work->start->parameters[index] * fc_hd_exp(fc_hd_clamp(x[index], -12.0, 12.0));
}

static void curve_at(fc_kernel_curve *out, const fit_work *work, const double *x) {
    const kernel_choice *choice = choice_of(work->start->kind);
    *out = *work->start;
    for (size_t i = 0; i < work->parameters_count; i++) {
        if (choice != NULL && choice->parameter == (int)i) {
            continue;
        }
        out->parameters[i] = parameter_at(work, x, (int)i);
    }
    for (size_t i = 0; i < LIMITS; i++) {
        if ((uint32_t)limits[i].kind == out->kind) {
            out->parameters[limits[i].parameter] = within(&limits[i], out->parameters[limits[i].parameter]);
        }
    }
}

static void residuals(const void *context, const double *x, double *out, size_t count) {
    const fit_work *work = context;
    fc_kernel_curve curve;
    curve_at(&curve, work, x);
    fc_kernel_predict_all_s(out, &curve, work->rows, work->rows_count);
    for (size_t i = 0; i < work->rows_count; i++) {
        out[i] = fc_squares_soften(fc_hd_log(out[i] / work->rows[i]->seconds), work->bend);
    }
    for (size_t i = 0; i < work->parameters_count && work->rows_count + i < count; i++) {
        out[work->rows_count + i] = work->pull * x[i];
    }
    /* Beyond a limit the curve no longer changes: this brings the parameter back. */
    for (size_t i = 0; i < LIMITS && work->rows_count + work->parameters_count + i < count; i++) {
        double *held = &out[work->rows_count + work->parameters_count + i];
        *held = 0.0;
        if ((uint32_t)limits[i].kind == work->start->kind) {
            double value = parameter_at(work, x, limits[i].parameter);
            *held = LIMIT_WEIGHT * fc_hd_log(value / within(&limits[i], value));
        }
    }
}

/* Coarse first, so that far starts come near, then fine. *cost: the sum of squares that remains. */
static fc_status minimise(double *x, double *cost, fit_work *work, fc_error *error) {
    static const double bends[] = {COARSE_ERROR, FINE_ERROR, FINE_ERROR};
    fc_squares squares = {.residuals = residuals,
                          .context = work,
                          .parameters_count = work->parameters_count,
                          .residuals_count = work->rows_count + work->parameters_count + LIMITS,
                          .tolerance = work->tolerance,
                          .step_frac = 1e-4,
                          .most_evaluations = work->most_rounds * (int)(work->parameters_count + 1)};
    for (size_t round = 0; round < sizeof bends / sizeof bends[0]; round++) {
        work->bend = bends[round];
        FC_TRY(fc_squares_least(x, cost, &squares, error));
    }
    return FC_OK;
}

/* Fits from every start, with each value of the kind's choice, and leaves the curve that comes nearest to the rows. */
static fc_status fit_best(fc_kernel_curve *curve, fit_work *work, fc_error *error) {
    const kernel_choice *choice = choice_of(curve->kind);
    const uint32_t values_count = choice != NULL ? 2 : 1;
    const fc_kernel_curve first = *curve;
    const uint32_t starts_count = fc_kernel_starts_count((fc_kernel_kind)first.kind, (fc_dtype)first.dtype);
    work->most_rounds = starts_count > 1 ? MOST_ROUNDS_EACH : MOST_ROUNDS;
    work->tolerance = starts_count > 1 ? TOLERANCE_EACH : TOLERANCE;
    double least = fc_hd_infinity();
    for (uint32_t i = 0; i < starts_count * values_count; i++) {
        fc_kernel_curve start = first;
        double x[FC_KERNEL_MAX_PARAMETERS] = {0};
        double cost = 0.0;
        fc_kernel_start_vary(&start, i / values_count);
        if (choice != NULL) {
            start.parameters[choice->parameter] = choice->values[i % values_count];
        }
        fit_work attempt = *work;
        attempt.start = &start;
        FC_TRY(minimise(x, &cost, &attempt, error));
        if (cost < least || i == 0) {
            least = cost;
            curve_at(curve, &attempt, x);
        }
    }
    return FC_OK;
}

static void store_errors(fc_kernel_curve *curve, const fc_kernel_row **rows, size_t count, double *errors) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        errors[found++] = fabs(fc_kernel_predict_s(curve, rows[i]->dims) / rows[i]->seconds - 1.0);
    }
    fc_stats_sort(errors, found);
    curve->heldout_count = (uint32_t)found;
    curve->heldout_median_abs_error_frac = found > 0 ? fc_stats_quantile(errors, found, 0.5) : 0.0;
    curve->heldout_p90_abs_error_frac = found > 0 ? fc_stats_quantile(errors, found, 0.9) : 0.0;
}

/* A collective moves bytes whatever they mean: rows of all dtypes are fitted together, and only the errors told apart. */
static bool is_evidence(const fc_kernel_curve *curve, const fc_kernel_row *row) {
    bool same_dtype = row->dtype == curve->dtype || fc_kernel_is_collective(curve->kind);
    return row->kind == curve->kind && same_dtype && row->seconds > 0.0;
}

fc_status fc_kernel_fit(fc_kernel_curve *curve, const fc_kernel_row *rows, size_t rows_count, fc_arena *arena,
                        fc_error *error) {
    const fc_kernel_row **fitted = fc_arena_alloc(arena, (rows_count + 1) * sizeof *fitted);
    const fc_kernel_row **heldout = fc_arena_alloc(arena, (rows_count + 1) * sizeof *heldout);
    double *errors = fc_arena_alloc(arena, (rows_count + 1) * sizeof *errors);
    if (fitted == NULL || heldout == NULL || errors == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a fit of %zu shapes", rows_count);
    }
    size_t fitted_count = 0;
    size_t heldout_count = 0;
    for (size_t i = 0; i < rows_count; i++) {
        if (!is_evidence(curve, &rows[i])) {
            continue;
        }
        if (!fc_kernel_is_heldout(&rows[i])) {
            fitted[fitted_count++] = &rows[i];
        } else if (rows[i].dtype == curve->dtype) {
            heldout[heldout_count++] = &rows[i];
        }
    }
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)curve->kind);
    if (fitted_count < LEAST_ROWS_BEYOND + info->parameters_count) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "%s %s: %zu shapes with a time are too few for %u parameters; %u are the least", info->name,
                            fc_dtype_name((fc_dtype)curve->dtype), fitted_count, info->parameters_count,
                            LEAST_ROWS_BEYOND + info->parameters_count);
    }
    fit_work work = {.rows = fitted,
                     .rows_count = fitted_count,
                     .parameters_count = info->parameters_count,
                     .bend = COARSE_ERROR,
                     .pull = pull_of(curve->kind)};
    FC_TRY(fit_best(curve, &work, error));
    if (curve->kind == FC_KERNEL_GEMM) {
        FC_TRY(fc_kernel_habits_fit(curve, fitted, fitted_count, FINE_ERROR, arena, error));
    }
    for (size_t i = 0; i < fitted_count && fc_kernel_is_exchange(curve->kind); i++) {
        curve->nodes_most = fc_hd_max(curve->nodes_most, fitted[i]->dims[0]);
    }
    curve->fitted_count = (uint32_t)fitted_count;
    store_errors(curve, heldout, heldout_count, errors);
    return FC_OK;
}
