#include "number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Beyond this every double is zero or infinite; more is counted no further. */
#define MAX_EXPONENT 1000000

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Zeros are kept back until a digit follows, so that 1 and 100000 (200 zeros) cost one digit each. */
typedef struct collector {
    fc_number *number;
    int64_t zeros;
    bool any;
    bool full;
} collector;

static void add_digit(collector *c, char digit) {
    fc_number *n = c->number;
    c->any = true;
    if (digit == '0') {
        c->zeros += n->digit_count > 0;
        return;
    }
    if (c->zeros + 1 > FC_NUMBER_DIGITS - n->digit_count) {
        c->full = true;
        return;
    }
    for (; c->zeros > 0; c->zeros--) {
        n->digits[n->digit_count++] = '0';
    }
    n->digits[n->digit_count++] = digit;
}

/* Returns where the exponent ends, or `text` when there is none. */
static const char *scan_exponent(int64_t *out, const char *text) {
    const char *c = text;
    if (*c != 'e' && *c != 'E') {
        return text;
    }
    c++;
    bool negative = *c == '-';
    if (*c == '-' || *c == '+') {
        c++;
    }
    if (!is_digit(*c)) {
        return text;
    }
    int64_t exponent = 0;
    for (; is_digit(*c); c++) {
        exponent = exponent < MAX_EXPONENT ? exponent * 10 + (*c - '0') : exponent;
    }
    *out = negative ? -exponent : exponent;
    return c;
}

fc_number_scanned fc_number_scan(fc_number *out, const char **cursor) {
    const char *c = *cursor;
    *out = (fc_number){0};
    collector digits = {.number = out};
    out->negative = *c == '-';
    if (*c == '-' || *c == '+') {
        c++;
    }
    for (; is_digit(*c); c++) {
        add_digit(&digits, *c);
    }
    int64_t decimals = 0;
    if (*c == '.' && (digits.any || is_digit(c[1]))) {
        for (c++; is_digit(*c); c++) {
            add_digit(&digits, *c);
            decimals++;
        }
    }
    if (!digits.any) {
        return FC_NUMBER_NONE;
    }
    if (digits.full) {
        return FC_NUMBER_TOO_LONG;
    }
    int64_t exponent = 0;
    *cursor = scan_exponent(&exponent, c);
    out->exponent = out->digit_count == 0 ? 0 : exponent - decimals + digits.zeros;
    return FC_NUMBER_READ;
}

double fc_number_value(const fc_number *number, int shift) {
    if (number->digit_count == 0) {
        return 0.0;
    }
    /* Without a decimal point strtod has nothing that a locale could change. */
    char text[FC_NUMBER_DIGITS + 32];
    (void)snprintf(text, sizeof text, "%s%se%" PRId64, number->negative ? "-" : "", number->digits,
                   number->exponent + shift);
    return strtod(text, NULL);
}

fc_number_kind fc_number_whole(uint64_t *out, const fc_number *number, int shift, int binary_shift) {
    uint64_t value = 0;
    int64_t exponent = number->exponent + shift;
    for (int i = 0; i < number->digit_count; i++) {
        uint64_t digit = (uint64_t)(number->digits[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return exponent < 0 ? FC_NUMBER_FRACTION : FC_NUMBER_TOO_LARGE;
        }
        value = value * 10 + digit;
    }
    if (value == 0) {
        *out = 0;
        return FC_NUMBER_WHOLE;
    }
    for (; exponent > 0; exponent--) {
        if (value > UINT64_MAX / 10) {
            return FC_NUMBER_TOO_LARGE;
        }
        value *= 10;
    }
    /* A tenth is a fifth and a half, and the half may come from the binary prefix: 1.5Ki is 1536. */
    for (; exponent < 0; exponent++) {
        if (value % 5 != 0) {
            return FC_NUMBER_FRACTION;
        }
        value /= 5;
        if (value % 2 == 0) {
            value /= 2;
        } else if (binary_shift > 0) {
            binary_shift--;
        } else {
            return FC_NUMBER_FRACTION;
        }
    }
    if (value > UINT64_MAX >> binary_shift) {
        return FC_NUMBER_TOO_LARGE;
    }
    *out = value << binary_shift;
    return FC_NUMBER_WHOLE;
}
