/* entry.c: leaves of catalogue entries, their units and numbers. */
#include "entry.h"

#include "../base/text.h"
#include "../base/units.h"

#include <math.h> /* sqrt: the middle of a range, as the field reader takes it */
#include <string.h>

const fc_noun *fc_entry_noun(const char *name) {
    static const struct {
        const char *name;
        fc_noun_id id;
    } rows[] = {
        {"chips", FC_NOUN_CHIP},        {"chip", FC_NOUN_CHIP},         {"models", FC_NOUN_MODEL},
        {"model", FC_NOUN_MODEL},       {"clusters", FC_NOUN_CLUSTER},  {"tiers", FC_NOUN_TIER},
        {"deals", FC_NOUN_DEAL},        {"deal", FC_NOUN_DEAL},         {"cluster", FC_NOUN_CLUSTER},
        {"plan", FC_NOUN_PLAN},         {"stacks", FC_NOUN_STACK},      {"stack", FC_NOUN_STACK},
        {"workload", FC_NOUN_WORKLOAD}, {"own", FC_NOUN_OWN},           {"prices", FC_NOUN_DEAL},
        {"contract", FC_NOUN_CONTRACT}, {"failures", FC_NOUN_FAILURES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return fc_fields_noun(rows[i].id);
        }
    }
    return NULL;
}

static bool holds_scalar(const fc_node *map, const char *key) {
    const fc_node *child = fc_node_get(map, key);
    return child != NULL && (child->kind == FC_NODE_SCALAR || child->kind == FC_NODE_NULL);
}

bool fc_entry_is_leaf(const fc_node *node) {
    if (node->kind == FC_NODE_MAP) {
        return holds_scalar(node, "value") || (holds_scalar(node, "low") && holds_scalar(node, "high"));
    }
    return node->kind != FC_NODE_LIST;
}

/* ---- units -------------------------------------------------------------------------------------------------- */

const char *fc_entry_unit_name(fc_unit unit) {
    static const char *const names[FC_UNIT_COUNT_OF_UNITS] = {
        [FC_UNIT_S] = "s",
        [FC_UNIT_DAYS] = "days",
        [FC_UNIT_BYTES] = "bytes",
        [FC_UNIT_BYTES_PER_S] = "bytes/s",
        [FC_UNIT_FLOP] = "FLOP",
        [FC_UNIT_FLOP_PER_S] = "FLOP/s",
        [FC_UNIT_W] = "W",
        [FC_UNIT_JOULE] = "J",
        [FC_UNIT_MWH] = "MWh",
        [FC_UNIT_USD] = "$",
        [FC_UNIT_USD_PER_H] = "$/h",
        [FC_UNIT_USD_PER_MONTH] = "$/month",
        [FC_UNIT_USD_PER_KWH] = "$/kWh",
        [FC_UNIT_USD_PER_MTOKEN] = "$/Mtoken",
        [FC_UNIT_HZ] = "Hz",
        [FC_UNIT_PER_H] = "/h",
    };
    return names[unit] != NULL ? names[unit] : "";
}

/* Keys that no table has (prices, organisations) carry their unit in their name. */
static bool unit_of_key(fc_unit *out, const char *key) {
    if (strstr(key, "usd") == NULL) {
        return false;
    }
    static const struct {
        const char *ending;
        fc_unit unit;
    } rows[] = {
        {"_h", FC_UNIT_USD_PER_H},
        {"_month", FC_UNIT_USD_PER_MONTH},
        {"_kwh", FC_UNIT_USD_PER_KWH},
        {"_mtoken", FC_UNIT_USD_PER_MTOKEN},
    };
    *out = FC_UNIT_USD;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (fc_text_ends(key, rows[i].ending)) {
            *out = rows[i].unit;
        }
    }
    return true;
}

static bool parses(const fc_node *part, fc_unit unit) {
    double ignored = 0.0;
    return part == NULL || (part->kind == FC_NODE_SCALAR && fc_units_parse(&ignored, part->text, unit, NULL) == FC_OK);
}

static bool all_parse(const fc_leaf *leaf, fc_unit unit) {
    return parses(leaf->scalar, unit) && parses(leaf->low, unit) && parses(leaf->high, unit);
}

/* The first unit as which the spelling makes sense. Dates stay texts, and so does what stands in quotes. */
static bool unit_of_spelling(fc_unit *out, const fc_leaf *leaf) {
    const fc_node *part = leaf->scalar != NULL ? leaf->scalar : leaf->low;
    if (part->quoted) {
        return false;
    }
    for (int unit = FC_UNIT_NONE; unit < FC_UNIT_COUNT_OF_UNITS; unit++) {
        if (unit != FC_UNIT_DATE && all_parse(leaf, (fc_unit)unit)) {
            *out = (fc_unit)unit;
            return true;
        }
    }
    return false;
}

static bool is_number_kind(const fc_field *field) {
    return field->kind == FC_FIELD_F64 || field->kind == FC_FIELD_U64 || field->kind == FC_FIELD_U32 ||
           field->kind == FC_FIELD_I32;
}

static void find_unit(fc_leaf *leaf, const fc_noun *noun) {
    const char *key = leaf->node->key != NULL ? leaf->node->key : "";
    const fc_field *field = noun != NULL ? fc_fields_find(noun, key) : NULL;
    if (field != NULL) {
        leaf->unit = field->unit;
        leaf->is_number = is_number_kind(field) && all_parse(leaf, field->unit);
        return;
    }
    fc_unit unit = FC_UNIT_NONE;
    leaf->is_number = (unit_of_key(&unit, key) && all_parse(leaf, unit)) || unit_of_spelling(&unit, leaf);
    leaf->unit = unit;
}

/* ---- leaves ------------------------------------------------------------------------------------------------- */

fc_leaf fc_entry_leaf(const fc_noun *noun, const fc_node *node) {
    fc_leaf leaf = {.node = node, .scalar = node};
    if (node->kind == FC_NODE_MAP) {
        leaf.scalar = fc_node_get(node, "value");
        leaf.low = fc_node_get(node, "low");
        leaf.high = fc_node_get(node, "high");
        if (leaf.scalar == NULL) {
            leaf.scalar = fc_node_get(node, "mid");
        }
    }
    find_unit(&leaf, noun);
    return leaf;
}

double fc_entry_si(const fc_leaf *leaf, const fc_node *part) {
    double value = 0.0;
    /* Cannot fail: is_number says that it has been read before. */
    (void)fc_units_parse(&value, part->text, leaf->unit, NULL);
    return value;
}

static const char *text_of(const fc_node *part) {
    return part != NULL && part->kind == FC_NODE_SCALAR ? part->text : "";
}

const char *fc_entry_value_text(fc_arena *arena, const fc_leaf *leaf) {
    const fc_node *first = leaf->scalar != NULL ? leaf->scalar : leaf->low;
    const char *unit = "";
    double ignored = 0.0;
    if (leaf->is_number && fc_units_parse(&ignored, first->text, FC_UNIT_COUNT, NULL) == FC_OK) {
        unit = fc_entry_unit_name(leaf->unit);
    }
    const char *space = unit[0] != '\0' ? " " : "";
    const char *text = NULL;
    if (leaf->low == NULL || leaf->high == NULL) {
        text = fc_arena_printf(arena, "%s%s%s", text_of(first), space, unit);
    } else if (leaf->scalar == NULL) {
        text = fc_arena_printf(arena, "%s to %s%s%s", text_of(leaf->low), text_of(leaf->high), space, unit);
    } else {
        text = fc_arena_printf(arena, "%s (%s to %s)%s%s", text_of(first), text_of(leaf->low), text_of(leaf->high),
                               space, unit);
    }
    return fc_entry_clean(arena, text != NULL ? text : "");
}

/* ---- paths -------------------------------------------------------------------------------------------------- */

const fc_node *fc_entry_at(const fc_node *entry, const char *path) {
    const fc_node *node = entry;
    while (node != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        char key[FC_NAME_SIZE];
        if (length >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, length);
        key[length] = '\0';
        node = fc_node_get(node, key);
        path += length + (path[length] == '.');
    }
    return node;
}

const char *fc_entry_text(const fc_node *entry, const char *path) {
    const fc_node *node = fc_entry_at(entry, path);
    if (node != NULL && node->kind == FC_NODE_MAP) {
        static const char *const inner[] = {"value", "mid", "base", "name"};
        const fc_node *map = node;
        node = NULL;
        for (size_t i = 0; i < sizeof inner / sizeof inner[0] && node == NULL; i++) {
            node = fc_node_get(map, inner[i]);
        }
    }
    return text_of(node);
}

bool fc_entry_number(double *out, const fc_node *entry, const char *path, fc_unit unit) {
    const fc_node *node = fc_entry_at(entry, path);
    if (node == NULL || !fc_entry_is_leaf(node)) {
        return false;
    }
    fc_leaf leaf = fc_entry_leaf(NULL, node);
    leaf.unit = unit;
    if (!all_parse(&leaf, unit)) {
        return false;
    }
    if (leaf.scalar != NULL) {
        *out = fc_entry_si(&leaf, leaf.scalar);
        return true;
    }
    double low = fc_entry_si(&leaf, leaf.low);
    double high = fc_entry_si(&leaf, leaf.high);
    *out = low > 0.0 ? sqrt(low) * sqrt(high) : 0.5 * low + 0.5 * high;
    return true;
}

const fc_node *fc_entry_default_price(const fc_node *entry) {
    const fc_node *prices = fc_node_get(entry, "prices");
    if (prices == NULL || prices->first == NULL) {
        return entry;
    }
    const char *wanted = fc_entry_text(entry, "default");
    for (const fc_node *row = prices->first; row != NULL; row = row->next) {
        if (wanted[0] != '\0' && strcmp(fc_entry_text(row, "what"), wanted) == 0) {
            return row;
        }
    }
    return prices->first;
}

const char *fc_entry_annotation(const fc_leaf *leaf, const char *key) {
    return leaf->node->kind == FC_NODE_MAP ? text_of(fc_node_get(leaf->node, key)) : "";
}

const char *fc_entry_clean(fc_arena *arena, const char *text) {
    char *copy = fc_arena_strdup(arena, text);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        bool control_pair = byte == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] <= 0x9f;
        if (byte < 0x20 || byte == 0x7f || control_pair) {
            *c = ' ';
        }
        if (control_pair) {
            *++c = ' ';
        }
    }
    return copy != NULL ? copy : "";
}
