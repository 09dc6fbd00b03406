/* cmd_bench.c: measure this machine, write the calibration file that `estimate` reads. */
#include "cmd.h"

#include "../../bench/bench.h"
#include "../device/backends.h"
#include "../doors/calibration_file.h"
#include "bench_chip.h"
#include "bench_file.h"
#include "bench_import.h"
#include "bench_text.h"
#include "flopcast/measure.h"
#include "restart.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE "command line"
#define DEFAULT_PATH "calibration.json"
#define DEFAULT_BUDGET_S 60.0
/* A short measurement gets fewer operands: a virtual machine may need seconds to touch its first gigabyte. */
#define OPERAND_BYTES_PER_S 54e6
#define ALL_DTYPES ((1U << FC_DTYPE_COUNT) - 1U)
/* What the backends multiply today; block-scaled formats and int8 are asked for by name. */
#define USUAL_DTYPES                                                                                                   \
    ((1U << FC_DTYPE_FP64) | (1U << FC_DTYPE_FP32) | (1U << FC_DTYPE_TF32) | (1U << FC_DTYPE_FP16) |                   \
     (1U << FC_DTYPE_BF16) | (1U << FC_DTYPE_FP8))

typedef struct bench_command {
    fc_context *context;
    const char *backend_name;
    const char *path;
    const char *replay_path;
    double budget_s;
    double begin_s;
    uint64_t threads;
    uint64_t seed;
    uint32_t dtypes; /* asked for by name; 0: the usual ones */
    fc_format format;
    fc_calibration recorded;
    const fc_backend *backend;
    void *device;
    const char *chosen;
    fc_device_info info; /* of the device, the recorded one of a replay */
    fc_bench_chip chip;
} bench_command;

/* ---- the command line ------------------------------------------------------------------------------------------- */

static fc_status parse_backend(bench_command *command, fc_error *error) {
    static const char *const names[] = {"auto", "openblas", "cuda", "null", "replay"};
    const size_t count = sizeof names / sizeof names[0];
    const char *name = fc_args_value(command->context->args, "--backend");
    command->backend_name = name != NULL ? name : (command->replay_path != NULL ? "replay" : "auto");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(command->backend_name, names[i]) == 0) {
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(name, names, count);
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                        "--backend %.64s is unknown%s%s%s; allowed are auto, openblas, cuda, null, replay", name,
                        nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?" : "");
}

static fc_status parse_dtype(uint32_t *bits, const char *word, fc_error *error) {
    const char *names[FC_DTYPE_COUNT];
    for (uint32_t i = 0; i < FC_DTYPE_COUNT; i++) {
        names[i] = fc_dtype_name((fc_dtype)i);
        if (strcmp(names[i], word) == 0) {
            *bits |= 1U << i;
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(word, names, FC_DTYPE_COUNT);
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                        "--dtype %.32s is unknown%s%s%s; allowed are fp64, fp32, tf32, fp16, bf16, fp8, mxfp8, nvfp4, "
                        "int8, with commas between",
                        word, nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?" : "");
}

static fc_status parse_dtypes(bench_command *command, fc_error *error) {
    const char *list = fc_args_value(command->context->args, "--dtype");
    while (list != NULL) {
        size_t length = strcspn(list, ",");
        const char *word = fc_arena_strndup(command->context->arena, list, length);
        if (word == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for --dtype");
        }
        FC_TRY(parse_dtype(&command->dtypes, word, error));
        list = list[length] == ',' ? list + length + 1 : NULL;
    }
    return FC_OK;
}

static fc_status parse(bench_command *command, fc_error *error) {
    const fc_args *args = command->context->args;
    if (args->positional_count > 0) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "bench takes no argument; found %.64s", args->positional[0]);
    }
    FC_TRY(fc_bench_import_check(args, error));
    command->replay_path = fc_args_value(args, "--replay");
    FC_TRY(parse_backend(command, error));
    FC_TRY(parse_dtypes(command, error));
    FC_TRY(fc_bench_budget(&command->budget_s, args, DEFAULT_BUDGET_S, error));
    FC_TRY(fc_bench_format(&command->format, args, error));
    FC_TRY(fc_args_u64(&command->threads, args, "--threads", 0, 1, 1024, error));
    FC_TRY(fc_args_u64(&command->seed, args, "--seed", 1, 0, UINT64_MAX, error));
    bool replays = strcmp(command->backend_name, "replay") == 0;
    if (replays != (command->replay_path != NULL)) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            replays ? "--backend replay answers from a recorded calibration: add --replay FILE"
                                    : "--replay FILE goes with --backend replay alone");
    }
    const char *path = fc_args_value(args, "-o");
    command->path = path != NULL ? path : DEFAULT_PATH;
    return fc_bench_check_path(command->path, error);
}

/* ---- the device ------------------------------------------------------------------------------------------------- */

static fc_status open_backend(bench_command *command, const fc_backend *backend, fc_error *error) {
    fc_backend_options options = {.threads = (uint32_t)command->threads,
                                  .seed = command->seed,
                                  .most_bytes = (uint64_t)(command->budget_s * OPERAND_BYTES_PER_S),
                                  .replay = command->replay_path != NULL ? &command->recorded : NULL};
    FC_TRY(backend->open(&command->device, &options, error));
    command->backend = backend;
    return FC_OK;
}

static fc_status open_openblas(bench_command *command, fc_error *error) {
    fc_restart_with_better_kernels(command->context);
    return open_backend(command, &fc_backend_openblas, error);
}

static fc_status open_cuda(bench_command *command, fc_error *error) {
    const fc_backend *backend = NULL;
    FC_TRY(fc_backend_load(&backend, "cuda", NULL, error));
    return open_backend(command, backend, error);
}

static fc_status open_auto(bench_command *command, fc_error *error) {
    fc_error reason = {.status = FC_OK};
    if (open_cuda(command, &reason) == FC_OK) {
        command->chosen = "auto: there is a CUDA device";
        return FC_OK;
    }
    command->chosen = fc_arena_printf(command->context->arena, "auto: %.300s", reason.text);
    if (command->chosen == NULL) {
        command->chosen = "auto";
    }
    return open_openblas(command, error);
}

static fc_status open_device(bench_command *command, fc_error *error) {
    const char *name = command->backend_name;
    command->chosen = fc_arena_printf(command->context->arena, "--backend %s", name);
    if (command->chosen == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    if (strcmp(name, "auto") == 0) {
        return open_auto(command, error);
    }
    if (strcmp(name, "cuda") == 0) {
        fc_error reason = {.status = FC_OK};
        fc_status status = open_cuda(command, &reason);
        return status == FC_OK ? FC_OK
                               : fc_error_set(error, status, reason.source, 0, 0,
                                              "%.800s; --backend openblas measures the processor", reason.text);
    }
    if (strcmp(name, "openblas") == 0) {
        return open_openblas(command, error);
    }
    if (command->replay_path != NULL) {
        FC_TRY(fc_calibration_read(&command->recorded, command->context->arena, command->replay_path, error));
    }
    return open_backend(command, fc_backend_find(name), error);
}

/* Before minutes of measuring: a chip's file that cannot be read is told at once. */
static fc_status know_device(bench_command *command, fc_error *error) {
    FC_TRY(command->backend->info(command->device, &command->info, error));
    if (command->replay_path != NULL) {
        command->info = command->recorded.device;
    }
    return fc_bench_chip_find(&command->chip, command->context, &command->info, error);
}

/* ---- measuring and writing -------------------------------------------------------------------------------------- */

static void show_progress(void *user, const fc_bench_progress *progress) {
    (void)user;
    const fc_sample *sample = progress->sample;
    double left_s = progress->budget_s - progress->spent_s;
    (void)fprintf(stderr, "\r%3.0f %%  ", 100.0 * progress->spent_s / progress->budget_s);
    if (sample->kind == FC_SAMPLE_MATMUL) {
        (void)fprintf(stderr, "%s %u x %u x %u", fc_dtype_name((fc_dtype)sample->dtype), sample->m, sample->n,
                      sample->k);
    } else {
        (void)fprintf(stderr, "%s", fc_sample_kind_name((fc_sample_kind)sample->kind));
        if (sample->memory_op != FC_MEMORY_OP_NONE) {
            (void)fprintf(stderr, " %s", fc_memory_op_name((fc_memory_op)sample->memory_op));
        }
    }
    (void)fprintf(stderr, ", %.0f s left\033[K", left_s > 0.0 ? left_s : 0.0);
}

static fc_status measure(bench_command *command, fc_bench_report *report, fc_error *error) {
    bool shows = command->context->terminal && !command->context->quiet;
    fc_bench_options options = {
        .budget_s = command->budget_s,
        .begin_s = command->begin_s,
        .seed = command->seed,
        .dtypes = command->dtypes != 0 ? command->dtypes : (command->replay_path != NULL ? ALL_DTYPES : USUAL_DTYPES),
        .replay = command->replay_path != NULL ? &command->recorded : NULL,
        .progress = shows ? show_progress : NULL};
    fc_status status =
        fc_bench_run(report, command->context->arena, command->backend, command->device, &options, error);
    if (shows) {
        (void)fputs("\r\033[K", stderr);
    }
    FC_TRY(status);
    return fc_bench_chip_use(&report->calibration, &command->chip, &command->info, command->context->arena, error);
}

static fc_status write_result(bench_command *command, const fc_bench_report *report, fc_error *error) {
    bool done = false;
    FC_TRY(fc_bench_write_file(&done, command->context, command->path, command->format, &report->calibration, error));
    if (done) {
        return FC_OK;
    }
    fc_bench_text what = {.report = report,
                          .chosen = command->chosen,
                          .path = command->path,
                          .dtypes = command->dtypes,
                          .width = command->context->width,
                          .markdown = command->format == FC_FORMAT_MARKDOWN};
    return fc_bench_text_write(&command->context->out, &what, error);
}

static fc_status run_import(bench_command *command, fc_error *error) {
    fc_bench_import import = {
        .context = command->context, .dtypes = command->dtypes, .seed = command->seed, .path = command->path};
    fc_calibration calibration;
    fc_text text = fc_text_start(command->context->arena);
    bool done = false;
    FC_TRY(fc_bench_import_read(&calibration, &text, &import, error));
    FC_TRY(fc_bench_write_file(&done, command->context, command->path, command->format, &calibration, error));
    if (!done) {
        fc_text_add_bytes(&command->context->out, text.bytes, text.size);
    }
    return FC_OK;
}

static fc_status run_bench(fc_context *context, fc_error *error) {
    bench_command command = {.context = context, .begin_s = fc_measure_now_s()};
    FC_TRY(parse(&command, error));
    if (fc_args_has(context->args, "--import")) {
        return run_import(&command, error);
    }
    FC_TRY(open_device(&command, error));
    fc_bench_report *report = fc_arena_alloc(context->arena, sizeof *report);
    fc_status status = report != NULL ? know_device(&command, error)
                                      : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the report");
    status = status == FC_OK ? measure(&command, report, error) : status;
    command.backend->close(command.device);
    FC_TRY(status);
    FC_TRY(write_result(&command, report, error));
    if (report->calibration.unstable) {
        return fc_error_set(error, FC_UNSTABLE, NULL, 0, 0,
                            "more than half of the timings stayed unstable; %.200s is written and says so. Close other "
                            "programs or give a longer --budget, then measure again",
                            command.path);
    }
    return FC_OK;
}

static const fc_option options[] = {
    {"--backend", "NAME", false, "auto, openblas, cuda, null (a perfect device) or replay (a recorded one)"},
    {"--dtype", "LIST", false, "number formats, with commas between; left out: all that the device has"},
    {"--budget", "TIME", false, "wall time for everything, such as 20s or 5min; left out: 60s"},
    {"--replay", "FILE", false, "the calibration that --backend replay answers from"},
    {"--import", "FILE", true, "a table measured elsewhere instead: a CSV of matmuls, nccl-tests, OSU, mamf-finder"},
    {"--kind", "KIND", false, "of the imported tables: gemm-csv, nccl-tests, mpi-osu or mamf; left out: by content"},
    {"--chip-name", "TEXT", false, "what device the imported tables were measured on"},
    {"--ranks", "N", false, "how many ranks took part, where an imported table does not tell"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_bench = {
    .name = "bench",
    .synopsis = "[--backend NAME] [--dtype LIST] [--budget TIME] [--import FILE] [-o FILE]",
    .help = "What does this machine deliver? Measures it and writes the calibration file that estimate reads.",
    .example = "flopcast bench --budget 20s -o calibration.json",
    .options = options,
    .run = run_bench,
};
