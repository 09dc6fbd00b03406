/* bench_text.h: what a person reads of a measurement. */
#ifndef FLOPCAST_HOST_CLI_BENCH_TEXT_H
#define FLOPCAST_HOST_CLI_BENCH_TEXT_H

#include "../../bench/bench.h"
#include "../base/text.h"

typedef struct fc_bench_text {
    const fc_bench_report *report;
    const char *chosen; /* why this backend: "--backend openblas", "auto: …" */
    const char *path;   /* of the calibration file */
    uint32_t dtypes;    /* asked for by name, as bits; 0: whatever the device has */
    int width;
    bool markdown;
} fc_bench_text;

/* The fitted collectives alone; nothing where there are none. */
void fc_bench_text_collectives(fc_text *out, const fc_fit *fit);

/* The fitted curves with their errors, of a measurement or of an imported table. */
void fc_bench_text_fit(fc_text *out, const fc_calibration *calibration);

fc_status fc_bench_text_write(fc_text *out, const fc_bench_text *what, fc_error *error);

#endif
