/* exchange_under_test.h: collectives of a CUDA plug-in, checked number by number. */
#ifndef FLOPCAST_TESTS_EXCHANGE_UNDER_TEST_H
#define FLOPCAST_TESTS_EXCHANGE_UNDER_TEST_H

#include "plugin_under_test.h"

/* ranks 0: all that are there. */
fc_sample exchange_case(fc_collective_op op, uint32_t ranks, double bytes);
/* Prepares the case, runs it, and counts the numbers that a rank received and that the ranks' operands, made again here,
 * do not give. */
fc_status exchange_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, fc_sample *sample,
                               fc_error *error);

#endif
