/* calendar.h: days since 1970-01-01 and back, in the proleptic Gregorian calendar. */
#ifndef FLOPCAST_HOST_BASE_CALENDAR_H
#define FLOPCAST_HOST_BASE_CALENDAR_H

#include <stdbool.h>

typedef struct fc_date {
    int year; /* 1 to 9999 */
    int month;
    int day;
} fc_date;

/* "YYYY-MM-DD", "YYYY-MM" or "YYYY" (the first day). False when it is no such day. */
bool fc_date_parse(fc_date *out, const char *text);
int fc_date_days(fc_date date);
/* Days outside of the years 1 to 9999 give their first or last day. */
fc_date fc_date_from_days(double days);

#endif
