/* Bytes on the worst chip: published figures, and what each knob of a plan does to them. */
#include "chain_random.h"

static const double GIB = 1073741824.0;

/* ---- Korthikanti et al. 2205.05198 ------------------------------------------------------------------------------ */

/* Table 3, and the two parts of figure 1: GiB a GPU with sequence parallelism and selective recomputation. */
typedef struct published {
    const char *model;
    uint32_t pp;
    uint32_t vpp;
    uint32_t micro_batch;
    uint32_t global_batch;
    double states_gib;
    double activations_gib;
} published;

static const published korthikanti[] = {
    {"megatron-22b", 1, 1, 4, 4, 45.56, 9.56},
    {"gpt3-175b", 8, 3, 1, 64, 45.56, 12.35},
    {"megatron-530b", 35, 3, 1, 280, 31.64, 23.08},
    {"megatron-1t", 64, 1, 1, 512, 32.96, 26.56},
};

/* Fp32 gradients, master copy and two moments beside 16-bit weights: 18 bytes a parameter. */
static fc_ops korthikanti_ops(chain_desk *desk, const published *row) {
    fc_error error = {0};
    fc_model model;
    assert_fine(fc_config_model(&model, desk->arena, &desk->config.catalog, row->model, &error), &error);
    fc_workload workload = fc_workload_default();
    workload.dtype = FC_DTYPE_FP16;
    workload.tokens_count = 1e9;
    workload.seq_len = 2048;
    fc_ops ops;
    fc_ops_count(&ops, &model, &workload);
    return ops;
}

static fc_memory korthikanti_memory(const fc_ops *ops, const published *row) {
    fc_cluster cluster = fc_cluster_default();
    cluster.chip.memory_bytes = 80.0 * GIB;
    fc_stack stack = fc_stack_default();
    stack.flash_attention = 0;
    stack.dropout = 1;
    fc_plan plan = plan_of(8, row->pp, 1, row->micro_batch, row->global_batch);
    plan.vpp = row->vpp;
    plan.recompute = FC_RECOMPUTE_SELECTIVE;
    plan.sequence_parallel = 1;
    fc_memory memory;
    fc_memory_size(&memory, ops, &cluster, &plan, &stack);
    return memory;
}

static double states_gib(const fc_memory *memory) {
    const double *bytes = memory->cause_bytes;
    double sum =
        bytes[FC_MEMORY_WEIGHTS] + bytes[FC_MEMORY_GRADS] + bytes[FC_MEMORY_MASTER] + bytes[FC_MEMORY_OPTIMIZER];
    return sum / GIB;
}

static double activations_gib(const fc_memory *memory) { return memory->cause_bytes[FC_MEMORY_ACTIVATIONS] / GIB; }

/* The paper counts 12·L·h² parameters and leaves out what stands before and after the layers. */
static void drop_both_ends(fc_ops *ops) {
    for (uint32_t i = 0; i < ops->ops_count; ++i) {
        if (ops->ops[i].place != FC_PLACE_LAYER) {
            ops->ops[i].params_count = 0;
            ops->ops[i].saved_count = 0;
        }
    }
}

/* 18 bytes a parameter (16 would give 40.5 GiB where the paper has 45.56), and equations 5 and 7 with interleaving. */
static void test_memory__layers_take_what_korthikanti_publishes(void **state) {
    for (size_t i = 0; i < COUNT_OF(korthikanti); ++i) {
        const published *row = &korthikanti[i];
        fc_ops ops = korthikanti_ops(*state, row);
        drop_both_ends(&ops);
        fc_memory memory = korthikanti_memory(&ops, row);
        assert_int_equal(memory.worst_stage, 0);
        assert_near(states_gib(&memory), row->states_gib, 1e-3);
        assert_near(activations_gib(&memory), row->activations_gib, 1e-3);
    }
}

/* With both ends: the first stage's word and position tables, 18·h·(V/8 + 2048) bytes, and a dropout mask a
 * micro-batch in flight, s·b·h·p/t. The smaller a stage's share of the layers, the more they are: 11 % of 1T's states. */
static void test_memory__ends_come_on_top(void **state) {
    for (size_t i = 0; i < COUNT_OF(korthikanti); ++i) {
        const published *row = &korthikanti[i];
        fc_ops ops = korthikanti_ops(*state, row);
        fc_memory memory = korthikanti_memory(&ops, row);
        double tables_gib = 18.0 * ops.hidden * (51200.0 / 8.0 + 2048.0) / GIB;
        double masks_gib = 2048.0 * row->micro_batch * ops.hidden * row->pp / 8.0 / GIB;
        if (row->vpp > 1) {
            masks_gib *= 1.0 + (row->pp - 1.0) / ((double)row->pp * row->vpp);
        }
        assert_near(states_gib(&memory), row->states_gib + tables_gib, 1e-3);
        assert_near(activations_gib(&memory), row->activations_gib + masks_gib, 1e-3);
    }
}

/* ---- pipelines -------------------------------------------------------------------------------------------------- */

static fc_memory size(const fc_study *study) {
    fc_ops ops;
    fc_memory memory;
    fc_ops_count(&ops, &study->model, &study->workload);
    fc_memory_size(&memory, &ops, &study->cluster, &study->plan, &study->stack);
    return memory;
}

static fc_study checked(fc_study study) {
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

static void test_memory__a_pipeline_keeps_no_more_micro_batches_than_there_are(void **state) {
    (void)state;
    fc_study study = ideal_study(4);
    study.model.vocab = 16; /* so that the first stage is the fullest */
    study.plan = plan_of(1, 4, 1, 1, 1);
    fc_study one = checked(study);
    study.plan.global_batch = 2;
    fc_study two = checked(study);
    study.plan.global_batch = 64;
    fc_study many = checked(study);
    double each = size(&one).cause_bytes[FC_MEMORY_ACTIVATIONS];
    assert_near(size(&two).cause_bytes[FC_MEMORY_ACTIVATIONS], 2.0 * each, 1e-12);
    assert_near(size(&many).cause_bytes[FC_MEMORY_ACTIVATIONS], 4.0 * each, 1e-12);
}

/* One stage of four by a count of chunks: 2(p - 1) + (v - 1)p + 1 forward passes before the first backward pass ends.
 *  */
static void test_memory__interleaving_keeps_more(void **state) {
    (void)state;
    fc_study study = ideal_study(4);
    study.plan = plan_of(1, 4, 1, 1, 64);
    fc_study plain = checked(study);
    study.plan.vpp = 2;
    fc_study chunks = checked(study);
    double plain_bytes = size(&plain).cause_bytes[FC_MEMORY_ACTIVATIONS];
    double chunk_bytes = size(&chunks).cause_bytes[FC_MEMORY_ACTIVATIONS];
    assert_near(chunk_bytes / plain_bytes, (2.0 * 3.0 + 4.0 + 1.0) / 2.0 / 4.0, 1e-12);
}

/* Both stages hold the tied table; one stage alone holds it once. */
static void test_memory__a_tied_table_lies_on_both_ends(void **state) {
    (void)state;
    fc_study study = ideal_study(2);
    study.model.layers_count = 2;
    study.model.vocab = 1000000;
    study.plan = plan_of(1, 2, 1, 1, 64);
    fc_study tied = checked(study);
    study.model.tied_embeddings = 0;
    fc_study apart = checked(study);
    fc_memory memory = size(&tied);
    assert_int_equal(memory.worst_stage, 1); /* logits come on top */
    assert_near(memory.per_chip_bytes, size(&apart).per_chip_bytes, 1e-12);
    assert_true(memory.cause_bytes[FC_MEMORY_WEIGHTS] > 2.0 * 1e6 * 1024.0);
    study.plan = plan_of(1, 1, 1, 1, 64);
    fc_study alone = checked(study);
    study.model.tied_embeddings = 1;
    fc_study alone_tied = checked(study);
    double both = size(&alone).cause_bytes[FC_MEMORY_WEIGHTS];
    assert_near(both - size(&alone_tied).cause_bytes[FC_MEMORY_WEIGHTS], 2.0 * 1e6 * 1024.0, 1e-12);
}

/* Multi-token prediction reads the word table again, on the last stage. */
static void test_memory__multi_token_prediction_needs_the_table(void **state) {
    (void)state;
    fc_study study = ideal_study(2);
    study.model.layers_count = 3;
    study.model.mtp_depth = 1;
    study.model.tied_embeddings = 0;
    study.model.vocab = 1000000;
    study.plan = plan_of(1, 2, 1, 1, 64);
    fc_study study_of_two = checked(study);
    /* two tables of a million words on the last stage */
    assert_true(size(&study_of_two).cause_bytes[FC_MEMORY_WEIGHTS] > 2.0 * 2.0 * 1e6 * 1024.0);
}

/* ---- sharding --------------------------------------------------------------------------------------------------- */

/* 2 + 4 + 4 + 8 bytes a parameter; ZeRO 1 splits 12 of them, 2 another 4, 3 all (Rajbhandari et al. 1910.02054). */
static void test_memory__zero_splits_by_stage(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(8));
    fc_ops ops;
    fc_ops_count(&ops, &study.model, &study.workload);
    const double kept[] = {18.0, 6.0 + 12.0 / 8.0, 2.0 + 16.0 / 8.0, 18.0 / 8.0};
    for (int32_t zero = 0; zero <= 3; ++zero) {
        study.plan.zero = zero;
        fc_memory memory = size(&study);
        assert_near(states_gib(&memory) * GIB, kept[zero] * ops.params_total_count, 1e-12);
        double gathered = zero == 3 ? 2.0 * ops.params_total_count * 7.0 / 8.0 * 2.0 / 8.0 : 0.0;
        assert_near(memory.cause_bytes[FC_MEMORY_BUFFERS], gathered, 1e-12);
    }
}

/* What the optimizer of the whole model holds does not depend on how replicas share it. */
static void test_memory__experts_are_split_once(void **state) {
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

static void test_memory__falls_or_stays_with_what_saves_it(void **state) {
    (void)state;
    dice d = {.seed = 11};
    for (int i = 0; i < 20000; ++i) {
        fc_study study = random_study(&d);
        double layers = study.model.layers_count + study.model.encoder_layers + study.model.mtp_depth;
        double before = least_bytes(&study);
        fc_study changed = study;
        changed.plan.tp *= 2;
        assert_no_more(least_bytes(&changed), before);
        changed = study;
        changed.plan.sequence_parallel = 1;
        assert_no_more(least_bytes(&changed), before);
        changed = study;
        changed.plan.recompute += changed.plan.recompute < FC_RECOMPUTE_FULL;
        assert_no_more(least_bytes(&changed), before);
        changed = study;
        /* stage 3 gathers two layers: a stage of fewer than four may need more with it */
        bool deep = layers / (study.plan.pp * study.plan.vpp) >= 4;
        changed.plan.zero += changed.plan.zero < (deep ? 3 : 2);
        assert_no_more(least_bytes(&changed), before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__layers_take_what_korthikanti_publishes),
        cmocka_unit_test(test_memory__ends_come_on_top),
        cmocka_unit_test(test_memory__a_pipeline_keeps_no_more_micro_batches_than_there_are),
        cmocka_unit_test(test_memory__interleaving_keeps_more),
        cmocka_unit_test(test_memory__a_tied_table_lies_on_both_ends),
        cmocka_unit_test(test_memory__multi_token_prediction_needs_the_table),
        cmocka_unit_test(test_memory__zero_splits_by_stage),
        cmocka_unit_test(test_memory__experts_are_split_once),
        cmocka_unit_test(test_memory__falls_or_stays_with_what_saves_it),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
