/* cmd_verify.c: a real training step on this machine, predicted beside measured. The prediction is that of `estimate`
 * for the study flopcast-verify, from the calibration alone. */
#include "cmd.h"

#include "../device/machine.h"
#include "../doors/calibration_file.h"
#include "flopcast/estimate.h"
#include "restart.h"
#include "studies.h"
#include "verify_text.h"

#include <stdio.h>
#include <string.h>

#define SOURCE "command line"
#define STUDY "flopcast-verify"
#define MOST_SETS 24
/* Of one case, after which three steps must do. */
#define CASE_BUDGET_S 8.0
#define MOST_BYTES ((uint64_t)4 << 30)

typedef struct verify_command {
    fc_context *context;
    fc_layer_set set;
    fc_format format;
    uint64_t seed;
    fc_config config;
    fc_calibration calibration;
} verify_command;

/* ---- the command line ------------------------------------------------------------------------------------------- */

static fc_status parse_set(verify_command *command, fc_error *error) {
    const char *name = fc_args_value(command->context->args, "--cases");
    command->set = FC_LAYER_DEFAULT;
    for (int i = 0; name != NULL && i < FC_LAYER_SET_COUNT; i++) {
        if (strcmp(name, fc_layer_set_name((fc_layer_set)i)) == 0) {
            command->set = (fc_layer_set)i;
            return FC_OK;
        }
    }
    return name == NULL ? FC_OK
                        : fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                                       "--cases %.64s is unknown; allowed are small, default, large", name);
}

static fc_status parse(verify_command *command, fc_error *error) {
    const fc_args *args = command->context->args;
    if (args->positional_count > 0) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "verify takes no argument; found %.64s",
                            args->positional[0]);
    }
    if (fc_args_has(args, "--set")) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "verify predicts from the calibration alone and takes no --set; try --set with `flopcast "
                            "estimate " STUDY "`");
    }
    FC_TRY(fc_args_format(&command->format, args, "tjcm", error));
    FC_TRY(parse_set(command, error));
    FC_TRY(fc_args_u64(&command->seed, args, "--seed", 1, 0, UINT64_MAX, error));
    if (fc_args_value(args, "--calibration") == NULL) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "verify needs what it should predict from: run `flopcast bench --backend openblas -o "
                            "calibration.json`, then add --calibration calibration.json");
    }
    return fc_studies_config(&command->config, command->context, error);
}

/* The step runs on this processor, so a calibration of another device would be compared with the wrong thing. */
static fc_status read_calibration(verify_command *command, fc_error *error) {
    const char *path = command->config.calibration_path;
    fc_calibration *calibration = &command->calibration;
    FC_TRY(fc_calibration_read(calibration, command->context->arena, path, error));
    if (strcmp(calibration->device.backend, "cuda") == 0 || strcmp(calibration->device.backend, "null") == 0 ||
        calibration->device.emulated) {
        return fc_error_set(error, FC_BAD_INPUT, path, 0, 0,
                            "this describes %.100s, and verify runs on this machine's processor: measure that with "
                            "`flopcast bench --backend openblas`",
                            calibration->device.name);
    }
    uint32_t most = fc_machine_threads_count();
    if (calibration->device.threads < 1 || calibration->device.threads > most) {
        return fc_error_set(error, FC_BAD_INPUT, path, 0, 0,
                            "this was measured on %u threads, and this process may use %u: measure again with "
                            "`flopcast bench --backend openblas`",
                            calibration->device.threads, most);
    }
    fc_machine machine;
    fc_machine_describe(&machine);
    if (strcmp(machine.cpu, calibration->machine.cpu) != 0) {
        fc_note(command->context, "the calibration was measured on %.80s, this is %.80s", calibration->machine.cpu,
                machine.cpu);
    }
    return FC_OK;
}

/* ---- prediction ------------------------------------------------------------------------------------------------- */

static fc_status add_set(verify_command *command, const char **sets, const char *key, double value, const char *word,
                         fc_error *error) {
    fc_arena *arena = command->context->arena;
    const char *text =
        word != NULL ? fc_arena_printf(arena, "%s=%s", key, word) : fc_arena_printf(arena, "%s=%.0f", key, value);
    if (text == NULL || command->config.sets_count == MOST_SETS) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for a prediction");
    }
    sets[command->config.sets_count++] = text;
    return FC_OK;
}

static fc_status describe(verify_command *command, const char **sets, const fc_train_options *o, fc_error *error) {
    const struct {
        const char *key;
        double value;
        const char *word;
    } rows[] = {
        {"model.layers", o->layers_count, NULL},
        {"model.hidden", o->hidden, NULL},
        {"model.heads", o->heads, NULL},
        {"model.ffn_hidden", o->ffn_hidden, NULL},
        {"model.ffn_type", 0, o->mlp == FC_TRAIN_SWIGLU ? "gated" : "plain"},
        {"model.norm", 0, o->norm == FC_TRAIN_LAYER ? "layer" : "rms"},
        {"model.vocab", o->vocab, NULL},
        {"model.max_positions", o->seq_len, NULL},
        {"model.seq_len", o->seq_len, NULL},
        {"workload.seq_len", o->seq_len, NULL},
        {"workload.global_batch", o->batch, NULL},
        {"plan.global_batch", o->batch, NULL},
        {"plan.micro_batch", o->batch, NULL},
    };
    command->config.sets_count = 0;
    command->config.sets = sets;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FC_TRY(add_set(command, sets, rows[i].key, rows[i].value, rows[i].word, error));
    }
    return FC_OK;
}

static fc_status predict(fc_verify_case *out, verify_command *command, fc_error *error) {
    fc_arena *arena = command->context->arena;
    fc_study *study = fc_arena_alloc(arena, sizeof *study);
    fc_estimate *estimate = fc_arena_alloc(arena, sizeof *estimate);
    const char **sets = fc_arena_alloc(arena, MOST_SETS * sizeof *sets);
    if (study == NULL || estimate == NULL || sets == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for a prediction");
    }
    fc_inputs inputs;
    FC_TRY(describe(command, sets, &out->options, error));
    FC_TRY(fc_config_study(study, &inputs, &command->config, STUDY, error));
    FC_TRY(fc_estimate_study(estimate, study, arena, error));
    out->predicted = estimate->point.step;
    out->again = inputs.again;
    return FC_OK;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

static uint64_t most_bytes(void) {
    fc_machine machine;
    fc_machine_describe(&machine);
    double half = machine.memory_bytes / 2.0;
    return half > 0.0 && half < (double)MOST_BYTES ? (uint64_t)half : MOST_BYTES;
}

/* What does not fit into memory is left out and told; any other failure ends the command. */
static fc_status run_case(fc_verify_report *report, verify_command *command, const fc_train_options *options,
                          fc_error *error) {
    fc_verify_case *one = &report->cases[report->cases_count];
    one->options = *options;
    snprintf(one->name, sizeof one->name, "%ux%u-%s", options->layers_count, options->hidden,
             options->mlp == FC_TRAIN_SWIGLU ? "swiglu" : "gelu");
    FC_TRY(predict(one, command, error));
    if (command->context->terminal && !command->context->quiet) {
        (void)fprintf(stderr, "\rrunning %s\033[K", one->name);
    }
    fc_error reason = {.status = FC_OK};
    fc_status status = fc_layer_measure(&one->measured, options, CASE_BUDGET_S, &reason);
    if (command->context->terminal && !command->context->quiet) {
        (void)fputs("\r\033[K", stderr);
    }
    if (status == FC_OVER_LIMIT) {
        report->skipped[report->skipped_count++] =
            fc_arena_printf(command->context->arena, "%s: %.300s", one->name, reason.text);
        return FC_OK;
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, reason.source, 0, 0, "%s: %.800s", one->name, reason.text);
    }
    one->ceiling_frac =
        one->predicted.model_flop / (one->measured.median.step_s * one->predicted.peak_flop_per_s_per_chip);
    report->cases_count += 1;
    return FC_OK;
}

static fc_status run_cases(fc_verify_report *report, verify_command *command, fc_error *error) {
    fc_train_options options;
    for (uint32_t i = 0; i < FC_LAYER_MOST_CASES && fc_layer_case(&options, command->set, i); i++) {
        options.threads = command->calibration.device.threads;
        options.seed = command->seed;
        options.most_bytes = most_bytes();
        FC_TRY(run_case(report, command, &options, error));
    }
    if (report->cases_count == 0) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "no training step fits into this machine: %.300s",
                            report->skipped[0]);
    }
    return FC_OK;
}

static fc_status run_verify(fc_context *context, fc_error *error) {
    verify_command *command = fc_arena_alloc(context->arena, sizeof *command);
    fc_verify_report *report = fc_arena_alloc(context->arena, sizeof *report);
    if (command == NULL || report == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    command->context = context;
    FC_TRY(parse(command, error));
    FC_TRY(read_calibration(command, error));
    fc_restart_with_better_kernels(context);
    report->calibration = &command->calibration;
    report->calibration_path = command->config.calibration_path;
    FC_TRY(run_cases(report, command, error));
    FC_TRY(fc_verify_write(&context->out, report, command->format, context->width, error));
    if (fc_verify_unstable(report)) {
        return fc_error_set(error, FC_UNSTABLE, NULL, 0, 0,
                            "more than half of the steps took times that differ by more than 10 %%: close other "
                            "programs and verify again");
    }
    return FC_OK;
}

static const fc_option options[] = {
    {"--cases", "SET", false, "small (seconds), default (about a minute) or large (minutes)"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_verify = {
    .name = "verify",
    .synopsis = "--calibration FILE [--cases SET]",
    .help = "Does the calibration hold? Runs real training steps here and prints predicted beside measured.",
    .example = "flopcast verify --calibration calibration.json",
    .options = options,
    .run = run_verify,
};
