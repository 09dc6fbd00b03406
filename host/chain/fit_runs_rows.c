/* fit_runs_rows.c: published runs made ready for a fit: their family, their operations, their plan. */
#include "fit_runs_internal.h"

#include "../base/text.h"
#include "flopcast/hd/hd.h"
#include "flopcast/stages.h"

#include <stdbool.h>
#include <string.h>

/* Times this far apart are in different units, as in validate. */
static const double MOST_RATIO = 1e6;

/* ---- one row under given values ---------------------------------------------------------------------------------- */

static void put(fc_cluster *cluster, fc_stack *stack, const fc_fit_row *row, const double *values) {
    for (uint32_t i = 0; i < row->touches_count; ++i) {
        const fc_fit_touch *touch = &row->touches[i];
        char *noun = touch->noun == FC_FIT_STACK ? (char *)stack : (char *)&cluster->chip;
        memcpy(noun + touch->offset, &values[touch->parameter], sizeof *values);
    }
    fc_cluster_refresh(cluster);
}

fc_status fc_fit_row_s(double *out_s, const fc_fit_row *row, const double *values, fc_error *error) {
    fc_step step;
    fc_cluster cluster = row->row->study.cluster;
    fc_stack stack = row->row->study.stack;
    put(&cluster, &stack, row, values);
    FC_TRY(fc_step_time(&step, row->ops, &cluster, &row->plan, &stack, error));
    *out_s = step.time_s;
    return FC_OK;
}

/* ---- families ---------------------------------------------------------------------------------------------------- */

static bool is_among(const fc_fit_names *names, const char *name) {
    for (uint32_t i = 0; i < names->count; ++i) {
        if (fc_text_same_name(names->names[i], name)) {
            return true;
        }
    }
    return names->count == 0;
}

static bool is_either(int32_t wanted, bool found) { return wanted < 0 || (wanted != 0) == found; }

static bool matches(const fc_fit_family *family, const fc_run_row *row) {
    const fc_study *study = &row->study;
    return is_among(&family->groups, row->group) && is_among(&family->chips, study->cluster.chip.name) &&
           is_among(&family->stacks, study->stack.name) &&
           (family->dtypes == 0 || (family->dtypes >> study->workload.dtype & 1u) != 0) &&
           is_either(family->moe, study->model.experts > 0) && is_either(family->plan_complete, row->plan_complete);
}

static int32_t family_of(const fc_fit_spec *spec, const fc_run_row *row) {
    for (uint32_t i = 0; i < spec->families_count; ++i) {
        if (matches(&spec->families[i], row)) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* ---- one row made ready ------------------------------------------------------------------------------------------ */

static bool stands_in(const fc_fit_field *field, const fc_study *study) {
    const char *name = field->noun == FC_FIT_STACK ? study->stack.name : study->cluster.chip.name;
    return strcmp(field->name, name) == 0;
}

static fc_status find_touches(fc_fit_row *out, const fc_fit_spec *spec, fc_arena *arena, fc_error *error) {
    fc_fit_touch found[FC_FIT_MOST_FIELDS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < spec->parameters_count; ++i) {
        const fc_fit_parameter *parameter = &spec->parameters[i];
        for (uint32_t j = 0; j < parameter->fields_count && count < FC_FIT_MOST_FIELDS; ++j) {
            const fc_fit_field *field = &parameter->fields[j];
            if (stands_in(field, &out->row->study)) {
                found[count++] = (fc_fit_touch){.parameter = i, .noun = field->noun, .offset = field->offset};
            }
        }
    }
    fc_fit_touch *touches = fc_arena_alloc(arena, (count + 1) * sizeof *touches);
    if (touches == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the rows of a fit");
    }
    memcpy(touches, found, count * sizeof *touches);
    out->touches = touches;
    out->touches_count = count;
    return FC_OK;
}

/* Operations of the row, or of an earlier one that counts alike. Padding that differs only costs a count. */
static const fc_ops *count_ops(const fc_fit_problem *problem, const fc_run_row *row, size_t index, fc_arena *arena) {
    const fc_study *study = &row->study;
    for (size_t i = index; i-- > 0;) {
        const fc_fit_row *other = &problem->rows[i];
        if (other->ops != NULL && memcmp(&other->row->study.model, &study->model, sizeof study->model) == 0 &&
            memcmp(&other->row->study.workload, &study->workload, sizeof study->workload) == 0) {
            return other->ops;
        }
    }
    fc_ops *ops = fc_arena_alloc(arena, sizeof *ops);
    if (ops != NULL) {
        fc_ops_count(ops, &study->model, &study->workload);
    }
    return ops;
}

/* The row's plan and its time under the starting values; false: it has none. `scratch` is a copy of the row. */
static bool try_start(fc_fit_row *out, const fc_fit_spec *spec, fc_run_row *scratch) {
    fc_error wrong;
    double start[FC_FIT_MOST_PARAMETERS];
    double step_s = 0;
    memset(&wrong, 0, sizeof wrong);
    for (uint32_t i = 0; i < spec->parameters_count; ++i) {
        start[i] = spec->parameters[i].start;
    }
    *scratch = *out->row;
    put(&scratch->study.cluster, &scratch->study.stack, out, start);
    if (fc_runs_choose(&out->plan, scratch, &wrong) != FC_OK || fc_fit_row_s(&step_s, out, start, &wrong) != FC_OK) {
        return false;
    }
    double ratio = step_s / out->row->measured_s;
    return ratio < MOST_RATIO && ratio * MOST_RATIO > 1.0;
}

static fc_status make_ready(fc_fit_problem *problem, size_t index, fc_run_row *scratch, fc_arena *arena,
                            fc_error *error) {
    fc_fit_row *out = &problem->rows[index];
    if (out->row->suspect[0] != '\0') {
        problem->counts.suspect += 1;
        return FC_OK;
    }
    if (out->row->reason[0] != '\0') {
        problem->counts.not_readable += 1;
        return FC_OK;
    }
    int32_t family = family_of(problem->spec, out->row);
    if (family < 0) {
        problem->counts.no_family += 1;
        return FC_OK;
    }
    out->ops = count_ops(problem, out->row, index, arena);
    if (out->ops == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the operations of %zu runs",
                            problem->rows_count);
    }
    FC_TRY(find_touches(out, problem->spec, arena, error));
    if (!try_start(out, problem->spec, scratch)) {
        problem->counts.not_timed += 1;
        return FC_OK;
    }
    out->family = family;
    problem->family_rows[family] += 1;
    problem->counts.ready += 1;
    return FC_OK;
}

fc_status fc_fit_prepare(fc_fit_problem **out, const fc_fit_spec *spec, const fc_run_row *rows, size_t rows_count,
                         fc_arena *arena, fc_error *error) {
    fc_fit_problem *problem = fc_arena_alloc(arena, sizeof *problem);
    fc_run_row *scratch = fc_arena_alloc(arena, sizeof *scratch);
    fc_fit_row *ready = fc_arena_alloc(arena, (rows_count + 1) * sizeof *ready);
    if (problem == NULL || scratch == NULL || ready == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a fit to %zu runs", rows_count);
    }
    *problem = (fc_fit_problem){.spec = spec, .rows_count = rows_count, .rows = ready};
    problem->counts.rows = (uint32_t)rows_count;
    for (size_t i = 0; i < rows_count; ++i) {
        ready[i].row = &rows[i];
        ready[i].family = -1;
        FC_TRY(make_ready(problem, i, scratch, arena, error));
    }
    *out = problem;
    if (problem->counts.ready == 0) {
        return fc_error_set(error, FC_BAD_INPUT, rows_count > 0 ? rows[0].file : NULL,
                            rows_count > 0 ? rows[0].line : 0, 0,
                            "no run can be fitted: of %zu, %u are suspect, %u are in no family, %u lack something and "
                            "%u have no time",
                            rows_count, problem->counts.suspect, problem->counts.no_family,
                            problem->counts.not_readable, problem->counts.not_timed);
    }
    return FC_OK;
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

fc_fit_counts fc_fit_counts_of(const fc_fit_problem *problem) { return problem->counts; }

uint32_t fc_fit_family_rows(const fc_fit_problem *problem, uint32_t family) { return problem->family_rows[family]; }

int32_t fc_fit_family_of(const fc_fit_problem *problem, size_t index) { return problem->rows[index].family; }

uint8_t fc_fit_touches(const fc_fit_problem *problem, size_t index, uint32_t parameter) {
    const fc_fit_row *row = &problem->rows[index];
    for (uint32_t i = 0; row->family >= 0 && i < row->touches_count; ++i) {
        if (row->touches[i].parameter == parameter) {
            return 1;
        }
    }
    return 0;
}

fc_status fc_fit_predict(double *out_s, const fc_fit_problem *problem, size_t index, const double *values,
                         fc_error *error) {
    *out_s = 0;
    return problem->rows[index].family >= 0 ? fc_fit_row_s(out_s, &problem->rows[index], values, error) : FC_OK;
}

/* ---- leaving out ------------------------------------------------------------------------------------------------- */

typedef enum left_kind { LEFT_FAMILY = 0, LEFT_GROUP, LEFT_CHIP, LEFT_KIND_COUNT } left_kind;

static const char *name_of(const fc_fit_problem *problem, size_t index, left_kind kind) {
    const fc_fit_row *row = &problem->rows[index];
    return kind == LEFT_FAMILY  ? problem->spec->families[row->family].name
           : kind == LEFT_GROUP ? row->row->group
                                : row->row->study.cluster.chip.name;
}

static size_t mark(uint8_t *mask, const fc_fit_problem *problem, const char *name, left_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < problem->rows_count; ++i) {
        mask[i] = problem->rows[i].family >= 0 && fc_text_same_name(name_of(problem, i, kind), name);
        count += mask[i];
    }
    return count;
}

/* The nearest of all names, or NULL. */
static const char *nearest_name(const fc_fit_problem *problem, const char *name) {
    const char *best = NULL;
    for (size_t i = 0; i < problem->rows_count; ++i) {
        for (int kind = LEFT_FAMILY; kind < LEFT_KIND_COUNT && problem->rows[i].family >= 0; ++kind) {
            const char *pair[2] = {name_of(problem, i, (left_kind)kind), best};
            best = fc_text_nearest(name, pair, best != NULL ? 2 : 1);
        }
    }
    return best;
}

fc_status fc_fit_leave_out(uint8_t *mask, const fc_fit_problem *problem, const char *name, fc_error *error) {
    for (int kind = LEFT_FAMILY; kind < LEFT_KIND_COUNT; ++kind) {
        if (mark(mask, problem, name, (left_kind)kind) > 0) {
            return FC_OK;
        }
    }
    const char *nearest = nearest_name(problem, name);
    return fc_error_set(
        error, FC_USAGE, "--leave-out", 0, 0, "no fitted run has a family, group or chip called \"%.60s\"%s%s%s", name,
        nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}
