/* What the other stages read from rows: saved activations, sharding axes, number formats, memory traffic. */
#include "ops_models.h"

static const uint32_t SELECTIVE = FC_SAVED_UNTIL_SELECTIVE;

/* Saved bytes a token of all layers, of the entries that have all bits of `with` and none of `without`. */
static double saved_bytes(const fc_ops *ops, uint32_t with, uint32_t without) {
    double bytes = 0.0;
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        const fc_op *op = &ops->ops[i];
        for (uint32_t j = 0; j < op->saved_count && op->place == FC_PLACE_LAYER; j++) {
            if ((op->saved[j].when & with) == with && (op->saved[j].when & without) == 0) {
                bytes += op->instances * op->saved[j].bytes_per_token;
            }
        }
    }
    return bytes;
}

static double saved_on_axes(const fc_ops *ops, uint32_t axes, uint32_t without) {
    double bytes = 0.0;
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        const fc_op *op = &ops->ops[i];
        for (uint32_t j = 0; j < op->saved_count && op->place == FC_PLACE_LAYER; j++) {
            if (op->saved[j].axes == axes && (op->saved[j].when & without) == 0) {
                bytes += op->instances * op->saved[j].bytes_per_token;
            }
        }
    }
    return bytes;
}

/* Korthikanti 2205.05198, equation 1: s·b·h·(34 + 5as/h) a layer, with plain attention and dropout. */
static void test_ops_rows__gpt_layer_keeps_what_korthikanti_counts(void **state) {
    (void)state;
    double h = 12288.0;
    double scores = 5.0 * 96.0 * 2048.0;
    fc_ops ops = count(gpt_model(96, 12288, 96, 51200, 2048));
    assert_near(saved_bytes(&ops, 0, FC_SAVED_IF_FLASH_ATTENTION), 96.0 * (34.0 * h + scores), 1e-12);
    assert_near(saved_bytes(&ops, SELECTIVE, 0), 96.0 * scores, 1e-12);
    assert_near(saved_bytes(&ops, FC_SAVED_IF_PLAIN_ATTENTION, 0), 96.0 * scores, 1e-12);
    assert_near(saved_bytes(&ops, FC_SAVED_LAYER_INPUT, 0), 96.0 * 2.0 * h, 1e-12);
}

/* Equation 4: 10 of the 34 divide by sequence parallelism, 24 and the scores by tensor parallelism. */
static void test_ops_rows__gpt_layer_divides_as_korthikanti_counts(void **state) {
    (void)state;
    double h = 12288.0;
    fc_ops ops = count(gpt_model(96, 12288, 96, 51200, 2048));
    uint32_t others = SELECTIVE | FC_SAVED_IF_FLASH_ATTENTION;
    assert_near(saved_on_axes(&ops, FC_AXIS_SEQUENCE, others), 96.0 * 10.0 * h, 1e-12);
    assert_near(saved_on_axes(&ops, FC_AXIS_TENSOR, others), 96.0 * 24.0 * h, 1e-12);
    assert_near(saved_on_axes(&ops, FC_AXIS_TENSOR, 0) - saved_on_axes(&ops, FC_AXIS_TENSOR, SELECTIVE),
                96.0 * 5.0 * 96.0 * 2048.0, 1e-12);
}

/* Dropout masks: two of a byte a number, one a score, and the dropped-out scores beside the softmax. */
static void test_ops_rows__dropout_is_told_apart(void **state) {
    (void)state;
    fc_ops ops = count(gpt_model(1, 12288, 96, 51200, 2048));
    assert_near(saved_bytes(&ops, FC_SAVED_IF_DROPOUT, SELECTIVE), 2.0 * 12288.0, 1e-12);
    assert_near(saved_bytes(&ops, FC_SAVED_IF_DROPOUT | SELECTIVE, 0), 3.0 * 96.0 * 2048.0, 1e-12);
}

static void test_ops_rows__flash_attention_keeps_a_logarithm_a_head(void **state) {
    (void)state;
    fc_ops ops = count(llama_model(2, 4096, 32, 8, 14336));
    assert_near(saved_bytes(&ops, FC_SAVED_IF_FLASH_ATTENTION, 0), 2.0 * 4.0 * 32.0, 1e-12);
}

/* Narrow keys and values; gate, up and product of SwiGLU: 2·(2h + h + h + 2kv + h) + 2·3f bytes, and a norm's 2h more. */
static void test_ops_rows__grouped_and_gated_layer(void **state) {
    (void)state;
    double h = 4096.0;
    fc_ops ops = count(llama_model(1, 4096, 32, 8, 14336));
    double kept = 2.0 * (2.0 * h + 2.0 * h + h + 2.0 * 1024.0 + h) + 2.0 * 3.0 * 14336.0;
    uint32_t others = SELECTIVE | FC_SAVED_IF_DROPOUT | FC_SAVED_IF_FLASH_ATTENTION;
    assert_near(saved_bytes(&ops, 0, others), kept, 1e-12);
}

static void test_ops_rows__parallel_block_keeps_its_input_once(void **state) {
    (void)state;
    fc_model m = gpt_model(1, 1024, 8, 1000, 512);
    fc_ops serial = count(m);
    m.parallel_block = 1;
    fc_ops parallel = count(m);
    assert_near(saved_bytes(&serial, 0, 0) - saved_bytes(&parallel, 0, 0), 4.0 * 1024.0, 1e-12);
    assert_false(has_row(&parallel, "mlp_norm"));
}

/* Per visit: the copy sent, gate and up, and their product. */
static void test_ops_rows__experts_keep_every_visit(void **state) {
    (void)state;
    fc_ops ops = count(mixtral_model());
    assert_near(row(&ops, "experts_up")->saved[0].bytes_per_token, 2.0 * 2.0 * 4096.0, 1e-12);
    assert_near(row(&ops, "experts_act")->saved[0].bytes_per_token, 2.0 * 2.0 * 2.0 * 14336.0, 1e-12);
    assert_near(row(&ops, "experts_down")->saved[0].bytes_per_token, 2.0 * 2.0 * 14336.0, 1e-12);
}

static void test_ops_rows__experts_name_their_axes(void **state) {
    (void)state;
    fc_ops ops = count(deepseek_v3_model());
    const fc_op *up = row(&ops, "experts_up");
    assert_exact(up->groups, 256.0);
    assert_exact(up->rows_per_token, 8.0);
    assert_int_equal(up->group_axes, FC_AXIS_EXPERT);
    assert_int_equal(up->n_axes, FC_AXIS_EXPERT_TENSOR);
    assert_int_equal(up->params_axes, FC_AXIS_EXPERT | FC_AXIS_EXPERT_TENSOR);
    assert_exact(up->params_count, 256.0 * 2.0 * 2048.0 * 7168.0);
    assert_int_equal(row(&ops, "experts_down")->k_axes, FC_AXIS_EXPERT_TENSOR);
    assert_int_equal(row(&ops, "router")->params_axes, 0);
    assert_exact(row(&ops, "router")->params_count, 256.0 * 7168.0 + 256.0);
    assert_int_equal(row(&ops, "shared_up")->group_axes, 0);
    assert_exact(ops.moe_layers_count, 58.0);
}

/* Down-projections are whole on every tensor rank; latents and what is made from them are kept. */
static void test_ops_rows__latent_attention(void **state) {
    (void)state;
    fc_ops ops = count(deepseek_v3_model());
    const fc_op *down = row(&ops, "attn_kv_down");
    assert_exact(down->n, 576.0);
    assert_int_equal(down->n_axes | down->k_axes | down->params_axes, 0);
    assert_int_equal(down->row_axes, FC_AXIS_CONTEXT | FC_AXIS_SEQUENCE);
    assert_exact(row(&ops, "attn_q_up")->n, 128.0 * 192.0);
    assert_exact(row(&ops, "attn_kv_up")->n, 128.0 * 256.0);
    assert_exact(row(&ops, "attn_core")->n, 128.0 * 320.0);
    assert_near(row(&ops, "attn_core")->saved[0].bytes_per_token, 2.0 * 128.0 * (192.0 + 192.0 + 128.0), 1e-12);
    assert_near(row(&ops, "latent_norm")->saved[0].bytes_per_token, 2.0 * (1536.0 + 512.0 + 64.0), 1e-12);
    assert_exact(ops.kv_bytes_per_token, 2.0 * 128.0 * 320.0);
    fc_model plain_queries = deepseek_v3_model();
    plain_queries.q_lora_rank = 0;
    ops = count(plain_queries);
    assert_false(has_row(&ops, "attn_q_down"));
    assert_exact(row(&ops, "attn_q_up")->k, 7168.0);
}

static void test_ops_rows__dense_rows_name_their_axes(void **state) {
    (void)state;
    fc_ops ops = count(gpt_model(4, 1024, 8, 51200, 512));
    static const char *const columns[] = {"attn_qkv", "mlp_up", "logits", "embedding"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(row(&ops, columns[i])->n_axes, FC_AXIS_TENSOR);
        assert_int_equal(row(&ops, columns[i])->k_axes, 0);
    }
    static const char *const rows[] = {"attn_out", "mlp_down"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(row(&ops, rows[i])->k_axes, FC_AXIS_TENSOR);
        assert_int_equal(row(&ops, rows[i])->n_axes, 0);
    }
    static const char *const whole[] = {"attn_norm", "mlp_norm", "attn_residual", "mlp_residual", "final_norm"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(row(&ops, whole[i])->row_axes, FC_AXIS_CONTEXT | FC_AXIS_SEQUENCE);
        assert_int_equal(row(&ops, whole[i])->params_axes, 0);
    }
}

static void test_ops_rows__ends_stand_on_their_stages(void **state) {
    (void)state;
    fc_ops ops = count(gpt_model(4, 1024, 8, 51200, 512));
    assert_int_equal(row(&ops, "embedding")->place, FC_PLACE_FIRST);
    assert_int_equal(row(&ops, "positions")->place, FC_PLACE_FIRST);
    assert_int_equal(row(&ops, "final_norm")->place, FC_PLACE_LAST);
    assert_int_equal(row(&ops, "logits")->place, FC_PLACE_LAST);
    assert_int_equal(row(&ops, "loss")->place, FC_PLACE_LAST);
    assert_exact(row(&ops, "logits")->params_count, 0.0); /* tied */
    assert_near(row(&ops, "loss")->saved[0].bytes_per_token, 4.0 * 51200.0, 1e-12);
}

static void test_ops_rows__narrow_recipes_keep_their_sides_wide(void **state) {
    (void)state;
    static const fc_dtype narrow[] = {FC_DTYPE_FP8, FC_DTYPE_MXFP8, FC_DTYPE_NVFP4, FC_DTYPE_INT8};
    for (size_t i = 0; i < 4; i++) {
        fc_ops ops = count_at(mixtral_model(), narrow[i], 0);
        assert_int_equal(ops.dtype, narrow[i]);
        assert_int_equal(row(&ops, "attn_qkv")->dtype, narrow[i]);
        assert_int_equal(row(&ops, "experts_down")->dtype, narrow[i]);
        assert_int_equal(row(&ops, "attn_core")->dtype, FC_DTYPE_BF16);
        assert_int_equal(row(&ops, "router")->dtype, FC_DTYPE_BF16);
        assert_int_equal(row(&ops, "logits")->dtype, FC_DTYPE_BF16);
        assert_int_equal(row(&ops, "embedding")->dtype, FC_DTYPE_BF16);
        assert_exact(ops.weight_bytes, 2.0);
        assert_exact(ops.activation_bytes, 2.0);
    }
}

static void test_ops_rows__wide_formats_are_used_everywhere(void **state) {
    (void)state;
    static const fc_dtype wide[] = {FC_DTYPE_FP64, FC_DTYPE_FP32, FC_DTYPE_TF32, FC_DTYPE_FP16, FC_DTYPE_BF16};
    static const double bytes[] = {8.0, 4.0, 4.0, 2.0, 2.0};
    fc_ops half = count(mixtral_model());
    for (size_t i = 0; i < 5; i++) {
        fc_ops ops = count_at(mixtral_model(), wide[i], 0);
        for (uint32_t j = 0; j < ops.ops_count; j++) {
            assert_int_equal(ops.ops[j].dtype, wide[i]);
        }
        assert_exact(ops.activation_bytes, bytes[i]);
        assert_exact(ops.weight_bytes, bytes[i]);
        assert_near(row(&ops, "attn_norm")->extra_bytes_per_token,
                    row(&half, "attn_norm")->extra_bytes_per_token * bytes[i] / 2.0, 1e-12);
    }
}

static void test_ops_rows__workload_bytes_pass_through(void **state) {
    (void)state;
    fc_ops ops = count(mixtral_model());
    assert_exact(ops.grad_bytes, 4.0);
    assert_exact(ops.master_bytes, 4.0);
    assert_exact(ops.optimizer_bytes, 8.0);
    assert_exact(ops.tokens_count, 1e12);
    assert_exact(ops.kv_heads, 8.0);
    assert_exact(ops.kv_bytes_per_token, 2.0 * 2.0 * 8.0 * 128.0);
}

/* Four passes over the scores of every head and key, the masked half and what is outside the window included. */
static void test_ops_rows__plain_attention_moves_all_scores(void **state) {
    (void)state;
    fc_model m = llama_model(2, 4096, 32, 8, 14336);
    strcpy(m.attention_pattern, "LG");
    m.window = 128;
    fc_ops ops = count(m);
    assert_near(row(&ops, "attn_core")->extra_unfused_bytes_per_token, 2.0 * 4.0 * 32.0 * 8192.0, 1e-12);
    assert_near(row(&ops, "attn_core_window")->extra_unfused_bytes_per_token, 2.0 * 4.0 * 32.0 * 8192.0, 1e-12);
    assert_near(row(&ops, "attn_core")->extra_bytes_per_token, 2.0 * (2.0 * 4096.0 + 2.0 * 1024.0), 1e-12);
    assert_near(row(&ops, "mlp_act")->extra_bytes_per_token, 2.0 * 3.0 * 14336.0, 1e-12);
}

static void test_ops_rows__encoder_rows_run_on_encoder_tokens(void **state) {
    (void)state;
    fc_ops ops = count(t5_model());
    double ratio = 512.0 / 114.0;
    assert_near(row(&ops, "enc_mlp_up")->rows_per_token, ratio, 1e-15);
    assert_near(row(&ops, "cross_kv")->rows_per_token, ratio, 1e-15);
    assert_exact(row(&ops, "cross_q")->rows_per_token, 1.0);
    assert_near(row(&ops, "enc_attn_norm")->extra_bytes_per_token,
                ratio * row(&ops, "attn_norm")->extra_bytes_per_token, 1e-14);
    assert_exact(ops.layers_count, 48.0);
}

/* One block a layer: a norm each, and the layer's input kept once each. */
static void test_ops_rows__layers_of_one_block(void **state) {
    (void)state;
    fc_model m = mamba2_model();
    strcpy(m.attention_pattern, "M-G-");
    strcpy(m.ffn_pattern, "-D");
    m.heads = 32;
    m.head_dim = 80;
    m.ffn_hidden = 10240;
    m.norms_per_layer = 1;
    fc_ops ops = count(m);
    assert_exact(row(&ops, "attn_norm")->instances, 32.0);
    assert_exact(row(&ops, "lone_mlp_norm")->instances, 32.0);
    assert_false(has_row(&ops, "mlp_norm"));
    assert_near(saved_bytes(&ops, FC_SAVED_LAYER_INPUT, 0), 64.0 * 2.0 * 2560.0, 1e-12);
}

/* Every kind of row at once: with latent attention and prediction modules, and with an encoder. */
static fc_model everything(void) {
    fc_model m = deepseek_v3_model();
    strcpy(m.attention_pattern, "GLCMD-");
    strcpy(m.ffn_pattern, "DM-MDM");
    m.layers_count = 84;
    m.dense_layers = 0;
    m.window = 512;
    m.ssm_heads = 64;
    m.ssm_head_dim = 64;
    m.ssm_state = 128;
    m.ssm_groups = 8;
    m.norms_per_layer = 4;
    m.qk_norm = 1;
    m.attention_gate = m.shared_expert_gate = m.embedding_norm = m.attention_sinks = m.expert_bias = 1;
    m.qkv_bias = m.attention_out_bias = m.ffn_bias = m.logits_bias = 1;
    return m;
}

static void assert_rows_are_sound(const fc_ops *ops) {
    assert_true(ops->ops_count <= FC_MAX_OPS);
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        const fc_op *op = &ops->ops[i];
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(op->name, ops->ops[j].name);
        }
        assert_true(op->instances > 0.0 && op->rows_per_token > 0.0 && op->groups >= 1.0);
        assert_true(op->row_axes & FC_AXIS_CONTEXT);
        assert_true(op->params_count >= 0.0 && isfinite(op->params_count));
        assert_true(op->full_flop_per_token >= op->flop_per_token && isfinite(op->full_flop_per_token));
        assert_true(op->extra_bytes_per_token >= 0.0 && op->extra_unfused_bytes_per_token >= 0.0);
        assert_exact(op->repeats, 1.0);
        for (uint32_t j = 0; j < op->saved_count; j++) {
            assert_true(op->saved[j].bytes_per_token >= 0.0 && isfinite(op->saved[j].bytes_per_token));
        }
    }
}

static void test_ops_rows__everything_at_once_fits(void **state) {
    (void)state;
    fc_model m = everything();
    m.mtp_depth = 2;
    fc_ops ops = count(m);
    assert_rows_are_sound(&ops);
    assert_true(ops.ops_count > 45);
    m = everything();
    m.attention = FC_ATTENTION_GROUPED;
    m.head_dim = 128;
    m.q_lora_rank = m.kv_lora_rank = 0;
    m.v_head_dim = 0;
    m.encoder_layers = 12;
    m.position = FC_POSITION_LEARNED;
    ops = count(m);
    assert_rows_are_sound(&ops);
    assert_true(ops.ops_count > 55);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops_rows__gpt_layer_keeps_what_korthikanti_counts),
        cmocka_unit_test(test_ops_rows__gpt_layer_divides_as_korthikanti_counts),
        cmocka_unit_test(test_ops_rows__dropout_is_told_apart),
        cmocka_unit_test(test_ops_rows__flash_attention_keeps_a_logarithm_a_head),
        cmocka_unit_test(test_ops_rows__grouped_and_gated_layer),
        cmocka_unit_test(test_ops_rows__parallel_block_keeps_its_input_once),
        cmocka_unit_test(test_ops_rows__experts_keep_every_visit),
        cmocka_unit_test(test_ops_rows__experts_name_their_axes),
        cmocka_unit_test(test_ops_rows__latent_attention),
        cmocka_unit_test(test_ops_rows__dense_rows_name_their_axes),
        cmocka_unit_test(test_ops_rows__ends_stand_on_their_stages),
        cmocka_unit_test(test_ops_rows__narrow_recipes_keep_their_sides_wide),
        cmocka_unit_test(test_ops_rows__wide_formats_are_used_everywhere),
        cmocka_unit_test(test_ops_rows__workload_bytes_pass_through),
        cmocka_unit_test(test_ops_rows__plain_attention_moves_all_scores),
        cmocka_unit_test(test_ops_rows__encoder_rows_run_on_encoder_tokens),
        cmocka_unit_test(test_ops_rows__layers_of_one_block),
        cmocka_unit_test(test_ops_rows__everything_at_once_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
