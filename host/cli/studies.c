#include "studies.h"

#include <string.h>
#include <unistd.h>

fc_status fc_studies_name(const char **out, const fc_context *context, fc_error *error) {
    const fc_args *args = context->args;
    if (args->positional_count == 1) {
        *out = args->positional[0];
        return FC_OK;
    }
    if (args->positional_count > 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "one study at a time; found \"%.60s\" and \"%.60s\"",
                            args->positional[0], args->positional[1]);
    }
    return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                        "which study? A file, or a name of `flopcast list studies`");
}

/* A file, or the name of a calibration that ships with the program: `reference-cpu`. */
static const char *find_calibration(const fc_config *config, const char *given) {
    if (given == NULL || given[0] == '\0' || strchr(given, '/') != NULL || access(given, F_OK) == 0) {
        return given;
    }
    const char *shipped =
        fc_arena_printf(config->arena, "%s/calibrations/%s.json", config->catalog.data_folder, given);
    return shipped != NULL && access(shipped, R_OK) == 0 ? shipped : given;
}

fc_status fc_studies_config(fc_config *out, const fc_context *context, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->arena = context->arena;
    FC_TRY(fc_catalog_open(&out->catalog, context->arena, context->data_folder, error));
    FC_TRY(fc_args_u64(&out->seed, context->args, "--seed", 0, 0, UINT64_MAX, error));
    out->calibration_path = find_calibration(out, fc_args_value(context->args, "--calibration"));
    const char **sets = fc_arena_alloc(context->arena, FC_MAX_ARGS * sizeof *sets);
    if (sets == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    while (fc_args_nth(context->args, "--set", (int)out->sets_count) != NULL) {
        sets[out->sets_count] = fc_args_nth(context->args, "--set", (int)out->sets_count);
        out->sets_count += 1;
    }
    out->sets = sets;
    return FC_OK;
}
