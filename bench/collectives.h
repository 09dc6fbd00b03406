/* collectives.h: latency and bandwidth of the exchanges among ranks, within a budget, and their place in a calibration. */
#ifndef FLOPCAST_BENCH_COLLECTIVES_H
#define FLOPCAST_BENCH_COLLECTIVES_H

#include "flopcast/calibration.h"
#include "ranks.h"

typedef struct fc_collectives_options {
    double budget_s; /* wall time from begin_s on rank 0's clock */
    double begin_s;
    double least_bytes; /* of one rank's whole buffer */
    double most_bytes;
    uint32_t ops; /* bit 1 << fc_collective_op for each that is wanted; the five up to send_recv */
} fc_collectives_options;

typedef struct fc_collectives_report {
    fc_sample *samples; /* in the arena; what was timed, by op and rising size */
    uint32_t samples_count;
    uint32_t dropped_count;   /* sizes that the budget had no room for */
    uint32_t revisited_count; /* timings made again because they were unstable */
    uint8_t unstable;         /* more than half of the samples are */
    double aim_noise_frac;
    double wall_s;
} fc_collectives_report;

/* Bits of all five ops. */
uint32_t fc_collectives_all(void);

/* Called on every rank with the same options. Rank 0's clock decides what is timed next and how long, and tells the
 * others; each size is checked on numbers with a known outcome before it is timed. The report is whole on rank 0 alone.
 * FC_FAILED when a buffer is refused or an outcome is wrong: then the caller ends the job. */
fc_status fc_collectives_run(fc_collectives_report *out, fc_arena *arena, const fc_ranks *ranks,
                             const fc_collectives_options *options, fc_error *error);

/* `calibration` with the report's samples, collectives of the same op and ranks replaced, and the collectives fitted
 * anew; all else in it stays. *out_replaced counts the samples that gave way. FC_OVER_LIMIT beyond FC_MAX_SAMPLES. */
fc_status fc_collectives_add(fc_calibration *calibration, uint32_t *out_replaced, fc_arena *arena,
                             const fc_collectives_report *report, fc_error *error);
/* Takes the collectives of `further` into `calibration`, in the way above. FC_BAD_INPUT when it holds other samples too:
 * one file has one device. */
fc_status fc_collectives_join(fc_calibration *calibration, fc_arena *arena, const fc_calibration *further,
                              const char *path, fc_error *error);

#endif
