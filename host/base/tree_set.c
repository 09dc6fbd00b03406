#include "text.h"
#include "tree_build.h"

#include <assert.h>
#include <string.h>

#define SOURCE "--set"

static fc_status out_of_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, SOURCE, 0, 0, "no memory left to set a value");
}

/* Lines and columns inside of an argument help nobody; errors name the key instead. */
static void forget_places(fc_node *node) {
    node->line = 0;
    node->column = 0;
    node->key_line = 0;
    node->key_column = 0;
    for (fc_node *child = node->first; child != NULL; child = child->next) {
        forget_places(child);
    }
}

static fc_status parse_value(fc_node **out, fc_arena *arena, const char *value, fc_error *error) {
    size_t size = strlen(value);
    const char *start = value + strspn(value, " \t");
    /* Only what looks like a list, a map or a quoted text is YAML: "a: b" and "50 # of 60" stay texts. */
    if (*start != '\0' && strchr("[{\"'", *start) != NULL) {
        FC_TRY(fc_yaml_parse(out, arena, SOURCE, value, size, error));
        forget_places(*out);
        return FC_OK;
    }
    fc_builder builder;
    fc_place nowhere = {0, 0};
    FC_TRY(fc_builder_start(&builder, arena, SOURCE, value, size, error));
    size = strlen(start);
    while (size > 0 && (start[size - 1] == ' ' || start[size - 1] == '\t')) {
        size--;
    }
    const char *text = fc_arena_strndup(arena, start, size);
    if (text == NULL) {
        return out_of_memory(error);
    }
    bool null = size == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
    FC_TRY(fc_builder_node(out, &builder, null ? FC_NODE_NULL : FC_NODE_SCALAR, nowhere));
    (*out)->text = null ? NULL : text;
    return FC_OK;
}

/* Takes over what `value` is; the node keeps its key and its neighbours. */
static void become(fc_node *node, const fc_node *value) {
    node->kind = value->kind;
    node->text = value->text;
    node->quoted = value->quoted;
    node->first = value->first;
    node->last = value->last;
    node->count = value->count;
    node->line = value->line;
    node->column = value->column;
    node->source = value->source;
    node->used = false;
}

/* Gives the node room for children: nothing becomes a map, a scalar the map {base: scalar}. */
static fc_status make_room(fc_node *node, fc_arena *arena, fc_error *error) {
    if (node->kind == FC_NODE_MAP || node->kind == FC_NODE_LIST) {
        return FC_OK;
    }
    fc_node empty = {.kind = FC_NODE_MAP, .line = node->line, .column = node->column, .source = node->source};
    if (node->kind == FC_NODE_SCALAR) {
        fc_node *base = fc_node_add(arena, &empty, "base", FC_NODE_SCALAR, node->text);
        if (base == NULL) {
            return out_of_memory(error);
        }
        base->quoted = node->quoted;
        base->line = node->line;
        base->column = node->column;
    }
    become(node, &empty);
    return FC_OK;
}

/* The entry's name, or NULL. */
static const char *entry_name(const fc_node *entry) {
    const fc_node *name = fc_node_get(entry, "name");
    return name != NULL && name->kind == FC_NODE_SCALAR ? name->text : NULL;
}

static fc_node *find_entry_by_name(const fc_node *list, const char *name) {
    fc_node *near = NULL;
    for (fc_node *entry = list->first; entry != NULL; entry = entry->next) {
        const char *found = entry_name(entry);
        if (found != NULL && strcmp(found, name) == 0) {
            return entry;
        }
        if (found != NULL && near == NULL && fc_text_same_name(found, name)) {
            near = entry;
        }
    }
    return near;
}

/* An index of the list; false when `text` is no whole number. Too large ones give the length of the list. */
static bool read_index(size_t *out, const fc_node *list, const char *text) {
    size_t index = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        index = index < list->count ? index * 10 + (size_t)(*text - '0') : list->count;
    }
    *out = index < list->count ? index : list->count;
    return true;
}

static fc_status refuse_entry(const fc_node *list, const char *path, const char *name, fc_error *error) {
    const char *nearest = NULL;
    for (const fc_node *entry = list->first; entry != NULL && nearest == NULL; entry = entry->next) {
        const char *candidate = entry_name(entry);
        if (candidate != NULL && fc_text_nearest(name, &candidate, 1) != NULL) {
            nearest = candidate;
        }
    }
    char shown_path[FC_NAME_SIZE];
    char shown_name[FC_NAME_SIZE];
    char shown_nearest[FC_NAME_SIZE];
    fc_text_excerpt(shown_path, sizeof shown_path, path);
    fc_text_excerpt(shown_name, sizeof shown_name, name);
    fc_text_excerpt(shown_nearest, sizeof shown_nearest, nearest == NULL ? "" : nearest);
    if (list->count == 0) {
        return fc_error_set(error, FC_BAD_INPUT, SOURCE, 0, 0, "in %s: the list before \"%s\" is empty", shown_path,
                            shown_name);
    }
    return fc_error_set(error, FC_BAD_INPUT, SOURCE, 0, 0,
                        "in %s: \"%s\" is no entry of the list; write its place from 0 to %zu or its name%s%s%s",
                        shown_path, shown_name, list->count - 1, nearest == NULL ? "" : " (\"", shown_nearest,
                        nearest == NULL ? "" : "\"?)");
}

static fc_status find_entry(fc_node **out, const fc_node *list, const char *path, const char *name, fc_error *error) {
    size_t index = 0;
    *out = find_entry_by_name(list, name);
    if (*out == NULL && read_index(&index, list, name)) {
        *out = fc_node_at(list, index);
    }
    return *out == NULL ? refuse_entry(list, path, name, error) : FC_OK;
}

/* The child that a step names; a map gets it when it is not there. */
static fc_status descend(fc_node **node, fc_arena *arena, const char *path, const char *name, fc_error *error) {
    FC_TRY(make_room(*node, arena, error));
    if ((*node)->kind == FC_NODE_LIST) {
        return find_entry(node, *node, path, name, error);
    }
    fc_node *child = fc_node_get(*node, name);
    if (child == NULL) {
        child = fc_node_add(arena, *node, name, FC_NODE_NULL, NULL);
        if (child == NULL) {
            return out_of_memory(error);
        }
        child->source = SOURCE;
    }
    *node = child;
    return FC_OK;
}

static fc_status check_path(fc_arena *arena, const char *path, fc_error *error) {
    fc_builder builder;
    FC_TRY(fc_builder_start(&builder, arena, SOURCE, path, strlen(path), error));
    size_t dots = 0;
    for (const char *c = path; *c != '\0'; c++) {
        dots += *c == '.';
    }
    size_t size = strlen(path);
    if (size == 0 || path[0] == '.' || path[size - 1] == '.' || strstr(path, "..") != NULL) {
        char shown[FC_NAME_SIZE];
        fc_text_excerpt(shown, sizeof shown, path);
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "\"%s\" names no key; write keys with one dot between them, such as deal.usd_per_chip_h",
                            shown);
    }
    if (dots >= FC_TREE_MAX_DEPTH) {
        return fc_error_set(error, FC_OVER_LIMIT, SOURCE, 0, 0, "a path of %zu keys; at most %d are followed", dots + 1,
                            FC_TREE_MAX_DEPTH);
    }
    return FC_OK;
}

fc_status fc_tree_set(fc_node *root, fc_arena *arena, const char *path, const char *value, fc_error *error) {
    FC_TRY(check_path(arena, path, error));
    fc_node *parsed = NULL;
    FC_TRY(parse_value(&parsed, arena, value, error));
    char *names = fc_arena_strdup(arena, path);
    if (names == NULL) {
        return out_of_memory(error);
    }
    fc_node *node = root;
    char *name = names;
    while (name != NULL) {
        char *dot = strchr(name, '.');
        if (dot != NULL) {
            *dot = '\0';
        }
        FC_TRY(descend(&node, arena, path, name, error));
        name = dot == NULL ? NULL : dot + 1;
    }
    assert(parsed != NULL);
    become(node, parsed);
    return FC_OK;
}
