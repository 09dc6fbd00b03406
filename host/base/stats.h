/* stats.h: order statistics of small samples. */
#ifndef FLOPCAST_HOST_BASE_STATS_H
#define FLOPCAST_HOST_BASE_STATS_H

#include "flopcast/base.h"

/* Sorts in place; NaN must not occur. */
void fc_stats_sort(double *values, size_t count);
/* Quantile q in [0, 1] of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7). count >= 1. */
double fc_stats_quantile(const double *sorted, size_t count, double q);
/* Sorts and takes p10, p50, p90. */
fc_range fc_stats_range(double *values, size_t count);

#endif
