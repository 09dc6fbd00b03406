/* kernels.h: single kernels of a chip: their measured times, and the curves fitted to them.
 *
 * A curve is a score of named parameters of one kind of kernel, on one chip, in one dtype. data/calibrations holds those
 * that were fitted to published tables; `fit` makes them, `op` asks them.
 */
#ifndef FLOPCAST_KERNELS_H
#define FLOPCAST_KERNELS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_KERNEL_MAX_PARAMETERS 32
#define FC_KERNEL_HABITS 216 /* FC_HABIT_COUNT */
#define FC_KERNEL_MAX_DIMS 8
#define FC_KERNEL_MAX_CURVES 64
#define FC_KERNEL_MAX_ROWS 200000
#define FC_KERNEL_BASIS_SIZE 400

typedef enum fc_kernel_kind {
    FC_KERNEL_GEMM = 0,
    FC_KERNEL_PREFILL,
    FC_KERNEL_DECODE,
    FC_KERNEL_ALL_REDUCE,
    FC_KERNEL_ALL_GATHER,
    FC_KERNEL_REDUCE_SCATTER,
    FC_KERNEL_ALL_TO_ALL,
    FC_KERNEL_DISPATCH, /* tokens to the chips of their experts, as DeepEP does it, in 8 bits */
    FC_KERNEL_COMBINE,  /* and back, in 16 */
    FC_KERNEL_MOE,      /* a fused layer of experts on one chip */
    FC_KERNEL_KIND_COUNT
} fc_kernel_kind;

/* What a kind is made of. The names stand in files and on the command line. */
typedef struct fc_kernel_info {
    const char *name;
    uint32_t dims_count;
    /* Whole numbers, 1 or more; but "distribution" is the exponent of a power law of experts' loads, 0: balanced. */
    const char *dims[FC_KERNEL_MAX_DIMS];
    uint32_t parameters_count;
    const char *const *parameters;
} fc_kernel_info;

/* Never NULL for kinds below the COUNT. */
const fc_kernel_info *fc_kernel_info_of(fc_kernel_kind kind);
/* All-reduce to all-to-all: `chips` and `bytes`. */
int fc_kernel_is_collective(uint32_t kind);
/* Dispatch and combine. */
int fc_kernel_is_exchange(uint32_t kind);
/* Whether dimension `index` of a kind is a power law's exponent and not a count. */
int fc_kernel_is_exponent(uint32_t kind, uint32_t index);

/* One kernel, and how long it took where that is known. */
typedef struct fc_kernel_row {
    char chip[FC_NAME_SIZE];
    uint32_t kind;  /* fc_kernel_kind */
    uint32_t dtype; /* fc_dtype */
    double dims[FC_KERNEL_MAX_DIMS];
    double seconds; /* 0: not measured */
    int32_t line;   /* in its table */
} fc_kernel_row;

typedef struct fc_kernel_curve {
    uint32_t kind;
    uint32_t dtype;
    double cores_count; /* streaming multiprocessors */
    double parameters[FC_KERNEL_MAX_PARAMETERS];
    double habits[FC_KERNEL_HABITS]; /* of a gemm's library, by size: hd/kernel_habit.h; all 0: not known */
    uint32_t fitted_count;           /* shapes that the fit saw */
    uint32_t heldout_count;          /* shapes drawn before, by a hash of the shape, that it did not see */
    double heldout_median_abs_error_frac;
    double heldout_p90_abs_error_frac;
    double nodes_most; /* dispatch and combine: the most nodes that the fit saw; 0 elsewhere */
    fc_grade grade;
    char basis[FC_KERNEL_BASIS_SIZE]; /* where it is not measured: what it rests on */
    double low_frac;                  /* the spread of its rate, of the middle; 1 and 1: none given */
    double high_frac;
} fc_kernel_curve;

/* The curves of one chip. */
typedef struct fc_kernel_set {
    char chip[FC_NAME_SIZE];
    uint32_t curves_count;
    fc_kernel_curve curves[FC_KERNEL_MAX_CURVES];
} fc_kernel_set;

/* What the fit starts from: the sheet of the chip. All above 0 but where 0 means unknown. */
typedef struct fc_kernel_sheet {
    double cores_count;
    double flop_per_s; /* dense, of the dtype */
    double memory_bytes_per_s;
    double cache_bytes;
    double link_bytes_per_s; /* scale-up, one way; 0: unknown */
    double net_bytes_per_s;  /* scale-out of a chip; 0: unknown */
} fc_kernel_sheet;

/* Seconds the curve gives; above 0 and finite for parameters above 0. */
double fc_kernel_predict_s(const fc_kernel_curve *curve, const double *dims);
/* The same for many rows. */
void fc_kernel_predict_all_s(double *out_s, const fc_kernel_curve *curve, const fc_kernel_row *const *rows,
                             size_t count);
/* The curve for a kind and dtype, or NULL. Collectives of bf16 take that of fp16. */
const fc_kernel_curve *fc_kernel_find(const fc_kernel_set *set, fc_kernel_kind kind, fc_dtype dtype);
/* Plausible parameters before any fit. */
void fc_kernel_start(fc_kernel_curve *out, fc_kernel_kind kind, fc_dtype dtype, const fc_kernel_sheet *sheet);
/* How many starts a fit tries, 1 or more, and start `index` below that made of the first. */
uint32_t fc_kernel_starts_count(fc_kernel_kind kind, fc_dtype dtype);
void fc_kernel_start_vary(fc_kernel_curve *curve, uint32_t index);
/* Whether a shape is kept out of every fit: one in five, by a hash of its kind and dims alone. */
int fc_kernel_is_heldout(const fc_kernel_row *row);
/* Fits `curve` (started) to the rows of its kind and dtype that are not held out, and stores counts and errors. Least
 * squares of log time, large errors counted by their size rather than their square, with a weak pull to the start. The best
 * of the starts stands, judged on the same rows. A gemm's habits are fitted last, to what the parameters leave over.
 * FC_BAD_INPUT with too few rows. */
fc_status fc_kernel_fit(fc_kernel_curve *curve, const fc_kernel_row *rows, size_t rows_count, fc_arena *arena,
                        fc_error *error);
/* Fills the parameters of `curve` from the measured curve `like` of another chip, same kind: rates of memory times
 * `memory_scale`, rates of arithmetic times what brings the figures (rows with seconds) out right on average, times as
 * they are, but strips wider as arithmetic outgrows memory; no habits: they are another library's. FC_BAD_INPUT when no
 * scale does. */
fc_status fc_kernel_like(fc_kernel_curve *curve, const fc_kernel_curve *like, double memory_scale,
                         const fc_kernel_row *figures, size_t figures_count, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
