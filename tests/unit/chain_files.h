/* chain_files.h: studies written by a test into a folder of its own. */
#ifndef FLOPCAST_TESTS_UNIT_CHAIN_FILES_H
#define FLOPCAST_TESTS_UNIT_CHAIN_FILES_H

#include "chain_helpers.h"

#include <stdbool.h>
#include <unistd.h> /* getpid unlink */

/* Writes `text` to a file and gives its path, which stays valid with the desk. */
static inline const char *write_study(chain_desk *desk, const char *name, const char *text) {
    char *path = fc_arena_printf(desk->arena, "/tmp/flopcast-test-%ld-%s", (long)getpid(), name);
    assert_non_null(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline fc_config config_with(const chain_desk *desk, const char *const *sets, size_t count) {
    fc_config config = desk->config;
    config.sets = sets;
    config.sets_count = count;
    return config;
}

/* The last fact of a key, which is the one that counts; NULL if there is none. */
static inline const fc_fact *fact_of(const fc_inputs *inputs, const char *key) {
    const fc_fact *found = NULL;
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        found = strcmp(fact->key, key) == 0 ? fact : found;
    }
    return found;
}

static inline const fc_spread *spread_of(const fc_study *study, size_t offset) {
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if (study->spreads[i].offset == offset) {
            return &study->spreads[i];
        }
    }
    return NULL;
}

#endif
