/* bench_chip.h: what the catalogue knows of the device that is measured: its sheet, and the curves of chips like it. */
#ifndef FLOPCAST_HOST_CLI_BENCH_CHIP_H
#define FLOPCAST_HOST_CLI_BENCH_CHIP_H

#include "cmd.h"
#include "flopcast/calibration.h"

typedef struct fc_bench_chip {
    fc_device_sheet sheet;
    const fc_kernel_set *const *sets;
    size_t sets_count;
} fc_bench_chip;

/* Looks the device up by its name. A catalogue that is not there is told in sheet.reason and no error, unless --data named
 * it; one that cannot be read is an error. */
fc_status fc_bench_chip_find(fc_bench_chip *out, const fc_context *context, const fc_device_info *device,
                             fc_error *error);
/* Stores the sheet, and fits the kernel curves where `device` is a GPU. */
fc_status fc_bench_chip_use(fc_calibration *calibration, const fc_bench_chip *chip, const fc_device_info *device,
                            fc_arena *arena, fc_error *error);

#endif
