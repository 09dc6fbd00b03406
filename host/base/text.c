#include "text.h"

#include <stdio.h>
#include <string.h>

/* Longer names are compared by their beginning. */
#define NEAREST_LENGTH 63

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t bounded_length(const char *text) {
    size_t length = 0;
    while (length < NEAREST_LENGTH && text[length] != '\0') {
        length++;
    }
    return length;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string alignment). */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][NEAREST_LENGTH + 1];
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            size_t best = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
                best = least(best, two_above[j - 2] + 1);
            }
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

static bool starts_in_any_case(const char *text, const char *prefix) {
    while (*prefix != '\0' && lower(*text) == lower(*prefix)) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

const char *fc_text_nearest(const char *name, const char *const *candidates, size_t count) {
    size_t length = bounded_length(name);
    size_t farthest = 1 + length / 4;
    size_t best_distance = farthest + 1;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(name, length, candidates[i], bounded_length(candidates[i]));
        /* "h100" means "h100-sxm", however many letters are missing. */
        if (length >= 3 && starts_in_any_case(candidates[i], name)) {
            distance = least(distance, farthest);
        }
        /* Nothing of a one-letter name is left after one change. */
        if (distance < best_distance && distance < length) {
            best_distance = distance;
            best = candidates[i];
        }
    }
    return best;
}

void fc_text_slug(char *out, size_t out_size, const char *name) {
    if (out_size == 0) {
        return;
    }
    size_t size = 0;
    bool gap = false;
    for (const char *c = name; *c != '\0'; c++) {
        if (!is_letter_or_digit(*c)) {
            gap = size > 0;
            continue;
        }
        if (size + (gap ? 2 : 1) >= out_size) {
            break;
        }
        if (gap) {
            out[size++] = '-';
            gap = false;
        }
        out[size++] = lower(*c);
    }
    out[size] = '\0';
}

bool fc_text_same_name(const char *a, const char *b) {
    bool any = false;
    for (;;) {
        while (*a != '\0' && !is_letter_or_digit(*a)) {
            a++;
        }
        while (*b != '\0' && !is_letter_or_digit(*b)) {
            b++;
        }
        if (*a == '\0' || lower(*a) != lower(*b)) {
            return any && *a == *b;
        }
        any = true;
        a++;
        b++;
    }
}

bool fc_text_starts(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

bool fc_text_ends(const char *text, const char *suffix) {
    size_t size = strlen(text);
    size_t suffix_size = strlen(suffix);
    return size >= suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

bool fc_text_copy(char *out, size_t out_size, const char *text) {
    size_t size = strlen(text);
    if (out_size == 0) {
        return false;
    }
    size_t fitting = least(size, out_size - 1);
    memcpy(out, text, fitting);
    out[fitting] = '\0';
    return fitting == size;
}

fc_text fc_text_start(fc_arena *arena) {
    fc_text text = {.arena = arena, .capacity = 64};
    text.bytes = fc_arena_alloc(arena, text.capacity);
    text.failed = text.bytes == NULL;
    return text;
}

/* Makes room for `more` bytes and the final zero. */
static bool reserve(fc_text *text, size_t more) {
    if (text->failed) {
        return false;
    }
    if (more < text->capacity - text->size) {
        return true;
    }
    size_t capacity = text->capacity;
    while (capacity - text->size <= more) {
        if (capacity > SIZE_MAX / 2) {
            text->failed = true;
            return false;
        }
        capacity *= 2;
    }
    char *bytes = fc_arena_alloc(text->arena, capacity);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    memcpy(bytes, text->bytes, text->size);
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void fc_text_add_bytes(fc_text *text, const char *bytes, size_t size) {
    if (reserve(text, size)) {
        memcpy(text->bytes + text->size, bytes, size);
        text->size += size;
        text->bytes[text->size] = '\0';
    }
}

void fc_text_add(fc_text *text, const char *bytes) { fc_text_add_bytes(text, bytes, strlen(bytes)); }

void fc_text_addf(fc_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) {
        text->failed = true;
        return;
    }
    if (reserve(text, (size_t)size)) {
        va_start(arguments, format);
        (void)vsnprintf(text->bytes + text->size, (size_t)size + 1, format, arguments);
        va_end(arguments);
        text->size += (size_t)size;
    }
}

uint32_t fc_text_hash(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return hash;
}
