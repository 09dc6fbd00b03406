#include "scale_law.h"

#include "../base/text.h"
#include "../base/units.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAWS = 32 };

typedef struct number {
    const char *key;
    fc_unit unit;
    size_t offset;
    fc_batch_law_form form; /* the one that needs it; FORM_COUNT: both */
    double least;
    double most;
} number;

static const number numbers[] = {
    {"batch", FC_UNIT_TOKENS, offsetof(fc_batch_law, batch_tokens), FC_BATCH_LAW_FORM_COUNT, 1e-6, 1e15},
    {"exponent", FC_UNIT_NONE, offsetof(fc_batch_law, exponent), FC_BATCH_LAW_FORM_COUNT, 0.01, 20},
    {"reference", FC_UNIT_TOKENS, offsetof(fc_batch_law, reference_tokens), FC_BATCH_LAW_TOKENS, 1, 1e18},
    {"overhead", FC_UNIT_FRAC, offsetof(fc_batch_law, overhead_frac), FC_BATCH_LAW_TOKENS, 0.01, 10},
    {"loss_e", FC_UNIT_NONE, offsetof(fc_batch_law, loss_e), FC_BATCH_LAW_LOSS, 0.01, 100},
    {"loss_a", FC_UNIT_NONE, offsetof(fc_batch_law, loss_a), FC_BATCH_LAW_LOSS, 0, 1e9},
    {"loss_b", FC_UNIT_NONE, offsetof(fc_batch_law, loss_b), FC_BATCH_LAW_LOSS, 0, 1e9},
    {"loss_alpha", FC_UNIT_NONE, offsetof(fc_batch_law, loss_alpha), FC_BATCH_LAW_LOSS, 0.01, 5},
    {"loss_beta", FC_UNIT_NONE, offsetof(fc_batch_law, loss_beta), FC_BATCH_LAW_LOSS, 0.01, 5},
};

static const char *text_of(const fc_node *map, const char *key) {
    const fc_node *node = fc_node_get(map, key);
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : "";
}

static fc_status read_number(fc_batch_law *out, const number *row, const fc_node *law, fc_error *error) {
    const fc_node *entry = fc_node_get(law, row->key);
    const fc_node *node = fc_node_get(entry, "value");
    double value = 0;
    if (node == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, entry != NULL ? entry : law, false,
                             "a law of this form needs %s: {value: …, source: …, grade: …}", row->key);
    }
    if (node->kind != FC_NODE_SCALAR || fc_units_parse(&value, node->text, row->unit, NULL) != FC_OK ||
        !(value >= row->least && value <= row->most)) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is a number from %g to %g; found %s", row->key,
                             row->least, row->most, found);
    }
    memcpy((char *)out + row->offset, &value, sizeof value);
    return FC_OK;
}

/* Who fitted it: the title and date of the source that its batch names. */
static void read_source(fc_batch_law *out, const fc_node *tree, const fc_node *law) {
    const char *id = text_of(fc_node_get(law, "batch"), "source");
    const fc_node *source = fc_node_get(fc_node_get(tree, "sources"), id);
    snprintf(out->source, sizeof out->source, "%s, %s", source != NULL ? text_of(source, "title") : id,
             text_of(source, "date"));
}

static fc_status read_law(fc_batch_law *out, const fc_node *tree, const fc_node *law, fc_error *error) {
    memset(out, 0, sizeof *out);
    const char *form = text_of(law, "form");
    bool of_loss = strcmp(form, "loss") == 0;
    if (!of_loss && strcmp(form, "tokens") != 0) {
        return fc_node_error(error, FC_BAD_INPUT, law, false, "form is tokens or loss; found \"%.40s\"", form);
    }
    out->form = of_loss ? FC_BATCH_LAW_LOSS : FC_BATCH_LAW_TOKENS;
    if (!fc_text_copy(out->name, sizeof out->name, text_of(law, "name"))) {
        return fc_node_error(error, FC_BAD_INPUT, law, false, "a name has up to %d letters", FC_NAME_SIZE - 1);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
        if (numbers[i].form == FC_BATCH_LAW_FORM_COUNT || numbers[i].form == (fc_batch_law_form)out->form) {
            FC_TRY(read_number(out, &numbers[i], law, error));
        }
    }
    read_source(out, tree, law);
    return FC_OK;
}

static fc_status unknown_law(const fc_node *laws, const char *name, fc_error *error) {
    const char *names[MOST_LAWS];
    char list[256] = "";
    size_t count = 0;
    size_t used = 0;
    for (const fc_node *law = laws != NULL ? laws->first : NULL; law != NULL && count < MOST_LAWS; law = law->next) {
        names[count] = text_of(law, "name");
        int wrote = snprintf(list + used, sizeof list - used, "%s%s", count > 0 ? ", " : "", names[count]);
        used += wrote > 0 && (size_t)wrote < sizeof list - used ? (size_t)wrote : 0;
        count += 1;
    }
    const char *nearest = fc_text_nearest(name, names, count);
    return fc_error_set(
        error, FC_USAGE, "command line", 0, 0, "no law of the critical batch is called %.60s%s%s%s; known: %s", name,
        nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?)" : "", list);
}

fc_status fc_scale_law_read(fc_batch_law *out, const fc_catalog *catalog, const char *name, fc_error *error) {
    fc_node *tree = NULL;
    const char *path = fc_arena_printf(catalog->arena, "%s/batch_laws.yaml", catalog->data_folder);
    if (path == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the laws of the critical batch");
    }
    FC_TRY(fc_tree_read(&tree, catalog->arena, path, error));
    const fc_node *laws = fc_node_get(tree, "laws");
    const char *wanted = name != NULL ? name : text_of(tree, "default");
    for (const fc_node *law = laws != NULL ? laws->first : NULL; law != NULL; law = law->next) {
        if (fc_text_same_name(text_of(law, "name"), wanted)) {
            return read_law(out, tree, law, error);
        }
    }
    return unknown_law(laws, wanted, error);
}
