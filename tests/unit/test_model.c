/* What fc_model_check fills in, what it refuses, and how patterns are read. */
#include "flopcast/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <string.h>

static fc_model small_model(void) {
    fc_model model = fc_model_default();
    model.layers_count = 12;
    model.hidden = 768;
    model.heads = 12;
    model.vocab = 50257;
    model.ffn_hidden = 3072;
    model.seq_len = 1024;
    return model;
}

static fc_model latent_model(void) {
    fc_model model = small_model();
    model.attention = FC_ATTENTION_MLA;
    model.kv_lora_rank = 512;
    model.qk_nope_head_dim = 128;
    model.qk_rope_head_dim = 64;
    return model;
}

static fc_model expert_model(void) {
    fc_model model = small_model();
    model.experts = 8;
    model.experts_per_token = 2;
    return model;
}

static fc_model scan_model(void) {
    fc_model model = small_model();
    strcpy(model.attention_pattern, "M");
    model.ssm_heads = 24;
    model.ssm_head_dim = 64;
    model.ssm_state = 128;
    return model;
}

static void assert_fine(fc_model *model) {
    fc_error error = {0};
    fc_status status = fc_model_check(model, &error);
    if (status != FC_OK) {
        fail_msg("refused: %s", error.text);
    }
}

/* The message names the key that is wrong. */
static void assert_refused(fc_model model, const char *key) {
    fc_error error = {0};
    assert_int_equal(fc_model_check(&model, &error), FC_BAD_INPUT);
    assert_int_equal(error.status, FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "model"));
    if (strstr(error.text, key) == NULL) {
        fail_msg("%s is not in: %s", key, error.text);
    }
}

static void test_model__default_is_not_valid(void **state) {
    (void)state;
    assert_refused(fc_model_default(), "layers");
}

static void test_model__check_fills_what_follows(void **state) {
    (void)state;
    fc_model model = small_model();
    assert_fine(&model);
    assert_int_equal(model.kv_heads, 12);
    assert_int_equal(model.head_dim, 64);
    assert_int_equal(model.v_head_dim, 64);
    assert_int_equal(model.norms_per_layer, 2);
    assert_string_equal(model.attention_pattern, "G");
    assert_string_equal(model.ffn_pattern, "D");
}

static void test_model__check_is_idempotent(void **state) {
    (void)state;
    fc_model models[] = {small_model(), latent_model(), expert_model(), scan_model()};
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        assert_fine(&models[i]);
        fc_model again = models[i];
        assert_fine(&again);
        assert_memory_equal(&again, &models[i], sizeof again);
    }
}

static void test_model__parallel_block_has_one_norm(void **state) {
    (void)state;
    fc_model model = small_model();
    model.parallel_block = 1;
    assert_fine(&model);
    assert_int_equal(model.norms_per_layer, 1);
}

static void test_model__latent_attention_takes_value_size_from_key(void **state) {
    (void)state;
    fc_model model = latent_model();
    assert_fine(&model);
    assert_int_equal(model.v_head_dim, 128);
}

static void test_model__experts_take_widths_from_the_dense_block(void **state) {
    (void)state;
    fc_model model = expert_model();
    model.shared_experts = 1;
    assert_fine(&model);
    assert_int_equal(model.moe_ffn_hidden, 3072);
    assert_int_equal(model.shared_ffn_hidden, 3072);
    assert_string_equal(model.ffn_pattern, "M");
}

static void test_model__learned_positions_default_to_sequence(void **state) {
    (void)state;
    fc_model model = small_model();
    model.position = FC_POSITION_LEARNED;
    assert_fine(&model);
    assert_int_equal(model.max_positions, 1024);
    model = small_model();
    model.position = FC_POSITION_LEARNED;
    model.seq_len = 0;
    assert_refused(model, "max_positions");
}

static void test_model__scan_layers_need_no_heads(void **state) {
    (void)state;
    fc_model model = scan_model();
    model.heads = 0;
    assert_fine(&model);
    assert_int_equal(model.ssm_groups, 1);
    assert_int_equal(model.ssm_conv, 4);
    assert_int_equal(model.ssm_chunk, 256);
}

static void test_model__pattern_repeats_over_layers(void **state) {
    (void)state;
    fc_model model = small_model();
    strcpy(model.attention_pattern, "LLLLLG");
    model.window = 1024;
    assert_fine(&model);
    assert_int_equal(fc_model_mixer(&model, 0), FC_MIXER_WINDOW);
    assert_int_equal(fc_model_mixer(&model, 5), FC_MIXER_GLOBAL);
    assert_int_equal(fc_model_mixer(&model, 11), FC_MIXER_GLOBAL);
    fc_layer_mix mix = fc_model_layer_mix(&model);
    assert_int_equal(mix.mixer_count[FC_MIXER_WINDOW], 10);
    assert_int_equal(mix.mixer_count[FC_MIXER_GLOBAL], 2);
    assert_int_equal(mix.block_count[FC_BLOCK_DENSE], 12);
}

static void test_model__every_letter_has_its_mixer(void **state) {
    (void)state;
    fc_model model = scan_model();
    strcpy(model.attention_pattern, "GLCMD-");
    model.window = 64;
    assert_fine(&model);
    static const fc_mixer expected[] = {FC_MIXER_GLOBAL, FC_MIXER_WINDOW,      FC_MIXER_CHUNK,
                                        FC_MIXER_MAMBA2, FC_MIXER_GATED_DELTA, FC_MIXER_NONE};
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(fc_model_mixer(&model, i), expected[i]);
    }
}

static void test_model__first_layers_stay_dense(void **state) {
    (void)state;
    fc_model model = expert_model();
    model.dense_layers = 3;
    assert_fine(&model);
    fc_layer_mix mix = fc_model_layer_mix(&model);
    assert_int_equal(mix.block_count[FC_BLOCK_DENSE], 3);
    assert_int_equal(mix.block_count[FC_BLOCK_MOE], 9);
    assert_int_equal(fc_model_block(&model, 2), FC_BLOCK_DENSE);
    assert_int_equal(fc_model_block(&model, 3), FC_BLOCK_MOE);
}

static void test_model__pattern_longer_than_layers_is_cut(void **state) {
    (void)state;
    fc_model model = expert_model();
    model.layers_count = 3;
    strcpy(model.ffn_pattern, "DMDMDM");
    assert_fine(&model);
    assert_int_equal(fc_model_layer_mix(&model).block_count[FC_BLOCK_MOE], 1);
}

#define REFUSE(base, change, key)                                                                                      \
    do {                                                                                                               \
        fc_model m = base;                                                                                             \
        change;                                                                                                        \
        assert_refused(m, key);                                                                                        \
    } while (0)

static void test_model__out_of_range_is_refused_by_name(void **state) {
    (void)state;
    REFUSE(small_model(), m.layers_count = 0, "layers");
    REFUSE(small_model(), m.layers_count = FC_MAX_LAYERS + 1, "layers");
    REFUSE(small_model(), m.hidden = 0, "hidden");
    REFUSE(small_model(), m.hidden = UINT32_MAX, "hidden");
    REFUSE(small_model(), m.vocab = 0, "vocab");
    REFUSE(small_model(), m.vocab = UINT64_MAX, "vocab");
    REFUSE(small_model(), m.heads = UINT32_MAX, "heads");
    REFUSE(small_model(), m.attention = FC_ATTENTION_COUNT, "attention");
    REFUSE(small_model(), m.ffn_type = FC_FFN_TYPE_COUNT, "ffn_type");
    REFUSE(small_model(), m.norm = FC_NORM_COUNT, "norm");
    REFUSE(small_model(), m.position = FC_POSITION_COUNT, "position");
    REFUSE(small_model(), m.norms_per_layer = 9, "norms_per_layer");
    REFUSE(small_model(), m.qk_norm = 3, "qk_norm");
    REFUSE(small_model(), m.tied_embeddings = 2, "tied_embeddings");
    REFUSE(small_model(), m.mtp_depth = 65, "mtp_depth");
    REFUSE(small_model(), m.encoder_layers = FC_MAX_LAYERS + 1, "encoder_layers");
    REFUSE(expert_model(), m.dense_layers = 13, "dense_layers");
    REFUSE(expert_model(), m.shared_experts = 1025, "shared_experts");
}

static void test_model__contradictions_are_refused_by_name(void **state) {
    (void)state;
    REFUSE(small_model(), m.kv_heads = 5, "kv_heads");
    REFUSE(small_model(), m.kv_heads = 24, "kv_heads");
    REFUSE(small_model(), m.hidden = 770, "head_dim");
    REFUSE(small_model(), m.heads = 0, "heads");
    REFUSE(small_model(), m.ffn_hidden = 0, "ffn_hidden");
    REFUSE(small_model(), m.kv_lora_rank = 512, "mla");
    REFUSE(small_model(), m.shared_experts = 1, "experts");
    REFUSE(small_model(), m.experts_per_token = 1, "experts");
    REFUSE(small_model(), m.position = FC_POSITION_RELATIVE, "relative_buckets");
    REFUSE(latent_model(), m.kv_lora_rank = 0, "kv_lora_rank");
    REFUSE(latent_model(), m.qk_nope_head_dim = 0, "qk_nope_head_dim");
    REFUSE(latent_model(), m.encoder_layers = 1, "encoder_layers");
    REFUSE(expert_model(), m.experts_per_token = 0, "experts_per_token");
    REFUSE(expert_model(), m.experts_per_token = 9, "experts_per_token");
    REFUSE(expert_model(), m.dense_layers = 12, "experts");
    REFUSE(scan_model(), m.ssm_state = 0, "ssm_state");
    REFUSE(scan_model(), m.ssm_head_dim = 0, "ssm_head_dim");
    REFUSE(scan_model(), m.ssm_groups = 7, "ssm_groups");
}

static void test_model__bad_patterns_are_refused(void **state) {
    (void)state;
    REFUSE(small_model(), strcpy(m.attention_pattern, "GX"), "attention_pattern");
    REFUSE(small_model(), strcpy(m.attention_pattern, "gl"), "attention_pattern");
    REFUSE(small_model(), strcpy(m.ffn_pattern, "DG"), "ffn_pattern");
    REFUSE(small_model(), strcpy(m.ffn_pattern, "M"), "experts");
    REFUSE(small_model(), strcpy(m.attention_pattern, "LG"), "window");
    REFUSE(small_model(), strcpy(m.attention_pattern, "C"), "window");
    REFUSE(small_model(), (strcpy(m.attention_pattern, "G-"), strcpy(m.ffn_pattern, "D-")), "layer 2 is empty");
}

static void test_model__unterminated_texts_are_refused(void **state) {
    (void)state;
    REFUSE(small_model(), memset(m.attention_pattern, 'G', sizeof m.attention_pattern), "attention_pattern");
    REFUSE(small_model(), memset(m.ffn_pattern, 'D', sizeof m.ffn_pattern), "ffn_pattern");
    REFUSE(small_model(), memset(m.name, 'x', sizeof m.name), "name");
}

static void test_model__encoder_takes_the_decoders_sequence(void **state) {
    (void)state;
    fc_model model = small_model();
    model.encoder_layers = 12;
    assert_fine(&model);
    assert_int_equal(model.encoder_seq_len, 1024);
}

static void test_model__error_may_be_null(void **state) {
    (void)state;
    fc_model model = fc_model_default();
    assert_int_equal(fc_model_check(&model, NULL), FC_BAD_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__default_is_not_valid),
        cmocka_unit_test(test_model__check_fills_what_follows),
        cmocka_unit_test(test_model__check_is_idempotent),
        cmocka_unit_test(test_model__parallel_block_has_one_norm),
        cmocka_unit_test(test_model__latent_attention_takes_value_size_from_key),
        cmocka_unit_test(test_model__experts_take_widths_from_the_dense_block),
        cmocka_unit_test(test_model__learned_positions_default_to_sequence),
        cmocka_unit_test(test_model__scan_layers_need_no_heads),
        cmocka_unit_test(test_model__pattern_repeats_over_layers),
        cmocka_unit_test(test_model__every_letter_has_its_mixer),
        cmocka_unit_test(test_model__first_layers_stay_dense),
        cmocka_unit_test(test_model__pattern_longer_than_layers_is_cut),
        cmocka_unit_test(test_model__out_of_range_is_refused_by_name),
        cmocka_unit_test(test_model__contradictions_are_refused_by_name),
        cmocka_unit_test(test_model__bad_patterns_are_refused),
        cmocka_unit_test(test_model__unterminated_texts_are_refused),
        cmocka_unit_test(test_model__encoder_takes_the_decoders_sequence),
        cmocka_unit_test(test_model__error_may_be_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
