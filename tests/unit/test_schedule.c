/* The closed forms of a pipeline's schedules against known answers and against the same step played event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flopcast/hd/rng.h"
#include "flopcast/schedule.h"

#define SEED UINT64_C(20261124)

typedef struct stream {
    uint64_t trial;
    uint32_t next;
} stream;

static double between(stream *draws, double low, double high) {
    return low + (high - low) * fc_hd_uniform(SEED, draws->trial, draws->next++);
}

static int32_t count_between(stream *draws, int32_t low, int32_t high) {
    return low + (int32_t)((double)(high - low + 1) * fc_hd_uniform(SEED, draws->trial, draws->next++));
}

static fc_schedule_timeline play_in(fc_arena *arena, fc_schedule schedule, const fc_hd_pipeline *pipe) {
    fc_error error = {0};
    fc_schedule_timeline line;
    if (fc_schedule_play(&line, schedule, pipe, arena, &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
    return line;
}

static fc_schedule_timeline play(fc_schedule schedule, const fc_hd_pipeline *pipe) {
    fc_arena *arena = fc_arena_create(0);
    assert_non_null(arena);
    fc_schedule_timeline line = play_in(arena, schedule, pipe);
    fc_arena_destroy(arena);
    line.events = NULL;
    return line;
}

static void say(fc_schedule schedule, const fc_hd_pipeline *q, double closed_s, double played_s) {
    fail_msg("%s p %d v %d m %d stage %g %g %g first %g %g %g last %g %g %g send %g blocked %g pair %g: closed %.12g, "
             "played %.12g",
             fc_schedule_name(schedule), q->stages, q->chunks, q->micro_batches, q->stage.forward_s, q->stage.input_s,
             q->stage.weight_s, q->first.forward_s, q->first.input_s, q->first.weight_s, q->last.forward_s,
             q->last.input_s, q->last.weight_s, q->send_s, q->blocked_frac, q->pair_frac, closed_s, played_s);
}

/* Fails unless the closed form is within `frac` of the play, and its parts add up. Returns the error. */
static double compare(fc_schedule schedule, const fc_hd_pipeline *pipe, double frac) {
    fc_schedule_timeline line = play(schedule, pipe);
    fc_hd_pipeline_time time = fc_hd_pipeline_parts(schedule, pipe);
    double error = fabs(time.total_s / line.total_s - 1.0);
    if (!(error <= frac)) {
        say(schedule, pipe, time.total_s, line.total_s);
    }
    if (!(fabs(time.busy_s / line.busiest_s - 1.0) <= 1e-9)) {
        say(schedule, pipe, time.busy_s, line.busiest_s);
    }
    assert_true(time.bubble_s >= 0.0 && time.send_s >= 0.0);
    assert_true(fabs(time.busy_s + time.bubble_s + time.send_s - time.total_s) <= 1e-12 * time.total_s);
    return error;
}

/* Counts that the schedule can run and that take little time to play. */
static fc_hd_pipeline draw_counts(stream *draws, fc_schedule schedule) {
    fc_hd_pipeline q = {0};
    q.stages = count_between(draws, 1, between(draws, 0, 1) < 0.5 ? 32 : 6);
    q.chunks = schedule == FC_SCHEDULE_INTERLEAVED ? count_between(draws, 1, 8) : 1;
    q.micro_batches = count_between(draws, 1, between(draws, 0, 1) < 0.3 ? 256 : 48);
    if (schedule == FC_SCHEDULE_INTERLEAVED && q.chunks > 1) {
        q.micro_batches = (q.micro_batches + q.stages - 1) / q.stages * q.stages;
    }
    if (schedule == FC_SCHEDULE_DUALPIPE) {
        q.stages += q.stages % 2;
        q.micro_batches = 2 * (q.stages + q.micro_batches / 2);
    }
    return q;
}

static fc_hd_pass draw_share(stream *draws, const fc_hd_pass *pass, double low, double high) {
    fc_hd_pass out = {pass->forward_s * between(draws, low, high), pass->input_s * between(draws, low, high),
                      pass->weight_s * between(draws, low, high)};
    return out;
}

/* How far a random pipeline goes: ends as shares of a chunk, delays as a share of its shortest part. */
typedef struct range {
    double first_low, first_high, last_low, last_high, send_high;
} range;

static fc_hd_pipeline draw(uint64_t trial, fc_schedule schedule, const range *within) {
    stream draws = {trial, 0};
    fc_hd_pipeline q = draw_counts(&draws, schedule);
    double f = between(&draws, 0.5, 2.0);
    fc_hd_pass chunk = {f, f * between(&draws, 0.8, 1.6), f * between(&draws, 0.4, 0.8)};
    q.stage = (fc_hd_pass){chunk.forward_s * q.chunks, chunk.input_s * q.chunks, chunk.weight_s * q.chunks};
    double floor_frac = q.stages < 2 || (q.stages == 2 && q.chunks > 1) ? 0.0 : 1.0;
    if (between(&draws, 0, 1) < 0.7) {
        q.first = draw_share(&draws, &chunk, floor_frac * within->first_low, within->first_high);
    }
    if (between(&draws, 0, 1) < 0.7) {
        q.last = draw_share(&draws, &chunk, floor_frac * within->last_low, within->last_high);
    }
    if (between(&draws, 0, 1) < 0.5) {
        q.send_s = between(&draws, 0.0, within->send_high) * chunk.weight_s;
        q.blocked_frac =
            between(&draws, 0, 1) < 0.5 || schedule == FC_SCHEDULE_DUALPIPE ? 0.0 : between(&draws, 0.0, 1.0);
    }
    if (schedule == FC_SCHEDULE_DUALPIPE && between(&draws, 0, 1) < 0.5) {
        q.pair_frac = between(&draws, 0.75, 1.0);
    }
    return q;
}

static void compare_many(fc_schedule schedule, const range *within, uint64_t trials) {
    double worst = 0.0;
    for (uint64_t trial = 0; trial < trials; ++trial) {
        fc_hd_pipeline q = draw(trial, schedule, within);
        worst = fc_hd_max(worst, compare(schedule, &q, 0.01));
    }
    print_message("%s: worst of %d: %.3g %%\n", fc_schedule_name(schedule), (int)trials, 100.0 * worst);
}

static void random_gpipe(void **state) {
    (void)state;
    range within = {-0.9, 2.0, -0.9, 3.0, 2.0};
    compare_many(FC_SCHEDULE_GPIPE, &within, 1500);
}

static void random_1f1b(void **state) {
    (void)state;
    range within = {-0.9, 2.0, -0.9, 3.0, 1.0};
    compare_many(FC_SCHEDULE_1F1B, &within, 3000);
}

static void random_interleaved(void **state) {
    (void)state;
    range within = {-0.4, 0.5, -0.4, 1.5, 0.4};
    compare_many(FC_SCHEDULE_INTERLEAVED, &within, 3000);
}

static void random_zero_bubble(void **state) {
    (void)state;
    range within = {-0.3, 0.5, -0.3, 1.0, 0.25};
    compare_many(FC_SCHEDULE_ZERO_BUBBLE, &within, 3000);
}

static void random_dualpipe(void **state) {
    (void)state;
    range even = {0, 0, 0, 0, 0.15}; /* uneven ends are a guide only: docs/formulas.md */
    compare_many(FC_SCHEDULE_DUALPIPE, &even, 1500);
}

/* Even stages are exact, so that no coefficient can be a little wrong. */
static void even_stages_are_exact(void **state) {
    (void)state;
    for (int schedule = 0; schedule < FC_SCHEDULE_COUNT; ++schedule) {
        range even = {0, 0, 0, 0, schedule == FC_SCHEDULE_INTERLEAVED ? 0.5 : 0.0};
        for (uint64_t trial = 0; trial < 300; ++trial) {
            fc_hd_pipeline q = draw(trial + 100000, (fc_schedule)schedule, &even);
            q.pair_frac = 0.0;    /* long pairs change the path where m is least */
            q.blocked_frac = 0.0; /* a send that blocks makes the ends, which send less, shorter */
            compare((fc_schedule)schedule, &q, 1e-11);
        }
    }
}

/* So are uneven ends where no result is delayed. */
static void uneven_ends_of_1f1b_are_exact(void **state) {
    (void)state;
    range within = {-0.9, 2.0, -0.9, 3.0, 0.0};
    for (uint64_t trial = 0; trial < 2000; ++trial) {
        fc_hd_pipeline q = draw(trial + 300000, FC_SCHEDULE_1F1B, &within);
        if (trial % 2 == 0) { /* few of each, where beginning and end meet */
            q.stages = 1 + (int32_t)(trial / 2 % 6);
            q.micro_batches = 1 + (int32_t)(trial / 12 % 8);
            q.first.forward_s = fabs(q.first.forward_s);
            q.last = (fc_hd_pass){q.stages > 1 ? -0.9 * q.stage.forward_s : 0.0, 0.0, 0.0};
        }
        compare(FC_SCHEDULE_1F1B, &q, 1e-11);
    }
}

static void a_long_first_chunk_sets_the_pace(void **state) {
    (void)state;
    fc_hd_pipeline q = {.stages = 4, .chunks = 2, .micro_batches = 4, .stage = {2.0, 2.0, 2.0}};
    q.first = (fc_hd_pass){20.0, 20.0, 20.0};
    compare(FC_SCHEDULE_INTERLEAVED, &q, 1e-11);
}

/* ---- known answers ----------------------------------------------------------------------------------------------- */

static const fc_hd_pipeline SMALL = {.stages = 4, .chunks = 1, .micro_batches = 8, .stage = {1.0, 1.25, 0.75}};

static void bubble_of_1f1b(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    fc_hd_pipeline_time time = fc_hd_pipeline_parts(FC_SCHEDULE_1F1B, &q);
    assert_true(time.busy_s == 24.0 && time.bubble_s == 9.0 && time.send_s == 0.0);
    assert_true(time.bubble_s / time.busy_s == 3.0 / 8.0); /* (p - 1)/m, 2104.04473 section 2.2.1 */
    assert_true(fc_hd_pipeline_s(FC_SCHEDULE_GPIPE, &q) == 33.0);
    q.micro_batches = 1;
    assert_true(fc_hd_pipeline_s(FC_SCHEDULE_1F1B, &q) == 12.0);
}

static void bubble_of_chunks(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    q.chunks = 2;
    fc_hd_pipeline_time time = fc_hd_pipeline_parts(FC_SCHEDULE_INTERLEAVED, &q);
    assert_true(time.busy_s == 24.0 && time.bubble_s == 4.5); /* (p - 1)/(m·v), section 2.2.2 */
    q.chunks = 1;
    assert_true(fc_hd_pipeline_s(FC_SCHEDULE_INTERLEAVED, &q) == 33.0);
}

static void bubble_of_zero_bubble(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    fc_hd_pipeline_time time = fc_hd_pipeline_parts(FC_SCHEDULE_ZERO_BUBBLE, &q);
    assert_true(time.busy_s == 24.0 && time.bubble_s == 3.0 * (1.0 + 1.25 - 0.75)); /* 2401.10241, table 1 */
}

static void bubble_of_dualpipe(void **state) {
    (void)state;
    fc_hd_pipeline q = {.stages = 8, .chunks = 1, .micro_batches = 20, .stage = {1.0, 1.0, 1.0}};
    fc_hd_pipeline_time time = fc_hd_pipeline_parts(FC_SCHEDULE_DUALPIPE, &q);
    assert_true(time.busy_s == 60.0);
    assert_true(time.bubble_s == 3.0 * (3.0 + 2.0 - 3.0)); /* (p/2 - 1)(F&B + B - 3W), 2412.19437, table 2 */
}

static void sends_of_1f1b(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    q.send_s = 0.125;
    /* 11 visits in 3 segments of at most 4: two delays for each of the 8 that begin none */
    assert_true(fabs(fc_hd_pipeline_s(FC_SCHEDULE_1F1B, &q) - (33.0 + 2.0 * 0.125 * 8.0)) < 1e-12);
    q.blocked_frac = 1.0; /* an inner stage sends forward and back once a micro-batch */
    fc_hd_pipeline slower = SMALL;
    slower.stage.forward_s += 0.125;
    slower.stage.input_s += 0.125;
    slower.first.input_s = -0.125;
    slower.last.forward_s = -0.125;
    assert_true(fabs(fc_hd_pipeline_s(FC_SCHEDULE_1F1B, &q) - fc_hd_pipeline_s(FC_SCHEDULE_1F1B, &slower)) < 1e-12);
}

static void a_long_last_stage_sets_the_pace(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    q.last = (fc_hd_pass){0.5, 0.5, 0.5};
    assert_true(fc_hd_pipeline_s(FC_SCHEDULE_1F1B, &q) == 8.0 * 4.5 + 3.0 * 3.0);
}

/* ---- what is held, and the timeline ------------------------------------------------------------------------------ */

static void in_flight_as_played(void **state) {
    (void)state;
    range even = {0, 0, 0, 0, 0};
    for (int schedule = 0; schedule < FC_SCHEDULE_COUNT; ++schedule) {
        for (uint64_t trial = 0; trial < 200; ++trial) {
            fc_hd_pipeline q = draw(trial + 200000, (fc_schedule)schedule, &even);
            double most = 0.0;
            for (int32_t stage = 0; stage < q.stages; ++stage) {
                most = fc_hd_max(most, fc_hd_in_flight((fc_schedule)schedule, &q, stage));
            }
            fc_schedule_timeline line = play((fc_schedule)schedule, &q);
            if (fabs(most * q.chunks - line.in_flight) > 1e-9) {
                say((fc_schedule)schedule, &q, most * q.chunks, line.in_flight);
            }
        }
    }
    fc_hd_pipeline q = SMALL;
    assert_true(fc_hd_in_flight(FC_SCHEDULE_1F1B, &q, 0) == 4.0 && fc_hd_in_flight(FC_SCHEDULE_1F1B, &q, 3) == 1.0);
    assert_true(fc_hd_in_flight(FC_SCHEDULE_ZERO_BUBBLE, &q, 3) == 4.0);
    assert_true(fc_hd_in_flight(FC_SCHEDULE_GPIPE, &q, 3) == 8.0);
    q.chunks = 2;
    assert_true(fc_hd_in_flight(FC_SCHEDULE_INTERLEAVED, &q, 1) == 4.5);
}

/* Work of a rank never overlaps but in pairs, every micro-batch passes every piece once each way, and a forward begins
 * only after the one before it has arrived. */
static void timeline_is_sound(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    q.send_s = 0.25;
    fc_arena *arena = fc_arena_create(0);
    for (int schedule = 0; schedule < FC_SCHEDULE_COUNT; ++schedule) {
        q.chunks = schedule == FC_SCHEDULE_INTERLEAVED ? 2 : 1;
        fc_schedule_timeline line = play_in(arena, (fc_schedule)schedule, &q);
        double free_s[4] = {0, 0, 0, 0};
        double began_s[4] = {-1, -1, -1, -1};
        int forwards = 0;
        int backwards = 0;
        int sends = 0;
        for (size_t i = 0; i < line.events_count; ++i) {
            const fc_schedule_event *e = &line.events[i];
            assert_true(e->end_s >= e->start_s && e->end_s <= line.total_s);
            forwards += e->kind == FC_EVENT_FORWARD;
            backwards += e->kind == FC_EVENT_BACKWARD || e->kind == FC_EVENT_INPUT;
            sends += e->kind == FC_EVENT_SEND;
            if (e->kind != FC_EVENT_SEND) {
                assert_true(e->start_s >= free_s[e->stage] || e->start_s == began_s[e->stage]);
                free_s[e->stage] = e->end_s;
                began_s[e->stage] = e->start_s;
            }
        }
        assert_int_equal(forwards, 32 * q.chunks);
        assert_int_equal(backwards, 32 * q.chunks);
        assert_int_equal(sends, 2 * 8 * (4 * q.chunks - 1));
    }
    fc_arena_destroy(arena);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void refuse(fc_schedule schedule, fc_hd_pipeline q, fc_status status, const char *needle) {
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_schedule_timeline line;
    assert_int_equal(fc_schedule_play(&line, schedule, &q, arena, &error), status);
    if (strstr(error.text, needle) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", error.text, needle);
    }
    fc_arena_destroy(arena);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    fc_hd_pipeline q = SMALL;
    q.stages = 0;
    refuse(FC_SCHEDULE_1F1B, q, FC_BAD_INPUT, "stages is 0");
    q.stages = 3;
    refuse(FC_SCHEDULE_DUALPIPE, q, FC_BAD_INPUT, "even numbers");
    q = SMALL;
    q.micro_batches = 6;
    refuse(FC_SCHEDULE_DUALPIPE, q, FC_BAD_INPUT, "micro_batches is 6");
    q.chunks = 2;
    refuse(FC_SCHEDULE_INTERLEAVED, q, FC_BAD_INPUT, "multiples of the 4");
    assert_int_equal(fc_hd_pipeline_fits(FC_SCHEDULE_INTERLEAVED, &q), 0);
    q = SMALL;
    q.last.input_s = -1.5;
    refuse(FC_SCHEDULE_1F1B, q, FC_BAD_INPUT, "-0.25 s");
    q = SMALL;
    q.send_s = -1.0;
    refuse(FC_SCHEDULE_1F1B, q, FC_BAD_INPUT, "send_s is -1");
    q = SMALL;
    q.blocked_frac = 1.5;
    refuse(FC_SCHEDULE_1F1B, q, FC_BAD_INPUT, "blocked_frac is 1.5");
    q = SMALL;
    q.micro_batches = 1000000;
    refuse(FC_SCHEDULE_1F1B, q, FC_OVER_LIMIT, "fewer micro-batches");
    refuse((fc_schedule)9, SMALL, FC_BAD_INPUT, "schedule is 9");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bubble_of_1f1b),
        cmocka_unit_test(bubble_of_chunks),
        cmocka_unit_test(bubble_of_zero_bubble),
        cmocka_unit_test(bubble_of_dualpipe),
        cmocka_unit_test(sends_of_1f1b),
        cmocka_unit_test(a_long_last_stage_sets_the_pace),
        cmocka_unit_test(even_stages_are_exact),
        cmocka_unit_test(random_gpipe),
        cmocka_unit_test(random_1f1b),
        cmocka_unit_test(random_interleaved),
        cmocka_unit_test(random_zero_bubble),
        cmocka_unit_test(random_dualpipe),
        cmocka_unit_test(in_flight_as_played),
        cmocka_unit_test(timeline_is_sound),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(uneven_ends_of_1f1b_are_exact),
        cmocka_unit_test(a_long_first_chunk_sets_the_pace),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
