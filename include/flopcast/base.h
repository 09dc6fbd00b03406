/* base.h: what every other header stands on.
 *
 * Status codes are the program's exit codes. Functions that can fail return an fc_status and take a caller-owned
 * fc_error as their last argument (NULL is allowed); the first error wins. Memory that varies in size comes from an
 * fc_arena, which frees all of it at once. Nothing here prints or exits.
 */
#ifndef FLOPCAST_BASE_H
#define FLOPCAST_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FC_VERSION_MAJOR 0
#define FC_VERSION_MINOR 1
#define FC_VERSION_PATCH 0
#define FC_VERSION "0.1.0"
/* Major number of the JSON, CSV and calibration formats. */
#define FC_SCHEMA_VERSION 1

/* Names of chips, models, clusters … including the final zero. */
#define FC_NAME_SIZE 64
/* Paths and one-line texts kept inside plain structs. */
#define FC_TEXT_SIZE 256

typedef enum fc_status {
    FC_OK = 0,
    FC_FAILED = 1,     /* the world failed: no memory, a write that did not go through, a backend */
    FC_USAGE = 2,      /* the command line is wrong */
    FC_BAD_INPUT = 3,  /* a file or a value is wrong */
    FC_INFEASIBLE = 4, /* the question is sound and the answer is: no plan fits */
    FC_OVER_LIMIT = 5, /* over a stated limit of size, depth or time */
    FC_UNSTABLE = 6    /* a measurement too noisy to trust */
} fc_status;

/* A mistake, told so that a stranger can mend it. line and column count from 1; 0 means unknown. */
typedef struct fc_error {
    fc_status status;
    int32_t line;
    int32_t column;
    char source[FC_TEXT_SIZE]; /* file name, "--set", "command line"; empty if none */
    char text[1024];           /* value, what is allowed, nearest name, remedy */
} fc_error;

#if defined(__GNUC__)
#define FC_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define FC_PRINTF(format_index, first_index)
#endif

/* Fills `error` unless it already holds an earlier error, and returns `status`. `source` may be NULL. */
fc_status fc_error_set(fc_error *error, fc_status status, const char *source, int line, int column, const char *format,
                       ...) FC_PRINTF(6, 7);

/* Writes "file:line:column: text" (what is known of it) into `out`, always terminated. */
void fc_error_format(const fc_error *error, char *out, size_t out_size);

/* Passes a failure on to the caller. */
#define FC_TRY(call)                                                                                                   \
    do {                                                                                                               \
        fc_status fc_try_status = (call);                                                                              \
        if (fc_try_status != FC_OK) {                                                                                  \
            return fc_try_status;                                                                                      \
        }                                                                                                              \
    } while (0)

/* A region of memory freed in one go. Not thread-safe: one arena a command. */
typedef struct fc_arena fc_arena;

/* A new arena that refuses to grow past `limit_bytes` (0: 256 MiB). NULL when there is no memory. The caller destroys. */
fc_arena *fc_arena_create(size_t limit_bytes);
void fc_arena_destroy(fc_arena *arena);
/* Zeroed, aligned for any type, owned by the arena. NULL when memory or the limit is exhausted. */
void *fc_arena_alloc(fc_arena *arena, size_t size_bytes);
/* Terminated copies, owned by the arena. NULL as above. */
char *fc_arena_strdup(fc_arena *arena, const char *text);
char *fc_arena_strndup(fc_arena *arena, const char *text, size_t length);
char *fc_arena_printf(fc_arena *arena, const char *format, ...) FC_PRINTF(2, 3);
/* Bytes handed out so far, for tests and limits. */
size_t fc_arena_used_bytes(const fc_arena *arena);

/* Number formats. A rate belongs to exactly one of them; mxfp8 and nvfp4 are block-scaled. */
typedef enum fc_dtype {
    FC_DTYPE_FP64 = 0,
    FC_DTYPE_FP32,
    FC_DTYPE_TF32,
    FC_DTYPE_FP16,
    FC_DTYPE_BF16,
    FC_DTYPE_FP8,
    FC_DTYPE_MXFP8,
    FC_DTYPE_NVFP4,
    FC_DTYPE_INT8,
    FC_DTYPE_COUNT
} fc_dtype;

/* Where a number comes from, best first. */
typedef enum fc_grade {
    FC_GRADE_EXACT = 0, /* a definition or a choice of the asker: no range of its own */
    FC_GRADE_MEASURED,  /* measured on this machine */
    FC_GRADE_PUBLISHED, /* a published measurement of somebody else's run */
    FC_GRADE_VENDOR,    /* a vendor's sheet or price list */
    FC_GRADE_ASSUMED,   /* nobody measured it where we could see */
    FC_GRADE_COUNT
} fc_grade;

/* Lower-case names as they stand in files: "bf16", "published". Never NULL for values below the COUNT. */
const char *fc_dtype_name(fc_dtype dtype);
const char *fc_grade_name(fc_grade grade);
/* Bytes one element takes in memory, scales included: fp32 4, tf32 4, bf16 2, fp8 1, mxfp8 1+1/32, nvfp4 1/2+1/16. */
double fc_dtype_bytes(fc_dtype dtype);

/* p10, p50 and p90 of a result. */
typedef struct fc_range {
    double p10;
    double p50;
    double p90;
} fc_range;

#ifdef __cplusplus
}
#endif
#endif
