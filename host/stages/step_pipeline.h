/* step_pipeline.h: the stages of a step and their schedule. Shared by the files that make up the step. */
#ifndef FLOPCAST_HOST_STAGES_STEP_PIPELINE_H
#define FLOPCAST_HOST_STAGES_STEP_PIPELINE_H

#include "flopcast/hd/schedule.h"
#include "step_traffic.h"

/* One micro-batch on one stage, or what an end of the model adds to its stage. */
typedef struct fc_step_stage {
    double class_s[FC_OP_CLASS_COUNT];
    double forward_s; /* of all classes; the rest of their sum is backward */
    double launch_s;
    double touch_s;
    double recompute_s;
} fc_step_stage;

/* Forward and backward seconds of one micro-batch. */
typedef struct fc_step_two_way {
    double forward_s;
    double backward_s;
} fc_step_two_way;

/* `share` of a part's sums; nothing recomputed. */
fc_step_stage fc_step_stage_of(const fc_step_part *part, double share);
/* Everything on a stage, both ways. */
double fc_step_stage_s(const fc_step_stage *stage);
/* What the chip needs, traffic that shows included; half of that is forward. */
fc_step_two_way fc_step_chip_s(const fc_step_stage *stage, double links_s);

/* The whole pipeline: `layers` the fullest stage's, `pass` what one micro-batch takes there with the host's waits, `ends`
 * what embedding and logits add. */
fc_hd_pipeline_time fc_step_pipeline(const fc_step_machine *on, const fc_step_stage *layers, fc_step_two_way pass,
                                     const fc_step_stage ends[2], const fc_step_links *link);

#endif
