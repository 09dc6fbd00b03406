/* measure.h: the timing loop: how many times to run a case, and what its time was. */
#ifndef FLOPCAST_MEASURE_H
#define FLOPCAST_MEASURE_H

#include "backend.h"
#include "base.h"
#include "calibration.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fc_measure_options {
    double case_budget_s;  /* time for one case; > 0 */
    double aim_noise_frac; /* stop when the middle half of the timings lies within this share of the median */
    double least_batch_s;  /* short calls are timed in batches at least this long */
    uint32_t least_repeats;
    uint32_t most_repeats;
} fc_measure_options;

fc_measure_options fc_measure_options_default(void);

/* Prepares and times one case on an open device and fills seconds, seconds_min, noise_frac, repeats, unstable. The
 * budget counts the seconds that the backend reports. Failures of the backend pass through. */
fc_status fc_measure_case(fc_sample *sample, const fc_backend *backend, void *device, const fc_measure_options *options,
                          fc_error *error);

/* Monotonic clock, seconds. */
double fc_measure_now_s(void);

#ifdef __cplusplus
}
#endif
#endif
