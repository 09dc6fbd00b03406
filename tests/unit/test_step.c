/* Seconds of a step: causes, limits, and what makes it faster. */
#include "chain_random.h"

static fc_status time_step(fc_step *step, const fc_study *study, fc_error *error) {
    fc_ops ops;
    fc_ops_count(&ops, &study->model, &study->workload);
    return fc_step_time(step, &ops, &study->cluster, &study->plan, &study->stack, error);
}

static fc_step step_of(const fc_study *study) {
    fc_error error = {0};
    fc_step step;
    assert_fine(time_step(&step, study, &error), &error);
    return step;
}

static fc_study checked(fc_study study) {
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

/* Nothing lost: the chip does the model's FLOP at its peak, beside flash attention's half pass more. */
static void test_step__an_ideal_chip_reaches_its_peak(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    study.stack.flash_attention = 0;
    study.workload.seq_len = 2;     /* plain attention counts the masked half, next to nothing here */
    study.plan.global_batch = 1000; /* and the optimizer's pass is next to nothing */
    fc_step step = step_of(&study);
    assert_near(step.mfu_frac, 1.0, 1e-4);
    assert_true(step.mfu_frac <= step.hfu_frac && step.hfu_frac <= 1.0);
    for (int cause = FC_STEP_TENSOR; cause <= FC_STEP_DATA; ++cause) {
        assert_true(step.cause_s[cause] == 0.0);
    }
    assert_true(step.cause_s[FC_STEP_LAUNCH] == 0.0 && step.cause_s[FC_STEP_RECOMPUTE] == 0.0);
    assert_near(step.model_flop, step.mfu_frac * step.time_s * 1e15, 1e-12);
}

static void test_step__flash_attention_looks_twice(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    fc_ops ops;
    fc_ops_count(&ops, &study.model, &study.workload);
    fc_step step = step_of(&study);
    double core = 0;
    for (uint32_t i = 0; i < ops.ops_count; ++i) {
        core += ops.ops[i].op_class == FC_OP_ATTENTION ? ops.ops[i].instances * ops.ops[i].flop_per_token : 0;
    }
    assert_near(step.hardware_flop - step.model_flop, 0.5 * core * step.tokens_per_step, 1e-9);
    assert_near(step.cause_s[FC_STEP_ATTENTION], 3.5 * core * step.tokens_per_step / 1e15, 1e-9);
}

static void test_step__full_recomputation_is_one_more_forward_pass(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    fc_ops ops;
    fc_ops_count(&ops, &study.model, &study.workload);
    study.plan.recompute = FC_RECOMPUTE_FULL;
    fc_step step = step_of(&study);
    double layers = 0;
    for (uint32_t i = 0; i < ops.ops_count; ++i) {
        layers += ops.ops[i].place == FC_PLACE_LAYER ? ops.ops[i].instances * ops.ops[i].flop_per_token : 0;
    }
    assert_near(step.cause_s[FC_STEP_RECOMPUTE], layers * step.tokens_per_step / 1e15, 1e-3);
    study.plan.recompute = FC_RECOMPUTE_NONE;
    double extra = step.hardware_flop - step_of(&study).hardware_flop;
    assert_near(extra, layers * step.tokens_per_step, 1e-12);
}

/* 1F1B on an even pipeline: (p - 1)/m of the work waits, a v-th of it with v chunks (Narayanan et al. 2104.04473). */
static void test_step__the_bubble_is_narayanans(void **state) {
    (void)state;
    fc_study study = ideal_study(4);
    study.model.vocab = 1;
    for (uint32_t vpp = 1; vpp <= 2; ++vpp) {
        study.plan = plan_of(1, 4, 1, 1, 16);
        study.plan.vpp = vpp;
        fc_study now = checked(study);
        fc_step step = step_of(&now);
        double work_s =
            step.cause_s[FC_STEP_MATMUL] + step.cause_s[FC_STEP_ATTENTION] + step.cause_s[FC_STEP_MEMORY_BOUND];
        assert_near(step.cause_s[FC_STEP_BUBBLE] / work_s, 3.0 / (16.0 * vpp), 1e-4);
    }
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

static fc_study slow_net_study(double chips_count) {
    fc_study study = ideal_study(chips_count);
    study.cluster.chip.scaleup_bytes_per_s = 400e9;
    study.cluster.chip.scaleout_bytes_per_s = 50e9;
    return study;
}

/* Megatron: two all-reduces a layer forward and two back, 2·(t - 1)/t of s·b·h numbers each (1909.08053). */
static void test_step__tensor_traffic_is_megatrons(void **state) {
    (void)state;
    fc_study study = slow_net_study(8);
    study.plan = plan_of(8, 1, 1, 1, 1);
    fc_study inside = checked(study);
    double bytes = 4.0 * 8.0 * 2.0 * (7.0 / 8.0) * 2048.0 * 1024.0 * 2.0; /* passes × layers × … × s × h × two bytes */
    bytes *= 34.0 / 32.0; /* and one each way at the ends: the embedding's sum, the logits' input gradient */
    assert_near(step_of(&inside).cause_s[FC_STEP_TENSOR], bytes / 400e9, 1e-9);
}

static void test_step__tensor_ranks_over_a_nodes_edge_pay_its_network(void **state) {
    (void)state;
    fc_study study = slow_net_study(16);
    study.plan = plan_of(16, 1, 1, 1, 1);
    fc_study across = checked(study);
    study.cluster.chip.scaleup_domain_count = 16;
    fc_study inside = checked(study);
    /* outside a node an eighth of the bytes at an eighth of the rate, in one ring through all */
    double all = 34.0 * 2.0 * 2048.0 * 1024.0 * 2.0;
    assert_near(step_of(&inside).cause_s[FC_STEP_TENSOR], all * (15.0 / 16.0) / 400e9, 1e-9);
    assert_near(step_of(&across).cause_s[FC_STEP_TENSOR], all * (15.0 / 16.0) / 400e9, 1e-9);
    study.cluster.chip.scaleup_domain_count = 4;
    fc_study narrow = checked(study);
    assert_near(step_of(&narrow).cause_s[FC_STEP_TENSOR], all / 4.0 * (15.0 / 16.0) / 50e9, 1e-9);
}

/* Twelve heads on six ranks: in nodes of eight every other group lies over an edge, two ranks here and four there,
 * unless two chips of each node stay idle. */
static void test_step__groups_that_do_not_fill_a_node_straddle_it(void **state) {
    (void)state;
    fc_study study = slow_net_study(24);
    study.model.heads = 12;
    study.model.hidden = 1536;
    study.plan = plan_of(6, 1, 4, 1, 4);
    fc_study full = checked(study);
    study.cluster.chips_count = 32;
    fc_study roomy = checked(study);
    double all = 34.0 * 2.0 * 2048.0 * 1536.0 * 2.0;
    assert_near(step_of(&roomy).cause_s[FC_STEP_TENSOR], all * (5.0 / 6.0) / 400e9, 1e-9);
    assert_near(step_of(&full).cause_s[FC_STEP_TENSOR], all / 2.0 * (5.0 / 6.0) / 50e9, 1e-9);
}

static fc_step replica_step(int32_t zero, uint32_t micro_batches) {
    fc_study study = slow_net_study(8);
    study.plan.zero = zero;
    study.plan.global_batch = 8 * micro_batches;
    fc_study now = checked(study);
    return step_of(&now);
}

/* Rajbhandari et al. 1910.02054: 2 volumes for stages 0 to 2, 3 for stage 3; sharded gradients move every
 * micro-batch. */
static void test_step__replica_traffic_by_zero_stage(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    fc_ops ops;
    assert_int_equal(fc_study_check(&study, NULL), FC_OK);
    fc_ops_count(&ops, &study.model, &study.workload);
    double volume_s = ops.params_total_count * (7.0 / 8.0) / 400e9;
    assert_near(replica_step(0, 4).cause_s[FC_STEP_DATA], volume_s * 8.0, 1e-9);
    assert_near(replica_step(1, 4).cause_s[FC_STEP_DATA], volume_s * (4.0 + 2.0), 1e-9);
    assert_near(replica_step(2, 4).cause_s[FC_STEP_DATA], volume_s * (4.0 * 4.0 + 2.0), 1e-9);
    assert_near(replica_step(3, 4).cause_s[FC_STEP_DATA], volume_s * 4.0 * (4.0 + 4.0), 1e-9);
    assert_near(replica_step(2, 1).cause_s[FC_STEP_DATA], volume_s * (4.0 + 2.0), 1e-9);
}

static fc_step grouped_step(uint32_t group, int32_t zero, uint32_t micro_batches) {
    fc_study study = slow_net_study(32);
    study.plan = plan_of(1, 1, 32, 1, 32 * micro_batches);
    study.plan.zero = zero;
    study.plan.zero_group = group;
    fc_study now = checked(study);
    return step_of(&now);
}

/* HSDP (2304.11277): inside a node gradients are reduce-scattered and weights gathered, an eighth of the gradients is
 * all-reduced over four nodes; that waits for the last micro-batch. A group of all ranks is no group. */
static void test_step__a_zero_group_sums_over_groups(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    fc_ops ops;
    assert_int_equal(fc_study_check(&study, NULL), FC_OK);
    fc_ops_count(&ops, &study.model, &study.workload);
    double inside_s = ops.params_total_count * (7.0 / 8.0) / 400e9;
    double across_s = ops.params_total_count / 8.0 * 4.0 * 2.0 * (3.0 / 4.0) / 50e9;
    assert_near(grouped_step(8, 1, 4).cause_s[FC_STEP_DATA], inside_s * (4.0 + 2.0) + across_s, 1e-9);
    assert_near(grouped_step(8, 3, 4).cause_s[FC_STEP_DATA], inside_s * 4.0 * (4.0 + 4.0) + across_s, 1e-9);
    assert_near(grouped_step(1, 1, 1).cause_s[FC_STEP_DATA], grouped_step(0, 0, 1).cause_s[FC_STEP_DATA], 1e-9);
    for (int32_t zero = 0; zero <= 3; ++zero) {
        fc_step all = grouped_step(32, zero, 4);
        fc_step none = grouped_step(0, zero, 4);
        assert_memory_equal(&all, &none, sizeof all);
    }
    assert_near(grouped_step(8, 1, 1).cause_s[FC_STEP_OPTIMIZER], 4.0 * grouped_step(0, 1, 1).cause_s[FC_STEP_OPTIMIZER],
                1e-9);
}

/* DualPipe: both stages of a rank have gradients to share, and the two ranks of a stage add theirs up. */
static void test_step__two_copies_of_a_stage_are_summed(void **state) {
    (void)state;
    fc_study study = slow_net_study(8);
    study.model.vocab = 1;
    study.model.position = FC_POSITION_ROPE;
    study.plan = plan_of(1, 4, 2, 1, 32);
    fc_study one = checked(study);
    study.plan.schedule = FC_PLAN_SCHEDULE_DUALPIPE;
    fc_study two = checked(study);
    fc_ops ops;
    fc_ops_count(&ops, &one.model, &one.workload);
    double stage_s = ops.params_total_count / 4.0 * 4.0 / 400e9; /* one way of fp32 gradients */
    fc_step before = step_of(&one);
    fc_step after = step_of(&two);
    assert_near(before.cause_s[FC_STEP_DATA], stage_s, 1e-2);
    assert_near(after.cause_s[FC_STEP_DATA], 2.0 * stage_s + 2.0 * stage_s, 1e-2);
    assert_near(after.cause_s[FC_STEP_OPTIMIZER], 2.0 * before.cause_s[FC_STEP_OPTIMIZER], 1e-2);
    two.plan.zero = one.plan.zero = 1;
    assert_near(step_of(&two).cause_s[FC_STEP_OPTIMIZER], step_of(&one).cause_s[FC_STEP_OPTIMIZER], 1e-2);
}

/* Nothing hides behind more work than there is: traffic of a hundred times the work takes 99 of them at least. */
static void test_step__overlap_needs_work_to_hide_behind(void **state) {
    (void)state;
    fc_study study = slow_net_study(8);
    study.plan = plan_of(8, 1, 1, 1, 1);
    fc_study slow = checked(study);
    double all_s = step_of(&slow).cause_s[FC_STEP_TENSOR];
    slow.stack.tp_overlap_frac = 1.0;
    fc_step hidden = step_of(&slow);
    slow.stack.tp_overlap_frac = 0.0;
    double work_s = step_of(&slow).time_s - all_s;
    assert_true(all_s > 2.0 * work_s);
    /* what the vocabulary's ends move is never hidden, nor what stands behind them or the optimizer */
    assert_true(hidden.cause_s[FC_STEP_TENSOR] >= all_s - work_s);
    assert_true(hidden.cause_s[FC_STEP_TENSOR] < all_s - 0.5 * work_s);
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        slow.cluster.chip.peak_flop_per_s[i] /= 1000.0; /* enough to hide behind */
    }
    slow.stack.tp_overlap_frac = 1.0;
    assert_near(step_of(&slow).cause_s[FC_STEP_TENSOR], all_s * 2.0 / 34.0, 1e-9); /* the ends' */
}

static fc_study expert_study(void) {
    fc_study study = slow_net_study(8);
    study.model.experts = 8;
    study.model.experts_per_token = 2;
    study.model.moe_ffn_hidden = 512;
    strcpy(study.model.ffn_pattern, "M");
    return study;
}

/* Dispatch and combine, forward and back: 4 × k·s·h·two bytes, 7/8 of them to other ranks; 6 with full recomputation.
 *  */
static void test_step__expert_traffic(void **state) {
    (void)state;
    fc_study study = expert_study();
    study.plan.ep = 8;
    fc_study now = checked(study);
    double once_s = 8.0 * 2.0 * 2048.0 * 1024.0 * 2.0 * (7.0 / 8.0) / 400e9;
    assert_near(step_of(&now).cause_s[FC_STEP_EXPERT], 4.0 * once_s, 1e-9);
    now.plan.recompute = FC_RECOMPUTE_FULL;
    assert_near(step_of(&now).cause_s[FC_STEP_EXPERT], 6.0 * once_s, 1e-9);
    now.stack.expert_imbalance = 1.5;
    assert_near(step_of(&now).cause_s[FC_STEP_EXPERT], 9.0 * once_s, 1e-9);
    study.plan = plan_of(2, 1, 4, 1, 4);
    study.plan.ep = 4;
    study.plan.sequence_parallel = 1;
    fc_study split = checked(study);
    assert_near(step_of(&split).cause_s[FC_STEP_EXPERT], 4.0 * once_s / 2.0 * (3.0 / 4.0) / (7.0 / 8.0), 1e-9);
}

/* Four nodes of two, four groups of experts of which a token sees one: it crosses to another node three times in four, once,
 * whatever the number of its experts; without the limit each of its copies crosses for itself. */
static void test_step__a_limited_router_crosses_once_a_node(void **state) {
    (void)state;
    fc_study study = expert_study();
    study.cluster.chip.scaleup_domain_count = 2;
    study.plan.ep = 8;
    fc_study free = checked(study);
    study.model.expert_groups = 4;
    study.model.expert_groups_per_token = 1;
    fc_study limited = checked(study);
    double token_s = 8.0 * 2048.0 * 1024.0 * 2.0 / 50e9;
    assert_near(step_of(&free).cause_s[FC_STEP_EXPERT], 4.0 * 2.0 * token_s * 6.0 / 8.0, 1e-9);
    assert_near(step_of(&limited).cause_s[FC_STEP_EXPERT], 4.0 * token_s * 3.0 / 4.0, 1e-9);
    study.model.expert_groups = 3;
    fc_error error = {0};
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT);
    assert_told(&error, "expert_groups is 3");
    study.model.expert_groups = 8;
    assert_int_equal(fc_study_check(&study, &error), FC_BAD_INPUT); /* one expert a group, and two wanted */
}

/* ---- the host's memory, optimizers ------------------------------------------------------------------------------- */

static fc_study offload_study(void) {
    fc_study study = ideal_study(1);
    study.cluster.chip.host_memory_bytes = 1e12;
    study.cluster.chip.host_link_bytes_per_s = 50e9;
    study.cluster.chip.host_memory_bytes_per_s = 100e9;
    return study;
}

/* ZeRO-Offload (2101.06840): gradients down behind the backward pass, the update at the host's bandwidth, weights up. */
static void test_step__an_offloaded_update_takes_the_hosts_time(void **state) {
    (void)state;
    fc_study study = offload_study();
    study.plan.offload_optimizer = 1;
    fc_study now = checked(study);
    fc_ops ops;
    fc_ops_count(&ops, &now.model, &now.workload);
    double n = ops.params_total_count;
    double host_s = n * (4.0 + 2.0 * (4.0 + 8.0) + 2.0) / 100e9;
    double exposed_s = step_of(&now).cause_s[FC_STEP_OPTIMIZER] - host_s - n * 2.0 / 50e9 / 8.0;
    assert_true(exposed_s >= n * 4.0 / 50e9 / 8.0 * 0.99 && exposed_s <= n * 4.0 / 50e9);
    study.cluster.chip.host_memory_bytes_per_s = 0;
    fc_study blind = checked(study);
    fc_step step;
    fc_error error = {0};
    assert_int_equal(time_step(&step, &blind, &error), FC_BAD_INPUT);
    assert_told(&error, "give cluster.chip.host_memory_bw");
    study.cluster.chip.host_link_bytes_per_s = 0;
    fc_study cut = checked(study);
    memset(&error, 0, sizeof error);
    assert_int_equal(time_step(&step, &cut, &error), FC_BAD_INPUT);
    assert_told(&error, "give cluster.chip.host_link_bw");
}

/* Twice as fast a link or memory is never slower, and a link without end leaves nothing to wait for. */
static void test_step__a_faster_host_link_is_no_slower(void **state) {
    (void)state;
    double before_s = INFINITY;
    for (double link = 1e6; link < 1e22; link *= 100) {
        fc_study study = offload_study();
        study.plan.global_batch = 64; /* so that the update is next to nothing */
        study.plan.offload_optimizer = study.plan.offload_weights = study.plan.offload_activations = 1;
        study.cluster.chip.host_link_bytes_per_s = link < 1e16 ? link : 1e16;
        study.cluster.chip.host_memory_bytes_per_s = study.cluster.chip.host_link_bytes_per_s;
        fc_study now = checked(study);
        fc_step step = step_of(&now);
        assert_true(step.time_s <= before_s);
        before_s = step.time_s;
    }
    fc_study here = ideal_study(1);
    here.plan.global_batch = 64;
    here = checked(here);
    assert_near(before_s, step_of(&here).time_s, 1e-4);
}

/* Five steps of Newton and Schulz on each matrix of the layers (2502.16982): h x 3h, h x h and twice h x 4h. */
static void test_step__muon_orthogonalises_every_matrix(void **state) {
    (void)state;
    fc_study study = ideal_study(1);
    fc_study adam = checked(study);
    study.workload.optimizer = FC_OPTIMIZER_MUON;
    study.workload.optimizer_bytes = fc_optimizer_bytes(FC_OPTIMIZER_MUON);
    fc_study muon = checked(study);
    double h = study.model.hidden;
    double flop = 8.0 * 5.0 * 2.0 * h * h * h * ((2.0 * 3.0 + 1.0) + (2.0 + 1.0) + 2.0 * (2.0 * 4.0 + 1.0));
    double more_s = step_of(&muon).cause_s[FC_STEP_OPTIMIZER] - step_of(&adam).cause_s[FC_STEP_OPTIMIZER];
    assert_near(more_s, flop / 1e15, 2e-2); /* biases ride along, and moments move at 1e18 bytes/s */
    study = ideal_study(8);
    study.workload.optimizer = FC_OPTIMIZER_MUON;
    study.workload.optimizer_bytes = fc_optimizer_bytes(FC_OPTIMIZER_MUON);
    study.plan.zero = 1;
    fc_study shared = checked(study);
    assert_near(step_of(&shared).cause_s[FC_STEP_OPTIMIZER], flop / 8.0 / 1e15, 2e-2);
}

/* The most loaded rank sets the pace: its experts' matmuls take as much longer as it has more rows. */
static void test_step__the_fullest_expert_rank_is_waited_for(void **state) {
    (void)state;
    fc_study study = expert_study();
    study.plan.ep = 8;
    fc_study now = checked(study);
    double even_s = step_of(&now).cause_s[FC_STEP_MATMUL];
    now.stack.expert_imbalance = 2.0;
    double uneven_s = step_of(&now).cause_s[FC_STEP_MATMUL];
    fc_ops ops;
    fc_ops_count(&ops, &now.model, &now.workload);
    double experts = 0;
    for (uint32_t i = 0; i < ops.ops_count; ++i) {
        experts += ops.ops[i].group_axes && ops.ops[i].op_class == FC_OP_MATMUL
                       ? 3.0 * ops.ops[i].instances * ops.ops[i].flop_per_token
                       : 0;
    }
    assert_near(uneven_s - even_s, experts * 2048.0 / 1e15, 1e-9);
}

/* Keys and values once around forward, twice back, and once more where the core is redone (2310.01889). */
static void test_step__context_traffic(void **state) {
    (void)state;
    fc_study study = slow_net_study(4);
    study.plan = plan_of(1, 1, 1, 1, 1);
    study.plan.cp = 4;
    fc_study now = checked(study);
    double once_s = 8.0 * 3.0 * (2.0 * 1024.0 * 2.0) * (2048.0 / 4.0) / 400e9;
    assert_near(step_of(&now).cause_s[FC_STEP_CONTEXT], 3.0 * once_s, 1e-9);
    now.plan.recompute = FC_RECOMPUTE_SELECTIVE;
    assert_near(step_of(&now).cause_s[FC_STEP_CONTEXT], 4.0 * once_s, 1e-9);
}

/* ---- any study -------------------------------------------------------------------------------------------------- */

static void assert_sound(const fc_step *step) {
    double sum_s = 0;
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        assert_true(step->cause_s[i] >= 0 && isfinite(step->cause_s[i]));
        sum_s += step->cause_s[i];
    }
    assert_true(sum_s == step->time_s);
    assert_true(isfinite(step->time_s) && step->time_s > 0);
    assert_true(0 < step->mfu_frac && step->mfu_frac <= step->hfu_frac && step->hfu_frac <= 1.0);
    assert_true(step->mixed_peak_flop_per_s_per_chip > 0 && isfinite(step->mixed_peak_flop_per_s_per_chip));
    assert_true(step->tokens_per_s > 0 && isfinite(step->tokens_per_s));
}

static void test_step__any_study_gives_a_sound_step_or_a_sentence(void **state) {
    (void)state;
    dice d = {.seed = 7};
    uint32_t timed = 0;
    for (int i = 0; i < 20000; ++i) {
        fc_study study = random_study(&d);
        fc_step step;
        fc_error error = {0};
        fc_status status = time_step(&step, &study, &error);
        if (status == FC_OK) {
            assert_sound(&step);
            timed += 1;
        } else {
            assert_int_equal(status, FC_BAD_INPUT);
            assert_told(&error, "check chip.peak_");
        }
    }
    assert_true(timed > 15000);
}

/* Whole studies faster than the sum of roundings can tell; with a pipeline, than its closed form can, which is only that
 * near to the schedule event by event. */
static void assert_no_slower(const fc_study *changed, double before_s) {
    fc_step step;
    double room_frac = changed->plan.pp > 1 ? 1e-2 : 1e-9;
    if (time_step(&step, changed, NULL) == FC_OK && step.time_s > before_s * (1.0 + room_frac)) {
        fail_msg("%.17g s are more than %.17g", step.time_s, before_s);
    }
}

static double toward_one(double frac) { return frac + 0.5 * (1.0 - frac); }

static void test_step__better_machines_are_no_slower(void **state) {
    (void)state;
    dice d = {.seed = 13};
    for (int i = 0; i < 20000; ++i) {
        fc_study study = random_study(&d);
        fc_step step;
        if (time_step(&step, &study, NULL) != FC_OK) {
            continue;
        }
        fc_study better = study;
        for (int dtype = 0; dtype < FC_DTYPE_COUNT; ++dtype) {
            better.cluster.chip.peak_flop_per_s[dtype] *= 2;
        }
        assert_no_slower(&better, step.time_s);
        better = study;
        better.cluster.chip.memory_bytes_per_s *= 2;
        assert_no_slower(&better, step.time_s);
        better = study;
        better.cluster.chip.launch_s /= 2;
        assert_no_slower(&better, step.time_s);
        better = study;
        for (uint32_t tier = 0; tier < better.cluster.tiers_count; ++tier) {
            better.cluster.tiers[tier].bytes_per_s *= 2;
            better.cluster.tiers[tier].link_bytes_per_s *= 2;
            better.cluster.tiers[tier].latency_s /= 2;
        }
        assert_no_slower(&better, step.time_s);
        better = study;
        better.stack.tp_overlap_frac = toward_one(study.stack.tp_overlap_frac);
        assert_no_slower(&better, step.time_s);
        better.stack.dp_overlap_frac = toward_one(study.stack.dp_overlap_frac);
        better.stack.ep_overlap_frac = toward_one(study.stack.ep_overlap_frac);
        better.stack.cp_overlap_frac = toward_one(study.stack.cp_overlap_frac);
        better.stack.pp_overlap_frac = toward_one(study.stack.pp_overlap_frac);
        better.stack.expert_imbalance = 1;
        better.stack.straggler_frac /= 2;
        assert_no_slower(&better, step.time_s);
    }
}

/* ---- scaling and facts ------------------------------------------------------------------------------------------ */

static void test_step__scaling_keeps_shares_and_stops_at_hfu_one(void **state) {
    (void)state;
    fc_study study = slow_net_study(8);
    study.plan = plan_of(8, 1, 1, 1, 1);
    fc_study now = checked(study);
    fc_step before = step_of(&now);
    fc_step twice = before;
    fc_step_scale(&twice, 2.0);
    assert_near(twice.time_s, 2.0 * before.time_s, 1e-12);
    assert_near(twice.mfu_frac, before.mfu_frac / 2.0, 1e-12);
    assert_near(twice.cause_s[FC_STEP_TENSOR] / twice.time_s, before.cause_s[FC_STEP_TENSOR] / before.time_s, 1e-12);
    fc_step fastest = before;
    fc_step_scale(&fastest, 1e-6);
    assert_near(fastest.hfu_frac, 1.0, 1e-12);
    assert_true(fastest.mfu_frac <= fastest.hfu_frac);
}

static void test_step__a_missing_fact_is_named(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    fc_step step;
    fc_error error = {0};
    fc_study lacking = study;
    lacking.cluster.chip.peak_flop_per_s[FC_DTYPE_BF16] = 0;
    assert_int_equal(time_step(&step, &lacking, &error), FC_BAD_INPUT);
    assert_told(&error, "peak_bf16");
    lacking = study;
    lacking.cluster.chip.matmul[FC_DTYPE_BF16].eff_frac = 0;
    error = (fc_error){0};
    assert_int_equal(time_step(&step, &lacking, &error), FC_BAD_INPUT);
    assert_told(&error, "matmul_eff_bf16");
    lacking = study;
    lacking.cluster.chip.attention_eff_frac = 0;
    error = (fc_error){0};
    assert_int_equal(time_step(&step, &lacking, &error), FC_BAD_INPUT);
    assert_told(&error, "attention_eff");
    lacking = study;
    lacking.cluster.chip.memory_bytes_per_s = 0;
    error = (fc_error){0};
    assert_int_equal(time_step(&step, &lacking, &error), FC_BAD_INPUT);
    assert_told(&error, "memory_bw");
}

/* Layers in FP8, the rest in BF16 at half the rate: Σflop / Σ(flop/peak) lies between the two. */
static void test_step__mixed_peak_lies_between(void **state) {
    (void)state;
    fc_study study = checked(ideal_study(1));
    study.cluster.chip.peak_flop_per_s[FC_DTYPE_FP8] = 2e15;
    study.workload.dtype = FC_DTYPE_FP8;
    fc_step step = step_of(&study);
    assert_near(step.peak_flop_per_s_per_chip, 2e15, 0);
    assert_true(step.mixed_peak_flop_per_s_per_chip > 1e15 && step.mixed_peak_flop_per_s_per_chip < 2e15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step__an_ideal_chip_reaches_its_peak),
        cmocka_unit_test(test_step__flash_attention_looks_twice),
        cmocka_unit_test(test_step__full_recomputation_is_one_more_forward_pass),
        cmocka_unit_test(test_step__the_bubble_is_narayanans),
        cmocka_unit_test(test_step__tensor_traffic_is_megatrons),
        cmocka_unit_test(test_step__tensor_ranks_over_a_nodes_edge_pay_its_network),
        cmocka_unit_test(test_step__groups_that_do_not_fill_a_node_straddle_it),
        cmocka_unit_test(test_step__replica_traffic_by_zero_stage),
        cmocka_unit_test(test_step__a_zero_group_sums_over_groups),
        cmocka_unit_test(test_step__two_copies_of_a_stage_are_summed),
        cmocka_unit_test(test_step__overlap_needs_work_to_hide_behind),
        cmocka_unit_test(test_step__expert_traffic),
        cmocka_unit_test(test_step__a_limited_router_crosses_once_a_node),
        cmocka_unit_test(test_step__an_offloaded_update_takes_the_hosts_time),
        cmocka_unit_test(test_step__a_faster_host_link_is_no_slower),
        cmocka_unit_test(test_step__muon_orthogonalises_every_matrix),
        cmocka_unit_test(test_step__the_fullest_expert_rank_is_waited_for),
        cmocka_unit_test(test_step__context_traffic),
        cmocka_unit_test(test_step__any_study_gives_a_sound_step_or_a_sentence),
        cmocka_unit_test(test_step__better_machines_are_no_slower),
        cmocka_unit_test(test_step__scaling_keeps_shares_and_stops_at_hfu_one),
        cmocka_unit_test(test_step__a_missing_fact_is_named),
        cmocka_unit_test(test_step__mixed_peak_lies_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
