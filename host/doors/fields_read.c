/* fields_read.c: values as the field table says, with what is known of them, into a noun, its facts and its spreads. */
#include "fields_value.h"

#include "../base/text.h"

#include <math.h>  /* sqrt: the middle of a range that spans orders of magnitude */
#include <stdio.h> /* snprintf */
#include <string.h>

typedef struct range {
    double low;
    double mid;
    double high;
} range;

const fc_field *fc_fields_find(const fc_noun *noun, const char *key) {
    for (size_t i = 0; i < noun->count; i++) {
        if (strcmp(noun->fields[i].key, key) == 0) {
            return &noun->fields[i];
        }
    }
    return NULL;
}

/* ---- ranges ------------------------------------------------------------------------------------------------- */

/* Left out, the middle is the geometric mean, or the arithmetic one where the range begins at 0 or below. */
static double middle(double low, double high) {
    double mid = low > 0.0 ? sqrt(low) * sqrt(high) : 0.5 * low + 0.5 * high;
    return mid < low ? low : mid > high ? high : mid;
}

static fc_status read_range(range *out, const fc_annotated *a, const fc_reading *r) {
    FC_TRY(fc_value_number(&out->low, r, a->low));
    FC_TRY(fc_value_number(&out->high, r, a->high));
    out->mid = middle(out->low, out->high);
    if (a->mid != NULL) {
        FC_TRY(fc_value_number(&out->mid, r, a->mid));
    }
    if (out->low <= out->mid && out->mid <= out->high) {
        return FC_OK;
    }
    return fc_node_error(r->error, FC_BAD_INPUT, r->node, false,
                         "%s: low %.32s, mid %.32s, high %.32s are not in this order; low <= mid <= high is required",
                         r->field->key, a->low->text, a->mid != NULL ? a->mid->text : "(left out)", a->high->text);
}

static bool inside_study(const fc_reading *r, size_t *offset) {
    uintptr_t base = (uintptr_t)r->reader->study;
    uintptr_t place = (uintptr_t)r->target;
    if (base == 0 || place < base || place - base > sizeof(fc_study) - sizeof(double)) {
        return false;
    }
    *offset = (size_t)(place - base);
    return true;
}

/* A later reading of the same field stands alone: the range of the earlier one goes with its value. */
static void drop_spread(const fc_reading *r) {
    size_t offset = 0;
    if (!inside_study(r, &offset)) {
        return;
    }
    fc_study *study = r->reader->study;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < study->spreads_count; i++) {
        if (study->spreads[i].offset != offset) {
            study->spreads[kept++] = study->spreads[i];
        }
    }
    study->spreads_count = kept;
}

static fc_status add_spread(const fc_reading *r, const char *key, const range *value, uint32_t grade) {
    size_t offset = 0;
    if (!inside_study(r, &offset)) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->node, false,
                             "%s: a range is not possible here; give one number", r->field->key);
    }
    fc_study *study = r->reader->study;
    if (study->spreads_count >= FC_MAX_SPREADS) {
        return fc_node_error(r->error, FC_OVER_LIMIT, r->node, false,
                             "%s: more than %d inputs are ranges; make some of them single numbers", r->field->key,
                             FC_MAX_SPREADS);
    }
    fc_spread spread = {.offset = (uint32_t)offset,
                        .grade = grade,
                        .low = value->low,
                        .mid = value->mid,
                        .high = value->high,
                        .least = r->field->least,
                        .most = r->field->most};
    /* The key is a label; a spread is told from another by its offset, so a long one may be cut. */
    (void)fc_text_copy(spread.key, sizeof spread.key, key);
    study->spreads[study->spreads_count++] = spread;
    return FC_OK;
}

static fc_status read_as_range(fc_fact *fact, const fc_annotated *a, const fc_reading *r) {
    if (r->field->kind != FC_FIELD_F64) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->node, false,
                             "%s: a range is not possible for this key; give one value (%s)", r->field->key,
                             r->field->help);
    }
    range value = {0};
    FC_TRY(read_range(&value, a, r));
    /* A range read from a file is by its nature not exact, so only a stated "exact" contradicts it. */
    if (a->grade != NULL && fact->grade == FC_GRADE_EXACT) {
        return fc_node_error(r->error, FC_BAD_INPUT, a->grade, false,
                             "%s: a range cannot be exact; grade it measured, published, vendor or assumed",
                             r->field->key);
    }
    if (fact->grade == FC_GRADE_EXACT) {
        fact->grade = FC_GRADE_ASSUMED;
    }
    fact->text =
        fc_arena_printf(r->reader->arena, a->mid != NULL ? "{low: %s, mid: %s, high: %s}" : "{low: %s, %shigh: %s}",
                        a->low->text, a->mid != NULL ? a->mid->text : "", a->high->text);
    if (fact->text == NULL) {
        return fc_value_no_memory(r->error);
    }
    fact->value = value.mid;
    fact->has_range = value.low < value.high;
    drop_spread(r);
    if (fact->has_range) {
        FC_TRY(add_spread(r, fact->key, &value, fact->grade));
    }
    memcpy(r->target, &value.mid, sizeof value.mid);
    return FC_OK;
}

/* ---- facts -------------------------------------------------------------------------------------------------- */

static fc_status record_fact(fc_reader *reader, const fc_fact *fact, fc_error *error) {
    for (fc_fact *old = reader->first_fact; old != NULL; old = old->next) {
        if (strcmp(old->key, fact->key) == 0) {
            fc_fact *next = old->next;
            *old = *fact;
            old->next = next;
            return FC_OK;
        }
    }
    fc_fact *added = fc_arena_alloc(reader->arena, sizeof *added);
    if (added == NULL) {
        return fc_value_no_memory(error);
    }
    *added = *fact;
    added->next = NULL;
    if (reader->last_fact != NULL) {
        reader->last_fact->next = added;
    } else {
        reader->first_fact = added;
    }
    reader->last_fact = added;
    return FC_OK;
}

static fc_status read_field(const fc_reading *r, const char *path) {
    fc_reader *reader = r->reader;
    bool has_path = path != NULL && path[0] != '\0';
    fc_fact fact = {.unit = r->field->unit, .origin = reader->origin, .text = ""};
    fact.key = fc_arena_printf(reader->arena, "%s%s%s", has_path ? path : "", has_path ? "." : "", r->field->key);
    if (fact.key == NULL) {
        return fc_value_no_memory(r->error);
    }
    fc_annotated a;
    FC_TRY(fc_value_take_apart(&a, r));
    FC_TRY(fc_value_annotate(&fact, &a, r));
    if (a.value == NULL) {
        FC_TRY(read_as_range(&fact, &a, r));
        return record_fact(reader, &fact, r->error);
    }
    fc_reading single = *r;
    single.node = a.value;
    FC_TRY(fc_value_read(&fact.value, &single));
    fact.text = a.value->text;
    if (r->field->kind == FC_FIELD_F64) {
        drop_spread(r);
    }
    return record_fact(reader, &fact, r->error);
}

fc_status fc_fields_read(fc_reader *reader, const fc_noun *noun, const char *path, void *target, const fc_node *map,
                         fc_error *error) {
    if (map == NULL) {
        return FC_OK;
    }
    if (map->kind != FC_NODE_MAP) {
        char found[96];
        fc_node_describe(map, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, map, false, "a %s is a map of keys and values; found %s", noun->name,
                             found);
    }
    for (fc_node *child = map->first; child != NULL; child = child->next) {
        const fc_field *field = fc_fields_find(noun, child->key);
        if (field == NULL) {
            continue;
        }
        child->used = true;
        fc_reading r = {
            .reader = reader, .field = field, .node = child, .target = (char *)target + field->offset, .error = error};
        FC_TRY(read_field(&r, path));
    }
    return FC_OK;
}

/* ---- unknown keys ------------------------------------------------------------------------------------------- */

#define MAX_KEYS 256

static size_t gather_keys(const char *keys[MAX_KEYS], const fc_noun *noun, const char *const *more, size_t more_count) {
    size_t count = 0;
    for (size_t i = 0; i < more_count && count < MAX_KEYS; i++) {
        keys[count++] = more[i];
    }
    for (size_t i = 0; noun != NULL && i < noun->count && count < MAX_KEYS; i++) {
        keys[count++] = noun->fields[i].key;
    }
    return count;
}

/* Some of the allowed keys, as many as fit: a list of ninety would bury the mistake. */
static void list_keys(char *out, size_t size, const char *const *keys, size_t count) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(keys[i]);
        if (used + length + 8 >= size) {
            memcpy(out + used, ", …", sizeof ", …");
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", keys[i]);
    }
}

fc_status fc_fields_refuse_unknown(const fc_node *map, const fc_noun *noun, const char *const *more, size_t more_count,
                                   fc_error *error) {
    const char *keys[MAX_KEYS];
    size_t count = gather_keys(keys, noun, more, more_count);
    for (const fc_node *child = map != NULL ? map->first : NULL; child != NULL; child = child->next) {
        bool allowed = child->used || child->key == NULL;
        for (size_t i = 0; i < more_count && !allowed; i++) {
            allowed = strcmp(more[i], child->key) == 0;
        }
        if (allowed) {
            continue;
        }
        const char *nearest = fc_text_nearest(child->key, keys, count);
        char listed[240];
        list_keys(listed, sizeof listed, keys, count);
        return fc_node_error(error, FC_BAD_INPUT, child, true, "unknown key \"%.64s\"%s%s%s; allowed keys: %s",
                             child->key, nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "\"?)" : "", listed);
    }
    return FC_OK;
}
