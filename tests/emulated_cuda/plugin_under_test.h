/* plugin_under_test.h: a CUDA plug-in, real or emulated, and its results checked number by number. */
#ifndef FLOPCAST_TESTS_PLUGIN_UNDER_TEST_H
#define FLOPCAST_TESTS_PLUGIN_UNDER_TEST_H

#include "flopcast/backend.h"
#include "kernels/peek.h"

#include <stdbool.h>

#define PLUGIN_SEED 11

typedef struct plugin_under_test {
    const fc_backend *table;
    fc_cuda_peek_function *peek;
    void *library; /* to look further names up */
} plugin_under_test;

fc_status plugin_load(plugin_under_test *out, const char *folder, fc_error *error);
/* The plug-in loaded and its device tried: 0, or the exit code of the test, with one line for ctest's log: a real device
 * that is not there is skipped. */
int plugin_usable(plugin_under_test *out, bool is_real, const char *folder);
/* A function that the plug-in exports; the test fails where it does not. */
void plugin_find(const plugin_under_test *plugin, const char *name, void *out_function);

fc_sample plugin_matmul(fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k, uint32_t batch);
/* Number `index` of an array of dtype, made from its bits without the plug-in's own conversions. */
double plugin_number(const void *bytes, fc_dtype dtype, size_t index);
/* Elements of the last result that are not out = a · weightsᵀ of the operands read back, up to rounding. */
fc_status plugin_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, const fc_sample *sample,
                             fc_error *error);

#endif
