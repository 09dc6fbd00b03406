/* Experts on an accelerator: how their products are launched, what is fused with them, and their bias. */
#include "chain_helpers.h"

enum { GATED = 1, PLAIN = 0 };

/* Eight experts over two ranks each on a chip whose memory moves 1 TB/s. */
static fc_study expert_study(uint32_t dtype, int gated) {
    fc_study study = ideal_study(8);
    study.model.experts = 8;
    study.model.experts_per_token = 2;
    study.model.moe_ffn_hidden = 512;
    study.model.ffn_type = gated ? FC_FFN_GATED : FC_FFN_PLAIN;
    strcpy(study.model.ffn_pattern, "M");
    study.workload.dtype = dtype;
    study.plan = plan_of(1, 1, 8, 1, 8);
    study.plan.ep = 2;
    fc_chip *chip = &study.cluster.chip;
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        chip->peak_flop_per_s[i] = 1e15;
        chip->matmul[i].eff_frac = 1.0;
    }
    chip->memory_bytes_per_s = 1e12;
    chip->memory_eff_frac = 1.0;
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

/* A layer has 4 experts a rank and two products an expert: 8 launches forward, and as many again backward. */
static void test_step_experts__the_host_launches_each_product(void **state) {
    (void)state;
    fc_study study = expert_study(FC_DTYPE_BF16, GATED);
    study.stack.host_layer_s = 1.0; /* far more than the chip needs, so that the host decides */
    study.stack.host_backward_ratio = 1.0;
    double without_s = step_of(&study).time_s;
    study.stack.host_expert_s = 0.01;
    assert_near(step_of(&study).time_s, without_s, 1e-9); /* one kernel for all of them */
    study.stack.experts_apart = 1;
    double layers = study.model.layers_count;
    double straggler = 1.0 + study.stack.straggler_frac * 3.0 / 10.0;
    assert_near(step_of(&study).time_s - without_s, straggler * layers * 2.0 * 8.0 * 0.01, 1e-3);
    study.plan.ep = 8; /* one expert a rank */
    study.stack.host_expert_s = 0.0;
    without_s = step_of(&study).time_s;
    study.stack.host_expert_s = 0.01;
    assert_near(step_of(&study).time_s - without_s, straggler * layers * 2.0 * 2.0 * 0.01, 1e-3);
}

/* One graph, and neither the activation's traffic nor a launch. Only in MXFP8 and with a gate. */
static void test_step_experts__fused_kernels(void **state) {
    (void)state;
    fc_study study = expert_study(FC_DTYPE_MXFP8, GATED);
    study.stack.host_layer_s = 1.0;
    study.cluster.chip.launch_s = 1e-6;
    fc_step apart = step_of(&study);
    study.stack.fused_experts = 1;
    fc_step fused = step_of(&study);
    double tokens = (double)study.workload.seq_len;
    double numbers = tokens * 2.0 * 512.0 * (3.0 + 5.0); /* of the activation, both ways */
    assert_near(apart.cause_s[FC_STEP_MEMORY_BOUND] - fused.cause_s[FC_STEP_MEMORY_BOUND],
                study.model.layers_count * numbers * 2.0 / 1e12, 1e-6);
    assert_true(fused.cause_s[FC_STEP_HOST] == 0.0 && fused.cause_s[FC_STEP_LAUNCH] == 0.0);
    assert_true(apart.cause_s[FC_STEP_HOST] > 0.0 && apart.cause_s[FC_STEP_LAUNCH] > 0.0);
    fc_study others[] = {expert_study(FC_DTYPE_BF16, GATED), expert_study(FC_DTYPE_MXFP8, PLAIN)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
        fc_step before = step_of(&others[i]);
        others[i].stack.fused_experts = 1;
        assert_near(step_of(&others[i]).time_s, before.time_s, 1e-15);
    }
}

/* An expert's bias is 14 numbers moved forward and 20 back for each of an output's. */
static void test_step_experts__a_bias_moves_the_output(void **state) {
    (void)state;
    fc_study study = expert_study(FC_DTYPE_BF16, GATED);
    double without_s = step_of(&study).cause_s[FC_STEP_MEMORY_BOUND];
    study.model.expert_bias = 1;
    double numbers = (double)study.workload.seq_len * 2.0 * study.model.hidden * (14.0 + 20.0);
    assert_near(step_of(&study).cause_s[FC_STEP_MEMORY_BOUND] - without_s,
                study.model.layers_count * numbers * 2.0 / 1e12, 1e-2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_experts__the_host_launches_each_product),
        cmocka_unit_test(test_step_experts__fused_kernels),
        cmocka_unit_test(test_step_experts__a_bias_moves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
