/* plan.c: a plan that leaves everything open, and the ranges of what it may state. */
#include "flopcast/plan.h"

#include "check.h"

#include <string.h>

fc_plan fc_plan_default(void) {
    fc_plan plan;
    memset(&plan, 0, sizeof plan);
    plan.zero = -1;
    plan.sequence_parallel = -1;
    return plan;
}

static fc_status check_choice(const char *key, int32_t value, int32_t most, fc_error *error) {
    if (value >= -1 && value <= most) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "plan.%s is %d; allowed is 0 to %d, or -1 to have it chosen",
                        key, (int)value, (int)most);
}

fc_status fc_plan_check(const fc_plan *plan, fc_error *error) {
    const struct {
        const char *key;
        uint32_t value;
        uint32_t most;
    } rows[] = {
        {"tp", plan->tp, 65536},
        {"pp", plan->pp, 4096},
        {"vpp", plan->vpp, 4096},
        {"dp", plan->dp, 100000000},
        {"cp", plan->cp, 65536},
        {"ep", plan->ep, 1000000},
        {"micro_batch", plan->micro_batch, 1000000},
        {"global_batch", plan->global_batch, 1000000000},
        {"recompute", plan->recompute, FC_RECOMPUTE_COUNT - 1},
        {"zero_group", plan->zero_group, 100000000},
        {"recompute_layers", plan->recompute_layers, 4096},
        {"offload_optimizer", plan->offload_optimizer, 1},
        {"offload_weights", plan->offload_weights, 1},
        {"offload_activations", plan->offload_activations, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FC_TRY(fc_check_whole("plan", rows[i].key, rows[i].value, 0, rows[i].most, error));
    }
    FC_TRY(check_choice("zero", plan->zero, 3, error));
    return check_choice("sequence_parallel", plan->sequence_parallel, 1, error);
}
