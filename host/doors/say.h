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
/* "61.2 days (50 to 79 days)": the ends have two digits, unless they are then the same. A range without width prints its
 * middle alone. */
const char *fc_say_range(char *out, size_t out_size, fc_range range, fc_unit unit, int digits);
/* Two digits: "2.0", "0.52", "9.7", "150". */
const char *fc_say_ratio(char *out, size_t out_size, double ratio);
/* "39 %", "0.5 %", "-12 %". */
const char *fc_say_percent(char *out, size_t out_size, double frac);
/* "16,384" */
const char *fc_say_count(char *out, size_t out_size, double value);
/* A bar of up to `width` columns for a share from 0 to 1; # where UTF-8 is not wanted. */
void fc_say_bar(fc_text *text, double frac, int width);

/* One fact with its grade, and below it what it rests on. */
void fc_say_fact(fc_text *text, const fc_fact *fact);
/* Lists facts of a grade other than exact, at most `most` of them, and says how many are left out: those behind the
 * drivers first, then those with ranges or the grade `assumed`. */
void fc_say_assumptions(fc_text *text, const fc_fact *facts, const fc_driver *drivers, size_t drivers_count,
                        size_t most);

/* Adds `page` line by line, broken at spaces where lines are longer than `width` columns (0: FC_SAY_WIDTH), going on
 * below the words that follow a label. Rows of tables and lines that begin with "Next:" stay whole, and so do lines without
 * indent where there is no terminal: they are to be copied and searched. Control characters become ?: names come from
 * files, and a file must not steer a terminal. */
enum { FC_SAY_WIDTH = 100 };
void fc_say_page(fc_text *text, const fc_text *page, int width);

#endif
