/* openblas.c: this machine's processor: OpenBLAS matmul in fp32 and fp64, and beside it what the processor can do at
 * most (fma.h, streams.h) and the operations that are no matmul (elementwise.h).
 *
 * Operands are cold: every call takes the next of several equal sets that together pass the last-level cache, since
 * in training the weights of a layer have been evicted by the time the layer runs again.
 */
#include "backends.h"
#include "elementwise.h"
#include "flopcast/measure.h"
#include "fma.h"
#include "machine.h"
#include "pin.h"
#include "pool.h"
#include "streams.h"
#include "workers.h"

#include "../base/text.h"

#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct openblas {
    uint32_t threads;
    double cache_bytes;
    fc_pin_list processors;
    uint32_t others_count; /* threads that OpenBLAS keeps, the caller's not counted */
    bool pinned;           /* they are */
    fc_pool pool;
    fc_sample sample; /* prepared case */
    size_t a_bytes;   /* one matrix, rounded up to cache lines */
    size_t b_bytes;
    size_t c_bytes;
    size_t sets_count;
    size_t next_set;
    fc_streams_case streams;
    fc_elementwise_case elementwise;
} openblas;

static fc_status openblas_open(void **out, const fc_backend_options *options, fc_error *error) {
    openblas *device = calloc(1, sizeof *device);
    if (device == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the OpenBLAS device");
    }
    uint32_t threads = options->threads != 0 ? options->threads : fc_machine_threads_count();
    uint32_t loaded = (uint32_t)openblas_get_num_threads(); /* as many as the library began with, or was last set to */
    openblas_set_num_threads((int)threads);
    if (threads > FC_WORKERS_MOST || openblas_get_num_threads() != (int)threads) {
        fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u threads: this OpenBLAS runs 1 to %d here", threads,
                     openblas_get_num_threads());
        free(device);
        return FC_BAD_INPUT;
    }
    device->threads = threads;
    device->cache_bytes = fc_machine_cache_bytes();
    device->pool = fc_pool_start(threads, options->seed, options->most_bytes);
    fc_pin_list_here(&device->processors);
    device->others_count = (loaded > threads ? loaded : threads) - 1;
    device->pinned = fc_pin_others(&device->processors, device->others_count, false);
    *out = device;
    return FC_OK;
}

static fc_status openblas_info(void *opened, fc_device_info *out, fc_error *error) {
    (void)error; /* what the system does not tell stays unknown */
    const openblas *device = opened;
    fc_machine machine;
    fc_machine_describe(&machine);
    memset(out, 0, sizeof *out);
    fc_text_copy(out->backend, sizeof out->backend, fc_backend_openblas.name);
    fc_text_copy(out->name, sizeof out->name, machine.cpu);
    /* The configuration starts with the name and version; the rest is build options. */
    const char *config = openblas_get_config();
    const char *space = strchr(config, ' ');
    size_t name_length = space != NULL ? strcspn(space + 1, " ") + (size_t)(space - config) + 1 : strlen(config);
    snprintf(out->library, sizeof out->library, "%.*s, kernel %.60s", (int)(name_length < 120 ? name_length : 120),
             config, openblas_get_corename());
    fc_text_copy(out->driver, sizeof out->driver, machine.kernel);
    out->threads = device->threads;
    out->cores_count = machine.cores_count;
    out->memory_bytes = machine.memory_bytes;
    out->clock_hz = fc_machine_clock_hz();
    out->pinned = device->pinned;
    return FC_OK;
}

static fc_status prepare_matmul(openblas *device, fc_sample *sample, fc_error *error) {
    if (sample->dtype != FC_DTYPE_FP32 && sample->dtype != FC_DTYPE_FP64) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "OpenBLAS multiplies fp32 and fp64, not %s",
                            sample->dtype < FC_DTYPE_COUNT ? fc_dtype_name((fc_dtype)sample->dtype) : "this dtype");
    }
    double width = fc_dtype_bytes((fc_dtype)sample->dtype);
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    double batch = sample->batch;
    double set_bytes = width * batch * (m * k + n * k + m * n);
    if (!(set_bytes > 0.0) || set_bytes + 3.0 * FC_LINE_BYTES > (double)device->pool.size_bytes) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                            "a matmul of %u x %u x %u in batches of %u takes %.4g bytes; 1 to %zu fit", sample->m,
                            sample->n, sample->k, sample->batch, set_bytes, device->pool.size_bytes);
    }
    device->a_bytes = fc_pool_whole_lines(width * batch * m * k);
    device->b_bytes = fc_pool_whole_lines(width * batch * n * k);
    device->c_bytes = fc_pool_whole_lines(width * batch * m * n);
    size_t one_set = device->a_bytes + device->b_bytes + device->c_bytes;
    size_t room = device->pool.size_bytes / one_set;
    size_t wanted = (size_t)(2.0 * device->cache_bytes / (double)one_set) + 1;
    device->sets_count = wanted < room ? wanted : room;
    device->next_set = 0;
    FC_TRY(fc_pool_fill(&device->pool, device->sets_count * (device->a_bytes + device->b_bytes), sample->dtype, error));
    fc_pool_overwrite(&device->pool, device->pool.size_bytes - device->sets_count * device->c_bytes);
    sample->bytes = set_bytes;
    bool cold = (double)(device->sets_count * one_set) > device->cache_bytes;
    sample->residency = cold ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

static fc_status prepare_launch(const openblas *device, fc_sample *sample, fc_error *error) {
    if (sample->memory_op == FC_MEMORY_OP_WAKE && device->threads > 1) {
        sample->threads = device->threads;
    } else if (sample->memory_op == FC_MEMORY_OP_NONE) {
        sample->dtype = FC_DTYPE_FP32;
        sample->threads = 1; /* so small a product stays on the caller's thread */
    } else {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a launch is a call of size 1, or the waking of two threads or more");
    }
    sample->bytes = 0.0;
    sample->residency = FC_RESIDENCY_CACHE;
    return FC_OK;
}

static fc_status openblas_prepare(void *opened, fc_sample *sample, fc_error *error) {
    openblas *device = opened;
    FC_TRY(fc_pool_reserve(&device->pool, error));
    bool all = sample->threads == 0 || sample->threads > device->threads;
    sample->threads = all ? device->threads : sample->threads;
    switch (sample->kind) {
    case FC_SAMPLE_MATMUL:
        FC_TRY(prepare_matmul(device, sample, error));
        break;
    case FC_SAMPLE_MEMORY:
        FC_TRY(fc_streams_prepare(&device->streams, &device->pool, sample, error));
        break;
    case FC_SAMPLE_ELEMENTWISE:
        FC_TRY(fc_elementwise_prepare(&device->elementwise, &device->pool, sample, error));
        break;
    case FC_SAMPLE_LAUNCH:
        FC_TRY(prepare_launch(device, sample, error));
        break;
    case FC_SAMPLE_CEILING:
        FC_TRY(fc_fma_prepare(sample, error));
        break;
    default:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the processor alone has no case of kind %u",
                            sample->kind);
    }
    device->sample = *sample;
    return FC_OK;
}

/* One product of the prepared layout. Rows of an operand are as long as it is wide where it lies. */
static void multiply(const fc_sample *sample, const unsigned char *a, const unsigned char *b, unsigned char *c) {
    CBLAS_TRANSPOSE turn_a = sample->layout == FC_LAYOUT_TN ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE turn_b = sample->layout == FC_LAYOUT_NT ? CblasTrans : CblasNoTrans;
    blasint m = (blasint)sample->m;
    blasint n = (blasint)sample->n;
    blasint k = (blasint)sample->k;
    blasint a_row = turn_a == CblasTrans ? m : k;
    blasint b_row = turn_b == CblasTrans ? k : n;
    if (sample->dtype == FC_DTYPE_FP32) {
        cblas_sgemm(CblasRowMajor, turn_a, turn_b, m, n, k, 1.0F, (const float *)(const void *)a, a_row,
                    (const float *)(const void *)b, b_row, 0.0F, (float *)(void *)c, n);
    } else {
        cblas_dgemm(CblasRowMajor, turn_a, turn_b, m, n, k, 1.0, (const double *)(const void *)a, a_row,
                    (const double *)(const void *)b, b_row, 0.0, (double *)(void *)c, n);
    }
}

static void multiply_once(openblas *device) {
    const fc_sample *sample = &device->sample;
    const unsigned char *a = device->pool.bytes + device->next_set * (device->a_bytes + device->b_bytes);
    const unsigned char *b = a + device->a_bytes;
    unsigned char *c = device->pool.bytes + device->pool.size_bytes - (device->next_set + 1) * device->c_bytes;
    device->next_set = device->next_set + 1 < device->sets_count ? device->next_set + 1 : 0;
    size_t width = (size_t)fc_dtype_bytes((fc_dtype)sample->dtype);
    for (size_t i = 0; i < sample->batch; i++) {
        multiply(sample, a + i * sample->m * sample->k * width, b + i * sample->n * sample->k * width,
                 c + i * sample->m * sample->n * width);
    }
}

/* The whole cost of a call: checks of arguments, the choice of a kernel, one product. */
static void call_once(void) {
    volatile float one = 1.0F;
    float a = one;
    float b = one;
    float c = 0.0F;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, 1, 1, 1, 1.0F, &a, 1, &b, 1, 0.0F, &c, 1);
}

/* The calling thread is one of those of OpenBLAS, the first; so it keeps to the first processor. */
static void run_calls(openblas *device, uint32_t calls, double *out_seconds) {
    bool pinned = device->pinned && fc_pin_self(&device->processors, 0);
    bool fewer = device->sample.kind == FC_SAMPLE_MATMUL && device->sample.threads < device->threads;
    if (fewer) {
        openblas_set_num_threads((int)device->sample.threads);
    }
    double begin_s = fc_measure_now_s();
    for (uint32_t call = 0; call < calls; call++) {
        if (device->sample.kind == FC_SAMPLE_MATMUL) {
            multiply_once(device);
        } else {
            call_once();
        }
    }
    *out_seconds = fc_measure_now_s() - begin_s;
    if (fewer) {
        openblas_set_num_threads((int)device->threads);
    }
    if (pinned) {
        fc_pin_free_self(&device->processors);
    }
}

static fc_status openblas_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    openblas *device = opened;
    const fc_sample *sample = &device->sample;
    switch (sample->kind) {
    case FC_SAMPLE_MEMORY:
        return fc_streams_run(out_seconds, &device->streams, &device->pool, sample, calls, error);
    case FC_SAMPLE_ELEMENTWISE:
        return fc_elementwise_run(out_seconds, &device->elementwise, &device->pool, sample, calls, error);
    case FC_SAMPLE_CEILING:
        return fc_fma_run(out_seconds, sample, calls, error);
    default:
        break;
    }
    if (sample->memory_op == FC_MEMORY_OP_WAKE) {
        return fc_workers_wake(out_seconds, sample->threads, calls, error);
    }
    run_calls(device, calls, out_seconds);
    return FC_OK;
}

static void openblas_close(void *opened) {
    openblas *device = opened;
    if (device != NULL) {
        if (device->pinned) {
            (void)fc_pin_others(&device->processors, device->others_count, true);
        }
        fc_pool_free(&device->pool);
        free(device);
    }
}

/* OpenBLAS knows processors by model number, and takes one that is newer than itself for the oldest there is. */
const char *fc_openblas_better_kernel(void) {
    static const char *const before_avx2[] = {"Prescott",    "Core2", "Penryn",  "Dunnington", "Nehalem",
                                              "Sandybridge", "Atom",  "Opteron", "Barcelona",  "Bobcat"};
    fc_machine machine;
    fc_machine_describe(&machine);
    bool has_avx512 = strcmp(machine.simd, "avx512") == 0 || strcmp(machine.simd, "amx") == 0;
    if (!has_avx512 && strcmp(machine.simd, "avx2") != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof before_avx2 / sizeof before_avx2[0]; i++) {
        if (strcmp(openblas_get_corename(), before_avx2[i]) == 0) {
            return has_avx512 ? "SkylakeX" : "Haswell";
        }
    }
    return NULL;
}

const fc_backend fc_backend_openblas = {.abi = FC_BACKEND_ABI,
                                        .name = "openblas",
                                        .open = openblas_open,
                                        .info = openblas_info,
                                        .prepare = openblas_prepare,
                                        .run = openblas_run,
                                        .close = openblas_close};
