#include "bench.h"

#include "../host/device/machine.h"
#include "state.h"

#include <string.h>

/* The recorded cases in their recorded order, drawn roles included. */
static fc_status measure_recorded(fc_bench_state *state, fc_error *error) {
    const fc_calibration *recorded = state->options->replay;
    state->planned_count = recorded->samples_count;
    for (uint32_t i = 0; i < recorded->samples_count; i++) {
        fc_sample sample = recorded->samples[i];
        bool wanted = sample.kind != FC_SAMPLE_MATMUL || (state->options->dtypes & (1U << sample.dtype)) != 0;
        char reason[FC_TEXT_SIZE];
        bool done = false;
        if (wanted) {
            FC_TRY(fc_bench_time(&done, &sample, reason, state, 1.0, error));
        }
        if (done) {
            fc_bench_keep(state, &sample);
        }
    }
    return FC_OK;
}

static fc_status finish(fc_bench_state *state, fc_error *error) {
    fc_calibration *calibration = &state->report->calibration;
    if (state->options->replay != NULL) {
        calibration->machine = state->options->replay->machine;
        calibration->method = state->options->replay->method;
        calibration->before = state->options->replay->before;
        calibration->during = state->options->replay->during;
        calibration->after = state->options->replay->after;
        memcpy(calibration->taken_at, state->options->replay->taken_at, sizeof calibration->taken_at);
    } else {
        fc_machine_describe(&calibration->machine);
        FC_TRY(fc_bench_look_after(state, error));
        calibration->method.aim_noise_frac = state->measure.aim_noise_frac;
        fc_bench_judge_drift(&calibration->method);
        fc_machine_stamp(calibration->taken_at);
        fc_calibration_draw_heldout(state->samples, state->samples_count, state->options->seed);
    }
    calibration->device = state->info;
    calibration->samples = state->samples;
    calibration->samples_count = state->samples_count;
    uint32_t unstable = 0;
    for (uint32_t i = 0; i < state->samples_count; i++) {
        unstable += state->samples[i].unstable;
    }
    calibration->unstable = 2U * unstable > state->samples_count;
    FC_TRY(fc_calibration_fit(&calibration->fit, state->samples, state->samples_count, error));
    state->report->wall_s = fc_measure_now_s() - state->options->begin_s;
    return FC_OK;
}

static fc_status measure_plan(fc_bench_state *state, fc_error *error) {
    fc_method *method = &state->report->calibration.method;
    FC_TRY(fc_bench_measure_other(state, error));
    FC_TRY(fc_bench_probe_dtypes(state, error));
    FC_TRY(fc_bench_time_reference(&method->reference_start_s, state, error));
    FC_TRY(fc_bench_measure_limits(state, error));
    FC_TRY(fc_bench_measure_collectives(state, error));
    FC_TRY(fc_bench_time_reference(&method->reference_middle_s, state, error));
    FC_TRY(fc_bench_measure_matmuls(state, error));
    return fc_bench_time_reference(&method->reference_end_s, state, error);
}

fc_status fc_bench_run(fc_bench_report *out, fc_arena *arena, const fc_backend *backend, void *device,
                       const fc_bench_options *options, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_bench_state state = {.backend = backend,
                            .device = device,
                            .options = options,
                            .report = out,
                            .measure = fc_measure_options_default(),
                            .samples = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *state.samples),
                            .spread_frac = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *state.spread_frac),
                            .gap_frac = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *state.gap_frac)};
    if (state.samples == NULL || state.spread_frac == NULL || state.gap_frac == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    /* Every case is visited twice or more, so one visit may be short; a replayed one repeats what it finds. */
    if (options->replay == NULL) {
        state.measure.least_repeats = 3;
    }
    FC_TRY(backend->info(device, &state.info, error));
    out->calibration.before = state.info.now;
    if (options->replay != NULL) {
        FC_TRY(measure_recorded(&state, error));
    } else {
        FC_TRY(measure_plan(&state, error));
    }
    return finish(&state, error);
}
