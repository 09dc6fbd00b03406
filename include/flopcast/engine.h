/* engine.h: what evaluates many plans: one table of functions, so that a search does not know on what it runs.
 *
 * Plans come in blocks that share a cut: how operations are divided (tp, cp, ep, etp, sequence_parallel, micro_batch) and
 * in which number format. What depends on the cut alone is summed up once. An engine calls the same step and memory stages
 * as an estimate: it may not approximate.
 */
#ifndef FLOPCAST_ENGINE_H
#define FLOPCAST_ENGINE_H

#include "base.h"
#include "stages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the plans of a block have in common. */
typedef struct fc_engine_cut {
    const fc_ops *ops;
    const fc_cluster *cluster;
    const fc_stack *stacks; /* the study's, and the same with overlaps switched off: an item names one */
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

typedef struct fc_engine {
    const char *name; /* "cpu" */
    /* Answers to `count` items of one cut, in their order. Thread-safe. `error` tells why the first of those that were
     * refused was; the status is FC_OK all the same unless the engine itself failed. */
    fc_status (*evaluate)(fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items, uint32_t count,
                          fc_error *error);
} fc_engine;

/* The engine that is always there: one thread of this processor. */
extern const fc_engine fc_engine_cpu;

#ifdef __cplusplus
}
#endif
#endif
