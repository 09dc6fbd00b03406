/* config_compare.c: a study with `deals:` and a `grid:` of work into an fc_comparison.
 *
 * A deal is {name, cluster, share, mfu, goodput, deal or price keys, facility_power}; its cluster is a name, a map or a
 * list of parts, and a part may state its own share, mfu, goodput and usd_per_chip_h. A range stated for a deal is one
 * belief for all its parts; a part's own range is its own.
 */
#include "config.h"

#include "../base/text.h"
#include "config_nouns.h"
#include "domain_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const COMPARISON_KEYS[] = {"name",     "question", "about",   "workload",   "stack", "plan",
                                              "grid",     "deals",    "horizon", "data_stock", "seed",  "draws",
                                              "estimate", "sources",  "source",  "notes",      "next"};
static const char *const SIDE_KEYS[] = {"name",           "title", "cluster", "deal",
                                        "facility_power", "note",  "source",  "evidence"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { DEFAULT_DRAWS = 2000, MOST_DRAWS = 1000000 };

typedef struct building {
    fc_comparison *out;
    fc_inputs *inputs;
    const fc_config *config;
    fc_node *tree;
    fc_node *study_workload;
    fc_fact *first_fact;
    fc_fact *last_fact;
} building;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

static fc_status read_text(char *out, size_t size, const fc_node *map, const char *key, fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || !fc_text_copy(out, size, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is one line of at most %zu bytes", key, size - 1);
    }
    return FC_OK;
}

static fc_status read_quantity(double *out, const fc_node *map, const char *key, fc_unit unit, double least,
                               double most, fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (node == NULL) {
        return FC_OK;
    }
    const fc_node *value = node->kind == FC_NODE_MAP ? fc_node_get(node, "value") : node;
    if (value == NULL && node->kind == FC_NODE_MAP) {
        value = fc_node_get(node, "mid");
    }
    if (value == NULL || value->kind != FC_NODE_SCALAR || fc_units_parse(out, value->text, unit, NULL) != FC_OK ||
        *out < least || *out > most) {
        char low[48];
        char high[48];
        char found[96];
        fc_units_format(low, sizeof low, least, unit, 0);
        fc_units_format(high, sizeof high, most, unit, 0);
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s: found %s; allowed is %s to %s, for example %s", key,
                             found, low, high, fc_unit_example(unit));
    }
    return FC_OK;
}

static fc_status read_facility(fc_range *out, const fc_node *map, fc_error *error) {
    const fc_node *node = fc_node_get(map, "facility_power");
    double value = 0;
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind == FC_NODE_MAP && fc_node_get(node, "low") != NULL) {
        FC_TRY(read_quantity(&out->p10, node, "low", FC_UNIT_W, 0, 1e12, error));
        FC_TRY(read_quantity(&out->p50, node, "mid", FC_UNIT_W, 0, 1e12, error));
        return read_quantity(&out->p90, node, "high", FC_UNIT_W, 0, 1e12, error);
    }
    FC_TRY(read_quantity(&value, map, "facility_power", FC_UNIT_W, 0, 1e12, error));
    *out = (fc_range){value, value, value};
    return FC_OK;
}

static bool known_fact(const building *b, const fc_fact *fact) {
    for (const fc_fact *old = b->first_fact; old != NULL; old = old->next) {
        if (strcmp(old->key, fact->key) == 0 && strcmp(old->text, fact->text) == 0) {
            return true;
        }
    }
    return false;
}

/* Facts of several loadings in one list; what all parts of a deal share is told once. */
static void append_facts(building *b, const fc_loading *loading) {
    fc_fact *next = NULL;
    for (fc_fact *fact = loading->reader.first_fact; fact != NULL; fact = next) {
        next = fact->next;
        fact->next = NULL;
        if (known_fact(b, fact)) {
            continue;
        }
        if (b->last_fact != NULL) {
            b->last_fact->next = fact;
        } else {
            b->first_fact = fact;
        }
        b->last_fact = fact;
    }
}

/* ---- deals ---------------------------------------------------------------------------------------------------- */

/* Whether a part states the range itself. How many chips it has it always does. */
static bool part_states(const fc_node *part, size_t offset) {
    static const struct {
        const char *key;
        size_t offset;
    } own[] = {{"mfu", offsetof(fc_study, deal.mfu_frac)},
               {"share", offsetof(fc_study, deal.share_frac)},
               {"goodput", offsetof(fc_study, deal.goodput_frac)},
               {"usd_per_chip_h", offsetof(fc_study, deal.usd_per_chip_h)}};
    for (size_t i = 0; i < COUNT(own); ++i) {
        if (own[i].offset == offset) {
            return fc_node_get(part, own[i].key) != NULL;
        }
    }
    return offset == offsetof(fc_study, cluster.chips_count);
}

/* A key without the deal's or the part's name before it: what two parts have in common. */
static const char *bare_key(const char *key, const char *path, const char *side_name) {
    const char *const prefixes[] = {path, side_name};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(key, prefixes[i], length) == 0 && key[length] == '.') {
            return key + length + 1;
        }
    }
    return key;
}

/* Spreads that a deal states for all its parts are one belief; what a part states is its own. */
static void mark_beliefs(fc_study *out, uint32_t side, uint32_t part_index, const fc_node *part, const char *path,
                         const char *side_name) {
    for (uint32_t i = 0; i < out->spreads_count; ++i) {
        fc_spread *spread = &out->spreads[i];
        uint32_t own = part_states(part, spread->offset) ? part_index + 1 : 0;
        char name[FC_NAME_SIZE + 32];
        (void)snprintf(name, sizeof name, "%u/%u/%s", side, own, bare_key(spread->key, path, side_name));
        spread->belief = (fc_text_hash(name) & 0x7FFFFFFFU) | 1U; /* never 0, which would be no belief */
    }
}

/* What a check finds wrong in a deal stands somewhere in its map. */
static fc_status at_node(fc_status status, const fc_node *node, fc_error *error) {
    if (status != FC_OK && error != NULL && error->source[0] == '\0' && node->source != NULL) {
        (void)fc_text_copy(error->source, sizeof error->source, node->source);
        error->line = node->line;
        error->column = node->column;
    }
    return status;
}

static fc_status load_part(fc_study *out, building *b, uint32_t side_index, uint32_t part_index, fc_node *side,
                           fc_node *cluster, const fc_node *entry, const char *side_name, fc_error *error) {
    fc_loading loading;
    *out = fc_study_default();
    FC_TRY(fc_load_start(&loading, b->config, out, error));
    loading.study_sources = fc_node_get(b->tree, "sources");
    char *path = fc_arena_printf(b->config->arena, part_index > 0 ? "%s.%u" : "%s", side_name, part_index);
    if (path == NULL) {
        return no_memory(error);
    }
    /* parts of a catalogue entry name the entry's sources, all else those of the study */
    const fc_node *own_sources = loading.study_sources;
    loading.study_sources = entry != NULL ? fc_node_get(entry, "sources") : own_sources;
    FC_TRY(fc_load_cluster(&out->cluster, &loading, path, cluster, error));
    loading.study_sources = own_sources;
    FC_TRY(fc_load_stack(&out->stack, &loading, fc_node_get(b->tree, "stack"), error));
    FC_TRY(fc_load_plan(&out->plan, &loading, fc_node_get(b->tree, "plan"), error));
    fc_node *deal = fc_node_get(side, "deal");
    fc_node *part = cluster != NULL && cluster->kind == FC_NODE_MAP ? cluster : NULL;
    FC_TRY(fc_load_deal_layers(&out->deal, &loading, side_name, &out->cluster.chip, deal, side, part, error));
    FC_TRY(fc_load_estimate_habits(out, &loading, fc_node_get(b->tree, "estimate"), error));
    FC_TRY(fc_load_power(out, &loading, path, error));
    FC_TRY(fc_load_domain(&out->domain, &loading, out, error));
    FC_TRY(at_node(fc_deal_check(&out->deal, error), side, error));
    mark_beliefs(out, side_index, part_index, part, path, side_name);
    append_facts(b, &loading);
    return FC_OK;
}

/* The list of parts that a deal's cluster stands for: its own list, the list of the named entry, or itself. */
static fc_status parts_of(fc_node **out_list, fc_node **out_entry, building *b, fc_node *cluster, fc_error *error) {
    *out_list = cluster->kind == FC_NODE_LIST ? cluster : NULL;
    *out_entry = NULL;
    if (cluster->kind == FC_NODE_SCALAR) {
        FC_TRY(fc_catalog_read(out_entry, &b->config->catalog, "clusters", cluster->text, cluster, error));
        *out_list = fc_node_get(*out_entry, "parts");
    }
    return FC_OK;
}

static fc_status load_side(building *b, uint32_t index, fc_node *node, fc_error *error) {
    fc_side *side = &b->out->sides[index];
    if (node->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "a deal is a map: {name: …, cluster: …, share: …}");
    }
    FC_TRY(read_text(side->name, sizeof side->name, node, "name", error));
    FC_TRY(read_text(side->title, sizeof side->title, node, "title", error));
    fc_node *cluster = fc_node_get(node, "cluster");
    if (cluster == NULL || side->name[0] == '\0') {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "a deal needs a name and a cluster");
    }
    fc_node *list = NULL;
    fc_node *entry = NULL;
    FC_TRY(parts_of(&list, &entry, b, cluster, error));
    FC_TRY(read_facility(&side->facility_w, entry, error));
    FC_TRY(read_facility(&side->facility_w, node, error));
    size_t count = list != NULL ? list->count : 1;
    if (count == 0 || count > FC_MAX_PARTS || (list != NULL && list->kind != FC_NODE_LIST)) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "a mixed cluster is a list of 1 to %d parts",
                             FC_MAX_PARTS);
    }
    side->parts_count = (uint32_t)count;
    side->parts = fc_arena_alloc(b->config->arena, count * sizeof *side->parts);
    if (side->parts == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < count; ++i) {
        fc_node *part = list != NULL ? fc_node_at(list, i) : cluster;
        FC_TRY(load_part(&side->parts[i], b, index, i, node, part, list != NULL ? entry : NULL, side->name, error));
    }
    return fc_fields_refuse_unknown(node, fc_fields_noun(FC_NOUN_DEAL), SIDE_KEYS, COUNT(SIDE_KEYS), error);
}

static fc_status load_sides(building *b, fc_error *error) {
    fc_node *deals = fc_node_get(b->tree, "deals");
    if (deals == NULL || deals->kind != FC_NODE_LIST || deals->count < 2 || deals->count > FC_MAX_DEALS) {
        const fc_node *at = deals != NULL ? deals : b->tree;
        return fc_node_error(error, FC_BAD_INPUT, at, false,
                             "compare needs deals: a list of 2 to %d maps with name and cluster", FC_MAX_DEALS);
    }
    b->out->sides_count = (uint32_t)deals->count;
    for (uint32_t i = 0; i < deals->count; ++i) {
        FC_TRY(load_side(b, i, fc_node_at(deals, i), error));
        for (uint32_t j = 0; j < i; ++j) {
            if (strcmp(b->out->sides[i].name, b->out->sides[j].name) == 0) {
                return fc_node_error(error, FC_BAD_INPUT, fc_node_at(deals, i), false, "two deals are called \"%s\"",
                                     b->out->sides[i].name);
            }
        }
    }
    return FC_OK;
}

/* ---- the grid of work --------------------------------------------------------------------------------------------- */

/* The study's workload with the cell's own keys on top. */
static fc_status cell_workload(fc_workload *out, building *b, fc_loading *loading, fc_node *cell, const char *tokens,
                               fc_error *error) {
    fc_node *merged = b->study_workload != NULL ? fc_node_copy(b->config->arena, b->study_workload)
                                                : fc_arena_alloc(b->config->arena, sizeof *merged);
    if (merged == NULL) {
        return no_memory(error);
    }
    merged->kind = FC_NODE_MAP;
    for (fc_node *key = cell->first; key != NULL; key = key->next) {
        if (strcmp(key->key, "model") != 0 && strcmp(key->key, "tokens") != 0 && key->kind == FC_NODE_SCALAR) {
            FC_TRY(fc_tree_set(merged, b->config->arena, key->key, key->text, error));
        }
    }
    if (tokens != NULL) {
        FC_TRY(fc_tree_set(merged, b->config->arena, "tokens", tokens, error));
    }
    merged->line = cell->line;
    merged->column = cell->column;
    merged->source = cell->source;
    FC_TRY(fc_load_workload(out, loading, merged, error));
    return fc_workload_check(out, error);
}

static fc_status add_cell(building *b, fc_node *cell, const char *tokens, fc_error *error) {
    if (b->out->cells_count >= FC_MAX_CELLS) {
        return fc_node_error(error, FC_OVER_LIMIT, cell, false, "the grid has more than %d cells of work",
                             FC_MAX_CELLS);
    }
    fc_cell *out = &b->out->cells[b->out->cells_count];
    fc_loading loading;
    FC_TRY(fc_load_start(&loading, b->config, NULL, error));
    FC_TRY(fc_load_model(&out->model, &loading, "model", fc_node_get(cell, "model"), error));
    FC_TRY(cell_workload(&out->workload, b, &loading, cell, tokens, error));
    if (out->workload.seq_len == 0) {
        out->workload.seq_len = out->model.seq_len;
    }
    const double tokens_per_t = 1e12; /* trillions, as the field writes them, also past a thousand */
    snprintf(out->name, sizeof out->name, "%.40s, %.4gT", out->model.name, out->workload.tokens_count / tokens_per_t);
    b->out->cells_count += 1;
    append_facts(b, &loading);
    return FC_OK;
}

static fc_status load_cell(building *b, fc_node *cell, fc_error *error) {
    if (cell->kind != FC_NODE_MAP || fc_node_get(cell, "model") == NULL) {
        return fc_node_error(
            error, FC_BAD_INPUT, cell, false,
            "a cell of the grid is a map with a model, for example {model: moe-100t, tokens: [30T, 100T]}");
    }
    fc_node *tokens = fc_node_get(cell, "tokens");
    if (tokens == NULL || tokens->kind == FC_NODE_SCALAR) {
        return add_cell(b, cell, tokens != NULL ? tokens->text : NULL, error);
    }
    if (tokens->kind != FC_NODE_LIST || tokens->count == 0) {
        return fc_node_error(error, FC_BAD_INPUT, tokens, false,
                             "tokens of a cell is an amount such as 30T, or a list of them: [30T, 100T]");
    }
    for (const fc_node *amount = tokens->first; amount != NULL; amount = amount->next) {
        if (amount->kind != FC_NODE_SCALAR) {
            return fc_node_error(error, FC_BAD_INPUT, amount, false, "tokens is a list of amounts such as 30T");
        }
        FC_TRY(add_cell(b, cell, amount->text, error));
    }
    return FC_OK;
}

static fc_status load_grid(building *b, fc_error *error) {
    fc_node *grid = fc_node_get(b->tree, "grid");
    b->out->cells = fc_arena_alloc(b->config->arena, FC_MAX_CELLS * sizeof *b->out->cells);
    if (b->out->cells == NULL) {
        return no_memory(error);
    }
    if (grid == NULL || grid->kind != FC_NODE_LIST || grid->count == 0) {
        return fc_node_error(error, FC_BAD_INPUT, grid != NULL ? grid : b->tree, false,
                             "compare needs a grid of work: a list of {model: …, tokens: …}");
    }
    for (fc_node *cell = grid->first; cell != NULL; cell = cell->next) {
        FC_TRY(load_cell(b, cell, error));
    }
    return FC_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static fc_status load_limits(building *b, fc_error *error) {
    fc_loading loading;
    FC_TRY(fc_load_start(&loading, b->config, NULL, error));
    const fc_node *walls = fc_node_get(loading.defaults, "walls");
    FC_TRY(read_quantity(&b->out->horizon_days, walls, "horizon", FC_UNIT_DAYS, 1, 1e6, error));
    FC_TRY(read_quantity(&b->out->data_stock_tokens, walls, "data_stock", FC_UNIT_TOKENS, 1, 1e20, error));
    FC_TRY(read_quantity(&b->out->horizon_days, b->tree, "horizon", FC_UNIT_DAYS, 1, 1e6, error));
    FC_TRY(read_quantity(&b->out->data_stock_tokens, b->tree, "data_stock", FC_UNIT_TOKENS, 1, 1e20, error));
    double draws = DEFAULT_DRAWS;
    double seed = (double)b->config->seed;
    FC_TRY(read_quantity(&draws, b->tree, "draws", FC_UNIT_COUNT, FC_LEAST_DRAWS, MOST_DRAWS, error));
    FC_TRY(read_quantity(&seed, b->tree, "seed", FC_UNIT_COUNT, 0, 9007199254740992.0, error));
    b->out->draws_count = (uint32_t)draws;
    b->out->seed = b->config->seed != 0 ? b->config->seed : (uint64_t)seed;
    return FC_OK;
}

fc_status fc_config_comparison(fc_comparison *out, fc_inputs *inputs, const fc_config *config, const char *name,
                               fc_error *error) {
    building b = {.out = out, .inputs = inputs, .config = config};
    memset(out, 0, sizeof *out);
    memset(inputs, 0, sizeof *inputs);
    FC_TRY(fc_load_study_tree(&b.tree, config, name, error));
    if (fc_node_get(b.tree, "deals") == NULL && fc_node_get(b.tree, "model") != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(b.tree, "model"), true,
                             "this study is about one run and has no deals to compare: ask `flopcast estimate %s`",
                             name);
    }
    FC_TRY(fc_fields_refuse_unknown(b.tree, NULL, COMPARISON_KEYS, COUNT(COMPARISON_KEYS), error));
    (void)fc_text_copy(out->name, sizeof out->name, name);
    FC_TRY(read_text(out->name, sizeof out->name, b.tree, "name", error));
    b.study_workload = fc_node_get(b.tree, "workload");
    fc_domain_points measured;
    FC_TRY(fc_domain_points_read(&measured, config, error));
    out->points = measured.points;
    out->points_count = measured.count;
    FC_TRY(load_limits(&b, error));
    FC_TRY(load_sides(&b, error));
    FC_TRY(load_grid(&b, error));
    inputs->facts = b.first_fact;
    inputs->tree = b.tree;
    FC_TRY(fc_load_again(&inputs->again, config, name, error));
    const fc_node *question = fc_node_get(b.tree, "question");
    inputs->question = question != NULL && question->kind == FC_NODE_SCALAR ? question->text : "";
    return FC_OK;
}
