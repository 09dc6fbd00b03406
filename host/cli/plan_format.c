#include "plan_format.h"

#include "../doors/write_plan.h"

#include <string.h>

static fc_status read_part(fc_calculon_part *out, const fc_args *args, fc_error *error) {
    const char *name = fc_args_value(args, "--part");
    *out = FC_CALCULON_ALL;
    if (name == NULL) {
        return FC_OK;
    }
    if (strcmp(name, "application") == 0) {
        *out = FC_CALCULON_APPLICATION;
    } else if (strcmp(name, "execution") == 0) {
        *out = FC_CALCULON_EXECUTION;
    } else {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "--part is \"%.40s\"; allowed is application or execution", name);
    }
    return FC_OK;
}

fc_status fc_plan_format_check(const fc_args *args, fc_format format, fc_error *error) {
    fc_calculon_part part = FC_CALCULON_ALL;
    FC_TRY(read_part(&part, args, error));
    return part == FC_CALCULON_ALL || format == FC_FORMAT_CALCULON
               ? FC_OK
               : fc_error_set(error, FC_USAGE, "command line", 0, 0, "--part belongs to --format calculon");
}

static fc_status write_calculon(fc_context *context, const fc_study *study, const fc_plan *plan, fc_error *error) {
    fc_calculon_part part = FC_CALCULON_ALL;
    fc_text notes = fc_text_start(context->arena);
    FC_TRY(read_part(&part, context->args, error));
    FC_TRY(fc_write_plan_calculon(&context->out, &notes, study, plan, part, error));
    if (notes.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the plan");
    }
    for (char *line = notes.size > 0 ? notes.bytes : NULL; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        fc_note(context, "%.*s", end != NULL ? (int)(end - line) : (int)strlen(line), line);
        line = end != NULL ? end + 1 : NULL;
    }
    return FC_OK;
}

fc_status fc_plan_format_write(fc_context *context, fc_format format, const fc_study *study, const fc_plan *plan,
                               fc_error *error) {
    if (format == FC_FORMAT_CALCULON) {
        return write_calculon(context, study, plan, error);
    }
    if (format == FC_FORMAT_MEGATRON) {
        fc_write_plan_megatron(&context->out, study, plan);
    } else {
        fc_write_plan_torchtitan(&context->out, study, plan);
    }
    return FC_OK;
}
