/* hd/step_pipeline.h: the stages of a step, and how long the pipeline of them takes (schedule.h). */
#ifndef FLOPCAST_HD_STEP_PIPELINE_H
#define FLOPCAST_HD_STEP_PIPELINE_H

#include "schedule.h"
#include "shard.h"
#include "step_machine.h"

#include <stdbool.h>
#include <string.h>

/* `share` of a part's sums; nothing recomputed. */
FC_HD fc_step_stage fc_step_stage_of(const fc_step_part *part, double share) {
    fc_step_stage stage;
    memset(&stage, 0, sizeof stage);
    for (int i = 0; i < FC_OP_CLASS_COUNT; ++i) {
        stage.class_s[i] = share * part->class_s[i];
    }
    stage.forward_s = share * part->forward_s;
    stage.launch_s = share * part->launch_s;
    stage.touch_s = share * part->touch_s;
    return stage;
}

/* Everything on a stage, both ways. */
FC_HD double fc_step_stage_s(const fc_step_stage *stage) {
    double total_s = stage->launch_s + stage->touch_s + stage->recompute_s;
    for (int i = 0; i < FC_OP_CLASS_COUNT; ++i) {
        total_s += stage->class_s[i];
    }
    return total_s;
}

/* What the chip needs, traffic that shows included; half of that is forward. */
FC_HD fc_step_two_way fc_step_chip_s(const fc_step_stage *stage, double links_s) {
    double forward_s = stage->forward_s + stage->launch_s / 3.0 + links_s / 2.0;
    return fc_step_ways(forward_s, fc_step_stage_s(stage) + links_s - forward_s);
}

/* What an end of the model makes its stage take longer, or shorter where that stage has a layer less. */
FC_HD fc_hd_pass fc_step_end_pass(const fc_step_stage *end, double links_s, fc_step_two_way pass, double spared_frac) {
    fc_step_two_way more = fc_step_chip_s(end, links_s);
    double weight_s = end->class_s[FC_OP_MATMUL] / 3.0;
    fc_hd_pass out = {more.forward_s - spared_frac * pass.forward_s,
                      more.backward_s - weight_s - spared_frac * pass.backward_s, weight_s};
    return out;
}

/* The pipeline as its schedule sees it. A weight gradient is a third of a matmul's three products. Where the backward pass
 * waits, for its host or for traffic that finds too little work to hide behind, half of that is theirs: a layer's backward has
 * as many products of either kind. `busy_backward_s` is the pass without these waits. */
FC_HD fc_hd_pipeline fc_step_describe_pipeline(const fc_step_machine *on, const fc_step_stage *layers,
                                               fc_step_two_way pass, double busy_backward_s,
                                               const fc_step_stage ends[2], const fc_step_links *link) {
    const fc_plan *plan = on->plan;
    double layers_count = on->ops->layers_count;
    double spared_frac = 1.0 - fc_shard_end_share(plan, layers_count) / fc_shard_stage_share(plan, layers_count);
    double waits_s = fc_hd_max(0.0, pass.backward_s - busy_backward_s);
    double weight_s = layers->class_s[FC_OP_MATMUL] / 3.0 + 0.5 * waits_s;
    double end_links_s = plan->pp > 1 ? link->ends_s : link->ends_s / 2.0;
    fc_hd_pipeline pipe = fc_shard_pipeline(plan);
    pipe.stage.forward_s = pass.forward_s;
    pipe.stage.input_s = pass.backward_s - weight_s;
    pipe.stage.weight_s = weight_s;
    pipe.first = fc_step_end_pass(&ends[0], end_links_s, pass, spared_frac);
    pipe.last = fc_step_end_pass(&ends[1], end_links_s, pass, spared_frac);
    pipe.send_s = link->send_s;
    pipe.blocked_frac = 1.0 - on->stack->pp_overlap_frac;
    return pipe;
}

/* Of two interleaved stages the form is off by up to 3 %, more where an end is shorter than other chunks, and not always the
 * way that the work goes (hd/schedule_interleaved.h). */
FC_HD bool fc_step_form_holds(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    bool two = schedule == FC_SCHEDULE_INTERLEAVED && pipe->stages == 2 && pipe->chunks > 1;
    return fc_hd_pipeline_fits(schedule, pipe) && !two;
}

/* Where a schedule's form does not hold for these counts (interleaving wants whole groups of micro-batches), the pipeline
 * fills and drains by chunks: one chunk's pass and its sends for each of the other stages. */
FC_HD fc_hd_pipeline_time fc_step_time_pipeline(const fc_step_machine *on, const fc_hd_pipeline *pipe) {
    fc_schedule schedule = fc_shard_schedule(on->plan, on->stack);
    fc_hd_pipeline_time out = {0.0, 0.0, 0.0, 0.0};
    if (pipe->stages == 1) {
        out.busy_s = fc_hd_pipeline_busy_s(FC_SCHEDULE_1F1B, pipe);
        out.total_s = out.busy_s;
        return out;
    }
    if (fc_step_form_holds(schedule, pipe)) {
        return fc_hd_pipeline_parts(schedule, pipe);
    }
    double pass_s = pipe->stage.forward_s + pipe->stage.input_s + pipe->stage.weight_s;
    double shows_s = 2.0 * pipe->blocked_frac * pipe->send_s;
    out.busy_s = fc_hd_pipeline_busy_s(FC_SCHEDULE_1F1B, pipe);
    out.bubble_s = (pipe->stages - 1.0) * pass_s / pipe->chunks;
    out.send_s = shows_s * (pipe->micro_batches * (double)pipe->chunks + pipe->stages - 1.0);
    out.total_s = out.busy_s + out.bubble_s + out.send_s;
    return out;
}

/* The whole pipeline: `layers` the fullest stage's, `pass` what one micro-batch takes there with the host's waits, `ends`
 * what embedding and logits add. */
FC_HD fc_hd_pipeline_time fc_step_pipeline(const fc_step_machine *on, const fc_step_stage *layers, fc_step_two_way pass,
                                           double busy_backward_s, const fc_step_stage ends[2],
                                           const fc_step_links *link) {
    fc_hd_pipeline pipe = fc_step_describe_pipeline(on, layers, pass, busy_backward_s, ends, link);
    return fc_step_time_pipeline(on, &pipe);
}

#endif
