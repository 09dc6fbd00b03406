/* show_json.c: an entry as JSON. */
#include "show.h"

#include "../doors/json_out.h"
#include "entry.h"

#include <string.h>

/* Sources and what people wrote are texts even where they look like numbers. */
static bool is_prose(const char *key) {
    static const char *const keys[] = {"sources", "source", "date", "note", "notes",   "about",
                                       "title",   "what",   "name", "url",  "default", "released"};
    for (size_t i = 0; key != NULL && i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void add_scalar(fc_json_out *json, const fc_node *node) {
    bool truth = node->kind == FC_NODE_SCALAR && !node->quoted && strcmp(node->text, "true") == 0;
    bool falsehood = node->kind == FC_NODE_SCALAR && !node->quoted && strcmp(node->text, "false") == 0;
    if (node->kind == FC_NODE_NULL) {
        fc_json_out_null(json, node->key);
    } else if (truth || falsehood) {
        fc_json_out_bool(json, node->key, truth);
    } else {
        fc_json_out_text(json, node->key, node->text);
    }
}

static void add_age(fc_json_out *json, const fc_shown *shown, const fc_node *map) {
    double age_days = 0.0;
    bool is_source = fc_node_get(map, "title") != NULL; /* a source has a date, not an age */
    if (shown->dated && !is_source && fc_show_age(&age_days, shown, fc_entry_text(map, "date"))) {
        fc_json_out_count(json, "age_days", age_days);
    }
}

static void add_node(fc_json_out *json, const fc_shown *shown, const fc_noun *noun, const fc_node *node);

static void add_annotated(fc_json_out *json, const fc_shown *shown, const fc_leaf *leaf) {
    fc_json_out_object(json, leaf->node->key);
    for (const fc_node *child = leaf->node->first; child != NULL; child = child->next) {
        bool number = leaf->is_number && (child == leaf->scalar || child == leaf->low || child == leaf->high);
        if (number) {
            fc_json_out_number(json, child->key, fc_entry_si(leaf, child));
        } else if (child->kind == FC_NODE_SCALAR || child->kind == FC_NODE_NULL) {
            add_scalar(json, child);
        } else {
            add_node(json, shown, NULL, child);
        }
    }
    const char *unit = fc_entry_unit_name(leaf->unit);
    if (leaf->is_number && unit[0] != '\0') {
        fc_json_out_text(json, "unit", unit);
    }
    add_age(json, shown, leaf->node);
    fc_json_out_end_object(json);
}

/* A number with a unit is an object even when the file states it bare: a reader need not guess. */
static void add_leaf(fc_json_out *json, const fc_shown *shown, const fc_noun *noun, const fc_node *node) {
    if (is_prose(node->key) && node->kind != FC_NODE_MAP) {
        add_scalar(json, node);
        return;
    }
    fc_leaf leaf = fc_entry_leaf(noun, node);
    if (node->kind == FC_NODE_MAP) {
        add_annotated(json, shown, &leaf);
        return;
    }
    const char *unit = fc_entry_unit_name(leaf.unit);
    if (!leaf.is_number) {
        add_scalar(json, node);
    } else if (unit[0] == '\0') {
        fc_json_out_number(json, node->key, fc_entry_si(&leaf, node));
    } else {
        fc_json_out_object(json, node->key);
        fc_json_out_number(json, "value", fc_entry_si(&leaf, node));
        fc_json_out_text(json, "unit", unit);
        fc_json_out_end_object(json);
    }
}

static void add_children(fc_json_out *json, const fc_shown *shown, const fc_noun *noun, const fc_node *parent);

static void add_node(fc_json_out *json, const fc_shown *shown, const fc_noun *noun, const fc_node *node) {
    if (fc_entry_is_leaf(node)) {
        add_leaf(json, shown, noun, node);
        return;
    }
    const fc_noun *inner = node->key != NULL ? fc_entry_noun(node->key) : NULL;
    inner = inner != NULL ? inner : noun;
    if (node->kind == FC_NODE_LIST) {
        fc_json_out_list(json, node->key);
        add_children(json, shown, inner, node);
        fc_json_out_end_list(json);
        return;
    }
    fc_json_out_object(json, node->key);
    add_children(json, shown, inner, node);
    add_age(json, shown, node);
    fc_json_out_end_object(json);
}

static void add_children(fc_json_out *json, const fc_shown *shown, const fc_noun *noun, const fc_node *parent) {
    for (const fc_node *child = parent->first; child != NULL; child = child->next) {
        add_node(json, shown, noun, child);
    }
}

/* Keys that the answer itself begins with. */
static bool is_taken(const char *key) { return strcmp(key, "name") == 0 || strcmp(key, "kind") == 0; }

fc_status fc_show_json(fc_text *out, const fc_shown *shown, fc_error *error) {
    fc_json_out json = fc_json_out_start(out);
    fc_json_out_object(&json, NULL);
    fc_json_out_text(&json, "kind", shown->kind);
    fc_json_out_text(&json, "name", shown->name);
    fc_json_out_text(&json, "answer", fc_show_headline(shown));
    const fc_noun *noun = fc_entry_noun(shown->kind);
    for (const fc_node *child = shown->entry->first; child != NULL; child = child->next) {
        if (!is_taken(child->key)) {
            add_node(&json, shown, noun, child);
        }
    }
    fc_json_out_end_object(&json);
    if (json.failed) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%s/%s cannot be JSON: it is nested too deeply",
                            shown->kind, shown->name);
    }
    return FC_OK;
}
