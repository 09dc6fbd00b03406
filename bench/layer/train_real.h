/* train_real.h: the number that the step computes with: float; double where a test includes the sources with
 * FC_TRAIN_DOUBLE, under other names, to compare gradients with finite differences. */
#ifndef FLOPCAST_BENCH_LAYER_TRAIN_REAL_H
#define FLOPCAST_BENCH_LAYER_TRAIN_REAL_H

#include <cblas.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef FC_TRAIN_DOUBLE
typedef double fc_real;
typedef struct fc_train64 fc_train64;
void fc_train64_close(fc_train64 *train);
#define fc_gemm cblas_dgemm
#define fc_train fc_train64
#define fc_train_bytes fc_train64_bytes
#define fc_train_open fc_train64_open
#define fc_train_step fc_train64_step
#define fc_train_differentiate fc_train64_differentiate
#define fc_train_evaluate fc_train64_evaluate
#define fc_train_close fc_train64_close
#define fc_train_tensors_count fc_train64_tensors_count
#define fc_train_tensor_name fc_train64_tensor_name
#define fc_train_tensor_size fc_train64_tensor_size
#define fc_train_weight fc_train64_weight
#define fc_train_gradient fc_train64_gradient
#define fc_train_set_weight fc_train64_set_weight
#define fc_train_forward fc_train64_forward
#define fc_train_backward fc_train64_backward
#define fc_train_update fc_train64_update
#define fc_train_layout fc_train64_layout
#define fc_train_attend fc_train64_attend
#define fc_train_attend_back fc_train64_attend_back
#define fc_train_embed fc_train64_embed
#define fc_train_embed_back fc_train64_embed_back
#define fc_train_norm_forward fc_train64_norm_forward
#define fc_train_norm_back fc_train64_norm_back
#define fc_train_activate fc_train64_activate
#define fc_train_activate_back fc_train64_activate_back
#define fc_train_lose fc_train64_lose
#define fc_train_multiply fc_train64_multiply
#define fc_train_multiply_back fc_train64_multiply_back
#else
typedef float fc_real;
#define fc_gemm cblas_sgemm
#endif

/* Eight or sixteen sums side by side: a compiler may then use vectors without changing the order of additions. */
enum { FC_LANES = 16 };

/* Where the processor has wider vectors than the program was compiled for, passes use them. Sanitizers run before the
 * choice could be made. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#define FC_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FC_WIDE
#endif

#ifdef FC_TRAIN_DOUBLE
static inline fc_real fc_real_exp(fc_real x) { return exp(x); }
static inline fc_real fc_real_sqrt(fc_real x) { return sqrt(x); }
#else
/* 2^n · e^r with |r| <= ln 2 / 2, the Taylor series of e^r to its seventh power: 2e-7 relative, without a branch. */
static inline fc_real fc_real_exp(fc_real x) {
    x = x < -87.0F ? -87.0F : x;
    x = x > 88.0F ? 88.0F : x;
    int32_t n = (int32_t)(x * 1.44269504F + 127.5F) - 127; /* the sum is above 0, so that cutting rounds down */
    float r = (x - (float)n * 0.693359375F) + (float)n * 2.12194440e-4F; /* ln 2 in two parts, the first of 9 bits */
    float sum = 1.0F / 5040.0F;
    sum = sum * r + 1.0F / 720.0F;
    sum = sum * r + 1.0F / 120.0F;
    sum = sum * r + 1.0F / 24.0F;
    sum = sum * r + 1.0F / 6.0F;
    sum = sum * r + 0.5F;
    sum = sum * r + 1.0F;
    sum = sum * r + 1.0F;
    int32_t bits = (n + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}
static inline fc_real fc_real_sqrt(fc_real x) { return sqrtf(x); }
#endif

static inline fc_real fc_train_sum(const fc_real *row, size_t count) {
    fc_real lanes[FC_LANES] = {0};
    size_t i = 0;
    for (; i + FC_LANES <= count; i += FC_LANES) {
        for (size_t j = 0; j < FC_LANES; j++) {
            lanes[j] += row[i + j];
        }
    }
    for (; i < count; i++) {
        lanes[0] += row[i];
    }
    fc_real sum = 0;
    for (size_t j = 0; j < FC_LANES; j++) {
        sum += lanes[j];
    }
    return sum;
}

/* The normal distribution's share below x and its density. */
static inline void fc_real_normal(fc_real *below, fc_real *density, fc_real x) {
    fc_real e = fc_real_exp((fc_real)-0.5 * x * x);
    *density = e * (fc_real)0.39894228040143268;
#ifdef FC_TRAIN_DOUBLE
    *below = 0.5 * (1.0 + erf(x * 0.70710678118654752));
#else
    /* erf to 1.5e-7: Abramowitz and Stegun 1964, 7.1.26. */
    float size = x < 0.0F ? -x : x;
    float t = 1.0F / (1.0F + 0.3275911F * 0.70710678F * size);
    float tail = 1.061405429F;
    tail = tail * t - 1.453152027F;
    tail = tail * t + 1.421413741F;
    tail = tail * t - 0.284496736F;
    tail = tail * t + 0.254829592F;
    tail = 0.5F * tail * t * e;
    *below = x < 0.0F ? tail : 1.0F - tail;
#endif
}

#endif
