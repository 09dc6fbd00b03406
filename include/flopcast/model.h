/* model.h: what is trained: a transformer, mixture of experts, state-space hybrid or encoder-decoder.
 *
 * A plain struct of fixed-width fields, no pointers. Zero means "does not apply" unless the comment says otherwise.
 * Layers are described by two short patterns, one letter a layer, repeated until all layers are covered, so that
 * Gemma 3 is "LLLLLG" and DeepSeek-V3 is dense_layers = 3 with ffn_pattern "M".
 */
#ifndef FLOPCAST_MODEL_H
#define FLOPCAST_MODEL_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_PATTERN_SIZE 256
#define FC_MAX_LAYERS 4096

/* How queries, keys and values are made. */
typedef enum fc_attention {
    FC_ATTENTION_GROUPED = 0, /* heads query heads on kv_heads key/value heads: MHA, GQA and MQA */
    FC_ATTENTION_MLA,         /* multi-head latent attention (DeepSeek-V2, 2405.04434) */
    FC_ATTENTION_COUNT
} fc_attention;

/* ffn_type: matrices of a feed-forward block. */
typedef enum fc_ffn_type {
    FC_FFN_GATED = 0, /* three matrices: SwiGLU, GeGLU */
    FC_FFN_PLAIN,     /* two matrices: GELU, ReLU, squared ReLU */
    FC_FFN_TYPE_COUNT
} fc_ffn_type;

typedef enum fc_norm {
    FC_NORM_RMS = 0,     /* scale only: 1 × hidden */
    FC_NORM_LAYER,       /* scale and bias: 2 × hidden */
    FC_NORM_LAYER_SCALE, /* layer norm without bias: 1 × hidden */
    FC_NORM_NONE,        /* no parameters (OLMo 1) */
    FC_NORM_COUNT
} fc_norm;

typedef enum fc_position {
    FC_POSITION_ROPE = 0, /* rotary, ALiBi or none: no parameters */
    FC_POSITION_LEARNED,  /* max_positions × hidden trained */
    FC_POSITION_RELATIVE, /* T5 buckets: relative_buckets × heads, one table per stack */
    FC_POSITION_COUNT
} fc_position;

typedef struct fc_model {
    char name[FC_NAME_SIZE];

    uint32_t layers_count; /* decoder layers; 1 to FC_MAX_LAYERS */
    uint32_t hidden;
    uint32_t heads;
    uint32_t kv_heads; /* 0: as many as heads */
    uint32_t head_dim; /* 0: hidden / heads */
    uint64_t vocab;
    uint64_t max_positions; /* of learned positions */
    uint64_t seq_len;       /* native training length; a workload may choose another */

    uint32_t attention;    /* fc_attention */
    uint32_t q_lora_rank;  /* MLA; 0: queries are not compressed */
    uint32_t kv_lora_rank; /* MLA */
    uint32_t qk_nope_head_dim;
    uint32_t qk_rope_head_dim;
    uint32_t v_head_dim; /* 0: head_dim */

    /* One letter a layer, repeated: G global attention, L sliding window, C chunked, M Mamba-2, D gated delta
     * (linear attention), - no mixer. Empty: "G". */
    char attention_pattern[FC_PATTERN_SIZE];
    uint64_t window; /* keys a query sees in an L layer, or the chunk of a C layer */
    /* D dense feed-forward, M mixture of experts, - none. Empty: "M" where experts > 0, else "D". */
    char ffn_pattern[FC_PATTERN_SIZE];
    uint32_t dense_layers; /* the first of an MoE model's layers that are dense whatever the pattern says */

    uint64_t ffn_hidden; /* dense blocks */
    uint32_t ffn_type;   /* fc_ffn_type, dense and expert blocks */
    uint32_t experts;    /* routed experts; 0: no MoE */
    uint32_t experts_per_token;
    uint64_t moe_ffn_hidden;    /* width of one routed expert; 0: ffn_hidden */
    uint32_t shared_experts;    /* always-on experts beside the routed ones */
    uint64_t shared_ffn_hidden; /* width of one shared expert; 0: moe_ffn_hidden */
    uint32_t expert_groups;           /* equal groups of experts, of which a router picks some first (DeepSeek); 0: no groups */
    uint32_t expert_groups_per_token; /* that a token's experts may lie in */
    uint8_t shared_expert_gate; /* a hidden × 1 gate on the shared experts (Qwen2-MoE, Qwen3-Next) */
    uint8_t router_bias;        /* one trained bias an expert */
    uint8_t expert_bias;        /* biases inside the experts (gpt-oss) */
    uint8_t attention_sinks;    /* one trained scalar a head (gpt-oss) */

    uint8_t qkv_bias;
    uint8_t attention_out_bias;
    uint8_t ffn_bias;
    uint8_t logits_bias;
    uint8_t tied_embeddings;
    uint8_t parallel_block; /* attention and feed-forward side by side (PaLM, Falcon, GPT-J) */
    uint8_t embedding_norm; /* a norm after the embedding (BLOOM) */
    uint8_t attention_gate; /* an output gate as wide as heads × v_head_dim (Qwen3-Next) */

    uint32_t norm;            /* fc_norm, of the residual stream */
    uint32_t norms_per_layer; /* 0: 2, or 1 where parallel_block; 4 for Gemma 2 and 3 (before and after) */
    uint32_t qk_norm;         /* 0 none, 1 one vector of head_dim each for q and k, 2 over the whole width of q and k */
    uint32_t position;        /* fc_position */
    uint32_t relative_buckets;

    uint32_t mtp_depth; /* extra multi-token-prediction layers (DeepSeek-V3: 1) */

    /* Encoder-decoder: encoder layers have the decoder's sizes; decoder layers gain a cross-attention block. */
    uint32_t encoder_layers;
    uint64_t encoder_seq_len;

    /* State-space and linear-attention layers. Mamba-2 (2405.21060): ssm_heads × ssm_head_dim is the inner width,
     * ssm_state the state size, ssm_groups the B/C groups. Gated delta (2412.06464): ssm_heads value heads of
     * ssm_head_dim, ssm_groups key heads of ssm_state. */
    uint32_t ssm_heads;
    uint32_t ssm_head_dim;
    uint32_t ssm_state;
    uint32_t ssm_groups;
    uint32_t ssm_conv;  /* width of the short convolution; 0: 4 */
    uint32_t ssm_chunk; /* tokens a chunk of the scan; 0: 256 */

    /* What the owner published, for tests and `show`; 0: not published. */
    uint64_t published_params;
    uint64_t published_active_params;
    uint8_t published_params_exact; /* the published count is exact, not rounded */
} fc_model;

/* All zero except enums' first values; not valid until layers, hidden, heads and vocab are set. */
fc_model fc_model_default(void);

/* Fills what follows from other fields (kv_heads, head_dim, patterns …) and refuses what contradicts itself. */
fc_status fc_model_check(fc_model *model, fc_error *error);

/* What one layer is made of. */
typedef enum fc_mixer {
    FC_MIXER_NONE = 0,
    FC_MIXER_GLOBAL,
    FC_MIXER_WINDOW,
    FC_MIXER_CHUNK,
    FC_MIXER_MAMBA2,
    FC_MIXER_GATED_DELTA,
    FC_MIXER_COUNT
} fc_mixer;

typedef enum fc_block { FC_BLOCK_NONE = 0, FC_BLOCK_DENSE, FC_BLOCK_MOE, FC_BLOCK_COUNT } fc_block;

/* How many decoder layers have each mixer and each feed-forward block. */
typedef struct fc_layer_mix {
    uint32_t mixer_count[FC_MIXER_COUNT];
    uint32_t block_count[FC_BLOCK_COUNT];
} fc_layer_mix;

/* Of a checked model. layer_index counts from 0. */
fc_mixer fc_model_mixer(const fc_model *model, uint32_t layer_index);
fc_block fc_model_block(const fc_model *model, uint32_t layer_index);
fc_layer_mix fc_model_layer_mix(const fc_model *model);

#ifdef __cplusplus
}
#endif
#endif
