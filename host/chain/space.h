/* space.h: a space of plans, taken apart: lists for the axes that a cut is made of, and groups of plans inside a cut. */
#ifndef FLOPCAST_HOST_CHAIN_SPACE_H
#define FLOPCAST_HOST_CHAIN_SPACE_H

#include "flopcast/search.h"

#include <stdbool.h>

enum { FC_SPACE_MOST_VALUES = 512, FC_SPACE_MOST_FORMATS = 8, FC_SPACE_MOST_INNER = 40, FC_SPACE_MOST_BATCHES = 64 };

typedef struct fc_values {
    uint32_t count;
    uint32_t values[FC_SPACE_MOST_VALUES];
} fc_values;

/* The lists that do not depend on each other. */
typedef struct fc_space_lists {
    const fc_study *study;
    const fc_space *space;
    uint32_t layers;   /* that a pipeline shares out */
    double most_chips; /* in use */
    fc_values tp;
    fc_values pp;
    fc_values cp;
    fc_values ep;
    fc_values micro_batch;
    fc_values global_batch;
    uint32_t formats_count; /* number formats: fc_dtype, the study's own first */
    uint32_t formats[FC_SPACE_MOST_FORMATS];
    uint32_t offloads_count; /* each one bits: optimizer 1, weights 2, activations 4 */
    uint32_t offloads[8];
} fc_space_lists;

/* How operations are divided, and in which format: what plans of a block share. */
typedef struct fc_cut {
    uint32_t format; /* index into formats */
    uint32_t tp;
    uint32_t cp;
    uint32_t ep;
    uint32_t etp; /* as plan.etp: 0: as ep says */
    uint32_t sequence_parallel;
    uint32_t micro_batch;
} fc_cut;

/* Plans of a cut that share everything but the lists below: all combinations of these belong to the space. */
typedef struct fc_group {
    fc_plan plan; /* the rest of it */
    uint32_t recomputes_count;
    struct {
        uint32_t recompute;
        uint32_t layers;
    } recomputes[FC_SPACE_MOST_INNER];
    uint32_t shards_count;
    struct {
        int32_t zero;
        uint32_t group;
    } shards[4 * FC_SPACE_MOST_INNER];
    uint32_t schedules_count;
    uint32_t schedules[FC_PLAN_SCHEDULE_COUNT];
    uint32_t ranks_count;
    uint32_t ranks[FC_RANK_ORDER_COUNT];
    uint32_t offloads_count;
    const uint32_t *offloads;
    uint32_t overlaps_count;
    uint32_t overlaps[32]; /* fc_overlap bits that are off; nothing off comes first where it is allowed */
} fc_group;

/* FC_BAD_INPUT: an axis without a value that goes with model and cluster. */
fc_status fc_space_list(fc_space_lists *out, const fc_study *study, const fc_space *space, double most_chips,
                        fc_error *error);

/* Cuts in their fixed order; writes up to `room` of them and returns how many there are. */
uint32_t fc_space_cuts(fc_cut *out, uint32_t room, const fc_space_lists *lists);

/* Calls visit for every group of a cut, in a fixed order, until it returns false. The lists of a group are made anew for the
 * next one, so that a visit may shorten them. */
typedef bool fc_group_visit(void *context, fc_group *group);
void fc_space_groups(const fc_space_lists *lists, const fc_cut *cut, fc_group_visit *visit, void *context);

double fc_group_count(const fc_group *group);

/* Whether a bound says anything, and whether it lets a value through. */
bool fc_bound_given(const fc_bound *bound);
bool fc_bound_allows(const fc_bound *bound, uint32_t value);
void fc_values_add(fc_values *list, uint32_t value);

/* Inner lists of a group, from its plan. */
void fc_space_inner(fc_group *out, const fc_space_lists *lists);

#endif
