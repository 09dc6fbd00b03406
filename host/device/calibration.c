/* calibration.c: names of what was measured, and the chip that a calibration describes. */
#include "flopcast/calibration.h"

#include "../base/text.h"
#include "flopcast/hd/collective.h"
#include "flopcast/hd/roofline.h"

#include <stdbool.h>
#include <string.h>

const char *fc_sample_kind_name(fc_sample_kind kind) {
    static const char *const names[FC_SAMPLE_KIND_COUNT] = {"matmul", "memory",     "elementwise",
                                                            "launch", "collective", "ceiling"};
    return kind < FC_SAMPLE_KIND_COUNT ? names[kind] : NULL;
}

const char *fc_residency_name(fc_residency residency) {
    static const char *const names[FC_RESIDENCY_COUNT] = {"unknown", "memory", "cache"};
    return residency < FC_RESIDENCY_COUNT ? names[residency] : NULL;
}

const char *fc_memory_op_name(fc_memory_op op) {
    static const char *const names[FC_MEMORY_OP_COUNT] = {
        "none", "copy",   "triad",        "read",   "write", "first-touch", "layer-norm", "rms-norm", "softmax",
        "gelu", "swiglu", "residual-add", "gather", "adam",  "scatter-add", "wake",       "wait"};
    return op < FC_MEMORY_OP_COUNT ? names[op] : NULL;
}

const char *fc_layout_name(fc_layout layout) {
    static const char *const names[FC_LAYOUT_COUNT] = {"nt", "nn", "tn"};
    return layout < FC_LAYOUT_COUNT ? names[layout] : NULL;
}

const char *fc_shape_class_name(fc_shape_class shape_class) {
    static const char *const names[FC_SHAPE_CLASS_COUNT] = {"other",      "square",      "boundary",  "forward",
                                                            "input-grad", "weight-grad", "attention", "router",
                                                            "logits",     "decode"};
    return shape_class < FC_SHAPE_CLASS_COUNT ? names[shape_class] : NULL;
}

const char *fc_collective_op_name(fc_collective_op op) {
    static const char *const names[FC_COLLECTIVE_COUNT] = {"none",       "all_reduce", "all_gather", "reduce_scatter",
                                                           "all_to_all", "send_recv",  "send_window"};
    return op < FC_COLLECTIVE_COUNT ? names[op] : NULL;
}

/* The format that attention's small products run in: the widest-used one that was measured. */
static uint32_t attention_dtype(const fc_fit *fit) {
    static const fc_dtype order[] = {FC_DTYPE_BF16, FC_DTYPE_FP16, FC_DTYPE_FP32, FC_DTYPE_TF32, FC_DTYPE_FP64};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (fit->dtype[order[i]].peak_flop_per_s > 0.0) {
            return order[i];
        }
    }
    uint32_t dtype = 0;
    while (dtype < FC_DTYPE_COUNT && !(fit->dtype[dtype].peak_flop_per_s > 0.0)) {
        dtype++;
    }
    return dtype;
}

/* Attention is two products a head: scores (s × s × head) and weighted values (s × head × s), equal work. With no kernel
 * of its own measured, it gets the fitted ramps at those shapes, the two times added. */
#define ATTENTION_SEQ 1024.0
#define ATTENTION_HEAD 64.0

static double attention_eff_frac(const fc_matmul_curve *curve) {
    double scores = fc_hd_matmul_rate(ATTENTION_SEQ, ATTENTION_SEQ, ATTENTION_HEAD, 1.0, curve->eff_frac, curve->m_half,
                                      curve->n_half, curve->k_half);
    double values = fc_hd_matmul_rate(ATTENTION_SEQ, ATTENTION_HEAD, ATTENTION_SEQ, 1.0, curve->eff_frac, curve->m_half,
                                      curve->n_half, curve->k_half);
    return 2.0 / (1.0 / scores + 1.0 / values);
}

/* The median of the launches of one kind; 0: not measured. Where a file has several, the last one stands. */
static double launch_of(const fc_calibration *calibration, fc_memory_op op) {
    double found_s = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        if (sample->kind == FC_SAMPLE_LAUNCH && sample->memory_op == (uint32_t)op) {
            found_s = sample->seconds;
        }
    }
    return found_s;
}

/* Work for all threads waits until they are awake; a device without threads has the start of a kernel; with neither
 * measured, what the fit takes for the start of a matmul. */
static double launch_s(const fc_calibration *calibration, uint32_t dtype) {
    double wake_s = launch_of(calibration, FC_MEMORY_OP_WAKE);
    double call_s = launch_of(calibration, FC_MEMORY_OP_NONE);
    if (wake_s > 0.0) {
        return wake_s;
    }
    return call_s > 0.0 ? call_s : calibration->fit.dtype[dtype].launch_s;
}

/* ---- a processor's passes and pages ------------------------------------------------------------------------------ */

static bool is_on_all_threads(const fc_sample *sample, const fc_calibration *calibration) {
    return sample->threads == 0 || sample->threads >= calibration->device.threads;
}

/* Bytes a second of an operation out of memory, on all threads or on one; 0: not measured. */
static double rate_of(const fc_calibration *calibration, fc_sample_kind kind, fc_memory_op op, bool all_threads) {
    double rate = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        bool wanted = all_threads ? is_on_all_threads(sample, calibration) : sample->threads == 1;
        if (sample->kind == (uint32_t)kind && sample->memory_op == (uint32_t)op && sample->level == 0 && wanted) {
            rate = sample->bytes / sample->seconds;
        }
    }
    return rate;
}

static void use_passes(fc_chip *out, const fc_calibration *calibration) {
    static const fc_memory_op ops[FC_PASS_COUNT] = {
        [FC_PASS_STREAM] = FC_MEMORY_OP_RESIDUAL_ADD, [FC_PASS_NORM] = FC_MEMORY_OP_LAYER_NORM,
        [FC_PASS_SOFTMAX] = FC_MEMORY_OP_SOFTMAX,     [FC_PASS_GELU] = FC_MEMORY_OP_GELU,
        [FC_PASS_SWIGLU] = FC_MEMORY_OP_SWIGLU,       [FC_PASS_GATHER] = FC_MEMORY_OP_GATHER,
        [FC_PASS_SCATTER] = FC_MEMORY_OP_SCATTER_ADD, [FC_PASS_OPTIMIZER] = FC_MEMORY_OP_ADAM};
    for (int pass = 0; pass < FC_PASS_COUNT; pass++) {
        out->pass_bytes_per_s[pass] = rate_of(calibration, FC_SAMPLE_ELEMENTWISE, ops[pass], true);
        out->one_thread_pass_bytes_per_s[pass] = rate_of(calibration, FC_SAMPLE_ELEMENTWISE, ops[pass], false);
    }
    /* Optimizer states are far larger than any cache, the case that was timed perhaps not: memory bounds it. */
    double memory = fc_hd_max(calibration->fit.memory_bytes_per_s, calibration->fit.copy_bytes_per_s);
    double *optimizer = &out->pass_bytes_per_s[FC_PASS_OPTIMIZER];
    *optimizer = memory > 0.0 ? fc_hd_min(*optimizer, memory) : *optimizer;
    out->first_touch_bytes_per_s = rate_of(calibration, FC_SAMPLE_MEMORY, FC_MEMORY_OP_FIRST_TOUCH, true);
    out->one_thread_touch_bytes_per_s = rate_of(calibration, FC_SAMPLE_MEMORY, FC_MEMORY_OP_FIRST_TOUCH, false);
}

static void use_curve(fc_matmul_curve *out, const fc_fit_dtype *fitted, double peak_flop_per_s) {
    *out = fitted->curve;
    out->eff_frac = fitted->peak_flop_per_s / peak_flop_per_s;
    out->launch_s = fitted->launch_s;
}

/* Multiply-adds a second on registers, of all threads or of one; 0: not measured. */
static double ceiling_of(const fc_calibration *calibration, uint32_t dtype, bool all_threads) {
    double rate = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        bool wanted = all_threads ? is_on_all_threads(sample, calibration) : sample->threads == 1;
        if (sample->kind == FC_SAMPLE_CEILING && sample->dtype == dtype && wanted) {
            rate = 2.0 * sample->batch * sample->m * sample->n * sample->k / sample->seconds;
        }
    }
    return rate;
}

/* What a thread keeps of its rate while all the others work: clocks fall with the processors in use. */
static double together_frac(const fc_calibration *calibration, uint32_t dtype) {
    double all = ceiling_of(calibration, dtype, true);
    double one = ceiling_of(calibration, dtype, false);
    return all > 0.0 && one > 0.0 ? fc_hd_min(1.0, all / (one * calibration->device.threads)) : 1.0;
}

/* A processor's products are timed one by one, each with its own start. With one thread alone, all are one. */
static void use_threads(fc_chip *out, const fc_calibration *calibration) {
    const fc_fit *fit = &calibration->fit;
    out->threads_count = calibration->device.threads;
    for (uint32_t i = 0; i < FC_DTYPE_COUNT && out->threads_count > 0.0; i++) {
        double peak = fit->dtype[i].peak_flop_per_s;
        if (!(peak > 0.0)) {
            continue;
        }
        use_curve(&out->matmul[i], &fit->dtype[i], peak);
        const fc_fit_dtype *one = fit->threads > 1 ? &fit->one_thread[i] : &fit->dtype[i];
        if (one->peak_flop_per_s > 0.0) {
            use_curve(&out->one_thread[i], one, peak);
            out->one_thread[i].eff_frac *= together_frac(calibration, i);
        }
    }
}

/* The exchange of most ranks whose bandwidth is known: what a group is bound by. An all-reduce before a gather, as
 * training has more of them. NULL: none. */
static const fc_fit_collective *widest_collective(const fc_fit *fit) {
    static const fc_collective_op order[] = {FC_COLLECTIVE_ALL_REDUCE, FC_COLLECTIVE_ALL_GATHER,
                                             FC_COLLECTIVE_REDUCE_SCATTER};
    const fc_fit_collective *widest = NULL;
    for (size_t o = 0; o < sizeof order / sizeof order[0] && widest == NULL; o++) {
        for (uint32_t i = 0; i < fit->collectives_count; i++) {
            const fc_fit_collective *fitted = &fit->collectives[i];
            if (fitted->op == (uint32_t)order[o] && fitted->bus_bytes_per_s > 0.0 &&
                (widest == NULL || fitted->ranks > widest->ranks)) {
                widest = fitted;
            }
        }
    }
    return widest;
}

/* One domain of as many chips as took part. The steps of hd/collective.h share the fitted latency between them, so that
 * the stages give back what was measured. */
static void use_collectives(fc_chip *out, const fc_fit *fit) {
    out->scaleup_domain_count = 1;
    const fc_fit_collective *fitted = widest_collective(fit);
    if (fitted == NULL) {
        return;
    }
    double rounds = fitted->op == FC_COLLECTIVE_ALL_REDUCE ? 2.0 : 1.0;
    out->scaleup_domain_count = fitted->ranks;
    out->scaleup_bytes_per_s = fitted->bus_bytes_per_s;
    out->scaleup_eff_frac = 1.0;
    out->scaleup_latency_s = fitted->latency_s / (rounds * fc_hd_steps((double)fitted->ranks));
}

fc_status fc_calibration_chip(fc_chip *out, const fc_calibration *calibration, fc_error *error) {
    const fc_fit *fit = &calibration->fit;
    uint32_t dtype = attention_dtype(fit);
    if (dtype == FC_DTYPE_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the calibration has no matmul rate: measure again with flopcast bench and a longer "
                            "--budget, or import a table of matmuls too");
    }
    *out = fc_chip_default();
    bool is_cuda =
        strncmp(calibration->device.name, "NVIDIA", 6) == 0 || strcmp(calibration->device.backend, "cuda") == 0;
    fc_text_copy(out->name, sizeof out->name, "local");
    fc_text_copy(out->vendor, sizeof out->vendor, calibration->device.name);
    fc_text_copy(out->family, sizeof out->family, is_cuda ? "nvidia" : "cpu");
    for (uint32_t i = 0; i < FC_DTYPE_COUNT; i++) {
        if (fit->dtype[i].peak_flop_per_s > 0.0) {
            out->peak_flop_per_s[i] = fit->dtype[i].peak_flop_per_s;
            out->matmul[i] = fit->dtype[i].curve;
        }
    }
    out->memory_bytes = calibration->device.memory_bytes;
    out->memory_bytes_per_s = fit->memory_bytes_per_s;
    out->memory_eff_frac = 1.0;
    out->attention_eff_frac = attention_eff_frac(&fit->dtype[dtype].curve);
    out->launch_s = launch_s(calibration, dtype);
    use_threads(out, calibration);
    use_passes(out, calibration);
    out->cores_count = calibration->device.cores_count;
    out->clock_hz = calibration->device.clock_hz;
    use_collectives(out, fit);
    return FC_OK;
}
