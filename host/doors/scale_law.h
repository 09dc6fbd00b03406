/* scale_law.h: data/batch_laws.yaml: laws of the critical batch by name. */
#ifndef FLOPCAST_HOST_DOORS_SCALE_LAW_H
#define FLOPCAST_HOST_DOORS_SCALE_LAW_H

#include "catalog.h"
#include "flopcast/scale.h"

/* The law of that name, the file's default where `name` is NULL. An unknown name is FC_USAGE with the nearest one, a
 * broken file FC_BAD_INPUT at its place. */
fc_status fc_scale_law_read(fc_batch_law *out, const fc_catalog *catalog, const char *name, fc_error *error);

#endif
