/* kernel_refit.c: a few parameters of a known curve, fitted to the few shapes that one measurement has. */
#include "flopcast/hd/math.h"
#include "flopcast/kernels.h"
#include "squares.h"

/* As in kernel_fit.c: errors beyond these shares count by their size; coarse first, then fine. */
#define COARSE_ERROR 0.3
#define FINE_ERROR 0.06
/* Pull of ln(parameter) to its start: what the shapes leave open stays as the known chip has it. */
#define PULL 0.05
/* A factor of e^3 either way is another kind of chip, not this one measured anew. */
#define MOST_LOG_FACTOR 3.0
#define LEAST_ROWS_BEYOND 4
#define MOST_ROUNDS 20
#define TOLERANCE 1e-6

typedef struct refit_work {
    const fc_kernel_curve *start;
    const fc_kernel_refit_options *options;
    double bend;
} refit_work;

static void curve_at(fc_kernel_curve *out, const refit_work *work, const double *x) {
    *out = *work->start;
    for (size_t i = 0; i < work->options->free_count; i++) {
        uint32_t parameter = work->options->free_parameters[i];
        out->parameters[parameter] *= fc_hd_exp(fc_hd_clamp(x[i], -MOST_LOG_FACTOR, MOST_LOG_FACTOR));
    }
}

static void residuals(const void *context, const double *x, double *out, size_t count) {
    const refit_work *work = context;
    const fc_kernel_refit_options *options = work->options;
    fc_kernel_curve curve;
    curve_at(&curve, work, x);
    for (size_t i = 0; i < options->rows_count; i++) {
        double predicted_s = fc_kernel_predict_s(&curve, options->rows[i].dims);
        out[i] = fc_squares_soften(fc_hd_log(predicted_s / options->rows[i].seconds), work->bend);
    }
    for (size_t i = 0; i < options->free_count && options->rows_count + i < count; i++) {
        out[options->rows_count + i] = PULL * x[i];
    }
}

fc_status fc_kernel_refit(fc_kernel_curve *curve, double *out_cost, const fc_kernel_refit_options *options,
                          fc_error *error) {
    static const double bends[] = {COARSE_ERROR, FINE_ERROR};
    const fc_kernel_curve start = *curve;
    refit_work work = {.start = &start, .options = options};
    double x[FC_KERNEL_MAX_PARAMETERS] = {0};
    if (options->rows_count < options->free_count + LEAST_ROWS_BEYOND) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "%zu shapes with a time are too few for %zu parameters; %zu are the least",
                            options->rows_count, options->free_count, options->free_count + LEAST_ROWS_BEYOND);
    }
    fc_squares squares = {.residuals = residuals,
                          .context = &work,
                          .parameters_count = options->free_count,
                          .residuals_count = options->rows_count + options->free_count,
                          .tolerance = TOLERANCE,
                          .step_frac = 1e-4,
                          .most_evaluations = MOST_ROUNDS * (int)(options->free_count + 1)};
    for (size_t round = 0; round < sizeof bends / sizeof bends[0]; round++) {
        work.bend = bends[round];
        FC_TRY(fc_squares_least(x, out_cost, &squares, error));
    }
    curve_at(curve, &work, x);
    return FC_OK;
}
