#include "pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct pool_member {
    struct fc_pool *pool;
    uint32_t index;
    pthread_t thread;
} pool_member;

struct fc_pool {
    pthread_mutex_t lock;
    pthread_cond_t begun;
    pthread_cond_t ended;
    uint64_t round; /* grows with each run */
    uint32_t left;  /* members still at work */
    uint32_t count;
    uint32_t started; /* threads made, the caller counted */
    int closing;
    fc_work work;
    void *context;
    pool_member *members;
};

static void *pool_member_main(void *argument) {
    pool_member *self = argument;
    fc_pool *pool = self->pool;
    uint64_t done = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->round == done && !pool->closing) {
            pthread_cond_wait(&pool->begun, &pool->lock);
        }
        if (pool->closing) {
            break;
        }
        done = pool->round;
        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, self->index, pool->count);
        pthread_mutex_lock(&pool->lock);
        pool->left -= 1;
        if (pool->left == 0) {
            pthread_cond_signal(&pool->ended);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
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
    pthread_mutex_lock(&pool->lock);
    while (pool->left > 0) {
        pthread_cond_wait(&pool->ended, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
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
