/* crew.c: the workers of a queue as threads of this process. */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct member {
    fc_crew *crew;
    uint32_t worker;
    pthread_t thread;
} member;

struct fc_crew {
    fc_queue *queue;
    fc_queue_make make;
    void *user;
    uint32_t count;
    member members[];
};

static void work(fc_queue *queue, fc_queue_make make, void *user, uint32_t worker) {
    fc_parcel parcel;
    while (fc_queue_deal(&parcel, queue, true) == FC_DEALT_ITEMS) {
        fc_error error = {.status = FC_OK};
        if (fc_parcel_make(&parcel, make, user, worker, &error) != FC_OK) {
            fc_queue_stop(queue, &error);
            return;
        }
        if (fc_queue_accept(queue, &parcel, &error) != FC_OK) {
            return; /* the queue keeps the reason */
        }
    }
}

static void *member_main(void *argument) {
    const member *self = argument;
    work(self->crew->queue, self->crew->make, self->crew->user, self->worker);
    return NULL;
}

fc_status fc_crew_start(fc_crew **out, fc_queue *queue, uint32_t threads, fc_queue_make make, void *user,
                        fc_error *error) {
    fc_crew *crew = calloc(1, sizeof *crew + threads * sizeof crew->members[0]);
    if (crew == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %u threads", threads);
    }
    crew->queue = queue;
    crew->make = make;
    crew->user = user;
    for (; crew->count < threads; crew->count++) {
        member *next = &crew->members[crew->count];
        next->crew = crew;
        next->worker = crew->count;
        int refusal = pthread_create(&next->thread, NULL, member_main, next);
        if (refusal != 0) {
            fc_error why = {.status = FC_OK};
            (void)fc_error_set(&why, FC_FAILED, NULL, 0, 0,
                               "thread %u of %u could not start: error %d; give fewer "
                               "--threads",
                               crew->count + 1, threads, refusal);
            fc_queue_stop(queue, &why);
            fc_crew_join(crew);
            return fc_queue_outcome(queue, error);
        }
    }
    *out = crew;
    return FC_OK;
}

void fc_crew_join(fc_crew *crew) {
    for (uint32_t i = 0; i < crew->count; i++) {
        pthread_join(crew->members[i].thread, NULL);
    }
    free(crew);
}

fc_status fc_queue_run(const fc_queue_job *job, uint32_t threads, fc_queue_make make, void *user, fc_error *error) {
    fc_queue *queue = fc_queue_create(job);
    fc_status status = FC_OK;
    if (queue == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the queue of work");
    }
    if (threads <= 1) {
        work(queue, make, user, 0);
    } else {
        fc_crew *crew = NULL;
        status = fc_crew_start(&crew, queue, threads, make, user, error);
        if (status == FC_OK) {
            fc_crew_join(crew);
        }
    }
    status = status == FC_OK ? fc_queue_outcome(queue, error) : status;
    fc_queue_destroy(queue);
    return status;
}
