/* help.c: made from the tables of commands and options, so that it cannot forget one. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

void fc_help_overview(fc_text *out, const fc_program *program) {
    const fc_command *const *commands = program->commands;
    fc_text_addf(out, "%s: %s\n\nCommands\n", program->name, program->about);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fc_text_addf(out, "  %-9s %s\n", commands[i]->name, commands[i]->help);
    }
    fc_text_add(out, "\nTry first\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        fc_text_addf(out, "  %s\n", commands[i]->example);
    }
    fc_text_addf(out,
                 "\nExit codes: 0 ok, 1 failed, 2 usage, 3 bad input, 4 no plan fits, 5 over a limit, 6 unstable "
                 "measurement\nNext: %s help COMMAND\n",
                 program->name);
}

static bool has_option(const fc_option *options, const char *name) {
    for (const fc_option *option = options; option != NULL && option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* `but`: told already, in the words of the command itself. */
static void add_options(fc_text *out, const char *heading, const fc_option *options, const fc_option *but) {
    if (options == NULL || options[0].name == NULL) {
        return;
    }
    fc_text_addf(out, "\n%s\n", heading);
    for (const fc_option *option = options; option->name != NULL; option++) {
        char left[64];
        if (has_option(but, option->name)) {
            continue;
        }
        snprintf(left, sizeof left, "%s%s%s", option->name, option->value != NULL ? " " : "",
                 option->value != NULL ? option->value : "");
        fc_text_addf(out, "  %-19s %s\n", left, option->help);
    }
}

void fc_help_command(fc_text *out, const fc_program *program, const fc_command *command) {
    bool has_synopsis = command->synopsis != NULL && command->synopsis[0] != '\0';
    fc_text_addf(out, "%s %s%s%s\n  %s\n", program->name, command->name, has_synopsis ? " " : "",
                 has_synopsis ? command->synopsis : "", command->help);
    add_options(out, "Options", command->options, NULL);
    add_options(out, "Options of every command", FC_COMMON_OPTIONS, command->options);
    fc_text_addf(out, "\nExample\n  %s\n", command->example);
}
