/* null.c: a perfect device that does not exist: time is work over a fixed rate, to the last bit the same every time.
 *
 * It tells what the timing loop, the fit and the file do to a measurement whose truth is known.
 */
#include "backends.h"

#include "../base/text.h"
#include "op_arrays.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Invented round numbers, so that nobody takes them for a product. */
#define NULL_FP64_FLOP_PER_S 1e12
#define NULL_BYTES_PER_S 1e12
#define NULL_LAUNCH_S 1e-6
#define NULL_MEMORY_BYTES 64e9
#define NULL_ARRAY_BYTES 1e9

/* Each narrower format doubles the rate, as on most accelerators. */
static const double rate_factor[FC_DTYPE_COUNT] = {
    [FC_DTYPE_FP64] = 1.0,   [FC_DTYPE_FP32] = 2.0,   [FC_DTYPE_TF32] = 4.0,
    [FC_DTYPE_FP16] = 8.0,   [FC_DTYPE_BF16] = 8.0,   [FC_DTYPE_FP8] = 16.0,
    [FC_DTYPE_MXFP8] = 16.0, [FC_DTYPE_NVFP4] = 32.0, [FC_DTYPE_INT8] = 16.0};

typedef struct null_device {
    double call_s; /* of the prepared case */
} null_device;

static fc_status null_open(void **out, const fc_backend_options *options, fc_error *error) {
    (void)options;
    *out = calloc(1, sizeof(null_device));
    return *out != NULL ? FC_OK : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the null device");
}

static fc_status null_info(void *opened, fc_device_info *out, fc_error *error) {
    (void)opened;
    (void)error;
    memset(out, 0, sizeof *out);
    fc_text_copy(out->backend, sizeof out->backend, fc_backend_null.name);
    fc_text_copy(out->name, sizeof out->name, "null device (computed, not real hardware)");
    fc_text_copy(out->library, sizeof out->library, "none");
    fc_text_copy(out->driver, sizeof out->driver, "none");
    out->threads = 1;
    out->cores_count = 1.0;
    out->memory_bytes = NULL_MEMORY_BYTES;
    out->emulated = 1;
    return FC_OK;
}

/* Passes over an array of NULL_ARRAY_BYTES; 0: no such op. */
static double memory_passes(uint32_t op) {
    static const double passes[FC_MEMORY_OP_COUNT] = {[FC_MEMORY_OP_READ] = 1.0,
                                                      [FC_MEMORY_OP_WRITE] = 1.0,
                                                      [FC_MEMORY_OP_FIRST_TOUCH] = 1.0,
                                                      [FC_MEMORY_OP_COPY] = 2.0,
                                                      [FC_MEMORY_OP_TRIAD] = 3.0};
    return op < FC_MEMORY_OP_COUNT ? passes[op] : 0.0;
}

static fc_status prepare_bytes(null_device *device, fc_sample *sample, fc_error *error) {
    bool is_memory = sample->kind == FC_SAMPLE_MEMORY;
    double passes = is_memory ? memory_passes(sample->memory_op) : fc_op_passes(fc_op_arrays_of(sample->memory_op));
    double array_bytes = is_memory ? NULL_ARRAY_BYTES : sizeof(float) * (double)sample->m * (double)sample->n;
    if (!(passes * array_bytes > 0.0) || sample->level > 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the null device has no such %s case, and no caches",
                            is_memory ? "memory" : "elementwise");
    }
    sample->bytes = passes * array_bytes;
    device->call_s = NULL_LAUNCH_S + sample->bytes / NULL_BYTES_PER_S;
    return FC_OK;
}

/* A matmul, or its arithmetic alone. */
static fc_status prepare_flop(null_device *device, fc_sample *sample, fc_error *error) {
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    bool is_matmul = sample->kind == FC_SAMPLE_MATMUL;
    sample->batch = is_matmul ? sample->batch : sample->threads;
    double batch = sample->batch;
    if (sample->dtype >= FC_DTYPE_COUNT || !(m * n * k * batch > 0.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a matmul needs a dtype, and m, n, k and batch of 1 or more");
    }
    double compute_s = 2.0 * batch * m * n * k / (NULL_FP64_FLOP_PER_S * rate_factor[sample->dtype]);
    if (!is_matmul) {
        device->call_s = compute_s;
        return FC_OK;
    }
    sample->bytes = fc_dtype_bytes((fc_dtype)sample->dtype) * batch * (m * k + n * k + m * n);
    double memory_s = sample->bytes / NULL_BYTES_PER_S;
    device->call_s = NULL_LAUNCH_S + (compute_s > memory_s ? compute_s : memory_s);
    return FC_OK;
}

static fc_status null_prepare(void *opened, fc_sample *sample, fc_error *error) {
    null_device *device = opened;
    sample->threads = 1;
    sample->residency = FC_RESIDENCY_MEMORY;
    switch (sample->kind) {
    case FC_SAMPLE_LAUNCH:
        device->call_s = NULL_LAUNCH_S;
        return FC_OK;
    case FC_SAMPLE_MEMORY:
    case FC_SAMPLE_ELEMENTWISE:
        return prepare_bytes(device, sample, error);
    case FC_SAMPLE_MATMUL:
    case FC_SAMPLE_CEILING:
        return prepare_flop(device, sample, error);
    default:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the null device has no case of kind %u", sample->kind);
    }
}

static fc_status null_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    (void)error;
    const null_device *device = opened;
    *out_seconds = (double)calls * device->call_s;
    return FC_OK;
}

static void null_close(void *opened) { free(opened); }

const fc_backend fc_backend_null = {.abi = FC_BACKEND_ABI,
                                    .name = "null",
                                    .open = null_open,
                                    .info = null_info,
                                    .prepare = null_prepare,
                                    .run = null_run,
                                    .close = null_close};
