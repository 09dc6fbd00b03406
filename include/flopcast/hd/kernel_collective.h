/* hd/kernel_collective.h: the time of one collective within a scale-up domain: the fastest of three protocols, each with
 * a base latency, a latency a step and a rate (NCCL's LL, LL128 and Simple; its tuning picks by the same kind of model).
 * Where two are about as fast the choice, and the pipelining within one, gain a little: the least is taken with a
 * rounded corner.
 *
 * `bytes` as nccl-tests counts them: the whole buffer. Valid from 2 to 1024 chips.
 */
#ifndef FLOPCAST_HD_KERNEL_COLLECTIVE_H
#define FLOPCAST_HD_KERNEL_COLLECTIVE_H

#include "power.h"

typedef enum fc_link_parameter {
    FC_LINK_LOW_BASE_S = 0, /* protocol made for small messages */
    FC_LINK_LOW_STEP_S,     /* a further chip */
    FC_LINK_LOW_BYTES_PER_S,
    FC_LINK_MIDDLE_BASE_S,
    FC_LINK_MIDDLE_STEP_S,
    FC_LINK_MIDDLE_BYTES_PER_S,
    FC_LINK_HIGH_BASE_S,
    FC_LINK_HIGH_STEP_S,
    FC_LINK_HIGH_BYTES_PER_S, /* protocol made for large messages, two chips */
    FC_LINK_CHIPS_ORDER,      /* rates go with chips as (chips/2)^(1 - order): above 1 on a shared bus */
    FC_LINK_CORNER_ORDER,     /* high: the least of the three; low: below it where they meet */
    FC_LINK_PARAMETER_COUNT
} fc_link_parameter;

/* `wire_frac` is what one chip sends of `bytes`: 2(p-1)/p for an all-reduce, (p-1)/p for the others. */
FC_HD double fc_hd_link_s(const double *p, double chips_count, double bytes, double wire_frac) {
    double growth = fc_hd_power(0.5 * chips_count, 1.0 - p[FC_LINK_CHIPS_ORDER]);
    double protocol_s[3];
    double best_s = fc_hd_infinity();
    double sum = 0.0;
    int i;
    for (i = 0; i < 3; i++) {
        const double *q = p + 3 * i;
        protocol_s[i] = q[0] + q[1] * (chips_count - 1.0) + bytes * wire_frac / (q[2] * growth);
        best_s = fc_hd_min(best_s, protocol_s[i]);
    }
    for (i = 0; i < 3; i++) {
        sum += fc_hd_power(best_s / protocol_s[i], p[FC_LINK_CORNER_ORDER]);
    }
    return best_s * fc_hd_power(sum, -1.0 / p[FC_LINK_CORNER_ORDER]);
}

#endif
