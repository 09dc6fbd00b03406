/* write_validate.h: published runs beside their predictions, as text, Markdown, JSON, CSV or a picture. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_VALIDATE_H
#define FLOPCAST_HOST_DOORS_WRITE_VALIDATE_H

#include "../base/text.h"
#include "flopcast/base.h"
#include "flopcast/runs.h"
#include "json_out.h"

/* What is told beside the rows. */
typedef struct fc_run_page {
    const fc_run_report *report;
    const char *asked;   /* the tables as somebody would type them again; "" for the project's own */
    size_t faults_count; /* malformed lines that were skipped */
} fc_run_page;

void fc_write_validate_text(fc_text *text, const fc_run_page *page, int width);
void fc_write_validate_markdown(fc_text *text, const fc_run_page *page);
/* Keys as in the contract; times are seconds a step. FC_FAILED when a number is not finite: a defect, never written. */
fc_status fc_write_validate_json(fc_text *text, const fc_run_page *page, fc_error *error);
void fc_write_validate_csv(fc_text *text, const fc_run_page *page);
/* Predicted against measured seconds, both axes logarithmic. The same rows give the same bytes. */
void fc_write_validate_svg(fc_text *text, const fc_run_page *page);

/* One row: its study, its plan, and where the predicted step goes. `step` is NULL where it is not predicted. */
void fc_write_run_text(fc_text *text, const fc_run_score *score, const fc_step *step, int width);
fc_status fc_write_run_json(fc_text *text, const fc_run_score *score, const fc_step *step, fc_error *error);
/* The members of one element of runs[]. */
void fc_write_run_members(fc_json_out *out, const fc_run_score *score);


#endif
