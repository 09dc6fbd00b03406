/* plugin.c: flopcast-<name>.so, opened at run time, so that one program serves machines with and without its driver. */
#include "flopcast/backend.h"

#include "../base/text.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* Where the program lies, without its name; false when the system does not tell. */
static bool program_folder(char *out, size_t out_size) {
    ssize_t length = readlink("/proc/self/exe", out, out_size - 1);
    if (length <= 0 || (size_t)length >= out_size - 1) {
        return false;
    }
    out[length] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* A plug-in is named by a word, never by a path. */
static bool is_word(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
    return length > 0 && length <= 32 && name[length] == '\0';
}

/* The first place that holds the file; false when none does. */
static bool locate(char *out, size_t out_size, const char *name, const char *folder) {
    if (folder != NULL) {
        snprintf(out, out_size, "%s/flopcast-%s.so", folder, name);
        return fc_file_exists(out);
    }
    char program[PATH_SIZE - 128];
    if (!program_folder(program, sizeof program)) {
        fc_text_copy(program, sizeof program, ".");
    }
    static const char *const places[] = {"", "/../lib/flopcast", "/../lib"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(out, out_size, "%s%s/flopcast-%s.so", program, places[i], name);
        if (fc_file_exists(out)) {
            return true;
        }
    }
    return false;
}

static fc_status check_table(const fc_backend *table, const char *path, fc_error *error) {
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "this library has no symbol %s: it is not a flopcast plug-in",
                            FC_BACKEND_SYMBOL);
    }
    if (table->abi != FC_BACKEND_ABI) {
        return fc_error_set(error, FC_FAILED, path, 0, 0,
                            "the plug-in has interface %u, this program needs %d: build both "
                            "from the same source",
                            table->abi, FC_BACKEND_ABI);
    }
    if (table->name == NULL || table->open == NULL || table->info == NULL || table->prepare == NULL ||
        table->run == NULL || table->close == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "the plug-in leaves a slot of its table empty");
    }
    return FC_OK;
}

fc_status fc_backend_load(const fc_backend **out, const char *name, const char *folder, fc_error *error) {
    if (!is_word(name)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "'%.40s' is no name of a plug-in: lower-case letters and digits are allowed", name);
    }
    char path[PATH_SIZE];
    if (!locate(path, sizeof path, name, folder)) {
        return fc_error_set(
            error, FC_FAILED, NULL, 0, 0, "no plug-in flopcast-%s.so %s%s: it is built where its compiler is installed",
            name, folder != NULL ? "in " : "beside the program or in its library folder", folder != NULL ? folder : "");
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "the plug-in does not load: %s", dlerror());
    }
    const fc_backend *table = dlsym(library, FC_BACKEND_SYMBOL);
    fc_status status = check_table(table, path, error);
    if (status != FC_OK) {
        dlclose(library);
        return status;
    }
    *out = table; /* the library stays open: the table lives in it */
    return FC_OK;
}
