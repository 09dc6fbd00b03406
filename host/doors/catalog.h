/* catalog.h: the data folder: entries by kind and name. */
#ifndef FLOPCAST_HOST_DOORS_CATALOG_H
#define FLOPCAST_HOST_DOORS_CATALOG_H

#include "../base/tree.h"
#include "flopcast/base.h"

/* A folder of data/. The names are what `list` and `show` take. */
typedef struct fc_catalog {
    fc_arena *arena;
    const char *data_folder;
} fc_catalog;

extern const char *const FC_CATALOG_KINDS[]; /* "chips", "models", …, NULL */

/* The data folder: `given` (--data) if not NULL, else the source tree's data/ when the program runs from its build
 * folder, else <prefix>/share/flopcast. FC_FAILED says where it looked; a `given` that is no folder is FC_USAGE. */
fc_status fc_catalog_open(fc_catalog *out, fc_arena *arena, const char *given, fc_error *error);
/* All names of a kind, sorted. */
fc_status fc_catalog_names(const char *const **out, size_t *out_count, const fc_catalog *catalog, const char *kind,
                           fc_error *error);
/* The name, as `list` prints it, of the entry that `name` means; NULL when there is none. */
fc_status fc_catalog_find(const char **out, const fc_catalog *catalog, const char *kind, const char *name,
                          const fc_node *asker, fc_error *error);
/* The tree of one entry; spelling as in chips.csv and RUNS.csv is accepted ("H100_SXM"). An unknown name is
 * FC_BAD_INPUT at `asker`'s place (may be NULL) with the nearest one. An entry's own `aliases: [..]` count when no name
 * fits. The tree's `key` is the entry's name as `list` prints it. */
fc_status fc_catalog_read(fc_node **out, const fc_catalog *catalog, const char *kind, const char *name,
                          const fc_node *asker, fc_error *error);

#endif
