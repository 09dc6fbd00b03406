/* The curve with tiles and waves, fitted to the shapes of bench: times made from the curve of one shipped chip, the start
 * taken from the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/shapes.h"
#include "device/random.h"
#include "doors/calibration_file.h"
#include "doors/kernel_file.h"
#include "flopcast/hd/kernel_gemm.h"
#include "flopcast/hd/math.h"

#include <math.h>
#include <string.h>

#define NOISE_FRAC 0.03

typedef struct world {
    fc_arena *arena;
    fc_catalog catalog;
    const fc_kernel_set *const *sets;
    size_t sets_count;
} world;

static int open_world(void **state) {
    static world w;
    fc_error error = {.status = FC_OK};
    w.arena = fc_arena_create((size_t)256 << 20);
    if (w.arena == NULL || fc_catalog_open(&w.catalog, w.arena, FC_DATA_FOLDER, &error) != FC_OK ||
        fc_kernel_file_read_all(&w.sets, &w.sets_count, &w.catalog, &error) != FC_OK) {
        return -1;
    }
    *state = &w;
    return 0;
}

static int close_world(void **state) {
    fc_arena_destroy(((world *)*state)->arena);
    return 0;
}

/* About normal, of spread 1: twelve uniform numbers, added up. */
static double noise(uint64_t seed, uint64_t index) {
    double sum = -6.0;
    for (uint64_t i = 0; i < 12; i++) {
        sum += (double)(fc_random_bits(seed, 12 * index + i) >> 11) * 0x1p-53;
    }
    return sum;
}

typedef struct measured {
    fc_sample samples[FC_BENCH_MOST_SHAPES];
    uint32_t count;
    fc_device_info device;
    fc_fit fit;
    double ramps_median_frac;
} measured;

static const fc_kernel_set *set_of(const world *w, const char *chip) {
    for (size_t i = 0; i < w->sets_count; i++) {
        if (strcmp(w->sets[i]->chip, chip) == 0) {
            return w->sets[i];
        }
    }
    fail_msg("%s has no curves", chip);
    return NULL;
}

/* The shapes of bench on `chip`, operands in memory, fitted with ramps as bench does first. */
static void measure(measured *out, const world *w, const char *chip, fc_dtype dtype) {
    fc_kernel_curve truth = *fc_kernel_find(set_of(w, chip), FC_KERNEL_GEMM, FC_DTYPE_BF16);
    memset(out, 0, sizeof *out);
    truth.parameters[FC_GEMM_WEIGHTS_COUNT] = 10000.0;
    truth.dtype = dtype;
    out->count = fc_bench_shapes(out->samples, dtype);
    for (uint32_t i = 0; i < out->count; i++) {
        fc_sample *sample = &out->samples[i];
        const double dims[FC_KERNEL_MAX_DIMS] = {sample->m, sample->n, sample->k};
        sample->seconds = fc_kernel_predict_s(&truth, dims) * fc_hd_exp(NOISE_FRAC * noise(11, i));
        sample->residency = FC_RESIDENCY_MEMORY;
    }
    fc_calibration_draw_heldout(out->samples, out->count, 1);
    out->device = (fc_device_info){.backend = "cuda", .cores_count = truth.cores_count};
    assert_int_equal(fc_calibration_fit(&out->fit, out->samples, out->count, NULL), FC_OK);
    out->ramps_median_frac = out->fit.heldout_median_abs_error_frac;
}

/* As if `absent` were not among the shipped chips. */
static void fit_without(measured *out, const world *w, const char *absent, const char *same_chip) {
    const fc_kernel_set *sets[64];
    size_t count = 0;
    fc_error error = {.status = FC_OK};
    for (size_t i = 0; i < w->sets_count; i++) {
        if (strcmp(w->sets[i]->chip, absent) != 0) {
            sets[count++] = w->sets[i];
        }
    }
    if (fc_calibration_fit_kernels(&out->fit, &out->device, out->samples, out->count, sets, count, same_chip, w->arena,
                                   &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
}

static void test_fit_kernels__recover_an_unknown_chip_from_its_neighbours(void **state) {
    static const char *const chips[] = {"a100-sxm-80gb", "h100-sxm", "l40s", "gb200-nvl72"};
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        static measured m;
        measure(&m, *state, chips[i], FC_DTYPE_BF16);
        fit_without(&m, *state, chips[i], NULL);
        const fc_kernel_curve *curve = &m.fit.kernel[FC_DTYPE_BF16].curve;
        assert_true(m.fit.kernel[FC_DTYPE_BF16].like[0] != '\0');
        assert_string_not_equal(m.fit.kernel[FC_DTYPE_BF16].like, chips[i]);
        assert_int_equal(curve->fitted_count + curve->heldout_count, m.count);
        assert_true(curve->heldout_count >= 10);
        if (!(curve->heldout_median_abs_error_frac <= 0.05) || !(curve->heldout_p90_abs_error_frac <= 0.15)) {
            fail_msg("%s from %s: off by %.3f, 90th percentile %.3f", chips[i], m.fit.kernel[FC_DTYPE_BF16].like,
                     curve->heldout_median_abs_error_frac, curve->heldout_p90_abs_error_frac);
        }
        assert_true(curve->heldout_median_abs_error_frac < m.ramps_median_frac);
        assert_true(m.fit.heldout_median_abs_error_frac == curve->heldout_median_abs_error_frac);
    }
}

static void test_fit_kernels__never_look_at_heldout_samples(void **state) {
    static measured honest;
    static measured fooled;
    measure(&honest, *state, "a100-sxm-80gb", FC_DTYPE_BF16);
    fooled = honest;
    for (uint32_t i = 0; i < fooled.count; i++) {
        fooled.samples[i].seconds *= fooled.samples[i].heldout ? 2.0 : 1.0;
    }
    fit_without(&honest, *state, "a100-sxm-80gb", NULL);
    fit_without(&fooled, *state, "a100-sxm-80gb", NULL);
    const fc_kernel_curve *a = &honest.fit.kernel[FC_DTYPE_BF16].curve;
    const fc_kernel_curve *b = &fooled.fit.kernel[FC_DTYPE_BF16].curve;
    assert_memory_equal(a->parameters, b->parameters, sizeof a->parameters);
    assert_true(fabs(b->heldout_median_abs_error_frac - 0.5) < 0.03);
}

static void test_fit_kernels__start_from_the_same_chip_where_it_ships(void **state) {
    static measured m;
    measure(&m, *state, "h200-sxm", FC_DTYPE_BF16);
    fit_without(&m, *state, "", "h100-sxm");
    assert_string_equal(m.fit.kernel[FC_DTYPE_BF16].like, "h100-sxm");
    fit_without(&m, *state, "", NULL);
    assert_string_equal(m.fit.kernel[FC_DTYPE_BF16].like, "h200-sxm");
}

/* No table has fp16: it starts from bf16, whose tiles it has. */
static void test_fit_kernels__take_bf16_for_formats_without_a_table(void **state) {
    static measured m;
    measure(&m, *state, "h100-sxm", FC_DTYPE_FP16);
    fit_without(&m, *state, "", NULL);
    const fc_kernel_curve *curve = &m.fit.kernel[FC_DTYPE_FP16].curve;
    assert_int_equal(curve->dtype, FC_DTYPE_FP16);
    assert_true(curve->heldout_count > 0 && curve->heldout_median_abs_error_frac <= 0.05);
}

static void test_fit_kernels__leave_other_devices_alone(void **state) {
    static measured m;
    measure(&m, *state, "h100-sxm", FC_DTYPE_BF16);
    (void)strcpy(m.device.backend, "openblas");
    fit_without(&m, *state, "", NULL);
    assert_int_equal(m.fit.kernel[FC_DTYPE_BF16].curve.fitted_count, 0);
    (void)strcpy(m.device.backend, "cuda");
    m.device.cores_count = 0.0;
    fit_without(&m, *state, "", NULL);
    assert_int_equal(m.fit.kernel[FC_DTYPE_BF16].curve.fitted_count, 0);
    assert_true(m.fit.heldout_median_abs_error_frac == m.ramps_median_frac);
    assert_int_equal(fc_calibration_fit_kernels(&m.fit, &m.device, m.samples, m.count, NULL, 0, NULL, NULL, NULL),
                     FC_OK);
}

/* A device that is exactly ramps keeps them. */
static void test_fit_kernels__keep_the_nearer_form(void **state) {
    static measured m;
    measure(&m, *state, "h100-sxm", FC_DTYPE_BF16);
    for (uint32_t i = 0; i < m.count; i++) {
        m.samples[i].seconds = 1e-5 + fc_bench_flop(&m.samples[i]) / 5e14;
    }
    assert_int_equal(fc_calibration_fit(&m.fit, m.samples, m.count, NULL), FC_OK);
    fit_without(&m, *state, "", NULL);
    assert_int_equal(m.fit.kernel[FC_DTYPE_BF16].curve.fitted_count, 0);
}

static void test_fit_kernels__pass_through_a_file(void **state) {
    const world *w = *state;
    static measured m;
    fc_error error = {.status = FC_OK};
    measure(&m, w, "a100-sxm-80gb", FC_DTYPE_BF16);
    fit_without(&m, w, "a100-sxm-80gb", NULL);
    fc_calibration written = {.device = m.device, .samples = m.samples, .samples_count = m.count, .fit = m.fit};
    (void)strcpy(written.sheet.chip, "a100-sxm-80gb");
    written.sheet.peak_flop_per_s[FC_DTYPE_BF16] = 312e12;
    written.sheet.memory_bytes_per_s = 2e12;
    for (uint32_t i = 0; i < m.count; i++) {
        m.samples[i].seconds_min = m.samples[i].seconds;
        m.samples[i].repeats = 1;
    }
    fc_text text = fc_text_start(w->arena);
    assert_int_equal(fc_calibration_write_json(&text, &written, &error), FC_OK);
    fc_node *root = NULL;
    static fc_calibration read;
    assert_int_equal(fc_json_parse(&root, w->arena, "test.json", text.bytes, text.size, &error), FC_OK);
    assert_int_equal(fc_calibration_from_tree(&read, w->arena, root, &error), FC_OK);
    assert_string_equal(read.fit.kernel[FC_DTYPE_BF16].like, m.fit.kernel[FC_DTYPE_BF16].like);
    assert_memory_equal(&read.sheet, &written.sheet, sizeof read.sheet);
    assert_true(read.fit.kernel[FC_DTYPE_BF16].curve.heldout_count == m.fit.kernel[FC_DTYPE_BF16].curve.heldout_count);
    for (uint32_t i = 0; i < m.count; i++) {
        assert_true(fc_calibration_sample_s(&read.fit, &m.samples[i]) ==
                    fc_calibration_sample_s(&m.fit, &m.samples[i]));
    }
    const fc_sample *first = &m.samples[0];
    assert_true(fc_calibration_matmul_s(&read.fit, FC_DTYPE_BF16, first->m, first->n, first->k) ==
                fc_calibration_sample_s(&m.fit, first));
}

static void test_fit_kernels__need_more_shapes_than_parameters(void **state) {
    (void)state;
    static const uint32_t free_parameters[] = {FC_GEMM_LAUNCH_S, FC_GEMM_TILE_S};
    fc_kernel_row rows[5] = {{.kind = FC_KERNEL_GEMM}};
    fc_kernel_refit_options options = {
        .free_parameters = free_parameters, .free_count = 2, .rows = rows, .rows_count = 5};
    fc_kernel_curve curve = {.kind = FC_KERNEL_GEMM};
    fc_error error = {.status = FC_OK};
    double cost = 0.0;
    assert_int_equal(fc_kernel_refit(&curve, &cost, &options, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "6 are the least"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_kernels__recover_an_unknown_chip_from_its_neighbours),
        cmocka_unit_test(test_fit_kernels__never_look_at_heldout_samples),
        cmocka_unit_test(test_fit_kernels__start_from_the_same_chip_where_it_ships),
        cmocka_unit_test(test_fit_kernels__take_bf16_for_formats_without_a_table),
        cmocka_unit_test(test_fit_kernels__leave_other_devices_alone),
        cmocka_unit_test(test_fit_kernels__keep_the_nearer_form),
        cmocka_unit_test(test_fit_kernels__pass_through_a_file),
        cmocka_unit_test(test_fit_kernels__need_more_shapes_than_parameters),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
