#include "plugin_under_test.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATRICES (FC_CUDA_PART_OUT + 1)

fc_status plugin_load(plugin_under_test *out, const char *folder, fc_error *error) {
    memset(out, 0, sizeof *out);
    FC_TRY(fc_backend_load(&out->table, "cuda", folder, error));
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/flopcast-cuda.so", folder);
    out->library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (out->library == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "the plug-in was loaded and is not there");
    }
    plugin_find(out, FC_CUDA_PEEK_SYMBOL, &out->peek);
    return FC_OK;
}

int plugin_usable(plugin_under_test *out, bool is_real, const char *folder) {
    fc_error error = {.status = FC_OK};
    fc_backend_options options = {.seed = PLUGIN_SEED};
    void *device = NULL;
    if (plugin_load(out, folder, &error) == FC_OK && out->table->open(&device, &options, &error) == FC_OK) {
        out->table->close(device);
        return 0;
    }
    (void)fprintf(stderr, "%s: %s\n", is_real ? "skipped" : "failed", error.text);
    return is_real ? 77 : 1;
}

void plugin_find(const plugin_under_test *plugin, const char *name, void *out_function) {
    void *found = dlsym(plugin->library, name);
    if (found == NULL) {
        (void)fprintf(stderr, "the plug-in does not export %s\n", name);
        abort();
    }
    memcpy(out_function, &found, sizeof found); /* C has no cast from data to function */
}

fc_sample plugin_matmul(fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k, uint32_t batch) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_MATMUL;
    sample.dtype = dtype;
    sample.m = m;
    sample.n = n;
    sample.k = k;
    sample.batch = batch;
    return sample;
}

static double small_number(uint32_t bits, int exponent_bits, int fraction_bits) {
    int top = (1 << exponent_bits) - 1;
    int exponent = (int)(bits >> fraction_bits) & top;
    double fraction = ldexp((double)(bits & ((1U << fraction_bits) - 1U)), -fraction_bits);
    double size = exponent == 0 ? ldexp(fraction, 1 - top / 2) : ldexp(1.0 + fraction, exponent - top / 2);
    /* The largest exponent: infinities and NaN, but for e4m3 its last value alone. */
    bool is_none = exponent == top && (fraction_bits > 3 || (bits & 7U) == 7U);
    size = is_none ? (double)NAN : size;
    return (bits >> (exponent_bits + fraction_bits) & 1U) != 0 ? -size : size;
}

double plugin_number(const void *bytes, fc_dtype dtype, size_t index) {
    double f64 = 0.0;
    float f32 = 0.0F;
    uint16_t f16 = 0;
    switch (dtype) {
    case FC_DTYPE_FP64:
        memcpy(&f64, (const char *)bytes + index * sizeof f64, sizeof f64);
        return f64;
    case FC_DTYPE_FP32:
    case FC_DTYPE_TF32:
        memcpy(&f32, (const char *)bytes + index * sizeof f32, sizeof f32);
        return (double)f32;
    case FC_DTYPE_FP16:
    case FC_DTYPE_BF16:
        memcpy(&f16, (const char *)bytes + index * sizeof f16, sizeof f16);
        return dtype == FC_DTYPE_FP16 ? small_number(f16, 5, 10) : small_number(f16, 8, 7);
    default:
        return small_number(((const uint8_t *)bytes)[index], 4, 3);
    }
}

/* What rounding may do: of the result, and of a sum of products, as shares of the result and of the sum of sizes. */
static void tolerances(fc_dtype dtype, double *result_frac, double *sum_frac) {
    *result_frac = 0x1p-23;
    *sum_frac = 0x1p-20;
    if (dtype == FC_DTYPE_FP64) {
        *result_frac = 0x1p-52;
        *sum_frac = 0x1p-49;
    } else if (dtype == FC_DTYPE_TF32) {
        *sum_frac = 0x1p-9; /* 10 bits of fraction, cut rather than rounded on some chips */
    } else if (dtype == FC_DTYPE_FP16) {
        *result_frac = 0x1p-10;
    } else if (dtype == FC_DTYPE_BF16) {
        *result_frac = 0x1p-7;
    } else if (dtype == FC_DTYPE_FP8) {
        *result_frac = 0x1p-7;
        *sum_frac = 0x1p-9; /* the fast sum keeps about 13 bits */
    }
}

/* Element (row, k) of a batch's left operand, and (k, column) of its right one, as the layout has them in memory. */
static size_t left_index(const fc_sample *sample, size_t batch, size_t row, size_t k) {
    size_t at = sample->layout == FC_LAYOUT_TN ? k * sample->m + row : row * sample->k + k;
    return batch * sample->m * sample->k + at;
}

static size_t right_index(const fc_sample *sample, size_t batch, size_t k, size_t column) {
    size_t at = sample->layout == FC_LAYOUT_NT ? column * sample->k + k : k * sample->n + column;
    return batch * sample->n * sample->k + at;
}

static uint64_t count_wrong(const fc_sample *sample, const void *a, const void *weights, const void *out) {
    fc_dtype in_dtype = (fc_dtype)sample->dtype;
    fc_dtype out_dtype = in_dtype == FC_DTYPE_FP8 ? FC_DTYPE_BF16 : in_dtype;
    double result_frac = 0.0;
    double sum_frac = 0.0;
    tolerances(in_dtype, &result_frac, &sum_frac);
    uint64_t wrong = 0;
    for (size_t row = 0; row < (size_t)sample->batch * sample->m; row++) {
        size_t batch = row / sample->m;
        for (size_t column = 0; column < sample->n; column++) {
            double sum = 0.0;
            double sizes = 0.0;
            for (size_t k = 0; k < sample->k; k++) {
                double term = plugin_number(a, in_dtype, left_index(sample, batch, row % sample->m, k)) *
                              plugin_number(weights, in_dtype, right_index(sample, batch, k, column));
                sum += term;
                sizes += fabs(term);
            }
            double found = plugin_number(out, out_dtype, row * sample->n + column);
            wrong += fabs(found - sum) <= result_frac * fabs(sum) + sum_frac * sizes ? 0U : 1U; /* a NaN is wrong */
        }
    }
    return wrong;
}

fc_status plugin_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, const fc_sample *sample,
                             fc_error *error) {
    size_t width = (size_t)fc_dtype_bytes((fc_dtype)sample->dtype);
    size_t out_width = sample->dtype == FC_DTYPE_FP8 ? 2 : width;
    const size_t bytes[MATRICES] = {(size_t)sample->batch * sample->m * sample->k * width,
                                    (size_t)sample->batch * sample->n * sample->k * width,
                                    (size_t)sample->batch * sample->m * sample->n * out_width};
    void *parts[MATRICES] = {NULL, NULL, NULL};
    fc_status status = FC_OK;
    for (uint32_t part = 0; part < MATRICES && status == FC_OK; part++) {
        size_t offset = 0;
        parts[part] = malloc(bytes[part]);
        status = parts[part] != NULL ? plugin->peek(device, part, parts[part], bytes[part], &offset, error) : FC_FAILED;
    }
    if (status == FC_OK) {
        *out = count_wrong(sample, parts[0], parts[1], parts[2]);
    }
    for (uint32_t part = 0; part < MATRICES; part++) {
        free(parts[part]);
    }
    return status;
}
