/* compare_flips.c: where the verdict flips, and which input moves it most. */
#include "compare_internal.h"

#include "draws.h"

#include "flopcast/hd/hd.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void add_flip(fc_verdict *out, const fc_side *side, const char *input, const char *what, double mid, double at,
                     double most) {
    if (out->flips_count >= FC_MAX_FLIPS || !(mid > 0) || !(at > 0)) {
        return;
    }
    fc_flip *flip = &out->flips[out->flips_count++];
    snprintf(flip->input, sizeof flip->input, "%s", input);
    snprintf(flip->side, sizeof flip->side, "%s", side->name);
    flip->what = what;
    flip->mid = mid;
    flip->at = at;
    flip->reachable = at <= most;
}

/* The chip-weighted mean of one input over a side's parts: what a mixed fleet's "MFU" means. */
typedef double (*read_input)(const fc_study *part, const fc_job *job);

static double read_share(const fc_study *part, const fc_job *job) {
    (void)job;
    return part->deal.share_frac;
}

static double weighted(const fc_side *side, const fc_job *job, uint32_t dtype, read_input read) {
    double sum = 0;
    double weight = 0;
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        const fc_cluster *cluster = &side->parts[i].cluster;
        double rate = cluster->chips_count * cluster->chip.peak_flop_per_s[dtype];
        sum += rate * read(&side->parts[i], job);
        weight += rate;
    }
    return sum / weight;
}

static double chip_hours(const fc_side *side) {
    double chips = 0;
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        chips += side->parts[i].cluster.chips_count * side->parts[i].deal.share_frac;
    }
    return chips;
}

/* Every useful rate is proportional to MFU, share and goodput, and every cost to the price: the flip is a ratio away. */
static void add_side_flips(fc_verdict *out, const fc_comparison *comparison, uint32_t index, uint32_t other) {
    const fc_cell_result *cell = &out->cells[0];
    const fc_side *side = &comparison->sides[index];
    const fc_programme *own = &cell->sides[index];
    const fc_programme *theirs = &cell->sides[other];
    uint32_t dtype = cell->ops.dtype;
    double factor = theirs->mid_flop_per_s / own->mid_flop_per_s;
    double mfu = weighted(side, &own->job, dtype, fc_compare_mfu);
    double share = weighted(side, &own->job, dtype, read_share);
    double goodput = weighted(side, &own->job, dtype, fc_compare_goodput);
    add_flip(out, side, "mfu", "speed", mfu, mfu * factor, 1.0);
    add_flip(out, side, "share", "speed", share, share * factor, 1.0);
    add_flip(out, side, "goodput", "speed", goodput, goodput * factor, 1.0);
    if (own->mid_usd_per_h > 0 && theirs->mid_usd_per_h > 0) {
        double price = own->mid_usd_per_h / chip_hours(side);
        double own_cost = own->mid_usd_per_h / own->mid_flop_per_s;
        double their_cost = theirs->mid_usd_per_h / theirs->mid_flop_per_s;
        add_flip(out, side, "usd_per_chip_h", "cost", price, price * their_cost / own_cost, 1e9);
        add_flip(out, side, "mfu", "cost", mfu, mfu * own_cost / their_cost, 1.0);
    }
}

static void insert_driver(fc_verdict *out, const char *input, double swing_frac) {
    uint32_t at = out->drivers_count < FC_MAX_DRIVERS ? out->drivers_count++ : FC_MAX_DRIVERS - 1;
    while (at > 0 && fabs(out->drivers[at - 1].swing_frac) < fabs(swing_frac)) {
        out->drivers[at] = out->drivers[at - 1];
        at -= 1;
    }
    snprintf(out->drivers[at].input, sizeof out->drivers[at].input, "%s", input);
    out->drivers[at].swing_frac = swing_frac;
}

static bool same_belief(const fc_spread *a, const fc_spread *b) {
    return a == b || (a->belief != 0 && a->belief == b->belief);
}

/* Useful FLOP/s of a side with one belief at a probability, the rest at mid. */
static double moved_rate(const fc_side *side, const fc_job *job, uint32_t dtype, const fc_spread *moved,
                         double probability, fc_study *scratch) {
    memcpy(scratch, side->parts, side->parts_count * sizeof *scratch);
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        for (uint32_t j = 0; j < scratch[i].spreads_count; ++j) {
            const fc_spread *spread = &side->parts[i].spreads[j];
            if (same_belief(spread, moved)) {
                fc_draws_set(&scratch[i], spread, probability);
            }
        }
    }
    return fc_compare_rates(side, scratch, job, dtype).flop_per_s;
}

static bool belief_seen(const fc_side *side, uint32_t part, const fc_spread *spread) {
    for (uint32_t i = 0; i < part && spread->belief != 0; ++i) {
        for (uint32_t j = 0; j < side->parts[i].spreads_count; ++j) {
            if (side->parts[i].spreads[j].belief == spread->belief) {
                return true;
            }
        }
    }
    return false;
}

static fc_status rank_side(fc_verdict *out, const fc_comparison *comparison, uint32_t index, fc_arena *arena,
                           fc_error *error) {
    const fc_side *side = &comparison->sides[index];
    const fc_programme *programme = &out->cells[0].sides[index];
    uint32_t dtype = out->cells[0].ops.dtype;
    fc_study *scratch = fc_arena_alloc(arena, side->parts_count * sizeof *scratch);
    if (scratch == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory for %s", side->name);
    }
    for (uint32_t i = 0; i < side->parts_count; ++i) {
        for (uint32_t j = 0; j < side->parts[i].spreads_count; ++j) {
            const fc_spread *spread = &side->parts[i].spreads[j];
            if (belief_seen(side, i, spread)) {
                continue;
            }
            double low = moved_rate(side, &programme->job, dtype, spread, 0.1, scratch);
            double high = moved_rate(side, &programme->job, dtype, spread, 0.9, scratch);
            double swing_frac = (high - low) / programme->mid_flop_per_s;
            if (swing_frac != 0) {
                insert_driver(out, spread->key, swing_frac);
            }
        }
    }
    return FC_OK;
}

fc_status fc_compare_flips(fc_verdict *out, const fc_comparison *comparison, fc_arena *arena, fc_error *error) {
    add_side_flips(out, comparison, 0, 1);
    add_side_flips(out, comparison, 1, 0);
    FC_TRY(rank_side(out, comparison, 0, arena, error));
    return rank_side(out, comparison, 1, arena, error);
}
