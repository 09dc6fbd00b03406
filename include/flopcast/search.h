/* search.h: the best plans of a study over a whole space of plans.
 *
 * A space is a list of values for each axis of a plan. A plan key that the study gives fixes its axis; a bound of the
 * study's `space` replaces or narrows an axis; the rest is the space's own (docs/searching.md). Plans are looked at cut by
 * cut (engine.h). A cut is answered by itself, so that threads and ranks may take any of them in any order: the merged
 * answer has the same bytes.
 */
#ifndef FLOPCAST_SEARCH_H
#define FLOPCAST_SEARCH_H

#include "base.h"
#include "engine.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the space ---------------------------------------------------------------------------------------------------- */

typedef enum fc_space_kind { FC_SPACE_DEFAULT = 0, FC_SPACE_WIDE, FC_SPACE_KIND_COUNT } fc_space_kind;

typedef enum fc_space_axis {
    FC_SPACE_TP = 0,
    FC_SPACE_PP,
    FC_SPACE_VPP,
    FC_SPACE_DP,
    FC_SPACE_CP,
    FC_SPACE_EP,
    FC_SPACE_ETP,
    FC_SPACE_SEQUENCE_PARALLEL,
    FC_SPACE_MICRO_BATCH,
    FC_SPACE_GLOBAL_BATCH,
    FC_SPACE_CHIPS, /* chips in use: a range */
    FC_SPACE_RECOMPUTE,
    FC_SPACE_RECOMPUTE_LAYERS,
    FC_SPACE_ZERO,
    FC_SPACE_ZERO_GROUP,
    FC_SPACE_SCHEDULE,
    FC_SPACE_RANK_ORDER,
    FC_SPACE_OFFLOAD_OPTIMIZER,
    FC_SPACE_OFFLOAD_WEIGHTS,
    FC_SPACE_OFFLOAD_ACTIVATIONS,
    FC_SPACE_TP_OVERLAP, /* 1: as the stack has it, 0: off */
    FC_SPACE_DP_OVERLAP,
    FC_SPACE_EP_OVERLAP,
    FC_SPACE_CP_OVERLAP,
    FC_SPACE_PP_OVERLAP,
    FC_SPACE_DTYPE, /* fc_dtype of the layers' matmuls */
    FC_SPACE_AXIS_COUNT
} fc_space_axis;

#define FC_MAX_BOUND_VALUES 32

/* What a study says of one axis: a list of values, or a range, or nothing. */
typedef struct fc_bound {
    uint32_t values_count; /* 0: no list */
    uint32_t values[FC_MAX_BOUND_VALUES];
    uint32_t least; /* of a range; 0: open */
    uint32_t most;  /* 0: open */
} fc_bound;

typedef struct fc_space {
    uint32_t kind; /* fc_space_kind */
    fc_bound axis[FC_SPACE_AXIS_COUNT];
} fc_space;

/* ---- what is asked ------------------------------------------------------------------------------------------------ */

typedef enum fc_search_by {
    FC_SEARCH_BY_TIME = 0, /* seconds a token: of one batch, the fastest step */
    FC_SEARCH_BY_COST,     /* dollars of the run */
    FC_SEARCH_BY_MEMORY,   /* bytes on the fullest chip, then seconds a token */
    FC_SEARCH_BY_COUNT
} fc_search_by;

#define FC_SEARCH_MOST_TOP 100

typedef struct fc_search_options {
    uint32_t by;        /* fc_search_by */
    uint32_t top;       /* plans to keep, 1 to FC_SEARCH_MOST_TOP */
    uint8_t exhaustive; /* no plan is left out by a bound */
    double most_chips;  /* in use; 0: those of the cluster */
    double most_days;   /* of the run; 0: any */
    double most_usd;    /* of the run; 0: any */
} fc_search_options;

/* ---- what is found ------------------------------------------------------------------------------------------------ */

/* Bits of overlaps that are switched off in a found plan. */
typedef enum fc_overlap {
    FC_OVERLAP_TP = 1,
    FC_OVERLAP_EP = 2,
    FC_OVERLAP_CP = 4,
    FC_OVERLAP_PP = 8,
    FC_OVERLAP_DP = 16
} fc_overlap;

typedef struct fc_found {
    fc_plan plan;
    uint32_t dtype;       /* fc_dtype: workload.dtype of the plan */
    uint32_t overlap_off; /* fc_overlap bits: stack.tp_overlap … set to 0 */
    double objective;     /* what is asked for; less is better */
    double time_s;        /* of a step, as an estimate has it */
    double token_s;       /* seconds a token */
    double per_chip_bytes;
    double chips_count; /* in use; 0: there is no such plan */
} fc_found;

/* The fastest plan of each step of memory and of chips in use; the front is what no other entry beats. */
enum { FC_FRONT_MEMORY_STEPS = 64, FC_FRONT_CHIP_STEPS = 32 };

/* The answer for some cuts: plain bytes, so that it can be sent and kept. Big (about 400 KB): belongs into an arena. */
typedef struct fc_search_part {
    double evaluated_count;  /* step time and memory computed, and it fits */
    double infeasible_count; /* do not fit, or are refused by the step model */
    double pruned_count;     /* left out by a bound */
    double excluded_count;   /* of the evaluated: over a limit of chips, days or dollars */
    uint32_t top_count;
    fc_found top[FC_SEARCH_MOST_TOP]; /* best first */
    fc_found closest;                 /* of those that do not fit: least bytes on a chip */
    fc_found front[FC_FRONT_CHIP_STEPS][FC_FRONT_MEMORY_STEPS];
} fc_search_part;

typedef struct fc_search fc_search;

/* Runs work(context, index, slot) for every index below `count`, on any number of threads; `slot` is below `slots` and
 * never shared by two calls at a time. */
typedef void fc_search_work(void *context, uint32_t index, uint32_t slot);
typedef void fc_search_loop(uint32_t count, uint32_t slots, fc_search_work *work, void *context);
/* One after the other. */
void fc_search_in_turn(uint32_t count, uint32_t slots, fc_search_work *work, void *context);

/* Lists the cuts of a checked study's space. FC_BAD_INPUT: nothing in the space goes with model and cluster, a stated
 * deal.mfu, a cost that is not known. What is pointed at must outlive the search. */
fc_status fc_search_open(fc_search **out, const fc_study *study, const fc_space *space,
                         const fc_search_options *options, const fc_engine *engine, fc_arena *arena, fc_error *error);
uint32_t fc_search_cuts_count(const fc_search *search);
/* Bounds of the cuts, and a first best plan that prunes: before fc_search_cut, once. Nothing to do in an exhaustive one. */
fc_status fc_search_prepare(fc_search *search, fc_search_loop *loop, uint32_t slots, fc_arena *arena, fc_error *error);
/* Adds the plans of one cut to `out`. Thread-safe with one `out` a thread; depends on nothing but search and cut. */
fc_status fc_search_cut(fc_search_part *out, const fc_search *search, uint32_t cut, fc_error *error);
/* Adds one part to another; the order of merging does not matter. */
void fc_search_merge(fc_search_part *out, const fc_search_part *part, const fc_search *search);
/* All of it. FC_INFEASIBLE is the caller's to raise: top_count is 0 where no plan fits. */
fc_status fc_search_run(fc_search_part **out, fc_search *search, fc_search_loop *loop, uint32_t slots,
                        fc_arena *arena, fc_error *error);

/* The entries that no other one beats in seconds a token, bytes and chips, the fastest first; returns how many were
 * written to `out` (room for FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS). */
uint32_t fc_search_front(fc_found *out, const fc_search_part *part);

/* The study of a found plan: its plan, number format and overlaps written in, nothing open. */
void fc_search_study(fc_study *out, const fc_study *study, const fc_found *found);

/* ---- bytes of a part ----------------------------------------------------------------------------------------------- */

/* Writes what a part holds, without empty entries, to `out` and returns how many bytes that are; with `out` NULL or
 * `size` too small nothing is written. The same machine reads it back. */
size_t fc_search_pack(unsigned char *out, size_t size, const fc_search_part *part);
/* FC_BAD_INPUT when the bytes are not those of a part. */
fc_status fc_search_unpack(fc_search_part *out, const unsigned char *bytes, size_t size, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
