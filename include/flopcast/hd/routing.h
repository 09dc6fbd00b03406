/* hd/routing.h: seconds to bring tokens to the chips of their experts, or back, over a group that spans nodes.
 *
 * A token crosses the network once to each different node that holds one of its experts, and is spread there over the
 * inner tier to each different chip (DeepSeek-V3, 2412.19437, section 3.2.2). `groups_most` is the router's limit on
 * those nodes (the same, section 2.1.2; V3: 4). Experts are drawn without replacement, all alike, and lie evenly on the
 * group's chips. Compare fc_hd_all_to_all_s, where each of a token's copies crosses by itself.
 */
#ifndef FLOPCAST_HD_ROUTING_H
#define FLOPCAST_HD_ROUTING_H

#include "collective.h"
#include "kernel_exchange.h"

typedef struct fc_hd_routing {
    double tokens;            /* of one chip */
    double token_bytes;       /* of one token's vector */
    double experts_per_token; /* that it is routed to; 1 to 1024 */
    double experts;           /* of the layer; experts_per_token or more */
    double groups_most;       /* nodes that a token's experts may lie in; 0: any number */
} fc_hd_routing;

/* Copies of a token, mean: to different nodes, and to different chips. */
typedef struct fc_hd_copies {
    double nodes;
    double chips;
} fc_hd_copies;

FC_HD fc_hd_copies fc_hd_copies_of(fc_hd_routing r, double nodes_count, double node_chips) {
    fc_hd_copies copies;
    double open = r.groups_most > 0.0 ? fc_hd_min(r.groups_most, nodes_count) : nodes_count;
    /* a limited router picks its nodes first, and then experts among theirs */
    double experts = r.experts * open / nodes_count;
    double picks = fc_hd_min(r.experts_per_token, experts);
    copies.nodes = open > 1.0 ? fc_hd_distinct_groups(open, experts, picks) : 1.0;
    copies.chips = open * node_chips > 1.0 ? fc_hd_distinct_groups(open * node_chips, experts, picks) : 1.0;
    return copies;
}

/* One direction: dispatch, or combine with the bytes of its numbers. 0 for a group of one chip. */
FC_HD double fc_hd_routing_s(const fc_hd_net *net, fc_hd_routing r) {
    double all = fc_hd_ranks(net);
    double node_chips = net->tiers_count > 0 ? net->members[0] : 1.0;
    fc_hd_copies copies = fc_hd_copies_of(r, all / node_chips, node_chips);
    double token_bytes = r.tokens * r.token_bytes;
    double inner = 1.0;
    fc_hd_span span = {0.0, 0.0};
    for (int32_t i = 0; i < net->tiers_count; ++i) {
        if (net->members[i] > inner) {
            /* inside: to another chip of the node; outside: to nodes beyond the instance below */
            double whole = i == 0 ? node_chips : all;
            double copied = token_bytes * (i == 0 ? copies.chips : copies.nodes);
            double moved = copied * (whole - inner) / whole;
            double rate = net->all_to_all_bytes_per_s[i];
            if (net->bisection_bytes_per_s[i] > 0.0) {
                span.port_s = fc_hd_max(span.port_s, copied / net->bisection_bytes_per_s[i]);
                rate = net->bytes_per_s[i];
            }
            span.port_s = fc_hd_max(span.port_s, (moved + net->half_bytes[i]) / rate);
            span.latency_s += net->latency_s[i];
            inner = net->members[i];
        }
    }
    return span.port_s + span.latency_s;
}

#endif
