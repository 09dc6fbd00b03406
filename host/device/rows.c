/* rows.c: elementwise operations as vectors of 16, compiled for each instruction set. Exponential and error function are
 * approximations to about the precision of fp32, as in the kernels that frameworks generate. */
#include "rows.h"

#include "flopcast/calibration.h"
#include "isa.h"

#define LANES 16
#define EPSILON 1e-5F

typedef float vf __attribute__((vector_size(64), may_alias));
typedef int vi __attribute__((vector_size(64), may_alias));

/* ---- functions of a vector -------------------------------------------------------------------------------------- */

FC_VECTOR_BODY float sum_of(const vf *x) {
    float sum = 0.0F;
    for (size_t lane = 0; lane < LANES; lane++) {
        sum += (*x)[lane];
    }
    return sum;
}

/* x where mask has all bits, y where it has none. */
FC_VECTOR_BODY void choose(vf *out, const vi *mask, const vf *x, const vf *y) {
    *out = (vf)((*mask & (vi)*x) | (~*mask & (vi)*y));
}

/* e^x within 2e-7 for x from -87 to 88; beyond them the value at the end. x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its
 * series to r^6; 2^n by its bits. Adding 1.5 * 2^23 rounds to a whole number and leaves that in the low bits. */
FC_VECTOR_BODY void exp_of(vf *out, const vf *argument) {
    const vf zero = {0};
    vf low = zero - 87.0F;
    vf high = zero + 88.0F;
    vf x = *argument;
    vi below = x < low;
    choose(&x, &below, &low, &x);
    vi above = x > high;
    choose(&x, &above, &high, &x);
    vf shifted = x * 1.44269504F + 12582912.0F;
    vf n = shifted - 12582912.0F;
    vf r = x - n * 0.693359375F;
    r = r + n * 2.12194440e-4F;
    vf series = r * (1.0F / 720.0F) + (1.0F / 120.0F);
    series = series * r + (1.0F / 24.0F);
    series = series * r + (1.0F / 6.0F);
    series = series * r + 0.5F;
    series = series * r + 1.0F;
    series = series * r + 1.0F;
    vi whole = (vi)shifted - 0x4B400000; /* the bits of 1.5 * 2^23 */
    *out = (vf)((vi)series + (whole << 23));
}

/* 1/sqrt(x) for x >= 0: the first guess from halving the exponent, then three of Newton's steps. 0 gives a large
 * number, so that x times it is 0. */
FC_VECTOR_BODY void inverse_root_of(vf *out, const vf *x) {
    const vi magic = (vi){0} + 0x5F3759DF;
    vf y = (vf)(magic - ((vi)*x >> 1));
    vf half = *x * 0.5F;
    y = y * (1.5F - half * y * y);
    y = y * (1.5F - half * y * y);
    *out = y * (1.5F - half * y * y);
}

/* Abramowitz and Stegun 7.1.26: within 1.5e-7. */
FC_VECTOR_BODY void erf_of(vf *out, const vf *x) {
    vi sign = (vi)*x & (int)0x80000000U;
    vf size = (vf)((vi)*x & 0x7FFFFFFF);
    vf t = 1.0F / (size * 0.3275911F + 1.0F);
    vf poly = t * 1.061405429F - 1.453152027F;
    poly = poly * t + 1.421413741F;
    poly = poly * t - 0.284496736F;
    poly = poly * t + 0.254829592F;
    vf power = -(size * size);
    vf decay;
    exp_of(&decay, &power);
    vf value = 1.0F - poly * t * decay;
    *out = (vf)((vi)value | sign);
}

/* ---- operations on a row ---------------------------------------------------------------------------------------- */

/* a -> b. Two passes, the second of which finds the row in the first-level cache. */
FC_VECTOR_BODY void layer_norm(const vf *a, vf *b, size_t count) {
    vf sum = {0};
    vf squares = {0};
    for (size_t i = 0; i < count; i++) {
        sum += a[i];
        squares += a[i] * a[i];
    }
    float inverse = 1.0F / (float)(count * LANES);
    float mean = sum_of(&sum) * inverse;
    float square = sum_of(&squares) * inverse - mean * mean;
    vf variance = (vf){0} + ((square > 0.0F ? square : 0.0F) + EPSILON);
    vf scale;
    inverse_root_of(&scale, &variance);
    for (size_t i = 0; i < count; i++) {
        b[i] = (a[i] - mean) * scale;
    }
}

/* a -> b */
FC_VECTOR_BODY void rms_norm(const vf *a, vf *b, size_t count) {
    vf squares = {0};
    for (size_t i = 0; i < count; i++) {
        squares += a[i] * a[i];
    }
    vf mean = (vf){0} + (sum_of(&squares) / (float)(count * LANES) + EPSILON);
    vf scale;
    inverse_root_of(&scale, &mean);
    for (size_t i = 0; i < count; i++) {
        b[i] = a[i] * scale;
    }
}

/* a -> b */
FC_VECTOR_BODY void softmax(const vf *a, vf *b, size_t count) {
    vf most = a[0];
    for (size_t i = 1; i < count; i++) {
        vi larger = a[i] > most;
        choose(&most, &larger, &a[i], &most);
    }
    float top = most[0];
    for (size_t lane = 1; lane < LANES; lane++) {
        top = most[lane] > top ? most[lane] : top;
    }
    vf sum = {0};
    for (size_t i = 0; i < count; i++) {
        vf x = a[i] - top;
        exp_of(&x, &x);
        sum += x;
        b[i] = x;
    }
    float scale = 1.0F / sum_of(&sum);
    for (size_t i = 0; i < count; i++) {
        b[i] = b[i] * scale;
    }
}

/* a -> b */
FC_VECTOR_BODY void gelu(const vf *a, vf *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        vf x = a[i] * 0.70710678F;
        erf_of(&x, &x);
        b[i] = a[i] * 0.5F * (x + 1.0F);
    }
}

/* gate a, up b -> c */
FC_VECTOR_BODY void swiglu(const vf *a, const vf *b, vf *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        vf x = -a[i];
        exp_of(&x, &x);
        c[i] = a[i] / (x + 1.0F) * b[i];
    }
}

/* a, b -> c */
FC_VECTOR_BODY void residual_add(const vf *a, const vf *b, vf *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        c[i] = a[i] + b[i];
    }
}

/* gradient a; weight b, first moment c, second moment d in place. The second moment starts as a random number of either
 * sign; a true one has none. */
FC_VECTOR_BODY void adam(const vf *a, vf *b, vf *c, vf *d, size_t count) {
    for (size_t i = 0; i < count; i++) {
        vf grad = a[i];
        vf second = (vf)((vi)d[i] & 0x7FFFFFFF) * 0.999F + grad * grad * 0.001F;
        c[i] = c[i] * 0.9F + grad * 0.1F;
        d[i] = second;
        vf inverse;
        inverse_root_of(&inverse, &second);
        /* m / (sqrt(v) + eps), the root being v times its inverse; decoupled decay of the weight. */
        b[i] = b[i] * 0.99999F - c[i] / (second * inverse + 1e-8F) * 1e-4F;
    }
}

FC_VECTOR_BODY void move(const vf *a, vf *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        b[i] = a[i];
    }
}

FC_VECTOR_BODY void add_to(const vf *a, vf *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        b[i] += a[i];
    }
}

/* ---- one version for each instruction set ----------------------------------------------------------------------- */

#define A (const vf *)(const void *)row->a
#define B (vf *)(void *)row->b
#define C (vf *)(void *)row->c
#define D (vf *)(void *)row->d

#define ROW(attributes, name, call)                                                                                    \
    attributes static void name(const fc_row *row, size_t count) { call; }

#define ROWS(attributes, isa)                                                                                          \
    ROW(attributes, layer_norm_##isa, layer_norm(A, B, count))                                                         \
    ROW(attributes, rms_norm_##isa, rms_norm(A, B, count))                                                             \
    ROW(attributes, softmax_##isa, softmax(A, B, count))                                                               \
    ROW(attributes, gelu_##isa, gelu(A, B, count))                                                                     \
    ROW(attributes, swiglu_##isa, swiglu(A, B, C, count))                                                              \
    ROW(attributes, residual_add_##isa, residual_add(A, B, C, count))                                                  \
    ROW(attributes, adam_##isa, adam(A, B, C, D, count))                                                               \
    ROW(attributes, move_##isa, move(A, B, count))                                                                     \
    ROW(attributes, add_to_##isa, add_to(A, B, count))

#define TABLE(isa)                                                                                                     \
    {                                                                                                                  \
        [FC_MEMORY_OP_LAYER_NORM] = layer_norm_##isa, [FC_MEMORY_OP_RMS_NORM] = rms_norm_##isa,                        \
        [FC_MEMORY_OP_SOFTMAX] = softmax_##isa, [FC_MEMORY_OP_GELU] = gelu_##isa,                                      \
        [FC_MEMORY_OP_SWIGLU] = swiglu_##isa, [FC_MEMORY_OP_RESIDUAL_ADD] = residual_add_##isa,                        \
        [FC_MEMORY_OP_ADAM] = adam_##isa, [FC_MEMORY_OP_GATHER] = move_##isa,                                          \
        [FC_MEMORY_OP_SCATTER_ADD] = add_to_##isa                                                                      \
    }

ROWS(, base)
#if FC_ISA_X86
ROWS(FC_TARGET_AVX2, avx2)
ROWS(FC_TARGET_AVX512, avx512)
#endif

fc_row_function fc_row_function_of(unsigned op) {
    static const fc_row_function tables[FC_ISA_COUNT][FC_MEMORY_OP_COUNT] = {
        [FC_ISA_BASE] = TABLE(base),
#if FC_ISA_X86
        [FC_ISA_AVX2] = TABLE(avx2),
        [FC_ISA_AVX512] = TABLE(avx512),
#endif
    };
    return op < FC_MEMORY_OP_COUNT ? tables[fc_isa_here()][op] : NULL;
}
