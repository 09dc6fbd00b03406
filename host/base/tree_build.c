#include "tree_build.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here comparing every pair is quicker than sorting, and needs no memory. */
#define FEW_KEYS 8

fc_place fc_place_of(const char *bytes, size_t size, size_t offset) {
    fc_place place = {1, 1};
    for (size_t i = 0; i < offset && i < size; i++) {
        if (bytes[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)bytes[i] & 0xC0U) != 0x80U) {
            place.column++;
        }
    }
    return place;
}

static fc_status check_bytes(fc_builder *builder, const char *bytes, size_t size) {
    size_t i = 0;
    while (i < size) {
        unsigned char b = (unsigned char)bytes[i];
        size_t length = fc_text_character_size(bytes + i, size - i);
        if (length == 0) {
            return fc_builder_fail(builder, FC_BAD_INPUT, fc_place_of(bytes, size, i),
                                   "byte 0x%02X is not valid UTF-8; save the file as UTF-8 text", (unsigned)b);
        }
        if (b < 0x20 && b != '\n' && b != '\t' && b != '\r') {
            return fc_builder_fail(builder, FC_BAD_INPUT, fc_place_of(bytes, size, i),
                                   "control byte 0x%02X is not allowed in a text file", (unsigned)b);
        }
        i += length;
    }
    return FC_OK;
}

fc_status fc_builder_start(fc_builder *out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                           fc_error *error) {
    *out = (fc_builder){.arena = arena, .error = error};
    const char *name = source == NULL ? "" : source;
    if (size > FC_FILE_MAX_BYTES) {
        return fc_error_set(error, FC_OVER_LIMIT, name, 0, 0, "the input has %zu bytes; at most %zu are read", size,
                            FC_FILE_MAX_BYTES);
    }
    out->source = fc_arena_strdup(arena, name);
    if (out->source == NULL) {
        return fc_error_set(error, FC_FAILED, name, 0, 0, "no memory left to read it");
    }
    return check_bytes(out, bytes, size);
}

fc_status fc_builder_fail(fc_builder *builder, fc_status status, fc_place place, const char *format, ...) {
    char text[sizeof builder->error->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fc_error_set(builder->error, status, builder->source, place.line, place.column, "%s", text);
}

fc_status fc_builder_out_of_memory(fc_builder *builder) {
    return fc_error_set(builder->error, FC_FAILED, builder->source, 0, 0,
                        "no memory left to read it (after %zu values)", builder->node_count);
}

fc_status fc_builder_too_deep(fc_builder *builder, fc_place place) {
    return fc_builder_fail(builder, FC_OVER_LIMIT, place, "lists and maps are nested more than %d deep",
                           FC_TREE_MAX_DEPTH);
}

fc_status fc_builder_node(fc_node **out, fc_builder *builder, fc_node_kind kind, fc_place place) {
    if (builder->node_count == FC_TREE_MAX_NODES) {
        return fc_builder_fail(builder, FC_OVER_LIMIT, place, "more than %zu values in one file", FC_TREE_MAX_NODES);
    }
    fc_node *node = fc_arena_alloc(builder->arena, sizeof *node);
    if (node == NULL) {
        return fc_builder_out_of_memory(builder);
    }
    node->kind = kind;
    node->line = place.line;
    node->column = place.column;
    node->source = builder->source;
    builder->node_count++;
    *out = node;
    return FC_OK;
}

void fc_node_append(fc_node *parent, fc_node *child) {
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

static bool stands_before(const fc_node *a, const fc_node *b) {
    return a->key_line < b->key_line || (a->key_line == b->key_line && a->key_column < b->key_column);
}

static int compare_keys(const void *a, const void *b) {
    const fc_node *left = *(const fc_node *const *)a;
    const fc_node *right = *(const fc_node *const *)b;
    int order = strcmp(left->key, right->key);
    if (order != 0) {
        return order;
    }
    return stands_before(left, right) ? -1 : 1;
}

static fc_status refuse_key(fc_builder *builder, const fc_node *first, const fc_node *second) {
    char key[FC_NAME_SIZE];
    fc_text_excerpt(key, sizeof key, second->key);
    fc_place place = {second->key_line, second->key_column};
    return fc_builder_fail(builder, FC_BAD_INPUT, place,
                           "the key \"%s\" stands twice, first in line %d; keep one of them", key, first->key_line);
}

static fc_status check_few_keys(fc_builder *builder, const fc_node *map) {
    for (const fc_node *second = map->first; second != NULL; second = second->next) {
        for (const fc_node *first = map->first; first != second; first = first->next) {
            if (strcmp(first->key, second->key) == 0) {
                return refuse_key(builder, first, second);
            }
        }
    }
    return FC_OK;
}

fc_status fc_builder_check_keys(fc_builder *builder, const fc_node *map) {
    if (map->count <= FEW_KEYS) {
        return check_few_keys(builder, map);
    }
    const fc_node **sorted = fc_arena_alloc(builder->arena, map->count * sizeof *sorted);
    if (sorted == NULL) {
        return fc_builder_out_of_memory(builder);
    }
    size_t count = 0;
    for (const fc_node *child = map->first; child != NULL; child = child->next) {
        sorted[count++] = child;
    }
    qsort(sorted, count, sizeof *sorted, compare_keys);
    size_t found = 0;
    for (size_t i = 1; i < count; i++) {
        bool same = strcmp(sorted[i - 1]->key, sorted[i]->key) == 0;
        if (same && (found == 0 || stands_before(sorted[i], sorted[found]))) {
            found = i;
        }
    }
    return found == 0 ? FC_OK : refuse_key(builder, sorted[found - 1], sorted[found]);
}
