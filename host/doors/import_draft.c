/* import_draft.c: sets values, finds contradictions, writes YAML. */
#include "import_draft.h"

#include "../base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const SECTIONS[] = {"model", "cluster", "workload", "stack", "plan"};

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

fc_status fc_draft_start(fc_draft *out, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->arena = arena;
    out->tree = fc_arena_alloc(arena, sizeof *out->tree);
    if (out->tree == NULL) {
        return no_memory(error);
    }
    out->tree->kind = FC_NODE_MAP;
    out->tree->source = "the imported study";
    for (size_t i = 0; i < sizeof SECTIONS / sizeof SECTIONS[0]; i++) {
        if (fc_node_add(arena, out->tree, SECTIONS[i], FC_NODE_MAP, NULL) == NULL) {
            return no_memory(error);
        }
    }
    return FC_OK;
}

fc_status fc_place_error(fc_error *error, fc_place place, const char *format, ...) {
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fc_error_set(error, FC_BAD_INPUT, place.source, place.line, place.column, "%s", text);
}

/* ---- values --------------------------------------------------------------------------------------------------- */

/* The next part of a dotted path into `part`; the rest, or NULL after the last. */
static const char *next_part(char part[FC_NAME_SIZE], const char *path) {
    size_t length = strcspn(path, ".");
    size_t kept = length < FC_NAME_SIZE ? length : FC_NAME_SIZE - 1;
    memcpy(part, path, kept);
    part[kept] = '\0';
    return path[length] == '.' ? path + length + 1 : NULL;
}

fc_node *fc_draft_get(const fc_draft *draft, const char *path) {
    fc_node *node = draft->tree;
    while (node != NULL && path != NULL) {
        char part[FC_NAME_SIZE];
        path = next_part(part, path);
        node = fc_node_get(node, part);
    }
    return node;
}

static fc_status contradiction(const fc_node *old, fc_place place, const char *path, const char *text,
                               fc_error *error) {
    char here[48];
    char there[48];
    fc_text_excerpt(here, sizeof here, text);
    fc_text_excerpt(there, sizeof there, old->text != NULL ? old->text : "a map");
    return fc_place_error(error, place, "%s is %s here and %s in %s, line %d: the two contradict each other; keep one",
                          path, here, there, old->source != NULL ? old->source : "this study", old->line);
}

static void put_place(fc_node *node, fc_place place) {
    if (place.source != NULL) {
        node->source = place.source;
        node->line = place.line;
        node->column = place.column;
        node->key_line = place.line;
        node->key_column = place.column;
    }
}

fc_status fc_draft_set(fc_draft *draft, fc_place place, const char *path, const char *text, fc_error *error) {
    fc_node *node = draft->tree;
    const char *rest = path;
    while (rest != NULL) {
        char part[FC_NAME_SIZE];
        rest = next_part(part, rest);
        fc_node *child = fc_node_get(node, part);
        if (child != NULL && rest == NULL) {
            return child->text != NULL && strcmp(child->text, text) == 0
                       ? FC_OK
                       : contradiction(child, place, path, text, error);
        }
        if (child == NULL) {
            child = fc_node_add(draft->arena, node, part, rest == NULL ? FC_NODE_SCALAR : FC_NODE_MAP, text);
            if (child == NULL) {
                return no_memory(error);
            }
            put_place(child, place);
        }
        node = child;
    }
    return FC_OK;
}

fc_status fc_draft_set_count(fc_draft *draft, fc_place place, const char *path, uint64_t value, fc_error *error) {
    const char *text = fc_arena_printf(draft->arena, "%" PRIu64, value);
    return text != NULL ? fc_draft_set(draft, place, path, text, error) : no_memory(error);
}

fc_status fc_draft_set_flag(fc_draft *draft, fc_place place, const char *path, bool value, fc_error *error) {
    return fc_draft_set(draft, place, path, value ? "true" : "false", error);
}

fc_status fc_draft_set_number(fc_draft *draft, fc_place place, const char *path, double value, const char *unit,
                              fc_error *error) {
    char number[64];
    fc_units_format_exact(number, sizeof number, value);
    const char *text = fc_arena_printf(draft->arena, "%s%s", number, unit);
    return text != NULL ? fc_draft_set(draft, place, path, text, error) : no_memory(error);
}

/* ---- remarks -------------------------------------------------------------------------------------------------- */

void fc_draft_remark(fc_draft *draft, fc_remark_kind kind, fc_place place, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fc_remark *remark = fc_arena_alloc(draft->arena, sizeof *remark);
    char *copy = fc_arena_strdup(draft->arena, text);
    if (remark == NULL || copy == NULL) {
        draft->failed = true;
        return;
    }
    *remark = (fc_remark){.kind = kind, .place = place, .text = copy};
    if (draft->last_remark != NULL) {
        draft->last_remark->next = remark;
    } else {
        draft->first_remark = remark;
    }
    draft->last_remark = remark;
}

const char *fc_remark_line(fc_arena *arena, const fc_remark *remark) {
    static const char *const words[FC_REMARK_KIND_COUNT] = {
        "not understood: ", "not taken over: ", "assumed: ", "no part of time or memory: "};
    char text[600];
    char source[FC_TEXT_SIZE];
    fc_text_excerpt(text, sizeof text, remark->text);
    fc_text_excerpt(source, sizeof source, remark->place.source != NULL ? remark->place.source : "");
    const char *line = source[0] == '\0'        ? fc_arena_printf(arena, "%s%s", words[remark->kind], text)
                       : remark->place.line > 0 ? fc_arena_printf(arena, "%s:%d: %s%s", source, remark->place.line,
                                                                  words[remark->kind], text)
                                                : fc_arena_printf(arena, "%s: %s%s", source, words[remark->kind], text);
    return line != NULL ? line : "out of memory";
}

/* ---- YAML ----------------------------------------------------------------------------------------------------- */

/* Letters, digits and what numbers and units need stand bare; all else in double quotes. */
static void write_scalar(fc_text *out, const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+ ";
    bool bare = text[0] != '\0' && text[strspn(text, plain)] == '\0' && strchr("- ", text[0]) == NULL &&
                text[strlen(text) - 1] != ' ' && strcmp(text, "null") != 0;
    if (bare) {
        fc_text_add(out, text);
        return;
    }
    char clean[FC_TEXT_SIZE * 2];
    fc_text_excerpt(clean, sizeof clean, text);
    fc_text_add(out, "\"");
    for (const char *at = clean; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            fc_text_add(out, "\\");
        }
        fc_text_add_bytes(out, at, 1);
    }
    fc_text_add(out, "\"");
}

static void write_map(fc_text *out, const fc_node *map, int depth);

/* Lists hold maps of scalars only (tiers): one line each. */
static void write_list(fc_text *out, const fc_node *list, int depth) {
    for (const fc_node *item = list->first; item != NULL; item = item->next) {
        fc_text_addf(out, "%*s- {", 2 * depth, "");
        for (const fc_node *value = item->first; value != NULL; value = value->next) {
            fc_text_addf(out, "%s%s: ", value == item->first ? "" : ", ", value->key);
            write_scalar(out, value->text != NULL ? value->text : "");
        }
        fc_text_add(out, "}\n");
    }
}

static void write_member(fc_text *out, const fc_node *node, int depth) {
    fc_text_addf(out, "%*s%s:", 2 * depth, "", node->key);
    if (node->kind == FC_NODE_SCALAR) {
        fc_text_add(out, " ");
        write_scalar(out, node->text);
        fc_text_add(out, "\n");
    } else if (node->kind == FC_NODE_LIST) {
        fc_text_add(out, "\n");
        write_list(out, node, depth + 1);
    } else {
        fc_text_add(out, "\n");
        write_map(out, node, depth + 1);
    }
}

static void write_map(fc_text *out, const fc_node *map, int depth) {
    for (const fc_node *node = map->first; node != NULL; node = node->next) {
        bool empty = node->kind == FC_NODE_NULL || (node->kind != FC_NODE_SCALAR && node->count == 0);
        if (!empty) {
            write_member(out, node, depth);
        }
    }
}

void fc_draft_write(fc_text *out, const fc_draft *draft, const char *title) {
    char clean[FC_TEXT_SIZE];
    fc_text_excerpt(clean, sizeof clean, title);
    fc_text_addf(out, "# %s\n", clean);
    for (const fc_remark *remark = draft->first_remark; remark != NULL; remark = remark->next) {
        fc_text_addf(out, "# %s\n", fc_remark_line(draft->arena, remark));
    }
    write_map(out, draft->tree, 0);
}
