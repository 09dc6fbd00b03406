#include "import_rows.h"

#include "../base/text.h"
#include "../base/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* As the calibration file itself has them: beyond these a number is a mistake of unit. */
#define LEAST_S 1e-12
#define MOST_S 1e7
#define MOST_FLOP_PER_S 1e20
#define MOST_BYTES_PER_S 1e18
#define MOST_SIZE 4294967295.0

/* ---- lines and words -------------------------------------------------------------------------------------------- */

fc_import_lines fc_import_lines_of(char *bytes, size_t size) {
    return (fc_import_lines){.at = bytes, .end = bytes + size, .next_number = 1, .number = 0};
}

/* Escape sequences such as "erase the line" (ECMA-48: ESC [ parameters letter) move everything behind them forward. */
static void drop_escapes(char *line) {
    char *to = line;
    for (const char *from = line; *from != '\0';) {
        if (from[0] != '\x1B') {
            *to++ = *from++;
            continue;
        }
        from += from[1] == '[' ? 2 : 1;
        while (*from != '\0' && *from < '@') {
            from++;
        }
        from += *from != '\0' ? 1 : 0;
    }
    *to = '\0';
}

char *fc_import_next_line(fc_import_lines *lines) {
    if (lines->at >= lines->end) {
        return NULL;
    }
    char *line = lines->at;
    char *at = line;
    while (at < lines->end && *at != '\n' && *at != '\r') {
        at++;
    }
    lines->number = lines->next_number;
    bool both = at + 1 < lines->end && at[0] == '\r' && at[1] == '\n';
    if (at < lines->end) {
        lines->next_number += *at == '\n' || both ? 1 : 0;
        *at = '\0';
    }
    lines->at = at + (both ? 2 : 1);
    drop_escapes(line);
    return line;
}

size_t fc_import_words(char *words[FC_IMPORT_WORDS], char *line) {
    size_t count = 0;
    char *at = line;
    while (count < FC_IMPORT_WORDS) {
        at += strspn(at, " \t");
        if (*at == '\0') {
            break;
        }
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at == '\0') {
            break;
        }
        *at++ = '\0';
    }
    return count;
}

bool fc_import_is_digits(const char *word) { return *word != '\0' && word[strspn(word, "0123456789")] == '\0'; }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool fc_import_same(const char *a, const char *b) {
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* ---- messages and values ---------------------------------------------------------------------------------------- */

fc_status fc_import_error(const fc_importing *in, int32_t line, fc_error *error, const char *format, ...) {
    char text[800];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fc_error_set(error, FC_BAD_INPUT, in->file->path, line, 0, "%s", text);
}

fc_status fc_import_number(double *out, const fc_importing *in, const char *text, const char *what, int32_t line,
                           fc_error *error) {
    if (fc_units_parse(out, text, FC_UNIT_NONE, NULL) == FC_OK && *out > 0.0) {
        return FC_OK;
    }
    char found[80];
    fc_text_excerpt(found, sizeof found, text);
    return fc_import_error(in, line, error, "%s is \"%s\"; expected is a number above 0", what, found);
}

typedef struct dtype_word {
    const char *word;
    fc_dtype dtype;
} dtype_word;

static const dtype_word dtype_words[] = {
    {"double", FC_DTYPE_FP64},       {"float64", FC_DTYPE_FP64},        {"mpi_double", FC_DTYPE_FP64},
    {"float", FC_DTYPE_FP32},        {"float32", FC_DTYPE_FP32},        {"mpi_float", FC_DTYPE_FP32},
    {"half", FC_DTYPE_FP16},         {"float16", FC_DTYPE_FP16},        {"bfloat16", FC_DTYPE_BF16},
    {"float8_e4m3fn", FC_DTYPE_FP8}, {"float8_e4m3fnuz", FC_DTYPE_FP8}, {"float8_e5m2", FC_DTYPE_FP8},
    {"fp8_e4m3", FC_DTYPE_FP8},      {"fp8_e5m2", FC_DTYPE_FP8},        {"f8e4m3", FC_DTYPE_FP8},
    {"f8e5m2", FC_DTYPE_FP8},        {"float8_e5m2fnuz", FC_DTYPE_FP8},
};

bool fc_import_dtype(uint32_t *out, const char *text) {
    text += strncmp(text, "torch.", 6) == 0 ? 6 : 0;
    for (uint32_t i = 0; i < FC_DTYPE_COUNT; i++) {
        if (fc_import_same(text, fc_dtype_name((fc_dtype)i))) {
            *out = i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof dtype_words / sizeof dtype_words[0]; i++) {
        if (fc_import_same(text, dtype_words[i].word)) {
            *out = dtype_words[i].dtype;
            return true;
        }
    }
    return false;
}

fc_status fc_import_refuse_dtype(const fc_importing *in, const char *text, int32_t line, fc_error *error) {
    char found[80];
    fc_text_excerpt(found, sizeof found, text);
    return fc_import_error(in, line, error,
                           "dtype \"%s\" is unknown; allowed are fp64, fp32, tf32, fp16, bf16, fp8, mxfp8, nvfp4, int8 "
                           "and their names in PyTorch, such as bfloat16 or float8_e4m3fn",
                           found);
}

/* ---- samples ---------------------------------------------------------------------------------------------------- */

static bool same_case(const fc_sample *a, const fc_sample *b) {
    return a->kind == b->kind && a->dtype == b->dtype && a->m == b->m && a->n == b->n && a->k == b->k &&
           a->batch == b->batch && a->collective_op == b->collective_op && a->ranks == b->ranks &&
           !(a->bytes < b->bytes) && !(a->bytes > b->bytes);
}

/* FNV-1a (Fowler, Noll, Vo) over what makes two cases the same. */
static uint32_t hash_case(const fc_sample *sample) {
    uint64_t bytes = (uint64_t)sample->bytes;
    const uint32_t parts[] = {sample->kind,
                              sample->dtype,
                              sample->m,
                              sample->n,
                              sample->k,
                              sample->batch,
                              sample->ranks,
                              sample->collective_op,
                              (uint32_t)(bytes >> 32),
                              (uint32_t)bytes};
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (uint32_t shift = 0; shift < 32; shift += 8) {
            hash = (hash ^ ((parts[i] >> shift) & 0xFFU)) * 16777619U;
        }
    }
    return hash;
}

static fc_status keep(fc_importing *in, const fc_sample *sample, int32_t line, fc_error *error) {
    in->file->rows_count++;
    uint32_t slot = hash_case(sample) & (FC_IMPORT_SLOTS - 1U);
    while (in->slots[slot] != 0) {
        fc_sample *known = &in->samples[in->slots[slot] - 1U];
        if (same_case(known, sample)) {
            bool differs = known->seconds < sample->seconds || known->seconds > sample->seconds;
            if (differs && in->file->repeated_count++ == 0) {
                in->file->repeated_line = line;
            }
            *known = sample->seconds < known->seconds ? *sample : *known;
            return FC_OK;
        }
        slot = (slot + 1U) & (FC_IMPORT_SLOTS - 1U);
    }
    if (in->samples_count == FC_MAX_SAMPLES) {
        return fc_error_set(error, FC_OVER_LIMIT, in->file->path, line, 0,
                            "more than %d different cases; import a part of the table", FC_MAX_SAMPLES);
    }
    in->samples[in->samples_count++] = *sample;
    in->slots[slot] = (uint16_t)in->samples_count;
    in->file->samples_count++;
    return FC_OK;
}

static fc_status check(const fc_importing *in, const fc_sample *sample, double amount, int32_t line, fc_error *error) {
    bool is_matmul = sample->kind == FC_SAMPLE_MATMUL;
    if (!(sample->seconds >= LEAST_S) || !(sample->seconds <= MOST_S)) {
        return fc_import_error(in, line, error, "the time is %g s; allowed is %g to %g s: is it in another unit?",
                               sample->seconds, LEAST_S, MOST_S);
    }
    double most = is_matmul ? MOST_FLOP_PER_S : MOST_BYTES_PER_S;
    if (!(amount / sample->seconds <= most)) {
        return fc_import_error(in, line, error,
                               "%g s mean %.3g %s/s; at most %g are believed: is the time in another "
                               "unit?",
                               sample->seconds, amount / sample->seconds, is_matmul ? "FLOP" : "bytes", most);
    }
    return FC_OK;
}

fc_status fc_import_matmul(fc_importing *in, uint32_t dtype, const double mnk_batch[4], double seconds, int32_t line,
                           fc_error *error) {
    static const char *const names[] = {"m", "n", "k", "batch"};
    for (size_t i = 0; i < 4; i++) {
        if (!(mnk_batch[i] >= 1.0) || !(mnk_batch[i] <= MOST_SIZE) || mnk_batch[i] > (double)(uint32_t)mnk_batch[i]) {
            return fc_import_error(in, line, error, "%s is %.10g; allowed is a whole number from 1 to %.0f", names[i],
                                   mnk_batch[i], MOST_SIZE);
        }
    }
    double m = mnk_batch[0];
    double n = mnk_batch[1];
    double k = mnk_batch[2];
    double batch = mnk_batch[3];
    fc_sample sample = {.kind = FC_SAMPLE_MATMUL,
                        .dtype = dtype,
                        .m = (uint32_t)m,
                        .n = (uint32_t)n,
                        .k = (uint32_t)k,
                        .batch = (uint32_t)batch,
                        .repeats = 1,
                        .bytes = fc_dtype_bytes((fc_dtype)dtype) * batch * (m * k + n * k + m * n),
                        .seconds = seconds,
                        .seconds_min = seconds};
    if (!(sample.bytes <= 1e18)) {
        return fc_import_error(in, line, error, "matrices of %g bytes: no device holds them", sample.bytes);
    }
    FC_TRY(check(in, &sample, 2.0 * batch * m * n * k, line, error));
    return keep(in, &sample, line, error);
}

fc_status fc_import_collective(fc_importing *in, const fc_sample *sample, int32_t line, fc_error *error) {
    fc_sample taken = *sample;
    taken.kind = FC_SAMPLE_COLLECTIVE;
    taken.batch = 1;
    taken.repeats = 1;
    taken.seconds_min = taken.seconds;
    if (taken.ranks < 2 || taken.ranks > FC_MOST_RANKS) {
        return fc_import_error(in, line, error, "%u rank%s took part; a collective needs 2 or more", taken.ranks,
                               taken.ranks == 1 ? "" : "s");
    }
    if (!(taken.bytes <= 1e18)) {
        return fc_import_error(in, line, error, "a message of %g bytes; at most 1e18 are believed", taken.bytes);
    }
    FC_TRY(check(in, &taken, taken.bytes, line, error));
    return keep(in, &taken, line, error);
}
