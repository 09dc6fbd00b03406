/* samples.h: the arguments at which the functions of hd/math.h are tried.
 *
 * A sample is a pure function of (function, number), and everything here is FC_HD: the unit test, the maker of the
 * known answers and the CUDA check walk the same list and so can compare results bit for bit.
 */
#ifndef FLOPCAST_TESTS_HD_SAMPLES_H
#define FLOPCAST_TESTS_HD_SAMPLES_H

#include "flopcast/hd/math.h"
#include "flopcast/hd/rng.h"

typedef enum fc_sample_function {
    FC_SAMPLE_EXP = 0,
    FC_SAMPLE_EXPM1,
    FC_SAMPLE_EXP2,
    FC_SAMPLE_LOG,
    FC_SAMPLE_LOG1P,
    FC_SAMPLE_LOG2,
    FC_SAMPLE_LOG10,
    FC_SAMPLE_POW,
    FC_SAMPLE_NORMAL_CDF,
    FC_SAMPLE_NORMAL_QUANTILE,
    FC_SAMPLE_SPLIT_NORMAL, /* no referee of its own: it is made of the others */
    FC_SAMPLE_COUNT
} fc_sample_function;

typedef struct fc_sample {
    double x;
    double y; /* pow: the exponent; split normal: p10/p50 */
} fc_sample;

/* As it stands in math.csv. */
static inline const char *fc_sample_name(int function) {
    static const char *const names[FC_SAMPLE_COUNT] = {"exp",         "expm1", "exp2", "log",        "log1p",
                                                       "log2",        "log10", "pow",  "normal_cdf", "normal_quantile",
                                                       "split_normal"};
    return names[function];
}

FC_HD double fc_sample_call(int function, fc_sample at) {
    switch (function) {
    case FC_SAMPLE_EXP:
        return fc_hd_exp(at.x);
    case FC_SAMPLE_EXPM1:
        return fc_hd_expm1(at.x);
    case FC_SAMPLE_EXP2:
        return fc_hd_exp2(at.x);
    case FC_SAMPLE_LOG:
        return fc_hd_log(at.x);
    case FC_SAMPLE_LOG1P:
        return fc_hd_log1p(at.x);
    case FC_SAMPLE_LOG2:
        return fc_hd_log2(at.x);
    case FC_SAMPLE_LOG10:
        return fc_hd_log10(at.x);
    case FC_SAMPLE_POW:
        return fc_hd_pow(at.x, at.y);
    case FC_SAMPLE_NORMAL_CDF:
        return fc_hd_normal_cdf(at.x);
    case FC_SAMPLE_NORMAL_QUANTILE:
        return fc_hd_normal_quantile(at.x);
    default:
        return fc_hd_split_normal(at.x, at.y, 1.0, 2.0);
    }
}

/* Any sign and mantissa; an exponent of 2 between -60 and 10. */
FC_HD double fc_sample_of_any_size(uint64_t bits) {
    uint64_t exponent = (uint64_t)(1023 - 60) + (bits >> 52) % 71;
    return fc_hd_from_bits((bits & UINT64_C(0x800FFFFFFFFFFFFF)) | (exponent << 52));
}

FC_HD double fc_sample_between(double low, double high, double u) { return low + (high - low) * u; }

FC_HD double fc_sample_exponential(int function, int mode, double u) {
    double highest = function == FC_SAMPLE_EXP2 ? 1025.0 : 711.0;
    double lowest = function == FC_SAMPLE_EXP2 ? -1077.0 : (function == FC_SAMPLE_EXPM1 ? -60.0 : -747.0);
    return mode == 1 ? fc_sample_between(lowest, highest, u) : fc_sample_between(-2.0, 2.0, u);
}

FC_HD double fc_sample_logarithm(int function, int mode, uint64_t bits, double u) {
    double shift = function == FC_SAMPLE_LOG1P ? 1.0 : 0.0;
    return mode == 1 ? fc_hd_from_bits(bits >> 1) : fc_sample_between(0.5, 2.0, u) - shift;
}

FC_HD double fc_sample_probability(int mode, uint64_t bits, double u) {
    if (mode == 3) {
        return fc_hd_from_bits((bits >> 1) % UINT64_C(0x3FF0000000000001)); /* 0 to 1, mostly very small */
    }
    return mode == 1 ? u : fc_sample_between(0.07, 0.08, u);
}

/* Results over the whole range, then bases close to 1, then small powers of numbers of either sign. */
FC_HD fc_sample fc_sample_power(int mode, uint64_t bits, double u, double v) {
    fc_sample at;
    at.x = mode == 1 ? fc_hd_from_bits(bits >> 1) : fc_sample_between(0.9, 1.1, u);
    at.y = fc_sample_between(-750.0, 750.0, v) / fc_hd_log(at.x);
    if (mode == 3) {
        at.x = fc_sample_between(-1000.0, 1000.0, u);
        at.y = 0.5 * floor(fc_sample_between(-40.0, 40.0, v));
    }
    return at;
}

/* Sample `number` of `function`; one in four is any bit pattern at all. */
FC_HD fc_sample fc_sample_at(int function, uint64_t number) {
    fc_philox counter = {{(uint32_t)number, (uint32_t)(number >> 32), (uint32_t)function, 1}};
    fc_philox random = fc_hd_philox(counter, 20240607, 0);
    uint64_t bits = ((uint64_t)random.v[1] << 32) | random.v[0];
    uint64_t more = ((uint64_t)random.v[3] << 32) | random.v[2];
    double u = (double)(bits >> 11) * 0x1p-53;
    double v = (double)(more >> 11) * 0x1p-53;
    int mode = (int)(number % 4);
    fc_sample at;
    at.x = mode == 0 ? fc_hd_from_bits(bits) : fc_sample_of_any_size(bits);
    at.y = mode == 0 ? fc_hd_from_bits(more) : v;
    if (function == FC_SAMPLE_POW && mode != 0) {
        at = fc_sample_power(mode, bits, u, v);
    } else if (function >= FC_SAMPLE_NORMAL_QUANTILE && mode != 0) {
        at.x = fc_sample_probability(mode, bits, u);
    } else if (mode == 0 || mode == 3) {
        return at;
    } else if (function <= FC_SAMPLE_EXP2) {
        at.x = fc_sample_exponential(function, mode, u);
    } else if (function <= FC_SAMPLE_LOG10) {
        at.x = fc_sample_logarithm(function, mode, bits, u);
    } else if (function == FC_SAMPLE_NORMAL_CDF) {
        at.x = mode == 1 ? fc_sample_between(-39.0, 9.0, u) : fc_sample_between(-6.0, 6.0, u);
    }
    return at;
}

#endif
