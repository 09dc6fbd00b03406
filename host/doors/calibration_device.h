/* calibration_device.h: what a calibration file keeps of the device beside its samples: the sheet of the catalogue chip that
 * it is, and the kernel curves fitted to a GPU. Both are keys that a file may lack. */
#ifndef FLOPCAST_HOST_DOORS_CALIBRATION_DEVICE_H
#define FLOPCAST_HOST_DOORS_CALIBRATION_DEVICE_H

#include "../base/tree.h"
#include "flopcast/calibration.h"
#include "json_out.h"

/* `sheet` of the root; nothing where the device is no chip of the catalogue. */
void fc_calibration_write_sheet(fc_json_out *json, const fc_device_sheet *sheet);
fc_status fc_calibration_read_sheet(fc_device_sheet *out, const fc_node *node, fc_error *error);

/* `kernels` of the fit; nothing where there are none. */
void fc_calibration_write_kernels(fc_json_out *json, const fc_fit *fit);
fc_status fc_calibration_read_kernels(fc_fit *out, const fc_node *list, fc_error *error);

#endif
