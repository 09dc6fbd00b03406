/* main.c: flopcast-mpi: the table of its commands; rank 0 speaks, the others follow. */
#include "commands.h"

#include "../host/cli/program.h"
#include "../host/cli/terminal.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static const fc_mpi_command *const rows[] = {&fc_mpi_bench, &fc_mpi_search, &fc_mpi_sweep};
#define ROWS_COUNT (sizeof rows / sizeof rows[0])

/* What rank 0 tells the others between commands. */
typedef struct fc_call {
    char name[32];  /* of the command; empty: the end */
    int32_t status; /* of the end: the exit code of all */
} fc_call;

fc_status fc_follow_me(const fc_ranks *ranks, const char *command_name, fc_error *error) {
    fc_call call = {.status = FC_OK};
    (void)fc_text_copy(call.name, sizeof call.name, command_name);
    return ranks->tell(ranks->user, &call, sizeof call, error);
}

/* *out_code is what all ranks end with. A measurement too noisy to trust is no failure: its file is written. */
static fc_status lead(fc_status *out_code, const fc_ranks *ranks, fc_arena *arena, int argc, char **argv,
                      fc_error *error) {
    const fc_command *commands[ROWS_COUNT + 1] = {NULL};
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        commands[i] = rows[i]->command;
    }
    const fc_program program = {
        .name = "flopcast-mpi",
        .about = "what the ranks of an MPI job do together; start it with mpirun -n RANKS",
        .commands = commands,
    };
    fc_context context = {.program = &program, .arena = arena, .ranks = ranks, .out = fc_text_start(arena)};
    fc_status status = fc_program_run(&context, argc, (const char *const *)argv, error);
    if (status != FC_OK && status != FC_UNSTABLE) {
        return status;
    }
    *out_code = status;
    if (status == FC_UNSTABLE) {
        fc_error_print(program.name, error);
        *error = (fc_error){.status = FC_OK};
    }
    fc_call end = {.status = (int32_t)status};
    return ranks->tell(ranks->user, &end, sizeof end, error);
}

static fc_status follow(fc_status *out_code, const fc_ranks *ranks, fc_arena *arena, fc_error *error) {
    for (;;) {
        fc_call call = {.status = FC_OK};
        FC_TRY(ranks->tell(ranks->user, &call, sizeof call, error));
        if (call.name[0] == '\0') {
            *out_code = (fc_status)call.status;
            return FC_OK;
        }
        for (size_t i = 0; i < ROWS_COUNT; i++) {
            if (strcmp(rows[i]->command->name, call.name) == 0) {
                FC_TRY(rows[i]->follow(ranks, arena, error));
            }
        }
    }
}

/* A rank that fails is the last one to speak: it ends the job, so that none waits for it for ever. */
static void give_up(const fc_ranks *ranks, fc_status status, const fc_error *error) {
    char who[FC_TEXT_SIZE] = "flopcast-mpi";
    if (ranks->count > 1 && ranks->rank > 0) {
        char where[FC_TEXT_SIZE / 2];
        fc_world_who(ranks, where, sizeof where);
        (void)snprintf(who, sizeof who, "flopcast-mpi: %s", where);
    }
    fc_error_print(who, error);
    if (ranks->count > 1) {
        fc_world_abort(status);
    }
}

int main(int argc, char **argv) {
    fc_terminal_prepare();
    fc_error error = {.status = FC_OK};
    fc_ranks ranks = {.count = 1};
    fc_arena *arena = fc_arena_create(0);
    fc_status status = arena != NULL ? fc_world_open(&ranks, &argc, &argv, &error)
                                     : fc_error_set(&error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    if (status != FC_OK) {
        fc_error_print("flopcast-mpi", &error);
        return (int)status;
    }
    fc_status code = FC_OK;
    status = ranks.rank == 0 ? lead(&code, &ranks, arena, argc, argv, &error) : follow(&code, &ranks, arena, &error);
    if (status != FC_OK) {
        give_up(&ranks, status, &error);
        code = status;
    }
    fc_world_close();
    fc_arena_destroy(arena);
    return (int)code;
}
