/* Collectives among ranks that a test plays: the check of outcomes, the plan under a budget, and the merge into a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/collectives.h"
#include "bench/exchange.h"
#include "flopcast/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_RANKS 8
#define MOST_TOLD 512

typedef enum fault {
    FAULT_NONE = 0,
    FAULT_WRONG_SUM,
    FAULT_NOTHING_ARRIVES,
    FAULT_SWAPPED_PIECES,
    FAULT_LIBRARY
} fault;

/* Stands on one rank and plays the others: what they send is read off a peer's own fill. */
typedef struct stage {
    fc_ranks ranks;
    fault fault;
    double latency_s;
    double bytes_per_s;
    double noise_frac; /* every other batch takes this much longer */
    double now_s;
    uint32_t calls;
    uint32_t batches;
    uint32_t told;
    size_t told_size;
    float *peers[MOST_RANKS]; /* what each rank sends; NULL: not needed */
} stage;

/* The definition, written out anew: the numbers of a rank as exchange.c fills them, from a device opened as that rank. */
static float *peer_numbers(stage *s, uint32_t rank, fc_collective_op op, size_t elements);

static float sum_at(stage *s, fc_collective_op op, size_t elements, size_t place) {
    float sum = 0.0F;
    for (uint32_t rank = 0; rank < s->ranks.count; rank++) {
        sum += peer_numbers(s, rank, op, elements)[place];
    }
    return sum;
}

static void play(stage *s, fc_collective_op op, float *receive, size_t elements) {
    uint32_t count = s->ranks.count;
    size_t piece = elements / count;
    uint32_t own = s->ranks.rank;
    for (size_t i = 0; i < (op == FC_COLLECTIVE_REDUCE_SCATTER ? piece : elements); i++) {
        switch (op) {
        case FC_COLLECTIVE_ALL_REDUCE:
            receive[i] = sum_at(s, op, elements, i);
            break;
        case FC_COLLECTIVE_REDUCE_SCATTER:
            receive[i] = sum_at(s, op, elements, own * piece + i);
            break;
        case FC_COLLECTIVE_ALL_GATHER:
            receive[i] = peer_numbers(s, (uint32_t)(i / piece), op, elements)[i % piece];
            break;
        case FC_COLLECTIVE_ALL_TO_ALL:
            receive[i] = peer_numbers(s, (uint32_t)(i / piece), op, elements)[own * piece + i % piece];
            break;
        default:
            receive[i] = peer_numbers(s, (own + count - 1) % count, op, elements)[i];
        }
    }
}

/* While a peer's numbers are read off, its exchange does nothing: prepare then fails its check, after the fill. */
static fc_status no_exchange(void *user, fc_collective_op op, const float *send, float *receive, size_t elements,
                             fc_error *error) {
    (void)user;
    (void)op;
    (void)send;
    (void)receive;
    (void)elements;
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "a peer exchanges nothing");
}

static float *peer_numbers(stage *s, uint32_t rank, fc_collective_op op, size_t elements) {
    if (s->peers[rank] == NULL) {
        fc_ranks alone = {.rank = rank, .count = s->ranks.count, .exchange = no_exchange};
        fc_exchange peer;
        fc_error error = {.status = FC_OK};
        assert_int_equal(fc_exchange_open(&peer, &alone, (double)elements * sizeof(float), &error), FC_OK);
        fc_sample sample = {.kind = FC_SAMPLE_COLLECTIVE,
                            .dtype = FC_DTYPE_FP32,
                            .collective_op = op,
                            .bytes = (double)elements * sizeof(float)};
        assert_int_equal(fc_exchange_backend.prepare(&peer, &sample, &error), FC_FAILED);
        s->peers[rank] = peer.send;
        free(peer.receive);
    }
    return s->peers[rank];
}

static void forget_peers(stage *s) {
    for (uint32_t rank = 0; rank < MOST_RANKS; rank++) {
        free(s->peers[rank]);
        s->peers[rank] = NULL;
    }
}

static fc_status stage_exchange(void *user, fc_collective_op op, const float *send, float *receive, size_t elements,
                                fc_error *error) {
    stage *s = user;
    (void)send;
    s->calls++;
    double sent = (double)elements * sizeof(float) * fc_collective_traffic_frac(op, s->ranks.count);
    double slower = s->batches % 2 == 1 ? 1.0 + s->noise_frac : 1.0;
    s->now_s += slower * (s->latency_s + sent / s->bytes_per_s);
    if (s->fault == FAULT_LIBRARY) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "the library gives up");
    }
    if (s->fault == FAULT_NOTHING_ARRIVES || s->batches > 0) {
        return FC_OK; /* timed calls are not looked at */
    }
    play(s, op, receive, elements);
    forget_peers(s);
    size_t received = op == FC_COLLECTIVE_REDUCE_SCATTER ? elements / s->ranks.count : elements;
    if (s->fault == FAULT_WRONG_SUM) {
        receive[received - 1] += 1.0F;
    }
    if (s->fault == FAULT_SWAPPED_PIECES) {
        float first = receive[0];
        receive[0] = receive[received / 2];
        receive[received / 2] = first;
    }
    return FC_OK;
}

static fc_status stage_barrier(void *user, fc_error *error) {
    (void)error;
    stage *s = user;
    s->batches++;
    return FC_OK;
}

static fc_status stage_largest(void *user, double *value, fc_error *error) {
    (void)user;
    (void)value;
    (void)error;
    return FC_OK;
}

static fc_status stage_tell(void *user, void *bytes, size_t size, fc_error *error) {
    stage *s = user;
    (void)bytes;
    (void)error;
    s->told++;
    s->told_size = size;
    s->batches = 0; /* a new case: its first exchange is the one that is checked */
    return FC_OK;
}

static double stage_now_s(void *user) {
    const stage *s = user;
    return s->now_s;
}

static void set_stage(stage *s, uint32_t rank, uint32_t count) {
    memset(s, 0, sizeof *s);
    s->latency_s = 10e-6;
    s->bytes_per_s = 1e9;
    s->ranks = (fc_ranks){.user = s,
                          .rank = rank,
                          .count = count,
                          .exchange = stage_exchange,
                          .barrier = stage_barrier,
                          .largest = stage_largest,
                          .tell = stage_tell,
                          .now_s = stage_now_s};
}

static fc_status prepare(stage *s, fc_collective_op op, double bytes, fc_sample *sample, fc_error *error) {
    fc_exchange exchange;
    *sample = (fc_sample){
        .kind = FC_SAMPLE_COLLECTIVE, .dtype = FC_DTYPE_FP32, .collective_op = op, .bytes = bytes, .seconds = 1.0};
    assert_int_equal(fc_exchange_open(&exchange, &s->ranks, 1024.0, error), FC_OK);
    fc_status status = fc_exchange_backend.prepare(&exchange, sample, error);
    fc_exchange_close(&exchange);
    return status;
}

/* ---- outcomes --------------------------------------------------------------------------------------------------- */

static void test_exchange__right_outcomes_pass(void **state) {
    (void)state;
    static const uint32_t counts[] = {2, 3, 8};
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t rank = 0; rank < counts[i]; rank++) {
            for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
                stage s;
                fc_sample sample;
                fc_error error = {.status = FC_OK};
                set_stage(&s, rank, counts[i]);
                fc_status status = prepare(&s, (fc_collective_op)op, 480.0, &sample, &error);
                assert_string_equal(error.text, "");
                assert_int_equal(status, FC_OK);
                assert_int_equal(sample.ranks, counts[i]);
                assert_true(sample.bytes >= 480.0 && sample.bytes < 480.0 + 4.0 * counts[i]);
            }
        }
    }
}

static void test_exchange__a_wrong_outcome_is_an_error(void **state) {
    (void)state;
    static const fault faults[] = {FAULT_WRONG_SUM, FAULT_NOTHING_ARRIVES, FAULT_SWAPPED_PIECES};
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
            stage s;
            fc_sample sample;
            fc_error error = {.status = FC_OK};
            set_stage(&s, 1, 4);
            s.fault = faults[i];
            assert_int_equal(prepare(&s, (fc_collective_op)op, 512.0, &sample, &error), FC_FAILED);
            assert_non_null(strstr(error.text, fc_collective_op_name((fc_collective_op)op)));
            assert_non_null(strstr(error.text, "is wrong: element"));
        }
    }
}

static void test_exchange__sizes_are_whole_for_every_rank(void **state) {
    (void)state;
    assert_true(fabs(fc_exchange_bytes(FC_COLLECTIVE_ALL_REDUCE, 6, 1.0) - 4.0) < 1e-9);
    assert_true(fabs(fc_exchange_bytes(FC_COLLECTIVE_SEND_RECV, 6, 9.0) - 12.0) < 1e-9);
    assert_true(fabs(fc_exchange_bytes(FC_COLLECTIVE_ALL_GATHER, 6, 8.0) - 24.0) < 1e-9);
    assert_true(fabs(fc_exchange_bytes(FC_COLLECTIVE_ALL_TO_ALL, 3, 25.0) - 36.0) < 1e-9);
}

static void test_exchange__refuses_other_cases(void **state) {
    (void)state;
    stage s;
    fc_sample sample;
    fc_error error = {.status = FC_OK};
    set_stage(&s, 0, 2);
    assert_int_equal(prepare(&s, FC_COLLECTIVE_SEND_WINDOW, 64.0, &sample, &error), FC_BAD_INPUT);
    error = (fc_error){.status = FC_OK};
    assert_int_equal(prepare(&s, FC_COLLECTIVE_ALL_REDUCE, 4096.0, &sample, &error), FC_OVER_LIMIT);
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static fc_collectives_options usual(void) {
    return (fc_collectives_options){
        .budget_s = 20.0, .least_bytes = 8.0, .most_bytes = 1e5, .ops = fc_collectives_all()};
}

static fc_status run(fc_collectives_report *report, fc_arena *arena, stage *s, const fc_collectives_options *options,
                     fc_error *error) {
    *error = (fc_error){.status = FC_OK};
    return fc_collectives_run(report, arena, &s->ranks, options, error);
}

static void test_plan__finds_the_latency_and_bandwidth_that_were_played(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    stage s;
    fc_error error;
    fc_collectives_report report;
    fc_collectives_options options = usual();
    set_stage(&s, 0, 4);
    assert_int_equal(run(&report, arena, &s, &options, &error), FC_OK);
    fc_fit *fit = fc_arena_alloc(arena, sizeof *fit);
    assert_int_equal(fc_calibration_fit_collectives(fit, report.samples, report.samples_count, &error), FC_OK);
    assert_int_equal(fit->collectives_count, 5);
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        assert_int_equal(fit->collectives[i].ranks, 4);
        assert_true(fabs(fit->collectives[i].latency_s / 10e-6 - 1.0) < 1e-6);
        assert_true(fabs(fit->collectives[i].bus_bytes_per_s / 1e9 - 1.0) < 1e-6);
    }
    assert_int_equal(report.dropped_count, 0);
    assert_int_equal(report.revisited_count, 0);
    assert_int_equal(report.unstable, 0);
    fc_arena_destroy(arena);
}

static void test_plan__sizes_double_and_both_ends_are_there(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    stage s;
    fc_error error;
    fc_collectives_report report;
    fc_collectives_options options = usual();
    options.ops = 1U << FC_COLLECTIVE_ALL_GATHER;
    options.most_bytes = 200.0;
    set_stage(&s, 0, 4);
    assert_int_equal(run(&report, arena, &s, &options, &error), FC_OK);
    static const double bytes[] = {16.0, 32.0, 64.0, 128.0, 208.0}; /* whole floats for each of four ranks */
    assert_int_equal(report.samples_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(report.samples[i].collective_op, FC_COLLECTIVE_ALL_GATHER);
        assert_true(fabs(report.samples[i].bytes - bytes[i]) < 1e-9);
    }
    fc_arena_destroy(arena);
}

static void test_plan__unstable_sizes_are_timed_again_and_flagged(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    stage s;
    fc_error error;
    fc_collectives_report report;
    fc_collectives_options options = usual();
    set_stage(&s, 0, 2);
    s.noise_frac = 0.5;
    assert_int_equal(run(&report, arena, &s, &options, &error), FC_OK);
    assert_true(report.revisited_count >= report.samples_count);
    assert_int_equal(report.unstable, 1);
    assert_int_equal(report.samples[0].unstable, 1);
    assert_true(report.samples[0].noise_frac > 0.05);
    assert_true(s.now_s <= options.budget_s * 1.01);
    fc_arena_destroy(arena);
}

static void test_plan__a_slow_network_drops_large_sizes_and_keeps_the_budget(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    stage s;
    fc_error error;
    fc_collectives_report report;
    fc_collectives_options options = usual();
    options.most_bytes = 1e6;
    set_stage(&s, 0, 2);
    s.bytes_per_s = 1e5;
    assert_int_equal(run(&report, arena, &s, &options, &error), FC_OK);
    assert_true(report.dropped_count > 0);
    assert_true(s.now_s <= options.budget_s * 1.1);
    for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
        uint32_t sizes = 0;
        for (uint32_t i = 0; i < report.samples_count; i++) {
            sizes += report.samples[i].collective_op == op;
        }
        assert_true(sizes >= 3);
    }
    fc_arena_destroy(arena);
}

static void test_plan__failures_end_it(void **state) {
    (void)state;
    static const struct {
        fault fault;
        const char *says;
    } cases[] = {{FAULT_LIBRARY, "the library gives up"},
                 {FAULT_WRONG_SUM, "all_reduce of 8 bytes among 2 ranks is wrong"}};
    fc_arena *arena = fc_arena_create(0);
    for (size_t i = 0; i < 2; i++) {
        stage s;
        fc_error error;
        fc_collectives_report report;
        fc_collectives_options options = usual();
        set_stage(&s, 0, 2);
        s.fault = cases[i].fault;
        assert_int_equal(run(&report, arena, &s, &options, &error), FC_FAILED);
        assert_non_null(strstr(error.text, cases[i].says));
        assert_int_equal(s.told, 1);
    }
    stage alone;
    fc_error error;
    fc_collectives_report report;
    fc_collectives_options options = usual();
    set_stage(&alone, 0, 1);
    assert_int_equal(run(&report, arena, &alone, &options, &error), FC_BAD_INPUT);
    fc_arena_destroy(arena);
}

/* Rank 1 does what it is told, in the order it is told, and ends when it is told. */
typedef struct script {
    stage stage;
    unsigned char orders[MOST_TOLD][64];
    uint32_t count;
    uint32_t at;
} script;

static fc_status record_tell(void *user, void *bytes, size_t size, fc_error *error) {
    script *s = user;
    assert_true(s->count < MOST_TOLD && size <= sizeof s->orders[0]);
    memcpy(s->orders[s->count++], bytes, size);
    return stage_tell(&s->stage, bytes, size, error);
}

static fc_status replay_tell(void *user, void *bytes, size_t size, fc_error *error) {
    script *s = user;
    assert_true(s->at < s->count);
    memcpy(bytes, s->orders[s->at++], size);
    return stage_tell(&s->stage, bytes, size, error);
}

static void test_plan__other_ranks_do_what_rank_0_tells(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    script *s = calloc(1, sizeof *s);
    assert_non_null(s);
    fc_error error;
    fc_collectives_report led;
    fc_collectives_report followed;
    fc_collectives_options options = usual();
    options.ops = 1U << FC_COLLECTIVE_ALL_REDUCE;
    set_stage(&s->stage, 0, 2);
    s->stage.ranks.tell = record_tell;
    s->stage.noise_frac = 0.5;
    assert_int_equal(run(&led, arena, &s->stage, &options, &error), FC_OK);
    uint32_t calls = s->stage.calls;
    set_stage(&s->stage, 1, 2);
    s->stage.ranks.tell = replay_tell;
    s->stage.noise_frac = 0.5;
    assert_int_equal(run(&followed, arena, &s->stage, &options, &error), FC_OK);
    assert_int_equal(s->at, s->count);
    assert_int_equal(s->stage.calls, calls);
    assert_int_equal(followed.samples_count, led.samples_count);
    assert_memory_equal(followed.samples, led.samples, led.samples_count * sizeof *led.samples);
    free(s);
    fc_arena_destroy(arena);
}

/* ---- into a calibration ----------------------------------------------------------------------------------------- */

static fc_sample collective(uint32_t op, uint32_t ranks, double bytes, double seconds) {
    return (fc_sample){.kind = FC_SAMPLE_COLLECTIVE,
                       .dtype = FC_DTYPE_FP32,
                       .collective_op = op,
                       .ranks = ranks,
                       .batch = 1,
                       .bytes = bytes,
                       .seconds = seconds,
                       .seconds_min = seconds};
}

static void test_add__replaces_the_same_and_keeps_the_rest(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_sample old[] = {{.kind = FC_SAMPLE_MATMUL, .m = 8, .n = 8, .k = 8, .batch = 1, .seconds = 1.0, .unstable = 1},
                       collective(FC_COLLECTIVE_ALL_REDUCE, 2, 8.0, 1.0),
                       collective(FC_COLLECTIVE_ALL_REDUCE, 4, 8.0, 2.0)};
    fc_calibration *calibration = fc_arena_alloc(arena, sizeof *calibration);
    calibration->samples = old;
    calibration->samples_count = 3;
    calibration->fit.dtype[FC_DTYPE_FP32].peak_flop_per_s = 5e9;
    calibration->fit.collectives_count = 1;
    calibration->fit.collectives[0] = (fc_fit_collective){.op = FC_COLLECTIVE_SEND_RECV, .ranks = 2, .latency_s = 3.0};
    fc_sample fresh[] = {collective(FC_COLLECTIVE_ALL_REDUCE, 2, 1e3, 2e-6),
                         collective(FC_COLLECTIVE_ALL_REDUCE, 2, 1e6, 1e-3)};
    fc_collectives_report report = {.samples = fresh, .samples_count = 2};
    uint32_t replaced = 0;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_collectives_add(calibration, &replaced, arena, &report, &error), FC_OK);
    assert_int_equal(replaced, 1);
    assert_int_equal(calibration->samples_count, 4);
    assert_int_equal(calibration->samples[1].ranks, 4);
    assert_true(fabs(calibration->fit.dtype[FC_DTYPE_FP32].peak_flop_per_s - 5e9) < 1.0);
    assert_int_equal(calibration->fit.collectives_count, 3); /* of 4 ranks, of 2 ranks, and the one without samples */
    assert_int_equal(calibration->unstable, 0);
    report.unstable = 1;
    assert_int_equal(fc_collectives_add(calibration, &replaced, arena, &report, &error), FC_OK);
    assert_int_equal(replaced, 2);
    assert_int_equal(calibration->samples_count, 4);
    assert_int_equal(calibration->unstable, 1);
    fc_arena_destroy(arena);
}

static void test_add__a_full_file_takes_no_more(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_calibration *calibration = fc_arena_alloc(arena, sizeof *calibration);
    calibration->samples = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof(fc_sample));
    calibration->samples_count = FC_MAX_SAMPLES;
    fc_sample fresh = collective(FC_COLLECTIVE_ALL_REDUCE, 2, 1e3, 2e-6);
    fc_collectives_report report = {.samples = &fresh, .samples_count = 1};
    uint32_t replaced = 0;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_collectives_add(calibration, &replaced, arena, &report, &error), FC_OVER_LIMIT);
    fc_arena_destroy(arena);
}

static void test_join__further_files_hold_collectives_alone(void **state) {
    (void)state;
    fc_arena *arena = fc_arena_create(0);
    fc_calibration *first = fc_arena_alloc(arena, sizeof *first);
    fc_calibration *further = fc_arena_alloc(arena, sizeof *further);
    fc_sample four[] = {collective(FC_COLLECTIVE_ALL_REDUCE, 4, 1e3, 2e-6),
                        collective(FC_COLLECTIVE_ALL_REDUCE, 4, 1e6, 1e-3)};
    further->samples = four;
    further->samples_count = 2;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_collectives_join(first, arena, further, "four.json", &error), FC_OK);
    assert_int_equal(first->samples_count, 2);
    assert_int_equal(first->fit.collectives_count, 1);
    four[1].kind = FC_SAMPLE_MATMUL;
    assert_int_equal(fc_collectives_join(first, arena, further, "four.json", &error), FC_BAD_INPUT);
    assert_string_equal(error.source, "four.json");
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchange__right_outcomes_pass),
        cmocka_unit_test(test_exchange__a_wrong_outcome_is_an_error),
        cmocka_unit_test(test_exchange__sizes_are_whole_for_every_rank),
        cmocka_unit_test(test_exchange__refuses_other_cases),
        cmocka_unit_test(test_plan__finds_the_latency_and_bandwidth_that_were_played),
        cmocka_unit_test(test_plan__sizes_double_and_both_ends_are_there),
        cmocka_unit_test(test_plan__unstable_sizes_are_timed_again_and_flagged),
        cmocka_unit_test(test_plan__a_slow_network_drops_large_sizes_and_keeps_the_budget),
        cmocka_unit_test(test_plan__failures_end_it),
        cmocka_unit_test(test_plan__other_ranks_do_what_rank_0_tells),
        cmocka_unit_test(test_add__replaces_the_same_and_keeps_the_rest),
        cmocka_unit_test(test_add__a_full_file_takes_no_more),
        cmocka_unit_test(test_join__further_files_hold_collectives_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
