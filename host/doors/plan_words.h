/* plan_words.h: a plan's choices as files spell them, and its members in JSON. */
#ifndef FLOPCAST_HOST_DOORS_PLAN_WORDS_H
#define FLOPCAST_HOST_DOORS_PLAN_WORDS_H

#include "flopcast/plan.h"
#include "json_out.h"

/* The spelling of a choice of plan.<key> (recompute, schedule, rank_order); "?" for a number that is none. */
const char *fc_plan_word(const char *key, uint32_t value);

/* tp to sequence_parallel, into an object that is open. */
void fc_write_plan_members(fc_json_out *out, const fc_plan *plan);

#endif
