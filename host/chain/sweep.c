/* sweep.c: an estimate as a row of a sweep, and the values between two ends. */
#include "sweep.h"

#include "flopcast/hd/math.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

fc_status fc_sweep_refuse(fc_sweep_result *out, fc_status status, const fc_error *why, fc_error *error) {
    if (status == FC_FAILED) { /* no memory, an unreadable disk: the next attempt may go well, so it is no result */
        if (error != NULL && error->status == FC_OK) {
            *error = *why;
        }
        return status;
    }
    out->status = status;
    (void)snprintf(out->reason, sizeof out->reason, "%s", why->text);
    return FC_OK;
}

static void take_plan(fc_sweep_result *out, const fc_point *point) {
    out->known |= FC_SWEEP_PLANNED;
    out->plan = point->plan;
    out->fits = point->memory.fits;
    out->per_chip_bytes = point->memory.per_chip_bytes;
}

static void take_answer(fc_sweep_result *out, const fc_estimate *estimate, bool ranges) {
    const fc_point *point = &estimate->point;
    take_plan(out, point);
    out->known |= FC_SWEEP_TIMED;
    out->known |= point->cost.priced ? FC_SWEEP_PRICED : 0U;
    out->known |= point->cost.powered ? FC_SWEEP_POWERED : 0U;
    out->known |= ranges ? FC_SWEEP_RANGED : 0U;
    out->time_s = point->step.time_s;
    out->mfu_frac = point->step.mfu_frac;
    out->tokens_per_s = point->step.tokens_per_s;
    out->chips_used_count = point->step.chips_used_count;
    out->days = point->run.days;
    out->goodput_frac = point->run.goodput_frac;
    out->total_usd = point->cost.total_usd;
    out->usd_per_mtoken = point->cost.usd_per_mtoken;
    out->energy_mwh = point->cost.energy_mwh;
    out->days_range = estimate->days;
    out->total_usd_range = estimate->total_usd;
}

fc_status fc_sweep_evaluate(fc_sweep_result *out, const fc_study *study, bool ranges, fc_arena *arena,
                            fc_error *error) {
    fc_error why = {.status = FC_OK};
    fc_estimate *estimate = fc_arena_alloc(arena, sizeof *estimate);
    fc_study *asked = fc_arena_alloc(arena, sizeof *asked);
    memset(out, 0, sizeof *out);
    if (estimate == NULL || asked == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for a point of the sweep");
    }
    *asked = *study;
    asked->spreads_count = ranges ? study->spreads_count : 0;
    fc_status status = fc_estimate_study(estimate, asked, arena, &why);
    if (status == FC_OK) {
        take_answer(out, estimate, ranges);
        return FC_OK;
    }
    const fc_memory *closest = &estimate->point.memory;
    if (status == FC_INFEASIBLE && closest->capacity_bytes > 0) {
        take_plan(out, &estimate->point);
    }
    return fc_sweep_refuse(out, status, &why, error);
}

/* ---- values between two ends --------------------------------------------------------------------------------------- */

/* To 12 significant digits, so that a third of the way from 0.1 to 0.4 reads 0.2. Powers of ten up to 10^22 are exact. */
static double rounded(double value) {
    const double low = 1e11;
    const double high = 1e12;
    double size = fabs(value);
    double scale = 1.0;
    if (!(size > 1e-9) || !(size < 1e30)) {
        return value;
    }
    while (size * scale < low) {
        scale *= 10.0;
    }
    if (scale > 1.0 || size < high) {
        return floor(value * scale + 0.5) / scale;
    }
    while (size / scale >= high) {
        scale *= 10.0;
    }
    return floor(value / scale + 0.5) * scale;
}

double fc_sweep_step(double from, double to, uint64_t index, uint64_t steps, bool logarithmic) {
    if (index == 0) {
        return from;
    }
    if (index + 1 >= steps) {
        return to;
    }
    double way = (double)index / (double)(steps - 1);
    return rounded(logarithmic ? from * fc_hd_pow(to / from, way) : from + (to - from) * way);
}

double fc_sweep_multiple(double value, double of) {
    double count = floor(value / of + 0.5);
    return (count < 1.0 ? 1.0 : count) * of;
}
