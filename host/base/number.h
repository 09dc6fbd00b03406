/* number.h: decimal numbers as digits and an exponent, so that prefixes shift the exponent before anything is rounded:
 * 15.6T is the double nearest to 15.6e12. The locale plays no part. */
#ifndef FLOPCAST_HOST_BASE_NUMBER_H
#define FLOPCAST_HOST_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* More digits than any double needs, few enough for a buffer on the stack. */
#define FC_NUMBER_DIGITS 128

typedef struct fc_number {
    bool negative;
    int digit_count;                   /* 0: the number is zero */
    char digits[FC_NUMBER_DIGITS + 1]; /* without leading and trailing zeros */
    int64_t exponent;                  /* value = digits · 10^exponent */
} fc_number;

typedef enum fc_number_scanned { FC_NUMBER_NONE = 0, FC_NUMBER_TOO_LONG, FC_NUMBER_READ } fc_number_scanned;
typedef enum fc_number_kind { FC_NUMBER_WHOLE = 0, FC_NUMBER_FRACTION, FC_NUMBER_TOO_LARGE } fc_number_kind;

/* Reads sign, digits, point and exponent and moves the cursor behind them. An e that no digit follows is left: it may
 * be a unit. */
fc_number_scanned fc_number_scan(fc_number *out, const char **cursor);
/* The nearest double to number · 10^shift; infinite when there is none. */
double fc_number_value(const fc_number *number, int shift);
/* number · 10^shift · 2^binary_shift (0 to 63), exactly; the sign is not looked at. */
fc_number_kind fc_number_whole(uint64_t *out, const fc_number *number, int shift, int binary_shift);

#endif
