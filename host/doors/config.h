/* config.h: a study file, the data folder and --set into nouns. The only way in for what a user writes.
 *
 * A value is looked for in this order: --set, the study, the catalogue entry that the study names, then
 * data/defaults.yaml or, for chips, data/families.
 * What none of them gives stays unknown (0), and whoever needs it says so by name.
 */
#ifndef FLOPCAST_HOST_DOORS_CONFIG_H
#define FLOPCAST_HOST_DOORS_CONFIG_H

#include "../base/tree.h"
#include "catalog.h"
#include "fields.h"
#include "flopcast/base.h"
#include "flopcast/deals.h"
#include "flopcast/search.h"
#include "flopcast/study.h"

/* What a command reads studies with. */
typedef struct fc_config {
    fc_arena *arena;
    fc_catalog catalog;
    const char *calibration_path; /* --calibration, or NULL */
    const char *const *sets;      /* "key=value" texts of --set */
    size_t sets_count;
    uint64_t seed;
    const fc_node *tree; /* the study, read before: copied instead of read; NULL: by its name */
} fc_config;

/* What is known beside the study itself. */
typedef struct fc_inputs {
    const fc_fact *facts;           /* every value that was read, in order, later ones in place of earlier ones */
    const char *question;           /* what the study asks, or "" */
    const fc_node *tree;            /* the study file after --set */
    const char *again;              /* the study and the options it was asked with, quoted for a shell */
    fc_cluster fleet[FC_MAX_PARTS]; /* the parts when `cluster` names several kinds of chip */
    uint32_t fleet_count;           /* 0 or 1: one kind */
    const char *price_note;         /* where the price comes from when the study gives none */
} fc_inputs;

/* Reads the file at `name`, or the study of that name, applies --set, and composes a checked study. A study of several
 * kinds of chip is FC_BAD_INPUT here: it belongs to `compare`. */
fc_status fc_config_study(fc_study *out, fc_inputs *inputs, const fc_config *config, const char *name, fc_error *error);

/* The same of a tree that was made elsewhere (import_study.h); its --set are not applied again. `name` stands for it in
 * messages. */
fc_status fc_config_study_tree(fc_study *out, fc_inputs *inputs, const fc_config *config, fc_node *tree,
                               const char *name, fc_error *error);
/* The `space:` of a study that has been read: default, wide, or a map with `kind` and bounds. Without one: default. */
fc_status fc_config_space(fc_space *out, const fc_inputs *inputs, const fc_config *config, fc_error *error);

/* "tp=4,pp=8": keys of a plan over what `plan` holds. */
fc_status fc_config_plan_keys(fc_plan *plan, const fc_config *config, const char *text, fc_error *error);

/* Reads a study with `deals:` and a `grid:` of work. */
fc_status fc_config_comparison(fc_comparison *out, fc_inputs *inputs, const fc_config *config, const char *name,
                               fc_error *error);

/* A checked model by its name in data/models. */
fc_status fc_config_model(fc_model *out, fc_arena *arena, const fc_catalog *catalog, const char *name, fc_error *error);

#endif
