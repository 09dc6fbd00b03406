/* deal.c: what the chips cost: one kind of price, or none. */
#include "flopcast/deal.h"

#include "check.h"

#include <string.h>

fc_deal fc_deal_default(void) {
    fc_deal deal;
    memset(&deal, 0, sizeof deal);
    deal.share_frac = 1.0;
    return deal;
}

static fc_status check_numbers(const fc_deal *deal, fc_error *error) {
    static const fc_limit limits[] = {
        {"usd_per_chip_h", offsetof(fc_deal, usd_per_chip_h), FC_UNIT_USD_PER_H, 0.0, 1e5},
        {"contract.usd_per_month", offsetof(fc_deal, contract_usd_per_month), FC_UNIT_USD_PER_MONTH, 0.0, 1e13},
        {"contract.chips", offsetof(fc_deal, contract_chips_count), FC_UNIT_COUNT, 0.0, 1e9},
        {"own.usd_per_chip", offsetof(fc_deal, own_usd_per_chip), FC_UNIT_USD, 0.0, 1e8},
        {"own.age_years", offsetof(fc_deal, own_age_years), FC_UNIT_NONE, 0.0, 30.0},
        {"own.decline_oom_per_year", offsetof(fc_deal, own_decline_oom_per_year), FC_UNIT_NONE, 0.0, 2.0},
        {"own.network", offsetof(fc_deal, own_network_frac), FC_UNIT_FRAC, 0.0, 0.9},
        {"usd_per_kwh", offsetof(fc_deal, usd_per_kwh), FC_UNIT_USD_PER_KWH, 0.0, 10.0},
        {"share", offsetof(fc_deal, share_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"mfu", offsetof(fc_deal, mfu_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"goodput", offsetof(fc_deal, goodput_frac), FC_UNIT_FRAC, 0.0, 1.0},
    };
    return fc_check_limits("deal", deal, limits, sizeof limits / sizeof limits[0], error);
}

/* A share of 0 trains nothing: days would be infinite. */
static fc_status check_share(const fc_deal *deal, fc_error *error) {
    if (deal->share_frac > 0.0) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "deal.share is 0, so nothing is trained; allowed is over 0 to 1, for example 0.17 or 35%%");
}

static fc_status check_contract(const fc_deal *deal, fc_error *error) {
    bool paid = deal->contract_usd_per_month > 0.0;
    bool counted = deal->contract_chips_count > 0.0;
    if (paid == counted) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "deal.contract has %s but no %s; give both, for example contract: {usd_per_month: 1.25G, "
                        "chips: 325k}",
                        paid ? "usd_per_month" : "chips", paid ? "chips" : "usd_per_month");
}

/* Without its decline an owned chip would keep its price for ever. */
static fc_status check_own(const fc_deal *deal, fc_error *error) {
    if (deal->own_usd_per_chip <= 0.0 || deal->own_decline_oom_per_year > 0.0) {
        return FC_OK;
    }
    return fc_error_set(
        error, FC_BAD_INPUT, NULL, 0, 0,
        "deal.own.decline_oom_per_year is 0, so the chips never lose value; allowed is over 0 to 2, for "
        "example 0.14 (2405.21015)");
}

fc_status fc_deal_check(fc_deal *deal, fc_error *error) {
    FC_TRY(fc_check_text("deal", "name", deal->name, sizeof deal->name, error));
    FC_TRY(fc_check_whole("deal", "status", deal->status, 0, FC_DEAL_STATUS_COUNT - 1, error));
    FC_TRY(check_numbers(deal, error));
    FC_TRY(check_share(deal, error));
    FC_TRY(check_contract(deal, error));
    FC_TRY(check_own(deal, error));
    bool rent = deal->usd_per_chip_h > 0.0;
    bool contract = deal->contract_usd_per_month > 0.0;
    bool own = deal->own_usd_per_chip > 0.0;
    if ((int)rent + (int)contract + (int)own > 1) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "deal has two kinds of price at once (%s%s%s); keep one of usd_per_chip_h (rent), contract or "
            "own",
            rent ? "usd_per_chip_h" : "contract", rent && contract ? " and contract" : "", own ? " and own" : "");
    }
    deal->pricing = rent ? FC_PRICING_RENT : contract ? FC_PRICING_CONTRACT : own ? FC_PRICING_OWN : FC_PRICING_NONE;
    return FC_OK;
}
