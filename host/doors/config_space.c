/* config_space.c: `space:` of a study: which plans a search goes through. A bound is a value, a list, or {min, max}. */
#include "config.h"
#include "fields_value.h"

#include "../base/text.h"

#include <string.h>

/* An axis, and the row of the field table that knows its values: the plan's own where it is a key of a plan. */
typedef struct axis_row {
    const char *key;
    fc_noun_id noun;
    fc_space_axis axis;
} axis_row;

static const axis_row axis_rows[] = {
    {"tp", FC_NOUN_PLAN, FC_SPACE_TP},
    {"pp", FC_NOUN_PLAN, FC_SPACE_PP},
    {"vpp", FC_NOUN_PLAN, FC_SPACE_VPP},
    {"dp", FC_NOUN_PLAN, FC_SPACE_DP},
    {"cp", FC_NOUN_PLAN, FC_SPACE_CP},
    {"ep", FC_NOUN_PLAN, FC_SPACE_EP},
    {"etp", FC_NOUN_PLAN, FC_SPACE_ETP},
    {"sequence_parallel", FC_NOUN_PLAN, FC_SPACE_SEQUENCE_PARALLEL},
    {"micro_batch", FC_NOUN_PLAN, FC_SPACE_MICRO_BATCH},
    {"global_batch", FC_NOUN_PLAN, FC_SPACE_GLOBAL_BATCH},
    {"chips", FC_NOUN_SPACE, FC_SPACE_CHIPS},
    {"recompute", FC_NOUN_PLAN, FC_SPACE_RECOMPUTE},
    {"recompute_layers", FC_NOUN_PLAN, FC_SPACE_RECOMPUTE_LAYERS},
    {"zero", FC_NOUN_PLAN, FC_SPACE_ZERO},
    {"zero_group", FC_NOUN_PLAN, FC_SPACE_ZERO_GROUP},
    {"schedule", FC_NOUN_PLAN, FC_SPACE_SCHEDULE},
    {"rank_order", FC_NOUN_PLAN, FC_SPACE_RANK_ORDER},
    {"offload_optimizer", FC_NOUN_PLAN, FC_SPACE_OFFLOAD_OPTIMIZER},
    {"offload_weights", FC_NOUN_PLAN, FC_SPACE_OFFLOAD_WEIGHTS},
    {"offload_activations", FC_NOUN_PLAN, FC_SPACE_OFFLOAD_ACTIVATIONS},
    {"tp_overlap", FC_NOUN_SPACE, FC_SPACE_TP_OVERLAP},
    {"dp_overlap", FC_NOUN_SPACE, FC_SPACE_DP_OVERLAP},
    {"ep_overlap", FC_NOUN_SPACE, FC_SPACE_EP_OVERLAP},
    {"cp_overlap", FC_NOUN_SPACE, FC_SPACE_CP_OVERLAP},
    {"pp_overlap", FC_NOUN_SPACE, FC_SPACE_PP_OVERLAP},
    {"dtype", FC_NOUN_WORKLOAD, FC_SPACE_DTYPE},
};
enum { AXIS_ROWS = sizeof axis_rows / sizeof axis_rows[0] };

static const fc_field *row_of(const axis_row *axis) { return fc_fields_find(fc_fields_noun(axis->noun), axis->key); }

/* One value of an axis, checked against its row. */
static fc_status read_one(uint32_t *out, fc_reader *reader, const axis_row *axis, const fc_node *node,
                          fc_error *error) {
    uint64_t room = 0; /* as large as any kind of value */
    double value = 0;
    fc_reading reading = {
        .reader = reader, .field = row_of(axis), .node = node, .target = (char *)&room, .error = error};
    FC_TRY(fc_value_read(&value, &reading));
    if (value < 0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "space.%s: a bound is 0 or more; found %g", axis->key,
                             value);
    }
    *out = (uint32_t)value;
    return FC_OK;
}

static bool is_whole(const fc_field *field) { return field->kind == FC_FIELD_U32 || field->kind == FC_FIELD_I32; }

static fc_status read_range(fc_bound *out, fc_reader *reader, const axis_row *axis, const fc_node *node,
                            fc_error *error) {
    const fc_field *field = row_of(axis);
    if (!is_whole(field)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "space.%s is a value or a list of values, it has no order to take a range of", axis->key);
    }
    for (const fc_node *end = node->first; end != NULL; end = end->next) {
        bool low = strcmp(end->key, "min") == 0;
        if (!low && strcmp(end->key, "max") != 0) {
            return fc_node_error(error, FC_BAD_INPUT, end, true, "a range of space.%s is {min: …, max: …}; found %.40s",
                                 axis->key, end->key);
        }
        FC_TRY(read_one(low ? &out->least : &out->most, reader, axis, end, error));
    }
    if (out->most > 0 && out->least > out->most) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "space.%s: min %u is above max %u", axis->key,
                             out->least, out->most);
    }
    return FC_OK;
}

static fc_status read_list(fc_bound *out, fc_reader *reader, const axis_row *axis, const fc_node *node,
                           fc_error *error) {
    if (node->count == 0 || node->count > FC_MAX_BOUND_VALUES) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "space.%s is a list of 1 to %d values; found %zu",
                             axis->key, FC_MAX_BOUND_VALUES, node->count);
    }
    for (const fc_node *item = node->first; item != NULL; item = item->next) {
        FC_TRY(read_one(&out->values[out->values_count++], reader, axis, item, error));
    }
    return FC_OK;
}

/* Chips in use are counted by the plan: an amount is the most, and a list would name what no plan hits. */
static fc_status read_bound(fc_bound *out, fc_reader *reader, const axis_row *axis, const fc_node *node,
                            fc_error *error) {
    bool chips = axis->axis == FC_SPACE_CHIPS;
    if (node->kind == FC_NODE_MAP) {
        return read_range(out, reader, axis, node, error);
    }
    if (node->kind == FC_NODE_LIST && !chips) {
        return read_list(out, reader, axis, node, error);
    }
    if (chips) {
        return read_one(&out->most, reader, axis, node, error);
    }
    out->values_count = 1;
    return read_one(&out->values[0], reader, axis, node, error);
}

static fc_status read_kind(fc_space *out, fc_reader *reader, const fc_node *node, fc_error *error) {
    static const axis_row kind = {"kind", FC_NOUN_SPACE, FC_SPACE_AXIS_COUNT};
    return read_one(&out->kind, reader, &kind, node, error);
}

fc_status fc_config_space(fc_space *out, const fc_inputs *inputs, const fc_config *config, fc_error *error) {
    const fc_node *space = fc_node_get(inputs->tree, "space");
    fc_reader reader = {.arena = config->arena, .origin = "study"};
    memset(out, 0, sizeof *out);
    if (space == NULL || space->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (space->kind == FC_NODE_SCALAR) {
        return read_kind(out, &reader, space, error);
    }
    if (space->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, space, false,
                             "space is default, wide, or a map of bounds such as {kind: wide, tp: [1, 2, 4, 8]}");
    }
    for (fc_node *child = space->first; child != NULL; child = child->next) {
        for (size_t i = 0; i < AXIS_ROWS; ++i) {
            if (strcmp(child->key, axis_rows[i].key) == 0) {
                fc_bound *bound = &out->axis[axis_rows[i].axis];
                FC_TRY(read_bound(bound, &reader, &axis_rows[i], child, error));
                child->used = true;
            }
        }
        if (strcmp(child->key, "kind") == 0) {
            FC_TRY(read_kind(out, &reader, child, error));
            child->used = true;
        }
    }
    const char *keys[AXIS_ROWS];
    for (size_t i = 0; i < AXIS_ROWS; ++i) {
        keys[i] = axis_rows[i].key;
    }
    return fc_fields_refuse_unknown(space, fc_fields_noun(FC_NOUN_SPACE), keys, AXIS_ROWS, error);
}

/* ---- keys of a plan on the command line -------------------------------------------------------------------------------- */

static fc_status add_plan_key(fc_node *map, const fc_config *config, const char *part, size_t length,
                              fc_error *error) {
    char *key = fc_arena_strndup(config->arena, part, length);
    char *sign = key != NULL ? strchr(key, '=') : NULL;
    if (key == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the plan");
    }
    if (sign == NULL || sign == key || sign[1] == '\0') {
        return fc_error_set(error, FC_USAGE, "--why", 0, 0, "keys of a plan look like tp=4,pp=8; found \"%.60s\"", key);
    }
    *sign = '\0';
    fc_node *node = fc_node_add(config->arena, map, key, FC_NODE_SCALAR, sign + 1);
    if (node == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the plan");
    }
    node->source = "--why";
    return FC_OK;
}

fc_status fc_config_plan_keys(fc_plan *plan, const fc_config *config, const char *text, fc_error *error) {
    fc_reader reader = {.arena = config->arena, .origin = "--why"};
    fc_node map = {.kind = FC_NODE_MAP, .source = "--why"};
    for (const char *part = text; *part != '\0';) {
        size_t length = strcspn(part, ",");
        FC_TRY(add_plan_key(&map, config, part, length, error));
        part += length + (part[length] == ',');
    }
    FC_TRY(fc_fields_read(&reader, fc_fields_noun(FC_NOUN_PLAN), "plan", plan, &map, error));
    FC_TRY(fc_fields_refuse_unknown(&map, fc_fields_noun(FC_NOUN_PLAN), NULL, 0, error));
    return fc_plan_check(plan, error);
}
