/* sweep_mark.c: what tells the rows of one sweep from those of another. FNV-1a finds what was changed by accident or in passing;
 * nobody is to be kept from forging rows. */
#include "sweep_axes.h"

#include "../base/text.h"

#include <stdio.h>
#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the mark of the sweep");
}

/* The file's hash as one line of `out`. A file that is not there has none: whoever needs it will say so. */
static fc_status add_file(fc_text *out, const char *path, const char *name, fc_error *error) {
    if (path == NULL) {
        return no_memory(error);
    }
    if (!fc_file_exists(path)) {
        return FC_OK;
    }
    char *bytes = NULL;
    size_t size = 0;
    fc_arena *scratch = fc_arena_create(0);
    if (scratch == NULL) {
        return no_memory(error);
    }
    fc_status status = fc_file_read(&bytes, &size, scratch, path, error);
    if (status == FC_OK) {
        fc_text_addf(out, "%s %zu %08x\n", name, size, fc_text_hash(bytes));
    }
    fc_arena_destroy(scratch);
    return status;
}

/* ---- the study -------------------------------------------------------------------------------------------------------- */

/* A config.json that a model is read from belongs to the study. */
static fc_status add_model_file(fc_text *out, const char *value, fc_error *error) {
    bool path = value != NULL && (strchr(value, '/') != NULL || fc_text_ends(value, ".json"));
    return path ? add_file(out, value, value, error) : FC_OK;
}

static fc_status hash_study(uint32_t *out, const fc_sweep *sweep, const fc_config *config, fc_error *error) {
    fc_text text = fc_text_start(config->arena);
    for (const fc_node *node = sweep->config.tree->first; node != NULL; node = node->next) {
        if (strcmp(node->key, "sweep") != 0) {
            fc_text_addf(&text, "%s: ", node->key);
            fc_sweep_flow(&text, node);
            fc_text_add(&text, "\n");
        }
    }
    fc_text_addf(&text, "seed %llu\n", (unsigned long long)config->seed);
    const fc_node *model = fc_node_get(sweep->config.tree, "model");
    FC_TRY(add_model_file(&text, model != NULL && model->kind == FC_NODE_SCALAR ? model->text : NULL, error));
    if (config->calibration_path != NULL) {
        FC_TRY(add_file(&text, config->calibration_path, "calibration", error));
    }
    *out = fc_text_hash(text.failed ? "" : text.bytes);
    return text.failed ? no_memory(error) : FC_OK;
}

/* ---- the axes --------------------------------------------------------------------------------------------------------- */

static fc_status hash_axes(uint32_t *out, const fc_sweep *sweep, const fc_config *config, fc_error *error) {
    fc_text text = fc_text_start(config->arena);
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        const fc_sweep_axis *axis = &sweep->axes[i];
        fc_text_addf(&text, "%u %s:", axis->group, axis->key);
        for (uint64_t j = 0; j < axis->count; j++) {
            fc_text_addf(&text, " %s,", axis->values[j].set);
        }
        fc_text_add(&text, "\n");
        for (uint64_t j = 0; strcmp(axis->key, "model") == 0 && j < axis->count; j++) {
            FC_TRY(add_model_file(&text, axis->values[j].shown, error));
        }
    }
    fc_text_add(&text, sweep->ranges ? "ranges" : "middle");
    *out = fc_text_hash(text.failed ? "" : text.bytes);
    return text.failed ? no_memory(error) : FC_OK;
}

/* ---- the data folder -------------------------------------------------------------------------------------------------- */

static fc_status add_folder(fc_text *out, fc_arena *arena, const char *data, const char *name, fc_error *error) {
    const char *const *stems = NULL;
    size_t count = 0;
    const char *folder = fc_arena_printf(arena, "%s/%s", data, name);
    if (folder == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_folder_list(&stems, &count, arena, folder, ".yaml", error));
    for (size_t i = 0; i < count; i++) {
        const char *shown = fc_arena_printf(arena, "%s/%s", name, stems[i]);
        FC_TRY(
            add_file(out, fc_arena_printf(arena, "%s/%s.yaml", folder, stems[i]), shown != NULL ? shown : "", error));
    }
    return FC_OK;
}

/* Everything there that an estimate may read; the studies count for themselves. */
static fc_status hash_data(uint32_t *out, const fc_config *config, fc_error *error) {
    static const char *const folders[] = {".",      "chips",  "models",   "clusters", "deals",
                                          "prices", "stacks", "families", "hf",       "calibrations"};
    fc_arena *scratch = fc_arena_create(0);
    fc_status status = FC_OK;
    if (scratch == NULL) {
        return no_memory(error);
    }
    fc_text text = fc_text_start(scratch);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && status == FC_OK; i++) {
        status = add_folder(&text, scratch, config->catalog.data_folder, folders[i], error);
    }
    *out = status == FC_OK && !text.failed ? fc_text_hash(text.bytes) : 0;
    status = status == FC_OK && text.failed ? no_memory(error) : status;
    fc_arena_destroy(scratch);
    return status;
}

fc_status fc_sweep_make_mark(fc_sweep *sweep, const fc_config *config, fc_error *error) {
    uint32_t study = 0;
    uint32_t axes = 0;
    uint32_t data = 0;
    FC_TRY(hash_study(&study, sweep, config, error));
    FC_TRY(hash_axes(&axes, sweep, config, error));
    FC_TRY(hash_data(&data, config, error));
    (void)snprintf(sweep->mark, sizeof sweep->mark, FC_VERSION "-%08x-%08x-%08x", study, axes, data);
    return FC_OK;
}
