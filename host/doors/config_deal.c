/* config_deal.c: a deal from a study, and the list price of a chip where it gives none. */
#include "config_layers.h"

#include "../base/text.h"

#include <string.h>

static fc_status read_price(fc_deal *out, fc_loading *loading, const char *path, const fc_node *row, const char *chip,
                            fc_error *error) {
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
        fact->note =
            fc_arena_printf(loading->config->arena, "%s; a list price times a fleet is an upper bound", what->text);
        fact->date = date != NULL && date->kind == FC_NODE_SCALAR ? date->text : "";
    }
    return FC_OK;
}

/* The entry's `default` names the price that a large buyer could sign. A chip without a price stays without. */
static fc_status load_list_price(fc_deal *out, fc_loading *loading, const char *path, const fc_chip *chip,
                                 fc_error *error) {
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
                              fc_node *side, fc_node *part, fc_error *error) {
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
        return fc_layer_no_memory(error);
    }
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_DEAL, path, out, defaults, error));
    FC_TRY(fc_layer_defaults(loading, FC_NOUN_OWN, own_path, out, fc_node_get(defaults, "own"), error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_DEAL, path, out, deal, "study", FC_GRADE_EXACT, error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_OWN, own_path, out, own, "study", FC_GRADE_EXACT, error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_CONTRACT, contract_path, out, contract, "study", FC_GRADE_EXACT, error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_DEAL, path, out, side, "study", FC_GRADE_EXACT, error));
    FC_TRY(fc_layer_read(loading, FC_NOUN_DEAL, path, out, part, "study", FC_GRADE_EXACT, error));
    static const char *const more[] = {"own", "contract", "source", "note"};
    FC_TRY(fc_layer_refuse(deal, FC_NOUN_DEAL, more, 4, error));
    FC_TRY(fc_layer_refuse(own, FC_NOUN_OWN, NULL, 0, error));
    FC_TRY(fc_layer_refuse(contract, FC_NOUN_CONTRACT, NULL, 0, error));
    bool priced = own != NULL || contract != NULL || fc_node_get(deal, "usd_per_chip_h") != NULL ||
                  fc_node_get(side, "usd_per_chip_h") != NULL || fc_node_get(part, "usd_per_chip_h") != NULL;
    return priced ? FC_OK : load_list_price(out, loading, path, chip, error);
}

fc_status fc_load_deal(fc_deal *out, fc_loading *loading, const fc_chip *chip, fc_node *node, fc_error *error) {
    return fc_load_deal_layers(out, loading, "deal", chip, node, NULL, NULL, error);
}
