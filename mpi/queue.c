/* queue.c: parcels of the queue as messages. */
#include "queue.h"

#include <mpi.h>

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAG_ASK = 1, TAG_WORK = 2 };

/* In front of the bytes that come with a question; count 0: the first one. The same struct alone is the answer; count 0: there
 * is no more. */
typedef struct parcel_head {
    uint64_t first;
    uint64_t count;
    double seconds;
} parcel_head;

/* An idle rank must leave its processor to others: the pause grows while nothing comes. */
#define LEAST_PAUSE_NS 20000L
#define MOST_PAUSE_NS 500000L

static fc_status judge(int code, const char *what, fc_error *error) {
    if (code == MPI_SUCCESS) {
        return FC_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    (void)MPI_Error_string(code, text, &length);
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "%s failed: %.800s", what, text);
}

static long longer(long pause_ns) { return pause_ns * 2 < MOST_PAUSE_NS ? pause_ns * 2 : MOST_PAUSE_NS; }

/* Only the first thread of a rank calls MPI, and beside it others work. */
static fc_status check_threads(fc_error *error) {
    int provided = MPI_THREAD_SINGLE;
    FC_TRY(judge(MPI_Query_thread(&provided), "MPI_Query_thread", error));
    if (provided < MPI_THREAD_FUNNELED) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                            "this MPI library allows no threads beside the one that calls it (MPI_THREAD_FUNNELED)");
    }
    return FC_OK;
}

/* ---- every rank but 0 ----------------------------------------------------------------------------------------------- */

static fc_status append(void *user, uint64_t item, const char *bytes, size_t size, fc_error *error) {
    (void)item;
    return fc_parcel_add(user, bytes, size) ? FC_OK
                                            : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for results");
}

/* The items of a parcel on several threads: a queue of its own. */
static fc_status make_on_threads(fc_parcel *parcel, uint32_t threads, fc_queue_make make, void *user, fc_error *error) {
    if (threads <= 1 || parcel->count == 1) {
        return fc_parcel_make(parcel, make, user, 0, error);
    }
    fc_queue_job job = {.begin = parcel->first,
                        .end = parcel->first + parcel->count,
                        .workers = threads,
                        .user = parcel,
                        .take = append};
    double begin_s = MPI_Wtime();
    fc_status status = fc_queue_run(&job, threads, make, user, error);
    parcel->seconds = MPI_Wtime() - begin_s;
    if (status != FC_OK) {
        fc_parcel_free(parcel);
    }
    return status;
}

/* Head and bytes as one message. */
static fc_status ask(fc_parcel *parcel, fc_error *error) {
    parcel_head head = {.first = parcel->first, .count = parcel->count, .seconds = parcel->seconds};
    char *message = parcel->size < (size_t)INT_MAX - sizeof head ? malloc(sizeof head + parcel->size) : NULL;
    if (message == NULL) {
        fc_parcel_free(parcel);
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to send the results of %llu items",
                            (unsigned long long)head.count);
    }
    memcpy(message, &head, sizeof head);
    if (parcel->size > 0) {
        memcpy(message + sizeof head, parcel->bytes, parcel->size);
    }
    int size = (int)(sizeof head + parcel->size);
    fc_parcel_free(parcel);
    fc_status status = judge(MPI_Send(message, size, MPI_BYTE, 0, TAG_ASK, MPI_COMM_WORLD), "MPI_Send", error);
    free(message);
    return status;
}

static fc_status wait_for_work(fc_parcel *out, fc_error *error) {
    parcel_head head = {.count = 0};
    int there = 0;
    for (long pause_ns = LEAST_PAUSE_NS; there == 0; pause_ns = longer(pause_ns)) {
        FC_TRY(judge(MPI_Iprobe(0, TAG_WORK, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE), "MPI_Iprobe", error));
        if (there == 0) {
            struct timespec pause = {.tv_nsec = pause_ns};
            (void)nanosleep(&pause, NULL);
        }
    }
    FC_TRY(judge(MPI_Recv(&head, (int)sizeof head, MPI_BYTE, 0, TAG_WORK, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                 "MPI_Recv", error));
    *out = (fc_parcel){.first = head.first, .count = head.count};
    return FC_OK;
}

fc_status fc_mpi_queue_follow(const fc_ranks *ranks, uint32_t threads, fc_queue_make make, void *user,
                              fc_error *error) {
    (void)ranks;
    fc_parcel parcel = {.count = 0};
    FC_TRY(check_threads(error));
    do {
        FC_TRY(ask(&parcel, error));
        FC_TRY(wait_for_work(&parcel, error));
        FC_TRY(make_on_threads(&parcel, threads, make, user, error));
    } while (parcel.count > 0);
    return FC_OK;
}

/* ---- rank 0 ---------------------------------------------------------------------------------------------------------- */

typedef struct desk {
    fc_queue *queue;
    uint32_t asking;  /* ranks that still have to be told that there is no more */
    uint32_t waiting; /* … whose question has no answer yet */
    int *who;         /* those */
    sigset_t signals;
} desk;

static fc_status receive(fc_parcel *out, const MPI_Status *sender, fc_error *error) {
    parcel_head head;
    int size = 0;
    FC_TRY(judge(MPI_Get_count(sender, MPI_BYTE, &size), "MPI_Get_count", error));
    char *message = size >= (int)sizeof head ? malloc((size_t)size) : NULL;
    if (message == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a message of %d bytes from rank %d", size,
                            sender->MPI_SOURCE);
    }
    fc_status status =
        judge(MPI_Recv(message, size, MPI_BYTE, sender->MPI_SOURCE, TAG_ASK, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
              "MPI_Recv", error);
    if (status != FC_OK) {
        free(message);
        return status;
    }
    memcpy(&head, message, sizeof head);
    *out = (fc_parcel){.first = head.first, .count = head.count, .seconds = head.seconds, .bytes = message};
    out->size = (size_t)size - sizeof head;
    memmove(message, message + sizeof head, out->size);
    return FC_OK;
}

/* One question, if there is one. */
static fc_status hear(bool *any, desk *d, fc_error *error) {
    MPI_Status sender;
    int there = 0;
    fc_parcel parcel;
    FC_TRY(judge(MPI_Iprobe(MPI_ANY_SOURCE, TAG_ASK, MPI_COMM_WORLD, &there, &sender), "MPI_Iprobe", error));
    *any = there != 0;
    if (!*any) {
        return FC_OK;
    }
    FC_TRY(receive(&parcel, &sender, error));
    d->who[d->waiting++] = sender.MPI_SOURCE;
    if (parcel.count == 0) {
        fc_parcel_free(&parcel);
        return FC_OK;
    }
    return fc_queue_accept(d->queue, &parcel, error);
}

/* As many answers as can be given. */
static fc_status answer(bool *any, desk *d, fc_error *error) {
    while (d->waiting > 0) {
        fc_parcel parcel;
        fc_dealt dealt = fc_queue_deal(&parcel, d->queue, false);
        if (dealt == FC_DEALT_LATER) {
            return FC_OK;
        }
        parcel_head head = {.first = parcel.first, .count = dealt == FC_DEALT_ITEMS ? parcel.count : 0};
        d->waiting -= 1;
        d->asking -= dealt == FC_DEALT_NONE;
        *any = true;
        FC_TRY(judge(MPI_Send(&head, (int)sizeof head, MPI_BYTE, d->who[d->waiting], TAG_WORK, MPI_COMM_WORLD),
                     "MPI_Send", error));
    }
    return FC_OK;
}

/* A pause that a signal to end cuts short. */
static fc_status rest(const desk *d, long pause_ns, fc_error *error) {
    struct timespec pause = {.tv_nsec = pause_ns};
    if (sigtimedwait(&d->signals, NULL, &pause) != SIGTERM) {
        return FC_OK;
    }
    return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                        "told to end (SIGTERM) after item %llu: another rank died, or a time limit came near",
                        (unsigned long long)fc_queue_taken(d->queue));
}

static fc_status serve(desk *d, fc_error *error) {
    long pause_ns = LEAST_PAUSE_NS;
    while (d->asking > 0 || !fc_queue_is_done(d->queue)) {
        bool heard = false;
        FC_TRY(hear(&heard, d, error));
        FC_TRY(answer(&heard, d, error));
        pause_ns = heard ? LEAST_PAUSE_NS : longer(pause_ns);
        if (!heard) {
            FC_TRY(rest(d, pause_ns, error));
        }
    }
    return FC_OK;
}

static fc_status serve_beside_crew(desk *d, uint32_t threads, fc_queue_make make, void *user, fc_error *error) {
    fc_crew *crew = NULL;
    FC_TRY(fc_crew_start(&crew, d->queue, threads, make, user, error));
    fc_error why = {.status = FC_OK};
    if (serve(d, &why) != FC_OK) {
        fc_queue_stop(d->queue, &why);
    }
    fc_crew_join(crew);
    return fc_queue_outcome(d->queue, error);
}

fc_status fc_mpi_queue_lead(const fc_ranks *ranks, const fc_queue_job *job, uint32_t threads, fc_queue_make make,
                            void *user, fc_error *error) {
    fc_queue_job whole = *job;
    sigset_t before;
    whole.workers = (ranks->count - 1) + threads;
    FC_TRY(check_threads(error));
    desk d = {.queue = fc_queue_create(&whole), .asking = ranks->count - 1, .who = calloc(ranks->count, sizeof *d.who)};
    fc_status status = FC_FAILED;
    if (d.queue == NULL || d.who == NULL) {
        status = fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the queue of work");
    } else {
        (void)sigemptyset(&d.signals);
        (void)sigaddset(&d.signals, SIGTERM);
        (void)pthread_sigmask(SIG_BLOCK, &d.signals, &before);
        status = serve_beside_crew(&d, threads, make, user, error);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    fc_queue_destroy(d.queue);
    free(d.who);
    return status;
}
