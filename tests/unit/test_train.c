/* test_train.c: the training step that `verify` times: its gradients against central finite differences.
 *
 * The sources are compiled a second time with double for fc_real: in fp32 a difference of two losses of 3 nats keeps
 * five digits or fewer, which would force a tolerance that lets a wrong factor on a small tensor pass. The fp32 step
 * that is timed is then compared with the double one, weight by weight. */
#define _DEFAULT_SOURCE /* madvise, in an included source */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/layer/train.h"

/* The fp32 step of the library, before its names come to mean the double one. */
static fc_status single_open(fc_train **out, const fc_train_options *options, fc_error *error) {
    return fc_train_open(out, options, error);
}
static void single_close(fc_train *train) { fc_train_close(train); }
static void single_step(fc_train *train, double *loss, fc_train_times *times) { fc_train_step(train, loss, times); }
static void single_differentiate(fc_train *train, double *loss) { fc_train_differentiate(train, loss); }
static double single_gradient(const fc_train *train, uint32_t tensor, size_t index) {
    return fc_train_gradient(train, tensor, index);
}
static double single_weight(const fc_train *train, uint32_t tensor, size_t index) {
    return fc_train_weight(train, tensor, index);
}
static double single_bytes(const fc_train_options *options) { return fc_train_bytes(options); }
typedef fc_train single_train;

#define FC_TRAIN_DOUBLE
#include "bench/layer/train_attention.c"
#include "bench/layer/train_passes.c"
#include "bench/layer/train_ends.c"
#include "bench/layer/train_products.c"
#include "bench/layer/train_step.c"

#include "bench/layer/train.c"

/* Sizes that are no multiple of a vector, so that the ends of rows are tested too. */
static fc_train_options small_options(uint32_t norm, uint32_t mlp) {
    return (fc_train_options){.layers_count = 2,
                              .hidden = 20,
                              .heads = 2,
                              .ffn_hidden = 37,
                              .vocab = 23,
                              .seq_len = 19,
                              .batch = 3,
                              .norm = norm,
                              .mlp = mlp,
                              .threads = 2,
                              .seed = 7,
                              .learning_rate = 3e-3};
}

static fc_train *open_double(const fc_train_options *options) {
    fc_train *train = NULL;
    fc_error error = {0};
    assert_int_equal(fc_train_open(&train, options, &error), FC_OK);
    return train;
}

static single_train *open_single(const fc_train_options *options) {
    single_train *train = NULL;
    fc_error error = {0};
    assert_int_equal(single_open(&train, options, &error), FC_OK);
    return train;
}

/* Weights large enough that attention is not uniform and scales are not all 1, else half of the terms would vanish. */
static void stir(fc_train *train) {
    for (uint32_t tensor = 0; tensor < fc_train_tensors_count(train); tensor++) {
        for (size_t i = 0; i < fc_train_tensor_size(train, tensor); i++) {
            double w = fc_train_weight(train, tensor, i);
            fc_train_set_weight(train, tensor, i, 12.0 * w + 0.3 * fc_random_f64(99 + tensor, i));
        }
    }
}

/* The largest |difference − gradient| of some entries, as a share of the tensor's largest gradient. */
static double tensor_error(fc_train *train, uint32_t tensor) {
    size_t size = fc_train_tensor_size(train, tensor);
    double largest = 0.0;
    for (size_t i = 0; i < size; i++) {
        largest = fmax(largest, fabs(fc_train_gradient(train, tensor, i)));
    }
    assert_true(largest > 0.0);
    double worst = 0.0;
    const double h = 3e-7;
    size_t stride = size / 40 + 1;
    for (size_t i = tensor % stride; i < size; i += stride) {
        double w = fc_train_weight(train, tensor, i);
        double above = 0.0;
        double below = 0.0;
        fc_train_set_weight(train, tensor, i, w + h);
        fc_train_evaluate(train, &above);
        fc_train_set_weight(train, tensor, i, w - h);
        fc_train_evaluate(train, &below);
        fc_train_set_weight(train, tensor, i, w);
        worst = fmax(worst, fabs((above - below) / (2.0 * h) - fc_train_gradient(train, tensor, i)));
    }
    return worst / largest;
}

/* h² of the third derivative and 1e-16/h of rounding are both far below 1e-6 of a gradient of order 1e-3. */
static void check_gradients(uint32_t norm, uint32_t mlp) {
    fc_train_options options = small_options(norm, mlp);
    fc_train *train = open_double(&options);
    stir(train);
    double loss = 0.0;
    fc_train_differentiate(train, &loss);
    double worst = 0.0;
    /* evaluating does not touch the gradients */
    for (uint32_t tensor = 0; tensor < fc_train_tensors_count(train); tensor++) {
        double error = tensor_error(train, tensor);
        if (!(error < 1e-5)) {
            fail_msg("%s: gradient off by %g of the largest", fc_train_tensor_name(train, tensor), error);
        }
        worst = fmax(worst, error);
    }
    print_message("norm %u, mlp %u: worst gradient error %.2g\n", norm, mlp, worst);
    fc_train_close(train);
}

static void test_train__gradients_with_layer_norm_and_gelu(void **state) {
    (void)state;
    check_gradients(FC_TRAIN_LAYER, FC_TRAIN_GELU);
}

static void test_train__gradients_with_rms_norm_and_swiglu(void **state) {
    (void)state;
    check_gradients(FC_TRAIN_RMS, FC_TRAIN_SWIGLU);
}

static void test_train__gradients_of_the_other_pairs(void **state) {
    (void)state;
    check_gradients(FC_TRAIN_LAYER, FC_TRAIN_SWIGLU);
    check_gradients(FC_TRAIN_RMS, FC_TRAIN_GELU);
}

/* What is timed is the fp32 step: its gradients are those of the double one to fp32's own rounding. */
static void compare_precisions(uint32_t norm, uint32_t mlp) {
    fc_train_options options = small_options(norm, mlp);
    fc_train *exact = open_double(&options);
    single_train *single = open_single(&options);
    double exact_loss = 0.0;
    double single_loss = 0.0;
    fc_train_differentiate(exact, &exact_loss);
    single_differentiate(single, &single_loss);
    assert_true(fabs(exact_loss - single_loss) < 1e-5 * exact_loss);
    double worst = 0.0;
    for (uint32_t tensor = 0; tensor < fc_train_tensors_count(exact); tensor++) {
        double largest = 0.0;
        double off = 0.0;
        for (size_t i = 0; i < fc_train_tensor_size(exact, tensor); i++) {
            largest = fmax(largest, fabs(fc_train_gradient(exact, tensor, i)));
            off = fmax(off, fabs(fc_train_gradient(exact, tensor, i) - single_gradient(single, tensor, i)));
        }
        if (!(off < 2e-4 * largest)) {
            fail_msg("%s: fp32 gradient off by %g of the largest", fc_train_tensor_name(exact, tensor), off / largest);
        }
        worst = fmax(worst, off / largest);
    }
    print_message("norm %u, mlp %u: fp32 gradients off by %.2g at most\n", norm, mlp, worst);
    fc_train_close(exact);
    single_close(single);
}

static void test_train__fp32_gives_the_same_gradients(void **state) {
    (void)state;
    compare_precisions(FC_TRAIN_LAYER, FC_TRAIN_GELU);
    compare_precisions(FC_TRAIN_RMS, FC_TRAIN_SWIGLU);
}

static void test_train__the_loss_falls_on_a_fixed_batch(void **state) {
    (void)state;
    for (uint32_t mlp = FC_TRAIN_GELU; mlp <= FC_TRAIN_SWIGLU; mlp++) {
        fc_train_options options = small_options(FC_TRAIN_LAYER, mlp);
        single_train *train = open_single(&options);
        fc_train_times times;
        double first = 0.0;
        double loss = 0.0;
        single_step(train, &first, &times);
        assert_true(fabs(first - log(23.0)) < 0.1); /* of even guesses */
        for (int step = 0; step < 30; step++) {
            single_step(train, &loss, &times);
            assert_true(isfinite(loss));
        }
        assert_true(loss < 0.8 * first);
        double sum_s = 0.0;
        for (int part = 0; part < FC_TRAIN_PART_COUNT; part++) {
            assert_true(times.part_s[part] > 0.0);
            sum_s += times.part_s[part];
        }
        assert_true(sum_s <= times.step_s * (1.0 + 1e-9));
        single_close(train);
    }
}

/* AdamW's first step: the moments' bias falls out and each weight moves by rate·g/(|g| + ε), after its decay. */
static void test_train__the_first_update_is_adamw(void **state) {
    (void)state;
    fc_train_options options = small_options(FC_TRAIN_RMS, FC_TRAIN_GELU);
    fc_train *train = open_double(&options);
    uint32_t tensor = 0; /* the token table: it decays */
    double before = fc_train_weight(train, tensor, 20 * (size_t)train->inputs[0]);
    double loss = 0.0;
    fc_train_times times;
    fc_train_step(train, &loss, &times);
    double g = fc_train_gradient(train, tensor, 20 * (size_t)train->inputs[0]);
    double after = fc_train_weight(train, tensor, 20 * (size_t)train->inputs[0]);
    double expected = before * (1.0 - 0.1 * 3e-3) - 3e-3 * g / (fabs(g) + 1e-8);
    assert_true(fabs(after - expected) < 1e-12);
    fc_train_close(train);
}

static void test_train__same_seed_same_step(void **state) {
    (void)state;
    fc_train_options options = small_options(FC_TRAIN_LAYER, FC_TRAIN_SWIGLU);
    options.threads = 1;
    double losses[2] = {0.0, 0.0};
    double weights[2] = {0.0, 0.0};
    for (int run = 0; run < 2; run++) {
        single_train *train = open_single(&options);
        fc_train_times times;
        single_step(train, &losses[run], &times);
        single_step(train, &losses[run], &times);
        weights[run] = single_weight(train, 3, 5);
        single_close(train);
    }
    assert_true(losses[0] == losses[1]);
    assert_true(weights[0] == weights[1]);
}

static void test_train__refuses_what_does_not_fit(void **state) {
    (void)state;
    fc_train_options options = small_options(FC_TRAIN_LAYER, FC_TRAIN_GELU);
    single_train *train = NULL;
    options.most_bytes = (uint64_t)single_bytes(&options) - 1;
    fc_error over = {0};
    assert_int_equal(single_open(&train, &options, &over), FC_OVER_LIMIT);
    assert_non_null(strstr(over.text, "GiB"));
    options.most_bytes += 1;
    assert_int_equal(single_open(&train, &options, NULL), FC_OK);
    single_close(train);
    options.most_bytes = 0;
    options.heads = 3;
    fc_error heads = {0};
    assert_int_equal(single_open(&train, &options, &heads), FC_BAD_INPUT);
    assert_non_null(strstr(heads.text, "3 heads"));
    options.heads = 2;
    options.layers_count = 0;
    assert_int_equal(single_open(&train, &options, NULL), FC_BAD_INPUT);
    options.layers_count = 1;
    options.threads = 0;
    assert_int_equal(single_open(&train, &options, NULL), FC_BAD_INPUT);
    options.threads = 1;
    options.batch = 65536;
    options.seq_len = 65536;
    assert_int_equal(single_open(&train, &options, NULL), FC_BAD_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train__gradients_with_layer_norm_and_gelu),
        cmocka_unit_test(test_train__gradients_with_rms_norm_and_swiglu),
        cmocka_unit_test(test_train__gradients_of_the_other_pairs),
        cmocka_unit_test(test_train__fp32_gives_the_same_gradients),
        cmocka_unit_test(test_train__the_loss_falls_on_a_fixed_batch),
        cmocka_unit_test(test_train__the_first_update_is_adamw),
        cmocka_unit_test(test_train__same_seed_same_step),
        cmocka_unit_test(test_train__refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
