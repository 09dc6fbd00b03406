/* roofline.h: seconds of one operation on one device.
 *
 * Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009: an operation takes the longer of its arithmetic and its
 * traffic. The ramps r(x) = x/(x + half) are Hockney's n_1/2 law (Hockney, Jesshope, "Parallel Computers 2", 1988) in
 * each dimension of a matmul. Units: FLOP, bytes, seconds.
 */
#ifndef FLOPCAST_HD_ROOFLINE_H
#define FLOPCAST_HD_ROOFLINE_H

#include "../chip.h"
#include "hd.h"

/* Share of the full rate at size x; half >= 0 is the size that reaches one half. x > 0. */
FC_HD double fc_hd_ramp(double x, double half) { return x / (x + half); }

/* Rate of an m×n×k matmul in FLOP/s: peak · eff · r(m) · r(n) · r(k). */
FC_HD double fc_hd_matmul_rate(double m, double n, double k, double peak_flop_per_s, double eff_frac, double m_half,
                               double n_half, double k_half) {
    return peak_flop_per_s * eff_frac * fc_hd_ramp(m, m_half) * fc_hd_ramp(n, n_half) * fc_hd_ramp(k, k_half);
}

/* The same by a curve and the layout (fc_layout) of the operands. */
FC_HD double fc_hd_matmul_curve_rate(const fc_matmul_curve *curve, double peak_flop_per_s, uint32_t layout, double m,
                                     double n, double k) {
    double rate =
        fc_hd_matmul_rate(m, n, k, peak_flop_per_s, curve->eff_frac, curve->m_half, curve->n_half, curve->k_half);
    double frac = layout == 1 ? curve->nn_rate_frac : (layout == 2 ? curve->tn_rate_frac : 1.0);
    return frac > 0.0 ? rate * frac : rate;
}

/* The longer of arithmetic and traffic. Rates > 0. */
FC_HD double fc_hd_roofline_s(double flop, double flop_per_s, double bytes, double bytes_per_s) {
    return fc_hd_max(flop / flop_per_s, bytes / bytes_per_s);
}

#endif
