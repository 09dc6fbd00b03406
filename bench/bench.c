#include "bench.h"

#include "../host/base/stats.h"
#include "../host/device/machine.h"
#include "../host/device/random.h"
#include "flopcast/measure.h"
#include "shapes.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What one case costs at least, in calls: warm-up, sizing, and the fewest repeats. */
#define CALLS_OF_CASE 7.0
/* Share of the budget that copy and triad get each, and the most seconds that help them. */
#define MEMORY_BUDGET_FRAC 0.06
#define MEMORY_BUDGET_MOST_S 3.0
#define PROBE_BUDGET_FRAC 0.01
#define PROBE_SIZE 256
#define HELDOUT_FRAC 0.15
/* Kept back for the fit, the file and the last case's overrun. */
#define RESERVE_FRAC 0.03

typedef struct bench_state {
    const fc_backend *backend;
    void *device;
    const fc_bench_options *options;
    fc_bench_report *report;
    fc_device_info info;
    fc_measure_options measure;
    fc_sample *samples; /* room for FC_MAX_SAMPLES */
    uint32_t samples_count;
    uint32_t planned_count;
    double best_flop_per_s[FC_DTYPE_COUNT]; /* the fastest matmul so far */
    double memory_bytes_per_s;
} bench_state;

static double remaining_s(const bench_state *state) {
    double spent_s = fc_measure_now_s() - state->options->begin_s;
    return state->options->budget_s * (1.0 - RESERVE_FRAC) - spent_s;
}

/* Seconds that a case may take: on an emulated device no time passes, and the plan must not depend on a clock. */
static double limit_s(const bench_state *state, double share_s) {
    if (state->info.emulated) {
        return 1e9;
    }
    return share_s > 1e-3 ? share_s : 1e-3;
}

static void tell(const bench_state *state, const fc_sample *sample) {
    if (state->options->progress == NULL) {
        return;
    }
    fc_bench_progress progress = {.done_count = state->samples_count,
                                  .total_count = state->planned_count,
                                  .spent_s = fc_measure_now_s() - state->options->begin_s,
                                  .budget_s = state->options->budget_s,
                                  .sample = sample};
    state->options->progress(state->options->user, &progress);
}

/* Times one case; *out_done is false when the device does not have it or has no room for it, with the reason. */
static fc_status time_case(bool *out_done, fc_sample *sample, char reason[FC_TEXT_SIZE], bench_state *state,
                           double budget_s, fc_error *error) {
    tell(state, sample);
    fc_measure_options options = state->measure;
    options.case_budget_s = limit_s(state, budget_s);
    fc_error refusal = {.status = FC_OK};
    fc_status status = fc_measure_case(sample, state->backend, state->device, &options, &refusal);
    *out_done = status == FC_OK;
    if (status == FC_BAD_INPUT || status == FC_OVER_LIMIT) {
        snprintf(reason, FC_TEXT_SIZE, "%.*s", FC_TEXT_SIZE - 1, refusal.text);
        return FC_OK;
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, refusal.source, refusal.line, refusal.column, "%s", refusal.text);
    }
    return FC_OK;
}

static void keep(bench_state *state, const fc_sample *sample) {
    if (state->samples_count < FC_MAX_SAMPLES) {
        state->samples[state->samples_count++] = *sample;
    }
    if (sample->kind == FC_SAMPLE_MATMUL) {
        double rate = fc_bench_flop(sample) / sample->seconds;
        double *best = &state->best_flop_per_s[sample->dtype];
        *best = rate > *best ? rate : *best;
    }
}

static fc_status measure_other(bench_state *state, fc_error *error) {
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
        FC_TRY(time_case(&done, &sample, reason, state,
                         fmin(MEMORY_BUDGET_FRAC * state->options->budget_s, MEMORY_BUDGET_MOST_S), error));
        if (!done) {
            continue; /* a device without the kind: the text shows what there is */
        }
        keep(state, &sample);
        if (cases[i].op == FC_MEMORY_OP_TRIAD) {
            state->memory_bytes_per_s = sample.bytes / sample.seconds;
        }
    }
    return FC_OK;
}

/* A first rate for each wanted dtype; one that the device does not have is noted with its reason. */
static fc_status probe_dtypes(bench_state *state, fc_error *error) {
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
        FC_TRY(time_case(&done, &sample, state->report->refused[dtype], state,
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

/* Seconds that a case takes at least, by the fastest rate seen so far and the traffic of its operands. */
static double expected_cost_s(const bench_state *state, const fc_sample *sample) {
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    double bytes = fc_dtype_bytes((fc_dtype)sample->dtype) * (m * k + n * k + m * n);
    double compute_s = fc_bench_flop(sample) / state->best_flop_per_s[sample->dtype];
    double memory_s = state->memory_bytes_per_s > 0.0 ? bytes / state->memory_bytes_per_s : 0.0;
    return CALLS_OF_CASE * (fmax(compute_s, memory_s) + state->measure.least_batch_s);
}

/* All shapes of all dtypes that answer, by rising work over the dtype's rate: a case's turn comes when the rate it is
 * budgeted with has been seen on cases nearly as large. */
static uint32_t plan_shapes(fc_sample *plan, const bench_state *state) {
    uint32_t count = 0;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (!(state->best_flop_per_s[dtype] > 0.0)) {
            continue;
        }
        fc_sample shapes[FC_BENCH_MOST_SHAPES];
        uint32_t shapes_count = fc_bench_shapes(shapes, (fc_dtype)dtype);
        for (uint32_t i = 0; i < shapes_count; i++) {
            double cost_s = expected_cost_s(state, &shapes[i]);
            uint32_t at = count++;
            for (; at > 0 && expected_cost_s(state, &plan[at - 1]) > cost_s; at--) {
                plan[at] = plan[at - 1];
            }
            plan[at] = shapes[i];
        }
    }
    return count;
}

/* The share of the time left that case `index` gets: in proportion to its cost, among those from it on that together
 * have room. 0 when it has none itself. */
static double share_s(const bench_state *state, const fc_sample *plan, uint32_t count, uint32_t index) {
    double left_s = remaining_s(state);
    double own_s = expected_cost_s(state, &plan[index]);
    if (own_s > left_s) {
        return 0.0;
    }
    double sum_s = 0.0;
    for (uint32_t i = index; i < count; i++) {
        double cost_s = expected_cost_s(state, &plan[i]);
        if (sum_s + cost_s <= left_s) {
            sum_s += cost_s;
        }
    }
    return left_s * own_s / sum_s;
}

static fc_status measure_matmuls(bench_state *state, fc_error *error) {
    fc_sample plan[FC_DTYPE_COUNT * FC_BENCH_MOST_SHAPES];
    uint32_t count = plan_shapes(plan, state);
    state->planned_count = state->samples_count + count;
    for (uint32_t i = 0; i < count; i++) {
        double budget_s = state->info.emulated ? 1.0 : share_s(state, plan, count, i);
        bool done = false;
        if (budget_s > 0.0) {
            char reason[FC_TEXT_SIZE];
            FC_TRY(time_case(&done, &plan[i], reason, state, budget_s, error));
        }
        if (done) {
            keep(state, &plan[i]);
        } else {
            state->report->dropped_count++;
        }
    }
    return FC_OK;
}

/* The noisiest sample that was not tried again yet, or samples_count. */
static uint32_t noisiest(const bench_state *state, const bool *tried) {
    uint32_t found = state->samples_count;
    for (uint32_t i = 0; i < state->samples_count; i++) {
        bool worse = found == state->samples_count || state->samples[i].noise_frac > state->samples[found].noise_frac;
        if (state->samples[i].unstable && !tried[i] && worse) {
            found = i;
        }
    }
    return found;
}

/* Time left over goes to the noisiest cases, the worst first. The quieter of the two timings stays: noise comes from
 * other work on the machine, never from the case being faster than it is. */
static fc_status measure_again(bench_state *state, fc_error *error) {
    bool tried[FC_MAX_SAMPLES] = {false};
    for (uint32_t i = noisiest(state, tried); i < state->samples_count; i = noisiest(state, tried)) {
        tried[i] = true;
        fc_sample again = state->samples[i];
        double cost_s = (CALLS_OF_CASE + 5.0) * fmax(again.seconds, state->measure.least_batch_s);
        double left_s = remaining_s(state);
        if (cost_s > left_s) {
            continue;
        }
        char reason[FC_TEXT_SIZE];
        bool done = false;
        FC_TRY(time_case(&done, &again, reason, state, fmin(left_s, 4.0 * cost_s), error));
        if (done && again.noise_frac < state->samples[i].noise_frac) {
            state->samples[i] = again;
        }
    }
    return FC_OK;
}

/* The recorded cases in their recorded order, drawn roles included. */
static fc_status measure_recorded(bench_state *state, fc_error *error) {
    const fc_calibration *recorded = state->options->replay;
    state->planned_count = recorded->samples_count;
    for (uint32_t i = 0; i < recorded->samples_count; i++) {
        fc_sample sample = recorded->samples[i];
        bool wanted = sample.kind != FC_SAMPLE_MATMUL || (state->options->dtypes & (1U << sample.dtype)) != 0;
        char reason[FC_TEXT_SIZE];
        bool done = false;
        if (wanted) {
            FC_TRY(time_case(&done, &sample, reason, state, 1.0, error));
        }
        if (done) {
            keep(state, &sample);
        }
    }
    return FC_OK;
}

/* Draws the held-out matmuls of one dtype: a share of them, by the seed alone, before any fit has seen a timing. */
static void draw_heldout(bench_state *state, uint32_t dtype) {
    uint32_t indices[FC_MAX_SAMPLES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < state->samples_count; i++) {
        if (state->samples[i].kind == FC_SAMPLE_MATMUL && state->samples[i].dtype == dtype) {
            indices[count++] = i;
        }
    }
    uint32_t wanted = (uint32_t)(HELDOUT_FRAC * (double)count + 0.5);
    for (uint32_t drawn = 0; drawn < wanted; drawn++) {
        uint64_t bits = fc_random_bits(state->options->seed, (uint64_t)dtype * FC_MAX_SAMPLES + drawn);
        uint32_t other = drawn + (uint32_t)(bits % (count - drawn));
        uint32_t chosen = indices[other];
        indices[other] = indices[drawn];
        indices[drawn] = chosen;
        state->samples[chosen].heldout = 1;
    }
}

static void stamp(char out[32]) {
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        snprintf(out, 32, "1970-01-01T00:00:00Z");
    }
}

static fc_status finish(bench_state *state, fc_error *error) {
    fc_calibration *calibration = &state->report->calibration;
    if (state->options->replay != NULL) {
        calibration->machine = state->options->replay->machine;
        memcpy(calibration->taken_at, state->options->replay->taken_at, sizeof calibration->taken_at);
    } else {
        fc_machine_describe(&calibration->machine);
        stamp(calibration->taken_at);
        for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
            draw_heldout(state, dtype);
        }
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

fc_status fc_bench_run(fc_bench_report *out, fc_arena *arena, const fc_backend *backend, void *device,
                       const fc_bench_options *options, fc_error *error) {
    memset(out, 0, sizeof *out);
    bench_state state = {.backend = backend,
                         .device = device,
                         .options = options,
                         .report = out,
                         .measure = fc_measure_options_default()};
    state.samples = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *state.samples);
    if (state.samples == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    FC_TRY(backend->info(device, &state.info, error));
    if (options->replay != NULL) {
        FC_TRY(measure_recorded(&state, error));
    } else {
        FC_TRY(measure_other(&state, error));
        FC_TRY(probe_dtypes(&state, error));
        FC_TRY(measure_matmuls(&state, error));
        if (!state.info.emulated) {
            FC_TRY(measure_again(&state, error));
        }
    }
    return finish(&state, error);
}
