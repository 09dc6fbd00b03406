/* cases.h: the training steps that `verify` runs, and how one is timed. */
#ifndef FLOPCAST_BENCH_LAYER_CASES_H
#define FLOPCAST_BENCH_LAYER_CASES_H

#include "train.h"

typedef enum fc_layer_set { FC_LAYER_SMALL = 0, FC_LAYER_DEFAULT, FC_LAYER_LARGE, FC_LAYER_SET_COUNT } fc_layer_set;

#define FC_LAYER_MOST_CASES 16

/* "small", "default", "large". */
const char *fc_layer_set_name(fc_layer_set set);
/* Sizes of case `index` of a set; threads, seed and most_bytes are the caller's to fill. 0 past the end, else 1. */
int fc_layer_case(fc_train_options *out, fc_layer_set set, uint32_t index);

typedef struct fc_layer_timing {
    fc_train_times median; /* of each part by itself */
    double fastest_s;      /* of whole steps */
    double noise_frac;     /* middle half of the steps' times / their median */
    double loss;           /* of the last step */
    uint32_t steps_count;
    uint8_t unstable;
} fc_layer_timing;

/* One step to warm up, then three or more until the middle half is narrow or `budget_s` is spent. Fails as fc_train_open
 * does; FC_FAILED when the loss is no number. */
fc_status fc_layer_measure(fc_layer_timing *out, const fc_train_options *options, double budget_s, fc_error *error);

#endif
