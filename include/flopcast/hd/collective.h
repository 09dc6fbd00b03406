/* hd/collective.h: seconds of a collective over a group of ranks that may span several tiers of network.
 *
 * A group has `members` inside one instance of each tier, growing outwards (net.h makes it). Rates are per
 * chip and one way. Where several groups share a node, each chip has its own share of the node's ports (eight groups of
 * a node of eight use a NIC each), so what counts is always the rate of one chip.
 *
 * Tiers work side by side, pipelined: the slowest sets the time of the bytes, and the latencies of all add up. Two ways
 * of crossing tiers:
 *
 *   by tier    the data of an inner group is split over its members, so that a chip carries 1/inner of it through the
 *              next tier, f members to each: (f-1)/f of that, in as few steps as a ring or a tree of log2(f) takes
 *              (Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", IJHPCA
 *              19(1), 2005).
 *   flat ring  one ring through all N chips, node by node, a copy of it through each port (NCCL): a chip's port
 *              carries (N-1)/N of 1/inner, in N-1 steps, of which N/inner - N/members cross this tier. With one chip
 *              a node a gather takes NCCL's PAT, with log2(f) steps. An all-reduce takes the ring twice or, if that is
 *              shorter, the double binary tree (Sanders, Speck, Träff, "Two-tree algorithms for full bandwidth
 *              broadcast, reduction and scan", Parallel Computing 35, 2009): a chain in the node, 2·log2(f) steps
 *              outside, each port carrying its data twice.
 *
 * Switches that add up (NVLink SHARP, InfiniBand SHARP) see an all-reduce's data once each way, in two steps.
 * Inside the innermost tier a measured curve (hd/kernel_collective.h) stands in, where one is given.
 * Valid for groups of 1 to 1e9 ranks, bytes from 0; times are 0 or more, fall with rates and grow with bytes.
 */
#ifndef FLOPCAST_HD_COLLECTIVE_H
#define FLOPCAST_HD_COLLECTIVE_H

#include "hd.h"
#include "kernel_collective.h"

#define FC_HD_MAX_TIERS 6
/* Measured curves saw at most this many chips; beyond, what the rates gain with chips is bounded by the tier's own rate. */
#define FC_HD_CURVE_CHIPS 8.0

typedef enum fc_hd_collective {
    FC_HD_ALL_REDUCE = 0,
    FC_HD_ALL_GATHER,
    FC_HD_REDUCE_SCATTER,
    FC_HD_ALL_TO_ALL,
    FC_HD_COLLECTIVE_COUNT
} fc_hd_collective;

typedef enum fc_hd_crossing { FC_HD_BY_TIER = 0, FC_HD_FLAT_RING } fc_hd_crossing;

/* All 0 but the first five is an ordinary switched network. */
typedef struct fc_hd_net {
    int32_t tiers_count;
    double members[FC_HD_MAX_TIERS];                /* of the group inside one instance of the tier; grows outwards */
    double bytes_per_s[FC_HD_MAX_TIERS];            /* per chip, one way, efficiency included; > 0 where members grow */
    double latency_s[FC_HD_MAX_TIERS];              /* of one step */
    double all_to_all_bytes_per_s[FC_HD_MAX_TIERS]; /* per chip; below bytes_per_s on a torus */

    int32_t crossing;                   /* fc_hd_crossing */
    double half_bytes[FC_HD_MAX_TIERS]; /* b bytes through a chip's port go at b/(b + half) of the rate */
    double hops[FC_HD_MAX_TIERS];       /* torus: steps of a gather by tier; 0: not a torus */
    double
        bisection_bytes_per_s[FC_HD_MAX_TIERS]; /* torus: all a chip holds, over the time of an all-to-all; 0: none */
    double send_bytes_per_s[FC_HD_MAX_TIERS];   /* torus: to a neighbour of the group; 0: bytes_per_s */
    uint8_t in_network_reduction[FC_HD_MAX_TIERS]; /* switches of this tier add up */
    const double *curve[FC_HD_COLLECTIVE_COUNT];   /* tier 0: FC_LINK_PARAMETER_COUNT numbers each, or NULL */
} fc_hd_net;

/* Whole steps of halving or doubling that n ranks need: ceil(log2(n)), 0 for one rank. */
FC_HD double fc_hd_doublings(double n) {
    double steps = 0.0;
    double reached = 1.0;
    while (reached < n) {
        reached += reached;
        steps += 1.0;
    }
    return steps;
}

/* Latency steps of n ranks: a ring for few, a tree for many, whichever is shorter. */
FC_HD double fc_hd_steps(double n) { return n <= 1.0 ? 0.0 : fc_hd_min(n - 1.0, fc_hd_doublings(n)); }

/* Of the whole group. */
FC_HD double fc_hd_ranks(const fc_hd_net *net) {
    return net->tiers_count > 0 ? net->members[net->tiers_count - 1] : 1.0;
}

/* ---- the innermost tier, as measured ---------------------------------------------------------------------------- */

FC_HD int fc_hd_is_measured(const fc_hd_net *net, fc_hd_collective which) {
    return net->curve[which] != NULL && net->members[0] > 1.0;
}

/* Before the first byte: the least of the protocols' latencies. */
FC_HD double fc_hd_measured_latency_s(const fc_hd_net *net, fc_hd_collective which) {
    const double *p = net->curve[which];
    double further = net->members[0] - 1.0;
    double low_s = p[FC_LINK_LOW_BASE_S] + further * p[FC_LINK_LOW_STEP_S];
    double middle_s = p[FC_LINK_MIDDLE_BASE_S] + further * p[FC_LINK_MIDDLE_STEP_S];
    double high_s = p[FC_LINK_HIGH_BASE_S] + further * p[FC_LINK_HIGH_STEP_S];
    return fc_hd_min(low_s, fc_hd_min(middle_s, high_s));
}

/* `bytes` of the buffer of one chip, of which it sends `passes` times (n-1)/n. More chips than were measured keep the
 * curve, but at no higher rate than the tier's own, or than the most chips measured had. */
FC_HD double fc_hd_measured_s(const fc_hd_net *net, fc_hd_collective which, double bytes, double passes) {
    const double *p = net->curve[which];
    double n = net->members[0];
    double wire_frac = passes * (n - 1.0) / n;
    double curve_s = fc_hd_link_s(p, n, bytes, wire_frac);
    if (n <= FC_HD_CURVE_CHIPS) {
        return curve_s;
    }
    double most = p[FC_LINK_HIGH_BYTES_PER_S] * fc_hd_power(0.5 * FC_HD_CURVE_CHIPS, 1.0 - p[FC_LINK_CHIPS_ORDER]);
    return fc_hd_max(curve_s, bytes * wire_frac / fc_hd_max(most, net->bytes_per_s[0]));
}

/* ---- crossing the tiers ----------------------------------------------------------------------------------------- */

/* What the tiers add up to: the slowest port's time, and the latency of all. */
typedef struct fc_hd_span {
    double port_s;
    double latency_s;
} fc_hd_span;

FC_HD void fc_hd_cross(fc_hd_span *span, const fc_hd_net *net, int32_t tier, double port_bytes, double steps) {
    double port_s = (port_bytes + net->half_bytes[tier]) / net->bytes_per_s[tier];
    span->port_s = fc_hd_max(span->port_s, port_s);
    span->latency_s += steps * net->latency_s[tier];
}

/* The innermost tier as measured; both 0 where it is not. */
typedef struct fc_hd_inside {
    double time_s;
    double latency_s;
} fc_hd_inside;

FC_HD fc_hd_inside fc_hd_inside_of(const fc_hd_net *net, fc_hd_collective which, double bytes, double passes) {
    fc_hd_inside inside = {0.0, 0.0};
    if (fc_hd_is_measured(net, which)) {
        inside.time_s = fc_hd_measured_s(net, which, bytes, passes);
        inside.latency_s = fc_hd_measured_latency_s(net, which);
    }
    return inside;
}

/* Both pipelined: the slower of the two, each with all latencies. */
FC_HD double fc_hd_join_s(fc_hd_inside inside, fc_hd_span span) {
    double outside_s = span.port_s > 0.0 ? inside.latency_s + span.port_s : 0.0;
    return fc_hd_max(inside.time_s, outside_s) + span.latency_s;
}

/* Steps of one pass of a ring or a tree by tier, `fanout` instances of the tier below in each of this one. */
FC_HD double fc_hd_tier_steps(const fc_hd_net *net, int32_t tier, double fanout) {
    return net->hops[tier] > 0.0 ? net->hops[tier] : fc_hd_steps(fanout);
}

FC_HD fc_hd_span fc_hd_by_tier(const fc_hd_net *net, fc_hd_collective which, double bytes) {
    fc_hd_span span = {0.0, 0.0};
    int32_t first = fc_hd_is_measured(net, which) ? 1 : 0;
    double inner = first == 1 ? net->members[0] : 1.0;
    double passes = which == FC_HD_ALL_REDUCE ? 2.0 : 1.0;
    for (int32_t i = first; i < net->tiers_count; ++i) {
        double fanout = net->members[i] / inner;
        if (fanout > 1.0) {
            double share = passes * (fanout - 1.0) / fanout;
            double steps = passes * fc_hd_tier_steps(net, i, fanout);
            if (which == FC_HD_ALL_REDUCE && net->in_network_reduction[i]) {
                share = fc_hd_min(share, 1.0);
                steps = fc_hd_min(steps, 2.0);
            }
            fc_hd_cross(&span, net, i, bytes / inner * share, steps);
            inner = net->members[i];
        }
    }
    return span;
}

/* One ring through all chips, once or twice around. */
FC_HD fc_hd_span fc_hd_flat_ring(const fc_hd_net *net, fc_hd_collective which, double bytes) {
    fc_hd_span span = {0.0, 0.0};
    double all = fc_hd_ranks(net);
    double inner = 1.0;
    double passes = which == FC_HD_ALL_REDUCE ? 2.0 : 1.0;
    int measured = fc_hd_is_measured(net, which);
    int pat = which != FC_HD_ALL_REDUCE && net->members[0] <= 1.0;
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        double members = net->members[i];
        if (members > inner) {
            double steps = pat ? fc_hd_steps(members / inner) : all / inner - all / members;
            if (i == 0 && measured) {
                /* the curve has the first node's own steps already */
                span.latency_s += passes * (steps - (members - 1.0)) * net->latency_s[0];
            } else {
                double share = i == 0 ? (members - 1.0) / members : (all - 1.0) / all;
                fc_hd_cross(&span, net, i, passes * share * bytes / inner, passes * steps);
            }
            inner = members;
        }
    }
    return span;
}

/* An all-reduce up and down the double binary tree, a chain inside the node. A port carries its data twice; on two nodes it
 * would be once, on four one and a half times, but NCCL's tuning counts two for any number (src/graph/tuning.cc), and takes
 * the ring there for large messages. */
FC_HD fc_hd_span fc_hd_double_tree(const fc_hd_net *net, double bytes) {
    fc_hd_span span = {0.0, 0.0};
    int32_t first = fc_hd_is_measured(net, FC_HD_ALL_REDUCE) ? 1 : 0;
    double inner = first == 1 ? net->members[0] : 1.0;
    for (int32_t i = first; i < net->tiers_count; ++i) {
        double fanout = net->members[i] / inner;
        if (fanout > 1.0) {
            int switches = net->in_network_reduction[i];
            double chain = 2.0 * (fanout - 1.0) / fanout;
            double share = i == 0 ? chain : 2.0;
            double steps = 2.0 * (i == 0 ? fanout - 1.0 : fc_hd_doublings(fanout));
            share = switches ? fc_hd_min(share, 1.0) : share;
            steps = switches ? fc_hd_min(steps, 2.0) : steps;
            fc_hd_cross(&span, net, i, bytes / inner * share, steps);
            inner = net->members[i];
        }
    }
    return span;
}

/* ---- collectives ------------------------------------------------------------------------------------------------ */

FC_HD double fc_hd_one_pass_s(const fc_hd_net *net, fc_hd_collective which, double bytes) {
    fc_hd_span span =
        net->crossing == FC_HD_FLAT_RING ? fc_hd_flat_ring(net, which, bytes) : fc_hd_by_tier(net, which, bytes);
    return fc_hd_join_s(fc_hd_inside_of(net, which, bytes, 1.0), span);
}

/* All-gather of `bytes` in total (the gathered size) over the whole group. */
FC_HD double fc_hd_gather_s(const fc_hd_net *net, double bytes) {
    return fc_hd_one_pass_s(net, FC_HD_ALL_GATHER, bytes);
}

/* Reduce-scatter of `bytes` that every rank holds. */
FC_HD double fc_hd_reduce_scatter_s(const fc_hd_net *net, double bytes) {
    return fc_hd_one_pass_s(net, FC_HD_REDUCE_SCATTER, bytes);
}

/* All-reduce of `bytes` that every rank holds: a reduce-scatter and an all-gather, or a tree, or in the switches. */
FC_HD double fc_hd_all_reduce_s(const fc_hd_net *net, double bytes) {
    fc_hd_inside inside = fc_hd_inside_of(net, FC_HD_ALL_REDUCE, bytes, 2.0);
    if (net->crossing != FC_HD_FLAT_RING) {
        return fc_hd_join_s(inside, fc_hd_by_tier(net, FC_HD_ALL_REDUCE, bytes));
    }
    double ring_s = fc_hd_join_s(inside, fc_hd_flat_ring(net, FC_HD_ALL_REDUCE, bytes));
    return fc_hd_min(ring_s, fc_hd_join_s(inside, fc_hd_double_tree(net, bytes)));
}

/* All-to-all: every rank holds `bytes` and sends an equal piece to every other, all at once. What leaves a node crosses
 * every outer tier's port, what stays inside uses the inner tier alone. On a torus, pieces go several hops and what
 * crosses its middle bounds the time. */
FC_HD double fc_hd_all_to_all_s(const fc_hd_net *net, double bytes) {
    fc_hd_span span = {0.0, 0.0};
    int measured = fc_hd_is_measured(net, FC_HD_ALL_TO_ALL);
    double inner = 1.0;
    double all = fc_hd_ranks(net);
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        if (net->members[i] > inner) {
            double reached = i == 0 ? net->members[0] : all;
            double moved = bytes * (reached - inner) / all;
            double rate = net->all_to_all_bytes_per_s[i];
            double port_s = (moved + net->half_bytes[i]) / rate;
            if (net->bisection_bytes_per_s[i] > 0.0) {
                double through_s = bytes * reached / all / net->bisection_bytes_per_s[i];
                port_s = fc_hd_max((moved + net->half_bytes[i]) / net->bytes_per_s[i], through_s);
            }
            if (!(measured && i == 0)) {
                span.port_s = fc_hd_max(span.port_s, port_s);
                span.latency_s += net->latency_s[i];
            }
            inner = net->members[i];
        }
    }
    double inner_bytes = measured ? bytes * net->members[0] / all : bytes;
    return fc_hd_join_s(fc_hd_inside_of(net, FC_HD_ALL_TO_ALL, inner_bytes, 1.0), span);
}

/* One message of `bytes` from every member to the next, through the outermost tier that the group spans. Above the tier
 * of the chips' own ports only the members at an instance's edge send through, and have what the others leave idle. */
FC_HD double fc_hd_send_s(const fc_hd_net *net, double bytes) {
    double inner = 1.0;
    double port_bytes_per_s = fc_hd_infinity();
    double time_s = 0.0;
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        double rate = net->send_bytes_per_s[i] > 0.0 ? net->send_bytes_per_s[i] : net->bytes_per_s[i];
        if (net->members[i] > inner) {
            double shared = i >= 2 ? fc_hd_min(rate * inner, fc_hd_max(rate, port_bytes_per_s)) : rate;
            time_s = net->latency_s[i] + (bytes + net->half_bytes[i]) / shared;
            inner = net->members[i];
        }
        if (i >= 1 && rate > 0.0) {
            port_bytes_per_s = fc_hd_min(port_bytes_per_s, rate);
        }
    }
    return time_s;
}

#endif
