/* hf_rows.c: the rows of a class file: which config key fills which input, and what holds where the file is silent. */
#include "hf_class.h"

#include "../base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- one row ---------------------------------------------------------------------------------------------------- */

static fc_status find_field(const fc_field **out, const fc_hf_reading *r, const fc_node *row) {
    *out = fc_fields_find(fc_fields_noun(FC_NOUN_MODEL), row->key);
    bool fits =
        *out != NULL && (fc_hf_is_number(*out) || (*out)->kind == FC_FIELD_BOOL || (*out)->kind == FC_FIELD_ENUM);
    return fits ? FC_OK : fc_hf_class_error(r, row, "no such input of a model");
}

static fc_status check_range(const fc_hf_reading *r, const fc_field *field, const fc_node *place, uint64_t value) {
    if ((double)value >= field->least && (double)value <= field->most) {
        return FC_OK;
    }
    return fc_node_error(r->error, FC_BAD_INPUT, place, false,
                         "%s would be %" PRIu64 "; allowed is %.0f to %.0f (%s); correct the file", field->key, value,
                         field->least, field->most, field->help);
}

/* A value in the words of a class file. */
static fc_status set_word(fc_hf_reading *r, const fc_field *field, const fc_node *node) {
    if (node == NULL || node->kind != FC_NODE_SCALAR) {
        return fc_hf_class_error(r, node != NULL ? node : r->class_file, "one value is expected");
    }
    if (field->kind == FC_FIELD_BOOL) {
        bool value = false;
        FC_TRY(fc_hf_bool(&value, r, node, field->key));
        fc_hf_put_number(r, field, value ? 1 : 0);
        return FC_OK;
    }
    if (field->kind == FC_FIELD_ENUM) {
        for (uint32_t i = 0; field->names[i] != NULL; i++) {
            if (strcmp(field->names[i], node->text) == 0) {
                fc_hf_put_number(r, field, i);
                return FC_OK;
            }
        }
        return fc_hf_class_error(r, node, "no value of this input");
    }
    uint64_t value = 0;
    FC_TRY(fc_hf_evaluate(&value, r, field->key, node));
    if (r->missing_count == 0) {
        FC_TRY(check_range(r, field, r->config, value));
        fc_hf_put_number(r, field, value);
    }
    return FC_OK;
}

/* A value of the file that the class translates: {"true": 2, "false": 0}. */
static fc_status set_translated(fc_hf_reading *r, const fc_field *field, const fc_node *node, const char *config_key,
                                const fc_node *words) {
    const fc_node *word = node->kind == FC_NODE_SCALAR ? fc_node_get(words, node->text) : NULL;
    if (word != NULL) {
        return set_word(r, field, word);
    }
    char found[96];
    fc_node_describe(node, found, sizeof found);
    fc_text allowed = fc_text_start(r->arena);
    for (const fc_node *child = words->first; child != NULL; child = child->next) {
        fc_text_addf(&allowed, "%s%s", child == words->first ? "" : ", ", child->key);
    }
    if (allowed.failed || allowed.bytes == NULL) {
        return fc_hf_no_memory(r);
    }
    return fc_node_error(r->error, FC_BAD_INPUT, node, false, "%s: found %s; what class %s knows is %.200s", config_key,
                         found, r->model_type, allowed.bytes);
}

static fc_status set_from_file(fc_hf_reading *r, const fc_field *field, const fc_node *row, const fc_node *node,
                               const char *config_key) {
    const fc_node *words = fc_node_get(row, "words");
    if (words != NULL) {
        return set_translated(r, field, node, config_key, words);
    }
    if (field->kind == FC_FIELD_BOOL) {
        bool value = false;
        FC_TRY(fc_hf_bool(&value, r, node, config_key));
        fc_hf_put_number(r, field, value ? 1 : 0);
        return FC_OK;
    }
    if (!fc_hf_is_number(field)) {
        return fc_hf_class_error(r, row, "an input of this kind needs words");
    }
    uint64_t value = 0;
    FC_TRY(fc_hf_whole(&value, r, node, config_key, (uint64_t)field->least, (uint64_t)field->most));
    const fc_node *times = fc_node_get(row, "times");
    const fc_node *plus = fc_node_get(row, "plus");
    uint64_t factor = 1;
    uint64_t summand = 0;
    if (times != NULL) {
        FC_TRY(fc_hf_evaluate(&factor, r, field->key, times));
    }
    if (plus != NULL) {
        FC_TRY(fc_hf_evaluate(&summand, r, field->key, plus));
    }
    if (factor != 0 && value > (UINT64_MAX - summand) / factor) {
        return check_range(r, field, node, UINT64_MAX);
    }
    value = value * factor + summand;
    FC_TRY(check_range(r, field, node, value));
    fc_hf_put_number(r, field, value);
    return FC_OK;
}

static const char *value_text(const fc_hf_reading *r, const fc_field *field) {
    const char *place = (const char *)r->model + field->offset;
    if (field->kind == FC_FIELD_BOOL) {
        return *(const uint8_t *)place != 0 ? "true" : "false";
    }
    if (field->kind == FC_FIELD_ENUM) {
        uint32_t index = 0;
        memcpy(&index, place, sizeof index);
        return field->names[index];
    }
    return fc_arena_printf(r->arena, "%" PRIu64, fc_hf_get_number(r, field));
}

/* The number of layers where only a list or a string of them is given. */
static bool length_of(uint64_t *out, const fc_hf_reading *r, const fc_node *row) {
    const char *key = "";
    const fc_node *keys = fc_node_get(row, "length_of");
    const fc_node *node = keys != NULL ? fc_hf_lookup(r->config, keys, &key) : NULL;
    if (node == NULL || (node->kind != FC_NODE_LIST && node->kind != FC_NODE_SCALAR)) {
        return false;
    }
    *out = node->kind == FC_NODE_LIST ? node->count : strlen(node->text);
    return true;
}

static fc_status set_without_file(fc_hf_reading *r, const fc_field *field, const fc_node *row, bool is_null,
                                  fc_hf_origin *origin) {
    const fc_node *none = is_null ? fc_node_get(row, "none") : NULL;
    uint64_t length = 0;
    *origin = none != NULL ? FC_HF_FROM_FILE : FC_HF_FROM_CLASS;
    if (none != NULL) {
        return set_word(r, field, none);
    }
    if (length_of(&length, r, row)) {
        *origin = FC_HF_FROM_FILE;
        FC_TRY(check_range(r, field, r->config, length));
        fc_hf_put_number(r, field, length);
        return FC_OK;
    }
    if (fc_node_get(row, "default") != NULL) {
        return set_word(r, field, fc_node_get(row, "default"));
    }
    *origin = FC_HF_ORIGIN_COUNT;
    const fc_node *optional = fc_node_get(row, "optional");
    if (optional != NULL) {
        return FC_OK;
    }
    return fc_hf_add_missing(r, row->kind == FC_NODE_MAP ? fc_node_get(row, "key") : row);
}

static fc_status add_remark(fc_hf_reading *r, const fc_field *field, const fc_node *row, const char *config_key) {
    const fc_node *remark = fc_node_get(row, "remark");
    if (remark == NULL || remark->kind != FC_NODE_SCALAR) {
        return FC_OK;
    }
    const char *text = fc_arena_printf(r->arena, "%s: %s", config_key, remark->text);
    return fc_hf_add_fact(r, field->key, text, config_key, FC_HF_REMARK);
}

/* A value too large to be what the input means: a context length far beyond what models are trained with. The input
 * stays open, and a remark says so. */
static fc_status is_beyond(bool *out, fc_hf_reading *r, const fc_field *field, const fc_node *row, const fc_node *node,
                           const char *config_key) {
    const fc_node *up_to = fc_node_get(row, "up_to");
    uint64_t limit = 0;
    uint64_t value = 0;
    *out = false;
    if (up_to == NULL || up_to->kind != FC_NODE_SCALAR || !fc_hf_is_number(field)) {
        return FC_OK;
    }
    FC_TRY(fc_hf_evaluate(&limit, r, field->key, up_to));
    FC_TRY(fc_hf_whole(&value, r, node, config_key, (uint64_t)field->least, (uint64_t)field->most));
    if (limit == 0 || value <= limit) {
        return FC_OK;
    }
    *out = true;
    const char *text = fc_arena_printf(
        r->arena, "left open: %s %" PRIu64 " is a limit, not what a model is trained with", config_key, value);
    return fc_hf_add_fact(r, field->key, text, config_key, FC_HF_REMARK);
}

static fc_status read_input(fc_hf_reading *r, const fc_node *row) {
    const fc_field *field = NULL;
    FC_TRY(find_field(&field, r, row));
    const fc_node *keys = row->kind == FC_NODE_MAP ? fc_node_get(row, "key") : row;
    const char *key = "";
    const fc_node *node = fc_hf_lookup(r->config, keys, &key);
    if (node == NULL && fc_node_get(row, "outer") != NULL) {
        node = fc_hf_lookup(r->outer, keys, &key);
    }
    fc_hf_origin origin = FC_HF_FROM_FILE;
    if (node != NULL && node->kind != FC_NODE_NULL) {
        bool beyond = false;
        FC_TRY(is_beyond(&beyond, r, field, row, node, key));
        if (beyond) {
            return FC_OK;
        }
        FC_TRY(set_from_file(r, field, row, node, key));
    } else {
        FC_TRY(set_without_file(r, field, row, node != NULL, &origin));
    }
    if (origin == FC_HF_ORIGIN_COUNT) {
        return FC_OK;
    }
    FC_TRY(fc_hf_add_fact(r, field->key, value_text(r, field), key, origin));
    return add_remark(r, field, row, key);
}

static fc_status read_fixed(fc_hf_reading *r, const fc_node *row) {
    const fc_field *field = NULL;
    FC_TRY(find_field(&field, r, row));
    FC_TRY(set_word(r, field, row));
    return fc_hf_add_fact(r, field->key, value_text(r, field), "", FC_HF_FIXED);
}

/* ---- all rows --------------------------------------------------------------------------------------------------- */

static fc_status case_applies(bool *out, fc_hf_reading *r, const fc_node *one) {
    bool value = false;
    FC_TRY(fc_hf_switch(&value, r, one));
    const fc_node *wanted = fc_node_get(one, "is");
    *out = wanted != NULL && wanted->kind == FC_NODE_SCALAR && value == (strcmp(wanted->text, "true") == 0);
    return FC_OK;
}

/* Whether a case from `from` on applies and has its own row for the input. */
static fc_status overridden(bool *out, fc_hf_reading *r, const fc_node *from, const char *key) {
    *out = false;
    for (const fc_node *one = from; one != NULL && !*out; one = one->next) {
        bool has =
            fc_node_get(fc_node_get(one, "inputs"), key) != NULL || fc_node_get(fc_node_get(one, "fixed"), key) != NULL;
        if (has) {
            FC_TRY(case_applies(out, r, one));
        }
    }
    return FC_OK;
}

static fc_status read_block(fc_hf_reading *r, const fc_node *block, const fc_node *later_cases) {
    bool replaced = false;
    const fc_node *inputs = fc_node_get(block, "inputs");
    for (const fc_node *row = inputs != NULL ? inputs->first : NULL; row != NULL; row = row->next) {
        FC_TRY(overridden(&replaced, r, later_cases, row->key));
        if (!replaced) {
            FC_TRY(read_input(r, row));
        }
    }
    const fc_node *fixed = fc_node_get(block, "fixed");
    for (const fc_node *row = fixed != NULL ? fixed->first : NULL; row != NULL; row = row->next) {
        FC_TRY(overridden(&replaced, r, later_cases, row->key));
        if (!replaced) {
            FC_TRY(read_fixed(r, row));
        }
    }
    return FC_OK;
}

/* A setting of the class that changes the model in a way for which there is no input. */
static fc_status check_only(const fc_hf_reading *r, const fc_node *only) {
    const fc_node *node = fc_hf_walk(r->config, only->key);
    const fc_node *wanted = fc_node_get(only, "is");
    const fc_node *why = fc_node_get(only, "why");
    if (wanted == NULL || why == NULL || why->kind != FC_NODE_SCALAR) {
        return fc_hf_class_error(r, only, "{is: value, why: text} is expected");
    }
    if (node == NULL || node->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    const char *expected = wanted->kind == FC_NODE_SCALAR ? wanted->text : "null";
    const fc_field *field = fc_fields_find(fc_fields_noun(FC_NOUN_MODEL), expected);
    if (field != NULL && fc_hf_is_number(field)) {
        expected = value_text(r, field);
    }
    if (expected == NULL) {
        return fc_hf_no_memory(r);
    }
    if (node->kind == FC_NODE_SCALAR && strcmp(node->text, expected) == 0) {
        return FC_OK;
    }
    char found[96];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(r->error, FC_BAD_INPUT, node, false,
                         "%s is %s; class %s can be read with %s only: %s. Write the model as a mapping of fields",
                         only->key, found, r->model_type, expected, why->text);
}

fc_status fc_hf_rows_read(fc_hf_reading *r) {
    const fc_node *cases = fc_node_get(r->class_file, "cases");
    const fc_node *first = cases != NULL ? cases->first : NULL;
    FC_TRY(read_block(r, r->class_file, first));
    for (const fc_node *one = first; one != NULL; one = one->next) {
        bool applies = false;
        FC_TRY(case_applies(&applies, r, one));
        if (applies) {
            FC_TRY(read_block(r, one, one->next));
        }
    }
    const fc_node *only = fc_node_get(r->class_file, "only");
    for (const fc_node *row = only != NULL ? only->first : NULL; row != NULL; row = row->next) {
        if (r->missing_count == 0) {
            FC_TRY(check_only(r, row));
        }
    }
    return FC_OK;
}
