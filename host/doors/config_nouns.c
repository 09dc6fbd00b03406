/* config_nouns.c: nouns from a study's nodes. */
#include "config_nouns.h"

#include "../base/text.h"
#include "calibration_file.h"
#include "hf_config.h"

#include "flopcast/calibration.h"

#include <stdio.h>
#include <string.h>

static const char *const ENTRY_KEYS[] = {"name", "aliases", "about", "sources", "source", "other", "notes"};
enum { ENTRY_KEYS_COUNT = sizeof ENTRY_KEYS / sizeof ENTRY_KEYS[0] };

static fc_status no_memory(fc_error *error)
{
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

/* Files name their sources by short ids; people want to read what they stand for. */
static void spell_out_sources(fc_loading *loading, const fc_node *map, const char *origin)
{
    const fc_node *sources = fc_node_get(map, "sources");
    if (strcmp(origin, "defaults") == 0) {
        sources = fc_node_get(loading->defaults, "sources");
    } else if (strcmp(origin, "study") == 0) {
        sources = loading->study_sources;
    }
    for (fc_fact *fact = loading->reader.first_fact; fact != NULL && sources != NULL; fact = fact->next) {
        const fc_node *known = fact->origin == origin ? fc_node_get(sources, fact->source) : NULL;
        const fc_node *title = fc_node_get(known, "title");
        const fc_node *date = fc_node_get(known, "date");
        fact->source = title != NULL && title->kind == FC_NODE_SCALAR ? title->text : fact->source;
        if (date != NULL && date->kind == FC_NODE_SCALAR && fact->date[0] == '\0') {
            fact->date = date->text;
        }
    }
}

/* Reads `map` over what `target` holds, as said by `origin`. */
static fc_status read_layer(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *map,
                            const char *origin, fc_grade grade, fc_error *error)
{
    if (map == NULL || map->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    loading->reader.origin = origin;
    loading->reader.grade = grade;
    const fc_node *source = fc_node_get(map, "source");
    loading->reader.source = source != NULL && source->kind == FC_NODE_SCALAR ? source->text : NULL;
    fc_status status = fc_fields_read(&loading->reader, fc_fields_noun(id), path, target, map, error);
    loading->reader.source = NULL;
    spell_out_sources(loading, map, origin);
    return status;
}

static fc_status refuse(const fc_node *map, fc_noun_id id, const char *const *more, size_t count, fc_error *error)
{
    return fc_fields_refuse_unknown(map, fc_fields_noun(id), more, count, error);
}

/* A section of data/defaults.yaml. */
static fc_status read_defaults(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *section,
                               fc_error *error)
{
    return read_layer(loading, id, path, target, section, "defaults", FC_GRADE_ASSUMED, error);
}

static fc_status name_of(char *out, const fc_node *node, const char *what, fc_error *error)
{
    if (node->kind != FC_NODE_SCALAR) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is a name or a map of fields; found %s", what, found);
    }
    if (!fc_text_copy(out, FC_NAME_SIZE, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s: \"%.40s…\" is too long for a name", what, node->text);
    }
    return FC_OK;
}

/* The catalogue entry that a node names: itself, or its `base`. NULL when it names none. */
static fc_status entry_of(fc_node **out, fc_loading *loading, const char *kind, fc_node *node, const char *what,
                          fc_error *error)
{
    *out = NULL;
    fc_node *named = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (named == NULL || named->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    named->used = true;
    char name[FC_NAME_SIZE];
    FC_TRY(name_of(name, named, what, error));
    return fc_catalog_read(out, &loading->config->catalog, kind, name, named, error);
}

static const char *origin_of(fc_loading *loading, const char *what, const fc_node *entry)
{
    const char *origin = fc_arena_printf(loading->config->arena, "%s %s", what, entry->key);
    return origin != NULL ? origin : what;
}

fc_status fc_load_note(fc_loading *loading, const char *key, const char *text, const char *origin, fc_grade grade,
                       fc_error *error)
{
    fc_fact *fact = fc_arena_alloc(loading->config->arena, sizeof *fact);
    if (fact == NULL) {
        return no_memory(error);
    }
    *fact = (fc_fact){.key = key, .text = text, .origin = origin, .grade = (uint32_t)grade, .source = "", .date = "", .note = ""};
    if (loading->reader.last_fact != NULL) {
        loading->reader.last_fact->next = fact;
    } else {
        loading->reader.first_fact = fact;
    }
    loading->reader.last_fact = fact;
    return FC_OK;
}

fc_status fc_load_start(fc_loading *out, const fc_config *config, fc_study *study, fc_error *error)
{
    memset(out, 0, sizeof *out);
    out->config = config;
    out->reader.arena = config->arena;
    out->reader.study = study;
    char *path = fc_arena_printf(config->arena, "%s/defaults.yaml", config->catalog.data_folder);
    if (path == NULL) {
        return no_memory(error);
    }
    return fc_tree_read(&out->defaults, config->arena, path, error);
}

/* ---- model ---------------------------------------------------------------------------------------------------- */

static bool is_path(const fc_node *node)
{
    return node != NULL && node->kind == FC_NODE_SCALAR && (strchr(node->text, '/') || fc_text_ends(node->text, ".json"));
}

static fc_status read_hf_config(fc_model *out, fc_loading *loading, const char *path, const fc_node *node, fc_error *error)
{
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
            return no_memory(error);
        }
        fc_grade grade = fact->origin == FC_HF_REMARK ? FC_GRADE_ASSUMED : FC_GRADE_PUBLISHED;
        FC_TRY(fc_load_note(loading, key, fact->text, origin, grade, error));
    }
    return FC_OK;
}

/* mha and mqa fix the number of key/value heads, and gqa wants it stated: the words say more than `grouped`. */
static fc_status settle_kv_heads(fc_model *model, const fc_node *map, fc_error *error)
{
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
                             "model: attention %s means kv_heads = %u, and kv_heads is %u; leave one of the two out", word->text,
                             meant, model->kv_heads);
    }
    if (fc_text_same_name(word->text, "gqa") && model->kv_heads == 0) {
        return fc_node_error(error, FC_BAD_INPUT, word, false,
                             "model: attention gqa needs kv_heads: give it, for example kv_heads: 8");
    }
    model->kv_heads = mha || mqa ? meant : model->kv_heads;
    return FC_OK;
}

fc_status fc_load_model(fc_model *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error)
{
    *out = fc_model_default();
    fc_node *base = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (is_path(base)) {
        base->used = true;
        FC_TRY(read_hf_config(out, loading, path, base, error));
    } else {
        fc_node *entry = NULL;
        FC_TRY(entry_of(&entry, loading, "models", node, "model", error));
        if (entry != NULL) {
            const char *origin = origin_of(loading, "model", entry);
            (void)fc_text_copy(out->name, sizeof out->name, entry->key);
            FC_TRY(read_layer(loading, FC_NOUN_MODEL, path, out, entry, origin, FC_GRADE_EXACT, error));
            FC_TRY(settle_kv_heads(out, entry, error));
            FC_TRY(refuse(entry, FC_NOUN_MODEL, ENTRY_KEYS, ENTRY_KEYS_COUNT, error));
        }
    }
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const more[] = {"base", "name", "source", "note"};
        const fc_node *name = fc_node_get(node, "name");
        if (name != NULL) {
            FC_TRY(name_of(out->name, name, "model.name", error));
        } else if (out->name[0] == '\0') {
            (void)fc_text_copy(out->name, sizeof out->name, "written-out");
        }
        FC_TRY(read_layer(loading, FC_NOUN_MODEL, path, out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(settle_kv_heads(out, node, error));
        FC_TRY(refuse(node, FC_NOUN_MODEL, more, sizeof more / sizeof more[0], error));
    }
    fc_status status = fc_model_check(out, error);
    if (status != FC_OK && error != NULL && error->line == 0 && node != NULL) {
        error->line = node->line;
        error->column = node->column;
        (void)fc_text_copy(error->source, sizeof error->source, node->source != NULL ? node->source : "");
    }
    return status;
}

/* ---- chip and cluster ------------------------------------------------------------------------------------------- */

static fc_status read_local_chip(fc_chip *out, fc_loading *loading, const fc_node *node, fc_error *error)
{
    const fc_config *config = loading->config;
    if (config->calibration_path == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "chip local is the machine that a calibration describes: run `flopcast bench -o "
                             "calibration.json`, then add --calibration calibration.json");
    }
    fc_calibration calibration;
    FC_TRY(fc_calibration_read(&calibration, config->arena, config->calibration_path, error));
    FC_TRY(fc_calibration_chip(out, &calibration, error));
    const char *text = fc_arena_printf(config->arena, "%s, %u threads, %s", calibration.device.name,
                                       calibration.device.threads, calibration.taken_at);
    if (text == NULL) {
        return no_memory(error);
    }
    return fc_load_note(loading, "cluster.chip", text, "calibration", FC_GRADE_MEASURED, error);
}

/* What a family has in common fills what the chip's own file lacks. */
static fc_status read_family(fc_chip *out, fc_loading *loading, const char *path, const fc_node *entry, fc_error *error)
{
    const fc_node *chips = fc_node_get(loading->defaults, "chip");
    const fc_node *family = fc_node_get(entry, "family");
    const char *name = family != NULL && family->kind == FC_NODE_SCALAR ? family->text : "other";
    const fc_node *section = fc_node_get(chips, name);
    if (section == NULL) {
        section = fc_node_get(chips, "other");
    }
    return read_defaults(loading, FC_NOUN_CHIP, path, out, section, error);
}

static fc_status load_chip(fc_chip *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error)
{
    *out = fc_chip_default();
    fc_node *base = node != NULL && node->kind == FC_NODE_MAP ? fc_node_get(node, "base") : node;
    if (base != NULL && base->kind == FC_NODE_SCALAR && strcmp(base->text, "local") == 0) {
        base->used = true;
        FC_TRY(read_local_chip(out, loading, base, error));
    } else {
        fc_node *entry = NULL;
        FC_TRY(entry_of(&entry, loading, "chips", node, "chip", error));
        if (entry != NULL) {
            FC_TRY(read_family(out, loading, path, entry, error));
            (void)fc_text_copy(out->name, sizeof out->name, entry->key);
            FC_TRY(read_layer(loading, FC_NOUN_CHIP, path, out, entry, origin_of(loading, "chip", entry), FC_GRADE_VENDOR,
                              error));
            FC_TRY(refuse(entry, FC_NOUN_CHIP, ENTRY_KEYS, ENTRY_KEYS_COUNT, error));
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
            FC_TRY(name_of(out->name, name, "chip.name", error));
        } else if (out->name[0] == '\0') {
            (void)fc_text_copy(out->name, sizeof out->name, "unnamed-chip");
        }
        FC_TRY(read_layer(loading, FC_NOUN_CHIP, path, out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(refuse(node, FC_NOUN_CHIP, more, sizeof more / sizeof more[0], error));
    }
    return FC_OK;
}

static fc_status load_tiers(fc_cluster *out, fc_loading *loading, const char *path, fc_node *list, fc_error *error)
{
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
            return no_memory(error);
        }
        FC_TRY(read_layer(loading, FC_NOUN_TIER, tier_path, tier, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(refuse(node, FC_NOUN_TIER, NULL, 0, error));
        out->tiers_count += 1;
    }
    return FC_OK;
}

/* IT power a chip: stated, else the server's share, else a stated multiple of the chip's own limit. */
static fc_status settle_power(fc_chip *chip, fc_loading *loading, const char *path, fc_error *error)
{
    if (chip->it_power_w > 0) {
        return FC_OK;
    }
    double ratio = 1.0;
    const fc_node *habits = fc_node_get(loading->defaults, "estimate");
    fc_study habit_study = fc_study_default();
    fc_loading quiet = {.config = loading->config, .defaults = loading->defaults};
    quiet.reader.arena = loading->config->arena;
    quiet.reader.study = &habit_study;
    FC_TRY(read_layer(&quiet, FC_NOUN_ESTIMATE, "estimate", &habit_study, habits, "defaults", FC_GRADE_ASSUMED, error));
    ratio = habit_study.server_w_per_tdp_w;
    bool server = chip->server_w > 0;
    chip->it_power_w = server ? chip->server_w : chip->tdp_w * ratio;
    if (!(chip->it_power_w > 0)) {
        return FC_OK;
    }
    const char *key = fc_arena_printf(loading->config->arena, "%s.it_power", path);
    const char *text = fc_arena_printf(loading->config->arena, "%.4g W (%s)", chip->it_power_w,
                                       server ? "the server's share; network and storage not in it"
                                              : "a multiple of the chip's own limit");
    if (key == NULL || text == NULL) {
        return no_memory(error);
    }
    return fc_load_note(loading, key, text, "derived", FC_GRADE_ASSUMED, error);
}

static fc_status read_cluster_map(fc_cluster *out, fc_loading *loading, const char *path, fc_node *map, const char *origin,
                                  fc_error *error)
{
    char *chip_path = fc_arena_printf(loading->config->arena, "%s.chip", path);
    fc_node *chip = fc_node_get(map, "chip");
    if (chip_path == NULL) {
        return no_memory(error);
    }
    if (chip != NULL) {
        chip->used = true;
        FC_TRY(load_chip(&out->chip, loading, chip_path, chip, error));
    }
    FC_TRY(read_layer(loading, FC_NOUN_CLUSTER, path, out, map, origin, FC_GRADE_EXACT, error));
    return load_tiers(out, loading, path, fc_node_get(map, "tiers"), error);
}

/* Checkpoint bandwidth grows with the cluster where only the rate per chip is known. */
static fc_status settle_storage(fc_cluster *cluster, fc_loading *loading, const char *path, fc_error *error)
{
    const fc_node *each = fc_node_get(fc_node_get(loading->defaults, "cluster"), "storage_bw_per_chip");
    if (cluster->storage_bytes_per_s > 0 || each == NULL) {
        return FC_OK;
    }
    const fc_node *value = each->kind == FC_NODE_MAP ? fc_node_get(each, "value") : each;
    if (value == NULL && each->kind == FC_NODE_MAP) {
        value = fc_node_get(each, "mid");
    }
    double per_chip = 0;
    if (value == NULL || value->kind != FC_NODE_SCALAR ||
        fc_units_parse(&per_chip, value->text, FC_UNIT_BYTES_PER_S, NULL) != FC_OK) {
        return fc_node_error(error, FC_BAD_INPUT, each, false, "storage_bw_per_chip is a rate such as 0.1 GB/s");
    }
    cluster->storage_bytes_per_s = per_chip * cluster->chips_count;
    const char *key = fc_arena_printf(loading->config->arena, "%s.storage_bw", path);
    const char *text = fc_arena_printf(loading->config->arena, "%s for each of %.0f chips", value->text, cluster->chips_count);
    if (key == NULL || text == NULL) {
        return no_memory(error);
    }
    return fc_load_note(loading, key, text, "defaults", FC_GRADE_ASSUMED, error);
}

static const char *const CLUSTER_MORE[] = {"chip",   "tiers",   "base",           "parts", "name",  "aliases", "about",
                                           "sources", "source", "facility_power", "other", "notes", "share",   "mfu",
                                           "goodput", "usd_per_chip_h"};
enum { CLUSTER_MORE_COUNT = sizeof CLUSTER_MORE / sizeof CLUSTER_MORE[0] };

fc_status fc_load_cluster(fc_cluster *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error)
{
    *out = fc_cluster_default();
    FC_TRY(read_defaults(loading, FC_NOUN_CLUSTER, path, out, fc_node_get(loading->defaults, "cluster"), error));
    fc_node *entry = NULL;
    FC_TRY(entry_of(&entry, loading, "clusters", node, "cluster", error));
    if (fc_node_get(entry, "parts") != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "cluster %s mixes several kinds of chip, and one job runs on one kind: choose one, for example "
                             "cluster={chip: h100-sxm, chips: 150k}, or ask `flopcast compare`",
                             entry->key);
    }
    if (entry != NULL) {
        (void)fc_text_copy(out->name, sizeof out->name, entry->key);
        FC_TRY(read_cluster_map(out, loading, path, entry, origin_of(loading, "cluster", entry), error));
        FC_TRY(refuse(entry, FC_NOUN_CLUSTER, CLUSTER_MORE, CLUSTER_MORE_COUNT, error));
    }
    if (node != NULL && node->kind == FC_NODE_MAP) {
        const fc_node *name = fc_node_get(node, "name");
        if (name != NULL) {
            FC_TRY(name_of(out->name, name, "cluster.name", error));
        }
        FC_TRY(read_cluster_map(out, loading, path, node, "study", error));
        FC_TRY(refuse(node, FC_NOUN_CLUSTER, CLUSTER_MORE, CLUSTER_MORE_COUNT, error));
    }
    if (out->chip.name[0] == '\0' && !(out->chip.memory_bytes > 0)) {
        return node != NULL ? fc_node_error(error, FC_BAD_INPUT, node, false,
                                            "the cluster names no chip: give chip and chips, for example {chip: h100-sxm, "
                                            "chips: 8}")
                            : fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                           "the study has no cluster: give cluster: {chip: NAME, chips: N}");
    }
    if (fc_node_get(node, "chips") == NULL && fc_node_get(entry, "chips") == NULL && strcmp(out->chip.name, "local") != 0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "the cluster says %s and not how many: give chips, for example "
                             "{chip: %s, chips: 1024}", out->chip.name, out->chip.name);
    }
    char *chip_path = fc_arena_printf(loading->config->arena, "%s.chip", path);
    if (chip_path == NULL) {
        return no_memory(error);
    }
    FC_TRY(settle_power(&out->chip, loading, chip_path, error));
    return settle_storage(out, loading, path, error);
}

/* ---- workload, stack, plan, deal ---------------------------------------------------------------------------------- */

fc_status fc_load_workload(fc_workload *out, fc_loading *loading, fc_node *node, fc_error *error)
{
    *out = fc_workload_default();
    FC_TRY(read_defaults(loading, FC_NOUN_WORKLOAD, "workload", out, fc_node_get(loading->defaults, "workload"), error));
    FC_TRY(read_layer(loading, FC_NOUN_WORKLOAD, "workload", out, node, "study", FC_GRADE_EXACT, error));
    FC_TRY(refuse(node, FC_NOUN_WORKLOAD, NULL, 0, error));
    if (!(out->tokens_count > 0)) {
        return node != NULL ? fc_node_error(error, FC_BAD_INPUT, node, false,
                                            "the workload has no tokens: give tokens, for example tokens: 15.6T")
                            : fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                           "the study has no workload: give workload: {tokens: 15.6T}");
    }
    return FC_OK;
}

fc_status fc_load_stack(fc_stack *out, fc_loading *loading, const fc_chip *chip, fc_node *node, fc_error *error)
{
    *out = fc_stack_default();
    (void)chip;
    FC_TRY(read_defaults(loading, FC_NOUN_STACK, "stack", out, fc_node_get(loading->defaults, "stack"), error));
    fc_node *entry = NULL;
    FC_TRY(entry_of(&entry, loading, "stacks", node, "stack", error));
    if (entry == NULL) {
        FC_TRY(fc_catalog_read(&entry, &loading->config->catalog, "stacks", "default", NULL, error));
    }
    (void)fc_text_copy(out->name, sizeof out->name, entry->key);
    FC_TRY(read_layer(loading, FC_NOUN_STACK, "stack", out, entry, origin_of(loading, "stack", entry), FC_GRADE_ASSUMED,
                      error));
    FC_TRY(refuse(entry, FC_NOUN_STACK, ENTRY_KEYS, ENTRY_KEYS_COUNT, error));
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const more[] = {"base", "name"};
        FC_TRY(read_layer(loading, FC_NOUN_STACK, "stack", out, node, "study", FC_GRADE_EXACT, error));
        FC_TRY(refuse(node, FC_NOUN_STACK, more, 2, error));
    }
    return FC_OK;
}

fc_status fc_load_plan(fc_plan *out, fc_loading *loading, fc_node *node, fc_error *error)
{
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
    FC_TRY(read_layer(loading, FC_NOUN_PLAN, "plan", out, node, "study", FC_GRADE_EXACT, error));
    return refuse(node, FC_NOUN_PLAN, NULL, 0, error);
}

static fc_status read_price(fc_deal *out, fc_loading *loading, const char *path, const fc_node *row, const char *chip,
                            fc_error *error)
{
    loading->reader.origin = fc_arena_printf(loading->config->arena, "prices %s", chip);
    loading->reader.grade = FC_GRADE_VENDOR;
    const fc_node *price = fc_node_get(row, "usd_per_chip_h");
    const fc_node *what = fc_node_get(row, "what");
    if (price == NULL || loading->reader.origin == NULL) {
        return FC_OK;
    }
    FC_TRY(fc_fields_read(&loading->reader, fc_fields_noun(FC_NOUN_DEAL), path, out, row, error));
    fc_fact *fact = NULL;
    for (fc_fact *f = loading->reader.first_fact; f != NULL; f = f->next) {
        fact = fc_text_starts(f->key, path) && fc_text_ends(f->key, ".usd_per_chip_h") ? f : fact;
    }
    if (fact != NULL && what != NULL && what->kind == FC_NODE_SCALAR) {
        const fc_node *date = fc_node_get(row, "date");
        fact->note = fc_arena_printf(loading->config->arena, "%s; a list price times a fleet is an upper bound", what->text);
        fact->date = date != NULL && date->kind == FC_NODE_SCALAR ? date->text : "";
    }
    return FC_OK;
}

/* The entry's `default` names the price that a large buyer could sign. A chip without a price stays without. */
static fc_status load_list_price(fc_deal *out, fc_loading *loading, const char *path, const fc_chip *chip,
                                 fc_error *error)
{
    const char *const *names = NULL;
    size_t count = 0;
    FC_TRY(fc_catalog_names(&names, &count, &loading->config->catalog, "prices", error));
    bool known = false;
    for (size_t i = 0; i < count; ++i) {
        known = known || strcmp(names[i], chip->name) == 0;
    }
    if (!known) {
        return FC_OK;
    }
    fc_node *entry = NULL;
    FC_TRY(fc_catalog_read(&entry, &loading->config->catalog, "prices", chip->name, NULL, error));
    const fc_node *wanted = fc_node_get(entry, "default");
    const fc_node *prices = fc_node_get(entry, "prices");
    if (wanted == NULL || prices == NULL || wanted->kind != FC_NODE_SCALAR) {
        return FC_OK;
    }
    for (const fc_node *row = prices->first; row != NULL; row = row->next) {
        const fc_node *what = fc_node_get(row, "what");
        if (what != NULL && what->kind == FC_NODE_SCALAR && strcmp(what->text, wanted->text) == 0) {
            return read_price(out, loading, path, row, chip->name, error);
        }
    }
    return fc_node_error(error, FC_BAD_INPUT, wanted, false, "`default` names no entry of `prices`");
}

fc_status fc_load_deal_layers(fc_deal *out, fc_loading *loading, const char *path, const fc_chip *chip, fc_node *deal,
                              fc_node *side, fc_node *part, fc_error *error)
{
    *out = fc_deal_default();
    if (deal != NULL && deal->kind != FC_NODE_NULL && deal->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, deal, false,
                             "deal is a map: {usd_per_chip_h: 2.95}, {own: {usd_per_chip: 30k}} or {contract: "
                             "{usd_per_month: 1.25G, chips: 325k}}");
    }
    fc_node *own = fc_node_get(deal, "own");
    fc_node *contract = fc_node_get(deal, "contract");
    const fc_node *defaults = fc_node_get(loading->defaults, "deal");
    const char *own_path = fc_arena_printf(loading->config->arena, "%s.own", path);
    const char *contract_path = fc_arena_printf(loading->config->arena, "%s.contract", path);
    if (own_path == NULL || contract_path == NULL) {
        return no_memory(error);
    }
    FC_TRY(read_defaults(loading, FC_NOUN_DEAL, path, out, defaults, error));
    FC_TRY(read_defaults(loading, FC_NOUN_OWN, own_path, out, fc_node_get(defaults, "own"), error));
    FC_TRY(read_layer(loading, FC_NOUN_DEAL, path, out, deal, "study", FC_GRADE_EXACT, error));
    FC_TRY(read_layer(loading, FC_NOUN_OWN, own_path, out, own, "study", FC_GRADE_EXACT, error));
    FC_TRY(read_layer(loading, FC_NOUN_CONTRACT, contract_path, out, contract, "study", FC_GRADE_EXACT, error));
    FC_TRY(read_layer(loading, FC_NOUN_DEAL, path, out, side, "study", FC_GRADE_EXACT, error));
    FC_TRY(read_layer(loading, FC_NOUN_DEAL, path, out, part, "study", FC_GRADE_EXACT, error));
    static const char *const more[] = {"own", "contract", "source", "note"};
    FC_TRY(refuse(deal, FC_NOUN_DEAL, more, 4, error));
    FC_TRY(refuse(own, FC_NOUN_OWN, NULL, 0, error));
    FC_TRY(refuse(contract, FC_NOUN_CONTRACT, NULL, 0, error));
    bool priced = own != NULL || contract != NULL || fc_node_get(deal, "usd_per_chip_h") != NULL ||
                  fc_node_get(side, "usd_per_chip_h") != NULL || fc_node_get(part, "usd_per_chip_h") != NULL;
    return priced ? FC_OK : load_list_price(out, loading, path, chip, error);
}

fc_status fc_load_deal(fc_deal *out, fc_loading *loading, const fc_chip *chip, fc_node *node, fc_error *error)
{
    return fc_load_deal_layers(out, loading, "deal", chip, node, NULL, NULL, error);
}

/* ---- the program's own habits, and the measured domain -------------------------------------------------------------- */

fc_status fc_load_estimate_habits(fc_study *out, fc_loading *loading, fc_node *node, fc_error *error)
{
    FC_TRY(read_defaults(loading, FC_NOUN_ESTIMATE, "estimate", out, fc_node_get(loading->defaults, "estimate"), error));
    FC_TRY(read_layer(loading, FC_NOUN_ESTIMATE, "estimate", out, node, "study", FC_GRADE_EXACT, error));
    return refuse(node, FC_NOUN_ESTIMATE, NULL, 0, error);
}

static bool list_has(const fc_node *list, const char *name)
{
    for (const fc_node *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
        if (item->kind == FC_NODE_SCALAR && fc_text_same_name(item->text, name)) {
            return true;
        }
    }
    return false;
}

fc_status fc_load_domain(fc_domain *out, fc_loading *loading, const fc_study *study, fc_error *error)
{
    char *path = fc_arena_printf(loading->config->arena, "%s/domain.yaml", loading->config->catalog.data_folder);
    fc_node *tree = NULL;
    if (path == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_tree_read(&tree, loading->config->arena, path, error));
    fc_loading quiet = {.config = loading->config, .defaults = loading->defaults};
    quiet.reader.arena = loading->config->arena;
    FC_TRY(read_layer(&quiet, FC_NOUN_DOMAIN, "domain", out, tree, "domain", FC_GRADE_PUBLISHED, error));
    static const char *const more[] = {"chips_measured", "dtypes_measured", "about", "sources", "source"};
    FC_TRY(refuse(tree, FC_NOUN_DOMAIN, more, 5, error));
    bool local = strcmp(study->cluster.chip.name, "local") == 0 && study->cluster.chips_count <= 1;
    out->chip_measured = local || list_has(fc_node_get(tree, "chips_measured"), study->cluster.chip.name);
    out->dtype_measured =
        local || list_has(fc_node_get(tree, "dtypes_measured"), fc_dtype_name((fc_dtype)study->workload.dtype));
    return FC_OK;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------- */

fc_status fc_load_study_tree(fc_node **out, const fc_config *config, const char *name, fc_error *error)
{
    bool path = fc_file_exists(name) || strchr(name, '/') != NULL || fc_text_ends(name, ".yaml") ||
                fc_text_ends(name, ".yml") || fc_text_ends(name, ".json") || fc_folder_exists(name);
    if (path) {
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
            return fc_error_set(error, FC_USAGE, "--set", 0, 0, "\"%.80s\" is not key=value, for example deal.share=0.5",
                                config->sets[i]);
        }
        char *key = fc_arena_strndup(config->arena, config->sets[i], (size_t)(equals - config->sets[i]));
        if (key == NULL) {
            return no_memory(error);
        }
        FC_TRY(fc_tree_set(*out, config->arena, key, equals + 1, error));
    }
    return FC_OK;
}
