/* say.h: numbers as people read them, shared by the text writers. */
#ifndef FLOPCAST_HOST_DOORS_SAY_H
#define FLOPCAST_HOST_DOORS_SAY_H

#include "../base/text.h"
#include "../base/units.h"
#include "fields.h"
#include "flopcast/base.h"
#include "flopcast/results.h"

#include <stdbool.h>

/* Three digits, two outside of the measured domain. */
int fc_say_digits(uint32_t beyond_count);

/* To `digits` significant digits: 503 known to two is 500. */
double fc_say_rounded(double value, int digits);
/* "61.2 days": `out` is terminated; returns `out` so that it can stand in an argument list. */
const char *fc_say(char *out, size_t out_size, double value, fc_unit unit, int digits);
/* "61.2 days (50.1 days to 79.0 days)". A range without width prints its middle alone. */
const char *fc_say_range(char *out, size_t out_size, fc_range range, fc_unit unit, int digits);
/* "39 %", "0.5 %", "-12 %". */
const char *fc_say_percent(char *out, size_t out_size, double frac);
/* "16,384" */
const char *fc_say_count(char *out, size_t out_size, double value);
/* A bar of up to `width` columns for a share from 0 to 1; # where UTF-8 is not wanted. */
void fc_say_bar(fc_text *text, double frac, int width);

/* Lists facts of a grade other than exact, those with ranges or the grade `assumed` first, at most `most` lines, and
 * says how many are left out. */
void fc_say_assumptions(fc_text *text, const fc_fact *facts, size_t most);

#endif
