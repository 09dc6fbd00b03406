/* show.h: one entry of the catalogue on its way to the reader. */
#ifndef FLOPCAST_HOST_CLI_SHOW_H
#define FLOPCAST_HOST_CLI_SHOW_H

#include "cmd.h"

/* Prices older than this are told to be checked. */
#define FC_SHOW_STALE_DAYS 90

typedef struct fc_shown {
    fc_arena *arena;
    const char *kind;
    const char *name;
    const fc_node *entry;
    double today; /* days since 1970-01-01 */
    bool dated;   /* a price: its age is told */
} fc_shown;

/* The answer in one line, without its end: "h100-sxm: 989 TFLOP/s dense bf16, …". Never NULL. */
const char *fc_show_headline(const fc_shown *shown);
/* Days from a date as written to today; false when the text is no date. */
bool fc_show_age(double *out_days, const fc_shown *shown, const char *date);
/* The entry as text, CSV or Markdown: the answer, a table, the sources, a next command. */
fc_status fc_show_table(fc_context *context, const fc_shown *shown, fc_format format, fc_error *error);
/* The entry as JSON: numbers in SI with their unit, everything else as it stands. */
fc_status fc_show_json(fc_text *out, const fc_shown *shown, fc_error *error);

#endif
