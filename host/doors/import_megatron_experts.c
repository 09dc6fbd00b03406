/* import_megatron_experts.c: mixtures of experts and multi-head latent attention. */
#include "import_megatron.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- --moe-layer-freq --------------------------------------------------------------------------------------------- */

/* "([0]*3+[1]*58)": lists of 0 (dense) and 1 (experts), added and repeated, as Python evaluates them. */
typedef struct layer_list {
    const char *at;
    char *letters; /* room for `room` */
    size_t count;
    size_t room;
    int depth;
    bool failed;
} layer_list;

static void skip_blanks(layer_list *in) {
    while (isspace((unsigned char)*in->at)) {
        in->at++;
    }
}

static void add_letter(layer_list *in, char letter) {
    if (in->count >= in->room) {
        in->failed = true;
        return;
    }
    in->letters[in->count++] = letter;
}

static void read_list(layer_list *in);

/* What was added since `start`, `times` times over. */
static void repeat(layer_list *in, size_t start, unsigned long times) {
    const size_t length = in->count - start;
    if (times == 0 || length * times > in->room) {
        in->failed = true;
        return;
    }
    for (unsigned long i = 1; i < times && !in->failed; i++) {
        for (size_t k = 0; k < length; k++) {
            add_letter(in, in->letters[start + k]);
        }
    }
}

static void read_brackets(layer_list *in) {
    do {
        in->at++; /* the bracket or the comma */
        skip_blanks(in);
        if (*in->at != '0' && *in->at != '1') {
            in->failed = true;
            return;
        }
        add_letter(in, *in->at == '1' ? 'M' : 'D');
        in->at++;
        skip_blanks(in);
    } while (*in->at == ',' && !in->failed);
    in->failed = in->failed || *in->at != ']';
    in->at += !in->failed;
}

static void read_factor(layer_list *in) {
    const size_t start = in->count;
    skip_blanks(in);
    if (*in->at == '[') {
        read_brackets(in);
    } else if (*in->at == '(' && in->depth < 16) {
        in->at++;
        in->depth++;
        read_list(in);
        in->depth--;
        skip_blanks(in);
        in->failed = in->failed || *in->at != ')';
        in->at += !in->failed;
    } else {
        in->failed = true;
    }
    for (skip_blanks(in); !in->failed && *in->at == '*'; skip_blanks(in)) {
        char *end = NULL;
        in->at++;
        skip_blanks(in);
        unsigned long times = isdigit((unsigned char)*in->at) ? strtoul(in->at, &end, 10) : 0;
        in->at = end != NULL ? end : in->at;
        repeat(in, start, times);
    }
}

static void read_list(layer_list *in) {
    read_factor(in);
    for (skip_blanks(in); !in->failed && *in->at == '+'; skip_blanks(in)) {
        in->at++;
        read_factor(in);
    }
}

/* The shortest pattern that, repeated, gives the same letters. */
static size_t shortest_period(const char *letters, size_t count) {
    for (size_t period = 1; period < count; period++) {
        size_t i = period;
        while (i < count && letters[i] == letters[i - period]) {
            i++;
        }
        if (i == count) {
            return period;
        }
    }
    return count;
}

static fc_status set_letters(fc_megatron *in, const fc_given *given, char *letters, size_t count, fc_error *error) {
    const size_t dense = strspn(letters, "D");
    if (dense > 0 && strspn(letters + dense, "M") == count - dense) {
        return fc_draft_set_count(in->draft, given->place, "model.dense_layers", dense, error);
    }
    const size_t period = shortest_period(letters, count);
    if (period > 255) {
        return fc_place_error(error, given->place, "--moe-layer-freq has no pattern of 255 layers or fewer");
    }
    letters[period] = '\0';
    return strcmp(letters, "M") == 0 ? FC_OK
                                     : fc_draft_set(in->draft, given->place, "model.ffn_pattern", letters, error);
}

/* N: layers 0, N, 2N … have experts. */
static fc_status read_frequency(fc_megatron *in, fc_error *error) {
    const char *text = NULL;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_word(&text, &given, in, "moe-layer-freq", "1", error));
    if (given == NULL) {
        return FC_OK;
    }
    char *letters = fc_arena_alloc(in->draft->arena, in->layers + 1);
    if (letters == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the model");
    }
    layer_list list = {.at = text, .letters = letters, .room = in->layers};
    char *end = NULL;
    unsigned long every = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;
    if (end != NULL && *end == '\0' && every > 0 && every <= in->layers) {
        for (uint64_t i = 0; i < in->layers; i++) {
            add_letter(&list, i % every == 0 ? 'M' : 'D');
        }
    } else if (given->of_dump && strspn(text, "01 ") == strlen(text)) { /* a list of a dump: "0 1 1" */
        for (const char *at = text; *at != '\0'; at++) {
            if (*at != ' ') {
                add_letter(&list, *at == '1' ? 'M' : 'D');
            }
        }
    } else {
        read_list(&list);
        skip_blanks(&list);
        list.failed = list.failed || *list.at != '\0';
    }
    if (list.failed || list.count != in->layers) {
        return fc_megatron_refuse(given, "N, or a list with 0 or 1 a layer such as ([0]*3+[1]*58)", error);
    }
    return set_letters(in, given, letters, list.count, error);
}

/* ---- experts ------------------------------------------------------------------------------------------------------- */

static fc_status read_shared(fc_megatron *in, fc_error *error) {
    uint64_t width = 0;
    fc_given *given = NULL;
    bool gate = false;
    FC_TRY(fc_megatron_count(&width, &given, in, "moe-shared-expert-intermediate-size", 0, 0, 1000000000, error));
    if (given == NULL || width == 0) {
        return FC_OK;
    }
    FC_TRY(fc_draft_set(in->draft, given->place, "model.shared_experts", "1", error));
    FC_TRY(fc_draft_set_count(in->draft, given->place, "model.shared_ffn_hidden", width, error));
    FC_TRY(fc_megatron_switch(&gate, &given, in, "moe-shared-expert-gate", error));
    return gate ? fc_draft_set_flag(in->draft, given->place, "model.shared_expert_gate", true, error) : FC_OK;
}

/* A router that picks groups of experts before experts (DeepSeek's device-limited routing). */
static fc_status read_groups(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t groups = 0;
    uint64_t picked = 0;
    FC_TRY(fc_megatron_count(&groups, &given, in, "moe-router-num-groups", 0, 1, in->experts, error));
    if (given == NULL) {
        return FC_OK;
    }
    FC_TRY(fc_draft_set_count(in->draft, given->place, "model.expert_groups", groups, error));
    FC_TRY(fc_megatron_count(&picked, &given, in, "moe-router-group-topk", groups, 1, groups, error));
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "model.expert_groups_per_token", picked, error);
}

fc_status fc_megatron_experts(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t value = 0;
    bool on = false;
    FC_TRY(fc_megatron_count(&in->experts, &given, in, "num-experts", 0, 0, 1048576, error));
    if (given == NULL) { /* the name in dumps of Megatron-core's own configuration */
        FC_TRY(fc_megatron_count(&in->experts, &given, in, "num-moe-experts", 0, 0, 1048576, error));
    }
    if (in->experts == 0) {
        return FC_OK;
    }
    FC_TRY(fc_draft_set_count(in->draft, given->place, "model.experts", in->experts, error));
    FC_TRY(fc_megatron_count(&value, &given, in, "moe-router-topk", 2, 1, in->experts, error));
    FC_TRY(fc_draft_set_count(in->draft, fc_megatron_place(given), "model.experts_per_token", value, error));
    FC_TRY(fc_megatron_count(&value, &given, in, "moe-ffn-hidden-size", 0, 1, 1000000000, error));
    if (given != NULL) {
        FC_TRY(fc_draft_set_count(in->draft, given->place, "model.moe_ffn_hidden", value, error));
    }
    FC_TRY(read_groups(in, error));
    FC_TRY(read_shared(in, error));
    FC_TRY(read_frequency(in, error));
    FC_TRY(fc_megatron_switch(&on, &given, in, "moe-router-enable-expert-bias", error));
    return on ? fc_draft_set_flag(in->draft, given->place, "model.router_bias", true, error) : FC_OK;
}

/* ---- multi-head latent attention --------------------------------------------------------------------------------- */

fc_status fc_megatron_mla(fc_megatron *in, fc_error *error) {
    static const struct {
        const char *option;
        const char *key;
        uint64_t fallback; /* Megatron's MLATransformerConfig */
    } rows[] = {{"q-lora-rank", "model.q_lora_rank", 0},
                {"kv-lora-rank", "model.kv_lora_rank", 32},
                {"qk-head-dim", "model.qk_nope_head_dim", 128},
                {"qk-pos-emb-head-dim", "model.qk_rope_head_dim", 64},
                {"v-head-dim", "model.v_head_dim", 128}};
    bool on = false;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_switch(&on, &given, in, "multi-latent-attention", error));
    if (!on) {
        return FC_OK;
    }
    FC_TRY(fc_draft_set(in->draft, given->place, "model.attention", "mla", error));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 0;
        FC_TRY(fc_megatron_count(&value, &given, in, rows[i].option, rows[i].fallback, 0, 1048576, error));
        FC_TRY(fc_draft_set_count(in->draft, fc_megatron_place(given), rows[i].key, value, error));
    }
    return FC_OK;
}
