/* kernels.c: names, starting points and predictions of the kinds of kernels. */
#include "kernel_experts.h"

#include "flopcast/hd/kernel_attention.h"
#include "flopcast/hd/kernel_collective.h"
#include "flopcast/hd/kernel_gemm.h"
#include "flopcast/hd/kernel_habit.h"

static const char *const gemm_names[FC_GEMM_PARAMETER_COUNT] = {
    [FC_GEMM_LAUNCH_S] = "launch_s",
    [FC_GEMM_BOOST_FLOP_PER_S] = "boost_flop_per_s",
    [FC_GEMM_SUSTAINED_FLOP_PER_S] = "sustained_flop_per_s",
    [FC_GEMM_POWER_S] = "power_s",
    [FC_GEMM_POWER_ORDER] = "power_order",
    [FC_GEMM_MEMORY_BYTES_PER_S] = "memory_bytes_per_s",
    [FC_GEMM_CACHE_BYTES_PER_S] = "cache_bytes_per_s",
    [FC_GEMM_CACHE_BYTES] = "cache_bytes",
    [FC_GEMM_CACHE_ORDER] = "cache_order",
    [FC_GEMM_FEED_BYTES_PER_S] = "feed_bytes_per_s",
    [FC_GEMM_K_STEP_S] = "k_step_s",
    [FC_GEMM_K_LEAST] = "k_least",
    [FC_GEMM_K_RAMP] = "k_ramp",
    [FC_GEMM_TILE_S] = "tile_s",
    [FC_GEMM_LATER_FRAC] = "later_frac",
    [FC_GEMM_WAVE_FRAC] = "wave_frac",
    [FC_GEMM_SPLIT_S] = "split_s",
    [FC_GEMM_SPLIT_BYTES_PER_S] = "split_bytes_per_s",
    [FC_GEMM_OVERLAP_ORDER] = "overlap_order",
    [FC_GEMM_FEW_ROWS_FRAC] = "few_rows_frac",
    [FC_GEMM_FEW_COLUMNS_FRAC] = "few_columns_frac",
    [FC_GEMM_SMALL_TILE_FRAC] = "small_tile_frac",
    [FC_GEMM_THIRD_TILE_FRAC] = "third_tile_frac",
    [FC_GEMM_STRIP_COLUMNS] = "strip_columns",
    [FC_GEMM_WEIGHTS_COUNT] = "weights_count",
    [FC_GEMM_TILE_RULE] = "tile_rule",
    [FC_GEMM_ROW_S] = "row_s",
    [FC_GEMM_CONVERT_BYTES_PER_S] = "convert_bytes_per_s",
    [FC_GEMM_K_MISS_S] = "k_miss_s",
};

static const char *const prefill_names[FC_PREFILL_PARAMETER_COUNT] = {
    [FC_PREFILL_LAUNCH_S] = "launch_s",
    [FC_PREFILL_FLOP_PER_S] = "flop_per_s",
    [FC_PREFILL_SCORES_PER_S] = "scores_per_s",
    [FC_PREFILL_MID_FRAC] = "mid_frac",
    [FC_PREFILL_WIDE_FRAC] = "wide_frac",
    [FC_PREFILL_MEMORY_BYTES_PER_S] = "memory_bytes_per_s",
    [FC_PREFILL_CACHE_BYTES_PER_S] = "cache_bytes_per_s",
    [FC_PREFILL_CACHE_BYTES] = "cache_bytes",
    [FC_PREFILL_COPY_FRAC] = "copy_frac",
    [FC_PREFILL_TOKEN_S] = "token_s",
    [FC_PREFILL_BLOCK_S] = "block_s",
    [FC_PREFILL_TAIL_ORDER] = "tail_order",
    [FC_PREFILL_KV_RAMP] = "kv_ramp",
    [FC_PREFILL_OVERLAP_ORDER] = "overlap_order",
    [FC_PREFILL_BLOCK_ROWS] = "block_rows",
};

static const char *const decode_names[FC_DECODE_PARAMETER_COUNT] = {
    [FC_DECODE_LAUNCH_S] = "launch_s",
    [FC_DECODE_MEMORY_BYTES_PER_S] = "memory_bytes_per_s",
    [FC_DECODE_CACHE_BYTES_PER_S] = "cache_bytes_per_s",
    [FC_DECODE_CACHE_BYTES] = "cache_bytes",
    [FC_DECODE_SM_BYTES_PER_S] = "sm_bytes_per_s",
    [FC_DECODE_UNIT_S] = "unit_s",
    [FC_DECODE_WAVE_FRAC] = "wave_frac",
    [FC_DECODE_SPLIT_S] = "split_s",
    [FC_DECODE_PART_S] = "part_s",
    [FC_DECODE_HEAD_S] = "head_s",
    [FC_DECODE_WIDE_FRAC] = "wide_frac",
    [FC_DECODE_OVERLAP_ORDER] = "overlap_order",
    [FC_DECODE_PACK_S] = "pack_s",
    [FC_DECODE_ALONE_PARTS] = "alone_parts",
};

static const char *const link_names[FC_LINK_PARAMETER_COUNT] = {
    [FC_LINK_LOW_BASE_S] = "low_base_s",
    [FC_LINK_LOW_STEP_S] = "low_step_s",
    [FC_LINK_LOW_BYTES_PER_S] = "low_bytes_per_s",
    [FC_LINK_MIDDLE_BASE_S] = "middle_base_s",
    [FC_LINK_MIDDLE_STEP_S] = "middle_step_s",
    [FC_LINK_MIDDLE_BYTES_PER_S] = "middle_bytes_per_s",
    [FC_LINK_HIGH_BASE_S] = "high_base_s",
    [FC_LINK_HIGH_STEP_S] = "high_step_s",
    [FC_LINK_HIGH_BYTES_PER_S] = "high_bytes_per_s",
    [FC_LINK_CHIPS_ORDER] = "chips_order",
    [FC_LINK_CORNER_ORDER] = "corner_order",
};

#define ATTENTION_DIMS                                                                                                 \
    { "batch", "q_len", "kv_len", "heads", "kv_heads", "head_dim" }
#define LINK(kind_name)                                                                                                \
    { kind_name, 2, {"chips", "bytes"}, FC_LINK_PARAMETER_COUNT, link_names }
#define EXCHANGE(kind_name)                                                                                            \
    {                                                                                                                  \
        kind_name, 6, {"nodes", "hidden", "tokens_per_chip", "experts_per_token", "experts", "sms"},                   \
            FC_EXCHANGE_PARAMETER_COUNT, fc_kernel_exchange_names                                                      \
    }

static const fc_kernel_info infos[FC_KERNEL_KIND_COUNT] = {
    [FC_KERNEL_GEMM] = {"gemm", 3, {"m", "n", "k"}, FC_GEMM_PARAMETER_COUNT, gemm_names},
    [FC_KERNEL_PREFILL] = {"prefill", 6, ATTENTION_DIMS, FC_PREFILL_PARAMETER_COUNT, prefill_names},
    [FC_KERNEL_DECODE] = {"decode", 6, ATTENTION_DIMS, FC_DECODE_PARAMETER_COUNT, decode_names},
    [FC_KERNEL_ALL_REDUCE] = LINK("all_reduce"),
    [FC_KERNEL_ALL_GATHER] = LINK("all_gather"),
    [FC_KERNEL_REDUCE_SCATTER] = LINK("reduce_scatter"),
    [FC_KERNEL_ALL_TO_ALL] = LINK("all_to_all"),
    [FC_KERNEL_DISPATCH] = EXCHANGE("dispatch"),
    [FC_KERNEL_COMBINE] = EXCHANGE("combine"),
    [FC_KERNEL_MOE] = {"moe",
                       8,
                       {"tokens", "hidden", "moe_ffn_hidden", "experts_per_token", "experts", "tp", "ep",
                        "distribution"},
                       FC_MOE_PARAMETER_COUNT,
                       fc_kernel_moe_names},
};

const fc_kernel_info *fc_kernel_info_of(fc_kernel_kind kind) { return &infos[kind]; }

int fc_kernel_is_collective(uint32_t kind) { return kind >= FC_KERNEL_ALL_REDUCE && kind <= FC_KERNEL_ALL_TO_ALL; }

int fc_kernel_is_exchange(uint32_t kind) { return kind == FC_KERNEL_DISPATCH || kind == FC_KERNEL_COMBINE; }

int fc_kernel_is_exponent(uint32_t kind, uint32_t index) { return kind == FC_KERNEL_MOE && index == 7; }

const fc_kernel_curve *fc_kernel_find(const fc_kernel_set *set, fc_kernel_kind kind, fc_dtype dtype) {
    /* A collective sees bytes, and bf16 has those of fp16. */
    dtype = fc_kernel_is_collective((uint32_t)kind) && dtype == FC_DTYPE_BF16 ? FC_DTYPE_FP16 : dtype;
    for (uint32_t i = 0; i < set->curves_count; i++) {
        if (set->curves[i].kind == (uint32_t)kind && set->curves[i].dtype == (uint32_t)dtype) {
            return &set->curves[i];
        }
    }
    return NULL;
}

/* ---- predictions ------------------------------------------------------------------------------------------------- */

static fc_gemm_curve gemm_of(const fc_kernel_curve *curve) {
    fc_gemm_curve gemm = {.sms_count = curve->cores_count,
                          .operand_bytes = fc_dtype_bytes((fc_dtype)curve->dtype),
                          .result_bytes = fc_dtype_bytes((fc_dtype)curve->dtype)};
    for (int i = 0; i < FC_GEMM_PARAMETER_COUNT; i++) {
        gemm.p[i] = curve->parameters[i];
    }
    /* Products of 8 and 4 bits leave as 16-bit numbers. */
    gemm.result_bytes = gemm.result_bytes < 2.0 ? 2.0 : gemm.result_bytes;
    return gemm;
}

static double ready_s(const fc_gemm_ready *ready, const fc_kernel_curve *curve, const double *dims) {
    fc_gemm_shape shape = {dims[0], dims[1], dims[2]};
    return fc_hd_gemm_ready_s(ready, shape) * fc_hd_habit_factor(curve->habits, dims[0], dims[1], dims[2]);
}

void fc_kernel_predict_all_s(double *out_s, const fc_kernel_curve *curve, const fc_kernel_row *const *rows,
                             size_t count) {
    if (curve->kind != FC_KERNEL_GEMM) {
        for (size_t i = 0; i < count; i++) {
            out_s[i] = fc_kernel_predict_s(curve, rows[i]->dims);
        }
        return;
    }
    fc_gemm_curve gemm = gemm_of(curve);
    fc_gemm_ready ready;
    fc_hd_gemm_prepare(&ready, &gemm);
    for (size_t i = 0; i < count; i++) {
        out_s[i] = ready_s(&ready, curve, rows[i]->dims);
    }
}

double fc_kernel_predict_s(const fc_kernel_curve *curve, const double *dims) {
    if (curve->kind == FC_KERNEL_GEMM) {
        fc_gemm_curve gemm = gemm_of(curve);
        fc_gemm_ready ready;
        fc_hd_gemm_prepare(&ready, &gemm);
        return ready_s(&ready, curve, dims);
    }
    if (curve->kind == FC_KERNEL_PREFILL || curve->kind == FC_KERNEL_DECODE) {
        fc_attention_shape shape = {dims[0], dims[1], dims[2], dims[3], dims[4], dims[5]};
        return curve->kind == FC_KERNEL_PREFILL ? fc_hd_prefill_s(curve->parameters, curve->cores_count, shape)
                                                : fc_hd_decode_s(curve->parameters, curve->cores_count, shape);
    }
    if (!fc_kernel_is_collective(curve->kind)) {
        return fc_kernel_experts_s(curve, dims);
    }
    double passes = curve->kind == FC_KERNEL_ALL_REDUCE ? 2.0 : 1.0;
    return fc_hd_link_s(curve->parameters, dims[0], dims[1], passes * (dims[0] - 1.0) / dims[0]);
}

/* ---- starting points: a sheet's rates and what such kernels usually lose ------------------------------------------ */

static void start_gemm(double *p, fc_dtype dtype, const fc_kernel_sheet *sheet) {
    double memory = sheet->memory_bytes_per_s;
    p[FC_GEMM_LAUNCH_S] = 2e-6;
    p[FC_GEMM_BOOST_FLOP_PER_S] = 0.9 * sheet->flop_per_s;
    p[FC_GEMM_SUSTAINED_FLOP_PER_S] = 0.7 * sheet->flop_per_s;
    p[FC_GEMM_POWER_S] = 7e-4;
    p[FC_GEMM_POWER_ORDER] = 3.0;
    p[FC_GEMM_MEMORY_BYTES_PER_S] = 0.85 * memory;
    p[FC_GEMM_CACHE_BYTES_PER_S] = 2.5 * memory;
    p[FC_GEMM_CACHE_BYTES] = sheet->cache_bytes;
    p[FC_GEMM_CACHE_ORDER] = 3.0;
    p[FC_GEMM_FEED_BYTES_PER_S] = sheet->flop_per_s / 80.0;
    p[FC_GEMM_K_STEP_S] = 1e-9;
    p[FC_GEMM_K_LEAST] = 60.0;
    p[FC_GEMM_K_RAMP] = 150.0;
    p[FC_GEMM_TILE_S] = 1e-6;
    p[FC_GEMM_LATER_FRAC] = 0.5;
    p[FC_GEMM_WAVE_FRAC] = 0.5;
    p[FC_GEMM_SPLIT_S] = 1.5e-6;
    p[FC_GEMM_SPLIT_BYTES_PER_S] = 2.0 * memory;
    p[FC_GEMM_OVERLAP_ORDER] = 2.5;
    p[FC_GEMM_FEW_ROWS_FRAC] = 0.8;
    p[FC_GEMM_FEW_COLUMNS_FRAC] = 0.8;
    p[FC_GEMM_SMALL_TILE_FRAC] = 0.5;
    p[FC_GEMM_THIRD_TILE_FRAC] = 0.8;
    p[FC_GEMM_STRIP_COLUMNS] = 512.0;
    /* aiconfigurator's collectors call six layers in turn, and one layer again and again for nvfp4 */
    p[FC_GEMM_WEIGHTS_COUNT] = dtype == FC_DTYPE_NVFP4 ? 1.0 : 6.0;
    p[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_BEST;
    p[FC_GEMM_ROW_S] = 7e-9;
    p[FC_GEMM_CONVERT_BYTES_PER_S] = 0.5 * memory;
    p[FC_GEMM_K_MISS_S] = 1e-9;
}

static void start_prefill(double *p, const fc_kernel_sheet *sheet) {
    p[FC_PREFILL_LAUNCH_S] = 1e-5;
    p[FC_PREFILL_FLOP_PER_S] = 0.8 * sheet->flop_per_s;
    p[FC_PREFILL_SCORES_PER_S] = sheet->flop_per_s / 256.0;
    p[FC_PREFILL_MID_FRAC] = 1.0;
    p[FC_PREFILL_WIDE_FRAC] = 0.5;
    p[FC_PREFILL_MEMORY_BYTES_PER_S] = 0.85 * sheet->memory_bytes_per_s;
    p[FC_PREFILL_CACHE_BYTES_PER_S] = 3.0 * sheet->memory_bytes_per_s;
    p[FC_PREFILL_CACHE_BYTES] = sheet->cache_bytes;
    p[FC_PREFILL_COPY_FRAC] = 1.5;
    p[FC_PREFILL_TOKEN_S] = 1e-9;
    p[FC_PREFILL_BLOCK_S] = 2e-6;
    p[FC_PREFILL_TAIL_ORDER] = 2.0;
    p[FC_PREFILL_KV_RAMP] = 64.0;
    p[FC_PREFILL_OVERLAP_ORDER] = 1.0;
    p[FC_PREFILL_BLOCK_ROWS] = 128.0;
}

static void start_decode(double *p, const fc_kernel_sheet *sheet) {
    p[FC_DECODE_LAUNCH_S] = 1e-5;
    p[FC_DECODE_MEMORY_BYTES_PER_S] = 0.85 * sheet->memory_bytes_per_s;
    p[FC_DECODE_CACHE_BYTES_PER_S] = 2.0 * sheet->memory_bytes_per_s;
    p[FC_DECODE_CACHE_BYTES] = sheet->cache_bytes;
    p[FC_DECODE_SM_BYTES_PER_S] = 2.0 * sheet->memory_bytes_per_s;
    p[FC_DECODE_UNIT_S] = 2e-6;
    p[FC_DECODE_WAVE_FRAC] = 0.5;
    p[FC_DECODE_SPLIT_S] = 2e-6;
    p[FC_DECODE_PART_S] = 1e-7;
    p[FC_DECODE_HEAD_S] = 1e-9;
    p[FC_DECODE_WIDE_FRAC] = 0.5;
    p[FC_DECODE_OVERLAP_ORDER] = 1.0;
    p[FC_DECODE_PACK_S] = 1e-6;
    p[FC_DECODE_ALONE_PARTS] = FC_DECODE_MOST_PARTS;
}

static void start_link(double *p, const fc_kernel_sheet *sheet) {
    double rate = sheet->link_bytes_per_s > 0.0 ? sheet->link_bytes_per_s : 100e9;
    static const double base_s[3] = {5e-6, 7e-6, 1.2e-5};
    static const double step_s[3] = {1.5e-6, 1.5e-6, 2e-6};
    static const double rate_frac[3] = {0.1, 0.4, 0.8};
    for (int i = 0; i < 3; i++) {
        p[3 * i + FC_LINK_LOW_BASE_S] = base_s[i];
        p[3 * i + FC_LINK_LOW_STEP_S] = step_s[i];
        p[3 * i + FC_LINK_LOW_BYTES_PER_S] = rate_frac[i] * rate;
    }
    p[FC_LINK_CHIPS_ORDER] = 1.0;
    p[FC_LINK_CORNER_ORDER] = 6.0;
}

void fc_kernel_start(fc_kernel_curve *out, fc_kernel_kind kind, fc_dtype dtype, const fc_kernel_sheet *sheet) {
    *out = (fc_kernel_curve){.kind = (uint32_t)kind,
                             .dtype = (uint32_t)dtype,
                             .cores_count = sheet->cores_count,
                             .grade = FC_GRADE_PUBLISHED,
                             .low_frac = 1.0,
                             .high_frac = 1.0};
    if (kind == FC_KERNEL_GEMM) {
        start_gemm(out->parameters, dtype, sheet);
    } else if (kind == FC_KERNEL_PREFILL) {
        start_prefill(out->parameters, sheet);
    } else if (kind == FC_KERNEL_DECODE) {
        start_decode(out->parameters, sheet);
    } else if (fc_kernel_is_collective((uint32_t)kind)) {
        start_link(out->parameters, sheet);
    } else {
        fc_kernel_experts_start(out, sheet);
    }
}

uint32_t fc_kernel_starts_count(fc_kernel_kind kind, fc_dtype dtype) {
    if (kind != FC_KERNEL_GEMM) {
        return 1;
    }
    return fc_dtype_bytes(dtype) < 2.0 ? FC_GEMM_RULE_END - FC_GEMM_RULE_BEST : 2;
}

void fc_kernel_start_vary(fc_kernel_curve *curve, uint32_t index) {
    if (curve->kind != FC_KERNEL_GEMM) {
        return;
    }
    if (fc_dtype_bytes((fc_dtype)curve->dtype) < 2.0) {
        curve->parameters[FC_GEMM_TILE_RULE] = FC_GEMM_RULE_BEST + (double)index;
    } else {
        /* The longest latency that hides behind a tile, and one that does not: lmdif goes down from where it starts. */
        curve->parameters[FC_GEMM_K_STEP_S] *= index == 0 ? 1.0 : 2.5;
    }
}
