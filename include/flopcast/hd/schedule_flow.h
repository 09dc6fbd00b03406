/* schedule_flow.h: what the closed forms of a pipeline's schedules are asked about (hd/schedule.h has the answers).
 *
 * A pipeline has `stages` ranks in a row. A forward goes down, a backward comes up. Stages are alike, except that the
 * first and the last may take longer or shorter. Units: seconds.
 */
#ifndef FLOPCAST_HD_SCHEDULE_FLOW_H
#define FLOPCAST_HD_SCHEDULE_FLOW_H

#include "hd.h"

typedef enum fc_schedule {
    FC_SCHEDULE_GPIPE = 0,   /* all forwards, then all backwards (Huang et al. 1811.06965) */
    FC_SCHEDULE_1F1B,        /* one forward, one backward (Narayanan et al. 2104.04473, also called PipeDream-Flush) */
    FC_SCHEDULE_INTERLEAVED, /* 1F1B over several chunks of layers a stage (the same paper, section 2.2) */
    FC_SCHEDULE_ZERO_BUBBLE, /* ZB-H1: weight gradients wait for the end (Qi et al. 2401.10241) */
    FC_SCHEDULE_DUALPIPE,    /* both directions at once, two copies of the weights (DeepSeek-V3 2412.19437) */
    FC_SCHEDULE_COUNT
} fc_schedule;

/* Seconds of one micro-batch on one stage, all its chunks together. */
typedef struct fc_hd_pass {
    double forward_s;
    double input_s;  /* of the backward pass: the gradient of the stage's input, which the stage before waits for */
    double weight_s; /* of the backward pass: the gradients of the weights, which nobody waits for */
} fc_hd_pass;

typedef struct fc_hd_pipeline {
    int32_t stages;        /* ranks in a row, at least 1 */
    int32_t chunks;        /* a rank's, at least 1; read by the interleaved schedule alone */
    int32_t micro_batches; /* of one step, at least 1; both directions together under DualPipe */
    fc_hd_pass stage;      /* of an ordinary stage */
    fc_hd_pass first;      /* what the first stage takes longer (embedding) or, below 0, shorter (fewer layers) */
    fc_hd_pass last;       /* what the last stage takes longer (head, loss) or shorter */
    double send_s;         /* of one message between neighbours, one chunk of one micro-batch */
    double blocked_frac;   /* share of a send during which its sender computes nothing; 0 asynchronous, 1 blocking */
    double pair_frac;      /* DualPipe: time of a forward and a backward together, of one after the other; 0: 1 */
} fc_hd_pipeline;

/* Seconds as the order of work sees them: blocked sends belong to the work, the rest of a send is a delay. */
typedef struct fc_hd_stage_s {
    double forward_s;
    double backward_s; /* both gradients */
    double weight_s;   /* the part of backward_s that can be put off */
} fc_hd_stage_s;

/* The same question as the closed forms read it. */
typedef struct fc_hd_flow {
    int32_t stages;
    int32_t chunks;
    int32_t micro_batches;
    fc_hd_stage_s inner; /* an ordinary stage, or an ordinary chunk of one */
    fc_hd_stage_s first; /* the first stage or chunk, all of it */
    fc_hd_stage_s last;
    double delay_s; /* from the end of work to its result's arrival */
} fc_hd_flow;

FC_HD double fc_hd_stage_sum_s(const fc_hd_stage_s *stage) { return stage->forward_s + stage->backward_s; }

#endif
