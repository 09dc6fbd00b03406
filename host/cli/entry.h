/* entry.h: an entry of the catalogue as it stands in its file: what `list` and `show` read. Nothing is lost on the way
 * and nothing is checked: `estimate` reads the same file through the field table. */
#ifndef FLOPCAST_HOST_CLI_ENTRY_H
#define FLOPCAST_HOST_CLI_ENTRY_H

#include "../base/tree.h"
#include "../doors/fields.h"

/* One leaf: a scalar, or a map with the scalar (or low, mid, high) and what is known of it. */
typedef struct fc_leaf {
    const fc_node *node;
    const fc_node *scalar; /* NULL for a range without mid */
    const fc_node *low;    /* NULL unless a range */
    const fc_node *high;
    bool is_number; /* every part that is there reads as a number of `unit` */
    fc_unit unit;
} fc_leaf;

/* The table of a kind ("chips") or of a key that holds a map ("cluster", "tiers", "own"); NULL where there is none. */
const fc_noun *fc_entry_noun(const char *name);
/* False when the node is a plain map or list: something to go into. */
bool fc_entry_is_leaf(const fc_node *node);
/* `noun` may be NULL: then key and spelling tell the unit. */
fc_leaf fc_entry_leaf(const fc_noun *noun, const fc_node *node);
/* A number of the leaf in SI. Only of a part for which is_number held. */
double fc_entry_si(const fc_leaf *leaf, const fc_node *part);
/* What a person reads: as written, with its unit where the file leaves it out: "989.4 TFLOP/s", "2.5 (2 to 4) $/h". */
const char *fc_entry_value_text(fc_arena *arena, const fc_leaf *leaf);
/* "bytes/s", "$/h", "" for counts and plain numbers. */
const char *fc_entry_unit_name(fc_unit unit);

/* What a dotted path names ("cluster.chip"), or NULL. */
const fc_node *fc_entry_at(const fc_node *entry, const char *path);
/* The scalar text at a path, its annotations left aside; "" when there is none. */
const char *fc_entry_text(const fc_node *entry, const char *path);
/* The number at a path in SI; false when there is none. */
bool fc_entry_number(double *out, const fc_node *entry, const char *path, fc_unit unit);
/* An annotation ("date", "source" …) of a leaf, "" when there is none. */
const char *fc_entry_annotation(const fc_leaf *leaf, const char *key);
/* The price of a prices entry that an estimate takes: the row of `prices` that `default` names, else the first. The
 * entry itself where it has no such list. */
const fc_node *fc_entry_default_price(const fc_node *entry);
/* A copy without control characters: files may come from strangers and this goes to a terminal. Never NULL. */
const char *fc_entry_clean(fc_arena *arena, const char *text);

#endif
