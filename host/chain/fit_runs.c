/* fit_runs.c: the descent: values to residuals, residuals to values, and the errors that remain. */
#include "fit_runs_internal.h"

#include "../base/stats.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/math.h"
#include "flopcast/hd/soften.h"

#include <stdbool.h>
#include <string.h>

/* Published tables repeat each other to 2 to 6 %: an error beyond that counts as itself, not as its square. */
static const double BEND = 0.05;
/* Residual of a number that has moved over its whole range: what no run decides stays where it started. */
static const double PULL = 0.05;
/* Where the solver's unknown is 0; MINPACK steps in proportion to an unknown, so it is kept away from 0. */
static const double MIDDLE = 16.0;
/* A start at a bound is moved this share of the half range inwards, where the transform still has a slope. */
static const double MOST_START = 0.98;

/* ---- bounds ------------------------------------------------------------------------------------------------------ */

/* Any x to a value between the bounds, smoothly: the middle at MIDDLE, a bound at infinity. */
static double value_at(const fc_fit_parameter *parameter, double x) {
    double z = x - MIDDLE;
    double share = 0.5 + 0.5 * z / sqrt(1.0 + z * z);
    return parameter->low + (parameter->high - parameter->low) * share;
}

static double x_at(const fc_fit_parameter *parameter, double value) {
    double t = 2.0 * (value - parameter->low) / (parameter->high - parameter->low) - 1.0;
    t = fc_hd_clamp(t, -MOST_START, MOST_START);
    return MIDDLE + t / sqrt(1.0 - t * t);
}

/* ---- residuals --------------------------------------------------------------------------------------------------- */

static double residual(const fc_fit_state *state, size_t at, double step_s) {
    const fc_run_row *row = state->problem->rows[state->active[at]].row;
    return state->weights[at] * fc_hd_soften(fc_hd_log(step_s / row->measured_s), BEND);
}

/* The one parameter that differs from the memo; -1: none does; -2: several do, or nothing is known yet. */
static int32_t changed(const fc_fit_state *state, const double *values) {
    int32_t found = -1;
    for (uint32_t i = 0; i < state->problem->spec->parameters_count; ++i) {
        if (values[i] != state->memo->values[i]) {
            if (found >= 0) {
                return -2;
            }
            found = (int32_t)i;
        }
    }
    return state->memo->known ? found : -2;
}

/* A derivative changes one number: rows without it keep their times. */
void fc_fit_residuals_at(const fc_fit_state *state, const double *values, double *out) {
    const fc_fit_spec *spec = state->problem->spec;
    fc_fit_memo *memo = state->memo;
    int32_t moved = changed(state, values);
    memo->evaluations_count += 1;
    for (size_t i = 0; i < state->active_count; ++i) {
        size_t index = state->active[i];
        double step_s = memo->times_s[i];
        bool again = moved == -2 || (moved >= 0 && fc_fit_touches(state->problem, index, (uint32_t)moved));
        if (again && fc_fit_row_s(&step_s, &state->problem->rows[index], values, &memo->failure) != FC_OK) {
            step_s = state->problem->rows[index].row->measured_s; /* finite; the failure ends the fit afterwards */
        }
        if (moved == -2) {
            memo->times_s[i] = step_s;
        }
        out[i] = residual(state, i, step_s);
    }
    if (moved == -2) {
        memcpy(memo->values, values, spec->parameters_count * sizeof *values);
        memo->known = 1;
    }
    for (uint32_t j = 0; j < spec->parameters_count; ++j) {
        const fc_fit_parameter *p = &spec->parameters[j];
        out[state->active_count + j] = PULL * (values[j] - p->start) / (p->high - p->low);
    }
}

static void residuals_of(const void *context, const double *x, double *out, size_t count) {
    const fc_fit_state *state = context;
    double values[FC_FIT_MOST_PARAMETERS];
    (void)count;
    for (uint32_t j = 0; j < state->problem->spec->parameters_count; ++j) {
        values[j] = value_at(&state->problem->spec->parameters[j], x[j]);
    }
    fc_fit_residuals_at(state, values, out);
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void sum_up(fc_fit_errors *out, double *errors, size_t count) {
    double sum = 0;
    memset(out, 0, sizeof *out);
    out->count = (uint32_t)count;
    if (count == 0) {
        return;
    }
    fc_stats_sort(errors, count);
    for (size_t i = 0; i < count; ++i) {
        sum += errors[i];
    }
    out->median_abs_error_frac = fc_stats_quantile(errors, count, 0.5);
    out->mean_abs_error_frac = sum / (double)count;
    out->worst_abs_error_frac = errors[count - 1];
}

static bool belongs(const fc_fit_problem *problem, const uint8_t *left_out, size_t index, int32_t family, bool out) {
    int32_t own = problem->rows[index].family;
    bool is_out = left_out != NULL && left_out[index];
    return own >= 0 && (family < 0 || own == family) && is_out == out;
}

/* Of one family (-1: all), of the rows that took part or of those that did not. `room` has two numbers a row. */
static void judge(fc_fit_errors *out, const fc_fit_problem *problem, const uint8_t *left_out, int32_t family,
                  bool is_out, const double *errors, double *room) {
    size_t count = 0;
    for (size_t i = 0; i < problem->rows_count; ++i) {
        if (belongs(problem, left_out, i, family, is_out)) {
            room[count++] = errors[i];
        }
    }
    sum_up(out, room, count);
}

fc_status fc_fit_judge(fc_fit_result *out, const fc_fit_problem *problem, const uint8_t *left_out, fc_arena *arena,
                       fc_error *error) {
    double values[FC_FIT_MOST_PARAMETERS];
    double *errors = fc_arena_alloc(arena, 2 * (problem->rows_count + 1) * sizeof *errors);
    if (errors == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the errors of a fit");
    }
    double *room = errors + problem->rows_count + 1;
    for (uint32_t j = 0; j < problem->spec->parameters_count; ++j) {
        values[j] = out->values[j].value;
    }
    for (size_t i = 0; i < problem->rows_count; ++i) {
        double step_s = 0;
        FC_TRY(fc_fit_predict(&step_s, problem, i, values, error));
        errors[i] = problem->rows[i].family >= 0 ? fabs(step_s / problem->rows[i].row->measured_s - 1.0) : 0.0;
    }
    for (uint32_t f = 0; f < problem->spec->families_count; ++f) {
        judge(&out->fitted[f], problem, left_out, (int32_t)f, false, errors, room);
        judge(&out->left_out[f], problem, left_out, (int32_t)f, true, errors, room);
    }
    judge(&out->fitted_total, problem, left_out, -1, false, errors, room);
    judge(&out->left_out_total, problem, left_out, -1, true, errors, room);
    return FC_OK;
}

/* ---- the fit ----------------------------------------------------------------------------------------------------- */

/* Which rows, and the weight of each: its family's over the root of how many it has here. */
static fc_status start(fc_fit_state *out, const fc_fit_problem *problem, const uint8_t *left_out, fc_arena *arena,
                       fc_error *error) {
    size_t room = problem->rows_count + 1;
    size_t *active = fc_arena_alloc(arena, room * sizeof *active);
    double *weights = fc_arena_alloc(arena, room * sizeof *weights);
    fc_fit_memo *memo = fc_arena_alloc(arena, sizeof *memo);
    double *times_s = fc_arena_alloc(arena, room * sizeof *times_s);
    double counts[FC_FIT_MOST_FAMILIES] = {0};
    size_t count = 0;
    if (active == NULL || weights == NULL || memo == NULL || times_s == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a fit to %zu runs", problem->rows_count);
    }
    for (size_t i = 0; i < problem->rows_count; ++i) {
        if (belongs(problem, left_out, i, -1, false)) {
            active[count++] = i;
            counts[problem->rows[i].family] += 1.0;
        }
    }
    for (size_t i = 0; i < count; ++i) {
        int32_t family = problem->rows[active[i]].family;
        weights[i] = problem->spec->families[family].weight / sqrt(counts[family]);
    }
    memo->times_s = times_s;
    *out =
        (fc_fit_state){.problem = problem, .active = active, .active_count = count, .weights = weights, .memo = memo};
    return FC_OK;
}

static fc_status refuse_few(const fc_fit_state *state, fc_error *error) {
    size_t least = (size_t)state->problem->spec->parameters_count + 1;
    return state->active_count >= least
               ? FC_OK
               : fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                              "%zu runs are too few for %u parameters; %zu are the least", state->active_count,
                              state->problem->spec->parameters_count, least);
}

/* The value that the descent ended at. A bound is reached at infinity only, so what is next to it lies at it. */
static double end_value(const fc_fit_state *state, uint32_t parameter, double x) {
    const double next = 1e-3; /* of the range */
    const fc_fit_parameter *p = &state->problem->spec->parameters[parameter];
    double value = value_at(p, x);
    for (size_t i = 0; i < state->active_count; ++i) {
        if (fc_fit_touches(state->problem, state->active[i], parameter)) {
            return value - p->low < next * (p->high - p->low)    ? p->low
                   : p->high - value < next * (p->high - p->low) ? p->high
                                                                 : value;
        }
    }
    return p->start; /* no run has it; a start at a bound was moved */
}

static fc_status descend(fc_fit_result *out, const fc_fit_state *state, fc_fit_solver *solver, fc_error *error) {
    const fc_fit_spec *spec = state->problem->spec;
    double x[FC_FIT_MOST_PARAMETERS];
    for (uint32_t j = 0; j < spec->parameters_count; ++j) {
        x[j] = x_at(&spec->parameters[j], spec->parameters[j].start);
    }
    fc_fit_task task = {.residuals = residuals_of,
                        .context = state,
                        .parameters_count = spec->parameters_count,
                        .residuals_count = state->active_count + spec->parameters_count};
    FC_TRY(solver(x, &task, error));
    for (uint32_t j = 0; j < spec->parameters_count; ++j) {
        out->values[j].value = end_value(state, j, x[j]);
    }
    return FC_OK;
}

fc_status fc_fit_runs(fc_fit_result *out, const fc_fit_problem *problem, const uint8_t *left_out, fc_fit_solver *solver,
                      fc_arena *arena, fc_error *error) {
    fc_fit_state state;
    memset(out, 0, sizeof *out);
    FC_TRY(start(&state, problem, left_out, arena, error));
    FC_TRY(refuse_few(&state, error));
    FC_TRY(descend(out, &state, solver, error));
    FC_TRY(fc_fit_spread(out->values, &state, &out->sum, arena, error));
    if (state.memo->failure.status != FC_OK) {
        return fc_error_set(error, state.memo->failure.status, state.memo->failure.source, state.memo->failure.line, 0,
                            "on the way of a fit: %s", state.memo->failure.text);
    }
    out->rows_count = (uint32_t)state.active_count;
    out->evaluations_count = state.memo->evaluations_count;
    return fc_fit_judge(out, problem, left_out, arena, error);
}
