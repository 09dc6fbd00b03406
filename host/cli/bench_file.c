#include "bench_file.h"

#include "../base/units.h"
#include "../doors/calibration_file.h"
#include "terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAST_BUDGET_S 1.0
#define MOST_BUDGET_S 86400.0

fc_status fc_bench_budget(double *out_s, const fc_args *args, double fallback_s, fc_error *error) {
    *out_s = fallback_s;
    const char *text = fc_args_value(args, "--budget");
    if (text == NULL) {
        return FC_OK;
    }
    if (fc_units_parse(out_s, text, FC_UNIT_S, NULL) != FC_OK || !(*out_s >= LEAST_BUDGET_S) ||
        !(*out_s <= MOST_BUDGET_S)) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "--budget is \"%.64s\"; allowed is a time from 1 s to 24 h, such as 20s or 5min", text);
    }
    return FC_OK;
}

fc_status fc_bench_format(fc_format *out, const fc_args *args, fc_error *error) {
    *out = FC_FORMAT_TEXT;
    return fc_args_value(args, "--format") != NULL ? fc_args_format(out, args, "tjcm", error) : FC_OK;
}

fc_status fc_bench_check_path(const char *path, fc_error *error) {
    FC_TRY(fc_output_check(path, error));
    if (strcmp(path, "-") == 0) {
        return FC_OK;
    }
    char folder[4096];
    if (!fc_text_copy(folder, sizeof folder, path)) {
        return fc_error_set(error, FC_USAGE, "-o", 0, 0, "the path is longer than %zu bytes; give a shorter one",
                            sizeof folder - 1);
    }
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)fc_text_copy(folder, sizeof folder, ".");
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    struct stat info;
    bool exists = stat(path, &info) == 0;
    const char *refusing = exists && access(path, W_OK) != 0 ? path : NULL;
    /* A file is replaced whole, so its folder takes part; a device or a pipe is written as it stands. */
    if (refusing == NULL && (!exists || S_ISREG(info.st_mode)) && access(folder, W_OK) != 0) {
        refusing = folder;
    }
    if (refusing != NULL) {
        return fc_error_set(error, FC_FAILED, "-o", 0, 0,
                            "cannot write %.200s: %.200s is not writable (%s); give "
                            "another file with -o",
                            path, refusing, strerror(errno));
    }
    return FC_OK;
}

fc_status fc_bench_write_file(bool *out_done, fc_context *context, const char *path, fc_format format,
                              const fc_calibration *calibration, fc_error *error) {
    fc_text json = fc_text_start(context->arena);
    FC_TRY(fc_calibration_write_json(&json, calibration, error));
    fc_text *out = &context->out;
    context->wrote_output = true;
    *out_done = true;
    if (strcmp(path, "-") == 0) {
        fc_text_add(out, json.bytes);
        return FC_OK;
    }
    FC_TRY(fc_output_write(path, json.bytes, json.size, error));
    if (format == FC_FORMAT_JSON) {
        fc_text_add(out, json.bytes);
        return FC_OK;
    }
    if (format == FC_FORMAT_CSV) {
        return fc_calibration_write_csv(out, calibration, error);
    }
    *out_done = false;
    return FC_OK;
}
