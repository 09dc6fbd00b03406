/* Reading values by the field table: values, annotations, ranges, facts, unknown keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../host/doors/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One study being read, and the last error. */
typedef struct bench {
    fc_arena *arena;
    fc_study study;
    fc_reader reader;
    fc_error error;
} bench;

static int set_up(void **state) {
    static bench b;
    memset(&b, 0, sizeof b);
    b.arena = fc_arena_create(0);
    b.study.plan.zero = -1;
    b.reader = (fc_reader){.arena = b.arena, .study = &b.study, .origin = "study", .grade = FC_GRADE_EXACT};
    *state = &b;
    return b.arena == NULL;
}

static int tear_down(void **state) {
    bench *b = *state;
    fc_arena_destroy(b->arena);
    return 0;
}

static fc_node *parse(bench *b, const char *yaml) {
    fc_node *root = NULL;
    assert_int_equal(fc_yaml_parse(&root, b->arena, "test.yaml", yaml, strlen(yaml), NULL), FC_OK);
    return root;
}

static fc_status read_noun(bench *b, fc_noun_id id, const char *path, void *target, const char *yaml) {
    memset(&b->error, 0, sizeof b->error);
    return fc_fields_read(&b->reader, fc_fields_noun(id), path, target, parse(b, yaml), &b->error);
}

static fc_status read_chip(bench *b, const char *yaml) {
    return read_noun(b, FC_NOUN_CHIP, "cluster.chip", &b->study.cluster.chip, yaml);
}

static fc_status read_deal(bench *b, const char *yaml) {
    return read_noun(b, FC_NOUN_DEAL, "deal", &b->study.deal, yaml);
}

static const fc_fact *fact_of(const bench *b, const char *key) {
    for (const fc_fact *fact = b->reader.first_fact; fact != NULL; fact = fact->next) {
        if (strcmp(fact->key, key) == 0) {
            return fact;
        }
    }
    return NULL;
}

static size_t count_facts(const bench *b) {
    size_t count = 0;
    for (const fc_fact *fact = b->reader.first_fact; fact != NULL; fact = fact->next) {
        count++;
    }
    return count;
}

static void assert_says(const bench *b, const char *words) {
    if (strstr(b->error.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", b->error.text, words);
    }
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static void test_fields__numbers_with_units_become_si(void **state) {
    bench *b = *state;
    assert_int_equal(read_chip(b, "peak_bf16: 989.4 TFLOP/s\nmemory: 80 GiB\nmemory_eff: 83%\nlaunch: 2.7 us\n"
                                  "scaleout_bw: 400 Gbit/s\n"),
                     FC_OK);
    const fc_chip *chip = &b->study.cluster.chip;
    assert_true(chip->peak_flop_per_s[FC_DTYPE_BF16] == 989.4e12);
    assert_true(chip->memory_bytes == 80.0 * 1073741824.0);
    assert_true(chip->memory_eff_frac == 0.83);
    assert_true(fabs(chip->launch_s - 2.7e-6) < 1e-20);
    assert_true(chip->scaleout_bytes_per_s == 50e9);
}

static void test_fields__kinds_other_than_numbers(void **state) {
    bench *b = *state;
    assert_int_equal(read_chip(b, "vendor: NVIDIA\nreleased: 2022-09-20\nscaleup_topology: torus\nscaleup_domain: 8\n"),
                     FC_OK);
    assert_string_equal(b->study.cluster.chip.vendor, "NVIDIA");
    assert_int_equal(b->study.cluster.chip.released_day, 19255);
    assert_int_equal(b->study.cluster.chip.scaleup_topology, FC_TOPOLOGY_TORUS);
    assert_int_equal(b->study.cluster.chip.scaleup_domain_count, 8);
    assert_int_equal(read_noun(b, FC_NOUN_STACK, "stack", &b->study.stack, "flash_attention: true\ndropout: false\n"),
                     FC_OK);
    assert_int_equal(b->study.stack.flash_attention, 1);
    assert_int_equal(read_noun(b, FC_NOUN_PLAN, "plan", &b->study.plan, "zero: -1\ntp: 8\n"), FC_OK);
    assert_int_equal(b->study.plan.zero, -1);
    assert_int_equal(b->study.plan.tp, 8);
    assert_int_equal(read_noun(b, FC_NOUN_WORKLOAD, "workload", &b->study.workload, "global_batch: 1M\ndtype: BF16\n"),
                     FC_OK);
    assert_true(b->study.workload.global_batch == 1000000);
    assert_int_equal(b->study.workload.dtype, FC_DTYPE_BF16);
}

static void test_fields__quoted_numbers_with_units_are_numbers(void **state) {
    bench *b = *state;
    const char *json = "{\"memory\": \"80 GB\", \"cores\": 132}";
    fc_node *root = NULL;
    assert_int_equal(fc_json_parse(&root, b->arena, "test.json", json, strlen(json), NULL), FC_OK);
    assert_int_equal(
        fc_fields_read(&b->reader, fc_fields_noun(FC_NOUN_CHIP), "chip", &b->study.cluster.chip, root, &b->error),
        FC_OK);
    assert_true(b->study.cluster.chip.memory_bytes == 80e9);
    assert_true(b->study.cluster.chip.cores_count == 132.0);
}

static void test_fields__wrong_values_name_place_and_range(void **state) {
    bench *b = *state;
    static const struct {
        const char *yaml;
        const char *words;
    } rows[] = {
        {"x: 1\nmemory: nan\n", "memory"},
        {"x: 1\nmemory: .inf\n", "memory"},
        {"x: 1\nmemory: -5 GB\n", "-5 GB"},
        {"x: 1\nmemory: 1e300\n", "memory"},
        {"x: 1\nmemory: [1, 2]\n", "a list"},
        {"x: 1\nmemory:\n", "nothing"},
        {"x: 1\nmemory: 3 h\n", "memory"},
        {"x: 1\nmemory_eff: 1.2\n", "1.2"},
        {"x: 1\nmemory_eff: 120%\n", "120%"},
        {"x: 1\nscaleup_domain: 1.5\n", "scaleup_domain"},
        {"x: 1\nscaleup_domain: -1\n", "scaleup_domain"},
        {"x: 1\nscaleup_domain: 99999999999\n", "99999999999"},
        {"x: 1\ndevices_per_chip: 65\n", "0 to 64"},
        {"x: 1\nreleased: 2022-13-01\n", "released"},
        {"x: 1\nreleased: 1969-12-31\n", "released"},
        {"x: 1\nscaleup_topology: toruss\n", "did you mean \"torus\""},
        {"x: 1\nscaleup_topology: banana\n", "switched, torus, mesh"},
        {"x: 1\nvendor: {a: 1}\n", "unknown key \"a\""},
        {"x: 1\nvendor: \"a\\eb\"\n", "control character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_chip(b, rows[i].yaml), FC_BAD_INPUT);
        assert_says(b, rows[i].words);
        assert_string_equal(b->error.source, "test.yaml");
        assert_int_equal(b->error.line, 2);
        assert_true(b->error.column >= 1);
    }
}

static void test_fields__texts_must_fit(void **state) {
    bench *b = *state;
    char yaml[200] = "vendor: ";
    memset(yaml + strlen(yaml), 'x', FC_NAME_SIZE - 1);
    assert_int_equal(read_chip(b, yaml), FC_OK);
    assert_int_equal(strlen(b->study.cluster.chip.vendor), FC_NAME_SIZE - 1);
    yaml[strlen(yaml)] = 'x'; /* the array is zero behind it */
    assert_int_equal(read_chip(b, yaml), FC_BAD_INPUT);
    assert_says(b, "at most 63");
}

static void test_fields__only_true_and_false_are_booleans(void **state) {
    bench *b = *state;
    static const char *const wrong[] = {"yes", "no", "1", "0", "True", "on", "\"true\"", "[true]", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "dropout: %s\n", wrong[i]);
        assert_int_equal(read_noun(b, FC_NOUN_STACK, "stack", &b->study.stack, yaml), FC_BAD_INPUT);
        assert_says(b, "true or false");
    }
}

static void test_fields__a_noun_is_a_map(void **state) {
    bench *b = *state;
    assert_int_equal(read_chip(b, "[1, 2]\n"), FC_BAD_INPUT);
    assert_says(b, "a map");
    assert_int_equal(
        fc_fields_read(&b->reader, fc_fields_noun(FC_NOUN_CHIP), "chip", &b->study.cluster.chip, NULL, NULL), FC_OK);
}

/* ---- annotations and facts ---------------------------------------------------------------------------------- */

static void test_fields__annotations_become_facts(void **state) {
    bench *b = *state;
    assert_int_equal(read_chip(b, "peak_bf16: {value: 989.4 TFLOP/s, source: mle, date: 2026-08-22, checked: true, "
                                  "grade: vendor, note: dense}\nmemory: 80 GB\n"),
                     FC_OK);
    const fc_fact *fact = fact_of(b, "cluster.chip.peak_bf16");
    assert_non_null(fact);
    assert_string_equal(fact->text, "989.4 TFLOP/s");
    assert_string_equal(fact->source, "mle");
    assert_string_equal(fact->date, "2026-08-22");
    assert_string_equal(fact->note, "dense");
    assert_string_equal(fact->origin, "study");
    assert_int_equal(fact->grade, FC_GRADE_VENDOR);
    assert_int_equal(fact->unit, FC_UNIT_FLOP_PER_S);
    assert_true(fact->value == 989.4e12);
    assert_false(fact->has_range);
    const fc_fact *plain = fact_of(b, "cluster.chip.memory");
    assert_non_null(plain);
    assert_int_equal(plain->grade, FC_GRADE_EXACT);
    assert_string_equal(plain->source, "");
}

static void test_fields__every_kind_may_be_annotated(void **state) {
    bench *b = *state;
    assert_int_equal(read_chip(b,
                               "released: {value: 2022-09-20, source: s}\nscaleup_domain: {value: 8, checked: false}\n"
                               "scaleup_topology: {value: mesh, grade: assumed}\n"),
                     FC_OK);
    assert_int_equal(b->study.cluster.chip.released_day, 19255);
    assert_int_equal(b->study.cluster.chip.scaleup_domain_count, 8);
    assert_int_equal(b->study.cluster.chip.scaleup_topology, FC_TOPOLOGY_MESH);
}

static void test_fields__wrong_annotations_are_refused(void **state) {
    bench *b = *state;
    static const struct {
        const char *yaml;
        const char *words;
    } rows[] = {
        {"memory: {value: 1 GB, sauce: x}\n", "did you mean \"source\""},
        {"memory: {source: x}\n", "without value"},
        {"memory: {}\n", "without value"},
        {"memory: {value: 1 GB, grade: publishd}\n", "did you mean \"published\""},
        {"memory: {value: 1 GB, date: someday}\n", "date"},
        {"memory: {value: 1 GB, checked: yes}\n", "true or false"},
        {"memory: {value: 1 GB, note: [a]}\n", "note is a text"},
        {"memory: {value: 1 GB, low: 1 GB, high: 2 GB}\n", "a value and a range"},
        {"memory: {value: }\n", "nothing"},
        {"memory: {value: {value: 1 GB}}\n", "a map"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_chip(b, rows[i].yaml), FC_BAD_INPUT);
        assert_says(b, rows[i].words);
        assert_int_equal(b->error.line, 1);
    }
}

static void test_fields__a_later_reading_replaces_the_fact(void **state) {
    bench *b = *state;
    b->reader.origin = "chip gpu";
    assert_int_equal(read_chip(b, "memory: {value: 80 GB, source: s}\ntdp: 700 W\n"), FC_OK);
    b->reader.origin = "study";
    assert_int_equal(read_chip(b, "memory: 96 GB\n"), FC_OK);
    assert_int_equal(count_facts(b), 2);
    const fc_fact *fact = fact_of(b, "cluster.chip.memory");
    assert_string_equal(fact->origin, "study");
    assert_string_equal(fact->source, "");
    assert_true(fact->value == 96e9);
    assert_string_equal(b->reader.first_fact->key, "cluster.chip.memory");
    assert_string_equal(b->reader.last_fact->key, "cluster.chip.tdp");
}

static void test_fields__without_a_path_the_key_stands_alone(void **state) {
    bench *b = *state;
    assert_int_equal(read_noun(b, FC_NOUN_DEAL, "", &b->study.deal, "share: 0.5\n"), FC_OK);
    assert_non_null(fact_of(b, "share"));
    assert_int_equal(read_noun(b, FC_NOUN_DEAL, NULL, &b->study.deal, "mfu: 0.5\n"), FC_OK);
    assert_non_null(fact_of(b, "mfu"));
}

/* ---- ranges ------------------------------------------------------------------------------------------------- */

static void test_fields__a_range_becomes_a_spread(void **state) {
    bench *b = *state;
    assert_int_equal(read_deal(b, "usd_per_chip_h: {low: $2/h, mid: 2.5, high: 4, grade: published, source: s}\n"),
                     FC_OK);
    assert_true(b->study.deal.usd_per_chip_h == 2.5);
    assert_int_equal(b->study.spreads_count, 1);
    const fc_spread *spread = &b->study.spreads[0];
    assert_string_equal(spread->key, "deal.usd_per_chip_h");
    assert_int_equal(spread->offset, offsetof(fc_study, deal) + offsetof(fc_deal, usd_per_chip_h));
    assert_int_equal(spread->grade, FC_GRADE_PUBLISHED);
    assert_int_equal(spread->belief, 0);
    assert_true(spread->low == 2.0 && spread->mid == 2.5 && spread->high == 4.0);
    assert_true(spread->least == 0.0 && spread->most == 1e5);
    double at_offset = 0.0;
    memcpy(&at_offset, (const char *)&b->study + spread->offset, sizeof at_offset);
    assert_true(at_offset == 2.5);
    assert_true(fact_of(b, "deal.usd_per_chip_h")->has_range);
    assert_string_equal(fact_of(b, "deal.usd_per_chip_h")->text, "{low: $2/h, mid: 2.5, high: 4}");
}

static void test_fields__the_middle_may_be_left_out(void **state) {
    bench *b = *state;
    assert_int_equal(read_deal(b, "usd_per_chip_h: {low: 1, high: 100}\nshare: {low: 0, high: 0.5}\n"), FC_OK);
    assert_true(fabs(b->study.deal.usd_per_chip_h - 10.0) < 1e-12);
    assert_true(b->study.deal.share_frac == 0.25);
    assert_string_equal(fact_of(b, "deal.share")->text, "{low: 0, high: 0.5}");
}

static void test_fields__the_middle_of_equal_ends_is_the_end(void **state) {
    bench *b = *state;
    assert_int_equal(read_deal(b, "usd_per_chip_h: {low: 3.3, high: 3.3}\n"), FC_OK);
    assert_true(b->study.deal.usd_per_chip_h == 3.3);
    assert_int_equal(b->study.spreads_count, 0);
    assert_false(fact_of(b, "deal.usd_per_chip_h")->has_range);
}

static void test_fields__a_range_is_never_exact(void **state) {
    bench *b = *state;
    assert_int_equal(read_deal(b, "share: {low: 0.1, high: 0.5}\n"), FC_OK);
    assert_int_equal(b->study.spreads[0].grade, FC_GRADE_ASSUMED);
    assert_int_equal(read_deal(b, "share: {low: 0.1, high: 0.5, grade: exact}\n"), FC_BAD_INPUT);
    assert_says(b, "cannot be exact");
}

static void test_fields__wrong_ranges_are_refused(void **state) {
    bench *b = *state;
    static const struct {
        const char *yaml;
        const char *words;
    } rows[] = {
        {"share: {low: 0.5, high: 0.1}\n", "low <= mid <= high"},
        {"share: {low: 0.1, mid: 0.6, high: 0.5}\n", "low <= mid <= high"},
        {"share: {low: 0.1}\n", "high is missing"},
        {"share: {high: 0.1}\n", "low is missing"},
        {"share: {mid: 0.1}\n", "low is missing"},
        {"share: {low: 0.1, high: 1.5}\n", "1.5"},
        {"share: {low: -0.1, high: 0.5}\n", "-0.1"},
        {"share: {low: nan, high: 0.5}\n", "share"},
        {"share: {low: [0], high: 0.5}\n", "a list"},
        {"status: {low: 1, high: 2}\n", "a range is not possible"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_deal(b, rows[i].yaml), FC_BAD_INPUT);
        assert_says(b, rows[i].words);
        assert_int_equal(b->study.spreads_count, 0);
    }
    assert_int_equal(read_noun(b, FC_NOUN_PLAN, "plan", &b->study.plan, "tp: {low: 1, high: 8}\n"), FC_BAD_INPUT);
}

static void test_fields__a_later_value_drops_the_earlier_range(void **state) {
    bench *b = *state;
    assert_int_equal(read_deal(b, "usd_per_chip_h: {low: 2, high: 4}\nshare: {low: 0.1, high: 0.5}\n"), FC_OK);
    assert_int_equal(b->study.spreads_count, 2);
    assert_int_equal(read_deal(b, "usd_per_chip_h: 3\n"), FC_OK);
    assert_int_equal(b->study.spreads_count, 1);
    assert_string_equal(b->study.spreads[0].key, "deal.share");
    assert_int_equal(read_deal(b, "share: {low: 0.2, high: 0.3}\n"), FC_OK);
    assert_int_equal(b->study.spreads_count, 1);
    assert_true(b->study.spreads[0].low == 0.2);
    assert_int_equal(read_deal(b, "share: {low: 0.2, high: 0.2}\n"), FC_OK);
    assert_int_equal(b->study.spreads_count, 0);
}

static void test_fields__ranges_stand_only_inside_the_study(void **state) {
    bench *b = *state;
    fc_deal elsewhere;
    memset(&elsewhere, 0, sizeof elsewhere);
    assert_int_equal(read_noun(b, FC_NOUN_DEAL, "deal", &elsewhere, "share: {low: 0.1, high: 0.5}\n"), FC_BAD_INPUT);
    assert_says(b, "a range is not possible here");
    assert_int_equal(read_noun(b, FC_NOUN_DEAL, "deal", &elsewhere, "share: 0.5\n"), FC_OK);
    b->reader.study = NULL;
    assert_int_equal(read_deal(b, "share: {low: 0.1, high: 0.5}\n"), FC_BAD_INPUT);
}

static void test_fields__spreads_end_at_their_array(void **state) {
    bench *b = *state;
    for (uint32_t i = 0; i < FC_MAX_SPREADS; i++) {
        b->study.spreads[i].offset = UINT32_MAX;
    }
    b->study.spreads_count = FC_MAX_SPREADS - 1;
    assert_int_equal(read_deal(b, "share: {low: 0.1, high: 0.5}\n"), FC_OK);
    assert_int_equal(b->study.spreads_count, FC_MAX_SPREADS);
    assert_int_equal(read_deal(b, "mfu: {low: 0.1, high: 0.5}\n"), FC_OVER_LIMIT);
    assert_int_equal(b->study.spreads_count, FC_MAX_SPREADS);
    /* Replacing one that is there already is no further one. */
    assert_int_equal(read_deal(b, "share: {low: 0.2, high: 0.5}\n"), FC_OK);
}

/* ---- unknown keys ------------------------------------------------------------------------------------------- */

static void test_fields__unknown_keys_are_refused_with_the_nearest(void **state) {
    bench *b = *state;
    fc_node *map = parse(b, "memory: 80 GB\nmemroy_bw: 3 TB/s\n");
    const fc_noun *noun = fc_fields_noun(FC_NOUN_CHIP);
    assert_int_equal(fc_fields_read(&b->reader, noun, "chip", &b->study.cluster.chip, map, &b->error), FC_OK);
    assert_int_equal(fc_fields_refuse_unknown(map, noun, NULL, 0, &b->error), FC_BAD_INPUT);
    assert_says(b, "did you mean \"memory_bw\"");
    assert_int_equal(b->error.line, 2);
    assert_int_equal(b->error.column, 1);
}

static void test_fields__further_keys_are_allowed_and_suggested(void **state) {
    bench *b = *state;
    static const char *const more[] = {"aliases", "sources"};
    const fc_noun *noun = fc_fields_noun(FC_NOUN_CHIP);
    assert_int_equal(fc_fields_refuse_unknown(parse(b, "aliases: [a]\n"), noun, more, 2, NULL), FC_OK);
    assert_int_equal(fc_fields_refuse_unknown(parse(b, "alias: [a]\n"), noun, more, 2, &b->error), FC_BAD_INPUT);
    assert_says(b, "did you mean \"aliases\"");
    assert_int_equal(fc_fields_refuse_unknown(parse(b, "{}\n"), NULL, NULL, 0, NULL), FC_OK);
    assert_int_equal(fc_fields_refuse_unknown(NULL, noun, NULL, 0, NULL), FC_OK);
}

static void test_fields__every_row_of_every_noun_is_sound(void **state) {
    (void)state;
    for (int id = 0; id < FC_NOUN_ID_COUNT; id++) {
        const fc_noun *noun = fc_fields_noun((fc_noun_id)id);
        assert_true(noun->count > 0);
        for (size_t i = 0; i < noun->count; i++) {
            const fc_field *field = &noun->fields[i];
            assert_ptr_equal(fc_fields_find(noun, field->key), field);
            assert_true(field->least <= field->most);
            assert_non_null(field->help);
            assert_true(field->kind != FC_FIELD_ENUM || field->names != NULL);
            assert_true(field->kind != FC_FIELD_TEXT || field->size > 1);
        }
        assert_null(fc_fields_find(noun, "no such key"));
    }
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        with_bench(test_fields__numbers_with_units_become_si),
        with_bench(test_fields__kinds_other_than_numbers),
        with_bench(test_fields__quoted_numbers_with_units_are_numbers),
        with_bench(test_fields__wrong_values_name_place_and_range),
        with_bench(test_fields__texts_must_fit),
        with_bench(test_fields__only_true_and_false_are_booleans),
        with_bench(test_fields__a_noun_is_a_map),
        with_bench(test_fields__annotations_become_facts),
        with_bench(test_fields__every_kind_may_be_annotated),
        with_bench(test_fields__wrong_annotations_are_refused),
        with_bench(test_fields__a_later_reading_replaces_the_fact),
        with_bench(test_fields__without_a_path_the_key_stands_alone),
        with_bench(test_fields__a_range_becomes_a_spread),
        with_bench(test_fields__the_middle_may_be_left_out),
        with_bench(test_fields__the_middle_of_equal_ends_is_the_end),
        with_bench(test_fields__a_range_is_never_exact),
        with_bench(test_fields__wrong_ranges_are_refused),
        with_bench(test_fields__a_later_value_drops_the_earlier_range),
        with_bench(test_fields__ranges_stand_only_inside_the_study),
        with_bench(test_fields__spreads_end_at_their_array),
        with_bench(test_fields__unknown_keys_are_refused_with_the_nearest),
        with_bench(test_fields__further_keys_are_allowed_and_suggested),
        with_bench(test_fields__every_row_of_every_noun_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
