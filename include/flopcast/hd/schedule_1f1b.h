/* schedule_1f1b.h: seconds of a pipeline under 1F1B, and the walks that it and its relatives are made of.
 *
 * The time is the longest path through the order of work (max-plus algebra: Baccelli, Cohen, Olsder, Quadrat,
 * "Synchronization and Linearity", 1992). On a rank w steps before the last, forward k is followed by backward k - w, and
 * that by forward k + 1. So the path is a walk over the ranks: it descends by forwards, turns to a backward, climbs, and
 * turns to a forward. Adding up the micro-batches that each move advances, every such walk makes stages + micro_batches - 1
 * visits of a forward and a backward, in segments, one for each descent and turn. A visit to an inner stage costs its pass
 * and, but for one visit a segment, two delays. What is left is which ranks the walk visits how often: a few kinds of
 * segment, and beginnings and ends among the forwards that come before the first backward and the reverse.
 */
#ifndef FLOPCAST_HD_SCHEDULE_1F1B_H
#define FLOPCAST_HD_SCHEDULE_1F1B_H

#include "schedule_flow.h"

/* A walk that is not there. */
#define FC_HD_NO_WALK_S (-1e300)

/* What a segment of each kind gains over ordinary visits, and how many visits it holds. */
typedef struct fc_hd_walk {
    double last_s;  /* a segment that ends in the last stage, and not in the first */
    double first_s; /* in the first and not in the last */
    double both_s;  /* in both: as long as the pipeline */
    double inner_s; /* in neither */
    double inner_stages;
    double has_first; /* 1: the walk can come back to the first stage */
} fc_hd_walk;

/* The best single segment of `visits`. */
FC_HD double fc_hd_walk_one_s(const fc_hd_walk *w, double visits) {
    double best_s = FC_HD_NO_WALK_S;
    if (visits <= w->inner_stages) {
        best_s = w->inner_s;
    }
    if (visits <= w->inner_stages + 1.0) {
        best_s = fc_hd_max(best_s, w->last_s);
        best_s = w->has_first > 0.0 ? fc_hd_max(best_s, w->first_s) : best_s;
    }
    if (visits == w->inner_stages + 2.0 && w->has_first > 0.0) {
        best_s = fc_hd_max(best_s, w->both_s);
    }
    return best_s;
}

/* `visits` in equal segments of `length` that gain `gain_s` each, and what is left over in one more. */
FC_HD double fc_hd_walk_equal_s(const fc_hd_walk *w, double visits, double length, double gain_s) {
    double count = floor(visits / length);
    double left = visits - count * length;
    return count * gain_s + (left > 0.0 ? fc_hd_walk_one_s(w, left) : 0.0);
}

/* The most that a walk of `visits` more can gain. */
FC_HD double fc_hd_walk_s(const fc_hd_walk *w, double visits) {
    if (visits <= 0.0) {
        return visits < 0.0 ? FC_HD_NO_WALK_S : 0.0;
    }
    double inner = w->inner_stages;
    if (w->inner_s == 0.0) { /* no delays: all visits to the longest stage */
        double gain_s = inner > 0.0 ? fc_hd_max(w->last_s, 0.0) : w->last_s;
        return visits * (w->has_first > 0.0 ? fc_hd_max(gain_s, w->first_s) : gain_s);
    }
    double last_length = w->last_s > 0.0 ? 1.0 : inner + 1.0;
    double best_s = fc_hd_walk_equal_s(w, visits, last_length, w->last_s);
    if (inner > 0.0) {
        best_s = fc_hd_max(best_s, fc_hd_walk_equal_s(w, visits, inner, w->inner_s));
    }
    if (w->has_first > 0.0) {
        double first_length = w->first_s > 0.0 ? 1.0 : inner + 1.0;
        best_s = fc_hd_max(best_s, fc_hd_walk_equal_s(w, visits, first_length, w->first_s));
        best_s = fc_hd_max(best_s, fc_hd_walk_equal_s(w, visits, inner + 2.0, w->both_s));
    }
    return best_s;
}

/* The same for a walk that ends in the last stage. From the first stage only a segment through all leads there. */
FC_HD double fc_hd_walk_to_last_s(const fc_hd_walk *w, double visits) {
    if (visits <= 0.0) {
        return 0.0;
    }
    fc_hd_walk away = *w;
    away.has_first = 0.0;
    double most = fc_hd_min(visits, w->inner_stages + 1.0);
    double best_s = w->last_s + fc_hd_max(fc_hd_walk_s(&away, visits - 1.0), fc_hd_walk_s(&away, visits - most));
    double length = w->inner_stages + 2.0;
    if (w->has_first > 0.0 && visits >= length) {
        best_s = fc_hd_max(best_s, w->both_s + fc_hd_walk_s(w, visits - length));
    }
    return best_s;
}

/* The same for a walk that ends one stage before the last, or beyond. */
FC_HD double fc_hd_walk_near_last_s(const fc_hd_walk *w, double visits) {
    fc_hd_walk away = *w;
    away.has_first = 0.0;
    double best_s = fc_hd_walk_s(&away, visits);
    double length = w->inner_stages + 1.0;
    if (w->has_first > 0.0 && visits >= length) {
        best_s = fc_hd_max(best_s, w->first_s + fc_hd_walk_s(w, visits - length));
    }
    return best_s;
}

/* 1F1B's walk that begins with all forwards that the first stage has ahead, or ends with its last backwards. */
FC_HD double fc_hd_1f1b_first_s(const fc_hd_flow *flow, const fc_hd_walk *w, double visit_s, double through_s,
                                double skip_forward_s, double skip_backward_s) {
    double m = flow->micro_batches;
    double ahead = fc_hd_min(flow->stages, m) - 1.0;
    double forward_s = ahead * flow->first.forward_s;
    double backward_s = ahead * flow->first.backward_s;
    double left_s = (m - 1.0 - ahead) * visit_s + fc_hd_walk_s(w, m - 1.0 - ahead);
    double best_s = fc_hd_max(forward_s, backward_s);
    best_s = fc_hd_max(best_s, forward_s + skip_backward_s);
    best_s = fc_hd_max(best_s, backward_s + skip_forward_s);
    return through_s + best_s + left_s;
}

/* Seconds of all micro-batches under 1F1B. Exact where no delay is left over, or the stages are even; else up to 1.5 %
 * short, where delays are as long as a pass and the walk's last segments do not come out even. */
FC_HD double fc_hd_1f1b_s(const fc_hd_flow *flow) {
    double p = flow->stages;
    double m = flow->micro_batches;
    double inner_s = fc_hd_stage_sum_s(&flow->inner);
    double first_s = fc_hd_stage_sum_s(&flow->first);
    double last_s = fc_hd_stage_sum_s(&flow->last);
    if (p <= 1.0) {
        return m * (first_s + last_s - inner_s);
    }
    double two_s = 2.0 * flow->delay_s;
    double visit_s = inner_s + two_s;
    double through_s = first_s + (p - 2.0) * visit_s + two_s + last_s; /* one micro-batch, alone */
    if (m <= 1.0) {
        return through_s;
    }
    double returns = p <= m ? 1.0 : 0.0;
    fc_hd_walk w = {last_s - visit_s, first_s - visit_s, first_s + last_s + two_s - 2.0 * visit_s,
                    -two_s,           p - 2.0,           returns};
    w.inner_stages = returns > 0.0 ? p - 2.0 : m - 1.0;
    double best_s = through_s + (m - 1.0) * visit_s + fc_hd_walk_to_last_s(&w, m - 1.0);
    /* a second forward, or a last backward but one, in place of the way to the last stage and back */
    double forward_s = p > 2.0 ? fc_hd_max(flow->inner.forward_s, flow->first.forward_s) : flow->first.forward_s;
    double backward_s = p > 2.0 ? fc_hd_max(flow->inner.backward_s, flow->first.backward_s) : flow->first.backward_s;
    double end_s = last_s + two_s;
    double skip_s = fc_hd_max(fc_hd_max(forward_s, backward_s), forward_s + backward_s - end_s);
    best_s = fc_hd_max(best_s, through_s + skip_s + (m - 2.0) * visit_s + fc_hd_walk_near_last_s(&w, m - 2.0));
    best_s = fc_hd_max(best_s, fc_hd_1f1b_first_s(flow, &w, visit_s, through_s, forward_s - end_s, backward_s - end_s));
    return fc_hd_max(best_s, m * first_s + (p > m ? (p - m) * visit_s : 0.0));
}

#endif
