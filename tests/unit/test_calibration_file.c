/* The calibration file: what is written is read, and what strangers write is read or refused with a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doors/calibration_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int make_arena(void **state) {
    *state = fc_arena_create(0);
    return *state == NULL;
}

static int drop_arena(void **state) {
    fc_arena_destroy(*state);
    return 0;
}

static fc_status parse(fc_calibration *out, fc_arena *arena, const char *text, fc_error *error) {
    fc_node *root = NULL;
    memset(error, 0, sizeof *error);
    fc_status status = fc_json_parse(&root, arena, "test.json", text, strlen(text), error);
    return status != FC_OK ? status : fc_calibration_from_tree(out, arena, root, error);
}

static void make_calibration(fc_calibration *out, fc_sample *samples, uint32_t count) {
    memset(out, 0, sizeof *out);
    (void)strcpy(out->machine.cpu, "A \"processor\" \\ é");
    (void)strcpy(out->machine.kernel, "Linux");
    out->machine.cores_count = 2;
    out->machine.memory_bytes = 16.0 * 1073741824.0;
    (void)strcpy(out->device.backend, "openblas");
    (void)strcpy(out->device.name, "test");
    out->device.threads = 2;
    out->device.clock_hz = 2.3e9;
    out->device.power_limit_w = 700.0;
    out->device.max_memory_clock_hz = 2.6e9;
    out->before = (fc_device_state){.told = 1, .slowdowns = 1U << FC_SLOWDOWN_IDLE, .temperature_c = 31.0};
    out->during.told = 1;
    out->during.slowdowns = (1U << FC_SLOWDOWN_POWER_CAP) | (1U << FC_SLOWDOWN_DISPLAY_CLOCK);
    out->during.clock_hz = 1.41e9;
    out->during.memory_clock_hz = 2.6e9;
    out->during.power_w = 698.5;
    (void)strcpy(out->taken_at, "2025-01-02T03:04:05Z");
    out->unstable = 1;
    memset(samples, 0, count * sizeof *samples);
    for (uint32_t i = 0; i < count; i++) {
        samples[i].kind = i == 0 ? FC_SAMPLE_MEMORY : FC_SAMPLE_MATMUL;
        samples[i].memory_op = i == 0 ? FC_MEMORY_OP_TRIAD : FC_MEMORY_OP_NONE;
        samples[i].dtype = FC_DTYPE_FP32;
        samples[i].m = 64U << i;
        samples[i].n = 100 + i;
        samples[i].k = 333;
        samples[i].batch = 1;
        samples[i].bytes = 12345678.0 * (i + 1.0);
        samples[i].threads = 2;
        samples[i].repeats = 7 + i;
        samples[i].residency = FC_RESIDENCY_MEMORY;
        samples[i].seconds = 1.0 / 3.0 * (i + 1.0);
        samples[i].seconds_min = 0.3 * (i + 1.0);
        samples[i].noise_frac = 0.1 / (i + 3.0);
        samples[i].unstable = i % 2 == 1;
        samples[i].heldout = i == 4;
        samples[i].slowdowns = i == 3 ? (1U << FC_SLOWDOWN_HARDWARE_THERMAL) | (1U << FC_SLOWDOWN_POWER_CAP) : 0;
    }
    out->samples = samples;
    out->samples_count = count;
    assert_int_equal(fc_calibration_fit(&out->fit, samples, count, NULL), FC_OK);
}

static void test_calibration_file__reads_what_it_writes(void **state) {
    fc_arena *arena = *state;
    fc_sample samples[10];
    fc_calibration written;
    make_calibration(&written, samples, 10);
    fc_text text = fc_text_start(arena);
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_write_json(&text, &written, &error), FC_OK);
    fc_calibration read;
    assert_int_equal(parse(&read, arena, text.bytes, &error), FC_OK);
    assert_int_equal(read.samples_count, 10);
    assert_memory_equal(read.samples, samples, sizeof samples);
    assert_memory_equal(&read.machine, &written.machine, sizeof read.machine);
    assert_memory_equal(&read.device, &written.device, sizeof read.device);
    assert_memory_equal(&read.before, &written.before, sizeof read.before);
    assert_memory_equal(&read.during, &written.during, sizeof read.during);
    assert_int_equal(read.after.told, 0);
    assert_null(strstr(text.bytes, "\"after\"")); /* what was not told is not written */
    assert_memory_equal(&read.fit, &written.fit, sizeof read.fit);
    assert_string_equal(read.taken_at, written.taken_at);
    assert_int_equal(read.unstable, 1);
    fc_text again = fc_text_start(arena);
    assert_int_equal(fc_calibration_write_json(&again, &read, &error), FC_OK);
    assert_string_equal(again.bytes, text.bytes);
}

static void test_calibration_file__csv_has_a_row_a_sample(void **state) {
    fc_arena *arena = *state;
    fc_sample samples[10];
    fc_calibration written;
    make_calibration(&written, samples, 10);
    fc_text text = fc_text_start(arena);
    assert_int_equal(fc_calibration_write_csv(&text, &written, NULL), FC_OK);
    size_t lines = 0;
    for (const char *c = text.bytes; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, 11);
    assert_true(strncmp(text.bytes, "kind,op,dtype,m,n,k,batch,bytes,threads,residency,seconds,seconds_min,noise_frac",
                        80) == 0);
}

static void test_calibration_file__refuses_to_write_what_is_not_finite(void **state) {
    fc_arena *arena = *state;
    fc_sample samples[10];
    fc_calibration written;
    make_calibration(&written, samples, 10);
    samples[3].noise_frac = NAN;
    fc_text text = fc_text_start(arena);
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_calibration_write_json(&text, &written, &error), FC_FAILED);
    assert_non_null(strstr(error.text, "finite"));
}

/* A table measured elsewhere: the contract's own columns, no fit, keys of its own. */
static void test_calibration_file__fits_a_foreign_table(void **state) {
    fc_arena *arena = *state;
    fc_text text = fc_text_start(arena);
    fc_text_add(&text, "{\"schema_version\": 1, \"harness\": \"other\", \"samples\": [\n"
                       "{\"kind\": \"memory\", \"bytes\": 1e9, \"seconds\": 0.1}");
    for (int i = 0; i < 8; i++) {
        double size = 64.0 * (1 << i);
        fc_text_addf(
            &text,
            ",\n{\"kind\": \"matmul\", \"dtype\": \"bf16\", \"m\": %g, \"n\": %g, \"k\": %g, \"seconds\": %.17g}", size,
            size, size, 1e-6 + 2.0 * size * size * size / 1e13);
    }
    fc_text_add(&text, "]}");
    fc_calibration read;
    fc_error error;
    assert_int_equal(parse(&read, arena, text.bytes, &error), FC_OK);
    assert_int_equal(read.samples_count, 9);
    assert_true(read.samples[1].batch == 1 && read.samples[1].seconds_min == read.samples[1].seconds);
    assert_true(read.fit.memory_bytes_per_s == 1e10);
    assert_true(fabs(read.fit.dtype[FC_DTYPE_BF16].peak_flop_per_s / 1e13 - 1.0) < 0.05);
    fc_chip chip;
    assert_int_equal(fc_calibration_chip(&chip, &read, &error), FC_OK);
}

#define SAMPLE_WITH(fields)                                                                                            \
    "{\"schema_version\": 1,\n \"samples\": [\n  {\"kind\": \"matmul\", \"dtype\": \"fp32\"," fields "}\n]}"
#define FIT_WITH(fields) "{\"schema_version\": 1, \"samples\": [],\n\"fit\": " fields "}"
#define WHOLE_FIT "\"peak_flop_per_s\": 1e12, \"m_half\": 1, \"n_half\": 1, \"k_half\": 1, \"launch_s\": 0"

static void test_calibration_file__refuses_with_place_and_reason(void **state) {
    fc_arena *arena = *state;
    static const struct {
        const char *text;
        int line;
        const char *says; /* part of the message */
    } cases[] = {
        {"[]", 1, "calibration file"},
        {"{}", 1, "schema_version"},
        {"{\"schema_version\": 2, \"samples\": []}", 1, "1 to 1"},
        {"{\"schema_version\": \"1\", \"samples\": []}", 1, "schema_version"},
        {"{\"schema_version\": 1}", 1, "samples"},
        {"{\"schema_version\": 1, \"samples\": {}}", 1, "list"},
        {"{\"schema_version\": 1, \"samples\": []}", 1, "samples"},
        {"{\"schema_version\": 1, \"samples\": [3]}", 1, "map"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1"), 3, "seconds is missing"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"seconds\": 1"), 3, "m, n and k"},
        {SAMPLE_WITH("\"m\": 1.5, \"n\": 1, \"k\": 1, \"seconds\": 1"), 3, "whole number"},
        {SAMPLE_WITH("\"m\": -1, \"n\": 1, \"k\": 1, \"seconds\": 1"), 3, "m is"},
        {SAMPLE_WITH("\"m\": 4294967296, \"n\": 1, \"k\": 1, \"seconds\": 1"), 3, "4294967295"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 0"), 3, "seconds"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": -1"), 3, "seconds"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1e300"), 3, "seconds"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": \"1\""), 3, "seconds"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": null"), 3, "seconds is missing"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1, \"seconds_min\": 2"), 3, "above the median"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1, \"heldout\": 1"), 3, "true or false"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1, \"residency\": \"disk\""), 3, "cache"},
        {SAMPLE_WITH("\"m\": 60000, \"n\": 60000, \"k\": 60000, \"seconds\": 1e-9"), 3, "another unit"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1, \"slowdowns\": [\"thermel\"]"), 3,
         "did you mean thermal?"},
        {SAMPLE_WITH("\"m\": 1, \"n\": 1, \"k\": 1, \"seconds\": 1, \"slowdowns\": \"thermal\""), 3, "list of names"},
        {"{\"schema_version\": 1,\n\"device\": {\"before\": 3}, \"samples\": []}", 2, "map"},
        {"{\"schema_version\": 1,\n\"device\": {\"during\": {\"power_w\": -1}}, \"samples\": []}", 2, "power_w"},
        {"{\"schema_version\": 1, \"samples\": [{\"kind\": \"matmull\", \"dtype\": \"fp32\", \"seconds\": 1}]}", 1,
         "did you mean matmul?"},
        {"{\"schema_version\": 1, \"samples\": [{\"kind\": \"matmul\", \"dtype\": \"fp31\", \"seconds\": 1}]}", 1,
         "did you mean fp32?"},
        {"{\"schema_version\": 1, \"samples\": [{\"kind\": \"memory\", \"seconds\": 1}]}", 1, "bytes"},
        {"{\"schema_version\": 1,\n\"taken_at\": \"a\\u001bb\", \"samples\": []}", 2, "control character"},
        {"{\"schema_version\": 1,\n\"device\": {\"name\": [1]}, \"samples\": []}", 2, "text"},
        {"{\"schema_version\": 1,\n\"device\": 7, \"samples\": []}", 2, "map"},
        {"{\"schema_version\": 1,\n\"unstable\": \"true\", \"samples\": []}", 2, "true or false"},
        {FIT_WITH("{}"), 2, "dtypes"},
        {FIT_WITH("{\"dtypes\": []}"), 2, "dtypes"},
        {FIT_WITH("{\"dtypes\": [{\"dtype\": \"fp32\"}]}"), 2, "peak_flop_per_s is missing"},
        {FIT_WITH("{\"dtypes\": [{" WHOLE_FIT "}]}"), 2, "dtype is missing"},
        {FIT_WITH("{\"dtypes\": [{\"dtype\": \"fp32\", " WHOLE_FIT "}, {\"dtype\": \"fp32\", " WHOLE_FIT "}]}"), 2,
         "twice"},
        {FIT_WITH("{\"memory_bytes_per_s\": -1, \"dtypes\": [{\"dtype\": \"fp32\", " WHOLE_FIT "}]}"), 2,
         "memory_bytes_per_s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_calibration read;
        fc_error error;
        fc_status status = parse(&read, arena, cases[i].text, &error);
        if (status != FC_BAD_INPUT || error.line != cases[i].line || strstr(error.text, cases[i].says) == NULL ||
            strcmp(error.source, "test.json") != 0) {
            fail_msg("case %zu: %s\nstatus %d, line %d, %s: %s", i, cases[i].text, (int)status, error.line,
                     error.source, error.text);
        }
    }
}

static void test_calibration_file__takes_a_given_fit_without_samples(void **state) {
    fc_arena *arena = *state;
    fc_calibration read;
    fc_error error;
    const char *text = FIT_WITH("{\"memory_bytes_per_s\": 1e11, \"dtypes\": [{\"dtype\": \"bf16\", " WHOLE_FIT "}]}");
    assert_int_equal(parse(&read, arena, text, &error), FC_OK);
    assert_int_equal(read.samples_count, 0);
    assert_true(read.fit.dtype[FC_DTYPE_BF16].peak_flop_per_s == 1e12);
    assert_true(read.fit.dtype[FC_DTYPE_BF16].curve.eff_frac == 1.0);
    assert_true(read.fit.memory_bytes_per_s == 1e11);
}

static void test_calibration_file__limits_samples_and_texts(void **state) {
    fc_arena *arena = *state;
    fc_text text = fc_text_start(arena);
    fc_text_add(&text, "{\"schema_version\": 1, \"samples\": [0");
    for (int i = 0; i < FC_MAX_SAMPLES; i++) {
        fc_text_add(&text, ",0");
    }
    fc_text_add(&text, "]}");
    fc_calibration read;
    fc_error error;
    assert_int_equal(parse(&read, arena, text.bytes, &error), FC_OVER_LIMIT);
    fc_text name = fc_text_start(arena);
    fc_text_add(&name, "{\"schema_version\": 1, \"device\": {\"name\": \"");
    for (int i = 0; i < FC_TEXT_SIZE; i++) {
        fc_text_add(&name, "x");
    }
    fc_text_add(&name, "\"}, \"samples\": []}");
    assert_int_equal(parse(&read, arena, name.bytes, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "255"));
}

/* Every shortened and every disturbed copy of a good file is read or refused, never worse. */
static void test_calibration_file__survives_broken_bytes(void **state) {
    (void)state;
    fc_arena *source = fc_arena_create(0);
    fc_sample samples[9];
    fc_calibration written;
    make_calibration(&written, samples, 9);
    fc_text text = fc_text_start(source);
    assert_int_equal(fc_calibration_write_json(&text, &written, NULL), FC_OK);
    static const char bytes[] = "\0{}[]\",:-9eE.n\xff";
    for (size_t at = 0; at < text.size; at += 7) {
        fc_arena *arena = fc_arena_create(0);
        char *copy = fc_arena_strndup(arena, text.bytes, text.size);
        copy[at] = bytes[at % (sizeof bytes - 1)];
        fc_node *root = NULL;
        fc_error error = {.status = FC_OK};
        fc_calibration read;
        fc_status status = fc_json_parse(&root, arena, "broken", copy, text.size, &error);
        if (status == FC_OK) {
            status = fc_calibration_from_tree(&read, arena, root, &error);
        }
        assert_true(status == FC_OK || error.text[0] != '\0');
        fc_arena_destroy(arena);
    }
    fc_arena_destroy(source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

/* Every op has a name that is read back; keys that no one knows are left alone. */
static void test_calibration_file__reads_limits(void **state) {
    fc_calibration out;
    fc_error error;
    char text[1024];
    for (uint32_t op = FC_MEMORY_OP_COPY; op < FC_MEMORY_OP_COUNT; op++) {
        (void)snprintf(text, sizeof text,
                       "{\"schema_version\": 1, \"method\": {\"drift_frac\": 0.25, \"new\": 1}, \"device\": "
                       "{\"pinned\": true}, \"fit\": {\"dtypes\": [{\"dtype\": \"fp32\", \"peak_flop_per_s\": 1e12, "
                       "\"m_half\": 1, \"n_half\": 1, \"k_half\": 1, \"launch_s\": 0}]}, \"samples\": [{\"kind\": "
                       "\"elementwise\", \"op\": \"%s\", \"bytes\": 8, \"level\": 2, \"seconds\": 1}]}",
                       fc_memory_op_name((fc_memory_op)op));
        assert_int_equal(parse(&out, *state, text, &error), FC_OK);
        assert_int_equal(out.samples[0].memory_op, op);
        assert_int_equal(out.samples[0].level, 2);
        assert_true(out.method.drift_frac == 0.25 && out.device.pinned == 1);
    }
    assert_int_equal(parse(&out, *state,
                           "{\"schema_version\": 1, \"samples\": [{\"kind\": \"elementwise\", \"op\": \"gelu\", "
                           "\"seconds\": 1}]}",
                           &error),
                     FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "elementwise sample states the bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_calibration_file__reads_limits),
        TEST(test_calibration_file__reads_what_it_writes),
        TEST(test_calibration_file__csv_has_a_row_a_sample),
        TEST(test_calibration_file__refuses_to_write_what_is_not_finite),
        TEST(test_calibration_file__fits_a_foreign_table),
        TEST(test_calibration_file__refuses_with_place_and_reason),
        TEST(test_calibration_file__takes_a_given_fit_without_samples),
        TEST(test_calibration_file__limits_samples_and_texts),
        TEST(test_calibration_file__survives_broken_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
