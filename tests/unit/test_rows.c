/* The elementwise rows against their definitions in double, and the ceiling's bookkeeping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/fma.h"
#include "device/machine.h"
#include "device/random.h"
#include "device/rows.h"
#include "device/workers.h"
#include "flopcast/calibration.h"

#include <math.h>
#include <string.h>

#define WIDTH 96
#define VECTORS (WIDTH / 16)

typedef struct arrays {
    _Alignas(64) float a[WIDTH];
    _Alignas(64) float b[WIDTH];
    _Alignas(64) float c[WIDTH];
    _Alignas(64) float d[WIDTH];
} arrays;

/* Values from -6 to 6, which reach the flat ends of erf and of the logistic function. */
static void fill(arrays *out) {
    for (uint32_t i = 0; i < WIDTH; i++) {
        out->a[i] = 6.0F * fc_random_f32(1, i);
        out->b[i] = 6.0F * fc_random_f32(2, i);
        out->c[i] = fc_random_f32(3, i);
        out->d[i] = fc_random_f32(4, i);
    }
}

static void apply(fc_memory_op op, arrays *x) {
    fc_row row = {x->a, x->b, x->c, x->d};
    fc_row_function function = fc_row_function_of(op);
    assert_non_null(function);
    function(&row, VECTORS);
}

static void assert_close(float got, double want) {
    double most = 2e-6 + 4e-6 * fabs(want);
    if (!(fabs((double)got - want) <= most)) {
        fail_msg("%.9g, expected %.9g", (double)got, want);
    }
}

static void test_rows__norms(void **state) {
    (void)state;
    arrays x;
    double sum = 0.0;
    double squares = 0.0;
    fill(&x);
    for (int i = 0; i < WIDTH; i++) {
        sum += (double)x.a[i];
        squares += (double)x.a[i] * (double)x.a[i];
    }
    double mean = sum / WIDTH;
    double variance = squares / WIDTH - mean * mean;
    apply(FC_MEMORY_OP_LAYER_NORM, &x);
    for (int i = 0; i < WIDTH; i++) {
        assert_close(x.b[i], ((double)x.a[i] - mean) / sqrt(variance + 1e-5));
    }
    apply(FC_MEMORY_OP_RMS_NORM, &x);
    for (int i = 0; i < WIDTH; i++) {
        assert_close(x.b[i], (double)x.a[i] / sqrt(squares / WIDTH + 1e-5));
    }
}

static void test_rows__softmax(void **state) {
    (void)state;
    arrays x;
    fill(&x);
    x.a[7] = -1e30F; /* a masked score */
    double sum = 0.0;
    double top = -1e30;
    for (int i = 0; i < WIDTH; i++) {
        top = fmax(top, (double)x.a[i]);
    }
    for (int i = 0; i < WIDTH; i++) {
        sum += exp((double)x.a[i] - top);
    }
    apply(FC_MEMORY_OP_SOFTMAX, &x);
    for (int i = 0; i < WIDTH; i++) {
        assert_close(x.b[i], exp((double)x.a[i] - top) / sum);
    }
}

static void test_rows__activations(void **state) {
    (void)state;
    arrays x;
    fill(&x);
    apply(FC_MEMORY_OP_GELU, &x);
    for (int i = 0; i < WIDTH; i++) {
        double a = (double)x.a[i];
        assert_close(x.b[i], 0.5 * a * (1.0 + erf(a / sqrt(2.0))));
    }
    fill(&x);
    apply(FC_MEMORY_OP_SWIGLU, &x);
    for (int i = 0; i < WIDTH; i++) {
        double a = (double)x.a[i];
        assert_close(x.c[i], a / (1.0 + exp(-a)) * (double)x.b[i]);
    }
}

static void test_rows__sums_and_moves(void **state) {
    (void)state;
    arrays x;
    arrays before;
    fill(&x);
    before = x;
    apply(FC_MEMORY_OP_RESIDUAL_ADD, &x);
    apply(FC_MEMORY_OP_SCATTER_ADD, &x);
    for (int i = 0; i < WIDTH; i++) {
        assert_true(x.c[i] == before.a[i] + before.b[i]);
        assert_true(x.b[i] == before.a[i] + before.b[i]);
    }
    apply(FC_MEMORY_OP_GATHER, &x);
    assert_memory_equal(x.b, before.a, sizeof x.b);
}

static void test_rows__adam(void **state) {
    (void)state;
    arrays x;
    arrays before;
    fill(&x);
    x.a[3] = 0.0F;
    x.d[3] = 0.0F; /* a weight that never had a gradient */
    before = x;
    apply(FC_MEMORY_OP_ADAM, &x);
    for (int i = 0; i < WIDTH; i++) {
        double grad = (double)before.a[i];
        double first = 0.9 * (double)before.c[i] + 0.1 * grad;
        double second = 0.999 * fabs((double)before.d[i]) + 0.001 * grad * grad;
        assert_close(x.c[i], first);
        assert_close(x.d[i], second);
        if (i != 3) {
            assert_close(x.b[i], 0.99999 * (double)before.b[i] - 1e-4 * first / (sqrt(second) + 1e-8));
        }
        assert_true(isfinite(x.b[i]));
    }
}

static void test_rows__other_ops_have_none(void **state) {
    (void)state;
    assert_null(fc_row_function_of(FC_MEMORY_OP_TRIAD));
    assert_null(fc_row_function_of(FC_MEMORY_OP_COUNT));
}

static void test_fma__counts_whole_vectors(void **state) {
    (void)state;
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_CEILING;
    sample.dtype = FC_DTYPE_FP32;
    sample.m = 384;
    sample.n = 384;
    sample.k = 384;
    sample.threads = 2;
    assert_int_equal(fc_fma_prepare(&sample, NULL), FC_OK);
    assert_int_equal(sample.batch, 2);
    double seconds = 0.0;
    assert_int_equal(fc_fma_run(&seconds, &sample, 1, NULL), FC_OK);
    assert_true(seconds > 0.0);
    sample.k = 1;
    sample.m = 7;
    sample.n = 5;
    assert_int_equal(fc_fma_prepare(&sample, NULL), FC_BAD_INPUT);
    sample.dtype = FC_DTYPE_BF16;
    assert_int_equal(fc_fma_prepare(&sample, NULL), FC_BAD_INPUT);
}

static void test_workers__wake_and_levels(void **state) {
    (void)state;
    double seconds = 0.0;
    uint32_t before = fc_machine_threads_count();
    assert_int_equal(fc_workers_wake(&seconds, 3, 10, NULL), FC_OK);
    assert_true(seconds > 0.0);
    assert_int_equal(fc_workers_wake(&seconds, 0, 10, NULL), FC_FAILED);
    /* The caller may run everywhere again. */
    assert_int_equal(fc_machine_threads_count(), before);
    uint32_t sharing = 0;
    assert_true(fc_machine_level_bytes(1, &sharing) >= 0.0 && sharing >= 1);
    assert_true(fc_machine_level_bytes(9, &sharing) == 0.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__norms),
        cmocka_unit_test(test_rows__softmax),
        cmocka_unit_test(test_rows__activations),
        cmocka_unit_test(test_rows__sums_and_moves),
        cmocka_unit_test(test_rows__adam),
        cmocka_unit_test(test_rows__other_ops_have_none),
        cmocka_unit_test(test_fma__counts_whole_vectors),
        cmocka_unit_test(test_workers__wake_and_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
