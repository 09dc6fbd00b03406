/* tree.h: YAML and JSON as one tree that remembers where everything stood.
 *
 * YAML: the 1.1 syntax without anchors, aliases, tags, merge keys or several documents; scalars by the core schema (no
 * octal, no base 60; only true and false are booleans). JSON: RFC 8259, checked by jansson. In both, a duplicate key is
 * an error, nesting ends at FC_TREE_MAX_DEPTH and a file at FC_FILE_MAX_BYTES. Nodes live in the arena.
 */
#ifndef FLOPCAST_HOST_BASE_TREE_H
#define FLOPCAST_HOST_BASE_TREE_H

#include "flopcast/base.h"

#include <stdbool.h>

#define FC_TREE_MAX_DEPTH 64
#define FC_TREE_MAX_NODES ((size_t)1 << 20) /* keeps a hostile file within the arena and libyaml within seconds */
#define FC_FILE_MAX_BYTES ((size_t)16 << 20)

typedef enum fc_node_kind { FC_NODE_NULL = 0, FC_NODE_SCALAR, FC_NODE_LIST, FC_NODE_MAP } fc_node_kind;

typedef struct fc_node {
    fc_node_kind kind;
    int line; /* where the value starts, from 1 */
    int column;
    const char *source; /* file name as given, shared by all nodes of a file */
    const char *key;    /* of this node in its map; NULL in a list */
    int key_line;
    int key_column;
    const char *text;      /* scalar: its text, escapes resolved; never NULL for a scalar */
    bool quoted;           /* scalar: stood in quotes: a string whatever it looks like */
    struct fc_node *first; /* list and map: children in file order */
    struct fc_node *last;  /* of the children, so that adding one costs the same however many there are */
    struct fc_node *next;  /* next sibling */
    size_t count;          /* children */
    bool used;             /* set by the reader of fields; what stays false is an unknown key */
} fc_node;

/* Parses `size` bytes. `source` names them in errors. The tree is never NULL on FC_OK. */
fc_status fc_yaml_parse(fc_node **out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                        fc_error *error);
fc_status fc_json_parse(fc_node **out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                        fc_error *error);
/* Reads a file: .json as JSON, all else as YAML. A missing file, a directory or one that is too big is told as such. */
fc_status fc_tree_read(fc_node **out, fc_arena *arena, const char *path, fc_error *error);

/* The child of a map, or NULL (also when `map` is NULL or no map). */
fc_node *fc_node_get(const fc_node *map, const char *key);
/* Child number `index` of a list or map, or NULL. */
fc_node *fc_node_at(const fc_node *parent, size_t index);
/* Adds an empty map, a scalar … as last child. `key` may be NULL (lists). NULL without memory. */
fc_node *fc_node_add(fc_arena *arena, fc_node *parent, const char *key, fc_node_kind kind, const char *text);
/* A deep copy, without the siblings of `node`; nothing in it counts as used yet. NULL without memory. */
fc_node *fc_node_copy(fc_arena *arena, const fc_node *node);
/* Sets what a dotted path names to a scalar, or to the value parsed as YAML flow ("[1, 2]", "{low: 1, mid: 2}"), making
 * maps on the way: "deal.usd_per_chip_h", "deals.0.share", "deals.trn2.share" (a list entry by its name). A scalar on
 * the way becomes {base: scalar}. Errors carry source "--set". */
fc_status fc_tree_set(fc_node *root, fc_arena *arena, const char *path, const char *value, fc_error *error);

/* Sets an error at the node's place (at its key when `at_key`). */
fc_status fc_node_error(fc_error *error, fc_status status, const fc_node *node, bool at_key, const char *format, ...)
    FC_PRINTF(5, 6);

/* What the node is, for messages: "a map", "a list", "the text \"abc\"", "the number 3", "the value true", "nothing". In the
 * arena-free buffer `out`. */
void fc_node_describe(const fc_node *node, char *out, size_t out_size);

#endif
