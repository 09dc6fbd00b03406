/* calibration_values.h: keys of a calibration file as rows: what each may hold and where it goes. */
#ifndef FLOPCAST_HOST_DOORS_CALIBRATION_VALUES_H
#define FLOPCAST_HOST_DOORS_CALIBRATION_VALUES_H

#include "../base/tree.h"
#include "flopcast/base.h"
#include "flopcast/calibration.h"

#include <stdbool.h>

typedef enum fc_value_kind { FC_VALUE_F64 = 0, FC_VALUE_U32, FC_VALUE_BOOL, FC_VALUE_TEXT } fc_value_kind;

typedef struct fc_value_row {
    const char *key;
    fc_value_kind kind;
    size_t offset;
    size_t size;  /* of a text, its zero included */
    double least; /* numbers: the allowed range, ends included */
    double most;
    bool required;
} fc_value_row;

/* Rows of a table, one line each; for the two files that include this header alone. */
#define F64(owner, member, name, low, high, needed)                                                                    \
    {                                                                                                                  \
        .key = (name), .kind = FC_VALUE_F64, .offset = offsetof(owner, member), .least = (low), .most = (high),        \
        .required = (needed)                                                                                           \
    }
#define U32(owner, member, name, low, high, needed)                                                                    \
    {                                                                                                                  \
        .key = (name), .kind = FC_VALUE_U32, .offset = offsetof(owner, member), .least = (low), .most = (high),        \
        .required = (needed)                                                                                           \
    }
#define BOOL(owner, member, name)                                                                                      \
    { .key = (name), .kind = FC_VALUE_BOOL, .offset = offsetof(owner, member) }
#define TEXT(owner, member, name)                                                                                      \
    { .key = (name), .kind = FC_VALUE_TEXT, .offset = offsetof(owner, member), .size = sizeof(((owner *)0)->member) }

/* The longest list of names that a key takes. */
#define FC_VALUE_MOST_NAMES FC_MEMORY_OP_COUNT
_Static_assert((int)FC_VALUE_MOST_NAMES >= (int)FC_DTYPE_COUNT, "names of dtypes share the room");

typedef const char *(*fc_value_name_of)(uint32_t index);

/* "key is 7; it must be …" at the node's place. */
fc_status fc_row_refuse(const fc_node *node, const char *what, fc_error *error);
fc_status fc_row_number(double *out, const fc_value_row *row, const fc_node *node, fc_error *error);
fc_status fc_row_text(char *out, size_t size, const fc_node *node, fc_error *error);
fc_status fc_row_bool(uint8_t *out, const fc_node *node, fc_error *error);
/* Every row that `map` has, and a complaint about a required one that it has not. */
fc_status fc_row_rows(void *target, const fc_value_row *rows, size_t count, const fc_node *map, fc_error *error);
/* One of `count` names; *out is left alone when the key is missing and not required. */
fc_status fc_row_name(uint32_t *out, const fc_node *map, const char *key, fc_value_name_of name, uint32_t count,
                      bool required, fc_error *error);

#endif
