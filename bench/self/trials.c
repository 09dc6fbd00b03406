/* trials.c: whole histories of failures played per second: 90 days of work on 16,384 chips that fail as Llama 3's did. */
#include "self_bench.h"

#include "base/stats.h"
#include "chain/trials.h"
#include "flopcast/measure.h"

#include <stdio.h>
#include <string.h>

#define COUNT 1000
#define MOST_RUNS 10000
#define GOAL_PER_S 20000.0

/* 419 stops in 54 days (Llama 3); a 16-bytes-a-parameter checkpoint of 405 G parameters at 2 TB/s. */
static fc_hd_job llama_job(void) {
    const double day_s = 86400.0;
    fc_hd_job job;
    memset(&job, 0, sizeof job);
    job.work_s = 90 * day_s;
    job.step_s = 15;
    job.failures_per_s = 419 / (54 * day_s);
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; i++) {
        job.part[i] = 1.0 / FC_HD_FAILURE_CLASSES;
        job.shape[i] = 1.0;
    }
    job.restart_s = 600;
    job.stall_s = 3;
    job.replicas_count = 1;
    return job;
}

static void time_job(const char *what, fc_hd_job job, uint32_t threads, double goal, uint32_t runs_count) {
    static double wall_s[COUNT];
    static double values[MOST_RUNS];
    fc_hd_job_settle(&job);
    for (uint32_t run = 0; run < runs_count; run++) {
        double start_s = fc_measure_now_s();
        fc_trials_play(wall_s, &job, 1, 0, COUNT, threads, 1e6);
        values[run] = COUNT / (fc_measure_now_s() - start_s);
    }
    fc_stats_sort(values, runs_count);
    fc_self_row row = {what, "1/s", values[0], fc_stats_quantile(values, runs_count, 0.5), goal, true};
    fc_self_print(&row);
}

fc_status fc_self_trials(uint32_t runs_count) {
    fc_hd_job job = llama_job();
    time_job("histories, 90 days, 16,384 chips, 1 thread", job, 1, GOAL_PER_S, runs_count);
    time_job("the same on 2 threads", job, 2, 0, runs_count);
    fc_hd_job spares = job;
    spares.repair_s = 86400;
    spares.spare_hosts = 16;
    spares.memory_kept_frac = 0.8;
    spares.memory_stall_s = spares.memory_restart_s = 1;
    time_job("with copies in memory and spares, 1 thread", spares, 1, 0, runs_count);
    job.shape[0] = job.shape[1] = 0.7;
    time_job("with two classes of Weibull, 1 thread", job, 1, 0, runs_count);
    return FC_OK;
}
