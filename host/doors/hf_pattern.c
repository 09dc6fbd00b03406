/* hf_pattern.c: which layer is what, from a list of the file or from the class's rule, as a short repeated pattern. */
#include "hf_class.h"

#include "../base/text.h"

#include <inttypes.h>
#include <string.h>

/* The letters of all layers, one block (attention or feed-forward) at a time. */
typedef struct letters {
    fc_hf_reading *r;
    const fc_node *block;
    char *letter; /* count of them */
    uint32_t count;
    bool listed; /* by a list of the file */
    bool from_file;
    const char *config_key;
} letters;

/* What a layer is called in every class of the library. */
static const char *const common_words[][2] = {
    {"full_attention", "G"},   {"attention", "G"},         {"sliding_attention", "L"},
    {"chunked_attention", "C"}, {"linear_attention", "D"}, {"mamba", "M"},
};

static char letter_of(const fc_node *node) {
    return node != NULL && node->kind == FC_NODE_SCALAR && strlen(node->text) == 1 ? node->text[0] : '\0';
}

static char translate(const fc_node *words, const char *word) {
    if (words != NULL) {
        return letter_of(fc_node_get(words, word));
    }
    for (size_t i = 0; i < sizeof common_words / sizeof common_words[0]; i++) {
        if (strcmp(common_words[i][0], word) == 0) {
            return common_words[i][1][0];
        }
    }
    return '\0';
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

static fc_status unknown_word(const letters *l, const fc_node *node, const char *key, const fc_node *words,
                              const char *word) {
    fc_text allowed = fc_text_start(l->r->arena);
    for (const fc_node *child = words != NULL ? words->first : NULL; child != NULL; child = child->next) {
        fc_text_addf(&allowed, "%s%s", child == words->first ? "" : ", ", child->key);
    }
    for (size_t i = 0; words == NULL && i < sizeof common_words / sizeof common_words[0]; i++) {
        fc_text_addf(&allowed, "%s%s", i == 0 ? "" : ", ", common_words[i][0]);
    }
    if (allowed.failed || allowed.bytes == NULL) {
        return fc_hf_no_memory(l->r);
    }
    return fc_node_error(l->r->error, FC_BAD_INPUT, node, false, "%s: unknown kind of layer \"%.64s\"; known: %.300s",
                         key, word, allowed.bytes);
}

static fc_status too_short(const letters *l, const fc_node *node, const char *key, size_t length) {
    return fc_node_error(l->r->error, FC_BAD_INPUT, node, false,
                         "%s names %zu layers, and the model has %" PRIu32 "; correct one of them", key, length,
                         l->count);
}

static fc_status read_list(letters *l, const fc_node *node, const char *key, const fc_node *words) {
    if (node->count < l->count) {
        return too_short(l, node, key, node->count);
    }
    const fc_node *child = node->first;
    for (uint32_t i = 0; i < l->count; i++, child = child->next) {
        const char *word = child->kind == FC_NODE_SCALAR ? child->text : "";
        l->letter[i] = translate(words, word);
        if (l->letter[i] == '\0') {
            return unknown_word(l, child, key, words, word);
        }
    }
    return FC_OK;
}

static fc_status read_string(letters *l, const fc_node *node, const char *key, const fc_node *words) {
    size_t length = strlen(node->text);
    if (length != l->count) {
        return too_short(l, node, key, length);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        const char word[2] = {node->text[i], '\0'};
        l->letter[i] = translate(words, word);
        if (l->letter[i] == '\0') {
            return unknown_word(l, node, key, words, word);
        }
    }
    return FC_OK;
}

static fc_status read_lists(letters *l) {
    const fc_node *lists = fc_node_get(l->block, "lists");
    for (const fc_node *one = lists != NULL ? lists->first : NULL; one != NULL && !l->listed; one = one->next) {
        const char *key = "";
        const fc_node *node = fc_hf_lookup(l->r->config, fc_node_get(one, "key"), &key);
        bool empty = node == NULL || node->kind == FC_NODE_NULL || (node->kind == FC_NODE_LIST && node->count == 0);
        if (empty) {
            continue;
        }
        const fc_node *words = fc_node_get(one, "words");
        if (node->kind == FC_NODE_LIST) {
            FC_TRY(read_list(l, node, key, words));
        } else if (node->kind == FC_NODE_SCALAR && node->quoted) {
            FC_TRY(read_string(l, node, key, words));
        } else {
            char found[96];
            fc_node_describe(node, found, sizeof found);
            return fc_node_error(l->r->error, FC_BAD_INPUT, node, false,
                                 "%s: a list with one entry a layer is expected, found %s", key, found);
        }
        l->listed = true;
        l->from_file = true;
        l->config_key = key;
    }
    return FC_OK;
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static fc_status rule_number(uint64_t *out, letters *l, const fc_node *rule, const fc_node *keys) {
    const char *first = keys->kind == FC_NODE_SCALAR ? keys->text : "";
    if (first[0] >= '0' && first[0] <= '9') {
        *out = (uint64_t)(first[0] - '0');
        return FC_OK;
    }
    bool from_file = false;
    FC_TRY(fc_hf_whole_or_default(out, &from_file, l->r, keys, fc_node_get(rule, "default"), FC_MAX_LAYERS));
    (void)fc_hf_lookup(l->r->config, keys, &l->config_key);
    l->from_file = l->from_file || from_file;
    return FC_OK;
}

/* Every n-th layer has the letter; offset 1 counts layers from 1, offset 0 from 0. */
static fc_status apply_every(letters *l, const fc_node *rule, const fc_node *keys, char letter, char otherwise) {
    const fc_node *offset_node = fc_node_get(rule, "offset");
    uint32_t offset = offset_node != NULL && letter_of(offset_node) == '0' ? 0 : 1;
    uint64_t every = 0;
    FC_TRY(rule_number(&every, l, rule, keys));
    if (every == 0) {
        return fc_node_error(l->r->error, FC_BAD_INPUT, l->r->config, false,
                             "%s is 0: which layers alternate cannot be told; give 1 or more", l->config_key);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        l->letter[i] = (i + offset) % every == 0 ? letter : otherwise;
    }
    return FC_OK;
}

static fc_status apply_from(letters *l, const fc_node *rule, const fc_node *keys, char letter, char otherwise) {
    uint64_t from = 0;
    FC_TRY(rule_number(&from, l, rule, keys));
    for (uint32_t i = 0; i < l->count; i++) {
        l->letter[i] = i >= from ? letter : otherwise;
    }
    return FC_OK;
}

static fc_status apply_rule(letters *l) {
    const fc_node *rule = fc_node_get(l->block, "rule");
    if (rule == NULL) {
        const fc_node *lists = fc_node_get(l->block, "lists");
        return lists == NULL ? FC_OK : fc_hf_add_missing(l->r, fc_node_get(fc_node_at(lists, 0), "key"));
    }
    const fc_node *every = fc_node_get(rule, "every");
    const fc_node *from = fc_node_get(rule, "from");
    char all = letter_of(fc_node_get(rule, "all"));
    char letter = letter_of(fc_node_get(rule, "letter"));
    char otherwise = letter_of(fc_node_get(rule, "else"));
    if (all != '\0') {
        memset(l->letter, all, l->count);
        return FC_OK;
    }
    if (letter == '\0' || otherwise == '\0' || (every == NULL && from == NULL)) {
        return fc_hf_class_error(l->r, rule, "{all: letter} or {every|from: key, letter: A, else: B} is expected");
    }
    return every != NULL ? apply_every(l, rule, every, letter, otherwise)
                         : apply_from(l, rule, from, letter, otherwise);
}

/* Lists of layer numbers, counted from 0, that have a letter whatever the rule says; with `else` they say it all. */
static fc_status apply_indices(letters *l) {
    const fc_node *indices = fc_node_get(l->block, "indices");
    for (const fc_node *one = indices != NULL ? indices->first : NULL; one != NULL; one = one->next) {
        const char *key = "";
        const fc_node *node = fc_hf_lookup(l->r->config, fc_node_get(one, "key"), &key);
        char letter = letter_of(fc_node_get(one, "letter"));
        char otherwise = letter_of(fc_node_get(one, "else"));
        if (node == NULL || node->kind == FC_NODE_NULL || letter == '\0') {
            continue;
        }
        if (node->kind != FC_NODE_LIST) {
            char found[96];
            fc_node_describe(node, found, sizeof found);
            return fc_node_error(l->r->error, FC_BAD_INPUT, node, false,
                                 "%s: a list of layer numbers is expected, found %s", key, found);
        }
        if (otherwise != '\0') {
            memset(l->letter, otherwise, l->count);
        }
        for (const fc_node *child = node->first; child != NULL; child = child->next) {
            uint64_t index = 0;
            FC_TRY(fc_hf_whole(&index, l->r, child, key, 0, l->count - 1));
            l->letter[index] = letter;
        }
        l->from_file = l->from_file || node->count > 0;
    }
    return FC_OK;
}

/* ---- the window -------------------------------------------------------------------------------------------------- */

static bool has_letter(const letters *l, char a, char b) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->letter[i] == a || l->letter[i] == b) {
            return true;
        }
    }
    return false;
}

static void make_global(letters *l) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->letter[i] == 'L' || l->letter[i] == 'C') {
            l->letter[i] = 'G';
        }
    }
}

/* Without a size, or with the switch off, layers see everything; a list that names windows needs a size. */
static fc_status apply_window(letters *l, bool on) {
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
        return l->listed ? fc_hf_add_missing(r, keys) : FC_OK;
    }
    uint64_t window = 0;
    bool from_file = false;
    FC_TRY(fc_hf_whole_or_default(&window, &from_file, r, keys, fc_node_get(size, "default"), 1000000000));
    if (window == 0) {
        make_global(l);
        return l->listed ? fc_hf_add_missing(r, keys) : FC_OK;
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

static fc_status write_pattern(const letters *l, char *out, uint32_t start, uint32_t length, const char *name) {
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

static fc_status add_pattern_fact(const letters *l, const char *name, const char *text) {
    fc_hf_origin origin = l->from_file ? FC_HF_FROM_FILE : FC_HF_FROM_CLASS;
    return fc_hf_add_fact(l->r, name, fc_arena_strdup(l->r->arena, text), l->config_key, origin);
}

static fc_status start_letters(letters *l, fc_hf_reading *r, const char *block, char fill) {
    *l = (letters){.r = r, .block = fc_node_get(r->class_file, block), .count = r->model->layers_count};
    l->config_key = "";
    l->letter = fc_arena_alloc(r->arena, (size_t)l->count + 1);
    if (l->letter == NULL) {
        return fc_hf_no_memory(r);
    }
    memset(l->letter, fill, l->count);
    return FC_OK;
}

static fc_status read_attention(fc_hf_reading *r) {
    letters l;
    FC_TRY(start_letters(&l, r, "attention_pattern", 'G'));
    if (l.block == NULL) {
        return FC_OK;
    }
    bool on = true;
    const fc_node *switch_row = fc_node_get(l.block, "switch");
    if (switch_row != NULL) {
        FC_TRY(fc_hf_switch(&on, r, switch_row));
    }
    FC_TRY(read_lists(&l));
    if (!l.listed && on) {
        FC_TRY(apply_rule(&l));
    }
    FC_TRY(apply_window(&l, on));
    FC_TRY(write_pattern(&l, r->model->attention_pattern, 0, period(l.letter, 0, l.count), "attention_pattern"));
    return add_pattern_fact(&l, "attention_pattern", r->model->attention_pattern);
}

/* A model whose layers are all dense has no experts, whatever sizes its class has for them. */
static void drop_experts(fc_hf_reading *r) {
    static const char *const keys[] = {"experts",        "experts_per_token", "moe_ffn_hidden",     "shared_experts",
                                       "dense_layers",   "shared_ffn_hidden", "shared_expert_gate", "router_bias",
                                       "expert_bias"};
    fc_model *m = r->model;
    m->experts = 0;
    m->experts_per_token = 0;
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
static fc_status write_ffn(letters *l) {
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
    return add_pattern_fact(l, "ffn_pattern", m->ffn_pattern);
}

static fc_status read_ffn(fc_hf_reading *r) {
    letters l;
    FC_TRY(start_letters(&l, r, "ffn_pattern", r->model->experts > 0 ? 'M' : 'D'));
    if (l.block != NULL) {
        FC_TRY(read_lists(&l));
        if (!l.listed) {
            FC_TRY(apply_rule(&l));
        }
        FC_TRY(apply_indices(&l));
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
