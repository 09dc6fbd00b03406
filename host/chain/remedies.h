/* remedies.h: what makes a plan fit that does not. */
#ifndef FLOPCAST_HOST_CHAIN_REMEDIES_H
#define FLOPCAST_HOST_CHAIN_REMEDIES_H

#include "flopcast/results.h"
#include "flopcast/study.h"

/* Changes of a complete plan of a checked study, each tried by the chain: first those that make it fit, the cheapest first
 * in time of a step and those without a known price last; then those that bring it nearer, the best first. Where no single
 * change is enough, several at once. Returns how many of FC_MAX_REMEDIES were written; no change that leaves the memory
 * as it is is among them. */
uint32_t fc_remedies_find(fc_remedy *out, const fc_plan *plan, const fc_ops *ops, const fc_study *study);

#endif
