#include "stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int compare_values(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

void fc_stats_sort(double *values, size_t count) {
    if (count > 1) {
        qsort(values, count, sizeof *values, compare_values);
    }
}

double fc_stats_quantile(const double *sorted, size_t count, double q) {
    assert(count >= 1);
    double place = (double)(count - 1) * fmin(fmax(q, 0.0), 1.0);
    size_t below = (size_t)place;
    double part = place - (double)below;
    /* The equality keeps two infinite neighbours from giving a NaN. */
    if (below + 1 >= count || part <= 0.0 || sorted[below] == sorted[below + 1]) {
        return sorted[below];
    }
    return sorted[below] * (1.0 - part) + sorted[below + 1] * part;
}

fc_range fc_stats_range(double *values, size_t count) {
    fc_stats_sort(values, count);
    fc_range range = {
        .p10 = fc_stats_quantile(values, count, 0.1),
        .p50 = fc_stats_quantile(values, count, 0.5),
        .p90 = fc_stats_quantile(values, count, 0.9),
    };
    return range;
}
