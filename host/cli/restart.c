#include "restart.h"

#include "../base/text.h"
#include "../device/backends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES 262144
#define MOST_ARGUMENTS 4096

/* The arguments as the kernel keeps them: each ends with a zero. NULL when they cannot be read whole. */
static char **read_arguments(fc_arena *arena) {
    char *bytes = fc_arena_alloc(arena, MOST_BYTES);
    char **arguments = fc_arena_alloc(arena, (MOST_ARGUMENTS + 1) * sizeof *arguments);
    FILE *file = bytes != NULL && arguments != NULL ? fopen("/proc/self/cmdline", "rb") : NULL;
    if (file == NULL) {
        return NULL;
    }
    size_t size = fread(bytes, 1, MOST_BYTES, file);
    (void)fclose(file);
    if (size == 0 || size == MOST_BYTES || bytes[size - 1] != '\0') {
        return NULL;
    }
    size_t count = 0;
    for (size_t at = 0; at < size; at += strlen(bytes + at) + 1) {
        if (count == MOST_ARGUMENTS) {
            return NULL;
        }
        arguments[count++] = bytes + at;
    }
    arguments[count] = NULL;
    return arguments;
}

void fc_restart_with(fc_arena *arena, const char *name, const char *value) {
    if (getenv(name) != NULL) {
        return;
    }
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    char **arguments = read_arguments(arena);
    if (length <= 0 || arguments == NULL || setenv(name, value, 0) != 0) {
        return;
    }
    program[length] = '\0';
    (void)execv(program, arguments);
    (void)unsetenv(name);
}

void fc_restart_with_better_kernels(const fc_context *context) {
    const char *kernel = getenv("OPENBLAS_CORETYPE") == NULL ? fc_openblas_better_kernel() : NULL;
    if (kernel == NULL) {
        return;
    }
    fc_note(context,
            "OpenBLAS does not know this processor and chose its oldest kernels; starting again with "
            "OPENBLAS_CORETYPE=%s",
            kernel);
    fc_restart_with(context->arena, "OPENBLAS_CORETYPE", kernel);
    fc_note(context, "that did not work: the rates below are too low for this processor");
}
