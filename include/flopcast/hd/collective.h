/* collective.h: seconds of a collective over a group of ranks that may span several tiers of network.
 *
 * A group has `members` inside one instance of each tier, growing outwards. Hierarchical algorithm, pipelined: at each
 * tier the data of the inner group is already split over its members, so a chip carries 1/inner of it; the slowest tier
 * sets the bandwidth term and every tier adds its latency steps (Thakur, Rabenseifner, Gropp, "Optimization of
 * Collective Communication Operations in MPICH", IJHPCA 19(1), 2005: ring (n-1)/n of the bytes each way).
 * All-to-all on a torus is bound by its bisection: with wrap-around links a cut through the longest ring of `side` chips
 * gives every chip 8·link/side (4·bisection/chips). First form: no size-dependent efficiency beyond the latency steps.
 */
#ifndef FLOPCAST_HD_COLLECTIVE_H
#define FLOPCAST_HD_COLLECTIVE_H

#include "hd.h"
#include "math.h"

#define FC_HD_MAX_TIERS 6

typedef struct fc_hd_net {
    int32_t tiers_count;
    double members[FC_HD_MAX_TIERS];     /* of the group inside one instance of the tier; grows outwards */
    double bytes_per_s[FC_HD_MAX_TIERS]; /* per chip, one way, efficiency included; > 0 */
    double latency_s[FC_HD_MAX_TIERS];
    double all_to_all_bytes_per_s[FC_HD_MAX_TIERS]; /* per chip; below bytes_per_s on a torus */
} fc_hd_net;

/* Latency steps of n ranks: a ring for few, a tree for many, whichever is shorter. */
FC_HD double fc_hd_steps(double n) {
    double ring = n - 1.0;
    double tree = fc_hd_ceil(fc_hd_log2(n));
    return n <= 1.0 ? 0.0 : fc_hd_min(ring, tree);
}

/* All-gather or reduce-scatter of `bytes` in total (the gathered size) over the whole group. */
FC_HD double fc_hd_gather_s(const fc_hd_net *net, double bytes) {
    double slowest_s = 0.0;
    double latency_s = 0.0;
    double inner = 1.0;
    double all = net->tiers_count > 0 ? net->members[net->tiers_count - 1] : 1.0;
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        double fanout = net->members[i] / inner;
        if (fanout > 1.0) {
            /* rings through all members: of the whole, (n-1)/n crosses each tier, shared by the links of `inner` */
            double moved = bytes / inner * (all - 1.0) / all;
            slowest_s = fc_hd_max(slowest_s, moved / net->bytes_per_s[i]);
            latency_s += fc_hd_steps(fanout) * net->latency_s[i];
            inner = net->members[i];
        }
    }
    return slowest_s + latency_s;
}

/* All-reduce = reduce-scatter + all-gather. */
FC_HD double fc_hd_all_reduce_s(const fc_hd_net *net, double bytes) { return 2.0 * fc_hd_gather_s(net, bytes); }

/* All-to-all: every rank holds `bytes` and sends an equal piece to every other. */
FC_HD double fc_hd_all_to_all_s(const fc_hd_net *net, double bytes) {
    double slowest_s = 0.0;
    double latency_s = 0.0;
    double inner = 1.0;
    double all = net->tiers_count > 0 ? net->members[net->tiers_count - 1] : 1.0;
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        if (net->members[i] > inner) {
            /* what leaves a node crosses every outer tier's port; what stays inside uses the inner tier alone */
            double reached = i == 0 ? net->members[0] : all;
            double moved = bytes * (reached - inner) / all;
            slowest_s = fc_hd_max(slowest_s, moved / net->all_to_all_bytes_per_s[i]);
            latency_s += net->latency_s[i];
            inner = net->members[i];
        }
    }
    return slowest_s + latency_s;
}

/* One message between neighbours of the group, through the outermost tier that it spans. */
FC_HD double fc_hd_send_s(const fc_hd_net *net, double bytes) {
    double inner = 1.0;
    double time_s = 0.0;
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        if (net->members[i] > inner) {
            time_s = net->latency_s[i] + bytes / net->bytes_per_s[i];
            inner = net->members[i];
        }
    }
    return time_s;
}

#endif
