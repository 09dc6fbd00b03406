/* hd/net.h: which tiers of the network the groups of a plan span.
 *
 * Ranks are numbered through the axes of the plan, innermost first, and lie on the chips in this order; a group is the
 * ranks that differ along one axis: `size` of them, `stride` chips apart, the stride being the product of the sizes of
 * the axes inside it. Several groups lie side by side, and each chip has its own share of every port.
 */
#ifndef FLOPCAST_HD_NET_H
#define FLOPCAST_HD_NET_H

#include "../cluster.h"
#include "../plan.h"
#include "collective.h"
#include "net_torus.h"

#include <string.h>

/* Groups of a plan. */
typedef enum fc_net_axis {
    FC_NET_TENSOR = 0,
    FC_NET_CONTEXT,
    FC_NET_EXPERT,
    FC_NET_REPLICA,        /* ranks that hold the same dense weights: data and context together */
    FC_NET_EXPERT_REPLICA, /* ranks that hold the same experts */
    FC_NET_PIPELINE,
    FC_NET_AXIS_COUNT
} fc_net_axis;

/* A group is one progression of ranks, or a progression of them: what the levels inside hold in full, the next repeats. */
enum { FC_NET_MOST_LEVELS = 2 };

typedef struct fc_net_progression {
    int levels_count;
    double size[FC_NET_MOST_LEVELS];
    double stride[FC_NET_MOST_LEVELS];
} fc_net_progression;

/* ---- members inside a domain -------------------------------------------------------------------------------------- */

FC_HD double fc_net_common_divisor(double a, double b) {
    while (b >= 1.0) {
        double rest = a - floor(a / b) * b;
        a = b;
        b = rest;
    }
    return a;
}

/* Members of a group inside the instance of `domain` chips that holds fewest of them, of all the groups that lie side by
 * side on full domains: all of it where groups fill domains evenly, else what the domains' edges cut off. With
 * g = gcd(domain, size·stride) every edge lies a multiple of g into some group, so it is size where g is the whole block,
 * else floor(g/stride), 1 at least. Whole numbers from 1. */
FC_HD double fc_net_fewest_inside(double domain, double size, double stride) {
    double edge = fc_net_common_divisor(domain, size * stride);
    return edge >= size * stride ? size : fc_hd_max(1.0, floor(edge / stride));
}

/* The largest divisor of `count` that is at most `most`. */
FC_HD double fc_net_divisor_at_most(double count, double most) {
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

/* Where chips may stay idle, a domain takes whole equal pieces of a group: the largest that still leave room for all
 * chips in use. 128 chips of 72-chip domains are 64 in each of two, as PaLM's 6,144 were 3,072 in each of two pods. */
FC_HD double fc_net_whole_piece(double domain, double domains, double used_count, double size, double stride) {
    double piece = fc_net_divisor_at_most(size, floor(domain / stride));
    while (piece > 1.0) {
        double block = piece * stride;
        if (floor(domain / block) * block * domains >= used_count) {
            break;
        }
        piece = fc_net_divisor_at_most(size, piece - 1.0);
    }
    return piece;
}

/* Everybody waits for the group with the fewest members behind a port, so they are laid so that it has most. */
FC_HD double fc_net_members_inside(double domain, double domains, double used_count, double size, double stride) {
    double most = fc_hd_clamp(floor(domain / stride), 1.0, size);
    double fewest = fc_net_fewest_inside(domain, size, stride);
    if (fewest >= most) {
        return fc_hd_min(fewest, size);
    }
    return fc_hd_max(fewest, fc_net_whole_piece(domain, domains, used_count, size, stride));
}

/* ---- rates ---------------------------------------------------------------------------------------------------------- */

FC_HD void fc_net_put_torus(fc_hd_net *net, uint32_t i, const fc_cluster *cluster, double size, double stride) {
    const fc_tier *tier = &cluster->tiers[i];
    /* a job may be smaller than the torus that it stands in */
    double whole = i == 0 && cluster->tiers_from_chip ? (double)cluster->chip.scaleup_domain_count : 0.0;
    fc_net_block block = fc_net_torus_block(tier, fc_hd_max(tier->chips_count, whole), size, stride);
    net->bytes_per_s[i] = block.gather_bytes_per_s * tier->eff_frac;
    net->bisection_bytes_per_s[i] = block.bisection_bytes_per_s * tier->eff_frac;
    net->send_bytes_per_s[i] = block.send_bytes_per_s * tier->eff_frac;
    net->hops[i] = block.hops;
    net->all_to_all_bytes_per_s[i] = fc_hd_min(net->bytes_per_s[i], net->bisection_bytes_per_s[i]);
}

/* One link to each peer: a few members have as many links as they have peers among them. */
FC_HD void fc_net_put_mesh(fc_hd_net *net, uint32_t i, const fc_tier *tier, double fanout) {
    double links = fc_hd_min(tier->bytes_per_s, (fanout - 1.0) * tier->link_bytes_per_s);
    net->bytes_per_s[i] = links * tier->eff_frac;
    net->all_to_all_bytes_per_s[i] = net->bytes_per_s[i];
    net->send_bytes_per_s[i] = fc_hd_min(tier->bytes_per_s, tier->link_bytes_per_s) * tier->eff_frac;
}

FC_HD void fc_net_put_tier(fc_hd_net *net, uint32_t i, const fc_cluster *cluster, double inner, double stride) {
    const fc_tier *tier = &cluster->tiers[i];
    double fanout = net->members[i] / inner;
    net->bytes_per_s[i] = tier->bytes_per_s * tier->eff_frac;
    net->all_to_all_bytes_per_s[i] = net->bytes_per_s[i];
    net->latency_s[i] = tier->latency_s;
    net->half_bytes[i] = tier->half_bytes;
    net->in_network_reduction[i] = tier->in_network_reduction;
    if (fanout > 1.0 && fc_net_is_torus(tier)) {
        fc_net_put_torus(net, i, cluster, fanout, stride * inner);
    } else if (fanout > 1.0 && tier->topology == FC_TOPOLOGY_MESH && tier->link_bytes_per_s > 0.0) {
        fc_net_put_mesh(net, i, tier, fanout);
    }
}

/* ---- groups --------------------------------------------------------------------------------------------------------- */

FC_HD fc_net_progression fc_net_every(double size, double stride) {
    fc_net_progression p = {1, {size, 1.0}, {stride, 1.0}};
    return p;
}

FC_HD fc_net_progression fc_net_nested(double size, double stride, double outer_size, double outer_stride) {
    fc_net_progression p = {2, {size, outer_size}, {stride, outer_stride}};
    return p;
}

FC_HD double fc_net_progression_inside(const fc_net_progression *p, double domain, double domains, double used_count) {
    double members = 1.0;
    for (int level = 0; level < p->levels_count; level++) {
        double inside = fc_net_members_inside(domain, domains, used_count, p->size[level], p->stride[level]);
        members *= inside;
        if (inside < p->size[level]) {
            break;
        }
    }
    return members;
}

/* NCCL and its kin lay one ring through all chips of a group; compilers for tori go dimension by dimension. */
FC_HD fc_hd_crossing fc_net_crossing_of(const fc_cluster *cluster) {
    return cluster->tiers[0].topology == FC_TOPOLOGY_TORUS ? FC_HD_BY_TIER : FC_HD_FLAT_RING;
}

FC_HD fc_hd_net fc_net_lay(const fc_cluster *cluster, double used_count, const fc_net_progression *p) {
    fc_hd_net net;
    memset(&net, 0, sizeof net);
    double chips = fc_hd_max(cluster->chips_count, used_count);
    double size = p->size[0] * (p->levels_count > 1 ? p->size[1] : 1.0);
    double inner = 1.0;
    int spanned = 0;
    for (uint32_t i = 0; i < cluster->tiers_count && i < FC_HD_MAX_TIERS; ++i) {
        double domain = floor(fc_hd_min(cluster->tiers[i].chips_count, chips));
        bool outermost = i + 1 == cluster->tiers_count;
        double inside = outermost ? size : fc_net_progression_inside(p, domain, fc_hd_ceil(chips / domain), used_count);
        net.members[i] = fc_hd_max(inner, inside);
        fc_net_put_tier(&net, i, cluster, inner, p->stride[0]);
        net.tiers_count = (int32_t)i + 1;
        spanned += net.members[i] > inner;
        inner = net.members[i];
    }
    /* inside one tier there is no edge to cross: a ring or a tree, whichever is shorter */
    bool crosses = spanned > 1 || net.members[0] <= 1.0;
    net.crossing = crosses ? (int32_t)fc_net_crossing_of(cluster) : (int32_t)FC_HD_BY_TIER;
    return net;
}

/* The group of `size` ranks that lie `stride` chips apart. `used_count` chips of the cluster work: the others may stay
 * idle so that groups end where domains end. Whole numbers from 1; tier rates as fc_cluster_check left them. No measured
 * curve: see fc_net_use_curves. */
FC_HD fc_hd_net fc_net_group(const fc_cluster *cluster, double used_count, double size, double stride) {
    fc_net_progression p = fc_net_every(size, stride);
    return fc_net_lay(cluster, used_count, &p);
}

/* What lies on which stride: tensor ranks innermost always, pipeline or data outermost. `rest` is what expert
 * parallelism leaves of data parallelism, 0 where it does not divide it. */
FC_HD fc_net_progression fc_net_axis_of(const fc_plan *plan, fc_net_axis axis) {
    double tp = plan->tp, cp = plan->cp, ep = plan->ep, pp = plan->pp, dp = plan->dp;
    double rest = plan->dp % plan->ep == 0 ? dp / ep : 0.0;
    bool pp_inside = plan->rank_order == (uint32_t)FC_RANK_ORDER_TP_CP_EP_PP_DP && rest > 0.0;
    bool ep_inside = plan->rank_order == (uint32_t)FC_RANK_ORDER_TP_EP_CP_DP_PP && rest > 0.0;
    switch (axis) {
    case FC_NET_CONTEXT:
        return fc_net_every(cp, ep_inside ? tp * ep : tp);
    case FC_NET_EXPERT:
        return fc_net_every(ep, ep_inside ? tp : tp * cp);
    case FC_NET_PIPELINE:
        return fc_net_every(pp, pp_inside ? tp * cp * ep : tp * cp * dp);
    case FC_NET_REPLICA:
        return pp_inside ? fc_net_nested(cp * ep, tp, rest, tp * cp * ep * pp) : fc_net_every(cp * dp, tp);
    case FC_NET_EXPERT_REPLICA:
        if (!(rest > 0.0) || ep_inside) {
            return fc_net_every(fc_hd_max(1.0, floor(cp * dp / ep)), tp * ep);
        }
        return fc_net_nested(cp, tp, rest, tp * cp * ep * (pp_inside ? pp : 1.0));
    case FC_NET_TENSOR:
    case FC_NET_AXIS_COUNT:
    default:
        return fc_net_every(tp, 1.0);
    }
}

/* The same of one axis of a plan that fc_plan_check let through, all of its sizes 1 or more. */
FC_HD fc_hd_net fc_net_of_axis(const fc_cluster *cluster, const fc_plan *plan, fc_net_axis axis) {
    fc_net_progression p = fc_net_axis_of(plan, axis);
    return fc_net_lay(cluster, (double)plan->tp * plan->pp * plan->dp * plan->cp, &p);
}

/* An axis in groups: `inside` holds `inside_count` neighbours along it, `across` one member of each such group. 1 or more,
 * a divisor of the axis' ranks. */
FC_HD void fc_net_split(fc_hd_net *inside, fc_hd_net *across, const fc_cluster *cluster, const fc_plan *plan,
                        fc_net_axis axis, double inside_count) {
    fc_net_progression in = fc_net_axis_of(plan, axis);
    fc_net_progression out = in;
    double near = in.size[0];
    double used_count = (double)plan->tp * plan->pp * plan->dp * plan->cp;
    if (inside_count <= near || in.levels_count == 1) { /* a part of the first level */
        double groups = floor(near / inside_count);
        in.levels_count = 1;
        in.size[0] = inside_count;
        out.size[0] = fc_hd_max(1.0, groups);
        out.stride[0] *= inside_count;
        if (groups * inside_count != near) { /* groups lie over the level's edge */
            out.levels_count = 1;
            out.size[0] = fc_hd_max(1.0, floor(near * in.size[1] / inside_count));
        }
    } else { /* all of it, and so many of the next */
        in.size[1] = fc_hd_max(1.0, floor(inside_count / near));
        out.levels_count = 1;
        out.size[0] = fc_hd_max(1.0, floor(out.size[1] / in.size[1]));
        out.stride[0] = out.stride[1] * in.size[1];
    }
    *inside = fc_net_lay(cluster, used_count, &in);
    *across = fc_net_lay(cluster, used_count, &out);
}

/* Puts measured curves (FC_LINK_PARAMETER_COUNT numbers each, NULL where there is none) in place of tier 0's rate. They
 * must outlive `net`. A torus keeps its rate: what a group reaches there depends on the rings it covers. */
FC_HD void fc_net_use_curves(fc_hd_net *net, const double *const curves[FC_HD_COLLECTIVE_COUNT]) {
    for (int i = 0; i < FC_HD_COLLECTIVE_COUNT; i++) {
        net->curve[i] = net->hops[0] > 0.0 ? NULL : curves[i];
    }
}

#endif
