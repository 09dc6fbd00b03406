/* write_fit.h: a fit to published runs as text, Markdown, CSV and JSON. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_FIT_H
#define FLOPCAST_HOST_DOORS_WRITE_FIT_H

#include "../base/text.h"
#include "flopcast/fit_runs.h"
#include "json_out.h"
#include "table.h"

/* A fit without some runs, and the full fit's errors on the same runs (in `left_out` of both). */
typedef struct fc_fit_left_out {
    const char *name; /* of --leave-out, or of a family */
    const fc_fit_result *without;
    const fc_fit_result *with;
    double
        coverage_frac; /* of its runs within the model's own p10 to p90, all learned without it; below 0: not known */
} fc_fit_left_out;

typedef struct fc_fit_page {
    const fc_fit_spec *spec;
    const fc_fit_problem *problem;
    const fc_fit_result *result; /* of all runs */
    const fc_fit_left_out *left_out;
    uint32_t left_out_count; /* 0: nothing was left out */
    const fc_domain *law;    /* of the step model's own error; NULL: nothing was learned */
    double coverage_frac;    /* of all families, each left out; only with a law */
    double fit_s;            /* seconds of one fit, in the mean; JSON only: text is the same each time */
} fc_fit_page;

void fc_write_fit_text(fc_text *out, const fc_fit_page *page, int width);
void fc_write_fit_markdown(fc_text *out, const fc_fit_page *page);
/* One table: what was left out where something was, else the parameters. */
void fc_write_fit_csv(fc_text *out, const fc_fit_page *page);
fc_status fc_write_fit_json(fc_text *out, const fc_fit_page *page, fc_error *error);

/* 1 met, 0 not met, -1 no goal is stated or no run is there. */
int fc_fit_goal_met(const fc_fit_family *family, const fc_fit_errors *errors);
/* The goals of the family that a left-out name is, or NULL where it is none. */
const fc_fit_family *fc_fit_family_named(const fc_fit_spec *spec, const char *name);

#endif
