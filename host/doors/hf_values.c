/* hf_values.c: values of a config.json and what a class file says in their place. */
#include "hf_class.h"

#include <inttypes.h>
#include <string.h>

fc_status fc_hf_no_memory(const fc_hf_reading *r) {
    return fc_error_set(r->error, FC_FAILED, r->config->source, 0, 0, "out of memory while reading the file");
}

fc_status fc_hf_class_error(const fc_hf_reading *r, const fc_node *node, const char *what) {
    return fc_node_error(r->error, FC_BAD_INPUT, node, false, "class file of \"%s\": %s", r->model_type, what);
}

fc_status fc_hf_add_fact(fc_hf_reading *r, const char *key, const char *text, const char *config_key,
                         fc_hf_origin origin) {
    if (text == NULL) {
        return fc_hf_no_memory(r);
    }
    if (r->facts_count < FC_HF_MAX_FACTS) {
        r->facts[r->facts_count++] = (fc_hf_fact){
            .key = key, .text = text, .config_key = config_key != NULL ? config_key : "", .origin = origin};
    }
    return FC_OK;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

const fc_node *fc_hf_walk(const fc_node *map, const char *path) {
    const char *dot = strchr(path, '.');
    if (dot == NULL) {
        return fc_node_get(map, path);
    }
    char head[FC_NAME_SIZE];
    size_t length = (size_t)(dot - path);
    if (length >= sizeof head) {
        return NULL;
    }
    memcpy(head, path, length);
    head[length] = '\0';
    return fc_hf_walk(fc_node_get(map, head), dot + 1);
}

static const char *nth_key(const fc_node *keys, size_t index) {
    if (keys != NULL && keys->kind == FC_NODE_SCALAR) {
        return index == 0 ? keys->text : NULL;
    }
    const fc_node *node = fc_node_at(keys, index);
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : NULL;
}

const fc_node *fc_hf_lookup(const fc_node *map, const fc_node *keys, const char **found_key) {
    const fc_node *null_node = NULL;
    const char *first = nth_key(keys, 0);
    const char *key = first;
    *found_key = first != NULL ? first : "";
    for (size_t i = 0; key != NULL; key = nth_key(keys, ++i)) {
        const fc_node *node = fc_hf_walk(map, key);
        if (node != NULL && node->kind != FC_NODE_NULL) {
            *found_key = key;
            return node;
        }
        if (node != NULL && null_node == NULL) {
            null_node = node;
            *found_key = key;
        }
    }
    return null_node;
}

fc_status fc_hf_add_missing(fc_hf_reading *r, const fc_node *keys) {
    const char *first = nth_key(keys, 0);
    const char *second = nth_key(keys, 1);
    if (first == NULL) {
        return fc_hf_class_error(r, keys != NULL ? keys : r->class_file, "a row without a config key");
    }
    const char *text = second == NULL ? first : fc_arena_printf(r->arena, "%s (or %s)", first, second);
    if (text == NULL) {
        return fc_hf_no_memory(r);
    }
    for (size_t i = 0; i < r->missing_count; i++) {
        if (strcmp(r->missing[i], text) == 0) {
            return FC_OK;
        }
    }
    if (r->missing_count < FC_HF_MAX_MISSING) {
        r->missing[r->missing_count++] = text;
    }
    return FC_OK;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

/* Digits only: JSON has no other spelling of the sizes of a model. */
static bool parse_digits(uint64_t *out, const char *text) {
    uint64_t value = 0;
    if (text[0] == '\0') {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(*c - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

fc_status fc_hf_whole(uint64_t *out, const fc_hf_reading *r, const fc_node *node, const char *config_key,
                      uint64_t least, uint64_t most) {
    uint64_t value = 0;
    bool read = node->kind == FC_NODE_SCALAR && !node->quoted && parse_digits(&value, node->text);
    if (read && value >= least && value <= most) {
        *out = value;
        return FC_OK;
    }
    char found[96];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(r->error, FC_BAD_INPUT, node, false,
                         "%s: a whole number from %" PRIu64 " to %" PRIu64 " is expected, found %s; correct the file",
                         config_key, least, most, found);
}

bool fc_hf_is_number(const fc_field *field) { return field->kind == FC_FIELD_U32 || field->kind == FC_FIELD_U64; }

uint64_t fc_hf_get_number(const fc_hf_reading *r, const fc_field *field) {
    const char *place = (const char *)r->model + field->offset;
    if (field->kind == FC_FIELD_U64) {
        uint64_t wide = 0;
        memcpy(&wide, place, sizeof wide);
        return wide;
    }
    uint32_t narrow = 0;
    memcpy(&narrow, place, sizeof narrow);
    return narrow;
}

void fc_hf_put_number(fc_hf_reading *r, const fc_field *field, uint64_t value) {
    char *place = (char *)r->model + field->offset;
    if (field->kind == FC_FIELD_U64) {
        memcpy(place, &value, sizeof value);
    } else if (field->kind == FC_FIELD_BOOL) {
        *(uint8_t *)place = (uint8_t)value;
    } else {
        uint32_t narrow = (uint32_t)value;
        memcpy(place, &narrow, sizeof narrow);
    }
}

/* ---- what a class file says: a number, an input, or two of them with * or / ------------------------------------- */

/* One operand: digits, or the value of an input that stands further up. */
static bool operand(uint64_t *out, const fc_hf_reading *r, const char *text, size_t length) {
    char word[FC_NAME_SIZE];
    if (length == 0 || length >= sizeof word) {
        return false;
    }
    memcpy(word, text, length);
    word[length] = '\0';
    if (parse_digits(out, word)) {
        return true;
    }
    const fc_field *field = fc_fields_find(fc_fields_noun(FC_NOUN_MODEL), word);
    if (field == NULL || !fc_hf_is_number(field)) {
        return false;
    }
    *out = fc_hf_get_number(r, field);
    return true;
}

static fc_status divide(uint64_t *out, const fc_hf_reading *r, const char *what, const char *expression, uint64_t a,
                        uint64_t b) {
    if (b == 0 || a % b != 0) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->config, false,
                             "%s is not given and does not follow: class %s takes %s, and %" PRIu64
                             " is not a multiple of %" PRIu64 "; add it to the file",
                             what, r->model_type, expression, a, b);
    }
    *out = a / b;
    return FC_OK;
}

fc_status fc_hf_evaluate(uint64_t *out, const fc_hf_reading *r, const char *what, const fc_node *node) {
    const char *text = node->text;
    size_t length = strcspn(text, " ");
    uint64_t a = 0;
    uint64_t b = 0;
    if (!operand(&a, r, text, length)) {
        return fc_hf_class_error(r, node, "a number or the name of an input is expected");
    }
    if (text[length] == '\0') {
        *out = a;
        return FC_OK;
    }
    char sign = text[length + 1];
    const char *rest = text + length + 1 + (sign != '\0' ? 2 : 0);
    if ((sign != '*' && sign != '/') || text[length + 2] != ' ' || !operand(&b, r, rest, strlen(rest))) {
        return fc_hf_class_error(r, node, "\"a\", \"a * b\" or \"a / b\" is expected");
    }
    /* An operand that is missing is told once, with all others, when every row has been read. */
    if (r->missing_count > 0) {
        *out = 0;
        return FC_OK;
    }
    if (sign == '/') {
        return divide(out, r, what, text, a, b);
    }
    if (b != 0 && a > UINT64_MAX / b) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->config, false, "%s: %s is too large; correct the sizes", what,
                             text);
    }
    *out = a * b;
    return FC_OK;
}

fc_status fc_hf_whole_or_default(uint64_t *out, bool *from_file, fc_hf_reading *r, const fc_node *keys,
                                 const fc_node *otherwise, uint64_t most) {
    const char *key = "";
    const fc_node *node = fc_hf_lookup(r->config, keys, &key);
    bool found = node != NULL && node->kind != FC_NODE_NULL;
    if (from_file != NULL) {
        *from_file = node != NULL;
    }
    *out = 0;
    if (found) {
        return fc_hf_whole(out, r, node, key, 0, most);
    }
    if (otherwise == NULL || otherwise->kind != FC_NODE_SCALAR) {
        return fc_hf_add_missing(r, keys);
    }
    return fc_hf_evaluate(out, r, key, otherwise);
}

fc_status fc_hf_bool(bool *out, const fc_hf_reading *r, const fc_node *node, const char *config_key) {
    if (node->kind == FC_NODE_SCALAR && !node->quoted) {
        *out = strcmp(node->text, "true") == 0;
        if (*out || strcmp(node->text, "false") == 0) {
            return FC_OK;
        }
    }
    char found[96];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(r->error, FC_BAD_INPUT, node, false,
                         "%s: true or false is expected, found %s; correct the file", config_key, found);
}

fc_status fc_hf_switch(bool *out, fc_hf_reading *r, const fc_node *row) {
    const char *key = "";
    const fc_node *node = fc_hf_lookup(r->config, fc_node_get(row, "key"), &key);
    if (node != NULL && node->kind != FC_NODE_NULL) {
        return fc_hf_bool(out, r, node, key);
    }
    node = fc_node_get(row, "default");
    if (node == NULL) {
        return fc_hf_class_error(r, row, "a switch needs a default");
    }
    return fc_hf_bool(out, r, node, key);
}
