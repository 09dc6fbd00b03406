/* The search against brute force, against itself without bounds, and against the estimate. */
#include "search_helpers.h"

/* ---- brute force: every combination of the bounds, one estimate each ----------------------------------------------- */

typedef struct brute {
    double evaluated_count;
    double infeasible_count;
    double best_token_s;
    double best_usd;
    double least_bytes;
} brute;

static bool lists(const fc_bound *bound, uint32_t value) {
    for (uint32_t i = 0; i < bound->values_count; ++i) {
        if (bound->values[i] == value) {
            return true;
        }
    }
    return false;
}

/* What makes a plan another one than a plainer plan of the space (docs/searching.md). */
static bool is_own(const fc_study *study, uint32_t off) {
    const fc_plan *plan = &study->plan;
    const fc_stack *stack = &study->stack;
    uint64_t ranks = (uint64_t)plan->dp * plan->cp;
    double layers = study->model.layers_count + study->model.encoder_layers + study->model.mtp_depth;
    double chunks = (double)plan->pp * plan->vpp;
    double stage = ceil(layers / chunks) * plan->vpp;
    uint32_t micro_batches = plan->global_batch / (plan->dp * plan->micro_batch);
    bool experts = study->model.experts > 0;
    if (plan->etp > 0 && (!experts || plan->tp % plan->etp != 0)) {
        return false;
    }
    if (plan->sequence_parallel && (double)plan->tp * study->cluster.chip.devices_per_chip <= 1) {
        return false;
    }
    if (plan->recompute_layers > 0 && (plan->recompute != FC_RECOMPUTE_FULL || plan->recompute_layers >= stage)) {
        return false;
    }
    if (plan->zero_group > 0 && (plan->zero == 0 || plan->zero_group >= ranks || ranks % plan->zero_group != 0)) {
        return false;
    }
    if (plan->schedule != FC_PLAN_SCHEDULE_AUTO && plan->pp == 1) {
        return false;
    }
    if (plan->schedule == FC_PLAN_SCHEDULE_INTERLEAVED ? plan->vpp == 1
                                                       : plan->schedule != FC_PLAN_SCHEDULE_AUTO && plan->vpp > 1) {
        return false;
    }
    if (plan->schedule == FC_PLAN_SCHEDULE_DUALPIPE &&
        (plan->pp % 2 != 0 || micro_batches % 2 != 0 || micro_batches < 2 * plan->pp)) {
        return false;
    }
    const fc_chip *chip = &study->cluster.chip;
    bool host = chip->host_memory_bytes > 0 && chip->host_link_bytes_per_s > 0;
    if ((plan->offload_optimizer && !(host && chip->host_memory_bytes_per_s > 0)) ||
        ((plan->offload_weights || plan->offload_activations) && !host)) {
        return false;
    }
    return !((off & FC_OVERLAP_TP && !(plan->tp > 1 && stack->tp_overlap_frac > 0)) ||
             (off & FC_OVERLAP_EP && !(plan->ep > 1 && stack->ep_overlap_frac > 0)) ||
             (off & FC_OVERLAP_CP && !(plan->cp > 1 && stack->cp_overlap_frac > 0)) ||
             (off & FC_OVERLAP_PP && !(plan->pp > 1 && stack->pp_overlap_frac > 0)) ||
             (off & FC_OVERLAP_DP && !(ranks > 1 && stack->dp_overlap_frac > 0)));
}

/* Overlaps that must be off where they are live: their bound does not allow them on. */
static bool is_forced(const fc_space *space, const fc_study *study, uint32_t off) {
    const int axes[] = {FC_SPACE_TP_OVERLAP, FC_SPACE_EP_OVERLAP, FC_SPACE_CP_OVERLAP, FC_SPACE_PP_OVERLAP,
                        FC_SPACE_DP_OVERLAP};
    const fc_plan *plan = &study->plan;
    const bool live[] = {
        plan->tp > 1 && study->stack.tp_overlap_frac > 0, plan->ep > 1 && study->stack.ep_overlap_frac > 0,
        plan->cp > 1 && study->stack.cp_overlap_frac > 0, plan->pp > 1 && study->stack.pp_overlap_frac > 0,
        (uint64_t)plan->dp * plan->cp > 1 && study->stack.dp_overlap_frac > 0};
    for (int i = 0; i < 5; ++i) {
        bool is_off = (off >> i & 1u) != 0;
        if (live[i] && !lists(&space->axis[axes[i]], is_off ? 0 : 1)) {
            return false;
        }
    }
    return true;
}

static void weigh(brute *out, const fc_study *study, const fc_ops *ops) {
    fc_point point;
    fc_error error = {0};
    fc_status status = fc_estimate_point(&point, ops, study, &study->plan, &error);
    if (status != FC_OK || !point.memory.fits) {
        out->infeasible_count += 1;
        return;
    }
    out->evaluated_count += 1;
    double token_s = point.step.time_s / point.step.tokens_per_step;
    out->best_token_s = out->best_token_s == 0 || token_s < out->best_token_s ? token_s : out->best_token_s;
    out->best_usd = out->best_usd == 0 || point.cost.total_usd < out->best_usd ? point.cost.total_usd : out->best_usd;
    out->least_bytes = out->least_bytes == 0 || point.memory.per_chip_bytes < out->least_bytes
                           ? point.memory.per_chip_bytes
                           : out->least_bytes;
}

static void set_overlaps(fc_study *trial, uint32_t off) {
    trial->stack.tp_overlap_frac *= off & FC_OVERLAP_TP ? 0 : 1;
    trial->stack.ep_overlap_frac *= off & FC_OVERLAP_EP ? 0 : 1;
    trial->stack.cp_overlap_frac *= off & FC_OVERLAP_CP ? 0 : 1;
    trial->stack.pp_overlap_frac *= off & FC_OVERLAP_PP ? 0 : 1;
    trial->stack.dp_overlap_frac *= off & FC_OVERLAP_DP ? 0 : 1;
}

static void try_overlaps(brute *out, const fc_space *space, const fc_study *trial, const fc_ops *ops) {
    for (uint32_t off = 0; off < 32; ++off) {
        if (!is_own(trial, off) || !is_forced(space, trial, off)) {
            continue;
        }
        fc_study one = *trial;
        set_overlaps(&one, off);
        weigh(out, &one, ops);
    }
}

static void set_plan(fc_plan *plan, uint32_t axis, uint32_t value) {
    uint32_t *const words[] = {&plan->tp,
                               &plan->pp,
                               &plan->vpp,
                               &plan->dp,
                               &plan->cp,
                               &plan->ep,
                               &plan->etp,
                               (uint32_t *)&plan->sequence_parallel,
                               &plan->micro_batch,
                               &plan->global_batch,
                               NULL,
                               &plan->recompute,
                               &plan->recompute_layers,
                               (uint32_t *)&plan->zero,
                               &plan->zero_group,
                               &plan->schedule,
                               &plan->rank_order};
    if (axis < FC_SPACE_OFFLOAD_OPTIMIZER) {
        *words[axis] = value;
    } else if (axis == FC_SPACE_OFFLOAD_OPTIMIZER) {
        plan->offload_optimizer = (uint8_t)value;
    } else if (axis == FC_SPACE_OFFLOAD_WEIGHTS) {
        plan->offload_weights = (uint8_t)value;
    } else {
        plan->offload_activations = (uint8_t)value;
    }
}

/* Layers that are redone matter under full recomputation alone, and groups from ZeRO 1 on; as many as there are is all, which
 * is written 0. */
static fc_bound own_values(const fc_study *study, uint32_t axis, const fc_bound *bound) {
    const fc_plan *plan = &study->plan;
    bool layers = axis == FC_SPACE_RECOMPUTE_LAYERS;
    double all_layers = study->model.layers_count + study->model.encoder_layers + study->model.mtp_depth;
    double whole = layers ? ceil(all_layers / ((double)plan->pp * plan->vpp)) * plan->vpp : (double)plan->dp * plan->cp;
    fc_bound own;
    memset(&own, 0, sizeof own);
    if (layers ? plan->recompute != FC_RECOMPUTE_FULL : plan->zero == 0) {
        own.values_count = 1;
        return own;
    }
    for (uint32_t i = 0; i < bound->values_count; ++i) {
        uint32_t value = bound->values[i] < whole ? bound->values[i] : 0;
        bool divides = layers || value == 0 || fmod(whole, value) == 0;
        divides = divides && (layers || bound->values[i] <= whole);
        if (divides && !lists(&own, value)) {
            own.values[own.values_count++] = value;
        }
    }
    return own;
}

/* What auto stands for where the stack states nothing. */
static uint32_t usual(const fc_plan *plan) {
    return plan->vpp > 1 ? FC_PLAN_SCHEDULE_INTERLEAVED : FC_PLAN_SCHEDULE_1F1B;
}

/* Axis by axis, deeper and deeper; what the study's own check refuses early ends there. */
static void go_deeper(brute *out, const fc_space *space, fc_study *trial, const fc_ops *ops, uint32_t axis) {
    if (axis == FC_SPACE_CHIPS) {
        fc_study checked = *trial;
        checked.plan.recompute = FC_RECOMPUTE_NONE;
        if (fc_study_check(&checked, NULL) == FC_OK) {
            go_deeper(out, space, trial, ops, axis + 1);
        }
        return;
    }
    if (axis > FC_SPACE_OFFLOAD_ACTIVATIONS) {
        fc_study checked = *trial;
        if (fc_study_check(&checked, NULL) == FC_OK) {
            try_overlaps(out, space, trial, ops);
        }
        return;
    }
    const fc_bound *bound = &space->axis[axis];
    fc_bound own = *bound;
    if (axis == FC_SPACE_RECOMPUTE_LAYERS || axis == FC_SPACE_ZERO_GROUP) {
        own = own_values(trial, axis, bound);
    } else if (axis == FC_SPACE_ETP && trial->model.experts == 0) {
        own = (fc_bound){.values_count = 1}; /* nothing to split */
    }
    for (uint32_t i = 0; i < own.values_count; ++i) {
        if (axis == FC_SPACE_SCHEDULE && lists(bound, FC_PLAN_SCHEDULE_AUTO) && own.values[i] == usual(&trial->plan)) {
            continue; /* auto says it */
        }
        fc_study next = *trial;
        set_plan(&next.plan, axis, own.values[i]);
        go_deeper(out, space, &next, ops, axis + 1);
    }
}

static brute by_force(const fc_study *study, const fc_space *space) {
    static fc_ops ops;
    brute out = {0};
    fc_study trial = *study;
    trial.workload.dtype = space->axis[FC_SPACE_DTYPE].values[0];
    trial.workload.global_batch = 0;
    fc_ops_count(&ops, &trial.model, &trial.workload);
    go_deeper(&out, space, &trial, &ops, 0);
    return out;
}

static void compare_with_force(const fc_study *study, const fc_space *space, uint32_t by, double best,
                               const brute *force, uint64_t seed) {
    for (uint8_t exhaustive = 0; exhaustive <= 1; ++exhaustive) {
        fc_arena *arena = fc_arena_create(0);
        fc_search_part *part = NULL;
        fc_search_options options = asking(by, 3, exhaustive);
        double tried = force->evaluated_count + force->infeasible_count;
        if (look(&part, study, space, &options, arena) != FC_OK) {
            assert_true(tried == 0);
        } else if (tried_by(part) != tried || (part->top_count > 0 ? part->top[0].objective : 0) != best ||
                   (exhaustive && part->evaluated_count != force->evaluated_count)) {
            fail_msg("seed %llu by %u exhaustive %u: %.0f tried of %.0f, %.0f evaluated of %.0f, best %.17g of %.17g",
                     (unsigned long long)seed, by, exhaustive, tried_by(part), tried, part->evaluated_count,
                     force->evaluated_count, part->top_count > 0 ? part->top[0].objective : 0, best);
        }
        fc_arena_destroy(arena);
    }
}

static uint32_t rounds(uint32_t usual) {
    const char *wanted = getenv("FLOPCAST_SEARCH_STUDIES");
    return wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : usual;
}

static void test_search__finds_what_brute_force_finds(void **state) {
    (void)state;
    uint32_t with_plans = 0;
    for (uint64_t seed = 1; seed <= rounds(300); ++seed) {
        dice d = {.seed = seed};
        fc_study study = small_study(&d);
        fc_space space = random_bounds(&d);
        brute force = by_force(&study, &space);
        with_plans += force.evaluated_count > 1;
        compare_with_force(&study, &space, FC_SEARCH_BY_TIME, force.best_token_s, &force, seed);
        compare_with_force(&study, &space, FC_SEARCH_BY_COST, force.best_usd, &force, seed);
        compare_with_force(&study, &space, FC_SEARCH_BY_MEMORY, force.least_bytes, &force, seed);
    }
    print_message("%u studies with several plans that fit\n", with_plans);
    assert_true(with_plans > rounds(300) / 8);
}

/* ---- bounds leave nothing out that matters ---------------------------------------------------------------------------- */

static void test_search__pruned_and_exhaustive_keep_the_same_plans(void **state) {
    (void)state;
    double pruned_count = 0;
    for (uint64_t seed = 1; seed <= rounds(120); ++seed) {
        dice d = {.seed = 1000 + seed};
        fc_study study = small_study(&d);
        fc_space space;
        memset(&space, 0, sizeof space);
        space.kind = seed % 3 == 0 ? FC_SPACE_WIDE : FC_SPACE_DEFAULT;
        if (space.kind == FC_SPACE_WIDE) {
            study.cluster.chips_count = 1 + throw_below(&d, 4);
            study.cluster.tiers_count = 0;
            assert_int_equal(fc_study_check(&study, NULL), FC_OK);
        }
        fc_search_part *parts[2];
        fc_arena *arena = fc_arena_create(0);
        uint32_t by = seed % 2 ? FC_SEARCH_BY_TIME : FC_SEARCH_BY_COST;
        for (uint8_t exhaustive = 0; exhaustive <= 1; ++exhaustive) {
            fc_search_options options = asking(by, 1 + throw_below(&d, 9), exhaustive);
            options.top = 5;
            assert_int_equal(look(&parts[exhaustive], &study, &space, &options, arena), FC_OK);
        }
        assert_true(parts[1]->pruned_count == 0);
        assert_true(tried_by(parts[0]) == tried_by(parts[1]));
        assert_int_equal(parts[0]->top_count, parts[1]->top_count);
        if (memcmp(parts[0]->top, parts[1]->top, parts[0]->top_count * sizeof parts[0]->top[0]) != 0) {
            fail_msg("seed %llu: the pruned search keeps other plans", (unsigned long long)seed);
        }
        pruned_count += parts[0]->pruned_count;
        fc_arena_destroy(arena);
    }
    assert_true(pruned_count > 10000);
}

/* ---- no second model --------------------------------------------------------------------------------------------------- */

enum { MOST_SEEN = 20000 };
static struct {
    uint32_t count;
    uint32_t stride;
    uint32_t passed;
    uint32_t dtype;
    fc_found found[MOST_SEEN];
} seen;

/* The engine of this processor, and every so many of its answers written down. */
static fc_status note_answers(void *opened, fc_engine_answer *out, const fc_engine_cut *cut,
                              const fc_engine_item *items, uint32_t count, fc_error *error) {
    fc_status status = fc_engine_cpu.evaluate(opened, out, cut, items, count, error);
    for (uint32_t i = 0; i < count && status == FC_OK; ++i) {
        seen.passed += 1;
        if (seen.passed % seen.stride == 0 && seen.count < MOST_SEEN && out[i].state != FC_ENGINE_REFUSED) {
            fc_found *found = &seen.found[seen.count++];
            memset(found, 0, sizeof *found);
            found->plan = items[i].plan;
            found->overlap_off = items[i].stack;
            found->dtype = cut->ops->dtype;
            found->time_s = out[i].time_s;
            found->per_chip_bytes = out[i].per_chip_bytes;
        }
    }
    return status;
}

static void same_as_estimate(const fc_study *study, const fc_found *found) {
    static fc_ops ops;
    static fc_estimate counts;
    fc_study trial;
    fc_point point;
    fc_error error = {0};
    fc_plan chosen;
    fc_search_study(&trial, study, found);
    assert_fine(fc_study_check(&trial, &error), &error);
    fc_ops_count(&ops, &trial.model, &trial.workload);
    assert_fine(fc_estimate_point(&point, &ops, &trial, &trial.plan, &error), &error);
    assert_true(point.memory.per_chip_bytes == found->per_chip_bytes);
    if (!point.memory.fits) {
        return;
    }
    assert_true(point.step.time_s == found->time_s);
    assert_fine(fc_plan_choose(&chosen, &counts, &ops, &trial, &error), &error);
    assert_memory_equal(&chosen, &trial.plan, sizeof chosen);
}

static void test_search__every_plan_is_the_estimates_own(void **state) {
    (void)state;
    fc_engine noting = fc_engine_cpu;
    noting.evaluate = note_answers;
    double compared = 0;
    double fitting = 0;
    for (uint64_t seed = 1; compared < 10000; ++seed) {
        dice d = {.seed = 2000 + seed};
        fc_study study = small_study(&d);
        fc_space space;
        fc_search *search = NULL;
        fc_search_part *part = NULL;
        fc_error error = {0};
        memset(&space, 0, sizeof space);
        space.kind = FC_SPACE_WIDE;
        fc_search_options options = asking(FC_SEARCH_BY_TIME, 5, 0);
        fc_arena *arena = fc_arena_create(0);
        seen.count = seen.passed = 0;
        seen.stride = 7 + throw_below(&d, 50);
        assert_fine(fc_search_open(&search, &study, &space, &options, &noting, arena, &error), &error);
        assert_fine(fc_search_run(&part, search, fc_search_in_turn, 1, arena, &error), &error);
        for (uint32_t i = 0; i < seen.count && i < 400; ++i) {
            same_as_estimate(&study, &seen.found[i]);
        }
        for (uint32_t i = 0; i < part->top_count; ++i) {
            same_as_estimate(&study, &part->top[i]);
        }
        compared += (seen.count < 400 ? seen.count : 400) + part->top_count;
        fitting += part->top_count;
        fc_arena_destroy(arena);
    }
    assert_true(fitting > 50);
}

/* ---- parts ------------------------------------------------------------------------------------------------------------- */

/* Cuts backwards, in three parts, which are sent as bytes and merged in another order. */
static void test_search__the_order_of_cuts_and_parts_does_not_matter(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        dice d = {.seed = 3000 + seed};
        fc_study study = small_study(&d);
        fc_space space;
        fc_search *search = NULL;
        fc_search_part *whole = NULL;
        fc_error error = {0};
        memset(&space, 0, sizeof space);
        fc_search_options options = asking(FC_SEARCH_BY_TIME, 4, seed % 2);
        fc_arena *arena = fc_arena_create(0);
        assert_fine(fc_search_open(&search, &study, &space, &options, &fc_engine_cpu, arena, &error), &error);
        assert_fine(fc_search_run(&whole, search, fc_search_in_turn, 1, arena, &error), &error);
        fc_search_part *parts = fc_arena_alloc(arena, 5 * sizeof *parts);
        uint32_t count = fc_search_cuts_count(search);
        for (uint32_t cut = count; cut > 0; --cut) {
            assert_fine(fc_search_cut(&parts[cut * 7 % 3], search, cut - 1, &error), &error);
        }
        const int order[] = {2, 0, 1};
        for (int i = 0; i < 3; ++i) {
            size_t size = fc_search_pack(NULL, 0, &parts[order[i]]);
            unsigned char *bytes = fc_arena_alloc(arena, size);
            assert_true(fc_search_pack(bytes, size, &parts[order[i]]) == size);
            assert_fine(fc_search_unpack(&parts[4], bytes, size, &error), &error);
            assert_memory_equal(&parts[4].front, &parts[order[i]].front, sizeof parts[4].front);
            assert_int_equal(fc_search_unpack(&parts[4], bytes, size - 1, NULL), FC_BAD_INPUT);
            assert_fine(fc_search_unpack(&parts[4], bytes, size, &error), &error);
            fc_search_merge(&parts[3], &parts[4], search);
        }
        assert_memory_equal(&parts[3], whole, sizeof *whole);
        fc_arena_destroy(arena);
    }
}

static void test_search__bytes_of_another_kind_are_refused(void **state) {
    (void)state;
    static fc_search_part part;
    static unsigned char bytes[4096];
    fc_error error = {0};
    assert_int_equal(fc_search_unpack(&part, bytes, 10, &error), FC_BAD_INPUT);
    assert_told(&error, "not a part of a search");
    size_t size = fc_search_pack(bytes, sizeof bytes, &part);
    assert_true(size <= sizeof bytes);
    assert_int_equal(fc_search_unpack(&part, bytes, size, NULL), FC_OK);
    bytes[0] ^= 1u;
    assert_int_equal(fc_search_unpack(&part, bytes, size, NULL), FC_BAD_INPUT);
}

/* ---- the front --------------------------------------------------------------------------------------------------------- */

static void test_search__no_plan_of_the_front_beats_another(void **state) {
    (void)state;
    static fc_found front[FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS];
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        dice d = {.seed = 4000 + seed};
        fc_study study = small_study(&d);
        fc_space space;
        fc_search_part *part = NULL;
        memset(&space, 0, sizeof space);
        fc_search_options options = asking(FC_SEARCH_BY_TIME, 1, 1);
        fc_arena *arena = fc_arena_create(0);
        assert_int_equal(look(&part, &study, &space, &options, arena), FC_OK);
        uint32_t count = fc_search_front(front, part);
        assert_true(count > 0 || part->top_count == 0);
        assert_true(count == 0 || front[0].token_s == part->top[0].token_s);
        for (uint32_t i = 0; i < count * count; ++i) {
            const fc_found *a = &front[i / count];
            const fc_found *b = &front[i % count];
            assert_true(a == b || a->token_s < b->token_s || a->per_chip_bytes < b->per_chip_bytes ||
                        a->chips_count < b->chips_count);
        }
        fc_arena_destroy(arena);
    }
}

/* ---- limits and refusals ------------------------------------------------------------------------------------------------- */

static void test_search__limits_are_kept(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        dice d = {.seed = 5000 + seed};
        fc_study study = small_study(&d);
        fc_space space;
        fc_search_part *part = NULL;
        fc_search_part *limited = NULL;
        memset(&space, 0, sizeof space);
        fc_search_options options = asking(FC_SEARCH_BY_TIME, 100, 1);
        fc_arena *arena = fc_arena_create(0);
        assert_int_equal(look(&part, &study, &space, &options, arena), FC_OK);
        options.most_chips = floor(study.cluster.chips_count / 2) + 1;
        assert_int_equal(look(&limited, &study, &space, &options, arena), FC_OK);
        for (uint32_t i = 0; i < limited->top_count; ++i) {
            assert_true(limited->top[i].chips_count <= options.most_chips);
        }
        options.most_chips = 0;
        options.most_days = 1e-30;
        assert_int_equal(look(&limited, &study, &space, &options, arena), FC_OK);
        assert_int_equal(limited->top_count, 0);
        assert_true(limited->excluded_count == limited->evaluated_count);
        assert_true(limited->evaluated_count == part->evaluated_count);
        fc_arena_destroy(arena);
    }
}

static void test_search__refuses_what_has_no_answer(void **state) {
    (void)state;
    dice d = {.seed = 1};
    fc_study study = small_study(&d);
    fc_space space;
    fc_search *search = NULL;
    fc_error error = {0};
    memset(&space, 0, sizeof space);
    fc_search_options options = asking(FC_SEARCH_BY_COST, 1, 0);
    fc_arena *arena = fc_arena_create(0);
    fc_study bad = study;
    bad.deal.mfu_frac = 0.4;
    assert_int_equal(fc_search_open(&search, &bad, &space, &options, &fc_engine_cpu, arena, &error), FC_BAD_INPUT);
    assert_told(&error, "deal.mfu = 0.4");
    bad = study;
    bad.deal.pricing = FC_PRICING_NONE;
    error = (fc_error){0};
    assert_int_equal(fc_search_open(&search, &bad, &space, &options, &fc_engine_cpu, arena, &error), FC_BAD_INPUT);
    assert_told(&error, "deal.usd_per_chip_h");
    space.axis[FC_SPACE_MICRO_BATCH].values_count = 1;
    error = (fc_error){0};
    assert_int_equal(fc_search_open(&search, &study, &space, &options, &fc_engine_cpu, arena, &error), FC_BAD_INPUT);
    assert_told(&error, "space.micro_batch");
    fc_arena_destroy(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__finds_what_brute_force_finds),
        cmocka_unit_test(test_search__pruned_and_exhaustive_keep_the_same_plans),
        cmocka_unit_test(test_search__every_plan_is_the_estimates_own),
        cmocka_unit_test(test_search__the_order_of_cuts_and_parts_does_not_matter),
        cmocka_unit_test(test_search__bytes_of_another_kind_are_refused),
        cmocka_unit_test(test_search__no_plan_of_the_front_beats_another),
        cmocka_unit_test(test_search__limits_are_kept),
        cmocka_unit_test(test_search__refuses_what_has_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
