/* Tables of published runs into rows: columns in any order, blanks filled, broken lines told, and nothing refused but
 * what cannot be read at all. */
#include "runs_helpers.h"

static void test_runs__a_row_is_ready_for_the_chain(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(desk, RUNS_HEADING "korthikanti," RUNS_175B);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.faults_count, 0);
    const fc_run_row *row = &table.rows[0];
    const fc_study *study = &row->study;
    assert_string_equal(row->reason, "");
    assert_string_equal(row->id, "korthikanti");
    assert_string_equal(row->group, "no group");
    assert_int_equal(row->line, 2);
    assert_near(row->measured_s, 18.13, 1e-15);
    assert_true(row->plan_given && row->plan_complete);
    assert_false(row->stack_assumed || row->vocab_assumed || row->batch_assumed);
    assert_string_equal(study->cluster.chip.name, "a100-sxm-80gb");
    assert_true(study->cluster.chips_count == 64);
    assert_int_equal(study->model.layers_count, 96);
    assert_int_equal(study->workload.dtype, FC_DTYPE_FP16);
    assert_int_equal(study->plan.tp, 8);
    assert_int_equal(study->plan.vpp, 3);
    assert_int_equal(study->plan.zero, 0);
    assert_int_equal(study->plan.recompute, FC_RECOMPUTE_FULL);
    assert_int_equal(study->plan.sequence_parallel, 0); /* that stack had it with selective recomputation only */
    assert_true(study->step_time_factor == 1.0);
    double seconds = 0;
    fc_error error = {0};
    assert_fine(fc_runs_predict(&seconds, row, &error), &error);
    assert_true(seconds > 10 && seconds < 30);
}

static void test_runs__columns_stand_in_any_order(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(desk, "measured_value,tp,notes,chip,pp,measured_metric,model_name,id,chips,extra\n"
                                         "1000,2,,h100-sxm,1,tokens_per_s_per_chip,llama3 8B,x,16,ignored\n");
    const fc_run_row *row = &table.rows[0];
    assert_string_equal(row->reason, "");
    assert_string_equal(row->study.model.name, "llama3-8b");
    assert_int_equal(row->study.workload.seq_len, 8192); /* the catalogue's */
    assert_int_equal(row->study.plan.dp, 8);             /* chips / (tp·pp·cp) */
    assert_true(row->stack_assumed);
    assert_string_equal(row->study.stack.name, "megatron-core");
    assert_int_equal(row->study.plan.recompute, FC_RECOMPUTE_NONE);
    assert_true(row->plan_given);
    assert_false(row->plan_complete);
    assert_true(row->batch_assumed);
    assert_string_equal(table.unused, "extra");
}

static void test_runs__broken_lines_are_told_and_skipped(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(desk, RUNS_HEADING "first," RUNS_175B "short,A100,64\n"
                                                      "quote,\"never closed,64\n"
                                                      "second," RUNS_175B "third,x\"y,64\n"
                                                      "\n"
                                                      "last," RUNS_175B);
    assert_int_equal(table.count, 3);
    assert_string_equal(table.rows[0].id, "first");
    assert_string_equal(table.rows[1].id, "second");
    assert_int_equal(table.rows[1].line, 5);
    assert_string_equal(table.rows[2].id, "last");
    assert_int_equal(table.rows[2].line, 8);
    assert_int_equal(table.faults_count, 3);
    assert_non_null(strstr(table.faults->text, ":3: 3 cells where the heading has 26"));
    assert_non_null(
        strstr(table.faults->next->text, ":4: 1 whole cells where the heading has 26: in line 6 text follows"));
    assert_non_null(strstr(table.faults->next->next->text,
                           ":6: 1 whole cells where the heading has 26: in line 6 a quote stands inside a cell"));
}

static void test_runs__a_quoted_cell_may_hold_lines(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(desk, "id,notes,chip,measured_metric,measured_value\n"
                                         "a,\"two\nlines, \"\"quoted\"\"\",h100,x,1\n"
                                         "b,,h100,x,1\n");
    assert_int_equal(table.count, 2);
    assert_int_equal(table.rows[1].line, 4);
}

static void test_runs__what_is_no_table_is_refused(void **state) {
    chain_desk *desk = *state;
    static const struct {
        const char *text;
        fc_status status;
        const char *told;
    } cases[] = {
        {"", FC_BAD_INPUT, "the table is empty"},
        {"id,chip,measured_metric\n", FC_BAD_INPUT, "the column \"measured_value\" is missing"},
        {"id,chip,measured_metric,measured_value,id\n", FC_BAD_INPUT, "stands twice"},
        {"id,chip,measured_metric,measured_value\n", FC_BAD_INPUT, "no row in this table"},
        {"id,chip,measured_metric,measured_value\na,b\n", FC_BAD_INPUT, "2 cells where the heading has 4"},
        {"id,\"chip\n", FC_BAD_INPUT, "never closes"},
        {"id,chip,measured_metric,measured_value\na,\"b,c,d\n", FC_BAD_INPUT,
         ":2: 1 whole cells where the heading has 4"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        fc_run_table table;
        fc_error error = {0};
        assert_int_equal(read_runs_text(&table, desk, cases[i].text, &error), cases[i].status);
        assert_told(&error, cases[i].told);
    }
}

static void test_runs__lines_without_end_are_given_up(void **state) {
    chain_desk *desk = *state;
    enum { LINES = 200 };
    fc_text text = fc_text_start(desk->arena);
    fc_text_add(&text, "id,chip,measured_metric,measured_value\n");
    for (int i = 0; i < LINES; ++i) {
        fc_text_add(&text, "a,b\"c,d,1\n");
    }
    fc_run_table table;
    fc_error error = {0};
    assert_int_equal(read_runs_text(&table, desk, text.bytes, &error), FC_OVER_LIMIT);
    assert_told(&error, "is this a table of runs?");
}

static void test_runs__names_that_nobody_knows(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(
        desk, RUNS_HEADING
        "chip,Cray_1,64,fp16,GPT 175B,96,12288,96,49152,gelu,51200,2048,mha,8,8,3,1,1,1,0,64,1,full,iter_time_s,1,\n"
        "model,H100,8,bf16,Nobody 7B,,,,,,,2048,,1,1,1,1,1,8,0,64,1,full,iter_time_s,1,\n"
        "stack,H100,8,bf16,llama2-7b,,,,,,,,,1,1,1,1,1,8,0,64,1,full,iter_time_s,1,homegrown\n"
        "latent,H100,8,bf16,Nobody 7B,32,4096,32,11008,swiglu,32000,2048,mla,1,1,1,1,1,8,0,64,1,full,iter_time_s,1,\n");
    assert_non_null(strstr(table.rows[0].reason, "no chip called \"Cray_1\""));
    assert_non_null(strstr(table.rows[1].reason, "layers is not in the row"));
    assert_string_equal(table.rows[2].reason, "");
    assert_true(table.rows[2].stack_assumed);
    assert_non_null(strstr(table.rows[3].reason, "latent attention"));
}

static void test_runs__cells_that_mean_nothing_count_as_blank(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(
        desk, RUNS_HEADING "odd,A100,64,posit,GPT 175B,96,12288,96.0,4.9152e4,gelu,many,2048,mha,8,8,3,1,1,-1,Zorro,64,"
                           "1.5,sometimes,iter_time_s,18.13,megatron-2022\n");
    const fc_run_row *row = &table.rows[0];
    assert_string_equal(row->reason, "");
    assert_int_equal(row->study.model.heads, 96);
    assert_int_equal(row->study.model.ffn_hidden, 49152);
    assert_int_equal(row->study.workload.dtype, FC_DTYPE_BF16);
    assert_int_equal(row->study.plan.dp, 1);
    assert_int_equal(row->study.plan.micro_batch, 0);
    assert_int_equal(row->study.plan.recompute, FC_RECOMPUTE_AUTO);
    assert_false(row->plan_complete);
    static const char *const told[] = {"dtype \"posit\"",     "vocab \"many\"",
                                       "dp \"-1\"",           "zero_stage_or_fsdp \"Zorro\"",
                                       "micro_batch \"1.5\"", "recompute \"sometimes\""};
    for (size_t i = 0; i < COUNT_OF(told); ++i) {
        if (strstr(row->not_understood, told[i]) == NULL) {
            fail_msg("\"%s\" does not list %s", row->not_understood, told[i]);
        }
    }
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void test_runs__own_columns_come_before_the_catalogue(void **state) {
    chain_desk *desk = *state;
    fc_run_table table =
        read_runs(desk, RUNS_HEADING
                  "cut,H100,8,bf16,llama3-8b,4,,,,,,,,1,1,1,1,1,8,0,64,1,full,iter_time_s,1,megatron-core\n"
                  "latent,H800,64,bf16,DeepSeek V3,61,7168,128,18432,swiglu,129280,4096,mla,1,1,1,1,64,64,1,64,1,full,"
                  "iter_time_s,1,deepseek-hai\n"
                  "other,H100,8,bf16,GPT-2 2B,24,1920,20,7680,gelu,,1024,mha,1,1,1,1,1,8,0,64,1,full,iter_time_s,1,\n");
    const fc_model *cut = &table.rows[0].study.model;
    assert_int_equal(cut->layers_count, 4);
    assert_int_equal(cut->hidden, 4096);
    assert_int_equal(cut->kv_heads, 8);
    assert_int_equal(cut->vocab, 128256);
    const fc_model *latent = &table.rows[1].study.model;
    assert_string_equal(table.rows[1].reason, "");
    assert_int_equal(latent->attention, FC_ATTENTION_MLA);
    assert_int_equal(latent->kv_lora_rank, 512);
    assert_int_equal(latent->dense_layers, 3);
    assert_int_equal(latent->experts, 256);
    const fc_run_row *other = &table.rows[2]; /* "GPT 22B" is another model */
    assert_string_equal(other->reason, "");
    assert_int_equal(other->study.model.head_dim, 96);
    assert_true(other->vocab_assumed);
    assert_int_equal(other->study.model.vocab, 50304);
}

static void test_runs__experts_from_columns_alone(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(
        desk, "id,chip,chips,model_name,layers,hidden,heads,kv_heads,ffn_type,vocab,seq_len,attention,experts,"
              "experts_per_token,moe_ffn_hidden,shared_experts,tp,pp,ep,global_batch_sequences,measured_metric,"
              "measured_value\n"
              "moe,H100,16,Nobody MoE,16,2048,16,4,swiglu,50000,4096,gqa,64,6,1408,2,1,1,8,128,mfu_pct,30\n");
    const fc_run_row *row = &table.rows[0];
    const fc_model *model = &row->study.model;
    assert_string_equal(row->reason, "");
    assert_int_equal(model->experts, 64);
    assert_int_equal(model->shared_experts, 2);
    assert_int_equal(model->moe_ffn_hidden, 1408);
    assert_int_equal(model->kv_heads, 4);
    assert_int_equal(fc_model_layer_mix(model).block_count[FC_BLOCK_MOE], 16);
    assert_int_equal(row->study.plan.ep, 8);
    assert_int_equal(row->study.plan.dp, 16);
}

/* ---- plans ------------------------------------------------------------------------------------------------------ */

/* 256 chips are 512 NeuronCores; a rank of the chain is a chip. */
static void test_runs__plans_counted_in_cores(void **state) {
    chain_desk *desk = *state;
    fc_run_table table =
        read_runs(desk, RUNS_HEADING
                  "cores,Trainium1,256,bf16,Llama2-7B,,,,,,,4096,,8,1,,1,1,64,,1024,1,,samples_per_s,101.3,neuronx\n"
                  "open,Trainium1,256,bf16,Llama2-7B,,,,,,,4096,,8,1,,1,1,,,1024,1,,samples_per_s,101.3,neuronx\n"
                  "replicas,Trainium1,4,bf16,Llama2-7B,,,,,,,4096,,1,1,,1,1,8,,64,1,,samples_per_s,1,neuronx\n"
                  "chips,Trainium1,256,bf16,Llama2-7B,,,,,,,4096,,8,1,,1,1,32,,1024,1,,samples_per_s,101.3,neuronx\n");
    assert_int_equal(table.rows[0].study.plan.tp, 4);
    assert_int_equal(table.rows[0].study.plan.dp, 64);
    assert_near(table.rows[0].measured_s, 1024 / 101.3, 1e-15);
    assert_int_equal(table.rows[1].study.plan.tp, 4);
    assert_int_equal(table.rows[1].study.plan.dp, 64);
    assert_int_equal(table.rows[2].study.plan.tp, 1);
    assert_int_equal(table.rows[2].study.plan.dp, 4);
    assert_int_equal(table.rows[2].study.plan.micro_batch, 2);
    assert_int_equal(table.rows[3].study.plan.tp, 8); /* 8 x 32 chips: counted in chips as it is */
}

static void test_runs__maxtext_counts_its_batch_per_chip(void **state) {
    chain_desk *desk = *state;
    fc_run_table table =
        read_runs(desk, RUNS_HEADING
                  "tpu,TPU_v5p,64,bf16,Nobody 32B,36,8192,32,32768,relu (non-gated),32000,2048,mha,4,1,,1,1,16,"
                  "\"FSDP within slice (16-way), data parallel x1 over DCN\",512,8,"
                  "selective (remat_policy=minimal),tflops_per_chip,328,maxtext\n");
    const fc_run_row *row = &table.rows[0];
    assert_string_equal(row->reason, "");
    assert_int_equal(row->study.plan.micro_batch, 32);
    assert_int_equal(row->study.plan.zero, 3);
    assert_int_equal(row->shard_group, 16);
    assert_true(row->plan_complete);
}

/* 126 layers in 128 chunks: embedding and head are chunks of their own. */
static void test_runs__embedding_and_head_count_as_layers(void **state) {
    chain_desk *desk = *state;
    fc_run_table table =
        read_runs(desk, RUNS_HEADING "ends,GB200_NVL72,256,mxfp8,llama3-405b,,,,,,,8192,,4,16,8,1,1,4,,"
                                     "256,1,none,tokens_per_s_per_chip,1000,megatron-core\n");
    fc_plan plan;
    fc_error error = {0};
    assert_string_equal(table.rows[0].reason, "");
    assert_fine(fc_runs_choose(&plan, &table.rows[0], &error), &error);
    assert_int_equal(plan.vpp, 8);
}

static void test_runs__an_uneven_batch_is_rounded(void **state) {
    chain_desk *desk = *state;
    fc_run_table table =
        read_runs(desk, RUNS_HEADING "uneven,H100,8,bf16,llama2-7b,,,,,,,,,1,1,1,1,1,8,FSDP,100,8,none,"
                                     "iter_time_s,10,llm-foundry\n");
    const fc_run_row *row = &table.rows[0];
    assert_string_equal(row->reason, "");
    assert_int_equal(row->study.plan.global_batch, 128);
    assert_true(row->batch_sequences == 100);
    assert_near(row->measured_s, 12.8, 1e-15);
}

static void test_runs__a_plan_that_contradicts_itself_has_a_reason(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(
        desk, RUNS_HEADING "chips,H100,8,bf16,llama2-7b,,,,,,,,,8,8,1,1,1,8,0,64,1,none,iter_time_s,10,megatron-core\n"
                           "heads,H100,7,bf16,llama2-7b,,,,,,,,,7,1,1,1,1,1,0,64,1,none,iter_time_s,10,megatron-core\n"
                           "none,H100,,bf16,llama2-7b,,,,,,,,,,,,,,,,64,1,none,iter_time_s,10,megatron-core\n");
    assert_non_null(strstr(table.rows[0].reason, "the cluster has 8"));
    assert_non_null(strstr(table.rows[1].reason, "does not divide the 32 heads"));
    assert_non_null(strstr(table.rows[2].reason, "chips is not in the row"));
    assert_true(table.rows[0].plan_given);
    assert_false(table.rows[2].plan_given);
}

/* ---- figures ---------------------------------------------------------------------------------------------------- */

#define FIGURES                                                                                                        \
    "id,chip,chips,model_name,tp,pp,global_batch_sequences,tokens_total,measured_metric,measured_value,secondary_"     \
    "metrics\n"

static void test_runs__a_time_or_throughput_is_preferred(void **state) {
    chain_desk *desk = *state;
    fc_run_table table = read_runs(
        desk, FIGURES "a,H100,8,llama2-7b,1,1,64,,mfu_pct,40,hfu_pct=50;iter_time_s=2.5\n"
                      "b,H100,8,llama2-7b,1,1,64,1e9,minutes,100,runs=3;tokens_per_s_total=65536;train_step_time_s=3\n"
                      "c,H100,8,llama2-7b,1,1,64,,tflops_per_chip,400,tokens_per_s_per_chip=4096.0(derived);peak=989\n"
                      "d,H100,8,llama2-7b,1,1,64,,iter_time_s,7,tokens_per_s_total=1\n"
                      "e,H100,8,llama2-7b,1,1,64,,mfu_pct,40,mfu_peak=1000;iter_time_s=abc;;=;tokens_per_s_total=-4\n");
    assert_near(table.rows[0].measured_s, 2.5, 1e-15);
    assert_string_equal(table.rows[0].scored_on, "iter_time_s");
    assert_near(table.rows[1].measured_s, 3.0, 1e-15);
    assert_near(table.rows[2].measured_s, 64 * 4096.0 / (4096.0 * 8), 1e-15);
    assert_near(table.rows[3].measured_s, 7.0, 1e-15);
    assert_string_equal(table.rows[4].scored_on, "mfu_pct");
    assert_near(table.rows[4].peak_flop_per_s, 1e15, 1e-15);
    assert_near(table.rows[4].value, 0.4, 1e-15);
}

static void test_runs__figures_of_other_work_have_a_reason(void **state) {
    chain_desk *desk = *state;
    static const char *const told[] = {"LoRA",          "reinforcement", "reinforcement",
                                       "interruptions", "tokens_total",  "measured_value"};
    fc_run_table table = read_runs(desk, FIGURES "a,H100,8,Llama2-70B LoRA fine-tuning,1,1,64,,minutes,40,\n"
                                                 "b,H100,8,llama2-7b,1,1,64,,rl_step_time_s,40,\n"
                                                 "c,H100,8,Qwen3-235B GRPO,1,1,64,,iter_time_s,40,\n"
                                                 "d,H100,8,llama2-7b,1,1,64,,interruptions_54d,40,\n"
                                                 "e,H100,8,llama2-7b,1,1,64,,training_days,40,\n"
                                                 "f,H100,8,llama2-7b,1,1,64,,iter_time_s,fast,\n");
    for (size_t i = 0; i < COUNT_OF(told); ++i) {
        if (strstr(table.rows[i].reason, told[i]) == NULL) {
            fail_msg("row %zu: \"%s\" does not say %s", i, table.rows[i].reason, told[i]);
        }
    }
}

/* ---- --set ------------------------------------------------------------------------------------------------------ */

static void test_runs__settings_apply_to_every_row(void **state) {
    chain_desk *desk = *state;
    static const char *const good[] = {"stack.tp_overlap=0.125", "cluster.chip.memory_eff=0.5"};
    static const char *const bad[] = {"plan.tp=4"};
    desk->config.sets = good;
    desk->config.sets_count = 2;
    fc_run_table table = read_runs(desk, RUNS_HEADING "a," RUNS_175B "b," RUNS_175B);
    assert_true(table.rows[1].study.stack.tp_overlap_frac == 0.125);
    assert_true(table.rows[1].study.cluster.chip.memory_eff_frac == 0.5);
    desk->config.sets = bad;
    desk->config.sets_count = 1;
    fc_error error = {0};
    assert_int_equal(read_runs_text(&table, desk, RUNS_HEADING "a," RUNS_175B, &error), FC_USAGE);
    assert_told(&error, "\"plan.tp\" is given by each row");
    desk->config.sets_count = 0;
}

/* ---- the project's own table ------------------------------------------------------------------------------------ */

static void test_runs__the_published_table_holds(void **state) {
    chain_desk *desk = *state;
    fc_run_table table;
    fc_run_report report;
    fc_error error = {0};
    const char *path = NULL;
    assert_fine(fc_runs_own_path(&path, &desk->config, &error), &error);
    assert_fine(fc_runs_read(&table, &desk->config, &path, 1, &error), &error);
    assert_int_equal(table.faults_count, 0);
    for (size_t i = 0; i < table.count; ++i) {
        if (table.rows[i].source[0] == '\0' || table.rows[i].id[0] == '\0') {
            fail_msg("line %d has no source", table.rows[i].line);
        }
        if (table.rows[i].not_understood[0] != '\0') {
            fail_msg("%s: %s", table.rows[i].id, table.rows[i].not_understood);
        }
    }
    assert_fine(fc_runs_score(&report, table.rows, table.count, desk->arena, &error), &error);
    assert_true(report.with_plan_count > 500);
    assert_true((double)report.with_plan_predicted_count >= 0.9 * (double)report.with_plan_count);
    for (size_t i = 0; i < report.scores_count; ++i) {
        const fc_run_score *score = &report.scores[i];
        assert_true(score->predicted ? score->predicted_s > 0 && score->reason[0] == '\0' : score->reason[0] != '\0');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs__a_row_is_ready_for_the_chain),
        cmocka_unit_test(test_runs__columns_stand_in_any_order),
        cmocka_unit_test(test_runs__broken_lines_are_told_and_skipped),
        cmocka_unit_test(test_runs__a_quoted_cell_may_hold_lines),
        cmocka_unit_test(test_runs__what_is_no_table_is_refused),
        cmocka_unit_test(test_runs__lines_without_end_are_given_up),
        cmocka_unit_test(test_runs__names_that_nobody_knows),
        cmocka_unit_test(test_runs__cells_that_mean_nothing_count_as_blank),
        cmocka_unit_test(test_runs__own_columns_come_before_the_catalogue),
        cmocka_unit_test(test_runs__experts_from_columns_alone),
        cmocka_unit_test(test_runs__plans_counted_in_cores),
        cmocka_unit_test(test_runs__maxtext_counts_its_batch_per_chip),
        cmocka_unit_test(test_runs__embedding_and_head_count_as_layers),
        cmocka_unit_test(test_runs__an_uneven_batch_is_rounded),
        cmocka_unit_test(test_runs__a_plan_that_contradicts_itself_has_a_reason),
        cmocka_unit_test(test_runs__a_time_or_throughput_is_preferred),
        cmocka_unit_test(test_runs__figures_of_other_work_have_a_reason),
        cmocka_unit_test(test_runs__settings_apply_to_every_row),
        cmocka_unit_test(test_runs__the_published_table_holds),
    };
    return cmocka_run_group_tests_name("runs", tests, open_desk, close_desk);
}
