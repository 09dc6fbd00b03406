/* fields.h: one table of every input. A row drives parsing, range, message, help, docs and JSON echo.
 *
 * A value stands alone, or with what is known of it:
 *     peak_bf16: 989.4 TFLOP/s
 *     peak_bf16: {value: 989.4 TFLOP/s, source: ml-engineering, date: 2026-08-22, checked: true, note: …}
 *     usd_per_chip_h: {low: 2, mid: 2.5, high: 4, grade: published, source: …}
 * mid may be left out: then it is the geometric mean of low and high, or the arithmetic one where low is 0.
 */
#ifndef FLOPCAST_HOST_DOORS_FIELDS_H
#define FLOPCAST_HOST_DOORS_FIELDS_H

#include "../base/tree.h"
#include "../base/units.h"
#include "flopcast/base.h"
#include "flopcast/study.h"

#include <stdbool.h>

typedef enum fc_field_kind {
    FC_FIELD_F64 = 0,
    FC_FIELD_U64,
    FC_FIELD_U32,
    FC_FIELD_I32,
    FC_FIELD_BOOL, /* uint8_t */
    FC_FIELD_ENUM, /* uint32_t, names[] */
    FC_FIELD_TEXT, /* char[size] */
    FC_FIELD_DATE  /* int32_t days since 1970-01-01 */
} fc_field_kind;

typedef struct fc_field {
    const char *key; /* in files; struct fields, JSON keys and CSV columns share the stem */
    fc_field_kind kind;
    fc_unit unit;
    size_t offset; /* into the noun */
    size_t size;   /* of a text */
    double least;  /* numbers: the allowed range, ends included */
    double most;
    const char *const *names;   /* enums: allowed names, NULL-terminated; index is the value */
    const char *const *aliases; /* enums: other spellings, each followed by its name; NULL-terminated, or NULL */
    const char *help;           /* one line */
} fc_field;

typedef struct fc_noun {
    const char *name; /* "model", "chip", … */
    const fc_field *fields;
    size_t count;
} fc_noun;

typedef enum fc_noun_id {
    FC_NOUN_MODEL = 0,
    FC_NOUN_CHIP,
    FC_NOUN_CLUSTER,
    FC_NOUN_TIER,
    FC_NOUN_WORKLOAD,
    FC_NOUN_STACK,
    FC_NOUN_PLAN,
    FC_NOUN_DEAL,
    FC_NOUN_OWN,      /* the map `own` of a deal */
    FC_NOUN_CONTRACT, /* the map `contract` of a deal */
    FC_NOUN_FAILURES, /* data/failures, and the map `failures` of a cluster */
    FC_NOUN_POLICY,   /* the map `run` of a study */
    FC_NOUN_DELIVERY, /* one of run.delivery */
    FC_NOUN_ESTIMATE, /* the map `estimate` of a study: habits of the program itself */
    FC_NOUN_DOMAIN,   /* data/domain.yaml */
    FC_NOUN_SPACE,    /* the map `space` of a study: what is no key of a plan (config_space.c) */
    FC_NOUN_ID_COUNT
} fc_noun_id;

const fc_noun *fc_fields_noun(fc_noun_id id);
/* The row of a key, or NULL. */
const fc_field *fc_fields_find(const fc_noun *noun, const char *key);

/* Where a value came from. */
typedef struct fc_fact {
    const char *key;  /* full path: "cluster.chip.peak_bf16" */
    const char *text; /* as written */
    double value;
    fc_unit unit;
    uint32_t grade;     /* fc_grade */
    const char *origin; /* "study", "--set", "chip h100-sxm", "defaults", "calibration" */
    const char *source; /* who says so; "" if not stated */
    const char *date;
    const char *note;
    bool has_range;
    struct fc_fact *next;
} fc_fact;

/* Collects facts and spreads while nouns are read. `base` is the struct that spreads' offsets count from. */
typedef struct fc_reader {
    fc_arena *arena;
    fc_fact *first_fact; /* in order of reading; a later fact of the same key replaces an earlier one */
    fc_fact *last_fact;
    fc_study *study; /* receives spreads; may be NULL: then ranges are refused */
    const char *origin;
    fc_grade grade;     /* of values that state none */
    const char *source; /* of values that state none; may be NULL */
} fc_reader;

/* Reads every key of `map` that `noun` knows into `target`, marks it used, and leaves the rest for
 * fc_fields_refuse_unknown. `path` is the prefix of keys in facts ("cluster.chip"). */
fc_status fc_fields_read(fc_reader *reader, const fc_noun *noun, const char *path, void *target, const fc_node *map,
                         fc_error *error);
/* The first unused child of `map` is an error that lists the nearest allowed key. `more` are further allowed keys. */
fc_status fc_fields_refuse_unknown(const fc_node *map, const fc_noun *noun, const char *const *more, size_t more_count,
                                   fc_error *error);

#endif
