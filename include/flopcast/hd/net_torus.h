/* hd/net_torus.h: what a group of chips has of a torus: a block of chips on rings. A group that fills a ring has its
 * wrap-around; a shorter piece of a ring has one link at its ends, and so one link each way.
 */
#ifndef FLOPCAST_HD_NET_TORUS_H
#define FLOPCAST_HD_NET_TORUS_H

#include "../cluster.h"
#include "hd.h"

#include <stdbool.h>

enum { FC_NET_MOST_RINGS = 3, FC_NET_MOST_FACTORS = 64 };

/* One way and per chip, before software. */
typedef struct fc_net_block {
    double gather_bytes_per_s;    /* all links of the rings that the group covers */
    double bisection_bytes_per_s; /* all a chip holds, over the time of an all-to-all */
    double send_bytes_per_s;      /* to the next member */
    double hops;                  /* steps of a gather, ring by ring, both ways around */
} fc_net_block;

typedef struct fc_net_torus {
    int rings_count;                      /* that a chip lies on */
    double side[FC_NET_MOST_RINGS];       /* chips along each */
    double link_per_s[FC_NET_MOST_RINGS]; /* bytes, one way, to one neighbour */
} fc_net_torus;

typedef struct fc_net_extents {
    double chips[FC_NET_MOST_RINGS];
} fc_net_extents;

/* Whether the tier says enough of its links to be taken as a torus. */
FC_HD bool fc_net_is_torus(const fc_tier *tier) {
    return tier->topology == FC_TOPOLOGY_TORUS && tier->torus_side >= 1.0 && tier->link_bytes_per_s > 0.0 &&
           tier->bytes_per_s > 0.0;
}

FC_HD double fc_net_divisor_at_most_root(double count) {
    double best = 1.0;
    for (double i = 2.0; i * i <= count; i += 1.0) {
        best = floor(count / i) * i == count ? i : best;
    }
    return best;
}

/* From what a sheet says: all links together, the slowest link, the longest ring, the chips. Two links a ring; the slow
 * ring is the last, and the others share what it leaves (an UltraServer: 4 × 128 and 2 × 64 GB/s). */
FC_HD fc_net_torus fc_net_torus_of(const fc_tier *tier, double chips_count) {
    fc_net_torus t;
    double slow = tier->link_bytes_per_s;
    double rings = fc_hd_clamp(floor(tier->bytes_per_s / (2.0 * slow) + 0.5), 1.0, FC_NET_MOST_RINGS);
    t.rings_count = (int)rings;
    double fast = rings > 1.0 ? (tier->bytes_per_s - 2.0 * slow) / (2.0 * (rings - 1.0)) : slow;
    double longest = t.rings_count == 1 ? fc_hd_max(tier->torus_side, chips_count) : tier->torus_side;
    double rest = fc_hd_max(1.0, floor(chips_count / longest + 0.5));
    double middle = t.rings_count == 3 ? fc_net_divisor_at_most_root(rest) : rest;
    t.side[0] = longest;
    t.side[1] = t.rings_count == 3 ? fc_hd_max(1.0, floor(rest / middle + 0.5)) : middle;
    t.side[2] = middle;
    for (int d = 0; d < FC_NET_MOST_RINGS; d++) {
        t.link_per_s[d] = d + 1 == t.rings_count ? slow : fast;
    }
    return t;
}

/* Prime factors, smallest first. */
FC_HD int fc_net_factors_of(double factors[FC_NET_MOST_FACTORS], double count) {
    int found = 0;
    for (double p = 2.0; p * p <= count && found < FC_NET_MOST_FACTORS - 1;) {
        double rest = floor(count / p);
        if (rest * p == count) {
            factors[found++] = p;
            count = rest;
        } else {
            p += 1.0;
        }
    }
    if (count > 1.0) {
        factors[found++] = count;
    }
    return found;
}

/* The ring to lengthen by `factor`: the first with room, or the one that is shortest so far. */
FC_HD int fc_net_ring_for(const fc_net_torus *t, const fc_net_extents *e, double factor, bool along) {
    int chosen = -1;
    for (int d = 0; d < t->rings_count; d++) {
        bool fits = e->chips[d] * factor <= t->side[d] * (1.0 + 1e-9);
        bool better = chosen < 0 || (!along && e->chips[d] < e->chips[chosen]);
        chosen = fits && better ? d : chosen;
    }
    return chosen < 0 ? 0 : chosen; /* none has room: the sheet has fewer chips than the group */
}

FC_HD void fc_net_grow(fc_net_extents *e, const fc_net_torus *t, double count, bool along) {
    double factors[FC_NET_MOST_FACTORS];
    for (int i = fc_net_factors_of(factors, count) - 1; i >= 0; i--) {
        e->chips[fc_net_ring_for(t, e, factors[i], along)] *= factors[i];
    }
}

/* A cut across the middle of a ring of e chips crosses one link, two with wrap-around. Half of the chips send half of
 * what they have over it: e/2 of a line, so 4·link/e a chip, or 8·link/e. Where groups lie side by side on the same ring
 * they share its links. */
FC_HD fc_net_block fc_net_block_of(const fc_net_torus *t, double size, double stride, bool along) {
    fc_net_extents inner = {{1.0, 1.0, 1.0}};
    fc_net_grow(&inner, t, stride, along);
    fc_net_extents outer = inner;
    fc_net_grow(&outer, t, size, along);
    fc_net_block block = {0, 0, 0, 0};
    for (int d = 0; d < t->rings_count; d++) {
        double taken = outer.chips[d] / inner.chips[d];
        if (taken <= 1.0) {
            continue;
        }
        bool wrapped = outer.chips[d] >= t->side[d] * (1.0 - 1e-9);
        double links = wrapped ? 2.0 : 1.0;
        double through = 4.0 * links * t->link_per_s[d] / outer.chips[d];
        double one = t->link_per_s[d] / inner.chips[d];
        block.gather_bytes_per_s += links * one;
        block.bisection_bytes_per_s =
            block.bisection_bytes_per_s > 0.0 ? fc_hd_min(block.bisection_bytes_per_s, through) : through;
        block.send_bytes_per_s = block.send_bytes_per_s > 0.0 ? fc_hd_min(block.send_bytes_per_s, one) : one;
        block.hops += wrapped ? floor(0.5 * taken) : taken - 1.0;
    }
    return block;
}

/* A group of `size` chips of which `stride` - 1 others lie between neighbours, in a torus of `chips_count`. Each group is
 * laid as suits it: along whole rings, or as a block that is as cubic as can be. Whole numbers from 1. */
FC_HD fc_net_block fc_net_torus_block(const fc_tier *tier, double chips_count, double size, double stride) {
    fc_net_torus t = fc_net_torus_of(tier, chips_count);
    fc_net_block along = fc_net_block_of(&t, size, stride, true);
    fc_net_block cubic = fc_net_block_of(&t, size, stride, false);
    bool is_cubic = cubic.gather_bytes_per_s > along.gather_bytes_per_s ||
                    (cubic.gather_bytes_per_s == along.gather_bytes_per_s &&
                     cubic.bisection_bytes_per_s > along.bisection_bytes_per_s);
    return is_cubic ? cubic : along;
}

#endif
