/* measure.c: the timing loop. Warm up, size the batch, repeat until the middle half of the timings is narrow enough. */
#include "flopcast/measure.h"

#include "../base/stats.h"

#include <math.h>
#include <time.h>

/* Timings kept of one case: bounds the stack, and more would not narrow a median worth the time. */
#define MOST_KEPT 512
#define MOST_CALLS 1000000.0

fc_measure_options fc_measure_options_default(void) {
    return (fc_measure_options){
        .case_budget_s = 1.0, .aim_noise_frac = 0.05, .least_batch_s = 1e-3, .least_repeats = 5, .most_repeats = 60};
}

double fc_measure_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static fc_status check_options(const fc_measure_options *options, fc_error *error) {
    if (!(options->case_budget_s > 0.0) || !(options->aim_noise_frac >= 0.0) || !(options->least_batch_s >= 0.0) ||
        options->least_repeats < 1 || options->most_repeats < options->least_repeats) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the timing loop needs a budget above 0 s, aims of 0 or more, and 1 or more repeats");
    }
    return FC_OK;
}

/* One batch, with the backend's answer checked: a clock that stands still must not become an infinite rate. */
static fc_status run_batch(double *out_s, const fc_backend *backend, void *device, uint32_t calls, fc_error *error) {
    FC_TRY(backend->run(device, calls, out_s, error));
    if (!isfinite(*out_s) || *out_s < 0.0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "backend %s reported %g seconds for %u calls", backend->name,
                            *out_s, calls);
    }
    return FC_OK;
}

/* Calls that make a batch last least_batch_s, from the time of a shorter one. */
static uint32_t grow_calls(uint32_t calls, double batch_s, double least_batch_s) {
    double per_call_s = batch_s / (double)calls;
    double wanted = per_call_s > 0.0 ? ceil(least_batch_s / per_call_s) : 10.0 * (double)calls;
    if (wanted > MOST_CALLS) {
        wanted = MOST_CALLS;
    }
    return wanted > (double)calls ? (uint32_t)wanted : calls;
}

/* The first call pays for page faults, library set-up and clocks that are still low; it only tells whether calls are far
 * longer than a batch has to be. If not, batches grow until one lasts long enough. */
static fc_status warm_up(uint32_t *out_calls, double *out_spent_s, const fc_backend *backend, void *device,
                         const fc_measure_options *options, fc_error *error) {
    double batch_s = 0.0;
    FC_TRY(run_batch(&batch_s, backend, device, 1, error));
    *out_spent_s = batch_s;
    *out_calls = 1;
    if (batch_s >= 8.0 * options->least_batch_s) {
        return FC_OK;
    }
    for (int round = 0; round < 4; round++) {
        FC_TRY(run_batch(&batch_s, backend, device, *out_calls, error));
        *out_spent_s += batch_s;
        if (batch_s >= 0.5 * options->least_batch_s) {
            break;
        }
        *out_calls = grow_calls(*out_calls, batch_s, options->least_batch_s);
    }
    return FC_OK;
}

/* Median, least, and spread of the middle half of the timings so far. `scratch` has room for all of them. */
static void summarize(fc_sample *sample, const double *timings, uint32_t count, double *scratch) {
    for (uint32_t i = 0; i < count; i++) {
        scratch[i] = timings[i];
    }
    fc_stats_sort(scratch, count);
    double median = fc_stats_quantile(scratch, count, 0.5);
    double spread = fc_stats_quantile(scratch, count, 0.75) - fc_stats_quantile(scratch, count, 0.25);
    sample->seconds = median;
    sample->seconds_min = scratch[0];
    sample->noise_frac = median > 0.0 ? spread / median : 0.0;
    sample->repeats = count;
}

fc_status fc_measure_case(fc_sample *sample, const fc_backend *backend, void *device, const fc_measure_options *options,
                          fc_error *error) {
    FC_TRY(check_options(options, error));
    FC_TRY(backend->prepare(device, sample, error));
    uint32_t calls = 1;
    double spent_s = 0.0;
    FC_TRY(warm_up(&calls, &spent_s, backend, device, options, error));
    double timings[MOST_KEPT];
    double scratch[MOST_KEPT];
    uint32_t most = options->most_repeats < MOST_KEPT ? options->most_repeats : MOST_KEPT;
    sample->unstable = 1;
    for (uint32_t count = 1; count <= most; count++) {
        double batch_s = 0.0;
        FC_TRY(run_batch(&batch_s, backend, device, calls, error));
        spent_s += batch_s;
        timings[count - 1] = batch_s / (double)calls;
        summarize(sample, timings, count, scratch);
        if (count >= options->least_repeats && sample->noise_frac <= options->aim_noise_frac) {
            sample->unstable = 0;
            break;
        }
        /* A spread needs three timings to mean anything; a case that gets fewer stays marked unstable. */
        if (spent_s + batch_s > options->case_budget_s && count >= 3) {
            break;
        }
    }
    if (!(sample->seconds > 0.0)) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "backend %s: %g calls took no measurable time", backend->name,
                            (double)calls);
    }
    return FC_OK;
}
