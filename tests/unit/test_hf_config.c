/* Hugging Face config.json files: exact parameter counts a class, layer patterns, what was assumed, and every mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../host/base/text.h"
#include "../../host/base/tree.h"
#include "../../host/doors/fields.h"
#include "../../host/doors/hf_config.h"
#include "flopcast/estimate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

typedef struct fixture {
    fc_arena *arena;
    char folder[48];
    char path[64];
    fc_model model;
    fc_hf_facts facts;
    fc_error error;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->arena = fc_arena_create(0);
    assert_non_null(f->arena);
    strcpy(f->folder, "/tmp/Flopcast_HF-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/config.json", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    unlink(f->path);
    rmdir(f->folder);
    fc_arena_destroy(f->arena);
    free(f);
    return 0;
}

static fc_status read_path(fixture *f, const char *path) {
    memset(&f->error, 0, sizeof f->error);
    return fc_hf_config_facts(&f->model, &f->facts, f->arena, FC_DATA_FOLDER, path, &f->error);
}

static fc_status read_bytes(fixture *f, const char *bytes, size_t size) {
    FILE *out = fopen(f->path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    return read_path(f, f->path);
}

static fc_status read_text(fixture *f, const char *text) { return read_bytes(f, text, strlen(text)); }

static void expect_read(fixture *f, const char *text) {
    if (read_text(f, text) != FC_OK) {
        fail_msg("%d:%d %s", f->error.line, f->error.column, f->error.text);
    }
}

/* The place and all the words of the message. */
static void expect_error(fixture *f, const char *text, fc_status status, int line, int column, const char *words) {
    assert_int_equal(read_text(f, text), status);
    assert_string_equal(f->error.source, f->path);
    if (f->error.line != line || f->error.column != column || strstr(f->error.text, words) == NULL) {
        fail_msg("expected %d:%d with \"%s\", found %d:%d %s", line, column, words, f->error.line, f->error.column,
                 f->error.text);
    }
}

static const fc_hf_fact *fact_of(const fixture *f, const char *key, fc_hf_origin origin) {
    for (size_t i = 0; i < f->facts.count; i++) {
        if (strcmp(f->facts.facts[i].key, key) == 0 && f->facts.facts[i].origin == origin) {
            return &f->facts.facts[i];
        }
    }
    return NULL;
}

static double count_params(fixture *f) {
    fc_model model = f->model;
    if (model.encoder_layers > 0 && model.encoder_seq_len == 0) {
        model.encoder_seq_len = 512;
    }
    if (fc_model_check(&model, &f->error) != FC_OK) {
        fail_msg("%s: %s", model.name, f->error.text);
    }
    fc_workload workload = fc_workload_default();
    workload.tokens_count = 1e9;
    workload.seq_len = 2048;
    fc_ops ops;
    fc_ops_count(&ops, &model, &workload);
    return ops.params_total_count;
}

/* ---- counts ------------------------------------------------------------------------------------------------------- */

/* Trained numbers of published checkpoints. Pictures, and prediction layers beside the model, are not in them. */
static const struct {
    const char *name;
    const char *class_name;
    double params;
} published[] = {
    {"llama3-8b", "llama", 8030261248.0},
    {"llama3.2-1b", "llama", 1235814400.0},
    {"mistral-7b", "mistral", 7241732096.0},
    {"mixtral-8x7b", "mixtral", 46702792704.0},
    {"qwen2.5-7b", "qwen2", 7615616512.0},
    {"qwen1.5-moe-a2.7b", "qwen2_moe", 14315784192.0},
    {"qwen3-8b", "qwen3", 8190735360.0},
    {"qwen3-30b-a3b", "qwen3_moe", 30532122624.0},
    {"qwen3-next-80b-a3b", "qwen3_next", 79674391296.0},
    {"gemma-7b", "gemma", 8537680896.0},
    {"gemma2-9b", "gemma2", 9241705984.0},
    {"gemma3-1b", "gemma3_text", 999885952.0},
    {"gemma3-4b", "gemma3_text", 3880263168.0}, /* 4,300,079,472 less the picture encoder's 419,816,304 */
    {"phi3-mini-4k", "phi3", 3821079552.0},
    {"deepseek-v2-lite", "deepseek_v2", 15706484224.0},
    {"deepseek-v3", "deepseek_v3", 671026419200.0}, /* with one number an expert for balance, 58 x 256 */
    {"kimi-k2", "kimi_k2", 1026408232448.0},        /* by hand */
    {"gpt-oss-20b", "gpt_oss", 20914757184.0},
    {"dbrx", "dbrx", 131596523520.0},
    {"olmo2-7b", "olmo2", 7298617344.0},
    {"command-r", "cohere", 34980831232.0},
    {"command-r-plus", "cohere", 103810674688.0},
    {"minitron-8b", "nemotron", 8271699968.0},     /* by hand */
    {"nemotron-h-8b", "nemotron_h", 8100852736.0}, /* by hand */
    {"gpt2", "gpt2", 124439808.0},
    {"gpt-neox-20b", "gpt_neox", 20554567680.0},
    {"opt-125m", "opt", 125239296.0},
    {"bloom-560m", "bloom", 559214592.0},
    {"mpt-7b", "mpt", 6649286656.0},
    {"falcon-7b", "falcon", 6921720704.0},
    {"falcon-40b", "falcon", 41303293952.0},
    {"codestral-mamba-7b", "mamba2", 7285403648.0},
    {"glm4.5-air", "glm4_moe", 106852251264.0},
    {"llama4-maverick", "llama4_text", 400711848960.0}, /* by hand */
    {"t5-small", "t5", 60506624.0},
    {"t5-v1.1-base", "t5", 247577856.0},
};

static void test_hf_config__counts_published_models_exactly(void **state) {
    fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(published); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/hf/%s.json", FC_TESTS_FOLDER, published[i].name);
        if (read_path(f, path) != FC_OK) {
            fail_msg("%s: %d:%d %s", path, f->error.line, f->error.column, f->error.text);
        }
        assert_string_equal(f->model.name, published[i].name);
        assert_string_equal(f->facts.model_type, published[i].class_name);
        double found = count_params(f);
        if (found != published[i].params) {
            fail_msg("%s: %.0f parameters, published are %.0f", published[i].name, found, published[i].params);
        }
    }
}

static void test_hf_config__covers_every_class(void **state) {
    fixture *f = *state;
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_folder_list(&names, &count, f->arena, FC_DATA_FOLDER "/hf", ".yaml", &f->error), FC_OK);
    assert_true(count >= 30);
    for (size_t i = 0; i < count; i++) {
        bool covered = strcmp(names[i], "gemma3") == 0 || strcmp(names[i], "llama4") == 0; /* only point to another */
        for (size_t k = 0; k < COUNT_OF(published); k++) {
            covered = covered || strcmp(published[k].class_name, names[i]) == 0;
        }
        if (!covered) {
            fail_msg("no test config of class %s", names[i]);
        }
    }
}

/* ---- class files ---------------------------------------------------------------------------------------------------- */

static void expect_keys(const fc_node *map, const char *const *allowed, size_t count) {
    for (const fc_node *child = map != NULL && map->kind == FC_NODE_MAP ? map->first : NULL; child != NULL;
         child = child->next) {
        bool known = false;
        for (size_t i = 0; i < count; i++) {
            known = known || strcmp(allowed[i], child->key) == 0;
        }
        if (!known) {
            fail_msg("%s:%d: unknown key \"%s\"", child->source, child->key_line, child->key);
        }
    }
}

static void expect_rows(const fc_node *rows) {
    static const char *const row_keys[] = {"key",       "default",  "none",  "words",  "times", "plus",
                                           "length_of", "optional", "outer", "remark", "up_to"};
    for (const fc_node *row = rows != NULL ? rows->first : NULL; row != NULL; row = row->next) {
        if (fc_fields_find(fc_fields_noun(FC_NOUN_MODEL), row->key) == NULL) {
            fail_msg("%s:%d: no input \"%s\"", row->source, row->key_line, row->key);
        }
        expect_keys(row, row_keys, COUNT_OF(row_keys));
    }
}

static void expect_pattern(const fc_node *block) {
    static const char *const block_keys[] = {"lists", "switch", "size", "rule", "indices"};
    static const char *const rule_keys[] = {"all", "every", "from", "default", "offset", "letter", "else"};
    static const char *const list_keys[] = {"key", "words"};
    expect_keys(block, block_keys, COUNT_OF(block_keys));
    expect_keys(fc_node_get(block, "rule"), rule_keys, COUNT_OF(rule_keys));
    const fc_node *lists = fc_node_get(block, "lists");
    for (const fc_node *one = lists != NULL ? lists->first : NULL; one != NULL; one = one->next) {
        expect_keys(one, list_keys, COUNT_OF(list_keys));
    }
}

static void test_hf_config__class_files_have_known_keys_and_sources(void **state) {
    fixture *f = *state;
    static const char *const top[] = {"name",        "about",   "sources", "source",  "architectures",
                                      "inputs",      "fixed",   "cases",   "only",    "attention_pattern",
                                      "ffn_pattern", "same_as", "other",   "left_out"};
    const char *const *names = NULL;
    size_t count = 0;
    assert_int_equal(fc_folder_list(&names, &count, f->arena, FC_DATA_FOLDER "/hf", ".yaml", &f->error), FC_OK);
    for (size_t i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/hf/%s.yaml", FC_DATA_FOLDER, names[i]);
        fc_node *root = NULL;
        assert_int_equal(fc_tree_read(&root, f->arena, path, &f->error), FC_OK);
        assert_string_equal(fc_node_get(root, "name")->text, names[i]);
        expect_keys(root, top, COUNT_OF(top));
        expect_rows(fc_node_get(root, "inputs"));
        expect_rows(fc_node_get(root, "fixed"));
        expect_pattern(fc_node_get(root, "attention_pattern"));
        expect_pattern(fc_node_get(root, "ffn_pattern"));
        const fc_node *source = fc_node_get(fc_node_get(root, "sources"), fc_node_get(root, "source")->text);
        assert_non_null(fc_node_get(source, "title"));
        assert_non_null(fc_node_get(source, "date"));
        assert_non_null(fc_node_get(source, "checked"));
    }
}

/* ---- defaults and remarks --------------------------------------------------------------------------------------------- */

#define SIZES                                                                                                          \
    "\"hidden_size\": 64, \"intermediate_size\": 256, \"num_hidden_layers\": 8, \"num_attention_heads\": 4, "          \
    "\"vocab_size\": 100"

static void test_hf_config__tells_file_from_class(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"model_type\": \"gemma\", " SIZES ", \"head_dim\": 32, \"num_key_value_heads\": 2}");
    assert_int_equal(f->model.head_dim, 32);
    assert_non_null(fact_of(f, "head_dim", FC_HF_FROM_FILE));
    assert_int_equal(f->model.tied_embeddings, 1);
    const fc_hf_fact *tied = fact_of(f, "tied_embeddings", FC_HF_FROM_CLASS);
    assert_non_null(tied);
    assert_string_equal(tied->text, "true");
    assert_string_equal(tied->config_key, "tie_word_embeddings");
    assert_non_null(fact_of(f, "norm", FC_HF_FIXED));
    assert_non_null(strstr(f->facts.source, "configuration_gemma.py"));
    assert_string_equal(fc_hf_origin_name(FC_HF_FROM_CLASS), "class default");
}

static void test_hf_config__gives_only_what_the_file_does_not_say(void **state) {
    fixture *f = *state;
    const fc_hf_default *defaults = NULL;
    size_t count = 0;
    const char *path = FC_TESTS_FOLDER "/hf/gemma3-4b.json";
    assert_int_equal(fc_hf_config_read(&f->model, &defaults, &count, f->arena, FC_DATA_FOLDER, path, &f->error), FC_OK);
    bool vocab = false;
    bool picture = false;
    for (size_t i = 0; i < count; i++) {
        vocab = vocab || (strcmp(defaults[i].key, "vocab") == 0 && strcmp(defaults[i].text, "262208") == 0);
        picture = picture || strcmp(defaults[i].key, "vision_config") == 0;
        assert_string_not_equal(defaults[i].key, "hidden");
    }
    assert_true(vocab);
    assert_true(picture);
    assert_int_equal(fc_hf_config_read(&f->model, NULL, NULL, f->arena, FC_DATA_FOLDER, path, &f->error), FC_OK);
}

static void test_hf_config__takes_null_as_left_out(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"model_type\": \"llama\", " SIZES ", \"num_key_value_heads\": null, \"head_dim\": null}");
    assert_int_equal(f->model.kv_heads, 4);
    assert_int_equal(f->model.head_dim, 16);
    assert_int_equal(f->model.tied_embeddings, 0);
    expect_read(f, "{\"model_type\": \"qwen3\", " SIZES ", \"num_key_value_heads\": null}");
    assert_int_equal(f->model.kv_heads, 4);
    expect_read(f, "{\"model_type\": \"gemma3_text\", " SIZES "}");
    assert_int_equal(f->model.kv_heads, 4);
    assert_non_null(fact_of(f, "kv_heads", FC_HF_FROM_CLASS));
}

static void test_hf_config__takes_the_class_from_the_architecture(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"architectures\": [\"Qwen2ForCausalLM\"], " SIZES ", \"num_key_value_heads\": 2}");
    assert_string_equal(f->facts.model_type, "qwen2");
    assert_int_equal(f->model.qkv_bias, 1);
    assert_int_equal(f->model.attention_out_bias, 0);
}

static void test_hf_config__reads_a_nested_text_model(void **state) {
    fixture *f = *state;
    expect_read(f,
                "{\"model_type\": \"llava\", \"tie_word_embeddings\": true, \"vision_config\": {\"hidden_size\": 7},\n"
                "\"text_config\": {\"model_type\": \"llama\", " SIZES "}}");
    assert_int_equal(f->model.hidden, 64);
    assert_int_equal(f->model.tied_embeddings, 1);
    assert_non_null(fact_of(f, "vision_config", FC_HF_REMARK));
    expect_read(f, "{\"model_type\": \"x\", \"llm_config\": {\"model_type\": \"llama\", " SIZES "}}");
    expect_error(f, "{\"model_type\": \"llava\",\n \"text_config\": {\"model_type\": \"llama\"}}", FC_BAD_INPUT, 2, 17,
                 "missing: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, intermediate_size.");
}

static void test_hf_config__takes_a_training_length_only_where_it_is_one(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"model_type\": \"llama\", " SIZES ", \"max_position_embeddings\": 8192}");
    assert_int_equal(f->model.seq_len, 8192);
    assert_non_null(fact_of(f, "seq_len", FC_HF_REMARK));
    expect_read(f, "{\"model_type\": \"llama\", " SIZES ", \"max_position_embeddings\": 131072, \"rope_scaling\": "
                   "{\"original_max_position_embeddings\": 8192}}");
    assert_int_equal(f->model.seq_len, 8192);
    expect_read(f, "{\"model_type\": \"cohere\", " SIZES ", \"max_position_embeddings\": 131072}");
    assert_int_equal(f->model.seq_len, 0);
    assert_non_null(strstr(fact_of(f, "seq_len", FC_HF_REMARK)->text, "131072"));
}

static void test_hf_config__remarks_on_prediction_layers(void **state) {
    fixture *f = *state;
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/deepseek-v3.json"), FC_OK);
    assert_int_equal(f->model.mtp_depth, 0);
    assert_non_null(fact_of(f, "num_nextn_predict_layers", FC_HF_REMARK));
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/kimi-k2.json"), FC_OK);
    assert_null(fact_of(f, "num_nextn_predict_layers", FC_HF_REMARK));
}

/* ---- layers --------------------------------------------------------------------------------------------------------- */

static void expect_layers(fixture *f, const char *text, const char *attention, uint64_t window) {
    expect_read(f, text);
    assert_string_equal(f->model.attention_pattern, attention);
    assert_int_equal(f->model.window, window);
}

static void test_hf_config__follows_the_window_switch(void **state) {
    fixture *f = *state;
    expect_layers(f, "{\"model_type\": \"qwen2\", " SIZES ", \"num_key_value_heads\": 2, \"sliding_window\": 32}", "",
                  0);
    expect_layers(f,
                  "{\"model_type\": \"qwen2\", " SIZES ", \"num_key_value_heads\": 2, \"sliding_window\": 32, "
                  "\"use_sliding_window\": true, \"max_window_layers\": 6}",
                  "GGGGGGLL", 32);
    expect_layers(f,
                  "{\"model_type\": \"qwen2\", " SIZES ", \"num_key_value_heads\": 2, \"sliding_window\": null, "
                  "\"use_sliding_window\": true, \"max_window_layers\": 6}",
                  "", 0);
    expect_layers(f, "{\"model_type\": \"mistral\", " SIZES ", \"num_key_value_heads\": 2}", "L", 4096);
    expect_layers(f, "{\"model_type\": \"mistral\", " SIZES ", \"num_key_value_heads\": 2, \"sliding_window\": null}",
                  "", 0);
}

static void test_hf_config__reads_lists_of_layers(void **state) {
    fixture *f = *state;
    expect_layers(f,
                  "{\"model_type\": \"gemma2\", " SIZES ", \"layer_types\": [\"sliding_attention\", "
                  "\"sliding_attention\", \"full_attention\", \"sliding_attention\", \"sliding_attention\", "
                  "\"full_attention\", \"sliding_attention\", \"sliding_attention\"]}",
                  "LLG", 4096);
    expect_layers(f, "{\"model_type\": \"gemma2\", " SIZES ", \"sliding_window\": 16}", "LG", 16);
    expect_layers(f, "{\"model_type\": \"gemma3_text\", " SIZES ", \"sliding_window_pattern\": 3}", "LLG", 4096);
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/llama4-maverick.json"), FC_OK);
    assert_string_equal(f->model.attention_pattern, "CCCG");
    assert_string_equal(f->model.ffn_pattern, "DM");
    assert_int_equal(f->model.window, 8192);
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/qwen3-next-80b-a3b.json"), FC_OK);
    assert_string_equal(f->model.attention_pattern, "DDDG");
}

#define MOE "\"num_experts\": 8, \"num_experts_per_tok\": 2, \"num_key_value_heads\": 2"

static void test_hf_config__places_the_experts(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"model_type\": \"qwen3_moe\", " SIZES ", " MOE ", \"decoder_sparse_step\": 2}");
    assert_string_equal(f->model.ffn_pattern, "DM");
    assert_int_equal(f->model.dense_layers, 0);
    expect_read(f, "{\"model_type\": \"qwen3_moe\", " SIZES ", " MOE ", \"mlp_only_layers\": [0, 1]}");
    assert_int_equal(f->model.dense_layers, 2);
    assert_int_equal(fc_model_check(&f->model, &f->error), FC_OK);
    assert_int_equal(fc_model_layer_mix(&f->model).block_count[FC_BLOCK_MOE], 6);
    expect_read(f, "{\"model_type\": \"qwen3_moe\", " SIZES ", " MOE ", \"mlp_only_layers\": [0,1,2,3,4,5,6,7]}");
    assert_int_equal(f->model.experts, 0);
    assert_null(fact_of(f, "experts", FC_HF_FROM_FILE));
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/deepseek-v3.json"), FC_OK);
    assert_int_equal(f->model.dense_layers, 3);
    assert_int_equal(f->model.q_lora_rank, 1536);
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/deepseek-v2-lite.json"), FC_OK);
    assert_int_equal(f->model.q_lora_rank, 0);
}

#define DEEPSEEK                                                                                                       \
    "\"model_type\": \"deepseek_v3\", " SIZES ", \"q_lora_rank\": null, \"kv_lora_rank\": 8, "                         \
    "\"qk_nope_head_dim\": 8, \"qk_rope_head_dim\": 4, \"v_head_dim\": 8, \"num_experts_per_tok\": 2"

static void test_hf_config__reads_latent_attention_with_dense_layers_between(void **state) {
    fixture *f = *state;
    expect_read(f, "{" DEEPSEEK ", \"n_routed_experts\": 8, \"moe_layer_freq\": 2, \"first_k_dense_replace\": 1}");
    assert_int_equal(fc_model_check(&f->model, &f->error), FC_OK);
    for (uint32_t i = 0; i < 8; i++) {
        fc_block expected = i >= 1 && i % 2 == 0 ? FC_BLOCK_MOE : FC_BLOCK_DENSE;
        assert_int_equal(fc_model_block(&f->model, i), expected);
    }
    expect_read(f, "{" DEEPSEEK ", \"n_routed_experts\": null}");
    assert_int_equal(f->model.experts, 0);
    assert_int_equal(f->model.dense_layers, 0);
}

static void test_hf_config__refuses_a_pattern_that_does_not_repeat(void **state) {
    fixture *f = *state;
    fc_text text = fc_text_start(f->arena);
    fc_text_add(&text, "{\"model_type\": \"gemma2\", \"num_hidden_layers\": 400, \"layer_types\": [");
    for (int i = 0; i < 400; i++) {
        fc_text_addf(&text, "%s\"%s\"", i > 0 ? ", " : "", i == 300 ? "full_attention" : "sliding_attention");
    }
    fc_text_add(&text,
                "], \"hidden_size\": 64, \"intermediate_size\": 256, \"num_attention_heads\": 4, \"vocab_size\": 9}");
    assert_false(text.failed);
    expect_error(f, text.bytes, FC_OVER_LIMIT, 1, 1, "does not repeat within 255 letters");
}

/* ---- mistakes ------------------------------------------------------------------------------------------------------- */

#define REST "\"intermediate_size\": 256, \"num_hidden_layers\": 8, \"num_attention_heads\": 4, \"vocab_size\": 100"
#define LLAMA "{\"model_type\": \"llama\", " REST ",\n  \"hidden_size\": "

static void test_hf_config__refuses_wrong_sizes_with_their_place(void **state) {
    fixture *f = *state;
    expect_error(f, LLAMA "-64}", FC_BAD_INPUT, 2, 18, "hidden_size: a whole number from 1 to 4194304 is expected");
    expect_error(f, LLAMA "0}", FC_BAD_INPUT, 2, 18, "found the number 0");
    expect_error(f, LLAMA "64.5}", FC_BAD_INPUT, 2, 18, "found the number 64.5");
    expect_error(f, LLAMA "\"64\"}", FC_BAD_INPUT, 2, 18, "found the text \"64\"");
    expect_error(f, LLAMA "[64]}", FC_BAD_INPUT, 2, 18, "found a list");
    expect_error(f, LLAMA "true}", FC_BAD_INPUT, 2, 18, "hidden_size");
    expect_error(f, LLAMA "99999999999999999999999}", FC_BAD_INPUT, 2, 18, "hidden_size");
    assert_int_equal(read_text(f, LLAMA "1e400}"), FC_BAD_INPUT);
    assert_int_equal(f->error.line, 2);
    expect_error(f, LLAMA "66}", FC_BAD_INPUT, 1, 1, "66 is not a multiple of 4");
    expect_error(f, LLAMA "64, \"tie_word_embeddings\": 1}", FC_BAD_INPUT, 2, 45, "true or false is expected");
    expect_error(f, LLAMA "64, \"num_key_value_heads\": 3}", FC_BAD_INPUT, 1, 1, "kv_heads");
}

static void test_hf_config__lists_everything_missing_at_once(void **state) {
    fixture *f = *state;
    expect_error(f, "{\"model_type\": \"llama\"}", FC_BAD_INPUT, 1, 1,
                 "missing: num_hidden_layers, hidden_size, num_attention_heads, vocab_size, intermediate_size. Class "
                 "llama has no default");
    expect_error(f, "{\"model_type\": \"llama\", " REST "}", FC_BAD_INPUT, 1, 1, "missing: hidden_size.");
    expect_error(f, "{\"model_type\": \"gpt2\", \"vocab_size\": 9}", FC_BAD_INPUT, 1, 1,
                 "missing: n_layer (or num_hidden_layers), n_embd (or hidden_size), n_head (or num_attention_heads), "
                 "n_positions (or max_position_embeddings).");
}

static void test_hf_config__refuses_unknown_classes(void **state) {
    fixture *f = *state;
    expect_error(f, "{\n  \"model_type\": \"llama3\"}", FC_BAD_INPUT, 2, 17, "nearest is \"llama\"");
    expect_error(f, "{\"model_type\": \"../hf/llama\"}", FC_BAD_INPUT, 1, 16, "Write the model as a mapping of fields");
    expect_error(f, "{\"model_type\": \"\"}", FC_BAD_INPUT, 1, 16, "is not known");
    expect_error(f, "{\"model_type\": 7}", FC_BAD_INPUT, 1, 16, "a text is expected");
    expect_error(f, "{\"architectures\": [\"NobodysForCausalLM\"]}", FC_BAD_INPUT, 1, 20, "NobodysForCausalLM");
    expect_error(f, "{\"hidden_size\": 64}", FC_BAD_INPUT, 1, 1, "neither model_type nor architectures");
}

static void test_hf_config__refuses_what_has_no_input(void **state) {
    fixture *f = *state;
    expect_error(f,
                 "{\"model_type\": \"opt\", \"ffn_dim\": 256, \"hidden_size\": 64, \"num_hidden_layers\": 8, "
                 "\"num_attention_heads\": 4, \"vocab_size\": 100, \"max_position_embeddings\": 64,\n"
                 "\"word_embed_proj_dim\": 32}",
                 FC_BAD_INPUT, 2, 24, "word_embed_proj_dim is the number 32; class opt can be read with 64 only");
    expect_error(f, "{\"model_type\": \"t5\", \"feed_forward_proj\": \"mystery\"}", FC_BAD_INPUT, 1, 43,
                 "relu, gelu, silu, gated-gelu");
}

static void test_hf_config__refuses_wrong_lists_of_layers(void **state) {
    fixture *f = *state;
    expect_error(f, "{\"model_type\": \"gemma2\", " SIZES ",\n\"layer_types\": [\"full_attention\"]}", FC_BAD_INPUT, 2,
                 16, "names 1 layers, and the model has 8");
    expect_error(f, "{\"model_type\": \"gemma2\", " SIZES ",\n\"layer_types\": 3}", FC_BAD_INPUT, 2, 16,
                 "a list with one entry a layer is expected");
    expect_error(f, "{\"model_type\": \"gemma2\", " SIZES ",\n\"layer_types\": [{}, 1, 2, 3, 4, 5, 6, 7]}",
                 FC_BAD_INPUT, 2, 17, "unknown kind of layer");
    expect_error(f, "{\"model_type\": \"gemma3_text\", " SIZES ", \"sliding_window_pattern\": 0}", FC_BAD_INPUT, 1, 1,
                 "sliding_window_pattern is 0");
    expect_error(f, "{\"model_type\": \"qwen3_moe\", " SIZES ", " MOE ",\n\"mlp_only_layers\": [8]}", FC_BAD_INPUT, 2,
                 21, "a whole number from 0 to 7");
    expect_error(
        f,
        "{\"model_type\": \"gemma2\", \"num_hidden_layers\": 1, \"hidden_size\": 64, \"intermediate_size\": 4, "
        "\"num_attention_heads\": 4, \"vocab_size\": 9, \"layer_types\": [\"sliding_attention\"],\n"
        "\"sliding_window\": null}",
        FC_BAD_INPUT, 2, 19, "sliding_window is null or 0");
    expect_error(f, "{\"model_type\": \"qwen2_moe\", " SIZES ", " MOE ", \"use_sliding_window\": true}", FC_BAD_INPUT,
                 1, 1, "missing: layer_types");
}

static void test_hf_config__refuses_what_is_no_config(void **state) {
    fixture *f = *state;
    expect_error(f, "[1, 2]", FC_BAD_INPUT, 1, 1, "found a list");
    expect_error(f, "3", FC_BAD_INPUT, 1, 1, "");
    assert_int_equal(read_text(f, ""), FC_BAD_INPUT);
    assert_int_equal(read_text(f, "model_type: llama"), FC_BAD_INPUT);
    assert_int_equal(read_text(f, "{\"model_type\": \"llama\", \"model_type\": \"gpt2\"}"), FC_BAD_INPUT);
    assert_int_equal(read_path(f, "/nonexistent/config.json"), FC_BAD_INPUT);
    assert_string_equal(f->error.source, "/nonexistent/config.json");
    assert_int_equal(read_path(f, FC_TESTS_FOLDER), FC_BAD_INPUT);
}

static void test_hf_config__survives_deep_nesting(void **state) {
    fixture *f = *state;
    fc_text text = fc_text_start(f->arena);
    for (int i = 0; i < 10000; i++) {
        fc_text_add(&text, "{\"text_config\":");
    }
    fc_text_add(&text, "1");
    for (int i = 0; i < 10000; i++) {
        fc_text_add(&text, "}");
    }
    assert_int_equal(read_text(f, text.bytes), FC_OVER_LIMIT);
    assert_int_equal(f->error.line, 1);
}

/* Every beginning of a good file is an error with a place, and no single changed byte crashes the reader. */
static void test_hf_config__survives_damaged_files(void **state) {
    fixture *f = *state;
    char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fc_file_read(&bytes, &size, f->arena, FC_TESTS_FOLDER "/hf/llama4-maverick.json", &f->error),
                     FC_OK);
    static const char damage[] = {'\0', '"', '{', '[', '9', '-', 'x', (char)0xff};
    size_t end = size;
    while (end > 0 && bytes[end - 1] != '}') {
        end--;
    }
    for (size_t i = 0; i < size; i += 7) {
        fc_arena_destroy(f->arena);
        f->arena = fc_arena_create(0);
        char copy[8192];
        fixture local = *f;
        assert_true(size < sizeof copy);
        FILE *in = fopen(FC_TESTS_FOLDER "/hf/llama4-maverick.json", "rb");
        assert_non_null(in);
        assert_int_equal(fread(copy, 1, size, in), size);
        fclose(in);
        if (i < end) {
            assert_int_not_equal(read_bytes(&local, copy, i), FC_OK);
            assert_true(local.error.line > 0);
        }
        copy[i] = damage[i / 7 % COUNT_OF(damage)];
        fc_status status = read_bytes(&local, copy, size);
        assert_true(status == FC_OK || status == FC_BAD_INPUT);
        assert_true(status == FC_OK || local.error.text[0] != '\0');
    }
}

static void test_hf_config__names_the_model_after_file_or_folder(void **state) {
    fixture *f = *state;
    expect_read(f, "{\"model_type\": \"llama\", " SIZES "}");
    assert_memory_equal(f->model.name, "flopcast-hf-", 12);
    assert_int_equal(read_path(f, FC_TESTS_FOLDER "/hf/qwen2.5-7b.json"), FC_OK);
    assert_string_equal(f->model.name, "qwen2.5-7b");
}

static void test_hf_config__refuses_a_folder_without_classes(void **state) {
    fixture *f = *state;
    assert_int_not_equal(
        fc_hf_config_read(&f->model, NULL, NULL, f->arena, "/nonexistent", FC_TESTS_FOLDER "/hf/gpt2.json", &f->error),
        FC_OK);
    assert_non_null(strstr(f->error.source, "/nonexistent"));
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        UNIT(test_hf_config__counts_published_models_exactly),
        UNIT(test_hf_config__covers_every_class),
        UNIT(test_hf_config__class_files_have_known_keys_and_sources),
        UNIT(test_hf_config__tells_file_from_class),
        UNIT(test_hf_config__gives_only_what_the_file_does_not_say),
        UNIT(test_hf_config__takes_null_as_left_out),
        UNIT(test_hf_config__takes_the_class_from_the_architecture),
        UNIT(test_hf_config__reads_a_nested_text_model),
        UNIT(test_hf_config__takes_a_training_length_only_where_it_is_one),
        UNIT(test_hf_config__remarks_on_prediction_layers),
        UNIT(test_hf_config__follows_the_window_switch),
        UNIT(test_hf_config__reads_lists_of_layers),
        UNIT(test_hf_config__places_the_experts),
        UNIT(test_hf_config__reads_latent_attention_with_dense_layers_between),
        UNIT(test_hf_config__refuses_a_pattern_that_does_not_repeat),
        UNIT(test_hf_config__refuses_wrong_sizes_with_their_place),
        UNIT(test_hf_config__lists_everything_missing_at_once),
        UNIT(test_hf_config__refuses_unknown_classes),
        UNIT(test_hf_config__refuses_what_has_no_input),
        UNIT(test_hf_config__refuses_wrong_lists_of_layers),
        UNIT(test_hf_config__refuses_what_is_no_config),
        UNIT(test_hf_config__survives_deep_nesting),
        UNIT(test_hf_config__survives_damaged_files),
        UNIT(test_hf_config__names_the_model_after_file_or_folder),
        UNIT(test_hf_config__refuses_a_folder_without_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
