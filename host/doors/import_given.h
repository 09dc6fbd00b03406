/* import_given.h: options as a foreign file gives them, each with its line: from a shell script, from words of a command
 * line, from a YAML or JSON dump, from a log of arguments. Private to the importers of studies. */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_GIVEN_H
#define FLOPCAST_HOST_DOORS_IMPORT_GIVEN_H

#include "import_draft.h"

#define FC_GIVEN_MOST 20000 /* options of all files together */

typedef struct fc_given {
    const char *name;  /* without the leading --, with - where files write _ */
    const char *value; /* all its words with a blank between; "" for a switch, "true" and "false" in a dump */
    fc_place place;
    bool of_dump; /* dumps list every option there is, mostly at its default */
    bool used;
    struct fc_given *next;
} fc_given;

typedef struct fc_given_list {
    fc_arena *arena;
    fc_given *first;
    fc_given *last;
    size_t count;
} fc_given_list;

/* Adds one; `name` is copied with - for _, the rest is borrowed. FC_OVER_LIMIT past FC_GIVEN_MOST. */
fc_status fc_given_add(fc_given_list *list, const char *name, const char *value, fc_place place, bool of_dump,
                       fc_error *error);

/* The option of that name, marked used, or NULL in *out. Given twice with different values it is an error that names both
 * lines. A value that holds a $ is unknown: the caller sees it by fc_given_is_known. */
fc_status fc_given_find(fc_given **out, const fc_given_list *list, const char *name, fc_error *error);
/* False where the shell, not the file, knows the value ("$1", "$(hostname)"), and for null in a dump. */
bool fc_given_is_known(const fc_given *given);
/* What stands before the name in a message: "--", or nothing for a variable and for the key of a dump. */
const char *fc_given_dashes(const fc_given *given);

/* Options, assignments and #SBATCH lines of a shell script, or of the words of a command line. Variables that the script
 * sets to constants are put in, and $(( )) is worked out; assignments become options of their own name ("$NNODES"). An
 * unterminated quote is an error at the line where it opens. `bytes` is zero-terminated. */
fc_status fc_given_read_shell(fc_given_list *list, const char *source, const char *bytes, size_t size, fc_error *error);
/* Every scalar of a tree, by the last part of its key; a list of texts is read as words of a command line. */
fc_status fc_given_read_tree(fc_given_list *list, const fc_node *tree, fc_error *error);
/* The lines "  name ......... value" that Megatron prints at its start. */
fc_status fc_given_read_log(fc_given_list *list, const char *source, char *bytes, size_t size, fc_error *error);
/* At least three such lines. */
bool fc_given_is_log(const char *bytes, size_t size);

#endif
