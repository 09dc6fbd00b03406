/* A study file, the data folder and --set into a study: order, provenance, refusals with their places. */
#include "chain_files.h"

static const char PLAIN[] = "model: llama3-8b\n"
                            "cluster: {chip: h100-sxm, chips: 64}\n"
                            "workload: {tokens: 1T, global_batch: 512}\n"
                            "plan: auto\n";

static fc_study load(void **state, fc_inputs *inputs, const char *text, const char *const *sets, size_t sets_count) {
    chain_desk *desk = *state;
    fc_config config = config_with(desk, sets, sets_count);
    fc_error error = {0};
    fc_study study;
    const char *path = write_study(desk, "study.yaml", text);
    fc_status status = fc_config_study(&study, inputs, &config, path, &error);
    unlink(path);
    assert_fine(status, &error);
    return study;
}

static void assert_refused(void **state, const char *text, const char *set, int line, int column, const char *words) {
    chain_desk *desk = *state;
    fc_config config = config_with(desk, &set, set != NULL);
    fc_error error = {0};
    fc_study study;
    fc_inputs inputs;
    const char *path = write_study(desk, "bad.yaml", text);
    fc_status status = fc_config_study(&study, &inputs, &config, path, &error);
    unlink(path);
    assert_int_equal(status, FC_BAD_INPUT);
    assert_told(&error, words);
    if (error.line != line || error.column != column) {
        fail_msg("%d:%d instead of %d:%d for \"%s\"", error.line, error.column, line, column, error.text);
    }
    if (line > 0 && set == NULL) {
        assert_string_equal(error.source, path);
    }
}

/* ---- order ------------------------------------------------------------------------------------------------------ */

static void test_config__set_over_study_over_catalogue_over_defaults(void **state) {
    fc_inputs inputs;
    fc_study plain = load(state, &inputs, PLAIN, NULL, 0);
    assert_near(plain.cluster.restart_s, 600, 1e-12);
    assert_string_equal(fact_of(&inputs, "cluster.restart")->origin, "defaults");
    assert_near(plain.cluster.chip.peak_flop_per_s[FC_DTYPE_BF16], 989.4e12, 1e-3);
    assert_string_equal(fact_of(&inputs, "cluster.chip.peak_bf16")->origin, "chip h100-sxm");
    assert_string_equal(fact_of(&inputs, "workload.tokens")->origin, "study");
    assert_near(plain.cluster.chip.scaleup_eff_frac, 0.75, 1e-12); /* the chip's own, not its family's 0.73 */

    const char text[] = "model: llama3-8b\n"
                        "cluster: {chip: {base: h100-sxm, peak_bf16: 500 TFLOP/s}, chips: 64, restart: 2 min}\n"
                        "workload: {tokens: 1T, global_batch: 512}\n";
    fc_study stated = load(state, &inputs, text, NULL, 0);
    assert_near(stated.cluster.restart_s, 120, 1e-12);
    assert_near(stated.cluster.chip.peak_flop_per_s[FC_DTYPE_BF16], 500e12, 1e-12);
    assert_near(stated.cluster.chip.memory_bytes_per_s, plain.cluster.chip.memory_bytes_per_s, 1e-12);

    const char *const sets[] = {"cluster.restart=5 min", "cluster.chip.peak_bf16=400 TFLOP/s", "cluster.restart=7 min"};
    fc_study set = load(state, &inputs, text, sets, COUNT_OF(sets));
    assert_near(set.cluster.restart_s, 420, 1e-12); /* the last word */
    assert_near(set.cluster.chip.peak_flop_per_s[FC_DTYPE_BF16], 400e12, 1e-12);
}

static void test_config__a_stated_number_drops_the_range_below_it(void **state) {
    fc_inputs inputs;
    fc_study plain = load(state, &inputs, PLAIN, NULL, 0);
    const fc_spread *range = spread_of(&plain, offsetof(fc_study, cluster.restart_s));
    assert_non_null(range);
    assert_near(range->low, 180, 1e-12);
    assert_near(range->high, 1800, 1e-12);
    const char *const sets[] = {"cluster.restart=5 min"};
    fc_study sure = load(state, &inputs, PLAIN, sets, 1);
    assert_null(spread_of(&sure, offsetof(fc_study, cluster.restart_s)));
}

static void test_config__a_range_becomes_a_spread_with_its_grade(void **state) {
    fc_inputs inputs;
    const char text[] = "model: llama3-8b\n"
                        "cluster: {chip: h100-sxm, chips: 64}\n"
                        "workload: {tokens: {low: 1T, mid: 2T, high: 4T, grade: published}, global_batch: 512}\n";
    fc_study study = load(state, &inputs, text, NULL, 0);
    assert_near(study.workload.tokens_count, 2e12, 1e-12);
    const fc_spread *range = spread_of(&study, offsetof(fc_study, workload.tokens_count));
    assert_non_null(range);
    assert_near(range->high, 4e12, 1e-12);
    assert_int_equal(range->grade, FC_GRADE_PUBLISHED);
    assert_string_equal(range->key, "workload.tokens");
    assert_true(fact_of(&inputs, "workload.tokens")->has_range);
}

/* ---- what follows from other inputs ----------------------------------------------------------------------------- */

static void test_config__derived_values_keep_their_ranges(void **state) {
    fc_inputs inputs;
    const char text[] =
        "model: llama3-8b\n"
        "cluster: {chip: {family: nvidia, peak_bf16: 1 PFLOP/s, memory: 80 GiB, memory_bw: 3 TB/s, tdp: 700 W, "
        "scaleup_bw: 400 GB/s, scaleup_domain: 8, scaleout_bw: 50 GB/s}, chips: 64}\n"
        "workload: {tokens: 1T, global_batch: 512}\n"
        "deal: {usd_per_chip_h: 2}\n";
    fc_study study = load(state, &inputs, text, NULL, 0);
    assert_near(study.cluster.chip.it_power_w, 700 * 1.8, 1e-12);
    const fc_spread *power = spread_of(&study, offsetof(fc_study, cluster.chip.it_power_w));
    assert_non_null(power);
    assert_near(power->low, 700 * 1.3, 1e-12);
    assert_near(power->high, 700 * 2.1, 1e-12);
    assert_near(study.cluster.storage_bytes_per_s, 64 * 120e6, 1e-12);
    const fc_spread *storage = spread_of(&study, offsetof(fc_study, cluster.storage_bytes_per_s));
    assert_non_null(storage);
    assert_near(storage->low, 64 * 20e6, 1e-12);
    assert_near(storage->high, 64 * 430e6, 1e-12);
    const char *const sets[] = {"estimate.server_w_per_tdp_w=2", "cluster.storage_bw=1 GB/s"};
    fc_study set = load(state, &inputs, text, sets, COUNT_OF(sets));
    assert_near(set.cluster.chip.it_power_w, 1400, 1e-12);
    assert_near(set.cluster.storage_bytes_per_s, 1e9, 1e-12);
    assert_null(spread_of(&set, offsetof(fc_study, cluster.storage_bytes_per_s)));
}

static void test_config__a_job_has_one_site(void **state) {
    fc_inputs inputs;
    const char text[] =
        "model: llama3-8b\n"
        "cluster: {chip: h100-sxm, chips: {low: 90, mid: 99, high: 120}, sites: 3, storage_bw: {low: 3 GB/s, "
        "mid: 6 GB/s, high: 9 GB/s}}\n"
        "workload: {tokens: 1T, global_batch: 512}\n";
    fc_study study = load(state, &inputs, text, NULL, 0);
    assert_near(study.cluster.chips_count, 33, 1e-12);
    assert_near(study.cluster.sites_count, 1, 1e-12);
    assert_near(study.cluster.storage_bytes_per_s, 2e9, 1e-12);
    assert_near(spread_of(&study, offsetof(fc_study, cluster.chips_count))->high, 40, 1e-12);
    assert_near(spread_of(&study, offsetof(fc_study, cluster.storage_bytes_per_s))->low, 1e9, 1e-12);
}

static void test_config__ranges_of_unused_dtypes_are_left_out(void **state) {
    fc_inputs inputs;
    fc_study study = load(state, &inputs, PLAIN, NULL, 0);
    assert_null(spread_of(&study, offsetof(fc_study, cluster.chip.matmul[FC_DTYPE_FP8].eff_frac)));
    assert_non_null(spread_of(&study, offsetof(fc_study, cluster.chip.matmul[FC_DTYPE_BF16].eff_frac)));
    const char *const sets[] = {"workload.dtype=fp8"};
    fc_study narrow = load(state, &inputs, PLAIN, sets, 1);
    assert_non_null(spread_of(&narrow, offsetof(fc_study, cluster.chip.matmul[FC_DTYPE_FP8].eff_frac)));
    assert_non_null(spread_of(&narrow, offsetof(fc_study, cluster.chip.matmul[FC_DTYPE_BF16].eff_frac)));
}

static void test_config__list_price_where_none_is_given(void **state) {
    fc_inputs inputs;
    fc_study study = load(state, &inputs, PLAIN, NULL, 0);
    assert_int_equal(study.deal.pricing, FC_PRICING_RENT);
    assert_non_null(strstr(fact_of(&inputs, "deal.usd_per_chip_h")->note, "upper bound"));
    const char *const sets[] = {"deal.contract.usd_per_month=1.25G", "deal.contract.chips=325k"};
    fc_study contract = load(state, &inputs, PLAIN, sets, COUNT_OF(sets));
    assert_int_equal(contract.deal.pricing, FC_PRICING_CONTRACT);
    assert_true(contract.deal.usd_per_chip_h == 0);
}

static void test_config__model_from_a_hugging_face_config(void **state) {
    chain_desk *desk = *state;
    fc_inputs inputs;
    char text[512];
    snprintf(text, sizeof text,
             "model: %s/hf/llama3-8b.json\ncluster: {chip: h100-sxm, chips: 64}\n"
             "workload: {tokens: 1T, seq_len: 8192}\n",
             FC_TESTS_FOLDER);
    fc_study study = load(state, &inputs, text, NULL, 0);
    fc_error error = {0};
    fc_model named;
    assert_fine(fc_config_model(&named, desk->arena, &desk->config.catalog, "llama3-8b", &error), &error);
    fc_ops from_file;
    fc_ops from_name;
    fc_ops_count(&from_file, &study.model, &study.workload);
    fc_ops_count(&from_name, &named, &study.workload);
    assert_near(from_file.params_total_count, from_name.params_total_count, 1e-15);
    assert_near(from_file.flop_per_token_model, from_name.flop_per_token_model, 1e-15);
}

static void test_config__seed_and_draws(void **state) {
    fc_inputs inputs;
    const char *const sets[] = {"seed=18446744073709551615", "draws=123"};
    fc_study study = load(state, &inputs, PLAIN, sets, COUNT_OF(sets));
    assert_true(study.seed == UINT64_MAX);
    assert_int_equal(study.draws_count, 123);
    assert_refused(state, PLAIN, "draws=0", 0, 0, "draws is a whole number");
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void test_config__refusals_say_where(void **state) {
    static const struct {
        const char *text;
        int line;
        int column;
        const char *words;
    } rows[] = {
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\nplann: auto\n", 4, 1, "plan"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload:\n  tokens: 1T\n  seqlen: 4096\n", 5, 3,
         "seq_len"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload:\n  tokens: 0.5\n", 4, 11, "tokens"},
        {"model: llama3-8b\ncluster: {chip: h100-sxmm, chips: 64}\nworkload: {tokens: 1T}\n", 2, 17, "h100-sxm"},
        {"model: llama3-8bb\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\n", 1, 8, "llama3-8b"},
        {"cluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\n", 1, 1, "no model"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm}\nworkload: {tokens: 1T}\n", 2, 10, "not how many"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {seq_len: 4096}\n", 3, 11, "no tokens"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\nplan: {tp: 3}\n", 4, 12,
         "plan.tp = 3"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\nplan: manual\n", 4, 7,
         "plan is auto or a map"},
        {"model: llama3-8b\ncluster: {chip: local, chips: 1}\nworkload: {tokens: 1T}\n", 2, 17, "--calibration"},
        {"model: llama3-8b\ncluster: [{chip: h100-sxm, chips: 64}]\nworkload: {tokens: 1T}\n", 2, 10,
         "flopcast compare"},
        {"model: llama3-8b\ncluster: colossus-1\nworkload: {tokens: 1T}\n", 2, 10, "mixes several kinds"},
        {"model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\ndeal: 3\n", 4, 7,
         "deal is a map"},
        {"model_type: llama\nhidden_size: 8\n", 1, 1, "a model's config.json, not a study"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        assert_refused(state, rows[i].text, NULL, rows[i].line, rows[i].column, rows[i].words);
    }
}

static void test_config__a_bad_set_is_told_as_such(void **state) {
    chain_desk *desk = *state;
    const char *const sets[] = {"deal.share"};
    fc_config config = config_with(desk, sets, 1);
    fc_study study;
    fc_inputs inputs;
    fc_error error = {0};
    assert_int_equal(fc_config_study(&study, &inputs, &config, "llama3-405b-16k-h100", &error), FC_USAGE);
    assert_told(&error, "key=value");
}

/* Two prices at once: the words of the deal's own check, at the deal. */
static void test_config__what_a_noun_refuses_is_placed(void **state) {
    assert_refused(state,
                   "model: llama3-8b\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T}\n"
                   "deal: {usd_per_chip_h: 2, own: {usd_per_chip: 30k}}\n",
                   NULL, 4, 7, "two kinds of price");
}

static void test_config__every_shipped_study_loads(void **state) {
    chain_desk *desk = *state;
    const char *const *names = NULL;
    size_t count = 0;
    fc_error error = {0};
    assert_fine(fc_catalog_names(&names, &count, &desk->config.catalog, "studies", &error), &error);
    assert_true(count > 5);
    for (size_t i = 0; i < count; ++i) {
        fc_study study;
        fc_inputs inputs;
        fc_error why = {0};
        fc_status status = fc_config_study(&study, &inputs, &desk->config, names[i], &why);
        bool other_command =
            status == FC_BAD_INPUT && (strstr(why.text, "flopcast ") || strstr(why.text, "--calibration"));
        if (status != FC_OK && !other_command) {
            fail_msg("%s: %s", names[i], why.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__set_over_study_over_catalogue_over_defaults),
        cmocka_unit_test(test_config__a_stated_number_drops_the_range_below_it),
        cmocka_unit_test(test_config__a_range_becomes_a_spread_with_its_grade),
        cmocka_unit_test(test_config__derived_values_keep_their_ranges),
        cmocka_unit_test(test_config__a_job_has_one_site),
        cmocka_unit_test(test_config__ranges_of_unused_dtypes_are_left_out),
        cmocka_unit_test(test_config__list_price_where_none_is_given),
        cmocka_unit_test(test_config__model_from_a_hugging_face_config),
        cmocka_unit_test(test_config__seed_and_draws),
        cmocka_unit_test(test_config__refusals_say_where),
        cmocka_unit_test(test_config__a_bad_set_is_told_as_such),
        cmocka_unit_test(test_config__what_a_noun_refuses_is_placed),
        cmocka_unit_test(test_config__every_shipped_study_loads),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
