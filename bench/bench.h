/* bench.h: one measurement of one device within a budget: memory and limits, then matmuls by rising work, then the fit. */
#ifndef FLOPCAST_BENCH_BENCH_H
#define FLOPCAST_BENCH_BENCH_H

#include "flopcast/backend.h"
#include "flopcast/calibration.h"

typedef struct fc_bench_progress {
    uint32_t done_count;
    uint32_t total_count;
    double spent_s;
    double budget_s;
    const fc_sample *sample; /* about to be timed */
} fc_bench_progress;

typedef struct fc_bench_options {
    double budget_s;              /* wall time from begin_s, everything included */
    double begin_s;               /* fc_measure_now_s() when the budget began to run */
    uint64_t seed;                /* of the held-out draw */
    uint32_t dtypes;              /* bit 1 << fc_dtype for each that is wanted */
    const fc_calibration *replay; /* its samples are the plan; NULL: the shapes of shapes.h */
    void (*progress)(void *user, const fc_bench_progress *progress); /* may be NULL */
    void *user;
} fc_bench_options;

typedef struct fc_bench_report {
    fc_calibration calibration;
    char refused[FC_DTYPE_COUNT][FC_TEXT_SIZE]; /* why a wanted dtype was not measured; "" if it was */
    char no_collectives[FC_TEXT_SIZE];          /* why a device that could have others beside it has no collectives */
    uint32_t dropped_count;                     /* shapes that the budget or the memory had no room for */
    uint32_t unlimited_count;                   /* limits that their share of the budget had no room for */
    double wall_s;
} fc_bench_report;

/* Measures an open device. A device that is emulated answers without time passing: it gets every shape, whatever the
 * budget. FC_BAD_INPUT when nothing that was wanted can be measured, or too little for a fit. */
fc_status fc_bench_run(fc_bench_report *out, fc_arena *arena, const fc_backend *backend, void *device,
                       const fc_bench_options *options, fc_error *error);

#endif
