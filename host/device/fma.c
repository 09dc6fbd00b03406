/* fma.c: sums that stay in registers, as many at a time as hide the latency of a multiply-add.
 *
 * 12 independent sums cover two units of 4 to 6 cycles on every x86 core since 2013 and leave room for the two factors
 * in 16 registers. The file is compiled with contraction on: where the instruction set has a fused multiply-add, a
 * product and a sum become one.
 */
#include "fma.h"

#include "isa.h"
#include "workers.h"

#define CHAINS 12

/* Each sum tends to a fixed point near 1, so that it neither overflows nor becomes denormal. */
#define FMA_LOOP(name, attributes, scalar, vector_bytes)                                                               \
    attributes static double name(double seed, uint64_t steps) {                                                       \
        typedef scalar vector __attribute__((vector_size(vector_bytes)));                                              \
        const vector zero = {0};                                                                                       \
        vector x = zero + (scalar)0.999;                                                                               \
        vector y = zero + (scalar)0.001;                                                                               \
        vector a0 = zero + (scalar)seed, a1 = a0 + x, a2 = a1 + x, a3 = a2 + x, a4 = a3 + x, a5 = a4 + x;              \
        vector a6 = a5 + x, a7 = a6 + x, a8 = a7 + x, a9 = a8 + x, a10 = a9 + x, a11 = a10 + x;                        \
        for (uint64_t i = 0; i < steps; i++) {                                                                         \
            a0 = a0 * x + y;                                                                                           \
            a1 = a1 * x + y;                                                                                           \
            a2 = a2 * x + y;                                                                                           \
            a3 = a3 * x + y;                                                                                           \
            a4 = a4 * x + y;                                                                                           \
            a5 = a5 * x + y;                                                                                           \
            a6 = a6 * x + y;                                                                                           \
            a7 = a7 * x + y;                                                                                           \
            a8 = a8 * x + y;                                                                                           \
            a9 = a9 * x + y;                                                                                           \
            a10 = a10 * x + y;                                                                                         \
            a11 = a11 * x + y;                                                                                         \
        }                                                                                                              \
        vector sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;                                      \
        return (double)sum[0];                                                                                         \
    }

FMA_LOOP(fma_f32_base, , float, 16)
FMA_LOOP(fma_f64_base, , double, 16)
#if FC_ISA_X86
FMA_LOOP(fma_f32_avx2, FC_TARGET_AVX2, float, 32)
FMA_LOOP(fma_f64_avx2, FC_TARGET_AVX2, double, 32)
FMA_LOOP(fma_f32_avx512, FC_TARGET_AVX512, float, 64)
FMA_LOOP(fma_f64_avx512, FC_TARGET_AVX512, double, 64)
#endif

typedef struct fma_loop {
    double (*f32)(double seed, uint64_t steps);
    double (*f64)(double seed, uint64_t steps);
    uint32_t vector_bytes;
} fma_loop;

static fma_loop loop_here(void) {
    static const fma_loop loops[FC_ISA_COUNT] = {
        [FC_ISA_BASE] = {fma_f32_base, fma_f64_base, 16},
#if FC_ISA_X86
        [FC_ISA_AVX2] = {fma_f32_avx2, fma_f64_avx2, 32},
        [FC_ISA_AVX512] = {fma_f32_avx512, fma_f64_avx512, 64},
#endif
    };
    return loops[fc_isa_here()];
}

/* Multiply-adds of one turn of the loop. */
static uint64_t turn_count(const fc_sample *sample) {
    return CHAINS * (uint64_t)loop_here().vector_bytes / (sample->dtype == FC_DTYPE_FP32 ? 4U : 8U);
}

fc_status fc_fma_prepare(fc_sample *sample, fc_error *error) {
    if (sample->dtype != FC_DTYPE_FP32 && sample->dtype != FC_DTYPE_FP64) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the processor's ceiling is measured in fp32 and fp64");
    }
    double work = (double)sample->m * (double)sample->n * (double)sample->k;
    if (!(work > 0.0) || work > 1e15 || (uint64_t)work % turn_count(sample) != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a ceiling of %u x %u x %u multiply-adds does not fill whole vectors; 384 x 384 x 384 does",
                            sample->m, sample->n, sample->k);
    }
    sample->batch = sample->threads;
    sample->bytes = 0.0;
    sample->residency = FC_RESIDENCY_CACHE;
    return FC_OK;
}

typedef struct fma_work {
    fma_loop loop;
    uint32_t dtype;
    uint64_t steps;
} fma_work;

static void fma_share(void *context, uint32_t index, uint32_t count) {
    (void)count;
    const fma_work *work = context;
    double seed = 0.1 * (double)(index + 1U);
    /* Stored where the compiler must believe that someone looks: else the loop has no purpose. */
    volatile double result = (work->dtype == FC_DTYPE_FP32 ? work->loop.f32 : work->loop.f64)(seed, work->steps);
    (void)result;
}

fc_status fc_fma_run(double *out_seconds, const fc_sample *sample, uint32_t calls, fc_error *error) {
    uint64_t each = (uint64_t)sample->m * sample->n * sample->k / turn_count(sample);
    fma_work work = {.loop = loop_here(), .dtype = sample->dtype, .steps = each * calls};
    return fc_workers_run(out_seconds, sample->threads, fma_share, &work, error);
}
