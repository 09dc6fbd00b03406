/* calibration_file.c: reads the calibration file of the contract.
 *
 * A file may come from another machine, another harness, or a stranger: every field has a range, what is missing is
 * either named or has a meaning of its own, and keys beyond ours are left alone, as the contract lets anyone add them.
 */
#include "calibration_file.h"

#include "calibration_device.h"
#include "calibration_state.h"
#include "calibration_values.h"

#include <stdbool.h>
#include <string.h>

#define MOST_COUNT 4294967295.0
/* As for chips: beyond these a number is a mistake of unit. */
#define MOST_FLOP_PER_S 1e20
#define MOST_BYTES_PER_S 1e18

static const fc_record_row machine_rows[] = {
    FC_ROW_TEXT(fc_machine, cpu, "cpu"),
    FC_ROW_TEXT(fc_machine, kernel, "kernel"),
    FC_ROW_TEXT(fc_machine, governor, "governor"),
    FC_ROW_TEXT(fc_machine, simd, "simd"),
    FC_ROW_U32(fc_machine, cores_count, "cores_count", 0.0, 1e7, false),
    FC_ROW_F64(fc_machine, memory_bytes, "memory_bytes", 0.0, 1e16, false),
    FC_ROW_TEXT(fc_machine, mpi_library, "mpi_library"),
    FC_ROW_TEXT(fc_machine, rank_hosts, "rank_hosts"),
    FC_ROW_TEXT(fc_machine, rank_placement, "rank_placement"),
    FC_ROW_U32(fc_machine, ranks_count, "ranks_count", 0.0, FC_MOST_RANKS, false),
    FC_ROW_U32(fc_machine, rank_hosts_count, "rank_hosts_count", 0.0, FC_MOST_RANKS, false),
    FC_ROW_U32(fc_machine, ranks_per_host_least, "ranks_per_host_least", 0.0, FC_MOST_RANKS, false),
    FC_ROW_U32(fc_machine, ranks_per_host_most, "ranks_per_host_most", 0.0, FC_MOST_RANKS, false),
};

static const fc_record_row device_rows[] = {
    FC_ROW_TEXT(fc_device_info, backend, "backend"),
    FC_ROW_TEXT(fc_device_info, name, "name"),
    FC_ROW_TEXT(fc_device_info, library, "library"),
    FC_ROW_TEXT(fc_device_info, driver, "driver"),
    FC_ROW_U32(fc_device_info, threads, "threads", 0.0, 1e6, false),
    FC_ROW_F64(fc_device_info, cores_count, "cores_count", 0.0, 1e7, false),
    FC_ROW_F64(fc_device_info, memory_bytes, "memory_bytes", 0.0, 1e16, false),
    FC_ROW_F64(fc_device_info, cache_bytes, "cache_bytes", 0.0, 1e12, false),
    FC_ROW_F64(fc_device_info, max_memory_clock_hz, "max_memory_clock_hz", 0.0, 1e12, false),
    FC_ROW_F64(fc_device_info, power_limit_w, "power_limit_w", 0.0, 1e6, false),
    FC_ROW_F64(fc_device_info, clock_hz, "clock_hz", 0.0, 1e12, false),
    FC_ROW_BOOL(fc_device_info, emulated, "emulated"),
    FC_ROW_BOOL(fc_device_info, pinned, "pinned"),
};

static const fc_record_row method_rows[] = {
    FC_ROW_F64(fc_method, aim_noise_frac, "aim_noise_frac", 0.0, 1e9, false),
    FC_ROW_F64(fc_method, reference_start_s, "reference_start_s", 0.0, 1e7, false),
    FC_ROW_F64(fc_method, reference_middle_s, "reference_middle_s", 0.0, 1e7, false),
    FC_ROW_F64(fc_method, reference_end_s, "reference_end_s", 0.0, 1e7, false),
    FC_ROW_F64(fc_method, drift_frac, "drift_frac", 0.0, 1e9, false),
};

static const fc_record_row sample_rows[] = {
    FC_ROW_U32(fc_sample, m, "m", 0.0, MOST_COUNT, false),
    FC_ROW_U32(fc_sample, n, "n", 0.0, MOST_COUNT, false),
    FC_ROW_U32(fc_sample, k, "k", 0.0, MOST_COUNT, false),
    FC_ROW_U32(fc_sample, batch, "batch", 0.0, MOST_COUNT, false),
    FC_ROW_U32(fc_sample, threads, "threads", 0.0, 1e6, false),
    FC_ROW_U32(fc_sample, ranks, "ranks", 0.0, FC_MOST_RANKS, false),
    FC_ROW_U32(fc_sample, level, "level", 0.0, 8.0, false),
    FC_ROW_U32(fc_sample, repeats, "repeats", 0.0, MOST_COUNT, false),
    FC_ROW_BOOL(fc_sample, unstable, "unstable"),
    FC_ROW_BOOL(fc_sample, heldout, "heldout"),
    FC_ROW_F64(fc_sample, bytes, "bytes", 0.0, 1e18, false),
    FC_ROW_F64(fc_sample, seconds, "seconds", 1e-12, 1e7, true),
    FC_ROW_F64(fc_sample, seconds_min, "seconds_min", 1e-12, 1e7, false),
    FC_ROW_F64(fc_sample, noise_frac, "noise_frac", 0.0, 1e9, false),
};

static const fc_record_row fit_rows[] = {
    FC_ROW_U32(fc_fit, threads, "threads", 0.0, 1e6, false),
    FC_ROW_F64(fc_fit, memory_bytes_per_s, "memory_bytes_per_s", 0.0, 1e18, false),
    FC_ROW_F64(fc_fit, copy_bytes_per_s, "copy_bytes_per_s", 0.0, 1e18, false),
};

static const fc_record_row fit_dtype_rows[] = {
    FC_ROW_F64(fc_fit_dtype, peak_flop_per_s, "peak_flop_per_s", 1.0, 1e20, true),
    FC_ROW_F64(fc_fit_dtype, curve.m_half, "m_half", 0.0, 1e6, true),
    FC_ROW_F64(fc_fit_dtype, curve.n_half, "n_half", 0.0, 1e6, true),
    FC_ROW_F64(fc_fit_dtype, curve.k_half, "k_half", 0.0, 1e6, true),
    FC_ROW_F64(fc_fit_dtype, curve.nn_rate_frac, "nn_rate_frac", 0.0, 1e3, false),
    FC_ROW_F64(fc_fit_dtype, curve.tn_rate_frac, "tn_rate_frac", 0.0, 1e3, false),
    FC_ROW_F64(fc_fit_dtype, launch_s, "launch_s", 0.0, 1.0, true),
    FC_ROW_U32(fc_fit_dtype, samples_count, "samples_count", 0.0, FC_MAX_SAMPLES, false),
    FC_ROW_U32(fc_fit_dtype, heldout_count, "heldout_count", 0.0, FC_MAX_SAMPLES, false),
    FC_ROW_F64(fc_fit_dtype, heldout_median_abs_error_frac, "heldout_median_abs_error_frac", 0.0, 1e9, false),
};

static const fc_record_row fit_collective_rows[] = {
    FC_ROW_U32(fc_fit_collective, ranks, "ranks", 2.0, FC_MOST_RANKS, true),
    FC_ROW_U32(fc_fit_collective, samples_count, "samples_count", 0.0, FC_MAX_SAMPLES, false),
    FC_ROW_F64(fc_fit_collective, latency_s, "latency_s", 0.0, 1e7, true),
    FC_ROW_F64(fc_fit_collective, bus_bytes_per_s, "bus_bytes_per_s", 0.0, MOST_BYTES_PER_S, true),
    FC_ROW_F64(fc_fit_collective, median_abs_error_frac, "median_abs_error_frac", 0.0, 1e9, false),
};

static const fc_record_row heldout_rows[] = {
    FC_ROW_U32(fc_fit, heldout_count, "count", 0.0, FC_MAX_SAMPLES, false),
    FC_ROW_F64(fc_fit, heldout_median_abs_error_frac, "median_abs_error_frac", 0.0, 1e9, false),
    FC_ROW_F64(fc_fit, heldout_p90_abs_error_frac, "p90_abs_error_frac", 0.0, 1e9, false),
};

#define COUNT_OF(rows) (sizeof(rows) / sizeof(rows)[0])

static const char *kind_name(uint32_t index) { return fc_sample_kind_name((fc_sample_kind)index); }
static const char *dtype_name(uint32_t index) { return fc_dtype_name((fc_dtype)index); }
static const char *residency_name(uint32_t index) { return fc_residency_name((fc_residency)index); }
static const char *collective_op_name(uint32_t index) { return fc_collective_op_name((fc_collective_op)index); }
static const char *layout_name(uint32_t index) { return fc_layout_name((fc_layout)index); }
static const char *class_name(uint32_t index) { return fc_shape_class_name((fc_shape_class)index); }
static const char *memory_op_name(uint32_t index) { return fc_memory_op_name((fc_memory_op)index); }

/* ---- parts of the file ------------------------------------------------------------------------------------------ */

static fc_status check_sample(const fc_sample *sample, const fc_node *node, fc_error *error) {
    if (sample->kind == FC_SAMPLE_MATMUL && (sample->m == 0 || sample->n == 0 || sample->k == 0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "a matmul has m, n and k of 1 or more; found %u, %u, %u",
                             sample->m, sample->n, sample->k);
    }
    bool is_memory = sample->kind == FC_SAMPLE_MEMORY || sample->kind == FC_SAMPLE_ELEMENTWISE;
    if (is_memory && !(sample->bytes > 0.0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "a %s sample states the bytes that it moved",
                             fc_sample_kind_name((fc_sample_kind)sample->kind));
    }
    if (sample->kind == FC_SAMPLE_COLLECTIVE && !(sample->bytes > 0.0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "a collective states the bytes of one rank's buffer");
    }
    if (sample->kind == FC_SAMPLE_COLLECTIVE && (sample->collective_op == FC_COLLECTIVE_NONE || sample->ranks < 2)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "a collective states its op, such as all_reduce, and 2 ranks or more");
    }
    double flop = 2.0 * (double)sample->batch * (double)sample->m * (double)sample->n * (double)sample->k;
    bool counts_flop = sample->kind == FC_SAMPLE_MATMUL || sample->kind == FC_SAMPLE_CEILING;
    double rate = (counts_flop ? flop : sample->bytes) / sample->seconds;
    if (rate > (counts_flop ? MOST_FLOP_PER_S : MOST_BYTES_PER_S)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "%g seconds mean %.3g %s/s; at most %g are believed: are the seconds in another unit?",
                             sample->seconds, rate, counts_flop ? "FLOP" : "bytes",
                             counts_flop ? MOST_FLOP_PER_S : MOST_BYTES_PER_S);
    }
    if (sample->seconds_min > sample->seconds) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "seconds_min, %g, is above the median, %g",
                             sample->seconds_min, sample->seconds);
    }
    return FC_OK;
}

static fc_status read_sample(fc_sample *out, const fc_node *node, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->batch = 1;
    out->repeats = 1;
    FC_TRY(fc_record_read(out, sample_rows, COUNT_OF(sample_rows), node, error));
    FC_TRY(fc_record_name(&out->kind, node, "kind", kind_name, FC_SAMPLE_KIND_COUNT, true, error));
    out->dtype = out->kind == FC_SAMPLE_COLLECTIVE ? FC_DTYPE_COUNT : 0;
    bool has_dtype = out->kind == FC_SAMPLE_MATMUL || out->kind == FC_SAMPLE_CEILING;
    FC_TRY(fc_record_name(&out->dtype, node, "dtype", dtype_name, FC_DTYPE_COUNT, has_dtype, error));
    FC_TRY(fc_record_name(&out->residency, node, "residency", residency_name, FC_RESIDENCY_COUNT, false, error));
    FC_TRY(fc_record_name(&out->layout, node, "layout", layout_name, FC_LAYOUT_COUNT, false, error));
    FC_TRY(fc_record_name(&out->shape_class, node, "class", class_name, FC_SHAPE_CLASS_COUNT, false, error));
    if (out->kind == FC_SAMPLE_COLLECTIVE) {
        FC_TRY(fc_record_name(&out->collective_op, node, "op", collective_op_name, FC_COLLECTIVE_COUNT, true, error));
    } else {
        FC_TRY(fc_record_name(&out->memory_op, node, "op", memory_op_name, FC_MEMORY_OP_COUNT, false, error));
    }
    /* The contract's own columns do not tell copy from triad: a table without `op` states its one memory rate. */
    if (out->kind == FC_SAMPLE_MEMORY && out->memory_op == FC_MEMORY_OP_NONE) {
        out->memory_op = FC_MEMORY_OP_TRIAD;
    }
    FC_TRY(fc_calibration_read_slowdowns(&out->slowdowns, node, error));
    if (out->seconds_min <= 0.0) {
        out->seconds_min = out->seconds;
    }
    return check_sample(out, node, error);
}

static fc_status read_samples(fc_calibration *out, fc_arena *arena, const fc_node *root, fc_error *error) {
    const fc_node *list = fc_node_get(root, "samples");
    if (list == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, root, false,
                             "there is no list called samples: this is no calibration file; flopcast bench writes one");
    }
    if (list->kind != FC_NODE_LIST) {
        return fc_record_refuse(list, "a list of samples", error);
    }
    if (list->count > FC_MAX_SAMPLES) {
        return fc_node_error(error, FC_OVER_LIMIT, list, false, "%zu samples; at most %d are read", list->count,
                             FC_MAX_SAMPLES);
    }
    out->samples_count = (uint32_t)list->count;
    out->samples = fc_arena_alloc(arena, (list->count + 1) * sizeof *out->samples);
    if (out->samples == NULL) {
        return fc_node_error(error, FC_FAILED, list, false, "no memory for %zu samples", list->count);
    }
    uint32_t index = 0;
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_sample(&out->samples[index++], node, error));
    }
    return FC_OK;
}

static fc_status read_fit_dtype(fc_fit_dtype curves[FC_DTYPE_COUNT], const fc_node *node, fc_error *error) {
    uint32_t dtype = 0;
    fc_fit_dtype fitted;
    memset(&fitted, 0, sizeof fitted);
    fitted.curve.eff_frac = 1.0;
    FC_TRY(fc_record_read(&fitted, fit_dtype_rows, COUNT_OF(fit_dtype_rows), node, error));
    FC_TRY(fc_record_name(&dtype, node, "dtype", dtype_name, FC_DTYPE_COUNT, true, error));
    if (curves[dtype].peak_flop_per_s > 0.0) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is fitted twice; keep one",
                             fc_dtype_name((fc_dtype)dtype));
    }
    curves[dtype] = fitted;
    return FC_OK;
}

/* Optional: older files, and devices without threads, have none. */
static fc_status read_fit_one_thread(fc_fit *out, const fc_node *list, fc_error *error) {
    if (list == NULL || list->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (list->kind != FC_NODE_LIST) {
        return fc_record_refuse(list, "a list of fits on one thread", error);
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_fit_dtype(out->one_thread, node, error));
    }
    return FC_OK;
}

static fc_status read_fit_collectives(fc_fit *out, const fc_node *list, fc_error *error) {
    if (list->kind != FC_NODE_LIST || list->count > FC_MAX_FIT_COLLECTIVES) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "collectives is a list of at most %d fits",
                             FC_MAX_FIT_COLLECTIVES);
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        fc_fit_collective *fitted = &out->collectives[out->collectives_count++];
        memset(fitted, 0, sizeof *fitted);
        FC_TRY(fc_record_read(fitted, fit_collective_rows, COUNT_OF(fit_collective_rows), node, error));
        FC_TRY(fc_record_name(&fitted->op, node, "op", collective_op_name, FC_COLLECTIVE_COUNT, true, error));
    }
    return FC_OK;
}

static fc_status read_fit(fc_fit *out, const fc_node *fit, const fc_node *heldout, fc_error *error) {
    FC_TRY(fc_record_read(out, fit_rows, COUNT_OF(fit_rows), fit, error));
    const fc_node *collectives = fc_node_get(fit, "collectives");
    if (collectives != NULL && collectives->kind != FC_NODE_NULL) {
        FC_TRY(read_fit_collectives(out, collectives, error));
    }
    const fc_node *list = fc_node_get(fit, "dtypes");
    if (out->collectives_count > 0 && (list == NULL || (list->kind == FC_NODE_LIST && list->count == 0))) {
        return FC_OK;
    }
    if (list == NULL || list->kind != FC_NODE_LIST || list->count == 0) {
        return fc_node_error(
            error, FC_BAD_INPUT, list != NULL ? list : fit, false,
            "a fit has a list called dtypes with one entry or more; leave fit out to have it made from "
            "the samples");
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        FC_TRY(read_fit_dtype(out->dtype, node, error));
    }
    FC_TRY(read_fit_one_thread(out, fc_node_get(fit, "one_thread"), error));
    FC_TRY(fc_calibration_read_kernels(out, fc_node_get(fit, "kernels"), error));
    if (heldout != NULL && heldout->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_read(out, heldout_rows, COUNT_OF(heldout_rows), heldout, error));
    }
    return FC_OK;
}

/* A fit of a few thousand samples says where it failed: in this file. */
static fc_status make_fit(fc_calibration *out, const fc_node *root, fc_error *error) {
    fc_error reason = {.status = FC_OK};
    fc_status status = fc_calibration_fit(&out->fit, out->samples, out->samples_count, &reason);
    return status == FC_OK ? FC_OK : fc_node_error(error, status, root, false, "%.900s", reason.text);
}

static fc_status check_version(const fc_node *root, fc_error *error) {
    if (root->kind != FC_NODE_MAP) {
        return fc_record_refuse(root, "a map: the calibration file that flopcast bench writes", error);
    }
    const fc_node *version = fc_node_get(root, "schema_version");
    if (version == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, root, false,
                             "schema_version is missing: is this a calibration file? flopcast bench writes one");
    }
    double value = 0.0;
    const fc_record_row row = {.kind = FC_RECORD_U32, .least = FC_SCHEMA_VERSION, .most = FC_SCHEMA_VERSION};
    return fc_record_number(&value, &row, version, error);
}

fc_status fc_calibration_from_tree(fc_calibration *out, fc_arena *arena, const fc_node *root, fc_error *error) {
    memset(out, 0, sizeof *out);
    FC_TRY(check_version(root, error));
    const fc_node *machine = fc_node_get(root, "machine");
    if (machine != NULL && machine->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_read(&out->machine, machine_rows, COUNT_OF(machine_rows), machine, error));
    }
    const fc_node *device = fc_node_get(root, "device");
    if (device != NULL && device->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_read(&out->device, device_rows, COUNT_OF(device_rows), device, error));
        FC_TRY(fc_calibration_read_states(out, device, error));
    }
    FC_TRY(fc_calibration_read_sheet(&out->sheet, fc_node_get(root, "sheet"), error));
    const fc_node *method = fc_node_get(root, "method");
    if (method != NULL && method->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_read(&out->method, method_rows, COUNT_OF(method_rows), method, error));
    }
    const fc_node *taken_at = fc_node_get(root, "taken_at");
    if (taken_at != NULL && taken_at->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_text(out->taken_at, sizeof out->taken_at, taken_at, error));
    }
    const fc_node *unstable = fc_node_get(root, "unstable");
    if (unstable != NULL && unstable->kind != FC_NODE_NULL) {
        FC_TRY(fc_record_bool(&out->unstable, unstable, error));
    }
    FC_TRY(read_samples(out, arena, root, error));
    const fc_node *fit = fc_node_get(root, "fit");
    if (fit != NULL && fit->kind != FC_NODE_NULL) {
        out->fit.threads = fc_calibration_threads(out->samples, out->samples_count);
        return read_fit(&out->fit, fit, fc_node_get(root, "heldout"), error);
    }
    return make_fit(out, root, error);
}

fc_status fc_calibration_read(fc_calibration *out, fc_arena *arena, const char *path, fc_error *error) {
    fc_node *root = NULL;
    FC_TRY(fc_tree_read(&root, arena, path, error));
    return fc_calibration_from_tree(out, arena, root, error);
}
