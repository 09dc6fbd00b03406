/* cost.c: dollars and energy of a run.
 *
 * own: Cottier et al., "The rising costs of training frontier AI models", 2405.21015: value falls by a constant factor a
 * year, V(t) = P·10^(-r·t), a chip-hour is charged the fall of value in that hour, V·r·ln10/8766, and the network is a
 * stated share of the cluster's cost.
 */
#include "flopcast/stages.h"
#include "flopcast/hd/math.h"

#include <string.h>

static const double HOURS_PER_YEAR = 8766.0; /* 365.25 days */
static const double HOURS_PER_MONTH = 730.5;
static const double W_PER_KW = 1e3;
static const double W_PER_MW = 1e6;
static const double TOKENS_PER_MTOKEN = 1e6;

static double own_usd_per_chip_h(const fc_deal *deal) {
    double ln10 = fc_hd_log(10.0);
    double rate = deal->own_decline_oom_per_year * ln10;
    double value = deal->own_usd_per_chip * fc_hd_exp(-rate * deal->own_age_years);
    return value * rate / HOURS_PER_YEAR / (1.0 - deal->own_network_frac);
}

static double usd_per_chip_h(const fc_deal *deal, double it_w, double pue) {
    switch (deal->pricing) {
    case FC_PRICING_RENT:
        return deal->usd_per_chip_h;
    case FC_PRICING_CONTRACT:
        return deal->contract_usd_per_month / HOURS_PER_MONTH / deal->contract_chips_count;
    case FC_PRICING_OWN:
        return own_usd_per_chip_h(deal) + it_w / W_PER_KW * pue * deal->usd_per_kwh;
    default:
        return 0;
    }
}

void fc_cost_price(fc_cost *out, const fc_run *run, const fc_cluster *cluster, const fc_deal *deal) {
    memset(out, 0, sizeof *out);
    const fc_chip *chip = &cluster->chip;
    double average_w = chip->it_power_w * chip->power_draw_frac;
    out->powered = chip->it_power_w > 0 && chip->power_draw_frac > 0;
    out->priced = deal->pricing != FC_PRICING_NONE;
    /* a run without end has no hours to multiply with a price of nothing */
    if (out->priced) {
        out->total_usd = run->chip_h * usd_per_chip_h(deal, average_w, cluster->pue);
        out->usd_per_mtoken = out->total_usd / (run->tokens_count / TOKENS_PER_MTOKEN);
    }
    if (out->powered) {
        out->energy_mwh = run->chip_h * average_w * cluster->pue / W_PER_MW;
    }
    out->peak_mw = cluster->chips_count * chip->it_power_w * cluster->pue / W_PER_MW;
}
