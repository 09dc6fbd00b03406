/* sweep_axes.h: the parts of reading a sweep. Private to host/doors/sweep*.c. */
#ifndef FLOPCAST_HOST_DOORS_SWEEP_AXES_H
#define FLOPCAST_HOST_DOORS_SWEEP_AXES_H

#include "sweep.h"

/* Groups and axes of the value of `sweep` into `out`; values live in `arena`. */
fc_status fc_sweep_read_axes(fc_sweep *out, fc_arena *arena, const fc_node *node, fc_error *error);
/* The values of one axis: a list, or two ends. */
fc_status fc_sweep_read_values(fc_sweep_axis *out, fc_arena *arena, const fc_node *node, fc_error *error);
/* *out: the field that a dotted key names, or NULL. True where it names a whole noun, such as cluster.chip. */
bool fc_sweep_field(const fc_field **out, const char *key);
/* A node as YAML flow on one line, as fc_tree_set reads it back: "[1, 2]", "{low: 1, high: 2}". A scalar stays as written, in
 * quotes where it needs them. */
void fc_sweep_flow(fc_text *out, const fc_node *node);
/* The mark, from what is in `sweep` and in the data folder. */
fc_status fc_sweep_make_mark(fc_sweep *sweep, const fc_config *config, fc_error *error);

#endif
