/* matmuls.c: the shapes of the plan within the time that is left. */
#include "state.h"

#include "../host/base/stats.h"
#include "shapes.h"

#include <math.h>
#include <string.h>

/* What one visit costs at least, in calls: warm-up, sizing, and the fewest repeats. */
#define CALLS_OF_VISIT 5.0
/* The smallest shapes of a dtype take milliseconds and are timed whatever the budget: without them there is no fit. */
#define LEAST_OF_DTYPE 8
/* Two visits a few seconds apart that differ by more than this do not confirm each other. */
#define MOST_GAP_FRAC 0.1

/* One visit to one shape takes no more of the budget than this: several smaller shapes tell more. */
#define DEAREST_FRAC 0.07
#define MOST_PLANNED (2 * FC_DTYPE_COUNT * FC_BENCH_MOST_SHAPES)

/* Seconds that a case takes at least, by the fastest rate seen so far and the traffic of its operands; infinite where that
 * is more than any one case may have. */
static double expected_cost_s(const fc_bench_state *state, const fc_sample *sample) {
    double m = sample->m;
    double n = sample->n;
    double k = sample->k;
    double bytes = fc_dtype_bytes((fc_dtype)sample->dtype) * (m * k + n * k + m * n);
    double slower = sample->threads == 1 && state->info.threads > 1 ? state->info.threads : 1.0;
    double compute_s = slower * fc_bench_flop(sample) / state->best_flop_per_s[sample->dtype];
    double memory_s = state->memory_bytes_per_s > 0.0 ? bytes / state->memory_bytes_per_s : 0.0;
    double cost_s = CALLS_OF_VISIT * (fmax(compute_s, memory_s) + state->measure.least_batch_s);
    bool too_dear = !state->info.emulated && cost_s > DEAREST_FRAC * state->options->budget_s;
    return too_dear ? INFINITY : cost_s;
}

/* All shapes of all dtypes that answer, a dtype after the other since a change of dtype may mean new operands, each by
 * rising work: a case's turn comes when the rate it is budgeted with has been seen on cases nearly as large. */
static uint32_t plan_shapes(fc_sample *plan, const fc_bench_state *state) {
    uint32_t count = 0;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (state->best_flop_per_s[dtype] > 0.0) {
            count += state->info.threads > 1 ? fc_bench_one_thread_shapes(plan + count, (fc_dtype)dtype) : 0;
            count += fc_bench_shapes(plan + count, (fc_dtype)dtype);
        }
    }
    return count;
}

/* The share of `left_s` that case `index` gets: in proportion to its cost, among the cheapest of those from it on that
 * have room together. 0 when it is not among them. */
static double share_s(const fc_bench_state *state, const fc_sample *plan, uint32_t count, uint32_t index,
                      double left_s) {
    double costs_s[MOST_PLANNED];
    size_t pending = 0;
    for (uint32_t i = index; i < count; i++) {
        costs_s[pending++] = expected_cost_s(state, &plan[i]);
    }
    fc_stats_sort(costs_s, pending);
    double sum_s = 0.0;
    double dearest_s = 0.0;
    for (size_t i = 0; i < pending && sum_s + costs_s[i] <= left_s; i++) {
        sum_s += costs_s[i];
        dearest_s = costs_s[i];
    }
    double own_s = expected_cost_s(state, &plan[index]);
    return own_s <= dearest_s ? left_s * own_s / sum_s : 0.0;
}

/* Other work on a machine makes timings longer, for seconds at a time and evenly within one visit. So a case is visited
 * more than once: the fastest visit stands, and its noise is its own spread or the gap to the visit nearest to it. One
 * that a slowdown spoiled stands for nothing beside one that it did not. */
static void merge(fc_sample *kept, double *gap_frac, const fc_sample *again) {
    if (fc_bench_is_spoiled(kept) != fc_bench_is_spoiled(again)) {
        *kept = fc_bench_is_spoiled(kept) ? *again : *kept;
        return;
    }
    uint32_t repeats = kept->repeats + again->repeats;
    double least_s = fmin(kept->seconds_min, again->seconds_min);
    double change_frac = fabs(kept->seconds - again->seconds) / fmin(kept->seconds, again->seconds);
    if (again->seconds < kept->seconds) {
        *kept = *again;
        *gap_frac = change_frac;
    } else {
        *gap_frac = fmin(*gap_frac, change_frac);
    }
    kept->repeats = repeats;
    kept->seconds_min = least_s;
}

static fc_status first_visit(fc_bench_state *state, fc_sample *plan, uint32_t count, fc_error *error) {
    double end_s = 0.5 * fc_bench_remaining_s(state);
    uint32_t of_dtype = 0;
    for (uint32_t i = 0; i < count; i++) {
        double left_s = state->info.emulated ? 1e9 : fc_bench_remaining_s(state) - end_s;
        double budget_s = share_s(state, plan, count, i, left_s);
        bool is_first = i == 0 || plan[i].dtype != plan[i - 1].dtype || plan[i].threads != plan[i - 1].threads;
        of_dtype = is_first ? 0 : of_dtype;
        if (of_dtype < LEAST_OF_DTYPE && !(budget_s > 0.0)) {
            budget_s = fmin(expected_cost_s(state, &plan[i]), DEAREST_FRAC * state->options->budget_s);
        }
        bool done = false;
        if (budget_s > 0.0) {
            char reason[FC_TEXT_SIZE];
            FC_TRY(fc_bench_time(&done, &plan[i], reason, state, budget_s, error));
        }
        if (done) {
            fc_bench_keep(state, &plan[i]);
            of_dtype++;
        } else {
            state->report->dropped_count++;
        }
    }
    return FC_OK;
}

/* One more visit to sample `index`. */
static fc_status visit_again(fc_bench_state *state, uint32_t index, double budget_s, fc_error *error) {
    fc_sample again = state->samples[index];
    char reason[FC_TEXT_SIZE];
    bool done = false;
    FC_TRY(fc_bench_time(&done, &again, reason, state, budget_s, error));
    if (done) {
        fc_sample *kept = &state->samples[index];
        kept->noise_frac = state->spread_frac[index];
        merge(kept, &state->gap_frac[index], &again);
        state->spread_frac[index] = kept->noise_frac;
        bool has_gap = isfinite(state->gap_frac[index]); /* another visit was there to compare with */
        kept->noise_frac = has_gap ? fmax(kept->noise_frac, state->gap_frac[index]) : kept->noise_frac;
        kept->unstable = state->spread_frac[index] > state->measure.aim_noise_frac ||
                         (has_gap && state->gap_frac[index] > MOST_GAP_FRAC) || fc_bench_is_spoiled(kept);
    }
    return FC_OK;
}

static double known_cost_s(const fc_bench_state *state, uint32_t index) {
    return CALLS_OF_VISIT * (state->samples[index].seconds + state->measure.least_batch_s);
}

static fc_status second_visit(fc_bench_state *state, fc_error *error) {
    double cost_s = 0.0;
    for (uint32_t i = 0; i < state->samples_count; i++) {
        cost_s += known_cost_s(state, i);
    }
    for (uint32_t i = 0; i < state->samples_count; i++) {
        double own_s = known_cost_s(state, i);
        double left_s = fc_bench_remaining_s(state);
        if (own_s <= left_s) {
            FC_TRY(visit_again(state, i, fmax(own_s, left_s * own_s / cost_s), error));
        }
        cost_s -= own_s;
    }
    return FC_OK;
}

/* Rounds over what is still noisy until time is up; a round in which nothing had room is the last. */
static fc_status visit_noisy(fc_bench_state *state, fc_error *error) {
    for (bool any = true; any;) {
        any = false;
        for (uint32_t i = 0; i < state->samples_count; i++) {
            double cost_s = 2.0 * known_cost_s(state, i);
            if (state->samples[i].unstable && cost_s <= fc_bench_remaining_s(state)) {
                FC_TRY(visit_again(state, i, cost_s, error));
                any = true;
            }
        }
    }
    return FC_OK;
}

fc_status fc_bench_measure_matmuls(fc_bench_state *state, fc_error *error) {
    fc_sample plan[MOST_PLANNED];
    uint32_t count = plan_shapes(plan, state);
    state->planned_count = state->done_count + count * (state->info.emulated ? 1U : 2U);
    FC_TRY(first_visit(state, plan, count, error));
    if (state->info.emulated) {
        return FC_OK;
    }
    state->planned_count = state->done_count + state->samples_count;
    FC_TRY(second_visit(state, error));
    return visit_noisy(state, error);
}
