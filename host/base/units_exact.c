#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 64

/* Turns what %g gives into what JSON and our own reader take, in any locale. */
static void plain_exponent_form(char *text) {
    char *to = text;
    bool point = false;
    for (const char *from = text; *from != '\0'; from++) {
        bool digit = *from >= '0' && *from <= '9';
        if (digit || *from == '-' || *from == 'e') {
            *to++ = *from;
            point = point && digit;
        } else if (*from != '+' && !point) {
            *to++ = '.';
            point = true;
        }
    }
    *to = '\0';
}

/* 1e-07 reads the same as 1e-7. */
static void trim_exponent(char *text) {
    char *to = strchr(text, 'e');
    if (to == NULL) {
        return;
    }
    to += to[1] == '-' ? 2 : 1;
    const char *from = to + strspn(to, "0");
    memmove(to, from, strlen(from) + 1);
}

void fc_units_format_exact(char *out, size_t out_size, double value) {
    if (out_size == 0) {
        return;
    }
    char text[NUMBER_SIZE];
    if (!isfinite(value)) {
        (void)snprintf(text, sizeof text, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    } else if (value == floor(value) && fabs(value) < 9223372036854775808.0) {
        (void)snprintf(text, sizeof text, "%s%" PRId64, value == 0.0 && signbit(value) ? "-" : "", (int64_t)value);
    } else {
        int digits = 15;
        do {
            (void)snprintf(text, sizeof text, "%.*g", digits, value);
        } while (strtod(text, NULL) != value && digits++ < 17);
        plain_exponent_form(text);
        trim_exponent(text);
    }
    (void)snprintf(out, out_size, "%s", text);
}
