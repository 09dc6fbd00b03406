/* validate.c: a published run through the chain: its plan, its step, and the seconds that its figure stands for. */
#include "flopcast/runs.h"

#include "flopcast/estimate.h"
#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <string.h>

/* ---- predicted -------------------------------------------------------------------------------------------------- */

static bool is_complete(const fc_plan *plan) {
    return plan->tp && plan->pp && plan->vpp && plan->dp && plan->cp && plan->ep && plan->micro_batch &&
           plan->global_batch && plan->recompute && plan->zero >= 0 && plan->sequence_parallel >= 0;
}

static fc_status choose(fc_plan *out, const fc_ops *ops, const fc_run_row *row, fc_error *error) {
    if (is_complete(&row->study.plan)) {
        *out = row->study.plan;
        return FC_OK;
    }
    fc_estimate counts;
    return fc_plan_choose(out, &counts, ops, &row->study, error);
}

static fc_status refuse_unreadable(const fc_run_row *row, fc_error *error) {
    return row->reason[0] == '\0'
               ? FC_OK
               : fc_error_set(error, FC_BAD_INPUT, row->file, row->line, 0, "%s: %s", row->id, row->reason);
}

fc_status fc_runs_choose(fc_plan *out, const fc_run_row *row, fc_error *error) {
    fc_ops ops;
    FC_TRY(refuse_unreadable(row, error));
    fc_ops_count(&ops, &row->study.model, &row->study.workload);
    return choose(out, &ops, row, error);
}

fc_status fc_runs_step(fc_step *out, fc_plan *plan, const fc_run_row *row, fc_error *error) {
    fc_ops ops;
    fc_plan chosen;
    FC_TRY(refuse_unreadable(row, error));
    fc_ops_count(&ops, &row->study.model, &row->study.workload);
    FC_TRY(choose(&chosen, &ops, row, error));
    FC_TRY(fc_step_time(out, &ops, &row->study.cluster, &chosen, &row->study.stack, error));
    if (plan != NULL) {
        *plan = chosen;
    }
    return FC_OK;
}

fc_status fc_runs_predict(double *out_s, const fc_run_row *row, fc_error *error) {
    fc_step step;
    FC_TRY(fc_runs_step(&step, NULL, row, error));
    *out_s = step.time_s;
    return FC_OK;
}

/* ---- measured --------------------------------------------------------------------------------------------------- */

/* No step of any training run lies outside. */
static const double LEAST_STEP_S = 1e-6;
static const double MOST_STEP_S = 1e9;

/* What counts of one row of operations: every key, or keys up to the query. */
static double counted_flop(const fc_op *op, bool causal) {
    return op->instances * (causal ? op->flop_per_token : op->full_flop_per_token);
}

/* What recomputation does again of one row: full, the layers; selective, their attention. */
static bool is_done_again(const fc_op *op, uint32_t recompute) {
    if (op->place != FC_PLACE_LAYER || recompute == FC_RECOMPUTE_NONE) {
        return false;
    }
    return recompute != FC_RECOMPUTE_SELECTIVE || op->op_class == FC_OP_ATTENTION;
}

/* FLOP of one token, forward and backward, by a convention. The formula of SC21 (2104.04473, equation 3) always holds
 * one more forward pass of the layers, so recomputation that is not stated counts as full. */
static double flop_per_token(const fc_study *study, uint32_t convention) {
    const double backward_and_forward = 3.0;
    fc_ops ops;
    double flop = 0;
    fc_ops_count(&ops, &study->model, &study->workload);
    for (uint32_t i = 0; i < ops.ops_count; ++i) {
        const fc_op *op = &ops.ops[i];
        if (op->op_class == FC_OP_MEMORY) {
            continue;
        }
        double once = counted_flop(op, convention == FC_FLOP_MODEL_CAUSAL);
        flop += backward_and_forward * once;
        if (convention == FC_FLOP_HARDWARE && is_done_again(op, study->plan.recompute)) {
            flop += once;
        }
    }
    return flop;
}

/* MFU leaves recomputation out whatever the stack's TFLOP/s count; HFU never does. */
static uint32_t convention_of(const fc_run_row *row) {
    uint32_t own = row->study.stack.flop_convention;
    switch (row->kind) {
    case FC_RUN_METRIC_MFU:
        return own == FC_FLOP_HARDWARE ? FC_FLOP_MODEL_FULL : own;
    case FC_RUN_METRIC_HFU:
        return FC_FLOP_HARDWARE;
    default:
        return own;
    }
}

static fc_status lacks(const fc_run_row *row, const char *what, fc_error *error) {
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%s says nothing about a step without %s", row->scored_on,
                        what);
}

/* A rate of arithmetic per chip. */
static fc_status from_flop_rate(double *out_s, const fc_run_row *row, double flop_per_s, fc_error *error) {
    double tokens = row->batch_sequences * (double)row->study.workload.seq_len;
    if (!(flop_per_s > 0)) {
        return lacks(row, "a peak of this chip in this number format", error);
    }
    double flop = flop_per_token(&row->study, convention_of(row)) * tokens;
    *out_s = flop / (flop_per_s * row->study.cluster.chips_count);
    return FC_OK;
}

/* Figures of the whole run, spread over its steps. */
static fc_status from_run(double *out_s, const fc_run_row *row, double run_s, fc_error *error) {
    double tokens = row->batch_sequences * (double)row->study.workload.seq_len;
    if (!(row->tokens_count > 0)) {
        return lacks(row, "the tokens of the run (tokens_total)", error);
    }
    *out_s = run_s * tokens / row->tokens_count;
    return FC_OK;
}

static fc_status to_step_s(double *out_s, const fc_run_row *row, fc_error *error) {
    const fc_study *study = &row->study;
    double sequences = row->batch_sequences;
    double tokens = sequences * (double)study->workload.seq_len;
    double chips = study->cluster.chips_count;
    double devices = study->cluster.chip.devices_per_chip;
    double peak =
        row->peak_flop_per_s > 0 ? row->peak_flop_per_s : study->cluster.chip.peak_flop_per_s[study->workload.dtype];
    switch (row->kind) {
    case FC_RUN_METRIC_STEP_S:
        *out_s = row->value;
        return FC_OK;
    case FC_RUN_METRIC_TOKENS_PER_S:
        *out_s = tokens / row->value;
        return FC_OK;
    case FC_RUN_METRIC_TOKENS_PER_S_CHIP:
        *out_s = tokens / (row->value * chips);
        return FC_OK;
    case FC_RUN_METRIC_TOKENS_PER_S_DEVICE:
        *out_s = tokens / (row->value * devices * chips);
        return FC_OK;
    case FC_RUN_METRIC_SEQUENCES_PER_S:
        *out_s = sequences / row->value;
        return FC_OK;
    case FC_RUN_METRIC_SEQUENCES_PER_S_CHIP:
        *out_s = sequences / (row->value * chips);
        return FC_OK;
    case FC_RUN_METRIC_FLOP_PER_S_CHIP:
        return from_flop_rate(out_s, row, row->value, error);
    case FC_RUN_METRIC_FLOP_PER_S_DEVICE:
        return from_flop_rate(out_s, row, row->value * devices, error);
    case FC_RUN_METRIC_FLOP_PER_S:
        return from_flop_rate(out_s, row, row->value / chips, error);
    case FC_RUN_METRIC_MFU:
    case FC_RUN_METRIC_HFU:
        return from_flop_rate(out_s, row, row->value * peak, error);
    case FC_RUN_METRIC_RUN_S:
        return from_run(out_s, row, row->value, error);
    case FC_RUN_METRIC_CHIP_S:
        return from_run(out_s, row, row->value / chips, error);
    default:
        return lacks(row, "a time, a throughput or a utilisation", error);
    }
}

fc_status fc_runs_measured(double *out_s, const fc_run_row *row, fc_error *error) {
    double step_s = 0;
    if (!(row->value > 0) || !(row->batch_sequences > 0)) {
        return lacks(row, "a value above 0 and a batch", error);
    }
    FC_TRY(to_step_s(&step_s, row, error));
    if (!(step_s >= LEAST_STEP_S && step_s <= MOST_STEP_S)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "%s gives %.3g s a step; allowed are %.0e to %.0e s: is the unit right?", row->scored_on,
                            step_s, LEAST_STEP_S, MOST_STEP_S);
    }
    /* a batch that had to be rounded takes longer or shorter in proportion */
    *out_s = step_s * row->study.plan.global_batch / row->batch_sequences;
    return FC_OK;
}
