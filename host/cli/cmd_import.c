/* cmd_import.c: Calculon's files or Megatron's arguments as a study on stdout. */
#include "cmd.h"
#include "studies.h"

#include "../doors/import_study.h"

#include <string.h>

static fc_status read_kind(uint32_t *out, const fc_args *args, fc_error *error) {
    const char *name = fc_args_value(args, "--kind");
    *out = FC_FOREIGN_GUESS;
    for (uint32_t kind = FC_FOREIGN_GUESS + 1; kind < FC_FOREIGN_KIND_COUNT && name != NULL; kind++) {
        if (strcmp(name, fc_foreign_kind_name((fc_foreign_kind)kind)) == 0) {
            *out = kind;
        }
    }
    return name == NULL || *out != FC_FOREIGN_GUESS
               ? FC_OK
               : fc_error_set(error, FC_USAGE, "command line", 0, 0,
                              "--kind is \"%.40s\"; allowed is calculon or megatron", name);
}

/* What follows `--` and begins with an option is arguments; what stands before is files. */
static fc_status split(fc_foreign *out, const fc_context *context, fc_error *error) {
    const fc_args *args = context->args;
    fc_text words = fc_text_start(context->arena);
    size_t files = 0;
    while (files < (size_t)args->positional_count && strncmp(args->positional[files], "--", 2) != 0) {
        files++;
    }
    for (size_t i = files; i < (size_t)args->positional_count; i++) {
        fc_text_addf(&words, "%s%s", i > files ? " " : "", args->positional[i]);
    }
    if (words.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the arguments");
    }
    out->paths = args->positional;
    out->paths_count = files;
    out->words = files < (size_t)args->positional_count ? words.bytes : NULL;
    return args->positional_count > 0
               ? FC_OK
               : fc_error_set(error, FC_USAGE, "command line", 0, 0,
                              "import what? Files of Calculon's or Megatron's, or arguments after --, for example "
                              "`flopcast import -- --num-layers 96 …`");
}

static fc_status run_import(fc_context *context, fc_error *error) {
    fc_config config;
    fc_draft draft;
    fc_foreign foreign = {0};
    fc_inputs *inputs = fc_arena_alloc(context->arena, sizeof *inputs);
    fc_study *study = fc_arena_alloc(context->arena, sizeof *study);
    if (inputs == NULL || study == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(read_kind(&foreign.kind, context->args, error));
    FC_TRY(split(&foreign, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_import_study(&draft, study, inputs, &config, &foreign, error));
    for (const fc_remark *remark = draft.first_remark; remark != NULL; remark = remark->next) {
        fc_note(context, "%s", fc_remark_line(context->arena, remark));
    }
    fc_draft_write(&context->out, &draft,
                   foreign.paths_count > 0
                       ? fc_arena_printf(context->arena, "A study for flopcast, from %s%s", foreign.paths[0],
                                         foreign.paths_count > 1 ? " and others" : "")
                       : "A study for flopcast, from the arguments of a command line");
    return FC_OK;
}

static const fc_option options[] = {
    {"--kind", "KIND", false, "calculon or megatron; left out: told by the content"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_import = {
    .name = "import",
    .synopsis = "FILE… | -- ARGUMENTS",
    .help = "a study from Calculon's JSON files or Megatron-LM's arguments (script, dump, log)",
    .example = "flopcast import pretrain.sh --set cluster.chip=h100-sxm -o study.yaml",
    .options = options,
    .run = run_import,
};
