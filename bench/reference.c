/* reference.c: one matmul timed at the start, in the middle and at the end of a run: a machine that grew hot, was throttled
 * or got company gives itself away by it. */
#include "state.h"

#include "shapes.h"

#include <math.h>
#include <string.h>

/* A call takes no more than this share of the budget, but has the least size. */
#define CALL_BUDGET_FRAC 5e-4
#define CASE_BUDGET_FRAC 5e-3
#define LEAST_SIZE 256
#define MOST_SIZE 8192

/* The size is chosen at the first timing, and kept. */
static void choose(fc_bench_state *state) {
    fc_sample *sample = &state->reference;
    memset(sample, 0, sizeof *sample);
    sample->kind = FC_SAMPLE_MATMUL;
    sample->batch = 1;
    while (sample->dtype + 1U < FC_DTYPE_COUNT && !(state->best_flop_per_s[sample->dtype] > 0.0)) {
        sample->dtype++;
    }
    double most_s = CALL_BUDGET_FRAC * state->options->budget_s;
    uint32_t size = LEAST_SIZE;
    while (size < MOST_SIZE && 16.0 * pow(size, 3.0) <= most_s * state->best_flop_per_s[sample->dtype]) {
        size *= 2;
    }
    sample->m = size;
    sample->n = size;
    sample->k = size;
}

fc_status fc_bench_time_reference(double *out_s, fc_bench_state *state, fc_error *error) {
    if (state->reference.m == 0) {
        choose(state);
    }
    fc_sample again = state->reference;
    char reason[FC_TEXT_SIZE];
    bool done = false;
    FC_TRY(fc_bench_time(&done, &again, reason, state, CASE_BUDGET_FRAC * state->options->budget_s, error));
    *out_s = done ? again.seconds : 0.0;
    return FC_OK;
}

void fc_bench_judge_drift(fc_method *method) {
    double least_s = fmin(method->reference_start_s, fmin(method->reference_middle_s, method->reference_end_s));
    double most_s = fmax(method->reference_start_s, fmax(method->reference_middle_s, method->reference_end_s));
    method->drift_frac = least_s > 0.0 ? most_s / least_s - 1.0 : 0.0;
}
