/* study.c: what only the meeting of nouns shows. */
#include "flopcast/study.h"

#include <stdbool.h>
#include <string.h>

enum { DEFAULT_DRAWS = 1000, MOST_DRAWS = 1000000 };

fc_study fc_study_default(void) {
    fc_study study;
    memset(&study, 0, sizeof study);
    study.model = fc_model_default();
    study.cluster = fc_cluster_default();
    study.workload = fc_workload_default();
    study.stack = fc_stack_default();
    study.plan = fc_plan_default();
    study.deal = fc_deal_default();
    study.policy = fc_policy_default();
    study.step_time_factor = 1.0;
    study.draws_count = DEFAULT_DRAWS;
    return study;
}

static fc_status check_tensor(const fc_study *study, fc_error *error) {
    uint32_t tp = study->plan.tp;
    if (tp > 1 && study->model.heads > 0 && study->model.heads % tp != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.tp = %u does not divide the %u heads of %s: choose a divisor", tp, study->model.heads,
                            study->model.name);
    }
    return FC_OK;
}

/* Context parallelism cuts sequences into equal parts. */
static fc_status check_context(const fc_study *study, fc_error *error) {
    uint32_t cp = study->plan.cp;
    if (cp > 1 && study->workload.seq_len % cp != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.cp = %u does not divide sequences of %llu tokens: choose a divisor", cp,
                            (unsigned long long)study->workload.seq_len);
    }
    return FC_OK;
}

static fc_status check_pipeline(const fc_study *study, fc_error *error) {
    uint32_t layers = study->model.layers_count + study->model.encoder_layers;
    uint64_t chunks = (uint64_t)(study->plan.pp ? study->plan.pp : 1) * (study->plan.vpp ? study->plan.vpp : 1);
    /* 126 layers in 128 chunks: embedding and head each fill one */
    if (chunks > layers && chunks != (uint64_t)layers + 2) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.pp x plan.vpp = %llu is more than the %u layers of %s", (unsigned long long)chunks,
                            layers, study->model.name);
    }
    if (study->plan.vpp > 1 && study->plan.pp == 1) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.vpp = %u needs a pipeline: set plan.pp to 2 or more, or vpp to 1", study->plan.vpp);
    }
    return FC_OK;
}

static fc_status check_experts(const fc_study *study, fc_error *error) {
    uint32_t ep = study->plan.ep;
    if (ep <= 1) {
        return FC_OK;
    }
    if (study->model.experts == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "plan.ep = %u, but %s has no experts: leave ep out", ep,
                            study->model.name);
    }
    if (study->model.experts % ep != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.ep = %u does not divide the %u experts of %s: choose a divisor", ep,
                            study->model.experts, study->model.name);
    }
    const fc_plan *plan = &study->plan;
    uint64_t ranks = (uint64_t)(plan->tp ? plan->tp : 1) * (plan->cp ? plan->cp : 1) * plan->dp;
    uint64_t taken = (uint64_t)ep * (plan->etp ? plan->etp : 1);
    if (plan->dp > 0 && ranks % taken != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.ep x plan.etp = %llu spreads experts over the ranks of a stage and must divide "
                            "tp x cp x dp = %llu",
                            (unsigned long long)taken, (unsigned long long)ranks);
    }
    return FC_OK;
}

static fc_status check_chips(const fc_study *study, fc_error *error) {
    const fc_plan *plan = &study->plan;
    double used = (double)(plan->tp ? plan->tp : 1) * (plan->pp ? plan->pp : 1) * (plan->cp ? plan->cp : 1) *
                  (plan->dp ? plan->dp : 1);
    if (used > study->cluster.chips_count) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan needs tp x pp x cp x dp = %.0f chips, the cluster has %.0f: lower one of them or "
                            "raise cluster.chips",
                            used, study->cluster.chips_count);
    }
    return FC_OK;
}

static fc_status check_policy(const fc_study *study, fc_error *error) {
    const fc_policy *policy = &study->policy;
    FC_TRY(fc_policy_check(policy, error));
    const fc_delivery *last = policy->deliveries_count > 0 ? &policy->deliveries[policy->deliveries_count - 1] : NULL;
    if (last != NULL && last->chips_count > study->cluster.chips_count) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "run.delivery.%u has %.0f chips, more than the %.0f of cluster.chips",
                            policy->deliveries_count - 1, last->chips_count, study->cluster.chips_count);
    }
    if (policy->batch_ramp_tokens > study->workload.tokens_count ||
        policy->seq_ramp_tokens > study->workload.tokens_count) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "run.%s is longer than the run of %g tokens (workload.tokens)",
                            policy->batch_ramp_tokens > study->workload.tokens_count ? "batch_ramp" : "seq_ramp",
                            study->workload.tokens_count);
    }
    return FC_OK;
}

static fc_status check_batch(const fc_study *study, fc_error *error) {
    const fc_plan *plan = &study->plan;
    if (plan->global_batch > 0 && plan->dp > 0) {
        uint64_t group = (uint64_t)plan->dp * (plan->micro_batch ? plan->micro_batch : 1);
        if (plan->global_batch % group != 0) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "global_batch = %u is not a multiple of plan.dp x plan.micro_batch = %llu",
                                plan->global_batch, (unsigned long long)group);
        }
    }
    return FC_OK;
}

static fc_status check_sharding(const fc_study *study, fc_error *error) {
    const fc_plan *plan = &study->plan;
    uint64_t ranks = (uint64_t)plan->dp * (plan->cp ? plan->cp : 1);
    if (plan->zero_group > 0 && ranks % plan->zero_group != 0) { /* 0 ranks: still open */
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "plan.zero_group = %u does not divide plan.dp x plan.cp = %llu: choose a divisor",
                            plan->zero_group, (unsigned long long)ranks);
    }
    bool full = plan->recompute == FC_RECOMPUTE_FULL || plan->recompute == FC_RECOMPUTE_AUTO;
    if (plan->recompute_layers > 0 && !full) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "plan.recompute_layers = %u counts layers that are redone whole: set plan.recompute to full",
            plan->recompute_layers);
    }
    return FC_OK;
}

static fc_status check_offload(const fc_study *study, fc_error *error) {
    const fc_plan *plan = &study->plan;
    bool any = plan->offload_optimizer || plan->offload_weights || plan->offload_activations;
    if (any && !(study->cluster.chip.host_memory_bytes > 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan offloads to the host, and how much memory the host of %s has is not known: give "
                            "cluster.chip.host_memory, for each chip",
                            study->cluster.chip.name);
    }
    return FC_OK;
}

fc_status fc_study_check(fc_study *study, fc_error *error) {
    FC_TRY(fc_model_check(&study->model, error));
    FC_TRY(fc_cluster_check(&study->cluster, error));
    FC_TRY(fc_workload_check(&study->workload, error));
    FC_TRY(fc_stack_check(&study->stack, error));
    FC_TRY(fc_plan_check(&study->plan, error));
    FC_TRY(fc_deal_check(&study->deal, error));
    if (study->workload.seq_len == 0) {
        study->workload.seq_len = study->model.seq_len;
    }
    if (study->workload.seq_len == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "%s has no training sequence length of its own: give workload.seq_len", study->model.name);
    }
    if (study->workload.global_batch > 0 && study->plan.global_batch == 0) {
        if (study->workload.global_batch > UINT32_MAX) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "global_batch = %llu is too large: at most %u",
                                (unsigned long long)study->workload.global_batch, UINT32_MAX);
        }
        study->plan.global_batch = (uint32_t)study->workload.global_batch;
    }
    if (study->draws_count > MOST_DRAWS) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "draws = %u: at most %d", study->draws_count, MOST_DRAWS);
    }
    FC_TRY(check_tensor(study, error));
    FC_TRY(check_context(study, error));
    FC_TRY(check_pipeline(study, error));
    FC_TRY(check_experts(study, error));
    FC_TRY(check_chips(study, error));
    FC_TRY(check_sharding(study, error));
    FC_TRY(check_offload(study, error));
    FC_TRY(check_policy(study, error));
    return check_batch(study, error);
}
