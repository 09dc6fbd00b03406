/* config_nouns.c: nouns from a study's nodes. */
#include "config_layers.h"

#include "../base/text.h"
#include "hf_config.h"

#include <string.h>

fc_status fc_load_note(fc_loading *loading, const char *key, const char *text, const char *origin, fc_grade grade,
                       fc_error *error) {
    fc_fact *fact = fc_arena_alloc(loading->config->arena, sizeof *fact);
    if (fact == NULL) {
        return fc_layer_no_memory(error);
    }
    *fact = (fc_fact){
        .key = key, .text = text, .origin = origin, .grade = (uint32_t)grade, .source = "", .date = "", .note = ""};
    if (loading->reader.last_fact != NULL) {
        loading->reader.last_fact->next = fact;
    } else {
        loading->reader.first_fact = fact;
    }
    loading->reader.last_fact = fact;
    return FC_OK;
}

fc_status fc_load_start(fc_loading *out, const fc_config *config, fc_study *study, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->config = config;
    out->reader.arena = config->arena;
    out->reader.study = study;
    char *path = fc_arena_printf(config->arena, "%s/defaults.yaml", config->catalog.data_folder);
    if (path == NULL) {
        return fc_layer_no_memory(error);
    }
    return fc_tree_read(&out->defaults, config->arena, path, error);
}

/* ---- model ---------------------------------------------------------------------------------------------------- */

static bool is_path(const fc_node *node) {
    return node != NULL && node->kind == FC_NODE_SCALAR &&
           (strchr(node->text, '/') || fc_text_ends(node->text, ".json"));
}

static fc_status read_hf_config(fc_model *out, fc_loading *loading, const char *path, const fc_node *node,
                                fc_error *error) {
    fc_hf_facts read;
    fc_arena *arena = loading->config->arena;
    FC_TRY(fc_hf_config_facts(out, &read, arena, loading->config->catalog.data_folder, node->text, error));
    for (size_t i = 0; i < read.count; ++i) {
        const fc_hf_fact *fact = &read.facts[i];
        if (fact->origin == FC_HF_FROM_FILE) {
            continue;
        }
        const char *key = fc_arena_printf(arena, "%s.%s", path, fact->key);
        const char *origin = fc_arena_printf(arena, "%s of class %s", fc_hf_origin_name(fact->origin), read.model_type);
        if (key == NULL || origin == NULL) {
            return fc_layer_no_memory(error);
        }
        fc_grade grade = fact->origin == FC_HF_REMARK ? FC_GRADE_ASSUMED : FC_GRADE_PUBLISHED;
        FC_TRY(fc_load_note(loading, key, fact->text, origin, grade, error));
    }
    return FC_OK;
}

/* mha and mqa fix the number of key/value heads, and gqa wants it stated: the words say more than `grouped`. */
static fc_status settle_kv_heads(fc_model *model, const fc_node *map, fc_error *error) {
    const fc_node *word = fc_node_get(map, "attention");
    if (word == NULL || word->kind != FC_NODE_SCALAR) {
        return FC_OK;
    }
    bool mha = fc_text_same_name(word->text, "mha");
    bool mqa = fc_text_same_name(word->text, "mqa");
    uint32_t meant = mha ? model->heads : 1;
    bool stated = fc_node_get(map, "kv_heads") != NULL && model->kv_heads != 0;
    if ((mha || mqa) && stated && model->kv_heads != meant) {
        return fc_node_error(error, FC_BAD_INPUT, word, false,
                             "model: attention %s means kv_heads = %u, and kv_heads is %u; leave one of the two out",
                             word->text, meant, model->kv_heads);
    }
    if (fc_text_same_name(word->text, "gqa") && model->kv_heads == 0) {
        return fc_node_error(error, FC_BAD_INPUT, word, false,
                             "model: attention gqa needs kv_heads: give it, for example kv_heads: 8");
    }
    model->kv_heads = mha || mqa ? meant : model->kv_heads;
    return FC_OK;
}

fc_status fc_load_model(fc_model *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error) {
    *out = fc_model_default();
    fc_node *base = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (is_path(base)) {
        base->used = true;
        FC_TRY(read_hf_config(out, loading, path, base, error));
    } else {
        fc_node *entry = NULL;
        FC_TRY(fc_layer_entry(&entry, loading, "models", node, "model", error));
        if (entry != NULL) {
            const char *origin = fc_layer_origin(loading, "model", entry);
            (void)fc_text_copy(out->name, sizeof out->name, entry->key);
            FC_TRY(fc_layer_read(loading, FC_NOUN_MODEL, path, out, entry, origin, FC_GRADE_EXACT, error));
            FC_TRY(settle_kv_heads(out, entry, error));
            FC_TRY(fc_layer_refuse(entry, FC_NOUN_MODEL, FC_ENTRY_KEYS, FC_ENTRY_KEYS_COUNT, error));
        }
    }
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const more[] = {"base", "name", "source", "note"};
        const fc_node *name = fc_node_get(node, "name");
        if (name != NULL) {
            FC_TRY(fc_layer_name(out->name, name, "model.name", error));
        } else if (out->name[0] == '\0') {
            (void)fc_text_copy(out->name, sizeof out->name, "written-out");
        }
        FC_TRY(fc_layer_read(loading, FC_NOUN_MODEL, path, out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(settle_kv_heads(out, node, error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_MODEL, more, sizeof more / sizeof more[0], error));
    }
    fc_status status = fc_model_check(out, error);
    if (status != FC_OK && error != NULL && error->line == 0 && node != NULL) {
        error->line = node->line;
        error->column = node->column;
        (void)fc_text_copy(error->source, sizeof error->source, node->source != NULL ? node->source : "");
    }
    return status;
}

/* ---- workload, stack, plan ---------------------------------------------------------------------------------------- */

/* Weights that are trained in fp32 or fp64 are their own master copy. */
static fc_status settle_master(fc_workload *out, fc_loading *loading, const fc_node *node, fc_error *error) {
    bool wide = out->dtype == FC_DTYPE_FP64 || out->dtype == FC_DTYPE_FP32 || out->dtype == FC_DTYPE_TF32;
    if (!wide || fc_node_get(node, "master_bytes") != NULL || !(out->master_bytes > 0)) {
        return FC_OK;
    }
    out->master_bytes = 0;
    return fc_load_note(loading, "workload.master_bytes", "0: weights of this format are their own master copy",
                        "derived", FC_GRADE_EXACT, error);
}

/* An optimizer that the study names brings its own bytes, unless the study states them too. */
static fc_status settle_optimizer(fc_workload *out, fc_loading *loading, const fc_node *node, fc_error *error) {
    if (fc_node_get(node, "optimizer") == NULL || fc_node_get(node, "optimizer_bytes") != NULL) {
        return FC_OK;
    }
    out->optimizer_bytes = fc_optimizer_bytes((fc_optimizer)out->optimizer);
    return fc_load_note(loading, "workload.optimizer_bytes", "those of the optimizer", "derived", FC_GRADE_EXACT,
                        error);
}

fc_status fc_load_workload(fc_workload *out, fc_loading *loading, fc_node *node, fc_error *error) {
    *out = fc_workload_default();
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_WORKLOAD, "workload", out, fc_node_get(loading->defaults, "workload"),
                             error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_WORKLOAD, "workload", out, node, "study", FC_GRADE_EXACT, error));
    FC_TRY(fc_layer_refuse(node, FC_NOUN_WORKLOAD, NULL, 0, error));
    if (!(out->tokens_count > 0)) {
        return node != NULL ? fc_node_error(error, FC_BAD_INPUT, node, false,
                                            "the workload has no tokens: give tokens, for example tokens: 15.6T")
                            : fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                           "the study has no workload: give workload: {tokens: 15.6T}");
    }
    FC_TRY(settle_optimizer(out, loading, node, error));
    return settle_master(out, loading, node, error);
}

fc_status fc_load_stack(fc_stack *out, fc_loading *loading, fc_node *node, fc_error *error) {
    *out = fc_stack_default();
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_STACK, "stack", out, fc_node_get(loading->defaults, "stack"), error));
    fc_node *entry = NULL;
    FC_TRY(fc_layer_entry(&entry, loading, "stacks", node, "stack", error));
    if (entry == NULL) {
        FC_TRY(fc_catalog_read(&entry, &loading->config->catalog, "stacks", "default", NULL, error));
    }
    (void)fc_text_copy(out->name, sizeof out->name, entry->key);
    FC_TRY(fc_layer_read(loading, FC_NOUN_STACK, "stack", out, entry, fc_layer_origin(loading, "stack", entry),
                         FC_GRADE_ASSUMED, error));
    FC_TRY(fc_layer_refuse(entry, FC_NOUN_STACK, FC_ENTRY_KEYS, FC_ENTRY_KEYS_COUNT, error));
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const more[] = {"base", "name"};
        FC_TRY(fc_layer_read(loading, FC_NOUN_STACK, "stack", out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_STACK, more, 2, error));
    }
    return FC_OK;
}

fc_status fc_load_plan(fc_plan *out, fc_loading *loading, fc_node *node, fc_error *error) {
    *out = fc_plan_default();
    if (node == NULL || node->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (node->kind == FC_NODE_SCALAR) {
        return strcmp(node->text, "auto") == 0
                   ? FC_OK
                   : fc_node_error(error, FC_BAD_INPUT, node, false,
                                   "plan is auto or a map such as {tp: 8, pp: 16}; found \"%.40s\"", node->text);
    }
    FC_TRY(fc_layer_read(loading, FC_NOUN_PLAN, "plan", out, node, "study", FC_GRADE_EXACT, error));
    return fc_layer_refuse(node, FC_NOUN_PLAN, NULL, 0, error);
}

/* ---- the program's own habits, and the measured domain -------------------------------------------------------------- */

fc_status fc_load_estimate_habits(fc_study *out, fc_loading *loading, fc_node *node, fc_error *error) {
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_ESTIMATE, "estimate", out, fc_node_get(loading->defaults, "estimate"),
                             error));
    if (out->cluster.chip.threads_count > 0.0) { /* a processor that was measured: nothing but that speaks */
        FC_TRY(fc_layer_defaults(loading, FC_NOUN_ESTIMATE, "estimate", out,
                                 fc_node_get(loading->defaults, "estimate_processor"), error));
    }
    /* what somebody measured or believes of this very case says more than runs at a distance */
    out->domain.error_stated = out->cluster.chip.threads_count > 0.0 || fc_node_get(node, "step_time_factor") != NULL;
    FC_TRY(fc_layer_read(loading, FC_NOUN_ESTIMATE, "estimate", out, node, "study", FC_GRADE_EXACT, error));
    return fc_layer_refuse(node, FC_NOUN_ESTIMATE, NULL, 0, error);
}

static bool list_has(const fc_node *list, const char *name) {
    for (const fc_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
        if (item->kind == FC_NODE_SCALAR && fc_text_same_name(item->text, name)) {
            return true;
        }
    }
    return false;
}

fc_status fc_load_domain(fc_domain *out, fc_loading *loading, const fc_study *study, fc_error *error) {
    char *path = fc_arena_printf(loading->config->arena, "%s/domain.yaml", loading->config->catalog.data_folder);
    fc_node *tree = NULL;
    if (path == NULL) {
        return fc_layer_no_memory(error);
    }
    FC_TRY(fc_tree_read(&tree, loading->config->arena, path, error));
    fc_loading quiet = {.config = loading->config, .defaults = loading->defaults};
    quiet.reader.arena = loading->config->arena;
    FC_TRY(fc_layer_read(&quiet, FC_NOUN_DOMAIN, "domain", out, tree, "domain", FC_GRADE_PUBLISHED, error));
    static const char *const more[] = {"chips_measured", "dtypes_measured", "about", "sources", "source"};
    FC_TRY(fc_layer_refuse(tree, FC_NOUN_DOMAIN, more, 5, error));
    bool local = strcmp(study->cluster.chip.name, "local") == 0 && study->cluster.chips_count <= 1;
    out->chip_measured = local || list_has(fc_node_get(tree, "chips_measured"), study->cluster.chip.name);
    out->dtype_measured =
        local || list_has(fc_node_get(tree, "dtypes_measured"), fc_dtype_name((fc_dtype)study->workload.dtype));
    return FC_OK;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------- */

fc_status fc_load_study_tree(fc_node **out, const fc_config *config, const char *name, fc_error *error) {
    bool path = fc_file_exists(name) || strchr(name, '/') != NULL || fc_text_ends(name, ".yaml") ||
                fc_text_ends(name, ".yml") || fc_text_ends(name, ".json") || fc_folder_exists(name);
    if (config->tree != NULL) {
        *out = fc_node_copy(config->arena, config->tree);
        FC_TRY(*out != NULL ? FC_OK : fc_layer_no_memory(error));
    } else if (path) {
        FC_TRY(fc_tree_read(out, config->arena, name, error));
    } else {
        FC_TRY(fc_catalog_read(out, &config->catalog, "studies", name, NULL, error));
    }
    if ((*out)->kind != FC_NODE_MAP) {
        char found[96];
        fc_node_describe(*out, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, *out, false,
                             "a study is a map with model, cluster and workload; found %s", found);
    }
    for (size_t i = 0; i < config->sets_count; ++i) {
        const char *equals = strchr(config->sets[i], '=');
        if (equals == NULL || equals == config->sets[i]) {
            return fc_error_set(error, FC_USAGE, "--set", 0, 0,
                                "\"%.80s\" is not key=value, for example deal.share=0.5", config->sets[i]);
        }
        char *key = fc_arena_strndup(config->arena, config->sets[i], (size_t)(equals - config->sets[i]));
        if (key == NULL) {
            return fc_layer_no_memory(error);
        }
        FC_TRY(fc_tree_set(*out, config->arena, key, equals + 1, error));
    }
    return FC_OK;
}
