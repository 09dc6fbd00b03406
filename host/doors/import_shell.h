/* import_shell.h: what stands behind a $ in a shell script. Private to import_shell.c. */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_SHELL_H
#define FLOPCAST_HOST_DOORS_IMPORT_SHELL_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the name of a variable at `text`; 0: none begins there. */
size_t fc_shell_name(const char *text);

/* Bytes of the expansion that begins with the $ at `text`: $X, ${X…}, $(…), $((…)), $1; 1 for a lone $. 0: its bracket is
 * never closed. */
size_t fc_shell_span(const char *text, size_t size);

/* The value of a variable, or NULL. */
typedef const char *fc_shell_lookup(const void *context, const char *name, size_t length);

/* What the expansion of `length` bytes stands for, where constants tell it; NULL where only a shell knows. Whole numbers
 * that $((…)) gives are written into `number`. A value that is itself unknown (holds a $) counts as not known. */
const char *fc_shell_value(const char *text, size_t length, char *number, size_t number_size, fc_shell_lookup *lookup,
                           const void *context);

#endif
