/* fit_spec.c: data/fit.yaml: its parameters. */
#include "fit_spec.h"

#include "../base/text.h"
#include "fields_value.h"
#include "fit_spec_parts.h"

#include <string.h>

/* ---- small readers ------------------------------------------------------------------------------------------------ */

fc_status fc_fit_no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the parameters of the fit");
}

fc_status fc_fit_expect(const fc_node *node, fc_node_kind kind, const char *what, fc_error *error) {
    char found[96];
    if (node->kind == kind) {
        return FC_OK;
    }
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(error, FC_BAD_INPUT, node, false, "found %s where %s is needed", found, what);
}

fc_status fc_fit_need(fc_node **out, const fc_node *map, const char *key, fc_error *error) {
    *out = fc_node_get(map, key);
    if (*out == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, map, false, "\"%s\" is missing here", key);
    }
    (*out)->used = true;
    return FC_OK;
}

fc_status fc_fit_name(char out[FC_NAME_SIZE], const fc_node *map, fc_error *error) {
    fc_node *node = NULL;
    FC_TRY(fc_fit_need(&node, map, "name", error));
    FC_TRY(fc_fit_expect(node, FC_NODE_SCALAR, "a name", error));
    if (node->text[0] == '\0' || strpbrk(node->text, "\"\\\n\r\t") != NULL ||
        !fc_text_copy(out, FC_NAME_SIZE, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "a name has 1 to %d letters, without quotes and backslashes", FC_NAME_SIZE - 1);
    }
    return FC_OK;
}

/* ---- fields ------------------------------------------------------------------------------------------------------- */

const fc_field *fc_fit_field_row(const fc_fit_field *field) {
    return fc_fields_find(fc_fields_noun(field->noun == FC_FIT_STACK ? FC_NOUN_STACK : FC_NOUN_CHIP), field->key);
}

static fc_status unknown_key(const fc_node *node, const fc_noun *noun, const char *key, fc_error *error) {
    const char *keys[128];
    size_t count = 0;
    for (size_t i = 0; i < noun->count && count < sizeof keys / sizeof keys[0]; ++i) {
        if (noun->fields[i].kind == FC_FIELD_F64) {
            keys[count++] = noun->fields[i].key;
        }
    }
    const char *nearest = fc_text_nearest(key, keys, count);
    return fc_node_error(error, FC_BAD_INPUT, node, false, "a %s has no number called \"%.60s\"%s%s%s", noun->name, key,
                         nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "\"?" : "");
}

/* "chip/NAME/KEY" */
static fc_status read_field(fc_fit_field *out, const fc_catalog *catalog, const fc_node *node, fc_error *error) {
    FC_TRY(fc_fit_expect(node, FC_NODE_SCALAR, "stack/NAME/KEY or chip/NAME/KEY", error));
    const char *first = strchr(node->text, '/');
    const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
    bool stack = fc_text_starts(node->text, "stack/");
    if (second == NULL || (!stack && !fc_text_starts(node->text, "chip/"))) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "\"%.100s\" is no field; expected stack/NAME/KEY or chip/NAME/KEY", node->text);
    }
    fc_node *entry = NULL;
    char *name = fc_arena_strndup(catalog->arena, first + 1, (size_t)(second - first - 1));
    if (name == NULL) {
        return fc_fit_no_memory(error);
    }
    FC_TRY(fc_catalog_read(&entry, catalog, stack ? "stacks" : "chips", name, node, error));
    const fc_noun *noun = fc_fields_noun(stack ? FC_NOUN_STACK : FC_NOUN_CHIP);
    const fc_field *row = fc_fields_find(noun, second + 1);
    if (row == NULL || row->kind != FC_FIELD_F64) {
        return unknown_key(node, noun, second + 1, error);
    }
    out->noun = stack ? FC_FIT_STACK : FC_FIT_CHIP;
    out->offset = (uint32_t)row->offset;
    (void)fc_text_copy(out->name, sizeof out->name, entry->key);
    (void)fc_text_copy(out->key, sizeof out->key, row->key);
    return FC_OK;
}

static bool same_field(const fc_fit_field *a, const fc_fit_field *b) {
    return a->noun == b->noun && a->offset == b->offset && strcmp(a->name, b->name) == 0;
}

/* Whether an earlier parameter, or an earlier field of this one, is that place; its parameter's name. */
static const char *taken_by(const fc_fit_spec *spec, const fc_fit_parameter *own, const fc_fit_field *field) {
    for (uint32_t i = 0; i < spec->parameters_count; ++i) {
        for (uint32_t j = 0; j < spec->parameters[i].fields_count; ++j) {
            if (same_field(&spec->parameters[i].fields[j], field)) {
                return spec->parameters[i].name;
            }
        }
    }
    for (const fc_fit_field *earlier = own->fields; earlier < field; ++earlier) {
        if (same_field(earlier, field)) {
            return own->name;
        }
    }
    return NULL;
}

static fc_status read_fields(fc_fit_parameter *out, const fc_fit_spec *spec, const fc_catalog *catalog,
                             const fc_node *map, fc_error *error) {
    fc_node *list = NULL;
    FC_TRY(fc_fit_need(&list, map, "fields", error));
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of fields", error));
    if (list->count == 0 || list->count > FC_FIT_MOST_FIELDS) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "a parameter stands in 1 to %d fields; found %zu",
                             FC_FIT_MOST_FIELDS, list->count);
    }
    fc_fit_field *fields = fc_arena_alloc(catalog->arena, list->count * sizeof *fields);
    if (fields == NULL) {
        return fc_fit_no_memory(error);
    }
    out->fields = fields;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        fc_fit_field *field = &fields[out->fields_count];
        FC_TRY(read_field(field, catalog, node, error));
        const char *other = taken_by(spec, out, field);
        if (other != NULL) {
            return fc_node_error(error, FC_BAD_INPUT, node, false, "%s stands in the parameter \"%s\" already",
                                 node->text, other);
        }
        if (fc_fit_field_row(field)->unit != fc_fit_field_row(fields)->unit) {
            return fc_node_error(error, FC_BAD_INPUT, node, false,
                                 "%s and %s are of different units: one number cannot stand in both", field->key,
                                 fields->key);
        }
        out->fields_count += 1;
    }
    return FC_OK;
}

/* ---- one parameter ------------------------------------------------------------------------------------------------ */

/* A number that every field of the parameter may hold. */
static fc_status read_number(double *out, const fc_fit_parameter *parameter, const fc_node *map, const char *key,
                             const fc_catalog *catalog, fc_error *error) {
    fc_node *node = NULL;
    fc_reader reader = {.arena = catalog->arena};
    FC_TRY(fc_fit_need(&node, map, key, error));
    for (uint32_t i = 0; i < parameter->fields_count; ++i) {
        fc_reading reading = {
            .reader = &reader, .field = fc_fit_field_row(&parameter->fields[i]), .node = node, .error = error};
        FC_TRY(fc_value_number(out, &reading, node));
    }
    return FC_OK;
}

static fc_status read_bounds(fc_fit_parameter *out, const fc_catalog *catalog, const fc_node *map, fc_error *error) {
    FC_TRY(read_number(&out->low, out, map, "low", catalog, error));
    FC_TRY(read_number(&out->high, out, map, "high", catalog, error));
    FC_TRY(read_number(&out->start, out, map, "start", catalog, error));
    if (!(out->low < out->high)) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(map, "low"), false,
                             "%s: low %.32s is not below high %.32s", out->name, fc_node_get(map, "low")->text,
                             fc_node_get(map, "high")->text);
    }
    if (!(out->start >= out->low && out->start <= out->high)) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(map, "start"), false,
                             "%s: start %.32s is not between low %.32s and high %.32s", out->name,
                             fc_node_get(map, "start")->text, fc_node_get(map, "low")->text,
                             fc_node_get(map, "high")->text);
    }
    return FC_OK;
}

/* Families that a parameter names must be there. */
static fc_status check_families(const fc_fit_spec *spec, const fc_node *map, fc_error *error) {
    fc_node *list = fc_node_get(map, "families");
    if (list == NULL) {
        return FC_OK;
    }
    list->used = true;
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of families", error));
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        bool found = false;
        FC_TRY(fc_fit_expect(node, FC_NODE_SCALAR, "the name of a family", error));
        for (uint32_t i = 0; i < spec->families_count; ++i) {
            found = found || strcmp(spec->families[i].name, node->text) == 0;
        }
        if (!found) {
            return fc_node_error(error, FC_BAD_INPUT, node, false, "no family of this file is called \"%.60s\"",
                                 node->text);
        }
    }
    return FC_OK;
}

static fc_status read_parameter(fc_fit_parameter *out, const fc_fit_spec *spec, const fc_catalog *catalog,
                                const fc_node *map, fc_error *error) {
    static const fc_noun none = {.name = "parameter of a fit"};
    static const char *const keys[] = {"name", "fields", "low", "high", "start", "families"};
    FC_TRY(fc_fit_expect(map, FC_NODE_MAP, "a map of name, fields, low, high and start", error));
    FC_TRY(fc_fit_name(out->name, map, error));
    for (uint32_t i = 0; i < spec->parameters_count; ++i) {
        if (strcmp(spec->parameters[i].name, out->name) == 0) {
            return fc_node_error(error, FC_BAD_INPUT, map, false, "two parameters are called \"%s\"", out->name);
        }
    }
    FC_TRY(read_fields(out, spec, catalog, map, error));
    FC_TRY(read_bounds(out, catalog, map, error));
    FC_TRY(check_families(spec, map, error));
    return fc_fields_refuse_unknown(map, &none, keys, sizeof keys / sizeof keys[0], error);
}

static uint32_t fields_of(const fc_fit_spec *spec) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < spec->parameters_count; ++i) {
        count += spec->parameters[i].fields_count;
    }
    return count;
}

static fc_status read_parameters(fc_fit_spec *out, const fc_catalog *catalog, const fc_node *root, fc_error *error) {
    fc_node *list = NULL;
    FC_TRY(fc_fit_need(&list, root, "parameters", error));
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of parameters", error));
    if (list->count == 0 || list->count > FC_FIT_MOST_PARAMETERS) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "a fit has 1 to %d parameters; found %zu",
                             FC_FIT_MOST_PARAMETERS, list->count);
    }
    fc_fit_parameter *parameters = fc_arena_alloc(catalog->arena, list->count * sizeof *parameters);
    if (parameters == NULL) {
        return fc_fit_no_memory(error);
    }
    out->parameters = parameters;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_parameter(&parameters[out->parameters_count], out, catalog, node, error));
        out->parameters_count += 1;
        if (fields_of(out) > FC_FIT_MOST_FIELDS) {
            return fc_node_error(error, FC_BAD_INPUT, node, false, "more than %d fields in one fit",
                                 FC_FIT_MOST_FIELDS);
        }
    }
    return FC_OK;
}

fc_status fc_fit_spec_read(fc_fit_spec *out, const fc_catalog *catalog, const char *path, fc_error *error) {
    static const fc_noun none = {.name = "fit"};
    static const char *const keys[] = {"about", "sources", "parameters", "families"};
    fc_node *root = NULL;
    memset(out, 0, sizeof *out);
    if (path == NULL) {
        path = fc_arena_printf(catalog->arena, "%s/fit.yaml", catalog->data_folder);
    }
    if (path == NULL) {
        return fc_fit_no_memory(error);
    }
    FC_TRY(fc_tree_read(&root, catalog->arena, path, error));
    FC_TRY(fc_fit_expect(root, FC_NODE_MAP, "a map of parameters and families", error));
    FC_TRY(fc_fit_read_families(out, catalog, root, error));
    FC_TRY(read_parameters(out, catalog, root, error));
    for (size_t i = 0; i < 2; ++i) { /* for readers */
        fc_node *told = fc_node_get(root, keys[i]);
        if (told != NULL) {
            told->used = true;
        }
    }
    return fc_fields_refuse_unknown(root, &none, keys, sizeof keys / sizeof keys[0], error);
}
