/* tree_dump.h: a tree as one line, for comparing: {a: 1, b: [x, "y", ~]}. Quoted texts wear quotes. */
#ifndef FLOPCAST_TESTS_TREE_DUMP_H
#define FLOPCAST_TESTS_TREE_DUMP_H

#include "../../host/base/text.h"
#include "../../host/base/tree.h"

static void dump_node(fc_text *out, const fc_node *node) {
    if (node->key != NULL) {
        fc_text_addf(out, "%s: ", node->key);
    }
    if (node->kind == FC_NODE_NULL) {
        fc_text_add(out, "~");
    } else if (node->kind == FC_NODE_SCALAR) {
        fc_text_addf(out, node->quoted ? "\"%s\"" : "%s", node->text);
    } else {
        fc_text_add(out, node->kind == FC_NODE_MAP ? "{" : "[");
        for (const fc_node *child = node->first; child != NULL; child = child->next) {
            dump_node(out, child);
            fc_text_add(out, child->next == NULL ? "" : ", ");
        }
        fc_text_add(out, node->kind == FC_NODE_MAP ? "}" : "]");
    }
}

static const char *dump_tree(fc_arena *arena, const fc_node *root) {
    fc_text out = fc_text_start(arena);
    dump_node(&out, root);
    return out.bytes;
}

#endif
