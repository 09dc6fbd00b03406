/* units.h: numbers with units, both ways. The only place where scaled units exist.
 *
 * Read: "15.6T" "2.5h" "$2.95/h" "80GiB" "3e25" "989.4 TFLOP/s" "400Gbit/s" "132kW" "35%" "2022-09-20". Prefixes
 * k M G T P E Z Y are decimal, Ki Mi Gi Ti Pi binary; B means 1e9 for parameters, tokens, FLOP counts and dollars only.
 * Nothing here depends on the locale.
 */
#ifndef FLOPCAST_HOST_BASE_UNITS_H
#define FLOPCAST_HOST_BASE_UNITS_H

#include "flopcast/base.h"

#include <stdbool.h>

typedef enum fc_unit {
    FC_UNIT_NONE = 0,    /* a bare number */
    FC_UNIT_COUNT,       /* chips, layers: prefixes allowed, suffix _count */
    FC_UNIT_TOKENS,      /* prefixes and B */
    FC_UNIT_FRAC,        /* 0.35 or 35% */
    FC_UNIT_S,           /* s ms us ns min h d (day, days) */
    FC_UNIT_DAYS,        /* the same spellings, kept as days */
    FC_UNIT_BYTES,       /* B kB MB GB TB, KiB MiB GiB TiB */
    FC_UNIT_BYTES_PER_S, /* …/s, and bit/s: Gbit/s, Gbps */
    FC_UNIT_FLOP,
    FC_UNIT_FLOP_PER_S, /* TFLOP/s, TFLOPS, TFLOPs/s, TOP/s */
    FC_UNIT_W,
    FC_UNIT_JOULE,
    FC_UNIT_MWH,
    FC_UNIT_USD,       /* "$1.2G", "1.2B", "5 USD" */
    FC_UNIT_USD_PER_H, /* "$2.95/h", "2.95 USD/h"; also per chip-hour */
    FC_UNIT_USD_PER_MONTH,
    FC_UNIT_USD_PER_KWH,
    FC_UNIT_USD_PER_MTOKEN,
    FC_UNIT_HZ,
    FC_UNIT_PER_H, /* failures per chip-hour */
    FC_UNIT_DATE,  /* days since 1970-01-01, written YYYY-MM-DD (YYYY-MM and YYYY mean their first day) */
    FC_UNIT_COUNT_OF_UNITS
} fc_unit;

/* Reads `text` as `unit` into SI. The error says what was found, an example of what is allowed, and never sets a place
 * (the caller knows it). Refuses nan, inf, hex, leftovers, and units of another kind. */
fc_status fc_units_parse(double *out, const char *text, fc_unit unit, fc_error *error);
/* An exact whole number: "16384", "16k", "1M", "325k", "1e6". Refuses fractions and what passes 2^64-1. */
fc_status fc_units_parse_u64(uint64_t *out, const char *text, fc_error *error);
/* For people: 3 significant digits (or `digits`), prefix chosen: "989 TFLOP/s", "80.0 GiB", "$1.25 B", "2 h 30 min".
 * `digits` 0 means 3. Always terminated; never fails. */
void fc_units_format(char *out, size_t out_size, double value, fc_unit unit, int digits);
/* For machines: shortest text that reads back to the same double; whole numbers below 2^63 without exponent. */
void fc_units_format_exact(char *out, size_t out_size, double value);
/* The ending of names that carry the unit: "_s", "_bytes_per_s", "_usd_per_h", "" for none. */
const char *fc_unit_suffix(fc_unit unit);
/* An example for messages: "2.95, $2.95/h". */
const char *fc_unit_example(fc_unit unit);

#endif
