/* help.h: what the program says about itself. */
#ifndef FLOPCAST_HOST_CLI_HELP_H
#define FLOPCAST_HOST_CLI_HELP_H

#include "cmd.h"

/* What to try first. `commands` ends with NULL. */
void fc_help_overview(fc_text *out, const fc_command *const *commands);
/* One command: its question, options and an example. */
void fc_help_command(fc_text *out, const fc_command *command);

#endif
