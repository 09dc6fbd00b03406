/* backends.c: the list. A new backend is one file and one line here; the contract test then runs on it. */
#include "backends.h"

#include <string.h>

static const fc_backend *const built_in[] = {&fc_backend_openblas, &fc_backend_null, &fc_backend_replay};

#define BUILT_IN_COUNT (sizeof built_in / sizeof built_in[0])

const fc_backend *fc_backend_find(const char *name) {
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        if (strcmp(built_in[i]->name, name) == 0) {
            return built_in[i];
        }
    }
    return NULL;
}

const char *fc_backend_name(uint32_t index) { return index < BUILT_IN_COUNT ? built_in[index]->name : NULL; }
