#include "say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int fc_say_digits(uint32_t beyond_count)
{
    return beyond_count >= 2 ? 2 : 3;
}

double fc_say_rounded(double value, int digits)
{
    char text[48];
    snprintf(text, sizeof text, "%.*e", digits > 1 ? digits - 1 : 0, value);
    double out = value;
    return sscanf(text, "%lf", &out) == 1 ? out : value;
}

const char *fc_say(char *out, size_t out_size, double value, fc_unit unit, int digits)
{
    fc_units_format(out, out_size, fc_say_rounded(value, digits), unit, digits);
    return out;
}

const char *fc_say_range(char *out, size_t out_size, fc_range range, fc_unit unit, int digits)
{
    char mid[48];
    char low[48];
    char high[48];
    (void)fc_say(mid, sizeof mid, range.p50, unit, digits);
    (void)fc_say(low, sizeof low, range.p10, unit, digits);
    (void)fc_say(high, sizeof high, range.p90, unit, digits);
    if (strcmp(low, high) == 0) {
        (void)fc_text_copy(out, out_size, mid);
    } else {
        snprintf(out, out_size, "%s (%s to %s)", mid, low, high);
    }
    return out;
}

const char *fc_say_percent(char *out, size_t out_size, double frac)
{
    double percent = frac * 100.0;
    snprintf(out, out_size, fabs(percent) < 10.0 ? "%.1f %%" : "%.0f %%", percent);
    return out;
}

const char *fc_say_count(char *out, size_t out_size, double value)
{
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

void fc_say_bar(fc_text *text, double frac, int width)
{
    int columns = (int)floor(frac * width + 0.5);
    for (int i = 0; i < columns && i < width; ++i) {
        fc_text_add(text, "#");
    }
}

static bool stated_by_asker(const fc_fact *fact)
{
    return strcmp(fact->origin, "study") == 0 && !fact->has_range && fact->grade == FC_GRADE_EXACT;
}

static void say_fact(fc_text *text, const fc_fact *fact)
{
    fc_text_addf(text, "  %-34s %s  [%s; %s", fact->key, fact->text, fc_grade_name((fc_grade)fact->grade), fact->origin);
    if (fact->source != NULL && fact->source[0] != '\0') {
        fc_text_addf(text, "; %.70s", fact->source);
    }
    if (fact->date != NULL && fact->date[0] != '\0') {
        fc_text_addf(text, ", %s", fact->date);
    }
    fc_text_add(text, "]\n");
    if (fact->note != NULL && fact->note[0] != '\0') {
        fc_text_addf(text, "  %-34s   %s\n", "", fact->note);
    }
}

void fc_say_assumptions(fc_text *text, const fc_fact *facts, size_t most)
{
    size_t shown = 0;
    size_t left_out = 0;
    for (int pass = 0; pass < 2; ++pass) {
        for (const fc_fact *fact = facts; fact != NULL; fact = fact->next) {
            bool first = fact->has_range || fact->grade == FC_GRADE_ASSUMED;
            if (fact->grade == FC_GRADE_EXACT || stated_by_asker(fact) || first != (pass == 0)) {
                continue;
            }
            if (shown < most) {
                say_fact(text, fact);
                shown += 1;
            } else {
                left_out += 1;
            }
        }
    }
    if (left_out > 0) {
        fc_text_addf(text, "  … and %zu more: --format json lists all of them\n", left_out);
    }
}
