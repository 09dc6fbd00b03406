/* What each way of splitting, redoing or moving away does to the bytes on a chip. */
#include "memory_helpers.h"

/* ---- sharding --------------------------------------------------------------------------------------------------- */

/* 2 + 4 + 4 + 8 bytes a parameter; ZeRO 1 splits 12 of them, 2 another 4, 3 all (Rajbhandari et al. 1910.02054). */
static void test_memory_split__zero_splits_by_stage(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(8));
    fc_ops ops;
    fc_ops_count(&ops, &study.model, &study.workload);
    const double kept[] = {18.0, 6.0 + 12.0 / 8.0, 2.0 + 16.0 / 8.0, 18.0 / 8.0};
    for (int32_t zero = 0; zero <= 3; ++zero) {
        study.plan.zero = zero;
        fc_memory memory = size(&study);
        assert_near(states_gib(&memory) * GIB, kept[zero] * ops.params_total_count, 1e-12);
        /* two layers' gradients and weights, and those of the ends, lie there whole beside this rank's own */
        double others = ops.params_total_count * 7.0 / 8.0;
        double moving = (zero >= 2 ? 4.0 : 0.0) + (zero == 3 ? 2.0 : 0.0);
        assert_true(memory.cause_bytes[FC_MEMORY_COMMUNICATION] <= moving * others);
        assert_true(memory.cause_bytes[FC_MEMORY_COMMUNICATION] >= moving * others * 2.0 / ops.layers_count);
    }
}

/* HSDP (2304.11277): the group holds the model once, whatever the number of replicas around it. */
static void test_memory_split__a_zero_group_holds_the_model_once(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(8));
    fc_ops ops;
    fc_ops_count(&ops, &study.model, &study.workload);
    study.plan.zero = 3;
    study.plan.zero_group = 2;
    fc_memory memory = size(&study);
    assert_near(states_gib(&memory) * GIB, 18.0 / 2.0 * ops.params_total_count, 1e-12);
    study.plan.zero_group = 8;
    fc_memory all = size(&study);
    study.plan.zero_group = 0;
    assert_true(size(&study).per_chip_bytes == all.per_chip_bytes);
    study.plan.zero_group = 3;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT);
    assert_told(&error, "plan.zero_group = 3 does not divide");
}

/* ---- optimizers -------------------------------------------------------------------------------------------------- */

/* A model of one weight matrix a layer worth speaking of: h x 4h up and 4h x h down, h x 3h, h x h. */
static void test_memory_split__optimizers_keep_what_their_papers_say(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    fc_ops ops;
    double bytes[FC_OPTIMIZER_COUNT];
    for (uint32_t i = 0; i < FC_OPTIMIZER_COUNT; ++i) {
        study.workload.optimizer = i;
        study.workload.optimizer_bytes = fc_optimizer_bytes((fc_optimizer)i);
        bytes[i] = size(&study).cause_bytes[FC_MEMORY_OPTIMIZER];
    }
    fc_ops_count(&ops, &study.model, &study.workload);
    double h = study.model.hidden;
    double layers = study.model.layers_count;
    double count = ops.params_total_count;
    /* biases of the four products ride with their matrices under Muon */
    double matrices = layers * (12.0 * h * h + 9.0 * h);
    assert_near(bytes[FC_OPTIMIZER_ADAM], 8.0 * count, 1e-12);
    assert_near(bytes[FC_OPTIMIZER_ADAM_BF16], 4.0 * count, 1e-12);
    assert_near(bytes[FC_OPTIMIZER_ADAM_8BIT], 2.0 * count * (1.0 + 4.0 / 2048.0), 1e-12);
    assert_near(bytes[FC_OPTIMIZER_MUON], 4.0 * matrices + 8.0 * (count - matrices), 1e-12);
    /* rows and columns of a layer: (3h + h) + (h + h) + (4h + h) + (h + 4h); all vectors whole; the tables factored too */
    double vocab = (double)study.model.vocab;
    double places = (double)study.model.max_positions;
    double vectors = count - layers * 12.0 * h * h - (vocab + places) * h;
    double sums = layers * 16.0 * h + vectors + (vocab + h) + (places + h);
    assert_near(bytes[FC_OPTIMIZER_ADAFACTOR], 4.0 * sums, 1e-12);
}

/* ---- recomputation, offloading, devices --------------------------------------------------------------------------- */

/* Each layer more that is redone frees as much as the one before it. */
static void test_memory_split__recomputing_some_layers_frees_their_share(void **state) {
    (void)state;
    fc_study study = ideal_study(1);
    study.plan.recompute = FC_RECOMPUTE_FULL;
    fc_study all = checked(study);
    double layers = all.model.layers_count;
    double whole = size(&all).cause_bytes[FC_MEMORY_ACTIVATIONS];
    study.plan.recompute = FC_RECOMPUTE_NONE;
    fc_study nothing = checked(study);
    double none = size(&nothing).cause_bytes[FC_MEMORY_ACTIVATIONS];
    assert_true(layers >= 3 && whole < none);
    study.plan.recompute = FC_RECOMPUTE_FULL;
    study.plan.recompute_layers = 1;
    fc_study one = checked(study);
    assert_near(none - size(&one).cause_bytes[FC_MEMORY_ACTIVATIONS], (none - whole) / layers, 1e-9);
    study.plan.recompute_layers = (uint32_t)layers + 5;
    fc_study more = checked(study);
    assert_true(size(&more).per_chip_bytes == size(&all).per_chip_bytes);
    study.plan.recompute = FC_RECOMPUTE_SELECTIVE;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT);
    assert_told(&error, "plan.recompute_layers");
}

/* What leaves the chip is what the host gets, and it counts against the host's memory. */
static void test_memory_split__offloading_moves_bytes_to_the_host(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.plan.zero = 1;
    study.cluster.chip.host_memory_bytes = 256 * GIB;
    fc_study here = checked(study);
    fc_memory before = size(&here);
    assert_true(before.host_bytes == 0 && before.host_moved_bytes == 0);
    study.plan.offload_optimizer = 1;
    fc_study states = checked(study);
    fc_memory after = size(&states);
    double left = before.cause_bytes[FC_MEMORY_MASTER] + before.cause_bytes[FC_MEMORY_OPTIMIZER];
    assert_near(after.host_bytes, left, 1e-12);
    assert_near(before.per_chip_bytes - after.per_chip_bytes, left, 1e-9);
    assert_true(after.host_moved_bytes > 0);
    study.plan.offload_activations = 1;
    fc_study both = checked(study);
    fc_memory rest = size(&both);
    double kept = before.cause_bytes[FC_MEMORY_ACTIVATIONS] - rest.cause_bytes[FC_MEMORY_ACTIVATIONS];
    assert_near(rest.host_bytes, left + kept, 1e-12);
    /* two of the layers stay */
    double layers = both.model.layers_count;
    assert_near(rest.cause_bytes[FC_MEMORY_ACTIVATIONS], before.cause_bytes[FC_MEMORY_ACTIVATIONS] * 2.0 / layers,
                1e-9);
    both.cluster.chip.host_memory_bytes = rest.host_bytes * 0.99;
    assert_false(size(&both).fits);
    both.cluster.chip.host_memory_bytes = rest.host_bytes;
    assert_true(size(&both).fits);
    study.cluster.chip.host_memory_bytes = 0;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT);
    assert_told(&error, "cluster.chip.host_memory");
}

/* A chip of four devices holds what four chips of a tensor-parallel group hold, in one memory. */
static void test_memory_split__devices_of_a_chip_are_tensor_ranks(void **state) {
    (void)state;
    fc_study study = ideal_study(4);
    study.plan = plan_of(4, 1, 1, 1, 4);
    fc_study four = checked(study);
    study.plan.tp = 1;
    study.cluster.chip.devices_per_chip = 4;
    fc_study one = checked(study);
    fc_memory apart = size(&four);
    fc_memory together = size(&one);
    for (int i = 0; i < FC_MEMORY_RESERVE; ++i) {
        assert_near(together.cause_bytes[i], 4.0 * apart.cause_bytes[i], 1e-12);
    }
}

/* ---- stages that differ --------------------------------------------------------------------------------------------- */

/* Dense first layers: the heaviest stage is the first that has experts only, neither end of the pipeline. */
static void test_memory_split__the_fullest_stage_may_lie_inside(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.model.layers_count = 8;
    study.model.vocab = 64;
    study.model.tied_embeddings = 0;
    study.model.experts = 64;
    study.model.experts_per_token = 1;
    study.model.moe_ffn_hidden = 4096;
    study.model.dense_layers = 2;
    strcpy(study.model.ffn_pattern, "M");
    study.plan = plan_of(1, 4, 2, 1, 8);
    fc_study now = checked(study);
    assert_int_equal(size(&now).worst_stage, 1);
    fc_ops ops;
    fc_memory_rows rows;
    fc_memory stage;
    fc_ops_count(&ops, &now.model, &now.workload);
    fc_memory_sum(&rows, &ops, &now.cluster, &now.plan, &now.stack);
    double weights = 0;
    double layers = 0;
    for (uint32_t i = 0; i < 4; ++i) {
        fc_memory_stage(&stage, &rows, &ops, &now.cluster, &now.plan, &now.stack, i);
        weights += stage.cause_bytes[FC_MEMORY_WEIGHTS];
        layers += stage.stage_layers_count;
    }
    assert_near(weights, 2.0 * ops.params_total_count, 1e-12);
    assert_near(layers, 8.0, 1e-12);
}

/* What the optimizer of the whole model holds does not depend on how replicas share it. */
static void test_memory_split__experts_are_split_once(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.model.experts = 8;
    study.model.experts_per_token = 2;
    study.model.moe_ffn_hidden = 512;
    strcpy(study.model.ffn_pattern, "M");
    study.plan.zero = 1;
    fc_study together = checked(study);
    study.plan.ep = 4;
    fc_study split = checked(study);
    double all = size(&together).cause_bytes[FC_MEMORY_OPTIMIZER];
    assert_near(size(&split).cause_bytes[FC_MEMORY_OPTIMIZER], all, 1e-12);
    assert_true(size(&split).cause_bytes[FC_MEMORY_WEIGHTS] < size(&together).cause_bytes[FC_MEMORY_WEIGHTS]);
}

static double least_bytes(const fc_study *study) {
    fc_memory memory = size(study);
    double sum = 0;
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        assert_true(memory.cause_bytes[i] >= 0 && isfinite(memory.cause_bytes[i]));
        sum += memory.cause_bytes[i];
    }
    assert_true(sum == memory.per_chip_bytes);
    assert_int_equal(memory.fits, memory.per_chip_bytes <= memory.capacity_bytes);
    return sum;
}

/* Rounding may differ in the last bits where nothing else does. */
static void assert_no_more(double found, double before) {
    if (found > before * (1.0 + 1e-12)) {
        fail_msg("%.17g bytes are more than %.17g", found, before);
    }
}

static void check_tensor_and_states(const fc_study *study, double before) {
    fc_study changed = *study;
    changed.plan.tp *= 2;
    assert_no_more(least_bytes(&changed), before);
    changed = *study;
    changed.plan.sequence_parallel = 1;
    assert_no_more(least_bytes(&changed), before);
    changed = *study;
    changed.plan.recompute += changed.plan.recompute < FC_RECOMPUTE_FULL;
    assert_no_more(least_bytes(&changed), before);
    changed = *study;
    changed.plan.zero += changed.plan.zero < 3;
    assert_no_more(least_bytes(&changed), before);
    changed = *study;
    changed.plan.zero_group = changed.plan.dp > 1 ? changed.plan.dp / 2 : 1;
    assert_no_more(before, least_bytes(&changed)); /* a part of the ranks holds no less a rank than all of them */
}

/* Keys and values of other context ranks, and tokens for experts elsewhere, come with the first split: apart from those. */
static void check_context_and_experts(const fc_study *study, double before) {
    fc_study changed = *study;
    changed.plan.cp *= 2;
    double after = least_bytes(&changed);
    if (study->plan.cp == 1) {
        before += size(&changed).cause_bytes[FC_MEMORY_COMMUNICATION];
    }
    assert_no_more(after, before);
    if (study->model.experts > 0 && study->plan.ep > 1 && study->plan.dp % (2 * study->plan.ep) == 0) {
        changed = *study;
        changed.plan.ep *= 2;
        assert_no_more(least_bytes(&changed), before);
    }
}

static double fullest_stage_weights(const fc_study *study) {
    fc_ops ops;
    fc_memory_rows rows;
    fc_memory stage;
    double most = 0;
    fc_ops_count(&ops, &study->model, &study->workload);
    fc_memory_sum(&rows, &ops, &study->cluster, &study->plan, &study->stack);
    for (uint32_t i = 0; i < study->plan.pp; ++i) {
        fc_memory_stage(&stage, &rows, &ops, &study->cluster, &study->plan, &study->stack, i);
        double weights = stage.cause_bytes[FC_MEMORY_WEIGHTS];
        most = weights > most ? weights : most;
    }
    return most;
}

/* Stages that are halved: what is trained falls on each, whatever the layers are; activations need not. */
static void check_stages(const fc_study *study) {
    double layers = study->model.layers_count + study->model.encoder_layers + study->model.mtp_depth;
    fc_study one = *study;
    one.plan.vpp = 1;
    fc_study halved = one;
    halved.plan.pp *= 2;
    if (study->plan.pp > 1 && fmod(layers, halved.plan.pp) == 0) {
        assert_no_more(fullest_stage_weights(&halved), fullest_stage_weights(&one));
    }
}

static void check_offload(const fc_study *study, double before) {
    fc_study changed = *study;
    changed.cluster.chip.host_memory_bytes = 1e16;
    changed.plan.offload_optimizer = 1;
    double after = least_bytes(&changed);
    assert_no_more(after, before);
    changed.plan.offload_activations = 1;
    assert_no_more(least_bytes(&changed), after);
    changed.plan.offload_weights = 1;
    assert_no_more(least_bytes(&changed), after);
    assert_true(size(&changed).host_bytes > 0);
}

/* 10^5 random studies: causes add up, nothing is negative or NaN, and what saves memory saves it. */
static void test_memory_split__falls_or_stays_with_what_saves_it(void **state) {
    (void)state;
    dice d = {.seed = 11};
    for (int i = 0; i < 100000; ++i) {
        fc_study study = random_study(&d);
        study.workload.optimizer = throw_below(&d, FC_OPTIMIZER_COUNT);
        study.cluster.chip.devices_per_chip = throw_power(&d, 2);
        if (study.plan.recompute == FC_RECOMPUTE_FULL) {
            study.plan.recompute_layers = throw_coin(&d) * throw_below(&d, 100);
        }
        double before = least_bytes(&study);
        check_tensor_and_states(&study, before);
        check_context_and_experts(&study, before);
        check_stages(&study);
        check_offload(&study, before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_split__zero_splits_by_stage),
        cmocka_unit_test(test_memory_split__a_zero_group_holds_the_model_once),
        cmocka_unit_test(test_memory_split__optimizers_keep_what_their_papers_say),
        cmocka_unit_test(test_memory_split__recomputing_some_layers_frees_their_share),
        cmocka_unit_test(test_memory_split__offloading_moves_bytes_to_the_host),
        cmocka_unit_test(test_memory_split__devices_of_a_chip_are_tensor_ranks),
        cmocka_unit_test(test_memory_split__the_fullest_stage_may_lie_inside),
        cmocka_unit_test(test_memory_split__experts_are_split_once),
        cmocka_unit_test(test_memory_split__falls_or_stays_with_what_saves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
