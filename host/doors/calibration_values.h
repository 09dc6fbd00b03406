/* calibration_values.h: single values of a calibration file, each with its kind and range. */
#ifndef FLOPCAST_HOST_DOORS_CALIBRATION_VALUES_H
#define FLOPCAST_HOST_DOORS_CALIBRATION_VALUES_H

#include "../base/tree.h"
#include "flopcast/calibration.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum fc_record_kind { FC_RECORD_F64 = 0, FC_RECORD_U32, FC_RECORD_BOOL, FC_RECORD_TEXT } fc_record_kind;

typedef struct fc_record_row {
    const char *key;
    fc_record_kind kind;
    size_t offset;
    size_t size;  /* of a text, its zero included */
    double least; /* numbers: the allowed range, ends included */
    double most;
    bool required;
} fc_record_row;

#define FC_ROW_F64(owner, member, name, low, high, needed)                                                             \
    {                                                                                                                  \
        .key = (name), .kind = FC_RECORD_F64, .offset = offsetof(owner, member), .least = (low), .most = (high),       \
        .required = (needed)                                                                                           \
    }
#define FC_ROW_U32(owner, member, name, low, high, needed)                                                             \
    {                                                                                                                  \
        .key = (name), .kind = FC_RECORD_U32, .offset = offsetof(owner, member), .least = (low), .most = (high),       \
        .required = (needed)                                                                                           \
    }
#define FC_ROW_BOOL(owner, member, name)                                                                               \
    { .key = (name), .kind = FC_RECORD_BOOL, .offset = offsetof(owner, member) }
#define FC_ROW_TEXT(owner, member, name)                                                                               \
    { .key = (name), .kind = FC_RECORD_TEXT, .offset = offsetof(owner, member), .size = sizeof(((owner *)0)->member) }

/* The longest list of names that a key takes. */
#define FC_RECORD_MOST_NAMES FC_MEMORY_OP_COUNT

typedef const char *(*fc_record_name_of)(uint32_t index);

/* "KEY is FOUND; it must be WHAT". */
fc_status fc_record_refuse(const fc_node *node, const char *what, fc_error *error);
fc_status fc_record_number(double *out, const fc_record_row *row, const fc_node *node, fc_error *error);
fc_status fc_record_text(char *out, size_t size, const fc_node *node, fc_error *error);
fc_status fc_record_bool(uint8_t *out, const fc_node *node, fc_error *error);
/* Every row that `map` has, and a complaint about a required one that it has not. */
fc_status fc_record_read(void *target, const fc_record_row *rows, size_t count, const fc_node *map, fc_error *error);
/* Which of `count` names a node is. */
fc_status fc_record_which(uint32_t *out, const fc_node *node, const char *key, fc_record_name_of name, uint32_t count,
                          fc_error *error);
/* The same for a key of a map; *out is left alone when the key is missing and not required. */
fc_status fc_record_name(uint32_t *out, const fc_node *map, const char *key, fc_record_name_of name, uint32_t count,
                         bool required, fc_error *error);

#endif
