/* Collectives against step-by-step simulations of their algorithms, and the networks of real machines. */
#include "chain_helpers.h"

#include "flopcast/hd/collective.h"
#include "flopcast/hd/net.h"

#include <stdbool.h>

enum { MOST_RANKS = 64 };

static const double LINK_BYTES_PER_S = 50e9;
static const double LATENCY_S = 3e-6;

static fc_hd_net flat(double ranks, double latency_s) {
    fc_hd_net net = {.tiers_count = 1};
    net.members[0] = ranks;
    net.bytes_per_s[0] = LINK_BYTES_PER_S;
    net.all_to_all_bytes_per_s[0] = LINK_BYTES_PER_S;
    net.latency_s[0] = latency_s;
    return net;
}

/* ---- simulations: pieces really move ---------------------------------------------------------------------------- */

/* Ring: in step i every rank passes on the piece it got last. Seconds until every rank has every piece. */
static double ring_gather_s(int ranks, double bytes, double latency_s) {
    bool has[MOST_RANKS][MOST_RANKS] = {{false}};
    for (int r = 0; r < ranks; ++r) {
        has[r][r] = true;
    }
    double time_s = 0;
    for (int step = 0; step < ranks - 1; ++step) {
        for (int r = 0; r < ranks; ++r) {
            int piece = (r - step + ranks) % ranks;
            assert_true(has[r][piece]);
            has[(r + 1) % ranks][piece] = true;
        }
        time_s += latency_s + bytes / ranks / LINK_BYTES_PER_S;
    }
    for (int r = 0; r < ranks; ++r) {
        for (int piece = 0; piece < ranks; ++piece) {
            assert_true(has[r][piece]);
        }
    }
    return time_s;
}

/* Bruck: in each step a rank sends all it has, at most what is missing, to the rank 2^step below. */
static double bruck_gather_s(int ranks, double bytes, double latency_s) {
    int held = 1; /* pieces r, r + 1, … of every rank r */
    double time_s = 0;
    while (held < ranks) {
        int sent = held < ranks - held ? held : ranks - held;
        time_s += latency_s + sent * bytes / ranks / LINK_BYTES_PER_S;
        held += sent;
    }
    return time_s;
}

/* Ring reduce-scatter: partial sums travel; every rank ends with one full sum. */
static double ring_scatter_s(int ranks, double bytes) {
    int sums[MOST_RANKS][MOST_RANKS];
    for (int r = 0; r < ranks; ++r) {
        for (int piece = 0; piece < ranks; ++piece) {
            sums[r][piece] = 1;
        }
    }
    double time_s = 0;
    for (int step = 0; step < ranks - 1; ++step) {
        for (int r = 0; r < ranks; ++r) {
            /* no two ranks of one step send the same piece, so their order does not matter */
            int piece = (r - step + ranks) % ranks;
            sums[(r + 1) % ranks][piece] += sums[r][piece];
        }
        time_s += bytes / ranks / LINK_BYTES_PER_S;
    }
    for (int r = 0; r < ranks; ++r) {
        assert_int_equal(sums[r][(r + 1) % ranks], ranks);
    }
    return time_s;
}

/* Pairwise exchange: in round i a rank sends its piece for the rank i above. */
static double pairwise_exchange_s(int ranks, double bytes) {
    bool got[MOST_RANKS][MOST_RANKS] = {{false}};
    double time_s = 0;
    for (int round = 1; round < ranks; ++round) {
        for (int r = 0; r < ranks; ++r) {
            got[(r + round) % ranks][r] = true;
        }
        time_s += bytes / ranks / LINK_BYTES_PER_S;
    }
    for (int r = 0; r < ranks; ++r) {
        for (int from = 0; from < ranks; ++from) {
            assert_true(from == r || got[r][from]);
        }
    }
    return time_s;
}

static void test_hd_collective__gather_moves_what_a_ring_moves(void **state) {
    (void)state;
    for (int ranks = 2; ranks <= MOST_RANKS; ++ranks) {
        fc_hd_net net = flat(ranks, 0);
        assert_near(fc_hd_gather_s(&net, 1e9), ring_gather_s(ranks, 1e9, 0), 1e-12);
        assert_near(fc_hd_gather_s(&net, 1e9), ring_scatter_s(ranks, 1e9), 1e-12);
        assert_near(fc_hd_all_reduce_s(&net, 1e9), ring_scatter_s(ranks, 1e9) + ring_gather_s(ranks, 1e9, 0), 1e-12);
    }
}

/* Few bytes: a logarithm of steps; a ring never takes fewer. */
static void test_hd_collective__gather_takes_brucks_steps(void **state) {
    (void)state;
    for (int ranks = 2; ranks <= MOST_RANKS; ++ranks) {
        fc_hd_net net = flat(ranks, LATENCY_S);
        assert_near(fc_hd_gather_s(&net, 1e6), bruck_gather_s(ranks, 1e6, LATENCY_S), 1e-12);
        assert_true(fc_hd_gather_s(&net, 1e6) <= ring_gather_s(ranks, 1e6, LATENCY_S) * (1 + 1e-12));
    }
}

static void test_hd_collective__all_to_all_moves_what_an_exchange_moves(void **state) {
    (void)state;
    for (int ranks = 2; ranks <= MOST_RANKS; ++ranks) {
        fc_hd_net net = flat(ranks, 0);
        assert_near(fc_hd_all_to_all_s(&net, 1e9), pairwise_exchange_s(ranks, 1e9), 1e-12);
    }
}

static void test_hd_collective__one_rank_needs_nothing(void **state) {
    (void)state;
    fc_hd_net net = flat(1, LATENCY_S);
    assert_true(fc_hd_gather_s(&net, 1e9) == 0 && fc_hd_all_reduce_s(&net, 1e9) == 0);
    assert_true(fc_hd_all_to_all_s(&net, 1e9) == 0 && fc_hd_send_s(&net, 1e9) == 0);
    assert_true(fc_hd_steps(1) == 0 && fc_hd_steps(2) == 1 && fc_hd_steps(3) == 2 && fc_hd_steps(1024) == 10);
    fc_hd_net empty = {.tiers_count = 0};
    assert_true(fc_hd_gather_s(&empty, 1e9) == 0 && fc_hd_all_to_all_s(&empty, 1e9) == 0);
}

/* ---- two tiers -------------------------------------------------------------------------------------------------- */

static fc_hd_net nodes_of_eight(double nodes, double outer_bytes_per_s) {
    fc_hd_net net = flat(8, 0);
    net.tiers_count = 2;
    net.members[1] = 8 * nodes;
    net.bytes_per_s[1] = outer_bytes_per_s;
    net.all_to_all_bytes_per_s[1] = outer_bytes_per_s;
    return net;
}

/* Each of eight ports carries an eighth of the data between nodes, at the same time as the links inside carry theirs.
 *  */
static void test_hd_collective__tiers_work_side_by_side(void **state) {
    (void)state;
    double inside_s = 1e9 * 7.0 / 8.0 / LINK_BYTES_PER_S;
    fc_hd_net fast = nodes_of_eight(4, LINK_BYTES_PER_S);
    assert_near(fc_hd_gather_s(&fast, 1e9), inside_s, 1e-12);
    fc_hd_net slow = nodes_of_eight(4, LINK_BYTES_PER_S / 100);
    assert_near(fc_hd_gather_s(&slow, 1e9), 1e9 / 8.0 * 3.0 / 4.0 / (LINK_BYTES_PER_S / 100), 1e-12);
    /* 24 of 32 pieces go to other nodes, 7 to neighbours */
    assert_near(fc_hd_all_to_all_s(&slow, 32e6), 24e6 / (LINK_BYTES_PER_S / 100), 1e-12);
    fc_hd_net faster = nodes_of_eight(4, LINK_BYTES_PER_S * 100);
    assert_near(fc_hd_all_to_all_s(&faster, 32e6), 7e6 / LINK_BYTES_PER_S, 1e-12);
}

static void test_hd_collective__a_message_goes_through_the_outermost_tier(void **state) {
    (void)state;
    fc_hd_net net = nodes_of_eight(2, 1e9);
    net.latency_s[1] = 1e-5;
    assert_near(fc_hd_send_s(&net, 1e9), 1.0 + 1e-5, 1e-12);
    net.members[1] = 8;
    assert_near(fc_hd_send_s(&net, 1e9), 1e9 / LINK_BYTES_PER_S, 1e-12);
}

/* ---- groups on clusters ----------------------------------------------------------------------------------------- */

static fc_cluster cluster_named(void **state, const char *chip, double chips) {
    chain_desk *desk = *state;
    fc_error error = {0};
    fc_study study;
    fc_inputs inputs;
    char set[128];
    snprintf(set, sizeof set, "cluster={chip: %s, chips: %.0f}", chip, chips);
    const char *const sets[] = {set, "plan=auto"};
    fc_config config = desk->config;
    config.sets = sets;
    config.sets_count = COUNT_OF(sets);
    assert_fine(fc_config_study(&study, &inputs, &config, "llama3-405b-16k-h100", &error), &error);
    return study.cluster;
}

/* One way, before what software reaches. */
static double all_to_all_rate(const fc_cluster *cluster, double ranks) {
    fc_hd_net net = fc_net_group(cluster, cluster->chips_count, ranks, 1.0);
    return net.all_to_all_bytes_per_s[0] / cluster->tiers[0].eff_frac;
}

/* Bytes a second a chip: shared physics of real machines. */
static void test_hd_collective__all_to_all_of_known_machines(void **state) {
    const struct {
        const char *chip;
        double chips;
        double bytes_per_s;
    } rows[] = {{"trainium2", 16, 256e9},
                {"trainium2-ultra", 64, 128e9},
                {"gb200-nvl72", 72, 900e9},
                {"h100-sxm", 8, 450e9},
                {"tpu-v4", 4096, 22.5e9}};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_cluster cluster = cluster_named(state, rows[i].chip, rows[i].chips);
        assert_near(all_to_all_rate(&cluster, rows[i].chips), rows[i].bytes_per_s, 1e-12);
    }
}

/* Half of the pod's chips send half of their data over a cut: rate = 4 · bisection / chips, published as 24 TB/s. */
static void test_hd_collective__tpu_v4_pod_has_its_bisection(void **state) {
    fc_cluster pod = cluster_named(state, "tpu-v4", 4096);
    assert_near(all_to_all_rate(&pod, 4096) * 4096.0 / 4.0, 24e12, 0.05);
}

/* A 2×2×2 block inside the pod: four links cross its middle both ways, eight chips send half over it. */
static void test_hd_collective__a_block_of_a_torus_has_its_own_bisection(void **state) {
    fc_cluster pod = cluster_named(state, "tpu-v4", 4096);
    assert_near(all_to_all_rate(&pod, 8), 4.0 * 4.0 * 45e9 / 8.0, 1e-12);
    fc_cluster few = cluster_named(state, "tpu-v4", 8);
    assert_near(all_to_all_rate(&few, 8), 4.0 * 4.0 * 45e9 / 8.0, 1e-12);
}

static double inside_node(const fc_cluster *cluster, double used, double size, double stride) {
    fc_hd_net net = fc_net_group(cluster, used, size, stride);
    assert_true(net.members[net.tiers_count - 1] == size);
    return net.members[0];
}

static void test_hd_collective__groups_take_whole_pieces_of_a_node(void **state) {
    fc_cluster nodes = cluster_named(state, "h100-sxm", 1024);
    assert_true(inside_node(&nodes, 1024, 8, 1) == 8);
    assert_true(inside_node(&nodes, 1024, 16, 1) == 8);
    assert_true(inside_node(&nodes, 1024, 128, 8) == 1);
    assert_true(inside_node(&nodes, 1024, 512, 2) == 4);
    assert_true(inside_node(&nodes, 1024, 7, 1) == 1); /* no room for sevens */
    assert_true(inside_node(&nodes, 896, 7, 1) == 7);  /* one chip of each node idle */
    assert_true(inside_node(&nodes, 1024, 12, 1) == 4);
    fc_cluster racks = cluster_named(state, "gb200-nvl72", 720);
    assert_true(inside_node(&racks, 640, 64, 1) == 64); /* eight of a rack idle */
    assert_true(inside_node(&racks, 720, 64, 1) == 8);
    assert_true(inside_node(&racks, 1, 1, 1) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hd_collective__gather_moves_what_a_ring_moves),
        cmocka_unit_test(test_hd_collective__gather_takes_brucks_steps),
        cmocka_unit_test(test_hd_collective__all_to_all_moves_what_an_exchange_moves),
        cmocka_unit_test(test_hd_collective__one_rank_needs_nothing),
        cmocka_unit_test(test_hd_collective__tiers_work_side_by_side),
        cmocka_unit_test(test_hd_collective__a_message_goes_through_the_outermost_tier),
        cmocka_unit_test(test_hd_collective__all_to_all_of_known_machines),
        cmocka_unit_test(test_hd_collective__tpu_v4_pod_has_its_bisection),
        cmocka_unit_test(test_hd_collective__a_block_of_a_torus_has_its_own_bisection),
        cmocka_unit_test(test_hd_collective__groups_take_whole_pieces_of_a_node),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
