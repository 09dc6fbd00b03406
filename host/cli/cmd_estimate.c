/* cmd_estimate.c: one study through the chain. */
#include "cmd.h"
#include "plan_format.h"
#include "studies.h"

#include "../doors/write_estimate.h"
#include "flopcast/estimate.h"

/* What does not fit has an answer too: how much is missing, and what would help. It goes to standard output alone: a file
 * keeps what it holds. */
static fc_status write_unfit(fc_context *context, const fc_estimate *estimate, const fc_study *study,
                             const fc_inputs *inputs, fc_error *error) {
    bool closest_known = estimate->point.memory.capacity_bytes > 0 && !estimate->point.memory.fits;
    if (!closest_known || fc_args_value(context->args, "-o") != NULL) {
        return FC_INFEASIBLE;
    }
    fc_error trouble = {0};
    if (fc_write_unfit_json(&context->out, estimate, study, inputs, &trouble) != FC_OK) {
        *error = trouble;
        return trouble.status;
    }
    return FC_INFEASIBLE;
}

static fc_status run_estimate(fc_context *context, fc_error *error) {
    fc_config config;
    fc_inputs inputs;
    fc_format format = FC_FORMAT_TEXT;
    fc_study *study = fc_arena_alloc(context->arena, sizeof *study);
    fc_estimate *estimate = fc_arena_alloc(context->arena, sizeof *estimate);
    if (study == NULL || estimate == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    const char *name = NULL;
    FC_TRY(fc_args_format(&format, context->args, "tjcmGTK", error));
    FC_TRY(fc_plan_format_check(context->args, format, error));
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_config_study(study, &inputs, &config, name, error));
    fc_status status = fc_estimate_study(estimate, study, context->arena, error);
    if (status == FC_INFEASIBLE && format == FC_FORMAT_JSON) {
        return write_unfit(context, estimate, study, &inputs, error);
    }
    if (status != FC_OK) {
        return status;
    }
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_estimate_json(&context->out, estimate, study, &inputs, error);
    case FC_FORMAT_CSV:
        fc_write_estimate_csv(&context->out, estimate, study);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_estimate_markdown(&context->out, estimate, study);
        return FC_OK;
    case FC_FORMAT_MEGATRON:
    case FC_FORMAT_TORCHTITAN:
    case FC_FORMAT_CALCULON:
        return fc_plan_format_write(context, format, study, &estimate->point.plan, error);
    default:
        fc_write_estimate_text(&context->out, estimate, study, &inputs, context->width);
        return FC_OK;
    }
}

static const fc_option options[] = {
    {"--part", "PART", false, "of --format calculon: application or execution alone; plans also: megatron, torchtitan"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_estimate = {
    .name = "estimate",
    .synopsis = "STUDY [--set key=value]…",
    .help = "what a training run takes: step, memory, days, dollars, energy, with ranges and why",
    .example = "flopcast estimate llama3-405b-16k-h100 --set workload.dtype=fp8",
    .options = options,
    .run = run_estimate,
};
