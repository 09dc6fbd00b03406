/* text.h: small helpers on names, files and numbers. */
#ifndef FLOPCAST_HOST_BASE_TEXT_H
#define FLOPCAST_HOST_BASE_TEXT_H

#include "flopcast/base.h"

#include <stdbool.h>

/* FNV-1a (Fowler, Noll and Vo 1991), 32 bits: the same on every machine. */
uint32_t fc_text_hash(const char *text);
/* The candidate nearest to `name` by edit distance, or NULL when none is near enough to be meant. */
const char *fc_text_nearest(const char *name, const char *const *candidates, size_t count);
/* Lower case, runs of anything but letters and digits become one '-': "H100_SXM" and "h100 sxm" are "h100-sxm". */
void fc_text_slug(char *out, size_t out_size, const char *name);
/* As above without the '-': what two spellings of one name have in common. */
bool fc_text_same_name(const char *a, const char *b);
bool fc_text_starts(const char *text, const char *prefix);
bool fc_text_ends(const char *text, const char *suffix);
/* Copies what fits and terminates; false when it did not all fit. */
bool fc_text_copy(char *out, size_t out_size, const char *text);

/* `text` on one line for a message: control bytes and broken UTF-8 become '?', the end is cut with … so that it fits. */
void fc_text_excerpt(char *out, size_t out_size, const char *text);
/* Bytes of the UTF-8 character at `bytes` (1 to 4), of which `size` are left; 0 when it is not valid UTF-8. */
size_t fc_text_character_size(const char *bytes, size_t size);

/* A whole file, zero-terminated, in the arena. Refuses directories, unreadable files, and more than FC_FILE_MAX_BYTES
 * (FC_OVER_LIMIT). */
fc_status fc_file_read(char **out_bytes, size_t *out_size, fc_arena *arena, const char *path, fc_error *error);
/* Writes a new file beside `path`, syncs, renames: `path` holds the old bytes or the new ones, never half. */
fc_status fc_file_write(const char *path, const char *bytes, size_t size, fc_error *error);
bool fc_file_exists(const char *path);
bool fc_folder_exists(const char *path);
/* Names in a folder that end in `suffix`, sorted, the suffix cut off. *out is in the arena; a missing folder gives 0. */
fc_status fc_folder_list(const char *const **out, size_t *out_count, fc_arena *arena, const char *folder,
                         const char *suffix, fc_error *error);

/* A growing text in the arena. `failed` stays true once memory ran out. */
typedef struct fc_text {
    fc_arena *arena;
    char *bytes;
    size_t size;
    size_t capacity;
    bool failed;
} fc_text;

fc_text fc_text_start(fc_arena *arena);
void fc_text_add_bytes(fc_text *text, const char *bytes, size_t size);
void fc_text_add(fc_text *text, const char *bytes);
void fc_text_addf(fc_text *text, const char *format, ...) FC_PRINTF(2, 3);

#endif
