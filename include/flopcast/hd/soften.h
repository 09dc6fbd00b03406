/* soften.h: errors that count less the larger they are. */
#ifndef FLOPCAST_HD_SOFTEN_H
#define FLOPCAST_HD_SOFTEN_H

#include "hd.h"

#include <math.h> /* sqrt */

/* A small error as it is; above `bend` its square grows only as fast as the error itself: r² = 2·bend²·(√(1+(e/bend)²) - 1),
 * the pseudo-Huber loss (Charbonnier et al., "Deterministic edge-preserving regularization", 1997), also called soft L1.
 * bend > 0, in the error's unit; keeps the sign. */
FC_HD double fc_hd_soften(double error, double bend) {
    double ratio = error / bend;
    double size = bend * sqrt(2.0 * (sqrt(1.0 + ratio * ratio) - 1.0));
    return error < 0.0 ? -size : size;
}

#endif
