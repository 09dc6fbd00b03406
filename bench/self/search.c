/* search.c: plans evaluated a second by an exhaustive search on one thread, what a second thread brings, seconds of a pruned
 * search, and memory at its peak. */
#include "self_bench.h"

#include "base/stats.h"
#include "cli/search_loop.h"
#include "doors/config.h"
#include "flopcast/measure.h"
#include "flopcast/search.h"

#include <stdio.h>
#include <sys/resource.h>

#define GOAL_PLANS_PER_S 300000.0
#define GOAL_PRUNED_S 0.5
#define GOAL_HUNDRED_T_S 5.0
#define GOAL_SPEED_UP 1.8
#define GOAL_MIB 256.0
#define MOST_RUNS 100

/* One search from its study to its answer, in an arena of its own. */
static fc_status once(double *out_s, double *out_evaluated, const fc_study *study, const fc_space *space,
                      bool exhaustive, uint32_t threads, fc_error *error) {
    fc_search_options options = {.by = FC_SEARCH_BY_TIME, .top = 5, .exhaustive = exhaustive};
    fc_search *search = NULL;
    fc_search_part *part = NULL;
    fc_arena *arena = fc_arena_create(0);
    if (arena == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a search");
    }
    double start_s = fc_measure_now_s();
    fc_status status = fc_search_open(&search, study, space, &options, &fc_engine_cpu, arena, error);
    if (status == FC_OK) {
        status = fc_search_run(&part, search, fc_search_on_threads, threads, arena, error);
    }
    *out_s = fc_measure_now_s() - start_s;
    *out_evaluated = status == FC_OK ? part->evaluated_count : 0;
    fc_arena_destroy(arena);
    return status;
}

static void print_row(const char *what, const char *unit, double *values, uint32_t count, double goal, bool more) {
    fc_stats_sort(values, count);
    fc_self_row row = {what, unit, values[0], fc_stats_quantile(values, count, 0.5), goal, more};
    fc_self_print(&row);
}

static fc_status pruned(const char *what, const fc_study *study, const fc_space *space, uint32_t runs, double goal,
                        fc_error *error) {
    double seconds[MOST_RUNS];
    double evaluated = 0;
    for (uint32_t i = 0; i < runs; ++i) {
        FC_TRY(once(&seconds[i], &evaluated, study, space, false, 2, error));
    }
    print_row(what, "s", seconds, runs, goal, false);
    return FC_OK;
}

static fc_status exhaustive(const fc_study *study, const fc_space *space, uint32_t runs, fc_error *error) {
    double rates[MOST_RUNS];
    double gains[MOST_RUNS];
    for (uint32_t i = 0; i < runs; ++i) {
        double one_s = 0;
        double two_s = 0;
        double evaluated = 0;
        FC_TRY(once(&one_s, &evaluated, study, space, true, 1, error));
        FC_TRY(once(&two_s, &evaluated, study, space, true, 2, error));
        rates[i] = evaluated / one_s;
        gains[i] = one_s / two_s;
    }
    print_row("  evaluated exhaustively, one thread", "plans/s", rates, runs, GOAL_PLANS_PER_S, true);
    print_row("  two threads / one", "", gains, runs, GOAL_SPEED_UP, true);
    return FC_OK;
}

static fc_status time_study(const fc_self_options *options, fc_arena *arena, const fc_config *config, const char *name,
                            bool counts, double goal_s, fc_error *error) {
    fc_study *study = fc_arena_alloc(arena, sizeof *study);
    fc_inputs *inputs = fc_arena_alloc(arena, sizeof *inputs);
    fc_space *space = fc_arena_alloc(arena, sizeof *space);
    const char *path = fc_arena_printf(arena, "%s/search-%s.yaml", options->study, name);
    if (study == NULL || inputs == NULL || space == NULL || path == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the studies");
    }
    FC_TRY(fc_config_study(study, inputs, config, path, error));
    FC_TRY(fc_config_space(space, inputs, config, error));
    uint32_t runs = options->runs_count < MOST_RUNS ? options->runs_count : MOST_RUNS;
    printf("%s\n", study->name);
    FC_TRY(pruned("  pruned, two threads", study, space, runs, goal_s, error));
    return counts ? exhaustive(study, space, runs, error) : FC_OK;
}

fc_status fc_self_search(const fc_self_options *options, fc_error *error) {
    fc_arena *arena = fc_arena_create(0);
    fc_config config = {.arena = arena};
    if (arena == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for an arena");
    }
    fc_status status = fc_catalog_open(&config.catalog, arena, options->data_folder, error);
    if (status == FC_OK) {
        status = time_study(options, arena, &config, "gpt3", true, GOAL_PRUNED_S, error);
    }
    if (status == FC_OK) {
        status = time_study(options, arena, &config, "1t", true, GOAL_PRUNED_S, error);
    }
    if (status == FC_OK) {
        status = time_study(options, arena, &config, "100t", false, GOAL_HUNDRED_T_S, error);
    }
    struct rusage usage;
    if (status == FC_OK && getrusage(RUSAGE_SELF, &usage) == 0) {
        double mib = (double)usage.ru_maxrss / 1024.0;
        print_row("all of these, memory at its peak", "MiB", &mib, 1, GOAL_MIB, false);
    }
    fc_arena_destroy(arena);
    return status;
}
