/* run_job.h: what one long job does about failures, and the share of its time that is work kept, in closed form.
 *
 * A failure of any class stops the job, or only one replica where the job is elastic. Work is kept up to the last
 * complete checkpoint on storage, or up to the last copy in memory where that outlives the failure. All times in seconds.
 */
#ifndef FLOPCAST_HD_RUN_JOB_H
#define FLOPCAST_HD_RUN_JOB_H

#include "hd.h"
#include "math.h"
#include "run.h"

/* Classes of failures, in the order of fc_failure_class (cluster.h). The first two take a host out, which a spare
 * replaces; the first three end one replica; all others end the whole job. */
enum { FC_HD_FAILURE_CLASSES = 5, FC_HD_REPLACED_CLASSES = 2, FC_HD_REPLICA_CLASSES = 3 };
enum { FC_HD_MOST_SPARES = 1024 }; /* hosts */

typedef struct fc_hd_job {
    double work_s;                       /* training at full speed that the run needs; > 0 */
    double step_s;                       /* nothing is saved inside a step; > 0 */
    double failures_per_s;               /* of all classes, in the long run; 0: none */
    double part[FC_HD_FAILURE_CLASSES];  /* of failures_per_s; their sum is 1 */
    double shape[FC_HD_FAILURE_CLASSES]; /* Weibull, of the time between two failures of the class; 1: exponential */
    double detect_s;                     /* until a failure is seen */
    double restart_s;                    /* from there, with every host at hand, to the next step */
    double interval_s;                   /* work between two checkpoints on storage; 0: the best */
    double stall_s;                      /* training waits so long for each */
    double flush_s;                      /* then it is written beside training for so long before it counts */
    double memory_interval_s;            /* work between two copies in memory; 0: the best */
    double memory_stall_s;               /* training waits so long for each */
    double memory_restart_s;             /* as restart_s, from memory */
    double memory_kept_frac;             /* of failures that the copies outlive; 0: there are none */
    double spare_hosts;                  /* at most FC_HD_MOST_SPARES */
    double repair_s;                     /* until a failed host is a spare again; 0: spares never run out */
    double replicas_count;               /* of the whole state; below 2: not elastic */
    double pause_s;                      /* of all replicas when one leaves or comes back; 0: not elastic */
} fc_hd_job;

FC_HD double fc_hd_parts_sum(const fc_hd_job *job, int classes) {
    double sum = 0.0;
    for (int i = 0; i < classes; i++) {
        sum += job->part[i];
    }
    return sum;
}

FC_HD int fc_hd_job_elastic(const fc_hd_job *job) { return job->pause_s > 0.0 && job->replicas_count >= 2.0; }

/* Failures a second that end the whole job. */
FC_HD double fc_hd_job_stops_per_s(const fc_hd_job *job) {
    double part = fc_hd_job_elastic(job) ? 1.0 - fc_hd_parts_sum(job, FC_HD_REPLICA_CLASSES) : 1.0;
    return job->failures_per_s * fc_hd_max(part, 0.0);
}

/* ln n! by Stirling's series; within 1e-6 for whole n >= 2. */
FC_HD double fc_hd_log_factorial(double n) {
    if (n < 2.0) {
        return 0.0;
    }
    double series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n * n * n) + 1.0 / (1260.0 * n * n * n * n * n);
    return n * fc_hd_log(n) - n + 0.5 * fc_hd_log(6.283185307179586 * n) + series;
}

/* Mean wait for a host when one fails. Repairs take `repair_s` each, so `out_mean` hosts are in repair on average and their
 * number is Poisson (M/G/infinity; Palm, 1943). Who finds n others out and n >= spares waits until n - spares + 1 of them
 * are back; their ages are uniform, so that is repair·(n - spares + 1)/(n + 1). out_mean >= 0. */
FC_HD double fc_hd_spare_wait_s(double out_mean, double spares, double repair_s) {
    const double many = 4096.0; /* beyond it, what flows in has to flow out */
    if (out_mean > many) {
        return repair_s * fc_hd_max(0.0, 1.0 - spares / out_mean);
    }
    double n = fc_hd_max(spares, floor(out_mean - 10.0 * sqrt(out_mean)));
    double chance = out_mean > 0.0 ? fc_hd_exp(n * fc_hd_log(out_mean) - out_mean - fc_hd_log_factorial(n)) : n == 0.0;
    double sum = 0.0;
    for (int i = 0; i < 4096 && (n <= out_mean || chance > 1e-12); i++) {
        sum += chance * (n - spares + 1.0) / (n + 1.0);
        n += 1.0;
        chance *= out_mean / n;
    }
    return repair_s * sum;
}

/* Mean wait of a failure that takes a host out. */
FC_HD double fc_hd_job_wait_s(const fc_hd_job *job) {
    if (!(job->repair_s > 0.0)) {
        return 0.0;
    }
    double hosts_per_s = job->failures_per_s * fc_hd_parts_sum(job, FC_HD_REPLACED_CLASSES);
    return fc_hd_spare_wait_s(hosts_per_s * job->repair_s, job->spare_hosts, job->repair_s);
}

/* Wall time of `work_s` with a stop of `stall_s` behind it, over the work: Daly's form with mean time `1 / rate_per_s`
 * between failures that throw the piece away and cost `restart_s`. */
FC_HD double fc_hd_piece_stretch(double work_s, double wall_s, double restart_s, double rate_per_s) {
    if (!(rate_per_s > 0.0)) {
        return wall_s / work_s;
    }
    double mtbf_s = 1.0 / rate_per_s;
    return mtbf_s * fc_hd_exp(restart_s / mtbf_s) * fc_hd_expm1(wall_s / mtbf_s) / work_s;
}

/* What copies in memory and the failures that they outlive make of a second of work; 1 without them. */
FC_HD double fc_hd_memory_stretch(const fc_hd_job *job, double wait_s) {
    if (!(job->memory_kept_frac > 0.0 && job->memory_interval_s > 0.0)) {
        return 1.0;
    }
    return fc_hd_piece_stretch(job->memory_interval_s, job->memory_interval_s + job->memory_stall_s,
                               job->detect_s + job->memory_restart_s + wait_s,
                               fc_hd_job_stops_per_s(job) * job->memory_kept_frac);
}

/* A stop that waits for a host does so only where its class takes one out. */
FC_HD double fc_hd_job_stop_wait_s(const fc_hd_job *job) {
    return fc_hd_job_elastic(job) ? 0.0 : fc_hd_job_wait_s(job) * fc_hd_parts_sum(job, FC_HD_REPLACED_CLASSES);
}

/* Share of the time that replicas coming and going leave: 1 - failures·(2 pauses + half a step + absence / replicas); 1
 * where the job is not elastic, 0 where nothing is left. */
FC_HD double fc_hd_job_together_frac(const fc_hd_job *job) {
    if (!fc_hd_job_elastic(job)) {
        return 1.0;
    }
    double away_s = job->detect_s + job->restart_s + fc_hd_job_wait_s(job);
    double cost_s = 2.0 * job->pause_s + 0.5 * job->step_s + away_s / job->replicas_count;
    return fc_hd_max(0.0, 1.0 - job->failures_per_s * fc_hd_parts_sum(job, FC_HD_REPLICA_CLASSES) * cost_s);
}

/* The best work between checkpoints of one tier, at least a step. */
FC_HD double fc_hd_best_interval_s(double stall_s, double rate_per_s, double step_s, double work_s) {
    double best_s = rate_per_s > 0.0 ? fc_hd_daly_interval_s(stall_s, 1.0 / rate_per_s) : work_s;
    return fc_hd_max(step_s, best_s);
}

/* Fills the intervals that are left open, with Daly's optimum; a checkpoint starts after the one before is complete. */
FC_HD void fc_hd_job_settle(fc_hd_job *job) {
    double stops_per_s = fc_hd_job_stops_per_s(job);
    if (job->memory_kept_frac > 0.0 && !(job->memory_interval_s > 0.0)) {
        job->memory_interval_s =
            fc_hd_best_interval_s(job->memory_stall_s, stops_per_s * job->memory_kept_frac, job->step_s, job->work_s);
    }
    if (!(job->interval_s > 0.0)) {
        double stretch = fc_hd_memory_stretch(job, fc_hd_job_stop_wait_s(job));
        job->interval_s = fc_hd_best_interval_s(job->stall_s, stops_per_s * (1.0 - job->memory_kept_frac) * stretch,
                                                job->step_s, job->work_s);
    }
    job->interval_s = fc_hd_max(fc_hd_max(job->interval_s, job->flush_s), job->step_s);
}

/* Share of the wall time of a settled job that is work kept. Exact (Daly) for exponential failures, one tier, no waits for
 * spares; elsewhere to first order in what a failure costs over the time between failures:
 * - two tiers: Daly's form inside itself, the inner one for failures that memory outlives;
 * - a checkpoint written beside training: flush_s of work more is done again after a stop;
 * - elastic: all takes longer by 1 / fc_hd_job_together_frac.
 * 0 where nothing is kept. */
FC_HD double fc_hd_job_goodput(const fc_hd_job *job) {
    if (!(job->failures_per_s > 0.0)) {
        return 1.0;
    }
    double together = fc_hd_job_together_frac(job);
    if (!(together > 0.0)) {
        return 0.0;
    }
    double wait_s = fc_hd_job_stop_wait_s(job);
    double wall_s = job->interval_s * fc_hd_memory_stretch(job, wait_s) + job->stall_s;
    double restart_s = job->detect_s + job->restart_s + wait_s + job->flush_s;
    double stops_per_s = fc_hd_job_stops_per_s(job) * (1.0 - job->memory_kept_frac);
    double all_per_s = fc_hd_job_stops_per_s(job);
    if (stops_per_s > 0.0 && job->memory_kept_frac > 0.0) { /* while memory is refilled it outlives nothing */
        restart_s = fc_hd_log1p(stops_per_s * fc_hd_expm1(restart_s * all_per_s / together) / all_per_s) / stops_per_s;
        restart_s *= together;
    }
    return 1.0 / fc_hd_piece_stretch(job->interval_s, wall_s / together, restart_s / together, stops_per_s);
}

/* When work that takes `full_s` with all chips is done, where from `from_s[i]` on the speed is `speed_frac[i]`: rising
 * times, the first at 0, speeds > 0; count 0: full speed throughout. */
FC_HD double fc_hd_delivered_s(double full_s, const double *from_s, const double *speed_frac, int count) {
    double left_s = full_s;
    for (int i = 0; i + 1 < count; i++) {
        double span_s = from_s[i + 1] - from_s[i];
        if (left_s <= span_s * speed_frac[i]) {
            return from_s[i] + left_s / speed_frac[i];
        }
        left_s -= span_s * speed_frac[i];
    }
    return count > 0 ? from_s[count - 1] + left_s / speed_frac[count - 1] : left_s;
}

#endif
