/* write_compare.h: a comparison of deals as text, JSON, CSV or Markdown. Writers compute nothing. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_COMPARE_H
#define FLOPCAST_HOST_DOORS_WRITE_COMPARE_H

#include "../base/text.h"
#include "config.h"
#include "flopcast/deals.h"

/* For a terminal of `width` columns; 0: not a terminal. */
void fc_write_compare_text(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison,
                           const fc_inputs *inputs, int width);
/* Keys as in the contract. FC_FAILED when a number is not finite. */
fc_status fc_write_compare_json(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison,
                                const fc_inputs *inputs, fc_error *error);
/* One row a cell and deal. */
void fc_write_compare_csv(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison);
void fc_write_compare_markdown(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison);

/* The verdict as one sentence, also the JSON key `verdict`. In the arena of `text`. */
const char *fc_write_verdict(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison);

#endif
