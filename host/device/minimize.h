/* minimize.h: the least value of a function of a few numbers, without derivatives, the same answer every time. */
#ifndef FLOPCAST_HOST_DEVICE_MINIMIZE_H
#define FLOPCAST_HOST_DEVICE_MINIMIZE_H

#include <stddef.h>

#define FC_MINIMIZE_MOST_DIMENSIONS 8

typedef double (*fc_objective)(const double *x, void *context);

/* Nelder and Mead 1965 from `x`, with first steps `step`, started anew from its own best point until that no longer
 * helps. `x` becomes the best point found; returns its value. The function must be finite everywhere. */
double fc_minimize(double *x, const double *step, size_t dimensions, fc_objective objective, void *context);

#endif
