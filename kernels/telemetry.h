/* telemetry.h: what the driver tells of a card: clocks, power, temperature, slowdowns. By NVML, which comes with the
 * driver and is opened at run time through prototypes of our own, since its header is not everywhere. */
#ifndef FLOPCAST_KERNELS_TELEMETRY_H
#define FLOPCAST_KERNELS_TELEMETRY_H

#include "flopcast/calibration.h"

typedef struct nvmlDevice_st *fc_nvml_device;

/* Functions that the library lacks are NULL: what they tell is unknown, as is all without a library. 0 is success. */
typedef struct cuda_telemetry {
    void *library;
    fc_nvml_device device; /* NULL: nothing can be asked */
    int (*shutdown)(void);
    int (*driver_version)(char *out, unsigned size);
    int (*clock_mhz)(fc_nvml_device device, int clock, unsigned *out);
    int (*max_clock_mhz)(fc_nvml_device device, int clock, unsigned *out);
    int (*power_mw)(fc_nvml_device device, unsigned *out);
    int (*power_limit_mw)(fc_nvml_device device, unsigned *out);
    int (*temperature_c)(fc_nvml_device device, int sensor, unsigned *out);
    int (*slowdowns)(fc_nvml_device device, unsigned long long *out);
} cuda_telemetry;

/* The card with this PCI address, "0000:1a:00.0"; numbers of devices differ between CUDA and NVML. Never fails: what is
 * not there is not told. */
void fc_telemetry_open(cuda_telemetry *out, const char *bus_address);
void fc_telemetry_close(cuda_telemetry *telemetry);
/* Limits and the present state, and the driver's version behind what `driver` holds. */
void fc_telemetry_describe(const cuda_telemetry *telemetry, fc_device_info *out);
void fc_telemetry_state(const cuda_telemetry *telemetry, fc_device_state *out);
/* The slowdowns alone, which are quick to ask. */
void fc_telemetry_slowdowns(const cuda_telemetry *telemetry, fc_device_state *out);

#endif
