#include "workers.h"

#include "flopcast/measure.h"
#include "pin.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

typedef enum gate { GATE_CLOSED = 0, GATE_OPEN, GATE_ABANDONED } gate;

/* What all threads of one run share. */
typedef struct crew {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gate state;
    fc_work work;
    void *context;
    uint32_t count;
    fc_pin_list processors; /* each thread on one of its own, where there are enough */
} crew;

typedef struct member {
    crew *shared;
    uint32_t index;
    pthread_t thread;
} member;

static void *member_main(void *argument) {
    member *self = argument;
    crew *shared = self->shared;
    (void)fc_pin_self(&shared->processors, self->index);
    pthread_mutex_lock(&shared->lock);
    while (shared->state == GATE_CLOSED) {
        pthread_cond_wait(&shared->changed, &shared->lock);
    }
    gate state = shared->state;
    pthread_mutex_unlock(&shared->lock);
    if (state == GATE_OPEN) {
        shared->work(shared->context, self->index, shared->count);
    }
    return NULL;
}

static void set_gate(crew *shared, gate state) {
    pthread_mutex_lock(&shared->lock);
    shared->state = state;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->lock);
}

fc_status fc_workers_run(double *out_seconds, uint32_t count, fc_work work, void *context, fc_error *error) {
    if (count < 1 || count > FC_WORKERS_MOST) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u threads: 1 to %d are possible", count,
                            FC_WORKERS_MOST);
    }
    crew shared = {.state = GATE_CLOSED, .work = work, .context = context, .count = count};
    pthread_mutex_init(&shared.lock, NULL);
    pthread_cond_init(&shared.changed, NULL);
    fc_pin_list_here(&shared.processors);
    member members[FC_WORKERS_MOST];
    uint32_t started = 1; /* the caller */
    int refusal = 0;
    for (; started < count; started++) {
        members[started].shared = &shared;
        members[started].index = started;
        refusal = pthread_create(&members[started].thread, NULL, member_main, &members[started]);
        if (refusal != 0) {
            break;
        }
    }
    /* After the others were made, which inherit what the caller may use. */
    bool pinned = fc_pin_self(&shared.processors, 0);
    double begin_s = fc_measure_now_s();
    set_gate(&shared, refusal == 0 ? GATE_OPEN : GATE_ABANDONED);
    if (refusal == 0) {
        work(context, 0, count);
    }
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(members[i].thread, NULL);
    }
    *out_seconds = fc_measure_now_s() - begin_s;
    if (pinned) {
        fc_pin_free_self(&shared.processors);
    }
    pthread_cond_destroy(&shared.changed);
    pthread_mutex_destroy(&shared.lock);
    if (refusal != 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "thread %u of %u could not start: %s", started + 1, count,
                            strerror(refusal));
    }
    return FC_OK;
}

typedef struct wake_work {
    pthread_barrier_t gate;
    uint32_t rounds;
} wake_work;

static void wake_share(void *context, uint32_t index, uint32_t count) {
    (void)index;
    (void)count;
    wake_work *work = context;
    for (uint32_t round = 0; round < work->rounds; round++) {
        (void)pthread_barrier_wait(&work->gate); /* all start */
        (void)pthread_barrier_wait(&work->gate); /* all are done */
    }
}

fc_status fc_workers_wake(double *out_seconds, uint32_t count, uint32_t rounds, fc_error *error) {
    wake_work work = {.rounds = rounds};
    if (count < 1 || pthread_barrier_init(&work.gate, NULL, count) != 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no barrier for %u threads", count);
    }
    fc_status status = fc_workers_run(out_seconds, count, wake_share, &work, error);
    pthread_barrier_destroy(&work.gate);
    return status;
}
