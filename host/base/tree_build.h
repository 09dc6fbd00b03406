/* tree_build.h: what the two parsers share. */
#ifndef FLOPCAST_HOST_BASE_TREE_BUILD_H
#define FLOPCAST_HOST_BASE_TREE_BUILD_H

#include "tree.h"

/* A position in text, counted in characters from 1. */
typedef struct fc_place {
    int line;
    int column;
} fc_place;

typedef struct fc_builder {
    fc_arena *arena;
    const char *source; /* in the arena */
    fc_error *error;
    size_t node_count;
} fc_builder;

/* Refuses what neither format may hold: too many bytes, control bytes, broken UTF-8. Copies `source` to the arena. */
fc_status fc_builder_start(fc_builder *out, fc_arena *arena, const char *source, const char *bytes, size_t size,
                           fc_error *error);
/* An error at a place. */
fc_status fc_builder_fail(fc_builder *builder, fc_status status, fc_place place, const char *format, ...)
    FC_PRINTF(4, 5);
fc_status fc_builder_out_of_memory(fc_builder *builder);
/* A new node, counted against the limit. */
fc_status fc_builder_node(fc_node **out, fc_builder *builder, fc_node_kind kind, fc_place place);
void fc_node_append(fc_node *parent, fc_node *child);
/* Refuses a map with two equal keys, in n log n. */
fc_status fc_builder_check_keys(fc_builder *builder, const fc_node *map);
fc_status fc_builder_too_deep(fc_builder *builder, fc_place place);
/* Where byte number `offset` stands. */
fc_place fc_place_of(const char *bytes, size_t size, size_t offset);

#endif
