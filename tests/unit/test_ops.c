/* Parameters and FLOP: published answers, and sums made again the long way. */
#include "ops_models.h"

static double sequence_flop(const fc_ops *ops) { return ops->flop_per_token_model * ops->seq_len; }

/* Five printed digits. */
static void assert_five_digits(double found, double printed) {
    double unit = 1.0;
    while (printed / unit >= 10.0) {
        unit *= 10.0;
    }
    if (!(fabs(found - printed) <= 0.5 * unit / 1e4)) {
        fail_msg("found %.6e, published %.4e", found, printed);
    }
}

static void test_ops__known_answers_of_dense_models(void **state) {
    (void)state;
    fc_ops ops = count(gpt_model(96, 12288, 96, 51200, 2048));
    assert_five_digits(sequence_flop(&ops), 2.1749e15);
    ops = count(gpt_model(128, 25600, 160, 51200, 2048));
    assert_five_digits(sequence_flop(&ops), 1.2468e16);
    ops = count(llama_model(80, 8192, 64, 8, 28672));
    assert_five_digits(sequence_flop(&ops), 3.6801e15);
    ops = count(llama_model(126, 16384, 128, 8, 53248));
    assert_five_digits(sequence_flop(&ops), 2.0676e16);
}

static void test_ops__known_answers_of_expert_models(void **state) {
    (void)state;
    fc_ops ops = count(mixtral_model());
    assert_five_digits(sequence_flop(&ops), 3.2651e14);
    ops = count(deepseek_v3_model());
    assert_five_digits(sequence_flop(&ops), 1.0259e15);
}

static void test_ops__parameters_are_exact(void **state) {
    (void)state;
    fc_ops ops = count(gpt_model(12, 768, 12, 50257, 1024));
    assert_exact(ops.params_total_count, 124439808.0);
    ops = count(llama_model(126, 16384, 128, 8, 53248));
    assert_exact(ops.params_total_count, 405853388800.0);
    ops = count(deepseek_v3_model());
    assert_exact(ops.params_total_count, 671026419200.0);
    ops = count(mamba2_model());
    assert_exact(ops.params_total_count, 2702599680.0);
    ops = count(t5_model());
    assert_exact(ops.params_total_count, 11307321344.0);
}

/* A token touches 2 of 8 experts of 3·4096·14336 each in 32 layers. */
static void test_ops__active_parameters_count_the_experts_visited(void **state) {
    (void)state;
    fc_ops ops = count(mixtral_model());
    assert_exact(ops.params_total_count, 46702792704.0);
    assert_exact(ops.params_total_count - ops.params_active_count, 32.0 * 6.0 * 3.0 * 4096.0 * 14336.0);
}

static void test_ops__matmul_parameters_leave_input_tables_out(void **state) {
    (void)state;
    fc_ops untied = count(llama_model(2, 1024, 8, 2, 4096));
    assert_exact(untied.params_active_count - untied.params_active_matmul_count, 128256.0 * 1024.0);
    fc_ops tied = count(gpt_model(2, 1024, 8, 1000, 512));
    assert_exact(tied.params_active_count - tied.params_active_matmul_count, 512.0 * 1024.0);
    assert_exact(tied.flop_per_token_6nd, 6.0 * tied.params_active_matmul_count);
}

/* PaLM 2204.02311, appendix B, with query and value heads of different size under MLA. */
static void test_ops__palm_convention_counts_every_key(void **state) {
    (void)state;
    fc_ops ops = count(llama_model(80, 8192, 64, 8, 28672));
    assert_near(ops.flop_per_token_palm - ops.flop_per_token_6nd, 6.0 * 80.0 * 64.0 * 256.0 * 8192.0, 1e-12);
    ops = count(deepseek_v3_model());
    assert_near(ops.flop_per_token_palm - ops.flop_per_token_6nd, 6.0 * 61.0 * 128.0 * 320.0 * 4096.0, 1e-12);
    fc_model windowed = llama_model(80, 8192, 64, 8, 28672);
    strcpy(windowed.attention_pattern, "LG");
    windowed.window = 512;
    ops = count(windowed);
    assert_near(ops.flop_per_token_palm - ops.flop_per_token_6nd, 6.0 * 80.0 * 64.0 * 256.0 * 8192.0, 1e-12);
}

static double keys_by_hand(uint64_t seq_len, uint64_t window, int chunked) {
    double sum = 0.0;
    for (uint64_t query = 0; query < seq_len; query++) {
        uint64_t first = query + 1 > window ? query + 1 - window : 0;
        if (chunked) {
            first = query / window * window;
        }
        sum += (double)(query + 1 - first);
    }
    return sum / (double)seq_len;
}

static void test_ops__keys_of_every_pattern_match_a_loop(void **state) {
    (void)state;
    static const uint64_t lengths[] = {1, 2, 127, 128, 129, 1000, 4096};
    static const uint64_t windows[] = {1, 2, 100, 128, 4096, 5000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (size_t j = 0; j < sizeof windows / sizeof windows[0]; j++) {
            fc_model m = llama_model(3, 1024, 8, 2, 4096);
            strcpy(m.attention_pattern, "GLC");
            m.window = windows[j];
            fc_ops ops = count_at(m, FC_DTYPE_BF16, lengths[i]);
            assert_near(row(&ops, "attn_core")->k, keys_by_hand(lengths[i], lengths[i], 0), 1e-12);
            assert_near(row(&ops, "attn_core_window")->k, keys_by_hand(lengths[i], windows[j], 0), 1e-12);
            assert_near(row(&ops, "attn_core_chunk")->k, keys_by_hand(lengths[i], windows[j], 1), 1e-12);
        }
    }
}

static void test_ops__total_is_three_times_the_rows(void **state) {
    (void)state;
    fc_ops ops = count(deepseek_v3_model());
    double forward = 0.0;
    for (uint32_t i = 0; i < ops.ops_count; i++) {
        const fc_op *op = &ops.ops[i];
        assert_near(op->flop_per_token, op->op_class == FC_OP_MEMORY ? 0.0 : 2.0 * op->rows_per_token * op->n * op->k,
                    0.0);
        forward += op->instances * op->flop_per_token;
    }
    assert_near(ops.flop_per_token_model, 3.0 * forward, 1e-14);
}

/* One more layer, the 2h → h projection, logits once more; embedding and head are shared. */
static void test_ops__prediction_module_adds_a_layer_and_shares_tables(void **state) {
    (void)state;
    fc_model m = deepseek_v3_model();
    fc_ops without = count(m);
    m.mtp_depth = 1;
    fc_ops with = count(m);
    m.mtp_depth = 0;
    m.layers_count = 62;
    fc_ops longer = count(m);
    double h = 7168.0;
    double layer = longer.params_total_count - without.params_total_count;
    assert_exact(with.params_total_count, without.params_total_count + layer + 2.0 * h * h + 3.0 * h);
    double flop = longer.flop_per_token_model + 6.0 * (2.0 * h * h + 129280.0 * h);
    assert_near(with.flop_per_token_model, flop, 1e-13);
    assert_exact(with.layers_count, 62.0);
    assert_exact(with.moe_layers_count, 59.0);
}

/* Decoder of 114 tokens, encoder of 512: matmuls and attention of both, cross-attention between, by hand. */
static void test_ops__encoder_decoder_counts_both_sequences(void **state) {
    (void)state;
    fc_ops ops = count(t5_model());
    double h = 1024.0;
    double inner = 128.0 * 128.0;
    double dec = 114.0;
    double enc = 512.0;
    double ffn = 2.0 * h * 65536.0;
    double attention = 4.0 * h * inner;
    double encoder = enc * (attention + ffn) + 2.0 * inner * enc * enc;
    double self = dec * (attention + ffn) + 2.0 * inner * dec * (dec + 1.0) / 2.0;
    double cross = dec * 2.0 * h * inner + enc * 2.0 * h * inner + 2.0 * inner * dec * enc;
    double flop = 3.0 * 2.0 * (24.0 * (encoder + self + cross) + dec * 32128.0 * h);
    assert_near(sequence_flop(&ops), flop, 1e-12);
}

/* Mamba-2 in chunks of 256: the four products of a chunk and the recurrence between chunks. */
static void test_ops__mamba2_scan_is_the_chunked_count(void **state) {
    (void)state;
    fc_ops ops = count(mamba2_model());
    double q = 256.0;
    double chunk =
        2.0 * q * q * 128.0 + 80.0 * (2.0 * q * q * 64.0 + 2.0 * (2.0 * q * 128.0 * 64.0) + 2.0 * 128.0 * 64.0);
    assert_near(row(&ops, "ssm_scan")->flop_per_token, chunk / q, 1e-12);
    fc_ops brief = count_at(mamba2_model(), FC_DTYPE_BF16, 64);
    assert_true(row(&brief, "ssm_scan")->flop_per_token < row(&ops, "ssm_scan")->flop_per_token);
    assert_false(has_row(&ops, "attn_core"));
    assert_exact(ops.attention_layers_count, 0.0);
}

static fc_model gated_delta_model(void) {
    fc_model m = llama_model(48, 2048, 16, 2, 5120);
    m.head_dim = 256;
    strcpy(m.attention_pattern, "DDDG");
    m.attention_gate = 1;
    m.ssm_heads = 32;
    m.ssm_head_dim = 128;
    m.ssm_groups = 16;
    m.ssm_state = 128;
    m.ssm_chunk = 64;
    return m;
}

static void test_ops__gated_delta_is_the_chunked_count(void **state) {
    (void)state;
    fc_ops ops = count(gated_delta_model());
    double c = 64.0;
    double d = 128.0;
    double squares = 5.0 * 2.0 * c * c * d; /* KKᵀ, W, QKᵀ; U and the new values */
    double states = 3.0 * 2.0 * c * d * d;  /* WS, QS, KᵀV' */
    double chunk = 32.0 * (squares + states + c * c * c / 3.0);
    assert_near(row(&ops, "delta_scan")->flop_per_token, chunk / c, 1e-12);
    assert_exact(row(&ops, "delta_scan")->instances, 36.0);
    assert_exact(row(&ops, "attn_core")->instances, 12.0);
    /* queries, their gate, keys and values */
    assert_exact(row(&ops, "attn_qkv")->n, 16.0 * 256.0 * 2.0 + 2.0 * 2.0 * 256.0);
}

static void test_ops__workload_sequence_replaces_the_models(void **state) {
    (void)state;
    fc_ops ops = count_at(llama_model(2, 1024, 8, 2, 4096), FC_DTYPE_BF16, 131072);
    assert_exact(ops.seq_len, 131072.0);
    assert_exact(row(&ops, "attn_core")->k, 131073.0 / 2.0);
}

/* 4096 layers of 131072: 10^15 parameters; over 10^17 tokens more than 6·10^32 FLOP. */
static void test_ops__nothing_wraps_at_ten_to_the_fifteen_parameters(void **state) {
    (void)state;
    fc_model m = llama_model(4096, 131072, 1024, 64, 655360);
    fc_ops ops = count(m);
    double h = 131072.0;
    double layer = 2.0 * h * h + 2.0 * h * 64.0 * 128.0 + 3.0 * h * 655360.0 + 2.0 * h;
    assert_near(ops.params_total_count, 4096.0 * layer + 2.0 * 128256.0 * h + h, 1e-13);
    assert_true(ops.params_total_count > 1e15);
    double total = ops.flop_per_token_6nd * 1e17;
    assert_true(isfinite(total));
    assert_near(total / 1e17, 6.0 * (ops.params_total_count - 128256.0 * h), 1e-13);
}

/* Every field at the end of its range still gives finite numbers. */
static void test_ops__largest_values_stay_finite(void **state) {
    (void)state;
    fc_model m = deepseek_v3_model();
    m.layers_count = FC_MAX_LAYERS;
    m.hidden = 4194304;
    m.heads = 1048576;
    m.vocab = m.ffn_hidden = m.moe_ffn_hidden = 1000000000;
    m.experts = m.experts_per_token = 1048576;
    m.q_lora_rank = m.kv_lora_rank = 4194304;
    m.qk_nope_head_dim = m.qk_rope_head_dim = m.v_head_dim = 65536;
    m.shared_experts = 1024;
    m.mtp_depth = 64;
    fc_ops ops = count_at(m, FC_DTYPE_FP64, 1000000000);
    assert_true(isfinite(ops.flop_per_token_model * 1e18) && ops.flop_per_token_model > 0.0);
    assert_true(isfinite(ops.params_total_count) && ops.params_total_count >= ops.params_active_count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops__known_answers_of_dense_models),
        cmocka_unit_test(test_ops__known_answers_of_expert_models),
        cmocka_unit_test(test_ops__parameters_are_exact),
        cmocka_unit_test(test_ops__active_parameters_count_the_experts_visited),
        cmocka_unit_test(test_ops__matmul_parameters_leave_input_tables_out),
        cmocka_unit_test(test_ops__palm_convention_counts_every_key),
        cmocka_unit_test(test_ops__keys_of_every_pattern_match_a_loop),
        cmocka_unit_test(test_ops__total_is_three_times_the_rows),
        cmocka_unit_test(test_ops__prediction_module_adds_a_layer_and_shares_tables),
        cmocka_unit_test(test_ops__encoder_decoder_counts_both_sequences),
        cmocka_unit_test(test_ops__mamba2_scan_is_the_chunked_count),
        cmocka_unit_test(test_ops__gated_delta_is_the_chunked_count),
        cmocka_unit_test(test_ops__workload_sequence_replaces_the_models),
        cmocka_unit_test(test_ops__nothing_wraps_at_ten_to_the_fifteen_parameters),
        cmocka_unit_test(test_ops__largest_values_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
