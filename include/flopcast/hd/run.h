/* run.h: what failures leave of a long run.
 *
 * Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22(3), 2006: with
 * exponential failures of mean time M, checkpoint time D, restart time R and work W between checkpoints, the wall time of
 * W is M·e^(R/M)·(e^((W+D)/M) - 1). All times in seconds.
 */
#ifndef FLOPCAST_HD_RUN_H
#define FLOPCAST_HD_RUN_H

#include "hd.h"
#include "math.h"

/* Share of the wall time that is work kept: W / wall. mtbf_s > 0, work_s > 0, the others >= 0. */
FC_HD double fc_hd_daly_goodput(double work_s, double checkpoint_s, double restart_s, double mtbf_s) {
    double wall_s = mtbf_s * fc_hd_exp(restart_s / mtbf_s) * fc_hd_expm1((work_s + checkpoint_s) / mtbf_s);
    return work_s / wall_s;
}

/* Daly's optimum of the work between two checkpoints (equation 37): for D < 2M
 * sqrt(2DM)·(1 + sqrt(D/2M)/3 + D/18M) - D, else M. */
FC_HD double fc_hd_daly_interval_s(double checkpoint_s, double mtbf_s) {
    double ratio = checkpoint_s / (2.0 * mtbf_s);
    if (ratio >= 1.0) {
        return mtbf_s;
    }
    return sqrt(2.0 * checkpoint_s * mtbf_s) * (1.0 + sqrt(ratio) / 3.0 + ratio / 9.0) - checkpoint_s;
}

#endif
