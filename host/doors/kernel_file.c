#include "kernel_file.h"

#include "../base/units.h"
#include "kernel_table.h"

#include <stdio.h>
#include <string.h>

#define FOLDER "calibrations"
#define DEFAULT_CACHE_BYTES 50e6

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

static fc_status read_curve(fc_kernel_curve *curve, fc_node *node, double cores_count, fc_error *error) {
    const char *kind = NULL;
    const char *dtype = NULL;
    double fitted = 0.0;
    double heldout = 0.0;
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
    FC_TRY(fc_kernel_dtype_parse(&curve->dtype, dtype, node->source, node->line, error));
    curve->cores_count = cores_count;
    FC_TRY(read_number(&fitted, node, "fitted_count", error));
    FC_TRY(read_number(&heldout, node, "heldout_count", error));
    FC_TRY(read_number(&curve->heldout_median_abs_error_frac, node, "heldout_median_abs_error_frac", error));
    FC_TRY(read_number(&curve->heldout_p90_abs_error_frac, node, "heldout_p90_abs_error_frac", error));
    curve->fitted_count = (uint32_t)(fitted < 1e9 ? fitted : 1e9);
    curve->heldout_count = (uint32_t)(heldout < 1e9 ? heldout : 1e9);
    return read_parameters(curve, node, error);
}

fc_status fc_kernel_file_read(bool *found, fc_kernel_set *out, const fc_catalog *catalog, const char *chip,
                              fc_error *error) {
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
    FC_TRY(read_number(&cores_count, root, "cores", error));
    if (!(cores_count >= 1.0)) {
        return fc_node_error(error, FC_BAD_INPUT, root, false, "cores must be 1 or more");
    }
    fc_node *list = fc_node_get(root, "kernels");
    if (list == NULL || list->kind != FC_NODE_LIST || list->count > FC_KERNEL_MAX_CURVES) {
        return fc_node_error(error, FC_BAD_INPUT, list != NULL ? list : root, false,
                             "\"kernels\" must be a list of at most %d curves", FC_KERNEL_MAX_CURVES);
    }
    for (fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_curve(&out->curves[out->curves_count], node, cores_count, error));
        out->curves_count += 1;
    }
    return FC_OK;
}

/* ---- the chip's sheet -------------------------------------------------------------------------------------------- */

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

static void write_curve(fc_text *out, const fc_kernel_curve *curve) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)curve->kind);
    fc_text_addf(out, "  - kind: %s\n    dtype: %s\n", info->name, fc_dtype_name((fc_dtype)curve->dtype));
    fc_text_addf(out, "    fitted_count: %u\n    heldout_count: %u\n", curve->fitted_count, curve->heldout_count);
    fc_text_addf(out, "    heldout_median_abs_error_frac: %.4f\n    heldout_p90_abs_error_frac: %.4f\n",
                 curve->heldout_median_abs_error_frac, curve->heldout_p90_abs_error_frac);
    fc_text_add(out, "    parameters:\n");
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        fc_text_addf(out, "      %s: %.4e\n", info->parameters[i], curve->parameters[i]);
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
