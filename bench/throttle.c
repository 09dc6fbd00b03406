/* throttle.c: a timing taken while heat, the power supply or a brake held the device back tells of these and not of the
 * device: it is taken again, and marked where that does not help. A software power cap is left alone: large matmuls run
 * at it for as long as they are trained with. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "state.h"

#include <time.h>

#define MOST_TRIES 3
#define REST_S 0.5

bool fc_bench_is_spoiled(const fc_sample *sample) { return (sample->slowdowns & FC_SLOWDOWNS_SPOILING) != 0; }

/* What the device told while the case ran. */
static fc_status look(fc_sample *sample, fc_bench_state *state, fc_error *error) {
    if (!state->info.now.told) {
        return FC_OK; /* and a replayed sample keeps what was recorded */
    }
    fc_device_info info;
    FC_TRY(state->backend->info(state->device, &info, error));
    fc_device_state_add(&state->report->calibration.during, &info.busy);
    sample->slowdowns = info.busy.slowdowns;
    return FC_OK;
}

static bool may_try_again(const fc_bench_state *state, const fc_measure_options *options) {
    bool has_time = state->info.emulated || fc_bench_remaining_s(state) > REST_S + options->case_budget_s;
    return state->info.now.told && has_time;
}

/* Long enough for a chip to cool some degrees. */
static void rest(const fc_bench_state *state) {
    if (!state->info.emulated) {
        struct timespec pause = {.tv_nsec = (long)(REST_S * 1e9)};
        (void)nanosleep(&pause, NULL);
    }
}

fc_status fc_bench_measure_watched(fc_sample *sample, fc_bench_state *state, const fc_measure_options *options,
                                   fc_error *error) {
    for (int attempt = 1;; attempt++) {
        FC_TRY(fc_measure_case(sample, state->backend, state->device, options, error));
        FC_TRY(look(sample, state, error));
        if (!fc_bench_is_spoiled(sample)) {
            return FC_OK;
        }
        sample->unstable = 1;
        if (attempt == MOST_TRIES || !may_try_again(state, options)) {
            return FC_OK;
        }
        rest(state);
    }
}

fc_status fc_bench_look_after(fc_bench_state *state, fc_error *error) {
    fc_device_info info;
    if (state->info.now.told) {
        FC_TRY(state->backend->info(state->device, &info, error));
        state->report->calibration.after = info.now;
    }
    return FC_OK;
}
