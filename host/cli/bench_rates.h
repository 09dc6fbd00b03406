/* bench_rates.h: what each sample reached, and the limit that its rate is a share of. */
#ifndef FLOPCAST_HOST_CLI_BENCH_RATES_H
#define FLOPCAST_HOST_CLI_BENCH_RATES_H

#include "../base/text.h"
#include "flopcast/calibration.h"

#include <stdbool.h>
#include <stddef.h>

/* FLOP/s of matmuls and ceilings, bytes/s of what moves memory, bus bandwidth of collectives; 0 of launches. */
double fc_bench_rate(const fc_sample *sample);
bool fc_bench_counts_flop(const fc_sample *sample);

/* The fastest matmul of a dtype; 0 when there is none. */
double fc_bench_best_matmul(const fc_calibration *calibration, uint32_t dtype);

/* The measured limit of a sample with its threads: of arithmetic the ceiling, the fastest matmul where no ceiling was
 * measured; of memory and elementwise operations the fastest of read, write, copy and triad in memory, of a cache's the
 * fastest in that cache. 0 for launches. */
double fc_bench_limit(const fc_calibration *calibration, const fc_sample *sample);

/* The same by the sheet of the catalogue chip that the device is; 0 where it is none, and of caches, which sheets do not
 * tell. Collectives: the rate of the scale-up links, for as many ranks as they join. */
double fc_bench_sheet_rate(const fc_calibration *calibration, const fc_sample *sample);
/* The line that names the chip and its rates, or says why there is no sheet. */
void fc_bench_write_sheet(fc_text *out, const fc_calibration *calibration);

/* Names of slowdowns with blanks between; "" for none. */
void fc_bench_slowdown_names(char *out, size_t size, uint32_t slowdowns);
/* Clocks, power, temperature and slowdowns over the run, or that they are unknown; nothing for a processor. */
void fc_bench_write_state(fc_text *out, const fc_calibration *calibration);

/* The lines that sum the limits up: ceilings with the best matmul's share, bandwidths by level, launches, drift. */
void fc_bench_write_limits(fc_text *out, const fc_calibration *calibration);

#endif
