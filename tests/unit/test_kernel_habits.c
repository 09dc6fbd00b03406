/* Habits of a library: their grid, their fit and their file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "doors/kernel_file.h"
#include "flopcast/hd/kernel_habit.h"
#include "flopcast/kernels.h"

#define CHIP "some-chip"

static const fc_kernel_sheet sheet = {132.0, 1e15, 3e12, 50e6, 450e9, 50e9};

static void test_grid(void **state) {
    (void)state;
    double habits[FC_HABIT_COUNT];
    /* A plane over the grid is read back everywhere: 0.1, 0.01 and 0.001 a knot of m, n and k. */
    for (int i = 0; i < FC_HABIT_COUNT; i++) {
        habits[i] = 0.1 * (i / 36) + 0.01 * (i / 6 % 6) + 0.001 * (i % 6);
    }
    assert_true(fabs(fc_hd_habit_factor(habits, 16, 32, 32) - 1.0) < 1e-12);
    for (double knots = 0.0; knots <= 5.0; knots += 0.37) {
        double size = fc_hd_exp2(2.2 * knots);
        assert_true(fabs(fc_hd_habit_factor(habits, 16.0 * size, 32, 32) / exp(0.1 * knots) - 1.0) < 1e-12);
        assert_true(fabs(fc_hd_habit_factor(habits, 16, 32.0 * size, 32) / exp(0.01 * knots) - 1.0) < 1e-12);
        assert_true(fabs(fc_hd_habit_factor(habits, 16, 32, 32.0 * size) / exp(0.001 * knots) - 1.0) < 1e-12);
    }
    /* Beyond the grid its edge holds. */
    assert_true(fc_hd_habit_factor(habits, 1, 1, 1) == fc_hd_habit_factor(habits, 16, 32, 32));
    assert_true(fabs(fc_hd_habit_factor(habits, 0x1p24, 0x1p24, 0x1p24) / exp(0.555) - 1.0) < 1e-12);
}

/* A library that takes 1.3 times as long below 1000 columns: the fit learns that, on shapes that it did not see. */
static void test_fit_learns_habits(void **state) {
    (void)state;
    static const double sides[] = {32, 64, 100, 150, 256, 400, 512, 2000, 2600, 4096, 6000, 8192, 16384, 30000};
    enum { SIDES = sizeof sides / sizeof sides[0], ROWS = SIDES * SIDES * 4 };
    static fc_kernel_row rows[ROWS];
    fc_arena *arena = fc_arena_create(0);
    fc_error error = {0};
    fc_kernel_curve curve;
    double none[FC_KERNEL_HABITS] = {0};
    size_t count = 0;
    assert_non_null(arena);
    fc_kernel_start(&curve, FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    assert_memory_equal(curve.habits, none, sizeof none);
    for (size_t i = 0; i < (size_t)SIDES * SIDES; i++) {
        for (size_t l = 0; l < 4; l++) {
            double n = sides[i % SIDES];
            fc_kernel_row *row = &rows[count++];
            *row = (fc_kernel_row){.dtype = FC_DTYPE_BF16, .dims = {sides[i / SIDES], n, 200.0 * (double)(1U << l)}};
            row->seconds = fc_kernel_predict_s(&curve, row->dims) * (n < 1000.0 ? 1.3 : 1.0);
        }
    }
    assert_int_equal(fc_kernel_fit(&curve, rows, count, arena, &error), FC_OK);
    assert_true(curve.heldout_count > 100 && curve.heldout_median_abs_error_frac < 0.03);
    fc_kernel_curve plain = curve;
    memset(plain.habits, 0, sizeof plain.habits);
    double with_error = 0.0;
    double plain_error = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (fc_kernel_is_heldout(&rows[i])) {
            with_error += fabs(log(fc_kernel_predict_s(&curve, rows[i].dims) / rows[i].seconds));
            plain_error += fabs(log(fc_kernel_predict_s(&plain, rows[i].dims) / rows[i].seconds));
        }
    }
    assert_true(with_error < 0.7 * plain_error);
    fc_arena_destroy(arena);
}

static void save(const char *folder, const char *text) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/calibrations/" CHIP ".yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What is written is read; too few habits, a word and a number that is too large are refused by line. */
static void test_file(void **state) {
    (void)state;
    static fc_kernel_set set = {.chip = CHIP, .curves_count = 1};
    static fc_kernel_set got;
    char folder[] = "/tmp/flopcast-habits-XXXXXX";
    char path[512];
    fc_arena *arena = fc_arena_create(0);
    fc_text text = fc_text_start(arena);
    fc_error error = {0};
    bool found = false;
    assert_non_null(arena);
    assert_non_null(mkdtemp(folder));
    fc_catalog catalog = {.arena = arena, .data_folder = folder};
    (void)snprintf(path, sizeof path, "%s/calibrations", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    fc_kernel_start(&set.curves[0], FC_KERNEL_GEMM, FC_DTYPE_BF16, &sheet);
    set.curves[0].habits[0] = -0.125;
    set.curves[0].habits[215] = 0.25;
    fc_kernel_file_write(&text, &set, "a table", "2026-11-24");
    assert_false(text.failed);
    fc_text_add_bytes(&text, "", 1);
    save(folder, text.bytes);
    assert_int_equal(fc_kernel_file_read(&found, &got, &catalog, CHIP, &error), FC_OK);
    assert_true(found && got.curves_count == 1);
    assert_memory_equal(got.curves[0].habits, set.curves[0].habits, sizeof set.curves[0].habits);
    static const struct {
        const char *habit;
        const char *said;
    } bad[] = {{"[9.5,", "from -1 to 1"}, {"[fast,", "plain number"}, {"[0.1, 0.1,", "list of 216"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *copy = fc_arena_alloc(arena, text.size + 64);
        const char *at = strstr(text.bytes, "[-0.125,");
        assert_true(copy != NULL && at != NULL);
        (void)snprintf(copy, text.size + 64, "%.*s%s%s", (int)(at - text.bytes), text.bytes, bad[i].habit, at + 8);
        save(folder, copy);
        error = (fc_error){0};
        assert_int_equal(fc_kernel_file_read(&found, &got, &catalog, CHIP, &error), FC_BAD_INPUT);
        assert_non_null(strstr(error.text, bad[i].said));
        assert_true(error.line > 0);
    }
    (void)snprintf(path, sizeof path, "%s/calibrations/" CHIP ".yaml", folder);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/calibrations", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grid), cmocka_unit_test(test_fit_learns_habits),
                                       cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
