/* explain.h: a result key of an estimate, or a formula, with the numbers of a study put in.
 *
 * A row of the table holds a formula as text, and that text is what is calculated: names of terms, numbers, + - * / ( ),
 * and sqrt exp expm1 log2 ceil max. A term is a number that study or estimate hold already; nothing is modelled here.
 */
#ifndef FLOPCAST_HOST_DOORS_EXPLAIN_H
#define FLOPCAST_HOST_DOORS_EXPLAIN_H

#include "../base/text.h"
#include "config.h"
#include "flopcast/estimate.h"

#include <stdbool.h>

typedef struct fc_explain_case {
    const fc_estimate *estimate;
    const fc_study *study;
} fc_explain_case;

typedef enum fc_term_kind { FC_TERM_RESULT = 0, FC_TERM_RESULT_U32, FC_TERM_STUDY } fc_term_kind;

/* A number by its name: "step.mfu_frac", "deal.share". */
typedef struct fc_term {
    const char *name;
    const char *meaning; /* a few words */
    const char *input;   /* the input's key among the facts; NULL: a result, or chosen by the program */
    fc_unit unit;
    uint32_t kind;   /* fc_term_kind */
    uint32_t offset; /* bytes into fc_estimate or fc_study */
} fc_term;

typedef struct fc_explanation {
    const char *key;     /* name of the term that is explained */
    const char *aliases; /* other spellings, one space between them, or "" */
    const char *title;   /* one sentence: what it is */
    const char *formula; /* NULL: a sum over operations, traffic or stages that has no shorter form */
    const char *words;   /* the rule in words */
    const char *with;    /* terms that the rule reads beside those of the formula, one space between them */
    const char *rests;   /* beginnings of keys of inputs, one space between them */
    const char *levers;  /* what would change it */
    const char *source;
    bool (*holds)(const fc_explain_case *c); /* whether the row is the one for this study; NULL: always */
} fc_explanation;

/* The table, in three parts; a NULL key ends each. */
extern const fc_explanation FC_EXPLAIN_RESULTS[];
extern const fc_explanation FC_EXPLAIN_STEP[];
extern const fc_explanation FC_EXPLAIN_MEMORY[];
/* Row `index` of the whole table, or NULL past its end. */
const fc_explanation *fc_explain_row(size_t index);

extern const fc_term FC_TERMS[]; /* a NULL name ends it */
/* The term of a name of `size` bytes, or NULL. */
const fc_term *fc_explain_term(const char *name, size_t size);
double fc_explain_value(const fc_term *term, const fc_explain_case *c);

/* The row for a key, an alias or a key that an estimate's JSON has ("mfu", "step.mfu_frac", "run.days.p50"). FC_USAGE
 * suggests the nearest key; FC_BAD_INPUT where the study gives no such number (no price, no power). `c` NULL: the first
 * row of that name. */
fc_status fc_explain_find(const fc_explanation **out, const char *key, const fc_explain_case *c, fc_error *error);
/* What the formula comes to. FC_FAILED names what is not understood: a defect of the table. */
fc_status fc_explain_calculate(double *out, const char *formula, const fc_explain_case *c, fc_error *error);
/* As fc_say, but counts below a million to their last digit. */
const char *fc_explain_say(char *out, size_t out_size, double value, fc_unit unit, int digits);
/* The formula with numbers of `digits` digits in place of names. */
void fc_explain_put_in(fc_text *text, const char *formula, const fc_explain_case *c, int digits);
/* The next name of a term at or after `*at`, of `*size` bytes; NULL at the end. */
const char *fc_explain_next_name(const char **at, size_t *size);
/* The range that an estimate prints for a key; false where it prints none. */
bool fc_explain_range(fc_range *out, const fc_explanation *row, const fc_estimate *estimate);

void fc_write_explain_text(fc_text *text, const fc_explanation *row, const fc_explain_case *c, const fc_inputs *inputs,
                           int width);
/* FC_FAILED when a number is not finite: a defect, never written. */
fc_status fc_write_explain_json(fc_text *text, const fc_explanation *row, const fc_explain_case *c,
                                const fc_inputs *inputs, fc_error *error);

#endif
