/* fit_spec_parts.h: what the readers of data/fit.yaml share. */
#ifndef FLOPCAST_HOST_DOORS_FIT_SPEC_PARTS_H
#define FLOPCAST_HOST_DOORS_FIT_SPEC_PARTS_H

#include "catalog.h"
#include "flopcast/fit_runs.h"

fc_status fc_fit_no_memory(fc_error *error);
/* FC_BAD_INPUT at the node unless it is of that kind; `what` says what is needed. */
fc_status fc_fit_expect(const fc_node *node, fc_node_kind kind, const char *what, fc_error *error);
/* A key that must be there; it counts as used. */
fc_status fc_fit_need(fc_node **out, const fc_node *map, const char *key, fc_error *error);
/* The `name` of an entry: no quotes, so that it can stand in a quoted note. */
fc_status fc_fit_name(char out[FC_NAME_SIZE], const fc_node *map, fc_error *error);
/* `families` of the file. */
fc_status fc_fit_read_families(fc_fit_spec *out, const fc_catalog *catalog, const fc_node *root, fc_error *error);

#endif
