/* calibration_write.c: a calibration as JSON, and its samples as CSV. */
#include "calibration_device.h"
#include "calibration_file.h"
#include "calibration_state.h"

#include "../base/units.h"
#include "json_out.h"
#include "table.h"

#include <string.h>

static void write_machine(fc_json_out *json, const fc_machine *machine) {
    fc_json_out_object(json, "machine");
    fc_json_out_text(json, "cpu", machine->cpu);
    fc_json_out_text(json, "kernel", machine->kernel);
    fc_json_out_text(json, "governor", machine->governor);
    fc_json_out_text(json, "simd", machine->simd);
    fc_json_out_count(json, "cores_count", machine->cores_count);
    fc_json_out_count(json, "memory_bytes", machine->memory_bytes);
    if (machine->ranks_count > 0) {
        fc_json_out_text(json, "mpi_library", machine->mpi_library);
        fc_json_out_text(json, "rank_hosts", machine->rank_hosts);
        fc_json_out_text(json, "rank_placement", machine->rank_placement);
        fc_json_out_count(json, "ranks_count", machine->ranks_count);
        fc_json_out_count(json, "rank_hosts_count", machine->rank_hosts_count);
        fc_json_out_count(json, "ranks_per_host_least", machine->ranks_per_host_least);
        fc_json_out_count(json, "ranks_per_host_most", machine->ranks_per_host_most);
    }
    fc_json_out_end_object(json);
}

static void write_device(fc_json_out *json, const fc_calibration *calibration) {
    const fc_device_info *device = &calibration->device;
    fc_json_out_object(json, "device");
    fc_json_out_text(json, "backend", device->backend);
    fc_json_out_text(json, "name", device->name);
    fc_json_out_text(json, "library", device->library);
    fc_json_out_text(json, "driver", device->driver);
    fc_json_out_count(json, "threads", device->threads);
    fc_json_out_number(json, "cores_count", device->cores_count);
    fc_json_out_count(json, "memory_bytes", device->memory_bytes);
    if (device->cache_bytes > 0.0) {
        fc_json_out_count(json, "cache_bytes", device->cache_bytes);
    }
    fc_json_out_number(json, "clock_hz", device->clock_hz);
    fc_json_out_bool(json, "emulated", device->emulated != 0);
    fc_json_out_bool(json, "pinned", device->pinned != 0);
    fc_calibration_write_states(json, calibration);
    fc_json_out_end_object(json);
}

static void write_method(fc_json_out *json, const fc_method *method) {
    fc_json_out_object(json, "method");
    fc_json_out_number(json, "aim_noise_frac", method->aim_noise_frac);
    fc_json_out_number(json, "reference_start_s", method->reference_start_s);
    fc_json_out_number(json, "reference_middle_s", method->reference_middle_s);
    fc_json_out_number(json, "reference_end_s", method->reference_end_s);
    fc_json_out_number(json, "drift_frac", method->drift_frac);
    fc_json_out_end_object(json);
}

static void write_sample(fc_json_out *json, const fc_sample *sample) {
    fc_json_out_object(json, NULL);
    fc_json_out_text(json, "kind", fc_sample_kind_name((fc_sample_kind)sample->kind));
    if (sample->memory_op != FC_MEMORY_OP_NONE) {
        fc_json_out_text(json, "op", fc_memory_op_name((fc_memory_op)sample->memory_op));
    }
    if (sample->kind == FC_SAMPLE_COLLECTIVE) {
        fc_json_out_text(json, "op", fc_collective_op_name((fc_collective_op)sample->collective_op));
        fc_json_out_count(json, "ranks", sample->ranks);
    }
    if (sample->dtype < FC_DTYPE_COUNT) {
        fc_json_out_text(json, "dtype", fc_dtype_name((fc_dtype)sample->dtype));
    }
    fc_json_out_count(json, "m", sample->m);
    fc_json_out_count(json, "n", sample->n);
    fc_json_out_count(json, "k", sample->k);
    fc_json_out_count(json, "batch", sample->batch);
    if (sample->kind == FC_SAMPLE_MATMUL) {
        fc_json_out_text(json, "layout", fc_layout_name((fc_layout)sample->layout));
        fc_json_out_text(json, "class", fc_shape_class_name((fc_shape_class)sample->shape_class));
    }
    fc_json_out_number(json, "bytes", sample->bytes);
    fc_json_out_count(json, "threads", sample->threads);
    fc_json_out_text(json, "residency", fc_residency_name((fc_residency)sample->residency));
    if (sample->level > 0) {
        fc_json_out_count(json, "level", sample->level);
    }
    fc_json_out_number(json, "seconds", sample->seconds);
    fc_json_out_number(json, "seconds_min", sample->seconds_min);
    fc_json_out_number(json, "noise_frac", sample->noise_frac);
    fc_json_out_count(json, "repeats", sample->repeats);
    fc_calibration_write_slowdowns(json, sample->slowdowns);
    fc_json_out_bool(json, "unstable", sample->unstable != 0);
    fc_json_out_bool(json, "heldout", sample->heldout != 0);
    fc_json_out_end_object(json);
}

static void write_fit_dtype(fc_json_out *json, fc_dtype dtype, const fc_fit_dtype *fitted) {
    fc_json_out_object(json, NULL);
    fc_json_out_text(json, "dtype", fc_dtype_name(dtype));
    fc_json_out_number(json, "peak_flop_per_s", fitted->peak_flop_per_s);
    fc_json_out_number(json, "m_half", fitted->curve.m_half);
    fc_json_out_number(json, "n_half", fitted->curve.n_half);
    fc_json_out_number(json, "k_half", fitted->curve.k_half);
    fc_json_out_number(json, "nn_rate_frac", fitted->curve.nn_rate_frac);
    fc_json_out_number(json, "tn_rate_frac", fitted->curve.tn_rate_frac);
    fc_json_out_number(json, "launch_s", fitted->launch_s);
    fc_json_out_count(json, "samples_count", fitted->samples_count);
    fc_json_out_count(json, "heldout_count", fitted->heldout_count);
    fc_json_out_number(json, "heldout_median_abs_error_frac", fitted->heldout_median_abs_error_frac);
    fc_json_out_end_object(json);
}

static void write_curves(fc_json_out *json, const char *key, const fc_fit_dtype *curves) {
    fc_json_out_list(json, key);
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (curves[dtype].peak_flop_per_s > 0.0) {
            write_fit_dtype(json, (fc_dtype)dtype, &curves[dtype]);
        }
    }
    fc_json_out_end_list(json);
}

static void write_fit_collectives(fc_json_out *json, const fc_fit *fit) {
    if (fit->collectives_count == 0) {
        return;
    }
    fc_json_out_list(json, "collectives");
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        const fc_fit_collective *fitted = &fit->collectives[i];
        fc_json_out_object(json, NULL);
        fc_json_out_text(json, "op", fc_collective_op_name((fc_collective_op)fitted->op));
        fc_json_out_count(json, "ranks", fitted->ranks);
        fc_json_out_number(json, "latency_s", fitted->latency_s);
        fc_json_out_number(json, "bus_bytes_per_s", fitted->bus_bytes_per_s);
        fc_json_out_count(json, "samples_count", fitted->samples_count);
        fc_json_out_number(json, "median_abs_error_frac", fitted->median_abs_error_frac);
        fc_json_out_end_object(json);
    }
    fc_json_out_end_list(json);
}

static void write_fit(fc_json_out *json, const fc_fit *fit) {
    fc_json_out_object(json, "fit");
    fc_json_out_number(json, "memory_bytes_per_s", fit->memory_bytes_per_s);
    fc_json_out_number(json, "copy_bytes_per_s", fit->copy_bytes_per_s);
    fc_json_out_count(json, "threads", fit->threads);
    write_curves(json, "dtypes", fit->dtype);
    write_curves(json, "one_thread", fit->one_thread);
    write_fit_collectives(json, fit);
    fc_calibration_write_kernels(json, fit);
    fc_json_out_end_object(json);
    fc_json_out_object(json, "heldout");
    fc_json_out_count(json, "count", fit->heldout_count);
    fc_json_out_number(json, "median_abs_error_frac", fit->heldout_median_abs_error_frac);
    fc_json_out_number(json, "p90_abs_error_frac", fit->heldout_p90_abs_error_frac);
    fc_json_out_end_object(json);
}

fc_status fc_calibration_write_json(fc_text *text, const fc_calibration *calibration, fc_error *error) {
    fc_json_out json = fc_json_out_start(text);
    fc_json_out_object(&json, NULL);
    fc_json_out_count(&json, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&json, "flopcast_version", FC_VERSION);
    write_machine(&json, &calibration->machine);
    write_device(&json, calibration);
    fc_calibration_write_sheet(&json, &calibration->sheet);
    write_method(&json, &calibration->method);
    fc_json_out_text(&json, "taken_at", calibration->taken_at);
    fc_json_out_bool(&json, "unstable", calibration->unstable != 0);
    fc_json_out_list(&json, "samples");
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        write_sample(&json, &calibration->samples[i]);
    }
    fc_json_out_end_list(&json);
    write_fit(&json, &calibration->fit);
    fc_json_out_end_object(&json);
    fc_text_add(text, "\n");
    if (json.failed || text->failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "the calibration cannot be written: %s",
                            json.failed ? "a number in it is not finite" : "no memory left");
    }
    return FC_OK;
}

/* One cell of CSV in the arena; the table copies nothing it cannot hold, so a missing text becomes an empty cell. */
static const char *exact(fc_text *text, double value) {
    char buffer[64];
    fc_units_format_exact(buffer, sizeof buffer, value);
    return fc_arena_strdup(text->arena, buffer);
}

static const char *op_name(const fc_sample *sample) {
    return sample->kind == FC_SAMPLE_COLLECTIVE ? fc_collective_op_name((fc_collective_op)sample->collective_op)
                                                : fc_memory_op_name((fc_memory_op)sample->memory_op);
}

fc_status fc_calibration_write_csv(fc_text *text, const fc_calibration *calibration, fc_error *error) {
    static const char *const heading[] = {"kind",    "op",          "dtype",      "m",       "n",
                                          "k",       "batch",       "bytes",      "threads", "residency",
                                          "seconds", "seconds_min", "noise_frac", "repeats", "unstable",
                                          "heldout", "ranks",       "level",      "layout",  "class"};
    fc_table *table = fc_table_start(text->arena, "lllrrrrrrlrrrrllrrll");
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table");
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        const char *cells[] = {
            fc_sample_kind_name((fc_sample_kind)sample->kind),
            op_name(sample),
            sample->dtype < FC_DTYPE_COUNT ? fc_dtype_name((fc_dtype)sample->dtype) : "",
            exact(text, sample->m),
            exact(text, sample->n),
            exact(text, sample->k),
            exact(text, sample->batch),
            exact(text, sample->bytes),
            exact(text, sample->threads),
            fc_residency_name((fc_residency)sample->residency),
            exact(text, sample->seconds),
            exact(text, sample->seconds_min),
            exact(text, sample->noise_frac),
            exact(text, sample->repeats),
            sample->unstable ? "true" : "false",
            sample->heldout ? "true" : "false",
            exact(text, sample->ranks),
            exact(text, sample->level),
            sample->kind == FC_SAMPLE_MATMUL ? fc_layout_name((fc_layout)sample->layout) : "",
            sample->kind == FC_SAMPLE_MATMUL ? fc_shape_class_name((fc_shape_class)sample->shape_class) : ""};
        fc_table_row(table, cells);
    }
    fc_table_print_csv(table, text);
    return text->failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table") : FC_OK;
}
