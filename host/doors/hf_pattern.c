/* hf_pattern.c: the letters of all layers as a short repeated pattern, with the window they need. */
#include "hf_class.h"

#include "../base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- the window -------------------------------------------------------------------------------------------------- */

static bool has_letter(const fc_hf_letters *l, char a, char b) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->letter[i] == a || l->letter[i] == b) {
            return true;
        }
    }
    return false;
}

static void make_global(fc_hf_letters *l) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->letter[i] == 'L' || l->letter[i] == 'C') {
            l->letter[i] = 'G';
        }
    }
}

static fc_status no_window(const fc_hf_letters *l, const fc_node *node, const char *key) {
    return fc_node_error(l->r->error, FC_BAD_INPUT, node, false,
                         "%s is null or 0, and %s names layers that need it; give the number of keys they see", key,
                         l->config_key);
}

/* Without a size, or with the switch off, layers see everything; a list that names windows needs a size. */
static fc_status apply_window(fc_hf_letters *l, bool on) {
    fc_hf_reading *r = l->r;
    const fc_node *size = fc_node_get(l->block, "size");
    if (!on || !has_letter(l, 'L', 'C')) {
        make_global(l);
        return FC_OK;
    }
    const fc_node *keys = fc_node_get(size, "key");
    const char *key = "";
    const fc_node *node = fc_hf_lookup(r->config, keys, &key);
    if (node != NULL && node->kind == FC_NODE_NULL) {
        make_global(l);
        return l->listed ? no_window(l, node, key) : FC_OK;
    }
    uint64_t window = 0;
    bool from_file = false;
    FC_TRY(fc_hf_whole_or_default(&window, &from_file, r, keys, fc_node_get(size, "default"), 1000000000));
    if (window == 0) {
        make_global(l);
        return l->listed && from_file ? no_window(l, node, key) : l->listed ? fc_hf_add_missing(r, keys) : FC_OK;
    }
    r->model->window = window;
    return fc_hf_add_fact(r, "window", fc_arena_printf(r->arena, "%" PRIu64, window), key,
                          from_file ? FC_HF_FROM_FILE : FC_HF_FROM_CLASS);
}

/* ---- the shortest pattern ---------------------------------------------------------------------------------------- */

/* The shortest period that all letters from `start` on follow. */
static uint32_t period(const char *letter, uint32_t start, uint32_t count) {
    for (uint32_t p = 1; p < count; p++) {
        uint32_t i = start;
        while (i + p < count && letter[i] == letter[i + p]) {
            i++;
        }
        if (i + p >= count) {
            return p;
        }
    }
    return count;
}

static fc_status write_pattern(const fc_hf_letters *l, char *out, uint32_t start, uint32_t length, const char *name) {
    if (length >= FC_PATTERN_SIZE) {
        return fc_node_error(l->r->error, FC_OVER_LIMIT, l->r->config, false,
                             "%s of %" PRIu32 " layers does not repeat within %d letters; write the model as a mapping "
                             "of fields with a pattern that does",
                             name, l->count, FC_PATTERN_SIZE - 1);
    }
    for (uint32_t j = 0; j < length; j++) {
        uint32_t first = start + (j + length - start % length) % length;
        out[j] = l->letter[first < l->count ? first : l->count - 1];
    }
    out[length] = '\0';
    return FC_OK;
}

static fc_status add_pattern_fact(const fc_hf_letters *l, const char *name, const char *text) {
    fc_hf_origin origin = l->from_file ? FC_HF_FROM_FILE : FC_HF_FROM_CLASS;
    return fc_hf_add_fact(l->r, name, fc_arena_strdup(l->r->arena, text), l->config_key, origin);
}

/* What fc_model_check fills in is left to it: the asker may still add experts or windows to the model. */
static void leave_plain(char *pattern, const char *plain) {
    if (strcmp(pattern, plain) == 0) {
        pattern[0] = '\0';
    }
}

static fc_status start_letters(fc_hf_letters *l, fc_hf_reading *r, const char *block, char fill) {
    *l = (fc_hf_letters){.r = r, .block = fc_node_get(r->class_file, block), .count = r->model->layers_count};
    l->config_key = "";
    l->letter = fc_arena_alloc(r->arena, (size_t)l->count + 1);
    if (l->letter == NULL) {
        return fc_hf_no_memory(r);
    }
    memset(l->letter, fill, l->count);
    return FC_OK;
}

static fc_status read_attention(fc_hf_reading *r) {
    fc_hf_letters l;
    FC_TRY(start_letters(&l, r, "attention_pattern", 'G'));
    if (l.block == NULL) {
        return FC_OK;
    }
    bool on = true;
    const fc_node *switch_row = fc_node_get(l.block, "switch");
    if (switch_row != NULL) {
        FC_TRY(fc_hf_switch(&on, r, switch_row));
    }
    FC_TRY(fc_hf_layers_listed(&l));
    if (!l.listed && on) {
        FC_TRY(fc_hf_layers_ruled(&l));
    }
    FC_TRY(apply_window(&l, on));
    char *pattern = r->model->attention_pattern;
    FC_TRY(write_pattern(&l, pattern, 0, period(l.letter, 0, l.count), "attention_pattern"));
    FC_TRY(add_pattern_fact(&l, "attention_pattern", pattern));
    leave_plain(pattern, "G");
    return FC_OK;
}

/* A model whose layers are all dense has no experts, whatever sizes its class has for them. */
static void drop_experts(fc_hf_reading *r) {
    static const char *const keys[] = {"experts",      "experts_per_token", "moe_ffn_hidden",     "shared_experts", "expert_groups", "expert_groups_per_token",
                                       "dense_layers", "shared_ffn_hidden", "shared_expert_gate", "router_bias",
                                       "expert_bias"};
    fc_model *m = r->model;
    m->experts = 0;
    m->experts_per_token = 0;
    m->expert_groups = 0;
    m->expert_groups_per_token = 0;
    m->moe_ffn_hidden = 0;
    m->shared_experts = 0;
    m->shared_ffn_hidden = 0;
    m->shared_expert_gate = 0;
    m->router_bias = 0;
    m->expert_bias = 0;
    m->dense_layers = 0;
    size_t kept = 0;
    for (size_t i = 0; i < r->facts_count; i++) {
        bool drop = false;
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            drop = drop || strcmp(r->facts[i].key, keys[k]) == 0;
        }
        if (!drop) {
            r->facts[kept++] = r->facts[i];
        }
    }
    r->facts_count = kept;
}

/* Leading dense layers are worth a count of their own where that makes the rest shorter: DeepSeek-V3 is 3 and "M". */
static fc_status write_ffn(fc_hf_letters *l) {
    fc_model *m = l->r->model;
    uint32_t dense = 0;
    while (dense < l->count && l->letter[dense] == 'D') {
        dense++;
    }
    uint32_t whole = period(l->letter, 0, l->count);
    uint32_t rest = period(l->letter, dense, l->count);
    bool split = dense > 0 && dense < l->count && rest < whole;
    m->dense_layers = split ? dense : 0;
    FC_TRY(write_pattern(l, m->ffn_pattern, split ? dense : 0, split ? rest : whole, "ffn_pattern"));
    if (l->block != NULL) {
        FC_TRY(add_pattern_fact(l, "ffn_pattern", m->ffn_pattern));
    }
    leave_plain(m->ffn_pattern, m->experts > 0 ? "M" : "D");
    return FC_OK;
}

static fc_status read_ffn(fc_hf_reading *r) {
    fc_hf_letters l;
    FC_TRY(start_letters(&l, r, "ffn_pattern", r->model->experts > 0 ? 'M' : 'D'));
    if (l.block != NULL) {
        FC_TRY(fc_hf_layers_listed(&l));
        if (!l.listed) {
            FC_TRY(fc_hf_layers_ruled(&l));
        }
        FC_TRY(fc_hf_layers_numbered(&l));
    }
    for (uint32_t i = 0; i < l.count; i++) {
        if (l.letter[i] == 'M' && (i < r->model->dense_layers || r->model->experts == 0)) {
            l.letter[i] = 'D';
        }
    }
    if (r->missing_count == 0 && !has_letter(&l, 'M', 'M')) {
        drop_experts(r);
    }
    return write_ffn(&l);
}

fc_status fc_hf_patterns_read(fc_hf_reading *r) {
    FC_TRY(read_attention(r));
    return read_ffn(r);
}
