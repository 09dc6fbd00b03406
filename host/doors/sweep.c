/* sweep.c: a study with its axes, and one point of it. */
#include "sweep.h"

#include "../base/text.h"
#include "config_nouns.h"
#include "sweep_axes.h"

#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the sweep");
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

/* A file of axes is the value of `sweep`, or a map that has it. */
static fc_status find_axes(const fc_node **out, const fc_node *tree, const fc_config *config, const char *name,
                           const char *axes_path, fc_error *error) {
    *out = fc_node_get(tree, "sweep");
    if (axes_path != NULL) {
        fc_node *root = NULL;
        FC_TRY(fc_tree_read(&root, config->arena, axes_path, error));
        *out = fc_node_get(root, "sweep");
        *out = *out != NULL ? *out : root;
    }
    if (*out == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, tree, false,
                             "the study has no sweep: write one into it, such as sweep: [{cluster.chips: [1k, 2k]}], "
                             "or name a file that has it: flopcast sweep %.100s --axes FILE",
                             name);
    }
    return FC_OK;
}

/* --set would lose against the axis without a word. */
static fc_status check_sets(const fc_sweep *sweep, const fc_config *config, fc_error *error) {
    for (size_t i = 0; i < config->sets_count; i++) {
        size_t length = strcspn(config->sets[i], "=");
        for (uint32_t axis = 0; axis < sweep->axes_count; axis++) {
            const char *key = sweep->axes[axis].key;
            if (strlen(key) == length && strncmp(key, config->sets[i], length) == 0) {
                return fc_error_set(error, FC_USAGE, "--set", 0, 0,
                                    "%.60s is an axis of this sweep and takes its values from there; leave the --set "
                                    "out, or set another key",
                                    key);
            }
        }
    }
    return FC_OK;
}

fc_status fc_sweep_read(fc_sweep *out, const fc_config *config, const char *name, const char *axes_path, bool ranges,
                        fc_error *error) {
    fc_node *tree = NULL;
    const fc_node *axes = NULL;
    memset(out, 0, sizeof *out);
    out->name = name;
    out->ranges = ranges;
    FC_TRY(fc_load_study_tree(&tree, config, name, error));
    if (fc_node_get(tree, "deals") != NULL) {
        return fc_node_error(
            error, FC_BAD_INPUT, fc_node_get(tree, "deals"), true,
            "this study compares deals, and a sweep goes over one study: ask `flopcast compare %.100s`", name);
    }
    FC_TRY(find_axes(&axes, tree, config, name, axes_path, error));
    FC_TRY(fc_sweep_read_axes(out, config->arena, axes, error));
    FC_TRY(check_sets(out, config, error));
    out->config = *config;
    out->config.tree = tree;
    out->config.sets = NULL;
    out->config.sets_count = 0;
    return fc_sweep_make_mark(out, config, error);
}

/* ---- one point -------------------------------------------------------------------------------------------------------- */

static fc_status point_sets(const char *sets[FC_SWEEP_MOST_AXES], const fc_sweep *sweep, uint64_t row, fc_arena *arena,
                            fc_error *error) {
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        sets[i] = fc_arena_printf(arena, "%s=%s", sweep->axes[i].key, fc_sweep_value_at(sweep, i, row)->set);
        if (sets[i] == NULL) {
            return no_memory(error);
        }
    }
    return FC_OK;
}

fc_status fc_sweep_point(fc_sweep_result *out, const fc_sweep *sweep, uint64_t row, fc_arena *arena, fc_error *error) {
    const char *sets[FC_SWEEP_MOST_AXES];
    fc_error why = {.status = FC_OK};
    fc_study *study = fc_arena_alloc(arena, sizeof *study);
    fc_inputs *inputs = fc_arena_alloc(arena, sizeof *inputs);
    memset(out, 0, sizeof *out);
    if (study == NULL || inputs == NULL) {
        return no_memory(error);
    }
    FC_TRY(point_sets(sets, sweep, row, arena, error));
    fc_config config = sweep->config;
    config.arena = arena;
    config.catalog.arena = arena;
    config.sets = sets;
    config.sets_count = sweep->axes_count;
    fc_status status = fc_config_study(study, inputs, &config, sweep->name, &why);
    if (status != FC_OK) {
        return fc_sweep_refuse(out, status, &why, error);
    }
    return fc_sweep_evaluate(out, study, sweep->ranges, arena, error);
}
