/* fields_value.c: one value, and what is known of it, checked against its row of the field table. */
#include "fields_value.h"

#include "../base/text.h"

#include <math.h> /* floor */
#include <string.h>

fc_status fc_value_no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the inputs");
}

static bool is_whole_kind(fc_field_kind kind) {
    return kind == FC_FIELD_U64 || kind == FC_FIELD_U32 || kind == FC_FIELD_I32;
}

static void format_limit(char *out, size_t size, const fc_field *field, double value) {
    if (is_whole_kind(field->kind)) {
        fc_units_format_exact(out, size, value);
    } else {
        fc_units_format(out, size, value, field->unit, 0);
    }
}

/* "key: FOUND; allowed is LOW to HIGH, for example …" at the node. */
static fc_status out_of_range(const fc_reading *r, const fc_node *at, const char *found) {
    char low[64];
    char high[64];
    format_limit(low, sizeof low, r->field, r->field->least);
    format_limit(high, sizeof high, r->field, r->field->most);
    return fc_node_error(r->error, FC_BAD_INPUT, at, false, "%s: found %s; allowed is %s to %s, for example %s",
                         r->field->key, found, low, high, fc_unit_example(r->field->unit));
}

static fc_status wrong_kind(const fc_reading *r, const fc_node *at, const char *wanted) {
    char found[96];
    fc_node_describe(at, found, sizeof found);
    return fc_node_error(r->error, FC_BAD_INPUT, at, false, "%s: found %s; expected %s (%s)", r->field->key, found,
                         wanted, r->field->help);
}

static fc_status wrong_number(const fc_reading *r, const fc_node *at, const fc_error *cause) {
    char low[64];
    char high[64];
    format_limit(low, sizeof low, r->field, r->field->least);
    format_limit(high, sizeof high, r->field, r->field->most);
    return fc_node_error(r->error, cause->status, at, false, "%s: %s; allowed is %s to %s", r->field->key, cause->text,
                         low, high);
}

/* ---- single values ------------------------------------------------------------------------------------------ */

fc_status fc_value_number(double *out, const fc_reading *r, const fc_node *at) {
    if (at->kind != FC_NODE_SCALAR) {
        return wrong_kind(r, at, "a number");
    }
    fc_error cause = {0};
    if (fc_units_parse(out, at->text, r->field->unit, &cause) != FC_OK) {
        return wrong_number(r, at, &cause);
    }
    if (!(*out >= r->field->least && *out <= r->field->most)) {
        char found[96];
        fc_node_describe(at, found, sizeof found);
        return out_of_range(r, at, found);
    }
    return FC_OK;
}

static fc_status read_unsigned(double *out, const fc_reading *r) {
    const fc_node *at = r->node;
    if (at->kind != FC_NODE_SCALAR) {
        return wrong_kind(r, at, "a whole number");
    }
    fc_error cause = {0};
    uint64_t value = 0;
    if (fc_units_parse_u64(&value, at->text, &cause) != FC_OK) {
        return wrong_number(r, at, &cause);
    }
    bool fits = r->field->kind == FC_FIELD_U64 || value <= UINT32_MAX;
    if (!fits || (double)value < r->field->least || (double)value > r->field->most) {
        return out_of_range(r, at, at->text);
    }
    if (r->field->kind == FC_FIELD_U64) {
        memcpy(r->target, &value, sizeof value);
    } else {
        uint32_t narrow = (uint32_t)value;
        memcpy(r->target, &narrow, sizeof narrow);
    }
    *out = (double)value;
    return FC_OK;
}

/* Dates are whole numbers of days; other signed fields are small choices such as -1 for "choose". */
static fc_status read_signed(double *out, const fc_reading *r) {
    FC_TRY(fc_value_number(out, r, r->node));
    if (*out < INT32_MIN || *out > INT32_MAX || floor(*out) != *out) {
        return wrong_kind(r, r->node, "a whole number");
    }
    int32_t value = (int32_t)*out;
    memcpy(r->target, &value, sizeof value);
    return FC_OK;
}

static fc_status read_bool(double *out, const fc_reading *r) {
    const fc_node *at = r->node;
    bool plain = at->kind == FC_NODE_SCALAR && !at->quoted;
    uint8_t value = plain && strcmp(at->text, "true") == 0;
    if (value == 0 && !(plain && strcmp(at->text, "false") == 0)) {
        return wrong_kind(r, at, "true or false");
    }
    memcpy(r->target, &value, sizeof value);
    *out = value;
    return FC_OK;
}

static size_t count_names(const char *const *names) {
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    return count;
}

static fc_status unknown_choice(const fc_reading *r) {
    const char *const *names = r->field->names;
    fc_text allowed = fc_text_start(r->reader->arena);
    for (size_t i = 0; names[i] != NULL; i++) {
        fc_text_addf(&allowed, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (allowed.failed) {
        return fc_value_no_memory(r->error);
    }
    const char *nearest = fc_text_nearest(r->node->text, names, count_names(names));
    return fc_node_error(r->error, FC_BAD_INPUT, r->node, false, "%s: found \"%.64s\"%s%s%s; allowed is %s",
                         r->field->key, r->node->text, nearest != NULL ? " (did you mean \"" : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "", allowed.bytes);
}

/* The field's own name for what was written, or what was written. */
static const char *without_alias(const fc_field *field, const char *text) {
    for (size_t i = 0; field->aliases != NULL && field->aliases[i] != NULL; i += 2) {
        if (fc_text_same_name(field->aliases[i], text)) {
            return field->aliases[i + 1];
        }
    }
    return text;
}

static fc_status read_enum(double *out, const fc_reading *r) {
    if (r->node->kind != FC_NODE_SCALAR) {
        return wrong_kind(r, r->node, "a name");
    }
    const char *text = without_alias(r->field, r->node->text);
    for (uint32_t i = 0; r->field->names[i] != NULL; i++) {
        if (fc_text_same_name(r->field->names[i], text)) {
            memcpy(r->target, &i, sizeof i);
            *out = i;
            return FC_OK;
        }
    }
    return unknown_choice(r);
}

static fc_status read_text(double *out, const fc_reading *r) {
    const fc_node *at = r->node;
    if (at->kind != FC_NODE_SCALAR) {
        return wrong_kind(r, at, "a text");
    }
    /* Texts are printed on terminals: an escape sequence in a file must not reach one. */
    for (const char *c = at->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return fc_node_error(r->error, FC_BAD_INPUT, at, false, "%s: the text holds a control character; remove it",
                                 r->field->key);
        }
    }
    if (!fc_text_copy(r->target, r->field->size, at->text)) {
        return fc_node_error(r->error, FC_BAD_INPUT, at, false, "%s: the text has %zu bytes; at most %zu are allowed",
                             r->field->key, strlen(at->text), r->field->size - 1);
    }
    *out = 0.0;
    return FC_OK;
}

static fc_status read_number(double *out, const fc_reading *r) {
    FC_TRY(fc_value_number(out, r, r->node));
    memcpy(r->target, out, sizeof *out);
    return FC_OK;
}

fc_status fc_value_read(double *out, const fc_reading *r) {
    switch (r->field->kind) {
    case FC_FIELD_F64:
        return read_number(out, r);
    case FC_FIELD_U64:
    case FC_FIELD_U32:
        return read_unsigned(out, r);
    case FC_FIELD_I32:
    case FC_FIELD_DATE:
        return read_signed(out, r);
    case FC_FIELD_BOOL:
        return read_bool(out, r);
    case FC_FIELD_ENUM:
        return read_enum(out, r);
    case FC_FIELD_TEXT:
        return read_text(out, r);
    }
    return fc_node_error(r->error, FC_FAILED, r->node, false, "%s: the field table has an unknown kind", r->field->key);
}

/* ---- annotations -------------------------------------------------------------------------------------------- */

static fc_status split(fc_annotated *out, const fc_reading *r) {
    *out = (fc_annotated){0};
    if (r->node->kind != FC_NODE_MAP) {
        out->value = r->node;
        return FC_OK;
    }
    static const char *const keys[] = {"value", "low", "mid", "high", "source", "date", "note", "grade", "checked"};
    const fc_node **const places[] = {&out->value, &out->low,  &out->mid,   &out->high,   &out->source,
                                      &out->date,  &out->note, &out->grade, &out->checked};
    const size_t count = sizeof keys / sizeof keys[0];
    for (fc_node *child = r->node->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (i < count && strcmp(keys[i], child->key) != 0) {
            i++;
        }
        if (i == count) {
            const char *nearest = fc_text_nearest(child->key, keys, count);
            return fc_node_error(r->error, FC_BAD_INPUT, child, true,
                                 "%s: unknown key \"%.64s\"%s%s%s; a value may have value (or low, mid, high), grade, "
                                 "source, date, checked, note",
                                 r->field->key, child->key, nearest != NULL ? " (did you mean \"" : "",
                                 nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "");
        }
        child->used = true;
        *places[i] = child;
    }
    return FC_OK;
}

static fc_status check_shape(const fc_annotated *a, const fc_reading *r) {
    bool is_range = a->low != NULL || a->mid != NULL || a->high != NULL;
    if (is_range && a->value != NULL) {
        return fc_node_error(r->error, FC_BAD_INPUT, a->value, true,
                             "%s: has a value and a range; write {value: …} or {low: …, mid: …, high: …}",
                             r->field->key);
    }
    if (is_range && (a->low == NULL || a->high == NULL)) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->node, false, "%s: a range needs low and high; %s is missing",
                             r->field->key, a->low == NULL ? "low" : "high");
    }
    if (!is_range && a->value == NULL) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->node, false,
                             "%s: a map without value; write {value: …} or {low: …, mid: …, high: …}", r->field->key);
    }
    return FC_OK;
}

fc_status fc_value_take_apart(fc_annotated *out, const fc_reading *r) {
    FC_TRY(split(out, r));
    return check_shape(out, r);
}

/* The text of an annotation, "" when it is not there. */
static fc_status annotation_text(const char **out, const fc_node *node, const fc_reading *r) {
    *out = "";
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(r->error, FC_BAD_INPUT, node, false, "%s: %s is a text; found %s", r->field->key,
                             node->key, found);
    }
    *out = node->text;
    return FC_OK;
}

static fc_status read_grade(uint32_t *out, const fc_annotated *a, const fc_reading *r) {
    *out = (uint32_t)r->reader->grade;
    if (a->grade == NULL) {
        return FC_OK;
    }
    const char *text = "";
    FC_TRY(annotation_text(&text, a->grade, r));
    const char *names[FC_GRADE_COUNT];
    for (uint32_t i = 0; i < FC_GRADE_COUNT; i++) {
        names[i] = fc_grade_name((fc_grade)i);
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(text, names, FC_GRADE_COUNT);
    return fc_node_error(r->error, FC_BAD_INPUT, a->grade, false,
                         "%s: grade is \"%.64s\"%s%s%s; allowed is exact, measured, published, vendor, assumed",
                         r->field->key, text, nearest != NULL ? " (did you mean \"" : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "");
}

fc_status fc_value_annotate(fc_fact *fact, const fc_annotated *a, const fc_reading *r) {
    fact->source = r->reader->source != NULL ? r->reader->source : "";
    if (a->source != NULL) {
        FC_TRY(annotation_text(&fact->source, a->source, r));
    }
    FC_TRY(annotation_text(&fact->date, a->date, r));
    FC_TRY(annotation_text(&fact->note, a->note, r));
    FC_TRY(read_grade(&fact->grade, a, r));
    if (a->date != NULL) {
        fc_error cause = {0};
        double days = 0.0;
        if (fc_units_parse(&days, fact->date, FC_UNIT_DATE, &cause) != FC_OK) {
            return fc_node_error(r->error, FC_BAD_INPUT, a->date, false, "%s: date: %s", r->field->key, cause.text);
        }
    }
    if (a->checked != NULL) {
        uint8_t ignored = 0;
        double value = 0.0;
        fc_reading check = *r;
        check.node = a->checked;
        check.target = (char *)&ignored;
        FC_TRY(read_bool(&value, &check));
    }
    return FC_OK;
}
