/* step_update.h: the optimizer's update and what is kept in the host's memory. Shared by the files that make up the step. */
#ifndef FLOPCAST_HOST_STAGES_STEP_UPDATE_H
#define FLOPCAST_HOST_STAGES_STEP_UPDATE_H

#include "flopcast/base.h"
#include "step_pipeline.h"

/* Refuses a plan that offloads where the link to the host, or its memory's bandwidth, is not known. */
fc_status fc_step_check_offload(const fc_step_machine *on, fc_error *error);

/* How long a micro-batch that takes `pass` waits for weights and activations on their way from and to the host. */
fc_step_two_way fc_step_offload_waits(const fc_step_machine *on, const fc_step_rows *rows, fc_step_load load,
                                      fc_step_two_way pass);

/* Seconds of the update; `backward_s` of the last micro-batch, behind which gradients go to the host. */
double fc_step_update_s(const fc_step_machine *on, const fc_step_rows *rows, fc_step_load load, double backward_s);
/* Numbers that this rank updates. */
double fc_step_updated_count(const fc_step_machine *on, fc_step_load load);

#endif
