#include "op_rows.h"

#include "../base/stats.h"
#include "../doors/kernel_file.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MOST_CHIPS 64
#define MOST_SIZE 16777216.0 /* 2^24 */
#define MOST_CHIPS_TOGETHER 1024.0

/* Where a chip's curves were looked for. */
typedef struct chip_entry {
    char name[FC_NAME_SIZE];  /* as the table spells it */
    const fc_kernel_set *set; /* NULL: none */
} chip_entry;

typedef struct chip_shelf {
    const fc_catalog *catalog;
    const fc_calibration *local; /* NULL: none was given */
    chip_entry entries[MOST_CHIPS];
    size_t count;
} chip_shelf;

/* What bench measured, as curves of a chip: their parameters are used where tiles and waves were fitted, else the ramps
 * answer, and the curve only says how far off they were. */
static void local_set(fc_kernel_set *out, const fc_calibration *local) {
    const fc_fit *fit = &local->fit;
    (void)fc_text_copy(out->chip, sizeof out->chip, FC_OP_LOCAL);
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        const fc_fit_dtype *ramps = &fit->dtype[dtype];
        if (!(ramps->peak_flop_per_s > 0.0)) {
            continue;
        }
        fc_kernel_curve *curve = &out->curves[out->curves_count++];
        *curve = fit->kernel[dtype].curve.fitted_count > 0
                     ? fit->kernel[dtype].curve
                     : (fc_kernel_curve){.kind = FC_KERNEL_GEMM,
                                         .dtype = dtype,
                                         .fitted_count = ramps->samples_count,
                                         .heldout_count = ramps->heldout_count,
                                         .heldout_median_abs_error_frac = ramps->heldout_median_abs_error_frac};
        curve->low_frac = 1.0;
        curve->high_frac = 1.0;
        curve->grade = local->device.emulated ? FC_GRADE_ASSUMED : FC_GRADE_MEASURED;
        (void)fc_text_copy(curve->basis, sizeof curve->basis,
                           local->device.emulated ? "EMULATED, no measurement of any device" : "");
    }
}

static fc_status load_set(bool *found, fc_kernel_set *set, const chip_shelf *shelf, const char *chip, fc_error *error) {
    const char *name = NULL;
    memset(set, 0, sizeof *set);
    if (strcmp(chip, FC_OP_LOCAL) == 0) {
        *found = shelf->local != NULL;
        if (*found) {
            local_set(set, shelf->local);
        }
        return FC_OK;
    }
    FC_TRY(fc_catalog_find(&name, shelf->catalog, "chips", chip, NULL, error));
    return fc_kernel_file_read(found, set, shelf->catalog, name != NULL ? name : chip, error);
}

static fc_status load_chip(const chip_entry **out, chip_shelf *shelf, const fc_kernel_row *row, fc_error *error) {
    for (size_t i = 0; i < shelf->count; i++) {
        if (strcmp(shelf->entries[i].name, row->chip) == 0) {
            *out = &shelf->entries[i];
            return FC_OK;
        }
    }
    if (shelf->count == MOST_CHIPS) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, row->line, 0,
                            "the table has more than %d different chips; split it", MOST_CHIPS);
    }
    fc_kernel_set *set = fc_arena_alloc(shelf->catalog->arena, sizeof *set);
    if (set == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the curves of %s", row->chip);
    }
    bool found = false;
    FC_TRY(load_set(&found, set, shelf, row->chip, error));
    chip_entry *entry = &shelf->entries[shelf->count++];
    (void)fc_text_copy(entry->name, sizeof entry->name, row->chip);
    entry->set = found ? set : NULL;
    *out = entry;
    return FC_OK;
}

static fc_op_group *group_of(fc_op_answer *answer, const chip_entry *chip, const fc_kernel_curve *curve) {
    for (size_t i = 0; i < answer->groups_count; i++) {
        if (answer->groups[i].curve == curve) {
            return &answer->groups[i];
        }
    }
    fc_op_group *group = &answer->groups[answer->groups_count++];
    *group = (fc_op_group){.chip = chip->set->chip, .curve = curve};
    return group;
}

/* The sizes that hd/kernel_*.h name as valid; a buffer may have more bytes. */
static bool is_within(const fc_kernel_row *row) {
    const bool collective = fc_kernel_is_collective(row->kind) != 0;
    uint32_t count = collective ? 1 : FC_KERNEL_MAX_DIMS;
    double most = collective ? MOST_CHIPS_TOGETHER : MOST_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        if (row->dims[i] > most) {
            return false;
        }
    }
    return true;
}

/* NULL where the curve can be asked. */
static const char *why_not(const fc_kernel_curve *curve, const fc_kernel_row *row) {
    if (!is_within(row)) {
        return "the shape is beyond what the curve can tell";
    }
    return fc_kernel_is_exchange(row->kind) && row->dims[0] > curve->nodes_most ? "measured on fewer nodes only" : NULL;
}

static double predict(const chip_entry *chip, const fc_kernel_curve *curve, const chip_shelf *shelf,
                      const fc_kernel_row *row) {
    if (strcmp(chip->name, FC_OP_LOCAL) == 0) {
        return fc_calibration_matmul_s(&shelf->local->fit, (fc_dtype)row->dtype, row->dims[0], row->dims[1],
                                       row->dims[2]);
    }
    return fc_kernel_predict_s(curve, row->dims);
}

static fc_status predict_row(fc_op_answer *answer, const fc_kernel_curve **curves, chip_shelf *shelf,
                             const fc_kernel_row *row, fc_error *error) {
    const chip_entry *chip = NULL;
    FC_TRY(load_chip(&chip, shelf, row, error));
    size_t index = answer->results_count++;
    fc_op_result *result = &answer->results[index];
    result->row = row;
    const fc_kernel_curve *curve =
        chip->set != NULL ? fc_kernel_find(chip->set, (fc_kernel_kind)row->kind, (fc_dtype)row->dtype) : NULL;
    if (curve == NULL) {
        result->reason = chip->set == NULL ? "no calibration of this chip" : "no calibration of this kernel and dtype";
        return FC_OK;
    }
    result->curve = curve;
    result->reason = why_not(curve, row);
    if (result->reason != NULL) {
        return FC_OK;
    }
    result->predicted_s = predict(chip, curve, shelf, row);
    if (!isfinite(result->predicted_s) || !(result->predicted_s > 0.0)) {
        result->predicted_s = 0.0;
        result->reason = "the shape is beyond what the curve can tell";
        return FC_OK;
    }
    answer->predicted_count += 1;
    if (row->seconds > 0.0) {
        curves[index] = curve;
        group_of(answer, chip, curve)->count += 1;
    }
    return FC_OK;
}

static void fill_group(fc_op_group *group, const fc_op_answer *answer, const fc_kernel_curve *const *curves,
                       double *errors) {
    size_t count = 0;
    for (size_t i = 0; i < answer->results_count; i++) {
        if (curves[i] == group->curve) {
            errors[count++] = fabs(answer->results[i].predicted_s / answer->results[i].row->seconds - 1.0);
        }
    }
    fc_stats_sort(errors, count);
    group->median_abs_error_frac = fc_stats_quantile(errors, count, 0.5);
    group->p90_abs_error_frac = fc_stats_quantile(errors, count, 0.9);
}

fc_status fc_op_answer_rows(fc_op_answer *out, const fc_kernel_row *rows, size_t rows_count, const fc_catalog *catalog,
                            const fc_calibration *local, fc_error *error) {
    chip_shelf *shelf = fc_arena_alloc(catalog->arena, sizeof *shelf);
    const fc_kernel_curve **curves = fc_arena_alloc(catalog->arena, (rows_count + 1) * sizeof *curves);
    double *errors = fc_arena_alloc(catalog->arena, (rows_count + 1) * sizeof *errors);
    *out = (fc_op_answer){.results = fc_arena_alloc(catalog->arena, (rows_count + 1) * sizeof *out->results),
                          .groups =
                              fc_arena_alloc(catalog->arena, MOST_CHIPS * FC_KERNEL_MAX_CURVES * sizeof *out->groups)};
    if (shelf == NULL || curves == NULL || errors == NULL || out->results == NULL || out->groups == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu rows", rows_count);
    }
    shelf->catalog = catalog;
    shelf->local = local;
    for (size_t i = 0; i < rows_count; i++) {
        FC_TRY(predict_row(out, curves, shelf, &rows[i], error));
    }
    for (size_t i = 0; i < out->groups_count; i++) {
        fill_group(&out->groups[i], out, curves, errors);
    }
    return FC_OK;
}
