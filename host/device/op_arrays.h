/* op_arrays.h: which arrays an elementwise operation goes through: the same for processor and graphics card, so that
 * their bytes and their fits mean the same. */
#ifndef FLOPCAST_HOST_DEVICE_OP_ARRAYS_H
#define FLOPCAST_HOST_DEVICE_OP_ARRAYS_H

#include "flopcast/calibration.h"

/* The width of a row (n) is a multiple of it. */
#define FC_ELEMENTWISE_LANES 16

/* Arrays of m rows of n that an op reads only, writes only, and changes in place; a table counts as none. What is
 * changed in place is read and written, which is two passes. */
typedef struct fc_op_arrays {
    uint8_t read;
    uint8_t written;
    uint8_t changed;
    uint8_t table; /* 1: gather's, read; 2: scatter-add's, read and written */
} fc_op_arrays;

static inline fc_op_arrays fc_op_arrays_of(uint32_t op) {
    fc_op_arrays arrays = {0, 0, 0, 0};
    switch (op) {
    case FC_MEMORY_OP_LAYER_NORM:
    case FC_MEMORY_OP_RMS_NORM:
    case FC_MEMORY_OP_SOFTMAX:
    case FC_MEMORY_OP_GELU:
        arrays.read = 1;
        arrays.written = 1;
        break;
    case FC_MEMORY_OP_SWIGLU:
    case FC_MEMORY_OP_RESIDUAL_ADD:
        arrays.read = 2;
        arrays.written = 1;
        break;
    case FC_MEMORY_OP_GATHER:
        arrays.written = 1;
        arrays.table = 1;
        break;
    case FC_MEMORY_OP_ADAM:
        arrays.read = 1;
        arrays.changed = 3;
        break;
    case FC_MEMORY_OP_SCATTER_ADD:
        arrays.read = 1;
        arrays.table = 2;
        break;
    default:
        break;
    }
    return arrays;
}

/* Arrays that hold random numbers when the case begins. */
static inline uint32_t fc_op_filled(fc_op_arrays arrays) { return (uint32_t)arrays.read + arrays.changed; }

/* How often m rows of n are read or written in one call, as STREAM counts. */
static inline uint32_t fc_op_passes(fc_op_arrays arrays) {
    return (uint32_t)arrays.read + arrays.written + 2U * arrays.changed + arrays.table;
}

#endif
