/* help.h: what the program says about itself. */
#ifndef FLOPCAST_HOST_CLI_HELP_H
#define FLOPCAST_HOST_CLI_HELP_H

#include "program.h"

/* Its commands, and what to try first. */
void fc_help_overview(fc_text *out, const fc_program *program);
/* One command: its question, options and an example. */
void fc_help_command(fc_text *out, const fc_program *program, const fc_command *command);

#endif
