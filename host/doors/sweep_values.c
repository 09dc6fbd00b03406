/* sweep_values.c: the values of one axis. */
#include "sweep_axes.h"

#include "../base/text.h"

#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the axes of the sweep");
}

/* ---- what a key names ------------------------------------------------------------------------------------------------ */

static const fc_noun *noun_under(const fc_noun *outer, const char *name) {
    static const struct {
        const char *outer; /* NULL: the study */
        const char *name;
        fc_noun_id id;
    } rows[] = {{NULL, "model", FC_NOUN_MODEL},       {NULL, "cluster", FC_NOUN_CLUSTER},
                {NULL, "workload", FC_NOUN_WORKLOAD}, {NULL, "stack", FC_NOUN_STACK},
                {NULL, "plan", FC_NOUN_PLAN},         {NULL, "deal", FC_NOUN_DEAL},
                {NULL, "estimate", FC_NOUN_ESTIMATE}, {"cluster", "chip", FC_NOUN_CHIP},
                {"deal", "own", FC_NOUN_OWN},         {"deal", "contract", FC_NOUN_CONTRACT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool here =
            outer == NULL ? rows[i].outer == NULL : rows[i].outer != NULL && strcmp(rows[i].outer, outer->name) == 0;
        if (here && strcmp(rows[i].name, name) == 0) {
            return fc_fields_noun(rows[i].id);
        }
    }
    return NULL;
}

bool fc_sweep_field(const fc_field **out, const char *key) {
    const fc_noun *noun = NULL;
    char part[FC_NAME_SIZE];
    *out = NULL;
    for (const char *at = key;;) {
        size_t length = strcspn(at, ".");
        if (length >= sizeof part) {
            return false;
        }
        memcpy(part, at, length);
        part[length] = '\0';
        const fc_noun *inner = noun_under(noun, part);
        if (at[length] == '\0') {
            *out = noun != NULL ? fc_fields_find(noun, part) : NULL;
            return inner != NULL;
        }
        if (inner == NULL) {
            return false;
        }
        noun = inner;
        at += length + 1;
    }
}

/* ---- values as text --------------------------------------------------------------------------------------------------- */

static bool is_safe(const char *text) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+%$-";
    return text[0] != '\0' && text[strspn(text, safe)] == '\0' && !(text[0] == '-' && text[1] == '\0');
}

static void add_string(fc_text *out, const char *text) {
    fc_text_add(out, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            fc_text_add(out, "\\");
        }
        if (byte < 0x20 || byte == 0x7f) {
            fc_text_addf(out, "\\u%04x", byte);
        } else {
            fc_text_add_bytes(out, c, 1);
        }
    }
    fc_text_add(out, "\"");
}

void fc_sweep_flow(fc_text *out, const fc_node *node) {
    switch (node->kind) {
    case FC_NODE_NULL:
        fc_text_add(out, "null");
        return;
    case FC_NODE_SCALAR:
        if (!node->quoted && is_safe(node->text)) {
            fc_text_add(out, node->text);
        } else {
            add_string(out, node->text);
        }
        return;
    default:
        break;
    }
    bool map = node->kind == FC_NODE_MAP;
    fc_text_add(out, map ? "{" : "[");
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first) {
            fc_text_add(out, ", ");
        }
        if (map) {
            if (is_safe(child->key)) {
                fc_text_add(out, child->key);
            } else {
                add_string(out, child->key);
            }
            fc_text_add(out, ": ");
        }
        fc_sweep_flow(out, child);
    }
    fc_text_add(out, map ? "}" : "]");
}

/* A number as JSON has it: -12, 0.5, 1e-7; not 1k, .5, 007. */
static bool is_json_number(const char *text) {
    const char *at = text + (text[0] == '-');
    size_t whole = strspn(at, "0123456789");
    if (whole == 0 || (whole > 1 && at[0] == '0')) {
        return false;
    }
    at += whole;
    if (*at == '.') {
        size_t digits = strspn(at + 1, "0123456789");
        if (digits == 0) {
            return false;
        }
        at += 1 + digits;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        size_t digits = strspn(at, "0123456789");
        at = digits > 0 ? at + digits : "x";
    }
    return *at == '\0';
}

static bool is_one_line(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c == 0x7f) {
            return false;
        }
    }
    return true;
}

static fc_status take_value(fc_sweep_value *out, fc_arena *arena, const fc_node *node, const char *key,
                            fc_error *error) {
    fc_text flow = fc_text_start(arena);
    fc_sweep_flow(&flow, node);
    if (flow.failed) {
        return no_memory(error);
    }
    bool scalar = node->kind == FC_NODE_SCALAR;
    out->shown = scalar ? node->text : flow.bytes;
    out->set = scalar && !node->quoted ? node->text : flow.bytes;
    out->number = scalar && !node->quoted && is_json_number(node->text);
    if (!is_one_line(out->shown)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "sweep: a value of %.60s holds a line end or another control character", key);
    }
    return FC_OK;
}

static fc_status read_list(fc_sweep_axis *out, fc_arena *arena, const fc_node *list, fc_error *error) {
    if (list->count == 0) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "sweep: the list of %.60s is empty; give it values",
                             out->key);
    }
    if (list->count > FC_SWEEP_MOST_VALUES) {
        return fc_node_error(error, FC_OVER_LIMIT, list, false, "sweep: %.60s has %zu values; at most %d are taken",
                             out->key, list->count, FC_SWEEP_MOST_VALUES);
    }
    fc_sweep_value *values = fc_arena_alloc(arena, list->count * sizeof *values);
    if (values == NULL) {
        return no_memory(error);
    }
    size_t count = 0;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(take_value(&values[count++], arena, node, out->key, error));
    }
    out->values = values;
    out->count = count;
    return FC_OK;
}

/* ---- two ends --------------------------------------------------------------------------------------------------------- */

typedef struct ends {
    double from;
    double to;
    double multiple_of; /* 0: any number */
    uint64_t steps;
    bool logarithmic;
} ends;

static const char *text_at(const fc_node *map, const char *key) {
    const fc_node *node = fc_node_get(map, key);
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : NULL;
}

static fc_status read_end(double *out, const fc_node *map, const char *which, const char *key, fc_unit unit,
                          fc_error *error) {
    const char *text = text_at(map, which);
    if (text != NULL && fc_units_parse(out, text, unit, NULL) == FC_OK) {
        return FC_OK;
    }
    const fc_node *node = fc_node_get(map, which);
    char found[96] = "nothing";
    if (node != NULL) {
        fc_node_describe(node, found, sizeof found);
    }
    return fc_node_error(error, FC_BAD_INPUT, node != NULL ? node : map, false,
                         "sweep: %.60s goes from one number to another, and %s is %s; allowed is for example %s", key,
                         which, found, fc_unit_example(unit));
}

static fc_status read_whole(uint64_t *out, const fc_node *map, const char *which, uint64_t least, uint64_t most,
                            fc_error *error) {
    const fc_node *node = fc_node_get(map, which);
    const char *text = text_at(map, which);
    if (text != NULL && fc_units_parse_u64(out, text, NULL) == FC_OK && *out >= least && *out <= most) {
        return FC_OK;
    }
    char found[96] = "nothing";
    if (node != NULL) {
        fc_node_describe(node, found, sizeof found);
    }
    return fc_node_error(error, FC_BAD_INPUT, node != NULL ? node : map, false,
                         "sweep: %s is a whole number from %llu to %llu; found %s", which, (unsigned long long)least,
                         (unsigned long long)most, found);
}

static fc_status read_scale(ends *out, const fc_node *map, fc_error *error) {
    const fc_node *node = fc_node_get(map, "scale");
    const char *text = text_at(map, "scale");
    out->logarithmic = text != NULL && strcmp(text, "log") == 0;
    if (node != NULL && !out->logarithmic && (text == NULL || strcmp(text, "linear") != 0)) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "sweep: scale is log or linear; found %s", found);
    }
    if (out->logarithmic && (out->from <= 0.0 || out->to <= 0.0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "sweep: on scale: log both ends lie above 0");
    }
    return FC_OK;
}

static fc_status read_ends(ends *out, const fc_node *map, const char *key, fc_error *error) {
    static const char *const known[] = {"from", "to", "steps", "scale", "multiple_of"};
    const fc_field *field = NULL;
    bool noun = fc_sweep_field(&field, key);
    for (const fc_node *node = map->first; node != NULL; node = node->next) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            found = found || strcmp(node->key, known[i]) == 0;
        }
        if (!found) {
            return fc_node_error(error, FC_BAD_INPUT, node, true,
                                 "sweep: %.60s is a list of values, or {from, to, steps, scale: log or linear, "
                                 "multiple_of}; found the key %.60s",
                                 key, node->key);
        }
    }
    if (noun || (field != NULL && (field->kind > FC_FIELD_I32 || field->unit == FC_UNIT_DATE))) {
        return fc_node_error(error, FC_BAD_INPUT, map, false,
                             "sweep: %.60s is no number, so nothing lies between two ends; give a list of values", key);
    }
    fc_unit unit = field != NULL ? field->unit : FC_UNIT_COUNT;
    FC_TRY(read_end(&out->from, map, "from", key, unit, error));
    FC_TRY(read_end(&out->to, map, "to", key, unit, error));
    FC_TRY(read_whole(&out->steps, map, "steps", 2, FC_SWEEP_MOST_VALUES, error));
    FC_TRY(read_scale(out, map, error));
    bool counts = field != NULL && (field->kind != FC_FIELD_F64 || unit == FC_UNIT_COUNT || unit == FC_UNIT_TOKENS);
    out->multiple_of = counts ? 1.0 : 0.0;
    if (fc_node_get(map, "multiple_of") != NULL) {
        uint64_t multiple = 0;
        FC_TRY(read_whole(&multiple, map, "multiple_of", 1, 1000000000, error));
        out->multiple_of = (double)multiple;
    }
    return FC_OK;
}

static fc_status read_span(fc_sweep_axis *out, fc_arena *arena, const fc_node *map, fc_error *error) {
    ends span = {.steps = 0};
    FC_TRY(read_ends(&span, map, out->key, error));
    fc_sweep_value *values = fc_arena_alloc(arena, span.steps * sizeof *values);
    if (values == NULL) {
        return no_memory(error);
    }
    double before = 0.0;
    for (uint64_t i = 0; i < span.steps; i++) {
        double value = fc_sweep_step(span.from, span.to, i, span.steps, span.logarithmic);
        value = span.multiple_of > 0.0 ? fc_sweep_multiple(value, span.multiple_of) : value;
        if (i > 0 && value == before) {
            return fc_node_error(error, FC_BAD_INPUT, map, false,
                                 "sweep: two of the %llu steps of %.60s come out as %.12g; take fewer of them, or ends "
                                 "further apart",
                                 (unsigned long long)span.steps, out->key, value);
        }
        before = value;
        char text[64];
        fc_units_format_exact(text, sizeof text, value);
        char *kept = fc_arena_strdup(arena, text);
        if (kept == NULL) {
            return no_memory(error);
        }
        values[i] = (fc_sweep_value){.set = kept, .shown = kept, .number = true};
    }
    out->values = values;
    out->count = span.steps;
    return FC_OK;
}

fc_status fc_sweep_read_values(fc_sweep_axis *out, fc_arena *arena, const fc_node *node, fc_error *error) {
    if (node->kind == FC_NODE_LIST) {
        return read_list(out, arena, node, error);
    }
    if (node->kind == FC_NODE_MAP) {
        return read_span(out, arena, node, error);
    }
    char found[96];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(error, FC_BAD_INPUT, node, false,
                         "sweep: %.60s is a list of values, or {from, to, steps, scale: log or linear}; found %s",
                         out->key, found);
}
