/* config_race.h: a study with `programmes:` into an fc_race_study. */
#ifndef FLOPCAST_HOST_DOORS_CONFIG_RACE_H
#define FLOPCAST_HOST_DOORS_CONFIG_RACE_H

#include "config.h"
#include "config_nouns.h"
#include "flopcast/race.h"

/* Reads a study with `programmes:`, --set applied. `by`: the day of --by, which comes before the study's; or NULL. */
fc_status fc_config_race(fc_race_study *out, fc_inputs *inputs, const fc_config *config, const char *name,
                         const char *by, fc_error *error);

/* ---- shared with config_race_lots.c -------------------------------------------------------------------------- */

/* What a field's row is about when its target is an fc_race_value: one number or a range, with what is known of it.
 * `belief` names the random stream; equal names are drawn together. A fact is recorded. */
fc_status fc_race_read_value(fc_race_value *out, fc_reader *reader, const fc_field *field, const char *path,
                             const char *belief, const fc_node *node, fc_error *error);
/* "2026-10-15", "2026-10", or a quarter "2026-Q4", which stands for its middle day. */
fc_status fc_race_read_day(int32_t *out, const fc_node *map, const char *key, fc_error *error);
/* One line of text; keeps what is there when the key is not. */
fc_status fc_race_read_text(char *out, size_t size, const fc_node *map, const char *key, fc_error *error);

/* Reads lots into a programme; lots take what they do not state from the programme's map. */
fc_status fc_race_load_programme(fc_race_programme *out, fc_loading *loading, const fc_race_study *study, fc_node *node,
                                 fc_error *error);
/* The map `wait`: the same money on the chip of today or, later, on the next one. */
fc_status fc_race_load_wait(fc_race_study *out, fc_loading *loading, fc_node *node, fc_error *error);

#endif
