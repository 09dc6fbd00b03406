/* The queue: every item once, in order, whoever makes it; and the ways in which it ends early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ITEMS 20000

/* What was taken, as one text, and how often the file would have been written. */
typedef struct record {
    char *bytes;
    size_t size;
    uint64_t next;
    uint64_t settled;
    uint64_t settles;
    uint64_t fails_at; /* take fails at this item; 0: never */
} record;

static record record_start(uint64_t begin) {
    record r = {.bytes = malloc((size_t)ITEMS * 64), .next = begin};
    assert_non_null(r.bytes);
    return r;
}

static fc_status take(void *user, uint64_t item, const char *bytes, size_t size, fc_error *error) {
    record *r = user;
    assert_int_equal(item, r->next);
    r->next += 1;
    if (r->fails_at != 0 && item == r->fails_at) {
        return fc_error_set(error, FC_FAILED, "disk", 0, 0, "full at %u", (unsigned)item);
    }
    memcpy(r->bytes + r->size, bytes, size);
    r->size += size;
    return FC_OK;
}

static fc_status settle(void *user, uint64_t done, fc_error *error) {
    (void)error;
    record *r = user;
    assert_int_equal(done, r->next);
    r->settled = done;
    r->settles += 1;
    return FC_OK;
}

/* Bytes of many lengths, none among them. */
static fc_status make(void *user, uint32_t worker, uint64_t item, fc_text *out, fc_error *error) {
    (void)worker;
    const uint64_t *fails_at = user;
    if (fails_at != NULL && item == *fails_at) {
        return fc_error_set(error, FC_OVER_LIMIT, "maker", 0, 0, "item %u is too much", (unsigned)item);
    }
    if (item % 7 != 3) {
        fc_text_addf(out, "%llu:%.*s\n", (unsigned long long)item, (int)(item % 23), "abcdefghijklmnopqrstuvw");
    }
    return FC_OK;
}

/* The definition: one after the other. */
static record expected(uint64_t begin, uint64_t end) {
    record r = record_start(begin);
    for (uint64_t item = begin; item < end; item++) {
        if (item % 7 != 3) {
            r.size += (size_t)sprintf(r.bytes + r.size, "%llu:%.*s\n", (unsigned long long)item, (int)(item % 23),
                                      "abcdefghijklmnopqrstuvw");
        }
    }
    return r;
}

static void assert_same(const record *got, const record *wanted) {
    assert_int_equal(got->size, wanted->size);
    assert_memory_equal(got->bytes, wanted->bytes, wanted->size);
}

static fc_queue_job job_of(record *r, uint64_t begin, uint64_t end, uint32_t workers) {
    return (fc_queue_job){.begin = begin, .end = end, .workers = workers, .user = r, .take = take, .settle = settle};
}

static void any_number_of_threads_gives_the_same_bytes(void **state) {
    (void)state;
    const uint64_t begins[] = {0, 1, 137, ITEMS - 1, ITEMS};
    for (uint32_t threads = 1; threads <= 7; threads++) {
        for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
            fc_error error = {.status = FC_OK};
            record got = record_start(begins[i]);
            record wanted = expected(begins[i], ITEMS);
            fc_queue_job job = job_of(&got, begins[i], ITEMS, threads);
            assert_int_equal(fc_queue_run(&job, threads, make, NULL, &error), FC_OK);
            assert_same(&got, &wanted);
            assert_int_equal(got.next, ITEMS);
            assert_true(got.settled == ITEMS || begins[i] == ITEMS);
            free(got.bytes);
            free(wanted.bytes);
        }
    }
}

/* Parcels of many workers that come back in any order, as from other processes. */
static void parcels_come_back_in_any_order(void **state) {
    (void)state;
    enum { WORKERS = 9 };
    for (unsigned seed = 1; seed <= 40; seed++) {
        fc_error error = {.status = FC_OK};
        record got = record_start(0);
        record wanted = expected(0, ITEMS);
        fc_queue_job job = job_of(&got, 0, ITEMS, WORKERS);
        fc_queue *queue = fc_queue_create(&job);
        fc_parcel in_hand[WORKERS];
        memset(in_hand, 0, sizeof in_hand);
        uint64_t state_of_random = seed;
        while (!fc_queue_is_done(queue)) {
            state_of_random = state_of_random * 6364136223846793005ULL + 1442695040888963407ULL;
            fc_parcel *parcel = &in_hand[(state_of_random >> 33) % WORKERS];
            if (parcel->count == 0) {
                (void)fc_queue_deal(parcel, queue, false);
            } else {
                assert_int_equal(fc_parcel_make(parcel, make, NULL, 0, &error), FC_OK);
                assert_int_equal(fc_queue_accept(queue, parcel, &error), FC_OK);
            }
        }
        assert_int_equal(fc_queue_outcome(queue, &error), FC_OK);
        assert_same(&got, &wanted);
        fc_queue_destroy(queue);
        free(got.bytes);
        free(wanted.bytes);
    }
}

/* One item of many kilobytes, and the first one late: others are held, then asked to wait, and nothing is lost. */
static fc_status make_large(void *user, uint32_t worker, uint64_t item, fc_text *out, fc_error *error) {
    (void)user;
    (void)worker;
    (void)error;
    char line[4096];
    memset(line, 'a' + (int)(item % 26), sizeof line);
    for (int i = 0; i < 256; i++) {
        fc_text_add_bytes(out, line, sizeof line);
    }
    return FC_OK;
}

static fc_status take_large(void *user, uint64_t item, const char *bytes, size_t size, fc_error *error) {
    (void)error;
    uint64_t *next = user;
    assert_int_equal(item, *next);
    *next += 1;
    assert_int_equal(size, 4096 * 256);
    assert_int_equal(bytes[size - 1], 'a' + (int)(item % 26));
    return FC_OK;
}

static void what_is_held_is_bounded(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    uint64_t next = 0;
    fc_queue_job job = {.end = 200, .workers = 3, .user = &next, .take = take_large};
    fc_queue *queue = fc_queue_create(&job);
    fc_parcel first;
    assert_int_equal(fc_queue_deal(&first, queue, false), FC_DEALT_ITEMS);
    uint32_t held = 0;
    fc_parcel later;
    while (fc_queue_deal(&later, queue, false) == FC_DEALT_ITEMS) {
        held += (uint32_t)later.count;
        assert_int_equal(fc_parcel_make(&later, make_large, NULL, 0, &error), FC_OK);
        assert_int_equal(fc_queue_accept(queue, &later, &error), FC_OK);
    }
    assert_int_equal(fc_queue_deal(&later, queue, false), FC_DEALT_LATER);
    assert_in_range(held, 32, 100);
    assert_int_equal(next, 0);
    assert_int_equal(fc_parcel_make(&first, make_large, NULL, 0, &error), FC_OK);
    assert_int_equal(fc_queue_accept(queue, &first, &error), FC_OK);
    assert_int_equal(next, held + 1);
    assert_int_equal(fc_queue_taken(queue), held + 1);
    assert_int_equal(fc_queue_deal(&later, queue, false), FC_DEALT_ITEMS);
    fc_queue_destroy(queue);
}

static void a_failure_of_an_item_ends_it(void **state) {
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        fc_error error = {.status = FC_OK};
        uint64_t fails_at = 5000;
        record got = record_start(0);
        record wanted = expected(0, ITEMS);
        fc_queue_job job = job_of(&got, 0, ITEMS, threads);
        assert_int_equal(fc_queue_run(&job, threads, make, &fails_at, &error), FC_OVER_LIMIT);
        assert_string_equal(error.text, "item 5000 is too much");
        /* What came before stands, and is what an undisturbed run has there. */
        assert_true(got.next <= fails_at);
        assert_memory_equal(got.bytes, wanted.bytes, got.size);
        assert_int_equal(got.settled, got.next);
        free(got.bytes);
        free(wanted.bytes);
    }
}

static void a_failure_of_the_writer_ends_it(void **state) {
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        fc_error error = {.status = FC_OK};
        record got = record_start(0);
        got.fails_at = 777;
        fc_queue_job job = job_of(&got, 0, ITEMS, threads);
        assert_int_equal(fc_queue_run(&job, threads, make, NULL, &error), FC_FAILED);
        assert_string_equal(error.text, "full at 777");
        assert_int_equal(got.next, 778);
        free(got.bytes);
    }
}

static void damaged_parcels_are_refused(void **state) {
    (void)state;
    for (int damage = 0; damage < 4; damage++) {
        fc_error error = {.status = FC_OK};
        record got = record_start(0);
        fc_queue_job job = job_of(&got, 0, ITEMS, 1);
        fc_queue *queue = fc_queue_create(&job);
        fc_parcel parcel;
        assert_int_equal(fc_queue_deal(&parcel, queue, false), FC_DEALT_ITEMS);
        assert_int_equal(fc_parcel_make(&parcel, make, NULL, 0, &error), FC_OK);
        parcel.bytes[0] = damage == 0 ? (char)(parcel.bytes[0] + 1) : parcel.bytes[0];
        parcel.bytes[3] = damage == 1 ? (char)0xff : parcel.bytes[3];
        parcel.size -= damage == 2 ? 1U : 0U;
        parcel.count += damage == 3 ? 1U : 0U;
        assert_int_equal(fc_queue_accept(queue, &parcel, &error), FC_FAILED);
        assert_int_equal(got.next, 0);
        assert_int_equal(fc_queue_deal(&parcel, queue, false), FC_DEALT_NONE);
        assert_int_equal(fc_queue_outcome(queue, &error), FC_FAILED);
        fc_queue_destroy(queue);
        free(got.bytes);
    }
}

static void stopped_from_outside(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    fc_error why = {.status = FC_FAILED};
    (void)snprintf(why.text, sizeof why.text, "somebody said so");
    record got = record_start(0);
    fc_queue_job job = job_of(&got, 0, ITEMS, 2);
    fc_queue *queue = fc_queue_create(&job);
    fc_parcel parcel;
    assert_int_equal(fc_queue_deal(&parcel, queue, false), FC_DEALT_ITEMS);
    fc_queue_stop(queue, &why);
    assert_true(fc_queue_is_done(queue));
    assert_int_equal(fc_parcel_make(&parcel, make, NULL, 0, &error), FC_OK);
    assert_int_equal(fc_queue_accept(queue, &parcel, &error), FC_OK); /* too late: dropped */
    assert_int_equal(got.next, 0);
    assert_int_equal(fc_queue_deal(&parcel, queue, true), FC_DEALT_NONE);
    assert_int_equal(fc_queue_outcome(queue, &error), FC_FAILED);
    assert_string_equal(error.text, "somebody said so");
    fc_queue_destroy(queue);
    free(got.bytes);
}

/* Slow items come back one by one, quick ones in long blocks: the writer is called seldom. */
static fc_status make_slow(void *user, uint32_t worker, uint64_t item, fc_text *out, fc_error *error) {
    struct timespec pause = {.tv_nsec = 250 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    return make(user, worker, item, out, error);
}

static void blocks_follow_the_time_an_item_takes(void **state) {
    (void)state;
    fc_error error = {.status = FC_OK};
    record slow = record_start(0);
    fc_queue_job job = job_of(&slow, 0, 8, 1);
    assert_int_equal(fc_queue_run(&job, 1, make_slow, NULL, &error), FC_OK);
    assert_int_equal(slow.settles, 8);
    record quick = record_start(0);
    job = job_of(&quick, 0, ITEMS, 1);
    assert_int_equal(fc_queue_run(&job, 1, make, NULL, &error), FC_OK);
    assert_in_range(quick.settles, 2, ITEMS / 10);
    free(slow.bytes);
    free(quick.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(parcels_come_back_in_any_order),
        cmocka_unit_test(what_is_held_is_bounded),
        cmocka_unit_test(a_failure_of_an_item_ends_it),
        cmocka_unit_test(a_failure_of_the_writer_ends_it),
        cmocka_unit_test(damaged_parcels_are_refused),
        cmocka_unit_test(stopped_from_outside),
        cmocka_unit_test(blocks_follow_the_time_an_item_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
