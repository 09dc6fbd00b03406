/* exchanges.c: collectives over sizes, where the device has several of its kind beside it. */
#include "state.h"

#include <math.h>
#include <string.h>

/* Share of the budget for all of them, and the most seconds that help one. */
#define BUDGET_FRAC 0.15
#define CASE_MOST_S 0.3
/* 1 KiB to 1 GiB: from what latency decides to what bandwidth does. */
#define LEAST_BYTES 1024.0
#define SIZE_STEP 4.0
#define SIZES 11
#define OPS (FC_COLLECTIVE_SEND_RECV - FC_COLLECTIVE_ALL_REDUCE + 1)

static fc_sample case_of(uint32_t index) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_COLLECTIVE;
    sample.collective_op = FC_COLLECTIVE_ALL_REDUCE + index % OPS;
    sample.bytes = LEAST_BYTES * pow(SIZE_STEP, index / OPS);
    sample.batch = 1;
    return sample;
}

/* The threads of a processor share their memory: its ranks are processes, which flopcast-mpi measures. */
fc_status fc_bench_measure_collectives(fc_bench_state *state, fc_error *error) {
    double end_s = fc_bench_remaining_s(state) - BUDGET_FRAC * state->options->budget_s;
    if (state->info.threads > 0) {
        return FC_OK;
    }
    for (uint32_t i = 0; i < OPS * SIZES; i++) {
        double left_s = fc_bench_remaining_s(state) - fmax(end_s, 0.0);
        if (!state->info.emulated && !(left_s > 0.0)) {
            state->report->unlimited_count += OPS * SIZES - i;
            return FC_OK;
        }
        fc_sample sample = case_of(i);
        bool done = false;
        char reason[FC_TEXT_SIZE] = "";
        FC_TRY(fc_bench_time(&done, &sample, reason, state, fmin(left_s / (OPS * SIZES - i), CASE_MOST_S), error));
        if (!done && i == 0) {
            memcpy(state->report->no_collectives, reason, sizeof reason);
        }
        if (!done) { /* larger ones have no room either */
            return FC_OK;
        }
        fc_bench_keep(state, &sample);
    }
    return FC_OK;
}
