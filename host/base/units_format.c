#include "calendar.h"
#include "units.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SHOWN_DIGITS 15
#define NUMBER_SIZE 48
#define QUANTITY_SIZE 64
/* Larger whole numbers are written with an exponent where no prefix takes the zeros. */
#define MAX_PLAIN_EXPONENT 8
#define MIN_PLAIN_EXPONENT (-4)

/* A value rounded to `count` significant digits: 0.d1d2d3… · 10^(exponent + 1). */
typedef struct rounded {
    bool negative;
    int count;
    int exponent;
    char digits[MAX_SHOWN_DIGITS + 1];
} rounded;

static rounded round_to_digits(double value, int count) {
    rounded r = {.count = count < 1 ? 1 : count > MAX_SHOWN_DIGITS ? MAX_SHOWN_DIGITS : count};
    r.negative = value < 0;
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof text, "%.*e", r.count - 1, fabs(value));
    int seen = 0;
    const char *c = text;
    /* Whatever stands between the digits is the locale's decimal point. */
    for (; *c != 'e' && *c != '\0'; c++) {
        if (*c >= '0' && *c <= '9' && seen < r.count) {
            r.digits[seen++] = *c;
        }
    }
    r.exponent = *c == 'e' ? (int)strtol(c + 1, NULL, 10) : 0;
    return r;
}

/* Digits with the decimal point moved by `shift`: 989 with shift 0 is "9.89", with shift 2 "989". */
static void place_point(char out[NUMBER_SIZE], const rounded *r, int shift) {
    assert(shift > -16 && shift < NUMBER_SIZE - 8);
    size_t size = 0;
    if (r->negative) {
        out[size++] = '-';
    }
    if (shift < 0) {
        out[size++] = '0';
        out[size++] = '.';
        for (int i = shift + 1; i < 0; i++) {
            out[size++] = '0';
        }
    }
    for (int i = 0; i < r->count; i++) {
        out[size++] = r->digits[i];
        if (i == shift && i + 1 < r->count) {
            out[size++] = '.';
        }
    }
    for (int i = r->count; i <= shift; i++) {
        out[size++] = '0';
    }
    out[size] = '\0';
}

static void format_scientific(char *out, size_t out_size, double value, int digits) {
    rounded r = round_to_digits(value, digits);
    char mantissa[NUMBER_SIZE];
    place_point(mantissa, &r, 0);
    (void)snprintf(out, out_size, "%se%d", mantissa, r.exponent);
}

/* Without prefix. Whole parts keep all their digits: 16384 chips are not 16400. */
static void format_plain(char *out, size_t out_size, double value, int digits) {
    rounded r = round_to_digits(value, digits);
    if (value == 0.0) {
        (void)snprintf(out, out_size, "0");
        return;
    }
    if (r.exponent < MIN_PLAIN_EXPONENT || r.exponent > MAX_PLAIN_EXPONENT) {
        format_scientific(out, out_size, value, digits);
        return;
    }
    if (r.exponent >= r.count || value == floor(value)) {
        /* Rounding to few digits may have carried into a new one: 999.6 has three before the point. */
        rounded whole = round_to_digits(value, r.exponent + 1);
        r = whole.exponent < r.exponent ? round_to_digits(value, r.exponent) : whole;
    }
    char number[NUMBER_SIZE];
    place_point(number, &r, r.exponent);
    (void)snprintf(out, out_size, "%s", number);
}

/* "1.25 G" with one prefix for every three zeros, none below 1 of the first. */
static void format_prefixed(char *out, size_t out_size, double value, int digits, const char *const *prefixes,
                            int prefix_count) {
    rounded r = round_to_digits(value, digits);
    int group = r.exponent >= 0 ? r.exponent / 3 : 0;
    if (value == 0.0 || r.exponent < MIN_PLAIN_EXPONENT || group >= prefix_count) {
        char number[NUMBER_SIZE];
        format_plain(number, sizeof number, value, digits);
        (void)snprintf(out, out_size, "%s ", number);
        return;
    }
    char number[NUMBER_SIZE];
    place_point(number, &r, r.exponent - 3 * group);
    (void)snprintf(out, out_size, "%s %s", number, prefixes[group]);
}

static const char *const si_prefixes[] = {"", "k", "M", "G", "T", "P", "E", "Z", "Y"};
/* What people say of parameters, tokens and dollars. */
static const char *const spoken_prefixes[] = {"", "k", "M", "B", "T"};
static const char *const binary_prefixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

static void format_si(char *out, size_t out_size, double value, int digits, const char *unit) {
    char number[QUANTITY_SIZE];
    format_prefixed(number, sizeof number, value, digits, si_prefixes, 9);
    (void)snprintf(out, out_size, "%s%s", number, unit);
}

static void format_binary(char *out, size_t out_size, double value, int digits) {
    int group = 0;
    /* 1023.9 KiB shown with three digits would be 1020 KiB; from 1000 on the next prefix reads better. */
    while (group < 8 && fabs(value) >= 1000.0) {
        value /= 1024.0;
        group++;
    }
    char number[NUMBER_SIZE];
    rounded r = round_to_digits(value, digits);
    if (group == 0 || r.exponent > 3) {
        format_plain(number, sizeof number, value, digits);
    } else {
        place_point(number, &r, r.exponent);
    }
    (void)snprintf(out, out_size, "%s %sB", number, binary_prefixes[group]);
}

static void format_spoken(char *out, size_t out_size, double value, int digits) {
    char number[QUANTITY_SIZE];
    if (fabs(value) < 1e6) {
        format_plain(number, sizeof number, value, digits);
    } else {
        format_prefixed(number, sizeof number, value, digits, spoken_prefixes, 5);
    }
    size_t size = strlen(number);
    if (size > 0 && number[size - 1] == ' ') {
        number[size - 1] = '\0';
    }
    (void)snprintf(out, out_size, "%s", number);
}

static void format_money(char *out, size_t out_size, double value, int digits, const char *per) {
    char number[QUANTITY_SIZE];
    double amount = fabs(value);
    rounded r = round_to_digits(amount, digits);
    if (amount >= 1e-6 && r.exponent < 3) {
        place_point(number, &r, r.exponent);
    } else {
        format_spoken(number, sizeof number, amount, digits);
    }
    (void)snprintf(out, out_size, "%s$%s%s", value < 0 ? "-" : "", number, per);
}

typedef struct time_step {
    double unit_s;
    const char *name;
} time_step;

/* Two neighbouring units, the smaller one rounded: "2 h 30 min". */
static void format_long_time(char *out, size_t out_size, double value_s) {
    static const time_step steps[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    double amount_s = fabs(value_s);
    int i = amount_s >= 86400 ? 0 : amount_s >= 3600 ? 1 : 2;
    double small = floor(amount_s / steps[i + 1].unit_s + 0.5);
    double ratio = steps[i].unit_s / steps[i + 1].unit_s;
    if (i > 0 && small * steps[i + 1].unit_s >= steps[i - 1].unit_s) {
        i--; /* 23 h 59.9 min is a day */
        small = floor(amount_s / steps[i + 1].unit_s + 0.5);
        ratio = steps[i].unit_s / steps[i + 1].unit_s;
    }
    double large = floor(small / ratio);
    small -= large * ratio;
    const char *sign = value_s < 0 ? "-" : "";
    if (small == 0.0) {
        (void)snprintf(out, out_size, "%s%.0f %s", sign, large, steps[i].name);
    } else {
        (void)snprintf(out, out_size, "%s%.0f %s %.0f %s", sign, large, steps[i].name, small, steps[i + 1].name);
    }
}

static void format_seconds(char *out, size_t out_size, double value_s, int digits) {
    double amount_s = fabs(value_s);
    char number[NUMBER_SIZE];
    if (amount_s >= 100.0 * 86400.0) {
        format_plain(number, sizeof number, value_s / 86400.0, digits);
        (void)snprintf(out, out_size, "%s d", number);
        return;
    }
    if (amount_s >= 59.5) {
        format_long_time(out, out_size, value_s);
        return;
    }
    rounded r = round_to_digits(value_s, digits);
    static const char *const names[] = {"s", "ms", "us", "ns"};
    int group = r.exponent >= 0 ? 0 : (2 - r.exponent) / 3;
    if (value_s == 0.0 || group > 3) {
        format_plain(number, sizeof number, value_s, digits);
        group = 0;
    } else {
        place_point(number, &r, r.exponent + 3 * group);
    }
    (void)snprintf(out, out_size, "%s %s", number, names[group]);
}

static void format_days(char *out, size_t out_size, double value, int digits) {
    char number[NUMBER_SIZE];
    if (value != 0.0 && fabs(value) < 1.0) {
        format_seconds(out, out_size, value * 86400.0, digits);
        return;
    }
    format_plain(number, sizeof number, value, digits);
    (void)snprintf(out, out_size, "%s d", number);
}

static void format_work(char *out, size_t out_size, double value, int digits) {
    char number[NUMBER_SIZE];
    if (fabs(value) < 1e18) {
        format_si(out, out_size, value, digits, "FLOP");
        return;
    }
    format_scientific(number, sizeof number, value, digits);
    (void)snprintf(out, out_size, "%s FLOP", number);
}

/* Unlike other plain numbers whole percents keep their digits too: 35.0%. */
static void format_fraction(char *out, size_t out_size, double percent, int digits) {
    char number[NUMBER_SIZE];
    rounded r = round_to_digits(percent, digits);
    if (percent == 0.0 || r.exponent < MIN_PLAIN_EXPONENT || r.exponent >= r.count) {
        format_plain(number, sizeof number, percent, digits);
    } else {
        place_point(number, &r, r.exponent);
    }
    (void)snprintf(out, out_size, "%s%%", number);
}

static void format_date(char *out, size_t out_size, double days) {
    fc_date date = fc_date_from_days(days);
    (void)snprintf(out, out_size, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void format_events(char *out, size_t out_size, double value, int digits) {
    char number[NUMBER_SIZE];
    format_plain(number, sizeof number, value, digits);
    (void)snprintf(out, out_size, "%s/h", number);
}

typedef enum style { PLAIN = 0, SPOKEN, FRACTION, SECONDS, DAYS, BINARY, WORK, SI, MONEY, EVENTS, DATE } style;

typedef struct look {
    style style;
    const char *unit;
    double scale; /* of the stored value to the shown unit */
} look;

static const look looks[FC_UNIT_COUNT_OF_UNITS] = {
    [FC_UNIT_NONE] = {PLAIN, "", 1},
    [FC_UNIT_COUNT] = {SPOKEN, "", 1},
    [FC_UNIT_TOKENS] = {SPOKEN, "", 1},
    [FC_UNIT_FRAC] = {FRACTION, "%", 100},
    [FC_UNIT_S] = {SECONDS, "s", 1},
    [FC_UNIT_DAYS] = {DAYS, "d", 1},
    [FC_UNIT_BYTES] = {BINARY, "B", 1},
    [FC_UNIT_BYTES_PER_S] = {SI, "B/s", 1},
    [FC_UNIT_FLOP] = {WORK, "FLOP", 1},
    [FC_UNIT_FLOP_PER_S] = {SI, "FLOP/s", 1},
    [FC_UNIT_W] = {SI, "W", 1},
    [FC_UNIT_JOULE] = {SI, "J", 1},
    [FC_UNIT_MWH] = {SI, "Wh", 1e6},
    [FC_UNIT_USD] = {MONEY, "", 1},
    [FC_UNIT_USD_PER_H] = {MONEY, "/h", 1},
    [FC_UNIT_USD_PER_MONTH] = {MONEY, "/month", 1},
    [FC_UNIT_USD_PER_KWH] = {MONEY, "/kWh", 1},
    [FC_UNIT_USD_PER_MTOKEN] = {MONEY, "/Mtoken", 1},
    [FC_UNIT_HZ] = {SI, "Hz", 1},
    [FC_UNIT_PER_H] = {EVENTS, "/h", 1},
    [FC_UNIT_DATE] = {DATE, "", 1},
};

static void format_quantity(char *out, size_t out_size, double value, const look *as, int digits) {
    switch (as->style) {
    case SPOKEN:
        format_spoken(out, out_size, value, digits);
        break;
    case FRACTION:
        format_fraction(out, out_size, value, digits);
        break;
    case SECONDS:
        format_seconds(out, out_size, value, digits);
        break;
    case DAYS:
        format_days(out, out_size, value, digits);
        break;
    case BINARY:
        format_binary(out, out_size, value, digits);
        break;
    case WORK:
        format_work(out, out_size, value, digits);
        break;
    case SI:
        format_si(out, out_size, value, digits, as->unit);
        break;
    case MONEY:
        format_money(out, out_size, value, digits, as->unit);
        break;
    case EVENTS:
        format_events(out, out_size, value, digits);
        break;
    case DATE:
        format_date(out, out_size, value);
        break;
    case PLAIN:
        format_plain(out, out_size, value, digits);
        break;
    }
}

void fc_units_format(char *out, size_t out_size, double value, fc_unit unit, int digits) {
    if (out_size == 0) {
        return;
    }
    const look *as = &looks[(unsigned)unit < FC_UNIT_COUNT_OF_UNITS ? unit : FC_UNIT_NONE];
    value *= as->scale;
    if (isnan(value)) {
        (void)snprintf(out, out_size, "unknown");
    } else if (isinf(value)) {
        (void)snprintf(out, out_size, value < 0 ? "-infinite" : "infinite");
    } else {
        format_quantity(out, out_size, value, as, digits == 0 ? 3 : digits);
    }
}
