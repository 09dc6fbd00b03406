/* A plan written for another program and imported again is the same plan, with the same time and memory. */
#include "chain_files.h"

#include "doors/import_study.h"
#include "doors/write_plan.h"

/* Up to its last field: what fills the struct up after it is nobody's. */
enum { PLAN_BYTES = offsetof(fc_plan, offload_activations) + 1 };

typedef struct answer {
    fc_study study;
    fc_estimate estimate;
} answer;

static const char *read_first(chain_desk *desk, answer *out, const char *name, const char *text) {
    fc_error error = {0};
    fc_inputs *inputs = fc_arena_alloc(desk->arena, sizeof *inputs);
    const char *path = write_study(desk, name, text);
    assert_fine(fc_config_study(&out->study, inputs, &desk->config, path, &error), &error);
    assert_fine(fc_estimate_study(&out->estimate, &out->study, desk->arena, &error), &error);
    assert_int_equal(unlink(path), 0);
    return path;
}

/* Imports the words of a script, or a file. */
static void read_back(chain_desk *desk, answer *out, const char *words, const char *path) {
    fc_error error = {0};
    fc_draft draft;
    fc_inputs *inputs = fc_arena_alloc(desk->arena, sizeof *inputs);
    const fc_foreign foreign = {.paths = &path, .paths_count = path != NULL, .words = words};
    assert_fine(fc_import_study(&draft, &out->study, inputs, &desk->config, &foreign, &error), &error);
    assert_fine(fc_estimate_study(&out->estimate, &out->study, desk->arena, &error), &error);
    for (const fc_remark *remark = draft.first_remark; remark != NULL; remark = remark->next) {
        if (remark->kind == FC_REMARK_UNKNOWN) {
            fail_msg("%s", fc_remark_line(desk->arena, remark));
        }
    }
    /* What is written as YAML is the study that was checked. */
    fc_text yaml = fc_text_start(desk->arena);
    fc_draft_write(&yaml, &draft, "round trip");
    fc_study *again = fc_arena_alloc(desk->arena, sizeof *again);
    const char *file = write_study(desk, "back.yaml", yaml.bytes);
    assert_fine(fc_config_study(again, inputs, &desk->config, file, &error), &error);
    assert_int_equal(unlink(file), 0);
    fc_text scripts[2] = {fc_text_start(desk->arena), fc_text_start(desk->arena)};
    fc_write_plan_megatron(&scripts[0], &out->study, &out->estimate.point.plan);
    fc_write_plan_megatron(&scripts[1], again, &out->estimate.point.plan);
    assert_string_equal(scripts[0].bytes, scripts[1].bytes);
    assert_memory_equal(&again->plan, &out->study.plan, PLAN_BYTES);
}

/* 0 stands for one tensor rank an expert where experts are spread, else for all (plan.h): Megatron has it stated. */
static fc_plan with_etp(const fc_plan *plan) {
    fc_plan out = *plan;
    out.etp = plan->etp > 0 ? plan->etp : plan->ep > 1 ? 1 : plan->tp;
    return out;
}

static void assert_same(const answer *first, const answer *second) {
    const fc_plan a = with_etp(&first->estimate.point.plan);
    const fc_plan b = with_etp(&second->estimate.point.plan);
    assert_memory_equal(&a, &b, PLAN_BYTES);
    assert_true(first->estimate.point.step.time_s == second->estimate.point.step.time_s);
    assert_true(first->estimate.point.memory.per_chip_bytes == second->estimate.point.memory.per_chip_bytes);
    assert_true(first->estimate.ops.params_total_count == second->estimate.ops.params_total_count);
    assert_true(first->study.workload.tokens_count == second->study.workload.tokens_count);
}

static void test_round_trip__megatron(void **state) {
    static const char *const studies[] = {
        "model: gpt3-175b\ncluster: {chip: a100-sxm-80gb, chips: 1536}\n"
        "workload: {tokens: 300B, seq_len: 2048, global_batch: 1536, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 8, pp: 8, vpp: 3, micro_batch: 1, recompute: selective, zero: 1, sequence_parallel: 1}\n",
        "model: gpt3-175b\ncluster: {chip: a100-sxm-80gb, chips: 1024}\n"
        "workload: {tokens: 300B, seq_len: 2048, global_batch: 1536, dtype: fp16, grad_bytes: 2}\nstack: "
        "megatron-2022\n"
        "plan: {tp: 8, pp: 16, vpp: 1, micro_batch: 1, recompute: full, zero: 0, rank_order: tp-cp-ep-pp-dp}\n",
        "model: gpt3-175b\ncluster: {chip: h100-sxm, chips: 512}\n"
        "workload: {tokens: 2048M, seq_len: 2048, global_batch: 512, dtype: fp8}\nstack: megatron-core\n"
        "plan: {tp: 4, pp: 8, vpp: 2, micro_batch: 2, recompute: full, recompute_layers: 6, zero: 3, zero_group: 8}\n",
        "model: llama3-70b\ncluster: {chip: h100-sxm, chips: 512}\n"
        "workload: {tokens: 8192G, seq_len: 8192, global_batch: 1024, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 4, pp: 4, vpp: 5, cp: 2, micro_batch: 1, recompute: none, zero: 2, sequence_parallel: 1}\n",
        "model: llama3-70b\ncluster: {chip: b200-hgx, chips: 64}\n"
        "workload: {tokens: 8192G, seq_len: 8192, global_batch: 128, dtype: mxfp8}\nstack: torchtitan\n"
        "plan: {tp: 2, pp: 1, vpp: 1, cp: 1, micro_batch: 1, recompute: full, zero: 3, sequence_parallel: 0}\n",
        "model: llama3-70b\ncluster: {chip: h100-sxm, chips: 128}\n"
        "workload: {tokens: 8192G, seq_len: 8192, global_batch: 128, dtype: bf16, optimizer_bytes: 4, grad_bytes: 2}\n"
        "stack: {base: megatron-core, dropout: true, fused_loss: false, cuda_graphs: true, flash_attention: true}\n"
        "plan: {tp: 8, pp: 4, vpp: 1, micro_batch: 1, recompute: full, zero: 1}\n",
        "model: mixtral-8x7b\ncluster: {chip: h100-sxm, chips: 128}\n"
        "workload: {tokens: 4096G, seq_len: 4096, global_batch: 256, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 2, pp: 4, vpp: 8, ep: 8, etp: 1, micro_batch: 1, recompute: none, zero: 1, sequence_parallel: 1}\n",
        "model: mixtral-8x7b\ncluster: {chip: h100-sxm, chips: 128}\n"
        "workload: {tokens: 4096G, seq_len: 4096, global_batch: 256, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 2, pp: 4, ep: 2, etp: 2, micro_batch: 1, recompute: none, zero: 1, sequence_parallel: 1}\n",
        "model: deepseek-v3\ncluster: {chip: h100-sxm, chips: 2048}\n"
        "workload: {tokens: 4096G, seq_len: 4096, global_batch: 15360, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 1, pp: 16, vpp: 2, ep: 64, micro_batch: 1, recompute: full, zero: 1}\n",
        "model: qwen3-30b-a3b\ncluster: {chip: h100-sxm, chips: 64}\n"
        "workload: {tokens: 4096G, seq_len: 4096, global_batch: 256, dtype: bf16}\nstack: megatron-core\n"
        "plan: {tp: 1, pp: 2, ep: 8, micro_batch: 1, recompute: full, zero: 1}\n"};
    chain_desk *desk = *state;
    for (size_t i = 0; i < COUNT_OF(studies); i++) {
        answer *first = fc_arena_alloc(desk->arena, sizeof *first);
        answer *second = fc_arena_alloc(desk->arena, sizeof *second);
        fc_text script = fc_text_start(desk->arena);
        (void)read_first(desk, first, "first.yaml", studies[i]);
        fc_write_plan_megatron(&script, &first->study, &first->estimate.point.plan);
        assert_false(script.failed);
        read_back(desk, second, script.bytes, NULL);
        assert_same(first, second);
    }
}

/* Calculon knows nothing but GPT, all or no overlap, and ZeRO 1: within that a plan comes back whole. */
static void test_round_trip__calculon(void **state) {
    static const char *const studies[] = {
        "plan: {tp: 8, pp: 8, vpp: 3, cp: 1, micro_batch: 1, recompute: selective, zero: 1, sequence_parallel: 1, "
        "rank_order: tp-cp-ep-pp-dp}\n",
        "plan: {tp: 8, pp: 16, vpp: 1, cp: 1, micro_batch: 2, recompute: full, zero: 0, sequence_parallel: 0, "
        "rank_order: "
        "tp-cp-ep-pp-dp}\n",
        "plan: {tp: 4, pp: 32, vpp: 1, cp: 1, micro_batch: 1, recompute: full, zero: 1, sequence_parallel: 1, "
        "rank_order: "
        "tp-cp-ep-pp-dp}\n"};
    chain_desk *desk = *state;
    for (size_t i = 0; i < COUNT_OF(studies); i++) {
        answer *first = fc_arena_alloc(desk->arena, sizeof *first);
        answer *second = fc_arena_alloc(desk->arena, sizeof *second);
        fc_text json = fc_text_start(desk->arena);
        fc_text notes = fc_text_start(desk->arena);
        fc_error error = {0};
        const char *text =
            fc_arena_printf(desk->arena,
                            "model: gpt3-175b\ncluster: {chip: a100-sxm-80gb, chips: 1024}\n"
                            "workload: {tokens: 3145728000, seq_len: 2048, global_batch: 1536, dtype: fp16}\n"
                            "stack: {base: megatron-2022, tp_overlap: 0, dp_overlap: 0}\n%s",
                            studies[i]);
        (void)read_first(desk, first, "first.yaml", text);
        assert_fine(
            fc_write_plan_calculon(&json, &notes, &first->study, &first->estimate.point.plan, FC_CALCULON_ALL, &error),
            &error);
        static const char *const sets[] = {"cluster.chip=a100-sxm-80gb"};
        chain_desk set_desk = {.arena = desk->arena, .config = config_with(desk, sets, 1)};
        const char *path = write_study(desk, "plan.json", json.bytes);
        fc_draft draft;
        fc_inputs *inputs = fc_arena_alloc(desk->arena, sizeof *inputs);
        const fc_foreign foreign = {.paths = &path, .paths_count = 1};
        assert_fine(fc_import_study(&draft, &second->study, inputs, &set_desk.config, &foreign, &error), &error);
        assert_fine(fc_estimate_study(&second->estimate, &second->study, desk->arena, &error), &error);
        assert_int_equal(unlink(path), 0);
        assert_same(first, second);
    }
}

static void test_round_trip__what_calculon_lacks_is_refused(void **state) {
    static const char *const studies[][2] = {
        {"model: mixtral-8x7b\nplan: {ep: 8}\n", "experts"},
        {"model: llama3-8b\nplan: {cp: 2}\n", "context ranks"},
        {"model: mamba2-2.7b\nplan: {tp: 1}\n", "layers without attention"},
    };
    chain_desk *desk = *state;
    for (size_t i = 0; i < COUNT_OF(studies); i++) {
        answer *first = fc_arena_alloc(desk->arena, sizeof *first);
        fc_text json = fc_text_start(desk->arena);
        fc_text notes = fc_text_start(desk->arena);
        fc_error error = {0};
        const char *text = fc_arena_printf(desk->arena,
                                           "%scluster: {chip: h100-sxm, chips: 64}\n"
                                           "workload: {tokens: 1T, seq_len: 2048, global_batch: 512, dtype: bf16}\n",
                                           studies[i][0]);
        (void)read_first(desk, first, "first.yaml", text);
        assert_int_equal(
            fc_write_plan_calculon(&json, &notes, &first->study, &first->estimate.point.plan, FC_CALCULON_ALL, &error),
            FC_BAD_INPUT);
        assert_told(&error, studies[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip__megatron),
        cmocka_unit_test(test_round_trip__calculon),
        cmocka_unit_test(test_round_trip__what_calculon_lacks_is_refused),
    };
    return cmocka_run_group_tests(tests, open_desk, close_desk);
}
