/* calibration_state.h: clocks, power, temperature and slowdowns in a calibration file. */
#ifndef FLOPCAST_HOST_DOORS_CALIBRATION_STATE_H
#define FLOPCAST_HOST_DOORS_CALIBRATION_STATE_H

#include "../base/tree.h"
#include "flopcast/calibration.h"
#include "json_out.h"

/* Into device{}: the limits, and before{} during{} after{}; nothing of what was not told. */
void fc_calibration_write_states(fc_json_out *json, const fc_calibration *calibration);
/* slowdowns[] of names; nothing where there are none. */
void fc_calibration_write_slowdowns(fc_json_out *json, uint32_t slowdowns);

fc_status fc_calibration_read_states(fc_calibration *out, const fc_node *device, fc_error *error);
/* *out is 0 when the map has no list of them. */
fc_status fc_calibration_read_slowdowns(uint32_t *out, const fc_node *map, fc_error *error);

#endif
