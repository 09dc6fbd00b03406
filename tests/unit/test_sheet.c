/* From the name that a driver reports to the chip of the catalogue, and no further than the data say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doors/sheet.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int open_arena(void **state) {
    *state = fc_arena_create((size_t)256 << 20);
    return *state == NULL;
}

static int close_arena(void **state) {
    fc_arena_destroy(*state);
    return 0;
}

static fc_device_sheet look_up(fc_arena *arena, const char *folder, const fc_device_info *device) {
    fc_device_sheet sheet;
    fc_catalog catalog;
    fc_error error = {.status = FC_OK};
    if (fc_catalog_open(&catalog, arena, folder, &error) != FC_OK ||
        fc_sheet_of_device(&sheet, &catalog, device, &error) != FC_OK) {
        fail_msg("%s", error.text);
    }
    return sheet;
}

static fc_device_info device_named(const char *name) {
    fc_device_info device = {.backend = "cuda"};
    (void)snprintf(device.name, sizeof device.name, "%s", name);
    return device;
}

static void test_sheet__names_of_drivers_lead_to_their_chips(void **state) {
    static const char *const pairs[][2] = {
        {"NVIDIA H100 80GB HBM3", "h100-sxm"},
        {"NVIDIA H100 PCIe", "h100-pcie"},
        {"NVIDIA H100 NVL", "h100-nvl"},
        {"NVIDIA H200", "h200-sxm"},
        {"NVIDIA GH200 480GB", "gh200"},
        {"NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"},
        {"NVIDIA A100-SXM4-40GB", "a100-sxm-40gb"},
        {"NVIDIA A100 80GB PCIe", "a100-pcie-80gb"},
        {"NVIDIA B200", "b200-hgx"},
        {"NVIDIA GB200", "gb200-nvl72"},
        {"NVIDIA L40S", "l40s"},
        {"NVIDIA GeForce RTX 4090", "rtx-4090"},
        {"Tesla V100-SXM2-32GB", "v100-sxm2"},
        {"AMD Instinct MI300X", "mi300x"},
        {" nvidia  h100 80gb hbm3 ", "h100-sxm"},
        /* names that begin or end as known ones do, and a chip that the catalogue does not have */
        {"NVIDIA H100", ""},
        {"NVIDIA H100 80GB HBM3 MIG 1g.10gb", ""},
        {"H100 80GB HBM3", ""},
        {"NVIDIA H2000", ""},
        {"NVIDIA A100-PCIE-40GB", ""},
        {"NVIDIAH200", ""},
        {"AMD EPYC", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        fc_device_info device = device_named(pairs[i][0]);
        fc_device_sheet sheet = look_up(*state, FC_DATA_FOLDER, &device);
        assert_string_equal(sheet.chip, pairs[i][1]);
        assert_int_equal(sheet.reason[0] == '\0', pairs[i][1][0] != '\0');
    }
}

static void test_sheet__has_the_rates_of_the_chip(void **state) {
    fc_device_info device = device_named("NVIDIA H100 80GB HBM3");
    fc_device_sheet sheet = look_up(*state, FC_DATA_FOLDER, &device);
    assert_true(sheet.peak_flop_per_s[FC_DTYPE_BF16] == 989.4e12);
    assert_true(sheet.peak_flop_per_s[FC_DTYPE_NVFP4] == 0.0);
    assert_true(sheet.memory_bytes_per_s == 3.35e12);
    assert_true(sheet.scaleup_bytes_per_s == 450e9);
    assert_int_equal(sheet.scaleup_domain_count, 8);
}

static void test_sheet__nothing_emulated_has_one(void **state) {
    fc_device_info device = device_named("emulated NVIDIA H200");
    device.emulated = 1;
    fc_device_sheet sheet = look_up(*state, FC_DATA_FOLDER, &device);
    assert_string_equal(sheet.chip, "");
    assert_string_equal(sheet.reason, "the device is emulated, under a name of h200-sxm");
    assert_true(sheet.memory_bytes_per_s == 0.0);
    (void)snprintf(device.name, sizeof device.name, "NVIDIA H200");
    assert_string_equal(look_up(*state, FC_DATA_FOLDER, &device).chip, "");
    device.emulated = 0;
    (void)snprintf(device.name, sizeof device.name, "emulated NVIDIA H200");
    assert_string_equal(look_up(*state, FC_DATA_FOLDER, &device).chip, "");
}

/* ---- a catalogue of our own ------------------------------------------------------------------------------------- */

static void put(const char *folder, const char *name, const char *bytes) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/chips/%s.yaml", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(bytes, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(char *folder) {
    char path[256];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/chips", folder);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void remove_folder(const char *folder) {
    static const char *const names[] = {"small", "large", "other"};
    char path[256];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/chips/%s.yaml", folder, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/chips", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_sheet__memory_tells_chips_of_one_name_apart(void **state) {
    char folder[] = "/tmp/flopcast-sheet-XXXXXX";
    make_folder(folder);
    put(folder, "small", "device_names: [\"Example One\"]\nmemory: 16 GB\npeak_bf16: 1 TFLOP/s\n");
    put(folder, "large", "device_names: [Example Two, Example One]\nmemory: {value: 32 GB}\npeak_bf16: 2 TFLOP/s\n");
    put(folder, "other", "memory: 32 GB\n");
    fc_device_info device = device_named("example one");
    device.memory_bytes = 15.2e9;
    assert_string_equal(look_up(*state, folder, &device).chip, "small");
    device.memory_bytes = 34e9;
    assert_string_equal(look_up(*state, folder, &device).chip, "large");
    device.memory_bytes = 24e9;
    fc_device_sheet sheet = look_up(*state, folder, &device);
    assert_string_equal(sheet.chip, "");
    assert_non_null(strstr(sheet.reason, "may be large or small"));
    /* Where one chip alone has the name, the name is enough. */
    device = device_named("Example Two");
    device.memory_bytes = 1e9;
    assert_string_equal(look_up(*state, folder, &device).chip, "large");
    remove_folder(folder);
}

static void test_sheet__names_that_are_no_list_are_refused(void **state) {
    static const char *const wrong[] = {"device_names: Example\n", "device_names: []\n", "device_names: [[a]]\n",
                                        "device_names: [\"\"]\n"};
    char folder[] = "/tmp/flopcast-sheet-XXXXXX";
    make_folder(folder);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        fc_catalog catalog;
        fc_device_sheet sheet;
        fc_error error = {.status = FC_OK};
        fc_device_info device = device_named("Example");
        put(folder, "other", wrong[i]);
        assert_int_equal(fc_catalog_open(&catalog, *state, folder, &error), FC_OK);
        assert_int_equal(fc_sheet_of_device(&sheet, &catalog, &device, &error), FC_BAD_INPUT);
        assert_non_null(strstr(error.text, "device_names"));
        assert_int_equal(error.line, 1);
    }
    remove_folder(folder);
}

/* Two chips of the data may share a name only if their memory tells them apart. */
static void test_sheet__shipped_names_lead_to_one_chip_each(void **state) {
    const char *const *names = NULL;
    size_t count = 0;
    size_t named = 0;
    fc_catalog catalog;
    assert_int_equal(fc_catalog_open(&catalog, *state, FC_DATA_FOLDER, NULL), FC_OK);
    assert_int_equal(fc_catalog_names(&names, &count, &catalog, "chips", NULL), FC_OK);
    for (size_t i = 0; i < count; i++) {
        fc_node *chip = NULL;
        assert_int_equal(fc_catalog_read(&chip, &catalog, "chips", names[i], NULL, NULL), FC_OK);
        const fc_node *list = fc_node_get(chip, "device_names");
        for (const fc_node *node = list != NULL ? list->first : NULL; node != NULL; node = node->next) {
            fc_device_info device = device_named(node->text);
            assert_int_equal(fc_sheet_value(&device.memory_bytes, chip, "memory", FC_UNIT_BYTES, NULL), FC_OK);
            assert_string_equal(look_up(*state, FC_DATA_FOLDER, &device).chip, names[i]);
            named += 1;
        }
    }
    assert_true(named > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sheet__names_of_drivers_lead_to_their_chips),
        cmocka_unit_test(test_sheet__has_the_rates_of_the_chip),
        cmocka_unit_test(test_sheet__nothing_emulated_has_one),
        cmocka_unit_test(test_sheet__memory_tells_chips_of_one_name_apart),
        cmocka_unit_test(test_sheet__names_that_are_no_list_are_refused),
        cmocka_unit_test(test_sheet__shipped_names_lead_to_one_chip_each),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
