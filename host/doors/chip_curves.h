/* chip_curves.h: gives a chip the measured curves of its kernels, from data/calibrations. */
#ifndef FLOPCAST_HOST_DOORS_CHIP_CURVES_H
#define FLOPCAST_HOST_DOORS_CHIP_CURVES_H

#include "catalog.h"
#include "flopcast/chip.h"

/* The curves of chip `name`, or of the chip that `like` names (NULL: none) where it has no file of its own. They are
 * scaled by the sheet of `out` over the sheet of their owner: arithmetic by the dense rate of each dtype, memory by its
 * bandwidth, collectives by scale-up bandwidth. A chip without any keeps cores_count 0 everywhere. */
fc_status fc_chip_curves_attach(fc_chip *out, const fc_catalog *catalog, const char *name, const char *like,
                                fc_error *error);

#endif
