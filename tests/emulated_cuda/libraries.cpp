/* libraries.cpp: the emulated libraries that are opened at run time. */
#include "state.h"

#include <dlfcn.h>

#include <cstring>

struct emulated_library {
    uint32_t which; /* fc_emulated_library */
};

void *dlopen(const char *name, int) {
    uint32_t which = FC_EMULATED_IN_CUDA;
    which = strcmp(name, "libnvidia-ml.so.1") == 0 ? (uint32_t)FC_EMULATED_IN_NVML : which;
    which = strcmp(name, "libnccl.so.2") == 0 ? (uint32_t)FC_EMULATED_IN_NCCL : which;
    const uint32_t absent = which == FC_EMULATED_IN_NVML ? FC_EMULATED_NO_NVML : FC_EMULATED_NO_NCCL;
    if (!emulated_enter_in(which) || which == FC_EMULATED_IN_CUDA || emulated().fault == absent) {
        return nullptr;
    }
    emulated_library *library = emulated_make<emulated_library>();
    library->which = which;
    return library;
}

void *dlsym(void *library, const char *name) {
    if (!emulated_alive(library)) {
        return nullptr;
    }
    const uint32_t which = static_cast<emulated_library *>(library)->which;
    if (!emulated_enter_in(which)) {
        return nullptr;
    }
    size_t count = 0;
    const emulated_symbol *symbols = which == FC_EMULATED_IN_NVML ? emulated_nvml(&count) : emulated_nccl(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(symbols[i].name, name) == 0) {
            return symbols[i].function;
        }
    }
    return nullptr;
}

int dlclose(void *library) {
    const uint32_t which = emulated_alive(library) ? static_cast<emulated_library *>(library)->which : 0;
    (void)emulated_enter_in(which);
    return emulated_end(static_cast<emulated_library *>(library)) ? 0 : -1;
}

const char *dlerror() { return "emulated: cannot open shared object file"; }
