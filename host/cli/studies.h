/* studies.h: what the commands that take a STUDY share. */
#ifndef FLOPCAST_HOST_CLI_STUDIES_H
#define FLOPCAST_HOST_CLI_STUDIES_H

#include "../doors/config.h"
#include "cmd.h"

/* The one positional argument, or FC_USAGE with the shipped studies to choose from. */
fc_status fc_studies_name(const char **out, const fc_context *context, fc_error *error);
/* --data, --calibration, --set and --seed as the doors want them. */
fc_status fc_studies_config(fc_config *out, const fc_context *context, fc_error *error);

#endif
