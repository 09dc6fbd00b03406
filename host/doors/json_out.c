#include "json_out.h"

#include "../base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

fc_json_out fc_json_out_start(fc_text *text) {
    fc_json_out out = {.text = text};
    return out;
}

/* Inside of what is nested too deep nothing is written, so that the rest stays well formed. */
static bool is_silent(const fc_json_out *out) { return out->depth > FC_JSON_OUT_DEPTH; }

static void add_indent(fc_json_out *out) {
    fc_text_add(out->text, "\n");
    for (int i = 0; i < out->depth; i++) {
        fc_text_add(out->text, "  ");
    }
}

static void add_escaped(fc_text *text, unsigned char c) {
    switch (c) {
    case '"':
        fc_text_add(text, "\\\"");
        break;
    case '\\':
        fc_text_add(text, "\\\\");
        break;
    case '\n':
        fc_text_add(text, "\\n");
        break;
    case '\r':
        fc_text_add(text, "\\r");
        break;
    case '\t':
        fc_text_add(text, "\\t");
        break;
    default:
        fc_text_addf(text, "\\u%04x", (unsigned)c);
        break;
    }
}

static void add_string(fc_text *text, const char *value) {
    fc_text_add(text, "\"");
    size_t size = strlen(value);
    size_t start = 0;
    size_t i = 0;
    while (i < size) {
        unsigned char c = (unsigned char)value[i];
        size_t length = fc_text_character_size(value + i, size - i);
        bool plain = length > 0 && c >= 0x20 && c != 0x7F && c != '"' && c != '\\';
        if (plain) {
            i += length;
            continue;
        }
        fc_text_add_bytes(text, value + start, i - start);
        if (length == 0) {
            fc_text_add(text, "\xEF\xBF\xBD"); /* U+FFFD */
        } else {
            add_escaped(text, c);
        }
        i++;
        start = i;
    }
    fc_text_add_bytes(text, value + start, size - start);
    fc_text_add(text, "\"");
}

/* What stands before a value: the comma, the line and the key. */
static void begin_value(fc_json_out *out, const char *key) {
    if (out->depth > 0) {
        bool *has_members = &out->has_members[out->depth - 1];
        if (*has_members) {
            fc_text_add(out->text, ",");
        }
        *has_members = true;
        add_indent(out);
    }
    if (key != NULL) {
        add_string(out->text, key);
        fc_text_add(out->text, ": ");
    }
}

static void end_value(fc_json_out *out) {
    if (out->depth == 0) {
        fc_text_add(out->text, "\n");
    }
}

static void add_value(fc_json_out *out, const char *key, const char *value) {
    if (!is_silent(out)) {
        begin_value(out, key);
        fc_text_add(out->text, value);
        end_value(out);
    }
}

static void open_value(fc_json_out *out, const char *key, const char *bracket) {
    if (out->depth >= FC_JSON_OUT_DEPTH) {
        if (out->depth == FC_JSON_OUT_DEPTH) {
            add_value(out, key, "null");
        }
        out->failed = true;
        out->depth++;
        return;
    }
    begin_value(out, key);
    fc_text_add(out->text, bracket);
    out->has_members[out->depth] = false;
    out->depth++;
}

static void close_value(fc_json_out *out, const char *bracket) {
    if (out->depth == 0) {
        out->failed = true;
        return;
    }
    bool silent = is_silent(out);
    out->depth--;
    if (silent) {
        return;
    }
    if (out->has_members[out->depth]) {
        add_indent(out);
    }
    fc_text_add(out->text, bracket);
    end_value(out);
}

void fc_json_out_object(fc_json_out *out, const char *key) { open_value(out, key, "{"); }

void fc_json_out_list(fc_json_out *out, const char *key) { open_value(out, key, "["); }

void fc_json_out_end_object(fc_json_out *out) { close_value(out, "}"); }

void fc_json_out_end_list(fc_json_out *out) { close_value(out, "]"); }

void fc_json_out_number(fc_json_out *out, const char *key, double value) {
    if (!isfinite(value)) {
        out->failed = true;
        fc_json_out_null(out, key);
        return;
    }
    char number[64];
    fc_units_format_exact(number, sizeof number, value);
    add_value(out, key, number);
}

void fc_json_out_count(fc_json_out *out, const char *key, double value) {
    if (!isfinite(value)) {
        out->failed = true;
        fc_json_out_null(out, key);
        return;
    }
    char number[320]; /* the largest double has 309 digits */
    double whole = floor(value + 0.5);
    /* From 2^52 on every double is whole, and adding a half would round. */
    whole = fabs(value) < 4503599627370496.0 ? whole : value;
    (void)snprintf(number, sizeof number, "%.0f", whole == 0.0 ? 0.0 : whole);
    add_value(out, key, number);
}

void fc_json_out_text(fc_json_out *out, const char *key, const char *value) {
    if (value == NULL) {
        fc_json_out_null(out, key);
    } else if (!is_silent(out)) {
        begin_value(out, key);
        add_string(out->text, value);
        end_value(out);
    }
}

void fc_json_out_bool(fc_json_out *out, const char *key, bool value) { add_value(out, key, value ? "true" : "false"); }

void fc_json_out_null(fc_json_out *out, const char *key) { add_value(out, key, "null"); }

void fc_json_out_range(fc_json_out *out, const char *key, fc_range value) {
    fc_json_out_object(out, key);
    fc_json_out_number(out, "p10", value.p10);
    fc_json_out_number(out, "p50", value.p50);
    fc_json_out_number(out, "p90", value.p90);
    fc_json_out_end_object(out);
}

void fc_json_out_range_or_null(fc_json_out *out, const char *key, bool known, fc_range value) {
    if (known) {
        fc_json_out_range(out, key, value);
    } else {
        fc_json_out_null(out, key);
    }
}
