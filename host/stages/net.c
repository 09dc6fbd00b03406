/* net.c: groups of ranks on the tiers of a cluster. */
#include "net.h"

#include "flopcast/hd/hd.h"
#include "net_torus.h"

#include <stdbool.h>

/* A group is one progression of ranks, or a progression of them: what the levels inside hold in full, the next repeats. */
enum { MOST_LEVELS = 2 };

typedef struct progression {
    int levels_count;
    double size[MOST_LEVELS];
    double stride[MOST_LEVELS];
} progression;

/* ---- members inside a domain -------------------------------------------------------------------------------------- */

static double common_divisor(double a, double b) {
    while (b >= 1.0) {
        double rest = a - floor(a / b) * b;
        a = b;
        b = rest;
    }
    return a;
}

double fc_net_fewest_inside(double domain, double size, double stride) {
    double edge = common_divisor(domain, size * stride);
    return edge >= size * stride ? size : fc_hd_max(1.0, floor(edge / stride));
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

/* Where chips may stay idle, a domain takes whole equal pieces of a group: the largest that still leave room for all
 * chips in use. 128 chips of 72-chip domains are 64 in each of two, as PaLM's 6,144 were 3,072 in each of two pods. */
static double whole_piece(double domain, double domains, double used_count, double size, double stride) {
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

/* Everybody waits for the group with the fewest members behind a port, so they are laid so that it has most. */
static double members_inside(double domain, double domains, double used_count, double size, double stride) {
    double most = fc_hd_clamp(floor(domain / stride), 1.0, size);
    double fewest = fc_net_fewest_inside(domain, size, stride);
    if (fewest >= most) {
        return fc_hd_min(fewest, size);
    }
    return fc_hd_max(fewest, whole_piece(domain, domains, used_count, size, stride));
}

/* ---- rates ---------------------------------------------------------------------------------------------------------- */

static void put_torus(fc_hd_net *net, uint32_t i, const fc_cluster *cluster, double size, double stride) {
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
static void put_mesh(fc_hd_net *net, uint32_t i, const fc_tier *tier, double fanout) {
    double links = fc_hd_min(tier->bytes_per_s, (fanout - 1.0) * tier->link_bytes_per_s);
    net->bytes_per_s[i] = links * tier->eff_frac;
    net->all_to_all_bytes_per_s[i] = net->bytes_per_s[i];
    net->send_bytes_per_s[i] = fc_hd_min(tier->bytes_per_s, tier->link_bytes_per_s) * tier->eff_frac;
}

static void put_tier(fc_hd_net *net, uint32_t i, const fc_cluster *cluster, double inner, double stride) {
    const fc_tier *tier = &cluster->tiers[i];
    double fanout = net->members[i] / inner;
    net->bytes_per_s[i] = tier->bytes_per_s * tier->eff_frac;
    net->all_to_all_bytes_per_s[i] = net->bytes_per_s[i];
    net->latency_s[i] = tier->latency_s;
    net->half_bytes[i] = tier->half_bytes;
    net->in_network_reduction[i] = tier->in_network_reduction;
    if (fanout > 1.0 && fc_net_is_torus(tier)) {
        put_torus(net, i, cluster, fanout, stride * inner);
    } else if (fanout > 1.0 && tier->topology == FC_TOPOLOGY_MESH && tier->link_bytes_per_s > 0.0) {
        put_mesh(net, i, tier, fanout);
    }
}

/* ---- groups --------------------------------------------------------------------------------------------------------- */

static double progression_inside(const progression *p, double domain, double domains, double used_count) {
    double members = 1.0;
    for (int level = 0; level < p->levels_count; level++) {
        double inside = members_inside(domain, domains, used_count, p->size[level], p->stride[level]);
        members *= inside;
        if (inside < p->size[level]) {
            break;
        }
    }
    return members;
}

/* NCCL and its kin lay one ring through all chips of a group; compilers for tori go dimension by dimension. */
static fc_hd_crossing crossing_of(const fc_cluster *cluster) {
    return cluster->tiers[0].topology == FC_TOPOLOGY_TORUS ? FC_HD_BY_TIER : FC_HD_FLAT_RING;
}

static fc_hd_net group_of(const fc_cluster *cluster, double used_count, const progression *p) {
    fc_hd_net net = {0};
    double chips = fc_hd_max(cluster->chips_count, used_count);
    double size = p->size[0] * (p->levels_count > 1 ? p->size[1] : 1.0);
    double inner = 1.0;
    int spanned = 0;
    for (uint32_t i = 0; i < cluster->tiers_count && i < FC_HD_MAX_TIERS; ++i) {
        double domain = floor(fc_hd_min(cluster->tiers[i].chips_count, chips));
        bool outermost = i + 1 == cluster->tiers_count;
        double inside = outermost ? size : progression_inside(p, domain, fc_hd_ceil(chips / domain), used_count);
        net.members[i] = fc_hd_max(inner, inside);
        put_tier(&net, i, cluster, inner, p->stride[0]);
        net.tiers_count = (int32_t)i + 1;
        spanned += net.members[i] > inner;
        inner = net.members[i];
    }
    /* inside one tier there is no edge to cross: a ring or a tree, whichever is shorter */
    bool crosses = spanned > 1 || net.members[0] <= 1.0;
    net.crossing = crosses ? (int32_t)crossing_of(cluster) : (int32_t)FC_HD_BY_TIER;
    return net;
}

fc_hd_net fc_net_group(const fc_cluster *cluster, double used_count, double size, double stride) {
    const progression p = {1, {size, 1.0}, {stride, 1.0}};
    return group_of(cluster, used_count, &p);
}

/* What lies on which stride: tensor ranks innermost always, pipeline or data outermost. `rest` is what expert
 * parallelism leaves of data parallelism, 0 where it does not divide it. */
static progression axis_of(const fc_plan *plan, fc_net_axis axis) {
    double tp = plan->tp, cp = plan->cp, ep = plan->ep, pp = plan->pp, dp = plan->dp;
    double rest = plan->dp % plan->ep == 0 ? dp / ep : 0.0;
    bool pp_inside = plan->rank_order == FC_RANK_ORDER_TP_CP_EP_PP_DP && rest > 0.0;
    bool ep_inside = plan->rank_order == FC_RANK_ORDER_TP_EP_CP_DP_PP && rest > 0.0;
    progression p = {1, {1.0, 1.0}, {1.0, 1.0}};
    switch (axis) {
    case FC_NET_CONTEXT:
        p = (progression){1, {cp, 1.0}, {ep_inside ? tp * ep : tp, 1.0}};
        break;
    case FC_NET_EXPERT:
        p = (progression){1, {ep, 1.0}, {ep_inside ? tp : tp * cp, 1.0}};
        break;
    case FC_NET_PIPELINE:
        p = (progression){1, {pp, 1.0}, {pp_inside ? tp * cp * ep : tp * cp * dp, 1.0}};
        break;
    case FC_NET_REPLICA:
        p = pp_inside ? (progression){2, {cp * ep, rest}, {tp, tp * cp * ep * pp}}
                      : (progression){1, {cp * dp, 1.0}, {tp, 1.0}};
        break;
    case FC_NET_EXPERT_REPLICA:
        if (!(rest > 0.0) || ep_inside) {
            p = (progression){1, {fc_hd_max(1.0, floor(cp * dp / ep)), 1.0}, {tp * ep, 1.0}};
        } else {
            p = (progression){2, {cp, rest}, {tp, tp * cp * ep * (pp_inside ? pp : 1.0)}};
        }
        break;
    case FC_NET_TENSOR:
    case FC_NET_AXIS_COUNT:
    default:
        p = (progression){1, {tp, 1.0}, {1.0, 1.0}};
        break;
    }
    return p;
}

fc_hd_net fc_net_of_axis(const fc_cluster *cluster, const fc_plan *plan, fc_net_axis axis) {
    progression p = axis_of(plan, axis);
    return group_of(cluster, (double)plan->tp * plan->pp * plan->dp * plan->cp, &p);
}

static bool divides(double a, double b) { return floor(b / a) * a == b; }

void fc_net_split(fc_hd_net *inside, fc_hd_net *across, const fc_cluster *cluster, const fc_plan *plan,
                  fc_net_axis axis, double inside_count) {
    progression in = axis_of(plan, axis);
    progression out = in;
    double near = in.size[0];
    if (inside_count <= near || in.levels_count == 1) { /* a part of the first level */
        in.levels_count = 1;
        in.size[0] = inside_count;
        out.size[0] = fc_hd_max(1.0, floor(near / inside_count));
        out.stride[0] *= inside_count;
        if (!divides(inside_count, near)) { /* groups lie over the level's edge */
            out.levels_count = 1;
            out.size[0] = floor(near * in.size[1] / inside_count);
        }
    } else { /* all of it, and so many of the next */
        in.size[1] = fc_hd_max(1.0, floor(inside_count / near));
        out.levels_count = 1;
        out.size[0] = fc_hd_max(1.0, floor(out.size[1] / in.size[1]));
        out.stride[0] = out.stride[1] * in.size[1];
    }
    double used_count = (double)plan->tp * plan->pp * plan->dp * plan->cp;
    *inside = group_of(cluster, used_count, &in);
    *across = group_of(cluster, used_count, &out);
}

void fc_net_use_curves(fc_hd_net *net, const double *const curves[FC_HD_COLLECTIVE_COUNT]) {
    for (int i = 0; i < FC_HD_COLLECTIVE_COUNT; i++) {
        net->curve[i] = net->hops[0] > 0.0 ? NULL : curves[i];
    }
}
