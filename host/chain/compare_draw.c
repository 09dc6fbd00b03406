/* compare_draw.c: the programme view: useful FLOP/s, dollars and watts of each side, drawn over what is not known. */
#include "compare_internal.h"

#include "../base/stats.h"
#include "draws.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <string.h>

static const double SECONDS_PER_DAY = 86400.0;
static const double SECONDS_PER_HOUR = 3600.0;
static const double JOULE_PER_MWH = 3.6e9;
/* Streams of inputs that no other input shares, kept apart between parts (draws.h). */
enum { STREAMS_PER_PART = sizeof(fc_study) };
/* Beliefs in the step model's answer about a side, apart from those that files state. */
enum { JOB_BELIEFS = 1 << 30 };

double fc_compare_mfu(const fc_study *part, const fc_job *job) {
    if (part->deal.mfu_frac > 0) {
        return part->deal.mfu_frac;
    }
    return job->feasible ? job->estimate->point.step.mfu_frac : 0;
}

double fc_compare_goodput(const fc_study *part, const fc_job *job) {
    if (part->deal.goodput_frac > 0) {
        return part->deal.goodput_frac;
    }
    return job->feasible ? job->estimate->point.run.goodput_frac : 0;
}

fc_side_rates fc_compare_rates(const fc_side *side, const fc_study *parts, const fc_job *job, uint32_t dtype) {
    fc_side_rates out = {0, 0, 0, 1, 1};
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        const fc_study *part = &parts[i];
        double chips = part->cluster.chips_count;
        double share = part->deal.share_frac;
        out.flop_per_s += chips * part->cluster.chip.peak_flop_per_s[dtype] * share * fc_compare_mfu(part, job) *
                          fc_compare_goodput(part, job);
        /* one hour of the share that trains, priced by the cost stage */
        fc_run hour = {.chip_h = chips * share, .tokens_count = 1};
        fc_cost cost;
        fc_cost_price(&cost, &hour, &part->cluster, &part->deal);
        out.usd_per_h += cost.total_usd;
        out.w += cost.energy_mwh * JOULE_PER_MWH / SECONDS_PER_HOUR;
        out.priced = out.priced && cost.priced;
        out.powered = out.powered && cost.powered;
    }
    return out;
}

/* Columns of drawn values, one block of `draws` for each side or pair. */
typedef struct columns {
    size_t draws;
    double *flop_per_s; /* [side][draw] */
    double *usd;        /* for the whole work */
    double *mwh;
    double *scratch;
} columns;

static fc_status make_columns(columns *out, uint32_t sides, size_t draws, fc_arena *arena, fc_error *error) {
    out->draws = draws;
    out->flop_per_s = fc_arena_alloc(arena, sides * draws * sizeof(double));
    out->usd = fc_arena_alloc(arena, sides * draws * sizeof(double));
    out->mwh = fc_arena_alloc(arena, sides * draws * sizeof(double));
    out->scratch = fc_arena_alloc(arena, draws * sizeof(double));
    bool ok = out->flop_per_s && out->usd && out->mwh && out->scratch;
    return ok ? FC_OK : fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %zu draws", draws);
}

/* The price or the draw of a part alone would flatter its side: then neither is known. */
static void store(columns *c, size_t at, const fc_side_rates *rates, double work_flop) {
    double seconds = work_flop / rates->flop_per_s;
    c->flop_per_s[at] = rates->flop_per_s;
    c->usd[at] = rates->priced ? rates->usd_per_h * seconds / SECONDS_PER_HOUR : 0;
    c->mwh[at] = rates->powered ? rates->w * seconds / JOULE_PER_MWH : 0;
}

static void believe(fc_study *part, size_t offset, fc_range range, uint32_t belief) {
    if (part->spreads_count >= FC_MAX_SPREADS || !(range.p10 > 0)) {
        return;
    }
    fc_spread *spread = &part->spreads[part->spreads_count++];
    *spread = (fc_spread){.key = "step model",
                          .offset = (uint32_t)offset,
                          .grade = FC_GRADE_ASSUMED,
                          .belief = belief,
                          .low = range.p10,
                          .mid = range.p50,
                          .high = range.p90,
                          .least = 0,
                          .most = 1};
}

/* What a deal leaves to the step model is as uncertain as its answer, for all parts together. */
static void believe_job(fc_study *part, const fc_job *job, uint32_t side) {
    if (!job->feasible) {
        return;
    }
    if (!(part->deal.mfu_frac > 0)) {
        believe(part, offsetof(fc_study, deal.mfu_frac), job->estimate->mfu_frac, JOB_BELIEFS + 2 * side);
    }
    if (!(part->deal.goodput_frac > 0)) {
        believe(part, offsetof(fc_study, deal.goodput_frac), job->estimate->goodput_frac, JOB_BELIEFS + 2 * side + 1);
    }
}

static fc_status draw_side(columns *c, fc_cell_result *out, const fc_comparison *comparison, uint32_t index,
                           fc_arena *arena, fc_error *error) {
    const fc_side *side = &comparison->sides[index];
    fc_programme *programme = &out->sides[index];
    uint32_t dtype = out->ops.dtype;
    fc_study *drawn = fc_arena_alloc(arena, side->parts_count * sizeof *drawn);
    if (drawn == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %s", side->name);
    }
    memcpy(drawn, side->parts, side->parts_count * sizeof *drawn);
    fc_side_rates mid = fc_compare_rates(side, drawn, &programme->job, dtype);
    programme->mid_flop_per_s = mid.flop_per_s;
    programme->mid_usd_per_h = mid.priced ? mid.usd_per_h : 0;
    programme->mid_w = mid.powered ? mid.w : 0;
    if (!(mid.flop_per_s > 0)) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "deals.%s has no useful rate: its chips lack a dense %s peak, or no job fits and no `mfu` and "
            "`goodput` are stated",
            side->name, fc_dtype_name((fc_dtype)dtype));
    }
    for (uint32_t part = 0; part < side->parts_count; ++part) {
        believe_job(&drawn[part], &programme->job, index);
    }
    for (size_t i = 0; i < c->draws; ++i) {
        for (uint32_t part = 0; part < side->parts_count; ++part) {
            uint32_t base = (index * FC_MAX_PARTS + part) * STREAMS_PER_PART;
            fc_draws_apply(&drawn[part], comparison->seed, i, base);
        }
        fc_side_rates rates = fc_compare_rates(side, drawn, &programme->job, dtype);
        store(c, index * c->draws + i, &rates, out->work_flop);
    }
    return FC_OK;
}

static fc_range range_of(columns *c, const double *values) {
    memcpy(c->scratch, values, c->draws * sizeof(double));
    return fc_stats_range(c->scratch, c->draws);
}

static fc_range ratio_of(columns *c, const double *first, const double *other) {
    for (size_t i = 0; i < c->draws; ++i) {
        c->scratch[i] = other[i] > 0 ? first[i] / other[i] : 0;
    }
    return fc_stats_range(c->scratch, c->draws);
}

static double share_above(const double *a, const double *b, size_t count) {
    size_t above = 0;
    for (size_t i = 0; i < count; ++i) {
        above += a[i] > b[i];
    }
    return (double)above / (double)count;
}

static void fill_programme(fc_programme *out, columns *c, uint32_t index, double work_flop) {
    size_t at = index * c->draws;
    out->effective_flop_per_s = range_of(c, c->flop_per_s + at);
    out->cost_usd = range_of(c, c->usd + at);
    out->energy_mwh = range_of(c, c->mwh + at);
    double per_day = work_flop / SECONDS_PER_DAY;
    out->days.p10 = per_day / out->effective_flop_per_s.p90;
    out->days.p50 = per_day / out->effective_flop_per_s.p50;
    out->days.p90 = per_day / out->effective_flop_per_s.p10;
}

fc_status fc_compare_draw(fc_cell_result *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error) {
    columns c;
    size_t draws = comparison->draws_count > 0 ? comparison->draws_count : 1;
    FC_TRY(make_columns(&c, comparison->sides_count, draws, arena, error));
    for (uint32_t i = 0; i < comparison->sides_count; ++i) {
        FC_TRY(draw_side(&c, out, comparison, i, arena, error));
        fill_programme(&out->sides[i], &c, i, out->work_flop);
    }
    for (uint32_t i = 1; i < comparison->sides_count; ++i) {
        fc_ratio *ratio = &out->ratios[i - 1];
        size_t at = i * draws;
        ratio->other = i;
        ratio->speed = ratio_of(&c, c.flop_per_s, c.flop_per_s + at);
        ratio->cost = ratio_of(&c, c.usd, c.usd + at);
        ratio->energy = ratio_of(&c, c.mwh, c.mwh + at);
        ratio->faster_frac = share_above(c.flop_per_s, c.flop_per_s + at, draws);
        /* a first side without a price is not the cheaper one */
        ratio->cheaper_frac = out->sides[0].mid_usd_per_h > 0 ? share_above(c.usd + at, c.usd, draws) : 0;
        ratio->leaner_frac = out->sides[0].mid_w > 0 ? share_above(c.mwh + at, c.mwh, draws) : 0;
    }
    return FC_OK;
}
