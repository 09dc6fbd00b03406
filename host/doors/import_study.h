/* import_study.h: other programs' descriptions of a training run as a study: Calculon's JSON files and Megatron-LM's
 * arguments.
 *
 * What has a counterpart is taken over, with the file and line it came from, so that a mistake found later still names them.
 * What is not understood, has no counterpart, or had to be assumed is a remark. What contradicts itself is an error.
 */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_STUDY_H
#define FLOPCAST_HOST_DOORS_IMPORT_STUDY_H

#include "config.h"
#include "import_draft.h"

typedef enum fc_foreign_kind {
    FC_FOREIGN_GUESS = 0, /* from the content */
    FC_FOREIGN_CALCULON,
    FC_FOREIGN_MEGATRON,
    FC_FOREIGN_KIND_COUNT
} fc_foreign_kind;

typedef struct fc_foreign {
    uint32_t kind; /* fc_foreign_kind of every file */
    const char *const *paths;
    size_t paths_count;
    const char *words; /* arguments given on the command line, or NULL */
} fc_foreign;

/* "calculon", "megatron"; NULL for GUESS. */
const char *fc_foreign_kind_name(fc_foreign_kind kind);

/* Reads all files into one draft, applies the --set of `config`, and checks that a study comes of it (`study` and `inputs`
 * receive it). Everything lies in the config's arena. */
fc_status fc_import_study(fc_draft *out, fc_study *study, fc_inputs *inputs, const fc_config *config,
                          const fc_foreign *foreign, fc_error *error);

#endif
