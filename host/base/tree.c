#include "tree.h"

#include "text.h"
#include "tree_build.h"
#include "units.h" /* what counts as a number */

#include <stdio.h>
#include <string.h>

fc_status fc_tree_read(fc_node **out, fc_arena *arena, const char *path, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    FC_TRY(fc_file_read(&bytes, &size, arena, path, error));
    if (fc_text_ends(path, ".json")) {
        return fc_json_parse(out, arena, path, bytes, size, error);
    }
    return fc_yaml_parse(out, arena, path, bytes, size, error);
}

fc_node *fc_node_get(const fc_node *map, const char *key) {
    if (map == NULL || map->kind != FC_NODE_MAP) {
        return NULL;
    }
    for (fc_node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

fc_node *fc_node_at(const fc_node *parent, size_t index) {
    if (parent == NULL || index >= parent->count) {
        return NULL;
    }
    fc_node *child = parent->first;
    for (; index > 0; index--) {
        child = child->next;
    }
    return child;
}

fc_node *fc_node_add(fc_arena *arena, fc_node *parent, const char *key, fc_node_kind kind, const char *text) {
    fc_node *node = fc_arena_alloc(arena, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->kind = kind;
    node->source = parent->source;
    if (kind == FC_NODE_SCALAR) {
        node->text = fc_arena_strdup(arena, text == NULL ? "" : text);
        if (node->text == NULL) {
            return NULL;
        }
    }
    if (key != NULL) {
        node->key = fc_arena_strdup(arena, key);
        if (node->key == NULL) {
            return NULL;
        }
    }
    fc_node_append(parent, node);
    return node;
}

fc_node *fc_node_copy(fc_arena *arena, const fc_node *node) {
    fc_node *copy = fc_arena_alloc(arena, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    *copy = *node;
    copy->first = NULL;
    copy->last = NULL;
    copy->next = NULL;
    copy->count = 0;
    copy->used = false;
    copy->key = node->key == NULL ? NULL : fc_arena_strdup(arena, node->key);
    copy->text = node->text == NULL ? NULL : fc_arena_strdup(arena, node->text);
    copy->source = node->source == NULL ? NULL : fc_arena_strdup(arena, node->source);
    bool lacking = (node->key != NULL && copy->key == NULL) || (node->text != NULL && copy->text == NULL) ||
                   (node->source != NULL && copy->source == NULL);
    if (lacking) {
        return NULL;
    }
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        fc_node *child_copy = fc_node_copy(arena, child);
        if (child_copy == NULL) {
            return NULL;
        }
        fc_node_append(copy, child_copy);
    }
    return copy;
}

fc_status fc_node_error(fc_error *error, fc_status status, const fc_node *node, bool at_key, const char *format, ...) {
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (node == NULL) {
        return fc_error_set(error, status, NULL, 0, 0, "%s", text);
    }
    bool key_known = at_key && node->key_line > 0;
    return fc_error_set(error, status, node->source, key_known ? node->key_line : node->line,
                        key_known ? node->key_column : node->column, "%s", text);
}

void fc_node_describe(const fc_node *node, char *out, size_t out_size) {
    const char *format = "nothing";
    char found[FC_NAME_SIZE] = "";
    if (node != NULL && node->kind == FC_NODE_MAP) {
        format = "a map";
    } else if (node != NULL && node->kind == FC_NODE_LIST) {
        format = "a list";
    } else if (node != NULL && node->kind == FC_NODE_SCALAR) {
        double number = 0;
        fc_text_excerpt(found, sizeof found, node->text);
        if (!node->quoted && fc_units_parse(&number, node->text, FC_UNIT_NONE, NULL) == FC_OK) {
            (void)snprintf(out, out_size, "the number %s", found);
        } else if (!node->quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
            (void)snprintf(out, out_size, "the value %s", found);
        } else {
            (void)snprintf(out, out_size, "the text \"%s\"", found);
        }
        return;
    }
    (void)snprintf(out, out_size, "%s", format);
}
