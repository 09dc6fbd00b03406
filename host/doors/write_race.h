/* write_race.h: a race as text, JSON, CSV or Markdown. Writers compute nothing. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_RACE_H
#define FLOPCAST_HOST_DOORS_WRITE_RACE_H

#include "../base/text.h"
#include "config.h"
#include "flopcast/race.h"

/* For a terminal of `width` columns; 0: not a terminal. */
void fc_write_race_text(fc_text *text, const fc_race_result *result, const fc_race_study *study,
                        const fc_inputs *inputs, int width);
void fc_write_race_markdown(fc_text *text, const fc_race_result *result, const fc_race_study *study);
/* One row a programme and day: effective FLOP. */
void fc_write_race_csv(fc_text *text, const fc_race_result *result, const fc_race_study *study);
/* FC_FAILED when a number is not finite: a defect, never written. A day that never comes is null. */
fc_status fc_write_race_json(fc_text *text, const fc_race_result *result, const fc_race_study *study,
                             const fc_inputs *inputs, fc_error *error);

/* The first line: who reaches whom, when, how sure. In the arena of `text`. */
const char *fc_write_race_verdict(fc_text *text, const fc_race_result *result, const fc_race_study *study);
/* "2026-12-31"; "never" beyond the horizon. `out` holds 16 bytes or more. */
const char *fc_write_race_day(char *out, size_t size, fc_race_day day);

#endif
