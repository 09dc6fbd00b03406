/* calibration_values.c: a value that is wrong is named with what was found and what is allowed. */
#include "calibration_values.h"

#include "../base/text.h"
#include "../base/units.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)FC_RECORD_MOST_NAMES >= (int)FC_DTYPE_COUNT, "names of dtypes share the room");

fc_status fc_record_refuse(const fc_node *node, const char *what, fc_error *error) {
    char found[128];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(error, FC_BAD_INPUT, node, false, "%.40s is %s; it must be %s",
                         node->key != NULL ? node->key : "this entry", found, what);
}

fc_status fc_record_number(double *out, const fc_record_row *row, const fc_node *node, fc_error *error) {
    char range[96];
    bool whole = row->kind == FC_RECORD_U32;
    (void)snprintf(range, sizeof range, "a %snumber from %.10g to %.10g", whole ? "whole " : "", row->least, row->most);
    double value = 0.0;
    if (node->kind != FC_NODE_SCALAR || node->quoted ||
        fc_units_parse(&value, node->text, FC_UNIT_NONE, NULL) != FC_OK || !(value >= row->least) ||
        !(value <= row->most) || (whole && value != (double)(uint64_t)value)) {
        return fc_record_refuse(node, range, error);
    }
    *out = value;
    return FC_OK;
}

/* Texts end up on terminals and in reports: a control character has no business in them. */
fc_status fc_record_text(char *out, size_t size, const fc_node *node, fc_error *error) {
    if (node->kind != FC_NODE_SCALAR) {
        return fc_record_refuse(node, "a text", error);
    }
    for (const char *c = node->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            return fc_node_error(error, FC_BAD_INPUT, node, false, "%.40s holds a control character; remove it",
                                 node->key != NULL ? node->key : "this text");
        }
    }
    if (!fc_text_copy(out, size, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%.40s has %zu bytes; at most %zu are kept",
                             node->key != NULL ? node->key : "this text", strlen(node->text), size - 1);
    }
    return FC_OK;
}

fc_status fc_record_bool(uint8_t *out, const fc_node *node, fc_error *error) {
    bool is_true = node->kind == FC_NODE_SCALAR && !node->quoted && strcmp(node->text, "true") == 0;
    bool is_false = node->kind == FC_NODE_SCALAR && !node->quoted && strcmp(node->text, "false") == 0;
    if (!is_true && !is_false) {
        return fc_record_refuse(node, "true or false", error);
    }
    *out = is_true;
    return FC_OK;
}

static fc_status read_row(void *target, const fc_record_row *row, const fc_node *node, fc_error *error) {
    unsigned char *at = (unsigned char *)target + row->offset;
    double value = 0.0;
    switch (row->kind) {
    case FC_RECORD_F64:
        FC_TRY(fc_record_number(&value, row, node, error));
        memcpy(at, &value, sizeof value);
        return FC_OK;
    case FC_RECORD_U32: {
        FC_TRY(fc_record_number(&value, row, node, error));
        uint32_t count = (uint32_t)value;
        memcpy(at, &count, sizeof count);
        return FC_OK;
    }
    case FC_RECORD_BOOL:
        return fc_record_bool(at, node, error);
    case FC_RECORD_TEXT:
        return fc_record_text((char *)at, row->size, node, error);
    }
    return FC_OK;
}

fc_status fc_record_read(void *target, const fc_record_row *rows, size_t count, const fc_node *map, fc_error *error) {
    if (map->kind != FC_NODE_MAP) {
        return fc_record_refuse(map, "a map", error);
    }
    for (size_t i = 0; i < count; i++) {
        const fc_node *node = fc_node_get(map, rows[i].key);
        if (node == NULL || node->kind == FC_NODE_NULL) {
            if (rows[i].required) {
                return fc_node_error(error, FC_BAD_INPUT, map, false, "%s is missing here; add it", rows[i].key);
            }
            continue;
        }
        FC_TRY(read_row(target, &rows[i], node, error));
    }
    return FC_OK;
}

fc_status fc_record_which(uint32_t *out, const fc_node *node, const char *key, fc_record_name_of name, uint32_t count,
                          fc_error *error) {
    const char *names[FC_RECORD_MOST_NAMES];
    char allowed[320] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = name(i);
        if (node->kind == FC_NODE_SCALAR && strcmp(node->text, names[i]) == 0) {
            *out = i;
            return FC_OK;
        }
        int written = snprintf(allowed + used, sizeof allowed - used, "%s%s", i > 0 ? ", " : "", names[i]);
        used += (size_t)written < sizeof allowed - used ? (size_t)written : 0;
    }
    const char *nearest = node->kind == FC_NODE_SCALAR ? fc_text_nearest(node->text, names, count) : NULL;
    char found[128];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is %s%s%s%s; allowed are %s", key, found,
                         nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "?" : "", allowed);
}

fc_status fc_record_name(uint32_t *out, const fc_node *map, const char *key, fc_record_name_of name, uint32_t count,
                         bool required, fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (node == NULL || node->kind == FC_NODE_NULL) {
        return required ? fc_node_error(error, FC_BAD_INPUT, map, false, "%s is missing here; add it", key) : FC_OK;
    }
    return fc_record_which(out, node, key, name, count, error);
}
