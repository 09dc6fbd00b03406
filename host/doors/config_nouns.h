/* config_nouns.h: one noun from a node of a study: a name, a path or a map, over its catalogue entry, over defaults. */
#ifndef FLOPCAST_HOST_DOORS_CONFIG_NOUNS_H
#define FLOPCAST_HOST_DOORS_CONFIG_NOUNS_H

#include "config.h"

/* Fewer draws would make ranges of no width out of uncertain inputs. */
enum { FC_LEAST_DRAWS = 10 };

/* What the readers of one study share. */
typedef struct fc_loading {
    const fc_config *config;
    fc_reader reader;
    fc_node *defaults;            /* data/defaults.yaml */
    const fc_node *study_sources; /* the `sources` map of the study, or NULL */
} fc_loading;

fc_status fc_load_start(fc_loading *out, const fc_config *config, fc_study *study, fc_error *error);

/* `node` may be NULL: then the defaults stand alone. `path` is the prefix of keys in facts. */
fc_status fc_load_model(fc_model *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error);
fc_status fc_load_cluster(fc_cluster *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error);
fc_status fc_load_workload(fc_workload *out, fc_loading *loading, fc_node *node, fc_error *error);
fc_status fc_load_stack(fc_stack *out, fc_loading *loading, fc_node *node, fc_error *error);
fc_status fc_load_plan(fc_plan *out, fc_loading *loading, fc_node *node, fc_error *error);
/* Takes the chip's price from data/prices when neither study nor defaults give one. */
fc_status fc_load_deal(fc_deal *out, fc_loading *loading, const fc_chip *chip, fc_node *node, fc_error *error);
/* The same from up to three maps, later ones on top: a `deal` map, the side it belongs to, one part of its cluster. Of
 * the last two only keys of a deal are read; `path` is the prefix of keys in facts. */
fc_status fc_load_deal_layers(fc_deal *out, fc_loading *loading, const char *path, const fc_chip *chip, fc_node *deal,
                              fc_node *side, fc_node *part, fc_error *error);
/* The map `run` of a study, and who fails how often: a name of data/failures or a map. */
fc_status fc_load_policy(fc_policy *out, fc_loading *loading, fc_node *node, fc_error *error);
fc_status fc_load_failures(fc_failures *out, fc_loading *loading, const char *path, fc_node *node, fc_error *error);
/* The chip's IT power where its file states none: after the cluster and the habits are known. `path` is the cluster's. */
fc_status fc_load_power(fc_study *study, fc_loading *loading, const char *path, fc_error *error);
fc_status fc_load_estimate_habits(fc_study *out, fc_loading *loading, fc_node *node, fc_error *error);
fc_status fc_load_domain(fc_domain *out, fc_loading *loading, const fc_study *study, fc_error *error);

/* The file at `name` if there is one, else the study of that name; --set applied. */
fc_status fc_load_study_tree(fc_node **out, const fc_config *config, const char *name, fc_error *error);

/* "STUDY --calibration FILE --set a=b" as somebody would type it again, quoted for a shell where needed. */
fc_status fc_load_again(const char **out, const fc_config *config, const char *name, fc_error *error);

/* A fact that no table row carries: a choice made while loading. */
fc_status fc_load_note(fc_loading *loading, const char *key, const char *text, const char *origin, fc_grade grade,
                       fc_error *error);

#endif
