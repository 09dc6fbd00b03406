/* write_compare_why.h: what the two halves of the comparison's page share. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_COMPARE_WHY_H
#define FLOPCAST_HOST_DOORS_WRITE_COMPARE_WHY_H

#include "write_compare.h"

typedef struct fc_compare_page {
    fc_text *text;
    const fc_verdict *v;
    const fc_comparison *c;
    int digits;
    int width; /* of tables; 0: as wide as they need */
} fc_compare_page;

/* The second half: ratios, where the verdict flips, what moves it, what it rests on, and what to try next. */
void fc_write_compare_why(const fc_compare_page *page, const fc_inputs *inputs);

#endif
