/* The distance between runs is a distance, ranges widen with it, the law is what left-out errors say, and shipped points
 * read back as they were written. */
#include "chain_helpers.h"

#include "doors/domain_file.h"
#include "flopcast/domain.h"

#include <unistd.h>

static const fc_domain METRIC = {
    .tenfold_params = 1,
    .tenfold_chips = 1,
    .tenfold_seq_len = 1,
    .other_chip = 0.5,
    .doubled_peak = 0.5,
    .other_family = 2,
    .other_dtype = 0.25,
    .halved_bits = 0.5,
    .other_kind = 2,
    .other_stack = 0.5,
    .low_dense = 0.1,
    .low_moe = 0.3,
    .low_growth = 0.05,
    .high_dense = 0.2,
    .high_moe = 0.4,
    .high_growth = 0.1,
};

static fc_domain_point point_of_a100(void) {
    fc_domain_point point = {.chip_flop_per_s = 312e12,
                             .params_total_count = 1e9,
                             .chips_count = 8,
                             .seq_len = 2048,
                             .runs_count = 1,
                             .dtype = FC_DTYPE_BF16};
    strcpy(point.name, "a-run");
    strcpy(point.chip, "a100");
    strcpy(point.family, "nvidia");
    strcpy(point.stack, "megatron");
    return point;
}

/* A point that differs in as many ways as `bits` has, for all subsets of seven. */
static fc_domain_point other_point(uint32_t bits) {
    fc_domain_point point = point_of_a100();
    point.params_total_count *= bits & 1 ? 100 : 1;
    point.chips_count *= bits & 2 ? 10 : 1;
    point.seq_len *= bits & 4 ? 10 : 1;
    if (bits & 8) {
        strcpy(point.chip, "tpu");
        strcpy(point.family, "tpu");
        point.chip_flop_per_s *= 4;
    }
    point.dtype = bits & 16 ? FC_DTYPE_FP8 : FC_DTYPE_BF16;
    point.moe = bits & 32 ? 1 : 0;
    if (bits & 64) {
        strcpy(point.stack, "maxtext");
    }
    return point;
}

static double by_hand(uint32_t bits) {
    static const double parts[] = {2, 1, 1, 2 + 0.5 + 2 * 0.5, 0.25 + 0.5, 2, 0.5};
    double sum = 0;
    for (size_t i = 0; i < COUNT_OF(parts); ++i) {
        sum += bits >> i & 1 ? parts[i] : 0;
    }
    return sum;
}

static void test_domain__distance_is_a_sum_of_weights_the_same_both_ways(void **state) {
    (void)state;
    fc_domain_point own = point_of_a100();
    for (uint32_t bits = 0; bits < 128; ++bits) {
        double axes[FC_DOMAIN_AXIS_COUNT];
        double sum = 0;
        fc_domain_point other = other_point(bits);
        double there = fc_domain_distance(axes, &METRIC, &own, &other);
        assert_true(there == fc_domain_distance(NULL, &METRIC, &other, &own));
        assert_true(fabs(there - by_hand(bits)) < 1e-12);
        for (int i = 0; i < FC_DOMAIN_AXIS_COUNT; ++i) {
            assert_true(axes[i] >= 0);
            sum += axes[i];
        }
        assert_true(fabs(there - sum) < 1e-12);
    }
}

static void test_domain__the_same_run_is_at_distance_0(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 128; ++bits) {
        fc_domain_point one = other_point(bits);
        fc_domain_point two = one;
        strcpy(two.name, "measured again");
        two.error_frac = 0.2;
        assert_true(fc_domain_distance(NULL, &METRIC, &one, &two) == 0);
    }
}

/* No detour is shorter. */
static void test_domain__the_triangle_holds(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 128; ++i) {
        for (uint32_t j = 0; j < 128; ++j) {
            fc_domain_point a = other_point(i);
            fc_domain_point b = other_point(j);
            fc_domain_point c = other_point(i ^ j);
            assert_true(fc_domain_distance(NULL, &METRIC, &a, &b) <=
                        fc_domain_distance(NULL, &METRIC, &a, &c) + fc_domain_distance(NULL, &METRIC, &c, &b) + 1e-12);
        }
    }
}

static void test_domain__ranges_widen_with_the_distance(void **state) {
    (void)state;
    double low = 1;
    double high = 1;
    for (uint8_t moe = 0; moe < 2; ++moe) {
        double last_low = 1;
        double last_high = 1;
        for (int i = 0; i <= 100; ++i) {
            fc_domain_factor(&low, &high, &METRIC, moe, 0.1 * i);
            assert_true(low < last_low || i == 0);
            assert_true(high > last_high || i == 0);
            assert_true(low < 1 && high > 1);
            last_low = low;
            last_high = high;
        }
    }
    fc_domain_factor(&low, &high, &METRIC, 0, 2.0);
    assert_near(low, exp(-0.2), 1e-12);
    assert_near(high, exp(0.4), 1e-12);
}

/* A law that a perfect model would leave still gives a range, for runs differ from themselves. */
static void test_domain__no_range_is_without_width(void **state) {
    (void)state;
    double low = 0;
    double high = 0;
    const fc_domain perfect = {.low_dense = 0};
    fc_domain_factor(&low, &high, &perfect, 0, 0.0);
    assert_true(low < 1 && high > 1);
}

/* ---- a study ----------------------------------------------------------------------------------------------------- */

static fc_study study_with_a_range(void) {
    fc_study study = ideal_study(8);
    study.domain = METRIC;
    study.step_time_factor = 1;
    study.spreads[0] = (fc_spread){
        .offset = offsetof(fc_study, step_time_factor), .low = 0.9, .mid = 1, .high = 1.1, .least = 0.1, .most = 10};
    study.spreads_count = 1;
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

static void test_domain__a_study_takes_the_width_of_its_distance(void **state) {
    (void)state;
    fc_study study = study_with_a_range();
    fc_domain_point points[2] = {fc_domain_point_of(&study), fc_domain_point_of(&study)};
    points[0].chips_count *= 1000;
    points[1].chips_count *= 10;
    strcpy(points[1].name, "near");
    points[1].error_frac = -0.03;
    fc_domain_place(&study, points, 2);
    assert_true(study.domain.placed);
    assert_string_equal(study.domain.nearest, "near");
    assert_near(study.domain.distance, 1.0, 1e-12);
    assert_near(study.domain.axis_distance[FC_DOMAIN_CHIPS], 1.0, 1e-12);
    assert_near(study.domain.nearest_error_frac, -0.03, 1e-12);
    assert_near(study.spreads[0].low, exp(-0.15), 1e-12);
    assert_near(study.spreads[0].high, exp(0.3), 1e-12);
    assert_true(study.spreads[0].mid == 1 && study.step_time_factor == 1);
    fc_domain_place(&study, points, 1); /* again, and further */
    assert_near(study.spreads[0].high, exp(0.2 + 0.1 * 3), 1e-12);
}

static void test_domain__what_is_stated_stays(void **state) {
    (void)state;
    fc_study study = study_with_a_range();
    fc_domain_point point = fc_domain_point_of(&study);
    fc_study stated = study;
    stated.domain.error_stated = 1;
    fc_domain_place(&stated, &point, 1);
    assert_true(stated.domain.placed && stated.spreads[0].low == 0.9 && stated.spreads[0].high == 1.1);
    fc_study no_points = study;
    fc_domain_place(&no_points, NULL, 0);
    assert_true(!no_points.domain.placed && no_points.spreads[0].high == 1.1);
    fc_study measured = study;
    measured.cluster.chip.threads_count = 2;
    fc_domain_place(&measured, &point, 1);
    assert_true(!measured.domain.placed && measured.spreads[0].high == 1.1);
}

static fc_study read_study(chain_desk *desk, const char *set) {
    static fc_study study;
    fc_inputs inputs;
    fc_error error = {0};
    desk->config.sets = &set;
    desk->config.sets_count = set != NULL;
    assert_fine(fc_config_study(&study, &inputs, &desk->config, "llama3-405b-16k-h100", &error), &error);
    desk->config.sets_count = 0;
    return study;
}

static double width_of(const fc_study *study) {
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if (study->spreads[i].offset == offsetof(fc_study, step_time_factor)) {
            return study->spreads[i].high / study->spreads[i].low;
        }
    }
    return 0;
}

static void test_domain__shipped_studies_are_placed(void **state) {
    chain_desk *desk = *state;
    fc_study plain = read_study(desk, NULL);
    assert_true(plain.domain.placed && plain.domain.distance > 0 && plain.domain.nearest[0] != '\0');
    fc_study far = read_study(desk, "cluster.chip=mi300x");
    assert_true(far.domain.distance > plain.domain.distance);
    assert_true(width_of(&far) > width_of(&plain) && width_of(&plain) > 1);
    fc_study fixed = read_study(desk, "estimate.step_time_factor=1.1");
    assert_true(width_of(&fixed) == 0 && fixed.step_time_factor == 1.1);
    fc_study own = read_study(desk, "estimate.step_time_factor={low: 0.99, mid: 1, high: 1.01}");
    assert_near(width_of(&own), 1.01 / 0.99, 1e-12);
}

/* ---- the law ----------------------------------------------------------------------------------------------------- */

/* Errors that spread evenly from -(0.1 + 0.05 d) to 0.2 + 0.1 d at every distance have these lines, shrunk to the inner
 * 80 %; sets of any size count the same. */
enum { STEPS = 201, DISTANCES = 8, SAMPLES = STEPS * DISTANCES };

static void even_samples(fc_domain_sample *out) {
    for (int i = 0; i < SAMPLES; ++i) {
        double distance = 0.5 * (i % DISTANCES);
        double share = 2.0 * (i / DISTANCES) / (STEPS - 1) - 1.0; /* -1 to 1 */
        double reach = share < 0 ? 0.1 + 0.05 * distance : 0.2 + 0.1 * distance;
        out[i] = (fc_domain_sample){
            .distance = distance, .log_error = share * reach, .set = (uint32_t)(i % 2), .family = i % 3};
    }
}

static void test_domain__the_law_is_learned_from_errors(void **state) {
    chain_desk *desk = *state;
    fc_domain_sample samples[SAMPLES];
    fc_domain law = METRIC;
    fc_error error = {0};
    size_t inside = 0;
    even_samples(samples);
    assert_fine(fc_domain_learn(&law, samples, SAMPLES, -1, desk->arena, &error), &error);
    assert_near(law.low_dense, 0.8 * 0.1, 0.03);
    assert_near(law.low_growth, 0.8 * 0.05, 0.03);
    assert_near(law.high_dense, 0.8 * 0.2, 0.03);
    assert_near(law.high_growth, 0.8 * 0.1, 0.03);
    assert_true(law.high_moe == law.high_dense && law.low_moe == law.low_dense); /* nothing else is known of them */
    for (int i = 0; i < SAMPLES; ++i) {
        inside += fc_domain_covers(&law, &samples[i]);
    }
    assert_near((double)inside / SAMPLES, 0.8, 0.02);
}

static void test_domain__kinds_have_their_own_spread_at_0(void **state) {
    chain_desk *desk = *state;
    fc_domain_sample samples[2 * SAMPLES];
    fc_domain law = METRIC;
    fc_error error = {0};
    even_samples(samples);
    even_samples(samples + SAMPLES);
    for (int i = 0; i < SAMPLES; ++i) {
        fc_domain_sample *sample = &samples[SAMPLES + i];
        sample->moe = 1;
        sample->family = 3;
        sample->set = 2;
        sample->log_error += sample->log_error < 0 ? -0.1 : 0.3;
    }
    assert_fine(fc_domain_learn(&law, samples, 2 * SAMPLES, -1, desk->arena, &error), &error);
    assert_true(law.high_moe > law.high_dense + 0.2 && law.low_moe > law.low_dense + 0.05);
    assert_fine(fc_domain_learn(&law, samples, 2 * SAMPLES, 3, desk->arena, &error), &error); /* without them */
    assert_true(law.high_moe == law.high_dense);
}

/* A family of thousands must not drown the others. */
static void test_domain__sets_count_the_same(void **state) {
    chain_desk *desk = *state;
    fc_domain_sample samples[SAMPLES];
    fc_domain many = METRIC;
    fc_domain few = METRIC;
    fc_error error = {0};
    even_samples(samples);
    assert_fine(fc_domain_learn(&few, samples, SAMPLES, -1, desk->arena, &error), &error);
    fc_domain_sample doubled[2 * SAMPLES];
    size_t count = 0;
    for (int i = 0; i < SAMPLES; ++i) {
        doubled[count++] = samples[i];
        if (samples[i].set == 0) {
            doubled[count++] = samples[i];
        }
    }
    assert_fine(fc_domain_learn(&many, doubled, count, -1, desk->arena, &error), &error);
    assert_near(many.high_dense, few.high_dense, 1e-9);
    assert_near(many.low_growth, few.low_growth, 1e-9);
}

static void test_domain__errors_that_shrink_with_distance_do_not_narrow_it(void **state) {
    chain_desk *desk = *state;
    fc_domain_sample samples[SAMPLES];
    fc_domain law = METRIC;
    fc_error error = {0};
    even_samples(samples);
    for (int i = 0; i < SAMPLES; ++i) {
        samples[i].distance = 3.5 - samples[i].distance;
    }
    assert_fine(fc_domain_learn(&law, samples, SAMPLES, -1, desk->arena, &error), &error);
    assert_true(law.low_growth == 0 && law.high_growth == 0 && law.high_dense > 0);
    assert_int_equal(fc_domain_learn(&law, samples, 0, -1, desk->arena, &error), FC_BAD_INPUT);
    assert_told(&error, "left out");
}

/* ---- points ------------------------------------------------------------------------------------------------------ */

static void test_domain__points_that_coincide_become_their_median(void **state) {
    (void)state;
    static const double errors[] = {0.3, -0.1, 0.05, 0.1, 0.0};
    fc_domain_point points[6];
    for (int i = 0; i < 6; ++i) {
        points[i] = point_of_a100();
        snprintf(points[i].name, sizeof points[i].name, "run-%d", i);
        points[i].error_frac = i < 5 ? errors[i] : 0.9;
    }
    points[5] = points[2]; /* one more that lies elsewhere, in their midst */
    points[2] = other_point(1);
    points[5].error_frac = 0.05;
    assert_int_equal(fc_domain_merge(points, 6, &METRIC), 2);
    assert_int_equal(points[0].runs_count, 5);
    assert_true(points[0].error_frac == 0.05);
    assert_string_equal(points[0].name, "run-2");
    assert_int_equal(points[1].runs_count, 1);
    assert_true(points[1].params_total_count == 1e11);
}

/* A data folder of its own, with this domain.csv. */
static fc_status read_table(chain_desk *desk, fc_domain_points *out, const char *text, fc_error *error) {
    char folder[] = "/tmp/flopcast_domain_XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/domain.csv", folder);
    if (text != NULL) {
        assert_fine(fc_file_write(path, text, strlen(text), error), error);
    }
    fc_config config = desk->config;
    config.catalog.data_folder = folder;
    fc_status status = fc_domain_points_read(out, &config, error);
    if (text != NULL) {
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    return status;
}

static void test_domain__points_read_back(void **state) {
    chain_desk *desk = *state;
    fc_domain_point points[3] = {point_of_a100(), other_point(127), other_point(5)};
    fc_domain_points read;
    fc_error error = {0};
    fc_text text = fc_text_start(desk->arena);
    points[1].error_frac = -0.125;
    points[2].runs_count = 7;
    strcpy(points[2].name, "one, \"two\"");
    fc_domain_points_write(&text, points, 3);
    assert_fine(read_table(desk, &read, text.bytes, &error), &error);
    assert_int_equal(read.count, 3);
    for (int i = 0; i < 3; ++i) {
        assert_string_equal(read.points[i].name, points[i].name);
        assert_true(fc_domain_distance(NULL, &METRIC, &read.points[i], &points[i]) < 1e-5);
        assert_true(fabs(read.points[i].error_frac - points[i].error_frac) < 1e-4);
        assert_int_equal(read.points[i].runs_count, points[i].runs_count);
    }
    assert_fine(read_table(desk, &read, NULL, &error), &error);
    assert_int_equal(read.count, 0);
}

#define HEADING "name,chip,family,peak_16bit,stack,dtype,moe,params_total,chips,seq_len,predicted_over_measured,runs\n"

static void test_domain__a_broken_table_is_named(void **state) {
    chain_desk *desk = *state;
    static const char *const cases[][2] = {
        {"a,b\n1,2\n", "no table of measured runs"},
        {HEADING "a,c,f,1e14,s,bf16,0,1e9,8\n", "cells"},
        {HEADING "a,c,f,1e14,s,bf17,0,1e9,8,2048,1,1\n", "bf17"},
        {HEADING "a,c,f,1e14,s,bf16,0,0,8,2048,1,1\n", "params_total"},
        {HEADING "a,c,f,1e14,s,bf16,0,nan,8,2048,1,1\n", "params_total"},
        {HEADING "a,c,f,1e14,s,bf16,0,1e9,8,2048,-1,1\n", "predicted_over_measured"},
        {HEADING "a,c,f,1e14,,bf16,0,1e9,8,2048,1,1\n", "stack"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        fc_domain_points read;
        fc_error error = {0};
        assert_int_equal(read_table(desk, &read, cases[i][0], &error), FC_BAD_INPUT);
        assert_told(&error, cases[i][1]);
        assert_true(strstr(error.source, "domain.csv") != NULL);
        assert_int_equal(error.line, i == 0 ? 1 : 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domain__distance_is_a_sum_of_weights_the_same_both_ways),
        cmocka_unit_test(test_domain__the_same_run_is_at_distance_0),
        cmocka_unit_test(test_domain__the_triangle_holds),
        cmocka_unit_test(test_domain__ranges_widen_with_the_distance),
        cmocka_unit_test(test_domain__no_range_is_without_width),
        cmocka_unit_test(test_domain__a_study_takes_the_width_of_its_distance),
        cmocka_unit_test(test_domain__what_is_stated_stays),
        cmocka_unit_test(test_domain__shipped_studies_are_placed),
        cmocka_unit_test(test_domain__the_law_is_learned_from_errors),
        cmocka_unit_test(test_domain__kinds_have_their_own_spread_at_0),
        cmocka_unit_test(test_domain__sets_count_the_same),
        cmocka_unit_test(test_domain__errors_that_shrink_with_distance_do_not_narrow_it),
        cmocka_unit_test(test_domain__points_that_coincide_become_their_median),
        cmocka_unit_test(test_domain__points_read_back),
        cmocka_unit_test(test_domain__a_broken_table_is_named),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
