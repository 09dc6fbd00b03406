/* chain_random.h: seeded random studies with complete plans: small, but of every kind of model and plan. */
#ifndef FLOPCAST_TESTS_UNIT_CHAIN_RANDOM_H
#define FLOPCAST_TESTS_UNIT_CHAIN_RANDOM_H

#include "chain_helpers.h"
#include "flopcast/hd/rng.h"

typedef struct dice {
    uint64_t seed;
    uint64_t throws;
} dice;

static inline double throw_unit(dice *d) { return fc_hd_uniform(d->seed, d->throws++, 1); }
static inline uint32_t throw_below(dice *d, uint32_t count) { return (uint32_t)(throw_unit(d) * count) % count; }
static inline uint32_t throw_power(dice *d, uint32_t most_exponent) { return 1u << throw_below(d, most_exponent + 1); }
/* Evenly in the logarithm. */
static inline double throw_between(dice *d, double low, double high) { return low * pow(high / low, throw_unit(d)); }
static inline uint8_t throw_coin(dice *d) { return (uint8_t)throw_below(d, 2); }

static inline void random_mixture(dice *d, fc_model *model) {
    model->experts = throw_power(d, 6);
    model->experts_per_token = 1 + throw_below(d, model->experts < 8 ? model->experts : 8);
    model->moe_ffn_hidden = 16ull * (1 + throw_below(d, 64));
    model->shared_experts = throw_below(d, 3);
    strcpy(model->ffn_pattern, throw_coin(d) ? "M" : "DM");
    model->dense_layers = throw_below(d, 2);
}

static inline void random_mixer(dice *d, fc_model *model) {
    static const char *const patterns[] = {"G", "GL", "C", "M", "GD", "GM-", "LLLG"};
    strcpy(model->attention_pattern, patterns[throw_below(d, COUNT_OF(patterns))]);
    model->window = 1 + throw_below(d, 4096);
    model->ssm_heads = throw_power(d, 6);
    model->ssm_head_dim = throw_power(d, 7);
    model->ssm_state = throw_power(d, 7);
    model->ssm_groups = 1;
    if (throw_below(d, 4) == 0) {
        model->attention = FC_ATTENTION_MLA;
        model->q_lora_rank = throw_coin(d) * 512u;
        model->kv_lora_rank = 256;
        model->qk_nope_head_dim = 64;
        model->qk_rope_head_dim = 32;
        model->v_head_dim = 64;
        model->kv_heads = 0;
        model->head_dim = 0;
    }
}

static inline fc_model random_model(dice *d) {
    fc_model model = gpt(1 + throw_below(d, 96), 64 * throw_power(d, 8), throw_power(d, 6));
    model.kv_heads = throw_coin(d) ? model.heads : 1 + throw_below(d, 2);
    model.vocab = 256 + throw_below(d, 200000);
    model.ffn_hidden = 16ull * (1 + throw_below(d, 4096));
    model.ffn_type = throw_below(d, 2);
    model.position = throw_coin(d) ? FC_POSITION_ROPE : FC_POSITION_LEARNED;
    model.tied_embeddings = throw_coin(d);
    model.mtp_depth = throw_below(d, 3);
    if (throw_coin(d)) {
        random_mixture(d, &model);
    }
    if (throw_coin(d)) {
        random_mixer(d, &model);
    } else if (throw_below(d, 4) == 0) {
        model.encoder_layers = 1 + throw_below(d, 24);
        model.encoder_seq_len = 512;
    }
    return model;
}

static inline fc_chip random_chip(dice *d) {
    fc_chip chip = ideal_chip();
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        chip.peak_flop_per_s[i] = throw_between(d, 1e12, 1e17);
        chip.matmul[i] = (fc_matmul_curve){.eff_frac = throw_between(d, 0.05, 1),
                                           .m_half = throw_between(d, 1, 1e4),
                                           .n_half = throw_between(d, 1, 1e4),
                                           .k_half = throw_between(d, 1, 1e4)};
    }
    chip.memory_bytes_per_s = throw_between(d, 1e10, 1e14);
    chip.memory_eff_frac = throw_between(d, 0.1, 1);
    chip.attention_eff_frac = throw_between(d, 0.05, 1);
    chip.scaleup_domain_count = 1 + throw_below(d, 72);
    chip.scaleup_topology = throw_below(d, FC_TOPOLOGY_COUNT);
    chip.scaleup_torus_side = 1 + throw_below(d, 16);
    chip.scaleup_bytes_per_s = throw_between(d, 1e9, 1e13);
    chip.scaleup_peer_bytes_per_s = chip.scaleup_bytes_per_s * throw_between(d, 0.1, 1);
    chip.scaleout_bytes_per_s = throw_between(d, 1e8, 1e12);
    chip.scaleup_eff_frac = throw_between(d, 0.1, 1);
    chip.scaleout_eff_frac = throw_between(d, 0.1, 1);
    chip.launch_s = throw_between(d, 1e-7, 1e-4);
    chip.scaleup_latency_s = throw_between(d, 1e-7, 1e-4);
    chip.scaleout_latency_s = throw_between(d, 1e-7, 1e-3);
    chip.failures_per_chip_h = throw_between(d, 1e-8, 1e-2);
    chip.it_power_w = throw_coin(d) * 1000.0;
    chip.power_draw_frac = 0.7;
    return chip;
}

static inline fc_stack random_stack(dice *d) {
    fc_stack stack = fc_stack_default();
    stack.flash_attention = throw_coin(d);
    stack.fused_kernels = throw_coin(d);
    stack.dropout = throw_coin(d);
    stack.cuda_graphs = throw_coin(d);
    stack.tp_overlap_frac = throw_unit(d);
    stack.dp_overlap_frac = throw_unit(d);
    stack.ep_overlap_frac = throw_unit(d);
    stack.cp_overlap_frac = throw_unit(d);
    stack.pp_overlap_frac = throw_unit(d);
    stack.expert_imbalance = throw_between(d, 1, 3);
    stack.straggler_frac = throw_unit(d) * 0.1;
    stack.reserve_bytes = throw_unit(d) * 4e9;
    return stack;
}

static inline fc_plan random_plan(dice *d, const fc_model *model) {
    fc_plan plan = plan_of(throw_power(d, 6), 1 + throw_below(d, 16), throw_power(d, 7), throw_power(d, 3), 1);
    plan.vpp = plan.pp > 1 ? 1 + throw_below(d, 4) : 1;
    plan.cp = throw_power(d, 3);
    plan.ep = model->experts > 0 ? throw_power(d, 6) : 1;
    plan.global_batch = plan.dp * plan.micro_batch * (1 + throw_below(d, 64));
    plan.recompute = FC_RECOMPUTE_NONE + throw_below(d, 3);
    plan.zero = (int32_t)throw_below(d, 4);
    plan.sequence_parallel = (int32_t)throw_below(d, 2);
    return plan;
}

/* A checked study. Throws until one passes; the number of throws is the generator's, not the clock's. */
static inline fc_study random_study(dice *d) {
    static const fc_dtype dtypes[] = {FC_DTYPE_BF16, FC_DTYPE_FP8, FC_DTYPE_FP32, FC_DTYPE_NVFP4};
    for (;;) {
        fc_study study = fc_study_default();
        strcpy(study.name, "random");
        study.model = random_model(d);
        study.cluster.chip = random_chip(d);
        study.plan = random_plan(d, &study.model);
        study.cluster.chips_count = (double)study.plan.tp * study.plan.pp * study.plan.dp * study.plan.cp;
        study.cluster.chips_count += throw_below(d, 100);
        study.cluster.storage_bytes_per_s = throw_coin(d) * throw_between(d, 1e8, 1e13);
        study.cluster.restart_s = throw_unit(d) * 1000;
        study.workload.dtype = dtypes[throw_below(d, COUNT_OF(dtypes))];
        study.workload.tokens_count = throw_between(d, 1, 1e18);
        study.workload.seq_len = 8ull * throw_power(d, 12);
        study.stack = random_stack(d);
        study.deal.usd_per_chip_h = throw_coin(d) * 2.5;
        if (fc_study_check(&study, NULL) == FC_OK) {
            return study;
        }
    }
}

#endif
