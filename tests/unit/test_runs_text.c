/* Free text of published tables: read by its leading word, or not at all. */
#include "chain_helpers.h"

#include "doors/runs_row.h"

static void test_runs_text__a_dtype_is_its_first_word(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t dtype;
    } cases[] = {
        {"bf16", FC_DTYPE_BF16},
        {"bf16 (autocast; SR or fp32 optimizer)", FC_DTYPE_BF16},
        {"fp8-cs", FC_DTYPE_FP8},
        {"fp8-mx", FC_DTYPE_FP8},
        {"FP8 (directory name)", FC_DTYPE_FP8},
        {"mxfp8", FC_DTYPE_MXFP8},
        {"nvfp4", FC_DTYPE_NVFP4},
        {"Float16", FC_DTYPE_FP16},
        {" int8", FC_DTYPE_INT8},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        uint32_t dtype = FC_DTYPE_COUNT;
        assert_true(fc_run_read_dtype(&dtype, cases[i].text));
        assert_int_equal(dtype, cases[i].dtype);
    }
    uint32_t dtype = FC_DTYPE_COUNT;
    assert_false(fc_run_read_dtype(&dtype, "posit16"));
    assert_false(fc_run_read_dtype(&dtype, "the usual bf16"));
    assert_false(fc_run_read_dtype(&dtype, ""));
    assert_int_equal(dtype, FC_DTYPE_COUNT);
}

static void test_runs_text__recomputation(void **state) {
    (void)state;
    uint32_t recompute = 0;
    assert_true(fc_run_read_recompute(&recompute, "selective (remat_policy=minimal)"));
    assert_int_equal(recompute, FC_RECOMPUTE_SELECTIVE);
    assert_true(fc_run_read_recompute(&recompute, "Full"));
    assert_int_equal(recompute, FC_RECOMPUTE_FULL);
    assert_true(fc_run_read_recompute(&recompute, "none"));
    assert_int_equal(recompute, FC_RECOMPUTE_NONE);
    assert_false(fc_run_read_recompute(&recompute, "every other layer"));
}

static void test_runs_text__zero_stages_and_their_groups(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t stage;
        uint32_t group;
    } cases[] = {
        {"0", 0, 0},
        {"3", 3, 0},
        {"ZeRO-2", 2, 0},
        {"zero2(dp8)", 2, 0},
        {"zero1(dp2)+tp2+pp4 (as printed: 16 ranks on 8 GPUs)", 1, 0},
        {"FSDP", 3, 0},
        {"FSDP2", 3, 0},
        {"FSDP(shard 64)", 3, 64},
        {"FSDP FULL_SHARD", 3, 0},
        {"FSDP SHARD_GRAD_OP", 2, 0},
        {"SHARD_GRAD_OP", 2, 0},
        {"FSDP within slice (64-way), data parallel x2 over DCN", 3, 64},
        {"FSDP 256-way within pod, 2-way pod DP", 3, 256},
        {"DDP", 0, 0},
        {"DDP (distributed optimizer is the recipe default; not stated)", 1, 0},
        {"distributed optimizer (NeMo default)", 1, 0},
        {"FSDP (99999999999999999999)", 3, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        int32_t stage = -1;
        uint32_t group = 7;
        assert_true(fc_run_read_zero(&stage, &group, cases[i].text));
        assert_int_equal(stage, cases[i].stage);
        assert_int_equal(group, cases[i].group);
    }
    int32_t stage = -1;
    uint32_t group = 0;
    assert_false(fc_run_read_zero(&stage, &group, "4"));
    assert_false(fc_run_read_zero(&stage, &group, "sharded somehow"));
    assert_int_equal(stage, -1);
}

static void test_runs_text__feed_forward_blocks(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t type;
    } cases[] = {
        {"gelu", FC_FFN_PLAIN},       {"swiglu", FC_FFN_GATED},
        {"gelu-gated", FC_FFN_GATED}, {"relu (non-gated)", FC_FFN_PLAIN},
        {"geglu", FC_FFN_GATED},      {"squared_relu(non-gated)", FC_FFN_PLAIN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        uint32_t type = FC_FFN_TYPE_COUNT;
        assert_true(fc_run_read_ffn(&type, cases[i].text));
        assert_int_equal(type, cases[i].type);
    }
    uint32_t type = FC_FFN_TYPE_COUNT;
    assert_false(fc_run_read_ffn(&type, "kolmogorov"));
}

static void test_runs_text__the_network_of_a_node(void **state) {
    (void)state;
    assert_true(fc_run_read_node_bits("A100-SXM4-80GB (4x Omni-Path 100)") == 400e9);
    assert_true(fc_run_read_node_bits("1F1B, 800 Gbit/s a node between nodes") == 800e9);
    assert_true(fc_run_read_node_bits("800 Gb/s RoCE per node.") == 800e9);
    assert_true(fc_run_read_node_bits("400 Gbit/s links") == 0);
    assert_true(fc_run_read_node_bits("fast, a node") == 0);
    assert_true(fc_run_read_node_bits("x Omni-Path 100") == 0);
    assert_true(fc_run_read_node_bits("99999999999999999999 Gbit/s a node") == 0);
    assert_true(fc_run_read_node_bits("") == 0);
}

static void test_runs_text__sequence_parallelism_and_words(void **state) {
    (void)state;
    assert_int_equal(fc_run_read_sequence_parallel("full recompute, no sequence parallelism; DP=1"), 0);
    assert_int_equal(fc_run_read_sequence_parallel("sequence parallelism ON + selective"), 1);
    assert_int_equal(fc_run_read_sequence_parallel("12-step throughput runs"), -1);
    assert_true(fc_run_has_word("LLAMA3_70B LoRA", "lora"));
    assert_true(fc_run_has_word("8B dense RL (ScaleRL)", "rl"));
    assert_false(fc_run_has_word("ScaleRL world", "rl"));
    assert_false(fc_run_has_word("explorations", "lora"));
}

static void test_runs_text__releases_and_expert_ranks(void **state) {
    (void)state;
    assert_int_equal(fc_run_read_release("NeMo/Megatron-Bridge container 26.06.01; MoE"), 2606);
    assert_int_equal(fc_run_read_release("Container 25.11."), 2511);
    assert_int_equal(fc_run_read_release("container 26.13"), 0);
    assert_int_equal(fc_run_read_release("container 26.061"), 0);
    assert_int_equal(fc_run_read_release("container 26"), 0);
    assert_int_equal(fc_run_read_release("release 26.06"), 0);
    assert_int_equal(fc_run_release_suffix("megatron-core-26.06", "megatron-core"), 2606);
    assert_int_equal(fc_run_release_suffix("megatron-core", "megatron-core"), 0);
    assert_int_equal(fc_run_release_suffix("megatron-core-26.06-x", "megatron-core"), 0);
    assert_int_equal(fc_run_read_expert_tensor("dense peak 989. ETP=1 (expert TP off)"), 1);
    assert_int_equal(fc_run_read_expert_tensor("ETP=off"), 0);
    assert_int_equal(fc_run_read_expert_tensor("ETP=99999999999999999999"), 0);
}

/* ---- stacks ----------------------------------------------------------------------------------------------------- */

static void assert_stack(const fc_run_reader *reader, const char *asked, const char *family, const char *entry,
                         bool assumed) {
    bool found_assumed = !assumed;
    assert_string_equal(fc_run_stack(&found_assumed, reader, asked, family), entry);
    assert_int_equal(found_assumed, assumed);
}

static const fc_node *entry_of(fc_arena *arena, const char *key, const char *const *aliases) {
    fc_node root = {.kind = FC_NODE_MAP};
    fc_node *entry = fc_node_add(arena, &root, key, FC_NODE_MAP, NULL);
    assert_non_null(entry);
    fc_node *list = fc_node_add(arena, entry, "aliases", FC_NODE_LIST, NULL);
    assert_non_null(list);
    for (; *aliases != NULL; ++aliases) {
        assert_non_null(fc_node_add(arena, list, NULL, FC_NODE_SCALAR, *aliases));
    }
    return entry;
}

/* A catalogue of its own: which stacks ship, and under which names, changes. */
static void test_runs_text__a_stack_by_name_year_family_or_chip(void **state) {
    chain_desk *desk = *state;
    static const char *const old_names[] = {"megatron-2020", "megatron-2021", NULL};
    static const char *const new_names[] = {"megatron-2023", NULL};
    static const char *const none[] = {NULL};
    const fc_node *entries[] = {
        entry_of(desk->arena, "megatron-lm", old_names), entry_of(desk->arena, "megatron-flash", new_names),
        entry_of(desk->arena, "megatron-core", none),    entry_of(desk->arena, "maxtext", none),
        entry_of(desk->arena, "neuronx", none),
    };
    fc_run_reader reader = {.stacks = {.entries = entries, .count = COUNT_OF(entries)}};
    assert_stack(&reader, "Megatron 2021", "nvidia", "megatron-lm", false);
    assert_stack(&reader, "megatron-2019", "nvidia", "megatron-lm", true);
    assert_stack(&reader, "megatron-2025", "nvidia", "megatron-flash", true);
    assert_stack(&reader, "maxtext-0.4", "nvidia", "maxtext", true);
    assert_stack(&reader, "megatron-core-0.12", "nvidia", "megatron-core", true);
    assert_stack(&reader, "homegrown", "tpu", "maxtext", true);
    assert_stack(&reader, "", "nvidia", "megatron-core", true);
    assert_stack(&reader, "", "trainium", "neuronx", true);
    assert_stack(&reader, "", "gaudi", "default", true);
}

/* The latest entry of that name that is no later than the release in the notes. */
static void test_runs_text__a_stack_by_release(void **state) {
    chain_desk *desk = *state;
    static const char *const none[] = {NULL};
    const fc_node *entries[] = {
        entry_of(desk->arena, "megatron-core-27.01", none),
        entry_of(desk->arena, "megatron-core-26.06", none),
        entry_of(desk->arena, "megatron-core", none),
        entry_of(desk->arena, "maxtext", none),
    };
    fc_run_reader reader = {.stacks = {.entries = entries, .count = COUNT_OF(entries)}};
    assert_string_equal(fc_run_stack_release(&reader, "megatron-core", "container 26.08"), "megatron-core-26.06");
    assert_string_equal(fc_run_stack_release(&reader, "megatron-core", "container 26.06.01"), "megatron-core-26.06");
    assert_string_equal(fc_run_stack_release(&reader, "megatron-core", "container 26.04"), "megatron-core");
    assert_string_equal(fc_run_stack_release(&reader, "megatron-core", "container 27.02"), "megatron-core-27.01");
    assert_string_equal(fc_run_stack_release(&reader, "megatron-core", "no word of it"), "megatron-core");
    assert_string_equal(fc_run_stack_release(&reader, "maxtext", "container 26.06"), "maxtext");
}

/* Every name in the published tables means a stack that ships. */
static void test_runs_text__published_stacks_are_known(void **state) {
    chain_desk *desk = *state;
    static const char *const names[] = {
        "megatron-2020",
        "megatron-2021",
        "megatron-2022",
        "megatron-deepspeed-2022",
        "megatron-deepspeed",
        "deepspeed-zero3-2021",
        "megatron-core",
        "llm-foundry",
        "torchtitan",
        "maxtext",
        "neuronx",
        "deepseek-hai",
    };
    fc_run_reader reader;
    fc_error error = {0};
    assert_fine(fc_run_reader_start(&reader, &desk->config, &error), &error);
    for (size_t i = 0; i < COUNT_OF(names); ++i) {
        bool assumed = true;
        const char *entry = fc_run_stack(&assumed, &reader, names[i], "nvidia");
        if (assumed) {
            fail_msg("no stack is called %s; %s stands in", names[i], entry);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_text__a_dtype_is_its_first_word),
        cmocka_unit_test(test_runs_text__recomputation),
        cmocka_unit_test(test_runs_text__zero_stages_and_their_groups),
        cmocka_unit_test(test_runs_text__feed_forward_blocks),
        cmocka_unit_test(test_runs_text__the_network_of_a_node),
        cmocka_unit_test(test_runs_text__sequence_parallelism_and_words),
        cmocka_unit_test(test_runs_text__a_stack_by_name_year_family_or_chip),
        cmocka_unit_test(test_runs_text__a_stack_by_release),
        cmocka_unit_test(test_runs_text__releases_and_expert_ranks),
        cmocka_unit_test(test_runs_text__published_stacks_are_known),
    };
    return cmocka_run_group_tests_name("runs_text", tests, open_desk, close_desk);
}
