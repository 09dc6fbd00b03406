/* hd/kernel_exchange.h: the time of DeepEP's dispatch and combine: tokens to the chips of their experts, and back.
 *
 * A token goes once to each different chip that holds one of its experts; over nodes it crosses the network once to each
 * different node and is spread there over NVLink (DeepSeek-V3, 2412.19437 §3.2.2; github.com/deepseek-ai/DeepEP). With
 * experts drawn without replacement the number of different chips is hypergeometric. A few SMs do the copying: they
 * bound the rate as well as the links do. Dispatch carries 8-bit numbers with one scale a block of 128, combine 16-bit.
 * Valid for 1 to 64 nodes, up to 2^24 tokens a chip, 1 to 1024 experts a token of up to 2^24.
 */
#ifndef FLOPCAST_HD_KERNEL_EXCHANGE_H
#define FLOPCAST_HD_KERNEL_EXCHANGE_H

#include "kernel_gemm.h"

typedef struct fc_exchange_shape {
    double nodes;
    double hidden;
    double tokens_per_chip;
    double experts_per_token;
    double experts;
    double sms; /* that the kernel may use */
} fc_exchange_shape;

typedef enum fc_exchange_parameter {
    FC_EXCHANGE_NODE_CHIPS = 0, /* a fact of the machine: 8, or 4 of a GB200 tray */
    /* within a node */
    FC_EXCHANGE_LAUNCH_S,         /* layout, notification, launch */
    FC_EXCHANGE_TOKEN_S,          /* a token, on one SM */
    FC_EXCHANGE_TOKEN_BYTE_S,     /* a byte of a token, on one SM: read once, or added up */
    FC_EXCHANGE_MESSAGE_S,        /* a token to one chip, on one SM */
    FC_EXCHANGE_MESSAGE_BYTE_S,   /* a byte of it */
    FC_EXCHANGE_SPREAD_ORDER,     /* messages count as chips^order: copies to many chips overlap */
    FC_EXCHANGE_LINK_BYTES_PER_S, /* NVLink, one way */
    /* over nodes */
    FC_EXCHANGE_FAR_LAUNCH_S,
    FC_EXCHANGE_FAR_NODE_S,          /* a further node */
    FC_EXCHANGE_FAR_TOKEN_S,         /* as above */
    FC_EXCHANGE_FAR_MESSAGE_BYTE_S,  /* a byte to one chip, on one SM */
    FC_EXCHANGE_FAR_FORWARD_BYTE_S,  /* a byte to one node, on one SM */
    FC_EXCHANGE_NIC_BYTES_PER_S,     /* of a chip, to all other nodes */
    FC_EXCHANGE_OUTSIDE_BYTES_PER_S, /* of a chip, to nodes outside its leaf switch */
    FC_EXCHANGE_PARAMETER_COUNT
} fc_exchange_parameter;

/* Nodes under one leaf switch: the measured machines are as fast on four nodes as on two, and far slower on eight. */
#define FC_EXCHANGE_LEAF_NODES 4.0
/* How sharply work and traffic meet: nearly the longer of the two. */
#define FC_EXCHANGE_OVERLAP_ORDER 6.0

/* Different groups, of `groups_count` that share `experts_count` evenly, that `picks_count` different experts lie in. */
FC_HD double fc_hd_distinct_groups(double groups_count, double experts_count, double picks_count) {
    double missed = 1.0; /* chance that one group has none of them */
    double outside = experts_count - experts_count / groups_count;
    double i;
    for (i = 0.0; i < picks_count && missed > 0.0; i += 1.0) {
        missed *= fc_hd_max(0.0, outside - i) / (experts_count - i);
    }
    return groups_count * (1.0 - missed);
}

/* Within one node, `hidden_bytes` a token. */
FC_HD double fc_hd_exchange_near_s(const double *p, fc_exchange_shape shape, double hidden_bytes) {
    double chips = fc_hd_distinct_groups(p[FC_EXCHANGE_NODE_CHIPS], shape.experts, shape.experts_per_token);
    double message_s = p[FC_EXCHANGE_MESSAGE_S] + p[FC_EXCHANGE_MESSAGE_BYTE_S] * hidden_bytes;
    double token_s = p[FC_EXCHANGE_TOKEN_S] + p[FC_EXCHANGE_TOKEN_BYTE_S] * hidden_bytes +
                     message_s * fc_hd_pow(chips, p[FC_EXCHANGE_SPREAD_ORDER]);
    double copy_s = shape.tokens_per_chip * token_s / shape.sms;
    double link_s = shape.tokens_per_chip * hidden_bytes * chips / p[FC_EXCHANGE_LINK_BYTES_PER_S];
    return p[FC_EXCHANGE_LAUNCH_S] + fc_hd_kernel_overlap(copy_s, link_s, FC_EXCHANGE_OVERLAP_ORDER);
}

/* Over two nodes or more. */
FC_HD double fc_hd_exchange_far_s(const double *p, fc_exchange_shape shape, double hidden_bytes) {
    double nodes = fc_hd_distinct_groups(shape.nodes, shape.experts, shape.experts_per_token);
    double chips =
        fc_hd_distinct_groups(p[FC_EXCHANGE_NODE_CHIPS] * shape.nodes, shape.experts, shape.experts_per_token);
    double token_s =
        p[FC_EXCHANGE_FAR_TOKEN_S] +
        (p[FC_EXCHANGE_FAR_MESSAGE_BYTE_S] * chips + p[FC_EXCHANGE_FAR_FORWARD_BYTE_S] * nodes) * hidden_bytes;
    double copy_s = shape.tokens_per_chip * token_s / shape.sms;
    double sent_bytes = shape.tokens_per_chip * hidden_bytes * nodes;
    double leaf_nodes = fc_hd_min(shape.nodes, FC_EXCHANGE_LEAF_NODES);
    double nic_s = sent_bytes * (1.0 - 1.0 / shape.nodes) / p[FC_EXCHANGE_NIC_BYTES_PER_S];
    double outside_s = sent_bytes * (1.0 - leaf_nodes / shape.nodes) / p[FC_EXCHANGE_OUTSIDE_BYTES_PER_S];
    return p[FC_EXCHANGE_FAR_LAUNCH_S] + p[FC_EXCHANGE_FAR_NODE_S] * (shape.nodes - 1.0) +
           fc_hd_kernel_overlap(copy_s, fc_hd_max(nic_s, outside_s), FC_EXCHANGE_OVERLAP_ORDER);
}

/* `element_bytes` 1 + 4/128 for a dispatch in 8 bits, 2 for a combine. */
FC_HD double fc_hd_exchange_s(const double *p, fc_exchange_shape shape, double element_bytes) {
    double hidden_bytes = shape.hidden * element_bytes;
    return shape.nodes > 1.0 ? fc_hd_exchange_far_s(p, shape, hidden_bytes)
                             : fc_hd_exchange_near_s(p, shape, hidden_bytes);
}

#endif
