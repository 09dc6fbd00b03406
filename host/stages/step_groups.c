#include "step_groups.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>

/* Wrap-around links: a cut through the longest ring leaves every chip 8·link/side of all-to-all (hd/collective.h). */
static double all_to_all_rate(const fc_tier *tier)
{
    double rate = tier->bytes_per_s;
    if (tier->topology == FC_TOPOLOGY_TORUS && tier->torus_side > 0 && tier->link_bytes_per_s > 0) {
        rate = fc_hd_min(rate, 8.0 * tier->link_bytes_per_s / tier->torus_side);
    }
    return rate * tier->eff_frac;
}

fc_hd_net fc_step_group(const fc_cluster *cluster, double size, double stride)
{
    fc_hd_net net = {0};
    double inner = 1.0;
    for (uint32_t i = 0; i < cluster->tiers_count && i < FC_HD_MAX_TIERS; ++i) {
        const fc_tier *tier = &cluster->tiers[i];
        double room = floor(tier->chips_count / stride);
        bool outermost = i + 1 == cluster->tiers_count;
        double members = outermost ? size : fc_hd_clamp(room, inner, size);
        net.members[i] = members;
        net.bytes_per_s[i] = tier->bytes_per_s * tier->eff_frac;
        net.all_to_all_bytes_per_s[i] = all_to_all_rate(tier);
        net.latency_s[i] = tier->latency_s;
        net.tiers_count = (int32_t)i + 1;
        inner = members;
    }
    return net;
}
