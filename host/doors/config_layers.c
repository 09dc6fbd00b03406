/* config_layers.c: layers of one noun: defaults, catalogue entry, study. */
#include "config_layers.h"

#include "../base/text.h"

#include <string.h>

const char *const FC_ENTRY_KEYS[FC_ENTRY_KEYS_COUNT] = {"name",   "aliases", "about", "sources",
                                                        "source", "other",   "notes"};

fc_status fc_layer_no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

/* Files name their sources by short ids; people want to read what they stand for. */
static void spell_out_sources(fc_loading *loading, const fc_node *map, const char *origin) {
    const fc_node *sources = fc_node_get(map, "sources");
    if (strcmp(origin, "defaults") == 0) {
        sources = fc_node_get(loading->defaults, "sources");
    } else if (strcmp(origin, "study") == 0) {
        sources = loading->study_sources;
    }
    for (fc_fact *fact = loading->reader.first_fact; fact != NULL && sources != NULL; fact = fact->next) {
        const fc_node *known = fact->origin == origin ? fc_node_get(sources, fact->source) : NULL;
        const fc_node *title = fc_node_get(known, "title");
        const fc_node *date = fc_node_get(known, "date");
        fact->source = title != NULL && title->kind == FC_NODE_SCALAR ? title->text : fact->source;
        if (date != NULL && date->kind == FC_NODE_SCALAR && fact->date[0] == '\0') {
            fact->date = date->text;
        }
    }
}

/* Reads `map` over what `target` holds, as said by `origin`. */
fc_status fc_layer_read(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *map,
                        const char *origin, fc_grade grade, fc_error *error) {
    if (map == NULL || map->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    loading->reader.origin = origin;
    loading->reader.grade = grade;
    const fc_node *source = fc_node_get(map, "source");
    loading->reader.source = source != NULL && source->kind == FC_NODE_SCALAR ? source->text : NULL;
    fc_status status = fc_fields_read(&loading->reader, fc_fields_noun(id), path, target, map, error);
    loading->reader.source = NULL;
    spell_out_sources(loading, map, origin);
    return status;
}

fc_status fc_layer_refuse(const fc_node *map, fc_noun_id id, const char *const *more, size_t count, fc_error *error) {
    return fc_fields_refuse_unknown(map, fc_fields_noun(id), more, count, error);
}

/* A section of data/defaults.yaml. */
fc_status fc_layer_defaults(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *section,
                            fc_error *error) {
    return fc_layer_read(loading, id, path, target, section, "defaults", FC_GRADE_ASSUMED, error);
}

fc_status fc_layer_name(char *out, const fc_node *node, const char *what, fc_error *error) {
    if (node->kind != FC_NODE_SCALAR) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is a name or a map of fields; found %s", what,
                             found);
    }
    if (!fc_text_copy(out, FC_NAME_SIZE, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s: \"%.40s…\" is too long for a name", what,
                             node->text);
    }
    return FC_OK;
}

/* The catalogue entry that a node names: itself, or its `base`. NULL when it names none. */
fc_status fc_layer_entry(fc_node **out, fc_loading *loading, const char *kind, fc_node *node, const char *what,
                         fc_error *error) {
    *out = NULL;
    fc_node *named = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (named == NULL || named->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    named->used = true;
    char name[FC_NAME_SIZE];
    FC_TRY(fc_layer_name(name, named, what, error));
    return fc_catalog_read(out, &loading->config->catalog, kind, name, named, error);
}

const char *fc_layer_origin(fc_loading *loading, const char *what, const fc_node *entry) {
    const char *origin = fc_arena_printf(loading->config->arena, "%s %s", what, entry->key);
    return origin != NULL ? origin : what;
}
