/* import_megatron_model.c: --num-layers and what else shapes the model. */
#include "import_megatron.h"

#include <stdio.h>
#include <string.h>

enum { MOST_WIDTH = 4194304 };

static fc_status need(const fc_megatron *in, const fc_given *given, const char *name, fc_error *error) {
    const fc_given *first = in->given->first;
    return given != NULL ? FC_OK
                         : fc_error_set(error, FC_BAD_INPUT, first != NULL ? first->place.source : NULL, 0, 0,
                                        "no --%s among the arguments, and no model without it", name);
}

/* Models that these arguments shape in ways that are not read here: a study of something else would be worse than none. */
static fc_status refuse_others(fc_megatron *in, fc_error *error) {
    static const char *const others[] = {"hybrid-override-pattern",
                                         "hybrid-layer-pattern",
                                         "heterogeneous-layers-config-path",
                                         "heterogeneous-layers-config-encoded-json",
                                         "encoder-num-layers",
                                         "retro-project-dir",
                                         "linear-attention-type",
                                         "experimental-attention-variant"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *value = NULL;
        fc_given *given = NULL;
        FC_TRY(fc_megatron_word(&value, &given, in, others[i], NULL, error));
        if (given != NULL && strcmp(value, "false") != 0) {
            return fc_place_error(error, given->place,
                                  "--%s makes a model of another kind, which import does not read: write its layers "
                                  "into a study by hand (attention_pattern, ffn_pattern, encoder_layers)",
                                  others[i]);
        }
    }
    return FC_OK;
}

static fc_status read_sizes(fc_megatron *in, fc_error *error) {
    fc_draft *draft = in->draft;
    fc_given *given = NULL;
    uint64_t value = 0;
    FC_TRY(fc_megatron_count(&in->layers, &given, in, "num-layers", 0, 1, 4096, error));
    FC_TRY(need(in, given, "num-layers", error));
    FC_TRY(fc_draft_set_count(draft, given->place, "model.layers", in->layers, error));
    FC_TRY(fc_megatron_count(&in->hidden, &given, in, "hidden-size", 0, 1, MOST_WIDTH, error));
    FC_TRY(need(in, given, "hidden-size", error));
    FC_TRY(fc_draft_set_count(draft, given->place, "model.hidden", in->hidden, error));
    FC_TRY(fc_megatron_count(&in->heads, &given, in, "num-attention-heads", 0, 1, 1048576, error));
    FC_TRY(need(in, given, "num-attention-heads", error));
    FC_TRY(fc_draft_set_count(draft, given->place, "model.heads", in->heads, error));
    FC_TRY(fc_megatron_count(&value, &given, in, "kv-channels", 0, 1, 65536, error));
    if (given != NULL) {
        FC_TRY(fc_draft_set_count(draft, given->place, "model.head_dim", value, error));
        return FC_OK;
    }
    bool latent = false; /* latent attention states its own sizes */
    FC_TRY(fc_megatron_switch(&latent, &given, in, "multi-latent-attention", error));
    if (!latent && in->hidden % in->heads != 0) {
        fc_given *heads = NULL;
        FC_TRY(fc_given_find(&heads, in->given, "num-attention-heads", error));
        return fc_place_error(error, heads->place,
                              "--num-attention-heads is %llu, which does not divide --hidden-size %llu: give "
                              "--kv-channels",
                              (unsigned long long)in->heads, (unsigned long long)in->hidden);
    }
    return FC_OK;
}

/* --group-query-attention turns groups on; without it --num-query-groups is not looked at. */
static fc_status read_groups(fc_megatron *in, fc_error *error) {
    bool grouped = false;
    fc_given *grouping = NULL;
    fc_given *given = NULL;
    uint64_t groups = 0;
    FC_TRY(fc_megatron_switch(&grouped, &grouping, in, "group-query-attention", error));
    FC_TRY(fc_megatron_count(&groups, &given, in, "num-query-groups", 1, 1, 1048576, error));
    if (grouped) {
        return fc_draft_set_count(in->draft, fc_megatron_place(given != NULL ? given : grouping), "model.kv_heads",
                                  groups, error);
    }
    if (given != NULL && groups != in->heads && !given->of_dump) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, given->place,
                        "--num-query-groups %llu without --group-query-attention: Megatron does not look at it",
                        (unsigned long long)groups);
    }
    return FC_OK;
}

/* *gated: three matrices a block. */
static fc_status read_ffn(bool *gated, fc_megatron *in, fc_error *error) {
    static const char *const gates[] = {"swiglu", "quick-geglu", "gated-linear-unit", "openai-swiglu"};
    fc_place place = {NULL, 0, 0};
    *gated = false;
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        bool on = false;
        fc_given *given = NULL;
        FC_TRY(fc_megatron_switch(&on, &given, in, gates[i], error));
        *gated = *gated || on;
        place = on ? given->place : place;
    }
    fc_given *given = NULL;
    uint64_t width = 0;
    /* Megatron's own default: 4 h, or two thirds of it in 64s where a third matrix is added. */
    const uint64_t fallback = *gated ? (4 * in->hidden * 2 / 3) / 64 * 64 : 4 * in->hidden;
    FC_TRY(fc_megatron_count(&width, &given, in, "ffn-hidden-size", fallback, 1, 1000000000, error));
    FC_TRY(fc_draft_set(in->draft, place, "model.ffn_type", *gated ? "gated" : "plain", error));
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "model.ffn_hidden", width, error);
}

static fc_status read_biases(fc_megatron *in, fc_error *error) {
    bool off = false;
    bool add = true;
    bool qkv = false;
    fc_given *given = NULL;
    fc_given *dumped = NULL;
    FC_TRY(fc_megatron_switch(&off, &given, in, "disable-bias-linear", error));
    FC_TRY(fc_megatron_switch(&add, &dumped, in, "add-bias-linear", error));
    const bool biased = dumped != NULL ? add : !off;
    const fc_place place = fc_megatron_place(dumped != NULL ? dumped : given);
    FC_TRY(fc_megatron_switch(&qkv, &given, in, "add-qkv-bias", error));
    FC_TRY(fc_draft_set_flag(in->draft, qkv ? given->place : place, "model.qkv_bias", biased || qkv, error));
    FC_TRY(fc_draft_set_flag(in->draft, place, "model.attention_out_bias", biased, error));
    return fc_draft_set_flag(in->draft, place, "model.ffn_bias", biased, error);
}

static fc_status read_norms(fc_megatron *in, fc_error *error) {
    const char *norm = NULL;
    fc_given *given = NULL;
    bool on = false;
    FC_TRY(fc_megatron_word(&norm, &given, in, "normalization", "LayerNorm", error));
    const bool rms = strcmp(norm, "RMSNorm") == 0;
    if (!rms && strcmp(norm, "LayerNorm") != 0) {
        return fc_megatron_refuse(given, "LayerNorm or RMSNorm", error);
    }
    FC_TRY(fc_draft_set(in->draft, fc_megatron_place(given), "model.norm", rms ? "rms" : "layer", error));
    FC_TRY(fc_megatron_switch(&on, &given, in, "qk-layernorm", error));
    return on ? fc_draft_set(in->draft, given->place, "model.qk_norm", "1", error) : FC_OK;
}

/* Learned tables are Megatron's default. */
static fc_status read_positions(fc_megatron *in, fc_error *error) {
    const char *kind = NULL;
    fc_given *given = NULL;
    fc_given *rotary = NULL;
    bool on = false;
    uint64_t positions = 0;
    FC_TRY(fc_megatron_word(&kind, &given, in, "position-embedding-type", "learned_absolute", error));
    FC_TRY(fc_megatron_switch(&on, &rotary, in, "use-rotary-position-embeddings", error));
    if (strcmp(kind, "relative") == 0) {
        return fc_place_error(error, given->place, "--position-embedding-type relative is not read by import");
    }
    const bool learned = strcmp(kind, "learned_absolute") == 0 && !on;
    FC_TRY(fc_draft_set(in->draft, fc_megatron_place(on ? rotary : given), "model.position",
                        learned ? "learned" : "rope", error));
    FC_TRY(fc_megatron_count(&positions, &given, in, "max-position-embeddings", in->seq_len, 1, 1000000000, error));
    if (!learned || positions == 0) {
        return FC_OK;
    }
    if (positions < in->seq_len) {
        return fc_place_error(error, given->place,
                              "--max-position-embeddings is %llu, less than the --seq-length of %llu",
                              (unsigned long long)positions, (unsigned long long)in->seq_len);
    }
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "model.max_positions", positions, error);
}

static fc_status read_sequence(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    FC_TRY(fc_megatron_count(&in->seq_len, &given, in, "seq-length", 0, 1, 1000000000, error));
    if (given == NULL) {
        FC_TRY(fc_megatron_count(&in->seq_len, &given, in, "encoder-seq-length", 0, 1, 1000000000, error));
    }
    FC_TRY(need(in, given, "seq-length", error));
    FC_TRY(fc_draft_set_count(in->draft, given->place, "model.seq_len", in->seq_len, error));
    return fc_draft_set_count(in->draft, given->place, "workload.seq_len", in->seq_len, error);
}

/* Size of a tokenizer's vocabulary where its kind tells it; 0: it does not. */
static uint64_t vocab_of(const char *tokenizer) {
    return fc_text_starts(tokenizer, "GPT2BPE")          ? 50257
           : strcmp(tokenizer, "Llama2Tokenizer") == 0   ? 32000
           : strcmp(tokenizer, "Llama3Tokenizer") == 0   ? 128256
           : strcmp(tokenizer, "BertWordPieceCase") == 0 ? 28996
                                                         : 0;
}

/* Megatron pads the vocabulary to a multiple of --make-vocab-size-divisible-by times the tensor ranks. */
static fc_status read_vocab(fc_megatron *in, fc_error *error) {
    const uint64_t most = 1000000000;
    fc_given *given = NULL;
    fc_given *step_given = NULL;
    uint64_t vocab = 0;
    uint64_t step = 0;
    uint64_t tp = 1;
    const char *tokenizer = NULL;
    FC_TRY(fc_megatron_count(&vocab, &given, in, "padded-vocab-size", 0, 1, most, error));
    if (given != NULL) {
        return fc_draft_set_count(in->draft, given->place, "model.vocab", vocab, error);
    }
    fc_given *tokens = NULL;
    FC_TRY(fc_megatron_word(&tokenizer, &tokens, in, "tokenizer-type", "", error));
    FC_TRY(fc_megatron_count(&vocab, &given, in, "vocab-size", vocab_of(tokenizer), 1, most, error));
    FC_TRY(fc_megatron_count(&step, &step_given, in, "make-vocab-size-divisible-by", 128, 1, most, error));
    FC_TRY(fc_megatron_count(&tp, &step_given, in, "tensor-model-parallel-size", 1, 1, 65536, error));
    if (given != NULL && strcmp(tokenizer, "NullTokenizer") == 0) {
        vocab += 1; /* the end of a document */
    }
    const fc_place place = fc_megatron_place(given != NULL ? given : tokens);
    if (vocab == 0) {
        vocab = 50257;
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, place,
                        "no --vocab-size: GPT-2's vocabulary of 50257 is taken; set model.vocab");
    }
    return fc_draft_set_count(in->draft, place, "model.vocab", (vocab + step * tp - 1) / (step * tp) * (step * tp),
                              error);
}

/* --window-size 4096,0 and every N-th layer without a window. */
static fc_status read_windows(fc_megatron *in, fc_error *error) {
    const char *text = NULL;
    fc_given *given = NULL;
    fc_given *skip = NULL;
    uint64_t every = 0;
    FC_TRY(fc_megatron_word(&text, &given, in, "window-size", NULL, error));
    FC_TRY(fc_megatron_count(&every, &skip, in, "window-attn-skip-freq", 0, 2, 64, error));
    if (given == NULL) {
        return FC_OK;
    }
    unsigned long long window = 0;
    if (sscanf(text, "%*[(]%9llu", &window) != 1 && sscanf(text, "%9llu", &window) != 1) {
        return fc_megatron_refuse(given, "keys before and after a query, for example 4096,0", error);
    }
    char pattern[66] = "L";
    memset(pattern, 'L', every);
    if (every > 0) {
        pattern[every - 1] = 'G';
        pattern[every] = '\0';
    }
    FC_TRY(fc_draft_set(in->draft, given->place, "model.attention_pattern", fc_arena_strdup(in->draft->arena, pattern),
                        error));
    return fc_draft_set_count(in->draft, given->place, "model.window", window + 1, error);
}

fc_status fc_megatron_model(fc_megatron *in, fc_error *error) {
    bool gated = false;
    bool untied = false;
    fc_given *given = NULL;
    uint64_t depth = 0;
    FC_TRY(refuse_others(in, error));
    FC_TRY(read_sizes(in, error));
    FC_TRY(read_groups(in, error));
    FC_TRY(read_ffn(&gated, in, error));
    FC_TRY(read_sequence(in, error));
    FC_TRY(read_vocab(in, error));
    FC_TRY(fc_megatron_experts(in, error));
    FC_TRY(fc_megatron_mla(in, error));
    FC_TRY(read_norms(in, error));
    FC_TRY(read_positions(in, error));
    FC_TRY(read_biases(in, error));
    FC_TRY(read_windows(in, error));
    FC_TRY(fc_megatron_switch(&untied, &given, in, "untie-embeddings-and-output-weights", error));
    FC_TRY(fc_draft_set_flag(in->draft, fc_megatron_place(given), "model.tied_embeddings", !untied, error));
    FC_TRY(fc_megatron_count(&depth, &given, in, "mtp-num-layers", 0, 0, 64, error));
    return given != NULL && depth > 0 ? fc_draft_set_count(in->draft, given->place, "model.mtp_depth", depth, error)
                                      : FC_OK;
}
