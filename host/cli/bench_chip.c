#include "bench_chip.h"

#include "../doors/kernel_file.h"
#include "../doors/sheet.h"

#include <stdio.h>
#include <string.h>

fc_status fc_bench_chip_find(fc_bench_chip *out, const fc_context *context, const fc_device_info *device,
                             fc_error *error) {
    fc_catalog catalog;
    fc_error reason = {.status = FC_OK};
    memset(out, 0, sizeof *out);
    fc_status status = fc_catalog_open(&catalog, context->arena, context->data_folder, &reason);
    if (status != FC_OK && context->data_folder != NULL) {
        return fc_error_set(error, status, reason.source, 0, 0, "%.900s", reason.text);
    }
    if (status != FC_OK) {
        (void)snprintf(out->sheet.reason, sizeof out->sheet.reason, "%.200s", reason.text);
        return FC_OK;
    }
    FC_TRY(fc_sheet_of_device(&out->sheet, &catalog, device, error));
    /* Only a GPU is fitted with them, and reading them all takes longer than looking. */
    return strcmp(device->backend, "cuda") == 0 ? fc_kernel_file_read_all(&out->sets, &out->sets_count, &catalog, error)
                                                : FC_OK;
}

fc_status fc_bench_chip_use(fc_calibration *calibration, const fc_bench_chip *chip, const fc_device_info *device,
                            fc_arena *arena, fc_error *error) {
    const char *same_chip = chip->sheet.chip[0] != '\0' ? chip->sheet.chip : NULL;
    calibration->sheet = chip->sheet;
    return fc_calibration_fit_kernels(&calibration->fit, device, calibration->samples, calibration->samples_count,
                                      chip->sets, chip->sets_count, same_chip, arena, error);
}
