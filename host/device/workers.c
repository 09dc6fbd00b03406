#include "workers.h"

#include "flopcast/measure.h"

#include <pthread.h>
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
} crew;

typedef struct member {
    crew *shared;
    uint32_t index;
    pthread_t thread;
} member;

static void *member_main(void *argument) {
    member *self = argument;
    crew *shared = self->shared;
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
    double begin_s = fc_measure_now_s();
    set_gate(&shared, refusal == 0 ? GATE_OPEN : GATE_ABANDONED);
    if (refusal == 0) {
        work(context, 0, count);
    }
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(members[i].thread, NULL);
    }
    *out_seconds = fc_measure_now_s() - begin_s;
    pthread_cond_destroy(&shared.changed);
    pthread_mutex_destroy(&shared.lock);
    if (refusal != 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "thread %u of %u could not start: %s", started + 1, count,
                            strerror(refusal));
    }
    return FC_OK;
}
