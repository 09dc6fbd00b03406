/* import_rows.h: what the readers of import.h share: lines, words, and the samples so far. Private to them. */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_ROWS_H
#define FLOPCAST_HOST_DOORS_IMPORT_ROWS_H

#include "import.h"

#include <stddef.h>

#define FC_IMPORT_SLOTS 16384U /* a power of two above FC_MAX_SAMPLES */
#define FC_IMPORT_WORDS 64

typedef struct fc_importing {
    fc_arena *arena;
    const fc_import_options *options;
    fc_import_report *report;
    fc_import_file *file; /* the one being read */
    fc_sample *samples;   /* room for FC_MAX_SAMPLES */
    uint32_t samples_count;
    uint16_t slots[FC_IMPORT_SLOTS]; /* hash table: index of a sample + 1; 0: free */
    char device_name[FC_TEXT_SIZE];  /* as a table says; empty: none does */
} fc_importing;

/* Lines of a text, cut in place. Lines end at LF, CR LF, or at a lone CR (progress lines), which does not count as a new
 * line, as editors see it. Terminal escapes are taken out. */
typedef struct fc_import_lines {
    char *at;
    char *end;
    int32_t next_number;
    int32_t number; /* of the line last returned */
} fc_import_lines;

fc_import_lines fc_import_lines_of(char *bytes, size_t size);
/* The next line, zero-terminated, or NULL. */
char *fc_import_next_line(fc_import_lines *lines);
/* Cuts a line at blanks, in place; words beyond FC_IMPORT_WORDS are left out. */
size_t fc_import_words(char *words[FC_IMPORT_WORDS], char *line);
bool fc_import_is_digits(const char *word);
/* True when both are the same but for the case of letters. */
bool fc_import_same(const char *a, const char *b);

/* FC_BAD_INPUT at a line of the file. */
fc_status fc_import_error(const fc_importing *in, int32_t line, fc_error *error, const char *format, ...)
    FC_PRINTF(4, 5);
/* A number above zero. `what` names it in the error. */
fc_status fc_import_number(double *out, const fc_importing *in, const char *text, const char *what, int32_t line,
                           fc_error *error);
/* A dtype by our names and those of PyTorch, NCCL and MPI ("bfloat16", "half", "float8_e4m3fn"); false: unknown. */
bool fc_import_dtype(uint32_t *out, const char *text);
/* The error for a dtype that is unknown, with the allowed ones. */
fc_status fc_import_refuse_dtype(const fc_importing *in, const char *text, int32_t line, fc_error *error);

/* Takes a matmul or a collective in, or keeps the faster of two for the same case. */
fc_status fc_import_matmul(fc_importing *in, uint32_t dtype, const double mnk_batch[4], double seconds, int32_t line,
                           fc_error *error);
fc_status fc_import_collective(fc_importing *in, const fc_sample *sample, int32_t line, fc_error *error);

/* Readers, one for each kind. `bytes` is zero-terminated, without a zero inside, and may be cut up. */
fc_status fc_import_gemm_csv(fc_importing *in, char *bytes, size_t size, fc_error *error);
fc_status fc_import_nccl_text(fc_importing *in, char *bytes, size_t size, fc_error *error);
fc_status fc_import_nccl_json(fc_importing *in, char *bytes, size_t size, fc_error *error);
fc_status fc_import_osu(fc_importing *in, char *bytes, size_t size, fc_error *error);
fc_status fc_import_mamf(fc_importing *in, char *bytes, size_t size, fc_error *error);

#endif
