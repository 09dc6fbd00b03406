/* ops_models.h: the shapes that the tests of fc_ops_count count, and how they look at rows. */
#ifndef FLOPCAST_TESTS_UNIT_OPS_MODELS_H
#define FLOPCAST_TESTS_UNIT_OPS_MODELS_H

#include "flopcast/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <math.h>
#include <string.h>

static inline fc_model gpt_model(uint32_t layers, uint32_t hidden, uint32_t heads, uint64_t vocab, uint64_t seq_len) {
    fc_model m = fc_model_default();
    m.layers_count = layers;
    m.hidden = hidden;
    m.heads = heads;
    m.vocab = vocab;
    m.seq_len = seq_len;
    m.ffn_hidden = 4u * (uint64_t)hidden;
    m.ffn_type = FC_FFN_PLAIN;
    m.norm = FC_NORM_LAYER;
    m.position = FC_POSITION_LEARNED;
    m.tied_embeddings = 1;
    m.qkv_bias = m.attention_out_bias = m.ffn_bias = 1;
    return m;
}

static inline fc_model llama_model(uint32_t layers, uint32_t hidden, uint32_t heads, uint32_t kv_heads,
                                   uint64_t ffn_hidden) {
    fc_model m = fc_model_default();
    m.layers_count = layers;
    m.hidden = hidden;
    m.heads = heads;
    m.kv_heads = kv_heads;
    m.vocab = 128256;
    m.seq_len = 8192;
    m.ffn_hidden = ffn_hidden;
    return m;
}

static inline fc_model mixtral_model(void) {
    fc_model m = llama_model(32, 4096, 32, 8, 14336);
    m.vocab = 32000;
    m.seq_len = 4096;
    m.experts = 8;
    m.experts_per_token = 2;
    return m;
}

static inline fc_model deepseek_v3_model(void) {
    fc_model m = fc_model_default();
    m.layers_count = 61;
    m.hidden = 7168;
    m.heads = 128;
    m.vocab = 129280;
    m.seq_len = 4096;
    m.attention = FC_ATTENTION_MLA;
    m.q_lora_rank = 1536;
    m.kv_lora_rank = 512;
    m.qk_nope_head_dim = 128;
    m.qk_rope_head_dim = 64;
    m.v_head_dim = 128;
    m.ffn_hidden = 18432;
    m.dense_layers = 3;
    m.experts = 256;
    m.experts_per_token = 8;
    m.moe_ffn_hidden = 2048;
    m.shared_experts = 1;
    m.router_bias = 1;
    return m;
}

static inline fc_model mamba2_model(void) {
    fc_model m = fc_model_default();
    m.layers_count = 64;
    m.hidden = 2560;
    strcpy(m.attention_pattern, "M");
    strcpy(m.ffn_pattern, "-");
    m.ssm_heads = 80;
    m.ssm_head_dim = 64;
    m.ssm_state = 128;
    m.vocab = 50288;
    m.seq_len = 2048;
    m.tied_embeddings = 1;
    return m;
}

static inline fc_model t5_model(void) {
    fc_model m = fc_model_default();
    m.layers_count = m.encoder_layers = 24;
    m.hidden = 1024;
    m.heads = 128;
    m.head_dim = 128;
    m.ffn_hidden = 65536;
    m.ffn_type = FC_FFN_PLAIN;
    m.vocab = 32128;
    m.seq_len = 114;
    m.encoder_seq_len = 512;
    m.position = FC_POSITION_RELATIVE;
    m.relative_buckets = 32;
    m.tied_embeddings = 1;
    return m;
}

static inline fc_workload work(fc_dtype dtype, uint64_t seq_len) {
    fc_workload w;
    memset(&w, 0, sizeof w);
    w.dtype = (uint32_t)dtype;
    w.seq_len = seq_len;
    w.tokens_count = 1e12;
    w.grad_bytes = 4.0;
    w.master_bytes = 4.0;
    w.optimizer_bytes = 8.0;
    return w;
}

static inline fc_ops count_at(fc_model model, fc_dtype dtype, uint64_t seq_len) {
    fc_error error = {0};
    fc_ops ops;
    if (fc_model_check(&model, &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
    fc_workload workload = work(dtype, seq_len);
    fc_ops_count(&ops, &model, &workload);
    return ops;
}

static inline fc_ops count(fc_model model) { return count_at(model, FC_DTYPE_BF16, 0); }

/* The row of a name, which must be there. */
static inline const fc_op *row(const fc_ops *ops, const char *name) {
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        if (strcmp(ops->ops[i].name, name) == 0) {
            return &ops->ops[i];
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

static inline int has_row(const fc_ops *ops, const char *name) {
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        if (strcmp(ops->ops[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static inline void assert_near(double found, double expected, double relative) {
    if (!(fabs(found - expected) <= relative * fabs(expected))) {
        fail_msg("found %.17g, expected %.17g", found, expected);
    }
}

static inline void assert_exact(double found, double expected) {
    if (!(fabs(found - expected) <= 0.0)) {
        fail_msg("found %.17g, expected %.17g", found, expected);
    }
}

#endif
