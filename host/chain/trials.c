#include "trials.h"

#include <pthread.h>
#include <stdbool.h>

/* The part of the trials that one thread plays. */
typedef struct slice {
    double *out_s;
    const fc_hd_job *job;
    const fc_hd_clock *clock;
    uint64_t seed;
    uint64_t first;
    size_t count;
    double most_failures;
} slice;

static double wall_s(const fc_hd_history *history, const fc_hd_job *job) {
    if (history->finished) {
        return history->wall_s;
    }
    return history->done_s > 0.0 ? history->wall_s * (job->work_s / history->done_s) : fc_hd_infinity();
}

static void *play(void *context) {
    const slice *s = context;
    for (size_t i = 0; i < s->count; ++i) {
        fc_hd_history history = fc_hd_job_history(s->job, s->clock, s->seed, s->first + i, s->most_failures);
        s->out_s[i] = wall_s(&history, s->job);
    }
    return NULL;
}

void fc_trials_play(double *out_s, const fc_hd_job *job, uint64_t seed, uint64_t first, size_t count, uint32_t threads,
                    double most_failures) {
    fc_hd_clock clock = fc_hd_clock_of(job);
    pthread_t ids[FC_TRIALS_MOST_THREADS];
    slice slices[FC_TRIALS_MOST_THREADS];
    bool started[FC_TRIALS_MOST_THREADS] = {false};
    threads = threads < 1 ? 1 : threads > FC_TRIALS_MOST_THREADS ? FC_TRIALS_MOST_THREADS : threads;
    for (uint32_t i = 0; i < threads; ++i) {
        size_t from = count * i / threads;
        size_t to = count * (i + 1) / threads;
        slices[i] = (slice){out_s + from, job, &clock, seed, first + from, to - from, most_failures};
        /* the last slice is this thread's own; where no thread can be had, the others are too */
        started[i] = i + 1 < threads && pthread_create(&ids[i], NULL, play, &slices[i]) == 0;
        if (!started[i]) {
            (void)play(&slices[i]);
        }
    }
    for (uint32_t i = 0; i < threads; ++i) {
        if (started[i]) {
            (void)pthread_join(ids[i], NULL);
        }
    }
}
