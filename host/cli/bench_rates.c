#include "bench_rates.h"

#include "../../bench/shapes.h"
#include "../base/units.h"

#include <stdio.h>
#include <string.h>

#define CELL 32
#define MOST_LEVEL 3

bool fc_bench_counts_flop(const fc_sample *sample) {
    return sample->kind == FC_SAMPLE_MATMUL || sample->kind == FC_SAMPLE_CEILING;
}

double fc_bench_rate(const fc_sample *sample) {
    if (sample->kind == FC_SAMPLE_COLLECTIVE) {
        return sample->bytes * fc_collective_traffic_frac((fc_collective_op)sample->collective_op, sample->ranks) /
               sample->seconds;
    }
    bool moves = sample->kind == FC_SAMPLE_MEMORY || sample->kind == FC_SAMPLE_ELEMENTWISE;
    double amount = fc_bench_counts_flop(sample) ? fc_bench_flop(sample) : (moves ? sample->bytes : 0.0);
    return amount / sample->seconds;
}

/* A limit is what the device showed once that it can: its least time. What the library delivers is its median. */
static double limit_rate(const fc_sample *sample) {
    bool is_limit = sample->kind != FC_SAMPLE_MATMUL && sample->seconds_min > 0.0;
    return fc_bench_rate(sample) * (is_limit ? sample->seconds / sample->seconds_min : 1.0);
}

/* The fastest sample of a kind with `threads` (0: any): of arithmetic by dtype, of memory by level, first touch aside. */
static double fastest(const fc_calibration *calibration, uint32_t kind, uint32_t dtype, uint32_t level,
                      uint32_t threads) {
    double best = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        bool is_same = kind == FC_SAMPLE_MEMORY
                           ? sample->level == level && sample->memory_op != FC_MEMORY_OP_FIRST_TOUCH
                           : sample->dtype == dtype;
        if (sample->kind == kind && is_same && (threads == 0 || sample->threads == threads) &&
            limit_rate(sample) > best) {
            best = limit_rate(sample);
        }
    }
    return best;
}

double fc_bench_best_matmul(const fc_calibration *calibration, uint32_t dtype) {
    return fastest(calibration, FC_SAMPLE_MATMUL, dtype, 0, 0);
}

double fc_bench_limit(const fc_calibration *calibration, const fc_sample *sample) {
    if (fc_bench_counts_flop(sample)) {
        double ceiling = fastest(calibration, FC_SAMPLE_CEILING, sample->dtype, 0, sample->threads);
        return ceiling > 0.0 ? ceiling : fc_bench_best_matmul(calibration, sample->dtype);
    }
    if (sample->kind != FC_SAMPLE_MEMORY && sample->kind != FC_SAMPLE_ELEMENTWISE) {
        return 0.0;
    }
    double same = fastest(calibration, FC_SAMPLE_MEMORY, 0, sample->level, sample->threads);
    return same > 0.0 ? same : fastest(calibration, FC_SAMPLE_MEMORY, 0, sample->level, 0);
}

double fc_bench_sheet_rate(const fc_calibration *calibration, const fc_sample *sample) {
    const fc_device_sheet *sheet = &calibration->sheet;
    if (sheet->chip[0] == '\0') {
        return 0.0;
    }
    if (fc_bench_counts_flop(sample)) {
        return sample->dtype < FC_DTYPE_COUNT ? sheet->peak_flop_per_s[sample->dtype] : 0.0;
    }
    if (sample->kind == FC_SAMPLE_COLLECTIVE) {
        return sample->ranks <= sheet->scaleup_domain_count ? sheet->scaleup_bytes_per_s : 0.0;
    }
    bool moves = sample->kind == FC_SAMPLE_MEMORY || sample->kind == FC_SAMPLE_ELEMENTWISE;
    return moves && sample->level == 0 ? sheet->memory_bytes_per_s : 0.0; /* a sheet does not tell rates of caches */
}

void fc_bench_write_sheet(fc_text *out, const fc_calibration *calibration) {
    const fc_device_sheet *sheet = &calibration->sheet;
    char text[CELL];
    if (sheet->chip[0] == '\0') {
        fc_text_addf(out, "Sheet     none: %s\n",
                     sheet->reason[0] != '\0' ? sheet->reason : "the device was not looked up");
        return;
    }
    fc_text_addf(out, "Sheet     %s, by the device's name:", sheet->chip);
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (sheet->peak_flop_per_s[dtype] > 0.0 && fc_bench_best_matmul(calibration, dtype) > 0.0) {
            fc_units_format(text, sizeof text, sheet->peak_flop_per_s[dtype], FC_UNIT_FLOP_PER_S, 3);
            fc_text_addf(out, " %s %s dense,", fc_dtype_name((fc_dtype)dtype), text);
        }
    }
    fc_units_format(text, sizeof text, sheet->memory_bytes_per_s, FC_UNIT_BYTES_PER_S, 3);
    fc_text_addf(out, " memory %s\n", sheet->memory_bytes_per_s > 0.0 ? text : "unknown");
}

/* ---- the summary ------------------------------------------------------------------------------------------------ */

static uint32_t most_threads(const fc_calibration *calibration) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        most = calibration->samples[i].threads > most ? calibration->samples[i].threads : most;
    }
    return most;
}

/* " (one thread X)" where a measurement of one thread stands beside that of all. */
static void add_single(fc_text *out, double single, uint32_t threads, fc_unit unit) {
    if (threads > 1 && single > 0.0) {
        char text[CELL];
        fc_units_format(text, sizeof text, single, unit, 3);
        fc_text_addf(out, " (one thread %s)", text);
    }
}

/* " (74.0 % of the sheet)", where there is one. */
static void add_sheet(fc_text *out, double rate, double sheet_rate) {
    if (sheet_rate > 0.0) {
        fc_text_addf(out, " (%.1f %% of the sheet)", 100.0 * rate / sheet_rate);
    }
}

/* The best matmul of a dtype as a share of the measured ceiling, where there is one, and of the sheet. */
static void add_best(fc_text *out, const fc_calibration *calibration, uint32_t dtype, double ceiling) {
    double best = fc_bench_best_matmul(calibration, dtype);
    if (best > 0.0) {
        fc_text_addf(out, "; the best matmul reaches %.1f %%", 100.0 * best / ceiling);
        add_sheet(out, best, calibration->sheet.peak_flop_per_s[dtype]);
    }
}

/* A device whose ceiling is not measured, as of tensor cores: its best matmul by the sheet alone. */
static void write_uncapped(fc_text *out, const fc_calibration *calibration, uint32_t dtype) {
    double best = fc_bench_best_matmul(calibration, dtype);
    double peak = calibration->sheet.peak_flop_per_s[dtype];
    if (best > 0.0 && peak > 0.0) {
        fc_text_addf(out, "  %-5s no ceiling measured; the best matmul reaches %.1f %% of the sheet\n",
                     fc_dtype_name((fc_dtype)dtype), 100.0 * best / peak);
    }
}

static void write_ceilings(fc_text *out, const fc_calibration *calibration, uint32_t threads) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        double ceiling = fastest(calibration, FC_SAMPLE_CEILING, dtype, 0, threads);
        if (!(ceiling > 0.0)) {
            write_uncapped(out, calibration, dtype);
            continue;
        }
        char text[CELL];
        fc_units_format(text, sizeof text, ceiling, FC_UNIT_FLOP_PER_S, 3);
        fc_text_addf(out, "  %-5s multiply-adds on registers %s", fc_dtype_name((fc_dtype)dtype), text);
        add_single(out, fastest(calibration, FC_SAMPLE_CEILING, dtype, 0, 1), threads, FC_UNIT_FLOP_PER_S);
        add_best(out, calibration, dtype, ceiling);
        fc_text_add(out, "\n");
    }
}

static void write_bandwidths(fc_text *out, const fc_calibration *calibration, uint32_t threads) {
    for (uint32_t level = 1; level <= MOST_LEVEL + 1; level++) {
        uint32_t at = level <= MOST_LEVEL ? level : 0;
        double best = fastest(calibration, FC_SAMPLE_MEMORY, 0, at, threads);
        if (!(best > 0.0)) {
            continue;
        }
        char text[CELL];
        char name[CELL] = "memory";
        if (at > 0) {
            (void)snprintf(name, sizeof name, "L%u", at);
        }
        fc_units_format(text, sizeof text, best, FC_UNIT_BYTES_PER_S, 3);
        fc_text_addf(out, "  %-6s up to %s", name, text);
        add_single(out, fastest(calibration, FC_SAMPLE_MEMORY, 0, at, 1), threads, FC_UNIT_BYTES_PER_S);
        add_sheet(out, best, at == 0 ? calibration->sheet.memory_bytes_per_s : 0.0);
        fc_text_add(out, "\n");
    }
}

static const char *launch_text(uint32_t op) {
    switch (op) {
    case FC_MEMORY_OP_WAKE:
        return "to wake all threads and wait for them";
    case FC_MEMORY_OP_WAIT:
        return "a launch that the host waits for";
    default:
        return "a launch, or a call of size 1,";
    }
}

static void write_launches(fc_text *out, const fc_calibration *calibration) {
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        if (sample->kind == FC_SAMPLE_LAUNCH) {
            char text[CELL];
            fc_units_format(text, sizeof text, sample->seconds, FC_UNIT_S, 2);
            fc_text_addf(out, "  %s %s\n", launch_text(sample->memory_op), text);
        }
    }
}

void fc_bench_slowdown_names(char *out, size_t size, uint32_t slowdowns) {
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < FC_SLOWDOWN_COUNT; i++) {
        if ((slowdowns & (1U << i)) != 0 && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "",
                                     fc_slowdown_name((fc_slowdown)i));
        }
    }
}

/* "name VALUE of LIMIT", as much of it as is known. */
static void add_known(fc_text *out, const char *name, double value, double limit, fc_unit unit) {
    char text[CELL];
    if (!(value > 0.0)) {
        return;
    }
    fc_units_format(text, sizeof text, value, unit, 3);
    fc_text_addf(out, "%s%s", name, text);
    if (limit > 0.0) {
        fc_units_format(text, sizeof text, limit, unit, 3);
        fc_text_addf(out, " of %s", text);
    }
}

void fc_bench_write_state(fc_text *out, const fc_calibration *calibration) {
    const fc_device_info *device = &calibration->device;
    const fc_device_state *during = &calibration->during;
    if (device->threads > 0) {
        return; /* a processor: the machine's line says what is known */
    }
    if (!during->told) {
        fc_text_add(out, "State     clocks, power and slowdowns unknown: the driver does not tell\n");
        return;
    }
    fc_text_add(out, "State    ");
    add_known(out, " clock down to ", during->clock_hz, device->clock_hz, FC_UNIT_HZ);
    add_known(out, ", memory ", during->memory_clock_hz, device->max_memory_clock_hz, FC_UNIT_HZ);
    add_known(out, ", power up to ", during->power_w, device->power_limit_w, FC_UNIT_W);
    if (during->temperature_c > 0.0) {
        fc_text_addf(out, ", %.0f C", during->temperature_c);
    }
    char names[160];
    fc_bench_slowdown_names(names, sizeof names, during->slowdowns);
    fc_text_addf(out, "; slowdowns: %s\n", names[0] != '\0' ? names : "none");
}

void fc_bench_write_limits(fc_text *out, const fc_calibration *calibration) {
    uint32_t threads = most_threads(calibration);
    fc_text_add(out, "\nLimits measured beside the library\n");
    write_ceilings(out, calibration, threads);
    write_bandwidths(out, calibration, threads);
    write_launches(out, calibration);
    const fc_method *method = &calibration->method;
    if (method->reference_start_s > 0.0) {
        fc_text_addf(out, "Drift     %.1f %% between one matmul at the start, middle and end of the run%s\n",
                     100.0 * method->drift_frac,
                     method->drift_frac > 0.1 ? ": throttled, or not alone on the machine" : "");
    }
}
