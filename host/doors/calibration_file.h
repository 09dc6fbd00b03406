/* calibration_file.h: the calibration file of the contract, both ways. A file may come from any machine or harness. */
#ifndef FLOPCAST_HOST_DOORS_CALIBRATION_FILE_H
#define FLOPCAST_HOST_DOORS_CALIBRATION_FILE_H

#include "../base/text.h"
#include "../base/tree.h"
#include "flopcast/base.h"
#include "flopcast/calibration.h"

/* Reads and checks a file; samples lie in the arena. A fit that the file lacks is made from its samples. */
fc_status fc_calibration_read(fc_calibration *out, fc_arena *arena, const char *path, fc_error *error);
/* The same from a tree that is already parsed. */
fc_status fc_calibration_from_tree(fc_calibration *out, fc_arena *arena, const fc_node *root, fc_error *error);

/* Adds the JSON text. FC_FAILED when a number is not finite or memory ran out. */
fc_status fc_calibration_write_json(fc_text *text, const fc_calibration *calibration, fc_error *error);
/* Adds the samples as CSV, one row each, columns named as in the JSON. */
fc_status fc_calibration_write_csv(fc_text *text, const fc_calibration *calibration, fc_error *error);

#endif
