/* verify_text.h: what `verify` has found, as text, JSON, CSV or Markdown. Computes nothing but medians of errors. */
#ifndef FLOPCAST_HOST_CLI_VERIFY_TEXT_H
#define FLOPCAST_HOST_CLI_VERIFY_TEXT_H

#include "../../bench/layer/cases.h"
#include "../base/text.h"
#include "cmd.h"
#include "flopcast/calibration.h"
#include "flopcast/results.h"

typedef struct fc_verify_case {
    char name[FC_NAME_SIZE];
    fc_train_options options;
    fc_step predicted;
    fc_layer_timing measured;
    double ceiling_frac; /* model FLOP per measured second, of the calibration's fitted matmul ceiling */
    const char *again;   /* the study and options that give this prediction */
} fc_verify_case;

typedef struct fc_verify_report {
    const char *calibration_path;
    const fc_calibration *calibration;
    fc_verify_case cases[FC_LAYER_MOST_CASES];
    uint32_t cases_count;
    const char *skipped[FC_LAYER_MOST_CASES]; /* why, a sentence each */
    uint32_t skipped_count;
} fc_verify_report;

double fc_verify_error_frac(const fc_verify_case *one);
int fc_verify_unstable(const fc_verify_report *report);
fc_status fc_verify_write(fc_text *out, const fc_verify_report *report, fc_format format, int width, fc_error *error);

#endif
