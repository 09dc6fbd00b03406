/* search_internal.h: what the files of the search share. */
#ifndef FLOPCAST_HOST_CHAIN_SEARCH_INTERNAL_H
#define FLOPCAST_HOST_CHAIN_SEARCH_INTERNAL_H

#include "flopcast/stages.h"
#include "space.h"

/* A number format of the space: its operations, and the study's stack with every choice of overlaps. */
typedef struct fc_search_format {
    fc_ops ops;
    fc_workload workload;
} fc_search_format;

struct fc_search {
    fc_study study;
    fc_space space;
    fc_search_options options;
    const fc_engine *engine;
    fc_space_lists lists;
    fc_search_format *formats; /* lists.formats_count of them */
    fc_stack stacks[32];       /* by fc_overlap bits that are off */
    fc_cut *cuts;
    uint32_t cuts_count;
    double *bounds_s;      /* seconds a token that no plan of a cut undercuts; NULL: not known */
    uint32_t *order;       /* of cuts, the most promising first */
    double seed_objective; /* so good is the last of `top` plans of the space that are known before; 0: not known */
};

/* The best plans of one cut, apart from those of other cuts: what prunes a cut is its own and the seed. */
typedef struct fc_search_top {
    uint32_t count;
    fc_found found[FC_SEARCH_MOST_TOP];
} fc_search_top;

void fc_search_keep_top(fc_found *top, uint32_t *count, uint32_t most, const fc_found *found);
void fc_search_keep_front(fc_search_part *out, const fc_search *search, const fc_found *found);
/* Remembers the one that does not fit and comes nearest. */
void fc_search_keep_closest(fc_search_part *out, const fc_found *found);
/* Less than 0: a is the better one. No two different plans are equal. */
int fc_found_compare(const fc_found *a, const fc_found *b);

/* Seconds of a step and chips in use → what is asked for, and whether limits allow it. */
bool fc_search_judge(double *out_objective, const fc_search *search, const fc_ops *ops, const fc_plan *plan,
                     double time_s, double per_chip_bytes);
/* No plan of a group that takes at least so long has a smaller objective. */
double fc_search_objective_bound(const fc_search *search, const fc_ops *ops, const fc_plan *plan, double least_s);

double fc_search_tokens(const fc_ops *ops, const fc_plan *plan);
double fc_search_chips(const fc_plan *plan);

/* A cut, ready for the engine, and what bounds its plans. */
typedef struct fc_search_sums {
    fc_engine_cut cut;
    double pass_s;         /* of all layers, forward and backward, one micro-batch */
    double forward_s;      /* what full recomputation does again */
    double core_s;         /* … selective */
    double reduces_s;      /* sums of the tensor ranks that no plan hides, forward */
    fc_memory_part layers; /* trained numbers of all layers */
} fc_search_sums;

fc_status fc_search_open_cut(fc_search_sums *sums, const fc_search *search, const fc_cut *cut, fc_error *error);
/* Seconds a token that no plan of the cut undercuts. */
double fc_search_cut_bound_s(const fc_search_sums *sums, const fc_search *search, const fc_cut *cut);
/* Seconds of a step that no plan with this recomputation undercuts. */
double fc_search_least_s(const fc_search_sums *sums, const fc_plan *plan, uint32_t recompute, uint32_t layers);
/* Whether no plan of the group with this shard fits. */
bool fc_search_too_big(const fc_search_sums *sums, const fc_group *group, uint32_t shard);

/* Adds the plans of a cut to `out`, its best ones to `top`. `seeding`: only the plainest of each group, and nothing goes to
 * `out`; what prunes then is `top` alone. */
fc_status fc_search_walk(fc_search_part *out, fc_search_top *top, const fc_search *search, uint32_t cut, bool seeding,
                         fc_error *error);

#endif
