/* squares.h: least squares of a few parameters: MINPACK's Levenberg and Marquardt (Moré 1978) in memory of its own. */
#ifndef FLOPCAST_HOST_DEVICE_SQUARES_H
#define FLOPCAST_HOST_DEVICE_SQUARES_H

#include "flopcast/base.h"

#define FC_SQUARES_MOST_PARAMETERS 64

/* Fills `count` residuals at `x`; they must be finite everywhere. */
typedef void (*fc_residuals)(const void *context, const double *x, double *out, size_t count);

typedef struct fc_squares {
    fc_residuals residuals;
    const void *context;
    size_t parameters_count; /* 1 to FC_SQUARES_MOST_PARAMETERS */
    size_t residuals_count;  /* as many or more */
    double tolerance;        /* of the sum of squares and of the parameters, relative */
    double step_frac;        /* square of the relative step of the derivatives: the noise of the residuals */
    int most_evaluations;
} fc_squares;

/* From `x` to where the sum of squares is least nearby; *out_sum is that sum. FC_FAILED without memory, or when the sizes
 * are not those above. */
fc_status fc_squares_least(double *x, double *out_sum, const fc_squares *squares, fc_error *error);

/* A small error as it is; above `bend` its square grows only as fast as the error (pseudo-Huber): one disturbed timing
 * does not bend a curve. */
double fc_squares_soften(double error, double bend);

#endif
