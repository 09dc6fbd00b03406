/* runs_plan.c: the plan of a row: what is published, in chips; the rest stays open, but for habits of the software. */
#include "runs_row.h"

#include "../base/text.h"

#include <stdio.h>
#include <string.h>

/* What a stack shards when a table does not say: the stage of ZeRO that it is known for. */
typedef struct zero_habit {
    const char *stack; /* how its name begins */
    int32_t stage;
} zero_habit;

static const zero_habit zero_habits[] = {
    {"megatron-20", 0}, {"megatron-deepspeed", 1}, {"megatron", 1}, {"nemo", 1},     {"deepspeed-zero3", 3},
    {"llm-foundry", 3}, {"torchtitan", 3},         {"maxtext", 3},  {"deepseek", 1}, {"neuronx", 1},
};

static uint32_t take32(fc_run_row *row, const fc_run_cells *cells, fc_run_column column, uint64_t most) {
    uint64_t value = 0;
    return fc_run_whole(&value, row, cells, column, 1, most) ? (uint32_t)value : 0;
}

static void take_zero(fc_plan *plan, fc_run_row *row, const fc_run_cells *cells, const char *stack) {
    const char *text = cells->text[FC_RUN_ZERO];
    if (text[0] != '\0' && fc_run_read_zero(&plan->zero, &row->shard_group, text)) {
        return;
    }
    if (text[0] != '\0') {
        fc_run_not_understood(row, cells, FC_RUN_ZERO);
    }
    for (size_t i = 0; i < sizeof zero_habits / sizeof zero_habits[0]; ++i) {
        if (fc_text_starts(stack, zero_habits[i].stack)) {
            plan->zero = zero_habits[i].stage;
            return;
        }
    }
}

/* True where the row itself says it. NVIDIA's tables of Megatron-Core print no recomputation where there is none. */
static bool take_recompute(fc_plan *plan, fc_run_row *row, const fc_run_cells *cells, const char *stack) {
    const char *text = cells->text[FC_RUN_RECOMPUTE];
    if (text[0] != '\0' && fc_run_read_recompute(&plan->recompute, text)) {
        return true;
    }
    if (text[0] != '\0') {
        fc_run_not_understood(row, cells, FC_RUN_RECOMPUTE);
    }
    bool nvidia = fc_text_same_name(row->study.cluster.chip.family, "nvidia");
    if (nvidia && (fc_text_starts(stack, "megatron-core") || fc_text_starts(stack, "nemo"))) {
        plan->recompute = FC_RECOMPUTE_NONE;
        fc_run_list(row->assumed, sizeof row->assumed, "recompute none");
    }
    return false;
}

/* Before 2022 Megatron had none; then it came with selective recomputation (Korthikanti et al. 2205.05198). */
static int32_t sequence_parallel(const fc_plan *plan, const fc_run_cells *cells, const char *stack) {
    int32_t told = fc_run_read_sequence_parallel(cells->text[FC_RUN_NOTES]);
    if (plan->tp < 2) {
        return plan->tp == 1 ? 0 : -1;
    }
    if (told >= 0) {
        return told;
    }
    if (fc_text_starts(stack, "megatron-2022")) {
        return plan->recompute == FC_RECOMPUTE_SELECTIVE;
    }
    bool before = fc_text_starts(stack, "megatron-20") || fc_text_starts(stack, "megatron-deepspeed") ||
                  fc_text_starts(stack, "deepspeed");
    return !before;
}

/* Ranks a chip in a published plan: one, or the devices that a chip is seen as (NeuronCores, TPU chiplets). */
static double ranks_per_chip(const fc_plan *plan, const fc_study *study) {
    double devices = study->cluster.chip.devices_per_chip;
    double used = (double)plan->tp * plan->pp * plan->cp * plan->dp;
    bool chips = plan->dp > 0 && used <= study->cluster.chips_count;
    return devices > 1 && !chips ? devices : 1;
}

/* A rank of the chain is a chip: tensor ranks of one chip become one, else replicas do. */
static void count_in_chips(fc_plan *plan, uint32_t ranks) {
    if (plan->tp % ranks == 0) {
        plan->tp /= ranks;
    } else if (plan->dp % ranks == 0) {
        plan->dp /= ranks;
        plan->micro_batch *= ranks;
    }
}

static void settle_replicas(fc_plan *plan, const fc_study *study) {
    uint32_t ranks = (uint32_t)ranks_per_chip(plan, study);
    uint64_t group = (uint64_t)plan->tp * plan->pp * plan->cp;
    if (plan->dp == 0 && group > 0) {
        uint64_t all = (uint64_t)study->cluster.chips_count * ranks;
        plan->dp = all % group == 0 && all / group < 100000000 ? (uint32_t)(all / group) : 0;
    }
    if (ranks > 1 && plan->tp > 0) {
        count_in_chips(plan, ranks);
    }
}

static void take_chips(fc_run_row *row, const fc_run_cells *cells, const fc_plan *plan) {
    uint64_t chips = 0;
    double product = (double)plan->tp * plan->pp * plan->dp * (plan->cp > 0 ? plan->cp : 1);
    if (fc_run_whole(&chips, row, cells, FC_RUN_CHIPS, 1, 1000000000)) {
        row->study.cluster.chips_count = (double)chips;
    } else if (product >= 1 && product <= 1e9 && row->study.cluster.chip.devices_per_chip <= 1) {
        row->study.cluster.chips_count = product;
        fc_run_list(row->assumed, sizeof row->assumed, "chips by the plan");
    } else if (row->reason[0] == '\0') {
        (void)fc_text_copy(row->reason, sizeof row->reason, "chips is not in the row");
    }
}

/* Megatron-Core cuts an expert like the rest of its layer, over all tensor ranks, unless it is told otherwise; a plan whose
 * expert ranks would then be more than there are was told. */
static void settle_experts(fc_plan *plan, const fc_run_cells *cells, const char *stack) {
    uint64_t ranks = (uint64_t)plan->tp * plan->dp * plan->cp;
    uint64_t wanted = (uint64_t)plan->ep * plan->tp;
    uint32_t told = fc_run_read_expert_tensor(cells->text[FC_RUN_NOTES]);
    if (told > 0 && told <= plan->tp) {
        plan->etp = told;
    } else if (fc_text_starts(stack, "megatron-core") && plan->ep > 1 && wanted > 0 && ranks % wanted == 0) {
        plan->etp = plan->tp;
    }
}

/* MaxText's batch is per chip: a group of tensor ranks sees all of its chips' sequences at once. */
static void settle_micro_batch(fc_plan *plan, const char *stack) {
    if (fc_text_starts(stack, "maxtext") && plan->tp > 1) {
        plan->micro_batch *= plan->tp;
    }
}

static uint32_t batch_of_tokens(const fc_study *study) {
    double sequences = study->batch_tokens / (double)(study->workload.seq_len > 0 ? study->workload.seq_len : 1);
    uint32_t batch = 1;
    while (batch < (1u << 24) && batch * 2.0 <= sequences) {
        batch *= 2;
    }
    return batch;
}

/* A batch that does not split evenly is rounded to one that does; the figure is scaled with it. */
static void settle_batch(fc_plan *plan, fc_run_row *row) {
    if (plan->global_batch == 0) {
        plan->global_batch = batch_of_tokens(&row->study);
        row->batch_assumed = 1;
        fc_run_list(row->assumed, sizeof row->assumed, "global batch");
    }
    row->batch_sequences = plan->global_batch;
    uint64_t unit = (uint64_t)plan->dp * (plan->micro_batch > 0 ? plan->micro_batch : 1);
    if (unit == 0 || plan->global_batch % unit == 0) {
        return;
    }
    uint64_t rounded = (plan->global_batch + unit / 2) / unit * unit;
    rounded = rounded > 0 ? rounded : unit;
    if (rounded <= 1000000000) {
        plan->global_batch = (uint32_t)rounded;
        fc_run_list(row->assumed, sizeof row->assumed, "global batch rounded to whole micro-batches");
    }
}

void fc_run_read_plan(fc_run_row *row, const fc_run_cells *cells) {
    char stack[FC_NAME_SIZE];
    fc_study *study = &row->study;
    fc_plan plan = fc_plan_default();
    fc_text_slug(stack, sizeof stack, row->stack_assumed ? study->stack.name : cells->text[FC_RUN_STACK]);
    plan.tp = take32(row, cells, FC_RUN_TP, 65536);
    plan.pp = take32(row, cells, FC_RUN_PP, 4096);
    row->plan_given = plan.tp > 0 && plan.pp > 0;
    plan.cp = take32(row, cells, FC_RUN_CP, 65536);
    plan.cp = plan.cp == 0 && row->plan_given ? 1 : plan.cp;
    plan.dp = take32(row, cells, FC_RUN_DP, 100000000);
    plan.vpp = take32(row, cells, FC_RUN_VP, 4096);
    plan.vpp = plan.pp == 1 ? 1 : plan.vpp;
    plan.ep = take32(row, cells, FC_RUN_EP, 1000000);
    plan.ep = study->model.experts == 0 ? 1 : plan.ep;
    plan.global_batch = take32(row, cells, FC_RUN_GLOBAL_BATCH, 1000000000);
    plan.micro_batch = take32(row, cells, FC_RUN_MICRO_BATCH, 100000);
    bool recompute = take_recompute(&plan, row, cells, stack);
    take_zero(&plan, row, cells, stack);
    take_chips(row, cells, &plan);
    settle_replicas(&plan, study);
    settle_experts(&plan, cells, stack);
    settle_micro_batch(&plan, stack);
    plan.sequence_parallel = sequence_parallel(&plan, cells, stack);
    row->plan_complete = row->plan_given && plan.dp > 0 && plan.global_batch > 0 && plan.micro_batch > 0 && recompute;
    settle_batch(&plan, row);
    study->plan = plan;
    study->workload.global_batch = plan.global_batch;
}
