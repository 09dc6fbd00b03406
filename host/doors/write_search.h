/* write_search.h: what a search found, as text, JSON, CSV or Markdown. Writers compute nothing. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_SEARCH_H
#define FLOPCAST_HOST_DOORS_WRITE_SEARCH_H

#include "../base/text.h"
#include "config.h"
#include "flopcast/estimate.h"
#include "flopcast/search.h"

/* The highest MFU that a published run measured on a kind of chip. */
typedef struct fc_measured_mfu {
    double mfu_frac; /* 0: no run on this chip is known */
    char run[FC_TEXT_SIZE];
} fc_measured_mfu;

/* What `--why` found. */
typedef struct fc_search_why {
    const char *given;            /* "tp=4,pp=8" */
    const fc_found *found;        /* the best plan with these keys; NULL: none fits */
    const fc_estimate *estimate;  /* of it */
    const fc_study *study;        /* of it */
    const fc_found *closest;      /* of those that do not fit, the nearest; NULL: there is none */
    const fc_memory *memory;      /* of the closest */
    const char *refused;          /* why there is no such plan at all; NULL: there is */
    double tried_count;
} fc_search_why;

typedef struct fc_search_page {
    const fc_study *study; /* as asked */
    const fc_inputs *inputs;
    const fc_space *space;
    const fc_search_options *options;
    const char *engine;
    const fc_search_part *part;
    const fc_study *studies;       /* one a best plan, part->top_count of them */
    const fc_estimate *estimates;  /* likewise */
    const fc_found *front;
    uint32_t front_count;
    fc_measured_mfu measured;
    const fc_search_why *why; /* NULL: not asked */
    double elapsed_s;         /* of the search alone */
} fc_search_page;

void fc_write_search_text(fc_text *text, const fc_search_page *page, int width);
/* FC_FAILED when a number is not finite. */
fc_status fc_write_search_json(fc_text *text, const fc_search_page *page, fc_error *error);
void fc_write_search_csv(fc_text *text, const fc_search_page *page);
void fc_write_search_markdown(fc_text *text, const fc_search_page *page);

/* Shared by the writers: a plan in a line, without what is as everybody has it; what a study needs beside the plan. */
void fc_search_say_plan(char *out, size_t size, const fc_found *found, const fc_study *study);
/* "plan={tp: 8, …}", and " --set stack.tp_overlap=0" and the like: what makes `estimate` answer about a found plan. */
void fc_search_say_sets(fc_text *text, const fc_found *found, const fc_study *study);
/* Whether the best plan's MFU is above all that was measured on its chip. */
bool fc_search_beyond_measured(const fc_search_page *page, const fc_estimate *estimate);
/* What `--why` says, in sentences. */
void fc_search_say_why(fc_text *text, const fc_search_page *page);

#endif
