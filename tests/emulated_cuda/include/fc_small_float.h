/* fc_small_float.h: numbers of 8 and 16 bits, to and from double. `exponent` and `fraction` are widths in bits. e4m3 has
 * no infinity: its top exponent holds numbers up to 448 and one NaN. */
#ifndef FLOPCAST_EMULATED_SMALL_FLOAT_H
#define FLOPCAST_EMULATED_SMALL_FLOAT_H

#include <cmath>
#include <cstdint>

struct fc_small_format {
    int exponent;
    int fraction;
    bool has_infinity;
};

static constexpr fc_small_format fc_small_fp16 = {5, 10, true};
static constexpr fc_small_format fc_small_bf16 = {8, 7, true};
static constexpr fc_small_format fc_small_e4m3 = {4, 3, false};

static inline double fc_small_decode(uint32_t bits, fc_small_format f) {
    const uint32_t top = (1U << f.exponent) - 1U;
    const uint32_t exponent = bits >> f.fraction & top;
    const uint32_t fraction = bits & ((1U << f.fraction) - 1U);
    const double sign = (bits >> (f.exponent + f.fraction) & 1U) != 0 ? -1.0 : 1.0;
    const int bias = static_cast<int>(top >> 1);
    if (exponent == top && f.has_infinity) {
        return fraction == 0 ? sign * HUGE_VAL : NAN;
    }
    if (exponent == top && fraction == (1U << f.fraction) - 1U) {
        return NAN;
    }
    const double digits = exponent == 0 ? fraction : (1U << f.fraction) + fraction;
    return sign * std::ldexp(digits, (exponent == 0 ? 1 : static_cast<int>(exponent)) - bias - f.fraction);
}

/* To nearest, ties to even; past the largest number to infinity, or to the largest where there is none. */
static inline uint32_t fc_small_encode(double x, fc_small_format f) {
    const uint32_t top = (1U << f.exponent) - 1U;
    const uint32_t infinity = top << f.fraction;
    const uint32_t nan = infinity | ((1U << f.fraction) - 1U);
    const uint32_t most = f.has_infinity ? infinity : nan - 1U;
    const uint32_t sign = std::signbit(x) ? 1U << (f.exponent + f.fraction) : 0U;
    if (std::isnan(x)) {
        return nan;
    }
    if (std::isinf(x)) {
        return sign | most;
    }
    const int bias = static_cast<int>(top >> 1);
    int power = x != 0.0 ? std::ilogb(x) : 1 - bias;
    power = power < 1 - bias ? 1 - bias : power;
    if (power > bias + 2) {
        return sign | most;
    }
    /* Steps of the last place; a carry into the next exponent falls into place by itself. */
    const double steps = std::nearbyint(std::ldexp(std::fabs(x), f.fraction - power));
    const uint32_t base = static_cast<uint32_t>(power + bias - 1) << f.fraction;
    const uint32_t bits = base + static_cast<uint32_t>(steps);
    return sign | (bits < most ? bits : most);
}

#endif
