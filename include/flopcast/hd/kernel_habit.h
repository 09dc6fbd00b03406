/* hd/kernel_habit.h: what a library's habits add to the time that its form gives, by the size of a product.
 *
 * Which kernel a library takes is not published: where it changes kernels its time is off any form, and alike for like
 * sizes. So the mean of ln(measured / form) is kept on a coarse grid of ln m, ln n and ln k (6 knots a side, a factor
 * of 4.6 apart) and read from it linearly. It knows regions, not shapes, is pulled to 0 where few shapes tell, and is
 * judged on shapes that it did not see. Beyond the grid its edge holds. All 0: no habits known.
 */
#ifndef FLOPCAST_HD_KERNEL_HABIT_H
#define FLOPCAST_HD_KERNEL_HABIT_H

#include "power.h"

enum { FC_HABIT_KNOTS = 6, FC_HABIT_COUNT = 216 };

/* The eight knots around a size, and the share of each; shares add up to 1. */
typedef struct fc_habit_spot {
    int knot[8];
    double share[8];
} fc_habit_spot;

/* Place on the grid, 0 to KNOTS - 1: knots go from `least` up by 2^2.2 = 4.6 each. */
FC_HD double fc_hd_habit_place(double size, double least) {
    double octaves = fc_hd_power_log(size / least) * 0x1.71547652b82fep+0;
    return fc_hd_clamp(octaves / 2.2, 0.0, (double)(FC_HABIT_KNOTS - 1));
}

/* m from 16 to 2^15, n and k from 32 to 2^16; sizes of 1 or more. */
FC_HD void fc_hd_habit_spot(fc_habit_spot *out, double m, double n, double k) {
    double place[3];
    int low[3];
    int i;
    place[0] = fc_hd_habit_place(m, 16.0);
    place[1] = fc_hd_habit_place(n, 32.0);
    place[2] = fc_hd_habit_place(k, 32.0);
    for (i = 0; i < 3; i++) {
        low[i] = (int)fc_hd_min(place[i], (double)(FC_HABIT_KNOTS - 2));
        place[i] -= (double)low[i];
    }
    for (i = 0; i < 8; i++) {
        int x = i & 1;
        int y = (i >> 1) & 1;
        int z = i >> 2;
        out->knot[i] = ((low[0] + x) * FC_HABIT_KNOTS + low[1] + y) * FC_HABIT_KNOTS + low[2] + z;
        out->share[i] =
            (x ? place[0] : 1.0 - place[0]) * (y ? place[1] : 1.0 - place[1]) * (z ? place[2] : 1.0 - place[2]);
    }
}

/* ln(measured / form) there. */
FC_HD double fc_hd_habit(const double *habits, const fc_habit_spot *spot) {
    double sum = 0.0;
    int i;
    for (i = 0; i < 8; i++) {
        sum += spot->share[i] * habits[spot->knot[i]];
    }
    return sum;
}

/* The factor on the form's time. `habits`: FC_HABIT_COUNT numbers, each within ±1. */
FC_HD double fc_hd_habit_factor(const double *habits, double m, double n, double k) {
    fc_habit_spot spot;
    fc_hd_habit_spot(&spot, m, n, k);
    return fc_hd_power_exp(fc_hd_habit(habits, &spot));
}

#endif
