/* deal.h: what the chips cost, how much of them trains, and what is believed about them. */
#ifndef FLOPCAST_DEAL_H
#define FLOPCAST_DEAL_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_pricing {
    FC_PRICING_NONE = 0, /* no price known: costs are left out, with the reason */
    FC_PRICING_RENT,     /* usd_per_chip_h */
    FC_PRICING_CONTRACT, /* contract_usd_per_month for contract_chips */
    FC_PRICING_OWN,      /* own_usd_per_chip, written off as in Cottier et al. 2405.21015 */
    FC_PRICING_COUNT
} fc_pricing;

/* Announced is not delivered. */
typedef enum fc_deal_status {
    FC_DEAL_UNKNOWN = 0,
    FC_DEAL_OPERATING,
    FC_DEAL_CONTRACTED,
    FC_DEAL_LOI,
    FC_DEAL_ANNOUNCED,
    FC_DEAL_STATUS_COUNT
} fc_deal_status;

typedef struct fc_deal {
    char name[FC_NAME_SIZE];
    uint32_t status;  /* fc_deal_status */
    uint32_t pricing; /* fc_pricing, from the keys that are given */
    double usd_per_chip_h;
    double contract_usd_per_month;
    double contract_chips_count;
    double own_usd_per_chip;         /* server share included, network excluded */
    double own_age_years;            /* from purchase to the start of the run */
    double own_decline_oom_per_year; /* fall of the price of performance: 0.14 (2405.21015) */
    double own_network_frac;         /* network's share of the cluster's cost: 0.19 */
    double usd_per_kwh;              /* electricity where it is paid apart (own) */
    double share_frac;               /* of the fleet's time that trains; 0 to 1 */
    double mfu_frac;                 /* stated belief; 0: use the step model */
    double goodput_frac;             /* stated belief; 0: use the run model */
} fc_deal;

fc_deal fc_deal_default(void);
/* Sets `pricing`; refuses a share over 1, a negative price, two kinds of price at once. */
fc_status fc_deal_check(fc_deal *deal, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
