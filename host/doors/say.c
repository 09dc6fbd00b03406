#include "say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int fc_say_digits(uint32_t beyond_count) { return beyond_count >= 2 ? 2 : 3; }

double fc_say_rounded(double value, int digits) {
    double size = fabs(value);
    if (!(size > 0.0) || !isfinite(size)) {
        return value;
    }
    /* the unit of the last digit that is kept */
    double unit = pow(10.0, floor(log10(size)) + 1.0 - (digits > 1 ? digits : 1));
    return floor(value / unit + 0.5) * unit;
}

/* "$84800" reads better as "$84,800"; four digits need no help. */
static void group_thousands(char *out, size_t out_size) {
    size_t start = strcspn(out, "0123456789.");
    size_t digits = strspn(out + start, "0123456789");
    size_t length = strlen(out);
    if (digits < 5 || length + digits / 3 >= out_size) {
        return;
    }
    for (size_t end = start + digits; end > start + 3; end -= 3) {
        memmove(out + end - 2, out + end - 3, length - (end - 3) + 1);
        out[end - 3] = ',';
        length += 1;
    }
}

const char *fc_say(char *out, size_t out_size, double value, fc_unit unit, int digits) {
    fc_units_format(out, out_size, fc_say_rounded(value, digits), unit, digits);
    group_thousands(out, out_size);
    return out;
}

/* "92.9 d" reads as "92.9 days" in a sentence. */
static void say_days_in_full(char *text, size_t size) {
    size_t length = strlen(text);
    if (fc_text_ends(text, " d")) {
        snprintf(text + length - 1, size - length + 1, "%s", strcmp(text, "1 d") == 0 ? "day" : "days");
    }
}

/* "50.1 days to 79.0 days" says days once too often. */
static void drop_shared_unit(char *low, const char *high) {
    char *unit = strrchr(low, ' ');
    const char *other = strrchr(high, ' ');
    bool single = unit != NULL && strchr(low, ' ') == unit && other != NULL && strchr(high, ' ') == other;
    if (single && low[0] != '$' && strcmp(unit, other) == 0) {
        *unit = '\0';
    }
}

/* Nobody knows a p10 to three digits: two do, unless both ends are then the same number. */
static int end_digits(fc_range range, int digits) {
    enum { RANGE_DIGITS = 2 };
    bool apart = fc_say_rounded(range.p10, RANGE_DIGITS) != fc_say_rounded(range.p90, RANGE_DIGITS);
    return digits > RANGE_DIGITS && apart ? RANGE_DIGITS : digits;
}

const char *fc_say_range(char *out, size_t out_size, fc_range range, fc_unit unit, int digits) {
    char mid[48];
    char low[48];
    char high[48];
    (void)fc_say(mid, sizeof mid, range.p50, unit, digits);
    (void)fc_say(low, sizeof low, range.p10, unit, end_digits(range, digits));
    (void)fc_say(high, sizeof high, range.p90, unit, end_digits(range, digits));
    if (unit == FC_UNIT_DAYS) {
        say_days_in_full(mid, sizeof mid);
        say_days_in_full(low, sizeof low);
        say_days_in_full(high, sizeof high);
    }
    if (strcmp(low, high) == 0) {
        (void)fc_text_copy(out, out_size, mid);
    } else {
        drop_shared_unit(low, high);
        snprintf(out, out_size, "%s (%s to %s)", mid, low, high);
    }
    return out;
}

const char *fc_say_ratio(char *out, size_t out_size, double ratio) {
    if (ratio >= 0.1 && ratio < 9.95) {
        snprintf(out, out_size, "%.*f", ratio < 0.995 ? 2 : 1, ratio);
    } else {
        (void)fc_say(out, out_size, ratio, FC_UNIT_NONE, 2);
    }
    return out;
}

const char *fc_say_percent(char *out, size_t out_size, double frac) {
    double percent = frac * 100.0;
    snprintf(out, out_size, fabs(percent) < 10.0 ? "%.1f %%" : "%.0f %%", percent);
    return out;
}

const char *fc_say_count(char *out, size_t out_size, double value) {
    char plain[48];
    snprintf(plain, sizeof plain, "%.0f", value);
    size_t length = strlen(plain);
    size_t used = 0;
    for (size_t i = 0; i < length && used + 2 < out_size; ++i) {
        bool comma = i > 0 && (length - i) % 3 == 0 && plain[i - 1] != '-';
        if (comma) {
            out[used++] = ',';
        }
        out[used++] = plain[i];
    }
    out[used] = '\0';
    return out;
}

void fc_say_bar(fc_text *text, double frac, int width) {
    int columns = (int)floor(frac * width + 0.5);
    for (int i = 0; i < columns && i < width; ++i) {
        fc_text_add(text, "#");
    }
}

static bool stated_by_asker(const fc_fact *fact) {
    return strcmp(fact->origin, "study") == 0 && !fact->has_range && fact->grade == FC_GRADE_EXACT;
}

static bool has_text(const char *text) { return text != NULL && text[0] != '\0'; }

void fc_say_fact(fc_text *text, const fc_fact *fact) {
    fc_text_addf(text, "  %s = %s [%s, %s]\n", fact->key, fact->text, fc_grade_name((fc_grade)fact->grade),
                 fact->origin);
    bool noted = has_text(fact->note);
    bool sourced = has_text(fact->source);
    if (!noted && !sourced) {
        return;
    }
    fc_text_addf(text, "      %s", noted ? fact->note : "");
    if (sourced) {
        fc_text_addf(text, "%s%s%s%s%s", noted ? " (" : "", fact->source, has_text(fact->date) ? ", " : "",
                     has_text(fact->date) ? fact->date : "", noted ? ")" : "");
    }
    fc_text_add(text, "\n");
}

enum { UNRANKED = 1000 };

/* 0, 1, … behind the drivers; then ranges and assumptions; then what is merely published. */
static size_t rank_of(const fc_fact *fact, const fc_driver *drivers, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(drivers[i].input, fact->key) == 0) {
            return i;
        }
    }
    return fact->has_range || fact->grade == FC_GRADE_ASSUMED ? UNRANKED : UNRANKED + 1;
}

static bool is_assumption(const fc_fact *fact) { return fact->grade != FC_GRADE_EXACT && !stated_by_asker(fact); }

void fc_say_assumptions(fc_text *text, const fc_fact *facts, const fc_driver *drivers, size_t drivers_count,
                        size_t most) {
    size_t shown = 0;
    size_t all = 0;
    for (size_t step = 0; step < drivers_count + 2; ++step) {
        size_t rank = step < drivers_count ? step : UNRANKED + step - drivers_count;
        for (const fc_fact *fact = facts; fact != NULL && shown < most; fact = fact->next) {
            if (is_assumption(fact) && rank_of(fact, drivers, drivers_count) == rank) {
                fc_say_fact(text, fact);
                shown += 1;
            }
        }
    }
    for (const fc_fact *fact = facts; fact != NULL; fact = fact->next) {
        all += is_assumption(fact);
    }
    if (all > shown) {
        fc_text_addf(text, "  … and %zu more: --format json lists all of them\n", all - shown);
    }
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

static size_t count_columns(const char *bytes, size_t size) {
    size_t columns = 0;
    for (size_t i = 0; i < size; ++i) {
        columns += ((unsigned char)bytes[i] & 0xC0) != 0x80; /* all but UTF-8's continuation bytes */
    }
    return columns;
}

enum { LABEL_COLUMNS = 16 };

/* Where the second line goes on: below the words after a label ("  memory   28 GiB"), else four columns in. */
static size_t hanging(const char *line, size_t size) {
    enum { STEP = 4 };
    size_t start = 0;
    while (start < size && line[start] == ' ') {
        start += 1;
    }
    for (size_t i = start; i + 2 < size && i < LABEL_COLUMNS; ++i) {
        if (start > 0 && line[i] == ' ' && line[i + 1] == ' ') {
            while (i < size && line[i] == ' ') {
                i += 1;
            }
            return i;
        }
    }
    return start >= STEP ? start : start + STEP;
}

static void add_tame(fc_text *text, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) {
        unsigned char c = (unsigned char)bytes[i];
        fc_text_add_bytes(text, c < 0x20 || c == 0x7F ? "?" : &bytes[i], 1);
    }
}

/* The last space that still fits, or the first one at all; `size` where there is none. */
static size_t break_at(const char *line, size_t size, size_t from, size_t columns) {
    size_t best = size;
    for (size_t i = from; i < size; ++i) {
        if (line[i] != ' ') {
            continue;
        }
        if (count_columns(line, i) > columns) {
            return best < size ? best : i;
        }
        best = i;
    }
    return best;
}

static void add_line(fc_text *text, const char *line, size_t size, size_t width) {
    size_t indent = hanging(line, size);
    size_t from = 0;
    while (from < size && line[from] == ' ') {
        from += 1;
    }
    size_t columns = width;
    while (count_columns(line, size) > columns) {
        size_t at = break_at(line, size, from, columns);
        if (at >= size) {
            break;
        }
        add_tame(text, line, at);
        fc_text_addf(text, "\n%*s", (int)indent, "");
        while (at < size && line[at] == ' ') {
            at += 1;
        }
        line += at;
        size -= at;
        from = 0;
        columns = width > indent ? width - indent : 1;
    }
    add_tame(text, line, size);
    fc_text_add(text, "\n");
}

/* Rows have gaps between their cells, farther right than a label reaches. */
static bool is_table_row(const char *line, size_t size) {
    size_t at = 0;
    while (at < size && line[at] == ' ') {
        at += 1;
    }
    for (at = at < LABEL_COLUMNS ? LABEL_COLUMNS : at; at + 1 < size; ++at) {
        if (line[at] == ' ' && line[at + 1] == ' ') {
            return true;
        }
    }
    return false;
}

void fc_say_page(fc_text *text, const fc_text *page, int width) {
    enum { MOST_WIDTH = 120 };
    size_t columns = width <= 0 ? FC_SAY_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : (size_t)width;
    size_t done = 0;
    while (!page->failed && done < page->size) {
        const char *at = page->bytes + done;
        const char *stop = memchr(at, '\n', page->size - done);
        size_t size = stop != NULL ? (size_t)(stop - at) : page->size - done;
        bool command = size >= 5 && memcmp(at, "Next:", 5) == 0;
        bool sentence = width <= 0 && size > 0 && at[0] != ' ';
        add_line(text, at, size, command || sentence || is_table_row(at, size) ? size + 1 : columns);
        done += size + 1;
    }
    text->failed = text->failed || page->failed;
}
