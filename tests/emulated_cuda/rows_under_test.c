#include "rows_under_test.h"

#include "device/op_arrays.h"
#include "device/random.h"
#include "device/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ARRAYS 4

fc_sample rows_case(fc_memory_op op, fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_ELEMENTWISE;
    sample.memory_op = op;
    sample.dtype = dtype;
    sample.m = m;
    sample.n = n;
    sample.k = k;
    sample.batch = 1;
    return sample;
}

/* An array as the plug-in left it, and as the processor leaves it. */
typedef struct array_pair {
    void *found;
    float *wanted;
    size_t count;
} array_pair;

/* To the nearest number of dtype, ties to even: what the device's fill did with the random number. */
static float rounded(float value, fc_dtype dtype) {
    if (dtype == FC_DTYPE_FP32) {
        return value;
    }
    int digits = dtype == FC_DTYPE_FP16 ? 11 : 8;
    int least_exponent = dtype == FC_DTYPE_FP16 ? -13 : -125; /* of normal numbers, as frexp counts */
    int exponent = 0;
    (void)frexpf(value, &exponent);
    exponent = exponent < least_exponent ? least_exponent : exponent;
    return (float)ldexp(nearbyint(ldexp((double)value, digits - exponent)), exponent - digits);
}

/* The rounding of the result, and what the processor's own approximations may be off by (tests/unit/test_rows.c). */
static bool is_close(double found, double wanted, fc_dtype dtype) {
    double half_step = dtype == FC_DTYPE_FP32 ? 0.0 : (dtype == FC_DTYPE_FP16 ? 0x1p-11 : 0x1p-8);
    double most = half_step * fabs(wanted) + 2e-6 + 4e-6 * fabs(wanted);
    return fabs(found - wanted) <= most; /* a NaN is not */
}

static fc_status read_pair(array_pair *pair, const plugin_under_test *plugin, void *device, const fc_sample *sample,
                           uint32_t part, size_t count, fc_error *error) {
    size_t width = (size_t)fc_dtype_bytes((fc_dtype)sample->dtype);
    size_t offset = 0;
    pair->count = count;
    pair->found = calloc(count, width);
    /* The processor's vectors want 64 bytes. */
    pair->wanted = aligned_alloc(64, count * sizeof(float));
    if (pair->found == NULL || pair->wanted == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu values", count);
    }
    FC_TRY(plugin->peek(device, part, pair->found, count * width, &offset, error));
    for (size_t i = 0; i < count; i++) {
        pair->wanted[i] = rounded(fc_random_f32(PLUGIN_SEED, offset / width + i), (fc_dtype)sample->dtype);
    }
    return FC_OK;
}

/* What the processor makes of the same operands in call number `turn`. */
static void apply(array_pair *arrays, array_pair *table, const fc_sample *sample, size_t turn) {
    fc_row_function function = fc_row_function_of(sample->memory_op);
    size_t width = sample->n;
    for (size_t row = 0; row < sample->m; row++) {
        float *at[MOST_ARRAYS];
        for (size_t i = 0; i < MOST_ARRAYS; i++) {
            at[i] = arrays[i].wanted != NULL ? arrays[i].wanted + row * width : NULL;
        }
        if (table->wanted != NULL) {
            size_t entry = (size_t)(fc_random_bits(PLUGIN_SEED, turn * sample->m + row) % sample->k);
            float *of_table = table->wanted + entry * width;
            bool gathers = sample->memory_op == FC_MEMORY_OP_GATHER;
            at[1] = gathers ? at[0] : of_table;
            at[0] = gathers ? of_table : at[0];
        }
        fc_row one = {at[0], at[1], at[2], at[3]};
        function(&one, width / FC_ELEMENTWISE_LANES);
    }
}

static uint64_t compare(const array_pair *pair, fc_dtype dtype) {
    uint64_t wrong = 0;
    for (size_t i = 0; i < pair->count; i++) {
        wrong += is_close(plugin_number(pair->found, dtype, i), (double)pair->wanted[i], dtype) ? 0U : 1U;
    }
    return wrong;
}

fc_status rows_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, fc_sample *sample,
                           uint32_t calls, fc_error *error) {
    fc_op_arrays arrays = fc_op_arrays_of(sample->memory_op);
    array_pair pairs[MOST_ARRAYS + 1];
    memset(pairs, 0, sizeof pairs);
    double seconds = 0.0;
    fc_status status = plugin->table->prepare(device, sample, error);
    status = status == FC_OK ? plugin->table->run(device, calls, &seconds, error) : status;
    for (uint32_t i = 0; i < fc_op_filled(arrays) + arrays.written && status == FC_OK; i++) {
        status = read_pair(&pairs[i], plugin, device, sample, i, (size_t)sample->m * sample->n, error);
    }
    array_pair *table = &pairs[MOST_ARRAYS];
    if (arrays.table > 0 && status == FC_OK) {
        size_t count = (size_t)sample->k * sample->n;
        status = read_pair(table, plugin, device, sample, FC_CUDA_PART_TABLE, count, error);
    }
    if (status == FC_OK) {
        *out = 0;
        apply(pairs, table, sample, calls - 1);
        for (size_t i = 0; i <= MOST_ARRAYS; i++) {
            *out += pairs[i].found != NULL ? compare(&pairs[i], (fc_dtype)sample->dtype) : 0;
        }
    }
    for (size_t i = 0; i <= MOST_ARRAYS; i++) {
        free(pairs[i].found);
        free(pairs[i].wanted);
    }
    return status;
}
