/* policy.c: how a run is operated, and which of its keys need each other. */
#include "flopcast/policy.h"

#include "check.h"

#include <math.h> /* floor */
#include <stdbool.h>
#include <string.h>

fc_policy fc_policy_default(void) {
    fc_policy policy;
    memset(&policy, 0, sizeof policy);
    return policy;
}

static fc_status check_numbers(const fc_policy *policy, fc_error *error) {
    static const fc_limit limits[] = {
        {"checkpoint_bytes", offsetof(fc_policy, checkpoint_bytes), FC_UNIT_BYTES, 0.0, 1e18},
        {"checkpoint_overlap", offsetof(fc_policy, checkpoint_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"checkpoint_interval", offsetof(fc_policy, checkpoint_interval_s), FC_UNIT_S, 0.0, 1e8},
        {"memory_bw", offsetof(fc_policy, memory_bytes_per_s), FC_UNIT_BYTES_PER_S, 0.0, 1e15},
        {"memory_interval", offsetof(fc_policy, memory_interval_s), FC_UNIT_S, 0.0, 1e8},
        {"memory_survives", offsetof(fc_policy, memory_survive_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"memory_restart", offsetof(fc_policy, memory_restart_s), FC_UNIT_S, 0.0, 1e7},
        {"spare_hosts", offsetof(fc_policy, spare_hosts_count), FC_UNIT_COUNT, 0.0, 1024.0},
        {"host_chips", offsetof(fc_policy, host_chips_count), FC_UNIT_COUNT, 0.0, 1e4},
        {"repair", offsetof(fc_policy, repair_s), FC_UNIT_S, 0.0, 1e8},
        {"elastic_pause", offsetof(fc_policy, elastic_pause_s), FC_UNIT_S, 0.0, 1e6},
        {"replicas", offsetof(fc_policy, replicas_count), FC_UNIT_COUNT, 0.0, 1e8},
        {"batch_ramp", offsetof(fc_policy, batch_ramp_tokens), FC_UNIT_TOKENS, 0.0, 1e18},
        {"batch_ramp_speed", offsetof(fc_policy, batch_ramp_speed_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"seq_ramp", offsetof(fc_policy, seq_ramp_tokens), FC_UNIT_TOKENS, 0.0, 1e18},
        {"seq_ramp_speed", offsetof(fc_policy, seq_ramp_speed_frac), FC_UNIT_FRAC, 0.0, 10.0},
        {"histories", offsetof(fc_policy, histories_count), FC_UNIT_COUNT, 0.0, 1e6},
    };
    FC_TRY(fc_check_limits("run", policy, limits, sizeof limits / sizeof limits[0], error));
    const double counts[] = {policy->spare_hosts_count, policy->replicas_count, policy->histories_count};
    static const char *const keys[] = {"spare_hosts", "replicas", "histories"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (floor(counts[i]) != counts[i]) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "run.%s is %g; allowed is a whole number", keys[i],
                                counts[i]);
        }
    }
    return FC_OK;
}

/* A key that means nothing without another one. */
static fc_status check_pairs(const fc_policy *policy, fc_error *error) {
    const struct {
        const char *key;
        const char *lacking;
        const char *example;
        bool given;
        bool answered;
    } rows[] = {
        {"memory_bw", "memory_survives", "0.9", policy->memory_bytes_per_s > 0, policy->memory_survive_frac > 0},
        {"memory_survives", "memory_bw", "1 GB/s", policy->memory_survive_frac > 0, policy->memory_bytes_per_s > 0},
        {"memory_interval", "memory_bw", "1 GB/s", policy->memory_interval_s > 0, policy->memory_bytes_per_s > 0},
        {"memory_restart", "memory_bw", "1 GB/s", policy->memory_restart_s > 0, policy->memory_bytes_per_s > 0},
        {"spare_hosts", "repair", "24 h", policy->spare_hosts_count > 0, policy->repair_s > 0},
        {"replicas", "elastic_pause", "30 s", policy->replicas_count > 0, policy->elastic_pause_s > 0},
        {"batch_ramp", "batch_ramp_speed", "0.6", policy->batch_ramp_tokens > 0, policy->batch_ramp_speed_frac > 0},
        {"seq_ramp", "seq_ramp_speed", "1.2", policy->seq_ramp_tokens > 0, policy->seq_ramp_speed_frac > 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].given && !rows[i].answered) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "run.%s needs run.%s: give both, for example %s: %s",
                                rows[i].key, rows[i].lacking, rows[i].lacking, rows[i].example);
        }
    }
    return FC_OK;
}

/* The run starts when its first chips are there; later ones join. */
static fc_status check_deliveries(const fc_policy *policy, fc_error *error) {
    FC_TRY(fc_check_whole("run", "delivery", policy->deliveries_count, 0, FC_MAX_DELIVERIES, error));
    for (uint32_t i = 0; i < policy->deliveries_count; i++) {
        const fc_delivery *now = &policy->deliveries[i];
        const fc_delivery *before = i > 0 ? now - 1 : NULL;
        if (now->month < 0.0) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "run.delivery.%u.month is %g, before the run starts; months count from its start", i,
                                now->month);
        }
        if (before == NULL && now->month != 0.0) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "run.delivery.0.month is %g; the run starts with its first chips, at month 0",
                                now->month);
        }
        if (!(now->month <= 1200.0) || !(now->chips_count >= 1.0 && now->chips_count <= 1e9)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "run.delivery.%u has month %g and %g chips; allowed are months to 1200 and 1 to 1e9 "
                                "chips",
                                i, now->month, now->chips_count);
        }
        if (before != NULL && (now->month <= before->month || now->chips_count < before->chips_count)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "run.delivery.%u (month %g, %g chips) does not follow month %g with %g chips; list all "
                                "chips that are there, month by month",
                                i, now->month, now->chips_count, before->month, before->chips_count);
        }
    }
    return FC_OK;
}

fc_status fc_policy_check(const fc_policy *policy, fc_error *error) {
    FC_TRY(check_numbers(policy, error));
    FC_TRY(check_pairs(policy, error));
    return check_deliveries(policy, error);
}
