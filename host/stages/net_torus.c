/* net_torus.c: blocks of chips on rings. A group that fills a ring has its wrap-around; a shorter piece of a ring has
 * one link at its ends, and so one link each way. */
#include "net_torus.h"

#include "flopcast/hd/hd.h"

enum { MOST_RINGS = 3, MOST_FACTORS = 64 };

static const double ROUNDING = 1e-9;

typedef struct torus {
    int rings_count;               /* that a chip lies on */
    double side[MOST_RINGS];       /* chips along each */
    double link_per_s[MOST_RINGS]; /* bytes, one way, to one neighbour */
} torus;

typedef struct extents {
    double chips[MOST_RINGS];
} extents;

bool fc_net_is_torus(const fc_tier *tier) {
    return tier->topology == FC_TOPOLOGY_TORUS && tier->torus_side >= 1.0 && tier->link_bytes_per_s > 0.0 &&
           tier->bytes_per_s > 0.0;
}

static double divisor_at_most_root(double count) {
    double best = 1.0;
    for (double i = 2.0; i * i <= count; i += 1.0) {
        best = floor(count / i) * i == count ? i : best;
    }
    return best;
}

/* From what a sheet says: all links together, the slowest link, the longest ring, the chips. Two links a ring; the slow
 * ring is the last, and the others share what it leaves (an UltraServer: 4 × 128 and 2 × 64 GB/s). */
static torus torus_of(const fc_tier *tier, double chips_count) {
    torus t;
    double slow = tier->link_bytes_per_s;
    double rings = fc_hd_clamp(floor(tier->bytes_per_s / (2.0 * slow) + 0.5), 1.0, MOST_RINGS);
    t.rings_count = (int)rings;
    double fast = rings > 1.0 ? (tier->bytes_per_s - 2.0 * slow) / (2.0 * (rings - 1.0)) : slow;
    double longest = t.rings_count == 1 ? fc_hd_max(tier->torus_side, chips_count) : tier->torus_side;
    double rest = fc_hd_max(1.0, floor(chips_count / longest + 0.5));
    double middle = t.rings_count == 3 ? divisor_at_most_root(rest) : rest;
    t.side[0] = longest;
    t.side[1] = t.rings_count == 3 ? fc_hd_max(1.0, floor(rest / middle + 0.5)) : middle;
    t.side[2] = middle;
    for (int d = 0; d < MOST_RINGS; d++) {
        t.link_per_s[d] = d + 1 == t.rings_count ? slow : fast;
    }
    return t;
}

/* Prime factors, smallest first. */
static int factors_of(double factors[MOST_FACTORS], double count) {
    int found = 0;
    for (double p = 2.0; p * p <= count && found < MOST_FACTORS - 1;) {
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
static int ring_for(const torus *t, const extents *e, double factor, bool along) {
    int chosen = -1;
    for (int d = 0; d < t->rings_count; d++) {
        bool fits = e->chips[d] * factor <= t->side[d] * (1.0 + ROUNDING);
        bool better = chosen < 0 || (!along && e->chips[d] < e->chips[chosen]);
        chosen = fits && better ? d : chosen;
    }
    return chosen < 0 ? 0 : chosen; /* none has room: the sheet has fewer chips than the group */
}

static void grow(extents *e, const torus *t, double count, bool along) {
    double factors[MOST_FACTORS];
    for (int i = factors_of(factors, count) - 1; i >= 0; i--) {
        e->chips[ring_for(t, e, factors[i], along)] *= factors[i];
    }
}

/* A cut across the middle of a ring of e chips crosses one link, two with wrap-around. Half of the chips send half of
 * what they have over it: e/2 of a line, so 4·link/e a chip, or 8·link/e. Where groups lie side by side on the same ring
 * they share its links. */
static fc_net_block block_of(const torus *t, double size, double stride, bool along) {
    extents inner = {{1.0, 1.0, 1.0}};
    grow(&inner, t, stride, along);
    extents outer = inner;
    grow(&outer, t, size, along);
    fc_net_block block = {0, 0, 0, 0};
    for (int d = 0; d < t->rings_count; d++) {
        double taken = outer.chips[d] / inner.chips[d];
        if (taken <= 1.0) {
            continue;
        }
        bool wrapped = outer.chips[d] >= t->side[d] * (1.0 - ROUNDING);
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

fc_net_block fc_net_torus_block(const fc_tier *tier, double chips_count, double size, double stride) {
    torus t = torus_of(tier, chips_count);
    fc_net_block along = block_of(&t, size, stride, true);
    fc_net_block cubic = block_of(&t, size, stride, false);
    bool is_cubic = cubic.gather_bytes_per_s > along.gather_bytes_per_s ||
                    (cubic.gather_bytes_per_s == along.gather_bytes_per_s &&
                     cubic.bisection_bytes_per_s > along.bisection_bytes_per_s);
    return is_cubic ? cubic : along;
}
