/* hf_class.h: what the parts of the config.json reader share. Private to hf_*.c. */
#ifndef FLOPCAST_HOST_DOORS_HF_CLASS_H
#define FLOPCAST_HOST_DOORS_HF_CLASS_H

#include "hf_config.h"

#include "../base/tree.h"
#include "fields.h"

#include <stdbool.h>

#define FC_HF_MAX_FACTS 128
#define FC_HF_MAX_MISSING 32

/* One config.json on its way into a model. */
typedef struct fc_hf_reading {
    fc_arena *arena;
    const fc_node *config;     /* the map that describes the text model */
    const fc_node *outer;      /* the map around it; the same where nothing is nested */
    const fc_node *class_file; /* the class's entry of data/hf */
    const char *model_type;
    fc_model *model;
    fc_hf_fact *facts; /* FC_HF_MAX_FACTS of them */
    size_t facts_count;
    const char *missing[FC_HF_MAX_MISSING]; /* config keys that nobody gives */
    size_t missing_count;
    fc_error *error;
} fc_hf_reading;

/* The value of the first of `keys` (one name or a list; dots enter maps) that is there and not null; where all that are
 * there are null, that null; else NULL. `found_key` names it, or the first of them. */
const fc_node *fc_hf_lookup(const fc_node *map, const fc_node *keys, const char **found_key);
/* A whole number of the config within [least, most]. */
fc_status fc_hf_whole(uint64_t *out, const fc_hf_reading *r, const fc_node *node, const char *config_key,
                      uint64_t least, uint64_t most);
/* The same with the class's default where the file says nothing; `row` has key, default and perhaps none. A value that
 * nobody gives is `missing`, and 0. `from_file` may be NULL. */
fc_status fc_hf_whole_or_default(uint64_t *out, bool *from_file, fc_hf_reading *r, const fc_node *keys,
                                 const fc_node *otherwise, uint64_t most);
/* What a dotted path leads to, or NULL. */
const fc_node *fc_hf_walk(const fc_node *map, const char *path);
/* What a class file says: digits, the name of an input that was read before, or two of them with * or /. `what` names
 * the result in messages. 0 while something is missing. */
fc_status fc_hf_evaluate(uint64_t *out, const fc_hf_reading *r, const char *what, const fc_node *node);
fc_status fc_hf_bool(bool *out, const fc_hf_reading *r, const fc_node *node, const char *config_key);
/* Fields of the model that hold whole numbers. */
bool fc_hf_is_number(const fc_field *field);
uint64_t fc_hf_get_number(const fc_hf_reading *r, const fc_field *field);
void fc_hf_put_number(fc_hf_reading *r, const fc_field *field, uint64_t value);

/* true or false of the config, with the class's default. */
fc_status fc_hf_switch(bool *out, fc_hf_reading *r, const fc_node *row);

fc_status fc_hf_add_missing(fc_hf_reading *r, const fc_node *keys);
/* `text` must outlive the reading (the arena's). */
fc_status fc_hf_add_fact(fc_hf_reading *r, const char *key, const char *text, const char *config_key,
                         fc_hf_origin origin);
/* An error in a class file: somebody's data, not the asker's file. */
fc_status fc_hf_class_error(const fc_hf_reading *r, const fc_node *node, const char *what);
fc_status fc_hf_no_memory(const fc_hf_reading *r);

/* Rows `inputs`, `fixed`, `cases` and `only` of the class file. */
fc_status fc_hf_rows_read(fc_hf_reading *r);
/* The letters of all layers, one block (attention or feed-forward) at a time. */
typedef struct fc_hf_letters {
    fc_hf_reading *r;
    const fc_node *block;
    char *letter; /* count of them */
    uint32_t count;
    bool listed; /* by a list of the file */
    bool from_file;
    const char *config_key;
} fc_hf_letters;

/* Fills the letters from the first list of `lists` that the file has; `listed` says whether there was one. */
fc_status fc_hf_layers_listed(fc_hf_letters *l);
/* Fills them by the class's rule; without one, the list is missing. */
fc_status fc_hf_layers_ruled(fc_hf_letters *l);
/* Lists of layer numbers, counted from 0, that have a letter whatever the rule says; with `else` they say it all. */
fc_status fc_hf_layers_numbered(fc_hf_letters *l);

/* Blocks `attention_pattern` and `ffn_pattern`; layers, experts and dense_layers are known by then. */
fc_status fc_hf_patterns_read(fc_hf_reading *r);

#endif
