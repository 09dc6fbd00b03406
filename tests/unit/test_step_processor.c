/* Seconds of a step on a processor that was measured, against sums done by hand. */
#include "chain_random.h"

/* fp32, one thread's worth of everything: a rate of 100 GFLOP/s without ramps, memory far away, passes at 10 GB/s. */
static fc_study processor_study(void) {
    fc_study study = fc_study_default();
    (void)strcpy(study.model.name, "tiny");
    study.model.layers_count = 2;
    study.model.hidden = 64;
    study.model.heads = 4;
    study.model.ffn_hidden = 256;
    study.model.ffn_type = FC_FFN_PLAIN;
    study.model.norm = FC_NORM_LAYER;
    study.model.vocab = 1000;
    study.model.position = FC_POSITION_ROPE;
    study.workload.dtype = FC_DTYPE_FP32;
    study.workload.seq_len = 32;
    study.workload.master_bytes = 0;
    study.workload.grad_bytes = 4;
    study.workload.tokens_count = 1e6;
    fc_chip *chip = &study.cluster.chip;
    (void)strcpy(chip->name, "local");
    chip->peak_flop_per_s[FC_DTYPE_FP32] = 1e11;
    chip->matmul[FC_DTYPE_FP32] = (fc_matmul_curve){.eff_frac = 1.0, .launch_s = 1e-6};
    chip->one_thread[FC_DTYPE_FP32] = (fc_matmul_curve){.eff_frac = 0.25, .launch_s = 1e-7};
    chip->attention_eff_frac = 1.0;
    chip->memory_bytes = 1e12;
    chip->memory_bytes_per_s = 1e15;
    chip->memory_eff_frac = 1.0;
    chip->threads_count = 4;
    for (int i = 0; i < FC_PASS_COUNT; i++) {
        chip->pass_bytes_per_s[i] = 1e10;
    }
    study.cluster.chips_count = 1;
    study.stack.flash_attention = 0;
    study.stack.fused_kernels = 0;
    study.plan = (fc_plan){.tp = 1,
                           .pp = 1,
                           .vpp = 1,
                           .dp = 1,
                           .cp = 1,
                           .ep = 1,
                           .micro_batch = 2,
                           .global_batch = 2,
                           .recompute = FC_RECOMPUTE_NONE};
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

static fc_step step_of(const fc_study *study) {
    fc_error error = {0};
    fc_ops ops;
    fc_step step;
    fc_ops_count(&ops, &study->model, &study->workload);
    assert_fine(fc_step_time(&step, &ops, &study->cluster, &study->plan, &study->stack, &error), &error);
    return step;
}

/* Two layers of 12·64² weights and the head; 64 tokens; 2·3 FLOP each; 4 products a layer and the head's, thrice each. */
static void test_step_processor__counts_products_one_by_one(void **state) {
    (void)state;
    fc_study study = processor_study();
    fc_step step = step_of(&study);
    double weights = 2.0 * 12.0 * 64.0 * 64.0 + 1000.0 * 64.0;
    double products = 3.0 * (2.0 * 4.0 + 1.0);
    double biases = step.cause_s[FC_STEP_MATMUL] - (6.0 * weights * 64.0 / 1e11 + products * 1e-6);
    assert_true(biases >= 0.0 && biases < 0.2 * step.cause_s[FC_STEP_MATMUL]);
    /* Attention: 2 sequences × 4 heads × 6 products of 32·32·16, and passes over 32 scores a head and token. */
    double heads = 2.0 * 2.0 * 4.0;
    double core_s = heads * 6.0 * (2.0 * 32.0 * 32.0 * 16.0 / 1e11 + 1e-6);
    double scores = 2.0 * 64.0 * 4.0 * 32.0;
    double passes_s = scores * 4.0 * (4.0 + 8.0 + 7.0 + 3.5) / 1e10;
    assert_near(step.cause_s[FC_STEP_ATTENTION], core_s + passes_s, 1e-9);
    assert_true(step.cause_s[FC_STEP_FIRST_TOUCH] == 0.0);
}

/* A quarter of the rate on each of four threads is the same rate, with the cheaper start and two wakings a product. */
static void test_step_processor__cuts_products_among_threads(void **state) {
    (void)state;
    fc_study study = processor_study();
    fc_step library = step_of(&study);
    study.stack.own_threads = 1;
    study.cluster.chip.launch_s = 1e-5;
    fc_step pieces = step_of(&study);
    double products = 3.0 * (2.0 * 4.0 + 1.0);
    assert_near(library.cause_s[FC_STEP_MATMUL] - pieces.cause_s[FC_STEP_MATMUL], products * (1e-6 - 1e-7), 1e-9);
    assert_true(pieces.cause_s[FC_STEP_LAUNCH] >= 2.0 * (2.0 * 4.0 + 1.0) * 1e-5);
    /* 8 heads on 4 threads take two turns, 9 would take three. */
    study.plan.micro_batch = study.plan.global_batch = 1;
    fc_step half = step_of(&study);
    assert_true(half.cause_s[FC_STEP_ATTENTION] < pieces.cause_s[FC_STEP_ATTENTION]);
}

/* Only what is at least as large as the least size is mapped anew, and a rate of 0 costs nothing. */
static void test_step_processor__maps_large_tensors_anew(void **state) {
    (void)state;
    fc_study study = processor_study();
    study.cluster.chip.first_touch_bytes_per_s = 1e8;
    assert_true(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] == 0.0);
    double logits_bytes = 64.0 * 1000.0 * 4.0;
    study.stack.fresh_tensor_bytes = logits_bytes; /* logits, their logarithm, two gradients; tables' are as large */
    study.stack.weight_tensors = 2;
    study.stack.weight_moves = 26;
    double touched = step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] * 1e8 / logits_bytes;
    /* four of the logits' size; gradient of table and of head; two tensors of the optimizer for each */
    assert_near(touched, 4.0 + 2.0 + 2.0 * 2.0, 1e-9);
    study.stack.touch_overhead_frac = 0.5;
    assert_near(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] * 1e8 / logits_bytes, 1.5 * touched, 1e-9);
    study.stack.touch_overhead_frac = 0.0;
    /* a little above, all come out of the heap: but its end, with four tensors of the logits' size, is given back */
    study.stack.fresh_tensor_bytes = logits_bytes + 1.0;
    assert_near(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] * 1e8 / logits_bytes, 4.0, 1e-9);
    study.stack.fresh_tensor_bytes = 0.0;
    assert_true(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] == 0.0);
    study.stack.fresh_tensor_bytes = 1.0;
    assert_true(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] * 1e8 / logits_bytes > 10.0);
    study.cluster.chip.first_touch_bytes_per_s = 0.0;
    assert_true(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] == 0.0);
}

/* The heap's end keeps twice its largest tensor: four of the logits' size pass that from half of it on. */
static void test_step_processor__keeps_the_heaps_end_while_it_is_small(void **state) {
    (void)state;
    fc_study study = processor_study();
    study.cluster.chip.first_touch_bytes_per_s = 1e8;
    study.stack.fresh_tensor_bytes = 1e9;
    study.model.tied_embeddings = 1;
    study.model.vocab = 513; /* the MLP's tensor has 256 numbers a token, so half of it is 128 */
    double logits_bytes = 64.0 * 513.0 * 4.0;
    assert_near(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] * 1e8, 4.0 * logits_bytes, 1e-9);
    study.model.vocab = 127;
    assert_true(step_of(&study).cause_s[FC_STEP_FIRST_TOUCH] == 0.0);
}

/* Passes and pages at one thread's rates, products as before; no thread is woken and no pool is switched. */
static void test_step_processor__runs_passes_on_one_thread(void **state) {
    (void)state;
    fc_study study = processor_study();
    study.cluster.chip.launch_s = 1e-5;
    study.cluster.chip.first_touch_bytes_per_s = 4e8;
    study.cluster.chip.one_thread_touch_bytes_per_s = 1e8;
    study.stack.fresh_tensor_bytes = 64.0 * 1000.0 * 4.0;
    study.stack.pool_switch_s = 1e-3;
    study.stack.weight_moves = 26;
    for (int i = 0; i < FC_PASS_COUNT; i++) {
        study.cluster.chip.one_thread_pass_bytes_per_s[i] = 2.5e9;
    }
    fc_step all = step_of(&study);
    study.stack.one_thread_passes = 1;
    fc_step one = step_of(&study);
    assert_near(one.cause_s[FC_STEP_MEMORY_BOUND], 4.0 * all.cause_s[FC_STEP_MEMORY_BOUND], 1e-9);
    assert_near(one.cause_s[FC_STEP_FIRST_TOUCH], 4.0 * all.cause_s[FC_STEP_FIRST_TOUCH], 1e-9);
    assert_true(one.cause_s[FC_STEP_LAUNCH] == 0.0 && all.cause_s[FC_STEP_LAUNCH] > 0.0);
    assert_true(one.cause_s[FC_STEP_MATMUL] < all.cause_s[FC_STEP_MATMUL]); /* 18 switches of a millisecond */
}

/* Work that goes to the library's threads and back: twice a matmul and four times an attention core, in each layer. */
static void test_step_processor__two_pools_wait_for_each_other(void **state) {
    (void)state;
    fc_study study = processor_study();
    double alone_s = step_of(&study).time_s;
    study.stack.pool_switch_s = 1e-3;
    double runs = 2.0 * (4.0 * 2.0 + 4.0) + 2.0;
    assert_near(step_of(&study).time_s - alone_s, runs * 1e-3, 1e-9);
    study.cluster.chip.threads_count = 1;
    assert_near(step_of(&study).time_s, alone_s, 1e-12);
    study.cluster.chip.threads_count = 4;
    study.stack.own_threads = 1;
    double own_s = step_of(&study).time_s;
    study.stack.pool_switch_s = 0.0;
    assert_near(step_of(&study).time_s, own_s, 1e-12);
}

/* One kernel an operation moves more than one pass, and the optimizer's tensors more than Adam in one. */
static void test_step_processor__fusing_saves_passes(void **state) {
    (void)state;
    fc_study study = processor_study();
    study.stack.weight_moves = 26;
    fc_step eager = step_of(&study);
    study.stack.fused_kernels = 1;
    study.stack.weight_moves = 0;
    fc_step fused = step_of(&study);
    assert_true(fused.cause_s[FC_STEP_MEMORY_BOUND] < eager.cause_s[FC_STEP_MEMORY_BOUND]);
    /* Adam: gradient, weight and two moments read, the last three written: 7 numbers. */
    assert_near(eager.cause_s[FC_STEP_OPTIMIZER] / fused.cause_s[FC_STEP_OPTIMIZER], 26.0 / 7.0, 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_processor__counts_products_one_by_one),
        cmocka_unit_test(test_step_processor__cuts_products_among_threads),
        cmocka_unit_test(test_step_processor__maps_large_tensors_anew),
        cmocka_unit_test(test_step_processor__keeps_the_heaps_end_while_it_is_small),
        cmocka_unit_test(test_step_processor__runs_passes_on_one_thread),
        cmocka_unit_test(test_step_processor__two_pools_wait_for_each_other),
        cmocka_unit_test(test_step_processor__fusing_saves_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
