/* check.c: one wording for every value that is outside of its range. */
#include "check.h"

#include <inttypes.h>
#include <string.h>

fc_status fc_check_number(const char *owner, const char *key, double value, double least, double most, fc_unit unit,
                          fc_error *error) {
    if (value >= least && value <= most) {
        return FC_OK;
    }
    char low[64];
    char high[64];
    fc_units_format(low, sizeof low, least, unit, 0);
    fc_units_format(high, sizeof high, most, unit, 0);
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%s.%s is %g; allowed is %s to %s, for example %s", owner, key,
                        value, low, high, fc_unit_example(unit));
}

fc_status fc_check_limits(const char *owner, const void *noun, const fc_limit *limits, size_t count, fc_error *error) {
    for (size_t i = 0; i < count; i++) {
        double value = 0.0;
        memcpy(&value, (const char *)noun + limits[i].offset, sizeof value);
        FC_TRY(fc_check_number(owner, limits[i].key, value, limits[i].least, limits[i].most, limits[i].unit, error));
    }
    return FC_OK;
}

fc_status fc_check_whole(const char *owner, const char *key, uint64_t value, uint64_t least, uint64_t most,
                         fc_error *error) {
    if (value >= least && value <= most) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "%s.%s is %" PRIu64 "; allowed is a whole number from %" PRIu64 " to %" PRIu64, owner, key,
                        value, least, most);
}

fc_status fc_check_text(const char *owner, const char *key, const char *text, size_t size, fc_error *error) {
    if (memchr(text, '\0', size) != NULL) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%s.%s has no end within its %zu bytes; give a shorter text",
                        owner, key, size);
}
