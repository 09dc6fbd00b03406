/* cmd_explain.c: one result of an estimate with its formula, and the numbers put in. */
#include "cmd.h"
#include "studies.h"

#include "../doors/explain.h"

#include <string.h>

static const char DEFAULT_STUDY[] = "llama3-405b-16k-h100";

/* Without a key: what there is. Of a key with several forms the first stands for all. */
static fc_status list_keys(fc_context *context, fc_format format, fc_error *error) {
    const fc_explanation *row = NULL;
    const char *last = "";
    if (format != FC_FORMAT_TEXT) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "which key? `flopcast explain` lists them");
    }
    for (size_t i = 0; (row = fc_explain_row(i)) != NULL; ++i) {
        if (strcmp(last, row->key) != 0) {
            fc_text_addf(&context->out, "%-33s %s\n", row->key, row->title);
        }
        last = row->key;
    }
    fc_text_add(&context->out, "Next: flopcast explain step.mfu_frac\n");
    return FC_OK;
}

static fc_status explain_key(fc_context *context, const char *key, const char *name, fc_format format,
                             fc_error *error) {
    fc_config config;
    fc_inputs inputs;
    const fc_explanation *row = NULL;
    fc_study *study = fc_arena_alloc(context->arena, sizeof *study);
    fc_estimate *estimate = fc_arena_alloc(context->arena, sizeof *estimate);
    if (study == NULL || estimate == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_config_study(study, &inputs, &config, name, error));
    FC_TRY(fc_estimate_study(estimate, study, context->arena, error));
    fc_explain_case c = {.estimate = estimate, .study = study};
    FC_TRY(fc_explain_find(&row, key, &c, error));
    if (format == FC_FORMAT_JSON) {
        return fc_write_explain_json(&context->out, row, &c, &inputs, error);
    }
    fc_write_explain_text(&context->out, row, &c, &inputs, context->width);
    return FC_OK;
}

static fc_status run_explain(fc_context *context, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    const fc_args *args = context->args;
    const fc_explanation *row = NULL;
    FC_TRY(fc_args_format(&format, args, "tj", error));
    if (args->positional_count > 2) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "explain takes a key and a study; found %d words",
                            args->positional_count);
    }
    if (args->positional_count == 0) {
        return list_keys(context, format, error);
    }
    const char *key = args->positional[0];
    /* before a study is read: a misspelt key needs none */
    FC_TRY(fc_explain_find(&row, key, NULL, error));
    return explain_key(context, key, args->positional_count == 2 ? args->positional[1] : DEFAULT_STUDY, format, error);
}

static const fc_option options[] = {{NULL, NULL, false, NULL}};

const fc_command fc_cmd_explain = {
    .name = "explain",
    .synopsis = "[KEY [STUDY]] [--set key=value]…",
    .help = "one result of an estimate: its formula with the numbers put in, where it is from, what it rests on",
    .example = "flopcast explain step.mfu_frac llama3-405b-16k-h100",
    .options = options,
    .run = run_explain,
};
