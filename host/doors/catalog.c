/* catalog.c: finds the data folder and the entries in it. */
#include "catalog.h"

#include "../base/text.h"

#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h> /* readlink */

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

#define ENTRY_SUFFIX ".yaml"

const char *const FC_CATALOG_KINDS[] = {"chips",  "models",  "clusters",      "deals",    "prices",
                                        "stacks", "studies", "organisations", "failures", NULL};

static size_t count_kinds(void) {
    size_t count = 0;
    while (FC_CATALOG_KINDS[count] != NULL) {
        count++;
    }
    return count;
}

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the catalogue");
}

/* ---- the data folder ---------------------------------------------------------------------------------------- */

/* Where the running program lies, links resolved; false where the system does not tell. */
static bool program_path(char out[PATH_MAX]) {
    ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (length <= 0 || length >= PATH_MAX - 1) {
        return false;
    }
    out[length] = '\0';
    return true;
}

#if defined(FC_SOURCE_DATA_FOLDER) && defined(FC_BUILD_FOLDER)
/* Compares folders, not spellings: the build folder may have been named through a link. */
static bool lies_under(const char *path, const char *folder) {
    struct stat wanted;
    if (stat(folder, &wanted) != 0) {
        return false;
    }
    char parent[PATH_MAX];
    (void)fc_text_copy(parent, sizeof parent, path); /* it came out of an array of this size */
    for (char *slash = strrchr(parent, '/'); slash != NULL && slash != parent; slash = strrchr(parent, '/')) {
        *slash = '\0';
        struct stat about;
        if (stat(parent, &about) == 0 && about.st_dev == wanted.st_dev && about.st_ino == wanted.st_ino) {
            return true;
        }
    }
    return false;
}

/* Only a program that runs from its build folder reads the source tree: an installed one must not depend on it. */
static const char *source_folder(const char *program) {
    return lies_under(program, FC_BUILD_FOLDER) ? FC_SOURCE_DATA_FOLDER : NULL;
}
#else
static const char *source_folder(const char *program) {
    (void)program;
    return NULL;
}
#endif

static char *installed_folder(fc_arena *arena, char *program) {
    char *slash = strrchr(program, '/');
    if (slash == NULL) {
        return NULL;
    }
    *slash = '\0';
    return fc_arena_printf(arena, "%s/../share/flopcast", program);
}

fc_status fc_catalog_open(fc_catalog *out, fc_arena *arena, const char *given, fc_error *error) {
    *out = (fc_catalog){.arena = arena, .data_folder = NULL};
    if (given != NULL) {
        if (!fc_folder_exists(given)) {
            return fc_error_set(error, FC_USAGE, "--data", 0, 0,
                                "%s is not a folder; give the one that holds chips/, models/ …", given);
        }
        out->data_folder = given;
        return FC_OK;
    }
    char program[PATH_MAX];
    if (!program_path(program)) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                            "this system does not tell where the program lies; name the data folder with --data DIR");
    }
    const char *source = source_folder(program);
    if (source != NULL && fc_folder_exists(source)) {
        out->data_folder = source;
        return FC_OK;
    }
    const char *installed = installed_folder(arena, program);
    if (installed == NULL) {
        return no_memory(error);
    }
    if (!fc_folder_exists(installed)) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no data folder: looked in %s%s%s; name it with --data DIR",
                            source != NULL ? source : "", source != NULL ? " and " : "", installed);
    }
    out->data_folder = installed;
    return FC_OK;
}

/* ---- entries ------------------------------------------------------------------------------------------------ */

static fc_status check_kind(const char *kind, fc_error *error) {
    for (size_t i = 0; FC_CATALOG_KINDS[i] != NULL; i++) {
        if (strcmp(FC_CATALOG_KINDS[i], kind) == 0) {
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(kind, FC_CATALOG_KINDS, count_kinds());
    return fc_error_set(
        error, FC_USAGE, NULL, 0, 0,
        "unknown kind \"%.64s\"%s%s%s; there are chips, models, clusters, deals, prices, stacks, studies "
        "and organisations",
        kind, nearest != NULL ? " (did you mean \"" : "", nearest != NULL ? nearest : "",
        nearest != NULL ? "\"?)" : "");
}

fc_status fc_catalog_names(const char *const **out, size_t *out_count, const fc_catalog *catalog, const char *kind,
                           fc_error *error) {
    *out = NULL;
    *out_count = 0;
    FC_TRY(check_kind(kind, error));
    const char *folder = fc_arena_printf(catalog->arena, "%s/%s", catalog->data_folder, kind);
    if (folder == NULL) {
        return no_memory(error);
    }
    return fc_folder_list(out, out_count, catalog->arena, folder, ENTRY_SUFFIX, error);
}

static fc_status read_entry(fc_node **out, const fc_catalog *catalog, const char *kind, const char *file_name,
                            fc_error *error) {
    const char *path = fc_arena_printf(catalog->arena, "%s/%s/%s" ENTRY_SUFFIX, catalog->data_folder, kind, file_name);
    if (path == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_tree_read(out, catalog->arena, path, error));
    if ((*out)->kind != FC_NODE_MAP) {
        char found[80];
        fc_node_describe(*out, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, *out, false,
                             "a catalogue entry is a map of keys and values; found %s", found);
    }
    (*out)->key = file_name;
    return FC_OK;
}

static bool has_alias(const fc_node *entry, const char *name) {
    const fc_node *aliases = fc_node_get(entry, "aliases");
    for (const fc_node *alias = aliases != NULL ? aliases->first : NULL; alias != NULL; alias = alias->next) {
        if (alias->kind == FC_NODE_SCALAR && fc_text_same_name(alias->text, name)) {
            return true;
        }
    }
    return false;
}

static fc_status unknown_name(const fc_catalog *catalog, const char *kind, const char *name, const fc_node *asker,
                              fc_error *error) {
    const char *const *names = NULL;
    size_t count = 0;
    FC_TRY(fc_catalog_names(&names, &count, catalog, kind, error));
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, name);
    const char *nearest = fc_text_nearest(slug, names, count);
    const char *advice =
        nearest != NULL ? fc_arena_printf(catalog->arena, "did you mean \"%s\"?", nearest)
                        : fc_arena_printf(catalog->arena, "`flopcast list %s` shows the %zu there are", kind, count);
    if (advice == NULL) {
        return no_memory(error);
    }
    if (asker != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, asker, false, "nothing called \"%.64s\" in %s; %s", name, kind,
                             advice);
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "nothing called \"%.64s\" in %s; %s", name, kind, advice);
}

/* A name is looked up below the data folder, so it must not be able to lead out of it. */
static fc_status check_name(const char *name, const fc_node *asker, fc_error *error) {
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, name);
    const char *fault = strlen(name) >= FC_NAME_SIZE                              ? "is too long for a name"
                        : strchr(name, '/') != NULL || strstr(name, "..") != NULL ? "is a path, not a name"
                        : slug[0] == '\0'                                         ? "has no letter or digit"
                                                                                  : NULL;
    if (fault == NULL) {
        return FC_OK;
    }
    if (asker != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, asker, false, "\"%.64s\" %s; names are such as h100-sxm", name,
                             fault);
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "\"%.64s\" %s; names are such as h100-sxm", name, fault);
}

static const char *find_spelling(const char *const *names, size_t count, const char *name) {
    /* Exact first: "trainium2" must never be answered by another name with the same letters. */
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (fc_text_same_name(names[i], name)) {
            return names[i];
        }
    }
    return NULL;
}

static fc_status find_alias(const char **out, const fc_catalog *catalog, const char *kind, const char *const *names,
                            size_t count, const char *name, fc_error *error) {
    for (size_t i = 0; i < count; i++) {
        fc_node *entry = NULL;
        FC_TRY(read_entry(&entry, catalog, kind, names[i], error));
        if (has_alias(entry, name)) {
            *out = names[i];
            return FC_OK;
        }
    }
    return FC_OK;
}

fc_status fc_catalog_find(const char **out, const fc_catalog *catalog, const char *kind, const char *name,
                          const fc_node *asker, fc_error *error) {
    const char *const *names = NULL;
    size_t count = 0;
    *out = NULL;
    FC_TRY(check_name(name, asker, error));
    FC_TRY(fc_catalog_names(&names, &count, catalog, kind, error));
    *out = find_spelling(names, count, name);
    return *out != NULL ? FC_OK : find_alias(out, catalog, kind, names, count, name, error);
}

fc_status fc_catalog_read(fc_node **out, const fc_catalog *catalog, const char *kind, const char *name,
                          const fc_node *asker, fc_error *error) {
    *out = NULL;
    const char *found = NULL;
    FC_TRY(fc_catalog_find(&found, catalog, kind, name, asker, error));
    return found != NULL ? read_entry(out, catalog, kind, found, error)
                         : unknown_name(catalog, kind, name, asker, error);
}
