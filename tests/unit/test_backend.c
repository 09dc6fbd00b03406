/* The list, the null and replay devices, and plug-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "device/machine.h"
#include "device/random.h"
#include "device/workers.h"
#include "flopcast/backend.h"
#include "flopcast/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static fc_sample matmul(fc_dtype dtype, uint32_t m, uint32_t n, uint32_t k) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_MATMUL;
    sample.dtype = dtype;
    sample.m = m;
    sample.n = n;
    sample.k = k;
    sample.batch = 1;
    return sample;
}

static void test_backend__lists_and_finds(void **state) {
    (void)state;
    uint32_t count = 0;
    for (; fc_backend_name(count) != NULL; count++) {
        const fc_backend *backend = fc_backend_find(fc_backend_name(count));
        assert_non_null(backend);
        assert_string_equal(backend->name, fc_backend_name(count));
    }
    assert_true(count >= 3);
    assert_null(fc_backend_find("cuda"));
    assert_null(fc_backend_find(""));
    assert_null(fc_backend_name(UINT32_MAX));
}

static void test_backend__null_computes_from_a_fixed_rate(void **state) {
    (void)state;
    const fc_backend *backend = fc_backend_find("null");
    void *device = NULL;
    fc_backend_options options = {.seed = 1};
    assert_int_equal(backend->open(&device, &options, NULL), FC_OK);
    fc_device_info info;
    assert_int_equal(backend->info(device, &info, NULL), FC_OK);
    assert_int_equal(info.emulated, 1);
    fc_sample small = matmul(FC_DTYPE_FP32, 1024, 1024, 1024);
    fc_sample large = matmul(FC_DTYPE_FP32, 2048, 2048, 2048);
    double small_s = 0.0;
    double large_s = 0.0;
    double again_s = 0.0;
    assert_int_equal(backend->prepare(device, &large, NULL), FC_OK);
    assert_int_equal(backend->run(device, 1, &large_s, NULL), FC_OK);
    assert_int_equal(backend->prepare(device, &small, NULL), FC_OK);
    assert_int_equal(backend->run(device, 1, &small_s, NULL), FC_OK);
    assert_int_equal(backend->run(device, 5, &again_s, NULL), FC_OK);
    assert_true(again_s == 5.0 * small_s);
    /* Eight times the work, less the launch that both pay once. */
    double launch_s = (8.0 * small_s - large_s) / 7.0;
    assert_true(launch_s > 0.0 && launch_s < 1e-5);
    backend->close(device);
}

/* A recording of two cases, the second without noise. */
static void record(fc_calibration *out, fc_sample samples[2]) {
    memset(out, 0, sizeof *out);
    samples[0] = matmul(FC_DTYPE_FP32, 64, 32, 16);
    samples[0].seconds = 2e-3;
    samples[0].noise_frac = 0.2;
    samples[0].bytes = 99.0;
    samples[1] = matmul(FC_DTYPE_FP16, 8, 8, 8);
    samples[1].seconds = 1e-3;
    out->samples = samples;
    out->samples_count = 2;
    (void)strcpy(out->device.name, "recorded");
}

static void test_backend__replay_gives_median_and_noise_back(void **state) {
    (void)state;
    fc_sample samples[2];
    fc_calibration recorded;
    record(&recorded, samples);
    const fc_backend *backend = fc_backend_find("replay");
    fc_backend_options options = {.replay = &recorded};
    void *device = NULL;
    assert_int_equal(backend->open(&device, &options, NULL), FC_OK);
    fc_device_info info;
    assert_int_equal(backend->info(device, &info, NULL), FC_OK);
    assert_string_equal(info.name, "recorded");
    assert_string_equal(info.backend, "replay");
    assert_int_equal(info.emulated, 1);
    fc_measure_options measure = fc_measure_options_default();
    measure.case_budget_s = 1e9;
    fc_sample noisy = matmul(FC_DTYPE_FP32, 64, 32, 16);
    assert_int_equal(fc_measure_case(&noisy, backend, device, &measure, NULL), FC_OK);
    assert_true(fabs(noisy.seconds / 2e-3 - 1.0) < 1e-12);
    assert_true(fabs(noisy.noise_frac - 0.2) < 1e-9);
    assert_int_equal(noisy.unstable, 1);
    assert_true(noisy.bytes == 99.0);
    fc_sample quiet = matmul(FC_DTYPE_FP16, 8, 8, 8);
    assert_int_equal(fc_measure_case(&quiet, backend, device, &measure, NULL), FC_OK);
    assert_true(quiet.seconds == 1e-3 && quiet.noise_frac == 0.0);
    assert_int_equal(quiet.unstable, 0);
    fc_error error = {.status = FC_OK};
    fc_sample other = matmul(FC_DTYPE_FP32, 64, 32, 17);
    assert_int_equal(backend->prepare(device, &other, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "64 x 32 x 17"));
    backend->close(device);
}

static void test_backend__replay_needs_a_recording(void **state) {
    (void)state;
    const fc_backend *backend = fc_backend_find("replay");
    fc_backend_options options = {.seed = 1};
    void *device = NULL;
    fc_error error = {.status = FC_OK};
    assert_int_equal(backend->open(&device, &options, &error), FC_USAGE);
    assert_non_null(strstr(error.text, "--replay"));
}

static void test_backend__openblas_refuses_what_does_not_fit(void **state) {
    (void)state;
    const fc_backend *backend = fc_backend_find("openblas");
    void *device = NULL;
    fc_backend_options options = {.threads = 1, .seed = 1};
    assert_int_equal(backend->open(&device, &options, NULL), FC_OK);
    fc_sample huge = matmul(FC_DTYPE_FP64, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_int_equal(backend->prepare(device, &huge, NULL), FC_OVER_LIMIT);
    fc_sample empty = matmul(FC_DTYPE_FP64, 0, 8, 8);
    empty.batch = 0;
    assert_int_equal(backend->prepare(device, &empty, NULL), FC_OVER_LIMIT);
    fc_sample bf16 = matmul(FC_DTYPE_BF16, 8, 8, 8);
    fc_error error = {.status = FC_OK};
    assert_int_equal(backend->prepare(device, &bf16, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "bf16"));
    backend->close(device);
    options.threads = FC_WORKERS_MOST + 1;
    assert_int_equal(backend->open(&device, &options, NULL), FC_BAD_INPUT);
}

static void test_backend__plugin_absent_or_foreign_is_told(void **state) {
    (void)state;
    const fc_backend *backend = NULL;
    fc_error error = {.status = FC_OK};
    assert_int_equal(fc_backend_load(&backend, "cuda", "/nonexistent", &error), FC_FAILED);
    assert_non_null(strstr(error.text, "flopcast-cuda.so"));
    error.status = FC_OK;
    assert_int_equal(fc_backend_load(&backend, "../../etc/passwd", NULL, &error), FC_BAD_INPUT);
    assert_int_equal(fc_backend_load(&backend, "", NULL, NULL), FC_BAD_INPUT);
    /* A file of the right name that is no library. */
    char folder[] = "/tmp/flopcast-plugin-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[128];
    (void)snprintf(path, sizeof path, "%s/flopcast-cuda.so", folder);
    assert_int_equal(fc_file_write(path, "not a library", 13, NULL), FC_OK);
    memset(&error, 0, sizeof error);
    assert_int_equal(fc_backend_load(&backend, "cuda", folder, &error), FC_FAILED);
    assert_non_null(strstr(error.text, "does not load"));
    assert_null(backend);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* Where the plug-in was built: opening it must end in a device or in a sentence. */
static void test_backend__cuda_opens_or_says_why(void **state) {
    (void)state;
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(length > 0);
    program[length] = '\0';
    const fc_backend *backend = NULL;
    for (char *slash = strrchr(program, '/'); slash != NULL && backend == NULL; slash = strrchr(program, '/')) {
        *slash = '\0';
        if (fc_backend_load(&backend, "cuda", program, NULL) != FC_OK) {
            backend = NULL;
        }
    }
    if (backend == NULL) {
        skip();
    }
    assert_string_equal(backend->name, "cuda");
    fc_backend_options options = {.seed = 1};
    void *device = NULL;
    fc_error error = {.status = FC_OK};
    fc_status status = backend->open(&device, &options, &error);
    if (status == FC_OK) {
        backend->close(device);
        return;
    }
    assert_int_equal(status, FC_FAILED);
    assert_non_null(strstr(error.text, "CUDA"));
    assert_null(device);
    backend->close(NULL);
}

static void test_backend__random_operands_fill_minus_one_to_one(void **state) {
    (void)state;
    double sum = 0.0;
    double least = 1.0;
    double most = -1.0;
    const uint32_t count = 100000;
    for (uint32_t i = 0; i < count; i++) {
        double wide = fc_random_f64(7, i);
        double narrow = (double)fc_random_f32(7, i);
        assert_true(wide >= -1.0 && wide < 1.0 && narrow >= -1.0 && narrow < 1.0);
        sum += wide + narrow;
        least = narrow < least ? narrow : least;
        most = narrow > most ? narrow : most;
    }
    assert_true(fabs(sum / (2.0 * count)) < 0.01); /* five standard errors of a mean of 200,000 are 0.0065 */
    assert_true(least < -0.999 && most > 0.999);
    assert_true(fc_random_bits(7, 1) != fc_random_bits(8, 1));
}

typedef struct tally {
    uint32_t seen[8];
} tally;

static void count_worker(void *context, uint32_t index, uint32_t count) {
    tally *t = context;
    t->seen[index] += count;
}

static void test_backend__workers_run_each_index_once(void **state) {
    (void)state;
    tally t = {{0}};
    double seconds = -1.0;
    assert_int_equal(fc_workers_run(&seconds, 8, count_worker, &t, NULL), FC_OK);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(t.seen[i], 8);
    }
    assert_true(seconds >= 0.0);
    assert_int_equal(fc_workers_run(&seconds, 0, count_worker, &t, NULL), FC_BAD_INPUT);
}

static void test_backend__describes_the_machine(void **state) {
    (void)state;
    fc_machine machine;
    fc_machine_describe(&machine);
    assert_true(machine.cpu[0] != '\0' && machine.kernel[0] != '\0' && machine.governor[0] != '\0');
    assert_true(machine.cores_count >= 1);
    assert_true(machine.memory_bytes > 1e6);
    assert_true(fc_machine_cache_bytes() > 1e4);
    assert_true(fc_machine_clock_hz() >= 0.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend__lists_and_finds),
        cmocka_unit_test(test_backend__null_computes_from_a_fixed_rate),
        cmocka_unit_test(test_backend__replay_gives_median_and_noise_back),
        cmocka_unit_test(test_backend__replay_needs_a_recording),
        cmocka_unit_test(test_backend__openblas_refuses_what_does_not_fit),
        cmocka_unit_test(test_backend__plugin_absent_or_foreign_is_told),
        cmocka_unit_test(test_backend__cuda_opens_or_says_why),
        cmocka_unit_test(test_backend__random_operands_fill_minus_one_to_one),
        cmocka_unit_test(test_backend__workers_run_each_index_once),
        cmocka_unit_test(test_backend__describes_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
