#include "flopcast/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT_BYTES ((size_t)256 << 20)
/* No sum of a size and a block's head can wrap. */
#define MAX_LIMIT_BYTES (SIZE_MAX / 4)
#define ALIGNMENT_BYTES (_Alignof(max_align_t))

/* Under AddressSanitizer every allocation is a block of its own, so that one byte too far is seen. */
#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_BYTES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_BYTES 0
#endif
#endif
#ifndef BLOCK_BYTES
#define BLOCK_BYTES 65536
#endif

typedef struct block {
    struct block *previous;
    size_t size_bytes;
    size_t used_bytes;
    max_align_t data[];
} block;

struct fc_arena {
    block *newest;
    size_t used_bytes;
    size_t limit_bytes;
};

fc_arena *fc_arena_create(size_t limit_bytes) {
    fc_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        size_t limit = limit_bytes == 0 ? DEFAULT_LIMIT_BYTES : limit_bytes;
        arena->limit_bytes = limit < MAX_LIMIT_BYTES ? limit : MAX_LIMIT_BYTES;
    }
    return arena;
}

void fc_arena_destroy(fc_arena *arena) {
    if (arena == NULL) {
        return;
    }
    block *next = NULL;
    for (block *b = arena->newest; b != NULL; b = next) {
        next = b->previous;
        free(b);
    }
    free(arena);
}

/* A big allocation goes behind the newest block, which still has room for small ones. */
static block *add_block(fc_arena *arena, size_t size_bytes) {
    const size_t common_bytes = BLOCK_BYTES;
    size_t block_bytes = size_bytes < common_bytes ? common_bytes : size_bytes;
    block *b = calloc(1, sizeof *b + block_bytes);
    if (b == NULL) {
        return NULL;
    }
    b->size_bytes = block_bytes;
    if (size_bytes > common_bytes / 4 && arena->newest != NULL) {
        b->previous = arena->newest->previous;
        arena->newest->previous = b;
    } else {
        b->previous = arena->newest;
        arena->newest = b;
    }
    return b;
}

void *fc_arena_alloc(fc_arena *arena, size_t size_bytes) {
    if (size_bytes > arena->limit_bytes - arena->used_bytes) {
        return NULL;
    }
    size_t aligned_bytes = (size_bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    block *b = arena->newest;
    if (BLOCK_BYTES == 0) {
        b = add_block(arena, size_bytes);
    } else if (b == NULL || aligned_bytes > b->size_bytes - b->used_bytes) {
        b = add_block(arena, aligned_bytes);
    }
    if (b == NULL) {
        return NULL;
    }
    void *memory = (char *)b->data + b->used_bytes;
    b->used_bytes += BLOCK_BYTES == 0 ? size_bytes : aligned_bytes;
    size_t left_bytes = arena->limit_bytes - arena->used_bytes;
    arena->used_bytes += aligned_bytes < left_bytes ? aligned_bytes : left_bytes;
    return memory;
}

char *fc_arena_strdup(fc_arena *arena, const char *text) { return fc_arena_strndup(arena, text, strlen(text)); }

char *fc_arena_strndup(fc_arena *arena, const char *text, size_t length) {
    size_t size = 0;
    while (size < length && text[size] != '\0') {
        size++;
    }
    char *copy = fc_arena_alloc(arena, size + 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

char *fc_arena_printf(fc_arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) {
        return NULL;
    }
    char *text = fc_arena_alloc(arena, (size_t)size + 1);
    if (text != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(text, (size_t)size + 1, format, arguments);
        va_end(arguments);
    }
    return text;
}

size_t fc_arena_used_bytes(const fc_arena *arena) { return arena->used_bytes; }
