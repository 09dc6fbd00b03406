#include "kernel_file.h"

#include "../base/units.h"
#include "kernel_table.h"

#include <math.h> /* fabs */
#include <stdio.h>
#include <string.h>

#define FOLDER "calibrations"
#define DEFAULT_CACHE_BYTES 50e6
#define MOST_FIGURES 16

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static fc_status read_number(double *out, fc_node *map, const char *key, fc_error *error) {
    fc_node *node = fc_node_get(map, key);
    if (node == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, map, false, "the key \"%s\" is missing", key);
    }
    node->used = true;
    fc_error ignored = {0};
    if (node->kind != FC_NODE_SCALAR || fc_units_parse(out, node->text, FC_UNIT_NONE, &ignored) != FC_OK ||
        *out < 0.0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s must be a plain number of 0 or more", key);
    }
    return FC_OK;
}

static fc_status read_word(const char **out, fc_node *map, const char *key, fc_error *error) {
    fc_node *node = fc_node_get(map, key);
    if (node == NULL || node->kind != FC_NODE_SCALAR) {
        return fc_node_error(error, FC_BAD_INPUT, node != NULL ? node : map, false, "a word is needed as \"%s\"", key);
    }
    node->used = true;
    *out = node->text;
    return FC_OK;
}

static fc_status read_parameters(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)curve->kind);
    fc_node *map = fc_node_get(node, "parameters");
    if (map == NULL || map->kind != FC_NODE_MAP || map->count != info->parameters_count) {
        return fc_node_error(error, FC_BAD_INPUT, map != NULL ? map : node, false,
                             "\"parameters\" of a %s has %u numbers", info->name, info->parameters_count);
    }
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        FC_TRY(read_number(&curve->parameters[i], map, info->parameters[i], error));
        if (!(curve->parameters[i] > 0.0)) {
            return fc_node_error(error, FC_BAD_INPUT, fc_node_get(map, info->parameters[i]), false,
                                 "%s must be above 0", info->parameters[i]);
        }
    }
    return FC_OK;
}

/* Without the key there are no habits. */
static fc_status read_habits(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    fc_node *list = fc_node_get(node, "habits");
    uint32_t count = 0;
    if (list == NULL) {
        return FC_OK;
    }
    if (curve->kind != FC_KERNEL_GEMM || list->kind != FC_NODE_LIST || list->count != FC_KERNEL_HABITS) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "\"habits\" of a gemm is a list of %d numbers",
                             FC_KERNEL_HABITS);
    }
    list->used = true;
    for (fc_node *item = list->first; item != NULL; item = item->next) {
        fc_error ignored = {0};
        double *habit = &curve->habits[count++];
        item->used = true;
        if (item->kind != FC_NODE_SCALAR || fc_units_parse(habit, item->text, FC_UNIT_NONE, &ignored) != FC_OK ||
            !(fabs(*habit) <= 1.0)) {
            return fc_node_error(error, FC_BAD_INPUT, item, false, "a habit must be a plain number from -1 to 1");
        }
    }
    return FC_OK;
}

/* 0 when the sheet does not have it. */
static fc_status read_sheet_value(double *out, const fc_node *chip, const char *key, fc_unit unit, fc_error *error) {
    fc_node *node = fc_node_get(chip, key);
    *out = 0.0;
    if (node != NULL && node->kind == FC_NODE_MAP) {
        fc_node *value = fc_node_get(node, "value");
        node = value != NULL ? value : fc_node_get(node, "mid");
    }
    if (node == NULL || node->kind != FC_NODE_SCALAR) {
        return FC_OK;
    }
    return fc_units_parse(out, node->text, unit, error);
}

static fc_status read_set(bool *found, fc_kernel_set *out, const fc_catalog *catalog, const char *chip,
                          bool with_graded, fc_error *error);

static fc_status read_kind(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    const char *kind = NULL;
    const char *dtype = NULL;
    FC_TRY(read_word(&kind, node, "kind", error));
    FC_TRY(read_word(&dtype, node, "dtype", error));
    curve->kind = FC_KERNEL_KIND_COUNT;
    for (uint32_t i = 0; i < FC_KERNEL_KIND_COUNT; i++) {
        curve->kind = strcmp(kind, fc_kernel_info_of((fc_kernel_kind)i)->name) == 0 ? i : curve->kind;
    }
    if (curve->kind == FC_KERNEL_KIND_COUNT) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "kind"), false, "the kind \"%.40s\" is unknown",
                             kind);
    }
    return fc_kernel_dtype_parse(&curve->dtype, dtype, node->source, node->line, error);
}

/* What a fit left out of its sight. */
static fc_status read_heldout(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    double fitted = 0.0;
    double heldout = 0.0;
    FC_TRY(read_number(&fitted, node, "fitted_count", error));
    FC_TRY(read_number(&heldout, node, "heldout_count", error));
    FC_TRY(read_number(&curve->heldout_median_abs_error_frac, node, "heldout_median_abs_error_frac", error));
    FC_TRY(read_number(&curve->heldout_p90_abs_error_frac, node, "heldout_p90_abs_error_frac", error));
    if (fc_kernel_is_exchange(curve->kind)) {
        FC_TRY(read_number(&curve->nodes_most, node, "nodes_most", error));
    }
    curve->fitted_count = (uint32_t)(fitted < 1e9 ? fitted : 1e9);
    curve->heldout_count = (uint32_t)(heldout < 1e9 ? heldout : 1e9);
    return FC_OK;
}

static fc_status read_grade(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    const char *grade = NULL;
    FC_TRY(read_word(&grade, node, "grade", error));
    uint32_t found = 0;
    while (found < FC_GRADE_COUNT && strcmp(grade, fc_grade_name((fc_grade)found)) != 0) {
        found += 1;
    }
    if (found == FC_GRADE_COUNT || found == FC_GRADE_EXACT) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "grade"), false,
                             "the grade \"%.40s\" is unknown; allowed are measured, published, vendor and assumed",
                             grade);
    }
    curve->grade = (fc_grade)found;
    return FC_OK;
}

/* A curve that nobody fitted: what it rests on, and how wide it may be. */
static fc_status read_basis(fc_kernel_curve *curve, fc_node *node, fc_error *error) {
    const char *basis = NULL;
    FC_TRY(read_word(&basis, node, "basis", error));
    if (!fc_text_copy(curve->basis, sizeof curve->basis, basis)) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "basis"), false,
                             "the basis is longer than %zu letters", sizeof curve->basis - 1);
    }
    FC_TRY(read_number(&curve->low_frac, node, "low_frac", error));
    FC_TRY(read_number(&curve->high_frac, node, "high_frac", error));
    if (!(curve->low_frac > 0.0) || curve->low_frac > 1.0 || curve->high_frac < 1.0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "low_frac must be above 0 and up to 1, high_frac 1 or more: they are shares of the rate");
    }
    return FC_OK;
}

static fc_status read_figure(fc_kernel_row *row, fc_node *node, const fc_kernel_curve *curve, fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)curve->kind);
    double flop_per_s = 0.0;
    *row = (fc_kernel_row){.kind = curve->kind, .dtype = curve->dtype, .line = node->line};
    for (uint32_t i = 0; i < info->dims_count; i++) {
        const char *text = NULL;
        FC_TRY(read_word(&text, node, info->dims[i], error));
        FC_TRY(fc_kernel_dim_parse(row, i, text, info->dims[i], node->source, error));
    }
    FC_TRY(read_number(&flop_per_s, node, "flop_per_s", error));
    if (!(flop_per_s > 0.0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "flop_per_s must be above 0");
    }
    row->seconds = 2.0 * row->dims[0] * row->dims[1] * row->dims[2] / flop_per_s;
    return FC_OK;
}

/* The rate of a chip's memory, by its sheet. */
static fc_status read_memory_rate(double *out, const fc_catalog *catalog, const char *chip, fc_error *error) {
    fc_node *node = NULL;
    FC_TRY(fc_catalog_read(&node, catalog, "chips", chip, NULL, error));
    FC_TRY(read_sheet_value(out, node, "memory_bw", FC_UNIT_BYTES_PER_S, error));
    return *out > 0.0 ? FC_OK
                      : fc_error_set(error, FC_BAD_INPUT, node->source, 0, 0, "the sheet of %s has no memory_bw", chip);
}

/* `like: CHIP` and `figures`: the shape of a measured chip, at the rate that the figures tell. */
static fc_status read_like(fc_kernel_curve *curve, fc_node *node, const fc_catalog *catalog, const char *chip,
                           fc_error *error) {
    fc_kernel_row figures[MOST_FIGURES];
    const char *like_chip = NULL;
    double memory = 0.0;
    double like_memory = 0.0;
    bool found = false;
    FC_TRY(read_word(&like_chip, node, "like", error));
    fc_node *list = fc_node_get(node, "figures");
    if (curve->kind != FC_KERNEL_GEMM || strcmp(like_chip, chip) == 0 || list == NULL || list->kind != FC_NODE_LIST ||
        list->count < 1 || list->count > MOST_FIGURES) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "\"like\" is for a gemm, names another chip, and needs 1 to %d \"figures\"", MOST_FIGURES);
    }
    size_t count = 0;
    for (fc_node *figure = list->first; figure != NULL; figure = figure->next) {
        FC_TRY(read_figure(&figures[count++], figure, curve, error));
    }
    fc_kernel_set *set = fc_arena_alloc(catalog->arena, sizeof *set);
    if (set == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the curves of %s", like_chip);
    }
    FC_TRY(read_set(&found, set, catalog, like_chip, false, error));
    const fc_kernel_curve *like =
        found ? fc_kernel_find(set, (fc_kernel_kind)curve->kind, (fc_dtype)curve->dtype) : NULL;
    if (like == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "like"), false,
                             "%s has no curve of this kind and dtype", like_chip);
    }
    FC_TRY(read_memory_rate(&memory, catalog, chip, error));
    FC_TRY(read_memory_rate(&like_memory, catalog, like_chip, error));
    return fc_kernel_like(curve, like, memory / like_memory, figures, count, error);
}

static fc_status read_curve(fc_kernel_curve *curve, fc_node *node, const fc_catalog *catalog, const char *chip,
                            fc_error *error) {
    curve->low_frac = 1.0;
    curve->high_frac = 1.0;
    FC_TRY(read_kind(curve, node, error));
    FC_TRY(read_grade(curve, node, error));
    if (fc_node_get(node, "basis") == NULL) {
        FC_TRY(read_heldout(curve, node, error));
        FC_TRY(read_habits(curve, node, error));
        return read_parameters(curve, node, error);
    }
    FC_TRY(read_basis(curve, node, error));
    return fc_node_get(node, "like") != NULL ? read_like(curve, node, catalog, chip, error)
                                             : read_parameters(curve, node, error);
}

/* With `with_graded` false only curves that were fitted: a curve may be like those, and never like another guess. */
static fc_status read_set(bool *found, fc_kernel_set *out, const fc_catalog *catalog, const char *chip,
                          bool with_graded, fc_error *error) {
    char path[4096];
    fc_node *root = NULL;
    double cores_count = 0.0;
    memset(out, 0, sizeof *out);
    int written = snprintf(path, sizeof path, "%s/" FOLDER "/%s.yaml", catalog->data_folder, chip);
    *found = written > 0 && (size_t)written < sizeof path && fc_file_exists(path);
    if (!*found) {
        return FC_OK;
    }
    FC_TRY(fc_tree_read(&root, catalog->arena, path, error));
    (void)fc_text_copy(out->chip, sizeof out->chip, chip);
    FC_TRY(read_sheet_value(&cores_count, root, "cores", FC_UNIT_COUNT, error));
    if (!(cores_count >= 1.0)) {
        return fc_node_error(error, FC_BAD_INPUT, root, false, "cores must be 1 or more");
    }
    fc_node *list = fc_node_get(root, "kernels");
    if (list == NULL || list->kind != FC_NODE_LIST || list->count > FC_KERNEL_MAX_CURVES) {
        return fc_node_error(error, FC_BAD_INPUT, list != NULL ? list : root, false,
                             "\"kernels\" must be a list of at most %d curves", FC_KERNEL_MAX_CURVES);
    }
    for (fc_node *node = list->first; node != NULL; node = node->next) {
        if (!with_graded && fc_node_get(node, "basis") != NULL) {
            continue;
        }
        out->curves[out->curves_count].cores_count = cores_count;
        FC_TRY(read_curve(&out->curves[out->curves_count], node, catalog, chip, error));
        out->curves_count += 1;
    }
    return FC_OK;
}

fc_status fc_kernel_file_read(bool *found, fc_kernel_set *out, const fc_catalog *catalog, const char *chip,
                              fc_error *error) {
    return read_set(found, out, catalog, chip, true, error);
}

/* ---- the chip's sheet -------------------------------------------------------------------------------------------- */

fc_status fc_kernel_sheet_read(fc_kernel_sheet *out, const fc_catalog *catalog, const char *chip, fc_dtype dtype,
                               fc_error *error) {
    fc_node *node = NULL;
    char key[64];
    FC_TRY(fc_catalog_read(&node, catalog, "chips", chip, NULL, error));
    (void)snprintf(key, sizeof key, "peak_%s", fc_dtype_name(dtype));
    FC_TRY(read_sheet_value(&out->cores_count, node, "cores", FC_UNIT_COUNT, error));
    FC_TRY(read_sheet_value(&out->flop_per_s, node, key, FC_UNIT_FLOP_PER_S, error));
    FC_TRY(read_sheet_value(&out->memory_bytes_per_s, node, "memory_bw", FC_UNIT_BYTES_PER_S, error));
    FC_TRY(read_sheet_value(&out->cache_bytes, node, "l2", FC_UNIT_BYTES, error));
    FC_TRY(read_sheet_value(&out->net_bytes_per_s, node, "scaleout_bw", FC_UNIT_BYTES_PER_S, error));
    FC_TRY(read_sheet_value(&out->link_bytes_per_s, node, "scaleup_bw", FC_UNIT_BYTES_PER_S, error));
    out->cache_bytes = out->cache_bytes > 0.0 ? out->cache_bytes : DEFAULT_CACHE_BYTES;
    const char *missing = out->cores_count < 1.0             ? "cores"
                          : !(out->flop_per_s > 0.0)         ? key
                          : !(out->memory_bytes_per_s > 0.0) ? "memory_bw"
                                                             : NULL;
    if (missing != NULL) {
        return fc_error_set(error, FC_BAD_INPUT, node->source, 0, 0,
                            "a fit starts from the chip's sheet, and this one has no %s; add it", missing);
    }
    return FC_OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Six a line: k goes up along it, then n, then m. */
static void write_habits(fc_text *out, const fc_kernel_curve *curve) {
    fc_text_add(out, "    habits: [");
    for (int i = 0; i < FC_KERNEL_HABITS; i++) {
        fc_text_addf(out, "%s%.3f", i == 0 ? "" : (i % 6 == 0 ? ",\n      " : ", "), curve->habits[i]);
    }
    fc_text_add(out, "]\n");
}

static void write_curve(fc_text *out, const fc_kernel_curve *curve) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)curve->kind);
    fc_text_addf(out, "  - kind: %s\n    dtype: %s\n", info->name, fc_dtype_name((fc_dtype)curve->dtype));
    fc_text_addf(out, "    grade: %s\n", fc_grade_name(curve->grade));
    fc_text_addf(out, "    fitted_count: %u\n    heldout_count: %u\n", curve->fitted_count, curve->heldout_count);
    fc_text_addf(out, "    heldout_median_abs_error_frac: %.4f\n    heldout_p90_abs_error_frac: %.4f\n",
                 curve->heldout_median_abs_error_frac, curve->heldout_p90_abs_error_frac);
    if (fc_kernel_is_exchange(curve->kind)) {
        fc_text_addf(out, "    nodes_most: %.0f\n", curve->nodes_most);
    }
    fc_text_add(out, "    parameters:\n");
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        fc_text_addf(out, "      %s: %.4e\n", info->parameters[i], curve->parameters[i]);
    }
    if (curve->kind == FC_KERNEL_GEMM) {
        write_habits(out, curve);
    }
}

void fc_kernel_file_write(fc_text *out, const fc_kernel_set *set, const char *source, const char *date) {
    fc_text_addf(out, "name: %s\n", set->chip);
    fc_text_add(out,
                "about: \"kernel curves of include/flopcast/hd/kernel_*.h, made by `flopcast fit`; one shape in five "
                "was kept out of it\"\n");
    fc_text_addf(out, "sources:\n  table: {title: \"%s\", date: %s}\nsource: table\n", source, date);
    fc_text_addf(out, "cores: %.0f\nkernels:\n", set->curves_count > 0 ? set->curves[0].cores_count : 0.0);
    for (uint32_t i = 0; i < set->curves_count; i++) {
        write_curve(out, &set->curves[i]);
    }
}
