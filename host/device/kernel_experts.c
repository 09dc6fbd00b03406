#include "kernel_experts.h"

/* 8-bit numbers with a 32-bit scale for each 128 of them. */
#define DISPATCH_ELEMENT_BYTES (1.0 + 4.0 / 128.0)
#define COMBINE_ELEMENT_BYTES 2.0

const char *const fc_kernel_exchange_names[FC_EXCHANGE_PARAMETER_COUNT] = {
    [FC_EXCHANGE_NODE_CHIPS] = "node_chips",
    [FC_EXCHANGE_LAUNCH_S] = "launch_s",
    [FC_EXCHANGE_TOKEN_S] = "token_s",
    [FC_EXCHANGE_TOKEN_BYTE_S] = "token_byte_s",
    [FC_EXCHANGE_MESSAGE_S] = "message_s",
    [FC_EXCHANGE_MESSAGE_BYTE_S] = "message_byte_s",
    [FC_EXCHANGE_SPREAD_ORDER] = "spread_order",
    [FC_EXCHANGE_LINK_BYTES_PER_S] = "link_bytes_per_s",
    [FC_EXCHANGE_FAR_LAUNCH_S] = "far_launch_s",
    [FC_EXCHANGE_FAR_NODE_S] = "far_node_s",
    [FC_EXCHANGE_FAR_TOKEN_S] = "far_token_s",
    [FC_EXCHANGE_FAR_MESSAGE_BYTE_S] = "far_message_byte_s",
    [FC_EXCHANGE_FAR_FORWARD_BYTE_S] = "far_forward_byte_s",
    [FC_EXCHANGE_NIC_BYTES_PER_S] = "nic_bytes_per_s",
    [FC_EXCHANGE_OUTSIDE_BYTES_PER_S] = "outside_bytes_per_s",
};

const char *const fc_kernel_moe_names[FC_MOE_PARAMETER_COUNT] = {
    [FC_MOE_LAUNCH_S] = "launch_s",
    [FC_MOE_FLOP_PER_S] = "flop_per_s",
    [FC_MOE_TILE_S] = "tile_s",
    [FC_MOE_MEMORY_BYTES_PER_S] = "memory_bytes_per_s",
    [FC_MOE_OVERLAP_ORDER] = "overlap_order",
    [FC_MOE_PAIR_BYTES_PER_S] = "pair_bytes_per_s",
    [FC_MOE_SUM_BYTES_PER_S] = "sum_bytes_per_s",
    [FC_MOE_TOKEN_S] = "token_s",
    [FC_MOE_K_RAMP] = "k_ramp",
    [FC_MOE_EXPERT_S] = "expert_s",
    [FC_MOE_CACHE_BYTES] = "cache_bytes",
    [FC_MOE_CACHE_ORDER] = "cache_order",
    [FC_MOE_BLOCK_ROWS] = "block_rows",
};

double fc_kernel_experts_s(const fc_kernel_curve *curve, const double *dims) {
    if (curve->kind == FC_KERNEL_MOE) {
        fc_moe_shape shape = {dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], dims[7]};
        return fc_hd_moe_s(curve->parameters, curve->cores_count, shape);
    }
    fc_exchange_shape shape = {dims[0], dims[1], dims[2], dims[3], dims[4], dims[5]};
    double element_bytes = curve->kind == FC_KERNEL_DISPATCH ? DISPATCH_ELEMENT_BYTES : COMBINE_ELEMENT_BYTES;
    return fc_hd_exchange_s(curve->parameters, shape, element_bytes);
}

static void start_exchange(double *p, const fc_kernel_sheet *sheet) {
    double link = sheet->link_bytes_per_s > 0.0 ? sheet->link_bytes_per_s : 450e9;
    double net = sheet->net_bytes_per_s > 0.0 ? sheet->net_bytes_per_s : 50e9;
    p[FC_EXCHANGE_NODE_CHIPS] = 8.0;
    p[FC_EXCHANGE_LAUNCH_S] = 3e-5;
    p[FC_EXCHANGE_TOKEN_S] = 8e-8;
    p[FC_EXCHANGE_TOKEN_BYTE_S] = 1e-11;
    p[FC_EXCHANGE_MESSAGE_S] = 2e-8;
    p[FC_EXCHANGE_MESSAGE_BYTE_S] = 1e-11;
    p[FC_EXCHANGE_SPREAD_ORDER] = 1.0;
    p[FC_EXCHANGE_LINK_BYTES_PER_S] = 0.7 * link;
    p[FC_EXCHANGE_FAR_LAUNCH_S] = 6e-5;
    p[FC_EXCHANGE_FAR_NODE_S] = 5e-6;
    p[FC_EXCHANGE_FAR_TOKEN_S] = 8e-8;
    p[FC_EXCHANGE_FAR_MESSAGE_BYTE_S] = 1e-11;
    p[FC_EXCHANGE_FAR_FORWARD_BYTE_S] = 1e-11;
    p[FC_EXCHANGE_NIC_BYTES_PER_S] = 0.9 * net;
    p[FC_EXCHANGE_OUTSIDE_BYTES_PER_S] = 0.3 * net;
}

static void start_moe(double *p, const fc_kernel_sheet *sheet) {
    double memory = sheet->memory_bytes_per_s;
    p[FC_MOE_LAUNCH_S] = 3e-5;
    p[FC_MOE_FLOP_PER_S] = 0.6 * sheet->flop_per_s;
    p[FC_MOE_TILE_S] = 1e-6;
    p[FC_MOE_MEMORY_BYTES_PER_S] = 0.8 * memory;
    p[FC_MOE_OVERLAP_ORDER] = 2.0;
    p[FC_MOE_PAIR_BYTES_PER_S] = memory;
    p[FC_MOE_SUM_BYTES_PER_S] = memory;
    p[FC_MOE_TOKEN_S] = 1e-9;
    p[FC_MOE_K_RAMP] = 64.0;
    p[FC_MOE_EXPERT_S] = 1e-8;
    p[FC_MOE_CACHE_BYTES] = sheet->cache_bytes;
    p[FC_MOE_CACHE_ORDER] = 2.0;
    p[FC_MOE_BLOCK_ROWS] = 64.0;
}

void fc_kernel_experts_start(fc_kernel_curve *out, const fc_kernel_sheet *sheet) {
    if (out->kind == FC_KERNEL_MOE) {
        start_moe(out->parameters, sheet);
    } else {
        start_exchange(out->parameters, sheet);
    }
}
