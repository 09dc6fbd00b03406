/* race_line.h: one programme in one draw: its level over time, and where one line reaches another. */
#ifndef FLOPCAST_HOST_CHAIN_RACE_LINE_H
#define FLOPCAST_HOST_CHAIN_RACE_LINE_H

#include "flopcast/race.h"

#include <stdbool.h>

/* What is changed alone. */
typedef enum fc_race_lever {
    FC_LEVER_CHIPS = 0, /* of lots that do not operate yet */
    FC_LEVER_MFU,
    FC_LEVER_SHARE,
    FC_LEVER_ALGORITHMS,
    FC_LEVER_CONTRACT,
    FC_LEVER_POWER,
    FC_LEVER_ACCEPTED,
    FC_LEVER_COUNT
} fc_race_lever;

typedef struct fc_race_draw {
    bool mid; /* all inputs at mid; else the trial's */
    uint64_t seed;
    uint64_t trial;
    double factor[FC_LEVER_COUNT]; /* 1: as it is */
} fc_race_draw;

/* Piecewise constant physical rate; growth does the rest. */
typedef struct fc_race_line {
    double start_day; /* where growth is 1 */
    double growth;    /* a factor a year */
    double log_growth;
    double run_days; /* 0: all compute counts */
    double lag_days; /* from compute to a released model */
    uint32_t count;
    double day[FC_MAX_LOTS];        /* ascending */
    double rate[FC_MAX_LOTS];       /* FLOP a day from that day on */
    double level_flop[FC_MAX_LOTS]; /* on that day */
    double worth[FC_MAX_LOTS];      /* of a physical FLOP on that day */
    double chips_count[FC_MAX_LOTS];
    double usd_per_day[FC_MAX_LOTS];
    double spent_flop;
} fc_race_line;

fc_race_draw fc_race_mid(void);
double fc_race_value_of(const fc_race_value *value, const fc_race_draw *draw);
void fc_race_line_make(fc_race_line *out, const fc_race_study *study, const fc_race_programme *programme,
                       const fc_race_draw *draw);
/* Effective FLOP on a day, by the study's measure. */
double fc_race_line_level(const fc_race_line *line, double day);
/* Physical FLOP a day, chips at work and money a day. */
void fc_race_line_now(double *rate, double *chips, double *usd, const fc_race_line *line, double day);
double fc_race_line_usd(const fc_race_line *line, double day);
/* The first day from as_of_day on at which the chaser's level is the leader's or more, which must be above 0. `released`:
 * each lags by the time from compute to release. */
fc_race_day fc_race_line_reaches(const fc_race_line *chaser, const fc_race_line *leader, const fc_race_study *study,
                                 bool released);

#endif
