/* compare_job.c: the largest single synchronous job of a deal, by the step model. */
#include "compare_internal.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static double site_chips(const fc_study *part) { return floor(part->cluster.chips_count / part->cluster.sites_count); }

uint32_t fc_compare_largest_part(const fc_side *side, uint32_t dtype) {
    uint32_t best = 0;
    double best_rate = -1;
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        double rate = site_chips(&side->parts[i]) * side->parts[i].cluster.chip.peak_flop_per_s[dtype];
        if (rate > best_rate) {
            best_rate = rate;
            best = i;
        }
    }
    return best;
}

/* Ranges of what one site's job still has; its storage is the site's. */
static void keep_ranges(fc_study *job, double sites) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < job->spreads_count; ++i) {
        fc_spread spread = job->spreads[i];
        bool belief = spread.offset == offsetof(fc_study, deal.share_frac) ||
                      spread.offset == offsetof(fc_study, deal.mfu_frac) ||
                      spread.offset == offsetof(fc_study, deal.goodput_frac) ||
                      spread.offset == offsetof(fc_study, cluster.chips_count);
        if (spread.offset == offsetof(fc_study, cluster.storage_bytes_per_s)) {
            spread.low /= sites;
            spread.mid /= sites;
            spread.high /= sites;
        }
        if (!belief) {
            job->spreads[kept++] = spread;
        }
    }
    job->spreads_count = kept;
}

/* The job has the island to itself, and neither MFU nor goodput is taken on belief. */
static void make_job(fc_study *out, const fc_study *part, const fc_cell *cell) {
    *out = *part;
    out->model = cell->model;
    out->workload = cell->workload;
    out->cluster.chips_count = site_chips(part);
    out->cluster.storage_bytes_per_s /= part->cluster.sites_count;
    out->cluster.sites_count = 1;
    out->deal.share_frac = 1;
    out->deal.mfu_frac = 0;
    out->deal.goodput_frac = 0;
    keep_ranges(out, part->cluster.sites_count);
}

fc_status fc_compare_job(fc_job *out, const fc_side *side, uint32_t part, const fc_cell *cell,
                         const fc_comparison *comparison, fc_arena *arena, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_study *job = fc_arena_alloc(arena, sizeof *job);
    out->estimate = fc_arena_alloc(arena, sizeof *out->estimate);
    if (job == NULL || out->estimate == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for a job of %s", side->name);
    }
    out->part = part;
    make_job(job, &side->parts[out->part], cell);
    job->seed = comparison->seed;
    job->draws_count = comparison->draws_count;
    out->chips_count = job->cluster.chips_count;
    fc_error why = {0};
    fc_status status = fc_study_check(job, &why);
    if (status == FC_OK) {
        fc_domain_place(job, comparison->points, comparison->points_count);
        status = fc_estimate_study(out->estimate, job, arena, &why);
    }
    if (status == FC_OK) {
        out->feasible = 1;
        out->beyond_count = fc_estimate_beyond(out->beyond, sizeof out->beyond, out->estimate, job);
        return FC_OK;
    }
    if (status != FC_INFEASIBLE) {
        return fc_error_set(error, status, why.source, why.line, why.column, "%s on %s: %s", cell->name, side->name,
                            why.text);
    }
    snprintf(out->reason, sizeof out->reason, "%.*s", (int)sizeof out->reason - 1, why.text);
    return FC_OK;
}
