/* state.h: what the parts of one measurement share. Private to bench/. */
#ifndef FLOPCAST_BENCH_STATE_H
#define FLOPCAST_BENCH_STATE_H

#include "bench.h"
#include "flopcast/measure.h"

#include <stdbool.h>

typedef struct fc_bench_state {
    const fc_backend *backend;
    void *device;
    const fc_bench_options *options;
    fc_bench_report *report;
    fc_device_info info;
    fc_measure_options measure;
    fc_sample *samples;  /* room for FC_MAX_SAMPLES */
    double *spread_frac; /* of the timings of the visit that each sample keeps */
    double *gap_frac;    /* from that visit to the nearest other one; infinite while there is none */
    uint32_t samples_count;
    uint32_t done_count; /* cases timed, visits counted, for the progress line */
    uint32_t planned_count;
    double best_flop_per_s[FC_DTYPE_COUNT]; /* the fastest matmul so far */
    double memory_bytes_per_s;
    fc_sample reference; /* what drift is judged by; m is 0 until it is chosen */
} fc_bench_state;

/* Seconds left of the budget, less what the fit and the file need. */
double fc_bench_remaining_s(const fc_bench_state *state);

/* Times one case; *out_done is false when the device does not have it or has no room for it, with the reason. */
fc_status fc_bench_time(bool *out_done, fc_sample *sample, char reason[FC_TEXT_SIZE], fc_bench_state *state,
                        double budget_s, fc_error *error);
/* Takes a timed case into the samples. */
void fc_bench_keep(fc_bench_state *state, const fc_sample *sample);

/* As fc_measure_case, again while a slowdown spoils it; sets the sample's slowdowns. */
fc_status fc_bench_measure_watched(fc_sample *sample, fc_bench_state *state, const fc_measure_options *options,
                                   fc_error *error);
bool fc_bench_is_spoiled(const fc_sample *sample);
/* The state of the device at the end of the run. */
fc_status fc_bench_look_after(fc_bench_state *state, fc_error *error);

/* The matmul that is timed at the start, middle and end; 0 when the device has no room for it. */
fc_status fc_bench_time_reference(double *out_s, fc_bench_state *state, fc_error *error);
void fc_bench_judge_drift(fc_method *method);
/* Ceilings, caches, launches, elementwise operations: as many as their share of the budget takes. */
fc_status fc_bench_measure_limits(fc_bench_state *state, fc_error *error);

/* Where the device has others beside it; else the report says why not. */
fc_status fc_bench_measure_collectives(fc_bench_state *state, fc_error *error);

/* Copy, triad, launch; then a first rate for each wanted dtype. */
fc_status fc_bench_measure_other(fc_bench_state *state, fc_error *error);
fc_status fc_bench_probe_dtypes(fc_bench_state *state, fc_error *error);
/* The matmuls of all dtypes, twice, then the noisy ones again while time is left. */
fc_status fc_bench_measure_matmuls(fc_bench_state *state, fc_error *error);

#endif
