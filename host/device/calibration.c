/* calibration.c: names of what was measured, and the chip that a calibration describes. */
#include "flopcast/calibration.h"

#include "../base/text.h"
#include "flopcast/hd/collective.h"
#include "flopcast/hd/roofline.h"

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
        "none",    "copy", "triad",  "read",         "write",  "first-touch", "layer-norm",  "rms-norm",
        "softmax", "gelu", "swiglu", "residual-add", "gather", "adam",        "scatter-add", "wake",
        "wait"};
    return op < FC_MEMORY_OP_COUNT ? names[op] : NULL;
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

/* The longest of the measured launches, since work for all threads waits until they are awake; with none measured, what
 * the fit takes for the start of a matmul. Training does not wait for each launch, so one that was waited for is none. */
static double launch_s(const fc_calibration *calibration, uint32_t dtype) {
    double longest_s = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        if (sample->kind == FC_SAMPLE_LAUNCH && sample->memory_op != FC_MEMORY_OP_WAIT && sample->seconds > longest_s) {
            longest_s = sample->seconds;
        }
    }
    return longest_s > 0.0 ? longest_s : calibration->fit.dtype[dtype].launch_s;
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
    out->cores_count = calibration->device.cores_count;
    out->clock_hz = calibration->device.clock_hz;
    use_collectives(out, fit);
    return FC_OK;
}
