/* plugin.c: flopcast-<name>.so, opened at run time, so that one program serves machines with and without its driver. */
#include "flopcast/backend.h"
#include "flopcast/engine.h"

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

/* Of a table: whether it is there, and of this program's interface. */
static fc_status check_interface(const void *table, uint32_t abi, uint32_t wanted, const char *symbol, const char *path,
                                 fc_error *error) {
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "this library has no symbol %s: it is not a flopcast plug-in",
                            symbol);
    }
    if (abi != wanted) {
        return fc_error_set(error, FC_FAILED, path, 0, 0,
                            "the plug-in has interface %u, this program needs %u: build both "
                            "from the same source",
                            abi, wanted);
    }
    return FC_OK;
}

static fc_status leaves_empty(const char *path, fc_error *error) {
    return fc_error_set(error, FC_FAILED, path, 0, 0, "the plug-in leaves a slot of its table empty");
}

static fc_status check_backend(const fc_backend *table, const char *path, fc_error *error) {
    FC_TRY(check_interface(table, table != NULL ? table->abi : 0, FC_BACKEND_ABI, FC_BACKEND_SYMBOL, path, error));
    bool full = table->name != NULL && table->open != NULL && table->info != NULL && table->prepare != NULL &&
                table->run != NULL && table->close != NULL;
    return full ? FC_OK : leaves_empty(path, error);
}

static fc_status check_engine(const fc_engine *table, const char *path, fc_error *error) {
    FC_TRY(check_interface(table, table != NULL ? table->abi : 0, FC_ENGINE_ABI, FC_ENGINE_SYMBOL, path, error));
    bool full = table->name != NULL && table->open != NULL && table->evaluate != NULL && table->close != NULL;
    return full ? FC_OK : leaves_empty(path, error);
}

/* The library, opened, and its path. */
static fc_status open_library(void **out, char *path, size_t path_size, const char *name, const char *folder,
                              fc_error *error) {
    if (!is_word(name)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "'%.40s' is no name of a plug-in: lower-case letters and digits are allowed", name);
    }
    if (!locate(path, path_size, name, folder)) {
        return fc_error_set(
            error, FC_FAILED, NULL, 0, 0, "no plug-in flopcast-%s.so %s%s: it is built where its compiler is installed",
            name, folder != NULL ? "in " : "beside the program or in its library folder", folder != NULL ? folder : "");
    }
    *out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*out == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "the plug-in does not load: %s", dlerror());
    }
    return FC_OK;
}

/* A library whose table is good stays open: the table lives in it. */

fc_status fc_backend_load(const fc_backend **out, const char *name, const char *folder, fc_error *error) {
    char path[PATH_SIZE];
    void *library = NULL;
    FC_TRY(open_library(&library, path, sizeof path, name, folder, error));
    const fc_backend *table = dlsym(library, FC_BACKEND_SYMBOL);
    fc_status status = check_backend(table, path, error);
    if (status != FC_OK) {
        dlclose(library);
        return status;
    }
    *out = table;
    return FC_OK;
}

fc_status fc_engine_load(const fc_engine **out, const char *name, const char *folder, fc_error *error) {
    char path[PATH_SIZE];
    void *library = NULL;
    FC_TRY(open_library(&library, path, sizeof path, name, folder, error));
    const fc_engine *table = dlsym(library, FC_ENGINE_SYMBOL);
    fc_status status = check_engine(table, path, error);
    if (status != FC_OK) {
        dlclose(library);
        return status;
    }
    *out = table;
    return FC_OK;
}
