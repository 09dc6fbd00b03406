/* search_helpers.h: small random studies with an open plan, random bounds, and a search of them. */
#ifndef FLOPCAST_TESTS_UNIT_SEARCH_HELPERS_H
#define FLOPCAST_TESTS_UNIT_SEARCH_HELPERS_H

#include "chain_random.h"

#include "flopcast/search.h"

/* A study whose plans are few enough to look at one by one: at most 48 chips, everything open. */
static inline fc_study small_study(dice *d) {
    for (;;) {
        fc_study study = random_study(d);
        uint32_t batch = 8u << throw_below(d, 3);
        study.plan = fc_plan_default();
        study.plan.global_batch = throw_coin(d) ? batch : 3 * batch;
        study.workload.global_batch = study.plan.global_batch;
        study.cluster.chips_count = 1 + throw_below(d, 48);
        study.cluster.tiers_count = 0;
        study.cluster.tiers_from_chip = 0;
        study.cluster.chip.host_memory_bytes = throw_coin(d) * throw_between(d, 1e9, 1e12);
        study.cluster.chip.host_link_bytes_per_s = throw_coin(d) * throw_between(d, 1e9, 1e12);
        study.cluster.chip.host_memory_bytes_per_s = throw_coin(d) * throw_between(d, 1e9, 1e13);
        study.cluster.chip.memory_bytes = throw_between(d, 3e9, 1e13);
        study.stack.overlap_cost_frac = throw_coin(d) * throw_unit(d);
        study.stack.grad_add_bytes = throw_coin(d) * 12.0;
        study.step_time_factor = throw_between(d, 0.8, 1.3);
        study.deal.usd_per_chip_h = 2.5;
        if (study.workload.dtype == FC_DTYPE_NVFP4) {
            study.workload.dtype = FC_DTYPE_BF16;
        }
        if (fc_study_check(&study, NULL) == FC_OK) {
            return study;
        }
    }
}

/* One to `most` different values out of a list. */
static inline fc_bound some_of(dice *d, const uint32_t *values, uint32_t count, uint32_t most) {
    fc_bound bound;
    memset(&bound, 0, sizeof bound);
    uint32_t first = throw_below(d, count);
    uint32_t taken = 1 + throw_below(d, most);
    for (uint32_t i = 0; i < taken && i < count; ++i) {
        bound.values[bound.values_count++] = values[(first + i) % count];
    }
    return bound;
}

/* The same with 1 among them, which goes with most models. */
static inline fc_bound one_and(fc_bound bound) {
    for (uint32_t i = 0; i < bound.values_count; ++i) {
        if (bound.values[i] == 1) {
            return bound;
        }
    }
    bound.values[bound.values_count++] = 1;
    return bound;
}

#define SOME(d, most, ...)                                                                                             \
    some_of((d), (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (most))

/* Every axis a short list. */
static inline fc_space random_bounds(dice *d) {
    fc_space space;
    memset(&space, 0, sizeof space);
    fc_bound *axis = space.axis;
    space.kind = throw_coin(d) ? FC_SPACE_WIDE : FC_SPACE_DEFAULT;
    axis[FC_SPACE_TP] = one_and(SOME(d, 1, 1, 2, 3, 4));
    axis[FC_SPACE_PP] = one_and(SOME(d, 1, 1, 2, 3, 4));
    axis[FC_SPACE_VPP] = one_and(SOME(d, 1, 1, 2, 3));
    axis[FC_SPACE_DP] = SOME(d, 3, 1, 2, 3, 4, 8);
    axis[FC_SPACE_CP] = one_and(SOME(d, 1, 1, 2));
    axis[FC_SPACE_EP] = one_and(SOME(d, 1, 1, 2, 4));
    axis[FC_SPACE_ETP] = SOME(d, 2, 0, 1, 2);
    axis[FC_SPACE_SEQUENCE_PARALLEL] = SOME(d, 2, 0, 1);
    axis[FC_SPACE_MICRO_BATCH] = one_and(SOME(d, 1, 1, 2, 4));
    axis[FC_SPACE_GLOBAL_BATCH] = SOME(d, 2, 8, 16, 24, 48);
    axis[FC_SPACE_RECOMPUTE] = SOME(d, 3, 1, 2, 3);
    axis[FC_SPACE_RECOMPUTE_LAYERS] = SOME(d, 2, 0, 1, 2);
    axis[FC_SPACE_ZERO] = SOME(d, 3, 0, 1, 2, 3);
    axis[FC_SPACE_ZERO_GROUP] = SOME(d, 2, 0, 2, 3);
    axis[FC_SPACE_SCHEDULE] = SOME(d, 2, 0, 1, 4, 5, 3);
    axis[FC_SPACE_RANK_ORDER] = SOME(d, 2, 0, 1, 2);
    for (int i = FC_SPACE_OFFLOAD_OPTIMIZER; i <= FC_SPACE_OFFLOAD_ACTIVATIONS; ++i) {
        axis[i] = SOME(d, 2, 0, 1);
    }
    for (int i = FC_SPACE_TP_OVERLAP; i <= FC_SPACE_PP_OVERLAP; ++i) {
        axis[i] = SOME(d, 2, 1, 0);
    }
    axis[FC_SPACE_DTYPE] = SOME(d, 1, FC_DTYPE_BF16, FC_DTYPE_FP8, FC_DTYPE_FP32);
    return space;
}

static inline fc_search_options asking(uint32_t by, uint32_t top, uint8_t exhaustive) {
    fc_search_options options;
    memset(&options, 0, sizeof options);
    options.by = by;
    options.top = top;
    options.exhaustive = exhaustive;
    return options;
}

/* FC_BAD_INPUT of an axis without values is passed on; all else must go well. */
static inline fc_status look(fc_search_part **out, const fc_study *study, const fc_space *space,
                             const fc_search_options *options, fc_arena *arena) {
    fc_search *search = NULL;
    fc_error error = {0};
    fc_status status = fc_search_open(&search, study, space, options, &fc_engine_cpu, arena, &error);
    if (status == FC_BAD_INPUT) {
        return status;
    }
    assert_fine(status, &error);
    assert_fine(fc_search_run(out, search, fc_search_in_turn, 1, arena, &error), &error);
    return FC_OK;
}

static inline double tried_by(const fc_search_part *part) {
    return part->evaluated_count + part->infeasible_count + part->pruned_count;
}

#endif
