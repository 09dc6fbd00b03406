/* cmd_compare.c: deal against deal on the same work. */
#include "cmd.h"
#include "studies.h"

#include "../doors/write_compare.h"
#include "flopcast/deals.h"

static fc_status run_compare(fc_context *context, fc_error *error) {
    fc_config config;
    fc_inputs inputs;
    fc_format format = FC_FORMAT_TEXT;
    const char *name = NULL;
    fc_comparison *comparison = fc_arena_alloc(context->arena, sizeof *comparison);
    fc_verdict *verdict = fc_arena_alloc(context->arena, sizeof *verdict);
    if (comparison == NULL || verdict == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_config_comparison(comparison, &inputs, &config, name, error));
    FC_TRY(fc_compare(verdict, comparison, context->arena, error));
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_compare_json(&context->out, verdict, comparison, &inputs, error);
    case FC_FORMAT_CSV:
        fc_write_compare_csv(&context->out, verdict, comparison);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_compare_markdown(&context->out, verdict, comparison);
        return FC_OK;
    default:
        fc_write_compare_text(&context->out, verdict, comparison, &inputs, context->width);
        return FC_OK;
    }
}

static const fc_option options[] = {{NULL, NULL, false, NULL}};

const fc_command fc_cmd_compare = {
    .name = "compare",
    .synopsis = "STUDY [--set key=value]…",
    .help = "deals side by side on the same work: who is faster, at what cost and energy, how sure, where it flips",
    .example = "flopcast compare trn2-vs-220k --set deals.trainium2.share=0.5",
    .options = options,
    .run = run_compare,
};
