/* program.c: parse, run, write: the same for every program of the house. */
#include "program.h"

#include "args.h"
#include "help.h"
#include "terminal.h"

#include <stdarg.h>
#include <string.h>

static const fc_option top_options[] = {
    {"--version", NULL, false, "the version"},
    {NULL, NULL, false, NULL},
};

/* Stands in where no command is given, so that options alone are checked like any others. */
static const fc_command top = {.name = "", .options = top_options};

void fc_note(const fc_context *context, const char *format, ...) {
    if (context->quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", context->program->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static const fc_command *find_command(const fc_program *program, const char *name) {
    for (size_t i = 0; program->commands[i] != NULL; i++) {
        if (strcmp(program->commands[i]->name, name) == 0) {
            return program->commands[i];
        }
    }
    return NULL;
}

static fc_status unknown_command(const fc_program *program, const char *name, fc_error *error) {
    const char *names[FC_MOST_COMMANDS + 1];
    size_t count = 0;
    for (; program->commands[count] != NULL && count < FC_MOST_COMMANDS; count++) {
        names[count] = program->commands[count]->name;
    }
    names[count++] = "help";
    if (fc_text_ends(name, ".yaml") || fc_text_ends(name, ".json") || fc_file_exists(name)) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "%.200s is a file, not a command; did you mean `flopcast estimate %.200s`?", name, name);
    }
    const char *nearest = fc_text_nearest(name, names, count);
    return fc_error_set(error, FC_USAGE, "command line", 0, 0, "unknown command %.64s%s%s%s; `%s help` lists them",
                        name, nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?)" : "", program->name);
}

/* The program alone, `help [COMMAND]`, `--version`. */
static fc_status run_top(fc_context *context, fc_error *error) {
    const fc_args *args = context->args;
    if (fc_args_has(args, "--version")) {
        fc_text_addf(&context->out, "%s " FC_VERSION "\n", context->program->name);
        return FC_OK;
    }
    if (args->positional_count > 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "help is about one command; found %d",
                            args->positional_count);
    }
    const char *name = args->positional_count > 0 ? args->positional[0] : "help";
    const fc_command *command = find_command(context->program, name);
    if (command != NULL) {
        fc_help_command(&context->out, context->program, command);
        return FC_OK;
    }
    if (strcmp(name, "help") != 0) {
        return unknown_command(context->program, name, error);
    }
    fc_help_overview(&context->out, context->program);
    return FC_OK;
}

static fc_status run_command(fc_context *context, const fc_command *command, fc_error *error) {
    if (command == &top) {
        return run_top(context, error);
    }
    if (fc_args_has(context->args, "--help")) {
        fc_help_command(&context->out, context->program, command);
        return FC_OK;
    }
    return command->run(context, error);
}

/* A measurement too noisy to trust is written all the same: its file says so. So is what a command says of a plan that does
 * not fit, if it says anything. */
static bool is_written(const fc_context *context, fc_status status) {
    return status == FC_OK || status == FC_UNSTABLE || (status == FC_INFEASIBLE && context->out.size > 0);
}

static fc_status run(fc_context *context, const fc_command *command, fc_error *error) {
    const char *path = fc_args_value(context->args, "-o");
    FC_TRY(fc_output_check(path, error));
    context->quiet = fc_args_has(context->args, "--quiet");
    context->data_folder = fc_args_value(context->args, "--data");
    fc_terminal_detect(context, path != NULL, fc_args_has(context->args, "--no-color"));
    fc_status status = run_command(context, command, error);
    if (!is_written(context, status)) {
        return status;
    }
    if (context->out.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the result");
    }
    const char *target = context->wrote_output ? NULL : path;
    fc_status written = fc_output_write(target, context->out.bytes, context->out.size, error);
    return written != FC_OK ? written : status;
}

fc_status fc_program_run(fc_context *context, int argc, const char *const *argv, fc_error *error) {
    const fc_program *program = context->program;
    const fc_command *command = &top;
    int index = fc_args_find_command(argc, argv, program->commands);
    if (index > 0 && strcmp(argv[index], "help") != 0) {
        command = find_command(program, argv[index]);
        if (command == NULL) {
            return unknown_command(program, argv[index], error);
        }
    }
    fc_args *args = fc_arena_alloc(context->arena, sizeof *args);
    if (args == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the command line");
    }
    FC_TRY(fc_args_parse(args, argc, argv, index, command, program->name, error));
    context->args = args;
    return run(context, command, error);
}
