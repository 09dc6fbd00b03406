#include "text.h"
#include "tree_build.h"

#include <jansson.h>
#include <string.h>

/* Builds nodes from text that jansson has found to be JSON. It trusts nothing of that when it reads memory. */
typedef struct walker {
    fc_builder builder;
    const char *bytes;
    size_t size;
    size_t at;
    fc_place place;
} walker;

/* jansson and the walker call themselves once a level, and jansson takes far more memory for a value than its text has
 * bytes: both are bounded before either runs. Commas count the values. */
static fc_status check_shape(fc_builder *builder, const char *bytes, size_t size) {
    int depth = 0;
    size_t commas = 0;
    bool in_text = false;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        if (in_text) {
            i += c == '\\';
            in_text = c != '"';
            continue;
        }
        in_text = c == '"';
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        commas += c == ',';
        if (depth > FC_TREE_MAX_DEPTH) {
            return fc_builder_too_deep(builder, fc_place_of(bytes, size, i));
        }
        if (commas >= FC_TREE_MAX_NODES) {
            return fc_builder_fail(builder, FC_OVER_LIMIT, fc_place_of(bytes, size, i),
                                   "more than %zu values in one file", FC_TREE_MAX_NODES);
        }
    }
    return FC_OK;
}

static fc_status report_jansson_error(fc_builder *builder, const json_error_t *e) {
    fc_place place = {e->line > 0 ? e->line : 0, e->column > 0 ? e->column : 0};
    if (place.line > 0 && place.column == 0) {
        place.column = 1;
    }
    char text[JSON_ERROR_TEXT_LENGTH];
    fc_text_excerpt(text, sizeof text, e->text);
    switch (json_error_code(e)) {
    case json_error_out_of_memory:
        return fc_builder_out_of_memory(builder);
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return fc_builder_fail(builder, FC_BAD_INPUT, place, "a text may not hold the character \\u0000");
    case json_error_numeric_overflow:
        return fc_builder_fail(builder, FC_BAD_INPUT, place, "this number is larger than a double can hold");
    default:
        return fc_builder_fail(builder, FC_BAD_INPUT, place, "this is not JSON: %s", text);
    }
}

static fc_status check_syntax(fc_builder *builder, const char *bytes, size_t size) {
    json_error_t e;
    /* Whole numbers as reals: an integer past 2^63 is sound JSON. Duplicate keys are found below, where the place of
     * both is known. */
    json_t *value = json_loadb(bytes, size, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
    if (value == NULL) {
        return report_jansson_error(builder, &e);
    }
    json_decref(value);
    return FC_OK;
}

static char peek(const walker *w) { return w->at < w->size ? w->bytes[w->at] : '\0'; }

static void step(walker *w) {
    char c = peek(w);
    if (c == '\n') {
        w->place.line++;
        w->place.column = 1;
    } else if (((unsigned char)c & 0xC0U) != 0x80U) {
        w->place.column++;
    }
    w->at++;
}

static void skip_space(walker *w) {
    while (peek(w) == ' ' || peek(w) == '\t' || peek(w) == '\n' || peek(w) == '\r') {
        step(w);
    }
}

static fc_status fail_syntax(walker *w) {
    return fc_builder_fail(&w->builder, FC_BAD_INPUT, w->place, "this is not JSON");
}

static fc_status expect(walker *w, char c) {
    skip_space(w);
    if (peek(w) != c) {
        return fail_syntax(w);
    }
    step(w);
    return FC_OK;
}

static size_t encode(char *out, uint32_t point) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; point >>= 6) {
        out[i] = (char)(unsigned char)(0x80U | (point & 0x3FU));
    }
    out[0] = (char)(unsigned char)(leads[length] | point);
    return length;
}

/* Four hex digits; false when they are not there. */
static bool read_unit(walker *w, uint32_t *out) {
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(w);
        uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = (uint32_t)(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = (uint32_t)(c - 'A') + 10;
        } else {
            return false;
        }
        unit = unit * 16 + digit;
        step(w);
    }
    *out = unit;
    return true;
}

/* \uXXXX behind its u, or two of them that make one character. */
static bool read_point(walker *w, uint32_t *out) {
    uint32_t unit = 0;
    if (!read_unit(w, &unit) || unit == 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return false;
    }
    if (unit < 0xD800 || unit > 0xDFFF) {
        *out = unit;
        return true;
    }
    uint32_t low = 0;
    for (const char *expected = "\\u"; *expected != '\0'; expected++) {
        if (peek(w) != *expected) {
            return false;
        }
        step(w);
    }
    if (!read_unit(w, &low) || low < 0xDC00 || low > 0xDFFF) {
        return false;
    }
    *out = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* The escape behind a backslash; returns the bytes written, 0 when it is none. */
static size_t read_escape(walker *w, char *out) {
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char c = peek(w);
    uint32_t point = 0;
    if (c == 'u') {
        step(w);
        return read_point(w, &point) ? encode(out, point) : 0;
    }
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter == NULL) {
        return 0;
    }
    step(w);
    out[0] = meanings[letter - letters];
    return 1;
}

static fc_status walk_text(walker *w, const char **out) {
    FC_TRY(expect(w, '"'));
    size_t end = w->at;
    while (end < w->size && w->bytes[end] != '"') {
        end += w->bytes[end] == '\\' ? 2 : 1;
    }
    if (end >= w->size) {
        return fail_syntax(w);
    }
    /* No escape is shorter than what it stands for. */
    char *text = fc_arena_alloc(w->builder.arena, end - w->at + 1);
    if (text == NULL) {
        return fc_builder_out_of_memory(&w->builder);
    }
    size_t length = 0;
    while (w->at < end) {
        if (peek(w) != '\\') {
            text[length++] = peek(w);
            step(w);
            continue;
        }
        step(w);
        size_t written = read_escape(w, text + length);
        if (written == 0) {
            return fail_syntax(w);
        }
        length += written;
    }
    *out = text;
    return expect(w, '"');
}

/* A number, true, false or null. */
static fc_status walk_word(walker *w, fc_node **out, fc_place place) {
    size_t start = w->at;
    while (peek(w) != '\0' && strchr(" \t\r\n,:]}", peek(w)) == NULL) {
        step(w);
    }
    size_t length = w->at - start;
    if (length == 0) {
        return fail_syntax(w);
    }
    if (length == 4 && memcmp(w->bytes + start, "null", 4) == 0) {
        return fc_builder_node(out, &w->builder, FC_NODE_NULL, place);
    }
    FC_TRY(fc_builder_node(out, &w->builder, FC_NODE_SCALAR, place));
    (*out)->text = fc_arena_strndup(w->builder.arena, w->bytes + start, length);
    return (*out)->text == NULL ? fc_builder_out_of_memory(&w->builder) : FC_OK;
}

static fc_status walk_value(walker *w, fc_node **out, int depth);

static fc_status walk_member(walker *w, fc_node *parent, int depth) {
    const char *key = NULL;
    fc_place key_place = {0, 0};
    if (parent->kind == FC_NODE_MAP) {
        skip_space(w);
        key_place = w->place;
        FC_TRY(walk_text(w, &key));
        FC_TRY(expect(w, ':'));
    }
    fc_node *child = NULL;
    FC_TRY(walk_value(w, &child, depth + 1));
    child->key = key;
    child->key_line = key_place.line;
    child->key_column = key_place.column;
    fc_node_append(parent, child);
    return FC_OK;
}

static fc_status walk_collection(walker *w, fc_node *node, int depth) {
    char close = node->kind == FC_NODE_MAP ? '}' : ']';
    step(w);
    skip_space(w);
    if (peek(w) == close) {
        step(w);
        return FC_OK;
    }
    for (;;) {
        FC_TRY(walk_member(w, node, depth));
        skip_space(w);
        if (peek(w) == close) {
            step(w);
            return node->kind == FC_NODE_MAP ? fc_builder_check_keys(&w->builder, node) : FC_OK;
        }
        FC_TRY(expect(w, ','));
    }
}

static fc_status walk_value(walker *w, fc_node **out, int depth) {
    skip_space(w);
    fc_place place = w->place;
    char c = peek(w);
    if (c == '{' || c == '[') {
        if (depth == FC_TREE_MAX_DEPTH) {
            return fc_builder_too_deep(&w->builder, place);
        }
        FC_TRY(fc_builder_node(out, &w->builder, c == '{' ? FC_NODE_MAP : FC_NODE_LIST, place));
        return walk_collection(w, *out, depth);
    }
    if (c != '"') {
        return walk_word(w, out, place);
    }
    FC_TRY(fc_builder_node(out, &w->builder, FC_NODE_SCALAR, place));
    (*out)->quoted = true;
    return walk_text(w, &(*out)->text);
}

fc_status fc_json_parse(fc_node **out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                        fc_error *error) {
    walker w = {.bytes = bytes, .size = size, .place = {1, 1}};
    FC_TRY(fc_builder_start(&w.builder, arena, source, bytes, size, error));
    FC_TRY(check_shape(&w.builder, bytes, size));
    FC_TRY(check_syntax(&w.builder, bytes, size));
    fc_node *root = NULL;
    FC_TRY(walk_value(&w, &root, 0));
    *out = root;
    return FC_OK;
}
