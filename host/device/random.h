/* random.h: operands. Counter-based: element i of a seed is the same whoever writes it, processor or
 * graphics card, in whatever order. */
#ifndef FLOPCAST_HOST_DEVICE_RANDOM_H
#define FLOPCAST_HOST_DEVICE_RANDOM_H

#include "flopcast/hd/hd.h"

/* SplitMix64's output function (Steele, Lea and Flood 2014) on seed + (index + 1)·golden ratio. */
FC_HD uint64_t fc_random_bits(uint64_t seed, uint64_t index) {
    uint64_t z = seed + (index + 1U) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Uniform in [-1, 1): every value is exact, so that rounding never reaches 1. */
FC_HD double fc_random_f64(uint64_t seed, uint64_t index) {
    return (double)(fc_random_bits(seed, index) >> 11) * 0x1p-52 - 1.0;
}

/* Two a word, as half of 64 bits is enough for a float. */
FC_HD float fc_random_f32(uint64_t seed, uint64_t index) {
    uint64_t bits = fc_random_bits(seed, index >> 1);
    uint32_t half = (index & 1U) != 0 ? (uint32_t)(bits >> 32) : (uint32_t)bits;
    return (float)(half >> 8) * 0x1p-23F - 1.0F;
}

#endif
