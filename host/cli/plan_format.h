/* plan_format.h: --format megatron, torchtitan and calculon of commands that find a plan. */
#ifndef FLOPCAST_HOST_CLI_PLAN_FORMAT_H
#define FLOPCAST_HOST_CLI_PLAN_FORMAT_H

#include "cmd.h"
#include "flopcast/study.h"

/* --part belongs to calculon and is application or execution: FC_USAGE otherwise. */
fc_status fc_plan_format_check(const fc_args *args, fc_format format, fc_error *error);
/* Writes a complete plan to context->out in one of the three formats. What Calculon's JSON cannot say goes to stderr. */
fc_status fc_plan_format_write(fc_context *context, fc_format format, const fc_study *study, const fc_plan *plan,
                               fc_error *error);

#endif
