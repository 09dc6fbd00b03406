/* config_layers.h: what the readers of nouns share: layers of values over each other, names, catalogue entries. */
#ifndef FLOPCAST_HOST_DOORS_CONFIG_LAYERS_H
#define FLOPCAST_HOST_DOORS_CONFIG_LAYERS_H

#include "config_nouns.h"

/* Keys that any catalogue entry may have beside its fields. */
enum { FC_ENTRY_KEYS_COUNT = 7 };
extern const char *const FC_ENTRY_KEYS[FC_ENTRY_KEYS_COUNT];

fc_status fc_layer_no_memory(fc_error *error);
/* Reads `map` over what `target` holds, as said by `origin`; a NULL map says nothing. */
fc_status fc_layer_read(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *map,
                        const char *origin, fc_grade grade, fc_error *error);
/* The same for a section of data/defaults.yaml. */
fc_status fc_layer_defaults(fc_loading *loading, fc_noun_id id, const char *path, void *target, const fc_node *section,
                            fc_error *error);
/* The first key that neither the noun nor `more` knows is an error. */
fc_status fc_layer_refuse(const fc_node *map, fc_noun_id id, const char *const *more, size_t count, fc_error *error);
/* A name into FC_NAME_SIZE bytes. */
fc_status fc_layer_name(char *out, const fc_node *node, const char *what, fc_error *error);
/* The catalogue entry that a node names: itself, or its `base`. NULL when it names none. */
fc_status fc_layer_entry(fc_node **out, fc_loading *loading, const char *kind, fc_node *node, const char *what,
                         fc_error *error);
/* "chip h100-sxm": who says what an entry says. */
const char *fc_layer_origin(fc_loading *loading, const char *what, const fc_node *entry);

#endif
