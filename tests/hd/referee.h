/* referee.h: what the functions of hd/math.h should give, by MPFR to 200 bits. Needs libmpfr. */
#ifndef FLOPCAST_TESTS_HD_REFEREE_H
#define FLOPCAST_TESTS_HD_REFEREE_H

#include "samples.h"

#include <mpfr.h>

#define FC_REFEREE_BITS 200

/* erfc(-x / sqrt 2) / 2 */
static inline void fc_referee_normal_cdf(mpfr_t result, const mpfr_t x) {
    mpfr_t root;
    mpfr_init2(root, 2 * FC_REFEREE_BITS);
    mpfr_sqrt_ui(root, 2, MPFR_RNDN);
    mpfr_div(root, x, root, MPFR_RNDN);
    mpfr_neg(root, root, MPFR_RNDN);
    mpfr_erfc(root, root, MPFR_RNDN);
    mpfr_div_2ui(result, root, 1, MPFR_RNDN);
    mpfr_clear(root);
}

/* Newton's method from 0 towards the tail (the logarithm of the CDF is concave), where p or 1 - p is at most 1/2; both
 * are exact at this precision unless p is below 2^-200, and then 1 - p is not used. */
static inline void fc_referee_normal_quantile(mpfr_t result, const mpfr_t p) {
    int upper = mpfr_cmp_d(p, 0.5) > 0;
    mpfr_t tail, z, below, density, step;
    mpfr_inits2(2 * FC_REFEREE_BITS, tail, z, below, density, step, (mpfr_ptr)0);
    if (upper) {
        mpfr_ui_sub(tail, 1, p, MPFR_RNDN);
    } else {
        mpfr_set(tail, p, MPFR_RNDN);
    }
    mpfr_set_ui(z, 0, MPFR_RNDN);
    for (int i = 0; i < 200; i++) {
        /* one step on ln Phi(z) = ln tail: z -= ln(Phi / tail) Phi / phi */
        fc_referee_normal_cdf(below, z);
        mpfr_sqr(density, z, MPFR_RNDN);
        mpfr_div_si(density, density, -2, MPFR_RNDN);
        mpfr_exp(density, density, MPFR_RNDN);
        mpfr_const_pi(step, MPFR_RNDN);
        mpfr_mul_2ui(step, step, 1, MPFR_RNDN);
        mpfr_rec_sqrt(step, step, MPFR_RNDN);
        mpfr_mul(density, density, step, MPFR_RNDN);
        mpfr_div(step, below, tail, MPFR_RNDN);
        mpfr_log(step, step, MPFR_RNDN);
        mpfr_mul(step, step, below, MPFR_RNDN);
        mpfr_div(step, step, density, MPFR_RNDN);
        mpfr_sub(z, z, step, MPFR_RNDN);
        if (mpfr_zero_p(step) || mpfr_get_exp(step) < -FC_REFEREE_BITS) {
            break;
        }
    }
    mpfr_set(result, z, MPFR_RNDN);
    if (upper) {
        mpfr_neg(result, result, MPFR_RNDN);
    }
    mpfr_clears(tail, z, below, density, step, (mpfr_ptr)0);
}

/* The ends of the quantile, which Newton's method does not reach. */
static inline int fc_referee_quantile_is_special(double p, mpfr_t result) {
    if (p > 0.0 && p < 1.0 && p != 0.5) {
        return 0;
    }
    if (p == 0.5) {
        mpfr_set_zero(result, 1);
    } else if (p == 0.0 || p == 1.0) {
        mpfr_set_inf(result, p == 0.0 ? -1 : 1);
    } else {
        mpfr_set_nan(result);
    }
    return 1;
}

/* `result` has FC_REFEREE_BITS. */
static inline void fc_referee_call(mpfr_t result, int function, fc_sample at) {
    typedef int (*unary)(mpfr_t, const mpfr_t, mpfr_rnd_t);
    static const unary unaries[] = {mpfr_exp, mpfr_expm1, mpfr_exp2, mpfr_log, mpfr_log1p, mpfr_log2, mpfr_log10};
    mpfr_t x, y;
    mpfr_init2(x, 53);
    mpfr_init2(y, 53);
    mpfr_set_d(x, at.x, MPFR_RNDN);
    mpfr_set_d(y, at.y, MPFR_RNDN);
    if (function == FC_SAMPLE_POW) {
        mpfr_pow(result, x, y, MPFR_RNDN);
    } else if (function == FC_SAMPLE_NORMAL_CDF) {
        fc_referee_normal_cdf(result, x);
    } else if (function < FC_SAMPLE_POW) {
        unaries[function](result, x, MPFR_RNDN);
    } else if (!fc_referee_quantile_is_special(at.x, result)) {
        fc_referee_normal_quantile(result, x);
    }
    mpfr_clear(x);
    mpfr_clear(y);
}

#endif
