/* sheet.h: what a chip of the catalogue has by its vendor's sheet, and which chip a device is by its driver's name. */
#ifndef FLOPCAST_HOST_DOORS_SHEET_H
#define FLOPCAST_HOST_DOORS_SHEET_H

#include "catalog.h"
#include "flopcast/calibration.h"

#include "../base/units.h"

/* A rate or size of a chip's file in SI units, the middle of a range; 0 when the file does not have it. */
fc_status fc_sheet_value(double *out, const fc_node *chip, const char *key, fc_unit unit, fc_error *error);

/* The chip whose `device_names` has the name of the device, letter by letter but for case and runs of blanks, with its
 * rates. Where several chips have the name, the one whose memory is within a tenth of the device's. No chip, or several:
 * `out->chip` is empty and `out->reason` says why; an emulated device has no sheet in any case. Errors are those of a
 * catalogue that cannot be read. */
fc_status fc_sheet_of_device(fc_device_sheet *out, const fc_catalog *catalog, const fc_device_info *device,
                             fc_error *error);

#endif
