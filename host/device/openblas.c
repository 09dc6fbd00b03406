/* openblas.c: this machine's processor: OpenBLAS matmul in fp32 and fp64, and copy and triad on plain threads.
 *
 * Operands are cold: every call takes the next of several equal sets that together pass the last-level cache, since
 * in training the weights of a layer have been evicted by the time the layer runs again.
 */
#define _DEFAULT_SOURCE /* madvise */
#include "backends.h"
#include "flopcast/measure.h"
#include "machine.h"
#include "random.h"
#include "workers.h"

#include "../base/text.h"

#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_POOL_BYTES ((size_t)1 << 30)
#define LEAST_POOL_BYTES ((size_t)64 << 20)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define LINE_BYTES ((size_t)64)

/* Reads and writes as STREAM counts them: copy 2 arrays, triad 3. */
#define COPY_ARRAYS 2
#define TRIAD_ARRAYS 3

typedef struct openblas {
    uint64_t seed;
    uint64_t most_bytes; /* wished for; 0: none */
    uint32_t threads;
    double cache_bytes;
    unsigned char *pool; /* operands from the front, outputs at the back */
    size_t pool_bytes;
    size_t filled_bytes; /* front part that still holds random numbers of filled_dtype */
    uint32_t filled_dtype;
    fc_sample sample; /* prepared case */
    size_t a_bytes;   /* one matrix, rounded up to cache lines */
    size_t b_bytes;
    size_t c_bytes;
    size_t sets_count;
    size_t next_set;
    size_t array_bytes; /* one array of copy and triad */
} openblas;

static fc_status openblas_open(void **out, const fc_backend_options *options, fc_error *error) {
    openblas *device = calloc(1, sizeof *device);
    if (device == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the OpenBLAS device");
    }
    uint32_t threads = options->threads != 0 ? options->threads : fc_machine_threads_count();
    openblas_set_num_threads((int)threads);
    if (threads > FC_WORKERS_MOST || openblas_get_num_threads() != (int)threads) {
        fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u threads: this OpenBLAS runs 1 to %d here", threads,
                     openblas_get_num_threads());
        free(device);
        return FC_BAD_INPUT;
    }
    device->seed = options->seed;
    device->most_bytes = options->most_bytes;
    device->threads = threads;
    device->cache_bytes = fc_machine_cache_bytes();
    device->filled_dtype = FC_DTYPE_COUNT;
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
    return FC_OK;
}

/* The pool is reserved once and gets its pages as they are touched. A quarter of the machine at most. */
static fc_status reserve_pool(openblas *device, fc_error *error) {
    if (device->pool != NULL) {
        return FC_OK;
    }
    fc_machine machine;
    fc_machine_describe(&machine);
    size_t bytes = MOST_POOL_BYTES;
    if (device->most_bytes > 0 && device->most_bytes < bytes) {
        bytes = (size_t)device->most_bytes > LEAST_POOL_BYTES ? (size_t)device->most_bytes : LEAST_POOL_BYTES;
    }
    if (machine.memory_bytes > 0.0 && machine.memory_bytes / 4.0 < (double)bytes) {
        bytes = (size_t)(machine.memory_bytes / 4.0);
    }
    bytes = bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    device->pool = bytes > 0 ? aligned_alloc(HUGE_PAGE_BYTES, bytes) : NULL;
    if (device->pool == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu bytes of operands", bytes);
    }
    device->pool_bytes = bytes;
    /* A wish: without large pages the timings hold page-table walks that big-memory programs avoid too. */
    (void)madvise(device->pool, bytes, MADV_HUGEPAGE);
    return FC_OK;
}

typedef struct fill_work {
    unsigned char *bytes;
    size_t size_bytes;
    uint64_t seed;
    uint32_t dtype;
    size_t first_bytes; /* of the pool: what stands here already */
} fill_work;

/* The part of `total` that worker `index` of `count` has, in whole cache lines. */
static void slice(size_t *out_begin, size_t *out_end, size_t total, uint32_t index, uint32_t count) {
    size_t lines = total / LINE_BYTES;
    *out_begin = lines * index / count * LINE_BYTES;
    *out_end = index + 1 == count ? total : lines * (index + 1U) / count * LINE_BYTES;
}

static void fill_slice(void *context, uint32_t index, uint32_t count) {
    const fill_work *work = context;
    size_t begin = 0;
    size_t end = 0;
    slice(&begin, &end, work->size_bytes, index, count);
    begin += work->first_bytes;
    end += work->first_bytes;
    if (work->dtype == FC_DTYPE_FP32) {
        float *values = (float *)(void *)work->bytes;
        for (size_t i = begin / sizeof(float); i < end / sizeof(float); i++) {
            values[i] = fc_random_f32(work->seed, i);
        }
    } else {
        double *values = (double *)(void *)work->bytes;
        for (size_t i = begin / sizeof(double); i < end / sizeof(double); i++) {
            values[i] = fc_random_f64(work->seed, i);
        }
    }
}

/* Makes the front `bytes` of the pool random numbers of `dtype`, in parallel so that each thread touches its pages first. */
static fc_status fill_front(openblas *device, size_t bytes, uint32_t dtype, fc_error *error) {
    if (device->filled_dtype != dtype) {
        device->filled_bytes = 0;
        device->filled_dtype = dtype;
    }
    if (bytes <= device->filled_bytes) {
        return FC_OK;
    }
    fill_work work = {.bytes = device->pool,
                      .size_bytes = bytes - device->filled_bytes,
                      .seed = device->seed,
                      .dtype = dtype,
                      .first_bytes = device->filled_bytes};
    double seconds = 0.0;
    FC_TRY(fc_workers_run(&seconds, device->threads, fill_slice, &work, error));
    device->filled_bytes = bytes;
    return FC_OK;
}

static size_t whole_lines(double bytes) { return ((size_t)bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES; }

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
    if (!(set_bytes > 0.0) || set_bytes + 3.0 * LINE_BYTES > (double)device->pool_bytes) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                            "a matmul of %u x %u x %u in batches of %u takes %.4g bytes; 1 to %zu fit", sample->m,
                            sample->n, sample->k, sample->batch, set_bytes, device->pool_bytes);
    }
    device->a_bytes = whole_lines(width * batch * m * k);
    device->b_bytes = whole_lines(width * batch * n * k);
    device->c_bytes = whole_lines(width * batch * m * n);
    size_t one_set = device->a_bytes + device->b_bytes + device->c_bytes;
    size_t room = device->pool_bytes / one_set;
    size_t wanted = (size_t)(2.0 * device->cache_bytes / (double)one_set) + 1;
    device->sets_count = wanted < room ? wanted : room;
    device->next_set = 0;
    FC_TRY(fill_front(device, device->sets_count * (device->a_bytes + device->b_bytes), sample->dtype, error));
    size_t outputs_begin = device->pool_bytes - device->sets_count * device->c_bytes;
    device->filled_bytes = outputs_begin < device->filled_bytes ? outputs_begin : device->filled_bytes;
    sample->bytes = set_bytes;
    bool cold = (double)(device->sets_count * one_set) > device->cache_bytes;
    sample->residency = cold ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

/* STREAM's rule is arrays of four times the cache each; with a cap of 1 GiB together a very large cache is only passed
 * fourfold by the three together, which residency still calls memory. */
static fc_status prepare_memory(openblas *device, fc_sample *sample, fc_error *error) {
    if (sample->memory_op != FC_MEMORY_OP_COPY && sample->memory_op != FC_MEMORY_OP_TRIAD) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a memory case is a copy or a triad");
    }
    double wanted_bytes = TRIAD_ARRAYS * 4.0 * device->cache_bytes;
    double total_bytes = wanted_bytes < (double)device->pool_bytes ? wanted_bytes : (double)device->pool_bytes;
    device->array_bytes = (size_t)(total_bytes / TRIAD_ARRAYS) / LINE_BYTES * LINE_BYTES;
    FC_TRY(fill_front(device, TRIAD_ARRAYS * device->array_bytes, FC_DTYPE_FP64, error));
    size_t outputs_begin = 2 * device->array_bytes;
    device->filled_bytes = outputs_begin < device->filled_bytes ? outputs_begin : device->filled_bytes;
    sample->dtype = FC_DTYPE_FP64;
    size_t arrays = sample->memory_op == FC_MEMORY_OP_COPY ? COPY_ARRAYS : TRIAD_ARRAYS;
    sample->bytes = (double)(arrays * device->array_bytes);
    sample->residency = sample->bytes > device->cache_bytes ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

static fc_status openblas_prepare(void *opened, fc_sample *sample, fc_error *error) {
    openblas *device = opened;
    FC_TRY(reserve_pool(device, error));
    sample->threads = device->threads;
    if (sample->kind == FC_SAMPLE_MATMUL) {
        FC_TRY(prepare_matmul(device, sample, error));
    } else if (sample->kind == FC_SAMPLE_MEMORY) {
        FC_TRY(prepare_memory(device, sample, error));
    } else {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "OpenBLAS has matmul and memory cases, not kind %u",
                            sample->kind);
    }
    device->sample = *sample;
    return FC_OK;
}

/* out[m×n] = a[m×k] · weights[n×k]ᵀ: the layout of a trained layer. */
static void multiply_once(openblas *device) {
    const fc_sample *sample = &device->sample;
    const unsigned char *a = device->pool + device->next_set * (device->a_bytes + device->b_bytes);
    const unsigned char *b = a + device->a_bytes;
    unsigned char *c = device->pool + device->pool_bytes - (device->next_set + 1) * device->c_bytes;
    device->next_set = device->next_set + 1 < device->sets_count ? device->next_set + 1 : 0;
    blasint m = (blasint)sample->m;
    blasint n = (blasint)sample->n;
    blasint k = (blasint)sample->k;
    for (size_t i = 0; i < sample->batch; i++) {
        size_t at_a = i * sample->m * sample->k;
        size_t at_b = i * sample->n * sample->k;
        size_t at_c = i * sample->m * sample->n;
        if (sample->dtype == FC_DTYPE_FP32) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0F, (const float *)(const void *)a + at_a,
                        k, (const float *)(const void *)b + at_b, k, 0.0F, (float *)(void *)c + at_c, n);
        } else {
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0, (const double *)(const void *)a + at_a,
                        k, (const double *)(const void *)b + at_b, k, 0.0, (double *)(void *)c + at_c, n);
        }
    }
}

typedef struct stream_work {
    unsigned char *pool;
    size_t array_bytes;
    uint32_t op;
    uint32_t calls;
} stream_work;

/* Blocks of a fixed length let every compiler use vectors at -O2; a scale that is no power of two keeps it honest. */
static void triad(double *restrict out, const double *restrict b, const double *restrict c, size_t count) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        for (size_t j = 0; j < 8; j++) {
            out[i + j] = b[i + j] + 3.0 * c[i + j];
        }
    }
    for (; i < count; i++) {
        out[i] = b[i] + 3.0 * c[i];
    }
}

static void stream_slice(void *context, uint32_t index, uint32_t count) {
    const stream_work *work = context;
    size_t begin = 0;
    size_t end = 0;
    slice(&begin, &end, work->array_bytes, index, count);
    unsigned char *b = work->pool + begin;
    unsigned char *c = b + work->array_bytes;
    unsigned char *out = c + work->array_bytes;
    for (uint32_t call = 0; call < work->calls; call++) {
        if (work->op == FC_MEMORY_OP_COPY) {
            memcpy(out, b, end - begin);
        } else {
            triad((double *)(void *)out, (const double *)(void *)b, (const double *)(void *)c,
                  (end - begin) / sizeof(double));
        }
    }
}

static fc_status openblas_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    openblas *device = opened;
    if (device->sample.kind == FC_SAMPLE_MEMORY) {
        stream_work work = {
            .pool = device->pool, .array_bytes = device->array_bytes, .op = device->sample.memory_op, .calls = calls};
        return fc_workers_run(out_seconds, device->threads, stream_slice, &work, error);
    }
    double begin_s = fc_measure_now_s();
    for (uint32_t call = 0; call < calls; call++) {
        multiply_once(device);
    }
    *out_seconds = fc_measure_now_s() - begin_s;
    return FC_OK;
}

static void openblas_close(void *opened) {
    openblas *device = opened;
    if (device != NULL) {
        free(device->pool);
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
