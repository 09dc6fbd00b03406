/* write_explain.c: an explanation as text and JSON. */
#include "explain.h"
#include "json_out.h"
#include "say.h"

#include <string.h>

enum { DIGITS = 4, MOST_FACTS = 8, MOST_TERMS = 64 };

/* The word at `*at` of a list, which moves on; NULL at its end. */
static const char *next_word(const char **at, size_t *size) {
    const char *start = *at;
    *size = strcspn(start, " ");
    *at = start + *size + (start[*size] == ' ' ? 1 : 0);
    return *size > 0 ? start : NULL;
}

/* Term `index` of a row: those of the formula, then those that go with it. A term that stands twice counts once. */
static const fc_term *term_at(const fc_explanation *row, size_t index) {
    const fc_term *seen[MOST_TERMS];
    size_t count = 0;
    const char *at = row->formula != NULL ? row->formula : "";
    const char *with = row->with;
    size_t size = 0;
    while (count < MOST_TERMS) {
        const char *name = fc_explain_next_name(&at, &size);
        name = name != NULL ? name : next_word(&with, &size);
        if (name == NULL) {
            return NULL;
        }
        const fc_term *term = fc_explain_term(name, size);
        bool again = term == NULL;
        for (size_t i = 0; i < count; ++i) {
            again = again || seen[i] == term;
        }
        if (!again && count == index) {
            return term;
        }
        if (!again) {
            seen[count++] = term;
        }
    }
    return NULL;
}

static bool is_behind(const fc_explanation *row, const char *key) {
    const char *at = row->rests;
    size_t size = 0;
    for (const char *start = next_word(&at, &size); start != NULL; start = next_word(&at, &size)) {
        if (strncmp(key, start, size) == 0) {
            return true;
        }
    }
    const fc_term *term = NULL;
    for (size_t i = 0; (term = term_at(row, i)) != NULL; ++i) {
        if (term->input != NULL && strcmp(term->input, key) == 0) {
            return true;
        }
    }
    return false;
}

static const fc_term *key_term(const fc_explanation *row) { return fc_explain_term(row->key, strlen(row->key)); }

/* What to look at next: the largest part of a sum, else the first part that has a row of its own. */
static const fc_term *next_term(const fc_explanation *row, const fc_explain_case *c) {
    bool is_sum = row->formula != NULL && strpbrk(row->formula, "*/") == NULL;
    const fc_term *best = NULL;
    const fc_term *term = NULL;
    for (size_t i = 0; (term = term_at(row, i)) != NULL; ++i) {
        const fc_explanation *other = NULL;
        fc_error unused = {0};
        if (strcmp(term->name, row->key) == 0 || fc_explain_find(&other, term->name, c, &unused) != FC_OK) {
            continue;
        }
        if (best == NULL || (is_sum && fc_explain_value(term, c) > fc_explain_value(best, c))) {
            best = term;
        }
    }
    return best;
}

static void say_next(fc_text *text, const fc_explanation *row, const fc_explain_case *c, const fc_inputs *inputs) {
    const fc_term *term = next_term(row, c);
    if (term != NULL) {
        fc_text_addf(text, "flopcast explain %s %s", term->name, inputs->again);
    } else {
        fc_text_addf(text, "flopcast estimate %s", inputs->again);
    }
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void add_formula(fc_text *page, const fc_explanation *row, const fc_explain_case *c, const char *value) {
    fc_text_addf(page, "Rule     %s\n", row->words);
    if (row->formula == NULL) {
        fc_text_addf(page, "Numbers  %s = %s, summed by the model over its operations; the rule has no shorter form\n",
                     row->key, value);
        return;
    }
    fc_text_addf(page, "Formula  %s = %s\n", row->key, row->formula);
    fc_text_add(page, "Numbers  ");
    fc_explain_put_in(page, row->formula, c, DIGITS);
    fc_text_addf(page, " = %s\n", value);
}

static void add_terms(fc_text *page, const fc_explanation *row, const fc_explain_case *c) {
    const fc_term *term = NULL;
    for (size_t i = 0; (term = term_at(row, i)) != NULL; ++i) {
        char said[48];
        fc_text_addf(page, "  %-32s  %-16s  %s\n", term->name,
                     fc_explain_say(said, sizeof said, fc_explain_value(term, c), term->unit, DIGITS), term->meaning);
    }
}

static void add_facts(fc_text *page, const fc_explanation *row, const fc_inputs *inputs) {
    size_t count = 0;
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        if (!is_behind(row, fact->key)) {
            continue;
        }
        if (count++ == 0) {
            fc_text_add(page, "Rests on\n");
        }
        if (count <= MOST_FACTS) {
            fc_say_fact(page, fact);
        }
    }
    if (count > MOST_FACTS) {
        fc_text_addf(page, "  and %zu more: --format json lists them\n", count - MOST_FACTS);
    }
}

static void add_drivers(fc_text *page, const fc_explanation *row, const fc_estimate *estimate) {
    for (uint32_t i = 0; i < estimate->drivers_count; ++i) {
        char said[48];
        if (is_behind(row, estimate->drivers[i].input)) {
            fc_text_addf(page, "  %s from its p10 to its p90 moves the %s by %s\n", estimate->drivers[i].input,
                         estimate->point.cost.priced ? "cost" : "days",
                         fc_say_percent(said, sizeof said, estimate->drivers[i].swing_frac));
        }
    }
}

void fc_write_explain_text(fc_text *text, const fc_explanation *row, const fc_explain_case *c, const fc_inputs *inputs,
                           int width) {
    fc_text page = fc_text_start(text->arena);
    const fc_term *term = key_term(row);
    fc_range range = {0, 0, 0};
    char value[48];
    char said[160];
    (void)fc_explain_say(value, sizeof value, fc_explain_value(term, c), term->unit, DIGITS);
    fc_text_addf(&page, "%s of %s: %s\n", row->key, c->study->name, value);
    fc_text_addf(&page, "%s\n\n", row->title);
    add_formula(&page, row, c, value);
    add_terms(&page, row, c);
    if (fc_explain_range(&range, row, c->estimate)) {
        fc_text_addf(&page, "Range    %s (p50, p10 to p90); the numbers above are at the middle of every input\n",
                     fc_say_range(said, sizeof said, range, term->unit, DIGITS));
    }
    fc_text_addf(&page, "Source   %s\n", row->source);
    add_facts(&page, row, inputs);
    fc_text_addf(&page, "What would change it: %s\n", row->levers);
    add_drivers(&page, row, c->estimate);
    fc_text_add(&page, "Next: ");
    say_next(&page, row, c, inputs);
    fc_text_add(&page, "\n");
    fc_say_page(text, &page, width);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static fc_status write_value(fc_json_out *out, const fc_explanation *row, const fc_explain_case *c, fc_error *error) {
    fc_text numbers = fc_text_start(out->text->arena);
    fc_range range = {0, 0, 0};
    double result = 0;
    fc_json_out_number(out, "value", fc_explain_value(key_term(row), c));
    fc_json_out_text(out, "words", row->words);
    fc_json_out_text(out, "formula", row->formula);
    if (row->formula != NULL) {
        FC_TRY(fc_explain_calculate(&result, row->formula, c, error));
        fc_explain_put_in(&numbers, row->formula, c, DIGITS);
        if (numbers.failed) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
        }
        fc_json_out_text(out, "numbers", numbers.bytes);
        fc_json_out_number(out, "formula_value", result);
    } else {
        fc_json_out_null(out, "numbers");
        fc_json_out_null(out, "formula_value");
    }
    if (fc_explain_range(&range, row, c->estimate)) {
        fc_json_out_range(out, "range", range);
    } else {
        fc_json_out_null(out, "range");
    }
    return FC_OK;
}

static void write_terms(fc_json_out *out, const fc_explanation *row, const fc_explain_case *c) {
    const fc_term *term = NULL;
    fc_json_out_list(out, "terms");
    for (size_t i = 0; (term = term_at(row, i)) != NULL; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", term->name);
        fc_json_out_text(out, "meaning", term->meaning);
        fc_json_out_number(out, "value", fc_explain_value(term, c));
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_facts(fc_json_out *out, const fc_explanation *row, const fc_inputs *inputs) {
    fc_json_out_list(out, "rests_on");
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        if (!is_behind(row, fact->key)) {
            continue;
        }
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "key", fact->key);
        fc_json_out_text(out, "text", fact->text != NULL ? fact->text : "");
        fc_json_out_text(out, "grade", fc_grade_name((fc_grade)fact->grade));
        fc_json_out_text(out, "origin", fact->origin != NULL ? fact->origin : "");
        fc_json_out_text(out, "source", fact->source != NULL ? fact->source : "");
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

fc_status fc_write_explain_json(fc_text *text, const fc_explanation *row, const fc_explain_case *c,
                                const fc_inputs *inputs, fc_error *error) {
    fc_json_out out = fc_json_out_start(text);
    fc_text next = fc_text_start(text->arena);
    say_next(&next, row, c, inputs);
    if (next.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    fc_json_out_object(&out, NULL);
    fc_json_out_count(&out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&out, "command", "explain");
    fc_json_out_text(&out, "flopcast_version", FC_VERSION);
    fc_json_out_text(&out, "study", c->study->name);
    fc_json_out_text(&out, "key", row->key);
    fc_json_out_text(&out, "title", row->title);
    FC_TRY(write_value(&out, row, c, error));
    write_terms(&out, row, c);
    fc_json_out_text(&out, "source", row->source);
    write_facts(&out, row, inputs);
    fc_json_out_text(&out, "levers", row->levers);
    fc_json_out_text(&out, "next", next.bytes);
    fc_json_out_end_object(&out);
    fc_text_add(text, "\n");
    return out.failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}
