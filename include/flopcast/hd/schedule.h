/* schedule.h: seconds of a pipeline's step by its schedule, in closed form: one call, no loop over micro-batches.
 *
 * What a search asks millions of times. It is tested against fc_schedule_play (schedule.h), which plays the same step event
 * by event and shares no formula with it. A pass is one micro-batch on one stage, a bubble the time in which the stage that
 * works longest does nothing and does not wait for a send.
 */
#ifndef FLOPCAST_HD_SCHEDULE_H
#define FLOPCAST_HD_SCHEDULE_H

#include "schedule_1f1b.h"
#include "schedule_bubble.h"
#include "schedule_flow.h"
#include "schedule_interleaved.h"

/* The three add up to total_s. All in seconds, all at least 0. */
typedef struct fc_hd_pipeline_time {
    double total_s;
    double busy_s;   /* the longest that any stage computes */
    double bubble_s; /* would be left if sends took no time */
    double send_s;   /* what sends add */
} fc_hd_pipeline_time;

/* Whether a schedule can run this many of each: 1 or 0. Interleaving wants whole groups of as many micro-batches as there
 * are stages, as Megatron-LM does (anything goes with one chunk, which is 1F1B); DualPipe an even number of stages and of
 * micro-batches, at least twice the stages, as DeepSeek's code does. */
FC_HD int fc_hd_pipeline_fits(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    if (pipe->stages < 1 || pipe->chunks < 1 || pipe->micro_batches < 1) {
        return 0;
    }
    if (schedule == FC_SCHEDULE_INTERLEAVED && pipe->chunks > 1) {
        return pipe->micro_batches % pipe->stages == 0;
    }
    if (schedule == FC_SCHEDULE_DUALPIPE) {
        return pipe->stages % 2 == 0 && pipe->micro_batches % 2 == 0 && pipe->micro_batches / 2 >= pipe->stages;
    }
    return 1;
}

/* Micro-batches whose activations rank `stage` (from 0) holds at once, a chunk counting 1/chunks. 1F1B and interleaved:
 * Narayanan et al. 2104.04473; ZB-H1: what rank 0 holds under 1F1B, on all ranks (2401.10241, section 2.2), a weight gradient
 * that was put off holding its micro-batch; DualPipe: stages + 1 (2412.19437, table 2), of both directions together. */
FC_HD double fc_hd_in_flight(fc_schedule schedule, const fc_hd_pipeline *pipe, int32_t stage) {
    double p = pipe->stages;
    double m = pipe->micro_batches;
    double after = p - 1.0 - stage;
    switch (schedule) {
    case FC_SCHEDULE_GPIPE:
        return m;
    case FC_SCHEDULE_INTERLEAVED:
        if (pipe->chunks > 1) {
            double chunks = pipe->chunks;
            return fc_hd_min(m * chunks, 2.0 * after + (chunks - 1.0) * p + 1.0) / chunks;
        }
        return fc_hd_min(m, after + 1.0);
    case FC_SCHEDULE_ZERO_BUBBLE:
        return fc_hd_min(m, p);
    case FC_SCHEDULE_DUALPIPE:
        return fc_hd_min(m, p + 1.0);
    default:
        return fc_hd_min(m, after + 1.0);
    }
}

/* A pass of an end: the ordinary one, what it takes longer, and the sends that block it. */
FC_HD fc_hd_stage_s fc_hd_flow_stage(const fc_hd_stage_s *inner, const fc_hd_pass *more, double forward_send_s,
                                     double backward_send_s) {
    fc_hd_stage_s out;
    out.forward_s = inner->forward_s + more->forward_s + forward_send_s;
    out.backward_s = inner->backward_s + more->input_s + more->weight_s + backward_send_s;
    out.weight_s = inner->weight_s + more->weight_s;
    return out;
}

/* The pipeline as the closed forms read it, with sends that take `send_s`. */
FC_HD fc_hd_flow fc_hd_flow_of(fc_schedule schedule, const fc_hd_pipeline *pipe, double send_s) {
    fc_hd_flow flow;
    flow.stages = pipe->stages;
    flow.micro_batches = pipe->micro_batches;
    flow.chunks = schedule == FC_SCHEDULE_INTERLEAVED ? pipe->chunks : 1;
    double each = 1.0 / (double)flow.chunks;
    double sends_s = pipe->stages > 1 ? send_s : 0.0; /* a rank sends nothing to itself */
    double blocks_s = pipe->blocked_frac * sends_s;
    fc_hd_stage_s inner = {pipe->stage.forward_s * each, (pipe->stage.input_s + pipe->stage.weight_s) * each,
                           pipe->stage.weight_s * each};
    fc_hd_pass nothing = {0.0, 0.0, 0.0};
    flow.first = fc_hd_flow_stage(&inner, &pipe->first, blocks_s, 0.0);
    flow.last = fc_hd_flow_stage(&inner, &pipe->last, 0.0, blocks_s);
    flow.inner = fc_hd_flow_stage(&inner, &nothing, blocks_s, blocks_s);
    flow.delay_s = sends_s - blocks_s;
    return flow;
}

/* All forwards, then all backwards: each half waits for its slowest stage once a micro-batch. */
FC_HD double fc_hd_gpipe_s(const fc_hd_flow *flow) {
    double p = flow->stages;
    double m = flow->micro_batches;
    if (p <= 1.0) {
        double once_s = fc_hd_stage_sum_s(&flow->first) + fc_hd_stage_sum_s(&flow->last);
        return m * (once_s - fc_hd_stage_sum_s(&flow->inner));
    }
    double forward_s = fc_hd_max(flow->first.forward_s, flow->last.forward_s);
    double backward_s = fc_hd_max(flow->first.backward_s, flow->last.backward_s);
    if (p > 2.0) {
        forward_s = fc_hd_max(forward_s, flow->inner.forward_s);
        backward_s = fc_hd_max(backward_s, flow->inner.backward_s);
    }
    double once_s =
        fc_hd_stage_sum_s(&flow->first) + fc_hd_stage_sum_s(&flow->last) + (p - 2.0) * fc_hd_stage_sum_s(&flow->inner);
    return once_s + (m - 1.0) * (forward_s + backward_s) + 2.0 * (p - 1.0) * flow->delay_s;
}

/* Seconds from the first forward to the last work of any stage, with sends of `send_s`. */
FC_HD double fc_hd_pipeline_sent_s(fc_schedule schedule, const fc_hd_pipeline *pipe, double send_s) {
    fc_hd_flow flow = fc_hd_flow_of(schedule, pipe, send_s);
    switch (schedule) {
    case FC_SCHEDULE_GPIPE:
        return fc_hd_gpipe_s(&flow);
    case FC_SCHEDULE_INTERLEAVED:
        return flow.chunks > 1 ? fc_hd_interleaved_s(&flow) : fc_hd_1f1b_s(&flow);
    case FC_SCHEDULE_ZERO_BUBBLE:
        return fc_hd_zero_bubble_s(&flow);
    case FC_SCHEDULE_DUALPIPE:
        return fc_hd_dualpipe_s(&flow, pipe->pair_frac > 0.0 ? pipe->pair_frac : 1.0);
    default:
        return fc_hd_1f1b_s(&flow);
    }
}

/* The same with the pipeline's own sends. Seconds at least 0, counts that fit (fc_hd_pipeline_fits), no end shorter than
 * nothing; how exact it is stands with each schedule's form. */
FC_HD double fc_hd_pipeline_s(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    return fc_hd_pipeline_sent_s(schedule, pipe, pipe->send_s);
}

/* The same of DualPipe's busiest rank. A rank `depth` from its end does m/2 - p + depth + 1 forwards of its own direction with
 * a backward of the other, and m/2 - p/2 the other way round; in the middle one fewer of the former. */
FC_HD double fc_hd_dualpipe_busy_s(const fc_hd_pipeline *pipe, double pass_s, double ends_s) {
    double p = pipe->stages;
    double m = pipe->micro_batches;
    double gain = pipe->pair_frac > 0.0 ? 1.0 - pipe->pair_frac : 0.0;
    double there = 0.5 * m - p + (p > 2.0 ? 1.0 : 0.0);
    double back = 0.5 * (m - p);
    double own_s = pipe->first.forward_s + pipe->last.input_s + pipe->last.weight_s;
    double outer_s =
        m * pass_s + 0.5 * m * ends_s - gain * (there * (pass_s + own_s) + back * (pass_s + ends_s - own_s));
    double more = p > 4.0 ? 1.0 : 0.0;
    return p > 2.0 ? fc_hd_max(outer_s, (m - gain * (there + back + more)) * pass_s) : outer_s;
}

/* Seconds that the stage which works longest computes. */
FC_HD double fc_hd_pipeline_busy_s(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    double m = pipe->micro_batches;
    double pass_s = pipe->stage.forward_s + pipe->stage.input_s + pipe->stage.weight_s;
    double first_s = pipe->first.forward_s + pipe->first.input_s + pipe->first.weight_s;
    double last_s = pipe->last.forward_s + pipe->last.input_s + pipe->last.weight_s;
    if (schedule == FC_SCHEDULE_DUALPIPE) {
        return fc_hd_dualpipe_busy_s(pipe, pass_s, first_s + last_s);
    }
    if (pipe->stages == 1) {
        return m * (pass_s + first_s + last_s);
    }
    double most_s = fc_hd_max(first_s, last_s);
    return m * (pass_s + (pipe->stages > 2 ? fc_hd_max(most_s, 0.0) : most_s));
}

/* The total and what it is made of. */
FC_HD fc_hd_pipeline_time fc_hd_pipeline_parts(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    fc_hd_pipeline_time out;
    double unsent_s = fc_hd_pipeline_sent_s(schedule, pipe, 0.0);
    out.busy_s = fc_hd_pipeline_busy_s(schedule, pipe);
    unsent_s = fc_hd_max(unsent_s, out.busy_s);
    out.total_s = pipe->send_s > 0.0 ? fc_hd_max(unsent_s, fc_hd_pipeline_s(schedule, pipe)) : unsent_s;
    out.bubble_s = unsent_s - out.busy_s;
    out.send_s = out.total_s - unsent_s;
    return out;
}

#endif
