/* scale.h: one study at many numbers of chips: what each point gives, where the knee is, and what lies behind it.
 *
 * docs/scaling.md tells how to read the answer; docs/formulas.md has the formulas.
 */
#ifndef FLOPCAST_SCALE_H
#define FLOPCAST_SCALE_H

#include "base.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_SCALE_MOST_POINTS 64
#define FC_SCALE_MOST_LEVERS 8
/* Of cluster.chips. */
#define FC_SCALE_MOST_CHIPS 1e9

typedef enum fc_scale_mode {
    FC_SCALE_TIME_TO_TRAIN = 0, /* the loss is kept, the batch is the best one for each number of chips */
    FC_SCALE_STRONG,            /* the batch is kept */
    FC_SCALE_WEAK,              /* sequences a chip are kept */
    FC_SCALE_MODE_COUNT
} fc_scale_mode;

typedef enum fc_batch_law_form {
    FC_BATCH_LAW_TOKENS = 0, /* a power of the tokens trained on */
    FC_BATCH_LAW_LOSS,       /* a power of the loss */
    FC_BATCH_LAW_FORM_COUNT
} fc_batch_law_form;

/* One entry of data/batch_laws.yaml: the critical batch (hd/scale.h). */
typedef struct fc_batch_law {
    char name[FC_NAME_SIZE];
    char source[FC_TEXT_SIZE];
    uint32_t form; /* fc_batch_law_form */
    double batch_tokens;
    double reference_tokens; /* of the tokens' law */
    double exponent;
    double overhead_frac; /* of the tokens' law: what batch_tokens is defined by */
    double loss_e;        /* Chinchilla's law, of the loss's law */
    double loss_a;
    double loss_b;
    double loss_alpha;
    double loss_beta;
} fc_batch_law;

typedef struct fc_scale_question {
    const fc_study *study; /* checked */
    uint32_t mode;         /* fc_scale_mode */
    fc_batch_law law;
    double knee_gain;         /* the knee: from there on every doubling makes it less than this many times faster */
    uint8_t keep_plan;        /* what the study's plan gives stays, but for dp and batch; else all of it is chosen */
    uint8_t storage_per_chip; /* storage grows with the chips */
    uint32_t listed_count;    /* chips: exactly these, rising; 0: a range */
    double listed[FC_SCALE_MOST_POINTS];
    double low_chips;  /* of a range; 0: the fewest that fit */
    double high_chips; /* 0: until two doublings in a row gain under a twentieth each */
} fc_scale_question;

/* What chips spend their time on: the causes of a step (fc_step_cause) but for latency, which is told apart, and what lies
 * around the steps. */
typedef enum fc_scale_cause {
    FC_SCALE_LATENCY = FC_STEP_CAUSE_COUNT, /* kernel gaps, the host, and steps of collectives, out of all causes */
    FC_SCALE_IDLE,                          /* chips held and not used */
    FC_SCALE_BATCH,                         /* tokens that only the larger batch needs */
    FC_SCALE_FAILURES,                      /* restarts, lost work, checkpoints, planned stops */
    FC_SCALE_CAUSE_COUNT
} fc_scale_cause;

typedef struct fc_scale_point {
    double chips_count; /* held */
    fc_point at;        /* every input at its middle */
    fc_range days;      /* over the ranges of the inputs; 0 where the run may never finish */
    fc_range chip_h;
    fc_range goodput_frac;
    fc_range total_usd;
    fc_range energy_mwh;
    uint32_t beyond_count;  /* axes beyond every published run: two or more is an extrapolation */
    uint8_t endless;        /* the run may never finish: days and what follows from them are not known */
    double tokens_count;    /* of the whole run */
    double speedup;         /* over the first point: of days in time to train, else of tokens/s */
    double efficiency_frac; /* speed-up over chips */
    double doubling_gain;   /* from the point before, as if the chips had doubled; 0 for the first */
    double cause_chip_s[FC_SCALE_CAUSE_COUNT]; /* chip-seconds a useful token; 0 for what the mode leaves out */
    double chip_s;                             /* their sum */
    uint32_t biggest_loss;                     /* fc_scale_cause; anything but matmuls and attention */
    double plans_tried_count;
} fc_scale_point;

/* Share of what is lost between the knee and the next point; what shrinks counts as 0. */
typedef struct fc_scale_knee {
    uint8_t found;
    uint32_t point;   /* index; the next one is beyond it */
    double next_gain; /* doubling_gain of the next point */
    double lost_frac; /* of a chip-second's worth, from the knee to the next point */
    double cause_frac[FC_SCALE_CAUSE_COUNT];
} fc_scale_knee;

/* However many chips there are. */
typedef struct fc_scale_wall {
    uint8_t known;      /* the cluster tells of a network for any number of chips */
    double step_time_s; /* the study's batch, by the step model */
    double floor_s;     /* the same from launches and one all-reduce alone (hd/scale.h) */
    double days;        /* the shortest run without any failure, in time to train at the best batch */
    double steps_count; /* in time to train: fewer do not reach the loss at any batch; else of the run */
} fc_scale_wall;

/* One input changed, the point beyond the knee (else the last one) worked out anew. */
typedef struct fc_scale_lever {
    char change[FC_NAME_SIZE]; /* "network between nodes x 2" */
    double gain;               /* speed after / before */
} fc_scale_lever;

typedef struct fc_scale_curve {
    double batch_count; /* the study's, sequences */
    double critical_batch_tokens;
    double least_tokens_count; /* for the same loss at a vanishing batch */
    uint32_t points_count;
    fc_scale_point *points;   /* rising chips, in the arena */
    double unfit_chips_count; /* the most chips with which no plan fits; 0: none was looked at */
    char unfit_reason[384];
    uint32_t skipped_count; /* later numbers of chips over which the batch does not split */
    fc_scale_knee knee;
    fc_scale_wall wall;
    double lever_chips_count; /* where levers were weighed */
    uint32_t levers_count;
    fc_scale_lever levers[FC_SCALE_MOST_LEVERS]; /* the most effective first */
    double plans_tried_count;
} fc_scale_curve;

/* The default question about a study. */
fc_scale_question fc_scale_question_of(const fc_study *study);

/* The curve. FC_INFEASIBLE when no number of chips fits, FC_BAD_INPUT for a question that makes no sense. What varies in
 * size comes from `arena`. */
fc_status fc_scale(fc_scale_curve *out, const fc_scale_question *question, fc_arena *arena, fc_error *error);

/* Critical batch in tokens of a run of `tokens` with `params` active parameters. */
double fc_batch_law_critical(const fc_batch_law *law, double params, double tokens);

/* "matmul", …, "latency", "idle_chips", "batch", "failures". Never NULL below the COUNT. */
const char *fc_scale_cause_name(fc_scale_cause cause);
/* "time-to-train", "strong", "weak". */
const char *fc_scale_mode_name(fc_scale_mode mode);

#ifdef __cplusplus
}
#endif
#endif
