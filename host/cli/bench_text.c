#include "bench_text.h"

#include "../base/units.h"
#include "../doors/table.h"
#include "bench_rates.h"

#include <stdio.h>
#include <string.h>

#define CELL 32

/* The format that models are trained in on such a device: 16 bit where it has that, else fp32. */
static uint32_t headline_dtype(const fc_calibration *calibration) {
    static const fc_dtype order[] = {FC_DTYPE_BF16, FC_DTYPE_FP16, FC_DTYPE_FP32, FC_DTYPE_TF32,
                                     FC_DTYPE_FP64, FC_DTYPE_FP8,  FC_DTYPE_INT8};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (fc_bench_best_matmul(calibration, order[i]) > 0.0) {
            return order[i];
        }
    }
    return FC_DTYPE_FP32;
}

static void write_headline(fc_text *out, const fc_calibration *calibration) {
    const fc_device_info *device = &calibration->device;
    uint32_t dtype = headline_dtype(calibration);
    char matmul[CELL];
    char triad[CELL];
    fc_units_format(matmul, sizeof matmul, fc_bench_best_matmul(calibration, dtype), FC_UNIT_FLOP_PER_S, 3);
    fc_units_format(triad, sizeof triad, calibration->fit.memory_bytes_per_s, FC_UNIT_BYTES_PER_S, 3);
    bool is_replay = strcmp(device->backend, "replay") == 0;
    const char *opening = is_replay ? "A recording, not this machine, gives"
                                    : (device->emulated ? "EMULATED, no measurement: this device is computed and gives"
                                                        : "This machine delivers");
    char threads[CELL] = "";
    if (device->threads > 0) {
        (void)snprintf(threads, sizeof threads, "%u thread%s, ", device->threads, device->threads == 1 ? "" : "s");
    }
    fc_text_addf(out, "%s %s in %s matmul and %s triad (%s, %s%s).\n", opening, matmul, fc_dtype_name((fc_dtype)dtype),
                 calibration->fit.memory_bytes_per_s > 0.0 ? triad : "no known", device->name, threads,
                 device->library);
    if (calibration->unstable) {
        fc_text_add(out, "UNSTABLE: more than half of the timings were disturbed; the true rates are likely higher.\n");
    }
}

static const char *residency_text(const fc_calibration *calibration) {
    uint32_t cold = 0;
    uint32_t matmuls = 0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        matmuls += calibration->samples[i].kind == FC_SAMPLE_MATMUL;
        cold += calibration->samples[i].kind == FC_SAMPLE_MATMUL &&
                calibration->samples[i].residency == FC_RESIDENCY_MEMORY;
    }
    return cold == matmuls ? " and in memory" : (cold == 0 ? " and perhaps in cache" : " and mostly in memory");
}

static void write_machine(fc_text *out, const fc_bench_text *what) {
    const fc_calibration *calibration = &what->report->calibration;
    const fc_machine *machine = &calibration->machine;
    char memory[CELL];
    char wall[CELL];
    fc_units_format(memory, sizeof memory, machine->memory_bytes, FC_UNIT_BYTES, 3);
    fc_units_format(wall, sizeof wall, what->report->wall_s, FC_UNIT_S, 3);
    fc_text_addf(out, "\nMachine   %s, %u cores, %s, %s memory, governor %s, %s\n", machine->cpu, machine->cores_count,
                 machine->simd, memory, machine->governor, machine->kernel);
    fc_text_addf(out, "Backend   %s (%s), driver %s\n", calibration->device.backend, what->chosen,
                 calibration->device.driver);
    fc_bench_write_state(out, calibration);
    fc_bench_write_sheet(out, calibration);
    fc_text_addf(out, "Measured  %u cases in %s, operands random%s%s", calibration->samples_count, wall,
                 residency_text(calibration), calibration->device.pinned ? ", threads pinned" : "");
    if (calibration->method.aim_noise_frac > 0.0) {
        fc_text_addf(out, "; aim: the middle half of the timings within %g %%",
                     100.0 * calibration->method.aim_noise_frac);
    }
    fc_text_add(out, "\n");
}

/* "triad L2, 1 thread": the op or kind, the cache that held it, and the threads where they are not all, or the
 * size of its arrays where that was chosen. */
static void add_name(fc_table *table, const fc_calibration *calibration, const fc_sample *sample) {
    bool has_op = sample->memory_op != FC_MEMORY_OP_NONE;
    if (sample->kind == FC_SAMPLE_COLLECTIVE) {
        char size[CELL];
        fc_units_format(size, sizeof size, sample->bytes, FC_UNIT_BYTES, 3);
        fc_table_cellf(table, "%s, %u ranks, %s", fc_collective_op_name((fc_collective_op)sample->collective_op),
                       sample->ranks, size);
        return;
    }
    char level[8] = "";
    char threads[CELL + 8] = "";
    if (sample->level > 0) {
        (void)snprintf(level, sizeof level, " L%u", sample->level % 10U);
    }
    if (sample->threads > 0 && sample->threads < calibration->device.threads) {
        (void)snprintf(threads, sizeof threads, ", %u thread%s", sample->threads, sample->threads == 1 ? "" : "s");
    }
    if (sample->kind == FC_SAMPLE_MEMORY && sample->m > 0) {
        char size[CELL];
        fc_units_format(size, sizeof size, 1024.0 * sample->m, FC_UNIT_BYTES, 3);
        (void)snprintf(threads, sizeof threads, ", %s", size);
    }
    fc_table_cellf(table, "%s%s%s",
                   has_op ? fc_memory_op_name((fc_memory_op)sample->memory_op)
                          : fc_sample_kind_name((fc_sample_kind)sample->kind),
                   level, threads);
}

static void add_sizes(fc_table *table, const fc_sample *sample) {
    bool has_shape = sample->kind == FC_SAMPLE_MATMUL || sample->kind == FC_SAMPLE_ELEMENTWISE;
    const uint32_t sizes[] = {sample->m, sample->n, sample->k};
    for (size_t i = 0; i < 3; i++) {
        if (has_shape && sizes[i] > 0) {
            fc_table_cellf(table, "%u", sizes[i]);
        } else {
            fc_table_cellf(table, "%s", "");
        }
    }
}

static void add_fit_error(fc_table *table, const fc_calibration *calibration, const fc_sample *sample) {
    double fitted_s = 0.0;
    if (sample->kind == FC_SAMPLE_MATMUL) {
        fitted_s = fc_calibration_sample_s(&calibration->fit, sample);
    }
    if (fitted_s > 0.0) {
        fc_table_cellf(table, "%+.0f %%%s", 100.0 * (fitted_s / sample->seconds - 1.0),
                       sample->heldout ? " held out" : "");
    } else {
        fc_table_cellf(table, "%s", "");
    }
}

/* A rate of what it could be, or nothing where that is not known. */
static void add_share(fc_table *table, double rate, double whole) {
    if (whole > 0.0) {
        fc_table_cellf(table, "%.0f %%", 100.0 * rate / whole);
    } else {
        fc_table_cellf(table, "%s", "");
    }
}

static void add_sample(fc_table *table, const fc_calibration *calibration, const fc_sample *sample) {
    char time[CELL];
    char rate[CELL];
    double limit = fc_bench_limit(calibration, sample);
    fc_units_format(time, sizeof time, sample->seconds, FC_UNIT_S, 3);
    fc_units_format(rate, sizeof rate, fc_bench_rate(sample),
                    fc_bench_counts_flop(sample) ? FC_UNIT_FLOP_PER_S : FC_UNIT_BYTES_PER_S, 3);
    add_name(table, calibration, sample);
    fc_table_cellf(table, "%s", sample->kind == FC_SAMPLE_LAUNCH ? "" : fc_dtype_name((fc_dtype)sample->dtype));
    add_sizes(table, sample);
    fc_table_cellf(table, "%s", time);
    fc_table_cellf(table, "%s", limit > 0.0 || sample->kind == FC_SAMPLE_COLLECTIVE ? rate : "");
    char spoiled[CELL * 3] = "";
    fc_bench_slowdown_names(spoiled, sizeof spoiled, sample->slowdowns & FC_SLOWDOWNS_SPOILING);
    fc_table_cellf(table, "%.1f %%%s%s%s", 100.0 * sample->noise_frac, sample->unstable ? " unstable" : "",
                   spoiled[0] != '\0' ? ": " : "", spoiled);
    add_share(table, fc_bench_rate(sample), limit);
    if (calibration->sheet.chip[0] != '\0') {
        add_share(table, fc_bench_rate(sample), fc_bench_sheet_rate(calibration, sample));
    }
    add_fit_error(table, calibration, sample);
}

static fc_status write_samples(fc_text *out, const fc_bench_text *what, fc_error *error) {
    static const char *const heading[] = {"case", "dtype", "m",     "n",        "k",
                                          "time", "rate",  "noise", "of limit", "fit's error"};
    static const char *const with_sheet[] = {"case", "dtype", "m",        "n",        "k",          "time",
                                             "rate", "noise", "of limit", "of sheet", "fit's error"};
    const fc_calibration *calibration = &what->report->calibration;
    bool has_sheet = calibration->sheet.chip[0] != '\0';
    fc_table *table = fc_table_start(out->arena, has_sheet ? "llrrrrrlrrl" : "llrrrrrlrl");
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table");
    }
    fc_table_heading(table, has_sheet ? with_sheet : heading);
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        add_sample(table, calibration, &calibration->samples[i]);
    }
    fc_text_add(out, "\n");
    if (what->markdown) {
        fc_table_print_markdown(table, out);
    } else {
        fc_table_print(table, out, 0, what->width);
    }
    return FC_OK;
}

void fc_bench_text_collectives(fc_text *out, const fc_fit *fit) {
    if (fit->collectives_count > 0) {
        fc_text_add(out, "\nCollectives: time = latency + bytes that a rank sends / bandwidth\n");
    }
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        const fc_fit_collective *fitted = &fit->collectives[i];
        char latency[CELL];
        char rate[CELL];
        fc_units_format(latency, sizeof latency, fitted->latency_s, FC_UNIT_S, 3);
        fc_units_format(rate, sizeof rate, fitted->bus_bytes_per_s, FC_UNIT_BYTES_PER_S, 3);
        fc_text_addf(out, "  %-14s %u ranks: latency %s, %s; %u sizes, off by %.1f %% (median of these)\n",
                     fc_collective_op_name((fc_collective_op)fitted->op), fitted->ranks, latency,
                     fitted->bus_bytes_per_s > 0.0 ? rate : "bandwidth not told by these sizes", fitted->samples_count,
                     100.0 * fitted->median_abs_error_frac);
    }
}

/* `peak_flop_per_s`: of the sheet; 0: there is none. */
static void write_curve(fc_text *out, const char *name, const fc_fit_dtype *fitted, double peak_flop_per_s) {
    char ceiling[CELL];
    char share[CELL] = "";
    char launch[CELL];
    if (!(fitted->peak_flop_per_s > 0.0)) {
        return;
    }
    fc_units_format(ceiling, sizeof ceiling, fitted->peak_flop_per_s, FC_UNIT_FLOP_PER_S, 3);
    fc_units_format(launch, sizeof launch, fitted->launch_s, FC_UNIT_S, 2);
    if (peak_flop_per_s > 0.0) {
        (void)snprintf(share, sizeof share, " (%.1f %% of the sheet)",
                       100.0 * fitted->peak_flop_per_s / peak_flop_per_s);
    }
    fc_text_addf(out, "  %-5s ceiling %s%s, halves m %.3g n %.3g k %.3g, launch %s; %u shapes", name, ceiling, share,
                 fitted->curve.m_half, fitted->curve.n_half, fitted->curve.k_half, launch, fitted->samples_count);
    if (fitted->curve.nn_rate_frac > 0.0 && fitted->curve.tn_rate_frac > 0.0) {
        fc_text_addf(out, "; input gradients at %.2f of the forward rate, weight gradients at %.2f",
                     fitted->curve.nn_rate_frac, fitted->curve.tn_rate_frac);
    }
    if (fitted->heldout_count > 0) {
        fc_text_addf(out, "; off by %.1f %% (median) on %u held out", 100.0 * fitted->heldout_median_abs_error_frac,
                     fitted->heldout_count);
    }
    fc_text_add(out, "\n");
}

/* All shapes, fitted ones too: a class whose median stands out is one that the form of the curve does not know. */
static void write_classes(fc_text *out, const fc_calibration *calibration) {
    bool first = true;
    /* A table made elsewhere has one class, "other": it would say nothing new. */
    for (uint32_t shape_class = FC_SHAPE_OTHER + 1; shape_class < FC_SHAPE_CLASS_COUNT; shape_class++) {
        fc_fit_filter filter = {FC_DTYPE_COUNT, shape_class, 0, 0};
        fc_fit_error error =
            fc_calibration_error(&calibration->fit, calibration->samples, calibration->samples_count, &filter);
        if (error.count == 0) {
            continue;
        }
        fc_text_addf(out, "%s%s %.1f %% (%u)", first ? "Median error by class of shape, fitted ones too: " : ", ",
                     fc_shape_class_name((fc_shape_class)shape_class), 100.0 * error.median_abs_error_frac,
                     error.count);
        first = false;
    }
    fc_text_add(out, first ? "" : "\n");
}

/* The curves with tiles and waves, which answer before the ramps. */
static void write_kernels(fc_text *out, const fc_fit *fit) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        const fc_fit_kernel *kernel = &fit->kernel[dtype];
        if (kernel->curve.fitted_count == 0) {
            continue;
        }
        fc_text_addf(out, "  %-5s tiles and waves as on %s, rates and latencies fitted to %u shapes",
                     fc_dtype_name((fc_dtype)dtype), kernel->like, kernel->curve.fitted_count);
        if (kernel->curve.heldout_count > 0) {
            fc_text_addf(out, "; off by %.1f %% (median) on %u held out",
                         100.0 * kernel->curve.heldout_median_abs_error_frac, kernel->curve.heldout_count);
        }
        fc_text_add(out, "\n");
    }
}

static void write_matmul_fit(fc_text *out, const fc_calibration *calibration) {
    const fc_fit *fit = &calibration->fit;
    fc_text_add(out,
                "\nFit: time = launch + max(2mnk / (ceiling r(m) r(n) r(k)), bytes / triad), r(x) = x/(x + half)\n");
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        write_curve(out, fc_dtype_name((fc_dtype)dtype), &fit->dtype[dtype], calibration->sheet.peak_flop_per_s[dtype]);
    }
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        char name[CELL];
        (void)snprintf(name, sizeof name, "%s, 1 thread", fc_dtype_name((fc_dtype)dtype));
        write_curve(out, name, &fit->one_thread[dtype], 0.0);
    }
    write_kernels(out, fit);
    if (fit->heldout_count > 0) {
        fc_text_addf(out,
                     "Held-out shapes, never seen by the fit: median error %.1f %%, 90th percentile %.1f %%, over "
                     "%u.\n",
                     100.0 * fit->heldout_median_abs_error_frac, 100.0 * fit->heldout_p90_abs_error_frac,
                     fit->heldout_count);
    }
    write_classes(out, calibration);
}

void fc_bench_text_fit(fc_text *out, const fc_calibration *calibration) {
    const fc_fit *fit = &calibration->fit;
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        any = any || fit->dtype[dtype].peak_flop_per_s > 0.0;
    }
    if (any) {
        write_matmul_fit(out, calibration);
    }
    fc_bench_text_collectives(out, fit);
}

/* What was asked for and is not in the table; what was never asked for by name is one line. */
static void write_missing(fc_text *out, const fc_bench_text *what) {
    const fc_bench_report *report = what->report;
    bool first = true;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (report->refused[dtype][0] == '\0') {
            continue;
        }
        if (what->dtypes != 0) {
            fc_text_addf(out, "Left out: %s.\n", report->refused[dtype]);
        } else {
            fc_text_addf(out, "%s%s", first ? "Not on this device: " : ", ", fc_dtype_name((fc_dtype)dtype));
            first = false;
        }
    }
    if (!first) {
        fc_text_add(out, ".\n");
    }
    if (report->no_collectives[0] != '\0') {
        fc_text_addf(out, "No collectives: %s.\n", report->no_collectives);
    }
    if (report->unlimited_count > 0) {
        fc_text_addf(out, "%u limit%s had no room in their quarter of the budget.\n", report->unlimited_count,
                     report->unlimited_count == 1 ? "" : "s");
    }
    if (report->dropped_count > 0) {
        fc_text_addf(out, "%u shape%s had no room in the budget or the memory; a longer --budget takes larger ones.\n",
                     report->dropped_count, report->dropped_count == 1 ? "" : "s");
    }
}

fc_status fc_bench_text_write(fc_text *out, const fc_bench_text *what, fc_error *error) {
    const fc_calibration *calibration = &what->report->calibration;
    write_headline(out, calibration);
    write_machine(out, what);
    fc_bench_write_limits(out, calibration);
    FC_TRY(write_samples(out, what, error));
    fc_bench_text_fit(out, calibration);
    write_missing(out, what);
    fc_text_addf(out, "\nWritten to %s\nNext: flopcast estimate local-gpt2 --calibration %s\n", what->path, what->path);
    return FC_OK;
}
