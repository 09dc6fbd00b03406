/* rows.h: the arithmetic of elementwise operations on one row of fp32, one function an operation.
 *
 * Rows start on a cache line and hold whole vectors. All functions have one shape, so that a table holds them.
 */
#ifndef FLOPCAST_HOST_DEVICE_ROWS_H
#define FLOPCAST_HOST_DEVICE_ROWS_H

#include <stddef.h>

/* Up to four arrays; which of them is written is said at each function of rows.c. */
typedef struct fc_row {
    float *a;
    float *b;
    float *c;
    float *d;
} fc_row;

typedef void (*fc_row_function)(const fc_row *row, size_t vectors_count);

/* The function of an elementwise fc_memory_op for this processor. A gather copies a to b, a scatter-add adds a to b. */
fc_row_function fc_row_function_of(unsigned op);

#endif
