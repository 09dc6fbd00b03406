/* args.h: the only parser of command lines. */
#ifndef FLOPCAST_HOST_CLI_ARGS_H
#define FLOPCAST_HOST_CLI_ARGS_H

#include "cmd.h"

/* Options that every command takes; a NULL name ends the list. */
extern const fc_option FC_COMMON_OPTIONS[];

/* Index in argv of the command's name, which options may precede: the first word that is neither an option nor the
 * value of one. 0 when there is none. `commands` ends with NULL. */
int fc_args_find_command(int argc, const char *const *argv, const fc_command *const *commands);

/* Takes argv apart, leaving out argv[0] and argv[command_index]. FC_USAGE on what `command` does not take; the error's
 * source is "command line"; `program` is named in its advice. */
fc_status fc_args_parse(fc_args *out, int argc, const char *const *argv, int command_index, const fc_command *command,
                        const char *program, fc_error *error);

#endif
