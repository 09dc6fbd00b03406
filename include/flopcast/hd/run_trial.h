/* run_trial.h: one whole history of failures of one job, played failure by failure.
 *
 * Nothing happens between two failures but work and checkpoints in a fixed rhythm, so a history costs a few dozen
 * operations a failure, however long the run is. Random numbers are Philox's, a pure function of (seed, trial): the same
 * history on the CPU, on one thread or many, and in a CUDA kernel.
 *
 * Exponential classes together are one Poisson stream whose failures are given a class each; a Weibull class is a renewal
 * process of its own, with the mean that its rate says (Schroeder and Gibson, DSN 2006, fit times between failures of
 * clusters by Weibull shapes of 0.7 to 0.8). The first of each starts with the run.
 */
#ifndef FLOPCAST_HD_RUN_TRIAL_H
#define FLOPCAST_HD_RUN_TRIAL_H

#include "hd.h"
#include "math.h"
#include "rng.h"
#include "run_job.h"

typedef struct fc_hd_history {
    double wall_s;         /* from the first step to the last, without planned stops */
    double done_s;         /* work kept: work_s of the job where it finished */
    double failures_count; /* of all classes */
    double lost_s;         /* work that was done again */
    double down_s;         /* nothing ran: detection, restart, waiting for hosts, pauses */
    int finished;          /* 0: the most failures that the caller allows came first */
} fc_hd_history;

/* ---- random numbers ------------------------------------------------------------------------------------------------ */

typedef struct fc_hd_draws {
    uint64_t seed;
    uint64_t trial;
    uint32_t block; /* of four words */
    int left;
    fc_philox words;
} fc_hd_draws;

/* The stream of failure histories: no input of a study draws from it (their numbers come with block 0). */
FC_HD fc_hd_draws fc_hd_draws_start(uint64_t seed, uint64_t trial) {
    fc_hd_draws draws;
    draws.seed = seed;
    draws.trial = trial;
    draws.block = 0;
    draws.left = 0;
    draws.words.v[0] = draws.words.v[1] = draws.words.v[2] = draws.words.v[3] = 0;
    return draws;
}

/* One of the 2^32 odd multiples of 2^-33. */
FC_HD double fc_hd_draws_unit(fc_hd_draws *draws) {
    if (draws->left == 0) {
        fc_philox counter;
        draws->block += 1;
        counter.v[0] = (uint32_t)draws->trial;
        counter.v[1] = (uint32_t)(draws->trial >> 32);
        counter.v[2] = UINT32_C(0x6661696c); /* "fail" */
        counter.v[3] = draws->block;
        draws->words = fc_hd_philox(counter, (uint32_t)draws->seed, (uint32_t)(draws->seed >> 32));
        draws->left = 4;
    }
    draws->left -= 1;
    return ((double)draws->words.v[draws->left] + 0.5) * 0x1p-32;
}

/* -ln u for u of fc_hd_draws_unit, to 1e-15: ln(1 + f) = 2 artanh(f / (2 + f)) around the nearest power of two. */
FC_HD double fc_hd_draws_exponential(fc_hd_draws *draws) {
    uint64_t bits = fc_hd_bits(fc_hd_draws_unit(draws));
    int exponent = (int)(bits >> 52) - 1023;
    double m = fc_hd_from_bits((bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000));
    if (m > 0x1.6a09e667f3bcdp+0) { /* sqrt 2 */
        m *= 0.5;
        exponent += 1;
    }
    double s = (m - 1.0) / (m + 1.0);
    double h = s * s; /* at most 0.0295 */
    double q = h * h;
    double even = 1.0 + q * (1.0 / 5.0 + q * (1.0 / 9.0 + q * (1.0 / 13.0 + q * (1.0 / 17.0))));
    double odd = 1.0 / 3.0 + q * (1.0 / 7.0 + q * (1.0 / 11.0 + q * (1.0 / 15.0)));
    return -((double)exponent * 0x1.62e42fefa39efp-1 + 2.0 * s * (even + h * odd));
}

/* ---- when failures come ------------------------------------------------------------------------------------------- */

typedef struct fc_hd_clock {
    double at_s[FC_HD_FAILURE_CLASSES];    /* of Weibull classes: their next failure */
    double scale_s[FC_HD_FAILURE_CLASSES]; /* 0: the class never fails, or is exponential */
    double merged_s;                       /* the next failure of the exponential classes */
    double merged_per_s;
    int renewals; /* Weibull classes */
    int told;     /* the class of an exponential failure matters: to spares, replicas */
} fc_hd_clock;

/* Γ(1 + x) for 0 <= x <= 10, by Stirling's series beyond 12. */
FC_HD double fc_hd_gamma_of_one_plus(double x) {
    double product = 1.0;
    double z = 1.0 + x;
    while (z < 12.0) {
        product *= z;
        z += 1.0;
    }
    double r = 1.0 / (z * z);
    double series = (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / z;
    double log_gamma = (z - 0.5) * fc_hd_log(z) - z + 0x1.d67f1c864beb5p-1 + series; /* ln(2π) / 2 */
    return fc_hd_exp(log_gamma) / product;
}

FC_HD double fc_hd_weibull_gap_s(const fc_hd_job *job, const fc_hd_clock *clock, int i, fc_hd_draws *draws) {
    return clock->scale_s[i] * fc_hd_pow(fc_hd_draws_exponential(draws), 1.0 / job->shape[i]);
}

/* Rates and scales: the part of a clock that is the same for every trial of a job. */
FC_HD fc_hd_clock fc_hd_clock_of(const fc_hd_job *job) {
    fc_hd_clock clock;
    clock.merged_per_s = 0.0;
    clock.merged_s = fc_hd_infinity();
    clock.renewals = 0;
    clock.told = job->repair_s > 0.0 || fc_hd_job_elastic(job);
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; i++) {
        double rate_per_s = job->failures_per_s * job->part[i];
        clock.scale_s[i] = 0.0;
        clock.at_s[i] = fc_hd_infinity();
        if (job->shape[i] == 1.0) {
            clock.merged_per_s += rate_per_s;
        } else if (rate_per_s > 0.0) {
            clock.renewals += 1;
            clock.scale_s[i] = 1.0 / (rate_per_s * fc_hd_gamma_of_one_plus(1.0 / job->shape[i]));
        }
    }
    return clock;
}

FC_HD void fc_hd_clock_start(fc_hd_clock *clock, const fc_hd_job *job, fc_hd_draws *draws) {
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; i++) {
        if (clock->scale_s[i] > 0.0) {
            clock->at_s[i] = fc_hd_weibull_gap_s(job, clock, i, draws);
        }
    }
    if (clock->merged_per_s > 0.0) {
        clock->merged_s = fc_hd_draws_exponential(draws) / clock->merged_per_s;
    }
}

FC_HD double fc_hd_clock_next_s(const fc_hd_clock *clock) {
    double next_s = clock->merged_s;
    for (int i = 0; clock->renewals > 0 && i < FC_HD_FAILURE_CLASSES; i++) {
        next_s = fc_hd_min(next_s, clock->at_s[i]);
    }
    return next_s;
}

/* Which of the exponential classes a failure of their common stream belongs to; the last where it does not matter. */
FC_HD int fc_hd_merged_class(const fc_hd_job *job, const fc_hd_clock *clock, fc_hd_draws *draws) {
    if (!clock->told) {
        return FC_HD_FAILURE_CLASSES - 1;
    }
    double at = fc_hd_draws_unit(draws) * clock->merged_per_s;
    int found = 0;
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; i++) {
        double rate_per_s = job->shape[i] == 1.0 ? job->failures_per_s * job->part[i] : 0.0;
        found = rate_per_s > 0.0 && at > 0.0 ? i : found;
        at -= rate_per_s;
    }
    return found;
}

/* The class of the failure at fc_hd_clock_next_s, and the time of the one after it. */
FC_HD int fc_hd_clock_take(fc_hd_clock *clock, const fc_hd_job *job, fc_hd_draws *draws) {
    double next_s = fc_hd_clock_next_s(clock);
    if (clock->merged_s == next_s) {
        clock->merged_s = next_s + fc_hd_draws_exponential(draws) / clock->merged_per_s;
        return fc_hd_merged_class(job, clock, draws);
    }
    int found = 0;
    while (found + 1 < FC_HD_FAILURE_CLASSES && clock->at_s[found] != next_s) {
        found += 1;
    }
    clock->at_s[found] = next_s + fc_hd_weibull_gap_s(job, clock, found, draws);
    return found;
}

/* ---- work between two failures ------------------------------------------------------------------------------------ */

typedef struct fc_hd_track {
    double ready_s;   /* when work goes on, or went on */
    double hosts_s;   /* when the last failed host is replaced */
    double done_s;    /* work in hand at ready_s */
    double stored_s;  /* work on storage */
    double copied_s;  /* work in memory; at least stored_s */
    double replaced;  /* hosts taken out so far */
    int refilling;    /* until ready_s: memory holds nothing to go back to */
    double stretch;   /* wall time of a second of work, copies in memory included */
    double cycle_s;   /* wall time from one checkpoint on storage to the next; infinite: there are none */
    double per_cycle; /* 1 / cycle_s */
    double per_piece; /* 1 / interval_s; 0: there are no checkpoints */
    double per_stretch;
    double back_s[FC_HD_MOST_SPARES]; /* when the hosts taken out last are spares again, in turn */
} fc_hd_track;

FC_HD void fc_hd_track_start(fc_hd_track *track, const fc_hd_job *job) {
    int copies = job->memory_kept_frac > 0.0 && job->memory_interval_s > 0.0;
    track->ready_s = track->hosts_s = track->done_s = track->stored_s = track->copied_s = track->replaced = 0.0;
    track->refilling = 0;
    track->stretch = copies ? 1.0 + job->memory_stall_s / job->memory_interval_s : 1.0;
    track->cycle_s = job->failures_per_s > 0.0 ? job->interval_s * track->stretch + job->stall_s : fc_hd_infinity();
    track->per_cycle = 1.0 / track->cycle_s;
    track->per_piece = job->failures_per_s > 0.0 ? 1.0 / job->interval_s : 0.0;
    track->per_stretch = 1.0 / track->stretch;
}

/* Wall time from ready_s to the end of the run. */
FC_HD double fc_hd_track_left_s(const fc_hd_track *track, const fc_hd_job *job) {
    double checkpoints = floor((job->work_s - track->stored_s) * track->per_piece);
    return (job->work_s - track->done_s) * track->stretch + checkpoints * job->stall_s;
}

/* What a span of wall time since ready_s made of the work: in hand, on storage, in memory. */
FC_HD void fc_hd_track_work(fc_hd_track *track, const fc_hd_job *job, double span_s) {
    double along_s = span_s + (track->done_s - track->stored_s) * track->stretch;
    double cycles = floor(along_s * track->per_cycle);
    double rest_s = fc_hd_max(along_s - (cycles > 0.0 ? cycles * track->cycle_s : 0.0), 0.0);
    double piece_s = fc_hd_min(rest_s * track->per_stretch, job->interval_s);
    double complete = rest_s < job->flush_s && cycles > 0.0 ? cycles - 1.0 : cycles;
    double base_s = track->stored_s + cycles * job->interval_s;
    track->stored_s += complete * job->interval_s;
    track->done_s = fc_hd_max(track->done_s, base_s + piece_s);
    if (job->memory_kept_frac > 0.0) {
        double copies = floor(piece_s / job->memory_interval_s);
        track->copied_s = fc_hd_max(track->copied_s, base_s + copies * job->memory_interval_s);
    }
    track->copied_s = fc_hd_max(track->copied_s, track->stored_s);
}

/* When the host that failed at `at_s` is replaced: the first spares are there, each later one is a repaired host. */
FC_HD double fc_hd_track_host_s(fc_hd_track *track, const fc_hd_job *job, double at_s) {
    if (!(job->repair_s > 0.0)) {
        return at_s;
    }
    double back_s = at_s + job->repair_s;
    int spares = (int)fc_hd_min(job->spare_hosts, (double)FC_HD_MOST_SPARES);
    if (spares < 1) {
        return back_s;
    }
    double turns = floor(track->replaced / (double)spares);
    int slot = (int)(track->replaced - turns * (double)spares);
    double served_s = turns > 0.0 ? fc_hd_max(at_s, track->back_s[slot]) : at_s;
    track->back_s[slot] = back_s;
    track->replaced += 1.0;
    return served_s;
}

/* One replica of an elastic job is gone at `at_s`: all pause twice, half a step is lost, and the others carry on. */
FC_HD void fc_hd_track_shrink(fc_hd_track *track, const fc_hd_job *job, double at_s, double host_s,
                              fc_hd_history *out) {
    double away_s = fc_hd_max(host_s, at_s + job->detect_s) - at_s + job->restart_s;
    double cost_s = 2.0 * job->pause_s + 0.5 * job->step_s + away_s / job->replicas_count;
    track->ready_s = fc_hd_max(track->ready_s, at_s) + cost_s;
    out->down_s += cost_s;
}

/* The whole job stops at `at_s` and goes back to what is kept. */
FC_HD void fc_hd_track_stop(fc_hd_track *track, const fc_hd_job *job, double at_s, fc_hd_draws *draws,
                            fc_hd_history *out) {
    int outlived = job->memory_kept_frac > 0.0 && fc_hd_draws_unit(draws) < job->memory_kept_frac;
    outlived = outlived && !(track->refilling && at_s < track->ready_s);
    track->refilling = !outlived;
    double base_s = outlived ? track->copied_s : track->stored_s;
    double restart_s = outlived ? job->memory_restart_s : job->restart_s;
    double before_s = fc_hd_max(track->ready_s, at_s);
    out->lost_s += track->done_s - base_s;
    track->done_s = track->copied_s = base_s;
    track->ready_s = fc_hd_max(at_s + job->detect_s, track->hosts_s) + restart_s;
    out->down_s += at_s < before_s ? track->ready_s - before_s : track->ready_s - at_s;
}

/* ---- the history --------------------------------------------------------------------------------------------------- */

FC_HD void fc_hd_history_fail(fc_hd_track *track, const fc_hd_job *job, double at_s, int what, fc_hd_draws *draws,
                              fc_hd_history *out) {
    if (at_s > track->ready_s) {
        fc_hd_track_work(track, job, at_s - track->ready_s);
    }
    double host_s = what < FC_HD_REPLACED_CLASSES ? fc_hd_track_host_s(track, job, at_s) : at_s;
    if (fc_hd_job_elastic(job) && what < FC_HD_REPLICA_CLASSES) {
        fc_hd_track_shrink(track, job, at_s, host_s, out);
        return;
    }
    track->hosts_s = fc_hd_max(track->hosts_s, host_s);
    fc_hd_track_stop(track, job, at_s, draws, out);
}

/* The history of `trial` of a settled job (fc_hd_job_settle), `clock` as made by fc_hd_clock_of. After `most_failures` it
 * ends unfinished. */
FC_HD fc_hd_history fc_hd_job_history(const fc_hd_job *job, const fc_hd_clock *clock, uint64_t seed, uint64_t trial,
                                      double most_failures) {
    fc_hd_history out = {0.0, 0.0, 0.0, 0.0, 0.0, 0};
    fc_hd_draws draws = fc_hd_draws_start(seed, trial);
    fc_hd_clock when = *clock;
    fc_hd_track track;
    fc_hd_track_start(&track, job);
    fc_hd_clock_start(&when, job, &draws);
    while (out.failures_count < most_failures) {
        double at_s = fc_hd_clock_next_s(&when);
        double end_s = track.ready_s + fc_hd_track_left_s(&track, job);
        if (end_s <= at_s) {
            out.wall_s = end_s;
            out.done_s = job->work_s;
            out.finished = 1;
            return out;
        }
        int what = fc_hd_clock_take(&when, job, &draws);
        fc_hd_history_fail(&track, job, at_s, what, &draws, &out);
        out.failures_count += 1.0;
    }
    out.wall_s = track.ready_s;
    out.done_s = track.done_s;
    return out;
}

#endif
