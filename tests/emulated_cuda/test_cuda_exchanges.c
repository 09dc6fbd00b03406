/* Collectives between cards. `test_cuda_exchanges emulated|real FOLDER`: the same tests for both; real ones need two cards
 * and NCCL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange_under_test.h"

#include <stdio.h>
#include <string.h>

static plugin_under_test plugin;
static void *device;

static int open_device(void **state) {
    (void)state;
    fc_backend_options options = {.seed = PLUGIN_SEED};
    return plugin.table->open(&device, &options, NULL) == FC_OK ? 0 : -1;
}

static int close_device(void **state) {
    (void)state;
    plugin.table->close(device);
    device = NULL;
    return 0;
}

static void test_exchanges__move_and_add_what_they_say(void **state) {
    (void)state;
    static const double sizes[] = {1.0, 1000.0, 4096.0, 100000.0, 64.0};
    for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            fc_sample sample = exchange_case((fc_collective_op)op, 0, sizes[i]);
            uint64_t wrong = 1;
            fc_error error = {.status = FC_OK};
            if (exchange_count_wrong(&wrong, &plugin, device, &sample, &error) != FC_OK || wrong != 0) {
                fail_msg("%s of %g bytes: %llu numbers are wrong; %s", fc_collective_op_name((fc_collective_op)op),
                         sizes[i], (unsigned long long)wrong, error.text);
            }
        }
    }
}

/* As nccl-tests and host/doors/import_nccl.c count: what a fit takes from both means the same. */
static void test_exchanges__count_a_whole_buffer(void **state) {
    (void)state;
    fc_sample sample = exchange_case(FC_COLLECTIVE_ALL_GATHER, 2, 8000.0);
    assert_int_equal(plugin.table->prepare(device, &sample, NULL), FC_OK);
    assert_int_equal(sample.ranks, 2);
    assert_int_equal(sample.dtype, FC_DTYPE_FP32);
    assert_true(sample.bytes >= 7992.0 && sample.bytes <= 8000.0);
}

static void test_exchanges__refuse_what_is_none(void **state) {
    (void)state;
    fc_sample cases[] = {exchange_case(FC_COLLECTIVE_NONE, 0, 64.0), exchange_case(FC_COLLECTIVE_SEND_WINDOW, 0, 64.0),
                         exchange_case(FC_COLLECTIVE_ALL_REDUCE, 1, 64.0),
                         exchange_case(FC_COLLECTIVE_ALL_REDUCE, 1000000, 64.0),
                         exchange_case(FC_COLLECTIVE_ALL_REDUCE, 0, 0.0)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_error error = {.status = FC_OK};
        assert_int_equal(plugin.table->prepare(device, &cases[i], &error), FC_BAD_INPUT);
        assert_true(error.text[0] != '\0');
    }
    fc_sample huge = exchange_case(FC_COLLECTIVE_ALL_REDUCE, 0, 1e15);
    assert_int_equal(plugin.table->prepare(device, &huge, NULL), FC_OVER_LIMIT);
}

/* On a real machine without two cards or NCCL there is nothing to test. */
static int has_exchanges(bool is_real) {
    fc_sample sample = exchange_case(FC_COLLECTIVE_ALL_REDUCE, 0, 64.0);
    fc_error error = {.status = FC_OK};
    (void)open_device(NULL);
    fc_status status = plugin.table->prepare(device, &sample, &error);
    (void)close_device(NULL);
    if (is_real && status == FC_BAD_INPUT) {
        (void)fprintf(stderr, "skipped: %s\n", error.text);
        return 77;
    }
    return 0;
}

int main(int count, char **words) {
    if (count != 3) {
        (void)fprintf(stderr, "usage: test_cuda_exchanges emulated|real FOLDER_OF_THE_PLUG_IN\n");
        return 2;
    }
    bool is_real = strcmp(words[1], "real") == 0;
    int code = plugin_usable(&plugin, is_real, words[2]);
    code = code != 0 ? code : has_exchanges(is_real);
    if (code != 0) {
        return code;
    }
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_device, close_device)
    const struct CMUnitTest tests[] = {
        TEST(test_exchanges__move_and_add_what_they_say),
        TEST(test_exchanges__count_a_whole_buffer),
        TEST(test_exchanges__refuse_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
