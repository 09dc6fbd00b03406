/* queue.c: who makes which items, and in which order results are taken.
 *
 * Blocks follow two rules, the shorter one counts. Guided self-scheduling (Polychronopoulos and Kuck, "Guided
 * self-scheduling", IEEE Transactions on Computers C-36(12), 1987): a share of what is left, so that all workers end
 * together. And AIM_S of work, so that rows come out steadily and a worker that dies takes little with it.
 */
#include "queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AIM_S 0.2
#define MOST_BLOCK 1024
#define SHARE_DIVISOR 4
/* Items that may be ahead of the first one missing, for each worker, and the bytes that may be held. */
#define MOST_AHEAD_BLOCKS 64
#define MOST_HELD_BYTES ((size_t)32 << 20)
#define SIZE_BYTES 4
#define FIRST_PARCEL_BYTES 4096

struct fc_queue {
    fc_queue_job job;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* results were taken, or the queue has stopped */
    uint64_t next;        /* not dealt from here on */
    uint64_t taken;       /* not taken from here on */
    struct held *first;   /* parcels that wait for earlier ones, in order */
    size_t held_bytes;
    double made_s;
    double made_count;
    bool stopped;
    fc_error why;
};

typedef struct held {
    fc_parcel parcel;
    struct held *next;
} held;

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

fc_queue *fc_queue_create(const fc_queue_job *job) {
    fc_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&queue->lock, NULL) != 0) {
        free(queue);
        return NULL;
    }
    if (pthread_cond_init(&queue->moved, NULL) != 0) {
        pthread_mutex_destroy(&queue->lock);
        free(queue);
        return NULL;
    }
    queue->job = *job;
    queue->job.workers = job->workers > 0 ? job->workers : 1;
    queue->next = job->begin;
    queue->taken = job->begin;
    return queue;
}

void fc_queue_destroy(fc_queue *queue) {
    if (queue == NULL) {
        return;
    }
    for (held *h = queue->first; h != NULL;) {
        held *next = h->next;
        free(h->parcel.bytes);
        free(h);
        h = next;
    }
    pthread_cond_destroy(&queue->moved);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* ---- dealing ---------------------------------------------------------------------------------------------------- */

static uint64_t block_size(const fc_queue *queue) {
    uint64_t left = queue->job.end - queue->next;
    uint64_t share = left / ((uint64_t)SHARE_DIVISOR * queue->job.workers);
    /* Nobody knows yet how long an item takes. */
    double aim = queue->made_count > 0.0 ? AIM_S * queue->made_count / (queue->made_s + 1e-9) : 1.0;
    uint64_t size = aim < (double)MOST_BLOCK ? (uint64_t)aim : MOST_BLOCK;
    size = share < size ? share : size;
    return size > 0 ? size : 1;
}

static bool is_full(const fc_queue *queue) {
    uint64_t ahead = queue->next - queue->taken;
    return queue->held_bytes > MOST_HELD_BYTES || ahead > (uint64_t)MOST_AHEAD_BLOCKS * MOST_BLOCK * queue->job.workers;
}

/* Who waits holds no item, so the first one missing is always being made: nobody waits for ever. */
fc_dealt fc_queue_deal(fc_parcel *out, fc_queue *queue, bool wait) {
    fc_dealt dealt = FC_DEALT_ITEMS;
    *out = (fc_parcel){.count = 0};
    pthread_mutex_lock(&queue->lock);
    while (wait && !queue->stopped && queue->next < queue->job.end && is_full(queue)) {
        pthread_cond_wait(&queue->moved, &queue->lock);
    }
    if (queue->stopped || queue->next >= queue->job.end) {
        dealt = FC_DEALT_NONE;
    } else if (is_full(queue)) {
        dealt = FC_DEALT_LATER;
    } else {
        out->first = queue->next;
        out->count = block_size(queue);
        queue->next += out->count;
    }
    pthread_mutex_unlock(&queue->lock);
    return dealt;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

bool fc_parcel_add(fc_parcel *parcel, const char *bytes, size_t size) {
    if (size > UINT32_MAX || parcel->size > SIZE_MAX / 4) {
        return false;
    }
    size_t needed = parcel->size + SIZE_BYTES + size;
    if (needed > parcel->capacity) {
        size_t capacity = parcel->capacity > 0 ? parcel->capacity : FIRST_PARCEL_BYTES;
        while (capacity < needed) {
            capacity *= 2;
        }
        char *grown = realloc(parcel->bytes, capacity);
        if (grown == NULL) {
            return false;
        }
        parcel->bytes = grown;
        parcel->capacity = capacity;
    }
    for (int i = 0; i < SIZE_BYTES; i++) {
        parcel->bytes[parcel->size++] = (char)(unsigned char)(size >> (8 * i));
    }
    memcpy(parcel->bytes + parcel->size, bytes, size);
    parcel->size += size;
    return true;
}

void fc_parcel_free(fc_parcel *parcel) {
    free(parcel->bytes);
    *parcel = (fc_parcel){.count = 0};
}

static fc_status make_one(fc_parcel *parcel, uint64_t item, fc_queue_make make, void *user, uint32_t worker,
                          fc_error *error) {
    fc_arena *arena = fc_arena_create(0);
    if (arena == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for item %llu", (unsigned long long)item);
    }
    fc_text text = fc_text_start(arena);
    fc_status status = make(user, worker, item, &text, error);
    if (status == FC_OK && (text.failed || !fc_parcel_add(parcel, text.bytes, text.size))) {
        status = fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the result of item %llu",
                              (unsigned long long)item);
    }
    fc_arena_destroy(arena);
    return status;
}

fc_status fc_parcel_make(fc_parcel *parcel, fc_queue_make make, void *user, uint32_t worker, fc_error *error) {
    double begin_s = now_s();
    for (uint64_t i = 0; i < parcel->count; i++) {
        fc_status status = make_one(parcel, parcel->first + i, make, user, worker, error);
        if (status != FC_OK) {
            fc_parcel_free(parcel);
            return status;
        }
    }
    parcel->seconds = now_s() - begin_s;
    return FC_OK;
}

/* ---- taking ----------------------------------------------------------------------------------------------------- */

static void stop_locked(fc_queue *queue, const fc_error *why) {
    if (!queue->stopped) {
        queue->stopped = true;
        queue->why = *why;
    }
    pthread_cond_broadcast(&queue->moved);
}

void fc_queue_stop(fc_queue *queue, const fc_error *why) {
    pthread_mutex_lock(&queue->lock);
    stop_locked(queue, why);
    pthread_mutex_unlock(&queue->lock);
}

static size_t read_size(const char *bytes) {
    size_t size = 0;
    for (int i = 0; i < SIZE_BYTES; i++) {
        size |= (size_t)(unsigned char)bytes[i] << (8 * i);
    }
    return size;
}

/* It may come from another process: its sizes are looked at before anything is taken. */
static bool is_whole(const fc_parcel *parcel) {
    size_t at = 0;
    for (uint64_t i = 0; i < parcel->count; i++) {
        if (parcel->size - at < SIZE_BYTES) {
            return false;
        }
        size_t size = read_size(parcel->bytes + at);
        at += SIZE_BYTES;
        if (parcel->size - at < size) {
            return false;
        }
        at += size;
    }
    return at == parcel->size;
}

static fc_status take_parcel(fc_queue *queue, const fc_parcel *parcel, fc_error *error) {
    const char *at = parcel->bytes;
    for (uint64_t i = 0; i < parcel->count; i++) {
        size_t size = read_size(at);
        at += SIZE_BYTES;
        FC_TRY(queue->job.take(queue->job.user, parcel->first + i, at, size, error));
        at += size;
        queue->taken += 1;
    }
    return FC_OK;
}

/* Everything that no gap precedes. */
static fc_status take_ready(fc_queue *queue, fc_error *error) {
    fc_status status = FC_OK;
    bool any = false;
    while (status == FC_OK && queue->first != NULL && queue->first->parcel.first == queue->taken) {
        held *h = queue->first;
        queue->first = h->next;
        queue->held_bytes -= h->parcel.size;
        status = take_parcel(queue, &h->parcel, error);
        any = true;
        free(h->parcel.bytes);
        free(h);
    }
    if (status == FC_OK && any && queue->job.settle != NULL) {
        status = queue->job.settle(queue->job.user, queue->taken, error);
    }
    return status;
}

static void hold(fc_queue *queue, held *added) {
    held **link = &queue->first;
    while (*link != NULL && (*link)->parcel.first < added->parcel.first) {
        link = &(*link)->next;
    }
    added->next = *link;
    *link = added;
    queue->held_bytes += added->parcel.size;
    queue->made_s += added->parcel.seconds;
    queue->made_count += (double)added->parcel.count;
}

static fc_status accept_locked(fc_queue *queue, fc_parcel *parcel, fc_error *error) {
    held *added = is_whole(parcel) ? malloc(sizeof *added) : NULL;
    if (added == NULL) {
        free(parcel->bytes);
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for results, or they arrived damaged");
    }
    added->parcel = *parcel;
    hold(queue, added);
    return take_ready(queue, error);
}

fc_status fc_queue_accept(fc_queue *queue, fc_parcel *parcel, fc_error *error) {
    fc_error own = {.status = FC_OK};
    fc_status status = FC_OK;
    pthread_mutex_lock(&queue->lock);
    if (queue->stopped) {
        free(parcel->bytes);
    } else {
        status = accept_locked(queue, parcel, &own);
    }
    if (status != FC_OK) {
        stop_locked(queue, &own);
    }
    pthread_cond_broadcast(&queue->moved);
    pthread_mutex_unlock(&queue->lock);
    *parcel = (fc_parcel){.count = 0};
    if (status != FC_OK && error != NULL && error->status == FC_OK) {
        *error = own;
    }
    return status;
}

bool fc_queue_is_done(fc_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    bool done = queue->stopped || queue->taken == queue->job.end;
    pthread_mutex_unlock(&queue->lock);
    return done;
}

uint64_t fc_queue_taken(fc_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    uint64_t taken = queue->taken;
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

fc_status fc_queue_outcome(fc_queue *queue, fc_error *error) {
    if (!queue->stopped && queue->taken == queue->job.end) {
        return FC_OK;
    }
    if (queue->stopped && queue->why.status != FC_OK) {
        if (error != NULL && error->status == FC_OK) {
            *error = queue->why;
        }
        return queue->why.status;
    }
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "the work ended before item %llu of %llu was made",
                        (unsigned long long)queue->taken, (unsigned long long)queue->job.end);
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

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
