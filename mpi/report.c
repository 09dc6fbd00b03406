#include "report.h"

#include "../host/base/units.h"
#include "../host/cli/bench_text.h"
#include "../host/doors/table.h"

#include <stdio.h>

#define CELL 32

/* The fit of an op among the ranks that were just measured; NULL: none. */
static const fc_fit_collective *fit_of(const fc_mpi_report *what, uint32_t op) {
    const fc_fit *fit = &what->calibration->fit;
    for (uint32_t i = 0; i < fit->collectives_count; i++) {
        if (fit->collectives[i].op == op && fit->collectives[i].ranks == what->calibration->machine.ranks_count) {
            return &fit->collectives[i];
        }
    }
    return NULL;
}

/* All-reduce where it was measured: training has more of it than of anything else. */
static const fc_fit_collective *headline_fit(const fc_mpi_report *what) {
    const fc_fit_collective *fitted = fit_of(what, FC_COLLECTIVE_ALL_REDUCE);
    return fitted != NULL ? fitted : fit_of(what, what->measured->samples[0].collective_op);
}

static const char *verb(uint32_t op) {
    switch (op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        return "all-reduce";
    case FC_COLLECTIVE_ALL_GATHER:
        return "all-gather";
    case FC_COLLECTIVE_REDUCE_SCATTER:
        return "reduce-scatter";
    case FC_COLLECTIVE_ALL_TO_ALL:
        return "exchange all to all";
    default:
        return "send and receive";
    }
}

static void write_headline(fc_text *out, const fc_mpi_report *what) {
    const fc_machine *machine = &what->calibration->machine;
    const fc_fit_collective *fitted = headline_fit(what);
    char latency[CELL];
    char rate[CELL];
    char hosts[CELL];
    if (fitted == NULL) {
        return;
    }
    fc_units_format(latency, sizeof latency, fitted->latency_s, FC_UNIT_S, 3);
    fc_units_format(rate, sizeof rate, fitted->bus_bytes_per_s, FC_UNIT_BYTES_PER_S, 3);
    (void)snprintf(hosts, sizeof hosts, machine->rank_hosts_count == 1 ? "one host" : "%u hosts",
                   machine->rank_hosts_count);
    fc_text_addf(out, "%u ranks on %s %s with %s latency and %s bus bandwidth (%s, %s).\n", fitted->ranks, hosts,
                 verb(fitted->op), latency, fitted->bus_bytes_per_s > 0.0 ? rate : "no known", machine->cpu,
                 machine->mpi_library);
    if (what->measured->unstable) {
        fc_text_add(out,
                    "UNSTABLE: more than half of the timings were disturbed; the true times are likely shorter.\n");
    }
}

/* A calibration of whole processors next to ranks that share one would count its cores twice. */
static void write_sharing(fc_text *out, const fc_mpi_report *what) {
    const fc_machine *machine = &what->calibration->machine;
    const fc_device_info *device = &what->calibration->device;
    if (machine->ranks_per_host_most > what->processors_count) {
        fc_text_addf(out,
                     "%u ranks on a host of %u processor%s take turns, and these times include the waiting: measure "
                     "with no more ranks than processors.\n",
                     machine->ranks_per_host_most, what->processors_count, what->processors_count == 1 ? "" : "s");
    } else if (what->has_base && machine->ranks_per_host_most * device->threads > what->processors_count) {
        fc_text_addf(out,
                     "The base was measured with %u threads, and %u ranks stood on a host of %u processors: for an "
                     "estimate of such ranks measure the base with flopcast bench --threads %u.\n",
                     device->threads, machine->ranks_per_host_most, what->processors_count,
                     what->processors_count / machine->ranks_per_host_most);
    }
}

static void write_machine(fc_text *out, const fc_mpi_report *what) {
    const fc_machine *machine = &what->calibration->machine;
    char memory[CELL];
    char wall[CELL];
    fc_units_format(memory, sizeof memory, machine->memory_bytes, FC_UNIT_BYTES, 3);
    fc_units_format(wall, sizeof wall, what->measured->wall_s, FC_UNIT_S, 3);
    fc_text_addf(out, "\nMachine   %s, %u core%s, %s memory, governor %s, %s\n", machine->cpu, machine->cores_count,
                 machine->cores_count == 1 ? "" : "s", memory, machine->governor, machine->kernel);
    fc_text_addf(out, "Ranks     %u, %s (%s), %s\n", machine->ranks_count, machine->rank_placement, machine->rank_hosts,
                 machine->mpi_library);
    fc_text_addf(out,
                 "Measured  %u cases in %s, fp32, each outcome checked; aim: the middle half of the timings within "
                 "%g %%",
                 what->measured->samples_count, wall, 100.0 * what->measured->aim_noise_frac);
    if (what->measured->revisited_count > 0) {
        fc_text_addf(out, "; %u timed again", what->measured->revisited_count);
    }
    fc_text_add(out, "\n");
    write_sharing(out, what);
}

static void add_sample(fc_table *table, const fc_mpi_report *what, const fc_sample *sample) {
    char bytes[CELL];
    char time[CELL];
    char rate[CELL];
    const fc_fit_collective *fitted = fit_of(what, sample->collective_op);
    double sent_bytes =
        sample->bytes * fc_collective_traffic_frac((fc_collective_op)sample->collective_op, sample->ranks);
    double fitted_s = fitted != NULL ? fc_calibration_collective_s(fitted, sample->bytes) : 0.0;
    fc_units_format(bytes, sizeof bytes, sample->bytes, FC_UNIT_BYTES, 3);
    fc_units_format(time, sizeof time, sample->seconds, FC_UNIT_S, 3);
    fc_units_format(rate, sizeof rate, sent_bytes / sample->seconds, FC_UNIT_BYTES_PER_S, 3);
    fc_table_cellf(table, "%s", fc_collective_op_name((fc_collective_op)sample->collective_op));
    fc_table_cellf(table, "%s", bytes);
    fc_table_cellf(table, "%s", time);
    fc_table_cellf(table, "%s", rate);
    fc_table_cellf(table, "%.1f %%%s", 100.0 * sample->noise_frac, sample->unstable ? " unstable" : "");
    if (fitted_s > 0.0) {
        fc_table_cellf(table, "%+.0f %%", 100.0 * (fitted_s / sample->seconds - 1.0));
    } else {
        fc_table_cellf(table, "%s", "");
    }
}

static fc_status write_samples(fc_text *out, const fc_mpi_report *what, fc_error *error) {
    static const char *const heading[] = {"collective", "bytes", "time", "bus bandwidth", "noise", "fit's error"};
    fc_table *table = fc_table_start(out->arena, "lrrrrl");
    if (table == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table");
    }
    fc_table_heading(table, heading);
    for (uint32_t i = 0; i < what->measured->samples_count; i++) {
        add_sample(table, what, &what->measured->samples[i]);
    }
    fc_text_add(out, "\n");
    if (what->markdown) {
        fc_table_print_markdown(table, out);
    } else {
        fc_table_print(table, out, 0, what->width);
    }
    return FC_OK;
}

static void write_end(fc_text *out, const fc_mpi_report *what) {
    const fc_collectives_report *measured = what->measured;
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        any = any || what->calibration->fit.dtype[dtype].peak_flop_per_s > 0.0;
    }
    if (measured->dropped_count > 0) {
        fc_text_addf(out, "%u size%s had no room in the budget; a longer --budget takes larger ones.\n",
                     measured->dropped_count, measured->dropped_count == 1 ? "" : "s");
    }
    if (what->replaced_count > 0) {
        fc_text_addf(out, "%u older samples of the same collectives and ranks gave way.\n", what->replaced_count);
    }
    fc_text_addf(out, "\nWritten to %s\n", what->path);
    if (any) {
        fc_text_addf(out,
                     "Next: flopcast estimate local-gpt2 --calibration %s --set cluster.chips=%u --set plan=auto\n",
                     what->path, what->calibration->machine.ranks_count);
    } else {
        fc_text_add(out, "There are no matmuls in it: for an estimate measure with flopcast bench -o FILE, then give "
                         "--base FILE here.\n");
    }
}

fc_status fc_mpi_report_write(fc_text *out, const fc_mpi_report *what, fc_error *error) {
    write_headline(out, what);
    write_machine(out, what);
    FC_TRY(write_samples(out, what, error));
    fc_bench_text_collectives(out, &what->calibration->fit);
    write_end(out, what);
    return FC_OK;
}
