/* queue.h: numbered items, made by many workers and taken in order by one.
 *
 * A queue deals blocks of items out, longer ones where items are quick, and holds what comes back too early. Workers are
 * threads of this process (fc_crew) or of other ones: then somebody carries their parcels (mpi/queue.c). Which worker makes
 * which item changes from run to run; what is taken, and in which order, does not.
 */
#ifndef FLOPCAST_HOST_BASE_QUEUE_H
#define FLOPCAST_HOST_BASE_QUEUE_H

#include "flopcast/base.h"
#include "text.h"

#include <stdbool.h>

#define FC_QUEUE_MOST_THREADS 1024

typedef struct fc_queue fc_queue;

/* Adds the bytes of one item to `out`, whose arena is scratch for this item alone. Runs on many threads at once; `worker` counts
 * from 0 among those of this process. A failure ends the whole queue: what is merely wrong with an item belongs in its bytes. */
typedef fc_status (*fc_queue_make)(void *user, uint32_t worker, uint64_t item, fc_text *out, fc_error *error);

/* What is to be done, and who gets the results. */
typedef struct fc_queue_job {
    uint64_t begin; /* items below are done already */
    uint64_t end;
    uint32_t workers; /* about how many there will be: the fewer items are left for each, the shorter the blocks */
    void *user;
    /* Every item from `begin` on, in order, never two at once, on any thread. */
    fc_status (*take)(void *user, uint64_t item, const char *bytes, size_t size, fc_error *error);
    /* After several takes: `done` items are taken. */
    fc_status (*settle)(void *user, uint64_t done, fc_error *error);
} fc_queue_job;

/* NULL without memory. The caller destroys, after all workers have ended. */
fc_queue *fc_queue_create(const fc_queue_job *job);
void fc_queue_destroy(fc_queue *queue);

/* Items first … first + count - 1 and, once made, their bytes one after the other, each behind its size in 4 bytes. */
typedef struct fc_parcel {
    uint64_t first;
    uint64_t count;
    double seconds; /* that making took */
    char *bytes;    /* malloc */
    size_t size;
    size_t capacity;
} fc_parcel;

typedef enum fc_dealt {
    FC_DEALT_ITEMS = 0,
    FC_DEALT_LATER, /* what is held fills the memory for it: ask again */
    FC_DEALT_NONE   /* all are dealt, or the queue has stopped */
} fc_dealt;

/* Items for one worker. With `wait`, never FC_DEALT_LATER. */
fc_dealt fc_queue_deal(fc_parcel *out, fc_queue *queue, bool wait);
/* Makes what was dealt, on any process. */
fc_status fc_parcel_make(fc_parcel *parcel, fc_queue_make make, void *user, uint32_t worker, fc_error *error);
/* Adds the bytes of its next item, by hand; false without memory. */
bool fc_parcel_add(fc_parcel *parcel, const char *bytes, size_t size);
void fc_parcel_free(fc_parcel *parcel);
/* A made parcel, whose bytes belong to the queue from now on, whatever is returned. Failures of `take` are its own; the queue
 * has stopped then. */
fc_status fc_queue_accept(fc_queue *queue, fc_parcel *parcel, fc_error *error);

/* Nothing is dealt any more; the first failure is kept. */
void fc_queue_stop(fc_queue *queue, const fc_error *why);
/* All items are taken, or it has stopped. */
bool fc_queue_is_done(fc_queue *queue);
/* Items taken so far, those below `begin` included. */
uint64_t fc_queue_taken(fc_queue *queue);
/* Once the workers have ended: FC_OK when every item was taken, else why not. */
fc_status fc_queue_outcome(fc_queue *queue, fc_error *error);

/* Threads that make items until there are none. */
typedef struct fc_crew fc_crew;
/* FC_FAILED when not all threads start: then those that did have ended. */
fc_status fc_crew_start(fc_crew **out, fc_queue *queue, uint32_t threads, fc_queue_make make, void *user,
                        fc_error *error);
/* Waits for all of them and frees the crew. */
void fc_crew_join(fc_crew *crew);

/* The whole of it in this process; one thread is the caller's own. */
fc_status fc_queue_run(const fc_queue_job *job, uint32_t threads, fc_queue_make make, void *user, fc_error *error);

#endif
