/* fit_spec.h: data/fit.yaml: which numbers of chips and stacks are fitted to published runs, and the families of runs.
 *
 *     parameters:
 *       - {name: a100-memory, fields: [chip/a100-sxm-80gb/memory_eff], low: 0.5, high: 0.95, start: 0.7,
 *          families: [single-node]}
 *     families:
 *       - {name: single-node, match: {group: [vtrain_single]}, weight: 1, goal_mean_abs_error_frac: 0.06}
 *
 * A field is stack/NAME/KEY or chip/NAME/KEY with KEY a row of the field table; several fields share one number. low,
 * high and start are in the unit of the field. `families` of a parameter is for readers: what is thought to decide it.
 * `match` has group, chip, stack, dtype (lists, any of them), moe and plan_complete (true or false); what is left out
 * matches all. A run belongs to the first family that it matches. weight is 1 where it is left out.
 */
#ifndef FLOPCAST_HOST_DOORS_FIT_SPEC_H
#define FLOPCAST_HOST_DOORS_FIT_SPEC_H

#include "catalog.h"
#include "fields.h"
#include "flopcast/fit_runs.h"

/* Reads `path`, or the data folder's fit.yaml where that is NULL. Everything is in the catalogue's arena. FC_BAD_INPUT at
 * the place of what is wrong. */
fc_status fc_fit_spec_read(fc_fit_spec *out, const fc_catalog *catalog, const char *path, fc_error *error);
/* The row of a field that was read from there. */
const fc_field *fc_fit_field_row(const fc_fit_field *field);

#endif
