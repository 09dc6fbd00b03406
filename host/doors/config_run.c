/* config_run.c: how a run is operated and what fails how often, from a study. */
#include "config_layers.h"

#include "../base/text.h"

#include <string.h>

/* The entry that tells how stops divide among classes where nobody says more than how many there are. */
static const char LIKE[] = "llama3-405b";

static fc_status read_failures(fc_failures *out, fc_loading *loading, const char *path, const fc_node *map,
                               const char *origin, fc_error *error) {
    static const char *const more[] = {"base", "name", "aliases", "about", "sources", "source", "notes", "other"};
    FC_TRY(fc_layer_read(loading, FC_NOUN_FAILURES, path, out, map, origin, FC_GRADE_PUBLISHED, error));
    return fc_layer_refuse(map, FC_NOUN_FAILURES, more, sizeof more / sizeof more[0], error);
}

/* Only the proportions: how many there are is the chip's fact. A data folder without the entry leaves them open. */
static fc_status read_parts(fc_failures *out, fc_loading *loading, fc_error *error) {
    const fc_catalog *catalog = &loading->config->catalog;
    const char *file = fc_arena_printf(loading->config->arena, "%s/failures/%s.yaml", catalog->data_folder, LIKE);
    if (file == NULL) {
        return fc_layer_no_memory(error);
    }
    if (!fc_file_exists(file)) {
        return FC_OK;
    }
    fc_node *entry = NULL;
    fc_failures like;
    memset(&like, 0, sizeof like);
    FC_TRY(fc_catalog_read(&entry, catalog, "failures", LIKE, NULL, error));
    fc_loading quiet = {.config = loading->config, .defaults = loading->defaults};
    quiet.reader.arena = loading->config->arena;
    FC_TRY(read_failures(&like, &quiet, LIKE, entry, LIKE, error));
    memcpy(out->part, like.per_chip_h, sizeof out->part);
    return FC_OK;
}

fc_status fc_load_failures(fc_failures *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error) {
    char *own_path = fc_arena_printf(loading->config->arena, "%s.failures", path);
    if (own_path == NULL) {
        return fc_layer_no_memory(error);
    }
    FC_TRY(read_parts(out, loading, error));
    if (node == NULL) {
        return FC_OK;
    }
    node->used = true;
    fc_node *entry = NULL;
    FC_TRY(fc_layer_entry(&entry, loading, "failures", node, "cluster.failures", error));
    if (entry != NULL) {
        FC_TRY(read_failures(out, loading, own_path, entry, fc_layer_origin(loading, "failures", entry), error));
    }
    return node->kind == FC_NODE_MAP ? read_failures(out, loading, own_path, node, "study", error) : FC_OK;
}

static fc_status read_deliveries(fc_policy *out, fc_loading *loading, fc_node *list, fc_error *error) {
    if (list == NULL) {
        return FC_OK;
    }
    list->used = true;
    if (list->kind != FC_NODE_LIST || list->count == 0 || list->count > FC_MAX_DELIVERIES) {
        return fc_node_error(error, FC_BAD_INPUT, list, false,
                             "delivery is a list of 1 to %d maps such as {month: 0, chips: 8192}, in order of time",
                             FC_MAX_DELIVERIES);
    }
    out->deliveries_count = 0;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        fc_delivery *delivery = &out->deliveries[out->deliveries_count];
        char *path = fc_arena_printf(loading->config->arena, "run.delivery.%u", out->deliveries_count);
        if (path == NULL) {
            return fc_layer_no_memory(error);
        }
        memset(delivery, 0, sizeof *delivery);
        FC_TRY(fc_layer_read(loading, FC_NOUN_DELIVERY, path, delivery, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_DELIVERY, NULL, 0, error));
        out->deliveries_count += 1;
    }
    return FC_OK;
}

fc_status fc_load_policy(fc_policy *out, fc_loading *loading, fc_node *node, fc_error *error) {
    static const char *const more[] = {"delivery", "source", "note"};
    *out = fc_policy_default();
    if (node != NULL && node->kind != FC_NODE_NULL && node->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "run is a map of how the run is operated, for example {checkpoint_overlap: 0.9}");
    }
    FC_TRY(fc_layer_read(loading, FC_NOUN_POLICY, "run", out, node, "study", FC_GRADE_EXACT, error));
    FC_TRY(read_deliveries(out, loading, fc_node_get(node, "delivery"), error));
    return fc_layer_refuse(node, FC_NOUN_POLICY, more, sizeof more / sizeof more[0], error);
}
