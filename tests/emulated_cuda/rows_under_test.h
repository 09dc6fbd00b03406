/* rows_under_test.h: the elementwise cases of a CUDA plug-in beside the processor's. */
#ifndef FLOPCAST_TESTS_ROWS_UNDER_TEST_H
#define FLOPCAST_TESTS_ROWS_UNDER_TEST_H

#include "plugin_under_test.h"

/* m rows of n, and a table of k where the operation has one. */
fc_sample rows_case(fc_memory_op op, fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k);
/* Prepares the case, runs it `calls` times, and counts the elements of all arrays, and of the table, that the processor's
 * rows do not leave in the last call from the same operands, up to rounding. */
fc_status rows_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, fc_sample *sample,
                           uint32_t calls, fc_error *error);

#endif
