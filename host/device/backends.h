/* backends.h: the built-in backends, for the list and for tests. */
#ifndef FLOPCAST_HOST_DEVICE_BACKENDS_H
#define FLOPCAST_HOST_DEVICE_BACKENDS_H

#include "flopcast/backend.h"

extern const fc_backend fc_backend_openblas;
extern const fc_backend fc_backend_null;
extern const fc_backend fc_backend_replay;

/* The kernel set that OpenBLAS has for this processor but did not choose, to be named in the variable
 * OPENBLAS_CORETYPE before the program starts; NULL when its choice is sound. */
const char *fc_openblas_better_kernel(void);

#endif
