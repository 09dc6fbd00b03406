/* write_estimate.h: an estimate as text, JSON, CSV or Markdown. Writers compute nothing. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_ESTIMATE_H
#define FLOPCAST_HOST_DOORS_WRITE_ESTIMATE_H

#include "../base/text.h"
#include "config.h"
#include "json_out.h"
#include "flopcast/estimate.h"

/* For a terminal of `width` columns; 0: not a terminal. */
void fc_write_estimate_text(fc_text *text, const fc_estimate *estimate, const fc_study *study, const fc_inputs *inputs,
                            int width);
/* Keys as in the contract. FC_FAILED when a number is not finite: a defect, never written. */
fc_status fc_write_estimate_json(fc_text *text, const fc_estimate *estimate, const fc_study *study,
                                 const fc_inputs *inputs, fc_error *error);
/* The same of a study that no plan fits, after FC_INFEASIBLE: model, cluster, the closest plan, its memory and remedies. */
fc_status fc_write_unfit_json(fc_text *text, const fc_estimate *estimate, const fc_study *study,
                              const fc_inputs *inputs, fc_error *error);
/* key,value,unit rows of the same numbers. */
void fc_write_estimate_csv(fc_text *text, const fc_estimate *estimate, const fc_study *study);
void fc_write_estimate_markdown(fc_text *text, const fc_estimate *estimate, const fc_study *study);

/* The members of an estimate object without its head: also inside `deals[].estimate`. */
void fc_write_estimate_members(fc_json_out *out, const fc_estimate *estimate, const fc_study *study);
/* The member `memory`: fullest stage, all stages, remedies. */
void fc_write_memory(fc_json_out *out, const fc_estimate *estimate, const fc_study *study);
/* assumptions[] from facts; `first_form` adds the statements about the model itself. */
void fc_write_assumptions(fc_json_out *out, const fc_fact *facts, bool first_form);

#endif
