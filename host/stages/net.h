/* net.h: which tiers of the network the groups of a plan span.
 *
 * Ranks are numbered through the axes of the plan, innermost first, and lie on the chips in this order; a group is the
 * ranks that differ along one axis: `size` of them, `stride` chips apart, the stride being the product of the sizes of
 * the axes inside it. Several groups lie side by side, and each chip has its own share of every port.
 */
#ifndef FLOPCAST_HOST_STAGES_NET_H
#define FLOPCAST_HOST_STAGES_NET_H

#include "flopcast/cluster.h"
#include "flopcast/hd/collective.h"
#include "flopcast/plan.h"

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

/* Members of a group inside the instance of `domain` chips that holds fewest of them, of all the groups that lie side by
 * side on full domains: all of it where groups fill domains evenly, else what the domains' edges cut off. With
 * g = gcd(domain, size·stride) every edge lies a multiple of g into some group, so it is size where g is the whole block,
 * else floor(g/stride), 1 at least. Whole numbers from 1. */
double fc_net_fewest_inside(double domain, double size, double stride);

/* The group of `size` ranks that lie `stride` chips apart. `used_count` chips of the cluster work: the others may stay
 * idle so that groups end where domains end. Whole numbers from 1; tier rates as fc_cluster_check left them. No measured
 * curve: see fc_net_use_curves. */
fc_hd_net fc_net_group(const fc_cluster *cluster, double used_count, double size, double stride);

/* The same of one axis of a plan that fc_plan_check let through, all of its sizes 1 or more. */
fc_hd_net fc_net_of_axis(const fc_cluster *cluster, const fc_plan *plan, fc_net_axis axis);

/* An axis in groups: `inside` holds `inside_count` neighbours along it, `across` one member of each such group. 1 or more,
 * a divisor of the axis' ranks. */
void fc_net_split(fc_hd_net *inside, fc_hd_net *across, const fc_cluster *cluster, const fc_plan *plan,
                  fc_net_axis axis, double inside_count);

/* Puts measured curves (FC_LINK_PARAMETER_COUNT numbers each, NULL where there is none) in place of tier 0's rate. They
 * must outlive `net`. A torus keeps its rate: what a group reaches there depends on the rings it covers. */
void fc_net_use_curves(fc_hd_net *net, const double *const curves[FC_HD_COLLECTIVE_COUNT]);

#endif
