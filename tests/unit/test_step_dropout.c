/* Dropout on plain attention is a pass over the scores that costs time; flash attention drops inside its kernel. */
#include "flopcast/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <math.h>   /* fabs */
#include <stdbool.h>
#include <string.h>

static const double KEYS = 1024.0; /* and as many tokens in a sequence */
static const double MEMORY_BYTES_PER_S = 1e12;

/* One layer with one head of one score a key, in 2-byte numbers. */
static fc_ops one_attention_row(void) {
    fc_ops ops;
    memset(&ops, 0, sizeof ops);
    ops.seq_len = KEYS;
    ops.layers_count = 1.0;
    ops.heads = 1.0;
    ops.kv_heads = 1.0;
    ops.activation_bytes = 2.0;
    ops.flop_per_token_model = 1.0;
    ops.dtype = FC_DTYPE_BF16;
    ops.ops_count = 1;
    fc_op *op = &ops.ops[0];
    op->op_class = FC_OP_ATTENTION;
    op->place = FC_PLACE_LAYER;
    op->dtype = FC_DTYPE_BF16;
    op->instances = 1.0;
    op->n = 128.0;
    op->k = KEYS;
    op->rows_per_token = 1.0;
    op->groups = 1.0;
    op->flop_per_token = 1.0;
    op->full_flop_per_token = 1.0;
    op->extra_unfused_bytes_per_token = 4.0 * 2.0 * KEYS;
    return ops;
}

static double attention_s(bool flash, bool dropout) {
    fc_ops ops = one_attention_row();
    fc_cluster cluster = fc_cluster_default();
    cluster.chip.peak_flop_per_s[FC_DTYPE_BF16] = 1e15;
    cluster.chip.attention_eff_frac = 0.5;
    cluster.chip.matmul[FC_DTYPE_BF16].eff_frac = 0.5;
    cluster.chip.memory_bytes_per_s = MEMORY_BYTES_PER_S;
    cluster.chip.memory_eff_frac = 1.0;
    fc_plan plan = {.tp = 1,
                    .pp = 1,
                    .vpp = 1,
                    .dp = 1,
                    .cp = 1,
                    .ep = 1,
                    .micro_batch = 1,
                    .global_batch = 1,
                    .recompute = FC_RECOMPUTE_NONE};
    fc_stack stack;
    memset(&stack, 0, sizeof stack);
    stack.flash_attention = flash;
    stack.dropout = dropout;
    stack.fused_kernels = 1;
    stack.expert_imbalance = 1.0;
    fc_step step;
    fc_error error;
    memset(&error, 0, sizeof error);
    assert_int_equal(fc_step_time(&step, &ops, &cluster, &plan, &stack, &error), FC_OK);
    return step.cause_s[FC_STEP_ATTENTION];
}

/* A score read and written in 2 bytes and a mask of 1, forward and back. */
static void test_step_dropout__plain_attention_pays_ten_bytes_a_score(void **state) {
    (void)state;
    double extra_s = attention_s(false, true) - attention_s(false, false);
    double wanted_s = 10.0 * KEYS * KEYS / MEMORY_BYTES_PER_S;
    assert_true(fabs(extra_s - wanted_s) < 1e-9 * wanted_s);
}

static void test_step_dropout__flash_attention_pays_nothing(void **state) {
    (void)state;
    assert_true(attention_s(true, true) > 0);
    assert_true(attention_s(true, true) == attention_s(true, false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_dropout__plain_attention_pays_ten_bytes_a_score),
        cmocka_unit_test(test_step_dropout__flash_attention_pays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
