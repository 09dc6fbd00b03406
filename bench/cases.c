/* cases.c: timing one case under the budget, and the cases that are no matmul of the plan. */
#include "state.h"

#include "shapes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Share of the budget that copy and triad get each, and the most seconds that help them. */
#define MEMORY_BUDGET_FRAC 0.06
#define MEMORY_BUDGET_MOST_S 3.0
#define PROBE_BUDGET_FRAC 0.01
#define PROBE_SIZE 256
/* Kept back for the fit, the file and the last case's overrun. */
#define RESERVE_FRAC 0.03

double fc_bench_remaining_s(const fc_bench_state *state) {
    double spent_s = fc_measure_now_s() - state->options->begin_s;
    return state->options->budget_s * (1.0 - RESERVE_FRAC) - spent_s;
}

/* Seconds that a case may take: on an emulated device no time passes, and the plan must not depend on a clock. */
static double limit_s(const fc_bench_state *state, double share_s) {
    if (state->info.emulated) {
        return 1e9;
    }
    return share_s > 1e-3 ? share_s : 1e-3;
}

static void tell(const fc_bench_state *state, const fc_sample *sample) {
    if (state->options->progress == NULL) {
        return;
    }
    fc_bench_progress progress = {.done_count = state->done_count,
                                  .total_count = state->planned_count,
                                  .spent_s = fc_measure_now_s() - state->options->begin_s,
                                  .budget_s = state->options->budget_s,
                                  .sample = sample};
    state->options->progress(state->options->user, &progress);
}

fc_status fc_bench_time(bool *out_done, fc_sample *sample, char reason[FC_TEXT_SIZE], fc_bench_state *state,
                        double budget_s, fc_error *error) {
    tell(state, sample);
    fc_measure_options options = state->measure;
    options.case_budget_s = limit_s(state, budget_s);
    fc_error refusal = {.status = FC_OK};
    fc_status status = fc_bench_measure_watched(sample, state, &options, &refusal);
    *out_done = status == FC_OK;
    state->done_count++;
    if (status == FC_BAD_INPUT || status == FC_OVER_LIMIT) {
        snprintf(reason, FC_TEXT_SIZE, "%.*s", FC_TEXT_SIZE - 1, refusal.text);
        return FC_OK;
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, refusal.source, refusal.line, refusal.column, "%s", refusal.text);
    }
    return FC_OK;
}

void fc_bench_keep(fc_bench_state *state, const fc_sample *sample) {
    if (state->samples_count == FC_MAX_SAMPLES) {
        return;
    }
    state->samples[state->samples_count] = *sample;
    state->spread_frac[state->samples_count] = sample->noise_frac;
    state->gap_frac[state->samples_count] = INFINITY;
    state->samples_count++;
    if (sample->kind == FC_SAMPLE_MATMUL) {
        double rate = fc_bench_flop(sample) / sample->seconds;
        double *best = &state->best_flop_per_s[sample->dtype];
        *best = rate > *best ? rate : *best;
    }
}

fc_status fc_bench_measure_other(fc_bench_state *state, fc_error *error) {
    static const struct {
        fc_sample_kind kind;
        fc_memory_op op;
    } cases[] = {{FC_SAMPLE_MEMORY, FC_MEMORY_OP_TRIAD},
                 {FC_SAMPLE_MEMORY, FC_MEMORY_OP_COPY},
                 {FC_SAMPLE_LAUNCH, FC_MEMORY_OP_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        sample.kind = cases[i].kind;
        sample.memory_op = cases[i].op;
        sample.batch = 1;
        char reason[FC_TEXT_SIZE];
        bool done = false;
        FC_TRY(fc_bench_time(&done, &sample, reason, state,
                             fmin(MEMORY_BUDGET_FRAC * state->options->budget_s, MEMORY_BUDGET_MOST_S), error));
        if (!done) {
            continue; /* a device without the kind: the text shows what there is */
        }
        fc_bench_keep(state, &sample);
        if (cases[i].op == FC_MEMORY_OP_TRIAD) {
            state->memory_bytes_per_s = sample.bytes / sample.seconds;
        }
    }
    return FC_OK;
}

/* A first rate for each wanted dtype; one that the device does not have is noted with its reason. */
fc_status fc_bench_probe_dtypes(fc_bench_state *state, fc_error *error) {
    uint32_t answering = 0;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if ((state->options->dtypes & (1U << dtype)) == 0) {
            continue;
        }
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        sample.kind = FC_SAMPLE_MATMUL;
        sample.dtype = dtype;
        sample.m = PROBE_SIZE;
        sample.n = PROBE_SIZE;
        sample.k = PROBE_SIZE;
        sample.batch = 1;
        bool done = false;
        FC_TRY(fc_bench_time(&done, &sample, state->report->refused[dtype], state,
                             PROBE_BUDGET_FRAC * state->options->budget_s, error));
        if (done) {
            state->best_flop_per_s[dtype] = fc_bench_flop(&sample) / sample.seconds;
            answering++;
        }
    }
    if (answering == 0) {
        for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
            if (state->report->refused[dtype][0] != '\0') {
                return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no dtype that was asked for can be measured: %s",
                                    state->report->refused[dtype]);
            }
        }
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no dtype was asked for");
    }
    return FC_OK;
}
