#include "pool.h"

#include "../../host/device/machine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Looks at the other side's counter before a thread goes to sleep: about half a millisecond. A processor that slept takes
 * as long as a small pass to come back, on a virtual machine longer. */
#define SPINS 20000

typedef struct pool_member {
    struct fc_pool *pool;
    uint32_t index;
    pthread_t thread;
} pool_member;

struct fc_pool {
    pthread_mutex_t lock;
    pthread_cond_t begun;
    pthread_cond_t ended;
    _Atomic uint64_t round; /* grows with each run, after work and context were set */
    _Atomic uint32_t left;  /* members still at work */
    _Atomic int closing;
    uint32_t count;
    uint32_t started; /* threads made, the caller counted */
    uint32_t spins;   /* 0 where threads outnumber processors: who spins then keeps another from working */
    fc_work work;
    void *context;
    pool_member *members;
};

static void pause_a_moment(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void wait_for_round(fc_pool *pool, uint64_t done) {
    for (uint32_t i = 0; i < pool->spins && pool->round == done && !pool->closing; i++) {
        pause_a_moment();
    }
    if (pool->round != done || pool->closing) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    while (pool->round == done && !pool->closing) {
        pthread_cond_wait(&pool->begun, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_members(fc_pool *pool) {
    for (uint32_t i = 0; i < pool->spins && pool->left > 0; i++) {
        pause_a_moment();
    }
    if (pool->left == 0) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    while (pool->left > 0) {
        pthread_cond_wait(&pool->ended, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *pool_member_main(void *argument) {
    pool_member *self = argument;
    fc_pool *pool = self->pool;
    uint64_t done = 0;
    for (;;) {
        wait_for_round(pool, done);
        if (pool->closing) {
            return NULL;
        }
        done += 1; /* no round begins before the last has ended */
        pool->work(pool->context, self->index, pool->count);
        if (atomic_fetch_sub(&pool->left, 1) == 1) {
            /* Under the lock, so that a caller about to sleep cannot miss it. */
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->ended);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static int start_members(fc_pool *pool) {
    for (pool->started = 1; pool->started < pool->count; pool->started++) {
        pool_member *member = &pool->members[pool->started];
        member->pool = pool;
        member->index = pool->started;
        int refusal = pthread_create(&member->thread, NULL, pool_member_main, member);
        if (refusal != 0) {
            return refusal;
        }
    }
    return 0;
}

fc_status fc_pool_open(fc_pool **out, uint32_t count, fc_error *error) {
    if (count < 1 || count > FC_WORKERS_MOST) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u threads: 1 to %d are possible", count,
                            FC_WORKERS_MOST);
    }
    fc_pool *pool = calloc(1, sizeof *pool);
    pool_member *members = calloc(count, sizeof *members);
    if (pool == NULL || members == NULL) {
        free(pool);
        free(members);
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %u threads", count);
    }
    pool->members = members;
    pool->count = count;
    pool->spins = count <= fc_machine_threads_count() ? SPINS : 0;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begun, NULL);
    pthread_cond_init(&pool->ended, NULL);
    int refusal = start_members(pool);
    if (refusal != 0) {
        uint32_t failed = pool->started + 1;
        fc_pool_close(pool);
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "thread %u of %u could not start: %s", failed, count,
                            strerror(refusal));
    }
    *out = pool;
    return FC_OK;
}

uint32_t fc_pool_count(const fc_pool *pool) { return pool->count; }

void fc_pool_run(fc_pool *pool, fc_work work, void *context) {
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->left = pool->count - 1;
    pool->round += 1;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    work(context, 0, pool->count);
    wait_for_members(pool);
}

void fc_pool_close(fc_pool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->closing = 1;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 1; i < pool->started; i++) {
        pthread_join(pool->members[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->lock);
    free(pool->members);
    free(pool);
}
