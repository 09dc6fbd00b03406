/* fit_runs_misses.c: what left-out runs were off by, and how far they were from what took part. */
#include "fit_runs_internal.h"

#include "flopcast/hd/hd.h"
#include "flopcast/hd/math.h"

#include <stdbool.h>
#include <string.h>

/* Sets of one family and sets of one chip each hold a row once; so does the fit of all. */
enum { SETS_OF_A_ROW = 3, LEAST_CHIP_ROWS = 5 };

static bool is_ready(const fc_fit_problem *problem, size_t index) { return problem->rows[index].family >= 0; }

/* Read from the same file for all rows; rows that are not ready may not have got that far. */
static const fc_domain *metric_of(const fc_fit_problem *problem) {
    size_t first = 0;
    while (first + 1 < problem->rows_count && !is_ready(problem, first)) {
        first += 1;
    }
    return &problem->rows[first].row->study.domain;
}

fc_status fc_fit_misses_start(fc_fit_misses *out, const fc_fit_problem *problem, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->samples_room = SETS_OF_A_ROW * problem->rows_count;
    out->samples = fc_arena_alloc(arena, (out->samples_room + 1) * sizeof *out->samples);
    out->points = fc_arena_alloc(arena, (problem->rows_count + 1) * sizeof *out->points);
    if (out->samples == NULL || out->points == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the errors of %zu runs", problem->rows_count);
    }
    for (size_t i = 0; i < problem->rows_count; ++i) {
        if (is_ready(problem, i)) {
            out->points[i] = fc_domain_point_of(&problem->rows[i].row->study);
        }
    }
    return FC_OK;
}

static fc_status log_error_of(double *out, const fc_fit_problem *problem, size_t index, const fc_fit_result *result,
                              fc_error *error) {
    double values[FC_FIT_MOST_PARAMETERS];
    double step_s = 0;
    for (uint32_t j = 0; j < problem->spec->parameters_count; ++j) {
        values[j] = result->values[j].value;
    }
    FC_TRY(fc_fit_predict(&step_s, problem, index, values, error));
    *out = fc_hd_log(problem->rows[index].row->measured_s / step_s);
    return FC_OK;
}

/* To the nearest ready row that `mask` leaves in; every fit has one. */
static double distance_of(const fc_fit_misses *misses, const fc_fit_problem *problem, size_t index,
                          const uint8_t *mask) {
    double least = -1.0;
    const fc_domain *metric = metric_of(problem);
    for (size_t i = 0; i < problem->rows_count; ++i) {
        if (is_ready(problem, i) && !mask[i]) {
            double found = fc_domain_distance(NULL, metric, &misses->points[index], &misses->points[i]);
            least = least < 0 ? found : fc_hd_min(least, found);
        }
    }
    return fc_hd_max(0.0, least);
}

fc_status fc_fit_misses_add(fc_fit_misses *out, const fc_fit_problem *problem, const uint8_t *mask,
                            const fc_fit_result *result, fc_domain_how how, fc_error *error) {
    for (size_t i = 0; i < problem->rows_count; ++i) {
        if (!mask[i] || !is_ready(problem, i)) {
            continue;
        }
        if (out->samples_count == out->samples_room) {
            return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "more than %zu left-out runs", out->samples_room);
        }
        fc_domain_sample *sample = &out->samples[out->samples_count];
        *sample = (fc_domain_sample){
            .set = out->sets_count, .how = how, .family = problem->rows[i].family, .moe = out->points[i].moe};
        sample->distance = how == FC_DOMAIN_TOOK_PART ? 0.0 : distance_of(out, problem, i, mask);
        FC_TRY(log_error_of(&sample->log_error, problem, i, result, error));
        out->samples_count += 1;
    }
    out->sets_count += 1;
    return FC_OK;
}

fc_status fc_fit_misses_coverage(double *out_frac, const fc_fit_misses *misses, const fc_fit_problem *problem,
                                 int32_t family, fc_arena *arena, fc_error *error) {
    size_t inside = 0;
    size_t count = 0;
    fc_domain law = *metric_of(problem);
    *out_frac = 0;
    for (int32_t f = 0; f < (int32_t)problem->spec->families_count; ++f) {
        if ((family >= 0 && f != family) || problem->family_rows[f] == 0) {
            continue;
        }
        FC_TRY(fc_domain_learn(&law, misses->samples, misses->samples_count, f, arena, error));
        for (size_t i = 0; i < misses->samples_count; ++i) {
            const fc_domain_sample *sample = &misses->samples[i];
            if (sample->how == FC_DOMAIN_LEFT_FAMILY && sample->family == f) {
                inside += fc_domain_covers(&law, sample);
                count += 1;
            }
        }
    }
    *out_frac = count > 0 ? (double)inside / (double)count : 0.0;
    return FC_OK;
}

fc_status fc_fit_misses_points(fc_domain_point *out, size_t *out_count, const fc_fit_misses *misses,
                               const fc_fit_problem *problem, const fc_fit_result *result, fc_error *error) {
    size_t count = 0;
    for (size_t i = 0; i < problem->rows_count; ++i) {
        double log_error = 0;
        if (!is_ready(problem, i)) {
            continue;
        }
        FC_TRY(log_error_of(&log_error, problem, i, result, error));
        out[count] = misses->points[i];
        out[count++].error_frac = fc_hd_exp(-log_error) - 1.0;
    }
    *out_count = fc_domain_merge(out, count, metric_of(problem));
    return FC_OK;
}

/* ---- chips -------------------------------------------------------------------------------------------------------- */

static const char *chip_of(const fc_fit_problem *problem, size_t index) {
    return problem->rows[index].row->study.cluster.chip.name;
}

static size_t rows_of_chip(const fc_fit_problem *problem, const char *chip) {
    size_t count = 0;
    for (size_t i = 0; i < problem->rows_count; ++i) {
        count += is_ready(problem, i) && strcmp(chip_of(problem, i), chip) == 0;
    }
    return count;
}

static bool is_listed(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

size_t fc_fit_misses_chips(const char **out, const fc_fit_problem *problem) {
    size_t count = 0;
    for (size_t i = 0; i < problem->rows_count && count < FC_FIT_MOST_CHIPS; ++i) {
        if (!is_ready(problem, i) || is_listed(out, count, chip_of(problem, i))) {
            continue;
        }
        size_t rows = rows_of_chip(problem, chip_of(problem, i));
        if (rows >= LEAST_CHIP_ROWS && problem->counts.ready - rows > problem->spec->parameters_count) {
            out[count++] = chip_of(problem, i);
        }
    }
    return count;
}
