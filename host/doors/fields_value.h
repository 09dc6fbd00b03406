/* fields_value.h: what fields_read.c and fields_value.c share: one value on its way from a node into a noun. */
#ifndef FLOPCAST_HOST_DOORS_FIELDS_VALUE_H
#define FLOPCAST_HOST_DOORS_FIELDS_VALUE_H

#include "fields.h"

/* One value taken apart: a scalar, or a map with the scalar and what is known of it. */
typedef struct fc_annotated {
    const fc_node *value; /* NULL when it is a range */
    const fc_node *low;
    const fc_node *mid; /* NULL: left out */
    const fc_node *high;
    const fc_node *source;
    const fc_node *date;
    const fc_node *note;
    const fc_node *grade;
    const fc_node *checked;
} fc_annotated;

/* Everything that the reading of a single value needs, so that no function takes eight arguments. */
typedef struct fc_reading {
    fc_reader *reader;
    const fc_field *field;
    const fc_node *node;
    char *target; /* of the field, not of the noun */
    fc_error *error;
} fc_reading;

/* A number of the field's unit in the field's range; `at` is the node or one end of a range. */
fc_status fc_value_number(double *out, const fc_reading *r, const fc_node *at);
/* A value of any kind, into the target. *out is what a fact shows: the number, the index of a name, 0 or 1. */
fc_status fc_value_read(double *out, const fc_reading *r);
/* Splits the node into its parts, which must be a value or a range. */
fc_status fc_value_take_apart(fc_annotated *out, const fc_reading *r);
/* Source, date, note and grade of the parts into the fact. */
fc_status fc_value_annotate(fc_fact *fact, const fc_annotated *parts, const fc_reading *r);
fc_status fc_value_no_memory(fc_error *error);

#endif
