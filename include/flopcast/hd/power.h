/* hd/power.h: x^y where twelve digits are enough, in a quarter of the time of math.h's.
 *
 * Kernel curves take half a dozen powers a shape, and a search asks for millions of shapes. The relative error is below
 * 1e-15 · (4 + |y ln x|): a factor of e^40 still has 13 digits. Only + - * / and bits, so the same on every machine.
 */
#ifndef FLOPCAST_HD_POWER_H
#define FLOPCAST_HD_POWER_H

#include "math.h"

/* ln x for normal x > 0: x = 2^k m with m near 1, ln m = 2 artanh((m - 1)/(m + 1)), its series to the 19th power. */
FC_HD double fc_hd_power_log(double x) {
    uint64_t bits = fc_hd_bits(x);
    uint64_t above = bits - UINT64_C(0x3FE6A09E667F3BCD); /* sqrt(1/2): m from there to sqrt 2 */
    int64_t k = (int64_t)above >> 52;
    double m = fc_hd_from_bits(bits - ((uint64_t)k << 52));
    double s = (m - 1.0) / (m + 1.0);
    double u = s * s;
    double w = u * u;
    double odd = 1.0 / 3.0 + w * (1.0 / 7.0 + w * (1.0 / 11.0 + w * (1.0 / 15.0 + w * (1.0 / 19.0))));
    double even = 1.0 / 5.0 + w * (1.0 / 9.0 + w * (1.0 / 13.0 + w * (1.0 / 17.0)));
    return (double)k * 0x1.62e42fefa39efp-1 + (2.0 * s + 2.0 * s * u * (odd + u * even));
}

/* e^z for |z| < 700, by Taylor's series to the 13th power of what is left after whole powers of two. */
FC_HD double fc_hd_power_exp(double z) {
    int64_t k = (int64_t)(z * 0x1.71547652b82fep+0 + (z < 0.0 ? -0.5 : 0.5)); /* 1/ln 2 */
    double r = (z - (double)k * 0x1.62e42fefa3800p-1) - (double)k * 0x1.ef35793c76730p-45;
    double a = r * r;
    double b = a * a;
    double low = (1.0 + r) + a * (0.5 + r * (1.0 / 6.0));
    double middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + a * (1.0 / 720.0 + r * (1.0 / 5040.0));
    double high = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + a * (1.0 / 3628800.0 + r * (1.0 / 39916800.0));
    double top = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0);
    return (low + b * (middle + b * (high + b * top))) * fc_hd_power_of_two((int)k);
}

/* x^y for x from 0 to infinity and any y; as math.h's at the edges. */
FC_HD double fc_hd_power(double x, double y) {
    double z;
    if (!(x >= 0x1p-1022 && x < fc_hd_infinity())) {
        return fc_hd_pow(x, y);
    }
    z = y * fc_hd_power_log(x);
    if (!(fabs(z) < 700.0)) {
        return fc_hd_pow(x, y);
    }
    return fc_hd_power_exp(z);
}

#endif
