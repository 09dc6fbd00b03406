/* Groups of ranks on a cluster: counted chip by chip; on tori, link by link. And what no network may do. */
#include "chain_helpers.h"

#include "flopcast/hd/rng.h"
#include "flopcast/hd/routing.h"
#include "net_sim.h"
#include "flopcast/hd/net.h"

static sim world; /* too large for a stack */

static fc_cluster domains_of(double domain_chips, double chips) {
    fc_cluster cluster = fc_cluster_default();
    cluster.chips_count = chips;
    cluster.tiers_count = 2;
    cluster.tiers[0] = (fc_tier){.chips_count = domain_chips, .bytes_per_s = 9e11, .eff_frac = 1.0};
    cluster.tiers[1] = (fc_tier){.chips_count = chips, .bytes_per_s = 5e10, .eff_frac = 1.0};
    return cluster;
}

/* A whole number from 1 to `most`. */
static int throw_of(int most, uint32_t trial, uint32_t stream) {
    return 1 + (int)(fc_hd_uniform(3, trial, stream) * most);
}

/* ---- members inside a domain --------------------------------------------------------------------------------------- */

/* Lays all groups over as many domains as they fill together, and looks where each member fell. */
static int fewest_counted(int domain, int size, int stride) {
    int block = size * stride, fewest = size;
    for (int group = 0; group < domain * stride; group++) { /* domain blocks end where a domain ends */
        int first = group / stride * block + group % stride;
        for (int j = 0, inside = 0; j < size; j++) {
            int at = (first + j * stride) / domain;
            bool last = j + 1 == size || (first + (j + 1) * stride) / domain != at;
            inside++;
            if (last) {
                fewest = inside < fewest ? inside : fewest;
                inside = 0;
            }
        }
    }
    return fewest;
}

static void test_net__the_fewest_members_are_counted(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        int domain = throw_of(80, i, 0), size = throw_of(40, i, 1), stride = throw_of(12, i, 2);
        double found = fc_net_fewest_inside(domain, size, stride);
        if (found != fewest_counted(domain, size, stride)) {
            fail_msg("domain %d, size %d, stride %d: %g, counted %d", domain, size, stride, found,
                     fewest_counted(domain, size, stride));
        }
    }
}

/* NVIDIA's tables run 128 and 256 GPUs on racks of 72 with 64 expert ranks. */
static void test_net__racks_of_72_hold_groups_of_64(void **state) {
    (void)state;
    fc_cluster two = domains_of(72, 128);
    assert_true(fc_net_group(&two, 128, 64, 1).members[0] == 64);
    fc_cluster four = domains_of(72, 256);
    assert_true(fc_net_group(&four, 256, 64, 1).members[0] == 64);
}

/* PaLM: two pods of 4,096, 3,072 chips in each, 12 tensor ranks by 256 ways inside a pod (2204.02311). */
static void test_net__palm_lies_in_two_pods(void **state) {
    (void)state;
    fc_cluster pods = domains_of(4096, 6144);
    assert_true(fc_net_group(&pods, 6144, 512, 12).members[0] == 256);
}

/* ---- rank order ------------------------------------------------------------------------------------------------------ */

static void test_net__axes_lie_as_the_rank_order_says(void **state) {
    (void)state;
    fc_cluster nodes = domains_of(16, 1024);
    fc_plan plan = {.tp = 2, .cp = 2, .ep = 4, .dp = 16, .pp = 16};
    const struct {
        uint32_t order;
        double inside[FC_NET_AXIS_COUNT]; /* of a node: tensor, context, expert, replica, expert's replica, pipeline */
    } rows[] = {{FC_RANK_ORDER_TP_CP_EP_DP_PP, {2, 2, 4, 8, 2, 1}},
                {FC_RANK_ORDER_TP_CP_EP_PP_DP, {2, 2, 4, 8, 2, 1}},
                {FC_RANK_ORDER_TP_EP_CP_DP_PP, {2, 2, 4, 8, 2, 1}}};
    const double sizes[FC_NET_AXIS_COUNT] = {2, 2, 4, 32, 8, 16};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        plan.rank_order = rows[i].order;
        for (int axis = 0; axis < FC_NET_AXIS_COUNT; axis++) {
            fc_hd_net net = fc_net_of_axis(&nodes, &plan, (fc_net_axis)axis);
            assert_true(net.members[0] == rows[i].inside[axis] && net.members[1] == sizes[axis]);
        }
    }
    /* a node of eight holds either two of context, or four of experts and none of context's neighbours */
    nodes = domains_of(8, 1024);
    plan.rank_order = FC_RANK_ORDER_TP_CP_EP_DP_PP;
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_EXPERT).members[0] == 2);
    plan.rank_order = FC_RANK_ORDER_TP_EP_CP_DP_PP;
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_EXPERT).members[0] == 4);
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_CONTEXT).members[0] == 1);
    /* 256 chips: stages of one replica of experts together, or its replicas */
    nodes = domains_of(256, 1024);
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_PIPELINE).members[0] == 4);
    plan.rank_order = FC_RANK_ORDER_TP_CP_EP_PP_DP;
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_PIPELINE).members[0] == 16);
    assert_true(fc_net_of_axis(&nodes, &plan, FC_NET_REPLICA).members[0] == 8);
}

/* ---- tori ------------------------------------------------------------------------------------------------------------ */

static fc_cluster torus_of(int side, int rings, double link) {
    fc_cluster cluster = fc_cluster_default();
    cluster.chips_count = pow(side, rings);
    cluster.tiers_count = 1;
    cluster.tiers[0] = (fc_tier){.chips_count = cluster.chips_count,
                                 .bytes_per_s = 2.0 * rings * link,
                                 .eff_frac = 1.0,
                                 .topology = FC_TOPOLOGY_TORUS,
                                 .link_bytes_per_s = link,
                                 .torus_side = side};
    return cluster;
}

static int power_of(int side, int d) { return d == 0 ? 1 : side * power_of(side, d - 1); }

static int step_along(int chip, int side, int d, int by) {
    int unit = power_of(side, d), at = chip / unit % side;
    return chip + ((at + by + side) % side - at) * unit;
}

/* Every chip gathers ring by ring, both ways around, in as many parts as there are orders of the rings to start with, so
 * that all links work at once. In a ring of n, n/2 pieces come from either side, and the farthest half from each. */
static double played_torus_gather(int side, int rings, double link, double bytes) {
    int all = power_of(side, rings);
    world = (sim){0};
    int first = sim_add_many(&world, all * rings * 2, link, 0);
    double held = bytes / all / rings, ready_s[3] = {0, 0, 0};
    for (int phase = 0; phase < rings; phase++, held *= side) {
        for (int part = 0; part < rings; part++) {
            int d = (part + phase) % rings;
            double phase_end_s = 0;
            for (int hop = 1; 2 * hop <= side; hop++) {
                double piece = 2 * hop == side ? 0.5 * held : held;
                for (int way = 0; way < 2; way++) {
                    for (int c = 0; c < all; c++) {
                        double got_s = sim_send(&world, first + (c * rings + d) * 2 + way, piece, ready_s[part]);
                        phase_end_s = fmax(phase_end_s, got_s);
                    }
                }
            }
            ready_s[part] = phase_end_s;
        }
    }
    return world.end_s;
}

static void test_net__a_torus_gathers_on_all_its_links(void **state) {
    (void)state;
    for (int rings = 1; rings <= 3; rings++) {
        for (int side = 2; side <= (rings == 3 ? 6 : 16); side++) {
            fc_cluster cluster = torus_of(side, rings, 50e9);
            fc_hd_net net = fc_net_group(&cluster, cluster.chips_count, cluster.chips_count, 1);
            assert_near(fc_hd_gather_s(&net, 1e9), played_torus_gather(side, rings, 50e9, 1e9), 1e-9);
        }
    }
}

/* Every pair's piece goes the short way along each ring in turn, half each way where both are as long. */
static double played_torus_exchange(int side, int rings, double link, double bytes) {
    int all = power_of(side, rings);
    world = (sim){0};
    int first = sim_add_many(&world, all * rings * 2, link, 0);
    for (int away = 1; away < all; away++) {
        for (int half = 0; half < 2; half++) {
            for (int from = 0; from < all; from++) {
                int at = from;
                for (int d = 0; d < rings; d++) {
                    int unit = power_of(side, d), far = away / unit % side;
                    bool back = 2 * far > side || (2 * far == side && half == 1);
                    for (int left = back ? side - far : far; left > 0; left--) {
                        sim_send(&world, first + (at * rings + d) * 2 + back, 0.5 * bytes / all, 0);
                        at = step_along(at, side, d, back ? -1 : 1);
                    }
                }
            }
        }
    }
    return world.end_s;
}

/* Pieces are small and many, so each link's load counts, not their order. An odd ring has no middle: side² - 1 for side². */
static void test_net__a_torus_exchanges_through_its_middle(void **state) {
    (void)state;
    for (int rings = 1; rings <= 3; rings++) {
        for (int side = 3; side <= (rings == 3 ? 6 : 12); side++) {
            fc_cluster cluster = torus_of(side, rings, 50e9);
            fc_hd_net net = fc_net_group(&cluster, cluster.chips_count, cluster.chips_count, 1);
            double odd = side % 2 ? 1.0 - 1.0 / ((double)side * side) : 1.0;
            assert_near(fc_hd_all_to_all_s(&net, 1e9) * odd, played_torus_exchange(side, rings, 50e9, 1e9), 1e-9);
        }
    }
}

/* Eight of a Trainium2's sixteen: a ring of four with its wrap-around, by two. */
static void test_net__part_of_a_torus_has_part_of_its_links(void **state) {
    (void)state;
    fc_cluster server = torus_of(4, 2, 128e9);
    assert_true(fc_net_group(&server, 16, 4, 1).bytes_per_s[0] == 256e9);
    assert_true(fc_net_group(&server, 16, 4, 4).bytes_per_s[0] == 256e9);
    assert_true(fc_net_group(&server, 16, 8, 1).bytes_per_s[0] == 384e9);
    assert_true(fc_net_group(&server, 16, 16, 1).bytes_per_s[0] == 512e9);
    assert_true(fc_net_group(&server, 16, 2, 1).bytes_per_s[0] == 128e9);
    assert_true(fc_net_group(&server, 16, 4, 1).hops[0] == 2);
}

/* One link to each of seven peers: two chips of an MI300X board have one between them. */
static void test_net__a_mesh_has_a_link_for_each_peer(void **state) {
    (void)state;
    fc_cluster board = domains_of(8, 8);
    board.tiers_count = 1;
    board.tiers[0].topology = FC_TOPOLOGY_MESH;
    board.tiers[0].bytes_per_s = 448e9;
    board.tiers[0].link_bytes_per_s = 64e9;
    assert_true(fc_net_group(&board, 8, 2, 1).bytes_per_s[0] == 64e9);
    assert_true(fc_net_group(&board, 8, 8, 1).bytes_per_s[0] == 448e9);
    fc_hd_net net = fc_net_group(&board, 8, 8, 1);
    assert_near(fc_hd_send_s(&net, 64e9), 1.0, 1e-12);
}

/* ---- switches, curves, ports ---------------------------------------------------------------------------------------- */

static void test_net__switches_that_add_up_see_the_data_once(void **state) {
    (void)state;
    fc_cluster nodes = domains_of(8, 1024);
    fc_hd_net plain = fc_net_group(&nodes, 1024, 128, 8);
    assert_near(fc_hd_all_reduce_s(&plain, 1e9), 2.0 * 127.0 / 128.0 * 1e9 / 5e10, 1e-12);
    nodes.tiers[1].in_network_reduction = 1;
    fc_hd_net sharp = fc_net_group(&nodes, 1024, 128, 8);
    assert_near(fc_hd_all_reduce_s(&sharp, 1e9), 1e9 / 5e10, 1e-12);
    assert_true(fc_hd_gather_s(&sharp, 1e9) == fc_hd_gather_s(&plain, 1e9));
}

static const double CURVE[FC_LINK_PARAMETER_COUNT] = {5e-6, 2e-6, 4e9, 6e-6, 1.5e-6, 1e11, 2e-5, 3e-6, 3e11, 0.75, 6};

static void test_net__a_measured_curve_stands_for_the_inner_tier(void **state) {
    (void)state;
    const double *const curves[FC_HD_COLLECTIVE_COUNT] = {CURVE, CURVE, CURVE, CURVE};
    fc_cluster nodes = domains_of(8, 1024);
    fc_hd_net node = fc_net_group(&nodes, 1024, 8, 1);
    fc_net_use_curves(&node, curves);
    for (double bytes = 1e3; bytes < 1e11; bytes *= 7) {
        assert_near(fc_hd_all_reduce_s(&node, bytes), fc_hd_link_s(CURVE, 8, bytes, 1.75), 1e-12);
        assert_near(fc_hd_gather_s(&node, bytes), fc_hd_link_s(CURVE, 8, bytes, 0.875), 1e-12);
        assert_near(fc_hd_reduce_scatter_s(&node, bytes), fc_hd_link_s(CURVE, 8, bytes, 0.875), 1e-12);
        assert_near(fc_hd_all_to_all_s(&node, bytes), fc_hd_link_s(CURVE, 8, bytes, 0.875), 1e-12);
    }
    /* over two nodes the ports decide, after the latency inside: here eight gigabytes, 15/16 of an eighth by each port */
    fc_hd_net two = fc_net_group(&nodes, 1024, 16, 1);
    fc_net_use_curves(&two, curves);
    assert_near(fc_hd_gather_s(&two, 8e9), 15.0 / 16.0 * 1e9 / 5e10 + 5e-6 + 7 * 1.5e-6, 1e-3);
    /* more chips than were measured gain no rate that the tier does not have */
    fc_cluster rack = domains_of(72, 72);
    fc_hd_net wide = fc_net_group(&rack, 72, 72, 1);
    double steep[FC_LINK_PARAMETER_COUNT];
    memcpy(steep, CURVE, sizeof steep);
    steep[FC_LINK_CHIPS_ORDER] = 0.5;
    wide.curve[FC_HD_ALL_GATHER] = steep;
    assert_near(fc_hd_gather_s(&wide, 1e12), 1e12 * 71.0 / 72.0 / 9e11, 1e-9);
    assert_true(fc_hd_link_s(steep, 72, 1e12, 71.0 / 72.0) < 0.9 * fc_hd_gather_s(&wide, 1e12));
    fc_cluster server = torus_of(4, 2, 128e9);
    fc_hd_net torus = fc_net_group(&server, 16, 16, 1);
    fc_net_use_curves(&torus, curves);
    assert_null(torus.curve[FC_HD_ALL_REDUCE]);
}

/* Llama 3's pods, 7 to 1 above: stages of a pod lie in rows of three, so one of three crosses, at three shares. */
static void test_net__edges_use_what_others_leave_idle(void **state) {
    (void)state;
    fc_hd_net net = {.tiers_count = 3, .members = {1, 3, 16}, .bytes_per_s = {4e11, 5e10, 7e9}};
    assert_near(fc_hd_send_s(&net, 21e9), 1.0, 1e-12);
    net.members[1] = 12; /* but never more than a port */
    assert_near(fc_hd_send_s(&net, 5e10), 1.0, 1e-12);
    net.half_bytes[2] = 5e10;
    assert_near(fc_hd_send_s(&net, 5e10), 2.0, 1e-12);
}

/* ---- what no network may do ------------------------------------------------------------------------------------------ */

enum { WAYS = 5 };

static void times_of(double out_s[WAYS], const fc_hd_net *net, double bytes) {
    fc_hd_routing r = {1.0 + bytes / 1e5, 1e5, 8, 2048, 0};
    double all[WAYS] = {fc_hd_gather_s(net, bytes), fc_hd_all_reduce_s(net, bytes), fc_hd_all_to_all_s(net, bytes),
                        fc_hd_send_s(net, bytes), fc_hd_routing_s(net, r)};
    memcpy(out_s, all, sizeof all);
}

/* 0 or more, finite, and `more` none shorter than `less` (but for the rounded corners of curves). */
static void assert_ordered(const double *less_s, const double *more_s, const char *why) {
    for (int i = 0; i < WAYS; i++) {
        if (!(less_s[i] >= 0 && isfinite(more_s[i]) && more_s[i] >= less_s[i] * (1 - 1e-9))) {
            fail_msg("%s, way %d: %.17g s, then %.17g s", why, i, less_s[i], more_s[i]);
        }
    }
}

static fc_cluster random_cluster(uint32_t trial, bool torus) {
    fc_cluster cluster = torus
                             ? torus_of(1 + throw_of(7, trial, 0), throw_of(3, trial, 1), 1e9 * throw_of(100, trial, 2))
                             : domains_of(throw_of(72, trial, 0), 1);
    double domain = cluster.tiers[0].chips_count;
    cluster.tiers[0].bytes_per_s = torus ? cluster.tiers[0].bytes_per_s : 1e11 * throw_of(9, trial, 3);
    cluster.tiers[0].latency_s = 1e-6 * throw_of(5, trial, 4);
    cluster.chips_count = domain * throw_of(64, trial, 5) * 8;
    cluster.tiers_count = 3;
    cluster.tiers[1] = (fc_tier){.chips_count = domain * 8, .eff_frac = 0.9, .latency_s = 1e-5};
    cluster.tiers[1].bytes_per_s = cluster.tiers[0].bytes_per_s / (4 + throw_of(20, trial, 6));
    cluster.tiers[2] = cluster.tiers[1];
    cluster.tiers[2].chips_count = cluster.chips_count;
    cluster.tiers[2].bytes_per_s /= throw_of(8, trial, 7);
    cluster.tiers[2].half_bytes = throw_of(2, trial, 8) == 1 ? 0 : 1e6;
    cluster.tiers[1].in_network_reduction = throw_of(4, trial, 9) == 1;
    return cluster;
}

/* Real curves may gain more rate with chips than the chips have to send; this one gains none. */
static const double LEVEL[FC_LINK_PARAMETER_COUNT] = {5e-6, 2e-6, 4e9, 6e-6, 1.5e-6, 1e11, 2e-5, 3e-6, 3e11, 1, 6};

static fc_hd_net group_in(const fc_cluster *cluster, int size, int stride, bool measured) {
    const double *const curves[FC_HD_COLLECTIVE_COUNT] = {LEVEL, LEVEL, LEVEL, LEVEL};
    fc_hd_net net = fc_net_group(cluster, cluster->chips_count, size, stride);
    if (measured) {
        fc_net_use_curves(&net, curves);
    }
    return net;
}

static void test_net__better_networks_are_no_slower(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        fc_cluster cluster = random_cluster(i, throw_of(3, i, 20) == 1);
        int stride = 1 << (throw_of(4, i, 21) - 1);
        int most = (int)(cluster.chips_count / stride);
        int size = throw_of(most < 4096 ? most : 4096, i, 22);
        bool measured = throw_of(2, i, 23) == 1;
        double bytes = pow(10.0, 12.0 * fc_hd_uniform(3, i, 24));
        fc_hd_net net = group_in(&cluster, size, stride, measured);
        double now_s[WAYS], other_s[WAYS];
        times_of(now_s, &net, bytes);
        times_of(other_s, &net, 1.5 * bytes);
        assert_ordered(now_s, other_s, "more bytes");
        fc_cluster better = cluster;
        int tier = throw_of(3, i, 25) - 1;
        better.tiers[tier].bytes_per_s *= 2;
        better.tiers[tier].link_bytes_per_s *= 2;
        net = group_in(&better, size, stride, measured);
        times_of(other_s, &net, bytes);
        assert_ordered(other_s, now_s, "twice the rate");
        better = cluster;
        better.tiers[tier].latency_s *= 0.5;
        net = group_in(&better, size, stride, measured);
        times_of(other_s, &net, bytes);
        assert_ordered(other_s, now_s, "half the latency");
    }
}

/* Groups that fill domains, one after the other: twice the ranks of the same bytes each. */
static void test_net__more_ranks_take_no_less(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        fc_cluster cluster = domains_of(8, 8 << 12);
        cluster.tiers[0].bytes_per_s = 1e11 * throw_of(9, i, 0);
        cluster.tiers[1].bytes_per_s = cluster.tiers[0].bytes_per_s / (4 + throw_of(20, i, 1));
        cluster.tiers[0].latency_s = 1e-6;
        cluster.tiers[1].latency_s = 1e-6 * throw_of(20, i, 2);
        bool measured = throw_of(2, i, 3) == 1;
        double bytes = pow(10.0, 12.0 * fc_hd_uniform(3, i, 4));
        int stride = 1 << (throw_of(4, i, 5) - 1);
        double before_s[WAYS] = {0};
        for (int size = 1; size <= 4096; size *= 2) {
            double now_s[WAYS];
            fc_hd_net net = group_in(&cluster, size, stride, measured);
            times_of(now_s, &net, bytes);
            if (measured && size * stride > 8) {
                before_s[2] = 0; /* what leaves an all-to-all's node also leaves the slow start of the measured curve */
            }
            assert_ordered(before_s, now_s, "twice the ranks");
            memcpy(before_s, now_s, sizeof now_s);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net__the_fewest_members_are_counted),
        cmocka_unit_test(test_net__racks_of_72_hold_groups_of_64),
        cmocka_unit_test(test_net__palm_lies_in_two_pods),
        cmocka_unit_test(test_net__axes_lie_as_the_rank_order_says),
        cmocka_unit_test(test_net__a_torus_gathers_on_all_its_links),
        cmocka_unit_test(test_net__a_torus_exchanges_through_its_middle),
        cmocka_unit_test(test_net__part_of_a_torus_has_part_of_its_links),
        cmocka_unit_test(test_net__a_mesh_has_a_link_for_each_peer),
        cmocka_unit_test(test_net__switches_that_add_up_see_the_data_once),
        cmocka_unit_test(test_net__a_measured_curve_stands_for_the_inner_tier),
        cmocka_unit_test(test_net__edges_use_what_others_leave_idle),
        cmocka_unit_test(test_net__better_networks_are_no_slower),
        cmocka_unit_test(test_net__more_ranks_take_no_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
