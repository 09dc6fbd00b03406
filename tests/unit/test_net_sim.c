/* Closed forms of hd/collective.h and hd/routing.h against algorithms played message by message. */
#include "chain_helpers.h"

#include "flopcast/hd/rng.h"
#include "flopcast/hd/routing.h"
#include "net_sim.h"

typedef struct machine {
    int nodes;
    int node_chips;
    double inside_bytes_per_s; /* a chip's links inside its node */
    double inside_s;
    double port_bytes_per_s; /* a chip's NIC */
    double port_s;
} machine;

static fc_hd_net net_of(machine m, fc_hd_crossing crossing) {
    fc_hd_net net = {.tiers_count = 2, .crossing = (int32_t)crossing};
    net.members[0] = m.node_chips;
    net.members[1] = (double)m.nodes * m.node_chips;
    net.bytes_per_s[0] = net.all_to_all_bytes_per_s[0] = m.inside_bytes_per_s;
    net.bytes_per_s[1] = net.all_to_all_bytes_per_s[1] = m.port_bytes_per_s;
    net.latency_s[0] = m.inside_s;
    net.latency_s[1] = m.port_s;
    return net;
}

static sim world; /* too large for a stack */

/* Between low and high, even in the logarithm. */
static double within(double low, double high, uint32_t trial, uint32_t stream) {
    return low * pow(high / low, fc_hd_uniform(7, trial, stream));
}

static machine random_machine(uint32_t i) {
    machine m = {(int)within(2, 8.99, i, 0), 1 << (int)(4 * fc_hd_uniform(7, i, 1)),
                 within(50e9, 900e9, i, 2),  0,
                 within(5e9, 50e9, i, 3),    0};
    return m;
}

/* ---- one ring through all chips, as many copies of it as a node has ports ------------------------------------------ */

/* `sharing` rings use the same links inside a node; else each has its own, so that none waits for another's latency. */
static double played_ring(machine m, double bytes, int passes, bool sharing) {
    enum { MOST = 64 };
    int all = m.nodes * m.node_chips;
    world = (sim){0};
    int inside = sim_add_many(&world, sharing ? all : all * m.node_chips, m.inside_bytes_per_s, m.inside_s);
    int port = sim_add_many(&world, all, m.port_bytes_per_s, m.port_s);
    static double ready[MOST][MOST];
    static double coming[MOST][MOST];
    memset(ready, 0, sizeof ready);
    double piece = bytes / all / m.node_chips;
    for (int hop = 0; hop < passes * (all - 1); hop++) {
        for (int ring = 0; ring < m.node_chips; ring++) {
            for (int r = 0; r < all; r++) {
                /* ring j leaves each node by the port of chip j, and so enters it at chip j + 1 */
                int chip = r / m.node_chips * m.node_chips + (r + ring + 1) % m.node_chips;
                bool leaves = r % m.node_chips == m.node_chips - 1;
                int link = leaves ? port + chip : inside + chip + (sharing ? 0 : ring * all);
                coming[ring][(r + 1) % all] = sim_send(&world, link, piece, ready[ring][r]);
            }
        }
        memcpy(ready, coming, sizeof ready);
    }
    return world.end_s;
}

/* Long messages: the ports' bytes exactly. Bound inside a node: the closed form counts (n-1)/n of all bytes there, of
 * which a ring moves (N-1)/N, so that it is above by 1/N at most; and a chip of the simulation sends its rings' pieces in
 * turn, each waiting for the last. */
static void test_net_sim__flat_ring_moves_what_a_ring_moves(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        machine m = random_machine(i);
        m.inside_bytes_per_s *= 8; /* ports decide */
        fc_hd_net net = net_of(m, FC_HD_FLAT_RING);
        double bytes = 1e9;
        assert_near(fc_hd_gather_s(&net, bytes), played_ring(m, bytes, 1, true), 0.01);
        fc_hd_span ring = fc_hd_flat_ring(&net, FC_HD_ALL_REDUCE, bytes);
        assert_near(ring.port_s + ring.latency_s, played_ring(m, bytes, 2, true), 0.01);
    }
}

/* Few bytes: the latencies of all hops. NCCL's count, which the closed form has, is of a piece that starts behind a port;
 * the last piece to arrive starts in front of one, and goes through one port more and one link inside less. One chip a
 * node takes PAT instead of this ring. */
static void test_net_sim__flat_ring_takes_its_steps(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 300; i++) {
        machine m = random_machine(i);
        m.node_chips = m.node_chips == 1 ? 2 : m.node_chips;
        m.inside_s = 1e-6;
        m.port_s = 1e-6 * (1 + i % 9);
        fc_hd_net net = net_of(m, FC_HD_FLAT_RING);
        assert_near(fc_hd_gather_s(&net, 1.0) + m.port_s - m.inside_s, played_ring(m, 1.0, 1, false), 1e-4);
    }
}

/* ---- tier after tier, slice by slice ------------------------------------------------------------------------------- */

/* Chips alike on all nodes gather over the ports, then each node gathers inside; the next slice follows. */
static double played_by_tier(machine m, double bytes, int slices) {
    world = (sim){0};
    int all = m.nodes * m.node_chips;
    int inside = sim_add_many(&world, all, m.inside_bytes_per_s, 0);
    int port = sim_add_many(&world, all, m.port_bytes_per_s, 0);
    double piece = bytes / all / slices;
    for (int slice = 0; slice < slices; slice++) {
        double outside_s[SIM_CHIPS] = {0}, node_s[SIM_CHIPS] = {0}, next_s[SIM_CHIPS];
        for (int hop = 0; hop < m.nodes - 1; hop++) {
            for (int c = 0; c < all; c++) {
                next_s[(c + m.node_chips) % all] = sim_send(&world, port + c, piece, outside_s[c]);
            }
            memcpy(outside_s, next_s, sizeof next_s);
        }
        memcpy(node_s, outside_s, sizeof node_s);
        for (int hop = 0; hop < m.node_chips - 1; hop++) {
            for (int c = 0; c < all; c++) {
                int to = c / m.node_chips * m.node_chips + (c + 1) % m.node_chips;
                next_s[to] = sim_send(&world, inside + c, piece * m.nodes, node_s[c]);
            }
            memcpy(node_s, next_s, sizeof next_s);
        }
    }
    return world.end_s;
}

/* Only the first slice's way out and the last one's way in are not hidden: one part in `slices` of the faster tier. */
static void test_net_sim__tiers_are_pipelined(void **state) {
    (void)state;
    enum { SLICES = 200 };
    for (uint32_t i = 0; i < 300; i++) {
        machine m = random_machine(1000 + i);
        fc_hd_net net = net_of(m, FC_HD_BY_TIER);
        assert_near(fc_hd_gather_s(&net, 1e9), played_by_tier(m, 1e9, SLICES), 0.01);
    }
}

/* ---- the double binary tree ---------------------------------------------------------------------------------------- */

typedef struct trees {
    int nodes;
    int out; /* the first node's port, sending; the others follow */
    int in;
    double half_bytes; /* of one slice on one of the trees */
} trees;

/* Node i of a tree lies below node (i-1)/2; the second tree has the nodes turned around, so that the inner nodes of one
 * are leaves of the other. */
static double tree_send(const trees *t, int tree, int from, int to, double ready_s) {
    double sent_s = sim_send(&world, t->out + (tree ? t->nodes - 1 - from : from), t->half_bytes, ready_s);
    return sim_send(&world, t->in + (tree ? t->nodes - 1 - to : to), t->half_bytes, sent_s);
}

/* Two trees of half of the bytes each. Ports send and receive at once. Sums go up and results come down, slice after
 * slice: in each round every level hands on the slice that it got in the round before. */
static double played_trees(int nodes, double bytes, int slices, double rate, double latency_s) {
    enum { SLICES = 400 };
    static double up_s[2][SLICES][SIM_CHIPS], down_s[2][SLICES][SIM_CHIPS];
    memset(up_s, 0, sizeof up_s);
    world = (sim){0};
    trees t = {nodes, sim_add_many(&world, nodes, rate, latency_s), 0, 0.5 * bytes / slices};
    t.in = sim_add_many(&world, nodes, rate, 0);
    int depth = (int)floor(log2(nodes));
    for (int round = 0; round < slices + 2 * depth; round++) {
        for (int i = 1; i < nodes; i++) {
            int level = (int)floor(log2(i + 1));
            int rising = round - (depth - level), falling = round - depth - (level - 1);
            for (int tree = 0; tree < 2; tree++) {
                if (rising >= 0 && rising < slices) {
                    double *at_s = up_s[tree][rising];
                    at_s[(i - 1) / 2] = fmax(at_s[(i - 1) / 2], tree_send(&t, tree, i, (i - 1) / 2, at_s[i]));
                }
                if (falling >= 0 && falling < slices) {
                    double from_s = i <= 2 ? up_s[tree][falling][0] : down_s[tree][falling][(i - 1) / 2];
                    down_s[tree][falling][i] = tree_send(&t, tree, (i - 1) / 2, i, from_s);
                }
            }
        }
    }
    return world.end_s;
}

static fc_hd_span tree_span(int nodes, double bytes, double rate, double latency_s) {
    machine m = {nodes, 1, rate, 0, rate, latency_s};
    fc_hd_net net = net_of(m, FC_HD_FLAT_RING);
    return fc_hd_double_tree(&net, bytes);
}

/* Few bytes: up and down once. Two powers have log2(n) levels; other trees this compact one level less than counted. */
static void test_net_sim__trees_take_their_steps(void **state) {
    (void)state;
    for (int nodes = 2; nodes <= 256; nodes++) {
        bool power = (nodes & (nodes - 1)) == 0;
        double step_s = 2.0 * 5e-6;
        double simulated = played_trees(nodes, 1e-3, 1, 25e9, 5e-6);
        assert_near(simulated, tree_span(nodes, 1e-3, 25e9, 5e-6).latency_s - (power ? 0.0 : step_s), 1e-6);
    }
}

/* Bytes of the busiest port, either way, counted message by message. */
static double busiest_port(int nodes, double bytes) {
    double out[SIM_CHIPS] = {0}, in[SIM_CHIPS] = {0}, most = 0;
    for (int tree = 0; tree < 2; tree++) {
        for (int i = 1; i < nodes; i++) {
            int child = tree ? nodes - 1 - i : i, parent = tree ? nodes - 1 - (i - 1) / 2 : (i - 1) / 2;
            out[child] += 0.5 * bytes;
            in[parent] += 0.5 * bytes;
            out[parent] += 0.5 * bytes;
            in[child] += 0.5 * bytes;
        }
    }
    for (int i = 0; i < nodes; i++) {
        most = fmax(most, fmax(out[i], in[i]));
    }
    return most;
}

/* Sanders' schedule keeps the busiest port busy throughout. Played first come, first served, without his two colours, a
 * port sometimes waits for another: a third of the time at most. */
static void test_net_sim__trees_carry_their_data_twice(void **state) {
    (void)state;
    for (int nodes = 2; nodes <= 64; nodes++) {
        double port_s = tree_span(nodes, 1e9, 25e9, 0).port_s;
        /* up to four nodes the wires would do with less; NCCL's choice does not count on it */
        double least_s = busiest_port(nodes, 1e9) / 25e9;
        assert_near(port_s, nodes > 4 ? least_s : 2.0 * 1e9 / 25e9, 1e-9);
        assert_true(least_s <= port_s * (1 + 1e-9));
        double simulated = played_trees(nodes, 1e9, 400, 25e9, 0);
        assert_true(least_s <= simulated * (1 + 1e-9) && simulated <= port_s * 1.4);
    }
}

/* ---- all-to-all ----------------------------------------------------------------------------------------------------- */

/* Round i: every chip sends its piece for the chip i above, by the node's links or by both chips' ports. */
static double played_exchange(machine m, double bytes, int slices) {
    world = (sim){0};
    int all = m.nodes * m.node_chips;
    int inside = sim_add_many(&world, all, m.inside_bytes_per_s, 0);
    int out = sim_add_many(&world, all, m.port_bytes_per_s, m.port_s);
    int in = sim_add_many(&world, all, m.port_bytes_per_s, 0);
    for (int slice = 0; slice < slices; slice++) {
        for (int round = 1; round < all; round++) {
            for (int c = 0; c < all; c++) {
                int to = (c + round) % all;
                double piece = bytes / all / slices;
                if (c / m.node_chips == to / m.node_chips) {
                    sim_send(&world, inside + c, piece, 0);
                } else {
                    sim_send(&world, in + to, piece, sim_send(&world, out + c, piece, 0));
                }
            }
        }
    }
    return world.end_s;
}

/* The last piece into a port has left another: one slice more. */
static void test_net_sim__an_exchange_is_bound_by_ports(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        machine m = random_machine(2000 + i);
        m.port_s = 5e-6;
        fc_hd_net net = net_of(m, FC_HD_BY_TIER);
        assert_near(fc_hd_all_to_all_s(&net, 1e9), played_exchange(m, 1e9, 400 / m.nodes), 0.01);
    }
}

/* ---- tokens to experts ---------------------------------------------------------------------------------------------- */

/* Marks `picks` different of `count` places at random. */
static void draw(bool *taken, int count, int picks, uint32_t trial, uint32_t stream) {
    memset(taken, 0, (size_t)count * sizeof *taken);
    for (int made = 0; made < picks;) {
        int at = (int)(fc_hd_uniform(11, trial, stream++) * count);
        made += !taken[at];
        taken[at] = true;
    }
}

/* Each token goes once by port to the chip of its own number in each node that it needs, and from there to the chips. */
static double played_routing(machine m, fc_hd_routing r, double *busiest_inside_s) {
    int all = m.nodes * m.node_chips, experts = (int)r.experts, of_chip = experts / all;
    static double port_bytes[SIM_CHIPS], inside_bytes[SIM_CHIPS];
    memset(port_bytes, 0, sizeof port_bytes);
    memset(inside_bytes, 0, sizeof inside_bytes);
    for (int c = 0; c < all; c++) {
        for (int token = 0; token < (int)r.tokens; token++) {
            static bool open[SIM_CHIPS], chosen[SIM_CHIPS], near[SIM_CHIPS], hit[SIM_CHIPS];
            uint32_t trial = (uint32_t)(c * 100000 + token);
            int limit = r.groups_most > 0 && (int)r.groups_most < m.nodes ? (int)r.groups_most : m.nodes;
            draw(open, m.nodes, limit, trial, 0);
            draw(chosen, limit * experts / m.nodes, (int)r.experts_per_token, trial, 1000);
            memset(near, 0, sizeof near);
            memset(hit, 0, sizeof hit);
            for (int e = 0, node = -1, seen = 0; e < limit * experts / m.nodes; e++) {
                while (seen * (experts / m.nodes) <= e) {
                    do {
                        node++;
                    } while (!open[node]);
                    seen++;
                }
                int chip = node * m.node_chips + e % (experts / m.nodes) / of_chip;
                if (chosen[e]) {
                    near[node] = hit[chip] = true;
                }
            }
            for (int node = 0; node < m.nodes; node++) {
                port_bytes[c] += near[node] && node != c / m.node_chips ? r.token_bytes : 0;
            }
            for (int chip = 0; chip < all; chip++) {
                int landed = chip / m.node_chips * m.node_chips + c % m.node_chips;
                inside_bytes[landed] += hit[chip] && chip != landed ? r.token_bytes : 0;
            }
        }
    }
    double port_s = 0, inside_s = 0;
    for (int c = 0; c < all; c++) {
        port_s += port_bytes[c] / m.port_bytes_per_s / all;
        inside_s += inside_bytes[c] / m.inside_bytes_per_s / all;
    }
    *busiest_inside_s = inside_s;
    return port_s;
}

/* Means over chips, of 500 tokens each: 1 % is three standard errors. DeepSeek-V3: 8 of 256 experts on 8 nodes, 4 open. */
static void test_net_sim__routed_tokens_cross_once_a_node(void **state) {
    (void)state;
    const struct {
        int nodes, node_chips;
        double experts_per_token, experts, groups_most;
    } rows[] = {{8, 8, 8, 256, 4}, {8, 8, 8, 256, 0}, {4, 8, 2, 64, 0}, {2, 4, 6, 64, 1}, {4, 4, 8, 128, 3}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        machine slow_ports = {rows[i].nodes, rows[i].node_chips, 1e15, 0, 50e9, 0};
        machine slow_links = {rows[i].nodes, rows[i].node_chips, 50e9, 0, 1e15, 0};
        fc_hd_routing r = {500, 14336, rows[i].experts_per_token, rows[i].experts, rows[i].groups_most};
        double inside_s;
        fc_hd_net net = net_of(slow_ports, FC_HD_FLAT_RING);
        assert_near(fc_hd_routing_s(&net, r), played_routing(slow_ports, r, &inside_s), 0.01);
        net = net_of(slow_links, FC_HD_FLAT_RING);
        played_routing(slow_links, r, &inside_s);
        assert_near(fc_hd_routing_s(&net, r), inside_s, 0.01);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net_sim__flat_ring_moves_what_a_ring_moves),
        cmocka_unit_test(test_net_sim__flat_ring_takes_its_steps),
        cmocka_unit_test(test_net_sim__tiers_are_pipelined),
        cmocka_unit_test(test_net_sim__trees_take_their_steps),
        cmocka_unit_test(test_net_sim__trees_carry_their_data_twice),
        cmocka_unit_test(test_net_sim__an_exchange_is_bound_by_ports),
        cmocka_unit_test(test_net_sim__routed_tokens_cross_once_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
