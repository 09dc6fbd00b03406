/* hf_config.h: a Hugging Face config.json as a model.
 *
 * What a file leaves out is taken from the class that its `model_type` (or, without one, `architectures`) names: one
 * sourced file a class in data/hf. What neither of them gives is an error that lists all of it at once.
 */
#ifndef FLOPCAST_HOST_DOORS_HF_CONFIG_H
#define FLOPCAST_HOST_DOORS_HF_CONFIG_H

#include "flopcast/base.h"
#include "flopcast/model.h"

/* Who gave a value, so that an estimate can print what it rests on. */
typedef enum fc_hf_origin {
    FC_HF_FROM_FILE = 0, /* written in the config.json */
    FC_HF_FROM_CLASS,    /* left out there: the class's default */
    FC_HF_FIXED,         /* no option of the class: how its code is written */
    FC_HF_REMARK,        /* something the reader of an estimate should know: what was left out, or taken for what */
    FC_HF_ORIGIN_COUNT
} fc_hf_origin;

typedef struct fc_hf_fact {
    const char *key;        /* input: "kv_heads"; of a remark, what it is about */
    const char *text;       /* its value; a remark's sentence */
    const char *config_key; /* "num_key_value_heads"; "" where there is none */
    fc_hf_origin origin;
} fc_hf_fact;

typedef struct fc_hf_facts {
    const char *model_type;  /* class used: "llama" */
    const char *source;      /* title of the class's source */
    const fc_hf_fact *facts; /* in the arena, in the order of the class file, remarks last */
    size_t count;
} fc_hf_facts;

/* "file", "class default", "fixed in the class", "remark". */
const char *fc_hf_origin_name(fc_hf_origin origin);

/* Reads the model of `path` with the class files of `data_folder`/hf. The name is the file's, or its folder's where the
 * file is config.json. What fc_model_check fills is left to it, so that the caller may change fields first; apart from
 * an encoder's length, which some files lack, the model would pass. FC_BAD_INPUT with file, line and column for anything
 * wrong in the file, FC_OVER_LIMIT for one too large or too deep. */
fc_status fc_hf_config_facts(fc_model *out, fc_hf_facts *facts, fc_arena *arena, const char *data_folder,
                             const char *path, fc_error *error);

/* What the file does not say: a class default, or a remark. */
typedef struct fc_hf_default {
    const char *key;  /* input: "kv_heads" */
    const char *text; /* its value, or the remark */
} fc_hf_default;

/* The same, with only what is not in the file. `defaults` (in the arena) and `count` may both be NULL. */
fc_status fc_hf_config_read(fc_model *out, const fc_hf_default **defaults, size_t *count, fc_arena *arena,
                            const char *data_folder, const char *path, fc_error *error);

#endif
