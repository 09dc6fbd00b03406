/* hd/pair.h: the bits of a double, and numbers of twice its precision held as a pair of doubles.
 *
 * What hd/math.h is built on. The pairs are T. J. Dekker's, A floating-point technique for extending the available
 * precision, Numerische Mathematik 18 (1971), with D. E. Knuth's sum, The Art of Computer Programming 2, 4.2.2. They are
 * exact only in plain IEEE 754 double arithmetic, rounded to nearest: compile with -ffp-contract=off (nvcc:
 * -fmad=false).
 */
#ifndef FLOPCAST_HD_PAIR_H
#define FLOPCAST_HD_PAIR_H

#include "hd.h"

#include <float.h>
#include <string.h> /* memcpy: the way to see bits that C, C++ and CUDA all define */

#if defined(__FAST_MATH__) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "flopcast needs strict IEEE 754 double arithmetic: no -ffast-math, no x87 (use -msse2 -mfpmath=sse)"
#endif

/* ---- bits ---- */

FC_HD uint64_t fc_hd_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

FC_HD double fc_hd_from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

FC_HD double fc_hd_infinity(void) { return fc_hd_from_bits(UINT64_C(0x7FF0000000000000)); }
FC_HD double fc_hd_nan(void) { return fc_hd_from_bits(UINT64_C(0x7FF8000000000000)); }
FC_HD int fc_hd_is_nan(double x) { return x != x; }

/* 2^k for -1022 <= k <= 1023. */
FC_HD double fc_hd_power_of_two(int k) { return fc_hd_from_bits((uint64_t)(k + 1023) << 52); }

/* x 2^k for 0.5 <= x < 4 and -1200 <= k <= 1100, rounded once even where the result is subnormal. */
FC_HD double fc_hd_scale(double x, int k) {
    if (k > 1023) {
        return x * fc_hd_power_of_two(1023) * fc_hd_power_of_two(k - 1023);
    }
    if (k < -1021) {
        return x * fc_hd_power_of_two(k + 200) * fc_hd_power_of_two(-200);
    }
    return x * fc_hd_power_of_two(k);
}

/* ---- pairs of doubles: hi + lo, with lo below half an ulp of hi ---- */

typedef struct fc_hd_pair {
    double hi;
    double lo;
} fc_hd_pair;

FC_HD fc_hd_pair fc_hd_pair_of(double hi, double lo) {
    fc_hd_pair pair;
    pair.hi = hi;
    pair.lo = lo;
    return pair;
}

/* a + b exactly, for |a| >= |b| or a = 0. */
FC_HD fc_hd_pair fc_hd_sum_ordered(double a, double b) {
    double sum = a + b;
    return fc_hd_pair_of(sum, b - (sum - a));
}

/* a + b exactly. */
FC_HD fc_hd_pair fc_hd_sum(double a, double b) {
    double sum = a + b;
    double b_seen = sum - a;
    return fc_hd_pair_of(sum, (a - (sum - b_seen)) + (b - b_seen));
}

/* a b exactly, for factors below 2^990 and a product above 2^-960. */
FC_HD fc_hd_pair fc_hd_product(double a, double b) {
    double a_split = 134217729.0 * a; /* 2^27 + 1 cuts 53 bits into halves whose products are exact */
    double b_split = 134217729.0 * b;
    double a_high = a_split - (a_split - a);
    double b_high = b_split - (b_split - b);
    double a_low = a - a_high;
    double b_low = b - b_high;
    double product = a * b;
    return fc_hd_pair_of(product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low);
}

/* a + b to about 2^-104, for summands that do not cancel. */
FC_HD fc_hd_pair fc_hd_pair_add(fc_hd_pair a, fc_hd_pair b) {
    fc_hd_pair sum = fc_hd_sum(a.hi, b.hi);
    return fc_hd_sum_ordered(sum.hi, sum.lo + (a.lo + b.lo));
}

/* a b to about 2^-102. */
FC_HD fc_hd_pair fc_hd_pair_multiply(fc_hd_pair a, fc_hd_pair b) {
    fc_hd_pair product = fc_hd_product(a.hi, b.hi);
    return fc_hd_sum_ordered(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

/* a / b to about 2^-102. */
FC_HD fc_hd_pair fc_hd_pair_divide(fc_hd_pair a, fc_hd_pair b) {
    double quotient = a.hi / b.hi;
    fc_hd_pair back = fc_hd_product(quotient, b.hi);
    double rest = ((a.hi - back.hi) - back.lo) + (a.lo - quotient * b.lo);
    return fc_hd_sum_ordered(quotient, rest / b.hi);
}

#endif
