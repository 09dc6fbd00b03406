/* hd/rng.h: random numbers that are a pure function of (seed, trial, stream).
 *
 * Philox4x32-10 of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3,
 * SC'11. There is no state to carry, so a trial's numbers are the same whoever computes it, in whatever order: thread,
 * CUDA kernel or web page. Tested against the known answers of its authors' Random123.
 */
#ifndef FLOPCAST_HD_RNG_H
#define FLOPCAST_HD_RNG_H

#include "hd.h"

typedef struct fc_philox {
    uint32_t v[4];
} fc_philox;

/* The 128 bits that belong to `counter` under the key (key0, key1). */
FC_HD fc_philox fc_hd_philox(fc_philox counter, uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; round++) {
        uint64_t even = UINT64_C(0xD2511F53) * counter.v[0];
        uint64_t odd = UINT64_C(0xCD9E8D57) * counter.v[2];
        fc_philox next;
        next.v[0] = (uint32_t)(odd >> 32) ^ counter.v[1] ^ key0;
        next.v[1] = (uint32_t)odd;
        next.v[2] = (uint32_t)(even >> 32) ^ counter.v[3] ^ key1;
        next.v[3] = (uint32_t)even;
        counter = next;
        key0 += UINT32_C(0x9E3779B9); /* Weyl sequences: the golden ratio and sqrt(3) - 1 */
        key1 += UINT32_C(0xBB67AE85);
    }
    return counter;
}

/* A uniform number strictly between 0 and 1: one of the 2^52 odd multiples of 2^-53, so that u and 1 - u are equally
 * likely and both exact. `stream` tells the uncertain inputs of one trial apart. */
FC_HD double fc_hd_uniform(uint64_t seed, uint64_t trial, uint32_t stream) {
    fc_philox counter;
    counter.v[0] = (uint32_t)trial;
    counter.v[1] = (uint32_t)(trial >> 32);
    counter.v[2] = stream;
    counter.v[3] = 0;
    counter = fc_hd_philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
    uint64_t bits = ((uint64_t)counter.v[1] << 32) | counter.v[0];
    return (double)((bits >> 11) | 1) * 0x1p-53;
}

#endif
