/* check.h: what the checks of all nouns share: a number in its range, a text that ends inside its array. */
#ifndef FLOPCAST_HOST_NOUNS_CHECK_H
#define FLOPCAST_HOST_NOUNS_CHECK_H

#include "../base/units.h"
#include "flopcast/base.h"

/* A double at `offset` of a noun, and what it may be, ends included. `key` is the one that stands in files. */
typedef struct fc_limit {
    const char *key;
    size_t offset;
    fc_unit unit;
    double least;
    double most;
} fc_limit;

/* `owner` is the path of the noun in a study ("workload", "cluster.chip"): a message begins with the full key, by which
 * the reader of studies finds the line. NaN is outside of every range. */
fc_status fc_check_number(const char *owner, const char *key, double value, double least, double most, fc_unit unit,
                          fc_error *error);
/* All rows of a table against one noun. */
fc_status fc_check_limits(const char *owner, const void *noun, const fc_limit *limits, size_t count, fc_error *error);
/* A whole number of an enum or a count. */
fc_status fc_check_whole(const char *owner, const char *key, uint64_t value, uint64_t least, uint64_t most,
                         fc_error *error);
/* A text has its final zero inside its array: everything behind this check may print it. */
fc_status fc_check_text(const char *owner, const char *key, const char *text, size_t size, fc_error *error);

#endif
