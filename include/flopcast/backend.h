/* backend.h: a device that can be timed. Five slots, seconds out, no vendor type.
 *
 * A backend is one static table. The timing loop (measure.h) owns repetition, statistics and the budget; a backend only
 * says how long one batch of calls took.
 */
#ifndef FLOPCAST_BACKEND_H
#define FLOPCAST_BACKEND_H

#include "base.h"
#include "calibration.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a slot's meaning changes; a plug-in of another number is refused. */
#define FC_BACKEND_ABI 3

typedef struct fc_backend_options {
    uint32_t threads;             /* 0: all that this process may use */
    uint32_t device_index;        /* which GPU */
    uint64_t seed;                /* of the operands */
    uint64_t most_bytes;          /* of operands at a time, a wish: touching memory first takes time; 0: none */
    const fc_calibration *replay; /* what `replay` answers from, borrowed while the device is open; else NULL */
} fc_backend_options;

typedef struct fc_backend {
    uint32_t abi;     /* FC_BACKEND_ABI */
    const char *name; /* lower case */
    /* Opens the device; *out is freed by close. FC_FAILED with a sentence when there is no such device or driver. */
    fc_status (*open)(void **out, const fc_backend_options *options, fc_error *error);
    fc_status (*info)(void *device, fc_device_info *out, fc_error *error);
    /* Allocates and fills (random numbers, never zeros) the operands of `sample`'s case, and sets its bytes, threads and
     * residency. Of a kind other than matmul, `threads` comes in as the number wanted, 0 for all, and `level` as the cache
     * that is to hold a memory case, 0 for memory, or `m` as the KiB of its arrays together. A collective comes in with its
     * op, `bytes`, and `ranks`, 0 for all; they come back as what is run. FC_BAD_INPUT when the device does not have the kind or dtype: the caller skips it and says so.
     * FC_OVER_LIMIT when it does not fit. */
    fc_status (*prepare)(void *device, fc_sample *sample, fc_error *error);
    /* Runs the prepared case `calls` times back to back and gives the seconds of all of them together. */
    fc_status (*run)(void *device, uint32_t calls, double *out_seconds, fc_error *error);
    void (*close)(void *device);
} fc_backend;

/* The built-in tables: "openblas", "null", "replay". NULL if the name is not one of them. */
const fc_backend *fc_backend_find(const char *name);
/* Name number `index` of the built-in list, NULL past the end. */
const char *fc_backend_name(uint32_t index);
/* Opens the plug-in flopcast-<name>.so from `folder` (NULL: beside the program, then the library folder). The table
 * stays valid until the process ends. FC_FAILED with a sentence when it is not there or of another ABI. */
fc_status fc_backend_load(const fc_backend **out, const char *name, const char *folder, fc_error *error);

/* What a plug-in exports under this name. */
#define FC_BACKEND_SYMBOL "fc_backend_table"

#ifdef __cplusplus
}
#endif
#endif
