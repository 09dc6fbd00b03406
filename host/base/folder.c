#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct name_list {
    const char **names;
    size_t count;
    size_t capacity;
} name_list;

static bool add_name(name_list *list, fc_arena *arena, const char *name, size_t length) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 32 : list->capacity * 2;
        const char **names = fc_arena_alloc(arena, capacity * sizeof *names);
        if (names == NULL) {
            return false;
        }
        if (list->count > 0) {
            memcpy(names, list->names, list->count * sizeof *names);
        }
        list->names = names;
        list->capacity = capacity;
    }
    list->names[list->count] = fc_arena_strndup(arena, name, length);
    return list->names[list->count++] != NULL;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the entries of an open folder; returns 0 or what errno says. */
static int collect(name_list *list, DIR *dir, fc_arena *arena, const char *folder, const char *suffix) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            return errno;
        }
        const char *name = entry->d_name;
        if (name[0] == '.' || !fc_text_ends(name, suffix) || strlen(name) == strlen(suffix)) {
            continue;
        }
        const char *path = fc_arena_printf(arena, "%s/%s", folder, name);
        if (path == NULL) {
            return ENOMEM;
        }
        if (fc_file_exists(path) && !add_name(list, arena, name, strlen(name) - strlen(suffix))) {
            return ENOMEM;
        }
    }
}

fc_status fc_folder_list(const char *const **out, size_t *out_count, fc_arena *arena, const char *folder,
                         const char *suffix, fc_error *error) {
    name_list list = {0};
    int code = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        code = errno == ENOENT ? 0 : errno;
    } else {
        code = collect(&list, dir, arena, folder, suffix);
        (void)closedir(dir);
    }
    if (code != 0) {
        char why[128];
        if (strerror_r(code, why, sizeof why) != 0) {
            (void)snprintf(why, sizeof why, "error %d", code);
        }
        return fc_error_set(error, FC_FAILED, folder, 0, 0, "the folder cannot be listed: %s", why);
    }
    if (list.count > 1) {
        qsort(list.names, list.count, sizeof *list.names, compare_names);
    }
    *out = list.names;
    *out_count = list.count;
    return FC_OK;
}
