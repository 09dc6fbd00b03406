/* race_why.h: what would bring the day forward. */
#ifndef FLOPCAST_HOST_CHAIN_RACE_WHY_H
#define FLOPCAST_HOST_CHAIN_RACE_WHY_H

#include "race_line.h"

/* Fills mid_day, announced_day and changes of the first chaser. `lines` is scratch for two. */
void fc_race_why(fc_race_result *out, const fc_race_study *study, fc_race_line *lines);

#endif
