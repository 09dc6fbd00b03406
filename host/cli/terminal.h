/* terminal.h: the world that the program prints to. */
#ifndef FLOPCAST_HOST_CLI_TERMINAL_H
#define FLOPCAST_HOST_CLI_TERMINAL_H

#include "cmd.h"

/* Makes descriptors 0 to 2 safe to use: where one is closed, a file opened later would take its number, and data meant
 * for the terminal would land in it. Writing to a reader that has gone is then an error, not a signal. */
void fc_terminal_prepare(void);

/* Fills color, terminal and width. `to_file`: the result does not go to stdout. */
void fc_terminal_detect(fc_context *context, bool to_file, bool no_color);

/* Refuses, before any work is done, an -o that cannot be written. NULL and "-" mean stdout. */
fc_status fc_output_check(const char *path, fc_error *error);

/* All of it, or FC_FAILED: to a file atomically, to stdout or a device as it comes. */
fc_status fc_output_write(const char *path, const char *bytes, size_t size, fc_error *error);

/* "who: file:line:column: text" on stderr: at most 8 lines, no control characters. */
void fc_error_print(const char *who, const fc_error *error);

#endif
