/* hd/scale.h: what a larger batch costs in tokens, and how short a step can be.
 *
 * McCandlish et al., "An Empirical Model of Large-Batch Training", 1812.06162, section 2: to reach one loss in S steps
 * of B tokens takes E = S·B tokens with S/S_min - 1 = 1/(E/E_min - 1), which is E = E_min·(1 + B/B_crit) with
 * B_crit = E_min/S_min. Below B_crit a larger batch saves steps for free, beyond it it mostly costs tokens.
 */
#ifndef FLOPCAST_HD_SCALE_H
#define FLOPCAST_HD_SCALE_H

#include "hd.h"
#include "math.h"

/* Tokens that a batch of `batch` tokens needs for the loss that `least` tokens reach at a vanishing batch. least and
 * critical above 0, batch 0 or more. */
FC_HD double fc_hd_tokens_needed(double least, double batch, double critical) {
    return least * (1.0 + batch / critical);
}

/* The same turned round: `tokens` are what the batch `batch` needs. */
FC_HD double fc_hd_tokens_least(double tokens, double batch, double critical) {
    return tokens / (1.0 + batch / critical);
}

/* A power law of the tokens D trained on (Zhang et al. 2410.21676, Bergsma et al. 2505.13738): scale·(D/reference)^exponent
 * is the batch that needs `overhead` more tokens than a vanishing one, so that B_crit is that over `overhead`. Tokens; all
 * above 0. */
FC_HD double fc_hd_critical_batch_of_tokens(double tokens, double scale, double reference, double exponent,
                                            double overhead) {
    return scale * fc_hd_pow(tokens / reference, exponent) / overhead;
}

/* A power law of the loss L in nats a token (Kaplan et al. 2001.08361, section 5.1): scale·L^-exponent tokens. */
FC_HD double fc_hd_critical_batch_of_loss(double loss, double scale, double exponent) {
    return scale * fc_hd_pow(loss, -exponent);
}

/* Loss of N parameters trained on D tokens: E + A/N^alpha + B/D^beta (Hoffmann et al. 2203.15556). */
FC_HD double fc_hd_loss(double params, double tokens, double e, double a, double b, double alpha, double beta) {
    return e + a * fc_hd_pow(params, -alpha) + b * fc_hd_pow(tokens, -beta);
}

/* How many times faster a doubling of the chips makes it, of a speed-up between two numbers of chips. All above 0, the
 * chips different. */
FC_HD double fc_hd_doubling_gain(double speed_ratio, double chips_ratio) {
    return fc_hd_exp2(fc_hd_log2(speed_ratio) / fc_hd_log2(chips_ratio));
}

/* No step is shorter, whatever the number of chips: kernels that wait for each other, one gap each, and the gradients'
 * all-reduce over `replicas`, up a tree and down again. The idea is that of Erdil and Schneider-Joseph 2411.01137; what is
 * counted is ours: no kernel takes time of its own, and layers need no traffic. Seconds. */
FC_HD double fc_hd_latency_floor_s(double kernels_in_a_row, double gap_s, double replicas, double hop_s) {
    double hops = replicas > 1.0 ? 2.0 * fc_hd_ceil(fc_hd_log2(replicas)) : 0.0;
    return kernels_in_a_row * gap_s + hops * hop_s;
}

#endif
