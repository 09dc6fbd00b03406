/* main.c: the table of commands. */
#include "program.h"
#include "terminal.h"

static const fc_command *const commands[] = {
    &fc_cmd_estimate, &fc_cmd_search, &fc_cmd_scale,   &fc_cmd_compare, &fc_cmd_sweep,
    &fc_cmd_bench,    &fc_cmd_verify, &fc_cmd_op,      &fc_cmd_fit,     &fc_cmd_validate,
    &fc_cmd_list,     &fc_cmd_show,   &fc_cmd_explain, &fc_cmd_import, &fc_cmd_race,
    NULL,
};

static const fc_program program = {
    .name = "flopcast",
    .about = "what training a model costs on which chips, how long it takes, how sure that is, and why",
    .commands = commands,
};

int main(int argc, char **argv) {
    fc_terminal_prepare();
    fc_error error = {0};
    fc_context context = {.program = &program, .arena = fc_arena_create(0)};
    if (context.arena == NULL) {
        fputs("flopcast: no memory to begin with\n", stderr);
        return FC_FAILED;
    }
    context.out = fc_text_start(context.arena);
    fc_status status = fc_program_run(&context, argc, (const char *const *)argv, &error);
    if (status != FC_OK && error.text[0] != '\0') {
        fc_error_print(program.name, &error);
    } else if (status != FC_OK) {
        fprintf(stderr, "flopcast: failed with status %d and without a reason: a mistake of the program\n",
                (int)status);
    }
    fc_arena_destroy(context.arena);
    return (int)status;
}
