/* main.c: the table of commands; parse, run, write. */
#include "args.h"
#include "cmd.h"
#include "help.h"
#include "terminal.h"

#include <stdarg.h>
#include <string.h>

static const fc_command *const commands[] = {
    &fc_cmd_estimate, &fc_cmd_compare, &fc_cmd_bench, &fc_cmd_verify, &fc_cmd_op,
    &fc_cmd_fit,      &fc_cmd_list,    &fc_cmd_show,  NULL,
};

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
    fputs("flopcast: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static const fc_command *find_command(const char *name) {
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static fc_status unknown_command(const char *name, fc_error *error) {
    const char *names[sizeof commands / sizeof commands[0]];
    size_t count = 0;
    for (; commands[count] != NULL; count++) {
        names[count] = commands[count]->name;
    }
    names[count++] = "help";
    if (fc_text_ends(name, ".yaml") || fc_text_ends(name, ".json") || fc_file_exists(name)) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "%.200s is a file, not a command; did you mean `flopcast estimate %.200s`?", name, name);
    }
    const char *nearest = fc_text_nearest(name, names, count);
    return fc_error_set(
        error, FC_USAGE, "command line", 0, 0, "unknown command %.64s%s%s%s; `flopcast help` lists them", name,
        nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?)" : "");
}

/* `flopcast`, `flopcast help [COMMAND]`, `flopcast --version`. */
static fc_status run_top(fc_context *context, fc_error *error) {
    const fc_args *args = context->args;
    if (fc_args_has(args, "--version")) {
        fc_text_add(&context->out, "flopcast " FC_VERSION "\n");
        return FC_OK;
    }
    if (args->positional_count > 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "help is about one command; found %d",
                            args->positional_count);
    }
    const char *name = args->positional_count > 0 ? args->positional[0] : "help";
    const fc_command *command = find_command(name);
    if (command != NULL) {
        fc_help_command(&context->out, command);
        return FC_OK;
    }
    if (strcmp(name, "help") != 0) {
        return unknown_command(name, error);
    }
    fc_help_overview(&context->out, commands);
    return FC_OK;
}

static fc_status run_command(fc_context *context, const fc_command *command, fc_error *error) {
    if (command == &top) {
        return run_top(context, error);
    }
    if (fc_args_has(context->args, "--help")) {
        fc_help_command(&context->out, command);
        return FC_OK;
    }
    return command->run(context, error);
}

/* A measurement too noisy to trust is written all the same: its file says so. */
static bool is_written(fc_status status) { return status == FC_OK || status == FC_UNSTABLE; }

static fc_status run(fc_context *context, const fc_command *command, fc_error *error) {
    const char *path = fc_args_value(context->args, "-o");
    FC_TRY(fc_output_check(path, error));
    context->quiet = fc_args_has(context->args, "--quiet");
    context->data_folder = fc_args_value(context->args, "--data");
    fc_terminal_detect(context, path != NULL, fc_args_has(context->args, "--no-color"));
    fc_status status = run_command(context, command, error);
    if (!is_written(status)) {
        return status;
    }
    if (context->out.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the result");
    }
    const char *target = context->wrote_output ? NULL : path;
    fc_status written = fc_output_write(target, context->out.bytes, context->out.size, error);
    return written != FC_OK ? written : status;
}

static fc_status parse_and_run(fc_context *context, fc_args *args, int argc, const char *const *argv, fc_error *error) {
    const fc_command *command = &top;
    int index = fc_args_find_command(argc, argv, commands);
    if (index > 0 && strcmp(argv[index], "help") != 0) {
        command = find_command(argv[index]);
        if (command == NULL) {
            return unknown_command(argv[index], error);
        }
    }
    FC_TRY(fc_args_parse(args, argc, argv, index, command, error));
    context->args = args;
    return run(context, command, error);
}

int main(int argc, char **argv) {
    fc_terminal_prepare();
    fc_error error = {0};
    fc_args args;
    fc_context context = {.arena = fc_arena_create(0)};
    if (context.arena == NULL) {
        fputs("flopcast: no memory to begin with\n", stderr);
        return FC_FAILED;
    }
    context.out = fc_text_start(context.arena);
    fc_status status = parse_and_run(&context, &args, argc, (const char *const *)argv, &error);
    if (status != FC_OK && error.text[0] != '\0') {
        fc_error_print(&error);
    } else if (status != FC_OK) {
        fprintf(stderr, "flopcast: failed with status %d and without a reason: a mistake of the program\n",
                (int)status);
    }
    fc_arena_destroy(context.arena);
    return (int)status;
}
