#include "flopcast/base.h"

static const char *const dtype_names[FC_DTYPE_COUNT] = {
    [FC_DTYPE_FP64] = "fp64",   [FC_DTYPE_FP32] = "fp32",   [FC_DTYPE_TF32] = "tf32",
    [FC_DTYPE_FP16] = "fp16",   [FC_DTYPE_BF16] = "bf16",   [FC_DTYPE_FP8] = "fp8",
    [FC_DTYPE_MXFP8] = "mxfp8", [FC_DTYPE_NVFP4] = "nvfp4", [FC_DTYPE_INT8] = "int8",
};

/* OCP MX puts one scale byte on 32 elements; NVFP4 puts one fp8 scale on 16 elements of half a byte. */
static const double dtype_bytes[FC_DTYPE_COUNT] = {
    [FC_DTYPE_FP64] = 8,
    [FC_DTYPE_FP32] = 4,
    [FC_DTYPE_TF32] = 4,
    [FC_DTYPE_FP16] = 2,
    [FC_DTYPE_BF16] = 2,
    [FC_DTYPE_FP8] = 1,
    [FC_DTYPE_MXFP8] = 1.0 + 1.0 / 32.0,
    [FC_DTYPE_NVFP4] = 0.5 + 1.0 / 16.0,
    [FC_DTYPE_INT8] = 1,
};

static const char *const grade_names[FC_GRADE_COUNT] = {
    [FC_GRADE_EXACT] = "exact",   [FC_GRADE_MEASURED] = "measured", [FC_GRADE_PUBLISHED] = "published",
    [FC_GRADE_VENDOR] = "vendor", [FC_GRADE_ASSUMED] = "assumed",
};

const char *fc_dtype_name(fc_dtype dtype) { return (unsigned)dtype < FC_DTYPE_COUNT ? dtype_names[dtype] : "unknown"; }

const char *fc_grade_name(fc_grade grade) { return (unsigned)grade < FC_GRADE_COUNT ? grade_names[grade] : "unknown"; }

double fc_dtype_bytes(fc_dtype dtype) { return (unsigned)dtype < FC_DTYPE_COUNT ? dtype_bytes[dtype] : 0.0; }
