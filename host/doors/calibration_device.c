#include "calibration_device.h"

#include "calibration_values.h"

#include <stdbool.h>
#include <string.h>

/* Parameters are seconds, rates, bytes and shares: far more than any of them, and finite in all that is made of them. */
#define LEAST_PARAMETER 1e-60
#define MOST_PARAMETER 1e60

#define COUNT_OF(rows) (sizeof(rows) / sizeof(rows)[0])

typedef struct peak {
    double flop_per_s;
} peak;

static const fc_record_row sheet_rows[] = {
    {.key = "chip",
     .kind = FC_RECORD_TEXT,
     .offset = offsetof(fc_device_sheet, chip),
     .size = sizeof(((fc_device_sheet *)0)->chip),
     .required = true},
    FC_ROW_F64(fc_device_sheet, memory_bytes_per_s, "memory_bytes_per_s", 0.0, 1e18, false),
    FC_ROW_F64(fc_device_sheet, scaleup_bytes_per_s, "scaleup_bytes_per_s", 0.0, 1e18, false),
    FC_ROW_U32(fc_device_sheet, scaleup_domain_count, "scaleup_domain_count", 0.0, FC_MOST_RANKS, false),
};

static const fc_record_row peak_rows[] = {
    FC_ROW_F64(peak, flop_per_s, "peak_flop_per_s", 1.0, 1e20, true),
};

static const fc_record_row kernel_rows[] = {
    FC_ROW_TEXT(fc_fit_kernel, like, "like"),
    FC_ROW_F64(fc_fit_kernel, curve.cores_count, "cores_count", 1.0, 1e7, true),
    FC_ROW_U32(fc_fit_kernel, curve.fitted_count, "fitted_count", 1.0, FC_MAX_SAMPLES, true),
    FC_ROW_U32(fc_fit_kernel, curve.heldout_count, "heldout_count", 0.0, FC_MAX_SAMPLES, false),
    FC_ROW_F64(fc_fit_kernel, curve.heldout_median_abs_error_frac, "heldout_median_abs_error_frac", 0.0, 1e9, false),
    FC_ROW_F64(fc_fit_kernel, curve.heldout_p90_abs_error_frac, "heldout_p90_abs_error_frac", 0.0, 1e9, false),
};

static const char *dtype_name(uint32_t index) { return fc_dtype_name((fc_dtype)index); }

/* ---- the sheet -------------------------------------------------------------------------------------------------- */

void fc_calibration_write_sheet(fc_json_out *json, const fc_device_sheet *sheet) {
    if (sheet->chip[0] == '\0') {
        return;
    }
    fc_json_out_object(json, "sheet");
    fc_json_out_text(json, "chip", sheet->chip);
    fc_json_out_number(json, "memory_bytes_per_s", sheet->memory_bytes_per_s);
    fc_json_out_number(json, "scaleup_bytes_per_s", sheet->scaleup_bytes_per_s);
    fc_json_out_count(json, "scaleup_domain_count", sheet->scaleup_domain_count);
    fc_json_out_list(json, "peaks");
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (sheet->peak_flop_per_s[dtype] > 0.0) {
            fc_json_out_object(json, NULL);
            fc_json_out_text(json, "dtype", fc_dtype_name((fc_dtype)dtype));
            fc_json_out_number(json, "peak_flop_per_s", sheet->peak_flop_per_s[dtype]);
            fc_json_out_end_object(json);
        }
    }
    fc_json_out_end_list(json);
    fc_json_out_end_object(json);
}

fc_status fc_calibration_read_sheet(fc_device_sheet *out, const fc_node *node, fc_error *error) {
    if (node == NULL || node->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    FC_TRY(fc_record_read(out, sheet_rows, COUNT_OF(sheet_rows), node, error));
    const fc_node *list = fc_node_get(node, "peaks");
    if (list == NULL || list->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (list->kind != FC_NODE_LIST) {
        return fc_record_refuse(list, "a list of peaks, one a dtype", error);
    }
    for (const fc_node *entry = list->first; entry != NULL; entry = entry->next) {
        uint32_t dtype = 0;
        peak read = {0.0};
        FC_TRY(fc_record_read(&read, peak_rows, COUNT_OF(peak_rows), entry, error));
        FC_TRY(fc_record_name(&dtype, entry, "dtype", dtype_name, FC_DTYPE_COUNT, true, error));
        out->peak_flop_per_s[dtype] = read.flop_per_s;
    }
    return FC_OK;
}

/* ---- kernel curves ---------------------------------------------------------------------------------------------- */

static void write_kernel(fc_json_out *json, const fc_fit_kernel *kernel) {
    const fc_kernel_curve *curve = &kernel->curve;
    const fc_kernel_info *info = fc_kernel_info_of(FC_KERNEL_GEMM);
    fc_json_out_object(json, NULL);
    fc_json_out_text(json, "kind", info->name);
    fc_json_out_text(json, "dtype", fc_dtype_name((fc_dtype)curve->dtype));
    fc_json_out_text(json, "like", kernel->like);
    fc_json_out_number(json, "cores_count", curve->cores_count);
    fc_json_out_count(json, "fitted_count", curve->fitted_count);
    fc_json_out_count(json, "heldout_count", curve->heldout_count);
    fc_json_out_number(json, "heldout_median_abs_error_frac", curve->heldout_median_abs_error_frac);
    fc_json_out_number(json, "heldout_p90_abs_error_frac", curve->heldout_p90_abs_error_frac);
    fc_json_out_object(json, "parameters");
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        fc_json_out_number(json, info->parameters[i], curve->parameters[i]);
    }
    fc_json_out_end_object(json);
    fc_json_out_end_object(json);
}

void fc_calibration_write_kernels(fc_json_out *json, const fc_fit *fit) {
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        any = any || fit->kernel[dtype].curve.fitted_count > 0;
    }
    if (!any) {
        return;
    }
    fc_json_out_list(json, "kernels");
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (fit->kernel[dtype].curve.fitted_count > 0) {
            write_kernel(json, &fit->kernel[dtype]);
        }
    }
    fc_json_out_end_list(json);
}

static fc_status read_parameters(fc_kernel_curve *curve, const fc_node *node, fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of(FC_KERNEL_GEMM);
    const fc_node *map = fc_node_get(node, "parameters");
    if (map == NULL || map->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, map != NULL ? map : node, false,
                             "a kernel has a map called parameters with %u numbers", info->parameters_count);
    }
    for (uint32_t i = 0; i < info->parameters_count; i++) {
        const fc_record_row row = {.key = info->parameters[i],
                                   .kind = FC_RECORD_F64,
                                   .offset = i * sizeof(double),
                                   .least = LEAST_PARAMETER,
                                   .most = MOST_PARAMETER,
                                   .required = true};
        FC_TRY(fc_record_read(curve->parameters, &row, 1, map, error));
    }
    return FC_OK;
}

/* The matmul alone has a curve in a calibration of one device. */
static fc_status check_kind(const fc_node *node, fc_error *error) {
    const fc_node *kind = fc_node_get(node, "kind");
    const char *only = fc_kernel_info_of(FC_KERNEL_GEMM)->name;
    if (kind == NULL || (kind->kind == FC_NODE_SCALAR && strcmp(kind->text, only) == 0)) {
        return FC_OK;
    }
    return fc_record_refuse(kind, only, error);
}

static fc_status read_kernel(fc_fit *out, const fc_node *node, fc_error *error) {
    fc_fit_kernel kernel;
    uint32_t dtype = 0;
    memset(&kernel, 0, sizeof kernel);
    FC_TRY(fc_record_read(&kernel, kernel_rows, COUNT_OF(kernel_rows), node, error));
    FC_TRY(fc_record_name(&dtype, node, "dtype", dtype_name, FC_DTYPE_COUNT, true, error));
    FC_TRY(check_kind(node, error));
    FC_TRY(read_parameters(&kernel.curve, node, error));
    if (out->kernel[dtype].curve.fitted_count > 0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "the kernel of %s is there twice; keep one",
                             dtype_name(dtype));
    }
    kernel.curve.kind = FC_KERNEL_GEMM;
    kernel.curve.dtype = dtype;
    kernel.curve.grade = FC_GRADE_MEASURED;
    kernel.curve.low_frac = 1.0;
    kernel.curve.high_frac = 1.0;
    out->kernel[dtype] = kernel;
    return FC_OK;
}

fc_status fc_calibration_read_kernels(fc_fit *out, const fc_node *list, fc_error *error) {
    if (list == NULL || list->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (list->kind != FC_NODE_LIST) {
        return fc_record_refuse(list, "a list of kernel curves", error);
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_kernel(out, node, error));
    }
    return FC_OK;
}
