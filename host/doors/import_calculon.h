/* import_calculon.h: Calculon's application, system and execution files into a study. What each key means: calculon/llm/llm.py,
 * system.py, processor.py, memory.py and network.py of calculon-ai/calculon. Private to the importers of studies. */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_CALCULON_H
#define FLOPCAST_HOST_DOORS_IMPORT_CALCULON_H

#include "catalog.h"
#include "import_draft.h"

typedef struct fc_calculon {
    fc_draft *draft;
    const fc_catalog *catalog;
    fc_node *application; /* NULL: not given */
    fc_node *execution;
    fc_node *system;
} fc_calculon;

/* True where the tree is one of Calculon's files, or a map of several ({application, execution, system}). */
bool fc_calculon_is(const fc_node *tree);
/* Takes the parts of a tree; the same part twice is an error. */
fc_status fc_calculon_add(fc_calculon *in, fc_node *tree, fc_error *error);
/* All parts into the draft. */
fc_status fc_import_calculon(fc_calculon *in, fc_error *error);

/* Members of its maps, marked used. A member that is not there is an error where `needed`, else *out is left alone. */
fc_status fc_calculon_count(uint64_t *out, fc_node *map, const char *key, uint64_t least, uint64_t most, bool needed,
                            fc_error *error);
fc_status fc_calculon_number(double *out, fc_node *map, const char *key, double least, double most, bool needed,
                             fc_error *error);
fc_status fc_calculon_flag(bool *out, fc_node *map, const char *key, fc_error *error);
fc_status fc_calculon_word(const char **out, fc_node *map, const char *key, const char *const *allowed,
                           fc_error *error);
fc_place fc_calculon_place(const fc_node *map, const char *key);
/* Remarks on members that nothing has read. */
void fc_calculon_leftovers(fc_draft *draft, const fc_node *map);

/* The chip and its networks. */
fc_status fc_calculon_system(fc_calculon *in, fc_error *error);

#endif
