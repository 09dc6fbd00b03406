/* Numbers with units, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/base/calendar.h"
#include "../../host/base/units.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64, so that every run tries the same values. */
static uint64_t next_random(uint64_t *seed) {
    *seed += 0x9E3779B97F4A7C15U;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static double random_double(uint64_t *seed) {
    double value = NAN;
    while (!isfinite(value)) {
        uint64_t bits = next_random(seed);
        memcpy(&value, &bits, sizeof value);
    }
    return value;
}

typedef struct reading {
    const char *text;
    fc_unit unit;
    double value;
} reading;

static void test_units__parse_gives_si(void **state) {
    (void)state;
    static const reading cases[] = {
        {"15.6T", FC_UNIT_TOKENS, 15.6e12},
        {"300B", FC_UNIT_TOKENS, 300e9},
        {"15.6 T tokens", FC_UNIT_TOKENS, 15.6e12},
        {"2.5h", FC_UNIT_S, 9000},
        {"90 min", FC_UNIT_S, 5400},
        {"12 ms", FC_UNIT_S, 0.012},
        {"3.3us", FC_UNIT_S, 3.3e-6},
        {"3.3µs", FC_UNIT_S, 3.3e-6},
        {"8 ns", FC_UNIT_S, 8e-9},
        {"1 day", FC_UNIT_S, 86400},
        {"3 days", FC_UNIT_S, 259200},
        {"7", FC_UNIT_S, 7},
        {"90", FC_UNIT_DAYS, 90},
        {"90 d", FC_UNIT_DAYS, 90},
        {"12h", FC_UNIT_DAYS, 0.5},
        {"86400 s", FC_UNIT_DAYS, 1},
        {"$2.95/h", FC_UNIT_USD_PER_H, 2.95},
        {"2.95 USD/h", FC_UNIT_USD_PER_H, 2.95},
        {"$ 2.95 / chip-h", FC_UNIT_USD_PER_H, 2.95},
        {"2.95", FC_UNIT_USD_PER_H, 2.95},
        {"1.25G", FC_UNIT_USD_PER_MONTH, 1.25e9},
        {"$1.25B/month", FC_UNIT_USD_PER_MONTH, 1.25e9},
        {"$0.06/kWh", FC_UNIT_USD_PER_KWH, 0.06},
        {"60/MWh", FC_UNIT_USD_PER_KWH, 0.06},
        {"$0.35/Mtoken", FC_UNIT_USD_PER_MTOKEN, 0.35},
        {"$1.2G", FC_UNIT_USD, 1.2e9},
        {"1.2B", FC_UNIT_USD, 1.2e9},
        {"5 USD", FC_UNIT_USD, 5},
        {"-$5", FC_UNIT_USD, -5},
        {"$-5", FC_UNIT_USD, -5},
        {"80GiB", FC_UNIT_BYTES, 85899345920.0},
        {"80 GB", FC_UNIT_BYTES, 80e9},
        {"512 B", FC_UNIT_BYTES, 512},
        {"1.5 KiB", FC_UNIT_BYTES, 1536},
        {"2 PiB", FC_UNIT_BYTES, 2251799813685248.0},
        {"3.35 TB/s", FC_UNIT_BYTES_PER_S, 3.35e12},
        {"400Gbit/s", FC_UNIT_BYTES_PER_S, 50e9},
        {"400 Gbps", FC_UNIT_BYTES_PER_S, 50e9},
        {"1 GiB/s", FC_UNIT_BYTES_PER_S, 1073741824.0},
        {"3e25", FC_UNIT_FLOP, 3e25},
        {"600 ZFLOP", FC_UNIT_FLOP, 600e21},
        {"989.4 TFLOP/s", FC_UNIT_FLOP_PER_S, 989.4e12},
        {"989.4TFLOPS", FC_UNIT_FLOP_PER_S, 989.4e12},
        {"989.4 TFLOPs/s", FC_UNIT_FLOP_PER_S, 989.4e12},
        {"1979 TOP/s", FC_UNIT_FLOP_PER_S, 1979e12},
        {"132kW", FC_UNIT_W, 132e3},
        {"1 kWh", FC_UNIT_JOULE, 3.6e6},
        {"3.6 MJ", FC_UNIT_JOULE, 3.6e6},
        {"1.2 GWh", FC_UNIT_MWH, 1200},
        {"1200 MWh", FC_UNIT_MWH, 1200},
        {"1200", FC_UNIT_MWH, 1200},
        {"1.98 GHz", FC_UNIT_HZ, 1.98e9},
        {"2e-5/h", FC_UNIT_PER_H, 2e-5},
        {"0.24/day", FC_UNIT_PER_H, 0.01},
        {"35%", FC_UNIT_FRAC, 0.35},
        {"35 %", FC_UNIT_FRAC, 0.35},
        {"0.35", FC_UNIT_FRAC, 0.35},
        {"325k", FC_UNIT_COUNT, 325000},
        {"4Ki", FC_UNIT_COUNT, 4096},
        {"3E", FC_UNIT_COUNT, 3e18},
        {"3E25", FC_UNIT_COUNT, 3e25},
        {" 12 ", FC_UNIT_NONE, 12},
        {"+.5", FC_UNIT_NONE, 0.5},
        {"5.", FC_UNIT_NONE, 5},
        {"1e-05", FC_UNIT_NONE, 1e-5},
        {"0e999999999999", FC_UNIT_NONE, 0},
        {"2022-09-20", FC_UNIT_DATE, 19255},
        {"2022-09", FC_UNIT_DATE, 19236},
        {"2022", FC_UNIT_DATE, 18993},
        {"1970-01-01", FC_UNIT_DATE, 0},
        {"1969-12-31", FC_UNIT_DATE, -1},
        {"2000-02-29", FC_UNIT_DATE, 11016},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {0};
        double value = NAN;
        fc_status status = fc_units_parse(&value, cases[i].text, cases[i].unit, &error);
        if (status != FC_OK || value != cases[i].value) {
            fail_msg("\"%s\" gave %.17g, status %d: %s", cases[i].text, value, (int)status, error.text);
        }
    }
}

static void test_units__parse_refuses_and_says_why(void **state) {
    (void)state;
    static const struct {
        const char *text;
        fc_unit unit;
        const char *says;
    } cases[] = {
        {"", FC_UNIT_COUNT, "nothing is there"},
        {"abc", FC_UNIT_COUNT, "does not begin with a number"},
        {"nan", FC_UNIT_NONE, "does not begin with a number"},
        {"inf", FC_UNIT_NONE, "does not begin with a number"},
        {"-", FC_UNIT_NONE, "does not begin with a number"},
        {".", FC_UNIT_NONE, "does not begin with a number"},
        {"--5", FC_UNIT_NONE, "does not begin with a number"},
        {"-$-5", FC_UNIT_USD, "two signs"},
        {"0x10", FC_UNIT_NONE, "hexadecimal"},
        {"1,000", FC_UNIT_COUNT, "separators"},
        {"1_000", FC_UNIT_COUNT, "separators"},
        {"1.2.3", FC_UNIT_COUNT, "separators"},
        {"16K", FC_UNIT_COUNT, "Ki"},
        {"5 parsecs", FC_UNIT_S, "unknown"},
        {"5 GB", FC_UNIT_S, "an amount of memory, but this wants a duration"},
        {"5h", FC_UNIT_BYTES, "a duration, but this wants an amount of memory"},
        {"400 Gb/s", FC_UNIT_BYTES_PER_S, "bit/s or B/s"},
        {"80 gib", FC_UNIT_BYTES, "unknown"},
        {"5k", FC_UNIT_NONE, "unknown"},
        {"$5", FC_UNIT_COUNT, "does not begin with a number"},
        {"35%%", FC_UNIT_FRAC, "unknown"},
        {"1e309", FC_UNIT_NONE, "larger"},
        {"1e999999999999999999999", FC_UNIT_NONE, "larger"},
        {"1e300Y", FC_UNIT_COUNT, "larger"},
        {"1e-999", FC_UNIT_NONE, "smaller"},
        {"5 TFLOP", FC_UNIT_FLOP_PER_S, "an amount of work"},
        {"5 d", FC_UNIT_DATE, "no such day"},
        {"2023-02-29", FC_UNIT_DATE, "no such day"},
        {"1900-02-29", FC_UNIT_DATE, "no such day"},
        {"2022-13-01", FC_UNIT_DATE, "no such day"},
        {"2022-00-01", FC_UNIT_DATE, "no such day"},
        {"2022-01-00", FC_UNIT_DATE, "no such day"},
        {"0000-01-01", FC_UNIT_DATE, "no such day"},
        {"2022-1-1", FC_UNIT_DATE, "no such day"},
        {"2022-01-01x", FC_UNIT_DATE, "no such day"},
        {"20220101", FC_UNIT_DATE, "no such day"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {0};
        double value = NAN;
        fc_status status = fc_units_parse(&value, cases[i].text, cases[i].unit, &error);
        bool told =
            strstr(error.text, cases[i].says) != NULL && strstr(error.text, fc_unit_example(cases[i].unit)) != NULL;
        if (status != FC_BAD_INPUT || !told || error.line != 0 || error.source[0] != '\0') {
            fail_msg("\"%s\" gave %.17g, status %d: %s", cases[i].text, value, (int)status, error.text);
        }
    }
}

static void test_units__parse_rounds_once(void **state) {
    (void)state;
    uint64_t seed = 1;
    static const char *const prefixes[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    for (int i = 0; i < 20000; i++) {
        uint64_t digits = next_random(&seed) % 1000000000;
        int prefix = (int)(next_random(&seed) % 8);
        char text[64];
        char expected[64];
        (void)snprintf(text, sizeof text, "%d.%09d%s", i % 1000, (int)digits, prefixes[prefix]);
        (void)snprintf(expected, sizeof expected, "%d%09de%d", i % 1000, (int)digits, 3 * (prefix + 1) - 9);
        double value = 0;
        assert_int_equal(fc_units_parse(&value, text, FC_UNIT_COUNT, NULL), FC_OK);
        assert_true(value == strtod(expected, NULL));
    }
}

static void test_units__parse_takes_texts_of_any_length(void **state) {
    (void)state;
    enum { SIZE = 100000 };
    char *text = malloc(SIZE + 8);
    assert_non_null(text);
    double value = 0;
    memset(text, '0', SIZE);
    strcpy(text + SIZE, "5");
    assert_int_equal(fc_units_parse(&value, text, FC_UNIT_NONE, NULL), FC_OK);
    assert_true(value == 5);
    text[1] = '.';
    assert_int_equal(fc_units_parse(&value, text, FC_UNIT_NONE, NULL), FC_BAD_INPUT); /* 5e-99999 */
    memset(text, '9', SIZE);
    fc_error error = {0};
    assert_int_equal(fc_units_parse(&value, text, FC_UNIT_NONE, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "too many digits"));
    memset(text, ' ', SIZE);
    assert_int_equal(fc_units_parse(&value, text, FC_UNIT_NONE, NULL), FC_OK);
    memset(text, 'x', SIZE);
    assert_int_equal(fc_units_parse(&value, text, FC_UNIT_NONE, NULL), FC_BAD_INPUT);
    free(text);
}

static void test_units__u64_is_exact(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        {"16384", 16384},
        {"16k", 16000},
        {"1M", 1000000},
        {"325k", 325000},
        {"1e6", 1000000},
        {"0", 0},
        {"-0", 0},
        {"18446744073709551615", UINT64_MAX},
        {"18446744073709551.615k", UINT64_MAX},
        {"1.5Ki", 1536},
        {"0.5Ki", 512},
        {"0.125Ki", 128},
        {"9007199254740993", 9007199254740993},
        {"405B", 405000000000},
        {"1000e-3", 1},
        {"0.0e5", 0},
        {"15.6T", 15600000000000},
        {"16Pi", UINT64_C(16) << 50},
        {"18.446744073709551615e18", UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {0};
        uint64_t value = 99;
        fc_status status = fc_units_parse_u64(&value, cases[i].text, &error);
        if (status != FC_OK || value != cases[i].value) {
            fail_msg("\"%s\" gave %llu: %s", cases[i].text, (unsigned long long)value, error.text);
        }
    }
}

static void test_units__u64_refuses_what_is_no_whole_number(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"1.5", "whole"},
        {"0.1Ki", "whole"},
        {"1e-1", "whole"},
        {"18446744073709551616", "larger"},
        {"1e20", "larger"},
        {"20E", "larger"},
        {"16384Pi", "larger"},
        {"-1", "negative"},
        {"1 GB", "memory"},
        {"1e999999999999", "larger"},
        {"", "nothing"},
        {"0.1234567890123456789012345678901234567890", "whole"},
        {"123456789012345678901234567890.5", "whole"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {0};
        uint64_t value = 99;
        fc_status status = fc_units_parse_u64(&value, cases[i][0], &error);
        if (status != FC_BAD_INPUT || strstr(error.text, cases[i][1]) == NULL) {
            fail_msg("\"%s\" gave %llu: %s", cases[i][0], (unsigned long long)value, error.text);
        }
    }
}

static void test_units__format_is_for_people(void **state) {
    (void)state;
    static const struct {
        double value;
        fc_unit unit;
        int digits;
        const char *text;
    } cases[] = {
        {989.4e12, FC_UNIT_FLOP_PER_S, 0, "989 TFLOP/s"},
        {989.4e12, FC_UNIT_FLOP_PER_S, 4, "989.4 TFLOP/s"},
        {999.6e12, FC_UNIT_FLOP_PER_S, 0, "1.00 PFLOP/s"},
        {85899345920.0, FC_UNIT_BYTES, 0, "80.0 GiB"},
        {1000, FC_UNIT_BYTES, 0, "0.977 KiB"},
        {512, FC_UNIT_BYTES, 0, "512 B"},
        {1e300, FC_UNIT_BYTES, 0, "8.27e275 YiB"},
        {1.25e9, FC_UNIT_USD, 0, "$1.25 B"},
        {2.95, FC_UNIT_USD_PER_H, 0, "$2.95/h"},
        {-5, FC_UNIT_USD, 0, "-$5.00"},
        {1234, FC_UNIT_USD, 0, "$1234"},
        {999.996, FC_UNIT_USD, 5, "$1000.0"},
        {0.06, FC_UNIT_USD_PER_KWH, 0, "$0.0600/kWh"},
        {9000, FC_UNIT_S, 0, "2 h 30 min"},
        {150, FC_UNIT_S, 0, "2 min 30 s"},
        {3599.9, FC_UNIT_S, 0, "1 h"},
        {86399.9, FC_UNIT_S, 0, "1 d"},
        {59.7, FC_UNIT_S, 0, "1 min"},
        {59.4, FC_UNIT_S, 0, "59.4 s"},
        {0.0123, FC_UNIT_S, 0, "12.3 ms"},
        {0.00099996, FC_UNIT_S, 0, "1.00 ms"},
        {8e-9, FC_UNIT_S, 0, "8.00 ns"},
        {0, FC_UNIT_S, 0, "0 s"},
        {-9000, FC_UNIT_S, 0, "-2 h 30 min"},
        {54.25, FC_UNIT_DAYS, 0, "54.2 d"},
        {0.5, FC_UNIT_DAYS, 0, "12 h"},
        {16384, FC_UNIT_COUNT, 0, "16384"},
        {999999, FC_UNIT_COUNT, 0, "999999"},
        {405e9, FC_UNIT_COUNT, 0, "405 B"},
        {15.6e12, FC_UNIT_TOKENS, 0, "15.6 T"},
        {6e29, FC_UNIT_COUNT, 0, "6.00e29"},
        {3.8e25, FC_UNIT_FLOP, 0, "3.80e25 FLOP"},
        {0.384, FC_UNIT_FRAC, 0, "38.4%"},
        {1, FC_UNIT_FRAC, 0, "100%"},
        {0.0004, FC_UNIT_FRAC, 0, "0.0400%"},
        {132e3, FC_UNIT_W, 0, "132 kW"},
        {1200, FC_UNIT_MWH, 0, "1.20 GWh"},
        {50e9, FC_UNIT_BYTES_PER_S, 0, "50.0 GB/s"},
        {2e-5, FC_UNIT_PER_H, 0, "2.00e-5/h"},
        {19255, FC_UNIT_DATE, 0, "2022-09-20"},
        {1e300, FC_UNIT_DATE, 0, "9999-12-31"},
        {0.8547, FC_UNIT_NONE, 0, "0.855"},
        {999.6, FC_UNIT_NONE, 0, "1000"},
        {123456, FC_UNIT_NONE, 0, "123456"},
        {989, FC_UNIT_FLOP_PER_S, 1, "1 kFLOP/s"},
        {989, FC_UNIT_FLOP_PER_S, 2, "990 FLOP/s"},
        {NAN, FC_UNIT_S, 0, "unknown"},
        {-INFINITY, FC_UNIT_USD, 0, "-infinite"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        fc_units_format(text, sizeof text, cases[i].value, cases[i].unit, cases[i].digits);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_units__format_never_fails(void **state) {
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&seed);
        double value = 0;
        memcpy(&value, &bits, sizeof value);
        value = i % 2 == 0 ? value : ldexp((double)(int64_t)bits, (int)(bits % 120) - 100);
        int unit = (int)(next_random(&seed) % (FC_UNIT_COUNT_OF_UNITS + 2)) - 1;
        int digits = (int)(next_random(&seed) % 24) - 2;
        char text[80];
        memset(text, 'x', sizeof text);
        size_t size = next_random(&seed) % 64;
        fc_units_format(text, size, value, (fc_unit)unit, digits);
        assert_int_equal(text[size], 'x');
        assert_true(size == 0 || memchr(text, '\0', size) != NULL);
    }
}

static void test_units__exact_reads_back_as_the_same_bits(void **state) {
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 300000; i++) {
        double value = random_double(&seed);
        switch (i % 4) {
        case 1:
            value = (double)(int64_t)next_random(&seed);
            break;
        case 2:
            value = (double)(next_random(&seed) % 100000) / 1000.0;
            break;
        case 3:
            value = ldexp((double)(next_random(&seed) >> 11), (int)(next_random(&seed) % 40) - 20);
            break;
        default:
            break;
        }
        char text[64];
        fc_units_format_exact(text, sizeof text, value);
        double back = strtod(text, NULL);
        assert_memory_equal(&back, &value, sizeof value);
        double read = NAN;
        assert_int_equal(fc_units_parse(&read, text, FC_UNIT_NONE, NULL), FC_OK);
        assert_true(read == value);
    }
}

static void test_units__exact_is_short_and_plain(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {16384, "16384"},
        {-7, "-7"},
        {1e18, "1000000000000000000"},
        {9223372036854774784.0, "9223372036854774784"},
        {9223372036854775808.0, "9.223372036854776e18"},
        {-9223372036854775808.0, "-9.223372036854776e18"},
        {6e29, "6e29"},
        {1e-7, "1e-7"},
        {2.5e-10, "2.5e-10"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {123456.789, "123456.789"},
        {0.1 + 0.2, "0.30000000000000004"},
        {NAN, "nan"},
        {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        fc_units_format_exact(text, sizeof text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

/* A locale that writes a comma, if this machine has one. */
static bool set_comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',') {
            return true;
        }
    }
    return false;
}

static void test_units__locale_changes_nothing(void **state) {
    (void)state;
    if (!set_comma_locale()) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    double value = 0;
    char text[64];
    fc_status status = fc_units_parse(&value, "15.6T", FC_UNIT_TOKENS, NULL);
    fc_status comma = fc_units_parse(&value, "15,6T", FC_UNIT_TOKENS, NULL);
    char exact[64];
    fc_units_format(text, sizeof text, 12.34e9, FC_UNIT_HZ, 0);
    fc_units_format_exact(exact, sizeof exact, 0.1 + 0.2);
    (void)setlocale(LC_ALL, "C");
    assert_int_equal(status, FC_OK);
    assert_int_equal(comma, FC_BAD_INPUT);
    assert_true(value == 15.6e12);
    assert_string_equal(text, "12.3 GHz");
    assert_string_equal(exact, "0.30000000000000004");
}

static void test_units__every_unit_has_words(void **state) {
    (void)state;
    for (int unit = 0; unit < FC_UNIT_COUNT_OF_UNITS; unit++) {
        assert_non_null(fc_unit_suffix((fc_unit)unit));
        assert_true(unit == FC_UNIT_NONE || fc_unit_suffix((fc_unit)unit)[0] == '_');
        /* The examples of messages must be true. */
        char examples[128];
        strcpy(examples, fc_unit_example((fc_unit)unit));
        for (char *one = strtok(examples, ","); one != NULL; one = strtok(NULL, ",")) {
            double value = 0;
            assert_int_equal(fc_units_parse(&value, one + strspn(one, " "), (fc_unit)unit, NULL), FC_OK);
        }
    }
    assert_string_equal(fc_unit_suffix(FC_UNIT_BYTES_PER_S), "_bytes_per_s");
    assert_string_equal(fc_unit_suffix(FC_UNIT_USD_PER_H), "_usd_per_h");
}

static void test_units__every_day_goes_there_and_back(void **state) {
    (void)state;
    fc_date last = {0};
    for (int days = -719162; days <= 2932896; days++) {
        fc_date date = fc_date_from_days(days);
        assert_int_equal(fc_date_days(date), days);
        bool follows = date.year > last.year || (date.year == last.year && date.month > last.month) ||
                       (date.year == last.year && date.month == last.month && date.day == last.day + 1);
        assert_true(follows);
        last = date;
    }
    assert_int_equal(last.year, 9999);
}

static void test_units__random_bytes_do_no_harm(void **state) {
    (void)state;
    static const char alphabet[] = "0123456789.+-eE $%/kMGTPKiBsbhdWyFLOUSD,_x\xC2\xB5\xFF\t";
    uint64_t seed = 4;
    for (int i = 0; i < 50000; i++) {
        char text[24];
        size_t size = next_random(&seed) % (sizeof text - 1);
        for (size_t j = 0; j < size; j++) {
            uint64_t r = next_random(&seed);
            text[j] = i % 4 == 0 ? (char)(r % 255 + 1) : alphabet[r % (sizeof alphabet - 1)];
        }
        text[size] = '\0';
        fc_error error = {0};
        double value = 0;
        uint64_t whole = 0;
        fc_unit unit = (fc_unit)(next_random(&seed) % FC_UNIT_COUNT_OF_UNITS);
        if (fc_units_parse(&value, text, unit, &error) == FC_OK) {
            assert_true(isfinite(value));
        } else {
            assert_int_equal(error.status, FC_BAD_INPUT);
        }
        if (fc_units_parse_u64(&whole, text, NULL) == FC_OK) {
            assert_int_equal(fc_units_parse(&value, text, FC_UNIT_COUNT, NULL), FC_OK);
            assert_true(value == (double)whole);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units__parse_gives_si),
        cmocka_unit_test(test_units__parse_refuses_and_says_why),
        cmocka_unit_test(test_units__parse_rounds_once),
        cmocka_unit_test(test_units__parse_takes_texts_of_any_length),
        cmocka_unit_test(test_units__u64_is_exact),
        cmocka_unit_test(test_units__u64_refuses_what_is_no_whole_number),
        cmocka_unit_test(test_units__format_is_for_people),
        cmocka_unit_test(test_units__format_never_fails),
        cmocka_unit_test(test_units__exact_reads_back_as_the_same_bits),
        cmocka_unit_test(test_units__exact_is_short_and_plain),
        cmocka_unit_test(test_units__locale_changes_nothing),
        cmocka_unit_test(test_units__every_unit_has_words),
        cmocka_unit_test(test_units__every_day_goes_there_and_back),
        cmocka_unit_test(test_units__random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
