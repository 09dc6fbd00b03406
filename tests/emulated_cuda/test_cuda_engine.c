/* The CUDA engine against the processor's, bit for bit. `test_cuda_engine emulated|real FOLDER`: the same tests for both. */
#include "../unit/chain_random.h"

#include "plugin_under_test.h"

#include "flopcast/engine.h"

#include <string.h>

enum { STUDIES = 300, PLANS = 40, OVERLAPS = 2 };

static const fc_engine *cuda;

/* Anything about a plan that its sums serve. */
static fc_engine_item throw_item(dice *d, const fc_plan *summed) {
    fc_engine_item item;
    memset(&item, 0, sizeof item);
    item.plan = *summed;
    item.plan.pp = 1 + throw_below(d, 16);
    item.plan.vpp = item.plan.pp > 1 ? 1 + throw_below(d, 4) : 1;
    item.plan.dp = summed->dp * throw_power(d, 2);
    item.plan.global_batch = item.plan.dp * item.plan.micro_batch * (1 + throw_below(d, 64));
    item.plan.recompute = FC_RECOMPUTE_NONE + throw_below(d, 3);
    item.plan.zero = (int32_t)throw_below(d, 4);
    item.plan.schedule = throw_below(d, FC_PLAN_SCHEDULE_COUNT);
    item.plan.rank_order = throw_below(d, FC_RANK_ORDER_COUNT);
    item.plan.offload_optimizer = throw_coin(d);
    item.plan.offload_activations = throw_coin(d);
    item.stack = throw_below(d, OVERLAPS);
    item.time_first = throw_coin(d);
    return item;
}

static void compare(void *on_card, const fc_engine_cut *cut, const fc_engine_item *items, uint32_t *states) {
    static fc_engine_answer wanted[PLANS];
    static fc_engine_answer found[PLANS];
    fc_error error = {.status = FC_OK};
    memset(wanted, 0, sizeof wanted);
    memset(found, 0, sizeof found);
    assert_int_equal(fc_engine_cpu.evaluate(NULL, wanted, cut, items, PLANS, &error), FC_OK);
    if (cuda->evaluate(on_card, found, cut, items, PLANS, &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
    for (uint32_t i = 0; i < PLANS; ++i) {
        assert_int_equal(found[i].state, wanted[i].state);
        assert_memory_equal(&found[i].time_s, &wanted[i].time_s, sizeof wanted[i].time_s);
        assert_memory_equal(&found[i].per_chip_bytes, &wanted[i].per_chip_bytes, sizeof wanted[i].per_chip_bytes);
        states[wanted[i].state] += 1;
    }
}

static void test_cuda_engine__answers_as_the_processor(void **state) {
    (void)state;
    dice d = {.seed = 31};
    static fc_ops ops;
    static fc_engine_cut cut;
    static fc_engine_item items[PLANS];
    uint32_t states[3] = {0, 0, 0};
    void *on_card = NULL;
    fc_error error = {.status = FC_OK};
    assert_int_equal(cuda->open(&on_card, &error), FC_OK);
    for (uint32_t i = 0; i < STUDIES; ++i) {
        fc_study study = random_study(&d);
        fc_stack stacks[OVERLAPS] = {study.stack, study.stack};
        stacks[1].tp_overlap_frac = stacks[1].dp_overlap_frac = stacks[1].pp_overlap_frac = 0;
        study.cluster.chip.memory_bytes = throw_between(&d, 1e8, 1e13);
        study.cluster.chip.host_memory_bytes = throw_between(&d, 1e9, 1e13);
        study.cluster.chip.host_link_bytes_per_s = throw_coin(&d) * 5e10;
        study.cluster.chip.host_memory_bytes_per_s = 1e11;
        fc_ops_count(&ops, &study.model, &study.workload);
        cut = (fc_engine_cut){.ops = &ops,
                              .cluster = &study.cluster,
                              .stacks = stacks,
                              .stacks_count = OVERLAPS,
                              .step_time_factor = 1.1};
        assert_int_equal(fc_step_sum(&cut.step, &ops, &study.cluster, &study.plan, &study.stack, &error), FC_OK);
        fc_memory_sum(&cut.memory, &ops, &study.cluster, &study.plan, &study.stack);
        for (uint32_t j = 0; j < PLANS; ++j) {
            items[j] = throw_item(&d, &study.plan);
        }
        compare(on_card, &cut, items, states);
    }
    cuda->close(on_card);
    assert_true(states[FC_ENGINE_FITS] > 500 && states[FC_ENGINE_UNFIT] > 500 && states[FC_ENGINE_REFUSED] > 50);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fprintf(stderr, "usage: %s emulated|real FOLDER\n", argv[0]);
        return 2;
    }
    plugin_under_test plugin;
    int unusable = plugin_usable(&plugin, strcmp(argv[1], "real") == 0, argv[2]);
    if (unusable != 0) {
        return unusable;
    }
    fc_error error = {.status = FC_OK};
    if (fc_engine_load(&cuda, "cuda", argv[2], &error) != FC_OK) {
        (void)fprintf(stderr, "failed: %s\n", error.text);
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuda_engine__answers_as_the_processor)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
