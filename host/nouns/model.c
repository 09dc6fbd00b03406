/* model.c: defaults of a model, what follows from other fields, and what contradicts itself. */
#include "flopcast/model.h"

#include "check.h"

#include <stdbool.h>
#include <string.h>

/* Widths of the residual stream and of heads: far beyond any plan, far below what a double counts exactly. */
#define MOST_WIDTH 4194304u
#define MOST_HEADS 1048576u
#define MOST_HEAD_DIM 65536u
#define MOST_WIDE 1000000000u

fc_model fc_model_default(void) {
    fc_model model;
    memset(&model, 0, sizeof model);
    return model;
}

/* The letter of a repeated pattern, which is never empty after the check. */
static char letter_at(const char *pattern, uint32_t layer_index) { return pattern[layer_index % strlen(pattern)]; }

fc_mixer fc_model_mixer(const fc_model *model, uint32_t layer_index) {
    switch (letter_at(model->attention_pattern, layer_index)) {
    case 'G':
        return FC_MIXER_GLOBAL;
    case 'L':
        return FC_MIXER_WINDOW;
    case 'C':
        return FC_MIXER_CHUNK;
    case 'M':
        return FC_MIXER_MAMBA2;
    case 'D':
        return FC_MIXER_GATED_DELTA;
    default:
        return FC_MIXER_NONE;
    }
}

fc_block fc_model_block(const fc_model *model, uint32_t layer_index) {
    char letter = letter_at(model->ffn_pattern, layer_index);
    if (letter == 'M') {
        return layer_index < model->dense_layers ? FC_BLOCK_DENSE : FC_BLOCK_MOE;
    }
    return letter == 'D' ? FC_BLOCK_DENSE : FC_BLOCK_NONE;
}

fc_layer_mix fc_model_layer_mix(const fc_model *model) {
    fc_layer_mix mix = {{0}, {0}};
    for (uint32_t i = 0; i < model->layers_count; i++) {
        mix.mixer_count[fc_model_mixer(model, i)]++;
        mix.block_count[fc_model_block(model, i)]++;
    }
    return mix;
}

/* ---- ranges: every count, before anything is derived from it ---------------------------------------------------- */

typedef struct whole_limit {
    const char *key;
    uint64_t value;
    uint64_t least;
    uint64_t most;
} whole_limit;

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static fc_status check_wholes(const whole_limit *limits, size_t count, fc_error *error) {
    for (size_t i = 0; i < count; i++) {
        FC_TRY(fc_check_whole("model", limits[i].key, limits[i].value, limits[i].least, limits[i].most, error));
    }
    return FC_OK;
}

static fc_status check_texts(const fc_model *model, fc_error *error) {
    FC_TRY(fc_check_text("model", "name", model->name, sizeof model->name, error));
    FC_TRY(fc_check_text("model", "attention_pattern", model->attention_pattern, FC_PATTERN_SIZE, error));
    return fc_check_text("model", "ffn_pattern", model->ffn_pattern, FC_PATTERN_SIZE, error);
}

static fc_status check_main_ranges(const fc_model *m, fc_error *error) {
    const whole_limit limits[] = {
        {"layers", m->layers_count, 1, FC_MAX_LAYERS},
        {"hidden", m->hidden, 1, MOST_WIDTH},
        {"heads", m->heads, 0, MOST_HEADS},
        {"kv_heads", m->kv_heads, 0, MOST_HEADS},
        {"head_dim", m->head_dim, 0, MOST_HEAD_DIM},
        {"vocab", m->vocab, 1, MOST_WIDE},
        {"max_positions", m->max_positions, 0, MOST_WIDE},
        {"seq_len", m->seq_len, 0, MOST_WIDE},
        {"attention", m->attention, 0, FC_ATTENTION_COUNT - 1},
        {"q_lora_rank", m->q_lora_rank, 0, MOST_WIDTH},
        {"kv_lora_rank", m->kv_lora_rank, 0, MOST_WIDTH},
        {"qk_nope_head_dim", m->qk_nope_head_dim, 0, MOST_HEAD_DIM},
        {"qk_rope_head_dim", m->qk_rope_head_dim, 0, MOST_HEAD_DIM},
        {"v_head_dim", m->v_head_dim, 0, MOST_HEAD_DIM},
        {"window", m->window, 0, MOST_WIDE},
        {"norm", m->norm, 0, FC_NORM_COUNT - 1},
        {"norms_per_layer", m->norms_per_layer, 0, 8},
        {"qk_norm", m->qk_norm, 0, 2},
        {"position", m->position, 0, FC_POSITION_COUNT - 1},
        {"relative_buckets", m->relative_buckets, 0, 65536},
        {"mtp_depth", m->mtp_depth, 0, 64},
        {"encoder_layers", m->encoder_layers, 0, FC_MAX_LAYERS},
        {"encoder_seq_len", m->encoder_seq_len, 0, MOST_WIDE},
    };
    return check_wholes(limits, COUNT_OF(limits), error);
}

static fc_status check_block_ranges(const fc_model *m, fc_error *error) {
    const whole_limit limits[] = {
        {"dense_layers", m->dense_layers, 0, m->layers_count},
        {"ffn_hidden", m->ffn_hidden, 0, MOST_WIDE},
        {"ffn_type", m->ffn_type, 0, FC_FFN_TYPE_COUNT - 1},
        {"experts", m->experts, 0, MOST_HEADS},
        {"experts_per_token", m->experts_per_token, 0, MOST_HEADS},
        {"expert_groups", m->expert_groups, 0, 65536},
        {"expert_groups_per_token", m->expert_groups_per_token, 0, 65536},
        {"moe_ffn_hidden", m->moe_ffn_hidden, 0, MOST_WIDE},
        {"shared_experts", m->shared_experts, 0, 1024},
        {"shared_ffn_hidden", m->shared_ffn_hidden, 0, MOST_WIDE},
        {"ssm_heads", m->ssm_heads, 0, MOST_HEADS},
        {"ssm_head_dim", m->ssm_head_dim, 0, MOST_HEAD_DIM},
        {"ssm_state", m->ssm_state, 0, MOST_HEAD_DIM},
        {"ssm_groups", m->ssm_groups, 0, MOST_HEADS},
        {"ssm_conv", m->ssm_conv, 0, 64},
        {"ssm_chunk", m->ssm_chunk, 0, 65536},
    };
    return check_wholes(limits, COUNT_OF(limits), error);
}

static fc_status check_switches(const fc_model *m, fc_error *error) {
    const whole_limit limits[] = {
        {"shared_expert_gate", m->shared_expert_gate, 0, 1},
        {"router_bias", m->router_bias, 0, 1},
        {"expert_bias", m->expert_bias, 0, 1},
        {"attention_sinks", m->attention_sinks, 0, 1},
        {"qkv_bias", m->qkv_bias, 0, 1},
        {"attention_out_bias", m->attention_out_bias, 0, 1},
        {"ffn_bias", m->ffn_bias, 0, 1},
        {"logits_bias", m->logits_bias, 0, 1},
        {"tied_embeddings", m->tied_embeddings, 0, 1},
        {"parallel_block", m->parallel_block, 0, 1},
        {"embedding_norm", m->embedding_norm, 0, 1},
        {"attention_gate", m->attention_gate, 0, 1},
        {"published_params_exact", m->published_params_exact, 0, 1},
    };
    return check_wholes(limits, COUNT_OF(limits), error);
}

/* ---- patterns --------------------------------------------------------------------------------------------------- */

static fc_status check_letters(const char *key, const char *pattern, const char *allowed, const char *meaning,
                               fc_error *error) {
    size_t good = strspn(pattern, allowed);
    if (pattern[good] == '\0') {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "model: letter %zu of %s is '%c'; allowed is %s", good + 1,
                        key, pattern[good], meaning);
}

static fc_status fill_patterns(fc_model *m, fc_error *error) {
    if (m->attention_pattern[0] == '\0') {
        m->attention_pattern[0] = 'G';
        m->attention_pattern[1] = '\0';
    }
    if (m->ffn_pattern[0] == '\0') {
        m->ffn_pattern[0] = m->experts > 0 ? 'M' : 'D';
        m->ffn_pattern[1] = '\0';
    }
    FC_TRY(check_letters("attention_pattern", m->attention_pattern, "GLCMD-",
                         "G global, L window, C chunked, M Mamba-2, D gated delta, - none", error));
    FC_TRY(check_letters("ffn_pattern", m->ffn_pattern, "DM-", "D dense, M mixture of experts, - none", error));
    for (uint32_t i = 0; i < m->layers_count; i++) {
        if (fc_model_mixer(m, i) == FC_MIXER_NONE && fc_model_block(m, i) == FC_BLOCK_NONE) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "model: layer %u is empty: attention_pattern and ffn_pattern both say '-' there; put a "
                                "letter in one of them",
                                i + 1);
        }
    }
    return FC_OK;
}

/* ---- what follows, and what contradicts ------------------------------------------------------------------------- */

/* A layer of some kind needs a size that is not there. */
static fc_status require(bool needed, uint64_t value, const char *what, const char *key, fc_error *error) {
    if (!needed || value > 0) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "model: %s needs %s, which is missing or 0: set it to 1 or more", what, key);
}

static fc_status fill_heads(fc_model *m, bool attends, fc_error *error) {
    FC_TRY(require(attends, m->heads, "attention", "heads", error));
    if (m->heads == 0) {
        return FC_OK;
    }
    m->kv_heads = m->kv_heads > 0 ? m->kv_heads : m->heads;
    if (m->kv_heads > m->heads || m->heads % m->kv_heads != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: kv_heads is %u and does not divide heads = %u; choose a divisor", m->kv_heads,
                            m->heads);
    }
    if (m->head_dim == 0 && m->attention == FC_ATTENTION_GROUPED) {
        if (m->hidden % m->heads != 0) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "model: heads = %u does not divide hidden = %u; give head_dim, or change one of them",
                                m->heads, m->hidden);
        }
        m->head_dim = m->hidden / m->heads;
    }
    return FC_OK;
}

static fc_status fill_head_sizes(fc_model *m, bool attends, fc_error *error) {
    bool latent = attends && m->attention == FC_ATTENTION_MLA;
    FC_TRY(require(latent, m->kv_lora_rank, "attention: mla", "kv_lora_rank", error));
    FC_TRY(require(latent, m->qk_nope_head_dim, "attention: mla", "qk_nope_head_dim", error));
    if (m->attention == FC_ATTENTION_MLA) {
        m->head_dim = m->head_dim > 0 ? m->head_dim : m->qk_nope_head_dim;
        m->v_head_dim = m->v_head_dim > 0 ? m->v_head_dim : m->qk_nope_head_dim;
        return FC_OK;
    }
    if (m->q_lora_rank > 0 || m->kv_lora_rank > 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: q_lora_rank = %u and kv_lora_rank = %u belong to attention: mla, and attention is "
                            "grouped: set attention: mla or leave them out",
                            m->q_lora_rank, m->kv_lora_rank);
    }
    m->v_head_dim = m->v_head_dim > 0 ? m->v_head_dim : m->head_dim;
    return FC_OK;
}

static fc_status fill_attention(fc_model *m, const fc_layer_mix *mix, fc_error *error) {
    uint32_t windowed = mix->mixer_count[FC_MIXER_WINDOW] + mix->mixer_count[FC_MIXER_CHUNK];
    bool attends = mix->mixer_count[FC_MIXER_GLOBAL] + windowed > 0 || m->encoder_layers > 0;
    FC_TRY(require(windowed > 0, m->window, "an L or C letter in attention_pattern", "window", error));
    FC_TRY(fill_heads(m, attends, error));
    FC_TRY(fill_head_sizes(m, attends, error));
    FC_TRY(require(attends && m->position == FC_POSITION_RELATIVE, m->relative_buckets, "position: relative",
                   "relative_buckets", error));
    if (m->position == FC_POSITION_LEARNED) {
        m->max_positions = m->max_positions > 0 ? m->max_positions : m->seq_len;
        FC_TRY(require(true, m->max_positions, "position: learned", "max_positions", error));
    }
    return FC_OK;
}

static fc_status check_experts(const fc_model *m, const fc_layer_mix *mix, fc_error *error) {
    bool moe = mix->block_count[FC_BLOCK_MOE] > 0;
    FC_TRY(require(moe, m->experts, "an M letter in ffn_pattern", "experts", error));
    if (m->experts == 0 && (m->shared_experts > 0 || m->experts_per_token > 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: shared_experts = %u and experts_per_token = %u without experts: set experts, or "
                            "leave them out",
                            m->shared_experts, m->experts_per_token);
    }
    if (m->experts > 0 && !moe) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: experts = %u, but no layer has them: put M into ffn_pattern, lower dense_layers, "
                            "or leave experts out",
                            m->experts);
    }
    if (m->experts > 0 && (m->experts_per_token == 0 || m->experts_per_token > m->experts)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: experts_per_token is %u; allowed is 1 to experts = %u", m->experts_per_token,
                            m->experts);
    }
    return FC_OK;
}

/* A router that picks groups of experts first. */
static fc_status check_groups(const fc_model *m, fc_error *error) {
    if (m->expert_groups == 0 && m->expert_groups_per_token == 0) {
        return FC_OK;
    }
    if (m->expert_groups == 0 || m->experts % m->expert_groups != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: expert_groups is %u, which does not cut %u experts into equal groups: choose a "
                            "divisor, or leave it out with expert_groups_per_token",
                            m->expert_groups, m->experts);
    }
    uint32_t each = m->experts / m->expert_groups;
    if (m->expert_groups_per_token == 0 || m->expert_groups_per_token > m->expert_groups ||
        (uint64_t)m->expert_groups_per_token * each < m->experts_per_token) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: expert_groups_per_token is %u; allowed is %u to expert_groups = %u, so that they "
                            "hold the %u experts of a token",
                            m->expert_groups_per_token, (m->experts_per_token + (each ? each : 1) - 1) / (each ? each : 1),
                            m->expert_groups, m->experts_per_token);
    }
    return FC_OK;
}

static fc_status fill_blocks(fc_model *m, const fc_layer_mix *mix, fc_error *error) {
    FC_TRY(check_experts(m, mix, error));
    FC_TRY(check_groups(m, error));
    bool dense = mix->block_count[FC_BLOCK_DENSE] > 0 || m->encoder_layers > 0;
    FC_TRY(require(dense, m->ffn_hidden, "a dense feed-forward block", "ffn_hidden", error));
    if (m->experts > 0) {
        m->moe_ffn_hidden = m->moe_ffn_hidden > 0 ? m->moe_ffn_hidden : m->ffn_hidden;
        FC_TRY(require(true, m->moe_ffn_hidden, "an expert", "moe_ffn_hidden", error));
    }
    if (m->shared_experts > 0) {
        m->shared_ffn_hidden = m->shared_ffn_hidden > 0 ? m->shared_ffn_hidden : m->moe_ffn_hidden;
    }
    return FC_OK;
}

static fc_status fill_state_space(fc_model *m, const fc_layer_mix *mix, fc_error *error) {
    if (mix->mixer_count[FC_MIXER_MAMBA2] + mix->mixer_count[FC_MIXER_GATED_DELTA] == 0) {
        return FC_OK;
    }
    static const char layer[] = "an M or D letter in attention_pattern";
    FC_TRY(require(true, m->ssm_heads, layer, "ssm_heads", error));
    FC_TRY(require(true, m->ssm_head_dim, layer, "ssm_head_dim", error));
    FC_TRY(require(true, m->ssm_state, layer, "ssm_state", error));
    m->ssm_groups = m->ssm_groups > 0 ? m->ssm_groups : 1;
    m->ssm_conv = m->ssm_conv > 0 ? m->ssm_conv : 4;
    m->ssm_chunk = m->ssm_chunk > 0 ? m->ssm_chunk : 256;
    if (m->ssm_heads % m->ssm_groups != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: ssm_groups is %u and does not divide ssm_heads = %u; choose a divisor",
                            m->ssm_groups, m->ssm_heads);
    }
    return FC_OK;
}

static fc_status fill_encoder(fc_model *m, fc_error *error) {
    if (m->encoder_layers == 0) {
        return FC_OK;
    }
    if (m->attention == FC_ATTENTION_MLA || m->mtp_depth > 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "model: encoder_layers = %u together with %s; no published model has both and none is "
                            "counted: leave one out",
                            m->encoder_layers, m->mtp_depth > 0 ? "mtp_depth" : "attention: mla");
    }
    m->encoder_seq_len = m->encoder_seq_len > 0 ? m->encoder_seq_len : m->seq_len;
    return require(true, m->encoder_seq_len, "an encoder", "encoder_seq_len", error);
}

fc_status fc_model_check(fc_model *model, fc_error *error) {
    FC_TRY(check_texts(model, error));
    FC_TRY(check_main_ranges(model, error));
    FC_TRY(check_block_ranges(model, error));
    FC_TRY(check_switches(model, error));
    FC_TRY(fill_patterns(model, error));
    fc_layer_mix mix = fc_model_layer_mix(model);
    FC_TRY(fill_attention(model, &mix, error));
    FC_TRY(fill_blocks(model, &mix, error));
    FC_TRY(fill_state_space(model, &mix, error));
    FC_TRY(fill_encoder(model, error));
    if (model->norms_per_layer == 0) {
        model->norms_per_layer = model->parallel_block ? 1 : 2;
    }
    return FC_OK;
}
