/* runs_text.c: the free text of published tables, read by its leading word. */
#include "runs_row.h"

#include "../base/text.h"

#include <ctype.h>
#include <stdlib.h> /* strtoul */
#include <string.h>

enum { WORD_SIZE = 32 };

/* Letters and digits of the first word, in lower case; what stands before it is passed over. Returns what follows. */
static const char *leading_word(char out[WORD_SIZE], const char *text) {
    size_t size = 0;
    while (*text != '\0' && !isalnum((unsigned char)*text)) {
        text += 1;
    }
    for (; isalnum((unsigned char)*text) || *text == '_'; ++text) {
        if (size + 1 < WORD_SIZE) {
            out[size++] = (char)tolower((unsigned char)*text);
        }
    }
    out[size] = '\0';
    return text;
}

/* Where `words` begins in `text`, whatever the case; NULL: nowhere. */
static const char *find_words(const char *text, const char *words) {
    size_t length = strlen(words);
    for (; *text != '\0'; ++text) {
        size_t same = 0;
        while (same < length && tolower((unsigned char)text[same]) == tolower((unsigned char)words[same])) {
            same += 1;
        }
        if (same == length) {
            return text;
        }
    }
    return NULL;
}

bool fc_run_has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    const char *at = find_words(text, word);
    while (at != NULL) {
        bool begins = at == text || !isalnum((unsigned char)at[-1]);
        bool ends = !isalnum((unsigned char)at[length]);
        if (begins && ends) {
            return true;
        }
        at = find_words(at + 1, word);
    }
    return false;
}

/* A word and what it means. */
typedef struct meaning {
    const char *word;
    uint32_t value;
} meaning;

static bool look_up(uint32_t *out, const char *word, const meaning *table, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(table[i].word, word) == 0) {
            *out = table[i].value;
            return true;
        }
    }
    return false;
}
#define LOOK_UP(out, word, table) look_up((out), (word), (table), sizeof(table) / sizeof((table)[0]))

/* "fp8-cs", "fp8 (directory name)" and "bf16 (autocast; …)" are fp8 and bf16. */
bool fc_run_read_dtype(uint32_t *out, const char *text) {
    static const meaning table[] = {
        {"fp64", FC_DTYPE_FP64},   {"float64", FC_DTYPE_FP64},  {"fp32", FC_DTYPE_FP32},    {"float32", FC_DTYPE_FP32},
        {"tf32", FC_DTYPE_TF32},   {"fp16", FC_DTYPE_FP16},     {"float16", FC_DTYPE_FP16}, {"half", FC_DTYPE_FP16},
        {"bf16", FC_DTYPE_BF16},   {"bfloat16", FC_DTYPE_BF16}, {"fp8", FC_DTYPE_FP8},      {"float8", FC_DTYPE_FP8},
        {"mxfp8", FC_DTYPE_MXFP8}, {"nvfp4", FC_DTYPE_NVFP4},   {"int8", FC_DTYPE_INT8},
    };
    char word[WORD_SIZE];
    (void)leading_word(word, text);
    return LOOK_UP(out, word, table);
}

bool fc_run_read_recompute(uint32_t *out, const char *text) {
    static const meaning table[] = {
        {"none", FC_RECOMPUTE_NONE}, {"no", FC_RECOMPUTE_NONE},      {"off", FC_RECOMPUTE_NONE},
        {"full", FC_RECOMPUTE_FULL}, {"uniform", FC_RECOMPUTE_FULL}, {"selective", FC_RECOMPUTE_SELECTIVE},
    };
    char word[WORD_SIZE];
    (void)leading_word(word, text);
    return LOOK_UP(out, word, table);
}

/* The first number in brackets, or before "-way": how many ranks a shard group has. */
static uint32_t shard_group(const char *text) {
    const unsigned long most = 1000000;
    const char *bracket = strchr(text, '(');
    const char *way = find_words(text, "-way");
    const char *digits = NULL;
    if (bracket != NULL) {
        digits = bracket + strcspn(bracket, "0123456789)");
    } else if (way != NULL) {
        digits = way;
        while (digits > text && isdigit((unsigned char)digits[-1])) {
            digits -= 1;
        }
    }
    if (digits == NULL || !isdigit((unsigned char)*digits)) {
        return 0;
    }
    unsigned long group = strtoul(digits, NULL, 10);
    return group >= 2 && group <= most ? (uint32_t)group : 0;
}

bool fc_run_read_zero(int32_t *out_stage, uint32_t *out_group, const char *text) {
    static const meaning table[] = {
        {"0", 0},
        {"1", 1},
        {"2", 2},
        {"3", 3},
        {"zero0", 0},
        {"zero1", 1},
        {"zero2", 2},
        {"zero3", 3},
        {"fsdp", 3},
        {"fsdp1", 3},
        {"fsdp2", 3},
        {"hsdp", 3},
        {"ddp", 0},
        {"none", 0},
        {"hybrid_shard", 3},
        {"full_shard", 3},
        {"shard_grad_op", 2},
        {"distributed", 1},
    };
    char word[WORD_SIZE];
    uint32_t stage = 0;
    const char *rest = leading_word(word, text);
    *out_group = 0;
    if (strcmp(word, "zero") == 0) { /* "ZeRO-3", "zero 1" */
        (void)leading_word(word, rest);
    }
    if (!LOOK_UP(&stage, word, table)) {
        return false;
    }
    if (find_words(text, "shard_grad_op") != NULL) {
        stage = 2;
    } else if (stage == 0 && find_words(text, "distributed optimizer") != NULL) {
        stage = 1;
    }
    *out_stage = (int32_t)stage;
    *out_group = stage == 3 ? shard_group(text) : 0;
    return true;
}

bool fc_run_read_ffn(uint32_t *out, const char *text) {
    static const meaning table[] = {
        {"swiglu", FC_FFN_GATED},  {"geglu", FC_FFN_GATED}, {"reglu", FC_FFN_GATED}, {"glu", FC_FFN_GATED},
        {"gated", FC_FFN_GATED},   {"gelu", FC_FFN_PLAIN},  {"relu", FC_FFN_PLAIN},  {"relu2", FC_FFN_PLAIN},
        {"plain", FC_FFN_PLAIN},   {"mlp", FC_FFN_PLAIN},   {"silu", FC_FFN_GATED},  {"squared_relu", FC_FFN_PLAIN},
        {"squared", FC_FFN_PLAIN},
    };
    char word[WORD_SIZE];
    (void)leading_word(word, text);
    if (!LOOK_UP(out, word, table)) {
        return false;
    }
    if (find_words(text, "non-gated") != NULL) {
        *out = FC_FFN_PLAIN;
    } else if (find_words(text, "gated") != NULL) {
        *out = FC_FFN_GATED;
    }
    return true;
}

/* The number that ends at `end`, spaces passed over; 0 where none does. */
static double number_before(const char *text, const char *end) {
    const char *begin = end;
    while (begin > text && begin[-1] == ' ') {
        begin -= 1;
    }
    const char *last = begin;
    while (begin > text && isdigit((unsigned char)begin[-1])) {
        begin -= 1;
    }
    return begin < last ? (double)strtoul(begin, NULL, 10) : 0;
}

/* Whether "a node", "per node" or "/node" follows closely. */
static bool is_of_node(const char *text) {
    enum { NEAR = 24 };
    char near[NEAR + 1];
    (void)fc_text_copy(near, sizeof near, text);
    return find_words(near, "a node") != NULL || find_words(near, "per node") != NULL ||
           find_words(near, "/node") != NULL;
}

double fc_run_read_node_bits(const char *text) {
    static const char *const units[] = {"Gbit/s", "Gb/s", "Gbps"};
    const double giga = 1e9;
    const double most = 1e6; /* Gbit/s of one node: more is no network */
    const char *omni_path = find_words(text, "x Omni-Path ");
    double bits = 0;
    if (omni_path != NULL) {
        bits = number_before(text, omni_path) * (double)strtoul(omni_path + strlen("x Omni-Path "), NULL, 10);
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0] && !(bits > 0); ++i) {
        const char *at = find_words(text, units[i]);
        if (at != NULL && is_of_node(at)) {
            bits = number_before(text, at);
        }
    }
    return bits > 0 && bits <= most ? bits * giga : 0;
}

int32_t fc_run_read_sequence_parallel(const char *notes) {
    if (find_words(notes, "no sequence parallel") != NULL) {
        return 0;
    }
    return find_words(notes, "sequence parallelism on") != NULL ? 1 : -1;
}

/* "26.06" as 2606; 0: no year and month of two digits each. */
static uint32_t release_at(const char *text) {
    enum { YEAR = 2, DOT = YEAR, LENGTH = 5 };
    uint32_t release = 0;
    for (int i = 0; i < LENGTH; ++i) {
        if (i != DOT && !isdigit((unsigned char)text[i])) {
            return 0;
        }
        if (i == DOT && text[i] != '.') {
            return 0;
        }
        release = i == DOT ? release : 10 * release + (uint32_t)(text[i] - '0');
    }
    bool ends = !isdigit((unsigned char)text[LENGTH]);
    return ends && release % 100 >= 1 && release % 100 <= 12 ? release : 0;
}

uint32_t fc_run_read_release(const char *notes) {
    static const char word[] = "container ";
    const char *at = find_words(notes, word);
    return at != NULL ? release_at(at + strlen(word)) : 0;
}

uint32_t fc_run_release_suffix(const char *name, const char *stack) {
    size_t length = strlen(stack);
    bool longer = strncmp(name, stack, length) == 0 && name[length] == '-';
    return longer && strlen(name + length + 1) == strlen("26.06") ? release_at(name + length + 1) : 0;
}

uint32_t fc_run_read_expert_tensor(const char *notes) {
    static const char word[] = "ETP=";
    const unsigned long most = 65536;
    const char *at = find_words(notes, word);
    if (at == NULL || !isdigit((unsigned char)at[strlen(word)])) {
        return 0;
    }
    unsigned long ranks = strtoul(at + strlen(word), NULL, 10);
    return ranks <= most ? (uint32_t)ranks : 0;
}
