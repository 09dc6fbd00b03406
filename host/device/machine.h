/* machine.h: what the machine under the program is, as far as the system tells. */
#ifndef FLOPCAST_HOST_DEVICE_MACHINE_H
#define FLOPCAST_HOST_DEVICE_MACHINE_H

#include "flopcast/calibration.h"

/* Never fails: what the system does not tell is "unknown" or 0. */
void fc_machine_describe(fc_machine *out);
/* The time now, UTC, ISO 8601, as a calibration has it. */
void fc_machine_stamp(char out[32]);
/* Processors this process may run on: the affinity mask, at least 1. */
uint32_t fc_machine_threads_count(void);
/* Processors of the machine that are online, whatever this process may use; at least 1. */
uint32_t fc_machine_processors_count(void);
/* The largest cache of processor 0, as reported; 32 MiB when the system does not tell. */
double fc_machine_cache_bytes(void);
/* The data cache of a level, 1 to 3, of processor 0, and how many processors share it; 0 when the system does not tell. */
double fc_machine_level_bytes(uint32_t level, uint32_t *out_sharing);
double fc_machine_clock_hz(void);

#endif
