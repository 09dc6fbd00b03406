/* Tables measured elsewhere: what they mean in samples, and what the fit of collectives makes of known times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doors/calibration_file.h"
#include "doors/import.h"
#include "flopcast/hd/collective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct world {
    fc_arena *arena;
    char path[64];
    fc_import_report report;
    fc_import_options options;
    fc_error error;
} world;

static int set_up(void **state) {
    world *w = calloc(1, sizeof *w);
    w->arena = fc_arena_create(0);
    (void)strcpy(w->path, "/tmp/test_import_XXXXXX");
    int file = mkstemp(w->path);
    w->options = (fc_import_options){.dtype = FC_DTYPE_COUNT, .seed = 1};
    *state = w;
    return file < 0 || close(file) != 0 || w->arena == NULL;
}

static int tear_down(void **state) {
    world *w = *state;
    (void)unlink(w->path);
    fc_arena_destroy(w->arena);
    free(w);
    return 0;
}

static fc_status import_text(world *w, const char *text) {
    assert_int_equal(fc_file_write(w->path, text, strlen(text), NULL), FC_OK);
    const char *paths[] = {w->path};
    memset(&w->error, 0, sizeof w->error);
    return fc_import_files(&w->report, w->arena, paths, 1, &w->options, &w->error);
}

static void near(double a, double b, double frac) {
    if (!(fabs(a / b - 1.0) <= frac)) {
        fail_msg("%g is not within %g of %g", a, frac, b);
    }
}

static const fc_fit_collective *fitted(const world *w, uint32_t op) {
    const fc_fit *fit = &w->report.calibration.fit;
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        if (fit->collectives[i].op == op) {
            return &fit->collectives[i];
        }
    }
    fail_msg("no fit of op %u", op);
    return NULL;
}

/* The null device's own formula, launch + work over a rate, written as a table of another tool in every unit. */
static void test_units_of_a_table_of_known_rate(void **state) {
    world *w = *state;
    static const struct {
        const char *column;
        double scale; /* seconds or FLOP/s */
        bool is_rate;
    } units[] = {{"seconds", 1.0, false},  {"ms", 1e3, false},     {"us", 1e6, false}, {"ns", 1e9, false},
                 {"TFLOP/s", 1e-12, true}, {"gflops", 1e-9, true}, {"S", 1.0, false},  {"tflop_per_s", 1e-12, true}};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        fc_text text = fc_text_start(w->arena);
        fc_text_addf(&text, "k,%s,n,m,dtype\n", units[u].column);
        for (int m = 512; m <= 4096; m *= 2) {
            for (int n = 256; n <= 4096; n *= 4) {
                for (int k = 1024; k <= 4096; k *= 2) {
                    double flop = 2.0 * m * n * k;
                    double seconds = 1e-6 + flop / 8e12;
                    double value = (units[u].is_rate ? flop / seconds : seconds) * units[u].scale;
                    fc_text_addf(&text, "%d,%.17g,%d,%d,bfloat16\n", k, value, n, m);
                }
            }
        }
        assert_int_equal(import_text(w, text.bytes), FC_OK);
        assert_int_equal(w->report.files[0].kind, FC_IMPORT_GEMM_CSV);
        assert_int_equal(w->report.calibration.samples_count, 36);
        near(w->report.calibration.fit.dtype[FC_DTYPE_BF16].peak_flop_per_s, 8e12, 0.01);
        assert_true(w->report.calibration.fit.heldout_count > 0);
        assert_true(w->report.calibration.fit.heldout_median_abs_error_frac < 0.01);
    }
}

static void add_osu(fc_text *text, const char *title, double latency_us, double us_per_byte) {
    fc_text_addf(text, "# OSU MPI %s Latency Test v7.9\n# Size       Avg Latency(us)\n", title);
    for (double size = 64.0; size < 1e7; size *= 4.0) {
        fc_text_addf(text, "%.0f  %.9f\n", size, latency_us + size * us_per_byte);
    }
}

/* OSU's all-gather and all-to-all name the piece of one rank; ours is the whole buffer. */
static void test_latency_and_bandwidth_come_back(void **state) {
    world *w = *state;
    fc_text text = fc_text_start(w->arena);
    add_osu(&text, "Allreduce", 10.0, 0.0001);
    add_osu(&text, "Allgather", 6.0, 0.0002);
    add_osu(&text, "All-to-All", 4.0, 0.0003);
    add_osu(&text, "Reduce_scatter", 3.0, 0.0001);
    w->options.ranks = 8;
    assert_int_equal(import_text(w, text.bytes), FC_OK);
    const fc_fit_collective *reduce = fitted(w, FC_COLLECTIVE_ALL_REDUCE);
    near(reduce->latency_s, 10e-6, 1e-6);
    near(reduce->bus_bytes_per_s, 2.0 * 7.0 / 8.0 * 1e10, 1e-6);
    near(fitted(w, FC_COLLECTIVE_ALL_GATHER)->bus_bytes_per_s, 7.0 / 8.0 * 8.0 * 5e9, 1e-6);
    near(fitted(w, FC_COLLECTIVE_ALL_TO_ALL)->latency_s, 4e-6, 1e-6);
    near(fitted(w, FC_COLLECTIVE_ALL_TO_ALL)->bus_bytes_per_s, 7.0 / 3.0 * 1e10, 1e-6);
    near(fitted(w, FC_COLLECTIVE_REDUCE_SCATTER)->bus_bytes_per_s, 7.0 / 8.0 * 1e10, 1e-6);
    near(fc_calibration_collective_s(reduce, 1e6), 110e-6, 1e-6);
    assert_true(reduce->median_abs_error_frac < 1e-9);
}

static void test_a_single_size_tells_no_bandwidth(void **state) {
    world *w = *state;
    assert_int_equal(import_text(w, "# OSU MPI Latency Test v7.9\n# Size  Latency (us)\n8 2.5\n"), FC_OK);
    const fc_fit_collective *send = fitted(w, FC_COLLECTIVE_SEND_RECV);
    near(send->latency_s, 2.5e-6, 1e-12);
    assert_true(send->bus_bytes_per_s <= 0.0);
    assert_true(fc_calibration_collective_s(send, 8.0) <= 0.0);
}

/* A table whose small messages would want a negative latency. */
static void test_latency_is_never_negative(void **state) {
    world *w = *state;
    assert_int_equal(import_text(w, "# OSU MPI Latency Test v7.9\n# Size  Latency (us)\n1000 1\n2000 3\n4000 9\n"),
                     FC_OK);
    const fc_fit_collective *send = fitted(w, FC_COLLECTIVE_SEND_RECV);
    assert_true(send->latency_s >= 0.0 && send->bus_bytes_per_s > 0.0);
}

static void test_written_and_read_again(void **state) {
    world *w = *state;
    fc_text text = fc_text_start(w->arena);
    fc_text_add(&text, "# OSU MPI Allreduce Latency Test v7.9\n# Datatype: MPI_INT.\n# Size  Avg Latency(us)\n");
    fc_text_add(&text, "8 2.5\n1000000 99.0 1 2 3\n");
    w->options.ranks = 4;
    assert_int_equal(import_text(w, text.bytes), FC_OK);
    const fc_calibration *out = &w->report.calibration;
    assert_int_equal(out->samples[0].dtype, FC_DTYPE_COUNT);
    fc_text json = fc_text_start(w->arena);
    fc_node *root = NULL;
    fc_calibration again;
    assert_int_equal(fc_calibration_write_json(&json, out, NULL), FC_OK);
    assert_int_equal(fc_json_parse(&root, w->arena, "x.json", json.bytes, json.size, NULL), FC_OK);
    assert_int_equal(fc_calibration_from_tree(&again, w->arena, root, &w->error), FC_OK);
    assert_int_equal(again.samples_count, 2);
    assert_memory_equal(&again.samples[1], &out->samples[1], sizeof again.samples[1]);
    assert_int_equal(again.fit.collectives_count, 1);
    assert_memory_equal(&again.fit.collectives[0], &out->fit.collectives[0], sizeof again.fit.collectives[0]);
}

/* The stages' own formula gives the fitted time back. */
static void test_a_chip_with_collectives_has_a_network(void **state) {
    world *w = *state;
    fc_text text = fc_text_start(w->arena);
    add_osu(&text, "Allreduce", 12.0, 0.0001);
    w->options.ranks = 8;
    assert_int_equal(import_text(w, text.bytes), FC_OK);
    fc_calibration *calibration = &w->report.calibration;
    calibration->fit.dtype[FC_DTYPE_BF16] = (fc_fit_dtype){.peak_flop_per_s = 1e12, .curve = {.eff_frac = 1.0}};
    fc_chip chip;
    assert_int_equal(fc_calibration_chip(&chip, calibration, NULL), FC_OK);
    assert_int_equal(chip.scaleup_domain_count, 8);
    fc_hd_net net = {.tiers_count = 1,
                     .members = {8.0},
                     .bytes_per_s = {chip.scaleup_bytes_per_s * chip.scaleup_eff_frac},
                     .latency_s = {chip.scaleup_latency_s}};
    near(fc_hd_all_reduce_s(&net, 1e6), 112e-6, 1e-6);
    near(fc_hd_all_reduce_s(&net, 1.0), 12e-6, 1e-4);
}

static void test_no_draw_spoils_a_fit(void **state) {
    (void)state;
    fc_sample samples[40];
    for (uint32_t count = 1; count <= 40; count++) {
        memset(samples, 0, sizeof samples);
        uint32_t held = 0;
        fc_calibration_draw_heldout(samples, count, 9);
        for (uint32_t i = 0; i < count; i++) {
            held += samples[i].heldout;
        }
        assert_true(held <= 1U + count / 6U);
        assert_true(count < 6 ? held == 0 : count - held >= 6);
        assert_true(count < 10 || held > 0);
    }
}

static void test_the_faster_of_two_is_kept(void **state) {
    world *w = *state;
    fc_text text = fc_text_start(w->arena);
    fc_text_add(&text, "m,n,k,dtype,ms\n");
    for (int round = 0; round < 3; round++) {
        for (int m = 64; m < 72; m++) {
            fc_text_addf(&text, "%d,64,64,fp32,%d\n", m, round == 1 ? 2 : 3);
        }
    }
    assert_int_equal(import_text(w, text.bytes), FC_OK);
    assert_int_equal(w->report.calibration.samples_count, 8);
    assert_int_equal(w->report.files[0].repeated_count, 16);
    assert_int_equal(w->report.files[0].repeated_line, 10);
    near(w->report.calibration.samples[0].seconds, 2e-3, 1e-12);
}

/* Any prefix of a good table and any one byte of it made wrong: an answer or a sentence, never a crash. */
static void test_broken_tables_are_refused(void **state) {
    world *w = *state;
    static const char *const names[] = {"all_reduce_8.txt", "all_gather.json", "osu.txt", "mamf_v1.txt", "gemm_us.csv"};
    w->options.ranks = 8;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        char *bytes = NULL;
        size_t size = 0;
        (void)snprintf(path, sizeof path, "%s/cli/import/tables/%s", FC_TESTS_FOLDER, names[i]);
        assert_int_equal(fc_file_read(&bytes, &size, w->arena, path, &w->error), FC_OK);
        for (size_t at = 0; at < size; at += 61) {
            fc_arena *whole = w->arena;
            w->arena = fc_arena_create(0);
            char *copy = fc_arena_strndup(w->arena, bytes, at % 2 == 0 ? at : size);
            if (at % 2 == 1) {
                copy[at] = "\x01-\"\xFFx9,{"[at / 61 % 8];
            }
            fc_status status = import_text(w, copy);
            assert_true(status == FC_OK || (status == FC_BAD_INPUT && w->error.text[0] != '\0'));
            fc_arena_destroy(w->arena);
            w->arena = whole;
        }
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_units_of_a_table_of_known_rate),
        TEST(test_latency_and_bandwidth_come_back),
        TEST(test_a_single_size_tells_no_bandwidth),
        TEST(test_latency_is_never_negative),
        TEST(test_written_and_read_again),
        TEST(test_a_chip_with_collectives_has_a_network),
        TEST(test_no_draw_spoils_a_fit),
        TEST(test_the_faster_of_two_is_kept),
        TEST(test_broken_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
