/* race.h: programmes over time: who has trained with how much effective compute by when, and when one reaches another.
 *
 * A programme is a list of lots of chips. A lot has a status and the day on which it has it; what is missing until it
 * works is a lead time: announced + contract + power + accepted, contracted + power + accepted, delivered + accepted,
 * operating + nothing. From then on it adds
 *     chips × arrives × peak × MFU × share
 * useful FLOP/s, each worth G^(years since the start of the race), G the yearly algorithmic progress of its programme.
 * Days are days since 1970-01-01, with fractions; FLOP are those of the start day unless they are called physical.
 */
#ifndef FLOPCAST_RACE_H
#define FLOPCAST_RACE_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_PROGRAMMES 6
#define FC_MAX_LOTS 48
#define FC_MAX_RACE_POINTS 64
#define FC_MAX_RACE_CHANGES 8

/* How far a lot is. Each counts as less than the next: announced is not delivered. */
typedef enum fc_lot_status {
    FC_LOT_ANNOUNCED = 0,
    FC_LOT_CONTRACTED,
    FC_LOT_DELIVERED,
    FC_LOT_OPERATING,
    FC_LOT_STATUS_COUNT
} fc_lot_status;

/* p10, p50 and p90 of an input; equal: a number. Draws stay inside [least, most]. */
typedef struct fc_race_value {
    double low;
    double mid;
    double high;
    double least;
    double most;
    uint32_t stream; /* of the random numbers: equal streams are one belief and are drawn together */
    uint8_t stated;
} fc_race_value;

typedef struct fc_lot {
    char chip[FC_NAME_SIZE];
    double peak_flop_per_s; /* dense, one chip */
    int32_t day;            /* on which it has its status */
    uint32_t status;        /* fc_lot_status */
    fc_race_value chips_count;
    fc_race_value arrives_frac; /* of the chips; the rest never comes */
    fc_race_value mfu_frac;
    fc_race_value share_frac; /* of the time, that trains */
    fc_race_value usd_per_chip_h;
    fc_race_value contract_days;
    fc_race_value power_days;
    fc_race_value accepted_days;
} fc_lot;

typedef struct fc_race_programme {
    char name[FC_NAME_SIZE];
    char title[FC_TEXT_SIZE];
    int32_t start_day;
    fc_race_value algorithmic_progress; /* a factor a year, 1 or more */
    fc_race_value spent_flop;           /* effective, before the start */
    fc_race_value run_days;             /* a model holds the compute of its last run alone, where level is run */
    fc_race_value post_training_days;
    fc_race_value release_days;
    uint32_t lots_count;
    fc_lot lots[FC_MAX_LOTS];
} fc_race_programme;

typedef enum fc_race_measure {
    FC_RACE_CUMULATIVE = 0, /* all compute since the start */
    FC_RACE_RUN             /* that of the last `run` days */
} fc_race_measure;

typedef struct fc_race_study {
    char name[FC_NAME_SIZE];
    int32_t start_day;   /* algorithmic progress is 1 on it */
    int32_t as_of_day;   /* levels are compared from here on */
    int32_t by_day;      /* the probability is asked for this day */
    int32_t horizon_day; /* later is never */
    uint32_t dtype;      /* fc_dtype of the peaks */
    uint32_t measure;    /* fc_race_measure */
    uint32_t counted;    /* fc_lot_status: the least that counts */
    uint32_t leader;     /* index; FC_MAX_PROGRAMMES: the one ahead as of as_of_day, at mid values */
    uint64_t seed;
    uint32_t draws_count;
    uint32_t programmes_count;
    fc_race_programme *programmes; /* owned by whoever made the study */
    uint8_t has_wait;
    fc_race_programme *wait; /* two of one lot each, the same money: start now, wait for the next chip */
} fc_race_study;

/* A day that may never come. */
typedef struct fc_race_day {
    double day;
    uint8_t never; /* not within the horizon: `day` is the horizon */
} fc_race_day;

typedef struct fc_race_dates {
    fc_race_day p10;
    fc_race_day p50;
    fc_race_day p90;
    double already_frac; /* of draws, that are level as of as_of_day */
    double within_frac;  /* of draws, that reach it within the horizon */
    double by_frac;      /* … by the asked day */
} fc_race_dates;

typedef struct fc_race_point {
    double day;
    fc_range level_flop[FC_MAX_PROGRAMMES];
} fc_race_point;

typedef struct fc_race_side {
    double chips_count[FC_LOT_STATUS_COUNT]; /* in its lots of that status, at mid values, before `arrives` */
    fc_range working_count;                  /* chips that work on the asked day, of the counted lots */
    fc_range useful_flop_per_s;              /* physical, on the asked day */
    fc_range level_flop;                     /* on the asked day */
    fc_range cost_usd;                       /* of the training share up to the asked day; 0 where unpriced */
    uint8_t priced;
} fc_race_side;

typedef struct fc_race_chase {
    uint32_t chaser;
    uint8_t already;        /* at mid values level as of as_of_day */
    fc_range ratio;         /* its level over the leader's on the asked day */
    fc_race_dates compute;  /* its compute reaches the leader's */
    fc_race_dates released; /* its released model reaches the leader's released one */
} fc_race_chase;

/* One input of the first chaser, changed alone, all others at mid. */
typedef struct fc_race_change {
    const char *input;
    double factor;     /* on the input, that brings the day a quarter forward; of a never: into the horizon */
    uint8_t reachable; /* inside what the input can be */
} fc_race_change;

typedef struct fc_race_result {
    uint32_t leader;
    uint32_t chases_count;
    fc_race_chase chases[FC_MAX_PROGRAMMES];
    fc_race_side sides[FC_MAX_PROGRAMMES];
    uint32_t points_count;
    fc_race_point points[FC_MAX_RACE_POINTS]; /* quarter ends up to the horizon, thinned out where they are many */
    fc_race_day mid_day;                      /* of the first chaser, all inputs at mid */
    fc_race_day announced_day;                /* the same were announced lots counted for all */
    uint32_t changes_count;
    fc_race_change changes[FC_MAX_RACE_CHANGES];
    fc_race_dates wait; /* when waiting overtakes starting now */
} fc_race_result;

/* Runs the race. FC_BAD_INPUT where there are not 2 to FC_MAX_PROGRAMMES programmes, or the days are out of order. */
fc_status fc_race_run(fc_race_result *out, const fc_race_study *study, fc_arena *arena, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
