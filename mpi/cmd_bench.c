/* cmd_bench.c: latency and bandwidth of the exchanges among the ranks of this job, into a calibration. */
#include "commands.h"

#include "../bench/collectives.h"
#include "../bench/exchange.h"
#include "../host/base/units.h"
#include "../host/cli/bench_file.h"
#include "../host/device/machine.h"
#include "../host/doors/calibration_file.h"
#include "flopcast/measure.h"
#include "report.h"
#include "world.h"

#include <string.h>

#define SOURCE "command line"
#define DEFAULT_PATH "collectives.json"
#define DEFAULT_BUDGET_S 20.0
#define DEFAULT_LEAST_BYTES 8.0
#define DEFAULT_MOST_BYTES 64e6
#define FLOOR_BYTES 4.0
/* MPI counts elements in an int. */
#define CEILING_BYTES 8e9

typedef struct bench_command {
    fc_context *context;
    const char *path;
    fc_format format;
    fc_collectives_options options;
    fc_collectives_report report;
    fc_calibration calibration; /* the bases; empty without */
    bool has_base;
    uint32_t replaced_count;
} bench_command;

/* ---- the command line: rank 0 ----------------------------------------------------------------------------------- */

static fc_status parse_op(uint32_t *bits, const char *word, fc_error *error) {
    const char *names[FC_COLLECTIVE_COUNT];
    size_t count = 0;
    for (uint32_t op = 0; op < FC_COLLECTIVE_COUNT; op++) {
        if ((fc_collectives_all() & (1U << op)) == 0) {
            continue;
        }
        names[count++] = fc_collective_op_name((fc_collective_op)op);
        if (strcmp(names[count - 1], word) == 0) {
            *bits |= 1U << op;
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(word, names, count);
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                        "--ops %.32s is unknown%s%s%s; allowed are all_reduce, all_gather, reduce_scatter, "
                        "all_to_all, send_recv, with commas between",
                        word, nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?" : "");
}

static fc_status parse_ops(bench_command *command, fc_error *error) {
    const char *list = fc_args_value(command->context->args, "--ops");
    command->options.ops = list == NULL ? fc_collectives_all() : 0;
    while (list != NULL) {
        size_t length = strcspn(list, ",");
        const char *word = fc_arena_strndup(command->context->arena, list, length);
        if (word == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for --ops");
        }
        FC_TRY(parse_op(&command->options.ops, word, error));
        list = list[length] == ',' ? list + length + 1 : NULL;
    }
    return FC_OK;
}

static fc_status parse_bytes(double *out, const fc_args *args, const char *name, double fallback, fc_error *error) {
    const char *text = fc_args_value(args, name);
    *out = fallback;
    if (text == NULL) {
        return FC_OK;
    }
    if (fc_units_parse(out, text, FC_UNIT_BYTES, NULL) != FC_OK || !(*out >= FLOOR_BYTES) || !(*out <= CEILING_BYTES)) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "%s is \"%.64s\"; allowed is a size from 4 B to 8 GB, such as 64k or 16MiB", name, text);
    }
    return FC_OK;
}

/* Options that every program of the house takes and that would do nothing here. */
static fc_status refuse_idle(const fc_args *args, fc_error *error) {
    static const struct {
        const char *name;
        const char *advice;
    } idle[] = {{"--calibration", "; --base FILE adds the collectives to a calibration"},
                {"--set", ": there is no study"},
                {"--seed", ": nothing is drawn"},
                {"--threads", ": each rank has one; mpirun -n says how many ranks"},
                {"--data", ": nothing is looked up"}};
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        if (fc_args_has(args, idle[i].name)) {
            return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%s does nothing here%s", idle[i].name, idle[i].advice);
        }
    }
    return FC_OK;
}

static fc_status check_ranks(const fc_ranks *ranks, fc_error *error) {
    if (ranks->count >= 2 && ranks->count <= FC_EXCHANGE_MOST_RANKS) {
        return FC_OK;
    }
    if (ranks->count < 2) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "one rank alone has nobody to exchange with; start two or more: mpirun -n 2 flopcast-mpi "
                            "bench -o collectives.json");
    }
    return fc_error_set(error, FC_OVER_LIMIT, SOURCE, 0, 0, "%u ranks; at most %u are checked and timed", ranks->count,
                        FC_EXCHANGE_MOST_RANKS);
}

static fc_status parse(bench_command *command, fc_error *error) {
    const fc_args *args = command->context->args;
    fc_collectives_options *options = &command->options;
    if (args->positional_count > 0) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "bench takes no argument; found %.64s", args->positional[0]);
    }
    FC_TRY(refuse_idle(args, error));
    FC_TRY(parse_ops(command, error));
    FC_TRY(parse_bytes(&options->least_bytes, args, "--least-bytes", DEFAULT_LEAST_BYTES, error));
    FC_TRY(parse_bytes(&options->most_bytes, args, "--most-bytes", DEFAULT_MOST_BYTES, error));
    if (options->least_bytes > options->most_bytes) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "--least-bytes %.0f is above --most-bytes %.0f",
                            options->least_bytes, options->most_bytes);
    }
    FC_TRY(fc_bench_budget(&options->budget_s, args, DEFAULT_BUDGET_S, error));
    FC_TRY(fc_bench_format(&command->format, args, error));
    const char *path = fc_args_value(args, "-o");
    command->path = path != NULL ? path : DEFAULT_PATH;
    FC_TRY(fc_bench_check_path(command->path, error));
    return check_ranks(command->context->ranks, error);
}

/* ---- the bases: rank 0 ------------------------------------------------------------------------------------------ */

static fc_status read_bases(bench_command *command, fc_error *error) {
    fc_context *context = command->context;
    fc_calibration *calibration = &command->calibration;
    const char *path = fc_args_nth(context->args, "--base", 0);
    if (path == NULL) {
        fc_machine_describe(&calibration->machine);
        return FC_OK;
    }
    FC_TRY(fc_calibration_read(calibration, context->arena, path, error));
    command->has_base = true;
    for (int i = 1; (path = fc_args_nth(context->args, "--base", i)) != NULL; i++) {
        fc_calibration *further = fc_arena_alloc(context->arena, sizeof *further);
        if (further == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %.200s", path);
        }
        FC_TRY(fc_calibration_read(further, context->arena, path, error));
        FC_TRY(fc_collectives_join(calibration, context->arena, further, path, error));
    }
    fc_machine here = {.cores_count = 0};
    fc_machine_describe(&here);
    if (strcmp(here.cpu, calibration->machine.cpu) != 0) {
        fc_note(context, "the base was measured on %.80s, rank 0 stands on %.80s", calibration->machine.cpu, here.cpu);
    }
    return FC_OK;
}

/* Without a base the file has a machine and its collectives, and a device that says what measured them. */
static void describe_device(fc_calibration *calibration, const fc_collectives_report *report) {
    const fc_machine *machine = &calibration->machine;
    fc_device_info *device = &calibration->device;
    (void)fc_text_copy(device->backend, sizeof device->backend, "mpi");
    (void)fc_text_copy(device->name, sizeof device->name, machine->cpu);
    (void)fc_text_copy(device->library, sizeof device->library, machine->mpi_library);
    (void)fc_text_copy(device->driver, sizeof device->driver, "none");
    device->threads = 1;
    device->cores_count = machine->cores_count;
    device->memory_bytes = machine->memory_bytes;
    device->clock_hz = fc_machine_clock_hz();
    calibration->method.aim_noise_frac = report->aim_noise_frac;
    fc_machine_stamp(calibration->taken_at);
}

/* ---- all ranks -------------------------------------------------------------------------------------------------- */

/* Two buffers a rank, and as much again for what the library copies through. */
static fc_status check_memory(const fc_machine *machine, const fc_collectives_options *options, fc_error *error) {
    double wanted_bytes = 4.0 * options->most_bytes * machine->ranks_per_host_most;
    if (!(machine->memory_bytes > 0.0) || wanted_bytes <= machine->memory_bytes) {
        return FC_OK;
    }
    char wanted[32];
    char present[32];
    fc_units_format(wanted, sizeof wanted, wanted_bytes, FC_UNIT_BYTES, 3);
    fc_units_format(present, sizeof present, machine->memory_bytes, FC_UNIT_BYTES, 3);
    return fc_error_set(error, FC_OVER_LIMIT, SOURCE, 0, 0,
                        "--most-bytes %.0f needs %s on a host with %u ranks, which has %s; at most %.0f are allowed",
                        options->most_bytes, wanted, machine->ranks_per_host_most, present,
                        machine->memory_bytes / (4.0 * machine->ranks_per_host_most));
}

static fc_status measure(fc_collectives_report *out, fc_machine *machine, fc_collectives_options *options,
                         const fc_ranks *ranks, fc_arena *arena, fc_error *error) {
    FC_TRY(ranks->tell(ranks->user, options, sizeof *options, error));
    FC_TRY(fc_world_describe(ranks, machine, error));
    if (ranks->rank == 0) {
        FC_TRY(check_memory(machine, options, error));
    }
    return fc_collectives_run(out, arena, ranks, options, error);
}

static fc_status follow_bench(const fc_ranks *ranks, fc_arena *arena, fc_error *error) {
    fc_machine machine;
    fc_collectives_options options;
    fc_collectives_report report;
    memset(&machine, 0, sizeof machine);
    memset(&options, 0, sizeof options);
    return measure(&report, &machine, &options, ranks, arena, error);
}

static fc_status write_result(bench_command *command, fc_error *error) {
    bool done = false;
    FC_TRY(fc_bench_write_file(&done, command->context, command->path, command->format, &command->calibration, error));
    if (done) {
        return FC_OK;
    }
    fc_mpi_report what = {.measured = &command->report,
                          .calibration = &command->calibration,
                          .path = command->path,
                          .has_base = command->has_base,
                          .processors_count = fc_machine_processors_count(),
                          .replaced_count = command->replaced_count,
                          .width = command->context->width,
                          .markdown = command->format == FC_FORMAT_MARKDOWN};
    return fc_mpi_report_write(&command->context->out, &what, error);
}

static fc_status run_bench(fc_context *context, fc_error *error) {
    bench_command *command = fc_arena_alloc(context->arena, sizeof *command);
    if (command == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    command->context = context;
    command->options.begin_s = fc_measure_now_s();
    FC_TRY(parse(command, error));
    FC_TRY(read_bases(command, error));
    FC_TRY(fc_follow_me(context->ranks, fc_mpi_bench.command->name, error));
    fc_calibration *calibration = &command->calibration;
    FC_TRY(measure(&command->report, &calibration->machine, &command->options, context->ranks, context->arena, error));
    if (!command->has_base) {
        describe_device(calibration, &command->report);
    }
    FC_TRY(fc_collectives_add(calibration, &command->replaced_count, context->arena, &command->report, error));
    FC_TRY(write_result(command, error));
    if (command->report.unstable) {
        return fc_error_set(error, FC_UNSTABLE, NULL, 0, 0,
                            "more than half of the timings stayed unstable; %.200s is written and says so. Close other "
                            "programs, use no more ranks than cores or give a longer --budget, then measure again",
                            command->path);
    }
    return FC_OK;
}

static const fc_option options[] = {
    {"--budget", "TIME", false, "wall time for everything, such as 20s or 5min; left out: 20s"},
    {"--least-bytes", "SIZE", false, "the smallest buffer of a rank; left out: 8"},
    {"--most-bytes", "SIZE", false, "the largest; sizes double between; left out: 64M"},
    {"--ops", "LIST", false, "all_reduce, all_gather, reduce_scatter, all_to_all, send_recv; left out: all"},
    {"--base", "FILE", true,
     "a calibration that the collectives are added to; further ones may hold collectives alone"},
    {NULL, NULL, false, NULL},
};

static const fc_command command_bench = {
    .name = "bench",
    .synopsis = "[--budget TIME] [--least-bytes SIZE] [--most-bytes SIZE] [--ops LIST] [--base FILE]… [-o FILE]",
    .help = "How fast do these ranks exchange data? Measures collectives and writes or completes a calibration file.",
    .example = "mpirun -n 2 flopcast-mpi bench --base calibration.json -o calibration.json",
    .options = options,
    .run = run_bench,
};

const fc_mpi_command fc_mpi_bench = {.command = &command_bench, .follow = follow_bench};
