/* follow.c: what rank 0 was asked, on the other ranks. */
#include "follow.h"

#include "../host/cli/args.h"
#include "commands.h"

#include <string.h>

/* The command line of rank 0 once more, word after word, each with its zero. */
static fc_status pack(fc_text *out, const fc_args *args, fc_error *error) {
    for (int i = 0; i < args->given_count; i++) {
        const char *name = args->given[i]->name;
        const char *text =
            args->given[i]->value != NULL ? fc_arena_printf(out->arena, "%s=%s", name, args->given_value[i]) : name;
        if (text == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to tell the other ranks");
        }
        fc_text_add_bytes(out, text, strlen(text) + 1);
    }
    fc_text_add_bytes(out, "--", sizeof "--");
    for (int i = 0; i < args->positional_count; i++) {
        fc_text_add_bytes(out, args->positional[i], strlen(args->positional[i]) + 1);
    }
    return out->failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to tell the other ranks") : FC_OK;
}

/* Sends `words` from rank 0; elsewhere *out is what came, in the arena. */
static fc_status share(char **out, uint64_t *out_size, const fc_ranks *ranks, fc_arena *arena, const fc_text *words,
                       fc_error *error) {
    uint64_t size = words != NULL ? words->size : 0;
    FC_TRY(ranks->tell(ranks->user, &size, sizeof size, error));
    char *bytes = words != NULL ? words->bytes : fc_arena_alloc(arena, size + 1);
    if (bytes == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for what rank 0 tells");
    }
    *out = bytes;
    *out_size = size;
    return ranks->tell(ranks->user, bytes, size, error);
}

static fc_status unpack(fc_args *out, const char *bytes, uint64_t size, const fc_command *command, fc_error *error) {
    const char *words[FC_MAX_ARGS * 2 + 3] = {"flopcast-mpi"};
    int count = 1;
    for (const char *at = bytes; at < bytes + size && count < (int)(sizeof words / sizeof words[0]);
         at += strlen(at) + 1) {
        words[count++] = at;
    }
    return fc_args_parse(out, count, words, 0, command, "flopcast-mpi", error);
}

fc_status fc_compare_marks(const fc_ranks *ranks, const char mark[FC_MARK_SIZE], fc_error *error) {
    char told[FC_MARK_SIZE];
    memcpy(told, mark, sizeof told);
    FC_TRY(ranks->tell(ranks->user, told, sizeof told, error));
    if (memcmp(told, mark, sizeof told) != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "this rank reads another study, data folder or version than rank 0 (%.60s, there %.60s); "
                            "give all hosts the same files",
                            mark, told);
    }
    return FC_OK;
}

fc_status fc_lead_args(const fc_ranks *ranks, const fc_command *command, const fc_args *args, fc_arena *arena,
                       fc_error *error) {
    fc_text words = fc_text_start(arena);
    char *told = NULL;
    uint64_t size = 0;
    FC_TRY(pack(&words, args, error));
    FC_TRY(fc_follow_me(ranks, command->name, error));
    return share(&told, &size, ranks, arena, &words, error);
}

fc_status fc_follow_args(fc_context *out, const fc_ranks *ranks, const fc_command *command, fc_arena *arena,
                         fc_error *error) {
    fc_args *args = fc_arena_alloc(arena, sizeof *args);
    char *words = NULL;
    uint64_t size = 0;
    if (args == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory to begin with");
    }
    FC_TRY(share(&words, &size, ranks, arena, NULL, error));
    FC_TRY(unpack(args, words, size, command, error));
    *out = (fc_context){
        .ranks = ranks, .arena = arena, .args = args, .quiet = true, .data_folder = fc_args_value(args, "--data")};
    return FC_OK;
}
