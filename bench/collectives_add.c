/* collectives_add.c: measured collectives into a calibration that may hold others. */
#include "collectives.h"

#include <stdbool.h>
#include <string.h>

static bool same_group(const fc_sample *a, const fc_sample *b) {
    return a->kind == FC_SAMPLE_COLLECTIVE && b->kind == FC_SAMPLE_COLLECTIVE && a->collective_op == b->collective_op &&
           a->ranks == b->ranks;
}

static bool is_replaced(const fc_sample *old, const fc_sample *samples, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (same_group(old, &samples[i])) {
            return true;
        }
    }
    return false;
}

static bool is_fitted(const fc_fit *fit, const fc_fit_collective *other) {
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        if (fit->collectives[i].op == other->op && fit->collectives[i].ranks == other->ranks) {
            return true;
        }
    }
    return false;
}

/* A file may hold fits whose samples it does not have: they are taken as they are. */
static fc_status keep_fits(fc_fit *fit, const fc_fit *others, fc_error *error) {
    for (uint32_t i = 0; i < others->collectives_count; i++) {
        if (is_fitted(fit, &others->collectives[i])) {
            continue;
        }
        if (fit->collectives_count == FC_MAX_FIT_COLLECTIVES) {
            return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                                "more than %d collectives of different kind and number of ranks in one file",
                                FC_MAX_FIT_COLLECTIVES);
        }
        fit->collectives[fit->collectives_count++] = others->collectives[i];
    }
    return FC_OK;
}

static fc_status fit_again(fc_calibration *calibration, fc_arena *arena, fc_error *error) {
    fc_fit *before = fc_arena_alloc(arena, sizeof *before);
    if (before == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the fit");
    }
    *before = calibration->fit;
    FC_TRY(fc_calibration_fit_collectives(&calibration->fit, calibration->samples, calibration->samples_count, error));
    return keep_fits(&calibration->fit, before, error);
}

static fc_status add_samples(fc_calibration *calibration, uint32_t *out_replaced, fc_arena *arena,
                             const fc_sample *samples, uint32_t count, fc_error *error) {
    fc_sample *all = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *all);
    if (all == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        if (!is_replaced(&calibration->samples[i], samples, count)) {
            all[kept++] = calibration->samples[i];
        }
    }
    if (kept + count > FC_MAX_SAMPLES) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%u samples and %u more; one file holds at most %d", kept,
                            count, FC_MAX_SAMPLES);
    }
    if (count > 0) {
        memcpy(&all[kept], samples, count * sizeof *samples);
    }
    *out_replaced = calibration->samples_count - kept;
    calibration->samples = all;
    calibration->samples_count = kept + count;
    return fit_again(calibration, arena, error);
}

/* A steady base does not excuse collectives that are not, nor the other way round. */
fc_status fc_collectives_add(fc_calibration *calibration, uint32_t *out_replaced, fc_arena *arena,
                             const fc_collectives_report *report, fc_error *error) {
    FC_TRY(add_samples(calibration, out_replaced, arena, report->samples, report->samples_count, error));
    uint32_t others = calibration->samples_count - report->samples_count;
    uint32_t unstable = 0;
    for (uint32_t i = 0; i < others; i++) {
        unstable += calibration->samples[i].unstable;
    }
    bool kept_flag = calibration->unstable != 0 && *out_replaced == 0;
    calibration->unstable = kept_flag || 2U * unstable > others || report->unstable != 0;
    return FC_OK;
}

fc_status fc_collectives_join(fc_calibration *calibration, fc_arena *arena, const fc_calibration *further,
                              const char *path, fc_error *error) {
    for (uint32_t i = 0; i < further->samples_count; i++) {
        if (further->samples[i].kind != FC_SAMPLE_COLLECTIVE) {
            return fc_error_set(error, FC_BAD_INPUT, path, 0, 0,
                                "holds a %s sample; the first --base describes the device, further ones may hold "
                                "collectives alone",
                                fc_sample_kind_name((fc_sample_kind)further->samples[i].kind));
        }
    }
    uint32_t replaced = 0;
    bool unstable = calibration->unstable != 0 || further->unstable != 0;
    FC_TRY(add_samples(calibration, &replaced, arena, further->samples, further->samples_count, error));
    calibration->unstable = unstable;
    return keep_fits(&calibration->fit, &further->fit, error);
}
