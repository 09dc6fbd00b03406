#include "step_groups.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/math.h"

#include <stdbool.h>

/* Dimensions of a torus, from its links: two of them for each ring that a chip lies on. */
static double ring_count(const fc_tier *tier) {
    const double most = 3.0;
    return fc_hd_clamp(floor(tier->bytes_per_s / (2.0 * tier->link_bytes_per_s) + 0.5), 1.0, most);
}

/* All-to-all inside a block of `span` neighbouring chips (several groups side by side fill it together). A cut through
 * the whole torus leaves every chip 8·link/side, wrap-around links included (hd/collective.h); a smaller block has no
 * wrap-around of its own and leaves 4·link over its side. */
static double all_to_all_rate(const fc_tier *tier, double span) {
    double rate = tier->bytes_per_s;
    if (tier->topology == FC_TOPOLOGY_TORUS && tier->torus_side > 0 && tier->link_bytes_per_s > 0) {
        const double rounding = 1e-9;
        double side = fc_hd_ceil(fc_hd_pow(fc_hd_max(1.0, span), 1.0 / ring_count(tier)) - rounding);
        double share = fc_hd_max(8.0 / tier->torus_side, 4.0 / fc_hd_max(1.0, side));
        rate = fc_hd_min(rate, share * tier->link_bytes_per_s);
    }
    return rate * tier->eff_frac;
}

/* The largest divisor of `count` that is at most `most`. */
static double divisor_at_most(double count, double most) {
    if (most >= count || most < 2.0) {
        return most < 2.0 ? 1.0 : count;
    }
    double best = 1.0;
    for (uint32_t i = 1; (double)i * i <= count; ++i) {
        double small = i;
        double large = floor(count / small);
        if (large * small == count) {
            if (large <= most) {
                return large;
            }
            best = small <= most ? small : best;
        }
    }
    return best;
}

/* Ranks lie side by side. A domain takes whole equal pieces of a group, and pieces that do not fill it leave chips idle:
 * so the largest piece that still leaves room for all chips in use. Else some group straddles the domain's edge, and
 * everybody waits for that group. */
static double piece_inside(double domain, double domains, double used_count, double size, double stride) {
    double piece = divisor_at_most(size, floor(domain / stride));
    while (piece > 1.0) {
        double block = piece * stride;
        if (floor(domain / block) * block * domains >= used_count) {
            break;
        }
        piece = divisor_at_most(size, piece - 1.0);
    }
    return piece;
}

fc_hd_net fc_step_group(const fc_cluster *cluster, double used_count, double size, double stride) {
    fc_hd_net net = {0};
    double chips = fc_hd_max(cluster->chips_count, used_count);
    double inner = 1.0;
    for (uint32_t i = 0; i < cluster->tiers_count && i < FC_HD_MAX_TIERS; ++i) {
        const fc_tier *tier = &cluster->tiers[i];
        double domain = fc_hd_min(tier->chips_count, chips);
        bool outermost = i + 1 == cluster->tiers_count;
        double members = size;
        if (!outermost) {
            /* 128 chips of a 72-chip domain are 64 in each of two, as PaLM's 6,144 were 3,072 in each of two pods of 4,096 */
            double domains = fc_hd_ceil(chips / domain);
            members = inner * piece_inside(domain, domains, used_count, size / inner, stride * inner);
        }
        net.members[i] = members;
        net.bytes_per_s[i] = tier->bytes_per_s * tier->eff_frac;
        net.all_to_all_bytes_per_s[i] = all_to_all_rate(tier, members * stride);
        net.latency_s[i] = tier->latency_s;
        net.tiers_count = (int32_t)i + 1;
        inner = members;
    }
    return net;
}
