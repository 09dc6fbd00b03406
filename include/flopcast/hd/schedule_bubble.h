/* schedule_bubble.h: seconds of a pipeline under the schedules that fill the bubble: ZB-H1 and DualPipe.
 *
 * ZB-H1 (Qi et al. 2401.10241, section 2.2): rank r does weight gradients r micro-batches late. The path is a walk as in
 * hd/schedule_1f1b.h, with a weight gradient only where it turns from a backward to a forward, and on rank r only after its
 * first r micro-batches. Even stages: m·(f + b + w) + (p - 1)·(f + b - w) for m >= p, as the paper's table 1 has it.
 *
 * DualPipe (DeepSeek-V3 2412.19437, table 2): the bubble is (p/2 - 1)·(F&B + B - 3W) with B both gradients, when forward,
 * input and weight gradient take equally long. In DeepSeek's published order of work it depends on which of forward and
 * input gradient is longer; both forms are below.
 */
#ifndef FLOPCAST_HD_SCHEDULE_BUBBLE_H
#define FLOPCAST_HD_SCHEDULE_BUBBLE_H

#include "schedule_1f1b.h"

/* A stage's seconds without its weight gradients. */
FC_HD double fc_hd_stage_bare_s(const fc_hd_stage_s *stage) {
    return stage->forward_s + stage->backward_s - stage->weight_s;
}

/* Parts of ZB-H1's walks. */
typedef struct fc_hd_zero_bubble {
    double first_s; /* bare passes */
    double inner_s;
    double last_s;
    double visit_s;   /* an inner stage on the way: its bare pass and two delays */
    double through_s; /* one micro-batch, alone */
    double late_s;    /* micro-batches whose weight gradients the last stage does in time */
    double end_s;     /* gained when the walk ends with what the last stage put off, and not with the climb */
    double skip_s;    /* gained when the walk begins or ends without the last stage, as under 1F1B */
} fc_hd_zero_bubble;

FC_HD fc_hd_zero_bubble fc_hd_zero_bubble_parts(const fc_hd_flow *flow) {
    double p = flow->stages;
    double m = flow->micro_batches;
    fc_hd_zero_bubble z;
    z.first_s = fc_hd_stage_bare_s(&flow->first);
    z.inner_s = fc_hd_stage_bare_s(&flow->inner);
    z.last_s = fc_hd_stage_bare_s(&flow->last);
    z.visit_s = z.inner_s + 2.0 * flow->delay_s;
    z.late_s = fc_hd_max(0.0, m - p);
    z.through_s = z.first_s + flow->first.weight_s + (p - 2.0) * z.visit_s + 2.0 * flow->delay_s + z.last_s;
    double climb_s = flow->first.backward_s + (p - 2.0) * (flow->inner.backward_s - flow->inner.weight_s) +
                     (p - 1.0) * flow->delay_s;
    z.end_s = fc_hd_max(0.0, fc_hd_min(p, m) * flow->last.weight_s - climb_s);
    double forward_s = fc_hd_max(flow->inner.forward_s, flow->first.forward_s);
    double backward_s = fc_hd_max(flow->inner.backward_s, flow->first.backward_s);
    double last_s = z.last_s + 2.0 * flow->delay_s;
    z.skip_s = fc_hd_max(0.0, forward_s - last_s) + fc_hd_max(z.end_s, backward_s - last_s);
    return z;
}

/* Walks that stay on an inner stage. At least three stages and micro-batches. */
FC_HD double fc_hd_zero_bubble_inner_s(const fc_hd_flow *flow, const fc_hd_zero_bubble *z) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double stage = fc_hd_max(1.0, p + 1.0 - m);
    double best_s = z->through_s + (m - 2.0) * z->inner_s + z->last_s + 2.0 * flow->delay_s * (p - 1.0 - stage) +
                    z->late_s * flow->inner.weight_s + z->skip_s;
    if (m >= p + 3.0) { /* once through all stages more, then on the last but one */
        double late_s = (m - p - 3.0) * (z->inner_s + flow->inner.weight_s) + z->visit_s + z->last_s;
        best_s = fc_hd_max(best_s, 2.0 * z->through_s + late_s + flow->inner.weight_s + z->skip_s);
    }
    return best_s;
}

/* Walks that go through many stages again and again: where two delays are longer than a weight gradient. */
FC_HD double fc_hd_zero_bubble_delayed_s(const fc_hd_flow *flow, const fc_hd_zero_bubble *z) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double two_s = 2.0 * flow->delay_s;
    fc_hd_walk w = {z->last_s + flow->inner.weight_s - z->visit_s,
                    z->first_s + flow->first.weight_s - z->visit_s,
                    z->through_s - p * z->visit_s,
                    flow->inner.weight_s - two_s,
                    p <= m ? p - 2.0 : m - 1.0,
                    p <= m ? 1.0 : 0.0};
    if (m <= 1.0 || w.inner_s >= 0.0 || w.last_s > 0.0 || w.first_s > 0.0) {
        return FC_HD_NO_WALK_S;
    }
    return z->through_s + (m - 1.0) * z->visit_s + fc_hd_walk_to_last_s(&w, m - 1.0);
}

/* Seconds of all micro-batches under ZB-H1. Exact for even stages without delays and w <= b. Else up to 3 % short, and
 * within 1 % where ends differ by up to half of a pass, w is at most b and f, and a delay at most w/4. */
FC_HD double fc_hd_zero_bubble_s(const fc_hd_flow *flow) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double first_s = fc_hd_stage_sum_s(&flow->first);
    double last_s = fc_hd_stage_sum_s(&flow->last);
    if (p <= 1.0) {
        return m * (first_s + last_s - fc_hd_stage_sum_s(&flow->inner));
    }
    fc_hd_zero_bubble z = fc_hd_zero_bubble_parts(flow);
    double best_s = z.through_s + (m - 1.0) * z.last_s + z.late_s * flow->last.weight_s + z.end_s;
    if (m >= p) { /* up to the second stage and down again, then on the last */
        best_s = fc_hd_max(best_s, z.through_s + (p - 2.0) * z.visit_s + z.last_s + z.late_s * last_s + z.end_s);
    }
    if (m > p) { /* up to the first stage and down again, then on the last or the first */
        double again_s = (m - 1.0 - p) * fc_hd_max(last_s, first_s);
        best_s = fc_hd_max(best_s, 2.0 * z.through_s + again_s + z.end_s);
    }
    if (p > 2.0 && m >= 3.0) {
        best_s = fc_hd_max(best_s, fc_hd_zero_bubble_inner_s(flow, &z));
    }
    best_s = fc_hd_max(best_s, fc_hd_zero_bubble_delayed_s(flow, &z));
    double ahead = fc_hd_min(p, m) - 1.0;
    double begin_s = ahead * fc_hd_max(flow->first.forward_s, flow->first.backward_s);
    best_s = fc_hd_max(best_s, z.through_s + begin_s + z.late_s * first_s);
    return fc_hd_max(best_s, m * first_s);
}

/* Seconds of all micro-batches of both directions under DualPipe: an even number of stages, micro-batches even and at least
 * twice as many. Exact for even stages without delays; within 1 % with short delays; else a guide (docs/formulas.md has the
 * errors): ends count with half of the micro-batches each, since both lie on the outermost ranks. */
FC_HD double fc_hd_dualpipe_s(const fc_hd_flow *flow, double pair_frac) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double outer = p / 2.0 - 1.0; /* ranks between the middle and an end */
    double f = flow->inner.forward_s;
    double w = flow->inner.weight_s;
    double b = flow->inner.backward_s - w;
    double pass_s = fc_hd_stage_sum_s(&flow->inner);
    double ends_s = fc_hd_stage_sum_s(&flow->first) + fc_hd_stage_sum_s(&flow->last) - 2.0 * pass_s;
    double fill_s = outer * (2.0 * f + b - w);
    if (outer > 0.0) {
        fill_s = fc_hd_max(fill_s, (outer - 1.0) * f + 2.0 * outer * b - outer * w);
    }
    double waits = outer > 0.0 ? fc_hd_ceil(0.75 * m) + 2.0 * p - 5.0 : m / 2.0 + 1.0;
    double gain_s = (1.0 - pair_frac) * (m - p / 2.0 - 2.0) * pass_s;
    double even_s = m * pass_s + fill_s + waits * flow->delay_s - gain_s;
    if (outer <= 0.0) {
        return even_s + (0.5 * m - (1.0 - pair_frac) * (0.5 * m - 1.5)) * ends_s;
    }
    double seen = ends_s > 0.0 ? m / 2.0 - p + 1.0 : 1.0; /* micro-batches whose ends the path sees */
    double ends_gain_s = (1.0 - pair_frac) * (0.5 * m - 0.75 * p + 0.5) * ends_s;
    double busy_s = m * pass_s + 0.5 * m * ends_s - gain_s - ends_gain_s + 0.5 * outer * (f + b - w);
    return fc_hd_max(even_s + seen * ends_s, busy_s);
}

#endif
