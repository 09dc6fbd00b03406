/* hf_layers.c: the letter of every layer, from a list of the file or from the class's rule. */
#include "hf_class.h"

#include "../base/text.h"

#include <inttypes.h>
#include <string.h>

/* What a layer is called in every class of the library. */
static const char *const common_words[][2] = {
    {"full_attention", "G"},    {"attention", "G"},        {"sliding_attention", "L"},
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

static fc_status unknown_word(const fc_hf_letters *l, const fc_node *node, const char *key, const fc_node *words,
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

static fc_status too_short(const fc_hf_letters *l, const fc_node *node, const char *key, size_t length) {
    return fc_node_error(l->r->error, FC_BAD_INPUT, node, false,
                         "%s names %zu layers, and the model has %" PRIu32 "; correct one of them", key, length,
                         l->count);
}

static fc_status read_list(fc_hf_letters *l, const fc_node *node, const char *key, const fc_node *words) {
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

static fc_status read_string(fc_hf_letters *l, const fc_node *node, const char *key, const fc_node *words) {
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

fc_status fc_hf_layers_listed(fc_hf_letters *l) {
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

static fc_status rule_number(uint64_t *out, fc_hf_letters *l, const fc_node *rule, const fc_node *keys) {
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
static fc_status apply_every(fc_hf_letters *l, const fc_node *rule, const fc_node *keys, char letter, char otherwise) {
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

static fc_status apply_from(fc_hf_letters *l, const fc_node *rule, const fc_node *keys, char letter, char otherwise) {
    uint64_t from = 0;
    FC_TRY(rule_number(&from, l, rule, keys));
    for (uint32_t i = 0; i < l->count; i++) {
        l->letter[i] = i >= from ? letter : otherwise;
    }
    return FC_OK;
}

fc_status fc_hf_layers_ruled(fc_hf_letters *l) {
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

fc_status fc_hf_layers_numbered(fc_hf_letters *l) {
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
