#include "chip_curves.h"

#include "kernel_file.h"

#include <stdbool.h>
#include <string.h>

typedef struct owner {
    const fc_catalog *catalog;
    const char *name;
    const fc_kernel_set *set;
} owner;

static double ratio(double ours, double theirs) { return ours > 0.0 && theirs > 0.0 ? ours / theirs : 1.0; }

static void put(fc_chip_curve *out, const fc_kernel_curve *curve, double rate_scale, double memory_scale) {
    fc_kernel_curve scaled = *curve;
    fc_kernel_scale(&scaled, curve, rate_scale, memory_scale);
    out->cores_count = curve->cores_count;
    memcpy(out->parameters, scaled.parameters, sizeof out->parameters);
}

/* Training in 8 and 4 bits runs cuBLASLt's kernels, like 16 bits; the curves measured in those formats are of an inference
 * server's own kernels. So the shape is that of bf16, at the rate of the format. */
static fc_dtype curve_dtype(fc_dtype dtype) {
    bool narrow = dtype == FC_DTYPE_FP8 || dtype == FC_DTYPE_MXFP8 || dtype == FC_DTYPE_NVFP4 || dtype == FC_DTYPE_INT8;
    return narrow || dtype == FC_DTYPE_FP16 ? FC_DTYPE_BF16 : dtype;
}

static fc_status put_matmuls(fc_chip *out, const owner *from, fc_error *error) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        const fc_kernel_curve *curve = fc_kernel_find(from->set, FC_KERNEL_GEMM, curve_dtype((fc_dtype)dtype));
        curve = curve != NULL ? curve : fc_kernel_find(from->set, FC_KERNEL_GEMM, (fc_dtype)dtype);
        if (curve == NULL || !(out->peak_flop_per_s[dtype] > 0.0)) {
            continue;
        }
        fc_kernel_sheet sheet = {0};
        FC_TRY(fc_kernel_sheet_rates(&sheet, from->catalog, from->name, (fc_dtype)curve->dtype, error));
        put(&out->curves.matmul[dtype], curve, ratio(out->peak_flop_per_s[dtype], sheet.flop_per_s),
            ratio(out->memory_bytes_per_s, sheet.memory_bytes_per_s));
    }
    return FC_OK;
}

static void put_links(fc_chip *out, const owner *from, double scale) {
    static const fc_kernel_kind kinds[FC_CHIP_LINK_COUNT] = {FC_KERNEL_ALL_REDUCE, FC_KERNEL_ALL_GATHER,
                                                             FC_KERNEL_REDUCE_SCATTER, FC_KERNEL_ALL_TO_ALL};
    for (int i = 0; i < FC_CHIP_LINK_COUNT; i++) {
        const fc_kernel_curve *curve = fc_kernel_find(from->set, kinds[i], FC_DTYPE_FP16);
        if (curve != NULL) {
            put(&out->curves.link[i], curve, 1.0, scale);
        }
    }
    const fc_kernel_curve *dispatch = fc_kernel_find(from->set, FC_KERNEL_DISPATCH, FC_DTYPE_FP8);
    const fc_kernel_curve *combine = fc_kernel_find(from->set, FC_KERNEL_COMBINE, FC_DTYPE_BF16);
    if (dispatch != NULL && combine != NULL) {
        put(&out->curves.dispatch, dispatch, 1.0, scale);
        put(&out->curves.combine, combine, 1.0, scale);
    }
}

fc_status fc_chip_curves_attach(fc_chip *out, const fc_catalog *catalog, const char *name, const char *like,
                                fc_error *error) {
    bool found = false;
    fc_kernel_set *set = fc_arena_alloc(catalog->arena, sizeof *set);
    if (set == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the kernel curves of %s", name);
    }
    owner from = {catalog, name, set};
    memset(&out->curves, 0, sizeof out->curves);
    FC_TRY(fc_kernel_file_read(&found, set, catalog, name, error));
    if (!found && like != NULL) {
        from.name = like;
        FC_TRY(fc_kernel_file_read(&found, set, catalog, like, error));
        if (!found) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "chip %s says kernels_like: %s, and data/calibrations has no curves of that", name,
                                like);
        }
    }
    if (!found) {
        return FC_OK;
    }
    FC_TRY(put_matmuls(out, &from, error));
    fc_kernel_sheet sheet = {0};
    FC_TRY(fc_kernel_sheet_rates(&sheet, catalog, from.name, FC_DTYPE_BF16, error));
    const fc_kernel_curve *prefill = fc_kernel_find(set, FC_KERNEL_PREFILL, FC_DTYPE_BF16);
    if (prefill != NULL) {
        put(&out->curves.attention, prefill, ratio(out->peak_flop_per_s[FC_DTYPE_BF16], sheet.flop_per_s),
            ratio(out->memory_bytes_per_s, sheet.memory_bytes_per_s));
    }
    put_links(out, &from, ratio(out->scaleup_bytes_per_s, sheet.link_bytes_per_s));
    return FC_OK;
}
