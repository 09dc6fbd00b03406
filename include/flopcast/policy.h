/* policy.h: how a run is operated: checkpoints, spares, replicas that may leave, ramps, chips that come over months. All
 * of it may be left out: then checkpoints are synchronous, a failed host is replaced at once and any failure stops the job.
 */
#ifndef FLOPCAST_POLICY_H
#define FLOPCAST_POLICY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_DELIVERIES 24
#define FC_MONTH_S 2629800.0 /* a twelfth of 365.25 days */

typedef struct fc_delivery {
    double month;       /* from the start of the run, when they are ready to train */
    double chips_count; /* all that are there from then on */
} fc_delivery;

typedef struct fc_policy {
    double checkpoint_bytes;        /* 0: weights, master copy and optimizer states */
    double checkpoint_overlap_frac; /* of the write, that training does not wait for */
    double checkpoint_interval_s;   /* work between two; 0: the best */
    double memory_bytes_per_s;    /* a chip's rate of copying its part into memory that outlives it; 0: no such tier */
    double memory_interval_s;     /* work between two copies; 0: the best */
    double memory_survive_frac;   /* of failures after which the copies are still there */
    double memory_restart_s;      /* from such a failure to the next step; 0: as from storage */
    double spare_hosts_count;     /* ready beside the cluster's own, and paid like them */
    double host_chips_count;      /* chips of a host; 0: the scale-up domain, at most 8 */
    double repair_s;              /* until a failed host is a spare again; 0: spares never run out */
    double elastic_pause_s;       /* of all replicas when one leaves or comes back; 0: any failure stops the job */
    double replicas_count;        /* whole copies of the state; 0: what the plan's ZeRO leaves */
    double batch_ramp_tokens;     /* trained with smaller batches at first … */
    double batch_ramp_speed_frac; /* … at this share of the full rate */
    double seq_ramp_tokens;       /* the same of shorter sequences */
    double seq_ramp_speed_frac;
    double histories_count; /* histories of failures to play; 0: as many as take a blink */
    uint32_t deliveries_count;
    fc_delivery deliveries[FC_MAX_DELIVERIES]; /* the first at month 0 */
} fc_policy;

fc_policy fc_policy_default(void);
/* Ranges, and keys that need each other; FC_BAD_INPUT names the key under `run`. */
fc_status fc_policy_check(const fc_policy *policy, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
