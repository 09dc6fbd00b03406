/* streams.c: plain loops over whole cache lines, compiled for each instruction set: out of a cache the width of the
 * vectors decides. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "streams.h"

#include "flopcast/measure.h"
#include "isa.h"
#include "machine.h"
#include "workers.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_ARRAYS 3
#define MOST_LEVEL 4
/* Of a cache's size, so that what else lives in it need not move. */
#define CACHE_FRAC 0.5
/* Arrays that start at the same offset within 4 KiB make a processor take a load for the store before it. */
#define PAGE_BYTES ((size_t)4096)
#define STAGGER_BYTES ((size_t)1344)
/* What a thread moves in one call out of the first level; a quarter of it out of each further one. */
#define LEVEL_1_BYTES ((size_t)1 << 30)
/* Of each of the two tensors that a call makes: the least that glibc always maps anew. */
#define TOUCH_BYTES ((size_t)32 << 20)
#define TOUCH_TENSORS 2

typedef double line __attribute__((vector_size(64), may_alias));

/* Arrays that an op goes through, which is also how often its bytes count. 0: no such op. */
static size_t arrays_of(uint32_t op) {
    switch (op) {
    case FC_MEMORY_OP_READ:
    case FC_MEMORY_OP_WRITE:
        return 1;
    case FC_MEMORY_OP_COPY:
        return 2;
    case FC_MEMORY_OP_TRIAD:
        return MOST_ARRAYS;
    default:
        return 0;
    }
}

/* ---- the loops -------------------------------------------------------------------------------------------------- */

/* Two loads a cycle into sums of four cycles each: eight sums keep them apart. */
#define SUMS 8

FC_VECTOR_BODY void read_body(const unsigned char *from, size_t size_bytes) {
    const line *b = (const line *)(const void *)from;
    size_t count = size_bytes / sizeof(line);
    line s0 = {0}, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    size_t i = 0;
    for (; i + SUMS <= count; i += SUMS) {
        s0 += b[i];
        s1 += b[i + 1];
        s2 += b[i + 2];
        s3 += b[i + 3];
        s4 += b[i + 4];
        s5 += b[i + 5];
        s6 += b[i + 6];
        s7 += b[i + 7];
    }
    for (; i < count; i++) {
        s0 += b[i];
    }
    s0 += s1 + s2 + s3 + s4 + s5 + s6 + s7;
    double all = 0.0;
    for (size_t lane = 0; lane < sizeof(line) / sizeof(double); lane++) {
        all += s0[lane];
    }
    volatile double result = all; /* else nobody needs the sum */
    (void)result;
}

FC_VECTOR_BODY void triad_body(unsigned char *to, const unsigned char *from_b, const unsigned char *from_c,
                               size_t size_bytes) {
    line *out = (line *)(void *)to;
    const line *b = (const line *)(const void *)from_b;
    const line *c = (const line *)(const void *)from_c;
    size_t count = size_bytes / sizeof(line);
    size_t i = 0;
    /* A scale that is no power of two keeps it honest. */
    for (; i + 4 <= count; i += 4) {
        out[i] = b[i] + 3.0 * c[i];
        out[i + 1] = b[i + 1] + 3.0 * c[i + 1];
        out[i + 2] = b[i + 2] + 3.0 * c[i + 2];
        out[i + 3] = b[i + 3] + 3.0 * c[i + 3];
    }
    for (; i < count; i++) {
        out[i] = b[i] + 3.0 * c[i];
    }
}

FC_VECTOR_BODY void stream_body(uint32_t op, unsigned char *out, const unsigned char *b, const unsigned char *c,
                                size_t size_bytes, uint64_t calls) {
    for (uint64_t call = 0; call < calls; call++) {
        if (op == FC_MEMORY_OP_READ) {
            read_body(b, size_bytes);
        } else if (op == FC_MEMORY_OP_WRITE) {
            memset(out, (int)(0x41U + (call & 7U)), size_bytes);
        } else if (op == FC_MEMORY_OP_COPY) {
            memcpy(out, b, size_bytes);
        } else {
            triad_body(out, b, c, size_bytes);
        }
    }
}

#define STREAM(name, attributes)                                                                                       \
    attributes static void name(uint32_t op, unsigned char *out, const unsigned char *b, const unsigned char *c,       \
                                size_t size_bytes, uint64_t calls) {                                                   \
        stream_body(op, out, b, c, size_bytes, calls);                                                                 \
    }

typedef void (*stream_loop)(uint32_t op, unsigned char *out, const unsigned char *b, const unsigned char *c,
                            size_t size_bytes, uint64_t calls);

STREAM(stream_base, )
#if FC_ISA_X86
STREAM(stream_avx2, FC_TARGET_AVX2)
STREAM(stream_avx512, FC_TARGET_AVX512)
#endif

static stream_loop loop_here(void) {
    static const stream_loop loops[FC_ISA_COUNT] = {
        [FC_ISA_BASE] = stream_base,
#if FC_ISA_X86
        [FC_ISA_AVX2] = stream_avx2,
        [FC_ISA_AVX512] = stream_avx512,
#endif
    };
    return loops[fc_isa_here()];
}

/* ---- cases ------------------------------------------------------------------------------------------------------ */

/* STREAM's rule is arrays of four times the cache each; with a pool below 1 GiB a very large cache is only passed about
 * threefold by the three together, which residency still calls memory. One thread counts too: it sees all of the last
 * cache. */
static void size_for_memory(fc_streams_case *out, const fc_pool *pool, fc_sample *sample) {
    double cache_bytes = fc_machine_cache_bytes();
    double wanted_bytes = MOST_ARRAYS * 4.0 * cache_bytes;
    double total_bytes = wanted_bytes < (double)pool->size_bytes ? wanted_bytes : (double)pool->size_bytes;
    out->array_bytes = (size_t)(total_bytes / MOST_ARRAYS) / FC_LINE_BYTES * FC_LINE_BYTES;
    /* One array, or two, may be as long as three together: it is the sum that has to pass the cache. */
    out->array_bytes = out->array_bytes * MOST_ARRAYS / arrays_of(sample->memory_op) / FC_LINE_BYTES * FC_LINE_BYTES;
    out->distance_bytes = out->array_bytes;
    out->thread_bytes = 0;
    out->passes = 1;
    sample->bytes = (double)(arrays_of(sample->memory_op) * out->array_bytes);
    sample->residency = sample->bytes > cache_bytes ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
}

/* Each thread has arrays of its own; together they fill half of the cache that they share. */
static fc_status size_for_cache(fc_streams_case *out, const fc_pool *pool, fc_sample *sample, fc_error *error) {
    uint32_t sharing = 1;
    double cache_bytes = sample->level <= MOST_LEVEL ? fc_machine_level_bytes(sample->level, &sharing) : 0.0;
    if (!(cache_bytes > 0.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "this processor tells of no cache of level %u",
                            sample->level);
    }
    uint32_t sharers = sample->threads < sharing ? sample->threads : sharing;
    size_t arrays = arrays_of(sample->memory_op);
    double array_bytes = CACHE_FRAC * cache_bytes / sharers / (double)arrays;
    /* The next smaller cache must not hold them. */
    double inner_bytes = sample->level > 1 ? fc_machine_level_bytes(sample->level - 1, &sharing) : 0.0;
    double room_bytes = (double)pool->size_bytes / sample->threads / (double)(arrays + 1) - 2.0 * PAGE_BYTES;
    array_bytes = array_bytes < room_bytes ? array_bytes : room_bytes;
    out->array_bytes = array_bytes > 0.0 ? (size_t)array_bytes / FC_LINE_BYTES * FC_LINE_BYTES : 0;
    if (out->array_bytes == 0 || (double)(arrays * out->array_bytes) <= inner_bytes) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "no room to fill the cache of level %u", sample->level);
    }
    out->distance_bytes = (out->array_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES + STAGGER_BYTES;
    out->thread_bytes = (arrays * out->distance_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    /* One call goes over them for milliseconds: the start of threads must not decide what a cache of 48 KiB gives. */
    size_t least_bytes = LEVEL_1_BYTES >> (2 * (sample->level - 1));
    out->passes = least_bytes / (arrays * out->array_bytes) + 1;
    sample->bytes = (double)(arrays * out->array_bytes * sample->threads) * (double)out->passes;
    sample->residency = FC_RESIDENCY_CACHE;
    return FC_OK;
}

static fc_status prepare_touch(fc_streams_case *out, fc_pool *pool, fc_sample *sample, fc_error *error) {
    *out = (fc_streams_case){.array_bytes = TOUCH_BYTES, .passes = 1};
    sample->bytes = (double)(TOUCH_TENSORS * TOUCH_BYTES);
    sample->residency = FC_RESIDENCY_MEMORY;
    return fc_pool_fill(pool, pool->size_bytes < TOUCH_BYTES ? pool->size_bytes : TOUCH_BYTES, FC_DTYPE_FP32, error);
}

fc_status fc_streams_prepare(fc_streams_case *out, fc_pool *pool, fc_sample *sample, fc_error *error) {
    sample->dtype = FC_DTYPE_FP64;
    if (sample->memory_op == FC_MEMORY_OP_FIRST_TOUCH && sample->level == 0) {
        return prepare_touch(out, pool, sample, error);
    }
    size_t arrays = arrays_of(sample->memory_op);
    if (arrays == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a memory case is a read, write, copy or triad, or the first touch of memory");
    }
    if (sample->level == 0) {
        size_for_memory(out, pool, sample);
    } else {
        FC_TRY(size_for_cache(out, pool, sample, error));
    }
    size_t used_bytes = out->thread_bytes > 0 ? out->thread_bytes * sample->threads : arrays * out->array_bytes;
    /* Pairs of random floats, which are doubles of ordinary size: what elementwise cases need stays valid. */
    FC_TRY(fc_pool_fill(pool, used_bytes, FC_DTYPE_FP32, error));
    size_t outputs_begin = out->thread_bytes > 0 || arrays == 1 ? 0 : (arrays - 1) * out->array_bytes;
    if (sample->memory_op != FC_MEMORY_OP_READ) {
        fc_pool_overwrite(pool, outputs_begin);
    }
    return FC_OK;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

typedef struct stream_work {
    const fc_streams_case *prepared;
    unsigned char *pool;
    stream_loop loop;
    uint32_t op;
    uint64_t calls;
} stream_work;

/* The last array of an op is what it writes. */
static void stream_share(void *context, uint32_t index, uint32_t count) {
    const stream_work *work = context;
    const fc_streams_case *prepared = work->prepared;
    size_t begin = 0;
    size_t end = prepared->array_bytes;
    if (prepared->thread_bytes == 0) {
        fc_pool_slice(&begin, &end, prepared->array_bytes, index, count);
    }
    unsigned char *b = work->pool + index * prepared->thread_bytes + begin;
    unsigned char *c = b + (work->op == FC_MEMORY_OP_TRIAD ? prepared->distance_bytes : 0);
    unsigned char *out = b + (arrays_of(work->op) - 1) * prepared->distance_bytes;
    work->loop(work->op, out, b, c, end - begin, work->calls);
}

typedef struct touch_work {
    unsigned char *bytes;
    size_t size_bytes;
    const unsigned char *source; /* of source_bytes, gone through again where that is less */
    size_t source_bytes;
} touch_work;

static void touch_share(void *context, uint32_t index, uint32_t count) {
    const touch_work *work = context;
    size_t begin = 0;
    size_t end = 0;
    fc_pool_slice(&begin, &end, work->size_bytes, index, count);
    while (begin < end) {
        size_t from = begin % work->source_bytes;
        size_t left = end - begin;
        size_t piece = work->source_bytes - from < left ? work->source_bytes - from : left;
        memcpy(work->bytes + begin, work->source + from, piece);
        begin += piece;
    }
}

/* A tensor as large as `source` is mapped anew and written from it. Ordinary pages, without a wish for large ones: so a
 * framework maps its tensors. */
static fc_status touch_tensor(unsigned char **out, double *seconds, uint32_t threads, touch_work work,
                              fc_error *error) {
    double begin_s = fc_measure_now_s();
    void *mapped = mmap(NULL, work.size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *seconds += fc_measure_now_s() - begin_s;
    if (mapped == MAP_FAILED) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "%zu bytes cannot be mapped: %s", work.size_bytes,
                            strerror(errno));
    }
    *out = mapped;
    work.bytes = mapped;
    double touched_s = 0.0;
    fc_status status = fc_workers_run(&touched_s, threads, touch_share, &work, error);
    *seconds += touched_s;
    return status;
}

/* As operations follow each other in a framework: one tensor made from old ones, another from it, then both given back. */
static fc_status touch_once(double *seconds, uint32_t threads, size_t size_bytes, const fc_pool *pool,
                            fc_error *error) {
    unsigned char *tensors[TOUCH_TENSORS] = {NULL};
    touch_work work = {.size_bytes = size_bytes, .source = pool->bytes, .source_bytes = size_bytes};
    work.source_bytes = pool->size_bytes < size_bytes ? pool->size_bytes : size_bytes;
    fc_status status = FC_OK;
    for (int i = 0; i < TOUCH_TENSORS && status == FC_OK; i++) {
        status = touch_tensor(&tensors[i], seconds, threads, work, error);
        work.source = tensors[i];
        work.source_bytes = size_bytes;
    }
    double begin_s = fc_measure_now_s();
    for (int i = 0; i < TOUCH_TENSORS; i++) {
        if (tensors[i] != NULL) {
            (void)munmap(tensors[i], size_bytes);
        }
    }
    *seconds += fc_measure_now_s() - begin_s;
    return status;
}

fc_status fc_streams_run(double *out_seconds, const fc_streams_case *prepared, const fc_pool *pool,
                         const fc_sample *sample, uint32_t calls, fc_error *error) {
    if (sample->memory_op == FC_MEMORY_OP_FIRST_TOUCH) {
        *out_seconds = 0.0;
        for (uint32_t call = 0; call < calls; call++) {
            FC_TRY(touch_once(out_seconds, sample->threads, prepared->array_bytes, pool, error));
        }
        return FC_OK;
    }
    stream_work work = {.prepared = prepared,
                        .pool = pool->bytes,
                        .loop = loop_here(),
                        .op = sample->memory_op,
                        .calls = (uint64_t)calls * prepared->passes};
    return fc_workers_run(out_seconds, sample->threads, stream_share, &work, error);
}
