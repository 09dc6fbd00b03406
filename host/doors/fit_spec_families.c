/* fit_spec_families.c: data/fit.yaml: its families of runs. */
#include "fit_spec_parts.h"

#include "fields.h"

#include <stddef.h>
#include <string.h>

static const fc_field family_fields[] = {
    {.key = "weight",
     .kind = FC_FIELD_F64,
     .unit = FC_UNIT_NONE,
     .offset = offsetof(fc_fit_family, weight),
     .least = 1e-3,
     .most = 1e3,
     .help = "of the family in the sum of squares"},
    {.key = "goal_mean_abs_error_frac",
     .kind = FC_FIELD_F64,
     .unit = FC_UNIT_FRAC,
     .offset = offsetof(fc_fit_family, goal_mean_abs_error_frac),
     .least = 0,
     .most = 10,
     .help = "mean error that is wanted"},
    {.key = "goal_worst_abs_error_frac",
     .kind = FC_FIELD_F64,
     .unit = FC_UNIT_FRAC,
     .offset = offsetof(fc_fit_family, goal_worst_abs_error_frac),
     .least = 0,
     .most = 10,
     .help = "worst error that is wanted"},
};

static const fc_noun family_noun = {
    .name = "family of runs", .fields = family_fields, .count = sizeof family_fields / sizeof family_fields[0]};

/* ---- match -------------------------------------------------------------------------------------------------------- */

/* A list of names; of chips and stacks as the catalogue has them (`kind`, else NULL). */
static fc_status read_names(fc_fit_names *out, const fc_catalog *catalog, const char *kind, const fc_node *match,
                            const char *key, fc_error *error) {
    fc_node *list = fc_node_get(match, key);
    if (list == NULL) {
        return FC_OK;
    }
    list->used = true;
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of names", error));
    const char **names = fc_arena_alloc(catalog->arena, (list->count + 1) * sizeof *names);
    if (names == NULL) {
        return fc_fit_no_memory(error);
    }
    if (list->count == 0) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "an empty list matches nothing; leave \"%s\" out", key);
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(fc_fit_expect(node, FC_NODE_SCALAR, "a name", error));
        fc_node *entry = NULL;
        if (kind != NULL) {
            FC_TRY(fc_catalog_read(&entry, catalog, kind, node->text, node, error));
        }
        names[out->count++] = entry != NULL ? entry->key : node->text;
    }
    out->names = names;
    return FC_OK;
}

static fc_status read_dtypes(uint32_t *out, const fc_node *match, fc_error *error) {
    fc_node *list = fc_node_get(match, "dtype");
    if (list == NULL) {
        return FC_OK;
    }
    list->used = true;
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of number formats", error));
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        uint32_t before = *out;
        FC_TRY(fc_fit_expect(node, FC_NODE_SCALAR, "a number format", error));
        for (uint32_t d = 0; d < FC_DTYPE_COUNT; ++d) {
            *out |= strcmp(node->text, fc_dtype_name((fc_dtype)d)) == 0 ? 1u << d : 0u;
        }
        if (*out == before) {
            return fc_node_error(error, FC_BAD_INPUT, node, false,
                                 "\"%.40s\" is no number format, or stands twice; allowed are fp64 fp32 tf32 fp16 bf16 "
                                 "fp8 mxfp8 nvfp4 int8",
                                 node->text);
        }
    }
    return FC_OK;
}

static fc_status read_either(int32_t *out, const fc_node *match, const char *key, fc_error *error) {
    fc_node *node = fc_node_get(match, key);
    *out = -1;
    if (node == NULL) {
        return FC_OK;
    }
    node->used = true;
    bool plain = node->kind == FC_NODE_SCALAR && !node->quoted;
    if (!plain || (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is true or false; left out, it is either", key);
    }
    *out = node->text[0] == 't';
    return FC_OK;
}

static fc_status read_match(fc_fit_family *out, const fc_catalog *catalog, const fc_node *map, fc_error *error) {
    static const fc_noun none = {.name = "match"};
    static const char *const keys[] = {"group", "chip", "stack", "dtype", "moe", "plan_complete"};
    fc_node *match = NULL;
    FC_TRY(fc_fit_need(&match, map, "match", error));
    FC_TRY(fc_fit_expect(match, FC_NODE_MAP, "a map; {} matches every run", error));
    FC_TRY(read_names(&out->groups, catalog, NULL, match, "group", error));
    FC_TRY(read_names(&out->chips, catalog, "chips", match, "chip", error));
    FC_TRY(read_names(&out->stacks, catalog, "stacks", match, "stack", error));
    FC_TRY(read_dtypes(&out->dtypes, match, error));
    FC_TRY(read_either(&out->moe, match, "moe", error));
    FC_TRY(read_either(&out->plan_complete, match, "plan_complete", error));
    return fc_fields_refuse_unknown(match, &none, keys, sizeof keys / sizeof keys[0], error);
}

/* ---- families ----------------------------------------------------------------------------------------------------- */

static fc_status read_family(fc_fit_family *out, const fc_fit_spec *spec, const fc_catalog *catalog, const fc_node *map,
                             fc_error *error) {
    static const char *const more[] = {"name", "match"};
    fc_reader reader = {.arena = catalog->arena, .origin = "fit", .grade = FC_GRADE_EXACT};
    FC_TRY(fc_fit_expect(map, FC_NODE_MAP, "a map of name, match, weight and goals", error));
    FC_TRY(fc_fit_name(out->name, map, error));
    for (uint32_t i = 0; i < spec->families_count; ++i) {
        if (strcmp(spec->families[i].name, out->name) == 0) {
            return fc_node_error(error, FC_BAD_INPUT, map, false, "two families are called \"%s\"", out->name);
        }
    }
    out->weight = 1.0;
    FC_TRY(read_match(out, catalog, map, error));
    FC_TRY(fc_fields_read(&reader, &family_noun, "families", out, map, error));
    return fc_fields_refuse_unknown(map, &family_noun, more, sizeof more / sizeof more[0], error);
}

fc_status fc_fit_read_families(fc_fit_spec *out, const fc_catalog *catalog, const fc_node *root, fc_error *error) {
    fc_node *list = NULL;
    FC_TRY(fc_fit_need(&list, root, "families", error));
    FC_TRY(fc_fit_expect(list, FC_NODE_LIST, "a list of families", error));
    if (list->count == 0 || list->count > FC_FIT_MOST_FAMILIES) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "a fit has 1 to %d families; found %zu",
                             FC_FIT_MOST_FAMILIES, list->count);
    }
    fc_fit_family *families = fc_arena_alloc(catalog->arena, list->count * sizeof *families);
    if (families == NULL) {
        return fc_fit_no_memory(error);
    }
    out->families = families;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_family(&families[out->families_count], out, catalog, node, error));
        out->families_count += 1;
    }
    return FC_OK;
}
