/* json_out.h: writes JSON into a text: two-space indent, members in the order they are added, shortest exact numbers.
 *
 * A number that is not finite is never written: it becomes null and `failed` is set, so that a test and the caller see
 * it. A line end follows the outermost value. Strings are escaped, control characters included; invalid UTF-8 becomes U+FFFD.
 */
#ifndef FLOPCAST_HOST_DOORS_JSON_OUT_H
#define FLOPCAST_HOST_DOORS_JSON_OUT_H

#include "../base/text.h"
#include "flopcast/base.h"

#include <stdbool.h>

#define FC_JSON_OUT_DEPTH 32

typedef struct fc_json_out {
    fc_text *text;
    int depth;
    bool has_members[FC_JSON_OUT_DEPTH];
    bool failed; /* a number was not finite, or nesting passed the limit */
} fc_json_out;

fc_json_out fc_json_out_start(fc_text *text);
/* `key` NULL inside lists and at the top. */
void fc_json_out_object(fc_json_out *out, const char *key);
void fc_json_out_list(fc_json_out *out, const char *key);
void fc_json_out_end_object(fc_json_out *out);
void fc_json_out_end_list(fc_json_out *out);
void fc_json_out_number(fc_json_out *out, const char *key, double value);
void fc_json_out_count(fc_json_out *out, const char *key, double value); /* nearest whole number, never an exponent */
void fc_json_out_text(fc_json_out *out, const char *key, const char *value); /* NULL is written as null */
void fc_json_out_bool(fc_json_out *out, const char *key, bool value);
void fc_json_out_null(fc_json_out *out, const char *key);
void fc_json_out_range(fc_json_out *out, const char *key, fc_range value); /* {"p10": …, "p50": …, "p90": …} */
/* The same, or null where it is not known. */
void fc_json_out_range_or_null(fc_json_out *out, const char *key, bool known, fc_range value);

#endif
