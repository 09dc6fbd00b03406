/* Every shipped model: it loads, its counted parameters are the published ones, and no two answer to one name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "doors/catalog.h"
#include "doors/config.h"
#include "flopcast/estimate.h"

typedef struct shelf {
    fc_arena *arena;
    fc_catalog catalog;
    const char *const *names;
    size_t names_count;
} shelf;

static void assert_ok(fc_status status, const fc_error *error) {
    if (status != FC_OK) {
        char told[2048];
        fc_error_format(error, told, sizeof told);
        fail_msg("%s", told);
    }
}

static int open_shelf(void **state) {
    static shelf s;
    fc_error error = {0};
    s.arena = fc_arena_create((size_t)512 << 20);
    if (s.arena == NULL || fc_catalog_open(&s.catalog, s.arena, FC_DATA_FOLDER, &error) != FC_OK ||
        fc_catalog_names(&s.names, &s.names_count, &s.catalog, "models", &error) != FC_OK) {
        return -1;
    }
    *state = &s;
    return 0;
}

static int close_shelf(void **state) {
    fc_arena_destroy(((shelf *)*state)->arena);
    return 0;
}

static fc_model load(const shelf *s, const char *name) {
    fc_error error = {0};
    fc_model model;
    assert_ok(fc_config_model(&model, s->arena, &s->catalog, name, &error), &error);
    return model;
}

static fc_ops count(const fc_model *model) {
    fc_workload workload;
    memset(&workload, 0, sizeof workload);
    workload.dtype = FC_DTYPE_BF16;
    workload.tokens_count = 1e12;
    fc_ops ops;
    fc_ops_count(&ops, model, &workload);
    return ops;
}

/* Half a unit of the last digit that is not 0: "175 billion" says 174.5 to 175.5, "130 billion" 125 to 135. */
static double rounding(double published) {
    double unit = 1.0;
    while (unit * 10.0 <= published && fabs(fmod(published, unit * 10.0)) <= 0.0) {
        unit *= 10.0;
    }
    return 0.5 * unit;
}

static int agrees(double counted, double published, double share) {
    double off = fabs(counted - published);
    return off <= share * published || off <= rounding(published);
}

static void test_models_data__there_are_enough(void **state) {
    const shelf *s = *state;
    assert_true(s->names_count >= 55);
}

static void test_models_data__counted_parameters_are_the_published_ones(void **state) {
    const shelf *s = *state;
    size_t exact_count = 0;
    for (size_t i = 0; i < s->names_count; i++) {
        fc_model model = load(s, s->names[i]);
        fc_ops ops = count(&model);
        double published = (double)model.published_params;
        if (model.published_params_exact) {
            exact_count++;
            if (fabs(ops.params_total_count - published) > 0.0) {
                fail_msg("%s: counted %.0f, published %.0f", s->names[i], ops.params_total_count, published);
            }
        } else if (published > 0.0 && !agrees(ops.params_total_count, published, 0.01)) {
            fail_msg("%s: counted %.0f, published about %.0f", s->names[i], ops.params_total_count, published);
        }
    }
    assert_true(exact_count >= 60);
}

/* Owners count the input table or leave it out: one of the two has to agree. */
static void test_models_data__active_parameters_are_the_published_ones(void **state) {
    const shelf *s = *state;
    for (size_t i = 0; i < s->names_count; i++) {
        fc_model model = load(s, s->names[i]);
        fc_ops ops = count(&model);
        double published = (double)model.published_active_params;
        if (published > 0.0 && !agrees(ops.params_active_count, published, 0.03) &&
            !agrees(ops.params_active_matmul_count, published, 0.03)) {
            fail_msg("%s: counted %.4g or %.4g without the input table, published %.4g", s->names[i],
                     ops.params_active_count, ops.params_active_matmul_count, published);
        }
    }
}

static void test_models_data__every_model_has_a_sequence_and_rows(void **state) {
    const shelf *s = *state;
    for (size_t i = 0; i < s->names_count; i++) {
        fc_model model = load(s, s->names[i]);
        fc_ops ops = count(&model);
        if (model.seq_len == 0 || ops.ops_count < 10 || !(ops.flop_per_token_model > 0.0) ||
            !isfinite(ops.flop_per_token_model)) {
            fail_msg("%s: no sequence length or no work", s->names[i]);
        }
        assert_string_equal(model.name, s->names[i]);
        assert_true(model.published_params > 0 || strncmp(model.name, "dense-", 6) == 0 ||
                    strncmp(model.name, "moe-", 4) == 0);
    }
}

typedef struct synthetic {
    const char *name;
    double total;
    double active;
} synthetic;

static void test_models_data__synthetic_models_are_what_their_names_say(void **state) {
    static const synthetic expected[] = {
        {"dense-1t", 1e12, 1e12}, {"dense-10t", 1e13, 1e13},    {"dense-100t", 1e14, 1e14},   {"moe-10t", 1e13, 2.5e11},
        {"moe-100t", 1e14, 2e12}, {"moe-100t-a1t", 1e14, 1e12}, {"moe-100t-a5t", 1e14, 5e12},
    };
    const shelf *s = *state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        fc_model model = load(s, expected[i].name);
        fc_ops ops = count(&model);
        assert_true(fabs(ops.params_total_count / expected[i].total - 1.0) <= 0.01);
        assert_true(fabs(ops.params_active_count / expected[i].active - 1.0) <= 0.03);
        assert_int_equal(model.published_params, 0);
        fc_node *entry = NULL;
        fc_error error = {0};
        assert_ok(fc_catalog_read(&entry, &s->catalog, "models", expected[i].name, NULL, &error), &error);
        assert_int_equal(strncmp(fc_node_get(entry, "about")->text, "SYNTHETIC", 9), 0);
    }
}

/* Runs are published under many spellings of one model. */
static void test_models_data__usual_spellings_find_their_model(void **state) {
    static const char *const spellings[][2] = {
        {"GPT-3 175B", "gpt3-175b"},
        {"GPT 1T", "megatron-1t"},
        {"LLAMA3.1_405B", "llama3-405b"},
        {"Llama 3 8B", "llama3-8b"},
        {"Llama 2 70B", "llama2-70b"},
        {"LLaMA-65B", "llama-65b"},
        {"Mixtral 8x7B", "mixtral-8x7b"},
        {"DeepSeekV3", "deepseek-v3"},
        {"DeepSeekV3 (w/o MTP)", "deepseek-v3"},
        {"DeepSeekV3 (w/ MTP)", "deepseek-v3-mtp"},
        {"Qwen3_235B_a22B", "qwen3-235b-a22b"},
        {"GPT OSS 120B", "gpt-oss-120b"},
        {"Nemotron_3_Nano", "nemotron-3-nano-30b-a3b"},
        {"nem4-340b", "nemotron4-340b"},
        {"MPT-7b", "mpt-7b"},
        {"grok1", "grok-1"},
    };
    const shelf *s = *state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        fc_node *entry = NULL;
        fc_error error = {0};
        char slug[128]; /* "(w/o MTP)" as it stands would be a path */
        fc_text_slug(slug, sizeof slug, spellings[i][0]);
        assert_ok(fc_catalog_read(&entry, &s->catalog, "models", slug, NULL, &error), &error);
        assert_string_equal(fc_node_get(entry, "name")->text, spellings[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_data__there_are_enough),
        cmocka_unit_test(test_models_data__counted_parameters_are_the_published_ones),
        cmocka_unit_test(test_models_data__active_parameters_are_the_published_ones),
        cmocka_unit_test(test_models_data__every_model_has_a_sequence_and_rows),
        cmocka_unit_test(test_models_data__synthetic_models_are_what_their_names_say),
        cmocka_unit_test(test_models_data__usual_spellings_find_their_model),
    };
    return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
