/* self_bench.h: how fast flopcast itself is. Each part measures one thing and prints rows of one table. */
#ifndef FLOPCAST_BENCH_SELF_SELF_BENCH_H
#define FLOPCAST_BENCH_SELF_SELF_BENCH_H

#include "flopcast/base.h"

#include <stdbool.h>

/* What the parts share. */
typedef struct fc_self_options {
    const char *program; /* flopcast */
    const char *study;   /* name or file */
    const char *data_folder;
    uint32_t runs_count;
} fc_self_options;

/* One row: the least and the median of what was measured, and the goal (0: none). `more_is_better` turns the ratio, so
 * that 1 or less always means that the goal is met. */
typedef struct fc_self_row {
    const char *what;
    const char *unit;
    double least;
    double median;
    double goal;
    bool more_is_better;
} fc_self_row;

void fc_self_print(const fc_self_row *row);

/* Wall time and peak memory of `flopcast estimate STUDY` as a process of its own. */
fc_status fc_self_startup(const fc_self_options *options, fc_error *error);
/* Counting the operations of every model in the data folder; steps timed per second on the study's plan. */
fc_status fc_self_chain(const fc_self_options *options, fc_error *error);

/* Microseconds of one evaluation of a complete plan; `study` is the folder of the studies. */
fc_status fc_self_step(const fc_self_options *options, fc_error *error);

/* Plans a second of an exhaustive search, seconds of a pruned one; `study` is the folder of the studies. */
fc_status fc_self_search(const fc_self_options *options, fc_error *error);
/* Whole histories of failures played per second, each timing repeated `runs_count` times (at most 10,000). */
fc_status fc_self_trials(uint32_t runs_count);

/* What `flopcast bench` found, of what plain loops find now: `calibration_path` was measured just before. */
fc_status fc_self_bare(const char *calibration_path, fc_error *error);

#endif
