/* A count of chips need not fill its domains: published jobs took equal parts of two. */
#include "flopcast/cluster.h"

#include "stages/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */

static fc_cluster domains_of(double domain_chips, double chips) {
    fc_cluster cluster = fc_cluster_default();
    cluster.chips_count = chips;
    cluster.tiers_count = 2;
    cluster.tiers[0] = (fc_tier){.chips_count = domain_chips, .bytes_per_s = 9e11, .eff_frac = 1.0};
    cluster.tiers[1] = (fc_tier){.chips_count = chips, .bytes_per_s = 5e10, .eff_frac = 1.0};
    return cluster;
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net__racks_of_72_hold_groups_of_64),
        cmocka_unit_test(test_net__palm_lies_in_two_pods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
