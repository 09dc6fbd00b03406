/* step.c: microseconds of one evaluation of a complete plan, on one thread: the step, its memory, and the whole point that a
 * search or a draw asks for. */
#include "self_bench.h"

#include "base/stats.h"
#include "doors/config.h"
#include "flopcast/estimate.h"
#include "flopcast/measure.h"

#include <stdio.h>

#define GOAL_US 3.0
#define BATCH 500
#define MOST_RUNS 10000

/* Everything large stands here, once. */
typedef struct bench_state {
    fc_study study;
    fc_inputs inputs;
    fc_estimate counts;
    fc_ops ops;
    fc_plan plan;
    fc_step_rows rows;
    fc_memory_rows memory_rows;
    fc_point point;
    double values[MOST_RUNS];
} bench_state;

typedef fc_status one_evaluation(bench_state *state, fc_error *error);

static fc_status step_alone(bench_state *state, fc_error *error) {
    const fc_study *study = &state->study;
    return fc_step_time(&state->point.step, &state->ops, &study->cluster, &state->plan, &study->stack, error);
}

static fc_status sums_alone(bench_state *state, fc_error *error) {
    const fc_study *study = &state->study;
    return fc_step_sum(&state->rows, &state->ops, &study->cluster, &state->plan, &study->stack, error);
}

/* What a search does for each plan once the rows are summed up. */
static fc_status placed_alone(bench_state *state, fc_error *error) {
    const fc_study *study = &state->study;
    fc_memory_place(&state->point.memory, &state->memory_rows, &state->ops, &study->cluster, &state->plan,
                    &study->stack);
    return fc_step_place(&state->point.step, &state->rows, &state->ops, &study->cluster, &state->plan, &study->stack,
                         error);
}

static fc_status memory_alone(bench_state *state, fc_error *error) {
    const fc_study *study = &state->study;
    (void)error;
    fc_memory_size(&state->point.memory, &state->ops, &study->cluster, &state->plan, &study->stack);
    return FC_OK;
}

static fc_status whole_point(bench_state *state, fc_error *error) {
    return fc_estimate_point(&state->point, &state->ops, &state->study, &state->plan, error);
}

static fc_status time_one(bench_state *state, const char *what, one_evaluation *evaluate, double goal_us,
                          uint32_t runs_count, fc_error *error) {
    char text[2 * FC_NAME_SIZE];
    for (uint32_t run = 0; run < runs_count; run++) {
        double start_s = fc_measure_now_s();
        for (uint32_t i = 0; i < BATCH; i++) {
            FC_TRY(evaluate(state, error));
        }
        state->values[run] = (fc_measure_now_s() - start_s) / BATCH * 1e6;
    }
    snprintf(text, sizeof text, "%s, %s", state->study.name, what);
    fc_stats_sort(state->values, runs_count);
    fc_self_row row = {text, "us", state->values[0], fc_stats_quantile(state->values, runs_count, 0.5), goal_us, false};
    fc_self_print(&row);
    return FC_OK;
}

static fc_status time_study(bench_state *state, const fc_config *config, const char *path, uint32_t runs_count,
                            fc_error *error) {
    FC_TRY(fc_config_study(&state->study, &state->inputs, config, path, error));
    fc_ops_count(&state->ops, &state->study.model, &state->study.workload);
    FC_TRY(fc_plan_choose(&state->plan, &state->counts, &state->ops, &state->study, error));
    FC_TRY(time_one(state, "fc_step_time", step_alone, 0.0, runs_count, error));
    printf("    that step takes %.15g s\n", state->point.step.time_s);
    FC_TRY(time_one(state, "fc_memory_size", memory_alone, 0.0, runs_count, error));
    FC_TRY(time_one(state, "fc_step_sum", sums_alone, 0.0, runs_count, error));
    fc_memory_sum(&state->memory_rows, &state->ops, &state->study.cluster, &state->plan, &state->study.stack);
    FC_TRY(time_one(state, "step and memory placed", placed_alone, GOAL_US, runs_count, error));
    return time_one(state, "fc_estimate_point", whole_point, 0.0, runs_count, error);
}

fc_status fc_self_step(const fc_self_options *options, fc_error *error) {
    static const char *const names[] = {"dense", "moe", "foundry"};
    fc_arena *arena = fc_arena_create(0);
    bench_state *state = arena != NULL ? fc_arena_alloc(arena, sizeof *state) : NULL;
    fc_config config = {.arena = arena};
    fc_status status = state != NULL ? fc_catalog_open(&config.catalog, arena, options->data_folder, error)
                                     : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the timings");
    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == FC_OK; i++) {
        const char *path = fc_arena_printf(arena, "%s/%s.yaml", options->study, names[i]);
        status = path != NULL ? time_study(state, &config, path, options->runs_count, error)
                              : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a path");
    }
    fc_arena_destroy(arena);
    return status;
}
