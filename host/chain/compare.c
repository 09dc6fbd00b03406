/* compare.c: deals side by side on the same work, as a table of contents. */
#include "compare_internal.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void fc_compare_sheet(fc_sheet *out, const fc_side *side) {
    memset(out, 0, sizeof *out);
    bool complete[FC_DTYPE_COUNT];
    for (int d = 0; d < FC_DTYPE_COUNT; ++d) {
        complete[d] = true;
    }
    double computed_w = 0;
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        const fc_cluster *cluster = &side->parts[i].cluster;
        const fc_chip *chip = &cluster->chip;
        double chips = cluster->chips_count;
        out->chips_count += chips;
        out->domains_count += chips / fc_hd_max(1.0, chip->scaleup_domain_count);
        out->memory_bytes += chips * chip->memory_bytes;
        out->memory_bytes_per_s += chips * chip->memory_bytes_per_s;
        computed_w += chips * chip->it_power_w * cluster->pue;
        for (int d = 0; d < FC_DTYPE_COUNT; ++d) {
            complete[d] = complete[d] && chip->peak_flop_per_s[d] > 0;
            out->peak_flop_per_s[d] += chips * chip->peak_flop_per_s[d];
        }
    }
    for (int d = 0; d < FC_DTYPE_COUNT; ++d) {
        out->peak_flop_per_s[d] *= complete[d];
    }
    out->facility_w = side->facility_w.p50 > 0 ? side->facility_w.p50 : computed_w;
}

static double parity(const fc_verdict *verdict, fc_dtype dtype) {
    double first = verdict->sheets[0].peak_flop_per_s[dtype];
    double second = verdict->sheets[1].peak_flop_per_s[dtype];
    return first > 0 && second > 0 ? second / first : 0;
}

/* Walls, nearest first: no plan fits, no data, no time. */
void fc_compare_wall(fc_cell_result *out, const fc_comparison *comparison, const fc_cell *cell) {
    double fastest_days = 0;
    bool fits = false;
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        double days = out->sides[i].days.p50;
        fastest_days = i == 0 ? days : fc_hd_min(fastest_days, days);
        fits = fits || out->sides[i].job.feasible;
    }
    bool late = fastest_days > comparison->horizon_days;
    double tokens = cell->workload.tokens_count;
    bool dataless = comparison->data_stock_tokens > 0 && tokens > comparison->data_stock_tokens;
    out->infeasible = late || !fits;
    if (!out->infeasible) {
        return;
    }
    const double days_per_year = 365.25;
    int used = snprintf(out->wall, sizeof out->wall, "%s: %.0f years on the fastest deal", late ? "time" : "memory",
                        fastest_days / days_per_year);
    if (dataless && used > 0 && (size_t)used < sizeof out->wall) {
        used += snprintf(out->wall + used, sizeof out->wall - (size_t)used,
                         "; data: %.4gT tokens against about %.4gT there are", tokens / 1e12,
                         comparison->data_stock_tokens / 1e12);
    }
    if (!fits && used > 0 && (size_t)used < sizeof out->wall) {
        snprintf(out->wall + used, sizeof out->wall - (size_t)used, "; no plan that was tried holds it on one site");
    }
}

static fc_status compare_cell(fc_cell_result *out, const fc_comparison *comparison, const fc_cell *cell,
                              fc_arena *arena, fc_error *error) {
    fc_ops_count(&out->ops, &cell->model, &cell->workload);
    out->work_flop = out->ops.flop_per_token_model * cell->workload.tokens_count;
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        const fc_side *side = &comparison->sides[i];
        uint32_t part = fc_compare_largest_part(side, cell->workload.dtype);
        FC_TRY(fc_compare_job(&out->sides[i].job, side, part, cell, comparison, arena, error));
    }
    FC_TRY(fc_compare_draw(out, comparison, arena, error));
    fc_compare_wall(out, comparison, cell);
    return FC_OK;
}

/* As jobs, an island of 8-GPU nodes and a rack-scale island are different things: each part of a deal gets its own. */
static fc_status list_jobs(fc_verdict *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error) {
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        const fc_side *side = &comparison->sides[i];
        const fc_job *largest = &out->cells[0].sides[i].job;
        out->jobs[i] = fc_arena_alloc(arena, side->parts_count * sizeof *out->jobs[i]);
        if (out->jobs[i] == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for the jobs of %s", side->name);
        }
        for (uint32_t part = 0; part < side->parts_count; ++part) {
            if (part == largest->part) {
                out->jobs[i][part] = *largest;
            } else {
                FC_TRY(
                    fc_compare_job(&out->jobs[i][part], side, part, &comparison->cells[0], comparison, arena, error));
            }
        }
    }
    return FC_OK;
}

static void take_domain(fc_verdict *out, const fc_comparison *comparison) {
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        const fc_job *job = &out->cells[0].sides[i].job;
        if (job->beyond_count > out->beyond_count) {
            out->beyond_count = job->beyond_count;
            snprintf(out->beyond, sizeof out->beyond, "%s", job->beyond);
        }
    }
}

fc_status fc_compare(fc_verdict *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        fc_compare_sheet(&out->sheets[i], &comparison->sides[i]);
    }
    out->parity_bf16 = parity(out, FC_DTYPE_BF16);
    out->parity_fp8 = parity(out, FC_DTYPE_FP8);
    out->cells = fc_arena_alloc(arena, comparison->cells_count * sizeof *out->cells);
    if (out->cells == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %u cells of work",
                            comparison->cells_count);
    }
    out->cells_count = comparison->cells_count;
    for (uint32_t i = 0; i < comparison->cells_count; ++i) {
        FC_TRY(compare_cell(&out->cells[i], comparison, &comparison->cells[i], arena, error));
    }
    FC_TRY(list_jobs(out, comparison, arena, error));
    take_domain(out, comparison);
    return fc_compare_flips(out, comparison, arena, error);
}
