/* Bytes on the worst chip: published figures, and what each knob of a plan does to them. */
#include "memory_helpers.h"

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

/* A stage in the middle of the pipeline holds neither table: what the program prints for it is the paper's figure. */
static void test_memory__a_middle_stage_holds_what_korthikanti_publishes(void **state) {
    for (size_t i = 1; i < COUNT_OF(korthikanti); ++i) {
        const published *row = &korthikanti[i];
        fc_ops ops = korthikanti_ops(*state, row);
        fc_cluster cluster = fc_cluster_default();
        fc_stack stack = fc_stack_default();
        fc_plan plan = plan_of(8, row->pp, 1, row->micro_batch, row->global_batch);
        plan.vpp = row->vpp;
        fc_memory_rows rows;
        fc_memory memory;
        fc_memory_sum(&rows, &ops, &cluster, &plan, &stack);
        fc_memory_stage(&memory, &rows, &ops, &cluster, &plan, &stack, 1);
        assert_near(states_gib(&memory), row->states_gib, 1e-3);
    }
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

static fc_study schedule_study(uint32_t pp, uint32_t schedule) {
    fc_study study = ideal_study(4);
    study.model.vocab = 16;
    study.model.position = FC_POSITION_ROPE;
    study.model.tied_embeddings = 0;
    study.plan = plan_of(1, pp, 1, 1, 16);
    study.plan.schedule = schedule;
    return checked(study);
}

/* GPipe keeps all 16 micro-batches (1811.06965), ZB-H1 what 1F1B does (2401.10241), DualPipe one more than there are
 * stages and the weights twice (2412.19437, table 2); with an odd number of stages DualPipe does not run. */
static void test_memory__schedules_keep_what_their_papers_say(void **state) {
    (void)state;
    fc_study one = schedule_study(4, FC_PLAN_SCHEDULE_1F1B);
    one.plan.global_batch = 1;
    fc_memory each = size(&one);
    const struct {
        uint32_t schedule;
        double in_flight;
        double copies;
    } rows[] = {{FC_PLAN_SCHEDULE_AUTO, 4, 1},
                {FC_PLAN_SCHEDULE_GPIPE, 16, 1},
                {FC_PLAN_SCHEDULE_ZERO_BUBBLE, 4, 1},
                {FC_PLAN_SCHEDULE_DUALPIPE, 5, 2}};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_study study = schedule_study(4, rows[i].schedule);
        fc_memory memory = size(&study);
        assert_near(memory.cause_bytes[FC_MEMORY_ACTIVATIONS],
                    rows[i].in_flight * each.cause_bytes[FC_MEMORY_ACTIVATIONS], 1e-12);
        assert_near(memory.cause_bytes[FC_MEMORY_WEIGHTS], rows[i].copies * each.cause_bytes[FC_MEMORY_WEIGHTS], 2e-3);
        assert_near(memory.stage_layers_count, rows[i].copies * 2.0, 1e-12);
    }
    one.plan.schedule = FC_PLAN_SCHEDULE_GPIPE;
    one.plan.pp = 1;
    one.plan.global_batch = 16;
    fc_study alone = schedule_study(1, FC_PLAN_SCHEDULE_AUTO);
    assert_true(size(&one).per_chip_bytes == size(&alone).per_chip_bytes);
    fc_study odd = schedule_study(3, FC_PLAN_SCHEDULE_DUALPIPE);
    fc_study plain = schedule_study(3, FC_PLAN_SCHEDULE_1F1B);
    assert_true(size(&odd).per_chip_bytes == size(&plain).per_chip_bytes);
}

/* Two ranks hold each stage: with ZeRO they share its states, and all ranks together hold them once. */
static void test_memory__both_copies_share_the_states(void **state) {
    (void)state;
    fc_study study = schedule_study(4, FC_PLAN_SCHEDULE_DUALPIPE);
    study.plan.dp = 2;
    study.plan.global_batch = 32;
    study.plan.zero = 1;
    fc_ops ops;
    fc_memory_rows rows;
    double sum = 0;
    fc_ops_count(&ops, &study.model, &study.workload);
    fc_memory_sum(&rows, &ops, &study.cluster, &study.plan, &study.stack);
    for (uint32_t rank = 0; rank < 4; ++rank) {
        fc_memory memory;
        fc_memory_stage(&memory, &rows, &ops, &study.cluster, &study.plan, &study.stack, rank);
        sum += 2.0 * memory.cause_bytes[FC_MEMORY_OPTIMIZER];
    }
    assert_near(sum, 8.0 * ops.params_total_count, 1e-12);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__layers_take_what_korthikanti_publishes),
        cmocka_unit_test(test_memory__ends_come_on_top),
        cmocka_unit_test(test_memory__a_middle_stage_holds_what_korthikanti_publishes),
        cmocka_unit_test(test_memory__a_pipeline_keeps_no_more_micro_batches_than_there_are),
        cmocka_unit_test(test_memory__interleaving_keeps_more),
        cmocka_unit_test(test_memory__schedules_keep_what_their_papers_say),
        cmocka_unit_test(test_memory__both_copies_share_the_states),
        cmocka_unit_test(test_memory__a_tied_table_lies_on_both_ends),
        cmocka_unit_test(test_memory__multi_token_prediction_needs_the_table),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
