/* engine.h: what evaluates many plans: one table of functions, so that a search does not know on what it runs.
 *
 * Plans come in blocks that share a cut: how operations are divided (tp, cp, ep, etp, sequence_parallel, micro_batch) and
 * in which number format. What depends on the cut alone is summed up once. An engine calls the same step and memory stages
 * as an estimate: it may not approximate.
 */
#ifndef FLOPCAST_ENGINE_H
#define FLOPCAST_ENGINE_H

#include "base.h"
#include "hd/memory.h"
#include "hd/step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the plans of a block have in common. */
typedef struct fc_engine_cut {
    const fc_ops *ops;
    const fc_cluster *cluster;
    const fc_stack *stacks; /* the study's, and the same with overlaps switched off: an item names one */
    uint32_t stacks_count;
    fc_step_rows step;
    fc_memory_rows memory;
    double step_time_factor; /* fc_step_scale's: the step model's own error */
} fc_engine_cut;

/* One plan. */
typedef struct fc_engine_item {
    fc_plan plan;       /* complete */
    uint32_t stack;     /* of the cut's stacks */
    uint8_t time_first; /* its time is wanted even where it does not fit: it bounds others */
} fc_engine_item;

typedef enum fc_engine_state {
    FC_ENGINE_FITS = 0,
    FC_ENGINE_UNFIT,  /* over the memory of the chip or of its host */
    FC_ENGINE_REFUSED /* the step model has no answer for it */
} fc_engine_state;

typedef struct fc_engine_answer {
    double time_s;         /* of a step, scaled; 0 where it was not computed */
    double per_chip_bytes; /* on the fullest chip */
    uint32_t state;        /* fc_engine_state */
} fc_engine_answer;

/* Grows when a slot's meaning changes or a struct above does; a plug-in of another number is refused. */
#define FC_ENGINE_ABI 1

typedef struct fc_engine {
    uint32_t abi;     /* FC_ENGINE_ABI */
    const char *name; /* "cpu" */
    /* What one caller at a time needs; *out, which may stay NULL, is freed by close. FC_FAILED tells why there is none. */
    fc_status (*open)(void **out, fc_error *error);
    /* Answers to `count` items of one cut, in their order. The status is FC_OK also where items were refused. */
    fc_status (*evaluate)(void *opened, fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items,
                          uint32_t count, fc_error *error);
    void (*close)(void *opened);
} fc_engine;

/* The engine that is always there: the caller's thread. */
extern const fc_engine fc_engine_cpu;

/* Opens the engine of the plug-in flopcast-<name>.so from `folder` (NULL: beside the program, then the library folder).
 * The table stays valid until the process ends. FC_FAILED with a sentence when it is not there or of another ABI. */
fc_status fc_engine_load(const fc_engine **out, const char *name, const char *folder, fc_error *error);

/* What a plug-in exports under this name. */
#define FC_ENGINE_SYMBOL "fc_engine_table"

/* ---- one answer, the same on every engine ----------------------------------------------------------------------------- */

/* The answer for a plan that takes `memory`. */
FC_HD void fc_engine_answer_with(fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *item,
                                 const fc_memory *memory) {
    fc_step step;
    out->time_s = 0.0;
    out->per_chip_bytes = memory->per_chip_bytes;
    out->state = (uint32_t)(memory->fits ? FC_ENGINE_FITS : FC_ENGINE_UNFIT);
    if (!memory->fits && !item->time_first) {
        return;
    }
    if (fc_hd_step_place(&step, &cut->step, cut->ops, cut->cluster, &item->plan, &cut->stacks[item->stack]) !=
        FC_STEP_PLACED) {
        out->state = (uint32_t)(memory->fits ? FC_ENGINE_REFUSED : FC_ENGINE_UNFIT);
        return;
    }
    fc_hd_step_scale(&step, cut->step_time_factor);
    out->time_s = step.time_s;
}

FC_HD void fc_engine_answer_one(fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *item) {
    fc_memory memory;
    fc_hd_memory_place(&memory, &cut->memory, cut->ops, cut->cluster, &item->plan, &cut->stacks[item->stack]);
    fc_engine_answer_with(out, cut, item, &memory);
}

#ifdef __cplusplus
}
#endif
#endif
