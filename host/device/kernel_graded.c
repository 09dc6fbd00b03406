/* kernel_graded.c: a curve for a chip of which only a few figures are public, in the shape of a chip that was measured. */
#include "flopcast/hd/math.h"
#include "flopcast/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MOST_SCALE 256.0
#define HALVINGS 60

static bool ends_in(const char *name, const char *end) {
    size_t size = strlen(name);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

/* Rates of arithmetic, and of feeding it, grow with `rate_scale`; rates of memory with `memory_scale`; times stay. A
 * library lets more columns work at once where memory is slower beside arithmetic, lest it wait for A again and again. */
static void scale_curve(fc_kernel_curve *out, const fc_kernel_curve *like, double rate_scale, double memory_scale) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)like->kind);
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        const char *name = info->parameters[i];
        double scale = ends_in(name, "flop_per_s") || ends_in(name, "feed_bytes_per_s") ? rate_scale
                       : ends_in(name, "bytes_per_s")                                   ? memory_scale
                       : strcmp(name, "strip_columns") == 0 ? fc_hd_max(1.0, rate_scale / memory_scale)
                                                            : 1.0;
        out->parameters[i] = like->parameters[i] * scale;
    }
}

/* Mean of ln(predicted / published): falls as the scale grows. */
static double mean_error(fc_kernel_curve *curve, const fc_kernel_curve *like, double rate_scale, double memory_scale,
                         const fc_kernel_row *figures, size_t count) {
    double sum = 0.0;
    scale_curve(curve, like, rate_scale, memory_scale);
    for (size_t i = 0; i < count; i++) {
        sum += fc_hd_log(fc_kernel_predict_s(curve, figures[i].dims) / figures[i].seconds);
    }
    return sum / (double)count;
}

fc_status fc_kernel_like(fc_kernel_curve *curve, const fc_kernel_curve *like, double memory_scale,
                         const fc_kernel_row *figures, size_t figures_count, fc_error *error) {
    double low = fc_hd_log(1.0 / MOST_SCALE);
    double high = fc_hd_log(MOST_SCALE);
    curve->cores_count = like->cores_count;
    curve->fitted_count = (uint32_t)figures_count;
    if (figures_count == 0 || mean_error(curve, like, MOST_SCALE, memory_scale, figures, figures_count) > 0.0 ||
        mean_error(curve, like, 1.0 / MOST_SCALE, memory_scale, figures, figures_count) < 0.0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "no rate of arithmetic gives the figures: look at their sizes and units");
    }
    for (int i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (low + high);
        bool slow = mean_error(curve, like, fc_hd_exp(middle), memory_scale, figures, figures_count) > 0.0;
        low = slow ? middle : low;
        high = slow ? high : middle;
    }
    return FC_OK;
}
