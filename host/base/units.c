#include "units.h"

#include "calendar.h"
#include "number.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum { DECIMAL = 1, BINARY = 2, BILLION = 4 };

typedef struct prefix {
    const char *text;
    int decimal_exponent;
    int binary_exponent;
    unsigned class;
} prefix;

static const prefix prefixes[] = {
    {"", 0, 0, 0},         {"k", 3, 0, DECIMAL},  {"M", 6, 0, DECIMAL},  {"G", 9, 0, DECIMAL},  {"T", 12, 0, DECIMAL},
    {"P", 15, 0, DECIMAL}, {"E", 18, 0, DECIMAL}, {"Z", 21, 0, DECIMAL}, {"Y", 24, 0, DECIMAL}, {"Ki", 0, 10, BINARY},
    {"Mi", 0, 20, BINARY}, {"Gi", 0, 30, BINARY}, {"Ti", 0, 40, BINARY}, {"Pi", 0, 50, BINARY}, {"B", 9, 0, BILLION},
};

/* A spelling of a unit: the value is number · 10^decimal_exponent · times / over. */
typedef struct spelling {
    fc_unit unit;
    const char *text;
    unsigned prefixes;
    int decimal_exponent;
    double times;
    double over;
} spelling;

#define PLAIN(unit, text, prefixes)                                                                                    \
    { unit, text, prefixes, 0, 1.0, 1.0 }
#define SCALED(unit, text, prefixes, exponent, times, over)                                                            \
    { unit, text, prefixes, exponent, times, over }

static const spelling spellings[] = {
    PLAIN(FC_UNIT_NONE, "", 0),
    PLAIN(FC_UNIT_COUNT, "", DECIMAL | BINARY | BILLION),
    PLAIN(FC_UNIT_TOKENS, "", DECIMAL | BINARY | BILLION),
    PLAIN(FC_UNIT_TOKENS, "tokens", DECIMAL | BINARY | BILLION),
    PLAIN(FC_UNIT_FRAC, "", 0),
    SCALED(FC_UNIT_FRAC, "%", 0, -2, 1, 1),
    PLAIN(FC_UNIT_S, "", 0),
    PLAIN(FC_UNIT_S, "s", 0),
    SCALED(FC_UNIT_S, "ms", 0, -3, 1, 1),
    SCALED(FC_UNIT_S, "us", 0, -6, 1, 1),
    SCALED(FC_UNIT_S, "µs", 0, -6, 1, 1),
    SCALED(FC_UNIT_S, "ns", 0, -9, 1, 1),
    SCALED(FC_UNIT_S, "min", 0, 0, 60, 1),
    SCALED(FC_UNIT_S, "h", 0, 0, 3600, 1),
    SCALED(FC_UNIT_S, "hour", 0, 0, 3600, 1),
    SCALED(FC_UNIT_S, "hours", 0, 0, 3600, 1),
    SCALED(FC_UNIT_S, "d", 0, 0, 86400, 1),
    SCALED(FC_UNIT_S, "day", 0, 0, 86400, 1),
    SCALED(FC_UNIT_S, "days", 0, 0, 86400, 1),
    PLAIN(FC_UNIT_DAYS, "", 0),
    SCALED(FC_UNIT_DAYS, "s", 0, 0, 1, 86400),
    SCALED(FC_UNIT_DAYS, "ms", 0, -3, 1, 86400),
    SCALED(FC_UNIT_DAYS, "us", 0, -6, 1, 86400),
    SCALED(FC_UNIT_DAYS, "µs", 0, -6, 1, 86400),
    SCALED(FC_UNIT_DAYS, "ns", 0, -9, 1, 86400),
    SCALED(FC_UNIT_DAYS, "min", 0, 0, 1, 1440),
    SCALED(FC_UNIT_DAYS, "h", 0, 0, 1, 24),
    SCALED(FC_UNIT_DAYS, "hour", 0, 0, 1, 24),
    SCALED(FC_UNIT_DAYS, "hours", 0, 0, 1, 24),
    PLAIN(FC_UNIT_DAYS, "d", 0),
    PLAIN(FC_UNIT_DAYS, "day", 0),
    PLAIN(FC_UNIT_DAYS, "days", 0),
    PLAIN(FC_UNIT_BYTES, "", DECIMAL | BINARY),
    PLAIN(FC_UNIT_BYTES, "B", DECIMAL | BINARY),
    PLAIN(FC_UNIT_BYTES, "bytes", 0),
    PLAIN(FC_UNIT_BYTES_PER_S, "", DECIMAL | BINARY),
    PLAIN(FC_UNIT_BYTES_PER_S, "B/s", DECIMAL | BINARY),
    PLAIN(FC_UNIT_BYTES_PER_S, "bytes/s", 0),
    SCALED(FC_UNIT_BYTES_PER_S, "bit/s", DECIMAL | BINARY, 0, 1, 8),
    SCALED(FC_UNIT_BYTES_PER_S, "bps", DECIMAL, 0, 1, 8),
    PLAIN(FC_UNIT_FLOP, "", DECIMAL | BILLION),
    PLAIN(FC_UNIT_FLOP, "FLOP", DECIMAL),
    PLAIN(FC_UNIT_FLOP, "FLOPs", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "FLOP/s", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "FLOPs/s", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "FLOPS", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "OP/s", DECIMAL),
    PLAIN(FC_UNIT_FLOP_PER_S, "OPS", DECIMAL),
    PLAIN(FC_UNIT_W, "", DECIMAL),
    PLAIN(FC_UNIT_W, "W", DECIMAL),
    PLAIN(FC_UNIT_JOULE, "", DECIMAL),
    PLAIN(FC_UNIT_JOULE, "J", DECIMAL),
    SCALED(FC_UNIT_JOULE, "Wh", DECIMAL, 0, 3600, 1),
    PLAIN(FC_UNIT_MWH, "", 0),
    SCALED(FC_UNIT_MWH, "Wh", DECIMAL, -6, 1, 1),
    PLAIN(FC_UNIT_USD, "", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_H, "", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_H, "/h", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_H, "/hour", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_H, "/chip-h", DECIMAL),
    PLAIN(FC_UNIT_USD_PER_H, "/chip-hour", DECIMAL),
    PLAIN(FC_UNIT_USD_PER_H, "/GPU-h", DECIMAL),
    PLAIN(FC_UNIT_USD_PER_H, "/GPU-hour", DECIMAL),
    PLAIN(FC_UNIT_USD_PER_MONTH, "", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_MONTH, "/month", DECIMAL | BILLION),
    PLAIN(FC_UNIT_USD_PER_KWH, "", 0),
    PLAIN(FC_UNIT_USD_PER_KWH, "/kWh", 0),
    SCALED(FC_UNIT_USD_PER_KWH, "/MWh", 0, -3, 1, 1),
    PLAIN(FC_UNIT_USD_PER_MTOKEN, "", 0),
    PLAIN(FC_UNIT_USD_PER_MTOKEN, "/Mtoken", 0),
    PLAIN(FC_UNIT_USD_PER_MTOKEN, "/Mtokens", 0),
    PLAIN(FC_UNIT_HZ, "", DECIMAL),
    PLAIN(FC_UNIT_HZ, "Hz", DECIMAL),
    PLAIN(FC_UNIT_PER_H, "", 0),
    PLAIN(FC_UNIT_PER_H, "/h", 0),
    PLAIN(FC_UNIT_PER_H, "/hour", 0),
    PLAIN(FC_UNIT_PER_H, "/chip-h", 0),
    PLAIN(FC_UNIT_PER_H, "/chip-hour", 0),
    SCALED(FC_UNIT_PER_H, "/day", 0, 0, 1, 24),
};

typedef struct unit_words {
    const char *kind; /* "a duration" */
    const char *suffix;
    const char *example;
    bool money;
} unit_words;

static const unit_words words[FC_UNIT_COUNT_OF_UNITS] = {
    [FC_UNIT_NONE] = {"a number", "", "0.85, 3e-4", false},
    [FC_UNIT_COUNT] = {"a count", "_count", "16384, 325k, 1M", false},
    [FC_UNIT_TOKENS] = {"a number of tokens", "_count", "15.6T, 300B, 3e11", false},
    [FC_UNIT_FRAC] = {"a fraction", "_frac", "0.35, 35%", false},
    [FC_UNIT_S] = {"a duration", "_s", "2.5h, 90 min, 12 ms, 3 days", false},
    [FC_UNIT_DAYS] = {"a duration", "_days", "30, 30 d, 12h", false},
    [FC_UNIT_BYTES] = {"an amount of memory", "_bytes", "80GiB, 141 GB", false},
    [FC_UNIT_BYTES_PER_S] = {"a bandwidth", "_bytes_per_s", "3.35 TB/s, 400Gbit/s", false},
    [FC_UNIT_FLOP] = {"an amount of work", "_flop", "3.8e25, 600 ZFLOP", false},
    [FC_UNIT_FLOP_PER_S] = {"a rate of work", "_flop_per_s", "989.4 TFLOP/s, 1979 TOP/s", false},
    [FC_UNIT_W] = {"a power", "_w", "700 W, 132kW", false},
    [FC_UNIT_JOULE] = {"an energy", "_joule", "3.6 MJ, 1 kWh", false},
    [FC_UNIT_MWH] = {"an energy", "_mwh", "1200 MWh, 1.2 GWh", false},
    [FC_UNIT_USD] = {"an amount of money", "_usd", "$1.2G, 1.2B, 5 USD", true},
    [FC_UNIT_USD_PER_H] = {"a price of an hour", "_usd_per_h", "2.95, $2.95/h", true},
    [FC_UNIT_USD_PER_MONTH] = {"a price of a month", "_usd_per_month", "1.25G, $1.25B/month", true},
    [FC_UNIT_USD_PER_KWH] = {"a price of energy", "_usd_per_kwh", "0.06, $0.06/kWh, $60/MWh", true},
    [FC_UNIT_USD_PER_MTOKEN] = {"a price of a million tokens", "_usd_per_mtoken", "0.5, $0.5/Mtoken", true},
    [FC_UNIT_HZ] = {"a frequency", "_hz", "1.98 GHz", false},
    [FC_UNIT_PER_H] = {"a rate of events", "_per_h", "2e-5, 2e-5/h, 0.01/day", false},
    [FC_UNIT_DATE] = {"a date", "_date", "2022-09-20, 2022-09, 2022", false},
};

static const unit_words *words_of(fc_unit unit) {
    return &words[(unsigned)unit < FC_UNIT_COUNT_OF_UNITS ? unit : FC_UNIT_NONE];
}

const char *fc_unit_suffix(fc_unit unit) { return words_of(unit)->suffix; }

const char *fc_unit_example(fc_unit unit) { return words_of(unit)->example; }

/* Compares a rest of input with a spelling. Spaces are allowed around '/' and at the end. */
static bool matches(const char *rest, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '/') {
            rest += strspn(rest, " ");
        }
        if (*rest != *text) {
            return false;
        }
        rest++;
        if (*text == '/') {
            rest += strspn(rest, " ");
        }
    }
    return rest[strspn(rest, " ")] == '\0';
}

static const char *skip_dollar_word(const char *rest, fc_unit unit) {
    if (!words_of(unit)->money || !fc_text_starts(rest, "USD")) {
        return rest;
    }
    return rest + strlen("USD");
}

/* What stands after the number, as a prefix and a spelling of `unit`. */
static bool find_spelling(const char *rest, fc_unit unit, const prefix **out_prefix, const spelling **out_spelling) {
    rest += strspn(rest, " ");
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (!fc_text_starts(rest, prefixes[i].text)) {
            continue;
        }
        const char *base = rest + strlen(prefixes[i].text);
        base += strspn(base, " ");
        base = skip_dollar_word(base, unit);
        for (size_t j = 0; j < sizeof spellings / sizeof spellings[0]; j++) {
            bool allowed = (spellings[j].prefixes & prefixes[i].class) == prefixes[i].class;
            if (spellings[j].unit == unit && allowed && matches(base, spellings[j].text)) {
                *out_prefix = &prefixes[i];
                *out_spelling = &spellings[j];
                return true;
            }
        }
    }
    return false;
}

/* The kind of quantity that `rest` would be a unit of, or NULL. */
static const char *kind_of_rest(const char *rest) {
    for (int unit = 0; unit < FC_UNIT_COUNT_OF_UNITS; unit++) {
        const prefix *p = NULL;
        const spelling *s = NULL;
        if (find_spelling(rest, (fc_unit)unit, &p, &s) && s->text[0] != '\0') {
            return words_of((fc_unit)unit)->kind;
        }
    }
    return NULL;
}

static fc_status refuse(fc_error *error, const char *text, fc_unit unit, const char *why) {
    char found[64];
    fc_text_excerpt(found, sizeof found, text);
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "\"%s\" is not %s: %s; write for example %s", found,
                        words_of(unit)->kind, why, fc_unit_example(unit));
}

/* Why `rest` after a number is no unit, for the mistakes people make. */
static const char *fault_of_rest(const char *rest) {
    if (*rest == ',' || *rest == '_') {
        return "digits take no separators, and decimals a point";
    }
    if (*rest == '\'' || *rest == '.') {
        return "digits take no separators";
    }
    rest += strspn(rest, " ");
    if (*rest == 'K') {
        return "k is 1000 and Ki is 1024, K could be either";
    }
    if (strstr(rest, "b/s") != NULL) {
        return "b could be bits or bytes; write bit/s or B/s";
    }
    if (*rest == 'x' || *rest == 'X') {
        return "hexadecimal numbers are not read";
    }
    return "the unit is unknown here";
}

static fc_status refuse_unit(fc_error *error, const char *text, const char *rest, fc_unit unit) {
    const char *kind = kind_of_rest(rest);
    if (kind == NULL || strcmp(kind, words_of(unit)->kind) == 0) {
        return refuse(error, text, unit, fault_of_rest(rest));
    }
    char found[64];
    fc_text_excerpt(found, sizeof found, text);
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "\"%s\" is %s, but this wants %s; write for example %s", found,
                        kind, words_of(unit)->kind, fc_unit_example(unit));
}

/* The number before the unit; money may wear its sign before or after the dollar: "-$5", "$-5". */
static fc_status scan(fc_number *number, const char **rest, const char *text, fc_unit unit, fc_error *error) {
    const char *cursor = text + strspn(text, " ");
    bool minus = false;
    if (words_of(unit)->money) {
        if (cursor[0] == '-' && cursor[1] == '$') {
            minus = true;
            cursor++;
        }
        if (*cursor == '$') {
            cursor++;
            cursor += strspn(cursor, " ");
        }
    }
    switch (fc_number_scan(number, &cursor)) {
    case FC_NUMBER_NONE:
        return refuse(error, text, unit, *cursor == '\0' ? "nothing is there" : "it does not begin with a number");
    case FC_NUMBER_TOO_LONG:
        return refuse(error, text, unit, "it has too many digits");
    case FC_NUMBER_READ:
        break;
    }
    if (minus && number->negative) {
        return refuse(error, text, unit, "it has two signs");
    }
    number->negative = number->negative || minus;
    *rest = cursor;
    return FC_OK;
}

static fc_status parse_date(double *out, const char *text, fc_error *error) {
    fc_date date = {0};
    if (!fc_date_parse(&date, text)) {
        return refuse(error, text, FC_UNIT_DATE, "there is no such day");
    }
    *out = fc_date_days(date);
    return FC_OK;
}

fc_status fc_units_parse(double *out, const char *text, fc_unit unit, fc_error *error) {
    if (unit == FC_UNIT_DATE) {
        return parse_date(out, text, error);
    }
    fc_number number = {0};
    const char *rest = text;
    FC_TRY(scan(&number, &rest, text, unit, error));
    const prefix *p = NULL;
    const spelling *s = NULL;
    if (!find_spelling(rest, unit, &p, &s)) {
        return refuse_unit(error, text, rest, unit);
    }
    double value = fc_number_value(&number, p->decimal_exponent + s->decimal_exponent);
    value = ldexp(value, p->binary_exponent) * s->times / s->over;
    if (!isfinite(value)) {
        return refuse(error, text, unit, "it is larger than any number here can be");
    }
    if (value == 0.0 && number.digit_count > 0) {
        return refuse(error, text, unit, "it is smaller than any number here can be, and not 0");
    }
    *out = value + 0.0; /* no negative zero */
    return FC_OK;
}

fc_status fc_units_parse_u64(uint64_t *out, const char *text, fc_error *error) {
    fc_number number = {0};
    const char *rest = text;
    FC_TRY(scan(&number, &rest, text, FC_UNIT_COUNT, error));
    const prefix *p = NULL;
    const spelling *s = NULL;
    if (!find_spelling(rest, FC_UNIT_COUNT, &p, &s)) {
        return refuse_unit(error, text, rest, FC_UNIT_COUNT);
    }
    if (number.negative && number.digit_count > 0) {
        return refuse(error, text, FC_UNIT_COUNT, "it is negative");
    }
    switch (fc_number_whole(out, &number, p->decimal_exponent, p->binary_exponent)) {
    case FC_NUMBER_FRACTION:
        return refuse(error, text, FC_UNIT_COUNT, "it is not a whole number");
    case FC_NUMBER_TOO_LARGE:
        return refuse(error, text, FC_UNIT_COUNT, "it is larger than 18446744073709551615");
    case FC_NUMBER_WHOLE:
        break;
    }
    return FC_OK;
}
