#include "text.h"
#include "tree_build.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
    fc_builder builder;
    yaml_parser_t parser;
    const char *bytes;
    size_t size;
    fc_node *root;
    fc_node *open[FC_TREE_MAX_DEPTH];
    int depth;
    /* A key whose value has not come yet. A map cannot open before it has, so one is enough. */
    const char *key;
    fc_place key_place;
    bool done;
} reader;

static fc_place place_of(yaml_mark_t mark) {
    fc_place place = {(int)mark.line + 1, (int)mark.column + 1};
    return place;
}

static fc_status refuse(reader *r, fc_place place, const char *what) {
    return fc_builder_fail(&r->builder, FC_BAD_INPUT, place, "%s", what);
}

/* libyaml looks for an earlier %TAG of the same name from the start each time: a file of them would take hours. */
static fc_status refuse_tag_directives(reader *r) {
    const char *end = r->bytes + r->size;
    for (const char *c = r->bytes; c < end; c++) {
        c = memchr(c, '%', (size_t)(end - c));
        if (c == NULL) {
            return FC_OK;
        }
        /* libyaml knows line ends beyond ASCII as well. */
        bool at_start = c == r->bytes || c[-1] == '\n' || c[-1] == '\r' || (unsigned char)c[-1] >= 0x80;
        if (at_start && end - c >= 4 && memcmp(c, "%TAG", 4) == 0) {
            fc_place place = fc_place_of(r->bytes, r->size, (size_t)(c - r->bytes));
            return refuse(r, place, "%TAG directives are not accepted; remove the line");
        }
    }
    return FC_OK;
}

/* Whether the line is indented with a tab, the mistake that libyaml words most obscurely. */
static bool is_tab_indented(const reader *r, int line) {
    size_t i = 0;
    for (int current = 1; current < line && i < r->size; i++) {
        current += r->bytes[i] == '\n';
    }
    while (i < r->size && r->bytes[i] == ' ') {
        i++;
    }
    return i < r->size && r->bytes[i] == '\t';
}

static const char *remedy_for(const reader *r, const char *problem, int line) {
    static const struct {
        const char *part;
        const char *remedy;
    } remedies[] = {
        {"mapping values are not allowed", "; a text that holds \": \" needs quotes"},
        {"cannot start any token", "; a text that begins with such a character needs quotes"},
        {"expected ':'", "; a key is followed by a colon and a space"},
        {"expected node content", "; a key or a value is missing"},
        {"expected key", "; check the indentation and the brackets"},
        {"expected '-' indicator", "; check the indentation"},
        {"expected <document start>", "; something stands behind the end of the value"},
        {"unexpected end of stream", "; a quote is not closed"},
    };
    if (is_tab_indented(r, line)) {
        return "; indent with spaces, not tabs";
    }
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
        if (strstr(problem, remedies[i].part) != NULL) {
            return remedies[i].remedy;
        }
    }
    return "";
}

static fc_status report_parser_error(reader *r) {
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem == NULL ? "it cannot be read" : p->problem;
    if (p->error == YAML_MEMORY_ERROR) {
        return fc_builder_out_of_memory(&r->builder);
    }
    if (p->error == YAML_READER_ERROR) {
        return fc_builder_fail(&r->builder, FC_BAD_INPUT, fc_place_of(r->bytes, r->size, p->problem_offset),
                               "this is not YAML: %s", problem);
    }
    fc_place place = place_of(p->problem_mark);
    fc_place begun = place_of(p->context_mark);
    const char *remedy = remedy_for(r, problem, place.line);
    if (p->context == NULL) {
        return fc_builder_fail(&r->builder, FC_BAD_INPUT, place, "this is not YAML: %s%s", problem, remedy);
    }
    if (begun.line == place.line) {
        return fc_builder_fail(&r->builder, FC_BAD_INPUT, place, "this is not YAML: %s %s%s", problem, p->context,
                               remedy);
    }
    return fc_builder_fail(&r->builder, FC_BAD_INPUT, place, "this is not YAML: %s %s begun in line %d%s", problem,
                           p->context, begun.line, remedy);
}

static fc_node *innermost(const reader *r) { return r->depth == 0 ? NULL : r->open[r->depth - 1]; }

static bool wants_key(const reader *r) {
    const fc_node *parent = innermost(r);
    return parent != NULL && parent->kind == FC_NODE_MAP && r->key == NULL;
}

/* Puts a node where it belongs: under the pending key, at the end of the list, or at the root. */
static void place_node(reader *r, fc_node *node) {
    fc_node *parent = innermost(r);
    if (parent == NULL) {
        r->root = node;
        return;
    }
    if (parent->kind == FC_NODE_MAP) {
        node->key = r->key;
        node->key_line = r->key_place.line;
        node->key_column = r->key_place.column;
        r->key = NULL;
    }
    fc_node_append(parent, node);
}

static fc_status refuse_anchor_and_tag(reader *r, const yaml_char_t *anchor, const yaml_char_t *tag, fc_place place) {
    if (anchor != NULL) {
        return refuse(r, place, "anchors (&name) are not accepted; write the value out where it is needed");
    }
    if (tag != NULL) {
        return refuse(r, place, "tags (!name) are not accepted; write the value alone");
    }
    return FC_OK;
}

static bool is_null(const char *text) {
    return text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
           strcmp(text, "NULL") == 0;
}

static fc_status take_key(reader *r, const char *text, bool plain, fc_place place) {
    if (plain && text[0] == '\0') {
        return refuse(r, place, "a key is missing before the colon");
    }
    if (plain && strcmp(text, "<<") == 0) {
        return refuse(r, place, "merge keys (<<) are not accepted; write the keys out");
    }
    r->key = text;
    r->key_place = place;
    return FC_OK;
}

static fc_status take_scalar(reader *r, const yaml_event_t *event) {
    fc_place place = place_of(event->start_mark);
    FC_TRY(refuse_anchor_and_tag(r, event->data.scalar.anchor, event->data.scalar.tag, place));
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length) != NULL) {
        return refuse(r, place, "a text may not hold the character \\0");
    }
    const char *text = fc_arena_strndup(r->builder.arena, value, length);
    if (text == NULL) {
        return fc_builder_out_of_memory(&r->builder);
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (wants_key(r)) {
        return take_key(r, text, plain, place);
    }
    fc_node *node = NULL;
    bool null = plain && is_null(text);
    FC_TRY(fc_builder_node(&node, &r->builder, null ? FC_NODE_NULL : FC_NODE_SCALAR, place));
    node->text = null ? NULL : text;
    node->quoted = !plain;
    place_node(r, node);
    return FC_OK;
}

static fc_status open_collection(reader *r, fc_node_kind kind, const yaml_char_t *anchor, const yaml_char_t *tag,
                                 yaml_mark_t mark) {
    fc_place place = place_of(mark);
    FC_TRY(refuse_anchor_and_tag(r, anchor, tag, place));
    if (wants_key(r)) {
        return refuse(r, place,
                      "a key must be a text, not a list or a map; a value that begins with { or [ needs quotes");
    }
    if (r->depth == FC_TREE_MAX_DEPTH) {
        return fc_builder_too_deep(&r->builder, place);
    }
    fc_node *node = NULL;
    FC_TRY(fc_builder_node(&node, &r->builder, kind, place));
    place_node(r, node);
    r->open[r->depth++] = node;
    return FC_OK;
}

static fc_status close_collection(reader *r) {
    const fc_node *node = r->open[--r->depth];
    return node->kind == FC_NODE_MAP ? fc_builder_check_keys(&r->builder, node) : FC_OK;
}

static fc_status take_event(reader *r, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->root != NULL) {
            return refuse(r, place_of(event->start_mark), "a second document begins here; one file holds one document");
        }
        return FC_OK;
    case YAML_ALIAS_EVENT:
        return refuse(r, place_of(event->start_mark),
                      "aliases (*name) are not accepted; write the value out, or quote a text that begins with *");
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(r, FC_NODE_LIST, event->data.sequence_start.anchor, event->data.sequence_start.tag,
                               event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_collection(r, FC_NODE_MAP, event->data.mapping_start.anchor, event->data.mapping_start.tag,
                               event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_collection(r);
    case YAML_STREAM_END_EVENT:
        r->done = true;
        return FC_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return FC_OK;
}

static fc_status read_events(reader *r) {
    while (!r->done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event)) {
            return report_parser_error(r);
        }
        fc_status status = take_event(r, &event);
        yaml_event_delete(&event);
        FC_TRY(status);
    }
    if (r->root == NULL) { /* nothing but space and comments */
        fc_place first = {1, 1};
        return fc_builder_node(&r->root, &r->builder, FC_NODE_NULL, first);
    }
    return FC_OK;
}

fc_status fc_yaml_parse(fc_node **out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                        fc_error *error) {
    reader r = {.bytes = bytes, .size = size};
    FC_TRY(fc_builder_start(&r.builder, arena, source, bytes, size, error));
    FC_TRY(refuse_tag_directives(&r));
    if (!yaml_parser_initialize(&r.parser)) {
        return fc_builder_out_of_memory(&r.builder);
    }
    /* Stated, so that a byte order mark cannot make it UTF-16 behind the back of the checks above. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, size);
    fc_status status = read_events(&r);
    yaml_parser_delete(&r.parser);
    if (status == FC_OK) {
        *out = r.root;
    }
    return status;
}
