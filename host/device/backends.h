/* backends.h: the built-in backends, for the list and for tests. */
#ifndef FLOPCAST_HOST_DEVICE_BACKENDS_H
#define FLOPCAST_HOST_DEVICE_BACKENDS_H

#include "flopcast/backend.h"

extern const fc_backend fc_backend_openblas;
extern const fc_backend fc_backend_null;
extern const fc_backend fc_backend_replay;

#endif
