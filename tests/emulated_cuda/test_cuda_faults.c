/* What the CUDA plug-in does when CUDA fails, on the emulation alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "emulation.h"
#include "exchange_under_test.h"
#include "rows_under_test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static plugin_under_test plugin;
static struct {
    void (*reset)(void);
    void (*break_it)(uint32_t fault);
    void (*fail_call)(uint64_t call, int sticky);
    void (*set_memory)(size_t bytes);
    void (*set_devices)(int count);
    void (*throttle)(uint64_t reasons, uint32_t times);
    fc_emulated_counts (*count)(void);
} emulation;

#define USUAL_MEMORY_BYTES ((size_t)64 << 20)

static int begin(void **state) {
    (void)state;
    emulation.reset();
    emulation.set_memory(USUAL_MEMORY_BYTES);
    return emulation.count().alive == 0 ? 0 : -1;
}

/* Whatever a test did, nothing is left and nothing was freed twice. */
static int end(void **state) {
    (void)state;
    fc_emulated_counts counts = emulation.count();
    if (counts.alive != 0 || counts.misuses != 0) {
        print_error("%llu objects alive, %llu misuses\n", (unsigned long long)counts.alive,
                    (unsigned long long)counts.misuses);
        return -1;
    }
    return 0;
}

static void *opened(uint32_t index) {
    void *device = NULL;
    fc_backend_options options = {.seed = PLUGIN_SEED, .device_index = index};
    assert_int_equal(plugin.table->open(&device, &options, NULL), FC_OK);
    return device;
}

static void check_refused(uint32_t fault, fc_status expected, const char *word) {
    emulation.reset();
    emulation.break_it(fault);
    void *device = NULL;
    fc_error error = {.status = FC_OK};
    fc_backend_options options = {.seed = PLUGIN_SEED};
    assert_int_equal(plugin.table->open(&device, &options, &error), expected);
    assert_non_null(strstr(error.text, word));
    assert_null(device);
}

static void test_faults__no_device_opens(void **state) {
    (void)state;
    check_refused(FC_EMULATED_NO_DRIVER, FC_FAILED, "driver");
    check_refused(FC_EMULATED_NO_DEVICE, FC_FAILED, "no device");
    check_refused(FC_EMULATED_OUT_OF_MEMORY, FC_OVER_LIMIT, "memory");
    emulation.reset();
    void *device = NULL;
    fc_backend_options options = {.device_index = 99};
    assert_int_equal(plugin.table->open(&device, &options, NULL), FC_BAD_INPUT);
}

/* One of every kind of case, from open to close; the first error ends it. */
static fc_status session(fc_error *error) {
    static const fc_sample memory = {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_TRIAD, .batch = 1};
    static const fc_sample launch = {.kind = FC_SAMPLE_LAUNCH, .batch = 1};
    static const fc_sample waited = {.kind = FC_SAMPLE_LAUNCH, .memory_op = FC_MEMORY_OP_WAIT, .batch = 1};
    const fc_sample cases[] = {plugin_matmul(FC_DTYPE_FP32, 16, 16, 16, 1),
                               plugin_matmul(FC_DTYPE_FP8, 32, 32, 32, 2),
                               memory,
                               launch,
                               waited,
                               rows_case(FC_MEMORY_OP_LAYER_NORM, FC_DTYPE_BF16, 3, 64, 0),
                               rows_case(FC_MEMORY_OP_SCATTER_ADD, FC_DTYPE_FP32, 3, 64, 4),
                               exchange_case(FC_COLLECTIVE_REDUCE_SCATTER, 0, 4096.0),
                               exchange_case(FC_COLLECTIVE_ALL_TO_ALL, 0, 8192.0),
                               exchange_case(FC_COLLECTIVE_ALL_GATHER, 0, 256.0),
                               plugin_matmul(FC_DTYPE_FP64, 300, 300, 8, 1)};
    void *device = NULL;
    fc_device_info info;
    fc_backend_options options = {.seed = PLUGIN_SEED};
    FC_TRY(plugin.table->open(&device, &options, error));
    fc_status status = plugin.table->info(device, &info, error);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] && status == FC_OK; i++) {
        fc_sample sample = cases[i];
        double seconds = 0.0;
        status = plugin.table->prepare(device, &sample, error);
        status = status == FC_OK ? plugin.table->run(device, 2, &seconds, error) : status;
    }
    status = status == FC_OK ? plugin.table->info(device, &info, error) : status;
    plugin.table->close(device);
    return status;
}

/* Calls whose failure changes nothing that the caller asked for: those that free. */
static uint64_t failing_in_turn(int sticky) {
    emulation.reset();
    emulation.set_memory((size_t)34 << 20); /* little, so that the arrays are filled quickly */
    assert_int_equal(session(NULL), FC_OK);
    uint64_t calls = emulation.count().calls;
    uint64_t told = 0;
    uint64_t of_nvml = 0;
    for (uint64_t call = 1; call <= calls; call++) {
        emulation.reset();
        emulation.fail_call(call, sticky);
        fc_error error = {.status = FC_OK};
        fc_status status = session(&error);
        fc_emulated_counts counts = emulation.count();
        if (counts.alive != 0 || counts.misuses != 0) {
            fail_msg("call %llu failing: %llu objects alive, %llu misuses", (unsigned long long)call,
                     (unsigned long long)counts.alive, (unsigned long long)counts.misuses);
        }
        assert_int_equal(status != FC_OK, error.text[0] != '\0');
        /* What NVML does not tell is unknown, and nothing more. */
        if (counts.failed_in == FC_EMULATED_IN_NVML && status != FC_OK) {
            fail_msg("call %llu, of NVML, failing: %s", (unsigned long long)call, error.text);
        }
        of_nvml += counts.failed_in == FC_EMULATED_IN_NVML ? 1U : 0U;
        told += status != FC_OK ? 1U : 0U;
    }
    print_message("%llu calls failed in turn, %llu told, %llu of NVML\n", (unsigned long long)calls,
                  (unsigned long long)told, (unsigned long long)of_nvml);
    assert_true(of_nvml >= 20);
    return calls - told - of_nvml;
}

static void test_faults__every_call_failing_in_turn_is_told_and_leaks_nothing(void **state) {
    (void)state;
    /* Untold: what releasing a case and closing free or wait for, and the preference's end. */
    uint64_t silent = failing_in_turn(0);
    assert_in_range(silent, 1, 64);
    /* An error that stays is told by the next call, so only the last ones, in close, are silent. */
    assert_in_range(failing_in_turn(1), 1, 40);
}

static void test_faults__running_out_of_memory_costs_one_case(void **state) {
    (void)state;
    void *device = opened(0);
    fc_sample large = plugin_matmul(FC_DTYPE_FP32, 600, 600, 600, 1);
    emulation.break_it(FC_EMULATED_OUT_OF_MEMORY);
    fc_error error = {.status = FC_OK};
    assert_int_equal(plugin.table->prepare(device, &large, &error), FC_OVER_LIMIT);
    assert_non_null(strstr(error.text, "memory"));
    emulation.break_it(FC_EMULATED_SOUND);
    /* The error is not found again by the next case. */
    fc_sample small = plugin_matmul(FC_DTYPE_FP32, 16, 16, 16, 1);
    double seconds = 0.0;
    assert_int_equal(plugin.table->prepare(device, &small, NULL), FC_OK);
    assert_int_equal(plugin.table->run(device, 1, &seconds, NULL), FC_OK);
    plugin.table->close(device);
}

static void test_faults__what_does_not_fit_is_over_the_limit(void **state) {
    (void)state;
    void *device = opened(0);
    fc_sample huge = plugin_matmul(FC_DTYPE_FP64, 4000000000U, 4000000000U, 4000000000U, 4000000000U);
    assert_int_equal(plugin.table->prepare(device, &huge, NULL), FC_OVER_LIMIT);
    emulation.set_memory(((size_t)32 << 20) + 512); /* the workspace and a crumb */
    fc_sample memory = {.kind = FC_SAMPLE_MEMORY, .memory_op = FC_MEMORY_OP_COPY, .batch = 1};
    assert_int_equal(plugin.table->prepare(device, &memory, NULL), FC_OVER_LIMIT);
    plugin.table->close(device);
}

static void test_faults__failed_launch_and_sticky_error_are_told(void **state) {
    (void)state;
    for (uint32_t fault = FC_EMULATED_FAILED_LAUNCH; fault <= FC_EMULATED_STICKY; fault++) {
        void *device = opened(0);
        fc_sample sample = plugin_matmul(FC_DTYPE_BF16, 16, 16, 16, 1);
        assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
        emulation.break_it(fault);
        double seconds = 0.0;
        fc_error error = {.status = FC_OK};
        assert_int_equal(plugin.table->run(device, 3, &seconds, &error), FC_FAILED);
        assert_true(error.text[0] != '\0');
        emulation.break_it(FC_EMULATED_SOUND);
        fc_status again = plugin.table->run(device, 1, &seconds, NULL);
        assert_int_equal(again, fault == FC_EMULATED_STICKY ? FC_FAILED : FC_OK);
        plugin.table->close(device);
        emulation.reset();
    }
}

/* A mistake in the plug-in must not pass the comparison of test_cuda_values: it is made here on the plug-in's behalf. */
static bool is_seen(uint32_t fault, fc_dtype dtype, uint32_t batch) {
    emulation.reset();
    void *device = opened(0);
    emulation.break_it(fault);
    fc_sample sample = plugin_matmul(dtype, 64, 64, 64, batch); /* square: only the values can tell */
    uint64_t wrong = 0;
    double seconds = 0.0;
    fc_status status = plugin.table->prepare(device, &sample, NULL);
    status = status == FC_OK ? plugin.table->run(device, 1, &seconds, NULL) : status;
    status = status == FC_OK ? plugin_count_wrong(&wrong, &plugin, device, &sample, NULL) : status;
    plugin.table->close(device);
    emulation.reset();
    return status != FC_OK || wrong > 0;
}

static void test_faults__mistakes_are_seen(void **state) {
    (void)state;
    static const fc_dtype dtypes[] = {FC_DTYPE_FP64, FC_DTYPE_FP32, FC_DTYPE_TF32,
                                      FC_DTYPE_FP16, FC_DTYPE_BF16, FC_DTYPE_FP8};
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        assert_false(is_seen(FC_EMULATED_SOUND, dtypes[i], 2));
        assert_true(is_seen(FC_EMULATED_WRONG_RESULT, dtypes[i], 1));
        assert_true(is_seen(FC_EMULATED_FLIPPED_TRANSPOSE, dtypes[i], 1));
        assert_true(is_seen(FC_EMULATED_WRONG_LEADING, dtypes[i], 1));
        assert_true(is_seen(FC_EMULATED_SWAPPED_OPERANDS, dtypes[i], 1));
        assert_true(is_seen(FC_EMULATED_WRONG_STRIDE, dtypes[i], 2));
    }
    assert_true(is_seen(FC_EMULATED_WRONG_DTYPE, FC_DTYPE_BF16, 1));
    assert_true(is_seen(FC_EMULATED_WRONG_DTYPE, FC_DTYPE_FP8, 1));
}

static void test_faults__lost_shuffles_are_seen(void **state) {
    (void)state;
    static const fc_memory_op ops[] = {FC_MEMORY_OP_LAYER_NORM, FC_MEMORY_OP_RMS_NORM, FC_MEMORY_OP_SOFTMAX};
    void *device = opened(0);
    emulation.break_it(FC_EMULATED_LOST_SHUFFLE);
    for (size_t i = 0; i < 3; i++) {
        fc_sample sample = rows_case(ops[i], FC_DTYPE_FP32, 9, 256, 0);
        uint64_t wrong = 0;
        assert_int_equal(rows_count_wrong(&wrong, &plugin, device, &sample, 1, NULL), FC_OK);
        assert_true(wrong > 9 * 128);
    }
    plugin.table->close(device);
}

static fc_status exchange(uint64_t *wrong, void *device, fc_collective_op op, fc_error *error) {
    fc_sample sample = exchange_case(op, 0, 6000.0);
    return exchange_count_wrong(wrong, &plugin, device, &sample, error);
}

/* Ranks that are no power of two too, and the opened device is not the driver's first. */
static void test_faults__any_number_of_devices_exchanges(void **state) {
    (void)state;
    for (int count = 2; count <= 5; count++) {
        emulation.reset();
        emulation.set_memory(4 * USUAL_MEMORY_BYTES);
        emulation.set_devices(count);
        void *device = opened((uint32_t)count - 1);
        for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
            uint64_t wrong = 1;
            assert_int_equal(exchange(&wrong, device, (fc_collective_op)op, NULL), FC_OK);
            assert_int_equal(wrong, 0);
        }
        plugin.table->close(device);
    }
}

static void test_faults__wrong_exchanges_are_seen(void **state) {
    (void)state;
    static const struct {
        uint32_t fault;
        fc_collective_op op;
    } cases[] = {{FC_EMULATED_WRONG_REDUCTION, FC_COLLECTIVE_ALL_REDUCE},
                 {FC_EMULATED_WRONG_REDUCTION, FC_COLLECTIVE_REDUCE_SCATTER},
                 {FC_EMULATED_WRONG_COUNT, FC_COLLECTIVE_ALL_REDUCE},
                 {FC_EMULATED_WRONG_COUNT, FC_COLLECTIVE_ALL_GATHER},
                 {FC_EMULATED_WRONG_COUNT, FC_COLLECTIVE_ALL_TO_ALL},
                 {FC_EMULATED_WRONG_DTYPE, FC_COLLECTIVE_ALL_REDUCE},
                 {FC_EMULATED_WRONG_DTYPE, FC_COLLECTIVE_REDUCE_SCATTER},
                 {FC_EMULATED_WRONG_PEER, FC_COLLECTIVE_ALL_TO_ALL},
                 {FC_EMULATED_WRONG_PEER, FC_COLLECTIVE_SEND_RECV}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        emulation.reset();
        emulation.set_memory(4 * USUAL_MEMORY_BYTES);
        emulation.set_devices(3);
        void *device = opened(0);
        emulation.break_it(cases[i].fault);
        uint64_t wrong = 0;
        fc_status status = exchange(&wrong, device, cases[i].op, NULL);
        plugin.table->close(device);
        if (status == FC_OK && wrong == 0) {
            fail_msg("mistake %u in %s is not seen", cases[i].fault, fc_collective_op_name(cases[i].op));
        }
    }
    emulation.reset();
}

static void test_faults__no_exchange_without_nccl_or_a_second_device(void **state) {
    (void)state;
    uint64_t wrong = 0;
    fc_error error = {.status = FC_OK};
    emulation.set_devices(1);
    void *device = opened(0);
    assert_int_equal(exchange(&wrong, device, FC_COLLECTIVE_ALL_REDUCE, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "two or more"));
    emulation.set_devices(2);
    emulation.break_it(FC_EMULATED_NO_NCCL);
    error.status = FC_OK;
    assert_int_equal(exchange(&wrong, device, FC_COLLECTIVE_ALL_REDUCE, &error), FC_BAD_INPUT);
    assert_non_null(strstr(error.text, "NCCL, which is not here"));
    emulation.break_it(FC_EMULATED_SOUND);
    assert_int_equal(exchange(&wrong, device, FC_COLLECTIVE_ALL_REDUCE, NULL), FC_OK); /* it is looked for again */
    plugin.table->close(device);
}

static void test_faults__the_driver_tells_the_state(void **state) {
    (void)state;
    fc_device_info info;
    fc_sample sample = exchange_case(FC_COLLECTIVE_NONE, 0, 0.0);
    sample.kind = FC_SAMPLE_LAUNCH;
    double seconds = 0.0;
    void *device = opened(1);
    emulation.throttle(0x24, 2); /* NVML: SwPowerCap and SwThermalSlowdown */
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    assert_non_null(strstr(info.driver, "kernel driver emulated"));
    assert_int_equal(info.now.told, 1);
    assert_int_equal(info.now.slowdowns, (1U << FC_SLOWDOWN_POWER_CAP) | (1U << FC_SLOWDOWN_THERMAL));
    assert_true(info.now.clock_hz == 2e6 && info.now.memory_clock_hz == 3e6 && info.clock_hz == 4e6);
    assert_true(info.max_memory_clock_hz == 5e6 && info.now.power_w == 1.5 && info.power_limit_w == 2.5);
    assert_true(info.now.temperature_c == 7.0);
    assert_int_equal(info.busy.told, 0); /* nothing ran */
    assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
    for (int run = 0; run < 3; run++) {
        assert_int_equal(plugin.table->run(device, 1, &seconds, NULL), FC_OK);
    }
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    assert_int_equal(info.now.slowdowns, 0);
    assert_int_equal(info.busy.slowdowns, (1U << FC_SLOWDOWN_POWER_CAP) | (1U << FC_SLOWDOWN_THERMAL));
    assert_true(info.busy.power_w == 1.5 && info.busy.clock_hz == 2e6);
    assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK); /* another case begins anew */
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    assert_int_equal(info.busy.told, 0);
    plugin.table->close(device);
}

static void test_faults__without_nvml_the_state_is_unknown(void **state) {
    (void)state;
    emulation.break_it(FC_EMULATED_NO_NVML);
    void *device = opened(0);
    fc_device_info info;
    assert_int_equal(plugin.table->info(device, &info, NULL), FC_OK);
    assert_int_equal(info.now.told, 0);
    assert_true(info.power_limit_w == 0.0 && info.clock_hz > 0.0); /* CUDA tells the highest clock */
    assert_null(strstr(info.driver, "kernel driver"));
    plugin.table->close(device);
}

/* The current device belongs to the thread, not to what was opened first. */
static void test_faults__two_devices_are_open_at_once(void **state) {
    (void)state;
    emulation.set_memory(3 * USUAL_MEMORY_BYTES); /* of both together */
    void *devices[] = {opened(1), opened(0)};
    fc_sample samples[] = {plugin_matmul(FC_DTYPE_FP32, 20, 30, 40, 1), plugin_matmul(FC_DTYPE_FP16, 40, 30, 20, 1)};
    double seconds = 0.0;
    uint64_t wrong = 1;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(plugin.table->prepare(devices[i], &samples[i], NULL), FC_OK);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(plugin.table->run(devices[i], 2, &seconds, NULL), FC_OK);
        assert_int_equal(plugin_count_wrong(&wrong, &plugin, devices[i], &samples[i], NULL), FC_OK);
        assert_int_equal(wrong, 0);
    }
    plugin.table->close(devices[0]);
    plugin.table->close(devices[1]);
    plugin.table->close(NULL);
}

int main(int count, char **words) {
    fc_error error = {.status = FC_OK};
    if (count != 2 || plugin_load(&plugin, words[1], &error) != FC_OK) {
        (void)fprintf(stderr, "usage: test_cuda_faults FOLDER_OF_THE_EMULATED_PLUG_IN\n%s\n", error.text);
        return 2;
    }
    plugin_find(&plugin, "fc_emulated_reset", &emulation.reset);
    plugin_find(&plugin, "fc_emulated_break", &emulation.break_it);
    plugin_find(&plugin, "fc_emulated_fail_call", &emulation.fail_call);
    plugin_find(&plugin, "fc_emulated_set_memory", &emulation.set_memory);
    plugin_find(&plugin, "fc_emulated_set_devices", &emulation.set_devices);
    plugin_find(&plugin, "fc_emulated_throttle", &emulation.throttle);
    plugin_find(&plugin, "fc_emulated_count", &emulation.count);
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_faults__no_device_opens),
        TEST(test_faults__every_call_failing_in_turn_is_told_and_leaks_nothing),
        TEST(test_faults__running_out_of_memory_costs_one_case),
        TEST(test_faults__what_does_not_fit_is_over_the_limit),
        TEST(test_faults__failed_launch_and_sticky_error_are_told),
        TEST(test_faults__mistakes_are_seen),
        TEST(test_faults__lost_shuffles_are_seen),
        TEST(test_faults__any_number_of_devices_exchanges),
        TEST(test_faults__wrong_exchanges_are_seen),
        TEST(test_faults__no_exchange_without_nccl_or_a_second_device),
        TEST(test_faults__the_driver_tells_the_state),
        TEST(test_faults__without_nvml_the_state_is_unknown),
        TEST(test_faults__two_devices_are_open_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
