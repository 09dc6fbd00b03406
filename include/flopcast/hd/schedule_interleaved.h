/* schedule_interleaved.h: seconds of a pipeline whose ranks hold several chunks of layers each.
 *
 * Narayanan et al. 2104.04473, section 2.2, in Megatron-LM's order: a rank r steps before the last is 2·r + (chunks - 1) ·
 * stages forwards ahead. The path is a walk as in hd/schedule_1f1b.h; here each visit is one chunk's, a turn costs forward
 * and backward, and all other moves (a step down or up, a wrap to the next chunk) cost one of them and a delay. Steps down
 * or up are dearer than turns only in delays, so the path goes straight down, stays on a rank, and goes straight up. The
 * chunks that take longer come round once a group of as many micro-batches as there are stages, the first rank's and the
 * last rank's at the same time: for each group the walk chooses one of them, or an inner rank where both are shorter.
 */
#ifndef FLOPCAST_HD_SCHEDULE_INTERLEAVED_H
#define FLOPCAST_HD_SCHEDULE_INTERLEAVED_H

#include "schedule_1f1b.h"

/* Where the walk is while a group passes. */
typedef struct fc_hd_spots {
    double last_s;
    double first_s;
    double inner_s;
} fc_hd_spots;

/* The best way to be at each of three spots in the middle, from `begin`, when going from one to another costs: `to_last_s`
 * first to last, `to_first_s` last to first, and between them and the inner ranks. */
FC_HD fc_hd_spots fc_hd_spots_from(const fc_hd_spots *begin, double to_first_s, double to_last_s, double rise_s,
                                   double sink_s) {
    fc_hd_spots out;
    out.first_s = fc_hd_max(begin->first_s, fc_hd_max(begin->last_s + to_first_s, begin->inner_s + rise_s));
    out.last_s = fc_hd_max(begin->last_s, fc_hd_max(begin->first_s + to_last_s, begin->inner_s + to_first_s));
    out.inner_s = fc_hd_max(begin->inner_s, fc_hd_max(begin->first_s + sink_s, begin->last_s + to_last_s));
    return out;
}

/* What the groups between the first forward down and the last backward up add: at least two groups. The end is the
 * beginning in reverse, forwards and backwards exchanged. */
FC_HD double fc_hd_interleaved_middle_s(const fc_hd_flow *flow, const fc_hd_stage_s *first, const fc_hd_stage_s *last) {
    double p = flow->stages;
    double groups = flow->micro_batches / p;
    double first_s = first->forward_s + first->backward_s;
    double last_s = last->forward_s + last->backward_s;
    double up_s = flow->delay_s - flow->inner.forward_s; /* a climb in place of a turn */
    double down_s = flow->delay_s - flow->inner.backward_s;
    double none_s = p > 2.0 ? 0.0 : FC_HD_NO_WALK_S;
    double stay_s = (p - 1.0) * (flow->inner.backward_s + flow->delay_s);
    double wait_s = (p - 1.0) * (flow->inner.forward_s + flow->delay_s);
    fc_hd_spots begin = {p * last_s, fc_hd_max(p * first->forward_s - stay_s, last_s + (p - 1.0) * up_s),
                         none_s + fc_hd_max(last_s + up_s, -flow->inner.backward_s)};
    fc_hd_spots end = {p * last_s, fc_hd_max(p * first->backward_s - wait_s, last_s + (p - 1.0) * down_s),
                       none_s + fc_hd_max(last_s + down_s, -flow->inner.forward_s)};
    double best_s = begin.inner_s + end.inner_s;
    if (groups < 2.0) {
        return fc_hd_max(best_s, p * last_s);
    }
    double rise_s = fc_hd_max(2.0 * down_s, (p - 2.0) * up_s); /* by a wrap, or step by step */
    double sink_s = fc_hd_max(2.0 * up_s, (p - 2.0) * down_s);
    fc_hd_spots from = fc_hd_spots_from(&begin, down_s, up_s, rise_s, sink_s);
    fc_hd_spots to = fc_hd_spots_from(&end, up_s, down_s, sink_s, rise_s);
    best_s = fc_hd_max(best_s, from.inner_s + to.inner_s);
    best_s = fc_hd_max(best_s, (groups - 2.0) * p * first_s + from.first_s + to.first_s);
    return fc_hd_max(best_s, (groups - 2.0) * p * last_s + from.last_s + to.last_s);
}

/* Seconds of all micro-batches; `flow`'s stages are chunks, the first rank's first and the last rank's last apart. Exact for
 * even chunks and delays up to half a chunk's forward or backward. With uneven ends within 1.5 % where a first chunk takes
 * up to half as long again, a last up to three times, neither less than half; with two stages neither less than others. */
FC_HD double fc_hd_interleaved_s(const fc_hd_flow *flow) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double chunks = flow->chunks;
    double inner_s = fc_hd_stage_sum_s(&flow->inner);
    fc_hd_stage_s first = {flow->first.forward_s - flow->inner.forward_s,
                           flow->first.backward_s - flow->inner.backward_s, 0.0};
    fc_hd_stage_s last = {flow->last.forward_s - flow->inner.forward_s, flow->last.backward_s - flow->inner.backward_s,
                          0.0};
    double first_s = first.forward_s + first.backward_s;
    if (p <= 1.0) {
        return m * (chunks * inner_s + first_s + last.forward_s + last.backward_s);
    }
    /* all of the first group's first chunks, or the first of them on its way down; the same at the end */
    double head_s = fc_hd_max(0.0, (p - 1.0) * first.forward_s - p * flow->delay_s);
    double tail_s = fc_hd_max(0.0, (p - 1.0) * first.backward_s - p * flow->delay_s);
    double even_s = (m * chunks + p - 1.0) * inner_s + 2.0 * (p * chunks - 1.0) * flow->delay_s;
    double walk_s = even_s + first_s + head_s + tail_s + fc_hd_interleaved_middle_s(flow, &first, &last);
    return fc_hd_max(walk_s, m * (chunks * inner_s + first_s));
}

#endif
