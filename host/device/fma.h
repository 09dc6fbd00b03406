/* fma.h: the arithmetic ceiling of a processor: multiply-adds on registers alone, no memory touched. */
#ifndef FLOPCAST_HOST_DEVICE_FMA_H
#define FLOPCAST_HOST_DEVICE_FMA_H

#include "flopcast/calibration.h"

/* A ceiling case does batch x m x n x k multiply-adds a call, batch being its threads. Sets batch, bytes and residency.
 * FC_BAD_INPUT for another dtype than fp32 and fp64 and for work that does not fill whole vectors. */
fc_status fc_fma_prepare(fc_sample *sample, fc_error *error);
fc_status fc_fma_run(double *out_seconds, const fc_sample *sample, uint32_t calls, fc_error *error);

#endif
