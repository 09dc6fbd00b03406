/* draws.h: the inputs of one Monte Carlo trial. */
#ifndef FLOPCAST_HOST_CHAIN_DRAWS_H
#define FLOPCAST_HOST_CHAIN_DRAWS_H

#include "flopcast/study.h"

/* Writes into `study` (a copy of the checked one) the value of every spread at trial number `trial`. Spreads of one
 * belief get the same probability, so they are high or low together; `stream_base` keeps studies apart whose beliefs are
 * not shared. A pure function of its arguments: the same on one thread or many. */
void fc_draws_apply(fc_study *study, uint64_t seed, uint64_t trial, uint32_t stream_base);

/* Sets one spread to a probability between 0 and 1, leaving the others. */
void fc_draws_set(fc_study *study, const fc_spread *spread, double probability);

#endif
