/* cmd_race.c: programmes over time, and when one reaches another. */
#include "cmd.h"
#include "studies.h"

#include "../doors/config_race.h"
#include "../doors/write_race.h"

static fc_status run_race(fc_context *context, fc_error *error) {
    fc_config config;
    fc_inputs inputs;
    fc_format format = FC_FORMAT_TEXT;
    const char *name = NULL;
    fc_race_study *study = fc_arena_alloc(context->arena, sizeof *study);
    fc_race_result *result = fc_arena_alloc(context->arena, sizeof *result);
    if (study == NULL || result == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_config_race(study, &inputs, &config, name, fc_args_value(context->args, "--by"), error));
    FC_TRY(fc_race_run(result, study, context->arena, error));
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_race_json(&context->out, result, study, &inputs, error);
    case FC_FORMAT_CSV:
        fc_write_race_csv(&context->out, result, study);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_race_markdown(&context->out, result, study);
        return FC_OK;
    default:
        fc_write_race_text(&context->out, result, study, &inputs, context->width);
        return FC_OK;
    }
}

static const fc_option options[] = {
    {"--by", "DAY", false, "the day that the probability is asked for, such as 2026-12-31"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_race = {
    .name = "race",
    .synopsis = "STUDY [--by DAY] [--set key=value]…",
    .help = "programmes over time: cumulative training compute, the day one reaches another, and what moves it",
    .example = "flopcast race race-frontier --by 2026-12-31",
    .options = options,
    .run = run_race,
};
