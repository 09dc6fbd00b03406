/* mark.c: hashes of what an answer rests on. */
#include "mark.h"

#include "sweep_axes.h"

#include <stdio.h>
#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the mark");
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

fc_status fc_mark_add_model_file(fc_text *out, const char *value, fc_error *error) {
    bool path = value != NULL && (strchr(value, '/') != NULL || fc_text_ends(value, ".json"));
    return path ? add_file(out, value, value, error) : FC_OK;
}

static fc_status hash_study(uint32_t *out, const fc_node *tree, const fc_config *config, fc_error *error) {
    fc_text text = fc_text_start(config->arena);
    for (const fc_node *node = tree->first; node != NULL; node = node->next) {
        if (strcmp(node->key, "sweep") != 0) {
            fc_text_addf(&text, "%s: ", node->key);
            fc_sweep_flow(&text, node);
            fc_text_add(&text, "\n");
        }
    }
    fc_text_addf(&text, "seed %llu\n", (unsigned long long)config->seed);
    const fc_node *model = fc_node_get(tree, "model");
    FC_TRY(fc_mark_add_model_file(&text, model != NULL && model->kind == FC_NODE_SCALAR ? model->text : NULL, error));
    if (config->calibration_path != NULL) {
        FC_TRY(add_file(&text, config->calibration_path, "calibration", error));
    }
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

fc_status fc_mark_make(char out[FC_MARK_SIZE], const fc_node *tree, const char *question, const fc_config *config,
                       fc_error *error) {
    uint32_t study = 0;
    uint32_t data = 0;
    FC_TRY(hash_study(&study, tree, config, error));
    FC_TRY(hash_data(&data, config, error));
    (void)snprintf(out, FC_MARK_SIZE, FC_VERSION "-%08x-%08x-%08x", study, fc_text_hash(question), data);
    return FC_OK;
}

/* ---- two marks --------------------------------------------------------------------------------------------------------- */

enum { PARTS_COUNT = 4, PART_SIZE = 24 };

/* "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3" taken apart; false when it is none. */
static bool split(char parts[PARTS_COUNT][PART_SIZE], const char *mark, size_t size) {
    for (int i = 0; i < PARTS_COUNT; i++) {
        size_t length = 0;
        while (length < size && mark[length] != '-') {
            length++;
        }
        bool last = i == PARTS_COUNT - 1;
        if (length == 0 || length >= PART_SIZE || last != (length == size)) {
            return false;
        }
        memcpy(parts[i], mark, length);
        parts[i][length] = '\0';
        if (i > 0 && (length != 8 || strspn(parts[i], "0123456789abcdef") != length)) {
            return false;
        }
        mark += length + !last;
        size -= length + !last;
    }
    return true;
}

fc_mark_verdict fc_mark_compare(const char *mark, const char *other, size_t other_size) {
    char here[PARTS_COUNT][PART_SIZE];
    char there[PARTS_COUNT][PART_SIZE];
    if (!split(there, other, other_size) || !split(here, mark, strlen(mark))) {
        return FC_MARK_IS_NONE;
    }
    for (int i = 0; i < PARTS_COUNT; i++) {
        if (strcmp(here[i], there[i]) != 0) {
            return (fc_mark_verdict)(FC_MARK_OTHER_VERSION + i);
        }
    }
    return FC_MARK_SAME;
}
