/* write_plan_megatron_model.c: a model in Megatron-core's arguments. */
#include "write_plan_parts.h"

#include <inttypes.h>
#include <string.h>

static void write_attention(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    fc_plan_line(script, "--num-attention-heads %u", model->heads);
    if (model->attention == FC_ATTENTION_MLA) {
        fc_plan_line(script, "--multi-latent-attention --kv-lora-rank %u", model->kv_lora_rank);
        if (model->q_lora_rank > 0) {
            fc_plan_line(script, "--q-lora-rank %u", model->q_lora_rank);
        }
        fc_plan_line(script, "--qk-head-dim %u --qk-pos-emb-head-dim %u --v-head-dim %u", model->qk_nope_head_dim,
                     model->qk_rope_head_dim, model->v_head_dim);
        return;
    }
    fc_plan_line(script, "--kv-channels %u", model->head_dim);
    if (model->v_head_dim != 0 && model->v_head_dim != model->head_dim) {
        fc_plan_note(script, "v_head_dim %u beside head_dim %u", model->v_head_dim, model->head_dim);
    }
    if (model->kv_heads != model->heads) {
        fc_plan_line(script, "--group-query-attention --num-query-groups %u", model->kv_heads);
    }
}

/* Windows: all layers, or all but every N-th. */
static void write_windows(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const char *pattern = model->attention_pattern;
    const size_t windows = strspn(pattern, "L");
    if (pattern[0] == '\0' || strcmp(pattern, "G") == 0) {
        return;
    }
    const bool last_global = strcmp(pattern + windows, "G") == 0 && windows > 0;
    if (windows == 0 || !(pattern[windows] == '\0' || last_global) || model->window == 0) {
        fc_plan_note(script, "attention_pattern %s: Megatron's argument for layers of other kinds is left to you",
                     pattern);
        return;
    }
    fc_plan_line(script, "--window-size %" PRIu64 ",0", model->window - 1);
    if (last_global) {
        fc_plan_line(script, "--window-attn-skip-freq %zu", windows + 1);
    }
}

/* "([0]*3+[1]*58)": layers without and with experts, in runs. */
static void write_layer_list(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    fc_text list = fc_text_start(script->lines.arena);
    for (uint32_t i = 0; i < model->layers_count;) {
        const fc_block block = fc_model_block(model, i);
        uint32_t run = 1;
        while (i + run < model->layers_count && fc_model_block(model, i + run) == block) {
            run++;
        }
        if (block == FC_BLOCK_NONE) {
            fc_plan_note(script, "ffn_pattern %s: a layer without a feed-forward block", model->ffn_pattern);
            return;
        }
        fc_text_addf(&list, "%s[%d]*%u", i > 0 ? "+" : "", block == FC_BLOCK_MOE, run);
        i += run;
    }
    if (list.failed || list.size > 400) {
        fc_plan_note(script, "ffn_pattern %s, too long for one argument", model->ffn_pattern);
        return;
    }
    fc_plan_line(script, "--moe-layer-freq '(%s)'", list.bytes);
}

static void write_experts(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const fc_layer_mix mix = fc_model_layer_mix(model);
    if (model->experts == 0) {
        return;
    }
    const uint64_t width = model->moe_ffn_hidden > 0 ? model->moe_ffn_hidden : model->ffn_hidden;
    fc_plan_line(script, "--num-experts %u --moe-router-topk %u", model->experts, model->experts_per_token);
    if (model->expert_groups > 1) {
        fc_plan_line(script, "--moe-router-num-groups %u --moe-router-group-topk %u", model->expert_groups,
                     model->expert_groups_per_token);
    }
    fc_plan_line(script, "--moe-ffn-hidden-size %" PRIu64, width);
    fc_plan_line(script, "--moe-grouped-gemm --moe-token-dispatcher-type alltoall");
    if (mix.block_count[FC_BLOCK_MOE] != model->layers_count) {
        write_layer_list(script);
    }
    if (model->shared_experts > 0) {
        const uint64_t one = model->shared_ffn_hidden > 0 ? model->shared_ffn_hidden : width;
        fc_plan_line(script, "--moe-shared-expert-intermediate-size %" PRIu64, one * model->shared_experts);
        if (model->shared_expert_gate) {
            fc_plan_line(script, "--moe-shared-expert-gate");
        }
    }
    if (model->router_bias) {
        fc_plan_line(script, "--moe-router-enable-expert-bias");
    }
}

/* One switch for all biases, and one that adds those of queries, keys and values. */
static void write_biases(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const bool all = model->qkv_bias && model->attention_out_bias && (model->ffn_bias || model->ffn_hidden == 0);
    const bool others = model->attention_out_bias || model->ffn_bias;
    if (all) {
        return;
    }
    fc_plan_line(script, "--disable-bias-linear");
    if (model->qkv_bias) {
        fc_plan_line(script, "--add-qkv-bias");
    }
    if (others) {
        fc_plan_note(script, "biases on %s%s alone", model->attention_out_bias ? "attention's output " : "",
                     model->ffn_bias ? "the feed-forward block" : "");
    }
}

static void write_norms(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const bool rms = model->norm == FC_NORM_RMS;
    fc_plan_line(script, "--normalization %s", rms ? "RMSNorm" : "LayerNorm");
    if (!rms && model->norm != FC_NORM_LAYER) {
        fc_plan_note(script, "a norm %s; LayerNorm stands for it",
                     model->norm == FC_NORM_NONE ? "without parameters" : "with a scale and no bias");
    }
    if (model->qk_norm > 0) {
        fc_plan_line(script, "--qk-layernorm");
    }
    if (model->qk_norm == 2) {
        fc_plan_note(script, "a norm over the whole width of queries and keys; --qk-layernorm is one a head");
    }
}

static void write_positions(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const bool learned = model->position == FC_POSITION_LEARNED;
    fc_plan_line(script, "--position-embedding-type %s --max-position-embeddings %" PRIu64,
                 learned ? "learned_absolute" : "rope",
                 learned && model->max_positions > 0 ? model->max_positions : fc_plan_seq_len(script->study));
    if (model->position == FC_POSITION_RELATIVE) {
        fc_plan_note(script, "relative positions in %u buckets", model->relative_buckets);
    }
}

/* Megatron pads to a multiple of a number times tp: with 1, nothing is added where tp divides the vocabulary. */
static void write_vocab(fc_plan_script *script) {
    const uint64_t vocab = script->study->model.vocab;
    fc_plan_line(script, "--vocab-size %" PRIu64 " --make-vocab-size-divisible-by 1", vocab);
    if (vocab % script->plan->tp != 0) {
        fc_plan_note(script, "a vocabulary of %" PRIu64 ", no multiple of tp %u: Megatron pads it", vocab,
                     script->plan->tp);
    }
    if (!script->study->model.tied_embeddings) {
        fc_plan_line(script, "--untie-embeddings-and-output-weights");
    }
}

static void note_oddities(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const struct {
        bool there;
        const char *what;
    } rows[] = {
        {model->parallel_block, "attention and feed-forward side by side (parallel_block)"},
        {model->embedding_norm, "a norm after the embedding"},
        {model->attention_gate, "a gate on attention's output"},
        {model->attention_sinks, "attention sinks"},
        {model->logits_bias, "a bias on the logits"},
        {model->expert_bias && !(model->qkv_bias && model->attention_out_bias), "biases inside the experts"},
        {model->encoder_layers > 0, "an encoder: Megatron has a model of its own for these"},
        {model->norms_per_layer != 0 && model->norms_per_layer != 2, "another number of norms than 2 a layer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].there) {
            fc_plan_note(script, "%s", rows[i].what);
        }
    }
}

void fc_plan_megatron_model(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const uint64_t width = model->ffn_hidden > 0 ? model->ffn_hidden : model->moe_ffn_hidden;
    fc_plan_line(script, "--num-layers %u --hidden-size %u", model->layers_count, model->hidden);
    fc_plan_line(script, "--ffn-hidden-size %" PRIu64 "%s", width, model->ffn_type == FC_FFN_GATED ? " --swiglu" : "");
    write_attention(script);
    write_windows(script);
    fc_plan_line(script, "--seq-length %" PRIu64, fc_plan_seq_len(script->study));
    write_positions(script);
    write_norms(script);
    write_vocab(script);
    write_biases(script);
    write_experts(script);
    if (model->mtp_depth > 0) {
        fc_plan_line(script, "--mtp-num-layers %u", model->mtp_depth);
    }
    note_oddities(script);
}
