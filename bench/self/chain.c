/* chain.c: counting every model of the data folder, and timing one plan, inside this process. */
#include "self_bench.h"

#include "base/stats.h"
#include "doors/config.h"
#include "flopcast/estimate.h"
#include "flopcast/measure.h"

#include <stdio.h>

#define STEP_BATCH 1000

/* fc_ops is large; everything of that size stands here, once, and goes to the arena. */
typedef struct fc_self_chain_state {
    fc_study study;
    fc_inputs inputs;
    fc_estimate counts;
    fc_ops ops;
    fc_step step;
    fc_plan plan;
} fc_self_chain_state;

static fc_status load_models(fc_model **out, size_t *out_count, fc_arena *arena, const fc_catalog *catalog,
                             fc_error *error) {
    const char *const *names = NULL;
    FC_TRY(fc_catalog_names(&names, out_count, catalog, "models", error));
    *out = fc_arena_alloc(arena, (*out_count + 1) * sizeof **out);
    if (*out == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu models", *out_count);
    }
    for (size_t i = 0; i < *out_count; i++) {
        FC_TRY(fc_config_model(&(*out)[i], arena, catalog, names[i], error));
    }
    return FC_OK;
}

static void time_counting(fc_ops *ops, const fc_model *models, size_t count, double *values, uint32_t runs_count) {
    fc_workload workload = fc_workload_default();
    for (uint32_t run = 0; run < runs_count; run++) {
        double start_s = fc_measure_now_s();
        for (size_t i = 0; i < count; i++) {
            fc_ops_count(ops, &models[i], &workload);
        }
        values[run] = (fc_measure_now_s() - start_s) * 1e3;
    }
    char what[64];
    snprintf(what, sizeof what, "counting all %zu models", count);
    fc_stats_sort(values, runs_count);
    fc_self_row row = {what, "ms", values[0], fc_stats_quantile(values, runs_count, 0.5), 0.0, false};
    fc_self_print(&row);
}

static fc_status time_steps(fc_self_chain_state *state, double *values, uint32_t runs_count, fc_error *error) {
    const fc_study *study = &state->study;
    fc_ops_count(&state->ops, &study->model, &study->workload);
    FC_TRY(fc_plan_choose(&state->plan, &state->counts, &state->ops, study, error));
    for (uint32_t run = 0; run < runs_count; run++) {
        double start_s = fc_measure_now_s();
        for (uint32_t i = 0; i < STEP_BATCH; i++) {
            FC_TRY(fc_step_time(&state->step, &state->ops, &study->cluster, &state->plan, &study->stack, error));
        }
        values[run] = STEP_BATCH / (fc_measure_now_s() - start_s);
    }
    fc_stats_sort(values, runs_count);
    fc_self_row row = {"fc_step_time, 100 T parameters, one thread", "steps/s", values[0],
                       fc_stats_quantile(values, runs_count, 0.5),   0.0,       true};
    fc_self_print(&row);
    return FC_OK;
}

static fc_status measure(const fc_self_options *options, fc_arena *arena, fc_error *error) {
    fc_self_chain_state *state = fc_arena_alloc(arena, sizeof *state);
    double *values = fc_arena_alloc(arena, options->runs_count * sizeof *values);
    if (state == NULL || values == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the timings");
    }
    fc_config config = {.arena = arena};
    FC_TRY(fc_catalog_open(&config.catalog, arena, options->data_folder, error));
    fc_model *models = NULL;
    size_t models_count = 0;
    FC_TRY(load_models(&models, &models_count, arena, &config.catalog, error));
    time_counting(&state->ops, models, models_count, values, options->runs_count);
    FC_TRY(fc_config_study(&state->study, &state->inputs, &config, options->study, error));
    return time_steps(state, values, options->runs_count, error);
}

fc_status fc_self_chain(const fc_self_options *options, fc_error *error) {
    fc_arena *arena = fc_arena_create(0);
    if (arena == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for an arena");
    }
    fc_status status = measure(options, arena, error);
    fc_arena_destroy(arena);
    return status;
}
