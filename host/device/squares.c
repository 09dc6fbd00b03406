#include "squares.h"

#include "flopcast/hd/soften.h"

#include <cminpack.h>
#include <stdlib.h>

static int call_residuals(void *context, int count, int parameters_count, const double *x, double *out, int flag) {
    const fc_squares *squares = context;
    (void)parameters_count;
    (void)flag;
    squares->residuals(squares->context, x, out, (size_t)count);
    return 0;
}

fc_status fc_squares_least(double *x, double *out_sum, const fc_squares *squares, fc_error *error) {
    size_t n = squares->parameters_count;
    size_t m = squares->residuals_count;
    double *room = n <= FC_SQUARES_MOST_PARAMETERS ? calloc(m * (n + 2) + 1, sizeof *room) : NULL;
    if (room == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a fit of %zu parameters to %zu values", n, m);
    }
    double *values = room;
    double *last = room + m;
    double *jacobian = room + 2 * m;
    double scale[FC_SQUARES_MOST_PARAMETERS] = {0};
    double product[FC_SQUARES_MOST_PARAMETERS];
    double a[FC_SQUARES_MOST_PARAMETERS];
    double b[FC_SQUARES_MOST_PARAMETERS];
    double c[FC_SQUARES_MOST_PARAMETERS];
    int pivots[FC_SQUARES_MOST_PARAMETERS];
    int evaluations = 0;
    fc_squares mutable_copy = *squares; /* MINPACK's context is not const */
    int told = lmdif(call_residuals, &mutable_copy, (int)m, (int)n, x, values, squares->tolerance, squares->tolerance,
                     0.0, squares->most_evaluations, squares->step_frac, scale, 1, 1.0, 0, &evaluations, jacobian,
                     (int)m, pivots, product, a, b, c, last);
    *out_sum = 0.0;
    for (size_t i = 0; i < m; i++) {
        *out_sum += values[i] * values[i];
    }
    free(room);
    return told > 0 ? FC_OK
                    : fc_error_set(error, FC_FAILED, NULL, 0, 0, "the fit of %zu parameters did not run: lmdif says %d",
                                   n, told);
}

double fc_squares_soften(double error, double bend) { return fc_hd_soften(error, bend); }
