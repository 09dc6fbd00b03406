/* The queue over real ranks: tens of thousands of tiny items, the same bytes for any number of ranks and threads. Run by mpirun;
 * rank 0 judges. */
#include "mpi/queue.h"
#include "mpi/world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ITEMS 30000U

typedef struct record {
    char *bytes;
    size_t size;
    uint64_t next;
    uint64_t settled;
} record;

/* What item `item` is, by definition: of many lengths, none among them. */
static int item_text(char *out, uint64_t item) {
    return item % 7 == 3
               ? 0
               : sprintf(out, "%llu:%.*s\n", (unsigned long long)item, (int)(item % 23), "abcdefghijklmnopqrstuvw");
}

static fc_status make(void *user, uint32_t worker, uint64_t item, fc_text *out, fc_error *error) {
    (void)worker;
    (void)error;
    const bool *slow = user;
    if (*slow && item % 5000 == 0) { /* others overtake it by far */
        struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    char text[64];
    fc_text_add_bytes(out, text, (size_t)item_text(text, item));
    return FC_OK;
}

static fc_status take(void *user, uint64_t item, const char *bytes, size_t size, fc_error *error) {
    record *r = user;
    if (item != r->next) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "item %llu came, %llu was due", (unsigned long long)item,
                            (unsigned long long)r->next);
    }
    r->next += 1;
    memcpy(r->bytes + r->size, bytes, size);
    r->size += size;
    return FC_OK;
}

static fc_status settle(void *user, uint64_t done, fc_error *error) {
    (void)error;
    ((record *)user)->settled = done;
    return FC_OK;
}

static fc_status lead(const fc_ranks *ranks, uint64_t begin, uint32_t threads, bool slow, fc_error *error) {
    record got = {.bytes = malloc((size_t)ITEMS * 64), .next = begin};
    char *wanted = malloc((size_t)ITEMS * 64);
    size_t wanted_size = 0;
    if (got.bytes == NULL || wanted == NULL) {
        free(got.bytes);
        free(wanted);
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory");
    }
    for (uint64_t item = begin; item < ITEMS; item++) {
        wanted_size += (size_t)item_text(wanted + wanted_size, item);
    }
    fc_queue_job job = {.begin = begin, .end = ITEMS, .user = &got, .take = take, .settle = settle};
    fc_status status = fc_mpi_queue_lead(ranks, &job, threads, make, &slow, error);
    if (status == FC_OK && (got.size != wanted_size || memcmp(got.bytes, wanted, wanted_size) != 0)) {
        status = fc_error_set(error, FC_FAILED, NULL, 0, 0, "other bytes than one process makes");
    }
    if (status == FC_OK && got.settled != ITEMS && begin < ITEMS) {
        status = fc_error_set(error, FC_FAILED, NULL, 0, 0, "the last items were not settled");
    }
    free(got.bytes);
    free(wanted);
    return status;
}

static fc_status run_all(const fc_ranks *ranks, fc_error *error) {
    static const uint64_t begins[] = {0, 137, ITEMS - 1, ITEMS};
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        for (size_t i = 0; i < 2 * sizeof begins / sizeof begins[0]; i++) {
            uint64_t begin = begins[i / 2];
            bool slow = i % 2 != 0;
            FC_TRY(ranks->rank == 0 ? lead(ranks, begin, threads, slow, error)
                                    : fc_mpi_queue_follow(ranks, threads, make, &slow, error));
            FC_TRY(ranks->barrier(ranks->user, error));
        }
    }
    return FC_OK;
}

int main(int argc, char **argv) {
    fc_error error = {.status = FC_OK};
    fc_ranks ranks;
    fc_status status = fc_world_open(&ranks, &argc, &argv, &error);
    if (status == FC_OK) {
        status = run_all(&ranks, &error);
    }
    if (status != FC_OK) {
        fprintf(stderr, "rank %u: %s\n", ranks.rank, error.text);
        fc_world_abort(status);
    }
    fc_world_close();
    return 0;
}
