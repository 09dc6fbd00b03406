/* explain.c: finds the row, calculates a formula, writes it with its numbers. */
#include "explain.h"

#include "say.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const fc_explanation *fc_explain_row(size_t index) {
    const fc_explanation *const tables[] = {FC_EXPLAIN_RESULTS, FC_EXPLAIN_STEP, FC_EXPLAIN_MEMORY};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; ++i) {
        for (const fc_explanation *row = tables[i]; row->key != NULL; ++row) {
            if (index-- == 0) {
                return row;
            }
        }
    }
    return NULL;
}

/* ---- which row --------------------------------------------------------------------------------------------------- */

/* Whether `word` stands in a list with one space between words. */
static bool is_listed(const char *list, const char *word) {
    size_t size = strlen(word);
    for (const char *at = strstr(list, word); size > 0 && at != NULL; at = strstr(at + 1, word)) {
        bool starts = at == list || at[-1] == ' ';
        if (starts && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

/* By its key, its key without the group, or an alias. */
static bool is_named(const fc_explanation *row, const char *key) {
    const char *dot = strchr(row->key, '.');
    return strcmp(row->key, key) == 0 || is_listed(row->aliases, key) || (dot != NULL && strcmp(dot + 1, key) == 0);
}

static void without_quantile(char *out, size_t out_size, const char *key) {
    static const char *const ends[] = {".p10", ".p50", ".p90"};
    (void)fc_text_copy(out, out_size, key);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; ++i) {
        if (fc_text_ends(out, ends[i])) {
            out[strlen(out) - strlen(ends[i])] = '\0';
            return;
        }
    }
}

enum { MOST_NAMES = 400 };

/* Everything that a row may be called. */
static size_t name_row(char names[][FC_NAME_SIZE], size_t count, const fc_explanation *row) {
    const char *dot = strchr(row->key, '.');
    const char *alias = row->aliases;
    if (count + 2 > MOST_NAMES) {
        return count;
    }
    (void)fc_text_copy(names[count++], FC_NAME_SIZE, row->key);
    (void)fc_text_copy(names[count++], FC_NAME_SIZE, dot != NULL ? dot + 1 : row->key);
    while (*alias != '\0' && count < MOST_NAMES) {
        size_t size = strcspn(alias, " ");
        snprintf(names[count++], FC_NAME_SIZE, "%.*s", (int)size, alias);
        alias += size + (alias[size] == ' ' ? 1 : 0);
    }
    return count;
}

static fc_status unknown_key(const char *key, fc_error *error) {
    char names[MOST_NAMES][FC_NAME_SIZE];
    const char *pointers[MOST_NAMES];
    size_t count = 0;
    const fc_explanation *row = NULL;
    for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
        count = name_row(names, count, row);
    }
    for (size_t i = 0; i < count; ++i) {
        pointers[i] = names[i];
    }
    const char *nearest = fc_text_nearest(key, pointers, count);
    return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                        "unknown key %.64s%s%s%s; keys are those of `flopcast estimate STUDY --format json`, "
                        "`flopcast explain` lists them",
                        key, nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?)" : "");
}

fc_status fc_explain_find(const fc_explanation **out, const char *key, const fc_explain_case *c, fc_error *error) {
    char plain[FC_NAME_SIZE];
    const fc_explanation *known = NULL;
    without_quantile(plain, sizeof plain, key);
    /* "step.optimizer" and "memory.optimizer" end alike: a whole key goes before its end */
    for (int whole = 1; whole >= 0; --whole) {
        const fc_explanation *row = NULL;
        for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
            bool named = whole ? strcmp(row->key, plain) == 0 : is_named(row, plain);
            known = named ? row : known;
            if (named && (row->holds == NULL || c == NULL || row->holds(c))) {
                *out = row;
                return FC_OK;
            }
        }
    }
    if (known == NULL) {
        return unknown_key(key, error);
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "this study has no %.64s: it does not state enough of what that rests on (%.160s)", known->key,
                        known->rests);
}

/* ---- a formula's names ---------------------------------------------------------------------------------------------- */

static bool is_name_start(char c) { return isalpha((unsigned char)c) != 0; }

static size_t name_size(const char *at) {
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || at[size] == '_' || at[size] == '.') {
        size += 1;
    }
    return size;
}

/* Bytes of a number, its exponent included. */
static size_t number_size(const char *at) {
    char *end = NULL;
    (void)strtod(at, &end);
    return end > at ? (size_t)(end - at) : 1;
}

const char *fc_explain_next_name(const char **at, size_t *size) {
    while (**at != '\0') {
        const char *start = *at;
        if (is_name_start(*start)) {
            *size = name_size(start);
            *at = start + *size;
            if (**at != '(') {
                return start;
            }
        } else {
            *at = start + (isdigit((unsigned char)*start) ? number_size(start) : 1);
        }
    }
    return NULL;
}

/* ---- calculating -------------------------------------------------------------------------------------------------- */

typedef struct reading {
    const char *at;
    const fc_explain_case *c;
    int depth;
    bool failed;
} reading;

static double read_sum(reading *r);

static void skip_spaces(reading *r) {
    while (*r->at == ' ') {
        r->at += 1;
    }
}

static bool take(reading *r, char wanted) {
    skip_spaces(r);
    if (*r->at != wanted) {
        return false;
    }
    r->at += 1;
    return true;
}

static double call(reading *r, const char *name, size_t size) {
    static const struct {
        const char *name;
        double (*of)(double);
    } functions[] = {{"sqrt", sqrt}, {"exp", exp}, {"expm1", expm1}, {"log2", log2}, {"ceil", ceil}};
    double first = read_sum(r);
    if (size == 3 && memcmp(name, "max", 3) == 0) {
        r->failed = r->failed || !take(r, ',');
        double second = read_sum(r);
        return first > second ? first : second;
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
        if (strlen(functions[i].name) == size && memcmp(functions[i].name, name, size) == 0) {
            return functions[i].of(first);
        }
    }
    r->failed = true;
    return 0;
}

static double read_name(reading *r) {
    const char *name = r->at;
    size_t size = name_size(name);
    r->at += size;
    if (take(r, '(')) {
        double value = call(r, name, size);
        r->failed = r->failed || !take(r, ')');
        return value;
    }
    const fc_term *term = fc_explain_term(name, size);
    r->failed = r->failed || term == NULL;
    return term != NULL ? fc_explain_value(term, r->c) : 0;
}

static double read_factor(reading *r) {
    enum { MOST_DEPTH = 16 };
    double value = 0;
    skip_spaces(r);
    if (++r->depth > MOST_DEPTH) {
        r->failed = true;
    } else if (take(r, '(')) {
        value = read_sum(r);
        r->failed = r->failed || !take(r, ')');
    } else if (take(r, '-')) {
        value = -read_factor(r);
    } else if (is_name_start(*r->at)) {
        value = read_name(r);
    } else if (isdigit((unsigned char)*r->at)) {
        value = strtod(r->at, NULL);
        r->at += number_size(r->at);
    } else {
        r->failed = true;
    }
    r->depth -= 1;
    return value;
}

static double read_product(reading *r) {
    double value = read_factor(r);
    while (!r->failed) {
        if (take(r, '*')) {
            value *= read_factor(r);
        } else if (take(r, '/')) {
            value /= read_factor(r);
        } else {
            return value;
        }
    }
    return 0;
}

static double read_sum(reading *r) {
    double value = read_product(r);
    while (!r->failed) {
        if (take(r, '+')) {
            value += read_product(r);
        } else if (take(r, '-')) {
            value -= read_product(r);
        } else {
            return value;
        }
    }
    return 0;
}

fc_status fc_explain_calculate(double *out, const char *formula, const fc_explain_case *c, fc_error *error) {
    reading r = {.at = formula, .c = c};
    *out = read_sum(&r);
    skip_spaces(&r);
    if (r.failed || *r.at != '\0' || !isfinite(*out)) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                            "the formula \"%.80s\" cannot be calculated at \"%.20s\": please report this study",
                            formula, r.at);
    }
    return FC_OK;
}

/* ---- numbers in place of names --------------------------------------------------------------------------------------- */

const char *fc_explain_say(char *out, size_t out_size, double value, fc_unit unit, int digits) {
    const double most = 1e6;
    bool whole = unit == FC_UNIT_COUNT && value == floor(value) && value < most;
    return whole ? fc_say_count(out, out_size, value) : fc_say(out, out_size, value, unit, digits);
}

void fc_explain_put_in(fc_text *text, const char *formula, const fc_explain_case *c, int digits) {
    for (const char *at = formula; *at != '\0';) {
        if (!is_name_start(*at)) {
            size_t size = isdigit((unsigned char)*at) ? number_size(at) : 1;
            fc_text_add_bytes(text, at, size);
            at += size;
            continue;
        }
        size_t size = name_size(at);
        const fc_term *term = at[size] != '(' ? fc_explain_term(at, size) : NULL;
        char said[48];
        if (term != NULL) {
            fc_text_add(text, fc_explain_say(said, sizeof said, fc_explain_value(term, c), term->unit, digits));
        } else {
            fc_text_add_bytes(text, at, size);
        }
        at += size;
    }
}

/* ---- ranges ------------------------------------------------------------------------------------------------------------ */

bool fc_explain_range(fc_range *out, const fc_explanation *row, const fc_estimate *estimate) {
    const struct {
        const char *key;
        fc_range range;
    } ranges[] = {
        {"step.time_s", estimate->time_s},
        {"step.mfu_frac", estimate->mfu_frac},
        {"run.days", estimate->days},
        {"run.chip_h", estimate->chip_h},
        {"run.goodput_frac", estimate->goodput_frac},
        {"cost.total_usd", estimate->total_usd},
        {"cost.usd_per_mtoken", estimate->usd_per_mtoken},
        {"cost.energy_mwh", estimate->energy_mwh},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; ++i) {
        if (strcmp(ranges[i].key, row->key) == 0) {
            *out = ranges[i].range;
            return true;
        }
    }
    return false;
}
