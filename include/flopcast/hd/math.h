/* hd/math.h: exp, log, pow and the normal distribution with the same bits on every machine.
 *
 * glibc's results change with the processor's FMA, musl's and CUDA's differ again, so these use only + - * /, floor and
 * integer operations on bits. The arithmetic must be IEEE 754 double, rounded to nearest, without contraction
 * (-ffp-contract=off; nvcc: -fmad=false) and without excess precision.
 *
 * Measured against MPFR over the whole range (tests/unit/test_hd_math.c asserts 1 ulp for these, 2 being the promise):
 * exp expm1 log log1p exp2 log2 log10 pow. The two functions of the normal distribution state their own accuracy.
 *
 * Special values follow C17 Annex F, with two simplifications: the floating-point flags mean nothing, and every NaN
 * that comes out is the one quiet NaN 0x7FF8000000000000, since the sign of a NaN differs between processors.
 * Subnormal arguments and results are full citizens.
 *
 * The range reductions are those of W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980); the
 * series are Taylor's. A constant written as two hexadecimal numbers is its value to about 100 bits.
 */
#ifndef FLOPCAST_HD_MATH_H
#define FLOPCAST_HD_MATH_H

#include "pair.h"

/* ---- exponentials ---- */

/* e^x = 2^k (1 + r.hi + r.lo + q): what exp and expm1 share. */
typedef struct fc_hd_exp_parts {
    int k;
    fc_hd_pair r; /* |r| <= ln(2)/2 */
    double q;     /* e^r - 1 - r */
} fc_hd_exp_parts;

/* Valid for |x| < 800. */
FC_HD fc_hd_exp_parts fc_hd_exp_reduce(fc_hd_pair x) {
    double k = floor(x.hi * 0x1.71547652b82fep+0 + 0.5); /* 1/ln 2 */
    /* ln 2 in 42 + 53 bits: k times the first is exact, and so is the difference. */
    fc_hd_pair r = fc_hd_sum(x.hi - k * 0x1.62e42fefa3800p-1, x.lo - k * 0x1.ef35793c76730p-45);
    double h = r.hi;
    fc_hd_exp_parts parts;
    /* Taylor to r^13/13!: the first term left out is below 2^-57 of the result. */
    double tail = 1.0 / 39916800.0 + h * (1.0 / 479001600.0 + h * (1.0 / 6227020800.0));
    tail = 1.0 / 40320.0 + h * (1.0 / 362880.0 + h * (1.0 / 3628800.0 + h * tail));
    tail = 1.0 / 120.0 + h * (1.0 / 720.0 + h * (1.0 / 5040.0 + h * tail));
    tail = 0.5 + h * (1.0 / 6.0 + h * (1.0 / 24.0 + h * tail));
    parts.k = (int)k;
    parts.r = r;
    parts.q = h * h * tail + h * r.lo;
    return parts;
}

/* e^(x.hi + x.lo) for |x| < 800; overflows to infinity and underflows through the subnormals to 0. */
FC_HD double fc_hd_exp_pair(fc_hd_pair x) {
    fc_hd_exp_parts parts = fc_hd_exp_reduce(x);
    fc_hd_pair sum = fc_hd_sum_ordered(1.0, parts.r.hi);
    return fc_hd_scale(sum.hi + (sum.lo + (parts.q + parts.r.lo)), parts.k);
}

/* e^x. */
FC_HD double fc_hd_exp(double x) {
    if (fc_hd_is_nan(x)) {
        return fc_hd_nan();
    }
    if (x > 710.0) {
        return fc_hd_infinity();
    }
    if (x < -746.0) {
        return 0.0;
    }
    return fc_hd_exp_pair(fc_hd_pair_of(x, 0.0));
}

/* e^x - 1 without cancellation near 0. */
FC_HD double fc_hd_expm1(double x) {
    if (fc_hd_is_nan(x)) {
        return fc_hd_nan();
    }
    if (fabs(x) < 0x1p-54) {
        return x; /* keeps the sign of 0 */
    }
    if (x > 40.0) {
        return fc_hd_exp(x); /* 1 is less than 2^-57 of it */
    }
    if (x < -37.5) {
        return -1.0;
    }
    fc_hd_exp_parts parts = fc_hd_exp_reduce(fc_hd_pair_of(x, 0.0));
    double c = fc_hd_power_of_two(parts.k);
    /* (2^k - 1) + 2^k (r + q) */
    fc_hd_pair whole = fc_hd_sum(c, -1.0);
    fc_hd_pair sum = fc_hd_sum(whole.hi, c * parts.r.hi);
    return sum.hi + (sum.lo + (whole.lo + c * (parts.q + parts.r.lo)));
}

/* 2^x; exact for whole x. */
FC_HD double fc_hd_exp2(double x) {
    if (fc_hd_is_nan(x)) {
        return fc_hd_nan();
    }
    if (x >= 1024.0) {
        return fc_hd_infinity();
    }
    if (x < -1076.0) {
        return 0.0;
    }
    double k = floor(x + 0.5);
    fc_hd_pair ln2 = fc_hd_pair_of(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);
    fc_hd_exp_parts parts = fc_hd_exp_reduce(fc_hd_pair_multiply(fc_hd_pair_of(x - k, 0.0), ln2));
    fc_hd_pair sum = fc_hd_sum_ordered(1.0, parts.r.hi);
    return fc_hd_scale(sum.hi + (sum.lo + (parts.q + parts.r.lo)), parts.k + (int)k);
}

/* ---- logarithms ---- */

/* log x = k log 2 + rest, in any base: what all logarithms share. */
typedef struct fc_hd_log_parts {
    double k;        /* a whole number */
    fc_hd_pair rest; /* natural logarithm of x / 2^k, to about 2^-68 of its size */
} fc_hd_log_parts;

/* ln(1 + f) = 2 artanh(s), s = f / (2 + f), by its series, for 1 + f from sqrt(1/2) to sqrt(2). Pairs carry the terms
 * that matter beyond 2^-53: s, s^3/3 and s^5/5. */
FC_HD fc_hd_pair fc_hd_log_of_one_plus(fc_hd_pair f) {
    fc_hd_pair s = fc_hd_pair_divide(f, fc_hd_pair_add(fc_hd_pair_of(2.0, 0.0), f));
    fc_hd_pair u = fc_hd_pair_multiply(s, s); /* at most 0.0295: the first term left out is 2^-76 */
    double h = u.hi;
    double tail = 1.0 / 23.0 + h * (1.0 / 25.0 + h * (1.0 / 27.0));
    tail = 1.0 / 17.0 + h * (1.0 / 19.0 + h * (1.0 / 21.0 + h * tail));
    tail = 1.0 / 11.0 + h * (1.0 / 13.0 + h * (1.0 / 15.0 + h * tail));
    tail = 1.0 / 7.0 + h * (1.0 / 9.0 + h * tail);
    fc_hd_pair fifth = fc_hd_sum_ordered(0x1.999999999999ap-3, h * tail - 0x1.999999999999ap-57);
    fc_hd_pair third = fc_hd_pair_of(0x1.5555555555555p-2, 0x1.5555555555555p-56);
    third = fc_hd_pair_add(third, fc_hd_pair_multiply(u, fifth));
    fc_hd_pair sum = fc_hd_pair_add(s, fc_hd_pair_multiply(s, fc_hd_pair_multiply(u, third)));
    return fc_hd_pair_of(2.0 * sum.hi, 2.0 * sum.lo);
}

/* x.hi finite and positive; x.lo 0 unless 2^-60 < x.hi < 2^60. */
FC_HD fc_hd_log_parts fc_hd_log_reduce(fc_hd_pair x) {
    fc_hd_log_parts parts;
    int k = 0;
    double hi = x.hi;
    if (hi < 0x1p-1022) {
        hi *= 0x1p54;
        k = -54;
    }
    uint64_t bits = fc_hd_bits(hi);
    int exponent = (int)(bits >> 52) - 1023;
    double m = fc_hd_from_bits((bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000));
    if (m > 0x1.6a09e667f3bcdp+0) { /* sqrt 2 */
        m *= 0.5;
        exponent += 1;
    }
    double lo = x.lo == 0.0 ? 0.0 : x.lo * fc_hd_power_of_two(-exponent);
    parts.k = (double)(k + exponent);
    parts.rest = fc_hd_log_of_one_plus(fc_hd_sum(m - 1.0, lo));
    return parts;
}

/* ln x as a pair; x as for fc_hd_log_reduce. */
FC_HD fc_hd_pair fc_hd_log_pair(fc_hd_pair x) {
    fc_hd_log_parts parts = fc_hd_log_reduce(x);
    fc_hd_pair whole = fc_hd_pair_of(parts.k * 0x1.62e42fefa3800p-1, parts.k * 0x1.ef35793c76730p-45);
    return fc_hd_pair_add(whole, parts.rest);
}

/* 1 where a logarithm of x is an ordinary number; otherwise 0, and *special is the answer. */
FC_HD int fc_hd_log_is_ordinary(double x, double *special) {
    if (x > 0.0 && x < fc_hd_infinity()) {
        return 1;
    }
    *special = x == 0.0 ? -fc_hd_infinity() : (x > 0.0 ? fc_hd_infinity() : fc_hd_nan());
    return 0;
}

/* Natural logarithm. */
FC_HD double fc_hd_log(double x) {
    double special = 0.0;
    if (!fc_hd_log_is_ordinary(x, &special)) {
        return special;
    }
    return fc_hd_log_pair(fc_hd_pair_of(x, 0.0)).hi;
}

/* ln(1 + x) without cancellation near 0. */
FC_HD double fc_hd_log1p(double x) {
    double special = 0.0;
    if (fabs(x) < 0x1p-54) {
        return x; /* keeps the sign of 0 */
    }
    if (!fc_hd_log_is_ordinary(1.0 + x, &special)) {
        return special;
    }
    return fc_hd_log_pair(x < 0x1p59 ? fc_hd_sum(1.0, x) : fc_hd_pair_of(x, 0.0)).hi;
}

/* Base 2; exact for powers of two. */
FC_HD double fc_hd_log2(double x) {
    double special = 0.0;
    if (!fc_hd_log_is_ordinary(x, &special)) {
        return special;
    }
    fc_hd_log_parts parts = fc_hd_log_reduce(fc_hd_pair_of(x, 0.0));
    fc_hd_pair per_ln2 = fc_hd_pair_of(0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56);
    return fc_hd_pair_add(fc_hd_pair_of(parts.k, 0.0), fc_hd_pair_multiply(parts.rest, per_ln2)).hi;
}

/* Base 10; exact for powers of ten that a double holds exactly. */
FC_HD double fc_hd_log10(double x) {
    double special = 0.0;
    if (!fc_hd_log_is_ordinary(x, &special)) {
        return special;
    }
    fc_hd_log_parts parts = fc_hd_log_reduce(fc_hd_pair_of(x, 0.0));
    fc_hd_pair per_ln10 = fc_hd_pair_of(0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57);
    fc_hd_pair whole = fc_hd_pair_of(parts.k * 0x1.34413509f7800p-2, parts.k * 0x1.fef311f12b358p-46);
    return fc_hd_pair_add(whole, fc_hd_pair_multiply(parts.rest, per_ln10)).hi;
}

/* ---- powers ---- */

/* 0: y is no whole number (or not finite), 1: odd, 2: even. */
FC_HD int fc_hd_parity(double y) {
    double size = fabs(y);
    if (!(size < fc_hd_infinity()) || floor(size) != size) {
        return 0;
    }
    return floor(0.5 * size) * 2.0 == size ? 2 : 1;
}

/* x^y for finite x > 0 and finite y, as e^(y ln x), the logarithm and the product carried as pairs. */
FC_HD double fc_hd_pow_positive(double x, double y) {
    fc_hd_pair ln = fc_hd_log_pair(fc_hd_pair_of(x, 0.0));
    double size = y * ln.hi;
    if (size > 750.0) {
        return fc_hd_infinity();
    }
    if (size < -750.0) {
        return 0.0;
    }
    if (fabs(size) < 0x1p-60) { /* includes x = 1, where y may be too large for an exact product */
        return 1.0;
    }
    fc_hd_pair product = fc_hd_product(y, ln.hi);
    return fc_hd_exp_pair(fc_hd_sum_ordered(product.hi, product.lo + y * ln.lo));
}

/* x^y. Annex F: x^0 = 1^y = 1 even for NaN; a negative x needs a whole y, and an odd one keeps the sign; (-1)^inf = 1. */
FC_HD double fc_hd_pow(double x, double y) {
    if (x == 1.0 || y == 0.0) {
        return 1.0;
    }
    if (fc_hd_is_nan(x) || fc_hd_is_nan(y)) {
        return fc_hd_nan();
    }
    int parity = fc_hd_parity(y);
    double infinity = fc_hd_infinity();
    double size = fabs(x);
    double result;
    if (fabs(y) == infinity) {
        result = size == 1.0 ? 1.0 : ((size > 1.0) == (y > 0.0) ? infinity : 0.0);
    } else if (size == 0.0 || size == infinity) {
        result = (size == infinity) == (y > 0.0) ? infinity : 0.0;
    } else if (x < 0.0 && parity == 0) {
        return fc_hd_nan();
    } else {
        result = fc_hd_pow_positive(size, y);
    }
    return (fc_hd_bits(x) >> 63) != 0 && parity == 1 ? -result : result;
}

/* ---- the normal distribution ---- */

FC_HD double fc_hd_poly7(double x, double c0, double c1, double c2, double c3, double c4, double c5, double c6,
                         double c7) {
    return c0 + x * (c1 + x * (c2 + x * (c3 + x * (c4 + x * (c5 + x * (c6 + x * c7))))));
}

/* The standard normal value z that is exceeded with probability 1 - p; p from 0 (-infinity) to 1 (infinity), NaN
 * elsewhere. Method and coefficients: M. J. Wichura, Algorithm AS 241: The percentage points of the normal distribution,
 * Applied Statistics 37 (1988), routine PPND16. Within 1e-15 of z, as long as p itself says enough: near 1 it
 * has no digits left. */
FC_HD double fc_hd_normal_quantile(double p) {
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q *
               fc_hd_poly7(r, 3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
                           13731.693765509461125, 45921.953931549871457, 67265.770927008700853, 33430.575583588128105,
                           2509.0809287301226727) /
               fc_hd_poly7(r, 1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
                           21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610);
    }
    if (!(p > 0.0 && p < 1.0)) {
        return p == 0.0 ? -fc_hd_infinity() : (p == 1.0 ? fc_hd_infinity() : fc_hd_nan());
    }
    double r = sqrt(-fc_hd_log(q < 0.0 ? p : 1.0 - p));
    double size;
    if (r <= 5.0) {
        r -= 1.6;
        size = fc_hd_poly7(r, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
                           3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
                           0.0227238449892691845833, 7.74545014278341407640e-4) /
               fc_hd_poly7(r, 1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
                           0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4,
                           1.05075007164441684324e-9);
    } else {
        r -= 5.0;
        size = fc_hd_poly7(r, 6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580,
                           0.296560571828504891230, 0.0265321895265761230930, 0.00124266094738807843860,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7) /
               fc_hd_poly7(r, 1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
                           7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                           2.04426310338993978564e-15);
    }
    return q < 0.0 ? -size : size;
}

/* Probability that a standard normal value exceeds a, 0.67 < a < 39. Up to sqrt(32) the rational approximation of
 * W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (1969), in the
 * form of his ANORM (ACM TOMS 715); beyond it Laplace's continued fraction, Abramowitz and Stegun 26.2.14, whose 20th
 * convergent is within 1e-16 there. */
FC_HD double fc_hd_normal_tail(double a) {
    fc_hd_pair square = fc_hd_product(a, a);
    double bell = fc_hd_exp_pair(fc_hd_pair_of(-0.5 * square.hi, -0.5 * square.lo));
    if (a <= 5.656854249492380195) {
        double above = fc_hd_poly7(a, 9842.7148383839780218, 11602.651437647350124, 6848.1904505362823326,
                                   2494.5375852903726711, 597.27027639480026226, 93.506656132177855979,
                                   8.8831497943883759412, 0.39894151208813466764 + a * 1.0765576773720192317e-8);
        double below =
            fc_hd_poly7(a, 19685.429676859990727, 38912.003286093271411, 34900.952721145977266, 18615.571640885098091,
                        6485.558298266760755, 1519.377599407554805, 235.38790178262499861, 22.266688044328115691 + a);
        return bell * (above / below);
    }
    double fraction = a;
    for (int i = 20; i >= 1; i--) {
        fraction = a + (double)i / fraction;
    }
    return bell * (0.39894228040143267794 / fraction); /* 1/sqrt(2 pi) */
}

/* Probability that a standard normal value is below x: within 1e-15 of itself, far down the lower tail too (where it is
 * subnormal, within one step). Centre: Cody 1969, as above. */
FC_HD double fc_hd_normal_cdf(double x) {
    double a = fabs(x);
    if (fc_hd_is_nan(x)) {
        return fc_hd_nan();
    }
    if (a <= 0.67448975) {
        double v = a * a;
        double above = 18154.981253343561249 +
                       v * (1067.6894854603709582 +
                            v * (161.02823106855587881 + v * (2.2352520354606839287 + v * 0.065682337918207449113)));
        double below = 45507.789335026729956 +
                       v * (10260.932208618978205 + v * (976.09855173777669322 + v * (47.20258190468824187 + v)));
        return 0.5 + x * (above / below);
    }
    double tail = a > 38.6 ? 0.0 : fc_hd_normal_tail(a);
    return x > 0.0 ? 1.0 - tail : tail;
}

/* The value at probability u of a quantity known by its p10, p50 and p90: two halves of normal distributions joined at
 * the median, each as wide as its own side asks (a two-piece or split normal, with the pieces weighted 1/2 each so that
 * the three quantiles hold).
 *
 *     z = quantile(u) / quantile(0.9)
 *     low > 0:  mid (low/mid)^-z for z < 0, mid (high/mid)^z otherwise: log-normal halves, always positive
 *     else:     mid + (mid - low) z for z < 0, mid + (high - mid) z otherwise
 *
 * u = 0.1, 0.5 and 0.9 give low, mid and high to the last ulp or two; a side of no width gives mid exactly. Any unit;
 * low <= mid <= high, and where low > 0 the quotients must neither overflow nor underflow; 0 < u < 1. */
FC_HD double fc_hd_split_normal(double u, double low, double mid, double high) {
    /* quantile(0.9), as fc_hd_normal_quantile rounds it: so z is exactly -1 and 1 at u = 0.1 and 0.9 */
    double z = fc_hd_normal_quantile(u) / 0x1.4813c36e26d34p+0;
    double side = z < 0.0 ? low : high;
    double steps = fabs(z);
    if (side == mid) {
        return mid;
    }
    if (low > 0.0) {
        return mid * fc_hd_pow(side / mid, steps);
    }
    return mid + (side - mid) * steps;
}

#endif
