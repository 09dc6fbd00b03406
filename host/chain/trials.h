/* trials.h: many histories of one job. */
#ifndef FLOPCAST_HOST_CHAIN_TRIALS_H
#define FLOPCAST_HOST_CHAIN_TRIALS_H

#include "flopcast/hd/run_trial.h"

#include <stddef.h>

enum { FC_TRIALS_MOST_THREADS = 64 };

/* Plays histories `first` to `first + count - 1` of a settled job on `threads` threads (1 to FC_TRIALS_MOST_THREADS); out_s
 * gets the wall seconds of each. A history that is not over after `most_failures` is taken on at the pace it had: infinite
 * where it kept nothing. The same bytes on any number of threads. */
void fc_trials_play(double *out_s, const fc_hd_job *job, uint64_t seed, uint64_t first, size_t count, uint32_t threads,
                    double most_failures);

#endif
