/* sweep_axes.c: groups of axes, and how many points they make. */
#include "sweep_axes.h"

#include "../base/text.h"

#include <string.h>

static const char *const STUDY_PARTS[] = {"model", "cluster",  "workload", "stack", "plan",
                                          "deal",  "estimate", "seed",     "draws"};
enum { STUDY_PARTS_COUNT = sizeof STUDY_PARTS / sizeof STUDY_PARTS[0] };

static fc_status check_key(const fc_node *axis, fc_error *error) {
    char first[FC_NAME_SIZE];
    char shown[FC_NAME_SIZE];
    size_t length = strcspn(axis->key, ".");
    fc_text_excerpt(shown, sizeof shown, axis->key);
    if (length < sizeof first) {
        memcpy(first, axis->key, length);
        first[length] = '\0';
        for (size_t i = 0; i < STUDY_PARTS_COUNT; i++) {
            if (strcmp(first, STUDY_PARTS[i]) == 0) {
                return FC_OK;
            }
        }
    }
    const char *nearest = length < sizeof first ? fc_text_nearest(first, STUDY_PARTS, STUDY_PARTS_COUNT) : NULL;
    return fc_node_error(error, FC_BAD_INPUT, axis, true,
                         "sweep: \"%s\" is no key of a study%s%s%s; an axis is a key as --set has it, such as "
                         "cluster.chips, with a list of values",
                         shown, nearest != NULL ? ": did you mean " : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "?" : "");
}

/* Whether setting `outer` undoes what was set at `inner`. */
static bool covers(const char *outer, const char *inner) {
    size_t length = strlen(outer);
    return strncmp(outer, inner, length) == 0 && (inner[length] == '\0' || inner[length] == '.');
}

static fc_status check_place(const fc_sweep *sweep, const fc_node *axis, fc_error *error) {
    char shown[FC_NAME_SIZE];
    fc_text_excerpt(shown, sizeof shown, axis->key);
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        const char *earlier = sweep->axes[i].key;
        if (strcmp(earlier, axis->key) == 0) {
            return fc_node_error(error, FC_BAD_INPUT, axis, true, "sweep: %s is an axis already; give it once", shown);
        }
        if (covers(axis->key, earlier)) {
            return fc_node_error(error, FC_BAD_INPUT, axis, true,
                                 "sweep: %s would undo the axis %.60s before it; let %s come first", shown, earlier,
                                 shown);
        }
    }
    return FC_OK;
}

static fc_status add_axis(fc_sweep *out, fc_arena *arena, const fc_node *node, uint32_t group, fc_error *error) {
    if (out->axes_count >= FC_SWEEP_MOST_AXES) {
        return fc_node_error(error, FC_OVER_LIMIT, node, true, "sweep: more than %d axes", FC_SWEEP_MOST_AXES);
    }
    FC_TRY(check_key(node, error));
    FC_TRY(check_place(out, node, error));
    fc_sweep_axis *axis = &out->axes[out->axes_count];
    axis->key = node->key;
    axis->group = group;
    FC_TRY(fc_sweep_read_values(axis, arena, node, error));
    out->axes_count += 1;
    return FC_OK;
}

static fc_status read_zip(bool *out, const fc_node *group, fc_error *error) {
    const fc_node *zip = fc_node_get(group, "zip");
    *out = false;
    if (zip == NULL) {
        return FC_OK;
    }
    bool yes = zip->kind == FC_NODE_SCALAR && !zip->quoted && strcmp(zip->text, "true") == 0;
    bool no = zip->kind == FC_NODE_SCALAR && !zip->quoted && strcmp(zip->text, "false") == 0;
    if (!yes && !no) {
        char found[96];
        fc_node_describe(zip, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, zip, false, "sweep: zip is true or false; found %s", found);
    }
    *out = yes;
    return FC_OK;
}

/* Axes that go together have as many values as the first of them. */
static fc_status add_rows(fc_sweep *out, const fc_sweep_axis *axis, const fc_node *node, fc_error *error) {
    if (axis->group == out->groups_count) {
        out->group_rows[out->groups_count++] = axis->count;
        if (out->rows_count > FC_SWEEP_MOST_ROWS / axis->count) {
            return fc_node_error(error, FC_OVER_LIMIT, node, true,
                                 "sweep: more than %u points; leave axes or values out", FC_SWEEP_MOST_ROWS);
        }
        out->rows_count *= axis->count;
        return FC_OK;
    }
    if (out->group_rows[axis->group] != axis->count) {
        return fc_node_error(error, FC_BAD_INPUT, node, true,
                             "sweep: axes under zip go together, so they have equally many values; %.60s has %llu and "
                             "the one before it %llu",
                             axis->key, (unsigned long long)axis->count,
                             (unsigned long long)out->group_rows[axis->group]);
    }
    return FC_OK;
}

static fc_status read_group(fc_sweep *out, fc_arena *arena, const fc_node *group, fc_error *error) {
    bool zip = false;
    FC_TRY(read_zip(&zip, group, error));
    uint32_t zipped = out->groups_count;
    uint32_t axes = out->axes_count;
    for (const fc_node *node = group->first; node != NULL; node = node->next) {
        if (strcmp(node->key, "zip") == 0) {
            continue;
        }
        FC_TRY(add_axis(out, arena, node, zip ? zipped : out->groups_count, error));
        FC_TRY(add_rows(out, &out->axes[out->axes_count - 1], node, error));
    }
    if (out->axes_count == axes) {
        return fc_node_error(error, FC_BAD_INPUT, group, false,
                             "sweep: a group without an axis; give it one, such as "
                             "cluster.chips: [1k, 2k]");
    }
    return FC_OK;
}

fc_status fc_sweep_read_axes(fc_sweep *out, fc_arena *arena, const fc_node *node, fc_error *error) {
    out->rows_count = 1;
    if (node->kind == FC_NODE_MAP) {
        return read_group(out, arena, node, error);
    }
    if (node->kind != FC_NODE_LIST || node->first == NULL) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "sweep is a list of axes such as [{cluster.chips: [1k, 2k]}]; found %s",
                             node->kind == FC_NODE_LIST ? "an empty list" : found);
    }
    for (const fc_node *group = node->first; group != NULL; group = group->next) {
        if (group->kind != FC_NODE_MAP) {
            char found[96];
            fc_node_describe(group, found, sizeof found);
            return fc_node_error(error, FC_BAD_INPUT, group, false,
                                 "sweep: an entry is a map of axes such as {cluster.chips: [1k, 2k]}; found %s", found);
        }
        FC_TRY(read_group(out, arena, group, error));
    }
    return FC_OK;
}

const fc_sweep_value *fc_sweep_value_at(const fc_sweep *sweep, uint32_t axis, uint64_t row) {
    const fc_sweep_axis *wanted = &sweep->axes[axis];
    for (uint32_t group = sweep->groups_count; group > wanted->group + 1; group--) {
        row /= sweep->group_rows[group - 1];
    }
    return &wanted->values[row % wanted->count];
}
