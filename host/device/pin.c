#define _GNU_SOURCE /* sched_setaffinity and the CPU_ macros */
#include "pin.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* Other systems schedule as they like. */
#if defined(__linux__) && defined(CPU_ALLOC)

/* As in machine.c: a mask for more processors than any one machine has today. */
#define MOST_PROCESSORS 8192

void fc_pin_list_here(fc_pin_list *out) {
    out->count = 0;
    size_t size = CPU_ALLOC_SIZE(MOST_PROCESSORS);
    cpu_set_t *mask = CPU_ALLOC(MOST_PROCESSORS);
    if (mask != NULL && sched_getaffinity(0, size, mask) == 0) {
        for (uint16_t i = 0; i < MOST_PROCESSORS && out->count < FC_PIN_MOST; i++) {
            if (CPU_ISSET_S(i, size, mask)) {
                out->processor[out->count++] = i;
            }
        }
    }
    CPU_FREE(mask);
}

/* Thread 0 is the caller. Processors first to first + count - 1 of the list. */
static bool allow(pid_t thread, const fc_pin_list *list, uint32_t first, uint32_t count) {
    size_t size = CPU_ALLOC_SIZE(MOST_PROCESSORS);
    cpu_set_t *mask = CPU_ALLOC(MOST_PROCESSORS);
    if (mask == NULL) {
        return false;
    }
    CPU_ZERO_S(size, mask);
    for (uint32_t i = first; i < first + count; i++) {
        CPU_SET_S(list->processor[i], size, mask);
    }
    bool done = sched_setaffinity(thread, size, mask) == 0;
    CPU_FREE(mask);
    return done;
}

bool fc_pin_self(const fc_pin_list *list, uint32_t index) { return index < list->count && allow(0, list, index, 1); }

void fc_pin_free_self(const fc_pin_list *list) {
    if (list->count > 0) {
        (void)allow(0, list, 0, list->count);
    }
}

/* The threads of this process but its first. Returns how many there are; those beyond `room` are counted only. */
static uint32_t other_threads(pid_t *out, uint32_t room) {
    DIR *folder = opendir("/proc/self/task");
    if (folder == NULL) {
        return 0;
    }
    uint32_t count = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread <= 0 || thread == getpid()) {
            continue;
        }
        if (count < room) {
            out[count] = thread;
        }
        count++;
    }
    (void)closedir(folder);
    return count;
}

bool fc_pin_others(const fc_pin_list *list, uint32_t others_count, bool free) {
    pid_t threads[FC_PIN_MOST];
    if (others_count >= list->count || other_threads(threads, FC_PIN_MOST) != others_count) {
        return false;
    }
    bool done = true;
    for (uint32_t i = 0; i < others_count; i++) {
        done = allow(threads[i], list, free ? 0 : i + 1, free ? list->count : 1) && done;
    }
    return done;
}

#else

void fc_pin_list_here(fc_pin_list *out) { out->count = 0; }

bool fc_pin_self(const fc_pin_list *list, uint32_t index) {
    (void)list;
    (void)index;
    return false;
}

void fc_pin_free_self(const fc_pin_list *list) { (void)list; }

bool fc_pin_others(const fc_pin_list *list, uint32_t others_count, bool free) {
    (void)list;
    (void)others_count;
    (void)free;
    return false;
}

#endif
