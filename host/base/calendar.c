#include "calendar.h"

#include <math.h>

#define FIRST_DAY (-719162) /* 0001-01-01 */
#define LAST_DAY 2932896    /* 9999-12-31 */

/* Days before 1970-01-01 counted from 0001-01-01. */
#define EPOCH_DAYS 719162

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_in_month(int year, int month) {
    if (month == 2) {
        return is_leap(year) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int days_before_year(int year) {
    int past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

/* Exactly `count` digits; moves the cursor. */
static bool read_digits(const char **cursor, int count, int *out) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*cursor)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *cursor += count;
    *out = value;
    return true;
}

bool fc_date_parse(fc_date *out, const char *text) {
    fc_date date = {.year = 1, .month = 1, .day = 1};
    const char *cursor = text;
    if (!read_digits(&cursor, 4, &date.year)) {
        return false;
    }
    if (*cursor == '-') {
        cursor++;
        if (!read_digits(&cursor, 2, &date.month)) {
            return false;
        }
        if (*cursor == '-') {
            cursor++;
            if (!read_digits(&cursor, 2, &date.day)) {
                return false;
            }
        }
    }
    bool real = date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
                date.day <= days_in_month(date.year, date.month);
    if (*cursor != '\0' || !real) {
        return false;
    }
    *out = date;
    return true;
}

int fc_date_days(fc_date date) {
    int days = days_before_year(date.year) - EPOCH_DAYS + date.day - 1;
    for (int month = 1; month < date.month; month++) {
        days += days_in_month(date.year, month);
    }
    return days;
}

fc_date fc_date_from_days(double days) {
    int whole = (int)floor(fmin(fmax(days, FIRST_DAY), LAST_DAY));
    int past = whole - FIRST_DAY;
    fc_date date = {.year = past / 366 + 1, .month = 1, .day = 1};
    while (days_before_year(date.year + 1) <= past) {
        date.year++;
    }
    int left = past - days_before_year(date.year);
    while (left >= days_in_month(date.year, date.month)) {
        left -= days_in_month(date.year, date.month);
        date.month++;
    }
    date.day = left + 1;
    return date;
}
