/* config_cluster.c: a chip and its cluster from a study: names, maps, tiers, and what follows from them. */
#include "config_layers.h"

#include "../base/text.h"
#include "calibration_file.h"
#include "chip_curves.h"

#include "flopcast/calibration.h"

#include <stdio.h>
#include <string.h>

/* The keys of a chip's file that are no input of an estimate. */
static const char *const CHIP_MORE[] = {"name",  "aliases", "about",        "sources",     "source",
                                        "other", "notes",   "device_names", "kernels_like"};
enum { CHIP_MORE_COUNT = sizeof CHIP_MORE / sizeof CHIP_MORE[0] };

/* Imported collectives become the one network that the chip has. */
static fc_status note_collectives(const fc_chip *chip, fc_loading *loading, fc_error *error) {
    if (chip->scaleup_domain_count < 2) {
        return FC_OK;
    }
    const char *text = fc_arena_printf(
        loading->config->arena, "%.4g GB/s one way among %u chips, %.3g us a step: the collectives fitted",
        1e-9 * chip->scaleup_bytes_per_s, chip->scaleup_domain_count, 1e6 * chip->scaleup_latency_s);
    if (text == NULL) {
        return fc_layer_no_memory(error);
    }
    return fc_load_note(loading, "cluster.chip.scaleup_bw", text, "calibration", FC_GRADE_MEASURED, error);
}

/* The catalogue chip that the device is by its name: told, and nothing taken from it. */
static fc_status note_sheet(const fc_device_sheet *sheet, fc_loading *loading, fc_error *error) {
    if (sheet->chip[0] == '\0') {
        return FC_OK;
    }
    const char *text = fc_arena_printf(loading->config->arena, "%s by its name; its sheet is not used", sheet->chip);
    if (text == NULL) {
        return fc_layer_no_memory(error);
    }
    return fc_load_note(loading, "cluster.chip.sheet", text, "calibration", FC_GRADE_MEASURED, error);
}

static fc_status read_local_chip(fc_chip *out, fc_loading *loading, const fc_node *node, fc_error *error) {
    const fc_config *config = loading->config;
    if (config->calibration_path == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "chip local is the machine that a calibration describes: run `flopcast bench -o "
                             "calibration.json`, then add --calibration calibration.json");
    }
    fc_calibration calibration;
    FC_TRY(fc_calibration_read(&calibration, config->arena, config->calibration_path, error));
    FC_TRY(fc_calibration_chip(out, &calibration, error));
    bool imported = calibration.device.threads == 0;
    const char *mark = calibration.device.emulated ? "EMULATED, no measurement: " : "";
    const char *text =
        imported ? fc_arena_printf(config->arena, "%s%s, %s", mark, calibration.device.name, calibration.device.library)
                 : fc_arena_printf(config->arena, "%s%s, %u threads, %s", mark, calibration.device.name,
                                   calibration.device.threads, calibration.taken_at);
    if (text == NULL) {
        return fc_layer_no_memory(error);
    }
    FC_TRY(fc_load_note(loading, "cluster.chip", text, "calibration", FC_GRADE_MEASURED, error));
    FC_TRY(note_sheet(&calibration.sheet, loading, error));
    return note_collectives(out, loading, error);
}

/* A table of matmuls alone leaves the memory open; the study may state it. */
static fc_status check_local_memory(const fc_chip *chip, const fc_node *node, fc_error *error) {
    const char *lacking = !(chip->memory_bytes_per_s > 0.0) ? "memory_bw" : "memory";
    if (chip->memory_bytes_per_s > 0.0 && chip->memory_bytes > 0.0) {
        return FC_OK;
    }
    return fc_node_error(error, FC_BAD_INPUT, node, false,
                         "the calibration tells matmul times and no %s: state it, for example --set "
                         "cluster.chip.%s, or measure the device with flopcast bench",
                         lacking[6] != '\0' ? "memory rate" : "size of the memory",
                         lacking[6] != '\0' ? "memory_bw=3TB/s" : "memory=80GiB");
}

/* What a family has in common fills what the chip's own file lacks. */
static fc_status read_family(fc_chip *out, fc_loading *loading, const char *path, const fc_node *entry,
                             fc_error *error) {
    fc_arena *arena = loading->config->arena;
    const char *folder = loading->config->catalog.data_folder;
    const fc_node *family = fc_node_get(entry, "family");
    char name[FC_NAME_SIZE];
    fc_text_slug(name, sizeof name, family != NULL && family->kind == FC_NODE_SCALAR ? family->text : "other");
    const char *file = fc_arena_printf(arena, "%s/families/%s.yaml", folder, name);
    if (file != NULL && !fc_file_exists(file)) {
        fc_text_slug(name, sizeof name, "other");
        file = fc_arena_printf(arena, "%s/families/other.yaml", folder);
    }
    const char *origin = fc_arena_printf(arena, "family %s", name);
    if (file == NULL || origin == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    fc_node *tree = NULL;
    static const char *const more[] = {"about", "sources"};
    FC_TRY(fc_tree_read(&tree, arena, file, error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_CHIP, path, out, tree, origin, FC_GRADE_ASSUMED, error));
    return fc_layer_refuse(tree, FC_NOUN_CHIP, more, sizeof more / sizeof more[0], error);
}

/* Who states how much of the peak matmuls or attention reach means that, and no measured curve. */
static void drop_stated(fc_chip *out, const fc_node *node) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        char key[FC_NAME_SIZE];
        (void)snprintf(key, sizeof key, "matmul_eff_%s", fc_dtype_name((fc_dtype)dtype));
        if (fc_node_get(node, key) != NULL) {
            out->curves.matmul[dtype].cores_count = 0.0;
        }
    }
    if (fc_node_get(node, "attention_eff") != NULL) {
        out->curves.attention.cores_count = 0.0;
    }
    if (fc_node_get(node, "scaleup_eff") != NULL) {
        for (int i = 0; i < FC_CHIP_LINK_COUNT; i++) {
            out->curves.link[i].cores_count = 0.0;
        }
    }
}

static fc_status attach_curves(fc_chip *out, fc_loading *loading, const fc_node *entry, const fc_node *node,
                               fc_error *error) {
    const fc_node *like = fc_node_get(entry, "kernels_like");
    const char *like_name = like != NULL && like->kind == FC_NODE_SCALAR ? like->text : NULL;
    FC_TRY(fc_chip_curves_attach(out, &loading->config->catalog, entry->key, like_name, error));
    if (node != NULL && node->kind == FC_NODE_MAP) {
        drop_stated(out, node);
    }
    return FC_OK;
}

static fc_status load_chip(fc_chip *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error) {
    *out = fc_chip_default();
    bool is_local = false;
    fc_node *entry = NULL;
    fc_node *base = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (base != NULL && base->kind == FC_NODE_SCALAR && strcmp(base->text, "local") == 0) {
        base->used = true;
        is_local = true;
        FC_TRY(read_local_chip(out, loading, base, error));
    } else {
        FC_TRY(fc_layer_entry(&entry, loading, "chips", node, "chip", error));
        if (entry != NULL) {
            FC_TRY(read_family(out, loading, path, entry, error));
            (void)fc_text_copy(out->name, sizeof out->name, entry->key);
            FC_TRY(fc_layer_read(loading, FC_NOUN_CHIP, path, out, entry, fc_layer_origin(loading, "chip", entry),
                                 FC_GRADE_VENDOR, error));
            FC_TRY(fc_layer_refuse(entry, FC_NOUN_CHIP, CHIP_MORE, CHIP_MORE_COUNT, error));
        } else if (node == NULL || node->kind == FC_NODE_NULL) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "the cluster names no chip: give cluster.chip, for example {chip: h100-sxm, chips: 8}; "
                                "`flopcast list chips` shows the names");
        } else if (node->kind == FC_NODE_MAP) {
            FC_TRY(read_family(out, loading, path, node, error));
        }
    }
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const more[] = {"base", "name"};
        const fc_node *name = fc_node_get(node, "name");
        if (name != NULL) {
            FC_TRY(fc_layer_name(out->name, name, "chip.name", error));
        } else if (out->name[0] == '\0') {
            (void)fc_text_copy(out->name, sizeof out->name, "unnamed-chip");
        }
        FC_TRY(fc_layer_read(loading, FC_NOUN_CHIP, path, out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_CHIP, more, sizeof more / sizeof more[0], error));
    }
    FC_TRY(entry != NULL ? attach_curves(out, loading, entry, node, error) : FC_OK);
    return is_local ? check_local_memory(out, node, error) : FC_OK;
}

static fc_status load_tiers(fc_cluster *out, fc_loading *loading, const char *path, fc_node *list, fc_error *error) {
    if (list == NULL) {
        return FC_OK;
    }
    list->used = true;
    if (list->kind != FC_NODE_LIST || list->count == 0 || list->count > FC_MAX_TIERS) {
        return fc_node_error(error, FC_BAD_INPUT, list, false,
                             "tiers is a list of 1 to %d maps, from the smallest to the largest", FC_MAX_TIERS);
    }
    out->tiers_count = 0;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        fc_tier *tier = &out->tiers[out->tiers_count];
        memset(tier, 0, sizeof *tier);
        tier->eff_frac = 1.0;
        char *tier_path = fc_arena_printf(loading->config->arena, "%s.tiers.%u", path, out->tiers_count);
        if (tier_path == NULL) {
            return fc_layer_no_memory(error);
        }
        FC_TRY(fc_layer_read(loading, FC_NOUN_TIER, tier_path, tier, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_TIER, NULL, 0, error));
        out->tiers_count += 1;
    }
    return FC_OK;
}

/* What follows from a range has one too. */
static void derive_spread(fc_loading *loading, const char *key, size_t offset, double low, double mid, double high,
                          double most) {
    fc_study *study = loading->reader.study;
    if (study == NULL || study->spreads_count >= FC_MAX_SPREADS || !(low < high)) {
        return;
    }
    fc_spread *spread = &study->spreads[study->spreads_count++];
    *spread = (fc_spread){
        .offset = (uint32_t)offset, .grade = FC_GRADE_ASSUMED, .low = low, .mid = mid, .high = high, .most = most};
    (void)fc_text_copy(spread->key, sizeof spread->key, key);
}

/* IT power a chip: stated, else the server's share, else a multiple of the chip's own limit. */
fc_status fc_load_power(fc_study *study, fc_loading *loading, const char *path, fc_error *error) {
    const double most_w = 1e6;
    fc_chip *chip = &study->cluster.chip;
    if (chip->it_power_w > 0) {
        return FC_OK;
    }
    bool server = chip->server_w > 0;
    chip->it_power_w = server ? chip->server_w : chip->tdp_w * study->server_w_per_tdp_w;
    if (!(chip->it_power_w > 0)) {
        return FC_OK;
    }
    const char *key = fc_arena_printf(loading->config->arena, "%s.chip.it_power", path);
    const char *text = fc_arena_printf(loading->config->arena, "%.4g W (%s)", chip->it_power_w,
                                       server ? "the server's share; network and storage not in it"
                                              : "a multiple of the chip's own limit");
    if (key == NULL || text == NULL) {
        return fc_layer_no_memory(error);
    }
    for (uint32_t i = 0; i < study->spreads_count && !server; ++i) {
        const fc_spread *ratio = &study->spreads[i];
        if (ratio->offset == offsetof(fc_study, server_w_per_tdp_w)) {
            derive_spread(loading, key, offsetof(fc_study, cluster.chip.it_power_w), ratio->low * chip->tdp_w,
                          ratio->mid * chip->tdp_w, ratio->high * chip->tdp_w, most_w);
            break;
        }
    }
    return fc_load_note(loading, key, text, "derived", FC_GRADE_ASSUMED, error);
}

static fc_status read_cluster_map(fc_cluster *out, fc_loading *loading, const char *path, fc_node *map,
                                  const char *origin, fc_error *error) {
    char *chip_path = fc_arena_printf(loading->config->arena, "%s.chip", path);
    fc_node *chip = fc_node_get(map, "chip");
    if (chip_path == NULL) {
        return fc_layer_no_memory(error);
    }
    if (chip != NULL) {
        chip->used = true;
        FC_TRY(load_chip(&out->chip, loading, chip_path, chip, error));
    }
    FC_TRY(fc_layer_read(loading, FC_NOUN_CLUSTER, path, out, map, origin, FC_GRADE_EXACT, error));
    FC_TRY(fc_load_failures(&out->failures, loading, path, fc_node_get(map, "failures"), error));
    return load_tiers(out, loading, path, fc_node_get(map, "tiers"), error);
}

static fc_status read_rate(double *out, const fc_node *node, fc_error *error) {
    if (node->kind != FC_NODE_SCALAR || fc_units_parse(out, node->text, FC_UNIT_BYTES_PER_S, NULL) != FC_OK) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "storage_bw_per_chip is a rate such as 0.1 GB/s");
    }
    return FC_OK;
}

/* Checkpoint bandwidth grows with the cluster where only the rate per chip is known. */
static fc_status settle_storage(fc_cluster *cluster, fc_loading *loading, const char *path, fc_error *error) {
    const double most_bytes_per_s = 1e18;
    const fc_node *each = fc_node_get(fc_node_get(loading->defaults, "cluster"), "storage_bw_per_chip");
    if (cluster->storage_bytes_per_s > 0 || each == NULL) {
        return FC_OK;
    }
    const fc_node *mid = fc_node_get(each, "mid") != NULL ? fc_node_get(each, "mid") : fc_node_get(each, "value");
    const fc_node *low = fc_node_get(each, "low");
    const fc_node *high = fc_node_get(each, "high");
    mid = mid != NULL ? mid : each;
    double rates[3] = {0, 0, 0};
    FC_TRY(read_rate(&rates[1], mid, error));
    cluster->storage_bytes_per_s = rates[1] * cluster->chips_count;
    const char *key = fc_arena_printf(loading->config->arena, "%s.storage_bw", path);
    const char *text =
        fc_arena_printf(loading->config->arena, "%s for each of %.0f chips", mid->text, cluster->chips_count);
    if (key == NULL || text == NULL) {
        return fc_layer_no_memory(error);
    }
    if (low != NULL && high != NULL) {
        FC_TRY(read_rate(&rates[0], low, error));
        FC_TRY(read_rate(&rates[2], high, error));
        derive_spread(loading, key, offsetof(fc_study, cluster.storage_bytes_per_s), rates[0] * cluster->chips_count,
                      cluster->storage_bytes_per_s, rates[2] * cluster->chips_count, most_bytes_per_s);
    }
    return fc_load_note(loading, key, text, "defaults", FC_GRADE_ASSUMED, error);
}

static const char *const CLUSTER_MORE[] = {"chip",  "tiers",   "base",    "parts",          "name",    "aliases",
                                           "about", "sources", "source",  "facility_power", "other",   "notes",
                                           "share", "mfu",     "goodput", "usd_per_chip_h", "failures"};
enum { CLUSTER_MORE_COUNT = sizeof CLUSTER_MORE / sizeof CLUSTER_MORE[0] };

fc_status fc_load_cluster(fc_cluster *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error) {
    *out = fc_cluster_default();
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_CLUSTER, path, out, fc_node_get(loading->defaults, "cluster"), error));
    fc_node *entry = NULL;
    FC_TRY(fc_layer_entry(&entry, loading, "clusters", node, "cluster", error));
    if (fc_node_get(entry, "parts") != NULL) {
        return fc_node_error(
            error, FC_BAD_INPUT, node, false,
            "cluster %s mixes several kinds of chip, and one job runs on one kind: choose one, for example "
            "cluster={chip: h100-sxm, chips: 150k}, or ask `flopcast compare`",
            entry->key);
    }
    if (entry != NULL) {
        (void)fc_text_copy(out->name, sizeof out->name, entry->key);
        FC_TRY(read_cluster_map(out, loading, path, entry, fc_layer_origin(loading, "cluster", entry), error));
        FC_TRY(fc_layer_refuse(entry, FC_NOUN_CLUSTER, CLUSTER_MORE, CLUSTER_MORE_COUNT, error));
    }
    if (node != NULL && node->kind == FC_NODE_MAP) {
        const fc_node *name = fc_node_get(node, "name");
        if (name != NULL) {
            FC_TRY(fc_layer_name(out->name, name, "cluster.name", error));
        }
        FC_TRY(read_cluster_map(out, loading, path, node, "study", error));
        FC_TRY(fc_layer_refuse(node, FC_NOUN_CLUSTER, CLUSTER_MORE, CLUSTER_MORE_COUNT, error));
    }
    if (out->chip.name[0] == '\0' && !(out->chip.memory_bytes > 0)) {
        return node != NULL
                   ? fc_node_error(error, FC_BAD_INPUT, node, false,
                                   "the cluster names no chip: give chip and chips, for example {chip: h100-sxm, "
                                   "chips: 8}")
                   : fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                  "the study has no cluster: give cluster: {chip: NAME, chips: N}");
    }
    if (fc_node_get(node, "chips") == NULL && fc_node_get(entry, "chips") == NULL &&
        strcmp(out->chip.name, "local") != 0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "the cluster says %s and not how many: give chips, for example "
                             "{chip: %s, chips: 1024}",
                             out->chip.name, out->chip.name);
    }
    return settle_storage(out, loading, path, error);
}
