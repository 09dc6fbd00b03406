/* write_scale.h: a scaling curve as text, JSON, CSV or Markdown. Writers compute nothing. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_SCALE_H
#define FLOPCAST_HOST_DOORS_WRITE_SCALE_H

#include "../base/text.h"
#include "config.h"
#include "flopcast/scale.h"
#include "json_out.h"
#include "table.h"

typedef struct fc_scale_page {
    const fc_scale_curve *curve;
    const fc_scale_question *question;
    const fc_inputs *inputs;
} fc_scale_page;

/* For a terminal of `width` columns; 0: not a terminal. */
void fc_write_scale_text(fc_text *text, const fc_scale_page *page, int width);
void fc_write_scale_markdown(fc_text *text, const fc_scale_page *page);
/* One row a point; what is not known is empty. */
void fc_write_scale_csv(fc_text *text, const fc_scale_page *page);
/* Keys as in docs/scaling.md. FC_FAILED when a number is not finite: a defect, never written. */
fc_status fc_write_scale_json(fc_text *text, const fc_scale_page *page, fc_error *error);

/* Knee, wall and levers, a sentence each, without a line end; in the arena of `text`. Never NULL. */
const char *fc_scale_say_knee(fc_text *text, const fc_scale_page *page);
const char *fc_scale_say_wall(fc_text *text, const fc_scale_page *page);
const char *fc_scale_say_levers(fc_text *text, const fc_scale_page *page);
/* Arguments that give a point back to `flopcast estimate`. In the arena; never NULL. */
const char *fc_scale_again(fc_text *text, const fc_scale_page *page, const fc_scale_point *point);
/* Speed, and what the runs take with their plans; NULL without memory. */
fc_table *fc_scale_speed_table(fc_arena *arena, const fc_scale_page *page);
fc_table *fc_scale_plan_table(fc_arena *arena, const fc_scale_page *page);
/* "pipeline bubble" of a cause. */
const char *fc_scale_cause_words(uint32_t cause);

#endif
